//! What rests on a remembered catalogue is assumed, and only warns; what follows from the text, from declarations and from
//! a catalogue read just now is proven.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_base::event::NoObserver;
use rocky_base::system::MemorySystem;
use rocky_base::{CancelToken, Dialect, Ident};
use rocky_project::{
    CatalogInput, ColumnStatus, Compiler, Coverage, Edits, Inputs, Options, Snapshot, Statuses,
};
use rocky_warehouse::{CatalogSnapshot, Column, Relation, RelationKind, RelationName, Type};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const CONFIG: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
[[sources]]
schema = "raw"
table = "declared"
columns = [{ name = "id", type = "BIGINT", nullable = false }, { name = "name", type = "VARCHAR" }]
"#;

/// The catalogue that was read at second 1000: `raw.seen(id BIGINT, amount DOUBLE)`.
fn catalog() -> CatalogSnapshot {
    let mut catalog = CatalogSnapshot {
        dialect: Dialect::DuckDb,
        default_catalog: Some(Ident::bare("w")),
        default_schema: Some(Ident::bare("main")),
        taken_at: 1000,
        ..CatalogSnapshot::default()
    };
    let column = |name: &str, ty: Type| Column {
        name: name.into(),
        ty,
        nullable: true,
    };
    catalog.insert(Relation {
        name: RelationName {
            catalog: Some(Ident::bare("w")),
            schema: Some(Ident::bare("raw")),
            table: Ident::bare("seen"),
        },
        kind: RelationKind::Table,
        columns: vec![column("id", Type::Int64), column("amount", Type::Float64)],
    });
    catalog
}

fn compile(files: &[(&str, &str)], fresh: bool) -> Arc<Snapshot> {
    let system = Arc::new(MemorySystem::default());
    system.set_now(Duration::from_secs(1000 + 3 * 86_400 + 5));
    system.write("/p/rocky.toml", CONFIG);
    for (path, text) in files {
        system.write(format!("/p/{path}"), *text);
    }
    let options = Options {
        config: PathBuf::from("/p/rocky.toml"),
        models: None,
        contracts: None,
        config_optional: false,
        cache: None,
    };
    let inputs = Inputs {
        catalog: Some(CatalogInput {
            snapshot: Arc::new(catalog()),
            fresh,
        }),
        ..Inputs::default()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut compiler = Compiler::new(system, options);
    let mut once = || {
        compiler
            .compile(&inputs, &pool, &mut NoObserver, &CancelToken::new())
            .unwrap()
    };
    let first = once();
    let second = once();
    assert_eq!(
        first.diagnostics(),
        second.diagnostics(),
        "the memo changes nothing"
    );
    second
}

/// `E100 Error`, of every finding.
fn findings(snapshot: &Snapshot) -> Vec<String> {
    let finding = |d: &rocky_base::Diagnostic| format!("{} {}", d.code, d.severity.as_str());
    snapshot.diagnostics().iter().map(finding).collect()
}

/// `id proven`, `amount assumed w.raw.seen@1000`, `x unknown`, of every column of a model.
fn columns(snapshot: &Snapshot, name: &str) -> Vec<String> {
    let statuses = Statuses::of(snapshot);
    let (id, model) = snapshot.model(name).unwrap();
    (0..model.analysis().columns.len())
        .map(|i| {
            let name = &model.analysis().columns[i].name;
            match statuses.column(snapshot, id, model, i) {
                ColumnStatus::Proven => format!("{name} proven"),
                ColumnStatus::Assumed { basis, at } => {
                    format!("{name} assumed {}@{at}", snapshot.basis_name(basis))
                }
                ColumnStatus::Unknown { .. } => format!("{name} unknown"),
            }
        })
        .collect()
}

#[test]
fn an_error_from_a_remembered_column_only_warns_and_says_what_it_rests_on() {
    let files = [("models/a.sql", "select amuont from raw.seen")];
    let remembered = compile(&files, false);
    assert_eq!(findings(&remembered), ["E100 Warning"]);
    assert_eq!(remembered.softened(), 1);
    assert!(!remembered.model("a").unwrap().1.has_errors);
    let finding = &remembered.diagnostics()[0];
    assert_eq!(
        finding.notes[0].text,
        "assumed, not proved: the columns of `w.raw.seen` were read 3 days ago"
    );
    assert!(
        finding
            .help
            .as_deref()
            .unwrap()
            .contains("--refresh-sources always")
    );
    assert_eq!(finding.fix, None);
    let read_now = compile(&files, true);
    assert_eq!(findings(&read_now), ["E100 Error"]);
    assert_eq!(read_now.softened(), 0);
}

#[test]
fn an_error_that_needs_no_remembered_fact_stays_one() {
    let snapshot = compile(
        &[(
            "models/a.sql",
            "select d.nope, s.nope as other, no_such_function(s.id) as f\n\
             from raw.declared as d join raw.seen as s on s.id = d.id",
        )],
        false,
    );
    assert_eq!(findings(&snapshot), ["E100 Error", "E100 Warning", "E104 Error"]);
}

#[test]
fn an_unqualified_name_may_be_in_what_is_only_remembered() {
    let files = [("models/a.sql", "select nope from raw.declared, raw.seen")];
    assert_eq!(
        findings(&compile(&files, false)),
        ["E100 Warning", "W105 Warning"]
    );
    assert_eq!(findings(&compile(&files, true)), ["E100 Error", "W105 Warning"]);
}

#[test]
fn doubt_reaches_the_readers_of_a_model() {
    let files = [
        ("models/a.sql", "select * from raw.seen"),
        ("models/b.sql", "select nope from a"),
        ("models/c.sql", "select id as key, 'x' as kind from raw.seen"),
        ("models/d.sql", "select nope from c"),
    ];
    // What `c` puts out follows from its text; which columns `a` has does not.
    assert_eq!(findings(&compile(&files, false)), ["E100 Warning", "E100 Error"]);
}

#[test]
fn a_contract_is_not_broken_by_a_remembered_type() {
    let files = [
        (
            "models/a.sql",
            "select id, cast(amount as date) as day from raw.seen",
        ),
        (
            "models/a.contract.toml",
            "[[columns]]\nname = \"id\"\ntype = \"INTEGER\"\n[[columns]]\nname = \"day\"\ntype = \"TIME\"\n\
             [rules]\nrequired = [\"missing\"]\n",
        ),
    ];
    let mut found = findings(&compile(&files, false));
    found.sort();
    // Column names and the type of a CAST follow from the text; that no value survives it, from what is remembered.
    assert_eq!(
        found,
        ["E010 Error", "E011 Error", "E011 Warning", "W210 Warning"]
    );
}

#[test]
fn each_column_has_its_own_status() {
    let files = [
        (
            "models/a.sql",
            "select d.id, s.amount, d.name, count(*) as n, coalesce(d.name, s.amount::text) as both\n\
             from raw.declared d join raw.seen s on s.id = d.id group by all",
        ),
        ("models/b.sql", "select id, amount + 1 as more, n from a"),
        ("models/c.sql", "select * from raw.seen"),
        ("models/d.sql", "select amount, 1 as one from c"),
        ("models/e.sql", "select *, some_macro(x) as x from crm.nothing"),
    ];
    let snapshot = compile(&files, false);
    assert_eq!(
        columns(&snapshot, "a"),
        [
            "id proven",
            "amount assumed w.raw.seen@1000",
            "name proven",
            "n proven",
            "both assumed w.raw.seen@1000"
        ]
    );
    assert_eq!(
        columns(&snapshot, "b"),
        ["id proven", "more assumed w.raw.seen@1000", "n proven"]
    );
    assert_eq!(
        columns(&snapshot, "c"),
        ["id assumed w.raw.seen@1000", "amount assumed w.raw.seen@1000"]
    );
    assert_eq!(
        columns(&snapshot, "d"),
        ["amount assumed w.raw.seen@1000", "one proven"]
    );
    let statuses = Statuses::of(&snapshot);
    let coverage = |name: &str| statuses.coverage(&snapshot, snapshot.model(name).unwrap().0);
    let of = |proven, assumed, unknown| Coverage {
        proven,
        assumed,
        unknown,
    };
    assert_eq!(coverage("a"), of(3, 2, 0));
    assert_eq!(coverage("b"), of(2, 1, 0));
    // One column of unknown type, and at least one behind the star.
    assert_eq!(coverage("e"), of(0, 0, 2));
    let fresh = compile(&files, true);
    assert_eq!(columns(&fresh, "d"), ["amount proven", "one proven"]);
}

#[test]
fn an_edit_raises_no_error_from_a_remembered_column_either() {
    let files = [
        ("models/a.sql", "select id, amount from raw.seen"),
        ("models/b.sql", "select id from a"),
        ("models/c.sql", "select id from raw.declared"),
    ];
    let snapshot = compile(&files, false);
    let edit = |path: &str, text: &str| {
        let edits = Edits {
            files: vec![(path.into(), Some(text.into()))],
            ..Edits::default()
        };
        let system = MemorySystem::default();
        let edited = snapshot.edited(&system, &edits, &CancelToken::new()).unwrap();
        let edited = edited.expect("the graph is what it was");
        (findings(&edited), edited.softened())
    };
    assert_eq!(
        edit("models/a.sql", "select idd as id, amount from raw.seen"),
        (vec!["E100 Warning".to_owned()], 1)
    );
    assert_eq!(
        edit("models/c.sql", "select idd from raw.declared"),
        (vec!["E100 Error".to_owned()], 0)
    );
    // What `a` puts out follows from its text, so that its reader is wrong whatever the warehouse says.
    assert_eq!(
        edit("models/b.sql", "select idd from a"),
        (vec!["E100 Error".to_owned()], 0)
    );
}

#[test]
fn the_existing_target_of_a_model_is_remembered_too() {
    let files = [
        (
            "models/seen.sql",
            "select id, amount from raw.declared_too where id > (select max(nope) from seen)",
        ),
        (
            "models/seen.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"id\"\n[target]\nschema = \"raw\"\n\
             [[sources]]\nschema = \"raw\"\ntable = \"declared_too\"\ncolumns = [{ name = \"id\", type = \"BIGINT\" }, \
             { name = \"amount\", type = \"DOUBLE\" }]",
        ),
    ];
    assert_eq!(findings(&compile(&files, false)), ["E100 Warning"]);
    assert_eq!(findings(&compile(&files, true)), ["E100 Error"]);
}

#[test]
fn the_coverage_of_nothing_is_whole() {
    assert_eq!(Coverage::default().ratio(), 1.0);
    let half = Coverage {
        proven: 1,
        assumed: 1,
        unknown: 0,
    };
    assert_eq!(half.ratio(), 0.5);
}
