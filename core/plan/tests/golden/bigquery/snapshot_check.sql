-- ==== Absent ====
-- setup: create_schema hist
CREATE SCHEMA IF NOT EXISTS hist;
-- my-project.hist.people: snapshot_scd2 into hist.people (absent)
-- because: target does not exist: every row begins its history
-- check_keys hist.people [guard: duplicate keys in source table `raw.people`]
SELECT id, part, COUNT(*) AS n FROM raw.people
GROUP BY id, part
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- initial_load hist.people [rows]
CREATE TABLE hist.people AS
SELECT s.id, s.part, s.name, s.changed, s.`select`, CAST($now AS TIMESTAMP) AS valid_from, CAST(NULL AS TIMESTAMP) AS valid_to, TRUE AS is_current, CAST($run_id AS STRING) AS snapshot_id
FROM raw.people s;
-- ==== Table ====
-- my-project.hist.people: snapshot_scd2 into hist.people (table(id, part, name, changed, gone, valid_from, valid_to, is_current, snapshot_id))
-- because: target exists: rows that changed get a new version; new in the source: select; gone from the source and NULL in new versions: gone
-- check_keys hist.people [guard: duplicate keys in source table `raw.people`]
SELECT id, part, COUNT(*) AS n FROM raw.people
GROUP BY id, part
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- add_column hist.people
ALTER TABLE hist.people ADD COLUMN `select` TIMESTAMP;
-- close_changed hist.people
UPDATE hist.people t
SET valid_to = CASE WHEN t.valid_from > $now THEN t.valid_from ELSE $now END, is_current = FALSE
WHERE t.is_current AND EXISTS (
  SELECT 1 FROM raw.people s
  WHERE (s.id = t.id OR (s.id IS NULL AND t.id IS NULL)) AND (s.part = t.part OR (s.part IS NULL AND t.part IS NULL))
    AND (s.name IS DISTINCT FROM t.name
      OR s.changed IS DISTINCT FROM t.changed
      OR s.`select` IS DISTINCT FROM t.`select`)
);
-- insert hist.people [rows]
INSERT INTO hist.people (id, part, name, changed, `select`, valid_from, valid_to, is_current, snapshot_id)
SELECT s.id, s.part, s.name, s.changed, s.`select`, COALESCE(h._rocky_end, $now), NULL, TRUE, $run_id
FROM raw.people s
LEFT JOIN (
  SELECT id, part, MAX(valid_to) AS _rocky_end FROM hist.people
  WHERE valid_to > $now
  GROUP BY id, part
) h ON (h.id = s.id OR (h.id IS NULL AND s.id IS NULL)) AND (h.part = s.part OR (h.part IS NULL AND s.part IS NULL))
WHERE NOT EXISTS (
  SELECT 1 FROM hist.people t
  WHERE t.is_current AND (t.id = s.id OR (t.id IS NULL AND s.id IS NULL)) AND (t.part = s.part OR (t.part IS NULL AND s.part IS NULL))
);
