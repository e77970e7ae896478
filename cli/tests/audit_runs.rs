//! What a run must not get wrong without a word: types that a kept table would round, tests that would pass for what they do not say,
//! rows that are set aside, windows, columns that come and go, strategies that change. Through the command line on DuckDB files.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
use serde_json::Value;
use std::process::{Command, Stdio};

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(more: &str, files: &[(&str, &str)]) -> Folder {
        Folder::of(&format!("{CONFIG}{more}"), files)
    }

    fn of(config: &str, files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", config);
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn in_zone(&self, zone: &str, args: &[&str]) -> (i32, Value) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .args(["-o", "json"])
            .current_dir(self.0.path())
            .env("TZ", zone)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let document = serde_json::from_slice(&out.stdout)
            .unwrap_or_else(|e| panic!("{args:?}: {e}\n{}", String::from_utf8_lossy(&out.stderr)));
        (out.status.code().unwrap(), document)
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        self.in_zone("UTC", args)
    }

    /// A run that succeeds.
    fn run(&self, args: &[&str]) -> Value {
        let (code, run) = self.json(&[&["run"], args].concat());
        assert_eq!(
            (code, run["status"].as_str()),
            (0, Some("Success")),
            "{args:?}: {run:#}"
        );
        run
    }

    /// A run that does not; the text of its errors.
    fn refused(&self, args: &[&str]) -> String {
        let (code, run) = self.json(&[&["run"], args].concat());
        assert_ne!(code, 0, "{args:?}: {run:#}");
        let errors = run["errors"].as_array().unwrap().iter();
        let errors: Vec<&str> = errors.map(|e| e["error"].as_str().unwrap()).collect();
        errors.join("\n")
    }

    /// Statements, of which the last may be a query: its rows.
    fn sql(&self, sql: &[&str]) -> Vec<String> {
        let cancel = CancelToken::new();
        let path = self.0.path().join("w.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        let mut rows = Vec::new();
        for statement in sql {
            let answer = connection.query(statement, 1000, &cancel);
            rows = answer
                .unwrap_or_else(|e| panic!("{statement}: {}", e.message))
                .rows;
        }
        let text = |row: Vec<rocky_warehouse::Value>| {
            let cells = row.iter().map(|v| v.to_text().unwrap_or("NULL".into()));
            cells.collect::<Vec<_>>().join(" | ")
        };
        rows.into_iter().map(text).collect()
    }
}

const INCREMENTAL: &str = "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\n";
const MERGE: &str = "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]\n";
const DELETE_INSERT: &str = "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"id\"]\n";

fn windows(column: &str, granularity: &str, more: &str) -> String {
    format!(
        "[strategy]\ntype = \"time_interval\"\ntime_column = \"{column}\"\ngranularity = \"{granularity}\"\n{more}"
    )
}

/// Keys and rows of the windows that were written.
fn partitions(run: &Value) -> Vec<(String, u64)> {
    let all = run["materializations"].as_array().unwrap().iter();
    all.map(|m| {
        let key = m["partition"]["key"].as_str().unwrap().to_owned();
        (key, m["rows_copied"].as_u64().unwrap())
    })
    .collect()
}

#[test]
fn a_kept_table_does_not_round_what_comes_in() {
    for (strategy, later, changed) in [
        (
            INCREMENTAL,
            "5.7::DOUBLE AS n",
            "column 'n' changed INTEGER → DOUBLE, which INTEGER does not keep as it is",
        ),
        (MERGE, "'2.5' AS n", "column 'n' changed INTEGER → VARCHAR"),
        (
            DELETE_INSERT,
            "1.257::DECIMAL(10,3) AS n",
            "column 'n' changed INTEGER → DECIMAL(10,3)",
        ),
    ] {
        let folder = Folder::new(
            "",
            &[
                ("models/m.sql", "SELECT * FROM raw.t"),
                ("models/m.toml", strategy),
            ],
        );
        folder.sql(&[
            "CREATE SCHEMA raw",
            "CREATE TABLE raw.t AS SELECT 1 AS id, TIMESTAMP '2024-01-01' AS ts, 5 AS n",
        ]);
        folder.run(&[]);
        let second =
            format!("CREATE OR REPLACE TABLE raw.t AS SELECT 2 AS id, TIMESTAMP '2024-01-02' AS ts, {later}");
        folder.sql(&[&second]);
        let error = folder.refused(&[]);
        assert!(error.starts_with("E303") && error.contains(changed), "{error}");
        assert_eq!(folder.sql(&["SELECT id, n FROM m"]), ["1 | 5"]);
        folder.run(&["--full-refresh"]);
        assert_eq!(folder.sql(&["SELECT id FROM m"]), ["2"]);
    }
    // Where the pipeline says so, the warehouse converts.
    let ignored = "on_unsafe_drift = \"ignore\"\n";
    let config = CONFIG.replace(
        "type = \"transformation\"\n",
        &format!("type = \"transformation\"\n{ignored}"),
    );
    let files = [("models/m.sql", "SELECT * FROM raw.t"), ("models/m.toml", MERGE)];
    let folder = Folder::of(&config, &files);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT 1 AS id, 5 AS n",
    ]);
    folder.run(&[]);
    folder.sql(&["CREATE OR REPLACE TABLE raw.t AS SELECT 2 AS id, 5.7::DOUBLE AS n"]);
    folder.run(&[]);
    assert_eq!(
        folder.sql(&["SELECT id, n FROM m ORDER BY id"]),
        ["1 | 5", "2 | 6"]
    );
    // But not the column that says which rows are new: they would come again with every run.
    folder.write("models/m.toml", INCREMENTAL);
    folder.sql(&[
        "DROP TABLE m",
        "CREATE OR REPLACE TABLE raw.t AS SELECT 1 AS id, DATE '2024-01-01' AS ts",
    ]);
    folder.run(&[]);
    folder.sql(&["CREATE OR REPLACE TABLE raw.t AS SELECT 2 AS id, TIMESTAMP '2024-01-02 13:00:00' AS ts"]);
    let error = folder.refused(&[]);
    assert!(
        error.contains("timestamp_column `ts` of target `main.m` is DATE, and the query gives TIMESTAMP"),
        "{error}"
    );
}

#[test]
fn columns_meet_by_name_in_any_order_and_narrower_ones_fit() {
    for strategy in [INCREMENTAL, MERGE, DELETE_INSERT] {
        let folder = Folder::new(
            "",
            &[
                ("models/m.sql", "SELECT * FROM raw.t"),
                ("models/m.toml", strategy),
            ],
        );
        folder.sql(&[
            "CREATE SCHEMA raw",
            "CREATE TABLE raw.t AS SELECT 1::BIGINT AS id, TIMESTAMP '2024-01-01' AS ts, 'a' AS s, 7 AS gone",
        ]);
        folder.run(&[]);
        folder.sql(&["CREATE OR REPLACE TABLE raw.t AS SELECT 'b' AS s, TIMESTAMP '2024-01-02' AS ts, 2::INTEGER AS id"]);
        folder.run(&[]);
        assert_eq!(
            folder.sql(&["SELECT id, s, gone FROM m ORDER BY id"]),
            ["1 | a | 7", "2 | b | NULL"],
            "{strategy}"
        );
    }
}

/// One of each type that DuckDB can store.
const TYPES: [&str; 39] = [
    "1::TINYINT",
    "2::SMALLINT",
    "3::INTEGER",
    "4::BIGINT",
    "5::HUGEINT",
    "6::UTINYINT",
    "7::USMALLINT",
    "8::UINTEGER",
    "9::UBIGINT",
    "10::UHUGEINT",
    "1.5::FLOAT",
    "2.5::DOUBLE",
    "1.25::DECIMAL(10,2)",
    "12345678901234567890.1234567890::DECIMAL(38,10)",
    "'it''s'",
    "'\\x00\\xFF'::BLOB",
    "true",
    "DATE '2024-02-29'",
    "TIME '12:34:56.789'",
    "TIMESTAMP '2024-02-29 12:00:00.123456'",
    "TIMESTAMPTZ '2024-02-29 12:00:00+02'",
    "'2024-02-29 12:00:00'::TIMESTAMP_S",
    "'2024-02-29 12:00:00.123'::TIMESTAMP_MS",
    "'2024-02-29 12:00:00.123456789'::TIMESTAMP_NS",
    "INTERVAL '1 month 2 days'",
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID",
    "'0101'::BIT",
    "[1, 2, NULL]",
    "[[1], [2, 3]]",
    "{'a': 1, 'b': 'x'}",
    "MAP {'k': 1, 'l': NULL}",
    "[1, 2, 3]::INTEGER[3]",
    "'red'::ENUM ('red', 'green')",
    "'{\"a\":1}'::JSON",
    "union_value(num := 2)",
    "'12:00:00+01'::TIMETZ",
    "'NaN'::DOUBLE",
    "'infinity'::TIMESTAMP",
    "[{'x': 1.5}]",
];

#[test]
fn every_type_goes_through_every_strategy() {
    let columns: Vec<String> = TYPES
        .iter()
        .enumerate()
        .map(|(i, t)| format!("{t} AS c{i}"))
        .collect();
    let cut = " WHERE ts >= @start_date AND ts < @end_date";
    let windowed = windows("ts", "day", "batch_size = 2\n");
    let strategies = [
        ("fr", "", ""),
        ("vw", "", "strategy = \"view\"\n"),
        ("inc", "", INCREMENTAL),
        (
            "late",
            "",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\nlookback = \"5 hours\"\n",
        ),
        ("mg", "", MERGE),
        (
            "di",
            "",
            "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"d\"]\n",
        ),
        ("ti", cut, &windowed),
    ];
    let folder = Folder::new("", &[]);
    for (name, more, sidecar) in strategies {
        folder.write(
            &format!("models/{name}.sql"),
            &format!("SELECT * FROM raw.t{more}"),
        );
        folder.write(&format!("models/{name}.toml"), sidecar);
    }
    folder.sql(&[
        "CREATE SCHEMA raw",
        &format!(
            "CREATE TABLE raw.t AS SELECT k AS id, TIMESTAMP '2024-01-01' + INTERVAL (k) HOUR AS ts, DATE '2024-01-01' + (k // 24)::INTEGER AS d, {} FROM range(30) r(k)",
            columns.join(", ")
        ),
        // Rows of NULLs.
        "INSERT INTO raw.t (id, ts, d) SELECT 100 + k, TIMESTAMP '2024-01-03' + INTERVAL (k) HOUR, DATE '2024-01-03' FROM range(3) r(k)",
    ]);
    let days = ["--from", "2024-01-01", "--to", "2024-01-09"];
    folder.run(&days);
    folder.sql(&[
        "INSERT INTO raw.t SELECT 200 + id, ts + INTERVAL 4 DAYS, d + 4, * EXCLUDE (id, ts, d) FROM raw.t",
    ]);
    folder.run(&days);
    for (name, ..) in strategies {
        let differ = format!(
            "SELECT (SELECT COUNT(*) FROM (FROM raw.t EXCEPT ALL FROM {name})), (SELECT COUNT(*) FROM (FROM {name} EXCEPT ALL FROM raw.t)), COUNT(*) FROM {name}"
        );
        assert_eq!(folder.sql(&[&differ]), ["0 | 0 | 66"], "{name}");
    }
}

#[test]
fn a_model_changes_its_strategy_and_back_and_loses_nothing() {
    let daily = "[strategy]\ntype = \"microbatch\"\ntimestamp_column = \"ts\"\ngranularity = \"day\"\n";
    let (view, ephemeral) = ("strategy = \"view\"\n", "strategy = \"ephemeral\"\n");
    let folder = Folder::new(
        "",
        &[
            ("models/m.sql", "SELECT * FROM raw.t WHERE ts IS NOT NULL"),
            ("models/deep/er/r.sql", "SELECT COUNT(*) AS n FROM m"),
        ],
    );
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT k AS id, TIMESTAMP '2024-01-01' + INTERVAL (k) DAY AS ts FROM range(5) r(k)",
    ]);
    let order = [
        "",
        view,
        INCREMENTAL,
        MERGE,
        view,
        "",
        DELETE_INSERT,
        ephemeral,
        INCREMENTAL,
        daily,
        MERGE,
        daily,
        "",
    ];
    for (n, sidecar) in order.into_iter().enumerate() {
        folder.write("models/m.toml", sidecar);
        folder.sql(&[&format!(
            "INSERT INTO raw.t VALUES ({}, TIMESTAMP '2024-02-01' + INTERVAL ({n}) DAY)",
            10 + n
        )]);
        let days: &[&str] = if sidecar == daily {
            &["--from", "2024-01-01", "--to", "2024-03-01"]
        } else {
            &[]
        };
        folder.run(days);
        let all = (6 + n).to_string();
        assert_eq!(folder.sql(&["SELECT n FROM r"]), [all.as_str()], "{n}: {sidecar}");
        if sidecar != ephemeral {
            assert_eq!(
                folder.sql(&["SELECT COUNT(*), COUNT(DISTINCT id) FROM m"]),
                [format!("{all} | {all}")],
                "{n}: {sidecar}"
            );
        }
    }
}

#[test]
fn keys_of_any_name_are_keys() {
    let keys = [
        "n",
        "N",
        "_rocky_n",
        "select",
        "t",
        "s",
        "a b",
        "é",
        "occurrences",
        "parent",
        "found",
    ];
    // All of them are to be tried.
    let folder = Folder::new("[pipeline.p.execution]\nerror_rate_abort_pct = 0\n", &[]);
    folder.sql(&["CREATE SCHEMA raw"]);
    for (n, key) in keys.iter().enumerate() {
        folder.write(
            &format!("models/m{n}.toml"),
            &format!(
                "[strategy]\ntype = \"merge\"\nunique_key = [\"{key}\"]\n\
                 [[tests]]\ntype = \"unique\"\ncolumn = \"{key}\"\n[[tests]]\ntype = \"not_null\"\ncolumn = \"{key}\"\n\
                 [[tests]]\ntype = \"in_range\"\ncolumn = \"{key}\"\nmin = 1\nmax = 5\n\
                 [[tests]]\ntype = \"aggregate\"\ncolumn = \"{key}\"\nop = \"max\"\ncmp = \"<=\"\nvalue = 5\n"
            ),
        );
        folder.write(&format!("models/m{n}.sql"), &format!("SELECT * FROM raw.t{n}"));
        folder.sql(&[
            &format!("CREATE TABLE raw.t{n}(\"{key}\" INTEGER, v INTEGER)"),
            &format!("INSERT INTO raw.t{n} VALUES (1, 1), (2, 2)"),
        ]);
    }
    folder.run(&[]);
    for n in 0..keys.len() {
        folder.sql(&[&format!("UPDATE raw.t{n} SET v = v + 10")]);
    }
    let run = folder.run(&[]);
    assert_eq!(run["check_results"].as_array().unwrap().len(), keys.len());
    for n in 0..keys.len() {
        folder.sql(&[&format!("INSERT INTO raw.t{n} VALUES (2, 5)")]);
    }
    let errors = folder.refused(&[]);
    for (n, key) in keys.iter().enumerate() {
        assert!(
            errors.contains(&format!("`m{n}`; found ({key} = 2, ")),
            "{errors}"
        );
        assert_eq!(
            folder.sql(&[&format!("SELECT v FROM m{n} ORDER BY v")]),
            ["11", "12"],
            "{key}"
        );
    }
}

#[test]
fn windows_are_utc_wherever_the_machine_is() {
    let folder = Folder::new(
        "",
        &[
            (
                "models/m.sql",
                "SELECT ts, v FROM raw.t WHERE ts >= @start_date AND ts < @end_date",
            ),
            ("models/m.toml", &windows("ts", "day", "batch_size = 3\n")),
        ],
    );
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT (TIMESTAMPTZ '2026-03-28 00:00:00+00' + INTERVAL (k) HOUR) AS ts, k AS v FROM range(96) r(k)",
    ]);
    for zone in ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"] {
        let (code, run) = folder.in_zone(zone, &["run", "--from", "2026-03-28", "--to", "2026-03-31"]);
        assert_eq!(code, 0, "{run:#}");
        let expected = [("2026-03-28".to_owned(), 72), ("2026-03-31".to_owned(), 24)];
        assert_eq!(partitions(&run), expected, "{zone}");
        assert_eq!(
            folder.sql(&["SELECT COUNT(*), COUNT(DISTINCT v) FROM m"]),
            ["96 | 96"],
            "{zone}"
        );
    }
    let (_, state) = folder.json(&["state", "--model", "m"]);
    let rows: Vec<u64> = state["model_partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["row_count"].as_u64().unwrap())
        .collect();
    assert_eq!(rows, [24; 4]);
}

#[test]
fn months_and_years_are_those_of_the_calendar() {
    let folder = Folder::new(
        "",
        &[
            (
                "models/m.sql",
                "SELECT d, v FROM raw.t WHERE d >= @start_date AND d < @end_date",
            ),
            ("models/m.toml", &windows("d", "month", "")),
        ],
    );
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT d::DATE AS d, 1 AS v FROM generate_series(DATE '2023-12-15', DATE '2024-04-15', INTERVAL 1 DAY) g(d)",
    ]);
    let run = folder.run(&["--from", "2024-01", "--to", "2024-03"]);
    let of = |all: &[(&str, u64)]| all.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(
        partitions(&run),
        of(&[("2024-01", 31), ("2024-02", 29), ("2024-03", 31)])
    );
    assert_eq!(
        partitions(&folder.run(&["--partition", "2024-02-01"])),
        of(&[("2024-02", 29)])
    );
    // Another granularity counts anew.
    folder.write(
        "models/m.toml",
        &windows("d", "year", "first_partition = \"2023\"\n"),
    );
    let run = folder.run(&["--from", "2023", "--to", "2024"]);
    assert_eq!(partitions(&run), of(&[("2023", 17), ("2024", 106)]));
    assert_eq!(
        folder.sql(&["SELECT COUNT(*), COUNT(DISTINCT d) FROM m"]),
        ["123 | 123"]
    );
}

#[test]
fn of_a_batch_that_fails_every_member_is_missing() {
    let query = |day: &str| {
        format!(
            "SELECT d, CASE WHEN d = DATE '{day}' THEN error('boom') ELSE v END AS v FROM raw.t WHERE d >= @start_date AND d < @end_date"
        )
    };
    let folder = Folder::new(
        "",
        &[
            ("models/m.sql", &query("2024-01-05")),
            (
                "models/m.toml",
                &windows(
                    "d",
                    "day",
                    "batch_size = 2\nlookback = 1\nfirst_partition = \"2024-01-01\"\n",
                ),
            ),
            ("models/r.sql", "SELECT COUNT(*) AS n FROM m"),
        ],
    );
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT (DATE '2024-01-01' + k::INTEGER) AS d, k AS v FROM range(8) r(k)",
    ]);
    let (code, run) = folder.json(&[
        "run",
        "--from",
        "2024-01-01",
        "--to",
        "2024-01-08",
        "--lookback",
        "0",
    ]);
    assert_eq!((code, &run["status"]), (2, &"PartialFailure".into()), "{run:#}");
    let summary = &run["partition_summaries"][0];
    assert_eq!(
        (&summary["partitions_succeeded"], &summary["partitions_failed"]),
        (&6.into(), &2.into())
    );
    assert_eq!(run["errors"][0]["partition"], "2024-01-05");
    assert_eq!(run["skipped"][0]["model"], "r");
    let (_, state) = folder.json(&["state", "--model", "m"]);
    let failed: Vec<&str> = state["model_partitions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["status"] == "Failed")
        .map(|p| p["partition_key"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["2024-01-05", "2024-01-06"]);
    folder.write("models/m.sql", &query("1999-01-01"));
    let (code, plan) = folder.json(&["plan", "--model", "m", "--missing"]);
    assert_eq!(code, 0);
    let planned = plan["models_detail"][0]["partitions"].as_array().unwrap();
    let keys: Vec<String> = planned
        .iter()
        .flat_map(|w| {
            let others = w["batched_with"].as_array().into_iter().flatten();
            std::iter::once(&w["key"]).chain(others)
        })
        .map(|k| k.as_str().unwrap().to_owned())
        .take(4)
        .collect();
    // One before the earliest, the two that failed, and then what comes after the eighth.
    assert_eq!(keys, ["2024-01-04", "2024-01-05", "2024-01-06", "2024-01-09"]);
    folder.run(&["--from", "2024-01-05", "--to", "2024-01-06"]);
    assert_eq!(
        folder.sql(&["SELECT COUNT(*), COUNT(DISTINCT d), SUM(v) FROM m"]),
        ["8 | 8 | 28"]
    );
}

const SOURCE: &str = "[[sources]]\nschema = \"raw\"\ntable = \"t\"\ncolumns = [{ name = \"i\", type = \"INTEGER\" }, { name = \"dec\", type = \"DECIMAL(10,2)\" }, \
     { name = \"f\", type = \"DOUBLE\" }, { name = \"b\", type = \"BOOLEAN\" }, { name = \"d\", type = \"DATE\" }, { name = \"ts\", type = \"TIMESTAMP\" }, \
     { name = \"l\", type = \"INTEGER[]\" }, { name = \"st\", type = \"STRUCT(a INTEGER, b VARCHAR)\" }]\n";

/// Status and detail of the unit tests of models, by a query and a sidecar each, in one project.
fn units(models: &[(String, String)]) -> Vec<(String, String)> {
    let folder = Folder::new(SOURCE, &[]);
    for (n, (query, sidecar)) in models.iter().enumerate() {
        folder.write(&format!("models/m{n:02}.sql"), query);
        folder.write(&format!("models/m{n:02}.toml"), sidecar);
    }
    let (code, document) = folder.json(&["test"]);
    let results = document["unit_tests"]["results"].as_array();
    let results = results.unwrap_or_else(|| panic!("{document:#}"));
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let found: Vec<_> = results
        .iter()
        .map(|r| (text(&r["status"]), text(&r["detail"])))
        .collect();
    assert_eq!(found.len(), models.len(), "{found:?}");
    assert_eq!(code == 0, found.iter().all(|r| r.0 == "pass"), "{code} {found:?}");
    found
}

fn given(rows: &str, expected: &str) -> String {
    format!(
        "[[test]]\nname = \"t\"\n[[test.given]]\nref = \"raw.t\"\nrows = [{rows}]\n[test.expect]\nrows = [{expected}]\n"
    )
}

#[test]
fn a_unit_test_does_not_pass_for_what_it_does_not_say() {
    let wrong = [
        (
            "i",
            "{ i = 2 }",
            "{ i = 1.6 }",
            "row 1 of `the expected rows`, column `i`: 1.6 is no INTEGER",
        ),
        (
            "i",
            "{ i = 1.6 }",
            "{ i = 2 }",
            "row 1 of `w.raw.t`, column `i`: 1.6 is no INTEGER",
        ),
        (
            "dec",
            "{ dec = 10.25 }",
            "{ dec = 10.2512 }",
            "column `dec`: 10.2512 is no DECIMAL(10,2)",
        ),
        (
            "dec",
            "{ dec = \"0.255\" }",
            "{ dec = 0.26 }",
            "column `dec`: '0.255' is no DECIMAL(10,2)",
        ),
        (
            "d",
            "{ d = 2024-01-01 }",
            "{ d = 2024-01-01T05:00:00 }",
            "column `d`: '2024-01-01T05:00:00' is no DATE",
        ),
        ("b", "{ b = true }", "{ b = 5 }", "column `b`: 5 is no BOOLEAN"),
        (
            "l",
            "{ l = [1, 2] }",
            "{ l = [1, 1.6] }",
            "column `l`: [1, 1.6] is no INTEGER[]",
        ),
        (
            "st",
            "{ st = { a = 1 } }",
            "{ st = { a = 0.9 } }",
            "is no STRUCT(a INTEGER, b VARCHAR)",
        ),
        (
            "i",
            "{ i = 1, I = 2 }",
            "{ i = 1 }",
            "columns `i` and `I` are one column",
        ),
        (
            "i",
            "{ i = 1 }, { I = 2 }",
            "{ i = 1 }, {}",
            "columns `i` and `I` are one column",
        ),
    ];
    let mut models: Vec<(String, String)> = wrong
        .iter()
        .map(|(column, row, expected, _)| (format!("SELECT {column} FROM raw.t"), given(row, expected)))
        .collect();
    let csv = "[[test]]\nname = \"t\"\n[[test.given]]\nref = \"raw.t\"\ncsv = \"\"\"\ni\n1.6\n\"\"\"\n[test.expect]\ncsv = \"\"\"\ni\n2\n\"\"\"\n";
    models.push(("SELECT i FROM raw.t".to_owned(), csv.to_owned()));
    let found = units(&models);
    let whys = wrong.iter().map(|w| w.3).chain(["'1.6' is no INTEGER"]);
    for ((status, detail), why) in found.iter().zip(whys) {
        assert_eq!(status, "error", "{why}: {detail}");
        assert!(detail.contains(why), "{why}: {detail}");
    }
    let right = [
        ("i", "{ i = 2.0 }", "{ i = \"2\" }"),
        ("dec", "{ dec = 10.5 }", "{ dec = \"10.500\" }"),
        ("f * 3 AS f", "{ f = 0.1 }", "{ f = 0.3 }"),
        (
            "f",
            "{ f = nan }, { f = inf }, { f = -0.0 }, { f = 1e300 }",
            "{ f = nan }, { f = inf }, { f = 0.0 }, { f = 1e300 }",
        ),
        ("d", "{ d = 2024-02-29 }", "{ d = \"2024-02-29\" }"),
        (
            "ts",
            "{ ts = 2024-02-29T12:00:00.5 }",
            "{ ts = \"2024-02-29 12:00:00.500000\" }",
        ),
        (
            "l, st",
            "{ l = [], st = { a = 1 } }",
            "{ l = [], st = { a = 1 } }",
        ),
        ("i", "{ i = 1 }, {}, { i = 1 }", "{}, { i = 1 }, { i = 1 }"),
    ];
    let models =
        right.map(|(column, row, expected)| (format!("SELECT {column} FROM raw.t"), given(row, expected)));
    for ((status, detail), (column, row, expected)) in units(&models).iter().zip(right) {
        assert_eq!(status, "pass", "{column} {row} {expected}: {detail}");
    }
}

#[test]
fn a_model_of_windows_is_tested_in_one_of_them_or_over_all_of_time() {
    let query = "SELECT d, SUM(i) AS n FROM raw.t WHERE d >= @start_date AND d < @end_date GROUP BY d";
    let rows = "{ d = 2026-04-06, i = 1 }, { d = 2026-04-07, i = 2 }, { d = 2026-04-07, i = 3 }, { d = 2026-04-08, i = 4 }";
    let strategy = windows("d", "day", "");
    let at = |partition: &str, test: String| {
        test.replace(
            "name = \"t\"\n",
            &format!("name = \"t\"\npartition = \"{partition}\"\n"),
        )
    };
    let daily = |test: String| (query.to_owned(), format!("{strategy}{test}"));
    let seventh = "{ d = 2026-04-07, n = 5 }";
    let all = "{ d = 2026-04-06, n = 1 }, { d = 2026-04-07, n = 5 }, { d = 2026-04-08, n = 4 }";
    let microbatch = "[strategy]\ntype = \"microbatch\"\ntimestamp_column = \"ts\"\n";
    let noon = given(
        "{ ts = 2026-04-07T12:30:00, i = 1 }, { ts = 2026-04-07T13:00:00, i = 2 }",
        "{ i = 1 }",
    );
    let found = units(&[
        daily(at("2026-04-07", given(rows, seventh))),
        daily(given(rows, seventh)),
        daily(given(rows, all)),
        daily(at("2026-04", given(rows, seventh))),
        // What a run cuts off, a test does too.
        (
            "SELECT ts, i FROM raw.t WHERE ts IS NOT NULL".to_owned(),
            format!("{microbatch}{}", at("2026-04-07T12", noon)),
        ),
        (
            "SELECT i FROM raw.t".to_owned(),
            at("2026-04-07", given("{ i = 1 }", "{ i = 1 }")),
        ),
    ]);
    let statuses: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(
        statuses,
        ["pass", "fail", "pass", "error", "pass", "error"],
        "{found:?}"
    );
    assert!(
        found[3].1.contains("is not a day, which is written `YYYY-MM-DD`"),
        "{found:?}"
    );
    assert!(
        found[5]
            .1
            .contains("`partition` is given, and a full_refresh model has none"),
        "{found:?}"
    );
    // All of time, as far as the column has it.
    let folder = Folder::new(
        "",
        &[
            (
                "models/m.sql",
                "SELECT '2024-01-01'::TIMESTAMP_NS AS ts WHERE '2024-01-01'::TIMESTAMP_NS >= @start_date AND '2024-01-01'::TIMESTAMP_NS < @end_date",
            ),
            ("models/m.toml", &windows("ts", "day", "")),
        ],
    );
    let (code, document) = folder.json(&["test"]);
    assert_eq!(code, 0, "{document:#}");
}

const NUMBERS: &str = "SELECT d, v FROM raw.t WHERE d>=@start_date AND d<@end_date";

#[test]
fn a_test_that_stands_twice_sets_rows_aside_once() {
    for mode in ["split", "tag", "drop"] {
        let more = format!(
            "[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"{mode}\"\n\
             [[pipeline.p.checks.assertions]]\ntable = \"m\"\ntype = \"not_null\"\ncolumn = \"a\"\n"
        );
        let test = "[[tests]]\ntype = \"not_null\"\ncolumn = \"a\"\n";
        let folder = Folder::new(
            &more,
            &[
                ("models/m.sql", "SELECT * FROM (VALUES (1), (NULL)) v(a)"),
                ("models/m.toml", &format!("{test}severity = \"warning\"\n{test}")),
            ],
        );
        let run = folder.run(&[]);
        let quarantine = &run["quarantine"][0];
        assert_eq!(quarantine["quarantined_rows"], 1, "{quarantine:#}");
        assert_eq!(quarantine["tests"].as_array().unwrap().len(), 1, "{quarantine:#}");
        let written = if mode == "drop" { 1 } else { 2 };
        assert_eq!(run["materializations"][0]["rows_copied"], written, "{mode}");
    }
}

#[test]
fn windows_and_quarantine_count_what_is_there() {
    for mode in ["split", "tag", "drop"] {
        let more = format!("[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"{mode}\"\n");
        for batch in [1, 2] {
            let sidecar = format!(
                "{}[[tests]]\ntype = \"in_range\"\ncolumn = \"v\"\nmax = 5\n",
                windows("d", "day", &format!("batch_size = {batch}\n"))
            );
            let folder = Folder::new(&more, &[("models/m.sql", NUMBERS), ("models/m.toml", &sidecar)]);
            folder.sql(&[
                "CREATE SCHEMA raw",
                "CREATE TABLE raw.t AS SELECT (DATE '2024-01-01' + (k % 4)::INTEGER) AS d, k AS v FROM range(8) r(k)",
            ]);
            let days = ["--from", "2024-01-01", "--to", "2024-01-04", "--parallel", "2"];
            let first = folder.run(&days);
            // 6 and 7 fail, of the third and the fourth day.
            assert_eq!(first["quarantine"][0]["quarantined_rows"], 2, "{mode} {batch}");
            let run = folder.run(&days);
            assert_eq!(run["quarantine"][0]["quarantined_rows"], 2, "{mode} {batch}");
            let all = folder.sql(&["SELECT COUNT(*) FROM m"]);
            assert_eq!(all, [if mode == "drop" { "6" } else { "8" }]);
            let (_, state) = folder.json(&["state", "--model", "m"]);
            let counted: u64 = state["model_partitions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| p["row_count"].as_u64().unwrap())
                .sum();
            assert_eq!([counted.to_string()], all[..], "{mode} {batch}");
        }
    }
}

#[test]
fn a_custom_check_reads_and_nothing_else() {
    let run = |sql: &str| {
        let check =
            format!("[[pipeline.p.checks.custom]]\nname = \"c\"\nthreshold = 9\nsql = \"\"\"{sql}\"\"\"\n");
        let folder = Folder::new(&check, &[("models/m.sql", "SELECT 1 AS a, 2 AS delete")]);
        let (code, run) = folder.json(&["run"]);
        (
            code,
            run["errors"][0]["error"].as_str().unwrap_or_default().to_owned(),
        )
    };
    for (sql, word) in [
        ("DELETE FROM {table}", "DELETE"),
        ("update {table} set a = 2", "UPDATE"),
        ("WITH x AS (SELECT 1) DELETE FROM {table}", "DELETE"),
        ("COPY {table} TO 'x.csv'", "COPY"),
        ("CREATE TABLE x AS SELECT 1", "CREATE"),
    ] {
        let (code, error) = run(sql);
        assert_eq!(code, 1, "{sql}");
        assert!(
            error.contains(&format!("custom check `c` begins with {word}")),
            "{sql}: {error}"
        );
    }
    for sql in [
        "FROM {table} SELECT COUNT(*)",
        "(SELECT COUNT(*) FROM {target})",
        "WITH x(n) AS (SELECT delete FROM {table}), y AS (SELECT n FROM x) SELECT MAX(n) FROM y",
        "-- how many\nSELECT COUNT(*) FROM {table} -- rows",
    ] {
        assert_eq!(run(sql), (0, String::new()), "{sql}");
    }
}

#[test]
fn a_check_that_no_table_can_have_is_a_mistake() {
    for (checks, error) in [
        (
            "freshness = { threshold_seconds = 60, timestamp_column = \"updated\" }",
            "E301: timestamp_column `updated` is a column of no model of pipeline `p`",
        ),
        (
            "freshness = { threshold_seconds = 60 }",
            "E405: freshness: no model of pipeline `p` says",
        ),
        (
            "null_rate = { columns = [\"a\", \"b\"], threshold = 0.5 }",
            "E301: null_rate column `b` is a column of no model of pipeline `p`",
        ),
        (
            "null_rate = { columns = [], threshold = 0.5 }",
            "E417: `pipeline.p.checks.null_rate.columns` is empty",
        ),
    ] {
        let folder = Folder::new(
            &format!("[pipeline.p.checks]\n{checks}\n"),
            &[
                ("models/m.sql", "SELECT 1 AS a"),
                ("models/n.sql", "SELECT 1 AS c"),
            ],
        );
        let found = folder.refused(&["--model", "n"]);
        assert!(found.contains(error), "{checks}: {found}");
    }
}

#[test]
fn a_folder_of_models_that_is_not_there_is_said() {
    let config = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.raw]\nstrategy = \"full_refresh\"\n\
         [pipeline.raw.source.schema_pattern]\nprefix = \"src__\"\nseparator = \"__\"\ncomponents = [\"source\"]\n\
         [pipeline.raw.target]\ncatalog_template = \"\"\nschema_template = \"stg__{source}\"\n";
    let folder = Folder::of(
        config,
        &[("models/m.sql", "SELECT COUNT(*) AS n FROM stg__shop.orders")],
    );
    folder.sql(&[
        "CREATE SCHEMA src__shop",
        "CREATE TABLE src__shop.orders AS SELECT 1 AS id",
    ]);
    let (code, run) = folder.json(&["run", "--models", "modles"]);
    assert_eq!(code, 2, "{run:#}");
    assert_eq!(run["error"]["message"], "models folder `modles` cannot be read");
    folder.run(&["--models", "models"]);
    assert_eq!(folder.sql(&["SELECT n FROM m"]), ["1"]);
}

#[test]
fn a_model_of_another_pipeline_is_not_chosen_in_silence() {
    let config = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n\
         [pipeline.a]\ntype = \"transformation\"\nmodels = \"a/**\"\n[pipeline.a.target]\n\
         [pipeline.b]\ntype = \"transformation\"\nmodels = \"b/**\"\ndepends_on = [\"a\"]\n[pipeline.b.target]\n";
    let folder = Folder::of(
        config,
        &[
            ("a/x.sql", "SELECT 1 AS i"),
            ("b/y.sql", "SELECT * FROM x"),
            ("b/sub/z.sql", "SELECT * FROM y"),
        ],
    );
    let (code, run) = folder.json(&["run", "--pipeline", "a", "--model", "y"]);
    assert_eq!(code, 2, "{run:#}");
    assert_eq!(
        run["error"]["message"],
        "no model of the choice is of pipeline `a`: `y` belongs to `b`"
    );
    let run = folder.run(&["--pipeline", "a", "--model", "x+"]);
    assert_eq!(run["tables_copied"], 1);
    let run = folder.run(&["--dag"]);
    assert_eq!(run["tables_copied"], 3);
}
