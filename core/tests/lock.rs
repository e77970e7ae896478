//! `schema.lock` on a real DuckDB file: written, read without the warehouse, and compared with one that has changed.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::compile::{CompileRequest, CompileResponse, RefreshSources};
use rocky_core::verbs::discover::DiscoverRequest;
use rocky_core::verbs::lock::{ColumnChangeKind, LockReport, RelationChange};
use rocky_core::wire::ColumnState;
use rocky_core::{CancelToken, Engine, EngineOptions, Error, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;

const CONFIG: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", CONFIG);
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }
    fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.path().join(path)).unwrap()
    }
    fn sql(&self, statements: &str) {
        let cancel = CancelToken::new();
        let db = DuckDb::open(
            Some(&self.0.path().join("w.duckdb")),
            &OpenOptions::default(),
            &cancel,
        )
        .unwrap();
        let mut connection = db.connect().unwrap();
        for statement in statements.split(';').filter(|s| !s.trim().is_empty()) {
            connection.execute(statement, &cancel).unwrap();
        }
    }
    /// A handle that remembers nothing but what is on disk.
    fn project(&self) -> Project {
        let engine = Engine::new(&EngineOptions { threads: Some(1) }).unwrap();
        let request = OpenRequest {
            config: Some(self.0.path().display().to_string()),
            ..OpenRequest::default()
        };
        Project::open(&engine, &request, Host::default()).unwrap()
    }
    fn compile(&self, request: &CompileRequest) -> CompileResponse {
        self.project()
            .compile(request, &mut NoObserver, &CancelToken::new())
            .unwrap()
    }
    fn lock(&self, write_lock: bool) -> Result<LockReport, Error> {
        let request = DiscoverRequest {
            write_lock,
            check_lock: !write_lock,
            ..DiscoverRequest::default()
        };
        let response = self
            .project()
            .discover(&request, &mut NoObserver, &CancelToken::new());
        response.map(|r| r.lock.unwrap())
    }
}

fn locked() -> CompileRequest {
    CompileRequest {
        locked: true,
        ..CompileRequest::default()
    }
}

fn codes(response: &CompileResponse) -> Vec<String> {
    response
        .diagnostics
        .iter()
        .map(|d| format!("{} {}", d.code, d.severity))
        .collect()
}

const SETUP: &str = "create schema raw; create table raw.orders(id bigint not null, amount decimal(10,2), \
                     qty integer, status varchar, gone date); comment on table raw.orders is 'All orders'; \
                     comment on column raw.orders.qty is 'pieces'";

fn shop() -> Folder {
    let folder = Folder::new(&[
        (
            "models/stg.sql",
            "select id, amount, qty + 1 as q from raw.orders where status is not null",
        ),
        (
            "models/fct.sql",
            "select id, sum(amount) as total from stg group by id",
        ),
        ("models/everything.sql", "select * from raw.orders"),
    ]);
    folder.sql(SETUP);
    folder
}

#[test]
fn a_locked_project_compiles_without_its_warehouse() {
    let folder = shop();
    assert_eq!(codes(&folder.compile(&locked())), ["E422 Error"]);
    let written = folder.lock(true).unwrap();
    assert!(written.written && written.drifted);
    assert_eq!(written.drift[0].change, RelationChange::NotLocked);
    assert_eq!(written.drift[0].readers, ["everything", "stg"]);
    let text = folder.read("schema.lock");
    assert!(text.contains("comment = \"All orders\""), "{text}");
    assert!(
        text.contains("  { name = \"qty\", type = \"INTEGER\", comment = \"pieces\" },"),
        "{text}"
    );

    // Nothing but the files of the repository.
    std::fs::remove_file(folder.0.path().join("w.duckdb")).unwrap();
    std::fs::remove_dir_all(folder.0.path().join(".rocky")).unwrap();
    let compiled = folder.compile(&CompileRequest {
        min_coverage: Some(100.0),
        ..locked()
    });
    assert_eq!(codes(&compiled), Vec::<String>::new());
    assert_eq!(compiled.coverage.columns, 10);
    assert_eq!(compiled.coverage.proven, 10);
}

#[test]
fn writing_again_changes_nothing_when_nothing_changed() {
    let folder = shop();
    folder.lock(true).unwrap();
    // As if it had been written long ago.
    let (before, after) = folder
        .read("schema.lock")
        .split_once("fetched_at = \"")
        .map(|(a, b)| (a.to_owned(), b.split_once('"').unwrap().1.to_owned()))
        .unwrap();
    let text = format!("{before}fetched_at = \"2020-02-02T02:02:02Z\"{after}");
    folder.write("schema.lock", &text);
    let again = folder.lock(true).unwrap();
    assert!(!again.written && !again.drifted);
    assert_eq!(folder.read("schema.lock"), text);
    assert!(!folder.lock(false).unwrap().drifted);
}

#[test]
fn drift_is_shown_with_what_it_reaches_and_what_it_breaks() {
    let folder = shop();
    folder.lock(true).unwrap();
    folder.sql(
        "alter table raw.orders alter amount type decimal(12,2); alter table raw.orders alter qty type varchar; \
         alter table raw.orders drop gone; alter table raw.orders add column extra uuid; \
         alter table raw.orders alter id drop not null; comment on column raw.orders.qty is null",
    );
    let report = folder.lock(false).unwrap();
    assert!(report.drifted && !report.written);
    let [orders] = report.drift.as_slice() else {
        panic!("{:?}", report.drift)
    };
    let shown: Vec<String> = orders
        .columns
        .iter()
        .map(|c| {
            let text = |t: &Option<String>| t.clone().unwrap_or_default();
            let reached: Vec<String> = c
                .affected
                .iter()
                .map(|a| {
                    format!(
                        "{}({}{})",
                        a.model,
                        a.columns.join(","),
                        if a.rows { "+rows" } else { "" }
                    )
                })
                .collect();
            format!(
                "{} {:?} {}>{} {} {}",
                c.column,
                c.change,
                text(&c.from),
                text(&c.to),
                text(&c.widening),
                reached.join(" ")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "id Nullability not null>null  everything(id) stg(id) fct(id+rows)",
            "amount Retyped DECIMAL(10,2)>DECIMAL(12,2) safe everything(amount) stg(amount) fct(total)",
            "qty Retyped INTEGER>VARCHAR safe everything(qty) stg(q)",
            "gone Removed DATE>  everything(gone)",
            "extra Added >UUID  everything(extra)",
            "qty Comment pieces>  ",
        ]
    );
    let broken: Vec<String> = report
        .breaks
        .iter()
        .map(|d| format!("{} {}", d.model, d.code))
        .collect();
    assert_eq!(broken, ["stg E203"]);

    // Until it is written anew the lock holds, and the difference is said where it is seen.
    let compiled = folder.compile(&CompileRequest {
        refresh_sources: RefreshSources::Always,
        ..CompileRequest::default()
    });
    assert_eq!(codes(&compiled), ["W420 Warning"]);
    assert!(folder.lock(true).unwrap().written);
    assert_eq!(codes(&folder.compile(&locked())), ["E203 Error"]);
}

#[test]
fn a_relation_that_is_gone_is_drift_and_leaves_the_file() {
    let folder = shop();
    folder.lock(true).unwrap();
    folder.sql("drop table raw.orders");
    let report = folder.lock(false).unwrap();
    assert_eq!(report.drift[0].change, RelationChange::Missing);
    assert_eq!(report.missing, ["w.raw.orders"]);
    assert!(
        report.breaks.iter().any(|d| d.code == "E101"),
        "{:?}",
        report.breaks
    );
    assert_eq!(folder.lock(true).unwrap().relations, 0);
}

#[test]
fn a_moved_column_is_a_change() {
    let folder = Folder::new(&[("models/a.sql", "select * from src")]);
    folder.sql("create table src(a integer, b integer)");
    folder.lock(true).unwrap();
    folder.sql("drop table src; create table src(b integer, a integer)");
    let report = folder.lock(false).unwrap();
    let changes: Vec<ColumnChangeKind> = report.drift[0].columns.iter().map(|c| c.change).collect();
    assert_eq!(changes, [ColumnChangeKind::Moved]);
}

#[test]
fn a_model_that_does_not_parse_takes_nothing_out_of_the_lock() {
    let folder = shop();
    folder.lock(true).unwrap();
    let text = folder.read("schema.lock");
    for model in ["stg", "everything"] {
        folder.write(&format!("models/{model}.sql"), "select (((");
    }
    assert!(!folder.lock(true).unwrap().written);
    assert_eq!(folder.read("schema.lock"), text);
}

#[test]
fn a_lock_that_cannot_be_read_is_an_error_to_check_and_none_to_write() {
    let folder = shop();
    let missing = folder.lock(false).unwrap_err();
    assert!(missing.message.contains("schema.lock"), "{missing:?}");
    folder.write("schema.lock", "version = 1\n<<<<<<< HEAD\n");
    let conflict = folder.lock(false).unwrap_err();
    assert!(
        conflict.message.contains("schema.lock:2:1: merge conflict"),
        "{conflict:?}"
    );
    assert!(folder.lock(true).unwrap().written);
    assert!(!folder.lock(false).unwrap().drifted);
}

#[test]
fn what_is_only_remembered_is_assumed_and_has_an_age() {
    let folder = shop();
    let asked = CompileRequest {
        refresh_sources: RefreshSources::Missing,
        ..CompileRequest::default()
    };
    assert_eq!(folder.compile(&asked).coverage.assumed, 0);
    let remembered = folder.compile(&CompileRequest::default());
    assert_eq!((remembered.coverage.proven, remembered.coverage.assumed), (0, 10));
    let fct = remembered.models_detail.iter().find(|m| m.name == "fct").unwrap();
    let total = &fct.columns[1];
    assert_eq!(total.status, ColumnState::Assumed);
    assert_eq!(total.assumed_from.as_deref(), Some("w.raw.orders"));
    assert!(total.age_seconds.unwrap() < 3600);
    assert_eq!(fct.coverage.assumed, 2);

    folder.write("models/stg.sql", "select idd as id, amount from raw.orders");
    assert_eq!(
        codes(&folder.compile(&CompileRequest::default())),
        ["E100 Warning"]
    );
    assert_eq!(codes(&folder.compile(&asked)), ["E100 Error"]);
}

#[test]
fn too_little_coverage_fails_with_the_models_that_lack_most() {
    let folder = Folder::new(&[
        ("models/a.sql", "select 1 as x"),
        ("models/b.sql", "select y, z, 1 as one from nowhere.at_all"),
    ]);
    let compile = |percent: f64, model: Option<&str>| {
        folder.compile(&CompileRequest {
            min_coverage: Some(percent),
            model: model.map(str::to_owned),
            ..CompileRequest::default()
        })
    };
    let low = compile(51.0, None);
    assert!(low.has_errors);
    let finding = low.diagnostics.iter().find(|d| d.code == "E420").unwrap();
    assert_eq!(
        finding.message,
        "2 of 4 columns are proven (50 %), at least 51 % are wanted"
    );
    assert_eq!(
        finding.notes[0].text,
        "`b`: 1 of 3 columns proven, 0 assumed, 2 unknown"
    );
    assert!(!compile(50.0, None).has_errors);
    assert!(!compile(100.0, Some("a")).has_errors);
    assert!(compile(50.0, Some("b")).has_errors);
    let wrong = folder.project().compile(
        &CompileRequest {
            min_coverage: Some(101.0),
            ..CompileRequest::default()
        },
        &mut NoObserver,
        &CancelToken::new(),
    );
    assert!(wrong.unwrap_err().message.contains("101"));
}
