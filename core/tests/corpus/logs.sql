-- name: latency_percentiles
SELECT
    date_trunc('minute', ts) AS minute,
    method,
    regexp_extract(url, '^/([^/?]+)', 1) AS section,
    count(*) AS hits,
    approx_quantile(latency_us, 0.5) AS p50,
    approx_quantile(latency_us, [0.9, 0.99]) AS tail,
    quantile_cont(latency_us, 0.99) / 1000 AS p99_ms,
    avg(latency_us) / 1e6 AS avg_s,
    sum(bytes_sent) AS bytes,
    sum(bytes_sent) / 1024 / 1024 AS mb,
    max(bytes_sent) AS biggest,
    count(*) FILTER (status_code >= 500) / count(*) AS error_rate,
    round(100.0 * count(*) FILTER (status_code BETWEEN 400 AND 499) / count(*), 2) AS pct_4xx,
    formatReadableDecimalSize(sum(bytes_sent)::BIGINT) AS human
FROM web_logs
WHERE ts >= '2024-01-01' AND method IN ('GET', 'POST')
GROUP BY ALL;

-- name: url_parsing
SELECT
    url,
    split_part(url, '?', 1) AS path,
    split_part(url, '?', 2) AS query,
    string_split(split_part(url, '?', 2), '&') AS params,
    list_transform(string_split(split_part(url, '?', 2), '&'), p -> string_split(p, '=')) AS pairs,
    map_from_entries(list_transform(string_split(split_part(url, '?', 2), '&'), p -> (split_part(p, '=', 1), split_part(p, '=', 2)))) AS query_map,
    regexp_extract(url, 'utm_source=([^&]+)', 1) AS utm,
    regexp_extract_all(url, '\d+') AS ids,
    regexp_matches(url, '^/api/') AS is_api,
    url_decode(url) AS decoded,
    url.split('/')[2] AS section,
    parse_filename(url) AS file,
    parse_dirpath(url) AS dir,
    length(url) - length(replace(url, '/', '')) AS depth,
    regexp_extract(url, '(\w+)/(\w+)', ['controller', 'action']) AS route,
    regexp_extract(url, '(\w+)/(\w+)', ['controller', 'action']).action AS action
FROM web_logs;

-- name: headers
SELECT ip, headers['accept'] AS accept, headers['accept'][1] AS first_accept, map_keys(headers) AS names, cardinality(headers) AS n_headers, headers['x-forwarded-for'][-1] AS last_proxy, list_contains(headers['accept-encoding'], 'gzip') AS gzip, map_entries(headers)[1].key AS k1, map_entries(headers)[1].value AS v1, [e.key || '=' || array_to_string(e.value, ',') FOR e IN map_entries(headers)] AS flat, map_extract(headers, 'host')[1][1] AS host, element_at(headers, 'host')[1] AS host2
FROM web_logs;

-- name: bots
SELECT CASE WHEN user_agent ILIKE '%bot%' THEN 'bot' WHEN user_agent SIMILAR TO '.*(curl|wget).*' THEN 'tool' WHEN user_agent IS NULL OR trim(user_agent) = '' THEN 'none' ELSE 'human' END AS kind, count(*) AS n, count(DISTINCT ip) AS ips, approx_count_distinct(ip) AS approx_ips, sum(count(*)) OVER () AS total, n / total AS share, mode(status_code) AS usual_status, histogram(status_code) AS statuses, list(DISTINCT method) AS methods, min(ts) AS first_seen, max(ts) - min(ts) AS span
FROM web_logs GROUP BY kind ORDER BY n DESC;

-- name: request_bodies
SELECT request_body->>'user' AS usr, (request_body->'items')::JSON[] AS items, json_array_length(request_body, '$.items') AS n_items, request_body->'$.items[*].sku' AS skus, request_body->>'$.items[*].sku' AS sku_texts, CAST(request_body->>'total' AS DECIMAL(10, 2)) AS total, json_extract_string(request_body, '$.meta.ip') = ip AS same_ip, coalesce(request_body->>'lang', 'en') AS lang, json_type(request_body) AS jt, request_body IS NULL AS empty, json_exists(request_body, '$.x') AS has_x, json_value(request_body, '$.y') AS y, json_pretty(request_body) AS pretty, len(request_body::VARCHAR) AS size, json(request_body::VARCHAR) AS again, try_cast(request_body->'n' AS INTEGER) + 1 AS n1
FROM web_logs;

-- name: rate_limiting
SELECT ip, ts, count(*) OVER (PARTITION BY ip ORDER BY ts RANGE BETWEEN INTERVAL 1 MINUTE PRECEDING AND CURRENT ROW) AS last_minute, ts - lag(ts) OVER (PARTITION BY ip ORDER BY ts) AS gap, row_number() OVER (PARTITION BY ip, date_trunc('hour', ts) ORDER BY ts) AS nth, bool_or(status_code = 429) OVER (PARTITION BY ip ORDER BY ts ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING) AS throttled
FROM web_logs
QUALIFY last_minute > 100;

-- name: ip_octets
SELECT ip, [o::UTINYINT FOR o IN string_split(ip, '.')] AS octets, list_reduce([o::UBIGINT FOR o IN string_split(ip, '.')], (a, b) -> a * 256 + b) AS numeric_ip, string_split(ip, '.')[1]::INT << 24 AS high, array_to_string(string_split(ip, '.')[1:3], '.') || '.0/24' AS net, hash(ip) % 16 AS bucket, md5_number(ip) AS h128, ip LIKE '10.%' OR ip LIKE '192.168.%' AS private
FROM web_logs;

-- name: error_bursts
WITH per_minute AS (
    SELECT time_bucket(INTERVAL '1 minute', ts::TIMESTAMP) AS minute, count(*) AS total, count_if(status_code >= 500) AS errors FROM web_logs GROUP BY 1
), flagged AS (
    SELECT *, errors / total > 0.05 AS bad, row_number() OVER (ORDER BY minute) - row_number() OVER (PARTITION BY errors / total > 0.05 ORDER BY minute) AS island FROM per_minute
)
SELECT min(minute) AS started, max(minute) AS ended, max(minute) - min(minute) + INTERVAL 1 MINUTE AS duration, sum(errors) AS errors, max(errors / total) AS worst, count(*) AS minutes, epoch(max(minute) - min(minute)) / 60 AS len_minutes
FROM flagged WHERE bad GROUP BY island ORDER BY started;

-- name: sessions_summary
SELECT device, browser, count(*) AS n, avg(ended_at - started_at) AS avg_len, sum(ended_at - started_at IS NULL) AS open, median(page_views) AS med_views, sum(revenue) AS revenue, sum(revenue) / nullif(count(*) FILTER (NOT bounced), 0) AS rev_per_engaged, avg(bounced::INT) AS bounce_rate, sum(bounced) AS bounces, corr(page_views, revenue) AS c, max(revenue) FILTER (device = 'mobile') AS mob, quantile_disc(page_views, 0.75) AS q3, arg_max(session_id, revenue) AS best, arg_max(session_id, revenue, 2) AS best2
FROM sessions GROUP BY CUBE (device, browser);

-- name: concurrency
WITH edges AS (
    SELECT started_at AS at_time, 1 AS delta FROM sessions
    UNION ALL
    SELECT ended_at, -1 FROM sessions WHERE ended_at IS NOT NULL
)
SELECT at_time, delta, sum(delta) OVER (ORDER BY at_time, delta DESC ROWS UNBOUNDED PRECEDING) AS open_sessions, lead(at_time) OVER (ORDER BY at_time, delta DESC) - at_time AS lasts FROM edges ORDER BY at_time;

-- name: hourly_gaps
SELECT h.slot, coalesce(l.n, 0) AS n, l.n IS NULL AS gap, last_value(l.n IGNORE NULLS) OVER (ORDER BY h.slot ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS filled, fill(l.n) OVER (ORDER BY h.slot) AS interpolated
FROM (SELECT unnest(generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-02', INTERVAL 1 HOUR)) AS slot) h
LEFT JOIN (SELECT date_trunc('hour', ts)::TIMESTAMP AS slot, count(*) AS n FROM web_logs GROUP BY 1) l USING (slot);

-- name: sensors_clean
SELECT sensor_id, read_at, round(temperature * 1.8 + 32, 1) AS fahrenheit, temperature + humidity AS mixed, list_avg(readings) AS mean_reading, list_max(readings) - list_min(readings) AS spread, readings[1] AS first_reading, list_sort(readings, 'DESC')[1:3] AS top3, [r FOR r IN readings IF r > list_avg(readings)] AS above, list_aggregate(readings, 'stddev_pop') AS sd, list_aggregate(readings, 'quantile_cont', 0.5) AS med, list_sum(list_transform(readings, r -> r * r)) AS energy, sqrt(location.x ** 2 + location.y ** 2) AS dist, octet_length(raw) AS raw_len, status & 1 = 1 AS fault, status >> 4 AS code, flags & '1010'::BIT AS masked, read_at::TIMESTAMP AS ts, epoch_ms(read_at) AS ms, isnan(temperature) AS nan, list_cosine_similarity(readings, readings) AS cs, list_dot_product(readings, [1.0, 2.0]) AS dp, histogram(status) OVER (PARTITION BY sensor_id) AS hist
FROM sensors;
