//! `compile`: types, names, dependencies, contracts.

mod document;

use crate::adapters::Access;
use crate::document::{diagnostics, envelope};
use crate::files::Ask;
use crate::project::{Project, target, variables};
use crate::verbs::status::{Sureness, check_minimum};
use crate::wire::{RequestColumn, WireColumn, WireCoverage, WireDiagnostic, WireStrategy, WireTarget};
use rocky_base::{CancelToken, Diagnostic, Dialect, Error, Observer, Result, SmolStr, code};
use rocky_project::{CatalogInput, Coverage, Inputs, Model, Snapshot, SourceSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// When to ask the warehouse for the schemas of sources.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefreshSources {
    /// Use what is declared and remembered.
    #[default]
    Never,
    /// Ask when something that is read is not known.
    Missing,
    /// Always ask.
    Always,
}

/// What to compile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompileRequest {
    /// Report this model alone.
    pub model: Option<String>,
    /// Also give the SQL after expansion of macros and variables.
    pub expand_macros: bool,
    /// Values for `@var`.
    pub vars: BTreeMap<String, String>,
    /// When to ask the warehouse.
    pub refresh_sources: RefreshSources,
    /// Report constructs that this dialect does not have (P001), instead of that of `[portability]`.
    pub target_dialect: Option<TargetDialect>,
    /// Report warnings as errors.
    pub deny_warnings: bool,
    /// Fail when fewer per cent of the columns (of `model`, when given) are proven.
    pub min_coverage: Option<f64>,
    /// Schemas of sources by name (`schema.table`, `catalog.schema.table`): asked before declarations, `schema.lock` and the
    /// warehouse.
    pub source_schemas: BTreeMap<String, Vec<RequestColumn>>,
    /// Every source that is read must be given, declared or in `schema.lock`; the warehouse and what is remembered of it
    /// are not asked.
    pub locked: bool,
}

/// A warehouse's dialect.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetDialect {
    /// Databricks SQL.
    Databricks,
    /// Snowflake.
    Snowflake,
    /// GoogleSQL of BigQuery.
    BigQuery,
    /// DuckDB.
    DuckDb,
}

impl From<TargetDialect> for Dialect {
    fn from(target: TargetDialect) -> Dialect {
        match target {
            TargetDialect::Databricks => Dialect::Databricks,
            TargetDialect::Snowflake => Dialect::Snowflake,
            TargetDialect::BigQuery => Dialect::BigQuery,
            TargetDialect::DuckDb => Dialect::DuckDb,
        }
    }
}

impl CompileRequest {
    /// Everything beside the catalogue that a compile takes.
    fn inputs(&self) -> Inputs {
        Inputs {
            vars: variables(&self.vars),
            catalog: None,
            given: crate::wire::given(&self.source_schemas),
            locked: self.locked,
            ignore_lock: false,
            target_dialect: self.target_dialect.map(Dialect::from),
        }
    }
}

/// How long it took, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompileTimings {
    /// Listing, reading, parsing.
    pub project_load_ms: u64,
    /// Names and order.
    pub semantic_graph_ms: u64,
    /// Resolution, types, lineage.
    pub typecheck_ms: u64,
    /// Join predicates are checked with everything else: always 0.
    pub typecheck_join_keys_ms: u64,
    /// Contracts and strategy checks.
    pub contracts_ms: u64,
    /// All of it.
    pub total_ms: u64,
    /// Models whose text was parsed (the others were remembered).
    pub models_parsed: u64,
    /// Models that were analysed (the others were remembered).
    pub models_analysed: u64,
}

/// A compiled model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelDetail {
    /// Name.
    pub name: String,
    /// How it is materialised.
    pub strategy: WireStrategy,
    /// Where it goes.
    pub target: WireTarget,
    /// Where its contract was found: `auto` (beside it) or `explicit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_source: Option<String>,
    /// Models it depends on.
    pub depends_on: Vec<String>,
    /// Relations it reads that are no models.
    pub sources: Vec<String>,
    /// Output columns.
    pub columns: Vec<WireColumn>,
    /// There are no other columns.
    pub columns_complete: bool,
    /// How sure they are.
    pub coverage: WireCoverage,
    /// Its file, relative to the folder of `rocky.toml`.
    pub file: String,
    /// `sql` or `rocky`.
    pub language: String,
    /// The pipeline that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// Layer of execution, from 0.
    pub layer: u32,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// How old its newest row may be, where it or its folder says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<WireFreshness>,
}

/// How old the newest row of a model may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireFreshness {
    /// In seconds.
    pub max_lag_seconds: u64,
    /// The column that tells the age of a row; that of the model's strategy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_column: Option<String>,
    /// `error` or `warning`: what it is when it is older.
    pub severity: String,
}

impl WireFreshness {
    fn of(freshness: &rocky_config::FreshnessConfig) -> WireFreshness {
        WireFreshness {
            max_lag_seconds: freshness.max_lag_seconds,
            time_column: freshness.time_column.as_ref().map(|c| c.value.to_string()),
            severity: rocky_run::checks::severity(freshness.severity).to_owned(),
        }
    }
}

/// The result of a compile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CompileResponse")]
pub struct CompileResponse<D = Vec<ModelDetail>> {
    /// Engine version.
    pub version: String,
    /// `compile`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// Number of models.
    pub models: u64,
    /// Number of layers.
    pub execution_layers: u64,
    /// Findings, by file and place.
    pub diagnostics: Vec<WireDiagnostic>,
    /// True when one of them is an error.
    pub has_errors: bool,
    /// How sure the columns of the models of this document are.
    pub coverage: WireCoverage,
    /// How long it took.
    pub compile_timings: CompileTimings,
    /// The models by name.
    pub models_detail: D,
    /// SQL after expansion, by model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expanded_sql: Option<BTreeMap<String, String>>,
}

/// The details of many models, each of which is made when it is written ([`CompileResponse::write_json`]): a `Vec<ModelDetail>` of ten
/// thousand models would take longer to fill than to write.
pub struct Details {
    engine: crate::Engine,
    sureness: Sureness,
    models: Vec<u32>,
}

impl std::fmt::Debug for Details {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Details")
            .field("models", &self.models.len())
            .finish_non_exhaustive()
    }
}

impl Details {
    fn detail(&self, id: u32) -> Option<ModelDetail> {
        let snapshot = &*self.sureness.snapshot;
        let model = snapshot.models.get(id as usize)?;
        Some(detail(snapshot, &self.sureness, id, model))
    }

    fn all(&self) -> Vec<ModelDetail> {
        let mut details: Vec<Option<ModelDetail>> = vec![None; self.models.len()];
        fill(&self.engine.inner.pool, &self.models, &mut details, &|id| {
            self.detail(*id)
        });
        details.into_iter().flatten().collect()
    }
}

impl CompileResponse<Details> {
    /// The same with all models in memory.
    pub fn whole(self) -> CompileResponse {
        CompileResponse {
            models_detail: self.models_detail.all(),
            version: self.version,
            command: self.command,
            schema_version: self.schema_version,
            models: self.models,
            execution_layers: self.execution_layers,
            diagnostics: self.diagnostics,
            has_errors: self.has_errors,
            coverage: self.coverage,
            compile_timings: self.compile_timings,
            expanded_sql: self.expanded_sql,
        }
    }
}

impl Project {
    /// Compile the project.
    pub fn compile(
        &self,
        request: &CompileRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<CompileResponse> {
        Ok(self.compile_document(request, observer, cancel)?.whole())
    }

    /// Compile the project, for someone who only writes the answer as JSON: its models are made one after the other.
    pub fn compile_document(
        &self,
        request: &CompileRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<CompileResponse<Details>> {
        check_minimum(request.min_coverage)?;
        if request.locked && request.refresh_sources == RefreshSources::Always {
            return Err(
                Error::usage("`locked` and `refresh_sources: always` exclude each other")
                    .hint("leave one of them out"),
            );
        }
        let (snapshot, extra) =
            self.refreshed_with(request.inputs(), request.refresh_sources, observer, cancel)?;
        let mut found = diagnostics(&extra, &snapshot.files);
        found.extend(diagnostics(snapshot.diagnostics(), &snapshot.files));
        let mut models: Vec<(u32, &Arc<Model>)> = (0..).zip(&snapshot.models).collect();
        if let Some(name) = &request.model {
            let (id, model) = find_model(&snapshot, name)?;
            models = vec![(id, model)];
            found.retain(|d| d.model == model.name.as_str());
        }
        let now = crate::document::timestamp(self.host.system.now()).as_second();
        let sureness = Sureness::of(&snapshot, now);
        if let Some(minimum) = request.min_coverage
            && let Some(low) = sureness.gate(&models, minimum)
        {
            found.extend(diagnostics(&[low], &snapshot.files));
        }
        let mut each: Vec<Option<Coverage>> = vec![None; models.len()];
        fill(&self.engine.inner.pool, &models, &mut each, &|(id, _)| {
            Some(sureness.coverage(*id))
        });
        let mut coverage = Coverage::default();
        each.into_iter().flatten().for_each(|c| coverage.add(c));
        if request.deny_warnings {
            found.iter_mut().for_each(WireDiagnostic::deny_warning);
        }
        let ms = |t: f64| t.round() as u64;
        let t = snapshot.timings;
        let (version, command, schema_version) = envelope!("compile");
        Ok(CompileResponse {
            version,
            command,
            schema_version,
            models: snapshot.models.len() as u64,
            execution_layers: snapshot.layers() as u64,
            has_errors: found.iter().any(WireDiagnostic::is_error),
            diagnostics: found,
            coverage: coverage.into(),
            compile_timings: CompileTimings {
                project_load_ms: ms(t.load_ms),
                semantic_graph_ms: ms(t.link_ms),
                typecheck_ms: ms(t.analyse_ms),
                typecheck_join_keys_ms: 0,
                contracts_ms: ms(t.check_ms),
                total_ms: ms(t.load_ms + t.link_ms + t.analyse_ms + t.check_ms),
                models_parsed: t.parsed,
                models_analysed: t.analysed,
            },
            expanded_sql: request.expand_macros.then(|| {
                models
                    .iter()
                    .map(|(_, m)| (m.name.to_string(), m.unit.text().to_string()))
                    .collect()
            }),
            models_detail: Details {
                engine: self.engine.clone(),
                models: models.iter().map(|(id, _)| *id).collect(),
                sureness,
            },
        })
    }

    /// A snapshot for a verb that looks at source schemas, asking the warehouse as wanted. A warehouse that cannot be
    /// asked is a warning: compiling goes on with what is known.
    pub(crate) fn refreshed(
        &self,
        vars: &BTreeMap<String, String>,
        refresh: RefreshSources,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<(Arc<Snapshot>, Vec<Diagnostic>)> {
        let inputs = Inputs {
            vars: variables(vars),
            ..Inputs::default()
        };
        self.refreshed_with(inputs, refresh, observer, cancel)
    }

    fn refreshed_with(
        &self,
        mut inputs: Inputs,
        refresh: RefreshSources,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<(Arc<Snapshot>, Vec<Diagnostic>)> {
        let mut extra = Vec::new();
        if inputs.locked {
            return Ok((self.snapshot_of(&inputs, observer, cancel)?, extra));
        }
        inputs.catalog = self.known_catalog();
        let mut snapshot = None;
        if refresh != RefreshSources::Always {
            let first = self.snapshot_of(&inputs, observer, cancel)?;
            let fresh = inputs.catalog.as_ref().is_some_and(|c| c.fresh);
            let missing = first
                .sources
                .iter()
                .any(|s| s.schema == SourceSchema::Unknown && s.name.schema.is_some());
            // What is remembered may be old: before something is held against anybody for it, the warehouse is asked.
            let doubtful = missing || first.softened() > 0;
            if refresh == RefreshSources::Never {
                return Ok((first, extra));
            }
            if fresh || !doubtful {
                let first = self.with_functions(first, &mut inputs, observer, cancel)?;
                let snapshot = self.with_files(first, inputs, refresh, observer, cancel)?;
                return Ok((snapshot, extra));
            }
            snapshot = Some(first);
        }
        let config = self.config()?;
        match target(&config, None) {
            Ok(target) if target.adapter.r#type == Some(rocky_config::AdapterType::DuckDb) => {
                let asked = self
                    .open_warehouse(&target, Access::Read, cancel)
                    .and_then(|w| self.read_catalog(&target, w.as_deref(), cancel));
                match asked {
                    Ok(read) => {
                        inputs.catalog = Some(CatalogInput {
                            snapshot: read,
                            fresh: true,
                        })
                    }
                    Err(error) if error.kind == rocky_base::ErrorKind::Cancelled => return Err(error),
                    Err(error) => extra.push(
                        Diagnostic::global(
                            code::W409,
                            format!("source schemas were not read: {}", error.message),
                        )
                        .help(
                            error
                                .hint
                                .unwrap_or_else(|| "Compile again when the database can be read.".into()),
                        ),
                    ),
                }
            }
            _ => {}
        }
        let snapshot = match snapshot {
            Some(snapshot) if !extra.is_empty() => snapshot,
            _ => self.snapshot_of(&inputs, observer, cancel)?,
        };
        let snapshot = self.with_functions(snapshot, &mut inputs, observer, cancel)?;
        let snapshot = self.with_files(snapshot, inputs, refresh, observer, cancel)?;
        Ok((snapshot, extra))
    }

    /// The same with the files described that are not known yet. A database that is locked, or not there yet, is not needed
    /// for that.
    fn with_files(
        &self,
        snapshot: Arc<Snapshot>,
        inputs: Inputs,
        refresh: RefreshSources,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Arc<Snapshot>> {
        if !snapshot.sources.iter().any(|s| s.file) {
            return Ok(snapshot);
        }
        let ask = match refresh {
            RefreshSources::Always => Ask::All,
            _ => Ask::Missing,
        };
        let Ok(config) = self.config() else {
            return Ok(snapshot);
        };
        let opened = match target(&config, None) {
            Ok(target) => self.open_warehouse(&target, Access::Read, cancel).unwrap_or(None),
            Err(_) => None,
        };
        match self.described(&snapshot, inputs.catalog.clone(), ask, opened.as_deref(), cancel)? {
            Some(catalog) => {
                let inputs = Inputs {
                    catalog: Some(catalog),
                    ..inputs
                };
                self.snapshot_of(&inputs, observer, cancel)
            }
            None => Ok(snapshot),
        }
    }
}

/// A model by name, or the error that suggests another.
pub(crate) fn find_model<'a>(snapshot: &'a Snapshot, name: &str) -> Result<(u32, &'a Arc<Model>)> {
    snapshot.model(name).ok_or_else(|| {
        let mut error = Error::usage(format!("unknown model `{name}`"));
        if let Some(near) = rocky_base::suggest::nearest(name, snapshot.model_names()) {
            error = error.hint(format!("did you mean `{near}`?"));
        } else {
            error = error.hint("`rocky compile` lists the models");
        }
        error
    })
}

/// The type in the warehouse's spelling.
pub(crate) fn type_text(ty: &rocky_warehouse::Type, dialect: rocky_base::Dialect) -> SmolStr {
    if ty.is_unknown() {
        SmolStr::new_static("UNKNOWN")
    } else {
        ty.print_small(dialect)
    }
}

/// `made[i] = make(from[i])`, on the engine's threads where there are many.
fn fill<T: Sync, R: Send>(
    pool: &rayon::ThreadPool,
    from: &[T],
    made: &mut [Option<R>],
    make: &(dyn Fn(&T) -> Option<R> + Sync),
) {
    if from.len() <= 64 {
        made.iter_mut()
            .zip(from)
            .for_each(|(place, item)| *place = make(item));
        return;
    }
    let (first, rest) = from.split_at(from.len() / 2);
    let (made_first, made_rest) = made.split_at_mut(first.len());
    pool.join(
        || fill(pool, first, made_first, make),
        || fill(pool, rest, made_rest, make),
    );
}

/// `auto` or `explicit`.
fn contract_source(contract: &rocky_project::Contract) -> &'static str {
    if contract.auto { "auto" } else { "explicit" }
}

/// `sql` or `rocky`.
fn language(model: &Model) -> &'static str {
    match model.language {
        rocky_project::Language::Sql => "sql",
        rocky_project::Language::Rocky => "rocky",
    }
}

fn detail(snapshot: &Snapshot, sureness: &Sureness, id: u32, model: &Model) -> ModelDetail {
    let [catalog, schema, table] = model.target_parts.each_ref().map(|p| p.to_string());
    let sources = model.inputs.iter().filter_map(|i| match i {
        rocky_project::InputRelation::Source(s) => {
            snapshot.sources.get(*s as usize).map(|s| s.name.display())
        }
        _ => None,
    });
    ModelDetail {
        name: model.name.to_string(),
        strategy: WireStrategy::of(&model.strategy.kind),
        target: WireTarget {
            catalog,
            schema,
            table,
        },
        contract_source: model.contract.as_ref().map(|c| contract_source(c).to_owned()),
        depends_on: model
            .depends_on
            .iter()
            .map(|d| snapshot.models[*d as usize].name.to_string())
            .collect(),
        sources: sources.collect(),
        columns: sureness.columns(id, model),
        coverage: sureness.coverage(id).into(),
        columns_complete: model.complete(),
        file: snapshot
            .files
            .get(model.file)
            .map(|f| f.path.to_string())
            .unwrap_or_default(),
        language: language(model).to_owned(),
        pipeline: model.pipeline.as_ref().map(ToString::to_string),
        layer: snapshot.order.layer.get(id as usize).copied().unwrap_or(0),
        tags: model
            .config
            .tags
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect(),
        intent: model.config.intent.as_ref().map(|i| i.value.to_string()),
        freshness: model.config.freshness.as_deref().map(WireFreshness::of),
    }
}
