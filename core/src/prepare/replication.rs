//! Replication pipelines: discover the sources, hold them against the catalogue, and plan the copies.

use super::beside::{Attached, Beside};
use super::sources::Discovered;
use super::transformation::local_concurrency;
use super::{Prepared, Wanted, sources};
use crate::adapters::Access;
use crate::document::diagnostics;
use crate::project::{Project, Target, target};
use crate::reduce::Reduced;
use crate::reduce::copies::Copy;
use rocky_base::{CancelToken, Diagnostic, Error, ErrorKind, Event, Files, Observer, Result, SmolStr};
use rocky_config::{Concurrency, PipelineConfig, ReplicationConfig, SchemaPattern};
use rocky_plan::DriftPolicy;
use rocky_plan::replication::{
    Excluded, Origin, ReplicationOptions, TableCopy, metadata_templates, plan, resolve, unchanged_query,
};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{CatalogSnapshot, RelationKind, Warehouse};
use std::sync::Arc;

pub(super) fn prepare(
    project: &Project,
    wanted: &Wanted<'_>,
    (declared, replication): (&PipelineConfig, &ReplicationConfig),
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<Prepared> {
    let (request, config, pipeline) = (wanted.request, wanted.config, &wanted.pipeline);
    let mut files = Files::default();
    files.add(project.configuration()?.file.source.clone());
    let mut found = Vec::new();
    let target = target(config, Some(pipeline))?;
    let Some(dialect) = target.adapter.dialect() else {
        return Err(Error::new(
            ErrorKind::Config,
            format!(
                "adapter `{}` of pipeline `{pipeline}` cannot hold tables",
                target.name
            ),
        ));
    };
    let pattern = sources::pattern(replication)?;
    let metadata =
        metadata_templates(&replication.metadata_columns, pattern, dialect).unwrap_or_else(|problems| {
            found.extend(problems);
            Vec::new()
        });
    let blocked = |found: &[Diagnostic]| found.iter().any(Diagnostic::is_error);
    if blocked(&found) {
        return Ok(refused(pipeline, &found, &files));
    }
    let beside = project.beside((config, pipeline), replication, &target)?;
    let progress = |phase: &str| Event::Progress {
        phase: SmolStr::new(phase),
        done: 0,
        total: 0,
    };
    observer.event(&progress("discover"));
    let mut taken = Vec::new();
    let (opened, catalog, resolved) = loop {
        let opened = open(project, wanted, &target, beside.as_ref(), &taken, cancel)?;
        let discovered = project.discover_sources(
            (config, pipeline),
            replication,
            Some((&target, opened.warehouse())),
            beside.as_ref().zip(opened.attached()),
            cancel,
        )?;
        if taken.is_empty() {
            tell(&discovered, pattern, pipeline, observer);
        }
        let chosen = sources::filtered(discovered.sources, &request.filter, pattern)?;
        let catalog = match &opened {
            Opened::One(warehouse) => project.read_catalog(&target, Some(&**warehouse), cancel)?,
            Opened::Two(attached) => attached.catalog(&chosen, cancel)?,
        };
        let origin = Origin {
            found_by: discovered.found_by,
            database: opened.attached().map(|a| a.name.clone()),
        };
        let resolved = resolve(&chosen, replication, &metadata, &catalog, origin, declared.loc);
        match opened.attached() {
            Some(attached) if attached.is_ambiguous(&resolved.copies) => taken.push(attached.key()),
            _ => break (opened, catalog, resolved),
        }
    };
    found.extend(resolved.diagnostics);
    if blocked(&found) {
        return Ok(refused(pipeline, &found, &files));
    }
    for (into, from) in &resolved.collisions {
        let names: Vec<String> = from.iter().map(|f| format!("`{}`", f.display())).collect();
        observer.event(&warning(format!(
            "{} are copied into one table, `{}`, one after another",
            names.join(" and "),
            into.display()
        )));
    }
    let (mut copies, mut excluded) = (resolved.copies, resolved.excluded);
    let mut options = ReplicationOptions {
        source: opened.attached().map(Attached::source_file),
        aliases: Vec::new(),
        pipeline: pipeline.clone(),
        dialect,
        full_refresh: request.full_refresh,
        concurrency: request
            .concurrency
            .map(|c| c as usize)
            .or_else(|| local_concurrency(config, pipeline, &target))
            .unwrap_or_else(|| configured(declared)),
        fail_fast: declared.execution.fail_fast,
        create_schemas: replication.target.governance.auto_create_schemas,
        create_catalogs: replication.target.governance.auto_create_catalogs,
        drift: DriftPolicy::of_replication(&declared.drift),
        checks: declared.checks.clone(),
        partial: request.filter.is_some(),
        loc: declared.loc,
    };
    let shadow = crate::shadow::of_request(request, pipeline)?;
    // Every table has a shadow, so that each can be compared.
    if replication.prune_unchanged && !request.full_refresh && shadow.is_none() {
        prune(
            &mut copies,
            &mut excluded,
            &catalog,
            &options,
            &**opened.warehouse(),
            observer,
            cancel,
        )?;
        options.partial |= excluded.iter().any(|e| e.reason == "unchanged");
    }
    let stamp = opened.attached().and_then(|a| project.settled_stamp(a.file()));
    let facts = |copy: &TableCopy| {
        // A view may read elsewhere.
        let table = matches!(catalog.lookup(&copy.source), Lookup::Found(r) if r.kind == RelationKind::Table);
        Copy::new(copy, stamp.clone().filter(|_| table))
    };
    let facts: Vec<Copy> = copies.iter().map(facts).collect();
    observer.event(&progress("plan"));
    let mut made = None;
    let pairs = shadow.as_ref().map_or_else(Vec::new, |shadow| {
        rocky_plan::shadow::replication_pairs(shadow, &copies, &catalog)
    });
    let plan_copies =
        move |copies: &[TableCopy], catalog: &CatalogSnapshot, options: &ReplicationOptions| match &shadow {
            Some(shadow) => rocky_plan::shadow::of_replication(shadow, copies, catalog, options),
            None => plan(copies, catalog, options),
        };
    match plan_copies(&copies, &catalog, &options) {
        Ok(plan) => made = Some(plan),
        Err(problems) => found.extend(problems),
    }
    // A target that does not exist is made when there is something to write, and whoever writes is wanted.
    let wanted_on = wanted.access == Access::Write && observer.stop().is_none();
    let writes = made.as_ref().is_some_and(|p| !p.tasks.is_empty());
    let warehouse = match (opened, &beside) {
        (Opened::Two(attached), Some(beside)) if attached.stands_in && writes && wanted_on => {
            project.make_target(&target, beside, attached, cancel)?
        }
        (Opened::One(warehouse) | Opened::Two(Attached { warehouse, .. }), _) => warehouse,
    };
    Ok(Prepared {
        pipeline: pipeline.clone(),
        pipeline_type: "replication",
        warehouse: Some(warehouse),
        has_errors: blocked(&found),
        diagnostics: diagnostics(&found, &files),
        plan: made,
        excluded,
        snapshot: None,
        skip_unchanged: false,
        reduced: Reduced {
            pairs,
            copies: Some(facts),
            ..Reduced::default()
        },
        look: None,
        again: Box::new(move |catalog| plan_copies(&copies, catalog, &options)),
    })
}

/// The open databases of a replication.
enum Opened {
    /// Sources and targets are in one.
    One(Arc<dyn Warehouse>),
    /// The sources are in another, beside the target's.
    Two(Attached),
}

impl Opened {
    fn warehouse(&self) -> &Arc<dyn Warehouse> {
        match self {
            Opened::One(warehouse) | Opened::Two(Attached { warehouse, .. }) => warehouse,
        }
    }

    fn attached(&self) -> Option<&Attached> {
        match self {
            Opened::One(_) => None,
            Opened::Two(attached) => Some(attached),
        }
    }
}

fn open(
    project: &Project,
    wanted: &Wanted<'_>,
    target: &Target<'_>,
    beside: Option<&Beside<'_>>,
    taken: &[SmolStr],
    cancel: &CancelToken,
) -> Result<Opened> {
    if let Some(beside) = beside {
        let attached = project.open_beside(target, beside, wanted.access, taken, cancel)?;
        return Ok(Opened::Two(attached));
    }
    let opened = project.open_warehouse(target, existing(project, target, wanted), cancel)?;
    opened
        .map(Opened::One)
        .ok_or_else(|| sources::no_database(&target.name))
}

/// Say what was found.
fn tell(found: &Discovered, pattern: &SchemaPattern, pipeline: &str, observer: &mut dyn Observer) {
    observer.event(&Event::DiscoverFinished {
        connectors: found.sources.len() as u64,
    });
    for schema in &found.unfit {
        observer.event(&warning(format!(
            "schema `{schema}` does not fit `source.schema_pattern` of pipeline `{pipeline}` and is left out"
        )));
    }
    if found.sources.is_empty() {
        observer.event(&warning(format!(
            "pipeline `{pipeline}` has no sources: no schema begins with `{}` and fits the pattern",
            pattern.prefix
        )));
    }
}

/// A database file that is not there is not made: there would be nothing to copy.
fn existing(project: &Project, target: &Target<'_>, wanted: &Wanted<'_>) -> Access {
    let exists =
        crate::adapters::duckdb_path(&project.root, &target.adapter.settings).is_none_or(|p| p.exists());
    if exists { wanted.access } else { Access::Read }
}

fn configured(pipeline: &PipelineConfig) -> usize {
    match pipeline.execution.concurrency {
        Some(Concurrency::Fixed(n)) => n.get() as usize,
        Some(Concurrency::Adaptive) | None => 8,
    }
}

fn warning(message: String) -> Event {
    Event::Log {
        level: SmolStr::new_static("warning"),
        message,
    }
}

fn refused(pipeline: &SmolStr, found: &[Diagnostic], files: &Files) -> Prepared {
    Prepared {
        pipeline: pipeline.clone(),
        pipeline_type: "replication",
        warehouse: None,
        diagnostics: diagnostics(found, files),
        has_errors: true,
        plan: None,
        excluded: Vec::new(),
        snapshot: None,
        skip_unchanged: false,
        reduced: Reduced::default(),
        look: None,
        again: Box::new(|_| Err(Vec::new())),
    }
}

/// Leave out the incremental tables whose copy would add no row: the same condition as the copy's own.
fn prune(
    copies: &mut Vec<TableCopy>,
    excluded: &mut Vec<Excluded>,
    catalog: &CatalogSnapshot,
    options: &ReplicationOptions,
    warehouse: &dyn Warehouse,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<()> {
    let queries: Vec<(usize, String)> = copies
        .iter()
        .enumerate()
        .filter_map(|(index, copy)| Some((index, unchanged_query(copy, catalog, options)?)))
        .collect();
    if queries.is_empty() {
        return Ok(());
    }
    let mut connection = warehouse.connect()?;
    let mut unchanged = Vec::new();
    for (index, sql) in queries {
        cancel.check()?;
        match connection.query(&sql, 1, cancel) {
            Ok(rows) if rows.rows.is_empty() => unchanged.push(index),
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
            // The copy itself will say what is wrong.
            Err(error) => observer.event(&warning(format!(
                "it could not be seen whether `{}` has changed: {}",
                copies.get(index).map(|c| c.source.display()).unwrap_or_default(),
                error.message
            ))),
        }
    }
    let mut index = 0;
    copies.retain(|copy| {
        let left = unchanged.binary_search(&index).is_ok();
        index += 1;
        if left {
            excluded.push(Excluded {
                asset_key: copy.asset_key.clone(),
                source_schema: copy
                    .source
                    .schema
                    .as_ref()
                    .map(|s| s.text.clone())
                    .unwrap_or_default(),
                table: copy.source.table.text.clone(),
                reason: "unchanged",
            });
        }
        !left
    });
    Ok(())
}
