//! Snapshot and load pipelines as a user runs them, on a DuckDB file; and the examples of docs/snapshots.md and docs/load.md. The checks and
//! hooks of all pipelines that are no transformations.

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

/// The engine calls the second of two equal columns `id_1`, and says of rows that do not fit together that it cannot sniff them.
#[test]
fn a_csv_that_is_wrong_says_where() {
    let folder = Folder::new(&format!(
        "{LOAD}[pipeline.l.execution]\nerror_rate_abort_pct = 0\n"
    ));
    let long: String = (1..3000).map(|n| format!("{n},{n}\n")).collect();
    let cases: [(&str, Vec<u8>, &str); 6] = [
        (
            "equal",
            b"\xef\xbb\xbfid,name,id\n1,a,2\n".to_vec(),
            "`equal.csv`: line 1: columns 1 and 3 of the header have the same name, `id`",
        ),
        (
            "case",
            b"id,\"ID\"\n1,2\n".to_vec(),
            "`case.csv`: line 1: columns 1 and 2 of the header have the same name, `id` and `ID`",
        ),
        (
            "long",
            format!("id,n\n{long}x,y,z\n{long}").into_bytes(),
            "`long.csv`: line 3001 has 3 fields, the header has 2: x,y,z",
        ),
        (
            "short",
            b"id,name\n1,a\n2\n".to_vec(),
            "`short.csv`: line 3 has 1 field, the header has 2: 2",
        ),
        (
            "quote",
            b"id,name\n1,a\n2,\"b\n".to_vec(),
            "`quote.csv`: line 3: a quote is not closed",
        ),
        (
            "bytes",
            b"id,name\n1,a\n2,\xff\n".to_vec(),
            "`bytes.csv`: line 3: byte 0xFF is not UTF-8",
        ),
    ];
    for (name, bytes, _) in &cases {
        folder.write(&format!("in/{name}.csv"), bytes);
    }
    folder.write("in/well.csv", "id,id_1\n1,2\n");
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 2, "{run:#}");
    for (name, _, expected) in &cases {
        let mut errors = run["errors"].as_array().unwrap().iter();
        let error = errors.find(|e| e["model"] == format!("shop.raw.{name}")).unwrap();
        let text = error["error"].as_str().unwrap();
        assert!(
            text.starts_with(expected) && !text[1..].contains(&format!("`{name}.csv`")),
            "{text}"
        );
        assert!(error["remediation_hint"].is_string(), "no remedy: {error:#}");
    }
    assert_eq!(folder.sql(&["SELECT * FROM raw.well"]), ["1 | 2"]);
    assert_eq!(
        folder.sql(&["SELECT table_name FROM information_schema.tables"]),
        ["well"]
    );
    // A command says it of its file; and a first line that is none has no names that could be equal.
    let (_, load) = folder.json(&["load"]);
    let file = &load["files"][1];
    assert_eq!(file["file"], "in/case.csv");
    assert!(
        file["error"].as_str().unwrap().starts_with(cases[1].2),
        "{file:#}"
    );
    let folder = Folder::new(&format!("{LOAD}[pipeline.l.options]\ncsv_has_header = false\n"));
    folder.write("in/rows.csv", "1,1\n2,2\n");
    assert_eq!(folder.json(&["run"]).0, 0);
}

#[test]
fn files_that_are_passed_over_are_named() {
    let said = |config: &str, command: &str| {
        let folder = Folder::new(config);
        for name in ["a.csv", "b.json", "c.csv.gz", ".hidden"] {
            folder.write(&format!("in/{name}"), "x\n1\n");
        }
        let mut rocky = Command::new(env!("CARGO_BIN_EXE_rocky"));
        let out = rocky
            .arg(command)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(folder.sql(&["FROM raw.a"]), ["1"]);
        String::from_utf8(out.stderr).unwrap()
    };
    for command in ["run", "load"] {
        let text = said(LOAD, command);
        assert!(
            text.contains("`in`: `b.json`, `c.csv.gz` are not loaded"),
            "{text}"
        );
        assert!(text.contains(".jsonl") && !text.contains("hidden"), "{text}");
    }
    // Who asks for a format, or for names, knows what else there is.
    for asked in [
        "format = \"csv\"\nsource_dir = \"in\"",
        "source_dir = \"in/*.csv\"",
    ] {
        let text = said(&LOAD.replace("source_dir = \"in\"", asked), "run");
        assert!(!text.contains("not loaded"), "{text}");
    }
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

/// Status by check, `null_rate` by its column; and the whole checks.
fn checks(run: &Value) -> (Vec<String>, Vec<Value>) {
    let tables = run["check_results"].as_array().unwrap();
    let all: Vec<Value> = tables
        .iter()
        .flat_map(|t| t["checks"].as_array().unwrap().clone())
        .collect();
    let line = |c: &Value| {
        let column = match c["name"].as_str() {
            Some("null_rate") => format!(" {}", c["column"].as_str().unwrap()),
            _ => String::new(),
        };
        format!(
            "{}{column}: {}",
            c["name"].as_str().unwrap(),
            c["status"].as_str().unwrap()
        )
    };
    (all.iter().map(line).collect(), all)
}

fn named<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    checks
        .iter()
        .find(|c| c["name"] == name)
        .unwrap_or_else(|| panic!("no {name}: {checks:#?}"))
}

const REPLICATION: &str = r#"
[adapter]
type = "duckdb"
path = "shop.duckdb"
[pipeline.raw]
strategy = "full_refresh"
timestamp_column = "changed"
[[pipeline.raw.metadata_columns]]
name = "_source"
type = "VARCHAR"
value = "'{source}'"
[pipeline.raw.source.schema_pattern]
prefix = "raw__"
separator = "__"
components = ["source"]
[pipeline.raw.target]
catalog_template = "shop"
schema_template = "staging__{source}"
"#;

const SOURCES: [&str; 4] = [
    "CREATE SCHEMA raw__a",
    "CREATE TABLE raw__a.orders AS SELECT * FROM (VALUES (1, 'x', now()::TIMESTAMP), (2, NULL, now()::TIMESTAMP - INTERVAL 10 DAY)) v(id, note, changed)",
    "CREATE TABLE raw__a.customers AS SELECT 1 AS id, now()::TIMESTAMP AS changed",
    "CREATE VIEW raw__a.lines AS SELECT 5 AS id, now()::TIMESTAMP - INTERVAL 2 DAY AS changed",
];

const ALL_KINDS: &str = r#"
[pipeline.raw.checks]
row_count = true
column_match = true
anomaly_threshold_pct = 50
freshness = { threshold_seconds = 3600, overrides = { staging__a = 86400 } }
null_rate = { columns = ["note"], threshold = 0.4, sample_percent = 100, severity = "warning" }
[[pipeline.raw.checks.custom]]
name = "large_ids"
sql = "SELECT COUNT(*) FROM {target} WHERE id > 4"
[[pipeline.raw.checks.assertions]]
table = "orders"
type = "relationships"
column = "id"
to_table = "customers"
to_column = "id"
"#;

#[test]
fn a_replication_checks_each_copy_against_its_source() {
    let folder = Folder::new(&format!("{REPLICATION}{ALL_KINDS}"));
    folder.sql(&SOURCES);
    let (code, run) = folder.json(&["run"]);
    // What was copied stays, whatever the checks say.
    assert_eq!(
        (code, &run["tables_copied"], &run["tables_failed"]),
        (1, &3.into(), &0.into()),
        "{run:#}"
    );
    let tables = run["check_results"].as_array().unwrap();
    assert_eq!(
        tables[2]["asset_key"],
        serde_json::json!(["duckdb", "a", "orders"])
    );
    let of = |table: usize| checks(&serde_json::json!({ "check_results": [tables[table]] }));
    assert_eq!(
        of(0).0,
        [
            "row_count: pass",
            "column_match: pass",
            "freshness: pass",
            "large_ids: pass"
        ],
        "customers"
    );
    let (lines, found) = of(1);
    assert_eq!(
        lines,
        [
            "row_count: pass",
            "column_match: pass",
            "freshness: fail",
            "large_ids: fail"
        ],
        "lines"
    );
    assert_eq!(
        (
            &named(&found, "freshness")["threshold_seconds"],
            &named(&found, "large_ids")["result_value"]
        ),
        (&86400.into(), &1.into())
    );
    let (lines, found) = of(2);
    assert_eq!(
        lines,
        [
            "row_count: pass",
            "column_match: pass",
            "freshness: pass",
            "large_ids: pass",
            "null_rate note: fail",
            // When all tables are there.
            "relationships_id: fail"
        ],
        "orders"
    );
    let counts = named(&found, "row_count");
    assert_eq!(
        (&counts["source_count"], &counts["target_count"]),
        (&2.into(), &2.into())
    );
    assert_eq!(named(&found, "null_rate")["null_rate"], 0.5);
    assert_eq!(named(&found, "relationships_id")["sample"][0]["id"], 2);
    assert_eq!(
        (&run["checks_failed"], &run["checks_warned"]),
        (&3.into(), &1.into())
    );

    // Not failing the run is a choice; and --dag means the same.
    let lenient = ALL_KINDS.replace("row_count = true", "row_count = true\nfail_on_error = false");
    folder.write("rocky.toml", format!("{REPLICATION}{lenient}"));
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, &run["checks_failed"], &run["checks_warned"]),
        (0, &0.into(), &4.into()),
        "{run:#}"
    );
    folder.write("rocky.toml", format!("{REPLICATION}{ALL_KINDS}"));
    let (code, run) = folder.json(&["run", "--dag"]);
    assert_eq!((code, &run["checks_failed"]), (1, &3.into()), "{run:#}");

    // Three runs are a baseline; a table that the run does not touch is not compared.
    folder.sql(&["INSERT INTO raw__a.orders SELECT 1, 'y', now()::TIMESTAMP FROM range(10)"]);
    let (_, run) = folder.json(&["run", "--filter", "table=orders"]);
    let anomalies = run["anomalies"].as_array().unwrap();
    assert_eq!(
        (
            anomalies.len(),
            &anomalies[0]["table"],
            &anomalies[0]["current_count"],
            &anomalies[0]["baseline_avg"]
        ),
        (1, &"shop.staging__a.orders".into(), &12.into(), &2.0.into()),
        "{run:#}"
    );
    assert_eq!(
        checks(&run).0.len(),
        6,
        "the assertion about the other table is no mistake with a filter"
    );
}

#[test]
fn rows_that_are_missing_or_columns_that_differ_are_seen_after_the_copy() {
    let kept = REPLICATION.replace(
        "\"full_refresh\"",
        "\"incremental\"\non_added_columns = \"ignore\"",
    );
    let folder = Folder::new(&format!(
        "{kept}[pipeline.raw.checks]\nrow_count = true\ncolumn_match = true\n"
    ));
    folder.sql(&SOURCES[..2]);
    assert_eq!(folder.json(&["run"]).0, 0);
    folder.sql(&[
        "ALTER TABLE raw__a.orders ADD COLUMN extra INTEGER",
        "INSERT INTO raw__a.orders VALUES (3, 'late', '2020-01-01', 1)",
    ]);
    let (code, run) = folder.json(&["run"]);
    let (lines, found) = checks(&run);
    assert_eq!(
        (code, lines),
        (
            1,
            vec!["row_count: fail".to_owned(), "column_match: fail".to_owned()]
        ),
        "{run:#}"
    );
    assert_eq!(
        (
            &named(&found, "row_count")["source_count"],
            &named(&found, "row_count")["target_count"]
        ),
        (&3.into(), &2.into())
    );
    let columns = named(&found, "column_match");
    assert_eq!(
        (&columns["missing"], &columns["extra"]),
        (&serde_json::json!(["extra"]), &serde_json::json!([]))
    );
}

#[test]
fn rows_of_a_copy_are_set_aside() {
    let quarantine = |mode: &str| {
        format!(
            "{REPLICATION}[pipeline.raw.checks]\ncolumn_match = true\nquarantine = {{ enabled = true, mode = \"{mode}\" }}\n\
             [[pipeline.raw.checks.assertions]]\ntable = \"orders\"\ntype = \"not_null\"\ncolumn = \"note\"\n"
        )
    };
    let folder = Folder::new(&quarantine("split"));
    folder.sql(&SOURCES[..2]);
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, &run["quarantine"][0]["quarantined_rows"]),
        (0, &1.into()),
        "{run:#}"
    );
    assert_eq!(
        folder.sql(&["SELECT id, _source, _rocky_failed_tests FROM staging__a.orders__quarantine"]),
        ["2 | a | not_null_note"]
    );
    assert_eq!(folder.sql(&["SELECT id FROM staging__a.orders__valid"]), ["1"]);
    for strategy in ["full_refresh", "incremental"] {
        folder.write("rocky.toml", quarantine("tag").replace("full_refresh", strategy));
        for _ in 0..2 {
            let (code, run) = folder.json(&["run"]);
            assert_eq!(
                (code, &run["quarantine"][0]["quarantined_rows"]),
                (0, &1.into()),
                "{run:#}"
            );
            assert_eq!(run["drift"]["tables_drifted"], 0, "the tag is no drift: {run:#}");
            assert_eq!(checks(&run).0[0], "column_match: pass");
        }
        assert_eq!(
            folder.sql(&["SELECT id, _rocky_failed_tests FROM staging__a.orders ORDER BY id"]),
            ["1 | NULL", "2 | not_null_note"]
        );
    }
    folder.write(
        "rocky.toml",
        quarantine("drop").replace("full_refresh", "incremental"),
    );
    assert_eq!(folder.json(&["run"]).0, 0);
    assert_eq!(folder.sql(&["SELECT id FROM staging__a.orders"]), ["1"]);
    folder.write(
        "rocky.toml",
        quarantine("drop").replace("column_match", "row_count"),
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, &run["diagnostics"][0]["code"]),
        (1, &"E417".into()),
        "{run:#}"
    );
}

const SNAPSHOT: &str = r#"
[adapter]
type = "duckdb"
path = "shop.duckdb"
[pipeline.history]
type = "snapshot"
unique_key = ["id"]
updated_at = "changed"
[pipeline.history.source]
catalog = "shop"
schema = "raw"
table = "people"
[pipeline.history.target]
catalog = "shop"
schema = "history"
table = "people"
[pipeline.history.checks]
row_count = true
column_match = true
freshness = { threshold_seconds = 3600 }
null_rate = { columns = ["name"], threshold = 0.5, sample_percent = 100 }
[[pipeline.history.checks.custom]]
name = "open_versions"
sql = "SELECT COUNT(*) FROM {target} WHERE is_current"
threshold = 2
[[pipeline.history.checks.assertions]]
table = "people"
type = "unique"
column = "id"
filter = "is_current"
"#;

#[test]
fn a_history_is_checked() {
    let folder = Folder::new(SNAPSHOT);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.people AS SELECT * FROM (VALUES (1, 'Ada', now()::TIMESTAMP), (2, 'Bo', now()::TIMESTAMP)) v(id, name, changed)",
    ]);
    for (n, change) in [
        "UPDATE raw.people SET name = 'Ad', changed = now()::TIMESTAMP + INTERVAL 1 SECOND WHERE id = 1",
        "DELETE FROM raw.people WHERE id = 2",
    ]
    .iter()
    .enumerate()
    {
        let (code, run) = folder.json(&["run"]);
        let (lines, found) = checks(&run);
        assert_eq!(
            (code, lines.join(", ").as_str()),
            (
                0,
                "row_count: pass, column_match: pass, freshness: pass, open_versions: pass, unique_id: pass, null_rate name: pass"
            ),
            "{n}: {run:#}"
        );
        assert_eq!(
            (
                &named(&found, "row_count")["source_count"],
                &named(&found, "row_count")["target_count"]
            ),
            (&2.into(), &2.into())
        );
        folder.sql(&[change]);
    }
    // A row that is gone stays current without invalidate_hard_deletes: what counts are the rows of the source.
    folder.sql(&[
        "INSERT INTO raw.people VALUES (3, NULL, now()::TIMESTAMP - INTERVAL 1 DAY), (4, NULL, NULL)",
        "ALTER TABLE raw.people ADD COLUMN city VARCHAR",
    ]);
    let (code, run) = folder.json(&["run"]);
    let (lines, found) = checks(&run);
    assert_eq!(
        (code, lines.join(", ").as_str()),
        (
            1,
            "row_count: pass, column_match: pass, freshness: pass, open_versions: fail, unique_id: pass, null_rate name: pass"
        ),
        "{run:#}"
    );
    assert_eq!(
        (
            &named(&found, "row_count")["source_count"],
            &named(&found, "open_versions")["result_value"]
        ),
        (&3.into(), &4.into())
    );
    // What the pipeline itself names must be there.
    folder.write(
        "rocky.toml",
        SNAPSHOT.replace("columns = [\"name\"]", "columns = [\"nmae\"]"),
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, &run["diagnostics"][0]["message"]),
        (
            1,
            &"null_rate column `nmae` is not a column of `shop.history.people`; did you mean `name`?".into()
        )
    );
}

#[test]
fn a_loaded_table_is_checked() {
    let checked = r#"
[pipeline.l.checks]
row_count = true
column_match = true
anomaly_threshold_pct = 10
freshness = { threshold_seconds = 60, timestamp_column = "at", overrides = { raw = 2000000000 } }
null_rate = { columns = ["s"], threshold = 0.0, sample_percent = 100 }
[[pipeline.l.checks.custom]]
name = "negative"
sql = "SELECT COUNT(*) FROM {target} WHERE id < 0"
[[pipeline.l.checks.assertions]]
table = "t"
type = "accepted_values"
column = "s"
values = ["x"]
severity = "warning"
[pipeline.l.checks.quarantine]
enabled = true
[[pipeline.l.checks.assertions]]
table = "raw.t"
type = "in_range"
column = "id"
max = 100
"#;
    let folder = Folder::new(&format!("{LOAD}{checked}"));
    folder.write("in/t.csv", "id,s,at\n1,x,2026-01-01\n2,x,2026-01-02\n");
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, checks(&run).0.join(", ").as_str()),
        (
            0,
            "row_count: pass, column_match: pass, freshness: pass, negative: pass, accepted_values_s: pass, in_range_id: pass, null_rate s: pass"
        ),
        "{run:#}"
    );
    for n in 0..3 {
        folder.write(&format!("in/t{n}.csv"), "id\n1\n");
    }
    folder.write("in/t.csv", "id,s\n-1,y\n101,\n");
    let (code, run) = folder.json(&["run"]);
    let table = run["check_results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["asset_key"][2] == "t")
        .unwrap();
    let (lines, found) = checks(&serde_json::json!({ "check_results": [table] }));
    assert_eq!(
        (code, lines.join(", ").as_str()),
        (
            1,
            "row_count: pass, column_match: fail, freshness: pass, negative: fail, accepted_values_s: fail, in_range_id: fail, null_rate s: fail"
        ),
        "{run:#}"
    );
    assert_eq!(named(&found, "column_match")["extra"], serde_json::json!(["at"]));
    assert_eq!(
        named(&found, "in_range_id")["gates"],
        false,
        "it is in quarantine"
    );
    let gated = found
        .iter()
        .filter(|c| c["gates"] == true && c["status"] == "fail")
        .count();
    assert_eq!((gated, &run["checks_failed"]), (3, &3.into()));
    assert_eq!(folder.sql(&["SELECT id FROM raw.t__quarantine"]), ["101"]);
    // The number of rows is remembered by table, and compared from the fourth run on.
    for ids in [
        "id,s,at\n3,x,2026-01-03\n",
        "id,s,at\n4,x,2026-01-03\n",
        "id,s,at\n5,x,2026-01-03\n6,x,2026-01-03\n7,x,2026-01-03\n",
    ] {
        folder.write("in/t.csv", ids);
        let (_, run) = folder.json(&["run"]);
        let found = run["anomalies"].as_array().map_or(0, Vec::len);
        assert_eq!(
            found,
            usize::from(run["materializations"][0]["rows_copied"] == 3 || ids.contains("4,x")),
            "{run:#}"
        );
    }
}

/// Hooks that append what they are told to `told`.
fn hooks() -> String {
    let events = [
        "pipeline_start",
        "discover_complete",
        "before_materialize",
        "after_materialize",
        "materialize_error",
        "before_checks",
        "check_result",
        "after_checks",
        "drift_detected",
        "before_model_run",
        "after_model_run",
        "state_synced",
        "pipeline_complete",
        "pipeline_error",
    ];
    let one = |e: &&str| format!("[[hook.on_{e}]]\ncommand = \"\"\"(tr -d '\\\\n'; echo) >> told\"\"\"\n");
    events.iter().map(one).collect()
}

/// Events in order, with their table.
fn told(folder: &Folder) -> Vec<String> {
    let text = std::fs::read_to_string(folder.path().join("told")).unwrap_or_default();
    std::fs::remove_file(folder.path().join("told")).unwrap();
    let line = |l: &str| {
        let told: Value = serde_json::from_str(l).unwrap();
        assert!(
            told["run_id"].as_str().is_some_and(|r| r.starts_with("run-")),
            "{told:#}"
        );
        match told["table"].as_str() {
            Some(table) => format!("{} {table}", told["event"].as_str().unwrap()),
            None => told["event"].as_str().unwrap().to_owned(),
        }
    };
    text.lines().map(line).collect()
}

#[test]
fn hooks_of_a_snapshot_are_told_of_its_table() {
    let folder = Folder::new(&format!("{SNAPSHOT}{}", hooks()));
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.people AS SELECT 1 AS id, 'Ada' AS name, now()::TIMESTAMP AS changed",
    ]);
    assert_eq!(folder.json(&["run"]).0, 0);
    let table = "shop.history.people";
    let mut expected = vec![
        "pipeline_start".to_owned(),
        format!("before_materialize {table}"),
        format!("after_materialize {table}"),
        "before_checks".to_owned(),
    ];
    expected.extend(std::iter::repeat_n(format!("check_result {table}"), 6));
    expected.extend(["after_checks".to_owned(), "pipeline_complete".to_owned()]);
    assert_eq!(told(&folder), expected);
    folder.sql(&["INSERT INTO raw.people SELECT * FROM raw.people"]);
    assert_eq!(folder.json(&["run"]).0, 1);
    assert_eq!(
        told(&folder),
        [
            "pipeline_start".to_owned(),
            format!("before_materialize {table}"),
            format!("materialize_error {table}"),
            "pipeline_error".to_owned()
        ]
    );
    // A hook may say no.
    folder.write(
        "rocky.toml",
        format!("{SNAPSHOT}[hook.before_materialize]\ncommand = \"exit 3\"\non_failure = \"abort\"\n"),
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, &run["errors"][0]["failure_kind"]),
        (1, &"hook".into()),
        "{run:#}"
    );
    assert_eq!(folder.sql(&["SELECT COUNT(*) FROM history.people"]), ["1"]);
}

#[test]
fn hooks_of_a_load_are_told_of_each_table() {
    let folder = Folder::new(&format!(
        "{LOAD}[pipeline.l.execution]\nconcurrency = 1\n{}",
        hooks()
    ));
    folder.write("in/a.csv", "id\n1\n");
    folder.write("in/b.parquet", "nothing of the kind");
    assert_eq!(folder.json(&["run"]).0, 2);
    assert_eq!(
        told(&folder),
        [
            "pipeline_start",
            "before_materialize shop.raw.a",
            "after_materialize shop.raw.a",
            "before_materialize shop.raw.b",
            "materialize_error shop.raw.b",
            "pipeline_error"
        ]
    );
    // What is loaded already is not loaded, and nobody is told that it is.
    std::fs::remove_file(folder.path().join("in/b.parquet")).unwrap();
    assert_eq!(folder.json(&["run"]).0, 0);
    assert_eq!(told(&folder), ["pipeline_start", "pipeline_complete"]);
}
