//! Tasks with windows: how many at once, what a failure stops, what the state says when.

use super::*;
use crate::state::{Partition, PartitionStatus};
use rocky_plan::{Window, Windows};

fn bounded(sql: &str) -> Step {
    let at = sql.find("$start_date").unwrap() as u32;
    Step {
        holes: vec![Hole {
            span: Span::new(at, at + 11),
            parameter: Parameter::WindowStart,
        }],
        ..write(sql)
    }
}

/// A model of `n` windows, each sends `write NAME 'start'`.
pub(super) fn windowed(name: &str, depends_on: &[usize], n: usize, parallel: usize) -> Task {
    let window = |i: usize| Window {
        keys: vec![format!("2024-01-{:02}", i + 1).into()],
        start: format!("{i}").into(),
        end: format!("{}", i + 1).into(),
    };
    Task {
        strategy: Strategy::TimeInterval,
        steps: vec![bounded(&format!("write {name} $start_date"))],
        windows: Some(Windows {
            before: vec![write(&format!("create {name}"))],
            anew: true,
            list: (0..n).map(window).collect(),
            parallel,
        }),
        ..model(name, depends_on)
    }
}

fn task<'r>(report: &'r RunReport, name: &str) -> &'r TaskResult {
    report.tasks.iter().find(|t| t.name == name).unwrap()
}

fn statuses(report: &RunReport, name: &str) -> Vec<TaskStatus> {
    let windows = task(report, name).windows.as_ref().unwrap();
    windows.iter().map(|w| w.status).collect()
}

fn known(store: &StateStore, model: &str) -> Vec<Partition> {
    store.reader().partitions(model, ""..="\u{10FFFF}").unwrap()
}

fn store() -> (tempfile::TempDir, StateStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = StateStore::open_writer(&dir.path().join("s.redb")).unwrap();
    (dir, store)
}

#[test]
fn the_target_comes_first_and_readers_last() {
    let fake = Fake::new(|_, _| Act::Change(2));
    let plan = plan(vec![windowed("m", &[], 3, 2), model("reader", &[0])]);
    let mut events = Vec::new();
    let report = Run::new(&plan, &fake)
        .watched(&mut |e| events.push(format!("{e:?}")))
        .unwrap();
    assert_eq!(report.status, RunStatus::Success);
    let kept = fake.kept();
    assert_eq!(
        (kept.len(), kept[0].as_str(), kept[4].as_str()),
        (5, "create m", "write reader")
    );
    let mut windows = kept[1..4].to_vec();
    windows.sort();
    assert_eq!(windows, ["write m '0'", "write m '1'", "write m '2'"]);
    assert_eq!(task(&report, "m").rows, Some(6));
    assert_eq!(task(&report, "m").statements.len(), 1);
    let place = |what: &str| events.iter().position(|e| e.contains(what)).unwrap();
    assert!(place("ModelFinished { model: \"m\"") < place("ModelStarted { model: \"reader\""));
}

#[test]
fn so_many_at_once_as_the_task_says() {
    // All four have to be there at once; another task's place is not taken by them.
    let fake = Fake::new(|sql, _| {
        if sql.starts_with("write m") {
            Act::Meet(4)
        } else {
            Act::Change(1)
        }
    });
    let mut plan = plan(vec![windowed("m", &[], 8, 4)]);
    plan.concurrency = 1;
    assert_eq!(Run::new(&plan, &fake).go().unwrap().status, RunStatus::Success);
    assert_eq!(fake.0.log.lock().unwrap().most_here, 4);
    // One after another where nothing is said.
    let fake = Fake::new(|_, _| Act::Change(1));
    let plan = super::plan(vec![windowed("m", &[], 8, 1)]);
    Run::new(&plan, &fake).go().unwrap();
    assert_eq!(fake.0.log.lock().unwrap().most_here, 1);
    let kept = fake.kept();
    assert_eq!(kept[8], "write m '7'");
}

#[test]
fn tasks_keep_their_number() {
    let fake = Fake::new(|_, _| Act::Change(1));
    let mut plan = plan(vec![
        windowed("a", &[], 5, 1),
        windowed("b", &[], 5, 1),
        model("c", &[]),
        model("d", &[]),
    ]);
    plan.concurrency = 1;
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(report.status, RunStatus::Success);
    let kept = fake.kept();
    let first: Vec<&str> = kept.iter().map(|s| s.split(' ').nth(1).unwrap()).collect();
    assert_eq!(
        first,
        [
            "a", "a", "a", "a", "a", "a", "b", "b", "b", "b", "b", "b", "c", "d"
        ]
    );
}

#[test]
fn a_failed_window_stops_its_readers_alone() {
    for parallel in [1, 3] {
        let fake = Fake::new(|sql, _| match sql {
            "write m '1'" => Act::Fail(FailureClass::Other, "no"),
            _ => Act::Change(1),
        });
        let plan = plan(vec![
            windowed("m", &[], 4, parallel),
            model("reader", &[0]),
            model("other", &[]),
        ]);
        let (_dir, store) = store();
        let mut run = Run::new(&plan, &fake);
        run.state = Some(&store);
        let report = run.go().unwrap();
        use TaskStatus::{Failed, Skipped, Success};
        assert_eq!(report.status, RunStatus::PartialFailure);
        assert_eq!(statuses(&report, "m"), [Success, Failed, Success, Success]);
        assert_eq!(
            task(&report, "m").error.as_ref().unwrap().message,
            "partition 2024-01-02: no"
        );
        assert_eq!(
            (task(&report, "reader").status, task(&report, "other").status),
            (Skipped, Success)
        );
        let known = known(&store, "m");
        let status: Vec<PartitionStatus> = known.iter().map(|p| p.status).collect();
        let (computed, failed) = (PartitionStatus::Computed, PartitionStatus::Failed);
        assert_eq!(status, [computed, failed, computed, computed]);
        assert_eq!((known[0].row_count, known[1].row_count), (Some(1), None));
        assert_eq!(known[1].error.as_deref(), Some("no"));
        assert_eq!(known[0].run_id, report.run_id);
    }
}

#[test]
fn fail_fast_leaves_the_other_windows() {
    let fake = Fake::new(|sql, _| match sql {
        "write m '1'" => Act::Fail(FailureClass::Other, "no"),
        _ => Act::Change(1),
    });
    let mut plan = plan(vec![windowed("m", &[], 4, 1)]);
    plan.fail_fast = true;
    let (_dir, store) = store();
    let mut run = Run::new(&plan, &fake);
    run.state = Some(&store);
    let report = run.go().unwrap();
    use TaskStatus::{Failed, Skipped, Success};
    assert_eq!(statuses(&report, "m"), [Success, Failed, Skipped, Skipped]);
    assert_eq!(task(&report, "m").status, Failed);
    let windows = task(&report, "m").windows.as_ref().unwrap();
    assert_eq!(
        windows[3].skipped_reason.as_deref(),
        Some("not started: `m` failed and fail_fast is set")
    );
    // Nothing is said of what was not begun.
    assert_eq!(known(&store, "m").len(), 2);
}

#[test]
fn windows_in_each_others_way_are_repeated() {
    let fake = Fake::new(|sql, before| match (sql, before) {
        ("write m '0'", 0..3) | ("write m '2'", 0) | ("commit write m '1'", 0..2) => {
            Act::Fail(FailureClass::Transaction, "conflict")
        }
        _ => Act::Change(1),
    });
    let plan = plan(vec![windowed("m", &[], 3, 3), model("reader", &[0])]);
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(report.status, RunStatus::Success, "{report:#?}");
    let mut kept = fake.kept();
    kept.sort();
    assert_eq!(
        kept,
        [
            "create m",
            "write m '0'",
            "write m '1'",
            "write m '2'",
            "write reader"
        ]
    );
    // Not for ever.
    let fake = Fake::new(|sql, _| match sql {
        "write m '0'" => Act::Fail(FailureClass::Transaction, "conflict"),
        _ => Act::Change(1),
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(statuses(&report, "m")[0], TaskStatus::Failed);
    assert_eq!(fake.sent().iter().filter(|s| *s == "write m '0'").count(), 9);
}

#[test]
fn a_window_is_claimed_before_it_is_written_and_settled_when_it_is_interrupted() {
    let (_dir, store) = store();
    let path = store.path().to_path_buf();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let reader = store.reader();
    let fake = Fake::new(move |sql, _| {
        if sql.starts_with("write m") {
            let all = reader.partitions("m", ""..="\u{10FFFF}").unwrap();
            let open = all.iter().filter(|p| p.status == PartitionStatus::InProgress);
            told.lock().unwrap().push(
                open.map(|p| p.partition_key.to_string())
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
        if sql == "write m '1'" {
            Act::Hang
        } else {
            Act::Change(1)
        }
    });
    let plan = plan(vec![windowed("m", &[], 3, 1)]);
    let mut run = Run::new(&plan, &fake);
    run.state = Some(&store);
    let cancel = run.cancel.clone();
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            while seen.lock().unwrap().len() < 2 {
                std::thread::yield_now();
            }
            cancel.trip();
        });
        run.go().unwrap()
    });
    assert!(report.interrupted);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen[0], "2024-01-01");
    assert!(seen[1].ends_with("2024-01-02"), "{seen:?}");
    use TaskStatus::{Skipped, Success};
    assert_eq!(statuses(&report, "m"), [Success, Skipped, Skipped]);
    let known = known(&store, "m");
    assert_eq!(known.len(), 2);
    assert_eq!(
        (known[0].status, known[1].status),
        (PartitionStatus::Computed, PartitionStatus::Failed)
    );
    drop(run);
    drop(fake);
    drop(store);
    assert!(StateReader::open(&path).unwrap().is_some());
}

/// What a run was at when it died is taken over; what another run of this process is at is not.
#[test]
fn partitions_of_the_dead_are_taken_over() {
    let (_dir, store) = store();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let left = ["2024-01-01", "2024-01-02"]
        .map(|k| Partition::new("m", k, PartitionStatus::InProgress, "dead", now));
    let fake = Fake::new(|_, _| Act::Change(1));
    let mut tasks = vec![windowed("m", &[], 3, 2)];
    if let Some(windows) = &mut tasks[0].windows {
        (windows.anew, windows.before) = (false, Vec::new());
    }
    let plan = plan(tasks);
    store.put_partitions(&left).unwrap();
    let mut run = Run::new(&plan, &fake);
    run.state = Some(&store);
    let report = run.go().unwrap();
    assert_eq!(report.status, RunStatus::Success);
    assert!(
        known(&store, "m")
            .iter()
            .all(|p| p.status == PartitionStatus::Computed && p.run_id == report.run_id)
    );
    // A run that is under way.
    let record = crate::state::RunRecord::begin("alive", "main", now);
    let alive = store.record_run_start(&record).unwrap();
    store
        .claim_partitions(&alive, "m", &["2024-01-02".into()], now)
        .unwrap();
    let report = run.go().unwrap();
    use TaskStatus::{Failed, Success};
    assert_eq!(statuses(&report, "m"), [Success, Failed, Success]);
    let error = task(&report, "m").error.as_ref().unwrap();
    assert_eq!(error.kind, ErrorKind::Locked);
}

#[test]
fn a_target_that_is_made_anew_has_no_partitions_of_before() {
    let (_dir, store) = store();
    let before = Partition::new(
        "m",
        "1999-01-01",
        PartitionStatus::Computed,
        "old",
        jiff::Timestamp::UNIX_EPOCH,
    );
    let other = Partition::new(
        "m2",
        "1999-01-01",
        PartitionStatus::Computed,
        "old",
        jiff::Timestamp::UNIX_EPOCH,
    );
    store.put_partitions(&[before, other]).unwrap();
    let fake = Fake::new(|_, _| Act::Change(1));
    let plan = plan(vec![windowed("m", &[], 1, 1)]);
    let mut run = Run::new(&plan, &fake);
    run.state = Some(&store);
    run.go().unwrap();
    let keys: Vec<String> = known(&store, "m")
        .iter()
        .map(|p| p.partition_key.to_string())
        .collect();
    assert_eq!(keys, ["2024-01-01"]);
    assert_eq!(known(&store, "m2").len(), 1);
}

#[test]
fn nothing_to_compute_is_a_success() {
    let fake = Fake::new(|_, _| Act::Change(1));
    let mut tasks = vec![windowed("m", &[], 0, 4), model("reader", &[0])];
    if let Some(windows) = &mut tasks[0].windows {
        windows.before.clear();
    }
    let plan = plan(tasks);
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(report.status, RunStatus::Success);
    assert_eq!(fake.kept(), ["write reader"]);
    assert_eq!(task(&report, "m").rows, Some(0));
}

#[test]
fn a_target_that_cannot_be_made_fails_the_task() {
    let fake = Fake::new(|sql, _| match sql {
        "create m" => Act::Fail(FailureClass::Other, "no room"),
        _ => Act::Change(1),
    });
    let plan = plan(vec![windowed("m", &[], 3, 2), model("reader", &[0])]);
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(report.status, RunStatus::Failure);
    assert_eq!(task(&report, "m").error.as_ref().unwrap().message, "no room");
    assert!(statuses(&report, "m").iter().all(|s| *s == TaskStatus::Skipped));
    assert_eq!(fake.kept(), Vec::<String>::new());
}

/// Ten thousand windows: the time grows with their number, not with its square.
#[test]
fn many_windows() {
    let fake = Fake::new(|_, _| Act::Change(1));
    let plan = plan(vec![windowed("m", &[], 10_000, 4)]);
    let begin = std::time::Instant::now();
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(task(&report, "m").rows, Some(10_000));
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
}
