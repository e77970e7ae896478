//! A worker thread: it takes jobs from the queue, executes each on its connection, and decides what follows from a failure.
//!
//! Invariant: a job is done once more only when it is certain that nothing of the attempt before has taken effect, or when doing
//! the whole task again gives the same ([`repeatable`]); and always from its beginning, never from a statement within.

use super::breaker::Contact;
use super::checking::{Checking, When};
use super::limit::Limits;
use super::millis;
use super::queue::{Job, Message, Permission, Workers};
use super::task::{Answers, Attempt, Failure, Sending, attempt};
use super::windows::{self, Part};
use crate::checks::{CheckOutcome, CheckStatus};
use crate::remote::random_fraction;
use crate::report::{Cause, Repetition, TaskError, TaskResult, TaskStatus};
use rocky_base::{Error, ErrorKind};
use rocky_plan::{Bindings, Task, TaskKind};
use rocky_warehouse::{Connection, FailureClass, Strategy, Warehouse};
use std::any::Any;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// What follows from an attempt.
enum Verdict {
    Succeeded,
    /// It was written, but what reads it must not be run.
    Blocked,
    /// Its checks could not be evaluated.
    Unchecked,
    Failed,
    Interrupted,
    /// Another transaction was in the way and nothing has taken effect: once more.
    Conflict,
    /// Once more, after a wait.
    Later(&'static str, Duration),
    /// Something is not there, or is there already, and nothing has taken effect: perhaps a new plan.
    Stale,
}

/// The reason of what a tripped token left undone.
pub(super) const INTERRUPTED: &str = "interrupted";
/// How many earlier attempts a result remembers.
pub(super) const REMEMBERED: usize = 100;

pub(super) type Open = Option<Box<dyn Connection>>;

impl Workers<'_> {
    pub(super) fn work<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        mut connection: Open,
        sender: SyncSender<Message>,
    ) {
        // Whoever spawned this thread counted it as idle.
        self.lock().idle -= 1;
        // The receiver is gone only when the calling thread unwinds; `Stop::Abandoned` then ends the loop.
        while let Some(mut job) = self.next() {
            self.grow(scope, &sender);
            let newer = job.plan.clone();
            let Some(plan) = newer.as_deref().or_else(|| self.plan.tasks.get(job.index)) else {
                continue;
            };
            let index = job.index;
            let refused = job.refused.take();
            if refused.is_none() && job.started.is_none() && !job.part.is_window() {
                match self.ask(plan, index, &sender) {
                    Permission::Granted => {}
                    Permission::Refused(why) => {
                        self.learn(&mut job, &sender);
                        let mut result = Box::new(blank_result(plan));
                        fail(&mut result, Error::new(ErrorKind::Hook, why), Cause::Other);
                        result.windows = windows::blank(plan, None);
                        let _ = sender.send(Message::Done { index, result });
                        self.failed(index);
                        continue;
                    }
                    Permission::Over => {
                        self.learn(&mut job, &sender);
                        self.interrupted();
                        continue;
                    }
                }
                let _ = sender.send(Message::Started { index });
            }
            let (result, verdict) = match refused {
                Some(why) => (circuit_open(plan, &mut job, why), Verdict::Failed),
                None => match self.begin(plan, &job, &sender) {
                    Ok(()) => self.execute(plan, &mut job, &mut connection, &sender),
                    Err(error) => (self.refused(plan, &mut job, error), Verdict::Failed),
                },
            };
            self.learn(&mut job, &sender);
            let result = Box::new(result);
            let verdict = match (job.part, verdict) {
                (_, Verdict::Conflict) => {
                    job.conflicts += 1;
                    self.tell(&mut job, "conflict", result, Duration::ZERO, &sender);
                    self.park(job);
                    continue;
                }
                (_, Verdict::Later(reason, wait)) => {
                    self.tell(&mut job, reason, result, wait, &sender);
                    self.delay(job, wait);
                    continue;
                }
                (Part::Window(window), _) => {
                    self.window_done(plan, index, window, *result, &mut connection, &sender);
                    continue;
                }
                (_, verdict) => verdict,
            };
            // Reported before successors are released: `ModelFinished` comes before their `ModelStarted`.
            match verdict {
                Verdict::Succeeded if job.part == Part::Open => {
                    let _ = sender.send(Message::Opened { index, result });
                    self.opened(index, newer.clone(), plan);
                }
                Verdict::Succeeded => {
                    let _ = sender.send(Message::Done { index, result });
                    self.succeeded(index);
                }
                Verdict::Blocked => {
                    let _ = sender.send(Message::Done { index, result });
                    self.blocked(index);
                }
                Verdict::Failed | Verdict::Unchecked => {
                    let _ = sender.send(Message::Done { index, result });
                    self.failed(index);
                }
                Verdict::Stale => {
                    job.replanned = true;
                    let _ = sender.send(Message::Stale {
                        job: Box::new(job),
                        result,
                    });
                }
                Verdict::Interrupted | Verdict::Conflict | Verdict::Later(..) => {
                    let _ = sender.send(Message::Done { index, result });
                    self.interrupted();
                }
            }
        }
        discard(&mut connection);
    }

    /// Remember an attempt that is followed by another, and say so.
    fn tell(
        &self,
        job: &mut Job,
        reason: &'static str,
        result: Box<TaskResult>,
        wait: Duration,
        sender: &SyncSender<Message>,
    ) {
        let error = result.error.as_ref().map(|e| e.message.clone());
        let repetition = Repetition {
            attempt: job.attempts,
            reason,
            error: error.unwrap_or_default(),
            wait,
        };
        let _ = sender.send(Message::Repeated {
            index: job.index,
            repetition: repetition.clone(),
        });
        if job.past.len() < REMEMBERED {
            job.past.push(repetition);
        }
        job.last = Some(result);
    }

    /// Ask the calling thread, when tasks of this kind are guarded.
    fn ask(&self, task: &Task, index: usize, sender: &SyncSender<Message>) -> Permission {
        if !self.guarded.contains(&task.kind) {
            return Permission::Granted;
        }
        let (answer, permission) = sync_channel(1);
        let _ = sender.send(Message::Ask { index, answer });
        permission.recv().unwrap_or(Permission::Over)
    }

    /// One attempt at a job and what is to follow from it.
    fn execute(
        &self,
        plan: &Task,
        job: &mut Job,
        connection: &mut Open,
        sender: &SyncSender<Message>,
    ) -> (TaskResult, Verdict) {
        let (started_at, started) = *job
            .started
            .get_or_insert_with(|| (self.clock.now(), Instant::now()));
        job.attempts += 1;
        let index = job.index;
        let values = match job.part.window(plan) {
            None => Cow::Borrowed(&self.values),
            Some(window) => Cow::Owned(Bindings {
                window: Some((window.start.to_string(), window.end.to_string())),
                ..self.values.clone()
            }),
        };
        let steps = job.part.steps(plan);
        let within = plan.checks.iter().filter(|c| c.within && job.part == Part::Whole);
        let asks: Vec<&rocky_plan::Step> = within.flat_map(|c| &c.queries).collect();
        let limits = Limits::begin(
            self.time,
            self.cancel,
            self.policy.timeout_of(&plan.name),
            self.policy.statement_timeout,
        );
        let mut panicked = false;
        let attempted = if steps.is_empty() {
            // Nothing is to be done before the windows.
            Ok(Attempt::default())
        } else {
            catch_unwind(AssertUnwindSafe(|| {
                let connection = match connected(self.warehouse, connection) {
                    Ok(connection) => connection,
                    Err((error, class, after)) => return Attempt::failed(error, class, after),
                };
                let sending = Sending {
                    dialect: self.plan.dialect,
                    values: &values,
                    started,
                    limits: &limits,
                };
                let told = |step: &rocky_plan::Step, rows, duration_ms| {
                    let _ = sender.send(Message::Step {
                        index,
                        purpose: step.purpose.clone(),
                        rows,
                        duration_ms,
                    });
                };
                attempt(connection, steps, &asks, plan.transaction, &sending, told)
            }))
        };
        let mut attempted = attempted.unwrap_or_else(|panic| {
            panicked = true;
            let text = format!(
                "executing `{}` panicked: {}",
                plan.name,
                panic_text(panic.as_ref())
            );
            Attempt {
                broken: true,
                ..Attempt::failed(Error::bug(text), FailureClass::Other, None)
            }
        });
        if attempted.broken {
            discard(connection);
        }
        if let Some(failure) = &mut attempted.failure
            && failure.error.kind == ErrorKind::Cancelled
            && !self.cancel.is_tripped()
            && let Some(why) = limits.exceeded(&plan.name)
        {
            failure.error = Error::new(ErrorKind::Warehouse, why);
            failure.timed_out = true;
        }
        drop(limits);
        job.contact = match &attempted.failure {
            None if steps.is_empty() => Contact::None,
            None => Contact::Succeeded,
            Some(f) if f.timed_out || panicked || f.error.kind == ErrorKind::Cancelled => Contact::None,
            Some(f) => contact(f.class),
        };
        let mut result = blank_result(plan);
        if job.part == Part::Open {
            result.windows = windows::blank(plan, None);
        }
        result.attempts = job.attempts;
        result.retried.clone_from(&job.past);
        result.started_at = Some(started_at);
        result.finished_at = Some(self.clock.now());
        result.duration_ms = millis(started.elapsed());
        result.statements = attempted.statements;
        let Some(failure) = attempted.failure else {
            result.status = TaskStatus::Success;
            result.rows = attempted.rows;
            result.watermark = attempted.watermark;
            result.beyond_watermark = attempted.beyond;
            if let (Some(window), Part::Window(_)) = (job.part.window(plan), job.part) {
                result.windows = Some(vec![windows::counted(window, &attempted.counts, result.rows)]);
                return (result, Verdict::Succeeded);
            }
            // What has windows is checked after the last of them.
            if job.part == Part::Open {
                return (result, Verdict::Succeeded);
            }
            let answers = attempted.answers;
            let checked = self.check(plan, index, connection, &answers, &mut result, sender);
            if steps.is_empty() {
                job.contact = checked;
            }
            let unchecked = |c: &CheckOutcome| c.blocks() && c.status == CheckStatus::Error;
            let verdict = match (plan.kind, result.is_blocked()) {
                (_, false) => Verdict::Succeeded,
                (TaskKind::Quality, true) if result.checks.iter().any(unchecked) => Verdict::Unchecked,
                (_, true) => Verdict::Blocked,
            };
            return (result, verdict);
        };
        if failure.error.kind == ErrorKind::Cancelled {
            result.skipped_reason = Some(match failure.kept {
                0 => INTERRUPTED.to_owned(),
                n => format!(
                    "{INTERRUPTED}; {n} of {} statements had taken effect",
                    steps.len()
                ),
            });
            return (result, Verdict::Interrupted);
        }
        (job.said, job.retry_after) = (Some(failure.error.message.clone()), failure.retry_after);
        let mut spent = false;
        let verdict = self.follows(plan, job, &failure, &mut spent);
        result.status = TaskStatus::Failed;
        let mut error = task_error(failure);
        if spent && error.hint.is_none() {
            let most = self.policy.max_retries_per_run.unwrap_or_default();
            error.hint = Some(format!(
                "it was not repeated: the run's {most} repetitions (`max_retries_per_run`) are used up"
            ));
        }
        result.error = Some(error);
        (result, verdict)
    }

    /// What follows from a failure. `spent`: it would be repeated, had the run not repeated so much already.
    fn follows(&self, plan: &Task, job: &mut Job, failure: &Failure, spent: &mut bool) -> Verdict {
        let policy = self.policy;
        match failure.class {
            FailureClass::Transaction if failure.untouched() && job.conflicts < job.part.most_conflicts() => {
                return Verdict::Conflict;
            }
            // What a window lacks, the others lack too: the task is planned again by its next run.
            FailureClass::Catalog if failure.untouched() && !job.replanned && !job.part.is_window() => {
                return Verdict::Stale;
            }
            _ => {}
        }
        let final_ = failure.timed_out || failure.error.kind == ErrorKind::Bug;
        if final_ || !(failure.untouched() || repeatable(plan, job.part)) {
            return Verdict::Failed;
        }
        let passes = match failure.class {
            FailureClass::Transient => Some("transient"),
            FailureClass::RateLimited => Some("rate_limited"),
            FailureClass::Transaction => Some("conflict"),
            _ => None,
        };
        let again = match passes {
            Some(reason) if job.retries < policy.max_retries => {
                let n = job.retries;
                Some((reason, n))
            }
            _ if self.begins_anew(plan, job, failure.class) => Some(("table_retry", 0)),
            _ => None,
        };
        let Some((reason, n)) = again else {
            return Verdict::Failed;
        };
        if !self.spend() {
            *spent = true;
            return Verdict::Failed;
        }
        match reason {
            "table_retry" => (job.retries, job.anew) = (0, job.anew + 1),
            _ => job.retries += 1,
        }
        let wait = policy.backoff.pause(n, random_fraction(), failure.retry_after);
        Verdict::Later(reason, wait)
    }

    /// May a task that has failed for good be begun anew? Unless it was said how often, not where the same would come of it.
    fn begins_anew(&self, plan: &Task, job: &Job, class: FailureClass) -> bool {
        let refused = || {
            let mut steps = job.part.steps(plan).iter();
            steps.any(|s| matches!(s.kind, rocky_plan::StepKind::Refuse { .. }))
        };
        let hopeless = || {
            matches!(
                class,
                FailureClass::Rejected | FailureClass::Catalog | FailureClass::Constraint
            )
        };
        match self.policy.table_retries {
            Some(most) => job.anew < most && !refused(),
            None => job.anew == 0 && !hopeless(),
        }
    }

    /// The checks of a task that has succeeded; some of their queries may have answers already.
    pub(super) fn check(
        &self,
        plan: &Task,
        index: usize,
        connection: &mut Open,
        answers: &Answers,
        result: &mut TaskResult,
        sender: &SyncSender<Message>,
    ) -> Contact {
        let checking = Checking {
            task: plan,
            when: When::Inline,
            warehouse: self.warehouse,
            dialect: self.plan.dialect,
            values: &self.values,
            policy: self.policy,
            time: self.time,
            cancel: self.cancel,
            clock: self.clock,
        };
        let set_aside = plan.quarantine.as_ref().and_then(|q| q.count.as_ref());
        if let Some(step) = set_aside
            && let Ok(connection) = connected(self.warehouse, connection)
        {
            // Without an answer the number stays unknown; the rows are written.
            let rows = connection.query(&step.sql, 1, self.cancel).ok();
            let cell = rows.as_ref().and_then(|r| r.rows.first()?.first()?.to_text());
            result.set_aside = cell.and_then(|n| n.parse().ok());
        }
        if checking.checks().next().is_none() {
            return Contact::None;
        }
        let mut told = |repetition: &Repetition| {
            let repetition = repetition.clone();
            let _ = sender.send(Message::Repeated { index, repetition });
        };
        let (evaluated, contact) = checking.run(connection, answers, result, &mut || self.spend(), &mut told);
        (result.checks, result.counted) = (evaluated.checks, evaluated.counted);
        contact
    }
}

/// Doing all of it again gives the same, even when the first time has taken effect, or is yet to: it replaces everything, and
/// does not read what it replaces (a model that did would not compile).
fn repeatable(plan: &Task, part: Part) -> bool {
    part == Part::Whole && matches!(plan.strategy, Strategy::FullRefresh | Strategy::View)
}

/// The connection, a new one if there is none.
pub(super) fn connected<'c>(
    warehouse: &dyn Warehouse,
    connection: &'c mut Open,
) -> Result<&'c mut dyn Connection, (Error, FailureClass, Option<Duration>)> {
    if connection.is_none() {
        match warehouse.connect() {
            Ok(opened) => *connection = Some(opened),
            Err(error) => {
                let (class, after) = (warehouse.classify(&error), warehouse.retry_after(&error));
                return Err((error, class, after));
            }
        }
    }
    match connection {
        Some(connection) => Ok(connection.as_mut()),
        None => Err((Error::bug("a connection was lost"), FailureClass::Other, None)),
    }
}

pub(super) fn contact(class: FailureClass) -> Contact {
    match class {
        FailureClass::Transient => Contact::Lost,
        FailureClass::RateLimited => Contact::RateLimited,
        _ => Contact::Answered,
    }
}

/// A job that was not sent.
fn circuit_open(plan: &Task, job: &mut Job, why: String) -> TaskResult {
    let last = job.last.take();
    let mut result = last.map_or_else(|| blank_result(plan), |last| *last);
    if result.windows.is_none() && job.part == Part::Open {
        result.windows = windows::blank(plan, None);
    }
    fail(
        &mut result,
        Error::new(ErrorKind::Warehouse, why)
            .hint("run again with `--resume-latest` when the warehouse is back"),
        Cause::CircuitOpen,
    );
    result
}

fn fail(result: &mut TaskResult, error: Error, cause: Cause) {
    result.status = TaskStatus::Failed;
    result.error = Some(TaskError {
        kind: error.kind,
        message: error.message,
        hint: error.hint,
        step: None,
        cause,
    });
}

/// A result without an outcome: skipped, without a reason yet.
pub(super) fn blank_result(plan: &Task) -> TaskResult {
    TaskResult {
        kind: plan.kind,
        name: plan.name.clone(),
        asset_key: plan.asset_key.clone(),
        target: plan.target.clone(),
        full_name: plan.full_name.clone(),
        strategy: plan.strategy,
        status: TaskStatus::Skipped,
        rows: None,
        duration_ms: 0,
        started_at: None,
        finished_at: None,
        attempts: 0,
        retried: Vec::new(),
        error: None,
        skipped_reason: None,
        watermark: None,
        beyond_watermark: None,
        sql_hash: plan.sql_hash.clone(),
        column_count: plan.column_count,
        statements: Vec::new(),
        windows: None,
        checks: Vec::new(),
        counted: None,
        set_aside: None,
        anomaly: None,
    }
}

fn task_error(failure: Failure) -> TaskError {
    let Failure {
        error,
        class,
        step,
        kept,
        unknown,
        timed_out,
        ..
    } = failure;
    let mut message = match (kept, &step) {
        (0, _) | (_, None) => error.message,
        (1, Some(_)) => format!("{} (the statement before it has taken effect)", error.message),
        (n, Some(_)) => format!(
            "{} (the {n} statements before it have taken effect)",
            error.message
        ),
    };
    if unknown && step.is_some() {
        message.push_str(" (it is not known whether this statement has taken effect)");
    }
    TaskError {
        kind: error.kind,
        message,
        hint: error.hint,
        step,
        cause: match class {
            _ if timed_out => Cause::Timeout,
            FailureClass::Transient => Cause::Transient,
            FailureClass::RateLimited => Cause::RateLimited,
            FailureClass::Transaction => Cause::Conflict,
            _ => Cause::Other,
        },
    }
}

/// Close a connection; one in an unknown state may do anything at that.
pub(super) fn discard(connection: &mut Option<Box<dyn Connection>>) {
    if let Some(connection) = connection.take() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(connection)));
    }
}

pub(super) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "no message",
    }
}
