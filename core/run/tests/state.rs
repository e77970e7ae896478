//! The state store on real files: two processes, killed writers, files that are not ours.
//!
//! Where a second process is needed, it is this test binary again: `child_process` does what `STATE_TEST_CHILD` says and
//! is an empty test otherwise.

#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use jiff::Timestamp;
use redb::{ReadableDatabase, TableDefinition};
use rocky_base::ErrorKind;
use rocky_run::state::{Known, RunEnd};
use rocky_run::{ModelExecution, RunRecord, RunStatus, StateReader, StateRegistry, StateStore, TaskStatus};
use rocky_warehouse::Strategy;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_323_045 + second).unwrap()
}

fn execution(index: u32) -> ModelExecution {
    ModelExecution {
        run_id: String::new(),
        model_name: format!("m{index}").into(),
        index,
        target: format!("c.s.m{index}"),
        strategy: Strategy::Incremental,
        started_at: Some(at(0)),
        finished_at: Some(at(1)),
        duration_ms: 1000,
        rows_affected: Some(7),
        status: TaskStatus::Success,
        sql_hash: "0123456789abcdef".to_owned(),
        error: None,
        skipped_reason: None,
        watermark: Some(format!("value {index}")),
        kind: rocky_plan::TaskKind::Model,
        asset_key: Vec::new(),
        basis: String::new(),
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn state(&self) -> PathBuf {
        self.0.path().join(".rocky-state.redb")
    }

    fn entries(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.0.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

// ------------------------------------------------------------------------------------------------- the other process

/// Not a test of its own: the body of the second process.
#[test]
fn child_process() {
    let Ok(task) = std::env::var("STATE_TEST_CHILD") else {
        return;
    };
    let (task, path) = task.split_once(':').unwrap();
    let path = Path::new(path);
    let say = |text: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "child: {text}").unwrap();
        out.flush().unwrap();
    };
    match task {
        // Writes until it is killed, and says what is committed.
        "write" => {
            let store = StateStore::open_writer(path).unwrap();
            let run_id = store
                .record_run_start(&RunRecord::begin("run-1", "main", at(0)))
                .unwrap();
            for index in 0.. {
                store.record_model(&run_id, &execution(index)).unwrap();
                say(index.to_string());
            }
        }
        // Holds the file until its input ends.
        "hold" => {
            let store = StateStore::open_writer(path).unwrap();
            say("holding".to_owned());
            std::io::stdin().lines().for_each(drop);
            drop(store);
        }
        // Reads while others write.
        "read" => {
            let reader = StateReader::open(path).unwrap().unwrap();
            let runs = reader.runs(None, 10).unwrap();
            say(format!(
                "{} {}",
                runs.len(),
                runs.iter().map(|r| r.models.len()).sum::<usize>()
            ));
        }
        other => panic!("unknown task {other}"),
    }
}

struct Other {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Other {
    fn start(task: &str, path: &Path) -> Other {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_process", "--nocapture", "--test-threads=1"])
            .env("STATE_TEST_CHILD", format!("{task}:{}", path.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Other { child, out }
    }

    /// The next thing it says; none when it has ended.
    fn says(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.out.read_line(&mut line).unwrap() > 0 {
            // The test harness puts its own words before the first line.
            if let Some((_, said)) = line.split_once("child: ") {
                return Some(said.trim().to_owned());
            }
            line.clear();
        }
        None
    }

    /// SIGKILL; returns what it had said up to then.
    fn kill(&mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.says()).collect()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// ----------------------------------------------------------------------------------------------------------- opening

#[test]
fn reading_creates_nothing_and_writing_leaves_one_file() {
    let folder = Folder::new();
    assert!(StateReader::open(&folder.state()).unwrap().is_none());
    assert!(StateRegistry::new().reader(&folder.state()).unwrap().is_none());
    assert!(folder.entries().is_empty());
    drop(StateStore::open_writer(&folder.state()).unwrap());
    assert_eq!(folder.entries(), [".rocky-state.redb"]);
    let reader = StateReader::open(&folder.state()).unwrap().unwrap();
    assert!(reader.runs(None, 10).unwrap().is_empty() && reader.watermarks().unwrap().is_empty());
    assert!(reader.latest_run(None).unwrap().is_none());
}

#[test]
fn a_file_in_a_missing_folder_is_an_error_and_the_folder_is_not_made() {
    let folder = Folder::new();
    let path = folder.0.path().join("missing").join("state");
    let error = StateStore::open_writer(&path).unwrap_err();
    assert_eq!(error.kind, ErrorKind::State);
    assert!(error.message.contains("cannot be created"), "{error}");
    assert!(folder.entries().is_empty());
}

/// Both ways of opening refuse the file with these words and leave it as it is.
fn refused(path: &Path, words: &str) {
    let before = std::fs::read(path).ok();
    for error in [
        StateReader::open(path).map(drop).unwrap_err(),
        StateStore::open_writer(path).map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind, ErrorKind::State, "{error}");
        assert!(error.message.contains(words), "{error}");
        assert!(
            error.message.contains(&*path.to_string_lossy()) && error.hint.is_some(),
            "{error}"
        );
    }
    assert_eq!(std::fs::read(path).ok(), before);
}

#[test]
fn a_file_of_a_1x_release_is_refused_and_left_untouched() {
    let folder = Folder::new();
    let path = folder.state();
    let database = redb2::Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let table: redb2::TableDefinition<'_, &str, &str> = redb2::TableDefinition::new("metadata");
    transaction
        .open_table(table)
        .unwrap()
        .insert("schema_version", "1")
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    refused(&path, "was written by rocky 1.x");
    assert_eq!(folder.entries(), [".rocky-state.redb"]);
    // Still usable by the old release.
    let database = redb2::Database::open(&path).unwrap();
    let table = database.begin_read().unwrap().open_table(table).unwrap();
    assert_eq!(table.get("schema_version").unwrap().unwrap().value(), "1");
}

const METADATA: TableDefinition<'_, &str, &str> = TableDefinition::new("metadata");

fn redb_file(path: &Path, version: Option<&str>) -> redb::Database {
    let database = redb::Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    if let Some(version) = version {
        transaction
            .open_table(METADATA)
            .unwrap()
            .insert("schema_version", version)
            .unwrap();
    }
    transaction.commit().unwrap();
    database
}

#[test]
fn other_versions_and_other_databases_are_refused() {
    for (version, words) in [
        (Some("22"), "was written by rocky 1.x"),
        (Some("\"22\""), "was written by rocky 1.x"),
        (
            Some("102"),
            "was written by a newer rocky (schema version 102, this one knows 101)",
        ),
        (Some("blue"), "not a state store of rocky"),
        (None, "not a state store of rocky"),
    ] {
        let folder = Folder::new();
        drop(redb_file(&folder.state(), version));
        refused(&folder.state(), words);
    }
}

#[test]
fn the_version_is_looked_at_before_a_repair() {
    // What a killed process of another version leaves: the copy of a file that is open.
    let folder = Folder::new();
    let open = redb_file(&folder.0.path().join("open"), Some("22"));
    std::fs::copy(folder.0.path().join("open"), folder.state()).unwrap();
    refused(&folder.state(), "was written by rocky 1.x");
    drop(open);
}

#[test]
fn what_is_not_a_database_is_refused_and_left_untouched() {
    let folder = Folder::new();
    let path = folder.state();
    for garbage in [b"x".repeat(3), b"garbage ".repeat(1000), vec![0; 1 << 20]] {
        std::fs::write(&path, garbage).unwrap();
        refused(&path, "is not a state store");
    }
    std::fs::write(&path, b"").unwrap();
    refused(&path, "the file is empty");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    refused(&path, "it is a folder");
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let folder = Folder::new();
    let path = folder.state();
    let store = StateStore::open_writer(&path).unwrap();
    let run_id = store
        .record_run_start(&RunRecord::begin("run-1", "main", at(0)))
        .unwrap();
    store
        .record_models(&run_id, &(0..200).map(execution).collect::<Vec<_>>())
        .unwrap();
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let read = || StateReader::open(&path).and_then(|r| r.unwrap().runs(None, 10));
    let write = || {
        let store = StateStore::open_writer(&path)?;
        let run_id = store.record_run_start(&RunRecord::begin("run-2", "main", at(1)))?;
        store.record_models(&run_id, &(0..200).map(execution).collect::<Vec<_>>())
    };
    for parts in 1..20 {
        let truncated = &whole[..whole.len() * parts / 20];
        std::fs::write(&path, truncated).unwrap();
        for error in [read().map(drop).unwrap_err(), write().unwrap_err()] {
            assert_eq!(error.kind, ErrorKind::State, "{error}");
            assert!(
                error.message.contains("the file is damaged") && error.hint.is_some(),
                "{error}"
            );
        }
        assert_eq!(std::fs::read(&path).unwrap(), truncated);
    }
    // A page overwritten: an error or the truth.
    let mut errors = 0;
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..][..4096].fill(0xa5);
        std::fs::write(&path, &damaged).unwrap();
        match read() {
            Ok(runs) => assert!(runs.is_empty() || runs[0].models.len() == 200, "page {page}"),
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::State, "{error}");
                errors += 1;
            }
        }
        // Looking at everything, and repairing, too.
        let look = || {
            let reader = StateReader::open(&path)?.unwrap();
            reader.audit(&Known::default())?;
            reader.export(&mut std::io::sink())
        };
        let repair = || StateStore::open_writer(&path)?.repair(&Known::default(), at(1));
        for error in [look().map(drop), repair().map(drop), write()]
            .into_iter()
            .filter_map(Result::err)
        {
            assert_eq!(error.kind, ErrorKind::State, "{error}");
        }
    }
    assert!(errors > 0);
}

// --------------------------------------------------------------------------------------------------------- processes

#[test]
fn a_second_writer_is_told_who_waits_for_what_and_readers_are_not_kept_waiting() {
    let folder = Folder::new();
    let path = folder.state();
    let mut other = Other::start("hold", &path);
    assert_eq!(other.says().as_deref(), Some("holding"));
    assert!(
        StateReader::open(&path)
            .unwrap()
            .unwrap()
            .runs(None, 1)
            .unwrap()
            .is_empty()
    );
    let error = StateStore::open_writer(&path).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked);
    assert!(
        error.message.contains(&*path.to_string_lossy()) && error.hint.is_some(),
        "{error}"
    );
    // Once it lets go, a waiting writer gets the file.
    drop(other.child.stdin.take());
    StateStore::open_writer(&path).unwrap();
}

#[test]
fn another_process_reads_what_is_committed_while_this_one_writes() {
    let folder = Folder::new();
    let path = folder.state();
    let store = StateStore::open_writer(&path).unwrap();
    let run_id = store
        .record_run_start(&RunRecord::begin("run-1", "main", at(0)))
        .unwrap();
    store
        .record_models(&run_id, &[execution(0), execution(1)])
        .unwrap();
    assert_eq!(Other::start("read", &path).says().as_deref(), Some("1 2"));
    store.record_model(&run_id, &execution(2)).unwrap();
    assert_eq!(Other::start("read", &path).says().as_deref(), Some("1 3"));
}

#[test]
fn a_reader_follows_a_writer_of_another_process() {
    let folder = Folder::new();
    let mut other = Other::start("write", &folder.state());
    let mut reader = None;
    let mut seen = 0;
    for _ in 0..50 {
        let said: usize = other.says().unwrap().parse().unwrap();
        let reader = reader.get_or_insert_with(|| StateReader::open(&folder.state()).unwrap().unwrap());
        let models = reader.runs(None, 1).unwrap()[0].models.len();
        assert!(models > said && models >= seen, "{models} {said} {seen}");
        seen = models;
    }
}

#[test]
fn what_was_committed_survives_a_killed_writer() {
    for kill_after in [0, 1, 30] {
        for read_first in [true, false] {
            let folder = Folder::new();
            let path = folder.state();
            let mut other = Other::start("write", &path);
            let mut said: Vec<String> = (0..=kill_after).map_while(|_| other.says()).collect();
            said.extend(other.kill());
            let committed: u32 = said.last().unwrap().parse().unwrap();
            if !read_first {
                drop(StateStore::open_writer(&path).unwrap());
            }
            let reader = StateReader::open(&path).unwrap().unwrap();
            let run = reader.latest_run(None).unwrap().unwrap();
            assert_eq!(
                (run.finished_at, run.interrupted, run.status),
                (None, true, RunStatus::Failure)
            );
            // The kill may have come after a commit and before its line.
            let n = run.models.len() as u32;
            assert!(n > committed && n <= committed + 2, "{n} {committed}");
            let mut expected = execution(n - 1);
            expected.run_id = "run-1".to_owned();
            assert_eq!(run.models.last(), Some(&expected));
            assert_eq!(reader.watermarks().unwrap().len() as u32, n);
            // And the file is good for the next run.
            drop(reader);
            let store = StateStore::open_writer(&path).unwrap();
            assert_eq!(
                store
                    .record_run_start(&RunRecord::begin("run-1", "main", at(9)))
                    .unwrap(),
                "run-1-2"
            );
        }
    }
}

// ------------------------------------------------------------------------------------------------- runs, one process

#[test]
fn a_registry_shares_one_writer_per_file() {
    let folder = Folder::new();
    let registry = Arc::new(StateRegistry::new());
    std::fs::create_dir(folder.0.path().join("sub")).unwrap();
    let other_name = folder.0.path().join("sub").join("..").join(".rocky-state.redb");
    let threads: Vec<_> = (0..8)
        .map(|i| {
            let (registry, path) = (
                registry.clone(),
                if i % 2 == 0 {
                    folder.state()
                } else {
                    other_name.clone()
                },
            );
            std::thread::spawn(move || {
                let store = registry.writer(&path).unwrap();
                store
                    .record_run_start(&RunRecord::begin("run-1", "main", at(i)))
                    .unwrap()
            })
        })
        .collect();
    let mut names: Vec<String> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    names.sort();
    assert_eq!(names[0], "run-1");
    names.dedup();
    assert_eq!(names.len(), 8);
    let (first, second) = (
        registry.writer(&folder.state()).unwrap(),
        registry.writer(&other_name).unwrap(),
    );
    assert!(Arc::ptr_eq(&first, &second));
    // Through the open writer, and also past it.
    assert_eq!(
        registry
            .reader(&other_name)
            .unwrap()
            .unwrap()
            .runs(None, 100)
            .unwrap()
            .len(),
        8
    );
    assert_eq!(
        StateReader::open(&folder.state())
            .unwrap()
            .unwrap()
            .runs(None, 100)
            .unwrap()
            .len(),
        8
    );
    drop((first, second));
    assert_eq!(
        registry
            .reader(&folder.state())
            .unwrap()
            .unwrap()
            .runs(None, 3)
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn history_is_newest_first_by_time_and_not_by_name() {
    let folder = Folder::new();
    let store = StateStore::open_writer(&folder.state()).unwrap();
    for (name, second) in [("zebra", 1), ("apple", 2), ("run-2", 3)] {
        let run_id = store
            .record_run_start(&RunRecord::begin(name, name, at(second)))
            .unwrap();
        store
            .record_models(&run_id, &[execution(1), execution(0)])
            .unwrap();
        let (status, interrupted, error) = (RunStatus::Success, false, None);
        let end = RunEnd {
            finished_at: at(second + 1),
            duration_ms: 1000,
            status,
            interrupted,
            error,
        };
        store.record_run_end(&run_id, &end, &[]).unwrap();
    }
    let reader = store.reader();
    let names = |since, limit| {
        let runs: Vec<RunRecord> = reader.runs(since, limit).unwrap();
        runs.into_iter().map(|r| r.run_id).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 10), ["run-2", "apple", "zebra"]);
    assert_eq!(names(None, 1), ["run-2"]);
    assert_eq!(names(Some(at(2)), 10), ["run-2", "apple"]);
    assert_eq!(names(Some(at(4)), 10), Vec::<String>::new());
    let latest = reader.latest_run(Some("apple")).unwrap().unwrap();
    assert_eq!((latest.duration_ms, latest.status), (1000, RunStatus::Success));
    assert_eq!(latest.models.iter().map(|m| m.index).collect::<Vec<_>>(), [0, 1]);
    let executions = reader.model_executions("m1", Some(at(2)), 10).unwrap();
    assert_eq!(
        executions.iter().map(|e| e.run_id.as_str()).collect::<Vec<_>>(),
        ["run-2", "apple"]
    );
    assert!(reader.model_executions("m", None, 10).unwrap().is_empty());
}

#[test]
fn a_failed_model_keeps_the_watermark_that_was() {
    let folder = Folder::new();
    let store = StateStore::open_writer(&folder.state()).unwrap();
    let run_id = store
        .record_run_start(&RunRecord::begin("run-1", "main", at(0)))
        .unwrap();
    store.record_model(&run_id, &execution(0)).unwrap();
    let failed = ModelExecution {
        status: TaskStatus::Failed,
        watermark: Some("not committed".to_owned()),
        error: Some("é".repeat(100_000)),
        ..execution(0)
    };
    store.record_model(&run_id, &failed).unwrap();
    let watermarks = store.reader().watermarks().unwrap();
    assert_eq!(
        (watermarks[0].target.as_str(), watermarks[0].last_value.as_str()),
        ("c.s.m0", "value 0")
    );
    let kept = store.reader().model_executions("m0", None, 1).unwrap()[0]
        .error
        .clone()
        .unwrap();
    assert!(kept.len() < 9000 && kept.ends_with("é…"), "{}", kept.len());
    store.put_watermark("c.s.m0", "repaired", at(5)).unwrap();
    assert_eq!(store.reader().watermarks().unwrap()[0].last_value, "repaired");
}

#[test]
fn the_values_are_json_under_the_documented_keys() {
    let folder = Folder::new();
    let store = StateStore::open_writer(&folder.state()).unwrap();
    let run_id = store
        .record_run_start(&RunRecord {
            process: None,
            ..RunRecord::begin("run-1", "main", at(0))
        })
        .unwrap();
    store.record_model(&run_id, &execution(0)).unwrap();
    drop(store);
    let database = redb::Database::open(folder.state()).unwrap();
    let transaction = database.begin_read().unwrap();
    assert_eq!(
        transaction
            .open_table(METADATA)
            .unwrap()
            .get("schema_version")
            .unwrap()
            .unwrap()
            .value(),
        "101"
    );
    let table: TableDefinition<'_, &str, &str> = TableDefinition::new("watermarks");
    let table = transaction.open_table(table).unwrap();
    assert_eq!(
        table.get("c.s.m0").unwrap().unwrap().value(),
        r#"{"last_value":"value 0","updated_at":"2026-01-02T03:04:06Z"}"#
    );
    let table: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new("run_progress");
    let table = transaction.open_table(table).unwrap();
    assert_eq!(
        table.get(("run-1", "m0")).unwrap().unwrap().value(),
        concat!(
            r#"{"index":0,"target":"c.s.m0","strategy":"incremental","started_at":"2026-01-02T03:04:05Z","#,
            r#""finished_at":"2026-01-02T03:04:06Z","duration_ms":1000,"rows_affected":7,"status":"Success","#,
            r#""sql_hash":"0123456789abcdef","error":null,"skipped_reason":null,"watermark":"value 0"}"#
        )
    );
    let table: TableDefinition<'_, &str, &str> = TableDefinition::new("run_history");
    let table = transaction.open_table(table).unwrap();
    assert_eq!(
        table.get("run-1").unwrap().unwrap().value(),
        concat!(
            r#"{"run_id":"run-1","pipeline":"main","plan_id":"","config_hash":"","trigger":"Manual","#,
            r#""started_at":"2026-01-02T03:04:05Z","finished_at":null,"duration_ms":0,"status":"Failure","#,
            r#""interrupted":true,"error":null,"total_models":0}"#
        )
    );
}
