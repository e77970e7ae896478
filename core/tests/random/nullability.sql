-- What can be proved NOT NULL. A line of columns that are (the others are not), then the query; `nullability_is_proved` compares, runs
-- the query on rows with NULLs, and looks whether the columns hold any.
--: i
SELECT a, i FROM t
--: a
SELECT a, b FROM t WHERE a IS NOT NULL
--: a, b
SELECT a, b FROM t WHERE a > 0 AND b LIKE 'a%'
--: a
SELECT a, b FROM t WHERE a IN (1, 2)
--: a
SELECT a, b FROM t WHERE a NOT IN (1, 2)
--: a
SELECT a, b FROM t WHERE a BETWEEN 1 AND 5
--:
SELECT a, b FROM t WHERE a IS NULL OR b = 'a'
--: a
SELECT a, b FROM t WHERE (a > 0 AND b = 'a') OR a < 0
--: a
SELECT a, b FROM t WHERE a = 1 OR a = 2 OR a + 1 = 7
--: a
SELECT a, b FROM t WHERE NOT (a IS NULL)
--: a
SELECT a, b FROM t WHERE NOT (a IS NULL OR a = 3)
--: a
SELECT a, b FROM t WHERE NOT (a > 3)
--: a
SELECT a, b FROM t WHERE a IS DISTINCT FROM NULL
--:
SELECT a, b FROM t WHERE a IS DISTINCT FROM 3
--: a
SELECT a, b FROM t WHERE a IS NOT DISTINCT FROM 3
--: b
SELECT a, b FROM t WHERE upper(b) = 'A'
--: b
SELECT a, b FROM t WHERE coalesce(a, 1) = 1 AND length(trim(b)) > 0
--: d
SELECT a, d FROM t WHERE d::TIMESTAMP >= TIMESTAMP '2020-01-01'
--: ok
SELECT ok, e FROM u WHERE ok
--: ok
SELECT ok, e FROM u WHERE NOT ok
--: ok
SELECT ok, e FROM u WHERE ok IS TRUE
--:
SELECT ok, e FROM u WHERE ok IS NOT TRUE
--: x
SELECT CASE WHEN a IS NOT NULL THEN a ELSE 0 END AS x FROM t
--: x
SELECT CASE WHEN a IS NULL THEN 0 ELSE a END AS x FROM t
--: x
SELECT CASE WHEN a > 3 THEN a WHEN b IS NULL THEN 1 ELSE length(b) END AS x FROM t
--:
SELECT CASE WHEN a > 3 THEN a ELSE a END AS x FROM t
--:
SELECT CASE WHEN a > 3 THEN 1 END AS x FROM t
--: x
SELECT if(a IS NULL, 0, a) AS x FROM t
--: x, y
SELECT coalesce(a, 0) AS x, ifnull(b, '') AS y, nullif(i, 1) AS z FROM t
--: n, m
SELECT count(*) AS n, count(a) AS m, sum(i) AS s, max(a) AS x FROM t
--: i, n, s
SELECT i, count(*) AS n, sum(i) AS s, max(a) AS x FROM t GROUP BY i
--: i, s
SELECT i, sum(i) AS s FROM t GROUP BY ALL
--: a
SELECT a, b, max(c) AS x FROM t GROUP BY a, b HAVING a > 0
--: x
SELECT a, max(c) AS x FROM t GROUP BY a HAVING max(c) > 0
--: x
SELECT a, max(c) AS x FROM t GROUP BY a HAVING x IS NOT NULL
--: s
SELECT b, sum(a) AS s FROM t WHERE a IS NOT NULL GROUP BY b
--:
SELECT sum(i) AS s FROM t WHERE i > 100
--: n
SELECT i, count(*) AS n FROM t GROUP BY ROLLUP (i)
--:
SELECT b, sum(i) FILTER (WHERE a > 0) AS s FROM t GROUP BY b
--: r, s
SELECT row_number() OVER (ORDER BY a) AS r, sum(i) OVER (PARTITION BY b) AS s, lag(i) OVER (ORDER BY a) AS l FROM t
--: l, f
SELECT lag(i, 1, 0) OVER (ORDER BY a) AS l, first_value(i) OVER (ORDER BY a) AS f, nth_value(i, 2) OVER (ORDER BY a) AS n FROM t
--:
SELECT sum(i) OVER (ORDER BY a ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING) AS s FROM t
--: a, i
SELECT a, i FROM t QUALIFY a IS NOT NULL AND row_number() OVER (ORDER BY i) < 5
--:
SELECT first_value(a) OVER (ORDER BY i DESC) AS f FROM t QUALIFY a IS NOT NULL
--: ta, ua, f, i
SELECT t.a AS ta, u.a AS ua, f, i FROM t JOIN u ON t.a = u.a
--: a
SELECT a, e FROM t JOIN u USING (a)
--: i
SELECT t.a, i, u.f FROM t LEFT JOIN u ON t.a = u.a
--: i, f
SELECT t.b, i, u.f FROM t LEFT JOIN u ON t.a = u.a WHERE u.f IS NOT NULL
--: i, f, ua
SELECT t.b, i, u.f, u.a AS ua FROM t LEFT JOIN u ON t.a = u.a WHERE u.a > 0
--: i, x
SELECT i, coalesce(u.f, 'none') AS x FROM t LEFT JOIN u ON t.a = u.a
--: f
SELECT i, f FROM t RIGHT JOIN u ON t.a = u.a
--:
SELECT i, f FROM t FULL JOIN u ON t.a = u.a
--: i
SELECT a, i FROM t SEMI JOIN u USING (b)
--: i, f
SELECT t.i, u.f FROM t, u WHERE t.b = u.b
--: n
SELECT (SELECT count(*) FROM u WHERE u.a = t.a) AS n, (SELECT max(e) FROM u) AS m, (SELECT f FROM u LIMIT 1) AS f FROM t
--: one
SELECT (SELECT 1) AS one, (SELECT unnest([1])) AS x
--: x
SELECT EXISTS (SELECT 1 FROM u) AS x, a IN (SELECT a FROM u) AS y FROM t
--: i
SELECT i FROM t UNION ALL SELECT length(f) FROM u
--:
SELECT i FROM t UNION ALL SELECT a FROM u
--: i
SELECT i FROM t EXCEPT SELECT a FROM u
--: a
SELECT a FROM t INTERSECT SELECT i FROM t
--: n
WITH c AS (SELECT b, count(*) AS n FROM t GROUP BY b) SELECT * FROM c
--: b
WITH c AS (SELECT b, a FROM t WHERE b <> 'x') SELECT b, a FROM c
--: x
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT count(n) AS x FROM r
--: l
SELECT ln[1] AS x, list_transform(ln, lambda x: x + 1) AS l, l[1] AS y FROM nest
--:
SELECT unnest(ln) AS x FROM nest
--: c, d
SELECT b || 'x' AS x, concat(b, 'x') AS c, i / 2 AS d, i / a AS q FROM t WHERE a IS NOT NULL AND c IS NOT NULL
--: x
SELECT v IS NULL AS x, v = 'a' AS y FROM texts
