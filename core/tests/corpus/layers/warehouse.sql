-- name: ds1
with customer_total as (select customer_id, method, sum(total) as ret from shop.purchase where placed_at between '2023-06-01' and '2023-12-31' group by customer_id, method)
select c.email from customer_total t1, shop.customer c where t1.ret > (select avg(ret) * 1.2 from customer_total t2 where t1.method = t2.method) and c.id = t1.customer_id order by c.email limit 100

-- name: ds2
with wscs as (select sold, price from (select placed_at as sold, total as price from shop.purchase union all select at_ts, cost_micros / 1000000 from mkt.touch)), wk as (select date_trunc('week', sold) as w, sum(case when dayname(sold) = 'Sunday' then price else null end) as sun, sum(case when dayname(sold) = 'Monday' then price else null end) as mon from wscs group by 1)
select y.w, round(y.sun / z.sun, 2) as s, round(y.mon / z.mon, 2) as m from wk y, wk z where y.w = z.w - interval 53 week

-- name: ds3
select i.dept, sum(l.qty * l.unit_price) as ext, sum(l.qty * l.unit_price) * 100 / sum(sum(l.qty * l.unit_price)) over (partition by i.dept) as ratio from shop.purchase_line l, shop.product i where l.sku = i.sku and i.dept in ('toys', 'books') group by i.sku, i.dept, i.title, i.price order by i.dept, ratio

-- name: ds4
select channel, item, return_ratio, return_rank, cur_rank from (select 'web' as channel, item, return_ratio, rank() over (order by return_ratio) as return_rank, rank() over (order by cur_ratio) as cur_rank from (select l.sku as item, cast(sum(coalesce(r.amount, 0)) as decimal(15, 4)) / cast(sum(coalesce(l.qty, 0)) as decimal(15, 4)) as return_ratio, cast(sum(coalesce(r.amount, 0)) as decimal(15, 4)) / cast(sum(coalesce(l.unit_price, 0)) as decimal(15, 4)) as cur_ratio from shop.purchase_line l left outer join shop.refund r on l.purchase_id = r.purchase_id group by l.sku) in_web) web where return_rank <= 10 or cur_rank <= 10

-- name: ds5
select avg(l.qty) as agg1, avg(l.unit_price) as agg2, avg(p.shipping) as agg3, i.dept, c.country, grouping(c.country) as g from shop.purchase p join shop.purchase_line l on l.purchase_id = p.id join shop.product i on i.sku = l.sku join shop.customer c on c.id = p.customer_id group by rollup (i.dept, c.country) order by i.dept nulls first, c.country nulls first

-- name: ds6
with ss as (select c.country, sum(total) as t from shop.purchase p join shop.customer c on p.customer_id = c.id group by c.country), cs as (select country, sum(price) * 2 as t from shop.customer, shop.product group by country)
select ss.country, ss.t as store, cs.t as cat, ss.t + cs.t as both_t, case when ss.t > 0 then cs.t / ss.t else null end as r from ss full outer join cs on ss.country = cs.country

-- name: ds7
select count(*) from ((select distinct email, country from shop.customer) intersect (select distinct email, country from shop.customer where id > 5) except (select distinct email, country from shop.customer where id > 50)) cool

-- name: ds8
select case when (select count(*) from shop.purchase_line where qty between 1 and 2) > 74129 then (select avg(unit_price) from shop.purchase_line where qty between 1 and 2) else (select avg(discount) from shop.purchase_line where qty between 1 and 2) end bucket1, case when (select count(*) from shop.purchase_line) > 10 then (select sum(qty) from shop.purchase_line) else (select max(qty) from shop.purchase_line) end bucket2

-- name: ds9
select substr(carrier, 1, 20), upper(carrier) k, sum(case when (delivered::date - promised <= 30) then 1 else 0 end) as "30 days", sum(case when (delivered::date - promised > 30) and (delivered::date - promised <= 60) then 1 else 0 end) as "31-60 days" from ship.shipment group by substr(carrier, 1, 20), k

-- name: ds10
select * from (select dept, title, sum(price) sum_sales, avg(sum(price)) over (partition by dept) avg_monthly, rank() over (partition by dept order by dept, title) rn from shop.product group by dept, title) tmp1 where case when avg_monthly > 0 then abs(sum_sales - avg_monthly) / avg_monthly else null end > 0.1 order by sum_sales - avg_monthly, 3

-- name: ds11
select distinct(c.country) , count(distinct c.id) cnt1, min(extract('year' from birth)), stddev_samp(extract('year' from birth)) from shop.customer c where exists (select * from shop.purchase where customer_id = c.id) and (exists (select * from mkt.touch where customer_id = c.id) or not exists (select 1 from shop.refund)) group by c.country

-- name: ds12
with r as (select country, grouping(country, tag) lochierarchy, sum(n) as s, rank() over (partition by grouping(country) + grouping(tag), case when grouping(tag) = 0 then country end order by sum(n) desc) as rank_within from (select country, unnest(tags) as tag, 1 as n from shop.customer) group by rollup(country, tag)) select *, case when lochierarchy = 0 then country end as c0 from r

-- name: ds13
select cast(amc as decimal(15,4)) / cast(pmc as decimal(15,4)) am_pm_ratio from (select count(*) amc from mkt.touch where hour(at_ts) between 8 and 9) a, (select count(*) pmc from mkt.touch where hour(at_ts) between 19 and 20) b

-- name: ds14
select 1.0 * sum(total) / (select sum(total) from shop.purchase) as a, 100.00 * sum(case when status like 'p%' then total * (1 - 0.05) else 0 end) / sum(total * (1 - 0.05)) as promo, sum(total) * 0.2 as t, sum(0.2 * total) as u, avg(total) * 1.2 as v, sum(total)::double / count(*) as w, 0.5 * sum(shipping) as x, count(*) * 1.5 as y, sum(id) / 7.0 as z, sum(total) / sum(id) as zz from shop.purchase

-- name: odd_syntax
from shop.purchase as p select p.id, total: p.total, p.status.upper() as st, p.ip.split('.')[1]::int as a, p.ua.regexp_extract('\d+').length() as y where p.total > 1 limit 5

-- name: prefix_chain
select id, status.upper().lower().length() as n, total.round(1) as r, [1,2,3].list_transform(lambda x: x + 1).list_sum() as s, ('a' || 'b').upper() as u, zz.date_trunc_x from (select *, 1 as date_trunc_x, {'date_trunc_x': 2} as placed from shop.purchase) q, (select {'date_trunc_x': 5} as zz) z

-- name: trailing
select id, total, from shop.purchase where id in (1, 2, 3,) group by id, total,

-- name: nested_cte
with outer_cte as (with inner_cte as (select id, total from shop.purchase), shop_x as materialized (select * from inner_cte) select * from shop_x) , lines as not materialized (select purchase_id, sum(qty) as q from shop.purchase_line group by 1) select o.*, l.q, (with z as (select max(q) as m from lines) select m from z) as mx from outer_cte o left join lines l on l.purchase_id = o.id

-- name: pivot_expr
pivot shop.purchase on year(placed_at) || '-' || quarter(placed_at) in ('2023-3', '2023-4') using sum(total) as t, count(*) as n group by method

-- name: pivot_read
select method, "2023-3_t" + coalesce("2023-4_t", 0) as s, "2023-3_n" from pivot_expr

-- name: pivot_std
select * from (select currency, method, total from shop.purchase) pivot (sum(total) as s, avg(total) as a for method in ('card' as cc, 'paypal' as pp))

-- name: unpivot_std
select * from pivot_std unpivot ((s, a) for m in ((cc_s, cc_a) as 'card', (pp_s, pp_a) as 'paypal'))

-- name: unpivot_expr
unpivot (select id, total, shipping::decimal(12,2) as shipping from shop.purchase) on total, shipping into name kind value amount order by id
