//! Files of older schema versions, and copies of a state store: taken while it is written, and taken in.

#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use jiff::Timestamp;
use rocky_run::state::SCHEMA_VERSION;
use rocky_run::{ModelExecution, RunRecord, RunStatus, StateReader, StateStore, TaskStatus};
use rocky_warehouse::Strategy;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

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

/// A file of an older version, as its code left it (`tests/fixtures`), in a folder of its own.
fn old_file(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    std::fs::copy(fixture, &path).unwrap();
    (folder, path)
}

/// What the files of version 100 hold.
fn holds_what_v100_held(reader: &StateReader) {
    let runs = reader.runs(None, 10).unwrap();
    let names: Vec<_> = runs.iter().map(|r| (r.run_id.as_str(), r.models.len())).collect();
    assert_eq!(
        names,
        [
            ("run-20260103-000000-000", 2),
            ("run-20260102-030405-067-2", 3),
            ("run-20260102-030405-067", 3)
        ]
    );
    assert_eq!(
        (runs[0].finished_at, runs[0].interrupted, runs[0].status),
        (None, true, RunStatus::Failure)
    );
    assert_eq!(runs[1].models[1].error.as_deref(), Some("no such column"));
    let watermarks = reader.watermarks().unwrap();
    assert_eq!(watermarks.len(), 1);
    assert_eq!(
        (watermarks[0].target.as_str(), watermarks[0].last_value.as_str()),
        ("c.s.m0", "2026-01-01 00:00:00")
    );
}

#[test]
fn a_file_of_version_100_is_read_as_it_is_and_brought_forward_by_a_writer() {
    for name in ["state-v100.redb", "state-v100-killed.redb"] {
        let (_folder, path) = old_file(name);
        let reader = StateReader::open(&path).unwrap().unwrap();
        assert_eq!(reader.schema_version().unwrap(), 100);
        holds_what_v100_held(&reader);
        drop(reader);
        let store = StateStore::open_writer(&path).unwrap();
        holds_what_v100_held(&store.reader());
        assert_eq!(store.reader().schema_version().unwrap(), SCHEMA_VERSION);
        let run = RunRecord::begin("run-20260103-000000-000", "main", at(200_000));
        let run_id = store.record_run_start(&run).unwrap();
        store.record_model(&run_id, &execution(5)).unwrap();
        drop(store);
        let reader = StateReader::open(&path).unwrap().unwrap();
        assert_eq!(
            reader.runs(None, 10).unwrap()[0].run_id,
            "run-20260103-000000-000-2"
        );
        assert_eq!(reader.watermarks().unwrap().len(), 2);
    }
}

#[test]
fn reading_a_clean_file_of_version_100_does_not_change_it() {
    let (_folder, path) = old_file("state-v100.redb");
    let before = std::fs::read(&path).unwrap();
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    holds_what_v100_held(&StateReader::open(&path).unwrap().unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_copy_is_one_moment_of_a_store_that_is_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("state"), folder.path().join("copy"));
    let store = StateStore::open_writer(&path).unwrap();
    let run_id = store
        .record_run_start(&RunRecord::begin("run-1", "main", at(0)))
        .unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0;
            while !stop.load(Ordering::SeqCst) {
                // Two rows in one commit: a copy has both or none.
                store
                    .record_models(&run_id, &[execution(written), execution(written + 1)])
                    .unwrap();
                written += 2;
            }
            written
        });
        let mut seen = 0;
        for _ in 0..20 {
            let bytes = store.snapshot_to(&copy).unwrap();
            assert_eq!(bytes, std::fs::metadata(&copy).unwrap().len());
            let reader = StateReader::open(&copy).unwrap().unwrap();
            assert_eq!(reader.schema_version().unwrap(), SCHEMA_VERSION);
            let models = reader.latest_run(None).unwrap().unwrap().models.len();
            assert!(
                models.is_multiple_of(2) && models >= seen,
                "{models} after {seen}"
            );
            assert_eq!(reader.watermarks().unwrap().len(), models);
            seen = models;
        }
        stop.store(true, Ordering::SeqCst);
        assert!(writer.join().unwrap() >= seen as u32);
    });
    // Past the writer, as another process does it; the copy can be written to.
    let reader = StateReader::open(&path).unwrap().unwrap();
    reader.snapshot_to(&copy).unwrap();
    let copied = StateStore::open_writer(&copy).unwrap();
    assert_eq!(
        copied.reader().runs(None, 9).unwrap(),
        reader.runs(None, 9).unwrap()
    );
    drop((copied, reader, store));
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["copy", "state"]);
}

#[test]
fn restoring_replaces_everything_in_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("state"), folder.path().join("other"));
    let run = |path: &Path, run_id: &str, index: u32| {
        let store = StateStore::open_writer(path).unwrap();
        let run_id = store
            .record_run_start(&RunRecord::begin(run_id, "main", at(0)))
            .unwrap();
        store.record_model(&run_id, &execution(index)).unwrap();
        store
    };
    drop(run(&other, "theirs", 2));
    let before = std::fs::read(&other).unwrap();
    let store = run(&path, "ours", 1);
    store.restore_from(&other).unwrap();
    let names = |store: &StateStore| {
        let runs = store.reader().runs(None, 9).unwrap();
        let watermarks = store.reader().watermarks().unwrap();
        (
            runs.into_iter().map(|r| r.run_id).collect::<Vec<_>>(),
            watermarks.into_iter().map(|w| w.target).collect::<Vec<_>>(),
        )
    };
    let theirs = (vec!["theirs".to_owned()], vec!["c.s.m2".to_owned()]);
    assert_eq!(names(&store), theirs);
    assert_eq!(std::fs::read(&other).unwrap(), before);
    // What is not ours, or damaged, changes nothing.
    for bytes in [
        b"garbage ".repeat(1000),
        before[..before.len() / 2].to_vec(),
        Vec::new(),
    ] {
        std::fs::write(&other, bytes).unwrap();
        store.restore_from(&other).unwrap_err();
        assert_eq!(names(&store), theirs);
    }
    std::fs::remove_file(&other).unwrap();
    let error = store.restore_from(&other).unwrap_err();
    assert!(error.message.contains("there is no such file"), "{error}");
    // A file of an older version.
    let (_folder, old) = old_file("state-v100.redb");
    store.restore_from(&old).unwrap();
    holds_what_v100_held(&store.reader());
    assert_eq!(store.reader().schema_version().unwrap(), SCHEMA_VERSION);
}

#[test]
fn a_copy_that_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = StateStore::open_writer(&folder.path().join("state")).unwrap();
    let error = store
        .snapshot_to(&folder.path().join("missing").join("copy"))
        .unwrap_err();
    assert!(error.message.contains("cannot be created"), "{error}");
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    store.snapshot_to(&folder.path().join("taken")).unwrap_err();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}
