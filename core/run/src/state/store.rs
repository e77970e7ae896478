//! Writing the state. Every call is one durable commit: when it has returned, a killed process loses nothing of it.

use super::tables::{RUN_HISTORY, RUN_PROGRESS, RUN_TIMES, WATERMARKS};
use super::{ModelExecution, RunRecord, StateBatch, StateReader, Watermark};
use super::{Open, failed, from_json, guarded, open, state_error, to_json};
use crate::report::{RunStatus, TaskStatus};
use jiff::Timestamp;
use redb::{Database, ReadableTable, ReadableTableMetadata, WriteTransaction};
use rocky_base::Result;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// History is dropped, oldest runs first, when more model executions than this are kept (some 100 MB) …
const KEPT_EXECUTIONS: u64 = 200_000;
/// … but this many runs always stay.
const KEPT_RUNS: u64 = 100;
/// An engine's message can be as long as the statement; the history keeps its beginning.
const KEPT_ERROR_BYTES: usize = 8 << 10;

/// The writer of a state store. One per file; shared by the projects of a process through [`super::StateRegistry`].
pub struct StateStore {
    path: PathBuf,
    database: Arc<Open<Database>>,
    active: Arc<ActiveRuns>,
}

/// The runs that are under way in this process.
#[derive(Debug, Default)]
pub(super) struct ActiveRuns(Mutex<HashSet<String>>);

impl ActiveRuns {
    pub(super) fn contains(&self, run_id: &str) -> bool {
        self.runs().contains(run_id)
    }

    fn runs(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for StateStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunEnd {
    /// When.
    pub finished_at: Timestamp,
    /// Milliseconds.
    pub duration_ms: u64,
    /// How.
    pub status: RunStatus,
    /// It was cancelled.
    pub interrupted: bool,
    /// Why no model ran.
    pub error: Option<String>,
}

impl StateStore {
    /// Open the file for writing; creates it when there is none. Waits about a second for another process to let it go,
    /// then gives [`rocky_base::ErrorKind::Locked`].
    pub fn open_writer(path: &Path) -> Result<StateStore> {
        Ok(StateStore::over(path, open::writer(path)?))
    }

    pub(super) fn over(path: &Path, database: Database) -> StateStore {
        StateStore {
            path: path.to_path_buf(),
            database: Arc::new(Open::new(database)),
            active: Arc::default(),
        }
    }

    /// The run was begun here and has not ended: it is under way in this process.
    pub fn is_active(&self, run_id: &str) -> bool {
        self.active.contains(run_id)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A reader of the same file, without opening it again.
    pub fn reader(&self) -> StateReader {
        StateReader::of_writer(&self.path, self.database.clone(), self.active.clone())
    }

    pub(super) fn write<T>(&self, f: impl FnOnce(&WriteTransaction) -> Result<T>) -> Result<T> {
        guarded(&self.path, || {
            let transaction = self.database.get()?.begin_write().map_err(failed(&self.path))?;
            let value = f(&transaction)?;
            transaction.commit().map_err(failed(&self.path))?;
            Ok(value)
        })
    }

    /// Remember that a run begins. Returns its name: the record's, with a suffix (`-2`, `-3` …) when another run has it.
    pub fn record_run_start(&self, run: &RunRecord) -> Result<String> {
        let path = &self.path;
        let run_id = self.write(|transaction| {
            let mut history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let mut run = run.clone();
            let wanted = run.run_id.clone();
            let mut suffix = 2u64;
            while history.get(run.run_id.as_str()).map_err(failed(path))?.is_some() {
                run.run_id = format!("{wanted}-{suffix}");
                suffix += 1;
            }
            if let Some(joint) = run.joint.as_mut().filter(|j| j.run_id.is_empty()) {
                joint.run_id.clone_from(&run.run_id);
            }
            history
                .insert(run.run_id.as_str(), to_json(&run)?.as_str())
                .map_err(failed(path))?;
            let mut times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            let moment = next_moment(path, &times, run.started_at)?;
            times
                .insert((moment, run.run_id.as_str()), ())
                .map_err(failed(path))?;
            drop((history, times));
            drop_oldest(path, transaction, KEPT_EXECUTIONS, KEPT_RUNS)?;
            Ok(run.run_id)
        })?;
        self.active.runs().insert(run_id.clone());
        Ok(run_id)
    }

    /// Remember what became of a model, and its watermark when it succeeded and has one.
    pub fn record_model(&self, run_id: &str, execution: &ModelExecution) -> Result<()> {
        self.record_models(run_id, std::slice::from_ref(execution))
    }

    /// The same for several models in one commit. The cost is per model, whatever the size of the run.
    pub fn record_models(&self, run_id: &str, executions: &[ModelExecution]) -> Result<()> {
        if executions.is_empty() {
            return Ok(());
        }
        self.write(|transaction| put_executions(&self.path, transaction, run_id, executions))
    }

    /// Remember how a run ended, and in the same commit what became of its last models.
    pub fn record_run_end(&self, run_id: &str, end: &RunEnd, executions: &[ModelExecution]) -> Result<()> {
        self.record_run_end_with(run_id, end, executions, &StateBatch::new())
    }

    /// The same, and in the same commit what else follows from the end.
    pub fn record_run_end_with(
        &self,
        run_id: &str,
        end: &RunEnd,
        executions: &[ModelExecution],
        also: &StateBatch,
    ) -> Result<()> {
        let path = &self.path;
        // Whether it can be written or not.
        self.active.runs().remove(run_id);
        self.write(|transaction| {
            put_executions(path, transaction, run_id, executions)?;
            also.apply(path, transaction)?;
            let mut history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let mut run: RunRecord = match history.get(run_id).map_err(failed(path))? {
                Some(value) => from_json(path, "run_history", value.value())?,
                None => return Err(state_error(path, format!("run `{run_id}` was never recorded"))),
            };
            run.finished_at = Some(end.finished_at);
            run.duration_ms = end.duration_ms;
            run.status = end.status;
            run.interrupted = end.interrupted;
            run.error = end.error.as_deref().map(shortened);
            history
                .insert(run_id, to_json(&run)?.as_str())
                .map_err(failed(path))?;
            Ok(())
        })
    }

    /// A run that has ended is something else than was recorded: a hook or a budget has come after it.
    pub fn amend_run(&self, run_id: &str, status: RunStatus, error: &str) -> Result<()> {
        let path = &self.path;
        self.write(|transaction| {
            let mut history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let mut run: RunRecord = match history.get(run_id).map_err(failed(path))? {
                Some(value) => from_json(path, "run_history", value.value())?,
                None => return Err(state_error(path, format!("run `{run_id}` was never recorded"))),
            };
            run.status = status;
            run.error = Some(shortened(error));
            history
                .insert(run_id, to_json(&run)?.as_str())
                .map_err(failed(path))?;
            Ok(())
        })
    }

    /// Forget the watermark of a target. False when there was none.
    pub fn delete_watermark(&self, target: &str) -> Result<bool> {
        let path = &self.path;
        self.write(|transaction| {
            let mut table = transaction.open_table(WATERMARKS).map_err(failed(path))?;
            Ok(table.remove(target).map_err(failed(path))?.is_some())
        })
    }

    /// Remember the watermark of a target (`catalog.schema.table`).
    pub fn put_watermark(&self, target: &str, value: &str, at: Timestamp) -> Result<()> {
        self.write(|transaction| put_watermark(&self.path, transaction, target, value, at))
    }
}

/// Where a run is listed: at its start, but after every run that began before it, whatever the clock said then.
pub(super) fn next_moment(
    path: &Path,
    times: &impl ReadableTable<(i64, &'static str), ()>,
    started_at: Timestamp,
) -> Result<i64> {
    let last = times.last().map_err(failed(path))?.map(|(key, _)| key.value().0);
    let after = last.map_or(i64::MIN, |last| last.saturating_add(1));
    Ok(after.max(started_at.as_microsecond()))
}

pub(super) fn put_executions(
    path: &Path,
    transaction: &WriteTransaction,
    run_id: &str,
    executions: &[ModelExecution],
) -> Result<()> {
    let mut progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
    for execution in executions {
        let json = match &execution.error {
            Some(error) if error.len() > KEPT_ERROR_BYTES => to_json(&ModelExecution {
                error: Some(shortened(error)),
                ..execution.clone()
            })?,
            _ => to_json(execution)?,
        };
        progress
            .insert((run_id, execution.model_name.as_str()), json.as_str())
            .map_err(failed(path))?;
        let ModelExecution {
            status,
            watermark,
            finished_at,
            target,
            ..
        } = execution;
        if let (TaskStatus::Success, Some(value), Some(at)) = (status, watermark, finished_at) {
            put_watermark(path, transaction, target, value, *at)?;
        }
    }
    Ok(())
}

pub(super) fn put_watermark(
    path: &Path,
    transaction: &WriteTransaction,
    target: &str,
    value: &str,
    at: Timestamp,
) -> Result<()> {
    let watermark = Watermark {
        target: target.to_owned(),
        last_value: value.to_owned(),
        updated_at: at,
    };
    let mut table = transaction.open_table(WATERMARKS).map_err(failed(path))?;
    table
        .insert(target, to_json(&watermark)?.as_str())
        .map_err(failed(path))?;
    Ok(())
}

/// Drop the oldest runs while there is too much, in a commit that happens anyway.
fn drop_oldest(path: &Path, transaction: &WriteTransaction, executions: u64, runs: u64) -> Result<()> {
    loop {
        let oldest = {
            let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            let much = progress.len().map_err(failed(path))? > executions
                && times.len().map_err(failed(path))? > runs;
            let first = times.first().map_err(failed(path))?.filter(|_| much);
            first.map(|(key, _)| (key.value().0, key.value().1.to_owned()))
        };
        let Some((moment, run_id)) = oldest else {
            return Ok(());
        };
        forget_run(path, transaction, moment, &run_id)?;
    }
}

/// Drop a run and what became of its models.
pub(super) fn forget_run(
    path: &Path,
    transaction: &WriteTransaction,
    moment: i64,
    run_id: &str,
) -> Result<()> {
    let mut times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
    let mut history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
    let mut progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
    times.remove((moment, run_id)).map_err(failed(path))?;
    history.remove(run_id).map_err(failed(path))?;
    // `\0` sorts before every longer name: this is exactly the run's rows.
    let after = format!("{run_id}\0");
    progress
        .retain_in((run_id, "")..(after.as_str(), ""), |_, _| false)
        .map_err(failed(path))
}

pub(super) fn is_long(text: &str) -> bool {
    text.len() > KEPT_ERROR_BYTES
}

pub(super) fn shortened(text: &str) -> String {
    if text.len() <= KEPT_ERROR_BYTES {
        return text.to_owned();
    }
    let mut end = KEPT_ERROR_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::ReadableDatabase;

    #[test]
    fn the_oldest_runs_are_dropped_whole() {
        let dir = tempfile::tempdir().unwrap();
        let store = StateStore::open_writer(&dir.path().join("state")).unwrap();
        let model = |index: u32| ModelExecution {
            run_id: String::new(),
            model_name: format!("m{index}").into(),
            index,
            target: "t".to_owned(),
            strategy: rocky_warehouse::Strategy::View,
            started_at: None,
            finished_at: None,
            duration_ms: 0,
            rows_affected: None,
            status: TaskStatus::Success,
            sql_hash: String::new(),
            error: None,
            skipped_reason: None,
            watermark: None,
            kind: rocky_plan::TaskKind::Model,
            asset_key: Vec::new(),
            basis: String::new(),
        };
        // `r` and `r-1`: the rows of one begin like those of the other.
        for (second, run_id) in ["r", "r-1", "r-2", "r-3"].into_iter().enumerate() {
            let at = Timestamp::from_second(second as i64).unwrap();
            store
                .record_run_start(&RunRecord::begin(run_id, "main", at))
                .unwrap();
            store
                .record_models(run_id, &[model(0), model(1), model(2)])
                .unwrap();
        }
        let kept = |executions, runs| {
            store
                .write(|transaction| drop_oldest(&store.path, transaction, executions, runs))
                .unwrap();
            let runs = store.reader().runs(None, 10).unwrap();
            assert!(runs.iter().all(|r| r.models.len() == 3));
            runs.into_iter().map(|r| r.run_id).collect::<Vec<_>>()
        };
        assert_eq!(kept(12, 0), ["r-3", "r-2", "r-1", "r"]);
        assert_eq!(kept(11, 0), ["r-3", "r-2", "r-1"]);
        assert_eq!(kept(0, 2), ["r-3", "r-2"]);
        let transaction = store.database.get().unwrap().begin_read().unwrap();
        assert_eq!(transaction.open_table(RUN_PROGRESS).unwrap().len().unwrap(), 6);
    }
}
