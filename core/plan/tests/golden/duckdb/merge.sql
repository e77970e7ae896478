-- ==== Absent ====
-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, day, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id, day
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT * FROM _rocky_stage_orders;
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- ==== Table ====
-- orders: merge into marts.orders (table(id, day, amount, updated_at))
-- because: target exists: rows are merged by id, day
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, day, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id, day
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING _rocky_stage_orders AS s
ON t.id IS NOT DISTINCT FROM s.id
  AND t.day IS NOT DISTINCT FROM s.day
WHEN MATCHED THEN UPDATE SET amount = s.amount, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT (id, day, amount, updated_at) VALUES (s.id, s.day, s.amount, s.updated_at);
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- ==== View ====
-- orders: merge into marts.orders (view)
-- because: target is a view: a table takes its place
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, day, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id, day
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- drop marts.orders
DROP VIEW marts.orders;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT * FROM _rocky_stage_orders;
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- ==== Refreshed ====
-- orders: merge into marts.orders (table(id, day, amount, updated_at))
-- because: full refresh was asked for
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, day, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id, day
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT * FROM _rocky_stage_orders;
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
