//! From a compiled project to a plan: which models, in what order, and the steps of each.

use crate::assemble::{Assembler, input_model, is_ephemeral};
use crate::checks::Models;
use crate::strategy::{self, Ctx, Existing};
use crate::task::{Fact, Plan, Task, TaskKind};
use crate::{hash, setup};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, SmolStr, code, suggest};
use rocky_config::{Concurrency, PipelineConfig, PipelineKind, StrategyKind};
use rocky_project::check::strategy_of;
use rocky_project::{Model, Snapshot};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{Capabilities, CatalogSnapshot, RelationKind};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// How many models run at once where neither the caller nor the pipeline says.
const DEFAULT_CONCURRENCY: usize = 8;

/// What to plan and how.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PlanOptions {
    /// Only models of this transformation pipeline.
    pub pipeline: Option<SmolStr>,
    /// Only these models, by number.
    pub select: Option<Vec<u32>>,
    /// Make tables anew that are otherwise added to.
    pub full_refresh: bool,
    /// How many models may run at once; the pipeline's own figure when absent. The warehouse's limit holds in any case.
    pub concurrency: Option<usize>,
    /// Stop after the first failure, even when the pipeline does not say so.
    pub fail_fast: bool,
}

/// Plan the models of a project against what is known of the warehouse.
///
/// `catalog` must cover the schemas of the targets where a strategy depends on their existence (incremental, merge,
/// delete_insert). The errors are those of the models to be planned, ephemeral ones among their inputs included; a broken
/// model that is not to be planned hinders nothing.
pub fn plan(
    snapshot: &Snapshot,
    catalog: &CatalogSnapshot,
    options: &PlanOptions,
) -> Result<Plan, Vec<Diagnostic>> {
    let pipeline = pipeline(snapshot, options)?;
    let chosen = choose(snapshot, options);
    let broken = broken(snapshot, &chosen);
    if !broken.is_empty() {
        return Err(broken);
    }
    let order: Vec<u32> = snapshot
        .order
        .order
        .iter()
        .copied()
        .filter(|id| chosen.contains(id))
        .collect();
    let edges = dependencies(snapshot, &order);

    let mut assembler = Assembler::new(snapshot);
    let mut tasks: Vec<Task> = Vec::with_capacity(order.len());
    let mut planned: Vec<&Model> = Vec::with_capacity(order.len());
    let mut problems = Vec::new();
    let mut checks = Models::new(snapshot);
    let only = pipeline.map(|(name, _)| name);
    for (id, depends_on) in order.iter().zip(edges) {
        let Some(model) = snapshot.models.get(*id as usize) else {
            continue;
        };
        planned.push(model);
        let sql = assembler.sql(*id);
        match model_plan(snapshot, catalog, options, model, &sql) {
            Ok(mut plan) => {
                plan.layer = depends_on
                    .iter()
                    .filter_map(|i| tasks.get(*i))
                    .map(|m| m.layer + 1)
                    .max()
                    .unwrap_or(0);
                plan.depends_on = depends_on;
                if let Err(problem) = checks.add(model, only, &mut plan) {
                    problems.push(problem.in_model(model.name.clone()));
                }
                tasks.push(plan);
            }
            Err(problem) => problems.push(problem.in_model(model.name.clone())),
        }
    }
    problems.extend(checks.finish());
    if !problems.is_empty() {
        return Err(problems);
    }

    let targets = planned.into_iter().map(|m| (m, m.pipeline.as_ref().or(only)));
    let setup = setup::schemas(targets, &snapshot.config, catalog, snapshot.dialect);
    let execution = pipeline.map(|(_, p)| &p.execution);
    let configured = match execution.and_then(|e| e.concurrency) {
        Some(Concurrency::Fixed(n)) => n.get() as usize,
        Some(Concurrency::Adaptive) | None => DEFAULT_CONCURRENCY,
    };
    let limit = Capabilities::of(snapshot.dialect).parallel;
    let mut plan = Plan {
        plan_id: String::new(),
        pipeline: pipeline_name(snapshot, options, &order),
        dialect: snapshot.dialect,
        setup,
        tasks,
        concurrency: options.concurrency.unwrap_or(configured).clamp(1, limit.max(1)),
        fail_fast: options.fail_fast || execution.is_some_and(|e| e.fail_fast),
    };
    let Some(plan_id) = hash::of_value(&plan) else {
        return Err(vec![Diagnostic::global(
            code::E303,
            "plan cannot be serialised; please report this",
        )]);
    };
    plan.plan_id = plan_id;
    Ok(plan)
}

fn transformations(snapshot: &Snapshot) -> impl Iterator<Item = (&SmolStr, &PipelineConfig)> {
    snapshot
        .config
        .pipelines
        .iter()
        .filter(|(_, p)| matches!(p.kind, PipelineKind::Transformation(_)))
}

/// The pipeline that decides how the plan is executed: the named one, else the only one.
fn pipeline<'a>(
    snapshot: &'a Snapshot,
    options: &PlanOptions,
) -> Result<Option<(&'a SmolStr, &'a PipelineConfig)>, Vec<Diagnostic>> {
    let mut all = transformations(snapshot);
    match &options.pipeline {
        None => {
            let first = all.next();
            Ok(first.filter(|_| all.next().is_none()))
        }
        Some(wanted) => match all.find(|(name, _)| *name == wanted) {
            Some(found) => Ok(Some(found)),
            None => {
                let mut message = match snapshot.config.pipelines.get(wanted) {
                    Some(other) => format!(
                        "pipeline `{wanted}` has no models: its type is {}",
                        other.type_name()
                    ),
                    None => format!("pipeline `{wanted}` is not declared"),
                };
                let names = transformations(snapshot).map(|(name, _)| name.as_str());
                if let Some(near) = suggest::nearest(wanted, names) {
                    message.push_str(&format!("; did you mean `{near}`?"));
                }
                Err(vec![Diagnostic::global(code::E416, message)])
            }
        },
    }
}

/// The models to plan, ephemeral ones left out.
fn choose(snapshot: &Snapshot, options: &PlanOptions) -> FxHashSet<u32> {
    let selected: Option<FxHashSet<u32>> = options.select.as_ref().map(|ids| ids.iter().copied().collect());
    let wanted = |id: &u32, model: &Model| {
        !is_ephemeral(model)
            && selected.as_ref().is_none_or(|ids| ids.contains(id))
            // A model that belongs to none comes from a folder that was named instead of the pipeline's.
            && options
                .pipeline
                .as_ref()
                .is_none_or(|p| model.pipeline.as_ref().is_none_or(|own| own == p))
    };
    let models = snapshot
        .models
        .iter()
        .enumerate()
        .map(|(id, model)| (id as u32, model));
    models
        .filter(|(id, model)| wanted(id, model))
        .map(|(id, _)| id)
        .collect()
}

/// The errors of the models to be planned and of what is inlined into them.
fn broken(snapshot: &Snapshot, chosen: &FxHashSet<u32>) -> Vec<Diagnostic> {
    let mut seen: FxHashSet<u32> = chosen.clone();
    let mut work: Vec<u32> = chosen.iter().copied().collect();
    let mut broken: FxHashSet<&SmolStr> = FxHashSet::default();
    while let Some(id) = work.pop() {
        let Some(model) = snapshot.models.get(id as usize) else {
            continue;
        };
        if model.has_errors || model.unit.query().is_none() {
            broken.insert(&model.name);
        }
        for input in model.inputs.iter().filter_map(input_model) {
            let inlined = snapshot
                .models
                .get(input as usize)
                .is_some_and(|m| is_ephemeral(m));
            if inlined && seen.insert(input) {
                work.push(input);
            }
        }
    }
    if broken.is_empty() {
        return Vec::new();
    }
    let errors = || snapshot.diagnostics().iter().filter(|d| d.is_error());
    let own: Vec<Diagnostic> = errors()
        .filter(|d| d.model.as_ref().is_some_and(|m| broken.contains(m)))
        .cloned()
        .collect();
    if !own.is_empty() {
        return own;
    }
    // A model on a cycle has its error where the cycle begins.
    let all: Vec<Diagnostic> = errors().cloned().collect();
    if !all.is_empty() {
        return all;
    }
    let mut names: Vec<&SmolStr> = broken.into_iter().collect();
    names.sort();
    names
        .into_iter()
        .map(|n| Diagnostic::global(code::E413, format!("model `{n}` has no query")).in_model(n.clone()))
        .collect()
}

/// For each model of `order`, the positions in `order` that must come before it. An input that is not planned passes its own
/// inputs on when it holds no rows itself: ephemeral models and views.
fn dependencies(snapshot: &Snapshot, order: &[u32]) -> Vec<Vec<usize>> {
    let n = snapshot.models.len();
    let mut position: Vec<Option<usize>> = vec![None; n];
    for (index, id) in order.iter().enumerate() {
        if let Some(slot) = position.get_mut(*id as usize) {
            *slot = Some(index);
        }
    }
    // What a model stands for as an input.
    let mut stands_for: Vec<Rc<[usize]>> = vec![Rc::from([]); n];
    let mut edges = vec![Vec::new(); order.len()];
    for id in &snapshot.order.order {
        let Some(model) = snapshot.models.get(*id as usize) else {
            continue;
        };
        let inputs = || {
            let lists = model
                .depends_on
                .iter()
                .filter(|d| *d != id)
                .filter_map(|d| stands_for.get(*d as usize));
            let mut all: Vec<usize> = lists.flat_map(|list| list.iter().copied()).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let stand: Rc<[usize]> = match position.get(*id as usize).copied().flatten() {
            Some(index) => {
                if let Some(slot) = edges.get_mut(index) {
                    *slot = inputs();
                }
                Rc::from([index])
            }
            None if is_ephemeral(model) || matches!(model.strategy.kind, StrategyKind::View) => {
                Rc::from(inputs())
            }
            None => Rc::from([]),
        };
        if let Some(slot) = stands_for.get_mut(*id as usize) {
            *slot = stand;
        }
    }
    edges
}

/// The steps of one model; its place in the order is filled in by the caller.
fn model_plan(
    snapshot: &Snapshot,
    catalog: &CatalogSnapshot,
    options: &PlanOptions,
    model: &Model,
    sql: &str,
) -> Result<Task, Box<Diagnostic>> {
    let dialect = snapshot.dialect;
    let full = if catalog.default_catalog.is_none() {
        snapshot.names.full(&model.target)
    } else {
        model.target.clone()
    };
    let found = catalog.lookup(&full);
    let (existing, fact) = match found {
        Lookup::Absent => (Existing::Absent, Fact::Absent),
        Lookup::Unknown => (Existing::Unknown, Fact::Unknown),
        Lookup::Found(relation) => match relation.kind {
            RelationKind::Table => {
                let key = |name: &SmolStr| dialect.fold(name, true, IdentKind::Column);
                let columns = relation.columns.iter().map(|c| key(&c.name)).collect();
                (Existing::Table(&relation.columns), Fact::Table(columns))
            }
            RelationKind::View => (Existing::View, Fact::View),
            RelationKind::Materialized | RelationKind::Other => {
                let message = format!(
                    "target `{}` exists and is neither a table nor a view",
                    model.target.display()
                );
                return Err(Box::new(
                    Diagnostic::new(code::E303, model.strategy_loc, message)
                        .help("Drop it by hand, or give the model another `target.table`."),
                ));
            }
        },
    };
    let target = model.target.print(dialect);
    let ctx = Ctx {
        dialect,
        model,
        sql,
        target: &target,
        existing,
        full_refresh: options.full_refresh,
    };
    let built = strategy::build(&ctx)?;
    let known = model.analysis().complete && !model.unit.broken();
    Ok(Task {
        kind: TaskKind::Model,
        name: model.name.clone(),
        asset_key: model.target_parts.iter().cloned().collect(),
        target: model.target.clone(),
        full_name: model.target_parts.join("."),
        strategy: strategy_of(&model.strategy.kind),
        depends_on: Vec::new(),
        layer: 0,
        reason: built.reason,
        fact,
        basis: format!("{:032x}", model.analysis_key()),
        watermark_column: built.watermark_column,
        transaction: Capabilities::of(dialect).transactional_ddl,
        sql_hash: hash::of_steps(&built.steps),
        steps: built.steps,
        column_count: known.then_some(model.analysis().columns.len()),
        checks: Vec::new(),
        quarantine: None,
    })
}

/// The named pipeline, else those of the models, else those that are declared; `default` without any.
fn pipeline_name(snapshot: &Snapshot, options: &PlanOptions, order: &[u32]) -> SmolStr {
    if let Some(name) = &options.pipeline {
        return name.clone();
    }
    let mut used: FxHashSet<&SmolStr> = FxHashSet::default();
    used.extend(
        order
            .iter()
            .filter_map(|id| snapshot.models.get(*id as usize)?.pipeline.as_ref()),
    );
    let declared = || transformations(snapshot).map(|(name, _)| name);
    let names: Vec<&str> = declared()
        .filter(|n| used.is_empty() || used.contains(*n))
        .map(|n| n.as_str())
        .collect();
    if names.is_empty() {
        SmolStr::new_static("default")
    } else {
        SmolStr::new(names.join(","))
    }
}
