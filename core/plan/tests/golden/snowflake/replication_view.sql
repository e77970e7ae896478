-- ==== target is absent ====
-- setup: create_schema POC.staging__shop
CREATE SCHEMA IF NOT EXISTS POC.staging__shop;
-- POC.staging__shop.orders: view into POC.staging__shop.orders (absent)
-- because: target does not exist
-- create_view POC.staging__shop.orders
CREATE OR REPLACE VIEW POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- ==== target is there ====
-- POC.staging__shop.orders: view into POC.staging__shop.orders (table(_UPDATED_AT, ID, order, NOTE, _SOURCE))
-- because: target is a table: a view takes its place
-- drop POC.staging__shop.orders
DROP TABLE POC.staging__shop."orders";
-- create_view POC.staging__shop.orders
CREATE OR REPLACE VIEW POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- ==== target is a view ====
-- POC.staging__shop.orders: view into POC.staging__shop.orders (view)
-- because: the view is made anew on every run
-- create_view POC.staging__shop.orders
CREATE OR REPLACE VIEW POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- ==== columns are new, wider, gone ====
-- POC.staging__shop.orders: view into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: target is a table: a view takes its place
-- drop POC.staging__shop.orders
DROP TABLE POC.staging__shop."orders";
-- create_view POC.staging__shop.orders
CREATE OR REPLACE VIEW POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- ==== the same, and the gone one is dropped ====
-- POC.staging__shop.orders: view into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: target is a table: a view takes its place
-- drop POC.staging__shop.orders
DROP TABLE POC.staging__shop."orders";
-- create_view POC.staging__shop.orders
CREATE OR REPLACE VIEW POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- ==== a column has another type ====
-- POC.staging__shop.orders: view into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: target is a table: a view takes its place
-- drop POC.staging__shop.orders
DROP TABLE POC.staging__shop."orders";
-- create_view POC.staging__shop.orders
CREATE OR REPLACE VIEW POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- ==== a column has another type, which fails ====
-- POC.staging__shop.orders: view into POC.staging__shop.orders (table(ID, order, GONE, _UPDATED_AT, _SOURCE))
-- because: target is a table: a view takes its place
-- drop POC.staging__shop.orders
DROP TABLE POC.staging__shop."orders";
-- create_view POC.staging__shop.orders
CREATE OR REPLACE VIEW POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
