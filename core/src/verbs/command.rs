//! What `load`, `snapshot` and `seed` have in common: each is a run of its own, with state, hooks and Dagster, and a document of its own.

use crate::checks::{AnomalyEntry, CheckResults, QuarantineEntry};
use crate::listeners::Dagster;
use crate::prepare::Prepared;
use crate::project::Project;
use crate::remote::RemoteStateSummary;
use crate::verbs::run::{RunErrorEntry, RunRequest, RunResponse};
use crate::wire::{WireBudgetBreach, WireDiagnostic, WireHooks, WireMetrics};
use rocky_base::{CancelToken, Observer, Result};
use rocky_run::report::RunStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The run behind a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandRun {
    /// The run; empty when nothing was started.
    pub run_id: String,
    /// `Success`, `PartialFailure`, `Failure`.
    pub status: String,
    /// It was cancelled before everything was done.
    pub interrupted: bool,
    /// When it began (RFC 3339).
    pub started_at: Option<String>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Checks of what was written.
    pub check_results: Vec<CheckResults>,
    /// Checks that did not hold and fail the run.
    pub checks_failed: u64,
    /// Other checks that did not hold.
    pub checks_warned: u64,
    /// Tables whose number of rows is far from that of earlier runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<AnomalyEntry>,
    /// Rows that were set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<QuarantineEntry>,
    /// Failures.
    pub errors: Vec<RunErrorEntry>,
    /// Findings in the configuration.
    pub diagnostics: Vec<WireDiagnostic>,
    /// True when errors in the configuration kept the run from starting.
    pub has_errors: bool,
    /// Why the state store lacks something of this run, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_error: Option<String>,
    /// What became of the remote state, where the project has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_state: Option<RemoteStateSummary>,
    /// Numbers of this run; null when nothing was started.
    pub metrics: Option<WireMetrics>,
    /// What hooks did, when there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<WireHooks>,
    /// Limits of `[budget]` that it went over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budget_breaches: Vec<WireBudgetBreach>,
}

impl CommandRun {
    pub(crate) fn of(run: &RunResponse) -> CommandRun {
        CommandRun {
            run_id: run.run_id.clone(),
            status: run.status.clone(),
            interrupted: run.interrupted,
            started_at: run.started_at.clone(),
            duration_ms: run.duration_ms,
            check_results: run.check_results.clone(),
            checks_failed: run.checks_failed,
            checks_warned: run.checks_warned,
            anomalies: run.anomalies.clone(),
            quarantine: run.quarantine.clone(),
            errors: run.errors.clone(),
            diagnostics: run.diagnostics.clone(),
            has_errors: run.has_errors,
            state_error: run.state_error.clone(),
            remote_state: run.remote_state.clone(),
            metrics: run.metrics.clone(),
            hooks: run.hooks.clone(),
            budget_breaches: run.budget_breaches.clone(),
        }
    }

    /// All was done, all is remembered, and what was written passes its checks.
    pub fn succeeded(&self) -> bool {
        self.status == RunStatus::Success.as_str() && self.state_error.is_none() && self.checks_failed == 0
    }
}

impl Project {
    /// Run what `prepare` plans.
    pub(crate) fn run_command(
        &self,
        request: &RunRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
        prepare: impl FnOnce(&mut dyn Observer) -> Result<Prepared>,
    ) -> Result<RunResponse> {
        self.attended(request, Dagster::Told, observer, cancel, |run_id, observer| {
            self.with_state(run_id, observer, cancel, |run, observer| {
                let prepared = prepare(observer)?;
                self.execute_prepared(request, prepared, run, observer, cancel)
            })
        })
    }
}
