"""Where the statements of the goldens are executed: DuckDB, and the emulators that stand for the other warehouses.

An emulator is not the service. What one has not is in its `lacks`: such a statement is left out, or done in another way (`instead`), and
a control of the same kind, free of anything of ours, must fail there; when it does not, the emulator has learnt it and the entry goes.
"""
import datetime
import decimal
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

# Names that a warehouse would take for a word of the language, or fold.
SPECIAL = ("select", "order", "raw__shop")


class Lack:
    """What an emulator has not: statements that begin so fail there with these words. `control` is such a statement over tables that
    `made` makes, and `instead` does what it would have done; without it nothing is done."""

    def __init__(self, name, begins, says, control, made=(), instead=None):
        self.name, self.begins, self.says = name, begins, says
        self.control, self.made, self.instead = control, made, instead
        self.seen = 0

    def explains(self, sql, failed):
        return sql.startswith(self.begins) and any(words in str(failed) for words in self.says)


class Wrong:
    """What an emulator answers wrongly: `part` of a statement, which is written in the `other` way for it. It gives something else for
    `control` than `right`."""

    def __init__(self, name, part, other, control, right):
        self.name, self.part, self.other, self.control, self.right = name, part, other, control, right
        self.seen = 0


def cell(value):
    """A value as text, in one spelling for all engines."""
    if value is None or value != value:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, decimal.Decimal)):
        return str(int(value)) if value == int(value) else f"{float(value):.9g}"
    if isinstance(value, datetime.datetime):
        if value.tzinfo:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value.isoformat(" ")
    if isinstance(value, str):
        try:
            return cell(datetime.datetime.fromisoformat(value)) if len(value) > 10 else value
        except ValueError:
            return value
    return str(value)


class Engine:
    """`run` executes, `ask` gives the names of the columns and the rows."""

    types = {"int": "BIGINT", "large": "BIGINT", "small": "INTEGER", "text": "VARCHAR", "date": "DATE", "time": "TIMESTAMP"}
    quote = '"'
    lacks = ()
    wrong = ()

    def name(self, name):
        """A dotted name as SQL; a part with `!` behind it is quoted."""
        quoted = lambda p: f"{self.quote}{p.rstrip('!')}{self.quote}" if p in SPECIAL or p.endswith("!") else p
        return ".".join(map(quoted, name.split(".")))

    def literal(self, kind, value):
        if value is None:
            return f"CAST(NULL AS {self.types[kind]})"
        if kind in ("int", "large", "small"):
            return str(value)
        text = "'" + str(value).replace("'", "''") + "'"
        return text if kind == "text" else f"CAST({text} AS {self.types[kind]})"

    def table(self, name, columns, rows=()):
        """Make a table anew; `columns` gives name and kind."""
        name = self.name(name)
        self.run(f"DROP TABLE IF EXISTS {name}")
        listed = ", ".join(f"{self.name(c)} {self.types[kind]}" for c, kind in columns)
        self.run(f"CREATE TABLE {name} ({listed})")
        if rows:
            one = lambda row: ", ".join(self.literal(kind, v) for (_, kind), v in zip(columns, row))
            self.run(f"INSERT INTO {name} VALUES {', '.join(f'({one(row)})' for row in rows)}")

    def drop(self, kind, name):
        self.run(f"DROP {kind} IF EXISTS {self.name(name)}")

    def view(self, name, query):
        self.run(f"CREATE VIEW {self.name(name)} AS {query}")

    def close(self):
        """End what was started."""

    def answer(self, sql):
        names, rows = self.ask(sql)
        # What has no name gets another one from each.
        return ["?" if "(" in n else n.lower() for n in names], sorted(tuple(cell(v) for v in row) for row in rows)

    def content(self, table):
        try:
            return self.answer(f"SELECT * FROM {self.name(table)}")
        except Exception as failed:
            return f"{type(failed).__name__}: {str(failed)[:200]}", ()

    def step(self, sql):
        """Execute a statement, or what stands for it here; the answer of a query."""
        for wrong in self.wrong:
            wrong.seen += wrong.part in sql
            sql = sql.replace(wrong.part, wrong.other)
        try:
            if sql.startswith(("SELECT", "WITH")):
                return self.answer(sql)
            self.run(sql)
        except Exception as failed:
            lack = next((lack for lack in self.lacks if lack.explains(sql, failed)), None)
            if lack is None:
                raise
            lack.seen += 1
            if lack.instead:
                lack.instead(self, sql)
        return None

    def controls(self):
        """Lacks that are none, or that nothing met."""
        report = {}
        for lack in self.lacks:
            for sql in lack.made:
                self.run(sql)
            try:
                self.run(lack.control)
                why = f"it is there now: {lack.control}"
            except Exception as failed:
                why = None if lack.explains(lack.control, failed) else f"the control is wrong: {failed}"
            report[f"without {lack.name}"] = why if lack.seen else "nothing needed it"
        for wrong in self.wrong:
            _, rows = self.answer(wrong.control)
            why = f"it is right now: {wrong.control}" if rows == [(wrong.right,)] else None
            report[f"wrong {wrong.name}"] = why if wrong.seen else "nothing needed it"
        return report


class Duck(Engine):
    def __init__(self):
        import duckdb

        self.db = duckdb.connect()
        self.db.execute("ATTACH ':memory:' AS poc")
        self.db.execute("USE poc")
        self.db.execute("SET TimeZone = 'UTC'")

    def run(self, sql):
        self.db.execute(sql)

    def ask(self, sql):
        cursor = self.db.execute(sql)
        return [d[0] for d in cursor.description], cursor.fetchall()


class Snow(Engine):
    types = {**Engine.types, "int": "NUMBER(20, 0)", "large": "NUMBER(20, 0)", "small": "NUMBER(9, 0)", "time": "TIMESTAMP_NTZ"}

    lacks = (
        Lack(
            "TRANSACTION_ABORT_ON_ERROR",
            "ALTER SESSION SET",
            ["not implemented"],
            "ALTER SESSION SET LOCK_TIMEOUT = 10",
        ),
    )

    wrong = (
        Wrong(
            "TO_CHAR of a time",
            "TO_CHAR(UPDATED_AT, 'YYYY-MM-DD')",
            "TO_CHAR(TO_DATE(UPDATED_AT))",
            "SELECT TO_CHAR(UPDATED_AT, 'YYYY-MM-DD') FROM raw.orders WHERE ID = 1",
            "2026-04-01",
        ),
    )

    def literal(self, kind, value):
        return super().literal(kind, value).replace("\\", "\\\\")

    def __init__(self):
        import fakesnow
        import snowflake.connector

        self.patch = fakesnow.patch()
        self.patch.__enter__()
        self.db = snowflake.connector.connect(database="POC", schema="PUBLIC")

    def run(self, sql):
        self.db.cursor().execute(sql)

    def ask(self, sql):
        cursor = self.db.cursor().execute(sql)
        return [d[0] for d in cursor.description], cursor.fetchall()


def escaped(literal, kind, value):
    if isinstance(value, str):
        value = value.replace("\\", "\\\\")
    return literal(kind, value).replace("''", "\\'")


def rebuild(engine, table, query):
    """A table becomes what a query over it gives."""
    engine.step(f"CREATE OR REPLACE TABLE {table}__new AS\n{query}")
    engine.run(f"DROP TABLE {table}")
    engine.run(f"CREATE TABLE {table} AS\nSELECT * FROM {table}__new")
    engine.run(f"DROP TABLE {table}__new")


def add_column(engine, sql):
    table, column, kind = re.fullmatch(r"ALTER TABLE (\S+) ADD COLUMNS? \(?(\S+) ([^\s)]+)\)?", sql).groups()
    rebuild(engine, table, f"SELECT *, CAST(NULL AS {kind}) AS {column} FROM {table}")


def drop_column(engine, sql):
    table, column = re.fullmatch(r"ALTER TABLE (\S+) DROP COLUMN (\S+)", sql).groups()
    rebuild(engine, table, f"SELECT {all_but(engine, table, column)} FROM {table}")


def all_but(engine, table, column):
    names, _ = engine.ask(f"SELECT * FROM {table} LIMIT 0")
    return ", ".join(f"`{n}`" for n in names if n != column)


def replace_table(engine, sql):
    table = sql.split()[4]
    engine.run(f"DROP TABLE {table}")
    engine.run(sql)


def list_columns(engine, sql):
    star, column = re.search(r"(\* EXCEPT \((\w+)\))", sql).groups()
    table = re.search(r"\nFROM (\S+)\n", sql).group(1)
    engine.step(sql.replace(star, all_but(engine, table, column)))


def not_among(engine, sql):
    """`x NOT IN (SELECT parent.y FROM t AS parent …)` beside other conditions."""
    found = r"(\w+) NOT IN \(SELECT parent\.(\w+) FROM (\S+) AS parent WHERE parent\.\w+ IS NOT NULL\)"
    return engine.step(re.sub(found, r"NOT array_contains((SELECT collect_list(parent.\2) FROM \3 AS parent), \1)", sql))


def insert_some(engine, sql):
    table, columns, query = re.fullmatch(r"INSERT INTO (\S+) \((.*)\)\n(SELECT.*)", sql, re.DOTALL).groups()
    all_columns, _ = engine.ask(f"SELECT * FROM {table} LIMIT 0")
    absent = [c for c in all_columns if c not in columns.replace("`", "").split(", ")]
    nulls = "".join(f", NULL AS {c}" for c in absent)
    engine.run(f"INSERT INTO {table} ({', '.join([columns, *absent])})\nSELECT *{nulls} FROM (\n{query}\n)")


def delete_rows(engine, sql):
    table, condition = re.fullmatch(r"DELETE FROM (\S+)\nWHERE (.*)", sql, re.DOTALL).groups()
    rebuild(engine, table, f"SELECT * FROM {table} WHERE NOT COALESCE({condition}, FALSE)")


class Spark(Engine):
    lacks = (
        Lack(
            "ADD COLUMN",
            "ALTER TABLE",
            ["unsupported ALTER TABLE operation"],
            "ALTER TABLE hist.control ADD COLUMN b STRING",
            ["CREATE TABLE hist.control (a BIGINT)"],
            lambda engine, sql: (drop_column if " DROP " in sql else add_column)(engine, sql),
        ),
        Lack(
            "OR REPLACE by other columns",
            "CREATE OR REPLACE TABLE",
            ["not found in table schema"],
            "CREATE OR REPLACE TABLE hist.control AS\nSELECT 'x' AS b",
            instead=replace_table,
        ),
        Lack(
            "* EXCEPT",
            "CREATE OR REPLACE TABLE",
            ["expected query"],
            "CREATE OR REPLACE TABLE hist.control AS\nSELECT * EXCEPT (a) FROM hist.control",
            instead=list_columns,
        ),
        Lack(
            "IN with a subquery among other conditions",
            "CREATE OR REPLACE TABLE",
            ["does not support logical expression InSubquery"],
            "CREATE OR REPLACE TABLE hist.control AS\nSELECT CASE WHEN a NOT IN (SELECT a FROM hist.control) THEN 1 END AS a FROM hist.control",
            instead=not_among,
        ),
        Lack(
            "INSERT into some columns",
            "INSERT INTO",
            ["input schema for INSERT has", "INSERT is missing value for non-generated column"],
            "INSERT INTO hist.control2 (a)\nSELECT 1",
            ["CREATE TABLE hist.control2 (a BIGINT, b STRING)"],
            insert_some,
        ),
        Lack(
            "DELETE by IN with a subquery",
            "DELETE FROM",
            ["does not support logical expression InSubquery"],
            "DELETE FROM hist.control\nWHERE a NOT IN (SELECT a FROM hist.control)",
            instead=delete_rows,
        ),
        Lack(
            "DELETE by COALESCE",
            "DELETE FROM",
            ["coalesce should have been simplified"],
            "DELETE FROM hist.control3\nWHERE COALESCE(a IS NULL, FALSE) OR COALESCE(a > 1, FALSE)",
            ["CREATE TABLE hist.control3 (a BIGINT)", "INSERT INTO hist.control3 VALUES (1), (NULL)"],
            delete_rows,
        ),
    )
    types = {**Engine.types, "small": "INT", "text": "STRING"}
    quote = "`"

    def __init__(self):
        from pysail.spark import SparkConnectServer
        from pyspark.sql import SparkSession

        self.folder = tempfile.TemporaryDirectory()
        self.server = SparkConnectServer("127.0.0.1", 0)
        self.server.start(background=True)
        _, port = self.server.listening_address
        self.spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")
        self.spark.conf.set("spark.sql.warehouse.dir", self.folder.name)

    def literal(self, kind, value):
        return escaped(super().literal, kind, value)

    def delta(self, sql):
        # Tables of Databricks are Delta when nothing is said.
        head, made, rest = sql.partition(" AS\n")
        if made and head.startswith(("CREATE TABLE", "CREATE OR REPLACE TABLE")) and "\n" not in head:
            return f"{head} USING DELTA AS\n{rest}"
        if sql.startswith(("CREATE TABLE", "CREATE OR REPLACE TABLE")) and sql.endswith(")"):
            return f"{sql} USING DELTA"
        return sql

    def run(self, sql):
        # Sail has one catalog.
        self.spark.sql(self.delta(sql).replace(" poc.", " ").replace(" landing.", " ")).collect()

    def ask(self, sql):
        frame = self.spark.sql(sql.replace(" poc.", " ").replace(" landing.", " "))
        return list(frame.columns), [tuple(row) for row in frame.collect()]


class Big(Engine):
    """bqemulator: BigQuery's REST interface over DuckDB."""

    types = {**Engine.types, "int": "INT64", "large": "NUMERIC", "small": "INT64", "text": "STRING"}
    quote = "`"

    def __init__(self):
        # Extensions of DuckDB are looked for at home, and else on the net.
        # Another process may take the ports before the server does.
        for attempt in range(5):
            try:
                return self.start()
            except OSError:
                self.close()
                if attempt == 4:
                    raise

    def start(self):
        venv = pathlib.Path(sys.prefix)
        with socket.socket() as free, socket.socket() as other:
            free.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            self.port, grpc = free.getsockname()[1], other.getsockname()[1]
        arguments = ["start", "--rest-port", str(self.port), "--grpc-port", str(grpc), "--project", "poc", "--log-level", "error"]
        self.server = subprocess.Popen(
            [venv / "bin/bqemulator", *arguments],
            env={**os.environ, "HOME": str(venv / "home")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 120
        while True:
            try:
                return self.run("SELECT 1")
            except OSError:
                if time.monotonic() > until or self.server.poll() is not None:
                    raise
                time.sleep(0.2)

    def close(self):
        self.server.kill()

    def literal(self, kind, value):
        return escaped(super().literal, kind, value)

    def post(self, sql):
        body = json.dumps({"query": sql, "useLegacySql": False}).encode()
        url = f"http://127.0.0.1:{self.port}/bigquery/v2/projects/poc/queries"
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as failed:
            raise Exception(failed.read().decode()) from None
        if found.get("errors") or found.get("error"):
            raise Exception(str(found.get("errors") or found["error"]))
        return found

    def run(self, sql):
        self.post(sql)

    def ask(self, sql):
        found = self.post(sql)
        fields = found.get("schema", {}).get("fields", [])
        rows = [tuple(self.value(f["type"], c["v"]) for f, c in zip(fields, row["f"])) for row in found.get("rows", [])]
        return [f["name"] for f in fields], rows

    @staticmethod
    def value(kind, text):
        if text is None:
            return None
        if kind in ("INTEGER", "FLOAT", "NUMERIC", "BIGNUMERIC"):
            return decimal.Decimal(text)
        if kind == "BOOLEAN":
            return text == "true"
        if kind == "TIMESTAMP":
            return datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(microseconds=int(text))
        return text
