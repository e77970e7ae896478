-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA m;
CREATE TABLE m.cust (c_id INTEGER NOT NULL, nm VARCHAR, seg VARCHAR, ctry VARCHAR, created TIMESTAMP, parent INTEGER); INSERT INTO m.cust SELECT i, 'C'||i, ['smb','ent',NULL][1+i%3], ['DE','US','FR'][1+i%3], TIMESTAMP '2022-01-01'+INTERVAL (i) DAY, CASE WHEN i>9 THEN i//4 END FROM range(1,100) t(i);
CREATE TABLE m.ord (o_id BIGINT NOT NULL, c_id INTEGER, placed TIMESTAMP, status VARCHAR, ccy VARCHAR, coupon VARCHAR, ship STRUCT(city VARCHAR, cost DECIMAL(6,2), svc VARCHAR)); INSERT INTO m.ord SELECT i, 1+i%105, TIMESTAMP '2023-01-01'+INTERVAL (i*9) HOUR, ['new','paid','shipped','cancelled','returned'][1+i%5], ['EUR','USD'][1+i%2], CASE WHEN i%6=0 THEN 'SAVE'||(i%3) END, CASE WHEN i%8=0 THEN NULL ELSE {'city':'X'||(i%7),'cost':4.5,'svc':NULL} END FROM range(1,800) t(i);
CREATE TABLE m.line (o_id BIGINT, ln TINYINT, sku VARCHAR, qty SMALLINT, px DECIMAL(10,3), tax DECIMAL(4,3)); INSERT INTO m.line SELECT 1+i%805, i//805, 's'||(i%40), CASE WHEN i%31=0 THEN NULL ELSE 1+i%5 END, 1+i%90, 0.19 FROM range(0,2000) t(i);
CREATE TABLE m.sku (sku VARCHAR, cat VARCHAR, sub VARCHAR, cost DECIMAL(10,4), launched DATE); INSERT INTO m.sku SELECT 's'||i, 'cat'||(i%4), CASE WHEN i%7=0 THEN NULL ELSE 'sub'||(i%9) END, i*0.3, DATE '2022-01-01'+i::INT FROM range(0,38) t(i);
CREATE TABLE m.fx (ccy VARCHAR, d DATE, rate DECIMAL(12,6)); INSERT INTO m.fx SELECT 'USD', DATE '2022-12-25'+(i*5)::INT, 1.05+i/1000 FROM range(0,80) t(i);
CREATE TABLE m.visit (vid VARCHAR, c_id INTEGER, ts TIMESTAMP, src VARCHAR, pages USMALLINT, props JSON); INSERT INTO m.visit SELECT 'v'||(i%200), CASE WHEN i%3=0 THEN NULL ELSE 1+i%100 END, TIMESTAMP '2022-12-20'+INTERVAL (i*7) HOUR, ['ads','seo','mail',NULL][1+i%4], i%20, CASE WHEN i%5=0 THEN NULL ELSE ('{"exp":["e'||(i%3)||'"],"dev":{"os":"x","v":'||(i%9)||'}}')::JSON END FROM range(1,1500) t(i);
CREATE TABLE m.ticket (id INTEGER, c_id INTEGER, opened TIMESTAMP, closed TIMESTAMP, sev UTINYINT, csat REAL); INSERT INTO m.ticket SELECT i, 1+i%100, TIMESTAMP '2023-01-05'+INTERVAL (i*30) HOUR, CASE WHEN i%4=0 THEN NULL ELSE TIMESTAMP '2023-01-06'+INTERVAL (i*31) HOUR END, i%5, CASE WHEN i%3=0 THEN i%6 END FROM range(1,220) t(i);
CREATE TABLE m.spend (src VARCHAR, d DATE, eur DECIMAL(9,2)); INSERT INTO m.spend SELECT ['ads','seo','mail'][1+i%3], DATE '2022-12-20'+(i//3)::INT, i*0.77 FROM range(0,900) t(i);

-- name: customer_360
with recursive
/* 1: hierarchy */
hier (c_id, root, depth, trail) as (
    select c_id, c_id, 0, [c_id] from m.cust where parent is null
    union all
    select c.c_id, h.root, h.depth + 1, list_append(h.trail, c.c_id)
    from m.cust c
    join hier h on c.parent = h.c_id
    where h.depth < 6
),
/* 2: fx */
fx as (
    select 'EUR' as ccy, date '1900-01-01' as d, 1::decimal(12,6) as rate
    union all
    select ccy, d, rate from m.fx
),
/* 3: lines */
lines as (
    select
        l.o_id, l.ln, l.sku, coalesce(l.qty, 0) as qty, l.px, l.tax,
        coalesce(l.qty, 0) * l.px as net,
        coalesce(l.qty, 0) * l.px * (1 + l.tax) as gross,
        s.cat, coalesce(s.sub, s.cat || '/other') as sub,
        coalesce(l.qty, 0) * s.cost as cogs,
        s.sku is null as orphan
    from m.line l
    left join m.sku s using (sku)
),
/* 4: orders */
orders as (
    select
        o.o_id, o.c_id, o.placed, o.status, o.coupon,
        o.ship.city as city,
        coalesce(o.ship.cost, 0) as ship_cost,
        fx.rate,
        agg.*
    from m.ord o
    asof left join fx on fx.ccy = o.ccy and fx.d <= o.placed
    left join lateral (
        select
            count(*) as n_lines,
            sum(net) as net,
            sum(gross) as gross,
            sum(cogs) as cogs,
            count(distinct cat) as cats,
            list(distinct sub order by sub) as subs,
            bool_or(orphan) as has_orphan,
            max_by(sku, net) as top_sku
        from lines where lines.o_id = o.o_id
    ) agg on true
),
eur as (
    select *, net / coalesce(rate, 1) as net_eur, gross / rate as gross_eur, (net - cogs) / nullif(net, 0) as gm
    from orders
    where status <> 'cancelled'
),
/* 5: sequence */
seq as (
    select
        *,
        row_number() over w as order_no,
        count(*) over (partition by c_id) as orders_total,
        lag(placed) over w as prev_placed,
        placed - lag(placed) over w as since_prev,
        sum(net_eur) over (w rows unbounded preceding) as cum_eur,
        first_value(city) over w as first_city,
        avg(net_eur) over (partition by c_id order by placed range between interval 90 days preceding and current row) as avg_90d
    from eur
    window w as (partition by c_id order by placed, o_id)
),
first_last as (
    select
        c_id,
        min(placed) as first_at,
        max(placed) as last_at,
        count(*) as n,
        sum(net_eur) as ltv,
        avg(epoch(since_prev)) / 86400 as avg_gap_days,
        max(cum_eur) as cum_check,
        arg_max(coupon, placed) filter (coupon is not null) as last_coupon,
        count(coupon) / count(*) as coupon_rate,
        list_distinct(flatten(list(subs))) as all_subs,
        sum(net_eur) filter (order_no = 1) as first_value_eur,
        sum(net_eur) filter (where placed >= timestamp '2023-06-01') as recent_eur,
        any_value(first_city) as first_city,
        bool_or(has_orphan) as any_orphan
    from seq
    where c_id is not null
    group by c_id
),
/* 6: visits */
visits as (
    select
        v.c_id, v.ts, v.src, v.pages,
        v.props->'dev'->>'os' as os,
        (v.props->'dev'->>'v')::int as os_v,
        cast(v.props->'exp' as varchar[]) as exps,
        case when v.ts - lag(v.ts) over (partition by v.vid order by v.ts) < interval 2 days then 0 else 1 end as is_new
    from m.visit v
),
touch as (
    select f.c_id, v.src, v.ts, row_number() over (partition by f.c_id order by v.ts desc) as back, row_number() over (partition by f.c_id order by v.ts) as fwd, count(*) over (partition by f.c_id) as touches
    from first_last f
    join visits v on v.c_id = f.c_id and v.ts <= f.first_at and v.src is not null
),
attrib as (
    select c_id, max(src) filter (fwd = 1) as first_touch, max(case when back = 1 then src end) as last_touch, string_agg(src, ' > ' order by ts) as path, map_from_entries(list_transform(list_distinct(list(src)), s -> (s, 1.0 / max(touches)))) is not null as has_w
    from touch group by c_id
),
/* 7: support */
support as (
    select
        c_id, count(*) as tickets, count(*) filter (closed is null) as open_tickets,
        avg(closed - opened) as avg_ttr,
        max(sev) as worst, sum(sev) as sev_sum, round(avg(csat), 2) as csat,
        quantile_cont(epoch(closed - opened) / 3600, 0.9) as p90_h
    from m.ticket group by all
),
/* 8: scores */
scored as (
    select
        c.c_id, c.nm, coalesce(c.seg, 'unknown') as seg, c.ctry, h.root, h.depth, h.trail[2] as via,
        f.* exclude (c_id),
        a.first_touch, coalesce(a.last_touch, 'direct') as last_touch, a.path,
        coalesce(s.tickets, 0) as tickets, s.open_tickets, s.avg_ttr, s.worst, s.sev_sum, s.csat,
        ntile(5) over (order by f.last_at nulls first) as r,
        ntile(5) over (order by f.n nulls first) as fq,
        ntile(5) over (order by f.ltv nulls first) as mo,
        date_diff('day', f.last_at, timestamp '2023-12-01') as days_idle
    from m.cust c
    left join hier h using (c_id)
    left join first_last f on f.c_id = c.c_id
    left join attrib a on a.c_id = c.c_id
    left join support s on s.c_id = c.c_id
)
select
    *,
    r * 100 + fq * 10 + mo as rfm,
    case
        when n is null then 'prospect'
        when r >= 4 and fq >= 4 then 'champion'
        when days_idle > coalesce(3 * avg_gap_days, 90) then 'lapsed'
        else 'active'
    end as lifecycle,
    ltv / nullif(date_diff('month', first_at, timestamp '2023-12-01'), 0) as ltv_pm,
    sum(ltv) over (partition by root) as group_ltv,
    rank() over (partition by ctry order by ltv desc nulls last) as ctry_rank,
    md5(concat_ws('|', c_id, nm, rfm)) as hash_key,
    {'tickets': tickets, 'csat': csat, 'worst': worst} as support
from scored
qualify row_number() over (partition by c_id order by depth) = 1
order by group_ltv desc nulls last, c_id

-- name: c360_segments
select seg, lifecycle, count(*) as n, sum(ltv) as ltv, avg(ltv) as avg_ltv, sum(n) as orders, sum(support.tickets) as tickets, avg(support.csat) as csat, max(avg_ttr) as ttr, count(*) / sum(count(*)) over () as share, grouping(seg, lifecycle) as g, list(distinct first_touch) as ft, median(days_idle) as idle, sum(recent_eur) / sum(ltv) as recent_share from customer_360 group by cube (seg, lifecycle)

-- name: channel_roi
with src as (select unnest(['ads','seo','mail']) as src), cal as (select distinct date_trunc('month', d)::date as month from m.spend),
cost as (select src, date_trunc('month', d)::date as month, sum(eur) as eur from m.spend group by 1, 2),
acq as (select last_touch as src, date_trunc('month', first_at)::date as month, count(*) as customers, sum(first_value_eur) as first_rev, sum(ltv) as ltv from customer_360 where n > 0 group by all),
vis as (select src, date_trunc('month', ts)::date as month, count(*) as visits, count(distinct vid) as visitors, sum(pages) as pages from m.visit group by all)
select src.src, cal.month, coalesce(cost.eur, 0) as cost, coalesce(vis.visits, 0) as visits, vis.visitors, vis.pages, coalesce(acq.customers, 0) as customers, cost.eur / nullif(acq.customers, 0) as cac, acq.ltv / nullif(cost.eur, 0) as roas, sum(coalesce(cost.eur, 0)) over (partition by src.src order by cal.month) as cum_cost, acq.customers / vis.visits as conv, case when acq.ltv > cost.eur then 'profit' when acq.ltv is null then null else 'loss' end as verdict
from src cross join cal left join cost using (src, month) left join acq using (src, month) left join vis on vis.src = src.src and vis.month = cal.month

-- name: roi_pivot
pivot (select src, month, roas, customers from channel_roi) on month in (date '2023-01-01', date '2023-02-01') using max(roas) as roas, sum(customers) as cust group by src

-- name: basket_affinity
with b as (select o_id, list_sort(list(distinct sku)) as skus from m.line group by 1), p as (select o_id, skus[i] as a, skus[j] as b from b, generate_series(1, 5) x(i), generate_series(2, 6) y(j) where i < j and j <= len(skus)), s as (select sku, count(distinct o_id) as n from m.line group by 1), t as (select count(*) as n from b)
select p.a, p.b, count(*) as n, count(*)::double / any_value(t.n) as support, count(*)::double / any_value(sa.n) as conf, (count(*)::double / any_value(sa.n)) / (any_value(sb.n)::double / any_value(t.n)) as lift from p join s sa on sa.sku = p.a join s sb on sb.sku = p.b cross join t group by 1, 2 having count(*) >= 1

-- name: order_funnel_times
select status, count(*) as n, min(placed) as first_at, any_value(ship.svc) as svc, sum(ship.cost) as ship_cost, sum(ship.cost) filter (ship.city <> 'X1') as not_x1, histogram(ship.city) as cities, first(ship order by placed) as first_ship, max(ship) as max_ship, count(ship) as shipped, mode(ccy) as ccy, max({'a': placed, 'b': o_id}) as mx, list(ship.city)[1:2] as two from m.ord group by status

-- name: order_struct_reader
select status, first_ship.cost * 1.1 as c11, max_ship.city as mc, cities['X2'] as x2, mx.a::date as last_day, two[1] || '!' as t1, coalesce(cities['X9'], 0) as x9, ship_cost / n as per from order_funnel_times

-- name: late_night_unions
select 'cust' as entity, c_id::varchar as k, created as at_, to_json(c) as doc from m.cust c
union all
select 'order', o_id::varchar, placed, to_json(struct_pack(o_id, status)) from m.ord
union all
select 'ticket', id::varchar, opened, json_object('id', id, 'sev', sev) from m.ticket
union all
(select 'visit', vid, min(ts), json_group_array(src) from m.visit group by vid limit 10)

-- name: event_stream
select entity, count(*) as n, min(at_) as lo, max(at_) as hi, max(hi_lag) as gap, count(distinct date_trunc('day', at_)) as days, sum(json_array_length(doc)) as arr, any_value(doc->>'status') as st, any_value((doc->'sev')::int) as sev from (select *, at_ - lag(at_) over (partition by entity order by at_) as hi_lag from late_night_unions) group by entity
