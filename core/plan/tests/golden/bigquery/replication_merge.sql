-- ==== target is absent ====
-- setup: create_schema poc.staging__shop
CREATE SCHEMA IF NOT EXISTS poc.staging__shop;
-- poc.staging__shop.orders: merge into poc.staging__shop.orders (absent)
-- because: target does not exist
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.id, s.`order`, COUNT(*) AS _rocky_n FROM raw__shop.orders AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- full_refresh_copy poc.staging__shop.orders [rows]
CREATE TABLE poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM raw__shop.orders;
-- ==== target is there ====
-- poc.staging__shop.orders: merge into poc.staging__shop.orders (table(_updated_at, id, order, note, _source))
-- because: target exists: rows are merged by id, order
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.id, s.`order`, COUNT(*) AS _rocky_n FROM raw__shop.orders AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge_copy poc.staging__shop.orders [rows]
MERGE INTO poc.staging__shop.orders AS t
USING (
SELECT s.id, s.`order`, s.note, s._updated_at, CAST('shop' AS STRING) AS _source
FROM raw__shop.orders AS s
) AS s
ON (t.id = s.id OR (t.id IS NULL AND s.id IS NULL))
  AND (t.`order` = s.`order` OR (t.`order` IS NULL AND s.`order` IS NULL))
WHEN MATCHED THEN UPDATE SET note = s.note, _updated_at = s._updated_at, _source = s._source
WHEN NOT MATCHED THEN INSERT (id, `order`, note, _updated_at, _source) VALUES (s.id, s.`order`, s.note, s._updated_at, s._source);
-- ==== target is a view ====
-- poc.staging__shop.orders: merge into poc.staging__shop.orders (view)
-- because: target is a view: a table takes its place
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.id, s.`order`, COUNT(*) AS _rocky_n FROM raw__shop.orders AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- drop poc.staging__shop.orders
DROP VIEW poc.staging__shop.orders;
-- full_refresh_copy poc.staging__shop.orders [rows]
CREATE TABLE poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM raw__shop.orders;
-- ==== columns are new, wider, gone ====
-- poc.staging__shop.orders: merge into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: target exists: rows are merged by id, order; column 'note' is new: STRING; column 'id' changed INT64 → NUMERIC; column 'gone' does not come any more: stays, NULL in new rows
-- alter_column_type poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders ALTER COLUMN id SET DATA TYPE NUMERIC;
-- add_column poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders ADD COLUMN note STRING;
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.id, s.`order`, COUNT(*) AS _rocky_n FROM raw__shop.orders AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge_copy poc.staging__shop.orders [rows]
MERGE INTO poc.staging__shop.orders AS t
USING (
SELECT s.id, s.`order`, s.note, s._updated_at, CAST('shop' AS STRING) AS _source
FROM raw__shop.orders AS s
) AS s
ON (t.id = s.id OR (t.id IS NULL AND s.id IS NULL))
  AND (t.`order` = s.`order` OR (t.`order` IS NULL AND s.`order` IS NULL))
WHEN MATCHED THEN UPDATE SET note = s.note, _updated_at = s._updated_at, _source = s._source
WHEN NOT MATCHED THEN INSERT (id, `order`, note, _updated_at, _source) VALUES (s.id, s.`order`, s.note, s._updated_at, s._source);
-- drift: add_columns (column 'note' is new: STRING)
-- drift: alter_column_types (column 'id' changed INT64 → NUMERIC)
-- drift: keep_columns (column 'gone' does not come any more)
-- ==== the same, and the gone one is dropped ====
-- poc.staging__shop.orders: merge into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: target exists: rows are merged by id, order; column 'note' is new: STRING; column 'id' changed INT64 → NUMERIC; column 'gone' does not come any more: dropped
-- alter_column_type poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders ALTER COLUMN id SET DATA TYPE NUMERIC;
-- add_column poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders ADD COLUMN note STRING;
-- drop_column poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders DROP COLUMN gone;
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.id, s.`order`, COUNT(*) AS _rocky_n FROM raw__shop.orders AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge_copy poc.staging__shop.orders [rows]
MERGE INTO poc.staging__shop.orders AS t
USING (
SELECT s.id, s.`order`, s.note, s._updated_at, CAST('shop' AS STRING) AS _source
FROM raw__shop.orders AS s
) AS s
ON (t.id = s.id OR (t.id IS NULL AND s.id IS NULL))
  AND (t.`order` = s.`order` OR (t.`order` IS NULL AND s.`order` IS NULL))
WHEN MATCHED THEN UPDATE SET note = s.note, _updated_at = s._updated_at, _source = s._source
WHEN NOT MATCHED THEN INSERT (id, `order`, note, _updated_at, _source) VALUES (s.id, s.`order`, s.note, s._updated_at, s._source);
-- drift: add_columns (column 'note' is new: STRING)
-- drift: alter_column_types (column 'id' changed INT64 → NUMERIC)
-- drift: drop_columns (column 'gone' does not come any more)
-- ==== a column has another type ====
-- poc.staging__shop.orders: merge into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: the table cannot be kept; column 'id' changed STRING → NUMERIC, column 'note' is new: STRING, column 'gone' does not come any more: the table is made anew
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.id, s.`order`, COUNT(*) AS _rocky_n FROM raw__shop.orders AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- full_refresh_copy poc.staging__shop.orders [rows]
CREATE OR REPLACE TABLE poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM raw__shop.orders;
-- drift: drop_and_recreate (column 'id' changed STRING → NUMERIC, column 'note' is new: STRING, column 'gone' does not come any more)
-- ==== a column has another type, which fails ====
-- poc.staging__shop.orders: merge into poc.staging__shop.orders (unknown)
-- because: columns of target `poc.staging__shop.orders` are not those of its source: column 'id' changed STRING → NUMERIC
-- refuse poc.staging__shop.orders [refuse: columns of target `poc.staging__shop.orders` are not those of its source: column 'id' changed STRING → NUMERIC]
;
-- drift: fail (column 'id' changed STRING → NUMERIC)
