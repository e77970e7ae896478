-- ==== Absent ====
-- orders: incremental into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(UPDATED_AT) FROM marts.orders;
-- ==== Table ====
-- orders: incremental into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: target exists: rows from 36 hours before its newest updated_at on are replaced
-- stage marts._rocky_stage_orders
CREATE OR REPLACE TABLE marts._rocky_stage_orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
WHERE COALESCE(_rocky_q.UPDATED_AT >= (SELECT DATEADD(HOUR, -36, MAX(t.UPDATED_AT)) FROM marts.orders AS t), _rocky_q.UPDATED_AT IS NOT NULL);
-- replace_rows marts.orders [rows]
ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE;
BEGIN TRANSACTION;
DELETE FROM marts.orders
WHERE UPDATED_AT >= (SELECT DATEADD(HOUR, -36, MAX(t.UPDATED_AT)) FROM marts.orders AS t);
INSERT INTO marts.orders (ID, DAY, AMOUNT, UPDATED_AT)
SELECT ID, DAY, AMOUNT, UPDATED_AT FROM marts._rocky_stage_orders;
COMMIT;
-- drop marts._rocky_stage_orders
DROP TABLE marts._rocky_stage_orders;
-- watermark marts.orders [observe: watermark]
SELECT MAX(UPDATED_AT) FROM marts.orders;
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
SELECT MAX(UPDATED_AT) FROM marts.orders;
-- ==== Refreshed ====
-- orders: incremental into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: full refresh was asked for
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- watermark marts.orders [observe: watermark]
SELECT MAX(UPDATED_AT) FROM marts.orders;
