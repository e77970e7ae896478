-- ==== duckdb ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
)
SELECT big.id, clean.amount FROM big JOIN clean ON big.id = clean.id
-- ==== databricks ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
)
SELECT big.id, clean.amount FROM big JOIN clean ON big.id = clean.id
-- ==== snowflake ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
)
SELECT big.id, clean.amount FROM big JOIN clean ON big.id = clean.id
-- ==== bigquery ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id
)
SELECT big.id, clean.amount FROM big JOIN clean ON big.id = clean.id
