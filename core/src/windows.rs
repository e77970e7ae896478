//! Windows of time in requests and documents: what a run computes of its time_interval models.

use crate::project::Project;
use crate::verbs::run::RunRequest;
use rocky_base::{Error, Result};
use rocky_config::StrategyKind;
use rocky_plan::{Selection, Window, WindowOptions};
use rocky_project::Snapshot;
use rocky_run::pipes::AskedPartition;
use rocky_run::report::{TaskStatus, WindowResult};
use rocky_run::state::PartitionStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A window of a time_interval model: a partition, or several that were computed as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartitionInfo {
    /// The partition, the first one of a batch: `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026`.
    pub key: String,
    /// Its first moment (RFC 3339, UTC).
    pub start: String,
    /// The first moment after it.
    pub end: String,
    /// The other partitions of the batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batched_with: Vec<String>,
}

impl PartitionInfo {
    pub(crate) fn of_window(window: &Window) -> PartitionInfo {
        PartitionInfo::new(&window.keys, &window.start, &window.end)
    }

    pub(crate) fn of_result(window: &WindowResult) -> PartitionInfo {
        PartitionInfo::new(&window.keys, &window.start, &window.end)
    }

    fn new(keys: &[smol_str::SmolStr], start: &str, end: &str) -> PartitionInfo {
        let mut keys = keys.iter().map(ToString::to_string);
        PartitionInfo {
            key: keys.next().unwrap_or_default(),
            start: moment(start),
            end: moment(end),
            batched_with: keys.collect(),
        }
    }
}

/// RFC 3339 of a bound, however the statements write it.
fn moment(text: &str) -> String {
    let date = text.get(..10).unwrap_or(text);
    let time = text.get(11..19).unwrap_or("00:00:00");
    format!("{date}T{time}Z")
}

/// What became of the partitions of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartitionSummary {
    /// The model.
    pub model: String,
    /// Partitions that were to be computed.
    pub partitions_planned: u64,
    /// Those that were.
    pub partitions_succeeded: u64,
    /// Those that failed; they are as they were before.
    pub partitions_failed: u64,
    /// Those that were not tried, or were interrupted.
    pub partitions_skipped: u64,
}

impl PartitionSummary {
    pub(crate) fn of(model: &str, windows: &[WindowResult]) -> PartitionSummary {
        let count = |status: Option<TaskStatus>| {
            let these = windows.iter().filter(|w| status.is_none_or(|s| w.status == s));
            these.map(|w| w.keys.len() as u64).sum()
        };
        PartitionSummary {
            model: model.to_owned(),
            partitions_planned: count(None),
            partitions_succeeded: count(Some(TaskStatus::Success)),
            partitions_failed: count(Some(TaskStatus::Failed)),
            partitions_skipped: count(Some(TaskStatus::Skipped)),
        }
    }
}

/// True when the request says something of windows.
pub(crate) fn asked(request: &RunRequest) -> bool {
    request.partition.is_some()
        || request.from.is_some()
        || request.to.is_some()
        || request.latest
        || request.missing
        || request.lookback.is_some()
}

/// Say nothing of windows.
pub(crate) fn forget(request: &mut RunRequest) {
    (request.partition, request.from, request.to) = (None, None, None);
    (request.latest, request.missing, request.lookback) = (false, false, None);
}

/// What contradicts itself, whatever the models are.
pub(crate) fn check(request: &RunRequest) -> Result<()> {
    let given = [
        ("partition", request.partition.is_some()),
        ("from", request.from.is_some() || request.to.is_some()),
        ("latest", request.latest),
        ("missing", request.missing),
    ];
    let given: Vec<&str> = given
        .iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| *name)
        .collect();
    if let [first, second, ..] = given.as_slice() {
        return Err(
            Error::usage(format!("`{first}` and `{second}` exclude each other"))
                .hint("choose one of `partition`, `from` with `to`, `latest` and `missing`"),
        );
    }
    match (&request.from, &request.to) {
        (Some(_), None) => return Err(Error::usage("`from` needs `to`, the last partition")),
        (None, Some(_)) => return Err(Error::usage("`to` needs `from`, the first partition")),
        _ => {}
    }
    if request.parallel == Some(0) {
        return Err(Error::usage("parallel must be at least 1, not 0"));
    }
    if request.full_refresh
        && let [first, ..] = given.as_slice()
    {
        return Err(
            Error::usage(format!("`{first}` and `full_refresh` exclude each other"))
                .hint("a full refresh computes every partition from first_partition to now"),
        );
    }
    if request.full_refresh && request.lookback.is_some() {
        return Err(Error::usage("`lookback` and `full_refresh` exclude each other")
            .hint("a full refresh computes every partition from first_partition to now"));
    }
    Ok(())
}

impl Project {
    /// The windows that the orchestrator means, where the request says nothing: of a step that is about a partition.
    fn orchestrated(&self, request: &RunRequest) -> Option<Selection> {
        let said = request.partition.is_some()
            || request.from.is_some()
            || request.latest
            || request.missing
            || request.full_refresh
            || request.planned;
        if said {
            return None;
        }
        Some(match rocky_run::pipes::partition(&*self.host.system)? {
            AskedPartition::One(key) => Selection::One(key),
            AskedPartition::Range { from, to } => Selection::Range { from, to },
        })
    }

    /// The request with what the orchestrator says of windows in it, where the plan has some: planned somewhere else it means the same.
    pub(crate) fn with_orchestrated(&self, request: &RunRequest, plan: &rocky_plan::Plan) -> RunRequest {
        let mut request = request.clone();
        let windows = plan.tasks.iter().any(|t| t.windows.is_some());
        match self.orchestrated(&request).filter(|_| windows) {
            Some(Selection::One(key)) => request.partition = Some(key),
            Some(Selection::Range { from, to }) => (request.from, request.to) = (Some(from), Some(to)),
            _ => {}
        }
        request
    }

    /// The windows that a request means.
    pub(crate) fn window_options(&self, request: &RunRequest, snapshot: &Snapshot) -> Result<WindowOptions> {
        check(request)?;
        let mut named_by = None;
        let selection = match (&request.partition, &request.from, &request.to) {
            (Some(key), _, _) => Selection::One(key.clone()),
            (_, Some(from), Some(to)) => Selection::Range {
                from: from.clone(),
                to: to.clone(),
            },
            _ if request.missing => Selection::Missing,
            _ => match self.orchestrated(request) {
                Some(selection) => {
                    named_by = Some("Dagster");
                    selection
                }
                None => Selection::Latest,
            },
        };
        let mut options = WindowOptions {
            selection,
            named_by,
            lookback: request.lookback,
            parallel: request.parallel.map(|n| n as usize),
            now: crate::document::timestamp(self.host.system.now()),
            ..WindowOptions::default()
        };
        if !request.missing {
            return Ok(options);
        }
        let Some(state) = self.engine.inner.states.reader(self.state_path())? else {
            return Ok(options);
        };
        for model in &snapshot.models {
            if !matches!(
                model.strategy.kind,
                StrategyKind::TimeInterval { .. } | StrategyKind::Microbatch { .. }
            ) {
                continue;
            }
            // What another run was at when it died is not computed, and what one is at now is claimed by it.
            let known = state.partition_statuses(&model.name, ""..="\u{10FFFF}")?;
            let computed = known
                .into_iter()
                .filter(|(_, status)| *status == PartitionStatus::Computed)
                .map(|(key, _)| key)
                .collect();
            options.computed.insert(model.name.clone(), computed);
        }
        Ok(options)
    }
}
