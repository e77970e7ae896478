//! `rocky compare`.

use super::{Context, diagnostics_text, filters, vars};
use crate::args::CompareArgs;
use crate::output;
use crate::progress::Progress;
use crate::render::{Marks, count, table};
use rocky_core::verbs::compare::{CompareRequest, CompareResponse, ComparedTable, RowDifference, Thresholds};
use rocky_core::{Error, Result};
use std::fmt::Write;
use std::path::Path;

/// Columns of a row that are shown.
const COLUMNS: usize = 6;

pub fn run(context: &Context<'_>, args: &CompareArgs) -> Result<u8> {
    let project = context.open(&args.sources)?;
    let request = CompareRequest {
        pipeline: args.pipeline.clone(),
        models: args.only.clone(),
        exclude: args.exclude.clone(),
        filter: filters(&args.filter),
        dag: args.dag,
        all: args.all,
        vars: vars(&args.sources)?,
        shadow_suffix: args.shadow_suffix.clone(),
        shadow_schema: args.shadow_schema.clone(),
        thresholds: thresholds(args.thresholds.as_deref())?,
        key: args.key.clone(),
        ignore: args.ignore.clone(),
        counts_only: args.counts_only,
        sample: args.sample,
        cleanup: args.cleanup,
    };
    let mut progress = Progress::coloured(context.out.colour_err);
    let response = project.compare(&request, &mut progress, context.cancel)?;
    progress.finish();
    context.out.document(&response, || match request.cleanup {
        true => dropped(&response),
        false => text(&response, project.root(), context.out.colour),
    });
    Ok(match response.overall_verdict.as_str() {
        "fail" => output::FAILED,
        _ => output::OK,
    })
}

fn thresholds(given: Option<&str>) -> Result<Thresholds> {
    let Some(given) = given else {
        return Ok(Thresholds::default());
    };
    serde_json::from_str(given).map_err(|e| {
        Error::usage(format!("`--thresholds` is not valid: {e}"))
            .hint("write a JSON object, such as '{\"row_count_diff_pct_fail\": 0.1}'")
    })
}

fn dropped(response: &CompareResponse) -> String {
    let mut text = String::new();
    for name in &response.dropped {
        let _ = writeln!(text, "dropped {name}");
    }
    let _ = match response.dropped.len() as u64 {
        0 => writeln!(text, "there are no shadows to drop"),
        n => writeln!(text, "\n{} dropped", count(n, "shadow")),
    };
    text
}

fn text(response: &CompareResponse, root: &Path, colour: bool) -> String {
    let mut text = diagnostics_text(&response.diagnostics, root, colour);
    let marks = Marks::new(colour);
    let rows = response.results.iter().map(|r| {
        vec![
            r.verdict.clone(),
            r.production_table.clone(),
            rows_of(r),
            match (r.status.as_str(), r.schema_match) {
                ("compared", true) => "same".to_owned(),
                ("compared", false) => "differ".to_owned(),
                _ => "-".to_owned(),
            },
            contents_of(r),
        ]
    });
    text.push_str(&table(&["", "TABLE", "ROWS", "COLUMNS", "CONTENTS"], rows));
    for result in response.results.iter().filter(|r| !r.reasons.is_empty()) {
        let mark = if result.verdict == "fail" {
            marks.bad
        } else {
            marks.skipped
        };
        let _ = writeln!(
            text,
            "\n{mark} {} and {}",
            result.production_table, result.shadow_table
        );
        for why in &result.reasons {
            let _ = writeln!(text, "  {why}");
        }
        let sample = result.contents.iter().flat_map(|c| &c.sample);
        let lines: Vec<Vec<String>> = sample.flat_map(lines).collect();
        if !lines.is_empty() {
            for line in table(&["KEY", "COLUMN", "PRODUCTION", "SHADOW"], lines).lines() {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
    let _ = writeln!(
        text,
        "\n{}: {} passed, {} warned, {} failed",
        count(response.tables_compared, "table"),
        response.tables_passed,
        response.tables_warned,
        response.tables_failed
    );
    text
}

fn rows_of(result: &ComparedTable) -> String {
    match (result.status.as_str(), result.row_count_match) {
        ("compared", true) => result.production_count.to_string(),
        ("compared", false) => format!("{} -> {}", result.production_count, result.shadow_count),
        ("new", _) => format!("new: {}", result.shadow_count),
        ("missing_shadow", _) => "no shadow".to_owned(),
        _ => "not read".to_owned(),
    }
}

fn contents_of(result: &ComparedTable) -> String {
    let Some(contents) = &result.contents else {
        return "-".to_owned();
    };
    if contents.equal {
        return "same".to_owned();
    }
    let parts = [
        (contents.rows_changed, "~"),
        (contents.rows_only_in_production, "-"),
        (contents.rows_only_in_shadow, "+"),
    ];
    let parts = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, sign)| format!("{sign}{n}"));
    let mut parts: Vec<String> = parts.collect();
    if !contents.columns_not_compared.is_empty() {
        parts.push(format!(
            "not compared: {}",
            contents.columns_not_compared.join(", ")
        ));
    }
    parts.join(" ")
}

/// A difference as lines of a table: one for each cell.
fn lines(found: &RowDifference) -> Vec<Vec<String>> {
    let named = |pair: (&String, &serde_json::Value)| format!("{} = {}", pair.0, cell(pair.1));
    let list = |all: &std::collections::BTreeMap<String, serde_json::Value>| {
        let mut parts: Vec<String> = all.iter().take(COLUMNS).map(named).collect();
        if all.len() > COLUMNS {
            parts.push("…".to_owned());
        }
        parts.join(", ")
    };
    let key = list(&found.key);
    if !found.changes.is_empty() {
        let mut first = Some(key);
        let cells = found.changes.iter().map(|c| {
            vec![
                first.take().unwrap_or_default(),
                c.column.clone(),
                cell(&c.production),
                cell(&c.shadow),
            ]
        });
        return cells.collect();
    }
    let side = |n: u64| match n {
        0 => "-".to_owned(),
        1 if found.row.is_empty() => "1 row".to_owned(),
        1 => list(&found.row),
        n if found.row.is_empty() => format!("{n} rows"),
        n => format!("{n} x {}", list(&found.row)),
    };
    vec![vec![
        key,
        String::new(),
        side(found.production_rows),
        side(found.shadow_rows),
    ]]
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "NULL".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
