//! The statements of snapshot pipelines, per dialect, strategy and state of the target, against golden files.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{Project, assert_queries_parse, golden, show, spelled};
use rocky_base::{Dialect, FileId, Ident, Loc, SmolStr, Span};
use rocky_config::Spanned;
use rocky_plan::{Change, SnapshotSpec, snapshot};
use rocky_warehouse::{RelationKind, RelationName};

fn spanned(name: &str) -> Spanned<SmolStr> {
    Spanned::new(name.into(), Loc::new(FileId(0), Span::new(0, 0)))
}

fn spec(dialect: Dialect, change: Change, deletes: bool) -> SnapshotSpec {
    let name = |schema: &str, table: &str| RelationName {
        catalog: None,
        schema: Some(Ident::quoted(spelled(dialect, schema))),
        table: Ident::quoted(spelled(dialect, table)),
    };
    let none = Loc::new(FileId(0), Span::new(0, 0));
    SnapshotSpec {
        aliases: Vec::new(),
        pipeline: "p".into(),
        source: name("raw", "people"),
        target: name("hist", "people"),
        places: (none, none),
        unique_key: vec![spanned("id"), spanned("part")],
        change,
        invalidate_hard_deletes: deletes,
        create_schema: Some(true),
        fail_fast: false,
        checks: None,
    }
}

fn check(name: &str, change: &Change, deletes: bool) {
    for dialect in Dialect::ALL {
        let source = ["id", "part", "name", "changed", "select"];
        let project = Project::new(dialect).exists("raw", "people", RelationKind::Table, &source);
        let spec = spec(dialect, change.clone(), deletes);
        let absent = snapshot(&spec, project.catalog()).unwrap();
        let own = [
            "id",
            "part",
            "name",
            "changed",
            "gone",
            "valid_from",
            "valid_to",
            "is_current",
            "snapshot_id",
        ];
        let project = project.exists("hist", "people", RelationKind::Table, &own);
        let table = snapshot(&spec, project.catalog()).unwrap();
        for plan in [&absent, &table] {
            assert_queries_parse(plan);
            assert_eq!(plan.tasks[0].transaction, dialect == Dialect::DuckDb);
        }
        let text = format!(
            "-- ==== Absent ====\n{}-- ==== Table ====\n{}",
            show(&absent),
            show(&table)
        );
        golden(&format!("{dialect}/{name}.sql"), &text);
    }
}

#[test]
fn by_the_time_of_change() {
    check(
        "snapshot_updated_at",
        &Change::UpdatedAt(spanned("changed")),
        true,
    );
}

#[test]
fn by_all_columns() {
    check("snapshot_check", &Change::Check(None), false);
}

#[test]
fn a_history_is_checked_by_its_current_versions() {
    let toml = r#"
[adapter]
type = "duckdb"
[pipeline.p]
type = "snapshot"
unique_key = ["id"]
[pipeline.p.source]
catalog = ""
schema = "raw"
table = "people"
[pipeline.p.target]
catalog = ""
schema = "hist"
table = "people"
[pipeline.p.checks]
row_count = true
column_match = true
freshness = { threshold_seconds = 60, overrides = { hist = 30 } }
null_rate = { columns = ["name"], threshold = 0.1 }
[[pipeline.p.checks.assertions]]
table = "people"
type = "unique"
column = "id"
filter = "is_current"
"#;
    let parsed = rocky_config::parse_project(FileId(0), toml, &|_| None);
    let checks = parsed.value.pipelines["p"].checks.clone();
    assert!(checks.is_some());
    for dialect in Dialect::ALL {
        let mut text = String::new();
        for deletes in [false, true] {
            let source = ["id", "part", "name", "changed", "select"];
            let own = [
                "id",
                "gone",
                "valid_from",
                "valid_to",
                "is_current",
                "snapshot_id",
            ];
            let project = Project::new(dialect)
                .exists("raw", "people", RelationKind::Table, &source)
                .exists("hist", "people", RelationKind::Table, &own);
            let mut spec = spec(dialect, Change::UpdatedAt(spanned("changed")), deletes);
            spec.checks.clone_from(&checks);
            let plan = snapshot(&spec, project.catalog()).unwrap();
            assert_queries_parse(&plan);
            let shown = show(&plan);
            let at = shown.find("-- check row_count").unwrap();
            text.push_str(&format!(
                "-- ==== invalidate_hard_deletes = {deletes} ====\n{}",
                &shown[at..]
            ));
        }
        golden(&format!("{dialect}/snapshot_checks.sql"), &text);
    }
    // A history is kept as it is.
    let dialect = Dialect::DuckDb;
    let project = Project::new(dialect).exists("raw", "people", RelationKind::Table, &["id", "part", "name"]);
    let tag = toml.replace(
        "filter = \"is_current\"",
        "[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"tag\"\n",
    );
    let tag = tag
        .replace("type = \"unique\"", "type = \"not_null\"")
        .replace("freshness", "# ");
    let mut spec = spec(dialect, Change::Check(None), false);
    spec.checks = rocky_config::parse_project(FileId(0), &tag, &|_| None)
        .value
        .pipelines["p"]
        .checks
        .clone();
    let found = snapshot(&spec, project.catalog()).unwrap_err();
    assert_eq!(
        found[0].message,
        "`hist.people` is a history (snapshot_scd2): its rows can neither be tagged nor deleted"
    );
}

#[test]
fn mistakes_are_named() {
    let refused = |spec: &SnapshotSpec, project: &Project| {
        let found = snapshot(spec, project.catalog()).unwrap_err();
        format!("{}: {}", found[0].code, found[0].message)
    };
    let dialect = Dialect::Snowflake;
    let project = Project::new(dialect).exists("raw", "people", RelationKind::Table, &["id", "part", "name"]);
    let other = spec(dialect, Change::UpdatedAt(spanned("nam")), false);
    assert_eq!(
        refused(&other, &project),
        "E301: updated_at `nam` is not a column of `RAW.PEOPLE`"
    );
    let view = project.exists("hist", "people", RelationKind::View, &["id"]);
    let check = spec(dialect, Change::Check(None), false);
    assert_eq!(
        refused(&check, &view),
        "E303: target `HIST.PEOPLE` exists and is not a table"
    );
    let own = Project::new(dialect).exists(
        "raw",
        "people",
        RelationKind::Table,
        &["id", "part", "is_current"],
    );
    assert_eq!(
        refused(&check, &own),
        "E303: source table `RAW.PEOPLE` has a column `IS_CURRENT`, which the history needs for itself"
    );
}
