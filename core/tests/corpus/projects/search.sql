-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA v;
CREATE TABLE v.doc (id INTEGER, title VARCHAR, body VARCHAR, emb FLOAT[4], emb_list DOUBLE[], lang VARCHAR, meta JSON, tags VARCHAR[], published DATE, author STRUCT(name VARCHAR, orcid VARCHAR)); INSERT INTO v.doc SELECT i, CASE WHEN i%7=0 THEN NULL ELSE 'The Title of Doc '||i END, 'lorem ipsum '||repeat('dolor ', i%5)||'sit amet #'||i, CASE WHEN i%9=0 THEN NULL ELSE [sin(i), cos(i), i/10.0, 1] END::FLOAT[4], CASE WHEN i%9=0 THEN NULL ELSE [sin(i), cos(i), i/10.0, 1] END, ['en','de',NULL][1+i%3], CASE WHEN i%4=0 THEN NULL ELSE ('{"year":'||(2000+i%20)||',"refs":['||i||','||(i+1)||'],"score":0.5}')::JSON END, CASE WHEN i%5=0 THEN NULL ELSE ['ml','t'||(i%3)] END, DATE '2020-01-01'+(i*30)::INT, CASE WHEN i%6=0 THEN NULL ELSE {'name':'Ann '||(i%4),'orcid':NULL} END FROM range(1,60) t(i);
CREATE TABLE v.query (qid INTEGER, q VARCHAR, emb FLOAT[4]); INSERT INTO v.query SELECT i, 'title doc '||i, [cos(i), sin(i), 1, 0]::FLOAT[4] FROM range(1,6) t(i);
CREATE TABLE v.person (id INTEGER, first VARCHAR, last VARCHAR, dob DATE, email VARCHAR, phone VARCHAR, addr VARCHAR); INSERT INTO v.person SELECT i, ['Jon','John','Jonathan','Mary',NULL][1+i%5], 'Smi'||['th','the','t'][1+i%3], DATE '1980-01-01'+(i%20)::INT, CASE WHEN i%4=0 THEN NULL ELSE 'Jon.Smith+'||(i%9)||'@Example.com' END, '(0'||i||') 555-01'||(i%10), i||' Main St.' FROM range(1,50) t(i);

-- name: docs
select id, coalesce(title, left(body, 20)) as title, body, emb, emb::double[4] as emb_d, emb::float[] as emb_l, len(emb_list) as dim, emb[1] as e1, emb_list[1:2] as head, emb_list[-1:] as tail, lang, (meta->>'year')::int as yr, cast(meta->'refs' as int[]) as refs, meta->>'$.score' as score, author.name as author, published from v.doc

-- name: knn
select q.qid, d.id, array_cosine_similarity(q.emb, d.emb) as sim, array_distance(q.emb, d.emb) as dist, array_inner_product(q.emb, d.emb) as ip, array_negative_inner_product(q.emb, d.emb) as nip, array_cross_product([1,2,3]::float[3], [3,2,1]::float[3]) as cp, list_cosine_similarity(q.emb::float[], d.emb_l) as sim2, 1 - array_cosine_distance(q.emb, d.emb) as sim3, row_number() over (partition by q.qid order by array_cosine_similarity(q.emb, d.emb) desc nulls last) as rk from v.query q cross join docs d qualify rk <= 5

-- name: knn_lists
select qid, list(id order by rk) as ids, list(sim order by rk) as sims, max(sim) as best, avg(dist) as avg_dist, min_by(id, rk) as top, list({id: id, s: round(sim, 3)} order by rk)[1].s as s1 from knn group by qid

-- name: centroid
select lang, list_transform([avg(emb[1]), avg(emb[2]), avg(emb[3]), avg(emb[4])], x -> round(x, 4)) as c, [avg(emb[1]), avg(emb[2])]::double[2] as c2, array_value(avg(emb[1]), 1.0) as av, count(emb) as n from docs group by lang

-- name: norms
select id, sqrt(list_sum(list_transform(emb_l, x -> x * x))) as l2, list_transform(emb_l, x -> x / sqrt(list_sum([y * y for y in emb_l]))) as unit, list_aggregate(emb_l, 'avg') as mean, list_stddev_pop(emb_l) as sd, list_min(emb_l) as mn, list_max(emb_l) as mx, list_median(emb_l) as med, list_reverse_sort(emb_l) as rs, list_grade_up(emb_l) as gu, array_to_string(emb_l, ',') as txt, list_any_value(refs) as av, list_resize(refs, 3, 0) as rz, list_slice(refs, 1, 1) as sl from docs

-- name: tokens
select id, unnest(string_split(lower(body), ' ')) as tok, generate_subscripts(string_split(lower(body), ' '), 1) as pos from docs

-- name: tfidf
with tf as (select id, tok, count(*) as n, sum(count(*)) over (partition by id) as total from tokens where tok <> '' group by id, tok), df as (select tok, count(distinct id) as df from tokens group by tok), n as (select count(*) as docs from docs)
select tf.id, tf.tok, tf.n / tf.total as tf, ln(n.docs / df.df) as idf, (tf.n / tf.total) * ln(n.docs / df.df) as w, rank() over (partition by tf.id order by (tf.n / tf.total) * ln(n.docs / df.df) desc) as r from tf join df using (tok), n

-- name: bigrams
select w1 || ' ' || w2 as bigram, count(*) as n, pmi.x from (select tok as w1, lead(tok) over (partition by id order by pos) as w2 from tokens), (select 0.5 as x) pmi where w2 is not null group by all having count(*) > 1

-- name: persons_norm
select id, lower(trim(first)) as f, lower(last) as l, dob, lower(regexp_replace(email, '\+[^@]*', '')) as em, regexp_replace(phone, '\D', '', 'g') as ph, right(regexp_replace(phone, '\D', '', 'g'), 7) as ph7, upper(left(first, 1)) || '.' as ini, list_aggr(string_split(lower(last), ''), 'string_agg', '-') as sp, ascii(last) as a, chr(65 + id % 26) as c, md5_number(email) as mn, strip_accents('é' || last) as sa, unicode(last) as u, instr(email, '@') as at_pos, email ilike '%example%' as ex, email similar to '.*com' as st, format('{}-{}', last, id) as fm, printf('%s %d', last, id) as pf, base64(encode(email)) as b64, levenshtein(first, last) as lv from v.person

-- name: matches
select a.id as a_id, b.id as b_id, coalesce(jaro_winkler_similarity(a.f, b.f), 0) as f_sim, jaro_winkler_similarity(a.l, b.l, 0.5) as l_sim, (a.dob = b.dob)::int as dob_eq, abs(a.dob - b.dob) as dob_diff, a.em is not distinct from b.em as em_eq, case when a.ph7 = b.ph7 then 1.0 else 0 end as ph_eq, (0.4 * coalesce(jaro_winkler_similarity(a.f, b.f), 0) + 0.4 * jaro_winkler_similarity(a.l, b.l) + 0.2 * (a.dob = b.dob)::int) as score from persons_norm a join persons_norm b on a.id < b.id and (a.dob = b.dob or a.em = b.em) where levenshtein(a.l, b.l) <= 2

-- name: clusters
with recursive e as (select a_id as x, b_id as y from matches where score > 0.8 union select b_id, a_id from matches where score > 0.8), c(id, root) as (select id, id from persons_norm union select e.y, c.root from c join e on e.x = c.id where c.root < e.y)
select min(root) as cluster, id, count(*) over (partition by min(root)) as size from c group by id

-- name: golden
select cluster, max(size) as size, mode(p.first) as first, arg_max(p.last, length(p.last)) as last, min(p.dob) as dob, list(distinct p.email) filter (p.email is not null) as emails, first(p.phone order by p.id desc) as phone, any_value(p.addr) as addr, 'C' || lpad(cluster::varchar, 6, '0') as gk, uuid() is not null as u, hash(cluster, max(size)) as hk from clusters join v.person p using (id) group by cluster

-- name: facets
from (select unnest(tags) as tag, author.name as author, date_part('year', published) as yr from v.doc) select tag, author, yr, count(*) as n group by grouping sets ((tag), (author), (yr), (tag, yr)) order by all

-- name: refs_graph
select d.id as src, r.ref as dst, d2.title as dst_title, d2.id is null as dangling from docs d, unnest(d.refs) as r(ref) left join docs d2 on d2.id = r.ref

-- name: years
select yr, count(*) filter (lang = 'en') as en, count(*) filter (lang = 'de') as de, count(*) - count(lang) as unk, {'en': count(*) filter (lang = 'en'), 'tot': count(*)} as st, map{'n': count(*)} as m, [yr, count(*)] as pair from (select *, 1 as v from docs) group by yr
