//! `rocky history`.

use super::Context;
use crate::output;
use crate::render::{duration, table, time};
use rocky_core::Result;
use rocky_core::verbs::history::{HistoryRequest, HistoryResponse};

pub fn run(
    context: &Context<'_>,
    model: Option<&str>,
    since: Option<&str>,
    limit: Option<u32>,
) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let request = HistoryRequest {
        model: model.map(str::to_owned),
        since: since.map(str::to_owned),
        limit,
    };
    let response = project.history(&request)?;
    context.out.document(&response, || match &response {
        HistoryResponse::Runs(history) if history.runs.is_empty() => "No runs recorded.\n".to_owned(),
        HistoryResponse::Runs(history) => table(
            &["RUN", "PIPELINE", "STATUS", "MODELS", "TOOK", "STARTED"],
            history.runs.iter().map(|r| {
                let status = if r.interrupted {
                    format!("{} (interrupted)", r.status)
                } else {
                    r.status.clone()
                };
                vec![
                    r.run_id.clone(),
                    r.pipeline.clone(),
                    status,
                    format!("{}/{}", r.models_executed, r.models.len()),
                    duration(r.duration_ms),
                    time(&r.started_at),
                ]
            }),
        ),
        HistoryResponse::Model(history) if history.executions.is_empty() => {
            format!("No executions of {} recorded.\n", history.model)
        }
        HistoryResponse::Model(history) => table(
            &["RUN", "STATUS", "ROWS", "TOOK", "STARTED", "REASON"],
            history.executions.iter().map(|e| {
                vec![
                    e.run_id.clone(),
                    e.status.clone(),
                    e.rows_affected.map(|r| r.to_string()).unwrap_or_default(),
                    duration(e.duration_ms),
                    time(&e.started_at),
                    e.reason.clone().unwrap_or_default(),
                ]
            }),
        ),
    });
    Ok(output::OK)
}
