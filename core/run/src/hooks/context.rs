//! What a hook is told: one object, on the standard input of a command and, without a template, in the body of a request.

use rocky_base::{Event, SmolStr};
use rocky_config::HookEvent;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HookContext {
    /// When, in the course of a run. On the wire without `on_`.
    pub event: HookEvent,
    /// The run; empty before it has a name.
    pub run_id: String,
    /// The pipeline.
    pub pipeline: String,
    /// RFC 3339.
    pub timestamp: String,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<SmolStr>,
    /// The table's whole name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// More about it.
    pub metadata: Map<String, Value>,
}

impl HookContext {
    /// A context that says only what happened.
    pub fn new(event: HookEvent) -> HookContext {
        HookContext {
            event,
            run_id: String::new(),
            pipeline: String::new(),
            timestamp: String::new(),
            model: None,
            table: None,
            error: None,
            duration_ms: None,
            metadata: Map::new(),
        }
    }

    /// The context of `hooks test`: everything has a value.
    pub fn example(event: HookEvent, pipeline: &str, timestamp: &str) -> HookContext {
        let error = matches!(
            event,
            HookEvent::PipelineError | HookEvent::MaterializeError | HookEvent::ModelError
        );
        HookContext {
            run_id: "test-run-id".to_owned(),
            pipeline: pipeline.to_owned(),
            timestamp: timestamp.to_owned(),
            model: Some(SmolStr::new_static("example_model")),
            table: Some("catalog.schema.table".to_owned()),
            error: error.then(|| "an example of an error".to_owned()),
            duration_ms: Some(1234),
            metadata: object(json!({ "test": true })),
            ..HookContext::new(event)
        }
    }

    fn with(mut self, metadata: Value) -> HookContext {
        self.metadata = object(metadata);
        self
    }

    /// What a hook is told of an event of a run, if anything. `pipeline_start`, `pipeline_complete` and `pipeline_error` are the
    /// caller's: they stand outside of what the events tell.
    pub(super) fn of(event: &Event) -> Option<HookContext> {
        let new = HookContext::new;
        Some(match event {
            Event::DiscoverFinished { connectors } => {
                new(HookEvent::DiscoverComplete).with(json!({ "connector_count": connectors }))
            }
            Event::CompileFinished { models } => {
                new(HookEvent::CompileComplete).with(json!({ "model_count": models }))
            }
            Event::ChecksStarted { tables } => {
                new(HookEvent::BeforeChecks).with(json!({ "table_count": tables }))
            }
            Event::CheckFinished {
                table,
                check,
                passed,
                severity,
                details,
                ..
            } => HookContext {
                table: Some(table.clone()),
                ..new(HookEvent::CheckResult).with(json!({
                    "check_name": check, "passed": passed, "severity": severity, "details": details,
                }))
            },
            Event::ChecksFinished {
                total,
                passed,
                failed,
            } => new(HookEvent::AfterChecks)
                .with(json!({ "total": total, "passed": passed, "failed": failed })),
            Event::DriftDetected {
                table,
                columns,
                action,
                reason,
            } => HookContext {
                table: Some(table.clone()),
                ..new(HookEvent::DriftDetected)
                    .with(json!({ "drifted_columns": columns, "action": action, "reason": reason }))
            },
            Event::AnomalyDetected { table, description } => HookContext {
                table: Some(table.clone()),
                ..new(HookEvent::AnomalyDetected).with(json!({ "description": description }))
            },
            Event::StateSynced { backend, duration_ms } => HookContext {
                duration_ms: Some(*duration_ms),
                ..new(HookEvent::StateSynced).with(json!({ "backend": backend }))
            },
            Event::BudgetBreached {
                budget,
                limit,
                actual,
            } => new(HookEvent::BudgetBreach)
                .with(json!({ "budget": budget, "limit": limit, "actual": actual })),
            _ => return None,
        })
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
