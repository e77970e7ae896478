-- name: try_casts
SELECT TRY(CAST(txt AS INTEGER)) AS a, TRY_CAST(txt AS DATE) AS b, TRY(1 / 0) AS c, TRY(dec9 / id) AS d, TRY_CAST(txt AS INTEGER[]) AS e, TRY_CAST(js AS STRUCT(a INT, b VARCHAR[])) AS f, TRY(strptime(txt, '%d/%m/%Y')) AS g, TRY(txt::TIMESTAMPTZ AT TIME ZONE 'Europe/Prague') AS h, try_strptime(txt, ['%Y-%m-%d', '%d.%m.%Y']) AS i, TRY_CAST(huge AS TINYINT) AS j FROM exotic;

-- name: tz_work
SELECT event_time AT TIME ZONE 'America/New_York' AS ny, (event_time AT TIME ZONE 'UTC')::DATE AS d, received_at AT TIME ZONE 'UTC' AS tz, date_trunc('day', event_time) AS td, date_trunc('day', received_at) AS tr, timezone('Asia/Tokyo', received_at) AS tk, event_time::TIMESTAMP AS ts, event_time - received_at::TIMESTAMPTZ AS lag_, extract(timezone_hour FROM event_time) AS tzh, event_time::TIME AS t, strftime(event_time, '%c') AS s, epoch_ms(event_time) AS ms, to_timestamp(epoch(received_at)) AS back, make_timestamptz(2024, 1, 2, 3, 4, 5.5) AS mk, time_bucket(INTERVAL '1 day', event_time, 'Europe/Berlin') AS tb, event_time + to_days(3) AS plus, date_part('epoch', event_time) AS ep, age(event_time) AS ag, date_diff('hour', received_at, event_time::TIMESTAMP) AS dh FROM events;

-- name: interval_math
SELECT INTERVAL 1 DAY * 3 AS a, INTERVAL '90 minutes' / 2 AS b, INTERVAL (id) DAYS AS c, to_hours(id) + to_minutes(tiny) AS d, ts - INTERVAL '1 year 2 months' AS e, d + INTERVAL 36 HOUR AS f, d - INTERVAL 1 MONTH AS g, (ts - d) AS h, t + INTERVAL 5 MINUTE AS i, extract(day FROM iv) AS j, iv + iv AS k, -iv AS l, date_part(['year', 'month'], iv) AS m, normalized_interval(iv) AS n, justify_x FROM (SELECT *, epoch(iv) AS justify_x FROM exotic);

-- name: date_arith
SELECT d + 1 AS a, d - 1 AS b, d - d AS c, d - DATE '2020-01-01' AS e, d + t AS f, d + INTERVAL (tiny) MONTH AS g, ts::DATE - d AS h, ts - ts AS i, ts_ns - ts_ns AS j, ts_ms + INTERVAL 1 SECOND AS k, ts_s - d AS l, date_add(d, INTERVAL 1 DAY) AS m, date_sub('month', d, d) AS n, greatest(d, ts) AS o, least(d, DATE '2024-01-01') AS p, coalesce(ts, d) AS q, CASE WHEN flag THEN d ELSE ts END AS r, [d, ts] AS s, d::TIMESTAMP::VARCHAR AS u, epoch_us(ts) AS v, make_time(1, 2, 3.5) AS w, make_timestamp(2024, 1, 1, 0, 0, 0) AS x, century(d) AS y, decade(ts) AS z FROM exotic;

-- name: decimal_soup
SELECT dec4 * dec9 AS a, dec9 * dec18 AS b, dec18 * dec18 AS c, dec9 + 1 AS e, dec9 * 1.5 AS f, dec9 / 3 AS g, dec9 // 3 AS h, dec9 % 3 AS i, dec18 - big AS j, dec4 + dec38 AS k, -dec4 AS l, abs(dec18) AS m, round(dec9) AS n, round(dec9, 1) AS o, ceil(dec9) AS p, floor(dec18) AS q, trunc(dec9) AS r, dec9::INT AS s, dec9::DECIMAL(12, 1) AS t_, sum(dec9) OVER () AS u, avg(dec9) OVER () AS v, dec9 ^ 2 AS w, sqrt(dec9) AS x, dec9 + dbl AS y, dec9 * flt AS z, dec9 * tiny AS aa, dec9 * big AS bb, dec9 + huge AS cc, 1.10 + 2.205 AS dd, 0.1 * 0.2 AS ee, 1e2 * dec9 AS ff, 100 * dec4 AS gg, dec4 * 100.0 AS hh, sign(dec9) AS ii, dec9 BETWEEN 1 AND 2.5 AS jj, greatest(dec4, dec18, 1) AS kk, coalesce(dec4, 0.001) AS ll, if(flag, dec4, dec38) AS mm, [dec4, dec9, 1] AS nn, sum(dec4 * dec9) OVER () AS oo, product(dec4) OVER () AS pp, dec9 / dec4 AS qq, round(dec9 / dec4, 2) AS rr, nullif(dec9, 0) AS ss FROM exotic;

-- name: int_promotion
SELECT tiny + small AS a, tiny + 1 AS b, tiny * tiny AS c, small + big AS e, utiny + tiny AS f, usmall - uint AS g, ubig + big AS h, ubig * 2 AS i, huge + 1 AS j, uhuge + huge AS k, tiny / small AS l, tiny // 2 AS m, big % 3 AS n, -utiny AS o, -ubig AS p, tiny & small AS q, big << 2 AS r, ~tiny AS s, tiny + true::INT AS u, sum(tiny) OVER () AS v, sum(ubig) OVER () AS w, sum(huge) OVER () AS x, avg(tiny) OVER () AS y, max(utiny) OVER () AS z, count(*) OVER () + tiny AS aa, abs(tiny) AS bb, tiny || small AS cc, bit_count(big) AS dd, xor(tiny, small) AS ee, factorial(5) AS ff, gcd(big, 4) AS gg, lcm(tiny, small) AS hh, greatest(tiny, usmall) AS ii, coalesce(utiny, -1) AS jj, CASE WHEN flag THEN utiny ELSE small END AS kk, [tiny, ubig] AS ll, 2147483648 + tiny AS mm, tiny ** 2 AS nn, width_x FROM (SELECT *, 1 AS width_x FROM exotic);

-- name: unions_enums
SELECT un.num, un.str, union_tag(un) AS tag, union_extract(un, 'num') + 1 AS n1, union_value(k := id) AS uv, mood::VARCHAR AS mv, mood < 'paid' AS lt, enum_first(mood) AS ef, enum_range(NULL::order_status) AS er, enum_code(mood) AS ec, mood || '!' AS mx, CASE WHEN mood = 'paid' THEN mood ELSE 'pending' END AS mm, coalesce(mood, 'x') AS cx, upper(mood) AS um, max(mood) OVER () AS mxm, [mood] AS ml, 'paid'::order_status AS lit, greatest(mood, 'paid') AS g, mood IN ('paid', 'shipped') AS isin, length(mood) AS l FROM exotic;

-- name: strings_misc
SELECT txt[1] AS a, txt[2:4] AS b, txt[-2:] AS c, left(txt, 2) || right(txt, 1) AS e, txt LIKE 'a%' AS f, regexp_extract(txt, '(\d+)-(\d+)', ['a', 'b']) AS g, regexp_extract(txt, '(\d+)-(\d+)', ['a', 'b']).a AS g1, regexp_extract_all(txt, '\d') AS h, string_split(txt, ',')[1] AS i, split_part(txt, '/', -1) AS j, list_aggr(string_split(txt, ' '), 'max') AS k, concat_ws('-', txt, id, d) AS l, format('{} {:05d}', txt, id) AS m, printf('%s=%d', txt, id) AS n, lpad(id::VARCHAR, 8, '0') AS o, strip_accents(txt) AS p, ascii(txt) AS q, chr(65) AS r, levenshtein(txt, 'x') AS s, jaro_winkler_similarity(txt, 'y') AS t_, unicode(txt) AS u, translate(txt, 'a', 'b') AS v, reverse(txt) AS w, string_to_array(txt, ',') AS x, txt SIMILAR TO '.*' AS y, instr(txt, 'q') AS z, contains(txt, 'a') AS aa, starts_with(txt, 'b') AS bb, url_encode(txt) AS cc, parse_path(txt) AS dd, parse_filename(txt, true) AS ee, hash(txt) AS ff, md5_number(txt) AS gg, bar(id, 0, 10) AS hh, substr(txt, 2) AS ii, overlay_x FROM (SELECT *, trim(BOTH 'x' FROM txt) AS overlay_x FROM exotic);

-- name: aggregates_ordered
SELECT channel, string_agg(notes, '; ' ORDER BY ordered_at DESC) AS a, list(DISTINCT currency ORDER BY currency) AS b, first(amount ORDER BY ordered_at) AS c, last(amount) FILTER (amount > 0) AS d, arg_max(order_id, amount, 3) AS e, max(amount, 2) AS f, min_by(notes, amount) AS g, quantile_disc(item_count, 0.25 ORDER BY item_count) AS h, mode(currency) AS i, approx_count_distinct(customer_id) AS j, approx_top_k(channel, 3) AS k, bool_or(amount > 100) AS l, bit_xor(item_count) AS m, kurtosis(amount) AS n, entropy(currency) AS o, histogram(date_trunc('month', order_date)) AS p, histogram(amount, [10, 100, 1000]) AS q, geomean(amount) AS r, favg(shipping_cost) AS s, sum(DISTINCT item_count) AS t_, count(DISTINCT (customer_id, channel)) AS u, any_value(status) AS v, max(status) AS w, listagg(currency, '|') AS x, array_agg(struct_pack(o := order_id, a := amount) ORDER BY amount DESC NULLS LAST)[1].o AS y, mad(amount) AS z, median(ordered_at) AS aa, avg(ordered_at) AS bb, avg(item_count) AS cc, sem(amount) AS dd, weighted_avg(amount, item_count) AS ee, stddev_pop(amount)::DECIMAL(10, 2) AS ff, corr(amount, shipping_cost) AS gg, sum(amount > 10) AS hh, avg(discount) AS ii, reservoir_quantile(amount, 0.5) AS jj FROM orders GROUP BY channel;

-- name: describe_in_from
SELECT column_name, upper(column_type) AS ty, "null" = 'YES' AS nullable FROM (DESCRIBE SELECT * EXCLUDE (notes) FROM orders) WHERE column_name LIKE '%id';

-- name: summarize_in_from
SELECT column_name, max::VARCHAR AS mx, null_percentage > 10 AS sparse, q50, approx_unique + 1 AS au, count AS n FROM (SUMMARIZE SELECT amount, channel FROM orders);

-- name: show_tables_from
SELECT name FROM (SHOW TABLES);

-- name: series_join
SELECT r.range AS d, g.generate_series AS n, u.unnest AS x FROM range(DATE '2024-01-01', DATE '2024-02-01', INTERVAL 7 DAY) r, generate_series(1, 3) g, unnest(['a', 'b']) u;

-- name: with_ordinality
SELECT u.val, u.ord, o.order_id FROM orders o, unnest(string_split(notes, ' ')) WITH ORDINALITY AS u(val, ord) WHERE u.ord < 3;

-- name: recursive_graph
WITH RECURSIVE paths AS (
    SELECT src, dst, [src, dst] AS path, weight AS cost, 1 AS hops FROM edges
    UNION ALL
    SELECT p.src, e.dst, list_append(p.path, e.dst), p.cost + e.weight, p.hops + 1 FROM paths p JOIN edges e ON p.dst = e.src WHERE NOT list_contains(p.path, e.dst) AND p.hops < 5
)
SELECT src, dst, min(cost) AS best, arg_min(path, cost) AS route, len(arg_min(path, cost)) AS n FROM paths GROUP BY ALL;

-- name: recursive_using_key
WITH RECURSIVE dist(node, d) USING KEY (node) AS (SELECT 1, 0.0::DOUBLE UNION SELECT e.dst, dist.d + e.weight FROM dist JOIN edges e ON e.src = dist.node) SELECT * FROM dist;

-- name: recursive_bom
WITH RECURSIVE tree AS (SELECT account_id, parent_id, account_name, account_name AS path, 0 AS depth, budget FROM accounts WHERE parent_id IS NULL UNION ALL SELECT a.account_id, a.parent_id, a.account_name, t.path || ' > ' || a.account_name, t.depth + 1, a.budget FROM accounts a JOIN tree t ON a.parent_id = t.account_id)
SELECT *, repeat('  ', depth) || account_name AS label, sum(budget) OVER (PARTITION BY string_split(path, ' > ')[1]) AS root_budget FROM tree ORDER BY path;

-- name: fibonacci
WITH RECURSIVE fib(n, a, b) AS (SELECT 1, 0::HUGEINT, 1::HUGEINT UNION ALL SELECT n + 1, b, a + b FROM fib WHERE n < 100) SELECT n, a AS fib, b / nullif(a, 0) AS phi FROM fib;

-- name: set_ops_by_name
SELECT order_id AS id, amount, 'order' AS kind FROM orders UNION ALL BY NAME SELECT invoice_id::VARCHAR AS id, total AS amount, currency FROM invoices;

-- name: set_ops_mixed
(SELECT tiny, dec4, txt FROM exotic EXCEPT ALL SELECT small, dec9, 'x' FROM exotic) UNION SELECT 1.5, NULL, d::VARCHAR FROM exotic INTERSECT SELECT big, dec38, mood FROM exotic ORDER BY 1 LIMIT 10;

-- name: set_ops_null_types
SELECT NULL AS a, 1 AS b, [] AS c, {'x': NULL} AS d UNION ALL SELECT DATE '2024-01-01', 2.5, [1], {'x': 1} UNION ALL SELECT NULL, NULL, NULL, NULL;

-- name: using_full
SELECT customer_id, o.customer_id AS l, c.customer_id AS r, coalesce(o.amount, 0) AS amt, c.email FROM orders o FULL JOIN customers c USING (customer_id);

-- name: natural_and_semi
SELECT * FROM (SELECT store_id, store_name FROM stores) NATURAL LEFT JOIN (SELECT store_id, sum(revenue) AS rev FROM sales GROUP BY 1) SEMI JOIN (SELECT DISTINCT store_id FROM sales) USING (store_id);

-- name: anti_join
SELECT p.* EXCLUDE (image, embedding) FROM products p ANTI JOIN order_items i ON p.product_id = i.product_id;

-- name: gaps_islands
SELECT account_id, min(posted_on) AS from_, max(posted_on) AS to_, count(*) AS days, any_value(grp) AS g FROM (SELECT account_id, posted_on, posted_on - row_number() OVER (PARTITION BY account_id ORDER BY posted_on)::INT AS grp FROM ledger) GROUP BY account_id, grp;

-- name: forward_fill
SELECT sensor_id, read_at, temperature, last_value(temperature IGNORE NULLS) OVER (PARTITION BY sensor_id ORDER BY read_at) AS ff, coalesce(temperature, lag(temperature, 1) OVER w, avg(temperature) OVER w) AS filled, fill(humidity) OVER (ORDER BY read_at) AS interp, lead(read_at) OVER w - read_at AS dt, epoch_ms(read_at) AS e FROM sensors WINDOW w AS (PARTITION BY sensor_id ORDER BY read_at);

-- name: sampled
SELECT customer_id, amount FROM orders USING SAMPLE 10 ROWS (reservoir, 42);

-- name: limit_pct
SELECT order_id FROM orders ORDER BY amount DESC LIMIT 10%;

-- name: macro_free
SELECT a.x, a.y.z FROM (SELECT unnest([{'x': 1, 'y': {'z': 'q'}}, {'x': 2, 'y': NULL}]) AS a);

-- name: unnest_struct_cols
SELECT order_id, unnest({'k': channel, 'v': amount}) FROM orders;

-- name: unnest_multi
SELECT event_id, unnest(labels) AS label, unnest(items) AS item, generate_subscripts(labels, 1) AS i FROM events;

-- name: unnest_recursive_lists
SELECT unnest(nested, recursive := true) AS n, unnest(sts, max_depth := 2) FROM exotic;

-- name: star_except_struct
SELECT e.event_id, properties.* EXCLUDE (utm), unnest(e.properties.utm) FROM events e;

-- name: alias_reuse
SELECT amount AS a, a * 2 AS b, b + a AS c, sum(c) OVER () AS s, c / s AS share FROM orders WHERE b > 10 QUALIFY share > 0.01 ORDER BY share;

-- name: having_alias
SELECT channel AS ch, count(*) AS n, sum(amount) AS total FROM orders GROUP BY ch HAVING n > 10 AND total > 100 AND avg(amount) > 5 ORDER BY n * total DESC;

-- name: group_by_ordinal_alias
SELECT upper(channel) AS c, 'k' || currency, year(order_date) AS y, count(*) FROM orders GROUP BY 1, 2, y ORDER BY 4 DESC, c;

-- name: json_deep
SELECT payload->'$.a.b[0]' AS j, payload->>'$.a' AS t, (payload->'n')::INT AS n, payload['a']['b'] AS b, payload.a.c AS c, json_extract(payload, '$.x')::DOUBLE AS x, json_extract_string(payload, ['$.a', '$.b']) AS l, payload->>'a' = 'x' AS eq, coalesce(payload->>'a', 'none') AS co, json_array_length(payload->'items') AS al, CAST(payload AS VARCHAR) AS s, len(json_keys(payload)) AS nk, list_transform((payload->'items')::JSON[], lambda i: (i->>'price')::DECIMAL(10, 2)) AS prices, list_sum(prices) AS total, payload IS NULL AS isn, json_type(payload->'a') AS jt, json_transform(payload, '{"a": "INTEGER", "b": ["VARCHAR"]}').b[1] AS b1 FROM events;

-- name: variant_cols
SELECT {'a': 1}::VARIANT AS v, [1, 2]::VARIANT AS w, (1)::VARIANT::INTEGER AS i;

-- name: names_more_than_columns
SELECT o.order_id, t.word, t.n FROM orders o CROSS JOIN unnest(string_split(notes, ' ')) WITH ORDINALITY AS t(word, n, more), range(2) AS r(i, j);

-- name: cte_named_by_a_string
WITH 'paid orders' AS (SELECT order_id, amount FROM orders WHERE status = 'paid') SELECT * EXCLUDE ('amount') FROM "paid orders";

-- name: slices_with_steps
SELECT [1, 2, 3, 4][1:-:2], ([1, 2, 3])[:-:-1], ints[2:-:2], ints[:3:2] FROM exotic;

-- name: zone_and_nanoseconds
SELECT strptime(txt, '%Y-%m-%dT%H:%M:%S.%n%z') AS a, try_strptime(txt, ['%n', '%Z']) AS b, strptime(txt, '%n') AS c FROM exotic;

-- name: replaced_in_an_aggregate
SELECT min(COLUMNS(* EXCLUDE (notes, status) REPLACE (amount * 2 AS amount))), count(COLUMNS(['order_id', 'amount'])) FROM orders;

-- name: where_every_column
SELECT order_id FROM orders WHERE COLUMNS(['amount', 'discount', 'item_count']) > 0 AND COLUMNS('.*_at') IS NOT NULL;

-- name: fields_of_a_made_struct
WITH s AS (SELECT customer_id, {'n': count(*), 'last': {'at': max(ordered_at), 'ch': arg_max(channel, ordered_at)}} AS o FROM orders GROUP BY 1), t AS (SELECT *, o.last AS l FROM s)
SELECT customer_id, o.n, l.at AS at_, l['ch'] AS ch, t.o.last.ch AS ch2, o.*, struct_extract(l, 'at') AS at3 FROM t;

-- name: replaced_once
SELECT * REPLACE (coalesce(o.customer_id, -1) AS customer_id) FROM orders o JOIN customers c ON o.customer_id = c.customer_id;

-- name: replaced_once_of_three
SELECT min(COLUMNS(* EXCLUDE (x) REPLACE (1.5 AS id))) FROM (SELECT 1 AS id, 2 AS x) a, (SELECT 'a' AS id, 3 AS y) b, (SELECT 2.5 AS id, 1 AS x) c;
