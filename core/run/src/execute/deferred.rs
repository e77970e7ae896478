//! Checks that read other relations of the run than the task's own inputs: they are evaluated when all tasks are done.
//!
//! They have the limits of time and the repetitions of the others. Invariant: a task whose checks are not evaluated yet is not done in
//! the state. A run that goes on with one that ended before does it again, and so it is with one whose checks do not hold.

use super::checking::{Checking, When};
use super::pump::{Outcome, checks_started, execution, repeated};
use super::task::Answers;
use super::time::Time;
use super::{Clock, ExecuteContext};
use crate::checks::{CheckOutcome, Evaluated};
use crate::report::{Repetition, TaskResult, TaskStatus};
use rocky_plan::{Bindings, Task};

/// The task has such checks, and what became of it is recorded after them.
pub(super) fn holds(task: &Task, result: &TaskResult) -> bool {
    result.status == TaskStatus::Success && task.checks.iter().any(|c| c.deferred)
}

/// Evaluate them on a connection of their own, and tell the observer after everything else.
pub(super) fn run(
    ctx: &ExecuteContext<'_>,
    (clock, time): (Clock<'_>, &Time),
    values: &Bindings,
    outcome: &mut Outcome,
) {
    let mut tasks = ctx.plan.tasks.iter().zip(&outcome.results);
    if !tasks.any(|(task, result)| holds(task, result)) {
        return;
    }
    let watched = match ctx.policy.has_limits() {
        // Without the thread nothing that takes too long would be stopped.
        true => time.watched(|| evaluate(ctx, (clock, time), values, outcome)),
        false => {
            evaluate(ctx, (clock, time), values, outcome);
            Ok(())
        }
    };
    if let Err(error) = watched {
        let why = format!("no thread could be started: {error}");
        each(ctx, outcome, |task, _, _| {
            let deferred = task.checks.iter().filter(|c| c.deferred);
            Evaluated {
                checks: deferred.map(|c| CheckOutcome::unknown(c, why.clone())).collect(),
                counted: None,
            }
        });
    }
}

fn evaluate(
    ctx: &ExecuteContext<'_>,
    (clock, time): (Clock<'_>, &Time),
    values: &Bindings,
    outcome: &mut Outcome,
) {
    let mut connection = None;
    let mut repetitions = outcome.repetitions;
    let most = ctx.policy.max_retries_per_run;
    each(ctx, outcome, |task, result, events| {
        let checking = Checking {
            task,
            when: When::Deferred,
            warehouse: ctx.warehouse,
            dialect: ctx.plan.dialect,
            values,
            policy: ctx.policy,
            time,
            cancel: ctx.cancel,
            clock,
        };
        let mut spend = || {
            let more = most.is_none_or(|most| repetitions < most);
            repetitions += u32::from(more);
            more
        };
        let mut told = |repetition: &Repetition| events.push(repeated(task, repetition.clone()));
        let answers = Answers::new();
        checking
            .run(&mut connection, &answers, result, &mut spend, &mut told)
            .0
    });
}

/// For each task that has such checks, what came of them.
fn each(
    ctx: &ExecuteContext<'_>,
    outcome: &mut Outcome,
    mut evaluated: impl FnMut(&Task, &mut TaskResult, &mut Vec<rocky_base::Event>) -> Evaluated,
) {
    let Outcome {
        results,
        rows,
        events,
        checking,
        ..
    } = outcome;
    for (index, (task, result)) in ctx.plan.tasks.iter().zip(results).enumerate() {
        if !holds(task, result) {
            continue;
        }
        if !std::mem::replace(checking, true) {
            events.push(checks_started(ctx.plan));
        }
        let found = evaluated(task, result, events).checks;
        let told = |c: &CheckOutcome| c.event(&result.full_name, &result.asset_key);
        events.extend(found.iter().map(told));
        result.checks.extend(found);
        rows.push(execution(index, result, task.identity()));
    }
}
