-- name: date_dimension
WITH days AS (SELECT unnest(generate_series(DATE '2024-01-01', DATE '2024-12-31', INTERVAL 1 DAY))::DATE AS d)
SELECT
    d AS date_key, strftime(d, '%Y%m%d')::INTEGER AS date_int, year(d) AS year, quarter(d) AS quarter, month(d) AS month, monthname(d) AS month_name, day(d) AS day, dayofweek(d) AS dow, isodow(d) AS iso_dow, dayname(d) AS day_name, dayofyear(d) AS doy, week(d) AS wk, weekofyear(d) AS woy, yearweek(d) AS yw, isoyear(d) AS iso_year, date_trunc('week', d) AS week_start, date_trunc('month', d)::DATE AS month_start, last_day(d) AS month_end, date_trunc('quarter', d) AS q_start, date_trunc('year', d) AS y_start, d - INTERVAL 1 YEAR AS last_year, (d - INTERVAL 1 YEAR)::DATE AS last_year_date, isodow(d) > 5 AS weekend, d = current_date AS is_today, d - date_trunc('year', d)::DATE AS days_in, era(d) AS era, century(d) AS century, decade(d) AS decade, millennium(d) AS mil, julian(d) AS julian, epoch(d) AS epoch, date_part('doy', d) AS doy2, datepart('week', d) AS wk2, d::VARCHAR AS txt, 'FY' || (year(d) + CASE WHEN month(d) >= 7 THEN 1 ELSE 0 END) AS fiscal
FROM days;

-- name: timestamps
SELECT ordered_at, date_trunc('hour', ordered_at) AS h, date_trunc('day', ordered_at) AS dy, ordered_at::DATE AS dt, ordered_at::TIME AS tm, extract(hour FROM ordered_at) AS hh, extract(minute FROM ordered_at) AS mi, extract(second FROM ordered_at) AS ss, extract(millisecond FROM ordered_at) AS ms, extract(epoch FROM ordered_at) AS ep, epoch_ms(ordered_at) AS ems, epoch_us(ordered_at) AS eus, epoch_ns(ordered_at) AS ens, ordered_at + INTERVAL 90 MINUTE AS later, ordered_at - INTERVAL '1 day 2 hours' AS earlier, shipped_at - ordered_at AS diff, date_diff('minute', ordered_at, shipped_at) AS mins, datediff('day', ordered_at, shipped_at) AS dys, date_sub('hour', ordered_at, shipped_at) AS hrs, age(shipped_at, ordered_at) AS ag, age(ordered_at) AS ag2, strftime(ordered_at, '%H:%M') AS fmt, strftime('%d/%m/%Y', ordered_at) AS fmt2, strptime(notes, '%Y-%m-%d %H:%M:%S') AS parsed, try_strptime(notes, ['%Y-%m-%d', '%d/%m/%Y']) AS parsed2, make_timestamp(2024, 1, 1, 0, 0, 0.0) AS mk, make_time(1, 2, 3.5) AS mt, to_timestamp(epoch(ordered_at)) AS back, ordered_at AT TIME ZONE 'America/New_York' AS tz, (ordered_at AT TIME ZONE 'UTC') AT TIME ZONE 'Asia/Tokyo' AS tokyo, timezone('UTC', ordered_at) AS utc, greatest(ordered_at, shipped_at) AS latest, coalesce(shipped_at, current_timestamp) AS until, ordered_at > now() - INTERVAL 7 DAY AS recent, ordered_at <= order_date AS odd, time_bucket(INTERVAL 1 WEEK, ordered_at) AS wk, time_bucket(INTERVAL 1 MONTH, order_date) AS mo, time_bucket(INTERVAL 1 DAY, ordered_at, INTERVAL 6 HOUR) AS shifted, date_trunc('decade', ordered_at) AS dec
FROM orders;

-- name: intervals
SELECT billing_interval, billing_interval * 2 AS dbl, billing_interval + INTERVAL 1 DAY AS plus, -billing_interval AS neg, extract(month FROM billing_interval) AS m, extract(epoch FROM billing_interval) AS e, started_on + billing_interval AS next_bill, (started_on + billing_interval)::DATE AS next_bill_date, to_days(seats::INT) AS d, to_hours(3) AS h, to_months(2) AS mo, INTERVAL (seats) MONTH AS im, INTERVAL '1 year 2 months' AS ym, interval_x, datetrunc('month', billing_interval) AS tr, billing_interval > INTERVAL 1 MONTH AS longer, avg(billing_interval) OVER () AS av, max(billing_interval) OVER () AS mx, epoch(billing_interval) / 86400 AS days, trial_ends - started_on AS trial, trial_ends::DATE - started_on AS trial_days, normalized_interval(billing_interval) AS norm, justify_x FROM (SELECT *, 1 AS interval_x, 2 AS justify_x FROM subscriptions);

-- name: mrr_movements
WITH months AS (
    SELECT range::DATE AS month FROM range(DATE '2023-01-01', DATE '2024-01-01', INTERVAL 1 MONTH)
), active AS (
    SELECT m.month, s.customer_id, sum(s.mrr) AS mrr
    FROM months m JOIN subscriptions s ON s.started_on <= last_day(m.month) AND (s.cancelled_on IS NULL OR s.cancelled_on > last_day(m.month))
    GROUP BY ALL
), moves AS (
    SELECT coalesce(c.month, (p.month + INTERVAL 1 MONTH)::DATE) AS month, coalesce(c.customer_id, p.customer_id) AS customer_id, coalesce(c.mrr, 0) AS mrr, coalesce(p.mrr, 0) AS prev, coalesce(c.mrr, 0) - coalesce(p.mrr, 0) AS delta
    FROM active c FULL OUTER JOIN active p ON c.customer_id = p.customer_id AND c.month = p.month + INTERVAL 1 MONTH
)
SELECT month, sum(delta) FILTER (WHERE prev = 0) AS new_mrr, sum(delta) FILTER (WHERE prev > 0 AND delta > 0) AS expansion, sum(delta) FILTER (WHERE mrr > 0 AND delta < 0) AS contraction, sum(delta) FILTER (WHERE mrr = 0) AS churned, sum(mrr) AS total, sum(sum(delta)) OVER (ORDER BY month) AS check_total, count(DISTINCT customer_id) AS customers, sum(mrr) / count(DISTINCT customer_id) AS arpa
FROM moves GROUP BY month ORDER BY month;

-- name: churn_rate
SELECT date_trunc('month', cancelled_on) AS month, plan, count(*) AS churned, count(*)::DOUBLE / sum(count(*)) OVER (PARTITION BY date_trunc('month', cancelled_on)) AS share, avg(cancelled_on - started_on) AS avg_days, sum(mrr * 12) AS arr_lost, sum(seats) AS seats, avg(seats) AS avg_seats, max(seats) + 1 AS mx, list(features) AS feats, list_distinct(flatten(list(features))) AS all_features, count(*) FILTER ('sso' IN features) AS with_sso, median(mrr) AS med, mode(plan) AS m, any_value(billing_interval) AS bi, min(trial_ends) AS t
FROM subscriptions WHERE cancelled_on IS NOT NULL GROUP BY 1, 2;

-- name: scd_ranges
SELECT customer_id, plan, started_on AS valid_from, coalesce(lead(started_on) OVER w - 1, DATE '9999-12-31') AS valid_to, lead(started_on) OVER w IS NULL AS is_current, row_number() OVER w AS version, md5(concat_ws('|', customer_id, plan, started_on)) AS sk, hash(customer_id, plan) AS h, plan IS DISTINCT FROM lag(plan) OVER w AS changed, daterange_x FROM (SELECT *, 1 AS daterange_x FROM subscriptions) WINDOW w AS (PARTITION BY customer_id ORDER BY started_on);

-- name: store_hours
SELECT store_id, opens, closes, closes - INTERVAL 1 HOUR AS last_entry, opens + INTERVAL '30 minutes' AS brunch, date_diff('minute', opens, closes) AS minutes_open, extract(hour FROM closes) AS closing_hour, opened + opens AS first_opening, opens < TIME '09:00' AS early, max(closes) OVER (PARTITION BY country) AS latest, opens::VARCHAR AS txt, make_time(hour(opens), minute(opens), 0.0) AS rebuilt, strftime(opened, '%d %b %Y') AS nice, localtime > opens AS open_now, date_trunc('month', opened) AS om, opens BETWEEN TIME '08:00' AND TIME '10:00' AS window_ok, epoch(opens) AS secs FROM stores;

-- name: cohort_by_signup
SELECT date_trunc('month', created_at) AS cohort, date_diff('month', created_at, updated_at::TIMESTAMP) AS age_months, count(*) AS n, avg(date_diff('day', created_at, updated_at)) AS d, min(updated_at - created_at::TIMESTAMPTZ) AS fastest, max(birth_date) AS youngest, avg(date_part('year', age(birth_date))) AS avg_age, avg(current_date - birth_date) / 365 AS avg_age2, count(*) FILTER (updated_at > created_at + INTERVAL 30 DAY) AS late, mode(dayname(created_at)) AS usual_day, list(DISTINCT strftime(created_at, '%a')) AS days FROM customers GROUP BY 1, 2;

-- name: precise_times
SELECT ts_ns::DATE, ts_s + INTERVAL 1 SECOND, ts_ms - ts_ms, ts_ns - ts_ns, date_trunc('second', ts_ms), extract(microsecond FROM ts_ns), ttz, ttz::TIME, tstz::DATE, tstz::TIME, date_trunc('day', tstz), tstz + INTERVAL 1 DAY, tstz - ts::TIMESTAMPTZ, tstz AT TIME ZONE 'UTC', extract(timezone FROM tstz), year(tstz), strftime(tstz, '%Y'), epoch(tstz), greatest(ts, ts_s), ts = ts_ns, ts_ns::VARCHAR, t + iv, d + t, ts - d, tstz - d FROM exotic;
