-- name: a01
select customer_id, list(struct_pack(at_ := placed_at, amt := total) order by placed_at) as hist, list_transform(list(total order by placed_at), (x, i) -> x * i) as weighted, list_reduce(list(coalesce(total, 0)), (a, b) -> a + b) as tot, list_zip(list(id), list(total)) is not null as z from shop.purchase group by customer_id

-- name: a02
select customer_id, h.at_::date as d, h.amt * 1.1 as amt11, tot / 2 as half, weighted[1] + 1 as w1, hist[-1].amt as last_amt, list_filter(hist, x -> x.amt > 10) as big, [x.at_ for x in hist if x.amt is not null] as dates, len([1 for x in hist]) as n from a01, unnest(hist) as u(h)

-- name: a03
select coalesce(dept, 'all') as dept, sku, sum(price) as s, grouping(dept) + grouping(sku) as lvl, rank() over (partition by grouping(dept) + grouping(sku) order by sum(price) desc) as r from shop.product group by rollup(dept, sku) qualify r <= 3

-- name: a04
with t as (select *, row_number() over (partition by customer_id order by placed_at) as seq from shop.purchase where customer_id is not null) select a.customer_id, a.seq, a.placed_at, b.placed_at as next_at, age(b.placed_at, a.placed_at) as gap, extract(epoch from b.placed_at - a.placed_at) / 86400 as gap_days, date_part('day', b.placed_at - a.placed_at) as dd, b.total - a.total as delta, b.total / nullif(a.total, 0) as ratio, (b.total > a.total)::int as up from t a left join t b on b.customer_id = a.customer_id and b.seq = a.seq + 1

-- name: a05
select map_from_entries(list((sku, price)))['SKU-0001'] as p1, map_keys(map_from_entries(list((sku, stock)))) as ks, list_distinct(list(dept)) as ds, max(map {'a': price}) as mm, min(dims) as md, any_value(meta) as am, count(distinct meta->>'brand') as nb, sum((meta->'dim'->>'w')::int) as sw, avg((meta->>'$.dim.h')::decimal(6,2)) as ah from shop.product

-- name: a06
from shop.purchase select date_trunc('month', placed_at) as m, count(*) filter (method = 'card') as card, count(*) filter (where method = 'paypal') as paypal, sum(total) filter (method in ('card', 'invoice')) as ci, {'n': count(*), 's': sum(total), 'by': histogram(method)} as st group by all having count(*) > 5 order by m

-- name: a07
select m, st.n, st.s / st.n as avg_s, st.by['card'] as c, map_values(st.by) as v, unnest(map_keys(st.by)) as meth, card + paypal as cp, ci * 2 as ci2, coalesce(ci, 0) / 3 as ci3 from a06

-- name: a08
select p.id, p.placed_at, (select list(r.amount order by r.refunded_at) from shop.refund r where r.purchase_id = p.id) as refunds, (select sum(amount) from shop.refund r where r.purchase_id = p.id) as ref_sum, exists(select 1 from shop.refund r where r.purchase_id = p.id) as has_ref, (select count(*) from shop.purchase_line l where l.purchase_id = p.id and l.qty > (select avg(qty) from shop.purchase_line)) as big_lines, p.total - coalesce((select sum(amount) from shop.refund r where r.purchase_id = p.id), 0) as net from shop.purchase p

-- name: a09
select id, net, refunds[1] as r1, list_sum(refunds) as rs, list_avg(refunds) as ra, has_ref and net > 0 as ok, ref_sum * 0.5 as hs, big_lines / 2 as bl from a08

-- name: a10
select variant, experiment, count(*) as n, count(*) filter (user_id like '%1') as n1, n1 / n as rate, rate * 100 as pct, round(pct, 1) as pct1, case when pct1 > 50 then 'hi' else 'lo' end as b, b || '-' || variant as lbl from mkt.exp_assign group by variant, experiment

-- name: a11
select x.*, y.lbl from a10 x join a10 y using (variant, experiment, n)

-- name: a12
with recursive seq(n, f, s) as (values (1, 1::hugeint, '1') union all select n + 1, f * (n + 1), s || ',' || (n + 1) from seq where n < 20) select n, f, s, log10(f::double) as l, f % 7 as m, f // 3 as d, f / 3 as dd from seq

-- name: a13
with recursive dates as (select date '2024-01-01' as d, 1 as k union all select (d + interval 1 month)::date, k + 1 from dates where k < 12) select d, k, lead(d) over (order by d) - 1 as eom, d + k as dk, d - interval (k) day as back, strftime(d, '%Y-%m') as ym, date_diff('day', d, lead(d) over (order by d)) as days from dates

-- name: a14
select d.d, count(p.id) as n, coalesce(sum(p.total), 0) as s, coalesce(avg(p.total), 0) as a, coalesce(max(p.placed_at), d.d::timestamp) as mx, ifnull(string_agg(distinct p.status, '|' order by p.status), '') as st from a13 d left join shop.purchase p on p.placed_at >= d.d - interval 1 year and p.placed_at < d.d - interval 11 months group by d.d

-- name: a15
select 'p' as src, id::varchar as k, total as v, placed_at as t from shop.purchase union all select 'r', refund_id::varchar, -amount, refunded_at from shop.refund union all select 'm', visitor, cost_micros / 1e6, at_ts from mkt.touch

-- name: a21
select event_id, value.num + 1 as v1, coalesce(value.num, 0) as v0, case union_tag(value) when 'num' then value.num::varchar else value.str end as v_txt, union_tag(value)::varchar as tag, value from app.event where value is not null

-- name: a22
select v_txt, count(*) as n, max(value) as mv, first(tag) as t, list(value)[1] as lv, sum(v0) as s from a21 group by v_txt

-- name: a23
select durations[1] as d1, list_sum(durations) / len(durations) as mean, list_aggregate(durations, 'sum') as ls, list_sort(durations, 'desc', 'nulls last') as so, list_reverse_sort(durations) as rs, list_slice(durations, 1, 2) as sl, durations[2:] as s2, array_to_string(durations, ';') as txt, list_unique(durations) as u, list_has_any(durations, [1,2]) as ha, durations @> [1] as cont, list_intersect(durations, [1, 2]) as li, list_cat(durations, [0.5]) as lc, list_append(durations, 7) as la, list_prepend(1.5, durations) as lp, list_position(durations, 3) as pos, flatten([durations, [1]]) as fl, list_count(durations) as lcn, list_stddev_samp(durations) as sd, list_first(durations) as f, list_last(durations) as l from app.event

-- name: a24
select d1 + 1 as a, lc[1] + 1 as b, lp[1] * 2 as c, so[1]::double as d, sl || so as e, [x / 2 for x in u_list if x > 1] as f from (select *, li as u_list from a23)

-- name: a27
select r.device_id, r.at_ts, r.val, avg(r.val) over w as ma, r.val - avg(r.val) over w as dev, count(*) over w as n, first_value(r.at_ts) over w as win_start, max(r.val) over w - min(r.val) over w as rng, regr_slope(r.val, epoch(r.at_ts)) over w as trend, quantile_disc(r.val, 0.5) over w as med, sum(case when r.quality = 0 then 1 else 0 end) over w as bad, array_agg(r.quality) over w as qs from iot.reading r window w as (partition by r.device_id, r.metric order by r.at_ts range between interval '1 hour' preceding and current row)

-- name: a28
select device_id, max(rng) as mr, avg(trend) as t, arg_max(win_start, rng) as ws, sum(bad) as bad, max(n) as mn, any_value(qs)[1] as q1, min(qs) as qq from a27 group by device_id

-- name: a29
select alarm_id, raised at time zone 'Europe/Berlin' as local_ts, (raised at time zone 'Europe/Berlin')::date as local_day, extract(isodow from raised at time zone 'Europe/Berlin') as dow from iot.alarm

-- name: a30
select local_day, dow, count(*) as n, min(local_ts) as f, max(local_ts::time) as lt, bool_or(dow >= 6) as we, local_day + 7 as nxt, make_timestamp(epoch_us(min(local_ts))) as mk from a29 group by all

-- name: a31
select "Order ID" as "Order ID", sum("Größe") over (order by "Order ID") as "Σ größe", "MixedCase" / 2 as mc, "a.b" as "day.of", lower("select") as "from" from misc."Weird Names"

-- name: a32
select "ORDER ID" + 1 as o, "Σ größe" * 2 as s, "day.of" + 1 as d, "from" || '!' as f from a31

-- name: a33
select o.*, e.nm as boss_name, d.avg_sal, o.sal / d.avg_sal as ratio, o.sal - d.avg_sal as diff from misc.org o left join misc.org e on e.emp = o.boss left join (select dept, avg(sal) as avg_sal, median(sal) as med from misc.org group by dept) d on d.dept is not distinct from o.dept

-- name: a34
select dept, count(*) as n, sum(sal) as s, sum(sal) / count(*) as m, max(ratio) as mr, round(avg(diff), 2) as ad, count(boss_name) as wb, listagg(nm, ';') as ns, bit_and(emp) as ba, bool_and(sal > 0) as bp from a33 group by dept order by n desc nulls last

-- name: a37
select k, v, typeof(v) as t, pg_typeof_x from (select unnest(['a', 'b']) as k, unnest([1, 2, 3]) as v, 'x' as pg_typeof_x)

-- name: a38
select i, case when i % 15 = 0 then 'FizzBuzz' when i % 3 = 0 then 'Fizz' when i % 5 = 0 then 'Buzz' else i::varchar end as fb, i * i as sq, sqrt(i) as rt, i::double / 7 as sv, i & 1 as odd, i << 2 as sh, bin(i) as b, to_base(i, 36) as b36, chr((64 + i)::int) as c, i ** 2 as p, factorial((i % 10)::int) as f, (i::varchar).lpad(3, '0') as pad from range(1, 21) r(i)

-- name: a39
select grp, list(fb order by i) as l, sum(sq) as s, product(i) as p, max(f) as mf, sum(odd) as o, min(pad) as mp, bit_xor(sh) as bx from (select *, i // 5 as grp from a38) group by grp

-- name: a40
select columns(* exclude (l, mp)) + 1, l, mp from a39

-- name: a41
select min(columns(['s', 'p'])) as "min_\0", max(columns(['s', 'p'])) as "max_\0" from a40

-- name: a42
unpivot a41 on columns('min_.*'), columns('max_.*') into name stat value val

-- name: a43
select stat, val::bigint as v, split_part(stat, '_', 1) as fn, stat[5:] as col from a42

-- name: a44
pivot a43 on fn in ('min', 'max') using first(v) group by col

-- name: a45
select col, max - min as spread, "max" / "min" as rel from a44

-- name: a46
select coalesce(l.day, r.day) as day, l.channel as lc, r.channel as rc, l.spend, r.spend as rs, l.spend is not null as hl from mkt.spend l full join mkt.spend r on l.day = r.day + 7 and l.channel = r.channel

-- name: a47
select day, lc, first_value(spend) over w as f, lag(spend, 2, 0) over w as l2, lead(day) over w as ld, dense_rank() over (order by spend desc) as dr, ntile(4) over w as q, sum(spend) over w / nullif(sum(rs) over w, 0) as rel, max(day) over () - day as ago from a46 where hl window w as (partition by lc order by day)

-- name: a48
select t.trade_id, t.sym, t.px, q.mid, q.cnt from fin.trade t, lateral (select avg((bid + ask) / 2) as mid, count(*) as cnt, max(at_ts) as la from fin.quote q where q.sym = t.sym and q.at_ts <= t.at_ts and q.at_ts > t.at_ts - interval 1 minute) q

-- name: a49
select sym, sum((px - mid) * cnt) as x, count(mid) as n, corr(px, mid) as c, covar_samp(px, mid) as cs, regr_r2(px, mid) as r2, regr_count(px, mid) as rc, regr_intercept(px, mid) as ri, var_samp(px) as vs, sem(px) as se, approx_quantile(px, 0.9) as aq, quantile_cont(px, [0.1, 0.9])[2] as q9, mode(sym) as mo from a48 group by sym

-- name: a50
select rc * 2 as a, n / rc as b, c > 0.5 as d, round(c, 3) as e, coalesce(cs, 0) as f, se::float as g, x::decimal(18,3) as h from a49
