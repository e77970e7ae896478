#!/usr/bin/env python3
"""Are the generated projects valid? DuckDB itself is the judge.

    benches/validate.py [--models 200,1000] [--seeds 1,2,3] [--rocky .cache/target/release/rocky]

Creates the raw tables as declared, with one row each, then every model in order as a table: an unknown column or a wrong type is
an error of DuckDB's. SQL models are taken from the files that were written, DSL models from the SQL that stands for them. Each
table's columns must be the ones that the generator promises, 8 to 15 of them.

With `--rocky PATH` that program compiles each project too, and the columns and types it reports, for DSL models as well, must be
the ones of DuckDB's tables.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import duckdb

VALUES = {
    "BIGINT": "7", "INTEGER": "3", "DOUBLE": "2.5", "BOOLEAN": "FALSE", "TIMESTAMP": "TIMESTAMP '2025-05-06 07:08:09'",
}


def value(column):
    if column["type"].startswith("DECIMAL"):
        return "12.34"
    if column["type"] == "VARCHAR":
        return "'2025-05-06 07:08:09'" if column["name"].endswith("_at") else "'17'"
    return VALUES[column["type"]]


def compiled(rocky, folder):
    """The columns with their types per model, as rocky sees them."""
    command = [rocky, "-c", str(pathlib.Path(folder, "rocky.toml")), "compile", "--output", "json"]
    result = subprocess.run(command, stdout=subprocess.PIPE)
    document = json.loads(result.stdout)
    errors = [d for d in document["diagnostics"] if d["severity"].lower() == "error"]
    failures = [f'{d.get("model")}: {d["code"]} {d["message"]}' for d in errors]
    columns = {m["name"]: [(c["name"], c.get("type")) for c in m["columns"]] for m in document["models_detail"]}
    return columns, failures


def compare(db, model, described, columns, spelled):
    """What rocky says of a model against `DESCRIBE`; yields failures. `spelled` maps rocky's type texts to DuckDB's."""
    if columns is None:
        yield f"{model}: rocky does not know it"
        return
    if [name for name, _ in columns] != [row[0] for row in described]:
        yield f"{model}: rocky has columns {[name for name, _ in columns]}, DuckDB {[row[0] for row in described]}"
        return
    for (name, text), row in zip(columns, described):
        if text not in spelled:
            try:
                spelled[text] = db.execute(f"DESCRIBE SELECT CAST(NULL AS {text}) AS x").fetchall()[0][1]
            except duckdb.Error:
                spelled[text] = None
        if spelled[text] != row[1]:
            yield f"{model}.{name}: rocky says {text}, DuckDB {row[1]}"


def check(binary, rocky, n_models, seed):
    size = ["--models", str(n_models), "--seed", str(seed)]
    manifest = json.loads(subprocess.check_output([binary, "manifest", *size]))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.check_output([binary, "generate", folder, *size])
        by_rocky, failures = compiled(rocky, folder) if rocky else (None, [])
        facts = json.loads(pathlib.Path(folder, "bench.json").read_text())
        texts = {path.stem: path.read_text() for path in pathlib.Path(folder, "models").glob("*/*.sql")}
    db = duckdb.connect()
    db.execute("CREATE SCHEMA raw")
    for table in manifest["tables"]:
        columns = ", ".join(f'{c["name"]} {c["type"]}{"" if c["nullable"] else " NOT NULL"}' for c in table["columns"])
        db.execute(f'CREATE TABLE raw.{table["name"]} ({columns})')
        db.execute(f'INSERT INTO raw.{table["name"]} VALUES ({", ".join(map(value, table["columns"]))})')
    spelled = {}
    for model in manifest["models"]:
        text = texts.pop(model["name"]) if model["language"] == "sql" else model["sql"]
        try:
            # Not a view: views over views are expanded again and again.
            db.execute(f'CREATE TABLE {model["name"]} AS {text}')
        except duckdb.Error as error:
            failures.append(f'{model["name"]}: {error}\n{text}')
            continue
        described = db.execute(f'DESCRIBE {model["name"]}').fetchall()
        columns = [row[0] for row in described]
        if by_rocky is not None:
            failures += compare(db, model["name"], described, by_rocky.get(model["name"]), spelled)
        if columns != model["columns"]:
            failures.append(f'{model["name"]}: columns {columns}, promised {model["columns"]}')
        if not 8 <= len(columns) <= 15:
            failures.append(f'{model["name"]}: {len(columns)} columns')
    for edit in (facts["edit"], facts["hub"]):
        for column, condition in ((", customer_id + 1 AS bench_extra_1", ""), ("", " AND customer_id <> 1")):
            text = edit["head"] + column + edit["middle"] + condition + edit["tail"]
            try:
                db.execute(text)
            except duckdb.Error as error:
                failures.append(f'edit of {edit["model"]}: {error}\n{text}')
    if texts:
        failures.append(f"files without a model: {sorted(texts)}")
    n_sql = sum(model["language"] == "sql" for model in manifest["models"])
    print(f"{n_models} models, seed {seed}: {n_sql} SQL, {len(manifest['models']) - n_sql} DSL, {len(failures)} failures")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=".cache/target/release/rocky-bench")
    parser.add_argument("--rocky", help="compile with this program too and compare columns and types")
    parser.add_argument("--models", default="10,200,1000")
    parser.add_argument("--seeds", default="1,2,3")
    options = parser.parse_args()
    failures = []
    for n_models in map(int, options.models.split(",")):
        for seed in map(int, options.seeds.split(",")):
            failures += check(options.binary, options.rocky, n_models, seed)
    print("\n\n".join(failures[:20]))
    sys.exit(bool(failures))


main()
