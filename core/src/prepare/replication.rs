//! Replication pipelines: discover the sources, hold them against the catalogue, and plan the copies.

use super::transformation::local_concurrency;
use super::{Prepared, Wanted, sources};
use crate::document::diagnostics;
use crate::project::{Project, target};
use crate::reduce::Reduced;
use rocky_base::{CancelToken, Diagnostic, Error, ErrorKind, Event, Files, Observer, Result, SmolStr};
use rocky_config::{Concurrency, PipelineConfig, ReplicationConfig};
use rocky_plan::DriftPolicy;
use rocky_plan::replication::{
    Excluded, ReplicationOptions, TableCopy, metadata_templates, plan, resolve, unchanged_query,
};
use rocky_warehouse::{CatalogSnapshot, Warehouse};

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
    one_warehouse(project, wanted, replication)?;
    let progress = |phase: &str| Event::Progress {
        phase: SmolStr::new(phase),
        done: 0,
        total: 0,
    };
    observer.event(&progress("discover"));
    let opened = project.open_warehouse(&target, existing(project, &target, wanted), cancel)?;
    let Some(warehouse) = opened else {
        return Err(sources::no_database(&target.name));
    };
    let discovered = project.discover_sources(
        (config, pipeline),
        replication,
        Some((&target, &warehouse)),
        cancel,
    )?;
    observer.event(&Event::DiscoverFinished {
        connectors: discovered.sources.len() as u64,
    });
    for schema in &discovered.unfit {
        observer.event(&warning(format!(
            "schema `{schema}` does not fit `source.schema_pattern` of pipeline `{pipeline}` and is left out"
        )));
    }
    if discovered.sources.is_empty() {
        observer.event(&warning(format!(
            "pipeline `{pipeline}` has no sources: no schema begins with `{}` and fits the pattern",
            pattern.prefix
        )));
    }
    let chosen = sources::filtered(discovered.sources, &request.filter, pattern)?;
    let catalog = project.read_catalog(&target, Some(&*warehouse), cancel)?;
    let resolved = resolve(
        &chosen,
        replication,
        &metadata,
        &catalog,
        discovered.found_by,
        declared.loc,
    );
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
            &*warehouse,
            observer,
            cancel,
        )?;
        options.partial |= excluded.iter().any(|e| e.reason == "unchanged");
    }
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
            ..Reduced::default()
        },
        look: None,
        again: Box::new(move |catalog| plan_copies(&copies, catalog, &options)),
    })
}

/// Tables are copied inside of one warehouse.
fn one_warehouse(project: &Project, wanted: &Wanted<'_>, replication: &ReplicationConfig) -> Result<()> {
    let config = wanted.config;
    let target = target(config, Some(&wanted.pipeline))?;
    let Some((name, source)) = config.adapter(replication.source.adapter.as_ref()) else {
        return Ok(());
    };
    let holds_data = source.r#type.is_some_and(|t| t.holds_data())
        && source.kind != Some(rocky_config::AdapterKind::Discovery);
    if !holds_data || project.same_database((name, source), (&target.name, target.adapter)) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "pipeline `{}` reads from adapter `{name}` and writes to `{}`, which are different databases",
            wanted.pipeline, target.name
        ),
    )
    .hint(
        "tables are copied inside of one database: give `source.adapter` and `target.adapter` the same one",
    ))
}

/// A database file that is not there is not made: there would be nothing to copy.
fn existing(
    project: &Project,
    target: &crate::project::Target<'_>,
    wanted: &Wanted<'_>,
) -> crate::adapters::Access {
    let exists =
        crate::adapters::duckdb_path(&project.root, &target.adapter.settings).is_none_or(|p| p.exists());
    if exists {
        wanted.access
    } else {
        crate::adapters::Access::Read
    }
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
