-- The tables of this project; its models follow, each after its name.
CREATE SCHEMA h;
CREATE TABLE h.patient (mrn VARCHAR NOT NULL, dob DATE, sex CHAR(1), zip VARCHAR, deceased_at TIMESTAMP, pcp_id INTEGER, ethnicity VARCHAR, weight_kg DECIMAL(5,1), height_cm UTINYINT); INSERT INTO h.patient SELECT 'M'||i, CASE WHEN i%14=0 THEN NULL ELSE DATE '1940-01-01'+(i*271)::INT END, ['F','M',NULL][1+i%3], printf('%05d', i*31), CASE WHEN i%20=0 THEN TIMESTAMP '2024-02-01' END, i%7, NULL, CASE WHEN i%6=0 THEN NULL ELSE 50+i/3 END, 150+i%50 FROM range(1,90) t(i);
CREATE TABLE h.encounter (id UUID NOT NULL, mrn VARCHAR, admit TIMESTAMP, discharge TIMESTAMP, class VARCHAR, drg VARCHAR, charges DECIMAL(12,2)); INSERT INTO h.encounter SELECT ('00000000-0000-0000-0000-'||printf('%012d', i))::UUID, 'M'||(1+i%95), TIMESTAMP '2023-06-01'+INTERVAL (i*17) HOUR, CASE WHEN i%9=0 THEN NULL ELSE TIMESTAMP '2023-06-03'+INTERVAL (i*18) HOUR END, ['IP','OP','ED'][1+i%3], CASE WHEN i%3=0 THEN 'D'||(i%8) END, i*123.45 FROM range(1,300) t(i);
CREATE TABLE h.dx (encounter_id UUID, seq TINYINT, code VARCHAR, poa BOOLEAN); INSERT INTO h.dx SELECT ('00000000-0000-0000-0000-'||printf('%012d', 1+i%310))::UUID, i//310, ['E11.9','I10','N18.3','I50.9','J44.1','C34.90'][1+i%6], i%4>0 FROM range(0,800) t(i);
CREATE TABLE h.claim (claim_id BIGINT, line SMALLINT, mrn VARCHAR, dos DATE, cpt VARCHAR, units DECIMAL(6,2), billed DECIMAL(11,2), allowed DECIMAL(11,2), paid DECIMAL(11,2), denial VARCHAR, adjud TIMESTAMP); INSERT INTO h.claim SELECT i//2, i%2, 'M'||(1+i%95), DATE '2023-06-01'+(i//2)::INT, (99200+i%16)::VARCHAR, 1+i%3, i*10.10, CASE WHEN i%7=0 THEN NULL ELSE i*7.07 END, CASE WHEN i%5=0 THEN 0 ELSE i*5.05 END, CASE WHEN i%5=0 THEN 'CO-'||(i%50) END, TIMESTAMP '2023-07-01'+INTERVAL (i) DAY FROM range(1,400) t(i);
CREATE TABLE h.coverage (mrn VARCHAR, plan VARCHAR, eff DATE, term DATE, premium DECIMAL(8,2)); INSERT INTO h.coverage SELECT 'M'||(1+i%80), ['gold','silver'][1+i%2], DATE '2023-01-01'+(i*5)::INT, CASE WHEN i%3=0 THEN NULL ELSE DATE '2023-06-30'+(i*5)::INT END, 100+i FROM range(0,140) t(i);
CREATE TABLE h.lab (mrn VARCHAR, test VARCHAR, taken TIMESTAMP, result VARCHAR, unit VARCHAR, lo DOUBLE, hi DOUBLE); INSERT INTO h.lab SELECT 'M'||(1+i%95), ['a1c','ldl','egfr'][1+i%3], TIMESTAMP '2023-06-01'+INTERVAL (i*7) HOUR, CASE i%10 WHEN 0 THEN '<5.0' WHEN 1 THEN 'hemolyzed' ELSE (5+i%9)::VARCHAR END, ['%','mg/dL',NULL][1+i%3], 4, CASE WHEN i%4=0 THEN NULL ELSE 10 END FROM range(0,500) t(i);
CREATE TABLE h.rx (mrn VARCHAR, drug VARCHAR, fill DATE, days_supply INTEGER, qty DECIMAL(7,3)); INSERT INTO h.rx SELECT 'M'||(1+i%60), ['metformin','Metformin HCl','lisinopril'][1+i%3], DATE '2023-01-01'+(i*3)::INT, 30, i%60 FROM range(0,240) t(i);

-- name: dim_patient
select mrn, dob, sex, zip[1:3] as zip3, case when deceased_at is not null then 'deceased' else 'alive' end as vital, date_diff('year', dob, date '2024-01-01') - (strftime(dob, '%m%d') > '0101')::int as age, floor(date_diff('day', dob, date '2024-01-01') / 365.25)::int as age2, round(weight_kg / pow(height_cm / 100.0, 2), 1) as bmi, weight_kg / (height_cm::int * height_cm) as raw_bmi, weight_kg * 2.20462 as lb, height_cm + 10 as h10, coalesce(sex, 'U') as sex_code, ethnicity is null or ethnicity = '' as eth_missing, sha256(mrn || 'salt') as pid, hash(mrn) as h, pcp_id from h.patient

-- name: fct_encounter
select e.id, e.mrn, e.admit, e.discharge, e.class, date_diff('hour', e.admit, e.discharge) / 24.0 as los, e.discharge - e.admit as los_interval, p.age, p.age >= 65 as senior, e.charges, e.charges / nullif(date_diff('day', e.admit, e.discharge), 0) as per_day, lag(e.discharge) over w as prev_discharge, date_diff('day', lag(e.discharge) over w, e.admit) as gap, coalesce(date_diff('day', lag(e.discharge) over w, e.admit) <= 30, false) as readmit_30d, count(*) over (partition by e.mrn order by e.admit range between interval 365 day preceding and current row) as enc_12m from h.encounter e left join dim_patient p on p.mrn = e.mrn window w as (partition by e.mrn order by e.admit)

-- name: comorbidity
with m as (select * from (values ('E11', 'diabetes', 1), ('I50', 'chf', 2), ('N18', 'ckd', 2), ('C34', 'cancer', 6), ('J44', 'copd', 1)) v(prefix, cond, weight)), x as (select distinct e.mrn, m.cond, m.weight from h.dx d join h.encounter e on e.id = d.encounter_id join m on starts_with(d.code, m.prefix))
select mrn, sum(weight) as score, count(*) as n, list(cond order by cond) as conds, bool_or(cond = 'diabetes') as has_dm, max(case when cond = 'ckd' then 1 else 0 end) as ckd, string_agg(cond, '+' order by weight desc, cond) as label, sum(weight) + 0.5 as adj from x group by mrn

-- name: claims_header
select claim_id, mrn, min(dos) as dos, sum(billed) as billed, sum(allowed) as allowed, sum(paid) as paid, sum(billed) - sum(coalesce(allowed, 0)) as writeoff, sum(paid) / nullif(sum(allowed), 0) as pay_rate, sum(units * allowed) as ext, avg(allowed) as avg_allowed, count(denial) as denials, bool_and(denial is null) as clean, max(adjud) - min(dos)::timestamp as turnaround, any_value(denial) as denial, round(avg(paid), 2) as ap, sum(billed)::decimal(18,4) * 1.05 as proj from h.claim group by claim_id, mrn

-- name: pmpm
with recursive months(m) as (select date '2023-01-01' union all select (m + interval 1 month)::date from months where m < date '2023-12-01'), mm as (select c.mrn, c.plan, months.m from h.coverage c join months on months.m between date_trunc('month', c.eff) and coalesce(c.term, date '2999-12-31'))
select mm.plan, mm.m, count(distinct mm.mrn) as members, coalesce(sum(ch.paid), 0) as paid, coalesce(sum(ch.paid), 0) / count(distinct mm.mrn) as pmpm, sum(sum(ch.paid)) over (partition by mm.plan order by mm.m) / sum(count(distinct mm.mrn)) over (partition by mm.plan order by mm.m) as ytd from mm left join claims_header ch on ch.mrn = mm.mrn and date_trunc('month', ch.dos) = mm.m group by 1, 2

-- name: coverage_merged
with o as (select *, max(coalesce(term, date '9999-12-31')) over (partition by mrn order by eff, term rows between unbounded preceding and 1 preceding) as prev_end from h.coverage), g as (select *, sum(case when prev_end is null or eff > prev_end + 1 then 1 else 0 end) over (partition by mrn order by eff) as span_no from o)
select mrn, span_no, min(eff) as eff, case when max(coalesce(term, date '9999-12-31')) = date '9999-12-31' then null else max(term) end as term, count(*) as segments, list(distinct plan) as plans, sum(premium) as premium, max(coalesce(term, date '2024-01-01')) - min(eff) as days from g group by mrn, span_no

-- name: coverage_scd
select c.*, row_number() over (partition by mrn order by eff) as version, coalesce(lead(eff) over (partition by mrn order by eff) - 1, term) as valid_to, lead(eff) over (partition by mrn order by eff) is null as is_current, md5(concat_ws('||', mrn, plan, premium)) as row_hash, md5(row(mrn, plan)::varchar) as rh2 from h.coverage c

-- name: claim_with_plan
select h.claim_id, h.dos, s.plan, s.version, coalesce(s.plan, 'uninsured') as plan2, h.paid * case s.plan when 'gold' then 1.0 when 'silver' then 0.8 end as adj_paid from claims_header h left join coverage_scd s on s.mrn = h.mrn and h.dos >= s.eff and (h.dos <= s.valid_to or s.valid_to is null)

-- name: labs_numeric
select mrn, test, taken, result, try_cast(regexp_replace(result, '^[<>]=?', '') as double) as val, result ~ '^[<>]' as censored, case when try_cast(result as double) > hi then 'H' when try_cast(result as double) < lo then 'L' when try_cast(result as double) is null then null else 'N' end as flag, unit.lower() as unit, nullif(hi, 10) as nh, lo between 3 and hi as ok_range from h.lab

-- name: labs_latest
select * from labs_numeric where val is not null qualify row_number() over (partition by mrn, test order by taken desc) = 1

-- name: labs_wide
pivot labs_latest on test in ('a1c','ldl','egfr') using first(val) as v, first(flag) as f group by mrn

-- name: labs_trend
select mrn, test, regr_slope(val, epoch(taken) / 86400) as slope, regr_intercept(val, epoch(taken)) as icept, regr_count(val, epoch(taken)) as n, covar_samp(val, epoch(taken)) as cv, max_by(val, taken) - min_by(val, taken) as delta, max(val, 2) as top2, arg_max(val, taken, 2) as last2 from labs_numeric group by 1, 2 having count(val) >= 2

-- name: adherence
with f as (select mrn, lower(split_part(drug, ' ', 1)) as drug, fill, days_supply, fill + days_supply as runs_out, lag(fill + days_supply) over (partition by mrn, lower(split_part(drug, ' ', 1)) order by fill) as prev_out from h.rx)
select mrn, drug, sum(days_supply) as supplied, max(runs_out) - min(fill) as period, least(sum(days_supply) / nullif(max(runs_out) - min(fill), 0), 1) as mpr, sum(greatest(fill - prev_out, 0)) as gap_days, count(*) filter (fill > prev_out + 7) as late, least(1.0, sum(days_supply)::decimal(9,3) / nullif((max(runs_out) - min(fill))::int, 0)) as pdc from f group by 1, 2

-- name: risk
select p.mrn, p.age, coalesce(c.score, 0) as cci, l.a1c_v, l.ldl_f, a.mpr, (0.02 * coalesce(p.age, 50) + 0.3 * coalesce(c.score, 0) + case when l.a1c_v > 9 then 1 else 0 end) as lin, 1 / (1 + exp(-(0.02 * coalesce(p.age, 50) - 2))) as prob, ntile(10) over (order by coalesce(c.score, 0) desc, p.mrn) as decile, rank() over (order by p.age desc nulls last) as rk, c.conds[1] as first_cond, list_contains(c.conds, 'chf') as chf, e.last_admit from dim_patient p left join comorbidity c using (mrn) left join labs_wide l using (mrn) left join (select mrn, max(mpr) as mpr from adherence group by mrn) a using (mrn) left join lateral (select max(admit) as last_admit from fct_encounter f where f.mrn = p.mrn and f.class <> 'OP') e on true

-- name: drug_match
select r.drug, k.std, jaro_winkler_similarity(lower(r.drug), k.std) as s, levenshtein(lower(r.drug), k.std)::double / greatest(len(r.drug), len(k.std)) as d, jaro_similarity(r.drug, k.std) as js, hamming('abc', 'abd') as hm, mismatches('a', 'b') as mm, soundex_.x from (select distinct drug from h.rx) r cross join (values ('metformin'), ('lisinopril')) k(std), (select upper('x') as x) soundex_ where jaro_winkler_similarity(lower(r.drug), k.std) > 0.8

-- name: census
select d::date as day, count(*) filter (e.class = 'IP') as inpatients, count(distinct e.mrn) as pts, max(least(coalesce(e.discharge, d + interval 1 day), d + interval 1 day) - greatest(e.admit, d)) is not null as any_time from generate_series(timestamp '2023-06-01', timestamp '2023-06-20', interval 1 day) g(d) join h.encounter e on e.admit < d + interval 1 day and coalesce(e.discharge, timestamp '2999-01-01') > d group by d
