//! Snapshot and load pipelines as a user runs them, on a DuckDB file; and the examples of docs/snapshots.md and docs/load.md.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", config);
        folder
    }
    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn json(&self, args: &[&str]) -> (i32, Value) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let document = serde_json::from_str(&text)
            .unwrap_or_else(|e| panic!("{e}\n{text}\n{}", String::from_utf8_lossy(&out.stderr)));
        (out.status.code().unwrap(), document)
    }
    /// Statements, of which the last may be a query.
    fn sql(&self, sql: &[&str]) -> Vec<String> {
        let cancel = CancelToken::new();
        let path = self.path().join("shop.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        let mut lines = Vec::new();
        for sql in sql {
            let rows = connection.query(sql, 10_000, &cancel).unwrap().rows;
            let cell = |v: &rocky_warehouse::Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
            lines = rows
                .iter()
                .map(|r| r.iter().map(cell).collect::<Vec<_>>().join(" | "))
                .collect();
        }
        lines
    }
}

/// The fenced blocks of a page, by language.
fn blocks(page: &str) -> Vec<(String, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let mut parts = text.split("```");
    let mut found = Vec::new();
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        let (language, body) = block.split_once('\n').unwrap();
        found.push((language.to_owned(), body.to_owned()));
    }
    found
}

fn of<'a>(blocks: &'a [(String, String)], language: &str) -> Vec<&'a str> {
    blocks
        .iter()
        .filter(|(l, _)| l == language)
        .map(|(_, b)| b.as_str())
        .collect()
}

fn statements(block: &str) -> Vec<&str> {
    block
        .split(';')
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .collect()
}

#[test]
fn the_page_on_snapshots_is_true() {
    let page = blocks("snapshots.md");
    let (toml, sql, text) = (of(&page, "toml"), of(&page, "sql"), of(&page, "text"));
    let folder = Folder::new(toml[0]);
    folder.sql(&statements(sql[0]));
    let (code, planned) = folder.json(&["plan"]);
    assert_eq!(
        (code, &planned["models_detail"][0]["strategy"]),
        (0, &"snapshot_scd2".into())
    );
    let (code, first) = folder.json(&["run"]);
    assert_eq!(
        (code, &first["pipeline_type"]),
        (0, &"snapshot".into()),
        "{first:#}"
    );
    let made = &first["materializations"][0];
    assert_eq!(made["rows_copied"], 2);
    assert_eq!(
        made["asset_key"],
        serde_json::json!(["shop", "history", "customers"])
    );
    assert_eq!(made["metadata"]["strategy"], "snapshot_scd2");
    folder.sql(&statements(sql[1]));
    let (code, second) = folder.json(&["run"]);
    assert_eq!(
        (code, &second["materializations"][0]["rows_copied"]),
        (0, &1.into()),
        "{second:#}"
    );
    let found = folder.sql(&statements(sql[2]));
    assert_eq!(found.join("\n"), text[0].trim());
    let ids = folder.sql(&["SELECT DISTINCT snapshot_id FROM history.customers ORDER BY 1"]);
    let mut runs = vec![
        first["run_id"].as_str().unwrap(),
        second["run_id"].as_str().unwrap(),
    ];
    runs.sort_unstable();
    assert_eq!(ids, runs);
    let (_, third) = folder.json(&["run"]);
    assert_eq!(third["materializations"][0]["rows_copied"], 0);
    assert_eq!(folder.json(&["history"]).1["count"], 3);
    let (code, refused) = folder.json(&["run", "--full-refresh"]);
    assert_eq!((code, &refused["error"]["code"]), (1, &"unsupported".into()));
}

#[test]
fn the_page_on_loads_is_true() {
    let page = blocks("load.md");
    let folder = Folder::new(of(&page, "toml")[0]);
    folder.write("inbox/orders.csv", of(&page, "csv")[0]);
    let (code, first) = folder.json(&["run"]);
    assert_eq!((code, &first["pipeline_type"]), (0, &"load".into()), "{first:#}");
    assert_eq!(first["materializations"][0]["rows_copied"], 2);
    let query = statements(of(&page, "sql")[0]);
    let expected = of(&page, "text")[0].trim();
    assert_eq!(folder.sql(&query).join("\n"), expected);
    let (code, second) = folder.json(&["run"]);
    assert_eq!(
        (code, second["tables_copied"].as_u64()),
        (0, Some(0)),
        "{second:#}"
    );
    assert_eq!(second["skipped"][0]["reason"], "its file is loaded already");
    // Touched, but the same: the hash knows it.
    folder.write("inbox/orders.csv", of(&page, "csv")[0]);
    assert_eq!(folder.json(&["run"]).1["tables_copied"], 0);
    assert_eq!(folder.sql(&query).join("\n"), expected);
    let (_, forced) = folder.json(&["run", "--force-rebuild"]);
    assert_eq!(forced["materializations"][0]["rows_copied"], 2);
    folder.write("inbox/orders.csv", "id,zip\n3,00007\n");
    let (_, more) = folder.json(&["run"]);
    assert_eq!(more["materializations"][0]["rows_copied"], 1);
    assert_eq!(
        folder.sql(&["SELECT zip FROM raw.orders WHERE id = 3"]),
        ["00007"]
    );
    // The contract.
    folder.write("inbox/orders.csv", "id\n4\n");
    let (code, broken) = folder.json(&["run"]);
    assert_ne!(code, 0);
    let error = broken["errors"][0]["error"].as_str().unwrap();
    assert!(
        error.contains("file `orders.csv` breaks the contract: column `zip` is missing"),
        "{error}"
    );
    folder.write("inbox/orders.csv", "id,zip\n4,\n");
    let (_, broken) = folder.json(&["run"]);
    let error = broken["errors"][0]["error"].as_str().unwrap();
    assert!(error.contains("column `zip` has NULL"), "{error}");
    assert_eq!(folder.sql(&["SELECT COUNT(*) FROM raw.orders"]), ["5"]);
}

const LOAD: &str = "[adapter]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n[pipeline.l]\ntype = \"load\"\nsource_dir = \"in\"\n\
                    [pipeline.l.target]\ncatalog = \"\"\nschema = \"raw\"\n";

#[test]
fn names_of_files_may_hold_anything() {
    let folder = Folder::new(&format!("{LOAD}table = \"all; it's\"\n"));
    let names = [
        "it's; DROP TABLE x --.csv",
        "a*b.csv",
        "aXb.csv",
        "[x]?.csv",
        "größe \"q\".csv",
        "year=2026.csv",
        "$(id).csv",
    ];
    for (n, name) in names.iter().enumerate() {
        folder.write(&format!("in/{name}"), format!("id,s\n{n},x\n"));
    }
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 0, "{run:#}");
    assert_eq!(run["materializations"][0]["rows_copied"], 7);
    assert_eq!(
        folder
            .sql(&["SELECT id FROM raw.\"all; it's\" ORDER BY id"])
            .len(),
        7
    );
}

#[test]
fn a_file_that_is_broken_fails_its_table_alone() {
    let folder = Folder::new(&format!("{LOAD}[pipeline.l.execution]\nconcurrency = 1\n"));
    folder.write("in/good.jsonl", "{\"a\": 1}\n{\"a\": 2}\n");
    folder.write("in/bad.parquet", "no parquet at all");
    folder.write("in/worse.jsonl", "{\"a\": 1}\n{\"a\": \n");
    folder.write("in/more.csv", "a;b\n1;2\n");
    let (code, run) = folder.json(&["run"]);
    assert_eq!((code, &run["status"]), (2, &"PartialFailure".into()), "{run:#}");
    assert_eq!(
        (run["tables_copied"].as_u64(), run["tables_failed"].as_u64()),
        (Some(2), Some(2))
    );
    let errors = run["errors"].to_string();
    assert!(
        errors.contains("bad.parquet") && errors.contains("worse.jsonl"),
        "{errors}"
    );
    // Repaired, it is loaded; the others are not loaded again.
    folder.write("in/worse.jsonl", "{\"a\": 1}\n");
    std::fs::remove_file(folder.path().join("in/bad.parquet")).unwrap();
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (
            code,
            run["tables_copied"].as_u64(),
            run["tables_skipped"].as_u64()
        ),
        (0, Some(1), Some(2)),
        "{run:#}"
    );
    assert_eq!(folder.sql(&["SELECT COUNT(*) FROM raw.good"]), ["2"]);
}

#[test]
fn a_table_is_emptied_when_asked_for_and_a_csv_without_header_goes_by_place() {
    let config = format!(
        "{LOAD}[pipeline.l.options]\ntruncate_first = true\ncsv_has_header = false\ncsv_delimiter = \"|\"\n"
    );
    let folder = Folder::new(&config);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t (code VARCHAR, n DOUBLE)",
        "INSERT INTO raw.t VALUES ('old', 0)",
    ]);
    folder.write("in/t.csv", "007|1\n008|2.5\n");
    for _ in 0..2 {
        let (code, run) = folder.json(&["run"]);
        assert_eq!(
            (code, &run["materializations"][0]["rows_copied"]),
            (0, &2.into()),
            "{run:#}"
        );
        assert_eq!(
            folder.sql(&["SELECT * FROM raw.t ORDER BY code"]),
            ["007 | 1", "008 | 2.5"]
        );
    }
    // An error leaves what was there.
    folder.write("in/t.csv", "007|1\n008|x\n");
    let (code, run) = folder.json(&["run"]);
    assert_ne!(code, 0);
    let error = run["errors"][0]["error"].as_str().unwrap();
    assert!(
        error.starts_with("`t.csv`: ")
            && error.contains("Line: 2; Original Line: 008|x; Error when converting"),
        "{error}"
    );
    assert_eq!(folder.sql(&["SELECT COUNT(*) FROM raw.t"]), ["2"]);
}

/// What is loaded is known by its place in the project, from wherever the project is opened.
#[test]
fn a_project_that_moved_loads_nothing_again() {
    let config = "[adapter]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n[pipeline.l]\ntype = \"load\"\nsource_dir = \"in\"\n\
                  [pipeline.l.target]\ncatalog = \"\"\nschema = \"raw\"\n";
    let folder = Folder::new("");
    folder.write("here/rocky.toml", config);
    folder.write("here/in/t.csv", "a\n1\n2\n");
    let run = |place: &str, from: &str, config: &str| {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(["-c", config, "run"])
            .current_dir(folder.path().join(place).join(from))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let document: Value = serde_json::from_slice(&out.stdout).unwrap();
        document["tables_copied"].as_u64().unwrap()
    };
    assert_eq!(run("here", "", "rocky.toml"), 1);
    std::fs::rename(folder.path().join("here"), folder.path().join("there")).unwrap();
    assert_eq!(run("there", "", "rocky.toml"), 0);
    assert_eq!(run("there", "in", "../rocky.toml"), 0);
    assert_eq!(run("", "", "there/rocky.toml"), 0);
}
