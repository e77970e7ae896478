-- ==== Absent ====
-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- orders: view into marts.orders (absent)
-- because: target does not exist
-- create_view marts.orders
CREATE OR REPLACE VIEW marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- comment marts.orders
COMMENT ON VIEW marts.orders IS 'it''s';
-- ==== Table ====
-- orders: view into marts.orders (table(id, day, amount, updated_at))
-- because: target is a table: a view takes its place
-- drop marts.orders
DROP TABLE marts.orders;
-- create_view marts.orders
CREATE OR REPLACE VIEW marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- comment marts.orders
COMMENT ON VIEW marts.orders IS 'it''s';
-- ==== View ====
-- orders: view into marts.orders (view)
-- because: a view is replaced on every run
-- create_view marts.orders
CREATE OR REPLACE VIEW marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- comment marts.orders
COMMENT ON VIEW marts.orders IS 'it''s';
-- ==== Refreshed ====
-- orders: view into marts.orders (table(id, day, amount, updated_at))
-- because: target is a table: a view takes its place
-- drop marts.orders
DROP TABLE marts.orders;
-- create_view marts.orders
CREATE OR REPLACE VIEW marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- comment marts.orders
COMMENT ON VIEW marts.orders IS 'it''s';
