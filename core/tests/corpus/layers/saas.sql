-- name: stg_accounts
select account_id, name, coalesce(tier, 'free') as tier, tier as raw_tier, seats, mrr_cents / 100 as mrr, mrr_cents // 100 as mrr_int, (mrr_cents / 100.0)::decimal(12,2) as mrr_dec, created, closed, closed is null as active, parent,
 settings.sso as sso, settings.domains as domains, settings.domains[1] as primary_domain, settings.limits['api'] as api_limit, map_keys(settings.limits) as limit_names, cardinality(settings.limits) as n_limits
from app.account

-- name: stg_subs
select sub_id, account_id, plan, valid_from, coalesce(valid_to, date '9999-12-31') as valid_to, amount, period,
 case when period >= interval 1 year then amount / 12 else amount end as mrr, valid_from + period as renewal_at, (valid_from + period)::date as renewal_on, extract(month from period) as months, cancelled_reason
from app.subscription

-- name: months
select m::date as month_start, (m + interval 1 month - interval 1 day)::date as month_end, m from range(timestamp '2022-02-01', timestamp '2024-07-01', interval 1 month) r(m)

-- name: mrr_by_month
select m.month_start, s.account_id, sum(s.mrr) as mrr, max(s.plan) as plan, count(*) as n_subs
from months m join stg_subs s on s.valid_from <= m.month_end and s.valid_to >= m.month_start
group by 1, 2

-- name: mrr_movements
with filled as (
 select a.account_id, m.month_start, coalesce(x.mrr, 0) as mrr from stg_accounts a cross join months m left join mrr_by_month x on x.account_id = a.account_id and x.month_start = m.month_start
), lagged as (
 select *, lag(mrr, 1, 0) over (partition by account_id order by month_start) as prev, max(mrr) over (partition by account_id order by month_start rows between unbounded preceding and 1 preceding) as best from filled
)
select month_start, account_id, mrr, prev, mrr - prev as delta,
 case when prev = 0 and mrr > 0 and coalesce(best, 0) = 0 then 'new' when prev = 0 and mrr > 0 then 'reactivation' when mrr = 0 and prev > 0 then 'churn' when mrr > prev then 'expansion' when mrr < prev then 'contraction' end as movement
from lagged

-- name: mrr_waterfall
from mrr_movements
select month_start, sum(delta) filter (movement = 'new') as new, sum(delta) filter (movement = 'churn') as churn, sum(case movement when 'expansion' then delta else 0 end) as expansion, sum(if(movement = 'contraction', delta, null)) as contraction, sum(prev) as opening, sum(mrr) as closing, sum(mrr) / nullif(sum(prev), 0) as nrr
where month_start < '2024-01-01'
group by all order by all

-- name: churn_pivot
pivot (select month_start, movement, delta from mrr_movements where movement is not null) on movement in ('new', 'churn', 'expansion') using sum(delta), count(*) as cnt

-- name: quick_ratio
select month_start, (coalesce(new, 0) + expansion) / abs(nullif(coalesce(churn, 0) + coalesce(contraction, 0), 0)) as quick_ratio, greatest(new, churn, 0) as g, least(opening, closing) as l from mrr_waterfall

-- name: stg_events
select event_id, account_id, user_id, name as event_name, ts, ts::date as day, date_trunc('week', ts) as week, time_bucket(interval '15 minutes', ts) as bucket, props->>'plan' as plan, (props->>'n')::int as n, json_array_length(props->'items') as n_items, props->'nested'->'deep'->'x' as deep_x, cast(props->'nested'->'deep'->>'x' as double) as deep, ctx.page.url as url, regexp_replace(ctx.page.url, '\?.*$', '') as clean_url, regexp_extract(ctx.page.url, 'utm_source=([^&]+)', 1) as utm_source, ctx.exp as exps, value, union_tag(value) as value_kind, value.num as value_num, union_extract(value, 'str') as value_str, list_sum(durations) as total_duration, list_aggregate(durations, 'max') as max_duration
from app.event

-- name: event_items
select e.event_id, i.value->>'sku' as sku, (i.value->>'q')::bigint as q, i.key, i.rowid as rid from app.event e, json_each(e.props, '$.items') i

-- name: event_items_typed
select event_id, unnest(from_json(props->'items', '[{"sku":"VARCHAR","q":"INTEGER"}]'), recursive := true) from app.event where props is not null

-- name: sessions
with gaps as (
 select *, case when ts - lag(ts) over (partition by user_id order by ts) > interval 30 minutes then 1 else 0 end as is_new from stg_events where user_id is not null
), numbered as (select *, sum(is_new) over (partition by user_id order by ts) as session_no from gaps)
select user_id, session_no, md5(user_id || ':' || session_no) as session_key, min(ts) as started, max(ts) as ended, max(ts) - min(ts) as length, epoch(max(ts) - min(ts)) as seconds, count(*) as n, list(event_name order by ts) as path, array_to_string(list_distinct(list(event_name)), '>') as kinds, first(url order by ts) as landing, last(url order by ts) as exit_url, histogram(event_name) as hist
from numbered group by user_id, session_no

-- name: session_stats
select date_trunc('day', started) as day, count(*) as sessions, avg(seconds) as avg_s, avg(length) as avg_len, approx_quantile(seconds, 0.5) as p50, quantile_cont(seconds, [0.5, 0.9]) as ps, count(*) filter (n = 1) / count(*)::float as bounce, sum(n) as events, max(len(path)) as longest, max_by(session_key, n) as best, map_from_entries(list((session_key, n))) as m
from sessions group by 1

-- name: funnel
with steps as (
 select user_id, min(ts) filter (event_name = 'view') as t1, min(ts) filter (event_name = 'click') as t2, min(ts) filter (event_name = 'pay') as t3 from stg_events group by user_id
)
select count(t1) as viewed, count(*) filter (where t2 > t1) as clicked, count_if(t3 > t2 and t2 > t1) as paid, count(*) filter (where t2 > t1) / count(t1) as cr1, round(count_if(t3 > t2)::decimal / nullif(count(t2), 0), 4) as cr2, avg(t2 - t1) as avg_gap, median(epoch_ms(t3) - epoch_ms(t2)) as med_ms from steps

-- name: dau_wau_mau
select d.day, count(distinct e.user_id) filter (e.day = d.day) as dau, count(distinct e.user_id) filter (e.day > d.day - 7) as wau, count(distinct e.user_id) as mau, count(distinct e.user_id) filter (e.day = d.day) / count(distinct e.user_id) as stickiness
from (select distinct day from stg_events) d join stg_events e on e.day between d.day - 27 and d.day group by d.day

-- name: exp_results
with conv as (select a.variant, a.experiment, a.user_id, bool_or(e.event_name = 'pay') as converted, count(e.event_id) as events from mkt.exp_assign a left join stg_events e on e.user_id = a.user_id and e.ts >= a.at_ts group by all)
select experiment, variant, count(*) as users, count_if(converted) as conversions, avg(converted::int) as rate, sqrt(avg(converted::int) * (1 - avg(converted::int)) / count(*)) as se, stddev_samp(events) as sd, var_pop(events) as vp, avg(events) as mean, regr_slope(events, users_rank) as slope, corr(events, users_rank) as corr
from (select *, row_number() over () as users_rank from conv) group by experiment, variant

-- name: account_tree
with recursive t as (
 select account_id, parent, name, 0 as depth, [name] as path, account_id as root from app.account where parent is null
 union all
 select a.account_id, a.parent, a.name, t.depth + 1, list_append(t.path, a.name), t.root from app.account a join t on a.parent = t.account_id
)
select *, array_to_string(path, ' / ') as path_text, len(path) as n from t

-- name: tree_rollup
select root, count(*) as members, sum(a.mrr) as mrr, max(depth) as deepest, list({'id': t.account_id, 'mrr': a.mrr} order by a.mrr desc) as members_list from account_tree t join stg_accounts a using (account_id) group by root

-- name: invoice_lines
select invoice_no, l.descr, l.qty, l.price, l.qty * l.price as amount, i.net + coalesce(i.tax, 0) as gross, net / tax as ratio, net * 0.19 as vat, round(net * 0.19, 2) as vat2, net::decimal(10,2) * 3 as triple from app.invoice i, unnest(i.lines) as u(l)

-- name: invoice_lines_ord
select invoice_no, line.*, ord from app.invoice i cross join lateral (select unnest(i.lines) as line, generate_subscripts(i.lines, 1) as ord)

-- name: ar_aging
select account_id, sum(net) filter (where date '2023-12-31' - due <= 30) as b0_30, sum(net) filter (where date '2023-12-31' - due between 31 and 60) as b31_60, sum(case when date '2023-12-31' - due > 60 then net else 0 end) as b60p, count(*) as open, avg(date '2023-12-31' - due) as avg_days, max(regexp_extract(invoice_no, '(\d+)$', 1)::int) as last_no from app.invoice where paid is null group by account_id

-- name: dso
select date_trunc('quarter', issued) as q, sum(net * (paid - issued)) / sum(net) as dso, avg(paid - issued) as avg_days, sum(net) as net, any_value(invoice_no order by issued) as first_no, count(distinct account_id) as accounts, year(issued) || 'Q' || quarter(issued) as label from app.invoice group by q, label

-- name: nested_domains
select account_id, unnest(domains) as domain, unnest(limit_names) as lim, generate_subscripts(domains, 1) as i from stg_accounts

-- name: tier_enum_ops
select tier, tier < 'business' as small, tier > 'a' as code, tier::varchar || '!' as txt, count(*) as n, max(tier) over () as mx, first(raw_tier) as fr, list(raw_tier) as tiers from stg_accounts where tier in ('free', 'team') or tier is null group by tier

-- name: plan_changes
select account_id, plan, valid_from, lead(valid_from, 1, date '9999-12-31') over w as until, lag(plan) over w is distinct from plan as changed, lead(valid_from) over w - valid_from as days, row_number() over w - row_number() over (partition by account_id, plan order by valid_from) as island from stg_subs window w as (partition by account_id order by valid_from)

-- name: plan_islands
select account_id, plan, island, min(valid_from) as start, max(until) as stop, max(until) - min(valid_from) as len, count(*) as n from plan_changes group by account_id, plan, island
