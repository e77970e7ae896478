//! Checks are evaluated whatever became of the connection.

use super::*;
use crate::checks::CheckStatus;
use rocky_config::CheckSeverity;
use rocky_plan::CheckPlan;
use rocky_plan::checks::{CheckKind, Judge};

/// A table that is only checked: no steps, and a count that must not be 0.
pub(super) fn checked(name: &str) -> Task {
    let check = CheckPlan {
        name: "row_count".into(),
        kind: CheckKind::RowCount,
        test_type: None,
        column: None,
        severity: CheckSeverity::Error,
        gates: true,
        deferred: false,
        within: false,
        queries: vec![step(&format!("count {name}"), StepKind::Check)],
        judge: Judge::NotEmpty,
        sample: None,
    };
    Task {
        kind: TaskKind::Quality,
        steps: Vec::new(),
        checks: vec![check],
        ..model(name, &[])
    }
}

/// Every worker but the first begins without a connection, and here no step opens one.
#[test]
fn a_task_without_steps_is_checked_by_every_worker() {
    let plan = plan(["a", "b", "c", "d"].map(checked).to_vec());
    // All four at once, so that each is another worker's.
    let fake = Fake::new(|sql, calls| match (sql, calls) {
        (_, 0) => Act::Meet(4),
        _ => Act::Return(vec![vec![Value::Int(0)]]),
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    for task in &report.tasks {
        assert_eq!(task.checks.len(), 1, "{}", task.name);
    }
    assert_eq!(fake.sent().len(), 4);
}

#[test]
fn a_check_without_a_connection_is_an_error_of_the_check() {
    let plan = plan(["a", "b", "c", "d"].map(checked).to_vec());
    let fake = Fake::new(|_, _| Act::Return(vec![vec![Value::Int(1)]]));
    fake.0.refuse_connections_after.store(1, Ordering::SeqCst);
    let report = Run::new(&plan, &fake).go().unwrap();
    for task in &report.tasks {
        let [check] = task.checks.as_slice() else {
            panic!("{} has {} checks", task.name, task.checks.len());
        };
        match check.status {
            CheckStatus::Pass => {}
            CheckStatus::Error => assert_eq!(check.detail.as_deref(), Some("too many connections")),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        report
            .tasks
            .iter()
            .any(|t| t.checks[0].status == CheckStatus::Pass)
    );
}

/// A copy of a table, whose rows are counted against those of its source.
fn counted(transaction: bool) -> Plan {
    let mut task = checked("a");
    task.kind = TaskKind::Table;
    task.transaction = transaction;
    task.steps = vec![write("write a")];
    for check in &mut task.checks {
        check.judge = Judge::SameCount;
        check.within = transaction;
        check.queries = ["source", "target"].map(|t| step(t, StepKind::Check)).to_vec();
    }
    plan(vec![task])
}

#[test]
fn counts_against_a_source_are_those_of_the_transaction_that_wrote() {
    // Behind the commit the source has another row.
    let fake = Fake::new(|sql, calls| match (sql, calls) {
        ("source", 0) | ("target", _) => Act::Return(vec![vec![Value::Int(2)]]),
        ("source", _) => Act::Return(vec![vec![Value::Int(3)]]),
        _ => Act::Change(2),
    });
    let report = Run::new(&counted(true), &fake).go().unwrap();
    assert_eq!(fake.sent(), ["write a", "source", "target", "commit write a"]);
    assert_eq!(report.tasks[0].checks[0].status, CheckStatus::Pass);
    let fake = Fake::without_transactions(|sql, _| match sql {
        "source" => Act::Return(vec![vec![Value::Int(3)]]),
        "target" => Act::Return(vec![vec![Value::Int(2)]]),
        _ => Act::Change(2),
    });
    let report = Run::new(&counted(true), &fake).go().unwrap();
    assert_eq!(
        fake.sent(),
        ["write a", "source", "target"],
        "a warehouse without transactions is asked afterwards"
    );
    assert_eq!(report.tasks[0].checks[0].status, CheckStatus::Fail);
}

#[test]
fn a_count_that_fails_in_the_transaction_undoes_it() {
    let fake = Fake::new(|sql, _| match sql {
        "target" => Act::Fail(FailureClass::Other, "no memory"),
        _ => Act::Change(2),
    });
    let report = Run::new(&counted(true), &fake).go().unwrap();
    let task = &report.tasks[0];
    assert_eq!(task.status, crate::report::TaskStatus::Failed);
    assert_eq!(task.error.as_ref().unwrap().message, "no memory");
    assert!(fake.kept().is_empty(), "{:?}", fake.kept());
}

/// Two tables; what is checked of the first waits for the end of the second.
fn deferred() -> Plan {
    let mut task = checked("a");
    (task.kind, task.steps) = (TaskKind::Table, vec![write("write a")]);
    task.checks[0].deferred = true;
    plan(vec![task, model("b", &[])])
}

#[test]
fn a_check_that_waits_for_the_end_has_the_limits_of_the_others() {
    const SECOND: Duration = Duration::from_secs(1);
    for (policy, said) in [
        (
            Policy {
                timeout: Some(SECOND * 5),
                ..Policy::once()
            },
            "`a` took longer than 5 s (`timeout_seconds`) and was stopped",
        ),
        (
            Policy {
                timeout: Some(SECOND * 900),
                timeouts: [("a".into(), SECOND * 7)].into(),
                ..Policy::once()
            },
            "`a` took longer than 7 s (`timeout_seconds`) and was stopped",
        ),
        (
            Policy {
                statement_timeout: Some(SECOND * 3),
                ..Policy::once()
            },
            "a statement of `a` took longer than 3 s (`timeout_secs` of the adapter) and was stopped",
        ),
    ] {
        let plan = deferred();
        let fake = Fake::new(|sql, _| match sql {
            "count a" => Act::HangFor(SECOND * 7),
            _ => Act::Change(1),
        });
        let mut run = Run::new(&plan, &fake);
        run.policy = policy;
        let report = run.go().unwrap();
        let task = result(&report, "a");
        assert_eq!(task.status, Success);
        assert_eq!(task.checks[0].status, CheckStatus::Error);
        assert_eq!(task.checks[0].detail.as_deref(), Some(said));
        assert!(!report.interrupted);
        assert_eq!(fake.sent().last().unwrap(), "count a");
    }
    // And by the clock of the machine.
    let plan = deferred();
    let fake = Fake::new(|sql, _| match sql {
        "count a" => Act::Hang,
        _ => Act::Change(1),
    });
    let mut run = Run::new(&plan, &fake);
    run.policy.timeouts = [("a".into(), Duration::from_secs(1))].into();
    let report = run.in_real_time().unwrap();
    let a = result(&report, "a");
    let why = match a.status {
        Success => a.checks[0].detail.clone(),
        // Its write was as slow as that.
        _ => a.error.as_ref().map(|e| e.message.clone()),
    };
    assert!(why.unwrap().contains("took longer than 1 s"));
}

#[test]
fn a_check_that_waits_for_the_end_is_asked_again() {
    for (fails, limit, status, attempts) in [
        (2, None, CheckStatus::Pass, 3),
        (3, None, CheckStatus::Error, 3),
        (2, Some(1), CheckStatus::Error, 2),
    ] {
        let plan = deferred();
        let fake = Fake::new(move |sql, before| match sql {
            "count a" if before < fails => Act::Fail(FailureClass::Transient, "away"),
            "count a" => Act::Return(vec![vec![Value::Int(1)]]),
            _ => Act::Change(1),
        });
        let mut run = Run::new(&plan, &fake);
        run.policy = Policy {
            max_retries: 2,
            max_retries_per_run: limit,
            ..Policy::once()
        };
        let (dir, mut told) = (tempfile::tempdir().unwrap(), 0);
        let store = StateStore::open_writer(&dir.path().join("state")).unwrap();
        run.state = Some(&store);
        let report = run
            .watched(&mut |e| {
                told += u32::from(matches!(e, Event::ModelRetried { model, .. } if model == "a"))
            })
            .unwrap();
        let task = result(&report, "a");
        assert_eq!((task.checks[0].status, task.attempts), (status, attempts));
        assert_eq!((task.retried.len() as u32, told), (attempts - 1, attempts - 1));
        assert!(task.retried.iter().all(|r| r.reason == "transient"));
        // A session that lost its warehouse is not used again.
        assert!(fake.0.log.lock().unwrap().connections >= attempts as usize);
        let known = store.reader().run(&report.run_id).unwrap().unwrap();
        let progress = store.reader().progress_of(&known.run_id).unwrap();
        let passed = if status == CheckStatus::Pass {
            Success
        } else {
            Failed
        };
        assert_eq!(progress[0].status, passed);
    }
}

#[test]
fn a_check_that_panics_at_the_end_is_an_error_of_the_check() {
    let plan = deferred();
    let fake = Fake::new(|sql, _| match sql {
        "count a" => Act::Panic,
        _ => Act::Change(1),
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    let check = &result(&report, "a").checks[0];
    assert_eq!(check.status, CheckStatus::Error);
    assert!(check.detail.as_deref().unwrap().contains("panicked"));
}
