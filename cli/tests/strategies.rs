//! Strategies and formats as a user runs them, on a DuckDB file: a lookback takes in what came late, a comment is in the catalogue, and what
//! DuckDB has not is said by `compile`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
use serde_json::Value;
use std::process::{Command, Stdio};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        let config = "[adapter]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n[pipeline.main]\ntype = \"transformation\"\n\
                      [pipeline.main.target]\nadapter = \"default\"\n";
        folder.write("rocky.toml", config);
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let document = serde_json::from_slice(&out.stdout)
            .unwrap_or_else(|e| panic!("{e}\n{}", String::from_utf8_lossy(&out.stderr)));
        (out.status.code().unwrap(), document)
    }

    /// Statements, of which the last may be a query.
    fn sql(&self, sql: &[&str]) -> Vec<String> {
        let cancel = CancelToken::new();
        let path = self.0.path().join("shop.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        let mut rows = Vec::new();
        for statement in sql {
            rows = connection.query(statement, 1000, &cancel).unwrap().rows;
        }
        let text = |row: Vec<rocky_warehouse::Value>| {
            let cells = row.iter().map(|v| v.to_text().unwrap_or("NULL".into()));
            cells.collect::<Vec<_>>().join(" | ")
        };
        rows.into_iter().map(text).collect()
    }
}

#[test]
fn a_lookback_takes_in_what_came_late() {
    let query = "select id, amount, updated_at from raw.orders";
    let folder = Folder::new(&[
        ("models/plain.sql", query),
        (
            "models/plain.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"updated_at\"\n",
        ),
        ("models/late.sql", query),
        (
            "models/late.toml",
            "strategy = \"incremental\"\ntimestamp_column = \"updated_at\"\nlookback = \"2 days\"\n\
             [format_options]\ncomment = \"it's late\"\n",
        ),
    ]);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.orders AS SELECT * FROM (VALUES (1, 10, TIMESTAMP '2026-04-01 00:00:00'), \
         (2, 20, TIMESTAMP '2026-04-09 00:00:00'), (3, 30, TIMESTAMP '2026-04-10 00:00:00')) v(id, amount, updated_at)",
    ]);
    let (code, first) = folder.json(&["run"]);
    assert_eq!((code, &first["status"]), (0, &"Success".into()), "{first:#}");
    folder.sql(&[
        "INSERT INTO raw.orders VALUES (4, 40, TIMESTAMP '2026-04-08 12:00:00'), (5, 50, TIMESTAMP '2026-04-11 00:00:00')",
        "UPDATE raw.orders SET amount = 21 WHERE id = 2",
        "DELETE FROM raw.orders WHERE id = 3",
    ]);
    let (_, planned) = folder.json(&["plan"]);
    let text = planned.to_string();
    assert!(
        text.contains("rows from 2 days before its newest updated_at on are replaced"),
        "{planned:#}"
    );
    for _ in 0..2 {
        let (code, run) = folder.json(&["run"]);
        assert_eq!((code, &run["status"]), (0, &"Success".into()), "{run:#}");
    }
    assert_eq!(
        folder.sql(&["SELECT id, amount FROM late ORDER BY id"]),
        ["1 | 10", "2 | 21", "4 | 40", "5 | 50"]
    );
    assert_eq!(
        folder.sql(&["SELECT id, amount FROM plain ORDER BY id"]),
        ["1 | 10", "2 | 20", "3 | 30", "5 | 50"]
    );
    assert_eq!(
        folder.sql(&["SELECT comment FROM duckdb_tables() WHERE table_name = 'late'"]),
        ["it's late"]
    );
}

#[test]
fn what_duckdb_has_not_is_said_by_compile() {
    let folder = Folder::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/a.toml", "format = \"delta_table\"\n"),
        ("models/b.sql", "select 1 as id"),
        ("models/b.toml", "[format_options]\npartition_by = [\"id\"]\n"),
        ("models/c.sql", "select 1 as id"),
        (
            "models/c.toml",
            "strategy = \"dynamic_table\"\ntarget_lag = \"1 hour\"\n",
        ),
    ]);
    let (code, document) = folder.json(&["compile"]);
    assert_eq!(code, 1);
    let found: Vec<String> = document["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| {
            format!(
                "{} {}",
                d["code"].as_str().unwrap(),
                d["message"].as_str().unwrap()
            )
        })
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        found,
        [
            format!("E300 format `delta_table` is not available on duckdb in rocky {version}"),
            "E300 `partition_by` is not available for a table on duckdb".to_owned(),
            format!("E300 strategy `dynamic_table` is not available on duckdb in rocky {version}"),
        ]
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!((code, &run["has_errors"]), (1, &true.into()));
}

#[test]
fn the_plan_of_another_comment_is_another_and_skip_unchanged_builds_it() {
    let folder = Folder::new(&[("models/a.sql", "select 1 as id"), ("models/a.toml", "")]);
    let decision = |folder: &Folder| {
        let (code, run) = folder.json(&["run", "--skip-unchanged"]);
        assert_eq!(code, 0, "{run:#}");
        run["model_decisions"][0]["reason"].as_str().unwrap().to_owned()
    };
    decision(&folder);
    let second = decision(&folder);
    assert!(second.starts_with("unchanged since"), "{second}");
    folder.write("models/a.toml", "[format_options]\ncomment = \"one\"\n");
    assert_eq!(decision(&folder), "its query changed");
    assert_eq!(
        folder.sql(&["SELECT comment FROM duckdb_tables() WHERE table_name = 'a'"]),
        ["one"]
    );
}
