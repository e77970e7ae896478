-- name: monthly_revenue
WITH paid AS (
    SELECT
        o.order_id,
        o.customer_id,
        date_trunc('month', o.order_date) AS month,
        o.amount * (1 - o.discount) AS net_amount,
        o.amount * o.tax_rate AS tax,
        o.shipping_cost
    FROM orders o
    WHERE o.status IN ('paid', 'shipped', 'delivered')
)
SELECT
    month,
    count(*) AS n_orders,
    count(DISTINCT customer_id) AS n_customers,
    sum(net_amount) AS revenue,
    avg(net_amount) AS avg_order,
    sum(tax) AS tax,
    sum(net_amount) + sum(tax) AS gross,
    sum(net_amount) / count(*) AS per_order,
    lag(sum(net_amount)) OVER (ORDER BY month) AS prev_revenue,
    round(100.0 * (sum(net_amount) - lag(sum(net_amount)) OVER (ORDER BY month)) / nullif(lag(sum(net_amount)) OVER (ORDER BY month), 0), 2) AS growth_pct
FROM paid
GROUP BY 1
ORDER BY 1;

-- name: customer_lifetime_value
SELECT
    c.customer_id,
    c.first_name || ' ' || c.last_name AS full_name,
    coalesce(c.segment, 'unknown') AS segment,
    min(o.order_date) AS first_order,
    max(o.order_date) AS last_order,
    max(o.order_date) - min(o.order_date) AS tenure_days,
    count(o.order_id) FILTER (WHERE o.status = 'returned') AS returns,
    sum(CASE WHEN o.status <> 'cancelled' THEN o.amount ELSE 0 END) AS lifetime_value,
    sum(o.item_count) AS items,
    any_value(c.address.city) AS city,
    list(DISTINCT o.channel ORDER BY o.channel) AS channels,
    arg_max(o.order_id, o.ordered_at) AS latest_order_id,
    bool_or(o.notes IS NOT NULL) AS has_notes
FROM customers c
LEFT JOIN orders o USING (customer_id)
GROUP BY c.customer_id, full_name, c.segment
HAVING count(o.order_id) > 1
ORDER BY lifetime_value DESC NULLS LAST
LIMIT 100;

-- name: order_lines_enriched
SELECT
    oi.*,
    p.product_name,
    p.category,
    oi.quantity * oi.unit_price AS gross,
    oi.quantity * oi.unit_price * (1 - coalesce(oi.discount_pct, 0)) AS net,
    oi.quantity * p.cost AS cogs,
    oi.quantity * (oi.unit_price - p.cost) AS margin,
    (oi.unit_price - p.cost) / nullif(oi.unit_price, 0) AS margin_pct,
    row_number() OVER w AS rn,
    sum(oi.quantity * oi.unit_price) OVER (PARTITION BY oi.order_id) AS order_total,
    oi.quantity * oi.unit_price / sum(oi.quantity * oi.unit_price) OVER (PARTITION BY oi.order_id) AS share
FROM order_items AS oi
JOIN products p ON p.product_id = oi.product_id
WINDOW w AS (PARTITION BY oi.order_id ORDER BY oi.line_no);

-- name: latest_order_per_customer
SELECT customer_id, order_id, ordered_at, status, amount
FROM orders
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC) = 1;

-- name: order_status_funnel
SELECT
    date_trunc('week', ordered_at)::DATE AS week,
    count(*) AS total,
    count(*) FILTER (status = 'paid') AS paid,
    count(*) FILTER (WHERE status = 'shipped') AS shipped,
    sum((status = 'delivered')::INT) AS delivered,
    count_if(status = 'returned') AS returned,
    paid / total AS paid_rate,
    shipped::DOUBLE / nullif(paid, 0) AS ship_rate,
    avg(shipped_at - ordered_at) AS avg_ship_time,
    median(date_diff('hour', ordered_at, shipped_at)) AS median_hours,
    quantile_cont(amount, 0.9) AS p90,
    quantile_disc(amount, [0.1, 0.5, 0.9]) AS deciles
FROM orders
GROUP BY ALL
ORDER BY ALL;

-- name: discounts_by_band
SELECT
    CASE
        WHEN discount IS NULL OR discount = 0 THEN 'none'
        WHEN discount < 0.1 THEN 'low'
        WHEN discount BETWEEN 0.1 AND 0.25 THEN 'mid'
        ELSE 'high'
    END AS band,
    count(*) AS n,
    sum(amount),
    avg(discount),
    min(amount),
    max(tax_rate),
    stddev_samp(amount),
    var_pop(shipping_cost),
    sum(amount * discount),
    sum(amount) - sum(amount * discount) AS net
FROM orders
GROUP BY band
ORDER BY n DESC;

-- name: rfm_scores
WITH rfm AS (
    SELECT
        customer_id,
        date_diff('day', max(order_date), current_date) AS recency,
        count(*) AS frequency,
        sum(amount) AS monetary
    FROM orders
    WHERE status NOT IN ('cancelled', 'returned')
    GROUP BY customer_id
),
scored AS (
    SELECT
        *,
        ntile(5) OVER (ORDER BY recency DESC) AS r,
        ntile(5) OVER (ORDER BY frequency) AS f,
        ntile(5) OVER (ORDER BY monetary) AS m
    FROM rfm
)
SELECT
    s.*,
    r * 100 + f * 10 + m AS score,
    r::VARCHAR || f || m AS cell,
    concat(r, '-', f, '-', m) AS label,
    CASE WHEN r >= 4 AND f >= 4 THEN 'champion' WHEN r <= 2 THEN 'lapsing' END AS bucket,
    percent_rank() OVER (ORDER BY monetary) AS pr,
    cume_dist() OVER (ORDER BY monetary) AS cd
FROM scored s;

-- name: basket_pairs
SELECT
    least(a.product_id, b.product_id) AS p1,
    greatest(a.product_id, b.product_id) AS p2,
    count(*) AS together,
    count(*) * 1.0 / (SELECT count(DISTINCT order_id) FROM order_items) AS support
FROM order_items a
JOIN order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id
GROUP BY 1, 2
HAVING together > 5
ORDER BY together DESC
LIMIT 20;

-- name: cohort_retention
WITH first_order AS (
    SELECT customer_id, min(date_trunc('month', order_date)) AS cohort
    FROM orders GROUP BY customer_id
),
activity AS (
    SELECT DISTINCT
        o.customer_id,
        f.cohort,
        datediff('month', f.cohort, o.order_date) AS month_no
    FROM orders o JOIN first_order f USING (customer_id)
)
SELECT
    cohort,
    month_no,
    count(*) AS active,
    first_value(count(*)) OVER (PARTITION BY cohort ORDER BY month_no) AS cohort_size,
    count(*) / first_value(count(*)) OVER (PARTITION BY cohort ORDER BY month_no) AS retention,
    strftime(cohort, '%Y-%m') || '+' || month_no AS key
FROM activity
GROUP BY cohort, month_no;

-- name: order_gap_analysis
SELECT
    customer_id,
    ordered_at,
    lag(ordered_at) OVER w AS prev_at,
    ordered_at - lag(ordered_at) OVER w AS gap,
    date_diff('day', lag(ordered_at) OVER w, ordered_at) AS gap_days,
    lead(amount, 1, 0) OVER w AS next_amount,
    amount - lag(amount, 1, amount) OVER w AS delta,
    first_value(channel) OVER w AS first_channel,
    last_value(channel) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_channel,
    nth_value(amount, 2) OVER w AS second_amount,
    dense_rank() OVER w AS seq
FROM orders
WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_at);

-- name: tax_summary
SELECT
    currency,
    extract(year FROM order_date) AS yr,
    extract('quarter' FROM order_date) AS qtr,
    sum(amount * tax_rate) AS tax_float,
    sum(amount::DOUBLE * tax_rate) AS tax_double,
    sum(CAST(amount * 0.19 AS DECIMAL(12, 2))) AS vat,
    round(sum(amount) * 0.19, 2) AS vat_rounded,
    floor(sum(amount)) AS floored,
    ceil(avg(amount)) AS ceiled,
    trunc(sum(amount)) AS truncated,
    abs(sum(amount)) AS absolute,
    sign(sum(amount)) AS sgn,
    sum(amount) % 100 AS remainder,
    -sum(amount) AS negated
FROM orders
GROUP BY ALL;

-- name: orders_grouping_sets
SELECT
    channel,
    currency,
    status,
    count(*) AS n,
    sum(amount) AS total,
    grouping(channel, currency, status) AS g,
    GROUPING_ID(channel, currency)
FROM orders
GROUP BY GROUPING SETS ((channel, currency), (status), ());

-- name: orders_rollup
SELECT
    coalesce(channel, 'ALL') AS channel,
    coalesce(date_part('year', order_date)::VARCHAR, 'ALL') AS year,
    sum(amount) AS total,
    avg(item_count) AS avg_items,
    max(shipping_cost) AS max_ship
FROM orders
GROUP BY ROLLUP (channel, date_part('year', order_date))
ORDER BY 1, 2;

-- name: orders_cube
SELECT channel, currency, status, sum(amount), count(*)
FROM orders
GROUP BY CUBE (channel, currency), status;

-- name: distinct_on_latest
SELECT DISTINCT ON (customer_id)
    customer_id, order_id, amount, status, ordered_at AT TIME ZONE 'UTC' AS ordered_utc
FROM orders
ORDER BY customer_id, ordered_at DESC;

-- name: correlated_counts
SELECT
    c.customer_id,
    c.email,
    (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) AS n_orders,
    (SELECT max(o.amount) FROM orders o WHERE o.customer_id = c.customer_id AND o.status = 'paid') AS max_paid,
    EXISTS (SELECT 1 FROM subscriptions s WHERE s.customer_id = c.customer_id) AS subscribed,
    c.customer_id IN (SELECT customer_id FROM orders WHERE amount > 1000) AS big_spender,
    c.credit_limit > ALL (SELECT amount FROM orders o WHERE o.customer_id = c.customer_id) AS within_limit,
    ARRAY(SELECT o.order_id FROM orders o WHERE o.customer_id = c.customer_id ORDER BY 1) AS order_ids
FROM customers c
WHERE NOT EXISTS (FROM orders o WHERE o.customer_id = c.customer_id AND o.status = 'cancelled');

-- name: running_totals
SELECT
    order_date,
    sum(amount) AS daily,
    sum(sum(amount)) OVER (ORDER BY order_date) AS running,
    avg(sum(amount)) OVER (ORDER BY order_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS ma7,
    sum(sum(amount)) OVER (ORDER BY order_date RANGE BETWEEN INTERVAL 30 DAYS PRECEDING AND CURRENT ROW) AS rolling_30d,
    max(sum(amount)) OVER () AS best_day,
    rank() OVER (ORDER BY sum(amount) DESC) AS rnk
FROM orders
GROUP BY order_date;

-- name: orders_from_first
FROM orders
SELECT channel, n: count(*), total: sum(amount), avg_ship: avg(shipping_cost)
WHERE order_date >= DATE '2024-01-01'
GROUP BY channel
HAVING n > 10
ORDER BY total DESC;

-- name: alias_reuse
SELECT
    amount * (1 - discount) AS net,
    net * 1.19 AS gross,
    gross - net AS vat,
    round(vat, 2) AS vat2,
    net > 100 AS is_big,
    CASE WHEN is_big THEN 'big' ELSE 'small' END AS size_class,
    upper(size_class) AS shout
FROM orders
WHERE net > 0;

-- name: orders_values_join
WITH fx(currency, rate) AS (
    VALUES ('EUR', 1.0), ('USD', 0.92), ('GBP', 1.17)
),
bands AS (
    SELECT * FROM (VALUES (0, 100, 'small'), (100, 1000, 'medium'), (1000, NULL, 'large')) AS b(lo, hi, band)
)
SELECT
    o.order_id,
    o.amount * fx.rate AS amount_eur,
    b.band,
    b.hi - b.lo AS width,
    fx.rate
FROM orders o
JOIN fx USING (currency)
JOIN bands b ON o.amount >= b.lo AND (o.amount < b.hi OR b.hi IS NULL);

-- name: semi_anti
SELECT c.customer_id, c.email, c.credit_limit
FROM customers c
SEMI JOIN orders o ON o.customer_id = c.customer_id AND o.amount > 100
ANTI JOIN subscriptions s ON s.customer_id = c.customer_id;

-- name: order_amount_histogram
SELECT
    width_bucket AS bucket,
    count(*) AS n,
    histogram(status) AS status_hist,
    min(amount) AS lo,
    max(amount) AS hi,
    string_agg(DISTINCT channel, ', ' ORDER BY channel) AS channels,
    mode(currency) AS main_currency,
    approx_count_distinct(customer_id) AS customers,
    entropy(channel) AS e,
    kurtosis(amount) AS k,
    skewness(amount) AS s,
    approx_quantile(amount, 0.5) AS aq,
    mad(amount) AS mad
FROM (
    SELECT *, CAST(floor(amount / 50) AS INTEGER) AS width_bucket FROM orders
) t
GROUP BY width_bucket;

-- name: late_shipments
SELECT
    o.order_id,
    o.shipped_at - o.ordered_at AS delay,
    age(o.shipped_at, o.ordered_at) AS delay_age,
    o.ordered_at + INTERVAL '3 days' AS due,
    o.ordered_at + INTERVAL (o.item_count) HOUR AS pick_by,
    date_add(o.order_date, INTERVAL 2 WEEK) AS follow_up,
    o.order_date + 7 AS week_later,
    o.order_date - DATE '2024-01-01' AS days_in,
    epoch(o.shipped_at - o.ordered_at) / 3600 AS hours,
    extract(epoch FROM o.shipped_at) AS shipped_epoch,
    o.shipped_at > due AS late,
    if(late, 'late', 'ok') AS verdict
FROM orders o;

-- name: year_over_year
WITH m AS (
    SELECT year(order_date) AS y, month(order_date) AS mo, sum(amount) AS total
    FROM orders GROUP BY ALL
)
SELECT
    cur.y,
    cur.mo,
    cur.total,
    prev.total AS last_year,
    cur.total - prev.total AS diff,
    (cur.total / prev.total - 1) * 100 AS pct,
    monthname(make_date(cur.y, cur.mo, 1)) AS month_name
FROM m cur
LEFT JOIN m prev ON prev.y = cur.y - 1 AND prev.mo = cur.mo;

-- name: dbt_incremental_orders
WITH source AS (
    SELECT * FROM orders
),
renamed AS (
    SELECT
        order_id AS id,
        customer_id,
        status::VARCHAR AS status,
        order_date AS ordered_on,
        amount AS amount_gross,
        coalesce(discount, 0) AS discount_rate,
        lower(trim(channel)) AS channel,
        nullif(trim(notes), '') AS notes,
        md5(concat_ws('|', order_id, customer_id, status)) AS row_hash,
        now() AS _loaded_at,
        current_date AS _loaded_on,
        'orders' AS _source
    FROM source
    WHERE amount IS NOT NULL
),
deduped AS (
    SELECT *, row_number() OVER (PARTITION BY id ORDER BY ordered_on DESC) AS _rn
    FROM renamed
)
SELECT * EXCLUDE (_rn) FROM deduped WHERE _rn = 1;

-- name: first_and_repeat
SELECT
    o.customer_id,
    o.order_id,
    o.amount,
    CASE row_number() OVER (PARTITION BY o.customer_id ORDER BY o.ordered_at)
        WHEN 1 THEN 'first' WHEN 2 THEN 'second' ELSE 'repeat' END AS kind,
    sum(o.amount) OVER (PARTITION BY o.customer_id ORDER BY o.ordered_at
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS spent_before,
    count(*) OVER (PARTITION BY o.customer_id) AS orders_total,
    o.amount / avg(o.amount) OVER (PARTITION BY o.customer_id) AS vs_avg
FROM orders o
WHERE (o.customer_id, o.currency) IN (SELECT (customer_id, 'EUR') FROM customers);

-- name: order_top_n
SELECT
    channel,
    max(amount, 3) AS top3,
    min(order_id, 2) AS first2,
    arg_max(order_id, amount, 3) AS top3_ids,
    arg_min(ordered_at, amount) AS cheapest_at,
    max_by(status, ordered_at) AS last_status,
    min_by(notes, ordered_at, 2) AS first_notes,
    first(customer_id ORDER BY ordered_at) AS first_customer,
    last(customer_id ORDER BY ordered_at DESC) AS last_customer
FROM orders
GROUP BY channel;
