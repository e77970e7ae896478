-- name: cb_counts
SELECT count(*) AS c, sum(status_code), avg(bytes_sent), min(ts), max(ts), count(DISTINCT user_agent), sum(latency_us + 1), sum(latency_us + 89) FROM web_logs;

-- name: cb_regexp_host
SELECT regexp_replace(url, '^https?://(?:www\.)?([^/]+)/.*$', '\1') AS k, avg(strlen(url)) AS l, count(*) AS c, min(url) FROM web_logs WHERE url <> '' GROUP BY k HAVING count(*) > 100000 ORDER BY l DESC LIMIT 25;

-- name: cb_extract_minute
SELECT user_agent, extract(minute FROM ts) AS m, ip, count(*) FROM web_logs GROUP BY user_agent, m, ip ORDER BY count(*) DESC LIMIT 10;

-- name: cb_group_consts
SELECT 1, url, count(*) AS c FROM web_logs GROUP BY 1, url ORDER BY c DESC LIMIT 10;

-- name: cb_offset_minus
SELECT ip, status_code - 1, status_code - 2, status_code - 3, count(*) AS c FROM web_logs GROUP BY ip, status_code - 1, status_code - 2, status_code - 3 ORDER BY c DESC;

-- name: cb_trunc_range
SELECT date_trunc('minute', ts) AS m, count(*) AS pageviews FROM web_logs WHERE ts::DATE >= '2013-07-14' AND ts::DATE <= '2013-07-15' AND method = 'GET' GROUP BY date_trunc('minute', ts) ORDER BY date_trunc('minute', ts) LIMIT 10 OFFSET 1000;

-- name: cb_case_referer
SELECT method, CASE WHEN status_code = 0 AND bytes_sent = 0 THEN user_agent ELSE '' END AS src, url AS dst, count(*) AS pageviews FROM web_logs GROUP BY ALL ORDER BY pageviews DESC;

-- name: stg_customers
WITH source AS (
    SELECT * FROM raw_orders
),
renamed AS (
    SELECT
        _id AS customer_id,
        "Customer Name" AS name,
        try_cast(doc->>'$.tax_paid' AS INTEGER) / 100.0 AS tax_paid,
        date_trunc('day', _loaded_at) AS loaded_at,
        coalesce(_deleted, false) AS is_deleted
    FROM source
)
SELECT * FROM renamed;

-- name: jaffle_orders_mart
WITH orders_ AS (SELECT * FROM orders), items AS (SELECT * FROM order_items), prods AS (SELECT * FROM products),
order_items_ AS (
    SELECT items.*, prods.product_name, prods.list_price, prods.category = 'jaffle' AS is_food_item, prods.category = 'beverage' AS is_drink_item
    FROM items LEFT JOIN prods ON items.product_id = prods.product_id
),
order_items_summary AS (
    SELECT order_id, sum(unit_price * quantity) AS order_cost, sum(list_price) AS order_items_subtotal, count(line_no) AS count_order_items,
        sum(CASE WHEN is_food_item THEN 1 ELSE 0 END) AS count_food_items, sum(CASE WHEN is_drink_item THEN 1 ELSE 0 END) AS count_drink_items
    FROM order_items_ GROUP BY 1
),
compute_booleans AS (
    SELECT orders_.*, order_items_summary.order_cost, order_items_summary.order_items_subtotal, order_items_summary.count_food_items, order_items_summary.count_drink_items,
        order_items_summary.count_order_items, order_items_summary.count_food_items > 0 AS is_food_order, order_items_summary.count_drink_items > 0 AS is_drink_order
    FROM orders_ LEFT JOIN order_items_summary ON orders_.order_id = order_items_summary.order_id
),
customer_order_count AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at ASC) AS customer_order_number FROM compute_booleans
)
SELECT * FROM customer_order_count;

-- name: jaffle_customers_mart
WITH customer_orders_summary AS (
    SELECT customer_id, count(DISTINCT order_id) AS count_lifetime_orders, count(DISTINCT order_id) > 1 AS is_repeat_buyer,
        min(ordered_at) AS first_ordered_at, max(ordered_at) AS last_ordered_at, sum(amount) AS lifetime_spend_pretax, sum(amount * tax_rate) AS lifetime_tax_paid
    FROM orders GROUP BY 1
)
SELECT c.*, s.count_lifetime_orders, s.first_ordered_at, s.last_ordered_at, s.lifetime_spend_pretax, s.lifetime_tax_paid,
    CASE WHEN s.is_repeat_buyer THEN 'returning' ELSE 'new' END AS customer_type
FROM customers c LEFT JOIN customer_orders_summary s ON c.customer_id = s.customer_id;

-- name: surrogate_key
SELECT md5(CAST(coalesce(CAST(order_id AS VARCHAR), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(CAST(line_no AS VARCHAR), '_dbt_utils_surrogate_key_null_') AS VARCHAR)) AS order_item_key, * FROM order_items;

-- name: date_spine
WITH RECURSIVE spine(d) AS (SELECT DATE '2020-01-01' UNION ALL SELECT (d + INTERVAL 1 DAY)::DATE FROM spine WHERE d < DATE '2020-12-31')
SELECT d AS date_day, year(d) AS y, quarter(d) AS q, monthname(d) AS mn, isodow(d) AS dow, weekofyear(d) AS wk, last_day(d) AS eom, d = last_day(d) AS is_eom, yearweek(d) AS yw, dayofyear(d) AS doy, date_part('isoyear', d) AS iy, strftime(d, '%Y%m%d')::INTEGER AS date_key, make_date(year(d), 1, 1) AS boy, d - make_date(year(d), 1, 1) AS days_in FROM spine;

-- name: date_spine_series
SELECT gs::DATE AS day, extract('isodow' FROM gs) IN (6, 7) AS weekend, date_diff('day', DATE '2000-01-01', gs) AS n, gs - INTERVAL 1 YEAR AS ly FROM generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-12-31', INTERVAL 1 DAY) t(gs);

-- name: date_spine_unnest
SELECT unnest(generate_series(DATE '2024-01-01', DATE '2024-02-01', INTERVAL '1 day')) AS ts, unnest(range(0, 32)) AS n;

-- name: scd2_from_snapshots
WITH versions AS (
    SELECT customer_id, tier, address, valid_from, lag(tier) OVER w AS prev_tier, lag(address) OVER w AS prev_address
    FROM dim_customer_scd WINDOW w AS (PARTITION BY customer_id ORDER BY valid_from)
), changes AS (
    SELECT *, (tier IS DISTINCT FROM prev_tier OR address IS DISTINCT FROM prev_address) AS is_change FROM versions
), grouped AS (
    SELECT *, sum(is_change::INT) OVER (PARTITION BY customer_id ORDER BY valid_from ROWS UNBOUNDED PRECEDING) AS version FROM changes
)
SELECT customer_id, version, any_value(tier) AS tier, any_value(address).city AS city, min(valid_from) AS valid_from, lead(min(valid_from)) OVER (PARTITION BY customer_id ORDER BY version) AS valid_to, coalesce(valid_to, TIMESTAMP '9999-12-31') AS valid_to_filled, valid_to IS NULL AS is_current
FROM grouped GROUP BY customer_id, version;

-- name: scd_point_in_time
SELECT o.order_id, o.amount, d.customer_sk, d.tier, d.address.zip AS zip FROM orders o ASOF LEFT JOIN dim_customer_scd d ON o.customer_id = d.customer_id AND o.ordered_at >= d.valid_from;

-- name: scd_between
SELECT o.* REPLACE (coalesce(o.amount, 0) AS amount), d.* LIKE 'valid%' FROM orders o JOIN dim_customer_scd d ON o.customer_id = d.customer_id AND o.ordered_at >= d.valid_from AND (o.ordered_at < d.valid_to OR d.valid_to IS NULL);

-- name: sessionize
WITH gaps AS (
    SELECT visitor, ts, url, ts - lag(ts) OVER (PARTITION BY visitor ORDER BY ts) AS gap FROM clickstream
), flagged AS (
    SELECT *, CASE WHEN gap IS NULL OR gap > INTERVAL 30 MINUTE THEN 1 ELSE 0 END AS new_session FROM gaps
), numbered AS (
    SELECT *, sum(new_session) OVER (PARTITION BY visitor ORDER BY ts) AS session_no FROM flagged
)
SELECT visitor, session_no, visitor || '-' || session_no AS session_key, min(ts) AS started, max(ts) AS ended, max(ts) - min(ts) AS len, epoch(max(ts) - min(ts)) AS secs, count(*) AS hits, arg_min(url, ts) AS landing, arg_max(url, ts) AS exit, list(url ORDER BY ts) AS path, list(DISTINCT url) AS pages, count(DISTINCT url) = 1 AS bounced
FROM numbered GROUP BY ALL;

-- name: cohort_retention
WITH firsts AS (SELECT customer_id, date_trunc('month', min(order_date)) AS cohort FROM orders GROUP BY customer_id),
act AS (SELECT DISTINCT o.customer_id, f.cohort, date_diff('month', f.cohort, o.order_date) AS n FROM orders o JOIN firsts f USING (customer_id)),
sizes AS (SELECT cohort, count(*) AS size FROM firsts GROUP BY cohort)
SELECT cohort, n, count(DISTINCT customer_id) AS active, any_value(size) AS size, active / any_value(size) AS retention, round(active * 100.0 / any_value(size), 1) AS pct, first_value(active) OVER (PARTITION BY cohort ORDER BY n) AS base FROM act JOIN sizes USING (cohort) GROUP BY cohort, n;

-- name: cohort_pivot
PIVOT (SELECT date_trunc('month', min(order_date) OVER (PARTITION BY customer_id))::DATE AS cohort, date_diff('month', date_trunc('month', min(order_date) OVER (PARTITION BY customer_id)), order_date) AS n, customer_id FROM orders) ON n IN (0, 1, 2, 3) USING count(DISTINCT customer_id) GROUP BY cohort;

-- name: funnel_window
SELECT user_id, max(step) AS reached, list(event_type ORDER BY event_time) AS seq FROM (
    SELECT user_id, event_type, event_time, CASE event_type WHEN 'visit' THEN 1 WHEN 'signup' THEN 2 WHEN 'purchase' THEN 3 END AS step FROM events
) WHERE step IS NOT NULL GROUP BY user_id;

-- name: funnel_union
SELECT 'visit' AS step, 1 AS ord, count(DISTINCT user_id) AS users FROM events WHERE event_type = 'visit'
UNION ALL SELECT 'signup', 2, count(DISTINCT user_id) FROM events WHERE event_type = 'signup'
UNION ALL SELECT 'buy', 3, count(DISTINCT user_id) FILTER (payload->>'total' > '0') FROM events ORDER BY ord;

-- name: funnel_rates
WITH f AS (SELECT count(*) FILTER (event_type = 'a') AS a, count(*) FILTER (event_type = 'b') AS b, sum((event_type = 'c')::UTINYINT) AS c FROM events)
SELECT a, b, c, b / a AS ab, c / b AS bc, (c::DECIMAL(12, 4) / a)::DECIMAL(5, 4) AS ac, format('{:.1%}', b / a) AS label FROM f;

-- name: fin_ohlc
SELECT ticker, time_bucket(INTERVAL '5 minutes', traded_at) AS bucket, first(qty ORDER BY traded_at) AS open, max(qty) AS high, min(qty) AS low, last(qty ORDER BY traded_at) AS close, sum(qty) AS vol, sum(qty * 1.0) / sum(qty) AS vw, stddev_samp(qty) AS sd, (high - low) / nullif(open, 0) AS rng FROM trades GROUP BY ticker, bucket;

-- name: fin_asof_markout
SELECT t.*, p.price AS mid, p2.price AS mid_1m, (p2.price - p.price) * t.qty * CASE t.side WHEN 'B' THEN 1 ELSE -1 END AS markout
FROM trades t ASOF JOIN prices p ON t.ticker = p.ticker AND t.traded_at >= p.quoted_at ASOF LEFT JOIN prices p2 ON t.ticker = p2.ticker AND t.traded_at + INTERVAL 1 MINUTE >= p2.quoted_at;

-- name: fin_asof_using
SELECT * FROM (SELECT ticker, traded_at AS tm, qty FROM trades) t ASOF JOIN (SELECT ticker, quoted_at AS tm, price FROM prices) p USING (ticker, tm);

-- name: fin_returns
SELECT ticker, quoted_at, price, ln(price / lag(price) OVER w) AS r, stddev(ln(price)) OVER (PARTITION BY ticker ORDER BY quoted_at ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) * sqrt(252) AS vol20, exp(sum(ln(1 + price / 100)) OVER w) - 1 AS cum, price / max(price) OVER (PARTITION BY ticker ORDER BY quoted_at ROWS UNBOUNDED PRECEDING) - 1 AS drawdown, corr(price, volume) OVER w AS cr, regr_slope(price, volume) OVER w AS beta FROM prices WINDOW w AS (PARTITION BY ticker ORDER BY quoted_at);

-- name: fin_trial_balance
SELECT a.account_type, a.account_name, sum(l.debit) AS dr, sum(l.credit) AS cr, sum(coalesce(l.debit, 0) - coalesce(l.credit, 0)) AS net, sum(l.debit) - sum(l.credit) AS diff, abs(sum(l.debit) - sum(l.credit)) < 0.01 AS balanced, sum(l.debit * l.fx_rate) AS dr_fx, sum(l.debit * l.fx_rate::DECIMAL(9, 4)) AS dr_fx4, round(sum(l.balance), 0) AS b, sum(l.debit) / count(*) AS m FROM ledger l JOIN accounts a USING (account_id) GROUP BY ROLLUP (a.account_type, a.account_name);

-- name: fin_amortization
WITH RECURSIVE loan AS (
    SELECT 1 AS period, 100000.00::DECIMAL(18, 2) AS opening, round(100000.00 * 0.005, 2)::DECIMAL(18, 2) AS interest, 599.55::DECIMAL(18, 2) AS payment
    UNION ALL
    SELECT period + 1, (opening + interest - payment)::DECIMAL(18, 2), round((opening + interest - payment) * 0.005, 2)::DECIMAL(18, 2), payment FROM loan WHERE period < 360
)
SELECT period, opening, interest, payment, payment - interest AS principal, opening + interest - payment AS closing, sum(interest) OVER (ORDER BY period) AS cum_int FROM loan;

-- name: fin_aging
SELECT customer_id, sum(total) FILTER (current_date - due <= 0) AS current_, sum(total) FILTER (current_date - due BETWEEN 1 AND 30) AS d30, sum(CASE WHEN date_diff('day', due, current_date) > 30 THEN total ELSE 0 END) AS older, sum(if(paid_on IS NULL, total, 0)) AS open_, max(age(due::TIMESTAMP)) AS oldest, count(*) FILTER (WHERE paid_on > due) * 1.0 / count(*) AS late_rate FROM invoices GROUP BY customer_id;

-- name: mrr_waterfall
WITH months AS (SELECT unnest(generate_series(DATE '2024-01-01', DATE '2024-12-01', INTERVAL 1 MONTH))::DATE AS m),
mrr AS (SELECT m, customer_id, sum(mrr) AS mrr FROM months JOIN subscriptions ON started_on <= m AND (cancelled_on IS NULL OR cancelled_on > m) GROUP BY ALL),
moves AS (SELECT coalesce(c.m, (p.m + INTERVAL 1 MONTH)::DATE) AS m, coalesce(c.customer_id, p.customer_id) AS customer_id, coalesce(c.mrr, 0) AS now_, coalesce(p.mrr, 0) AS before FROM mrr c FULL JOIN mrr p ON c.customer_id = p.customer_id AND c.m = p.m + INTERVAL 1 MONTH)
SELECT m, sum(now_) FILTER (before = 0) AS new_, sum(now_ - before) FILTER (before > 0 AND now_ > before) AS expansion, sum(now_ - before) FILTER (now_ > 0 AND now_ < before) AS contraction, -sum(before) FILTER (now_ = 0) AS churn, sum(now_) AS ending FROM moves GROUP BY m;

-- name: json_unnest_items
SELECT e.event_id, i.value->>'$.sku' AS sku, (i.value->>'$.qty')::INT AS qty, i.key::INT AS pos FROM events e, json_each(e.payload, '$.items') i;

-- name: json_list_unnest
SELECT event_id, unnest(from_json(payload, '{"items": [{"sku": "VARCHAR", "qty": "INTEGER"}]}').items, recursive := true) FROM events;

-- name: json_unnest_cast
SELECT event_id, unnest(CAST(payload->'$.tags' AS VARCHAR[])) AS tag, json_array_length(payload, '$.tags') AS n, generate_subscripts([1, 2, 3], 1) AS s FROM events;

-- name: json_agg
SELECT user_id, json_group_array(event_type) AS types, json_group_object(event_type, event_time) AS obj, json_object('id', user_id, 'n', count(*)) AS o, to_json(list(properties)) AS props, json_merge_patch(any_value(payload), '{"x": 1}') AS patched FROM events GROUP BY user_id;
