//! Types that users made with `CREATE TYPE`: casts to them and columns of them have the types that DuckDB's `DESCRIBE` says.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::compile::{CompileRequest, CompileResponse, RefreshSources};
use rocky_core::wire::{ColumnState, WireColumn};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::{Column, Warehouse};
use std::path::Path;

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n[[sources]]\nschema = \"raw\"\ntable = \"declared\"\ncolumns = [{ name = \"m\", type = \"mood\" }, { name = \"c\", type = \"s.money[]\" }, { name = \"k\", type = \"INTEGER\" }]\n";

const SETUP: &[&str] = &[
    "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    "CREATE SCHEMA s",
    "CREATE SCHEMA raw",
    "CREATE TYPE s.money AS DECIMAL(18, 2)",
    "CREATE TYPE s.price AS s.money",
    "CREATE TYPE \"Some One\" AS STRUCT(name VARCHAR, mood mood, owed s.money[])",
    "CREATE TYPE either AS UNION(a INTEGER, b mood)",
    "CREATE TABLE raw.t (m mood, c s.money, p \"Some One\", l mood[], e either)",
    "CREATE TABLE raw.declared (m mood, c s.money[], k INTEGER)",
];

const QUERIES: &[(&str, &str)] = &[
    ("a_table", "SELECT * FROM raw.t"),
    (
        "b_casts",
        "SELECT 'sad'::mood AS a, CAST('ok' AS MOOD) AS b, TRY_CAST(1 AS s.money) AS c, 1::w.s.price AS d, NULL::\"some one\" AS e, 2::either AS f, []::mood[] AS g, NULL::STRUCT(x mood, y s.money) AS h",
    ),
    (
        "c_follow",
        "SELECT p.owed[1] + 1 AS a, p.mood AS b, CAST(p AS \"Some One\").owed AS c, c * 2 AS d, l[1] AS e, CASE WHEN m = 'sad' THEN m ELSE 'ok'::mood END AS f, e.b AS g FROM raw.t",
    ),
    (
        "d_agg",
        "SELECT m::mood AS m, sum(1::s.money) AS total, max('ok'::mood) AS top, list(m) AS all_m FROM raw.t GROUP BY ALL",
    ),
    ("e_union", "SELECT 'sad'::mood AS m UNION ALL SELECT m FROM raw.t"),
    ("f_declared", "SELECT m, c, c[1] AS one FROM raw.declared"),
    ("g_reads", "SELECT a, c, e.owed AS owed FROM b_casts"),
];

fn sql(folder: &Path, statements: &[&str]) {
    let cancel = CancelToken::new();
    let db = DuckDb::open(Some(&folder.join("w.duckdb")), &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    for statement in statements {
        connection.execute(statement, &cancel).unwrap();
    }
}

#[test]
fn functions_that_users_made_are_no_mistakes() {
    let folder = folder(&[
        (
            "calls",
            "SELECT dbl(1) AS a, main.dbl(2) + 1 AS b, 1 AS c, rnge.x FROM rnge(3)",
        ),
        ("adds", "SELECT c, total(a) AS t FROM calls GROUP BY c"),
        ("reads", "SELECT t + DATE '2024-01-01' AS d, c FROM adds"),
    ]);
    let macros = [
        "CREATE MACRO dbl(a) AS a * 2",
        "CREATE MACRO total(a) AS sum(a)",
        "CREATE MACRO rnge(n) AS TABLE SELECT 1 AS x",
    ];
    sql(folder.path(), &macros);
    for refresh in [
        RefreshSources::Missing,
        RefreshSources::Always,
        RefreshSources::Never,
    ] {
        let response = compile(folder.path(), refresh);
        let errors = response.diagnostics.iter().filter(|d| d.severity == "Error");
        let errors: Vec<&String> = errors.map(|d| &d.message).collect();
        assert!(errors.is_empty(), "{refresh:?}: {errors:?}");
        let calls = response.models_detail.iter().find(|m| m.name == "calls").unwrap();
        assert_eq!(calls.columns[0].status, ColumnState::Unknown);
        assert_eq!(
            calls.columns[0].reason.as_deref(),
            Some("`dbl` was made with CREATE MACRO")
        );
        assert_eq!(calls.columns[2].r#type, "INTEGER");
    }
    // One that is gone, and one that never was.
    sql(folder.path(), &["DROP MACRO dbl"]);
    let response = compile(folder.path(), RefreshSources::Always);
    let errors = response.diagnostics.iter().filter(|d| d.code == "E104");
    assert_eq!(errors.count(), 2);
}

fn folder(queries: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    std::fs::write(folder.path().join("rocky.toml"), CONFIG).unwrap();
    for (name, text) in queries {
        std::fs::write(folder.path().join(format!("models/{name}.sql")), text).unwrap();
    }
    folder
}

fn compile(folder: &Path, refresh_sources: RefreshSources) -> CompileResponse {
    let engine = Engine::new(&EngineOptions { threads: Some(1) }).unwrap();
    let request = OpenRequest {
        config: Some(folder.display().to_string()),
        ..OpenRequest::default()
    };
    let project = Project::open(&engine, &request, Host::default()).unwrap();
    let request = CompileRequest {
        refresh_sources,
        ..CompileRequest::default()
    };
    let response = project
        .compile(&request, &mut NoObserver, &CancelToken::new())
        .unwrap();
    project.finish();
    response
}

fn columns(response: &CompileResponse, model: &str) -> Vec<(String, String)> {
    let model = response.models_detail.iter().find(|m| m.name == model).unwrap();
    let columns = model.columns.iter();
    columns
        .map(|c| (c.name.to_string(), c.r#type.to_string()))
        .collect()
}

#[test]
fn casts_to_own_types_and_columns_of_them_are_typed_as_described() {
    let folder = folder(QUERIES);
    sql(folder.path(), SETUP);
    let response = compile(folder.path(), RefreshSources::Always);
    assert!(!response.has_errors, "{:#?}", response.diagnostics);
    let cancel = CancelToken::new();
    let db = DuckDb::open(
        Some(&folder.path().join("w.duckdb")),
        &OpenOptions::default(),
        &cancel,
    )
    .unwrap();
    let mut connection = db.connect().unwrap();
    for (name, text) in QUERIES {
        connection
            .execute(&format!("CREATE VIEW {name} AS {text}"), &cancel)
            .unwrap();
        let described = connection.describe(text, &cancel).unwrap();
        let spelled = |c: &Column| (c.name.to_string(), c.ty.print(rocky_base::Dialect::DuckDb));
        let expected: Vec<(String, String)> = described.iter().map(spelled).collect();
        assert_eq!(columns(&response, name), expected, "{name}");
    }
    // Another process remembers them, from the memo and without it.
    for cache in [true, false] {
        if !cache {
            std::fs::remove_dir_all(folder.path().join(".rocky/cache")).unwrap();
        }
        let again = compile(folder.path(), RefreshSources::Never);
        for (name, _) in QUERIES {
            assert_eq!(columns(&again, name), columns(&response, name), "{name}");
        }
    }
}

#[test]
fn a_type_made_anew_is_read_anew_and_an_unknown_one_is_no_error() {
    let folder = folder(&[("a", "SELECT 'sad'::mood AS m, 1::absent AS n")]);
    let absent = |response: &CompileResponse, ty: &str| {
        assert!(!response.has_errors, "{:#?}", response.diagnostics);
        assert_eq!(columns(response, "a")[0].1, ty);
        assert_eq!(columns(response, "a")[1].1, "UNKNOWN");
    };
    absent(&compile(folder.path(), RefreshSources::Never), "UNKNOWN");
    sql(folder.path(), &["CREATE TYPE mood AS ENUM ('sad', 'ok')"]);
    absent(
        &compile(folder.path(), RefreshSources::Always),
        "ENUM('sad', 'ok')",
    );
    sql(
        folder.path(),
        &["DROP TYPE mood", "CREATE TYPE mood AS ENUM ('sad')"],
    );
    absent(
        &compile(folder.path(), RefreshSources::Never),
        "ENUM('sad', 'ok')",
    );
    absent(&compile(folder.path(), RefreshSources::Always), "ENUM('sad')");
    sql(folder.path(), &["DROP TYPE mood"]);
    absent(&compile(folder.path(), RefreshSources::Always), "UNKNOWN");
}

/// A column of a type that is only remembered is assumed, and what is computed from it; the others are proven.
#[test]
fn a_column_that_rests_on_a_remembered_type_is_assumed() {
    let folder = folder(&[
        (
            "a",
            "SELECT 'sad'::mood AS m, 1 AS n, [NULL::s.money] AS l FROM (SELECT 1)",
        ),
        (
            "b",
            "SELECT m, n, m::VARCHAR || 'x' AS text, n + 1 AS more FROM a",
        ),
        ("c", "SELECT m, k, c[1] AS one, k + 1 AS more FROM raw.declared"),
        ("d", "SELECT one, more FROM c"),
    ]);
    sql(folder.path(), SETUP);
    let states = |response: &CompileResponse, model: &str| -> Vec<(ColumnState, Option<String>)> {
        let model = response.models_detail.iter().find(|m| m.name == model).unwrap();
        let state = |c: &WireColumn| (c.status, c.assumed_from.clone());
        model.columns.iter().map(state).collect()
    };
    let proven = (ColumnState::Proven, None);
    let fresh = compile(folder.path(), RefreshSources::Always);
    assert_eq!(states(&fresh, "a"), vec![proven.clone(); 3]);
    assert_eq!(states(&fresh, "b"), vec![proven.clone(); 4]);
    assert_eq!(states(&fresh, "c"), vec![proven.clone(); 4]);
    let assumed = (
        ColumnState::Assumed,
        Some("types made with CREATE TYPE".to_owned()),
    );
    let remembered = compile(folder.path(), RefreshSources::Never);
    assert_eq!(
        states(&remembered, "a"),
        [assumed.clone(), proven.clone(), assumed.clone()]
    );
    assert_eq!(
        states(&remembered, "b"),
        [assumed.clone(), proven.clone(), assumed.clone(), proven.clone()]
    );
    assert_eq!(
        states(&remembered, "c"),
        [assumed.clone(), proven.clone(), assumed.clone(), proven.clone()]
    );
    assert_eq!(states(&remembered, "d"), [assumed, proven]);
}

/// What is remembered of a type may be out of date, so an error that rests on it is a warning until it is read again.
#[test]
fn an_error_that_rests_on_a_remembered_type_is_a_warning() {
    let folder = folder(&[
        ("a", "SELECT DATE '2020-01-01' + NULL::mood AS m"),
        ("b", "SELECT DATE '2020-01-01' + m AS m FROM raw.declared"),
    ]);
    sql(folder.path(), SETUP);
    let fresh = compile(folder.path(), RefreshSources::Always);
    assert!(fresh.has_errors, "{:#?}", fresh.diagnostics);
    let remembered = compile(folder.path(), RefreshSources::Never);
    assert!(!remembered.has_errors, "{:#?}", remembered.diagnostics);
    assert_eq!(remembered.diagnostics.len(), fresh.diagnostics.len());
}
