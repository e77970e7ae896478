-- ==== split, target absent ====
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT * FROM _rocky_stage_orders;
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- quarantine marts.orders__quarantine
CREATE OR REPLACE TABLE marts.orders__quarantine AS
SELECT *, SUBSTR(CASE WHEN customer IS NULL THEN ',not_null_customer' ELSE '' END || CASE WHEN (amount > 0
) AND day > $now - INTERVAL '7' DAY THEN ',older_than_n_days_day' ELSE '' END || CASE WHEN customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_customer' ELSE '' END, 2) AS _rocky_failed_tests
FROM marts.orders
WHERE COALESCE(customer IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND day > $now - INTERVAL '7' DAY, FALSE)
   OR COALESCE(customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- quarantine_valid marts.orders__valid
CREATE OR REPLACE TABLE marts.orders__valid AS
SELECT *
FROM marts.orders
WHERE NOT (COALESCE(customer IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND day > $now - INTERVAL '7' DAY, FALSE)
   OR COALESCE(customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE));
-- ==== split, target exists ====
-- orders: merge into marts.orders (table(id, customer, amount, day, updated_at, _rocky_failed_tests))
-- because: target exists: rows are merged by id; its column `_rocky_failed_tests` is not in the query and stays NULL in new rows
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING _rocky_stage_orders AS s
ON t.id IS NOT DISTINCT FROM s.id
WHEN MATCHED THEN UPDATE SET customer = s.customer, amount = s.amount, day = s.day, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT (id, customer, amount, day, updated_at) VALUES (s.id, s.customer, s.amount, s.day, s.updated_at);
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- quarantine marts.orders__quarantine
CREATE OR REPLACE TABLE marts.orders__quarantine AS
SELECT * EXCLUDE (_rocky_failed_tests), SUBSTR(CASE WHEN customer IS NULL THEN ',not_null_customer' ELSE '' END || CASE WHEN (amount > 0
) AND day > $now - INTERVAL '7' DAY THEN ',older_than_n_days_day' ELSE '' END || CASE WHEN customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_customer' ELSE '' END, 2) AS _rocky_failed_tests
FROM marts.orders
WHERE COALESCE(customer IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND day > $now - INTERVAL '7' DAY, FALSE)
   OR COALESCE(customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- quarantine_valid marts.orders__valid
CREATE OR REPLACE TABLE marts.orders__valid AS
SELECT * EXCLUDE (_rocky_failed_tests)
FROM marts.orders
WHERE NOT (COALESCE(customer IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND day > $now - INTERVAL '7' DAY, FALSE)
   OR COALESCE(customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE));
-- ==== tag, target absent ====
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT * FROM _rocky_stage_orders;
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- add_column marts.orders
ALTER TABLE marts.orders ADD COLUMN IF NOT EXISTS _rocky_failed_tests VARCHAR;
-- quarantine marts.orders
UPDATE marts.orders SET _rocky_failed_tests = SUBSTR(CASE WHEN customer IS NULL THEN ',not_null_customer' ELSE '' END || CASE WHEN (amount > 0
) AND day > $now - INTERVAL '7' DAY THEN ',older_than_n_days_day' ELSE '' END || CASE WHEN customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_customer' ELSE '' END, 2)
WHERE COALESCE(customer IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND day > $now - INTERVAL '7' DAY, FALSE)
   OR COALESCE(customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- ==== tag, target exists ====
-- orders: merge into marts.orders (table(id, customer, amount, day, updated_at, _rocky_failed_tests))
-- because: target exists: rows are merged by id; its column `_rocky_failed_tests` is not in the query and stays NULL in new rows
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING _rocky_stage_orders AS s
ON t.id IS NOT DISTINCT FROM s.id
WHEN MATCHED THEN UPDATE SET customer = s.customer, amount = s.amount, day = s.day, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT (id, customer, amount, day, updated_at) VALUES (s.id, s.customer, s.amount, s.day, s.updated_at);
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- untag marts.orders
UPDATE marts.orders SET _rocky_failed_tests = NULL
WHERE _rocky_failed_tests IS NOT NULL;
-- quarantine marts.orders
UPDATE marts.orders SET _rocky_failed_tests = SUBSTR(CASE WHEN customer IS NULL THEN ',not_null_customer' ELSE '' END || CASE WHEN (amount > 0
) AND day > $now - INTERVAL '7' DAY THEN ',older_than_n_days_day' ELSE '' END || CASE WHEN customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_customer' ELSE '' END, 2)
WHERE COALESCE(customer IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND day > $now - INTERVAL '7' DAY, FALSE)
   OR COALESCE(customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- ==== drop, target absent ====
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders AS
SELECT * FROM _rocky_stage_orders;
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- quarantine marts.orders [removes rows]
DELETE FROM marts.orders
WHERE COALESCE(customer IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND day > $now - INTERVAL '7' DAY, FALSE)
   OR COALESCE(customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
-- ==== drop, target exists ====
-- orders: merge into marts.orders (table(id, customer, amount, day, updated_at, _rocky_failed_tests))
-- because: target exists: rows are merged by id; its column `_rocky_failed_tests` is not in the query and stays NULL in new rows
-- stage _rocky_stage_orders
CREATE OR REPLACE TEMP TABLE _rocky_stage_orders AS
SELECT id, customer, amount, day, updated_at FROM raw.orders;
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM _rocky_stage_orders
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- merge marts.orders [rows]
MERGE INTO marts.orders AS t
USING _rocky_stage_orders AS s
ON t.id IS NOT DISTINCT FROM s.id
WHEN MATCHED THEN UPDATE SET customer = s.customer, amount = s.amount, day = s.day, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT (id, customer, amount, day, updated_at) VALUES (s.id, s.customer, s.amount, s.day, s.updated_at);
-- drop _rocky_stage_orders
DROP TABLE _rocky_stage_orders;
-- quarantine marts.orders [removes rows]
DELETE FROM marts.orders
WHERE COALESCE(customer IS NULL, FALSE)
   OR COALESCE((amount > 0
) AND day > $now - INTERVAL '7' DAY, FALSE)
   OR COALESCE(customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM raw.customers AS parent WHERE parent.id IS NOT NULL), FALSE);
