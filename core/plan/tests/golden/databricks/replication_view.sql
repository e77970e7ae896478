-- ==== target is absent ====
-- setup: create_schema poc.staging__shop
CREATE SCHEMA IF NOT EXISTS poc.staging__shop;
-- poc.staging__shop.orders: view into poc.staging__shop.orders (absent)
-- because: target does not exist
-- create_view poc.staging__shop.orders
CREATE OR REPLACE VIEW poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM landing.raw__shop.orders;
-- ==== target is there ====
-- poc.staging__shop.orders: view into poc.staging__shop.orders (table(_updated_at, id, order, note, _source))
-- because: target is a table: a view takes its place
-- drop poc.staging__shop.orders
DROP TABLE poc.staging__shop.orders;
-- create_view poc.staging__shop.orders
CREATE OR REPLACE VIEW poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM landing.raw__shop.orders;
-- ==== target is a view ====
-- poc.staging__shop.orders: view into poc.staging__shop.orders (view)
-- because: the view is made anew on every run
-- create_view poc.staging__shop.orders
CREATE OR REPLACE VIEW poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM landing.raw__shop.orders;
-- ==== columns are new, wider, gone ====
-- poc.staging__shop.orders: view into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: target is a table: a view takes its place
-- drop poc.staging__shop.orders
DROP TABLE poc.staging__shop.orders;
-- create_view poc.staging__shop.orders
CREATE OR REPLACE VIEW poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM landing.raw__shop.orders;
-- ==== the same, and the gone one is dropped ====
-- poc.staging__shop.orders: view into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: target is a table: a view takes its place
-- drop poc.staging__shop.orders
DROP TABLE poc.staging__shop.orders;
-- create_view poc.staging__shop.orders
CREATE OR REPLACE VIEW poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM landing.raw__shop.orders;
-- ==== a column has another type ====
-- poc.staging__shop.orders: view into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: target is a table: a view takes its place
-- drop poc.staging__shop.orders
DROP TABLE poc.staging__shop.orders;
-- create_view poc.staging__shop.orders
CREATE OR REPLACE VIEW poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM landing.raw__shop.orders;
-- ==== a column has another type, which fails ====
-- poc.staging__shop.orders: view into poc.staging__shop.orders (table(id, order, gone, _updated_at, _source))
-- because: target is a table: a view takes its place
-- drop poc.staging__shop.orders
DROP TABLE poc.staging__shop.orders;
-- create_view poc.staging__shop.orders
CREATE OR REPLACE VIEW poc.staging__shop.orders AS
SELECT *, CAST('shop' AS STRING) AS _source
FROM landing.raw__shop.orders;
