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
//! | `partitions` | model, partition | [`Partition`] |
//! | `check_history` | `catalog.schema.table` | list of [`RowCount`], newest last |
//! | `quality_history` | model, moment, run id | [`QualitySnapshot`] |
//! | `run_history` | run id | [`RunRecord`] without its models |
//! | `run_history_by_time` | moment, run id | nothing |
//! | `run_progress` | run id, model or table | [`ModelExecution`] |
//! | `dag_snapshots` | moment | [`DagSnapshot`] |
//! | `dag_models` | model | [`GraphModel`], of the newest snapshot |
//! | `notes` | kind, key | [`Note`]: what other parts of the engine remember |
//!
//! A moment is a time in µs since 1970, or a little more: it is greater than all before it in its table, also when the clock went back.
//! Keys are tuples and not texts with separators, because a model may have any name; a value does not repeat its key.

mod audit;
mod batch;
mod copy;
mod export;
#[cfg(test)]
mod full_disk;
mod graph;
mod notes;
mod open;
mod partitions;
mod process;
mod quality;
mod reader;
mod records;
mod registry;
mod resume;
mod retention;
mod rows;
mod store;
mod tables;

pub use audit::{Audit, Finding, FindingKind, Known};
pub use batch::StateBatch;
pub use copy::LOCAL_KIND;
pub use export::{Import, open_export};
pub use partitions::PartitionCounts;
pub use process::Process;
pub use quality::{KEPT_QUALITY, KEPT_ROW_COUNTS};
pub use reader::StateReader;
pub use records::{
    DagChange, DagSnapshot, GraphModel, JointRun, ModelExecution, Note, Partition, PartitionStatus,
    QualityMetrics, QualitySnapshot, RowCount, RunRecord, Watermark,
};
pub use registry::StateRegistry;
pub use retention::{Retention, Swept};
pub use rows::TakenIn;
pub use store::{RunEnd, StateStore};

use rocky_base::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The version of the tables and values written here. The 1.x releases count from 1 and never reach 100.
///
/// 101 adds tables to 100: partitions, check and quality history, graphs, notes.
pub const SCHEMA_VERSION: u32 = 101;
/// The oldest version that is read, and brought forward by the first writer.
const OLDEST_VERSION: u32 = 100;

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
        .hint("`rocky state check` lists such values, `rocky state repair` removes them")
        .because(e)
    })
}
