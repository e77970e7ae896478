//! `rocky compile`.

use super::{Context, refresh, vars};
use crate::args::{Refresh, Sources};
use crate::output;
use crate::progress::Progress;
use crate::render::{Diagnostics, Marks, count, duration};
use rocky_core::Result;
use rocky_core::verbs::compile::{CompileRequest, CompileResponse};
use std::fmt::Write;
use std::path::Path;

/// More models than this are summed up instead of listed.
const LISTED: usize = 200;

pub fn run(
    context: &Context<'_>,
    model: Option<&str>,
    expand_macros: bool,
    refresh_sources: Refresh,
    sources: &Sources,
) -> Result<u8> {
    let project = context.open(sources)?;
    let request = CompileRequest {
        model: model.map(str::to_owned),
        expand_macros,
        vars: vars(sources)?,
        refresh_sources: refresh(refresh_sources),
    };
    let mut progress = Progress::new();
    let response = project.compile(&request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    let code = if response.has_errors {
        output::FAILED
    } else {
        output::OK
    };
    // The process ends here: taking a large project apart piece by piece would be for nothing.
    project.finish();
    std::mem::forget((project, response));
    Ok(code)
}

fn text(response: &CompileResponse, root: &Path, colour: bool) -> String {
    let mut text = String::new();
    let marks = Marks::new(colour);
    let mut models: Vec<_> = response.models_detail.iter().collect();
    models.sort_by(|a, b| a.layer.cmp(&b.layer).then_with(|| a.name.cmp(&b.name)));
    let failed = |name: &str| {
        response
            .diagnostics
            .iter()
            .any(|d| d.is_error() && d.model == name)
    };
    if models.len() <= LISTED {
        let width = models.iter().map(|m| m.name.chars().count()).max().unwrap_or(0);
        for model in &models {
            let mark = if failed(&model.name) { marks.bad } else { marks.ok };
            let unknown = model.columns.iter().filter(|c| c.r#type == "UNKNOWN").count() as u64;
            let mut columns = count(model.columns.len() as u64, "column");
            if !model.columns_complete {
                columns.push_str(" or more");
            }
            if unknown > 0 {
                let _ = write!(columns, ", {unknown} of unknown type");
            }
            let _ = writeln!(text, "{mark} {:width$}  {columns}", model.name);
        }
        text.push('\n');
    }
    if let Some(expanded) = &response.expanded_sql {
        for (name, sql) in expanded {
            let _ = writeln!(text, "-- {name}\n{}\n", sql.trim_end());
        }
    }
    text.push_str(&super::diagnostics_text(&response.diagnostics, root, colour));
    let _ = writeln!(
        text,
        "{} in {} compiled in {}: {}",
        count(response.models, "model"),
        count(response.execution_layers, "layer"),
        duration(response.compile_timings.total_ms),
        super::summary(&response.diagnostics)
    );
    text
}

pub(super) fn render_all(
    diagnostics: &[rocky_core::wire::WireDiagnostic],
    root: &Path,
    colour: bool,
) -> String {
    let mut renderer = Diagnostics::new(root, colour);
    diagnostics
        .iter()
        .map(|d| format!("{}\n", renderer.render(d)))
        .collect()
}
