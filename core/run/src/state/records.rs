//! The values of the tables. Stored as JSON; fields are only ever added, with a default for the files that lack them.

use crate::report::{ModelStatus, RunStatus, Trigger};
use jiff::Timestamp;
use rocky_base::SmolStr;
use rocky_warehouse::Strategy;
use serde::{Deserialize, Serialize};

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
            models: Vec::new(),
        }
    }
}

/// What became of a model in a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModelExecution {
    /// The run.
    #[serde(skip)]
    pub run_id: String,
    /// Model name.
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
    pub status: ModelStatus,
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
