-- name: on_time_performance
SELECT carrier, count(*) AS flights, avg(date_diff('minute', scheduled_dep, actual_dep)) AS avg_dep_delay, avg(epoch(actual_arr - scheduled_arr) / 60) AS avg_arr_delay, sum(CASE WHEN actual_arr <= scheduled_arr + INTERVAL 15 MINUTE THEN 1 ELSE 0 END) * 100.0 / count(*) AS otp, count(*) FILTER (cancelled) AS cancelled, quantile_cont(date_diff('minute', scheduled_dep, actual_dep), 0.95) AS p95, mode(dest) AS top_dest, max(actual_arr - actual_dep) AS longest
FROM flights
GROUP BY carrier
HAVING flights > 100
ORDER BY otp DESC;

-- name: route_network
SELECT least(origin, dest) || '-' || greatest(origin, dest) AS route, any_value(a.city) AS from_city, any_value(b.city) AS to_city, count(*) AS n, sum(seats) AS seats, avg(distance_km) AS km, round(2 * 6371 * asin(sqrt(pow(sin(radians(any_value(b.position.lat) - any_value(a.position.lat)) / 2), 2) + cos(radians(any_value(a.position.lat))) * cos(radians(any_value(b.position.lat))) * pow(sin(radians(any_value(b.position.lon) - any_value(a.position.lon)) / 2), 2))), 1) AS haversine
FROM flights f JOIN airports a ON a.iata = f.origin JOIN airports b ON b.iata = f.dest
WHERE NOT cancelled
GROUP BY 1;

-- name: airport_runways
SELECT iata, name, len(runways) AS n_runways, list_max(list_transform(runways, r -> r.length_m)) AS longest, list_filter(runways, r -> r.surface = 'ASPH')[1].name AS first_asphalt, array_to_string([r.name FOR r IN runways], ', ') AS names, elevation_ft * 0.3048 AS elevation_m, position.lat::DECIMAL(8, 5) AS lat, unnest(runways, recursive := true)
FROM airports;

-- name: hourly_departures
SELECT origin, date_trunc('hour', scheduled_dep AT TIME ZONE a.tz) AS local_hour, extract(hour FROM scheduled_dep AT TIME ZONE a.tz) AS h, count(*) AS n, sum(count(*)) OVER (PARTITION BY origin ORDER BY date_trunc('hour', scheduled_dep AT TIME ZONE a.tz) ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS rolling3, sum(seats)::INTEGER AS seats
FROM flights JOIN airports a ON iata = origin
GROUP BY origin, local_hour, h, scheduled_dep, a.tz
ORDER BY origin, local_hour;

-- name: fare_buckets
SELECT flight_id, fares['economy'] AS eco, fares['business'] AS biz, fares['business'] / fares['economy'] AS ratio, list_min(map_values(fares)) AS cheapest, list_avg(map_values(fares)) AS mean_fare, map_keys(fares)[list_position(map_values(fares), list_min(map_values(fares)))] AS cheapest_class, cardinality(fares) AS n, [{'class': e.key, 'fare': e.value} FOR e IN map_entries(fares)] AS fare_list
FROM flights;

-- name: delay_reasons
WITH r AS (SELECT flight_id, carrier, unnest(delay_reasons) AS reason FROM flights WHERE len(delay_reasons) > 0)
PIVOT r ON reason IN ('weather', 'crew', 'atc') USING count(*) GROUP BY carrier;

-- name: connection_finder
SELECT a.flight_id AS leg1, b.flight_id AS leg2, a.origin, a.dest AS via, b.dest, b.scheduled_dep - a.scheduled_arr AS layover, b.scheduled_arr - a.scheduled_dep AS total, a.distance_km + b.distance_km AS km
FROM flights a JOIN flights b ON a.dest = b.origin AND b.scheduled_dep BETWEEN a.scheduled_arr + INTERVAL 45 MINUTES AND a.scheduled_arr + INTERVAL 4 HOURS
WHERE a.origin <> b.dest
QUALIFY rank() OVER (PARTITION BY a.origin, b.dest ORDER BY b.scheduled_arr - a.scheduled_dep) <= 3;

-- name: reachable_airports
WITH RECURSIVE reach AS (
    SELECT origin, dest, 1 AS hops, [origin, dest] AS path, distance_km AS km FROM flights WHERE origin = 'FRA'
    UNION ALL
    SELECT r.origin, f.dest, r.hops + 1, list_append(r.path, f.dest), r.km + f.distance_km
    FROM reach r JOIN flights f ON f.origin = r.dest
    WHERE r.hops < 3 AND NOT list_contains(r.path, f.dest)
)
SELECT dest, min(hops) AS hops, arg_min(path, km) AS best_path, min(km) AS km, array_to_string(arg_min(path, km), '>') AS txt, count(*) AS ways FROM reach GROUP BY dest;

-- name: taxi_daily
SELECT pickup_at::DATE AS day, count(*) AS trips, sum(passenger_count) AS pax, avg(trip_distance) AS avg_dist, sum(fare_amount) AS fares, sum(tip_amount) / nullif(sum(fare_amount), 0) AS tip_rate, avg(tip_amount / nullif(fare_amount, 0)) AS avg_tip_rate, sum(total_amount - fare_amount - tip_amount - tolls_amount) AS extras, median(dropoff_at - pickup_at) AS med_duration, avg(trip_distance / (epoch(dropoff_at - pickup_at) / 3600)) AS avg_kmh, count(*) FILTER (payment_type = 'cash')::FLOAT / count(*) AS cash_share, max(total_amount) AS max_total, bool_or(store_and_fwd) AS any_fwd
FROM trips WHERE pickup_at >= '2024-01-01' AND trip_distance > 0
GROUP BY ALL ORDER BY day;

-- name: taxi_zone_matrix
SELECT * FROM (
    SELECT z1.borough AS from_borough, z2.borough AS to_borough, t.total_amount
    FROM trips t JOIN zones z1 ON z1.zone_id = t.pickup_zone JOIN zones z2 ON z2.zone_id = t.dropoff_zone
) PIVOT (avg(total_amount) AS avg_amt, count(*) AS n FOR to_borough IN ('Manhattan', 'Queens', 'Bronx' AS bx));

-- name: taxi_time_bands
SELECT CASE WHEN hour(pickup_at) BETWEEN 7 AND 9 THEN 'am peak' WHEN hour(pickup_at) BETWEEN 16 AND 19 THEN 'pm peak' WHEN hour(pickup_at) >= 22 OR hour(pickup_at) < 5 THEN 'night' ELSE 'off' END AS band, isodow(pickup_at) IN (6, 7) AS weekend, vendor_id, count(*), avg(fare_amount), stddev(fare_amount), min(trip_distance), max(passenger_count), sum(tip_amount), sum(vendor_id), corr(trip_distance, fare_amount), regr_slope(fare_amount, trip_distance)
FROM trips GROUP BY ROLLUP (band, weekend), vendor_id;

-- name: surge
WITH q AS (SELECT pickup_zone, time_bucket(INTERVAL 15 MINUTES, pickup_at) AS slot, count(*) AS n, avg(fare_amount / nullif(trip_distance, 0)) AS per_km FROM trips GROUP BY 1, 2)
SELECT q.*, z.zone, n - avg(n) OVER w AS above, (n - avg(n) OVER w) / nullif(stddev(n) OVER w, 0) AS z_score, lag(n, 4) OVER w AS hour_ago, n::DOUBLE / lag(n, 96) OVER w AS vs_yesterday, per_km > 1.5 * median(per_km) OVER (PARTITION BY pickup_zone) AS is_surge
FROM q LEFT JOIN zones z ON zone_id = pickup_zone
WINDOW w AS (PARTITION BY pickup_zone ORDER BY slot ROWS BETWEEN 96 PRECEDING AND 1 PRECEDING);

-- name: readmissions
SELECT v.patient_id, p.name, v.visit_id, v.admitted, lead(v.admitted) OVER w AS next_admission, lead(v.admitted) OVER w - v.discharged AS gap, coalesce(date_diff('day', v.discharged, lead(v.admitted) OVER w) <= 30, false) AS readmitted_30d, row_number() OVER w AS nth, sum(v.charges) OVER (w ROWS UNBOUNDED PRECEDING) AS cum_charges, v.discharged - v.admitted AS los, ceil(epoch(v.discharged - v.admitted) / 86400)::INT AS los_days, list_contains(v.diagnosis_codes, 'I50') AS hf
FROM visits v JOIN patients p USING (patient_id)
WINDOW w AS (PARTITION BY v.patient_id ORDER BY v.admitted);

-- name: vitals
SELECT visit_id, vitals.bp.sys, vitals.bp.dia, vitals.bp.sys - vitals.bp.dia AS pulse_pressure, (2 * vitals.bp.dia + vitals.bp.sys) / 3 AS map, vitals.temp_c * 9 / 5 + 32 AS temp_f, vitals.*, CASE WHEN vitals.bp.sys >= 140 OR vitals.bp.dia >= 90 THEN 'high' ELSE 'normal' END AS bp_class, struct_pack(s := vitals.bp.sys, over := vitals.bp.sys > 140) AS flags
FROM visits;

-- name: age_bands
SELECT CASE WHEN age_years < 18 THEN '0-17' WHEN age_years < 65 THEN '18-64' ELSE '65+' END AS band, sex, count(*) AS n, avg(age_years) AS mean_age, min(dob) AS oldest, sum(total) AS charges, sum(total) / count(*) AS per_head, list(DISTINCT plan) AS plans, count(DISTINCT plan) AS n_plans
FROM (SELECT p.*, date_sub('year', dob, current_date) AS age_years, insurance->>'$.plan.name' AS plan, (SELECT sum(charges) FROM visits v WHERE v.patient_id = p.patient_id) AS total FROM patients p)
GROUP BY CUBE (band, sex);

-- name: diagnosis_pairs
WITH d AS (SELECT visit_id, unnest(diagnosis_codes) AS code FROM visits)
SELECT a.code AS c1, b.code AS c2, count(DISTINCT a.visit_id) AS n, count(*) / (SELECT count(*) FROM visits) AS support, n / max(n) OVER (PARTITION BY a.code) AS rel
FROM d a JOIN d b ON a.visit_id = b.visit_id AND a.code < b.code
GROUP BY a.code, b.code;

-- name: allergies
SELECT patient_id, coalesce(array_to_string(list_sort(allergies), ', '), 'none') AS allergy_text, len(allergies) > 0 AS allergic, list_intersect(allergies, ['penicillin', 'latex']) AS severe, insurance->'plan'->>'id' AS plan_id, (insurance->>'deductible')::DECIMAL(8, 2) AS deductible, json_extract(insurance, '$.members[*].name') AS members, insurance->>'$.members[0].name' AS first_member, try_cast(insurance->>'expires' AS DATE) AS expires, try_cast(insurance->>'expires' AS DATE) < current_date AS expired
FROM patients;

-- name: ward_occupancy
SELECT d.day::DATE AS day, v.ward, count(*) AS patients, sum(v.charges / greatest(date_diff('day', v.admitted, v.discharged), 1)) AS daily_charges, lag(count(*)) OVER (PARTITION BY v.ward ORDER BY d.day) AS yesterday
FROM generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-03-31', INTERVAL '1 day') d(day)
JOIN visits v ON d.day BETWEEN v.admitted AND coalesce(v.discharged, now()::TIMESTAMP)
GROUP BY d.day, v.ward;

-- name: top_tracks
SELECT t.title, t.artists[1] AS artist, t.album, count(*) AS plays, count(DISTINCT p.user_id) AS listeners, sum(p.ms_played) / 3600000.0 AS hours, avg(p.ms_played / t.duration_ms) AS completion, sum(p.skipped::INT) / count(*) AS skip_rate, rank() OVER (ORDER BY count(*) DESC) AS position, year(t.released) AS yr
FROM plays p JOIN tracks t USING (track_id)
WHERE p.played_at >= date_trunc('month', current_date) - INTERVAL 1 MONTH
GROUP BY t.title, t.artists, t.album, t.released
ORDER BY plays DESC LIMIT 50;

-- name: genre_trends
SELECT genre, date_trunc('week', played_at) AS week, count(*) AS n, avg(features.tempo) AS tempo, avg(features.energy) AS energy, approx_top_k(title, 3) AS top3
FROM (SELECT p.*, t.title, t.features, unnest(t.genres) AS genre FROM plays p JOIN tracks t USING (track_id))
GROUP BY ALL;

-- name: listening_streaks
WITH days AS (SELECT DISTINCT user_id, played_at::DATE AS d FROM plays),
grp AS (SELECT user_id, d, d - (row_number() OVER (PARTITION BY user_id ORDER BY d))::INTEGER AS island FROM days)
SELECT user_id, min(d) AS start_day, max(d) AS end_day, count(*) AS streak, max(d) - min(d) + 1 AS check_len, max(d) = current_date AS active
FROM grp GROUP BY user_id, island
QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY count(*) DESC) = 1;

-- name: track_features
SELECT track_id, features.tempo, features['energy'] AS energy, features."key" AS k, round(features.tempo / 10) * 10 AS tempo_bin, duration_ms // 60000 || ':' || lpad((duration_ms // 1000 % 60)::VARCHAR, 2, '0') AS length, list_transform(artists, a -> lower(a)) AS norm, list_has_any(genres, ['rock', 'pop']) AS mainstream, array_length(artists) > 1 AS collab, 'feat. ' || array_to_string(artists[2:], ' & ') AS feat, strftime(released, '%Y') || 's' AS era, year(released) // 10 * 10 AS decade
FROM tracks;

-- name: device_pivot
PIVOT plays ON device IN ('phone', 'web', 'speaker') USING count(*) AS n, sum(ms_played) / 60000 AS minutes GROUP BY user_id;

-- name: co_listening
SELECT a.track_id AS t1, b.track_id AS t2, count(DISTINCT a.user_id) AS users, jaccard(list_string_agg([x.title]), 'x') AS j, count(DISTINCT a.user_id) / sqrt(any_value(x.n) * any_value(y.n)) AS cosine
FROM plays a JOIN plays b ON a.user_id = b.user_id AND a.track_id < b.track_id
JOIN (SELECT track_id, any_value(title) AS title, count(*) AS n FROM tracks GROUP BY 1) x ON x.track_id = a.track_id
JOIN (SELECT track_id, count(*) AS n FROM plays GROUP BY 1) y ON y.track_id = b.track_id
GROUP BY a.track_id, b.track_id, x.title;

-- name: push_commits
SELECT repo.name AS repo_name, split_part(repo.name, '/', 1) AS owner, actor.login, json_array_length(payload->'commits') AS n_commits, payload->>'$.commits[0].message' AS first_message, payload->'$.commits[*].sha' AS shas, from_json(payload->'commits', '[{"sha":"VARCHAR","message":"VARCHAR"}]') AS commits, len(from_json(payload->'commits', '["JSON"]')) AS n2, (payload->>'size')::INT AS size, coalesce((payload->>'distinct_size')::INT, 0) AS ds, payload->'pull_request'->>'title' AS title, created_at
FROM repo_events WHERE type = 'PushEvent';

-- name: repo_activity
SELECT repo.name, date_trunc('day', created_at) AS day, count(*) AS events, count(DISTINCT actor.id) AS actors, count_if(type = 'PushEvent') AS pushes, count_if(type = 'WatchEvent') AS stars, list(DISTINCT type ORDER BY type) AS types, histogram(type) AS hist, sum(count_if(type = 'WatchEvent')) OVER (PARTITION BY repo.name ORDER BY date_trunc('day', created_at)) AS total_stars, max_by(actor.login, created_at) AS last_actor
FROM repo_events
GROUP BY repo.name, date_trunc('day', created_at);

-- name: event_type_matrix
SELECT actor.login AS login, * EXCLUDE (actor, repo, payload) REPLACE (upper(type) AS type), repo.*, created_at::DATE AS d FROM repo_events;

-- name: issue_lifecycle
WITH issues AS (
    SELECT (payload->'issue'->>'number')::BIGINT AS number, payload->>'action' AS action, created_at, repo.id AS repo_id FROM repo_events WHERE type = 'IssuesEvent'
)
SELECT repo_id, number, min(created_at) FILTER (WHERE action = 'opened') AS opened_at, max(created_at) FILTER (WHERE action = 'closed') AS closed_at, max(created_at) FILTER (WHERE action = 'closed') - min(created_at) FILTER (WHERE action = 'opened') AS open_for, count(*) AS n, list({'a': action, 't': created_at} ORDER BY created_at) AS history, list(action ORDER BY created_at)[-1] = 'closed' AS is_closed
FROM issues GROUP BY ALL;

-- name: meter_gaps
SELECT meter_id, read_ts, kwh, kwh - lag(kwh) OVER w AS used, (kwh - lag(kwh) OVER w) / (epoch(read_ts - lag(read_ts) OVER w) / 3600) AS kw, read_ts - lag(read_ts) OVER w > INTERVAL '1 hour' AS gap, list_avg(voltage) AS v_avg, list_max(voltage) - list_min(voltage) AS v_spread, voltage[1] * 1.732 AS phase, quality = 'E' AS estimated, last_value(CASE WHEN quality = 'A' THEN kwh END IGNORE NULLS) OVER w AS last_actual
FROM meter_readings WINDOW w AS (PARTITION BY meter_id ORDER BY read_ts);

-- name: daily_consumption
SELECT meter_id, read_ts::DATE AS d, max(kwh) - min(kwh) AS used, round((max(kwh) - min(kwh)) * 0.3125, 2) AS cost, (max(kwh) - min(kwh)) * 0.3125::DECIMAL(6, 4) AS cost2, sum(kwh), avg(kwh), last(kwh ORDER BY read_ts) - first(kwh ORDER BY read_ts) AS net, arg_max(read_ts, kwh)::TIME AS peak_time, count(*) < 96 AS incomplete
FROM meter_readings GROUP BY meter_id, d;

-- name: weather_join
SELECT w.observed, w.tmax - w.tmin AS swing, w.precip_mm > 0 AS wet, sum(t.units) AS units, sum(t.revenue) AS revenue, corr(w.tmax, t.revenue) AS c, round(w.tmax * 9 / 5 + 32) AS f
FROM weather w ASOF JOIN (SELECT sale_date AS observed, units, revenue FROM sales) t ON w.observed >= t.observed
GROUP BY ALL;

-- name: weather_monthly
SELECT station, monthname(observed) AS mon, avg(tmax), min(tmin), sum(precip_mm), max(tmax) - min(tmin), count(*) FILTER (WHERE precip_mm > 1), count(DISTINCT conditions), mode(conditions), arg_max(observed, tmax), quantile_cont(tmax, [0.1, 0.9])
FROM weather GROUP BY station, mon, month(observed) ORDER BY station, month(observed);

-- name: degree_days
SELECT station, year(observed) AS y, sum(greatest(0, 18 - (tmin + tmax) / 2)) AS hdd, sum(greatest((tmin + tmax) / 2 - 18, 0)) AS cdd, sum(if(precip_mm > 0, 1, 0)) AS rain_days, max(streak) AS longest_dry
FROM (SELECT *, count(*) OVER (PARTITION BY station, grp) AS streak FROM (SELECT *, sum((precip_mm > 0)::INT) OVER (PARTITION BY station ORDER BY observed) AS grp FROM weather))
GROUP BY ALL;

-- name: card_velocity
SELECT txn_id, hex(card_hash) AS card, merchant, amount_minor / 100 AS amount, amount_minor / 100.0 AS amount_dec, (amount_minor / 100)::DECIMAL(12, 2) AS money, count(*) OVER (PARTITION BY card_hash ORDER BY txn_time RANGE BETWEEN INTERVAL 10 MINUTES PRECEDING AND CURRENT ROW) AS in_10m, sum(amount_minor) OVER (PARTITION BY card_hash ORDER BY txn_time) AS cum, amount_minor > 3 * avg(amount_minor) OVER (PARTITION BY card_hash) AS spike, txn_time - lag(txn_time) OVER (PARTITION BY card_hash ORDER BY txn_time) AS since, tags['country'] AS country, tags['country'] IS DISTINCT FROM lag(tags['country']) OVER (PARTITION BY card_hash ORDER BY txn_time) AS moved, epoch_ms(txn_time) AS ms, txn_time::DATE AS d
FROM transactions;

-- name: merchant_summary
SELECT mcc, merchant, count(*) AS n, sum(amount_minor) AS total_minor, sum(amount_minor) // 100 AS whole, sum(amount_minor) % 100 AS cents, sum(amount_minor) / 100 AS total, avg(approved::INT) AS approval, bit_xor(txn_id) AS checksum, max(txn_id) AS last_id, sum(txn_id) AS s, count(DISTINCT card_hash) AS cards, any_value(tags) AS tg, min(txn_time) AS first_at, strftime(max(txn_time), '%c') AS last_txt
FROM transactions GROUP BY mcc, merchant;

-- name: currency_totals
SELECT currency, sum(amount_minor) FILTER (approved) AS ok, sum(amount_minor) FILTER (NOT approved) AS declined, ok - declined AS net, ok * 1.0 / (ok + declined) AS rate, grouping(currency) AS g, count(*)::UINTEGER AS n, (sum(amount_minor) * 0.015)::DECIMAL(18, 3) AS fee
FROM transactions GROUP BY GROUPING SETS ((currency), ());

-- name: benford
SELECT left(abs(amount_minor)::VARCHAR, 1)::INT AS digit, count(*) AS n, count(*) / sum(count(*)) OVER () AS observed, log10(1 + 1 / digit) AS expected, observed - expected AS diff, power(observed - expected, 2) / expected AS chi
FROM transactions WHERE amount_minor <> 0 GROUP BY digit ORDER BY digit;

-- name: dedupe_events
SELECT * EXCLUDE (rn) FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY created_at DESC NULLS LAST) AS rn FROM repo_events) WHERE rn = 1;

-- name: monthly_active
WITH m AS (SELECT DISTINCT user_id, date_trunc('month', played_at)::DATE AS month FROM plays)
SELECT a.month, count(*) AS mau, count(b.user_id) AS retained, count(*) - count(b.user_id) AS new_or_back, round(100 * count(b.user_id) / lag(count(*)) OVER (ORDER BY a.month), 1) AS retention_pct
FROM m a LEFT JOIN m b ON b.user_id = a.user_id AND b.month = a.month - INTERVAL 1 MONTH
GROUP BY a.month;

-- name: abandoned
SELECT e.user_id, count(*) AS carts, max(e.event_time) AS last_cart, list_sum(flatten(list([i.qty * i.price FOR i IN e.items]))) AS value
FROM events e ANTI JOIN orders o ON o.customer_id = e.user_id AND o.ordered_at > e.event_time::TIMESTAMP
WHERE e.event_type = 'cart' GROUP BY e.user_id;

-- name: unpivot_weather
FROM (UNPIVOT weather ON tmin, tmax INTO NAME measure VALUE degrees)
SELECT station, measure, avg(degrees) AS mean, max(degrees) AS top, arg_max(observed, degrees) AS on_day
GROUP BY ALL;

-- name: kpi_union
SELECT 'orders' AS kpi, count(*)::DOUBLE AS value, NULL AS note FROM orders
UNION ALL SELECT 'revenue', sum(amount), 'net' FROM orders
UNION ALL SELECT 'plays', count(*), NULL FROM plays
UNION ALL BY NAME SELECT 'mau' AS kpi, count(DISTINCT user_id) AS value, current_date AS as_of FROM plays;

-- name: json_report
SELECT json_object('carrier', carrier, 'flights', count(*), 'dests', json_group_array(dest)) AS report, to_json({'carrier': carrier, 'n': count(*)}) AS j2, json_group_object(dest, seats) AS seats_by_dest, json_array(min(flight_no), max(flight_no)) AS range_json, ({'a': carrier, 'b': [count(*)]})::JSON::VARCHAR AS txt
FROM flights GROUP BY carrier;

-- name: struct_agg
SELECT dest, list({'id': flight_id, 'dep': scheduled_dep, 'late': actual_dep > scheduled_dep} ORDER BY scheduled_dep) AS board, board[1].dep AS first_dep, list_filter(board, x -> x.late) AS late_ones, len(late_ones) / len(board) AS late_share, [b.id FOR b IN board IF NOT b.late] AS ok_ids, board[-1] AS last_row
FROM flights GROUP BY dest;

-- name: bucketed
SELECT width, count(*) AS n, repeat('#', (count(*) * 50 // max(count(*)) OVER ())::INT) AS bar, bar(count(*), 0, max(count(*)) OVER (), 20) AS bar2 FROM (SELECT floor(total_amount / 5) * 5 AS width FROM trips) GROUP BY width;

-- name: percent_of_parent
SELECT borough, zone, trips, trips / sum(trips) OVER (PARTITION BY borough) AS of_borough, trips / sum(trips) OVER () AS of_all, sum(trips) OVER (PARTITION BY borough ORDER BY trips DESC) / sum(trips) OVER (PARTITION BY borough) AS cum_share, first_value(zone) OVER (PARTITION BY borough ORDER BY trips DESC) AS top_zone
FROM (SELECT z.borough, z.zone, count(t.vendor_id) AS trips FROM zones z LEFT JOIN trips t ON t.pickup_zone = z.zone_id GROUP BY z.borough, z.zone);

-- name: date_logic
SELECT d, d - INTERVAL 1 DAY AS prev, d + TIME '09:30' AS open_at, date_trunc('month', d) + INTERVAL 1 MONTH - INTERVAL 1 DAY AS eom, last_day(d) - d AS days_left, CASE WHEN isodow(d) < 6 THEN d ELSE d + (8 - isodow(d))::INT END AS next_biz, generate_series(d, d + INTERVAL 2 DAY, INTERVAL 1 DAY) AS three, [x::DATE FOR x IN range(d, d + INTERVAL 3 DAY, INTERVAL 1 DAY)] AS three_dates, date_diff('week', DATE '2024-01-01', d) AS wk, strftime(d, '%G-W%V') AS isoweek, make_timestamp(year(d), month(d), 1, 0, 0, 0) AS ms
FROM exotic;

-- name: fuzzy_match
SELECT a.customer_id, b.patient_id, jaro_winkler_similarity(a.first_name || ' ' || a.last_name, b.name) AS jw, levenshtein(lower(a.last_name), lower(split_part(b.name, ' ', -1))) AS lev, damerau_levenshtein(a.last_name, b.name) AS dl, jaccard(a.last_name, b.name) AS ja, a.birth_date = b.dob AS same_dob, soundex_x
FROM customers a JOIN (SELECT *, 1 AS soundex_x FROM patients) b ON abs(a.birth_date - b.dob) < 2
QUALIFY dense_rank() OVER (PARTITION BY a.customer_id ORDER BY jw DESC) = 1;

-- name: moving_median
SELECT read_ts, kwh, median(kwh) OVER (ORDER BY read_ts ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING) AS med, mad(kwh) OVER (ORDER BY read_ts ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING) AS mad, quantile_disc(kwh, 0.9) OVER (ORDER BY read_ts RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW) AS p90, abs(kwh - median(kwh) OVER (ORDER BY read_ts ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING)) > 3 AS outlier FROM meter_readings;

-- name: exclude_current
SELECT trip_distance, avg(fare_amount) OVER (PARTITION BY pickup_zone ORDER BY pickup_at ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING EXCLUDE CURRENT ROW) AS neighbours, count(*) OVER (ORDER BY trip_distance GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS g, sum(DISTINCT passenger_count) OVER (PARTITION BY pickup_zone) AS dp FROM trips;

-- name: columns_magic
SELECT station, round(avg(COLUMNS('t(min|max)')), 1), sum(COLUMNS('precip.*')) AS 'total_\0', max(COLUMNS(c -> c LIKE 't%')) FROM weather GROUP BY station;

-- name: null_profile
SELECT count(*) - count(COLUMNS(*)) FROM trips;

-- name: minmax_profile
SELECT min(COLUMNS(* EXCLUDE (store_and_fwd, payment_type))) AS "min", max(COLUMNS(* EXCLUDE (store_and_fwd, payment_type))) FROM trips;

-- name: normalise
SELECT (COLUMNS(['tmin', 'tmax', 'precip_mm']) - avg(COLUMNS(['tmin', 'tmax', 'precip_mm'])) OVER ()) / stddev(COLUMNS(['tmin', 'tmax', 'precip_mm'])) OVER () FROM weather;

-- name: rename_star
SELECT w.* EXCLUDE (conditions) RENAME (observed AS day) FROM weather w;

-- name: star_prefix
SELECT f.* EXCLUDE (fares, delay_reasons), o.city AS origin_city, d.* LIKE 'c%' FROM flights f LEFT JOIN airports o ON o.iata = f.origin LEFT JOIN airports d ON d.iata = f.dest;
