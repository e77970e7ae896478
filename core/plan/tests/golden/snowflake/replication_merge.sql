-- ==== target is absent ====
-- setup: create_schema POC.staging__shop
CREATE SCHEMA IF NOT EXISTS POC.staging__shop;
-- POC.staging__shop.orders: merge into POC.staging__shop.orders (absent)
-- because: target does not exist
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.ID, s."order", COUNT(*) AS _rocky_n FROM "raw__shop"."orders" AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- full_refresh_copy POC.staging__shop.orders [rows]
CREATE TABLE POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- ==== target is there ====
-- POC.staging__shop.orders: merge into POC.staging__shop.orders (table(_UPDATED_AT, ID, order, NOTE, _SOURCE))
-- because: target exists: rows are merged by ID, order
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.ID, s."order", COUNT(*) AS _rocky_n FROM "raw__shop"."orders" AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge_copy POC.staging__shop.orders [rows]
MERGE INTO POC.staging__shop."orders" AS t
USING (
SELECT s.ID, s."order", s.NOTE, s._UPDATED_AT, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders" AS s
) AS s
ON t.ID IS NOT DISTINCT FROM s.ID
  AND t."order" IS NOT DISTINCT FROM s."order"
WHEN MATCHED THEN UPDATE SET NOTE = s.NOTE, _UPDATED_AT = s._UPDATED_AT, _SOURCE = s._SOURCE
WHEN NOT MATCHED THEN INSERT (ID, "order", NOTE, _UPDATED_AT, _SOURCE) VALUES (s.ID, s."order", s.NOTE, s._UPDATED_AT, s._SOURCE);
-- ==== target is a view ====
-- POC.staging__shop.orders: merge into POC.staging__shop.orders (view)
-- because: target is a view: a table takes its place
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.ID, s."order", COUNT(*) AS _rocky_n FROM "raw__shop"."orders" AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- drop POC.staging__shop.orders
DROP VIEW POC.staging__shop."orders";
-- full_refresh_copy POC.staging__shop.orders [rows]
CREATE TABLE POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- ==== columns are new, wider, gone ====
-- POC.staging__shop.orders: merge into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: target exists: rows are merged by ID, order; column 'NOTE' is new: VARCHAR; column 'ID' changed NUMBER(10,0) → NUMBER(20,0); column 'GONE' does not come any more: stays, NULL in new rows
-- alter_column_type POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" ALTER COLUMN ID SET DATA TYPE NUMBER(20,0);
-- add_column POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" ADD COLUMN NOTE VARCHAR;
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.ID, s."order", COUNT(*) AS _rocky_n FROM "raw__shop"."orders" AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge_copy POC.staging__shop.orders [rows]
MERGE INTO POC.staging__shop."orders" AS t
USING (
SELECT s.ID, s."order", s.NOTE, s._UPDATED_AT, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders" AS s
) AS s
ON t.ID IS NOT DISTINCT FROM s.ID
  AND t."order" IS NOT DISTINCT FROM s."order"
WHEN MATCHED THEN UPDATE SET NOTE = s.NOTE, _UPDATED_AT = s._UPDATED_AT, _SOURCE = s._SOURCE
WHEN NOT MATCHED THEN INSERT (ID, "order", NOTE, _UPDATED_AT, _SOURCE) VALUES (s.ID, s."order", s.NOTE, s._UPDATED_AT, s._SOURCE);
-- drift: add_columns (column 'NOTE' is new: VARCHAR)
-- drift: alter_column_types (column 'ID' changed NUMBER(10,0) → NUMBER(20,0))
-- drift: keep_columns (column 'GONE' does not come any more)
-- ==== the same, and the gone one is dropped ====
-- POC.staging__shop.orders: merge into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: target exists: rows are merged by ID, order; column 'NOTE' is new: VARCHAR; column 'ID' changed NUMBER(10,0) → NUMBER(20,0); column 'GONE' does not come any more: dropped
-- alter_column_type POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" ALTER COLUMN ID SET DATA TYPE NUMBER(20,0);
-- add_column POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" ADD COLUMN NOTE VARCHAR;
-- drop_column POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" DROP COLUMN GONE;
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.ID, s."order", COUNT(*) AS _rocky_n FROM "raw__shop"."orders" AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge_copy POC.staging__shop.orders [rows]
MERGE INTO POC.staging__shop."orders" AS t
USING (
SELECT s.ID, s."order", s.NOTE, s._UPDATED_AT, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders" AS s
) AS s
ON t.ID IS NOT DISTINCT FROM s.ID
  AND t."order" IS NOT DISTINCT FROM s."order"
WHEN MATCHED THEN UPDATE SET NOTE = s.NOTE, _UPDATED_AT = s._UPDATED_AT, _SOURCE = s._SOURCE
WHEN NOT MATCHED THEN INSERT (ID, "order", NOTE, _UPDATED_AT, _SOURCE) VALUES (s.ID, s."order", s.NOTE, s._UPDATED_AT, s._SOURCE);
-- drift: add_columns (column 'NOTE' is new: VARCHAR)
-- drift: alter_column_types (column 'ID' changed NUMBER(10,0) → NUMBER(20,0))
-- drift: drop_columns (column 'GONE' does not come any more)
-- ==== a column has another type ====
-- POC.staging__shop.orders: merge into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: the table cannot be kept; column 'ID' changed VARCHAR → NUMBER(20,0), column 'NOTE' is new: VARCHAR, column 'GONE' does not come any more: the table is made anew
-- check_keys raw__shop.orders [guard: duplicate keys in source `raw__shop.orders`]
SELECT s.ID, s."order", COUNT(*) AS _rocky_n FROM "raw__shop"."orders" AS s
GROUP BY 1, 2
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- full_refresh_copy POC.staging__shop.orders [rows]
CREATE OR REPLACE TABLE POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- drift: drop_and_recreate (column 'ID' changed VARCHAR → NUMBER(20,0), column 'NOTE' is new: VARCHAR, column 'GONE' does not come any more)
-- ==== a column has another type, which fails ====
-- POC.staging__shop.orders: merge into POC.staging__shop.orders (unknown)
-- because: columns of target `POC.staging__shop.orders` are not those of its source: column 'ID' changed VARCHAR → NUMBER(20,0)
-- refuse POC.staging__shop.orders [refuse: columns of target `POC.staging__shop.orders` are not those of its source: column 'ID' changed VARCHAR → NUMBER(20,0)]
;
-- drift: fail (column 'ID' changed VARCHAR → NUMBER(20,0))
