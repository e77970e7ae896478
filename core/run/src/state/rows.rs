//! The whole state as a sequence of rows: what exports, imports and merges have in common.

use super::reader::{models_of, run_in};
use super::records::{
    DagSnapshot, GraphModel, Note, Partition, QualitySnapshot, RowCount, RunRecord, Watermark,
};
use super::store::next_moment;
use super::tables::{
    CHECK_HISTORY, DAG_MODELS, DAG_SNAPSHOTS, NOTES, PARTITIONS, QUALITY_HISTORY, RUN_HISTORY, RUN_PROGRESS,
    RUN_TIMES, WATERMARKS, open_existing,
};
use super::{LOCAL_KIND, StateReader, StateStore, failed, from_json, notes, partitions, to_json};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use rocky_base::{Result, SmolStr};
use std::collections::BTreeMap;
use std::path::Path;

/// One thing that is remembered, with its key.
pub(super) enum Row {
    Watermark(Watermark),
    Partition(Partition),
    Counts(String, Vec<RowCount>),
    Quality(QualitySnapshot),
    /// With its models.
    Run(Box<RunRecord>),
    Graph(DagSnapshot),
    GraphModel(GraphModel),
    Note(Note),
}

/// What taking in a file did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TakenIn {
    /// By table, rows that were written.
    pub written: BTreeMap<&'static str, u64>,
    /// Rows that were left out because what is here is newer or the same.
    pub kept: u64,
}

impl StateStore {
    /// Add what the file `source` holds and this store does not, in one commit: of two watermarks or partitions the later one stays, runs and
    /// measurements are put together, a run of another process that has the name of one here gets a suffix. The file may be of an older
    /// schema version and is not changed.
    pub fn merge_from(&self, source: &Path) -> Result<TakenIn> {
        let reader = StateReader::open_existing(source)?;
        reader.read(|from| {
            self.write(|to| {
                let mut taken = TakenIn::default();
                each_row(source, from, |row| merge(self.path(), to, row, &mut taken))?;
                Ok(taken)
            })
        })
    }
}

/// Every row but those of [`LOCAL_KIND`], table by table; runs in the order in which they began.
pub(super) fn each_row(
    path: &Path,
    transaction: &ReadTransaction,
    mut f: impl FnMut(Row) -> Result<()>,
) -> Result<()> {
    if let Some(table) = open_existing(path, transaction, WATERMARKS)? {
        for entry in table.iter().map_err(failed(path))? {
            let (key, value) = entry.map_err(failed(path))?;
            let mut row: Watermark = from_json(path, "watermarks", value.value())?;
            row.target = key.value().to_owned();
            f(Row::Watermark(row))?;
        }
    }
    if let Some(table) = open_existing(path, transaction, PARTITIONS)? {
        for entry in table.iter().map_err(failed(path))? {
            let (key, value) = entry.map_err(failed(path))?;
            let (model, key) = key.value();
            f(Row::Partition(partitions::partition(
                path,
                model,
                key,
                value.value(),
            )?))?;
        }
    }
    if let Some(table) = open_existing(path, transaction, CHECK_HISTORY)? {
        for entry in table.iter().map_err(failed(path))? {
            let (key, value) = entry.map_err(failed(path))?;
            let counts = from_json(path, "check_history", value.value())?;
            f(Row::Counts(key.value().to_owned(), counts))?;
        }
    }
    if let Some(table) = open_existing(path, transaction, QUALITY_HISTORY)? {
        for entry in table.iter().map_err(failed(path))? {
            let (key, value) = entry.map_err(failed(path))?;
            let (model, _, run_id) = key.value();
            let mut row: QualitySnapshot = from_json(path, "quality_history", value.value())?;
            row.model_name = SmolStr::new(model);
            row.run_id = run_id.to_owned();
            f(Row::Quality(row))?;
        }
    }
    let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
    let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
    let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
    for entry in times.iter().map_err(failed(path))? {
        let (key, ()) = entry.map(|(key, _)| (key, ())).map_err(failed(path))?;
        let (_, run_id) = key.value();
        if let Some(mut run) = run_in(path, &history, run_id)? {
            run.models = models_of(path, &progress, run_id)?;
            f(Row::Run(Box::new(run)))?;
        }
    }
    if let Some(table) = open_existing(path, transaction, DAG_SNAPSHOTS)? {
        for entry in table.iter().map_err(failed(path))? {
            let (_, value) = entry.map_err(failed(path))?;
            f(Row::Graph(from_json(path, "dag_snapshots", value.value())?))?;
        }
    }
    if let Some(table) = open_existing(path, transaction, DAG_MODELS)? {
        for entry in table.iter().map_err(failed(path))? {
            let (key, value) = entry.map_err(failed(path))?;
            let mut row: GraphModel = from_json(path, "dag_models", value.value())?;
            row.name = SmolStr::new(key.value());
            f(Row::GraphModel(row))?;
        }
    }
    if let Some(table) = open_existing(path, transaction, NOTES)? {
        for entry in table.iter().map_err(failed(path))? {
            let (key, value) = entry.map_err(failed(path))?;
            let (kind, key) = key.value();
            if !kind.starts_with(LOCAL_KIND) {
                f(Row::Note(notes::note(path, kind, key, value.value())?))?;
            }
        }
    }
    Ok(())
}

/// Write a row, in place of what was there.
pub(super) fn put(path: &Path, to: &WriteTransaction, row: Row, taken: &mut TakenIn) -> Result<()> {
    let table = match row {
        Row::Watermark(row) => {
            let mut table = to.open_table(WATERMARKS).map_err(failed(path))?;
            table
                .insert(row.target.as_str(), to_json(&row)?.as_str())
                .map_err(failed(path))?;
            "watermarks"
        }
        Row::Partition(row) => {
            partitions::put(path, to, &[row])?;
            "partitions"
        }
        Row::Counts(name, counts) => {
            let mut table = to.open_table(CHECK_HISTORY).map_err(failed(path))?;
            table
                .insert(name.as_str(), to_json(&counts)?.as_str())
                .map_err(failed(path))?;
            "check_history"
        }
        Row::Quality(row) => {
            super::quality::put_quality(path, to, &row)?;
            "quality_history"
        }
        Row::Run(run) => {
            let times = to.open_table(RUN_TIMES).map_err(failed(path))?;
            let moment = next_moment(path, &times, run.started_at)?;
            drop(times);
            put_run(path, to, &run, moment)?;
            "run_history"
        }
        Row::Graph(row) => {
            let mut table = to.open_table(DAG_SNAPSHOTS).map_err(failed(path))?;
            let last = table.last().map_err(failed(path))?.map(|(key, _)| key.value());
            let moment = last.map_or(i64::MIN, |l| l.saturating_add(1));
            table
                .insert(
                    moment.max(row.timestamp.as_microsecond()),
                    to_json(&row)?.as_str(),
                )
                .map_err(failed(path))?;
            "dag_snapshots"
        }
        Row::GraphModel(row) => {
            let mut table = to.open_table(DAG_MODELS).map_err(failed(path))?;
            table
                .insert(row.name.as_str(), to_json(&row)?.as_str())
                .map_err(failed(path))?;
            "dag_models"
        }
        Row::Note(row) => {
            notes::put(path, to, &row)?;
            "notes"
        }
    };
    *taken.written.entry(table).or_default() += 1;
    Ok(())
}

fn put_run(path: &Path, to: &WriteTransaction, run: &RunRecord, moment: i64) -> Result<()> {
    let mut history = to.open_table(RUN_HISTORY).map_err(failed(path))?;
    history
        .insert(run.run_id.as_str(), to_json(run)?.as_str())
        .map_err(failed(path))?;
    let mut times = to.open_table(RUN_TIMES).map_err(failed(path))?;
    times
        .insert((moment, run.run_id.as_str()), ())
        .map_err(failed(path))?;
    put_models(path, to, run)
}

/// Without the watermarks, which are rows of their own.
fn put_models(path: &Path, to: &WriteTransaction, run: &RunRecord) -> Result<()> {
    let mut progress = to.open_table(RUN_PROGRESS).map_err(failed(path))?;
    for model in &run.models {
        progress
            .insert(
                (run.run_id.as_str(), model.model_name.as_str()),
                to_json(model)?.as_str(),
            )
            .map_err(failed(path))?;
    }
    Ok(())
}

/// Write a row unless what is there is newer.
pub(super) fn merge(path: &Path, to: &WriteTransaction, row: Row, taken: &mut TakenIn) -> Result<()> {
    let newer = match &row {
        Row::Watermark(row) => {
            let table = to.open_table(WATERMARKS).map_err(failed(path))?;
            let here = table.get(row.target.as_str()).map_err(failed(path))?;
            match here.map(|v| from_json::<Watermark>(path, "watermarks", v.value())) {
                Some(here) => row.updated_at > here?.updated_at,
                None => true,
            }
        }
        Row::Partition(row) => {
            let table = to.open_table(PARTITIONS).map_err(failed(path))?;
            let place = (row.model_name.as_str(), row.partition_key.as_str());
            let here = table.get(place).map_err(failed(path))?;
            match here.map(|v| partitions::partition(path, place.0, place.1, v.value())) {
                Some(here) => row.computed_at > here?.computed_at,
                None => true,
            }
        }
        Row::Counts(name, counts) => return merge_counts(path, to, name, counts, taken),
        Row::Quality(row) => {
            let table = to.open_table(QUALITY_HISTORY).map_err(failed(path))?;
            let place = (
                row.model_name.as_str(),
                row.timestamp.as_microsecond(),
                row.run_id.as_str(),
            );
            if table.get(place).map_err(failed(path))?.is_some() {
                false
            } else {
                drop(table);
                // In its place in time, and not after what is here.
                let mut table = to.open_table(QUALITY_HISTORY).map_err(failed(path))?;
                table
                    .insert(place, to_json(row)?.as_str())
                    .map_err(failed(path))?;
                *taken.written.entry("quality_history").or_default() += 1;
                return Ok(());
            }
        }
        Row::Run(run) => return merge_run(path, to, run, taken),
        Row::Graph(row) => {
            let mut table = to.open_table(DAG_SNAPSHOTS).map_err(failed(path))?;
            let moment = row.timestamp.as_microsecond();
            let same = table.get(moment).map_err(failed(path))?.is_some();
            if !same {
                table
                    .insert(moment, to_json(row)?.as_str())
                    .map_err(failed(path))?;
                *taken.written.entry("dag_snapshots").or_default() += 1;
            } else {
                taken.kept += 1;
            }
            return Ok(());
        }
        // The models are those of the snapshot remembered last by whoever runs here next; until then those of here stay.
        Row::GraphModel(row) => {
            let table = to.open_table(DAG_MODELS).map_err(failed(path))?;
            table.get(row.name.as_str()).map_err(failed(path))?.is_none()
        }
        Row::Note(row) => {
            let table = to.open_table(NOTES).map_err(failed(path))?;
            let here = table
                .get((row.kind.as_str(), row.key.as_str()))
                .map_err(failed(path))?;
            match here.map(|v| notes::note(path, &row.kind, &row.key, v.value())) {
                Some(here) => row.at > here?.at,
                None => true,
            }
        }
    };
    if newer {
        return put(path, to, row, taken);
    }
    taken.kept += 1;
    Ok(())
}

fn merge_counts(
    path: &Path,
    to: &WriteTransaction,
    name: &str,
    counts: &[RowCount],
    taken: &mut TakenIn,
) -> Result<()> {
    let mut table = to.open_table(CHECK_HISTORY).map_err(failed(path))?;
    let here: Vec<RowCount> = match table.get(name).map_err(failed(path))? {
        Some(value) => from_json(path, "check_history", value.value())?,
        None => Vec::new(),
    };
    let mut all = here.clone();
    all.extend(counts.iter().filter(|c| !here.contains(c)).cloned());
    all.sort_by_key(|c| c.timestamp);
    all.drain(..all.len().saturating_sub(super::KEPT_ROW_COUNTS));
    if all == here {
        taken.kept += 1;
        return Ok(());
    }
    table
        .insert(name, to_json(&all)?.as_str())
        .map_err(failed(path))?;
    *taken.written.entry("check_history").or_default() += 1;
    Ok(())
}

fn merge_run(path: &Path, to: &WriteTransaction, run: &RunRecord, taken: &mut TakenIn) -> Result<()> {
    let mut run = run.clone();
    let wanted = run.run_id.clone();
    let mut suffix = 2u64;
    loop {
        let here = {
            let history = to.open_table(RUN_HISTORY).map_err(failed(path))?;
            run_in(path, &history, &run.run_id)?
        };
        let Some(here) = here else { break };
        if (here.started_at, &here.pipeline, &here.process) == (run.started_at, &run.pipeline, &run.process) {
            // The same run: the one that knows its end, else the one that knows more.
            let progress = to.open_table(RUN_PROGRESS).map_err(failed(path))?;
            let known = models_of(path, &progress, &run.run_id)?.len();
            drop(progress);
            let more = match (here.finished_at, run.finished_at) {
                (None, Some(_)) => true,
                (None, None) => run.models.len() > known,
                _ => false,
            };
            if !more {
                taken.kept += 1;
                return Ok(());
            }
            let mut history = to.open_table(RUN_HISTORY).map_err(failed(path))?;
            history
                .insert(run.run_id.as_str(), to_json(&run)?.as_str())
                .map_err(failed(path))?;
            drop(history);
            *taken.written.entry("run_history").or_default() += 1;
            return put_models(path, to, &run);
        }
        run.run_id = format!("{wanted}-{suffix}");
        suffix += 1;
    }
    *taken.written.entry("run_history").or_default() += 1;
    put_run(path, to, &run, run.started_at.as_microsecond())
}
