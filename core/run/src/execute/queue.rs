//! Which model is next, and the worker threads that take it.
//!
//! Workers release the successors of a model themselves, so that the calling thread's work (state, observer) is never
//! between two models. Invariant: a job is in exactly one place: ready, parked, with a worker, or with the calling thread
//! for a new plan; the last two count as running. The workers end when nothing is running and nothing is ready.
//!
//! A task with windows is opened (its target comes into being), then its windows are jobs of their own, so many at once as it
//! says ([`super::windows`]); it counts as one task until the last of them is done.

use super::task::{Answers, Attempt, Failure, attempt};
use super::windows::{self, Open, Part};
use super::{Clock, millis};
use crate::checks::{CheckOutcome, Evaluator};
use crate::report::{TaskError, TaskResult, TaskStatus, WindowResult};
use crate::state::StateStore;
use jiff::Timestamp;
use rocky_base::{CancelToken, Error, ErrorKind, SmolStr};
use rocky_plan::{Bindings, Plan, Task, TaskKind};
use rocky_warehouse::{Connection, FailureClass, Warehouse};
use std::any::Any;
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

/// Drivers recurse over the statements they are given on the calling thread. Only what is touched costs memory.
const STACK_BYTES: usize = 8 << 20;
/// Before repeating a transaction that had no rival in this run: the rival is elsewhere and needs a moment.
const CONFLICT_PAUSE: Duration = Duration::from_millis(20);

/// Reported to the calling thread.
pub(super) enum Message {
    /// May it begin? The worker waits for the answer.
    Ask {
        index: usize,
        answer: SyncSender<Permission>,
    },
    Started {
        index: usize,
    },
    Step {
        index: usize,
        purpose: SmolStr,
        rows: Option<u64>,
        duration_ms: u64,
    },
    Repeated {
        index: usize,
        why: String,
    },
    /// The model is done, whatever came of it.
    Done {
        index: usize,
        result: Box<TaskResult>,
    },
    /// The task's windows can begin; its result so far, with windows that are not done.
    Opened {
        index: usize,
        result: Box<TaskResult>,
    },
    /// A window is done, whatever came of it.
    Window {
        index: usize,
        window: usize,
        result: Box<WindowResult>,
        /// After the last window: the task with its checks.
        checked: Option<Box<TaskResult>>,
    },
    /// The state store failed in a worker's hands.
    Unrecorded {
        error: Error,
    },
    /// The model failed because the catalogue is not as planned. Its job waits for [`Workers::replanned`] or
    /// [`Workers::gave_up`].
    Stale {
        job: Box<Job>,
        result: Box<TaskResult>,
    },
}

/// The answer to [`Message::Ask`].
pub(super) enum Permission {
    Granted,
    /// It has failed, for this reason.
    Refused(String),
    /// Nothing more is begun.
    Over,
}

/// A model to be executed.
pub(super) struct Job {
    pub(super) index: usize,
    pub(super) part: Part,
    /// A newer plan than the one in the run's plan.
    pub(super) plan: Option<Arc<Task>>,
    repeated: u32,
    replanned: bool,
    pause: bool,
    attempts: u32,
    /// When its first statement was sent.
    pub(super) started: Option<(Timestamp, Instant)>,
    /// What came of the last attempt; reported when there is no other.
    last: Option<Box<TaskResult>>,
}

impl Job {
    pub(super) fn new(index: usize, part: Part) -> Job {
        let (plan, started, last) = (None, None, None);
        Job {
            index,
            part,
            plan,
            repeated: 0,
            replanned: false,
            pause: false,
            attempts: 0,
            started,
            last,
        }
    }
}

/// Why no more models are started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// This model failed and the plan says to stop then.
    FailFast(usize),
    /// The state store failed.
    State,
    /// The observer does not want more.
    Observer,
    /// The calling thread is unwinding.
    Abandoned,
}

pub(super) struct Queue {
    ready: VecDeque<Job>,
    /// Windows of tasks that are under way.
    pub(super) windows: VecDeque<Job>,
    /// Tasks whose windows are under way.
    pub(super) open: HashMap<usize, Open>,
    /// How many tasks are under way.
    pub(super) tasks: usize,
    /// Lost a transaction conflict. One of them is ready again when another model is done: together they could be each
    /// other's rivals.
    parked: VecDeque<Job>,
    pub(super) running: usize,
    /// Per model, how many inputs are not done.
    missing: Vec<u32>,
    workers: usize,
    idle: usize,
    stop: Option<Stop>,
}

/// What the workers share.
pub(super) struct Workers<'a> {
    plan: &'a Plan,
    warehouse: &'a dyn Warehouse,
    cancel: &'a CancelToken,
    pub(super) clock: Clock<'a>,
    /// For the holes of the statements.
    pub(super) values: Bindings,
    /// Where windows are claimed before they are written.
    pub(super) state: Option<&'a StateStore>,
    /// Kinds of tasks that must ask before they begin.
    guarded: Vec<TaskKind>,
    /// Per model, the models that read it.
    pub(super) dependents: Vec<Vec<u32>>,
    /// So many tasks at once.
    max_tasks: usize,
    max_workers: usize,
    queue: Mutex<Queue>,
    wake: Condvar,
}

impl<'a> Workers<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        warehouse: &'a dyn Warehouse,
        cancel: &'a CancelToken,
        clock: Clock<'a>,
        values: Bindings,
        (guarded, state): (Vec<TaskKind>, Option<&'a StateStore>),
    ) -> Workers<'a> {
        let mut dependents = vec![Vec::new(); plan.tasks.len()];
        let mut missing = Vec::with_capacity(plan.tasks.len());
        let mut ready = VecDeque::new();
        for (index, model) in plan.tasks.iter().enumerate() {
            for input in &model.depends_on {
                // `check` has made sure that inputs come before their readers.
                if let Some(readers) = dependents.get_mut(*input) {
                    readers.push(index as u32);
                }
            }
            missing.push(model.depends_on.len() as u32);
            if model.depends_on.is_empty() {
                ready.push_back(Job::new(index, Part::of(model)));
            }
        }
        let parallel = warehouse.capabilities().parallel.max(1);
        let max_tasks = plan.concurrency.clamp(1, parallel).min(plan.tasks.len());
        let together = |t: &Task| t.windows.as_ref().map_or(1, |w| w.parallel.min(w.list.len()));
        let widest = plan.tasks.iter().map(together).max().unwrap_or(1);
        let max_workers = max_tasks.max(widest.min(parallel));
        let queue = Queue {
            ready,
            windows: VecDeque::new(),
            open: HashMap::new(),
            tasks: 0,
            parked: VecDeque::new(),
            running: 0,
            missing,
            workers: 0,
            idle: 0,
            stop: None,
        };
        let (queue, wake) = (Mutex::new(queue), Condvar::new());
        Workers {
            plan,
            warehouse,
            cancel,
            clock,
            values,
            state,
            guarded,
            dependents,
            max_tasks,
            max_workers,
            queue,
            wake,
        }
    }

    /// Start the first worker, on the connection that did the set-up; it starts others as there is work for them.
    pub(super) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        connection: Box<dyn Connection>,
        sender: SyncSender<Message>,
    ) -> std::io::Result<()> {
        let mut queue = self.lock();
        (queue.workers, queue.idle) = (1, 1);
        drop(queue);
        self.spawn(scope, Some(connection), sender)
    }

    fn spawn<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        connection: Option<Box<dyn Connection>>,
        sender: SyncSender<Message>,
    ) -> std::io::Result<()> {
        let body = move || {
            // What a statement can do is caught closer by; this is for our own mistakes.
            let _ = catch_unwind(AssertUnwindSafe(|| self.work(scope, connection, sender)));
        };
        Builder::new()
            .name("rocky-run".into())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, body)
            .map(drop)
    }

    /// Start workers for the ready jobs that no idle worker will take.
    fn grow<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, sender: &SyncSender<Message>) {
        let mut queue = self.lock();
        while queue.workers < self.max_workers
            && queue.available(self.max_tasks) > queue.idle
            && queue.stop.is_none()
        {
            // More threads than the system gives are not needed for progress.
            if self.spawn(scope, None, sender.clone()).is_err() {
                return;
            }
            queue.workers += 1;
            queue.idle += 1;
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing more is started, if that is so.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.lock().stop
    }

    /// Start nothing more. The first reason stays.
    pub(super) fn stop(&self, why: Stop) {
        self.lock().stop.get_or_insert(why);
        self.wake.notify_all();
    }

    /// A job that waited for a new plan has one.
    pub(super) fn replanned(&self, mut job: Job, plan: Task, last: Box<TaskResult>) {
        job.plan = Some(Arc::new(plan));
        job.last = Some(last);
        let mut queue = self.lock();
        queue.running -= 1;
        queue.tasks -= 1;
        queue.ready.push_back(job);
        drop(queue);
        self.wake.notify_one();
    }

    /// A job that waited for a new plan gets none.
    pub(super) fn gave_up(&self, job: &Job) {
        self.failed(job.index);
    }

    /// After the workers have ended: what came of the jobs that were to be repeated and were not.
    pub(super) fn leftovers(&self) -> Vec<(usize, Part, Box<TaskResult>)> {
        let mut queue = self.lock();
        let Queue {
            ready,
            windows,
            parked,
            ..
        } = &mut *queue;
        ready
            .drain(..)
            .chain(windows.drain(..))
            .chain(parked.drain(..))
            .filter_map(|job| Some((job.index, job.part, job.last?)))
            .collect()
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.stop.is_some() || self.cancel.is_tripped() {
                break;
            }
            if let Some(job) = queue.windows.pop_front() {
                queue.running += 1;
                return Some(job);
            }
            if queue.tasks < self.max_tasks
                && let Some(job) = queue.ready.pop_front()
            {
                queue.running += 1;
                queue.tasks += 1;
                return Some(job);
            }
            if queue.running == 0 {
                break;
            }
            queue.idle += 1;
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
        drop(queue);
        // The others are to see the same.
        self.wake.notify_all();
        None
    }

    fn succeeded(&self, index: usize) {
        let mut queue = self.lock();
        queue.settle();
        self.release(&mut queue, index);
        self.wake_up(queue, 1);
    }

    /// A task is done: so are its readers' inputs.
    pub(super) fn release(&self, queue: &mut Queue, index: usize) {
        for reader in self.dependents.get(index).into_iter().flatten() {
            let Some(missing) = queue.missing.get_mut(*reader as usize) else {
                continue;
            };
            *missing -= 1;
            if *missing == 0 {
                let part = self
                    .plan
                    .tasks
                    .get(*reader as usize)
                    .map_or(Part::Whole, Part::of);
                queue.ready.push_back(Job::new(*reader as usize, part));
            }
        }
    }

    /// Its dependents are never released.
    fn failed(&self, index: usize) {
        let mut queue = self.lock();
        self.note_failure(&mut queue, index);
        queue.settle();
        // The calling thread says so too, and takes no job.
        self.wake_up(queue, 0);
    }

    pub(super) fn note_failure(&self, queue: &mut Queue, index: usize) {
        if self.plan.fail_fast {
            queue.stop.get_or_insert(Stop::FailFast(index));
        }
    }

    /// The others see the token themselves.
    fn interrupted(&self) {
        let mut queue = self.lock();
        queue.settle();
        self.wake_up(queue, 1);
    }

    fn repeat(&self, mut job: Job) {
        let mut queue = self.lock();
        queue.running -= 1;
        if !job.part.is_window() {
            queue.tasks -= 1;
        }
        if queue.running == 0 {
            job.pause = true;
            queue.again(job);
        } else {
            queue.parked.push_back(job);
        }
        // This worker goes on with what is ready; a parked job is waited for by the one that is running.
    }

    /// Wake workers for what there is to do and the caller does not take itself, or all of them when it is over.
    pub(super) fn wake_up(&self, queue: MutexGuard<'_, Queue>, taken: usize) {
        let waiting = queue.available(self.max_tasks);
        let over = (queue.running == 0 && waiting == 0) || queue.stop.is_some();
        let wanted = waiting.saturating_sub(taken).min(queue.idle);
        drop(queue);
        if over {
            self.wake.notify_all();
        } else {
            (0..wanted).for_each(|_| self.wake.notify_one());
        }
    }

    fn work<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        mut connection: Option<Box<dyn Connection>>,
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
            if job.started.is_none() && !job.part.is_window() {
                match self.ask(plan, index, &sender) {
                    Permission::Granted => {}
                    Permission::Refused(why) => {
                        let mut result = Box::new(refused(plan, why));
                        result.windows = windows::blank(plan, None);
                        let _ = sender.send(Message::Done { index, result });
                        self.failed(index);
                        continue;
                    }
                    Permission::Over => {
                        self.interrupted();
                        continue;
                    }
                }
                let _ = sender.send(Message::Started { index });
            }
            let (result, verdict) = match self.begin(plan, &job, &sender) {
                Ok(()) => self.execute(plan, &mut job, &mut connection, &sender),
                Err(error) => (self.refused(plan, &mut job, error), Verdict::Failed),
            };
            let result = Box::new(result);
            if let Part::Window(window) = job.part
                && !matches!(verdict, Verdict::Conflict)
            {
                self.window_done(plan, index, window, *result, &mut connection, &sender);
                continue;
            }
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
                Verdict::Failed | Verdict::Blocked => {
                    let _ = sender.send(Message::Done { index, result });
                    self.failed(index);
                }
                Verdict::Interrupted => {
                    let _ = sender.send(Message::Done { index, result });
                    self.interrupted();
                }
                Verdict::Conflict => {
                    let why = result
                        .error
                        .as_ref()
                        .map_or_else(String::new, |e| e.message.clone());
                    let _ = sender.send(Message::Repeated { index, why });
                    job.repeated += 1;
                    job.last = Some(result);
                    self.repeat(job);
                }
                Verdict::Stale => {
                    job.replanned = true;
                    let _ = sender.send(Message::Stale {
                        job: Box::new(job),
                        result,
                    });
                }
            }
        }
        discard(&mut connection);
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
        connection: &mut Option<Box<dyn Connection>>,
        sender: &SyncSender<Message>,
    ) -> (TaskResult, Verdict) {
        let (started_at, started) = *job
            .started
            .get_or_insert_with(|| (self.clock.now(), Instant::now()));
        job.attempts += 1;
        if std::mem::take(&mut job.pause) {
            std::thread::sleep(CONFLICT_PAUSE);
        }
        let index = job.index;
        let values = match job.part.window(plan) {
            None => Cow::Borrowed(&self.values),
            Some(window) => Cow::Owned(Bindings {
                window: Some((window.start.to_string(), window.end.to_string())),
                ..self.values.clone()
            }),
        };
        let steps = job.part.steps(plan);
        let asks: Vec<&rocky_plan::Step> = match job.part {
            Part::Whole => plan
                .checks
                .iter()
                .filter(|c| c.within)
                .flat_map(|c| &c.queries)
                .collect(),
            _ => Vec::new(),
        };
        let attempted = if steps.is_empty() {
            // Nothing is to be done before the windows.
            Ok(Attempt::default())
        } else {
            catch_unwind(AssertUnwindSafe(|| {
                let connection = match connection {
                    Some(connection) => connection,
                    None => match self.warehouse.connect() {
                        Ok(opened) => connection.insert(opened),
                        Err(error) => return Attempt::failed(error),
                    },
                };
                attempt(
                    connection.as_mut(),
                    steps,
                    &asks,
                    plan.transaction,
                    self.plan.dialect,
                    &values,
                    started,
                    self.cancel,
                    |step, rows, duration_ms| {
                        let _ = sender.send(Message::Step {
                            index,
                            purpose: step.purpose.clone(),
                            rows,
                            duration_ms,
                        });
                    },
                )
            }))
        };
        let attempted = attempted.unwrap_or_else(|panic| {
            let text = format!(
                "executing `{}` panicked: {}",
                plan.name,
                panic_text(panic.as_ref())
            );
            Attempt {
                broken: true,
                ..Attempt::failed(Error::bug(text))
            }
        });
        if attempted.broken {
            discard(connection);
        }
        let mut result = blank_result(plan);
        if job.part == Part::Open {
            result.windows = windows::blank(plan, None);
        }
        result.attempts = job.attempts;
        result.started_at = Some(started_at);
        result.finished_at = Some(self.clock.now());
        result.duration_ms = millis(started.elapsed());
        result.statements = attempted.statements;
        let Some(failure) = attempted.failure else {
            result.status = TaskStatus::Success;
            result.rows = attempted.rows;
            result.watermark = attempted.watermark;
            if let (Some(window), Part::Window(_)) = (job.part.window(plan), job.part) {
                result.windows = Some(vec![windows::counted(window, &attempted.counts, result.rows)]);
                return (result, Verdict::Succeeded);
            }
            // What has windows is checked after the last of them.
            if job.part == Part::Open {
                return (result, Verdict::Succeeded);
            }
            self.check(plan, connection, attempted.answers, &mut result);
            let verdict = if result.is_blocked() {
                Verdict::Blocked
            } else {
                Verdict::Succeeded
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
        let verdict = match failure.class {
            FailureClass::Transaction if failure.kept == 0 && job.repeated < job.part.most_repeats() => {
                Verdict::Conflict
            }
            // What a window lacks, the others lack too: the task is planned again by its next run.
            FailureClass::Catalog if failure.kept == 0 && !job.replanned && !job.part.is_window() => {
                Verdict::Stale
            }
            _ => Verdict::Failed,
        };
        result.status = TaskStatus::Failed;
        result.error = Some(model_error(failure));
        (result, verdict)
    }

    /// The checks of a task that has succeeded; some of their queries may have answers already.
    pub(super) fn check(
        &self,
        plan: &Task,
        connection: &mut Option<Box<dyn Connection>>,
        answers: Answers,
        result: &mut TaskResult,
    ) {
        let checks = || plan.checks.iter().filter(|c| !c.deferred);
        if checks().next().is_none() {
            return;
        }
        // A task without steps has no connection yet, and one that broke has been given up: the checks are evaluated all the same.
        let evaluated = catch_unwind(AssertUnwindSafe(|| {
            let open = match connection {
                Some(open) => open,
                None => connection.insert(self.warehouse.connect()?),
            };
            let mut evaluator = Evaluator::new(
                open.as_mut(),
                self.plan.dialect,
                &self.values,
                self.cancel,
                self.clock,
            )
            .knowing(answers);
            Ok(evaluator.table(checks()))
        }));
        let why = match evaluated {
            Ok(Ok(evaluated)) => {
                (result.checks, result.counted) = (evaluated.checks, evaluated.counted);
                return;
            }
            Ok(Err::<_, Error>(error)) => error.message,
            Err(panic) => {
                discard(connection);
                format!("evaluating it panicked: {}", panic_text(panic.as_ref()))
            }
        };
        result.checks = checks().map(|c| CheckOutcome::unknown(c, why.clone())).collect();
    }
}

/// What follows from an attempt.
enum Verdict {
    Succeeded,
    /// It was written, but what reads it must not be run.
    Blocked,
    Failed,
    Interrupted,
    /// Another transaction was in the way and nothing has taken effect: once more.
    Conflict,
    /// Something is not there, or is there already, and nothing has taken effect: perhaps a new plan.
    Stale,
}

/// The reason of what a tripped token left undone.
pub(super) const INTERRUPTED: &str = "interrupted";

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
        error: None,
        skipped_reason: None,
        watermark: None,
        sql_hash: plan.sql_hash.clone(),
        column_count: plan.column_count,
        statements: Vec::new(),
        windows: None,
        checks: Vec::new(),
        counted: None,
        anomaly: None,
    }
}

/// A task that was not allowed to begin.
fn refused(plan: &Task, why: String) -> TaskResult {
    TaskResult {
        status: TaskStatus::Failed,
        error: Some(TaskError {
            kind: ErrorKind::Hook,
            message: why,
            hint: None,
            step: None,
        }),
        ..blank_result(plan)
    }
}

fn model_error(failure: Failure) -> TaskError {
    let Failure {
        error, step, kept, ..
    } = failure;
    let message = match (kept, &step) {
        (0, _) | (_, None) => error.message,
        (1, Some(_)) => format!("{} (the statement before it has taken effect)", error.message),
        (n, Some(_)) => format!(
            "{} (the {n} statements before it have taken effect)",
            error.message
        ),
    };
    TaskError {
        kind: error.kind,
        message,
        hint: error.hint,
        step,
    }
}

/// Close a connection; one in an unknown state may do anything at that.
fn discard(connection: &mut Option<Box<dyn Connection>>) {
    if let Some(connection) = connection.take() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(connection)));
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "no message",
    }
}

impl Queue {
    /// One task less is running.
    fn settle(&mut self) {
        self.tasks -= 1;
        self.unpark();
    }

    /// One job less is running. What it may have been in the way of is tried again.
    pub(super) fn unpark(&mut self) {
        self.running -= 1;
        if let Some(job) = self.parked.pop_front() {
            self.again(job);
        }
    }

    fn again(&mut self, job: Job) {
        match job.part {
            Part::Window(_) => self.windows.push_back(job),
            Part::Whole | Part::Open => self.ready.push_back(job),
        }
    }

    /// How many jobs workers could take.
    fn available(&self, max_tasks: usize) -> usize {
        self.windows.len() + self.ready.len().min(max_tasks.saturating_sub(self.tasks))
    }
}
