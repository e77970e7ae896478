//! `plan`: the statements that `run` would execute for the same request, and why.

use crate::adapters::Access;
use crate::checks::PlannedCheck;
use crate::document::{envelope, timestamp};
use crate::prepare::Part;
use crate::project::Project;
use crate::reduce::ModelDecision;
use crate::verbs::run::{RunRequest, SkippedModel};
use crate::windows::PartitionInfo;
use crate::wire::{ExcludedTable, Filters, WireDiagnostic};
use rocky_base::{CancelToken, Observer, Result, SmolStr};
use rocky_plan::{Step, StepKind, TaskKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A statement in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedStatement {
    /// `create_schema`, `create_table`, `insert`, `merge` …
    pub purpose: String,
    /// What it writes or reads.
    pub target: String,
    /// The statement; values that are known when it runs stand as `$start_date`, `$end_date`, `$now`, `$run_id`.
    pub sql: String,
    /// The model; none for set-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `statement`, `guard`, `observe`, `check`.
    pub kind: String,
}

/// A planned model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedModel {
    /// Model name.
    pub model: String,
    /// The relation it writes.
    pub target: String,
    /// How.
    pub strategy: String,
    /// Models of this plan that must succeed before.
    pub depends_on: Vec<String>,
    /// Layer, from 0.
    pub layer: u64,
    /// Why these statements.
    pub reason: String,
    /// All its statements are one transaction.
    pub transaction: bool,
    /// Hash of the statements.
    pub sql_hash: String,
    /// How many statements.
    pub statements: u64,
    /// What is checked after them.
    pub checks: Vec<PlannedCheck>,
    /// time_interval and microbatch models: the partitions to be computed, batches as one. The statements that have `$start_date` and
    /// `$end_date` are executed once for each of them, in a transaction of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<Vec<PartitionInfo>>,
    /// So many of them at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u64>,
    /// What it is: `model`, `table` …
    pub kind: String,
    /// What orchestrators call it.
    pub asset_key: Vec<String>,
    /// What is done about columns that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<PlannedDrift>,
    /// Why it will not be written, when that is known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What is done about columns that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedDrift {
    /// `add_columns`, `alter_column_types`, `drop_and_recreate`, `drop_columns`, `keep_columns`, `keep_column_types` …
    pub action: String,
    /// The columns.
    pub columns: Vec<String>,
    /// Why, in one line.
    pub reason: String,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanResponse {
    /// Engine version.
    pub version: String,
    /// `plan`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// As given.
    pub filter: String,
    /// The pipeline.
    pub pipeline: String,
    /// Hash of everything planned; empty when there are errors.
    pub plan_id: String,
    /// `run`.
    pub plan_kind: String,
    /// When (RFC 3339).
    pub created_at: String,
    /// The statements in the order of execution (models of one layer may run at once).
    pub statements: Vec<PlannedStatement>,
    /// Names of the planned models, in the order of execution.
    pub models: Vec<String>,
    /// Names of the planned models by layer; those of one layer may run at once.
    pub execution_layers: Vec<Vec<String>>,
    /// More about each of them.
    pub models_detail: Vec<PlannedModel>,
    /// Models that are left out, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedModel>,
    /// Whether each model would be built, and why, when `skip_unchanged` is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_decisions: Vec<ModelDecision>,
    /// The run that would be gone on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<String>,
    /// Tables of the sources that are not copied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_tables: Vec<ExcludedTable>,
    /// Of several pipelines: the plan of each, in the order of execution. What stands above is all of them together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipelines: Vec<PlanResponse>,
    /// Why nothing is planned now: it waits for another pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    // What it has shadows of, for the stages behind it.
    #[doc(hidden)]
    #[serde(skip)]
    pub shadow_pairs: Vec<(rocky_warehouse::RelationName, rocky_warehouse::RelationName)>,
    /// Findings.
    pub diagnostics: Vec<WireDiagnostic>,
    /// True when one of them is an error: nothing is planned then.
    pub has_errors: bool,
}

impl PlannedStatement {
    fn of(step: Step, model: Option<&str>) -> PlannedStatement {
        PlannedStatement {
            purpose: step.purpose.to_string(),
            target: step.target,
            sql: step.sql,
            model: model.map(str::to_owned),
            kind: match step.kind {
                StepKind::Statement { .. } | StepKind::Removal => "statement",
                StepKind::Guard { .. } => "guard",
                StepKind::Observe { .. } | StepKind::CountPartitions => "observe",
                StepKind::Refuse { .. } => "refuse",
                StepKind::Check => "check",
            }
            .to_owned(),
        }
    }
}

impl PlannedDrift {
    fn of(action: &rocky_plan::DriftAction) -> PlannedDrift {
        PlannedDrift {
            action: action.action.as_str().to_owned(),
            columns: action.columns.iter().map(ToString::to_string).collect(),
            reason: action.reason.clone(),
        }
    }
}

impl Project {
    /// Plan a run: reads the warehouse's catalogue, changes nothing. What was planned is remembered for `apply` (`.rocky/plans`).
    pub fn plan(
        &self,
        request: &RunRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<PlanResponse> {
        let stages = self.stages(request)?;
        match stages.as_slice() {
            [] | [_] if !request.dag => self.plan_one(request, Part::Own, observer, cancel),
            _ => self.plan_stages(request, &stages, observer, cancel),
        }
    }

    /// Plan one pipeline.
    pub(crate) fn plan_one(
        &self,
        request: &RunRequest,
        part: Part,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<PlanResponse> {
        let mut prepared = self.prepare(request, part, Access::Read, observer, cancel)?;
        // The models beside a replication are no plan of a pipeline.
        if let Some(plan) = prepared.plan.as_ref().filter(|_| part == Part::Own) {
            self.remember_plan(request, plan);
        }
        let (version, command, schema_version) = envelope!("plan");
        let mut statements = Vec::new();
        let mut models = Vec::new();
        let mut plan_id = String::new();
        // The texts of a large plan are moved, not copied.
        if let Some(plan) = prepared.plan.take() {
            plan_id = plan.plan_id;
            let names: Vec<SmolStr> = plan.tasks.iter().map(|t| t.name.clone()).collect();
            statements
                .reserve_exact(plan.setup.len() + plan.tasks.iter().map(|t| t.steps.len()).sum::<usize>());
            statements.extend(plan.setup.into_iter().map(|s| PlannedStatement::of(s, None)));
            models.reserve_exact(names.len());
            for task in plan.tasks {
                let checks = task.checks.iter().map(PlannedCheck::of).collect();
                let error = task.steps.iter().find_map(|s| match &s.kind {
                    StepKind::Refuse { error, .. } => Some(error.clone()),
                    _ => None,
                });
                let windows = task.windows.as_ref();
                let before = windows.map_or(0, |w| w.before.len());
                models.push(PlannedModel {
                    model: task.name.to_string(),
                    target: task.target.display(),
                    strategy: match task.kind {
                        TaskKind::Quality => task.kind.as_str().to_owned(),
                        _ => task.strategy.as_str().to_owned(),
                    },
                    depends_on: task
                        .depends_on
                        .iter()
                        .filter_map(|d| names.get(*d).map(ToString::to_string))
                        .collect(),
                    layer: task.layer as u64,
                    reason: task.reason,
                    transaction: task.transaction,
                    sql_hash: task.sql_hash,
                    statements: (before + task.steps.len()) as u64,
                    partitions: windows.map(|w| w.list.iter().map(PartitionInfo::of_window).collect()),
                    parallel: windows.map(|w| w.parallel as u64),
                    kind: task.kind.as_str().to_owned(),
                    asset_key: task.asset_key.iter().map(ToString::to_string).collect(),
                    drift: task
                        .drift
                        .iter()
                        .flat_map(|d| &d.actions)
                        .map(PlannedDrift::of)
                        .collect(),
                    error,
                    checks,
                });
                // What is refused sends nothing.
                let sent = |s: &Step| !matches!(s.kind, StepKind::Refuse { .. });
                let before = task.windows.map(|w| w.before).unwrap_or_default();
                let queries = task.checks.into_iter().flat_map(|c| c.queries);
                let all = before.into_iter().chain(task.steps).filter(sent).chain(queries);
                statements.extend(all.map(|s| PlannedStatement::of(s, Some(&task.name))));
            }
        }
        Ok(PlanResponse {
            version,
            command,
            schema_version,
            filter: Filters::shown(&request.filter),
            pipeline: prepared.pipeline.to_string(),
            plan_id,
            plan_kind: "run".to_owned(),
            created_at: timestamp(self.host.system.now()).to_string(),
            statements,
            execution_layers: layers(&models),
            models: models.iter().map(|m| m.model.clone()).collect(),
            models_detail: models,
            shadow_pairs: prepared.reduced.names(),
            skipped: prepared.reduced.left_out.iter().map(SkippedModel::of).collect(),
            model_decisions: prepared.reduced.decisions,
            resumed_from: prepared.reduced.resumed_from,
            has_errors: prepared.has_errors,
            excluded_tables: ExcludedTable::all(&prepared.excluded),
            pipelines: Vec::new(),
            waits: None,
            diagnostics: prepared.diagnostics,
        })
    }
}

fn layers(models: &[PlannedModel]) -> Vec<Vec<String>> {
    let mut layers: Vec<Vec<String>> = Vec::new();
    for model in models {
        let layer = model.layer as usize;
        if layers.len() <= layer {
            layers.resize(layer + 1, Vec::new());
        }
        layers[layer].push(model.model.clone());
    }
    layers
}
