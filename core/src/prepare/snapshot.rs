//! Snapshot pipelines: the history of one table.

use super::{Prepared, Wanted, relation};
use crate::adapters::Access;
use crate::project::{Project, target};
use rocky_base::{CancelToken, Diagnostic, Error, ErrorKind, Result, code};
use rocky_config::{SnapshotConfig, SnapshotStrategy};
use rocky_plan::{Change, SnapshotSpec};

pub(super) fn prepare(
    project: &Project,
    wanted: &Wanted<'_>,
    config: &SnapshotConfig,
    cancel: &CancelToken,
) -> Result<Prepared> {
    let request = wanted.request;
    if request.full_refresh {
        return Err(
            unsupported("a snapshot has no full refresh: it would lose the history")
                .hint("drop the target by hand to begin a new history"),
        );
    }
    let pipeline = &wanted.pipeline;
    let target = target(wanted.config, Some(pipeline))?;
    let source_adapter = wanted
        .config
        .adapter(config.source.adapter.as_ref())
        .map(|(n, _)| n);
    if source_adapter.is_some_and(|name| *name != target.name) {
        return Err(unsupported(format!(
            "pipeline `{pipeline}` reads from one adapter and writes to another: a snapshot is made within one warehouse"
        ))
        .hint("copy the table with a replication pipeline first"));
    }
    let change = match change(config) {
        Ok(change) => change,
        Err(problem) => {
            let none = Box::new(|_: &_| Err(Vec::new()));
            return project.prepared_of_config(pipeline, "snapshot", None, Err(vec![*problem]), none);
        }
    };
    let exists =
        crate::adapters::duckdb_path(&project.root, &target.adapter.settings).is_none_or(|p| p.exists());
    let first = if exists { wanted.access } else { Access::Read };
    let warehouse = project.open_warehouse(&target, first, cancel)?;
    let catalog = project.read_catalog(&target, warehouse.as_deref(), cancel)?;
    let spec = SnapshotSpec {
        aliases: Vec::new(),
        pipeline: pipeline.clone(),
        source: relation::of_ref(&config.source, &catalog),
        target: relation::of_ref(&config.target, &catalog),
        places: (relation::place(&config.source), relation::place(&config.target)),
        unique_key: config.unique_key.clone(),
        change,
        invalidate_hard_deletes: config.invalidate_hard_deletes,
        create_schema: config.governance.auto_create_schemas,
        // One table: there is nothing to stop.
        fail_fast: false,
        checks: wanted
            .config
            .pipelines
            .get(pipeline)
            .and_then(|p| p.checks.clone()),
    };
    let shadow = crate::shadow::of_request(request, pipeline)?;
    let pairs = shadow.as_ref().map_or_else(Vec::new, |shadow| {
        rocky_plan::shadow::snapshot_pairs(shadow, &spec, &catalog)
    });
    let plan = move |catalog: &_| match &shadow {
        Some(shadow) => rocky_plan::shadow::of_snapshot(shadow, &spec, catalog),
        None => rocky_plan::snapshot(&spec, catalog),
    };
    let planned = plan(&catalog);
    let mut prepared =
        project.prepared_of_config(pipeline, "snapshot", warehouse, planned, Box::new(plan))?;
    prepared.reduced.pairs = pairs;
    Ok(prepared)
}

/// How changes are noticed: what is said, else what the keys that are there mean.
fn change(config: &SnapshotConfig) -> Result<Change, Box<Diagnostic>> {
    let contradicts = |key: &str, loc, strategy: &str| {
        let message = format!("`{key}` has no effect with `strategy = \"{strategy}\"`");
        Err(Box::new(
            Diagnostic::new(code::E302, loc, message)
                .help(format!("Remove `{key}`, or change the strategy.")),
        ))
    };
    let strategy = config
        .strategy
        .unwrap_or(match (&config.updated_at, &config.check_cols) {
            (Some(_), None) => SnapshotStrategy::UpdatedAt,
            _ => SnapshotStrategy::Check,
        });
    match (strategy, &config.updated_at, &config.check_cols) {
        (SnapshotStrategy::UpdatedAt, Some(column), None) => Ok(Change::UpdatedAt(column.clone())),
        (SnapshotStrategy::UpdatedAt, _, Some(columns)) => {
            let loc = columns
                .first()
                .map_or_else(|| relation::place(&config.target), |c| c.loc);
            contradicts("check_cols", loc, "updated_at")
        }
        (SnapshotStrategy::UpdatedAt, None, None) => Err(Box::new(
            Diagnostic::new(
                code::E302,
                relation::place(&config.source),
                "`strategy = \"updated_at\"` needs the key `updated_at`",
            )
            .help("Name the column that says when a row was changed, or use `strategy = \"check\"`."),
        )),
        (SnapshotStrategy::Check, Some(column), _) => contradicts("updated_at", column.loc, "check"),
        (SnapshotStrategy::Check, None, columns) => Ok(Change::Check(columns.clone())),
    }
}

fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
