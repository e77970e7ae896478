-- by key: counts
SELECT (SELECT COUNT(*) FROM marts.orders) AS production_rows, (SELECT COUNT(*) FROM marts.orders_rocky_shadow) AS shadow_rows;

-- by key: parts
SELECT _rocky_b, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s
FROM (
  SELECT (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) AS _rocky_b, 1 AS _rocky_n_p, 0 AS _rocky_n_s, CAST(xxhash64(t.`we"i``rd` IS NULL, t.tags IS NULL, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS DECIMAL(20, 0)) AS _rocky_h
  FROM marts.orders AS t
  UNION ALL
  SELECT (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) AS _rocky_b, 0 AS _rocky_n_p, 1 AS _rocky_n_s, -CAST(xxhash64(t.`we"i``rd` IS NULL, t.tags IS NULL, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS DECIMAL(20, 0)) AS _rocky_h
  FROM marts.orders_rocky_shadow AS t
) AS _rocky_rows
GROUP BY _rocky_b
HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0
ORDER BY _rocky_b;

-- by key: parts of parts
SELECT _rocky_b, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s
FROM (
  SELECT (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1048575) AS _rocky_b, 1 AS _rocky_n_p, 0 AS _rocky_n_s, CAST(xxhash64(t.`we"i``rd` IS NULL, t.tags IS NULL, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS DECIMAL(20, 0)) AS _rocky_h
  FROM marts.orders AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) IN (3, 700)
  UNION ALL
  SELECT (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1048575) AS _rocky_b, 0 AS _rocky_n_p, 1 AS _rocky_n_s, -CAST(xxhash64(t.`we"i``rd` IS NULL, t.tags IS NULL, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS DECIMAL(20, 0)) AS _rocky_h
  FROM marts.orders_rocky_shadow AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) IN (3, 700)
) AS _rocky_rows
GROUP BY _rocky_b
HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0
ORDER BY _rocky_b;

-- by key: differences
WITH _rocky_rows AS (
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) AS _rocky_k, t.id AS _rocky_k1, t.`order` AS _rocky_k2, 1 AS _rocky_n_p, 0 AS _rocky_n_s, CAST(xxhash64(t.`we"i``rd` IS NULL, t.tags IS NULL, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS DECIMAL(20, 0)) AS _rocky_h
  FROM marts.orders AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) IN (3, 700)
  UNION ALL
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) AS _rocky_k, t.id AS _rocky_k1, t.`order` AS _rocky_k2, 0 AS _rocky_n_p, 1 AS _rocky_n_s, -CAST(xxhash64(t.`we"i``rd` IS NULL, t.tags IS NULL, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS DECIMAL(20, 0)) AS _rocky_h
  FROM marts.orders_rocky_shadow AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) IN (3, 700)
),
_rocky_diff AS (
  SELECT _rocky_k, _rocky_k1, _rocky_k2, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s
  FROM _rocky_rows
  GROUP BY _rocky_k, _rocky_k1, _rocky_k2
  HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0
)
SELECT COALESCE(SUM(CASE WHEN _rocky_s = 0 THEN _rocky_p ELSE 0 END), 0) AS only_in_production, COALESCE(SUM(CASE WHEN _rocky_p = 0 THEN _rocky_s ELSE 0 END), 0) AS only_in_shadow, COALESCE(SUM(CASE WHEN _rocky_p > 0 AND _rocky_s > 0 THEN 1 ELSE 0 END), 0) AS changed
FROM _rocky_diff;

-- by key: sample
WITH _rocky_rows AS (
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) AS _rocky_k, t.id AS _rocky_k1, t.`order` AS _rocky_k2, 1 AS _rocky_n_p, 0 AS _rocky_n_s, CAST(xxhash64(t.`we"i``rd` IS NULL, t.tags IS NULL, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS DECIMAL(20, 0)) AS _rocky_h
  FROM marts.orders AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) IN (3, 700)
  UNION ALL
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) AS _rocky_k, t.id AS _rocky_k1, t.`order` AS _rocky_k2, 0 AS _rocky_n_p, 1 AS _rocky_n_s, -CAST(xxhash64(t.`we"i``rd` IS NULL, t.tags IS NULL, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS DECIMAL(20, 0)) AS _rocky_h
  FROM marts.orders_rocky_shadow AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) IN (3, 700)
),
_rocky_diff AS (
  SELECT _rocky_k, _rocky_k1, _rocky_k2, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s
  FROM _rocky_rows
  GROUP BY _rocky_k, _rocky_k1, _rocky_k2
  HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0
),
_rocky_sample AS (
  SELECT *, CASE WHEN _rocky_p = 1 THEN _rocky_k END AS _rocky_only_p, CASE WHEN _rocky_s = 1 THEN _rocky_k END AS _rocky_only_s
  FROM _rocky_diff
  ORDER BY _rocky_k1, _rocky_k2
  LIMIT 10
)
SELECT d._rocky_p, d._rocky_s, d._rocky_k1, d._rocky_k2, p._rocky_c1 AS _rocky_p1, p._rocky_c2 AS _rocky_p2, s._rocky_c1 AS _rocky_s1, s._rocky_c2 AS _rocky_s2
FROM _rocky_sample AS d
LEFT JOIN (
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) AS _rocky_k, t.id AS _rocky_k1, t.`order` AS _rocky_k2, t.`we"i``rd` AS _rocky_c1, t.tags AS _rocky_c2
  FROM marts.orders AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) IN (3, 700)
) AS p
  ON d._rocky_only_p = p._rocky_k
  AND d._rocky_k1 <=> p._rocky_k1
  AND d._rocky_k2 <=> p._rocky_k2
LEFT JOIN (
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) AS _rocky_k, t.id AS _rocky_k1, t.`order` AS _rocky_k2, t.`we"i``rd` AS _rocky_c1, t.tags AS _rocky_c2
  FROM marts.orders_rocky_shadow AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.id, t.`order`) & 1023) IN (3, 700)
) AS s
  ON d._rocky_only_s = s._rocky_k
  AND d._rocky_k1 <=> s._rocky_k1
  AND d._rocky_k2 <=> s._rocky_k2
ORDER BY d._rocky_k1, d._rocky_k2;

-- whole rows: counts
SELECT (SELECT COUNT(*) FROM marts.orders) AS production_rows, (SELECT COUNT(*) FROM marts.orders_rocky_shadow) AS shadow_rows;

-- whole rows: parts
SELECT _rocky_b, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s
FROM (
  SELECT (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) AS _rocky_b, 1 AS _rocky_n_p, 0 AS _rocky_n_s, 0 AS _rocky_h
  FROM marts.orders AS t
  UNION ALL
  SELECT (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) AS _rocky_b, 0 AS _rocky_n_p, 1 AS _rocky_n_s, -0 AS _rocky_h
  FROM marts.orders_rocky_shadow AS t
) AS _rocky_rows
GROUP BY _rocky_b
HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0
ORDER BY _rocky_b;

-- whole rows: parts of parts
SELECT _rocky_b, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s
FROM (
  SELECT (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1048575) AS _rocky_b, 1 AS _rocky_n_p, 0 AS _rocky_n_s, 0 AS _rocky_h
  FROM marts.orders AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) IN (3, 700)
  UNION ALL
  SELECT (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1048575) AS _rocky_b, 0 AS _rocky_n_p, 1 AS _rocky_n_s, -0 AS _rocky_h
  FROM marts.orders_rocky_shadow AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) IN (3, 700)
) AS _rocky_rows
GROUP BY _rocky_b
HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0
ORDER BY _rocky_b;

-- whole rows: differences
WITH _rocky_rows AS (
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS _rocky_k, 1 AS _rocky_n_p, 0 AS _rocky_n_s, 0 AS _rocky_h
  FROM marts.orders AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) IN (3, 700)
  UNION ALL
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS _rocky_k, 0 AS _rocky_n_p, 1 AS _rocky_n_s, -0 AS _rocky_h
  FROM marts.orders_rocky_shadow AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) IN (3, 700)
),
_rocky_diff AS (
  SELECT _rocky_k, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s
  FROM _rocky_rows
  GROUP BY _rocky_k
  HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0
)
SELECT COALESCE(SUM(CASE WHEN _rocky_p > _rocky_s THEN _rocky_p - _rocky_s ELSE 0 END), 0) AS only_in_production, COALESCE(SUM(CASE WHEN _rocky_s > _rocky_p THEN _rocky_s - _rocky_p ELSE 0 END), 0) AS only_in_shadow, COALESCE(SUM(0), 0) AS changed
FROM _rocky_diff;

-- whole rows: sample
WITH _rocky_rows AS (
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS _rocky_k, 1 AS _rocky_n_p, 0 AS _rocky_n_s, 0 AS _rocky_h
  FROM marts.orders AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) IN (3, 700)
  UNION ALL
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS _rocky_k, 0 AS _rocky_n_p, 1 AS _rocky_n_s, -0 AS _rocky_h
  FROM marts.orders_rocky_shadow AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) IN (3, 700)
),
_rocky_diff AS (
  SELECT _rocky_k, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s
  FROM _rocky_rows
  GROUP BY _rocky_k
  HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0
),
_rocky_sample AS (
  SELECT *, CASE WHEN _rocky_p = 1 THEN _rocky_k END AS _rocky_only_p, CASE WHEN _rocky_s = 1 THEN _rocky_k END AS _rocky_only_s
  FROM _rocky_diff
  ORDER BY _rocky_k
  LIMIT 10
)
SELECT d._rocky_p, d._rocky_s, ANY_VALUE(v._rocky_c1), ANY_VALUE(v._rocky_c2), ANY_VALUE(v._rocky_c3), ANY_VALUE(v._rocky_c4)
FROM _rocky_sample AS d
JOIN (
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS _rocky_k, t.id AS _rocky_c1, t.`order` AS _rocky_c2, t.`we"i``rd` AS _rocky_c3, t.tags AS _rocky_c4
  FROM marts.orders AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) IN (3, 700)
  UNION ALL
  SELECT xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) AS _rocky_k, t.id AS _rocky_c1, t.`order` AS _rocky_c2, t.`we"i``rd` AS _rocky_c3, t.tags AS _rocky_c4
  FROM marts.orders_rocky_shadow AS t
  WHERE (xxhash64(t.id IS NULL, t.`order` IS NULL, t.`we"i``rd` IS NULL, t.tags IS NULL, t.id, t.`order`, t.`we"i``rd`, to_json(named_struct('v', t.tags))) & 1023) IN (3, 700)
) AS v ON v._rocky_k = d._rocky_k
GROUP BY d._rocky_k, d._rocky_p, d._rocky_s
ORDER BY d._rocky_k;

