//! What a held-out examination of state, plans, resumed and repeated runs found: each of these once went wrong in silence.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::Value;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const ADAPTER: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n";
const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n\
                      [pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";
/// A quality pipeline behind it.
const QUALITY: &str = "[pipeline.q]\ntype = \"quality\"\ndepends_on = [\"p\"]\n[pipeline.q.target]\nadapter = \"default\"\n\
                       [[pipeline.q.tables]]\ncatalog = \"w\"\nschema = \"main\"\ntable = \"a\"\n\
                       [pipeline.q.checks]\nenabled = true\nrow_count = true\n";
/// Hours, if nobody stops it.
const ENDLESS: &str = "SELECT count(*) AS n FROM range(1000000000) a, range(100000) b";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", CONFIG);
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
            .current_dir(self.0.path())
            .env_remove("CI")
            .env_remove("ROCKY_IDEMPOTENCY_KEY")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Exit code and document.
    fn json(&self, args: &[&str]) -> (i32, Value) {
        document(self.command(args).output().unwrap())
    }

    fn ok(&self, args: &[&str]) -> Value {
        let (code, document) = self.json(args);
        assert_eq!(code, 0, "{args:?}: {document}");
        document
    }

    /// The message of a command that is refused.
    fn refused(&self, args: &[&str]) -> String {
        let (code, document) = self.json(args);
        assert_ne!(code, 0, "{args:?}: {document}");
        document["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// What the database answers.
    fn sql(&self, sql: &str) -> Vec<String> {
        let options = rocky_adapter_duckdb::OpenOptions::default();
        let (path, cancel) = (self.0.path().join("w.duckdb"), rocky_core::CancelToken::new());
        let database = rocky_adapter_duckdb::DuckDb::open(Some(&path), &options, &cancel).unwrap();
        let mut connection = rocky_warehouse::Warehouse::connect(&database).unwrap();
        let rows = connection.query(sql, 100, &cancel).unwrap().rows;
        rows.iter()
            .map(|row| row[0].to_text().unwrap_or_default())
            .collect()
    }

    /// Start a run that will not end by itself, and wait until it is in the history.
    fn start(&self, args: &[&str]) -> Running {
        let running = Running(Some(self.command(args).spawn().unwrap()));
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(120) {
            let history = self.ok(&["history"]);
            if history["runs"].as_array().is_some_and(|runs| !runs.is_empty()) {
                return running;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the run did not begin");
    }
}

struct Running(Option<Child>);

impl Running {
    /// SIGINT, and how it ends.
    fn interrupt(mut self) -> (i32, Value) {
        let child = self.0.take().unwrap();
        let signalled = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(signalled.unwrap().success());
        document(child.wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn document(out: Output) -> (i32, Value) {
    let text = String::from_utf8(out.stdout).unwrap();
    let errors = String::from_utf8_lossy(&out.stderr);
    let document = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}{errors}"));
    (out.status.code().unwrap(), document)
}

/// Model, and whether it was built.
fn decisions(run: &Value) -> Vec<(String, String, String)> {
    let text = |d: &Value, key: &str| d[key].as_str().unwrap().to_owned();
    let all = run["model_decisions"].as_array().unwrap().iter();
    all.map(|d| (text(d, "model"), text(d, "decision"), text(d, "reason")))
        .collect()
}

fn written(run: &Value) -> Vec<&str> {
    let all = run["materializations"].as_array().unwrap().iter();
    all.map(|m| m["model"].as_str().unwrap()).collect()
}

#[test]
fn an_export_never_takes_the_place_of_the_state() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    folder.ok(&["run"]);
    let state = folder.0.path().join(".rocky-state.redb");
    std::os::unix::fs::symlink(&state, folder.0.path().join("link")).unwrap();
    std::fs::hard_link(&state, folder.0.path().join("same")).unwrap();
    for name in [".rocky-state.redb", "./.rocky-state.redb", "link", "same"] {
        let message = folder.refused(&["state", "export", name]);
        assert!(
            message.ends_with("is the state store itself"),
            "{name}: {message}"
        );
    }
    assert_eq!(folder.ok(&["history"])["count"], 1);
}

#[test]
fn an_import_takes_all_of_a_document_or_nothing() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    folder.ok(&["run"]);
    folder.ok(&["state", "export", "e.json"]);
    let text = std::fs::read_to_string(folder.0.path().join("e.json")).unwrap();
    folder.write("bad.json", &text.replace("\"run_history\"", "\"run_histori\""));
    let message = folder.refused(&["state", "import", "bad.json", "--replace"]);
    assert!(
        message.contains("`run_histori` is no table of a state store"),
        "{message}"
    );
    assert_eq!(folder.ok(&["history"])["count"], 1);
}

#[test]
fn what_is_set_is_something_that_a_run_would_ask_for() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x"),
        (
            "models/t.sql",
            "SELECT TIMESTAMP '2026-01-02' AS ts WHERE TIMESTAMP '2026-01-02' >= @start_date AND TIMESTAMP '2026-01-02' < @end_date",
        ),
        (
            "models/t.toml",
            "[strategy]\ntype = \"time_interval\"\ntime_column = \"ts\"\ngranularity = \"day\"\nfirst_partition = \"2026-01-01\"\n",
        ),
    ]);
    let set = |model: &str, key: &str| folder.json(&["state", "set", "--partition", model, key, "Computed"]);
    for (model, key, expected) in [
        ("t", "2026-13-45", "does not exist: there is no such day"),
        ("t", "2026-1-2", "is not written as a day is"),
        ("t", "2026-01", "is not a day"),
        ("a", "2026-01-02", "model `a` has no partitions"),
        ("tt", "2026-01-02", "no model `tt`"),
    ] {
        let (code, document) = set(model, key);
        let message = document["error"]["message"].as_str().unwrap();
        assert!(
            code != 0 && message.contains(expected),
            "{model} {key}: {message}"
        );
    }
    assert_eq!(set("t", "2026-01-02").0, 0);
    for (table, value) in [("", "x"), ("w.main.t", "")] {
        folder.refused(&["state", "set", "--watermark", table, value]);
    }
    let state = folder.ok(&["state", "--model", "t"]);
    let keys: Vec<&str> = state["model_partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["partition_key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["2026-01-02"]);
    assert_eq!(state["watermarks"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_unchanged_has_its_columns_and_passes_its_checks() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x"),
        (
            "models/a.toml",
            "[[tests]]\ntype = \"not_null\"\ncolumn = \"x\"\n",
        ),
        ("models/b.sql", "SELECT x FROM a"),
        ("models/v.sql", "SELECT x FROM a"),
        ("models/v.toml", "[strategy]\ntype = \"view\"\n"),
    ]);
    let run = |expected: i32| {
        let (code, document) = folder.json(&["run", "--skip-unchanged"]);
        assert_eq!(code, expected, "{document}");
        decisions(&document)
    };
    let skipped = |decisions: &[(String, String, String)]| decisions.iter().all(|(_, d, _)| d == "skip");
    run(0);
    assert!(skipped(&run(0)));
    // A test that is new, or stricter, is asked.
    folder.write(
        "models/a.toml",
        "[[tests]]\ntype = \"expression\"\nexpression = \"x > 5\"\n",
    );
    assert_eq!(run(1)[0].2, "its checks changed");
    folder.write(
        "models/a.toml",
        "[[tests]]\ntype = \"expression\"\nexpression = \"x > 5\"\nseverity = \"warning\"\n",
    );
    run(0);
    assert!(skipped(&run(0)));
    // Somebody has put other things in the place of the targets.
    folder.sql("DROP TABLE b");
    folder.sql("CREATE TABLE b AS SELECT 1 AS other");
    folder.sql("DROP VIEW v");
    folder.sql("CREATE TABLE v AS SELECT 1 AS x");
    let reasons: Vec<String> = run(0).into_iter().map(|(_, _, reason)| reason).collect();
    assert!(reasons[0].starts_with("unchanged since"), "{reasons:?}");
    assert_eq!(reasons[1], "its target has no column `x`");
    assert_eq!(reasons[2], "its target is of another kind than it was built as");
    assert!(skipped(&run(0)));
}

#[test]
fn a_plan_with_a_key_is_applied_once() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    folder.ok(&["run"]);
    let id = |args: &[&str]| folder.ok(args)["plan_id"].as_str().unwrap().to_owned();
    let with_key = id(&["plan", "--idempotency-key", "k"]);
    let first = folder.ok(&["apply", &with_key]);
    assert_eq!(
        (first["status"].as_str(), first["idempotency_key"].as_str()),
        (Some("Success"), Some("k"))
    );
    let second = folder.ok(&["apply", &with_key]);
    assert_eq!(second["status"], "SkippedIdempotent");
    assert_eq!(second["skipped_by_run_id"], first["run_id"]);
    // The variable is the same as the option.
    let plain = id(&["plan"]);
    let (code, third) = document(
        folder
            .command(&["apply", &plain])
            .env("ROCKY_IDEMPOTENCY_KEY", "k")
            .output()
            .unwrap(),
    );
    assert_eq!((code, third["status"].as_str()), (0, Some("SkippedIdempotent")));
    assert_eq!(folder.ok(&["apply", &plain])["status"], "Success");
}

#[test]
fn the_plan_of_several_pipelines_names_those_that_can_be_applied() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    folder.write("rocky.toml", &format!("{CONFIG}{QUALITY}"));
    folder.ok(&["run", "--pipeline", "p"]);
    let plan = folder.ok(&["plan", "--dag"]);
    let (code, refused) = folder.json(&["apply", plan["plan_id"].as_str().unwrap()]);
    assert_eq!(code, 1, "{refused}");
    let hint = refused["error"]["remediation_hint"].as_str().unwrap();
    for part in plan["pipelines"].as_array().unwrap() {
        let id = part["plan_id"].as_str().unwrap();
        assert!(hint.contains(&format!("rocky apply {id}")), "{hint}");
        folder.ok(&["apply", id]);
    }
}

#[test]
fn a_run_with_the_key_in_another_process_is_waited_for_by_nobody() {
    let folder = Folder::new(&[("models/a.sql", ENDLESS)]);
    folder.write("rocky.toml", &format!("{CONFIG}{QUALITY}"));
    for args in [
        &["run", "--pipeline", "p", "--idempotency-key", "k"][..],
        &["run", "--dag", "--idempotency-key", "k"],
    ] {
        let running = folder.start(args);
        let (code, second) = folder.json(args);
        assert_eq!(
            (code, second["status"].as_str()),
            (0, Some("SkippedInFlight")),
            "{second}"
        );
        assert!(
            second["skipped_by_run_id"]
                .as_str()
                .is_some_and(|id| !id.is_empty())
        );
        // Without the key, or with another, there is nothing to tell but that the state is taken.
        let (code, other) = folder.json(&["run", "--pipeline", "p", "--idempotency-key", "other"]);
        assert_eq!(
            (code, other["error"]["code"].as_str()),
            (1, Some("locked")),
            "{other}"
        );
        assert_eq!(running.interrupt().0, 130);
        std::fs::remove_file(folder.0.path().join(".rocky-state.redb")).unwrap();
    }
}

#[test]
fn a_run_that_is_interrupted_in_its_checks_is_interrupted() {
    let folder = Folder::new(&[]);
    folder.sql("CREATE TABLE a AS SELECT 1 AS x");
    let alone = QUALITY.replace("depends_on = [\"p\"]\n", "");
    let custom = format!("[[pipeline.q.checks.custom]]\nname = \"slow\"\nsql = \"{ENDLESS}\"\n");
    folder.write("rocky.toml", &format!("{ADAPTER}{alone}{custom}"));
    let (code, run) = folder.start(&["run"]).interrupt();
    assert_eq!((code, run["interrupted"].as_bool()), (130, Some(true)), "{run}");
    assert_eq!(folder.ok(&["history"])["runs"][0]["interrupted"], true);
}

#[test]
fn a_resumed_run_does_again_what_has_gone_or_is_wanted_anew() {
    let bad = "SELECT error('no') AS x FROM b";
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x, TIMESTAMP '2026-01-01' AS ts"),
        ("models/b.sql", "SELECT x, ts FROM a"),
        (
            "models/b.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\n",
        ),
        ("models/bad.sql", bad),
    ]);
    assert_eq!(folder.json(&["run"]).0, 2);
    assert_eq!(folder.json(&["run"]).0, 2);
    folder.sql("DROP TABLE a");
    let (_, run) = folder.json(&["run", "--resume-latest"]);
    assert_eq!(written(&run), ["a", "b"], "{run}");
    // `b` was appended to; a full refresh is something else.
    folder.sql("INSERT INTO b VALUES (7, '2020-01-01')");
    let (_, run) = folder.json(&["run", "--resume-latest", "--full-refresh"]);
    assert_eq!(written(&run), ["b"], "{run}");
    assert_eq!(folder.sql("SELECT count(*) FROM b"), ["1"]);
    folder.write("models/bad.sql", "SELECT x FROM b");
    let run = folder.ok(&["run", "--resume-latest"]);
    assert_eq!(written(&run), ["bad"], "{run}");
}

#[test]
fn a_value_in_a_message_makes_a_terminal_do_nothing() {
    let folder = Folder::new(&[("models/a.sql", "SELECT error(chr(27) || '[2J' || chr(7)) AS x")]);
    let out = folder.command(&["run", "-o", "table"]).output().unwrap();
    for text in [out.stdout, out.stderr] {
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("\\u{1b}[2J\\u{7}"), "{text:?}");
        assert!(!text.contains(['\x1b', '\x07']), "{text:?}");
    }
}
