//! `load`: add files to tables now, as a load pipeline does, with another folder, table or format where that is asked for.

use crate::adapters::Access;
use crate::document::envelope;
use crate::prepare::{Wanted, load as prepare};
use crate::project::{Project, pipeline};
use crate::verbs::command::CommandRun;
use crate::verbs::run::{RunRequest, RunResponse};
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Loc, Observer, Result, SmolStr, Span};
use rocky_config::{LoadConfig, LoadFormat, LoadOptions, PipelineKind, ProjectConfig, Spanned, TableRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is recorded of a load that is no pipeline's.
const RECORDED: &str = "load";

/// What to load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoadRequest {
    /// The folder, or a pattern for names in one (`inbox/*.csv`); that of the load pipeline when it is not said.
    pub source_dir: Option<String>,
    /// Only files of this format: `csv`, `parquet`, `jsonl` (also `json_lines`, `jsonlines`, `ndjson`). By extension when it is not said.
    pub format: Option<String>,
    /// The table for all files: `table`, `schema.table` or `catalog.schema.table`. Each file has its own when it is not said.
    pub target: Option<String>,
    /// Empty the tables first, in the same transaction.
    pub truncate: bool,
    /// Load files again that are loaded already.
    pub force: bool,
    /// The load pipeline, or another one whose warehouse is meant; needed when there are several.
    pub pipeline: Option<String>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoadedFile {
    /// Its path, relative to the project where it is inside.
    pub file: String,
    /// `catalog.schema.table`.
    pub target: String,
    /// `loaded`; `skipped`: it was loaded before; `failed`.
    pub status: String,
    /// Rows that it added.
    pub rows_loaded: u64,
    /// Its size.
    pub bytes_read: u64,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Why it was not loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What was loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadResponse {
    /// Engine version.
    pub version: String,
    /// `load`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The pipeline.
    pub pipeline: String,
    /// The folder or pattern.
    pub source_dir: String,
    /// As asked for, else `auto`.
    pub format: String,
    /// Files loaded.
    pub files_loaded: u64,
    /// Files that were not, because they or others of their table cannot be.
    pub files_failed: u64,
    /// Files that were loaded before.
    pub files_skipped: u64,
    /// Rows added.
    pub total_rows: u64,
    /// Bytes of the files loaded.
    pub total_bytes: u64,
    /// The files.
    pub files: Vec<LoadedFile>,
    /// The run.
    #[serde(flatten)]
    pub run: CommandRun,
}

impl Project {
    /// Load files. A file that cannot be loaded is part of the response.
    pub fn load(
        &self,
        request: &LoadRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<LoadResponse> {
        let config = self.told(observer, self.config_checked())?;
        let (name, load) = self.told(observer, chosen(&config, request))?;
        let own = matches!(
            config.pipelines.get(&name).map(|p| &p.kind),
            Some(PipelineKind::Load(_))
        );
        let run = RunRequest {
            pipeline: Some(name.to_string()),
            force_rebuild: request.force,
            ..RunRequest::default()
        };
        let wanted = Wanted {
            config: &config,
            pipeline: name.clone(),
            request: &run,
            access: Access::Write,
            memory: crate::prepare::Memory::Ignored,
        };
        let recorded = if own { name.clone() } else { RECORDED.into() };
        let mut files = Vec::new();
        let response = self.run_command(&run, observer, cancel, |observer| {
            let mut prepared = prepare::prepare(self, &wanted, &load, &recorded, observer, cancel)?;
            files = prepared.reduced.ledger.as_ref().map(prepare::Ledger::files).unwrap_or_default();
            if files.is_empty() && !prepared.has_errors {
                let source = load.source_dir.as_ref().map_or("", |s| s.as_str());
                return Err(Error::new(ErrorKind::NotFound, format!("no files to load in `{source}`"))
                    .hint("files that can be loaded end with .csv, .tsv, .parquet, .pq, .jsonl or .ndjson; folders below are not looked at"));
            }
            self.reduce(&run, &mut prepared, cancel)?;
            Ok(prepared)
        })?;
        let mut files: Vec<LoadedFile> = files.into_iter().map(|f| of_file(f, &response)).collect();
        files.sort_by(|a, b| a.file.cmp(&b.file));
        let with = |status: &str| files.iter().filter(|f| f.status == status).count() as u64;
        let loaded = || files.iter().filter(|f| f.status == LOADED);
        let (version, command, schema_version) = envelope!("load");
        Ok(LoadResponse {
            version,
            command,
            schema_version,
            pipeline: name.to_string(),
            source_dir: load
                .source_dir
                .as_ref()
                .map(|s| s.value.to_string())
                .unwrap_or_default(),
            format: request.format.clone().unwrap_or_else(|| "auto".to_owned()),
            files_loaded: with(LOADED),
            files_failed: with(FAILED),
            files_skipped: with(SKIPPED),
            total_rows: loaded().map(|f| f.rows_loaded).sum(),
            total_bytes: loaded().map(|f| f.bytes_read).sum(),
            run: CommandRun::of(&response),
            files,
        })
    }
}

const LOADED: &str = "loaded";
const SKIPPED: &str = "skipped";
const FAILED: &str = "failed";

/// What became of a file, by its place among those of its table.
fn of_file(file: prepare::FileFacts, run: &RunResponse) -> LoadedFile {
    let mut found = LoadedFile {
        file: file.path,
        target: file.table,
        status: SKIPPED.to_owned(),
        rows_loaded: 0,
        bytes_read: file.size,
        duration_ms: 0,
        error: None,
    };
    let Some(place) = file.place else {
        return found;
    };
    if let Some(written) = run.materializations.iter().find(|m| m.model == found.target) {
        LOADED.clone_into(&mut found.status);
        let mut statements = written.statements.iter().filter(|s| s.purpose == "load");
        if let Some(statement) = statements.nth(place) {
            found.rows_loaded = statement.rows.unwrap_or(0);
            found.duration_ms = statement.duration_ms;
        }
        return found;
    }
    if let Some(left) = run.skipped.iter().find(|s| s.model == found.target) {
        found.error = Some(left.reason.clone());
        FAILED.clone_into(&mut found.status);
        return found;
    }
    FAILED.clone_into(&mut found.status);
    let name = Path::new(&found.file)
        .file_name()
        .and_then(|n| n.to_str())
        .unwrap_or_default();
    let of_table = run.errors.iter().find(|e| e.model == found.target);
    let error = of_table
        .or_else(|| run.errors.first())
        .map_or("", |e| e.error.as_str());
    let about =
        |text: &str| text.starts_with(&format!("`{name}`: ")) || text.starts_with(&format!("file `{name}` "));
    found.error = Some(match of_table {
        Some(_) if !about(error) && error.starts_with(['`', 'f']) => {
            format!("not loaded with the others of its table: {error}")
        }
        _ => error.to_owned(),
    });
    found
}

/// The pipeline, and its keys with those of the request.
fn chosen(config: &ProjectConfig, request: &LoadRequest) -> Result<(SmolStr, LoadConfig)> {
    let mut loads = config
        .pipelines
        .iter()
        .filter(|(_, p)| matches!(p.kind, PipelineKind::Load(_)));
    let (name, chosen) = match (&request.pipeline, loads.next(), loads.next()) {
        (None, Some(only), None) => only,
        (named, ..) => pipeline(config, named.as_deref())?,
    };
    let nowhere = Loc::text(Span::at(0));
    let given = |text: &str| Spanned::new(SmolStr::new(text), nowhere);
    let mut load = match &chosen.kind {
        PipelineKind::Load(load) => (**load).clone(),
        _ => LoadConfig {
            source_dir: None,
            format: None,
            target: TableRef::default(),
            governance: Default::default(),
            options: LoadOptions {
                batch_size: 10_000,
                create_table: true,
                truncate_first: false,
                csv_delimiter: ",".into(),
                csv_has_header: true,
            },
            contract: None,
        },
    };
    if let Some(dir) = &request.source_dir {
        load.source_dir = Some(given(dir));
    }
    if load.source_dir.is_none() {
        return Err(Error::usage(format!(
            "pipeline `{name}` is of type {} and has no `source_dir`",
            chosen.type_name()
        ))
        .hint("say which folder is to be loaded: `--source-dir DIR`"));
    }
    if let Some(format) = &request.format {
        load.format = Some(match format.as_str() {
            "csv" => LoadFormat::Csv,
            "parquet" => LoadFormat::Parquet,
            "jsonl" | "json_lines" | "jsonlines" | "ndjson" => LoadFormat::JsonLines,
            other => {
                return Err(Error::usage(format!("unknown format `{other}`"))
                    .hint("formats are csv, parquet and jsonl"));
            }
        });
    }
    if let Some(target) = &request.target {
        let Some(target) = rocky_project::given::relation_name(Dialect::DuckDb, target) else {
            return Err(Error::usage(format!("`{target}` is no name of a table"))
                .hint("write `table`, `schema.table` or `catalog.schema.table`"));
        };
        if let Some(catalog) = &target.catalog {
            load.target.catalog = Some(given(&catalog.text));
        }
        if let Some(schema) = &target.schema {
            load.target.schema = Some(given(&schema.text));
        }
        load.target.table = Some(given(&target.table.text));
    }
    load.options.truncate_first |= request.truncate;
    Ok((name.clone(), load))
}
