//! From a compiled project to a plan: which models, in what order, and the steps of each.

use crate::assemble::{Assembler, input_model, is_ephemeral};
use crate::bind::Sql;
use crate::checks::Models;
use crate::drift::{self, Drift, DriftActionKind, DriftPolicy, Outcome};
use crate::shadow::{self, Shadow};
use crate::strategy::{self, Built, Ctx, Existing};
use crate::task::{Fact, Plan, Step, StepKind, Task, TaskKind};
use crate::window::{self, Before, Interval, Literals, WindowOptions};
use crate::{hash, parallel, setup};
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Diagnostic, Dialect, Error, SmolStr, code, suggest};
use rocky_config::{
    AdapterSettings, Concurrency, Format, OnAdded, OnUnsafe, PipelineConfig, PipelineKind, StrategyKind,
};
use rocky_project::check::strategy_of;
use rocky_project::{Model, Snapshot};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{Capabilities, CatalogSnapshot, Column, RelationKind};
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
    /// Which windows of time_interval models.
    pub windows: WindowOptions,
    /// Write shadows beside the targets, and nothing else.
    pub shadow: Option<Shadow>,
}

/// The windows that are asked for, of the models to be planned: a request that does not fit them, before anything is planned or
/// touched. `asked`: the request says something of windows, so there must be a model that has some.
pub fn check_windows(snapshot: &Snapshot, options: &PlanOptions, asked: bool) -> Result<(), Error> {
    let chosen = choose(snapshot, options);
    let mut found = false;
    let mut elsewhere: Option<&SmolStr> = None;
    for (id, model) in snapshot.models.iter().enumerate() {
        let Some(interval) = Interval::of(&model.strategy.kind) else {
            continue;
        };
        if !chosen.contains(&(id as u32)) {
            elsewhere = elsewhere.or(Some(&model.name));
            continue;
        }
        found = true;
        let before = if options.full_refresh {
            Before::Replaced
        } else {
            Before::Nothing
        };
        if let Err(problem) =
            window::select(&model.name, &interval, &options.windows, before, Literals::Plain)
        {
            return Err(Error::usage(problem.message).hint(problem.help));
        }
    }
    if asked && !found {
        let error = Error::usage(
            "windows are asked for, and no model of this run is a time_interval or microbatch model",
        );
        return Err(match elsewhere {
            Some(name) => error.hint(format!("`{name}` is one, and is not selected")),
            None => error.hint("leave out the options of partitions"),
        });
    }
    Ok(())
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
    plan_until(snapshot, catalog, options, &CancelToken::new())
}

/// The same until `cancel` is tripped. What comes then is an error without findings: the caller looks at its token first.
pub fn plan_until(
    snapshot: &Snapshot,
    catalog: &CatalogSnapshot,
    options: &PlanOptions,
    cancel: &CancelToken,
) -> Result<Plan, Vec<Diagnostic>> {
    match &options.shadow {
        Some(shadow) => shadow::models(shadow, snapshot, catalog, options, cancel),
        None => ordinary(snapshot, catalog, options, cancel),
    }
}

/// Plan into the models' own targets.
pub(crate) fn ordinary(
    snapshot: &Snapshot,
    catalog: &CatalogSnapshot,
    options: &PlanOptions,
    cancel: &CancelToken,
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

    let elsewhere = options.shadow.as_ref().map(|s| s.elsewhere(snapshot));
    let begin = || match &elsewhere {
        Some(redirect) => Assembler::redirected(snapshot, redirect),
        None => Assembler::new(snapshot),
    };
    let made = parallel::map(&order, &begin, &|assembler, id| {
        let model = snapshot
            .models
            .get(*id as usize)
            .filter(|_| !cancel.is_tripped())?;
        let made = made(snapshot, catalog, options, model, &assembler.sql(*id));
        Some((model, made.map(|made| task(snapshot, model, made))))
    });
    if cancel.is_tripped() {
        let tasks = made.into_iter().flatten().filter_map(|(_, made)| made.ok());
        return Err(crate::parallel::give_up(tasks.collect()));
    }
    let mut tasks: Vec<Task> = Vec::with_capacity(order.len());
    let mut planned: Vec<&Model> = Vec::with_capacity(order.len());
    let mut problems = Vec::new();
    let mut checks = Models::new(snapshot);
    let only = pipeline.map(|(name, _)| name);
    for (made, depends_on) in made.into_iter().zip(edges) {
        let Some((model, made)) = made else { continue };
        planned.push(model);
        match made {
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
    if cancel.is_tripped() {
        return Err(crate::parallel::give_up(tasks));
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
    let plan_id = plan.id_until(cancel);
    if cancel.is_tripped() {
        return Err(crate::parallel::give_up(plan.tasks));
    }
    let Some(plan_id) = plan_id else {
        return Err(vec![Diagnostic::global(
            code::E303,
            "plan cannot be serialised; please report this",
        )]);
    };
    plan.plan_id = plan_id;
    Ok(plan)
}

/// The statements of all models that [`plan`] would plan, in its order, and nothing of what else a plan has: what making SQL costs can be
/// told from what planning costs.
pub fn statements(
    snapshot: &Snapshot,
    catalog: &CatalogSnapshot,
    options: &PlanOptions,
) -> Result<Vec<Vec<Step>>, Vec<Diagnostic>> {
    let chosen = choose(snapshot, options);
    let order = &snapshot.order.order;
    let order: Vec<u32> = order.iter().copied().filter(|id| chosen.contains(id)).collect();
    let made = parallel::map(&order, &|| Assembler::new(snapshot), &|assembler, id| {
        let model = snapshot.models.get(*id as usize)?;
        let made = made(snapshot, catalog, options, model, &assembler.sql(*id));
        Some(made.map(|made| made.built.steps))
    });
    let made: Result<Vec<_>, Box<Diagnostic>> = made.into_iter().flatten().collect();
    made.map_err(|problem| vec![*problem])
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
pub(crate) fn choose(snapshot: &Snapshot, options: &PlanOptions) -> FxHashSet<u32> {
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
        if model.has_errors || !model.unit.has_query() {
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

/// The statements of one model, and what they rest on.
struct Made {
    built: Built,
    fact: Fact,
    drift: Option<Drift>,
}

fn made(
    snapshot: &Snapshot,
    catalog: &CatalogSnapshot,
    options: &PlanOptions,
    model: &Model,
    sql: &Sql,
) -> Result<Made, Box<Diagnostic>> {
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
            RelationKind::Materialized if kept_by_warehouse(model) => (Existing::Kept, Fact::Kept),
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
    let windowed = Interval::of(&model.strategy.kind).is_some();
    if !windowed && !sql.holes.is_empty() {
        return Err(Box::new(placeholder_without_window(snapshot, model)));
    }
    let target = model.target.print(dialect);
    let (drift, refused) = match existing {
        Existing::Table(columns) if !options.full_refresh => {
            match model_drift(snapshot, options, model, &target, columns) {
                Ok(drift) => (drift, None),
                Err(problem) => (None, Some(problem)),
            }
        }
        _ => (None, None),
    };
    let ctx = Ctx {
        dialect,
        model,
        query: sql,
        sql: &sql.text,
        target: &target,
        existing: match &drift {
            Some(outcome) => Existing::Table(&outcome.columns),
            None => existing,
        },
        full_refresh: options.full_refresh || drift.as_ref().is_some_and(|d| d.rebuild),
        windows: &options.windows,
        adapter_warehouse: adapter_warehouse(snapshot, options, model),
    };
    let built = strategy::build(&ctx);
    let mut built = match refused {
        // What windows say of their column says more.
        Some(problem) => return Err(built.err().filter(|_| windowed).unwrap_or(problem)),
        None => built?,
    };
    let drift = drift.map(|outcome| {
        if outcome.rebuild {
            built.reason = format!("the table cannot be kept{}", outcome.remark());
        } else if !outcome.alter.is_empty() {
            built.reason.push_str(&outcome.remark());
        }
        let alter = outcome.alter.into_iter().map(|(purpose, sql)| Step {
            purpose: SmolStr::new_static(purpose),
            target: model.target.display(),
            sql,
            holes: Vec::new(),
            kind: StepKind::Statement { counts_rows: false },
        });
        // Once, however many windows there are.
        match &mut built.windows {
            Some(windows) => windows.before.splice(0..0, alter),
            None => built.steps.splice(0..0, alter),
        };
        outcome.drift
    });
    Ok(Made { built, fact, drift })
}

/// The task of a model; its place in the order is filled in by the caller.
fn task(snapshot: &Snapshot, model: &Model, made: Made) -> Task {
    let Made {
        mut built,
        fact,
        drift,
    } = made;
    // Most have one step, and there are ten thousand.
    built.steps.shrink_to_fit();
    Task {
        kind: TaskKind::Model,
        name: model.name.clone(),
        asset_key: model.target_parts.to_vec(),
        target: model.target.clone(),
        full_name: model.target_parts.join("."),
        strategy: strategy_of(&model.strategy.kind),
        depends_on: Vec::new(),
        layer: 0,
        reason: built.reason,
        fact,
        drift,
        basis: basis(snapshot, model),
        watermark_column: built.watermark_column,
        transaction: Capabilities::of(snapshot.dialect).transactional_ddl,
        sql_hash: hash::of_steps(&built.steps),
        steps: built.steps,
        windows: built.windows,
        column_count: model.complete().then(|| model.n_own_columns()),
        checks: Vec::new(),
        quarantine: None,
    }
}

/// A model of which the warehouse keeps the rows.
pub(crate) fn kept_by_warehouse(model: &Model) -> bool {
    let streaming = |f: &rocky_config::FormatConfig| f.format_or_table() == Format::StreamingTable;
    matches!(
        model.strategy.kind,
        StrategyKind::MaterializedView | StrategyKind::DynamicTable { .. }
    ) || model.config.format.as_deref().is_some_and(streaming)
}

/// The warehouse of the adapter that the model's pipeline writes to.
fn adapter_warehouse<'a>(
    snapshot: &'a Snapshot,
    options: &PlanOptions,
    model: &Model,
) -> Option<&'a SmolStr> {
    if snapshot.dialect != Dialect::Snowflake {
        return None;
    }
    let named = model.pipeline.as_ref().or(options.pipeline.as_ref());
    let pipeline = match named {
        Some(name) => snapshot.config.pipelines.get(name),
        None => transformations(snapshot).next().map(|(_, p)| p),
    };
    let warehouse = |adapter: &'a rocky_config::AdapterConfig| match &adapter.settings {
        AdapterSettings::Snowflake { warehouse, .. } => Some(warehouse.as_ref().map(|w| &w.value)),
        _ => None,
    };
    let adapters = &snapshot.config.adapters;
    match pipeline.and_then(PipelineConfig::target_adapter) {
        Some(name) => warehouse(adapters.get(&name.value)?)?,
        // Without a name it is the only one there is.
        None => adapters.values().find_map(warehouse)?,
    }
}

/// A model without windows that inlines an ephemeral one with placeholders.
fn placeholder_without_window(snapshot: &Snapshot, model: &Model) -> Diagnostic {
    let mut seen: FxHashSet<u32> = FxHashSet::default();
    let mut work: Vec<&Model> = vec![model];
    let mut culprit = model;
    while let Some(next) = work.pop() {
        if !next.unit.placeholders().is_empty() {
            culprit = next;
            break;
        }
        let inputs = next
            .inputs
            .iter()
            .filter_map(input_model)
            .filter(|id| seen.insert(*id));
        work.extend(
            inputs
                .filter_map(|id| snapshot.models.get(id as usize))
                .map(|m| &**m)
                .filter(|m| is_ephemeral(m)),
        );
    }
    let loc = match culprit.unit.placeholders().first() {
        Some((_, span)) => culprit.unit.origin().locate(*span),
        None => model.name_loc,
    };
    Diagnostic::new(
        code::E304,
        loc,
        format!(
            "date placeholder in a {} model: `{}` inlines `{}`",
            model.strategy.kind.as_str(),
            model.name,
            culprit.name
        ),
    )
    .label("only a time_interval model has a window to put here")
    .help("Write the date, or pass it with `@var(name)`.")
}

/// What is done about the columns of a model's table that is kept; `None` when they are not compared. A column that the table
/// lacks is the strategy's error unless the pipeline adds it.
fn model_drift(
    snapshot: &Snapshot,
    options: &PlanOptions,
    model: &Model,
    target: &str,
    existing: &[Column],
) -> Result<Option<Outcome>, Box<Diagnostic>> {
    let windowed = match &model.strategy.kind {
        StrategyKind::Incremental { .. } | StrategyKind::Merge { .. } | StrategyKind::DeleteInsert { .. } => {
            false
        }
        StrategyKind::TimeInterval { .. } | StrategyKind::Microbatch { .. } => true,
        _ => return Ok(None),
    };
    if !model.complete() {
        return Ok(None);
    }
    let named = model.pipeline.as_ref().or(options.pipeline.as_ref());
    let mut all = transformations(snapshot);
    let pipeline = match named {
        Some(name) => snapshot.config.pipelines.get(name),
        None => all.next().map(|(_, p)| p).filter(|_| all.next().is_none()),
    };
    let mut policy = DriftPolicy::of_models(&pipeline.map(|p| p.drift).unwrap_or_default());
    if windowed && policy.unsafe_change == Some(OnUnsafe::Rebuild) {
        // A run writes some windows; the others would be lost.
        policy.unsafe_change = Some(OnUnsafe::Fail);
    }
    let dialect = snapshot.dialect;
    let incoming: Vec<Column> = model
        .own_columns()
        .iter()
        .map(|c| Column {
            name: c.name.clone(),
            ty: c.ty.clone(),
            nullable: true,
        })
        .collect();
    let key = |name: &SmolStr| dialect.fold(name, true, IdentKind::Column);
    let there: FxHashSet<SmolStr> = existing.iter().map(|c| key(&c.name)).collect();
    if policy.added == OnAdded::Fail && incoming.iter().any(|c| !there.contains(&key(&c.name))) {
        return Ok(None);
    }
    let mut outcome = drift::compare(dialect, target, &incoming, existing, policy);
    if let Some(why) = &outcome.refused {
        let message = format!(
            "columns of target `{}` are not those of `{}`: {why}",
            model.target.display(),
            model.name
        );
        return Err(Box::new(
            Diagnostic::new(code::E303, model.strategy_loc, message)
                .help("Make the change by hand, allow it in the pipeline (`on_widened_columns`, `on_removed_columns`, `on_unsafe_drift`), or run with `--full-refresh`."),
        ));
    }
    // What the pipeline leaves to the warehouse is nothing that was done.
    let ignored = |a: &drift::DriftAction| a.action == DriftActionKind::IgnoreColumnTypes;
    outcome.drift.actions.retain(|a| !ignored(a));
    Ok(Some(outcome))
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

/// Hash of everything that the analyses of a model and of what is inlined into it read, and of how it is materialised.
fn basis(snapshot: &Snapshot, model: &Model) -> String {
    let mut keys: Vec<u128> = vec![model.analysis_key()];
    keys.extend(rocky_project::diff::settings(model));
    let mut seen: FxHashSet<u32> = FxHashSet::default();
    let mut work: Vec<u32> = model.inputs.iter().filter_map(input_model).collect();
    while let Some(id) = work.pop() {
        let Some(input) = snapshot.models.get(id as usize).filter(|m| is_ephemeral(m)) else {
            continue;
        };
        if seen.insert(id) {
            keys.push(input.analysis_key());
            work.extend(input.inputs.iter().filter_map(input_model));
        }
    }
    if let [only] = keys.as_slice() {
        return format!("{only:032x}");
    }
    keys.sort_unstable();
    let mut hasher = rocky_project::hash::Hasher128::new();
    for key in &keys {
        hasher.bytes(&key.to_le_bytes());
    }
    format!("{:032x}", hasher.finish())
}
