-- name: inline_enum
SELECT channel::ENUM('web', 'app', 'store') AS ch, CAST('a' AS ENUM('a', 'b')) AS e, [1, 2]::BIGINT[] AS l, status::VARCHAR::ENUM('x') FROM orders;

-- name: time_travel_names
SELECT INTERVAL '3' DAY, INTERVAL 3 DAYS, INTERVAL '1 month', INTERVAL (item_count) HOUR, interval '2 weeks 3 days', DATE '2024-02-01' - INTERVAL '1' MONTH, TIMESTAMP '2024-01-01 10:00', TIME '10:00', TIMESTAMPTZ '2024-01-01 00:00:00+00', BLOB '\x00', UUID 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', JSON '{"a":1}', DECIMAL '1.5', 'x'::BLOB FROM orders;

-- name: window_printing_frames
SELECT sum(amount) OVER (PARTITION BY customer_id ORDER BY order_date DESC NULLS LAST RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND INTERVAL 1 DAY FOLLOWING), avg(amount) OVER (ORDER BY order_date GROUPS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP), count(DISTINCT channel) OVER (PARTITION BY customer_id), last_value(notes) OVER (ORDER BY ordered_at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), lead(amount) OVER (ORDER BY order_id), sum(sum_x) OVER (ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW), nth_value(amount, 2) OVER (ORDER BY order_id), percent_rank() OVER (ORDER BY amount), string_agg(channel, ',') OVER (ORDER BY order_id), max(amount) FILTER (WHERE status = 'paid') OVER (PARTITION BY channel ORDER BY order_id) FROM (SELECT *, 1 AS sum_x FROM orders);

-- name: case_printing
SELECT CASE WHEN amount > 1 THEN 'a' WHEN amount > 2 AND notes IS NOT NULL THEN 'b' END, CASE status WHEN 'paid' THEN 1 WHEN 'shipped' THEN 2 ELSE 3 END, CASE WHEN amount IN (1, 2) OR NOT (amount > 3) THEN 1 ELSE 0 END, sum(CASE WHEN status = 'paid' THEN amount ELSE 0 END), coalesce(sum(amount) FILTER (WHERE channel = 'web'), 0), -(amount), +amount, NOT (amount > 1 AND amount < 3), amount BETWEEN 1 AND 2 OR false, (amount > 1) = true, (amount IS NULL)::INT FROM orders GROUP BY ALL;

-- name: subq_printing
SELECT (SELECT 1), (SELECT count(*) FROM orders WHERE amount > 1), EXISTS (SELECT 1 FROM orders), NOT EXISTS (SELECT 1), 1 IN (SELECT 1), 1 NOT IN (SELECT order_id FROM orders), 1 = ANY (SELECT 2), 1 < ALL (SELECT order_id FROM orders), ARRAY(SELECT order_id FROM orders), [(SELECT 1), 2], (SELECT amount FROM orders LIMIT 1) + 1 FROM range(1);

-- name: json_deep_named
SELECT payload->'$.a.b' AS a, payload->>0 AS z, (payload->'xs')[0] AS x0, payload.a.b.c::VARCHAR AS c, (payload->'a') = (payload->'b') AS eq, payload::JSON::VARCHAR AS v, json_group_structure(payload) AS gs, json_group_array(payload) AS ga FROM events GROUP BY ALL;

-- name: json_tree_rows
SELECT t.key, t.value, t.type, t.atom, t.id, t.parent, t.path, t.fullkey FROM events, json_tree(payload) t WHERE t.type = 'VARCHAR';

-- name: json_each_star
SELECT r._id, j.* FROM raw_orders r, json_each(r.doc) AS j;

-- name: to_json_rows
SELECT to_json(o), row_to_json({'a': 1}), array_to_json([1, 2]), json_object('id', o.order_id), o, struct_pack(a := o.amount, b := o.status), json_group_object(o.channel, o.amount), o::VARCHAR FROM orders o GROUP BY ALL;

-- name: to_json_rows2
SELECT to_json(o) AS j, o AS whole, row_to_json({'a': 1}) AS r, array_to_json([1, 2]) AS aj, json_object('id', o.order_id) AS jo, o.status FROM orders o;

-- name: unpivot_expr
SELECT site, year, value FROM (UNPIVOT (SELECT site, kpi_2023 * 1.1 AS k23, kpi_2024 AS k24 FROM wide_kpis) ON k23, k24 INTO NAME year VALUE value) WHERE value > 0;

-- name: unpivot_expr_cols
UNPIVOT (SELECT order_id, amount, discount FROM orders) ON amount::DOUBLE AS amt, (discount * 2)::DOUBLE AS disc INTO NAME k VALUE v;

-- name: unpivot_exclude
UNPIVOT wide_kpis ON * EXCLUDE (site, note, units_2023, units_2024);

-- name: unpivot_include_nulls
UNPIVOT monthly_sales ON jan, feb, mar, apr INTO NAME month VALUE sales ORDER BY 1;

-- name: pivot_multi_on
PIVOT sales ON year IN (2023, 2024), quarter IN (1, 2) USING sum(revenue) AS r, avg(units) GROUP BY store_id;

-- name: pivot_expr_on
PIVOT orders ON (channel || '_' || currency) IN ('web_EUR', 'app_USD') USING sum(amount), first(status) AS st GROUP BY customer_id;

-- name: pivot_in_cte
WITH p AS (PIVOT (SELECT store_id, quarter, revenue FROM sales) ON quarter IN (1, 2, 3, 4) USING sum(revenue)) SELECT store_id, "1" AS q1, "2" + "3" AS mid, coalesce("4", 0) AS q4, p.* EXCLUDE store_id FROM p;

-- name: pivot_std_alias
SELECT p.* FROM (SELECT region, product, jan, feb FROM monthly_sales) PIVOT (sum(jan) AS j, count(*) AS n FOR product IN ('a' AS pa, 'b' AS pb)) AS p;

-- name: asof_inequality
SELECT p.ticker, count(*), avg(t.qty * p.price) FROM prices p ASOF RIGHT JOIN trades t ON p.ticker = t.ticker AND p.quoted_at <= t.traded_at GROUP BY p.ticker;

-- name: star_from_functions
SELECT * FROM range(5) t(n), LATERAL (SELECT n * 2 AS dbl, n ** 2 AS sq) ORDER BY n;

-- name: week_calendar
SELECT d::DATE AS d, week(d) AS w, yearweek(d) AS yw, d = date_trunc('month', d) AS is_first, format('{}-W{:02d}', isoyear(d), week(d)) AS iso, dayofweek(d) IN (0, 6) AS we, row_number() OVER (PARTITION BY date_trunc('month', d) ORDER BY d) AS dom, strftime(d, '%Y-Q') || quarter(d) AS q, date_part('isodow', d) AS idow, epoch_ms(d) AS ms, nextdow_x FROM (SELECT unnest(generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-12-31', INTERVAL '1 day')) AS d, 1 AS nextdow_x);

-- name: hours_matrix
SELECT h.generate_series AS hour, d.d, coalesce(count(o.order_id), 0) AS n, sum(o.amount) AS rev FROM generate_series(0, 23) h CROSS JOIN (SELECT unnest(['Mon', 'Tue']) AS d) d LEFT JOIN orders o ON hour(o.ordered_at) = h.generate_series AND strftime(o.ordered_at, '%a') = d.d GROUP BY ALL;

-- name: hierarchical_levels
WITH RECURSIVE c(id, parent, name, lvl, root_name, budget) AS (
  SELECT account_id, parent_id, account_name, 0, account_name, budget FROM accounts WHERE parent_id IS NULL
  UNION ALL
  SELECT a.account_id, a.parent_id, a.account_name, c.lvl + 1, c.root_name, a.budget + 0.5 FROM accounts a, c WHERE a.parent_id = c.id
) SELECT root_name, max(lvl), sum(budget), array_agg(name ORDER BY lvl, name), list(DISTINCT lvl) FROM c GROUP BY root_name;

-- name: two_ctes_recursive
WITH RECURSIVE nums AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM nums WHERE n < 12), months AS (SELECT n, make_date(2024, n, 1) AS first_day FROM nums), x AS (SELECT m.*, count(s.subscription_id) AS active FROM months m LEFT JOIN subscriptions s ON s.started_on <= m.first_day GROUP BY ALL) SELECT x.*, active - lag(active, 1, 0) OVER (ORDER BY n) AS delta FROM x;

-- name: collatz
WITH RECURSIVE c AS (SELECT 27::BIGINT AS n, 0 AS step UNION ALL SELECT CASE WHEN n % 2 = 0 THEN n // 2 ELSE 3 * n + 1 END, step + 1 FROM c WHERE n <> 1) SELECT max(step) AS steps, max(n) AS peak, list(n ORDER BY step) AS seq FROM c;

-- name: list_nested_lambda
SELECT list_transform(runways, r -> {'n': r.name, 'ft': r.length_m * 3.28084, 'long': r.length_m > 3000}) AS rw, list_filter(runways, r -> r.surface = 'ASP' AND r.length_m > 2000)[1].name AS main, list_sum([r.length_m for r in runways]) AS tot, list_transform(range(3), i -> list_transform(range(i), j -> i * j)) AS tri, list_reduce(list_transform(runways, r -> r.length_m), (a, b) -> greatest(a, b)) AS longest, list_aggregate(list_transform(runways, r -> r.name), 'string_agg', '/') AS names, list_sort(runways)[1] AS s1, position.lat::DECIMAL(8, 5) AS lat, len([x for x in runways if x.length_m > 1000]) AS n FROM airports;

-- name: map_pipeline
SELECT map_from_entries(list_transform(map_entries(fares), e -> (e.key, e.value * 1.1))) AS bumped, list_max(map_values(fares)) AS mx, map_keys(fares)[1] AS k1, fares['Y'] - coalesce(fares['J'], 0) AS diff, cardinality(fares) AS n, map_entries(fares)[1].value AS v1, [k || ':' || fares[k] for k in map_keys(fares)] AS strs, MAP {flight_no: carrier} AS m, MAP {} AS empty, fares = MAP {'Y': 1.0} AS eq FROM flights;

-- name: map_pipeline2
SELECT map_from_entries(list_transform(map_entries(fares), e -> (e.key, e.value * 1.1))) AS bumped, list_max(map_values(fares)) AS mx, map_keys(fares)[1] AS k1, fares['Y'] - coalesce(fares['J'], 0) AS diff, MAP {flight_no: carrier} AS m, MAP {} AS empty, unnest(map_keys(fares)) AS k, unnest(map_entries(fares), recursive := true) FROM flights;

-- name: unnest_struct_star
SELECT f.flight_id, u.* FROM flights f, (SELECT unnest(map_entries(f.fares), recursive := true)) u;

-- name: struct_star_variants
SELECT properties.* EXCLUDE (utm), st.* FROM events, exotic;

-- name: struct_star_unnest
SELECT unnest(address), unnest(address.geo), customer_id FROM customers;

-- name: bit_math
SELECT permissions & '1100'::BIT AS a, bit_count(permissions) AS n, permissions::VARCHAR AS s, get_bit(permissions, 0) = 1 AS can_read, bit_and(permissions) OVER () AS ba, length(permissions) AS l, employee_id & 1 = 0 AS even, 1 << employee_id % 8 AS mask, employee_id | 1 & 3 AS pr, shift_start + INTERVAL 8 HOUR AS ends, shift_tz, level > 'junior' AS sr, max(level) OVER () AS top, salary * (1 + bonus_pct) AS comp, (salary * 0.1)::DECIMAL(10, 2) AS b, ntile(10) OVER (ORDER BY salary DESC NULLS LAST) AS decile, age(hired) AS tenure, extract(year FROM age(hired)) AS yrs FROM employees;

-- name: comp_band
SELECT d.department_name, e.level, count(*) headcount, min(salary) lo, max(salary) hi, median(salary) med, quantile_cont(salary, [0.25, 0.5, 0.75]) q, avg(salary)::INT avg_sal, sum(salary * (1 + coalesce(bonus_pct, 0))) payroll, sum(salary) / any_value(d.budget) AS load, any_value(d.budget) - sum(salary) AS slack, list(full_name ORDER BY salary DESC)[1:3] top3, max_by(full_name, hired) newest, stddev(salary) / avg(salary) AS cv, count(*) FILTER ('sql' IN skills) sqlers, mode(job_title), unnest_x FROM employees e JOIN departments d USING (department_id) CROSS JOIN (SELECT 1 unnest_x) GROUP BY ROLLUP (d.department_name, e.level), unnest_x HAVING count(*) > 1 ORDER BY 1 NULLS LAST, 2;

-- name: select_without_from
SELECT 1, 'a', NULL, 1.5, TRUE, [1, 2], {'a': 1}, current_date, 1 + 1, 'a' || 'b', now() > TIMESTAMP '2024-01-01', (1, 'x'), MAP {'k': 1}, INTERVAL 1 DAY, 10 % 3, -1, NOT true, 1 = 1, upper('x'), 3 IN (1, 2, 3), 1 IS NULL, 1::VARCHAR, x'AB';

-- name: select_without_from2
SELECT 1, 'a', NULL, 1.5, TRUE, [1, 2], {'a': 1}, current_date, 1 + 1, 'a' || 'b', (1, 'x'), MAP {'k': 1}, INTERVAL 1 DAY, 10 % 3, -1, NOT true, 1 = 1, upper('x'), 3 IN (1, 2, 3), 1 IS NULL, 1::VARCHAR, '\xAB'::BLOB, FALSE AND TRUE, 1e10, -1.5, - 5, 'it''s', 1 <> 2, 1 != 2, 'a' NOT LIKE 'b', 'a' ILIKE 'A', 'a' GLOB 'a*', 'x' || 1, 5 // 2, [1, 2][1], {'a': {'b': 2}}.a.b, [x + 1 for x in [1, 2]], array[1], list_value(), {'a': 1}['a'];

-- name: group_by_cube_printed
SELECT channel, currency, grouping(channel), grouping(channel, currency), count(*), sum(amount), count(DISTINCT customer_id) FROM orders GROUP BY CUBE (channel, currency) HAVING grouping(channel) = 0 OR count(*) > 3 ORDER BY grouping(channel, currency), 1;

-- name: grouping_sets_expr
SELECT date_trunc('month', order_date) AS m, coalesce(channel, '(all)') AS channel, sum(amount) AS rev, grouping_id(date_trunc('month', order_date), channel) AS g FROM orders o GROUP BY GROUPING SETS ((date_trunc('month', order_date), o.channel), (date_trunc('month', order_date)), ());

-- name: group_sets_mixed
SELECT year, quarter, store_id, sum(revenue) FROM sales GROUP BY year, ROLLUP (quarter), GROUPING SETS ((store_id), ());

-- name: quantiles_mix
SELECT quantile(amount, 0.5), quantile_cont(order_date, 0.5), quantile_disc(ordered_at, 0.5), quantile_cont(ordered_at, [0.1, 0.9]), quantile_cont(item_count, 0.5), quantile_disc(status, 0.5), median(order_date), median(item_count), median(amount), mad(order_date), approx_quantile(order_date, 0.5), reservoir_quantile(amount, 0.5, 100), quantile_cont(tax_rate, 0.5), avg(ordered_at), avg(order_date), avg(shipped_at - ordered_at), max(status), mode(order_date), geometric_mean(shipping_cost), sum(tax_rate), avg(tax_rate), max(tax_rate), sum(item_count > 3), avg((item_count > 3)::INT), sum(true), min(ordered_at::TIME), bool_and(amount > 0), count(*) > 3 FROM orders;

-- name: quantiles_mix2
SELECT quantile(amount, 0.5), quantile_cont(order_date, 0.5), quantile_disc(ordered_at, 0.5), quantile_cont(ordered_at, [0.1, 0.9]), quantile_cont(item_count, 0.5), median(order_date), median(item_count), median(amount), approx_quantile(order_date, 0.5), reservoir_quantile(amount, 0.5, 100), quantile_cont(tax_rate, 0.5), avg(ordered_at), avg(order_date), max(status), mode(order_date), geometric_mean(shipping_cost), sum(tax_rate), avg(tax_rate), max(tax_rate), sum(item_count > 3), avg((item_count > 3)::INT), sum(true), min(ordered_at::TIME), bool_and(amount > 0), count(*) > 3 FROM orders;

-- name: not_precedence
SELECT NOT a = b AS x, a = b OR b IS NULL AND NOT a AS y, a IS NOT DISTINCT FROM NOT b AS z, a::INT + b::INT * 2 - -1 AS w, a IS TRUE AS t, b IS NOT FALSE AS f, a IS UNKNOWN AS u, (a, b) IS NOT NULL AS r, a ISNULL AS i, b NOTNULL AS nn FROM (VALUES (true, false)) v(a, b);

-- name: at_time_zone_printed
SELECT ordered_at AT TIME ZONE 'UTC', ordered_at::TIMESTAMPTZ AT TIME ZONE 'UTC', extract(epoch FROM ordered_at), date_part('hour', ordered_at), CAST(ordered_at AS DATE), ordered_at::DATE + 1, date_diff('day', ordered_at, now()::TIMESTAMP), order_date - 30, current_date - order_date, date '2024-01-01' + 3, ordered_at + INTERVAL '1 hour' * 2, to_days(3), order_date + to_days(item_count), overlaps_x FROM (SELECT *, 1 AS overlaps_x FROM orders);

-- name: interval_arith
SELECT order_date + INTERVAL (item_count) DAY AS a, order_date + item_count AS b, order_date - item_count::INT AS c, ordered_at + item_count * INTERVAL 1 MINUTE AS d, (shipped_at - ordered_at) / 2 AS e, INTERVAL 1 DAY / 4 AS f, extract(day FROM shipped_at - ordered_at) AS g, epoch(shipped_at - ordered_at) / 3600 AS h, (shipped_at - ordered_at) > INTERVAL '2 days' AS i, date_trunc('hour', shipped_at - ordered_at) AS j, sum(epoch(shipped_at - ordered_at)) OVER () AS k, to_seconds(epoch(shipped_at - ordered_at)) AS l, greatest(shipped_at - ordered_at, INTERVAL 0 SECONDS) AS m, date_part('epoch', shipped_at) - date_part('epoch', ordered_at) AS n, -INTERVAL 1 DAY AS o, (order_date || ' 10:00')::TIMESTAMP AS p, order_date + TIME '10:00' AS q, time_bucket(INTERVAL '1 week', order_date, DATE '2024-01-01') AS r, date_trunc('week', order_date + 1) - INTERVAL 1 DAY AS s FROM orders;

-- name: try_strings
SELECT try_cast(notes AS DATE) AS d, try(notes::INT) AS i, error_x, string_split(notes, ',')[1]::INT AS f, list_transform(string_split(notes, ','), x -> trim(x)::DECIMAL(8, 2)) AS ds, regexp_extract(notes, '(\d+)-(\d+)', 2)::INT AS r, nullif(trim(notes), '')::DOUBLE AS nd, split(notes, ' ') AS sp, str_split(notes, ' ')[-1] AS lst, len(string_to_array(notes, ',')) AS n, notes.upper().substr(1, 3) AS dotted, notes[2] AS ch, (notes).lower() AS lw, format('{0}-{1:>5}', notes, item_count) AS fm, printf('%05d', item_count) AS pf, notes ~ '^\d+$' AS isnum, regexp_full_match(notes, '[a-z]+') AS fmch, url_encode(notes) AS ue, parse_filename(notes) AS pfn, parse_path(notes) AS pp, bar(item_count, 0, 10) AS br, concat_ws(', ', notes, channel, NULL) AS cw, left(notes, -2) AS lft, ltrim(notes, '0') AS lt, hash(notes) % 100 AS bucket, crc_x FROM (SELECT *, 1 AS error_x, 2 AS crc_x FROM orders);

-- name: columns_where
SELECT * FROM wide_kpis WHERE COLUMNS('kpi_.*') > 0;

-- name: columns_case
SELECT site, CASE WHEN COLUMNS('kpi_.*') > 100 THEN 'hi' ELSE 'lo' END, COLUMNS('kpi_.*')::INT, COLUMNS('(kpi)_(\d+)') * 1.1 AS '\1 \2' FROM wide_kpis;

-- name: columns_lambda_types
SELECT struct_pack(*COLUMNS('kpi.*')), [*COLUMNS('units_.*')], COLUMNS(c -> c LIKE '%2023') + 1, COLUMNS(lambda c: c LIKE 'u%') FROM wide_kpis;

-- name: columns_lambda_types2
SELECT list_value(*COLUMNS('units_.*')), COLUMNS(c -> c LIKE '%2023') + 1, COLUMNS(lambda c: c LIKE 'u%'), least(*COLUMNS('kpi.*')) FROM wide_kpis;

-- name: star_replace_expr
SELECT o.* REPLACE (coalesce(o.notes, '-') AS notes, o.amount / 100 AS amount, (o.status = 'paid') AS status), 1 AS tag FROM orders o;

-- name: lateral_join_on
SELECT s.store_name, r.product_id, r.rev FROM stores s JOIN LATERAL (SELECT product_id, sum(revenue) AS rev FROM sales x WHERE x.store_id = s.store_id GROUP BY product_id ORDER BY rev DESC LIMIT 1) r ON r.rev > 100;

-- name: left_semi_mix
SELECT o.order_id, p.product_name, w.* FROM orders o LEFT JOIN order_items i USING (order_id) LEFT JOIN products p ON p.product_id = i.product_id AND NOT p.discontinued LEFT JOIN (SELECT DISTINCT ON (product_id) product_id, warehouse_id, on_hand FROM inventory ORDER BY product_id, snapshot_date DESC) w ON w.product_id = p.product_id SEMI JOIN customers c ON c.customer_id = o.customer_id;

-- name: cross_using_chain
SELECT * FROM orders JOIN order_items USING (order_id) JOIN products USING (product_id) LEFT JOIN inventory USING (product_id);

-- name: dup_in_cte
WITH a AS (SELECT 1 AS id, 2 AS id) SELECT * FROM a;

-- name: dup_in_subq
SELECT t.* FROM (SELECT o.order_id, i.order_id, i.line_no FROM orders o JOIN order_items i ON o.order_id = i.order_id) t;

-- name: union_of_stars
SELECT * FROM stores UNION ALL BY NAME SELECT store_id, sq_meters * 1.5 AS sq_meters, 'new' AS source FROM stores;

-- name: union_casts
SELECT store_id, 1 AS one FROM stores UNION ALL SELECT 2.5, 'x' ORDER BY store_id;

-- name: order_limit_union
(SELECT order_id AS id, amount FROM orders ORDER BY amount DESC LIMIT 3) UNION ALL (SELECT product_id, list_price FROM products ORDER BY list_price LIMIT 3) ORDER BY amount;

-- name: values_in_from
FROM (VALUES (1, 'x'), (2, 'y')) SELECT *, col0 + 1 AS c;

-- name: values_cte
WITH fx(ccy, rate) AS (VALUES ('EUR', 1.08), ('GBP', 1.27)) SELECT o.currency, sum(o.amount * fx.rate) AS usd, sum(o.amount * fx.rate)::DECIMAL(18, 2) AS usd2, max(fx.rate) FROM orders o JOIN fx ON fx.ccy = o.currency GROUP BY o.currency;

-- name: dq_checks
SELECT 'orders' AS tbl, 'null_customer' AS chk, count(*) FILTER (customer_id IS NULL) AS bad, count(*) AS total, bad / total AS rate, bad = 0 AS pass FROM orders
UNION ALL SELECT 'customers', 'dup_email', count(email) - count(DISTINCT email), count(*), 0.0, count(email) = count(DISTINCT email) FROM customers
UNION ALL SELECT 'events', 'future', sum((event_time > now())::INT), count(*), NULL, NULL FROM events;

-- name: prepared_sample
SELECT * FROM (SELECT order_id, random() AS r, setseed_x FROM orders, (SELECT 1 AS setseed_x)) USING SAMPLE reservoir(50 ROWS) REPEATABLE (7);

-- name: sample_bern
SELECT count(*), avg(fare_amount) FROM trips TABLESAMPLE 5 PERCENT (bernoulli) WHERE fare_amount > 0;

-- name: is_distinct_join
SELECT a.order_id, b.order_id AS prev_id, a.amount IS DISTINCT FROM b.amount AS changed, {'old': b.amount, 'new': a.amount} AS delta FROM orders a LEFT JOIN orders b ON a.customer_id IS NOT DISTINCT FROM b.customer_id AND a.order_id = b.order_id + 1 WHERE (a.amount, a.status) IS DISTINCT FROM (b.amount, b.status);

-- name: uuid_blob
SELECT uid, uid::VARCHAR AS s, uid = gen_random_uuid() AS e, md5(uid::VARCHAR)::UUID AS u2, bin || 'ab'::BLOB AS bb, sha256(bin) AS sh, base64(bin) AS b64, octet_length(bin) AS n, hex(bin) AS h, bin::BIT AS bt, uuid_extract_version(uid) AS ver, md5_number(txt) AS mn, md5_number_lower_x, to_base(id, 16) AS b16, uhuge & 255 AS lo, ubig::HUGEINT << 2 AS sh2, huge // 3 AS q, huge % 5 AS m, huge / 2 AS f, -huge AS neg, uhuge - 1 AS um, abs(huge) AS ah, sum(ubig) OVER () AS su, sum(uhuge) OVER () AS suh, avg(huge) OVER () AS ahg FROM (SELECT *, 1 AS md5_number_lower_x FROM exotic);

-- name: double_equals
SELECT a == b || c AS x, a == b == c, a < b == c, a = b == c, a == b = c, a == b BETWEEN a AND b, a BETWEEN b == c AND c, NOT a == b, a == b IS NULL, a == -b, -a == b, a + 1 == b, a & b == c, a == ANY (SELECT 1), a == ALL (SELECT 1), a NOT IN (1) == true, a == b <> c, l && l == true, s ->> '$.a' == 'b', a == b AND c == a, CASE WHEN a == 1 THEN 2 END, list_filter(l, x -> x == 1), [x for x in l if x % 2 == 0], sum(a) FILTER (a == 1) OVER () FROM (VALUES (1, 2, 3, '{}', [1, 2])) t(a, b, c, s, l);

-- name: asof_right
SELECT * FROM prices p ASOF RIGHT JOIN trades t ON p.ticker = t.ticker AND p.quoted_at <= t.traded_at;

-- name: asof_full_using
SELECT * FROM (SELECT ticker, traded_at AS quoted_at, qty FROM trades) t ASOF FULL OUTER JOIN prices p USING (ticker, quoted_at);

-- name: asof_semi
SELECT * FROM trades t ASOF SEMI JOIN prices p ON p.ticker = t.ticker AND t.traded_at >= p.quoted_at;

-- name: asof_anti
SELECT t.trade_id, (SELECT count(*) FROM trades x ASOF ANTI JOIN prices p ON x.ticker = p.ticker AND x.traded_at > p.quoted_at) AS n FROM trades t;

-- name: decimal_one_argument
SELECT id::DECIMAL(5), CAST(dbl AS NUMERIC(7)), TRY_CAST(txt AS DEC(3)), ints::DECIMAL(5)[], id::DECIMAL, dbl::DECIMAL(9, 2) FROM exotic;
