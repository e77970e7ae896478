//! Partitions of time_interval models.
//!
//! A run claims every key of a batch before it touches the target and settles them after. Only one process writes the state, so
//! whoever writes knows: a partition in progress of a run that is not under way in this process was left by one that died, and is
//! taken over. Readers, who cannot know that, look at the run ([`StateReader::stale_partitions`]).

use super::records::{Partition, PartitionStatus};
use super::tables::{PARTITIONS, RUN_HISTORY, open_existing};
use super::{RunRecord, StateReader, StateStore, failed, from_json, to_json};
use jiff::Timestamp;
use redb::{ReadableTable, Table, WriteTransaction};
use rocky_base::{Error, ErrorKind, Result, SmolStr};
use serde::Deserialize;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::Path;

/// Partitions of a model, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PartitionCounts {
    /// Model name.
    pub model_name: SmolStr,
    /// In the target.
    pub computed: u64,
    /// Tried in vain.
    pub failed: u64,
    /// A run is at them, or was when it died.
    pub in_progress: u64,
    /// The first key.
    pub first: SmolStr,
    /// The last key.
    pub last: SmolStr,
}

impl StateStore {
    /// Say, before the target is touched, that a run is at these partitions of a model: all of them or, with
    /// [`ErrorKind::Locked`], none, when another run of this process is at one of them. One commit.
    ///
    /// Returns those that a run which died had left in progress; they are taken over.
    pub fn claim_partitions(
        &self,
        run_id: &str,
        model: &str,
        keys: &[SmolStr],
        at: Timestamp,
    ) -> Result<Vec<Partition>> {
        let path = self.path();
        self.write(|transaction| {
            let mut table = transaction.open_table(PARTITIONS).map_err(failed(path))?;
            let mut left = Vec::new();
            for key in keys {
                let place = (model, key.as_str());
                if let Some(value) = table.get(place).map_err(failed(path))? {
                    let was = partition(path, model, key, value.value())?;
                    if was.status == PartitionStatus::InProgress && was.run_id != run_id {
                        if self.is_active(&was.run_id) {
                            return Err(taken(&was));
                        }
                        left.push(was);
                    }
                }
                let claimed = Partition::new(model, key.clone(), PartitionStatus::InProgress, run_id, at);
                table
                    .insert(place, to_json(&claimed)?.as_str())
                    .map_err(failed(path))?;
            }
            Ok(left)
        })
    }

    /// Say what became of partitions, in one commit. See also [`super::StateBatch::partition`].
    pub fn put_partitions(&self, partitions: &[Partition]) -> Result<()> {
        self.write(|transaction| put(self.path(), transaction, partitions))
    }

    /// Forget all partitions of a model, before its target is made anew: what was computed is not in there.
    pub fn forget_partitions(&self, model: &str) -> Result<()> {
        let path = self.path();
        self.write(|transaction| {
            let mut table = transaction.open_table(PARTITIONS).map_err(failed(path))?;
            let after = format!("{model}\0");
            table
                .retain_in((model, "")..(after.as_str(), ""), |_, _| false)
                .map_err(failed(path))
        })
    }

    /// Forget a partition: `--missing` computes it again. False when nothing was known of it.
    pub fn delete_partition(&self, model: &str, key: &str) -> Result<bool> {
        let path = self.path();
        self.write(|transaction| {
            let mut table = transaction.open_table(PARTITIONS).map_err(failed(path))?;
            let removed = table.remove((model, key)).map_err(failed(path))?;
            Ok(removed.is_some())
        })
    }
}

fn taken(partition: &Partition) -> Error {
    Error::new(
        ErrorKind::Locked,
        format!(
            "partition `{}` of `{}` is being computed by run `{}`",
            partition.partition_key, partition.model_name, partition.run_id
        ),
    )
    .hint("wait until that run has ended")
}

pub(super) fn put(path: &Path, transaction: &WriteTransaction, partitions: &[Partition]) -> Result<()> {
    if partitions.is_empty() {
        return Ok(());
    }
    let mut table = transaction.open_table(PARTITIONS).map_err(failed(path))?;
    for partition in partitions {
        insert(path, &mut table, partition)?;
    }
    Ok(())
}

fn insert(
    path: &Path,
    table: &mut Table<'_, (&'static str, &'static str), &'static str>,
    partition: &Partition,
) -> Result<()> {
    let mut shortened = None;
    if partition.error.as_ref().is_some_and(|e| super::store::is_long(e)) {
        let mut short = partition.clone();
        short.error = short.error.as_deref().map(super::store::shortened);
        shortened = Some(short);
    }
    let place = (partition.model_name.as_str(), partition.partition_key.as_str());
    table
        .insert(place, to_json(shortened.as_ref().unwrap_or(partition))?.as_str())
        .map_err(failed(path))?;
    Ok(())
}

pub(super) fn partition(path: &Path, model: &str, key: &str, json: &str) -> Result<Partition> {
    let mut partition: Partition = from_json(path, "partitions", json)?;
    partition.model_name = SmolStr::new(model);
    partition.partition_key = SmolStr::new(key);
    Ok(partition)
}

/// The one field of a partition that planning reads.
#[derive(Deserialize)]
struct StatusOnly {
    status: PartitionStatus,
}

impl StateReader {
    /// A partition, when something is known of it.
    pub fn partition(&self, model: &str, key: &str) -> Result<Option<Partition>> {
        let path = self.path();
        self.read(|transaction| {
            let Some(table) = open_existing(path, transaction, PARTITIONS)? else {
                return Ok(None);
            };
            match table.get((model, key)).map_err(failed(path))? {
                Some(value) => partition(path, model, key, value.value()).map(Some),
                None => Ok(None),
            }
        })
    }

    /// The partitions of a model with keys in this range, in order of time.
    pub fn partitions(&self, model: &str, keys: RangeInclusive<&str>) -> Result<Vec<Partition>> {
        let mut found = Vec::new();
        self.each_partition(model, keys, |key, json| {
            found.push(partition(self.path(), model, key, json)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Keys and status of the partitions of a model in this range, in order of time: what `--missing` needs, some ten times faster
    /// than the whole.
    pub fn partition_statuses(
        &self,
        model: &str,
        keys: RangeInclusive<&str>,
    ) -> Result<Vec<(SmolStr, PartitionStatus)>> {
        let mut found = Vec::new();
        self.each_partition(model, keys, |key, json| {
            let status = match status_first(json) {
                Some(status) => status,
                None => from_json::<StatusOnly>(self.path(), "partitions", json)?.status,
            };
            found.push((SmolStr::new(key), status));
            Ok(())
        })?;
        Ok(found)
    }

    fn each_partition(
        &self,
        model: &str,
        keys: RangeInclusive<&str>,
        mut f: impl FnMut(&str, &str) -> Result<()>,
    ) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let path = self.path();
        self.read(|transaction| {
            let Some(table) = open_existing(path, transaction, PARTITIONS)? else {
                return Ok(());
            };
            let range = (model, *keys.start())..=(model, *keys.end());
            for entry in table.range(range).map_err(failed(path))? {
                let (key, value) = entry.map_err(failed(path))?;
                f(key.value().1, value.value())?;
            }
            Ok(())
        })
    }

    /// How many partitions of which status every model has, by model.
    pub fn partition_counts(&self) -> Result<Vec<PartitionCounts>> {
        let path = self.path();
        self.read(|transaction| {
            let mut counts: Vec<PartitionCounts> = Vec::new();
            let Some(table) = open_existing(path, transaction, PARTITIONS)? else {
                return Ok(counts);
            };
            for entry in table.iter().map_err(failed(path))? {
                let (key, value) = entry.map_err(failed(path))?;
                let (model, key) = key.value();
                if counts.last().is_none_or(|c| c.model_name != model) {
                    counts.push(PartitionCounts {
                        model_name: SmolStr::new(model),
                        first: SmolStr::new(key),
                        ..PartitionCounts::default()
                    });
                }
                let Some(count) = counts.last_mut() else { continue };
                count.last = SmolStr::new(key);
                let status = match status_first(value.value()) {
                    Some(status) => status,
                    None => from_json::<StatusOnly>(path, "partitions", value.value())?.status,
                };
                match status {
                    PartitionStatus::Computed => count.computed += 1,
                    PartitionStatus::Failed => count.failed += 1,
                    PartitionStatus::InProgress => count.in_progress += 1,
                }
            }
            Ok(counts)
        })
    }

    /// Partitions in progress of runs that are not under way: ended, forgotten, or their process is gone. A run of another machine
    /// of which nothing can be told is not listed; a writer takes its partitions over all the same, as there is only one.
    pub fn stale_partitions(&self) -> Result<Vec<Partition>> {
        let path = self.path();
        self.read(|transaction| {
            let mut stale = Vec::new();
            let Some(table) = open_existing(path, transaction, PARTITIONS)? else {
                return Ok(stale);
            };
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let mut runs: HashMap<String, bool> = HashMap::new();
            for entry in table.iter().map_err(failed(path))? {
                let (key, value) = entry.map_err(failed(path))?;
                if status_first(value.value()).is_some_and(|s| s != PartitionStatus::InProgress) {
                    continue;
                }
                let (model, key) = key.value();
                let Ok(partition) = partition(path, model, key, value.value()) else {
                    continue;
                };
                if partition.status != PartitionStatus::InProgress {
                    continue;
                }
                let ended = match runs.get(&partition.run_id) {
                    Some(ended) => *ended,
                    None => {
                        let run = history.get(partition.run_id.as_str()).map_err(failed(path))?;
                        let run = run.and_then(|v| serde_json::from_str::<RunRecord>(v.value()).ok());
                        let ended = self.has_ended(&partition.run_id, run.as_ref());
                        runs.insert(partition.run_id.clone(), ended);
                        ended
                    }
                };
                if ended {
                    stale.push(partition);
                }
            }
            Ok(stale)
        })
    }
}

/// The status without reading the rest: it is the first field of what is written here.
fn status_first(json: &str) -> Option<PartitionStatus> {
    let rest = json.strip_prefix("{\"status\":\"")?;
    let (status, _) = rest.split_once('"')?;
    match status {
        "Computed" => Some(PartitionStatus::Computed),
        "Failed" => Some(PartitionStatus::Failed),
        "InProgress" => Some(PartitionStatus::InProgress),
        _ => None,
    }
}
