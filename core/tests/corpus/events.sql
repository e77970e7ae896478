-- name: page_views_by_source
SELECT
    properties.utm.source AS source,
    properties['utm']['medium'] AS medium,
    coalesce(properties.utm.campaign, '(none)') AS campaign,
    count(*) AS views,
    count(DISTINCT user_id) AS users,
    avg(properties.duration_ms) / 1000 AS avg_seconds,
    sum(properties.duration_ms) AS total_ms,
    quantile_cont(properties.duration_ms, 0.95) AS p95
FROM events
WHERE event_type = 'page_view'
GROUP BY 1, 2, 3
ORDER BY views DESC;

-- name: json_payload
SELECT
    event_id,
    payload->'order' AS order_json,
    payload->>'$.order.id' AS order_id,
    (payload->>'amount')::DECIMAL(10, 2) AS amount,
    CAST(payload->'quantity' AS INTEGER) AS quantity,
    json_extract(payload, '$.items[0].sku') AS first_sku,
    json_extract_string(payload, '$.items[0].name') AS first_name,
    json_extract(payload, ['$.a', '$.b']) AS two,
    json_array_length(payload->'items') AS n_items,
    json_keys(payload) AS keys,
    json_type(payload, '$.amount') AS amount_type,
    json_valid(payload) AS valid,
    json_contains(payload, '"x"') AS has_x,
    payload.customer.name AS customer_name,
    payload['items'][0] AS item0
FROM events;

-- name: json_structure
SELECT
    event_type,
    json_group_array(event_id) AS ids,
    json_group_object(session_id, user_id) AS by_session,
    json_group_structure(payload) AS structure,
    to_json(list(properties)) AS props,
    json_object('type', event_type, 'n', count(*)) AS summary,
    json_array(event_type, count(*), max(user_id)) AS arr,
    json_merge_patch('{"a":1}', '{"b":2}') AS patched,
    json_structure('{"a":[1,2]}') AS st
FROM events
GROUP BY event_type;

-- name: unnest_items
SELECT
    e.event_id,
    e.user_id,
    i.sku,
    i.qty,
    i.price,
    i.qty * i.price AS line_total,
    sum(i.qty * i.price) OVER (PARTITION BY e.event_id) AS cart_total
FROM events e, unnest(e.items) AS t(i);

-- name: unnest_in_select
SELECT
    event_id,
    unnest(items) AS item,
    unnest(labels) AS label,
    generate_subscripts(labels, 1) AS pos
FROM events;

-- name: unnest_struct_fields
SELECT event_id, unnest(properties) FROM events;

-- name: unnest_recursive
SELECT event_id, unnest(properties, recursive := true) FROM events;

-- name: unnest_list_of_structs
SELECT event_id, unnest(items, recursive := true) FROM events;

-- name: unnest_max_depth
SELECT unnest([[1, 2], [3]], max_depth := 2) AS n, unnest(items, max_depth := 2) FROM events;

-- name: sessionize
WITH gaps AS (
    SELECT
        user_id,
        event_time,
        event_type,
        CASE
            WHEN event_time - lag(event_time) OVER (PARTITION BY user_id ORDER BY event_time) > INTERVAL 30 MINUTE
                OR lag(event_time) OVER (PARTITION BY user_id ORDER BY event_time) IS NULL
            THEN 1 ELSE 0
        END AS is_new
    FROM events
),
numbered AS (
    SELECT *, sum(is_new) OVER (PARTITION BY user_id ORDER BY event_time ROWS UNBOUNDED PRECEDING) AS session_no
    FROM gaps
)
SELECT
    user_id,
    session_no,
    min(event_time) AS started_at,
    max(event_time) AS ended_at,
    max(event_time) - min(event_time) AS duration,
    count(*) AS n_events,
    list(event_type ORDER BY event_time) AS path,
    array_to_string(list(event_type ORDER BY event_time), ' > ') AS path_text,
    first(event_type ORDER BY event_time) AS entry,
    last(event_type ORDER BY event_time) AS exit
FROM numbered
GROUP BY user_id, session_no;

-- name: funnel
WITH steps AS (
    SELECT
        user_id,
        min(event_time) FILTER (WHERE event_type = 'view') AS t_view,
        min(event_time) FILTER (WHERE event_type = 'cart') AS t_cart,
        min(event_time) FILTER (WHERE event_type = 'buy') AS t_buy
    FROM events
    GROUP BY user_id
)
SELECT
    count(t_view) AS viewed,
    count(CASE WHEN t_cart > t_view THEN 1 END) AS carted,
    count(*) FILTER (t_buy > t_cart AND t_cart > t_view) AS bought,
    round(carted / nullif(viewed, 0) * 100, 1) AS cart_rate,
    avg(t_buy - t_view) AS time_to_buy,
    median(epoch(t_buy) - epoch(t_view)) AS median_seconds
FROM steps;

-- name: list_lambdas
SELECT
    event_id,
    list_transform(items, x -> x.qty * x.price) AS line_totals,
    list_sum(list_transform(items, x -> x.qty * x.price)) AS total,
    list_filter(items, lambda x: x.price > 10) AS expensive,
    [x.sku FOR x IN items IF x.qty > 1] AS multi_skus,
    [upper(l) FOR l IN labels] AS shouted,
    list_reduce([x.qty FOR x IN items], lambda a, b: a + b) AS total_qty,
    len(items) AS n,
    labels[1] AS first_label,
    labels[-1] AS last_label,
    labels[2:3] AS some_labels,
    list_contains(labels, 'vip') AS is_vip,
    list_position(labels, 'vip') AS vip_at,
    list_sort(labels) AS sorted,
    list_distinct(labels) AS uniq,
    labels || ['x'] AS appended,
    list_zip(labels, [1, 2]) AS zipped,
    list_transform(labels, (x, i) -> x || i) AS indexed
FROM events;

-- name: metrics_map
SELECT
    event_id,
    metrics['load'] AS load_time,
    metrics.load AS load_list,
    map_keys(metrics) AS ks,
    map_values(metrics) AS vs,
    map_entries(metrics) AS es,
    cardinality(metrics) AS n,
    element_at(metrics, 'x') AS el,
    map_extract(metrics, 'y') AS ex,
    map_contains(metrics, 'z') AS has_z,
    map_from_entries([('a', 1), ('b', 2)]) AS m2,
    map([1, 2], ['a', 'b']) AS m3,
    MAP {'k': 1.5, 'l': 2} AS m4,
    map_concat(metrics, MAP {'extra': 1.0::DOUBLE}) AS m5
FROM events;

-- name: event_time_parts
SELECT
    event_time::DATE AS event_date,
    event_time AT TIME ZONE 'Europe/Berlin' AS local_ts,
    received_at AT TIME ZONE 'UTC' AS received_tz,
    date_trunc('hour', event_time) AS hour_tz,
    date_trunc('day', received_at) AS day_ts,
    date_trunc('month', event_time::DATE) AS month_date,
    extract(hour FROM event_time) AS h,
    dayname(received_at) AS dow,
    date_part('epoch', received_at) AS ep,
    date_part(['year', 'month'], received_at) AS parts,
    event_time - received_at::TIMESTAMPTZ AS lag_iv,
    epoch_ms(received_at) AS ms,
    to_timestamp(1700000000) AS from_epoch,
    make_timestamp(2024, 1, 2, 3, 4, 5.5) AS made,
    time_bucket(INTERVAL 15 MINUTES, received_at) AS bucket,
    strftime(received_at, '%Y-%m-%d') AS formatted,
    strptime('2024-01-01', '%Y-%m-%d') AS parsed,
    last_day(received_at) AS eom,
    isodow(event_time) AS iso_dow,
    yearweek(received_at) AS yw
FROM events;

-- name: attribution
WITH touches AS (
    SELECT
        user_id,
        event_time,
        properties.utm.source AS source,
        row_number() OVER (PARTITION BY user_id ORDER BY event_time) AS touch_no,
        count(*) OVER (PARTITION BY user_id) AS touches
    FROM events
    WHERE properties.utm.source IS NOT NULL
)
SELECT
    source,
    count(*) FILTER (touch_no = 1) AS first_touch,
    count(*) FILTER (touch_no = touches) AS last_touch,
    sum(1.0 / touches) AS linear,
    sum(CASE WHEN touches = 1 THEN 1 WHEN touch_no IN (1, touches) THEN 0.4 ELSE 0.2 / (touches - 2) END) AS u_shaped
FROM touches
GROUP BY source;

-- name: struct_building
SELECT
    {'user': user_id, 'page': properties.page, 'nested': {'t': event_time, 'l': labels}} AS s,
    struct_pack(id := event_id, kind := event_type) AS packed,
    row(user_id, session_id) AS r,
    (user_id, session_id, 1) AS tup,
    struct_insert(properties, seen := true) AS inserted,
    struct_extract(properties, 'page') AS pg,
    (s).nested.l[1] AS first_label,
    s['user'] AS u,
    (packed).kind || '!' AS k,
    properties.*
FROM events;

-- name: events_with_session
SELECT
    e.event_id,
    s.*,
    e.event_time - s.started_at::TIMESTAMPTZ AS since_start
FROM events e
LEFT JOIN sessions s USING (session_id);

-- name: lateral_top_item
SELECT e.event_id, top.sku, top.total
FROM events e,
LATERAL (
    SELECT i.sku AS sku, i.qty * i.price AS total
    FROM (SELECT unnest(e.items) AS i)
    ORDER BY total DESC
    LIMIT 1
) AS top;

-- name: json_to_struct
SELECT
    event_id,
    from_json(payload, '{"id": "BIGINT", "tags": ["VARCHAR"]}') AS parsed,
    (parsed).id AS pid,
    (parsed).tags[1] AS tag,
    payload::STRUCT(a INTEGER, b VARCHAR[]) AS casted,
    casted['b'] AS b,
    json_transform(payload, '{"x": "DOUBLE"}').x AS x,
    TRY_CAST(payload->>'n' AS BIGINT) AS n,
    payload::VARCHAR AS txt,
    properties::JSON AS props_json
FROM events;

-- name: event_rates
SELECT
    hour,
    event_type,
    n,
    n - lag(n) OVER hourly AS change,
    n / sum(n) OVER (PARTITION BY hour) AS share,
    avg(n) OVER (hourly ROWS BETWEEN 23 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) AS trailing_avg,
    sum(n) FILTER (WHERE n > 10) OVER hourly AS busy_total,
    last_value(n IGNORE NULLS) OVER hourly AS last_known
FROM (
    SELECT date_trunc('hour', event_time) AS hour, event_type, count(*) AS n
    FROM events GROUP BY ALL
)
WINDOW hourly AS (PARTITION BY event_type ORDER BY hour);

-- name: label_counts
SELECT label, count(*) AS n, count(DISTINCT user_id) AS users, list(DISTINCT event_type) AS types
FROM (SELECT user_id, event_type, unnest(labels) AS label FROM events)
GROUP BY label
ORDER BY n DESC, label
LIMIT 10;

-- name: user_paths
SELECT
    user_id,
    list(struct_pack(t := event_time, e := event_type) ORDER BY event_time) AS path,
    list_transform(path, p -> p.e) AS names,
    path[1].t AS first_at,
    path[-1].e AS last_event,
    list_aggregate(list_transform(path, p -> epoch_ms(p.t)), 'max') AS max_ms,
    array_length(path) AS steps
FROM events
GROUP BY user_id;

-- name: json_arrow_precedence
SELECT payload->>'a' || 'b' AS a, payload->'a'->>'b' = 'c' AS b, payload->>'a' = 'b' AS c, (payload->>'a') = 'b' AND (payload->>'c') = 'd' AS d, payload->>'a'->>'b' AS e, payload->>'a' IS NULL AS f, payload->>'a' IN ('x') AS g, payload->>'a' LIKE 'x' AS h, payload->'a'->>'b' BETWEEN 'a' AND 'b' AS i, coalesce(payload->>'a', payload->'b'->>'c', 'none') AS j, payload->>'a' || ' ' || (payload->>'b') AS k, user_id::VARCHAR IN (payload->>'a', payload->'b'->>'c') AS l, CASE WHEN payload->'a'->>'b' = 'x' THEN 1 END AS m, payload->'a'->>'b' AND true AS n, list_transform([payload], lambda x: x->>'a' = 'b') AS o, payload->>'a' OR false AS p, payload->>'n' > '1', payload->'a'->'b'->>0, json_array_length(payload->session_id) AS q, upper(payload->>event_type) AS r, (payload->>'x')::INT + 1 AS s
FROM events;
