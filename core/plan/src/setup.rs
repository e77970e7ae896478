//! Schemas that must be there before any model runs.

use crate::task::{Step, StepKind};
use rocky_base::{Dialect, SmolStr};
use rocky_config::{GovernanceConfig, PipelineKind, ProjectConfig};
use rocky_project::Model;
use rocky_warehouse::{CatalogSnapshot, RelationName};
use rustc_hash::FxHashSet;

/// The governance of a model's transformation pipeline.
fn governance<'a>(config: &'a ProjectConfig, pipeline: Option<&SmolStr>) -> Option<&'a GovernanceConfig> {
    match &config.pipelines.get(pipeline?)?.kind {
        PipelineKind::Transformation(transformation) => Some(&transformation.governance),
        _ => None,
    }
}

/// `CREATE SCHEMA` once for each schema of the models' targets that is not proved to exist, sorted. On DuckDB unless
/// `auto_create_schemas = false`, elsewhere only when it is `true`.
pub(crate) fn schemas<'a>(
    models: impl Iterator<Item = (&'a Model, Option<&'a SmolStr>)>,
    config: &ProjectConfig,
    catalog: &CatalogSnapshot,
    dialect: Dialect,
) -> Vec<Step> {
    let wanted = models.filter(|(_, pipeline)| {
        let wanted = governance(config, *pipeline).and_then(|g| g.auto_create_schemas);
        wanted.unwrap_or(dialect == Dialect::DuckDb)
    });
    missing_schemas(wanted.map(|(model, _)| &model.target), catalog, dialect)
}

/// `CREATE SCHEMA` once for each schema of the targets that is not proved to exist, sorted.
pub(crate) fn missing_schemas<'a>(
    targets: impl Iterator<Item = &'a RelationName>,
    catalog: &CatalogSnapshot,
    dialect: Dialect,
) -> Vec<Step> {
    let mut seen: FxHashSet<(SmolStr, SmolStr)> = FxHashSet::default();
    let mut steps: Vec<Step> = Vec::new();
    for target in targets {
        let Some(schema) = &target.schema else {
            continue;
        };
        let key = catalog.full_name(target).key(dialect);
        let exists = catalog.schema_exists(&key.catalog, &key.schema);
        // Every DuckDB database has a schema `main`, which cannot be dropped.
        if exists == Some(true) || (dialect == Dialect::DuckDb && key.schema == "main") {
            continue;
        }
        if !seen.insert((key.catalog, key.schema)) {
            continue;
        }
        let name = RelationName {
            catalog: None,
            schema: target.catalog.clone(),
            table: schema.clone(),
        };
        steps.push(Step {
            purpose: SmolStr::new_static("create_schema"),
            target: name.display(),
            sql: format!("CREATE SCHEMA IF NOT EXISTS {}", name.print(dialect)),
            holes: Vec::new(),
            kind: StepKind::Statement { counts_rows: false },
        });
    }
    steps.sort_by(|a, b| a.sql.cmp(&b.sql));
    steps
}
