-- ==== target is absent ====
-- setup: create_schema POC.staging__shop
CREATE SCHEMA IF NOT EXISTS POC.staging__shop;
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (absent)
-- because: target does not exist
-- full_refresh_copy POC.staging__shop.orders [rows]
CREATE TABLE POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- watermark POC.staging__shop.orders [observe: watermark]
SELECT MAX(_UPDATED_AT) FROM POC.staging__shop."orders";
-- ==== target is there ====
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (table(_UPDATED_AT, ID, order, NOTE, _SOURCE))
-- because: target exists: rows past its newest _UPDATED_AT are added
-- incremental_copy POC.staging__shop.orders [rows]
INSERT INTO POC.staging__shop."orders" (ID, "order", NOTE, _UPDATED_AT, _SOURCE)
SELECT s.ID, s."order", s.NOTE, s._UPDATED_AT, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders" AS s
WHERE COALESCE(s._UPDATED_AT > (
    SELECT MAX(t._UPDATED_AT)
    FROM POC.staging__shop."orders" AS t
), s._UPDATED_AT IS NOT NULL);
-- watermark POC.staging__shop.orders [observe: watermark]
SELECT MAX(_UPDATED_AT) FROM POC.staging__shop."orders";
-- ==== target is a view ====
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (view)
-- because: target is a view: a table takes its place
-- drop POC.staging__shop.orders
DROP VIEW POC.staging__shop."orders";
-- full_refresh_copy POC.staging__shop.orders [rows]
CREATE TABLE POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- watermark POC.staging__shop.orders [observe: watermark]
SELECT MAX(_UPDATED_AT) FROM POC.staging__shop."orders";
-- ==== columns are new, wider, gone ====
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: target exists: rows past its newest _UPDATED_AT are added; column 'NOTE' is new: VARCHAR; column 'ID' changed NUMBER(10,0) → NUMBER(20,0); column 'GONE' does not come any more: stays, NULL in new rows
-- alter_column_type POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" ALTER COLUMN ID SET DATA TYPE NUMBER(20,0);
-- add_column POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" ADD COLUMN NOTE VARCHAR;
-- incremental_copy POC.staging__shop.orders [rows]
INSERT INTO POC.staging__shop."orders" (ID, "order", NOTE, _UPDATED_AT, _SOURCE)
SELECT s.ID, s."order", s.NOTE, s._UPDATED_AT, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders" AS s
WHERE COALESCE(s._UPDATED_AT > (
    SELECT MAX(t._UPDATED_AT)
    FROM POC.staging__shop."orders" AS t
), s._UPDATED_AT IS NOT NULL);
-- watermark POC.staging__shop.orders [observe: watermark]
SELECT MAX(_UPDATED_AT) FROM POC.staging__shop."orders";
-- drift: add_columns (column 'NOTE' is new: VARCHAR)
-- drift: alter_column_types (column 'ID' changed NUMBER(10,0) → NUMBER(20,0))
-- drift: keep_columns (column 'GONE' does not come any more)
-- ==== the same, and the gone one is dropped ====
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: target exists: rows past its newest _UPDATED_AT are added; column 'NOTE' is new: VARCHAR; column 'ID' changed NUMBER(10,0) → NUMBER(20,0); column 'GONE' does not come any more: dropped
-- alter_column_type POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" ALTER COLUMN ID SET DATA TYPE NUMBER(20,0);
-- add_column POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" ADD COLUMN NOTE VARCHAR;
-- drop_column POC.staging__shop.orders
ALTER TABLE POC.staging__shop."orders" DROP COLUMN GONE;
-- incremental_copy POC.staging__shop.orders [rows]
INSERT INTO POC.staging__shop."orders" (ID, "order", NOTE, _UPDATED_AT, _SOURCE)
SELECT s.ID, s."order", s.NOTE, s._UPDATED_AT, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders" AS s
WHERE COALESCE(s._UPDATED_AT > (
    SELECT MAX(t._UPDATED_AT)
    FROM POC.staging__shop."orders" AS t
), s._UPDATED_AT IS NOT NULL);
-- watermark POC.staging__shop.orders [observe: watermark]
SELECT MAX(_UPDATED_AT) FROM POC.staging__shop."orders";
-- drift: add_columns (column 'NOTE' is new: VARCHAR)
-- drift: alter_column_types (column 'ID' changed NUMBER(10,0) → NUMBER(20,0))
-- drift: drop_columns (column 'GONE' does not come any more)
-- ==== a column has another type ====
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: the table cannot be kept; column 'ID' changed VARCHAR → NUMBER(20,0), column 'NOTE' is new: VARCHAR, column 'GONE' does not come any more: the table is made anew
-- full_refresh_copy POC.staging__shop.orders [rows]
CREATE OR REPLACE TABLE POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- watermark POC.staging__shop.orders [observe: watermark]
SELECT MAX(_UPDATED_AT) FROM POC.staging__shop."orders";
-- drift: drop_and_recreate (column 'ID' changed VARCHAR → NUMBER(20,0), column 'NOTE' is new: VARCHAR, column 'GONE' does not come any more)
-- ==== a column has another type, which fails ====
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (unknown)
-- because: columns of target `POC.staging__shop.orders` are not those of its source: column 'ID' changed VARCHAR → NUMBER(20,0)
-- refuse POC.staging__shop.orders [refuse: columns of target `POC.staging__shop.orders` are not those of its source: column 'ID' changed VARCHAR → NUMBER(20,0)]
;
-- drift: fail (column 'ID' changed VARCHAR → NUMBER(20,0))
