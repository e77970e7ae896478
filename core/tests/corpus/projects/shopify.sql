-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA shopify;
CREATE TABLE shopify."order" (id BIGINT NOT NULL, user_id BIGINT, total_discounts DOUBLE, total_line_items_price DOUBLE, total_price DOUBLE, total_tax DOUBLE, subtotal_price DOUBLE, currency VARCHAR, taxes_included BOOLEAN, name VARCHAR, "number" BIGINT, order_number BIGINT, cancel_reason VARCHAR, cancelled_at TIMESTAMP WITH TIME ZONE, closed_at TIMESTAMPTZ, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, processed_at TIMESTAMPTZ, customer_id BIGINT, email VARCHAR, financial_status VARCHAR, fulfillment_status VARCHAR, referring_site VARCHAR, source_name VARCHAR, billing_address_country_code VARCHAR, shipping_address_city VARCHAR, total_shipping_price_set JSON, note_attributes JSON, tags VARCHAR, _fivetran_synced TIMESTAMPTZ, _fivetran_deleted BOOLEAN, test BOOLEAN);
INSERT INTO shopify."order" SELECT i, i%5, CASE WHEN i%3=0 THEN i*0.5 END, i*12.5, i*13.0, i*0.5, i*12.0, ['EUR','USD',NULL][1+i%3], i%2=0, '#'||(1000+i), i, 1000+i, CASE WHEN i%20=0 THEN 'customer' END, CASE WHEN i%20=0 THEN TIMESTAMPTZ '2024-01-01 00:00:00+00'+INTERVAL (i) DAY END, NULL, TIMESTAMPTZ '2024-01-01 00:00:00+00'+INTERVAL (i*9) HOUR, TIMESTAMPTZ '2024-01-02 00:00:00+00'+INTERVAL (i*9) HOUR, NULL, CASE WHEN i%7=0 THEN NULL ELSE i%40 END, CASE WHEN i%6=0 THEN NULL ELSE 'c'||(i%40)||'@x.io' END, ['paid','refunded','pending',NULL][1+i%4], ['fulfilled',NULL][1+i%2], 'https://google.com/?q='||i, ['web','pos','12345'][1+i%3], ['DE','US','FR',NULL][1+i%4], 'City'||(i%9), ('{"shop_money":{"amount":"'||(i%10)||'.50","currency_code":"USD"}}')::JSON, CASE WHEN i%4=0 THEN '[{"name":"gift","value":"yes"}]'::JSON END, CASE WHEN i%3=0 THEN 'vip, first' END, now(), i%50=0, false FROM range(1,200) t(i);
CREATE TABLE shopify.order_line (id BIGINT, order_id BIGINT, index INTEGER, product_id BIGINT, variant_id BIGINT, name VARCHAR, title VARCHAR, vendor VARCHAR, price DOUBLE, quantity BIGINT, grams BIGINT, sku VARCHAR, fulfillable_quantity INTEGER, gift_card BOOLEAN, requires_shipping BOOLEAN, taxable BOOLEAN, total_discount DOUBLE, properties JSON, _fivetran_synced TIMESTAMPTZ);
INSERT INTO shopify.order_line SELECT i, 1+i%205, i//205, i%30, i%60, 'L'||i, 'T'||(i%30), ['acme','globex',NULL][1+i%3], 5+i%20, 1+i%3, i*10, 'sku'||(i%60), 0, i%40=0, true, i%2=0, CASE WHEN i%4=0 THEN 1.5 END, '[]', now() FROM range(1,500) t(i);
CREATE TABLE shopify.order_line_refund (id BIGINT, refund_id BIGINT, order_line_id BIGINT, quantity DOUBLE, subtotal DOUBLE, total_tax DOUBLE, restock_type VARCHAR, location_id BIGINT, _fivetran_synced TIMESTAMPTZ);
INSERT INTO shopify.order_line_refund SELECT i, i%20, i*11, 1, 5.5, CASE WHEN i%2=0 THEN 0.5 END, 'return', NULL, now() FROM range(1,40) t(i);
CREATE TABLE shopify.refund (id BIGINT, order_id BIGINT, created_at TIMESTAMPTZ, processed_at TIMESTAMPTZ, note VARCHAR, restock BOOLEAN, user_id BIGINT, _fivetran_synced TIMESTAMPTZ);
INSERT INTO shopify.refund SELECT i, i*9, TIMESTAMPTZ '2024-02-01 00:00:00+00'+INTERVAL (i) DAY, NULL, NULL, true, 1, now() FROM range(0,20) t(i);
CREATE TABLE shopify."transaction" (id BIGINT, order_id BIGINT, refund_id BIGINT, amount DECIMAL(18,2), created_at TIMESTAMPTZ, device_id BIGINT, gateway VARCHAR, kind VARCHAR, status VARCHAR, parent_id BIGINT, payment_credit_card_company VARCHAR, receipt JSON, currency_exchange_adjustment DECIMAL(18,6), _fivetran_synced TIMESTAMPTZ);
INSERT INTO shopify."transaction" SELECT i, i%205, CASE WHEN i%9=0 THEN i%20 END, (i*1.11)::DECIMAL(18,2), TIMESTAMPTZ '2024-01-01 00:00:00+00'+INTERVAL (i*9) HOUR, NULL, ['shopify_payments','paypal'][1+i%2], ['sale','capture','refund','authorization','void'][1+i%5], ['success','failure'][1+(i%7=0)::INT], NULL, 'Visa', ('{"charges":{"data":[{"balance_transaction":{"exchange_rate":"1.'||(i%9)||'"}}]}}')::JSON, NULL, now() FROM range(1,300) t(i);
CREATE TABLE shopify.customer (id BIGINT NOT NULL, email VARCHAR, first_name VARCHAR, last_name VARCHAR, phone VARCHAR, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, state VARCHAR, orders_count BIGINT, total_spent DOUBLE, accepts_marketing BOOLEAN, email_marketing_consent STRUCT(state VARCHAR, opt_in_level VARCHAR, consent_updated_at TIMESTAMP), default_address_id BIGINT, _fivetran_synced TIMESTAMPTZ);
INSERT INTO shopify.customer SELECT i, CASE WHEN i%6=0 THEN NULL ELSE 'c'||(i%30)||'@x.io' END, 'F'||i, CASE WHEN i%5=0 THEN NULL ELSE 'L'||i END, '+49'||i, TIMESTAMPTZ '2023-01-01 00:00:00+00'+INTERVAL (i) DAY, TIMESTAMPTZ '2023-01-05 00:00:00+00'+INTERVAL (i) DAY, 'enabled', i, i*10.0, i%2=0, CASE WHEN i%3=0 THEN NULL ELSE {'state':'subscribed','opt_in_level':NULL,'consent_updated_at':TIMESTAMP '2023-01-01'} END, i, now() FROM range(1,60) t(i);
CREATE TABLE shopify.customer_tag (customer_id BIGINT, index INTEGER, value VARCHAR); INSERT INTO shopify.customer_tag SELECT i%60, i//60, 'tag'||(i%5) FROM range(0,100) t(i);
CREATE TABLE shopify.product (id BIGINT, title VARCHAR, handle VARCHAR, product_type VARCHAR, vendor VARCHAR, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, published_at TIMESTAMPTZ, status VARCHAR, options JSON, _fivetran_deleted BOOLEAN, _fivetran_synced TIMESTAMPTZ);
INSERT INTO shopify.product SELECT i, 'T'||i, 't-'||i, ['shirt','mug',NULL][1+i%3], 'acme', now(), now(), NULL, 'active', '[{"name":"Size","values":["S","M"]}]', false, now() FROM range(0,30) t(i);
CREATE TABLE shopify.inventory_level (inventory_item_id BIGINT, location_id BIGINT, available BIGINT, updated_at TIMESTAMPTZ); INSERT INTO shopify.inventory_level SELECT i, i%3, CASE WHEN i%8=0 THEN NULL ELSE i*2 END, now() FROM range(0,60) t(i);
CREATE TABLE shopify.fulfillment_event (id BIGINT, fulfillment_id BIGINT, order_id BIGINT, status VARCHAR, happened_at TIMESTAMPTZ, latitude DOUBLE, longitude DOUBLE); INSERT INTO shopify.fulfillment_event SELECT i, i%50, i%200, ['confirmed','in_transit','delivered','attempted_delivery'][1+i%4], TIMESTAMPTZ '2024-01-03 00:00:00+00'+INTERVAL (i) HOUR, 1.5, 2.5 FROM range(1,200) t(i);

-- name: stg_shopify__order
with base as (select * from shopify."order"),
fields as (
    select
        id as id, user_id as user_id, total_discounts, total_line_items_price, total_price, total_tax, subtotal_price, currency, taxes_included, name, number, order_number,
        cast(null as float) as total_tip_received, cancel_reason, cancelled_at, closed_at, created_at, updated_at, processed_at, customer_id, email, financial_status, fulfillment_status, referring_site, source_name,
        cast(null as TEXT) as landing_site_ref, billing_address_country_code, shipping_address_city, total_shipping_price_set, note_attributes, tags, _fivetran_synced, _fivetran_deleted, test,
        cast('' as TEXT) as source_relation
    from base
),
final as (
    select
        id as order_id, user_id, total_discounts, total_line_items_price, total_price, total_tax, source_name, subtotal_price, taxes_included as has_taxes_included, currency, customer_id, lower(email) as email, financial_status, fulfillment_status, referring_site, name, number, order_number, cancel_reason,
        cast(created_at at time zone 'UTC' at time zone 'America/New_York' as timestamp) as created_timestamp,
        created_at at time zone 'UTC' as created_utc, cancelled_at as cancelled_timestamp, closed_at, processed_at, updated_at,
        total_shipping_price_set->'shop_money'->>'amount' as shipping_raw,
        cast(json_extract_string(total_shipping_price_set, '$.shop_money.amount') as float) as shipping_cost,
        note_attributes, tags, coalesce(test, false) as is_test, coalesce(_fivetran_deleted, false) as is_deleted, landing_site_ref, total_tip_received, billing_address_country_code, shipping_address_city,
        cast(_fivetran_synced as timestamp) as _fivetran_synced, source_relation
    from fields
)
select * from final where not coalesce(is_test, false)

-- name: stg_shopify__order_line
select id as order_line_id, order_id, index, product_id, variant_id, name, title, vendor, price, quantity, grams, sku, gift_card as is_gift_card, requires_shipping as is_requiring_shipping, taxable as is_taxable, total_discount, properties, row_number() over (partition by order_id order by id) as order_line_rank, cast('' as varchar) as source_relation from shopify.order_line

-- name: stg_shopify__transaction
select id as transaction_id, order_id, refund_id, amount, created_at as created_timestamp, gateway, kind, status, coalesce(nullif(json_extract_string(receipt, '$.charges.data[0].balance_transaction.exchange_rate'), ''), '1')::decimal(18,6) as exchange_rate, coalesce(cast(nullif(receipt->>'$.charges.data[0].balance_transaction.exchange_rate','') as decimal(28,6)), 1) * amount as currency_exchange_calculated_amount, cast('' as text) as source_relation from shopify.transaction

-- name: stg_shopify__customer
select id as customer_id, lower(email) as email, first_name, last_name, phone, state as account_state, total_spent as lifetime_total_spent, orders_count as lifetime_count_orders, case when email_marketing_consent is null then case when accepts_marketing is null then null when accepts_marketing then 'subscribed (legacy)' else 'not_subscribed (legacy)' end else lower(email_marketing_consent.state) end as marketing_consent_state, created_at as created_timestamp, updated_at as updated_timestamp, cast('' as text) as source_relation from shopify.customer

-- name: int_shopify__customer_email_rollup
with customer_tags as (select customer_id, string_agg(distinct cast(value as TEXT), ', ' order by cast(value as TEXT)) as customer_tags from shopify.customer_tag group by 1),
customers as (
 select c.*, t.customer_tags, row_number() over (partition by source_relation, email order by created_timestamp desc) as customer_index from stg_shopify__customer c left join customer_tags t using (customer_id) where email is not null
), rolled_up as (
 select email, source_relation, string_agg(cast(customer_id as TEXT), ', ') as customer_ids, string_agg(distinct cast(phone as TEXT), ', ') as phone_numbers, max(case when customer_index = 1 then customer_id else null end) as customer_id, max(case when customer_index = 1 then customer_tags end) as tags, min(created_timestamp) as first_account_created_at, max(created_timestamp) as last_account_created_at, count(*) as n
 from customers group by 1, 2
)
select email, source_relation, customer_ids, phone_numbers, customer_id, tags, first_account_created_at, last_account_created_at, n from rolled_up

-- name: shopify__transactions
with exchange_rate as (select *, coalesce(cast(exchange_rate as float), 1) as fx from stg_shopify__transaction)
select * exclude (fx), round(cast(currency_exchange_calculated_amount as double), 2) as final_amt, fx as fx_rate from exchange_rate where kind in ('sale','capture','refund') and lower(status) = 'success'

-- name: shopify__orders__order_line_aggregates
select order_id, source_relation, count(*) as line_item_count, sum(grams) as order_total_grams, sum(case when order_line_rank = 1 then total_discount else 0 end) as order_total_discount, sum(quantity) as order_total_quantity, sum(price * quantity) as gross from stg_shopify__order_line group by 1, 2

-- name: shopify__orders__order_refunds
with refunds as (select id as refund_id, created_at, order_id, user_id, '' as source_relation from shopify.refund),
olr as (select id as order_line_refund_id, location_id, order_line_id, subtotal, total_tax, quantity, refund_id, restock_type, '' as source_relation from shopify.order_line_refund),
refund_join as (select refunds.refund_id, refunds.created_at, refunds.order_id, refunds.user_id, refunds.source_relation, olr.order_line_refund_id, olr.order_line_id, olr.restock_type, olr.quantity, olr.subtotal, olr.total_tax from refunds left join olr on refunds.refund_id = olr.refund_id and refunds.source_relation = olr.source_relation)
select * from refund_join

-- name: shopify__order_lines
with order_lines as (select * from stg_shopify__order_line), product as (select id as pid, title as product_title, product_type from shopify.product),
refunds as (select order_line_id, source_relation, sum(quantity) as quantity, sum(coalesce(subtotal, 0)) as subtotal, string_agg(cast(restock_type as text), ', ') as restock_types from shopify__orders__order_refunds group by 1, 2),
joined as (
 select order_lines.*, coalesce(refunds.quantity, 0) as refunded_quantity, coalesce(refunds.subtotal, 0) as refunded_subtotal, order_lines.quantity - coalesce(refunds.quantity, 0) as quantity_net_refunds, (order_lines.price * order_lines.quantity) - coalesce(refunds.subtotal, 0) as subtotal_net_refunds, refunds.restock_types, product.product_title, product.product_type
 from order_lines left join refunds on refunds.order_line_id = order_lines.order_line_id and refunds.source_relation = order_lines.source_relation left join product on product.pid = order_lines.product_id
)
select *, md5(cast(coalesce(cast(order_line_id as TEXT), '_null_') || '-' || coalesce(cast(source_relation as TEXT), '_null_') as TEXT)) as order_lines_unique_key from joined

-- name: shopify__orders
with orders as (
    select *, md5(cast(coalesce(cast(source_relation as TEXT), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(order_id as TEXT), '_dbt_utils_surrogate_key_null_') as TEXT)) as orders_unique_key
    from stg_shopify__order
), order_lines as (select * from shopify__orders__order_line_aggregates),
order_adjustments as (select order_id, '' as source_relation, sum(amount) as order_adjustment_amount, sum(0) as order_adjustment_tax_amount from stg_shopify__transaction where kind = 'refund' group by 1, 2),
refunds as (select order_id, source_relation, sum(subtotal) as refund_subtotal, sum(total_tax) as refund_total_tax from shopify__orders__order_refunds group by 1, 2),
order_tags as (select order_id, list_transform(string_split(tags, ','), x -> trim(x)) as order_tags from orders where tags is not null),
fulfillments as (select order_id, '' as source_relation, count(fulfillment_id) as number_of_fulfillments, max(happened_at) filter (where status = 'delivered') as delivered_at, array_agg(distinct status order by status) as statuses from shopify.fulfillment_event group by 1, 2),
joined as (
    select
        orders.*,
        coalesce(cast(orders.shipping_cost as float), 0) as shipping,
        order_adjustments.order_adjustment_amount, order_adjustments.order_adjustment_tax_amount,
        refunds.refund_subtotal, refunds.refund_total_tax,
        (orders.total_price + coalesce(order_adjustments.order_adjustment_amount, 0) + coalesce(order_adjustments.order_adjustment_tax_amount, 0) - coalesce(refunds.refund_subtotal, 0) - coalesce(refunds.refund_total_tax, 0)) as order_adjusted_total,
        order_lines.line_item_count, order_lines.order_total_grams, order_tags.order_tags, fulfillments.number_of_fulfillments, fulfillments.delivered_at, fulfillments.statuses
    from orders
    left join order_lines on orders.order_id = order_lines.order_id and orders.source_relation = order_lines.source_relation
    left join refunds on orders.order_id = refunds.order_id and orders.source_relation = refunds.source_relation
    left join order_adjustments on orders.order_id = order_adjustments.order_id and orders.source_relation = order_adjustments.source_relation
    left join order_tags on orders.order_id = order_tags.order_id
    left join fulfillments on orders.order_id = fulfillments.order_id and orders.source_relation = fulfillments.source_relation
), windows as (
    select *, row_number() over (partition by customer_id, source_relation order by created_timestamp) as customer_order_seq_number from joined
), new_vs_repeat as (
    select *, case when customer_order_seq_number = 1 then 'new' else 'repeat' end as new_vs_repeat from windows
)
select * from new_vs_repeat

-- name: shopify__customers__order_aggregates
with orders as (select * from shopify__orders where customer_id is not null), transactions as (select * from shopify__transactions),
tx as (select order_id, source_relation, sum(final_amt) as amount from transactions where kind in ('sale','capture') group by 1, 2)
select o.customer_id, o.source_relation, string_agg(distinct cast(o.new_vs_repeat as TEXT), '|') as kinds, min(o.created_timestamp) as first_order_timestamp, max(o.created_timestamp) as most_recent_order_timestamp, avg(tx.amount) as avg_order_value, sum(tx.amount) as lifetime_total_spent, sum(o.order_adjusted_total) as lifetime_net, count(o.order_id) as lifetime_count_orders, avg(o.line_item_count) as avg_quantity_per_order, sum(o.line_item_count) as s
from orders o left join tx on o.order_id = tx.order_id and o.source_relation = tx.source_relation group by 1, 2

-- name: shopify__customers
select c.*, coalesce(o.lifetime_total_spent, 0) as spent, coalesce(o.lifetime_count_orders, 0) as cnt, o.avg_order_value, coalesce(o.lifetime_total_spent,0) - coalesce(o.lifetime_net,0) as diff, o.first_order_timestamp from stg_shopify__customer as c left join shopify__customers__order_aggregates o on c.customer_id = o.customer_id and c.source_relation = o.source_relation

-- name: shopify__calendar
with spine as (select unnest(generate_series(date '2024-01-01', date '2024-03-31', interval 1 day))::date as date_day) select cast(date_day as date) as date_day, date_trunc('month', date_day) as m from spine

-- name: shopify__daily_shop
with cal as (select * from shopify__calendar), shop as (select 'x' as shop_id, 'EUR' as currency),
d as (select cast(date_trunc('day', created_timestamp) as date) as date_day, source_relation, count(distinct order_id) as count_orders, count(distinct customer_id) as count_customers, count(distinct email) as emails, sum(order_adjusted_total) as order_adjusted_total, avg(order_adjusted_total) as avg_order_value, sum(shipping) as shipping_cost, sum(case when cancelled_timestamp is not null then 1 else 0 end) as cancelled, count(distinct case when new_vs_repeat = 'repeat' then customer_id end) as repeat_customers from shopify__orders group by 1, 2)
select cal.date_day, shop.*, coalesce(d.count_orders, 0) as count_orders, coalesce(d.order_adjusted_total, 0) as order_adjusted_total, d.avg_order_value, coalesce(d.cancelled, 0) as cancelled, coalesce(d.repeat_customers, 0) as repeat_customers, sum(coalesce(d.order_adjusted_total, 0)) over (order by cal.date_day) as running from cal cross join shop left join d using (date_day)

-- name: shopify__customer_cohorts
with calendar as (select distinct date_trunc('month', date_day)::date as date_month from shopify__calendar),
customers as (select customer_id, source_relation, first_order_timestamp from shopify__customers),
customer_calendar as (select cast(calendar.date_month as date) as date_month, customers.customer_id, customers.first_order_timestamp, customers.source_relation, cast(date_trunc('month', first_order_timestamp) as date) as cohort_month from calendar inner join customers on cast(date_trunc('month', first_order_timestamp) as date) <= calendar.date_month),
orders_joined as (
 select cc.date_month, cc.customer_id, cc.first_order_timestamp, cc.cohort_month, cc.source_relation, coalesce(count(distinct o.order_id), 0) as order_count_in_month, coalesce(sum(o.order_adjusted_total), 0) as total_price_in_month, coalesce(sum(o.line_item_count), 0) as line_item_count_in_month
 from customer_calendar cc left join shopify__orders o on cc.customer_id = o.customer_id and cc.date_month = cast(date_trunc('month', created_timestamp) as date) group by 1, 2, 3, 4, 5),
windows as (select *, sum(total_price_in_month) over (partition by customer_id, source_relation order by customer_id, date_month rows unbounded preceding) as total_price_lifetime, sum(order_count_in_month) over (partition by customer_id, source_relation order by customer_id, date_month rows unbounded preceding) as order_count_lifetime, row_number() over (partition by customer_id, source_relation order by date_month asc) as cohort_month_number from orders_joined)
select *, md5(cast(coalesce(cast(date_month as TEXT), '') || '-' || coalesce(cast(customer_id as TEXT), '') as TEXT)) as customer_cohort_id from windows

-- name: shopify__inventory_levels
select l.*, sum(coalesce(ol.quantity,0)) as sold, max(l.available) - sum(ol.quantity) as left_over, count(ol.order_line_id) as n from shopify.inventory_level l left join stg_shopify__order_line ol on ol.variant_id = l.inventory_item_id group by all

-- name: shopify__product_rollup
select p.id, p.title, o.value->>'name' as option_name, cast(o.value->'values' as varchar[]) as option_values, len(cast(o.value->'values' as varchar[])) as n_values, ol.qty from shopify.product p cross join lateral (select unnest(cast(p.options as json[])) as value) o left join (select product_id, sum(quantity) as qty from stg_shopify__order_line group by product_id having sum(quantity) > 1) ol on ol.product_id = p.id

-- name: discounts_by_vendor
select coalesce(vendor, 'unknown') as vendor, grouping(vendor) as g, sum(total_discount) as disc, sum(price*quantity) as gross, round(100.0 * sum(total_discount) / nullif(sum(price*quantity), 0), 2) as pct from stg_shopify__order_line group by rollup(vendor)

-- name: note_attributes
select order_id, a->>'$.name' as attr, a->>'$.value' as val, json_type(a) as t, json_keys(a) as ks from (select order_id, unnest(from_json(note_attributes, '["json"]')) as a from stg_shopify__order where note_attributes is not null)

-- name: delivery_times
select order_id, min(happened_at) filter (status = 'confirmed') as confirmed_at, min(happened_at) filter (where status = 'delivered') as delivered_at, date_diff('hour', min(happened_at) filter (status = 'confirmed'), min(happened_at) filter (status = 'delivered')) as hours, round(avg(latitude), 3) as lat, 2 * 6371 * asin(sqrt(pow(sin(radians(max(latitude) - min(latitude)) / 2), 2) + cos(radians(min(latitude))) * cos(radians(max(latitude))) * pow(sin(radians(max(longitude) - min(longitude)) / 2), 2))) as km from shopify.fulfillment_event group by order_id
