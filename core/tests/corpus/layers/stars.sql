-- name: s1
select * exclude (ua, ip) replace (upper(status) as status, total * 2 as total) from shop.purchase

-- name: s2
select * rename (id as purchase_id, placed_at as ordered_at) from shop.purchase

-- name: s3
select p.* exclude (customer_id) replace (p.total::double as total) rename (id as pid), c.* exclude (email) rename (id as cid) from shop.purchase p join shop.customer c on c.id = p.customer_id

-- name: s4
select columns('.*_at$') from shop.purchase

-- name: s1_base
select id, total, shipping, method, ip, ua from shop.purchase

-- name: s5
select max(columns(* exclude (ip, ua))) from s1_base

-- name: s6
select count(columns(*)) as "n_\0", min(columns(*)) as "mn_\0" from s1_base

-- name: s7
select coalesce(columns(['total', 'shipping']), 0) from shop.purchase

-- name: s8
select * from shop.purchase where columns(['total', 'shipping']) > 3

-- name: s9
select * like '%id%' from shop.purchase

-- name: s10
select * ilike 'P%' from shop.purchase

-- name: s11
select * not like '%a%' from shop.purchase

-- name: s12
select * similar to '(to|sh).*' from shop.purchase

-- name: s13
select * exclude (i) from (select i, i * 2 as dbl, 'x' || i as txt from range(3) t(i))

-- name: s14
select unnest(c.addr), unnest(c.addr.pos) from shop.customer c

-- name: s15
select unnest(addr) from shop.customer

-- name: s16
select columns(x -> x in ('id', 'email')) from shop.customer

-- name: s17
select columns(c -> c not like '\_%' escape '\') from shop.customer

-- name: s18
select p.*, l.* exclude (purchase_id, unit_price) from shop.purchase p natural join (select purchase_id as id, * from shop.purchase_line) l

-- name: s19
select * from shop.purchase p join shop.refund r on r.purchase_id = p.id join shop.customer c on c.id = p.customer_id

-- name: s20
select * exclude (p.id, r.amount) from shop.purchase p join shop.refund r on r.purchase_id = p.id

-- name: s21
from shop.product select sku, price, columns(* exclude (sku, price, meta, dims, colours))::varchar

-- name: s22
select "Order ID" as order_id, "select" as sel, "Größe" * 2 as groesse2, "a.b" + 1 as nxt, MIXEDCASE + 1 as mc, "1st" || '!' as f, * from misc."Weird Names"

-- name: s23
select w.*, w."Größe" / 2, max("Order ID") over () from misc."Weird Names" w

-- name: s24
select "ORDER ID_1" from (select *, 1 as "Order ID" from misc."Weird Names")

-- name: s25
select t.* from (values (1, 'a', date '2024-01-01'), (2, null, null)) as t(n, txt, dt)

-- name: s26
values (1, 'a', 2.5), (null, 'bb', 3)

-- name: s27
from s26 select col0 + 1, col1, col2 * 2

-- name: s28
select a.*, b.* from range(3) a(x) positional join (values ('p'), ('q')) b(y)

-- name: s29
select * exclude (ua) replace (coalesce(total, 0) as total, method::varchar as method) from shop.v_paid

-- name: s30
select first(columns(* exclude id)) from shop.purchase group by status

-- name: s31
select status, columns('total|shipping'), sum(columns('total|shipping')) over (partition by status) from shop.purchase

-- name: s32
select sum(columns('total|shipping')) / count(*) as "avg_\0" from shop.purchase group by method

-- name: s34
select s.shipment_id, unnest(s.cost) from ship.shipment s

-- name: s35
select case when columns(['total', 'shipping']) > 5 then 1 else 0 end as "big_\0", id from shop.purchase

-- name: s36
select * exclude (j, un) from misc.every union by name select 1 as i1, 'extra' as extra, 2.5 as d4

-- name: s37
select extra, i1 + 1 as i, d4 * 2 as d, li[1], st.c.d from s36

-- name: s38
select a: id, b: total * 2, c: method from shop.purchase

-- name: s39
select id total, shipping as "Total" from shop.purchase

-- name: s40
select total_1, id, "Total_1" from (select id, total, total, 'x' as "ToTal" from shop.purchase)

-- name: s41
select purchase.id, shop.purchase.total, customer.addr.city from shop.purchase, shop.customer where purchase.customer_id = customer.id

-- name: s42
select p from shop.purchase p

-- name: s43
select p.p.total + 1 as t, (p.p).method as m from s42 p

-- name: s44
select count(*), count(p), count(p.total), count(distinct p.status) from shop.purchase p
