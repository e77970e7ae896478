//! Checks that read other relations of the run than the task's own inputs: they are evaluated when all tasks are done.
//!
//! Invariant: a task whose checks are not evaluated yet is not done in the state. A run that goes on with one that ended before does it
//! again, and so it is with one whose checks do not hold.

use super::pump::{Outcome, checks_started, execution};
use super::{Clock, ExecuteContext};
use crate::checks::{CheckOutcome, Evaluator};
use crate::report::{TaskResult, TaskStatus};
use rocky_plan::{Bindings, Task};

/// The task has such checks, and what became of it is recorded after them.
pub(super) fn holds(task: &Task, result: &TaskResult) -> bool {
    result.status == TaskStatus::Success && task.checks.iter().any(|c| c.deferred)
}

/// Evaluate them on a connection of their own, and tell the observer after everything else.
pub(super) fn run(ctx: &ExecuteContext<'_>, clock: Clock<'_>, values: &Bindings, outcome: &mut Outcome) {
    let mut connection = None;
    let tasks = ctx.plan.tasks.iter().zip(&mut outcome.results);
    let held: Vec<_> = tasks
        .enumerate()
        .filter(|(_, (task, result))| holds(task, result))
        .collect();
    for (index, (task, result)) in held {
        if !std::mem::replace(&mut outcome.checking, true) {
            outcome.events.push(checks_started(ctx.plan));
        }
        let checks = task.checks.iter().filter(|c| c.deferred);
        let open = match &mut connection {
            Some(open) => open,
            None => match ctx.warehouse.connect() {
                Ok(opened) => connection.insert(opened),
                Err(error) => {
                    let unknown = checks.map(|c| CheckOutcome::unknown(c, error.message.clone()));
                    result.checks.extend(unknown);
                    outcome.rows.push(execution(index, result, task.identity()));
                    continue;
                }
            },
        };
        let mut evaluator = Evaluator::new(open.as_mut(), ctx.plan.dialect, values, ctx.cancel, clock);
        let found = evaluator.table(checks).checks;
        let told = |c: &CheckOutcome| c.event(&result.full_name, &result.asset_key);
        outcome.events.extend(found.iter().map(told));
        result.checks.extend(found);
        outcome.rows.push(execution(index, result, task.identity()));
    }
}
