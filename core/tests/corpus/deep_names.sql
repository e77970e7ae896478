-- name: subquery_texts
SELECT
    (SELECT max(amount) FROM orders WHERE status = 'paid' AND channel IN ('web', 'app')),
    (SELECT o.amount FROM orders AS o WHERE o.customer_id = c.customer_id ORDER BY o.ordered_at DESC NULLS LAST LIMIT 1 OFFSET 2),
    (SELECT count(*) FROM orders o JOIN order_items i ON o.order_id = i.order_id WHERE o.customer_id = c.customer_id),
    (SELECT sum(x) FROM (SELECT amount AS x FROM orders WHERE amount > 10) t),
    (SELECT string_agg(DISTINCT channel, ',' ORDER BY channel) FROM orders GROUP BY customer_id HAVING count(*) > 1 LIMIT 1),
    (SELECT 1),
    (SELECT 1 UNION ALL SELECT 2 LIMIT 1),
    (SELECT DISTINCT currency FROM orders LIMIT 1),
    (SELECT * FROM (VALUES (1)) v),
    (FROM orders SELECT max(amount)),
    (SELECT x FROM (VALUES (1), (2)) AS t(x) WHERE x > 1),
    (WITH a AS (SELECT 1 AS q) SELECT q FROM a),
    (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 LIMIT 1),
    (SELECT 1 UNION SELECT 2 EXCEPT SELECT 3),
    (WITH RECURSIVE a(x, y) AS MATERIALIZED (SELECT 1, 2 UNION ALL SELECT x + 1, y FROM a WHERE x < 3) SELECT max(x) FROM a),
    (SELECT count(*) FROM orders GROUP BY ROLLUP (channel, currency) LIMIT 1),
    (SELECT count(*) FROM orders GROUP BY GROUPING SETS ((channel), (currency, status), ()) LIMIT 1),
    (SELECT count(*) FROM orders GROUP BY channel, CUBE (currency, status) LIMIT 1),
    (SELECT amount FROM orders ORDER BY ALL LIMIT 10%),
    (SELECT sum(amount) OVER w FROM orders WINDOW w AS (ORDER BY order_id) LIMIT 1),
    ARRAY(SELECT order_id FROM orders ORDER BY amount DESC, 1),
    ARRAY(SELECT 1 UNION ALL SELECT 2),
    (SELECT * EXCLUDE (b) REPLACE (a + 1 AS a) FROM (SELECT 1 AS a, 2 AS b)),
    (SELECT min(COLUMNS(*)) FROM (SELECT 1 AS a)),
    (SELECT coalesce(*COLUMNS(*)) FROM (SELECT 1 AS a)),
    (VALUES (1))
FROM customers c;

-- name: exists_texts
SELECT
    EXISTS (SELECT 1 FROM orders),
    NOT EXISTS (SELECT 1 FROM orders WHERE amount > 1),
    EXISTS (FROM orders),
    customer_id IN (SELECT customer_id FROM orders WHERE amount > 1 GROUP BY customer_id),
    customer_id NOT IN (SELECT customer_id FROM orders),
    (customer_id, country_code) IN (SELECT customer_id, currency FROM orders),
    credit_limit > (SELECT avg(amount) FROM orders),
    credit_limit >= ALL (SELECT amount FROM orders),
    credit_limit < ANY (SELECT amount FROM orders),
    credit_limit = SOME (SELECT amount FROM orders),
    'a' = ANY (tags),
    'a' <> ALL (tags),
    ARRAY(SELECT order_id FROM orders ORDER BY 1),
    coalesce((SELECT max(amount) FROM orders), 0)
FROM customers;

-- name: subquery_joins_text
SELECT
    (SELECT count(*) FROM orders a LEFT JOIN customers b USING (customer_id)),
    (SELECT count(*) FROM orders a RIGHT JOIN customers b ON a.customer_id = b.customer_id AND a.amount > 1),
    (SELECT count(*) FROM orders a, customers b WHERE a.customer_id = b.customer_id),
    (SELECT count(*) FROM orders a CROSS JOIN customers b),
    (SELECT count(*) FROM orders NATURAL JOIN customers),
    (SELECT count(*) FROM trades t ASOF JOIN prices p ON t.ticker = p.ticker AND t.traded_at >= p.quoted_at),
    (SELECT count(*) FROM orders a FULL OUTER JOIN customers b USING (customer_id)),
    (SELECT count(*) FROM orders a SEMI JOIN customers b USING (customer_id)),
    (SELECT count(*) FROM orders a POSITIONAL JOIN customers b),
    (SELECT count(*) FROM main.orders),
    (SELECT count(*) FROM orders a INNER JOIN (SELECT customer_id FROM customers) b ON true),
    (SELECT count(*) FROM range(10)),
    (SELECT max(r.range) FROM range(1, 10) AS r),
    (SELECT count(*) FROM unnest([1, 2]) AS u(x)),
    (SELECT sum(q) FROM (SELECT unnest([1, 2, 3]) AS q))
FROM departments;

-- name: window_texts
SELECT
    sum(amount) OVER (PARTITION BY customer_id ORDER BY ordered_at) / sum(amount) OVER (PARTITION BY customer_id),
    round(avg(amount) OVER (ORDER BY order_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW), 2),
    amount - lag(amount) OVER (PARTITION BY customer_id ORDER BY ordered_at),
    coalesce(lag(amount, 1) OVER (ORDER BY order_id), 0),
    CASE WHEN row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at) = 1 THEN 'first' ELSE 'repeat' END,
    row_number() OVER (PARTITION BY year(order_date), channel ORDER BY amount DESC, order_id ASC NULLS FIRST) <= 3,
    sum(amount) OVER w - sum(discount) OVER w,
    rank() OVER (ORDER BY amount DESC) + 1,
    first_value(status) OVER (PARTITION BY customer_id ORDER BY ordered_at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING),
    count(*) FILTER (WHERE status = 'paid') OVER (PARTITION BY customer_id),
    sum(amount) OVER (ORDER BY order_date RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND INTERVAL 1 DAY FOLLOWING),
    last_value(amount IGNORE NULLS) OVER (ORDER BY order_id),
    ntile(4) OVER (ORDER BY amount)::VARCHAR || 'q',
    lag(amount, 1, 0) OVER (PARTITION BY customer_id ORDER BY ordered_at),
    max(amount) OVER (),
    (sum(amount) OVER ())::BIGINT
FROM orders
WINDOW w AS (PARTITION BY channel ORDER BY ordered_at ROWS 3 PRECEDING);

-- name: arithmetic_texts
SELECT a + b - c, a + (b - c), a * b + c, a * (b + c), -a + b, -(a + b), a - -b, (a), a / b / c, a // b % c, a ** b ** c, NOT a > b, NOT (a > b AND b > c), a > b AND b > c AND c > 1 OR a = 1, (a > 1 OR b > 2) AND c > 3, a = b, a == b, a <> b, a BETWEEN b AND c, a NOT BETWEEN b AND c, a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b, a IN (1, b, c + 1), a NOT IN (1, 2), a::VARCHAR || b::VARCHAR, (a + b)::DOUBLE / 2, a & b | c, a << 1 >> 2, ~a, a % 2 = 0, a IS NULL OR b IS NULL, NOT (a IS NULL), (a, b) = (1, 2), abs(-a), +a, a!, 2 * -1, -5 % 3, - - 5, a > 1 IS TRUE, (a > 1) = (b > 1), a = 1 AND NOT b = 2, a <= b, a != 3, @a
FROM (SELECT 1 AS a, 2 AS b, 3 AS c);

-- name: literal_texts
SELECT 'it''s', 'multi
line', "a b", 1.0, 1e-5, 123456789012345678901234567890, INTERVAL '1 day', INTERVAL 5 MINUTES, INTERVAL '3' HOURS, INTERVAL (1 + 2) SECONDS, DATE '2024-01-01', TIMESTAMP '2024-01-01', TIMESTAMPTZ '2024-01-01', TIME '10:00', [], {'a': NULL}, MAP {}, NULL::INTEGER, TRUE AND FALSE, 'a'::CHAR, 'x'::VARCHAR(5), X'00FF', '\x00'::BLOB, 1::DECIMAL(10, 2), 1::NUMERIC, 1::INT4, 1::HUGEINT, 1::UTINYINT, '1'::BIT, 1::FLOAT4, 'a'::TEXT, 1.5::REAL, '{}'::JSON, [1]::INT[], [[1]]::INT[][], [1, 2]::INT[2], {'a': 1}::STRUCT(a BIGINT), MAP {'a': 1}::MAP(VARCHAR, BIGINT), 'a'::ENUM('a', 'b'), '2024-01-01'::TIMESTAMP_NS, '2024-01-01'::TIMESTAMP WITH TIME ZONE, '10:00'::TIMETZ, 'x'::UUID IS NULL
FROM (SELECT 1 AS "a b");

-- name: call_texts
SELECT date_part('year', d), extract(MONTH FROM d), EXTRACT(epoch FROM ts), cast(d AS TIMESTAMP), try_cast(txt AS INT), substring(txt, 2), substring(txt FROM 2), trim(txt), trim(BOTH ' ' FROM txt), trim(TRAILING 'x' FROM txt), ltrim(txt), position('a' IN txt), nullif(id, 0), coalesce(id, 0), ifnull(id, 0), greatest(id, 1), if(flag, 1, 0), CASE id WHEN 1 THEN 'a' ELSE 'b' END, list_value(1, 2), struct_pack(a := id), row(id, txt), (id, txt), {'a': id, 'b': txt}, [id, 2], MAP {'a': id}, ints[1], ints[1:2], ints[-1:], st.a, st.c.d, st['a'], js->'a', js->>'b', js->'a'->>'b', js->>'$.x', txt LIKE 'a%', txt NOT LIKE 'a%', txt ILIKE 'b', txt SIMILAR TO 'c', txt ~ 'd', txt GLOB 'e*', txt LIKE 'a$%' ESCAPE '$', txt COLLATE NOCASE, ts AT TIME ZONE 'UTC', current_date, now(), count(*) OVER (), list_transform(ints, x -> x + 1), list_transform(ints, lambda x: x + 1), list_filter(ints, (x, i) -> x > i), list_reduce(ints, lambda a, b: a + b, 0), [x * 2 FOR x IN ints], [x FOR x IN ints IF x > 1], "left"(txt, 1), txt.upper(), txt[1], txt[1:3], date '2024-01-01' - d, d + INTERVAL 1 DAY, main.upper(txt), unnest([1, 2]), un.num, mp['a'], typeof(id), txt IS NOT NULL, concat(txt, id, 'x'), txt || id || 'x', 1 IN (SELECT 1), date(ts), time '10:00', year(d), make_date(2024, 1, 1), strftime(d, '%Y'), md5(txt), format('{}', id), printf('%d', id), error_x, try(id / 0)
FROM (SELECT *, 1 AS error_x FROM exotic);

-- name: aggregate_texts
SELECT count(*), count(id), count(DISTINCT id), count(DISTINCT (id, txt)), sum(id) FILTER (WHERE id > 1), sum(id) FILTER (id > 1), list(id ORDER BY txt DESC), string_agg(txt, ','), string_agg(txt, ',' ORDER BY id), group_concat(txt), array_agg(id), percentile_cont(0.5) WITHIN GROUP (ORDER BY id), mode() WITHIN GROUP (ORDER BY id), quantile_cont(id, [0.1, 0.9]), arg_max(id, dbl), max(id, 2), approx_quantile(id, 0.5), bool_and(flag), any_value(st), histogram(txt), avg(id)::INT, sum(id) * 1.0 / count(*), round(sum(dbl), 2), count(*) > 1, max(d) - min(d), list(DISTINCT txt), first(txt ORDER BY id), corr(id, dbl), count_if(flag), sum(CASE WHEN flag THEN 1 ELSE 0 END), min(id) + max(id), len(list(id)), sum(id + 1), listagg(txt, '-'), product(id), grouping(flag), max({'a': id, 'b': txt}).b, list({'a': id})
FROM exotic GROUP BY flag;

-- name: recursive_and_misc
SELECT o.order_id, o.amount::INT, "o"."amount" + 1, main.orders.amount, orders.amount * 2, (o).status, o.amount IS NULL, (o.amount).round(0) FROM orders o, orders;

-- name: using_names
SELECT customer_id, order_id, orders.customer_id AS oc, orders.order_date, customers.customer_id + 1, c2.customer_id FROM orders JOIN customers USING (customer_id) JOIN customers c2 USING (customer_id);

-- name: sorted_lists
SELECT list(id ORDER BY id DESC NULLS FIRST), list(id ORDER BY id ASC NULLS LAST), array_agg(id ORDER BY id NULLS FIRST), list(id ORDER BY txt), list(id ORDER BY id, txt), list(DISTINCT id ORDER BY id DESC), list(id ORDER BY id) FILTER (id > 1), string_agg(txt, ',' ORDER BY txt), list(id + 1 ORDER BY id + 1), list(ID ORDER BY id), first(txt ORDER BY txt), array_agg(DISTINCT txt ORDER BY txt) FILTER (flag), list(id ORDER BY id)[1], list(upper(txt) ORDER BY upper(txt) DESC NULLS LAST) FROM exotic;

-- name: window_calls
SELECT list(id ORDER BY id) OVER (), "first"(id) OVER (), "user", mode(id) OVER (), year(d), "year"(d), count(*) OVER (), count(DISTINCT id) OVER (), rank() OVER (ORDER BY id), row_number(ORDER BY id) OVER (), first_value(id ORDER BY txt) OVER (ORDER BY id), lag(id, 1, 0 IGNORE NULLS) OVER (ORDER BY id), rank(ORDER BY id DESC NULLS LAST) OVER (), ARRAY[1, 2], ARRAY[[1], [2]], (ARRAY[id, 2])[1], ARRAY[1] || [2], "left"(txt, 1), [ARRAY['a']] FROM exotic;
