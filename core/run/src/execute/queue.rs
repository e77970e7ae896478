//! Which model is next for the worker threads ([`super::worker`]).
//!
//! Workers release the successors of a model themselves, so that the calling thread's work (state, observer) is never
//! between two models. Invariant: a job is in exactly one place: ready, parked, delayed, held, with a worker, or with the calling
//! thread for a new plan; the last two count as running. The workers end when nothing is running and nothing else can begin.
//! How many run is counted, not handed out: a limit that shrinks or grows cannot lose anything.
//!
//! A task with windows is opened (its target comes into being), then its windows are jobs of their own, so many at once as it
//! says ([`super::windows`]); it counts as one task until the last of them is done.

use super::breaker::{Adaptive, Admission, Breaker, Contact, Lesson};
use super::policy::Policy;
use super::time::Time;
use super::windows::{Open, Part};
use super::{Clock, ExecuteContext};
use crate::report::{Repetition, TaskResult, WindowResult};
use crate::state::StateStore;
use jiff::Timestamp;
use rocky_base::{CancelToken, Error, SmolStr};
use rocky_plan::{Bindings, Plan, Task, TaskKind};
use rocky_warehouse::{Connection, Warehouse};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

/// Drivers recurse over the statements they are given on the calling thread. Only what is touched costs memory.
const STACK_BYTES: usize = 8 << 20;
/// Before repeating a transaction that had no rival in this run: the rival is elsewhere and needs a moment.
pub(super) const CONFLICT_PAUSE: Duration = Duration::from_millis(20);
/// Fewer tasks than this say nothing about the others.
const LEAST_DONE: u64 = 4;

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
    /// It is tried again.
    Repeated {
        index: usize,
        repetition: Repetition,
    },
    /// The warehouse behaves otherwise than before: [`Workers::next_lesson`] tells how.
    Learned,
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
    /// Repetitions after conflicts with others, without a wait.
    pub(super) conflicts: u32,
    /// Repetitions after failures that may pass, since it was begun, or begun anew.
    pub(super) retries: u32,
    /// How often it was begun anew.
    pub(super) anew: u32,
    pub(super) replanned: bool,
    pub(super) attempts: u32,
    /// When its first statement was sent.
    pub(super) started: Option<(Timestamp, Instant)>,
    /// What came of the last attempt; reported when there is no other.
    pub(super) last: Option<Box<TaskResult>>,
    /// The attempts before.
    pub(super) past: Vec<Repetition>,
    /// Of its last admission: its number, and whether it tries for all.
    number: u64,
    probe: bool,
    /// It must not be sent, for this reason.
    pub(super) refused: Option<String>,
    /// The opening of the circuit since which it waits.
    waited_since: Option<u32>,
    /// What its last attempt told of the warehouse, with what was said and when to come back.
    pub(super) contact: Contact,
    pub(super) said: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

impl Job {
    pub(super) fn new(index: usize, part: Part) -> Job {
        Job {
            index,
            part,
            plan: None,
            conflicts: 0,
            retries: 0,
            anew: 0,
            replanned: false,
            attempts: 0,
            started: None,
            last: None,
            past: Vec::new(),
            number: 0,
            probe: false,
            refused: None,
            waited_since: None,
            contact: Contact::None,
            said: None,
            retry_after: None,
        }
    }
}

/// Why no more models are started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// This model failed and the plan says to stop then.
    FailFast(usize),
    /// So many of so many failed.
    ErrorRate { failed: u64, done: u64 },
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
    /// To be tried again, by time. The number keeps those of one time apart.
    delayed: BTreeMap<(Duration, u64), Job>,
    /// Wait for the circuit to close.
    held: VecDeque<Job>,
    breaker: Breaker,
    adaptive: Adaptive,
    /// What nobody was told yet.
    lessons: VecDeque<Lesson>,
    /// The warehouse asked to be left alone until then.
    not_before: Duration,
    /// Of the last job that was taken or delayed.
    number: u64,
    /// Repetitions so far, as far as they are limited.
    repetitions: u32,
    /// Tasks that are done, and those of them that failed.
    done: u64,
    failed: u64,
    pub(super) running: usize,
    /// Per model, how many inputs are not done.
    missing: Vec<u32>,
    workers: usize,
    pub(super) idle: usize,
    stop: Option<Stop>,
}

/// What the workers share.
pub(super) struct Workers<'a> {
    pub(super) plan: &'a Plan,
    pub(super) warehouse: &'a dyn Warehouse,
    pub(super) cancel: &'a CancelToken,
    pub(super) clock: Clock<'a>,
    pub(super) time: &'a Time,
    pub(super) policy: &'a Policy,
    /// For the holes of the statements.
    pub(super) values: Bindings,
    /// Where windows are claimed before they are written.
    pub(super) state: Option<&'a StateStore>,
    /// Kinds of tasks that must ask before they begin.
    pub(super) guarded: Vec<TaskKind>,
    /// Per model, the models that read it.
    pub(super) dependents: Vec<Vec<u32>>,
    /// So many tasks at once.
    max_tasks: usize,
    max_workers: usize,
    queue: Arc<Mutex<Queue>>,
    wake: Arc<Condvar>,
    /// A tripped token wakes those who wait for a time.
    _waker: rocky_base::cancel::WakerGuard,
}

impl<'a> Workers<'a> {
    /// `repetitions`: how many there were already.
    pub(super) fn new<'c: 'a>(
        ctx: &ExecuteContext<'c>,
        (clock, time): (Clock<'a>, &'a Time),
        values: Bindings,
        guarded: Vec<TaskKind>,
        repetitions: u32,
    ) -> Workers<'a> {
        let (plan, warehouse) = (ctx.plan, ctx.warehouse);
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
        let allowed = plan.concurrency.clamp(1, parallel);
        let max_tasks = allowed.min(plan.tasks.len());
        let together = |t: &Task| t.windows.as_ref().map_or(1, |w| w.parallel.min(w.list.len()));
        let widest = plan.tasks.iter().map(together).max().unwrap_or(1).min(parallel);
        let max_workers = max_tasks.max(widest);
        let queue = Arc::new(Mutex::new(Queue {
            ready,
            windows: VecDeque::new(),
            open: HashMap::new(),
            tasks: 0,
            parked: VecDeque::new(),
            delayed: BTreeMap::new(),
            held: VecDeque::new(),
            breaker: Breaker::new(ctx.policy.breaker),
            adaptive: Adaptive::new(ctx.policy.adaptive, allowed.max(widest)),
            lessons: VecDeque::new(),
            not_before: Duration::ZERO,
            number: 0,
            repetitions,
            done: 0,
            failed: 0,
            running: 0,
            missing,
            workers: 0,
            idle: 0,
            stop: None,
        }));
        let wake = Arc::new(Condvar::new());
        let waker = {
            let (queue, wake) = (Arc::clone(&queue), Arc::clone(&wake));
            ctx.cancel.on_trip(move || {
                // A worker that has looked at the token is waiting by the time the lock is free.
                drop(queue.lock().unwrap_or_else(PoisonError::into_inner));
                wake.notify_all();
            })
        };
        Workers {
            plan,
            warehouse,
            cancel: ctx.cancel,
            clock,
            time,
            policy: ctx.policy,
            values,
            state: ctx.state,
            guarded,
            dependents,
            max_tasks,
            max_workers,
            queue,
            wake,
            _waker: waker,
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
    pub(super) fn grow<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, sender: &SyncSender<Message>) {
        let mut queue = self.lock();
        // Somebody must be there, too, when a delayed job's time has come.
        while queue.workers < self.max_workers
            && queue.available(self.max_tasks) + queue.delayed.len() + queue.held.len() > queue.idle
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
        job.past.push(Repetition {
            attempt: job.attempts,
            reason: "replanned",
            error: last.error.as_ref().map(|e| e.message.clone()).unwrap_or_default(),
            wait: Duration::ZERO,
        });
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
            held,
            delayed,
            ..
        } = &mut *queue;
        ready
            .drain(..)
            .chain(windows.drain(..))
            .chain(parked.drain(..))
            .chain(held.drain(..))
            .chain(std::mem::take(delayed).into_values())
            .filter_map(|job| Some((job.index, job.part, job.last?)))
            .collect()
    }

    pub(super) fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.stop.is_some() || self.cancel.is_tripped() {
                break;
            }
            let now = self.time.now();
            queue.release_due(now);
            if let Some(job) = queue.take(self.max_tasks, now) {
                return Some(job);
            }
            let due = queue.next_due(now);
            if queue.running == 0 && due.is_none() {
                break;
            }
            queue.idle += 1;
            let nobody = queue.running == 0;
            queue = self.time.wait(&self.wake, queue, due, nobody);
            queue.idle -= 1;
        }
        drop(queue);
        // The others are to see the same.
        self.wake.notify_all();
        None
    }

    /// Learn from a job's last attempt, before anything follows from it.
    pub(super) fn learn(&self, job: &mut Job, sender: &SyncSender<Message>) {
        let (contact, probe) = (job.contact, std::mem::take(&mut job.probe));
        let now = self.time.now();
        let mut queue = self.lock();
        let numbers = (job.number, queue.number);
        let limit = queue.adaptive.learn(contact, numbers);
        let circuit = queue
            .breaker
            .learn(contact, probe, job.said.as_deref(), numbers, now);
        if let (Contact::RateLimited, Some(after)) = (contact, job.retry_after) {
            queue.not_before = queue.not_before.max(now.saturating_add(after.min(LONGEST_REST)));
        }
        let (before, news) = (queue.lessons.len(), circuit.is_some() || limit.is_some());
        queue.lessons.extend([limit, circuit].into_iter().flatten());
        let n_lessons = queue.lessons.len() - before;
        drop(queue);
        if news || probe {
            self.wake.notify_all();
        }
        // Sent without the lock, because the channel may be full: the order is that of the list.
        (0..n_lessons).for_each(|_| {
            let _ = sender.send(Message::Learned);
        });
    }

    /// The oldest lesson that nobody was told of.
    pub(super) fn next_lesson(&self) -> Option<Lesson> {
        self.lock().lessons.pop_front()
    }

    /// May there be one more repetition? It is counted.
    pub(super) fn spend(&self) -> bool {
        let mut queue = self.lock();
        if self
            .policy
            .max_retries_per_run
            .is_some_and(|most| queue.repetitions >= most)
        {
            return false;
        }
        queue.repetitions += 1;
        true
    }

    /// How many repetitions were counted.
    pub(super) fn repetitions(&self) -> u32 {
        self.lock().repetitions
    }

    /// Jobs at a time in the end, rate limits, openings of the circuit.
    pub(super) fn pacing(&self) -> (usize, u64, u32) {
        let queue = self.lock();
        let adaptive = &queue.adaptive;
        (adaptive.last(), adaptive.rate_limits(), queue.breaker.openings())
    }

    pub(super) fn succeeded(&self, index: usize) {
        let mut queue = self.lock();
        queue.settle();
        self.count(&mut queue, false);
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
    pub(super) fn failed(&self, index: usize) {
        self.ended(index, true);
    }

    /// It was written, but its dependents are never released.
    pub(super) fn blocked(&self, index: usize) {
        self.ended(index, false);
    }

    fn ended(&self, index: usize, failed: bool) {
        let mut queue = self.lock();
        self.note_failure(&mut queue, index);
        self.count(&mut queue, failed);
        queue.settle();
        // The calling thread says so too, and takes no job.
        self.wake_up(queue, 0);
    }

    /// A task is done. When too many fail, nothing more is begun.
    pub(super) fn count(&self, queue: &mut Queue, failed: bool) {
        queue.done += 1;
        queue.failed += u64::from(failed);
        let most = u64::from(self.policy.error_rate_abort_pct);
        let (failed, done) = (queue.failed, queue.done);
        if most > 0 && done >= LEAST_DONE && failed.saturating_mul(100) >= most.saturating_mul(done) {
            queue.stop.get_or_insert(Stop::ErrorRate { failed, done });
        }
    }

    pub(super) fn note_failure(&self, queue: &mut Queue, index: usize) {
        if self.plan.fail_fast {
            queue.stop.get_or_insert(Stop::FailFast(index));
        }
    }

    /// The others see the token themselves.
    pub(super) fn interrupted(&self) {
        let mut queue = self.lock();
        queue.settle();
        self.wake_up(queue, 1);
    }

    /// It lost a conflict: once more when another job of this run is done, or in a moment.
    pub(super) fn park(&self, job: Job) {
        let mut queue = self.lock();
        queue.leave(&job);
        if queue.running == 0 {
            let due = self.time.now().saturating_add(CONFLICT_PAUSE);
            queue.delay(job, due);
        } else {
            queue.parked.push_back(job);
        }
        // This worker goes on with what is ready; a parked job is waited for by the one that is running.
    }

    /// Once more after a wait, in which it takes nobody's place.
    pub(super) fn delay(&self, job: Job, wait: Duration) {
        let due = self.time.now().saturating_add(wait);
        let mut queue = self.lock();
        queue.leave(&job);
        queue.delay(job, due);
        // What it may have been in the way of need not wait for it.
        if let Some(parked) = queue.parked.pop_front() {
            queue.again(parked);
        }
        drop(queue);
        // Whoever is idle learns how long to wait.
        self.wake.notify_all();
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
}

/// A warehouse that asks to be left alone for longer than this is asked anyway.
const LONGEST_REST: Duration = Duration::from_secs(3600);

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

    /// A job is not done, but runs no more for now.
    fn leave(&mut self, job: &Job) {
        self.running -= 1;
        if !job.part.is_window() {
            self.tasks -= 1;
        }
    }

    fn delay(&mut self, job: Job, due: Duration) {
        self.number += 1;
        self.delayed.insert((due, self.number), job);
    }

    fn again(&mut self, job: Job) {
        match job.part {
            Part::Window(_) => self.windows.push_back(job),
            Part::Whole | Part::Open => self.ready.push_back(job),
        }
    }

    /// The next job that may begin.
    fn take(&mut self, max_tasks: usize, now: Duration) -> Option<Job> {
        if now < self.not_before {
            return None;
        }
        loop {
            if self.running >= self.adaptive.limit() {
                return None;
            }
            let mut job = match self.windows.pop_front() {
                Some(job) => job,
                None if self.tasks < max_tasks => self.ready.pop_front()?,
                None => return None,
            };
            match self.breaker.admit(job.waited_since, now) {
                Admission::Hold => {
                    job.waited_since.get_or_insert(self.breaker.openings());
                    self.held.push_back(job);
                    continue;
                }
                Admission::Refuse => job.refused = Some(self.breaker.reason()),
                Admission::Probe => job.probe = true,
                Admission::Go => job.waited_since = None,
            }
            self.number += 1;
            job.number = self.number;
            (job.contact, job.said, job.retry_after) = (Contact::None, None, None);
            self.running += 1;
            if !job.part.is_window() {
                self.tasks += 1;
            }
            return Some(job);
        }
    }

    /// What need not wait any more is ready.
    fn release_due(&mut self, now: Duration) {
        while let Some(first) = self.delayed.first_entry()
            && first.key().0 <= now
        {
            let job = first.remove();
            self.again(job);
        }
        if self.held.is_empty() {
            return;
        }
        // Closed: all of them. Open again: those that have waited in vain, to be refused. Else one, when its time has come.
        let (closed, openings) = (self.breaker.is_closed(), self.breaker.openings());
        let over = |job: &Job| closed || job.waited_since.is_some_and(|since| since < openings);
        if self.held.iter().any(over) {
            for job in std::mem::take(&mut self.held) {
                match over(&job) {
                    true => self.again(job),
                    false => self.held.push_back(job),
                }
            }
        } else if self.ready.is_empty()
            && self.windows.is_empty()
            && self.breaker.due().is_some_and(|due| due <= now)
            && let Some(job) = self.held.pop_front()
        {
            self.again(job);
        }
    }

    /// When something that waits for a time can begin.
    fn next_due(&self, now: Duration) -> Option<Duration> {
        let some = !(self.ready.is_empty() && self.windows.is_empty());
        let delayed = self.delayed.keys().next().map(|(due, _)| *due);
        let rest = (some && now < self.not_before).then_some(self.not_before);
        let held = self.breaker.due().filter(|_| !some && !self.held.is_empty());
        [delayed, rest, held].into_iter().flatten().min()
    }

    /// How many jobs workers could take.
    fn available(&self, max_tasks: usize) -> usize {
        let jobs = self.windows.len() + self.ready.len().min(max_tasks.saturating_sub(self.tasks));
        jobs.min(self.adaptive.limit().saturating_sub(self.running))
    }
}
