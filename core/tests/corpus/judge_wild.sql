-- name: describe_like
SELECT * FROM (DESCRIBE orders);

-- name: summarize_like
SELECT column_name, approx_unique, null_percentage FROM (SUMMARIZE orders);

-- name: summarize_bare
SUMMARIZE orders;

-- name: show_bare
DESCRIBE SELECT * FROM orders;

-- name: table_cmd
TABLE orders;

-- name: window_fill
SELECT fill(price) OVER (PARTITION BY ticker ORDER BY quoted_at) AS f, sum(volume) OVER (PARTITION BY ticker ORDER BY quoted_at RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND INTERVAL 1 HOUR FOLLOWING EXCLUDE TIES) AS v, row_number(ORDER BY price DESC) OVER (PARTITION BY ticker) AS rn, first_value(price ORDER BY volume DESC) OVER (PARTITION BY ticker) AS fv, count(DISTINCT volume ORDER BY volume) OVER (PARTITION BY ticker) AS cd FROM prices;

-- name: map_star
SELECT m.*, m['a'] FROM (SELECT {'a': 1, 'b': {'c': 2}} AS m);

-- name: dotted_three
SELECT main.orders.order_id, orders.amount, memory_x.main_y FROM main.orders, (SELECT {'main_y': 1} AS memory_x);

-- name: three_part
SELECT o.order_id, main.stores.store_id FROM main.orders o, main.stores WHERE main.stores.store_id = o.order_id;

-- name: try_expr
SELECT TRY(ln(amount - 100)) AS l, TRY(1 // item_count) AS q, TRY(strptime(notes, '%Y')) AS p, try_strptime(notes, '%Y')::DATE AS d, TRY_CAST(amount AS TINYINT) AS t FROM orders;

-- name: in_lists
SELECT order_id IN [1, 2], channel IN ('a'), 'x' IN (channel, currency), (order_id, channel) IN ((1, 'a'), (2, 'b')), order_id IN (FROM range(3)), channel NOT IN ('a', NULL), order_id = ANY([1, 2]), 1 IN list_value(order_id), order_id IN (1 + 1, 2 * 3) FROM orders;

-- name: like_any2
SELECT notes LIKE 'a!%' ESCAPE '!', notes NOT ILIKE '%x%', notes SIMILAR TO 'a|b', notes NOT SIMILAR TO 'a|b', notes ~~ 'a%', notes !~~* 'b%', notes ~~~ '*x', notes GLOB '*x*', notes ^@ 'y', like_escape(notes, 'a$%', '$'), notes ILIKE 'a' ESCAPE '$', notes ~ 'x' FROM orders;

-- name: list_slices2
SELECT ints[1:2], ints[:-2], ints[2:], ints[:], ints[1:4:2], ints[-1], txt[1:2], txt[-1], arr[1], arr[1:2], nested[1], nested[1][1], sts[1].k, sts[1]['v'], mp['a'], [1, 2, 3][2], 'abc'[2], ([1, 2] || ints)[1], list_slice(ints, 1, 2), ints[id], ints[id - 1], (ints)[1], ints || [5], ints::VARCHAR, ints = [1], ints < [2], list_contains(ints, 1), ints <@ [1, 2], ints <-> [1, 2, 3] FROM exotic;

-- name: lambda_capture
SELECT order_id, list_transform([1, 2, 3], x -> x * amount) AS a, list_transform(range(item_count), x -> x + order_id) AS b, list_filter([amount, shipping_cost], x -> x IS NOT NULL) AS c, list_reduce([1.5, 2], (a, b) -> a * b) AS d, list_transform([[1, 2], [3]], l -> list_sum(l)) AS e, list_transform(['a'], s -> {'s': s, 'n': order_id}) AS f, list_reduce([1, 2], (acc, x) -> acc + x, 100) AS g, [a || b for a, b in ['x', 'y']] AS h, list_apply([1], x -> [x, x]) AS i, array_filter([1, 2, NULL], x -> x > 1) AS j, [upper(s) for s in string_split(notes, ' ') if s <> ''] AS k FROM orders;

-- name: lambda_capture2
SELECT order_id, list_transform([1, 2, 3], x -> x * amount) AS a, list_transform(range(item_count), x -> x + order_id) AS b, list_filter([amount, shipping_cost], x -> x IS NOT NULL) AS c, list_reduce([1.5, 2], (a, b) -> a * b) AS d, list_transform([[1, 2], [3]], l -> list_sum(l)) AS e, list_transform(['a'], s -> {'s': s, 'n': order_id}) AS f, list_reduce([1, 2], (acc, x) -> acc + x, 100) AS g, list_apply([1], x -> [x, x]) AS i, array_filter([1, 2, NULL], x -> x > 1) AS j, [upper(s) for s in string_split(notes, ' ') if s <> ''] AS k, list_has_all([1, 2], [1]) AS l, list_zip([1], ['a'], [2.5]) AS m, list_transform(list_zip([1], ['a']), z -> z[1]) AS n, list_bool_and([true]) AS o, list_histogram([1, 1]) AS p, list_mode([1, 2]) AS q, list_median([1, 2]) AS r, list_string_agg(['a']) AS s, list_product([1, 2]) AS t, list_var_pop([1.0]) AS u, list_approx_count_distinct([1]) AS v FROM orders;

-- name: generators
SELECT * FROM generate_series(TIMESTAMPTZ '2024-01-01', TIMESTAMPTZ '2024-01-02', INTERVAL 1 HOUR) t(h), repeat_row('a', 1, num_rows = 2) r, unnest([{'a': 1, 'b': 'x'}]) u(s), (VALUES (1)) v, json_each('[1]') j;

-- name: generators2
SELECT t.h, r.*, u.s.a, v.*, s.* FROM generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-02', INTERVAL 1 HOUR) t(h), repeat_row('a', 1, num_rows = 2) r, unnest([{'a': 1, 'b': 'x'}]) u(s), (VALUES (1)) v, (SELECT unnest([1, 2]) AS n, unnest(['x'])) s;

-- name: having_window_mix
SELECT category, subcategory, sum(list_price) AS s, sum(sum(list_price)) OVER (PARTITION BY category) AS cat, sum(list_price) / sum(sum(list_price)) OVER (PARTITION BY category) AS share, rank() OVER (ORDER BY sum(list_price) DESC), first_value(subcategory) OVER (PARTITION BY category ORDER BY sum(list_price) DESC) AS leader, count(*) OVER () AS groups, max(max(cost)) OVER (), avg(avg(weight_kg)) OVER (PARTITION BY category) FROM products GROUP BY category, subcategory HAVING sum(list_price) > 10 QUALIFY share > 0.1;

-- name: from_csv_like
SELECT * FROM (SELECT 1 AS a, 2 AS b) t(x) JOIN (SELECT 1 AS x, 3 AS b) u USING (x);

-- name: set_precedence
SELECT 1 AS a UNION ALL SELECT 2 INTERSECT SELECT 3::BIGINT EXCEPT SELECT 2.5;

-- name: with_union_order
WITH a AS (SELECT 1 AS x), b AS (SELECT 'q' AS y) SELECT x, NULL AS y FROM a UNION ALL BY NAME SELECT y FROM b ORDER BY x NULLS FIRST LIMIT 5 OFFSET 0;

-- name: exclude_in_using
SELECT * EXCLUDE (customer_id), c.email FROM orders o JOIN customers c USING (customer_id);

-- name: ops_precedence2
SELECT 1 + 2 * 3 - 4 / 2, (1 + 2) * 3, 2 ^ 3 ^ 2, -2 ^ 2, 7 % 4 * 2, 1 || 2 + 3, NOT 1 = 2 AND 3 > 2, 1 << 2 + 1, 5 & 3 | 4, 'a' || 'b' = 'ab', 1 = 1 IS TRUE, 3 BETWEEN 1 AND 2 + 3, 10 - 3 - 2, 2 * -3, NOT NOT true, 1::INT::VARCHAR || 'x', -1::INT, 1 + +2, 5 // 2 * 2, 2 ** -1, 1.0 - .5, 1 <> 2 OR 3 <> 3, 10 >= 3 AND NOT false;

-- name: identifiers_odd_use
SELECT t."select" + 1, "Mixed Case" * 2, "é", "a.b" || 'x', t."1st", "mixed case", year, date FROM (SELECT 1 AS "select", 2 AS "Mixed Case", 4 AS "é", 'q' AS "a.b", 6 AS "1st", 9 AS year, 15 AS date) t;

-- name: no_space_ops
SELECT a+b,a-b,a*b,a/b,a%b,a||'x',a>=b,a<>b,a::text,a-1,a -1,-a,a--comment
,b FROM(SELECT 1 a,2 b)t;

-- name: subquery_names
SELECT (SELECT max(amount) FROM orders o WHERE o.customer_id = c.customer_id), (SELECT count(*) FROM orders), EXISTS (FROM orders o WHERE o.customer_id = c.customer_id), c.customer_id IN (SELECT customer_id FROM orders WHERE amount > 10), (SELECT list(order_id ORDER BY amount) FROM orders) FROM customers c;

-- name: age_and_parts
SELECT age(birth_date) AS a, age(created_at, birth_date::TIMESTAMP) AS b, date_part('year', age(birth_date)) AS c, date_part(['year', 'month', 'day'], birth_date) AS d, extract('week' FROM created_at) AS e, extract(quarter FROM updated_at) AS f, (current_date - birth_date) // 365 AS g, date_diff('month', birth_date, created_at) AS h, created_at::DATE - birth_date AS i, updated_at - created_at AS j, updated_at::DATE AS k, strftime(updated_at, '%Y') AS l, date_trunc('quarter', birth_date) AS m, birth_date + INTERVAL '18 years' AS n, birth_date::TIMESTAMPTZ AS o, isfinite(birth_date) AS p, dayname(updated_at) AS q, epoch(created_at) AS r, nanosecond(created_at) AS s, timezone_hour(updated_at) AS t, to_centuries(1) AS u, date_part('epoch', updated_at) AS v, julian(birth_date) AS w, make_timestamp(2024, 1, 1, 1, 1, 1.5) AS x, try_strptime('x', ['%d', '%Y']) AS y, datepart('minute', created_at) AS z FROM customers;
