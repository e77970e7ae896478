-- o'r "d; --: incremental into group.a"b.c (absent)
-- because: target does not exist
-- create_table group.a"b.c [rows]
CREATE TABLE `group`.`a"b.c` AS
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders;
-- watermark group.a"b.c [observe: watermark]
SELECT MAX(n) FROM `group`.`a"b.c`;
-- o'r "d; --: incremental into group.a"b.c (table(it"s ü, select, n))
-- because: target exists: rows past its newest n are added
-- insert group.a"b.c [rows]
INSERT INTO `group`.`a"b.c` (`it"s ü`, `select`, n)
SELECT `it"s ü`, `select`, n FROM (
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders
) AS _rocky_q
WHERE COALESCE(_rocky_q.n > (SELECT MAX(t.n) FROM `group`.`a"b.c` AS t), _rocky_q.n IS NOT NULL);
-- watermark group.a"b.c [observe: watermark]
SELECT MAX(n) FROM `group`.`a"b.c`;
-- o'r "d; --: merge into group.a"b.c (absent)
-- because: target does not exist
-- check_keys group.a"b.c [guard: duplicate keys in the result of model `o'r "d; --`]
SELECT `it"s ü`, n, COUNT(*) AS _rocky_n FROM (
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders
) AS _rocky_q
GROUP BY `it"s ü`, n
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- create_table group.a"b.c [rows]
CREATE TABLE `group`.`a"b.c` AS
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders;
-- o'r "d; --: merge into group.a"b.c (table(it"s ü, select, n))
-- because: target exists: rows are merged by `it"s ü`, n
-- check_keys group.a"b.c [guard: duplicate keys in the result of model `o'r "d; --`]
SELECT `it"s ü`, n, COUNT(*) AS _rocky_n FROM (
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders
) AS _rocky_q
GROUP BY `it"s ü`, n
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge group.a"b.c [rows]
MERGE INTO `group`.`a"b.c` AS t
USING (
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders
) AS s
ON (t.`it"s ü` = s.`it"s ü` OR (t.`it"s ü` IS NULL AND s.`it"s ü` IS NULL))
  AND (t.n = s.n OR (t.n IS NULL AND s.n IS NULL))
WHEN MATCHED THEN UPDATE SET `select` = s.`select`
WHEN NOT MATCHED THEN INSERT (`it"s ü`, `select`, n) VALUES (s.`it"s ü`, s.`select`, s.n);
-- o'r "d; --: delete_insert into group.a"b.c (absent)
-- because: target does not exist
-- create_table group.a"b.c [rows]
CREATE TABLE `group`.`a"b.c` AS
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders;
-- o'r "d; --: delete_insert into group.a"b.c (table(it"s ü, select, n))
-- because: target exists: partitions by `select` that occur in the result are replaced
-- stage group._rocky_stage_o_r__d_____07a7265b751d0e1b
CREATE OR REPLACE TABLE `group`._rocky_stage_o_r__d_____07a7265b751d0e1b AS
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders;
-- replace_rows group.a"b.c [rows]
BEGIN TRANSACTION;
DELETE FROM `group`.`a"b.c` AS t
WHERE EXISTS (SELECT 1 FROM `group`._rocky_stage_o_r__d_____07a7265b751d0e1b AS s WHERE (t.`select` = s.`select` OR (t.`select` IS NULL AND s.`select` IS NULL)));
INSERT INTO `group`.`a"b.c` (`it"s ü`, `select`, n)
SELECT `it"s ü`, `select`, n FROM `group`._rocky_stage_o_r__d_____07a7265b751d0e1b;
COMMIT TRANSACTION;
-- drop group._rocky_stage_o_r__d_____07a7265b751d0e1b
DROP TABLE `group`._rocky_stage_o_r__d_____07a7265b751d0e1b;
