//! `discover`: what sources there are. Also reads the catalogue of the target and remembers it for compiling.

use crate::adapters::Access;
use crate::document::envelope;
use crate::files::Ask;
use crate::prepare::beside::Beside;
use crate::prepare::sources::{filtered, lister, pattern};
use crate::project::{Project, Target, pipeline, target};
use crate::verbs::lock::{LockReport, LockTask};
use crate::wire::{ExcludedTable, Filters};
use rocky_base::{CancelToken, Diagnostic, Error, ErrorKind, Event, Observer, Result, SmolStr};
use rocky_config::{AdapterType, PipelineConfig, PipelineKind, ReplicationConfig};
use rocky_plan::replication::{Origin, Source, resolve};
use rocky_project::CatalogInput;
use rocky_warehouse::{CatalogSnapshot, SourceTable};
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What to discover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiscoverRequest {
    /// The pipeline; needed when there are several.
    pub pipeline: Option<String>,
    /// Only the sources of a replication that are meant, as for `plan`.
    pub filter: Option<Filters>,
    /// Write `schema.lock`: the columns of the sources that the models read.
    pub write_lock: bool,
    /// Compare `schema.lock` with the warehouse.
    pub check_lock: bool,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceEntry {
    /// The schema it was found as.
    pub id: String,
    /// Components parsed from its name; of a transformation pipeline, `schema`.
    pub components: indexmap::IndexMap<String, ComponentValue>,
    /// The adapter's type.
    pub source_type: String,
    /// When it was last synchronised, where the source knows.
    pub last_sync_at: Option<String>,
    /// Its tables.
    pub tables: Vec<TableEntry>,
}

/// One segment, or several of a variable-length component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ComponentValue {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A table of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableEntry {
    /// Its name.
    pub name: String,
    /// Rows, where the source knows.
    pub row_count: Option<u64>,
}

/// A schema that looks like a source but does not fit the pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedSchema {
    /// The schema.
    pub schema: String,
    /// Why.
    pub reason: String,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiscoverResponse {
    /// Engine version.
    pub version: String,
    /// `discover`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The pipeline.
    pub pipeline: String,
    /// Sources by name, with the tables that are copied.
    pub sources: Vec<SourceEntry>,
    /// Tables of the sources that are not copied, as in the documents of `plan` and `run`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_tables: Vec<ExcludedTable>,
    /// Schemas with the prefix that do not fit the pattern.
    pub skipped: Vec<SkippedSchema>,
    /// Relations whose columns are now remembered for compiling.
    pub relations_remembered: u64,
    /// What became of `schema.lock`, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockReport>,
}

/// The sources of a replication.
struct Replicated {
    sources: Vec<Source>,
    origin: Origin,
    /// Of both databases, where the sources are in another than the targets.
    catalog: Option<Arc<CatalogSnapshot>>,
}

impl Project {
    /// Ask the source, and remember the catalogue.
    pub fn discover(
        &self,
        request: &DiscoverRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<DiscoverResponse> {
        let task = match (request.write_lock, request.check_lock) {
            (false, false) => None,
            (true, false) => Some(LockTask::Write),
            (false, true) => Some(LockTask::Check),
            (true, true) => {
                return Err(Error::usage("`write_lock` and `check_lock` exclude each other")
                    .hint("check first, then write"));
            }
        };
        let config = self.config_checked()?;
        let (name, chosen) = pipeline(&config, request.pipeline.as_deref())?;
        let progress = |phase: &str| Event::Progress {
            phase: SmolStr::new(phase),
            done: 0,
            total: 0,
        };
        observer.event(&progress("discover"));
        let mut skipped = Vec::new();
        if request.filter.is_some() && !matches!(chosen.kind, PipelineKind::Replication(_)) {
            return Err(Error::usage(format!(
                "pipeline `{name}` is of type {} and has no sources to filter",
                chosen.type_name()
            ))
            .hint("name a replication pipeline with `--pipeline`"));
        }
        let mut replicated = None;
        let (mut sources, target) = match &chosen.kind {
            PipelineKind::Replication(replication) => {
                let into = target(&config, Some(name))?;
                let beside = match self.beside((&config, name), replication, &into) {
                    // What cannot be copied can be listed.
                    Err(error) if error.kind == ErrorKind::Unsupported => None,
                    beside => beside?,
                };
                let lister = lister(&config, name, replication)?;
                let found = self.replicated(
                    (&config, name),
                    replication,
                    (&into, beside.as_ref()),
                    request,
                    &mut skipped,
                    cancel,
                )?;
                // What is remembered for compiling is what models read: the database that is written.
                let asked = match beside {
                    Some(_) => into,
                    None => lister,
                };
                replicated = Some((replication, found));
                (Vec::new(), asked)
            }
            PipelineKind::Transformation(_) => {
                let target = target(&config, Some(name))?;
                let mut found = self.tables(&target, None, "", cancel)?;
                // What the models make is no source.
                if let Ok(snapshot) = self.snapshot(&Default::default(), None, observer, cancel) {
                    found.retain(|t| {
                        let name = rocky_warehouse::RelationName {
                            catalog: None,
                            schema: Some(rocky_base::Ident::quoted(t.schema.clone())),
                            table: rocky_base::Ident::quoted(t.name.clone()),
                        };
                        snapshot.names.model_of_target(&name).is_none()
                    });
                }
                let schema = |schema: &str| {
                    let value = ComponentValue::One(schema.to_owned());
                    Some(indexmap::IndexMap::from([("schema".to_owned(), value)]))
                };
                (group(found, target.adapter.r#type, schema), target)
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!(
                        "pipeline `{name}` is of type {}, which has no sources to discover",
                        chosen.type_name()
                    ),
                )
                .hint("replication and transformation pipelines can be discovered"));
            }
        };
        observer.event(&Event::DiscoverFinished {
            connectors: replicated
                .as_ref()
                .map_or(sources.len(), |(_, found)| found.sources.len()) as u64,
        });
        let warehouse = self.open_warehouse(&target, Access::Read, cancel)?;
        let catalog = self.read_catalog(&target, warehouse.as_deref(), cancel)?;
        let mut excluded_tables = Vec::new();
        if let Some((replication, found)) = replicated {
            let into = match &found.catalog {
                Some(catalog) => Some(catalog.clone()),
                None => self.catalog_of_target((&config, name), &target, cancel)?,
            };
            let into = into.as_deref().unwrap_or(&catalog);
            (sources, excluded_tables) = copied(found.sources, (chosen, replication), into, found.origin)?;
        }
        let read = CatalogInput {
            snapshot: catalog.clone(),
            fresh: true,
        };
        if let Ok(snapshot) = self.snapshot(&Default::default(), Some(read.clone()), observer, cancel) {
            self.describe_files(
                &snapshot,
                Some(read),
                Ask::All,
                &target.name,
                warehouse.as_deref(),
                cancel,
            )?;
        }
        let relations_remembered = catalog.relations.len() as u64;
        let lock = match task {
            Some(task) => Some(self.lock(task, &config, (&target, catalog), observer, cancel)?),
            None => None,
        };
        let (version, command, schema_version) = envelope!("discover");
        Ok(DiscoverResponse {
            version,
            command,
            schema_version,
            pipeline: name.to_string(),
            sources,
            excluded_tables,
            skipped,
            relations_remembered,
            lock,
        })
    }

    fn replicated(
        &self,
        (config, pipeline): (&rocky_config::ProjectConfig, &SmolStr),
        replication: &ReplicationConfig,
        (into, beside): (&Target<'_>, Option<&Beside<'_>>),
        request: &DiscoverRequest,
        skipped: &mut Vec<SkippedSchema>,
        cancel: &CancelToken,
    ) -> Result<Replicated> {
        let pattern = pattern(replication)?;
        let attached = match beside {
            Some(beside) => Some(self.open_beside(into, beside, Access::Read, &[], cancel)?),
            None => None,
        };
        let discovered = self.discover_sources(
            (config, pipeline),
            replication,
            None,
            beside.zip(attached.as_ref()),
            cancel,
        )?;
        skipped.extend(discovered.unfit.into_iter().map(|schema| SkippedSchema {
            schema: schema.to_string(),
            reason: "does not fit `source.schema_pattern`".to_owned(),
        }));
        let sources = filtered(discovered.sources, &request.filter, pattern)?;
        Ok(Replicated {
            catalog: match &attached {
                Some(attached) => Some(attached.catalog(&sources, cancel)?),
                None => None,
            },
            origin: Origin {
                found_by: discovered.found_by,
                database: attached.map(|a| a.name),
            },
            sources,
        })
    }

    /// The catalogue of the database that a replication writes, when it is not the one that was asked for the sources.
    fn catalog_of_target(
        &self,
        (config, pipeline): (&rocky_config::ProjectConfig, &str),
        asked: &Target<'_>,
        cancel: &CancelToken,
    ) -> Result<Option<std::sync::Arc<CatalogSnapshot>>> {
        let into = target(config, Some(pipeline))?;
        if self.same_database((&into.name, into.adapter), (&asked.name, asked.adapter)) {
            return Ok(None);
        }
        let warehouse = self.open_warehouse(&into, Access::Read, cancel)?;
        self.read_catalog(&into, warehouse.as_deref(), cancel).map(Some)
    }

    fn tables(
        &self,
        target: &Target<'_>,
        catalog: Option<&str>,
        prefix: &str,
        cancel: &CancelToken,
    ) -> Result<Vec<SourceTable>> {
        match self.open_warehouse(target, Access::Read, cancel)? {
            Some(warehouse) => warehouse.discover(catalog, prefix, cancel),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("the database of adapter `{}` does not exist yet", target.name),
            )
            .hint("create it (load the sources), or correct `path`")),
        }
    }

    /// The configuration, or an error with its first problem: verbs that have no list of diagnostics.
    pub(crate) fn config_checked(&self) -> Result<Arc<rocky_config::ProjectConfig>> {
        let read = self.configuration()?;
        let text = read.file.source.text();
        let errors: Vec<&Diagnostic> = read.diagnostics.iter().filter(|d| d.is_error()).collect();
        if let Some(first) = errors.first() {
            let index = rocky_base::LineIndex::new(text);
            let place = first
                .primary
                .as_ref()
                .map(|l| index.line_col(text, l.loc.span.start));
            let place = place
                .map(|(line, col)| format!(":{line}:{col}"))
                .unwrap_or_default();
            let more = match errors.len() {
                1 => String::new(),
                n => format!(" (and {} more)", n - 1),
            };
            let message = format!("{}{place}: {}{more}", self.config_path().display(), first.message);
            return Err(Error::new(ErrorKind::Config, message).hint(
                first
                    .help
                    .clone()
                    .unwrap_or_else(|| "`rocky validate` lists every problem".to_owned()),
            ));
        }
        Ok(read.config.clone())
    }
}

/// The sources with the tables that are copied, and the tables that are not: what `run` would say of them.
fn copied(
    found: Vec<Source>,
    (declared, replication): (&PipelineConfig, &ReplicationConfig),
    catalog: &CatalogSnapshot,
    origin: Origin,
) -> Result<(Vec<SourceEntry>, Vec<ExcludedTable>)> {
    let pattern = pattern(replication)?;
    let resolved = resolve(&found, replication, &[], catalog, origin, declared.loc);
    let excluded = ExcludedTable::all(&resolved.excluded);
    let left_out: FxHashSet<(&str, &str)> = excluded
        .iter()
        .map(|e| (e.source_schema.as_str(), e.table_name.as_str()))
        .collect();
    let is_many = |name: &str| pattern.components.iter().any(|c| c.name == name && c.variable);
    let value = |name: &str, values: &[SmolStr]| match (values, is_many(name)) {
        ([one], false) => ComponentValue::One(one.to_string()),
        (all, _) => ComponentValue::Many(all.iter().map(ToString::to_string).collect()),
    };
    let sources = found.into_iter().map(|source| SourceEntry {
        components: source
            .components
            .iter()
            .map(|(name, values)| (name.to_string(), value(name, values)))
            .collect(),
        source_type: source.source_type.to_string(),
        last_sync_at: None,
        tables: source
            .tables
            .into_iter()
            .filter(|t| !left_out.contains(&(source.id.as_str(), t.name.as_str())))
            .map(|t| TableEntry {
                name: t.name.to_string(),
                row_count: t.row_count,
            })
            .collect(),
        id: source.id.to_string(),
    });
    let sources = sources.collect();
    Ok((sources, excluded))
}

fn group(
    tables: Vec<SourceTable>,
    kind: Option<AdapterType>,
    mut components: impl FnMut(&str) -> Option<indexmap::IndexMap<String, ComponentValue>>,
) -> Vec<SourceEntry> {
    let mut by_schema: BTreeMap<SmolStr, Vec<TableEntry>> = BTreeMap::new();
    for table in tables {
        let entry = TableEntry {
            name: table.name.to_string(),
            row_count: table.row_count,
        };
        by_schema.entry(table.schema).or_default().push(entry);
    }
    let source_type = kind.map_or("unknown", |k| k.as_str());
    by_schema
        .into_iter()
        .filter_map(|(schema, tables)| {
            Some(SourceEntry {
                id: schema.to_string(),
                components: components(&schema)?,
                source_type: source_type.to_owned(),
                last_sync_at: None,
                tables,
            })
        })
        .collect()
}
