//! Runs on real DuckDB files through the façade: what is planned is what is executed, and nothing is lost.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::compile::{CompileRequest, RefreshSources};
use rocky_core::verbs::history::{HistoryRequest, HistoryResponse};
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::verbs::state::{StateAnswer, StateRequest};
use rocky_core::{CancelToken, Engine, EngineOptions, Event, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::{Value, Warehouse};
use std::path::Path;

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
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn write(&self, path: &str, text: &str) {
        let full = self.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    fn project(&self) -> Project {
        let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
        self.project_of(&engine)
    }
    fn project_of(&self, engine: &Engine) -> Project {
        let request = OpenRequest {
            config: Some(self.path().display().to_string()),
            ..OpenRequest::default()
        };
        Project::open(engine, &request, Host::default()).unwrap()
    }
    fn sql(&self, statement: &str) -> Vec<Vec<Value>> {
        let cancel = CancelToken::new();
        let db = DuckDb::open(
            Some(&self.path().join("w.duckdb")),
            &OpenOptions::default(),
            &cancel,
        )
        .unwrap();
        let mut connection = db.connect().unwrap();
        if statement.trim_start().to_lowercase().starts_with("select") {
            connection.query(statement, 1000, &cancel).unwrap().rows
        } else {
            connection.execute(statement, &cancel).unwrap();
            Vec::new()
        }
    }
    fn ints(&self, statement: &str) -> Vec<i64> {
        self.sql(statement)
            .iter()
            .map(|r| r[0].to_i64().unwrap())
            .collect()
    }
}

fn run(project: &Project) -> RunResponse {
    project
        .run(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
        .unwrap()
}

fn rows(response: &RunResponse, model: &str) -> Option<u64> {
    response
        .materializations
        .iter()
        .find(|m| m.model == model)
        .expect(model)
        .rows_copied
}

#[test]
fn every_strategy_gives_its_rows_on_the_first_and_on_later_runs() {
    let folder = Folder::new(&[
        ("models/v.sql", "SELECT id, day, amount FROM raw.t"),
        ("models/v.toml", "strategy = \"view\""),
        (
            "models/e.sql",
            "SELECT id, day, amount * 2 AS amount FROM v -- a comment at the end",
        ),
        ("models/e.toml", "strategy = \"ephemeral\""),
        ("models/f.sql", "SELECT count(*) AS n FROM e"),
        ("models/i.sql", "SELECT id, ts FROM raw.t"),
        (
            "models/i.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"",
        ),
        ("models/m.sql", "SELECT id, amount FROM raw.t"),
        (
            "models/m.toml",
            "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]",
        ),
        (
            "models/d.sql",
            "SELECT day, sum(amount) AS total FROM e GROUP BY day",
        ),
        (
            "models/d.toml",
            "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"day\"]",
        ),
    ]);
    folder.sql("CREATE SCHEMA raw");
    folder.sql(
        "CREATE TABLE raw.t AS SELECT * FROM (VALUES (1, DATE '2024-01-01', 10, TIMESTAMP '2024-01-01 10:00:00'),
         (2, DATE '2024-01-02', 20, TIMESTAMP '2024-01-02 10:00:00')) AS t(id, day, amount, ts)",
    );
    let project = folder.project();
    let first = run(&project);
    assert_eq!(first.status, "Success", "{first:#?}");
    assert_eq!(
        (rows(&first, "v"), rows(&first, "f"), rows(&first, "i")),
        (None, Some(1), Some(2))
    );
    assert_eq!((rows(&first, "m"), rows(&first, "d")), (Some(2), Some(2)));
    assert!(
        first.materializations.iter().all(|m| m.model != "e"),
        "an ephemeral model has no table"
    );

    // One row changes, one is new, one partition disappears from the result.
    folder.sql("UPDATE raw.t SET amount = 11 WHERE id = 1");
    folder.sql("INSERT INTO raw.t VALUES (3, DATE '2024-01-03', 30, TIMESTAMP '2024-01-03 10:00:00')");
    folder.sql("INSERT INTO raw.t VALUES (4, NULL, 40, NULL)");
    let second = run(&project);
    assert_eq!(second.status, "Success", "{second:#?}");
    assert_eq!(rows(&second, "i"), Some(1), "only what is newer than the target");
    assert_eq!(folder.ints("SELECT id FROM i ORDER BY id"), [1, 2, 3]);
    assert_eq!(folder.ints("SELECT amount FROM m ORDER BY id"), [11, 20, 30, 40]);
    assert_eq!(
        folder.ints("SELECT total FROM d ORDER BY day NULLS LAST"),
        [22, 40, 60, 80]
    );
    let third = run(&project);
    assert_eq!(rows(&third, "i"), Some(0));
    assert_eq!(
        folder.ints("SELECT count(*) FROM d"),
        [4],
        "a NULL partition is replaced, not added again"
    );

    let answer = project
        .state(&StateRequest::default(), &mut NoObserver, &CancelToken::new())
        .unwrap();
    let StateAnswer::Show(state) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(state.watermarks.len(), 1);
    assert!(
        state.watermarks[0].last_value.starts_with("2024-01-03"),
        "{state:?}"
    );
    let HistoryResponse::Runs(history) = project.history(&HistoryRequest::default()).unwrap() else {
        panic!()
    };
    assert_eq!(history.count, 3);
    assert_eq!(history.runs[0].run_id, third.run_id, "newest first");
}

#[test]
fn a_late_first_row_and_old_timestamps_are_not_lost() {
    let folder = Folder::new(&[
        ("models/i.sql", "SELECT id, ts FROM src"),
        (
            "models/i.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"",
        ),
    ]);
    folder.sql("CREATE TABLE src (id INTEGER, ts TIMESTAMP)");
    let project = folder.project();
    assert_eq!(rows(&run(&project), "i"), Some(0));
    folder.sql("INSERT INTO src VALUES (1, TIMESTAMP '1950-01-01'), (2, NULL)");
    assert_eq!(rows(&run(&project), "i"), Some(1), "rows before 1970 are rows");
    assert_eq!(rows(&run(&project), "i"), Some(0), "and they do not come twice");
}

#[test]
fn a_failing_model_stops_its_descendants_only() {
    let folder = Folder::new(&[
        ("models/good.sql", "SELECT 1 AS x"),
        ("models/bad.sql", "SELECT x, error('boom ' || x) AS y FROM good"),
        ("models/after_bad.sql", "SELECT y FROM bad"),
        ("models/after_after.sql", "SELECT y FROM after_bad"),
        ("models/beside.sql", "SELECT x + 1 AS x FROM good"),
    ]);
    let mut events = Vec::new();
    let project = folder.project();
    let response = project
        .run(
            &RunRequest::default(),
            &mut |e: &Event| events.push(e.clone()),
            &CancelToken::new(),
        )
        .unwrap();
    assert_eq!(response.status, "PartialFailure");
    assert_eq!(
        (
            response.tables_copied,
            response.tables_failed,
            response.tables_skipped
        ),
        (2, 1, 2)
    );
    assert!(
        response.errors[0].error.contains("boom 1"),
        "{:?}",
        response.errors
    );
    assert!(
        response.skipped.iter().all(|s| s.reason.contains("bad")),
        "{:?}",
        response.skipped
    );
    assert!(matches!(events.last(), Some(Event::RunFinished { .. })));
    assert_eq!(folder.ints("SELECT x FROM beside"), [2]);
}

#[test]
fn a_failed_merge_leaves_the_target_as_it_was_and_names_the_keys() {
    let folder = Folder::new(&[
        ("models/m.sql", "SELECT id, v FROM src"),
        (
            "models/m.toml",
            "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]",
        ),
    ]);
    folder.sql("CREATE TABLE src AS SELECT 1 AS id, 'a' AS v");
    let project = folder.project();
    assert_eq!(run(&project).status, "Success");
    folder.sql("INSERT INTO src VALUES (7, 'b'), (7, 'c')");
    let response = run(&project);
    assert_eq!(response.status, "Failure");
    assert!(response.errors[0].error.contains('7'), "{:?}", response.errors);
    assert_eq!(folder.ints("SELECT count(*) FROM m"), [1]);
}

#[test]
fn what_plan_shows_is_what_run_executes() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x"),
        ("models/b.sql", "SELECT x FROM a"),
        (
            "models/b.toml",
            "[target]\nschema = \"marts\"\n[strategy]\ntype = \"view\"",
        ),
    ]);
    let project = folder.project();
    let plan = project
        .plan(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert!(
        !folder.path().join("w.duckdb").exists(),
        "planning makes no database"
    );
    let response = run(&project);
    assert_eq!(response.plan_id, plan.plan_id);
    let planned: Vec<&str> = plan
        .statements
        .iter()
        .filter(|s| s.model.is_some())
        .map(|s| s.sql.as_str())
        .collect();
    let executed: Vec<&str> = response
        .materializations
        .iter()
        .flat_map(|m| m.statements.iter().map(|s| s.sql.as_str()))
        .collect();
    assert_eq!(executed, planned);
}

#[test]
fn two_projects_of_one_process_on_one_file_lose_nothing() {
    let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
    let first = Folder::new(&[]);
    let second = tempfile::tempdir().unwrap();
    let database = first.path().join("w.duckdb");
    for i in 0..8 {
        first.write(&format!("models/a{i}.sql"), "SELECT i FROM range(20000) t(i)");
    }
    std::fs::create_dir_all(second.path().join("models")).unwrap();
    let config = CONFIG.replace("w.duckdb", database.to_str().unwrap());
    std::fs::write(second.path().join("rocky.toml"), config).unwrap();
    for i in 0..8 {
        std::fs::write(
            second.path().join(format!("models/b{i}.sql")),
            "SELECT i FROM range(30000) t(i)",
        )
        .unwrap();
    }
    let open = |path: &Path| {
        let request = OpenRequest {
            config: Some(path.display().to_string()),
            ..OpenRequest::default()
        };
        Project::open(&engine, &request, Host::default()).unwrap()
    };
    let (a, b) = (open(first.path()), open(second.path()));
    for _ in 0..3 {
        std::thread::scope(|scope| {
            let one = scope.spawn(|| run(&a));
            let two = scope.spawn(|| run(&b));
            for response in [one.join().unwrap(), two.join().unwrap()] {
                assert_eq!(response.status, "Success", "{:?}", response.errors);
            }
        });
    }
    for i in 0..8 {
        assert_eq!(first.ints(&format!("SELECT count(*) FROM a{i}")), [20000]);
        assert_eq!(first.ints(&format!("SELECT count(*) FROM b{i}")), [30000]);
    }
}

#[test]
fn cancelling_stops_a_run_and_keeps_nothing_of_the_running_model() {
    let folder = Folder::new(&[
        (
            "models/slow.sql",
            "SELECT count(*) AS n FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 3",
        ),
        ("models/zz_after.sql", "SELECT n FROM slow"),
    ]);
    let project = folder.project();
    let cancel = CancelToken::new();
    let token = cancel.clone();
    let (begun, slow) = std::sync::mpsc::channel();
    let tripper = std::thread::spawn(move || {
        let _ = slow.recv();
        // Most likely in the middle of the query, which takes hours; what follows holds in any case.
        std::thread::sleep(std::time::Duration::from_millis(200));
        token.trip();
    });
    let mut observer = |event: &rocky_core::Event| {
        if matches!(event, rocky_core::Event::ModelStarted { model, .. } if model == "slow") {
            let _ = begun.send(());
        }
    };
    let response = project
        .run(&RunRequest::default(), &mut observer, &cancel)
        .unwrap();
    tripper.join().unwrap();
    assert!(
        response.interrupted && response.tables_copied == 0,
        "{response:?}"
    );
    assert_eq!(folder.ints("SELECT count(*) FROM duckdb_tables()"), [0]);
    let HistoryResponse::Runs(history) = project.history(&HistoryRequest::default()).unwrap() else {
        panic!()
    };
    assert!(history.runs[0].interrupted);
}

#[test]
fn changing_a_table_into_a_view_and_back_works() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x"),
        ("models/a.toml", "strategy = \"view\""),
    ]);
    let project = folder.project();
    for strategy in ["view", "full_refresh", "view", "full_refresh"] {
        folder.write("models/a.toml", &format!("strategy = \"{strategy}\""));
        let response = run(&project);
        assert_eq!(response.status, "Success", "{strategy}: {:?}", response.errors);
        assert_eq!(folder.ints("SELECT x FROM a"), [1]);
    }
}

#[test]
fn hostile_names_reach_the_database_as_they_are() {
    let names = [
        "select",
        "a\"b",
        "a'b; DROP TABLE x",
        "é日本",
        "a.b",
        "with space",
        "-- x",
        "Group",
    ];
    let folder = Folder::new(&[]);
    for (i, name) in names.iter().enumerate() {
        folder.write(
            &format!("models/{name}.sql"),
            &format!("SELECT {i} AS \"{}\"", name.replace('"', "\"\"")),
        );
        let quoted = name.replace('"', "\"\"");
        folder.write(
            &format!("models/use_{i}.sql"),
            &format!("SELECT \"{quoted}\" AS v FROM \"{quoted}\""),
        );
        folder.write(
            &format!("models/use_{i}.toml"),
            "[strategy]\ntype = \"merge\"\nunique_key = [\"v\"]",
        );
    }
    let project = folder.project();
    for _ in 0..2 {
        let response = run(&project);
        assert_eq!(
            response.status, "Success",
            "{:?} {:?}",
            response.errors, response.diagnostics
        );
    }
    for (i, _) in names.iter().enumerate() {
        assert_eq!(folder.ints(&format!("SELECT v FROM use_{i}")), [i as i64]);
    }
}

#[test]
fn errors_in_models_keep_everything_from_running() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x"),
        ("models/b.sql", "SELECT nope FROM a"),
    ]);
    let response = run(&folder.project());
    assert!(response.has_errors);
    assert_eq!(response.status, "Failure");
    assert!(!folder.path().join("w.duckdb").exists() && !folder.path().join(".rocky-state.redb").exists());
}

#[test]
fn a_schema_named_like_the_database_is_no_obstacle() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x"),
        ("models/b.sql", "SELECT x FROM a"),
        ("models/_defaults.toml", "[target]\nschema = \"w\""),
    ]);
    for _ in 0..2 {
        assert_eq!(run(&folder.project()).status, "Success");
    }
    assert_eq!(folder.ints("SELECT x FROM w.w.b"), [1]);
}

#[test]
fn a_remembered_schema_that_is_old_is_asked_again_before_it_is_held_against_a_model() {
    let folder = Folder::new(&[("models/a.sql", "SELECT x FROM src")]);
    folder.sql("CREATE TABLE src AS SELECT 1 AS x");
    let request = CompileRequest {
        refresh_sources: RefreshSources::Missing,
        ..CompileRequest::default()
    };
    let compile = || {
        let response = folder
            .project()
            .compile(&request, &mut NoObserver, &CancelToken::new())
            .unwrap();
        response
            .diagnostics
            .iter()
            .map(|d| d.code.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(compile(), Vec::<String>::new());
    folder.sql("ALTER TABLE src ADD COLUMN y INTEGER");
    folder.write("models/a.sql", "SELECT x, y FROM src");
    assert_eq!(compile(), Vec::<String>::new());
    folder.write("models/a.sql", "SELECT x, z FROM src");
    assert_eq!(compile(), ["E100"]);
}

#[test]
fn settings_of_the_pipeline_reach_the_run() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT error('stop') AS x"),
        ("models/b.sql", "SELECT 1 AS x"),
        ("models/c.sql", "SELECT 2 AS x"),
    ]);
    let settings = |text: &str| folder.write("rocky.toml", &format!("{CONFIG}{text}"));
    settings("[pipeline.p.execution]\nconcurrency = 1\nfail_fast = true\n");
    let stopped = run(&folder.project());
    assert_eq!(
        (
            stopped.execution.concurrency,
            stopped.tables_copied,
            stopped.tables_skipped
        ),
        (1, 0, 2),
        "{stopped:?}"
    );
    settings("[pipeline.p.execution]\nconcurrency = 1\nfail_fast = false\n");
    let went_on = run(&folder.project());
    assert_eq!((went_on.tables_copied, went_on.tables_skipped), (2, 0));

    folder.write("models/a.sql", "SELECT 3 AS x");
    folder.write("models/a.toml", "[target]\nschema = \"elsewhere\"\n");
    settings("[pipeline.p.target.governance]\nauto_create_schemas = false\n");
    let missing = run(&folder.project());
    assert_eq!(missing.permissions.schemas_created, 0);
    assert!(
        missing
            .errors
            .iter()
            .any(|e| e.model == "a" && e.error.contains("elsewhere")),
        "{:?}",
        missing.errors
    );
    settings("");
    let made = run(&folder.project());
    assert_eq!(
        (made.status.as_str(), made.permissions.schemas_created),
        ("Success", 1)
    );
}

#[test]
fn threads_of_a_project_are_those_of_its_engine() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    let request = OpenRequest {
        config: Some(folder.path().display().to_string()),
        threads: Some(1),
        ..OpenRequest::default()
    };
    let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
    assert!(
        Project::open(&engine, &request, Host::default())
            .unwrap_err()
            .message
            .contains("threads")
    );
    assert_eq!(run(&Project::open_alone(&request).unwrap()).status, "Success");
}
