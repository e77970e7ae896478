-- name: full_outer_reconcile
SELECT
    coalesce(a.product_id, b.product_id) AS product_id,
    a.qty AS sold,
    b.on_hand,
    coalesce(a.qty, 0) - coalesce(b.on_hand, 0) AS gap,
    CASE WHEN a.product_id IS NULL THEN 'no sales' WHEN b.product_id IS NULL THEN 'no stock' ELSE 'both' END AS kind
FROM (SELECT product_id, sum(quantity) AS qty FROM order_items GROUP BY 1) a
FULL OUTER JOIN (SELECT product_id, sum(on_hand) AS on_hand FROM inventory GROUP BY 1) b ON a.product_id = b.product_id;

-- name: full_using
SELECT product_id, s.units, i.on_hand, i.reserved + s.units AS demand
FROM sales s FULL JOIN inventory i USING (product_id)
WHERE product_id IS NOT NULL;

-- name: using_star
SELECT * FROM sales FULL JOIN inventory USING (product_id) LEFT JOIN stores USING (store_id);

-- name: asof_prices
SELECT t.trade_id, t.ticker, t.traded_at, p.price, t.qty * p.price AS notional, t.traded_at - p.quoted_at AS staleness
FROM trades t ASOF JOIN prices p ON t.ticker = p.ticker AND t.traded_at >= p.quoted_at;

-- name: asof_left_using
SELECT t.*, p.price, coalesce(p.volume, 0) AS volume
FROM trades t ASOF LEFT JOIN (SELECT ticker, quoted_at AS traded_at, price, volume FROM prices) p USING (ticker, traded_at);

-- name: positional
SELECT a.store_name, b.department_name, a.rn + b.rn AS s
FROM (SELECT store_name, row_number() OVER () AS rn FROM stores) a
POSITIONAL JOIN (SELECT department_name, row_number() OVER () AS rn FROM departments) b;

-- name: natural_chain
SELECT department_id, department_name, full_name, salary / budget AS share FROM employees NATURAL JOIN departments;

-- name: natural_star
SELECT * FROM employees NATURAL LEFT JOIN (SELECT department_id, department_name, region FROM departments);

-- name: self_join_managers
SELECT e.full_name AS employee, m.full_name AS manager, e.salary - m.salary AS diff, e.level > m.level AS outranks, coalesce(mm.full_name, 'none') AS skip
FROM employees e LEFT JOIN employees m ON m.employee_id = e.manager_id LEFT JOIN employees mm ON mm.employee_id = m.manager_id;

-- name: lateral_aggregate
SELECT c.customer_id, recent.n, recent.total, recent.last_at
FROM customers c
LEFT JOIN LATERAL (
    SELECT count(*) AS n, sum(o.amount) AS total, max(o.ordered_at) AS last_at
    FROM orders o WHERE o.customer_id = c.customer_id AND o.order_date > c.created_at::DATE
) recent ON true;

-- name: lateral_chain
SELECT o.order_id, a.net, b.vat, a.net + b.vat AS gross
FROM orders o, LATERAL (SELECT o.amount * (1 - o.discount) AS net) a, LATERAL (SELECT a.net * 0.19 AS vat) b;

-- name: lateral_implicit
SELECT o.order_id, x.k, x.v FROM orders o, (SELECT unnest(['amount', 'ship']) AS k, unnest([o.amount, o.shipping_cost]) AS v) x;

-- name: series_join
SELECT d.day::DATE AS day, s.store_id, coalesce(sum(x.revenue), 0) AS revenue, count(x.units) AS n
FROM generate_series(DATE '2024-01-01', DATE '2024-01-31', INTERVAL 1 DAY) AS d(day)
CROSS JOIN (SELECT DISTINCT store_id FROM stores) s
LEFT JOIN sales x ON x.sale_date = d.day AND x.store_id = s.store_id
GROUP BY 1, 2;

-- name: range_tables
SELECT r.range, g.generate_series, r2.i, r.range * r2.i AS prod FROM range(10) r, generate_series(1, 5) g, range(0, 100, 10) AS r2(i);

-- name: range_timestamps
SELECT range AS slot, range + INTERVAL 1 HOUR AS slot_end, hour(range) AS h FROM range(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-02', INTERVAL 1 HOUR);

-- name: unnest_table
SELECT u.unnest AS v, t.tag, c.customer_id FROM unnest([1, 2, 3]) u, customers c, unnest(c.tags) AS t(tag);

-- name: unnest_ordinality
SELECT c.customer_id, t.tag, t.pos FROM customers c, unnest(c.tags) WITH ORDINALITY AS t(tag, pos) WHERE t.pos <= 3;

-- name: nested_join_parens
SELECT c.email, o.order_id, i.line_no FROM customers c LEFT JOIN (orders o JOIN order_items i ON i.order_id = o.order_id) ON o.customer_id = c.customer_id;

-- name: join_alias_columns
SELECT x.a, x.b, y.* FROM (SELECT * FROM orders JOIN customers USING (customer_id)) AS x(a, b), departments y(did, dname);

-- name: right_join_using
SELECT customer_id, count(o.order_id) AS n, max(c.credit_limit) AS lim FROM orders o RIGHT JOIN customers c USING (customer_id) GROUP BY customer_id;

-- name: cross_join_constants
WITH params AS (SELECT DATE '2024-01-01' AS start_date, 0.2 AS rate, 'EUR' AS cur)
SELECT o.order_id, o.amount * p.rate AS fee, o.order_date - p.start_date AS days, o.currency = p.cur AS home FROM orders o CROSS JOIN params p WHERE o.order_date >= p.start_date;

-- name: inequality_join
SELECT a.account_id, count(*) FILTER (WHERE b.budget > a.budget) + 1 AS rnk, any_value(a.budget) AS budget FROM accounts a JOIN accounts b ON a.account_type IS NOT DISTINCT FROM b.account_type GROUP BY a.account_id;

-- name: tablesample
SELECT channel, avg(amount) AS a FROM orders TABLESAMPLE 10% GROUP BY channel;

-- name: sample_reservoir
SELECT o.order_id, o.amount FROM orders o TABLESAMPLE reservoir(50 ROWS) REPEATABLE (42) USING SAMPLE 5;

-- name: limit_percent
SELECT order_id, amount FROM orders ORDER BY amount DESC LIMIT 10%;

-- name: limit_expression
SELECT order_id FROM orders LIMIT (SELECT count(*) // 2 FROM orders) OFFSET 1 + 2;

-- name: union_by_name
SELECT customer_id, email, NULL AS phone FROM customers
UNION ALL BY NAME
SELECT email, customer_id, created_at FROM customers
UNION BY NAME
SELECT 1 AS extra, 'x' AS phone;

-- name: except_intersect
(SELECT customer_id FROM orders EXCEPT ALL SELECT customer_id FROM subscriptions)
UNION ALL
(SELECT customer_id FROM customers INTERSECT SELECT user_id FROM events)
ORDER BY customer_id LIMIT 10;

-- name: union_types
SELECT 'order' AS kind, order_id AS id, amount AS value, order_date AS at_date FROM orders
UNION ALL
SELECT 'session', page_views, revenue, started_at FROM sessions
UNION ALL
SELECT 'ledger', entry_id, debit, posted_on FROM ledger
ORDER BY at_date DESC;

-- name: values_mixed
SELECT k, v * 2 AS dbl, w, coalesce(z, 'none') AS z FROM (VALUES ('a', 1, DATE '2024-01-01', NULL), ('b', 2.5, NULL, 'q'), ('c', 3000000000, '2024-02-01', NULL)) AS t(k, v, w, z);

-- name: describe_subquery
SELECT column_name, column_type, "null" FROM (DESCRIBE orders);

-- name: summarize_subquery
SELECT column_name, approx_unique, null_percentage, avg, q50, count FROM (SUMMARIZE orders);

-- name: show_tables_subquery
SELECT name FROM (SHOW TABLES) WHERE name LIKE 'o%';

-- name: row_in
SELECT order_id FROM order_items WHERE (order_id, line_no) IN ((1, 1), (2, 2)) AND (product_id, quantity) NOT IN (SELECT product_id, on_hand FROM inventory);

-- name: exists_nested
SELECT p.product_id, p.sku, EXISTS (SELECT 1 FROM order_items i WHERE i.product_id = p.product_id AND EXISTS (SELECT 1 FROM orders o WHERE o.order_id = i.order_id AND o.status = 'paid')) AS sold, NOT EXISTS (FROM inventory v WHERE v.product_id = p.product_id) AS missing, (SELECT sum(v.on_hand) FROM inventory v WHERE v.product_id = p.product_id) AS stock FROM products p;

-- name: any_all
SELECT product_id, list_price > ANY (SELECT unit_price FROM order_items) AS a, list_price >= ALL (SELECT unit_price FROM order_items) AS b, product_id = SOME (SELECT product_id FROM inventory) AS c, category <> ALL (['x', 'y']) AS e, (SELECT avg(unit_price) FROM order_items) - list_price AS diff FROM products;

-- name: scalar_subquery_types
SELECT (SELECT max(d) FROM exotic), (SELECT st FROM exotic LIMIT 1), (SELECT list(id) FROM exotic) AS ids, (SELECT count(*) FROM exotic) + 1, (SELECT {'a': 1}).a, [x FOR x IN (SELECT list(id) FROM exotic)];

-- name: table_functions_misc
SELECT k.word, v.n FROM (SELECT unnest(string_split('a b c', ' ')) AS word) k, (SELECT unnest(range(3)) AS n) v;

-- name: json_each_table
SELECT e.event_id, j.key, j.value, j.type, j.fullkey FROM events e, json_each(e.payload) j WHERE j.key <> 'x';

-- name: query_alias_prefix
SELECT a: order_id, b: amount * 2, c: CASE WHEN status = 'paid' THEN 1 END FROM o: orders;
