//! Tasks with windows: opened once, then each window in a transaction of its own, so many at once as the task says.
//!
//! Invariant: before a window's first statement the state says that this run is at it, and what came of it is said by the
//! calling thread after the warehouse has it. A window that a killed run was at is therefore known, and computing it once more
//! gives the same. A failed window does not stop the others; the task's readers wait for all of them.

use super::millis;
use super::queue::{Job, Message, Queue, Workers};
use super::worker::blank_result;
use crate::report::{Cause, TaskError, TaskResult, TaskStatus, WindowResult};
use crate::state::{Partition, PartitionStatus};
use jiff::Timestamp;
use rocky_base::{Error, ErrorKind, Event, SmolStr};
use rocky_plan::{Step, Task, Window};
use rocky_warehouse::Connection;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

/// Windows of one table that are written at once may be in each other's way more than once.
const WINDOW_REPEATS: u32 = 8;

/// The part of a task that a job is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// What comes before its windows.
    Open,
    /// This window.
    Window(usize),
}

impl Part {
    /// The first part of a task.
    pub(super) fn of(task: &Task) -> Part {
        match task.windows {
            Some(_) => Part::Open,
            None => Part::Whole,
        }
    }

    pub(super) fn is_window(self) -> bool {
        matches!(self, Part::Window(_))
    }

    pub(super) fn steps(self, task: &Task) -> &[Step] {
        match (self, &task.windows) {
            (Part::Open, Some(windows)) => &windows.before,
            _ => &task.steps,
        }
    }

    pub(super) fn window(self, task: &Task) -> Option<&Window> {
        match (self, &task.windows) {
            (Part::Window(number), Some(windows)) => windows.list.get(number),
            _ => None,
        }
    }

    pub(super) fn most_conflicts(self) -> u32 {
        match self {
            Part::Window(_) => WINDOW_REPEATS,
            Part::Whole | Part::Open => 1,
        }
    }
}

/// A task whose windows are under way.
pub(super) struct Open {
    /// A newer plan than the one in the run's plan.
    plan: Option<Arc<Task>>,
    total: usize,
    /// The next that nobody has.
    next: usize,
    left: usize,
    failed: bool,
}

impl Queue {
    /// Let one more window of the task be taken.
    fn push_window(&mut self, index: usize) {
        let Some(open) = self.open.get_mut(&index) else {
            return;
        };
        if open.next < open.total {
            let mut job = Job::new(index, Part::Window(open.next));
            job.plan.clone_from(&open.plan);
            open.next += 1;
            self.windows.push_back(job);
        }
    }
}

impl Workers<'_> {
    /// Say in the state what is about to be written.
    pub(super) fn begin(&self, task: &Task, job: &Job, sender: &SyncSender<Message>) -> Result<(), Error> {
        let Some(state) = self.state else { return Ok(()) };
        let result = match (job.part, &task.windows) {
            (Part::Open, Some(windows)) if windows.anew => state.forget_partitions(&task.name),
            (Part::Window(_), _) => {
                let keys = job.part.window(task).map_or(&[][..], |w| &w.keys);
                if keys.is_empty() {
                    return Ok(());
                }
                let claimed = state.claim_partitions(&self.values.run_id, &task.name, keys, self.clock.now());
                claimed.map(drop)
            }
            _ => Ok(()),
        };
        if let Err(error) = &result
            && error.kind != ErrorKind::Locked
        {
            let told = Error::new(error.kind, error.message.clone());
            let _ = sender.send(Message::Unrecorded { error: told });
        }
        result
    }

    /// The result of what was not begun.
    pub(super) fn refused(&self, task: &Task, job: &mut Job, error: Error) -> TaskResult {
        let (at, begin) = *job
            .started
            .get_or_insert_with(|| (self.clock.now(), Instant::now()));
        TaskResult {
            status: TaskStatus::Failed,
            started_at: Some(at),
            finished_at: Some(self.clock.now()),
            duration_ms: millis(begin.elapsed()),
            error: Some(TaskError {
                kind: error.kind,
                message: error.message,
                hint: error.hint,
                step: None,
                cause: Cause::Other,
            }),
            ..blank_result(task)
        }
    }

    /// The windows of a task can begin.
    pub(super) fn opened(&self, index: usize, plan: Option<Arc<Task>>, task: &Task) {
        let mut queue = self.lock();
        let (total, parallel) = task
            .windows
            .as_ref()
            .map_or((0, 1), |w| (w.list.len(), w.parallel.max(1)));
        queue.unpark();
        if total == 0 {
            queue.tasks -= 1;
            self.count(&mut queue, false);
            self.release(&mut queue, index);
            return self.wake_up(queue, 1);
        }
        let open = Open {
            plan,
            total,
            next: 0,
            left: total,
            failed: false,
        };
        queue.open.insert(index, open);
        for _ in 0..parallel.min(total) {
            queue.push_window(index);
        }
        self.wake_up(queue, 1);
    }

    /// A window is done, whatever came of it. After the last one the task is.
    pub(super) fn window_done(
        &self,
        task: &Task,
        index: usize,
        window: usize,
        result: TaskResult,
        connection: &mut Option<Box<dyn Connection>>,
        sender: &SyncSender<Message>,
    ) {
        let (failed, interrupted) = (
            result.status == TaskStatus::Failed,
            result.status == TaskStatus::Skipped,
        );
        let result = of_result(task, window, result);
        let done = self.lock().open.get_mut(&index).map(|open| {
            open.left -= 1;
            open.failed |= failed || interrupted;
            (open.left == 0).then_some(open.failed)
        });
        let mut checked = None;
        if done == Some(Some(false)) {
            let mut whole = blank_result(task);
            self.check(task, index, connection, &Vec::new(), &mut whole, sender);
            checked = Some(Box::new(whole));
        }
        let blocked = checked.as_ref().is_some_and(|whole| whole.is_blocked());
        // Reported before anything is released by it.
        let _ = sender.send(Message::Window {
            index,
            window,
            result: Box::new(result),
            checked,
        });
        let mut queue = self.lock();
        queue.unpark();
        if failed || blocked {
            self.note_failure(&mut queue, index);
        }
        match done {
            Some(Some(failed)) => {
                queue.open.remove(&index);
                queue.tasks -= 1;
                self.count(&mut queue, failed);
                if !failed && !blocked {
                    self.release(&mut queue, index);
                }
            }
            _ => queue.push_window(index),
        }
        self.wake_up(queue, 1);
    }
}

/// The windows of a task that nothing was done for, and why.
pub(super) fn blank(task: &Task, why: Option<&str>) -> Option<Vec<WindowResult>> {
    let windows = task.windows.as_ref()?;
    let blank = |window| WindowResult {
        skipped_reason: why.map(str::to_owned),
        ..blank_window(window)
    };
    Some(windows.list.iter().map(blank).collect())
}

fn blank_window(window: &Window) -> WindowResult {
    WindowResult {
        keys: window.keys.clone(),
        start: window.start.clone(),
        end: window.end.clone(),
        status: TaskStatus::Skipped,
        rows: None,
        rows_by_key: Vec::new(),
        duration_ms: 0,
        started_at: None,
        finished_at: None,
        attempts: 0,
        retried: Vec::new(),
        error: None,
        skipped_reason: None,
        statements: Vec::new(),
    }
}

/// A window with the rows of its partitions: counted, or of the only one.
pub(super) fn counted(window: &Window, counts: &[(String, u64)], rows: Option<u64>) -> WindowResult {
    let mut result = blank_window(window);
    if let ([_], Some(rows)) = (window.keys.as_slice(), rows) {
        result.rows_by_key = vec![rows];
    } else if window.keys.len() > 1 {
        let by_key: HashMap<&str, u64> = counts.iter().map(|(k, n)| (k.as_str(), *n)).collect();
        // A key that is not one of the window's was written by another clock: then nothing is known.
        let known = by_key.len();
        let found: Vec<Option<u64>> = window
            .keys
            .iter()
            .map(|k| by_key.get(k.as_str()).copied())
            .collect();
        if found.iter().flatten().count() == known && (known > 0 || rows == Some(0)) {
            result.rows_by_key = found.into_iter().map(|n| n.unwrap_or(0)).collect();
        }
    }
    result
}

/// What came of a job that was a window.
pub(super) fn of_result(task: &Task, window: usize, result: TaskResult) -> WindowResult {
    let counted = result
        .windows
        .and_then(|mut w| (w.len() == 1).then(|| w.pop()).flatten());
    let planned = Part::Window(window).window(task);
    let blank = counted
        .or_else(|| planned.map(blank_window))
        .unwrap_or(WindowResult {
            keys: Vec::new(),
            ..blank_window(&Window {
                keys: Vec::new(),
                start: SmolStr::default(),
                end: SmolStr::default(),
            })
        });
    WindowResult {
        status: result.status,
        rows: result.rows,
        duration_ms: result.duration_ms,
        started_at: result.started_at,
        finished_at: result.finished_at,
        attempts: result.attempts,
        retried: result.retried,
        error: result.error,
        skipped_reason: result.skipped_reason,
        statements: result.statements,
        ..blank
    }
}

/// What the state keeps of a window that was tried.
pub(super) fn partitions(
    model: &SmolStr,
    run_id: &str,
    window: &WindowResult,
    at: Timestamp,
) -> Vec<Partition> {
    let status = match window.status {
        TaskStatus::Success => PartitionStatus::Computed,
        TaskStatus::Failed | TaskStatus::Skipped => PartitionStatus::Failed,
    };
    let batch = match window.keys.as_slice() {
        [first, .., last] => Some(format!("{first}..{last}")),
        _ => None,
    };
    let error = match window.status {
        TaskStatus::Success => None,
        TaskStatus::Failed => window.error.as_ref().map(|e| e.message.clone()),
        TaskStatus::Skipped => window.skipped_reason.clone(),
    };
    let record = |(number, key): (usize, &SmolStr)| Partition {
        row_count: window.rows_by_key.get(number).copied(),
        duration_ms: window.duration_ms,
        batch: batch.clone(),
        error: error.clone(),
        ..Partition::new(
            model.clone(),
            key.clone(),
            status,
            run_id,
            window.finished_at.unwrap_or(at),
        )
    };
    window.keys.iter().enumerate().map(record).collect()
}

/// The event of a window that was tried; one that was interrupted or never begun has none.
pub(super) fn event(
    model: &SmolStr,
    target: &str,
    window: &WindowResult,
    (done, total): (u64, u64),
) -> Option<Event> {
    let (partition, others) = window.keys.split_first()?;
    if window.status == TaskStatus::Skipped {
        return None;
    }
    Some(Event::PartitionFinished {
        model: model.clone(),
        target: target.to_owned(),
        partition: partition.clone(),
        batched_with: others.to_vec(),
        rows: window.rows,
        error: window.error.as_ref().map(|e| e.message.clone()),
        duration_ms: window.duration_ms,
        done,
        total,
    })
}

/// What came of a task follows from its windows. `rest` is the reason of those that were not tried.
pub(super) fn sum_up(result: &mut TaskResult, rest: Option<&str>) {
    let Some(windows) = &mut result.windows else {
        return;
    };
    for window in windows.iter_mut() {
        if window.status == TaskStatus::Skipped && window.skipped_reason.is_none() {
            window.skipped_reason = rest.map(str::to_owned);
        }
    }
    let known = || {
        windows
            .iter()
            .filter(|w| w.status == TaskStatus::Success)
            .map(|w| w.rows)
    };
    result.rows = known().try_fold(0u64, |sum, rows| Some(sum.saturating_add(rows?)));
    result.finished_at = windows
        .iter()
        .filter_map(|w| w.finished_at)
        .max()
        .or(result.finished_at);
    let failed: Vec<&WindowResult> = windows
        .iter()
        .filter(|w| w.status == TaskStatus::Failed)
        .collect();
    let skipped = windows.iter().find(|w| w.status == TaskStatus::Skipped);
    if let Some((first, others)) = failed.split_first() {
        result.status = TaskStatus::Failed;
        let error = first.error.clone();
        result.error = error.map(|error| TaskError {
            message: match others.len() {
                0 => format!("partition {}: {}", name(first), error.message),
                n => format!("partition {} and {n} more: {}", name(first), error.message),
            },
            ..error
        });
    } else if let Some(skipped) = skipped {
        result.status = TaskStatus::Skipped;
        result.skipped_reason = skipped.skipped_reason.clone();
    } else {
        result.status = TaskStatus::Success;
    }
}

/// `2026-04-07`, or the first and last of a batch.
fn name(window: &WindowResult) -> String {
    match window.keys.as_slice() {
        [] => format!("{}..{}", window.start, window.end),
        [only] => only.to_string(),
        [first, .., last] => format!("{first}..{last}"),
    }
}
