//! Checks that read other relations of the run than the task's own inputs: they are evaluated when all tasks are done.

use super::pump::{Outcome, checks_started};
use super::{Clock, ExecuteContext};
use crate::checks::{CheckOutcome, Evaluator};
use crate::report::TaskStatus;
use rocky_plan::{Bindings, CheckPlan};

/// Evaluate them on a connection of their own, and tell the observer after everything else.
pub(super) fn run(ctx: &ExecuteContext<'_>, clock: Clock<'_>, values: &Bindings, outcome: &mut Outcome) {
    let waits = |checks: &[CheckPlan]| checks.iter().any(|c| c.deferred);
    let mut connection = None;
    for (task, result) in ctx.plan.tasks.iter().zip(&mut outcome.results) {
        if result.status != TaskStatus::Success || !waits(&task.checks) {
            continue;
        }
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
                    continue;
                }
            },
        };
        let mut evaluator = Evaluator::new(open.as_mut(), ctx.plan.dialect, values, ctx.cancel, clock);
        let found = evaluator.table(checks).checks;
        let told = |c: &CheckOutcome| c.event(&result.full_name, &result.asset_key);
        outcome.events.extend(found.iter().map(told));
        result.checks.extend(found);
    }
}
