//! Requests that a run does not wait for: a queue and a few threads, and the wait at the end.
//!
//! Invariant: [`Detached::finish`] returns by its bound; what was not done by then is reported as that, and stopped.

use super::webhook::{self, Clients};
use super::{HookReport, millis};
use rocky_base::CancelToken;
use rocky_config::Webhook;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How many requests are under way together.
const THREADS: usize = 4;
/// How many may wait; a service that is slower than the run does not grow its memory.
const WAITING: usize = 10_000;

struct Job {
    hook: Webhook,
    body: Option<String>,
    report: HookReport,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Under way.
    running: Vec<HookReport>,
    threads: usize,
    idle: usize,
    failed: Vec<HookReport>,
    closed: bool,
    /// Of the requests in it, together; some are sent at the same time.
    longest: Duration,
}

struct Shared {
    queue: Mutex<Queue>,
    /// For the threads: there is work, or it is over.
    work: Condvar,
    /// For [`Detached::finish`]: something was done.
    done: Condvar,
    clients: Clients,
    cancel: CancelToken,
}

/// The queue.
pub(super) struct Detached(Arc<Shared>);

impl Detached {
    pub(super) fn new(clients: Clients) -> Detached {
        Detached(Arc::new(Shared {
            queue: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
            clients,
            cancel: CancelToken::new(),
        }))
    }

    /// Send it some time. An error means that it will not be.
    pub(super) fn send(&self, hook: Webhook, body: Option<String>, report: HookReport) -> io::Result<()> {
        let mut queue = self.0.lock();
        if queue.jobs.len() >= WAITING {
            return Err(io::Error::other(format!(
                "{WAITING} requests are waiting already"
            )));
        }
        if queue.threads < THREADS && queue.idle <= queue.jobs.len() {
            let shared = self.0.clone();
            let started = Builder::new()
                .name("rocky-hook".into())
                .spawn(move || shared.work());
            match started {
                Ok(_) => queue.threads += 1,
                Err(error) if queue.threads == 0 => return Err(error),
                // The others will do.
                Err(_) => {}
            }
        }
        queue.longest = queue.longest.max(webhook::longest(&hook));
        queue.jobs.push_back(Job { hook, body, report });
        drop(queue);
        self.0.work.notify_one();
        Ok(())
    }

    /// Wait for what is under way. Failures, and what was not done in time.
    pub(super) fn finish(self, most: Duration) -> Vec<HookReport> {
        let mut queue = self.0.lock();
        queue.closed = true;
        self.0.work.notify_all();
        let rounds = u32::try_from(queue.jobs.len() / THREADS + 1).unwrap_or(u32::MAX);
        // A little more than their own deadlines, which are to be what ends them.
        let bound = queue
            .longest
            .saturating_mul(rounds)
            .saturating_add(Duration::from_millis(500))
            .min(most);
        let end = Instant::now() + bound;
        while !(queue.jobs.is_empty() && queue.running.is_empty()) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self
                .0
                .done
                .wait_timeout(queue, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let mut reports = std::mem::take(&mut queue.failed);
        let waiting: Vec<HookReport> = queue.jobs.drain(..).map(|j| j.report).collect();
        let unfinished = queue.running.drain(..).chain(waiting);
        reports.extend(unfinished.map(|report| HookReport {
            failure: Some(format!(
                "not done {:.1} s after the end of the run",
                bound.as_secs_f64()
            )),
            pending: false,
            ..report
        }));
        drop(queue);
        self.0.cancel.trip();
        self.0.clients.shutdown();
        reports
    }
}

impl Drop for Detached {
    /// Nobody waits: the threads end after what they are doing.
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.closed = true;
        queue.jobs.clear();
        drop(queue);
        self.0.work.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut queue = self.lock();
        loop {
            let Some(job) = queue.jobs.pop_front() else {
                if queue.closed {
                    return;
                }
                queue.idle += 1;
                queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
                queue.idle -= 1;
                continue;
            };
            queue.running.push(job.report.clone());
            drop(queue);
            let begin = Instant::now();
            let sent = webhook::send(&self.clients, &job.hook, job.body.as_deref(), &self.cancel);
            queue = self.lock();
            if let Some(at) = queue.running.iter().position(|r| *r == job.report) {
                queue.running.swap_remove(at);
                if let Err(failure) = sent {
                    queue.failed.push(HookReport {
                        failure: Some(failure),
                        pending: false,
                        duration_ms: millis(begin.elapsed()),
                        ..job.report
                    });
                }
            }
            self.done.notify_all();
        }
    }
}
