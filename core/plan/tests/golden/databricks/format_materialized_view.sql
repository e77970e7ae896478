-- ==== Absent ====
-- orders: materialized_view into marts.orders (absent)
-- because: target does not exist
-- create_view marts.orders
CREATE OR REPLACE MATERIALIZED VIEW marts.orders
COMMENT 'it\'s kept'
TBLPROPERTIES ('a.b' = '1')
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: materialized_view into marts.orders (table(id, day, amount, updated_at))
-- because: target is a table: a materialized view takes its place
-- drop marts.orders
DROP TABLE marts.orders;
-- create_view marts.orders
CREATE OR REPLACE MATERIALIZED VIEW marts.orders
COMMENT 'it\'s kept'
TBLPROPERTIES ('a.b' = '1')
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== View ====
-- orders: materialized_view into marts.orders (view)
-- because: target is a view: a materialized view takes its place
-- drop marts.orders
DROP VIEW marts.orders;
-- create_view marts.orders
CREATE OR REPLACE MATERIALIZED VIEW marts.orders
COMMENT 'it\'s kept'
TBLPROPERTIES ('a.b' = '1')
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Refreshed ====
-- orders: materialized_view into marts.orders (table(id, day, amount, updated_at))
-- because: target is a table: a materialized view takes its place
-- drop marts.orders
DROP TABLE marts.orders;
-- create_view marts.orders
CREATE OR REPLACE MATERIALIZED VIEW marts.orders
COMMENT 'it\'s kept'
TBLPROPERTIES ('a.b' = '1')
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Kept ====
-- orders: materialized_view into marts.orders (kept)
-- because: a materialized view is replaced on every run
-- create_view marts.orders
CREATE OR REPLACE MATERIALIZED VIEW marts.orders
COMMENT 'it\'s kept'
TBLPROPERTIES ('a.b' = '1')
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
