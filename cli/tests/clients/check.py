"""Drives a rocky binary with the Python clients that its users already have, taken from PyPI unchanged.

    check.py CLIENT BINARY DIR      CLIENT: sdk, dagster or dagster-1.0

Makes playground projects in DIR and calls every client method whose verb this release has. A check holds when the
client's own models accept the document *and* it carries the values that the project implies. Four kinds:

    check     must hold
    refused   an option that is not built must be refused by name, never ignored
    mismatch  does not work and is known; when it begins to work the check fails, so that the entry is removed
    old       as mismatch, where two versions of the clients contradict each other and the newer one is served

Start reading at `common`. Ends with 0 when everything is as said here, else with 1 and the list of what is not.
"""

import json
import os
import pathlib
import subprocess
import sys
import traceback

DEADLINE_SECONDS = 60

failures: list[str] = []
counts = {"ok": 0, "refused": 0, "mismatch": 0, "old": 0}


def passed(kind, name):
    counts[kind] += 1
    print(f"{kind:9} {name}")


def same(what, got, want):
    if got != want:
        raise AssertionError(f"{what} is {got!r}, expected {want!r}")


def true(what, value):
    if not value:
        raise AssertionError(f"{what}: {value!r}")


def explain(error):
    """An error of a client with what it hides in attributes."""
    parts = [f"{type(error).__name__}: {error}"]
    for name in ("parse_error", "stderr_tail", "stdout"):
        if getattr(error, name, None):
            parts.append(f"{name}: {str(getattr(error, name))[:600]}")
    metadata = getattr(error, "metadata", None) or {}
    parts += [f"{key}: {getattr(value, 'value', value)}" for key, value in metadata.items()]
    return "\n    ".join(parts)


def check(name):
    """Run the decorated function now; its exceptions are failures."""

    def decorate(function):
        try:
            function()
            passed("ok", name)
        except Exception as error:  # noqa: BLE001 - a client may raise anything
            where = traceback.extract_tb(error.__traceback__)[1:2]
            line = f" (line {where[0].lineno})" if where else ""
            failures.append(f"{name}{line}: {explain(error)}")
            print(f"FAILED    {name}")
        return function

    return decorate


def fails_with(kind, name, part, function):
    try:
        function()
    except Exception as error:  # noqa: BLE001
        text = explain(error)
        if part in text:
            passed(kind, name)
        else:
            failures.append(f"{name}: failed, but not with {part!r}: {text}")
        return
    what = {"refused": "was accepted; is it built now? Then check what it does"}
    failures.append(f"{name}: {what.get(kind, 'works now: make it a `check`')}")


def told(name, part, function):
    """The client has a document or an exception, and either says what is wrong."""
    try:
        result = function()
        text = " ".join(e.error for e in result.errors)
        written = result.tables_copied
    except Exception as error:  # noqa: BLE001
        text, written = explain(error), 0
    if part in text and written == 0:
        passed("ok", name)
    else:
        failures.append(f"{name}: not told of {part!r}: {text}")


def refused(name, flag, function):
    fails_with("refused", name, flag, function)


def mismatch(name, part, function):
    fails_with("mismatch", name, part, function)


def old(name, part, function):
    fails_with("old", name, part, function)


class Playground:
    """A fresh project of `rocky playground` and what it implies."""

    def __init__(self, binary, path, template="showcase"):
        self.binary, self.path = binary, pathlib.Path(path)
        self.rocky("playground", str(self.path), "--template", template)
        self.config = str(self.path / "rocky.toml")
        self.models = str(self.path / "models")
        self.state = str(self.path / ".rocky-state.redb")
        files = [p for p in (self.path / "models").rglob("*") if p.suffix in (".sql", ".rocky")]
        self.names = {p.stem for p in files}

    def rocky(self, *args):
        out = subprocess.run([self.binary, *args], capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
        if out.returncode != 0:
            raise AssertionError(f"rocky {' '.join(args)}: exit {out.returncode}\n{out.stdout}{out.stderr}")
        return json.loads(out.stdout)

    def settings(self, **more):
        return dict(
            binary_path=self.binary,
            config_path=self.config,
            state_path=self.state,
            models_dir=self.models,
            timeout_seconds=DEADLINE_SECONDS,
            **more,
        )

    def write(self, path, text):
        """A file of the project."""
        (self.path / path).write_text(text)


def wrong_data(binary, dir, make):
    """Documents of projects with mistakes: they end with a non-zero exit code and must parse all the same."""
    mistakes = Playground(binary, os.path.join(dir, "mistakes"))
    mistakes.write("models/marts/wrong.sql", "SELECT customer_idd\nFROM dim_customers\n")
    client = make(mistakes)

    @check("compile with an error")
    def _():
        result = client.compile()
        same("has_errors", result.has_errors, True)
        found = [d for d in result.diagnostics if d.severity.value == "Error"]
        same("errors", len(found), 1)
        same("model", found[0].model, "wrong")
        same("line, column", (found[0].span.line, found[0].span.col), (1, 8))
        same("file", pathlib.PurePath(found[0].span.file).name, "wrong.sql")
        true("the nearest column is named", "did you mean `customer_id`" in found[0].message)

    @check("run that a compile error keeps from starting")
    def _():
        result = client.run("client=acme")
        same("tables_copied", result.tables_copied, 0)
        same("materializations", result.materializations, [])
        true("errors", any("customer_idd" in e.error for e in result.errors))

    broken = Playground(binary, os.path.join(dir, "broken"))
    broken.write("models/marts/no.sql", "SELECT error('refused on purpose') AS x FROM dim_customers\n")
    failing = make(broken)

    @check("run with a failing model")
    def _():
        result = failing.run("client=acme")
        same("tables_failed", result.tables_failed, 1)
        true("others were written", result.tables_copied > 10)
        same("materializations", len(result.materializations), result.tables_copied)
        same("errors", len(result.errors), 1)
        true("the engine's words", "refused on purpose" in result.errors[0].error)
        same("asset_key", result.errors[0].asset_key, ["playground", "marts", "no"])
        if hasattr(result, "status"):
            same("status", result.status, "PartialFailure")

    zoned = Playground(binary, os.path.join(dir, "zoned"), "quickstart")
    zoned.write("models/zoned.sql", "SELECT 1 AS id, TIMESTAMPTZ '2024-01-05 10:00:00+02' AS changed_at\n")
    zoned.write("models/zoned.toml", '[strategy]\ntype = "incremental"\ntimestamp_column = "changed_at"\n')
    ahead = make(zoned)

    # The clients take RFC 3339, where DuckDB writes `2024-01-05 08:00:00+00`.
    @check("run and state with a watermark that has a time zone")
    def _():
        run = ahead.run("client=acme")
        marks = [m.metadata.watermark for m in run.materializations if m.metadata.strategy == "incremental"]
        true("watermark of the run", any("2024-01-05T08:00:00" in w.isoformat() for w in marks if w))
        true("watermark of the state", any("2024-01-05T08:00:00" in w.last_value.isoformat() for w in ahead.state().watermarks))

    return failing


def common(client, project, *, newer):
    """The verbs that every version of the clients has. `newer`: dagster-rocky 1.42 and the SDK."""
    names = project.names

    @check("discover")
    def _():
        result = client.discover()
        same("command", result.command, "discover")
        sources = {s.id: s for s in result.sources}
        raw = sources["raw"]
        same("source_type", raw.source_type, "duckdb")
        same("components", raw.components, {"schema": "raw"})
        same("tables", {t.name for t in raw.tables}, {"customers", "events", "order_items", "orders", "products"})
        true("row counts", all(t.row_count for t in raw.tables))

    @check("compile")
    def _():
        result = client.compile()
        same("models", result.models, len(names))
        same("has_errors", result.has_errors, False)
        true("execution_layers", 1 < result.execution_layers <= len(names))
        detail = {m.name: m for m in result.models_detail}
        same("names", set(detail), names)
        same("strategy", detail["fct_orders"].strategy, {"type": "incremental", "timestamp_column": "ordered_at"})
        target = detail["fct_orders"].target
        same("target", target, {"catalog": "playground", "schema": "marts", "table": "fct_orders"})
        if newer:
            same("depends_on", set(detail["customer_value"].depends_on), {"dim_customers", "fct_orders"})

    @check("compile of one model")
    def _():
        result = client.compile("fct_orders")
        same("models_detail", [m.name for m in result.models_detail], ["fct_orders"])

    @check("lineage of a model")
    def _():
        result = client.lineage("customer_value")
        columns = [c.name for c in result.columns]
        same("columns", columns, ["customer_id", "city", "orders", "lifetime_value", "quartile"])
        same("upstream", set(result.upstream), {"dim_customers", "fct_orders"})
        same("downstream", result.downstream, ["city_summary"])
        into = {(e.source.model, e.source.column, str(getattr(e.transform, "value", e.transform))) for e in result.edges
                if (e.target.model, e.target.column) == ("customer_value", "lifetime_value")}
        same("edges", into, {("fct_orders", "amount", "aggregation: sum")})
        out = {e.target.column for e in result.edges if e.source.model == "customer_value"}
        true("edges downstream", out)

    @check("lineage of a column")
    def _():
        result = client.lineage("customer_value", "lifetime_value")
        same("type", type(result).__name__, "ColumnLineageResult")
        same("column", (result.model, result.column), ("customer_value", "lifetime_value"))
        sources = {(e.source.model.split(".")[-1], e.source.column) for e in result.trace}
        for source in [("fct_orders", "amount"), ("order_items", "quantity"), ("products", "price")]:
            true(f"the trace reaches {source}", source in sources)
        if newer:
            same("direction", result.direction, "upstream")
            consumers = {c.model for c in result.downstream_consumers}
            same("downstream_consumers", consumers, {"city_summary"})

    # The client decides by its second argument which answer it expects.
    mismatch("lineage of `model.column`", "upstream", lambda: client.lineage("customer_value.lifetime_value"))

    @check("state before a run")
    def _():
        same("watermarks", client.state().watermarks, [])

    @check("history before a run")
    def _():
        result = client.history()
        same("runs", (result.count, result.runs), (0, []))

    runs = []

    @check("run")
    def _():
        result = client.run("client=acme")
        runs.append(result)
        same("filter", result.filter, "client=acme")
        same("tables_failed", result.tables_failed, 0)
        same("errors", result.errors, [])
        keys = {tuple(m.asset_key): m for m in result.materializations}
        same("tables_copied", result.tables_copied, len(result.materializations))
        written = {key[2] for key in keys}
        true("all models but ephemeral ones", written < names and len(written) >= len(names) - 2)
        customers = next(t for s in client.discover().sources if s.id == "raw" for t in s.tables if t.name == "customers")
        same("rows", keys["playground", "marts", "dim_customers"].rows_copied, customers.row_count)
        meta = keys["playground", "marts", "fct_orders"].metadata
        same("strategy", meta.strategy, "incremental")
        true("watermark", meta.watermark)
        true("sql_hash", len(meta.sql_hash or "") == 16)
        true("column_count", meta.column_count)
        same("full name", meta.target_table_full_name, "playground.marts.fct_orders")
        same("tables processed", result.execution.tables_processed, result.tables_copied)
        true("schemas created", result.permissions.schemas_created >= 3)
        same("drift", result.drift.actions_taken, [])

    @check("run of all models, in parallel")
    def _():
        result = client.run("client=acme", run_models=True, parallel=2)
        runs.append(result)
        same("concurrency", result.execution.concurrency, 2)
        same("tables_copied", result.tables_copied, runs[0].tables_copied)
        rows = {m.asset_key[-1]: m.rows_copied for m in result.materializations}
        same("nothing new for the incremental model", rows["fct_orders"], 0)

    @check("state")
    def _():
        result = client.state()
        same("tables", [w.table.split(".")[-1] for w in result.watermarks], ["fct_orders"])
        true("last_value", result.watermarks[0].last_value.year >= 2024)
        true("updated_at", result.watermarks[0].updated_at.year >= 2024)

    @check("test")
    def _():
        result = client.test()
        same("total, passed, failed", (result.total, result.passed, result.failed), (len(names), len(names), 0))

    @check("test of one model")
    def _():
        result = client.test("fct_orders")
        same("failed", result.failed, 0)
        true("the model and what it reads", 1 < result.total < len(names))

    @check("validate")
    def _():
        # No client has a method for it; this is the argv that they put before every command.
        result = project.rocky("--config", project.config, "--state-path", project.state, "--output", "json", "validate")
        same("valid", result["valid"], True)
        same("models", (result["models"]["count"], result["models"]["dag_valid"]), (len(names), True))
        true("adapters", result["adapters"][0]["ok"])

    for option, flag in [
        (dict(partition="2024-01-01"), "--partition"),
        (dict(partition_from="2024-01-01", partition_to="2024-01-02"), "--from"),
        (dict(latest=True), "--latest"),
        (dict(missing=True), "--missing"),
        (dict(lookback=1), "--lookback"),
    ]:
        told(f"run with {flag}", "time_interval", lambda option=option: client.run("client=acme", **option))
    option = dict(governance_override={"grants": []})
    refused("run with --governance-override", "--governance-override", lambda: client.run("client=acme", **option))
    return runs


def histories(client, project, runs):
    """`history`, for the clients whose shape of it is served."""

    @check("history")
    def _():
        result = client.history()
        same("count", result.count, len(runs))
        same("runs", len(result.runs), len(runs))
        newest = result.runs[0]
        same("status", newest.status, "Success")
        true("times", newest.started_at >= result.runs[-1].started_at)
        same("trigger", newest.trigger, "Ci" if os.environ.get("CI") else "Manual")
        models = {m.model_name: m for m in newest.models}
        same("models_executed", newest.models_executed, len(models))
        same("models", set(models), {m.asset_key[-1] for m in runs[-1].materializations})
        same("model's status", models["dim_customers"].status, "Success")
        rows = {m.asset_key[-1]: m.rows_copied for m in runs[-1].materializations}
        same("rows", models["dim_customers"].rows_affected, rows["dim_customers"])

    @check("history since")
    def _():
        same("all of it", client.history(since="2024-01-01").count, len(runs))
        same("nothing yet", client.history(since="2999-01-01").count, 0)

    @check("history of a model")
    def _():
        result = client.history("dim_customers")
        same("model", result.model, "dim_customers")
        same("executions", (result.count, len(result.executions)), (len(runs), len(runs)))
        hashes = {m.metadata.sql_hash for run in runs for m in run.materializations if m.asset_key[-1] == "dim_customers"}
        true("sql_hash", {e.sql_hash for e in result.executions} <= hashes)
        same("status", {e.status for e in result.executions}, {"Success"})
        true("rows of the first", result.executions[-1].rows_affected > 0)


def newer_only(client, project, failing, runs):
    """Methods and options that the SDK has and dagster-rocky 1.0 does not."""

    @check("run_model")
    def _():
        result = client.run_model("dim_customers")
        runs.append(result)
        same("materializations", [m.asset_key[-1] for m in result.materializations], ["dim_customers"])
        same("status", result.status, "Success")
        true("started_at", result.materializations[0].started_at)

    @check("run_model with a pipeline")
    def _():
        result = client.run_model("dim_customers", pipeline="playground", filter="client=acme")
        runs.append(result)
        same("materializations", len(result.materializations), 1)

    @check("discover of a pipeline")
    def _():
        true("sources", client.discover(pipeline="playground").sources)

    histories(client, project, runs)

    @check("state's versions")
    def _():
        result = client.state()
        true("schema_version_supported", result.schema_version_supported)
        same("schema_version_on_disk", result.schema_version_on_disk, result.schema_version_supported)

    @check("test with a failing model")
    def _():
        result = failing.test()
        same("total, failed", (result.total, result.failed), (len(failing_names(failing)), 1))
        same("failure", result.failures[0].name, "no")
        true("the engine's words", "refused on purpose" in result.failures[0].error)


    @check("plan")
    def _():
        result = client.plan("client=acme", pipeline="playground")
        true("statements", any(s.purpose in ("create_view", "insert") for s in result.statements))
        same("statements without a filter", len(client.plan().statements), len(result.statements))

    # The clients take what `run` prints for a result, whatever the exit code.
    @check("run_model of an unknown model")
    def _():
        result = client.run_model("nope")
        same("tables_copied", result.tables_copied, 0)
        true("errors", any("nope" in e.error for e in result.errors))

    if hasattr(client, "run_cli"):
        check("an error of discover has words on stderr")(lambda: words(client))

    refused("plan with --env", "--env", lambda: client.plan("client=acme", env="prod"))
    told("resume_run", "to go on with", lambda: client.resume_run())

    @check("run with --idempotency-key")
    def _():
        first = client.run("client=acme", run_models=True, idempotency_key="k")
        true("the first is done", first.tables_copied > 0)
        second = client.run("client=acme", run_models=True, idempotency_key="k")
        same("the second does nothing", second.tables_copied, 0)

    @check("run with --shadow")
    def _():
        result = client.run("client=acme", run_models=True, shadow_suffix="_x")
        true("shadow", result.shadow)
        true("shadows", all(m.metadata.target_table_full_name.endswith("_x") for m in result.materializations))
        true("some", result.tables_copied > 0)

    for option, flag in [
        (dict(defer=True), "--defer"),
        (dict(defer_to="prod"), "--defer-to"),
    ]:
        refused(f"run with {flag}", flag, lambda option=option: client.run("client=acme", **option))

    @check("a shadow run writes beside")
    def _():
        result = client.run("client=acme", shadow_suffix="_x")
        names = [m.metadata.target_table_full_name for m in result.materializations]
        true("targets", names and all(name.endswith("_x") for name in names))


def failing_names(client):
    return [p for p in pathlib.Path(client.models_dir).rglob("*") if p.suffix in (".sql", ".rocky")]


def words(client):
    try:
        client.discover(pipeline="nope")
    except Exception as error:
        if "nope" not in str(getattr(error, "stderr_tail", "")):
            raise
        return


def sdk(binary, dir):
    from rocky_sdk import RockyClient, parse_rocky_output

    def make(project):
        return RockyClient(**project.settings())

    project = Playground(binary, os.path.join(dir, "project"))
    client = make(project)

    @check("the version is read and new enough")
    def _():
        out = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=True)
        name, version = out.stdout.split()
        same("name", name, "rocky")
        true("at least 1.35", tuple(int(n) for n in version.split(".")) >= (1, 35, 0))

    runs = common(client, project, newer=True)
    failing = wrong_data(binary, dir, make)
    newer_only(client, project, failing, runs)

    @check("documents are recognised by their command")
    def _():
        for args, kind in [
            (["discover"], "DiscoverResult"),
            (["compile"], "CompileResult"),
            (["state"], "StateResult"),
            (["lineage", "fct_orders"], "ModelLineageResult"),
            (["lineage", "fct_orders", "--column", "amount"], "ColumnLineageResult"),
            (["history"], "HistoryOutput"),
            (["history", "--model", "fct_orders"], "ModelHistoryOutput"),
            (["test"], "TestOutput"),
        ]:
            same(" ".join(args), type(parse_rocky_output(client.run_cli(args))).__name__, kind)

    @check("defaults: started in the project's folder, without a state path")
    def _():
        os.chdir(project.path)
        plain = RockyClient(binary_path=binary, timeout_seconds=DEADLINE_SECONDS)
        same("models", plain.compile().models, len(project.names))
        # With the one that had an idempotency key.
        same("runs", plain.history().count, len(runs) + 1)

    def beside():
        os.chdir(project.path.parent)
        path = project.path.name
        beside = RockyClient(
            binary_path=binary, config_path=f"{path}/rocky.toml", models_dir=f"{path}/models", timeout_seconds=DEADLINE_SECONDS
        )
        same("models", beside.compile().models, len(project.names))

    check("a relative models_dir counts from the working directory")(beside)


def dagster_now(binary, dir):
    import dagster as dg
    import dagster_rocky as dr

    def make(project):
        return dr.RockyResource(**project.settings())

    project = Playground(binary, os.path.join(dir, "project"))
    client = make(project)
    runs = common(client, project, newer=True)
    failing = wrong_data(binary, dir, make)
    newer_only(client, project, failing, runs)
    streaming(dg, dr, client)

    @check("asset specs from the sources and the models")
    def _():
        sources = dr.load_rocky_assets(client)
        true("a source's key", any(list(s.key.path)[-1] == "orders" for s in sources))
        specs = dr.build_model_specs(client.compile(), translator=dr.RockyDagsterTranslator())
        ephemeral = {m.name for m in client.compile().models_detail if m.strategy["type"] == "ephemeral"}
        same("models", {list(s.key.path)[-1] for s in specs}, project.names - ephemeral)

    @check("column lineage as Dagster shows it")
    def _():
        deps = dr.build_column_lineage(client.lineage("customer_value")).deps_by_column
        same("lifetime_value", [d.column_name for d in deps["lifetime_value"]], ["amount"])


def dagster_first(binary, dir):
    import dagster as dg
    import dagster_rocky as dr

    def make(project):
        return dr.RockyResource(**project.settings())

    project = Playground(binary, os.path.join(dir, "project"))
    client = make(project)
    runs = common(client, project, newer=False)
    failing = wrong_data(binary, dir, make)

    @check("plan")
    def _():
        result = client.plan("client=acme")
        same("filter", result.filter, "client=acme")
        tables = {s.target.split(".")[-1] for s in result.statements}
        true("every written model", {m.asset_key[-1] for m in runs[0].materializations} <= tables)
        true("SQL", all(s.sql and s.purpose for s in result.statements))

    # `models_executed` is a number since 1.8 and was a list before; `failures` became objects with SDK 0.1.7.
    old("history with runs", "models_executed", lambda: client.history())
    old("test with a failing model", "failures", lambda: failing.test())

    @check("history of a model")
    def _():
        result = client.history("fct_orders")
        same("count", result.count, len(runs))
        execution = result.executions[0]
        same("model_name", execution.model_name, "fct_orders")
        true("finished_at", execution.finished_at >= execution.started_at)

    streaming(dg, dr, client)


def streaming(dg, dr, client):
    """`run_streaming` needs an execution context: a real asset is materialized in process."""

    @check("run_streaming inside of an asset")
    def _():
        seen = []

        @dg.asset
        def models(context: dg.AssetExecutionContext):
            result = client.run_streaming(context, "client=acme", run_models=True)
            seen.extend(dr.emit_materializations(result))
            return result.tables_copied

        instance = dg.DagsterInstance.ephemeral()
        outcome = dg.materialize([models], instance=instance, raise_on_error=True)
        true("success", outcome.success)
        same("events", len(seen), outcome.output_for_node("models"))
        keys = {tuple(event.asset_key.path) for event in seen}
        true("asset keys are catalog, schema, table", ("playground", "marts", "fct_orders") in keys)


def main():
    client, binary, dir = sys.argv[1:]
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    {"sdk": sdk, "dagster": dagster_now, "dagster-1.0": dagster_first}[client](os.path.abspath(binary), os.path.abspath(dir))
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()) + f", {len(failures)} failed")
    for failure in failures:
        print(f"\n--- {failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
