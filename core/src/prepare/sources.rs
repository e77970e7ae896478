//! Which sources a replication pipeline has: what `discover`, `plan` and `run` all begin with.

use super::beside::{Attached, Beside};
use crate::adapters::{Access, duckdb_path};
use crate::project::{Project, Target};
use crate::wire::Filters;
use rocky_base::{CancelToken, Error, ErrorKind, Result, SmolStr};
use rocky_config::{AdapterConfig, AdapterSettings, ProjectConfig, ReplicationConfig, SchemaPattern};
use rocky_plan::replication::{FoundBy, Source, parse_filters, select, source_of};
use rocky_warehouse::{SourceTable, Warehouse};
use std::collections::BTreeMap;
use std::path::Path;
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
    /// True when two adapters are one database, by whatever path.
    pub(crate) fn same_database(&self, a: (&str, &AdapterConfig), b: (&str, &AdapterConfig)) -> bool {
        let file = |adapter: &AdapterConfig| match adapter.settings {
            AdapterSettings::DuckDb { .. } => duckdb_path(&self.root, &adapter.settings),
            _ => None,
        };
        a.0 == b.0 || matches!((file(a.1), file(b.1)), (Some(a), Some(b)) if self.same_file(&a, &b))
    }

    fn same_file(&self, a: &Path, b: &Path) -> bool {
        let system = &*self.host.system;
        // A file that does not exist yet is in a folder that does.
        let place = |path: &Path| {
            let folder = || Some(system.canonical(path.parent()?).ok()?.join(path.file_name()?));
            system.canonical(path).ok().or_else(folder)
        };
        let stamp = |path: &Path| system.stamp(path).ok().filter(|s| s.inode != 0);
        a == b
            || matches!((place(a), place(b)), (Some(a), Some(b)) if a == b)
            // Two names of one file. Inodes of two disks may be equal, but not with sizes and times.
            || matches!((stamp(a), stamp(b)), (Some(a), Some(b)) if a == b)
    }

    /// Ask for the sources. `target` is the open database that is written, and asked when the sources are in it; `attached` the one that
    /// they are in otherwise.
    pub(crate) fn discover_sources(
        &self,
        (config, pipeline): (&ProjectConfig, &str),
        replication: &ReplicationConfig,
        target: Option<(&Target<'_>, &Arc<dyn Warehouse>)>,
        attached: Option<(&Beside<'_>, &Attached)>,
        cancel: &CancelToken,
    ) -> Result<Discovered> {
        let pattern = pattern(replication)?;
        let lister = lister(config, pipeline, replication)?;
        let lists = |target: &Target<'_>| {
            self.same_database((&target.name, target.adapter), (&lister.name, lister.adapter))
        };
        let beside = attached.filter(|(beside, _)| lists(&beside.adapter));
        let shared = target.filter(|(target, _)| lists(target));
        let (opened, found_by) = match (beside, shared) {
            (Some((_, attached)), _) => (Some(attached.warehouse.clone()), FoundBy::Warehouse),
            (None, Some((_, warehouse))) if attached.is_none() => {
                (Some(warehouse.clone()), FoundBy::Warehouse)
            }
            (None, Some((_, warehouse))) => (Some(warehouse.clone()), FoundBy::Elsewhere),
            (None, None) => (
                self.open_warehouse(&lister, Access::Read, cancel)?,
                FoundBy::Elsewhere,
            ),
        };
        let Some(opened) = opened else {
            return Err(no_database(&lister.name));
        };
        let catalog = match (beside, attached) {
            (Some((_, attached)), _) => Some(attached.name.text.to_string()),
            // `source.catalog` is about the database that is read.
            (None, Some(_)) => None,
            (None, None) => self.attached_catalog(replication, &*opened, cancel)?,
        };
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
