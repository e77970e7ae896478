//! The sum of the documents of several pipelines.

use super::done;
use crate::verbs::run::{RunResponse, SKIPPED_IDEMPOTENT, SKIPPED_IN_FLIGHT};
use crate::wire::{WireHooks, WireMetrics};
use rocky_run::metrics::Spread;
use rocky_run::report::RunStatus;

/// How many failed hooks a document shows.
const MOST_FAILURES: usize = 100;

/// Put the parts, in the order of execution, into a blank document.
pub(super) fn sum(all: &mut RunResponse, parts: Vec<RunResponse>) {
    let mut ids = parts.iter().map(|p| &p.run_id);
    all.run_id = ids.find(|id| !id.is_empty()).cloned().unwrap_or_default();
    all.started_at = parts.iter().find_map(|p| p.started_at.clone());
    for part in &parts {
        all.interrupted |= part.interrupted;
        all.duration_ms += part.duration_ms;
        all.tables_copied += part.tables_copied;
        all.tables_failed += part.tables_failed;
        all.tables_skipped += part.tables_skipped;
        all.materializations.extend(part.materializations.iter().cloned());
        all.partition_summaries
            .extend(part.partition_summaries.iter().cloned());
        all.check_results.extend(part.check_results.iter().cloned());
        all.checks_failed += part.checks_failed;
        all.checks_warned += part.checks_warned;
        all.anomalies.extend(part.anomalies.iter().cloned());
        all.quarantine.extend(part.quarantine.iter().cloned());
        all.errors.extend(part.errors.iter().cloned());
        all.skipped.extend(part.skipped.iter().cloned());
        all.excluded_tables.extend(part.excluded_tables.iter().cloned());
        all.execution.add(&part.execution);
        all.permissions.grants_added += part.permissions.grants_added;
        all.permissions.grants_revoked += part.permissions.grants_revoked;
        all.permissions.catalogs_created += part.permissions.catalogs_created;
        all.permissions.schemas_created += part.permissions.schemas_created;
        all.drift.tables_checked += part.drift.tables_checked;
        all.drift.tables_drifted += part.drift.tables_drifted;
        all.drift
            .actions_taken
            .extend(part.drift.actions_taken.iter().cloned());
        all.diagnostics.extend(part.diagnostics.iter().cloned());
        all.has_errors |= part.has_errors;
        if all.state_error.is_none() {
            all.state_error.clone_from(&part.state_error);
        }
        // What became of the state last is how it is now.
        if part.remote_state.is_some() {
            all.remote_state.clone_from(&part.remote_state);
        }
        all.model_decisions.extend(part.model_decisions.iter().cloned());
        all.budget_breaches.extend(part.budget_breaches.iter().cloned());
        if let Some(hooks) = &part.hooks {
            add_hooks(&mut all.hooks, hooks);
        }
    }
    all.metrics = metrics(all, &parts);
    all.status = status(all, &parts);
    if all.status == SKIPPED_IDEMPOTENT || all.status == SKIPPED_IN_FLIGHT {
        let same = parts.iter().filter(|p| p.status == all.status);
        all.skipped_by_run_id = same.into_iter().find_map(|p| p.skipped_by_run_id.clone());
    }
    all.pipelines = parts;
}

fn status(all: &RunResponse, parts: &[RunResponse]) -> String {
    let succeeded = |p: &RunResponse| p.status == RunStatus::Success.as_str();
    if !parts.is_empty() && parts.iter().all(|p| p.status == SKIPPED_IDEMPOTENT) {
        return SKIPPED_IDEMPOTENT.to_owned();
    }
    // Another run with the key is at one of them; what comes after that is its business too.
    let left = |p: &RunResponse| done(p) || p.status == SKIPPED_IN_FLIGHT || p.skipped_reason.is_some();
    if parts.iter().any(|p| p.status == SKIPPED_IN_FLIGHT) && parts.iter().all(left) && !all.interrupted {
        return SKIPPED_IN_FLIGHT.to_owned();
    }
    let status = match (parts.iter().all(done), all.tables_copied > 0) {
        (true, _) => RunStatus::Success,
        (false, true) => RunStatus::PartialFailure,
        // A pipeline without anything to do has succeeded too.
        (false, false) if parts.iter().any(succeeded) => RunStatus::PartialFailure,
        (false, false) => RunStatus::Failure,
    };
    status.as_str().to_owned()
}

fn add_hooks(all: &mut Option<WireHooks>, part: &WireHooks) {
    let sum = all.get_or_insert_with(|| WireHooks {
        fired: 0,
        failed: 0,
        failures: Vec::new(),
    });
    sum.fired += part.fired;
    sum.failed += part.failed;
    let room = MOST_FAILURES.saturating_sub(sum.failures.len());
    sum.failures.extend(part.failures.iter().take(room).cloned());
}

/// Counts are summed; where durations lie is seen from what was written, as it stands in the document.
fn metrics(all: &RunResponse, parts: &[RunResponse]) -> Option<WireMetrics> {
    let measured: Vec<&WireMetrics> = parts.iter().filter_map(|p| p.metrics.as_ref()).collect();
    if measured.is_empty() {
        return None;
    }
    let total = |of: fn(&WireMetrics) -> u64| measured.iter().map(|m| of(m)).sum();
    let most = |of: fn(&WireMetrics) -> u64| measured.iter().map(|m| of(m)).max().unwrap_or(0);
    let tables = Spread::of(all.materializations.iter().map(|m| m.duration_ms).collect());
    let statements = all.materializations.iter().flat_map(|m| &m.statements);
    let queries = Spread::of(statements.map(|s| s.duration_ms).collect());
    let (processed, failed): (u64, u64) = (total(|m| m.tables_processed), total(|m| m.tables_failed));
    Some(WireMetrics {
        tables_processed: processed,
        tables_failed: failed,
        error_rate_pct: match processed {
            0 => 0.0,
            n => (failed as f64 * 100.0 / n as f64).round(),
        },
        statements_executed: total(|m| m.statements_executed),
        retries_attempted: total(|m| m.retries_attempted),
        retries_succeeded: total(|m| m.retries_succeeded),
        anomalies_detected: total(|m| m.anomalies_detected),
        table_duration_p50_ms: tables.p50,
        table_duration_p95_ms: tables.p95,
        table_duration_max_ms: most(|m| m.table_duration_max_ms),
        query_duration_p50_ms: queries.p50,
        query_duration_p95_ms: queries.p95,
        query_duration_max_ms: most(|m| m.query_duration_max_ms),
    })
}
