"""Judge of Snowflake SQL: sqlglot's Snowflake dialect. Reads {"statements": [...]} from stdin, writes [null | "why not", ...].

sqlglot takes a statement that it does not know as an opaque command: that is no verdict, so it is refused here unless its kind is
listed below.
"""
import json
import sys

import sqlglot
from sqlglot import exp


def judge(sql):
    try:
        trees = [t for t in sqlglot.parse(sql, read="snowflake", error_level=sqlglot.ErrorLevel.RAISE) if t is not None]
    except sqlglot.errors.SqlglotError as refused:
        return str(refused).strip().splitlines()[0]
    if not trees:
        return "nothing was read"
    for tree in trees:
        if isinstance(tree, exp.Command):
            return f"not understood: {tree.sql()[:80]}"
    return None


json.dump([judge(sql) for sql in json.load(sys.stdin)["statements"]], sys.stdout)
