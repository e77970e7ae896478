-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA t;
CREATE TABLE t.sensor (id VARCHAR NOT NULL, site_id SMALLINT, kind VARCHAR, lat REAL, lon REAL, calib STRUCT("offset" FLOAT, gain DOUBLE), installed TIMESTAMPTZ, labels MAP(VARCHAR, VARCHAR), thresholds DOUBLE[2]); INSERT INTO t.sensor SELECT 's'||i, i%3, ['temp','pressure',NULL][1+i%3], 52+i/100, 13-i/100, CASE WHEN i%4=0 THEN NULL ELSE {'offset':i*0.1,'gain':1.0+i/100} END, TIMESTAMPTZ '2023-01-01 00:00:00+00'+INTERVAL (i) DAY, CASE WHEN i%5=0 THEN NULL ELSE MAP{'fw':'1.'||i,'owner':'o'} END, [i::DOUBLE, i+10.0]::DOUBLE[2] FROM range(1,20) t(i);
CREATE TABLE t.measure (sensor_id VARCHAR, ts TIMESTAMP, value FLOAT, status UTINYINT, ts_ns TIMESTAMP_NS, payload BLOB); INSERT INTO t.measure SELECT 's'||(1+i%22), TIMESTAMP '2024-01-01'+INTERVAL (i*97) SECOND, CASE WHEN i%11=0 THEN NULL ELSE sin(i/50)*30 END, i%3, (TIMESTAMP '2024-01-01'+INTERVAL (i*97) SECOND)::TIMESTAMP_NS, CASE WHEN i%9=0 THEN NULL ELSE ('\x0'||(i%9))::BLOB END FROM range(0,2000) t(i);
CREATE TABLE t.site (id SMALLINT, name VARCHAR, tz VARCHAR, geo JSON); INSERT INTO t.site VALUES (0,'Berlin','Europe/Berlin','{"type":"Point","coordinates":[13.4,52.5]}'),(1,NULL,'UTC',NULL),(2,'NYC','America/New_York','{"type":"Point","coordinates":[-74,40.7]}');
CREATE TABLE t.meter (meter_id INTEGER, read_at TIMESTAMP, kwh DECIMAL(12,3)); INSERT INTO t.meter SELECT i%4, TIMESTAMP '2024-01-01'+INTERVAL (i) HOUR, CASE WHEN i%50=0 THEN 0 ELSE i*1.234 END FROM range(0,600) t(i);
CREATE TABLE t.tariff (from_ts TIMESTAMP, hours TIME, price DECIMAL(8,5)); INSERT INTO t.tariff VALUES ('2023-12-01','00:00',0.25431),('2024-01-10','06:00',0.31),('2024-01-20','00:00',NULL);
CREATE TABLE t.trip (vehicle UINTEGER, at_ts TIMESTAMP, lat DOUBLE, lon DOUBLE, speed UTINYINT, ignition BOOLEAN); INSERT INTO t.trip SELECT i%3, TIMESTAMP '2024-01-01'+INTERVAL (i*20) SECOND, 52+i/10000, CASE WHEN i%30=0 THEN NULL ELSE 13+i/9000 END, i%120, (i//40)%2=0 FROM range(0,900) t(i);

-- name: clean
select m.sensor_id, m.ts, (m.value - coalesce(s.calib."offset", 0)) * coalesce(s.calib.gain, 1) as value, m.value as raw, m.status & 1 = 1 as is_flagged, m.status << 2 as shifted, m.status::bit as bits, s.site_id, s.labels['fw'] as fw, s.thresholds[2] as hi, array_extract(s.thresholds, 1) as lo, m.ts_ns, epoch_ns(m.ts_ns) as ns, octet_length(m.payload) as sz, hex(m.payload) as hx, m.value::decimal(8,3) as dec, isnan(m.value) as nan from t.measure m left join t.sensor s on s.id = m.sensor_id

-- name: buckets_15m
select sensor_id, time_bucket(interval '15 minutes', ts) as bucket, avg(value) as avg_v, min(value) as min_v, max(value) as max_v, first(value order by ts) as open, last(value order by ts) as close, count(*) as n, count(value) as valid, stddev_pop(raw) as sd, sum(raw) as s, quantile_cont(value, 0.95) as p95, approx_quantile(raw, 0.5) as aq, reservoir_quantile(raw, 0.5) as rq, sum(dec) as sdec, avg(dec) as adec from clean group by 1, 2

-- name: buckets_tz
select time_bucket(interval 1 day, s.installed, 'Europe/Berlin') as b, time_bucket(interval '1 week', s.installed::date) as w, time_bucket(interval 1 month, s.installed, interval 5 day) as m, s.installed at time zone st.tz as local, timezone('UTC', s.installed) as utc, date_part('hour', s.installed) as h, date_part(['year','month'], s.installed) as parts, extract(timezone from s.installed) as tz, strftime(s.installed, '%Y-%m') as ym from t.sensor s join t.site st on st.id = s.site_id

-- name: gapfilled
with b as (select sensor_id, generate_series as bucket from (select distinct sensor_id from clean), generate_series(timestamp '2024-01-01', timestamp '2024-01-02', interval 15 minutes))
select b.sensor_id, b.bucket, x.avg_v, coalesce(x.avg_v, last_value(x.avg_v ignore nulls) over (partition by b.sensor_id order by b.bucket)) as locf, coalesce(x.n, 0) as n, avg(x.avg_v) over (partition by b.sensor_id order by b.bucket range between interval '1 hour' preceding and current row) as hourly_ma, x.avg_v is null as is_gap from b left join buckets_15m x using (sensor_id, bucket)

-- name: gap_islands
select sensor_id, is_gap, min(bucket) as from_ts, max(bucket) + interval 15 minutes as to_ts, max(bucket) - min(bucket) + interval 15 minutes as dur, count(*) as buckets from (select *, row_number() over (partition by sensor_id order by bucket) - row_number() over (partition by sensor_id, is_gap order by bucket) as grp from gapfilled) group by sensor_id, is_gap, grp

-- name: alarms
with e as (select sensor_id, ts, value, value > hi as over, lag(value > hi, 1, false) over (partition by sensor_id order by ts) as was from clean), s as (select *, case when over and not coalesce(was, false) then 1 else 0 end as starts, sum(case when over and not coalesce(was, false) then 1 else 0 end) over (partition by sensor_id order by ts) as alarm_no from e)
select sensor_id, alarm_no, min(ts) as raised, max(ts) as last_over, max(value) as peak, count(*) as n, datediff('second', min(ts), max(ts)) as secs, to_seconds(datediff('second', min(ts), max(ts))) as dur from s where over group by all

-- name: anomalies
select *, (value - mu) / nullif(sd, 0) as z, abs(value - med) / nullif(mad_v, 0) as rz, value > mu + 3 * sd or value < mu - 3 * sd as is_outlier from (select sensor_id, ts, value, avg(value) over w as mu, stddev_samp(value) over w as sd, median(value) over w as med, mad(value) over w as mad_v from clean window w as (partition by sensor_id order by ts rows between 30 preceding and 1 preceding))

-- name: rate_of_change
select sensor_id, ts, value - lag(value) over w as dv, epoch(ts - lag(ts) over w) as dt, (value - lag(value) over w) / nullif(epoch(ts - lag(ts) over w), 0) as rate, regr_slope(value, epoch(ts)) over (w rows between 9 preceding and current row) as trend, regr_r2(value, epoch(ts)) over (partition by sensor_id) as r2, corr(value, raw) over (partition by sensor_id) as cc, ts - interval 1 hour as hour_ago, date_trunc('hour', ts) as h, ts::time as tod, ts::date + time '12:00' as noon from clean window w as (partition by sensor_id order by ts)

-- name: consumption
select meter_id, read_at, kwh, case when kwh >= lag(kwh) over w then kwh - lag(kwh) over w else kwh end as used, kwh < lag(kwh) over w as is_reset, hour(read_at) between 6 and 21 as is_peak, dayofweek(read_at) in (0, 6) as weekend, isodow(read_at) as dow from t.meter window w as (partition by meter_id order by read_at)

-- name: bill
select c.meter_id, date_trunc('month', c.read_at) as month, sum(c.used) as kwh, sum(c.used * t.price) as cost, sum(c.used * coalesce(t.price, 0.3)) as cost2, sum(c.used) filter (c.is_peak) as peak, round(sum(c.used * t.price) * 1.19, 2) as gross, sum(c.used * t.price) / sum(c.used) as avg_price, max(c.used)::float as mx, sum(c.used)::integer as int_kwh from consumption c asof join t.tariff t on c.read_at >= t.from_ts group by 1, 2

-- name: load_profile
select meter_id, list(avg_used order by h) as profile, list_transform(list(avg_used order by h), lambda x: round(x, 1)) as rounded, list_sum(list(avg_used)) as total, array_agg(struct_pack(h, u := avg_used) order by h) as points, list_position(list(avg_used order by h), max(avg_used)) as peak_pos from (select meter_id, hour(read_at) as h, avg(used) as avg_used from consumption group by 1, 2) group by meter_id

-- name: similar_profiles
select a.meter_id as m1, b.meter_id as m2, list_cosine_similarity(a.profile, b.profile) as cos, list_distance(a.profile, b.profile) as dist, list_inner_product(a.profile, b.profile) as dot, array_cosine_similarity(a.profile[1:3]::double[3], b.profile[1:3]::double[3]) as c3, list_reduce(a.profile, (x, y) -> x + y) as r, list_has_any(a.profile, b.profile) as shared from load_profile a join load_profile b on a.meter_id < b.meter_id where len(a.profile) = len(b.profile)

-- name: trips
with x as (select *, lag(ignition) over v as prev_ign, lag(lat) over v as plat, lag(lon) over v as plon, lag(at_ts) over v as pts from t.trip window v as (partition by vehicle order by at_ts)), y as (select *, sum(case when ignition and coalesce(not prev_ign, true) then 1 else 0 end) over (partition by vehicle order by at_ts rows unbounded preceding) as trip_no, 2 * 6371.0 * asin(sqrt(power(sin(radians(lat - plat) / 2), 2) + cos(radians(plat)) * cos(radians(lat)) * power(sin(radians(lon - plon) / 2), 2))) as km from x)
select vehicle, trip_no, min(at_ts) as started, max(at_ts) as ended, sum(km) as km, max(speed) as vmax, avg(speed) as vavg, sum(speed) as s, sum(km) / nullif(epoch(max(at_ts) - min(at_ts)) / 3600, 0) as kmh, list([lon, lat] order by at_ts) as track, {'type': 'LineString', 'coordinates': list([lon, lat] order by at_ts)}::json as geojson, arg_min({'lat': lat, 'lon': lon}, at_ts) as start_pt, first([lat, lon]) as fp from y where ignition group by vehicle, trip_no

-- name: trips_geo
select vehicle, trip_no, geojson->>'type' as gt, geojson->'coordinates'->0->>1 as lat0, start_pt.lat as slat, start_pt['lon'] as slon, round(km, 1)::varchar || ' km' as label, started::timestamp_s as ss, date_diff('minute', started, ended) as mins, ended - started as dur, make_time(hour(started), minute(started), 0.0) as st, epoch_ms(started) as ms, track[1][2] as t12, len(track) as n, flatten(track) as fl, vmax::int - 10 as under from trips

-- name: site_geo
select id, name, (geo->'coordinates'->>0)::double as lon, cast(geo->'coordinates'->1 as double) as lat, json_extract(geo, '$.coordinates[*]') as cs, json_array_length(geo, '$.coordinates') as n, geo->>'$.type' as t, from_json(geo, '{"type":"VARCHAR","coordinates":["DOUBLE"]}') as g, json_transform(geo, '{"coordinates":["DOUBLE"]}').coordinates as c2, json_object('id', id, 'n', name) as jo, to_json(name) as tj, json_array(id, name) as ja from t.site

-- name: bands
select sensor_id, case when value < -10 then 'cold' when value < 10 then 'mild' else 'hot' end::enum('cold','mild','hot') as band, count(*) as n, sum(count(*)) over (partition by sensor_id) as tot, count(*) / sum(count(*)) over (partition by sensor_id) as share, histogram(value, [-10, 0, 10]) as h, list_sort(list(distinct round(value))) as vals from clean where value is not null group by 1, 2

-- name: band_ranks
select sensor_id, band, share, max(band) over () as mb, band < 'hot' as below_hot, enum_code(band) as ec, enum_range(band) as er, row_number() over (partition by sensor_id order by band) as rn, coalesce(band::varchar, 'none') as b2 from bands qualify row_number() over (partition by sensor_id order by share desc) = 1

-- name: sensor_labels
select id, unnest(map_entries(labels)) as e, map_keys(labels) as ks, map_values(labels) as vs, cardinality(labels) as c, labels.fw as fw, map_contains(labels, 'fw') as has_fw, map_concat(labels, map{'x': 'y'}) as more from t.sensor

-- name: sensor_label_cols
select id, e.key as k, e.value as v, upper(e.key) || '=' || e.value as kv from sensor_labels where e.key <> 'owner'
