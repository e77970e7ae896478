-- ==== Absent ====
-- orders: full_refresh into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders
PARTITION BY day
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: full_refresh into marts.orders (table(id, day, amount, updated_at))
-- because: full_refresh replaces the table on every run
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders
PARTITION BY day
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
CREATE OR REPLACE TABLE marts.orders
PARTITION BY day
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Refreshed ====
-- orders: full_refresh into marts.orders (table(id, day, amount, updated_at))
-- because: full_refresh replaces the table on every run
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders
PARTITION BY day
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
