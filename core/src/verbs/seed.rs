//! `seed`: make tables of the project's CSV files.

use crate::document::envelope;
use crate::prepare::seed as prepare;
use crate::project::Project;
use crate::verbs::command::CommandRun;
use crate::verbs::run::RunRequest;
use crate::wire::Filters;
use rocky_base::{CancelToken, Observer, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SeedRequest {
    /// The folder, `seeds` when it is not said.
    pub seeds: Option<String>,
    /// Only the seed of this name.
    pub filter: Option<String>,
    /// The pipeline whose warehouse is meant; needed when they write to several.
    pub pipeline: Option<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeededTable {
    /// The seed's name.
    pub name: String,
    /// `catalog.schema.table`.
    pub target: String,
    /// Its file.
    pub file: String,
    /// Rows written.
    pub rows: u64,
    /// Its columns.
    pub columns: u64,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Why it was not written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeedResponse {
    /// Engine version.
    pub version: String,
    /// `seed`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The folder.
    pub seeds_dir: String,
    /// Tables made.
    pub tables_loaded: u64,
    /// Seeds of which none was made.
    pub tables_failed: u64,
    /// The seeds.
    pub tables: Vec<SeededTable>,
    /// The run.
    #[serde(flatten)]
    pub run: CommandRun,
}

impl Project {
    /// Make the tables. A seed that cannot be read or written is part of the response.
    pub fn seed(
        &self,
        request: &SeedRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<SeedResponse> {
        let config = self.told(observer, self.config_checked())?;
        let run_request = RunRequest {
            // What the run is recorded as, and what hooks are told.
            pipeline: Some(prepare::RECORDED.to_owned()),
            filter: request
                .filter
                .as_ref()
                .map(|name| Filters::One(format!("seed={name}"))),
            ..RunRequest::default()
        };
        let mut seeds = Vec::new();
        let run = self.run_command(&run_request, observer, cancel, |_| {
            let (prepared, facts) = prepare::prepare(self, &config, request, cancel)?;
            seeds = facts;
            Ok(prepared)
        })?;
        let tables: Vec<SeededTable> = seeds
            .into_iter()
            .map(|seed| {
                let written = run
                    .materializations
                    .iter()
                    .find(|m| m.model == seed.name.as_str());
                let failed = run.errors.iter().find(|e| e.model == seed.name.as_str());
                let error = match (written, failed) {
                    (Some(_), _) => None,
                    (None, Some(error)) => Some(error.error.clone()),
                    (None, None) => {
                        let skipped = run.skipped.iter().find(|s| s.model == seed.name.as_str());
                        let run_error = run.errors.first().map(|e| e.error.clone());
                        Some(
                            skipped
                                .map(|s| s.reason.clone())
                                .or(run_error)
                                .unwrap_or_default(),
                        )
                    }
                };
                SeededTable {
                    name: seed.name.to_string(),
                    target: seed.target,
                    file: seed.file,
                    rows: written.map_or(0, |_| seed.rows),
                    columns: seed.columns,
                    duration_ms: written.map_or(0, |m| m.duration_ms),
                    error,
                }
            })
            .collect();
        let failed = tables.iter().filter(|t| t.error.is_some()).count() as u64;
        let (version, command, schema_version) = envelope!("seed");
        Ok(SeedResponse {
            version,
            command,
            schema_version,
            seeds_dir: request
                .seeds
                .clone()
                .unwrap_or_else(|| rocky_project::seed::FOLDER.to_owned()),
            tables_loaded: tables.len() as u64 - failed,
            tables_failed: failed,
            tables,
            run: CommandRun::of(&run),
        })
    }
}
