-- ==== target is absent ====
-- setup: create_schema staging__shop
CREATE SCHEMA IF NOT EXISTS staging__shop;
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (absent)
-- because: target does not exist
-- full_refresh_copy poc.staging__shop.orders [rows]
CREATE TABLE poc.staging__shop.orders AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM raw__shop.orders;
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- ==== target is there ====
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (table(_updated_at, id, order, note, _source))
-- because: target exists: rows past its newest _updated_at are added
-- incremental_copy poc.staging__shop.orders [rows]
INSERT INTO poc.staging__shop.orders (id, "order", note, _updated_at, _source)
SELECT s.id, s."order", s.note, s._updated_at, CAST('shop' AS VARCHAR) AS _source
FROM raw__shop.orders AS s
WHERE COALESCE(s._updated_at > (
    SELECT MAX(CASE WHEN isfinite(t._updated_at) THEN t._updated_at END)
    FROM poc.staging__shop.orders AS t
) AND isfinite(s._updated_at), isfinite(s._updated_at));
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- ==== target is a view ====
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (view)
-- because: target is a view: a table takes its place
-- drop poc.staging__shop.orders
DROP VIEW poc.staging__shop.orders;
-- full_refresh_copy poc.staging__shop.orders [rows]
CREATE TABLE poc.staging__shop.orders AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM raw__shop.orders;
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- ==== columns are new, wider, gone ====
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: target exists: rows past its newest _updated_at are added; column 'note' is new: VARCHAR; column 'id' changed INTEGER → BIGINT; column 'gone' does not come any more: stays, NULL in new rows
-- alter_column_type poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders ALTER COLUMN id TYPE BIGINT;
-- add_column poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders ADD COLUMN note VARCHAR;
-- incremental_copy poc.staging__shop.orders [rows]
INSERT INTO poc.staging__shop.orders (id, "order", note, _updated_at, _source)
SELECT s.id, s."order", s.note, s._updated_at, CAST('shop' AS VARCHAR) AS _source
FROM raw__shop.orders AS s
WHERE COALESCE(s._updated_at > (
    SELECT MAX(CASE WHEN isfinite(t._updated_at) THEN t._updated_at END)
    FROM poc.staging__shop.orders AS t
) AND isfinite(s._updated_at), isfinite(s._updated_at));
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- drift: add_columns (column 'note' is new: VARCHAR)
-- drift: alter_column_types (column 'id' changed INTEGER → BIGINT)
-- drift: keep_columns (column 'gone' does not come any more)
-- ==== the same, and the gone one is dropped ====
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: target exists: rows past its newest _updated_at are added; column 'note' is new: VARCHAR; column 'id' changed INTEGER → BIGINT; column 'gone' does not come any more: dropped
-- alter_column_type poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders ALTER COLUMN id TYPE BIGINT;
-- add_column poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders ADD COLUMN note VARCHAR;
-- drop_column poc.staging__shop.orders
ALTER TABLE poc.staging__shop.orders DROP COLUMN gone;
-- incremental_copy poc.staging__shop.orders [rows]
INSERT INTO poc.staging__shop.orders (id, "order", note, _updated_at, _source)
SELECT s.id, s."order", s.note, s._updated_at, CAST('shop' AS VARCHAR) AS _source
FROM raw__shop.orders AS s
WHERE COALESCE(s._updated_at > (
    SELECT MAX(CASE WHEN isfinite(t._updated_at) THEN t._updated_at END)
    FROM poc.staging__shop.orders AS t
) AND isfinite(s._updated_at), isfinite(s._updated_at));
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- drift: add_columns (column 'note' is new: VARCHAR)
-- drift: alter_column_types (column 'id' changed INTEGER → BIGINT)
-- drift: drop_columns (column 'gone' does not come any more)
-- ==== a column has another type ====
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: the table cannot be kept; column 'id' changed VARCHAR → BIGINT, column 'note' is new: VARCHAR, column 'gone' does not come any more: the table is made anew
-- full_refresh_copy poc.staging__shop.orders [rows]
CREATE OR REPLACE TABLE poc.staging__shop.orders AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM raw__shop.orders;
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- drift: drop_and_recreate (column 'id' changed VARCHAR → BIGINT, column 'note' is new: VARCHAR, column 'gone' does not come any more)
-- ==== a column has another type, which fails ====
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (unknown)
-- because: columns of target `poc.staging__shop.orders` are not those of its source: column 'id' changed VARCHAR → BIGINT
-- refuse poc.staging__shop.orders [refuse: columns of target `poc.staging__shop.orders` are not those of its source: column 'id' changed VARCHAR → BIGINT]
;
-- drift: fail (column 'id' changed VARCHAR → BIGINT)
