//! `rocky plan`.

use super::{Context, diagnostics_text, run_request};
use crate::args::RunArgs;
use crate::output;
use crate::progress::Progress;
use crate::render::count;
use rocky_core::Result;
use rocky_core::verbs::plan::{PlanResponse, PlannedModel};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

pub fn run(context: &Context<'_>, args: &RunArgs) -> Result<u8> {
    let project = context.open(&args.sources)?;
    let request = run_request(args)?;
    let mut progress = Progress::new();
    let response = project.plan(&request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    let code = if response.has_errors {
        output::FAILED
    } else {
        output::OK
    };
    // Freeing ten thousand statements would be for nothing: the process ends.
    std::mem::forget(response);
    super::leave(project);
    Ok(code)
}

fn text(plan: &PlanResponse, root: &Path, colour: bool) -> String {
    let mut text = String::new();
    if plan.has_errors {
        text.push_str(&diagnostics_text(&plan.diagnostics, root, colour));
        let _ = writeln!(text, "nothing planned: {}", super::summary(&plan.diagnostics));
        return text;
    }
    let (bold, dim, reset) = if colour {
        ("\x1b[1m", "\x1b[2m", "\x1b[0m")
    } else {
        ("", "", "")
    };
    for part in plan.pipelines.iter().filter(|p| p.waits.is_some()) {
        let why = part.waits.as_deref().unwrap_or_default();
        let _ = writeln!(text, "{bold}-- pipeline {}: {why}{reset}", part.pipeline);
    }
    let mut shown: Option<&str> = None;
    let mut details: HashMap<&str, &PlannedModel> = HashMap::new();
    for detail in &plan.models_detail {
        details.entry(&detail.model).or_insert(detail);
    }
    for statement in &plan.statements {
        let model = statement.model.as_deref();
        if model != shown {
            if let Some(model) = model.and_then(|m| details.get(m)) {
                let after = match model.depends_on.as_slice() {
                    [] => String::new(),
                    some => format!(", after {}", some.join(", ")),
                };
                let _ = writeln!(
                    text,
                    "{bold}-- {} → {} ({}{after}): {}{reset}",
                    model.model, model.target, model.strategy, model.reason
                );
                crate::partitions::planned(&mut text, model);
            }
            shown = model;
        }
        let _ = writeln!(
            text,
            "{dim}-- {} ({}){reset}\n{};\n",
            statement.purpose, statement.target, statement.sql
        );
    }
    for model in &plan.models_detail {
        if let Some(error) = &model.error {
            let _ = writeln!(text, "{bold}-- {} will fail: {error}{reset}", model.model);
        }
    }
    for e in &plan.excluded_tables {
        let _ = writeln!(
            text,
            "-- left out: {}.{} ({})",
            e.source_schema, e.table_name, e.reason
        );
    }
    let copies = plan.models_detail.iter().any(|m| m.kind == "table");
    let _ = writeln!(
        text,
        "plan {}: {} for {}",
        plan.plan_id,
        count(plan.statements.len() as u64, "statement"),
        count(plan.models.len() as u64, if copies { "table" } else { "model" })
    );
    text
}
