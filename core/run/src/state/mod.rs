//! The state store: one redb file that remembers runs, what became of their models, and watermarks.
//!
//! One process writes ([`StateStore`]), any number read at the same time ([`StateReader`]); neither waits for the other.
//! Within a process the writer is shared through a [`StateRegistry`] that the engine owns. Invariants: the warehouse is the
//! truth, the state is only told what has happened; a file that is not ours is never changed, not by one byte; reading
//! never creates a file.
//!
//! | table | key | value (JSON) |
//! | --- | --- | --- |
//! | `metadata` | `schema_version` | a number, 100 or more |
//! | `watermarks` | `catalog.schema.table` | [`Watermark`] |
//! | `run_history` | run id | [`RunRecord`] without its models |
//! | `run_history_by_time` | start in µs since 1970, run id | nothing |
//! | `run_progress` | run id, model | [`ModelExecution`] |

#[cfg(test)]
mod full_disk;
mod open;
mod reader;
mod registry;
mod store;

pub use reader::StateReader;
pub use registry::StateRegistry;
pub use store::{RunEnd, StateStore};

use crate::report::{RunStatus, TaskStatus, Trigger};
use jiff::Timestamp;
use redb::TableDefinition;
use rocky_base::{Error, ErrorKind, Result, SmolStr};
use rocky_warehouse::Strategy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The version of the tables and values written here. The 1.x releases count from 1 and never reach 100.
pub const SCHEMA_VERSION: u32 = 100;

const METADATA: TableDefinition<&str, &str> = TableDefinition::new("metadata");
const WATERMARKS: TableDefinition<&str, &str> = TableDefinition::new("watermarks");
const RUN_HISTORY: TableDefinition<&str, &str> = TableDefinition::new("run_history");
const RUN_TIMES: TableDefinition<(i64, &str), ()> = TableDefinition::new("run_history_by_time");
const RUN_PROGRESS: TableDefinition<(&str, &str), &str> = TableDefinition::new("run_progress");
const SCHEMA_VERSION_KEY: &str = "schema_version";

/// A run as the state remembers it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name.
    pub run_id: String,
    /// The pipeline.
    pub pipeline: SmolStr,
    /// The plan it executed.
    pub plan_id: String,
    /// Hash of the configuration it ran with.
    pub config_hash: String,
    /// What started it.
    #[serde(default)]
    pub trigger: Trigger,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it runs, and for ever when its process was killed.
    pub finished_at: Option<Timestamp>,
    /// Milliseconds; 0 while it has not ended.
    pub duration_ms: u64,
    /// How it ended; `Failure` while it has not.
    pub status: RunStatus,
    /// It was cancelled, or has not ended.
    pub interrupted: bool,
    /// Why no model ran (a setup statement failed).
    #[serde(default)]
    pub error: Option<String>,
    /// Number of models in the plan.
    pub total_models: u64,
    /// What became of the models, in the plan's order. Stored one by one.
    #[serde(skip)]
    pub models: Vec<ModelExecution>,
}

impl RunRecord {
    /// A run that begins: it counts as an interrupted failure until something else is known.
    pub fn begin(
        run_id: impl Into<String>,
        pipeline: impl Into<SmolStr>,
        started_at: Timestamp,
    ) -> RunRecord {
        RunRecord {
            run_id: run_id.into(),
            pipeline: pipeline.into(),
            plan_id: String::new(),
            config_hash: String::new(),
            trigger: Trigger::Manual,
            started_at,
            finished_at: None,
            duration_ms: 0,
            status: RunStatus::Failure,
            interrupted: true,
            error: None,
            total_models: 0,
            models: Vec::new(),
        }
    }
}

/// What became of a model in a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModelExecution {
    /// The run.
    #[serde(skip)]
    pub run_id: String,
    /// Model name.
    #[serde(skip)]
    pub model_name: SmolStr,
    /// Its place in the plan.
    pub index: u32,
    /// The relation it writes, as `catalog.schema.table`.
    pub target: String,
    /// How.
    pub strategy: Strategy,
    /// When its first statement was sent; none when it was not tried.
    pub started_at: Option<Timestamp>,
    /// When it ended; none when it was not tried.
    pub finished_at: Option<Timestamp>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Rows written, where known.
    pub rows_affected: Option<u64>,
    /// How it ended.
    pub status: TaskStatus,
    /// Hash of the statements.
    pub sql_hash: String,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<String>,
    /// Why it was skipped.
    #[serde(default)]
    pub skipped_reason: Option<String>,
    /// The watermark observed after writing.
    #[serde(default)]
    pub watermark: Option<String>,
}

/// The last watermark seen in a target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Watermark {
    /// The relation, as `catalog.schema.table`.
    #[serde(skip)]
    pub target: String,
    /// The value, in the warehouse's text form.
    pub last_value: String,
    /// When it was seen.
    pub updated_at: Timestamp,
}

/// An error about the file.
fn state_error(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::State,
        format!("state store {}: {what}", path.display()),
    )
}

/// The file was changed by something else than redb, or the disk lost a part of it.
fn damaged(path: &Path, what: impl std::fmt::Display) -> Error {
    state_error(path, format!("the file is damaged: {what}"))
        .hint("move it away; the next run begins a new one")
}

/// redb trusts a file that was closed properly and panics on some kinds of damage; that must not leave this module.
fn guarded<T>(path: &Path, f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| Err(damaged(path, "its pages do not fit together")))
}

/// An open database. Closing it writes, so it can panic on a damaged file like everything else.
struct Open<D>(Option<D>);

impl<D> Open<D> {
    fn new(database: D) -> Open<D> {
        Open(Some(database))
    }

    fn get(&self) -> Result<&D> {
        self.0
            .as_ref()
            .ok_or_else(|| Error::bug("the state store is used after it was closed"))
    }
}

impl<D> Drop for Open<D> {
    fn drop(&mut self) {
        let database = self.0.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }
}

/// A redb error with the file's name.
fn failed<E: Into<redb::Error>>(path: &Path) -> impl Fn(E) -> Error + '_ {
    move |error| match error.into() {
        redb::Error::Corrupted(what) => damaged(path, what),
        redb::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            damaged(path, "it was truncated").because(error)
        }
        error => state_error(path, &error).because(error),
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|e| Error::bug(format!("a state record cannot be written as JSON: {e}")))
}

fn from_json<T: DeserializeOwned>(path: &Path, table: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|e| {
        state_error(
            path,
            format!("table `{table}` holds a value that cannot be read: {e}"),
        )
        .because(e)
    })
}
