-- ==== absent, split ====
-- setup: create_schema staging__shop
CREATE SCHEMA IF NOT EXISTS staging__shop;
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (absent)
-- because: target does not exist
-- full_refresh_copy poc.staging__shop.orders [rows]
CREATE TABLE poc.staging__shop.orders AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM raw__shop.orders;
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- quarantine poc.staging__shop.orders__quarantine
CREATE OR REPLACE TABLE poc.staging__shop.orders__quarantine AS
SELECT *, SUBSTR(CASE WHEN id IS NULL THEN ',not_null_id' ELSE '' END || CASE WHEN id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_id' ELSE '' END, 2) AS _rocky_failed_tests
FROM poc.staging__shop.orders
WHERE COALESCE(id IS NULL, FALSE)
   OR COALESCE(id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL), FALSE);
-- quarantine_valid poc.staging__shop.orders__valid
CREATE OR REPLACE TABLE poc.staging__shop.orders__valid AS
SELECT *
FROM poc.staging__shop.orders
WHERE NOT (COALESCE(id IS NULL, FALSE)
   OR COALESCE(id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL), FALSE));
-- check row_count (row_count): SameCount
SELECT COUNT(*) AS n FROM raw__shop.orders;
SELECT COUNT(*) AS n FROM poc.staging__shop.orders;
-- check column_match (column_match): Columns { expected: ["id", "order", "note", "_updated_at"], ignored: ["_source", "_rocky_failed_tests"] }
SELECT * FROM poc.staging__shop.orders;
-- check freshness (freshness): Freshness { column: "_updated_at", threshold_seconds: 60, ahead_seconds: 60 }
SELECT epoch(MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END)) AS seconds, CAST(MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END) AS VARCHAR) AS newest, COUNT(*) AS n FROM poc.staging__shop.orders;
-- check negative (custom): AtMost { threshold: Number(0.0) }
SELECT COUNT(*) FROM poc.staging__shop.orders WHERE id < 0;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(20.0) }
SELECT COUNT(*) AS n FROM poc.staging__shop.orders;
-- check not_null_id (test): Zero
SELECT COUNT(*) AS n
FROM poc.staging__shop.orders
WHERE id IS NULL;
SELECT *
FROM poc.staging__shop.orders
WHERE id IS NULL
LIMIT 5;
-- check relationships_id (test): Zero
SELECT COUNT(*) AS n
FROM poc.staging__shop.orders
WHERE id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL);
SELECT *
FROM poc.staging__shop.orders
WHERE id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL)
LIMIT 5;
-- check null_rate (null_rate): NullRate { place: 0, threshold: Number(0.05) }
SELECT COUNT(*), COUNT(note) FROM (SELECT note FROM poc.staging__shop.orders USING SAMPLE 20 PERCENT (bernoulli)) AS sampled;
SELECT COUNT(*), COUNT(note) FROM poc.staging__shop.orders;
-- ==== there and tagged before, incremental ====
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (table(_updated_at, id, order, note, _source, _rocky_failed_tests))
-- because: target exists: rows past its newest _updated_at are added
-- incremental_copy poc.staging__shop.orders [rows]
INSERT INTO poc.staging__shop.orders (id, "order", note, _updated_at, _source)
SELECT s.id, s."order", s.note, s._updated_at, CAST('shop' AS VARCHAR) AS _source
FROM raw__shop.orders AS s
WHERE COALESCE(s._updated_at > (
    SELECT MAX(CASE WHEN isfinite(t._updated_at) THEN t._updated_at END)
    FROM poc.staging__shop.orders AS t
) AND isfinite(s._updated_at), isfinite(s._updated_at));
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- untag poc.staging__shop.orders
UPDATE poc.staging__shop.orders SET _rocky_failed_tests = NULL
WHERE _rocky_failed_tests IS NOT NULL;
-- quarantine poc.staging__shop.orders
UPDATE poc.staging__shop.orders SET _rocky_failed_tests = SUBSTR(CASE WHEN id IS NULL THEN ',not_null_id' ELSE '' END || CASE WHEN id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_id' ELSE '' END, 2)
WHERE COALESCE(id IS NULL, FALSE)
   OR COALESCE(id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL), FALSE);
-- check row_count (row_count): SameCount
SELECT COUNT(*) AS n FROM raw__shop.orders;
SELECT COUNT(*) AS n FROM poc.staging__shop.orders;
-- check column_match (column_match): Columns { expected: ["id", "order", "note", "_updated_at"], ignored: ["_source", "_rocky_failed_tests"] }
SELECT * FROM poc.staging__shop.orders;
-- check freshness (freshness): Freshness { column: "_updated_at", threshold_seconds: 60, ahead_seconds: 60 }
SELECT epoch(MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END)) AS seconds, CAST(MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END) AS VARCHAR) AS newest, COUNT(*) AS n FROM poc.staging__shop.orders;
-- check negative (custom): AtMost { threshold: Number(0.0) }
SELECT COUNT(*) FROM poc.staging__shop.orders WHERE id < 0;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(20.0) }
SELECT COUNT(*) AS n FROM poc.staging__shop.orders;
-- check not_null_id (test): Zero
SELECT COUNT(*) AS n
FROM poc.staging__shop.orders
WHERE id IS NULL;
SELECT *
FROM poc.staging__shop.orders
WHERE id IS NULL
LIMIT 5;
-- check relationships_id (test): Zero
SELECT COUNT(*) AS n
FROM poc.staging__shop.orders
WHERE id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL);
SELECT *
FROM poc.staging__shop.orders
WHERE id IS NOT NULL AND id NOT IN (SELECT parent.id FROM poc.staging__shop.orders AS parent WHERE parent.id IS NOT NULL)
LIMIT 5;
-- check null_rate (null_rate): NullRate { place: 0, threshold: Number(0.05) }
SELECT COUNT(*), COUNT(note) FROM (SELECT note FROM poc.staging__shop.orders USING SAMPLE 20 PERCENT (bernoulli)) AS sampled;
SELECT COUNT(*), COUNT(note) FROM poc.staging__shop.orders;
