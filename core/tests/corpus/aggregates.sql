-- name: ordered_aggregates
SELECT channel, list(amount ORDER BY ordered_at DESC, order_id) AS l, string_agg(notes, ', ' ORDER BY order_id) AS s, first(amount ORDER BY ordered_at) AS f, last(amount ORDER BY ordered_at) AS la, array_agg(DISTINCT currency ORDER BY currency) AS curs, group_concat(currency, '/') AS gc, listagg(currency, ';') AS la2, arg_max(amount, ordered_at ORDER BY order_id) AS am, any_value(status ORDER BY ordered_at DESC) AS av, first(status) FILTER (amount > 10) AS fs, sum(amount ORDER BY order_id) AS so, quantile_cont(amount, 0.5 ORDER BY amount DESC) AS q FROM orders GROUP BY channel;

-- name: top_n_aggregates
SELECT currency, max(amount, 3) AS m3, min(order_date, 2) AS d2, arg_max(order_id, amount, 2) AS am2, arg_min(channel, amount, 3) AS an3, max_by(order_id, ordered_at) AS mb, min_by(order_id, ordered_at, 2) AS mb2, approx_top_k(channel, 3) AS top_channels, arg_max_null(notes, amount) AS amn, list(amount ORDER BY amount DESC)[:3] AS l3, max(amount, 3)[1] AS best, max(status) AS ms FROM orders GROUP BY currency;

-- name: histograms
SELECT histogram(channel) AS h, histogram(amount) AS ha, histogram(item_count, [0, 5, 10]) AS hb, histogram_exact(item_count, [1, 2, 3]) AS he, map_keys(histogram(channel)) AS ks, histogram(order_date) AS hd, histogram(status) AS hs, bitstring_agg(item_count, 0, 100) AS bs, histogram(channel)['web'] AS web FROM orders;

-- name: filters_and_distinct
SELECT count(*) FILTER (WHERE amount > 100) AS a, count(DISTINCT customer_id) FILTER (status = 'paid') AS b, sum(DISTINCT amount) AS c, avg(DISTINCT item_count) AS d, sum(amount) FILTER (WHERE channel IN ('web', 'app')) AS e, count(DISTINCT (customer_id, channel)) AS f, count(DISTINCT customer_id % 10) AS g, sum(amount) FILTER (WHERE amount > (SELECT avg(amount) FROM orders)) AS h, min(amount) FILTER (NOT notes IS NULL) AS i, count(notes) AS j, count(1) AS k, count(NULL) AS l, sum(1) AS m, sum(1.5) AS n, sum(item_count) AS o, sum(item_count::BIGINT) AS p, sum(tax_rate) AS q, avg(tax_rate) AS r, sum(1) * 1.0 / count(*) AS s, max(1) AS t, avg(1) AS u FROM orders;

-- name: statistical
SELECT product_id, stddev(unit_price) AS sd, stddev_pop(quantity) AS sp, var_samp(unit_price) AS vs, variance(quantity) AS v, skewness(quantity) AS sk, kurtosis(unit_price) AS ku, corr(quantity, unit_price) AS c, covar_pop(quantity, unit_price) AS cp, regr_slope(unit_price, quantity) AS rs, regr_intercept(unit_price, quantity) AS ri, regr_r2(unit_price, quantity) AS r2, regr_count(unit_price, quantity) AS rc, entropy(quantity) AS en, mad(unit_price) AS md, mode(quantity) AS mo, median(unit_price) AS me, quantile_disc(unit_price, 0.9) AS q9, quantile_cont(unit_price, [0.25, 0.75]) AS qs, approx_quantile(quantity, 0.5) AS aq, reservoir_quantile(quantity, 0.5) AS rq, product(quantity) AS pr, geomean(unit_price) AS gm, bit_and(quantity) AS ba, bit_xor(quantity) AS bx, sem(quantity) AS se, favg(unit_price) AS fa, fsum(unit_price) AS fs, kahan_sum(quantity) AS ks, sumkahan(quantity) AS sk2, weighted_x FROM (SELECT *, 1 AS weighted_x FROM order_items) GROUP BY ALL;

-- name: grouping_everything
SELECT store_id, product_id, year, quarter, sum(revenue) AS rev, sum(units) AS units, grouping(store_id) AS g1, grouping(store_id, product_id, year, quarter) AS g4, count(*) AS n FROM sales GROUP BY GROUPING SETS ((store_id, year, quarter), CUBE (product_id, year), ROLLUP (store_id, quarter), ());

-- name: group_by_expressions
SELECT year(order_date) AS y, month(order_date) AS m, CASE WHEN amount > 100 THEN 'big' ELSE 'small' END AS size, count(*) AS n, sum(amount) AS total FROM orders GROUP BY year(order_date), month(order_date), CASE WHEN amount > 100 THEN 'big' ELSE 'small' END HAVING count(*) > 3 AND sum(amount) BETWEEN 10 AND 1000 ORDER BY y DESC, total;

-- name: group_by_alias_and_position
SELECT lower(channel) AS channel_name, date_trunc('month', order_date) AS mth, currency, count(*), sum(amount) AS amount FROM orders GROUP BY channel_name, 2, currency ORDER BY 2, count(*) DESC;

-- name: having_without_group
SELECT count(*) AS n, max(amount) AS mx FROM orders HAVING count(*) > 0;

-- name: nested_aggregates
SELECT avg(total) AS avg_total, max(total) AS max_total, sum(total) AS grand, avg(n) AS avg_n, sum(n) AS sum_n, list(channel ORDER BY total DESC) AS ranking, max(total) / nullif(sum(total), 0) AS concentration, sum(total * total) / (sum(total) * sum(total)) AS hhi, stddev(total) / avg(total) AS cv FROM (SELECT channel, sum(amount) AS total, count(*) AS n FROM orders GROUP BY channel);

-- name: aggregates_over_nested
SELECT sum(len(tags)) AS n_tags, avg(len(tags)) AS avg_tags, list(tags) AS all_tags, flatten(list(tags)) AS flat, max(tags) AS mx, any_value(address) AS addr, any_value(address).city AS city, list(address.city) AS cities, max(address.geo.lat) AS north, mode(address.city) AS top_city, first(preferences) AS pref, count(DISTINCT address) AS n_addr, min(external_id) AS first_uuid, map_from_entries(list((email, customer_id))) AS by_email, list(DISTINCT unnested) AS u, json_group_array(email) AS ja, json_group_object(email, customer_id) AS jo, avg(address.geo.lat + address.geo.lon) AS a, bool_and(is_active) AS all_active, sum(credit_limit) FILTER (is_active) AS active_limit FROM customers, (SELECT 1 AS unnested);

-- name: approximate
SELECT approx_count_distinct(user_id) AS a, approx_quantile(received_at, 0.5) AS b, approx_top_k(event_type, 5) AS c, approx_top_k(event_type, 5)[1] AS d, approx_quantile(properties.duration_ms, [0.5, 0.95]) AS e, approx_count_distinct(session_id) / count(*) AS f, quantile_cont(received_at, 0.5) AS g, quantile_disc(event_type, 0.5) AS h, median(received_at) AS i, mad(received_at) AS j FROM events;

-- name: windowed_aggregates
SELECT order_id, list(amount) OVER w AS hist, string_agg(channel, '>') OVER w AS path, quantile_cont(amount, 0.5) OVER w AS med, mode(channel) OVER w AS m, arg_max(order_id, amount) OVER w AS best, count(DISTINCT channel) OVER w AS nch, first(amount) OVER w AS fst, max(amount, 2) OVER w AS top2, bool_or(status = 'paid') OVER w AS any_paid, stddev(amount) OVER w AS sd, histogram(channel) OVER w AS h, avg(item_count) OVER w AS ai, sum(item_count) OVER w AS si, sum(amount) OVER (PARTITION BY customer_id) - sum(amount) OVER w AS remaining, lag(amount, 2, 0.0) OVER w AS l2, lead(status) OVER w AS nx, nth_value(amount, 2) OVER w AS n2, row_number() OVER w % 2 AS parity, ntile(item_count_ntile) OVER w AS nt FROM (SELECT *, 4 AS item_count_ntile FROM orders) WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_at);

-- name: window_nulls
SELECT order_id, last_value(notes IGNORE NULLS) OVER w AS a, first_value(notes RESPECT NULLS) OVER w AS b, lag(notes IGNORE NULLS) OVER w AS c, lag(amount, 1 IGNORE NULLS) OVER w AS d, nth_value(notes, 2 IGNORE NULLS) OVER w AS e, lag(order_date, 1, DATE '2020-01-01') OVER w AS f, lag(amount, 1, 0) OVER w AS g, lead(item_count, 1, -1) OVER w AS h, coalesce(lag(amount) OVER w, 0) AS i, row_number() OVER (ORDER BY notes NULLS FIRST) AS j, rank(ORDER BY amount) OVER (PARTITION BY channel) AS k, cume_dist(ORDER BY amount DESC) OVER w AS l FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_at);
