-- name: scd2
with c as (select *, md5(concat_ws('|', coalesce(city, ''), status)) as h from misc.snap where not deleted), ch as (select *, lag(h) over (partition by id order by dbt_updated_at) is distinct from h as changed from c)
select id, city, status, dbt_updated_at as valid_from, coalesce(lead(dbt_updated_at) over (partition by id order by dbt_updated_at), timestamp '9999-12-31') as valid_to, lead(dbt_updated_at) over (partition by id order by dbt_updated_at) is null as is_current, row_number() over (partition by id order by dbt_updated_at) as version, h as hashdiff from ch where changed

-- name: scd2_pit
select d.day, s.id, s.city, s.version, s.valid_to - s.valid_from as life, datesub('day', s.valid_from, s.valid_to) as dd from (select unnest(range(date '2024-01-01', date '2024-03-01', interval 1 week)) as day) d join scd2 s on d.day >= s.valid_from and d.day < s.valid_to

-- name: scd1_merge
select coalesce(n.id, o.id) as id, coalesce(n.city, o.city) as city, case when o.id is null then 'insert' when n.id is null then 'delete' when n.hashdiff <> o.hashdiff then 'update' else 'noop' end as action, n.version - o.version as dv from (from scd2 where is_current) n full outer join (from scd2 where version = 1) o on n.id = o.id

-- name: org_tree
with recursive o as (select emp, boss, nm, sal, 1 as lvl, nm::varchar as chain, array[emp] as ids from misc.org where boss is null union all select m.emp, m.boss, m.nm, m.sal, o.lvl + 1, o.chain || '/' || m.nm, o.ids || [m.emp] from misc.org m join o on m.boss = o.emp) select * from o

-- name: org_rollup
select b.emp, b.nm, count(*) - 1 as reports, sum(e.sal) as payroll, avg(e.sal) as avg_sal, max(e.lvl) - any_value(b.lvl) as depth, max_by(e.nm, e.sal) as top_paid, quantile_disc(e.sal, 0.5) as med from org_tree b join org_tree e on list_contains(e.ids, b.emp) group by b.emp, b.nm

-- name: org_rank
select nm, dept, sal, rank() over d as r, dense_rank() over d as dr, percent_rank() over d as pr, ntile(4) over d as q, sal - avg(sal) over (partition by dept) as diff, sal / max(sal) over (partition by dept) as ratio, first_value(nm) over d as top, sal - lead(sal) over d as gap, count(*) over (partition by dept) as n, sum(sal) over (d rows between current row and unbounded following) as rest, avg(sal) over (d groups between 1 preceding and 1 following exclude ties) as g from misc.org window d as (partition by dept order by sal desc nulls last)

-- name: grp_sets
select dept, year(hired) as y, count(*) as n, sum(sal) as s, grouping(dept) as gd, grouping(dept, year(hired)) as gg, case when grouping(dept) = 1 then 'all' else coalesce(dept, 'none') end as label from misc.org group by grouping sets ((dept, year(hired)), (dept), (year(hired)), ())

-- name: grp_rollup
select dept, lvl, nm[1] as ini, count(*) as n, avg(sal) as a from (select o.*, m.dept from org_tree o join misc.org m using (emp)) group by rollup (dept, lvl), cube (ini) order by all

-- name: grp_read
select dept, lvl + 1 as l, ini, n, a * 2 as a2, n / sum(n) over () as share from grp_rollup where dept is not null

-- name: having_mix
select dept, count(*) as n, avg(sal) as a, max(hired) - min(hired) as span from misc.org group by dept having n > 3 and avg(sal) > (select avg(sal) * 0.1 from misc.org) order by a desc nulls last limit 10

-- name: lateral1
select o.emp, x.dbl, y.half, z.* from misc.org o, lateral (select o.sal * 2 as dbl) x, lateral (select x.dbl / 4 as half) y, lateral (select y.half::int as h, o.nm || y.half as t) z

-- name: lateral_agg
select o.emp, s.n, s.tot, s.l from misc.org o left join lateral (select count(*) as n, sum(sal) as tot, list(nm order by nm) as l from misc.org r where r.boss = o.emp) s on true

-- name: corr
select emp, (select nm from misc.org b where b.emp = o.boss) as boss_name, (select count(*) from misc.org r where r.boss = o.emp) as reports, (select max(sal) from misc.org p where p.dept = o.dept and p.emp <> o.emp) as peer_max, sal > all (select sal from misc.org r where r.boss = o.emp and sal is not null) as top, exists (from misc.org r where r.boss = o.emp) as mgr, dept in (select dept from misc.org where sal > 20000) as hot, (select list(nm) from misc.org p where p.boss = o.boss) as peers, (select {'n': count(*), 's': sum(sal)} from misc.org r where r.boss = o.emp) as st, array(select sal from misc.org r where r.boss = o.emp) as arr from misc.org o

-- name: corr_read
select emp, reports + 1 as r, st.n, st.s / 2 as s, arr[1] + 1 as a, peers[1] || '!' as p, peer_max * 1.1 as pm from corr

-- name: union_by_name
select emp as id, nm as name, sal from misc.org union all by name select id, city as name, true as flag from misc.snap union all by name select 'x' as name, 1.5 as sal, 99999999999 as id

-- name: ubn_read
select id + 1 as i, name, sal * 2 as s, flag and true as f from union_by_name

-- name: setops1
select emp from misc.org except select boss from misc.org intersect all select id from misc.snap

-- name: setops2
(select emp, nm from misc.org order by sal desc limit 3) union (select id, city from misc.snap limit 2) except all select 1, 'e1' order by 1 desc nulls first limit 3 offset 1

-- name: setops3
with a as (select 1 as x, 'p' as y), b as (select 2.5 as x, null as y) select x, y from a union select x, y from b union select null, 'q' order by x

-- name: gaps
select id, min(d) as s, max(d) as e, count(*) as n from (select id, dbt_updated_at::date as d, dbt_updated_at::date - (row_number() over (partition by id order by dbt_updated_at))::int * 10 as grp from misc.snap) group by id, grp

-- name: gap_missing
select s.d, s.d - lag(s.d) over (order by s.d) as step, count(n.id) as n from (select unnest(generate_series(timestamp '2024-01-01', timestamp '2024-01-31', interval 1 day))::date as d) s anti join (select dbt_updated_at::date as d from misc.snap where id = 3) k on k.d = s.d left join misc.snap n on n.dbt_updated_at::date = s.d group by s.d

-- name: semi
select * from misc.org o semi join (select distinct boss as emp from misc.org) b using (emp)

-- name: natural_full
select * from (select emp, nm from misc.org) natural full join (select boss as emp, count(*) as n from misc.org group by 1)

-- name: full_using3
select emp, a.nm, b.n, c.k from (select emp, nm from misc.org) a full join (select boss as emp, count(*) as n from misc.org group by 1) b using (emp) full join (select 7::bigint as emp, 'k' as k) c using (emp)

-- name: right_semi
select b.emp, a.nm, coalesce(a.sal, 0) as s, a.sal from misc.org a right join (values (1), (99)) b(emp) on a.emp = b.emp

-- name: positional
select x.emp, y.id, y.city from (select emp from misc.org order by emp limit 3) x positional join (select id, city from misc.snap order by id) y

-- name: cross_unnest
select o.emp, t.x, t.o from misc.org o, unnest([o.emp, o.boss]) with ordinality as t(x, o)

-- name: values_join
select o.dept, v.full_name, v.w * o.sal as weighted, v.w from misc.org o left join (values ('eng', 'Engineering', 1.25), ('ops', 'Operations', 0.8)) v(dept, full_name, w) on v.dept = o.dept

-- name: string_parse
with raw(line) as (values ('2024-01-01T10:00:00Z GET /a/b?x=1&y=2 200 12ms "curl/7"'), ('bad')), p as (select line, regexp_extract(line, '^(\S+) (\w+) (\S+) (\d+) (\d+)ms "([^"]*)"', ['ts', 'verb', 'path', 'code', 'ms', 'ua']) as m from raw)
select try_cast(m.ts as timestamptz) as ts, m.verb, split_part(m.path, '?', 1) as path, try_cast(nullif(m.code, '') as smallint) as code, try_cast(m.ms as int) as ms, string_split(split_part(m.path, '?', 2), '&') as qs, list_transform(string_split(split_part(m.path, '?', 2), '&'), kv -> {'k': split_part(kv, '=', 1), 'v': split_part(kv, '=', 2)}) as kv, regexp_matches(line, 'GET') as is_get from p

-- name: string_parse_read
select ts, ts at time zone 'Asia/Tokyo' as tokyo, code // 100 as cls, kv[1].k as k1, unnest(kv) as one, map_from_entries(kv) as mp from string_parse

-- name: tz
select ts.d, ts.d at time zone 'Europe/London' as utc, (ts.d at time zone 'Europe/London') at time zone 'Asia/Kolkata' as ist, date_trunc('day', ts.d at time zone 'UTC' at time zone 'America/New_York') as nyday, (ts.d at time zone 'UTC')::date as dd, extract(timezone from ts.d at time zone 'UTC') as off, strftime(ts.d at time zone 'UTC', '%Z') as zn, epoch_ms(ts.d at time zone 'UTC') as ems, time_bucket(interval 1 day, ts.d at time zone 'UTC', 'Europe/Berlin') as tb, ts.d::timestamptz as local, to_timestamp(1700000000) as tt, to_timestamp(1700000000)::timestamp as ttl, make_timestamptz(2024, 1, 1, 0, 0, 0, 'UTC') as mk, current_setting('TimeZone') as z from (select timestamp '2024-03-31 01:30:00' as d) ts

-- name: asof_multi
select a.emp, a.hired, b.dbt_updated_at, b.city from misc.org a asof left join misc.snap b on a.emp % 10 = b.id and a.hired + interval 9 year >= b.dbt_updated_at

-- name: win_frames
select day, channel, sum(clicks) over (partition by channel order by day range between interval 6 days preceding and current row) as r7, avg(spend) over (partition by channel order by day rows between 3 preceding and 3 following exclude current row) as cma, count(*) over (order by day groups 2 preceding) as g2, max(clicks) filter (spend > 10) over (partition by channel order by day) as mf, lag(spend, 7) over (partition by channel order by day) as w, spend - lag(spend, 7, 0.0) over (partition by channel order by day) as dw, list(clicks) over (partition by channel order by day rows 2 preceding) as l3, string_agg(channel, ',') over (order by day, channel rows 1 preceding) as sa, row_number() over (order by day, channel) - 1 as rn0, sum(spend) over (partition by channel order by day) / sum(spend) over (partition by channel) as cum, bool_or(spend is null) over (partition by channel order by day rows 3 preceding) as anyn, mode(clicks) over (partition by channel) as mo, median(spend) over (partition by channel order by day rows 6 preceding) as md, arg_max(day, spend) over (partition by channel) as best_day, last_value(spend ignore nulls) over (partition by channel order by day) as lv, nth_value(day, 3) over (partition by channel order by day) as nv from mkt.spend

-- name: win_frames_read
select channel, max(r7) as r7, avg(cma) as c, sum(dw) as s, any_value(l3)[1] + 1 as l, max(cum) as m, max(best_day) + 1 as b from win_frames group by channel

-- name: dq_tests
select 'nulls' as test, count(*) as failures, null::varchar as sample from misc.org where sal is null union all select 'dupes', count(*), max(emp::varchar) from (select emp from misc.org group by emp having count(*) > 1) union all select 'orphans', count(*), min(o.nm) from misc.org o left join misc.org b on b.emp = o.boss where o.boss is not null and b.emp is null

-- name: profile
select 'sal' as col, count(*) as n, count(sal) as nn, 1 - count(sal) / count(*) as null_rate, count(distinct sal) as u, min(sal)::varchar as mn, max(sal)::varchar as mx, avg(sal) as mean, approx_quantile(sal, 0.5) as med, stddev(sal) as sd from misc.org union all select 'hired', count(*), count(hired), 1 - count(hired) / count(*), count(distinct hired), min(hired)::varchar, max(hired)::varchar, null, null, null from misc.org

-- name: summarized
select column_name, column_type, "min", null_percentage, approx_unique from (summarize misc.org)

-- name: described
select column_name, column_type, "null" from (describe misc.org)

-- name: sample1
select * from misc.org using sample 10 rows

-- name: sample2
from misc.org tablesample bernoulli(50%) select emp, sal where sal > 10

-- name: date_dim
select d::date as date_day, year(d) as y, quarter(d) as q, month(d) as m, weekofyear(d) as w, dayofyear(d) as doy, isodow(d) as dow, strftime(d, '%A') as dn, d::date = last_day(d) as is_eom, date_trunc('quarter', d) as qs, (date_trunc('quarter', d) + interval 3 months - interval 1 day)::date as qe, 'FY' || (year(d) + case when month(d) > 6 then 1 else 0 end)::varchar as fy, d::date - date_trunc('year', d)::date + 1 as n, extract(isoyear from d) as iy, format('{:04d}{:02d}{:02d}', year(d), month(d), day(d))::int as date_key, datetrunc('decade', d) as dec, d + interval (dayofweek(d)) day as x, make_date(year(d), month(d), 1) as ms, monthname(d)[:3] as mn3, epoch(d)::bigint as ep, age(d) as ag from generate_series(timestamp '2024-01-01', timestamp '2024-12-31', interval '1 day') t(d)

-- name: date_dim_read
select y, q, count(*) as days, count(*) filter (dow < 6) as bd, max(date_key) as k, min(qs) as qs, max(qe) + 1 as nxt, sum(n) as sn from date_dim group by rollup(y, q)
