//! Executing a plan: set-up statements one after another, then the tasks as their inputs are done.
//!
//! Worker threads ([`worker`]) take tasks from a queue ([`queue`]) and execute them on a connection each ([`task`]), again after failures
//! that may pass ([`policy`], [`breaker`]); they report to the calling thread ([`pump`]), which alone talks to the observer, writes what came of them into the state and asks for a new plan.
//! Windows of time are jobs of their own ([`windows`]), which workers claim in the state themselves. Invariant: what
//! the report says of a model is what the warehouse has; a failure of the state never hides it.

mod breaker;
mod checking;
mod deferred;
pub(crate) mod limit;
mod policy;
mod pump;
mod queue;
mod task;
#[cfg(test)]
mod tests;
mod time;
mod windows;
mod worker;

pub use policy::{Backoff, BreakerPolicy, Policy};

use crate::checks::{CheckOutcome, CheckStatus};
use crate::report::{RunReport, RunStatus, StatementResult, TaskResult, TaskStatus, Trigger};
use crate::state::{JointRun, RunEnd, RunRecord, StateBatch, StateStore};
use jiff::Timestamp;
use rocky_base::{CancelToken, Error, ErrorKind, Event, Observer, Result, SmolStr, System};
use rocky_plan::{Bindings, Plan, StepKind, Task};
use rocky_warehouse::{Connection, FailureClass, Warehouse};
use std::time::{Duration, Instant};
use task::{StepFailure, StepValue, run_step};
use time::Time;

/// Everything an execution needs.
pub struct ExecuteContext<'a> {
    /// What to do.
    pub plan: &'a Plan,
    /// Where.
    pub warehouse: &'a dyn Warehouse,
    /// Where to remember it.
    pub state: Option<&'a StateStore>,
    /// The wanted name ([`crate::new_run_id`]); the state store may add a suffix, the report has the final one.
    pub run_id: String,
    /// What started the run.
    pub trigger: Trigger,
    /// Hash of the configuration, for the history.
    pub config_hash: String,
    /// What else the history remembers of the run.
    pub facts: RunFacts,
    /// What else is to be remembered in the commit that ends the run, given how and when it ended.
    pub at_end: Option<&'a AtEnd<'a>>,
    /// Receives the events, on this thread.
    pub observer: &'a mut dyn Observer,
    /// Stops the run: nothing more is started, running statements are interrupted and rolled back.
    pub cancel: &'a CancelToken,
    /// The clock.
    pub clock: &'a dyn System,
    /// What is done about failures.
    pub policy: &'a Policy,
    /// Called on this thread, once for a model that failed because something in the catalogue is not as planned: a new plan
    /// when the facts have changed, else `None`.
    pub replan: &'a mut dyn FnMut(&Task) -> Result<Option<Task>>,
}

/// See [`ExecuteContext::at_end`].
pub type AtEnd<'a> = dyn Fn(RunStatus, Timestamp) -> StateBatch + 'a;

/// What the history remembers of a run that its plan does not say.
#[derive(Clone, Debug, Default)]
pub struct RunFacts {
    /// The filter it was given, in its canonical form.
    pub filter: String,
    /// The run it goes on with.
    pub resumed_from: Option<String>,
    /// The run over several pipelines that it is a part of.
    pub joint: Option<JointRun>,
    /// Hash of the project's graph.
    pub graph_hash: Option<String>,
}

/// Execute a plan.
///
/// A failing model is part of the report. An error means that no model was executed: the plan cannot be executed by this
/// warehouse, there is no connection, the state cannot be written, or a set-up statement failed.
pub fn execute(ctx: ExecuteContext<'_>) -> Result<RunReport> {
    execute_in(ctx, &Time::real())
}

fn execute_in(mut ctx: ExecuteContext<'_>, time: &Time) -> Result<RunReport> {
    check(ctx.plan, ctx.warehouse)?;
    let clock = Clock(ctx.clock);
    let (started_at, started) = (clock.now(), Instant::now());
    let n_models = ctx.plan.tasks.len() as u64;
    if let Some(state) = ctx.state {
        ctx.run_id = state.record_run_start(&RunRecord {
            plan_id: ctx.plan.plan_id.clone(),
            config_hash: std::mem::take(&mut ctx.config_hash),
            trigger: ctx.trigger,
            total_models: n_models,
            filter: std::mem::take(&mut ctx.facts.filter),
            resumed_from: ctx.facts.resumed_from.take(),
            joint: ctx.facts.joint.take(),
            graph_hash: ctx.facts.graph_hash.take(),
            ..RunRecord::begin(ctx.run_id.clone(), ctx.plan.pipeline.clone(), started_at)
        })?;
    }
    let _unfinished = ctx.state.map(|state| Unfinished {
        state,
        run_id: ctx.run_id.clone(),
        clock,
        started,
    });
    let (run_id, pipeline) = (ctx.run_id.clone(), ctx.plan.pipeline.to_string());
    ctx.observer.event(&Event::RunStarted {
        run_id,
        pipeline,
        models: n_models,
    });

    let mut setup = Vec::new();
    let mut repetitions = 0;
    let prepared = prepare(&mut ctx, time, started, &mut setup, &mut repetitions);
    let connection = match prepared {
        Ok(connection) => connection,
        Err(error) if error.kind == ErrorKind::Cancelled => None,
        Err(error) => return Err(abandon(ctx, clock, started, error)),
    };
    let values = Bindings {
        now: started_at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        run_id: ctx.run_id.clone(),
        window: None,
    };
    let mut outcome = pump::run_tasks(&mut ctx, (clock, time), values.clone(), connection, repetitions);
    deferred::run(&ctx, (clock, time), &values, &mut outcome);
    let mut checks = outcome.results.iter().flat_map(|t| &t.checks);
    outcome.interrupted |= ctx.cancel.is_tripped() && checks.any(CheckOutcome::was_interrupted);

    let succeeded = outcome
        .results
        .iter()
        .filter(|t| t.status == TaskStatus::Success && !t.is_blocked())
        .count();
    let partly = |t: &TaskResult| {
        let windows = t.windows.iter().flatten();
        windows.filter(|w| w.status == TaskStatus::Success).count() > 0
    };
    let status = match succeeded {
        n if n == outcome.results.len() && !outcome.interrupted => RunStatus::Success,
        0 if !outcome.results.iter().any(partly) => RunStatus::Failure,
        _ => RunStatus::PartialFailure,
    };
    let (finished_at, duration_ms) = (clock.now(), millis(started.elapsed()));
    if let Some(state) = ctx.state {
        let end = RunEnd {
            finished_at,
            duration_ms,
            status,
            interrupted: outcome.interrupted,
            error: None,
        };
        let also = ctx
            .at_end
            .map_or_else(StateBatch::new, |at_end| at_end(status, finished_at));
        let recorded = state
            .commit(&outcome.measured)
            .and_then(|()| state.record_run_end_with(&ctx.run_id, &end, &outcome.rows, &also));
        if let Err(error) = recorded
            && outcome.state_error.is_none()
        {
            ctx.observer.event(&pump::unrecorded(&error));
            outcome.state_error = Some(error.message);
        }
    }
    for event in &outcome.events {
        ctx.observer.event(event);
    }
    if outcome.checking {
        let checks = || outcome.results.iter().flat_map(|t| &t.checks);
        let total = checks().count() as u64;
        let passed = checks().filter(|c| c.status == CheckStatus::Pass).count() as u64;
        ctx.observer.event(&Event::ChecksFinished {
            total,
            passed,
            failed: total - passed,
        });
    }
    finish(&mut ctx, status, duration_ms);
    Ok(RunReport {
        run_id: ctx.run_id,
        pipeline: ctx.plan.pipeline.clone(),
        started_at,
        finished_at,
        duration_ms,
        status,
        interrupted: outcome.interrupted,
        state_error: outcome.state_error,
        pacing: outcome.pacing,
        setup,
        tasks: outcome.results,
    })
}

/// The plan is what it must be, so that nothing later has to ask.
fn check(plan: &Plan, warehouse: &dyn Warehouse) -> Result<()> {
    if plan.dialect != warehouse.dialect() {
        let (planned, actual) = (plan.dialect, warehouse.dialect());
        return Err(Error::usage(format!(
            "the plan is for {planned}, the warehouse is {actual}"
        )));
    }
    for (index, task) in plan.tasks.iter().enumerate() {
        if let Some(input) = task.depends_on.iter().find(|i| **i >= index) {
            let text = format!(
                "the plan is not in order: `{}` is number {index} and reads number {input}",
                task.name
            );
            return Err(Error::usage(text).hint("make the plan again"));
        }
        if task
            .steps
            .iter()
            .filter(|s| matches!(s.kind, StepKind::Observe { .. }))
            .count()
            > 1
        {
            return Err(Error::bug(format!(
                "the plan of `{}` observes more than one value",
                task.name
            )));
        }
    }
    for task in &plan.tasks {
        let before = task.windows.as_ref().map_or(&[][..], |w| &w.before);
        let window = |h: &rocky_plan::Hole| {
            matches!(
                h.parameter,
                rocky_plan::Parameter::WindowStart | rocky_plan::Parameter::WindowEnd
            )
        };
        let unbound = before
            .iter()
            .chain(task.steps.iter().filter(|_| task.windows.is_none()))
            .any(|s| s.holes.iter().any(window));
        if unbound {
            return Err(Error::bug(format!(
                "the plan of `{}` needs a window and has none",
                task.name
            )));
        }
    }
    match plan
        .setup
        .iter()
        .find(|s| matches!(s.kind, StepKind::Observe { .. }) || !s.holes.is_empty())
    {
        Some(step) => Err(Error::bug(format!(
            "the set-up step `{}` observes a value or needs one",
            step.purpose
        ))),
        None => Ok(()),
    }
}

/// The first connection, and on it the set-up: it creates what is not there yet, so doing it again changes nothing.
fn prepare(
    ctx: &mut ExecuteContext<'_>,
    time: &Time,
    started: Instant,
    done: &mut Vec<StatementResult>,
    repetitions: &mut u32,
) -> Result<Option<Box<dyn Connection>>> {
    ctx.cancel.check()?;
    if ctx.plan.setup.is_empty() && ctx.plan.tasks.is_empty() {
        return Ok(None);
    }
    let mut patience = Patience {
        tried: 0,
        repetitions,
    };
    let mut connection = loop {
        match ctx.warehouse.connect() {
            Ok(connection) => break connection,
            Err(error) => {
                let failure = StepFailure {
                    class: ctx.warehouse.classify(&error),
                    retry_after: ctx.warehouse.retry_after(&error),
                    error,
                };
                patience.wait(ctx, time, failure, "connect")?;
            }
        }
    };
    let plan = ctx.plan;
    for step in &plan.setup {
        let mut patience = Patience {
            tried: 0,
            repetitions: patience.repetitions,
        };
        let begin = Instant::now();
        let (value, took): (StepValue, Duration) = loop {
            ctx.cancel.check()?;
            let begin = Instant::now();
            let failure = match run_step(connection.as_mut(), step, &step.sql, ctx.cancel) {
                Ok(value) => break (value, begin.elapsed()),
                Err(failure) => failure,
            };
            let _ = connection.rollback();
            let lost = failure.class == FailureClass::Transient;
            patience
                .wait(ctx, time, failure, &step.target)
                .map_err(|mut error| {
                    if error.kind != ErrorKind::Cancelled {
                        error.message = format!("{} {}: {}", step.purpose, step.target, error.message);
                    }
                    error
                })?;
            if lost && let Ok(opened) = ctx.warehouse.connect() {
                connection = opened;
            }
        };
        let duration_ms = millis(took);
        done.push(StatementResult {
            purpose: step.purpose.clone(),
            sql: step.sql.clone(),
            duration_ms,
            after: begin.saturating_duration_since(started),
            took,
            rows: value.rows,
        });
        ctx.observer.event(&Event::StepFinished {
            model: SmolStr::default(),
            purpose: step.purpose.clone(),
            rows: value.rows,
            duration_ms,
        });
    }
    Ok(Some(connection))
}

/// Repeats what may be repeated whenever it fails.
struct Patience<'r> {
    tried: u32,
    /// Of the run.
    repetitions: &'r mut u32,
}

impl Patience<'_> {
    /// Wait before the next attempt; an error when there is none.
    fn wait(
        &mut self,
        ctx: &mut ExecuteContext<'_>,
        time: &Time,
        failure: StepFailure,
        what: &str,
    ) -> Result<()> {
        let policy = ctx.policy;
        let n = self.tried;
        self.tried += 1;
        let conflict = failure.class == FailureClass::Transaction;
        // Two runs over one database that create the same schema: one of them is told of a conflict.
        if conflict && n == 0 {
            return ctx.cancel.check();
        }
        let passes = matches!(
            failure.class,
            FailureClass::Transient | FailureClass::RateLimited | FailureClass::Transaction
        );
        let left = policy
            .max_retries_per_run
            .is_none_or(|most| *self.repetitions < most);
        if !passes || n >= policy.max_retries || !left {
            return Err(failure.error);
        }
        *self.repetitions += 1;
        let fraction = crate::remote::random_fraction();
        let wait = policy.backoff.pause(n, fraction, failure.retry_after);
        ctx.observer.event(&Event::Log {
            level: SmolStr::new_static("warning"),
            message: format!(
                "{what} is tried again in {} ms: {}",
                millis(wait),
                failure.error.message
            ),
        });
        time.pause(wait, ctx.cancel)
    }
}

/// A run whose thread unwinds (an observer panicked) has ended too: what it claimed is free, and the history says so.
struct Unfinished<'a> {
    state: &'a StateStore,
    run_id: String,
    clock: Clock<'a>,
    started: Instant,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let end = RunEnd {
            finished_at: self.clock.now(),
            duration_ms: millis(self.started.elapsed()),
            status: RunStatus::Failure,
            interrupted: true,
            error: Some("the run panicked".to_owned()),
        };
        // Whoever panics has worse to tell.
        let _ = self.state.record_run_end(&self.run_id, &end, &[]);
    }
}

/// Nothing was executed; the history says why.
fn abandon(mut ctx: ExecuteContext<'_>, clock: Clock<'_>, started: Instant, mut error: Error) -> Error {
    let duration_ms = millis(started.elapsed());
    if let Some(state) = ctx.state {
        let end = RunEnd {
            finished_at: clock.now(),
            duration_ms,
            status: RunStatus::Failure,
            interrupted: false,
            error: Some(error.message.clone()),
        };
        if let Err(unwritten) = state.record_run_end(&ctx.run_id, &end, &[]) {
            error.message = format!(
                "{}; and this could not be recorded: {}",
                error.message, unwritten.message
            );
        }
    }
    finish(&mut ctx, RunStatus::Failure, duration_ms);
    error
}

fn finish(ctx: &mut ExecuteContext<'_>, status: RunStatus, duration_ms: u64) {
    let (run_id, status) = (ctx.run_id.clone(), SmolStr::new_static(status.as_str()));
    ctx.observer.event(&Event::RunFinished {
        run_id,
        status,
        duration_ms,
    });
}

/// The system's clock as timestamps.
#[derive(Clone, Copy)]
pub(crate) struct Clock<'a>(&'a dyn System);

impl<'a> Clock<'a> {
    pub(crate) fn new(system: &'a dyn System) -> Clock<'a> {
        Clock(system)
    }

    pub(crate) fn now(self) -> Timestamp {
        Timestamp::try_from(self.0.now()).unwrap_or_default()
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
