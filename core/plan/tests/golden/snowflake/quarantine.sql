-- ==== split, target absent ====
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, COUNT(*) AS n FROM (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS _rocky_q
GROUP BY ID
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- quarantine marts.orders__quarantine
CREATE OR REPLACE TABLE marts.orders__quarantine AS
SELECT *, SUBSTR(CASE WHEN CUSTOMER IS NULL THEN ',not_null_customer' ELSE '' END || CASE WHEN (amount > 0
) AND DAY > DATEADD(day, -7, $now) THEN ',older_than_n_days_day' ELSE '' END || CASE WHEN CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_customer' ELSE '' END, 2) AS _rocky_failed_tests
FROM marts.orders
WHERE COALESCE(CUSTOMER IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND DAY > DATEADD(day, -7, $now), FALSE)
   OR COALESCE(CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- quarantine_valid marts.orders__valid
CREATE OR REPLACE TABLE marts.orders__valid AS
SELECT *
FROM marts.orders
WHERE NOT (COALESCE(CUSTOMER IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND DAY > DATEADD(day, -7, $now), FALSE)
   OR COALESCE(CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE));
-- ==== split, target exists ====
-- orders: merge into marts.orders (table(ID, CUSTOMER, AMOUNT, DAY, UPDATED_AT, _ROCKY_FAILED_TESTS))
-- because: target exists: rows are merged by ID; its column `_ROCKY_FAILED_TESTS` is not in the query and stays NULL in new rows
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, COUNT(*) AS n FROM (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS _rocky_q
GROUP BY ID
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS s
ON t.ID IS NOT DISTINCT FROM s.ID
WHEN MATCHED THEN UPDATE SET CUSTOMER = s.CUSTOMER, AMOUNT = s.AMOUNT, DAY = s.DAY, UPDATED_AT = s.UPDATED_AT
WHEN NOT MATCHED THEN INSERT (ID, CUSTOMER, AMOUNT, DAY, UPDATED_AT) VALUES (s.ID, s.CUSTOMER, s.AMOUNT, s.DAY, s.UPDATED_AT);
-- quarantine marts.orders__quarantine
CREATE OR REPLACE TABLE marts.orders__quarantine AS
SELECT * EXCLUDE (_rocky_failed_tests), SUBSTR(CASE WHEN CUSTOMER IS NULL THEN ',not_null_customer' ELSE '' END || CASE WHEN (amount > 0
) AND DAY > DATEADD(day, -7, $now) THEN ',older_than_n_days_day' ELSE '' END || CASE WHEN CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_customer' ELSE '' END, 2) AS _rocky_failed_tests
FROM marts.orders
WHERE COALESCE(CUSTOMER IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND DAY > DATEADD(day, -7, $now), FALSE)
   OR COALESCE(CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- quarantine_valid marts.orders__valid
CREATE OR REPLACE TABLE marts.orders__valid AS
SELECT * EXCLUDE (_rocky_failed_tests)
FROM marts.orders
WHERE NOT (COALESCE(CUSTOMER IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND DAY > DATEADD(day, -7, $now), FALSE)
   OR COALESCE(CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE));
-- ==== tag, target absent ====
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, COUNT(*) AS n FROM (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS _rocky_q
GROUP BY ID
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- add_column marts.orders
ALTER TABLE marts.orders ADD COLUMN IF NOT EXISTS _rocky_failed_tests VARCHAR;
-- quarantine marts.orders
UPDATE marts.orders SET _rocky_failed_tests = SUBSTR(CASE WHEN CUSTOMER IS NULL THEN ',not_null_customer' ELSE '' END || CASE WHEN (amount > 0
) AND DAY > DATEADD(day, -7, $now) THEN ',older_than_n_days_day' ELSE '' END || CASE WHEN CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_customer' ELSE '' END, 2)
WHERE COALESCE(CUSTOMER IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND DAY > DATEADD(day, -7, $now), FALSE)
   OR COALESCE(CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- ==== tag, target exists ====
-- orders: merge into marts.orders (table(ID, CUSTOMER, AMOUNT, DAY, UPDATED_AT, _ROCKY_FAILED_TESTS))
-- because: target exists: rows are merged by ID; its column `_ROCKY_FAILED_TESTS` is not in the query and stays NULL in new rows
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, COUNT(*) AS n FROM (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS _rocky_q
GROUP BY ID
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS s
ON t.ID IS NOT DISTINCT FROM s.ID
WHEN MATCHED THEN UPDATE SET CUSTOMER = s.CUSTOMER, AMOUNT = s.AMOUNT, DAY = s.DAY, UPDATED_AT = s.UPDATED_AT
WHEN NOT MATCHED THEN INSERT (ID, CUSTOMER, AMOUNT, DAY, UPDATED_AT) VALUES (s.ID, s.CUSTOMER, s.AMOUNT, s.DAY, s.UPDATED_AT);
-- untag marts.orders
UPDATE marts.orders SET _rocky_failed_tests = NULL
WHERE _rocky_failed_tests IS NOT NULL;
-- quarantine marts.orders
UPDATE marts.orders SET _rocky_failed_tests = SUBSTR(CASE WHEN CUSTOMER IS NULL THEN ',not_null_customer' ELSE '' END || CASE WHEN (amount > 0
) AND DAY > DATEADD(day, -7, $now) THEN ',older_than_n_days_day' ELSE '' END || CASE WHEN CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_customer' ELSE '' END, 2)
WHERE COALESCE(CUSTOMER IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND DAY > DATEADD(day, -7, $now), FALSE)
   OR COALESCE(CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- ==== drop, target absent ====
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, COUNT(*) AS n FROM (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS _rocky_q
GROUP BY ID
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- quarantine marts.orders [removes rows]
DELETE FROM marts.orders
WHERE COALESCE(CUSTOMER IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND DAY > DATEADD(day, -7, $now), FALSE)
   OR COALESCE(CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- ==== drop, target exists ====
-- orders: merge into marts.orders (table(ID, CUSTOMER, AMOUNT, DAY, UPDATED_AT, _ROCKY_FAILED_TESTS))
-- because: target exists: rows are merged by ID; its column `_ROCKY_FAILED_TESTS` is not in the query and stays NULL in new rows
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT ID, COUNT(*) AS n FROM (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS _rocky_q
GROUP BY ID
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING (
SELECT id, customer, amount, day, updated_at FROM raw.orders
) AS s
ON t.ID IS NOT DISTINCT FROM s.ID
WHEN MATCHED THEN UPDATE SET CUSTOMER = s.CUSTOMER, AMOUNT = s.AMOUNT, DAY = s.DAY, UPDATED_AT = s.UPDATED_AT
WHEN NOT MATCHED THEN INSERT (ID, CUSTOMER, AMOUNT, DAY, UPDATED_AT) VALUES (s.ID, s.CUSTOMER, s.AMOUNT, s.DAY, s.UPDATED_AT);
-- quarantine marts.orders [removes rows]
DELETE FROM marts.orders
WHERE COALESCE(CUSTOMER IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND DAY > DATEADD(day, -7, $now), FALSE)
   OR COALESCE(CUSTOMER IS NOT NULL AND CUSTOMER NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
