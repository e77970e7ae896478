//! `rocky run`.

use super::{Context, diagnostics_text, run_request};
use crate::args::RunArgs;
use crate::output;
use crate::progress::Progress;
use crate::render::{Marks, count, duration};
use rocky_core::Result;
use rocky_core::checks::{AnomalyEntry, CheckResults, QuarantineEntry};
use rocky_core::verbs::apply::ApplyRequest;
use rocky_core::verbs::run::{RunResponse, SKIPPED_IDEMPOTENT, SKIPPED_IN_FLIGHT};
use std::fmt::Write;
use std::path::Path;

pub fn run(context: &Context<'_>, args: &RunArgs) -> Result<u8> {
    let project = context.open_to_run(&args.sources)?;
    let request = run_request(args)?;
    let mut progress = Progress::coloured(context.out.colour_err);
    let response = project.run(&request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    Ok(exit_code(&response))
}

/// `rocky apply`: a run of a plan that is remembered.
pub fn apply(context: &Context<'_>, plan_id: &str) -> Result<u8> {
    let project = context.open_to_run(&crate::args::Sources::default())?;
    let request = ApplyRequest {
        plan_id: plan_id.to_owned(),
    };
    let mut progress = Progress::coloured(context.out.colour_err);
    let response = project.apply(&request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    Ok(exit_code(&response))
}

fn exit_code(run: &RunResponse) -> u8 {
    if run.interrupted {
        return output::INTERRUPTED;
    }
    match run.status.as_str() {
        SKIPPED_IDEMPOTENT | SKIPPED_IN_FLIGHT => output::OK,
        _ if run.checks_failed > 0 => output::FAILED,
        "Success" if run.state_error.is_none() => output::OK,
        "Success" | "PartialFailure" => output::PARTIAL,
        _ => output::FAILED,
    }
}

fn text(run: &RunResponse, root: &Path, colour: bool) -> String {
    let mut text = String::new();
    if run.has_errors && run.pipelines.is_empty() {
        text.push_str(&diagnostics_text(&run.diagnostics, root, colour));
        let _ = writeln!(text, "nothing was run: {}", super::summary(&run.diagnostics));
        return text;
    }
    if let (Some(key), Some(by)) = (&run.idempotency_key, &run.skipped_by_run_id) {
        let what = match run.status.as_str() {
            SKIPPED_IN_FLIGHT => "is under way",
            _ => "was done",
        };
        let _ = writeln!(text, "nothing was run: {by} with the key `{key}` {what}");
        return text;
    }
    if let Some(earlier) = &run.resumed_from {
        let _ = writeln!(text, "going on with {earlier}");
    }
    let marks = Marks::new(colour);
    for part in &run.pipelines {
        let what = match (&part.skipped_reason, part.has_errors) {
            (Some(why), _) => format!("skipped: {why}"),
            (None, true) => format!("not run: {}", super::summary(&part.diagnostics)),
            (None, false) => format!("{} in {}", part.status, duration(part.duration_ms)),
        };
        let _ = writeln!(text, "-- {} ({}): {what}", part.pipeline, part.pipeline_type);
        if part.has_errors {
            text.push_str(&diagnostics_text(&part.diagnostics, root, colour));
        }
    }
    let names = run.materializations.iter().map(|m| m.model.as_str());
    let names = names
        .chain(run.errors.iter().map(|e| e.model.as_str()))
        .chain(run.skipped.iter().map(|s| s.model.as_str()));
    let width = names.map(|n| n.chars().count()).max().unwrap_or(0);
    for m in run.materializations.iter().filter(|m| m.partition.is_none()) {
        let rows = m
            .rows_copied
            .map_or_else(|| m.metadata.strategy.clone(), |r| count(r, "row"));
        let _ = writeln!(
            text,
            "{} {:width$}  {rows:>14}  {:>8}  {}",
            marks.ok,
            m.model,
            duration(m.duration_ms),
            m.metadata.target_table_full_name
        );
    }
    crate::partitions::written(&mut text, &run.materializations, marks.ok, width);
    for m in &run.materializations {
        if let Some(n) = m.metadata.rows_beyond_watermark {
            let _ = writeln!(
                text,
                "{} {:width$}  {} whose watermark column is infinite or NaN: not taken as a watermark, and later rows like that are not copied",
                marks.skipped,
                m.model,
                count(n, "row")
            );
        }
    }
    for e in &run.errors {
        let step = e.step.as_ref().map(|s| format!(" ({s})")).unwrap_or_default();
        let _ = writeln!(
            text,
            "{} {:width$}  failed{step}: {}{}",
            marks.bad,
            e.model,
            e.partition
                .as_ref()
                .map_or_else(String::new, |p| format!("partition {p}: ")),
            e.error
        );
        if let Some(hint) = &e.remediation_hint {
            let _ = writeln!(text, "  {:width$}  help: {hint}", "");
        }
    }
    let told_of = (
        run.check_results.as_slice(),
        run.anomalies.as_slice(),
        run.quarantine.as_slice(),
    );
    told(&mut text, told_of, &marks, width);
    for s in &run.skipped {
        let _ = writeln!(
            text,
            "{} {:width$}  skipped: {}",
            marks.skipped, s.model, s.reason
        );
    }
    crate::partitions::summaries(&mut text, &run.partition_summaries, width);
    for d in &run.drift.actions_taken {
        let _ = writeln!(text, "drift: {} {}: {}", d.table, d.action, d.reason);
    }
    for e in &run.excluded_tables {
        let _ = writeln!(
            text,
            "left out: {}.{} ({})",
            e.source_schema, e.table_name, e.reason
        );
    }
    if let Some(error) = &run.state_error {
        let _ = writeln!(text, "\nthe state store lacks part of this run: {error}");
    }
    let what = match run.pipeline_type.as_str() {
        "transformation" => "model",
        _ => "table",
    };
    let what = if run.shadow { "shadow" } else { what };
    let mut parts = Vec::new();
    if run.pipeline_type != "quality" {
        parts.push(format!("{} written", count(run.tables_copied, what)));
    }
    let n_checks: usize = run.check_results.iter().map(|r| r.checks.len()).sum();
    if n_checks > 0 || run.pipeline_type == "quality" {
        parts.push(format!(
            "{} across {}",
            count(n_checks as u64, "check"),
            count(run.check_results.len() as u64, "table")
        ));
    }
    if run.checks_failed > 0 {
        parts.push(format!("{} failed", count(run.checks_failed, "check")));
    }
    if run.checks_warned > 0 {
        parts.push(count(run.checks_warned, "warning"));
    }
    if run.tables_failed > 0 {
        parts.push(format!("{} failed", run.tables_failed));
    }
    if run.tables_skipped > 0 {
        parts.push(format!("{} skipped", run.tables_skipped));
    }
    let interrupted = if run.interrupted { ", interrupted" } else { "" };
    let _ = writeln!(
        text,
        "\n{} in {}{interrupted} ({})",
        parts.join(", "),
        duration(run.duration_ms),
        match run.shadow {
            true => "not recorded; `rocky compare` says how they differ",
            false => &run.run_id,
        }
    );
    text
}

/// Checks that do not hold, anomalies, rows that were set aside.
pub(super) fn told(
    text: &mut String,
    (checks, anomalies, quarantine): (&[CheckResults], &[AnomalyEntry], &[QuarantineEntry]),
    marks: &Marks,
    width: usize,
) {
    for table in checks {
        let name = table.asset_key.join(".");
        for check in table.checks.iter().filter(|c| !c.passed) {
            let mark = if check.gates { marks.bad } else { marks.skipped };
            let column = match (&check.column, check.name.as_str()) {
                (Some(column), "null_rate") => format!(" of {column}"),
                _ => String::new(),
            };
            let word = match (check.status.as_str(), check.gates) {
                ("error", _) => "not evaluated",
                (_, true) => "failed",
                _ => "warning",
            };
            let detail = check.detail.as_deref().unwrap_or_default();
            let _ = writeln!(
                text,
                "{mark} {name}  check {}{column} {word}: {detail}",
                check.name
            );
            for row in &check.sample {
                let cells: Vec<String> = row.iter().take(8).map(|(k, v)| format!("{k} = {v}")).collect();
                let _ = writeln!(text, "  {:width$}  {}", "", cells.join(", "));
            }
        }
    }
    for anomaly in anomalies {
        let _ = writeln!(
            text,
            "{} {}  anomaly: {}",
            marks.skipped, anomaly.table, anomaly.reason
        );
    }
    for set_aside in quarantine.iter().filter(|q| q.quarantined_rows != Some(0)) {
        let rows = set_aside
            .quarantined_rows
            .map_or_else(|| "rows".to_owned(), |n| count(n, "row"));
        let place = match (&set_aside.quarantine_table, set_aside.mode.as_str()) {
            (Some(table), _) => format!("copied to {table}"),
            (None, "tag") => "tagged".to_owned(),
            (None, _) => "deleted".to_owned(),
        };
        let _ = writeln!(
            text,
            "{} {}  quarantine: {rows} {place}",
            marks.skipped, set_aside.table
        );
    }
}
