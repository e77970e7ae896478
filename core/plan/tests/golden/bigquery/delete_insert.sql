-- ==== Absent ====
-- orders: delete_insert into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: delete_insert into marts.orders (table(id, day, amount, updated_at))
-- because: target exists: partitions by day, id that occur in the result are replaced
-- stage marts._rocky_stage_orders
CREATE OR REPLACE TABLE marts._rocky_stage_orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- replace_rows marts.orders [rows]
BEGIN TRANSACTION;
DELETE FROM marts.orders AS t
WHERE EXISTS (SELECT 1 FROM marts._rocky_stage_orders AS s WHERE (t.day = s.day OR (t.day IS NULL AND s.day IS NULL)) AND (t.id = s.id OR (t.id IS NULL AND s.id IS NULL)));
INSERT INTO marts.orders (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM marts._rocky_stage_orders;
COMMIT TRANSACTION;
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
-- orders: delete_insert into marts.orders (table(id, day, amount, updated_at))
-- because: full refresh was asked for
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
