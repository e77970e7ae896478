-- name: kpi_header
-- the four tiles at the top of the page
SELECT
    count(DISTINCT o.customer_id)                                   AS "Active Customers",
    count(*)                                                        AS "Orders",
    sum(o.amount)                                                   AS "Revenue",
    round(sum(o.amount) / nullif(count(DISTINCT o.order_id), 0), 2) AS "AOV", -- average order value
    100.0 * count(*) FILTER (WHERE o.status = 'returned') / count(*) AS "Return %"
FROM orders AS o /* facts */
WHERE o.order_date >= date_trunc('month', current_date) - INTERVAL 3 MONTH;

-- name: unaliased_counts
SELECT channel, count(*), count(DISTINCT customer_id), sum(amount) / count(*), avg(amount), max(ordered_at) - min(ordered_at), min(status) FROM orders GROUP BY channel;

-- name: top_products_by_month
SELECT date_trunc('month', o.order_date) AS month, p.category, p.product_name, sum(i.quantity) AS units, sum(i.quantity * i.unit_price) AS gross, sum(i.quantity * i.unit_price * (1 - coalesce(i.discount_pct, 0))) AS net, rank() OVER (PARTITION BY date_trunc('month', o.order_date), p.category ORDER BY sum(i.quantity * i.unit_price) DESC) AS rnk
FROM orders o JOIN order_items i USING (order_id) JOIN products p USING (product_id)
GROUP BY 1, 2, 3 QUALIFY rnk <= 5 ORDER BY month, category, rnk;

-- name: yoy
WITH m AS (SELECT date_trunc('month', order_date) mo, sum(amount) rev FROM orders GROUP BY 1)
SELECT a.mo, a.rev, b.rev AS rev_ly, a.rev - b.rev AS diff, (a.rev - b.rev) / b.rev AS pct, round((a.rev / b.rev - 1) * 100, 1) || '%' AS pct_label
FROM m a LEFT JOIN m b ON a.mo = b.mo + INTERVAL '1 year';

-- name: running_and_moving
SELECT order_date, sum(amount) AS day_rev, sum(sum(amount)) OVER (ORDER BY order_date) AS running, avg(sum(amount)) OVER (ORDER BY order_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS ma7, sum(count(*)) OVER (ORDER BY order_date RANGE BETWEEN INTERVAL 30 DAYS PRECEDING AND CURRENT ROW) AS orders30, percent_rank() OVER (ORDER BY sum(amount)) AS pr, dense_rank() OVER (ORDER BY count(*) DESC) AS dr
FROM orders GROUP BY order_date;

-- name: pareto
SELECT customer_id, rev, sum(rev) OVER w AS cum, sum(rev) OVER w / sum(rev) OVER () AS cum_share, CASE WHEN sum(rev) OVER w <= 0.8 * sum(rev) OVER () THEN 'A' WHEN sum(rev) OVER w <= 0.95 * sum(rev) OVER () THEN 'B' ELSE 'C' END AS abc FROM (SELECT customer_id, sum(amount) AS rev FROM orders GROUP BY customer_id) WINDOW w AS (ORDER BY rev DESC ROWS UNBOUNDED PRECEDING);

-- name: rfm
WITH rfm AS (
    SELECT customer_id, date_diff('day', max(order_date), current_date) AS recency, count(*) AS frequency, sum(amount) AS monetary
    FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id
), scored AS (
    SELECT *, ntile(5) OVER (ORDER BY recency DESC) AS r, ntile(5) OVER (ORDER BY frequency) AS f, ntile(5) OVER (ORDER BY monetary) AS m FROM rfm
)
SELECT *, r * 100 + f * 10 + m AS score, concat(r, f, m) AS cell,
    CASE WHEN r >= 4 AND f >= 4 THEN 'Champions' WHEN r >= 3 AND f >= 3 THEN 'Loyal' WHEN r <= 2 AND f >= 3 THEN 'At risk' ELSE 'Others' END AS segment
FROM scored;

-- name: conditional_buckets
SELECT sum(CASE WHEN amount < 50 THEN 1 ELSE 0 END) AS lt50, sum(CASE WHEN amount BETWEEN 50 AND 100 THEN 1 END) AS b50_100, sum(if(amount > 100, 1, 0)) AS gt100, sum((amount > 100)::INT) AS gt100b, count_if(amount > 100) AS gt100c, countif(status IN ('paid', 'shipped')) AS ok, avg(CASE WHEN discount > 0 THEN discount END) AS avg_disc, sum(iff_x) FROM (SELECT *, CASE WHEN tax_rate > 0 THEN 1.5 ELSE 0 END AS iff_x FROM orders);

-- name: lateral_alias_chain
SELECT amount * (1 - coalesce(discount, 0)) AS net, net * tax_rate AS tax, net + tax AS gross, gross + shipping_cost AS total, round(total, 2) AS total_r, total_r::DECIMAL(18, 2) AS total_d, total_d % 10 AS m, net // 10 AS tens FROM orders WHERE net > 10 ORDER BY total_d;

-- name: heatmap
PIVOT (SELECT dayname(ordered_at) AS dow, hour(ordered_at) AS h, amount FROM orders) ON dow IN ('Monday', 'Tuesday', 'Sunday') USING sum(amount) AS rev, count(*) AS n GROUP BY h ORDER BY h;

-- name: share_of_channel
SELECT channel, currency, sum(amount) AS rev, round(100 * sum(amount) / sum(sum(amount)) OVER (PARTITION BY currency), 2) AS pct, sum(amount) / (SELECT sum(amount) FROM orders) AS of_all, bar(sum(amount), 0, 100000, 20) AS bar, format('{:,.2f}', sum(amount)::DOUBLE) AS pretty, printf('%.1f %%', 12.5) AS p FROM orders GROUP BY 1, 2;

-- name: grouping_labels
SELECT CASE WHEN grouping(region) = 1 THEN 'ALL' ELSE region END AS region, CASE WHEN grouping(country) = 1 THEN 'ALL' ELSE country END AS country, count(*) AS stores, sum(sq_meters) AS area, grouping_id(region, country) AS gid FROM stores GROUP BY ROLLUP (region, country) ORDER BY gid, 1;

-- name: cube_avg
SELECT store_id, year, quarter, avg(revenue), sum(units), count(*) FILTER (units > 0), GROUPING(store_id, year) FROM sales GROUP BY CUBE (store_id, year), quarter;

-- name: sets_union
FROM sales SELECT store_id, product_id, year, sum(revenue) AS r GROUP BY GROUPING SETS ((store_id, year), (product_id), ()) HAVING sum(revenue) > 0 ORDER BY ALL;

-- name: median_ship
SELECT channel, median(date_diff('hour', ordered_at, shipped_at)) AS med, quantile_cont(date_diff('hour', ordered_at, shipped_at), 0.95) AS p95, quantile_disc(amount, [0.1, 0.5, 0.9]) AS qs, approx_quantile(amount, 0.99) AS p99, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS pc, percentile_disc(0.25) WITHIN GROUP (ORDER BY item_count DESC) AS pd, mode() WITHIN GROUP (ORDER BY currency) AS mo FROM orders GROUP BY channel;

-- name: window_frames_exclude
SELECT order_id, avg(amount) OVER (PARTITION BY customer_id ORDER BY ordered_at ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW) AS neighbours, sum(amount) OVER (ORDER BY order_date GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS g, max(amount) FILTER (WHERE status <> 'cancelled') OVER (PARTITION BY customer_id) AS mx, count(*) OVER (w ROWS 2 PRECEDING) AS c, first_value(channel) OVER w fv, last_value(channel IGNORE NULLS) OVER (w RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) lv FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY order_date);

-- name: printed_windows
SELECT row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC), sum(amount) OVER (ORDER BY order_date ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), lag(amount, 1, 0) OVER (PARTITION BY customer_id ORDER BY ordered_at), count(*) OVER (), rank() OVER w, first_value(notes IGNORE NULLS) OVER w, sum(amount) FILTER (WHERE amount > 3) OVER w, ntile(4) OVER (ORDER BY amount ASC NULLS FIRST) FROM orders WINDOW w AS (PARTITION BY channel);

-- name: funnel
WITH steps AS (
    SELECT user_id,
        min(event_time) FILTER (WHERE event_type = 'view') AS viewed,
        min(event_time) FILTER (WHERE event_type = 'cart') AS carted,
        min(event_time) FILTER (WHERE event_type = 'purchase') AS bought
    FROM events GROUP BY user_id
)
SELECT count(viewed) AS s1, count(CASE WHEN carted > viewed THEN 1 END) AS s2, count(CASE WHEN bought > carted THEN 1 END) AS s3,
    round(s2 / s1, 3) AS c12, s3 / nullif(s2, 0) AS c23, median(carted - viewed) AS t12, avg(epoch(bought) - epoch(carted)) AS t23
FROM steps;

-- name: funnel_unpivoted
WITH f AS (SELECT count(*) FILTER (event_type = 'view') AS view, count(*) FILTER (event_type = 'cart') AS cart, count(*) FILTER (event_type = 'purchase') AS purchase FROM events)
SELECT step, users, lag(users) OVER () AS prev, users / lag(users) OVER () AS conv FROM (UNPIVOT f ON view, cart, purchase INTO NAME step VALUE users);

-- name: sessionise
WITH gaps AS (
    SELECT visitor, ts, url, ts - lag(ts) OVER w AS gap, CASE WHEN ts - lag(ts) OVER w > INTERVAL 30 MINUTE OR lag(ts) OVER w IS NULL THEN 1 ELSE 0 END AS is_new
    FROM clickstream WINDOW w AS (PARTITION BY visitor ORDER BY ts)
), numbered AS (
    SELECT *, sum(is_new) OVER (PARTITION BY visitor ORDER BY ts ROWS UNBOUNDED PRECEDING) AS sess FROM gaps
)
SELECT visitor || '-' || sess AS session_id, visitor, sess, min(ts) AS started, max(ts) AS ended, max(ts) - min(ts) AS duration, date_diff('second', min(ts), max(ts)) AS secs, count(*) AS pages, first(url ORDER BY ts) AS landing, last(url ORDER BY ts) AS exit_page, list(url ORDER BY ts) AS path, count(*) = 1 AS bounced, array_to_string(list(DISTINCT url), ' > ') AS flat
FROM numbered GROUP BY visitor, sess;

-- name: cohort_retention
WITH first_order AS (SELECT customer_id, min(date_trunc('month', order_date)) AS cohort FROM orders GROUP BY customer_id),
activity AS (SELECT DISTINCT o.customer_id, f.cohort, date_diff('month', f.cohort, o.order_date) AS n FROM orders o JOIN first_order f USING (customer_id)),
sizes AS (SELECT cohort, count(*) AS size FROM first_order GROUP BY cohort)
SELECT a.cohort, a.n AS month_no, s.size, count(*) AS retained, round(count(*) * 100.0 / s.size, 1) AS pct, strftime(a.cohort, '%b %Y') AS label
FROM activity a JOIN sizes s ON s.cohort = a.cohort GROUP BY a.cohort, a.n, s.size ORDER BY ALL;

-- name: cohort_pivot
PIVOT (SELECT date_trunc('month', started_on) AS cohort, least(date_diff('month', started_on, coalesce(cancelled_on, current_date)), 3) AS m, subscription_id FROM subscriptions) ON m IN (0, 1, 2, 3) USING count(DISTINCT subscription_id);

-- name: scd_asof
SELECT o.order_id, o.ordered_at, d.tier, d.address.city AS city, d.valid_from, d.* EXCLUDE (tier, address, valid_from, customer_id) FROM orders o ASOF LEFT JOIN dim_customer_scd d ON o.customer_id = d.customer_id AND o.ordered_at >= d.valid_from;

-- name: scd_between
SELECT o.*, d.customer_sk, coalesce(d.tier, 'unknown') AS tier, (d.customer_sk IS NULL) AS orphan FROM orders o LEFT JOIN dim_customer_scd d ON d.customer_id = o.customer_id AND o.ordered_at >= d.valid_from AND o.ordered_at < coalesce(d.valid_to, TIMESTAMP '9999-12-31');

-- name: scd_build
WITH changes AS (SELECT customer_id, tier, valid_from, lag(tier) OVER (PARTITION BY customer_id ORDER BY valid_from) IS DISTINCT FROM tier AS changed FROM dim_customer_scd QUALIFY changed)
SELECT md5(customer_id::VARCHAR || '|' || valid_from::VARCHAR) AS sk, customer_id, tier, valid_from, lead(valid_from, 1, 'infinity'::TIMESTAMP) OVER (PARTITION BY customer_id ORDER BY valid_from) AS valid_to, row_number() OVER (PARTITION BY customer_id ORDER BY valid_from DESC) = 1 AS is_current FROM changes;

-- name: gaps_islands
SELECT store_id, min(sale_date) AS from_d, max(sale_date) AS to_d, count(*) AS days, max(sale_date) - min(sale_date) + 1 AS span FROM (SELECT store_id, sale_date, sale_date - (row_number() OVER (PARTITION BY store_id ORDER BY sale_date))::INT AS grp FROM (SELECT DISTINCT store_id, sale_date FROM sales)) GROUP BY store_id, grp HAVING count(*) >= 3;

-- name: gap_fill
SELECT c.d::DATE AS d, s.store_id, coalesce(x.revenue, 0) AS revenue, last_value(x.revenue IGNORE NULLS) OVER (PARTITION BY s.store_id ORDER BY c.d) AS filled FROM generate_series(DATE '2024-01-01', DATE '2024-03-31', INTERVAL 1 DAY) AS c(d) CROSS JOIN stores s LEFT JOIN sales x ON x.store_id = s.store_id AND x.sale_date = c.d;

-- name: target_vs_actual
SELECT s.region, t.target, sum(x.revenue) AS act, sum(x.revenue) - t.target AS variance, CASE WHEN sum(x.revenue) >= t.target THEN '✓' ELSE '✗' END AS hit, sum(x.revenue) / t.target AS attainment FROM stores s JOIN sales x USING (store_id) JOIN (VALUES ('EMEA', 1000.50), ('APAC', 200)) AS t(region, target) ON t.region = s.region GROUP BY s.region, t.target;

-- name: basket_pairs
SELECT a.product_id AS p1, b.product_id AS p2, count(DISTINCT a.order_id) AS together, together / (SELECT count(DISTINCT order_id) FROM order_items) AS support, together::DOUBLE / any_value(n.n) AS confidence FROM order_items a JOIN order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id JOIN (SELECT product_id, count(*) AS n FROM order_items GROUP BY product_id) n ON n.product_id = a.product_id GROUP BY 1, 2 HAVING together > 5 ORDER BY 3 DESC LIMIT 50;

-- name: dau_mau
WITH d AS (SELECT event_time::DATE AS day, count(DISTINCT user_id) AS dau FROM events GROUP BY 1)
SELECT day, dau, (SELECT count(DISTINCT user_id) FROM events e WHERE e.event_time::DATE BETWEEN d.day - 29 AND d.day) AS mau FROM d;

-- name: first_last_touch
SELECT user_id, arg_min(properties.utm.source, event_time) AS first_touch, arg_max(properties.utm.source, event_time) AS last_touch, arg_max(event_type, event_time, 3) AS last3, list(DISTINCT properties.utm.medium) FILTER (properties.utm.medium IS NOT NULL) AS mediums, max(event_time) AT TIME ZONE 'UTC' AS seen_utc, arg_min({'p': properties.page, 't': event_time}, event_time) AS entry FROM events GROUP BY user_id;

-- name: ab_test
SELECT exp['checkout'].variant AS variant, count(DISTINCT visitor) AS n, avg(exp['checkout'].weight) AS w, stddev_samp(exp['checkout']['weight']) / sqrt(count(*)) AS se, corr(exp['checkout'].weight, len(path)) FROM clickstream WHERE exp['checkout'] IS NOT NULL GROUP BY 1;

-- name: inventory_cover
SELECT warehouse_id, product_id, on_hand - reserved AS available, on_hand - reserved < reorder_point AS low, greatest(reorder_point - (on_hand - reserved), 0) AS to_order, (on_hand * unit_cost)::DECIMAL(18, 2) AS value, on_hand / nullif(reserved, 0) AS ratio, on_hand * unit_cost AS v2, sum(on_hand * unit_cost) OVER (PARTITION BY warehouse_id) AS wv, reserved + reorder_point AS rr, -reserved AS neg, on_hand + reorder_point::TINYINT AS x, last_counted + INTERVAL 90 DAY AS next_count, age(last_counted::TIMESTAMP) AS since FROM inventory;

-- name: dup_names_join
SELECT * FROM orders o JOIN order_items i ON o.order_id = i.order_id JOIN products p ON i.product_id = p.product_id;

-- name: dup_names_plain
SELECT o.amount, o.amount AS amount, o.order_id, i.order_id, 1 AS amount_1, sum(o.amount) OVER (), sum(o.amount) OVER () FROM orders o, order_items i WHERE o.order_id = i.order_id;

-- name: from_first_bare
FROM subscriptions WHERE plan <> 'free' AND mrr > 0;

-- name: from_first_cte
WITH x AS (FROM orders SELECT customer_id, amount) FROM x SELECT customer_id, sum(amount) t GROUP BY customer_id;

-- name: nrr
WITH mrr AS (SELECT date_trunc('month', started_on)::DATE AS m, customer_id, sum(mrr) AS mrr FROM subscriptions GROUP BY ALL)
SELECT cur.m, sum(cur.mrr) FILTER (WHERE prev.mrr IS NOT NULL) / sum(prev.mrr) AS nrr, sum(least(cur.mrr, prev.mrr)) / sum(prev.mrr) AS grr, sum(greatest(cur.mrr - prev.mrr, 0)) AS expansion, count(*) FILTER (prev.customer_id IS NULL) AS new_logos FROM mrr cur LEFT JOIN mrr prev ON prev.customer_id = cur.customer_id AND prev.m = cur.m - INTERVAL 1 MONTH GROUP BY cur.m;

-- name: star_exclude_replace
SELECT * EXCLUDE (notes, channel) REPLACE (amount::DOUBLE AS amount, upper(currency) AS currency) RENAME (order_id AS id, customer_id AS cust) FROM orders;

-- name: star_like
SELECT * LIKE '%_at', * ILIKE 'AM%', order_id FROM orders;

-- name: columns_lambda
SELECT COLUMNS(c -> c LIKE 'kpi%'), COLUMNS('units_(\d+)') AS 'u\1', max(COLUMNS(* EXCLUDE (site, note))) OVER () FROM wide_kpis;

-- name: columns_agg
SELECT min(COLUMNS(*)), COLUMNS(['kpi_2023', 'kpi_2024']) + 1 FROM wide_kpis GROUP BY ALL;

-- name: columns_agg2
SELECT site, sum(COLUMNS('^kpi_.*')), round(avg(COLUMNS('units_.*')), 1) AS "avg_\0" FROM wide_kpis GROUP BY site;

-- name: columns_coalesce
SELECT coalesce(*COLUMNS('kpi_.*')) AS first_kpi, greatest(*COLUMNS('units.*')) AS g, concat_ws('-', *COLUMNS(* EXCLUDE (kpi_2023))) FROM wide_kpis;

-- name: unpivot_long
UNPIVOT wide_kpis ON COLUMNS('kpi_.*') INTO NAME year VALUE kpi;

-- name: unpivot_multi
UNPIVOT wide_kpis ON (kpi_2023, units_2023) AS "2023", (kpi_2024, units_2024) AS "2024" INTO NAME yr VALUE kpi, units;

-- name: unpivot_std
SELECT site, replace(metric, 'kpi_', '')::INT AS yr, v FROM wide_kpis UNPIVOT INCLUDE NULLS (v FOR metric IN (kpi_2023, kpi_2024, kpi_2025)) u WHERE v > 0;

-- name: pivot_std
SELECT * FROM sales PIVOT (sum(revenue) AS rev, max(units) FOR year IN (2023, 2024) quarter IN (1, 2) GROUP BY store_id);

-- name: pivot_no_using
PIVOT (SELECT region, store_name FROM stores) ON region IN ('N', 'S');

-- name: by_name
SELECT 1 AS a, 'x' AS b UNION ALL BY NAME SELECT 2.5 AS b2, 3::BIGINT AS a UNION BY NAME SELECT DATE '2024-01-01' AS c;

-- name: set_ops
(SELECT customer_id FROM orders EXCEPT SELECT customer_id FROM customers) INTERSECT ALL SELECT user_id FROM events ORDER BY 1 LIMIT 10;

-- name: values_table
SELECT v.*, v.rate * 100 AS pct, col_d FROM (VALUES (1, 'a', 0.05, NULL), (2, 'bb', 0.175, DATE '2024-02-02')) v(id, code, rate, col_d);

-- name: values_bare
VALUES (1, 'a', 1.5), (2000000000000, NULL, 2);

-- name: trailing_commas
SELECT order_id, amount, FROM orders WHERE status IN ('paid', 'shipped',) GROUP BY order_id, amount, ORDER BY 1;
