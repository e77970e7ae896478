//! Several pipelines in one run, through the command line: what is said of each is in the sum, a key counts for each, and what only one of
//! them can do is not taken for all.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// Tables `a` and `b` by models, then a look at them.
const CONFIG: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.look]
type = "quality"
depends_on = ["build"]
[pipeline.look.target]
adapter = "default"
[[pipeline.look.tables]]
catalog = "w"
schema = "main"
[pipeline.look.checks]
row_count = true
[pipeline.build]
type = "transformation"
[pipeline.build.target]
adapter = "default"
[pipeline.build.checks]
row_count = { enabled = true, severity = "warning" }
[hook.pipeline_error]
command = "echo failed >> told"
[hook.pipeline_complete]
command = "echo done >> told"
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", CONFIG);
        folder.write("models/a.sql", "SELECT 1 AS x");
        folder.write("models/b.sql", "SELECT 1 AS x WHERE FALSE");
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.path().join(path)).unwrap_or_default()
    }

    fn run(&self, args: &[&str]) -> (i32, Value) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args([&["run"], args, &["-o", "json"]].concat())
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let document = serde_json::from_str(&text)
            .unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}{out:?}", out = out.stderr));
        (out.status.code().unwrap(), document)
    }
}

fn statuses(run: &Value) -> Vec<(&str, &str)> {
    let parts = run["pipelines"].as_array().unwrap().iter();
    parts
        .map(|p| (p["pipeline"].as_str().unwrap(), p["status"].as_str().unwrap()))
        .collect()
}

#[test]
fn the_sum_says_what_the_parts_say() {
    let folder = Folder::new();
    let (code, run) = folder.run(&["--dag"]);
    // `b` is empty: a warning to the pipeline that writes it, a failure to the one that looks.
    assert_eq!(statuses(&run), [("build", "Success"), ("look", "PartialFailure")]);
    assert_eq!((code, &run["status"]), (1, &json!("PartialFailure")));
    assert_eq!(
        (&run["checks_warned"], &run["checks_failed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(run["check_results"].as_array().unwrap().len(), 4);
    assert_eq!(
        (&run["hooks"]["fired"], &run["hooks"]["failed"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(folder.read("told"), "done\nfailed\n");
    assert_eq!(
        (
            &run["metrics"]["tables_processed"],
            &run["metrics"]["statements_executed"]
        ),
        (
            &json!(4),
            &json!(run["pipelines"][0]["metrics"]["statements_executed"])
        )
    );
}

#[test]
fn a_key_counts_for_each_pipeline() {
    let folder = Folder::new();
    folder.write("models/b.sql", "SELECT 1 AS x");
    folder.write(
        "models/c.sql",
        "SELECT CAST(v AS INTEGER) AS x FROM (VALUES ('x')) t(v)",
    );
    let key = ["--dag", "--idempotency-key", "monday"];
    let (_, run) = folder.run(&key);
    assert_eq!(statuses(&run), [("build", "PartialFailure"), ("look", "Skipped")]);
    std::fs::remove_file(folder.0.path().join("models/c.sql")).unwrap();
    let strict = "custom = [{ name = \"c\", sql = \"SELECT 5 FROM {target}\", threshold = 1 }]";
    folder.write("rocky.toml", &CONFIG.replace("row_count = true", strict));
    let (_, run) = folder.run(&key);
    // What is done is done, and what depends on it goes on.
    assert_eq!(statuses(&run)[0], ("build", "Success"));
    let told = folder.read("told");
    let (_, run) = folder.run(&key);
    assert_eq!(statuses(&run)[0], ("build", "SkippedIdempotent"));
    assert_ne!(statuses(&run)[1].1, "Skipped", "{run}");
    folder.write("rocky.toml", CONFIG);
    let (code, run) = folder.run(&key);
    assert_eq!((code, &run["status"]), (0, &json!("Success")), "{run}");
    let (code, run) = folder.run(&key);
    assert_eq!((code, &run["status"]), (0, &json!("SkippedIdempotent")));
    assert!(run["skipped_by_run_id"].as_str().unwrap().starts_with("run-"));
    // A run that was not needed has not failed.
    let later = folder.read("told");
    let new = later.strip_prefix(&told).unwrap();
    assert_eq!(new.matches("failed").count(), 1, "{new}");
}

#[test]
fn what_one_pipeline_can_do_is_not_taken_for_all() {
    let folder = Folder::new();
    for args in [&["--dag", "--resume-latest"][..], &["--dag", "--resume", "run-1"]] {
        let (code, error) = folder.run(args);
        assert_eq!(code, 2);
        assert_eq!(
            (&error["error"]["code"], &error["error"]["message"]),
            (
                &json!("usage"),
                &json!("a run is resumed by itself, and this would be several")
            )
        );
    }
    // Partitions are the models' business.
    folder.write("models/b.sql", "SELECT 1 AS x, DATE '2026-01-02' AS d WHERE DATE '2026-01-02' >= @start_date AND DATE '2026-01-02' < @end_date");
    folder.write(
        "models/b.toml",
        "[strategy]\ntype = \"time_interval\"\ntime_column = \"d\"\ngranularity = \"day\"\n",
    );
    let (code, run) = folder.run(&["--dag", "--partition", "2026-01-02"]);
    assert_eq!(code, 0, "{run}");
    for args in [
        &["--pipeline", "look", "--missing"][..],
        &["--pipeline", "look", "--lookback", "2"],
        &["--pipeline", "look", "--exclude", "a"],
        &["--pipeline", "look", "--model", "a"],
    ] {
        let (code, error) = folder.run(args);
        assert_eq!(
            (code, &error["error"]["code"]),
            (2, &json!("usage")),
            "{args:?} {error}"
        );
        let message = error["error"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("pipeline `look` is of type quality and has no models"),
            "{message}"
        );
    }
}
