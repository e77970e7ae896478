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


def other_channels():
    root = project("channels", GOOD)
    run = subprocess.run([ROCKY, "run", "--output", "json"], cwd=root, env=environment({"stdio": "stderr"}), capture_output=True, timeout=DEADLINE)
    lines = [line for line in run.stderr.decode().splitlines() if line.startswith('{"__dagster')]
    assert run.returncode == 0 and json.loads(lines[0])["method"] == "opened" and json.loads(lines[-1])["method"] == "closed"
    run = subprocess.run([ROCKY, "run", "--output", "json"], cwd=root, env=environment({"stdio": "stdout"}), capture_output=True, timeout=DEADLINE)
    assert json.loads(run.stdout)["status"] == "Success" and b"Dagster is not told" in run.stderr
    print("channels: stderr is used, stdout is refused")


if __name__ == "__main__":
    for case in (subprocess_client, failing_run, session_reader, streamed, ends, other_channels):
        case()
    print("6 cases, 0 failed")
