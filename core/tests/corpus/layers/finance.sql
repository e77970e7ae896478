-- name: stg_gl
select entry_id, acct, period, coalesce(dr, 0) - coalesce(cr, 0) as amount, coalesce(dr, 0.00) as dr, ifnull(cr, 0) as cr, ccy, rate, round((coalesce(dr, 0) - coalesce(cr, 0)) / rate, 2) as amount_eur, doc->'src'->>'sys' as source_system, json_type(doc) as doc_type, posted, posted::timestamp as posted_ts, cost_centre, bit_count(flags) as n_flags, flags | '0010'::bit as flags2, get_bit(flags, 1) as f1 from fin.gl

-- name: coa_tree
with recursive t(acct, root, lvl, path, sort_key) as (
  select acct, acct, 0, descr, lpad(acct, 4, '0') from fin.coa where parent is null
  union all
  select c.acct, t.root, t.lvl + 1, t.path || ' > ' || coalesce(c.descr, '?'), t.sort_key || '.' || rpad(c.acct, 4, '0') from fin.coa c, t where c.parent = t.acct
) select * from t

-- name: coa_closure
with recursive c as (select acct as anc, acct as des, 0::tinyint as dist from fin.coa union all select c.anc, a.acct, (c.dist + 1)::tinyint from c join fin.coa a on a.parent = c.des) select anc, des, dist from c

-- name: trial_balance
select c.anc as acct, g.period, sum(g.dr) as dr, sum(g.cr) as cr, sum(g.amount) as net, sum(sum(g.amount)) over (partition by c.anc order by g.period) as balance, sum(g.amount) = 0 as balanced from coa_closure c join stg_gl g on g.acct = c.des group by c.anc, g.period

-- name: tb_with_totals
select coalesce(acct, 'TOTAL') as acct, period, sum(net) as net, grouping_id(acct, period) as lvl from trial_balance group by rollup (acct, period) having sum(net) is not null

-- name: pnl
select period, year(period) as yr, quarter(period) as qtr, -sum(amount) filter (acct like '4%') as revenue, sum(amount) filter (acct similar to '6\d*') as opex, -sum(case when acct[1] = '4' then amount end) - sum(case when acct[1] = '6' then amount end) as ebit, sum(amount) filter (starts_with(acct, '4')) / nullif(sum(amount) filter (acct ^@ '6'), 0) as r from stg_gl group by all

-- name: pnl_ytd
select period, revenue, sum(revenue) over (partition by yr order by period) as ytd, sum(revenue) over (order by period rows between 11 preceding and current row) as ttm, revenue - lag(revenue, 12) over (order by period) as yoy, avg(ebit) over (order by period range between interval 3 month preceding and current row) as ma from pnl

-- name: pnl_tall
unpivot (select period, revenue, opex, ebit from pnl) on revenue, opex, ebit into name measure value amount

-- name: pnl_wide
from (select strftime(period, '%b') as mon, measure, amount from pnl_tall) pivot (sum(amount) for mon in ('Jan', 'Feb', 'Mar') group by measure)

-- name: budget_long
select * from fin.budget unpivot include nulls (a for quarter in (jan as 'Q1', apr))

-- name: budget_tall
select acct, month, v from fin.budget unpivot (v for month in (jan as 'Jan', feb as 'Feb', mar as 'Mar'))

-- name: budget_cols
select acct, list_sum([*columns(* exclude acct)]) as q1, coalesce(*columns(['jan', 'feb', 'mar'])) as c, greatest(*columns('^(jan|feb|mar)$')) as g from fin.budget

-- name: budget_cols2
select acct, columns(lambda c: c like 'a_r' or c = 'mar') + 1, columns('(.)(a.)') as '\2_\1' from fin.budget

-- name: fx_daily
select d.day, q.quote, f.rate, f.day as rate_day from (select unnest(generate_series(date '2023-01-01', date '2023-03-31', interval 1 day))::date as day) d cross join (select distinct quote from fin.fx) q asof left join fin.fx f on f.quote = q.quote and f.day <= d.day

-- name: gl_fx
select g.entry_id, g.amount, g.ccy, f.rate, g.amount / f.rate as eur, (g.amount / f.rate)::decimal(18,2) as eur2, g.amount * f.rate as x from stg_gl g asof join fin.fx f on g.ccy = f.quote and g.posted >= f.day

-- name: trades_q
select t.*, q.bid, q.ask, (q.bid + q.ask) / 2 as mid, t.px - (q.bid + q.ask) / 2 as slip, t.at_ts - q.at_ts as age from fin.trade t asof join fin.quote q using (sym, at_ts)

-- name: trades_q2
select t.trade_id, t.at_ts, q.at_ts as q_at, case t.side when 'B' then q.ask else q.bid end as ref, if(t.side = 'B', 1, -1) * t.qty as signed, t.qty * t.px as notional, t.qty * t.fee as fees, t.qty * t.px - t.fee as net from fin.trade t asof left join fin.quote q on t.sym = q.sym and t.at_ts >= q.at_ts

-- name: position
select sym, at_ts, sum(case side when 'B' then qty else -qty end) over w as pos, sum(case side when 'B' then -qty * px else qty * px end) over w as cash, sum(qty * px) over w / sum(qty) over w as vwap from fin.trade t window w as (partition by sym order by at_ts, trade_id rows unbounded preceding)

-- name: ohlc
select sym, time_bucket(interval 5 minutes, at_ts) as bucket, first(px order by at_ts) as o, max(px) as h, min(px) as l, last(px order by at_ts) as c, sum(qty) as v, sum(px * qty) / sum(qty) as vwap, count(*) as n, arg_min(trade_id, px) as low_id from fin.trade group by 1, 2

-- name: returns
select sym, bucket, c, ln(c / lag(c) over w) as lr, c / first_value(c) over w - 1 as cum, stddev(c) over (w rows between 4 preceding and current row) as vol, exp(sum(ln(c)) over w) as prod, (c - avg(c) over w) / nullif(stddev_pop(c) over w, 0) as z from ohlc window w as (partition by sym order by bucket)

-- name: drawdown
select sym, bucket, c, max(c) over w as peak, c / max(c) over w - 1 as dd, min(c / peak) over (partition by sym) as worst from (select *, max(c) over (partition by sym order by bucket) as peak from ohlc) window w as (partition by sym order by bucket)

-- name: amort
with recursive a as (
 select 1 as n, 10000::decimal(18,2) as opening, round(10000 * 0.01, 2)::decimal(18,2) as interest, 888.49::decimal(18,2) as payment
 union all
 select n + 1, (opening + interest - payment)::decimal(18,2), round((opening + interest - payment) * 0.01, 2)::decimal(18,2), payment from a where n < 12
) select *, opening + interest - payment as closing, sum(interest) over (order by n) as cum_interest from a

-- name: depreciation
select asset, y, cost, cost / life as straight, round(cost * pow(1 - 2.0 / life, y - 1) * 2 / life, 2) as declining, cost * (life - y + 1) / (life * (life + 1) / 2) as syd from (values ('van', 30000.00, 5), ('pc', 1500.00, 3)) a(asset, cost, life), range(1, 6) g(y) where y <= life

-- name: intercompany
select a.entry_id as a_id, b.entry_id as b_id, a.amount + b.amount as diff, a.period, abs(a.amount) as m from stg_gl a join stg_gl b on a.period = b.period and a.entry_id < b.entry_id and a.acct <> b.acct and abs(a.amount + b.amount) < 50

-- name: benford
select left(abs(amount)::varchar, 1) as digit, count(*) as n, count(*) / sum(count(*)) over () as share, log10(1 + 1.0 / nullif(try_cast(left(abs(amount)::varchar, 1) as int), 0)) as expected from stg_gl where amount <> 0 group by 1

-- name: sums_of_types
select sum(entry_id) as h, avg(entry_id) as ah, sum(cost_centre) as sc, sum(n_flags) as nf, sum(amount * rate) as ar, sum(amount) * sum(rate) as prod, max(posted) as mp, min(posted_ts) as mpt, sum(dr::double) as dd, fsum(dr) as f, favg(cr) as fa, product(rate) as pr, sum(distinct cost_centre) as sd, bit_or(cost_centre) as bo, bit_and(flags2) as ba, entropy(acct) as en, kurtosis(amount) as ku, skewness(amount) as sk, mad(amount) as md, geomean(rate) as gm from stg_gl

-- name: fiscal
select entry_id, period, case when month(period) >= 4 then year(period) else year(period) - 1 end as fy, 'FY' || right((year(period) + (month(period) >= 4)::int)::varchar, 2) as fy_label, (month(period) + 8) % 12 + 1 as fp, ((month(period) + 8) % 12) // 3 + 1 as fq, make_date(year(period), 4, 1) as fy_start, date_part('week', period) as wk, period + to_months(3) as plus3, date_add(period, interval 1 month) as nxt, date_sub('month', period, date '2024-01-01') as ms, age(date '2024-01-01', period) as a from stg_gl

-- name: rec_match
select coalesce(a.acct, b.acct) as acct, a.n as left_n, b.n as right_n, a.n is not distinct from b.n as same, case when a.acct is null then 'only right' when b.acct is null then 'only left' else 'both' end as side from (select acct, count(*) as n from stg_gl group by 1) a full join (select acct, count(*)::int as n from fin.budget group by 1) b on a.acct = b.acct

-- name: rec_using
select acct, a.s, b.jan, b.jan - a.s as d from (select acct, sum(amount) s from stg_gl group by acct) a full outer join fin.budget b using (acct)
