-- ==== target is absent ====
-- setup: attach the "raw" one
ATTACH IF NOT EXISTS '/data/it''s/the "raw" one.duckdb' AS "the ""raw"" one" (READ_ONLY, TYPE duckdb);
-- setup: create_schema staging__shop
CREATE SCHEMA IF NOT EXISTS staging__shop;
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (absent)
-- because: target does not exist
-- full_refresh_copy poc.staging__shop.orders [rows]
CREATE TABLE poc.staging__shop.orders AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "the ""raw"" one".raw__shop.orders;
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
SELECT COUNT(*) AS n FROM "the ""raw"" one".raw__shop.orders;
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
-- ==== incremental ====
-- setup: attach the "raw" one
ATTACH IF NOT EXISTS '/data/it''s/the "raw" one.duckdb' AS "the ""raw"" one" (READ_ONLY, TYPE duckdb);
-- poc.staging__shop.orders: incremental into poc.staging__shop.orders (table(_updated_at, id, order, note, _source))
-- because: target exists: rows past its newest _updated_at are added
-- incremental_copy poc.staging__shop.orders [rows]
INSERT INTO poc.staging__shop.orders (id, "order", note, _updated_at, _source)
SELECT s.id, s."order", s.note, s._updated_at, CAST('shop' AS VARCHAR) AS _source
FROM "the ""raw"" one".raw__shop.orders AS s
WHERE COALESCE(s._updated_at > (
    SELECT MAX(CASE WHEN isfinite(t._updated_at) THEN t._updated_at END)
    FROM poc.staging__shop.orders AS t
) AND isfinite(s._updated_at), isfinite(s._updated_at));
-- watermark poc.staging__shop.orders [observe: watermark]
SELECT MAX(CASE WHEN isfinite(_updated_at) THEN _updated_at END), COUNT(CASE WHEN isfinite(_updated_at) THEN NULL ELSE _updated_at END) FROM poc.staging__shop.orders;
-- ==== merge ====
-- setup: attach the "raw" one
ATTACH IF NOT EXISTS '/data/it''s/the "raw" one.duckdb' AS "the ""raw"" one" (READ_ONLY, TYPE duckdb);
-- poc.staging__shop.orders: merge into poc.staging__shop.orders (table(_updated_at, id, order, note, _source))
-- because: target exists: rows are merged by id
-- check_keys the "raw" one.raw__shop.orders [guard: duplicate keys in source `the "raw" one.raw__shop.orders`]
SELECT s.id, COUNT(*) AS _rocky_n FROM "the ""raw"" one".raw__shop.orders AS s
GROUP BY 1
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- merge_copy poc.staging__shop.orders [rows]
MERGE INTO poc.staging__shop.orders AS t
USING (
SELECT s.id, s."order", s.note, s._updated_at, CAST('shop' AS VARCHAR) AS _source
FROM "the ""raw"" one".raw__shop.orders AS s
) AS s
ON t.id IS NOT DISTINCT FROM s.id
WHEN MATCHED THEN UPDATE SET "order" = s."order", note = s.note, _updated_at = s._updated_at, _source = s._source
WHEN NOT MATCHED THEN INSERT (id, "order", note, _updated_at, _source) VALUES (s.id, s."order", s.note, s._updated_at, s._source);
