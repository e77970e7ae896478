//! `state delete`, `state set` and `state sweep`.

use super::{StateAction, StateRequest, Watermark};
use crate::document::timestamp;
use crate::project::Project;
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result, SmolStr};
use rocky_config::{Granularity, RetentionConfig};
use rocky_plan::window::Key;
use rocky_run::state::{Partition, PartitionStatus, Retention, Swept};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A partition of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WirePartition {
    /// The model.
    pub model_name: String,
    /// Its key.
    pub partition_key: String,
    /// `Computed`, `Failed`, `InProgress`.
    pub status: String,
    /// When it got this status (RFC 3339).
    pub computed_at: String,
    /// Rows in it, where known.
    pub row_count: Option<u64>,
    /// Milliseconds; of the whole batch when it was computed in one.
    pub duration_ms: u64,
    /// The run that was at it last.
    pub run_id: String,
    /// Hash of its contents, where one is taken.
    pub checksum: Option<String>,
    /// First and last key of the batch that it was computed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl WirePartition {
    pub(super) fn of(p: Partition) -> WirePartition {
        WirePartition {
            model_name: p.model_name.to_string(),
            partition_key: p.partition_key.to_string(),
            status: p.status.as_str().to_owned(),
            computed_at: p.computed_at.to_string(),
            row_count: p.row_count,
            duration_ms: p.duration_ms,
            run_id: p.run_id,
            checksum: p.checksum,
            batch: p.batch,
            error: p.error,
        }
    }
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateChange {
    /// Engine version.
    pub version: String,
    /// `state_delete`, `state_set`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The state file.
    pub state_path: String,
    /// The watermark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<WatermarkChange>,
    /// The partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<PartitionChange>,
}

/// A watermark before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WatermarkChange {
    /// `catalog.schema.table`.
    pub table: String,
    /// As it was; none when there was none.
    pub before: Option<Watermark>,
    /// As it is; none when it was deleted.
    pub after: Option<Watermark>,
}

/// A partition before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartitionChange {
    /// As it was; none when nothing was known of it.
    pub before: Option<WirePartition>,
    /// As it is; none when it was deleted.
    pub after: Option<WirePartition>,
}

/// What was forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateSweep {
    /// Engine version.
    pub version: String,
    /// `state_sweep`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The state file.
    pub state_path: String,
    /// Runs.
    pub runs: u64,
    /// Models in them.
    pub models: u64,
    /// Measurements of them.
    pub measurements: u64,
    /// Snapshots of the graph.
    pub graphs: u64,
}

pub(super) fn change(
    project: &Project,
    request: &StateRequest,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<StateChange> {
    let set = request.action == StateAction::Set;
    let value = match (&request.value, set) {
        (None, true) => return Err(Error::usage("`set` needs a `value`")),
        (value, _) => value.as_deref(),
    };
    let mut response = StateChange {
        version: crate::VERSION.to_owned(),
        command: request.action.command().to_owned(),
        schema_version: crate::SCHEMA_VERSION,
        state_path: project.state_path().display().to_string(),
        watermark: None,
        partition: None,
    };
    let now = timestamp(project.host.system.now());
    match (
        &request.watermark,
        request.model.as_deref().zip(request.partition.as_deref()),
    ) {
        (Some(table), None) if request.model.is_none() && request.partition.is_none() => {
            if set && (table.is_empty() || value == Some("")) {
                return Err(Error::usage("a watermark is of a table, and has a value")
                    .hint("write `rocky state set --watermark catalog.schema.table VALUE`"));
            }
            there(
                project,
                set,
                || no_watermark(project, table),
                |reader| Ok(reader.watermark(table)?.is_some()),
            )?;
            let (before, after) = project.change_state(observer, cancel, |store| {
                let before = store.reader().watermark(table)?;
                match value {
                    Some(value) => store.put_watermark(table, value, now)?,
                    None => drop(store.delete_watermark(table)?),
                }
                Ok((before, store.reader().watermark(table)?))
            })?;
            response.watermark = Some(WatermarkChange {
                table: table.clone(),
                before: before.map(Watermark::of),
                after: after.map(Watermark::of),
            });
        }
        (None, Some((model, key))) => {
            let status = value.map(status).transpose()?;
            let (known, unknown) = match set {
                true => partition_key(project, model, key, observer, cancel)?,
                false => (SmolStr::new(key), None),
            };
            let key = known.as_str();
            // What a model had before it was renamed or removed may be put right.
            let had_some = |reader: &rocky_run::StateReader| -> Result<bool> {
                Ok(!reader.partition_statuses(model, ""..="\u{10FFFF}")?.is_empty())
            };
            if let Some(refusal) = &unknown
                && project.remote_settings()?.is_none()
            {
                match project.engine.inner.states.reader(project.state_path())? {
                    Some(reader) if had_some(&reader)? => {}
                    _ => return Err(refusal()),
                }
            }
            there(
                project,
                set,
                || no_partition(model, key),
                |reader| Ok(reader.partition(model, key)?.is_some()),
            )?;
            let (before, after) = project.change_state(observer, cancel, |store| {
                if let Some(refusal) = &unknown
                    && !had_some(&store.reader())?
                {
                    return Err(refusal());
                }
                let before = store.reader().partition(model, key)?;
                if let Some(at_it) = before
                    .as_ref()
                    .filter(|p| p.status == PartitionStatus::InProgress && store.is_active(&p.run_id))
                {
                    return Err(Error::new(
                        ErrorKind::Locked,
                        format!("run `{}` is at this partition", at_it.run_id),
                    )
                    .hint("wait until that run has ended"));
                }
                match status {
                    Some(status) => {
                        let by_hand = Partition::new(
                            model,
                            key,
                            status,
                            before.as_ref().map_or_else(String::new, |p| p.run_id.clone()),
                            now,
                        );
                        store.put_partitions(&[by_hand])?;
                    }
                    None => drop(store.delete_partition(model, key)?),
                }
                Ok((before, store.reader().partition(model, key)?))
            })?;
            response.partition = Some(PartitionChange {
                before: before.map(WirePartition::of),
                after: after.map(WirePartition::of),
            });
        }
        _ => {
            return Err(Error::usage(
                "name one watermark, or one model and one partition of it",
            ));
        }
    }
    Ok(response)
}

/// What is said of a partition must be of one that the model can have: `--missing` would never ask for another. Of a model that is not known
/// for certain, or has no partitions any more, the text must be a partition at all. Of one that is known not to exist nothing is said, unless
/// the state knows partitions of it: the second value makes that refusal.
fn partition_key(
    project: &Project,
    model: &str,
    text: &str,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<(SmolStr, Option<Refusal>)> {
    let compiled = project.snapshot(&BTreeMap::new(), project.known_catalog(), observer, cancel);
    let snapshot = match compiled {
        Ok(snapshot) if !snapshot.diagnostics().iter().any(|d| d.is_error()) => Some(snapshot),
        Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
        _ => None,
    };
    let known = snapshot.as_ref().and_then(|s| s.model(model));
    let key = known.and_then(|(_, m)| rocky_plan::window::partition_key(&m.name, &m.strategy.kind, text));
    match key {
        Some(Ok(key)) => return Ok((key, None)),
        Some(Err((message, help))) => return Err(Error::usage(message).hint(help)),
        None => {}
    }
    let lengths = [
        Granularity::Hour,
        Granularity::Day,
        Granularity::Month,
        Granularity::Year,
    ];
    let is_key = |length: &Granularity| Key::parse(text, *length).is_ok_and(|key| key.text() == text);
    if lengths.iter().any(is_key) {
        let why = snapshot
            .as_ref()
            .filter(|_| known.is_none())
            .map(|snapshot| -> Refusal {
                let names = snapshot.models.iter().map(|m| m.name.as_str());
                let hint = match rocky_base::suggest::nearest(model, names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`rocky compile` lists the models".to_owned(),
                };
                let message = format!("`{model}` is not a model, and nothing is known of partitions of it");
                Box::new(move || Error::new(ErrorKind::NotFound, message.clone()).hint(hint.clone()))
            });
        return Ok((SmolStr::new(text), why));
    }
    Err(Error::usage(format!("`{text}` is no partition"))
        .hint("write `YYYY-MM-DDTHH`, `YYYY-MM-DD`, `YYYY-MM` or `YYYY`, in UTC"))
}

/// Makes the error.
type Refusal = Box<dyn Fn() -> Error>;

/// What is deleted must be there; it is looked for before anything is opened for writing.
fn there(
    project: &Project,
    set: bool,
    missing: impl FnOnce() -> Error,
    is_there: impl FnOnce(&rocky_run::StateReader) -> Result<bool>,
) -> Result<()> {
    // With a remote state, what is here says nothing yet.
    if set || project.remote_settings()?.is_some() {
        return Ok(());
    }
    match project.engine.inner.states.reader(project.state_path())? {
        Some(reader) if is_there(&reader)? => Ok(()),
        _ => Err(missing()),
    }
}

fn no_watermark(project: &Project, table: &str) -> Error {
    let mut error = Error::new(ErrorKind::NotFound, format!("no watermark of `{table}`"));
    let known = project.engine.inner.states.reader(project.state_path());
    if let Ok(Some(reader)) = known
        && let Ok(watermarks) = reader.watermarks()
        && let Some(near) = rocky_base::suggest::nearest(table, watermarks.iter().map(|w| w.target.as_str()))
    {
        error = error.hint(format!("did you mean `{near}`?"));
    } else {
        error = error.hint("`rocky state` lists them");
    }
    error
}

fn no_partition(model: &str, key: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("nothing is known of partition `{key}` of `{model}`"),
    )
    .hint(format!("`rocky state --model {model}` lists its partitions"))
}

fn status(text: &str) -> Result<PartitionStatus> {
    match PartitionStatus::parse(text) {
        // In progress is what a run says of itself.
        Some(status) if status != PartitionStatus::InProgress => Ok(status),
        _ => Err(Error::usage(format!("`{text}` is not a status"))
            .hint("write Computed or Failed; deleting makes `--missing` compute it too")),
    }
}

pub(super) fn sweep(
    project: &Project,
    request: &StateRequest,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<StateSweep> {
    let Some(retention) = project.retention()? else {
        return Err(Error::usage("`[state.retention] max_age_days` is not set")
            .hint("without it nothing is forgotten by age"));
    };
    let retention = Retention {
        sweep_interval: Duration::ZERO,
        ..retention
    };
    let now = timestamp(project.host.system.now());
    let mut total = Swept::default();
    if project
        .engine
        .inner
        .states
        .reader(project.state_path())?
        .is_some()
    {
        project.change_state(observer, cancel, |store| {
            loop {
                cancel.check()?;
                let swept = store.sweep(&retention, now)?;
                total.runs += swept.runs;
                total.models += swept.models;
                total.measurements += swept.measurements;
                total.graphs += swept.graphs;
                if !swept.more {
                    return Ok(());
                }
            }
        })?;
    }
    Ok(StateSweep {
        version: crate::VERSION.to_owned(),
        command: request.action.command().to_owned(),
        schema_version: crate::SCHEMA_VERSION,
        state_path: project.state_path().display().to_string(),
        runs: total.runs,
        models: total.models,
        measurements: total.measurements,
        graphs: total.graphs,
    })
}

impl Project {
    /// `[state.retention]`, when it forgets something.
    pub(crate) fn retention(&self) -> Result<Option<Retention>> {
        let config = match self.config() {
            Ok(config) => config,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(retention(&config.state.retention))
    }
}

fn retention(config: &RetentionConfig) -> Option<Retention> {
    let days = config.max_age_days?;
    let applies = |name: &str| {
        let to = config.applies_to.as_ref();
        to.is_none_or(|to| to.iter().any(|t| t.value == name))
    };
    Some(Retention {
        max_age: Duration::from_secs(days.saturating_mul(86_400)),
        min_runs_kept: config.min_runs_kept.unwrap_or(100),
        history: applies("history"),
        lineage: applies("lineage"),
        sweep_interval: Duration::from_secs(config.sweep_interval_seconds.unwrap_or(0)),
    })
}
