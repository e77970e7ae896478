-- ==== Absent ====
-- orders: incremental into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(updated_at) FROM marts.orders;
-- ==== Table ====
-- orders: incremental into marts.orders (table(id, day, amount, updated_at))
-- because: target exists: rows from 36 hours before its newest updated_at on are replaced
-- stage marts._rocky_stage_orders
CREATE OR REPLACE TABLE marts._rocky_stage_orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
WHERE COALESCE(_rocky_q.updated_at >= (SELECT MAX(t.updated_at) - INTERVAL '36' HOUR FROM marts.orders AS t), _rocky_q.updated_at IS NOT NULL);
-- replace_rows marts.orders [rows]
MERGE INTO marts.orders AS t
USING (
SELECT FALSE AS _rocky_gone, NULL AS _rocky_since, id, day, amount, updated_at FROM marts._rocky_stage_orders
UNION ALL
SELECT TRUE AS _rocky_gone, MAX(t.updated_at) - INTERVAL '36' HOUR AS _rocky_since, NULL AS id, NULL AS day, NULL AS amount, NULL AS updated_at FROM marts.orders AS t
) AS s
ON s._rocky_gone AND t.updated_at >= s._rocky_since
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED AND NOT s._rocky_gone THEN INSERT (id, day, amount, updated_at) VALUES (s.id, s.day, s.amount, s.updated_at);
-- drop marts._rocky_stage_orders
DROP TABLE marts._rocky_stage_orders;
-- watermark marts.orders [observe: watermark]
SELECT MAX(updated_at) FROM marts.orders;
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
SELECT MAX(updated_at) FROM marts.orders;
-- ==== Refreshed ====
-- orders: incremental into marts.orders (table(id, day, amount, updated_at))
-- because: full refresh was asked for
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(updated_at) FROM marts.orders;
