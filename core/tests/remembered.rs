//! A database that is proved to be as it was seen is not opened where nothing is to be executed; one that is not, is. On a real DuckDB
//! file.
#![cfg(feature = "duckdb")]
#![allow(missing_docs, clippy::unwrap_used)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::plan::PlanResponse;
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::{CancelToken, ErrorKind, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

struct Folder(tempfile::TempDir);

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

impl Folder {
    fn new(models: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        fs::write(folder.path("rocky.toml"), CONFIG).unwrap();
        fs::create_dir(folder.path("models")).unwrap();
        models.iter().for_each(|(name, sql)| folder.model(name, sql));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn model(&self, name: &str, sql: &str) {
        fs::write(self.path(&format!("models/{name}.sql")), sql).unwrap();
    }

    fn sql(&self, statements: &[&str]) {
        let database = DuckDb::open(
            Some(&self.path("w.duckdb")),
            &OpenOptions::default(),
            &CancelToken::new(),
        )
        .unwrap();
        let mut connection = database.connect().unwrap();
        for sql in statements {
            connection.execute(sql, &CancelToken::new()).unwrap();
        }
    }

    /// A stamp that is younger than a second proves nothing.
    fn age(&self) {
        self.set_time(SystemTime::now() - Duration::from_secs(100));
    }

    fn set_time(&self, time: SystemTime) {
        let file = fs::File::options()
            .write(true)
            .open(self.path("w.duckdb"))
            .unwrap();
        file.set_modified(time).unwrap();
    }

    /// Whoever opens the database now is told that it is none; its stamp is the same.
    fn spoil(&self) -> Vec<u8> {
        let time = fs::metadata(self.path("w.duckdb")).unwrap().modified().unwrap();
        let bytes = fs::read(self.path("w.duckdb")).unwrap();
        fs::write(self.path("w.duckdb"), vec![7; bytes.len()]).unwrap();
        self.set_time(time);
        bytes
    }

    fn open(&self) -> Project {
        let request = OpenRequest {
            config: Some(self.path("rocky.toml").to_str().unwrap().to_owned()),
            ..OpenRequest::default()
        };
        Project::open_alone(&request).unwrap()
    }

    fn try_skip(&self) -> rocky_core::Result<RunResponse> {
        let request = RunRequest {
            skip_unchanged: true,
            ..RunRequest::default()
        };
        self.open().run(&request, &mut NoObserver, &CancelToken::new())
    }

    /// Names of what was built.
    fn skip(&self) -> Vec<String> {
        let run = self.try_skip().unwrap();
        assert_eq!(run.status, "Success", "{:?} {:?}", run.errors, run.diagnostics);
        run.materializations.iter().map(|m| m.model.clone()).collect()
    }

    fn plan(&self) -> rocky_core::Result<PlanResponse> {
        self.open()
            .plan(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
    }
}

const MODELS: [(&str, &str); 2] = [("a", "SELECT id, amount FROM raw.t"), ("b", "SELECT id FROM a")];

fn built() -> Folder {
    let folder = Folder::new(&MODELS);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT 1 AS id, 2 AS amount",
    ]);
    assert_eq!(folder.skip(), ["a", "b"]);
    folder.age();
    // Reads the catalogue, and remembers it with its proof.
    assert_eq!(folder.skip(), [""; 0]);
    folder
}

#[test]
fn a_run_of_unchanged_models_does_not_open_the_database() {
    let folder = built();
    let bytes = folder.spoil();
    assert_eq!(folder.skip(), [""; 0]);
    assert_eq!(folder.plan().unwrap().models, ["a", "b"]);
    // What is to be executed needs it, and what stands in the way is said.
    folder.model("b", "SELECT id + 1 AS id FROM a");
    assert_eq!(folder.try_skip().unwrap_err().kind, ErrorKind::Warehouse);
    fs::write(folder.path("w.duckdb"), bytes).unwrap();
    assert_eq!(folder.skip(), ["b"]);
}

#[test]
fn what_others_did_to_the_database_is_seen() {
    let folder = built();
    folder.sql(&["INSERT INTO raw.t VALUES (2, 3)"]);
    assert_eq!(folder.skip(), ["a", "b"]);
    folder.age();
    assert_eq!(folder.skip(), [""; 0]);
    folder.sql(&["DROP TABLE b"]);
    assert_eq!(folder.skip(), ["b"]);
    // In the log alone: the database is in use by this process.
    folder.age();
    assert_eq!(folder.skip(), [""; 0]);
    let database = DuckDb::open(
        Some(&folder.path("w.duckdb")),
        &OpenOptions::default(),
        &CancelToken::new(),
    )
    .unwrap();
    let mut connection = database.connect().unwrap();
    connection
        .execute("UPDATE raw.t SET amount = 0", &CancelToken::new())
        .unwrap();
    assert!(folder.path("w.duckdb.wal").exists());
    assert_eq!(folder.skip(), ["a", "b"]);
}

#[test]
fn a_stamp_that_has_not_settled_proves_nothing() {
    let folder = Folder::new(&MODELS);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT 1 AS id, 2 AS amount",
    ]);
    folder.skip();
    assert_eq!(folder.skip(), [""; 0]);
    folder.spoil();
    assert!(folder.try_skip().is_err());
}

/// A view may read what the file of the database knows nothing of, and what DuckDB remembers of its columns may be of another time.
#[test]
fn a_view_that_is_read_is_looked_at() {
    let folder = Folder::new(&[("a", "SELECT * FROM raw.v")]);
    fs::write(folder.path("x.csv"), "id,amount\n1,2\n").unwrap();
    let csv = folder.path("x.csv").display().to_string();
    let view = format!("CREATE VIEW raw.v AS SELECT * FROM '{csv}'");
    folder.sql(&["CREATE SCHEMA raw", &view]);
    let columns = |folder: &Folder| -> Vec<u64> {
        let plan = folder.plan().unwrap();
        assert!(!plan.has_errors, "{:?}", plan.diagnostics);
        let run = folder
            .open()
            .run(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
            .unwrap();
        assert_eq!(run.status, "Success", "{:?} {:?}", run.errors, run.diagnostics);
        let columns = run
            .materializations
            .iter()
            .filter_map(|m| m.metadata.column_count);
        columns.collect()
    };
    assert_eq!(columns(&folder), [2]);
    folder.age();
    assert_eq!(columns(&folder), [2]);
    fs::write(folder.path("x.csv"), "id,amount,name\n1,2,x\n").unwrap();
    folder.age();
    // DuckDB's own memory of the view has two columns.
    assert_eq!(columns(&folder), [3]);
}

/// DuckDB 1.5.5 cannot bind some queries over nested views, and then aborts the transaction: the catalogue can be read for all that.
#[test]
fn a_view_that_cannot_be_bound_hinders_nobody() {
    let folder = Folder::new(&MODELS);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT 1 AS id, 2 AS amount",
        "CREATE TABLE raw.gone AS SELECT 1 AS id",
        "CREATE VIEW raw.broken AS SELECT id FROM raw.gone",
        "DROP TABLE raw.gone",
    ]);
    assert_eq!(folder.skip(), ["a", "b"]);
    folder
        .open()
        .discover(&Default::default(), &mut NoObserver, &CancelToken::new())
        .unwrap();
}
