//! Some hundreds of queries as analysts write them (`corpus/*.sql`), each a model of one project on real DuckDB: names, order and
//! types of its columns are what `DESCRIBE` says of it, no column is unknown, and no error is found.
//!
//! A file holds queries, each after a line `-- name: x`; `schema.sql` beside it makes the tables they read. `corpus/tpcds` has the
//! 99 queries of TPC-DS, as DuckDB's extension (MIT) writes them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::Dialect;
use rocky_core::verbs::compile::{CompileRequest, CompileResponse, RefreshSources};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::{Connection, Warehouse};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The queries of a file: name and text.
fn queries(file: &Path) -> Vec<(String, String)> {
    let area = file.file_stem().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    text.split("-- name: ")
        .skip(1)
        .map(|part| {
            let (name, query) = part.split_once('\n').unwrap();
            let query = query.trim().trim_end_matches(';').to_owned();
            (format!("{area}__{}", name.trim()), query)
        })
        .collect()
}

/// What the engine says of a query's columns. As a subquery, because that is how it names the columns of a table made from
/// it: two of one name become `a` and `a_1`.
fn describe(connection: &mut dyn Connection, name: &str, query: &str) -> Vec<(String, String)> {
    let described = connection
        .describe(&format!("FROM (\n{query}\n)"), &CancelToken::new())
        .unwrap_or_else(|e| panic!("{name}: {e:?}"));
    described
        .iter()
        .map(|c| (c.name.to_string(), c.ty.print(Dialect::DuckDb)))
        .collect()
}

fn compile(folder: &Path) -> CompileResponse {
    let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
    let request = OpenRequest {
        config: Some(folder.display().to_string()),
        ..OpenRequest::default()
    };
    let project = Project::open(&engine, &request, Host::default()).unwrap();
    let request = CompileRequest {
        refresh_sources: RefreshSources::Missing,
        ..CompileRequest::default()
    };
    project
        .compile(&request, &mut NoObserver, &CancelToken::new())
        .unwrap()
}

/// What is wrong with the model, or nothing.
fn differences(response: &CompileResponse, name: &str, expected: &[(String, String)]) -> String {
    let mut out = String::new();
    for finding in &response.diagnostics {
        if finding.model == name && finding.severity == "Error" {
            writeln!(out, "  {}: {}", finding.code, finding.message).unwrap();
        }
    }
    let Some(model) = response.models_detail.iter().find(|m| m.name == name) else {
        return out + "  not compiled\n";
    };
    if !model.columns_complete {
        out.push_str("  columns are not all known\n");
    }
    if model.columns.len() != expected.len() {
        writeln!(
            out,
            "  {} columns, expected {}",
            model.columns.len(),
            expected.len()
        )
        .unwrap();
    }
    for (column, (expected_name, expected_type)) in model.columns.iter().zip(expected) {
        if (column.name.as_str(), column.r#type.as_str()) != (expected_name.as_str(), expected_type.as_str())
        {
            writeln!(
                out,
                "  {} {}\n  expected {expected_name} {expected_type}",
                column.name, column.r#type
            )
            .unwrap();
        }
    }
    out
}

/// Every query of the folder as a model; what is not exact.
fn check(corpus: &Path) -> (usize, String) {
    let folder = tempfile::tempdir().unwrap();
    let cancel = CancelToken::new();
    std::fs::write(folder.path().join("rocky.toml"), CONFIG).unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    let database = folder.path().join("w.duckdb");
    let db = DuckDb::open(Some(&database), &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    let schema = std::fs::read_to_string(corpus.join("schema.sql")).unwrap();
    connection.execute(&schema, &cancel).unwrap();
    let mut files: Vec<PathBuf> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "sql") && !p.ends_with("schema.sql"))
        .collect();
    files.sort();
    let mut expected = Vec::new();
    for (name, query) in files.iter().flat_map(|f| queries(f)) {
        std::fs::write(folder.path().join(format!("models/{name}.sql")), &query).unwrap();
        let columns = describe(&mut *connection, &name, &query);
        expected.push((name, columns));
    }
    drop(connection);
    drop(db);
    let response = compile(folder.path());
    let mut wrong = String::new();
    for (name, columns) in &expected {
        let found = differences(&response, name, columns);
        if !found.is_empty() {
            writeln!(wrong, "{name}\n{found}").unwrap();
        }
    }
    (expected.len(), wrong)
}

#[test]
fn every_query_has_the_columns_that_describe_says() {
    let (n, wrong) = check(&corpus());
    assert!(wrong.is_empty(), "of {n} queries\n{wrong}");
    assert!(n >= 400, "{n}");
}

#[test]
fn ninety_nine_of_ninety_nine_of_tpcds() {
    let (n, wrong) = check(&corpus().join("tpcds"));
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(n, 99);
}
