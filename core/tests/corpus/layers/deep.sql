-- name: b01
select dept, count(distinct (sku, price)) as c, arg_max({'s': sku, 'p': price}, price) as best, max_by(sku, price, 3) as top3, min_by(title, cost) as cheap, array_agg(sku order by price desc nulls last)[1:3] as arr, quantile_cont(discontinued_on, 0.5) as qd, median(stock) as ms, mode(rating) as mr, first(dims) as fd, sum(price * stock) as inv, sum(price) / sum(stock) as ps, avg(price * 1.19) as ap, sum(price::double) as sd, round(avg(price), 2) as rap, max(price) - min(price) as span, stddev_pop(cost) as sp, string_agg(sku, ', ' order by price desc) as sa, list(vat)[1] * 2 as lv, count(*) filter (rating > 3) * 100.0 / count(*) as pct from shop.product group by dept

-- name: b02
select dept, best.s as s, best.p + 1 as p1, top3[1] || cheap as x, qd::date + 1 as q1, qd - interval 1 day as q2, ms / 2 as m2, fd[1] * 2 as fd2, inv / 7 as i7, inv::decimal(20,4) as i4, ps * 1.1 as ps11, pct::int as pi, case when span > 10 then span else 0 end as sp, coalesce(rap, 0) + lv as rl, c % 3 as c3, greatest(inv, ap) as g, least(span, 1.5) as l, nullif(span, 0) / 3 as n3 from b01

-- name: b03
select epoch_ms(1700000000000) as a, to_timestamp(1700000000.5) as b, make_timestamp(2024, 1, 2, 3, 4, 5.5) as c, strptime('2024-01-02', ['%Y-%m-%d', '%d/%m/%Y']) as d, try_strptime('x', '%Y') as e, date_trunc('hour', date '2024-01-01') as f, date_trunc('week', date '2024-01-03') as g, timezone('UTC', timestamp '2024-01-01') as h, date '2024-01-01'::timestamptz as i, timestamp '2024-01-01' - date '2023-01-01' as j, interval 90 minute + time '01:00' as k, time '10:00' + date '2024-01-01' as l, extract(epoch from interval 1 day) as m, date_part(['year', 'month'], date '2024-05-06') as n, age(timestamp '2024-01-01') is not null as o, to_days(3) + to_hours(2) as p, datepart('dow', timestamp '2024-01-01') as q, strftime(timestamp '2024-01-01', '%c') as r, monthname(date '2024-01-01') as s, generate_series(date '2024-01-01', date '2024-01-03', interval 1 day) as t, range(date '2024-01-01', date '2024-01-03', interval 1 day)[1] as u, epoch(timestamptz '2024-01-01 00:00:00+00') as v, nanosecond(timestamp_ns '2024-01-01') as w, century(date '2024-01-01') as x, timestamp '2024-01-01'::date - 1 as y, current_date + interval '1' month as z

-- name: b04
select a + interval 1 day as a, b::date as b, c - a as ca, d::date as d, coalesce(e, d) as ed, f::time as ft, g::date + 1 as g1, h at time zone 'Asia/Tokyo' as ht, i - interval 1 hour as ih, j * 2 as j2, l - a as la, m / 60 as m60, n.year + 1 as y1, p / 2 as p2, t[1] + interval 1 hour as t1, u::date as ud, extract(day from j) as jd, least(a, c) as lac, z > now() as zn, unnest(t) as tt from b03

-- name: b05
select tt, count(*) over (order by tt range between interval 1 day preceding and current row) as n, tt::date as d, date_diff('day', a, tt) as dd, lag(tt) over (order by tt) as p, tt - lag(tt) over (order by tt) as gap, first_value(ht) over (order by tt) as fh from b04

-- name: b06
select sku, meta->'tags' as tags, json_array_length(meta->'tags') as n, meta->>'$.tags[0]' as t0, (meta->'tags')::varchar[] as arr, json_keys(meta) as ks, from_json(meta, '{"brand":"VARCHAR","dim":{"w":"INTEGER","h":"DOUBLE"},"tags":["VARCHAR"],"ok":"BOOLEAN"}') as obj, json_transform(meta, '{"dim":{"w":"BIGINT"}}').dim.w as w, meta->'dim'->'w' as wj, cast(meta->>'$.dim.w' as uinteger) as wu, json_extract(meta, ['$.brand', '$.ok']) as ex, json_extract_string(meta, ['$.brand', '$.ok']) as exs, meta.brand as mb, json_type(meta->'dim') as jt, json_exists(meta, '$.dim.h') as je, json_value(meta, '$.brand') as jv, meta::varchar as txt, json_valid(meta::varchar) as ok from shop.product

-- name: b07
select sku, obj.brand as brand, obj.dim.w * obj.dim.h as area, obj.tags[1] as t1, unnest(arr) as tag, ex[1]::varchar as e1, exs[2] as e2, w + 1 as w1, wu - 1 as wu1, wj::int / 2 as wj2, ks[1] as k1, len(ks) as nk, tags->>1 as tg1, unnest(obj) from b06

-- name: b08
select brand, list(distinct tag) as tags, sum(area) as area, max(w1) as w, bool_and("ok") as ok, count(dim) as nd, any_value(dim).w as dw from b07 group by brand having count(*) > 1

-- name: b09
select k, v, t.key, t.atom, t.type, t.fullkey from (select sku, meta from shop.product where meta is not null limit 3) p, json_tree(p.meta) t, (values ('a', 1)) x(k, v)

-- name: b10
select j.key, j.value, j.type, count(*) as n from shop.product p, json_each(p.meta) j group by all

-- name: b11
select purchase_id, line, round(unit_price * (1 - coalesce(discount, 0)) * coalesce(qty, 1), 2) as net, unit_price * qty as a, unit_price * qty * discount as b, unit_price * (1 - discount) as c, qty * 1.5 as d, unit_price / qty as e, unit_price // qty as f, unit_price % 3 as g, discount * 100 as h, (discount * 100)::int || '%' as i, unit_price::int as j, -unit_price as k, abs(unit_price - 20) as l, unit_price + discount as m, unit_price - 1 as n, 1 - discount as o, unit_price > 20.5 as p, unit_price ^ 2 as q, unit_price + 0.001 as r, sign(unit_price) as s, floor(unit_price) as t, unit_price * line as u, unit_price + line as v, sum(unit_price) over (partition by purchase_id) as w, unit_price * 100::smallint as x, unit_price * 2.0 as y, mod(unit_price, 2) as z from shop.purchase_line

-- name: b12
select purchase_id, sum(net) as a, sum(a) as b, avg(c) as c, max(m) as d, sum(u) as e, sum(n) / count(*) as f, sum(o) * 10 as g, min(r) + max(y) as h, sum(x) - sum(v) as i, round(sum(b), 1) as j, sum(k) + sum(j) as k, sum(h)::decimal(10,1) as l, ceil(avg(l)) as m, any_value(w) / 3 as n, sum(case when p then net else 0 end) as o, sum(case when p then net else 0.5 end) as p, sum(if(p, 1, 0)) as q, count_if(p) as r, sum(coalesce(b, 0)) as s, sum(coalesce(b, 0.12345)) as t from b11 group by purchase_id

-- name: b13
select a + b as x, b * c as y, a * a as z, e / g as w, o + p as v, case when a > 5 then a when a > 3 then b else 1 end as u, greatest(a, b, 1) as t, coalesce(a, b, c) as s, [a, b] as r, {'a': a, 'b': b * 2} as q, a::varchar || '/' || b as p, sum(a) over (order by purchase_id) as o, a between 1 and 2.5 as n, a in (1, 2.5) as m, round(a / nullif(b, 0), 3) as l from b12

-- name: b14
with base as (select customer_id, placed_at::date as d from shop.purchase where customer_id is not null and placed_at is not null group by all), streak as (select *, d - (row_number() over (partition by customer_id order by d))::int as grp from base) select customer_id, min(d) as s, max(d) as e, count(*) as n, max(d) - min(d) + 1 as span, rank() over (partition by customer_id order by count(*) desc, min(d)) as rk from streak group by customer_id, grp qualify rk = 1

-- name: b15
select s.customer_id, s.n, c.full_name, struct_pack(from_d := s.s, to_d := s.e) as period, datediff('week', s.s, s.e) as weeks, make_date({'year': year(s.s), 'month': 1, 'day': 1}::struct(year bigint, month bigint, day bigint)) is not null as ok from b14 s join shop.customer c on c.id = s.customer_id

-- name: b16
select customer_id, period.from_d + 7 as f7, unnest(period), n * weeks as nw from b15

-- name: b17
select site, model, count(*) as n from iot.device group by cube(site, model) having grouping(site) = 0 or grouping(model) = 0 order by site nulls last, model

-- name: b18
select regexp_split_to_table(fw, '[.-]') as part, device_id from iot.device

-- name: b19
select t.part, count(*) as n, try_cast(t.part as int) as num from b18 t group by t.part

-- name: b20
select e, count(*) as n, list(distinct e) as l, max(e) as mx, (e::varchar)[1:2] as sub, cast('card' as shop.pay_method) as c, try_cast('nope' as shop.pay_method) as t from misc.every group by e

-- name: b21
select mx, mx = 'card' as is_card, enum_code(mx) as code, [mx, c] as pair, coalesce(t, c) as tc, case when n > 1 then mx else c end as cc, l[1]::varchar as l1 from b20

-- name: b22
select un, union_tag(un) as t, un.i + 1 as i, un.s || 'x' as s, un.d as d, coalesce(un.i::varchar, un.s, un.d::varchar) as any_text from misc.every

-- name: b23
select count(*) as n, count(un) as nu, min(t) as mt, max(i) as mi, list(s) as ls from b22

-- name: b24
select map_keys(mp) as k, map_values(mp) as v, map_entries(mp) as e, mp['k'].f as f, list_transform(map_entries(mp), x -> x.key || x.value.n) as txt, [x.value.f * 2 for x in map_entries(mp)] as dbl, map_extract(mp, 'k') as me, cardinality(mp) as c, map_from_entries(map_entries(mp)) as m2, element_at(mp, 'z') as z, map([1, 2], ['a', 'b'])[1] as lit, map {'x': [1, 2]}['x'][1] as deep from misc.every

-- name: b25
select k[1] as k, v[1].n as n, e[1].value.f as ef, txt[1] as t, dbl[1] + f as d, me[1].n as mn, m2['k'].n * 1.5 as m from b24

-- name: b26
select st.a, st.b, st.c.d as d, st.c.e as e, struct_extract(st, 'c').d as d2, unnest(st.c) from misc.every

-- name: b27
select d_1 + 1 as x, e_1[1] as y, a * e[1] as z from b26

-- name: b28
select ll[1][1] as a, flatten(ll) as b, list_transform(ll, x -> len(x)) as c, list_transform(ll, x -> list_transform(x, y -> upper(y))) as d, list_concat(ll, [['z']]) as e, unnest(ll) as f, array_to_string(flatten(ll), '+') as g, list_reduce(flatten(ll), (a, b) -> a || b) as h, ar[1] + ar[2] as i, ar::double[] as j, array_value(1.5, 2.5)::float[2] as k, list_sum(ar::float[]) as l, array_distance(ar, ar) as m, li::varchar[] as n, list_zip(li, [1.5, 2.5])[1] is not null as o from misc.every

-- name: b29
select f[1] as f1, d[1][1] as d1, c[1] * 2 as c2, j[1] as j1, k[2] as k2, n[1] || 'q' as n1, unnest(b) as b1 from b28

-- name: b30
select i1 + u1 as a, i2 * u2 as b, u4 + i4 as c, u8 * 2 as d, i16 * 2 as e, u16 + 1 as f, i8 // 3 as g, i8 / 3 as h, u1 % 2 as i, i1 & u1 as j, i4 | i8 as k, f4 * f8 as l, f4 + i8 as m, d4 * i16 as n, d38 / 2 as o, vi * 2 as p, -u4::bigint as q, i4 << 3 as r, sum(u1) over () as s, sum(i16) over () as t, avg(u16) over () as u, max(vi) over () as v, round(f4, 1) as w, cbrt(d9) as x, i8 ^ 2 as y, hash(i4) % 10 as z from misc.every

-- name: b31
select a + b as x, c * d as y, e - f::hugeint as z, g + h as w, n + o as v, p::varchar as u, q + r as t, s / t as sd, u * 2 as u2, z + 1 as z1, coalesce(a, c, d) as cc, case when j > 0 then j else k end as jk, [a, b, c] as li, greatest(l, m) as g from b30

-- name: b32
from shop.purchase p join shop.customer c on (p.customer_id, 'x') = (c.id, 'x') select p.id, c.email, (p.id, c.email) = (1, 'a') as q, row(p.id, c.email) is not null as r where (p.status, p.currency) in (('paid', 'EUR'), ('shipped', 'USD'))

-- name: b33
select id, coalesce(nullif(trim(status), ''), 'none') as st, case status when 'paid' then 1 when 'shipped' then 2 end as code, status in ('paid', 'shipped') as ok, not coalesce(status = 'returned', false) as kept, status is not distinct from 'paid' as p, if(total > 10, 'big', null) as size, total > any (select amount from shop.refund) as gt, total >= all (select amount from shop.refund where amount is not null) as ge, (select max(amount) from shop.refund) - total as d, ifnull(total, (select 0)) as t0 from shop.purchase

-- name: b34
select st, size, count(*) as n, sum(code) as c, bool_or(gt) as g, max(d) as d, sum(t0) as t, avg(t0) as a, count(*) filter (p) / count(*) as share, mode(size) as m from b33 group by st, size

-- name: b35
with a as (select * from b34), b as (select st, sum(n) as n from a group by st) select a.*, b.n as total, a.n / b.n as frac, a.n * 100 // b.n as pct, sum(a.n) over (partition by a.st order by a.size) as run from a join b using (st)

-- name: b36
select * exclude (st) replace (n::double as n), st[:2] as s2, columns('^(t|a)$') * 2 from b35

-- name: b37
select v.*, w.day, w.r from (values (1, 'x'), (2, 'y')) v(id, nm), lateral (select d as day, row_number() over () as r from generate_series(date '2024-01-01', date '2024-01-01' + v.id::int, interval 1 day) g(d)) w

-- name: b38
select id, list(day order by r) as days, max(day) - min(day) as span, sum(r) as s from b37 group by id union all by name select 9 as id, null as days, 1.5 as s, 'extra' as note

-- name: b39
select id, days[1]::date as d, span, s * 2 as s2, note || '!' as n from b38

-- name: b40
select * from b39 natural left join (select id, count(*) as k from b37 group by id)
