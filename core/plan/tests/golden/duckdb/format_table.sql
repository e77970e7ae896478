-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- orders: full_refresh into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL;
-- comment marts.orders
COMMENT ON TABLE marts.orders IS 'it''s';
-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- orders: incremental into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL;
-- comment marts.orders
COMMENT ON TABLE marts.orders IS 'it''s';
-- watermark marts.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders;
-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT * FROM _rocky_stage_orders;
-- comment marts.orders
COMMENT ON TABLE marts.orders IS 'it''s';
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- orders: delete_insert into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL;
-- comment marts.orders
COMMENT ON TABLE marts.orders IS 'it''s';
-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- orders: microbatch into marts.orders (absent)
-- because: target does not exist: 1 partition is computed
-- windows, 1 at once:
--   2026-04-07 [2026-04-07 00:00:00, 2026-04-08 00:00:00)
-- create_table marts.orders
CREATE TABLE IF NOT EXISTS marts.orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL
) AS _rocky_q
WHERE 1 = 0;
-- comment marts.orders
COMMENT ON TABLE marts.orders IS 'it''s';
-- delete marts.orders
DELETE FROM marts.orders
WHERE updated_at >= $start_date AND updated_at < $end_date;
-- insert marts.orders [rows]
INSERT INTO marts.orders (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM (
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL
) AS _rocky_q
WHERE _rocky_q.updated_at >= $start_date AND _rocky_q.updated_at < $end_date;
