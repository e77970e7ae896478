-- ==== Absent ====
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, day, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
GROUP BY id, day
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: merge into marts.orders (table(id, day, amount, updated_at))
-- because: target exists: rows are merged by id, day
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, day, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
GROUP BY id, day
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS s
ON (t.id = s.id OR (t.id IS NULL AND s.id IS NULL))
  AND (t.day = s.day OR (t.day IS NULL AND s.day IS NULL))
WHEN MATCHED THEN UPDATE SET amount = s.amount, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT (id, day, amount, updated_at) VALUES (s.id, s.day, s.amount, s.updated_at);
-- ==== View ====
-- orders: merge into marts.orders (view)
-- because: target is a view: a table takes its place
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, day, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
GROUP BY id, day
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- drop marts.orders
DROP VIEW marts.orders;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Refreshed ====
-- orders: merge into marts.orders (table(id, day, amount, updated_at))
-- because: full refresh was asked for
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, day, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
GROUP BY id, day
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
