//! `test --declarative`: the tests of sidecars against the tables of the warehouse, as they are now.

use crate::adapters::Access;
use crate::checks::CheckResult;
use crate::document::diagnostics;
use crate::project::{Project, target};
use crate::verbs::compile::find_model;
use crate::wire::WireDiagnostic;
use indexmap::IndexMap;
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result};
use rocky_plan::Bindings;
use rocky_project::CatalogInput;
use rocky_run::checks::evaluate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All declarative tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Declarative {
    /// How many.
    pub total: u64,
    /// Those that hold.
    pub passed: u64,
    /// Those of severity `error` that do not.
    pub failed: u64,
    /// Those of severity `warning` that do not.
    pub warned: u64,
    /// Those that could not be evaluated.
    pub errored: u64,
    /// Each of them.
    pub results: Vec<DeclarativeResult>,
}

/// A declarative test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeclarativeResult {
    /// Model name.
    pub model: String,
    /// `catalog.schema.table`.
    pub table: String,
    /// Its name.
    pub name: String,
    /// `not_null`, `unique` …
    pub test_type: String,
    /// The column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// `pass`, `fail`, `error`.
    pub status: String,
    /// `error`, `warning`.
    pub severity: String,
    /// Why it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The query that decides.
    pub sql: String,
    /// How many rows, or repeated values, fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_rows: Option<u64>,
    /// Some of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<IndexMap<String, serde_json::Value>>,
}

/// What a run of them asks for.
pub(super) struct Wanted<'a> {
    pub pipeline: Option<&'a str>,
    pub model: Option<&'a str>,
    pub names: &'a [String],
    pub vars: &'a BTreeMap<String, String>,
}

pub(super) fn run(
    project: &Project,
    wanted: &Wanted<'_>,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<(Declarative, Vec<WireDiagnostic>)> {
    let config = project.config_checked()?;
    let target = target(&config, wanted.pipeline)?;
    let warehouse = project.open_warehouse(&target, Access::Read, cancel)?;
    let catalog = project.read_catalog(&target, warehouse.as_deref(), cancel)?;
    let input = CatalogInput {
        snapshot: catalog,
        fresh: true,
    };
    let snapshot = project.snapshot(wanted.vars, Some(input), observer, cancel)?;
    let chosen = match wanted.model {
        Some(name) => Some(find_model(&snapshot, name)?.0),
        None => None,
    };
    let mut all = Declarative::default();
    let mut connection = None;
    for (id, model) in snapshot.models.iter().enumerate() {
        let id = id as u32;
        let of_pipeline = wanted
            .pipeline
            .is_none_or(|p| model.pipeline.as_ref().is_none_or(|own| own == p));
        if model.config.tests.is_empty() || !of_pipeline || chosen.is_some_and(|c| c != id) {
            continue;
        }
        cancel.check()?;
        let Some(warehouse) = &warehouse else {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("the database of adapter `{}` does not exist", target.name),
            )
            .hint("run the pipeline first"));
        };
        let open = match &mut connection {
            Some(open) => open,
            None => connection.insert(warehouse.connect()?),
        };
        let table = model.target_parts.join(".");
        let mut results = Vec::new();
        match rocky_plan::checks::of_model(&snapshot, id) {
            Ok(mut checks) => {
                checks.retain(|c| wanted.names.is_empty() || wanted.names.iter().any(|n| *n == c.name));
                let found = evaluate(
                    open.as_mut(),
                    snapshot.dialect,
                    &Bindings::default(),
                    cancel,
                    &*project.host.system,
                    &checks,
                );
                cancel.check()?;
                for (outcome, check) in found.checks.iter().zip(&checks) {
                    let result = CheckResult::of(outcome);
                    results.push(DeclarativeResult {
                        name: result.name,
                        test_type: check
                            .test_type
                            .as_ref()
                            .map(ToString::to_string)
                            .unwrap_or_default(),
                        column: result.column,
                        status: result.status,
                        severity: result.severity,
                        detail: result.detail,
                        sql: outcome.sql.clone(),
                        failing_rows: result.failing_rows,
                        sample: result.sample,
                        ..DeclarativeResult::default()
                    });
                }
            }
            Err(problem) => results.push(DeclarativeResult {
                name: "tests".to_owned(),
                status: "error".to_owned(),
                severity: "error".to_owned(),
                detail: Some(format!("{}: {}", problem.code.id(), problem.message)),
                ..DeclarativeResult::default()
            }),
        }
        for result in results {
            match (result.status.as_str(), result.severity.as_str()) {
                ("pass", _) => all.passed += 1,
                ("fail", "warning") => all.warned += 1,
                ("fail", _) => all.failed += 1,
                _ => all.errored += 1,
            }
            all.results.push(DeclarativeResult {
                model: model.name.to_string(),
                table: table.clone(),
                ..result
            });
        }
    }
    all.total = all.results.len() as u64;
    let found = diagnostics(snapshot.diagnostics(), &snapshot.files);
    Ok((all, found))
}
