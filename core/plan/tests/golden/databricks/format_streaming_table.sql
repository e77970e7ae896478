-- ==== Absent ====
-- orders: full_refresh into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE OR REFRESH STREAMING TABLE marts.orders
CLUSTER BY (id)
COMMENT 'it\'s kept'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: full_refresh into marts.orders (table(id, day, amount, updated_at))
-- because: a streaming table takes in what is new
-- create_table marts.orders [rows]
CREATE OR REFRESH STREAMING TABLE marts.orders
CLUSTER BY (id)
COMMENT 'it\'s kept'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== View ====
-- orders: full_refresh into marts.orders (view)
-- because: target is a view: a table takes its place
-- drop marts.orders
DROP VIEW marts.orders;
-- create_table marts.orders [rows]
CREATE OR REFRESH STREAMING TABLE marts.orders
CLUSTER BY (id)
COMMENT 'it\'s kept'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Refreshed ====
-- orders: full_refresh into marts.orders (table(id, day, amount, updated_at))
-- because: a streaming table takes in what is new
-- create_table marts.orders [rows]
CREATE OR REFRESH STREAMING TABLE marts.orders
CLUSTER BY (id)
COMMENT 'it\'s kept'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- refresh marts.orders
REFRESH STREAMING TABLE marts.orders FULL;
-- ==== Kept ====
-- orders: full_refresh into marts.orders (kept)
-- because: a streaming table takes in what is new
-- create_table marts.orders [rows]
CREATE OR REFRESH STREAMING TABLE marts.orders
CLUSTER BY (id)
COMMENT 'it\'s kept'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
