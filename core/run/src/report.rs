//! What a run did, as plain values. The façade renders them; the state store keeps a part of them.

use crate::checks::CheckOutcome;
use crate::checks::anomaly::Anomaly;
use jiff::Timestamp;
use rocky_base::{ErrorKind, SmolStr};
use rocky_plan::TaskKind;
use rocky_warehouse::{RelationName, Strategy};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a run ended.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum RunStatus {
    /// Every model succeeded (or there was none), and so did the checks that fail a run.
    Success,
    /// Some models succeeded, others failed, were skipped, or do not pass their checks.
    PartialFailure,
    /// No model succeeded and passes its checks.
    Failure,
}

impl RunStatus {
    /// The wire spelling: `Success`, `PartialFailure`, `Failure`.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Success => "Success",
            RunStatus::PartialFailure => "PartialFailure",
            RunStatus::Failure => "Failure",
        }
    }
}

/// What started a run.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Trigger {
    /// A person.
    #[default]
    Manual,
    /// An orchestrator's sensor.
    Sensor,
    /// A schedule.
    Schedule,
    /// A continuous-integration job.
    Ci,
}

impl Trigger {
    /// The wire spelling: `Manual`, `Sensor`, `Schedule`, `Ci`.
    pub fn as_str(self) -> &'static str {
        match self {
            Trigger::Manual => "Manual",
            Trigger::Sensor => "Sensor",
            Trigger::Schedule => "Schedule",
            Trigger::Ci => "Ci",
        }
    }
}

/// How a task ended.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum TaskStatus {
    /// Executed; when it was a transaction, committed.
    Success,
    /// Tried and failed.
    Failed,
    /// Not tried, or interrupted; the reason says which.
    Skipped,
}

impl TaskStatus {
    /// The wire spelling: `Success`, `Failed`, `Skipped`.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskStatus::Success => "Success",
            TaskStatus::Failed => "Failed",
            TaskStatus::Skipped => "Skipped",
        }
    }
}

/// What a failure comes from, where that is known.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Cause {
    /// Nothing of what stands below.
    #[default]
    Other,
    /// It took longer than it may.
    Timeout,
    /// It was not sent, because the warehouse does not answer.
    CircuitOpen,
    /// The warehouse did not answer, or was in trouble.
    Transient,
    /// The warehouse asked for less.
    RateLimited,
    /// Another transaction was in the way.
    Conflict,
}

impl Cause {
    /// `timeout`, `circuit_open`, `transient`, `rate_limited`, `conflict`.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Cause::Other => None,
            Cause::Timeout => Some("timeout"),
            Cause::CircuitOpen => Some("circuit_open"),
            Cause::Transient => Some("transient"),
            Cause::RateLimited => Some("rate_limited"),
            Cause::Conflict => Some("conflict"),
        }
    }
}

/// An attempt that was followed by another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repetition {
    /// Which one, from 1.
    pub attempt: u32,
    /// Why there was another: `conflict`, `transient`, `rate_limited`, `table_retry`, `replanned`.
    pub reason: &'static str,
    /// What went wrong.
    pub error: String,
    /// How long was waited then; longer when there was more to wait for.
    pub wait: Duration,
}

/// Why a task failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskError {
    /// The class of the error.
    pub kind: ErrorKind,
    /// What the engine or the guard said.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The purpose of the step that failed; none when it was the connection or the transaction.
    pub step: Option<SmolStr>,
    /// What it comes from.
    pub cause: Cause,
}

impl TaskError {
    /// `timeout`, `circuit_open` … or else the class of the error: `warehouse` …
    pub fn kind_name(&self) -> &'static str {
        self.cause.as_str().unwrap_or(self.kind.as_str())
    }
}

/// A statement that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementResult {
    /// What it was for.
    pub purpose: SmolStr,
    /// Its text.
    pub sql: String,
    /// Milliseconds.
    pub duration_ms: u64,
    /// When it was sent, after the begin of the task (or of the run).
    pub after: Duration,
    /// How long it took.
    pub took: Duration,
    /// Rows it changed, where the engine says; none when it failed.
    pub rows: Option<u64>,
}

/// What became of a window of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WindowResult {
    /// Its partitions, in order of time.
    pub keys: Vec<SmolStr>,
    /// The first moment, as the statements write it.
    pub start: SmolStr,
    /// The first moment after it.
    pub end: SmolStr,
    /// How it ended. A window that failed is as it was before.
    pub status: TaskStatus,
    /// Rows written.
    pub rows: Option<u64>,
    /// Rows by partition, in the order of `keys`; empty where that is not known.
    pub rows_by_key: Vec<u64>,
    /// Milliseconds from its first statement to its end, retries included.
    pub duration_ms: u64,
    /// When its first statement was sent.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How often it was begun.
    pub attempts: u32,
    /// The attempts before the last.
    pub retried: Vec<Repetition>,
    /// Why it failed.
    pub error: Option<TaskError>,
    /// Why it was skipped.
    pub skipped_reason: Option<String>,
    /// The statements sent in the last attempt.
    pub statements: Vec<StatementResult>,
}

/// What became of a task.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskResult {
    /// What it made.
    pub kind: TaskKind,
    /// Its name: the model's, or the target's.
    pub name: SmolStr,
    /// What orchestrators call it.
    pub asset_key: Vec<SmolStr>,
    /// The relation it writes.
    pub target: RelationName,
    /// Its whole name, `catalog.schema.table`.
    pub full_name: String,
    /// How.
    pub strategy: Strategy,
    /// How it ended.
    pub status: TaskStatus,
    /// Rows written; none for a view or where the engine does not say.
    pub rows: Option<u64>,
    /// Milliseconds from its first statement to its end, retries included.
    pub duration_ms: u64,
    /// When its first statement was sent.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How often it was begun: more than once after a failure that may pass, or a change under the plan. 0 when it was not.
    pub attempts: u32,
    /// The attempts before the last.
    pub retried: Vec<Repetition>,
    /// Why it failed.
    pub error: Option<TaskError>,
    /// Why it was skipped.
    pub skipped_reason: Option<String>,
    /// The watermark observed after writing, as text.
    pub watermark: Option<String>,
    /// Rows of the target whose value of the watermark column is infinite or NaN, which no watermark is.
    pub beyond_watermark: Option<u64>,
    /// Hash of the statements.
    pub sql_hash: String,
    /// Number of output columns, when known.
    pub column_count: Option<usize>,
    /// The statements sent in the last attempt, in order; the last one may have failed. For a task with windows, those before the
    /// first window.
    pub statements: Vec<StatementResult>,
    /// Its windows, in order of time; none for a task that is done at once.
    pub windows: Option<Vec<WindowResult>>,
    /// Its checks, when it succeeded.
    pub checks: Vec<CheckOutcome>,
    /// Rows of the relation, when they were counted to compare them, and the deviation that is allowed, in per cent.
    pub counted: Option<(u64, f64)>,
    /// Rows that are set aside, where that was asked for.
    pub set_aside: Option<u64>,
    /// Its number of rows is far from that of earlier runs.
    pub anomaly: Option<Anomaly>,
}

impl TaskResult {
    /// Its statements and those of its windows.
    pub fn all_statements(&self) -> impl Iterator<Item = &StatementResult> {
        let windows = self.windows.iter().flatten().flat_map(|w| &w.statements);
        self.statements.iter().chain(windows)
    }

    /// It was written, but a check fails the run: what reads it is not run.
    pub fn is_blocked(&self) -> bool {
        self.checks.iter().any(CheckOutcome::blocks)
    }
}

/// How many tasks were executed at a time.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Pacing {
    /// Fewer on rate limits.
    pub adaptive: bool,
    /// How many, in the end.
    pub final_concurrency: usize,
    /// How often the warehouse asked for less.
    pub rate_limits: u64,
    /// How often nothing more was sent because the warehouse did not answer.
    pub circuit_openings: u32,
}

/// What a run did.
#[derive(Clone, PartialEq, Debug)]
pub struct RunReport {
    /// Its name, unique in the state store.
    pub run_id: String,
    /// The pipeline.
    pub pipeline: SmolStr,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    pub status: RunStatus,
    /// The cancel token was tripped before everything was done.
    pub interrupted: bool,
    /// The state store failed while models were running: why. The warehouse has what the models' results say; the state
    /// lacks some or all of it.
    pub state_error: Option<String>,
    /// How fast it went, and what slowed it down.
    pub pacing: Pacing,
    /// Statements executed before any task.
    pub setup: Vec<StatementResult>,
    /// The tasks, in the plan's order.
    pub tasks: Vec<TaskResult>,
}

impl RunReport {
    /// Number of tasks that ended so.
    pub fn count(&self, status: TaskStatus) -> usize {
        self.tasks.iter().filter(|t| t.status == status).count()
    }

    /// Attempts that were followed by another, those of windows included.
    pub fn repetitions(&self) -> impl Iterator<Item = &Repetition> {
        self.tasks.iter().flat_map(|t| {
            let windows = t.windows.iter().flatten().flat_map(|w| &w.retried);
            t.retried.iter().chain(windows)
        })
    }

    /// A check fails the run.
    pub fn checks_failed(&self) -> bool {
        self.tasks.iter().any(TaskResult::is_blocked)
    }
}
