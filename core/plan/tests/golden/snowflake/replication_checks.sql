-- ==== absent, split ====
-- setup: create_schema POC.staging__shop
CREATE SCHEMA IF NOT EXISTS POC.staging__shop;
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (absent)
-- because: target does not exist
-- full_refresh_copy POC.staging__shop.orders [rows]
CREATE TABLE POC.staging__shop."orders" AS
SELECT *, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders";
-- watermark POC.staging__shop.orders [observe: watermark]
SELECT MAX(_UPDATED_AT) FROM POC.staging__shop."orders";
-- quarantine POC.staging__shop.orders__quarantine
CREATE OR REPLACE TABLE POC.staging__shop."orders__quarantine" AS
SELECT *, SUBSTR(CASE WHEN ID IS NULL THEN ',not_null_id' ELSE '' END || CASE WHEN ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_id' ELSE '' END, 2) AS _rocky_failed_tests
FROM POC.staging__shop."orders"
WHERE COALESCE(ID IS NULL, FALSE)
   OR COALESCE(ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL), FALSE);
-- quarantine_valid POC.staging__shop.orders__valid
CREATE OR REPLACE TABLE POC.staging__shop."orders__valid" AS
SELECT *
FROM POC.staging__shop."orders"
WHERE NOT (COALESCE(ID IS NULL, FALSE)
   OR COALESCE(ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL), FALSE));
-- check row_count (row_count): SameCount
SELECT COUNT(*) AS n FROM "raw__shop"."orders";
SELECT COUNT(*) AS n FROM POC.staging__shop."orders";
-- check column_match (column_match): Columns { expected: ["ID", "order", "NOTE", "_UPDATED_AT"], ignored: ["_SOURCE", "_rocky_failed_tests"] }
SELECT * FROM POC.staging__shop."orders";
-- check freshness (freshness): Freshness { column: "_updated_at", threshold_seconds: 60, ahead_seconds: 60 }
SELECT DATE_PART(epoch_second, MAX(_UPDATED_AT)) AS seconds, CAST(MAX(_UPDATED_AT) AS VARCHAR) AS newest, COUNT(*) AS n FROM POC.staging__shop."orders";
-- check negative (custom): AtMost { threshold: Number(0.0) }
SELECT COUNT(*) FROM POC.staging__shop."orders" WHERE id < 0;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(20.0) }
SELECT COUNT(*) AS n FROM POC.staging__shop."orders";
-- check not_null_id (test): Zero
SELECT COUNT(*) AS n
FROM POC.staging__shop."orders"
WHERE ID IS NULL;
SELECT *
FROM POC.staging__shop."orders"
WHERE ID IS NULL
LIMIT 5;
-- check relationships_id (test): Zero
SELECT COUNT(*) AS n
FROM POC.staging__shop."orders"
WHERE ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL);
SELECT *
FROM POC.staging__shop."orders"
WHERE ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL)
LIMIT 5;
-- check null_rate (null_rate): NullRate { place: 0, threshold: Number(0.05) }
SELECT COUNT(*), COUNT(NOTE) FROM (SELECT NOTE FROM POC.staging__shop."orders" SAMPLE (20)) AS sampled;
SELECT COUNT(*), COUNT(NOTE) FROM POC.staging__shop."orders";
-- ==== there and tagged before, incremental ====
-- POC.staging__shop.orders: incremental into POC.staging__shop.orders (table(_UPDATED_AT, ID, order, NOTE, _SOURCE, _ROCKY_FAILED_TESTS))
-- because: target exists: rows past its newest _UPDATED_AT are added
-- incremental_copy POC.staging__shop.orders [rows]
INSERT INTO POC.staging__shop."orders" (ID, "order", NOTE, _UPDATED_AT, _SOURCE)
SELECT s.ID, s."order", s.NOTE, s._UPDATED_AT, CAST('shop' AS VARCHAR) AS _source
FROM "raw__shop"."orders" AS s
WHERE COALESCE(s._UPDATED_AT > (
    SELECT MAX(t._UPDATED_AT)
    FROM POC.staging__shop."orders" AS t
), s._UPDATED_AT IS NOT NULL);
-- watermark POC.staging__shop.orders [observe: watermark]
SELECT MAX(_UPDATED_AT) FROM POC.staging__shop."orders";
-- untag POC.staging__shop."orders"
UPDATE POC.staging__shop."orders" SET _rocky_failed_tests = NULL
WHERE _rocky_failed_tests IS NOT NULL;
-- quarantine POC.staging__shop."orders"
UPDATE POC.staging__shop."orders" SET _rocky_failed_tests = SUBSTR(CASE WHEN ID IS NULL THEN ',not_null_id' ELSE '' END || CASE WHEN ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL) THEN ',relationships_id' ELSE '' END, 2)
WHERE COALESCE(ID IS NULL, FALSE)
   OR COALESCE(ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL), FALSE);
-- check row_count (row_count): SameCount
SELECT COUNT(*) AS n FROM "raw__shop"."orders";
SELECT COUNT(*) AS n FROM POC.staging__shop."orders";
-- check column_match (column_match): Columns { expected: ["ID", "order", "NOTE", "_UPDATED_AT"], ignored: ["_SOURCE", "_rocky_failed_tests"] }
SELECT * FROM POC.staging__shop."orders";
-- check freshness (freshness): Freshness { column: "_updated_at", threshold_seconds: 60, ahead_seconds: 60 }
SELECT DATE_PART(epoch_second, MAX(_UPDATED_AT)) AS seconds, CAST(MAX(_UPDATED_AT) AS VARCHAR) AS newest, COUNT(*) AS n FROM POC.staging__shop."orders";
-- check negative (custom): AtMost { threshold: Number(0.0) }
SELECT COUNT(*) FROM POC.staging__shop."orders" WHERE id < 0;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(20.0) }
SELECT COUNT(*) AS n FROM POC.staging__shop."orders";
-- check not_null_id (test): Zero
SELECT COUNT(*) AS n
FROM POC.staging__shop."orders"
WHERE ID IS NULL;
SELECT *
FROM POC.staging__shop."orders"
WHERE ID IS NULL
LIMIT 5;
-- check relationships_id (test): Zero
SELECT COUNT(*) AS n
FROM POC.staging__shop."orders"
WHERE ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL);
SELECT *
FROM POC.staging__shop."orders"
WHERE ID IS NOT NULL AND ID NOT IN (SELECT parent.id FROM orders AS parent WHERE parent.id IS NOT NULL)
LIMIT 5;
-- check null_rate (null_rate): NullRate { place: 0, threshold: Number(0.05) }
SELECT COUNT(*), COUNT(NOTE) FROM (SELECT NOTE FROM POC.staging__shop."orders" SAMPLE (20)) AS sampled;
SELECT COUNT(*), COUNT(NOTE) FROM POC.staging__shop."orders";
