//! The calling thread's part of a run: it takes what the workers report, writes it to the state in batches, tells the
//! observer, skips what cannot run any more, and asks for new plans.
//!
//! Invariant: what the observer is told of a model is in the state before (unless the state failed, which is reported).

use super::breaker::Lesson;
use super::deferred;
use super::queue::{Message, Permission, Stop, Workers};
use super::time::{Closing, Time};
use super::windows::{self, Part};
use super::worker::{INTERRUPTED, blank_result};
use super::{Clock, ExecuteContext, millis};
use crate::checks::anomaly;
use crate::report::{Cause, Pacing, Repetition, TaskError, TaskResult, TaskStatus, WindowResult};
use crate::state::{ModelExecution, Partition, QualityMetrics, QualitySnapshot, RowCount, StateBatch};
use rocky_base::{Error, ErrorKind, Event, SmolStr};
use rocky_plan::{Bindings, Plan, Task, TaskKind};
use rocky_warehouse::Connection;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How many reports may wait; a slow observer slows the workers down then.
const CHANNEL: usize = 256;
/// How many reports are taken together: one commit of the state, however many models were done meanwhile.
const BATCH: usize = 256;

/// The least time between two commits of the state: each waits for the disk, which the warehouse may be using too. What
/// is told to the observer waits with them.
const COMMIT_INTERVAL: Duration = Duration::from_millis(25);

/// What became of the tasks.
pub(super) struct Outcome {
    pub(super) results: Vec<TaskResult>,
    pub(super) interrupted: bool,
    pub(super) pacing: Pacing,
    pub(super) state_error: Option<String>,
    /// What the state is still to be told, together with the end of the run …
    pub(super) rows: Vec<ModelExecution>,
    pub(super) measured: StateBatch,
    /// Repetitions so far, as far as they are limited.
    pub(super) repetitions: u32,
    /// The observer was told that checks begin.
    pub(super) checking: bool,
    /// … and the observer after that.
    pub(super) events: Vec<Event>,
}

/// Execute the tasks. Without a connection (cancelled before, or nothing to do) none is tried.
pub(super) fn run_tasks(
    ctx: &mut ExecuteContext<'_>,
    (clock, time): (Clock<'_>, &Time),
    values: Bindings,
    connection: Option<Box<dyn Connection>>,
    repetitions: u32,
) -> Outcome {
    let plan = ctx.plan;
    // The same answer for every task of a kind.
    let guarded = TaskKind::ALL
        .into_iter()
        .filter(|kind| ctx.observer.guards(kind.as_str()))
        .collect();
    let workers = Workers::new(ctx, (clock, time), values, guarded, repetitions);
    let mut pump = Pump::new(ctx, &workers);
    if let Some(connection) = connection
        && !plan.tasks.is_empty()
    {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(CHANNEL);
            let _stop = StopWhenUnwinding(&workers);
            let _close = Closing(time);
            // Without it nothing that takes too long would be stopped.
            let watched = match pump.ctx.policy.has_limits() {
                true => std::thread::Builder::new()
                    .name("rocky-limits".into())
                    .spawn_scoped(scope, || time.watch())
                    .map(drop),
                false => Ok(()),
            };
            match watched.and_then(|()| workers.start(scope, connection, sender)) {
                Ok(()) => pump.receive(&receiver),
                Err(error) => pump.no_thread(&error),
            }
        });
    }
    pump.finish()
}

/// A panicking observer must not leave workers behind that wait for it.
struct StopWhenUnwinding<'a, 'b>(&'a Workers<'b>);

impl Drop for StopWhenUnwinding<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(Stop::Abandoned);
        }
    }
}

struct Pump<'p, 'c, 'w> {
    ctx: &'p mut ExecuteContext<'c>,
    workers: &'p Workers<'w>,
    plan: &'c Plan,
    /// By place in the plan.
    results: Vec<Option<TaskResult>>,
    /// How many have none yet.
    missing: usize,
    /// Told to the observer after the state has been written.
    events: Vec<Event>,
    rows: Vec<ModelExecution>,
    /// What came of partitions.
    partitions: Vec<Partition>,
    /// Tasks whose windows are under way: what came of them so far, and how many windows are left.
    open: HashMap<usize, (Box<TaskResult>, usize)>,
    /// What checks measured; written with the model, but where that fails, at the end: it would stop what has nothing to do with it.
    measured: StateBatch,
    checking: bool,
    /// When the last commit was done.
    committed: Option<Instant>,
    state_error: Option<String>,
    /// Why the observer wants nothing more to be begun.
    refused: Option<String>,
    interrupted: bool,
}

impl<'p, 'c, 'w> Pump<'p, 'c, 'w> {
    fn new(ctx: &'p mut ExecuteContext<'c>, workers: &'p Workers<'w>) -> Self {
        let plan = ctx.plan;
        let results = plan.tasks.iter().map(|_| None).collect();
        Pump {
            ctx,
            workers,
            plan,
            results,
            missing: plan.tasks.len(),
            events: Vec::new(),
            rows: Vec::new(),
            partitions: Vec::new(),
            open: HashMap::new(),
            measured: StateBatch::new(),
            checking: false,
            committed: None,
            state_error: None,
            refused: None,
            interrupted: false,
        }
    }

    /// Until all workers have ended.
    fn receive(&mut self, receiver: &Receiver<Message>) {
        let mut due = None;
        loop {
            let received = match due {
                Some(due) => receiver.recv_timeout(Instant::saturating_duration_since(&due, Instant::now())),
                None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match received {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            for message in receiver.try_iter().take(BATCH) {
                self.take(message);
            }
            due = self.flush_when_due();
        }
    }

    /// Flush now, or say when.
    fn flush_when_due(&mut self) -> Option<Instant> {
        let waiting = self.rows.len() + self.partitions.len();
        if waiting > 0
            && waiting < BATCH
            && let Some(due) = self.committed.map(|at| at + COMMIT_INTERVAL)
            && Instant::now() < due
        {
            return Some(due);
        }
        self.flush();
        None
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Started { index } => {
                self.events.extend(self.started(index));
            }
            Message::Step {
                index,
                purpose,
                rows,
                duration_ms,
            } => {
                let model = self.name(index);
                self.events.push(Event::StepFinished {
                    model,
                    purpose,
                    rows,
                    duration_ms,
                });
            }
            Message::Repeated { index, repetition } => {
                let Some(task) = self.plan.tasks.get(index) else {
                    return;
                };
                self.events.push(repeated(task, repetition));
            }
            Message::Learned => {
                let lesson = self.workers.next_lesson();
                self.events.extend(lesson.map(|l| learned(&l)));
            }
            Message::Ask { index, answer } => {
                let permission = self.ask(index);
                // Nobody waits for it only when the worker has panicked.
                let _ = answer.send(permission);
            }
            Message::Done { index, result } => self.done(index, *result),
            Message::Opened { index, result } => {
                let left = result.windows.as_ref().map_or(0, Vec::len);
                self.open.insert(index, (result, left));
                self.close_when_done(index);
            }
            Message::Window {
                index,
                window,
                result,
                checked,
            } => {
                if let (Some(checked), Some((task, _))) = (checked, self.open.get_mut(&index)) {
                    (task.checks, task.counted) = (checked.checks, checked.counted);
                    task.set_aside = checked.set_aside;
                }
                self.window(index, window, *result);
            }
            Message::Unrecorded { error } => self.unrecorded(error),
            Message::Stale { job, mut result } => {
                // What has happened so far is told before a call that may take long.
                self.flush();
                let index = job.index;
                let planned = match (&job.plan, self.plan.tasks.get(index)) {
                    (Some(plan), _) => Some(&**plan),
                    (None, plan) => plan,
                };
                let over = self.workers.stopped().is_some() || self.ctx.cancel.is_tripped();
                let answer = match planned {
                    Some(plan) if !over => (self.ctx.replan)(plan),
                    _ => Ok(None),
                };
                match answer {
                    Ok(Some(plan)) => {
                        let message = format!("`{}` was planned again: {}", plan.name, plan.reason);
                        self.events.push(Event::Log {
                            level: SmolStr::new_static("info"),
                            message,
                        });
                        self.workers.replanned(*job, plan, result);
                        return;
                    }
                    Ok(None) => {}
                    Err(error) if error.kind == ErrorKind::Cancelled => {
                        result.status = TaskStatus::Skipped;
                        result.error = None;
                        result.skipped_reason = Some(INTERRUPTED.to_owned());
                    }
                    Err(error) => {
                        if let Some(failed) = &mut result.error {
                            failed.message =
                                format!("{}; planning it again failed: {}", failed.message, error.message);
                        }
                    }
                }
                self.done(index, *result);
                self.workers.gave_up(&job);
            }
        }
    }

    /// The event that announces a task.
    fn started(&self, index: usize) -> Option<Event> {
        let task = self.plan.tasks.get(index)?;
        Some(Event::ModelStarted {
            model: task.name.clone(),
            kind: SmolStr::new_static(task.kind.as_str()),
            target: task.full_name.clone(),
        })
    }

    /// A worker wants to begin a task: what has happened so far is told, and whoever guards such tasks is asked.
    fn ask(&mut self, index: usize) -> Permission {
        self.flush();
        if self.workers.stopped().is_some() || self.ctx.cancel.is_tripped() {
            return Permission::Over;
        }
        let asked = self
            .started(index)
            .map(|event| self.ctx.observer.may_begin(&event));
        match asked {
            Some(Err(why)) => Permission::Refused(why),
            _ => Permission::Granted,
        }
    }

    fn name(&self, index: usize) -> SmolStr {
        self.plan
            .tasks
            .get(index)
            .map(|m| m.name.clone())
            .unwrap_or_default()
    }

    /// A model has its result; what depends on a failed one gets its own.
    fn done(&mut self, index: usize, result: TaskResult) {
        let why = match result.status {
            TaskStatus::Failed => Some("failed"),
            TaskStatus::Success if result.is_blocked() => Some("does not pass its checks"),
            TaskStatus::Success | TaskStatus::Skipped => None,
        };
        self.interrupted |= result.status == TaskStatus::Skipped;
        self.put(index, result);
        if let Some(why) = why {
            self.skip_dependents(index, why);
        }
    }

    /// A window has its result.
    fn window(&mut self, index: usize, window: usize, result: WindowResult) {
        if self.ctx.state.is_some() {
            let (model, at) = (self.name(index), jiff::Timestamp::UNIX_EPOCH);
            let told = windows::partitions(&model, &self.ctx.run_id, &result, at);
            self.partitions.extend(told);
        }
        let Some((task, left)) = self.open.get_mut(&index) else {
            return;
        };
        let total = task.windows.as_ref().map_or(0, Vec::len);
        let slot = task.windows.as_mut().and_then(|w| w.get_mut(window));
        if let Some(slot) = slot {
            *slot = result;
            *left -= 1;
            let done = (total - *left) as u64;
            let told = windows::event(&task.name, &task.full_name, slot, (done, total as u64));
            self.events.extend(told);
        }
        self.close_when_done(index);
    }

    fn close_when_done(&mut self, index: usize) {
        if self.open.get(&index).is_some_and(|(_, left)| *left == 0) {
            self.close(index, None);
        }
    }

    /// The task is over, with the windows that it has.
    fn close(&mut self, index: usize, rest: Option<&str>) {
        let Some((mut result, _)) = self.open.remove(&index) else {
            return;
        };
        windows::sum_up(&mut result, rest);
        result.duration_ms = result
            .started_at
            .zip(result.finished_at)
            .and_then(|(from, to)| u64::try_from(to.as_millisecond() - from.as_millisecond()).ok())
            .unwrap_or(result.duration_ms);
        self.done(index, *result);
    }

    /// The state store failed: what is running is finished; without a memory nothing more is begun.
    fn unrecorded(&mut self, error: Error) {
        self.workers.stop(Stop::State);
        if self.state_error.is_none() {
            self.events.push(unrecorded(&error));
            self.state_error = Some(error.message);
        }
    }

    fn skip_dependents(&mut self, failed: usize, why: &str) {
        let reason = format!("upstream model `{}` {why}", self.name(failed));
        let mut pending = vec![failed];
        while let Some(index) = pending.pop() {
            for reader in self.workers.dependents.get(index).into_iter().flatten() {
                let reader = *reader as usize;
                if self.results.get(reader).is_some_and(Option::is_none) {
                    self.skip(reader, reason.clone());
                    pending.push(reader);
                }
            }
        }
    }

    fn skip(&mut self, index: usize, reason: String) {
        let Some(plan) = self.plan.tasks.get(index) else {
            return;
        };
        let result = TaskResult {
            windows: windows::blank(plan, Some(&reason)),
            skipped_reason: Some(reason),
            ..blank_result(plan)
        };
        self.put(index, result);
    }

    fn put(&mut self, index: usize, mut result: TaskResult) {
        self.measure(&mut result);
        let (model, duration_ms) = (result.name.clone(), result.duration_ms);
        let kind = SmolStr::new_static(result.kind.as_str());
        self.events.push(match (result.status, &result.error) {
            (TaskStatus::Success, _) => Event::ModelFinished {
                model,
                kind,
                target: result.full_name.clone(),
                asset_key: result.asset_key.clone(),
                strategy: SmolStr::new_static(result.strategy.as_str()),
                sql_hash: result.sql_hash.clone(),
                watermark: result.watermark.clone(),
                rows: result.rows,
                duration_ms,
            },
            (TaskStatus::Failed, error) => {
                let error = error.as_ref().map_or_else(String::new, |e| e.message.clone());
                Event::ModelFailed {
                    model,
                    kind,
                    target: result.full_name.clone(),
                    asset_key: result.asset_key.clone(),
                    error,
                    duration_ms,
                }
            }
            (TaskStatus::Skipped, _) => Event::ModelSkipped {
                model,
                reason: result.skipped_reason.clone().unwrap_or_default(),
            },
        });
        if let Some(anomaly) = &result.anomaly {
            self.events.push(Event::AnomalyDetected {
                table: result.full_name.clone(),
                description: anomaly.reason.clone(),
            });
        }
        if !result.checks.is_empty() && !std::mem::replace(&mut self.checking, true) {
            self.events.push(checks_started(self.plan));
        }
        let told = |c: &crate::checks::CheckOutcome| c.event(&result.full_name, &result.asset_key);
        self.events.extend(result.checks.iter().map(told));
        let task = self.plan.tasks.get(index);
        if let Some(task) = task.filter(|task| self.ctx.state.is_some() && !deferred::holds(task, &result)) {
            self.rows.push(execution(index, &result, task.identity()));
        }
        if let Some(slot) = self.results.get_mut(index) {
            *slot = Some(result);
            self.missing -= 1;
        }
    }

    /// Compare what was counted with earlier runs, and remember it.
    fn measure(&mut self, result: &mut TaskResult) {
        let Some(state) = self.ctx.state else { return };
        let figures = || result.checks.iter().map(|c| &c.figures);
        // A check of the age alone has counted too, but what it counts is no baseline: nobody asked for one.
        let Some(row_count) = result
            .counted
            .map(|c| c.0)
            .or_else(|| figures().find_map(|f| f.rows))
        else {
            return;
        };
        let timestamp = result.finished_at.unwrap_or_default();
        let mut metrics = QualityMetrics {
            row_count,
            ..QualityMetrics::default()
        };
        for figures in figures() {
            if let (Some(column), Some(rate)) = (&figures.column, figures.null_rate) {
                metrics.null_rates.insert(column.to_string(), rate);
            }
            if let Some(lag) = figures.lag_seconds {
                metrics.freshness_lag_seconds = u64::try_from(lag).ok();
            }
        }
        let run_id = self.ctx.run_id.clone();
        self.measured.quality(QualitySnapshot {
            model_name: result.name.clone(),
            run_id: run_id.clone(),
            timestamp,
            metrics,
        });
        let Some((n, threshold_pct)) = result.counted else {
            return;
        };
        // A history that cannot be read is none; that the state cannot be written is said elsewhere.
        let earlier = state.reader().row_counts(&result.full_name).unwrap_or_default();
        let earlier: Vec<u64> = earlier
            .iter()
            .filter(|c| c.run_id != self.ctx.run_id)
            .map(|c| c.row_count)
            .collect();
        result.anomaly = anomaly::compare(n, &earlier, threshold_pct);
        self.measured.row_count(
            &result.full_name,
            RowCount {
                timestamp,
                row_count: n,
                run_id,
            },
        );
    }

    /// First the state, then the observer. What is left at the end goes into the commit that ends the run.
    fn flush(&mut self) {
        if self.missing == 0 {
            return;
        }
        let wrote = !(self.rows.is_empty() && self.partitions.is_empty());
        let mut batch = StateBatch::new();
        for partition in self.partitions.drain(..) {
            batch.partition(partition);
        }
        if !self.rows.is_empty() {
            batch.models(&self.ctx.run_id, std::mem::take(&mut self.rows));
        }
        if let Some(state) = self.ctx.state
            && self.state_error.is_none()
        {
            let measured = std::mem::take(&mut self.measured);
            let together = match measured.is_empty() {
                true => false,
                false => state.commit(batch.clone().append(measured.clone())).is_ok(),
            };
            if !together {
                self.measured = measured;
                if let Err(error) = state.commit(&batch) {
                    self.unrecorded(error);
                }
            }
        }
        if wrote {
            self.committed = Some(Instant::now());
        }
        for event in self.events.drain(..) {
            self.ctx.observer.event(&event);
        }
        if self.refused.is_none()
            && let Some(why) = self.ctx.observer.stop()
        {
            self.refused = Some(why.to_owned());
            self.workers.stop(Stop::Observer);
        }
    }

    fn no_thread(&mut self, error: &std::io::Error) {
        for index in 0..self.plan.tasks.len() {
            self.fail(
                index,
                Error::new(ErrorKind::Io, format!("no thread could be started: {error}")),
            );
        }
    }

    fn fail(&mut self, index: usize, error: Error) {
        let Some(plan) = self.plan.tasks.get(index) else {
            return;
        };
        let error = TaskError {
            kind: error.kind,
            message: error.message,
            hint: error.hint,
            step: None,
            cause: Cause::Other,
        };
        let result = TaskResult {
            status: TaskStatus::Failed,
            error: Some(error),
            windows: windows::blank(plan, None),
            ..blank_result(plan)
        };
        self.put(index, result);
    }

    /// What has no result yet was not started, or was to be tried again and was not.
    fn finish(mut self) -> Outcome {
        for (index, part, result) in self.workers.leftovers() {
            // It would have been tried again.
            self.interrupted |= self.ctx.cancel.is_tripped();
            match (part, self.plan.tasks.get(index)) {
                (Part::Window(window), Some(task)) => {
                    self.window(index, window, windows::of_result(task, window, *result));
                }
                _ => self.done(index, *result),
            }
        }
        let stop = self.workers.stopped();
        let too_many = |failed: u64, done: u64| {
            let most = self.ctx.policy.error_rate_abort_pct;
            format!("not started: {failed} of {done} failed, and error_rate_abort_pct is {most}")
        };
        let reason = match (stop, &self.state_error) {
            (Some(Stop::FailFast(failed)), _) => {
                format!("not started: `{}` failed and fail_fast is set", self.name(failed))
            }
            (Some(Stop::ErrorRate { failed, done }), _) => too_many(failed, done),
            (Some(Stop::Observer), _) => {
                format!("not started: {}", self.refused.as_deref().unwrap_or_default())
            }
            (Some(Stop::State), Some(error)) => {
                format!("not started: the run cannot be recorded: {error}")
            }
            _ => INTERRUPTED.to_owned(),
        };
        let mut open: Vec<usize> = self.open.keys().copied().collect();
        open.sort_unstable();
        for index in open {
            self.close(index, Some(&reason));
        }
        for index in 0..self.plan.tasks.len() {
            if self.results.get(index).is_some_and(Option::is_some) {
                continue;
            }
            match (stop, &self.state_error) {
                (Some(Stop::FailFast(_) | Stop::ErrorRate { .. } | Stop::Observer), _)
                | (Some(Stop::State), Some(_)) => self.skip(index, reason.clone()),
                _ if self.ctx.cancel.is_tripped() => {
                    self.interrupted = true;
                    self.skip(index, INTERRUPTED.to_owned());
                }
                _ => {
                    let error = Error::bug(format!("the result of `{}` was lost", self.name(index)));
                    self.fail(index, error);
                }
            }
        }
        if let Some(state) = self.ctx.state
            && self.state_error.is_none()
            && !self.partitions.is_empty()
            && let Err(error) = state.put_partitions(&self.partitions)
        {
            self.events.push(unrecorded(&error));
            self.state_error = Some(error.message);
        }
        let (final_concurrency, rate_limits, circuit_openings) = self.workers.pacing();
        Outcome {
            results: self.results.into_iter().flatten().collect(),
            interrupted: self.interrupted,
            pacing: Pacing {
                adaptive: self.ctx.policy.adaptive,
                final_concurrency,
                rate_limits,
                circuit_openings,
            },
            state_error: self.state_error,
            rows: self.rows,
            measured: self.measured,
            repetitions: self.workers.repetitions(),
            checking: self.checking,
            events: self.events,
        }
    }
}

/// The observer is told that something is tried again.
pub(super) fn repeated(task: &Task, repetition: Repetition) -> Event {
    Event::ModelRetried {
        model: task.name.clone(),
        kind: SmolStr::new_static(task.kind.as_str()),
        target: task.full_name.clone(),
        attempt: repetition.attempt,
        reason: SmolStr::new_static(repetition.reason),
        error: repetition.error,
        wait_ms: millis(repetition.wait),
    }
}

/// The observer is told how the warehouse behaves.
fn learned(lesson: &Lesson) -> Event {
    let (level, message) = match lesson {
        Lesson::Opened { failures, recovery } => {
            let then = match recovery {
                Some(recovery) => format!("one task tries again in {} s", recovery.as_secs_f64()),
                None => "nothing more is sent".to_owned(),
            };
            let text = format!(
                "circuit breaker open: the warehouse did not answer {failures} times in a row; {then}"
            );
            ("warning", text)
        }
        Lesson::Closed => (
            "info",
            "circuit breaker closed: the warehouse answers again".to_owned(),
        ),
        Lesson::Limit { from, to } if to < from => (
            "warning",
            format!("the warehouse asked for less: {to} at a time instead of {from}"),
        ),
        Lesson::Limit { from, to } => ("info", format!("{to} at a time instead of {from}")),
    };
    Event::Log {
        level: SmolStr::new_static(level),
        message,
    }
}

/// The observer is told that checks begin.
pub(super) fn checks_started(plan: &Plan) -> Event {
    let tables = plan.tasks.iter().filter(|t| !t.checks.is_empty()).count() as u64;
    Event::ChecksStarted { tables }
}

/// The observer is told that the state failed.
pub(super) fn unrecorded(error: &Error) -> Event {
    let message = format!(
        "the run cannot be recorded, nothing more is started: {}",
        error.message
    );
    Event::Log {
        level: SmolStr::new_static("warning"),
        message,
    }
}

/// What the state keeps of a result.
///
/// A task that does not pass its checks failed there: a run that goes on with this one does it again, and then what reads it.
pub(super) fn execution(index: usize, result: &TaskResult, basis: String) -> ModelExecution {
    let blocked = result.checks.iter().find(|c| c.blocks());
    ModelExecution {
        run_id: String::new(),
        model_name: result.name.clone(),
        index: u32::try_from(index).unwrap_or(u32::MAX),
        target: result.full_name.clone(),
        strategy: result.strategy,
        started_at: result.started_at,
        finished_at: result.finished_at,
        duration_ms: result.duration_ms,
        rows_affected: result.rows,
        status: match blocked {
            Some(_) => TaskStatus::Failed,
            None => result.status,
        },
        sql_hash: result.sql_hash.clone(),
        error: match blocked {
            Some(check) => Some(format!(
                "check {}: {}",
                check.name,
                check.detail.as_deref().unwrap_or_default()
            )),
            None => result.error.as_ref().map(|e| e.message.clone()),
        },
        skipped_reason: result.skipped_reason.clone(),
        watermark: result.watermark.clone(),
        kind: result.kind,
        asset_key: result.asset_key.clone(),
        basis,
    }
}
