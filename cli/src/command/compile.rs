//! `rocky compile`.

use super::{Context, refresh, vars};
use crate::args::{Refresh, Sources, TargetDialect};
use crate::output;
use crate::progress::Progress;
use crate::render::{Diagnostics, Marks, count, duration};
use rocky_core::Result;
use rocky_core::verbs::compile::{self, CompileRequest, CompileResponse};
use rocky_core::wire::{ColumnState, WireCoverage};
use std::fmt::Write;
use std::path::Path;

/// More models than this are summed up instead of listed.
const LISTED: usize = 200;

/// What was asked for.
pub struct Options<'a> {
    pub model: Option<&'a str>,
    pub expand_macros: bool,
    pub refresh_sources: Refresh,
    pub target_dialect: Option<TargetDialect>,
    pub deny_warnings: bool,
    pub min_coverage: Option<f64>,
    pub locked: bool,
}

pub fn run(context: &Context<'_>, options: &Options<'_>, sources: &Sources) -> Result<u8> {
    let project = context.open(sources)?;
    let request = CompileRequest {
        model: options.model.map(str::to_owned),
        expand_macros: options.expand_macros,
        vars: vars(sources)?,
        refresh_sources: refresh(match options.refresh_sources {
            // The default asks the warehouse, which `--locked` forbids.
            Refresh::Missing if options.locked => Refresh::Never,
            chosen => chosen,
        }),
        min_coverage: options.min_coverage,
        source_schemas: Default::default(),
        locked: options.locked,
        target_dialect: options.target_dialect.map(|target| match target {
            TargetDialect::Databricks => compile::TargetDialect::Databricks,
            TargetDialect::Snowflake => compile::TargetDialect::Snowflake,
            TargetDialect::BigQuery => compile::TargetDialect::BigQuery,
            TargetDialect::DuckDb => compile::TargetDialect::DuckDb,
        }),
        deny_warnings: options.deny_warnings,
    };
    let mut progress = Progress::new();
    let response = project.compile_document(&request, &mut progress, context.cancel)?;
    progress.finish();
    let code = if response.has_errors {
        output::FAILED
    } else {
        output::OK
    };
    if context.out.is_compact() {
        context.out.written(|out| response.write_json(out));
        std::mem::forget(response);
    } else {
        let response = response.whole();
        context
            .out
            .document(&response, || text(&response, project.root(), context.out.colour));
    }
    super::leave(project);
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
            let of = |state| model.columns.iter().filter(|c| c.status == state).count();
            let (assumed, unknown) = (of(ColumnState::Assumed), of(ColumnState::Unknown));
            let mut columns = count(model.columns.len() as u64, "column");
            if !model.columns_complete {
                columns.push_str(" or more");
            }
            if assumed > 0 {
                let _ = write!(columns, ", {assumed} assumed");
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
    let _ = writeln!(text, "{}", coverage(&response.coverage));
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

/// `120 columns: 112 proven (93.3 %), 5 assumed, 3 unknown`.
fn coverage(coverage: &WireCoverage) -> String {
    let mut text = format!(
        "{}: {} proven ({} %)",
        count(coverage.columns, "column"),
        coverage.proven,
        // Rounded down: 100 % means all.
        (coverage.ratio * 1000.0).floor() / 10.0
    );
    for (n, what) in [(coverage.assumed, "assumed"), (coverage.unknown, "unknown")] {
        if n > 0 {
            let _ = write!(text, ", {n} {what}");
        }
    }
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
