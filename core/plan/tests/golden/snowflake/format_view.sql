-- ==== Absent ====
-- orders: view into marts.orders (absent)
-- because: target does not exist
-- create_view marts.orders
CREATE OR REPLACE VIEW marts.orders
COMMENT = 'it''s'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: view into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: target is a table: a view takes its place
-- drop marts.orders
DROP TABLE marts.orders;
-- create_view marts.orders
CREATE OR REPLACE VIEW marts.orders
COMMENT = 'it''s'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== View ====
-- orders: view into marts.orders (view)
-- because: a view is replaced on every run
-- create_view marts.orders
CREATE OR REPLACE VIEW marts.orders
COMMENT = 'it''s'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Refreshed ====
-- orders: view into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: target is a table: a view takes its place
-- drop marts.orders
DROP TABLE marts.orders;
-- create_view marts.orders
CREATE OR REPLACE VIEW marts.orders
COMMENT = 'it''s'
AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
