//! Several pipelines in one run, through the command line: what is said of each is in the sum, a key counts for each, and what only one of
//! them can do is not taken for all.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
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

    fn sql(&self, sql: &str) {
        let cancel = CancelToken::new();
        let path = self.0.path().join("w.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        for statement in sql.split("; ") {
            connection.execute(statement, &cancel).unwrap();
        }
    }

    fn run(&self, args: &[&str]) -> (i32, Value) {
        self.rocky(&[&["run"], args, &["-o", "json"]].concat())
    }

    fn rocky(&self, args: &[&str]) -> (i32, Value) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
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

/// Four pipelines in a row, of which the third is held up by a table that is not there.
const CHAIN: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.in]
type = "load"
source_dir = "in"
[pipeline.in.target]
catalog = "w"
schema = "main"
[pipeline.build]
type = "transformation"
depends_on = ["in"]
[pipeline.build.target]
adapter = "default"
[pipeline.keep]
type = "snapshot"
depends_on = ["build"]
unique_key = ["x"]
updated_at = "at"
[pipeline.keep.source]
catalog = "w"
schema = "main"
table = "b"
[pipeline.keep.target]
catalog = "w"
schema = "main"
table = "kept"
[pipeline.look]
type = "quality"
depends_on = ["keep"]
[pipeline.look.target]
adapter = "default"
[[pipeline.look.tables]]
catalog = "w"
schema = "main"
table = "kept"
[pipeline.look.checks]
row_count = true
"#;

fn chain() -> Folder {
    let folder = Folder::new();
    folder.write("rocky.toml", CHAIN);
    folder.write("in/t.csv", "x\n1\n2\n");
    folder.write("models/a.sql", "SELECT x FROM w.main.t");
    folder.write(
        "models/b.sql",
        "SELECT x, TIMESTAMP '2026-01-01' AS at, error('not yet') AS e FROM a",
    );
    folder
}

#[test]
fn several_pipelines_are_gone_on_with() {
    let folder = chain();
    let latest = ["--dag", "--resume-latest"];
    let (code, error) = folder.run(&latest);
    assert_eq!(
        (code, &error["error"]["code"]),
        (1, &json!("not_found")),
        "{error}"
    );
    let (_, first) = folder.run(&["--dag"]);
    let expected = [
        ("in", "Success"),
        ("build", "PartialFailure"),
        ("keep", "Skipped"),
        ("look", "Skipped"),
    ];
    assert_eq!(statuses(&first), expected);
    assert_eq!(first["pipelines"][2]["pipeline_type"], "snapshot");

    // It fails again, one table later: what it did then is not done by the third.
    folder.write("models/b.sql", "SELECT x, TIMESTAMP '2026-01-01' AS at FROM a");
    folder.write("models/c.sql", "SELECT error('not yet') AS e FROM b");
    let (_, second) = folder.run(&latest);
    assert_eq!(second["resumed_from"], first["run_id"]);
    assert_eq!(
        statuses(&second)[..2],
        [("in", "Skipped"), ("build", "PartialFailure")]
    );
    let why = |run: &Value, i: usize| {
        run["pipelines"][i]["skipped_reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        why(&second, 0),
        format!("done by {}", first["run_id"].as_str().unwrap())
    );
    assert_eq!(
        second["pipelines"][1]["resumed_from"],
        first["pipelines"][1]["run_id"]
    );
    let wrote = |run: &Value| -> Vec<String> {
        let list = run["materializations"].as_array().unwrap().iter();
        list.map(|m| m["model"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(wrote(&second), ["b"]);

    folder.write("models/c.sql", "SELECT count(*) AS n FROM b");
    // What is left is shown before, by any of its runs.
    let id = second["pipelines"][1]["run_id"].as_str().unwrap();
    let (code, plan) = folder.rocky(&["-o", "json", "plan", "--dag", "--resume", id]);
    assert_eq!(code, 0, "{plan}");
    let planned = |i: usize| &plan["pipelines"][i]["models"];
    assert_eq!([planned(0), planned(1)], [&json!([]), &json!(["c"])], "{plan:#}");
    assert_eq!(plan["resumed_from"], second["run_id"]);
    let (code, third) = folder.run(&["--dag", "--resume", id]);
    assert_eq!((code, &third["status"]), (0, &json!("Success")), "{third:#}");
    assert_eq!(
        statuses(&third),
        [
            ("in", "Skipped"),
            ("build", "Success"),
            ("keep", "Success"),
            ("look", "Success")
        ]
    );
    assert_eq!(wrote(&third)[0], "c");
    assert_eq!(why(&third, 0), why(&second, 0));

    // Now there is nothing left, whatever it is called.
    let (code, error) = folder.run(&latest);
    assert_eq!((code, &error["error"]["code"]), (1, &json!("not_found")));
    let id = third["run_id"].as_str().unwrap();
    let (code, error) = folder.run(&["--dag", "--resume", id]);
    assert_eq!((code, &error["error"]["code"]), (2, &json!("usage")), "{error}");
    // A run of one pipeline is not one of all.
    let (_, alone) = folder.run(&["--pipeline", "build"]);
    let (code, error) = folder.run(&["--dag", "--resume", alone["run_id"].as_str().unwrap()]);
    assert_eq!((code, &error["error"]["code"]), (2, &json!("usage")));
    let hint = error["error"]["remediation_hint"].as_str().unwrap();
    assert_eq!(hint, "go on with it by `--pipeline build`");
    // The history says what belongs together.
    let (_, history) = folder.rocky(&["-o", "json", "history"]);
    let of = |id: &Value| {
        let runs = history["runs"].as_array().unwrap().iter();
        runs.filter(|r| &r["joint_run_id"] == id).count()
    };
    assert_eq!(
        [of(&first["run_id"]), of(&second["run_id"]), of(&third["run_id"])],
        [2, 1, 3]
    );
}

#[test]
fn what_has_gone_is_done_again_with_all_that_depends_on_it() {
    let folder = chain();
    folder.write("models/b.sql", "SELECT x, TIMESTAMP '2026-01-01' AS at FROM a");
    folder.write("models/c.sql", "SELECT error('not yet') AS e FROM b");
    let (_, first) = folder.run(&["--dag"]);
    assert_eq!(statuses(&first)[1], ("build", "PartialFailure"));
    folder.write("models/c.sql", "SELECT 1 AS e FROM b");
    folder.sql("DROP TABLE t");
    let (code, second) = folder.run(&["--dag", "--resume-latest"]);
    assert_eq!(code, 0, "{second:#}");
    let done = second["materializations"].as_array().unwrap().len();
    // The loaded table, all three models, the history.
    assert_eq!(done, 5, "{second:#}");
}

#[test]
fn the_models_behind_a_replication_are_gone_on_with() {
    let folder = Folder::new();
    folder.write(
        "rocky.toml",
        "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.raw]\nstrategy = \"full_refresh\"\n[pipeline.raw.source.schema_pattern]\n\
         prefix = \"raw__\"\nseparator = \"__\"\ncomponents = [\"source\"]\n[pipeline.raw.target]\ncatalog_template = \"\"\n\
         schema_template = \"staging__{source}\"\n",
    );
    folder.sql("CREATE SCHEMA raw__shop; CREATE TABLE raw__shop.t AS SELECT 1 AS x");
    folder.write("models/a.sql", "SELECT x FROM staging__shop.t");
    folder.write("models/b.sql", "SELECT error('not yet') AS e FROM a");
    let (code, first) = folder.run(&["--all"]);
    assert_eq!(code, 2, "{first:#}");
    assert_eq!(first["pipelines"][1]["status"], "PartialFailure");
    // The tables alone have succeeded; the run of the models is none of theirs.
    let (code, error) = folder.run(&["--resume-latest"]);
    assert_eq!(
        (code, &error["error"]["code"]),
        (1, &json!("not_found")),
        "{error}"
    );
    let models = first["pipelines"][1]["run_id"].as_str().unwrap();
    let (code, error) = folder.run(&["--resume", models]);
    assert_eq!((code, &error["error"]["code"]), (2, &json!("usage")), "{error}");
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("of the models behind"),
        "{error}"
    );
    folder.write("models/b.sql", "SELECT 1 AS e FROM a");
    let (code, second) = folder.run(&["--all", "--resume", models]);
    assert_eq!(code, 0, "{second:#}");
    assert_eq!(statuses(&second), [("raw", "Skipped"), ("default", "Success")]);
    assert_eq!(second["materializations"][0]["model"], "b");
    assert_eq!(second["materializations"].as_array().unwrap().len(), 1);
}
