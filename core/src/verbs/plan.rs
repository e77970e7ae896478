//! `plan`: the statements that `run` would execute for the same request, and why.

use crate::adapters::Access;
use crate::checks::PlannedCheck;
use crate::document::{envelope, timestamp};
use crate::project::Project;
use crate::reduce::ModelDecision;
use crate::verbs::run::{RunRequest, SkippedModel};
use crate::wire::WireDiagnostic;
use rocky_base::{CancelToken, Observer, Result};
use rocky_plan::{StepKind, TaskKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A statement in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedStatement {
    /// `create_schema`, `create_table`, `insert`, `merge` …
    pub purpose: String,
    /// What it writes or reads.
    pub target: String,
    /// The statement.
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
    /// Findings.
    pub diagnostics: Vec<WireDiagnostic>,
    /// True when one of them is an error: nothing is planned then.
    pub has_errors: bool,
}

impl Project {
    /// Plan a run: reads the warehouse's catalogue, changes nothing. What was planned is remembered for `apply` (`.rocky/plans`).
    pub fn plan(
        &self,
        request: &RunRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<PlanResponse> {
        let prepared = self.prepare(request, Access::Read, observer, cancel)?;
        if let Some(plan) = &prepared.plan {
            self.remember_plan(request, plan);
        }
        let (version, command, schema_version) = envelope!("plan");
        let mut statements = Vec::new();
        let mut models = Vec::new();
        if let Some(plan) = &prepared.plan {
            let statement = |step: &rocky_plan::Step, model: Option<&str>| PlannedStatement {
                purpose: step.purpose.to_string(),
                target: step.target.clone(),
                sql: step.sql.clone(),
                model: model.map(str::to_owned),
                kind: match step.kind {
                    StepKind::Statement { .. } => "statement",
                    StepKind::Guard { .. } => "guard",
                    StepKind::Observe { .. } => "observe",
                    StepKind::Check => "check",
                }
                .to_owned(),
            };
            statements.extend(plan.setup.iter().map(|s| statement(s, None)));
            for model in &plan.tasks {
                statements.extend(model.steps.iter().map(|s| statement(s, Some(&model.name))));
                let queries = model.checks.iter().flat_map(|c| &c.queries);
                statements.extend(queries.map(|s| statement(s, Some(&model.name))));
                models.push(PlannedModel {
                    model: model.name.to_string(),
                    target: model.target.display(),
                    strategy: match model.kind {
                        TaskKind::Quality => model.kind.as_str().to_owned(),
                        _ => model.strategy.as_str().to_owned(),
                    },
                    depends_on: model
                        .depends_on
                        .iter()
                        .map(|d| plan.tasks[*d].name.to_string())
                        .collect(),
                    layer: model.layer as u64,
                    reason: model.reason.clone(),
                    transaction: model.transaction,
                    sql_hash: model.sql_hash.clone(),
                    statements: model.steps.len() as u64,
                    checks: model.checks.iter().map(PlannedCheck::of).collect(),
                });
            }
        }
        Ok(PlanResponse {
            version,
            command,
            schema_version,
            filter: request.filter.clone().unwrap_or_default(),
            pipeline: prepared.pipeline.to_string(),
            plan_id: prepared
                .plan
                .as_ref()
                .map(|p| p.plan_id.clone())
                .unwrap_or_default(),
            plan_kind: "run".to_owned(),
            created_at: timestamp(self.host.system.now()).to_string(),
            statements,
            execution_layers: layers(&models),
            models: models.iter().map(|m| m.model.clone()).collect(),
            models_detail: models,
            skipped: prepared.reduced.left_out.iter().map(SkippedModel::of).collect(),
            model_decisions: prepared.reduced.decisions,
            resumed_from: prepared.reduced.resumed_from,
            has_errors: prepared.has_errors,
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
