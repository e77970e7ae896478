//! `state`, `history` and `metrics` as a user meets them: on real runs, beside a run of another process, after one that was killed.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const CONFIG: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
"#;

const INCREMENTAL: &str = "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", CONFIG);
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    /// `daily` is incremental and reads `base`.
    fn daily() -> Folder {
        Folder::new(&[
            (
                "models/base.sql",
                "SELECT 1 AS id, TIMESTAMP '2026-01-02 03:04:05' AS ts",
            ),
            ("models/daily.sql", "SELECT id, ts FROM base"),
            ("models/daily.toml", INCREMENTAL),
        ])
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    fn remove(&self, path: &str) {
        std::fs::remove_file(self.0.path().join(path)).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rocky"));
        command.args(args).current_dir(self.0.path()).env_remove("CI");
        command
    }

    fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Exit code and the one document on stdout.
    fn json(&self, args: &[&str]) -> (i32, Value) {
        let out = self.output(args);
        let text = String::from_utf8(out.stdout).unwrap();
        let document = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}"));
        (out.status.code().unwrap(), document)
    }

    /// The document of a command that succeeds.
    fn ok(&self, args: &[&str]) -> Value {
        let (code, document) = self.json(args);
        assert_eq!(code, 0, "{args:?}: {document}");
        document
    }

    /// Message and hint of a command that fails with an error.
    fn refused(&self, args: &[&str]) -> (String, String, String) {
        let (code, document) = self.json(args);
        assert_eq!(code, 1, "{args:?}: {document}");
        let text = |key: &str| document["error"][key].as_str().unwrap_or_default().to_owned();
        (text("code"), text("message"), text("remediation_hint"))
    }

    fn text(&self, args: &[&str]) -> String {
        let out = self.output(&[args, &["--output", "table"]].concat());
        String::from_utf8(out.stdout).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.0.path().join(name).exists()
    }
}

struct Running(Child);

impl Running {
    /// A run that will not end by itself, once it is in the history.
    fn start(folder: &Folder) -> Running {
        let child = folder
            .command(&["run"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let running = Running(child);
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(120) {
            if folder.has(".rocky-state.redb")
                && !folder.ok(&["history"])["runs"].as_array().unwrap().is_empty()
            {
                return running;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the run did not begin");
    }

    /// SIGKILL.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn reading_the_state_of_a_new_project_makes_no_file() {
    let folder = Folder::daily();
    for args in [
        &["state"][..],
        &["state", "check"],
        &["state", "repair", "--yes"],
        &["history"],
        &["history", "--graph"],
        &["metrics", "daily"],
    ] {
        folder.ok(args);
    }
    let (code, message, _) = folder.refused(&["state", "export", "x.json"]);
    assert_eq!(code, "not_found", "{message}");
    let (code, message, _) = folder.refused(&["state", "delete", "--watermark", "w.main.daily"]);
    assert_eq!(code, "not_found", "{message}");
    let (code, message, _) = folder.refused(&["state", "import", "x.json"]);
    assert_eq!(code, "not_found", "{message}");
    assert!(!folder.has(".rocky-state.redb") && !folder.has("x.json"));
}

#[test]
fn watermarks_and_partitions_are_shown_set_and_deleted() {
    let folder = Folder::daily();
    folder.ok(&["run"]);
    let state = folder.ok(&["state"]);
    assert_eq!(state["watermarks"][0]["table"], "w.main.daily");
    assert_eq!(state["watermarks"][0]["raw_value"], "2026-01-02 03:04:05");
    assert_eq!(state["schema_version_on_disk"], state["schema_version_supported"]);
    assert_eq!(state["tables"]["run_progress"], 2);

    let set = folder.ok(&["state", "set", "--watermark", "w.main.daily", "2025-12-31"]);
    assert_eq!(set["command"], "state_set");
    assert_eq!(set["watermark"]["before"]["raw_value"], "2026-01-02 03:04:05");
    assert_eq!(set["watermark"]["after"]["last_value"], "2025-12-31T00:00:00Z");
    let deleted = folder.ok(&["state", "delete", "--watermark", "w.main.daily"]);
    assert_eq!(deleted["watermark"]["after"], Value::Null);
    let (_, message, _) = folder.refused(&["state", "delete", "--watermark", "w.main.daily"]);
    assert!(message.contains("no watermark of `w.main.daily`"), "{message}");
    // The target is the truth: the next run finds it again.
    folder.ok(&["run"]);
    let (_, _, hint) = folder.refused(&["state", "delete", "--watermark", "w.main.dayly"]);
    assert_eq!(hint, "did you mean `w.main.daily`?");

    for (key, status) in [("2026-01-01", "Computed"), ("2026-01-02", "failed")] {
        folder.ok(&["state", "set", "--partition", "daily", key, status]);
    }
    let state = folder.ok(&["state", "--model", "daily"]);
    assert_eq!(
        state["partitions"][0],
        serde_json::json!({"model": "daily", "computed": 1, "failed": 1, "in_progress": 0,
                           "first": "2026-01-01", "last": "2026-01-02"})
    );
    assert_eq!(state["model_partitions"][1]["status"], "Failed");
    let table = folder.text(&["state", "--model", "daily"]);
    assert!(table.contains("2026-01-02  Failed"), "{table}");
    folder.ok(&["state", "delete", "--partition", "daily", "2026-01-02"]);
    let (code, message, hint) = folder.refused(&["state", "delete", "--partition", "daily", "2026-01-02"]);
    assert_eq!(code, "not_found");
    assert!(message.contains("`2026-01-02` of `daily`") && hint.contains("--model daily"));
    let (code, document) = folder.json(&["state", "set", "--partition", "daily", "2026-01-02", "InProgress"]);
    assert_eq!((code, document["error"]["code"].as_str()), (2, Some("usage")));
}

#[test]
fn what_is_wrong_is_found_and_put_right() {
    let folder = Folder::daily();
    folder.ok(&["run"]);
    folder.write("models/gone.sql", "SELECT 1 AS id");
    folder.ok(&["state", "set", "--partition", "gone", "2026-01-01", "Computed"]);
    folder.remove("models/gone.sql");
    // What it had may be put right; what it never had is a slip of the pen.
    folder.ok(&["state", "set", "--partition", "gone", "2026-01-02", "Failed"]);
    folder.ok(&["state", "delete", "--partition", "gone", "2026-01-02"]);
    let (code, message, hint) =
        folder.refused(&["state", "set", "--partition", "dayly", "2026-01-01", "Computed"]);
    assert_eq!(code, "not_found");
    assert!(
        message.contains("`dayly` is not a model") && hint.contains("`daily`"),
        "{message} {hint}"
    );
    folder.remove("models/daily.sql");
    folder.remove("models/daily.toml");
    let (code, check) = folder.json(&["state", "check"]);
    assert_eq!((code, check["ok"].as_bool()), (1, Some(false)));
    let kinds = |document: &Value| -> Vec<String> {
        let findings = document["findings"].as_array().unwrap().iter();
        findings.map(|f| f["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&check), ["gone_model", "orphan_watermark"]);
    assert_eq!(check["compared_with_project"], true);
    // Said, not done.
    let dry = folder.ok(&["state", "repair"]);
    assert_eq!(
        (kinds(&dry), dry["applied"].as_bool()),
        (kinds(&check), Some(false))
    );
    assert!(folder.text(&["state", "repair"]).contains("would: remove"));
    assert_eq!(kinds(&folder.json(&["state", "check"]).1).len(), 2);
    let done = folder.ok(&["state", "repair", "--yes"]);
    assert_eq!(
        (kinds(&done), done["applied"].as_bool()),
        (kinds(&check), Some(true))
    );
    assert_eq!(folder.ok(&["state", "check"])["ok"], true);
    assert_eq!(folder.ok(&["history"])["count"], 1);
    // A project with errors does not say for certain what it has.
    folder.ok(&["state", "set", "--partition", "base", "2026-01-01", "Computed"]);
    folder.write("models/base.sql", "SELEC 1");
    let check = folder.ok(&["state", "check"]);
    assert_eq!(check["compared_with_project"], false);
    assert!(
        check["not_compared"].as_str().unwrap().contains("errors"),
        "{check}"
    );
}

#[test]
fn a_state_goes_from_one_machine_to_another_as_json() {
    let folder = Folder::daily();
    folder.ok(&["run"]);
    folder.ok(&["state", "set", "--partition", "daily", "2026-01-01", "Computed"]);
    let exported = folder.ok(&["state", "export", "x.json"]);
    assert!(exported["rows"].as_u64().unwrap() >= 5, "{exported}");
    let piped = folder.output(&["state", "export"]);
    let text = std::fs::read(folder.0.path().join("x.json")).unwrap();
    assert!(piped.status.success() && piped.stdout == text);
    let other = ["--state-path", "other.redb"];
    let with = |args: &[&'static str]| [&other[..], args].concat();
    folder.ok(&with(&["state", "import", "x.json"]));
    let shown = |document: Value| (document["watermarks"].clone(), document["partitions"].clone());
    assert_eq!(shown(folder.ok(&with(&["state"]))), shown(folder.ok(&["state"])));
    assert_eq!(
        folder.ok(&with(&["history"]))["runs"],
        folder.ok(&["history"])["runs"]
    );
    let (_, message, _) = folder.refused(&with(&["state", "import", "x.json"]));
    assert!(message.contains("not empty"), "{message}");
    assert_eq!(
        folder.ok(&with(&["state", "import", "x.json", "--merge"]))["rows"],
        0
    );
    folder.ok(&with(&["state", "import", "x.json", "--replace"]));
    // Newer, cut short, not there.
    let newer =
        String::from_utf8(text.clone())
            .unwrap()
            .replacen("\"schema_version\":1", "\"schema_version\":9", 1);
    folder.write("newer.json", newer);
    let (_, message, hint) = folder.refused(&with(&["state", "import", "newer.json", "--replace"]));
    assert!(
        message.contains("newer rocky") && hint == "upgrade rocky",
        "{message}"
    );
    folder.write("short.json", &text[..text.len() / 2]);
    let (_, message, _) = folder.refused(&with(&["state", "import", "short.json", "--replace"]));
    assert!(message.contains("nothing was imported"), "{message}");
    let (code, _, _) = folder.refused(&with(&["state", "import", "missing.json"]));
    assert_eq!(code, "not_found");
    assert_eq!(folder.ok(&with(&["history"]))["count"], 1);
}

#[test]
fn the_graph_is_remembered_when_it_changes() {
    let folder = Folder::daily();
    folder.ok(&["run"]);
    folder.ok(&["run"]);
    folder.write(
        "models/base.sql",
        "SELECT '1' AS id, TIMESTAMP '2026-01-02 03:04:05' AS ts, 2 AS more",
    );
    folder.write("models/new.sql", "SELECT more FROM base");
    folder.ok(&["run", "--full-refresh"]);
    let graph = folder.ok(&["history", "--graph"]);
    assert_eq!(graph["count"], 2, "{graph}");
    let snapshot = &graph["snapshots"][0];
    assert_eq!(
        (snapshot["model_count"].as_u64(), snapshot["edge_count"].as_u64()),
        (Some(3), Some(2))
    );
    let changes: Vec<String> = snapshot["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| format!("{} {}", c["kind"].as_str().unwrap(), c["model"].as_str().unwrap()))
        .collect();
    assert_eq!(
        changes,
        [
            "ModelAdded new",
            "ColumnTypeChanged base",
            "ColumnAdded base",
            "ColumnTypeChanged daily",
            "DependencyAdded new"
        ]
    );
    let runs = folder.ok(&["history"]);
    assert_eq!(runs["runs"][0]["graph_hash"], snapshot["graph_hash"]);
    assert_eq!(runs["runs"][2]["graph_hash"], graph["snapshots"][1]["graph_hash"]);
    let text = folder.text(&["history", "--graph"]);
    assert!(
        text.contains("~ base.id: INTEGER to VARCHAR") && text.contains("+ new reads base"),
        "{text}"
    );
}

#[test]
fn old_runs_are_forgotten_as_configured() {
    let folder = Folder::daily();
    let (code, document) = folder.json(&["state", "sweep"]);
    assert_eq!((code, document["error"]["code"].as_str()), (2, Some("usage")));
    for _ in 0..3 {
        folder.ok(&["run"]);
    }
    let retention = "[state.retention]\nmax_age_days = 0\nmin_runs_kept = 2\n";
    folder.write("rocky.toml", format!("{CONFIG}{retention}"));
    let swept = folder.ok(&["state", "sweep"]);
    assert_eq!(
        (swept["runs"].as_u64(), swept["models"].as_u64()),
        (Some(1), Some(2))
    );
    assert_eq!(folder.ok(&["history"])["count"], 2);
    // And after every run.
    let run = folder.ok(&["run"]);
    let history = folder.ok(&["history"]);
    assert_eq!(history["count"], 2);
    assert_eq!(history["runs"][0]["run_id"], run["run_id"]);
    let state = folder.ok(&["state"]);
    assert_eq!(
        (
            state["tables"]["run_progress"].as_u64(),
            state["tables"]["watermarks"].as_u64()
        ),
        (Some(4), Some(1))
    );
}

#[test]
fn what_checks_measured_is_shown_with_its_alerts() {
    let folder = Folder::daily();
    let empty = folder.ok(&["metrics", "daily", "--alerts"]);
    assert_eq!(
        (
            empty["count"].as_u64(),
            empty["snapshots"].as_array().map(Vec::len)
        ),
        (Some(0), Some(0))
    );
    assert!(
        empty["message"]
            .as_str()
            .unwrap()
            .contains("no quality metrics available")
    );
    let mut rows = Vec::new();
    for day in 1..=25 {
        rows.push(format!(
            r#"{{"model_name":"daily","run_id":"run-{day}","timestamp":"2026-01-{day:02}T00:00:00Z",
                "metrics":{{"row_count":{day},"null_rates":{{"id":{},"Name":0.0}},"freshness_lag_seconds":{}}}}}"#,
            if day == 25 { "0.75" } else { "0.25" },
            if day == 25 { 90_000 } else { 60 },
        ));
    }
    let document = format!(
        "{{\"format\":\"rocky-state\",\"schema_version\":101,\"quality_history\":[{}]}}",
        rows.join(",")
    );
    folder.write("quality.json", document);
    folder.ok(&["state", "import", "quality.json"]);
    let last = folder.ok(&["metrics", "daily", "--alerts"]);
    assert_eq!(last["count"], 1);
    let snapshot = &last["snapshots"][0];
    assert_eq!(snapshot["run_id"], "run-25");
    assert_eq!(
        (
            snapshot["row_count"].as_u64(),
            snapshot["null_rates"]["id"].as_f64()
        ),
        (Some(25), Some(0.75))
    );
    assert_eq!(snapshot["metrics"]["freshness_lag_seconds"], 90_000);
    let alerts: Vec<_> = last["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| {
            (
                a["type"].as_str().unwrap(),
                a["severity"].as_str().unwrap(),
                a["column"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        alerts,
        [
            ("freshness", "warning", None),
            ("null_rate", "critical", Some("id"))
        ]
    );
    let trend = folder.ok(&["metrics", "daily", "--trend", "--column", "NAME"]);
    assert_eq!(
        (trend["count"].as_u64(), trend["alerts"].as_array().map(Vec::len)),
        (Some(20), Some(0))
    );
    assert_eq!(trend["column_trend"][19]["run_id"], "run-6");
    assert_eq!(trend["column_trend"][0]["null_rate"], 0.0);
    let (code, document) = folder.json(&["metrics", "daily", "--column", "nam"]);
    assert_eq!(code, 2, "{document}");
    assert_eq!(document["error"]["remediation_hint"], "did you mean `Name`?");
    let text = folder.text(&["metrics", "daily", "--alerts"]);
    assert!(text.contains("critical: 75.0 % of `id` are NULL"), "{text}");
}

#[test]
fn other_processes_read_while_a_run_writes_and_after_it_was_killed() {
    let folder = Folder::new(&[
        ("models/quick.sql", "SELECT 1 AS id"),
        (
            "models/slow.sql",
            "SELECT count(*) AS n FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 3",
        ),
    ]);
    let mut running = Running::start(&folder);
    let begin = Instant::now();
    let history = folder.ok(&["history"]);
    let run = &history["runs"][0];
    assert_eq!(
        (run["interrupted"].as_bool(), history["count"].as_u64()),
        (Some(true), Some(1))
    );
    folder.ok(&["state"]);
    folder.ok(&["state", "check"]);
    folder.ok(&["metrics", "quick"]);
    folder.ok(&["state", "export", "x.json"]);
    let took = begin.elapsed();
    // None of them waited for the run, which never ends.
    assert!(took < Duration::from_secs(60), "{took:?}");
    // What would change the state is refused, whatever database it is for.
    folder.write("other.toml", CONFIG.replace("w.duckdb", "other.duckdb"));
    let state = ["--state-path", ".rocky-state.redb", "-c", "other.toml"];
    for args in [
        &["run", "--model", "quick"][..],
        &["state", "set", "--partition", "quick", "2026", "Failed"],
    ] {
        let (code, message, hint) = folder.refused(&[&state[..], args].concat());
        assert_eq!(code, "locked", "{args:?}: {message}");
        assert!(
            message.contains("another process is writing it") && hint.contains("--state-path"),
            "{message}"
        );
    }
    assert!(running.0.try_wait().unwrap().is_none());
    running.kill();
    let history = folder.ok(&["history"]);
    assert_eq!(history["runs"][0]["interrupted"], true);
    assert_eq!(folder.ok(&["state", "check"])["ok"], true);
    folder.write("models/slow.sql", "SELECT 1 AS n");
    folder.ok(&["run"]);
    let history = folder.ok(&["history"]);
    assert_eq!(
        (history["count"].as_u64(), history["runs"][0]["status"].as_str()),
        (Some(2), Some("Success"))
    );
}

#[test]
fn a_damaged_state_is_said_and_left_alone() {
    let folder = Folder::daily();
    folder.ok(&["run"]);
    let path = folder.0.path().join(".rocky-state.redb");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    for args in [
        &["state"][..],
        &["state", "check"],
        &["state", "repair", "--yes"],
        &["history"],
        &["metrics", "daily"],
        &["state", "export", "x.json"],
        &["run"],
    ] {
        let (code, message, hint) = folder.refused(args);
        assert_eq!(code, "state", "{args:?}: {message}");
        assert!(
            message.contains("the file is damaged") && hint.contains("move it away"),
            "{args:?}: {message}"
        );
    }
    assert_eq!(std::fs::read(&path).unwrap().len(), whole.len() / 2);
    assert!(!folder.has("x.json"));
    // As the hint says; the warehouse is the truth.
    std::fs::rename(&path, folder.0.path().join("damaged")).unwrap();
    folder.ok(&["run"]);
    assert_eq!(folder.ok(&["state"])["watermarks"][0]["table"], "w.main.daily");
    assert!(Path::new(&path).exists());
}
