//! TPC-H through the whole engine on real DuckDB: each query is a model; what compile says of its columns is compared with
//! `DESCRIBE` of the engine that is linked, and every model is run. Schema and queries are those of DuckDB's tpch
//! extension, kept with the tests of core/semantic.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::Dialect;
use rocky_core::verbs::compile::{CompileRequest, RefreshSources};
use rocky_core::verbs::run::RunRequest;
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::path::PathBuf;

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("semantic/tests/data/tpch")
}

#[test]
fn twenty_two_of_twenty_two_are_what_describe_says() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = CancelToken::new();
    std::fs::write(
        folder.path().join("rocky.toml"),
        "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n",
    )
    .unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    let db = DuckDb::open(
        Some(&folder.path().join("w.duckdb")),
        &OpenOptions::default(),
        &cancel,
    )
    .unwrap();
    let mut connection = db.connect().unwrap();
    for table in std::fs::read_to_string(data().join("schema.txt"))
        .unwrap()
        .split("----")
    {
        let mut lines = table.trim().lines();
        let name = lines.next().unwrap();
        let columns: Vec<String> = lines
            .map(|line| {
                let mut parts = line.split('\t');
                let (column, ty) = (parts.next().unwrap(), parts.next().unwrap());
                format!(
                    "{column} {ty} {}",
                    if parts.next().is_some() { "NOT NULL" } else { "" }
                )
            })
            .collect();
        connection
            .execute(&format!("CREATE TABLE {name} ({})", columns.join(", ")), &cancel)
            .unwrap();
    }
    let mut described = Vec::new();
    for n in 1..=22 {
        let text = std::fs::read_to_string(data().join(format!("q{n:02}.txt"))).unwrap();
        let (query, _) = text.split_once("====").unwrap();
        std::fs::write(folder.path().join(format!("models/q{n:02}.sql")), query).unwrap();
        let columns = connection.describe(query.trim(), &cancel).unwrap();
        let columns: Vec<(String, String)> = columns
            .iter()
            .map(|c| (c.name.to_string(), c.ty.print(Dialect::DuckDb)))
            .collect();
        described.push(columns);
    }
    drop(connection);
    drop(db);
    let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
    let request = OpenRequest {
        config: Some(folder.path().display().to_string()),
        ..OpenRequest::default()
    };
    let project = Project::open(&engine, &request, Host::default()).unwrap();
    let request = CompileRequest {
        refresh_sources: RefreshSources::Missing,
        ..CompileRequest::default()
    };
    let compiled = project.compile(&request, &mut NoObserver, &cancel).unwrap();
    assert_eq!(compiled.diagnostics, []);
    let mut exact = 0;
    for (model, expected) in compiled.models_detail.iter().zip(&described) {
        let columns: Vec<(String, String)> = model
            .columns
            .iter()
            .map(|c| (c.name.to_string(), c.r#type.to_string()))
            .collect();
        assert_eq!(&columns, expected, "{}", model.name);
        exact += 1;
    }
    assert_eq!(exact, 22);
    let run = project
        .run(&RunRequest::default(), &mut NoObserver, &cancel)
        .unwrap();
    assert_eq!(
        (run.status.as_str(), run.tables_copied),
        ("Success", 22),
        "{:?}",
        run.errors
    );
}
