//! A load that was killed: whatever of warehouse and state was written by then, the next run leaves every row in the table once.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::{Event, Observer};
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project, Result};
use rocky_warehouse::Warehouse;
use std::path::{Path, PathBuf};

/// Takes the state as a process has left it that was killed when the run's last transaction was committed.
struct Killed(PathBuf);

impl Observer for Killed {
    fn event(&mut self, event: &Event) {
        if matches!(event, Event::RunFinished { .. }) {
            std::fs::copy(self.0.join(".rocky-state.redb"), self.0.join("killed.redb")).unwrap();
        }
    }
}

fn run(root: &Path, observer: &mut dyn Observer, force: bool) -> Result<RunResponse> {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let open = OpenRequest {
        config: Some(root.join("rocky.toml").to_string_lossy().into_owned()),
        ..OpenRequest::default()
    };
    let project = Project::open(&engine, &open, Host::default()).unwrap();
    let request = RunRequest {
        force_rebuild: force,
        ..RunRequest::default()
    };
    project.run(&request, observer, &CancelToken::new())
}

fn sql(root: &Path, sql: &str) -> String {
    let cancel = CancelToken::new();
    let db = DuckDb::open(Some(&root.join("w.duckdb")), &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    let rows = connection.query(sql, 10, &cancel).unwrap().rows;
    rows.first().and_then(|r| r[0].to_text()).unwrap_or_default()
}

const COUNT: &str = "SELECT COUNT(*) || ' ' || COUNT(DISTINCT a) FROM raw.t";

#[test]
fn each_row_is_there_once_after_a_kill() {
    for (committed, rows_before) in [(true, false), (true, true), (false, false), (false, true)] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let config = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.l]\ntype = \"load\"\nsource_dir = \"in\"\n\
                      [pipeline.l.target]\ncatalog = \"\"\nschema = \"raw\"\ntable = \"t\"\n";
        std::fs::write(root.join("rocky.toml"), config).unwrap();
        std::fs::create_dir(root.join("in")).unwrap();
        let expected = if rows_before {
            std::fs::write(root.join("in/0.csv"), "a\n1\n2\n").unwrap();
            assert_eq!(run(root, &mut NoObserver, false).unwrap().status, "Success");
            "5 5"
        } else {
            sql(root, "SELECT 1");
            "3 3"
        };
        std::fs::copy(root.join("w.duckdb"), root.join("before.duckdb")).unwrap();
        std::fs::write(root.join("in/1.csv"), "a\n3\n4\n").unwrap();
        std::fs::write(root.join("in/2.jsonl"), "{\"a\": 5}\n").unwrap();
        let done = run(root, &mut Killed(root.to_owned()), false).unwrap();
        assert_eq!(done.materializations[0].rows_copied, Some(3));
        std::fs::rename(root.join("killed.redb"), root.join(".rocky-state.redb")).unwrap();
        if !committed {
            std::fs::rename(root.join("before.duckdb"), root.join("w.duckdb")).unwrap();
        }
        let after = run(root, &mut NoObserver, false).unwrap();
        assert_eq!(after.tables_copied, u64::from(!committed), "{after:#?}");
        assert_eq!(sql(root, COUNT), expected);
        let again = run(root, &mut NoObserver, false).unwrap();
        assert_eq!((again.tables_copied, sql(root, COUNT).as_str()), (0, expected));
        // It is over: what is done to the table later is not held against that run, and the files may go.
        std::fs::remove_file(root.join("in/1.csv")).unwrap();
        sql(root, "DELETE FROM raw.t WHERE a > 3");
        std::fs::write(root.join("in/3.csv"), "a\n9\n").unwrap();
        assert_eq!(run(root, &mut NoObserver, false).unwrap().tables_copied, 1);
        assert_eq!(sql(root, "SELECT COUNT(*) FROM raw.t WHERE a = 9"), "1");
    }
}

#[test]
fn where_it_cannot_be_told_nothing_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let config = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.l]\ntype = \"load\"\nsource_dir = \"in\"\n\
                  [pipeline.l.target]\ncatalog = \"\"\nschema = \"raw\"\n";
    std::fs::write(root.join("rocky.toml"), config).unwrap();
    std::fs::create_dir(root.join("in")).unwrap();
    std::fs::write(root.join("in/t.csv"), "a\n1\n").unwrap();
    run(root, &mut Killed(root.to_owned()), false).unwrap();
    std::fs::rename(root.join("killed.redb"), root.join(".rocky-state.redb")).unwrap();
    sql(root, "INSERT INTO raw.t VALUES (7)");
    let error = run(root, &mut NoObserver, false).unwrap_err();
    assert!(
        error.message.contains("it is not known whether"),
        "{}",
        error.message
    );
    assert_eq!(sql(root, COUNT), "2 2");
    assert_eq!(run(root, &mut NoObserver, true).unwrap().tables_copied, 1);
    assert_eq!(sql(root, COUNT), "3 2");
    assert_eq!(run(root, &mut NoObserver, false).unwrap().tables_copied, 0);
}
