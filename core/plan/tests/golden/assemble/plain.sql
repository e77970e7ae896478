-- ==== duckdb ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
)
SELECT clean.id FROM clean
-- ==== databricks ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
)
SELECT clean.id FROM clean
-- ==== snowflake ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
)
SELECT clean.id FROM clean
-- ==== bigquery ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
)
SELECT clean.id FROM clean
