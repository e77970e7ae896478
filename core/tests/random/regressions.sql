-- Queries that once were answered wrongly, made small. One on each line; `what_failed_once_is_right` checks.
WITH c1 AS (SELECT least()), c2 AS (SELECT 31.25) FROM c2
WITH c1 AS (FROM nums GROUP BY minute()) SELECT 16
WITH c1 AS (WITH c2 AS (SELECT 1), c3 AS (FROM t JOIN (FROM c2) ON list_slice(31, c, 4)) SELECT v16) SELECT '2020-02-01'
SELECT 36::UINTEGER < 8
FROM w WHERE CASE WHEN ok THEN 23::HUGEINT < 1 END
SELECT array[]
SELECT (SELECT e FROM u NATURAL JOIN w)
SELECT (SELECT 'it''s' FROM w JOIN range(4) ON 1)
SELECT count_if(ti > ti) FROM nums GROUP BY id
SELECT count_if(false) WHERE false
SELECT union_value(str := NULL)
SELECT union_value(num := 3000000000)::UNION(num VARCHAR)
SELECT map(NULL, NULL)
SELECT map(['a'], NULL)
SELECT map_concat(NULL, MAP {})
VALUES (4::UHUGEINT), (19)
SELECT CASE WHEN true THEN 13 WHEN true THEN 1::USMALLINT END
SELECT CASE WHEN false THEN 27 WHEN false THEN 19::UHUGEINT END
SELECT replace_type(md, id, ls) FROM nest
SELECT strptime(grp, array['%Y', '%z']) FROM w
SELECT regexp_extract("select", 'a(.)', ['ok']) FROM "Odd Name"
SELECT date_part(list_value('year', 'epoch'), dt) FROM times
SELECT list_transform(l, lambda x: list_sum([y FOR y IN NULL IF true])) FROM nest
SELECT lag(NULL AT TIME ZONE 'UTC') OVER ()
SELECT equi_width_bins(ls, false, 4, true) FROM nest
WITH c1(k9, k10) AS (SELECT 1) SELECT CASE WHEN false THEN NULL END
SELECT 3000000000 IN []::BIGINT t
SELECT a IN (1, 2)::VARCHAR || 'x', b IS NULL::VARCHAR FROM t
WITH c1(k9, k10) AS (SELECT 1) FROM c1
WITH RECURSIVE c1(k9, k10) AS (SELECT 1 UNION BY NAME SELECT NULL) SELECT c1.k9 FROM c1 JOIN c1 d USING (k10)
WITH RECURSIVE r AS (SELECT 1 a UNION ALL SELECT 2.5 UNION ALL SELECT 3.5 FROM r WHERE false) FROM r
WITH RECURSIVE r AS (SELECT 1 a EXCEPT SELECT 2.5) FROM r
SELECT k14 FROM (FROM times SEMI JOIN nums USING (id) JOIN range(3) r13(k14) ON true)
SELECT coalesce(nums, constant_or_null(b, NULL)) FROM texts
SELECT TRY (34)
SELECT (SELECT NULL FROM w JOIN (VALUES (17.818)) ON 1)
SELECT (SELECT w FROM w JOIN VALUES (NULL) k8 ON k8)
SELECT CASE WHEN 1 THEN (SELECT NULL GROUP BY ()) END
SELECT add(NULL, [])
SELECT a FROM (SELECT TRY_CAST(d AS  TIME WITH TIME ZONE) AS a FROM t GROUP BY TRY_CAST(d AS TIME  WITH TIME ZONE))
FROM nums SELECT union_value(num := (SELECT 22 FROM texts GROUP BY nums.d))
SELECT * REPLACE (1.5 AS id) FROM nums, w
SELECT array_sort([], replace(NULL, 'a', 'b'), v) FROM texts
SELECT date_add('year', constant_or_null(d94 + NULL, 2)) FROM nums
SELECT NULL::DECIMAL(5,2) + 1.5, round(NULL::DECIMAL(5,2), 1), -(NULL::DECIMAL(5,2)), 1.5 * NULL::INTEGER, (NULL::DECIMAL(5,2)) + d52 FROM nums
SELECT [1, 2][NULL::INTEGER], (NULL::DATE[])[1], (NULL::VARCHAR)[1], MAP {1: 2.5}[NULL], (NULL::MAP(INTEGER, DATE))[1], (NULL)[1], (NULL)['a'], (NULL::DATE[])[1][2]
SELECT (NULL::STRUCT(a DATE)).a, (NULL::STRUCT(a DATE))['b'], (NULL::UNION(a DATE)).a, (NULL::JSON)['a'], (NULL::JSON) -> 'a'
SELECT list_sort(NULL::DATE[]), list_sort(coalesce(NULL::DATE[], NULL)), list_sort(CASE WHEN true THEN NULL::DATE[] END), list_sort(if(true, NULL::DATE[], NULL)), flatten(NULL::DATE[][]), list_distinct(NULL::DATE[])
SELECT list_aggregate(NULL::DATE[], 'list'), list_aggregate(NULL, 'sum'), strptime(NULL::VARCHAR, '%Y %z'), strptime(NULL, '%Y %n'), strptime('2020', NULL::VARCHAR), regexp_extract(NULL::VARCHAR, '(a)', ['x'])
SELECT NULL::VARCHAR || 'a', NULL::INTEGER[] || [1], v || NULL::VARCHAR FROM texts
SELECT date_part(['year'], NULL::DATE), json_keys(NULL::JSON, ['a']), map_keys(NULL::MAP(DATE, INTEGER)), list_zip(NULL::DATE[], [1]), list_concat(NULL::DATE[], [NULL])
SELECT [33, NULL, usi], [NULL, 33, usi], [usi, NULL, 33], MAP {1: 33, 2: NULL, 3: usi}, coalesce(33, NULL, usi) FROM nums
SELECT @ y FROM (WITH c10 AS (SELECT NULL y) SELECT NULL y)
WITH c9 AS (WITH c10 AS (SELECT 1 n, [NULL] y) TABLE c10) SELECT @ y[1] FROM c9
WITH c9 AS (WITH c10 AS (SELECT 1 n, NULL y) TABLE c10) SELECT @ y FROM (SELECT NULL) JOIN c9 ON n
SELECT k5 FROM unnest((SELECT list_value())) k5
SELECT * FROM unnest((SELECT [1, 2])) k5
SELECT unnest(NULL)
SELECT COLUMNS([x for x in (*) if x <> 'i']) FROM t
SELECT COLUMNS([x for x in *]) FROM nest
FROM repeat(false, 2)
FROM repeat('10:11:12+02'::TIMETZ, 2) r(k)
SELECT 1_0e_5
SELECT 1e, 1.5e_5, 1_000, 1_x
WITH RECURSIVE c1 AS (SELECT 1, NULL y UNION (SELECT 1, NULL)) SELECT @ y FROM c1
WITH RECURSIVE c1 AS (SELECT 1, '18.5'::DOUBLE x, NULL y UNION SELECT 1, x, 24 FROM c1) SELECT y FROM c1
SELECT k2 FROM unnest((SELECT [])) k2
SELECT date_diff('month', nth_value(NULL, 2) OVER () [1], make_timestamp(2020, 1, 2, 3, 4, 5.5))
VALUES (18), (list_filter(NULL, lambda i2 : i2) [1])
SELECT greatest(upper(NULL), dt), coalesce(upper(NULL::VARCHAR), dt), [upper(NULL), dt], CASE WHEN id = 1 THEN upper(NULL) ELSE dt END, upper(NULL) = dt FROM times
FROM texts k6 SELECT struct_insert({'k': v}, l := NULL).k || 'it''s'
SELECT greatest(NULL, v) || 'x', least(v, NULL) || 'x', list_concat(NULL, [id]) || [1], regexp_extract(v, 'a', NULL::INTEGER) || 'x' FROM texts
SELECT id FROM w JOIN nums USING (id) JOIN nums r3 ON id
SELECT id FROM nums r3 JOIN w JOIN nums USING (id) ON id
SELECT (SELECT a FROM t ORDER BY ALL DESC NULLS LAST LIMIT 1)
SELECT (SELECT count(*) FROM t GROUP BY (a, b), c LIMIT 1)
SELECT (SELECT count(*) FROM t GROUP BY ROW(a, b) LIMIT 1)
SELECT unnest(row(1, 2)), unnest([row(1, 2)], recursive := true)
SELECT unnest({'a': 1, 'b': row(3,4)}, recursive := true)
SELECT (SELECT bl FROM (SHOW times) x), (SELECT bl FROM (SHOW TABLES) x), (SELECT bl FROM (SUMMARIZE SELECT a + 1 FROM t)) FROM texts
FROM (SUMMARIZE times)
FROM (SUMMARIZE SELECT b FROM t)
FROM (SUMMARIZE SELECT b, d FROM t)
FROM (DESCRIBE SELECT b, d FROM t)
FROM (SHOW ALL TABLES)
SELECT NULL + [] || []
SELECT NULL + []
SELECT [] + NULL
SELECT NULL || []
SELECT least([], NULL) @> NULL, least([], NULL) @> [1], least([1], NULL) @> NULL
SELECT least([], NULL) @> [DATE '2020-01-01']
SELECT (1,2) = ANY (SELECT 1,2)
SELECT row(1,2) IN (SELECT 1,2)
SELECT * FROM (SELECT * FROM (PIVOT u ON b IN ('a','b') USING sum(a)) p JOIN t ON true)
FROM w JOIN u USING (ok) JOIN (PIVOT u ON e IN (1)) ON CASE WHEN ok THEN id END
SELECT (true, NULL) IN (SELECT 99999999, id FROM texts)
SELECT a, c FROM t ASOF JOIN w ON c IS NOT DISTINCT FROM amt AND a >= amt
SELECT (1, 2) < ANY (SELECT id, 3 FROM w), ('x', 2) <> ALL (SELECT grp, id FROM w)
VALUES (map([-1], [1])), (array_extract(NULL, 4)), (upper(NULL))
SELECT union_value(str := '') IN (1::UNION (num INTEGER, str VARCHAR), 1)
SELECT union_value(str := '') IN (union_value(num := 1), 1, 2::UNION (num INTEGER, str VARCHAR))
SELECT (SELECT tmz) FROM times GROUP BY 1
SELECT (SELECT tmz), (SELECT max(tmz) FROM times) AS m FROM times GROUP BY (SELECT tmz)
SELECT CASE WHEN EXISTS (SELECT true) THEN tmz END AS y, min(tmz) FROM times GROUP BY y
SELECT (SELECT tmz) AS y FROM times GROUP BY ALL
SELECT [(SELECT tmz)] AS y FROM times GROUP BY y
SELECT y FROM (SELECT (SELECT tmz) AS y FROM times) GROUP BY y
SELECT (SELECT tmz) AS y FROM times GROUP BY GROUPING SETS ((y), ())
FROM nest, (FROM nest JOIN nest b6 ON b6)
FROM t JOIN (PIVOT texts ON vn IN ('b')) ON a
SELECT 1 id, 2 id_1, 3 id, 4 id_1
SELECT NOT EXISTS (FROM u) = k16 FROM (VALUES (true)) v(k16)
SELECT NOT EXISTS (FROM u) IS NULL, NOT EXISTS (FROM u) AND true, true = NOT EXISTS (FROM u)
SELECT (SELECT id FROM nums ORDER BY ALL /* down */ DESC NULLS /* last */ LAST LIMIT 10 /* of a hundred */ %)
SELECT (SELECT id FROM nums ORDER BY id /* up */ ASC LIMIT 1 /* not a percent */)
FROM (SHOW /* every */ ALL TABLES)
FROM (SHOW ALL)
FROM (SHOW SCHEMAS)
FROM (SHOW VARIABLES)
FROM (SHOW TABLES FROM memory.main)
FROM (SUMMARIZE tables)
FROM (SUMMARIZE /* the */ nums)
SELECT (FROM (SHOW DATABASES))
SELECT (FROM (DESCRIBE /* x */ TABLES))
SELECT {'extra': id} IN ({'a': 23, 'b': 'ok'}), (1, 2) IN ({'a': 1, 'b': 2}) FROM nums
