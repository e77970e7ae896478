-- o'r "d; --: incremental into group.a"b.c`d (absent)
-- because: target does not exist
-- create_table group.a"b.c`d [rows]
CREATE TABLE `group`.`a"b.c``d` AS
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders;
-- watermark group.a"b.c`d [observe: watermark]
SELECT MAX(n) FROM `group`.`a"b.c``d`;
-- o'r "d; --: incremental into group.a"b.c`d (table(it"s ü, select, n))
-- because: target exists: rows past its newest n are added
-- insert group.a"b.c`d [rows]
INSERT INTO `group`.`a"b.c``d` (`it"s ü`, `select`, n)
SELECT `it"s ü`, `select`, n FROM (
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders
) AS _rocky_q
WHERE COALESCE(_rocky_q.n > (SELECT MAX(t.n) FROM `group`.`a"b.c``d` AS t), _rocky_q.n IS NOT NULL);
-- watermark group.a"b.c`d [observe: watermark]
SELECT MAX(n) FROM `group`.`a"b.c``d`;
-- o'r "d; --: merge into group.a"b.c`d (absent)
-- because: target does not exist
-- check_keys group.a"b.c`d [guard: duplicate keys in the result of model `o'r "d; --`]
SELECT `it"s ü`, n, COUNT(*) AS _rocky_n FROM (
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders
) AS _rocky_q
GROUP BY `it"s ü`, n
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- create_table group.a"b.c`d [rows]
CREATE TABLE `group`.`a"b.c``d` AS
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders;
-- o'r "d; --: merge into group.a"b.c`d (table(it"s ü, select, n))
-- because: target exists: rows are merged by `it"s ü`, n
-- check_keys group.a"b.c`d [guard: duplicate keys in the result of model `o'r "d; --`]
SELECT `it"s ü`, n, COUNT(*) AS _rocky_n FROM (
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders
) AS _rocky_q
GROUP BY `it"s ü`, n
HAVING COUNT(*) > 1
ORDER BY 1, 2
LIMIT 5;
-- merge group.a"b.c`d [rows]
MERGE INTO `group`.`a"b.c``d` AS t
USING (
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders
) AS s
ON t.`it"s ü` <=> s.`it"s ü`
  AND t.n <=> s.n
WHEN MATCHED THEN UPDATE SET `select` = s.`select`
WHEN NOT MATCHED THEN INSERT (`it"s ü`, `select`, n) VALUES (s.`it"s ü`, s.`select`, s.n);
-- o'r "d; --: delete_insert into group.a"b.c`d (absent)
-- because: target does not exist
-- create_table group.a"b.c`d [rows]
CREATE TABLE `group`.`a"b.c``d` AS
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders;
-- o'r "d; --: delete_insert into group.a"b.c`d (table(it"s ü, select, n))
-- because: target exists: partitions by `select` that occur in the result are replaced
-- stage group._rocky_stage_o_r__d_____07a7265b751d0e1b
CREATE OR REPLACE TABLE `group`._rocky_stage_o_r__d_____07a7265b751d0e1b AS
SELECT id AS `it"s ü`, day AS `select`, updated_at AS n FROM raw.orders;
-- replace_rows group.a"b.c`d [rows]
MERGE INTO `group`.`a"b.c``d` AS t
USING (
SELECT FALSE AS _rocky_gone, `it"s ü`, `select`, n FROM `group`._rocky_stage_o_r__d_____07a7265b751d0e1b
UNION ALL
SELECT DISTINCT TRUE AS _rocky_gone, NULL AS `it"s ü`, `select`, NULL AS n FROM `group`._rocky_stage_o_r__d_____07a7265b751d0e1b
) AS s
ON s._rocky_gone AND t.`select` <=> s.`select`
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED AND NOT s._rocky_gone THEN INSERT (`it"s ü`, `select`, n) VALUES (s.`it"s ü`, s.`select`, s.n);
-- drop group._rocky_stage_o_r__d_____07a7265b751d0e1b
DROP TABLE `group`._rocky_stage_o_r__d_____07a7265b751d0e1b;
