-- ==== full_refresh, production is absent ====
-- orders: full_refresh into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_table marts.orders_rocky_shadow [rows]
CREATE OR REPLACE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== full_refresh, production is table ====
-- orders: full_refresh into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`: full_refresh replaces the table on every run
-- shadow_drop shop.marts.orders_rocky_shadow
DROP TABLE marts.orders_rocky_shadow;
-- create_table marts.orders_rocky_shadow [rows]
CREATE OR REPLACE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== full_refresh, production is view ====
-- orders: full_refresh into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_table marts.orders_rocky_shadow [rows]
CREATE OR REPLACE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== full_refresh, full refresh ====
-- orders: full_refresh into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`: full_refresh replaces the table on every run
-- create_table marts.orders_rocky_shadow [rows]
CREATE OR REPLACE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== view, production is absent ====
-- orders: view into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_view marts.orders_rocky_shadow
CREATE OR REPLACE VIEW marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON VIEW marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== view, production is table ====
-- orders: view into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- shadow_drop shop.marts.orders_rocky_shadow
DROP TABLE marts.orders_rocky_shadow;
-- create_view marts.orders_rocky_shadow
CREATE OR REPLACE VIEW marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON VIEW marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== view, production is view ====
-- orders: view into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_view marts.orders_rocky_shadow
CREATE OR REPLACE VIEW marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON VIEW marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== view, full refresh ====
-- orders: view into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_view marts.orders_rocky_shadow
CREATE OR REPLACE VIEW marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON VIEW marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== incremental, production is absent ====
-- orders: incremental into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_table marts.orders_rocky_shadow [rows]
CREATE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- watermark marts.orders_rocky_shadow [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders_rocky_shadow;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== incremental, production is table ====
-- orders: incremental into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`, from a copy of its rows: target exists: rows past its newest updated_at are added
-- shadow_drop shop.marts.orders_rocky_shadow
DROP TABLE marts.orders_rocky_shadow;
-- shadow_copy marts.orders_rocky_shadow
CREATE TABLE marts.orders_rocky_shadow AS
SELECT * FROM marts.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- insert marts.orders_rocky_shadow [rows]
INSERT INTO marts.orders_rocky_shadow (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM (
SELECT id, day, amount, updated_at
FROM raw.orders
) AS _rocky_q
WHERE COALESCE(_rocky_q.updated_at > (SELECT MAX(CASE WHEN isfinite(t.updated_at) THEN t.updated_at END) FROM marts.orders_rocky_shadow AS t) AND isfinite(_rocky_q.updated_at), isfinite(_rocky_q.updated_at));
-- watermark marts.orders_rocky_shadow [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders_rocky_shadow;
-- ==== incremental, production is view ====
-- orders: incremental into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_table marts.orders_rocky_shadow [rows]
CREATE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- watermark marts.orders_rocky_shadow [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders_rocky_shadow;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== incremental, full refresh ====
-- orders: incremental into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`: full refresh was asked for
-- create_table marts.orders_rocky_shadow [rows]
CREATE OR REPLACE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- watermark marts.orders_rocky_shadow [observe: watermark]
SELECT MAX(CASE WHEN isfinite(updated_at) THEN updated_at END), COUNT(CASE WHEN isfinite(updated_at) THEN NULL ELSE updated_at END) FROM marts.orders_rocky_shadow;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== merge, production is absent ====
-- orders: merge into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- stage _rocky_stage_orders_rocky_shadow
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- check_keys marts.orders_rocky_shadow [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders_rocky_shadow
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders_rocky_shadow [rows]
CREATE TABLE marts.orders_rocky_shadow AS
SELECT * FROM _rocky_stage_orders_rocky_shadow;
-- drop _rocky_stage_orders_rocky_shadow
DROP TABLE _rocky_stage_orders_rocky_shadow;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== merge, production is table ====
-- orders: merge into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`, from a copy of its rows: target exists: rows are merged by id
-- shadow_drop shop.marts.orders_rocky_shadow
DROP TABLE marts.orders_rocky_shadow;
-- shadow_copy marts.orders_rocky_shadow
CREATE TABLE marts.orders_rocky_shadow AS
SELECT * FROM marts.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- stage _rocky_stage_orders_rocky_shadow
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- check_keys marts.orders_rocky_shadow [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders_rocky_shadow
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- merge marts.orders_rocky_shadow [rows]
MERGE INTO marts.orders_rocky_shadow AS t
USING _rocky_stage_orders_rocky_shadow AS s
ON t.id IS NOT DISTINCT FROM s.id
WHEN MATCHED THEN UPDATE SET day = s.day, amount = s.amount, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT (id, day, amount, updated_at) VALUES (s.id, s.day, s.amount, s.updated_at);
-- drop _rocky_stage_orders_rocky_shadow
DROP TABLE _rocky_stage_orders_rocky_shadow;
-- ==== merge, production is view ====
-- orders: merge into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- stage _rocky_stage_orders_rocky_shadow
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- check_keys marts.orders_rocky_shadow [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders_rocky_shadow
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders_rocky_shadow [rows]
CREATE TABLE marts.orders_rocky_shadow AS
SELECT * FROM _rocky_stage_orders_rocky_shadow;
-- drop _rocky_stage_orders_rocky_shadow
DROP TABLE _rocky_stage_orders_rocky_shadow;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== merge, full refresh ====
-- orders: merge into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`: full refresh was asked for
-- stage _rocky_stage_orders_rocky_shadow
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- check_keys marts.orders_rocky_shadow [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders_rocky_shadow
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders_rocky_shadow [rows]
CREATE OR REPLACE TABLE marts.orders_rocky_shadow AS
SELECT * FROM _rocky_stage_orders_rocky_shadow;
-- drop _rocky_stage_orders_rocky_shadow
DROP TABLE _rocky_stage_orders_rocky_shadow;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== delete_insert, production is absent ====
-- orders: delete_insert into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_table marts.orders_rocky_shadow [rows]
CREATE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== delete_insert, production is table ====
-- orders: delete_insert into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`, from a copy of its rows: target exists: partitions by day that occur in the result are replaced
-- shadow_drop shop.marts.orders_rocky_shadow
DROP TABLE marts.orders_rocky_shadow;
-- shadow_copy marts.orders_rocky_shadow
CREATE TABLE marts.orders_rocky_shadow AS
SELECT * FROM marts.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- stage _rocky_stage_orders_rocky_shadow
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- delete marts.orders_rocky_shadow
DELETE FROM marts.orders_rocky_shadow AS t
WHERE EXISTS (SELECT 1 FROM _rocky_stage_orders_rocky_shadow AS s WHERE t.day IS NOT DISTINCT FROM s.day);
-- insert marts.orders_rocky_shadow [rows]
INSERT INTO marts.orders_rocky_shadow (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM _rocky_stage_orders_rocky_shadow;
-- drop _rocky_stage_orders_rocky_shadow
DROP TABLE _rocky_stage_orders_rocky_shadow;
-- ==== delete_insert, production is view ====
-- orders: delete_insert into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist
-- create_table marts.orders_rocky_shadow [rows]
CREATE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== delete_insert, full refresh ====
-- orders: delete_insert into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`: full refresh was asked for
-- create_table marts.orders_rocky_shadow [rows]
CREATE OR REPLACE TABLE marts.orders_rocky_shadow AS
SELECT id, day, amount, updated_at
FROM raw.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- ==== time_interval, production is absent ====
-- orders: time_interval into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist: 1 partition is computed
-- windows, 1 at once:
--   2026-04-07 [2026-04-07 00:00:00, 2026-04-08 00:00:00)
-- create_table marts.orders_rocky_shadow
CREATE TABLE IF NOT EXISTS marts.orders_rocky_shadow AS
SELECT * FROM (
SELECT id, day, amount, updated_at
FROM raw.orders
WHERE updated_at >= '1970-01-01 00:00:00' AND updated_at < '1970-01-01 00:00:00'
) AS _rocky_q
WHERE 1 = 0;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- delete marts.orders_rocky_shadow
DELETE FROM marts.orders_rocky_shadow
WHERE updated_at >= $start_date AND updated_at < $end_date;
-- insert marts.orders_rocky_shadow [rows]
INSERT INTO marts.orders_rocky_shadow (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM (
SELECT id, day, amount, updated_at
FROM raw.orders
WHERE updated_at >= $start_date AND updated_at < $end_date
) AS _rocky_q
WHERE _rocky_q.updated_at >= $start_date AND _rocky_q.updated_at < $end_date;
-- ==== time_interval, production is table ====
-- orders: time_interval into marts.orders_rocky_shadow (table(id, day, amount, updated_at))
-- because: shadow of `shop.marts.orders`, from a copy of its rows: target exists: 1 partition is computed
-- windows, 1 at once:
--   2026-04-07 [2026-04-07 00:00:00, 2026-04-08 00:00:00)
-- shadow_drop shop.marts.orders_rocky_shadow
DROP TABLE marts.orders_rocky_shadow;
-- shadow_copy marts.orders_rocky_shadow
CREATE TABLE marts.orders_rocky_shadow AS
SELECT * FROM marts.orders;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- delete marts.orders_rocky_shadow
DELETE FROM marts.orders_rocky_shadow
WHERE updated_at >= $start_date AND updated_at < $end_date;
-- insert marts.orders_rocky_shadow [rows]
INSERT INTO marts.orders_rocky_shadow (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM (
SELECT id, day, amount, updated_at
FROM raw.orders
WHERE updated_at >= $start_date AND updated_at < $end_date
) AS _rocky_q
WHERE _rocky_q.updated_at >= $start_date AND _rocky_q.updated_at < $end_date;
-- ==== time_interval, production is view ====
-- orders: time_interval into marts.orders_rocky_shadow (absent)
-- because: shadow of `shop.marts.orders`: target does not exist: 1 partition is computed
-- windows, 1 at once:
--   2026-04-07 [2026-04-07 00:00:00, 2026-04-08 00:00:00)
-- create_table marts.orders_rocky_shadow
CREATE TABLE IF NOT EXISTS marts.orders_rocky_shadow AS
SELECT * FROM (
SELECT id, day, amount, updated_at
FROM raw.orders
WHERE updated_at >= '1970-01-01 00:00:00' AND updated_at < '1970-01-01 00:00:00'
) AS _rocky_q
WHERE 1 = 0;
-- shadow_mark marts.orders_rocky_shadow
COMMENT ON TABLE marts.orders_rocky_shadow IS 'rocky shadow of shop.marts.orders (pipeline shop)';
-- delete marts.orders_rocky_shadow
DELETE FROM marts.orders_rocky_shadow
WHERE updated_at >= $start_date AND updated_at < $end_date;
-- insert marts.orders_rocky_shadow [rows]
INSERT INTO marts.orders_rocky_shadow (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM (
SELECT id, day, amount, updated_at
FROM raw.orders
WHERE updated_at >= $start_date AND updated_at < $end_date
) AS _rocky_q
WHERE _rocky_q.updated_at >= $start_date AND _rocky_q.updated_at < $end_date;
