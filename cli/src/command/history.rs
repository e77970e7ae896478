//! `rocky history`.

use super::Context;
use crate::output;
use crate::page::Over;
use crate::render::{count, duration, table, time};
use rocky_core::verbs::history::{GraphChange, GraphSnapshot, HistoryRequest, HistoryResponse, RunHistory};
use rocky_core::verbs::timeline;
use rocky_core::{Project, Result};

pub fn run(
    context: &Context<'_>,
    request: &HistoryRequest,
    html: Option<Option<&str>>,
    over: Over,
) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let response = project.history(request)?;
    if let (Some(file), HistoryResponse::Runs(history)) = (html, &response) {
        return page(context, history, &project, file, over);
    }
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
                    format!(
                        "{}/{}",
                        r.models.iter().filter(|m| m.status == "Success").count(),
                        r.models.len()
                    ),
                    duration(r.duration_ms),
                    time(&r.started_at),
                ]
            }),
        ),
        HistoryResponse::Graph(history) if history.snapshots.is_empty() => "No graph recorded.\n".to_owned(),
        HistoryResponse::Graph(history) => history.snapshots.iter().map(graph).collect(),
        HistoryResponse::Model(history) if history.executions.is_empty() => {
            format!(
                "No executions of {} recorded; `rocky history` lists the runs, `rocky compile` the models.\n",
                history.model
            )
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

/// Changes that are shown of a snapshot.
const SHOWN: usize = 20;

fn graph(snapshot: &GraphSnapshot) -> String {
    let mut text = format!(
        "{}  {}  {}, {}\n",
        time(&snapshot.timestamp),
        snapshot.run_id,
        count(snapshot.model_count, "model"),
        count(snapshot.edge_count, "dependency").replace("dependencys", "dependencies"),
    );
    for change in snapshot.changes.iter().take(SHOWN) {
        text.push_str(&format!("  {}\n", change_text(change)));
    }
    let more = snapshot.changes.len().saturating_sub(SHOWN) as u64 + snapshot.changes_omitted;
    if more > 0 {
        text.push_str(&format!("  and {} more\n", count(more, "change")));
    }
    text
}

fn change_text(change: &GraphChange) -> String {
    let model = &change.model;
    let of = |part: &Option<String>| part.clone().unwrap_or_default();
    let (column, from, to) = (of(&change.column), of(&change.from), of(&change.to));
    match change.kind.as_str() {
        "ModelAdded" => format!("+ {model}"),
        "ModelRemoved" => format!("- {model}"),
        "ColumnAdded" => format!("+ {model}.{column}"),
        "ColumnRemoved" => format!("- {model}.{column}"),
        "ColumnTypeChanged" => format!("~ {model}.{column}: {from} to {to}"),
        "DependencyAdded" => format!("+ {model} reads {from}"),
        _ => format!("- {model} reads {from}"),
    }
}

/// The timeline of the runs, into a file or onto stdout.
fn page(
    context: &Context<'_>,
    history: &RunHistory,
    project: &Project,
    file: Option<&str>,
    over: Over,
) -> Result<u8> {
    let folder = project.folder();
    let name = folder.file_name();
    let title = name.map_or_else(|| "project".to_owned(), |n| n.to_string_lossy().into_owned());
    let page = timeline::page(history, &title);
    let Some(file) = file else {
        output::print(&page);
        return Ok(output::OK);
    };
    crate::page::write(file, &page, over)?;
    let mebibytes = page.len() as f64 / f64::from(1 << 20);
    context.out.document(
        &serde_json::json!({
            "version": history.version, "command": history.command, "schema_version": history.schema_version,
            "format": "html", "file": file, "bytes": page.len(), "count": history.count,
        }),
        || format!("wrote {file} ({mebibytes:.1} MB); open it in a browser\n"),
    );
    Ok(output::OK)
}
