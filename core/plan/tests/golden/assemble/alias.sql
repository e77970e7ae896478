-- ==== duckdb ====
WITH clean_2 AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean_2 AS clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean_2 AS c ON t.id = c.id
)
SELECT clean.id FROM marts.orders_v1 AS clean JOIN big AS twice ON twice.id = clean.id
-- ==== databricks ====
WITH clean_2 AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean_2 AS clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean_2 AS c ON t.id = c.id
)
SELECT clean.id FROM marts.orders_v1 AS clean JOIN big AS twice ON twice.id = clean.id
-- ==== snowflake ====
WITH clean_2 AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean_2 AS clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean_2 AS c ON t.id = c.id
)
SELECT clean.id FROM marts.orders_v1 AS clean JOIN big AS twice ON twice.id = clean.id
-- ==== bigquery ====
WITH clean_2 AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
big AS (
WITH twice AS (SELECT id, amount FROM clean_2 AS clean)
SELECT t.id, c.amount FROM twice AS t JOIN clean_2 AS c ON t.id = c.id
)
SELECT clean.id FROM marts.orders_v1 AS clean JOIN big AS twice ON twice.id = clean.id
