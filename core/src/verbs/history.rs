//! `history`: past runs, or the executions of one model.

use crate::document::envelope;
use crate::project::Project;
use jiff::Timestamp;
use rocky_base::{Error, Result, SmolStr};
use rocky_run::state::{DagChange, ModelExecution};
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
    /// How the project's graph changed instead of runs.
    pub graph: bool,
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
    /// The filter it was given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// The run it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<String>,
    /// Of a run over several pipelines: the run of the first of them, which is its name. `run --dag --resume` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint_run_id: Option<String>,
    /// Hash of the project's graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph_hash: Option<String>,
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

/// How the project's graph changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GraphHistory {
    /// Engine version.
    pub version: String,
    /// `history`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// Newest first: one for every run that found the graph changed.
    pub snapshots: Vec<GraphSnapshot>,
    /// How many are listed.
    pub count: u64,
}

/// The graph when it had changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GraphSnapshot {
    /// When it was seen first (RFC 3339).
    pub timestamp: String,
    /// By which run.
    pub run_id: String,
    /// Hash of models, columns and dependencies.
    pub graph_hash: String,
    /// Models.
    pub model_count: u64,
    /// Dependencies between them.
    pub edge_count: u64,
    /// What differs from the one before.
    pub changes: Vec<GraphChange>,
    /// How many more changes there were than are kept.
    pub changes_omitted: u64,
}

/// A change of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GraphChange {
    /// `ModelAdded`, `ModelRemoved`, `ColumnAdded`, `ColumnRemoved`, `ColumnTypeChanged`, `DependencyAdded`, `DependencyRemoved`.
    pub kind: String,
    /// The model; of a dependency the one that reads.
    pub model: String,
    /// The column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The type that was; of a dependency the model that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The type that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl GraphChange {
    fn of(change: DagChange) -> GraphChange {
        let change_of = |kind: &str, model: SmolStr| GraphChange {
            kind: kind.to_owned(),
            model: model.to_string(),
            column: None,
            from: None,
            to: None,
        };
        let text = |text: SmolStr| Some(text.to_string());
        match change {
            DagChange::ModelAdded(model) => change_of("ModelAdded", model),
            DagChange::ModelRemoved(model) => change_of("ModelRemoved", model),
            DagChange::ColumnAdded { model, column } => GraphChange {
                column: text(column),
                ..change_of("ColumnAdded", model)
            },
            DagChange::ColumnRemoved { model, column } => GraphChange {
                column: text(column),
                ..change_of("ColumnRemoved", model)
            },
            DagChange::ColumnTypeChanged {
                model,
                column,
                from,
                to,
            } => GraphChange {
                column: text(column),
                from: text(from),
                to: text(to),
                ..change_of("ColumnTypeChanged", model)
            },
            DagChange::DependencyAdded { from, to } => GraphChange {
                from: text(from),
                ..change_of("DependencyAdded", to)
            },
            DagChange::DependencyRemoved { from, to } => GraphChange {
                from: text(from),
                ..change_of("DependencyRemoved", to)
            },
        }
    }
}

/// One of the documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HistoryResponse {
    /// Of one model.
    Model(ModelHistory),
    /// Of the graph.
    Graph(GraphHistory),
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
        if request.graph {
            if request.model.is_some() {
                return Err(Error::usage("`graph` is of the project and not of one model"));
            }
            let mut found = match &reader {
                Some(reader) => reader.graphs(limit)?,
                None => Vec::new(),
            };
            found.retain(|s| from.is_none_or(|from| s.timestamp >= from));
            let snapshots: Vec<GraphSnapshot> = found
                .into_iter()
                .map(|s| GraphSnapshot {
                    timestamp: s.timestamp.to_string(),
                    run_id: s.run_id,
                    graph_hash: s.graph_hash,
                    model_count: s.model_count,
                    edge_count: s.edge_count,
                    changes: s.changes.into_iter().map(GraphChange::of).collect(),
                    changes_omitted: s.changes_omitted,
                })
                .collect();
            let count = snapshots.len() as u64;
            return Ok(HistoryResponse::Graph(GraphHistory {
                version,
                command,
                schema_version,
                snapshots,
                count,
            }));
        }
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
                filter: r.filter,
                resumed_from: r.resumed_from,
                joint_run_id: r.joint.map(|j| j.run_id),
                graph_hash: r.graph_hash,
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
