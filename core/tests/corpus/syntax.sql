-- name: from_first_nested
FROM (FROM orders SELECT customer_id, sum(amount) AS total GROUP BY ALL) t
SELECT t.customer_id, total, total > 100 AS big
WHERE total IS NOT NULL
ORDER BY ALL;

-- name: from_first_with_cte
WITH base AS (FROM orders WHERE status = 'paid')
FROM base SELECT channel, count(*) AS n, max(amount) GROUP BY channel;

-- name: values_top_level
VALUES (1, 'a', DATE '2024-01-01'), (2, 'b', NULL), (3, NULL, '2024-02-01');

-- name: select_without_from
SELECT 1 AS a, 'x' AS b, a + 1 AS c, [a, c] AS d, {'a': a} AS e;

-- name: nested_set_operations
(SELECT store_id FROM stores EXCEPT SELECT store_id FROM sales)
UNION
((SELECT product_id FROM products INTERSECT SELECT product_id FROM inventory) ORDER BY 1 LIMIT 5)
ORDER BY store_id DESC
LIMIT 10 OFFSET 2;

-- name: set_operations_in_cte
WITH u AS (SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2.5, NULL UNION ALL SELECT NULL, 'z')
SELECT a, b, a * 2 AS c, u.* FROM u ORDER BY a NULLS FIRST;

-- name: by_name_chain
SELECT order_id AS id, amount FROM orders UNION ALL BY NAME SELECT product_id AS id, list_price AS price FROM products UNION ALL BY NAME SELECT price, NULL AS note FROM prices;

-- name: intersect_all
SELECT customer_id FROM orders INTERSECT ALL SELECT customer_id FROM subscriptions EXCEPT ALL SELECT user_id FROM events;

-- name: fetch_first
SELECT order_id, amount FROM orders ORDER BY amount DESC NULLS LAST OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY;

-- name: named_arguments
SELECT struct_pack(a := 1, b := 'x') AS s, unnest([[1], [2]], recursive := true) AS u, list_sort([3, 1], 'DESC') AS l, row_number() OVER () AS rn, json_object('a', 1) AS j, generate_series(1, 3) AS g, union_value(n := 3) AS uv FROM range(1);

-- name: lateral_aliases_everywhere
SELECT amount * 2 AS double_amount, double_amount + 1 AS plus_one, plus_one::VARCHAR AS txt, len(txt) AS n FROM orders WHERE double_amount > 10 AND n > 1 QUALIFY row_number() OVER (PARTITION BY n ORDER BY double_amount) = 1 ORDER BY plus_one;

-- name: alias_colon
SELECT total: sum(amount), n: count(*), avg_amount: total / n, "quoted name": max(amount) FROM o: orders GROUP BY channel;

-- name: case_insensitive
select ORDER_ID as "Id", Amount AS AMOUNT, upper(CHANNEL) As Ch from ORDERS As O where O.Status = 'paid' order by "id";

-- name: quoted_identifiers
SELECT "o"."order_id", "o"."amount" AS "Total Amount", "Total Amount" * 2 AS "2x", "o".* EXCLUDE ("order_id", "amount") FROM "orders" AS "o";

-- name: comments_everywhere
SELECT /* first */ order_id, -- trailing
    amount /* inline */ + 1 AS plus, /* no * more */
    channel -- the end
FROM orders -- from
/* block
over lines */ WHERE amount > 1;

-- name: tuple_comparisons
SELECT (amount, discount) > (1, 0.1) AS a, (order_id, customer_id) = (1, 2) AS b, row(1, 'a') = row(1, 'b') AS c, (1, 2) IN ((1, 2), (3, 4)) AS d, (order_id, 'x') AS e, (SELECT (1, 2)) AS f, {'a': 1} < {'a': 2} AS g FROM orders;

-- name: multi_level_ctes
WITH a AS (SELECT order_id, amount FROM orders), b AS (SELECT *, amount * 2 AS dbl FROM a), c AS (SELECT b.*, a.amount AS orig FROM b JOIN a USING (order_id)), d AS (SELECT order_id, sum(dbl) AS s, max(orig) AS m FROM c GROUP BY 1)
SELECT d.*, a.amount, b.dbl FROM d LEFT JOIN a USING (order_id) LEFT JOIN b USING (order_id);

-- name: cte_column_names
WITH t(id, total, kind) AS (SELECT order_id, amount, status FROM orders), u(x) AS (VALUES (1), (2)) SELECT t.*, u.x, id + x AS s FROM t, u;

-- name: subquery_column_names
SELECT s.a, s.b, s.channel, v.p + v.q AS pq FROM (SELECT order_id, amount, channel FROM orders) AS s(a, b), (VALUES (1, 2.5)) AS v(p, q);

-- name: correlated_exists_lateral
SELECT c.customer_id, x.n, x.latest, y.total FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n, max(ordered_at) AS latest FROM orders o WHERE o.customer_id = c.customer_id) x ON true CROSS JOIN LATERAL (SELECT coalesce(sum(mrr), 0) AS total FROM subscriptions s WHERE s.customer_id = c.customer_id) y WHERE EXISTS (SELECT 1 FROM events e WHERE e.user_id = c.customer_id);

-- name: operators_exotic
SELECT 7 // 2 AS a, 7 % 3 AS b, 2 ** 10 AS c, 2 ^ 3 AS d, 5 & 3 AS e, 5 | 3 AS f, xor(5, 3) AS g, ~5 AS h, 1 << 4 AS i, 'abc' ^@ 'a' AS j, 'abc' ~ 'b' AS k, 'abc' !~ 'z' AS l, 'a' || 1 || NULL AS m, [1] || [2] AS n, 5! AS o, @(-3) AS p, 2 * -3 AS q0 FROM range(1);

-- name: interval_arithmetic
SELECT d + INTERVAL 1 DAY * 3 AS a, d + 2 * INTERVAL '1' MONTH AS b, ts + INTERVAL (id) MINUTE AS c, ts - INTERVAL '1 hour 30 minutes' AS e, INTERVAL 1 YEAR + INTERVAL 6 MONTH AS f, (ts - INTERVAL 1 DAY)::DATE AS g, d + to_days(id) AS h, age(ts, d::TIMESTAMP) AS i, d + iv * 0.5 AS j, ts + iv + iv AS k, date_trunc('day', ts) + INTERVAL 9 HOURS AS l, d - ts::DATE AS m FROM exotic;

-- name: sample_clauses
SELECT channel, count(*) AS n FROM (SELECT * FROM orders USING SAMPLE 20 PERCENT (bernoulli)) GROUP BY channel;

-- name: semi_anti_using
SELECT * FROM products SEMI JOIN order_items USING (product_id) ANTI JOIN inventory USING (product_id);

-- name: distinct_forms
SELECT DISTINCT channel, upper(currency), amount > 10 AS big, count(*) OVER (PARTITION BY channel) AS n FROM orders;

-- name: order_by_forms
SELECT order_id, amount, channel FROM orders ORDER BY lower(channel) COLLATE NOCASE, amount DESC NULLS LAST, 1, length(channel) + order_id, CASE WHEN amount > 1 THEN 0 ELSE 1 END;

-- name: group_by_collate_and_alias
SELECT lower(channel) COLLATE NOCASE AS ch, count(*) FROM orders GROUP BY ch ORDER BY ch;

-- name: in_list_forms
SELECT status IN ('paid', 'shipped') AS a, amount IN (SELECT max(amount) FROM orders GROUP BY channel) AS b, channel IN ['web', 'app'] AS c, 1 IN range(3) AS d, status NOT IN ('returned') AS e, (status, channel) IN (('paid', 'web')) AS f, order_id IN (1, 2, NULL) AS g, channel = ANY (['a', 'b']) AS h, item_count IN (1, 2.5) AS i FROM orders;

-- name: trailing_commas
SELECT order_id, amount, FROM orders WHERE status IN ('paid', 'shipped',) GROUP BY order_id, amount,;

-- name: try_expressions
SELECT try(amount / 0) AS a, try_cast(notes AS INTEGER) AS b, try(notes::DATE) AS c, try_strptime(notes, '%Y') AS d, coalesce(try_cast(notes AS DECIMAL(10, 2)), 0) AS e, try_cast(notes AS JSON) AS f FROM orders;

-- name: typeof_and_friends
SELECT typeof(amount) AS t, pg_typeof(amount) AS p, alias(amount) AS al, hash(amount, channel) AS h, constant_or_null(1, amount) AS c, error_free, stats_x FROM (SELECT *, 1 AS error_free, 2 AS stats_x FROM orders);

-- name: boolean_logic_two
SELECT amount > 10 AND NOT (status = 'paid' OR channel IS NULL) AS a, (amount > 10) IS TRUE AS b, (amount > 10) IS NOT FALSE AS c, (amount > 10) IS UNKNOWN AS d, amount IS NOT DISTINCT FROM discount AS e, notes ISNULL AS f, notes NOTNULL AS g, (amount > 1) = (discount > 1) AS h, true AND NULL AS i, bool_x FROM (SELECT *, true AS bool_x FROM orders) WHERE bool_x;

-- name: window_in_expressions
SELECT amount / sum(amount) OVER (PARTITION BY channel) * 100 AS pct, round(amount - avg(amount) OVER (PARTITION BY channel), 2) AS diff, CASE WHEN amount = max(amount) OVER (PARTITION BY channel) THEN 'max' END AS m, sum(amount) OVER (PARTITION BY channel ORDER BY order_id) > 100 AS passed, (row_number() OVER (ORDER BY order_id) - 1) // 10 AS page, concat('#', rank() OVER (ORDER BY amount)) AS label, coalesce(lag(status) OVER w::VARCHAR, 'none') AS prev, list(order_id) OVER w AS ids, {'r': rank() OVER w, 'n': count(*) OVER ()} AS s FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_at);

-- name: macro_like_functions
SELECT array_append([1], 2) AS a, list_any_value([NULL, 1]) AS b, split_part('a,b', ',', 1) AS c, date_add(DATE '2024-01-01', INTERVAL 1 DAY) AS d, nullif(1, 1) AS e, weighted_avg(amount, item_count) AS f, round_even(2.5, 0) AS g, count_if(amount > 1) AS h, fmod(5.5, 2) AS i, generate_subscripts([1, 2], 1) AS j, geometric_mean(item_count) AS k, array_reverse([1, 2]) AS l, wavg(amount, 2) AS m, list_avg([1, 2]) AS n, mean(amount) AS o, mod(5, 3) AS p FROM orders;

-- name: duckdb_functions_tables
SELECT t.table_name, t.estimated_size, c.column_name, c.data_type FROM duckdb_tables() t JOIN duckdb_columns() c USING (table_oid);

-- name: pragma_tables
SELECT name, type, "notnull", pk FROM pragma_table_info('orders');

-- name: letter_case
SELECT PRODUCT_ID, Product_Id + 1, S.Units AS "Units", EXTRACT(EPOCH FROM SALE_DATE), EXTRACT(YEARS FROM Sale_Date), extract(DoW FROM sale_date), extract('Month' FROM sale_date), EXTRACT(Century FROM sale_date), Date_Part('YEAR', SALE_DATE), SUM(UNITS) OVER (PARTITION BY Store_Id), CAST(UNITS AS varchar), Upper(On_Hand::Text) FROM SALES S FULL JOIN INVENTORY USING (PRODUCT_ID);

-- name: letter_case_stars
SELECT * EXCLUDE (JAN) REPLACE (FEB + 1 AS "Feb", MAR AS MAR) RENAME (APR AS "April") FROM MONTHLY_SALES;

-- name: letter_case_pivot
SELECT * FROM SALES PIVOT (SUM(REVENUE) FOR YEAR IN (2023) GROUP BY STORE_ID, Product_ID);

-- name: letter_case_unpivot
UNPIVOT MONTHLY_SALES ON JAN, Feb INTO NAME Month VALUE Amount;

-- name: letter_case_structs
SELECT STRUCT_UPDATE(ST, A := 'x') AS u, STRUCT_INSERT(ST, B2 := 1) AS i, ST.A, (ST).B, ST['C'].D, {'A': 1, 'b': 2}.a, STRUCT_PACK(X := 1).x FROM EXOTIC;
