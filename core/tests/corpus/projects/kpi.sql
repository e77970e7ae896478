-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA k;
CREATE TABLE k.fact (d DATE NOT NULL, region VARCHAR, product VARCHAR, channel VARCHAR, revenue DECIMAL(14,2), cost DECIMAL(14,4), units INTEGER, returns SMALLINT, discount REAL); INSERT INTO k.fact SELECT DATE '2022-12-01'+(i)::INT, ['EMEA','APAC','AMER',NULL][1+i%4], 'p'||(i%5), ['web','store'][1+i%2], CASE WHEN i%12=0 THEN NULL ELSE i*10.5 END, i*4.1234, i%30, CASE WHEN i%4=0 THEN i%3 END, i%10/10 FROM range(0,500) t(i);
CREATE TABLE k.target (month VARCHAR, "EMEA" INTEGER, "APAC" INTEGER, "AMER" BIGINT, note VARCHAR); INSERT INTO k.target VALUES ('2023-01',100,200,300,NULL),('2023-02',NULL,210,310,'x'),('2023-03',120,NULL,NULL,NULL);
CREATE TABLE k.hist (k INTEGER, attr VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP, ver TINYINT); INSERT INTO k.hist SELECT i%10, 'a'||i, TIMESTAMP '2023-01-01'+INTERVAL (i) DAY, CASE WHEN i>30 THEN NULL ELSE TIMESTAMP '2023-01-11'+INTERVAL (i) DAY END, i//10 FROM range(0,40) t(i);
CREATE TABLE k.survey (resp INTEGER, q1 TINYINT, q2 TINYINT, q3 TINYINT, "free text" VARCHAR, "Überschrift" VARCHAR, "select" INTEGER); INSERT INTO k.survey SELECT i, i%5, CASE WHEN i%3=0 THEN NULL ELSE i%4 END, i%2, NULL, 'ü', i FROM range(1,30) t(i);

-- name: daily
select d, region, product, channel, revenue, cost, revenue - cost as margin, (revenue - cost) / nullif(revenue, 0) as margin_pct, units * (1 - discount) as net_units, units - coalesce(returns, 0) as kept, units / 7 as wk, units // 7 as wki, units % 7 as m7, -units as neg, revenue * 1.19 as gross, revenue * units as ru, cost * revenue as cr, revenue / 3 as third, revenue::double / units as per_unit, 2 ** units as p2, units ^ 2 as sq, units! as fct, @(-units) as absu, revenue > cost as pos, units, discount, returns from k.fact

-- name: monthly
select date_trunc('month', d)::date as month, strftime(d, '%Y-%m') as ym, region, sum(revenue) as revenue, sum(cost) as cost, sum(margin) as margin, sum(kept) as kept, avg(revenue) as avg_rev, avg(units) as avg_units, sum(net_units) as net_units, sum(margin) / nullif(sum(revenue), 0) as mp, round(sum(margin) / nullif(sum(revenue), 0) * 100, 1) as mpp, count(*) as n, sum(returns::int) as r from daily group by all

-- name: yoy
select m.*, p.revenue as prev_year, m.revenue - p.revenue as diff, (m.revenue - p.revenue) / p.revenue as growth, sum(m.revenue) over (partition by m.region, year(m.month) order by m.month) as ytd, lag(m.revenue, 1, 0) over (partition by m.region order by m.month) as pm, m.revenue - lag(m.revenue) over (partition by m.region order by m.month) as mom, rank() over (partition by m.month order by m.revenue desc) as rk, avg(m.revenue) over (partition by m.region order by m.month rows 2 preceding) as r3, stddev(m.revenue) over (partition by m.region) as sd, ratio.r from monthly m left join monthly p on p.region is not distinct from m.region and p.month = m.month - interval 1 year cross join (select 0.5 as r) ratio

-- name: target_long
unpivot k.target on "EMEA", "APAC", "AMER" into name region value target

-- name: target_long_std
select * from k.target unpivot include nulls (target for region in ("EMEA", "APAC", "AMER"))

-- name: target_cols
unpivot k.target on columns(* exclude (month, note)) into name region value tgt

-- name: attainment
select t.month, t.region, t.target, y.revenue, y.revenue / t.target as att, case when y.revenue >= t.target then '🟢' when y.revenue >= t.target * 0.9 then '🟡' else '🔴' end as light, t.target - coalesce(y.revenue, 0) as gap, sum(t.target) over (partition by t.month) as total_target from target_long t left join yoy y on y.ym = t.month and y.region = t.region

-- name: kpi_table
select * from (select 'revenue' as kpi, region, sum(revenue)::double as val from monthly group by region union all select 'margin', region, sum(margin) from monthly group by region union all select 'units', region, sum(kept) from monthly group by region) pivot (sum(val) for region in ('EMEA', 'APAC' as asia, 'AMER') group by kpi)

-- name: kpi_multi
pivot (from monthly where region is not null) on region in ('EMEA','APAC') using sum(revenue) as rev, max(mp) as mp group by month

-- name: kpi_two_dims
pivot daily on region in ('EMEA','APAC'), channel in ('web','store') using sum(revenue) group by product

-- name: kpi_no_group
select * from (pivot (select channel, units from daily) on channel in ('web','store') using avg(units), count(*))

-- name: kpi_ratio
select month, EMEA_rev, "EMEA_rev" / nullif(apac_rev, 0) as ratio, greatest(EMEA_mp, APAC_mp) as best, coalesce(emea_rev, 0) + coalesce(apac_rev, 0) as tot from kpi_multi

-- name: colexpr
select region, sum(columns(['revenue', 'cost', 'margin'])), max(columns('.*units.*')) as "max_\0", min(columns(c -> c like 'm%')) from daily group by region

-- name: colexpr2
select columns(* exclude (d, region) replace (upper(product) as product)), coalesce(*columns(['revenue', 'gross'])) as c from daily

-- name: star_rename
select * exclude (margin) rename (revenue as umsatz, cost as kosten) from daily

-- name: star_like
select * like 'm%' from daily

-- name: scd_join
select f.d, f.units, h.attr, h.ver, coalesce(h.attr, 'n/a') as a2 from k.fact f left join k.hist h on h.k = f.units % 10 and f.d >= h.valid_from and f.d < coalesce(h.valid_to, timestamp '9999-12-31') where f.revenue is not null

-- name: scd_changes
select k, attr, valid_from, attr is distinct from lag(attr) over (partition by k order by valid_from) as changed, coalesce(valid_to, 'infinity'::timestamp) as vt, valid_to - valid_from as dur, datesub('day', valid_from, valid_to) as ds, isfinite(coalesce(valid_to, timestamp 'infinity')) as fin, md5(k || '|' || coalesce(attr, '')) as sk, overlaps_.o from k.hist, (select true as o) overlaps_

-- name: survey_long
select resp, question, answer, case answer when 0 then 'none' when 1 then 'low' else 'high' end as lbl from (unpivot k.survey on q1, q2, q3 into name question value answer)

-- name: survey_stats
select question, count(*) as n, avg(answer) as mean, sum(answer) as s, median(answer) as md, mode(answer) as mo, stddev(answer) as sd, min(answer) as mn, quantile_disc(answer, 0.5) as qd, quantile_cont(answer, 0.5) as qc, count(*) filter (answer >= 3) * 100 / count(*) as t2b, list(answer order by resp) as xs, sum(answer * answer) as ssq, avg(answer)::decimal(5,2) as md2, bit_or(answer) as bo from survey_long group by question

-- name: hostile_names
select resp as "Resp. Nr", "free text", "Überschrift" as "Über", "select" + 1 as "from", q1 as "q""1", sum(q2) over () as "sum(q2)", count(*) over (), q3 + 1, -q3, q1 = 1, "select", max(q1) over (order by resp), 'x', null, 1.5, resp::varchar, case when q1 > 1 then 1 end from k.survey

-- name: hostile_reader
select "Resp. Nr", "from" * 2 as f2, "q""1", "sum(q2)", "free text" is null as e from hostile_names order by "from" desc limit 10

-- name: bullets
select region, repeat('#', (100 * sum(revenue) / sum(sum(revenue)) over ())::int) as bar_, format('{:>10.1f}', sum(revenue)) as f, round(sum(revenue), -3) as k, sum(revenue)::bigint as b, to_days(count(*)::int) as td, make_date(2023, 1, count(*)::int % 28 + 1) as md from daily group by region

-- name: windows_all
select d, units, first_value(units) over w, last_value(units) over w as lv, nth_value(units, 2) over w as nv, lead(units, 2, -1) over w as ld, cume_dist() over w as cd, ntile(3) over w as nt, percent_rank() over w as pr, dense_rank() over w as dr, sum(units) over (w range between interval 7 days preceding and interval 7 days following) as r, count(distinct product) over (partition by region) as dp, arg_max(product, units) over (partition by region) as am, string_agg(product, ',') over (partition by region order by d rows 2 preceding) as sa, list(units) over (order by d rows 1 preceding) as li, sum(units) filter (units > 5) over w as sf, bool_or(units > 20) over w as bo, max(margin_pct) over w as md from daily window w as (partition by region order by d) order by d
