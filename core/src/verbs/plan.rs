//! `plan`: the statements that `run` would execute, and why.

use crate::adapters::Access;
use crate::document::{diagnostics, envelope, timestamp};
use crate::files::Ask;
use crate::project::{Project, Target, pipeline, target};
use crate::verbs::compile::find_model;
use crate::wire::WireDiagnostic;
use rocky_base::{CancelToken, Diagnostic, Error, ErrorKind, Observer, Result, SmolStr};
use rocky_config::{PipelineKind, ProjectConfig};
use rocky_plan::{Plan, PlanOptions, StepKind};
use rocky_project::{CatalogInput, Snapshot};
use rocky_warehouse::Warehouse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What to plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlanRequest {
    /// The pipeline; needed when there are several.
    pub pipeline: Option<String>,
    /// Only these models.
    pub models: Vec<String>,
    /// `key=value`; transformation pipelines have no components to filter by, so it is only echoed.
    pub filter: Option<String>,
    /// Rebuild incremental models from scratch.
    pub full_refresh: bool,
    /// Models at a time, instead of the configuration's.
    pub concurrency: Option<u32>,
    /// Values for `@var`.
    pub vars: BTreeMap<String, String>,
}

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
    /// `statement`, `guard`, `observe`.
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
    /// Findings.
    pub diagnostics: Vec<WireDiagnostic>,
    /// True when one of them is an error: nothing is planned then.
    pub has_errors: bool,
}

/// A plan with what it was made from.
pub(crate) struct Prepared {
    pub snapshot: Arc<Snapshot>,
    pub warehouse: Option<Arc<dyn Warehouse>>,
    pub pipeline: SmolStr,
    pub options: PlanOptions,
    pub diagnostics: Vec<Diagnostic>,
    /// None when there are errors.
    pub plan: Option<Plan>,
}

impl Prepared {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

impl Project {
    /// Plan a run: reads the warehouse's catalogue, changes nothing.
    pub fn plan(
        &self,
        request: &PlanRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<PlanResponse> {
        let prepared = self.prepare(request, Access::Read, observer, cancel)?;
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
                }
                .to_owned(),
            };
            statements.extend(plan.setup.iter().map(|s| statement(s, None)));
            for model in &plan.models {
                statements.extend(model.steps.iter().map(|s| statement(s, Some(&model.model))));
                models.push(PlannedModel {
                    model: model.model.to_string(),
                    target: model.target.display(),
                    strategy: model.strategy.as_str().to_owned(),
                    depends_on: model
                        .depends_on
                        .iter()
                        .map(|d| plan.models[*d].model.to_string())
                        .collect(),
                    layer: model.layer as u64,
                    reason: model.reason.clone(),
                    transaction: model.transaction,
                    sql_hash: model.sql_hash.clone(),
                    statements: model.steps.len() as u64,
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
            has_errors: prepared.has_errors(),
            diagnostics: diagnostics(&prepared.diagnostics, &prepared.snapshot.files),
        })
    }

    /// Compile against the warehouse as it is, and plan.
    pub(crate) fn prepare(
        &self,
        request: &PlanRequest,
        access: Access,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Prepared> {
        let config = match self.config_checked() {
            Ok(config) => config,
            // What is wrong in the configuration comes before anything that follows from it.
            Err(error) if error.kind == ErrorKind::Config => {
                let snapshot = match self.snapshot(&request.vars, None, observer, cancel) {
                    Ok(snapshot) => snapshot,
                    Err(_) => return Err(error),
                };
                return Ok(Prepared {
                    diagnostics: snapshot.diagnostics().to_vec(),
                    snapshot,
                    warehouse: None,
                    pipeline: SmolStr::default(),
                    options: PlanOptions::default(),
                    plan: None,
                });
            }
            Err(error) => return Err(error),
        };
        let chosen = self.choose(&config, request.pipeline.as_deref())?;
        let (pipeline, target) = chosen;
        // A database that does not exist is not made before it is known that the models compile.
        let exists =
            crate::adapters::duckdb_path(&self.root, &target.adapter.settings).is_none_or(|p| p.exists());
        let first = if exists { access } else { Access::Read };
        let mut warehouse = self.open_warehouse(&target, first, cancel)?;
        let catalog = self.read_catalog(&target, warehouse.as_deref(), cancel)?;
        let input = CatalogInput {
            snapshot: catalog.clone(),
            fresh: true,
        };
        let mut snapshot = self.snapshot(&request.vars, Some(input.clone()), observer, cancel)?;
        let asked = self.describe_files(
            &snapshot,
            Some(input),
            Ask::Missing,
            &target.name,
            warehouse.as_deref(),
            cancel,
        )?;
        if let Some(input) = asked {
            snapshot = self.snapshot(&request.vars, Some(input), observer, cancel)?;
        }
        let mut select = None;
        if !request.models.is_empty() {
            let mut ids = Vec::with_capacity(request.models.len());
            for name in &request.models {
                ids.push(find_model(&snapshot, name)?.0);
            }
            ids.sort_unstable();
            ids.dedup();
            select = Some(ids);
        }
        let fail_fast = config
            .pipelines
            .get(&pipeline)
            .is_some_and(|p| p.execution.fail_fast);
        let options = PlanOptions {
            pipeline: Some(pipeline.clone()),
            select,
            full_refresh: request.full_refresh,
            concurrency: request
                .concurrency
                .map(|c| c as usize)
                .or_else(|| local_concurrency(&config, &pipeline, &target)),
            fail_fast,
        };
        if request.concurrency == Some(0) {
            return Err(Error::usage("concurrency must be at least 1, not 0"));
        }
        let mut diagnostics = snapshot.diagnostics().to_vec();
        // Errors anywhere stop the run: half a project is not what was asked for. With a selection, only errors in the
        // selected models and what they read count.
        let concerned = |d: &Diagnostic| match (&options.select, &d.model) {
            (Some(ids), Some(model)) => snapshot
                .model(model)
                .is_none_or(|(id, _)| reached(&snapshot, ids, id)),
            _ => true,
        };
        let blocked = diagnostics.iter().any(|d| d.is_error() && concerned(d));
        let mut plan = None;
        if blocked {
            diagnostics.retain(|d| !d.is_error() || concerned(d));
        } else {
            diagnostics.retain(|d| !d.is_error());
            match rocky_plan::plan(&snapshot, &catalog, &options) {
                Ok(made) => plan = Some(made),
                Err(found) => diagnostics.extend(found),
            }
        }
        if plan.is_some() && warehouse.is_none() && access == Access::Write {
            warehouse = self.open_warehouse(&target, access, cancel)?;
        }
        Ok(Prepared {
            snapshot,
            warehouse,
            pipeline,
            options,
            diagnostics,
            plan,
        })
    }

    fn choose<'a>(&self, config: &'a ProjectConfig, named: Option<&str>) -> Result<(SmolStr, Target<'a>)> {
        let transformations: Vec<&SmolStr> = config
            .pipelines
            .iter()
            .filter(|(_, p)| matches!(p.kind, PipelineKind::Transformation(_)))
            .map(|(name, _)| name)
            .collect();
        let (name, chosen) = match (named, transformations.as_slice()) {
            // Several pipelines of which one transforms: that one is meant while the others cannot be run.
            (None, [only]) => pipeline(config, Some(only))?,
            _ => pipeline(config, named)?,
        };
        match &chosen.kind {
            PipelineKind::Transformation(_) => {}
            _ => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!(
                        "pipeline `{name}` is of type {}, which rocky {} cannot run",
                        chosen.type_name(),
                        crate::VERSION
                    ),
                )
                .hint("transformation pipelines can be run"));
            }
        }
        Ok((name.clone(), target(config, Some(name))?))
    }
}

/// An embedded engine shares this machine: more models at a time than cores only make each of them slower. `None`: the
/// plan's own default, or what is configured.
fn local_concurrency(config: &ProjectConfig, pipeline: &str, target: &Target<'_>) -> Option<usize> {
    let configured = config
        .pipelines
        .get(pipeline)
        .and_then(|p| p.execution.concurrency);
    let fixed = matches!(configured, Some(rocky_config::Concurrency::Fixed(_)));
    let local = target.adapter.r#type == Some(rocky_config::AdapterType::DuckDb);
    (local && !fixed).then(|| {
        std::thread::available_parallelism()
            .map_or(2, usize::from)
            .clamp(2, 8)
    })
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

/// True when `wanted` is one of `from` or something they read, directly or not.
fn reached(snapshot: &Snapshot, from: &[u32], wanted: u32) -> bool {
    let mut seen: rustc_hash::FxHashSet<u32> = from.iter().copied().collect();
    let mut pending: Vec<u32> = from.to_vec();
    while let Some(id) = pending.pop() {
        if id == wanted {
            return true;
        }
        for dep in &snapshot.models[id as usize].depends_on {
            if seen.insert(*dep) {
                pending.push(*dep);
            }
        }
    }
    false
}
