"""Random queries over the tables of tools/fixtures.py, and what DuckDB says of them, in the format of resolve.txt.

    python3 core/semantic/tools/random_queries.py [seed] [count] > core/semantic/tests/data/random.txt
"""
import random
import sys

import duckdb

import fixtures

R = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
num=['t.a','t.c','t.i','w.amt','w.id','u.e','st.a','1','2.5','-3','null']
txt=['t.b','u.f','w.grp',"'x'","'2020-01-01'"]
dat=['t.d',"date '2020-05-01'",'w.ts']
boo=['w.ok','true']
def N(d=0):
    r=R.random()
    if d>2 or r<.4: return R.choice(num)
    return R.choice([lambda:f"({N(d+1)} {R.choice(['+','-','*','/','%','//'])} {N(d+1)})",lambda:f"abs({N(d+1)})",lambda:f"coalesce({N(d+1)}, {N(d+1)})",lambda:f"case when {B(d+1)} then {N(d+1)} else {N(d+1)} end",lambda:f"length({T(d+1)})",lambda:f"cast({R.choice([N,T])(d+1)} as {R.choice(['int','bigint','double','decimal(12,3)'])})",lambda:f"extract({R.choice(['year','month','day'])} from {D(d+1)})",lambda:f"round({N(d+1)}, 2)",lambda:f"greatest({N(d+1)}, {N(d+1)})",lambda:"(select max(a) from u)",lambda:"st.l[1]",lambda:"st.s.x",lambda:f"-({N(d+1)})",lambda:f"nullif({N(d+1)}, 0)",lambda:f"date_diff('day', {D(d+1)}, {D(d+1)})",lambda:"len(st.l)"])()
def T(d=0):
    if d>2 or R.random()<.4: return R.choice(txt)
    return R.choice([lambda:f"upper({T(d+1)})",lambda:f"({T(d+1)} || {R.choice([T,N])(d+1)})",lambda:f"coalesce({T(d+1)}, {T(d+1)})",lambda:f"substring({T(d+1)}, 1, 2)",lambda:f"{R.choice([N,D])(d+1)}::varchar",lambda:"st.s.y",lambda:f"strftime({D(d+1)}, '%Y')",lambda:f"concat({T(d+1)}, {N(d+1)})",lambda:f"case {T(d+1)} when 'a' then {T(d+1)} end",lambda:f"replace({T(d+1)}, 'a', 'b')"])()
def D(d=0):
    if d>2 or R.random()<.5: return R.choice(dat)
    return R.choice([lambda:f"date_trunc('month', {D(d+1)})",lambda:f"({D(d+1)} + interval 1 day)",lambda:f"coalesce({D(d+1)}, {D(d+1)})",lambda:f"{T(d+1)}::date",lambda:f"({D(d+1)} - 3)",lambda:f"greatest({D(d+1)}, {D(d+1)})"])()
def B(d=0):
    if d>2 or R.random()<.2: return R.choice(boo)
    return R.choice([lambda:f"{N(d+1)} {R.choice(['=','<','>=','<>'])} {N(d+1)}",lambda:f"{T(d+1)} like 'x%'",lambda:f"{D(d+1)} > {D(d+1)}",lambda:f"({B(d+1)} and {B(d+1)})",lambda:f"not {B(d+1)}",lambda:f"{R.choice([N,T,D])(d+1)} is null",lambda:f"{N(d+1)} in (1, 2, {N(d+1)})",lambda:f"{N(d+1)} between {N(d+1)} and {N(d+1)}",lambda:"exists (select 1 from u z where z.a = t.a)",lambda:f"{T(d+1)} in (select f from u)",lambda:f"{R.choice([N,T,D])(d+1)} = {R.choice([N,T,D])(d+1)}"])()
def V(): return R.choice([N,N,T,D,B])()
def A():
    return R.choice([lambda:f"sum({N(1)})",lambda:f"avg({N(1)})",lambda:f"min({V()})",lambda:f"max({V()})",lambda:"count(*)",lambda:f"count(distinct {V()})",lambda:f"string_agg({T(1)}, ',')",lambda:f"list({V()})",lambda:f"sum({N(1)}) filter (where {B(1)})",lambda:f"any_value({V()})",lambda:f"bool_or({B(1)})",lambda:f"median({N(1)})",lambda:f"arg_max({V()}, {N(1)})",lambda:f"stddev({N(1)})",lambda:f"count_if({B(1)})"])()
def W():
    o=f"over ({R.choice(['','partition by '+V()+' '])}order by {V()})"
    return R.choice([lambda:f"row_number() {o}",lambda:f"sum({N(1)}) {o}",lambda:f"lag({V()}) {o}",lambda:f"first_value({V()}) {o}",lambda:f"rank() {o}",lambda:f"{A()} over ()",lambda:f"ntile(3) {o}"])()
FROM="t, u, st, w"
def F():
    return R.choice([FROM,"t join u on t.a = u.a, st, w","t left join u on t.a = u.a left join w on w.id = t.i, st","t full join w on t.a = w.id, u, st","t, (select a, l, s from st where a > 1) st, (select * from u limit 3) u, w","t cross join u join (select * exclude (m, ls) from st) st on true join w on w.id = st.a"])
def q():
    k=R.random()
    if k<.4: s="select "+", ".join(f"{V()} as x{i}" if R.random()<.7 else V() for i in range(R.randint(1,4)))+f" from {F()}"+(f" where {B()}" if R.random()<.4 else "")
    elif k<.6:
        keys=[V() for _ in range(R.randint(0,2))]
        s="select "+", ".join(keys+[f"{A()} as y{i}" for i in range(R.randint(1,3))])+f" from {F()}"
        if keys: s+=" group by "+R.choice([", ".join(str(i+1) for i in range(len(keys))),"all", ", ".join(keys)])
        if R.random()<.2: s+=f" having {A()} is not null"
    elif k<.75: s="select "+", ".join(f"{W()} as z{i}" for i in range(R.randint(1,3)))+f" from {F()}"
    elif k<.9: s=f"select {V()} as p, {V()} as q from {FROM} {R.choice(['union all','union','except','intersect'])} select {V()}, {V()} from {FROM}"
    else: s=f"with c as (select {V()} as p, {V()} as q from {FROM}) select p, q, {R.choice(['p','q'])} as r, count(*) over () as n from c"
    return s
con = duckdb.connect()
con.execute(fixtures.SCHEMA)
out = [fixtures.tables(con).strip().replace("\n----\n", "\n\n")]
for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 600):
    s = q()
    d = fixtures.describe(con, s)
    names = [line.split("\t")[0].lower() for line in d.split("\n")]
    if d.startswith("error") or len(set(names)) == len(names):
        out.append(s + "\n====\n" + d)
print("\n----\n".join(out))
