//! `validate`: is the project set up rightly? Looks at configuration and files, opens no connection.

use crate::document::envelope;
use crate::project::Project;
use crate::wire::SourceSpan;
use rocky_base::{CancelToken, Diagnostic, ErrorKind, Files, Observer, Result, SmolStr, SourceFile, code};
use rocky_config::{AdapterConfig, AdapterSettings, PipelineKind, ProjectConfig, Spanned};
use rocky_project::Snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ValidateRequest {}

/// An adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdapterStatus {
    /// Its name.
    pub name: String,
    /// Its type.
    pub adapter_type: String,
    /// Nothing is missing.
    pub ok: bool,
}

/// A pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PipelineStatus {
    /// Its name.
    pub name: String,
    /// Its type.
    pub pipeline_type: String,
    /// Of a replication pipeline.
    pub strategy: String,
    /// Of a replication pipeline.
    pub catalog_template: String,
    /// Of a replication pipeline.
    pub schema_template: String,
    /// Nothing is wrong with it.
    pub ok: bool,
}

/// The models.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelsStatus {
    /// There is a folder of models.
    pub found: bool,
    /// How many.
    pub count: u64,
    /// They have an order: no cycles, duplicates or unknown dependencies.
    pub dag_valid: bool,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ValidateMessage {
    /// `ok`, `warn`, `error`, `lint`.
    pub severity: String,
    /// `V001` …, `L001` …, or the code of a diagnostic.
    pub code: String,
    /// One line.
    pub message: String,
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<SourceSpan>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ValidateResponse {
    /// Engine version.
    pub version: String,
    /// `validate`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// No message is an error.
    pub valid: bool,
    /// Adapters.
    pub adapters: Vec<AdapterStatus>,
    /// Pipelines.
    pub pipelines: Vec<PipelineStatus>,
    /// Models.
    pub models: ModelsStatus,
    /// Findings.
    pub messages: Vec<ValidateMessage>,
}

fn message(severity: &str, code: &str, text: impl Into<String>) -> ValidateMessage {
    ValidateMessage {
        severity: severity.to_owned(),
        code: code.to_owned(),
        message: text.into(),
        file: None,
        field: None,
        span: None,
        suggestion: None,
    }
}

fn of_diagnostic(diagnostic: &Diagnostic, files: &Files) -> ValidateMessage {
    let span = diagnostic
        .primary
        .as_ref()
        .and_then(|l| SourceSpan::of(l.loc, files));
    let severity = match diagnostic.severity {
        rocky_base::Severity::Error => "error",
        rocky_base::Severity::Warning => "warn",
        rocky_base::Severity::Info => "ok",
    };
    ValidateMessage {
        file: span.as_ref().map(|s| s.file.clone()),
        span,
        suggestion: diagnostic.help.clone(),
        ..message(severity, diagnostic.code.id(), diagnostic.message.clone())
    }
}

/// Under this name the cache keeps what is said of the models of a project.
const KEPT: &str = "validate";

impl Project {
    /// Check configuration and files.
    pub fn validate(
        &self,
        _request: &ValidateRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<ValidateResponse> {
        let mut messages = Vec::new();
        let checked = self.check_ahead();
        let parsed = self.configuration()?;
        let text = parsed.file.source.text().to_string();
        let name = self
            .config_path()
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or("rocky.toml")
            .to_owned();
        let mut files = Files::default();
        let file = files.add(Arc::new(SourceFile::new(name, text.clone())));
        debug_assert_eq!(file, rocky_project::configuration::CONFIG_FILE);
        let config_errors = parsed.diagnostics.iter().any(Diagnostic::is_error);
        let config = parsed.config.clone();
        messages.extend(parsed.diagnostics.iter().map(|d| ValidateMessage {
            code: reference(&config, d).unwrap_or(d.code.id()).to_owned(),
            ..of_diagnostic(d, &files)
        }));
        if config_errors {
            messages.push(message("error", "V001", "the configuration has errors"));
        } else {
            messages.push(message("ok", "V001", "configuration is valid"));
        }
        let broken_at = |span: rocky_base::Loc| {
            // A header's own problems were reported under its keys; the summary says so by place.
            parsed
                .diagnostics
                .iter()
                .any(|d| d.is_error() && d.primary.as_ref().is_some_and(|l| l.loc == span))
        };
        let adapters = adapters(&config, &broken_at, &mut messages);
        let pipelines = pipelines(&config, &text, &broken_at, &mut messages);
        let before = match checked {
            true => self
                .kept(KEPT)
                .and_then(|kept| serde_json::from_slice(&kept).ok()),
            false => None,
        };
        let (models, found): (ModelsStatus, Vec<ValidateMessage>) = match before {
            Some(before) => before,
            None => {
                let mut found = Vec::new();
                let models = self.models_status(&config, config_errors, &mut found, observer, cancel)?;
                (models, found)
            }
        };
        messages.extend(found);
        lints(&config, &files, &mut messages);
        let (version, command, schema_version) = envelope!("validate");
        Ok(ValidateResponse {
            version,
            command,
            schema_version,
            valid: !messages.iter().any(|m| m.severity == "error"),
            adapters,
            pipelines,
            models,
            messages,
        })
    }

    /// What is said of the models. `messages` are none yet.
    fn models_status(
        &self,
        config: &ProjectConfig,
        config_errors: bool,
        messages: &mut Vec<ValidateMessage>,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<ModelsStatus> {
        let transforms = config
            .pipelines
            .values()
            .any(|p| matches!(p.kind, PipelineKind::Transformation(_)));
        let snapshot = match self.snapshot(&Default::default(), self.known_catalog(), observer, cancel) {
            Ok(snapshot) => snapshot,
            Err(error) if error.kind == ErrorKind::NotFound => {
                let severity = if transforms { "error" } else { "warn" };
                messages.push(ValidateMessage {
                    suggestion: error.hint,
                    ..message(severity, "V025", error.message)
                });
                return Ok(ModelsStatus::default());
            }
            Err(error) => return Err(error),
        };
        let count = snapshot.models.len() as u64;
        let in_dag = |d: &&Diagnostic| [code::E105, code::E106, code::E107, code::E036].contains(&d.code);
        // What concerns the files' form; the queries' meaning is `compile`'s.
        let in_files = |d: &&Diagnostic| {
            let id = d.code.id();
            let of_config = d
                .primary
                .as_ref()
                .and_then(|l| snapshot.files.get(l.loc.file))
                .is_some_and(|f| {
                    self.config_path().file_name().and_then(|n| n.to_str()) == Some(f.path.as_str())
                });
            !of_config && (id.starts_with("E4") || id.starts_with("W4") || d.code == code::W011)
        };
        let loading: Vec<&Diagnostic> = snapshot.diagnostics().iter().filter(in_files).collect();
        let dag: Vec<&Diagnostic> = snapshot.diagnostics().iter().filter(in_dag).collect();
        messages.extend(
            loading
                .iter()
                .chain(&dag)
                .map(|d| of_diagnostic(d, &snapshot.files)),
        );
        if count > 0 || transforms {
            if loading.iter().any(|d| d.is_error()) {
                messages.push(message(
                    "error",
                    "V030",
                    format!("{count} models, some of which cannot be loaded"),
                ));
            } else if !config_errors {
                messages.push(message("ok", "V030", format!("{count} models loaded")));
            }
        }
        let dag_valid = dag.is_empty();
        if dag_valid {
            let layers = snapshot.layers();
            messages.push(message(
                "ok",
                "V031",
                format!("the dependency graph is acyclic, in {layers} layers"),
            ));
        } else {
            messages.push(message("error", "V031", "the models have no valid order"));
        }
        for model in snapshot
            .models
            .iter()
            .filter(|m| m.contract.as_ref().is_some_and(|c| c.auto))
        {
            messages.push(message(
                "lint",
                "L008",
                format!("model `{}` has a contract beside it", model.name),
            ));
        }
        shared_targets(&snapshot, messages);
        for model in &snapshot.models {
            let stem = snapshot.files.get(model.file).and_then(|f| {
                let name = f.path.rsplit('/').next()?;
                name.rsplit_once('.').map(|(stem, _)| stem.to_owned())
            });
            let lint = |code: &str, key: &str, text: String, loc: rocky_base::Loc| ValidateMessage {
                field: Some(key.to_owned()),
                span: SourceSpan::of(loc, &snapshot.files),
                file: snapshot.files.get(loc.file).map(|f| f.path.to_string()),
                ..message("lint", code, text)
            };
            if let Some(name) = &model.config.name
                && stem.as_deref() == Some(name.as_str())
            {
                let text = format!(
                    "`name = \"{}\"` is the file's name: it can be left out",
                    name.shown()
                );
                messages.push(lint("L001", "name", text, name.loc));
            }
            if let Some(table) = &model.config.target.table
                && table.value == model.name
            {
                let text = format!(
                    "`target.table = \"{}\"` is the model's name: it can be left out",
                    table.shown()
                );
                messages.push(lint("L002", "target.table", text, table.loc));
            }
        }
        let status = ModelsStatus {
            found: true,
            count,
            dag_valid,
        };
        if let Ok(told) = serde_json::to_vec(&(&status, &*messages)) {
            self.keep(KEPT, &snapshot, &told);
        }
        Ok(status)
    }
}

fn adapters(
    config: &ProjectConfig,
    broken_at: &dyn Fn(rocky_base::Loc) -> bool,
    messages: &mut Vec<ValidateMessage>,
) -> Vec<AdapterStatus> {
    if config.adapters.is_empty() {
        messages.push(ValidateMessage {
            suggestion: Some("Add `[adapter]` with `type = \"duckdb\"`.".to_owned()),
            ..message("warn", "V010", "no adapter is configured")
        });
    }
    let mut found = Vec::new();
    for (name, adapter) in &config.adapters {
        let kind = adapter.r#type.map_or("unknown", |t| t.as_str());
        let missing = missing(adapter);
        for (code, field) in &missing {
            messages.push(ValidateMessage {
                field: Some(format!("adapter.{name}.{field}")),
                ..message(
                    "warn",
                    code,
                    format!("adapter `{name}` ({kind}) has no `{field}`"),
                )
            });
        }
        let ok = missing.is_empty() && adapter.r#type.is_some() && !broken_at(adapter.loc);
        if ok {
            messages.push(message("ok", "V010", format!("adapter `{name}` ({kind})")));
        } else if adapter.r#type.is_none() {
            messages.push(message(
                "error",
                "V017",
                format!("adapter `{name}` has no known type"),
            ));
        }
        found.push(AdapterStatus {
            name: name.to_string(),
            adapter_type: kind.to_owned(),
            ok,
        });
    }
    found
}

/// What a connection would miss.
fn missing(adapter: &AdapterConfig) -> Vec<(&'static str, &'static str)> {
    let mut missing = Vec::new();
    match &adapter.settings {
        AdapterSettings::Databricks {
            host,
            http_path,
            token,
            client_id,
            client_secret,
            ..
        } => {
            if host.is_none() {
                missing.push(("V011", "host"));
            }
            if http_path.is_none() {
                missing.push(("V012", "http_path"));
            }
            if token.is_none() && (client_id.is_none() || client_secret.is_none()) {
                missing.push(("V013", "token"));
            }
        }
        AdapterSettings::Fivetran {
            api_key,
            api_secret,
            destination_id,
            ..
        } => {
            if api_key.is_none() {
                missing.push(("V014", "api_key"));
            }
            if api_secret.is_none() {
                missing.push(("V015", "api_secret"));
            }
            if destination_id.is_none() {
                missing.push(("V016", "destination_id"));
            }
        }
        _ => {}
    }
    missing
}

fn pipelines(
    config: &ProjectConfig,
    text: &str,
    broken_at: &dyn Fn(rocky_base::Loc) -> bool,
    messages: &mut Vec<ValidateMessage>,
) -> Vec<PipelineStatus> {
    if config.pipelines.is_empty() {
        messages.push(ValidateMessage {
            suggestion: Some("Add `[pipeline.NAME]` with `type = \"transformation\"`.".to_owned()),
            ..message("warn", "V020", "no pipeline is configured")
        });
    }
    let mut found = Vec::new();
    for (name, pipeline) in &config.pipelines {
        let kind = pipeline.type_name();
        let mut status = PipelineStatus {
            name: name.to_string(),
            pipeline_type: kind.to_owned(),
            strategy: String::new(),
            catalog_template: String::new(),
            schema_template: String::new(),
            ok: !broken_at(pipeline.loc),
        };
        match &pipeline.kind {
            PipelineKind::Replication(replication) => {
                status.strategy = replication
                    .strategy
                    .as_ref()
                    .map_or_else(|| "incremental".to_owned(), |s| s.value.to_string());
                let text = |t: &Option<rocky_config::Template>| {
                    t.as_ref()
                        .and_then(|t| t.loc.span.slice(text).get(1..))
                        .and_then(|t| t.strip_suffix(['"', '\'']))
                        .unwrap_or("")
                        .to_owned()
                };
                status.catalog_template = text(&replication.target.catalog_template);
                status.schema_template = text(&replication.target.schema_template);
                if replication.source.schema_pattern.is_some() {
                    messages.push(message(
                        "ok",
                        "V021",
                        format!("schema pattern of pipeline `{name}` is valid"),
                    ));
                } else {
                    status.ok = false;
                    messages.push(message(
                        "error",
                        "V021",
                        format!("pipeline `{name}` has no valid schema pattern"),
                    ));
                }
            }
            PipelineKind::Quality(quality) => {
                if quality.tables.is_empty() {
                    messages.push(message(
                        "warn",
                        "V026",
                        format!("quality pipeline `{name}` names no tables"),
                    ));
                }
                if pipeline.checks.as_ref().is_some_and(|c| !c.enabled) {
                    messages.push(message(
                        "warn",
                        "V027",
                        format!("checks of quality pipeline `{name}` are disabled"),
                    ));
                }
            }
            PipelineKind::Snapshot(snapshot) => {
                if snapshot.unique_key.is_empty() {
                    status.ok = false;
                    messages.push(message(
                        "error",
                        "V028",
                        format!("snapshot pipeline `{name}` has no unique key"),
                    ));
                }
            }
            PipelineKind::Transformation(_) | PipelineKind::Load(_) => {}
        }
        if status.ok {
            messages.push(message("ok", "V020", format!("pipeline `{name}` ({kind})")));
        }
        found.push(status);
    }
    found
}

/// The number of the 1.x releases for a reference of a pipeline to what is not declared: the adapter of its source, of
/// its target, of its discovery, or another pipeline.
fn reference(config: &ProjectConfig, diagnostic: &Diagnostic) -> Option<&'static str> {
    let loc = diagnostic
        .primary
        .as_ref()
        .filter(|_| diagnostic.code == code::E416)?
        .loc;
    let is = |name: Option<&Spanned<SmolStr>>| name.is_some_and(|n| n.loc == loc);
    config.pipelines.values().find_map(|pipeline| {
        let (source, discovery) = match &pipeline.kind {
            PipelineKind::Replication(p) => (
                p.source.adapter.as_ref(),
                p.source.discovery.as_ref().and_then(|d| d.adapter.as_ref()),
            ),
            PipelineKind::Snapshot(p) => (p.source.adapter.as_ref(), None),
            _ => (None, None),
        };
        if is(source) {
            Some("V022")
        } else if is(pipeline.target_adapter()) {
            Some("V023")
        } else if is(discovery) {
            Some("V024")
        } else {
            pipeline.depends_on.iter().any(|d| is(Some(d))).then_some("V029")
        }
    })
}

/// L003: models of one folder that each name the catalogue and schema that the others name too.
fn shared_targets(snapshot: &Snapshot, messages: &mut Vec<ValidateMessage>) {
    const MANY: usize = 3;
    let mut places: BTreeMap<(String, String, String), Vec<&Spanned<SmolStr>>> = BTreeMap::new();
    for model in &snapshot.models {
        let target = &model.config.target;
        let Some(schema) = &target.schema else { continue };
        let file = snapshot.files.get(schema.loc.file);
        let Some((folder, name)) = file.map(|f| f.path.rsplit_once('/').unwrap_or(("", &f.path))) else {
            continue;
        };
        // What comes from `_defaults.toml` is said once already.
        if name != "_defaults.toml" {
            let catalog = target.catalog.as_ref().map_or("", |c| c.as_str());
            let key = (folder.to_owned(), catalog.to_owned(), schema.value.to_string());
            places.entry(key).or_default().push(schema);
        }
    }
    for ((folder, _, schema), models) in places.iter().filter(|(_, m)| m.len() >= MANY) {
        let loc = models.first().map(|m| m.loc);
        messages.push(ValidateMessage {
            field: Some("target.schema".to_owned()),
            span: loc.and_then(|l| SourceSpan::of(l, &snapshot.files)),
            file: loc.and_then(|l| Some(snapshot.files.get(l.file)?.path.to_string())),
            suggestion: Some(format!("Write it once in `{folder}/_defaults.toml`.")),
            ..message(
                "lint",
                "L003",
                format!(
                    "{} models of `{folder}` each name the schema `{schema}`",
                    models.len()
                ),
            )
        });
    }
}

fn lints(config: &ProjectConfig, files: &Files, messages: &mut Vec<ValidateMessage>) {
    for redundant in &config.redundant {
        let code = if redundant.value == "state.backend" {
            "L004"
        } else {
            "L006"
        };
        let span = SourceSpan::of(redundant.loc, files);
        messages.push(ValidateMessage {
            field: Some(redundant.value.to_string()),
            file: span.as_ref().map(|s| s.file.clone()),
            span,
            ..message(
                "lint",
                code,
                format!("`{}` is set to its default", redundant.value),
            )
        });
    }
    let mut names = config.adapters.keys();
    if let (Some(only), None) = (names.next(), names.next()) {
        let references = config
            .pipelines
            .values()
            .filter_map(|p| p.target_adapter())
            .filter(|a| &a.value == only);
        if only != "default" && references.count() > 1 {
            messages.push(message(
                "lint",
                "L007",
                format!("the only adapter is named `{only}`; named `default` it need not be referred to"),
            ));
        }
    }
}
