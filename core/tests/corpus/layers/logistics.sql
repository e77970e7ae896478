-- name: stg_ship
select shipment_id, purchase_id, coalesce(carrier, 'other') as carrier, legs, len(legs) as n_legs, legs[1].hub as origin, legs[-1].hub as dest, legs[-1].arr as last_arr, list_transform(legs, l -> l.hub) as hubs, weight_g / 1000 as kg, weight_g // 1000 as kg_int, weight_g::double / 1e3 as kg2, regexp_extract_all(label, '\d+') as nums, regexp_split_to_array(label, '-') as label_parts, substr(label, 1, 2) as cc, label[-1:] as chk, promised, delivered, delivered::date - promised as late_days, delivered::date > promised as late, delivered - promised::timestamp as delay, cost.amt as cost, cost.ccy as ccy, struct_extract(cost, 'amt') * 1.19 as gross from ship.shipment

-- name: legs
select shipment_id, u.leg.hub, u.leg.arr, u.leg.dep, u.leg.dep - u.leg.arr as dwell, u.leg.scan->>'by' as scanned_by, u.i from ship.shipment s, lateral (select unnest(s.legs) as leg, unnest(range(1, len(s.legs) + 1)) as i) u

-- name: legs_ord
select shipment_id, leg, ordinality, leg.hub from ship.shipment, unnest(legs) with ordinality as t(leg, ordinality)

-- name: legs_wide
select shipment_id, unnest(legs, max_depth := 2) from ship.shipment

-- name: legs_from
select s.shipment_id, hub, arr from ship.shipment s, (select unnest(s.legs, recursive := true))

-- name: hub_dwell
select hub, count(*) as n, avg(dwell) as avg_dwell, max(dwell) as mx, to_seconds(sum(epoch(dwell))) as total, median(dwell) as med, min(arr) as first_arr, epoch(avg(dwell)) / 3600 as hrs, quantile_disc(arr, 0.5) as qd, mode(scanned_by) as m from legs group by hub

-- name: sla
select carrier, date_trunc('week', promised) as wk, count(*) as n, count_if(late) as late, count_if(late) / count(*) as late_rate, avg(late_days) as avg_late, avg(late_days) filter (late) as avg_late_only, sum(cost) as cost, sum(cost) / sum(kg) as cost_per_kg, max(delay) as worst from stg_ship group by carrier, wk

-- name: sla_rank
select *, dense_rank() over (partition by wk order by late_rate) as rk, late_rate - avg(late_rate) over (partition by wk) as vs_avg, late_rate > any_value(late_rate) over (partition by wk order by n rows between 1 following and 2 following) as cmp, row_number() over () as rn from sla

-- name: routes
with recursive r as (
 select origin, dest, [origin, dest] as path, coalesce(km, 0) as km, 1 as hops from ship.route
 union all
 select r.origin, e.dest, list_append(r.path, e.dest), r.km + coalesce(e.km, 0), r.hops + 1 from r join ship.route e on e.origin = r.dest where not list_contains(r.path, e.dest) and r.hops < 5
) select * from r

-- name: best_routes
select origin, dest, min(km) as km, arg_min(path, km) as path, arg_min(hops, km) as hops, count(*) as options from routes group by origin, dest

-- name: best_routes_text
select origin || '→' || dest as od, array_to_string(path, '>') as p, format('{} km in {} hops', km, hops) as txt, printf('%05d|%s', km, origin) as pf, lpad(km::varchar, 6, ' ') as padded, km::varchar || ' km' as s, repeat('*', hops) as stars, reverse(origin) as ro from best_routes

-- name: open_hours
select origin, dest, open_from, open_to, (date '2024-01-01' + open_to) - (date '2024-01-01' + open_from) as span, date '2024-01-01' + open_from as opens, date_diff('minute', open_from, open_to) as mins, time '12:00' between open_from and open_to as noon, extract(hour from open_to) as h, open_from + interval 30 minutes as plus, strftime(date '2024-01-01' + open_to, '%H:%M') as f from ship.route

-- name: stock_daily
select wh, sku, moved_on, sum(delta) as delta, sum(sum(delta)) over (partition by wh, sku order by moved_on) as on_hand, count(*) filter (kind is null) as unknown from ship.stock_move group by wh, sku, moved_on

-- name: stock_snapshot
select s.day, x.wh, x.sku, x.on_hand, coalesce(x.on_hand, 0) <= 0 as oos from (select unnest(generate_series(date '2023-06-01', date '2023-10-01', interval 7 day)) as day) s asof join stock_daily x on s.day >= x.moved_on

-- name: stock_fifo
with ins as (select wh, sku, moved_on, delta, sum(delta) over (partition by wh, sku order by moved_on rows unbounded preceding) as cum from ship.stock_move where kind = 'in'), outs as (select wh, sku, sum(abs(delta)) as used from ship.stock_move where kind = 'out' group by all)
select i.*, o.used, greatest(0, least(i.delta, i.cum - coalesce(o.used, 0))) as remaining, current_date - moved_on as age from ins i left join outs o using (wh, sku)

-- name: stock_pivot
pivot ship.stock_move on kind in ('in', 'out') using sum(delta) group by wh, sku order by wh, sku

-- name: cover
select sku, wh, on_hand, avg(-delta) over (partition by sku, wh order by moved_on rows between 6 preceding and current row) as burn, on_hand / nullif(avg(-delta) over (partition by sku, wh order by moved_on rows between 6 preceding and current row), 0) as days from stock_daily qualify row_number() over (partition by sku, wh order by moved_on desc) = 1

-- name: label_check
select shipment_id, label, list_sum([ascii(c) - 48 for c in string_split(label_parts[2], '') if c <> '']) % 10 as checksum, [x::int for x in nums] as ints, list_reduce(nums::int[], lambda a, b: a + b) as total, translate(label, '-X', '_') as tr, strpos(label, '-') as pos, label like 'DE-%' as de, label ~ '^DE-\d{4}-\dX$' as ok, ord(chk) as o, unicode(cc) as uc, levenshtein(label, 'DE-0001-1X') as lev, jaccard(label, 'DE') as jac from (select s.*, from_label.label from stg_ship s join ship.shipment from_label using (shipment_id))

-- name: shipment_purchase
select s.shipment_id, p.total, s.cost / p.total as ratio, s.cost + p.shipping as sum2, p.shipping - s.cost as margin, coalesce(p.shipping, s.cost, 0) as c3, p.placed_at, s.delivered - p.placed_at as lead_time, date_diff('hour', p.placed_at, s.delivered) as hrs from stg_ship s left join shop.purchase p on p.id = s.purchase_id

-- name: carriers_by_name
select carrier, count(*) as n from stg_ship group by 1 union all by name select n::double / 2 as n, 'half ' || carrier as carrier, now() as at_now from (select carrier, count(*) as n from stg_ship group by 1)

-- name: zone_lookup
select s.shipment_id, z.zone, z.price, z.price * s.kg as calc from stg_ship s join (values (0, 2, 'A', 3.5), (2, 5, 'B', 4.75), (5, 99, 'C', 9)) as z(lo, hi, zone, price) on s.kg >= z.lo and s.kg < z.hi
