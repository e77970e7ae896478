//! `rocky diff`.

use super::{Context, refresh, vars};
use crate::args::{DiffArgs, DiffFormat, FailOn};
use crate::output;
use crate::progress::Progress;
use crate::render::count;
use rocky_core::verbs::diff::{
    DiffBreaking, DiffColumn, DiffContract, DiffModel, DiffRequest, DiffResponse, DiffSource, DiffSummary,
};
use rocky_core::{Error, Result};
use std::fmt::Write;

pub fn run(context: &Context<'_>, args: &DiffArgs) -> Result<u8> {
    let markdown = args.format == Some(DiffFormat::Markdown);
    if markdown && context.out.is_json() && context.args.output.is_some() {
        return Err(
            Error::usage("`--format markdown` and `--output json` exclude each other")
                .hint("leave one of them out"),
        );
    }
    let project = context.open(&args.sources)?;
    let request = DiffRequest {
        against: super::folder_from_here(&args.against),
        vars: vars(&args.sources)?,
        refresh_sources: refresh(args.refresh_sources),
        markdown,
    };
    let mut progress = Progress::new();
    let response = project.diff(&request, &mut progress, context.cancel)?;
    progress.finish();
    match &response.markdown {
        Some(text) => output::print(text),
        None if args.format == Some(DiffFormat::Text) => output::print(&text(&response, context.out.colour)),
        None => context
            .out
            .document(&response, || text(&response, context.out.colour)),
    }
    let failed = match args.fail_on {
        None => false,
        Some(FailOn::Breaking) => !response.breaking.is_empty(),
        Some(FailOn::Any) => {
            !response.breaking.is_empty()
                || !response.sources.is_empty()
                || response.models.iter().any(|m| !m.identical)
        }
    };
    Ok(if failed { output::FAILED } else { output::OK })
}

fn text(diff: &DiffResponse, colour: bool) -> String {
    let against = match &diff.commit {
        Some(commit) => format!("{} ({})", diff.against, commit.get(..10).unwrap_or(commit)),
        None => diff.against.clone(),
    };
    let view = View {
        breaking: &diff.breaking,
        models: &diff.models,
        sources: &diff.sources,
        contracts: &diff.contracts,
    };
    let mut text = view.text(colour);
    let _ = writeln!(text, "against {against}: {}", summary(&diff.summary));
    text
}

/// `1 model changed, 3 affected; 1 breaking change`.
pub(super) fn summary(s: &DiffSummary) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (n, word) in [
        (s.models_added, "added"),
        (s.models_removed, "removed"),
        (s.models_changed, "changed"),
        (s.models_affected, "affected"),
    ] {
        if n > 0 {
            parts.push(match parts.is_empty() {
                true => format!("{} {word}", count(n, "model")),
                false => format!("{n} {word}"),
            });
        }
    }
    if parts.is_empty() {
        parts.push("no model differs".to_owned());
    }
    parts.push(format!("{} identical", s.models_identical));
    let mut text = parts.join(", ");
    match s.breaking {
        0 => {}
        n => {
            let _ = write!(text, "; {}", count(n, "breaking change"));
        }
    }
    text
}

/// What `diff` and `what-if` show alike.
pub(super) struct View<'a> {
    pub breaking: &'a [DiffBreaking],
    pub models: &'a [DiffModel],
    pub sources: &'a [DiffSource],
    pub contracts: &'a [DiffContract],
}

struct Paint {
    bold: &'static str,
    dim: &'static str,
    red: &'static str,
    green: &'static str,
    yellow: &'static str,
    reset: &'static str,
}

impl Paint {
    fn new(colour: bool) -> Paint {
        let on = |code| if colour { code } else { "" };
        Paint {
            bold: on("\x1b[1m"),
            dim: on("\x1b[2m"),
            red: on("\x1b[31m"),
            green: on("\x1b[32m"),
            yellow: on("\x1b[33m"),
            reset: on("\x1b[0m"),
        }
    }
}

impl View<'_> {
    pub fn text(&self, colour: bool) -> String {
        let paint = Paint::new(colour);
        let mut text = String::new();
        if !self.breaking.is_empty() {
            let _ = writeln!(text, "{}{}Breaking{}", paint.bold, paint.red, paint.reset);
            for change in self.breaking {
                let place = match &change.column {
                    Some(column) => format!("{}.{column}: ", change.model),
                    None if change.model.is_empty() => String::new(),
                    None => format!("{}: ", change.model),
                };
                let readers = match change.readers.as_slice() {
                    [] => String::new(),
                    readers => format!(" (read by {})", readers.join(", ")),
                };
                let _ = writeln!(
                    text,
                    "  {}✗{} {place}{}{readers}",
                    paint.red, paint.reset, change.text
                );
            }
            text.push('\n');
        }
        for contract in self.contracts.iter().filter(|c| c.breaks) {
            let _ = writeln!(
                text,
                "{}contract of {} breaks{}: {}\n",
                paint.red,
                contract.model,
                paint.reset,
                contract.findings.join("; ")
            );
        }
        for source in self.sources {
            let _ = writeln!(text, "{}source {}{}", paint.bold, source.name, paint.reset);
            columns(&source.columns, &paint, &mut text);
            text.push('\n');
        }
        let same = self.models.iter().filter(|m| m.identical);
        let same: Vec<&str> = same.map(|m| m.name.as_str()).collect();
        for model in self.models.iter().filter(|m| !m.identical) {
            let mark = match model.change.as_str() {
                "added" => format!("{}+{}", paint.green, paint.reset),
                "removed" => format!("{}-{}", paint.red, paint.reset),
                _ => format!("{}~{}", paint.yellow, paint.reset),
            };
            let definition = match model.definition.as_slice() {
                [] => String::new(),
                parts => format!(" ({})", parts.join(", ")),
            };
            let _ = writeln!(
                text,
                "{mark} {}{}{}  {}{}{definition}{}",
                paint.bold, model.name, paint.reset, paint.dim, model.change, paint.reset
            );
            if model.rows_may_differ {
                let why: Vec<&str> = model.rows_because.iter().map(|r| r.text.as_str()).collect();
                let _ = writeln!(text, "    rows may differ: {}", why.join("; "));
            } else if model.order_may_differ {
                text.push_str("    the order of the rows may differ\n");
            }
            if model.unlisted_columns_may_differ {
                text.push_str("    columns that are not known may differ\n");
            }
            // Of a model that is new or gone, all columns are.
            if matches!(model.change.as_str(), "added" | "removed") {
                let _ = writeln!(text, "    {}", count(model.columns.len() as u64, "column"));
            } else {
                self.model_columns(model, &paint, &mut text);
            }
            text.push('\n');
        }
        if !same.is_empty() {
            let _ = writeln!(
                text,
                "edited without effect, which is proved: {}\n",
                same.join(", ")
            );
        }
        text
    }

    fn model_columns(&self, model: &DiffModel, paint: &Paint, text: &mut String) {
        let (with_rows, own): (Vec<&DiffColumn>, Vec<&DiffColumn>) = model.columns.iter().partition(|c| {
            c.class == "values_may_differ" && c.because.iter().all(|r| r.kind == "model_rows")
        });
        columns(own, paint, text);
        if !with_rows.is_empty() {
            let _ = writeln!(
                text,
                "    {}~{} {} with the rows: {}",
                paint.yellow,
                paint.reset,
                count(with_rows.len() as u64, "column"),
                with_rows
                    .iter()
                    .map(|c| c.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            if let Some(begin) = with_rows.iter().find_map(|c| begins(c)) {
                let _ = writeln!(text, "      {}{begin}{}", paint.dim, paint.reset);
            }
        }
        let identical = model.columns.iter().filter(|c| c.class == "identical").count() as u64;
        if identical > 0 {
            let _ = writeln!(
                text,
                "    {}= {} identical{}",
                paint.dim,
                count(identical, "column"),
                paint.reset
            );
        }
    }
}

/// Where the difference of a column begins, unless the reason says it.
fn begins(column: &DiffColumn) -> Option<String> {
    match &*column.path {
        [_, .., last] if last.column.is_empty() => Some(format!("begins at {}", last.model)),
        [_, .., last] => Some(format!("begins at {}.{}", last.model, last.column)),
        _ => None,
    }
}

fn columns<'a>(list: impl IntoIterator<Item = &'a DiffColumn>, paint: &Paint, text: &mut String) {
    let shown: Vec<&DiffColumn> = list.into_iter().filter(|c| c.class != "identical").collect();
    let width = shown
        .iter()
        .map(|c| c.name.chars().count())
        .max()
        .unwrap_or(0)
        .min(40);
    for column in shown {
        let (mark, paint_of) = match column.class.as_str() {
            "added" => ("+", paint.green),
            "removed" | "retyped" | "narrowed" => {
                (if column.class == "removed" { "-" } else { "~" }, paint.red)
            }
            _ => ("~", paint.yellow),
        };
        let null = |nullable: Option<bool>| match nullable {
            Some(true) => "may be NULL",
            _ => "never NULL",
        };
        let what = match column.class.as_str() {
            "added" => format!("added {}", column.new_type.as_deref().unwrap_or("")),
            "removed" => format!("removed {}", column.old_type.as_deref().unwrap_or("")),
            "retyped" | "narrowed" | "widened" => format!(
                "{} {} → {}",
                column.class,
                column.old_type.as_deref().unwrap_or(""),
                column.new_type.as_deref().unwrap_or("")
            ),
            "nullability" => format!("{} → {}", null(column.old_nullable), null(column.new_nullable)),
            _ => "values may differ".to_owned(),
        };
        let mut why: Vec<String> = column.because.iter().map(|r| r.text.clone()).collect();
        why.extend(begins(column));
        let why = if why.is_empty() {
            String::new()
        } else {
            format!("{}: {}{}", paint.dim, why.join("; "), paint.reset)
        };
        let _ = writeln!(
            text,
            "    {paint_of}{mark}{} {:width$}  {what}{why}",
            paint.reset, column.name
        );
    }
}
