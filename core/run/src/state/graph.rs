//! The project's graph over time: a snapshot for every run that found it changed.

use super::records::{DagChange, DagSnapshot, GraphModel};
use super::tables::{DAG_MODELS, DAG_SNAPSHOTS, open_existing};
use super::{StateReader, StateStore, failed, from_json, to_json};
use jiff::Timestamp;
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};
use rocky_base::{Result, SmolStr};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Changes that a snapshot lists; a branch that renames every model has more.
const KEPT_CHANGES: usize = 1000;
/// Snapshots that are kept.
const KEPT_SNAPSHOTS: u64 = 1000;

impl StateStore {
    /// Remember the graph when it is not the one remembered last; `models` is called only then. Returns the new snapshot.
    pub fn record_graph(
        &self,
        run_id: &str,
        at: Timestamp,
        graph_hash: &str,
        models: impl FnOnce() -> Vec<GraphModel>,
    ) -> Result<Option<DagSnapshot>> {
        if self.reader().graph_hash()?.as_deref() == Some(graph_hash) {
            return Ok(None);
        }
        let models: BTreeMap<SmolStr, GraphModel> =
            models().into_iter().map(|m| (m.name.clone(), m)).collect();
        let path = self.path();
        self.write(|transaction| {
            let mut snapshot = DagSnapshot {
                timestamp: at,
                run_id: run_id.to_owned(),
                graph_hash: graph_hash.to_owned(),
                model_count: models.len() as u64,
                edge_count: models.values().map(|m| m.depends_on.len() as u64).sum(),
                changes: Vec::new(),
                changes_omitted: 0,
            };
            let mut snapshots = transaction.open_table(DAG_SNAPSHOTS).map_err(failed(path))?;
            let last: Option<(i64, DagSnapshot)> = match snapshots.last().map_err(failed(path))? {
                Some((key, value)) => Some((key.value(), from_json(path, "dag_snapshots", value.value())?)),
                None => None,
            };
            let changes = replace_models(path, transaction, &models)?;
            if let Some((moment, last)) = &last {
                if changes.is_empty() {
                    // Another build hashes otherwise.
                    let graph_hash = snapshot.graph_hash;
                    let last = DagSnapshot {
                        graph_hash,
                        ..last.clone()
                    };
                    snapshots
                        .insert(*moment, to_json(&last)?.as_str())
                        .map_err(failed(path))?;
                    return Ok(None);
                }
                snapshot.changes_omitted = changes.len().saturating_sub(KEPT_CHANGES) as u64;
                snapshot.changes = changes;
                snapshot.changes.truncate(KEPT_CHANGES);
            }
            let last = last.map(|(moment, _)| moment);
            let moment = last
                .map_or(i64::MIN, |l| l.saturating_add(1))
                .max(at.as_microsecond());
            snapshots
                .insert(moment, to_json(&snapshot)?.as_str())
                .map_err(failed(path))?;
            if snapshots.len().map_err(failed(path))? > KEPT_SNAPSHOTS {
                snapshots.pop_first().map_err(failed(path))?;
            }
            Ok(Some(snapshot))
        })
    }
}

/// Let the table hold these models, and say what changed. Rows that stay are not written.
fn replace_models(
    path: &Path,
    transaction: &WriteTransaction,
    models: &BTreeMap<SmolStr, GraphModel>,
) -> Result<Vec<DagChange>> {
    let mut table = transaction.open_table(DAG_MODELS).map_err(failed(path))?;
    let mut before: BTreeMap<SmolStr, GraphModel> = BTreeMap::new();
    for entry in table.iter().map_err(failed(path))? {
        let (key, value) = entry.map_err(failed(path))?;
        let model: GraphModel = from_json(path, "dag_models", value.value())?;
        before.insert(SmolStr::new(key.value()), model);
    }
    for name in before.keys().filter(|name| !models.contains_key(*name)) {
        table.remove(name.as_str()).map_err(failed(path))?;
    }
    for (name, model) in models {
        let same = before
            .get(name)
            .is_some_and(|b| b.columns == model.columns && b.depends_on == model.depends_on);
        if !same {
            table
                .insert(name.as_str(), to_json(model)?.as_str())
                .map_err(failed(path))?;
        }
    }
    Ok(changes(&before, models))
}

fn changes(before: &BTreeMap<SmolStr, GraphModel>, after: &BTreeMap<SmolStr, GraphModel>) -> Vec<DagChange> {
    let mut changes = Vec::new();
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        changes.push(DagChange::ModelAdded(name.clone()));
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        changes.push(DagChange::ModelRemoved(name.clone()));
    }
    let none = GraphModel::default();
    for (name, now) in after {
        let was = before.get(name);
        // The columns of a new model are no news.
        if let Some(was) = was {
            columns(name, was, now, &mut changes);
        }
        dependencies(name, was.unwrap_or(&none), now, &mut changes);
    }
    changes
}

fn columns(name: &SmolStr, was: &GraphModel, now: &GraphModel, changes: &mut Vec<DagChange>) {
    let types =
        |model: &GraphModel| -> BTreeMap<SmolStr, SmolStr> { model.columns.iter().cloned().collect() };
    let (before, after) = (types(was), types(now));
    for (column, to) in &after {
        let (model, column) = (name.clone(), column.clone());
        match before.get(&column) {
            None => changes.push(DagChange::ColumnAdded { model, column }),
            Some(from) if from != to => changes.push(DagChange::ColumnTypeChanged {
                model,
                column,
                from: from.clone(),
                to: to.clone(),
            }),
            Some(_) => {}
        }
    }
    for column in before.keys().filter(|c| !after.contains_key(*c)) {
        let (model, column) = (name.clone(), column.clone());
        changes.push(DagChange::ColumnRemoved { model, column });
    }
}

fn dependencies(name: &SmolStr, was: &GraphModel, now: &GraphModel, changes: &mut Vec<DagChange>) {
    let set = |model: &GraphModel| -> BTreeSet<SmolStr> { model.depends_on.iter().cloned().collect() };
    let (before, after) = (set(was), set(now));
    for from in after.difference(&before) {
        let (from, to) = (from.clone(), name.clone());
        changes.push(DagChange::DependencyAdded { from, to });
    }
    for from in before.difference(&after) {
        let (from, to) = (from.clone(), name.clone());
        changes.push(DagChange::DependencyRemoved { from, to });
    }
}

impl StateReader {
    /// Hash of the graph remembered last.
    pub fn graph_hash(&self) -> Result<Option<String>> {
        Ok(self.graphs(1)?.pop().map(|s| s.graph_hash))
    }

    /// The newest snapshots of the graph, newest first, at most `limit`.
    pub fn graphs(&self, limit: usize) -> Result<Vec<DagSnapshot>> {
        let path = self.path();
        self.read(|transaction| {
            let Some(table) = open_existing(path, transaction, DAG_SNAPSHOTS)? else {
                return Ok(Vec::new());
            };
            let mut found = Vec::new();
            for entry in table.iter().map_err(failed(path))?.rev().take(limit) {
                let (_, value) = entry.map_err(failed(path))?;
                found.push(from_json(path, "dag_snapshots", value.value())?);
            }
            Ok(found)
        })
    }
}
