-- name: string_building
SELECT customer_id, concat_ws(' ', nullif(trim(first_name), ''), nullif(trim(last_name), '')) AS display_name, upper(left(first_name, 1)) || '.' || upper(left(last_name, 1)) || '.' AS initials, regexp_replace(lower(email), '[^a-z0-9]+', '_', 'g') AS slug, email[:strpos(email, '@') - 1] AS local_part, substr(email, instr(email, '@') + 1) AS domain, reverse(split_part(reverse(email), '.', 1)) AS tld, lpad(customer_id::VARCHAR, 8, '0') AS padded, format('{:05d}-{}', customer_id, country_code) AS code, printf('%.2f', credit_limit) AS lim, length(email) - length(replace(email, '.', '')) AS dots, translate(first_name, 'áéí', 'aei') AS ascii_name, starts_with(email, 'info') OR suffix(email, '.test') AS internal, chr(65 + (customer_id % 26)::INT) AS letter, repeat('*', 3) || right(email, 4) AS masked, string_split_regex(email, '[.@]') AS parts, array_to_string(list_transform(string_split(first_name, ' '), w -> upper(w[1]) || lower(w[2:])), ' ') AS title_case, md5(email)[1:8] AS short_hash
FROM customers;

-- name: nested_case
SELECT order_id, CASE WHEN amount IS NULL THEN 'missing' WHEN amount < 0 THEN CASE status WHEN 'returned' THEN 'refund' ELSE 'error' END ELSE CASE WHEN amount > 1000 THEN 'large' WHEN amount > 100 THEN 'medium' ELSE 'small' END END AS bucket, CASE channel WHEN 'web' THEN 1 WHEN 'store' THEN 2 ELSE 0 END + item_count AS score, CASE WHEN discount > 0 THEN amount * discount END AS saved, CASE WHEN notes IS NULL THEN [] ELSE string_split(notes, ',') END AS note_list, CASE WHEN item_count > 1 THEN {'n': item_count, 'kind': 'multi'} ELSE {'n': 1::SMALLINT, 'kind': 'single'} END AS st, CASE WHEN amount > 1 THEN order_date ELSE ordered_at END AS when_at, CASE WHEN true THEN 1 ELSE NULL END AS one, CASE WHEN amount > 1 THEN 1 WHEN amount > 2 THEN 2.50 ELSE 3e0 END AS num, CASE WHEN status = 'paid' THEN status ELSE 'other' END AS st_txt, CASE WHEN status = 'paid' THEN status END AS st_enum
FROM orders;

-- name: window_over_grouped_ctes
WITH w AS (SELECT store_id, date_trunc('week', sale_date) AS wk, sum(revenue) AS rev, sum(units) AS units FROM sales GROUP BY 1, 2),
x AS (SELECT *, rev - lag(rev) OVER s AS d1, rev - lag(rev, 52) OVER s AS d52, rev / nullif(lag(rev, 52) OVER s, 0) - 1 AS yoy, avg(rev) OVER (s ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS ma4, rank() OVER (PARTITION BY wk ORDER BY rev DESC) AS rk, rev / sum(rev) OVER (PARTITION BY wk) AS share FROM w WINDOW s AS (PARTITION BY store_id ORDER BY wk))
SELECT st.store_name, x.* EXCLUDE (store_id), CASE WHEN d1 > 0 THEN 'up' WHEN d1 < 0 THEN 'down' ELSE 'flat' END AS trend, units // 7 AS per_day, max(rk) OVER (PARTITION BY st.store_id) AS worst
FROM x JOIN stores st USING (store_id) WHERE rk <= 5;

-- name: geo_nearest
SELECT s.store_name, a.iata, 2 * 6371 * asin(sqrt(sin(radians(a.position.lat - s.latitude) / 2) ** 2 + cos(radians(s.latitude)) * cos(radians(a.position.lat)) * sin(radians(a.position.lon - s.longitude) / 2) ** 2)) AS km, round(degrees(atan2(a.position.lon - s.longitude, a.position.lat - s.latitude)), 0)::INT AS bearing, row_number() OVER (PARTITION BY s.store_id ORDER BY km) AS nth, width_x
FROM stores s CROSS JOIN airports a, (SELECT 1 AS width_x)
QUALIFY nth <= 2;

-- name: percent_rank_table
SELECT product_id, category, list_price, percent_rank() OVER c AS pr, cume_dist() OVER c AS cd, ntile(10) OVER c AS decile, round(100 * percent_rank() OVER c)::TINYINT AS pct, (list_price - min(list_price) OVER c2) / nullif(max(list_price) OVER c2 - min(list_price) OVER c2, 0) AS scaled, list_price > quantile_cont(list_price, 0.9) OVER c2 AS premium, first_value(product_name) OVER c AS cheapest, last_value(product_name) OVER (PARTITION BY category ORDER BY list_price ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS dearest
FROM products WINDOW c AS (PARTITION BY category ORDER BY list_price), c2 AS (PARTITION BY category);

-- name: inventory_snapshot_diff
SELECT coalesce(a.product_id, b.product_id) AS pid, coalesce(a.warehouse_id, b.warehouse_id) AS wid, a.on_hand AS before, b.on_hand AS after, coalesce(b.on_hand, 0) - coalesce(a.on_hand, 0) AS delta, (coalesce(b.on_hand, 0) - coalesce(a.on_hand, 0)) * coalesce(b.unit_cost, a.unit_cost) AS value_delta, list_intersect(a.bin_codes, b.bin_codes) AS same_bins, greatest(a.last_counted, b.last_counted) AS counted, a.reserved::BIGINT - b.reserved::BIGINT AS res_delta, b.reserved - a.reserved AS res_unsigned, b.reorder_point * 2 AS rp2
FROM (SELECT * FROM inventory WHERE snapshot_date = DATE '2024-01-01') a FULL JOIN (SELECT * FROM inventory WHERE snapshot_date = DATE '2024-02-01') b ON a.product_id = b.product_id AND a.warehouse_id = b.warehouse_id;

-- name: pivot_of_lists
WITH x AS (SELECT department_id, level, salary FROM employees WHERE level IS NOT NULL)
SELECT p.*, p.senior_avg_salary - p.junior_avg_salary AS step, len(p.junior_all) AS n
FROM (PIVOT x ON level IN ('junior', 'senior') USING avg(salary) AS avg_salary, list(salary ORDER BY salary) AS "all" GROUP BY department_id) p;

-- name: unpivot_then_window
SELECT region, product, month, amount, amount - lag(amount) OVER w AS diff, first_value(amount) OVER w AS base, amount / first_value(amount) OVER w * 100 AS idx
FROM (SELECT * EXCLUDE (apr) FROM monthly_sales) UNPIVOT (amount FOR month IN (jan, feb, mar))
WINDOW w AS (PARTITION BY region, product ORDER BY month);

-- name: asof_fx
SELECT tr.trade_id, tr.qty * pr.price AS notional, pr.quoted_at, tr.traded_at - pr.quoted_at AS age, pr.volume + tr.qty AS v, tr.* EXCLUDE (ticker), pr.price::DECIMAL(12, 4) AS px
FROM trades tr ASOF LEFT JOIN prices pr ON tr.ticker = pr.ticker AND pr.quoted_at <= tr.traded_at
WHERE pr.price IS NOT NULL;

-- name: range_join_promos
WITH promos(name, starts, ends, pct) AS (VALUES ('new year', DATE '2024-01-01', DATE '2024-01-07', 0.15), ('spring', DATE '2024-03-20', DATE '2024-04-01', 0.1))
SELECT o.order_id, p.name AS promo, o.amount * p.pct AS rebate, o.amount - o.amount * p.pct AS final_amount, round(o.amount * (1 - p.pct), 2) AS rounded, p.ends - o.order_date AS days_left, coalesce(p.name, 'none') AS promo_name, p.pct * 100 || '%' AS label
FROM orders o LEFT JOIN promos p ON o.order_date BETWEEN p.starts AND p.ends;

-- name: sum_over_hugeint
SELECT currency, sum(total) AS grand, avg(total) AS mean, max(total) - min(total) AS spread, sum(n) AS cnt, sum(total) / sum(n) AS per, sum(total)::DOUBLE AS dbl, sum(big) AS bigsum, sum(sum(n)) OVER () AS allcnt, sum(n) * 2 + 1 AS twice, sum(n) / 2 AS half, sum(n) // 2 AS ihalf, round(sum(n), 0) AS r, sum(n) > 10 AS b, sum(n)::INT AS i, coalesce(sum(n), 0) AS c, greatest(sum(n), 1) AS g
FROM (SELECT currency, channel, sum(amount_x) AS total, count(*) AS n, sum(order_id) AS big FROM (SELECT *, item_count::BIGINT AS amount_x FROM orders) GROUP BY 1, 2) GROUP BY currency;

-- name: recursive_parts
WITH RECURSIVE cal(d, n) AS (SELECT DATE '2024-01-01', 1 UNION ALL SELECT d + 1, n + 1 FROM cal WHERE n < 31), fill AS (SELECT cal.d, s.store_id, coalesce(x.units, 0) AS units FROM cal CROSS JOIN (SELECT DISTINCT store_id FROM stores) s LEFT JOIN sales x ON x.sale_date = cal.d AND x.store_id = s.store_id)
SELECT d, store_id, units, sum(units) OVER (PARTITION BY store_id ORDER BY d) AS run, d - DATE '2024-01-01' AS off, dayname(d) AS dn, units > 0 AS sold FROM fill;

-- name: graph_paths
WITH RECURSIVE p AS (
    SELECT employee_id AS src, manager_id AS dst, 1 AS len, [{'f': employee_id, 't': manager_id}] AS edges FROM employees WHERE manager_id IS NOT NULL
    UNION ALL
    SELECT p.src, e.manager_id, p.len + 1, p.edges || [{'f': e.employee_id, 't': e.manager_id}] FROM p JOIN employees e ON e.employee_id = p.dst WHERE p.len < 10
)
SELECT src, dst, min(len) AS dist, arg_min(edges, len) AS route, max(len) OVER (PARTITION BY src) AS mx FROM p GROUP BY src, dst, len;

-- name: set_ops_mixed
SELECT customer_id AS id, email AS label, created_at AS at_ts, credit_limit AS v FROM customers
UNION ALL (SELECT order_id, channel, order_date, amount FROM orders ORDER BY amount DESC LIMIT 10)
UNION ALL SELECT employee_id, full_name, hired, bonus_pct FROM employees
EXCEPT SELECT store_id, store_name, opened, sq_meters FROM stores
ORDER BY id, 2 DESC NULLS LAST;

-- name: distinct_on_many
SELECT DISTINCT ON (ip, date_trunc('day', ts)) ip, date_trunc('day', ts) AS day, url, status_code, first_value(url) OVER (PARTITION BY ip ORDER BY ts) AS landing FROM web_logs ORDER BY ip, date_trunc('day', ts), ts DESC LIMIT 20%;

-- name: json_flatten
SELECT id, key, value, value->>'$' AS txt, type_of, json_type(value) AS jt
FROM (SELECT e.event_id AS id, j.key, j.value, j.type AS type_of, j.atom, j.path FROM events e, json_each(e.payload, '$.attributes') j)
WHERE value IS NOT NULL;

-- name: json_keys_unnest
SELECT event_id, unnest(json_keys(payload)) AS k, payload->unnest(json_keys(payload)) AS v, json_extract_string(payload, '$.' || 'a') AS a, json_extract(payload, '/a/b') AS ptr, payload->>['$.a', '$.b'] AS two, payload->'$.a'->0->>'x' AS deep, cast(payload AS MAP(VARCHAR, JSON)) AS m, (payload->'$.list')::INTEGER[] AS ints, list_transform((payload->'$[*]')::JSON[], lambda x: x->>'id') AS ids, json_group_structure_x FROM (SELECT *, 1 AS json_group_structure_x FROM events);

-- name: list_of_struct_analytics
SELECT event_id, list_sum([i.qty FOR i IN items]) AS qty, list_sum([i.qty * i.price FOR i IN items]) AS total, list_max([i.price FOR i IN items]) AS top_price, list_filter(items, i -> i.price = list_max([j.price FOR j IN items]))[1].sku AS top_sku, len(list_filter(items, i -> i.qty > 1)) AS multi, list_sort([i.sku FOR i IN items]) AS skus, list_distinct([i.sku[:3] FOR i IN items]) AS prefixes, list_transform(items, (i, n) -> {'pos': n, 'sku': i.sku, 'line': i.qty * i.price}) AS lines, list_reduce([i.qty::BIGINT FOR i IN items], (a, b) -> a + b) AS red, items[1].price * 1.2 AS p1, list_zip([i.sku FOR i IN items], [i.qty FOR i IN items]) AS z, map_from_entries([(i.sku, i.qty) FOR i IN items]) AS m, flatten([[i.sku, i.sku] FOR i IN items]) AS fl, list_contains([i.sku FOR i IN items], 'A1') AS has, items[2:][1].sku AS second_sku FROM (SELECT * FROM events) WHERE false;

-- name: list_of_struct_fixed
SELECT event_id, list_sum([i.qty FOR i IN items]) AS qty, list_sum([i.qty * i.price FOR i IN items]) AS total, list_filter(items, i -> i.price > 10)[1].sku AS top_sku, list_transform(items, (i, n) -> {'pos': n, 'sku': i.sku, 'line': i.qty * i.price}) AS lines, map_from_entries([(i.sku, i.qty) FOR i IN items]) AS m, flatten([[i.sku, i.sku] FOR i IN items]) AS fl, list_zip([i.sku FOR i IN items], [i.qty FOR i IN items]) AS z, list_distinct([i.sku[:3] FOR i IN items]) AS prefixes, [x.a FOR x IN [{'a': 1}, {'a': 2}]] AS lit, list_reduce([i.price FOR i IN items], (a, b) -> a + b) AS red FROM events;

-- name: exotic_grouping
SELECT mood, flag, count(*) AS n, sum(dec18), avg(dec38), sum(huge), max(uhuge), min(ttz), max(ts_ns), list(st), any_value(un), first(arr), histogram(mood), bit_or(usmall), bool_and(flag), string_agg(mood, ','), mode(uid), arg_max(js, id), median(ts_s::TIMESTAMP), sum(flt), avg(utiny), max(nested), min(mp) FROM exotic GROUP BY mood, flag;

-- name: exotic_window
SELECT id, lag(st) OVER w AS st, lead(ints) OVER w AS ints, first_value(un) OVER w AS un, last_value(mp) OVER w AS mp, nth_value(uid, 2) OVER w AS uid, sum(huge) OVER w AS h, sum(uhuge) OVER w AS uh, avg(dec9) OVER w AS a, max(bits) OVER w AS b, min(bin) OVER w AS bn, list(mood) OVER w AS m, count(js) OVER w AS c, sum(iv IS NULL) OVER w AS ivn, lag(ttz) OVER w AS t, lag(dec4, 1, 0) OVER w AS d4, lag(tiny, 1, 1000) OVER w AS t1, lag(d, 1, '2024-01-01') OVER w AS d1, coalesce(lag(arr) OVER w, [1, 2, 3]) AS ar FROM exotic WINDOW w AS (PARTITION BY mood ORDER BY id);

-- name: exotic_union
SELECT tiny, utiny, dec4, d, ts_s, mood, ints, st.a, NULL AS n, flt FROM exotic
UNION ALL SELECT utiny, tiny, dec9, ts, ts_ns, txt, [1.5], 2.5, uid, dec18 FROM exotic
UNION ALL SELECT 1000, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, 1 FROM exotic;

-- name: exotic_casts_math
SELECT (dec18 / 3)::DECIMAL(10, 4) AS a, dec9 * dec18 AS b, dec38 + 0.5 AS c, dec4 * 10::TINYINT AS e, round(dec18, 2) + 1 AS f, dec9 * 1.0 AS g, dec9 * 1 AS h, dec9 / dec4 AS i, dec9 % dec4 AS j, utiny * usmall AS k, uint * 2 AS l, ubig - 1 AS m, huge * 1.5 AS n, uhuge // 2 AS o, tiny::DECIMAL(5, 2) * small AS p, flt * dec9 AS q, dbl + dec38 AS r, big / 2 AS s, big * big AS t, id * big AS u, -dec9 AS v, abs(-dec18) AS w, sign(dec4) AS x, ceil(dec4) AS y, trunc(dec9) AS z, sqrt(dec9) AS aa, power(dec4, 2) AS bb, log10(dec18) AS cc, mod(dec9, 3) AS dd, greatest(dec4, dec18, id) AS ee, dec9 BETWEEN 1 AND 2.5 AS ff, sum(dec9 * dec18) OVER () AS gg, avg(dec9 * id) OVER () AS hh, dec9 + true::INT AS ii, id / 0 AS jj, 1 / 3 AS kk, 7 // 2 AS ll, 2.0 * 3.00 AS mm, 1.1 + 2 AS nn, 10 % 3.5 AS oo FROM exotic;

-- name: date_edge
SELECT current_date - 30 AS a, current_date - INTERVAL 30 DAY AS b, date_trunc('year', current_date) AS c, now() - INTERVAL '1 hour' AS e, today() + 1 AS f, current_timestamp::DATE AS g, extract(year FROM now()) AS h, date '2024-02-29' + INTERVAL 1 YEAR AS i, timestamp '2024-01-01 00:00:00' - date '2023-01-01' AS j, '2024-01-01'::DATE - '2023-01-01'::DATE AS k, date_part('month', now()) AS l, epoch(now())::BIGINT AS m, to_timestamp(0)::DATE AS n, make_date(2024, 12, 31) - today() AS o, strptime('01/02/2024', '%d/%m/%Y')::DATE AS p, greatest(current_date, date '2020-01-01') AS q, current_date BETWEEN '2020-01-01' AND '2030-01-01' AS r, date_diff('month', date '2020-01-01', current_date) / 12.0 AS s, last_day(current_date - INTERVAL 1 MONTH) AS t, isodow(current_date + 1) AS u, age(date '2000-01-01') AS v, interval '1' day * 5 AS w, time '10:00' + interval '2 hours' AS x, (now() AT TIME ZONE 'Europe/Paris')::DATE AS y, date_trunc('week', now())::DATE AS z;

-- name: subquery_everywhere
SELECT (SELECT name FROM airports WHERE iata = f.origin) AS from_name, f.seats * (SELECT avg(seats) FROM flights) AS x, f.distance_km / (SELECT max(distance_km) FROM flights g WHERE g.carrier = f.carrier) AS rel, CASE WHEN EXISTS (SELECT 1 FROM weather w WHERE w.observed = f.scheduled_dep::DATE AND w.precip_mm > 10) THEN 'wet' ELSE 'dry' END AS wx, (SELECT list(DISTINCT dest ORDER BY dest) FROM flights g WHERE g.origin = f.origin) AS dests, coalesce((SELECT sum(seats) FROM flights g WHERE g.origin = f.dest AND g.scheduled_dep > f.scheduled_arr), 0) AS onward, (SELECT {'n': count(*), 'm': max(seats)} FROM flights) AS st, (SELECT count(*) FROM flights) > 5 AS many, f.carrier IN (SELECT carrier FROM flights GROUP BY carrier HAVING count(*) > 10) AS big, (SELECT min(observed) FROM weather) + 7 AS wk
FROM flights f WHERE f.flight_id NOT IN (SELECT flight_id FROM flights WHERE cancelled) ORDER BY (SELECT count(*) FROM flights g WHERE g.origin = f.origin) DESC;

-- name: values_and_series
SELECT g.i, g.i % 2 = 0 AS even, v.name, v.w * g.i AS prod, date '2024-01-01' + g.i::INT AS d, ['a', 'b', 'c'][g.i::INT] AS letter, r.range AS r FROM generate_series(1, 10) g(i) CROSS JOIN (VALUES ('x', 1.5), ('y', 2)) v(name, w) JOIN range(5) r ON r.range = g.i;

-- name: having_subquery
SELECT borough, count(*) AS n, avg(total_amount) AS a FROM trips JOIN zones ON zone_id = pickup_zone GROUP BY borough HAVING avg(total_amount) > (SELECT avg(total_amount) FROM trips) AND count(*) > ANY (SELECT count(*) FROM trips GROUP BY vendor_id) ORDER BY a DESC;

-- name: top_per_group_lateral
SELECT z.borough, t.* FROM zones z, LATERAL (SELECT pickup_at, total_amount, tip_amount / nullif(fare_amount, 0) AS tip_pct FROM trips WHERE pickup_zone = z.zone_id ORDER BY total_amount DESC LIMIT 3) t;

-- name: array_features
SELECT meter_id, voltage[1] AS a, voltage[1:2] AS b, voltage::DOUBLE[] AS c, list_avg(voltage) AS d, list_sum(voltage) AS e, [v * 1.1 FOR v IN voltage] AS f, list_sort(voltage)[-1] AS g, voltage || [1.0] AS h, list_transform(voltage, v -> round(v, 1)) AS i, list_aggregate(voltage, 'median') AS j, unnest(voltage) AS k, list_reverse(voltage) AS l, list_position(voltage, 230) AS m, array_length(voltage, 1) AS n, voltage = [1.0, 2.0] AS o, list_cosine_similarity(voltage, voltage) AS p FROM meter_readings;

-- name: tpch_like
SELECT p.category, extract(year FROM o.order_date) AS o_year, sum(CASE WHEN c.country_code = 'DE' THEN i.quantity * i.unit_price * (1 - i.discount_pct) ELSE 0 END) / sum(i.quantity * i.unit_price * (1 - i.discount_pct)) AS mkt_share, sum(i.quantity * i.unit_price * (1 - i.discount_pct)) AS volume, avg(i.discount_pct) AS avg_disc, count(*) AS n
FROM order_items i, orders o, products p, customers c
WHERE i.order_id = o.order_id AND i.product_id = p.product_id AND o.customer_id = c.customer_id AND o.order_date BETWEEN DATE '2023-01-01' AND DATE '2024-12-31'
GROUP BY p.category, o_year ORDER BY 1, 2;
