-- ==== Absent ====
-- orders: dynamic_table into marts.orders (absent)
-- because: target does not exist
-- create_view marts.orders
CREATE OR REPLACE DYNAMIC TABLE marts.orders
  TARGET_LAG = '20 minutes'
  WAREHOUSE = w
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: dynamic_table into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: target is a table: a dynamic table takes its place
-- drop marts.orders
DROP TABLE marts.orders;
-- create_view marts.orders
CREATE OR REPLACE DYNAMIC TABLE marts.orders
  TARGET_LAG = '20 minutes'
  WAREHOUSE = w
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== View ====
-- orders: dynamic_table into marts.orders (view)
-- because: target is a view: a dynamic table takes its place
-- drop marts.orders
DROP VIEW marts.orders;
-- create_view marts.orders
CREATE OR REPLACE DYNAMIC TABLE marts.orders
  TARGET_LAG = '20 minutes'
  WAREHOUSE = w
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Refreshed ====
-- orders: dynamic_table into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: target is a table: a dynamic table takes its place
-- drop marts.orders
DROP TABLE marts.orders;
-- create_view marts.orders
CREATE OR REPLACE DYNAMIC TABLE marts.orders
  TARGET_LAG = '20 minutes'
  WAREHOUSE = w
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Kept ====
-- orders: dynamic_table into marts.orders (kept)
-- because: a dynamic table is replaced on every run
-- create_view marts.orders
CREATE OR REPLACE DYNAMIC TABLE marts.orders
  TARGET_LAG = '20 minutes'
  WAREHOUSE = w
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
