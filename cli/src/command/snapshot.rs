//! `rocky snapshot`.

use super::{Context, command_exit_code, command_notes, diagnostics_text};
use crate::output;
use crate::progress::Progress;
use crate::render::{Marks, count, duration};
use rocky_core::Result;
use rocky_core::verbs::snapshot::{SnapshotRequest, SnapshotResponse};
use std::fmt::Write;
use std::path::Path;

pub fn run(context: &Context<'_>, request: &SnapshotRequest) -> Result<u8> {
    let project = context.open_to_run(&Default::default())?;
    let mut progress = Progress::coloured(context.out.colour_err);
    let response = project.take_snapshot(request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    Ok(match response.dry_run {
        true if response.run.has_errors => output::FAILED,
        true => output::OK,
        false => command_exit_code(&response.run, 0),
    })
}

fn text(snapshot: &SnapshotResponse, root: &Path, colour: bool) -> String {
    let mut text = diagnostics_text(&snapshot.run.diagnostics, root, colour);
    if snapshot.run.has_errors {
        return text;
    }
    if snapshot.dry_run {
        for step in &snapshot.steps {
            let _ = writeln!(text, "-- {} ({})\n{};\n", step.step, step.purpose, step.sql);
        }
        return text;
    }
    let marks = Marks::new(colour);
    for step in &snapshot.steps {
        let mark = match step.status.as_str() {
            "ok" => marks.ok,
            "error" => marks.bad,
            _ => marks.skipped,
        };
        let rows = step.rows.map(|r| count(r, "row")).unwrap_or_default();
        let undone = if step.status == "rolled_back" {
            "  rolled back"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "{mark} {:14}  {rows:>14}  {:>8}{undone}",
            step.purpose,
            duration(step.duration_ms)
        );
        if let Some(error) = &step.error {
            let _ = writeln!(text, "  {error}");
        }
    }
    let untold = snapshot.steps.iter().all(|s| s.error.is_none());
    for error in snapshot.run.errors.iter().filter(|_| untold) {
        let _ = writeln!(text, "{} {}", marks.bad, error.error);
    }
    command_notes(&mut text, &snapshot.run, colour);
    let _ = writeln!(
        text,
        "\n{} added to {} in {} ({})",
        count(snapshot.rows_inserted, "version"),
        snapshot.target,
        duration(snapshot.run.duration_ms),
        snapshot.run.run_id
    );
    text
}
