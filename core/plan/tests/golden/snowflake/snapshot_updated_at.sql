-- ==== Absent ====
-- setup: create_schema HIST
CREATE SCHEMA IF NOT EXISTS HIST;
-- SHOP.HIST.PEOPLE: snapshot_scd2 into HIST.PEOPLE (absent)
-- because: target does not exist: every row begins its history
-- check_keys HIST.PEOPLE [guard: duplicate keys in source table `RAW.PEOPLE`]
SELECT ID, PART, COUNT(*) AS n FROM RAW.PEOPLE
GROUP BY ID, PART
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- initial_load HIST.PEOPLE [rows]
CREATE TABLE HIST.PEOPLE AS
SELECT s.ID, s.PART, s.NAME, s.CHANGED, s."select", CAST($now AS TIMESTAMP) AS valid_from, CAST(NULL AS TIMESTAMP) AS valid_to, TRUE AS is_current, CAST($run_id AS VARCHAR) AS snapshot_id
FROM RAW.PEOPLE s;
-- ==== Table ====
-- SHOP.HIST.PEOPLE: snapshot_scd2 into HIST.PEOPLE (table(ID, PART, NAME, CHANGED, GONE, VALID_FROM, VALID_TO, IS_CURRENT, SNAPSHOT_ID))
-- because: target exists: rows that changed get a new version; new in the source: select; gone from the source and NULL in new versions: GONE
-- check_keys HIST.PEOPLE [guard: duplicate keys in source table `RAW.PEOPLE`]
SELECT ID, PART, COUNT(*) AS n FROM RAW.PEOPLE
GROUP BY ID, PART
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- add_column HIST.PEOPLE
ALTER TABLE HIST.PEOPLE ADD COLUMN "select" TIMESTAMP_NTZ(6);
-- close_changed HIST.PEOPLE
UPDATE HIST.PEOPLE t
SET valid_to = CASE WHEN t.valid_from > $now THEN t.valid_from ELSE $now END, is_current = FALSE
WHERE t.is_current AND EXISTS (
  SELECT 1 FROM RAW.PEOPLE s
  WHERE s.ID IS NOT DISTINCT FROM t.ID AND s.PART IS NOT DISTINCT FROM t.PART
    AND (s.CHANGED IS DISTINCT FROM t.CHANGED)
);
-- close_deleted HIST.PEOPLE
UPDATE HIST.PEOPLE t
SET valid_to = CASE WHEN t.valid_from > $now THEN t.valid_from ELSE $now END, is_current = FALSE
WHERE t.is_current AND NOT EXISTS (
  SELECT 1 FROM RAW.PEOPLE s
  WHERE s.ID IS NOT DISTINCT FROM t.ID AND s.PART IS NOT DISTINCT FROM t.PART
);
-- insert HIST.PEOPLE [rows]
INSERT INTO HIST.PEOPLE (ID, PART, NAME, CHANGED, "select", valid_from, valid_to, is_current, snapshot_id)
SELECT s.ID, s.PART, s.NAME, s.CHANGED, s."select", COALESCE(h._rocky_end, $now), NULL, TRUE, $run_id
FROM RAW.PEOPLE s
LEFT JOIN (
  SELECT ID, PART, MAX(valid_to) AS _rocky_end FROM HIST.PEOPLE
  WHERE valid_to > $now
  GROUP BY ID, PART
) h ON h.ID IS NOT DISTINCT FROM s.ID AND h.PART IS NOT DISTINCT FROM s.PART
WHERE NOT EXISTS (
  SELECT 1 FROM HIST.PEOPLE t
  WHERE t.is_current AND t.ID IS NOT DISTINCT FROM s.ID AND t.PART IS NOT DISTINCT FROM s.PART
);
