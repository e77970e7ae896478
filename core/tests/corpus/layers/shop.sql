-- name: stg_shop__customers
with source as (
    select * from shop.customer
),
renamed as (
    select
        id as customer_id,
        lower(trim(email)) as email,
        split_part(email, '@', 2) as email_domain,
        nullif(trim(split_part(full_name, ' ', 1)), '') as first_name,
        nullif(array_to_string(string_split(full_name, ' ')[2:], ' '), '') as last_name,
        coalesce(country, '??') as country_code,
        signup_ts,
        signup_ts at time zone 'Europe/Berlin' as signup_local,
        (signup_ts at time zone 'Europe/Berlin')::date as signup_day,
        birth,
        date_diff('year', birth, current_date) as age_years,
        ifnull(marketing_opt_in, false) as opted_in,
        attrs['src'] as acquisition_source,
        element_at(attrs, 'lang') as lang_list,
        addr.city as city,
        addr.pos.lat as lat,
        addr['pos']['lng'] as lng,
        len(tags) as n_tags,
        list_contains(tags, 'vip') as is_vip,
        _loaded_at,
        _batch
    from source
)
select * from renamed

-- name: stg_shop__purchases
select
    p.id as purchase_id,
    p.customer_id,
    p.placed_at,
    p.paid_at,
    coalesce(p.status, 'unknown') as status,
    p.method,
    p.method::varchar as method_name,
    upper(coalesce(p.currency, 'EUR')) as currency,
    p.total,
    coalesce(p.shipping, 0) as shipping,
    p.total - coalesce(p.shipping, 0) as goods,
    p.voucher is not null as has_voucher,
    regexp_extract(p.ua, 'Foo/(\d+)\.(\d+)', 1)::int as ua_major,
    regexp_extract(p.ua, '(?P<n>\w+)/(?P<v>[\d.]+)$', ['name', 'version']) as ua,
    string_split(p.ip, '.')[1]::utinyint as ip_a,
    p.paid_at - p.placed_at as time_to_pay
from shop.purchase as p
qualify row_number() over (partition by p.id order by p.paid_at desc nulls last) = 1

-- name: stg_shop__lines
select
    purchase_id, line, sku, coalesce(qty, 1) as qty, unit_price,
    coalesce(discount, 0) as discount_rate,
    (coalesce(qty, 1) * unit_price)::decimal(12, 2) as gross,
    coalesce(qty, 1) * unit_price * (1 - coalesce(discount, 0)) as net,
    round(coalesce(qty, 1) * unit_price * (1 - coalesce(discount, 0)), 2) as net_rounded,
    len(personalisation) > 0 as is_personalised,
    list_transform(personalisation, p -> p.k || '=' || p.v) as personal_texts
from shop.purchase_line

-- name: stg_shop__products
select sku, coalesce(title, '(untitled)') as title, dept, price, cost, vat,
    price / (1 + vat) as net_price,
    price - cost as margin_abs,
    case when price > 0 then (price - cost) / price end as margin_pct,
    round((price - cost) / nullif(price, 0) * 100, 1) as margin_pct_round,
    meta->>'brand' as brand,
    (meta->'dim'->>'w')::double as width,
    meta->>'$.dim.h' as height_text,
    cast(meta->'ok' as boolean) as ok,
    json_extract_string(meta, '$.tags[0]') as first_tag,
    from_json(meta->'tags', '["VARCHAR"]') as json_tags,
    dims[1] * dims[2] * dims[3] as volume,
    array_length(colours) as n_colours,
    list_filter(colours, lambda c: c is not null) as colours,
    discontinued_on is null or discontinued_on > date '2024-03-01' as is_active,
    stock::int - 5 as free_stock,
    stock - 5 as free_stock_unsigned
from shop.product

-- name: int_purchase_totals
select l.purchase_id,
    count(*) as n_lines,
    count(distinct l.sku) as n_skus,
    sum(l.qty) as units,
    sum(l.gross) as gross,
    sum(l.net) as net,
    avg(l.net) as avg_line_net,
    max(l.unit_price) filter (where l.is_personalised) as max_personalised,
    list(distinct l.sku order by l.sku) as skus,
    string_agg(l.sku, ',' order by l.line) as sku_text,
    arg_max(l.sku, l.net) as main_sku,
    bool_or(l.is_personalised) as any_personalised,
    sum(l.net * p.margin_pct) as margin
from stg_shop__lines l
left join stg_shop__products p using (sku)
group by 1

-- name: fct_purchases
select p.* exclude (ua_major, ip_a) replace (coalesce(p.total, 0) as total),
    t.* exclude (purchase_id),
    t.net - p.total as diff,
    coalesce(r.refunded, 0) as refunded,
    r.n_refunds is not null as was_refunded,
    c.country_code,
    row_number() over w as customer_seq,
    lag(p.placed_at) over w as previous_at,
    p.placed_at - lag(p.placed_at) over w as since_previous,
    date_diff('day', lag(p.placed_at) over w, p.placed_at) as days_since_previous,
    sum(p.total) over (w rows unbounded preceding) as lifetime_to_date
from stg_shop__purchases p
join int_purchase_totals t on t.purchase_id = p.purchase_id
left join (select purchase_id, sum(amount) as refunded, count(*) as n_refunds from shop.refund group by all) r on r.purchase_id = p.purchase_id
left join stg_shop__customers c on c.customer_id = p.customer_id
window w as (partition by p.customer_id order by p.placed_at)

-- name: dim_customers
select c.*,
    f.first_purchase, f.last_purchase, f.n_purchases, f.ltv,
    coalesce(f.n_purchases, 0) as purchases_safe,
    case when f.n_purchases >= 5 then 'loyal' when f.n_purchases >= 2 then 'repeat' when f.n_purchases = 1 then 'new' else 'none' end as segment,
    ntile(10) over (order by f.ltv desc nulls last) as decile,
    percent_rank() over (order by f.ltv) as pr,
    f.ltv / nullif(sum(f.ltv) over (), 0) as ltv_share
from stg_shop__customers c
left join (
    select customer_id, min(placed_at) as first_purchase, max(placed_at) as last_purchase, count(*) as n_purchases, sum(total) as ltv
    from fct_purchases
    group by customer_id
) f using (customer_id)

-- name: fct_daily_revenue
with spine as (
    select d::date as day from generate_series(date '2023-06-01', date '2023-10-31', interval 1 day) as g(d)
),
daily as (
    select placed_at::date as day, currency, sum(total) as revenue, count(*) as n from fct_purchases where placed_at is not null group by all
)
select spine.day, cur.currency, coalesce(daily.revenue, 0) as revenue, coalesce(daily.n, 0) as n,
    avg(coalesce(daily.revenue, 0)) over (partition by cur.currency order by spine.day rows between 6 preceding and current row) as ma7,
    sum(coalesce(daily.revenue, 0)) over (partition by cur.currency, date_trunc('month', spine.day) order by spine.day) as mtd,
    strftime(spine.day, '%G-W%V') as iso_week,
    dayofweek(spine.day) in (0, 6) as weekend,
    monthname(spine.day) as month_name,
    last_day(spine.day) as month_end,
    spine.day - interval '1 year' as ly_day
from spine
cross join (select distinct currency from daily) cur
left join daily on daily.day = spine.day and daily.currency = cur.currency

-- name: mart_month_over_month
select date_trunc('month', day) as month, currency, sum(revenue) as revenue,
    lag(sum(revenue)) over (partition by currency order by date_trunc('month', day)) as prev,
    sum(revenue) / nullif(lag(sum(revenue)) over (partition by currency order by date_trunc('month', day)), 0) - 1 as growth,
    sum(sum(revenue)) over (partition by currency order by date_trunc('month', day)) as running,
    rank() over (partition by date_trunc('month', day) order by sum(revenue) desc) as rnk
from fct_daily_revenue
group by 1, 2
order by 1, 2

-- name: mart_cohorts
with firsts as (select customer_id, date_trunc('month', min(placed_at)) as cohort from fct_purchases where customer_id is not null group by 1),
acts as (select distinct f.customer_id, cohort, date_diff('month', cohort, date_trunc('month', p.placed_at)) as k from fct_purchases p join firsts f using (customer_id))
select cohort, k, count(distinct customer_id) as active,
    first_value(count(distinct customer_id)) over (partition by cohort order by k) as size,
    round(100.0 * count(distinct customer_id) / first_value(count(distinct customer_id)) over (partition by cohort order by k), 2) as pct,
    count(distinct customer_id)::double / max(count(distinct customer_id)) over (partition by cohort) as share
from acts
group by cohort, k

-- name: mart_cohorts_wide
pivot mart_cohorts on k in (0, 1, 2, 3) using max(active) as n, max(pct) as p group by cohort

-- name: mart_cohorts_tidy
select cohort, split_part(name, '_', 1)::int as k, v from (unpivot mart_cohorts_wide on columns(* exclude cohort)::varchar into name name value v)

-- name: mart_rfm
with base as (
  select customer_id, date_diff('day', max(placed_at)::date, date '2023-12-31') as recency, count(*) as frequency, sum(total) as monetary
  from fct_purchases where customer_id is not null group by customer_id
), scored as (
  select *, ntile(5) over (order by recency desc) as r, ntile(5) over (order by frequency) as f, ntile(5) over (order by monetary) as m from base
)
select *, r || '' || f || m as code, r * 100 + f * 10 + m as num, (r + f + m) / 3 as avg_score, (r + f + m) // 3 as band,
  case when r >= 4 and f >= 4 then 'champion' when r <= 2 then 'at risk' end as label, concat_ws('-', r, f, m) as dashed
from scored

-- name: mart_basket_pairs
select a.sku as sku_a, b.sku as sku_b, count(*) as together, count(*) / any_value(t.n)::double as support,
  count(*) * any_value(t.n) / (any_value(ca.n) * any_value(cb.n))::float as lift
from stg_shop__lines a join stg_shop__lines b on a.purchase_id = b.purchase_id and a.sku < b.sku
join (select sku, count(distinct purchase_id) as n from stg_shop__lines group by sku) ca on ca.sku = a.sku
join (select sku, count(distinct purchase_id) as n from stg_shop__lines group by sku) cb on cb.sku = b.sku
cross join (select count(distinct purchase_id) as n from stg_shop__lines) t
group by a.sku, b.sku having count(*) > 1

-- name: mart_abc
select sku, rev, sum(rev) over (order by rev desc) / sum(rev) over () as cum_share,
 case when sum(rev) over (order by rev desc) / sum(rev) over () <= 0.8 then 'A' when sum(rev) over (order by rev desc) / sum(rev) over () <= 0.95 then 'B' else 'C' end::enum('A', 'B', 'C') as class
from (select sku, sum(net) as rev from stg_shop__lines where sku is not null group by sku)

-- name: mart_method_matrix
select method, status, count(*) as n, grouping(method, status) as g, sum(total) as total, sum(total) filter (status = 'paid') as paid_total,
  avg(goods) as avg_goods, median(total) as med, quantile_cont(total, 0.9) as p90, quantile_disc(total, [0.25, 0.75]) as iqr, mode(currency) as cur, approx_count_distinct(customer_id) as custs
from stg_shop__purchases
group by grouping sets ((method, status), (method), ())

-- name: mart_refund_rate
select coalesce(p.dept, 'n/a') as dept, count(distinct l.purchase_id) as purchases, count(distinct r.purchase_id) as refunded,
 count(distinct r.purchase_id) / count(distinct l.purchase_id) as rate, sum(r.amount) as amt, max(r.refunded_at) as last_refund, min(r.refund_id) as any_id, list(r.reason) filter (where r.reason is not null) as reasons
from stg_shop__lines l left join shop.refund r on r.purchase_id = l.purchase_id left join shop.product p on p.sku = l.sku group by 1

-- name: mart_customer_json
select customer_id, {'name': first_name, 'geo': {'lat': lat, 'lng': lng}, 'segment': segment} as doc, to_json({'id': customer_id, 'd': signup_day}) as js, json_object('k', ltv, 'n', purchases_safe) as obj, row_to_json(c) as whole, struct_pack(a := decile, b := pr) as packed, c as everything
from dim_customers c

-- name: mart_customer_doc_fields
select customer_id, doc.name, doc.geo.lat, unnest(packed), js->>'id' as jid, everything.ltv as ltv, (everything).segment as seg, struct_extract(doc, 'segment') as s2 from mart_customer_json

-- name: mart_dupes
select * exclude rn from (select *, row_number() over (partition by email_domain order by signup_ts desc, customer_id) as rn from stg_shop__customers) where rn = 1

-- name: mart_latest_purchase
select distinct on (customer_id) customer_id, purchase_id, placed_at, total from fct_purchases order by customer_id, placed_at desc nulls last

-- name: mart_repeat_window
select customer_id, placed_at, count(*) over (partition by customer_id order by placed_at range between interval 30 days preceding and current row) as n30,
 sum(total) over (partition by customer_id order by placed_at range between interval 30 days preceding and interval 1 day preceding) as s30,
 first_value(total ignore nulls) over (partition by customer_id order by placed_at) as f, nth_value(total, 2) over (partition by customer_id order by placed_at) as second, last_value(status) over (partition by customer_id order by placed_at rows between unbounded preceding and unbounded following) as last_status,
 lead(total, 1, 0) over (partition by customer_id order by placed_at) as nxt, cume_dist() over (partition by customer_id order by placed_at) as cd
from fct_purchases
