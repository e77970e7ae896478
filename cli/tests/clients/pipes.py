"""Dagster Pipes from the receiving side: Dagster's own readers and clients take what `rocky run` sends.

    pipes.py ROCKY FOLDER

Fails by raising; prints what it has seen.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
from dagster_pipes import encode_env_var

ROCKY, FOLDER = sys.argv[1], Path(sys.argv[2])
DEADLINE = 60

CONFIG = """
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
[pipeline.p.execution]
concurrency = 1
"""


def project(name, models, more=""):
    root = FOLDER / name
    (root / "models").mkdir(parents=True)
    (root / "rocky.toml").write_text(CONFIG + more)
    for path, text in models.items():
        (root / "models" / path).write_text(text)
    return root


GOOD = {
    "a.sql": "SELECT 1 AS x UNION ALL SELECT 2",
    "b.sql": "SELECT x FROM a",
    "c.sql": "SELECT x FROM b",
}


def keys(*tables):
    return [dg.AssetKey(["w", "main", t]) for t in tables]


def materialized(result):
    return {e.asset_key: e.step_materialization_data.materialization.metadata for e in result.get_asset_materialization_events()}


def subprocess_client():
    root = project("subprocess", GOOD)

    @dg.multi_asset(specs=[dg.AssetSpec(k) for k in keys("a", "b", "c")])
    def models(context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient):
        command = [ROCKY, "run", "--output", "json"]
        return pipes.run(command=command, context=context, cwd=str(root)).get_results()

    result = dg.materialize([models], resources={"pipes": dg.PipesSubprocessClient()})
    assert result.success
    found = materialized(result)
    assert set(found) == set(keys("a", "b", "c")), found
    a = found[keys("a")[0]]
    assert a["rows_copied"].value == 2 and a["strategy"].value == "full_refresh", a
    assert a["target_table_full_name"].value == "w.main.a" and isinstance(a["duration_ms"].value, int), a
    assert len(a["sql_hash"].value) == 16, a
    print("subprocess client: 3 materializations with their metadata")


def failing_run():
    root = project("failing", {**GOOD, "b.sql": "SELECT error('no b') AS x FROM a"})

    @dg.multi_asset(specs=[dg.AssetSpec(k, skippable=True) for k in keys("a", "b", "c")])
    def models(context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient):
        command = [ROCKY, "run", "--output", "json"]
        return pipes.run(command=command, context=context, cwd=str(root)).get_results()

    result = dg.materialize([models], resources={"pipes": dg.PipesSubprocessClient()}, raise_on_error=False)
    assert not result.success
    failure = result.get_step_failure_events()[0].step_failure_data.error.to_string()
    assert "failed with code 2" in failure, failure
    print("subprocess client: exit code 2 fails the step")


def session_reader():
    """The session that other launchers use; what was done before a failure is not lost."""
    root = project("session", {**GOOD, "b.sql": "SELECT error('no b') AS x FROM a"})
    seen = {}

    @dg.multi_asset(specs=[dg.AssetSpec(k) for k in keys("a")])
    def models(context: dg.AssetExecutionContext):
        with dg.open_pipes_session(
            context=context,
            context_injector=dg.PipesEnvContextInjector(),
            message_reader=dg.PipesTempFileMessageReader(),
        ) as session:
            env = {**os.environ, **session.get_bootstrap_env_vars()}
            done = subprocess.run([ROCKY, "run", "--output", "json"], cwd=root, env=env, capture_output=True, timeout=DEADLINE)
            seen["code"], seen["document"] = done.returncode, json.loads(done.stdout)
        seen["closed"] = session.message_handler.received_closed_message
        seen["opened"] = session.message_handler.received_opened_message
        return session.get_results(implicit_materializations=False)

    result = dg.materialize([models])
    assert result.success and seen["code"] == 2
    assert seen["opened"] and seen["closed"]
    assert set(materialized(result)) == set(keys("a")), materialized(result)
    assert seen["document"]["status"] == "PartialFailure"
    print("session: opened, one materialization, closed")


def environment(messages, **more):
    return {
        **os.environ,
        **more,
        "DAGSTER_PIPES_CONTEXT": encode_env_var({}),
        "DAGSTER_PIPES_MESSAGES": encode_env_var(messages),
    }


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def streamed():
    """Messages come while the run goes on."""
    wait = "\n[hook.before_model_run]\ncommand = 'if grep -q \"\\\"model\\\": \\\"c\\\"\"; then while [ ! -e go ]; do sleep 0.05; done; fi'\n"
    # A slash is part of the name, not of the key's structure.
    root = project("streamed", {**GOOD, "c.toml": '[target]\ntable = "c/d"\n'}, wait)
    path = root / "messages"
    run = subprocess.Popen([ROCKY, "run", "--output", "json"], cwd=root, env=environment({"path": str(path)}), stdout=subprocess.PIPE)
    end = time.monotonic() + DEADLINE
    while sum(m["method"] == "report_asset_materialization" for m in read(path)) < 2:
        assert time.monotonic() < end and run.poll() is None, read(path)
        time.sleep(0.05)
    early = read(path)
    assert early[0]["method"] == "opened" and all(m["method"] != "closed" for m in early)
    (root / "go").touch()
    run.communicate(timeout=DEADLINE)
    messages = read(path)
    assert run.returncode == 0 and messages[-1] == {"__dagster_pipes_version": "0.1", "method": "closed", "params": {}}
    sent = [m["params"]["asset_key"] for m in messages if m["method"] == "report_asset_materialization"]
    assert [dg.AssetKey.from_escaped_user_string(k).path for k in sent] == [["w", "main", t] for t in ("a", "b", "c/d")], sent
    print("streamed: two materializations before the third model began")


def ends():
    """Every end is told: bad configuration, interruption, an error before any model."""
    hang = '\n[hook.before_model_run]\ncommand = "touch waiting; sleep 600"\ntimeout_ms = 600000\n'
    for name, more, interrupt in (("interrupted", hang, True), ("unreadable", "\n[adapter", False)):
        root = project(name, GOOD, more)
        path = root / "messages"
        run = subprocess.Popen([ROCKY, "run", "--output", "json"], cwd=root, env=environment({"path": str(path)}), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if interrupt:
            end = time.monotonic() + DEADLINE
            while not (root / "waiting").exists():
                assert time.monotonic() < end
                time.sleep(0.05)
            run.send_signal(signal.SIGINT)
        run.communicate(timeout=DEADLINE)
        last = read(path)[-1]
        assert run.returncode != 0 and last["method"] == "closed", last
        assert last["params"]["exception"]["message"], last
    print("ends: closed with an exception after an interruption and an error")


def wrong_names():
    """What is wrong before a run begins is told too: a pipeline, a plan or a project that is not there."""
    root = project("wrong", GOOD)
    said = {}
    for name, command in {
        "run": ["run", "--pipeline", "nope"],
        "apply": ["apply", "0123456789abcdef"],
        "apply again": ["apply", "no id"],
        "load": ["load", "--pipeline", "nope"],
        "snapshot": ["snapshot", "--pipeline", "nope"],
        "nowhere": ["run", "-c", "nowhere.toml"],
        "apply nowhere": ["apply", "0123456789abcdef", "-c", "nowhere.toml"],
        "load nowhere": ["load", "-c", "nowhere.toml"],
        "seed nowhere": ["seed", "-c", "nowhere.toml"],
        "snapshot nowhere": ["snapshot", "-c", "nowhere.toml"],
    }.items():

        @dg.multi_asset(specs=[dg.AssetSpec(k, skippable=True) for k in keys("a")])
        def models(context: dg.AssetExecutionContext):
            reader = dg.PipesTempFileMessageReader()
            with dg.open_pipes_session(context=context, context_injector=dg.PipesEnvContextInjector(), message_reader=reader) as session:
                env = {**os.environ, **session.get_bootstrap_env_vars()}
                done = subprocess.run([ROCKY, *command, "--output", "json"], cwd=root, env=env, capture_output=True, timeout=DEADLINE)
            handler = session.message_handler
            said[name] = (done.returncode, handler.received_opened_message, handler.received_closed_message)
            return session.get_results(implicit_materializations=False)

        dg.materialize([models], raise_on_error=False)
        path = root / f"messages of {name}"
        subprocess.run([ROCKY, *command, "--output", "json"], cwd=root, env=environment({"path": str(path)}), capture_output=True, timeout=DEADLINE)
        messages = read(path)
        assert [m["method"] for m in messages] == ["opened", "closed"], (name, messages)
        assert messages[-1]["params"]["exception"]["message"], messages
        assert said[name][0] not in (0, None) and said[name][1:] == (True, True), said
    print("wrong names: opened, and closed with an exception:", ", ".join(said))


def other_channels():
    root = project("channels", GOOD)
    run = subprocess.run([ROCKY, "run", "--output", "json"], cwd=root, env=environment({"stdio": "stderr"}), capture_output=True, timeout=DEADLINE)
    lines = [line for line in run.stderr.decode().splitlines() if line.startswith('{"__dagster')]
    assert run.returncode == 0 and json.loads(lines[0])["method"] == "opened" and json.loads(lines[-1])["method"] == "closed"
    run = subprocess.run([ROCKY, "run", "--output", "json"], cwd=root, env=environment({"stdio": "stdout"}), capture_output=True, timeout=DEADLINE)
    assert json.loads(run.stdout)["status"] == "Success" and b"Dagster is not told" in run.stderr
    print("channels: stderr is used, stdout is refused")


DAYS = """
[strategy]
type = "time_interval"
time_column = "day"
granularity = "day"
first_partition = "2026-04-01"
"""


def partitions():
    """Dagster takes one materialization of an asset in a step, and makes of it one for each partition that the step is about."""
    days = "SELECT DATE '2026-04-01' + i::INTEGER AS day, i AS n FROM range(9) AS r(i)"
    sql = f"SELECT day, n FROM ({days}) AS d WHERE day >= @start_date AND day < @end_date"
    root = project("partitions", {"daily.sql": sql, "daily.toml": DAYS})
    days = dg.DailyPartitionsDefinition(start_date="2026-04-01", end_date="2026-04-10")

    @dg.multi_asset(specs=[dg.AssetSpec(k) for k in keys("daily")], partitions_def=days, backfill_policy=dg.BackfillPolicy.single_run())
    def models(context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient):
        asked = context.partition_key_range
        command = [ROCKY, "run", "--from", asked.start, "--to", asked.end, "--output", "json"]
        return pipes.run(command=command, context=context, cwd=str(root)).get_results()

    def run(first, last):
        tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        result = dg.materialize([models], tags=tags, resources={"pipes": dg.PipesSubprocessClient()})
        assert result.success
        events = result.get_asset_materialization_events()
        return [(e.partition, e.step_materialization_data.materialization.metadata) for e in events]

    [(day, one)] = run("2026-04-02", "2026-04-02")
    assert day == "2026-04-02" and one["partition_key"].value == day and one["rows_copied"].value == 1, one
    assert one["strategy"].value == "time_interval" and "partition_keys" not in one, one
    range_of = run("2026-04-03", "2026-04-05")
    assert [day for day, _ in range_of] == ["2026-04-03", "2026-04-04", "2026-04-05"], range_of
    several = range_of[0][1]
    assert several["partition_key"].value == "2026-04-03..2026-04-05", several
    assert several["partition_keys"].value == ["2026-04-03", "2026-04-04", "2026-04-05"], several
    assert several["rows_copied"].value == 3, several

    path = root / "messages"
    command = [ROCKY, "run", "--from", "2026-04-01", "--to", "2026-04-09", "--output", "json"]
    subprocess.run(command, cwd=root, env=environment({"path": str(path)}), stdout=subprocess.DEVNULL, check=True, timeout=DEADLINE)
    logs = [m["params"]["message"] for m in read(path) if m["method"] == "log"]
    assert "rocky daily partition 2026-04-09 (9 of 9), rows: 1" in logs, logs
    assert sum(m["method"] == "report_asset_materialization" for m in read(path)) == 1
    print("partitions: one materialization for each, with its key")


def asked_partitions():
    """What the step is about is what is computed when nothing else is said; a key that means nothing to the model is refused."""
    days = "SELECT DATE '2026-04-01' + i::INTEGER AS day, i AS n FROM range(9) AS r(i)"
    sql = f"SELECT day, n FROM ({days}) AS d WHERE day >= @start_date AND day < @end_date"
    root = project("asked", {"daily.sql": sql, "daily.toml": DAYS, "plain.sql": "SELECT 1 AS x"})
    arguments, codes = [], []

    def asset(partitions):
        @dg.multi_asset(specs=[dg.AssetSpec(k, skippable=True) for k in keys("daily", "plain")], partitions_def=partitions)
        def models(context: dg.AssetExecutionContext):
            with dg.open_pipes_session(
                context=context,
                context_injector=dg.PipesEnvContextInjector(),
                message_reader=dg.PipesTempFileMessageReader(),
            ) as session:
                env = {**os.environ, **session.get_bootstrap_env_vars()}
                command = [ROCKY, "run", "--output", "json", *arguments]
                done = subprocess.run(command, cwd=root, env=env, capture_output=True, timeout=DEADLINE)
                codes.append((done.returncode, json.loads(done.stdout)))
            return session.get_results(implicit_materializations=False)

        return models

    def run(partitions, key, *more):
        arguments[:] = more
        result = dg.materialize([asset(partitions)], partition_key=key, raise_on_error=False)
        code, document = codes[-1]
        return code, document, materialized(result)

    daily = dg.DailyPartitionsDefinition(start_date="2026-04-01", end_date="2026-04-10")
    code, document, found = run(daily, "2026-04-03")
    assert code == 0 and found[keys("daily")[0]]["partition_key"].value == "2026-04-03", document
    assert [m["partition"]["key"] for m in document["materializations"] if "partition" in m] == ["2026-04-03"], document
    # What is said goes before what the step is about; models without partitions take no notice of it.
    code, document, found = run(daily, "2026-04-03", "--partition", "2026-04-05")
    assert code == 0 and found[keys("daily")[0]]["partition_key"].value == "2026-04-05", document
    regions = dg.StaticPartitionsDefinition(["eu"])
    code, document, found = run(regions, "eu", "--model", "plain")
    assert code == 0 and set(found) == {keys("plain")[0]}, document
    code, document, found = run(regions, "eu")
    assert code == 2 and not found, document
    assert document["error"]["message"].startswith("Dagster's partition `eu` of `daily` is not a day"), document
    assert "`--latest`" in document["error"]["remediation_hint"], document
    both = dg.MultiPartitionsDefinition({"day": daily, "region": regions})
    code, document, found = run(both, dg.MultiPartitionKey({"day": "2026-04-03", "region": "eu"}))
    assert code == 2 and "names more than one partition" in document["error"]["message"], document

    # A plan says what it is about: applied by another step it is the same.
    env = {**environment({"path": str(root / "messages")}), "DAGSTER_PIPES_CONTEXT": encode_env_var({"data": {"partition_key": "2026-04-07"}})}
    plan = json.loads(subprocess.run([ROCKY, "plan", "-o", "json"], cwd=root, env=env, capture_output=True, timeout=DEADLINE).stdout)
    assert [p["key"] for m in plan["models_detail"] for p in m.get("partitions") or []] == ["2026-04-07"], plan
    env["DAGSTER_PIPES_CONTEXT"] = encode_env_var({"data": {"partition_key": "2026-04-08"}})
    done = subprocess.run([ROCKY, "apply", plan["plan_id"], "-o", "json"], cwd=root, env=env, capture_output=True, timeout=DEADLINE)
    applied = json.loads(done.stdout)
    assert done.returncode == 0 and [m["partition"]["key"] for m in applied["materializations"] if "partition" in m] == ["2026-04-07"], applied
    print("asked partitions: the step's own, unless something is said")


SEVERAL = """
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.files]
type = "load"
source_dir = "in"
[pipeline.files.target]
catalog = ""
schema = "raw__shop"
table = "orders"
[pipeline.raw]
depends_on = ["files"]
strategy = "full_refresh"
[pipeline.raw.source.schema_pattern]
prefix = "raw__"
separator = "__"
components = ["source"]
[pipeline.raw.target]
catalog_template = ""
schema_template = "staging__{source}"
[pipeline.p]
type = "transformation"
depends_on = ["raw"]
[pipeline.p.target]
adapter = "default"
"""


def several_pipelines():
    """All pipelines of `--dag` are one session, whatever becomes of them."""
    root = FOLDER / "several"
    for folder in ("in", "models"):
        (root / folder).mkdir(parents=True)
    (root / "rocky.toml").write_text(SEVERAL)
    (root / "in" / "1.csv").write_text("id\n1\n")
    (root / "models" / "a.sql").write_text("SELECT id FROM staging__shop.orders")
    made = [dg.AssetKey(["w", "raw__shop", "orders"]), dg.AssetKey(["duckdb", "shop", "orders"]), dg.AssetKey(["w", "main", "a"])]

    def run():
        seen = {}

        @dg.multi_asset(specs=[dg.AssetSpec(k, skippable=True) for k in made])
        def models(context: dg.AssetExecutionContext):
            reader = dg.PipesTempFileMessageReader()
            with dg.open_pipes_session(context=context, context_injector=dg.PipesEnvContextInjector(), message_reader=reader) as session:
                env = {**os.environ, **session.get_bootstrap_env_vars()}
                done = subprocess.run([ROCKY, "run", "--dag", "-o", "json"], cwd=root, env=env, capture_output=True, timeout=DEADLINE)
                seen["code"], seen["document"] = done.returncode, json.loads(done.stdout)
            assert seen["code"] == 0, seen["document"]["errors"]
            seen["closed"] = session.message_handler.received_closed_message
            return session.get_results(implicit_materializations=False)

        result = dg.materialize([models])
        assert result.success and seen["closed"], seen
        return seen["code"], set(materialized(result))

    def methods():
        path = root / "messages"
        path.unlink(missing_ok=True)
        code = subprocess.run([ROCKY, "run", "--dag", "-o", "json"], cwd=root, env=environment({"path": str(path)}), capture_output=True, timeout=DEADLINE).returncode
        messages = read(path)
        names = [m["method"] for m in messages]
        assert (names[0], names[-1], names.count("opened"), names.count("closed")) == ("opened", "closed", 1, 1), names
        return code, messages

    assert run() == (0, set(made))
    (root / "in" / "2.csv").write_text("id\n2\n")
    code, messages = methods()
    assert code == 0 and messages[-1]["params"] == {}, messages
    runs = [m for m in messages if m["method"] == "log" and m["params"]["message"].startswith("rocky run ") and " of pipeline " in m["params"]["message"]]
    assert len(runs) == 3, messages
    # The first one fails: what is behind it is not run, and one exception says so.
    (root / "in" / "3.csv").write_text("id\nnone\n")
    code, messages = methods()
    assert code != 0 and messages[-1]["params"]["exception"]["message"], messages
    print("several pipelines: one session")


def checks():
    """Asset checks with their severities; the run that fails by one of them still says what it wrote."""
    tests = """
[[tests]]
type = "not_null"
column = "x"
[[tests]]
type = "accepted_values"
column = "x"
values = ["1"]
severity = "warning"
[[tests]]
type = "unique"
column = "x"
"""
    root = project("checks", {"a.sql": "SELECT 1 AS x UNION ALL SELECT NULL", "a.toml": tests})
    [key] = keys("a")
    names = ("not_null_x", "accepted_values_x", "unique_x")
    specs = [dg.AssetCheckSpec(name, asset=key) for name in names]
    codes = []

    @dg.multi_asset(specs=[dg.AssetSpec(key)], check_specs=specs)
    def models(context: dg.AssetExecutionContext):
        with dg.open_pipes_session(
            context=context,
            context_injector=dg.PipesEnvContextInjector(),
            message_reader=dg.PipesTempFileMessageReader(),
        ) as session:
            env = {**os.environ, **session.get_bootstrap_env_vars()}
            codes.append(subprocess.run([ROCKY, "run"], cwd=root, env=env, capture_output=True, timeout=DEADLINE).returncode)
        return session.get_results()

    def evaluate():
        result = dg.materialize([models], raise_on_error=False)
        return result, {e.check_name: e for e in result.get_asset_check_evaluations()}

    result, found = evaluate()
    assert codes == [1] and set(materialized(result)) == {key}
    severe = {name: (found[name].passed, found[name].severity.value) for name in names}
    assert severe == {"not_null_x": (False, "ERROR"), "accepted_values_x": (True, "WARN"), "unique_x": (True, "ERROR")}, severe
    assert found["not_null_x"].metadata["failing_rows"].value == 1, found["not_null_x"].metadata
    (root / "models" / "a.sql").write_text("SELECT 1 AS x UNION ALL SELECT 2")
    result, found = evaluate()
    assert codes == [1, 0] and result.success
    assert (found["accepted_values_x"].passed, found["accepted_values_x"].severity.value) == (False, "WARN")
    print("checks: severities as Dagster has them")


def dagster_rocky_pipes():
    """`RockyResource.run_pipes`: plan, then apply under Dagster; every check that is declared gets an answer."""
    import dagster_rocky as dr

    root = FOLDER / "resource"
    root.mkdir()
    (root / "models").mkdir()
    (root / "rocky.toml").write_text(
        """
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.seed]
type = "transformation"
[pipeline.seed.target]
adapter = "default"
[pipeline.raw]
strategy = "full_refresh"
[pipeline.raw.source.schema_pattern]
prefix = "raw__"
separator = "__"
components = ["source"]
[pipeline.raw.target]
catalog_template = ""
schema_template = "staging__{source}"
"""
    )
    (root / "models" / "orders.sql").write_text("SELECT 1 AS id")
    (root / "models" / "orders.toml").write_text('[target]\nschema = "raw__shop"\n')
    subprocess.run([ROCKY, "run", "--pipeline", "seed"], cwd=root, check=True, capture_output=True, timeout=DEADLINE)
    orders, ghost = dg.AssetKey(["duckdb", "shop", "orders"]), dg.AssetKey(["duckdb", "shop", "ghost"])
    checks = [dg.AssetCheckSpec("row_count", asset=key) for key in (orders, ghost)]

    @dg.multi_asset(specs=[dg.AssetSpec(orders), dg.AssetSpec(ghost)], check_specs=checks)
    def tables(context: dg.AssetExecutionContext, rocky: dr.RockyResource):
        declared = {"duckdb/shop/orders": ["row_count"], "duckdb/shop/ghost": ["row_count"]}
        done = rocky.run_pipes(context, filter="source=shop", pipeline="raw", declared_checks=declared)
        # Dagster itself records the asset that no message came for.
        return done.get_results()

    config, state = str(root / "rocky.toml"), str(root / ".rocky-state.redb")
    rocky = dr.RockyResource(binary_path=ROCKY, config_path=config, state_path=state, models_dir=str(root / "models"))
    result = dg.materialize([tables], resources={"rocky": rocky}, raise_on_error=False)
    failures = [e.step_failure_data.error.to_string() for e in result.get_step_failure_events()]
    assert result.success, failures
    assert materialized(result)[orders]["rows_copied"].value == 1
    causes = {e.asset_key: e.metadata["rocky/not_evaluated_cause"].value for e in result.get_asset_check_evaluations()}
    assert causes == {orders: "not_produced", ghost: "not_reached"}, causes
    print("dagster-rocky: run_pipes, declared checks are answered")


if __name__ == "__main__":
    for case in (subprocess_client, failing_run, session_reader, streamed, ends, wrong_names, other_channels, partitions, asked_partitions, several_pipelines, checks, dagster_rocky_pipes):
        case()
    print("12 cases, 0 failed")
