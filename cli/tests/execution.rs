//! What a run does about failures, through the command line on DuckDB files. What no DuckDB can show (rate limits, lost connections) is
//! tested with scripted warehouses in `core/run/src/execute/tests/faults.rs`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ADAPTER: &str = "[adapter.default]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n";
const MODELS: &str = "[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n\
                      [pipeline.p.execution]\nconcurrency = 1\n";
const QUICK: &str = "[adapter.default.retry]\ninitial_backoff_ms = 1\n";
/// Minutes, if nobody stops it.
const SLOW: &str = "SELECT count(*) AS n FROM range(1000000000) a, range(100000) b";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str, files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", &format!("{ADAPTER}{config}"));
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rocky"));
        command
            .args(args)
            .args(["-o", "json"])
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        document(self.command(args).output().unwrap())
    }

    fn sql(&self, sql: &str) {
        let database = self.database();
        let mut connection = rocky_warehouse::Warehouse::connect(&database).unwrap();
        connection.execute(sql, &rocky_core::CancelToken::new()).unwrap();
    }

    fn value(&self, sql: &str) -> String {
        let database = self.database();
        let mut connection = rocky_warehouse::Warehouse::connect(&database).unwrap();
        let rows = connection.query(sql, 1, &rocky_core::CancelToken::new()).unwrap();
        rows.rows[0][0].to_text().unwrap()
    }

    fn database(&self) -> rocky_adapter_duckdb::DuckDb {
        let options = rocky_adapter_duckdb::OpenOptions::default();
        let path = self.0.path().join("w.duckdb");
        rocky_adapter_duckdb::DuckDb::open(Some(&path), &options, &rocky_core::CancelToken::new()).unwrap()
    }
}

fn document(out: std::process::Output) -> (i32, Value) {
    let text = String::from_utf8(out.stdout).unwrap();
    let errors = String::from_utf8_lossy(&out.stderr);
    let document = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}{errors}"));
    (out.status.code().unwrap(), document)
}

/// The names in a list of the document.
fn names<'a>(document: &'a Value, list: &str) -> Vec<&'a str> {
    let items = document[list].as_array().unwrap();
    items.iter().map(|i| i["model"].as_str().unwrap()).collect()
}

// --------------------------------------------------------------------------------------------------------- repetitions

/// The sequence `s` counts how often it was asked, whatever became of the transactions.
fn failing(times: u32) -> String {
    format!("SELECT CASE WHEN nextval('s') <= {times} THEN error('not yet') ELSE 1 END AS x")
}

#[test]
fn a_table_is_begun_anew_as_often_as_was_said() {
    for (times, code) in [(3, 0), (4, 2)] {
        let folder = Folder::new(
            &format!("{QUICK}{MODELS}table_retries = 3\n"),
            &[
                ("models/flaky.sql", &failing(times)),
                ("models/reader.sql", "SELECT x FROM flaky"),
                ("models/other.sql", "SELECT 1 AS x"),
            ],
        );
        folder.sql("CREATE SEQUENCE s");
        let (found, run) = folder.json(&["run"]);
        assert_eq!(found, code, "{run:#}");
        let tried = match code {
            0 => &run["materializations"][0],
            _ => &run["errors"][0],
        };
        assert_eq!(
            (&tried["model"], &tried["attempt_count"]),
            (&json!("flaky"), &json!(4)),
            "{run:#}"
        );
        let retries = tried["retries"].as_array().unwrap();
        assert_eq!(retries.len(), 3);
        for (i, retry) in retries.iter().enumerate() {
            assert_eq!(
                (&retry["attempt"], &retry["reason"]),
                (&json!(i + 1), &json!("table_retry"))
            );
            assert_eq!(retry["error"], "Invalid Input Error: not yet");
        }
        assert_eq!(run["metrics"]["retries_attempted"], 3);
        assert_eq!(run["metrics"]["retries_succeeded"], u32::from(code == 0));
        // A failed model keeps back its readers alone.
        let skipped = if code == 0 { vec![] } else { vec!["reader"] };
        assert_eq!(names(&run, "skipped"), skipped);
        assert!(names(&run, "materializations").contains(&"other"));
    }
}

#[test]
fn a_statement_that_is_at_fault_is_not_repeated_unless_that_was_said() {
    let folder = Folder::new(MODELS, &[("models/a.sql", &failing(1))]);
    folder.sql("CREATE SEQUENCE s");
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, &run["errors"][0]["attempt_count"]),
        (1, &json!(1)),
        "{run:#}"
    );
    assert_eq!(run["errors"][0].get("retries"), None);
}

#[test]
fn copies_and_windows_are_begun_anew_too() {
    let folder = Folder::new(
        &format!(
            "{QUICK}[pipeline.raw]\ntype = \"replication\"\nstrategy = \"full_refresh\"\n\
             [pipeline.raw.source]\nadapter = \"default\"\n\
             [pipeline.raw.source.schema_pattern]\nprefix = \"src_\"\nseparator = \"_\"\ncomponents = [\"name\"]\n\
             [pipeline.raw.target]\nadapter = \"default\"\ncatalog_template = \"w\"\nschema_template = \"raw_{{name}}\"\n\
             [pipeline.raw.target.governance]\nauto_create_schemas = true\n\
             [pipeline.raw.execution]\nconcurrency = 1\ntable_retries = 2\n"
        ),
        &[],
    );
    folder.sql("CREATE SEQUENCE s");
    folder.sql("CREATE SCHEMA src_x");
    folder.sql("CREATE TABLE src_x.good AS SELECT 1 AS a");
    folder.sql(&format!("CREATE VIEW src_x.flaky AS {}", failing(2)));
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 0, "{run:#}");
    let flaky = run["materializations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["model"].as_str().unwrap().ends_with("flaky"));
    assert_eq!(flaky.unwrap()["attempt_count"], 3, "{run:#}");

    let windowed = "SELECT TIMESTAMP '2026-01-01' AS ts, CASE WHEN nextval('s') <= 1 THEN error('not yet') ELSE 1 END AS x WHERE ts >= @start_date AND ts < @end_date";
    let folder = Folder::new(
        &format!("{QUICK}{MODELS}table_retries = 1\n"),
        &[
            ("models/days.sql", windowed),
            (
                "models/days.toml",
                "[strategy]\ntype = \"time_interval\"\ntime_column = \"ts\"\ngranularity = \"day\"\n",
            ),
        ],
    );
    folder.sql("CREATE SEQUENCE s");
    let (code, run) = folder.json(&["run", "--partition", "2026-01-01"]);
    assert_eq!(code, 0, "{run:#}");
    assert_eq!(run["materializations"][0]["attempt_count"], 2, "{run:#}");
    assert_eq!(run["metrics"]["retries_attempted"], 1);
}

#[test]
fn the_runs_repetitions_are_limited_together() {
    let folder = Folder::new(
        &format!(
            "{QUICK}max_retries_per_run = 9\n[retry]\nmax_retries_per_run = 2\n{MODELS}table_retries = 5\nerror_rate_abort_pct = 0\n"
        ),
        &[("models/a.sql", &failing(9)), ("models/b.sql", &failing(9))],
    );
    folder.sql("CREATE SEQUENCE s");
    let (_, run) = folder.json(&["run"]);
    let attempts: u64 = run["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["attempt_count"].as_u64().unwrap())
        .sum();
    assert_eq!(attempts, 4, "{run:#}");
    let hint = run["errors"][1]["remediation_hint"].as_str().unwrap();
    assert!(
        hint.contains("the run's 2 repetitions (`max_retries_per_run`)"),
        "{hint}"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_wait_for_a_repetition() {
    let folder = Folder::new(
        &format!(
            "[adapter.default.retry]\ninitial_backoff_ms = 3600000\nmax_backoff_ms = 3600000\n{MODELS}table_retries = 1\n"
        ),
        &[("models/a.sql", &failing(9)), ("models/b.sql", "SELECT x FROM a")],
    );
    folder.sql("CREATE SEQUENCE s");
    let mut child = folder.command(&["run"]).spawn().unwrap();
    // It says that it waits.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    assert!(lines.any(|l| l.unwrap().starts_with("again in ")));
    let asked = Instant::now();
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    lines.for_each(drop);
    let (code, run) = document(child.wait_with_output().unwrap());
    assert!(
        asked.elapsed() < Duration::from_secs(30),
        "an hour would have been too long"
    );
    assert_eq!((code, &run["interrupted"]), (130, &json!(true)), "{run:#}");
    assert_eq!(run["errors"][0]["error"], "Invalid Input Error: not yet");
}

// ------------------------------------------------------------------------------------------------------------- limits

#[test]
fn a_model_that_takes_too_long_is_stopped_and_leaves_what_was_there() {
    let folder = Folder::new(
        &format!("{MODELS}timeout_seconds = 1000\ntable_retries = 2\n"),
        &[
            ("models/slow.sql", "SELECT 1 AS n"),
            ("models/reader.sql", "SELECT n FROM slow"),
            ("models/other.sql", "SELECT 1 AS x"),
        ],
    );
    assert_eq!(folder.json(&["run"]).0, 0);
    folder.write("models/slow.sql", SLOW);
    folder.write("models/slow.toml", "timeout_seconds = 1\n");
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 2);
    let error = &run["errors"][0];
    assert_eq!(
        (&error["model"], &error["error"]),
        (
            &json!("slow"),
            &json!("`slow` took longer than 1 s (`timeout_seconds`) and was stopped")
        )
    );
    // It would take as long again.
    assert_eq!(
        (&error["failure_kind"], &error["attempt_count"]),
        (&json!("timeout"), &json!(1))
    );
    assert_eq!(
        (
            names(&run, "skipped"),
            names(&run, "materializations"),
            &run["interrupted"]
        ),
        (vec!["reader"], vec!["other"], &json!(false))
    );
    assert_eq!(folder.value("SELECT n FROM slow"), "1");
}

#[test]
fn every_kind_of_task_has_the_limits() {
    let limit = "execution = { timeout_seconds = 1 }\n";
    let source = format!("CREATE VIEW src_x.t AS {SLOW}");
    let replication = format!(
        "[pipeline.p]\ntype = \"replication\"\nstrategy = \"full_refresh\"\n{limit}[pipeline.p.source]\nadapter = \"default\"\n\
         [pipeline.p.source.schema_pattern]\nprefix = \"src_\"\nseparator = \"_\"\ncomponents = [\"name\"]\n\
         [pipeline.p.target]\nadapter = \"default\"\ncatalog_template = \"w\"\nschema_template = \"main\"\n"
    );
    let snapshot = format!(
        "[pipeline.p]\ntype = \"snapshot\"\nunique_key = [\"n\"]\nstrategy = \"check\"\ncheck_cols = \"all\"\n{limit}\
         [pipeline.p.source]\ncatalog = \"w\"\nschema = \"src_x\"\ntable = \"t\"\n\
         [pipeline.p.target]\ncatalog = \"w\"\nschema = \"main\"\ntable = \"h\"\n"
    );
    let quality = format!(
        "[pipeline.p]\ntype = \"quality\"\ntables = [{{ catalog = \"w\", schema = \"src_x\", table = \"t\" }}]\n{limit}\
         [pipeline.p.target]\nadapter = \"default\"\n[pipeline.p.checks]\n\
         [[pipeline.p.checks.custom]]\nname = \"few\"\nsql = \"SELECT n FROM {{target}}\"\n"
    );
    for (kind, config) in [("replication", &replication), ("snapshot", &snapshot)] {
        let folder = Folder::new(config, &[]);
        folder.sql("CREATE SCHEMA src_x");
        folder.sql(&source);
        let (code, run) = folder.json(&["run"]);
        assert_eq!(
            (code, &run["errors"][0]["failure_kind"]),
            (1, &json!("timeout")),
            "{kind} {run:#}"
        );
    }
    let folder = Folder::new(&quality, &[]);
    folder.sql("CREATE SCHEMA src_x");
    folder.sql(&source);
    let (code, run) = folder.json(&["run"]);
    let check = &run["check_results"][0]["checks"][0];
    assert_eq!((code, &check["status"]), (1, &json!("error")), "{run:#}");
    assert!(
        check["detail"].as_str().unwrap().contains("took longer than 1 s"),
        "{check}"
    );
}

#[test]
fn a_statement_has_the_adapters_limit() {
    let folder = Folder::new(
        &format!("timeout_secs = 1\n{MODELS}"),
        &[("models/slow.sql", SLOW)],
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 1);
    assert_eq!(
        run["errors"][0]["error"],
        "a statement of `slow` took longer than 1 s (`timeout_secs` of the adapter) and was stopped"
    );
}

// ------------------------------------------------------------------------------------------------ what stops the rest

/// Ten models, of which some fail.
fn ten(failing: &[u32], execution: &str) -> Folder {
    let folder = Folder::new(&format!("{MODELS}{execution}"), &[]);
    for i in 0..10 {
        let text = match failing.contains(&i) {
            true => "SELECT error('bad') AS x",
            false => "SELECT 1 AS x",
        };
        folder.write(&format!("models/m{i}.sql"), text);
    }
    folder
}

#[test]
fn too_many_failures_stop_the_rest() {
    for (failing, execution, failed, copied) in [
        // Half, when nothing is said; and not before four are done.
        (&[0, 1][..], "", 2, 2),
        (&[0, 1, 2][..], "", 3, 1),
        (&[0, 1][..], "error_rate_abort_pct = 51\n", 2, 8),
        (&[0, 1, 2, 3, 4, 5][..], "error_rate_abort_pct = 0\n", 6, 4),
        (&[7][..], "error_rate_abort_pct = 10\n", 1, 7),
        (&[3, 7][..], "fail_fast = true\n", 1, 3),
    ] {
        let (code, run) = ten(failing, execution).json(&["run"]);
        assert_eq!(
            (&run["tables_failed"], &run["tables_copied"]),
            (&json!(failed), &json!(copied)),
            "{execution} {run:#}"
        );
        assert_eq!((code, &run["status"]), (2, &json!("PartialFailure")));
        let skipped = run["skipped"].as_array().unwrap();
        assert_eq!(skipped.len(), 10 - failed - copied);
        let why = |s: &Value| s["reason"].as_str().unwrap().to_owned();
        match execution {
            "" => assert!(
                why(&skipped[0]).ends_with("of 4 failed, and error_rate_abort_pct is 50"),
                "{}",
                why(&skipped[0])
            ),
            "fail_fast = true\n" => {
                assert_eq!(why(&skipped[0]), "not started: `m3` failed and fail_fast is set")
            }
            _ => {}
        }
        // What was left can be gone on with.
        if execution.is_empty() {
            assert_eq!(run["errors"][0]["error"], "Invalid Input Error: bad");
        }
    }
}

#[test]
fn every_kind_of_pipeline_stops_at_the_first_failure_when_that_is_said() {
    let replication = "[pipeline.p]\ntype = \"replication\"\nstrategy = \"full_refresh\"\nexecution = { concurrency = 1, fail_fast = true }\n\
        [pipeline.p.source]\nadapter = \"default\"\n\
        [pipeline.p.source.schema_pattern]\nprefix = \"src_\"\nseparator = \"_\"\ncomponents = [\"name\"]\n\
        [pipeline.p.target]\nadapter = \"default\"\ncatalog_template = \"w\"\nschema_template = \"main\"\n";
    let folder = Folder::new(replication, &[]);
    folder.sql("CREATE SCHEMA src_x");
    folder.sql("CREATE VIEW src_x.a AS SELECT CASE WHEN random() < 2 THEN error('bad') END AS x");
    folder.sql("CREATE TABLE src_x.b AS SELECT 1 AS x");
    let (_, run) = folder.json(&["run"]);
    assert_eq!(
        (&run["tables_failed"], &run["tables_skipped"]),
        (&json!(1), &json!(1)),
        "{run:#}"
    );

    let load = "[pipeline.p]\ntype = \"load\"\nsource_dir = \"data\"\nexecution = { concurrency = 1, fail_fast = true }\n\
        [pipeline.p.target]\nadapter = \"default\"\ncatalog = \"w\"\nschema = \"main\"\n";
    let folder = Folder::new(
        load,
        &[("data/a.csv", "x,y\n1,2\n3\n\"4,5,6\n"), ("data/b.csv", "x\n1\n")],
    );
    folder.sql("CREATE TABLE a (x INTEGER, y INTEGER)");
    let (_, run) = folder.json(&["run"]);
    assert_eq!(
        (&run["tables_failed"], &run["tables_skipped"]),
        (&json!(1), &json!(1)),
        "{run:#}"
    );

    let quality = "[pipeline.p]\ntype = \"quality\"\ntables = [{ catalog = \"w\", schema = \"main\" }]\nexecution = { concurrency = 1, fail_fast = true }\n\
        [pipeline.p.target]\nadapter = \"default\"\n[pipeline.p.checks]\nrow_count = true\n";
    let folder = Folder::new(quality, &[]);
    folder.sql("CREATE TABLE a (x INTEGER)");
    folder.sql("CREATE TABLE b AS SELECT 1 AS x");
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, run["check_results"].as_array().unwrap().len()),
        (1, 1),
        "{run:#}"
    );
    assert_eq!(run["tables_skipped"], 1, "{run:#}");
}

// ------------------------------------------------------------------------------------------------- what is said of it

#[test]
fn the_document_says_how_many_at_a_time() {
    let files = [("models/a.sql", "SELECT 1 AS x")];
    let (_, run) = Folder::new(MODELS, &files).json(&["run"]);
    assert_eq!(
        run["execution"],
        json!({ "concurrency": 1, "tables_processed": 1, "tables_failed": 0 })
    );
    for adaptive in [
        "concurrency = 3\nadaptive_concurrency = true\n",
        "concurrency = \"adaptive\"\n",
    ] {
        let config = MODELS.replace("concurrency = 1\n", adaptive);
        let (_, run) = Folder::new(&config, &files).json(&["run"]);
        let execution = &run["execution"];
        assert_eq!(execution["adaptive_concurrency"], true, "{run:#}");
        assert_eq!(execution["final_concurrency"], execution["concurrency"]);
        if adaptive.contains('3') {
            assert_eq!(execution["concurrency"], 3);
        }
    }
}

#[test]
fn nothing_starts_a_run_by_itself_so_a_schedule_is_refused() {
    for kind in ["transformation", "replication", "quality", "snapshot", "load"] {
        let config =
            format!("[pipeline.p]\ntype = \"{kind}\"\n[pipeline.p.schedule]\ncron = \"0 6 * * *\"\n");
        let (code, found) = Folder::new(&config, &[]).json(&["validate"]);
        assert_eq!(code, 1, "{kind}");
        assert!(
            found
                .to_string()
                .contains("key `pipeline.p.schedule` is known but has no effect"),
            "{kind} {found:#}"
        );
    }
}

#[test]
fn history_knows_what_a_budget_and_a_hook_made_of_a_run() {
    let files = [("models/a.sql", "SELECT 1 AS x")];
    let budget = format!("{MODELS}[budget]\nmax_duration_ms = 0\non_breach = \"error\"\n");
    let hook =
        format!("{MODELS}[[hook.on_pipeline_complete]]\ncommand = \"exit 3\"\non_failure = \"abort\"\n");
    let last = format!("{MODELS}[[hook.on_after_model_run]]\ncommand = \"exit 3\"\non_failure = \"abort\"\n");
    for config in [budget, hook, last] {
        let folder = Folder::new(&config, &files);
        let (code, run) = folder.json(&["run", "--idempotency-key", "k"]);
        assert_eq!((code, &run["status"]), (2, &json!("PartialFailure")), "{run:#}");
        let (_, history) = folder.json(&["history"]);
        let recorded = &history["runs"][0];
        assert_eq!(
            (&recorded["run_id"], &recorded["status"]),
            (&run["run_id"], &json!("PartialFailure")),
            "{history:#}"
        );
        // The key has no success either.
        let (_, again) = folder.json(&["run", "--idempotency-key", "k"]);
        assert_eq!(again["status"], "PartialFailure", "{again:#}");
    }
}
