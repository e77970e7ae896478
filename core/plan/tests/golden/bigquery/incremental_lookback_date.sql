-- ==== Absent ====
-- orders: incremental into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(day) FROM marts.orders;
-- ==== Table ====
-- orders: incremental into marts.orders (table(id, day, amount, updated_at))
-- because: target exists: rows from 1 day before its newest day on are replaced
-- stage marts._rocky_stage_orders
CREATE OR REPLACE TABLE marts._rocky_stage_orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
WHERE COALESCE(_rocky_q.day >= (SELECT DATE_SUB(MAX(t.day), INTERVAL 1 DAY) FROM marts.orders AS t), _rocky_q.day IS NOT NULL);
-- replace_rows marts.orders [rows]
BEGIN TRANSACTION;
DELETE FROM marts.orders
WHERE day >= (SELECT DATE_SUB(MAX(t.day), INTERVAL 1 DAY) FROM marts.orders AS t);
INSERT INTO marts.orders (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM marts._rocky_stage_orders;
COMMIT TRANSACTION;
-- drop marts._rocky_stage_orders
DROP TABLE marts._rocky_stage_orders;
-- watermark marts.orders [observe: watermark]
SELECT MAX(day) FROM marts.orders;
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
SELECT MAX(day) FROM marts.orders;
-- ==== Refreshed ====
-- orders: incremental into marts.orders (table(id, day, amount, updated_at))
-- because: full refresh was asked for
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(day) FROM marts.orders;
