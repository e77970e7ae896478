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
