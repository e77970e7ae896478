"""Sorts tests/tools/candidates.txt (one statement a line) into tests/data/accept.txt and reject.txt by DuckDB's own parser.

Run with duckdb==1.5.5: python3 core/syntax/tests/tools/accept.py
"""
import pathlib
import duckdb

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent / "data"
con = duckdb.connect()
accept, reject = [], []
for line in (HERE / "candidates.txt").read_text().splitlines():
    if not line.strip() or line.startswith("# "):
        continue
    sql = line.replace("\\n", "\n")
    try:
        # PIVOT becomes two statements, so a second one is told by its semicolon.
        con.extract_statements(sql)
        several = any(part.strip() for part in sql.split(";")[1:])
        (reject if several else accept).append(line)
    except duckdb.Error:
        reject.append(line)
(DATA / "accept.txt").write_text("\n".join(accept) + "\n")
(DATA / "reject.txt").write_text("\n".join(reject) + "\n")
print(len(accept), "accepted,", len(reject), "rejected")
