//! Forgetting: old runs with their models and measurements, and old graphs.
//!
//! A sweep does a bounded amount of work and goes on at the next one. Watermarks and partitions are never swept: they say what is in the
//! targets.

use super::reader::{models_of, run_in};
use super::store::forget_run;
use super::tables::{DAG_SNAPSHOTS, QUALITY_HISTORY, RUN_HISTORY, RUN_PROGRESS, RUN_TIMES};
use super::{StateReader, StateStore, failed};
use jiff::{SignedDuration, Timestamp};
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};
use rocky_base::Result;
use std::path::Path;
use std::time::Duration;

/// Rows of models that one sweep drops, at most, not counting the last run.
const SWEPT_ROWS: usize = 20_000;
/// Graphs that one sweep drops.
const SWEPT_GRAPHS: usize = 1000;
const LAST_SWEEP: (&str, &str) = ("local:retention", "sweep");

/// What may be forgotten.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retention {
    /// What began longer ago than this.
    pub max_age: Duration,
    /// But so many of the newest runs always stay.
    pub min_runs_kept: u64,
    /// Runs, their models, and what was measured in them.
    pub history: bool,
    /// Snapshots of the graph, but the newest.
    pub lineage: bool,
    /// Not more often than this; after a sweep that left something over, at the next opportunity.
    pub sweep_interval: Duration,
}

/// What a sweep forgot.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Swept {
    /// Runs.
    pub runs: u64,
    /// Models in them.
    pub models: u64,
    /// Measurements of them.
    pub measurements: u64,
    /// Snapshots of the graph.
    pub graphs: u64,
    /// There is more to forget; the next sweep goes on.
    pub more: bool,
}

impl StateStore {
    /// Forget what is too old, a bounded amount of it, in one commit; no commit when there is nothing. Runs of this process that are under way
    /// stay.
    pub fn sweep(&self, retention: &Retention, now: Timestamp) -> Result<Swept> {
        let age = SignedDuration::try_from(retention.max_age).unwrap_or(SignedDuration::MAX);
        let before = now.saturating_sub(age).unwrap_or(Timestamp::MIN);
        if !self.reader().sweep_is_due(retention, now, before)? {
            return Ok(Swept::default());
        }
        let path = self.path();
        let swept = self.write(|transaction| {
            let mut swept = Swept::default();
            if retention.history {
                sweep_runs(self, transaction, retention, before, &mut swept)?;
            }
            if retention.lineage {
                sweep_graphs(path, transaction, before, &mut swept)?;
            }
            Ok(swept)
        })?;
        if !swept.more && !retention.sweep_interval.is_zero() {
            let (kind, key) = LAST_SWEEP;
            self.put_note(kind, key, serde_json::Value::Null, now)?;
        }
        Ok(swept)
    }
}

fn sweep_runs(
    store: &StateStore,
    transaction: &WriteTransaction,
    retention: &Retention,
    before: Timestamp,
    swept: &mut Swept,
) -> Result<()> {
    let path = store.path();
    loop {
        let oldest = {
            let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            if times.len().map_err(failed(path))? <= retention.min_runs_kept {
                return Ok(());
            }
            let first = times.first().map_err(failed(path))?;
            first.map(|(key, _)| {
                let (moment, run_id) = key.value();
                (moment, run_id.to_owned())
            })
        };
        let Some((moment, run_id)) = oldest else {
            return Ok(());
        };
        let (run, models) = {
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            (
                run_in(path, &history, &run_id)?,
                models_of(path, &progress, &run_id)?,
            )
        };
        // Runs stand in the order in which they began: behind the first one that stays, all stay.
        if run.is_some_and(|run| run.started_at >= before) || store.is_active(&run_id) {
            return Ok(());
        }
        if swept.models as usize + models.len() > SWEPT_ROWS && swept.runs > 0 {
            swept.more = true;
            return Ok(());
        }
        let mut quality = transaction.open_table(QUALITY_HISTORY).map_err(failed(path))?;
        for model in &models {
            for name in [model.model_name.as_str(), model.target.as_str()] {
                swept.measurements += forget_quality(path, &mut quality, name, moment, &run_id)?;
            }
        }
        drop(quality);
        swept.models += models.len() as u64;
        swept.runs += 1;
        forget_run(path, transaction, moment, &run_id)?;
    }
}

/// The measurements of a run stand at its start or later, and those of older runs are gone: they are the first of the model.
fn forget_quality(
    path: &Path,
    table: &mut redb::Table<'_, (&'static str, i64, &'static str), &'static str>,
    model: &str,
    moment: i64,
    run_id: &str,
) -> Result<u64> {
    let mut keys = Vec::new();
    let upper = (model, i64::MAX, "\u{10ffff}");
    for entry in table
        .range((model, i64::MIN, "")..=upper)
        .map_err(failed(path))?
        .take(8)
    {
        let (key, _) = entry.map_err(failed(path))?;
        let (_, at, run) = key.value();
        if run == run_id || at < moment {
            keys.push((at, run.to_owned()));
        } else {
            break;
        }
    }
    for (at, run) in &keys {
        table.remove((model, *at, run.as_str())).map_err(failed(path))?;
    }
    Ok(keys.len() as u64)
}

fn sweep_graphs(
    path: &Path,
    transaction: &WriteTransaction,
    before: Timestamp,
    swept: &mut Swept,
) -> Result<()> {
    let mut graphs = transaction.open_table(DAG_SNAPSHOTS).map_err(failed(path))?;
    for _ in 0..SWEPT_GRAPHS {
        if graphs.len().map_err(failed(path))? <= 1 {
            return Ok(());
        }
        let first = graphs.first().map_err(failed(path))?.map(|(key, _)| key.value());
        let Some(moment) = first.filter(|moment| *moment < before.as_microsecond()) else {
            return Ok(());
        };
        graphs.remove(moment).map_err(failed(path))?;
        swept.graphs += 1;
    }
    swept.more = true;
    Ok(())
}

impl StateReader {
    /// Something is old, and the last sweep is long enough ago.
    fn sweep_is_due(&self, retention: &Retention, now: Timestamp, before: Timestamp) -> Result<bool> {
        if !retention.sweep_interval.is_zero()
            && let Some(last) = self.note(LAST_SWEEP.0, LAST_SWEEP.1)?
        {
            let since = now.duration_since(last.at);
            // After a clock that went back it is due.
            let waits = !since.is_negative() && since.unsigned_abs() < retention.sweep_interval;
            if waits {
                return Ok(false);
            }
        }
        let path = self.path();
        self.read(|transaction| {
            let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            let enough = times.len().map_err(failed(path))? > retention.min_runs_kept;
            let first = times.first().map_err(failed(path))?.map(|(key, _)| key.value().0);
            // The moment of a run is not earlier than its start: a run that is old by its start may stand later, and is met when those
            // before it are gone.
            let old_run = retention.history && enough && first.is_some_and(|m| m < before.as_microsecond());
            let graphs = super::tables::open_existing(path, transaction, DAG_SNAPSHOTS)?;
            let old_graph = match graphs.filter(|_| retention.lineage) {
                Some(graphs) => {
                    let first = graphs.first().map_err(failed(path))?.map(|(key, _)| key.value());
                    graphs.len().map_err(failed(path))? > 1
                        && first.is_some_and(|m| m < before.as_microsecond())
                }
                None => false,
            };
            Ok(old_run || old_graph)
        })
    }
}
