-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA raw;
CREATE TABLE raw.raw_customers (id VARCHAR, name VARCHAR);
INSERT INTO raw.raw_customers SELECT md5(i::VARCHAR), CASE WHEN i%9=0 THEN NULL ELSE 'First'||i||' Last'||(i%4) END FROM range(1,40) t(i);
CREATE TABLE raw.raw_orders (id VARCHAR, customer VARCHAR, ordered_at TIMESTAMP, store_id VARCHAR, subtotal INTEGER, tax_paid INTEGER, order_total INTEGER);
INSERT INTO raw.raw_orders SELECT 'o'||i, md5((1+i%45)::VARCHAR), TIMESTAMP '2024-09-01'+INTERVAL (i*7) HOUR, 's'||(i%3), i*100, CASE WHEN i%5=0 THEN NULL ELSE i*6 END, i*106 FROM range(1,300) t(i);
CREATE TABLE raw.raw_items (id VARCHAR, order_id VARCHAR, sku VARCHAR);
INSERT INTO raw.raw_items SELECT 'i'||i, 'o'||(i%310), ['JAF-001','JAF-002','BEV-001','BEV-002',NULL][1+i%5] FROM range(1,700) t(i);
CREATE TABLE raw.raw_products (sku VARCHAR, name VARCHAR, type VARCHAR, price INTEGER, description VARCHAR);
INSERT INTO raw.raw_products VALUES ('JAF-001','nutellaphone','jaffle',1100,'nutella'),('JAF-002','doctor stew','jaffle',1100,NULL),('BEV-001','tangaroo','beverage',600,'mango'),('BEV-002','chai','beverage',NULL,'tea');
CREATE TABLE raw.raw_supplies (id VARCHAR, name VARCHAR, cost INTEGER, perishable BOOLEAN, sku VARCHAR);
INSERT INTO raw.raw_supplies VALUES ('SUP-1','cups',7,false,'BEV-001'),('SUP-1','cups',7,false,'BEV-002'),('SUP-2','bread',33,true,'JAF-001'),('SUP-3','ham',NULL,true,'JAF-002'),('SUP-4','x',5,NULL,NULL);
CREATE TABLE raw.raw_stores (id VARCHAR, name VARCHAR, opened_at TIMESTAMP, tax_rate DOUBLE);
INSERT INTO raw.raw_stores VALUES ('s0','Philadelphia','2016-09-01',0.06),('s1','Brooklyn','2017-03-12',0.04),('s2',NULL,'2018-01-01',NULL);
CREATE TABLE raw.raw_tweets (id VARCHAR, user_id VARCHAR, tweeted_at TIMESTAMP, content VARCHAR);
INSERT INTO raw.raw_tweets SELECT 't'||i, md5((i%20)::VARCHAR), TIMESTAMP '2024-09-05'+INTERVAL (i*31) MINUTE, CASE WHEN i%6=0 THEN NULL ELSE 'I love '||i||' #jaffle @shop' END FROM range(1,100) t(i);
CREATE TABLE raw.payments (id INTEGER NOT NULL, order_id VARCHAR, payment_method VARCHAR, amount INTEGER);
INSERT INTO raw.payments SELECT i, 'o'||i, ['credit_card','coupon','bank_transfer','gift_card'][1+i%4], i*53 FROM range(1,320) t(i);

-- name: stg_customers
with

source as (

    select * from raw.raw_customers

),

renamed as (

    select

        ----------  ids
        id as customer_id,

        ---------- text
        name as customer_name

    from source

)

select * from renamed

-- name: stg_orders
with source as (select * from raw.raw_orders),
renamed as (
    select
        id as order_id,
        store_id as location_id,
        customer as customer_id,
        subtotal as subtotal_cents,
        tax_paid as tax_paid_cents,
        order_total as order_total_cents,
        (subtotal / 100)::numeric(16, 2) as subtotal,
        (tax_paid / 100)::numeric(16, 2) as tax_paid,
        (order_total / 100)::numeric(16, 2) as order_total,
        date_trunc('day', ordered_at) as ordered_at
    from source
)
select * from renamed

-- name: stg_order_items
select id as order_item_id, order_id, sku as product_id from raw.raw_items

-- name: stg_products
with source as (select * from raw.raw_products),
renamed as (
    select
        sku as product_id,
        name as product_name,
        type as product_type,
        description as product_description,
        (price / 100)::numeric(16, 2) as product_price,
        coalesce(type = 'jaffle', false) as is_food_item,
        coalesce(type = 'beverage', false) as is_drink_item
    from source
)
select * from renamed

-- name: stg_supplies
select
    md5(cast(coalesce(cast(id as TEXT), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(sku as TEXT), '_dbt_utils_surrogate_key_null_') as TEXT)) as supply_uuid,
    id as supply_id, sku as product_id, name as supply_name,
    (cost / 100)::numeric(16, 2) as supply_cost, perishable as is_perishable_supply
from raw.raw_supplies

-- name: stg_locations
with source as (select * from raw.raw_stores)
select id as location_id, name as location_name, tax_rate, date_trunc('day', opened_at) as opened_date from source

-- name: stg_tweets
select id as tweet_id, user_id, tweeted_at, content, regexp_extract_all(content, '#(\w+)', 1) as hashtags, regexp_matches(content, '@shop') as mentions_shop, length(content) as n_chars, strlen(content) as n_bytes from raw.raw_tweets where content is not null

-- name: order_supplies_summary
select product_id, sum(supply_cost) as supply_cost, bool_or(is_perishable_supply) as any_perishable from stg_supplies group by 1

-- name: order_items
with
order_items as (select * from stg_order_items),
orders as (select * from stg_orders),
products as (select * from stg_products),
supplies as (select * from stg_supplies),
order_supplies_summary as (
    select product_id, sum(supply_cost) as supply_cost from supplies group by 1
),
joined as (
    select
        order_items.*,
        orders.ordered_at,
        products.product_name,
        products.product_price,
        products.is_food_item,
        products.is_drink_item,
        order_supplies_summary.supply_cost
    from order_items
    left join orders on order_items.order_id = orders.order_id
    left join products on order_items.product_id = products.product_id
    left join order_supplies_summary on order_items.product_id = order_supplies_summary.product_id
)
select * from joined

-- name: orders
with orders as (select * from stg_orders),
order_items as (select * from order_items),
order_items_summary as (
    select
        order_id,
        sum(supply_cost) as order_cost,
        sum(product_price) as order_items_subtotal,
        count(order_item_id) as count_order_items,
        sum(case when is_food_item then 1 else 0 end) as count_food_items,
        sum(case when is_drink_item then 1 else 0 end) as count_drink_items
    from order_items
    group by 1
),
compute_booleans as (
    select
        orders.*,
        order_items_summary.order_cost,
        order_items_summary.order_items_subtotal,
        order_items_summary.count_food_items,
        order_items_summary.count_drink_items,
        order_items_summary.count_order_items,
        order_items_summary.count_food_items > 0 as is_food_order,
        order_items_summary.count_drink_items > 0 as is_drink_order
    from orders
    left join order_items_summary on orders.order_id = order_items_summary.order_id
),
customer_order_count as (
    select *, row_number() over (partition by customer_id order by ordered_at asc) as customer_order_number
    from compute_booleans
)
select * from customer_order_count

-- name: customers
with customers as (select * from stg_customers),
orders as (select * from orders),
customer_orders_summary as (
    select
        orders.customer_id,
        count(distinct orders.order_id) as count_lifetime_orders,
        count(distinct orders.order_id) > 1 as is_repeat_buyer,
        min(orders.ordered_at) as first_ordered_at,
        max(orders.ordered_at) as last_ordered_at,
        sum(orders.subtotal) as lifetime_spend_pretax,
        sum(orders.tax_paid) as lifetime_tax_paid,
        sum(orders.order_total) as lifetime_spend
    from orders
    group by 1
),
joined as (
    select
        customers.*,
        customer_orders_summary.count_lifetime_orders,
        customer_orders_summary.first_ordered_at,
        customer_orders_summary.last_ordered_at,
        customer_orders_summary.lifetime_spend_pretax,
        customer_orders_summary.lifetime_tax_paid,
        customer_orders_summary.lifetime_spend,
        case when customer_orders_summary.is_repeat_buyer then 'returning' else 'new' end as customer_type
    from customers
    left join customer_orders_summary on customers.customer_id = customer_orders_summary.customer_id
)
select * from joined

-- name: payments_pivoted
select order_id,
  sum(case when payment_method = 'credit_card' then amount else 0 end) as credit_card_amount,
  sum(case when payment_method = 'coupon' then amount else 0 end) as coupon_amount,
  sum(case when payment_method = 'bank_transfer' then amount else 0 end) as bank_transfer_amount,
  sum(case when payment_method = 'gift_card' then amount else 0 end) as gift_card_amount,
  sum(amount) as total_amount
from raw.payments group by order_id

-- name: metricflow_time_spine
with days as (
  with rawdata as (
    with p as (select 0 as generated_number union all select 1), unioned as (
      select p0.generated_number * power(2, 0) + p1.generated_number * power(2, 1) + p2.generated_number * power(2, 2) + 1 as generated_number
      from p as p0 cross join p as p1 cross join p as p2)
    select * from unioned where generated_number <= 7 order by generated_number),
  all_periods as (select (cast('2024-09-01' as date) + ((interval '1 day') * (row_number() over (order by 1) - 1))) as date_day from rawdata),
  filtered as (select * from all_periods where date_day <= cast('2025-01-01' as date))
  select * from filtered),
final as (select cast(date_day as date) as date_day from days)
select * from final

-- name: location_daily
select l.location_id, l.location_name, s.date_day, coalesce(count(o.order_id), 0) as orders, coalesce(sum(o.order_total), 0) as revenue, avg(o.order_total) as aov, sum(o.order_total) * max(l.tax_rate) as est_tax
from stg_locations l cross join metricflow_time_spine s
left join stg_orders o on o.location_id = l.location_id and o.ordered_at = s.date_day
group by all
order by all

-- name: tweets_by_customer
select c.customer_id, c.customer_name, t.n, t.tags, t.last_content from customers c
left join lateral (select count(*) as n, flatten(list(hashtags)) as tags, max_by(content, tweeted_at) as last_content from stg_tweets t where t.user_id = c.customer_id) t on true

-- name: dim_products_unioned
(select cast('stg_products' as TEXT) as _dbt_source_relation, cast(product_id as character varying(256)) as product_id, product_price, cast(null as boolean) as is_perishable from stg_products)
union all
(select cast('stg_supplies' as TEXT), product_id, supply_cost, is_perishable_supply from stg_supplies)

-- name: orders_deduped
select *, row_number() over (partition by customer_id, ordered_at order by order_total desc nulls last) as rn from stg_orders qualify rn = 1

-- name: first_last
select distinct on (customer_id) customer_id, order_id as first_order, ordered_at from orders order by customer_id, ordered_at, order_id

-- name: customer_segments
select customer_id, customer_name, split_part(customer_name, ' ', 1) as first_name, nullif(split_part(customer_name, ' ', 2), '') as last_name, lifetime_spend, ntile(4) over (order by lifetime_spend desc nulls last) as spend_quartile, percent_rank() over (order by lifetime_spend) as pr, datediff('day', first_ordered_at, last_ordered_at) as tenure_days, age(last_ordered_at, first_ordered_at) as tenure, case when count_lifetime_orders is null then 'never' when count_lifetime_orders < 3 then 'low' else 'high' end as band from customers
