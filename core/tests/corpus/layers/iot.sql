-- name: stg_readings
select device_id, at_ts, metric, case when quality >= 1 then val end as val, quality, quality + 1::utinyint as q1, quality + 1 as q2, quality * 50 as q3, -(quality::int) as qn, raw, seq, seq % 7 as s7, octet_length(raw) as raw_len, hex(raw) as raw_hex from iot.reading

-- name: devices
select device_id, site, coalesce(model, 'unknown') as model, installed, cfg->>'interval' as every_s, (cfg->>'interval')::int * interval '1 second' as every, (cfg->'th'->>'lo')::decimal(5,1) as lo, (cfg->'th'->'hi')::double as hi, string_split(split_part(fw, '-', 1), '.')::int[] as fw_parts, list_extract(string_split(fw, '.'), 2)::int as fw_minor, regexp_matches(fw, '^1\.[0-9]+') as v1, loc[1] as lat, loc[2] as lon, array_value(loc[1], loc[2]) as p, array_distance(loc, [52.5, 13.4]::double[2]) as dist, 'temp' in caps as has_temp, list_has_any(caps, ['hum', 'volt']) as hv, md5(serial) as sh, base64(serial) as b64 from iot.device

-- name: hourly
select device_id, metric, time_bucket(interval '1 hour', at_ts) as h, avg(val) as avg_val, min(val) as mn, max(val) as mx, count(*) as n, count(val) as n_good, last(val order by at_ts) as last_val, max(at_ts) - min(at_ts) as span, stddev(val) as sd, quantile_cont(val, 0.95) as p95, arg_max(at_ts, val, 2) as top2, min(val, 3) as low3 from stg_readings group by all

-- name: grid
select d.device_id, m.metric, g.h from devices d cross join (values ('temp'), ('hum'), ('volt')) m(metric) cross join generate_series(timestamp '2024-03-01', timestamp '2024-03-02', interval 1 hour) g(h)

-- name: filled
select g.device_id, g.metric, g.h, x.avg_val, coalesce(x.avg_val, last_value(x.avg_val ignore nulls) over (partition by g.device_id, g.metric order by g.h rows between unbounded preceding and 1 preceding)) as locf, x.n is null as missing, coalesce(x.n, 0) as n from grid g left join hourly x on (x.device_id, x.metric, x.h) = (g.device_id, g.metric, g.h)

-- name: interpolated
select *, fill(avg_val) over (partition by device_id, metric order by h) as filled, count(avg_val) over (partition by device_id, metric order by h) as grp from filled

-- name: metrics_wide
select device_id, h, max(avg_val) filter (metric = 'temp') as temp, max(avg_val) filter (metric = 'hum') as hum, max(if(metric = 'volt', avg_val, null)) as volt from hourly group by device_id, h

-- name: metrics_pivot
pivot (from hourly select device_id, h, metric, avg_val, n) on metric in ('temp', 'hum') using avg(avg_val) as a, sum(n) as n group by device_id, h

-- name: anomalies
select *, abs(val - mu) / nullif(sigma, 0) as z, abs(val - mu) > 3 * sigma as is_outlier from (select r.*, avg(val) over w as mu, stddev_samp(val) over w as sigma from stg_readings r window w as (partition by device_id, metric order by at_ts rows between 12 preceding and 1 preceding exclude current row)) where val is not null

-- name: state_changes
select device_id, metric, at_ts, quality, quality <> lag(quality, 1, quality) over w as changed, conditional from (select *, 1 as conditional from stg_readings) window w as (partition by device_id, metric order by at_ts)

-- name: islands
with s as (select *, sum(changed::int) over (partition by device_id, metric order by at_ts) as grp from state_changes)
select device_id, metric, grp, any_value(quality) as quality, min(at_ts) as from_ts, max(at_ts) as to_ts, count(*) as n, date_diff('minute', min(at_ts), max(at_ts)) as minutes from s group by device_id, metric, grp

-- name: alarms
select alarm_id, device_id, raised, cleared, cleared - raised as dur, coalesce(cleared, now()) - raised as open_dur, sev, case sev when 0 then 'info' when 1 then 'warn' else 'crit' end as sev_txt, raised at time zone 'America/New_York' as ny, timezone('UTC', raised) as utc, extract(hour from raised) as hr, extract(epoch from raised) as ep, epoch_us(raised) as us, (raised at time zone 'UTC')::time as t, ack, ack + interval 5 minutes as ack5, win, raised::timetz as rt, date_trunc('hour', raised) as rh, strftime(raised, '%Y-%m-%dT%H:%M:%S%z') as iso from iot.alarm

-- name: alarm_readings
select a.alarm_id, r.metric, avg(r.val) as v, count(*) as n, min(r.at_ts) as f from alarms a join stg_readings r on r.device_id = a.device_id and r.at_ts between a.utc - interval 1 hour and a.utc + interval 1 hour group by a.alarm_id, r.metric

-- name: overlapping
select a.alarm_id as a, b.alarm_id as b, greatest(a.raised, b.raised) as s, least(a.cleared, b.cleared) as e, a.raised < b.cleared and b.raised < a.cleared as o from iot.alarm a join iot.alarm b on a.alarm_id < b.alarm_id and a.device_id = b.device_id

-- name: concurrency
with ev as (select raised as t, 1 as d from iot.alarm union all select cleared, -1 from iot.alarm where cleared is not null)
select t, d, sum(d) over (order by t, d desc) as open, max(sum(d)) over () as q from ev group by t, d

-- name: uptime
select device_id, sum(epoch(coalesce(cleared, timestamptz '2024-04-01 00:00:00+00') - raised)) / 86400 as down_days, 1 - sum(epoch(coalesce(cleared, timestamptz '2024-04-01 00:00:00+00') - raised)) / epoch(interval 31 days) as up, max(cleared) as last_clear, bool_and(cleared is not null) as all_clear, list(sev order by raised desc)[1] as last_sev, count(*) filter (sev > 2) as crit, sum(sev) as s, avg(sev) as a from iot.alarm group by device_id

-- name: site_health
select d.site, count(distinct d.device_id) as devices, sum(u.down_days) as down, avg(u.up) as up, list_sort(list(distinct d.model)) as models, sum(u.crit) as crit, max(d.dist) as far, array_agg(struct_pack(id := d.device_id, up := u.up) order by u.up)[:3] as worst from devices d left join uptime u using (device_id) group by cube (d.site)

-- name: site_worst
select site, w.id, w.up, w from site_health, unnest(worst) t(w) where w.up < 1

-- name: device_matrix
select a.device_id as x, b.device_id as y, round(2 * 6371 * asin(sqrt(sin(radians(b.lat - a.lat) / 2) ** 2 + cos(radians(a.lat)) * cos(radians(b.lat)) * pow(sin(radians(b.lon - a.lon) / 2), 2))), 3) as km, list_cosine_similarity([coalesce(a.lat, 0), 1], [coalesce(b.lat, 0), 1]) as cs, degrees(atan2(b.lon - a.lon, b.lat - a.lat)) as brg from devices a, devices b where a.device_id < b.device_id

-- name: nearest
select a.device_id, n.y, n.km from devices a, lateral (select y, km from device_matrix m where m.x = a.device_id order by km limit 2) n

-- name: nearest_left
select a.device_id, n.* from devices a left join lateral (select m.y, m.km, row_number() over (order by km) as rn from device_matrix m where m.x = a.device_id order by km limit 1) n on true

-- name: fw_latest
select model, max(fw_parts) as latest, max(fw_minor) as m, arg_max(device_id, fw_parts) as d, list_max(list(fw_minor)) as lm, count(*) filter (fw_parts < [1, 5, 0]) as old from devices group by model
