//! Replications from one DuckDB file into another, through the command line: what is copied, what is shown, and what stands in the way.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::{Value as Cell, Warehouse};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `raw.duckdb` into `wh.duckdb`.
const CONFIG: &str = r#"
[adapter.loader]
type = "duckdb"
path = "raw.duckdb"
[adapter.wh]
type = "duckdb"
path = "wh.duckdb"
retry = { initial_backoff_ms = 1, max_backoff_ms = 2 }

[pipeline.raw]
strategy = "incremental"
timestamp_column = "ts"
[pipeline.raw.source]
adapter = "loader"
schema_pattern = { prefix = "raw__", separator = "__", components = ["source"] }
[pipeline.raw.target]
adapter = "wh"
catalog_template = ""
schema_template = "staging__{source}"
"#;

const SHOP: &[&str] = &[
    "CREATE SCHEMA raw__shop",
    "CREATE TABLE raw__shop.orders (id INTEGER, amount INTEGER, ts TIMESTAMP)",
    "INSERT INTO raw__shop.orders VALUES (1, 10, '2026-01-01'), (2, 20, '2026-01-02')",
    "CREATE TABLE raw__shop.people (id INTEGER, name VARCHAR, ts TIMESTAMP)",
    "INSERT INTO raw__shop.people VALUES (1, 'ada', '2026-01-01')",
];

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", config);
        folder
    }
    /// With the tables of the shop in `raw.duckdb`.
    fn shop(config: &str) -> Folder {
        let folder = Folder::new(config);
        folder.sql("raw.duckdb", SHOP);
        folder
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    fn write(&self, path: &str, text: &str) {
        let full = self.path(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    fn open(&self, file: &str) -> DuckDb {
        DuckDb::open(
            Some(&self.path(file)),
            &OpenOptions::default(),
            &CancelToken::new(),
        )
        .unwrap()
    }
    fn sql(&self, file: &str, statements: &[&str]) {
        let mut connection = self.open(file).connect().unwrap();
        for statement in statements {
            connection
                .execute(statement, &CancelToken::new())
                .unwrap_or_else(|e| panic!("{statement}: {e}"));
        }
    }
    /// The rows of a query, cells separated by a space.
    fn rows(&self, file: &str, query: &str) -> Vec<String> {
        let mut connection = self.open(file).connect().unwrap();
        let found = connection.query(query, 1000, &CancelToken::new()).unwrap();
        let text = |c: &Cell| c.to_text().unwrap_or_else(|| "NULL".to_owned());
        let row = |r: &Vec<Cell>| r.iter().map(text).collect::<Vec<_>>().join(" ");
        found.rows.iter().map(row).collect()
    }
    fn orders(&self) -> Vec<String> {
        self.rows(
            "wh.duckdb",
            "SELECT id, amount FROM staging__shop.orders ORDER BY ALL",
        )
    }
    fn command(&self, args: &[&str]) -> (i32, String, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
    }
    fn json(&self, args: &[&str]) -> (i32, Value) {
        let (code, out, err) = self.command(args);
        let document = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}\n{out}\n{err}"));
        (code, document)
    }
    #[track_caller]
    fn well(&self, args: &[&str]) -> Value {
        let (code, document) = self.json(args);
        assert_eq!(code, 0, "{args:?}\n{document:#}");
        document
    }
    /// The message of an error, and its hint.
    #[track_caller]
    fn refused(&self, args: &[&str]) -> (String, String) {
        let (code, document) = self.json(&[args, &["--output", "json"]].concat());
        assert!(code != 0, "{document:#}");
        let text = |key: &str| document["error"][key].as_str().unwrap_or_default().to_owned();
        assert!(!text("message").is_empty(), "{document:#}");
        (text("message"), text("remediation_hint"))
    }
}

fn statements(document: &Value) -> Vec<&str> {
    let all = document["statements"].as_array().unwrap().iter();
    all.map(|s| s["sql"].as_str().unwrap()).collect()
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn tables_of_one_file_are_copied_into_another() {
    let folder = Folder::shop(CONFIG);
    let source = bytes(&folder.path("raw.duckdb"));
    let found = folder.well(&["discover"]);
    assert_eq!(found["sources"][0]["id"], "raw__shop");
    assert_eq!(found["sources"][0]["tables"].as_array().unwrap().len(), 2);
    let plan = folder.well(&["plan"]);
    let path = std::fs::canonicalize(folder.path("raw.duckdb")).unwrap();
    let shown = statements(&plan);
    assert!(
        shown[0].starts_with("ATTACH IF NOT EXISTS '")
            && shown[0].ends_with("' AS raw (READ_ONLY, TYPE duckdb)"),
        "{shown:?}"
    );
    assert!(
        shown[0].contains(path.file_name().unwrap().to_str().unwrap()),
        "{shown:?}"
    );
    assert_eq!(shown[1], "CREATE SCHEMA IF NOT EXISTS staging__shop");
    assert_eq!(
        shown[2],
        "CREATE TABLE staging__shop.orders AS\nSELECT *\nFROM raw.raw__shop.orders"
    );
    assert!(!folder.path("wh.duckdb").exists(), "a plan makes nothing");

    let run = folder.well(&["run"]);
    assert_eq!(
        (run["status"].as_str(), run["tables_copied"].as_u64()),
        (Some("Success"), Some(2))
    );
    assert_eq!(
        run["plan_id"], plan["plan_id"],
        "what was planned is what was run"
    );
    assert_eq!(
        run["materializations"][0]["asset_key"],
        json!(["duckdb", "shop", "orders"])
    );
    assert_eq!(folder.orders(), ["1 10", "2 20"]);
    assert_eq!(
        source,
        bytes(&folder.path("raw.duckdb")),
        "the source is only read"
    );
    assert!(!folder.path("raw.duckdb.wal").exists());

    folder.sql(
        "raw.duckdb",
        &[
            "INSERT INTO raw__shop.orders VALUES (3, 30, '2026-01-03')",
            "ALTER TABLE raw__shop.people ADD COLUMN note VARCHAR",
            "INSERT INTO raw__shop.people VALUES (2, 'bob', '2026-01-04', 'new')",
        ],
    );
    let run = folder.well(&["run"]);
    let rows: Vec<u64> = run["materializations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["rows_copied"].as_u64().unwrap())
        .collect();
    assert_eq!(rows, [1, 1], "only what is new");
    assert_eq!(run["drift"]["actions_taken"][0]["action"], "add_columns");
    assert_eq!(folder.orders(), ["1 10", "2 20", "3 30"]);
    assert_eq!(
        folder.rows(
            "wh.duckdb",
            "SELECT name, note FROM staging__shop.people ORDER BY ALL"
        ),
        ["ada NULL", "bob new"]
    );
    let state = folder.well(&["state"]);
    assert_eq!(state["watermarks"][0]["table"], "wh.staging__shop.orders");
    assert_eq!(state["watermarks"][0]["last_value"], "2026-01-03T00:00:00Z");
    // Nothing of the other file stays in the target.
    assert_eq!(
        folder.rows(
            "wh.duckdb",
            "SELECT DISTINCT table_catalog FROM information_schema.tables"
        ),
        ["wh"]
    );
}

#[test]
fn every_strategy_writes_what_the_source_has() {
    for (strategy, expected) in [
        ("strategy = \"full_refresh\"", vec!["1 11", "3 30"]),
        (
            "strategy = \"merge\"\nmerge_keys = [\"id\"]",
            vec!["1 11", "2 20", "3 30"],
        ),
    ] {
        let folder = Folder::shop(&CONFIG.replace("strategy = \"incremental\"", strategy));
        folder.well(&["run"]);
        folder.sql(
            "raw.duckdb",
            &[
                "UPDATE raw__shop.orders SET amount = 11 WHERE id = 1",
                "DELETE FROM raw__shop.orders WHERE id = 2",
                "INSERT INTO raw__shop.orders VALUES (3, 30, '2026-01-03')",
                "DELETE FROM raw__shop.people",
            ],
        );
        folder.well(&["run"]);
        assert_eq!(folder.orders(), expected, "{strategy}");
        folder.well(&["run", "--full-refresh"]);
        assert_eq!(folder.orders(), ["1 11", "3 30"], "{strategy}");
    }
}

#[test]
fn checks_compare_with_the_other_file() {
    let checks = "\n[pipeline.raw.checks]\nrow_count = true\ncolumn_match = true\n";
    let folder = Folder::shop(&format!("{CONFIG}{checks}"));
    let run = folder.well(&["run"]);
    let check = |run: &Value, name: &str| -> Value {
        let all = run["check_results"][0]["checks"].as_array().unwrap();
        all.iter().find(|c| c["name"] == name).unwrap().clone()
    };
    let counts = check(&run, "row_count");
    assert_eq!(
        (
            &counts["passed"],
            &counts["source_count"],
            &counts["target_count"]
        ),
        (&json!(true), &json!(2), &json!(2))
    );
    assert_eq!(check(&run, "column_match")["passed"], true);
    // Not past the watermark: the copy does not get it, and the check says so.
    folder.sql(
        "raw.duckdb",
        &["INSERT INTO raw__shop.orders VALUES (0, 5, '2025-01-01')"],
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 1, "{run:#}");
    let counts = check(&run, "row_count");
    assert_eq!(
        (
            &counts["passed"],
            &counts["source_count"],
            &counts["target_count"]
        ),
        (&json!(false), &json!(3), &json!(2))
    );
}

#[test]
fn shadows_stand_in_the_target_and_are_compared() {
    let folder = Folder::shop(CONFIG);
    folder.well(&["run"]);
    folder.sql(
        "raw.duckdb",
        &["INSERT INTO raw__shop.orders VALUES (3, 30, '2026-01-03')"],
    );
    let plan = folder.well(&["plan", "--shadow"]);
    assert!(statements(&plan)[0].starts_with("ATTACH IF NOT EXISTS "));
    let run = folder.well(&["run", "--shadow"]);
    assert_eq!(run["shadow"], true);
    assert_eq!(folder.orders(), ["1 10", "2 20"], "production is as it was");
    let (_, compared) = folder.json(&["compare"]);
    let results = compared["results"].as_array().unwrap();
    let orders = results
        .iter()
        .find(|r| r["production_table"] == "wh.staging__shop.orders")
        .unwrap();
    assert_eq!(
        (&orders["production_count"], &orders["shadow_count"]),
        (&json!(2), &json!(3)),
        "{compared:#}"
    );
}

#[test]
fn a_run_that_failed_is_gone_on_with() {
    let folder = Folder::shop(&CONFIG.replace(
        "strategy = \"incremental\"",
        "strategy = \"merge\"\nmerge_keys = [\"id\"]",
    ));
    folder.sql(
        "raw.duckdb",
        &["INSERT INTO raw__shop.people VALUES (1, 'twice', '2026-01-05')"],
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!((code, run["tables_failed"].as_u64()), (2, Some(1)), "{run:#}");
    folder.sql(
        "raw.duckdb",
        &["DELETE FROM raw__shop.people WHERE name = 'twice'"],
    );
    let resumed = folder.well(&["run", "--resume-latest"]);
    assert_eq!(resumed["resumed_from"], run["run_id"]);
    assert_eq!(
        (
            resumed["tables_copied"].as_u64(),
            resumed["tables_skipped"].as_u64()
        ),
        (Some(1), Some(1))
    );
    assert_eq!(
        folder.rows("wh.duckdb", "SELECT name FROM staging__shop.people"),
        ["ada"]
    );
}

#[test]
fn a_plan_is_applied_unless_one_of_the_files_changed_under_it() {
    let folder = Folder::shop(CONFIG);
    let id = |plan: Value| plan["plan_id"].as_str().unwrap().to_owned();
    let first = id(folder.well(&["plan"]));
    folder.sql(
        "raw.duckdb",
        &["ALTER TABLE raw__shop.orders ADD COLUMN note VARCHAR"],
    );
    let (message, _) = folder.refused(&["apply", &first]);
    assert!(
        message.contains("what it reads or its target changed"),
        "{message}"
    );
    let second = id(folder.well(&["plan"]));
    assert_ne!(first, second);
    let applied = folder.well(&["apply", &second]);
    assert_eq!(applied["tables_copied"], 2);
    let third = id(folder.well(&["plan"]));
    folder.sql("wh.duckdb", &["DROP TABLE staging__shop.orders"]);
    let (message, _) = folder.refused(&["apply", &third]);
    assert!(message.contains("target does not exist"), "{message}");
}

#[test]
fn tables_without_news_are_left_out() {
    let folder = Folder::shop(&CONFIG.replace(
        "strategy = \"incremental\"",
        "strategy = \"incremental\"\nprune_unchanged = true",
    ));
    folder.well(&["run"]);
    folder.sql(
        "raw.duckdb",
        &["INSERT INTO raw__shop.orders VALUES (3, 30, '2026-01-03')"],
    );
    let run = folder.well(&["run"]);
    assert_eq!(run["tables_copied"], 1);
    assert_eq!(run["excluded_tables"][0]["table_name"], "people");
    assert_eq!(run["excluded_tables"][0]["reason"], "unchanged");
    assert_eq!(run["excluded_tables"][0]["source_schema"], "raw__shop");
    let run = folder.well(&["run"]);
    assert_eq!(run["tables_copied"], 0, "{run:#}");
}

/// `--skip-unchanged`: by the rows of each table; while the source's file is as it was, without reading them.
#[test]
fn tables_that_would_be_copied_as_they_are_are_left_alone() {
    let folder = Folder::shop(&CONFIG.replace("strategy = \"incremental\"", "strategy = \"full_refresh\""));
    let run = |args: &[&str]| -> Vec<(String, String)> {
        let document = folder.well(&[&["run", "--skip-unchanged"], args].concat());
        let all = document["model_decisions"].as_array().unwrap().iter();
        let text = |d: &Value, key: &str| d[key].as_str().unwrap().to_owned();
        let found: Vec<_> = all.map(|d| (text(d, "decision"), text(d, "reason"))).collect();
        let copied = found.iter().filter(|d| d.0 == "build").count();
        assert_eq!(document["tables_copied"], copied, "{document:#}");
        found
    };
    let decisions =
        |found: &[(String, String)]| -> Vec<String> { found.iter().map(|d| d.0.clone()).collect() };
    let found = run(&[]);
    assert_eq!(decisions(&found), ["build", "build"]);
    assert!(found[0].1.contains("does not exist"), "{found:?}");
    let found = run(&[]);
    assert_eq!(decisions(&found), ["skip", "skip"]);
    assert!(found[0].1.starts_with("unchanged since run-"), "{found:?}");
    // One of the tables changes, and with it the file.
    folder.sql(
        "raw.duckdb",
        &["UPDATE raw__shop.orders SET amount = 11 WHERE id = 1"],
    );
    let found = run(&[]);
    assert_eq!(decisions(&found), ["build", "skip"]);
    assert_eq!(found[0].1, "`raw.raw__shop.orders` changed");
    assert_eq!(folder.orders(), ["1 11", "2 20"]);
    // The stamp of a file that was written a moment ago proves nothing; an old one does.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = std::fs::File::options()
        .append(true)
        .open(folder.path("raw.duckdb"))
        .unwrap();
    file.set_modified(old).unwrap();
    drop(file);
    assert_eq!(decisions(&run(&[])), ["skip", "skip"]);
    let plan = folder.well(&["plan", "--skip-unchanged"]);
    assert_eq!(statements(&plan).len(), 1, "nothing but the file to be attached");
    // What was copied without the flag, or in another way, proves nothing.
    folder.well(&["run"]);
    let found = run(&[]);
    assert_eq!(decisions(&found), ["build", "build"]);
    assert!(found[0].1.ends_with("without `skip_unchanged`"), "{found:?}");
    assert_eq!(decisions(&run(&["--full-refresh"])), ["build", "build"]);
    let other = CONFIG.replace(
        "strategy = \"incremental\"",
        "strategy = \"merge\"\nmerge_keys = [\"id\"]",
    );
    folder.write("rocky.toml", &other);
    let found = run(&[]);
    assert_eq!(decisions(&found), ["build", "build"]);
    assert!(found[0].1.contains("in another way"), "{found:?}");
    folder.sql("wh.duckdb", &["DROP TABLE staging__shop.people"]);
    assert_eq!(decisions(&run(&[])), ["skip", "build"]);
    folder.sql(
        "raw.duckdb",
        &["ALTER TABLE raw__shop.orders ADD COLUMN note VARCHAR"],
    );
    assert_eq!(decisions(&run(&[])), ["build", "skip"]);
}

/// What is not checkpointed yet is in the log beside the file.
#[test]
fn rows_that_are_only_in_the_log_of_the_source_are_copied() {
    let folder = Folder::shop(CONFIG);
    folder.hold("raw.duckdb", "kill", |_| ());
    assert!(folder.path("raw.duckdb.wal").exists());
    folder.well(&["run"]);
    assert_eq!(folder.orders(), ["1 10", "2 20", "9 90"]);
}

/// The same file under another name is the target's own: nothing is attached.
#[test]
#[cfg(unix)]
fn one_file_under_two_names_is_one_database() {
    let names = [
        "./wh.duckdb",
        "sub/../wh.duckdb",
        "link.duckdb",
        "linked/wh.duckdb",
    ];
    for name in names {
        let folder = Folder::new(&CONFIG.replace("\"raw.duckdb\"", &format!("\"{name}\"")));
        std::fs::create_dir(folder.path("sub")).unwrap();
        folder.sql("wh.duckdb", SHOP);
        std::os::unix::fs::symlink(folder.path("wh.duckdb"), folder.path("link.duckdb")).unwrap();
        std::os::unix::fs::symlink(folder.0.path(), folder.path("linked")).unwrap();
        let plan = folder.well(&["plan"]);
        assert!(!statements(&plan).iter().any(|s| s.contains("ATTACH")), "{name}");
        folder.well(&["run"]);
        assert_eq!(folder.orders(), ["1 10", "2 20"], "{name}");
    }
}

#[test]
fn what_stands_in_the_way_is_said_and_nothing_is_made() {
    let at = |path: &str| CONFIG.replace("\"raw.duckdb\"", &format!("\"{path}\""));
    let refused = |folder: &Folder, said: &str| {
        for verb in ["plan", "run", "discover"] {
            let (message, hint) = folder.refused(&[verb]);
            assert!(message.contains(said), "{verb}: {message}");
            assert!(!hint.is_empty(), "{verb}");
            assert!(!folder.path("wh.duckdb").exists(), "{verb}");
        }
    };
    let folder = Folder::new(CONFIG);
    refused(&folder, "the database of adapter `loader` does not exist yet");
    folder.write("raw.duckdb", "");
    refused(&folder, "is not a DuckDB database");
    folder.write("raw.duckdb", &"x".repeat(20_000));
    refused(&folder, "is not a DuckDB database");
    let folder = Folder::new(&at("folder"));
    std::fs::create_dir(folder.path("folder")).unwrap();
    refused(&folder, "is a folder");
    let folder = Folder::new(&CONFIG.replace("path = \"raw.duckdb\"\n", ""));
    refused(&folder, "a database in memory: nothing is in it");

    let folder = Folder::shop(&CONFIG.replace("strategy = \"incremental\"", "strategy = \"view\""));
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 1, "{run:#}");
    assert_eq!(run["diagnostics"][0]["code"], "E300");
    let folder = Folder::shop(&CONFIG.replace("catalog_template = \"\"", "catalog_template = \"raw\""));
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 1, "{run:#}");
    assert_eq!(run["diagnostics"][0]["code"], "E303");
    assert!(!folder.path("wh.duckdb").exists());
}

#[test]
fn a_source_that_somebody_writes_is_locked_and_one_that_is_read_is_shared() {
    let folder = Folder::shop(CONFIG);
    folder.hold("raw.duckdb", "read_write", |pid| {
        let (message, hint) = folder.refused(&["run"]);
        assert!(
            message.contains("raw.duckdb is locked by") && message.contains(&format!("(PID {pid})")),
            "{message}"
        );
        assert!(!hint.is_empty());
    });
    assert!(!folder.path("wh.duckdb").exists());
    folder.hold("raw.duckdb", "read_only", |_| {
        folder.well(&["run"]);
    });
    assert_eq!(folder.orders(), ["1 10", "2 20"]);
}

#[test]
fn hostile_paths_are_paths() {
    let folder = Folder::new(
        &CONFIG
            .replace("path = \"raw.duckdb\"", "path = '''it's; DROP/a\"b'c.duckdb'''")
            .replace("path = \"wh.duckdb\"", "path = '''it's; DROP/w\"h.duckdb'''"),
    );
    std::fs::create_dir(folder.path("it's; DROP")).unwrap();
    folder.sql("it's; DROP/a\"b'c.duckdb", SHOP);
    folder.well(&["plan"]);
    folder.well(&["run"]);
    folder.well(&["run"]);
    assert_eq!(
        folder.rows(
            "it's; DROP/w\"h.duckdb",
            "SELECT count(*) FROM staging__shop.orders"
        ),
        ["2"]
    );
}

#[test]
fn names_that_something_else_has_are_not_taken() {
    // A file of the target's own name.
    let folder = Folder::new(&CONFIG.replace("\"raw.duckdb\"", "\"in/wh.duckdb\""));
    std::fs::create_dir(folder.path("in")).unwrap();
    folder.sql("in/wh.duckdb", SHOP);
    let plan = folder.well(&["plan"]);
    assert!(statements(&plan)[2].ends_with("FROM wh_source.raw__shop.orders"));
    folder.well(&["run"]);
    assert_eq!(folder.orders(), ["1 10", "2 20"]);
    // What is known of a target that does not exist yet is what will be there.
    let folder = Folder::shop(&CONFIG.replace("\"wh.duckdb\"", "\"wh.v1.duckdb\""));
    folder.well(&["run"]);
    let state = folder.well(&["state"]);
    assert_eq!(state["watermarks"][0]["table"], "wh.staging__shop.orders");
    // A schema that is there, and one that is to be made, of the source's name.
    for schema in ["raw", "RAW"] {
        let template = format!("schema_template = \"{schema}\"");
        let folder = Folder::shop(&CONFIG.replace("schema_template = \"staging__{source}\"", &template));
        for _ in 0..2 {
            let run = folder.well(&["run"]);
            assert_eq!(run["tables_copied"], 2);
        }
        assert_eq!(folder.rows("wh.duckdb", "SELECT count(*) FROM raw.orders"), ["2"]);
        let plan = folder.well(&["plan"]);
        assert!(
            statements(&plan)[0].contains("AS raw_source (READ_ONLY"),
            "{plan:#}"
        );
    }
}

#[test]
fn views_of_the_source_that_name_their_own_database_are_read() {
    let folder = Folder::shop(&CONFIG.replace("strategy = \"incremental\"", "strategy = \"full_refresh\""));
    folder.sql(
        "raw.duckdb",
        &["CREATE VIEW raw__shop.large AS SELECT id FROM raw.raw__shop.orders WHERE amount > 15"],
    );
    let run = folder.well(&["run", "--filter", "table=large"]);
    assert_eq!(run["tables_copied"], 1);
    assert_eq!(
        folder.rows("wh.duckdb", "SELECT id FROM staging__shop.large"),
        ["2"]
    );
}

/// Files are let go between the pipelines: one loads the source, one copies it, one builds on the copies.
#[test]
fn pipelines_hand_a_file_to_each_other() {
    let more = r#"
[pipeline.load]
type = "load"
source_dir = "in"
[pipeline.load.target]
adapter = "loader"
catalog = ""
schema = "raw__shop"
table = "orders"

[pipeline.marts]
type = "transformation"
depends_on = ["raw"]
[pipeline.marts.target]
adapter = "wh"
"#;
    let config = CONFIG.replace("[pipeline.raw]\n", "[pipeline.raw]\ndepends_on = [\"load\"]\n");
    let folder = Folder::new(&format!("{config}{more}"));
    folder.write("in/1.csv", "id,amount,ts\n1,10,2026-01-01 00:00:00\n");
    folder.write(
        "models/total.sql",
        "SELECT SUM(amount) AS amount FROM staging__shop.orders",
    );
    let run = folder.well(&["run", "--dag"]);
    assert_eq!(run["pipelines"].as_array().unwrap().len(), 3);
    assert_eq!(folder.rows("wh.duckdb", "SELECT amount FROM total"), ["10"]);
    folder.write("in/2.csv", "id,amount,ts\n2,20,2026-01-02 00:00:00\n");
    folder.well(&["run", "--dag"]);
    assert_eq!(folder.rows("wh.duckdb", "SELECT amount FROM total"), ["30"]);
    // What is remembered for compiling knows of the target alone.
    folder.write("models/wrong.sql", "SELECT id FROM raw.raw__shop.orders");
    let (_, compiled) = folder.json(&["compile"]);
    let found: Vec<&str> = compiled["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["code"].as_str().unwrap())
        .collect();
    assert!(found.contains(&"W102"), "{compiled:#}");
}

const HELD: &str = "ROCKY_TEST_HELD_FILE";

/// Only a body when another test starts this executable: open the file, say so, and keep it until stdin closes.
#[test]
fn the_other_process() {
    let Some(path) = std::env::var_os(HELD) else {
        return;
    };
    let mode = std::env::var("ROCKY_TEST_HELD_MODE").unwrap();
    let options = OpenOptions {
        read_only: mode == "read_only",
        ..OpenOptions::default()
    };
    let db = DuckDb::open(Some(Path::new(&path)), &options, &CancelToken::new()).unwrap();
    if mode == "kill" {
        let mut connection = db.connect().unwrap();
        let insert = "INSERT INTO raw__shop.orders VALUES (9, 90, '2026-01-09')";
        connection.execute(insert, &CancelToken::new()).unwrap();
        std::process::abort();
    }
    println!("\nHELD");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(db);
}

impl Folder {
    /// Do something while another process has the file open; with the mode `kill` it writes a row and dies.
    fn hold(&self, file: &str, mode: &str, body: impl FnOnce(u32)) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_other_process", "--nocapture"])
            .env(HELD, self.path(file))
            .env("ROCKY_TEST_HELD_MODE", mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let held = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .any(|line| line.unwrap() == "HELD");
        assert_eq!(
            held,
            mode != "kill",
            "the second process did not do what it was told"
        );
        body(child.id());
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
