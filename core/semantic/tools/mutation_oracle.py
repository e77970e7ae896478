"""The mutation oracle for lineage: change one source column's values in DuckDB, run the query again, see what changed.

    python3 core/semantic/tools/mutation_oracle.py        (needs duckdb==1.5.5 and the tpch extension; about two minutes)

Writes, for TPC-H at sf=0.01 and for the queries of tests/data/lineage_queries.sql over tables made below:
  tpch/mutations.txt, lineage_mutations.txt
      query<TAB>table.column<TAB>output columns that changed under some mutation (numbers from 0, comma-separated; may be empty)
  tpch/values.txt, lineage_values.txt
      the same for output columns that changed alone: every other column, and a count(*) added to the outermost SELECT, stayed the
      same under a mutation that keeps rows (values shifted). Such a column is computed from the source column.

Columns are compared as multisets, so that order does not matter.
"""
import json
import pathlib
import re
import sys
from collections import Counter

import duckdb

DATA = pathlib.Path(__file__).parent.parent / "tests" / "data"
SHIFTS = {
    "INTEGER": ["{c} + 1", "{c} * 3 + 7"],
    "BIGINT": ["{c} + 1", "{c} * 3 + 7"],
    "DECIMAL": ["{c} + 1", "{c} * 2"],
    "DOUBLE": ["{c} + 1", "{c} * 2"],
    "DATE": ["{c} + 1", "{c} + 400"],
    "TIMESTAMP": ["{c} + interval 1 hour", "{c} + interval 400 day"],
    "VARCHAR": ["{c} || 'x'", "'zz' || {c}"],
    "BOOLEAN": ["not {c}"],
}
LINEAGE_SCHEMA = """
create table base.t as select (i % 7)::int as a, 'g' || (i % 3) as b, i * 1.5::double as c,
    date '2020-01-01' + (i % 20)::int as d, (i * 13 % 11)::int as e, 'k' || (i % 5) as f from range(60) r(i);
create table base.u as select (i % 9)::int as a, 'g' || (i % 4) as b, (i * 7 % 23)::int as x, 'k' || (i % 6) as y, i::int as id
    from range(40) r(i);
create table base.v as select i::int as id, 'n' || (i % 8) as name, (i % 5)::int as parent from range(12) r(i);
"""


def columns(con, table):
    return con.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = 'base' and table_name = ? order by column_index",
        [table],
    ).fetchall()


def mutations(ty, column):
    shifts = SHIFTS.get(ty.split("(")[0], [])
    quoted = f'"{column}"'
    for shift in shifts:
        yield True, f"({shift.format(c='t.' + quoted)})::{ty}"
    yield False, f"s.{quoted}"
    yield False, f"case when t.rowid % 3 = 0 then null else t.{quoted} end"


def result(con, query):
    rows = con.execute(query).fetchall()
    width = len(con.description)
    return [Counter(repr(row[i]) for row in rows) for i in range(width)]


def counted(con, query):
    """The query with count(*) added to its outermost SELECT, when that aggregates."""
    tree = json.loads(con.execute("select json_serialize_sql(?)", [query]).fetchone()[0])
    if tree.get("error"):
        return None
    node = tree["statements"][0]["node"]
    if node["type"] != "SELECT_NODE" or not node["group_expressions"] and "group" not in query.lower():
        if node["type"] != "SELECT_NODE" or not any(w in query.lower() for w in ("sum(", "count(", "avg(", "min(", "max(")):
            return None
    count = json.loads(con.execute("select json_serialize_sql('select count(*)')").fetchone()[0])
    node["select_list"].append(count["statements"][0]["node"]["select_list"][0])
    text = con.execute("select json_deserialize_sql(?)", [json.dumps(tree)]).fetchone()[0]
    try:
        con.execute(text)
    except Exception:
        return None
    return text


def run(con, tables, queries, out, values_out):
    lines, value_lines = [], []
    for table in tables:
        con.execute(f"create table base.shuffled_{table} as select * from base.{table} order by hash(rowid)")
        con.execute(f"create or replace view main.{table} as select * from base.{table}")
    for name, query in queries:
        used = [t for t in tables if re.search(rf"\b{t}\b", query.lower())]
        with_count = counted(con, query)
        before = result(con, query)
        count_before = result(con, with_count) if with_count else None
        for table in used:
            for column, ty in columns(con, table):
                changed, computed = set(), set()
                for keeps_rows, expression in mutations(ty, column):
                    con.execute(
                        f'create or replace view main.{table} as select t.* replace ({expression} as "{column}") '
                        f"from base.{table} t positional join base.shuffled_{table} s"
                    )
                    try:
                        after = result(con, query)
                    except Exception:
                        continue
                    now = {i for i, (x, y) in enumerate(zip(before, after)) if x != y}
                    changed |= now
                    # Shifting a key of TPC-H joins other rows, as many as before.
                    if keeps_rows and not column.endswith("key") and len(now) == 1 and count_before and len(before) > 1:
                        try:
                            count_after = result(con, with_count)
                        except Exception:
                            continue
                        if count_after[-1] == count_before[-1]:
                            computed |= now
                con.execute(f"create or replace view main.{table} as select * from base.{table}")
                lines.append(f"{name}\t{table}.{column}\t{','.join(map(str, sorted(changed)))}")
                if computed:
                    value_lines.append(f"{name}\t{table}.{column}\t{','.join(map(str, sorted(computed)))}")
        print(name, file=sys.stderr)
    (DATA / out).write_text("\n".join(lines) + "\n")
    (DATA / values_out).write_text("\n".join(value_lines) + "\n")


def tpch():
    con = duckdb.connect()
    try:
        con.execute("load tpch")
    except Exception:
        from duckdb_extensions import import_extension

        import_extension("tpch")
        con.execute("load tpch")
    con.execute("create schema base; use memory.base; call dbgen(sf=0.01); use memory.main")
    tables = [r[0] for r in con.execute("select table_name from duckdb_tables() where schema_name = 'base'").fetchall()]
    queries = [(str(n), q.strip().rstrip(";")) for n, q in con.execute("select query_nr, query from tpch_queries()").fetchall()]
    run(con, tables, queries, "tpch/mutations.txt", "tpch/values.txt")


def lineage():
    con = duckdb.connect()
    con.execute("create schema base")
    con.execute(LINEAGE_SCHEMA)
    queries = [q.strip() for q in (DATA / "lineage_queries.sql").read_text().split(";\n") if q.strip()]
    run(con, ["t", "u", "v"], [(str(i), q) for i, q in enumerate(queries)], "lineage_mutations.txt", "lineage_values.txt")
    schema = []
    for table in ["t", "u", "v"]:
        schema.append("\n".join([table] + [f"{n}\t{ty}\tnull" for n, ty in columns(con, table)]))
    (DATA / "lineage_schema.txt").write_text("\n----\n".join(schema) + "\n")


if "--lineage" not in sys.argv:
    tpch()
lineage()
