-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA atomic; CREATE SCHEMA ga4;
CREATE TYPE device_class AS ENUM ('desktop','mobile','tablet');
CREATE TABLE atomic.events (app_id VARCHAR, platform VARCHAR, etl_tstamp TIMESTAMP, collector_tstamp TIMESTAMP NOT NULL, dvce_created_tstamp TIMESTAMP, derived_tstamp TIMESTAMP, event VARCHAR, event_id UUID NOT NULL, domain_userid VARCHAR, domain_sessionid VARCHAR, domain_sessionidx SMALLINT, network_userid VARCHAR, user_id VARCHAR, page_url VARCHAR, page_urlhost VARCHAR, page_urlpath VARCHAR, page_urlquery VARCHAR, page_referrer VARCHAR, refr_medium VARCHAR, mkt_source VARCHAR, mkt_medium VARCHAR, geo_country VARCHAR, geo_latitude DOUBLE, geo_longitude DOUBLE, useragent VARCHAR, br_viewwidth INTEGER, doc_height INTEGER, pp_yoffset_max INTEGER, contexts_web_page STRUCT(id UUID)[], contexts_ua STRUCT(useragent_family VARCHAR, os_family VARCHAR, device device_class)[], unstruct_event JSON);
INSERT INTO atomic.events SELECT 'site', 'web', TIMESTAMP '2024-05-01'+INTERVAL (i*40) SECOND, TIMESTAMP '2024-05-01'+INTERVAL (i*40) SECOND, TIMESTAMP '2024-05-01'+INTERVAL (i*40-2) SECOND, CASE WHEN i%15=0 THEN NULL ELSE TIMESTAMP '2024-05-01'+INTERVAL (i*40) SECOND END, ['page_view','page_ping','page_ping','struct','unstruct'][1+i%5], ('00000000-0000-0000-0000-'||printf('%012d', i%480))::UUID, 'u'||(i%30), CASE WHEN i%50=0 THEN NULL ELSE 's'||(i//17) END, 1+(i//100), 'n'||(i%28), CASE WHEN i%4=0 THEN 'usr'||(i%10) END, 'https://www.shop.io/p/'||(i%8)||'?utm_source=g', 'www.shop.io', '/p/'||(i%8), CASE WHEN i%3=0 THEN 'utm_source=g&utm_campaign=c'||i END, NULL, ['search','social',NULL][1+i%3], CASE WHEN i%3=0 THEN 'google' END, CASE WHEN i%3=0 THEN 'cpc' END, ['DE','US',NULL][1+i%3], 52.0+i/100, 13.0, CASE WHEN i%40=0 THEN 'Googlebot/2.1' ELSE 'Mozilla/5.0' END, 1024, 4000, i*7%4000, CASE WHEN i%25=0 THEN NULL ELSE [{'id':('00000000-0000-0000-0001-'||printf('%012d', i//5))::UUID}] END, CASE WHEN i%9=0 THEN NULL ELSE [{'useragent_family':'Chrome','os_family':'Linux','device':['desktop','mobile','tablet'][1+i%3]}] END, CASE WHEN i%5=4 THEN ('{"data":{"schema":"iglu:com/link_click/1-0-1","data":{"targetUrl":"https://x.io/'||i||'","n":'||i||'}}}')::JSON END FROM range(1,500) t(i);
CREATE TABLE ga4.events (event_date VARCHAR, event_timestamp BIGINT, event_name VARCHAR, event_params STRUCT("key" VARCHAR, "value" STRUCT(string_value VARCHAR, int_value BIGINT, float_value FLOAT, double_value DOUBLE))[], event_value_in_usd DOUBLE, user_id VARCHAR, user_pseudo_id VARCHAR, user_properties STRUCT("key" VARCHAR, "value" STRUCT(string_value VARCHAR, int_value BIGINT, set_timestamp_micros BIGINT))[], device STRUCT(category VARCHAR, operating_system VARCHAR, web_info STRUCT(browser VARCHAR, hostname VARCHAR)), geo STRUCT(continent VARCHAR, country VARCHAR, city VARCHAR), traffic_source STRUCT(name VARCHAR, medium VARCHAR, source VARCHAR), ecommerce STRUCT(transaction_id VARCHAR, purchase_revenue DOUBLE, total_item_quantity INTEGER), items STRUCT(item_id VARCHAR, item_name VARCHAR, price DOUBLE, quantity INTEGER, item_params STRUCT("key" VARCHAR, v VARCHAR)[])[]);
INSERT INTO ga4.events SELECT strftime(DATE '2024-04-01'+(i//100)::INT, '%Y%m%d'), epoch_us(TIMESTAMP '2024-04-01'+INTERVAL (i*864) SECOND), ['session_start','page_view','view_item','add_to_cart','purchase'][1+i%5], CASE WHEN i%33=0 THEN NULL ELSE [{'key':'ga_session_id','value':{'string_value':NULL,'int_value':1000+i//9,'float_value':NULL,'double_value':NULL}},{'key':'page_location','value':{'string_value':'https://www.shop.com/item/'||(i%7)||'?gclid=abc','int_value':NULL,'float_value':NULL,'double_value':NULL}},{'key':'engagement_time_msec','value':{'string_value':NULL,'int_value':i*13,'float_value':NULL,'double_value':NULL}}] END, CASE WHEN i%5=4 THEN i*1.1 END, CASE WHEN i%3=0 THEN 'U'||(i%9) END, 'p'||(i%40), [{'key':'tier','value':{'string_value':'gold','int_value':NULL,'set_timestamp_micros':1}}], {'category':['desktop','mobile'][1+i%2],'operating_system':'iOS','web_info':CASE WHEN i%6=0 THEN NULL ELSE {'browser':'Safari','hostname':'www.shop.com'} END}, {'continent':'Europe','country':['Germany','France'][1+i%2],'city':NULL}, CASE WHEN i%7=0 THEN NULL ELSE {'name':'c'||(i%3),'medium':['organic','cpc','(none)'][1+i%3],'source':['google','bing','(direct)'][1+i%3]} END, CASE WHEN i%5=4 THEN {'transaction_id':'T'||i,'purchase_revenue':i*1.1,'total_item_quantity':i%4} END, CASE WHEN i%5>=2 THEN [{'item_id':'I'||(i%7),'item_name':'n','price':9.5,'quantity':1+i%2,'item_params':[{'key':'colour','v':'red'}]},{'item_id':'I'||(i%11),'item_name':NULL,'price':NULL,'quantity':1,'item_params':NULL}] END FROM range(1,400) t(i);

-- name: base_events_this_run
with dedup as (select *, row_number() over (partition by event_id order by collector_tstamp, etl_tstamp) as event_id_dedupe_index, count(*) over (partition by event_id) as event_id_dedupe_count from atomic.events where collector_tstamp >= timestamp '2024-05-01 00:00:00' and app_id in ('site','app') and not regexp_matches(lower(useragent), '(bot|crawl|slurp|spider|archiv|spinn|sniff|seo|audit)') and domain_sessionid is not null)
select d.* exclude (contexts_web_page, event_id_dedupe_index), d.contexts_web_page[1].id as page_view_id, d.contexts_ua[1].useragent_family as ua_family, contexts_ua[1]['device'] as device, coalesce(derived_tstamp, collector_tstamp) as derived_ts, md5(user_id) as user_hash from dedup d where event_id_dedupe_index = 1

-- name: page_views
with ev as (select ev.*, row_number() over (partition by page_view_id order by derived_ts, dvce_created_tstamp) as page_view_id_dedupe_index, regexp_extract(page_urlquery, 'utm_campaign=([^&]*)', 1) as utm_campaign from base_events_this_run ev where event = 'page_view' and page_view_id is not null)
select page_view_id, event_id, app_id, domain_userid, domain_sessionid, domain_sessionidx, row_number() over (partition by domain_sessionid order by derived_ts, dvce_created_tstamp, event_id) as page_view_in_session_index, dvce_created_tstamp, collector_tstamp, derived_ts as start_tstamp, page_url, page_urlpath, doc_height, nullif(utm_campaign, '') as utm_campaign, case when refr_medium = 'search' and (lower(mkt_medium) in ('cpc','ppc') or mkt_source is null) then 'Paid Search' when refr_medium = 'social' then 'Organic Social' when refr_medium is null then 'Direct' else 'Unassigned' end as default_channel_group from ev where page_view_id_dedupe_index = 1

-- name: pings
select page_view_id, max(derived_ts) as end_tstamp, 5 * (count(*) - 1) + 5 as engaged_s, 10 * (count(distinct floor(epoch(dvce_created_tstamp) / 10)) - 1) + 5 as engaged_time_in_s, least(max(greatest(0, coalesce(pp_yoffset_max, 0))), any_value(doc_height)) as vmax, max(doc_height) as doc_height from base_events_this_run where event in ('page_ping','page_view') group by 1

-- name: page_views_final
select pv.*, p.end_tstamp, coalesce(p.engaged_time_in_s, 0) as engaged_time_in_s, timestampdiff.abs_s, round(100 * (least(p.vmax, p.doc_height) / p.doc_height::double)) as scroll_pct from page_views pv left join pings p using (page_view_id) left join lateral (select date_diff('second', pv.start_tstamp, p.end_tstamp) as abs_s) timestampdiff on true

-- name: sessions
with f as (select distinct on (domain_sessionid) domain_sessionid, page_url as first_page_url, page_urlhost, refr_medium, mkt_source, geo_country from base_events_this_run where event in ('page_view','page_ping') order by domain_sessionid, derived_ts, event_id),
a as (select domain_sessionid, any_value(domain_userid) as domain_userid, min(derived_ts) as start_tstamp, max(derived_ts) as end_tstamp, count(*) as total_events, count(distinct page_view_id) filter (event = 'page_view') as page_views, max(user_id) as stitched, count(*) filter (event = 'unstruct') > 0 as interacted, arg_max(page_url, derived_ts) as last_page_url, histogram(event) as ev_hist, mode(device) as device from base_events_this_run group by 1)
select a.*, f.* exclude (domain_sessionid), (page_views >= 2 or date_diff('second', start_tstamp, end_tstamp) / 10 >= 2 or interacted) as is_engaged, element_at(ev_hist, 'page_ping') as ping_list, ev_hist['page_view'] as n_pv from a left join f on f.domain_sessionid = a.domain_sessionid

-- name: users
select domain_userid, count(*) as sessions, min(start_tstamp) as first_seen, max(end_tstamp) as last_seen, sum(page_views) as page_views, list(distinct geo_country) filter (geo_country is not null) as countries, first(mkt_source order by start_tstamp) as first_source, last(first_page_url order by start_tstamp) as last_landing, avg(is_engaged::int) as engagement_rate, max(user_stitch.u) as user_id from sessions left join (select domain_userid as du, max(user_id) as u from atomic.events group by 1) user_stitch on user_stitch.du = sessions.domain_userid group by domain_userid

-- name: link_clicks
select event_id, unstruct_event->'data'->>'schema' as schema_uri, split(split_part(unstruct_event->'data'->>'schema', ':', 2), '/') as vendor_parts, unstruct_event->>'$.data.data.targetUrl' as target_url, (unstruct_event->'$.data.data.n')::int as n, json_extract(unstruct_event, ['$.data.schema','$.data.data.n']) as both, json_structure(unstruct_event) as st, json_valid('{}') as v from atomic.events where unstruct_event is not null

-- name: user_mapping
select distinct domain_userid, last_value(user_id ignore nulls) over (partition by domain_userid order by collector_tstamp rows between unbounded preceding and unbounded following) as user_id, max(collector_tstamp) over (partition by domain_userid) as end_tstamp from atomic.events where domain_userid is not null

-- name: url_stats
select page_urlpath, count(*) as views, count(distinct domain_sessionid) as uniq, avg(engaged_time_in_s) as avg_engaged, median(scroll_pct) as med_scroll, count(*) filter (page_view_in_session_index = 1) as entrances, url_decode(page_urlpath) as decoded, url_encode(page_urlpath) as enc, parse_path(page_urlpath) as segs, parse_filename(page_urlpath) as fname from page_views_final group by page_urlpath

-- name: ga4_base
select strptime(event_date, '%Y%m%d')::date as event_date_dt, event_timestamp, make_timestamp(event_timestamp) as event_ts, lower(replace(trim(event_name), ' ', '_')) as event_name, event_params, (select value.int_value from (select unnest(event_params) as p), lateral (select p.value as value, p.key as key) where key = 'ga_session_id') as session_id, list_filter(event_params, p -> p.key = 'page_location')[1].value.string_value as page_location, coalesce(list_extract(list_filter(event_params, p -> p.key = 'engagement_time_msec'), 1).value.int_value, 0) as engagement_ms, user_id, user_pseudo_id, device.category as device_category, device.web_info.browser as browser, geo.*, traffic_source, ecommerce, items from ga4.events

-- name: ga4_params_long
select event_timestamp, user_pseudo_id, p.key, coalesce(p.value.string_value, p.value.int_value::varchar, p.value.float_value::varchar, p.value.double_value::varchar) as val, unnest(p.value) from (select event_timestamp, user_pseudo_id, unnest(event_params) as p from ga4.events)

-- name: ga4_params_map
select event_timestamp, user_pseudo_id, map_from_entries(list((key, val))) as params, map(list(key), list(val)) as params2 from ga4_params_long group by all

-- name: ga4_sessions
with k as (select *, md5(concat(user_pseudo_id, '-', session_id)) as session_key, regexp_replace(page_location, '\?.*', '') as page, url.q from ga4_base left join lateral (select string_split(page_location, '?')[2] as q) url on true where session_id is not null)
select session_key, min(event_date_dt) as session_date, min(event_ts) as started_at, max(event_ts) - min(event_ts) as len, sum(engagement_ms) / 1000 as eng_s, count_if(event_name = 'page_view') as pv, count_if(event_name = 'purchase') > 0 as converted, sum(ecommerce.purchase_revenue) as revenue, first_value.fv, any_value(traffic_source.source) as source, coalesce(nullif(any_value(traffic_source.medium), '(none)'), 'direct') as medium, array_agg(page order by event_ts) filter (page is not null) as pages, list_unique(array_agg(page)) as n_pages from k, (select 1 as fv) first_value group by session_key, first_value.fv

-- name: ga4_items
select b.event_ts, b.event_name, i.item_id, i.item_name, i.price * i.quantity as item_revenue, i.item_params[1].v as colour, generate_subscripts(b.items, 1) as pos from ga4_base b, unnest(b.items) as u(i)

-- name: ga4_item_funnel
pivot (select item_id, event_name, 1 as n from ga4_items) on event_name in ('view_item','add_to_cart','purchase') using coalesce(sum(n), 0) as c group by item_id

-- name: ga4_item_rates
select item_id, view_item_c, add_to_cart_c / nullif(view_item_c, 0) as cart_rate, purchase_c / nullif(add_to_cart_c, 0) as buy_rate, struct_pack(a := item_id, b := purchase_c) as r from ga4_item_funnel

-- name: ga4_items_exploded
select event_ts, unnest(items, recursive := true) from ga4_base where items is not null

-- name: ga4_attribution
with t as (select user_pseudo_id, event_ts, traffic_source.source as src, event_name, event_value_in_usd from (select *, make_timestamp(event_timestamp) as event_ts from ga4.events)),
conv as (select user_pseudo_id, event_ts as conv_ts, event_value_in_usd as value from t where event_name = 'purchase'),
touches as (select c.user_pseudo_id, c.conv_ts, c.value, t.event_ts, t.src, row_number() over (partition by c.user_pseudo_id, c.conv_ts order by t.event_ts) as pos, count(*) over (partition by c.user_pseudo_id, c.conv_ts) as n, pow(2, -date_diff('day', t.event_ts, c.conv_ts) / 7.0) as decay from conv c join t on t.user_pseudo_id = c.user_pseudo_id and t.event_ts between c.conv_ts - interval 30 day and c.conv_ts and t.src is not null)
select src, sum(value) filter (pos = 1) as first_touch, sum(value) filter (pos = n) as last_touch, sum(value / n) as linear, sum(value * decay / tot) as time_decay, sum(value * case when n = 1 then 1 when n = 2 then 0.5 when pos in (1, n) then 0.4 else 0.2 / (n - 2) end) as position_based from (select *, sum(decay) over (partition by user_pseudo_id, conv_ts) as tot from touches) group by src

-- name: ga4_user_props
select user_pseudo_id, max(case when up.key = 'tier' then up.value.string_value end) as tier, to_timestamp(max(up.value.set_timestamp_micros) / 1e6) as set_at, epoch_ms(max(up.value.set_timestamp_micros // 1000)) as set_at2 from ga4.events, unnest(user_properties) as x(up) group by 1

-- name: ga4_daily_wide
from ga4_base select event_date_dt, device_category, count(*) as events, count(distinct user_pseudo_id) as users, count(distinct coalesce(user_id, user_pseudo_id)) as people, {'pv': count_if(event_name='page_view'), 'buy': count_if(event_name='purchase')} as k group by grouping sets ((event_date_dt), (event_date_dt, device_category), ())

-- name: ga4_kpis
select event_date_dt, k.pv, k.buy / nullif(k.pv, 0) as cr, struct_insert(k, cr := k.buy / k.pv) as k2, struct_extract(k, 'buy') as b from ga4_daily_wide where device_category is null
