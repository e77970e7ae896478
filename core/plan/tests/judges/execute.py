"""Executes the statements of the goldens with real rows, on an emulator and on DuckDB, and compares all answers and what is in the
tables afterwards.

Usage: execute.py snowflake|databricks|bigquery GOLDENS_FOLDER. Writes {"what was done": null | "difference", ...}.
"""
import json
import os
import pathlib
import signal
import sys

import engines

# A client that waits for its emulator does so for long; the caller tries again.
signal.alarm(400)
dialect, folder = sys.argv[1], pathlib.Path(sys.argv[2])

ORDERS = [("id", "int"), ("customer", "int"), ("amount", "int"), ("day", "date"), ("updated_at", "time")]
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
# For the checks: values that repeat, are unknown to `customers`, negative, too large, NULL.
MIXED = [
    (1, 1, 5, "2026-03-01", "2026-03-01 10:00:00"),
    (1, 1, -7, "2026-03-01", "2026-04-06 23:00:00"),
    (3, 30, 9, None, "2026-04-07 01:00:00"),
    (None, None, None, "2026-04-07", "2026-04-10 02:00:00"),
    (5, 2, 2, "2026-04-07", None),
]
PEOPLE = [("id", "int"), ("part", "text"), ("name", "text"), ("changed", "time"), ("select", "time")]


def person(id, part, name, day):
    return (id, part, name, f"2026-04-{day:02} 10:00:00", f"2026-01-{day:02} 00:00:00")


# A key may be NULL in part.
PEOPLE_OF_DAY = {
    1: [person(1, "a", "Ann", 1), person(1, None, "Bob", 1), person(2, "b", "Cy", 1), person(3, "c", None, 1)],
    # Ann is changed, Bob gone, Cy has another name without a later time of change, Di is new.
    2: [person(1, "a", "Anna", 2), person(2, "b", "Cyd", 1), person(3, "c", None, 1), person(4, None, "Di", 2)],
    # Bob is back, and 3 has a name at last.
    3: [person(1, "a", "Anna", 2), person(1, None, "Bob", 3), person(2, "b", "Cyd", 1), person(3, "c", "Eve", 3), person(4, None, "Di", 2)],
    # The clock of this run is behind; all but one are gone.
    0: [person(1, "a", "Anne", 4)],
    # And here again.
    4: [person(1, "a", "Anne", 4), person(2, "b", "Cyd", 5), person(3, "c", "Eve", 3)],
}
COPIED = [("id", "large"), ("order", "text"), ("note", "text"), ("_updated_at", "time")]
COPIED_FIRST = [
    (1, "x", "a", "2026-04-01 10:00:00"),
    (2, "y", None, "2026-04-02 10:00:00"),
    (3, "it's", "é\\n", None),
]
# 1 is changed and late, 2 changed, 4 new and too large for what is not wide.
COPIED_SECOND = [
    (1, "x", "A", "2026-04-01 11:00:00"),
    (2, "y", "b", "2026-04-03 10:00:00"),
    (3, "it's", None, None),
    (5_000_000_000, "z", "c", "2026-04-04 10:00:00"),
]
COPY = "poc.staging__shop.orders!"
# What was there before columns were new, wider, and gone.
DRIFTED = [("id", "small"), ("order", "text"), ("gone", "text"), ("_updated_at", "time"), ("_source", "text")]
DRIFTED_ROWS = [(1, "x", "old", "2026-04-01 10:00:00", "shop"), (9, "w", None, "2026-04-02 12:00:00", "shop")]

# The one statement that both refuse: a check of all tables about a column that one lacks.
NOWHERE = "from marts.customers where amount < 0"

HOLES = {
    "$now": "TIMESTAMP '2026-04-07 08:09:10.123456'",
    "$run_id": "'it''s run 1'",
    "$start_date": "'2026-04-06 00:00:00'",
    "$end_date": "'2026-04-08 00:00:00'",
}


def sections(of, golden):
    """Statements by section; one without sections is one. A script of several statements is executed one by one."""
    found, name, sql = {}, "", []
    for line in (folder / of / f"{golden}.sql").read_text().splitlines():
        if not sql and (line.startswith("-- ") or line in ("", ";")):
            if line.startswith("-- ===="):
                name = line.strip("-= ")
            continue
        sql.append(line)
        if line.endswith(";"):
            found.setdefault(name, []).append("\n".join(sql)[:-1])
            sql = []
    return found


def scripts(of, statements):
    """BigQuery's transactions are scripts; the others' statements go one by one."""
    script = []
    for sql in statements:
        script.append(sql)
        if of != "bigquery" or not script[0].startswith("BEGIN") or sql.startswith("COMMIT"):
            yield ";\n".join(script)
            script = []


def bound(of, sql, holes):
    """The statement with values in its holes."""
    zone = "+00:00" if of == "databricks" else ""
    for hole, value in {**HOLES, **holes}.items():
        if of in ("databricks", "bigquery"):
            value = value.replace("''", "\\'")
        if hole.endswith("_date"):
            value = value.replace(":00'", f":00{zone}'")
        sql = sql.replace(hole, value)
    return sql


class Both:
    """DuckDB and the emulator, which do the same."""

    def __init__(self):
        kind = getattr(engines, {"snowflake": "Snow", "databricks": "Spark", "bigquery": "Big"}[dialect])
        self.pair = [("duckdb", engines.Duck()), (dialect, kind())]
        self.report = {}
        for schema in ("raw", "marts", "hist", "seeds", "poc.staging__shop", "raw__shop"):
            self.do(lambda e: e.run(f"CREATE SCHEMA IF NOT EXISTS {e.name(schema)}"))

    def do(self, act):
        for _, engine in self.pair:
            act(engine)

    def source(self, name, columns, rows):
        self.do(lambda e: e.table(name, columns, rows))

    def forget(self, *tables):
        self.do(lambda e: [e.drop("TABLE", t) for t in tables])

    def golden(self, golden, section, tables, holes={}, only=None):
        """Execute a section; compare each answer, and the tables at the end."""
        name = f"{golden} / {section}"
        while name in self.report:
            name += ", again"
        self.report[name] = None
        answers = []
        for of, engine in self.pair:
            given = []
            for sql in scripts(of, sections(of, golden)[section]):
                if only and not only(sql):
                    continue
                sql = bound(of, sql, holes)
                try:
                    given.append((sql, engine.step(sql)))
                except Exception as failed:
                    given.append((sql, f"{type(failed).__name__}: {str(failed)[:300]}"))
            answers.append(given)
        self.compare(name, *answers)
        for table in tables:
            expected, found = [e.content(table) for _, e in self.pair]
            if expected != found:
                self.differs(name, f"{table}: DuckDB has {expected}\n{dialect} {found}")
            elif not expected[1] and table != "seeds.empty":
                self.differs(name, f"{table} has no rows")

    def compare(self, name, mine, theirs):
        # Statements without an answer may be other ones, or more. What fails has one.
        answers = [[(sql, a) for sql, a in given if a is not None] for given in (mine, theirs)]
        if len(answers[0]) != len(answers[1]):
            failed = [f"{sql}\n  {a}" for given in answers for sql, a in given if isinstance(a, str)]
            return self.differs(name, "\n".join(failed) or "one asks more than the other")
        for (asked, expected), (sql, found) in zip(*answers):
            # Only DuckDB has endless dates and timestamps: it says beside the watermark how many, and here there are none.
            if "THEN NULL ELSE" in asked and "THEN NULL ELSE" not in sql and not isinstance(expected, str):
                columns, [(watermark, endless)] = expected
                if endless == "0":
                    expected = (columns[:1], [(watermark,)])
            if isinstance(expected, str) and isinstance(found, str) and NOWHERE in sql.lower():
                continue
            # A sample differs by chance.
            sampled = "SAMPLE" in sql
            if expected != found and not (sampled and isinstance(found, tuple)):
                self.differs(name, f"DuckDB answers {expected}\n{dialect} {found}\n{sql}")

    def differs(self, name, why):
        self.report[name] = "\n".join(filter(None, [self.report[name], why]))


def strategies(both):
    for golden, make, change in [
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
    ]:
        for section, rows in ((make, FIRST), (change, SECOND)):
            both.source("raw.orders", ORDERS, rows)
            both.golden(golden, section, ["marts.orders"])
        both.do(lambda e: e.drop("VIEW" if golden == "view" else "TABLE", "marts.orders"))


def snapshots(both):
    for golden in ("snapshot_updated_at", "snapshot_check"):
        # In order of the runs; the clock of the fourth is behind that of the third.
        for number, (day, hour) in enumerate([(1, 8), (2, 9), (3, 10), (0, 7), (4, 23)]):
            both.source("raw.people", PEOPLE, PEOPLE_OF_DAY[day])
            if number == 1:
                # The history lacks a column of the source and has one that is gone.
                both.do(older_history)
            added = number == 1
            both.golden(
                golden,
                "Table" if number else "Absent",
                ["hist.people"],
                {"$now": f"TIMESTAMP '2026-04-0{max(day, 1)} {hour:02}:09:10.123456'", "$run_id": f"'run {number}'"},
                only=lambda sql: added or not sql.startswith("ALTER TABLE"),
            )
        if golden == "snapshot_updated_at":
            for section in sections(dialect, "snapshot_checks"):
                both.golden("snapshot_checks", section, ["hist.people"])
        both.forget("hist.people")


def older_history(engine):
    kept = "id, part, name, changed, valid_from, valid_to, is_current, snapshot_id"
    engine.run(f"CREATE TABLE hist.older AS\nSELECT {kept} FROM hist.people")
    engine.drop("TABLE", "hist.people")
    engine.run(f"CREATE TABLE hist.people AS\nSELECT {kept}, CASE WHEN id > 0 THEN 'x' END AS gone FROM hist.older")
    engine.drop("TABLE", "hist.older")


def replications(both):
    for strategy in ("full_refresh", "incremental", "merge", "view"):
        golden = f"replication_{strategy}"
        kind = "VIEW" if strategy == "view" else "TABLE"
        read = lambda rows: both.source("raw__shop.orders!", COPIED, rows)
        read(COPIED_FIRST)
        both.golden(golden, "target is absent", [COPY])
        if strategy == "view":
            # A table is in its place.
            both.do(lambda e: e.drop("VIEW", COPY))
            both.source(COPY, DRIFTED, DRIFTED_ROWS)
        read(COPIED_SECOND)
        both.golden(golden, "target is there", [COPY])
        both.do(lambda e: e.drop(kind, COPY))
        if strategy != "view":
            both.do(lambda e: e.view(COPY, f"SELECT 1 AS {e.name('order')}"))
        both.golden(golden, "target is a view", [COPY])
        both.do(lambda e: e.drop(kind, COPY))
        for section in ("columns are new, wider, gone", "the same, and the gone one is dropped"):
            both.source(COPY, DRIFTED, DRIFTED_ROWS)
            both.golden(golden, section, [COPY])
            both.do(lambda e: e.drop(kind, COPY))
        both.source(COPY, [("id", "text"), *DRIFTED[1:]], DRIFTED_ROWS)
        both.golden(golden, "a column has another type", [COPY])
        both.do(lambda e: e.drop(kind, COPY))
    tagged = [("_rocky_failed_tests", "text")]
    read(COPIED_FIRST + [(None, "q", "n", "2026-04-01 00:00:00")])
    beside = [COPY, "poc.staging__shop.orders__quarantine!", "poc.staging__shop.orders__valid!"]
    both.golden("replication_checks", "absent, split", beside)
    both.forget(*beside)
    both.source(COPY, [*COPIED, ("_source", "text"), *tagged], [(*COPIED_FIRST[0], "shop", "not_null_id")])
    both.golden("replication_checks", "there and tagged before, incremental", [COPY])
    both.forget(COPY)


def checks(both):
    both.source("raw.orders", ORDERS, MIXED)
    both.source("raw.customers", [("id", "int"), ("name", "text"), ("select", "int")], [(1, "a", 1), (2, "b", 30), (None, "c", None)])
    both.golden("checks", "", ["marts.orders", "marts.customers"])
    both.source("raw.orders", ORDERS, FIRST)
    both.golden("checks", "", ["marts.orders", "marts.customers"])
    both.forget("marts.orders", "marts.customers")


def quarantines(both):
    both.source("raw.customers", [("id", "int"), ("name", "text")], [(n, "x") for n in (1, 9, 10, 30, 70, None)])
    beside = ["marts.orders__quarantine", "marts.orders__valid"]
    keyed = [(n, *row[1:]) for n, row in enumerate(MIXED, 1)]
    for mode in ("split", "tag", "drop"):
        both.source("raw.orders", ORDERS, keyed)
        others = beside if mode == "split" else []
        both.golden("quarantine", f"{mode}, target absent", ["marts.orders", *others])
        both.forget("marts.orders", *others)
        both.source("raw.orders", ORDERS, SECOND)
        columns = [*ORDERS, ("_rocky_failed_tests", "text")]
        both.source("marts.orders", columns, [(*FIRST[0], "gone"), (8, None, 1, None, None, None), (9, 9, 1, None, None, "older")])
        both.golden("quarantine", f"{mode}, target exists", ["marts.orders", *others])
        both.forget("marts.orders", *others)


def seeds(both):
    # The names of its columns are hostile to the other emulators.
    if dialect == "bigquery":
        both.golden("seeds", "", ["reference.all_types", "seeds.empty"])
        both.forget("reference.all_types", "seeds.empty")


def main():
    both = Both()
    for topic in (strategies, snapshots, replications, checks, quarantines, seeds):
        topic(both)
    # What differs is seen, in tables and in answers.
    for (of, engine), rows in zip(both.pair, (FIRST, SECOND)):
        engine.table("raw.orders", ORDERS, rows)
    both.golden("full_refresh", "Absent", ["marts.orders"])
    both.golden("checks", "", [])
    for name in list(both.report)[-2:]:
        both.report[name] = None if both.report[name] else "rows that differ are not seen"
    both.report.update(both.pair[1][1].controls())
    both.pair[1][1].close()
    print(json.dumps(both.report), flush=True)


main()
# Not by the interpreter's end: a client may wait there for a server that is gone.
os._exit(0)
