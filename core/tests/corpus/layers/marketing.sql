-- name: stg_touch
select visitor, customer_id, at_ts, channel, coalesce(campaign, '(none)') as campaign, cost_micros / 1e6 as cost, cost_micros / 1000000 as cost2, (cost_micros / 1000000.0)::decimal(12,4) as cost3, parse_path(url) as pp, split_part(split_part(url, '?', 1), '/', -1) as page, regexp_extract(url, '[?&]utm_source=([^&#]*)', 1) as utm_source, url_decode(regexp_extract(url, 'utm_campaign=([^&#]*)', 1)) as utm_campaign, string_split(string_split(string_split(url, '#')[1], '?')[2], '&') as params from mkt.touch

-- name: touch_params
select visitor, at_ts, split_part(p, '=', 1) as k, split_part(p, '=', 2) as v from (select visitor, at_ts, unnest(params) as p from stg_touch)

-- name: param_map
select visitor, at_ts, map(list(k), list(v)) as m, map_from_entries(list({'k': k, 'v': v})) as m2, map(list(k), list(v))['utm_source'] as src from touch_params group by visitor, at_ts

-- name: conversions
select id as conv_id, customer_id, placed_at as conv_at, total as value from shop.purchase where status <> 'returned' and customer_id is not null

-- name: journeys
select c.conv_id, c.value, t.at_ts, t.channel, t.campaign, row_number() over (partition by c.conv_id order by t.at_ts) as pos, row_number() over (partition by c.conv_id order by t.at_ts desc) as pos_desc, count(*) over (partition by c.conv_id) as n, date_diff('hour', t.at_ts, c.conv_at) as hours_before, pow(2, -date_diff('hour', t.at_ts, c.conv_at) / 168) as decay from conversions c join stg_touch t on t.customer_id = c.customer_id and t.at_ts <= c.conv_at and t.at_ts > c.conv_at - interval 30 day

-- name: attributed
select *, (pos = 1)::int * value as first_touch, case when pos_desc = 1 then value else 0 end as last_touch, value / n as linear, case when n = 1 then 1.0 when n = 2 then 0.5 when pos = 1 or pos_desc = 1 then 0.4 else 0.2 / (n - 2) end * value as u_shaped, value * decay / sum(decay) over (partition by conv_id) as time_decay from journeys

-- name: channel_report
select channel, sum(first_touch) as first_touch, sum(last_touch) as last_touch, sum(linear) as linear, sum(u_shaped) as u_shaped, sum(time_decay) as time_decay, count(distinct conv_id) as convs from attributed group by channel

-- name: channel_tall
unpivot channel_report on columns(* exclude (channel, convs)) into name model value revenue

-- name: roas
select s.channel, sum(s.spend) as spend, sum(s.clicks) as clicks, sum(s.clicks) / sum(s.impressions) as ctr, sum(s.spend) / sum(s.clicks) as cpc, any_value(r.linear) / sum(s.spend) as roas, 1000 * sum(s.spend) / sum(s.impressions) as cpm, sum(s.spend)::float / sum(s.clicks)::float as cpcf from mkt.spend s left join channel_report r using (channel) group by all

-- name: spend_weekly
select date_trunc('week', day)::date as wk, channel, sum(spend) as spend, sum(impressions) as imp, sum(spend) - lag(sum(spend)) over (partition by channel order by date_trunc('week', day)::date) as wow, sum(spend) / sum(sum(spend)) over (partition by date_trunc('week', day)::date) as share from mkt.spend group by wk, channel

-- name: spend_pivot
pivot spend_weekly on channel in ('search', 'social', 'email', 'affiliate') using sum(spend) group by wk order by wk

-- name: spend_pivot_checked
select wk, search + social + coalesce(email, 0) as core, columns(* exclude wk) / 100, greatest(search, social, email) as top, [search, social, email] as l, {'search': search, 'social': social} as st from spend_pivot

-- name: anomalies
select day, channel, spend, avg(spend) over w as mu, stddev(spend) over w as sd, (spend - avg(spend) over w) / nullif(stddev(spend) over w, 0) as z, quantile_cont(spend, 0.5) over w as med, spend > 1.5 * max(spend) over w as spike from mkt.spend window w as (partition by channel order by day rows between 14 preceding and 1 preceding)

-- name: paths
select customer_id, string_agg(channel, ' > ' order by at_ts) as path, list(channel order by at_ts) as chans, list_distinct(list(channel)) as uniq, first(channel order by at_ts) as fst, last(channel order by at_ts) as lst, count(*) as n from stg_touch where customer_id is not null group by customer_id

-- name: transitions
select src, dst, count(*) as n, count(*) / sum(count(*)) over (partition by src) as p from (select coalesce(lag(channel) over w, '(start)') as src, channel as dst from stg_touch window w as (partition by visitor order by at_ts) union all select channel, '(end)' from (select visitor, channel from stg_touch qualify row_number() over (partition by visitor order by at_ts desc) = 1)) group by src, dst

-- name: path_stats
select path, count(*) as users, avg(n) as avg_n, list_zip(any_value(chans), range(1, 100))[1][2] as z, list_position(any_value(chans), 'email') as e, any_value(chans)[1:2] as firsts, list_aggregate(any_value(chans), 'string_agg', '|') as sa from paths group by path

-- name: uplift
with r as (select variant, count(*) as n, count_if(hash(user_id) % 2 = 0) as k from mkt.exp_assign group by variant), w as (select max(n) filter (variant = 'control') as n0, max(k) filter (variant = 'control') as k0, max(n) filter (variant = 'treat') as n1, max(k) filter (variant = 'treat') as k1 from r)
select *, k0 / n0 as p0, k1 / n1 as p1, (k1 / n1) / (k0 / n0) - 1 as uplift, ((k1 / n1) - (k0 / n0)) / sqrt(((k0 + k1) / (n0 + n1)) * (1 - (k0 + k1) / (n0 + n1)) * (1 / n0 + 1 / n1)) as z from w

-- name: identity_graph
with recursive e as (select distinct visitor as a, 'c' || customer_id as b from mkt.touch where customer_id is not null), u as (select a, b from e union select b, a from e), cc(node, root) using key (node) as (select a, a from u union select u.b, min(cc.root) from cc join u on u.a = cc.node left join recurring.cc as rec on rec.node = u.b where cc.root < coalesce(rec.root, 'zzz') group by u.b) select root, count(*) as size, list(node order by node) as nodes from cc group by root

-- name: hll
select channel, approx_count_distinct(visitor) as v, count(distinct visitor) as exact, approx_top_k(campaign, 3) as top, reservoir_quantile(cost, 0.5) as rq, approx_quantile(cost, [0.1, 0.9]) as aq, bitstring_agg(hour(at_ts)::int, 0, 23) as hours, histogram(hour(at_ts)) as h from stg_touch group by channel

-- name: weekday_heat
pivot (select dayname(at_ts) as d, hour(at_ts) as h, cost from stg_touch) on d in ('Monday', 'Tuesday', 'Sunday') using count(*), sum(cost) as c group by h

-- name: ltv_cac
select r.channel, coalesce(r.spend, 0) as spend, c.linear, c.linear / nullif(r.spend, 0) as ltv_cac, case when r.spend is null then 'free' else 'paid' end as kind, rank() over (order by c.linear desc nulls last) as rk, iff.x from roas r full join channel_report c using (channel) cross join (select 1 as x) iff
