//! The checks of models: those of their pipeline, and the tests of their sidecars.

use super::table::{Planner, Subject};
use super::tests::{self, Related, Resolve};
use super::{CheckPlan, distinct_names, quarantine};
use crate::task::{Step, Task};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, SmolStr, code};
use rocky_config::{ChecksConfig, FreshnessConfig, PipelineKind, Spanned, StrategyKind};
use rocky_project::{Model, Snapshot};
use rocky_warehouse::{Column, RelationName};
use rustc_hash::FxHashMap;

/// Plans the checks of a snapshot's models.
pub(crate) struct Models<'a> {
    snapshot: &'a Snapshot,
    planners: FxHashMap<SmolStr, Planner<'a>>,
}

impl<'a> Models<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Models<'a> {
        let planner = |(name, pipeline): (&SmolStr, &'a rocky_config::PipelineConfig)| {
            let transforms = matches!(pipeline.kind, PipelineKind::Transformation(_));
            let config = pipeline.checks.as_ref().filter(|_| transforms)?;
            Some((name.clone(), Planner::new(config)))
        };
        Models {
            snapshot,
            planners: snapshot.config.pipelines.iter().filter_map(planner).collect(),
        }
    }

    /// Put the checks of a model into its task. `pipeline` is the one that executes it.
    pub(crate) fn add(
        &mut self,
        model: &Model,
        pipeline: Option<&SmolStr>,
        task: &mut Task,
    ) -> Result<(), Box<Diagnostic>> {
        let pipeline = model.pipeline.as_ref().or(pipeline);
        let planner = pipeline.and_then(|name| self.planners.get_mut(name));
        let config = pipeline
            .and_then(|name| self.snapshot.config.pipelines.get(name))
            .and_then(|p| p.checks.as_ref());
        let freshness = freshness(self.snapshot, model, config);
        if planner.is_none() && model.config.tests.is_empty() && freshness.is_none() {
            return Ok(());
        }
        let columns = columns(model);
        let subject = Subject {
            dialect: self.snapshot.dialect,
            target: &model.target,
            parts: &model.target_parts,
            name: Some(&model.name),
            source: None,
            rows: None,
            columns: columns.as_deref(),
            expected: columns
                .as_ref()
                .map(|c| c.iter().map(|c| c.name.clone()).collect()),
            ignored: vec![quarantine::TAG.into()],
            timestamp_column: timestamp_column(&model.strategy.kind),
            named: false,
            by_name: Default::default(),
        };
        let resolve = resolver(self.snapshot, model);
        let mut checks = planner.map_or_else(Vec::new, |p| p.of(&subject, &resolve));
        if let Some(freshness) = freshness {
            // What is said of the model itself takes the place of what is said of all.
            checks.retain(|c| c.kind != super::CheckKind::Freshness);
            let gates = config.is_none_or(|c| c.fail_on_error);
            let check = subject.freshness(freshness, gates);
            checks.extend(check.map_err(|d| Box::new((*d).in_model(model.name.clone())))?);
        }
        checks.extend(declared(model, &subject, config, &resolve)?);
        distinct_tests(&mut checks);
        task.checks = checks;
        if let Some(config) = config.filter(|c| c.enabled)
            && let Some(wanted) = config.quarantine.as_ref().filter(|q| q.enabled)
        {
            let assertions = config
                .assertions
                .iter()
                .filter(|a| subject.is(a))
                .map(|a| &a.test);
            let tests: Vec<_> = model.config.tests.iter().chain(assertions).collect();
            let is_model = |name: &RelationName| self.snapshot.names.model_of_target(name).is_some();
            quarantine::add(wanted, &tests, &subject, &resolve, &is_model, task)?;
        }
        Ok(())
    }

    /// All mistakes of the pipelines' checks.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        let snapshot = self.snapshot;
        let known = |assertion: &rocky_config::AssertionConfig| {
            snapshot.models.iter().any(|m| {
                let subject = bare(snapshot, m);
                subject.is(assertion)
            })
        };
        let mut planners: Vec<_> = self.planners.into_iter().collect();
        planners.sort_by(|a, b| a.0.cmp(&b.0));
        let mut problems = Vec::new();
        for (name, planner) in planners {
            problems.extend(about_nothing(snapshot, &name, planner.config()));
            problems.extend(planner.finish(&known));
        }
        problems
    }
}

/// A check that is left out wherever its column is not, and is left out everywhere: it would never say anything.
fn about_nothing(snapshot: &Snapshot, pipeline: &SmolStr, config: &ChecksConfig) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let models: Vec<&Model> = snapshot
        .models
        .iter()
        .map(|m| &**m)
        .filter(|m| m.pipeline.as_ref().is_none_or(|own| own == pipeline))
        .filter(|m| !matches!(m.strategy.kind, StrategyKind::Ephemeral))
        .collect();
    if !config.enabled || models.is_empty() {
        return problems;
    }
    let may_have = |name: &str| {
        let fold = |n: &str, quoted| snapshot.dialect.fold(n, quoted, IdentKind::Column);
        let wanted = [fold(name, true), fold(name, false)];
        models.iter().any(|m| {
            let columns = columns(m);
            columns.is_none_or(|all| all.iter().any(|c| wanted.contains(&fold(&c.name, true))))
        })
    };
    let mut nowhere = |what: &str, name: &Spanned<SmolStr>| {
        if !may_have(&name.value) {
            let message = format!(
                "{what} `{}` is a column of no model of pipeline `{pipeline}`",
                name.shown()
            );
            problems.push(
                Diagnostic::new(code::E301, name.loc, message).help("Name a column that one of them has."),
            );
        }
    };
    for column in config.null_rate.iter().flat_map(|n| &n.columns) {
        nowhere("null_rate column", column);
    }
    let freshness = config.freshness.as_ref();
    match freshness.map(|f| f.timestamp_column.as_ref()) {
        Some(Some(column)) => nowhere("timestamp_column", column),
        Some(None)
            if models
                .iter()
                .all(|m| timestamp_column(&m.strategy.kind).is_none() && m.config.freshness.is_none()) =>
        {
            let message = format!(
                "freshness: no model of pipeline `{pipeline}` says which column tells the age of a row"
            );
            problems.push(
                Diagnostic::new(code::E405, config.loc, message)
                    .help("Add `timestamp_column` to `checks.freshness`."),
            );
        }
        _ => {}
    }
    problems
}

fn bare<'m>(snapshot: &Snapshot, model: &'m Model) -> Subject<'m> {
    Subject {
        dialect: snapshot.dialect,
        target: &model.target,
        parts: &model.target_parts,
        name: Some(&model.name),
        source: None,
        rows: None,
        columns: None,
        expected: None,
        ignored: Vec::new(),
        timestamp_column: None,
        named: false,
        by_name: Default::default(),
    }
}

/// The declarative tests of one model, whether it is executed or not: what `test --declarative` runs.
pub fn of_model(snapshot: &Snapshot, id: u32) -> Result<Vec<CheckPlan>, Box<Diagnostic>> {
    let Some(model) = snapshot.models.get(id as usize) else {
        return Ok(Vec::new());
    };
    let columns = columns(model);
    let subject = Subject {
        columns: columns.as_deref(),
        ..bare(snapshot, model)
    };
    let resolve = resolver(snapshot, model);
    let mut checks = declared(model, &subject, None, &resolve)?;
    distinct_names(&mut checks);
    Ok(checks)
}

fn declared(
    model: &Model,
    subject: &Subject<'_>,
    config: Option<&ChecksConfig>,
    resolve: &Resolve<'_>,
) -> Result<Vec<CheckPlan>, Box<Diagnostic>> {
    if config.is_some_and(|c| !c.enabled) {
        return Ok(Vec::new());
    }
    let fail_on_error = config.is_none_or(|c| c.fail_on_error);
    model
        .config
        .tests
        .iter()
        .map(|test| {
            tests::plan(test, subject, fail_on_error, resolve)
                .map_err(|d| Box::new((*d).in_model(model.name.clone())))
        })
        .collect()
}

/// What is said of the age of a model's rows: by itself or its folder; where neither it nor its pipeline says anything, by the project.
fn freshness<'s>(
    snapshot: &'s Snapshot,
    model: &'s Model,
    config: Option<&ChecksConfig>,
) -> Option<&'s FreshnessConfig> {
    if config.is_some_and(|c| !c.enabled) {
        return None;
    }
    let of_all = || {
        let of_pipeline = config.is_some_and(|c| c.freshness.is_some());
        snapshot.config.freshness.as_deref().filter(|_| !of_pipeline)
    };
    model.config.freshness.as_deref().or_else(of_all)
}

/// Results of null_rate share a name, one for each column; all others differ.
fn distinct_tests(checks: &mut Vec<CheckPlan>) {
    let (rates, mut others): (Vec<_>, Vec<_>) = std::mem::take(checks)
        .into_iter()
        .partition(|c| c.kind == super::CheckKind::NullRate);
    distinct_names(&mut others);
    checks.extend(others);
    checks.extend(rates);
}

/// The columns of its output, when all are known.
fn columns(model: &Model) -> Option<Vec<Column>> {
    model.complete().then(|| model.own_columns().to_vec())
}

fn timestamp_column(kind: &StrategyKind) -> Option<Spanned<SmolStr>> {
    match kind {
        StrategyKind::Incremental { timestamp_column, .. }
        | StrategyKind::Microbatch { timestamp_column, .. } => Some(timestamp_column.clone()),
        StrategyKind::TimeInterval { time_column, .. } => Some(time_column.clone()),
        _ => None,
    }
}

/// What a name in `to_table` of a model's test is: a model by its name or target, else a table of the warehouse.
fn resolver<'s>(snapshot: &'s Snapshot, model: &'s Model) -> impl Fn(&str) -> Related + 's {
    move |name| {
        let dialect = snapshot.dialect;
        let parts: Vec<rocky_base::Ident> = name
            .split('.')
            .map(|p| rocky_base::Ident::from_config(dialect, p.trim()))
            .collect();
        let id = match parts.as_slice() {
            [_] => snapshot.names.model(name),
            [schema, table] => snapshot.names.model_of_target(&RelationName {
                catalog: None,
                schema: Some(schema.clone()),
                table: table.clone(),
            }),
            [catalog, schema, table] => snapshot.names.model_of_target(&RelationName {
                catalog: Some(catalog.clone()),
                schema: Some(schema.clone()),
                table: table.clone(),
            }),
            _ => None,
        };
        match id.and_then(|id| Some((id, snapshot.models.get(id as usize)?))) {
            Some((id, other)) => Related {
                printed: other.target.print(dialect),
                // What it does not read directly may be written after it.
                deferred: other.name != model.name && !model.depends_on.contains(&id),
            },
            None => Related {
                printed: tests::dotted(dialect, name),
                deferred: false,
            },
        }
    }
}

/// The statements of a plan's checks, for people.
pub fn steps(checks: &[CheckPlan]) -> impl Iterator<Item = (&CheckPlan, &Step)> {
    checks.iter().flat_map(|c| c.steps().map(move |s| (c, s)))
}
