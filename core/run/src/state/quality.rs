//! What checks measured: row counts, the baseline of anomaly detection, and quality by run.

use super::records::{QualityMetrics, QualitySnapshot, RowCount};
use super::tables::{CHECK_HISTORY, QUALITY_HISTORY, open_existing};
use super::{StateReader, StateStore, failed, from_json, to_json};
use redb::{ReadableTable, WriteTransaction};
use rocky_base::{Result, SmolStr};
use std::path::Path;

/// Row counts kept of a table.
pub const KEPT_ROW_COUNTS: usize = 10;
/// Quality snapshots kept of a model, and some more before they are dropped together.
pub const KEPT_QUALITY: usize = 1000;

impl StateStore {
    /// Append a row count of a table (`catalog.schema.table`); the oldest beyond [`KEPT_ROW_COUNTS`] are dropped. Compare with
    /// [`StateReader::row_counts`] before appending.
    pub fn put_row_count(&self, table: &str, count: &RowCount) -> Result<()> {
        self.write(|transaction| put_row_count(self.path(), transaction, table, count))
    }

    /// Remember what a run measured of a table. Measurements of the same run and table are put together.
    pub fn put_quality(&self, snapshot: &QualitySnapshot) -> Result<()> {
        self.write(|transaction| put_quality(self.path(), transaction, snapshot))
    }
}

pub(super) fn put_row_count(
    path: &Path,
    transaction: &WriteTransaction,
    table: &str,
    count: &RowCount,
) -> Result<()> {
    let mut history = transaction.open_table(CHECK_HISTORY).map_err(failed(path))?;
    let mut counts: Vec<RowCount> = match history.get(table).map_err(failed(path))? {
        Some(value) => from_json(path, "check_history", value.value())?,
        None => Vec::new(),
    };
    // Two checks of one run count one table: the later one is right.
    if !count.run_id.is_empty() && counts.last().is_some_and(|last| last.run_id == count.run_id) {
        counts.pop();
    }
    counts.push(count.clone());
    counts.drain(..counts.len().saturating_sub(KEPT_ROW_COUNTS));
    history
        .insert(table, to_json(&counts)?.as_str())
        .map_err(failed(path))?;
    Ok(())
}

pub(super) fn put_quality(
    path: &Path,
    transaction: &WriteTransaction,
    snapshot: &QualitySnapshot,
) -> Result<()> {
    let mut table = transaction.open_table(QUALITY_HISTORY).map_err(failed(path))?;
    let model = snapshot.model_name.as_str();
    let mut snapshot = snapshot.clone();
    let mut moment = snapshot.timestamp.as_microsecond();
    let mut again = None;
    // Later in the table than what is there, also when the clock went back.
    if let Some(entry) = table.range(of(model)).map_err(failed(path))?.next_back() {
        let (key, value) = entry.map_err(failed(path))?;
        let (_, last, run_id) = key.value();
        if run_id == snapshot.run_id {
            let before: QualitySnapshot = from_json(path, "quality_history", value.value())?;
            again = Some((last, before.metrics));
        } else {
            moment = moment.max(last.saturating_add(1));
        }
    }
    if let Some((last, before)) = again {
        moment = last;
        snapshot.metrics = merged(before, snapshot.metrics);
    }
    table
        .insert(
            (model, moment, snapshot.run_id.as_str()),
            to_json(&snapshot)?.as_str(),
        )
        .map_err(failed(path))?;
    drop_oldest(path, &mut table, model, moment)
}

/// The rows of a model.
fn of(model: &str) -> std::ops::RangeInclusive<(&str, i64, &str)> {
    // No run is named by the last character alone.
    (model, i64::MIN, "")..=(model, i64::MAX, "\u{10ffff}")
}

fn merged(before: QualityMetrics, now: QualityMetrics) -> QualityMetrics {
    let mut null_rates = before.null_rates;
    null_rates.extend(now.null_rates);
    QualityMetrics {
        row_count: now.row_count,
        null_rates,
        freshness_lag_seconds: now.freshness_lag_seconds.or(before.freshness_lag_seconds),
    }
}

/// Looking at what is kept of a model costs that much, so only one write in some sixty does it: the cost of a write does not depend on the past.
fn drop_oldest(
    path: &Path,
    table: &mut redb::Table<'_, (&'static str, i64, &'static str), &'static str>,
    model: &str,
    moment: i64,
) -> Result<()> {
    const ONE_IN: i64 = 61;
    if moment % ONE_IN != 0 {
        return Ok(());
    }
    let last_dropped = {
        let mut kept = table.range(of(model)).map_err(failed(path))?.rev();
        match kept.nth(KEPT_QUALITY) {
            Some(entry) => {
                let (key, _) = entry.map_err(failed(path))?;
                let (_, moment, run_id) = key.value();
                (moment, run_id.to_owned())
            }
            None => return Ok(()),
        }
    };
    let range = (model, i64::MIN, "")..=(model, last_dropped.0, last_dropped.1.as_str());
    table.retain_in(range, |_, _| false).map_err(failed(path))
}

impl StateReader {
    /// The newest row counts of a table, newest last.
    pub fn row_counts(&self, table: &str) -> Result<Vec<RowCount>> {
        let path = self.path();
        self.read(|transaction| {
            let Some(history) = open_existing(path, transaction, CHECK_HISTORY)? else {
                return Ok(Vec::new());
            };
            match history.get(table).map_err(failed(path))? {
                Some(value) => from_json(path, "check_history", value.value()),
                None => Ok(Vec::new()),
            }
        })
    }

    /// The newest quality snapshots of a model, newest first, at most `limit`.
    pub fn quality(&self, model: &str, limit: usize) -> Result<Vec<QualitySnapshot>> {
        let path = self.path();
        self.read(|transaction| {
            let Some(table) = open_existing(path, transaction, QUALITY_HISTORY)? else {
                return Ok(Vec::new());
            };
            let mut found = Vec::new();
            for entry in table.range(of(model)).map_err(failed(path))?.rev().take(limit) {
                let (key, value) = entry.map_err(failed(path))?;
                let (model, _, run_id) = key.value();
                let mut snapshot: QualitySnapshot = from_json(path, "quality_history", value.value())?;
                snapshot.model_name = SmolStr::new(model);
                snapshot.run_id = run_id.to_owned();
                found.push(snapshot);
            }
            Ok(found)
        })
    }
}
