-- ==== invalidate_hard_deletes = false ====
-- check row_count (row_count, fails the run): SameCount
SELECT COUNT(*) AS n FROM raw.people;
SELECT COUNT(*) AS n FROM hist.people t
WHERE t.is_current AND EXISTS (
  SELECT 1 FROM raw.people s
  WHERE s.id <=> t.id AND s.part <=> t.part
);
-- check column_match (column_match, fails the run): Columns { expected: ["id", "part", "name", "changed", "select"], ignored: ["gone", "is_current", "snapshot_id", "valid_from", "valid_to", "_rocky_failed_tests"] }
SELECT * FROM hist.people;
-- check freshness (freshness, fails the run): Freshness { column: "changed", threshold_seconds: 30, ahead_seconds: 60 }
SELECT unix_timestamp(MAX(changed)) AS seconds, CAST(MAX(changed) AS STRING) AS newest, COUNT(*) AS n FROM hist.people;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(50.0) }
SELECT COUNT(*) AS n FROM hist.people t
WHERE t.is_current AND EXISTS (
  SELECT 1 FROM raw.people s
  WHERE s.id <=> t.id AND s.part <=> t.part
);
-- check unique_id (test, fails the run): Zero
SELECT COUNT(*) AS n FROM (
SELECT id, COUNT(*) AS occurrences
FROM hist.people
WHERE (is_current
)
GROUP BY id
HAVING COUNT(*) > 1
) AS repeated;
SELECT id, COUNT(*) AS occurrences
FROM hist.people
WHERE (is_current
)
GROUP BY id
HAVING COUNT(*) > 1
LIMIT 5;
-- check null_rate (null_rate, fails the run): NullRate { place: 0, threshold: Number(0.1) }
SELECT COUNT(*), COUNT(name) FROM (SELECT name FROM hist.people TABLESAMPLE (10 PERCENT)) AS sampled;
SELECT COUNT(*), COUNT(name) FROM hist.people;
-- ==== invalidate_hard_deletes = true ====
-- check row_count (row_count, fails the run): SameCount
SELECT COUNT(*) AS n FROM raw.people;
SELECT COUNT(*) AS n FROM hist.people t
WHERE t.is_current;
-- check column_match (column_match, fails the run): Columns { expected: ["id", "part", "name", "changed", "select"], ignored: ["gone", "is_current", "snapshot_id", "valid_from", "valid_to", "_rocky_failed_tests"] }
SELECT * FROM hist.people;
-- check freshness (freshness, fails the run): Freshness { column: "changed", threshold_seconds: 30, ahead_seconds: 60 }
SELECT unix_timestamp(MAX(changed)) AS seconds, CAST(MAX(changed) AS STRING) AS newest, COUNT(*) AS n FROM hist.people;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(50.0) }
SELECT COUNT(*) AS n FROM hist.people t
WHERE t.is_current;
-- check unique_id (test, fails the run): Zero
SELECT COUNT(*) AS n FROM (
SELECT id, COUNT(*) AS occurrences
FROM hist.people
WHERE (is_current
)
GROUP BY id
HAVING COUNT(*) > 1
) AS repeated;
SELECT id, COUNT(*) AS occurrences
FROM hist.people
WHERE (is_current
)
GROUP BY id
HAVING COUNT(*) > 1
LIMIT 5;
-- check null_rate (null_rate, fails the run): NullRate { place: 0, threshold: Number(0.1) }
SELECT COUNT(*), COUNT(name) FROM (SELECT name FROM hist.people TABLESAMPLE (10 PERCENT)) AS sampled;
SELECT COUNT(*), COUNT(name) FROM hist.people;
