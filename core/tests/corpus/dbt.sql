-- name: stg_customers
with source as (

    select * from customers

),

renamed as (

    select
        -- ids
        customer_id,
        external_id as customer_uuid,

        -- strings
        lower(trim(email)) as email,
        split_part(email, '@', 2) as email_domain,
        first_name || ' ' || last_name as full_name,
        upper(country_code) as country_code,

        -- numerics
        (credit_limit * 100)::integer as credit_limit_cents,

        -- booleans
        coalesce(is_active, false) as is_active,
        email like '%@example.com' as is_internal,

        -- dates
        {'d': birth_date, 'age': date_diff('year', birth_date, current_date)} as birth,
        created_at::date as created_date,
        cast(updated_at as timestamp) as updated_at

    from source

)

select * from renamed;

-- name: fct_orders
with orders_base as (
    select * from orders
),
items as (
    select
        order_id,
        sum(quantity) as total_quantity,
        sum(quantity * unit_price) as gross_item_sales_amount,
        sum(quantity * unit_price * coalesce(discount_pct, 0)) as item_discount_amount,
        count(*) as line_count,
        max(unit_price) as max_price
    from order_items
    group by 1
),
final as (
    select
        o.order_id,
        o.customer_id,
        o.status as order_status,
        o.order_date,
        1 as order_count,
        i.total_quantity,
        i.gross_item_sales_amount,
        i.item_discount_amount,
        i.gross_item_sales_amount - i.item_discount_amount as net_item_sales_amount,
        o.amount - coalesce(i.gross_item_sales_amount, 0) as unexplained,
        o.amount * o.tax_rate::decimal(5, 4) as tax_amount,
        row_number() over (partition by o.customer_id order by o.ordered_at, o.order_id) as customer_order_number,
        case when row_number() over (partition by o.customer_id order by o.ordered_at, o.order_id) = 1 then 'new' else 'returning' end as customer_type
    from orders_base o
    left join items i using (order_id)
)
select *, net_item_sales_amount / nullif(total_quantity, 0) as avg_unit_net, current_timestamp as dbt_loaded_at
from final
where order_status != 'cancelled';

-- name: dim_customers_scd
with base as (
    select
        customer_id, email, segment, credit_limit, updated_at,
        md5(coalesce(cast(email as varchar), '') || '-' || coalesce(cast(segment as varchar), '') || '-' || coalesce(cast(credit_limit as varchar), '')) as row_hash
    from customers
),
changes as (
    select *, lag(row_hash) over (partition by customer_id order by updated_at) as previous_hash from base
)
select
    md5(cast(customer_id as varchar) || '|' || cast(updated_at as varchar)) as customer_sk,
    * exclude (previous_hash),
    updated_at as valid_from,
    lead(updated_at) over (partition by customer_id order by updated_at) as valid_to,
    coalesce(lead(updated_at) over (partition by customer_id order by updated_at), timestamptz '9999-12-31 00:00:00+00') as valid_to_filled,
    lead(updated_at) over (partition by customer_id order by updated_at) is null as is_current
from changes
where previous_hash is null or previous_hash <> row_hash;

-- name: union_relations
(
    select cast('sales' as varchar) as _source, cast(store_id as bigint) as id, cast(revenue as double) as amount, cast(null as varchar) as currency, sale_date as happened_on from sales
)
union all
(
    select cast('orders' as varchar), cast(order_id as bigint), cast(amount as double), cast(currency as varchar), order_date from orders
)
union all
(
    select 'ledger', entry_id::bigint, debit::double, null, posted_on from ledger
);

-- name: surrogate_and_pivot
select
    customer_id,
    sum(case when channel = 'web' then amount else 0 end) as web_amount,
    sum(case when channel = 'store' then amount end) as store_amount,
    count(distinct case when channel = 'web' then order_id end) as web_orders,
    max(case when status = 'returned' then 1 else 0 end) as ever_returned,
    min(case when channel = 'web' then order_date end) as first_web,
    sum(iff_amount) as s
from (select *, if(amount > 100, amount, 0) as iff_amount from orders) as pivoted
group by customer_id
having count(*) > 1;

-- name: date_spine
with rawdata as (
    with p as (select 0 as generated_number union all select 1)
    select p0.generated_number * power(2, 0) + p1.generated_number * power(2, 1) + p2.generated_number * power(2, 2) + 1 as generated_number
    from p as p0 cross join p as p1 cross join p as p2
),
all_periods as (
    select date '2024-01-01' + (row_number() over (order by generated_number) - 1)::integer * interval 1 day as date_day from rawdata
),
filtered as (select * from all_periods where date_day <= timestamp '2024-01-07')
select date_day, date_day::date as d, dayname(date_day) as nm, generated from filtered, (select max(generated_number) as generated from rawdata);

-- name: sessionization
with events_base as (
    select user_id, event_time, event_type, lag(event_time) over (partition by user_id order by event_time) as previous_event from events
),
new_sessions as (
    select *, case when previous_event is null or date_diff('minute', previous_event, event_time) >= 30 then 1 else 0 end as is_new_session from events_base
),
session_numbers as (
    select *, sum(is_new_session) over (partition by user_id order by event_time rows between unbounded preceding and current row) as session_number from new_sessions
)
select
    user_id || '-' || session_number as session_key,
    user_id,
    session_number,
    min(event_time) as session_start,
    max(event_time) as session_end,
    date_diff('second', min(event_time), max(event_time)) as duration_seconds,
    count(*) as event_count,
    count(distinct event_type) as distinct_types,
    bool_or(event_type = 'purchase') as converted,
    sum(is_new_session) as check_one
from session_numbers
group by 1, 2, 3;

-- name: incremental_watermark
select o.*, m.max_ts
from orders as o
cross join (select coalesce(max(ordered_at), timestamp '1900-01-01') as max_ts from orders where status = 'paid') as m
where o.ordered_at > m.max_ts - interval '3 days';

-- name: audit_columns
select
    o.* exclude (notes) replace (coalesce(amount, 0) as amount, status::varchar as status),
    sha256(to_json(o)::varchar) as record_hash,
    uuid() as load_id,
    now()::timestamp as loaded_at,
    current_user as loaded_by,
    row_number() over (order by order_id) as load_seq,
    'v' || 1 || '.' || 2 as version,
    hash(o.order_id, o.customer_id) as h
from orders o;

-- name: latest_by_arg_max
select customer_id, arg_max(o, ordered_at) as last_order, arg_max(o, ordered_at).amount as last_amount, max(ordered_at) as last_at, arg_max(status, ordered_at) as last_status, arg_max({'s': status, 'c': channel}, ordered_at) as last_pair, arg_min(order_id, ordered_at) as first_id
from orders o group by customer_id;

-- name: freshness_test
select max(ordered_at) as max_loaded_at, now() as snapshotted_at, date_diff('hour', max(ordered_at), now()::timestamp) as age_hours, count(*) as n, count(*) - count(distinct order_id) as duplicates, sum(case when customer_id is null then 1 else 0 end) as null_customers, count(*) filter (where amount < 0) as negatives, avg(case when notes is null then 1.0 else 0.0 end) as null_rate from orders;

-- name: relationship_test
select child.order_id, child.customer_id, count(*) over () as failures
from (select order_id, customer_id from orders where customer_id is not null) as child
left join (select customer_id as pk from customers) as parent on child.customer_id = parent.pk
where parent.pk is null;

-- name: unit_economics
with cac as (select country_code, count(*) * 12.5 as spend, count(*) as acquired from customers group by all),
ltv as (
    select c.country_code, sum(o.amount * (1 - coalesce(o.discount, 0)))::decimal(18, 2) as revenue, count(distinct c.customer_id) as buyers
    from orders o inner join customers c on c.customer_id = o.customer_id
    group by all
)
select country_code, spend / nullif(acquired, 0) as cac, revenue / nullif(buyers, 0) as ltv, (revenue / nullif(buyers, 0)) / nullif(spend / nullif(acquired, 0), 0) as ratio, round(revenue - spend, 0) as profit, rank() over (order by revenue desc) as rnk, revenue - spend > 0 as ok, format('{:.2f}', revenue) as txt
from cac full join ltv using (country_code);

-- name: abc_analysis
with revenue as (select product_id, sum(quantity * unit_price) as rev from order_items group by product_id),
cum as (select *, sum(rev) over (order by rev desc rows between unbounded preceding and current row) / sum(rev) over () as cum_share from revenue)
select p.category, case when c.cum_share <= 0.8 then 'A' when c.cum_share <= 0.95 then 'B' else 'C' end as class, count(*) as n, sum(c.rev) as rev, sum(c.rev) / sum(sum(c.rev)) over () as share, string_agg(p.sku, ',' order by c.rev desc) as skus, list(p.product_name order by c.rev desc) as names
from cum c join products p using (product_id)
group by all;
