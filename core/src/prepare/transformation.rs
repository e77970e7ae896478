//! Transformation pipelines: compile against the warehouse as it is, and plan the models.

use super::{Memory, Prepared, Wanted};
use crate::adapters::Access;
use crate::document::diagnostics;
use crate::files::Ask;
use crate::look::{self, Look};
use crate::project::{Project, Target, target};
use crate::reduce::Reduced;
use rocky_base::{CancelToken, Diagnostic, Error, Event, Observer, Result, SmolStr};
use rocky_config::{PipelineKind, ProjectConfig, StrategyKind};
use rocky_plan::PlanOptions;
use rocky_project::{CatalogInput, Model, Snapshot};
use rustc_hash::FxHashSet;
use std::sync::Arc;

pub(super) fn prepare(
    project: &Project,
    wanted: &Wanted<'_>,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<Prepared> {
    let (request, config, pipeline) = (wanted.request, wanted.config, &wanted.pipeline);
    let chosen = config.pipelines.get(pipeline);
    let own = chosen.is_some_and(|p| matches!(p.kind, PipelineKind::Transformation(_)));
    let transforms = || {
        let mut all = config.pipelines.values();
        all.any(|p| matches!(p.kind, PipelineKind::Transformation(_)))
    };
    // The models beside a replication run where the models are compiled for, else where it writes.
    let target = target(config, (own || !transforms()).then_some(pipeline.as_str()))?;
    // Models of a shadow run are compiled against what they read, which need not be in production yet.
    let input = |look: &Look| CatalogInput {
        snapshot: crate::shadow::staged(&look.catalog, &request.shadow_inputs),
        fresh: true,
    };
    let mut warehouse = None;
    let remembered = match wanted.memory {
        Memory::Believed => project.remembered_look(&target),
        Memory::Ignored => None,
    };
    let mut known = None;
    if let Some(look) = remembered {
        let snapshot = project.snapshot(&request.vars, Some(input(&look)), observer, cancel)?;
        // What a view gives may have changed without the file.
        known = look::views_read(&snapshot, &look.catalog)
            .is_empty()
            .then_some((look, snapshot));
    }
    let (mut look, mut snapshot) = match known {
        Some(known) => known,
        None => {
            // A database that does not exist is not made before it is known that the models compile.
            let exists = crate::adapters::duckdb_path(&project.root, &target.adapter.settings)
                .is_none_or(|p| p.exists());
            let first = if exists { wanted.access } else { Access::Read };
            warehouse = project.open_warehouse(&target, first, cancel)?;
            let mut look = project.look(&target, warehouse.as_deref(), cancel)?;
            let mut snapshot = project.snapshot(&request.vars, Some(input(&look)), observer, cancel)?;
            if let Some(warehouse) = &warehouse
                && project.renewed(&mut look, &snapshot, &**warehouse, cancel)?
            {
                snapshot = project.snapshot(&request.vars, Some(input(&look)), observer, cancel)?;
            }
            (look, snapshot)
        }
    };
    let asked = project.describe_files(
        &snapshot,
        Some(input(&look)),
        Ask::Missing,
        &target.name,
        warehouse.as_deref(),
        cancel,
    )?;
    if let Some(input) = asked {
        match request.shadow_inputs.is_empty() {
            true => look.catalog = input.snapshot.clone(),
            false => Arc::make_mut(&mut look.catalog)
                .files
                .clone_from(&input.snapshot.files),
        }
        snapshot = project.snapshot(&request.vars, Some(input), observer, cancel)?;
    }
    let catalog = look.catalog.clone();
    let select = project.selected(&snapshot, request, observer, cancel)?;
    if let Some(ids) = &select {
        writes_some(&snapshot, ids, own.then_some(pipeline), observer)?;
    }
    let fail_fast = config
        .pipelines
        .get(pipeline)
        .is_some_and(|p| p.execution.fail_fast);
    let options = PlanOptions {
        pipeline: own.then(|| pipeline.clone()),
        select,
        full_refresh: request.full_refresh,
        concurrency: request
            .concurrency
            .or(request.parallel)
            .map(|c| c as usize)
            .or_else(|| local_concurrency(config, pipeline, &target)),
        fail_fast,
        windows: project.window_options(request, &snapshot)?,
        shadow: crate::shadow::of_request(request, pipeline)?,
    };
    let shadow = options.shadow.as_ref();
    let pairs = shadow.map_or_else(Vec::new, |s| {
        rocky_plan::shadow::model_pairs(s, &snapshot, &options)
    });
    let mut found = snapshot.diagnostics().to_vec();
    // Errors anywhere stop the run: half a project is not what was asked for. With a selection, only errors in the
    // selected models and what they read count.
    let reached = options.select.as_ref().map(|ids| reached(&snapshot, ids));
    let concerned = |d: &Diagnostic| match (&reached, &d.model) {
        (Some(reached), Some(model)) => snapshot.model(model).is_none_or(|(id, _)| reached.contains(&id)),
        _ => true,
    };
    let blocked = found.iter().any(|d| d.is_error() && concerned(d));
    let mut plan = None;
    if blocked {
        found.retain(|d| !d.is_error() || concerned(d));
    } else {
        found.retain(|d| !d.is_error());
        rocky_plan::check_windows(&snapshot, &options, crate::windows::asked(request))?;
        observer.event(&Event::CompileFinished {
            models: snapshot.models.len() as u64,
        });
        let pool = &project.engine.inner.pool;
        let made = pool.install(|| rocky_plan::plan_until(&snapshot, &catalog, &options, cancel));
        cancel.check()?;
        match made {
            Ok(made) => plan = Some(made),
            Err(problems) => found.extend(problems),
        }
    }
    // Whoever does not want the plan to be executed wants no database to be made.
    let wanted_on = observer.stop().is_none();
    if plan.is_some()
        && wanted_on
        && warehouse.is_none()
        && wanted.access == Access::Write
        && !look.is_remembered()
    {
        warehouse = project.open_warehouse(&target, wanted.access, cancel)?;
    }
    Ok(Prepared {
        pipeline: pipeline.clone(),
        pipeline_type: "transformation",
        warehouse,
        has_errors: found.iter().any(Diagnostic::is_error),
        diagnostics: diagnostics(&found, &snapshot.files),
        plan,
        snapshot: Some(snapshot.clone()),
        skip_unchanged: false,
        reduced: Reduced {
            pairs,
            ..Reduced::default()
        },
        excluded: Vec::new(),
        look: Some(look),
        again: Box::new(move |catalog| rocky_plan::plan(&snapshot, catalog, &options)),
    })
}

/// A choice of models that this run would write none of is a mistake, or at least worth a word.
fn writes_some(
    snapshot: &Snapshot,
    ids: &[u32],
    pipeline: Option<&SmolStr>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let chosen = || ids.iter().filter_map(|id| snapshot.models.get(*id as usize));
    let elsewhere = |m: &&Arc<Model>| match (&m.pipeline, pipeline) {
        (Some(own), Some(pipeline)) => own != pipeline,
        _ => false,
    };
    if let Some(first) = chosen().next()
        && chosen().all(|m| elsewhere(&m))
    {
        let (name, other) = (&first.name, first.pipeline.as_deref().unwrap_or_default());
        let message = format!(
            "no model of the choice is of pipeline `{}`: `{name}` belongs to `{other}`",
            pipeline.map_or("", |p| p.as_str())
        );
        return Err(Error::usage(message).hint(format!("choose it with `--pipeline {other}`")));
    }
    let here = || chosen().filter(|m| !elsewhere(m));
    let ephemeral = |m: &Arc<Model>| matches!(m.strategy.kind, StrategyKind::Ephemeral);
    if let Some(first) = here().next()
        && here().all(ephemeral)
    {
        observer.event(&Event::Log {
            level: SmolStr::new_static("warning"),
            message: format!(
                "nothing is written: `{}` is ephemeral, a part of the models that read it (`{}+`)",
                first.name, first.name
            ),
        });
    }
    Ok(())
}

/// An embedded engine shares this machine: more models at a time than cores only make each of them slower. `None`: the
/// plan's own default, or what is configured.
pub(super) fn local_concurrency(
    config: &ProjectConfig,
    pipeline: &str,
    target: &Target<'_>,
) -> Option<usize> {
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

/// These models and what they read, directly or not.
fn reached(snapshot: &Snapshot, from: &[u32]) -> FxHashSet<u32> {
    let mut seen: FxHashSet<u32> = from.iter().copied().collect();
    let mut pending: Vec<u32> = from.to_vec();
    while let Some(id) = pending.pop() {
        for dep in &snapshot.models[id as usize].depends_on {
            if seen.insert(*dep) {
                pending.push(*dep);
            }
        }
    }
    seen
}
