//! `history`: past runs, or the executions of one model.

use crate::document::envelope;
use crate::project::Project;
use jiff::Timestamp;
use rocky_base::{Error, Result};
use rocky_run::state::ModelExecution;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryRequest {
    /// Executions of this model instead of runs.
    pub model: Option<String>,
    /// Only those that began then or later: RFC 3339, or a date (UTC).
    pub since: Option<String>,
    /// At most so many, newest first; 50 when absent.
    pub limit: Option<u32>,
}

/// A model in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunModel {
    /// Model name.
    pub model_name: String,
    /// When its first statement was sent; none when it was not tried.
    pub started_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Rows written, where known.
    pub rows_affected: Option<u64>,
    /// `Success`, `Failed`, `Skipped`.
    pub status: String,
    /// Hash of its statements.
    pub sql_hash: String,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunEntry {
    /// Its name.
    pub run_id: String,
    /// The pipeline.
    pub pipeline: String,
    /// When it began.
    pub started_at: String,
    /// When it ended; for one that has not, when it began.
    pub finished_at: String,
    /// `Success`, `PartialFailure`, `Failure`.
    pub status: String,
    /// It was cancelled or killed, or is still running.
    pub interrupted: bool,
    /// `Manual`, `Sensor`, `Schedule`, `Ci`.
    pub trigger: String,
    /// Models that were executed.
    pub models_executed: u64,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Hash of the configuration.
    pub config_hash: String,
    /// The plan.
    pub plan_id: String,
    /// Why no model ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its models.
    pub models: Vec<RunModel>,
}

/// Past runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunHistory {
    /// Engine version.
    pub version: String,
    /// `history`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// Newest first.
    pub runs: Vec<RunEntry>,
    /// How many are listed.
    pub count: u64,
}

/// Executions of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelHistory {
    /// Engine version.
    pub version: String,
    /// `history`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The model.
    pub model: String,
    /// Newest first; those that were tried.
    pub executions: Vec<ModelRun>,
    /// How many are listed.
    pub count: u64,
}

/// One execution of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelRun {
    /// The run.
    pub run_id: String,
    /// The model.
    pub model_name: String,
    /// When its first statement was sent.
    pub started_at: String,
    /// When it ended.
    pub finished_at: String,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Rows written, where known.
    pub rows_affected: Option<u64>,
    /// `Success`, `Failed`.
    pub status: String,
    /// Hash of its statements.
    pub sql_hash: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Either of the two documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HistoryResponse {
    /// Of one model.
    Model(ModelHistory),
    /// Of the project.
    Runs(RunHistory),
}

fn since(text: &str) -> Result<Timestamp> {
    text.parse::<Timestamp>()
        .or_else(|_| {
            let date: jiff::civil::Date = text.parse()?;
            Ok(date.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp())
        })
        .map_err(|_: jiff::Error| {
            Error::usage(format!("`{text}` is not a time")).hint("write 2026-01-31 or 2026-01-31T12:00:00Z")
        })
}

impl Project {
    /// Read the run history. Makes no file, waits for nobody.
    pub fn history(&self, request: &HistoryRequest) -> Result<HistoryResponse> {
        let from = request.since.as_deref().map(since).transpose()?;
        let limit = request.limit.unwrap_or(50) as usize;
        let reader = self.engine.inner.states.reader(self.state_path())?;
        let (version, command, schema_version) = envelope!("history");
        if let Some(model) = &request.model {
            let found = match &reader {
                Some(reader) => reader.model_executions(model, from, limit)?,
                None => Vec::new(),
            };
            let executions: Vec<ModelRun> = found
                .into_iter()
                .filter_map(|e| {
                    let started = e.started_at?;
                    Some(ModelRun {
                        run_id: e.run_id,
                        model_name: e.model_name.to_string(),
                        started_at: started.to_string(),
                        finished_at: e.finished_at.unwrap_or(started).to_string(),
                        duration_ms: e.duration_ms,
                        rows_affected: e.rows_affected,
                        status: e.status.as_str().to_owned(),
                        sql_hash: e.sql_hash,
                        reason: e.error.or(e.skipped_reason),
                    })
                })
                .collect();
            let count = executions.len() as u64;
            let model = model.clone();
            return Ok(HistoryResponse::Model(ModelHistory {
                version,
                command,
                schema_version,
                model,
                executions,
                count,
            }));
        }
        let runs = match &reader {
            Some(reader) => reader.runs(from, limit)?,
            None => Vec::new(),
        };
        let runs: Vec<RunEntry> = runs
            .into_iter()
            .map(|r| RunEntry {
                run_id: r.run_id,
                pipeline: r.pipeline.to_string(),
                started_at: r.started_at.to_string(),
                finished_at: r.finished_at.unwrap_or(r.started_at).to_string(),
                status: r.status.as_str().to_owned(),
                interrupted: r.interrupted,
                trigger: r.trigger.as_str().to_owned(),
                models_executed: r.models.iter().filter(|m| m.started_at.is_some()).count() as u64,
                duration_ms: r.duration_ms,
                config_hash: r.config_hash,
                plan_id: r.plan_id,
                error: r.error,
                models: r.models.into_iter().map(run_model).collect(),
            })
            .collect();
        let count = runs.len() as u64;
        Ok(HistoryResponse::Runs(RunHistory {
            version,
            command,
            schema_version,
            runs,
            count,
        }))
    }
}

fn run_model(e: ModelExecution) -> RunModel {
    RunModel {
        model_name: e.model_name.to_string(),
        started_at: e.started_at.map(|t| t.to_string()),
        finished_at: e.finished_at.map(|t| t.to_string()),
        duration_ms: e.duration_ms,
        rows_affected: e.rows_affected,
        status: e.status.as_str().to_owned(),
        sql_hash: e.sql_hash,
        reason: e.error.or(e.skipped_reason),
    }
}
