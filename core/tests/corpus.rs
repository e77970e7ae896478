//! Some hundreds of queries as analysts write them (`corpus/*.sql`), each a model of one project on real DuckDB: names, order and
//! types of its columns are what `DESCRIBE` says of it, no column is unknown, and no error is found.
//!
//! A file holds queries, each after a line `-- name: x`; `schema.sql` beside it makes the tables they read. `corpus/tpcds` has the
//! 99 queries of TPC-DS, as DuckDB's extension (MIT) writes them.
//!
//! Each file of `corpus/layers` is a project whose models read each other, in the order of the file: types flow through several
//! layers. DuckDB makes a table of each, so that a column said to be NOT NULL can be seen to hold none. So are those of
//! `corpus/projects`, in the manner of public projects; each begins with its own tables, and `{dir}` is where its files are.

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
    // What stands before the first makes tables.
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

/// What a table of DuckDB's holds: its columns, and how many NULLs are in each.
fn made(connection: &mut dyn Connection, name: &str, query: &str) -> (Vec<(String, String)>, Vec<i64>) {
    let cancel = CancelToken::new();
    connection
        .execute(&format!("CREATE TABLE \"{name}\" AS FROM (\n{query}\n)"), &cancel)
        .unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let columns = describe(connection, name, &format!("FROM \"{name}\""));
    let counts: Vec<String> = columns
        .iter()
        .map(|(column, _)| format!("count(*) - count(\"{}\")", column.replace('"', "\"\"")))
        .collect();
    let sql = format!("SELECT {} FROM \"{name}\"", counts.join(", "));
    let rows = connection.query(&sql, 1, &cancel).unwrap();
    let nulls = rows.rows[0].iter().map(|v| v.to_i64().unwrap()).collect();
    (columns, nulls)
}

/// One file of layers: how many models, and what is wrong.
fn check_layers(file: &Path, schema: &str) -> (usize, String) {
    let folder = tempfile::tempdir().unwrap();
    let cancel = CancelToken::new();
    let here = folder.path().display().to_string().replace('\\', "/");
    let schema = schema.replace("{dir}", &here);
    let schema = schema.as_str();
    std::fs::write(folder.path().join("rocky.toml"), CONFIG).unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    let path = folder.path().join("w.duckdb");
    let sources = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
    sources.connect().unwrap().execute(schema, &cancel).unwrap();
    drop(sources);
    // The judge's own: the project's database holds no table of a model.
    let judge = DuckDb::open(
        Some(&folder.path().join("j.duckdb")),
        &OpenOptions::default(),
        &cancel,
    )
    .unwrap();
    let mut connection = judge.connect().unwrap();
    connection.execute(schema, &cancel).unwrap();
    let area = file.file_stem().unwrap().to_str().unwrap();
    let mut expected = Vec::new();
    for (name, query) in queries(file) {
        let query = query.replace("{dir}", &here);
        let name = name.strip_prefix(&format!("{area}__")).unwrap().to_owned();
        std::fs::write(folder.path().join(format!("models/{name}.sql")), &query).unwrap();
        let (columns, nulls) = made(&mut *connection, &name, &query);
        expected.push((name, columns, nulls));
    }
    let response = compile(folder.path());
    let mut wrong = String::new();
    for (name, columns, nulls) in &expected {
        let mut found = differences(&response, name, columns);
        let model = response.models_detail.iter().find(|m| m.name == *name);
        for (column, nulls) in model.iter().flat_map(|m| &m.columns).zip(nulls) {
            if !column.nullable && *nulls > 0 {
                writeln!(found, "  {} is NOT NULL and holds {nulls} NULLs", column.name).unwrap();
            }
        }
        if !found.is_empty() {
            writeln!(wrong, "{area}: {name}\n{found}").unwrap();
        }
    }
    (expected.len(), wrong)
}

#[test]
fn types_flow_through_layers_of_models() {
    let folder = corpus().join("layers");
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| !p.ends_with("schema.sql"))
        .collect();
    files.sort();
    let (mut n, mut wrong) = (0, String::new());
    for file in &files {
        let (models, found) = check_layers(file, &schema);
        n += models;
        wrong += &found;
    }
    assert!(wrong.is_empty(), "of {n} models\n{wrong}");
    assert!(n >= 250, "{n}");
}

#[test]
fn projects_in_the_manner_of_public_ones_are_exact() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(corpus().join("projects"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let (mut n, mut wrong) = (0, String::new());
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let (schema, _) = text.split_once("-- name: ").unwrap();
        let (models, found) = check_layers(file, schema);
        n += models;
        wrong += &found;
    }
    assert!(wrong.is_empty(), "of {n} models\n{wrong}");
    assert!(n >= 250, "{n}");
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
