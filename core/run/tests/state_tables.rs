//! What the state store remembers besides runs: partitions, quality, graphs, notes, and what a resumed run finds.

#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use jiff::Timestamp;
use rocky_base::{ErrorKind, SmolStr};
use rocky_run::state::{
    DagChange, GraphModel, KEPT_QUALITY, KEPT_ROW_COUNTS, Partition, PartitionStatus, Process,
    QualityMetrics, QualitySnapshot, RowCount, RunEnd, StateBatch,
};
use rocky_run::{ModelExecution, RunRecord, RunStatus, StateReader, StateStore, TaskStatus};
use rocky_warehouse::Strategy;
use serde_json::json;
use std::time::Instant;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_323_045 + second).unwrap()
}

fn execution(model: &str, status: TaskStatus) -> ModelExecution {
    ModelExecution {
        run_id: String::new(),
        model_name: model.into(),
        index: 0,
        target: format!("c.s.{model}"),
        strategy: Strategy::View,
        started_at: Some(at(0)),
        finished_at: Some(at(1)),
        duration_ms: 1000,
        rows_affected: None,
        status,
        sql_hash: String::new(),
        error: None,
        skipped_reason: None,
        watermark: None,
        kind: rocky_plan::TaskKind::Model,
        asset_key: Vec::new(),
        basis: String::new(),
    }
}

fn store() -> (tempfile::TempDir, StateStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = StateStore::open_writer(&folder.path().join("state")).unwrap();
    (folder, store)
}

fn end(store: &StateStore, run_id: &str, status: RunStatus) {
    let end = RunEnd {
        finished_at: at(9),
        duration_ms: 9000,
        status,
        interrupted: false,
        error: None,
    };
    store.record_run_end(run_id, &end, &[]).unwrap();
}

fn begin(store: &StateStore, name: &str) -> String {
    store
        .record_run_start(&RunRecord::begin(name, "main", at(0)))
        .unwrap()
}

fn keys(keys: &[&str]) -> Vec<SmolStr> {
    keys.iter().map(SmolStr::new).collect()
}

// -------------------------------------------------------------------------------------------------------- partitions

#[test]
fn a_batch_is_claimed_whole_and_settled_with_its_rows() {
    let (_folder, store) = store();
    let run = begin(&store, "run-1");
    let days = keys(&["2026-01-01", "2026-01-02"]);
    assert!(
        store
            .claim_partitions(&run, "m", &days, at(1))
            .unwrap()
            .is_empty()
    );
    let reader = store.reader();
    let statuses = || reader.partition_statuses("m", ""..="~").unwrap();
    assert!(statuses().iter().all(|(_, s)| *s == PartitionStatus::InProgress));
    assert!(reader.stale_partitions().unwrap().is_empty());
    let done = |key: &str, rows| Partition {
        row_count: Some(rows),
        duration_ms: 5,
        batch: Some("2026-01-01..2026-01-02".to_owned()),
        ..Partition::new("m", key, PartitionStatus::Computed, run.clone(), at(2))
    };
    let mut batch = StateBatch::new();
    batch
        .partition(done("2026-01-01", 3))
        .partition(done("2026-01-02", 4))
        .models(&run, vec![execution("m", TaskStatus::Success)])
        .watermark("c.s.m", "2026-01-02", at(2));
    store.commit(&batch).unwrap();
    let partitions = reader
        .partitions("m", "2026-01-01"..="2026-01-03")
        .unwrap_or_default();
    assert_eq!(partitions, [done("2026-01-01", 3), done("2026-01-02", 4)]);
    assert_eq!(
        reader.partition("m", "2026-01-02").unwrap(),
        Some(done("2026-01-02", 4))
    );
    assert_eq!(reader.partition("m", "2026-01-03").unwrap(), None);
    assert_eq!(
        reader.watermark("c.s.m").unwrap().unwrap().last_value,
        "2026-01-02"
    );
    assert_eq!(reader.watermark("c.s").unwrap(), None);
    let failed = Partition {
        error: Some("é".repeat(100_000)),
        ..Partition::new("m", "2026-01-03", PartitionStatus::Failed, run.clone(), at(3))
    };
    store.put_partitions(&[failed]).unwrap();
    let error = reader
        .partition("m", "2026-01-03")
        .unwrap()
        .unwrap()
        .error
        .unwrap();
    assert!(error.len() < 9000, "{}", error.len());
    let counts = reader.partition_counts().unwrap();
    assert_eq!(counts.len(), 1);
    assert_eq!(
        (counts[0].computed, counts[0].failed, counts[0].in_progress),
        (2, 1, 0)
    );
    assert_eq!(
        (&*counts[0].first, &*counts[0].last),
        ("2026-01-01", "2026-01-03")
    );
    assert!(store.delete_partition("m", "2026-01-03").unwrap());
    assert!(!store.delete_partition("m", "2026-01-03").unwrap());
    assert_eq!(reader.partition("m", "2026-01-03").unwrap(), None);
}

#[test]
fn models_with_hostile_names_keep_their_partitions_apart() {
    let (_folder, store) = store();
    let run = begin(&store, "run-1");
    let names = ["m", "m|2026", "m\0", "m\u{10ffff}", "", "é|", "m2"];
    for (i, name) in names.iter().enumerate() {
        let partition = Partition {
            row_count: Some(i as u64),
            ..Partition::new(*name, "2026", PartitionStatus::Computed, run.clone(), at(0))
        };
        store.put_partitions(&[partition]).unwrap();
    }
    for (i, name) in names.iter().enumerate() {
        let found = store.reader().partitions(name, ""..="~").unwrap();
        assert_eq!(found.len(), 1, "{name:?}");
        assert_eq!(
            (found[0].row_count, &*found[0].model_name),
            (Some(i as u64), *name)
        );
    }
}

#[test]
fn a_partition_that_another_run_of_this_process_is_at_is_not_claimed() {
    let (_folder, store) = store();
    let (one, two) = (begin(&store, "run-1"), begin(&store, "run-2"));
    store
        .claim_partitions(&one, "m", &keys(&["2026-01-02"]), at(1))
        .unwrap();
    let days = keys(&["2026-01-01", "2026-01-02"]);
    let error = store.claim_partitions(&two, "m", &days, at(2)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked);
    assert!(
        error.message.contains("2026-01-02") && error.message.contains("run-1"),
        "{error}"
    );
    // None of the batch was claimed.
    assert_eq!(store.reader().partition("m", "2026-01-01").unwrap(), None);
    // The same run may, and once it has ended everyone may.
    store.claim_partitions(&one, "m", &days, at(3)).unwrap();
    end(&store, &one, RunStatus::Failure);
    assert_eq!(store.reader().stale_partitions().unwrap().len(), 2);
    let left = store.claim_partitions(&two, "m", &days, at(4)).unwrap();
    assert_eq!(
        left.iter()
            .map(|p| (&*p.partition_key, &*p.run_id))
            .collect::<Vec<_>>(),
        [("2026-01-01", "run-1"), ("2026-01-02", "run-1")]
    );
    assert!(store.reader().stale_partitions().unwrap().is_empty());
}

#[test]
fn what_a_reader_can_tell_of_a_run_of_another_process() {
    let (folder, store) = store();
    let gone = Process {
        pid: u32::MAX,
        ..Process::current()
    };
    let elsewhere = Process {
        started: "elsewhere/pid:[1]/1".to_owned(),
        ..Process::current()
    };
    for (name, process) in [
        ("here", Some(Process::current())),
        ("gone", Some(gone)),
        ("elsewhere", Some(elsewhere)),
        ("unknown", None),
    ] {
        let run = RunRecord {
            process,
            ..RunRecord::begin(name, "main", at(0))
        };
        let run = store.record_run_start(&run).unwrap();
        store
            .claim_partitions(&run, name, &keys(&["2026"]), at(1))
            .unwrap();
    }
    let never = Partition::new("never", "2026", PartitionStatus::InProgress, "never", at(1));
    store.put_partitions(&[never]).unwrap();
    let stale = |reader: &StateReader| -> Vec<SmolStr> {
        let stale = reader.stale_partitions().unwrap();
        stale.into_iter().map(|p| p.model_name).collect()
    };
    assert_eq!(stale(&store.reader()), ["never"]);
    let path = folder.path().join("state");
    let reader = StateReader::open(&path).unwrap().unwrap();
    assert_eq!(stale(&reader), ["gone", "never"]);
    drop((reader, store));
    // The next writer knows that it is the only one.
    let store = StateStore::open_writer(&path).unwrap();
    let all = ["elsewhere", "gone", "here", "never", "unknown"];
    assert_eq!(stale(&store.reader()), all);
}

#[test]
fn a_hundred_thousand_partitions_are_read_by_range() {
    let (_folder, store) = store();
    let key = |i: usize| {
        let at = Timestamp::from_second(i as i64 * 3600).unwrap();
        at.strftime("%Y-%m-%dT%H").to_string()
    };
    let partitions = |model: &str, n: usize| -> Vec<Partition> {
        (0..n)
            .map(|i| Partition {
                row_count: Some(i as u64),
                ..Partition::new(model, key(i), PartitionStatus::Computed, "run-1", at(0))
            })
            .collect()
    };
    store.put_partitions(&partitions("big", 100_000)).unwrap();
    store.put_partitions(&partitions("after", 1000)).unwrap();
    let reader = store.reader();
    let begin = Instant::now();
    let statuses = reader.partition_statuses("big", ""..="~").unwrap();
    let all = begin.elapsed();
    assert_eq!(statuses.len(), 100_000);
    assert!(statuses.is_sorted_by(|a, b| a.0 < b.0));
    // The cost of a range is that of the range: a day out of eleven years.
    let (from, to) = (key(50_000), key(50_023));
    let read = || reader.partitions("big", from.as_str()..=to.as_str()).unwrap();
    let times = (0..100).map(|_| {
        let begin = Instant::now();
        assert_eq!(read().len(), 24);
        begin.elapsed()
    });
    // The best of them: the machine may be busy.
    let few = times.min().unwrap();
    let day = read();
    assert_eq!(day[23].row_count, Some(50_023));
    // Unoptimised and on a busy machine; optimised it is some 15 ms.
    println!("100,000 statuses in {all:?}, 24 partitions in {few:?}");
    assert!(all.as_secs_f64() < 60.0 && few * 20 < all, "{all:?} {few:?}");
    assert_eq!(reader.partitions("big", "3"..="4").unwrap(), []);
    assert_eq!(reader.partitions("big", "4"..="3").unwrap(), []);
}

// ----------------------------------------------------------------------------------------------------------- quality

#[test]
fn row_counts_are_bounded_and_newest_last() {
    let (_folder, store) = store();
    assert!(store.reader().row_counts("c.s.t").unwrap().is_empty());
    for i in 0..KEPT_ROW_COUNTS as u64 + 5 {
        let count = RowCount {
            timestamp: at(i as i64),
            row_count: i,
            run_id: format!("run-{i}"),
        };
        store.put_row_count("c.s.t", &count).unwrap();
    }
    let counts = store.reader().row_counts("c.s.t").unwrap();
    let rows: Vec<u64> = counts.iter().map(|c| c.row_count).collect();
    assert_eq!(rows, (5..15).collect::<Vec<_>>());
    // Counted twice by one run: one point.
    let mut again = counts[9].clone();
    again.row_count = 99;
    store.put_row_count("c.s.t", &again).unwrap();
    let counts = store.reader().row_counts("c.s.t").unwrap();
    assert_eq!(
        (counts.len(), counts[9].row_count, counts[8].row_count),
        (10, 99, 13)
    );
}

fn quality(run: &str, second: i64, rows: u64, column: &str) -> QualitySnapshot {
    QualitySnapshot {
        model_name: "m".into(),
        run_id: run.to_owned(),
        timestamp: at(second),
        metrics: QualityMetrics {
            row_count: rows,
            null_rates: [(column.to_owned(), 0.25)].into(),
            freshness_lag_seconds: None,
        },
    }
}

#[test]
fn measurements_of_a_run_are_put_together_and_newest_is_what_came_last() {
    let (_folder, store) = store();
    store.put_quality(&quality("run-1", 100, 7, "a")).unwrap();
    let mut more = quality("run-1", 101, 8, "b");
    more.metrics.freshness_lag_seconds = Some(60);
    store.put_quality(&more).unwrap();
    // The clock goes back an hour.
    store.put_quality(&quality("run-2", -3500, 9, "a")).unwrap();
    let found = store.reader().quality("m", 10).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].run_id.as_str(), found[0].metrics.row_count),
        ("run-2", 9)
    );
    assert_eq!(found[0].timestamp, at(-3500));
    let first = &found[1];
    assert_eq!((first.run_id.as_str(), first.metrics.row_count), ("run-1", 8));
    assert_eq!(
        first
            .metrics
            .null_rates
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(first.metrics.freshness_lag_seconds, Some(60));
    assert_eq!(store.reader().quality("m", 1).unwrap().len(), 1);
    assert!(store.reader().quality("m2", 10).unwrap().is_empty());
}

#[test]
fn quality_is_bounded_by_model() {
    let (_folder, store) = store();
    let mut batch = StateBatch::new();
    for i in 0..3 * KEPT_QUALITY {
        batch.quality(quality(&format!("run-{i}"), i as i64, i as u64, "a"));
    }
    store.commit(&batch).unwrap();
    let found = store.reader().quality("m", usize::MAX).unwrap();
    let n = found.len();
    assert!((KEPT_QUALITY..KEPT_QUALITY + 100).contains(&n), "{n}");
    assert_eq!(found[0].metrics.row_count, 3 * KEPT_QUALITY as u64 - 1);
    assert_eq!(found[n - 1].metrics.row_count, (3 * KEPT_QUALITY - n) as u64);
}

// ------------------------------------------------------------------------------------------------------------- graph

fn model(name: &str, columns: &[(&str, &str)], depends_on: &[&str]) -> GraphModel {
    GraphModel {
        name: name.into(),
        columns: columns.iter().map(|(n, t)| ((*n).into(), (*t).into())).collect(),
        depends_on: keys(depends_on),
    }
}

#[test]
fn the_graph_is_remembered_when_it_changes() {
    let (_folder, store) = store();
    let first = || {
        vec![
            model("a", &[("id", "BIGINT"), ("x", "DATE")], &[]),
            model("b", &[("id", "BIGINT")], &["a"]),
        ]
    };
    let snapshot = store.record_graph("run-1", at(0), "h1", first).unwrap().unwrap();
    assert_eq!((snapshot.model_count, snapshot.edge_count), (2, 1));
    assert!(snapshot.changes.is_empty());
    let unused = || -> Vec<GraphModel> { panic!("the graph is the same") };
    assert_eq!(store.record_graph("run-2", at(1), "h1", unused).unwrap(), None);
    let second = || {
        vec![
            model("a", &[("id", "VARCHAR"), ("y", "DATE")], &[]),
            model("c", &[("z", "DATE")], &["a"]),
        ]
    };
    // The clock has gone back.
    let snapshot = store
        .record_graph("run-3", at(-9), "h2", second)
        .unwrap()
        .unwrap();
    let column = |model: &str, column: &str| (SmolStr::new(model), SmolStr::new(column));
    let ((a, id), (_, x), (_, y)) = (column("a", "id"), column("a", "x"), column("a", "y"));
    assert_eq!(
        snapshot.changes,
        [
            DagChange::ModelAdded("c".into()),
            DagChange::ModelRemoved("b".into()),
            DagChange::ColumnTypeChanged {
                model: a.clone(),
                column: id,
                from: "BIGINT".into(),
                to: "VARCHAR".into()
            },
            DagChange::ColumnAdded {
                model: a.clone(),
                column: y
            },
            DagChange::ColumnRemoved { model: a, column: x },
            DagChange::DependencyAdded {
                from: "a".into(),
                to: "c".into()
            },
        ]
    );
    let graphs = store.reader().graphs(10).unwrap();
    let runs: Vec<&str> = graphs.iter().map(|g| g.run_id.as_str()).collect();
    assert_eq!(runs, ["run-3", "run-1"]);
    assert_eq!(graphs[0], snapshot);
    assert_eq!(store.reader().graph_hash().unwrap().as_deref(), Some("h2"));
    // Another build hashes the same graph otherwise: no change.
    assert_eq!(store.record_graph("run-4", at(2), "h3", second).unwrap(), None);
    assert_eq!(store.reader().graph_hash().unwrap().as_deref(), Some("h3"));
    assert_eq!(store.reader().graphs(10).unwrap().len(), 2);
}

// ------------------------------------------------------------------------------------------------------------- notes

#[test]
fn notes_are_read_and_written_in_one_commit() {
    let (folder, store) = store();
    store
        .put_note("idempotency", "k1", json!({"run": 1}), at(0))
        .unwrap();
    store.put_note("idempotency", "k2", json!(2), at(5)).unwrap();
    store.put_note("idempotency2", "k1", json!(3), at(5)).unwrap();
    store
        .put_note("local:remote", "etag", json!("abc"), at(5))
        .unwrap();
    let was = store
        .update_note("idempotency", "k1", |was| {
            assert_eq!(was.unwrap().value, json!({"run": 1}));
            Ok(Some((json!({"run": 2}), at(1))))
        })
        .unwrap();
    assert_eq!(was.unwrap().at, at(0));
    let refused = store.update_note("idempotency", "k1", |_| Err(rocky_base::Error::usage("no")));
    refused.unwrap_err();
    let reader = store.reader();
    assert_eq!(
        reader.note("idempotency", "k1").unwrap().unwrap().value,
        json!({"run": 2})
    );
    assert_eq!(reader.notes("idempotency").unwrap().len(), 2);
    assert_eq!(store.retain_notes("idempotency", |n| n.at >= at(3)).unwrap(), 1);
    assert_eq!(reader.notes("idempotency").unwrap()[0].key, "k2");
    assert_eq!(reader.notes("idempotency2").unwrap().len(), 1);
    store.update_note("idempotency", "k2", |_| Ok(None)).unwrap();
    assert_eq!(reader.note("idempotency", "k2").unwrap(), None);
    // What is of this machine is in no copy, and stays when one is taken in.
    let copy = folder.path().join("copy");
    store.snapshot_to(&copy).unwrap();
    let copied = StateReader::open(&copy).unwrap().unwrap();
    assert_eq!(copied.notes("local:remote").unwrap(), []);
    assert_eq!(copied.notes("idempotency2").unwrap().len(), 1);
    store.put_note("idempotency2", "k1", json!(4), at(6)).unwrap();
    store.restore_from(&copy).unwrap();
    assert_eq!(
        reader.note("local:remote", "etag").unwrap().unwrap().value,
        json!("abc")
    );
    assert_eq!(
        reader.note("idempotency2", "k1").unwrap().unwrap().value,
        json!(3)
    );
}

// ------------------------------------------------------------------------------------------------------------ resume

struct Past<'a> {
    store: &'a StateStore,
    second: i64,
}

impl Past<'_> {
    fn run(
        &mut self,
        pipeline: &str,
        filter: &str,
        resumed_from: Option<&str>,
        models: &[(&str, TaskStatus)],
        status: RunStatus,
    ) -> String {
        self.second += 1;
        let run = RunRecord {
            filter: filter.to_owned(),
            resumed_from: resumed_from.map(str::to_owned),
            ..RunRecord::begin("run", pipeline, at(self.second))
        };
        let run_id = self.store.record_run_start(&run).unwrap();
        let executions: Vec<_> = models.iter().map(|(m, s)| execution(m, *s)).collect();
        self.store.record_models(&run_id, &executions).unwrap();
        end(self.store, &run_id, status);
        run_id
    }
}

#[test]
fn the_latest_run_to_resume_is_of_the_same_pipeline_and_filter_and_has_failed() {
    use TaskStatus::{Failed, Skipped, Success};
    let (_folder, store) = store();
    let mut past = Past {
        store: &store,
        second: 0,
    };
    let latest = |pipeline: &str, filter: &str| {
        let run = store.reader().latest_resumable(pipeline, filter).unwrap();
        run.map(|r| r.run_id)
    };
    assert_eq!(latest("p", ""), None);
    let partial = [("a", Success), ("b", Failed)];
    let one = past.run("p", "", None, &partial, RunStatus::PartialFailure);
    let acme = past.run("p", "client=acme", None, &partial, RunStatus::PartialFailure);
    past.run("q", "", None, &[("a", Success)], RunStatus::Success);
    assert_eq!(latest("p", ""), Some(one.clone()));
    assert_eq!(latest("p", "client=acme"), Some(acme));
    assert_eq!((latest("q", ""), latest("p", "client=beta")), (None, None));
    // A run that never got to a table is not what anyone wants to go on with.
    past.run(
        "p",
        "",
        None,
        &[("a", Skipped), ("b", Skipped)],
        RunStatus::Failure,
    );
    past.run("p", "", None, &[], RunStatus::Failure);
    assert_eq!(latest("p", ""), Some(one.clone()));
    // One that is under way in this process is not either.
    let running = RunRecord::begin("running", "p", at(90));
    let running = store.record_run_start(&running).unwrap();
    store.record_model(&running, &execution("a", Success)).unwrap();
    assert_eq!(latest("p", ""), Some(one.clone()));
    end(&store, &running, RunStatus::PartialFailure);
    assert_eq!(latest("p", ""), Some(running));
    past.run("p", "", None, &partial, RunStatus::Success);
    assert_eq!(latest("p", ""), None);
}

#[test]
fn a_chain_of_resumed_runs_loses_no_success() {
    use TaskStatus::{Failed, Skipped, Success};
    let (_folder, store) = store();
    let mut past = Past {
        store: &store,
        second: 0,
    };
    let failure = RunStatus::PartialFailure;
    let one = past.run(
        "p",
        "",
        None,
        &[("a", Success), ("b", Failed), ("c", Skipped)],
        failure,
    );
    let two = past.run(
        "p",
        "",
        Some(&one),
        &[("a", Skipped), ("b", Success), ("c", Failed)],
        failure,
    );
    let three = past.run("p", "", Some(&two), &[], RunStatus::Failure);
    assert_eq!(
        store.reader().latest_resumable("p", "").unwrap().unwrap().run_id,
        three
    );
    let chain = store.reader().resume_chain(&three).unwrap();
    let names: Vec<&str> = chain.iter().map(|r| r.run_id.as_str()).collect();
    assert_eq!(names, [&three, &two, &one]);
    let progress = store.reader().progress_of_chain(&three).unwrap();
    let what: Vec<_> = progress
        .values()
        .map(|e| (&*e.model_name, e.status, e.run_id.as_str()))
        .collect();
    assert_eq!(
        what,
        [
            ("a", Success, one.as_str()),
            ("b", Success, two.as_str()),
            ("c", Failed, two.as_str())
        ]
    );
    assert_eq!(store.reader().progress_of(&two).unwrap().len(), 3);
    assert!(store.reader().progress_of("ru").unwrap().is_empty());
    assert!(store.reader().run("ru").unwrap().is_none());
    assert_eq!(
        store.reader().run(&two).unwrap().unwrap().resumed_from.as_ref(),
        Some(&one)
    );
    assert!(store.reader().resume_chain("unknown").unwrap().is_empty());
    // A circle, which only an edited file can have.
    let own = past.run("p", "", Some("run-4"), &[], RunStatus::Failure);
    assert_eq!(
        (own.as_str(), store.reader().resume_chain(&own).unwrap().len()),
        ("run-4", 1)
    );
}

#[test]
fn the_newest_run_is_the_last_one_also_when_the_clock_goes_back() {
    let (_folder, store) = store();
    for (name, second) in [("first", 1000), ("second", -5000), ("third", 20)] {
        let run = RunRecord::begin(name, "main", at(second));
        let run_id = store.record_run_start(&run).unwrap();
        store
            .record_model(&run_id, &execution("m", TaskStatus::Failed))
            .unwrap();
        end(&store, &run_id, RunStatus::PartialFailure);
    }
    let names = |since| {
        let runs = store.reader().runs(since, 10).unwrap();
        runs.into_iter().map(|r| r.run_id).collect::<Vec<_>>()
    };
    assert_eq!(names(None), ["third", "second", "first"]);
    assert_eq!(names(Some(at(0))), ["third", "first"]);
    assert_eq!(store.reader().latest_run(None).unwrap().unwrap().run_id, "third");
    assert_eq!(
        store
            .reader()
            .latest_resumable("main", "")
            .unwrap()
            .unwrap()
            .run_id,
        "third"
    );
    let executions = store.reader().model_executions("m", Some(at(0)), 9).unwrap();
    assert_eq!(executions.len(), 2);
}
