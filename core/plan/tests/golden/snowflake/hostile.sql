-- o'r "d; --: incremental into group.a"b.c`d (absent)
-- because: target does not exist
-- create_table group.a"b.c`d [rows]
CREATE TABLE "group"."a""b.c`d" AS
SELECT id AS "it""s ü", day AS "select", updated_at AS N FROM raw.orders;
-- watermark group.a"b.c`d [observe: watermark]
SELECT MAX(N) FROM "group"."a""b.c`d";
-- o'r "d; --: incremental into group.a"b.c`d (table(it"s ü, select, N))
-- because: target exists: rows past its newest n are added
-- insert group.a"b.c`d [rows]
INSERT INTO "group"."a""b.c`d" ("it""s ü", "select", N)
SELECT "it""s ü", "select", N FROM (
SELECT id AS "it""s ü", day AS "select", updated_at AS N FROM raw.orders
) AS _rocky_q
WHERE COALESCE(_rocky_q.N > (SELECT MAX(t.N) FROM "group"."a""b.c`d" AS t), _rocky_q.N IS NOT NULL);
-- watermark group.a"b.c`d [observe: watermark]
SELECT MAX(N) FROM "group"."a""b.c`d";
-- o'r "d; --: merge into group.a"b.c`d (absent)
-- because: target does not exist
-- check_keys group.a"b.c`d [guard: duplicate keys in the result of model `o'r "d; --`]
SELECT "it""s ü", N, COUNT(*) AS _rocky_n FROM (
SELECT id AS "it""s ü", day AS "select", updated_at AS N FROM raw.orders
) AS _rocky_q
GROUP BY "it""s ü", N
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- create_table group.a"b.c`d [rows]
CREATE TABLE "group"."a""b.c`d" AS
SELECT id AS "it""s ü", day AS "select", updated_at AS N FROM raw.orders;
-- o'r "d; --: merge into group.a"b.c`d (table(it"s ü, select, N))
-- because: target exists: rows are merged by "it""s ü", N
-- check_keys group.a"b.c`d [guard: duplicate keys in the result of model `o'r "d; --`]
SELECT "it""s ü", N, COUNT(*) AS _rocky_n FROM (
SELECT id AS "it""s ü", day AS "select", updated_at AS N FROM raw.orders
) AS _rocky_q
GROUP BY "it""s ü", N
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge group.a"b.c`d [rows]
MERGE INTO "group"."a""b.c`d" AS t
USING (
SELECT id AS "it""s ü", day AS "select", updated_at AS N FROM raw.orders
) AS s
ON t."it""s ü" IS NOT DISTINCT FROM s."it""s ü"
  AND t.N IS NOT DISTINCT FROM s.N
WHEN MATCHED THEN UPDATE SET "select" = s."select"
WHEN NOT MATCHED THEN INSERT ("it""s ü", "select", N) VALUES (s."it""s ü", s."select", s.N);
-- o'r "d; --: delete_insert into group.a"b.c`d (absent)
-- because: target does not exist
-- create_table group.a"b.c`d [rows]
CREATE TABLE "group"."a""b.c`d" AS
SELECT id AS "it""s ü", day AS "select", updated_at AS N FROM raw.orders;
-- o'r "d; --: delete_insert into group.a"b.c`d (table(it"s ü, select, N))
-- because: target exists: partitions by "select" that occur in the result are replaced
-- stage group._rocky_stage_o_r__d_____07a7265b751d0e1b
CREATE OR REPLACE TABLE "group"._rocky_stage_o_r__d_____07a7265b751d0e1b AS
SELECT id AS "it""s ü", day AS "select", updated_at AS N FROM raw.orders;
-- replace_rows group.a"b.c`d [rows]
ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE;
BEGIN TRANSACTION;
DELETE FROM "group"."a""b.c`d" AS t
USING (SELECT DISTINCT "select" FROM "group"._rocky_stage_o_r__d_____07a7265b751d0e1b) AS s
WHERE t."select" IS NOT DISTINCT FROM s."select";
INSERT INTO "group"."a""b.c`d" ("it""s ü", "select", N)
SELECT "it""s ü", "select", N FROM "group"._rocky_stage_o_r__d_____07a7265b751d0e1b;
COMMIT;
-- drop group._rocky_stage_o_r__d_____07a7265b751d0e1b
DROP TABLE "group"._rocky_stage_o_r__d_____07a7265b751d0e1b;
