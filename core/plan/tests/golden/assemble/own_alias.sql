-- ==== duckdb ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
)
SELECT clean.id, c.id AS other FROM clean AS clean JOIN clean AS c ON c.id = clean.id
-- ==== databricks ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
)
SELECT clean.id, c.id AS other FROM clean AS clean JOIN clean AS c ON c.id = clean.id
-- ==== snowflake ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
)
SELECT clean.id, c.id AS other FROM clean AS clean JOIN clean AS c ON c.id = clean.id
-- ==== bigquery ====
WITH clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
)
SELECT clean.id, c.id AS other FROM clean AS clean JOIN clean AS c ON c.id = clean.id
