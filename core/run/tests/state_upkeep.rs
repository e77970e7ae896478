//! Looking after a state store: exports and imports, merges, checks and repairs, forgetting, and writers that are killed.

#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use jiff::Timestamp;
use redb::TableDefinition;
use rocky_base::ErrorKind;
use rocky_run::state::{
    FindingKind, GraphModel, Import, Known, Partition, PartitionStatus, QualityMetrics, QualitySnapshot,
    Retention, RowCount, RunEnd, SCHEMA_VERSION, StateBatch,
};
use rocky_run::{ModelExecution, RunRecord, RunStatus, StateReader, StateStore, TaskStatus};
use rocky_warehouse::Strategy;
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_323_045 + second).unwrap()
}

fn execution(model: &str, index: u32) -> ModelExecution {
    ModelExecution {
        run_id: String::new(),
        model_name: model.into(),
        index,
        target: format!("c.s.{model}"),
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
        kind: rocky_plan::TaskKind::Table,
        asset_key: vec!["fivetran".into(), "acme".into(), model.into()],
        basis: String::new(),
    }
}

struct Fixture {
    folder: tempfile::TempDir,
    store: StateStore,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = StateStore::open_writer(&folder.path().join("state")).unwrap();
    Fixture { folder, store }
}

impl Fixture {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn other(&self, name: &str) -> StateStore {
        StateStore::open_writer(&self.path(name)).unwrap()
    }
}

fn run(store: &StateStore, name: &str, second: i64, models: &[&str]) -> String {
    let record = RunRecord {
        filter: "client=acme".to_owned(),
        graph_hash: Some("h".to_owned()),
        ..RunRecord::begin(name, "main", at(second))
    };
    let run_id = store.record_run_start(&record).unwrap();
    let models: Vec<_> = models
        .iter()
        .enumerate()
        .map(|(i, m)| execution(m, i as u32))
        .collect();
    store.record_models(&run_id, &models).unwrap();
    let end = RunEnd {
        finished_at: at(second + 1),
        duration_ms: 1000,
        status: RunStatus::PartialFailure,
        interrupted: false,
        error: Some("\u{0}odd \"text\"\n".to_owned()),
    };
    store.record_run_end(&run_id, &end, &[]).unwrap();
    run_id
}

fn quality(model: &str, run: &str, second: i64) -> QualitySnapshot {
    QualitySnapshot {
        model_name: model.into(),
        run_id: run.to_owned(),
        timestamp: at(second),
        metrics: QualityMetrics {
            row_count: 10,
            null_rates: [("a b".to_owned(), 0.1), ("é".to_owned(), 1.0)].into(),
            freshness_lag_seconds: Some(5),
        },
    }
}

/// Something in every table.
fn fill(store: &StateStore) {
    let one = run(store, "run-1", 0, &["a", "b|c", "é\"\n"]);
    let two = run(store, "run-2", 100, &["a"]);
    let mut batch = StateBatch::new();
    for (i, status) in [
        PartitionStatus::Computed,
        PartitionStatus::Failed,
        PartitionStatus::InProgress,
    ]
    .into_iter()
    .enumerate()
    {
        batch.partition(Partition {
            row_count: Some(3),
            error: (i == 1).then(|| "no".to_owned()),
            ..Partition::new("b|c", format!("2026-01-0{i}"), status, one.clone(), at(5))
        });
    }
    for i in 0..4 {
        let (timestamp, run_id) = (at(i), format!("run-{i}"));
        let count = RowCount {
            timestamp,
            row_count: i as u64,
            run_id,
        };
        batch.row_count("c.s.a", count);
    }
    batch
        .quality(quality("a", &one, 0))
        .quality(quality("a", &two, 100));
    store.commit(&batch).unwrap();
    let graph = |columns: &[(&str, &str)]| {
        vec![GraphModel {
            name: "a".into(),
            columns: columns.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect(),
            depends_on: vec!["b|c".into()],
        }]
    };
    store
        .record_graph(&one, at(0), "h1", || graph(&[("x", "DATE")]))
        .unwrap();
    store
        .record_graph(&two, at(100), "h2", || graph(&[("x", "VARCHAR")]))
        .unwrap();
    store
        .put_note("build", "a", json!({"hash": [1, 2.5, null]}), at(3))
        .unwrap();
    store.put_note("local:remote", "etag", json!(1), at(3)).unwrap();
}

fn export(store: &StateStore) -> String {
    let mut out = Vec::new();
    store.reader().export(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

// ------------------------------------------------------------------------------------------------- export and import

#[test]
fn what_is_exported_and_imported_is_the_same_state() {
    let f = fixture();
    assert!(f.store.reader().is_empty().unwrap());
    let empty = export(&f.store);
    fill(&f.store);
    assert!(!f.store.reader().is_empty().unwrap());
    let text = export(&f.store);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema_version"], SCHEMA_VERSION);
    assert_eq!(document["watermarks"].as_array().unwrap().len(), 3);
    assert_eq!(document["partitions"][1]["partition_key"], "2026-01-01");
    assert_eq!(document["partitions"][1]["status"], "Failed");
    assert_eq!(document["check_history"][0]["counts"][3]["row_count"], 3);
    assert_eq!(document["quality_history"][0]["metrics"]["null_rates"]["é"], 1.0);
    assert_eq!(
        document["run_history"][0]["models_executed"][1]["model_name"],
        "b|c"
    );
    assert_eq!(
        document["run_history"][0]["models_executed"][1]["asset_key"][1],
        "acme"
    );
    assert_eq!(
        document["dag_snapshots"][1]["changes"][0]["ColumnTypeChanged"]["to"],
        "VARCHAR"
    );
    assert!(!text.contains("local:remote"));

    let other = f.other("other");
    let taken = other.import(text.as_bytes(), Import::IntoEmpty).unwrap();
    assert_eq!(taken.written["run_history"], 2);
    assert_eq!(export(&other), text);
    assert_eq!(
        other.reader().runs(None, 9).unwrap(),
        f.store.reader().runs(None, 9).unwrap()
    );
    // Not over what is there, unless told so.
    let error = other.import(text.as_bytes(), Import::IntoEmpty).unwrap_err();
    assert!(error.message.contains("not empty"), "{error}");
    run(&other, "run-3", 200, &["z"]);
    other.put_note("local:mine", "k", json!(1), at(0)).unwrap();
    other.import(text.as_bytes(), Import::Replace).unwrap();
    assert_eq!(export(&other), text);
    assert_eq!(other.reader().notes("local:mine").unwrap().len(), 1);
    other.import(empty.as_bytes(), Import::Replace).unwrap();
    assert!(other.reader().is_empty().unwrap());
}

#[test]
fn a_document_that_is_cut_short_newer_or_not_ours_changes_nothing() {
    let f = fixture();
    fill(&f.store);
    let text = export(&f.store);
    let other = f.other("other");
    run(&other, "mine", 7, &["mine"]);
    let before = export(&other);
    let refused = |document: &str, words: &str| {
        let error = other.import(document.as_bytes(), Import::Replace).unwrap_err();
        assert_eq!(error.kind, ErrorKind::State, "{error}");
        assert!(
            error.message.contains(words) && error.message.contains("nothing was imported"),
            "{error}"
        );
        assert_eq!(export(&other), before);
    };
    for end in (0..text.len() - 2)
        .step_by(97)
        .filter(|i| text.is_char_boundary(*i))
    {
        refused(&text[..end], "not a whole export");
    }
    let version = format!("\"schema_version\":{SCHEMA_VERSION}");
    refused(
        &text.replacen(&version, "\"schema_version\":102", 1),
        "newer rocky (schema version 102",
    );
    refused(&text.replacen("rocky-state", "other", 1), "`format` is not");
    refused("{\"watermarks\":[]}", "does not begin with");
    refused("{}", "has no `format`");
    refused("[]", "not a whole export");
    refused(&format!("{text}more"), "not a whole export");
    refused(
        &text.replacen("\"Computed\"", "\"Confused\"", 1),
        "not a whole export",
    );
    // What an older version exported.
    let older = text.replacen(&version, "\"schema_version\":100", 1);
    other.import(older.as_bytes(), Import::Replace).unwrap();
    assert_eq!(export(&other), text);
}

#[test]
fn an_export_that_cannot_be_written_is_an_error() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(data.len())
                .ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(data.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let f = fixture();
    fill(&f.store);
    let error = f.store.reader().export(&mut Full(500)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.message.contains("the export cannot be written"), "{error}");
}

#[test]
fn merging_keeps_the_later_and_loses_no_run() {
    let f = fixture();
    fill(&f.store);
    let base = f.path("base");
    f.store.snapshot_to(&base).unwrap();
    let other = f.other("other");
    other.restore_from(&base).unwrap();
    // Both go on, each by itself; two runs get the same name.
    let ours = run(&f.store, "run-9", 900, &["a", "ours"]);
    let record = RunRecord {
        process: None,
        ..RunRecord::begin("run-9", "main", at(901))
    };
    other.record_run_start(&record).unwrap();
    other.record_model("run-9", &execution("theirs", 8)).unwrap();
    other.put_watermark("c.s.a", "later", at(5000)).unwrap();
    f.store.put_watermark("c.s.ours", "later", at(5000)).unwrap();
    other.put_watermark("c.s.ours", "earlier", at(4000)).unwrap();
    let done = Partition::new("b|c", "2026-01-02", PartitionStatus::Computed, "run-9", at(900));
    other.put_partitions(&[done]).unwrap();
    other
        .put_row_count(
            "c.s.a",
            &RowCount {
                timestamp: at(2),
                row_count: 77,
                run_id: String::new(),
            },
        )
        .unwrap();
    other.put_quality(&quality("a", "run-9", 901)).unwrap();
    let theirs = f.path("theirs");
    other.snapshot_to(&theirs).unwrap();

    let taken = f.store.merge_from(&theirs).unwrap();
    assert_eq!(taken.written["run_history"], 1);
    let reader = f.store.reader();
    let runs: Vec<_> = reader
        .runs(None, 9)
        .unwrap()
        .into_iter()
        .map(|r| (r.run_id, r.models.len()))
        .collect();
    let expected = [("run-9-2", 1), ("run-9", 2), ("run-2", 1), ("run-1", 3)];
    assert_eq!(runs, expected.map(|(name, n)| (name.to_owned(), n)));
    assert_eq!(ours, "run-9");
    let watermark = |target: &str| reader.watermark(target).unwrap().unwrap().last_value;
    assert_eq!(
        (watermark("c.s.a"), watermark("c.s.ours")),
        ("later".into(), "later".into())
    );
    let partition = reader.partition("b|c", "2026-01-02").unwrap().unwrap();
    assert_eq!(partition.status, PartitionStatus::Computed);
    let counts: Vec<u64> = reader
        .row_counts("c.s.a")
        .unwrap()
        .iter()
        .map(|c| c.row_count)
        .collect();
    assert_eq!(counts, [0, 1, 2, 77, 3]);
    assert_eq!(reader.quality("a", 9).unwrap().len(), 3);
    // Once more changes nothing.
    let before = export(&f.store);
    assert!(f.store.merge_from(&theirs).unwrap().written.is_empty());
    assert_eq!(export(&f.store), before);
    // The same as a document.
    let document = export(&f.store);
    let taken = f.store.import(document.as_bytes(), Import::Merge).unwrap();
    assert!(taken.written.is_empty() && taken.kept > 0);
}

// ---------------------------------------------------------------------------------------------------- check and repair

#[test]
fn a_check_finds_what_is_wrong_and_a_repair_puts_it_right() {
    let f = fixture();
    fill(&f.store);
    let known = Known {
        models: Some(["a".into()].into()),
        targets: Some(["c.s.a".to_owned()].into()),
    };
    let (path, folder) = (f.path("state"), f.folder);
    drop(f.store);
    // What only an edited or half lost file can have.
    {
        let database = redb::Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let text: TableDefinition<'_, &str, &str> = TableDefinition::new("run_history");
        let mut history = transaction.open_table(text).unwrap();
        history.remove("run-2").unwrap();
        let unlisted = serde_json::to_string(&RunRecord::begin("unlisted", "main", at(50))).unwrap();
        history.insert("unlisted", unlisted.as_str()).unwrap();
        drop(history);
        let text: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new("notes");
        transaction
            .open_table(text)
            .unwrap()
            .insert(("build", "odd"), "{")
            .unwrap();
        transaction.commit().unwrap();
    }
    let reader = StateReader::open(&path).unwrap().unwrap();
    let audit = reader.audit(&known).unwrap();
    let kinds: Vec<_> = audit
        .findings
        .iter()
        .map(|f| (f.kind, f.rows, f.key.last().unwrap().as_str()))
        .collect();
    use FindingKind::*;
    assert_eq!(
        kinds,
        [
            (Unreadable, 1, "odd"),
            (LostRun, 1, "run-2"),
            (UnlistedRun, 1, "unlisted"),
            (OrphanProgress, 1, "run-2"),
            (StalePartitions, 1, "run-1"),
            (GoneModel, 3, "b|c"),
            (OrphanWatermark, 1, "c.s.b|c"),
            (OrphanWatermark, 1, "c.s.é\"\n"),
        ]
    );
    assert_eq!((audit.counts["watermarks"], audit.counts["run_progress"]), (3, 4));
    // What the project has is only held against the state when it is known.
    let unknown = reader.audit(&Known::default()).unwrap();
    assert_eq!(unknown.findings.len(), 5);
    assert!(
        unknown
            .findings
            .iter()
            .all(|f| !f.message.is_empty() && !f.repair.is_empty())
    );
    assert!(reader.runs(None, 9).unwrap_err().hint.unwrap().contains("repair"));
    drop(reader);
    let store = StateStore::open_writer(&path).unwrap();
    assert_eq!(store.repair(&Known::default(), at(1000)).unwrap(), unknown);
    let failed = store.reader().partition("b|c", "2026-01-02").unwrap().unwrap();
    assert_eq!(
        (failed.status, failed.computed_at),
        (PartitionStatus::Failed, at(1000))
    );
    assert!(
        store
            .reader()
            .audit(&Known::default())
            .unwrap()
            .findings
            .is_empty()
    );
    assert_eq!(store.repair(&known, at(1000)).unwrap().findings.len(), 3);
    assert!(store.reader().audit(&known).unwrap().findings.is_empty());
    let runs = store.reader().runs(None, 9).unwrap();
    let runs: Vec<&str> = runs.iter().map(|r| r.run_id.as_str()).collect();
    assert_eq!(runs, ["unlisted", "run-1"]);
    assert_eq!(store.reader().watermarks().unwrap().len(), 1);
    assert!(store.reader().partition_counts().unwrap().is_empty());
    drop((store, folder));
}

#[test]
fn every_unreadable_value_can_be_removed() {
    let f = fixture();
    fill(&f.store);
    let path = f.path("state");
    drop(f.store);
    {
        let database = redb::Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        for name in ["watermarks", "check_history", "run_history", "dag_models"] {
            let table: TableDefinition<'_, &str, &str> = TableDefinition::new(name);
            transaction.open_table(table).unwrap().insert("odd", "{").unwrap();
        }
        for name in ["partitions", "run_progress", "notes"] {
            let table: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new(name);
            transaction
                .open_table(table)
                .unwrap()
                .insert(("odd", "key"), "{")
                .unwrap();
        }
        let table: TableDefinition<'_, (&str, i64, &str), &str> = TableDefinition::new("quality_history");
        transaction
            .open_table(table)
            .unwrap()
            .insert(("odd", 1, "run"), "{")
            .unwrap();
        let table: TableDefinition<'_, i64, &str> = TableDefinition::new("dag_snapshots");
        transaction.open_table(table).unwrap().insert(1, "{").unwrap();
        transaction.commit().unwrap();
    }
    let store = StateStore::open_writer(&path).unwrap();
    let audit = store.repair(&Known::default(), at(0)).unwrap();
    let unreadable = audit
        .findings
        .iter()
        .filter(|f| f.kind == FindingKind::Unreadable);
    assert_eq!(unreadable.count(), 9);
    assert!(
        store
            .reader()
            .audit(&Known::default())
            .unwrap()
            .findings
            .is_empty()
    );
    assert_eq!(store.reader().runs(None, 9).unwrap().len(), 2);
}

// ---------------------------------------------------------------------------------------------------------- retention

fn retention(days: u64, min_runs_kept: u64) -> Retention {
    Retention {
        max_age: Duration::from_secs(days * 86_400),
        min_runs_kept,
        history: true,
        lineage: true,
        sweep_interval: Duration::ZERO,
    }
}

#[test]
fn a_sweep_forgets_what_is_old_and_no_more() {
    let f = fixture();
    let day = 86_400;
    for i in 0..10 {
        let run_id = run(&f.store, &format!("run-{i}"), i * day, &["a", "b"]);
        f.store.put_quality(&quality("a", &run_id, i * day)).unwrap();
        f.store
            .record_graph(&run_id, at(i * day), &format!("h{i}"), || {
                vec![GraphModel {
                    name: format!("m{i}").into(),
                    ..GraphModel::default()
                }]
            })
            .unwrap();
    }
    let running = RunRecord::begin("running", "main", at(0));
    let now = at(10 * day);
    let none = f.store.sweep(&retention(10, 0), now).unwrap();
    assert_eq!(none, Default::default());
    let swept = f.store.sweep(&retention(7, 8), now).unwrap();
    assert_eq!(
        (swept.runs, swept.models, swept.measurements, swept.graphs),
        (2, 4, 2, 3)
    );
    let swept = f.store.sweep(&retention(7, 0), now).unwrap();
    assert_eq!((swept.runs, swept.graphs, swept.more), (1, 0, false));
    let reader = f.store.reader();
    let names = || -> Vec<String> {
        let runs = reader.runs(None, 99).unwrap();
        runs.into_iter().map(|r| r.run_id).collect()
    };
    assert_eq!(names().len(), 7);
    assert_eq!(names().last().unwrap(), "run-3");
    assert_eq!(reader.quality("a", 99).unwrap().len(), 7);
    assert_eq!(reader.graphs(99).unwrap().len(), 7);
    assert_eq!(reader.watermarks().unwrap().len(), 2);
    assert!(reader.audit(&Known::default()).unwrap().findings.is_empty());
    // The newest graph stays, and a run that is under way; a clock that is far ahead does not take what must stay.
    f.store.record_run_start(&running).unwrap();
    let swept = f.store.sweep(&retention(1, 3), at(9999 * day)).unwrap();
    assert_eq!(swept.runs, 5);
    assert_eq!(names(), ["running", "run-9", "run-8"]);
    f.store.sweep(&retention(1, 0), at(9999 * day)).unwrap();
    assert_eq!(
        (names(), reader.graphs(9).unwrap().len()),
        (vec!["running".to_owned()], 1)
    );
}

#[test]
fn a_sweep_is_bounded_and_not_made_too_often() {
    let f = fixture();
    let models: Vec<String> = (0..9000).map(|i| format!("m{i}")).collect();
    let models: Vec<&str> = models.iter().map(String::as_str).collect();
    for i in 0..5 {
        run(&f.store, &format!("run-{i}"), i, &models);
    }
    let hourly = Retention {
        sweep_interval: Duration::from_secs(3600),
        ..retention(1, 1)
    };
    let now = at(10 * 86_400);
    let swept = f.store.sweep(&hourly, now).unwrap();
    assert_eq!((swept.runs, swept.models, swept.more), (2, 18_000, true));
    let swept = f.store.sweep(&hourly, now).unwrap();
    assert_eq!((swept.runs, swept.more), (2, false));
    run(&f.store, "old", 5, &["a"]);
    let soon = now + Duration::from_secs(3599);
    assert_eq!(f.store.sweep(&hourly, soon).unwrap().runs, 0);
    // The clock went back: it is not waited until it has caught up.
    assert_eq!(f.store.sweep(&hourly, at(5 * 86_400)).unwrap().runs, 1);
    run(&f.store, "old", 6, &["a"]);
    assert_eq!(
        f.store
            .sweep(&hourly, now + Duration::from_secs(3600))
            .unwrap()
            .runs,
        1
    );
}

// ------------------------------------------------------------------------------------------------------ killed writers

/// Not a test of its own: the body of the second process. It writes batches of rows that belong together until it is killed.
#[test]
fn child_process() {
    let Ok(path) = std::env::var("UPKEEP_TEST_CHILD") else {
        return;
    };
    let store = StateStore::open_writer(Path::new(&path)).unwrap();
    let run_id = store
        .record_run_start(&RunRecord::begin("run-1", "main", at(0)))
        .unwrap();
    for i in 0u32.. {
        let mut batch = StateBatch::new();
        // Enough for many pages, so that a kill falls into a commit and not between two.
        let models = (0..200).map(|j| execution(&format!("m{i}_{j}"), j)).collect();
        batch.models(&run_id, models);
        for j in 0..200 {
            batch.partition(Partition::new(
                format!("m{i}"),
                format!("2026-{j:03}"),
                PartitionStatus::Computed,
                run_id.clone(),
                at(0),
            ));
        }
        batch.quality(quality("a", &format!("run-{i}"), i64::from(i)));
        store.commit(&batch).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "child: {i}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_writer_that_is_killed_in_a_commit_leaves_all_of_it_or_nothing() {
    for delay_us in [0u64, 300, 700, 1500, 2500, 4000, 6000, 9000] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_process", "--nocapture", "--test-threads=1"])
            .env("UPKEEP_TEST_CHILD", &path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = 0;
        let mut next = || -> Option<u32> {
            lines.find_map(|line| {
                line.unwrap()
                    .split_once("child: ")
                    .map(|(_, n)| n.trim().parse().unwrap())
            })
        };
        while said < 3 {
            said = next().unwrap();
        }
        std::thread::sleep(Duration::from_micros(delay_us));
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(n) = next() {
            said = n;
        }
        let reader = StateReader::open(&path).unwrap().unwrap();
        let commits = reader.partition_counts().unwrap();
        // What it said is there; the last commit may have come before its word.
        assert!(commits.len() as u32 == said + 1 || commits.len() as u32 == said + 2);
        assert!(commits.iter().all(|c| c.computed == 200));
        assert_eq!(reader.progress_of("run-1").unwrap().len(), commits.len() * 200);
        assert_eq!(reader.watermarks().unwrap().len(), commits.len() * 200);
        assert_eq!(reader.quality("a", usize::MAX).unwrap().len(), commits.len());
        assert!(reader.audit(&Known::default()).unwrap().findings.is_empty());
        drop(reader);
        // And it is good for the next one.
        let store = StateStore::open_writer(&path).unwrap();
        assert_eq!(run(&store, "run-1", 9, &["a"]), "run-1-2");
    }
}
