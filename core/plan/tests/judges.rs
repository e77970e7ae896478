//! Every statement of every golden is read by a judge that is not ours: ZetaSQL's analyzer for BigQuery, Spark's parser for
//! Databricks, sqlglot's Snowflake dialect for Snowflake. `make setup-judges` installs them. What the goldens do to tables is executed
//! with rows on DuckDB and on emulators, and must end the same: Sail (Spark SQL on Delta tables), fakesnow, bqemulator.
//!
//! Each judge is shown wrong statements too, and must refuse them: a judge that takes everything is none.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A statement and where it is from.
struct Case {
    golden: String,
    sql: String,
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where `make setup-judges` puts them.
fn installed() -> PathBuf {
    here("../../.cache/judges")
}

/// The statements of a dialect's goldens. Comment lines stand between statements, of which each ends with its line; a script of
/// several statements is judged one by one. Values stand in the holes.
fn statements(dialect: &str) -> Vec<Case> {
    let values = [
        ("$now", "TIMESTAMP '2026-04-07 08:09:10.000000'"),
        ("$run_id", "'run-1'"),
        ("$start_date", "'2026-04-07 00:00:00'"),
        ("$end_date", "'2026-04-08 00:00:00'"),
    ];
    let mut goldens: Vec<PathBuf> = std::fs::read_dir(here("tests/golden").join(dialect))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    goldens.sort();
    assert!(goldens.len() > 20, "{dialect}: {} goldens", goldens.len());
    let mut cases = Vec::new();
    for path in goldens {
        let golden = path.file_name().unwrap().to_string_lossy().into_owned();
        let before = cases.len();
        let mut sql = String::new();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            // A task that is refused has no statement.
            if sql.is_empty() && (line.starts_with("-- ") || line == ";" || line.is_empty()) {
                continue;
            }
            sql.push_str(line);
            let Some(whole) = sql.strip_suffix(';') else {
                sql.push('\n');
                continue;
            };
            let sql_of_case = values
                .iter()
                .fold(whole.to_owned(), |sql, (hole, value)| sql.replace(hole, value));
            cases.push(Case {
                golden: golden.clone(),
                sql: sql_of_case,
            });
            sql.clear();
        }
        assert_eq!(sql, "", "{golden} ends within a statement");
        assert!(cases.len() > before, "{golden} has no statement");
    }
    assert!(cases.len() > 200, "{dialect}: {} statements", cases.len());
    cases
}

/// For each statement what the judge says against it.
fn judged(program: &Path, arguments: &[&Path], statements: &[&str]) -> Vec<Option<String>> {
    assert!(
        program.exists() || program.components().count() == 1,
        "{} is missing: run `make setup-judges`",
        program.display()
    );
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .spawn()
        .unwrap();
    let input = serde_json::json!({ "statements": statements }).to_string();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(
        out.status.success(),
        "{}: {}",
        program.display(),
        String::from_utf8_lossy(&out.stderr)
    );
    let answers: Vec<Option<String>> = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(answers.len(), statements.len());
    answers
}

/// All goldens of the dialect pass, but for what is excused, and all of `wrong` is refused.
fn judge(
    dialect: &str,
    program: &Path,
    arguments: &[&Path],
    excused: &dyn Fn(&Case, &str) -> bool,
    wrong: &[&str],
) {
    let cases = statements(dialect);
    // Real statements with something behind them.
    let broken: Vec<String> = cases.iter().step_by(7).map(|c| format!("{}\n)", c.sql)).collect();
    let controls: Vec<&str> = broken
        .iter()
        .map(String::as_str)
        .chain(wrong.iter().copied())
        .collect();
    let all: Vec<&str> = cases
        .iter()
        .map(|c| c.sql.as_str())
        .chain(controls.iter().copied())
        .collect();
    let mut answers = judged(program, arguments, &all);
    let of_controls = answers.split_off(cases.len());
    let mut refused = String::new();
    for (case, answer) in cases.iter().zip(answers) {
        if let Some(why) = answer.filter(|why| !excused(case, why)) {
            refused.push_str(&format!("{}: {why}\n{}\n\n", case.golden, case.sql));
        }
    }
    assert!(refused.is_empty(), "{dialect} refuses:\n{refused}");
    for (sql, answer) in controls.iter().zip(of_controls) {
        assert!(answer.is_some(), "{dialect}: the judge takes\n{sql}");
    }
}

/// The statements of strategies, snapshots, replication, drift, checks, quarantines and seeds with real rows, against DuckDB's: `n`
/// comparisons, what the emulator lacks among them.
fn executed(dialect: &str, venv: &str, n: usize) {
    let python = installed().join(venv).join("bin/python");
    assert!(
        python.exists(),
        "{} is missing: run `make setup-judges`",
        python.display()
    );
    // On a busy machine an emulator sometimes stops to answer: it is ended by its own deadline, and that is no verdict.
    let mut attempts = 3;
    let out = loop {
        let out = Command::new(&python)
            .args([
                &here("tests/judges/execute.py"),
                Path::new(dialect),
                &here("tests/golden"),
            ])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        attempts -= 1;
        if out.status.code().is_some() || attempts == 0 {
            break out;
        }
    };
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{errors}");
    let report: BTreeMap<String, Option<String>> = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report.len(), n, "{:#?}", report.keys());
    let wrong: Vec<_> = report.iter().filter(|(_, why)| why.is_some()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{errors}");
}

#[test]
fn sail_executes_what_is_planned_for_databricks_on_delta_tables() {
    executed("databricks", "venv-emulators", 75);
}

#[test]
fn fakesnow_executes_what_is_planned_for_snowflake() {
    executed("snowflake", "venv-emulators", 70);
}

#[test]
fn bqemulator_executes_what_is_planned_for_bigquery() {
    executed("bigquery", "venv-bigquery", 69);
}

#[test]
fn zetasql_analyses_the_statements_of_bigquery() {
    // The analyzer of this build stops at the one kind of ALTER that it has parsed and does not resolve.
    let excused = |case: &Case, why: &str| {
        case.sql.contains(" ALTER COLUMN ")
            && why.starts_with("ALTER TABLE does not support ALTER COLUMN SET DATA TYPE")
    };
    judge(
        "bigquery",
        Path::new("node"),
        &[
            &here("tests/judges/judge_bigquery.js"),
            &installed(),
            &here("tests/judges/tables.json"),
        ],
        &excused,
        &[
            "SELECT nothing FROM raw.orders",
            "SELECT id FROM raw.nowhere",
            "SELECT id FROM raw.orders WHERE day = updated_at",
            "INSERT INTO marts.orders (id) SELECT day FROM raw.orders",
            "MERGE INTO marts.orders AS t USING raw.orders AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET id = s.day",
            "SELECT LENGTH(amount) FROM raw.orders",
        ],
    );
}

#[test]
fn spark_parses_the_statements_of_databricks() {
    judge(
        "databricks",
        &installed().join("venv/bin/python"),
        &[&here("tests/judges/judge_databricks.py")],
        &|_, _| false,
        &[
            "SELECT id FROM (",
            "INSERT INTO t REPLACE WHERE SELECT 1",
            "MERGE INTO t USING s WHEN MATCHED THEN DELETE",
            "CREATE OR REPLACE TABLE t USING DELTA PARTITIONED (a) AS SELECT 1 AS a",
            "CREATE OR REPLACE MATERIALIZED VIEW t PARTITION a AS SELECT 1 AS a",
            "CREATE OR REFRESH STREAMING TABLE t COMMENT = 'x' AS SELECT 1",
        ],
    );
}

#[test]
fn sqlglot_parses_the_statements_of_snowflake() {
    judge(
        "snowflake",
        &installed().join("venv/bin/python"),
        &[&here("tests/judges/judge_snowflake.py")],
        &|_, _| false,
        &[
            // It takes much that Snowflake does not; what it is sure of it refuses.
            "SELECT id FROM WHERE",
            "INSERT INTO t (a SELECT 1",
            "DELETE FROM t USING (SELECT 1 AS a AS s WHERE t.a = s.a",
            "ALTER TABLE t RENAMED u",
            "CREATE OR REPLACE DYNAMIC TABLE t TARGET_LAG = '1 hour' WAREHOUSE w AS SELECT",
        ],
    );
}
