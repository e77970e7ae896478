"""Asks DuckDB for the truth that the tests compare with. Writes tests/data/{tpch,resolve,names}.*; run after changing a query.

    python3 core/semantic/tools/fixtures.py        (needs duckdb==1.5.5 and the tpch extension)

Formats, one record per block, blocks separated by a line `----`:
  tpch/schema.txt    table, then `name<TAB>type<TAB>nullable` lines
  tpch/qNN.txt       the query; after a line `====` the lines `name<TAB>type` of DESCRIBE
  resolve.txt        like tpch/qNN.txt, many blocks; a query DuckDB refuses has one line `error<TAB>message`
  names.txt          `expression<TAB>name`, JSON-encoded strings; names_schema.txt its tables
"""
import json
import pathlib
import duckdb

DATA = pathlib.Path(__file__).parent.parent / "tests" / "data"
SCHEMA = """
create table t(a int, b varchar, c double, d date, i bigint not null);
create table u(a bigint, e bigint, f varchar not null);
create table st(s struct(x int, y varchar), l int[], m map(varchar, int), ls struct(p int, q varchar)[], a int);
create table w(id int not null, grp varchar, amt decimal(10,2), ts timestamp, ok boolean);
"""


NAMES_SCHEMA = """
create table t(a int, b varchar, c double, d date, l int[], s struct(x int), ts timestamp, "My Col" int, j json,
               m map(varchar, int));
create table u(a int, e bigint);
"""


def tables(con):
    blocks = []
    for (table,) in con.execute(
        "select table_name from duckdb_tables() where not internal order by table_oid"
    ).fetchall():
        rows = con.execute(
            "select column_name, data_type, is_nullable from duckdb_columns() where table_name = ? order by column_index",
            [table],
        ).fetchall()
        blocks.append("\n".join([table] + [f"{n}\t{t}\t{'null' if nn else 'not null'}" for n, t, nn in rows]))
    return "\n----\n".join(blocks) + "\n"


def describe(con, query):
    try:
        rows = con.execute("DESCRIBE " + query).fetchall()
    except Exception as error:
        return "error\t" + str(error).split("\n")[0]
    return "\n".join(f"{r[0]}\t{r[1]}" for r in rows)


def main():
    con = duckdb.connect()
    try:
        con.execute("load tpch")
    except Exception:
        from duckdb_extensions import import_extension

        import_extension("tpch")
        con.execute("load tpch")
    con.execute("call dbgen(sf=0)")
    (DATA / "tpch").mkdir(parents=True, exist_ok=True)
    (DATA / "tpch" / "schema.txt").write_text(tables(con))
    for number, query in con.execute("select query_nr, query from tpch_queries()").fetchall():
        query = query.strip().rstrip(";")
        (DATA / "tpch" / f"q{number:02}.txt").write_text(f"{query}\n====\n{describe(con, query)}\n")

    con = duckdb.connect()
    con.execute(SCHEMA)
    queries = [q.strip() for q in (DATA / "resolve_queries.sql").read_text().split(";\n") if q.strip()]
    blocks = [tables(con).strip().replace("\n----\n", "\n\n")]
    blocks += [f"{q}\n====\n{describe(con, q)}" for q in queries]
    (DATA / "resolve.txt").write_text("\n----\n".join(blocks) + "\n")

    con = duckdb.connect()
    con.execute(NAMES_SCHEMA)
    (DATA / "names_schema.txt").write_text(tables(con))
    lines = []
    for expression in (DATA / "name_expressions.txt").read_text().splitlines():
        query = f"select {expression} from t"
        name = describe(con, query)
        if name.startswith("error\t"):
            print("refused:", expression, name)
        else:
            lines.append(json.dumps(expression) + "\t" + json.dumps(con.execute("DESCRIBE " + query).fetchall()[0][0]))
    (DATA / "names.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
