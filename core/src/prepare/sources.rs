//! Which sources a replication pipeline has: what `discover`, `plan` and `run` all begin with.

use crate::adapters::{Access, duckdb_path};
use crate::project::{Project, Target};
use crate::wire::Filters;
use rocky_base::{CancelToken, Error, ErrorKind, Result, SmolStr};
use rocky_config::{AdapterConfig, AdapterSettings, ProjectConfig, ReplicationConfig, SchemaPattern};
use rocky_plan::replication::{FoundBy, Source, parse_filters, select, source_of};
use rocky_warehouse::{SourceTable, Warehouse};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was discovered.
pub(crate) struct Discovered {
    pub sources: Vec<Source>,
    /// Schemas with the prefix that do not fit the pattern.
    pub unfit: Vec<SmolStr>,
    pub found_by: FoundBy,
}

/// The pattern of a pipeline whose configuration has no errors.
pub(crate) fn pattern(replication: &ReplicationConfig) -> Result<&SchemaPattern> {
    replication.source.schema_pattern.as_ref().ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            "`source.schema_pattern` is missing or not valid",
        )
        .hint("run `rocky validate` to see why")
    })
}

/// The adapter that lists the sources of a pipeline.
pub(crate) fn lister<'a>(
    config: &'a ProjectConfig,
    pipeline: &str,
    replication: &ReplicationConfig,
) -> Result<Target<'a>> {
    let (name, adapter) = config.discovery_adapter(replication).ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            format!("pipeline `{pipeline}` has no adapter to discover with"),
        )
        .hint("name one in `source.discovery.adapter`")
    })?;
    if adapter.r#type.is_some_and(|t| !t.discovers()) {
        let kind = adapter.r#type.map_or("", |t| t.as_str());
        return Err(Error::new(
            ErrorKind::Config,
            format!("adapter `{name}` ({kind}) cannot list the sources of pipeline `{pipeline}`"),
        )
        .hint("name one that can in `source.discovery.adapter`"));
    }
    Ok(Target {
        name: name.clone(),
        adapter,
    })
}

impl Project {
    /// True when two adapters are one database.
    pub(crate) fn same_database(&self, a: (&str, &AdapterConfig), b: (&str, &AdapterConfig)) -> bool {
        let file = |adapter: &AdapterConfig| duckdb_path(&self.root, &adapter.settings);
        let duckdb = |adapter: &AdapterConfig| matches!(adapter.settings, AdapterSettings::DuckDb { .. });
        a.0 == b.0 || (duckdb(a.1) && duckdb(b.1) && file(a.1).is_some() && file(a.1) == file(b.1))
    }

    /// Ask for the sources. `warehouse` is the open target, asked when it is the same database.
    pub(crate) fn discover_sources(
        &self,
        (config, pipeline): (&ProjectConfig, &str),
        replication: &ReplicationConfig,
        warehouse: Option<(&Target<'_>, &Arc<dyn Warehouse>)>,
        cancel: &CancelToken,
    ) -> Result<Discovered> {
        let pattern = pattern(replication)?;
        let lister = lister(config, pipeline, replication)?;
        let shared = warehouse.filter(|(target, _)| {
            self.same_database((&target.name, target.adapter), (&lister.name, lister.adapter))
        });
        let (opened, found_by) = match shared {
            Some((_, warehouse)) => (Some(warehouse.clone()), FoundBy::Warehouse),
            None => (
                self.open_warehouse(&lister, Access::Read, cancel)?,
                FoundBy::Elsewhere,
            ),
        };
        let Some(opened) = opened else {
            return Err(no_database(&lister.name));
        };
        let catalog = self.attached_catalog(replication, &*opened, cancel)?;
        let found = opened.discover(catalog.as_deref(), &pattern.prefix, cancel)?;
        let source_type = SmolStr::new_static(lister.adapter.r#type.map_or("unknown", |k| k.as_str()));
        let mut by_schema: BTreeMap<SmolStr, Vec<SourceTable>> = BTreeMap::new();
        for table in found {
            by_schema.entry(table.schema.clone()).or_default().push(table);
        }
        let mut discovered = Discovered {
            sources: Vec::with_capacity(by_schema.len()),
            unfit: Vec::new(),
            found_by,
        };
        for (schema, tables) in by_schema {
            match source_of(pattern, &schema, &source_type, tables) {
                Some(source) => discovered.sources.push(source),
                None => discovered.unfit.push(schema),
            }
        }
        Ok(discovered)
    }

    /// `source.catalog` as the database knows it: DuckDB's default database where that name is not attached.
    fn attached_catalog(
        &self,
        replication: &ReplicationConfig,
        warehouse: &dyn Warehouse,
        cancel: &CancelToken,
    ) -> Result<Option<String>> {
        let named = replication
            .source
            .catalog
            .as_ref()
            .map(|c| c.as_str())
            .filter(|c| !c.is_empty());
        let Some(named) = named else { return Ok(None) };
        let dialect = warehouse.dialect();
        if dialect != rocky_base::Dialect::DuckDb {
            return Ok(Some(named.to_owned()));
        }
        let key = rocky_base::Ident::from_config(dialect, named)
            .key(dialect, rocky_base::ident::IdentKind::Relation);
        // One schema is enough to learn what is attached.
        let any = rocky_warehouse::RelationName::table(rocky_base::Ident::quoted(""));
        let seen = warehouse.snapshot(&[any], cancel)?;
        Ok(seen.complete_catalogs.contains(&key).then(|| named.to_owned()))
    }
}

/// Keep what the filters mean.
pub(crate) fn filtered(
    sources: Vec<Source>,
    filters: &Option<Filters>,
    pattern: &SchemaPattern,
) -> Result<Vec<Source>> {
    let texts = filters.as_ref().map(Filters::texts).unwrap_or_default();
    parse_filters(texts)
        .and_then(|filters| select(sources, &filters, pattern))
        .map_err(|problem| Error::usage(problem.message).hint(problem.hint))
}

/// A database that no one has made yet.
pub(crate) fn no_database(adapter: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("the database of adapter `{adapter}` does not exist yet"),
    )
    .hint("create it (load the sources), or correct `path`")
}
