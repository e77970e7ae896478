-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA lg;
COPY (SELECT i AS id, CASE WHEN i%5=0 THEN NULL ELSE 'name '||i END AS name, i*1.5 AS amount, DATE '2024-01-01'+i::INT AS day, i%2=0 AS ok FROM range(1,50) t(i)) TO '{dir}/sales.csv' (HEADER);
COPY (SELECT i AS id, 'x;y' AS s, TIMESTAMP '2024-01-01 10:00:00'+INTERVAL (i) HOUR AS ts FROM range(1,20) t(i)) TO '{dir}/semi.csv' (HEADER, DELIMITER ';');
COPY (SELECT i::INT AS id, {'a': i, 'b': 'q'} AS st, [i, i+1] AS li, (i*1.25)::DECIMAL(9,2) AS dec, MAP{'k': i} AS m, 'p'||(i%2) AS part FROM range(1,20) t(i)) TO '{dir}/events.parquet';
COPY (SELECT i AS id, {'name':'u'||i,'tags':['a','b']} AS usr, CASE WHEN i%3=0 THEN NULL ELSE i*0.5 END AS v FROM range(1,20) t(i)) TO '{dir}/events.json';
COPY (SELECT i AS id, 'p'||(i%2) AS part, i*2 AS v FROM range(1,20) t(i)) TO '{dir}/parts' (FORMAT parquet, PARTITION_BY (part), OVERWRITE);
CREATE TABLE lg.access (line VARCHAR, file VARCHAR, n BIGINT); INSERT INTO lg.access SELECT '10.0.'||(i%4)||'.'||(i%200)||' - - [0'||(1+i%9)||'/May/2024:10:'||printf('%02d', i%60)||':00 +0000] "'||['GET','POST'][1+i%2]||' /api/v1/users/'||i||'?x='||(i%3)||' HTTP/1.1" '||[200,404,500][1+i%3]||' '||(i*17)||' "-" "curl/8.'||(i%5)||'"', 'a.log', i FROM range(1,150) t(i);
CREATE TABLE lg.app (raw JSON, received TIMESTAMPTZ); INSERT INTO lg.app SELECT ('{"level":"'||['INFO','WARN','ERROR'][1+i%3]||'","msg":"m'||i||'","ctx":{"req":"r'||(i%20)||'","ms":'||i||',"tags":["x","y'||(i%2)||'"]},"ts":"2024-05-01T10:'||printf('%02d',i%60)||':00Z"}')::JSON, TIMESTAMPTZ '2024-05-01 10:00:00+00'+INTERVAL (i) SECOND FROM range(1,200) t(i);
CREATE TABLE lg.kv (id INTEGER, txt VARCHAR); INSERT INTO lg.kv SELECT i, 'user='||i||' action=login status='||['ok','fail'][1+i%2]||' dur='||(i*3)||'ms' FROM range(1,60) t(i);

-- name: csv_plain
select * from read_csv('{dir}/sales.csv')

-- name: csv_bare
select id, name, amount * 2 as twice, day + 1 as next_day, strftime(day, '%W') as wk, ok and amount > 10 as big from '{dir}/sales.csv'

-- name: csv_typed
from read_csv('{dir}/sales.csv', columns = {'id': 'INTEGER', 'name': 'VARCHAR', 'amount': 'DECIMAL(9,2)', 'day': 'DATE', 'ok': 'BOOLEAN'}, header = true)

-- name: csv_types
select *, filename from read_csv('{dir}/sales.csv', types = {'amount': 'FLOAT'}, filename = true, nullstr = 'NA')

-- name: csv_semi
select id, s, ts, ts::date as d, string_split(s, ';') as parts from read_csv_auto('{dir}/semi.csv', delim = ';')

-- name: csv_all_varchar
select count(*) as n, max(amount) as m, try_cast(min(amount) as decimal(8,2)) as mn from read_csv('{dir}/sales.csv', all_varchar = true)

-- name: pq
select id, st.a, st.b, unnest(li) as l, dec * 2 as dec2, m['k'] as mk, part from read_parquet('{dir}/events.parquet')

-- name: pq_bare
select part, sum(dec) as s, list(st) as sts, max(li) as ml from '{dir}/events.parquet' group by part

-- name: pq_hive
select part, count(*) as n, sum(v) as v from read_parquet('{dir}/parts/*/*.parquet', hive_partitioning = true) group by part

-- name: pq_list
select *, file_row_number from read_parquet(['{dir}/events.parquet'], file_row_number = true)

-- name: js
select id, usr.name, usr.tags[1] as t1, v, coalesce(v, 0) as v0 from read_json('{dir}/events.json')

-- name: js_auto
select * from read_json_auto('{dir}/events.json', format = 'newline_delimited')

-- name: js_bare
select id, usr, v from '{dir}/events.json'

-- name: js_cols
select id, usr->>'name' as n from read_json('{dir}/events.json', columns = {id: 'BIGINT', usr: 'JSON'})

-- name: txt
select filename, length(content) as len, size, last_modified from read_text('{dir}/semi.csv')

-- name: globbed
select file from glob('{dir}/*.csv')

-- name: access_parsed
select n, regexp_extract(line, '^(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\d+)', ['ip','ts','method','path','status','bytes']) as r from lg.access

-- name: access_log
select n, r.ip, strptime(r.ts, '%d/%b/%Y:%H:%M:%S %z') as ts, try_strptime(left(r.ts, 11), '%d/%b/%Y') as d, r.method, split_part(r.path, '?', 1) as path, regexp_extract(r.path, '[?&]x=(\d+)', 1) as x, r.status::smallint as status, r.bytes::ubigint as bytes, r.status::int // 100 as class, string_split_regex(r.path, '[/?]') as segs, regexp_replace(r.path, '/\d+', '/:id', 'g') as route, string_split(r.ip, '.')[1]::utinyint as octet from access_parsed

-- name: access_stats
select route, method, count(*) as hits, count_if(class = 5) / count(*) as err_rate, sum(bytes) as bytes, avg(bytes) as avg_bytes, quantile_cont(bytes, [0.5, 0.99]) as q, format_bytes(sum(bytes)::bigint) as human, min(ts) as first_ts, max(ts) - min(ts) as span, list(distinct ip)[:3] as some_ips, max(octet) as mo, sum(status) as ss, bool_and(status < 500) as fine from access_log group by all order by hits desc

-- name: access_minutes
select date_trunc('minute', ts) as minute, status, count(*) as n, sum(count(*)) over (partition by status order by date_trunc('minute', ts) rows between 4 preceding and current row) as n5 from access_log group by 1, 2

-- name: app_log
select raw->>'level' as level, raw->>'$.msg' as msg, (raw->'ctx'->>'ms')::double as ms, raw->'ctx'->'tags' as tags, cast(raw->'ctx'->'tags' as varchar[]) as tag_list, (raw->>'ts')::timestamptz as ts, received - (raw->>'ts')::timestamptz as lag_, raw->'ctx'->>'req' as req, json_extract_string(raw, ['$.level', '$.msg']) as two, json_exists(raw, '$.ctx.ms') as has_ms, raw.ctx.ms as dotted, raw.level as lv from lg.app

-- name: app_requests
select req, min(ts) as t0, max(ts) as t1, list({'m': msg, 'l': level} order by ts) as trail, max(case level when 'ERROR' then 3 when 'WARN' then 2 else 1 end) as sev, count(*) filter (level = 'ERROR') as errors, sum(ms) as ms, list_distinct(flatten(list(tag_list))) as tags, string_agg(left(level, 1), '' order by ts) as sig, json_group_object(msg, ms) as j from app_log group by req

-- name: kv_parsed
select id, map_from_entries(list_transform(string_split(txt, ' '), x -> (split_part(x, '=', 1), split_part(x, '=', 2)))) as kv, list_transform(string_split(txt, ' '), (x, i) -> i || ':' || x) as idx, regexp_extract_all(txt, '(\w+)=(\w+)', 2) as vals, list_filter(string_split(txt, ' '), x -> x like 'a%') as a, string_split(txt, ' ')[-1] as last_kv from lg.kv

-- name: kv_cols
select id, kv['user']::int as usr, kv['action'] as action, kv['status'] = 'ok' as ok, replace(kv['dur'], 'ms', '')::int as ms, coalesce(kv['nope'], '-') as nope from kv_parsed

-- name: kv_fail_runs
with g as (select id, ok, row_number() over (order by id) - row_number() over (partition by ok order by id) as grp from kv_cols) select min(id) as lo, max(id) as hi, count(*) as n from g where not ok group by grp order by n desc limit 5 offset 1

-- name: joined_files
select c.id, c.name, p.dec, j.usr.tags as tags, p.dec - c.amount as diff, coalesce(c.name, j.usr.name) as nm from '{dir}/sales.csv' c left join '{dir}/events.parquet' p using (id) left join '{dir}/events.json' j on j.id = c.id where c.ok

-- name: union_files
select id, amount::double as v, 'csv' as src from csv_plain union all by name select 'json' as src, v, id from js union all by name select id, dec::double as v, part from '{dir}/events.parquet'
