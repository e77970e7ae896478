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
MERGE INTO marts.orders AS t
USING (
SELECT FALSE AS _rocky_gone, id, day, amount, updated_at FROM marts._rocky_stage_orders
UNION ALL
SELECT DISTINCT TRUE AS _rocky_gone, id, day, NULL AS amount, NULL AS updated_at FROM marts._rocky_stage_orders
) AS s
ON s._rocky_gone AND t.day <=> s.day AND t.id <=> s.id
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED AND NOT s._rocky_gone THEN INSERT (id, day, amount, updated_at) VALUES (s.id, s.day, s.amount, s.updated_at);
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
