//! The values of the tables. Stored as JSON; fields are only ever added, with a default for the files that lack them.

use super::process::Process;
use crate::report::{RunStatus, TaskStatus, Trigger};
use jiff::Timestamp;
use rocky_base::SmolStr;
use rocky_plan::TaskKind;
use rocky_warehouse::Strategy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run as the state remembers it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name.
    pub run_id: String,
    /// The pipeline.
    pub pipeline: SmolStr,
    /// The plan it executed.
    pub plan_id: String,
    /// Hash of the configuration it ran with.
    pub config_hash: String,
    /// What started it.
    #[serde(default)]
    pub trigger: Trigger,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it runs, and for ever when its process was killed.
    pub finished_at: Option<Timestamp>,
    /// Milliseconds; 0 while it has not ended.
    pub duration_ms: u64,
    /// How it ended; `Failure` while it has not.
    pub status: RunStatus,
    /// It was cancelled, or has not ended.
    pub interrupted: bool,
    /// Why no model ran (a setup statement failed).
    #[serde(default)]
    pub error: Option<String>,
    /// Number of models in the plan.
    pub total_models: u64,
    /// The filter it was given, in its canonical form; empty when there was none. Resuming looks for the same.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// The run it goes on with: what that one had done was not done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<String>,
    /// The run over several pipelines that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint: Option<JointRun>,
    /// Who executed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// Hash of the project's graph ([`DagSnapshot::graph_hash`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph_hash: Option<String>,
    /// What became of the models, in the plan's order. Stored one by one.
    #[serde(skip)]
    pub models: Vec<ModelExecution>,
}

impl RunRecord {
    /// A run that begins: it counts as an interrupted failure until something else is known.
    pub fn begin(
        run_id: impl Into<String>,
        pipeline: impl Into<SmolStr>,
        started_at: Timestamp,
    ) -> RunRecord {
        RunRecord {
            run_id: run_id.into(),
            pipeline: pipeline.into(),
            plan_id: String::new(),
            config_hash: String::new(),
            trigger: Trigger::Manual,
            started_at,
            finished_at: None,
            duration_ms: 0,
            status: RunStatus::Failure,
            interrupted: true,
            error: None,
            total_models: 0,
            filter: String::new(),
            resumed_from: None,
            joint: None,
            process: Some(Process::current()),
            graph_hash: None,
            models: Vec::new(),
        }
    }
}

/// A run over several pipelines, as the run of one of them knows it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct JointRun {
    /// Its name: that of its first run. [`super::StateStore::record_run_start`] puts it where it is empty.
    pub run_id: String,
    /// `dag`: all pipelines; `all`: a replication and the models.
    pub scope: SmolStr,
    /// Which part of it this run is: the pipeline, or `PIPELINE/models`.
    pub part: SmolStr,
    /// The joint run that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<String>,
}

/// What became of a model in a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModelExecution {
    /// The run.
    #[serde(skip)]
    pub run_id: String,
    /// Name of the task, unique in the run: the model's, or the target's full name.
    #[serde(skip)]
    pub model_name: SmolStr,
    /// Its place in the plan.
    pub index: u32,
    /// The relation it writes, as `catalog.schema.table`.
    pub target: String,
    /// How.
    pub strategy: Strategy,
    /// When its first statement was sent; none when it was not tried.
    pub started_at: Option<Timestamp>,
    /// When it ended; none when it was not tried.
    pub finished_at: Option<Timestamp>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Rows written, where known.
    pub rows_affected: Option<u64>,
    /// How it ended.
    pub status: TaskStatus,
    /// Hash of the statements.
    pub sql_hash: String,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<String>,
    /// Why it was skipped.
    #[serde(default)]
    pub skipped_reason: Option<String>,
    /// The watermark observed after writing.
    #[serde(default)]
    pub watermark: Option<String>,
    /// What was made.
    #[serde(default = "model", skip_serializing_if = "is_model")]
    pub kind: TaskKind,
    /// What orchestrators call it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asset_key: Vec<SmolStr>,
    /// What it was planned from: a resumed run does again what is planned from something else.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub basis: String,
}

fn model() -> TaskKind {
    TaskKind::Model
}

fn is_model(kind: &TaskKind) -> bool {
    *kind == TaskKind::Model
}

/// The last watermark seen in a target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Watermark {
    /// The relation, as `catalog.schema.table`.
    #[serde(skip)]
    pub target: String,
    /// The value, in the warehouse's text form.
    pub last_value: String,
    /// When it was seen.
    pub updated_at: Timestamp,
}

/// How far a partition is.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum PartitionStatus {
    /// It is in the target.
    Computed,
    /// It was tried and is not in the target, or as it was before.
    Failed,
    /// A run is at it, or was when it died: see [`super::StateStore::claim_partitions`].
    InProgress,
}

impl PartitionStatus {
    /// The wire spelling: `Computed`, `Failed`, `InProgress`.
    pub fn as_str(self) -> &'static str {
        match self {
            PartitionStatus::Computed => "Computed",
            PartitionStatus::Failed => "Failed",
            PartitionStatus::InProgress => "InProgress",
        }
    }

    /// From the wire spelling, in any case.
    pub fn parse(text: &str) -> Option<PartitionStatus> {
        [
            PartitionStatus::Computed,
            PartitionStatus::Failed,
            PartitionStatus::InProgress,
        ]
        .into_iter()
        .find(|s| s.as_str().eq_ignore_ascii_case(text))
    }
}

/// What the state knows of a partition of a model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Partition {
    /// How far it is.
    pub status: PartitionStatus,
    /// Model name.
    #[serde(skip)]
    pub model_name: SmolStr,
    /// `2026-01-31T23`, `2026-01-31`, `2026-01`, `2026`: sorts by time.
    #[serde(skip)]
    pub partition_key: SmolStr,
    /// The run that was at it last.
    pub run_id: String,
    /// When it got this status.
    pub computed_at: Timestamp,
    /// Rows in it; none where the engine does not say, and until it is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_count: Option<u64>,
    /// Milliseconds; of the whole batch when it was computed in one.
    #[serde(default)]
    pub duration_ms: u64,
    /// Hash of its contents, where one is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// First and last key of the batch that it was computed in, `first..last`; none when alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Partition {
    /// A partition that has this status since then.
    pub fn new(
        model: impl Into<SmolStr>,
        key: impl Into<SmolStr>,
        status: PartitionStatus,
        run_id: impl Into<String>,
        at: Timestamp,
    ) -> Partition {
        Partition {
            status,
            model_name: model.into(),
            partition_key: key.into(),
            run_id: run_id.into(),
            computed_at: at,
            row_count: None,
            duration_ms: 0,
            checksum: None,
            batch: None,
            error: None,
        }
    }
}

/// Rows of a table at a moment: a point of the baseline of anomaly detection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RowCount {
    /// When it was counted.
    pub timestamp: Timestamp,
    /// Rows.
    pub row_count: u64,
    /// By which run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub run_id: String,
}

/// What was measured of a table in a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QualitySnapshot {
    /// Model, or `catalog.schema.table` of a table that is none.
    #[serde(skip)]
    pub model_name: SmolStr,
    /// The run.
    #[serde(skip)]
    pub run_id: String,
    /// When.
    pub timestamp: Timestamp,
    /// What.
    pub metrics: QualityMetrics,
}

/// Measurements of a table.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct QualityMetrics {
    /// Rows.
    pub row_count: u64,
    /// By column, the share of NULLs from 0 to 1.
    #[serde(default)]
    pub null_rates: BTreeMap<String, f64>,
    /// Seconds since the newest row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness_lag_seconds: Option<u64>,
}

/// A model of the project's graph.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct GraphModel {
    /// Model name.
    #[serde(skip)]
    pub name: SmolStr,
    /// Name and type, in order.
    pub columns: Vec<(SmolStr, SmolStr)>,
    /// Models it reads, sorted.
    pub depends_on: Vec<SmolStr>,
}

/// The project's graph at the moment when it had changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DagSnapshot {
    /// When it was seen first.
    pub timestamp: Timestamp,
    /// By which run.
    pub run_id: String,
    /// Hash of models, columns and dependencies.
    pub graph_hash: String,
    /// Models.
    pub model_count: u64,
    /// Dependencies between them.
    pub edge_count: u64,
    /// What differs from the snapshot before; nothing in the first one.
    pub changes: Vec<DagChange>,
    /// How many more changes there were than are kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub changes_omitted: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A change of the graph.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DagChange {
    /// A model is new.
    ModelAdded(SmolStr),
    /// A model is gone.
    ModelRemoved(SmolStr),
    /// A column is new.
    #[expect(missing_docs, reason = "the names say it")]
    ColumnAdded { model: SmolStr, column: SmolStr },
    /// A column is gone.
    #[expect(missing_docs, reason = "the names say it")]
    ColumnRemoved { model: SmolStr, column: SmolStr },
    /// A column has another type.
    #[expect(missing_docs, reason = "the names say it")]
    ColumnTypeChanged {
        model: SmolStr,
        column: SmolStr,
        from: SmolStr,
        to: SmolStr,
    },
    /// `to` reads `from` now.
    #[expect(missing_docs, reason = "the names say it")]
    DependencyAdded { from: SmolStr, to: SmolStr },
    /// `to` no longer reads `from`.
    #[expect(missing_docs, reason = "the names say it")]
    DependencyRemoved { from: SmolStr, to: SmolStr },
}

/// Something another part of the engine remembers, as it writes it itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// Which part: `idempotency`, `build`, …
    #[serde(skip)]
    pub kind: String,
    /// Of what.
    #[serde(skip)]
    pub key: String,
    /// When it was written.
    pub at: Timestamp,
    /// What.
    pub value: serde_json::Value,
}
