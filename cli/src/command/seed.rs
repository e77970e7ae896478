//! `rocky seed`.

use super::{Context, command_exit_code, command_notes, diagnostics_text};
use crate::progress::Progress;
use crate::render::{Marks, count, duration};
use rocky_core::Result;
use rocky_core::verbs::seed::{SeedRequest, SeedResponse};
use std::fmt::Write;
use std::path::Path;

pub fn run(context: &Context<'_>, request: &SeedRequest) -> Result<u8> {
    let project = context.open_to_run(&Default::default())?;
    let mut progress = Progress::coloured(context.out.colour_err);
    let response = project.seed(request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    Ok(command_exit_code(&response.run, response.tables_failed))
}

fn text(seed: &SeedResponse, root: &Path, colour: bool) -> String {
    let mut text = diagnostics_text(&seed.run.diagnostics, root, colour);
    let marks = Marks::new(colour);
    let width = seed
        .tables
        .iter()
        .map(|t| t.name.chars().count())
        .max()
        .unwrap_or(0);
    for table in &seed.tables {
        let _ = match &table.error {
            Some(error) => writeln!(text, "{} {:width$}  failed: {error}", marks.bad, table.name),
            None => writeln!(
                text,
                "{} {:width$}  {:>14}  {:>8}  {}",
                marks.ok,
                table.name,
                count(table.rows, "row"),
                duration(table.duration_ms),
                table.target
            ),
        };
    }
    command_notes(&mut text, &seed.run, colour);
    let failed = match seed.tables_failed {
        0 => String::new(),
        n => format!(", {n} failed"),
    };
    let _ = writeln!(
        text,
        "\n{} written{failed} in {} ({})",
        count(seed.tables_loaded, "table"),
        duration(seed.run.duration_ms),
        seed.run.run_id
    );
    text
}
