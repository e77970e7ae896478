//! Evaluating the checks of one task within its limits of time, again after failures of the warehouse that may pass.
//!
//! Checks only read, so asking again is always right. Invariant: whatever becomes of the connection, each check has an outcome.

use super::Clock;
use super::breaker::Contact;
use super::limit::Limits;
use super::policy::Policy;
use super::task::Answers;
use super::time::Time;
use super::worker::{Open, REMEMBERED, connected, contact, discard, panic_text};
use crate::checks::{CheckOutcome, Evaluated, Evaluator, Trouble};
use crate::remote::random_fraction;
use crate::report::{Repetition, TaskResult};
use rocky_base::{CancelToken, Dialect};
use rocky_plan::{Bindings, CheckPlan, Task, TaskKind};
use rocky_warehouse::{FailureClass, Warehouse};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Which checks of a task.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum When {
    /// Those that follow the task itself …
    Inline,
    /// … and those that wait for the end of all tasks.
    Deferred,
}

/// What evaluating needs.
pub(super) struct Checking<'a> {
    pub(super) task: &'a Task,
    pub(super) when: When,
    pub(super) warehouse: &'a dyn Warehouse,
    pub(super) dialect: Dialect,
    pub(super) values: &'a Bindings,
    pub(super) policy: &'a Policy,
    pub(super) time: &'a Time,
    pub(super) cancel: &'a CancelToken,
    pub(super) clock: Clock<'a>,
}

impl<'a> Checking<'a> {
    pub(super) fn checks(&self) -> impl Iterator<Item = &'a CheckPlan> + use<'a> {
        let deferred = self.when == When::Deferred;
        self.task.checks.iter().filter(move |c| c.deferred == deferred)
    }

    /// Evaluate them. Some of the queries may have answers already. What the warehouse did not answer is asked again, and the checks of a
    /// quality pipeline as often as its tasks may be begun anew. `result` gets the attempts; `spend` says whether there may be another,
    /// and `told` is told of it.
    pub(super) fn run(
        &self,
        connection: &mut Open,
        answers: &Answers,
        result: &mut TaskResult,
        spend: &mut dyn FnMut() -> bool,
        told: &mut dyn FnMut(&Repetition),
    ) -> (Evaluated, Contact) {
        let (mut retries, mut anew) = (0, 0);
        loop {
            let (evaluated, trouble) = match self.once(connection, answers) {
                Ok(evaluated) => evaluated,
                Err(why) => return (self.unknown(&why), Contact::None),
            };
            let Some(trouble) = trouble else {
                return (evaluated, Contact::Succeeded);
            };
            let contact = contact(trouble.class);
            let most_anew = match self.policy.table_retries {
                _ if self.task.kind != TaskKind::Quality => 0,
                Some(most) => most,
                None => u32::from(trouble.may_pass() || trouble.class == FailureClass::Other),
            };
            let (reason, n) = if trouble.may_pass() && retries < self.policy.max_retries {
                retries += 1;
                let lost = trouble.class == FailureClass::Transient;
                (if lost { "transient" } else { "rate_limited" }, retries - 1)
            } else if anew < most_anew {
                (retries, anew) = (0, anew + 1);
                ("table_retry", 0)
            } else {
                return (evaluated, contact);
            };
            if self.cancel.is_tripped() || !spend() {
                return (evaluated, contact);
            }
            if trouble.class == FailureClass::Transient {
                discard(connection);
            }
            let wait = self
                .policy
                .backoff
                .pause(n, random_fraction(), trouble.retry_after);
            let repetition = Repetition {
                attempt: result.attempts,
                reason,
                error: trouble.message,
                wait,
            };
            told(&repetition);
            if result.retried.len() < REMEMBERED {
                result.retried.push(repetition);
            }
            if self.time.pause(wait, self.cancel).is_err() {
                return (evaluated, contact);
            }
            result.attempts += 1;
        }
    }

    fn unknown(&self, why: &str) -> Evaluated {
        Evaluated {
            checks: self
                .checks()
                .map(|c| CheckOutcome::unknown(c, why.to_owned()))
                .collect(),
            counted: None,
        }
    }

    fn once(&self, connection: &mut Open, answers: &Answers) -> Result<(Evaluated, Option<Trouble>), String> {
        let name = &self.task.name;
        let limits = Limits::begin(
            self.time,
            self.cancel,
            self.policy.timeout_of(name),
            self.policy.statement_timeout,
        );
        let evaluated = catch_unwind(AssertUnwindSafe(|| {
            let open = match connected(self.warehouse, connection) {
                Ok(open) => open,
                Err((error, class, retry_after)) => {
                    let message = error.message;
                    let evaluated = self.unknown(&message);
                    let trouble = Trouble {
                        class,
                        message,
                        retry_after,
                    };
                    return (evaluated, Some(trouble));
                }
            };
            let mut evaluator = Evaluator::new(open, self.dialect, self.values, limits.token(), self.clock)
                .knowing(answers.clone())
                .within(&limits, name);
            let evaluated = evaluator.table(self.checks());
            (evaluated, evaluator.trouble)
        }));
        evaluated.map_err(|panic| {
            discard(connection);
            format!("evaluating it panicked: {}", panic_text(panic.as_ref()))
        })
    }
}
