-- setup: create_schema group
CREATE SCHEMA IF NOT EXISTS "group";
-- o'r "d; --: incremental into group.a"b.c`d (absent)
-- because: target does not exist
-- create_table group.a"b.c`d [rows]
CREATE TABLE "group"."a""b.c`d" AS
SELECT id AS "it""s ü", day AS "select", updated_at AS n FROM raw.orders;
-- watermark group.a"b.c`d [observe: watermark]
SELECT MAX(CASE WHEN isfinite(n) THEN n END), COUNT(CASE WHEN isfinite(n) THEN NULL ELSE n END) FROM "group"."a""b.c`d";
-- o'r "d; --: incremental into group.a"b.c`d (table(it"s ü, select, n))
-- because: target exists: rows past its newest n are added
-- insert group.a"b.c`d [rows]
INSERT INTO "group"."a""b.c`d" ("it""s ü", "select", n)
SELECT "it""s ü", "select", n FROM (
SELECT id AS "it""s ü", day AS "select", updated_at AS n FROM raw.orders
) AS _rocky_q
WHERE COALESCE(_rocky_q.n > (SELECT MAX(CASE WHEN isfinite(t.n) THEN t.n END) FROM "group"."a""b.c`d" AS t) AND isfinite(_rocky_q.n), isfinite(_rocky_q.n));
-- watermark group.a"b.c`d [observe: watermark]
SELECT MAX(CASE WHEN isfinite(n) THEN n END), COUNT(CASE WHEN isfinite(n) THEN NULL ELSE n END) FROM "group"."a""b.c`d";
-- setup: create_schema group
CREATE SCHEMA IF NOT EXISTS "group";
-- o'r "d; --: merge into group.a"b.c`d (absent)
-- because: target does not exist
-- stage _rocky_stage_o_r__d_____07a7265b751d0e1b
CREATE OR REPLACE TEMP TABLE _rocky_stage_o_r__d_____07a7265b751d0e1b AS
SELECT id AS "it""s ü", day AS "select", updated_at AS n FROM raw.orders;
-- check_keys group.a"b.c`d [guard: duplicate keys in the result of model `o'r "d; --`]
SELECT "it""s ü", n, COUNT(*) AS _rocky_n FROM _rocky_stage_o_r__d_____07a7265b751d0e1b
GROUP BY "it""s ü", n
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- create_table group.a"b.c`d [rows]
CREATE TABLE "group"."a""b.c`d" AS
SELECT * FROM _rocky_stage_o_r__d_____07a7265b751d0e1b;
-- drop _rocky_stage_o_r__d_____07a7265b751d0e1b
DROP TABLE _rocky_stage_o_r__d_____07a7265b751d0e1b;
-- o'r "d; --: merge into group.a"b.c`d (table(it"s ü, select, n))
-- because: target exists: rows are merged by "it""s ü", n
-- stage _rocky_stage_o_r__d_____07a7265b751d0e1b
CREATE OR REPLACE TEMP TABLE _rocky_stage_o_r__d_____07a7265b751d0e1b AS
SELECT id AS "it""s ü", day AS "select", updated_at AS n FROM raw.orders;
-- check_keys group.a"b.c`d [guard: duplicate keys in the result of model `o'r "d; --`]
SELECT "it""s ü", n, COUNT(*) AS _rocky_n FROM _rocky_stage_o_r__d_____07a7265b751d0e1b
GROUP BY "it""s ü", n
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge group.a"b.c`d [rows]
MERGE INTO "group"."a""b.c`d" AS t
USING _rocky_stage_o_r__d_____07a7265b751d0e1b AS s
ON t."it""s ü" IS NOT DISTINCT FROM s."it""s ü"
  AND t.n IS NOT DISTINCT FROM s.n
WHEN MATCHED THEN UPDATE SET "select" = s."select"
WHEN NOT MATCHED THEN INSERT ("it""s ü", "select", n) VALUES (s."it""s ü", s."select", s.n);
-- drop _rocky_stage_o_r__d_____07a7265b751d0e1b
DROP TABLE _rocky_stage_o_r__d_____07a7265b751d0e1b;
-- setup: create_schema group
CREATE SCHEMA IF NOT EXISTS "group";
-- o'r "d; --: delete_insert into group.a"b.c`d (absent)
-- because: target does not exist
-- create_table group.a"b.c`d [rows]
CREATE TABLE "group"."a""b.c`d" AS
SELECT id AS "it""s ü", day AS "select", updated_at AS n FROM raw.orders;
-- o'r "d; --: delete_insert into group.a"b.c`d (table(it"s ü, select, n))
-- because: target exists: partitions by "select" that occur in the result are replaced
-- stage _rocky_stage_o_r__d_____07a7265b751d0e1b
CREATE OR REPLACE TEMP TABLE _rocky_stage_o_r__d_____07a7265b751d0e1b AS
SELECT id AS "it""s ü", day AS "select", updated_at AS n FROM raw.orders;
-- delete group.a"b.c`d
DELETE FROM "group"."a""b.c`d" AS t
WHERE EXISTS (SELECT 1 FROM _rocky_stage_o_r__d_____07a7265b751d0e1b AS s WHERE t."select" IS NOT DISTINCT FROM s."select");
-- insert group.a"b.c`d [rows]
INSERT INTO "group"."a""b.c`d" ("it""s ü", "select", n)
SELECT "it""s ü", "select", n FROM _rocky_stage_o_r__d_____07a7265b751d0e1b;
-- drop _rocky_stage_o_r__d_____07a7265b751d0e1b
DROP TABLE _rocky_stage_o_r__d_____07a7265b751d0e1b;
