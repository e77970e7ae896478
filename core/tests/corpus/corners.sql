-- name: short_a1
SELECT o.*, c.* EXCLUDE (customer_id, created_at), row_number() OVER (PARTITION BY c.country_code ORDER BY o.amount DESC) AS rn FROM orders o INNER JOIN customers c ON o.customer_id = c.customer_id WHERE o.order_date BETWEEN DATE '2024-01-01' AND DATE '2024-12-31';

-- name: short_a2
SELECT o.customer_id, c.customer_id, o.amount, o.amount FROM orders o JOIN customers c USING (customer_id);

-- name: short_a3
SELECT * FROM orders o JOIN order_items i ON o.order_id = i.order_id JOIN products p ON p.product_id = i.product_id;

-- name: short_a4
SELECT a.*, b.*, count(*) OVER () FROM stores a, stores b WHERE a.store_id < b.store_id;

-- name: short_a5
SELECT user_id, session_id, event_time, lead(event_time) OVER (PARTITION BY user_id ORDER BY event_time) - event_time AS dwell, sum(CASE WHEN event_type = 'purchase' THEN 1 ELSE 0 END) OVER (PARTITION BY user_id ORDER BY event_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS prior_purchases, properties.utm.source IS NOT NULL AS attributed, coalesce(properties.utm.source, 'direct') || '/' || coalesce(properties.utm.medium, 'none') AS source_medium FROM events;

-- name: short_a6
WITH base AS (SELECT customer_id, order_date, amount FROM orders), agg AS (SELECT customer_id, count(*) cnt, sum(amount) total, min(order_date) first_dt, max(order_date) last_dt FROM base GROUP BY customer_id) SELECT *, total / cnt aov, last_dt - first_dt span_days, (last_dt - first_dt) / nullif(cnt - 1, 0) avg_gap, ntile(100) OVER (ORDER BY total) pctile FROM agg;

-- name: short_a7
SELECT strftime(order_date, '%Y-%m') AS ym, count(DISTINCT customer_id) customers, sum(amount)::DECIMAL(18,2) revenue, (sum(amount) / count(DISTINCT customer_id))::DECIMAL(18,2) arpu, lag(revenue, 12) OVER (ORDER BY ym) AS ly, revenue / ly - 1 AS growth FROM orders GROUP BY ym ORDER BY ym;

-- name: short_a8
SELECT CAST(order_date AS VARCHAR) || ' ' || CAST(item_count AS VARCHAR), TRY_CAST(notes AS BIGINT) % 10, CAST(amount AS DECIMAL(10,0)), CAST('2024-01-01' AS DATE) + INTERVAL '1' MONTH, CAST(NULL AS VARCHAR), CAST([1,2] AS VARCHAR), CAST({'a':1} AS JSON), CAST(amount AS INTEGER) / 3, CAST(ordered_at AS TIME), CAST(order_date AS TIMESTAMP WITH TIME ZONE) FROM orders;

-- name: short_a9
SELECT DISTINCT first_value(status) OVER (PARTITION BY customer_id ORDER BY ordered_at) first_status, customer_id FROM orders;

-- name: short_b1
SELECT list(o.order_id) FILTER (WHERE o.amount > 100) AS big_orders, max(o.ordered_at) FILTER (WHERE o.status = 'paid')::DATE AS last_paid, sum(o.amount) FILTER (WHERE o.order_date >= current_date - INTERVAL 30 DAY) AS last30, bool_and(o.status IN ('paid', 'delivered')) AS clean FROM orders o GROUP BY o.customer_id;

-- name: short_b2
SELECT CASE WHEN count(*) = 0 THEN 0 ELSE sum(amount) / count(*) END AS safe_avg, CASE WHEN sum(amount) > 0 THEN 'pos' END AS sg, CASE max(status) WHEN 'paid' THEN 1 ELSE 0 END AS p, coalesce(avg(amount), 0.0) AS a, ifnull(max(discount), 0) AS d, nullif(count(*), 0) AS n FROM orders;

-- name: short_b3
SELECT product_id, array_agg(DISTINCT order_id ORDER BY order_id DESC)[1:5] AS recent, string_agg(quantity::VARCHAR, ',' ORDER BY line_no) AS q, sum(quantity) FILTER (WHERE discount_pct IS NULL) AS full_price, avg(unit_price * quantity) AS a, sum(unit_price * quantity * (1 - coalesce(discount_pct, 0))) AS net, any_value(attributes['color']) AS color, max(map_keys(attributes)) AS mk FROM order_items GROUP BY product_id;

-- name: short_b4
SELECT s.store_id, s.sale_date, s.revenue, avg(s.revenue) OVER (PARTITION BY s.store_id ORDER BY s.sale_date RANGE BETWEEN INTERVAL 6 DAYS PRECEDING AND CURRENT ROW) AS ma, s.revenue - avg(s.revenue) OVER (PARTITION BY s.store_id) AS dev, sum(s.units) OVER (PARTITION BY s.store_id, s.year ORDER BY s.sale_date) AS ytd_units, ratio_to_report FROM sales s, (SELECT 1 AS ratio_to_report);

-- name: short_b5
SELECT e1.full_name, e2.full_name AS peer, e1.salary - e2.salary AS gap, list_intersect(e1.skills, e2.skills) AS shared, len(list_intersect(e1.skills, e2.skills)) / len(list_distinct(e1.skills || e2.skills)) AS jaccard FROM employees e1 JOIN employees e2 ON e1.department_id = e2.department_id AND e1.employee_id < e2.employee_id;

-- name: short_b6
FROM orders SELECT * EXCLUDE (notes), amount * 0.2 AS vat WHERE amount > (SELECT avg(amount) FROM orders) ORDER BY vat DESC LIMIT 5;

-- name: short_b7
SELECT unnest({'a': 1, 'b': 'x'}), unnest([1, 2, 3]) AS n, unnest(map_keys(preferences)) AS k FROM customers;

-- name: short_b8
SELECT c.customer_id, t.tag, t.idx, p.key, p.value FROM customers c, unnest(c.tags) WITH ORDINALITY t(tag, idx), (SELECT unnest(map_keys(c.preferences)) AS key, unnest(map_values(c.preferences)) AS value) p;

-- name: short_c1
SELECT json_extract(payload, '$.items')::JSON[] AS arr, len(json_extract(payload, '$.items')::JSON[]) AS n, payload->>'$.user.name' AS nm, json_extract_string(payload, ['$.a', '$.b'])[1] AS a, (payload->'$.tags')::VARCHAR[] AS tags, CAST(payload->>'ts' AS TIMESTAMP) AS ts, json_type(payload->'x') = 'ARRAY' AS is_arr, json_serialize_x FROM (SELECT *, 1 AS json_serialize_x FROM events);

-- name: short_c2
SELECT range AS n, n::VARCHAR AS s, CASE WHEN n % 15 = 0 THEN 'FizzBuzz' WHEN n % 5 = 0 THEN 'Buzz' WHEN n % 3 = 0 THEN 'Fizz' ELSE s END AS fb FROM range(1, 101);

-- name: short_c4
SELECT x.*, y.y FROM (SELECT unnest(range(3)) AS i) x LEFT JOIN (SELECT 1 AS i, 'a' AS y) y USING (i);

-- name: short_c5
SELECT sum(a.amount) OVER () total, a.* FROM (SELECT amount, channel FROM orders) a;

-- name: short_c6
SELECT 100 * (1 - count(*) FILTER (WHERE bounced) / count(*)) AS engaged, avg(page_views)::INT AS pv, sum(revenue) / sum(page_views) AS rpv, avg(date_diff('second', started_at, ended_at)) / 60.0 AS mins, max(ended_at) - min(started_at) AS rng FROM sessions;

-- name: short_c7
SELECT id, txt, ts, (ts AT TIME ZONE 'UTC')::DATE AS d1, ts::DATE = d AS same, date_trunc('month', d)::DATE AS m1, d - date_trunc('month', d)::DATE + 1 AS dom, to_char_x FROM (SELECT *, 1 AS to_char_x FROM exotic);

-- name: short_c8
SELECT greatest(max(dec9), max(dec18)) AS g, sum(dec9) + sum(dec18) AS s, sum(dec9 * 2) AS d2, avg(dec9) * 100 AS p, max(dec38) - min(dec38) AS r, sum(dec4)::INT AS i, count(*) * avg(dec4) AS ca, sum(dec18) / sum(dec9) AS q, round(sum(dec18) / 1000, 1) AS k, sum(dec9) / 100 AS cents, sum(dec18) * sum(dec9) AS prod, -sum(dec9) AS neg, sum(dec4) % 7 AS md, sum(dec9) // 2 AS fl FROM exotic;

-- name: short_c9
SELECT bin || encode('x') AS b, md5(txt) || sha256(txt) AS h, to_base64(encode(txt)) AS b64, decode(from_base64(txt)) AS dec, hex(txt) AS hx, octet_length(encode(txt)) AS ol, bit_length(txt) AS bl, base64(bin) AS b2 FROM exotic;

-- name: corner_a1
SELECT interval '1 month' AS a, interval 3 month AS b, interval '5' second AS c, interval (1) hour AS d, '3 days'::interval AS e, 2 * interval 1 week AS f, interval '1' day + current_date AS g, now() - current_date::timestamptz AS h;

-- name: corner_a2
SELECT date '2024-01-31' + interval 1 month, date '2024-01-31' + 1, date '2024-01-31' - date '2024-01-01', timestamp '2024-01-31 10:00:00' - timestamp '2024-01-01', timestamp '2024-01-31 10:00:00' + 1 * interval '1 day', time '10:00' - interval '1 hour', timestamptz '2024-01-31 10:00:00+00' - interval 1 day;

-- name: corner_a3
SELECT date_trunc('day', tstz), date_trunc('month', d), date_trunc('hour', ts), date_trunc('week', ts_s), date_trunc('minute', ts_ms), date_trunc('year', ts_ns), date_trunc('day', iv), date_trunc('quarter', txt::timestamp) FROM exotic;

-- name: corner_a4
SELECT date_diff('day', d, ts), date_diff('hour', ts, tstz), date_sub('month', d, d), date_part('dow', d), date_part('epoch', iv), date_part('timezone_hour', tstz), date_part(['year', 'epoch'], ts), extract('isodow' from d), date_part('julian', d), date_part('second', t), dayofyear(ts), week(tstz), isoyear(d), epoch_ms(d::timestamp), epoch_ns(tstz), epoch(t), nanosecond(ts), microsecond(t), weekday(d), era(ts) FROM exotic;

-- name: corner_a5
SELECT make_date(2024, 1, 1), make_date(id), make_time(1, 2, 3), make_timestamp(2024, 1, 1, 1, 1, 1), make_timestamptz(2024, 1, 1, 1, 1, 1), make_timestamp(1000), make_timestamptz(1000), to_timestamp(1000), epoch_ms(1000), strptime('2024', '%Y'), strptime('2024 +01', '%Y %z'), try_strptime('x', '%Y'), strftime(tstz, '%Y'), to_years(1), to_quarters(1), to_weeks(2), to_milliseconds(3), to_microseconds(4), to_seconds(1.5), to_minutes(1), generate_series(d, d + interval 1 day, interval 1 hour), range(ts, ts + interval 1 day, interval 1 hour), unnest(generate_series(tstz, tstz, interval 1 day)) FROM exotic;

-- name: corner_a6
SELECT time_bucket(interval 1 hour, ts), time_bucket(interval 1 day, d), time_bucket(interval 1 day, tstz), time_bucket(interval 1 hour, ts, interval 5 minute), time_bucket(interval 1 hour, ts, timestamp '2024-01-01'), time_bucket(interval 1 hour, tstz, 'UTC'), age(d, d), age(tstz), timezone('UTC', ts), timezone('UTC', tstz), last_day(ts), monthname(d), dayname(tstz), ts::date::timestamp, tstz::timestamp::date, ts at time zone 'UTC' at time zone 'Asia/Tokyo', isfinite(ts), isinf(d), greatest(d, ts, tstz), least(ts_s, ts_ns), coalesce(d, ts), d between ts and tstz, d = '2024-01-01', ts > '2024-01-01 00:00', tstz >= now() FROM exotic;

-- name: corner_a7
SELECT 1::HUGEINT + 1, 1::UHUGEINT * 2, 255::UTINYINT + 1::UTINYINT, 1::TINYINT * 1::SMALLINT, 1::USMALLINT - 1, 1::UINTEGER + 1::INTEGER, 1::UBIGINT + 1::BIGINT, 1::UBIGINT + 1::INT, 1::BIGINT + 1.0, 1::FLOAT + 1.0, 1::FLOAT * 1::DECIMAL(10, 2), 1::DOUBLE + 1::HUGEINT, 1.0::DECIMAL(38, 2) + 1, 1.0::DECIMAL(20, 10) * 1.0::DECIMAL(20, 10), 1.0::DECIMAL(10, 2) / 3, 1.0::DECIMAL(10, 2) * 1::BIGINT, 1.0::DECIMAL(4, 1) + 1::INT, 10::DECIMAL(5, 0) % 3, sum(1::UTINYINT), sum(1::UBIGINT), sum(1::UHUGEINT), avg(1::UTINYINT), sum(1.5::FLOAT), sum(0.1), avg(0.1), max(1::UTINYINT), count(*) + 0.5;

-- name: corner_a8
SELECT least(1, 2.5), greatest(1::BIGINT, 2::UBIGINT), coalesce(1::TINYINT, 2::BIGINT), CASE WHEN true THEN 1::UTINYINT ELSE -1 END, [1::TINYINT, 1000], [1, 1.5, 1e0], {'a': 1::TINYINT}, [1::DECIMAL(5,2), 2::DECIMAL(10,4)], 1 IN (1.5, 2), nullif(1, 2.5), if(true, 1, 2::DOUBLE), ifnull(NULL, 1.5), [NULL, 1::UBIGINT, -1], coalesce(NULL, '1', 2::VARCHAR), CASE 1 WHEN 1 THEN '1' ELSE NULL END, greatest('a', 'b'), least(DATE '2024-01-01', TIMESTAMP '2024-01-01'), [DATE '2024-01-01', '2024-01-02'], CASE WHEN true THEN DATE '2024-01-01' ELSE '2024-01-02' END;

-- name: corner_a9
SELECT round(1.2345, 2), round(1.2345::DOUBLE, 2), round(12345, -2), round(1.5), floor(1.5), ceil(1.5::DECIMAL(5,2)), trunc(1.55::DECIMAL(5,2)), abs(-1.5), sign(-1.5), mod(5.5, 2), pow(2, 3), sqrt(2), ln(2), exp(1.0), round(1.5::FLOAT, 1), round(id::HUGEINT, 0), floor(id), ceil(dec18), trunc(dbl), round(dec9, 5) FROM exotic;

-- name: corner_b1
SELECT string_agg(DISTINCT txt, ', ' ORDER BY txt), listagg(txt, ','), array_to_string(list(txt), ','), concat(txt, NULL, 1), concat_ws('-', 1, d, NULL), txt || id::VARCHAR, 'a' || 1 || d, format('{:,}', sum(id)), printf('%d%%', count(*)), upper(max(txt)), length(min(txt)), left(max(txt), 3), repeat('x', count(*)::INT), lpad(count(*)::VARCHAR, 5, '0'), replace(max(txt), 'a', ''), substring(max(txt) from 1 for 2), trim(max(txt)), split_part(max(txt), ' ', 1), regexp_replace(max(txt), 'a', 'b'), contains(max(txt), 'a'), max(txt)[1:2], max(txt).upper() FROM exotic GROUP BY txt, id, d;

-- name: corner_b2
SELECT un, un.num, un.str, union_tag(un), mood, mood::VARCHAR, mood = 'paid', [mood, 'paid'], coalesce(mood, 'paid'), CASE WHEN flag THEN mood END, max(mood) OVER (), list(mood) OVER (), mood IN ('paid', 'shipped'), enum_code(mood), st, st.c, st.c.e, sts[1].v, mp['a'], mp['a'] IS NULL, nested[1][1], arr[1], js, js->'a', uid, bits, bin, iv, ttz, ints[1:2], list_zip(ints, ints), map_entries(mp), row(id, txt), {'id': id, 'st': st, 'l': sts} FROM exotic;

-- name: corner_b3
SELECT * FROM (VALUES (1::TINYINT, 1.5, 'a', DATE '2024-01-01', [1], {'a': 1}, NULL), (1000, 2, NULL, NULL, [2.5], {'a': 2.5}, 'x'), (NULL, 1e0, 'b', '2024-02-02', NULL, NULL, NULL)) t(a, b, c, d, e, f, g);

-- name: corner_b4
SELECT 1 AS a, NULL AS b, 'x' AS c, [] AS d, NULL AS e UNION ALL SELECT 2.5, 1, NULL, [1], DATE '2024-01-01' UNION ALL SELECT 1e0, 2::BIGINT, 'y', [NULL], NULL;

-- name: corner_b5
SELECT 1 AS a UNION SELECT '1';

-- name: corner_b6
SELECT d AS x FROM exotic UNION ALL SELECT ts FROM exotic UNION ALL SELECT '2024-01-01';

-- name: corner_b7
SELECT tiny AS x, mood AS m, st AS s, ints AS i, mp AS p FROM exotic UNION ALL SELECT huge, 'x', NULL, arr, NULL FROM exotic;

-- name: corner_b8
SELECT txt::INT AS a, txt::DECIMAL(10,3) AS b, txt::BOOLEAN AS c, txt::TIMESTAMP AS d, txt::TIMESTAMPTZ AS e, txt::INT[] AS f, txt::STRUCT(a INT) AS g, txt::MAP(VARCHAR, INT) AS h, txt::JSON AS i, txt::UUID AS j, txt::BLOB AS k, txt::BIT AS l, txt::INTERVAL AS m, txt::TIME AS n, txt::TIMETZ AS o, txt::TIMESTAMP_NS AS p, txt::UHUGEINT AS q, txt::FLOAT AS r, txt::CHAR(3) AS s, txt::NUMERIC AS t, txt::NUMERIC(12) AS u, txt::REAL AS v, txt::INT4[] AS w, txt::VARCHAR[3] AS x, txt::DATETIME AS y, txt::STRING AS z, txt::BIGINT[][] AS aa, txt::ENUM('a','b') AS bb, txt::UNION(a INT, b VARCHAR) AS cc, txt::HUGEINT AS dd, txt::TIMESTAMP WITH TIME ZONE AS ee, txt::DOUBLE PRECISION AS ff, txt::CHARACTER VARYING AS gg, txt::BYTEA AS hh, txt::LONG AS ii, txt::SHORT AS jj, txt::OID AS kk FROM exotic;

-- name: corner_c1
SELECT "order".amount, "order"."status" FROM orders AS "order" WHERE "order".amount > 1;

-- name: corner_c2
SELECT count(*) FILTER (WHERE amount > 100) * 100.0 / count(*) AS pct, (count(*) FILTER (WHERE amount > 100))::FLOAT / nullif(count(*), 0) AS r, sum(amount) FILTER (WHERE channel = 'web') - sum(amount) FILTER (WHERE channel = 'store') AS diff, 1 - sum(discount) / sum(amount) AS x FROM orders;

-- name: forms_a
SELECT e.event_id, i.unnest.sku, i FROM events e, unnest(e.items) AS i;

-- name: forms_b
SELECT e.event_id, unnest FROM events e, unnest(e.labels);

-- name: forms_c
SELECT e.event_id, i.* FROM events e, unnest(e.items) AS i;

-- name: forms_d
SELECT e.event_id, i.sku FROM events e CROSS JOIN unnest(e.items) AS t(i);

-- name: forms_g
SELECT * FROM (DESCRIBE SELECT amount FROM orders) WHERE column_type LIKE 'DEC%';

-- name: forms_h
SELECT orders.*, orders.rowid FROM orders;

-- name: forms_i
SELECT x FROM generate_series(1, 10) AS t(x) WHERE x NOT IN (SELECT order_id FROM orders WHERE order_id IS NOT NULL);

-- name: forms_j
SELECT generate_series AS g, generate_series * 2 FROM generate_series(1, 3);

-- name: forms_k
SELECT unnest(generate_series(1, 3)) AS i, 'x' AS c;

-- name: forms_l
SELECT t.*, t.i + 1 AS j FROM (SELECT unnest([{'i': 1, 'k': 'a'}, {'i': 2, 'k': 'b'}], recursive := true)) t;

-- name: forms_m
SELECT * FROM unnest([{'i': 1, 'k': 'a'}, {'i': 2, 'k': 'b'}]);

-- name: forms_o
SELECT * FROM unnest([1, 2, 3]) WITH ORDINALITY;

-- name: forms_p
SELECT * FROM repeat('x', 3), range(2);

-- name: forms_r
SELECT name, setting_x FROM (SELECT name, value AS setting_x FROM duckdb_settings()) WHERE name = 'threads';

-- name: forms_s
SELECT * FROM json_each('{"a": 1}');

-- name: forms_t
SELECT j.key, j.value->>'x' AS x FROM events, json_each(payload) AS j;

-- name: forms_u
SELECT je.* FROM events e, LATERAL json_tree(e.payload) je;

-- name: forms_v
SELECT a.customer_id FROM orders a WHERE a.amount = (SELECT max(b.amount) FROM orders b WHERE b.customer_id = a.customer_id) AND a.status NOT IN ('x') IS NOT NULL;

-- name: forms_x
SELECT list_transform(items, i -> i.sku || '-' || i.qty::VARCHAR) AS a, list_transform(items, lambda i: struct_pack(s := i.sku, p := i.price * 2)) AS b, list_filter(labels, l -> l NOT IN ('a', 'b') AND length(l) > 2) AS c, list_transform(labels, (l, idx) -> idx || ':' || l) AS d, list_reduce(list_transform(items, i -> i.price), (x, y) -> x + y) AS e FROM events;

-- name: forms_y
SELECT o.order_id FROM orders o WHERE o.order_date > '2024-01-01' AND o.ordered_at < '2024-06-01' AND o.amount > '10' AND o.status = 'paid' AND o.item_count IN ('1', '2') AND o.order_id BETWEEN '1' AND '5';

-- name: forms_z
SELECT c.customer_id FROM customers c JOIN events e ON c.customer_id = e.user_id AND e.event_time >= c.created_at AND e.event_time::DATE = c.birth_date AND c.external_id = e.event_id JOIN sessions s ON s.session_id = e.session_id AND s.started_at <= e.event_time;

-- name: forms_aa
SELECT customer_id = '5' AS a, amount > '1.5' AS b, order_date = '2024-01-01' AS c, order_date > ordered_at AS d, ordered_at = order_date AS e, status = channel AS f, status < 'paid' AS g, amount = item_count AS h, tax_rate = amount AS i, notes = 5::VARCHAR AS j, order_date IN ('2024-01-01', '2024-01-02') AS k, ordered_at BETWEEN order_date AND '2024-12-31' AS l FROM orders;

-- name: forms_ab
SELECT employee_id, shift_start < '10:00' AS a, shift_tz = '10:00+01' AS b, hired >= '2020-01-01' AS c, permissions = '101' AS d, level IN ('junior', 'lead') AS e, level > 'junior' AS f, skills = ['a'] AS g, 'sql' = ANY (skills) AS h, salary BETWEEN 1 AND 1e6 AS i FROM employees;

-- name: forms_ac
SELECT CASE WHEN level IN ('senior', 'lead') THEN 'exp' WHEN level = 'junior' THEN 'jr' ELSE level END AS a, coalesce(level::VARCHAR, 'none') AS b, level || '-' || employee_id AS c, max(level) OVER () AS d, upper(level) AS e, concat(level, 'x') AS f, level LIKE 'j%' AS g, length(level) AS h, level::VARCHAR = full_name AS i, replace(level, 'j', 'J') AS j FROM employees;

-- name: comments_in_names
SELECT sum(amount) OVER (ORDER BY order_date ROWS BETWEEN /* a week */ 7 PRECEDING AND CURRENT ROW), avg(amount) OVER (ORDER BY order_date ROWS 1 PRECEDING -- one
), count(*) OVER (ORDER BY order_date ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE /* x */ TIES), (WITH a AS /* materialized */ (SELECT 1 AS x) SELECT x FROM a) FROM orders;
