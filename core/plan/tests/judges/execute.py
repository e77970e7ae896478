"""Executes the statements of the goldens with real rows, on an emulator and on DuckDB, and compares what is in the table afterwards.

Usage: execute.py snowflake|databricks GOLDENS_FOLDER. Writes {"golden / section": null | "difference", ...}.
The first section of a golden makes the table from the rows of `FIRST`; then the source is changed to `SECOND`, and the section of an
existing table is executed. Emulators are not the services: what they do not have is listed in `LACKS`.
"""
import datetime
import json
import os
import pathlib
import signal
import sys

import duckdb

# A client that waits for its emulator does so for long; the caller tries again.
signal.alarm(100)
dialect, folder = sys.argv[1], pathlib.Path(sys.argv[2])

# id, customer, amount, day, updated_at
FIRST = [
    (1, 10, 5, "2026-04-01", "2026-04-01 10:00:00"),
    (2, None, 7, "2026-04-06", "2026-04-06 23:00:00"),
    (3, 30, 9, None, "2026-04-07 01:00:00"),
    (4, 40, 0, "2026-04-07", "2026-04-07 02:00:00"),
    (5, 50, 2, "2026-04-07", "2026-04-07 12:30:00"),
]
# 1 is the same, 2 late and changed, 3 changed without a day, 5 gone, 6 and 7 new.
SECOND = [
    (1, 10, 5, "2026-04-01", "2026-04-01 10:00:00"),
    (2, None, 70, "2026-04-06", "2026-04-06 23:30:00"),
    (3, 30, 90, None, "2026-04-07 01:00:00"),
    (6, 60, 6, "2026-04-07", "2026-04-07 13:00:00"),
    (7, 70, 7, "2026-04-08", "2026-04-08 00:00:00"),
]
# Golden, section that makes the table, section that changes it.
GOLDENS = [
    ("view", "Absent", "View"),
    ("full_refresh", "Absent", "Table"),
    ("incremental", "Absent", "Table"),
    ("incremental_lookback", "Absent", "Table"),
    ("merge", "Absent", "Table"),
    ("merge_columns", "Absent", "Table"),
    ("merge_keys", "Absent", "Table"),
    ("delete_insert", "Absent", "Table"),
    # The same window twice: its table is made once.
    ("time_interval", "absent", "absent"),
    ("microbatch", "absent", "absent"),
]
# Statements that an emulator has not, and which change no rows.
LACKS = {"snowflake": ("ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR",), "databricks": ()}


def sections(dialect, golden):
    """Statements by section."""
    found, name, sql = {}, None, []
    # A script of several statements is executed one by one.
    for line in (folder / dialect / f"{golden}.sql").read_text().splitlines():
        if not sql and line.startswith("-- "):
            if line.startswith("-- ===="):
                name = line.strip("-= ")
                found[name] = []
            continue
        sql.append(line)
        if line.endswith(";"):
            found[name].append(bound(dialect, "\n".join(sql)[:-1]))
            sql = []
    return found


def bound(dialect, sql):
    """The statement with its window: two days, in UTC."""
    zone = "+00:00" if dialect == "databricks" else ""
    for hole, day in (("$start_date", "2026-04-06"), ("$end_date", "2026-04-08")):
        sql = sql.replace(hole, f"'{day} 00:00:00{zone}'")
    return sql


def literal(value):
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


def values(rows):
    one = "({}, {}, {}, CAST({} AS DATE), CAST({} AS TIMESTAMP))"
    return ", ".join(one.format(*map(literal, row)) for row in rows)


def cell(value):
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    return "NULL" if value is None or value != value else str(value)


class Engine:
    """A connection: `run` executes, `rows` gives what is in marts.orders."""

    types = ("BIGINT", "TIMESTAMP")
    table = "TABLE"

    def prepare(self):
        for schema in ("raw", "marts"):
            self.run(f"CREATE SCHEMA IF NOT EXISTS {schema}")

    def source(self, rows):
        integer, time = self.types
        columns = f"id {integer}, customer {integer}, amount {integer}, day DATE, updated_at {time}"
        self.run("DROP TABLE IF EXISTS raw.orders")
        self.run(f"CREATE TABLE raw.orders ({columns})")
        self.run(f"INSERT INTO raw.orders VALUES {values(rows)}")

    def clear(self, golden):
        self.run(f"DROP {'VIEW' if golden.endswith('view') else 'TABLE'} IF EXISTS marts.orders")

    def table_rows(self):
        return sorted(tuple(cell(v) for v in row) for row in self.rows("SELECT id, day, amount, updated_at FROM marts.orders"))


class Duck(Engine):
    def __init__(self):
        self.db = duckdb.connect()
        self.prepare()

    def run(self, sql):
        self.db.execute(sql)

    def rows(self, sql):
        return self.db.execute(sql).fetchall()


class Snow(Engine):
    types = ("NUMBER(38, 0)", "TIMESTAMP_NTZ")

    def __init__(self):
        import fakesnow
        import snowflake.connector

        self.patch = fakesnow.patch()
        self.patch.__enter__()
        self.db = snowflake.connector.connect(database="SHOP", schema="PUBLIC")
        self.prepare()

    def run(self, sql):
        self.db.cursor().execute(sql)

    def rows(self, sql):
        return self.db.cursor().execute(sql).fetchall()


class Spark(Engine):
    def __init__(self):
        import tempfile

        from pysail.spark import SparkConnectServer
        from pyspark.sql import SparkSession

        self.folder = tempfile.TemporaryDirectory()
        self.server = SparkConnectServer("127.0.0.1", 0)
        self.server.start(background=True)
        _, port = self.server.listening_address
        self.spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")
        self.spark.conf.set("spark.sql.warehouse.dir", self.folder.name)
        self.prepare()

    def run(self, sql):
        # Tables of Databricks are Delta when nothing is said.
        head, _, rest = sql.partition(" AS\n")
        if head.startswith(("CREATE TABLE", "CREATE OR REPLACE TABLE")) and rest and "\n" not in head:
            sql = f"{head} USING DELTA AS\n{rest}"
        elif sql.startswith("CREATE TABLE raw.orders"):
            sql += " USING DELTA"
        self.spark.sql(sql).collect()

    def rows(self, sql):
        return [tuple(row) for row in self.spark.sql(sql).collect()]


def main():
    other = {"snowflake": Snow, "databricks": Spark}[dialect]()
    duck = Duck()
    report = {}
    for golden, make, change in GOLDENS:
        mine, theirs = sections("duckdb", golden), sections(dialect, golden)
        for section, rows in ((make, FIRST), (change, SECOND)):
            name = f"{golden} / {section}"
            name += ", again" if name in report else ""
            report[name] = None
            try:
                for engine, statements in ((duck, mine), (other, theirs)):
                    engine.source(rows)
                    for sql in statements[section]:
                        at = sql
                        if engine is duck or not sql.startswith(LACKS[dialect]):
                            engine.run(sql)
            except Exception as failed:
                report[name] = f"{type(failed).__name__}: {str(failed)[:300]}\n{at}"
                continue
            expected, found = duck.table_rows(), other.table_rows()
            if expected != found:
                report[name] = f"DuckDB has {expected}, {dialect} {found}"
            elif not expected:
                report[name] = "there are no rows"
        duck.clear(golden)
        other.clear(golden)
    # What differs is seen.
    for engine, rows in ((duck, FIRST), (other, SECOND)):
        engine.source(rows)
        for sql in sections("duckdb" if engine is duck else dialect, "full_refresh")["Absent"]:
            engine.run(sql)
    report["control"] = "rows that differ are not seen" if duck.table_rows() == other.table_rows() else None
    print(json.dumps(report), flush=True)


main()
# Not by the interpreter's end: a client may wait there for a server that is gone.
os._exit(0)
