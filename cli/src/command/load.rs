//! `rocky load`.

use super::{Context, command_exit_code, command_notes, diagnostics_text};
use crate::args::LoadFormat;
use crate::progress::Progress;
use crate::render::{Marks, count, duration};
use rocky_core::Result;
use rocky_core::verbs::load::{LoadRequest, LoadResponse};
use std::fmt::Write;
use std::path::Path;

/// As the request spells it.
pub fn format(format: LoadFormat) -> &'static str {
    match format {
        LoadFormat::Csv => "csv",
        LoadFormat::Parquet => "parquet",
        LoadFormat::Jsonl => "jsonl",
    }
}

pub fn run(context: &Context<'_>, request: &LoadRequest) -> Result<u8> {
    let project = context.open_to_run(&Default::default())?;
    let mut progress = Progress::coloured(context.out.colour_err);
    let response = project.load(request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    Ok(command_exit_code(&response.run, response.files_failed))
}

fn text(load: &LoadResponse, root: &Path, colour: bool) -> String {
    let mut text = diagnostics_text(&load.run.diagnostics, root, colour);
    let marks = Marks::new(colour);
    let width = load
        .files
        .iter()
        .map(|f| f.file.chars().count())
        .max()
        .unwrap_or(0);
    for file in &load.files {
        let (mark, what) = match (file.status.as_str(), &file.error) {
            ("loaded", _) => {
                let rows = count(file.rows_loaded, "row");
                (
                    marks.ok,
                    format!("{rows:>14}  {:>8}  {}", duration(file.duration_ms), file.target),
                )
            }
            (_, Some(error)) => (marks.bad, format!("failed: {error}")),
            _ => (marks.skipped, "loaded already".to_owned()),
        };
        let _ = writeln!(text, "{mark} {:width$}  {what}", file.file);
    }
    command_notes(&mut text, &load.run, colour);
    let mut parts = vec![format!("{} loaded", count(load.files_loaded, "file"))];
    if load.files_failed > 0 {
        parts.push(format!("{} failed", load.files_failed));
    }
    if load.files_skipped > 0 {
        parts.push(format!("{} loaded already", load.files_skipped));
    }
    let _ = writeln!(
        text,
        "\n{}, {} in {} ({})",
        parts.join(", "),
        count(load.total_rows, "row"),
        duration(load.run.duration_ms),
        load.run.run_id
    );
    text
}
