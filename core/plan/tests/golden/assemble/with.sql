-- ==== duckdb ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
),
a AS (
  SELECT id FROM big -- a
)
SELECT a.id FROM a WHERE a.id IN (SELECT id FROM clean)
-- ==== databricks ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
),
a AS (
  SELECT id FROM big -- a
)
SELECT a.id FROM a WHERE a.id IN (SELECT id FROM clean)
-- ==== snowflake ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
),
a AS (
  SELECT id FROM big -- a
)
SELECT a.id FROM a WHERE a.id IN (SELECT id FROM clean)
-- ==== bigquery ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
),
a AS (
  SELECT id FROM big -- a
)
SELECT a.id FROM a WHERE a.id IN (SELECT id FROM clean)
