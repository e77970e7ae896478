-- name: integer_promotion
SELECT
    tiny + small AS a, small * 2 AS b, tiny + 1 AS c, utiny + usmall AS d, utiny - 1 AS e, uint + id AS f, ubig + big AS g,
    big + huge AS h, huge * 2 AS i, uhuge + 1 AS j, tiny / 2 AS k, id // 2 AS l, big % 7 AS m, -utiny AS n, -tiny AS o, tiny + utiny AS p,
    usmall + small AS q, uint + big AS r, ubig + 1 AS s, id + 1.5 AS t, big * 0.1 AS u, huge + 0.5 AS v, flt + id AS w, flt * dbl AS x, dbl + huge AS y
FROM exotic;

-- name: decimal_arithmetic
SELECT
    dec4 + dec4 AS a, dec4 * dec4 AS b, dec9 + dec4 AS c, dec9 * dec4 AS d, dec18 * dec9 AS e, dec18 + dec38 AS f, dec38 * 2 AS g, dec9 / 3 AS h,
    dec9 % 2 AS i, dec18 + 1 AS j, dec18 + 1.25 AS k, dec9 * id AS l, dec9 + big AS m, dec4 + tiny AS n, dec4 * tiny AS o, dec9 * flt AS p,
    dec9 - dbl AS q, -dec18 AS r, abs(dec9) AS s, round(dec18, 1) AS t, round(dec18) AS u, floor(dec9) AS v, ceil(dec38) AS w, dec18 // 2 AS x, dec9 + utiny AS y, dec9 + ubig AS z
FROM exotic;

-- name: sums_of_everything
SELECT sum(tiny), sum(small), sum(id), sum(big), sum(huge), sum(utiny), sum(usmall), sum(uint), sum(ubig), sum(uhuge), sum(flt), sum(dbl),
    sum(dec4), sum(dec9), sum(dec18), sum(dec38), sum(flag), sum(flag::INT)
FROM exotic;

-- name: avgs_of_everything
SELECT avg(tiny), avg(big), avg(huge), avg(ubig), avg(flt), avg(dec9), avg(dec38), avg(d), avg(ts), avg(tstz), avg(iv), avg(t), avg(flag::INT), median(d), median(ts), median(dec9), median(id), median(iv), median(txt), median(t)
FROM exotic;

-- name: min_max_of_everything
SELECT min(bits), max(bin), min(uid), max(mood), min(js), max(ints), min(st), max(mp), min(iv), max(t), min(ttz), max(ts_ns), min(ts_s), max(tstz), min(flag), max(arr), min(un), mode(mood), mode(dec9), any_value(sts), first(nested), last(uhuge)
FROM exotic;

-- name: statistics
SELECT stddev(id), stddev_pop(dec9), variance(big), var_samp(flt), corr(id, big), covar_pop(dbl, flt), covar_samp(id, id), regr_slope(dbl, id), regr_intercept(id, big), regr_r2(id, dbl), regr_count(id, big), regr_avgx(id, big), regr_sxx(id, big), skewness(id), kurtosis_pop(dbl), entropy(txt), sem(id), product(id), geomean(dbl), fsum(dbl), kahan_sum(flt), favg(dbl), bit_and(id), bit_or(utiny), bit_xor(huge), bit_and(bits), bool_and(flag), mad(dbl), mad(d), mad(ts)
FROM exotic;

-- name: quantiles
SELECT quantile(id, 0.5), quantile_cont(id, 0.5), quantile_disc(id, 0.5), quantile_cont(dec9, 0.5), quantile_cont(d, 0.5), quantile_disc(d, 0.25), quantile_cont(ts, [0.25, 0.75]), quantile_disc(txt, 0.5), quantile_disc(iv, 0.5), quantile(txt, 0.5), percentile_cont(0.5) WITHIN GROUP (ORDER BY dbl), percentile_disc(0.9) WITHIN GROUP (ORDER BY id DESC), mode() WITHIN GROUP (ORDER BY txt), quantile_cont(dbl, [0.1, 0.9]), approx_quantile(id, 0.5), approx_quantile(dbl, [0.5, 0.9]), approx_quantile(ts, 0.5), reservoir_quantile(id, 0.5), quantile_cont(big, 0.5), quantile_cont(flt, 0.5), quantile_cont(huge, 0.5), quantile_cont(t, 0.5)
FROM exotic;

-- name: temporal_arithmetic
SELECT
    d + 1 AS a, d - 1 AS b, d - d AS c, d + iv AS e, d - iv AS f, ts + iv AS g, ts - ts AS h, ts - d AS i, d + t AS j, t + iv AS k, t - iv AS l,
    tstz - tstz AS m, tstz + iv AS n, iv + iv AS o, iv * 2 AS p, iv / 2 AS q, -iv AS r, ts_ns + iv AS s, ts_s - ts_s AS u, ts_ms + iv AS v, ts_ns - ts_ns AS w,
    d + INTERVAL 1 MONTH AS x, 3 * INTERVAL '1 day' AS y, ttz + iv AS z, d + ttz AS aa, ts - iv * 2 AS bb
FROM exotic;

-- name: casts
SELECT
    id::VARCHAR, CAST(txt AS INTEGER), txt::DATE, TRY_CAST(txt AS DECIMAL(10, 2)), d::TIMESTAMP, ts::DATE, ts::TIME, tstz::TIMESTAMP, ts::TIMESTAMPTZ,
    bits::BLOB, txt::BLOB, uid::VARCHAR, txt::UUID, mood::VARCHAR, ints::VARCHAR, ints::BIGINT[], arr::INTEGER[], ints::INTEGER[3],
    st::JSON, js::MAP(VARCHAR, INTEGER), un::VARCHAR, 1::UNION(num INTEGER, str VARCHAR), id::BIT, dbl::DECIMAL, big::HUGEINT, st::STRUCT(a BIGINT, b VARCHAR, c STRUCT(d DATE, e DOUBLE)),
    mp::MAP(VARCHAR, BIGINT), '{1,2}'::INT[], '[1, 2]'::INT[], iv::VARCHAR, '1 day'::INTERVAL, flag::INT, id::BOOLEAN, ts::TIMESTAMP_NS, ts_ns::TIMESTAMP, t::TIMETZ
FROM exotic;

-- name: literals
SELECT 1, -1, 1.5, 1e3, 1.5e-3, .5, 1_000_000, 3000000000, 9223372036854775808, 170141183460469231731687303715884105728, 'text', E'a\nb', $$dollar$$, $tag$x$tag$, TRUE, FALSE, NULL, DATE '2024-01-01', TIME '12:34:56', TIMESTAMP '2024-01-01 00:00:00', TIMESTAMPTZ '2024-01-01 00:00:00+00', INTERVAL 1 DAY, INTERVAL '2 hours', INTERVAL '1' YEAR, X'AB', '\xAA'::BLOB, '101'::BIT, UUID '00000000-0000-0000-0000-000000000000', 1.0::FLOAT, 12345678901234567890.12, JSON '{"a": 1}', DECIMAL '1.5', [1, 2], {'a': 1}, MAP {'a': 1}, (1, 2);

-- name: typed_literals_mixed
SELECT [1, 2.5, 3] AS a, [1, NULL] AS b, [NULL] AS c, [] AS d, [DATE '2024-01-01', TIMESTAMP '2024-01-01 00:00:00'] AS e, ['a', NULL] AS f, [1, 3000000000] AS g, [[1], [2, 3]] AS h, [{'a': 1}, {'a': 2}] AS i, {'x': NULL, 'y': []} AS j, MAP {1: 'a', 2: NULL} AS k, MAP {} AS l, ARRAY[1, 2, 3] AS m, array_value(1, 2, 3) AS n, [1::TINYINT, 2] AS o, union_value(k := 5) AS p, row(1, 'a') AS q, {'a': {'b': {'c': [1.5]}}} AS r, [1, '2'] AS s, ['1', 2] AS u, [true, false] AS v;

-- name: coalesce_case_types
SELECT
    coalesce(tiny, big) AS a, coalesce(dec4, 0) AS b, coalesce(dec9, dec18) AS c, coalesce(d, ts) AS e, coalesce(txt, 'x') AS f, coalesce(NULL, id) AS g, coalesce(ints, []) AS h,
    CASE WHEN flag THEN 1 ELSE 2.5 END AS i, CASE WHEN flag THEN dec4 ELSE big END AS j, CASE WHEN flag THEN d ELSE NULL END AS k, CASE id WHEN 1 THEN 'a' WHEN 2 THEN NULL END AS l,
    greatest(tiny, 1000) AS m, least(dec4, dec9, 5) AS n, greatest(d, ts) AS o, nullif(id, 0) AS p, nullif(txt, '') AS q, ifnull(small, 0) AS r, if(flag, id, big) AS s, if(flag, 'a', 'b') AS t,
    coalesce(mood, 'paid') AS u, CASE WHEN flag THEN mood ELSE 'none' END AS v, coalesce(uid, uuid()) AS w, coalesce(js, '{}') AS x, CASE WHEN flag THEN st END AS y, coalesce(utiny, tiny) AS z, coalesce(ubig, big) AS aa, coalesce(dec38, dbl) AS bb, coalesce(flt, dec9) AS cc, coalesce(iv, INTERVAL 1 DAY) AS dd
FROM exotic;

-- name: set_op_types
SELECT tiny AS x, dec4 AS y, d AS z, 'a' AS w, NULL AS n FROM exotic
UNION ALL
SELECT big, dec18, ts, txt, 1 FROM exotic
UNION ALL
SELECT 1, 2.5, NULL, mood, NULL FROM exotic;

-- name: blob_and_bit
SELECT octet_length(bin) AS a, encode(txt) AS b, decode(bin) AS c, to_base64(bin) AS e, from_base64('aGk=') AS f, hex(bin) AS g, unhex('AB') AS h, bin || bin AS i, md5(bin) AS j, sha256(txt) AS k, bit_count(bits) AS l, bits & bits AS m, bits | bits AS n, xor(bits, bits) AS o, ~bits AS p, bits << 2 AS q, get_bit(bits, 1) AS r, set_bit(bits, 0, 1) AS s, bit_length(txt) AS t, bitstring('101', 8) AS u, bits || bits AS v, length(bits) AS w, bit_position('1'::BIT, bits) AS x, bitstring_agg(id, 1, 10) AS y, repeat(bin, 2) AS z, hash(bin) AS aa FROM exotic GROUP BY ALL;

-- name: union_values
SELECT un.num AS n, un.str AS s, union_tag(un) AS tag, union_extract(un, 'num') AS e, un::VARCHAR AS v, union_tag(un) = 'num' AS is_num, CASE union_tag(un) WHEN 'num' THEN un.num::VARCHAR ELSE un.str END AS txt FROM exotic;

-- name: enum_functions
SELECT enum_first(mood) AS a, enum_last(mood) AS b, enum_range(mood) AS c, enum_range_boundary(mood, NULL) AS d, enum_code(mood) AS e, mood = 'paid' AS f, mood > 'pending' AS g, mood IN ('paid', 'shipped') AS h, mood || '!' AS i, upper(mood) AS j, length(mood) AS k, max(mood) OVER () AS l FROM exotic;

-- name: uuid_functions
SELECT uuid() AS a, gen_random_uuid() AS b, uuidv4() AS c, uuidv7() AS d, uuid_extract_version(uid) AS e, uuid_extract_timestamp(uuidv7()) AS f, uid = '00000000-0000-0000-0000-000000000000' AS g, uid::VARCHAR || 'x' AS h, hash(uid) AS i, md5(uid::VARCHAR)::UUID AS j FROM exotic;

-- name: arrays_fixed
SELECT arr[1] AS a, arr[1:2] AS b, array_length(arr) AS c, list_sum(arr) AS d, array_distance(embedding, embedding) AS e, array_cosine_similarity(embedding, [1, 2, 3, 4]::FLOAT[4]) AS f, array_inner_product(embedding, embedding) AS g, array_cross_product(dimensions::FLOAT[3], [1, 2, 3]::FLOAT[3]) AS h, arr || [4] AS i, list_transform(arr, x -> x * 2) AS j, unnest(dimensions) AS k, arr::VARCHAR AS l, array_value(id, 2) AS m, [x + 1 FOR x IN arr] AS n, dimensions[1] * dimensions[2] * dimensions[3] AS vol, list_max(dimensions) AS mx, array_contains(arr, 3) AS con FROM exotic, products;

-- name: bitwise
SELECT id & 15, id | 1, xor(id, 3), id << 2, big >> 1, ~id, utiny & 7, huge | 1, tiny << 1, bit_count(id), usmall & small FROM exotic;

-- name: math_functions
SELECT sqrt(id), pow(id, 2), power(dec9, 2), exp(1), ln(dbl), log(id), log10(id), log2(dbl), log(2, 8), cbrt(id), pi(), radians(180), sin(dbl), atan2(1, 2), mod(id, 3), mod(dec9, 2), gcd(id, 12), lcm(big, 4), factorial(5), sign(dec9), sign(id), even(dbl), gamma(dbl), isnan(dbl), isfinite(flt), nextafter(dbl, 1), random(), setseed(0.5), round(dbl, 2), round(id, -1), round(flt), round_even(dbl, 1), trunc(dec9), trunc(dbl), fdiv(id, 2), fmod(id, 2), greatest_common_divisor(4, 6), bin(5), to_base(255, 16), abs(tiny), abs(uint) FROM exotic;

-- name: string_functions
SELECT length(txt), strlen(txt), upper(txt), initcap_ FROM (SELECT txt, concat(upper(txt[1]), lower(txt[2:])) AS initcap_ FROM exotic);

-- name: string_functions_two
SELECT substring(txt, 1, 3), txt[1], txt[2:4], left(txt, 2), right(txt, 2), lpad(txt, 10, '0'), rpad(txt, 5, ' '), trim(txt), ltrim(txt, 'x'), replace(txt, 'a', 'b'), translate(txt, 'abc', 'xyz'), reverse(txt), repeat(txt, 2), position('a' IN txt), instr(txt, 'a'), strpos(txt, 'a'), contains(txt, 'a'), starts_with(txt, 'a'), suffix(txt, 'z'), txt LIKE 'a%', txt ILIKE 'A%', txt SIMILAR TO 'a+', txt GLOB 'a*', regexp_matches(txt, 'a'), regexp_replace(txt, 'a', 'b', 'g'), regexp_extract(txt, '(\d+)', 1), regexp_extract_all(txt, 'a'), regexp_full_match(txt, 'a'), regexp_extract(txt, '(a)(b)', ['x', 'y']), string_split(txt, ','), split_part(txt, ',', 1), regexp_split_to_array(txt, ','), string_to_array(txt, ' '), concat(txt, id, d), concat_ws(',', txt, id), format('{} {}', txt, id), printf('%s %d', txt, id), chr(65), ascii(txt), unicode(txt), ord(txt), levenshtein(txt, 'a'), jaccard('ab', 'bc'), jaro_winkler_similarity(txt, 'a'), hamming('ab', 'cd'), md5(txt), sha1(txt), hash(txt), strip_accents(txt), bar(id, 0, 10), formatReadableSize(big), format_bytes(big), url_encode(txt), parse_path(txt), parse_filename(txt), txt ^@ 'a', txt || 1, txt || NULL, nfc_normalize(txt), ucase(txt), overlay_ FROM (SELECT *, 1 AS overlay_ FROM exotic);

-- name: comparisons
SELECT id = big, d < ts, txt = 'a', id IS NULL, id IS NOT NULL, id IS DISTINCT FROM big, flag IS TRUE, flag IS NOT FALSE, flag IS UNKNOWN, id BETWEEN 1 AND 10, d NOT BETWEEN '2024-01-01' AND '2024-12-31', id IN (1, 2, 3), id NOT IN (SELECT id FROM exotic), txt IN ('a', 'b'), NOT flag, flag AND id > 1 OR txt = 'x', ints = [1], st = st, id == 1, id != 2, id <> 3, (id, txt) = (1, 'a'), 1 < id AND id <= 5, id ISNULL, txt NOTNULL, d = '2024-01-01', ts > current_timestamp::TIMESTAMP, 3 IN ints, id = ANY (ints), id > ALL (SELECT 1), mood = ANY (['paid'])
FROM exotic;

-- name: system_functions
SELECT current_date, current_timestamp, now(), today(), current_time, localtime, localtimestamp, get_current_timestamp(), current_user, current_schema(), current_database(), version(), current_schemas(true), txid_current(), typeof(1), pg_typeof(1), current_setting('threads'), transaction_timestamp(), current_catalog, user, session_user, current_role, uuid() IS NOT NULL, get_current_time();

-- name: hugeint_sums
WITH t AS (SELECT account_id, sum(entry_id) AS s, sum(account_id) AS i, count(*) AS c, sum(debit) AS d, sum(balance) AS b, max(entry_id) AS m FROM ledger GROUP BY 1)
SELECT s / c AS a, i / c AS b, i % 10 AS e, s + i AS f, d / c AS g, d * 2 AS h, b * 1.5 AS j, i * 0.01 AS k, i + 0.5 AS l, m - 1 AS n, i::BIGINT AS o, sum(i) OVER () AS p, sum(c) OVER () AS q, avg(i) OVER () AS r, round(i / c, 2) AS t, i // 7 AS u, -i AS v, abs(i) AS w, sqrt(i) AS x, greatest(i, c) AS y, coalesce(i, 0) AS z
FROM t;

-- name: timestamps_precisions
SELECT ts_s::DATE, ts_ms::TIMESTAMP, ts_ns::TIMESTAMP_S, date_trunc('day', ts_ns), date_trunc('hour', ts_s), date_diff('second', ts_ms, ts_s), extract(year FROM ts_ns), strftime(ts_ns, '%Y'), epoch_ns(ts_ns), epoch_us(ts_ms), make_timestamp_ns(1), make_timestamp_ms(1), epoch_ms(123456), to_timestamp(1.5), ts_ns = ts, coalesce(ts_ns, ts), greatest(ts_s, ts_ms), ts_ns::VARCHAR, year(ts_s), time_bucket(INTERVAL 1 DAY, ts_ns::TIMESTAMP), date_part('second', ts_ns), min(ts_ns) OVER (), nanosecond(ts_ns), date_add(ts_ms, INTERVAL 1 DAY), ts_ns + INTERVAL 1 HOUR, ts_s - INTERVAL 1 HOUR, ts_s < d
FROM exotic;

-- name: concatenated_nulls
SELECT txt || NULL AS a, txt || NULL::VARCHAR AS b, txt || CAST(NULL AS INT) AS c, txt || nullif('a', 'a') AS d, ints || NULL AS e, txt || (NULL + 1) AS f, (txt || NULL) || 'a' AS g, ints || NULL::INT[] AS h, coalesce(NULL, NULL::VARCHAR) || txt AS i, txt || upper(NULL) AS j, txt || nullif('a', txt) AS k, txt || nullif(txt, '') AS l, concat(txt, NULL) AS m, upper(NULL) AS n, txt || CASE WHEN flag THEN 'x' END AS o, txt || coalesce(NULL, 'x') AS p
FROM exotic;
