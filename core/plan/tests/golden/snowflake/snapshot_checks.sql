-- ==== invalidate_hard_deletes = false ====
-- check row_count (row_count, fails the run): SameCount
SELECT COUNT(*) AS n FROM RAW.PEOPLE;
SELECT COUNT(*) AS n FROM HIST.PEOPLE t
WHERE t.is_current AND EXISTS (
  SELECT 1 FROM RAW.PEOPLE s
  WHERE s.ID IS NOT DISTINCT FROM t.ID AND s.PART IS NOT DISTINCT FROM t.PART
);
-- check column_match (column_match, fails the run): Columns { expected: ["ID", "PART", "NAME", "CHANGED", "select"], ignored: ["GONE", "IS_CURRENT", "SNAPSHOT_ID", "VALID_FROM", "VALID_TO", "_rocky_failed_tests"] }
SELECT * FROM HIST.PEOPLE;
-- check freshness (freshness, fails the run): Freshness { column: "changed", threshold_seconds: 30, ahead_seconds: 60 }
SELECT DATE_PART(epoch_second, MAX(CHANGED)) AS seconds, CAST(MAX(CHANGED) AS VARCHAR) AS newest, COUNT(*) AS n FROM HIST.PEOPLE;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(50.0) }
SELECT COUNT(*) AS n FROM HIST.PEOPLE t
WHERE t.is_current AND EXISTS (
  SELECT 1 FROM RAW.PEOPLE s
  WHERE s.ID IS NOT DISTINCT FROM t.ID AND s.PART IS NOT DISTINCT FROM t.PART
);
-- check unique_id (test, fails the run): Zero
SELECT COUNT(*) AS n FROM (
SELECT ID, COUNT(*) AS occurrences
FROM HIST.PEOPLE
WHERE (is_current
)
GROUP BY ID
HAVING COUNT(*) > 1
) AS repeated;
SELECT ID, COUNT(*) AS occurrences
FROM HIST.PEOPLE
WHERE (is_current
)
GROUP BY ID
HAVING COUNT(*) > 1
LIMIT 5;
-- check null_rate (null_rate, fails the run): NullRate { place: 0, threshold: Number(0.1) }
SELECT COUNT(*), COUNT(NAME) FROM (SELECT NAME FROM HIST.PEOPLE SAMPLE (10)) AS sampled;
SELECT COUNT(*), COUNT(NAME) FROM HIST.PEOPLE;
-- ==== invalidate_hard_deletes = true ====
-- check row_count (row_count, fails the run): SameCount
SELECT COUNT(*) AS n FROM RAW.PEOPLE;
SELECT COUNT(*) AS n FROM HIST.PEOPLE t
WHERE t.is_current;
-- check column_match (column_match, fails the run): Columns { expected: ["ID", "PART", "NAME", "CHANGED", "select"], ignored: ["GONE", "IS_CURRENT", "SNAPSHOT_ID", "VALID_FROM", "VALID_TO", "_rocky_failed_tests"] }
SELECT * FROM HIST.PEOPLE;
-- check freshness (freshness, fails the run): Freshness { column: "changed", threshold_seconds: 30, ahead_seconds: 60 }
SELECT DATE_PART(epoch_second, MAX(CHANGED)) AS seconds, CAST(MAX(CHANGED) AS VARCHAR) AS newest, COUNT(*) AS n FROM HIST.PEOPLE;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(50.0) }
SELECT COUNT(*) AS n FROM HIST.PEOPLE t
WHERE t.is_current;
-- check unique_id (test, fails the run): Zero
SELECT COUNT(*) AS n FROM (
SELECT ID, COUNT(*) AS occurrences
FROM HIST.PEOPLE
WHERE (is_current
)
GROUP BY ID
HAVING COUNT(*) > 1
) AS repeated;
SELECT ID, COUNT(*) AS occurrences
FROM HIST.PEOPLE
WHERE (is_current
)
GROUP BY ID
HAVING COUNT(*) > 1
LIMIT 5;
-- check null_rate (null_rate, fails the run): NullRate { place: 0, threshold: Number(0.1) }
SELECT COUNT(*), COUNT(NAME) FROM (SELECT NAME FROM HIST.PEOPLE SAMPLE (10)) AS sampled;
SELECT COUNT(*), COUNT(NAME) FROM HIST.PEOPLE;
