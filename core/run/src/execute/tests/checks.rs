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
