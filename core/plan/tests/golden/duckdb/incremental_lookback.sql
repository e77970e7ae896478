-- ==== Absent ====
-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- orders: incremental into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders;
-- ==== Table ====
-- orders: incremental into marts.orders (table(id, day, amount, updated_at))
-- because: target exists: rows from 36 hours before its newest updated_at on are replaced
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
WHERE COALESCE(_rocky_q.updated_at >= (SELECT MAX(CASE WHEN isfinite(t.updated_at) THEN t.updated_at END) - INTERVAL 36 HOUR FROM marts.orders AS t), isfinite(_rocky_q.updated_at));
-- delete marts.orders
DELETE FROM marts.orders
WHERE updated_at >= (SELECT MAX(CASE WHEN isfinite(t.updated_at) THEN t.updated_at END) - INTERVAL 36 HOUR FROM marts.orders AS t);
-- insert marts.orders [rows]
INSERT INTO marts.orders (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM _rocky_stage_orders;
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- watermark marts.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders;
-- ==== View ====
-- orders: incremental into marts.orders (view)
-- because: target is a view: a table takes its place
-- drop marts.orders
DROP VIEW marts.orders;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders;
-- ==== Refreshed ====
-- orders: incremental into marts.orders (table(id, day, amount, updated_at))
-- because: full refresh was asked for
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders;
