-- ==== duckdb ====
WITH clean_2 AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
clean AS (SELECT clean.id FROM clean_2 AS clean)
SELECT clean.id FROM clean
-- ==== databricks ====
WITH clean_2 AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
clean AS (SELECT clean.id FROM clean_2 AS clean)
SELECT clean.id FROM clean
-- ==== snowflake ====
WITH clean_2 AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
clean AS (SELECT clean.id FROM clean_2 AS clean)
SELECT clean.id FROM clean
-- ==== bigquery ====
WITH clean_2 AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
clean AS (SELECT clean.id FROM clean_2 AS clean)
SELECT clean.id FROM clean
