//! Reading the state. Each call sees one committed moment; a writer in this or another process is not disturbed.

use super::store::ActiveRuns;
use super::tables::{self, RUN_HISTORY, RUN_PROGRESS, RUN_TIMES, WATERMARKS, each_table};
use super::{ModelExecution, RunRecord, Watermark, copy};
use super::{Open, failed, from_json, guarded, open, state_error};
use jiff::Timestamp;
use redb::{
    Database, Key, ReadOnlyDatabase, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableDefinition, Value,
};
use rocky_base::{Result, SmolStr};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

enum Source {
    File(Open<ReadOnlyDatabase>),
    Writer(Arc<Open<Database>>, Arc<ActiveRuns>),
}

/// A reader of the state store. Keep it as long as is convenient: it follows the writer's commits.
pub struct StateReader {
    path: PathBuf,
    source: Source,
}

impl std::fmt::Debug for StateReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateReader")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl StateReader {
    /// Open the file for reading; `None` when there is none.
    ///
    /// When the process that wrote it was killed, the file is repaired first, which needs write access.
    pub fn open(path: &Path) -> Result<Option<StateReader>> {
        let database = open::reader(path)?;
        Ok(database.map(|d| StateReader {
            path: path.to_path_buf(),
            source: Source::File(Open::new(d)),
        }))
    }

    pub(super) fn of_writer(
        path: &Path,
        database: Arc<Open<Database>>,
        active: Arc<ActiveRuns>,
    ) -> StateReader {
        StateReader {
            path: path.to_path_buf(),
            source: Source::Writer(database, active),
        }
    }

    /// The writer of the file is in this process: no other process is at work with it.
    pub(super) fn is_of_writer(&self) -> bool {
        matches!(self.source, Source::Writer(..))
    }

    /// The run is under way in this process.
    pub fn is_active(&self, run_id: &str) -> bool {
        match &self.source {
            Source::Writer(_, active) => active.contains(run_id),
            Source::File(_) => false,
        }
    }

    /// Open a file that must be there.
    pub fn open_existing(path: &Path) -> Result<StateReader> {
        StateReader::open(path)?.ok_or_else(|| state_error(path, "there is no such file"))
    }

    /// The schema version of the file: [`super::SCHEMA_VERSION`], or an older one that nobody has written since.
    pub fn schema_version(&self) -> Result<u32> {
        self.read(|transaction| copy::version_of(&self.path, transaction))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn read<T>(&self, f: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        guarded(&self.path, || {
            let transaction = match &self.source {
                Source::File(database) => database.get()?.begin_read(),
                Source::Writer(database, _) => database.get()?.begin_read(),
            };
            f(&transaction.map_err(failed(&self.path))?)
        })
    }

    /// Rows by table; in a file of an older version, tables that it lacks have none.
    pub fn counts(&self) -> Result<BTreeMap<&'static str, u64>> {
        fn count<K: Key + 'static, V: Value + 'static>(
            path: &Path,
            transaction: &ReadTransaction,
            counts: &mut BTreeMap<&'static str, u64>,
            definition: TableDefinition<'static, K, V>,
        ) -> Result<()> {
            let rows = match tables::open_existing(path, transaction, definition)? {
                Some(table) => table.len().map_err(failed(path))?,
                None => 0,
            };
            counts.insert(tables::name(definition), rows);
            Ok(())
        }
        let path = &self.path;
        self.read(|transaction| {
            let mut counts = BTreeMap::new();
            each_table!(count(path, transaction, &mut counts));
            Ok(counts)
        })
    }

    /// All watermarks, by target.
    pub fn watermarks(&self) -> Result<Vec<Watermark>> {
        let path = &self.path;
        self.read(|transaction| {
            let table = transaction.open_table(WATERMARKS).map_err(failed(path))?;
            let mut found = Vec::new();
            for entry in table.iter().map_err(failed(path))? {
                let (key, value) = entry.map_err(failed(path))?;
                let mut watermark: Watermark = from_json(path, "watermarks", value.value())?;
                watermark.target = key.value().to_owned();
                found.push(watermark);
            }
            Ok(found)
        })
    }

    /// The watermark of a target (`catalog.schema.table`).
    pub fn watermark(&self, target: &str) -> Result<Option<Watermark>> {
        let path = &self.path;
        self.read(|transaction| {
            let table = transaction.open_table(WATERMARKS).map_err(failed(path))?;
            let value = table.get(target).map_err(failed(path))?;
            let watermark = value.map(|v| from_json::<Watermark>(path, "watermarks", v.value()));
            Ok(watermark.transpose()?.map(|w| Watermark {
                target: target.to_owned(),
                ..w
            }))
        })
    }

    /// The newest runs with their models, newest first: those that began at `since` or later, at most `limit`.
    pub fn runs(&self, since: Option<Timestamp>, limit: usize) -> Result<Vec<RunRecord>> {
        self.select(since, limit, |_| true)
    }

    /// The newest run (of a pipeline), with what became of its models so far.
    pub fn latest_run(&self, pipeline: Option<&str>) -> Result<Option<RunRecord>> {
        let runs = self.select(None, 1, |run| pipeline.is_none_or(|p| run.pipeline == p))?;
        Ok(runs.into_iter().next())
    }

    /// The newest executions of a model, newest first: of runs that began at `since` or later, at most `limit`.
    pub fn model_executions(
        &self,
        model: &str,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<ModelExecution>> {
        let path = &self.path;
        self.read(|transaction| {
            let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            let mut found = Vec::new();
            for entry in times.range((micros(since), "")..).map_err(failed(path))?.rev() {
                if found.len() >= limit {
                    break;
                }
                let (key, _) = entry.map_err(failed(path))?;
                let (_, run_id) = key.value();
                let Some(value) = progress.get((run_id, model)).map_err(failed(path))? else {
                    continue;
                };
                let run = match since {
                    Some(_) => run_in(path, &history, run_id)?,
                    None => None,
                };
                if run.is_none_or(|run| since.is_none_or(|since| run.started_at >= since)) {
                    found.push(execution(path, run_id, model, value.value())?);
                }
            }
            Ok(found)
        })
    }

    fn select(
        &self,
        since: Option<Timestamp>,
        limit: usize,
        wanted: impl Fn(&RunRecord) -> bool,
    ) -> Result<Vec<RunRecord>> {
        let path = &self.path;
        self.read(|transaction| {
            let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            let mut found = Vec::new();
            for entry in times.range((micros(since), "")..).map_err(failed(path))?.rev() {
                if found.len() >= limit {
                    break;
                }
                let (key, _) = entry.map_err(failed(path))?;
                let (_, run_id) = key.value();
                let mut run = run_in(path, &history, run_id)?.ok_or_else(|| {
                    state_error(path, format!("run `{run_id}` is listed but missing"))
                        .hint("`rocky state repair` takes it off the list")
                })?;
                if since.is_none_or(|since| run.started_at >= since) && wanted(&run) {
                    run.models = models_of(path, &progress, run_id)?;
                    found.push(run);
                }
            }
            Ok(found)
        })
    }
}

/// Runs are listed under a moment that is never earlier than their start and grows from run to run, also when the clock goes back:
/// none that began since then stands before it.
fn micros(since: Option<Timestamp>) -> i64 {
    since.map_or(i64::MIN, Timestamp::as_microsecond)
}

/// A run, without its models.
pub(super) fn run_in(
    path: &Path,
    history: &impl ReadableTable<&'static str, &'static str>,
    run_id: &str,
) -> Result<Option<RunRecord>> {
    let value = history.get(run_id).map_err(failed(path))?;
    value
        .map(|value| from_json(path, "run_history", value.value()))
        .transpose()
}

pub(super) fn execution(path: &Path, run_id: &str, model: &str, json: &str) -> Result<ModelExecution> {
    let mut execution: ModelExecution = from_json(path, "run_progress", json)?;
    execution.run_id = run_id.to_owned();
    execution.model_name = SmolStr::new(model);
    Ok(execution)
}

/// The rows of one run, in the plan's order.
pub(super) fn models_of(
    path: &Path,
    progress: &impl ReadableTable<(&'static str, &'static str), &'static str>,
    run_id: &str,
) -> Result<Vec<ModelExecution>> {
    let mut models = Vec::new();
    for entry in progress.range((run_id, "")..).map_err(failed(path))? {
        let (key, value) = entry.map_err(failed(path))?;
        let (run, model) = key.value();
        if run != run_id {
            break;
        }
        models.push(execution(path, run, model, value.value())?);
    }
    models.sort_by_key(|m| m.index);
    Ok(models)
}
