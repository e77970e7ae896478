//! `run`: plan and execute.

use crate::adapters::Access;
use crate::checks::{AnomalyEntry, CheckResult, CheckResults, QuarantineEntry};
use crate::document::envelope;
use crate::idempotency::{self, Claim};
use crate::listeners::Dagster;
use crate::prepare::Part;
use crate::project::Project;
use crate::reduce::ModelDecision;
use crate::windows::{PartitionInfo, PartitionSummary};
use crate::wire::{ExcludedTable, Filters, WireBudgetBreach, WireDiagnostic, WireHooks, WireMetrics};
use rocky_base::{CancelToken, Error, ErrorKind, Event, Observer, Result, SmolStr};
use rocky_plan::{Drift, Task, TaskKind};
use rocky_run::checks::{CheckOutcome, CheckStatus};
use rocky_run::execute::{ExecuteContext, RunFacts, execute};
use rocky_run::report::{RunReport, RunStatus, StatementResult, TaskError, TaskResult, TaskStatus, Trigger};
use rocky_run::state::StateBatch;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What to run, or to plan: `plan` shows what `run` would do with the same request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RunRequest {
    /// The pipeline; needed when there are several.
    pub pipeline: Option<String>,
    /// Only these models: names, patterns (`stg_*`), `tag:KEY`, `tag:KEY=VALUE`, `path:GLOB`, `changed:REVISION` (edited since that git
    /// revision, or different from that folder), with `+` before for everything they read and `+` after for everything that reads
    /// them (`2+fct_orders`: two steps). `,` within one is an intersection.
    pub models: Vec<String>,
    /// Not these, written likewise.
    pub exclude: Vec<String>,
    /// Which sources of a replication are meant: `key=value` with `id` (the source's schema), `table`, or a component of the
    /// pattern as key. Several with one key are alternatives. Other pipelines have no sources; there it is only echoed.
    pub filter: Option<Filters>,
    /// All pipelines, each after those it depends on.
    pub dag: bool,
    /// With a replication pipeline, the project's models too.
    pub all: bool,
    /// Rebuild incremental models from scratch.
    pub full_refresh: bool,
    /// Models at a time.
    pub concurrency: Option<u32>,
    /// time_interval and microbatch models: compute this partition, `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026` by the model's
    /// granularity, in UTC. Dagster's keys (`2026-04-07-13:00`, `2026-04-01` for a month) are taken too; in a step that Dagster started for
    /// a partition it is that one when nothing is said of partitions.
    pub partition: Option<String>,
    /// Compute the partitions from this one …
    pub from: Option<String>,
    /// … to this one, both included.
    pub to: Option<String>,
    /// Compute the partition that contains now; so it is when nothing is said.
    pub latest: bool,
    /// Compute the partitions from the model's `first_partition` to now that are not computed.
    pub missing: bool,
    /// So many more partitions before the earliest, instead of the model's `lookback`.
    pub lookback: Option<u32>,
    /// Partitions of a model at a time, 1 when not said; without `concurrency` also models at a time.
    pub parallel: Option<u32>,
    /// Values for `@var`.
    pub vars: BTreeMap<String, String>,
    /// Go on with this run: what succeeded in it, or in those that it went on with, is not done again. With `dag` or `all` the run of any of
    /// the pipelines names the run of all.
    pub resume: Option<String>,
    /// Go on with the last run of this pipeline and filter, or with `dag` or `all` of these pipelines, that did not do everything.
    pub resume_latest: bool,
    /// Leave models alone whose query means what it meant and whose inputs did not change since they were built. The rows of sources are
    /// hashed for that where the warehouse keeps no versions.
    pub skip_unchanged: bool,
    /// Build everything, even when `[run] skip_unchanged` is set.
    pub force_rebuild: bool,
    /// Write shadows beside the tables, and nothing else: no table of production, no state. `compare` says how they differ.
    pub shadow: bool,
    /// What is appended to the names of shadows; `_rocky_shadow` when neither this nor a schema is given.
    pub shadow_suffix: Option<String>,
    /// The schema of shadows; made when it is not there.
    pub shadow_schema: Option<String>,
    // A plan that was made says what it is about: the orchestrator is not asked.
    #[doc(hidden)]
    #[serde(skip)]
    pub planned: bool,
    // What the stages before have shadows of: production and shadow.
    #[doc(hidden)]
    #[serde(skip)]
    pub shadow_inputs: Vec<(rocky_warehouse::RelationName, rocky_warehouse::RelationName)>,
    // The run over several pipelines that this one is a part of.
    #[doc(hidden)]
    #[serde(skip)]
    pub joint: Option<rocky_run::state::JointRun>,
    /// Run once for each key: a second run with it is refused while the first is under way, and does nothing after it succeeded.
    pub idempotency_key: Option<String>,
}

/// The filter as the state knows it.
pub(crate) fn canonical_filter(request: &RunRequest) -> String {
    // The order in which filters are given does not matter.
    let mut texts = request
        .filter
        .as_ref()
        .map(|f| f.texts().to_vec())
        .unwrap_or_default();
    texts.sort_unstable();
    texts.join(",")
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Materialization {
    /// Catalog, schema, table.
    pub asset_key: Vec<String>,
    /// The model.
    pub model: String,
    /// Rows written; none for a view.
    pub rows_copied: Option<u64>,
    /// When its first statement was sent (RFC 3339).
    pub started_at: Option<String>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// How often it was begun. Its name is not `attempts`, which clients of the 1.x releases read as a list.
    #[serde(default)]
    pub attempt_count: u32,
    /// The attempts before the last, when there were some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retries: Vec<WireRetry>,
    /// The window of a time_interval model; there is a materialization for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<PartitionInfo>,
    /// More about it.
    pub metadata: MaterializationMetadata,
    /// The statements that were executed.
    pub statements: Vec<ExecutedStatement>,
}

/// More about a materialization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MaterializationMetadata {
    /// How.
    pub strategy: String,
    /// The watermark after it, when it is a date or a time (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
    /// The watermark after it, as the engine writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark_value: Option<String>,
    /// Rows of the target whose value of the watermark column is infinite or NaN. No watermark is; such rows came in when the table was
    /// made, and later ones do not come in. Absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_beyond_watermark: Option<u64>,
    /// `catalog.schema.table`.
    pub target_table_full_name: String,
    /// Hash of the statements.
    pub sql_hash: String,
    /// Columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column_count: Option<u64>,
}

/// A statement that was executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutedStatement {
    /// What for.
    pub purpose: String,
    /// Its text.
    pub sql: String,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Rows it changed, where the engine says.
    pub rows: Option<u64>,
}

/// A failed model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunErrorEntry {
    /// Catalog, schema, table.
    pub asset_key: Vec<String>,
    /// The model.
    pub model: String,
    /// What the engine said.
    pub error: String,
    /// `timeout`, `circuit_open`, `transient`, `rate_limited`, `conflict`; otherwise `warehouse`, `locked`, `cancelled` … or `compile`.
    pub failure_kind: String,
    /// How often it was begun; 0 when it was not.
    #[serde(default)]
    pub attempt_count: u32,
    /// The attempts before the last, when there were some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retries: Vec<WireRetry>,
    /// The partition that failed, the first one of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The statement's purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation_hint: Option<String>,
}

impl RunErrorEntry {
    /// A failure of the run as a whole.
    pub(crate) fn of_run(kind: &str, error: impl Into<String>) -> RunErrorEntry {
        RunErrorEntry {
            asset_key: Vec::new(),
            model: String::new(),
            error: error.into(),
            failure_kind: kind.to_owned(),
            attempt_count: 0,
            retries: Vec::new(),
            partition: None,
            step: None,
            remediation_hint: None,
        }
    }
}

/// An attempt that was followed by another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireRetry {
    /// Which one, from 1.
    pub attempt: u32,
    /// Why there was another: `transient`, `rate_limited`, `conflict`, `table_retry`, `replanned`.
    pub reason: String,
    /// What went wrong.
    pub error: String,
    /// Milliseconds waited before the next.
    pub wait_ms: u64,
}

impl WireRetry {
    fn all(list: &[rocky_run::report::Repetition]) -> Vec<WireRetry> {
        let one = |r: &rocky_run::report::Repetition| WireRetry {
            attempt: r.attempt,
            reason: r.reason.to_owned(),
            error: r.error.clone(),
            wait_ms: u64::try_from(r.wait.as_millis()).unwrap_or(u64::MAX),
        };
        list.iter().map(one).collect()
    }
}

/// A model that was not executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedModel {
    /// Catalog, schema, table.
    pub asset_key: Vec<String>,
    /// The model.
    pub model: String,
    /// Why.
    pub reason: String,
}

impl SkippedModel {
    pub(crate) fn of(left: &crate::reduce::LeftOut) -> SkippedModel {
        SkippedModel {
            asset_key: left.asset_key.iter().map(ToString::to_string).collect(),
            model: left.name.to_string(),
            reason: left.reason.clone(),
        }
    }
}

/// How it was executed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutionSummary {
    /// Models at a time.
    pub concurrency: u64,
    /// Models tried.
    pub tables_processed: u64,
    /// Models failed.
    pub tables_failed: u64,
    /// True when fewer are executed at a time on rate limits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adaptive_concurrency: bool,
    /// Models at a time in the end, with `adaptive_concurrency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_concurrency: Option<u64>,
    /// How often the warehouse asked for less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits_detected: Option<u64>,
    /// How often nothing more was sent because the warehouse did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_openings: Option<u64>,
}

impl ExecutionSummary {
    fn of(report: &RunReport, plan: &rocky_plan::Plan) -> ExecutionSummary {
        let (failed, pacing) = (report.count(TaskStatus::Failed) as u64, report.pacing);
        let some = |n: u64| (n > 0).then_some(n);
        ExecutionSummary {
            concurrency: plan.concurrency as u64,
            tables_processed: report.count(TaskStatus::Success) as u64 + failed,
            tables_failed: failed,
            adaptive_concurrency: pacing.adaptive,
            final_concurrency: pacing.adaptive.then_some(pacing.final_concurrency as u64),
            rate_limits_detected: some(pacing.rate_limits),
            circuit_openings: some(pacing.circuit_openings.into()),
        }
    }

    /// Of several runs.
    pub(crate) fn add(&mut self, other: &ExecutionSummary) {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        self.concurrency = self.concurrency.max(other.concurrency);
        self.tables_processed += other.tables_processed;
        self.tables_failed += other.tables_failed;
        self.adaptive_concurrency |= other.adaptive_concurrency;
        self.final_concurrency = other.final_concurrency.or(self.final_concurrency);
        self.rate_limits_detected = sum(self.rate_limits_detected, other.rate_limits_detected);
        self.circuit_openings = sum(self.circuit_openings, other.circuit_openings);
    }
}

/// Grants and objects made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionSummary {
    /// Grants added.
    pub grants_added: u64,
    /// Grants revoked.
    pub grants_revoked: u64,
    /// Catalogs created.
    pub catalogs_created: u64,
    /// Schemas created.
    pub schemas_created: u64,
}

/// Drift of replicated tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DriftSummary {
    /// Tables whose columns were compared.
    pub tables_checked: u64,
    /// Tables that differ.
    pub tables_drifted: u64,
    /// What was done.
    pub actions_taken: Vec<DriftAction>,
}

/// What was done about a drifted table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DriftAction {
    /// Catalog, schema, table.
    pub asset_key: Vec<String>,
    /// The table.
    pub table: String,
    /// `add_columns`, `alter_column_types`, `drop_and_recreate`, `drop_columns`, `keep_columns`, `keep_column_types` …
    pub action: String,
    /// Why.
    pub reason: String,
    /// The columns.
    pub columns: Vec<String>,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResponse {
    /// Engine version.
    pub version: String,
    /// `run`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The run; empty when nothing was started.
    pub run_id: String,
    /// `Success`, `PartialFailure`, `Failure`; of one of several pipelines also `Skipped`.
    pub status: String,
    /// It was cancelled before everything was done.
    pub interrupted: bool,
    /// `transformation`.
    pub pipeline_type: String,
    /// The pipeline.
    pub pipeline: String,
    /// The plan that was executed.
    pub plan_id: String,
    /// As given.
    pub filter: String,
    /// It wrote shadows, and nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    // What it has shadows of, for the stages behind it.
    #[doc(hidden)]
    #[serde(skip)]
    pub shadow_pairs: Vec<(rocky_warehouse::RelationName, rocky_warehouse::RelationName)>,
    /// When it began (RFC 3339).
    pub started_at: Option<String>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Models written.
    pub tables_copied: u64,
    /// Models failed.
    pub tables_failed: u64,
    /// Models not executed.
    pub tables_skipped: u64,
    /// What was written.
    pub materializations: Vec<Materialization>,
    /// Partitions of the time_interval models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition_summaries: Vec<PartitionSummary>,
    /// Checks of what was written, or of the tables of a quality pipeline.
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
    /// Models that were not executed, and why.
    pub skipped: Vec<SkippedModel>,
    /// How it was executed.
    pub execution: ExecutionSummary,
    /// Objects made.
    pub permissions: PermissionSummary,
    /// Drift.
    pub drift: DriftSummary,
    /// Tables of the sources that are not copied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_tables: Vec<ExcludedTable>,
    /// Of several pipelines: the result of each, in the order of execution. What stands beside is all of them together,
    /// and `run_id` is that of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipelines: Vec<RunResponse>,
    /// Why this pipeline was not tried (`status` is `Skipped` then).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_reason: Option<String>,
    /// Findings of the compile.
    pub diagnostics: Vec<WireDiagnostic>,
    /// True when errors in the models kept the run from starting.
    pub has_errors: bool,
    /// Why the state store lacks something of this run, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_error: Option<String>,
    /// What became of the remote state, where the project has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_state: Option<crate::remote::RemoteStateSummary>,
    /// The run that it went on with; of a pipeline that was done before, the run that had done it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<String>,
    /// Whether each model was built, and why, when `skip_unchanged` is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_decisions: Vec<ModelDecision>,
    /// As given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The run that had the same key, when this one did nothing for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_by_run_id: Option<String>,
    /// Numbers of this run; null when nothing was started.
    pub metrics: Option<WireMetrics>,
    /// What hooks did, when there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<WireHooks>,
    /// Limits of `[budget]` that it went over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budget_breaches: Vec<WireBudgetBreach>,
}

/// Status of a run that did nothing because one with its idempotency key was done …
pub const SKIPPED_IDEMPOTENT: &str = "SkippedIdempotent";
/// … or is under way.
pub const SKIPPED_IN_FLIGHT: &str = "SkippedInFlight";

/// A run that has its state.
pub(crate) struct Begun {
    run_id: String,
    remote: crate::remote::RemoteRun,
    /// The idempotency key that it has claimed.
    key: Option<String>,
}

impl Begun {
    /// The local state is about to be written.
    pub(crate) fn watch(&mut self) -> Result<()> {
        self.remote.watch()
    }

    /// A run that leaves none.
    pub(crate) fn without_state(run_id: String) -> Begun {
        Begun {
            run_id,
            remote: crate::remote::RemoteRun::default(),
            key: None,
        }
    }
}

impl RunResponse {
    /// A run of which nothing is known but that it did not succeed.
    pub(crate) fn blank(
        version: String,
        command: String,
        schema_version: u32,
        pipeline: String,
        filter: String,
    ) -> RunResponse {
        RunResponse {
            version,
            command,
            schema_version,
            run_id: String::new(),
            status: RunStatus::Failure.as_str().to_owned(),
            interrupted: false,
            pipeline_type: String::new(),
            pipeline,
            plan_id: String::new(),
            filter,
            shadow: false,
            shadow_pairs: Vec::new(),
            started_at: None,
            duration_ms: 0,
            tables_copied: 0,
            tables_failed: 0,
            tables_skipped: 0,
            materializations: Vec::new(),
            check_results: Vec::new(),
            checks_failed: 0,
            checks_warned: 0,
            anomalies: Vec::new(),
            quarantine: Vec::new(),
            errors: Vec::new(),
            skipped: Vec::new(),
            execution: ExecutionSummary::default(),
            permissions: PermissionSummary::default(),
            drift: DriftSummary::default(),
            excluded_tables: Vec::new(),
            pipelines: Vec::new(),
            skipped_reason: None,
            diagnostics: Vec::new(),
            has_errors: false,
            state_error: None,
            remote_state: None,
            partition_summaries: Vec::new(),
            resumed_from: None,
            model_decisions: Vec::new(),
            idempotency_key: None,
            skipped_by_run_id: None,
            metrics: None,
            hooks: None,
            budget_breaches: Vec::new(),
        }
    }
}

/// How the columns of each task's target differ, as it was planned last.
type Drifts = FxHashMap<SmolStr, Option<Drift>>;

fn drifts(plan: &rocky_plan::Plan) -> Drifts {
    plan.tasks
        .iter()
        .map(|t| (t.name.clone(), t.drift.clone()))
        .collect()
}

/// Tells of a task's drift when the task begins.
struct TellDrift<'a> {
    inner: &'a mut dyn Observer,
    tables: FxHashMap<&'a SmolStr, &'a str>,
    drifts: &'a RefCell<Drifts>,
}

impl Observer for TellDrift<'_> {
    fn event(&mut self, event: &Event) {
        self.inner.event(event);
        let Event::ModelStarted { model, .. } = event else {
            return;
        };
        let drift = self.drifts.borrow().get(model).cloned().flatten();
        let Some(drift) = drift.filter(|d| !d.actions.is_empty()) else {
            return;
        };
        let table = self.tables.get(model).map_or(model.as_str(), |name| name);
        for action in drift.actions {
            self.inner.event(&Event::DriftDetected {
                table: table.to_owned(),
                columns: action.columns,
                action: SmolStr::new_static(action.action.as_str()),
                reason: action.reason,
            });
        }
    }

    fn guards(&self, kind: &str) -> bool {
        self.inner.guards(kind)
    }

    fn may_begin(&mut self, event: &Event) -> std::result::Result<(), String> {
        self.inner.may_begin(event)
    }

    fn stop(&self) -> Option<&str> {
        self.inner.stop()
    }
}

/// What was compared, and what was done: actions of tasks that failed were not taken.
fn drift_summary(tasks: &[TaskResult], drifts: &Drifts) -> DriftSummary {
    let mut summary = DriftSummary::default();
    for task in tasks {
        let Some(Some(drift)) = drifts.get(&task.name) else {
            continue;
        };
        summary.tables_checked += 1;
        summary.tables_drifted += u64::from(!drift.actions.is_empty());
        let taken = |a: &&rocky_plan::DriftAction| {
            task.status == TaskStatus::Success || a.action == rocky_plan::DriftActionKind::Fail
        };
        let actions = drift.actions.iter().filter(taken).map(|a| DriftAction {
            asset_key: task.asset_key.iter().map(ToString::to_string).collect(),
            table: task.full_name.clone(),
            action: a.action.as_str().to_owned(),
            reason: a.reason.clone(),
            columns: a.columns.iter().map(ToString::to_string).collect(),
        });
        summary.actions_taken.extend(actions);
    }
    summary
}

impl Project {
    /// Plan and execute. Failing models are part of the response.
    pub fn run(
        &self,
        request: &RunRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RunResponse> {
        let stages = match self.stages(request) {
            Ok(stages) => stages,
            // Whoever started the process hears of it.
            Err(error) => return self.in_session(request, observer, |_| Err(error)),
        };
        match stages.as_slice() {
            [] | [_] if !request.dag => self.run_one(request, Part::Own, Dagster::Told, observer, cancel),
            _ => self.in_session(request, observer, |observer| {
                self.run_stages(request, &stages, observer, cancel)
            }),
        }
    }

    /// Plan and execute one pipeline.
    pub(crate) fn run_one(
        &self,
        request: &RunRequest,
        part: Part,
        dagster: Dagster,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RunResponse> {
        self.attended(request, dagster, observer, cancel, |run_id, observer| {
            self.with_state_of(request, run_id, observer, cancel, |run, observer| {
                self.once(request, run, observer, |run, observer| {
                    let prepared = self.prepare(request, part, Access::Write, observer, cancel)?;
                    self.execute_prepared(request, prepared, run, observer, cancel)
                })
            })
        })
    }

    /// Do `body` unless a run with the same idempotency key has done it or is at it.
    pub(crate) fn once(
        &self,
        request: &RunRequest,
        run: &mut Begun,
        observer: &mut dyn Observer,
        body: impl FnOnce(&mut Begun, &mut dyn Observer) -> Result<RunResponse>,
    ) -> Result<RunResponse> {
        let Some(key) = idempotency::key_of(self, request.idempotency_key.as_deref())? else {
            return body(run, observer);
        };
        // What the key excludes is said before it is claimed.
        crate::shadow::check(self, request)?;
        let config = self.config()?.state.idempotency;
        let now = || crate::document::timestamp(self.host.system.now());
        let states = &self.engine.inner.states;
        let opened = states.writer(self.state_path());
        let claim = match &opened {
            Ok(state) => idempotency::claim(state, &key, &run.run_id, &config, now())?,
            // The process that writes it may be the one that is at it.
            Err(error) if error.kind == ErrorKind::Locked => match states.reader(self.state_path())? {
                Some(reader) => idempotency::look(&reader, &key, &config, now())?.unwrap_or(Claim::Mine),
                None => Claim::Mine,
            },
            Err(_) => Claim::Mine,
        };
        let (status, by) = match claim {
            Claim::Mine => {
                let state = opened?;
                // A run that panics has failed: the key is not in flight for as long as the process lives.
                let claimed = idempotency::Claimed {
                    state: &state,
                    key: &key,
                    run_id: &run.run_id.clone(),
                    config: &config,
                    now: &now,
                };
                run.key = Some(key.clone());
                let result = body(run, observer);
                drop(claimed);
                let status = result.as_ref().ok().filter(|r| !r.run_id.is_empty());
                let status = status.map(|r| r.status.as_str());
                let settled = idempotency::settle(&state, &key, &run.run_id, status, &config, now());
                // What was run is told, also when the state cannot be written any more.
                return result.map(|mut response| {
                    response.idempotency_key = Some(key);
                    if let Err(error) = settled {
                        response.state_error.get_or_insert(error.message);
                    }
                    response
                });
            }
            Claim::Done(by) => (SKIPPED_IDEMPOTENT, by),
            Claim::InFlight(by) => (SKIPPED_IN_FLIGHT, by),
        };
        let name = request.pipeline.clone().unwrap_or_default();
        let mut response = refused(&name, "", canonical_filter(request), Vec::new());
        response.has_errors = false;
        status.clone_into(&mut response.status);
        response.idempotency_key = Some(key);
        response.skipped_by_run_id = Some(by);
        Ok(response)
    }

    /// Do `body`, a run, over the state as it is now, wherever it is kept, and bring back what the run wrote there.
    pub(crate) fn with_state(
        &self,
        run_id: String,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
        body: impl FnOnce(&mut Begun, &mut dyn Observer) -> Result<RunResponse>,
    ) -> Result<RunResponse> {
        let remote = self.begin_remote(&run_id, observer, cancel)?;
        let mut begun = Begun {
            run_id,
            remote,
            key: None,
        };
        // A state file that cannot be used is said before anything is touched.
        let result = self
            .engine
            .inner
            .states
            .reader(self.state_path())
            .and_then(|_| body(&mut begun, observer));
        let (summary, failure) = begun.remote.finish(observer, cancel);
        match result {
            Ok(mut response) => {
                if let Some(failure) = failure {
                    response.state_error.get_or_insert(failure.message);
                }
                response.remote_state = summary;
                Ok(response)
            }
            Err(mut error) => {
                if let Some(failure) = failure {
                    error.message = format!("{}; and {}", error.message, failure.message);
                }
                Err(error)
            }
        }
    }

    /// Execute what was planned.
    pub(crate) fn execute_prepared(
        &self,
        request: &RunRequest,
        mut prepared: crate::prepare::Prepared,
        run: &mut Begun,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RunResponse> {
        let filter = canonical_filter(request);
        let found = std::mem::take(&mut prepared.diagnostics);
        let reduced = std::mem::take(&mut prepared.reduced);
        let shadow_pairs = reduced.names();
        let Some(plan) = &prepared.plan else {
            return Ok(refused(&prepared.pipeline, prepared.pipeline_type, filter, found));
        };
        let policy = crate::policy::of_run(&*self.config_checked()?, &prepared)?;
        // A hook may have seen enough.
        if let Some(why) = observer.stop() {
            return Ok(stopped(
                &prepared.pipeline,
                prepared.pipeline_type,
                filter,
                found,
                why,
            ));
        }
        let Some(warehouse) = &prepared.warehouse else {
            return Err(Error::bug("a run has no warehouse"));
        };
        let state = match request.shadow {
            true => None,
            false => Some(self.engine.inner.states.writer(self.state_path())?),
        };
        run.remote.watch()?;
        let clock = self.host.system.clone();
        let trigger = match clock.env("CI") {
            Some(value) if !value.is_empty() && value != "false" => Trigger::Ci,
            _ => Trigger::Manual,
        };
        // A model whose target changed under the plan is planned once more against the catalogue as it is now.
        // Every unknown table or function of a user's SQL looks like one; after some of them it is no longer believed, so
        // that a thousand failing models do not read the catalogue a thousand times.
        let mut attempts = 16u32;
        let drifts = RefCell::new(drifts(plan));
        let mut replan = |stale: &Task| -> Result<Option<Task>> {
            let Some(left) = attempts.checked_sub(1) else {
                return Ok(None);
            };
            attempts = left;
            let catalog = warehouse.listing(cancel)?;
            let made = (prepared.again)(&catalog).map_err(|_| {
                Error::new(
                    rocky_base::ErrorKind::Stale,
                    "the plan no longer fits the warehouse",
                )
            })?;
            let again = made.tasks.into_iter().find(|t| t.name == stale.name);
            let again = again.filter(|t| t.steps != stale.steps);
            if let Some(task) = &again {
                drifts.borrow_mut().insert(task.name.clone(), task.drift.clone());
            }
            Ok(again)
        };
        let mut observer = TellDrift {
            inner: observer,
            tables: plan
                .tasks
                .iter()
                .map(|t| (&t.name, t.full_name.as_str()))
                .collect(),
            drifts: &drifts,
        };
        if let (Some(memory), Some(state)) = (&reduced.memory, &state) {
            memory.begin(state, plan, crate::document::timestamp(clock.now()))?;
        }
        if let (Some(ledger), Some(state)) = (&reduced.ledger, &state) {
            ledger.begin(state, &run.run_id, crate::document::timestamp(clock.now()))?;
        }
        let snapshot = self.last(&request.vars);
        let graph_hash = snapshot.as_deref().map(crate::graph::hash);
        let settled = |status: RunStatus, at| {
            let key = run.key.as_deref();
            key.map_or_else(StateBatch::new, |key| {
                idempotency::at_end(key, &run.run_id, status.as_str(), at)
            })
        };
        let report = execute(ExecuteContext {
            plan,
            warehouse: &**warehouse,
            state: state.as_deref(),
            run_id: run.run_id.clone(),
            trigger,
            config_hash: self.config_hash(),
            facts: RunFacts {
                filter: filter.clone(),
                resumed_from: reduced.resumed_from.clone(),
                joint: request.joint.clone(),
                graph_hash: graph_hash.clone(),
            },
            at_end: Some(&settled),
            observer: &mut observer,
            cancel,
            clock: &*clock,
            policy: &policy,
            replan: &mut replan,
        })?;
        #[cfg(feature = "otel")]
        if !request.shadow {
            crate::telemetry::export(&*clock, &report, &mut observer);
        }
        if let Some(state) = state.as_ref().filter(|_| report.state_error.is_none()) {
            let graph = snapshot.as_deref().zip(graph_hash.as_deref());
            let bases = plan
                .tasks
                .iter()
                .map(|t| (t.name.clone(), t.basis.clone()))
                .collect();
            let noted = reduced.ledger.as_ref().map_or(Ok(()), |ledger| {
                ledger.finish(state, &report, crate::document::timestamp(clock.now()))
            });
            let built = match reduced.memory {
                Some(memory) => memory.write(state, &report, &bases, crate::document::timestamp(clock.now())),
                None => Ok(()),
            };
            if let Err(error) = noted
                .and(built)
                .and_then(|()| self.remember_after(state, &report, graph))
            {
                observer.event(&Event::Log {
                    level: rocky_base::SmolStr::new_static("warning"),
                    message: format!("the run is recorded, but not all around it: {}", error.message),
                });
            }
        }
        let schemas_created = plan.setup.iter().filter(|s| s.purpose == "create_schema").count() as u64;
        let catalogs_created = plan
            .setup
            .iter()
            .filter(|s| s.purpose == "create_catalog")
            .count() as u64;
        let mut document = response(
            report,
            plan,
            filter,
            found,
            &drifts.borrow(),
            prepared.pipeline_type,
        );
        document.shadow = request.shadow;
        document.shadow_pairs = shadow_pairs;
        document.tables_skipped += reduced.left_out.len() as u64;
        document
            .skipped
            .extend(reduced.left_out.iter().map(SkippedModel::of));
        document.resumed_from = reduced.resumed_from;
        document.model_decisions = reduced.decisions;
        document.permissions.schemas_created = schemas_created;
        document.permissions.catalogs_created = catalogs_created;
        document.excluded_tables = ExcludedTable::all(&prepared.excluded);
        Ok(document)
    }

    /// The graph, where it changed, and what may be forgotten by now.
    fn remember_after(
        &self,
        state: &rocky_run::StateStore,
        report: &RunReport,
        graph: Option<(&rocky_project::Snapshot, &str)>,
    ) -> Result<()> {
        if let Some((snapshot, hash)) = graph {
            state.record_graph(&report.run_id, report.finished_at, hash, || {
                crate::graph::models(snapshot)
            })?;
        }
        if let Some(retention) = self.retention()? {
            state.sweep(&retention, report.finished_at)?;
        }
        Ok(())
    }

    /// Hash of the configuration's text: what it was when a run was recorded.
    fn config_hash(&self) -> String {
        let bytes = self.host.system.read(self.config_path()).unwrap_or_default();
        let hash = rocky_project::hash::Hasher128::new().bytes(&bytes).finish();
        format!("{hash:032x}").chars().take(16).collect()
    }
}

/// How often something was begun, and the attempts before the last.
type Tried<'r> = (u32, &'r [rocky_run::report::Repetition]);

fn executed(statement: &StatementResult) -> ExecutedStatement {
    ExecutedStatement {
        purpose: statement.purpose.to_string(),
        sql: statement.sql.clone(),
        duration_ms: statement.duration_ms,
        rows: statement.rows,
    }
}

fn metadata(task: &TaskResult) -> MaterializationMetadata {
    MaterializationMetadata {
        strategy: task.strategy.as_str().to_owned(),
        watermark: task
            .watermark
            .as_deref()
            .and_then(crate::document::watermark_time),
        watermark_value: task.watermark.clone(),
        rows_beyond_watermark: task.beyond_watermark.filter(|n| *n > 0),
        target_table_full_name: task.full_name.clone(),
        sql_hash: task.sql_hash.clone(),
        column_count: task.column_count.map(|c| c as u64),
    }
}

/// What stands in the way is found in the project.
fn refused(pipeline: &str, pipeline_type: &str, filter: String, found: Vec<WireDiagnostic>) -> RunResponse {
    let (version, command, schema_version) = envelope!("run");
    let errors: Vec<RunErrorEntry> = found
        .iter()
        .filter(|d| d.is_error())
        .map(|d| RunErrorEntry {
            asset_key: Vec::new(),
            model: d.model.clone(),
            error: format!("{}: {}", d.code, d.message),
            failure_kind: "compile".to_owned(),
            attempt_count: 0,
            retries: Vec::new(),
            partition: None,
            step: None,
            remediation_hint: d.suggestion.clone(),
        })
        .collect();
    RunResponse {
        pipeline_type: pipeline_type.to_owned(),
        errors,
        diagnostics: found,
        has_errors: true,
        ..RunResponse::blank(version, command, schema_version, pipeline.to_owned(), filter)
    }
}

/// How many rows failed tests. Each window looks at the whole table: what the last one found holds, but rows that were deleted are gone
/// for the next. Windows that tag at the same time do not see each other's rows.
fn set_aside(result: &TaskResult, task: &Task, mode: &str) -> Option<u64> {
    if result.set_aside.is_some() {
        return result.set_aside;
    }
    let of = |statements: &[StatementResult]| {
        let all = statements.iter().filter(|s| s.purpose == "quarantine");
        // A dialect may need several statements, each for other rows.
        all.filter_map(|s| s.rows).reduce(|all, rows| all + rows)
    };
    let Some(windows) = &result.windows else {
        return of(&result.statements);
    };
    let together = task.windows.as_ref().is_some_and(|w| w.parallel > 1);
    let counts = windows.iter().map(|w| (w.finished_at, of(&w.statements)));
    match mode {
        "drop" => counts.map(|(_, n)| n).sum(),
        "tag" if together && windows.len() > 1 => None,
        _ => counts.max_by_key(|(at, _)| *at).and_then(|(_, n)| n),
    }
}

/// A hook did not let it begin.
pub(crate) fn stopped(
    pipeline: &str,
    pipeline_type: &str,
    filter: String,
    found: Vec<WireDiagnostic>,
    why: &str,
) -> RunResponse {
    let mut response = refused(pipeline, pipeline_type, filter, found);
    response.has_errors = false;
    response.errors = vec![RunErrorEntry::of_run(rocky_base::ErrorKind::Hook.as_str(), why)];
    response
}

fn response(
    report: RunReport,
    plan: &rocky_plan::Plan,
    filter: String,
    found: Vec<WireDiagnostic>,
    drifts: &Drifts,
    pipeline_type: &str,
) -> RunResponse {
    let (version, command, schema_version) = envelope!("run");
    let asset_key = |t: &TaskResult| -> Vec<String> { t.asset_key.iter().map(ToString::to_string).collect() };
    let metrics = Some(WireMetrics {
        anomalies_detected: report.tasks.iter().filter(|t| t.anomaly.is_some()).count() as u64,
        ..WireMetrics::of(&rocky_run::metrics::RunMetrics::of(&report))
    });
    let failed = report.count(TaskStatus::Failed) as u64;
    // A model of which no partition was to be computed is not written.
    let written = |t: &TaskResult| t.windows.as_ref().is_none_or(|w| !w.is_empty());
    let succeeded =
        |t: &&TaskResult| t.status == TaskStatus::Success && t.kind != TaskKind::Quality && written(t);
    let execution = ExecutionSummary::of(&report, plan);
    let copied = report.tasks.iter().filter(succeeded).count() as u64;
    let skipped: Vec<SkippedModel> = report
        .tasks
        .iter()
        .filter(|m| m.status == TaskStatus::Skipped)
        .map(|m| SkippedModel {
            asset_key: asset_key(m),
            model: m.name.to_string(),
            reason: m.skipped_reason.clone().unwrap_or_default(),
        })
        .collect();
    let mut errors = Vec::new();
    let mut materializations = Vec::new();
    for task in &report.tasks {
        let written = |rows,
                       started_at: Option<jiff::Timestamp>,
                       duration_ms,
                       statements: Vec<_>,
                       tried: Tried<'_>,
                       partition| {
            Materialization {
                attempt_count: tried.0,
                retries: WireRetry::all(tried.1),
                asset_key: asset_key(task),
                model: task.name.to_string(),
                rows_copied: rows,
                started_at: started_at.map(|t| t.to_string()),
                duration_ms,
                partition,
                metadata: metadata(task),
                statements,
            }
        };
        let failure = |error: &TaskError, tried: Tried<'_>, partition| RunErrorEntry {
            attempt_count: tried.0,
            retries: WireRetry::all(tried.1),
            asset_key: asset_key(task),
            model: task.name.to_string(),
            error: error.message.clone(),
            failure_kind: error.kind_name().to_owned(),
            partition,
            step: error.step.as_ref().map(ToString::to_string),
            remediation_hint: error.hint.clone(),
        };
        let own = || task.statements.iter().map(executed);
        let Some(windows) = &task.windows else {
            let tried = (task.attempts, task.retried.as_slice());
            errors.extend(task.error.as_ref().map(|e| failure(e, tried, None)));
            if task.status == TaskStatus::Success && task.kind != TaskKind::Quality {
                let statements = own().collect();
                materializations.push(written(
                    task.rows,
                    task.started_at,
                    task.duration_ms,
                    statements,
                    tried,
                    None,
                ));
            }
            continue;
        };
        // What was done before the windows is shown with the first that was written.
        let mut before: Vec<ExecutedStatement> = own().collect();
        let mut told = false;
        for window in windows {
            let partition = PartitionInfo::of_result(window);
            let tried = (window.attempts, window.retried.as_slice());
            if let Some(error) = &window.error {
                told = true;
                errors.push(failure(error, tried, Some(partition.key.clone())));
            }
            if window.status == TaskStatus::Success {
                let mut statements = std::mem::take(&mut before);
                statements.extend(window.statements.iter().map(executed));
                materializations.push(written(
                    window.rows,
                    window.started_at,
                    window.duration_ms,
                    statements,
                    tried,
                    Some(partition),
                ));
            }
        }
        let tried = (task.attempts, task.retried.as_slice());
        errors.extend(
            task.error
                .as_ref()
                .filter(|_| !told)
                .map(|e| failure(e, tried, None)),
        );
    }
    let partition_summaries = report
        .tasks
        .iter()
        .filter_map(|t| Some(PartitionSummary::of(&t.name, t.windows.as_ref()?)))
        .collect();
    let counted = |wanted: fn(&CheckOutcome) -> bool| {
        let all = report.tasks.iter().flat_map(|t| &t.checks);
        all.filter(|c| wanted(c)).count() as u64
    };
    let check_results = report
        .tasks
        .iter()
        .filter(|t| !t.checks.is_empty())
        .map(|t| CheckResults {
            asset_key: asset_key(t),
            checks: t.checks.iter().map(CheckResult::of).collect(),
        })
        .collect();
    let anomalies = report
        .tasks
        .iter()
        .filter_map(|t| {
            let anomaly = t.anomaly.as_ref()?;
            Some(AnomalyEntry {
                asset_key: asset_key(t),
                table: t.full_name.clone(),
                current_count: anomaly.current_count,
                baseline_avg: anomaly.baseline_avg,
                deviation_pct: anomaly.deviation_pct,
                reason: anomaly.reason.clone(),
            })
        })
        .collect();
    let quarantine = report
        .tasks
        .iter()
        .zip(&plan.tasks)
        .filter(|(t, _)| t.status == TaskStatus::Success)
        .filter_map(|(t, task)| {
            let quarantine = task.quarantine.as_ref()?;
            Some(QuarantineEntry {
                asset_key: asset_key(t),
                table: t.full_name.clone(),
                mode: quarantine.mode.to_string(),
                quarantine_table: quarantine.table.clone(),
                valid_table: quarantine.valid_table.clone(),
                quarantined_rows: set_aside(t, task, &quarantine.mode),
                tests: quarantine.tests.iter().map(ToString::to_string).collect(),
            })
        })
        .collect();
    RunResponse {
        version,
        command,
        schema_version,
        run_id: report.run_id,
        status: report.status.as_str().to_owned(),
        interrupted: report.interrupted,
        pipeline_type: pipeline_type.to_owned(),
        pipeline: report.pipeline.to_string(),
        plan_id: plan.plan_id.clone(),
        filter,
        shadow: false,
        shadow_pairs: Vec::new(),
        started_at: Some(report.started_at.to_string()),
        duration_ms: report.duration_ms,
        tables_copied: copied,
        tables_failed: failed,
        tables_skipped: skipped.len() as u64,
        materializations,
        checks_failed: counted(|c| c.blocks()),
        checks_warned: counted(|c| !c.blocks() && c.status != CheckStatus::Pass),
        check_results,
        anomalies,
        quarantine,
        partition_summaries,
        errors,
        skipped,
        execution,
        permissions: PermissionSummary::default(),
        drift: drift_summary(&report.tasks, drifts),
        excluded_tables: Vec::new(),
        pipelines: Vec::new(),
        skipped_reason: None,
        diagnostics: found,
        has_errors: false,
        resumed_from: None,
        model_decisions: Vec::new(),
        idempotency_key: None,
        skipped_by_run_id: None,
        metrics,
        hooks: None,
        budget_breaches: Vec::new(),
        state_error: report.state_error,
        remote_state: None,
    }
}
