-- ==== duckdb ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
)
SELECT (SELECT max(id) FROM clean) AS m, o.id
FROM marts.orders_v1 AS o
JOIN (SELECT id FROM big) AS d ON d.id = o.id
WHERE EXISTS (SELECT 1 AS one FROM clean WHERE clean.id = o.id)
UNION ALL
SELECT id, id AS i FROM big
-- ==== databricks ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
)
SELECT (SELECT max(id) FROM clean) AS m, o.id
FROM marts.orders_v1 AS o
JOIN (SELECT id FROM big) AS d ON d.id = o.id
WHERE EXISTS (SELECT 1 AS one FROM clean WHERE clean.id = o.id)
UNION ALL
SELECT id, id AS i FROM big
-- ==== snowflake ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
)
SELECT (SELECT max(id) FROM clean) AS m, o.id
FROM marts.orders_v1 AS o
JOIN (SELECT id FROM big) AS d ON d.id = o.id
WHERE EXISTS (SELECT 1 AS one FROM clean WHERE clean.id = o.id)
UNION ALL
SELECT id, id AS i FROM big
-- ==== bigquery ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
)
SELECT (SELECT max(id) FROM clean) AS m, o.id
FROM marts.orders_v1 AS o
JOIN (SELECT id FROM big) AS d ON d.id = o.id
WHERE EXISTS (SELECT 1 AS one FROM clean WHERE clean.id = o.id)
UNION ALL
SELECT id, id AS i FROM big
