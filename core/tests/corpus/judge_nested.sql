-- name: unnest_lines
SELECT invoice_id, l.sku, l.qty, l.unit, l.qty * l.unit AS net, l.qty * l.unit * (1 + l.tax_pct / 100) AS gross, round(l.qty * l.unit * l.tax_pct / 100, 2) AS tax FROM invoices, unnest(lines) AS t(l);

-- name: unnest_select_struct
SELECT invoice_id, unnest(lines, recursive := true), total FROM invoices;

-- name: unnest_max_depth
SELECT id, unnest(props.hist, max_depth := 2), props.name FROM geo_points;

-- name: list_pipeline
SELECT invoice_id, list_sum(list_transform(lines, l -> l.qty * l.unit)) AS net, list_filter(lines, l -> l.tax_pct > 0) AS taxed, [l.sku for l in lines if l.qty > 1] AS multi, list_reduce([l.qty for l in lines], (a, b) -> a + b) AS qty, len(lines) AS n, list_max([l.unit for l in lines]) AS mx, list_aggregate([l.qty for l in lines], 'avg') AS aq, [x * 2 for x in range(5)] AS evens, list_transform(lines, (l, i) -> i::VARCHAR || ':' || l.sku) AS numbered, lines[1].sku AS first_sku, lines[-1] AS last_line, lines[2:3] AS mid, list_sort([l.unit for l in lines], 'DESC')[1] AS top FROM invoices;

-- name: lambda_python_style
SELECT list_transform(tags, lambda t: upper(t)) AS up, list_filter(tags, lambda t, i: i > 1) AS tail, list_reduce([1, 2, 3], lambda acc, x: acc * 10 + x, 0) AS folded, apply(tags, lambda t: {'k': t, 'n': len(t)}) AS st, list_reduce(tags, lambda a, b: a || b) FROM customers;

-- name: list_functions
SELECT list_contains(labels, 'x') AS c, list_position(labels, 'y') AS p, list_distinct(labels) AS d, list_unique(labels) AS u, list_has_any(labels, ['a']) AS ha, labels && ['q'] AS ov, labels @> ['z'] AS sup, list_concat(labels, ['n']) AS cc, list_append(labels, 'e') AS ap, list_prepend('e', labels) AS pp, list_slice(labels, 1, 2) AS sl, array_length(labels) AS al, cardinality(metrics) AS card, list_zip(labels, [1, 2]) AS z, list_reverse(labels) AS r, list_sort(labels) AS s, flatten([labels, ['x']]) AS f, list_resize(labels, 5, 'pad') AS rs, list_grade_up(labels) AS gu, list_cosine_similarity([1.0, 2.0], [2, 3]) AS cs, list_where(labels, [true, false]) AS lw, list_select(labels, [1]) AS ls, array_to_string(labels, '/') AS ats, 'x' = ANY(labels) AS any_x, list_value(1, 2.5) AS lv, list_any_value(labels) AS lav, list_first(labels), list_last(labels) FROM events;

-- name: map_access
SELECT metrics['cpu'] AS cpu, map_extract(metrics, 'mem') AS mem, element_at(metrics, 'io')[1] AS io, map_keys(metrics) AS ks, map_values(metrics) AS vs, map_entries(metrics) AS es, map_contains(metrics, 'x') AS has, map_concat(metrics, MAP {'z': 1.0::DOUBLE}) AS cc, MAP {'a': 1, 'b': 2}['a'] AS lit, map_from_entries([('k', 1), ('j', 2)]) AS mfe, MAP([1, 2], ['a', 'b']) AS kv, map_extract_value(metrics, 'y') AS mev, list_sum(map_values(metrics)) AS total, [e.key for e in map_entries(metrics) if e.value > 1] AS hot FROM events;

-- name: struct_ops
SELECT properties.*, properties.utm.source, struct_extract(properties, 'page') AS pg, properties['referrer'] AS rf, struct_insert(properties.utm, term := 'x') AS utm2, struct_pack(a := 1, b := properties.duration_ms) AS sp, {'x': 1, 'y': {'z': 'q'}} AS lit, row(1, 'a') AS r, (1, 'b', 2.5) AS tup, struct_update(properties.utm, medium := 1) AS su, struct_concat({'a': 1}, {'b': 'x'}) AS sc FROM events;

-- name: json_arrows
SELECT payload->'user' AS u, payload->>'name' AS nm, payload->'$.items[0].sku' AS sku, payload->>'$.items[#-1].price' AS last_price, (payload->>'amount')::DECIMAL(10, 2) AS amt, payload->'a'->'b'->>'c' AS deep, payload.user.id AS dot, payload['user']['id'] AS idx, json_extract(payload, ['$.a', '$.b']) AS multi, json_extract_string(payload, '$.x') AS xs, json_array_length(payload, '$.items') AS n, json_keys(payload) AS ks, json_valid(payload) AS ok, json_type(payload, '$.items') AS ty, json_exists(payload, '$.z') AS ex, json_value(payload, '$.v') AS vl, json_contains(payload, '{"a":1}') AS ct, json_structure(payload) AS st, payload->>'$.list[*]' AS wild, (payload->'k') IS NULL AS isn, CAST(payload->'ids' AS BIGINT[]) AS ids, (payload->>'ok')::BOOLEAN AS okb FROM events;

-- name: json_printed
SELECT payload->'user', payload->>'$.name', payload->'a'->>'b', (payload->>'n')::INT + 1, json_extract_string(payload, '$.x'), payload.user.id, payload['k'], json_extract(payload, ['$.a']) FROM events;

-- name: json_to_struct
SELECT from_json(doc, '{"id":"BIGINT","items":[{"sku":"VARCHAR","qty":"INTEGER"}],"tags":["VARCHAR"]}') AS j, json_transform(doc, '{"a":"DOUBLE","b":{"c":"DATE"}}') AS t, from_json_strict(doc, '["VARCHAR"]') AS arr, json_object('k', 1, 'v', [1, 2]) AS jo, json_array(1, 'a', NULL) AS ja, json_merge_patch(doc, '{"x":1}') AS mp, json_quote('a') AS jq, (doc::STRUCT(id BIGINT, name VARCHAR)).name AS nm, CAST(doc AS MAP(VARCHAR, JSON)) AS mj FROM raw_orders;

-- name: json_each_rows
SELECT r._id, e.key, e.value, e.type, e.atom, e.fullkey FROM raw_orders r, json_each(r.doc, '$.items') e;

-- name: json_unnest
SELECT _id, unnest(from_json(doc->'items', '[{"sku":"VARCHAR","qty":"INT","price":"DECIMAL(10,2)"}]'), recursive := true), unnest(json_extract(doc, '$.tags[*]')) AS tag FROM raw_orders;

-- name: json_lists
SELECT _id, list_transform((doc->'$.items')::JSON[], x -> (x->>'sku')) AS skus, [json_extract_string(x, '$.name') for x in (doc->'people')::JSON[]] AS names, list_sum(list_transform(CAST(doc->'$.items' AS JSON[]), lambda y: (y->>'qty')::INT)) AS total FROM raw_orders;

-- name: quoted_idents
SELECT "Order ID", r."Customer Name" AS "name of customer", "Ship-To" || ', ' || "customer name", "ORDER ID" + 1, raw_orders_alias."_id" FROM raw_orders r JOIN (SELECT _id FROM raw_orders) AS raw_orders_alias USING (_id);

-- name: case_insensitive
SELECT ORDER_ID, Customer_Id AS CustomerID, O.AMOUNT, o."Amount" AS "AMT" FROM Orders AS O WHERE CUSTOMERID > 3;

-- name: nested_group
SELECT address.city, address.geo.lat, address['zip'], count(*), list(tags), flatten(list(tags)), any_value(address.geo) FROM customers GROUP BY ALL;

-- name: struct_of_aggs
SELECT region, {'n': count(*), 'area': sum(sq_meters), 'names': list(store_name ORDER BY store_name)} AS stats, MAP(list(store_id), list(store_name)) AS by_id, histogram(country) AS h, list({'s': store_id, 'c': closes - INTERVAL 1 HOUR}) AS ss FROM stores GROUP BY region;

-- name: lateral_unnest_filter
SELECT e.event_id, i.sku, i.qty * i.price AS v, s.tot FROM events e, LATERAL (SELECT unnest(e.items) AS it) x, LATERAL (SELECT x.it.sku AS sku, x.it.qty AS qty, x.it.price AS price) i, LATERAL (SELECT sum(q.qty) AS tot FROM (SELECT unnest(e.items, recursive := true)) q) s WHERE i.qty > 1;

-- name: unnest_ordinality
SELECT c.customer_id, t.tag, t.pos, t.pos = 1 AS main FROM customers c CROSS JOIN unnest(c.tags) WITH ORDINALITY AS t(tag, pos);

-- name: generate_subscripts_x
SELECT id, generate_subscripts(ints, 1) AS i, unnest(ints) AS v, ints[1] + arr[2] AS s, nested[1][2] AS n, arr::INT[] AS l, array_value(1, 2, 3) AS av, array_inner_product([1.0, 2.0]::DOUBLE[2], [1.0, 2.0]::DOUBLE[2]) AS ip, array_cross_product([1, 2, 3]::FLOAT[3], [1, 2, 3]::FLOAT[3]) AS cp FROM exotic;

-- name: embeddings
SELECT a.product_id, b.product_id AS other, array_cosine_similarity(a.embedding, b.embedding) AS cs, array_distance(a.embedding, b.embedding) AS d, list_dot_product(a.embedding::FLOAT[], b.embedding::FLOAT[]) AS dp, a.embedding[1:2] AS head FROM products a, products b WHERE a.product_id <> b.product_id ORDER BY cs DESC LIMIT 10;

-- name: dynamic_struct_cast
SELECT {'a': 1, 'b': 'x'}::STRUCT(a BIGINT, b VARCHAR, c DATE) AS s, row(1, 'a')::STRUCT(id INTEGER, n VARCHAR) AS r, [{'a': 1}]::STRUCT(a DECIMAL(5, 2))[] AS l, '[1, 2]'::INT[] AS li, '{k=1}'::MAP(VARCHAR, INT) AS m, '{''a'': 3}'::STRUCT(a INT) AS ps, [1, 2, 3]::INT[3] AS ar, 1::UNION(i INT, s VARCHAR) AS un, (('x', 2)::STRUCT(a VARCHAR, b TINYINT)).b AS fld FROM range(1);

-- name: list_of_lists2
SELECT list(list_value(order_id, item_count)) AS ll, list(DISTINCT [channel, currency]) AS pairs, array_agg(array[1, 2]) AS aa, list_transform(list(amount ORDER BY ordered_at), (x, i) -> x * i) AS weighted, list_zip(list(order_id), list(amount)) AS z, [[1], [2, 3]] AS lit, [[x, x * 2.5] for x in [1, 2]] AS lc FROM orders GROUP BY customer_id;

-- name: web_log_parse
SELECT regexp_extract(url, '^https?://([^/]+)', 1) AS host, regexp_extract(url, '/(\w+)/(\d+)', ['section', 'id']) AS parts, regexp_replace(url, '\?.*$', '') AS clean, split_part(url, '?', 2) AS qs, string_split(split_part(url, '?', 2), '&') AS params, map_from_entries([(split_part(p, '=', 1), split_part(p, '=', 2)) for p in string_split(url, '&')]) AS kv, regexp_matches(user_agent, 'bot|crawl', 'i') AS bot, user_agent SIMILAR TO '.*Chrome.*' AS chrome, regexp_extract_all(url, '\d+') AS nums, regexp_split_to_array(user_agent, '[ /;]+') AS toks, url[1:8] AS scheme, headers['accept'][1] AS acc, status_code // 100 AS klass, status_code / 100 AS ratio, latency_us / 1e6 AS secs, bytes_sent / 1024 / 1024 AS mb, bytes_sent // 1024 AS kb, format_bytes(bytes_sent::BIGINT) AS pretty, ts::TIMESTAMP AS ts_us FROM web_logs;

-- name: app_log_parse
WITH parsed AS (SELECT logged, host, regexp_extract(line, '^\[(\w+)\] (\S+) - (.*)$', ['lvl', 'logger', 'msg']) AS m, line FROM app_logs)
SELECT time_bucket(INTERVAL '5 minutes', logged) AS bucket, m.lvl, count(*), count(*) FILTER (m.lvl = 'ERROR') / count(*) AS err_rate, any_value(m.msg) AS sample, string_agg(DISTINCT m.logger, ',' ORDER BY m.logger) AS loggers, max(length(line)), arg_max(line, strlen(line)) FROM parsed WHERE line !~~ '%health%' AND line ~ '^\[' GROUP BY ALL;

-- name: string_zoo
SELECT trim(body), lower(body) || '!', body[1], body[-3:], left(body, 3), right(body, -1), lpad(id::VARCHAR, 8, '0'), reverse(body), repeat('-', 3), replace(body, 'a', 'b'), translate(body, 'abc', 'xyz'), strpos(body, 'x'), position('x' IN body), instr(body, 'x'), substring(body FROM 2 FOR 3), substr(body, 2), starts_with(body, 'a'), body ^@ 'a', contains(body, 'q'), suffix(body, 'z'), levenshtein(body, lang), jaro_winkler_similarity(body, lang), ascii(body), chr(65), unicode(body), md5(body), sha256(body), hash(body), to_base64(raw), from_base64('YQ=='), encode(body), decode(raw), hex(id), bin(id), format('{} {}', id, body), concat(body, NULL, 1), body || NULL, ord(body), strip_accents(body), nfc_normalize(body), string_split_regex(body, '\s+'), array_extract(string_split(body, ' '), 1), overlay_x FROM (SELECT *, 1 AS overlay_x FROM texts);

-- name: word_counts
SELECT word, count(*) AS n, count(DISTINCT id) AS docs, ln(count(*)) AS l FROM (SELECT id, unnest(string_split_regex(lower(regexp_replace(body, '[^\w\s]', '', 'g')), '\s+')) AS word FROM texts) WHERE length(word) > 3 AND word NOT IN ('this', 'that') GROUP BY word HAVING n > 1 ORDER BY n DESC, word;

-- name: bits_blobs
SELECT flags & '0101'::BIT AS a, flags | flags AS o, xor(flags, flags) AS x, ~flags AS n, flags << 2 AS sl, bit_count(flags) AS bc, get_bit(flags, 1) AS gb, set_bit(flags, 0, 1) AS sb, bit_length(body) AS bl, octet_length(raw) AS ol, raw || '\xAA'::BLOB AS cc, checksum % 10 AS m, checksum & 255 AS cm, id & 7 AS low, id | 8 AS orr, xor(id, 3) AS xr, id << 2 AS sh, ~id AS inv, bit_position('1'::BIT, flags) AS bp, '0110'::BIT::INT AS bi, hex(raw) AS hx, unhex('FF') AS uh, bitstring(flags, 32) AS bs, bitstring_agg(id, 0, 100) OVER () AS ba, bit_or(id) OVER () AS bo FROM texts;

-- name: comments_ok
SELECT -- first
  o.order_id /* the id */ , amount -- trailing
  , 'it''s -- not a comment' AS "quo""ted", $$dollar 'quoted'$$ AS dq, $tag$ x $$ y $tag$ AS dt, E'line\n' AS esc, 'a'
  'b' AS joined
FROM -- source
  orders /* alias */ o -- end;

-- name: numbers_literal
SELECT 1_000_000, 0xFF, 1e3, .5, 5., 1.10, 123456789012345678901234567890, -5 % 3, 7 // 2, 7 / 2, 2 ** 10, 2 ^ 0.5, 5!, @(-3), 1::UTINYINT + 1, 9223372036854775807, -9223372036854775808, 0b101, 1.5::FLOAT + 1, 'nan'::FLOAT FROM range(1);

-- name: numbers_literal2
SELECT 1_000_000, 0xFF, 1e3, .5, 5., 1.10, 123456789012345678901234567890, -5 % 3, 7 // 2, 7 / 2, 2 ** 10, 2 ^ 0.5, 5!, @(-3), 1::UTINYINT + 1, 9223372036854775807, -9223372036854775808, 0b101, 1.5::FLOAT + 1, 'nan'::FLOAT, 1.5 * 2.25, 10.0 / 3, 1.1 % 1, 3.0 // 2;

-- name: operators_printed
SELECT id + 1, id * 2 - 3, -id, NOT flag, id = 1 AND flag, id IN (1, 2), id NOT IN (3), id BETWEEN 1 AND 2, id NOT BETWEEN 1 AND 2, txt LIKE 'a%', txt NOT ILIKE '%b', txt IS NULL, txt IS NOT NULL, id IS DISTINCT FROM 3, txt || 'x', CASE WHEN id > 1 THEN 'a' ELSE 'b' END, CASE id WHEN 1 THEN 2 END, id::VARCHAR, CAST(id AS DOUBLE), TRY_CAST(txt AS INT), coalesce(id, 0), ints[1], st.a, st['b'], (id, txt), [id, 2], {'k': id}, INTERVAL 1 DAY, DATE '2024-01-01', EXISTS (SELECT 1), (SELECT max(id) FROM exotic), id = ANY(SELECT 1), extract(year FROM d), d + 1, now() - ts::TIMESTAMPTZ, NULL, TRUE, 'lit', 1.50, flag::INT, d AT TIME ZONE 'UTC', dec4 / 2, x.id % 2 == 0, MAP {'a': id}, id > 1 OR id < -1, (id + 1) * 2, abs(-id), list_transform(ints, i -> i + 1), [i for i in ints if i > 1], mood, current_date, t - INTERVAL 1 HOUR, txt COLLATE NOCASE, txt SIMILAR TO 'a', txt ~ 'b', id IS NULL, (id), ((id + 1)) FROM exotic x;

-- name: printed_functions
SELECT date_trunc('day', ts), date_part('year', ts), strftime(ts, '%Y'), upper(txt), Substring(txt, 1, 2), substring(txt FROM 1), trim(BOTH 'x' FROM txt), LTRIM(txt), position('a' IN txt), greatest(1, 2), ifnull(txt, 'x'), nullif(id, 0), if(flag, 1, 2), concat(txt, id), round(dbl, 2), list_value(1, 2), struct_pack(a := 1), row_number() OVER (), sum(id) OVER (), year(d), typeof(id), [1, 2, 3][1], extract('month' FROM ts), epoch(ts), ts AT TIME ZONE 'Europe/Paris', coalesce(NULL, 1), current_timestamp, main.upper(txt), strlen(txt), d::TIMESTAMP, pi(), random(), exotic.id, sqrt(id), id ** 2, id // 2, len(txt), ints && [1], js->>'a', greatest(d, ts) FROM exotic;

-- name: printed_aggs
SELECT count(*), count(1), COUNT(DISTINCT id), sum(id) FILTER (WHERE id > 0), list(id ORDER BY id DESC), string_agg(txt, ','), string_agg(DISTINCT txt, ',' ORDER BY txt), max(id) - min(id), avg(dec4)::DECIMAL(10, 2), any_value(txt), first(id), quantile_cont(dbl, 0.5), percentile_cont(0.5) WITHIN GROUP (ORDER BY dbl), sum(id) / count(*), bool_or(flag), arg_max(txt, id), approx_count_distinct(id), mode(txt), count(*) FILTER (flag), sum(DISTINCT id), median(id), array_agg(id), histogram(id), count(), sum(CASE WHEN flag THEN 1 ELSE 0 END) FROM exotic;
