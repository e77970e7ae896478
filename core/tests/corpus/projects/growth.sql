-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA g;
CREATE TABLE g.users (user_id INTEGER PRIMARY KEY, signed_up DATE NOT NULL, country VARCHAR, plan VARCHAR, referrer_id INTEGER, birth_year SMALLINT); INSERT INTO g.users SELECT i, DATE '2023-01-01'+(i*3)::INT, ['DE','US','FR',NULL][1+i%4], ['free','pro'][1+i%2], CASE WHEN i>10 THEN i//3 END, CASE WHEN i%5=0 THEN NULL ELSE 1970+i%40 END FROM range(1,120) t(i);
CREATE TABLE g.activity (user_id INTEGER, ts TIMESTAMP, kind VARCHAR, amount DECIMAL(9,2), meta JSON); INSERT INTO g.activity SELECT 1+(i*7)%125, TIMESTAMP '2023-01-05'+INTERVAL (i*5) HOUR, ['login','browse','cart','buy','share'][1+i%5], CASE WHEN i%5=3 THEN (i%90)+0.99 END, CASE WHEN i%4=0 THEN '{"v":1}'::JSON END FROM range(1,2000) t(i);
CREATE TABLE g.order_items (order_id INTEGER, product VARCHAR, qty TINYINT, price DECIMAL(7,2)); INSERT INTO g.order_items SELECT i//3, 'P'||((i*7)%13), 1+i%3, 2.5*(1+i%9) FROM range(0,600) t(i);
CREATE TABLE g.ab (user_id INTEGER, variant VARCHAR, exposed_at TIMESTAMP); INSERT INTO g.ab SELECT i, ['A','B'][1+i%2], TIMESTAMP '2023-02-01' FROM range(1,120) t(i);
CREATE TABLE g.nps (user_id INTEGER, score UTINYINT, comment VARCHAR, ts DATE); INSERT INTO g.nps SELECT i, CASE WHEN i%9=0 THEN NULL ELSE i%11 END, NULL, DATE '2023-03-01' FROM range(1,100) t(i);

-- name: cohort_base
select u.user_id, date_trunc('month', u.signed_up)::date as cohort, date_diff('month', u.signed_up, a.ts::date) as age, count(*) as n, sum(a.amount) as revenue from g.users u join g.activity a using (user_id) where a.ts >= u.signed_up group by all

-- name: cohort_size
select date_trunc('month', signed_up) as cohort, count(*) as users from g.users group by 1

-- name: cohort_retention
select c.cohort, s.users, b.age, count(distinct b.user_id) as active, round(count(distinct b.user_id) / any_value(s.users), 4) as retention, sum(sum(b.revenue)) over (partition by c.cohort order by b.age) as ltv from cohort_base b join cohort_size s on s.cohort = b.cohort join (select distinct cohort from cohort_base) c on c.cohort = b.cohort group by 1, 2, 3

-- name: cohort_matrix
select cohort, max(users) as users, max(retention) filter (age = 0) as m0, max(retention) filter (age = 1) as m1, max(case age when 2 then retention end) as m2, any_value(retention) filter (age = 3) as m3 from cohort_retention group by cohort

-- name: cohort_pivot_wide
pivot cohort_retention on age in (0,1,2) using first(retention) as r, sum(active) as a group by cohort, users

-- name: cohort_unpivot
unpivot cohort_matrix on m0, m1, m2, m3 into name age_label value retention

-- name: cohort_unpivot_nulls
from (select * from cohort_matrix unpivot include nulls (v for k in (m0, m1, m2, m3))) select cohort, k, v, substr(k, 2)::int as age_n

-- name: funnel_strict
with s as (select user_id, ts, kind from g.activity), b as (select user_id, min(ts) as t from s where kind='browse' group by 1), c as (select s.user_id, min(s.ts) as t from s join b on b.user_id=s.user_id and s.ts>b.t where s.kind='cart' group by 1), p as (select s.user_id, min(s.ts) as t from s semi join c on c.user_id=s.user_id where s.kind='buy' group by 1)
select 'browse' as step, 1 as ord, count(*) as users from b union all select 'cart', 2, count(*) from c union all select 'buy', 3, count(*) from p

-- name: funnel_rates
select step, users, users / first_value(users) over (order by ord) as of_first, users / lag(users) over (order by ord) as of_prev, lag(users) over (order by ord) - users as lost, bar(users, 0, 200, 20) as b from funnel_strict

-- name: rfm_base
select user_id, max(ts)::date as last_on, date '2024-03-01' - max(ts)::date as recency, count(*) as frequency, sum(amount) as monetary from g.activity where kind='buy' group by user_id

-- name: rfm
with q as (select *, ntile(5) over (order by recency desc) as r, ntile(5) over (order by frequency) as f, ntile(5) over (order by monetary) as m from rfm_base)
select *, concat(r, f, m) as cell, r*100+f*10+m as score, case when r>=4 and f>=4 then 'champion' when r>=3 then 'loyal' when r<=2 and f>=3 then 'at risk' else 'lost' end as segment, cast(r as varchar) || f::varchar as rf from q

-- name: rfm_summary
select segment, count(*) as n, avg(monetary) as avg_m, round(avg(recency), 1) as avg_r, min(last_on) as oldest, list(user_id order by monetary desc)[1:3] as top3, max(monetary, 2) as top2, min(recency, 2) as low2 from rfm group by segment

-- name: basket_pairs
select a.product as p1, b.product as p2, count(distinct a.order_id) as together from g.order_items a join g.order_items b on a.order_id = b.order_id and a.product < b.product group by 1, 2

-- name: basket_rules
with n as (select count(distinct order_id) as total from g.order_items), s as (select product, count(distinct order_id) as n from g.order_items group by 1)
select p1, p2, together, together / n.total as support, together / s1.n as confidence, (together / s1.n) / (s2.n / n.total) as lift, together::decimal(10,4) / n.total as sup_dec from basket_pairs, n, s s1, s s2 where s1.product = p1 and s2.product = p2

-- name: sessions_by_gap
select user_id, ts, kind, ts - lag(ts) over w > interval '12 hours' or lag(ts) over w is null as is_start, count_if(coalesce(gap > interval 12 hour, true)) over (partition by user_id order by ts) as session_no from (select *, ts - lag(ts) over (partition by user_id order by ts) as gap from g.activity) window w as (partition by user_id order by ts)

-- name: streaks
with d as (select distinct user_id, ts::date as day from g.activity), i as (select *, day - (row_number() over (partition by user_id order by day))::int as island from d)
select user_id, island, min(day) as started, max(day) as ended, count(*) as len, max(day) - min(day) + 1 as span, max(count(*)) over (partition by user_id) as best from i group by user_id, island

-- name: dau_mau
with days as (select range::date as day from range(timestamp '2023-02-01', timestamp '2023-04-01', interval 1 day)), du as (select distinct user_id, ts::date as day from g.activity)
select d.day, (select count(*) from du where du.day = d.day) as dau, (select count(distinct user_id) from du where du.day between d.day - 6 and d.day) as wau, (select count(distinct user_id) from du where du.day > d.day - interval 28 days and du.day <= d.day) as mau, (select count(*) from du where du.day = d.day) / nullif((select count(distinct user_id) from du where du.day between d.day - 27 and d.day), 0) as stickiness from days d

-- name: growth_accounting
with m as (select distinct user_id, date_trunc('month', ts) as mth from g.activity), x as (select coalesce(c.mth, p.mth + interval 1 month) as mth, c.user_id as cur, p.user_id as prev, u.signed_up from m c full join m p on p.user_id = c.user_id and c.mth = p.mth + interval 1 month left join g.users u on u.user_id = c.user_id)
select mth, count(*) filter (cur is not null and prev is not null) as retained, count(*) filter (cur is not null and prev is null and date_trunc('month', signed_up) = mth) as new, count(*) filter (cur is not null and prev is null and date_trunc('month', signed_up) is distinct from mth) as resurrected, -count(*) filter (cur is null) as churned, count(cur) as mau from x group by mth

-- name: quick
select *, (new + resurrected) / abs(nullif(churned, 0)) as quick_ratio, avg(mau) over (order by mth rows between 2 preceding and current row) as mau_3m, sum(new) over (order by mth groups between 1 preceding and 1 following) as n3, exp(avg(ln(mau)) over (order by mth)) as geo_mean, mau > all (select mau from growth_accounting where churned = 0) as tops from growth_accounting where mau > 0

-- name: ab_test
with s as (select ab.variant, ab.user_id, coalesce(sum(a.amount), 0) as rev, max((a.kind='buy')::int) as conv from g.ab left join g.activity a on a.user_id = ab.user_id and a.ts >= ab.exposed_at group by 1, 2), g as (select variant, count(*) as n, avg(conv) as p, avg(rev) as mean, var_samp(rev) as v, stddev_pop(rev) as sp from s group by 1)
select a.n as n_a, b.n as n_b, b.p - a.p as lift, (b.p - a.p) / nullif(sqrt(((a.p*a.n + b.p*b.n)/(a.n+b.n)) * (1 - (a.p*a.n + b.p*b.n)/(a.n+b.n)) * (1.0/a.n + 1.0/b.n)), 0) as z, (b.mean - a.mean) / sqrt(a.v/a.n + b.v/b.n) as t from (select * from g where variant='A') a, (select * from g where variant='B') b

-- name: nps_score
select count(*) filter (score >= 9) as promoters, count(*) filter (score between 7 and 8) as passives, count_if(score <= 6) as detractors, (count(*) filter (score >= 9) - count(*) filter (score <= 6)) * 100.0 / count(score) as nps, avg(score) as mean, sum(score) as s, median(score) as med, mode(score) as mode, histogram(score) as h, list(distinct score order by score) as ss from g.nps

-- name: referral_tree
with recursive r(user_id, root, depth, path) using key (user_id) as (select user_id, user_id, 0, [user_id] from g.users where referrer_id is null union select u.user_id, r.root, r.depth + 1, list_append(r.path, u.user_id) from g.users u join r on r.user_id = u.referrer_id)
select root, count(*) as size, max(depth) as max_depth, avg(depth) as avg_depth, max(len(path)) as l, arg_max(path, depth) as longest from r group by root

-- name: cumulative
select day, new_users, sum(new_users) over (order by day) as total, sum(new_users) over (order by day rows between 6 preceding and current row) as last7, new_users * 1.0 / sum(new_users) over () as share, cume_dist() over (order by new_users) as cd, round(avg(new_users) over (order by day rows 6 preceding), 2) as ma7 from (select signed_up as day, count(*) as new_users from g.users group by 1)

-- name: interpolated
select day, v, fill(v) over (order by day) as filled, coalesce(v, last_value(v ignore nulls) over (order by day rows between unbounded preceding and 1 preceding)) as locf, lead(v ignore nulls) over (order by day) as nxt from (select d::date as day, s.n as v from generate_series(date '2023-01-01', date '2023-01-20', interval 1 day) t(d) left join (select signed_up, count(*)::double as n from g.users group by 1) s on s.signed_up = d::date)

-- name: age_bands
select case when birth_year is null then '?' when 2024 - birth_year < 25 then '<25' when 2024 - birth_year between 25 and 39 then '25-39' else '40+' end as band, width_bucket.b, count(*) as n, equi_width_bins(min(birth_year), max(birth_year), 4, true) as bins, 2024 - avg(birth_year) as avg_age, sum(2024 - birth_year) as sum_age from g.users, (select 1::utinyint as b) width_bucket group by all having count(*) > 2

-- name: pareto
select user_id, monetary, sum(monetary) over (order by monetary desc, user_id) / sum(monetary) over () as cum_share, row_number() over (order by monetary desc) / count(*) over () as user_share, monetary - avg(monetary) over () as dev, (monetary - avg(monetary) over ()) / stddev(monetary) over () as zscore from rfm_base qualify cum_share <= 0.8 or user_share < 0.2
