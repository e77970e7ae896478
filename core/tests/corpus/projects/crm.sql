-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA sf; CREATE SCHEMA zen; CREATE SCHEMA hub;
CREATE TABLE sf.opportunity (id VARCHAR, account_id VARCHAR, owner_id VARCHAR, name VARCHAR, stage_name VARCHAR, amount DECIMAL(18,2), probability DOUBLE, close_date DATE, created_date TIMESTAMP, is_closed BOOLEAN, is_won BOOLEAN, forecast_category VARCHAR, lead_source VARCHAR, next_step VARCHAR, is_deleted BOOLEAN DEFAULT false);
INSERT INTO sf.opportunity SELECT '006'||i, CASE WHEN i%12=0 THEN NULL ELSE '001'||(i%20) END, '005'||(i%6), 'Opp '||i, ['Prospecting','Qualification','Proposal','Closed Won','Closed Lost'][1+i%5], CASE WHEN i%7=0 THEN NULL ELSE i*1000.5 END, i%100, DATE '2024-01-01'+(i*2)::INT, TIMESTAMP '2023-10-01'+INTERVAL (i) DAY, i%5>=3, i%5=3, 'Pipeline', ['Web','Partner',NULL][1+i%3], NULL, false FROM range(1,150) t(i);
CREATE TABLE sf.opportunity_history (opportunity_id VARCHAR, stage_name VARCHAR, created_date TIMESTAMP, amount DECIMAL(18,2)); INSERT INTO sf.opportunity_history SELECT '006'||(1+i%150), ['Prospecting','Qualification','Proposal','Closed Won','Closed Lost'][1+(i//150)%5], TIMESTAMP '2023-10-01'+INTERVAL (i%150+(i//150)*9) DAY, i*10 FROM range(0,500) t(i);
CREATE TABLE sf.account (id VARCHAR, name VARCHAR, industry VARCHAR, annual_revenue DOUBLE, number_of_employees INTEGER, parent_id VARCHAR, billing_country VARCHAR, website VARCHAR, owner_id VARCHAR); INSERT INTO sf.account SELECT '001'||i, 'Acme '||i||' GmbH', ['Tech','Retail',NULL][1+i%3], i*1e6, i*11, CASE WHEN i>4 THEN '001'||(i//3) END, 'DE', 'https://www.acme'||i||'.com/x', '005'||(i%6) FROM range(0,20) t(i);
CREATE TABLE sf."user" (id VARCHAR, name VARCHAR, email VARCHAR, manager_id VARCHAR, is_active BOOLEAN, user_role_id VARCHAR); INSERT INTO sf."user" SELECT '005'||i, 'U '||i, 'u'||i||'@corp.com', CASE WHEN i>0 THEN '005'||(i-1)//2 END, true, 'r'||(i%2) FROM range(0,6) t(i);
CREATE TABLE zen.ticket (id BIGINT NOT NULL, assignee_id BIGINT, requester_id BIGINT, brand_id BIGINT, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, priority VARCHAR, status VARCHAR, subject VARCHAR, description VARCHAR, via_channel VARCHAR, tags VARCHAR[], custom JSON, satisfaction_score VARCHAR); INSERT INTO zen.ticket SELECT i, CASE WHEN i%6=0 THEN NULL ELSE i%4 END, i%30, i%2, TIMESTAMPTZ '2024-03-01 08:00:00+00'+INTERVAL (i*50) MINUTE, TIMESTAMPTZ '2024-03-02 08:00:00+00'+INTERVAL (i*50) MINUTE, ['low','normal','high','urgent',NULL][1+i%5], ['new','open','pending','solved','closed'][1+i%5], 'Subject '||i, repeat('x', i%20)||' error code='||i, 'email', CASE WHEN i%3=0 THEN NULL ELSE ['billing','tag'||(i%4)] END, '{"360":{"v":"x"}}', CASE WHEN i%4=0 THEN 'good' END FROM range(1,200) t(i);
CREATE TABLE zen.ticket_field_history (ticket_id BIGINT, field_name VARCHAR, updated TIMESTAMPTZ, value VARCHAR, user_id BIGINT); INSERT INTO zen.ticket_field_history SELECT 1+i%199, ['status','assignee_id','priority','group_id'][1+(i//199)%4], TIMESTAMPTZ '2024-03-01 08:00:00+00'+INTERVAL (i*13) MINUTE, CASE (i//199)%4 WHEN 0 THEN ['open','pending','solved','hold'][1+i%4] ELSE (i%5)::VARCHAR END, i%4 FROM range(0,1200) t(i);
CREATE TABLE zen.ticket_comment (id BIGINT, ticket_id BIGINT, user_id BIGINT, created TIMESTAMPTZ, public BOOLEAN, body VARCHAR); INSERT INTO zen.ticket_comment SELECT i, 1+i%199, i%34, TIMESTAMPTZ '2024-03-01 09:00:00+00'+INTERVAL (i*17) MINUTE, i%3>0, 'b' FROM range(0,600) t(i);
CREATE TABLE zen.schedule (id BIGINT, day_of_week INTEGER, start_time TIME, end_time TIME); INSERT INTO zen.schedule SELECT 1, i, TIME '09:00', TIME '17:30' FROM range(1,6) t(i);
CREATE TABLE zen.sla_policy (id BIGINT, ticket_id BIGINT, metric VARCHAR, target_minutes INTEGER, applied_at TIMESTAMPTZ); INSERT INTO zen.sla_policy SELECT i, i, ['first_reply_time','agent_work_time'][1+i%2], CASE WHEN i%9=0 THEN NULL ELSE 60*(1+i%5) END, TIMESTAMPTZ '2024-03-01 08:00:00+00'+INTERVAL (i*50) MINUTE FROM range(1,150) t(i);
CREATE TABLE hub.contact (id BIGINT, property_email VARCHAR, property_firstname VARCHAR, property_createdate TIMESTAMP, property_hs_lifecyclestage VARCHAR, property_annualrevenue VARCHAR, calculated_merged_vids VARCHAR, _fivetran_deleted BOOLEAN); INSERT INTO hub.contact SELECT i, 'p'||(i%35)||'@x.com', CASE WHEN i%4=0 THEN NULL ELSE 'N'||i END, TIMESTAMP '2023-01-01'+INTERVAL (i) DAY, ['lead','mql','sql','customer'][1+i%4], CASE WHEN i%3=0 THEN 'n/a' WHEN i%3=1 THEN (i*1000)::VARCHAR END, CASE WHEN i%5=0 THEN i+1||':1700000000000;'||(i+2)||':1700000000001' END, i%20=0 FROM range(1,50) t(i);
CREATE TABLE hub.email_event (id VARCHAR, type VARCHAR, recipient VARCHAR, campaign_id INTEGER, created TIMESTAMP, duration INTEGER); INSERT INTO hub.email_event SELECT 'e'||i, ['SENT','DELIVERED','OPEN','CLICK','BOUNCE','UNSUBSCRIBE'][1+i%6], 'p'||(i%40)||'@x.com', i%5, TIMESTAMP '2024-01-01'+INTERVAL (i*11) MINUTE, CASE WHEN i%3=0 THEN i END FROM range(1,500) t(i);

-- name: user_hierarchy
with recursive h as (select id, name, manager_id, 1 as level, [id] as chain, name::varchar as path from sf.user where manager_id is null union all select u.id, u.name, u.manager_id, h.level + 1, list_append(h.chain, u.id), h.path || ' > ' || u.name from sf.user u join h on u.manager_id = h.id where not list_contains(h.chain, u.id)) select *, chain[-1] as leaf, chain[1] as root, len(chain) as depth from h

-- name: salesforce__opportunity_enhanced
with o as (select *, created_date >= date_trunc('month', timestamp '2024-03-15') as is_created_this_month, datediff('day', close_date, created_date::date) as days_created_to_close, cast(created_date as date) as created_day from sf.opportunity where not coalesce(is_deleted, false)),
ou as (select * from sf.user)
select o.*, a.name as account_name, a.industry, a.number_of_employees, own.name as opportunity_owner_name, m.name as opportunity_manager_name, own.user_role_id as owner_position, case when o.is_won then 'Won' when not o.is_won and o.is_closed then 'Lost' when not o.is_closed and lower(o.forecast_category) in ('pipeline','forecast','bestcase') then 'Pipeline' else 'Other' end as status, case when o.is_closed then 0 else o.amount * o.probability / 100 end as expected, o.amount * 0.1 as commission, case when is_created_this_month then amount else 0 end as created_amount_this_month
from o left join sf.account a on a.id = o.account_id left join ou own on o.owner_id = own.id left join ou m on m.id = own.manager_id

-- name: salesforce__owner_performance
select opportunity_owner_name, owner_id, sum(case when status = 'Won' then amount else 0 end) as bookings, count(*) filter (status = 'Lost') as lost, sum(expected) as pipe, round(count(*) filter (status='Won') / nullif(count(*) filter (status in ('Won','Lost')), 0), 2) as win_pct, avg(amount) filter (status='Won') as avg_deal, max(amount) as largest, avg(days_created_to_close) as days, rank() over (order by sum(case when status = 'Won' then amount else 0 end) desc) as rnk, sum(sum(amount)) over () as all_amount from salesforce__opportunity_enhanced group by 1, 2

-- name: stage_durations
select opportunity_id, stage_name, created_date as entered_at, lead(created_date, 1, timestamp '2024-06-01') over w as left_at, lead(created_date) over w - created_date as stay, extract(epoch from (lead(created_date) over w - created_date)) / 86400 as days, amount - first_value(amount) over w as amount_delta, last_value(amount ignore nulls) over (partition by opportunity_id order by created_date rows between unbounded preceding and unbounded following) as final_amount, nth_value(stage_name, 2) over w as second_stage from sf.opportunity_history window w as (partition by opportunity_id order by created_date)

-- name: pipeline_snapshot
from (select unnest(range(date '2023-11-01', date '2024-03-01', interval '1 week')) as snap) s
join lateral (select distinct on (opportunity_id) opportunity_id, stage_name, amount from sf.opportunity_history h where h.created_date <= s.snap order by opportunity_id, created_date desc) x on true
select s.snap, x.stage_name, count(*) as n, sum(x.amount) as amount group by all

-- name: pipeline_velocity
select stage_name, median(days) as med, avg(days) as avg_days, quantile_cont(days, 0.9) as p90, count(*) as n, stddev(days) as sd, min(stay) as mn, max(stay) as mx from stage_durations group by stage_name

-- name: accounts_rollup
with recursive t as (select id, id as root_id, 0 as d from sf.account where parent_id is null or parent_id = id union select a.id, t.root_id, t.d + 1 from sf.account a join t on a.parent_id = t.id where t.d < 5)
select r.id, r.name, count(distinct t.id) as members, sum(a.annual_revenue) as revenue, sum(a.number_of_employees)::bigint as heads, string_agg(a.name, '; ' order by a.name) as names, regexp_extract(any_value(r.website), '^https?://(?:www\.)?([^/]+)', 1) as domain from t join sf.account a using (id) join sf.account r on r.id = t.root_id group by r.id, r.name

-- name: account_norm
select id, name, lower(regexp_replace(name, '\s+(gmbh|inc\.?|ltd|ag)$', '', 'i')) as norm, regexp_extract(website, '^(https?)://([^/]+)/(.*)$', ['proto', 'host', 'path']) as parts, regexp_extract(website, '^(https?)://([^/]+)', ['proto', 'host']).host as host, translate(name, 'ae', '43') as leet, soundex.s from sf.account, (select 'x' as s) soundex

-- name: zendesk__ticket_status_history
select ticket_id, value as status, updated as valid_starting_at, coalesce(lead(updated) over (partition by ticket_id, field_name order by updated), timestamptz '2024-04-01 00:00:00+00') as valid_ending_at, dense_rank() over (partition by ticket_id order by updated) as seq from zen.ticket_field_history where field_name = 'status'

-- name: zendesk__status_minutes
select ticket_id, sum(case when status = 'open' then date_diff('minute', valid_starting_at, valid_ending_at) else 0 end) as open_min, sum(case when status in ('pending','hold') then date_diff('minute', valid_starting_at, valid_ending_at) end) as wait_min, max(valid_ending_at - valid_starting_at) as total, max(seq) as changes, bool_and(status <> 'hold') as never_held from zendesk__ticket_status_history group by ticket_id

-- name: zendesk__comments
with c as (select tc.*, t.requester_id, tc.user_id = t.requester_id as is_requester, case when tc.user_id < 4 then 'agent' else 'end-user' end as commenter_role, t.created_at as ticket_created from zen.ticket_comment tc join zen.ticket t on t.id = tc.ticket_id)
select *, lag(commenter_role) over (partition by ticket_id order by created) as prev_role, lag(created) over (partition by ticket_id order by created) as prev_created, sum((commenter_role = 'agent')::int) over (partition by ticket_id order by created) as agent_no from c

-- name: zendesk__reply_times
select ticket_id, min(created) filter (where commenter_role = 'agent' and public) as first_reply, date_diff('second', min(ticket_created), min(created) filter (commenter_role = 'agent' and public)) / 60 as first_reply_min, count(*) filter (commenter_role='agent') as agent_comments, count(*) - count(*) filter (public) as internal, avg(epoch(created - prev_created)) filter (commenter_role='agent' and prev_role='end-user') as avg_reply_s from zendesk__comments group by 1

-- name: zendesk__business_minutes
with days as (select t.id as ticket_id, t.created_at at time zone 'UTC' as c, r.first_reply at time zone 'UTC' as e, unnest(generate_series(date_trunc('day', t.created_at at time zone 'UTC'), date_trunc('day', r.first_reply at time zone 'UTC'), interval 1 day)) as d from zen.ticket t join zendesk__reply_times r on r.ticket_id = t.id where r.first_reply > t.created_at)
select d.ticket_id, sum(greatest(0, date_diff('minute', greatest(d.c, d.d::date + s.start_time), least(d.e, d.d::date + s.end_time)))) as business_minutes, min(d.d::date + s.start_time) as first_open, count(*) as n from days d join zen.schedule s on s.day_of_week = isodow(d.d) group by d.ticket_id

-- name: zendesk__sla
select p.ticket_id, p.metric, p.target_minutes, b.business_minutes, coalesce(b.business_minutes, 0) > p.target_minutes as is_breached, p.applied_at + to_minutes(p.target_minutes) as breach_at, p.applied_at + p.target_minutes * interval '1 minute' as breach_at2, round(b.business_minutes / p.target_minutes * 100, 1) as pct from zen.sla_policy p left join zendesk__business_minutes b using (ticket_id) where metric = 'first_reply_time'

-- name: zendesk__ticket_enriched
select t.* replace (lower(t.subject) as subject, coalesce(t.priority, 'normal') as priority), s.open_min, r.first_reply_min, sla.is_breached, list_contains(t.tags, 'billing') as is_billing, array_length(t.tags) as n_tags, t.custom->'360'->>'v' as custom_v, regexp_extract(t.description, 'code=(\d+)', 1)::int as code, t.satisfaction_score = 'good' as happy, case when t.status in ('solved','closed') then 1 end as solved from zen.ticket t left join zendesk__status_minutes s on s.ticket_id = t.id left join zendesk__reply_times r on r.ticket_id = t.id left join zendesk__sla sla on sla.ticket_id = t.id

-- name: zendesk__backlog
with cal as (select d::date as day from generate_series(date '2024-03-01', date '2024-03-10', interval 1 day) g(d)), hist as (select *, valid_starting_at::date as s, valid_ending_at::date as e from zendesk__ticket_status_history)
select cal.day, hist.status, count(*) as tickets, count(*) - lag(count(*)) over (partition by hist.status order by cal.day) as delta from cal asof join hist on cal.day >= hist.s group by 1, 2

-- name: field_pivot
pivot zen.ticket_field_history on field_name in ('status', 'priority', 'group_id') using last(value order by updated) as last_value, count(*) as n group by ticket_id

-- name: tag_counts
select tag, count(*) as n, count(distinct id) as tickets, avg(len(subject)) as l from (select id, subject, unnest(tags) as tag from zen.ticket) group by tag order by n desc limit 10

-- name: tickets_heatmap
select dayname(created_at) as d, hour(created_at) as h, count(*) as n, count(*) filter (priority = 'urgent')::float / count(*) as urgent_share from zen.ticket group by cube (1, 2)

-- name: hubspot__contacts
with c as (select *, trim(split_part(m.merged, ':', 1))::bigint as merged_id from hub.contact left join lateral (select unnest(string_split(calculated_merged_vids, ';')) as merged) m on true)
select id as contact_id, property_email as email, property_firstname, property_createdate, try_cast(property_annualrevenue as decimal(18,0)) as annual_revenue, coalesce(try_cast(property_annualrevenue as bigint), 0) as rev0, property_hs_lifecyclestage::enum('lead','mql','sql','customer') as stage, property_hs_lifecyclestage::enum('lead','mql','sql','customer') >= 'sql' as qualified, list(merged_id) filter (merged_id is not null) as merged_ids from c where not _fivetran_deleted group by all

-- name: hubspot__email_metrics
select recipient, type, count(*) as n, count(distinct campaign_id) as campaigns, sum(duration) as dur from hub.email_event group by all

-- name: hubspot__email_wide
pivot hubspot__email_metrics on type in ('SENT','OPEN','CLICK') using sum(n)

-- name: hubspot__contact_enriched
select c.*, columns(w.* exclude (recipient)), coalesce(w."OPEN", 0) / nullif(w."SENT", 0) as open_rate from hubspot__contacts c left join (select recipient, sum("SENT") as "SENT", sum("OPEN") as "OPEN", max("CLICK") as "CLICK" from hubspot__email_wide group by recipient) w on w.recipient = c.email

-- name: lead_match
select c.contact_id, u.id as user_id, jaro_winkler_similarity(c.email, u.email) as jw, levenshtein(c.email, u.email) as lev, jaccard(c.email, u.email) as jac, damerau_levenshtein(c.email, u.email) as dl, editdist3(c.email, u.email) as ed, rank() over (partition by c.contact_id order by jaro_winkler_similarity(c.email, u.email) desc) as r from hubspot__contacts c cross join sf.user u qualify r <= 2
