//! `compile`: types, names, dependencies, contracts.

use crate::adapters::Access;
use crate::document::{diagnostics, envelope};
use crate::project::{Project, target};
use crate::wire::{WireColumn, WireDiagnostic, WireStrategy, WireTarget};
use rocky_base::{CancelToken, Diagnostic, Error, Observer, Result, code};
use rocky_project::{CatalogInput, Model, Snapshot, SourceSchema};
use rocky_semantic::Status;
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
}

/// The result of a compile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompileResponse {
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
    /// How long it took.
    pub compile_timings: CompileTimings,
    /// The models by name.
    pub models_detail: Vec<ModelDetail>,
    /// SQL after expansion, by model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expanded_sql: Option<BTreeMap<String, String>>,
}

impl Project {
    /// Compile the project.
    pub fn compile(
        &self,
        request: &CompileRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<CompileResponse> {
        let (snapshot, extra) = self.refreshed(&request.vars, request.refresh_sources, observer, cancel)?;
        let mut found = diagnostics(&extra, &snapshot.files);
        found.extend(diagnostics(&snapshot.diagnostics(), &snapshot.files));
        let mut models: Vec<&Arc<Model>> = snapshot.models.iter().collect();
        if let Some(name) = &request.model {
            let (_, model) = find_model(&snapshot, name)?;
            models = vec![model];
            found.retain(|d| d.model == model.name.as_str());
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
                    .map(|m| (m.name.to_string(), m.unit.text().to_string()))
                    .collect()
            }),
            models_detail: models.iter().map(|m| detail(&snapshot, m)).collect(),
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
        let mut extra = Vec::new();
        let mut catalog = self.known_catalog();
        let mut snapshot = None;
        if refresh != RefreshSources::Always {
            let first = self.snapshot(vars, catalog.clone(), observer, cancel)?;
            let fresh = catalog.as_ref().is_some_and(|c| c.fresh);
            let missing = first
                .sources
                .iter()
                .any(|s| s.schema == SourceSchema::Unknown && s.name.schema.is_some());
            // What is remembered may be old: before its absence of a column is held against anybody, the warehouse is asked.
            let remembered = first
                .sources
                .iter()
                .any(|s| matches!(s.schema, SourceSchema::Seen(..)));
            let doubtful = missing || (remembered && first.has_errors());
            if refresh == RefreshSources::Never || fresh || !doubtful {
                return Ok((first, extra));
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
                        catalog = Some(CatalogInput {
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
        match snapshot {
            Some(snapshot) if !extra.is_empty() => Ok((snapshot, extra)),
            _ => Ok((self.snapshot(vars, catalog, observer, cancel)?, extra)),
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
pub(crate) fn type_text(ty: &rocky_warehouse::Type, dialect: rocky_base::Dialect) -> String {
    if ty.is_unknown() {
        "UNKNOWN".to_owned()
    } else {
        ty.print(dialect)
    }
}

fn detail(snapshot: &Snapshot, model: &Model) -> ModelDetail {
    let id = snapshot.names.model(&model.name).unwrap_or_default();
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
        contract_source: model
            .contract
            .as_ref()
            .map(|c| if c.auto { "auto" } else { "explicit" }.to_owned()),
        depends_on: model
            .depends_on
            .iter()
            .map(|d| snapshot.models[*d as usize].name.to_string())
            .collect(),
        sources: sources.collect(),
        columns: model
            .analysis()
            .columns
            .iter()
            .map(|c| WireColumn {
                name: c.name.to_string(),
                r#type: type_text(&c.ty, snapshot.dialect),
                nullable: c.nullable,
                unknown_because: match &c.status {
                    Status::Unknown { reason, .. } if c.ty.has_unknown() => Some(reason.to_string()),
                    _ => None,
                },
            })
            .collect(),
        columns_complete: model.complete(),
        file: snapshot
            .files
            .get(model.file)
            .map(|f| f.path.to_string())
            .unwrap_or_default(),
        language: match model.language {
            rocky_project::Language::Sql => "sql",
            rocky_project::Language::Rocky => "rocky",
        }
        .to_owned(),
        pipeline: model.pipeline.as_ref().map(ToString::to_string),
        layer: snapshot.order.layer.get(id as usize).copied().unwrap_or(0),
        tags: model
            .config
            .tags
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect(),
        intent: model.config.intent.as_ref().map(|i| i.value.to_string()),
    }
}
