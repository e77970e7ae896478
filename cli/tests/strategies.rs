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

/// A value that nothing comes after is no watermark: new rows come in, and no row comes in twice.
#[test]
fn an_endless_value_never_stops_a_model() {
    let cases = [
        (
            "stamp",
            "TIMESTAMP",
            "'2026-04-01'",
            "'2026-04-02'",
            "'2026-04-03'",
        ),
        (
            "zoned",
            "TIMESTAMPTZ",
            "'2026-04-01'",
            "'2026-04-02'",
            "'2026-04-03'",
        ),
        (
            "fine",
            "TIMESTAMP_NS",
            "'2026-04-01'",
            "'2026-04-02'",
            "'2026-04-03'",
        ),
        ("day", "DATE", "'2026-04-01'", "'2026-04-02'", "'2026-04-03'"),
        ("number", "DOUBLE", "1", "2", "3"),
    ];
    let folder = Folder::new(&[]);
    folder.sql(&["CREATE SCHEMA raw"]);
    let mut models = Vec::new();
    for (name, ty, first, _, _) in cases {
        let odd = if ty == "DOUBLE" { "'nan'" } else { "'infinity'" };
        folder.sql(&[
            &format!("CREATE TABLE raw.{name} (id INTEGER, ts {ty})"),
            &format!("INSERT INTO raw.{name} VALUES (1, {first}), (2, {odd}), (3, '-infinity'), (4, NULL)"),
        ]);
        for (suffix, lookback) in [("", ""), ("_late", "lookback = \"1 day\"\n")] {
            if ty == "DOUBLE" && !lookback.is_empty() {
                continue;
            }
            let model = format!("{name}{suffix}");
            folder.write(
                &format!("models/{model}.sql"),
                &format!("select id, ts from raw.{name}"),
            );
            let sidecar = format!("strategy = \"incremental\"\ntimestamp_column = \"ts\"\n{lookback}");
            folder.write(&format!("models/{model}.toml"), &sidecar);
            models.push(model);
        }
    }
    let ids = |model: &str| {
        folder
            .sql(&[&format!("SELECT id FROM {model} ORDER BY id")])
            .join(" ")
    };
    let watermark = |run: &Value, model: &str| {
        let all = run["materializations"].as_array().unwrap();
        let of = all
            .iter()
            .find(|m| m["asset_key"].to_string().contains(&format!("\"{model}\"")))
            .unwrap();
        (
            of["metadata"]["watermark_value"].clone(),
            of["metadata"]["rows_beyond_watermark"].clone(),
        )
    };
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 0, "{run:#}");
    for model in &models {
        assert_eq!(ids(model), "1 2 3 4", "{model}");
        let (value, beyond) = watermark(&run, model);
        let value = value.as_str().unwrap();
        assert!(
            value.starts_with("2026-04-01") || value.starts_with('1'),
            "{model} {value}"
        );
        assert_eq!(beyond, 2, "{model}");
    }
    for (name, _, _, second, third) in cases {
        let odd = "'infinity'";
        folder.sql(&[&format!(
            "INSERT INTO raw.{name} VALUES (5, {second}), (6, {odd}), (7, {third})"
        )]);
    }
    for _ in 0..2 {
        let (code, run) = folder.json(&["run"]);
        assert_eq!(code, 0, "{run:#}");
        for model in &models {
            // What is replaced from a moment on is replaced with all that comes after it.
            let expected = if model.ends_with("_late") {
                "1 2 3 4 5 6 7"
            } else {
                "1 2 3 4 5 7"
            };
            assert_eq!(ids(model), expected, "{model}");
        }
    }
    let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
        .args(["run", "--model", "stamp", "-o", "table"])
        .current_dir(folder.0.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(
        text.contains("2 rows whose watermark column is infinite or NaN"),
        "{text}"
    );
}

/// A target with nothing but endless values takes new rows, and none of its own twice.
#[test]
fn a_table_without_any_watermark_takes_what_has_one() {
    let folder = Folder::new(&[
        ("models/m.sql", "select id, ts from raw.t"),
        (
            "models/m.toml",
            "strategy = \"incremental\"\ntimestamp_column = \"ts\"\n",
        ),
    ]);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT 1 AS id, DATE 'infinity' AS ts",
    ]);
    for expected in ["1", "1"] {
        assert_eq!(folder.json(&["run"]).0, 0);
        assert_eq!(folder.sql(&["SELECT count(*) FROM m"]), [expected]);
    }
    folder.sql(&["INSERT INTO raw.t VALUES (2, DATE '2026-01-01')"]);
    for _ in 0..2 {
        assert_eq!(folder.json(&["run"]).0, 0);
        assert_eq!(folder.sql(&["SELECT count(*) FROM m"]), ["2"]);
    }
}

/// The relations of the engine itself may be read by a model, whatever else is known of the database.
#[test]
fn the_engines_own_relations_are_there() {
    let folder = Folder::new(&[
        (
            "models/a.sql",
            "select table_name from information_schema.columns where table_name = 'b'",
        ),
        (
            "models/c.sql",
            "select count(*) as n from duckdb_tables where not internal",
        ),
        (
            "models/d.sql",
            "select c.relname from pg_catalog.pg_class as c join pg_namespace as n on n.oid = c.relnamespace",
        ),
        ("models/e.sql", "select name from sqlite_master"),
        (
            "models/f.sql",
            "select database_name from duckdb_databases() union all select name from pragma_table_info('b')",
        ),
        ("models/b.sql", "select 1 as id"),
    ]);
    assert_eq!(folder.json(&["run", "--model", "b"]).0, 0);
    let (code, compiled) = folder.json(&["compile", "--refresh-sources", "always"]);
    assert_eq!(code, 0, "{compiled:#}");
    assert!(!compiled.to_string().contains("does not exist"), "{compiled:#}");
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 0, "{run:#}");
    assert_eq!(folder.sql(&["SELECT * FROM a"]), ["b"]);
    // What is in no catalogue at all is still told.
    folder.write("models/g.sql", "select 1 as x from main.pg_klass");
    let (code, compiled) = folder.json(&["compile", "--refresh-sources", "always"]);
    assert!(
        code != 0 && compiled.to_string().contains("`main.pg_klass` does not exist"),
        "{compiled:#}"
    );
}

/// A model reads the database of its pipeline; that another adapter's is another is said with the way there.
#[test]
fn the_database_of_another_adapter_is_named() {
    let folder = Folder::new(&[("models/m.sql", "select id from other.main.t")]);
    folder.write(
        "rocky.toml",
        "[adapter.default]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n[adapter.loader]\ntype = \"duckdb\"\npath = \"data/other.duckdb\"\n\
         [pipeline.main]\ntype = \"transformation\"\n[pipeline.main.target]\nadapter = \"default\"\n",
    );
    let (_, compiled) = folder.json(&["compile"]);
    let found = compiled["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["code"] == "W102");
    let text = found.unwrap().to_string();
    assert!(
        text.contains("the database of adapter `loader`") && text.contains("of type `replication`"),
        "{text}"
    );
}
