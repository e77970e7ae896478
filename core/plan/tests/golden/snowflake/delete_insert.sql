-- ==== Absent ====
-- orders: delete_insert into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: delete_insert into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: target exists: partitions by DAY, ID that occur in the result are replaced
-- stage marts._rocky_stage_orders
CREATE OR REPLACE TABLE marts._rocky_stage_orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- replace_rows marts.orders [rows]
ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE;
BEGIN TRANSACTION;
DELETE FROM marts.orders AS t
USING (SELECT DISTINCT DAY, ID FROM marts._rocky_stage_orders) AS s
WHERE t.DAY IS NOT DISTINCT FROM s.DAY AND t.ID IS NOT DISTINCT FROM s.ID;
INSERT INTO marts.orders (ID, DAY, AMOUNT, UPDATED_AT)
SELECT ID, DAY, AMOUNT, UPDATED_AT FROM marts._rocky_stage_orders;
COMMIT;
-- drop marts._rocky_stage_orders
DROP TABLE marts._rocky_stage_orders;
-- ==== View ====
-- orders: delete_insert into marts.orders (view)
-- because: target is a view: a table takes its place
-- drop marts.orders
DROP VIEW marts.orders;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Refreshed ====
-- orders: delete_insert into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: full refresh was asked for
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
