-- ==== Absent ====
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, DAY, AMOUNT, UPDATED_AT, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
GROUP BY ID, DAY, AMOUNT, UPDATED_AT
HAVING COUNT(*) > 1
ORDER BY 1, 2, 3, 4
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Table ====
-- orders: merge into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: target exists: rows are merged by ID, DAY, AMOUNT, UPDATED_AT
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, DAY, AMOUNT, UPDATED_AT, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
GROUP BY ID, DAY, AMOUNT, UPDATED_AT
HAVING COUNT(*) > 1
ORDER BY 1, 2, 3, 4
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS s
ON t.ID IS NOT DISTINCT FROM s.ID
  AND t.DAY IS NOT DISTINCT FROM s.DAY
  AND t.AMOUNT IS NOT DISTINCT FROM s.AMOUNT
  AND t.UPDATED_AT IS NOT DISTINCT FROM s.UPDATED_AT
WHEN NOT MATCHED THEN INSERT (ID, DAY, AMOUNT, UPDATED_AT) VALUES (s.ID, s.DAY, s.AMOUNT, s.UPDATED_AT);
-- ==== View ====
-- orders: merge into marts.orders (view)
-- because: target is a view: a table takes its place
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, DAY, AMOUNT, UPDATED_AT, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
GROUP BY ID, DAY, AMOUNT, UPDATED_AT
HAVING COUNT(*) > 1
ORDER BY 1, 2, 3, 4
LIMIT 5;
-- drop marts.orders
DROP VIEW marts.orders;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
-- ==== Refreshed ====
-- orders: merge into marts.orders (table(ID, DAY, AMOUNT, UPDATED_AT))
-- because: full refresh was asked for
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, DAY, AMOUNT, UPDATED_AT, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0
) AS _rocky_q
GROUP BY ID, DAY, AMOUNT, UPDATED_AT
HAVING COUNT(*) > 1
ORDER BY 1, 2, 3, 4
LIMIT 5;
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, day, amount, updated_at -- the columns
FROM raw.orders
WHERE amount > 0;
