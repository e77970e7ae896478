-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA ns;
CREATE TABLE ns.transactions (id INTEGER NOT NULL, type VARCHAR, trandate DATE, posting_period INTEGER, currency INTEGER, exchange_rate DECIMAL(18,9), memo VARCHAR, entity INTEGER, is_reversal CHAR(1), status VARCHAR, duedate DATE);
INSERT INTO ns.transactions SELECT i, ['CustInvc','VendBill','Journal','CustPymt','VendPymt'][1+i%5], DATE '2023-01-03'+(i*2)::INT, 1+(i*2)//30, 1+i%3, CASE WHEN i%3=0 THEN 1 ELSE 1.083456 END, CASE WHEN i%4=0 THEN NULL ELSE 'memo '||i END, i%15, ['T','F'][1+i%2], 'open', CASE WHEN i%5<2 THEN DATE '2023-02-03'+(i*2)::INT END FROM range(1,180) t(i);
CREATE TABLE ns.transaction_lines (transaction_id INTEGER NOT NULL, id SMALLINT NOT NULL, account_id INTEGER, department INTEGER, netamount DECIMAL(20,5), foreignamount DOUBLE, quantity DECIMAL(12,4), rate DECIMAL(15,5), is_tax BOOLEAN, memo VARCHAR, item_id INTEGER);
INSERT INTO ns.transaction_lines SELECT 1+i%185, i//185, 100+(i*7)%9, CASE WHEN i%6=0 THEN NULL ELSE i%3 END, CASE WHEN i%2=0 THEN -1 ELSE 1 END*(i*3.33333), i*1.5, CASE WHEN i%3=0 THEN NULL ELSE i%10 END, 9.99, i%7=0, NULL, i%12 FROM range(0,600) t(i);
CREATE TABLE ns.accounts (id INTEGER PRIMARY KEY, parent INTEGER, name VARCHAR, number VARCHAR, type VARCHAR, general_rate_type VARCHAR); INSERT INTO ns.accounts SELECT 100+i, CASE WHEN i>2 THEN 100+i%3 END, 'Acc '||i, (1000*(i+1))::VARCHAR, ['Bank','AcctRec','Income','Expense','COGS','FixedAsset','AcctPay','OthIncome','Equity'][1+i%9], ['CURRENT','AVERAGE','HISTORICAL'][1+i%3] FROM range(0,9) t(i);
CREATE TABLE ns.periods (id INTEGER, name VARCHAR, startdate DATE, enddate DATE, isyear BOOLEAN, closed BOOLEAN); INSERT INTO ns.periods SELECT 1+i, strftime(DATE '2023-01-01' + to_months(i::INT), '%b %Y'), (DATE '2023-01-01' + to_months(i::INT))::DATE, last_day((DATE '2023-01-01' + to_months(i::INT))::DATE), false, i<10 FROM range(0,13) t(i);
CREATE TABLE ns.fx (base VARCHAR, ccy VARCHAR, effective DATE, rate DECIMAL(18,9)); INSERT INTO ns.fx SELECT 'USD', ['EUR','GBP','JPY'][1+i%3], DATE '2023-01-01'+(i*4)::INT, 0.5+i/1000 FROM range(0,100) t(i);
CREATE TABLE ns.currencies (id INTEGER, symbol VARCHAR); INSERT INTO ns.currencies VALUES (1,'EUR'),(2,'GBP'),(3,NULL);
CREATE TABLE ns.inventory (item_id INTEGER, loc VARCHAR, moved_at TIMESTAMP, qty INTEGER, unit_cost DECIMAL(10,4)); INSERT INTO ns.inventory SELECT i%12, ['A','B'][1+i%2], TIMESTAMP '2023-01-01'+INTERVAL (i*13) HOUR, CASE WHEN i%4=3 THEN -(i%5) ELSE i%9 END, CASE WHEN i%4=3 THEN NULL ELSE 4.5+i/100 END FROM range(0,400) t(i);
CREATE TABLE ns.assets (id INTEGER, name VARCHAR, cost DECIMAL(14,2), life_months UTINYINT, in_service DATE, salvage DECIMAL(14,2)); INSERT INTO ns.assets SELECT i, 'Asset'||i, i*1000, 12+i, CASE WHEN i%7=0 THEN NULL ELSE DATE '2023-01-01'+i::INT END, CASE WHEN i%3=0 THEN 100 END FROM range(1,25) t(i);

-- name: int_account_tree
with recursive t as (select id, parent, name, number, type, 0 as lvl, lpad(number, 6, '0') as sort_key, [name] as p from ns.accounts where parent is null union all select a.id, a.parent, a.name, a.number, a.type, t.lvl + 1, t.sort_key || '/' || lpad(a.number, 6, '0'), list_append(t.p, a.name) from ns.accounts a join t on t.id = a.parent)
select id, repeat('  ', lvl) || name as label, array_to_string(p, ' : ') as full_name, p[1] as top_name, lvl, sort_key, type in ('Bank','AcctRec','FixedAsset') as is_balance_sheet, type in ('Income','OthIncome','AcctPay','Equity') as is_credit, left(sort_key, 6) as top_no, number::int as number_int from t

-- name: int_lines
select t.id as transaction_id, l.id as line_id, t.trandate, t.posting_period, c.symbol as ccy, l.account_id, a.full_name, l.netamount, l.netamount * case when a.is_credit then -1 else 1 end as signed_amount, l.netamount * t.exchange_rate as converted, round(l.netamount * t.exchange_rate, 2) as converted_2, l.quantity * l.rate as ext, l.quantity / l.rate as q, l.foreignamount - l.netamount::double as diff, coalesce(l.memo, t.memo) as memo, t.is_reversal = 'T' as is_reversal, coalesce(l.department, -1) as department, t.entity, t.type as tran_type from ns.transactions t join ns.transaction_lines l on l.transaction_id = t.id left join int_account_tree a on a.id = l.account_id left join ns.currencies c on c.id = t.currency where not coalesce(l.is_tax, false)

-- name: netsuite__balance_sheet
with p as (select id, startdate, enddate, name from ns.periods where not isyear), m as (select posting_period, account_id, sum(converted) as amt from int_lines group by 1, 2)
select p.name as period, p.enddate, a.full_name, a.top_name, coalesce(m.amt, 0) as movement, sum(coalesce(m.amt, 0)) over (partition by a.id order by p.startdate) as balance, sum(m.amt) over (partition by a.id, extract(year from p.startdate) order by p.startdate rows unbounded preceding) as ytd, lag(m.amt, 12) over (partition by a.id order by p.startdate) as last_year, first_value(m.amt) over (partition by a.id order by p.startdate) as opening from p cross join int_account_tree a left join m on m.posting_period = p.id and m.account_id = a.id where a.is_balance_sheet

-- name: netsuite__income_statement
select year(trandate) as yr, quarter(trandate) as q, t.top_name, sum(converted) filter (where tran_type = 'CustInvc') as revenue, sum(case when tran_type = 'VendBill' then converted else 0 end) as cost, sum(signed_amount) as net, avg(signed_amount) as avg_net, grouping_id(year(trandate), quarter(trandate), t.top_name) as gid, count(*) as n from int_lines l join int_account_tree t on t.id = l.account_id group by rollup (year(trandate), quarter(trandate)), t.top_name

-- name: trial_balance
select account_id, sum(greatest(converted, 0)) as debit, sum(abs(least(converted, 0))) as credit, sum(converted) as net, sum(converted) = sum(greatest(converted, 0)) - sum(abs(least(converted, 0))) as ok, round(sum(converted)::decimal(20,4) / nullif(count(distinct posting_period), 0), 2) as per_period, sum(converted) % 100 as rest, floor(sum(converted)) as fl, ceil(sum(converted) / 1000) as k, trunc(sum(converted)) as tr, sign(sum(converted)) as sg from int_lines group by account_id

-- name: ar_aging
with inv as (select t.id, t.entity, t.duedate, sum(l.netamount) as amt from ns.transactions t join ns.transaction_lines l on l.transaction_id = t.id where t.type='CustInvc' group by all), x as (select *, date '2023-09-30' - duedate as days_late from inv)
select entity, sum(amt) as total, sum(amt) filter (days_late <= 0) as current_amt, sum(case when days_late between 1 and 30 then amt end) as d1_30, sum(case when days_late between 31 and 60 then amt else 0 end) as d31_60, sum(if(days_late > 60, amt, 0.0)) as d60_plus, max(days_late) as oldest, count(*) as n, list({'id': id, 'days': days_late} order by days_late desc) as docs from x group by entity having sum(amt) <> 0

-- name: fx_asof
select l.transaction_id, l.line_id, l.ccy, l.netamount, f.rate, f.effective, l.netamount / f.rate as usd, (l.netamount * f.rate)::decimal(18,2) as usd2, coalesce(f.rate, 1) as r1, l.trandate - f.effective as stale from int_lines l asof left join ns.fx f on f.ccy = l.ccy and f.effective <= l.trandate

-- name: fx_using
select * from (select ccy, trandate as effective, netamount from int_lines where ccy is not null) l asof join ns.fx using (ccy, effective)

-- name: fx_monthly
select ccy, date_trunc('month', effective) as m, avg(rate) as avg_rate, last(rate order by effective) as closing, first(rate order by effective) as opening, max(rate) - min(rate) as range_, stddev_samp(rate) as vol, product(rate) as prod, geomean(rate) as gm, sum(rate) as s, fsum(rate::double) as fs, favg(rate::double) as fa, arg_min(effective, rate) as low_day from ns.fx group by 1, 2

-- name: moving_average_cost
select item_id, loc, moved_at, qty, sum(qty) over w as on_hand, sum(case when qty > 0 then qty * unit_cost end) over w as cum_cost, sum(greatest(qty,0)) over w as cum_in, sum(case when qty > 0 then qty * unit_cost end) over w / nullif(sum(greatest(qty,0)) over w, 0) as mac, min(qty) over (w rows between 3 preceding and current row exclude current row) as mn3, sum(qty) over (partition by item_id) as item_total from ns.inventory window w as (partition by item_id, loc order by moved_at)

-- name: stock_status
select item_id, loc, max_by(on_hand, moved_at) as on_hand, max_by(mac, moved_at) as mac, max_by(on_hand, moved_at) * max_by(mac, moved_at) as value, bool_or(on_hand < 0) as ever_negative, min(moved_at) filter (on_hand < 0) as first_negative, count(*) as moves, sum(abs(qty)) as turnover, sum(-qty) filter (qty<0) as sold from moving_average_cost group by all

-- name: stock_daily
with d as (select unnest(generate_series(date '2023-01-01', date '2023-01-31', interval 1 day))::date as day), it as (select distinct item_id, loc from ns.inventory)
select d.day, it.item_id, it.loc, m.on_hand, coalesce(m.on_hand, 0) * coalesce(m.mac, 0) as value from d cross join it asof left join moving_average_cost m on m.item_id = it.item_id and m.loc = it.loc and m.moved_at < d.day + interval 1 day

-- name: depreciation
select a.id, a.name, m::date as month, round((a.cost - coalesce(a.salvage, 0)) / a.life_months, 2) as monthly, sum(round((a.cost - coalesce(a.salvage, 0)) / a.life_months, 2)) over (partition by a.id order by m) as accumulated, a.cost - sum((a.cost - coalesce(a.salvage, 0)) / a.life_months) over (partition by a.id order by m) as nbv, row_number() over (partition by a.id order by m) as k, a.cost * pow(0.9, row_number() over (partition by a.id order by m)) as declining from ns.assets a, lateral (select unnest(generate_series(a.in_service::timestamp, a.in_service + to_months(a.life_months::int - 1), interval 1 month)) as m)

-- name: journal_text
select posting_period, string_agg(memo, '; ' order by trandate, transaction_id) as memos, listagg(distinct tran_type, ',') as types, group_concat(ccy, '/') as ccys, string_agg(printf('%05d', transaction_id), '|') as ids, format('{:,.2f}', sum(converted)::double) as pretty, count(memo) as n, bit_xor(transaction_id) as bx, max(len(memo)) as longest, min(memo) as first_memo, concat_ws(' ', 'Period', posting_period::varchar, any_value(ccy)) as title from int_lines group by posting_period

-- name: duplicates
select entity, duedate, count(*) as n, list(id order by id) as ids, max(id) - min(id) as gap from ns.transactions where (entity, duedate) in (select entity, duedate from ns.transactions where duedate is not null group by 1, 2 having count(*) >= 1) group by entity, duedate

-- name: period_matrix
pivot (select account_id, posting_period, converted from int_lines where posting_period <= 3) on posting_period in (1, 2, 3) using sum(converted) as amt, count(*) as n

-- name: period_variance
select account_id, "1_amt", "2_amt" - "1_amt" as var21, round(("2_amt" - "1_amt") / nullif(abs("1_amt"), 0) * 100, 1) as pct, coalesce("3_amt", 0)::decimal(18,2) as amt3, "1_n" + "2_n" + "3_n" as n from period_matrix

-- name: unposted
select t.* from ns.transactions t anti join int_lines l on l.transaction_id = t.id where not exists (select 1 from ns.periods p where p.id = t.posting_period and p.closed)

-- name: intercompany
(select entity, currency from ns.transactions where type = 'CustInvc' intersect select entity, currency from ns.transactions where type = 'VendBill') except all select 3 as e, null as c
