-- ==== duckdb ====
WITH RECURSIVE clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
r AS (SELECT 1 AS id UNION ALL SELECT r.id + 1 FROM r JOIN clean ON clean.id = r.id)
SELECT id FROM r
-- ==== databricks ====
WITH RECURSIVE clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
r AS (SELECT 1 AS id UNION ALL SELECT r.id + 1 FROM r JOIN clean ON clean.id = r.id)
SELECT id FROM r
-- ==== snowflake ====
WITH RECURSIVE clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
r AS (SELECT 1 AS id UNION ALL SELECT r.id + 1 FROM r JOIN clean ON clean.id = r.id)
SELECT id FROM r
-- ==== bigquery ====
WITH RECURSIVE clean AS (
SELECT orders.id, orders.amount FROM marts.orders_v1 AS orders
),
r AS (SELECT 1 AS id UNION ALL SELECT r.id + 1 FROM r JOIN clean ON clean.id = r.id)
SELECT id FROM r
