-- name: org_tree
WITH RECURSIVE org AS (
    SELECT employee_id, manager_id, full_name, 0 AS depth, [full_name] AS path, full_name AS trail FROM employees WHERE manager_id IS NULL
    UNION ALL
    SELECT e.employee_id, e.manager_id, e.full_name, o.depth + 1, list_append(o.path, e.full_name), o.trail || ' / ' || e.full_name FROM employees e JOIN org o ON e.manager_id = o.employee_id WHERE o.depth < 20
)
SELECT *, repeat('  ', depth) || full_name AS indented, len(path) AS lvl, (SELECT count(*) FROM org x WHERE list_contains(x.path, org.full_name)) AS span FROM org;

-- name: graph_walk
WITH RECURSIVE walk(node, dist, path, hops) AS (
    SELECT 1, 0.0::DOUBLE, [1], 0
    UNION
    SELECT e.dst, w.dist + e.weight, w.path || [e.dst], w.hops + 1 FROM walk w JOIN edges e ON e.src = w.node WHERE NOT list_contains(w.path, e.dst) AND hops < 10
)
SELECT node, min(dist) AS d, arg_min(path, dist) AS best, min(hops) FROM walk GROUP BY node;

-- name: shortest_using_key
WITH RECURSIVE sp(node, dist) USING KEY (node) AS (
    SELECT 1 AS node, 0::DOUBLE AS dist
    UNION
    SELECT e.dst, min(s.dist + e.weight) FROM sp s JOIN edges e ON e.src = s.node GROUP BY e.dst
)
SELECT * FROM sp ORDER BY dist;

-- name: fib
WITH RECURSIVE t(n, a, b) AS (SELECT 1, 0::HUGEINT, 1::HUGEINT UNION ALL SELECT n + 1, b, a + b FROM t WHERE n < 90) SELECT n, a AS fib, a / lag(a) OVER (ORDER BY n) AS ratio, a % 10 AS d FROM t;

-- name: calendar_recursive
WITH RECURSIVE cal AS (SELECT DATE '2024-01-01' AS d UNION ALL SELECT (d + INTERVAL 1 DAY)::DATE FROM cal WHERE d < DATE '2024-12-31')
SELECT d, d - 1 AS prev, d + 7 AS nxt, date_trunc('week', d) wk, extract(isodow FROM d) IN (6, 7) AS weekend, strftime(d, '%A') AS nm, make_date(year(d), month(d), 1) AS m0, last_day(d) - d AS left_in_month, date_part(['year', 'month'], d) AS parts FROM cal;

-- name: account_rollup
WITH RECURSIVE tree AS (
    SELECT account_id, account_id AS root, 1 AS lvl FROM accounts
    UNION ALL SELECT a.account_id, t.root, t.lvl + 1 FROM accounts a JOIN tree t ON a.parent_id = t.account_id
)
SELECT r.account_name, sum(l.debit - l.credit) AS net, sum(l.debit), coalesce(sum(l.credit), 0) AS cr, max(t.lvl) - 1 AS depth, sum(l.debit * l.fx_rate) AS base_ccy, sum((l.debit - l.credit) * l.fx_rate)::DECIMAL(38, 4) AS bc4, r.budget - sum(l.debit) AS remaining, sum(l.debit) / r.budget AS used FROM tree t JOIN ledger l USING (account_id) JOIN accounts r ON r.account_id = t.root WHERE NOT l.reversed GROUP BY r.account_name, r.budget;

-- name: trial_balance
SELECT account_type, sum(debit) AS dr, sum(credit) AS cr, sum(debit) - sum(credit) AS bal, abs(sum(debit) - sum(credit)) < 0.01 AS ok, max(balance) AS mb, avg(balance) AS ab, sum(balance) AS sb, min(entry_id) AS first_entry, count(entry_id), max(entry_id) - min(entry_id) AS width, entry_id_mod FROM ledger JOIN accounts USING (account_id), (SELECT 1 AS entry_id_mod) GROUP BY ALL;

-- name: fx_convert
SELECT p.*, qty * px AS mv, qty * px * fx AS mv_base, (qty * px)::DECIMAL(18, 2) AS mv2, round(qty * px, 2) AS mv_r, px / lag(px) OVER w - 1 AS ret, ln(px / lag(px) OVER w) AS logret, stddev(px) OVER (w ROWS 20 PRECEDING) AS vol20, first_value(px) OVER w AS base, 100 * px / first_value(px) OVER w AS idx, sum(qty) OVER w AS pos FROM positions p WINDOW w AS (PARTITION BY account, isin ORDER BY as_of);

-- name: decimal_zoo
SELECT dec4 + dec9, dec4 * dec18, dec9 / dec4, dec18 - 1, dec18 * 2, dec18 * 1.5, dec38 + 1, dec4 % 3, dec4 // 2, round(dec9, 1), ceil(dec9), floor(dec18), trunc(dec9), abs(dec4), sum(dec9) OVER (), avg(dec9) OVER (), dec9::INT, dec4::DECIMAL(10, 4) + dec9, -dec9, dec9 > dec4, greatest(dec4, dec9), coalesce(dec4, 0), coalesce(dec9, 0.5), CASE WHEN flag THEN dec4 ELSE dec18 END, CASE WHEN flag THEN dec4 ELSE 1 END, dec4 + small, dec4 * big, dec9 + flt, dec18 * dbl, nullif(dec9, 0), sign(dec4), dec4 ** 2, sqrt(dec4), round(dec18), dec4 + 1::TINYINT, dec9 * 100::BIGINT FROM exotic;

-- name: integer_zoo
SELECT tiny + small, tiny + 1, small * 2, big + huge, utiny + tiny, usmall * utiny, uint - 1, ubig + 1, ubig + big, uhuge + 1, huge * 2, sum(tiny) OVER () + 0, sum(big) OVER (), sum(huge) OVER (), avg(tiny) OVER (), tiny / 2, big // 3, big % 7, tiny % small, -utiny, abs(tiny), tiny & 3, ubig & 255, big << 1, factorial(tiny), gcd(big, 12), lcm(small, 4), bit_count(big), even(dbl), tiny::BOOLEAN, greatest(tiny, big), coalesce(utiny, -1), CASE WHEN flag THEN tiny ELSE ubig END, [tiny, big], [1, 2.5, 3::BIGINT], uint + 1.5, flt + tiny, flt * dbl, width_bucket_x FROM (SELECT *, 1 AS width_bucket_x FROM exotic);

-- name: haversine
SELECT a.id, b.id AS other, 2 * 6371 * asin(sqrt(power(sin(radians(b.lat - a.lat) / 2), 2) + cos(radians(a.lat)) * cos(radians(b.lat)) * pow(sin(radians(b.lon - a.lon) / 2), 2))) AS km, degrees(atan2(b.lon - a.lon, b.lat - a.lat)) AS bearing, floor(a.lat * 10) / 10 AS lat_bin, round(a.lon)::INT AS lon_i, a.h3 >> 52 AS res, (a.h3 & 15)::UTINYINT AS low, a.props.alt - b.props.alt AS climb, greatest(a.lat, b.lat) FROM geo_points a JOIN geo_points b ON a.id < b.id AND abs(a.lat - b.lat) < 0.1 QUALIFY row_number() OVER (PARTITION BY a.id ORDER BY km) = 1;

-- name: geo_tiles
SELECT (floor((lon + 180) / 360 * (1 << 8)))::INT AS x, floor((1 - ln(tan(radians(lat)) + 1 / cos(radians(lat))) / pi()) / 2 * (1 << 8))::INTEGER AS y, count(*) AS n, avg(lat), [min(lon), min(lat), max(lon), max(lat)] AS bbox, format('{:.4f},{:.4f}', avg(lat), avg(lon)) AS centroid FROM geo_points GROUP BY x, y;

-- name: asof_trades2
SELECT t.trade_id, t.ticker, t.traded_at, p.quoted_at, p.price, t.qty * p.price AS notional, CASE t.side WHEN 'B' THEN 1 WHEN 'S' THEN -1 ELSE 0 END * t.qty AS signed, t.traded_at - p.quoted_at AS staleness FROM trades t ASOF JOIN prices p ON t.ticker = p.ticker AND t.traded_at >= p.quoted_at;

-- name: asof_using
SELECT * FROM (SELECT ticker, traded_at AS quoted_at, qty FROM trades) t ASOF LEFT JOIN prices p USING (ticker, quoted_at);

-- name: vwap
SELECT ticker, time_bucket(INTERVAL '15m', quoted_at) AS b, sum(price * volume) / sum(volume) AS vwap, first(price ORDER BY quoted_at) AS o, max(price) AS h, min(price) AS l, last(price ORDER BY quoted_at) AS c, sum(volume) AS v, arg_max(price, volume) AS busiest, max(price) - min(price) AS rng, regr_slope(price, epoch(quoted_at)) AS trend FROM prices GROUP BY 1, 2 ORDER BY 1, 2;

-- name: semi_anti
SELECT c.* FROM customers c SEMI JOIN orders o ON o.customer_id = c.customer_id;

-- name: anti_using
SELECT customer_id, email FROM customers ANTI JOIN orders USING (customer_id);

-- name: positional
SELECT a.*, b.* FROM (SELECT order_id, amount FROM orders) a POSITIONAL JOIN (SELECT order_id, quantity FROM order_items) b;

-- name: natural_full
SELECT * FROM (SELECT store_id, region FROM stores) NATURAL FULL JOIN (SELECT store_id, sum(revenue) AS r FROM sales GROUP BY 1);

-- name: using_star
SELECT *, o.customer_id AS o_id, c.customer_id AS c_id FROM orders o FULL JOIN customers c USING (customer_id);

-- name: lateral_topn
SELECT c.customer_id, t.* FROM customers c LEFT JOIN LATERAL (SELECT o.order_id, o.amount, row_number() OVER (ORDER BY o.amount DESC) AS rn FROM orders o WHERE o.customer_id = c.customer_id ORDER BY o.amount DESC LIMIT 3) t ON true;

-- name: correlated
SELECT p.product_id, (SELECT max(i.unit_price) FROM order_items i WHERE i.product_id = p.product_id) AS max_price, (SELECT list(i.order_id) FROM order_items i WHERE i.product_id = p.product_id) AS orders, EXISTS (FROM inventory v WHERE v.product_id = p.product_id AND v.on_hand > 0) AS in_stock, p.list_price > ALL (SELECT q.list_price FROM products q WHERE q.category = p.category AND q.product_id <> p.product_id) AS dearest, p.product_id IN (SELECT product_id FROM order_items) AS sold, p.list_price = ANY (SELECT unit_price FROM order_items) AS anyp, ARRAY(SELECT i.quantity FROM order_items i WHERE i.product_id = p.product_id ORDER BY 1) AS qtys, (SELECT {'n': count(*), 'm': max(quantity)} FROM order_items i WHERE i.product_id = p.product_id).n AS cnt FROM products p;

-- name: row_values
SELECT order_id FROM orders WHERE (customer_id, order_date) IN (SELECT customer_id, max(order_date) FROM orders GROUP BY customer_id) AND (order_id, amount) > (1, 2.5) AND (channel, currency) = ('web', 'EUR') AND row(1, 2) < row(order_id, 3);

-- name: exists_forms
SELECT * FROM customers c WHERE EXISTS (FROM orders o WHERE o.customer_id = c.customer_id) AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.customer_id = c.customer_id AND s.cancelled_on IS NULL);

-- name: sample_forms
SELECT * FROM orders USING SAMPLE 10%;

-- name: tablesample_form
SELECT order_id, amount FROM orders TABLESAMPLE reservoir(100 ROWS) REPEATABLE (42) WHERE amount > 1;

-- name: limit_percent
SELECT order_id FROM orders ORDER BY amount DESC NULLS LAST LIMIT 10% OFFSET 5;

-- name: distinct_on
SELECT DISTINCT ON (customer_id, o.channel) o.*, amount > 10 AS big FROM orders o ORDER BY customer_id, o.channel, ordered_at DESC;

-- name: tz_zoo
SELECT event_time AT TIME ZONE 'Europe/Berlin' AS local_ts, (event_time AT TIME ZONE 'Europe/Berlin')::DATE AS local_day, received_at AT TIME ZONE 'UTC' AS as_tz, date_trunc('day', event_time) AS d, date_trunc('month', event_time::DATE) AS m, event_time - INTERVAL 1 HOUR AS e, event_time - received_at::TIMESTAMPTZ AS lag, age(event_time, received_at::TIMESTAMPTZ) AS ag, extract(timezone_hour FROM event_time) AS tzh, strftime(event_time, '%c') AS s, make_timestamptz(2024, 1, 1, 0, 0, 0.0) AS mk, to_timestamp(1700000000) AS t1, epoch_ms(1700000000000) AS t2, make_timestamp(1700000000000000) AS t3, event_time::TIMETZ AS ttz, timezone('Asia/Tokyo', event_time) AS tk, '2024-01-01T00:00:00Z'::TIMESTAMPTZ AS lit, current_timestamp::TIMESTAMP AS ct, localtimestamp AS lt, today() AS td, get_current_timestamp() AS g, current_time AS ctm, now()::DATE - received_at::DATE AS days, TIMESTAMPTZ '2024-01-01 00:00:00+02' AS tl, transaction_timestamp() AS tt FROM events;

-- name: date_zoo
SELECT d + 1, d - d, d - INTERVAL 1 DAY, d + INTERVAL '2' HOUR, ts - ts, ts - INTERVAL 1 WEEK, t + INTERVAL 5 MINUTE, d + t, ts - d, date_diff('day', d, ts), date_sub('month', d, ts::DATE), datesub('year', d, d), age(ts), age(d, DATE '2000-01-01'), date_add(d, INTERVAL 1 MONTH), iv * 2, iv + iv, INTERVAL (id) DAYS, to_minutes(id), extract(dow FROM d), date_part('epoch', ts), weekday(d), monthname(d), strptime(txt, '%Y%m%d'), strptime(txt, '%Y%m%d')::DATE, try_strptime(txt, '%d'), d::VARCHAR, CAST(txt AS DATE), TRY_CAST(txt AS TIMESTAMP), greatest(d, ts), least(ts, tstz), d BETWEEN '2024-01-01' AND '2024-02-01', d = '2024-01-01', date '2024-01-31' + interval 1 month, make_date(2024, 1, 1), ts::TIME, epoch_ns(ts_ns), ts_s + INTERVAL 1 SECOND, ts_ms::DATE, generate_series(d, d + 3, INTERVAL 1 DAY), range(d, ts, INTERVAL 1 MONTH) FROM exotic;

-- name: histogram_etc
SELECT payment_type, histogram(passenger_count) AS h, mode(pickup_zone) AS m, arg_max(dropoff_at, fare_amount, 3) AS top3, max(tip_amount, 2) AS tips, min_by(vendor_id, trip_distance) AS mb, quantile_cont(fare_amount, [0.25, 0.5]) AS q, quantile_disc(trip_distance, 0.5) AS qd, approx_top_k(pickup_zone, 3) AS tk, corr(fare_amount, tip_amount) AS c, sum(fare_amount + tip_amount) AS s, sum(total_amount) - sum(fare_amount) AS extra, avg(dropoff_at - pickup_at) AS dur, avg(trip_distance / nullif(epoch(dropoff_at - pickup_at) / 3600, 0)) AS speed, entropy(pickup_zone) AS en, kurtosis(trip_distance), string_agg(DISTINCT store_and_fwd::VARCHAR) AS sf, bool_and(store_and_fwd), product(passenger_count), equi_width_bins(0, 10, 5, true) AS bins, list(trip_distance ORDER BY pickup_at)[1] AS f, count(*) FILTER (WHERE tip_amount / fare_amount > 0.2) AS generous FROM trips GROUP BY payment_type;

-- name: enum_uuid
SELECT mood, mood::VARCHAR, mood = 'paid', mood IN ('paid', 'shipped'), enum_range(mood), enum_first(NULL::order_status), enum_code(mood), coalesce(mood, 'pending'), CASE WHEN flag THEN mood ELSE 'paid' END, CASE WHEN flag THEN mood END, uid, uid::VARCHAR, gen_random_uuid(), uuid(), uuidv7(), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID, un, un.num, union_tag(un), union_extract(un, 'str'), max(mood) OVER (), list(mood) OVER (), lower(mood), mood || '!', bin, octet_length(bin), bin::VARCHAR, bits, js, js::VARCHAR, typeof(mood), greatest(mood, 'paid'), [mood, 'paid'], mood::VARCHAR || uid FROM exotic;

-- name: try_and_casts
SELECT TRY_CAST(txt AS DECIMAL(10, 2)), txt::INT8, txt::int4, txt::float8, txt::real, txt::numeric, txt::decimal(5), txt::text, txt::bytea, txt::bool, txt::timestamp without time zone, txt::"VARCHAR", CAST(txt AS CHAR(3)), CAST(id AS string), TRY(txt::INT), txt::JSON, id::BIT, dbl::HUGEINT, ts::TIMESTAMP_S, txt::INTERVAL, txt::INTEGER[], txt::VARCHAR(10), CAST(NULL AS STRUCT(a INT)), NULL::MAP(INT, TEXT), txt::time with time zone, txt::UUID, txt::dec(4, 2), txt::oid, txt::bpchar, txt::double precision FROM exotic;

-- name: chained_cmp
SELECT r16 == id < id FROM texts r16;

-- name: chained_cmp2
SELECT id == 1 == true, id < 5 == (id > 2), id == id = (flags IS NULL) AS z, NOT id == 3 = false FROM texts;

-- name: group_all_exprs
SELECT year(order_date), month(order_date), channel || '-' || currency, amount > 100, sum(amount), max(notes) FROM orders GROUP BY ALL ORDER BY ALL DESC;

-- name: having_alias
SELECT customer_id AS c, sum(amount) AS s, s / count(*) AS a FROM orders GROUP BY c HAVING s > 100 AND a > 10 ORDER BY s;

-- name: where_alias
SELECT item_count * 2 AS dbl, dbl + 1 AS more FROM orders WHERE dbl > 4 AND more < 100;

-- name: nested_cte_shadow
WITH orders AS (SELECT order_id, amount * 2 AS amount FROM orders), x AS (WITH orders AS (SELECT 1 AS one) SELECT * FROM orders) SELECT o.*, x.* FROM orders o, x;

-- name: cte_columns
WITH t(a, b) AS (SELECT order_id, sum(amount) FROM orders GROUP BY 1), u AS MATERIALIZED (SELECT a, b::INT AS b FROM t), v AS NOT MATERIALIZED (FROM u) SELECT * FROM v JOIN t USING (a);

-- name: alias_prefix
SELECT id: order_id, total: amount * 2, order_date FROM o: orders WHERE o.amount > 1;

-- name: subq_alias_cols
SELECT q.x, q.y + 1 AS y1, q.* FROM (SELECT order_id, item_count, channel FROM orders) AS q(x, y);

-- name: from_functions
SELECT r.range, s.generate_series, u.unnest, g.i FROM range(3) r, generate_series(1, 3) s, unnest([1, 2]) u, range(DATE '2024-01-01', DATE '2024-02-01', INTERVAL 1 WEEK) g(i);

-- name: unnest_no_alias
SELECT * FROM unnest(['a', 'b']), range(2), unnest([{'k': 1, 'v': 'x'}]) t;

-- name: repeat_and_values
SELECT n, v, n * v AS nv FROM (VALUES (1), (2)) a(n) CROSS JOIN (VALUES (1.5), (2)) b(v) UNION ALL SELECT 3, 4, 5 ORDER BY n;

-- name: qualify_only
SELECT customer_id, order_id, amount FROM orders QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY amount DESC, order_id) <= 2 AND count(*) OVER (PARTITION BY customer_id) > 1;

-- name: qualify_named
SELECT *, sum(amount) OVER win AS cum FROM orders WHERE amount > 0 WINDOW win AS (PARTITION BY customer_id ORDER BY ordered_at), w2 AS (PARTITION BY channel) QUALIFY cum < 1000 AND rank() OVER (w2 ORDER BY amount) < 4;

-- name: median_of_group_window
SELECT ticker, quoted_at, price, median(price) OVER w, mad(price) OVER w, (price - avg(price) OVER w) / nullif(stddev_pop(price) OVER w, 0) AS z, abs(z) > 3 AS outlier, quantile_cont(price, [0.25, 0.75]) OVER w AS iqr, list(price) OVER (PARTITION BY ticker ORDER BY quoted_at ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS last3, arg_min(quoted_at, price) OVER w AS low_at, string_agg(ticker, '') OVER w AS s, any_value(volume) OVER w, cume_dist() OVER w, nth_value(price, 3) OVER w, lead(price, 1, price) OVER w, lag(quoted_at) OVER w FROM prices WINDOW w AS (PARTITION BY ticker ORDER BY quoted_at ROWS BETWEEN 20 PRECEDING AND CURRENT ROW);

-- name: case_mix
SELECT CASE WHEN flag THEN 1 ELSE 2.5 END, CASE WHEN flag THEN 1 ELSE NULL END, CASE WHEN flag THEN NULL END, CASE WHEN flag THEN d ELSE ts END, CASE WHEN flag THEN 1 ELSE 10000000000 END, CASE WHEN flag THEN 'a' ELSE NULL END, CASE WHEN flag THEN [1] ELSE [2.5] END, CASE WHEN flag THEN {'a': 1} ELSE {'a': 2.5} END, coalesce(NULL, NULL, 1), coalesce(d, ts), coalesce(id, dbl), ifnull(dec4, id), nullif(1, 2.5), greatest(1, 2.5, 3), [NULL, 1], [d, ts], {'a': NULL}, CASE WHEN flag THEN d ELSE '2024-01-01' END, coalesce(d, '2024-01-01'), if(flag, 'x', NULL), CASE id WHEN 1 THEN flt ELSE dec18 END, CASE WHEN flag THEN iv ELSE INTERVAL 1 DAY END, coalesce(uid, gen_random_uuid()), coalesce(js, '{}'), CASE WHEN flag THEN js ELSE 'x' END, decode_x FROM (SELECT *, 0 AS decode_x FROM exotic);

-- name: setops_types
SELECT 1 AS a, NULL AS b, DATE '2024-01-01' AS c, [1] AS d, {'k': 1} AS e UNION ALL SELECT 2.5, 'x', TIMESTAMP '2024-01-01 00:00:00', [2.5], {'k': 'q'};

-- name: setops_cols
SELECT order_id, amount, channel FROM orders UNION SELECT line_no, unit_price, NULL FROM order_items EXCEPT SELECT 1, 2.0, 'x';

-- name: visits_stay
SELECT v.ward, p.sex, date_diff('year', p.dob, v.admitted::DATE) // 10 * 10 AS age_band, count(*) AS n, avg(v.discharged - v.admitted) AS los, sum(v.charges) AS charges, max(v.vitals.bp.sys) AS max_sys, avg(v.vitals.temp_c) AS avg_t, list_distinct(flatten(list(v.diagnosis_codes))) AS dx, count(*) FILTER (list_has_any(v.diagnosis_codes, ['I10', 'E11'])) AS chronic, p.insurance->>'$.plan' AS plan, max(v.vitals) AS mv, v.vitals.bp.sys - v.vitals.bp.dia AS pp FROM visits v JOIN patients p USING (patient_id) GROUP BY ALL;

-- name: readmission
SELECT *, admitted - lag(discharged) OVER w AS since_last, coalesce(admitted - lag(discharged) OVER w < INTERVAL 30 DAYS, false) AS readmit_30, count(*) OVER (PARTITION BY patient_id ORDER BY admitted RANGE BETWEEN INTERVAL 365 DAYS PRECEDING AND CURRENT ROW) AS visits_1y FROM visits WINDOW w AS (PARTITION BY patient_id ORDER BY admitted);

-- name: flights_otp
SELECT carrier, origin || '→' || dest AS route, count(*) AS flights, avg(date_diff('minute', scheduled_dep, actual_dep)) AS avg_delay, count_if(actual_dep - scheduled_dep > INTERVAL 15 MINUTE) / count(*) AS late, sum(distance_km * seats) AS ask, sum(seats), max(fares['Y']) AS y, avg(map_extract_value(fares, 'J')) AS j, mode(unnested) AS m, hour(min(scheduled_dep)) AS h, list_distinct(flatten(list(delay_reasons))) AS why, bool_or(cancelled) FROM flights LEFT JOIN (SELECT 1 AS unnested) ON true WHERE NOT cancelled GROUP BY carrier, route;

-- name: weather_pivot_stats
FROM (PIVOT weather ON conditions USING count(*) AS n GROUP BY station) SELECT station;

-- name: meter_intervals
SELECT meter_id, read_ts, kwh - lag(kwh) OVER w AS used, (kwh - lag(kwh) OVER w) / (epoch(read_ts - lag(read_ts) OVER w) / 3600) AS kw, list_avg(voltage) AS v, list_max(voltage) - list_min(voltage) AS spread, list_stddev_pop(voltage) AS sd, voltage[1]::DECIMAL(6, 2) AS v1, quality IS NOT DISTINCT FROM 'E' AS est, first_value(kwh) OVER (PARTITION BY meter_id, date_trunc('month', read_ts) ORDER BY read_ts) AS month_start FROM meter_readings WINDOW w AS (PARTITION BY meter_id ORDER BY read_ts);

-- name: plays_streaks
WITH d AS (SELECT DISTINCT user_id, played_at::DATE AS day FROM plays), g AS (SELECT user_id, day, day - row_number() OVER (PARTITION BY user_id ORDER BY day)::INTEGER AS island FROM d)
SELECT user_id, island, count(*) AS streak, min(day) AS s, max(day) AS e, max(count(*)) OVER (PARTITION BY user_id) AS best FROM g GROUP BY user_id, island QUALIFY streak = best;

-- name: tracks_genres2
SELECT genre, count(*) AS n, avg(features.tempo) AS tempo, avg(features.energy), max(features.key), sum(duration_ms) / 60000 AS minutes, sum(duration_ms) // 60000 AS whole, list(title ORDER BY released DESC NULLS LAST), mode(features."key") FROM (SELECT *, unnest(genres) AS genre FROM tracks) GROUP BY genre;

-- name: gh_events
SELECT repo.name, actor.login AS who, type, payload->>'$.action' AS action, json_array_length(payload->'commits') AS commits, list_transform(from_json(payload->'commits', '[{"sha":"VARCHAR","message":"VARCHAR"}]'), c -> c.message[:50]) AS msgs, split_part(repo.name, '/', 1) AS owner, public AND type = 'PushEvent' AS pub_push, date_trunc('hour', created_at), row_number() OVER (PARTITION BY repo.id ORDER BY created_at) FROM repo_events;

-- name: txn_fraud
SELECT hex(card_hash) AS card, txn_time, amount_minor / 100 AS amt, amount_minor::DECIMAL(18, 2) / 100 AS amt_d, (amount_minor / 100)::DECIMAL(12, 2) AS amt2, count(*) OVER (PARTITION BY card_hash ORDER BY txn_time RANGE BETWEEN INTERVAL 10 MINUTE PRECEDING AND CURRENT ROW) AS velocity, avg(amount_minor) OVER c AS avg_amt, amount_minor > 3 * avg(amount_minor) OVER c AS spike, mcc IN (5411, 5812) AS groc, tags['geo'] AS geo, coalesce(tags['risk']::DOUBLE, 0) AS risk, txn_id % 97 AS chk, (txn_id::VARCHAR)[-4:] AS last4, NOT approved AS declined, txn_time::DATE AS d, date_trunc('hour', txn_time) AS h, sum(amount_minor) OVER () AS tot FROM transactions WINDOW c AS (PARTITION BY card_hash);

-- name: sensors_arrays
SELECT sensor_id, read_at, temperature * 9 / 5 + 32 AS f, humidity / 100, list_avg(readings) AS m, list_transform(readings, r -> r - list_avg(readings)) AS centred, location.x ** 2 + location.y ** 2 AS d2, sqrt(location.x ^ 2) AS dx, status & 4 <> 0 AS alarm, status + 1, flags::VARCHAR, raw[1:2], read_at - INTERVAL 1 HOUR, read_at - lag(read_at) OVER (ORDER BY read_at), temperature > avg(temperature) OVER (), interp_x FROM (SELECT *, 1 AS interp_x FROM sensors);

-- name: macro_like_dims
SELECT s.* REPLACE (s.opens - INTERVAL 30 MINUTE AS opens), d.* EXCLUDE (department_id, region), s.region = d.region AS same FROM stores s LEFT JOIN departments d ON lower(s.region) = lower(d.region);

-- name: star_qualified_rename2
SELECT c.* EXCLUDE (tags) RENAME (email AS e_mail), o.* EXCLUDE customer_id FROM customers c JOIN orders o ON o.customer_id = c.customer_id;

-- name: exclude_qualified
SELECT * EXCLUDE (i.order_id, p.product_id) FROM orders o JOIN order_items i ON o.order_id = i.order_id JOIN products p ON p.product_id = i.product_id;

-- name: dbt_mart4
with stg_orders as (
    select
        *,
        row_number() over (partition by customer_id order by ordered_at) as order_seq,
        amount - coalesce(discount, 0) * amount as net_amount
    from orders
    where status not in ('cancelled')
),
order_items_summary as (
    select
        order_id,
        sum(quantity) as item_count,
        count(distinct product_id) as distinct_products,
        sum(case when discount_pct > 0 then quantity * unit_price else 0 end) as discounted_revenue
    from order_items
    group by 1
),
customer_orders as (
    select
        stg_orders.customer_id,
        count(*) as lifetime_orders,
        min(stg_orders.ordered_at) as first_order_at,
        sum(stg_orders.net_amount) as lifetime_value,
        sum(order_items_summary.item_count) as lifetime_items,
        max(case when order_seq = 1 then channel end) as acquisition_channel,
        datediff('day', min(stg_orders.ordered_at), max(stg_orders.ordered_at)) as tenure_days
    from stg_orders
    left join order_items_summary on stg_orders.order_id = order_items_summary.order_id
    group by stg_orders.customer_id
),
final as (
    select
        c.customer_id,
        c.first_name || ' ' || c.last_name as customer_name,
        customer_orders.* exclude (customer_id),
        coalesce(customer_orders.lifetime_orders, 0) > 1 as is_repeat,
        coalesce(lifetime_value, 0) / nullif(lifetime_orders, 0) as avg_order_value,
        case when lifetime_value >= 1000 then 'gold' when lifetime_value >= 100 then 'silver' else 'bronze' end as value_tier
    from customers c
    left join customer_orders using (customer_id)
)
select * from final;

-- name: invoice_ageing
SELECT customer_id, currency,
  sum(total) FILTER (WHERE paid_on IS NULL AND due >= current_date) AS current,
  sum(total) FILTER (WHERE paid_on IS NULL AND current_date - due BETWEEN 1 AND 30) AS "1-30",
  sum(total) FILTER (WHERE paid_on IS NULL AND current_date - due > 30) AS "30+",
  avg(paid_on - issued) AS dso, max(due - issued) AS terms, count(*) - count(paid_on) AS open_n,
  round(sum(total) * 0.029 + 0.30 * count(*), 2) AS fees, sum(total) / 12 AS monthly, sum(total)::DOUBLE AS dbl, sum(total)::BIGINT % 100 AS cents, any_value(meta->>'region') AS region
FROM invoices GROUP BY customer_id, currency;

-- name: amortisation
WITH RECURSIVE sched AS (
  SELECT 1 AS period, 100000.00::DECIMAL(18, 2) AS opening, 0.05 / 12 AS r, (100000 * (0.05 / 12) / (1 - (1 + 0.05 / 12) ** -360))::DECIMAL(18, 2) AS pmt
  UNION ALL
  SELECT period + 1, (opening * (1 + r) - pmt)::DECIMAL(18, 2), r, pmt FROM sched WHERE period < 360
)
SELECT period, opening, round(opening * r, 2) AS interest, pmt - round(opening * r, 2) AS principal, DATE '2024-01-01' + to_months(period) AS due, sum(pmt) OVER (ORDER BY period) AS paid FROM sched;

-- name: xirr_bits
SELECT account, sum(qty * px * fx / power(1 + 0.08, (as_of - DATE '2024-01-01') / 365.0)) AS npv, exp(sum(ln(px))) AS prod, sum(qty) * avg(px) AS w, sum(qty * px) / sum(qty) AS wavg, (sum(qty * px) / nullif(sum(qty), 0))::DECIMAL(14, 4) AS wavg_d, ceil(sum(qty) / 100) * 100 AS lots, max(px) FILTER (ccy = 'EUR') AS eur, sum(round(qty * px, 2)) AS rounded, sum(fx::DECIMAL(18, 6) * px) AS conv, any_value(ccy) || account AS k FROM positions GROUP BY account;
