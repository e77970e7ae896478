//! Runs that do not do everything again: going on with a run that failed, leaving alone what is unchanged, and idempotency keys. On a
//! real DuckDB file.
#![cfg(feature = "duckdb")]
#![allow(missing_docs, clippy::unwrap_used)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::wire::Filters;
use rocky_core::{CancelToken, Error, ErrorKind, NoObserver, OpenRequest, Project};
use rocky_warehouse::{Value, Warehouse};
use std::fs;
use std::path::Path;

struct Folder(tempfile::TempDir);

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n[pipeline.p.execution]\nconcurrency = 1\n";

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", CONFIG);
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn sql(&self, statements: &[&str]) {
        let database = DuckDb::open(
            Some(&self.path().join("w.duckdb")),
            &OpenOptions::default(),
            &CancelToken::new(),
        )
        .unwrap();
        let mut connection = database.connect().unwrap();
        for sql in statements {
            connection.execute(sql, &CancelToken::new()).unwrap();
        }
    }

    fn value(&self, sql: &str) -> Value {
        let database = DuckDb::open(
            Some(&self.path().join("w.duckdb")),
            &OpenOptions::default(),
            &CancelToken::new(),
        )
        .unwrap();
        let mut rows = database
            .connect()
            .unwrap()
            .query(sql, 1, &CancelToken::new())
            .unwrap();
        rows.rows.remove(0).remove(0)
    }

    fn open(&self) -> Project {
        let request = OpenRequest {
            config: Some(self.path().join("rocky.toml").to_str().unwrap().to_owned()),
            ..OpenRequest::default()
        };
        Project::open_alone(&request).unwrap()
    }

    fn try_run(&self, request: &RunRequest) -> Result<RunResponse, Error> {
        self.open().run(request, &mut NoObserver, &CancelToken::new())
    }

    fn run(&self, request: &RunRequest) -> RunResponse {
        self.try_run(request).unwrap()
    }

    /// What was written, and what was left out with its reason without the name of the run.
    fn skip(&self) -> (Vec<String>, Vec<String>) {
        let run = self.run(&RunRequest {
            skip_unchanged: true,
            ..RunRequest::default()
        });
        assert_eq!(run.status, "Success", "{:?}", run.errors);
        let reasons = run.model_decisions.iter().map(|d| {
            let reason = match d.reason.split_once("run-") {
                Some((text, rest)) => format!("{text}…{}", &rest[rest.find(' ').unwrap_or(rest.len())..]),
                None => d.reason.clone(),
            };
            format!("{} {}: {reason}", d.model, d.decision)
        });
        let mut reasons: Vec<String> = reasons.collect();
        reasons.sort();
        (written(&run), reasons)
    }
}

fn written(run: &RunResponse) -> Vec<String> {
    let mut names: Vec<String> = run.materializations.iter().map(|m| m.model.clone()).collect();
    names.sort();
    names
}

fn resume_latest() -> RunRequest {
    RunRequest {
        resume_latest: true,
        ..RunRequest::default()
    }
}

#[test]
fn a_resumed_run_does_what_was_left_and_can_be_resumed_itself() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS id"),
        (
            "models/b.sql",
            "SELECT CASE WHEN n > 1 THEN n ELSE error('too few') END AS n FROM raw.counts, a",
        ),
        (
            "models/c.sql",
            "SELECT CASE WHEN n > 2 THEN n ELSE error('still too few') END AS n FROM b",
        ),
        ("models/d.sql", "SELECT n FROM c"),
        ("models/e.sql", "SELECT id FROM a"),
    ]);
    folder.sql(&["CREATE SCHEMA raw", "CREATE TABLE raw.counts AS SELECT 1 AS n"]);
    let first = folder.run(&RunRequest::default());
    assert_eq!(
        (first.status.as_str(), written(&first)),
        ("PartialFailure", vec!["a".into(), "e".into()])
    );
    folder.sql(&["UPDATE raw.counts SET n = 2"]);
    let second = folder.run(&resume_latest());
    assert_eq!(second.resumed_from.as_ref(), Some(&first.run_id));
    assert_eq!(written(&second), ["b"]);
    let reasons: Vec<(&str, &str)> = second
        .skipped
        .iter()
        .map(|s| (s.model.as_str(), s.reason.as_str()))
        .collect();
    let done = format!("done by {}", first.run_id);
    assert!(
        reasons.contains(&("a", &done)) && reasons.contains(&("e", &done)),
        "{reasons:?}"
    );
    folder.sql(&["UPDATE main.b SET n = 3"]);
    // The third knows what the first and the second had done.
    let third = folder.run(&RunRequest {
        resume: Some(second.run_id.clone()),
        ..RunRequest::default()
    });
    assert_eq!(
        (third.status.as_str(), written(&third)),
        ("Success", vec!["c".into(), "d".into()])
    );
    let error = folder.try_run(&resume_latest()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{}", error.message);
}

#[test]
fn what_was_edited_since_is_done_again_with_its_readers() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS id"),
        ("models/b.sql", "SELECT id FROM a"),
        ("models/x.sql", "SELECT 1 AS one"),
        ("models/z.sql", "SELECT error('no') AS n FROM b"),
    ]);
    let first = folder.run(&RunRequest::default());
    assert_eq!(written(&first), ["a", "b", "x"]);
    folder.write("models/a.sql", "SELECT 2 AS id");
    folder.write("models/z.sql", "SELECT id FROM b");
    assert_eq!(written(&folder.run(&resume_latest())), ["a", "b", "z"]);
    assert_eq!(folder.value("SELECT id FROM main.z"), Value::Int(2));
}

#[test]
fn a_run_of_something_else_is_not_resumed() {
    let folder = Folder::new(&[("models/a.sql", "SELECT error('no') AS n")]);
    let run = folder.run(&RunRequest::default());
    let ask = |resume: &str, filter: Option<&str>| {
        let request = RunRequest {
            resume: Some(resume.to_owned()),
            filter: filter.map(|f| Filters::One(f.to_owned())),
            ..RunRequest::default()
        };
        let error = folder.try_run(&request).unwrap_err();
        format!("{} ({})", error.message, error.hint.unwrap_or_default())
    };
    assert!(ask("run-x", None).starts_with("run `run-x` is not known ("));
    let other = ask(&run.run_id, Some("client=acme"));
    assert!(
        other.contains("had no filter, this one has filter `client=acme`"),
        "{other}"
    );
    let both = RunRequest {
        resume: Some(run.run_id),
        ..resume_latest()
    };
    assert_eq!(folder.try_run(&both).unwrap_err().kind, ErrorKind::Usage);
}

#[test]
fn what_is_unchanged_is_left_alone() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT id, name FROM raw.people"),
        ("models/b.sql", "SELECT id FROM e"),
        ("models/c.sql", "SELECT 1 AS one"),
        ("models/e.sql", "SELECT id FROM a WHERE id > 0"),
        ("models/e.toml", "strategy = \"ephemeral\""),
        ("models/r.sql", "SELECT random() AS r"),
        ("models/v.sql", "SELECT id FROM b"),
        ("models/v.toml", "strategy = \"view\""),
    ]);
    folder.sql(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.people AS SELECT 1 AS id, 'x' AS name UNION ALL SELECT 1, 'x'",
    ]);
    assert_eq!(folder.skip().0.len(), 5);
    let (built, reasons) = folder.skip();
    assert_eq!(built, ["r"]);
    assert_eq!(
        reasons,
        [
            "a skip: unchanged since …",
            "b skip: unchanged since …",
            "c skip: unchanged since …",
            "r build: two builds of it differ: `random`",
            "v skip: unchanged since …",
        ]
    );
    // Two equal rows for two other equal rows: the number of rows and an exclusive or would be the same.
    folder.sql(&["UPDATE raw.people SET name = 'y'"]);
    let (built, reasons) = folder.skip();
    assert_eq!(built, ["a", "b", "r", "v"]);
    assert!(
        reasons.contains(&"a build: `w.raw.people` changed".to_owned()),
        "{reasons:?}"
    );
    assert!(
        reasons.contains(&"b build: `a`, which it reads, is built".to_owned()),
        "{reasons:?}"
    );
    // A text that means the same, and one that does not.
    folder.write("models/c.sql", "select 1 as one -- the same");
    folder.write("models/e.sql", "SELECT p.id FROM a AS p WHERE p.id > 0");
    assert_eq!(folder.skip().0, ["r"]);
    folder.write("models/e.sql", "SELECT p.id FROM a AS p WHERE p.id > 1");
    assert_eq!(folder.skip().0, ["b", "r", "v"]);
    // A target that is gone.
    folder.sql(&["DROP TABLE main.c"]);
    assert_eq!(folder.skip().0, ["c", "r"]);
    // A build without the flag proves nothing, and whoever read the one before is built again.
    let only = RunRequest {
        models: vec!["a".to_owned()],
        ..RunRequest::default()
    };
    assert_eq!(written(&folder.run(&only)), ["a"]);
    let (built, reasons) = folder.skip();
    assert_eq!(built, ["a", "b", "r", "v"]);
    assert!(
        reasons.contains(&"a build: its target was built by … without `skip_unchanged`".to_owned()),
        "{reasons:?}"
    );
    assert_eq!(folder.skip().0, ["r"]);
}

#[test]
fn a_failed_build_proves_nothing() {
    let folder = Folder::new(&[(
        "models/a.sql",
        "SELECT CASE WHEN n > 1 THEN n ELSE error('few') END AS n FROM raw.counts",
    )]);
    folder.sql(&["CREATE SCHEMA raw", "CREATE TABLE raw.counts AS SELECT 2 AS n"]);
    let request = RunRequest {
        skip_unchanged: true,
        ..RunRequest::default()
    };
    assert_eq!(folder.run(&request).tables_copied, 1);
    folder.sql(&["UPDATE raw.counts SET n = 1"]);
    assert_eq!(folder.run(&request).status, "Failure");
    // The source is as it was when the target was built, but that build is no longer what the note is about.
    folder.sql(&["UPDATE raw.counts SET n = 2"]);
    assert_eq!(folder.run(&request).tables_copied, 1);
    assert_eq!(folder.run(&request).tables_copied, 0);
}

#[test]
fn the_configuration_can_ask_for_it() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS id")]);
    folder.write("rocky.toml", &format!("{CONFIG}[run]\nskip_unchanged = true\n"));
    assert_eq!(folder.run(&RunRequest::default()).tables_copied, 1);
    let run = folder.run(&RunRequest::default());
    assert_eq!(
        (run.tables_copied, run.tables_skipped, run.status.as_str()),
        (0, 1, "Success")
    );
    let forced = RunRequest {
        force_rebuild: true,
        ..RunRequest::default()
    };
    assert_eq!(folder.run(&forced).tables_copied, 1);
    let plan = folder
        .open()
        .plan(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert_eq!(plan.model_decisions.len(), 1);
    assert!(
        plan.model_decisions[0]
            .reason
            .contains("without `skip_unchanged`")
    );
}

#[test]
fn a_key_is_done_once() {
    let folder = Folder::new(&[(
        "models/a.sql",
        "SELECT CASE WHEN n > 1 THEN n ELSE error('few') END AS n FROM raw.counts",
    )]);
    folder.sql(&["CREATE SCHEMA raw", "CREATE TABLE raw.counts AS SELECT 1 AS n"]);
    let with = |key: &str| RunRequest {
        idempotency_key: Some(key.to_owned()),
        ..RunRequest::default()
    };
    // A failure may be done again.
    assert_eq!(folder.run(&with("k")).status, "Failure");
    folder.sql(&["UPDATE raw.counts SET n = 2"]);
    let done = folder.run(&with("k"));
    assert_eq!(
        (done.status.as_str(), done.idempotency_key.as_deref()),
        ("Success", Some("k"))
    );
    let again = folder.run(&with("k"));
    assert_eq!(again.status, "SkippedIdempotent");
    assert_eq!(again.skipped_by_run_id.as_ref(), Some(&done.run_id));
    assert!(again.run_id.is_empty() && again.materializations.is_empty());
    assert_eq!(folder.run(&with("other")).status, "Success");
    // What is wrong with the request or the models frees the key.
    let unknown = RunRequest {
        models: vec!["nothing".to_owned()],
        ..with("third")
    };
    assert!(folder.try_run(&unknown).is_err());
    assert_eq!(folder.run(&with("third")).status, "Success");
    for bad in ["", "a\nb", &"x".repeat(600)] {
        assert_eq!(folder.try_run(&with(bad)).unwrap_err().kind, ErrorKind::Usage);
    }
}

#[test]
fn a_key_under_way_is_told_so() {
    let folder = Folder::new(&[(
        "models/a.sql",
        "SELECT count(*) AS n FROM range(1000000000000) AS r(i) WHERE hash(i) % 7 = 3",
    )]);
    let project = folder.open();
    let request = RunRequest {
        idempotency_key: Some("k".to_owned()),
        ..RunRequest::default()
    };
    let cancel = CancelToken::new();
    let (begun, under_way) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let mut observer = |event: &rocky_core::Event| {
            if matches!(event, rocky_core::Event::ModelStarted { .. }) {
                let _ = begun.send(());
            }
        };
        let (project, request, cancel) = (&project, &request, &cancel);
        let first = scope.spawn(move || project.run(request, &mut observer, cancel).unwrap());
        under_way.recv().unwrap();
        let second = project
            .run(request, &mut NoObserver, &CancelToken::new())
            .unwrap();
        assert_eq!(second.status, "SkippedInFlight");
        cancel.trip();
        let first = first.join().unwrap();
        assert!(first.interrupted);
        assert!(second.skipped_by_run_id.is_some());
    });
}

#[test]
fn a_run_that_panics_frees_its_key() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    let project = folder.open();
    let request = RunRequest {
        idempotency_key: Some("k".to_owned()),
        ..RunRequest::default()
    };
    let mut panicking =
        |e: &rocky_core::Event| assert!(!matches!(e, rocky_core::Event::ModelStarted { .. }), "on purpose");
    let run = || project.run(&request, &mut panicking, &CancelToken::new());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
    // In the same process, which lives on.
    let again = project
        .run(&request, &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert_eq!(again.status, "Success");
}

#[test]
fn a_conflict_with_somebody_else_is_waited_for() {
    // Another connection of this process has altered the table and has not committed yet.
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    folder.run(&RunRequest::default());
    let config = CONFIG.replace(
        "[pipeline.p]\n",
        "[adapter.default.retry]\ninitial_backoff_ms = 1\n[pipeline.p]\n",
    );
    folder.write("rocky.toml", &config.replace("[adapter]", "[adapter.default]"));
    let database = DuckDb::open(
        Some(&folder.path().join("w.duckdb")),
        &OpenOptions::default(),
        &CancelToken::new(),
    )
    .unwrap();
    let none = CancelToken::new();
    let mut rival = database.connect().unwrap();
    rival.execute("BEGIN", &none).unwrap();
    rival
        .execute("ALTER TABLE a ADD COLUMN y INTEGER", &none)
        .unwrap();
    let mut told = Vec::new();
    let mut observer = |e: &rocky_core::Event| {
        if let rocky_core::Event::ModelRetried { reason, .. } = e {
            told.push(reason.to_string());
            if told.len() == 2 {
                rival.execute("ROLLBACK", &none).unwrap();
            }
        }
    };
    let project = folder.open();
    let run = project
        .run(&RunRequest::default(), &mut observer, &CancelToken::new())
        .unwrap();
    assert_eq!(run.status, "Success", "{:?}", run.errors);
    assert!(
        told.len() >= 2 && told.iter().all(|r| r == "conflict"),
        "{told:?}"
    );
    let written = &run.materializations[0];
    assert_eq!(written.attempt_count as usize, told.len() + 1);
    assert_eq!(written.retries.len(), told.len());
}

/// A check that waits for other models belongs to its model: until it holds, a run that goes on does the model again.
#[test]
fn a_model_whose_late_check_fails_is_not_done() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS id"),
        (
            "models/a.toml",
            "[[tests]]\ntype = \"relationships\"\ncolumn = \"id\"\nto_table = \"b\"\nto_column = \"id\"\n",
        ),
        ("models/b.sql", "SELECT 2 AS id"),
    ]);
    let first = folder.run(&RunRequest::default());
    assert_eq!(
        (first.status.as_str(), first.checks_failed),
        ("PartialFailure", 1)
    );
    let second = folder.run(&resume_latest());
    assert_eq!(
        (written(&second), second.checks_failed),
        (vec!["a".to_owned()], 1)
    );
    folder.write("models/b.sql", "SELECT 1 AS id");
    let third = folder.run(&resume_latest());
    assert_eq!(
        (written(&third), third.status.as_str()),
        (vec!["a".to_owned(), "b".to_owned()], "Success")
    );
}
