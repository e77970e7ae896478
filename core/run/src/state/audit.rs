//! What is wrong in a state store, and putting it right.
//!
//! A finding is a fact: a value that cannot be read, a partition in progress of a run that is over, something of a model that the project no
//! longer has. Repairing removes or marks exactly what was found, after looking again in the transaction that does it.

use super::records::{
    DagSnapshot, GraphModel, ModelExecution, Note, Partition, PartitionStatus, QualitySnapshot, RowCount,
    RunRecord, Watermark,
};
use super::tables::{
    CHECK_HISTORY, DAG_MODELS, DAG_SNAPSHOTS, NOTES, PARTITIONS, QUALITY_HISTORY, RUN_HISTORY, RUN_PROGRESS,
    RUN_TIMES, WATERMARKS, open_existing,
};
use super::{StateReader, StateStore, failed, partitions};
use jiff::Timestamp;
use redb::{Key, ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use rocky_base::{Result, SmolStr};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// What the project has, as far as it is known for certain.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its models; none when they could not all be read.
    pub models: Option<HashSet<SmolStr>>,
    /// The relations that its pipelines write, `catalog.schema.table` in lower case; none when they are not all known without asking a
    /// source.
    pub targets: Option<HashSet<String>>,
}

/// What kind of thing is wrong.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FindingKind {
    /// A value is not what the table holds.
    Unreadable,
    /// The list of runs names one that is not there.
    LostRun,
    /// A run is not in the list of runs.
    UnlistedRun,
    /// Models of a run that is not there.
    OrphanProgress,
    /// Partitions in progress of a run that is over.
    StalePartitions,
    /// Partitions of a model that the project does not have.
    GoneModel,
    /// The watermark of a relation that nothing in the project writes.
    OrphanWatermark,
}

impl FindingKind {
    /// `unreadable_value`, `lost_run` …
    pub fn as_str(self) -> &'static str {
        match self {
            FindingKind::Unreadable => "unreadable_value",
            FindingKind::LostRun => "lost_run",
            FindingKind::UnlistedRun => "unlisted_run",
            FindingKind::OrphanProgress => "orphan_progress",
            FindingKind::StalePartitions => "stale_partitions",
            FindingKind::GoneModel => "gone_model",
            FindingKind::OrphanWatermark => "orphan_watermark",
        }
    }
}

/// Something wrong, and what repairing does about it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The table.
    pub table: &'static str,
    /// The key, or the beginning that the keys have in common.
    pub key: Vec<String>,
    /// Rows concerned.
    pub rows: u64,
    /// One sentence.
    pub message: String,
    /// What repairing does.
    pub repair: &'static str,
}

/// What a look at a state store found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Audit {
    /// Rows by table.
    pub counts: BTreeMap<&'static str, u64>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

const REMOVE: &str = "remove";
const LIST: &str = "put it on the list";
const FAIL: &str = "mark as Failed, so that it is computed again";

impl StateReader {
    /// Read everything and say what is wrong.
    pub fn audit(&self, known: &Known) -> Result<Audit> {
        let path = self.path();
        let mut audit = Audit::default();
        self.read(|t| {
            let a = &mut audit;
            readable::<_, Watermark>(path, t, WATERMARKS, "watermarks", one, a)?;
            readable::<_, Partition>(path, t, PARTITIONS, "partitions", two, a)?;
            readable::<_, Vec<RowCount>>(path, t, CHECK_HISTORY, "check_history", one, a)?;
            let three = |k: (&str, i64, &str)| vec![k.0.to_owned(), k.1.to_string(), k.2.to_owned()];
            readable::<_, QualitySnapshot>(path, t, QUALITY_HISTORY, "quality_history", three, a)?;
            readable::<_, RunRecord>(path, t, RUN_HISTORY, "run_history", one, a)?;
            readable::<_, ModelExecution>(path, t, RUN_PROGRESS, "run_progress", two, a)?;
            let number = |k: i64| vec![k.to_string()];
            readable::<_, DagSnapshot>(path, t, DAG_SNAPSHOTS, "dag_snapshots", number, a)?;
            readable::<_, GraphModel>(path, t, DAG_MODELS, "dag_models", one, a)?;
            readable::<_, Note>(path, t, NOTES, "notes", two, a)?;
            runs(path, t, a)?;
            gone_models(path, t, known, a)?;
            orphan_watermarks(path, t, known, a)
        })?;
        self.stale(&mut audit)?;
        audit.findings.sort();
        Ok(audit)
    }

    fn stale(&self, audit: &mut Audit) -> Result<()> {
        let mut by_run: BTreeMap<(SmolStr, String), (u64, SmolStr, SmolStr)> = BTreeMap::new();
        for partition in self.stale_partitions()? {
            let key = partition.partition_key.clone();
            let of = by_run.entry((partition.model_name, partition.run_id)).or_insert((
                0,
                key.clone(),
                key.clone(),
            ));
            of.0 += 1;
            of.2 = key;
        }
        for ((model, run_id), (rows, first, last)) in by_run {
            let keys = if rows == 1 {
                format!("partition `{first}`")
            } else {
                format!("{rows} partitions from `{first}` to `{last}`")
            };
            audit.findings.push(Finding {
                kind: FindingKind::StalePartitions,
                table: "partitions",
                key: vec![model.to_string(), run_id.clone()],
                rows,
                message: format!("{keys} of `{model}` in progress by run `{run_id}`, which is over"),
                repair: FAIL,
            });
        }
        Ok(())
    }
}

fn one(key: &str) -> Vec<String> {
    vec![key.to_owned()]
}

fn two(key: (&str, &str)) -> Vec<String> {
    vec![key.0.to_owned(), key.1.to_owned()]
}

/// Count the rows and try every value.
fn readable<K: Key + 'static, T: DeserializeOwned>(
    path: &Path,
    transaction: &ReadTransaction,
    definition: TableDefinition<'static, K, &'static str>,
    name: &'static str,
    key_of: impl Fn(K::SelfType<'_>) -> Vec<String>,
    audit: &mut Audit,
) -> Result<()> {
    let mut rows = 0;
    if let Some(table) = open_existing(path, transaction, definition)? {
        for entry in table.iter().map_err(failed(path))? {
            let (key, value) = entry.map_err(failed(path))?;
            rows += 1;
            if let Err(error) = serde_json::from_str::<T>(value.value()) {
                let key = key_of(key.value());
                audit.findings.push(Finding {
                    kind: FindingKind::Unreadable,
                    table: name,
                    message: format!("`{}` in `{name}` cannot be read: {error}", key.join("`, `")),
                    key,
                    rows: 1,
                    repair: REMOVE,
                });
            }
        }
    }
    audit.counts.insert(name, rows);
    Ok(())
}

fn runs(path: &Path, transaction: &ReadTransaction, audit: &mut Audit) -> Result<()> {
    let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
    let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
    let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
    let mut listed: HashSet<String> = HashSet::new();
    for entry in times.iter().map_err(failed(path))? {
        let (key, _) = entry.map_err(failed(path))?;
        let (moment, run_id) = key.value();
        if history.get(run_id).map_err(failed(path))?.is_none() {
            audit.findings.push(Finding {
                kind: FindingKind::LostRun,
                table: "run_history_by_time",
                key: vec![moment.to_string(), run_id.to_owned()],
                rows: 1,
                message: format!("run `{run_id}` is listed but missing"),
                repair: REMOVE,
            });
        }
        listed.insert(run_id.to_owned());
    }
    audit
        .counts
        .insert("run_history_by_time", times.len().map_err(failed(path))?);
    for entry in history.iter().map_err(failed(path))? {
        let (key, _) = entry.map_err(failed(path))?;
        let run_id = key.value();
        if !listed.contains(run_id) {
            audit.findings.push(Finding {
                kind: FindingKind::UnlistedRun,
                table: "run_history",
                key: one(run_id),
                rows: 1,
                message: format!("run `{run_id}` is not in the list of runs, so nothing shows it"),
                repair: LIST,
            });
        }
    }
    let mut orphans: BTreeMap<String, u64> = BTreeMap::new();
    let mut last: Option<(String, bool)> = None;
    for entry in progress.iter().map_err(failed(path))? {
        let (key, _) = entry.map_err(failed(path))?;
        let (run_id, _) = key.value();
        let known = match &last {
            Some((run, known)) if run == run_id => *known,
            _ => {
                let known = history.get(run_id).map_err(failed(path))?.is_some();
                last = Some((run_id.to_owned(), known));
                known
            }
        };
        if !known {
            *orphans.entry(run_id.to_owned()).or_default() += 1;
        }
    }
    for (run_id, rows) in orphans {
        audit.findings.push(Finding {
            kind: FindingKind::OrphanProgress,
            table: "run_progress",
            rows,
            message: format!(
                "{rows} model{} of run `{run_id}`, which is not there",
                if rows == 1 { "" } else { "s" }
            ),
            key: vec![run_id],
            repair: REMOVE,
        });
    }
    Ok(())
}

fn gone_models(path: &Path, transaction: &ReadTransaction, known: &Known, audit: &mut Audit) -> Result<()> {
    let (Some(models), Some(table)) = (&known.models, open_existing(path, transaction, PARTITIONS)?) else {
        return Ok(());
    };
    let mut gone: BTreeMap<String, u64> = BTreeMap::new();
    for entry in table.iter().map_err(failed(path))? {
        let (key, _) = entry.map_err(failed(path))?;
        let (model, _) = key.value();
        if !models.contains(model) {
            *gone.entry(model.to_owned()).or_default() += 1;
        }
    }
    for (model, rows) in gone {
        audit.findings.push(Finding {
            kind: FindingKind::GoneModel,
            table: "partitions",
            rows,
            message: format!(
                "{rows} partition{} of `{model}`, which is no model of the project",
                if rows == 1 { "" } else { "s" }
            ),
            key: vec![model],
            repair: REMOVE,
        });
    }
    Ok(())
}

fn orphan_watermarks(
    path: &Path,
    transaction: &ReadTransaction,
    known: &Known,
    audit: &mut Audit,
) -> Result<()> {
    let Some(targets) = &known.targets else {
        return Ok(());
    };
    let table = transaction.open_table(WATERMARKS).map_err(failed(path))?;
    for entry in table.iter().map_err(failed(path))? {
        let (key, _) = entry.map_err(failed(path))?;
        let target = key.value();
        if !targets.contains(&target.to_lowercase()) {
            audit.findings.push(Finding {
                kind: FindingKind::OrphanWatermark,
                table: "watermarks",
                key: one(target),
                rows: 1,
                message: format!("watermark of `{target}`, which nothing in the project writes"),
                repair: REMOVE,
            });
        }
    }
    Ok(())
}

impl StateStore {
    /// Put right what [`StateReader::audit`] finds, in one commit. Returns what was found and put right.
    pub fn repair(&self, known: &Known, now: Timestamp) -> Result<Audit> {
        let audit = self.reader().audit(known)?;
        if !audit.findings.is_empty() {
            self.write(|transaction| {
                audit
                    .findings
                    .iter()
                    .try_for_each(|finding| fix(self, transaction, finding, now))
            })?;
        }
        Ok(audit)
    }
}

fn fix(store: &StateStore, transaction: &WriteTransaction, finding: &Finding, now: Timestamp) -> Result<()> {
    let path = store.path();
    let key: Vec<&str> = finding.key.iter().map(String::as_str).collect();
    match (finding.kind, key.as_slice()) {
        (FindingKind::Unreadable, key) => remove_unreadable(path, transaction, finding.table, key),
        (FindingKind::LostRun, [moment, run_id]) => {
            let mut times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            if let Ok(moment) = moment.parse::<i64>() {
                times.remove((moment, *run_id)).map_err(failed(path))?;
            }
            Ok(())
        }
        (FindingKind::UnlistedRun, [run_id]) => {
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let Some(value) = history.get(*run_id).map_err(failed(path))? else {
                return Ok(());
            };
            // One that cannot be read was removed before.
            let Ok(run) = serde_json::from_str::<RunRecord>(value.value()) else {
                return Ok(());
            };
            let mut times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            times
                .insert((run.started_at.as_microsecond(), *run_id), ())
                .map_err(failed(path))?;
            Ok(())
        }
        (FindingKind::OrphanProgress, [run_id]) => {
            let mut progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            let after = format!("{run_id}\0");
            progress
                .retain_in((*run_id, "")..(after.as_str(), ""), |_, _| false)
                .map_err(failed(path))
        }
        (FindingKind::GoneModel, [model]) => {
            let mut table = transaction.open_table(PARTITIONS).map_err(failed(path))?;
            let after = format!("{model}\0");
            table
                .retain_in((*model, "")..(after.as_str(), ""), |_, _| false)
                .map_err(failed(path))
        }
        (FindingKind::StalePartitions, [model, run_id]) => {
            fail_partitions(store, transaction, model, run_id, now)
        }
        (FindingKind::OrphanWatermark, [target]) => {
            let mut table = transaction.open_table(WATERMARKS).map_err(failed(path))?;
            table.remove(*target).map_err(failed(path))?;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn fail_partitions(
    store: &StateStore,
    transaction: &WriteTransaction,
    model: &str,
    run_id: &str,
    now: Timestamp,
) -> Result<()> {
    let path = store.path();
    if store.is_active(run_id) {
        return Ok(());
    }
    let mut failed_ones = Vec::new();
    {
        let table = transaction.open_table(PARTITIONS).map_err(failed(path))?;
        let after = format!("{model}\0");
        for entry in table
            .range((model, "")..(after.as_str(), ""))
            .map_err(failed(path))?
        {
            let (key, value) = entry.map_err(failed(path))?;
            let Ok(partition) = partitions::partition(path, model, key.value().1, value.value()) else {
                continue;
            };
            if partition.status == PartitionStatus::InProgress && partition.run_id == run_id {
                failed_ones.push(Partition {
                    status: PartitionStatus::Failed,
                    computed_at: now,
                    error: Some("the run ended before it was computed".to_owned()),
                    ..partition
                });
            }
        }
    }
    partitions::put(path, transaction, &failed_ones)
}

fn remove_unreadable(path: &Path, transaction: &WriteTransaction, table: &str, key: &[&str]) -> Result<()> {
    fn remove<K: Key + 'static>(
        path: &Path,
        transaction: &WriteTransaction,
        definition: TableDefinition<'static, K, &'static str>,
        key: K::SelfType<'_>,
    ) -> Result<()> {
        let mut table = transaction.open_table(definition).map_err(failed(path))?;
        table.remove(key).map(drop).map_err(failed(path))
    }
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    match (table, key) {
        ("watermarks", [k]) => remove(path, transaction, WATERMARKS, *k),
        ("partitions", [a, b]) => remove(path, transaction, PARTITIONS, (*a, *b)),
        ("check_history", [k]) => remove(path, transaction, CHECK_HISTORY, *k),
        ("quality_history", [a, m, b]) => remove(path, transaction, QUALITY_HISTORY, (*a, number(m), *b)),
        ("run_history", [k]) => {
            // With it goes its place in the list and its models, which would be orphans.
            let mut listed: BTreeSet<i64> = BTreeSet::new();
            let mut times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            for entry in times.iter().map_err(failed(path))? {
                let (key, _) = entry.map_err(failed(path))?;
                if key.value().1 == *k {
                    listed.insert(key.value().0);
                }
            }
            for moment in listed {
                times.remove((moment, *k)).map_err(failed(path))?;
            }
            let mut progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            let after = format!("{k}\0");
            progress
                .retain_in((*k, "")..(after.as_str(), ""), |_, _| false)
                .map_err(failed(path))?;
            remove(path, transaction, RUN_HISTORY, *k)
        }
        ("run_progress", [a, b]) => remove(path, transaction, RUN_PROGRESS, (*a, *b)),
        ("dag_snapshots", [k]) => remove(path, transaction, DAG_SNAPSHOTS, number(k)),
        ("dag_models", [k]) => remove(path, transaction, DAG_MODELS, *k),
        ("notes", [a, b]) => remove(path, transaction, NOTES, (*a, *b)),
        _ => Ok(()),
    }
}
