//! `test`: run the models on an in-memory DuckDB and see that each statement succeeds, then their unit tests; or, asked for
//! `declarative`, the tests of sidecars against the warehouse.

pub mod declarative;
mod difference;
mod exact;
mod fixture;
pub mod unit;

pub use declarative::{Declarative, DeclarativeResult};
pub use difference::UnitDifference;
pub use unit::{UnitTestResult, UnitTests};

use crate::document::{diagnostics, envelope};
use crate::files::Ask;
use crate::project::Project;
use crate::verbs::compile::find_model;
use crate::wire::WireDiagnostic;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Observer, Result};
use rocky_plan::PlanOptions;
use rocky_project::Snapshot;
use rocky_run::execute::{ExecuteContext, execute};
use rocky_run::report::TaskStatus;
use rocky_warehouse::{CatalogSnapshot, Column, Connection, RelationName, Type};
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What to test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TestRequest {
    /// Only this model; when models are executed, with what it reads.
    pub model: Option<String>,
    /// Instead of executing models locally: evaluate the tests of their sidecars (`[[tests]]`) in the warehouse.
    pub declarative: bool,
    /// The pipeline whose warehouse and models are meant (`declarative`).
    pub pipeline: Option<String>,
    /// Only tests of these names; models are not executed for themselves then.
    pub tests: Vec<String>,
    /// Values for `@var`.
    pub vars: BTreeMap<String, String>,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestFailure {
    /// The model, or `seed`.
    pub name: String,
    /// What went wrong.
    pub error: String,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestResponse {
    /// Engine version.
    pub version: String,
    /// `test`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// Models and unit tests, or declarative tests.
    pub total: u64,
    /// Models whose statements succeeded, tests that hold.
    pub passed: u64,
    /// Models that failed, could not be reached, or do not compile; tests that fail.
    pub failed: u64,
    /// One for each of them.
    pub failures: Vec<TestFailure>,
    /// Findings of the compile.
    pub diagnostics: Vec<WireDiagnostic>,
    /// Tables that were made empty because a source's columns are known and the seed did not make it.
    pub empty_sources: Vec<String>,
    /// The models were not executed: they are written for another warehouse, and only unit tests of them are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub models_not_executed: bool,
    /// Unit tests of models (`[[test]]`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_tests: Option<UnitTests>,
    /// Declarative tests of tables (`[[tests]]`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declarative: Option<Declarative>,
}

impl Project {
    /// Run the models on in-memory DuckDB: `data/seed.sql` beside the models folder first, then empty tables for sources
    /// whose columns are known, then every model as a full refresh.
    pub fn test(
        &self,
        request: &TestRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<TestResponse> {
        if request.declarative {
            return self.declarative(request, observer, cancel);
        }
        if request.pipeline.is_some() {
            return Err(
                Error::usage("`pipeline` chooses the warehouse of declarative tests")
                    .hint("add `--declarative`, or choose models with `--model`"),
            );
        }
        let first = self.snapshot(&request.vars, self.known_catalog(), observer, cancel)?;
        let local = first.dialect == Dialect::DuckDb;
        if !request.tests.is_empty() || !local {
            let response = self.unit_tests_alone(request, &first, cancel)?;
            if response.total > 0 {
                return Ok(response);
            }
            if !request.tests.is_empty() {
                let message = format!("no unit test is called `{}`", request.tests.join("` or `"));
                return Err(Error::usage(message).hint("`[[test]]` in a model's sidecar makes one"));
            }
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "`test` runs models on DuckDB, and this project is written for {}",
                    first.dialect
                ),
            )
            .hint("`rocky compile` checks it without a warehouse; a unit test (`[[test]]`) runs where DuckDB means the same"));
        }
        let warehouse = crate::adapters::scratch(&self.root, cancel)?;
        let mut connection = warehouse.connect()?;
        let mut failures: Vec<TestFailure> = Vec::new();
        self.sample_data(&mut *connection, &mut failures, cancel)?;
        let mut catalog = warehouse.snapshot(&[], cancel)?;
        let empty_sources = empty_sources(&first, &catalog, &mut *connection, cancel)?;
        if !empty_sources.is_empty() {
            catalog = warehouse.snapshot(&[], cancel)?;
        }
        drop(connection);
        // The compile sees the test database: a source that only the seed makes is known.
        let merged = merged(
            &first,
            catalog.clone(),
            self.known_catalog().map(|c| (*c.snapshot).clone()),
        );
        // Each source whose columns are known is a table of the test database now, with those columns or the seed's.
        let inputs = rocky_project::Inputs {
            vars: crate::project::variables(&request.vars),
            catalog: Some(rocky_project::CatalogInput {
                snapshot: std::sync::Arc::new(merged),
                fresh: true,
            }),
            ignore_lock: true,
            ..rocky_project::Inputs::default()
        };
        let mut snapshot = self.snapshot_of(&inputs, observer, cancel)?;
        let known = inputs.catalog.clone();
        if let Some(catalog) = self.described(&snapshot, known, Ask::Missing, Some(&*warehouse), cancel)? {
            let inputs = rocky_project::Inputs {
                catalog: Some(catalog),
                ..inputs
            };
            snapshot = self.snapshot_of(&inputs, observer, cancel)?;
        }
        let select = request
            .model
            .as_deref()
            .map(|name| find_model(&snapshot, name))
            .transpose()?;
        let select = select.map(|(id, _)| with_inputs(&snapshot, id));
        let chosen = |id: u32| select.as_ref().is_none_or(|ids| ids.contains(&id));
        let found = diagnostics(snapshot.diagnostics(), &snapshot.files);
        let mut broken: BTreeMap<&str, String> = BTreeMap::new();
        for d in found.iter().filter(|d| d.is_error()) {
            broken
                .entry(d.model.as_str())
                .or_insert_with(|| format!("{}: {}", d.code, d.message));
        }
        // A model is blocked when it or something it reads does not compile.
        let mut blocked = vec![false; snapshot.models.len()];
        for id in &snapshot.order.order {
            let model = &snapshot.models[*id as usize];
            blocked[*id as usize] = broken.contains_key(model.name.as_str())
                || snapshot.order.cyclic[*id as usize]
                || model.depends_on.iter().any(|d| blocked[*d as usize]);
        }
        let runnable: Vec<u32> = (0..snapshot.models.len() as u32)
            .filter(|id| chosen(*id) && !blocked[*id as usize])
            .collect();
        let mut passed = 0;
        let mut failed: BTreeMap<String, String> = BTreeMap::new();
        for (id, model) in snapshot
            .models
            .iter()
            .enumerate()
            .filter(|(id, _)| chosen(*id as u32))
        {
            if let Some(error) = broken.get(model.name.as_str()) {
                failed.insert(model.name.to_string(), error.clone());
            } else if blocked[id] {
                failed.insert(
                    model.name.to_string(),
                    "a model it reads does not compile".to_owned(),
                );
            }
        }
        let options = PlanOptions {
            select: Some(runnable.clone()),
            full_refresh: true,
            concurrency: Some(1),
            // The seed may have any time: a model with windows is executed for all of it.
            windows: rocky_plan::WindowOptions {
                selection: rocky_plan::Selection::Everything,
                ..rocky_plan::WindowOptions::default()
            },
            ..PlanOptions::default()
        };
        match rocky_plan::plan(&snapshot, &catalog, &options) {
            Ok(mut plan) => {
                // The rows are those of the seed: what is checked of the warehouse's says nothing about them.
                for task in &mut plan.tasks {
                    task.checks.clear();
                }
                let report = execute(ExecuteContext {
                    plan: &plan,
                    warehouse: &*warehouse,
                    state: None,
                    run_id: "test".to_owned(),
                    trigger: rocky_run::report::Trigger::Manual,
                    config_hash: String::new(),
                    facts: Default::default(),
                    at_end: None,
                    observer,
                    cancel,
                    clock: &*self.host.system,
                    policy: &rocky_run::execute::Policy::once(),
                    replan: &mut |_| Ok(None),
                })?;
                if report.interrupted {
                    return Err(Error::cancelled());
                }
                for model in &report.tasks {
                    match model.status {
                        TaskStatus::Success => passed += 1,
                        TaskStatus::Failed => {
                            let error = model
                                .error
                                .as_ref()
                                .map(|e| e.message.clone())
                                .unwrap_or_default();
                            failed.insert(model.name.to_string(), error);
                        }
                        TaskStatus::Skipped => {
                            failed.insert(
                                model.name.to_string(),
                                model.skipped_reason.clone().unwrap_or_default(),
                            );
                        }
                    }
                }
                // An ephemeral model has no statement of its own: it was executed inside its consumers.
                let executed: FxHashSet<&str> = report.tasks.iter().map(|m| m.name.as_str()).collect();
                passed += runnable
                    .iter()
                    .filter(|id| !executed.contains(snapshot.models[**id as usize].name.as_str()))
                    .count() as u64;
            }
            Err(problems) => {
                for d in problems {
                    let name = d
                        .model
                        .as_ref()
                        .map_or_else(|| "plan".to_owned(), ToString::to_string);
                    failed
                        .entry(name)
                        .or_insert_with(|| format!("{}: {}", d.code, d.message));
                }
            }
        }
        if let Some(error) = broken.get("") {
            failures.push(TestFailure {
                name: "project".to_owned(),
                error: error.clone(),
            });
        }
        let failed_models = failed.len() as u64;
        failures.extend(
            failed
                .into_iter()
                .map(|(name, error)| TestFailure { name, error }),
        );
        let total = (0..snapshot.models.len() as u32).filter(|id| chosen(*id)).count() as u64;
        let passed = passed.min(total.saturating_sub(failed_models));
        // A unit test belongs to the model that is asked for, not to what it reads.
        let asked = match request.model.as_deref() {
            Some(name) => Some(find_model(&first, name)?.0),
            None => None,
        };
        let mut units = unit::Units::new(self, &first, cancel);
        let units = units.run(&|id| asked.is_none_or(|asked| asked == id), &[])?;
        failures.extend(unit_failures(&units));
        let (version, command, schema_version) = envelope!("test");
        Ok(TestResponse {
            version,
            command,
            schema_version,
            total: total + units.total,
            passed: passed + units.passed,
            failed: failures.len() as u64,
            failures,
            diagnostics: found,
            empty_sources,
            models_not_executed: false,
            unit_tests: (units.total > 0).then_some(units),
            declarative: None,
        })
    }

    /// Unit tests without executing the models.
    pub(crate) fn unit_tests_alone(
        &self,
        request: &TestRequest,
        snapshot: &Snapshot,
        cancel: &CancelToken,
    ) -> Result<TestResponse> {
        let asked = match request.model.as_deref() {
            Some(name) => Some(find_model(snapshot, name)?.0),
            None => None,
        };
        let mut units = unit::Units::new(self, snapshot, cancel);
        let units = units.run(&|id| asked.is_none_or(|asked| asked == id), &request.tests)?;
        let failures = unit_failures(&units);
        let (version, command, schema_version) = envelope!("test");
        Ok(TestResponse {
            version,
            command,
            schema_version,
            total: units.total,
            passed: units.passed,
            failed: failures.len() as u64,
            failures,
            diagnostics: diagnostics(snapshot.diagnostics(), &snapshot.files),
            empty_sources: Vec::new(),
            models_not_executed: true,
            unit_tests: Some(units),
            declarative: None,
        })
    }

    fn declarative(
        &self,
        request: &TestRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<TestResponse> {
        let wanted = declarative::Wanted {
            pipeline: request.pipeline.as_deref(),
            model: request.model.as_deref(),
            names: &request.tests,
            vars: &request.vars,
        };
        let (tests, found) = declarative::run(self, &wanted, observer, cancel)?;
        let failing =
            |r: &&DeclarativeResult| r.status == "error" || (r.status == "fail" && r.severity == "error");
        let failures: Vec<TestFailure> = tests
            .results
            .iter()
            .filter(failing)
            .map(|r| TestFailure {
                name: format!("{}::{}", r.model, r.name),
                error: r.detail.clone().unwrap_or_default(),
            })
            .collect();
        let (version, command, schema_version) = envelope!("test");
        Ok(TestResponse {
            version,
            command,
            schema_version,
            total: tests.total,
            passed: tests.passed,
            failed: failures.len() as u64,
            failures,
            diagnostics: found,
            empty_sources: Vec::new(),
            models_not_executed: true,
            unit_tests: None,
            declarative: Some(tests),
        })
    }

    fn sample_data(
        &self,
        connection: &mut dyn Connection,
        failures: &mut Vec<TestFailure>,
        cancel: &CancelToken,
    ) -> Result<()> {
        let path = self.root().join("data").join("seed.sql");
        if !self.host.system.exists(&path) {
            return Ok(());
        }
        let bytes = self
            .host
            .system
            .read(&path)
            .map_err(|e| Error::io(path.display(), e))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::new(ErrorKind::Config, format!("{} is not UTF-8", path.display())))?;
        match connection.execute(&text, cancel) {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::Cancelled => Err(error),
            Err(error) => {
                failures.push(TestFailure {
                    name: "seed".to_owned(),
                    error: error.message,
                });
                Ok(())
            }
        }
    }
}

fn unit_failures(units: &UnitTests) -> Vec<TestFailure> {
    let failed = |r: &&UnitTestResult| !matches!(r.status.as_str(), "pass" | "refused");
    units
        .results
        .iter()
        .filter(failed)
        .map(|r| TestFailure {
            name: format!("{}::{}", r.model, r.name),
            error: r.explanation(),
        })
        .collect()
}

/// Make the sources that the seed did not, where all their columns are known.
fn empty_sources(
    snapshot: &Snapshot,
    catalog: &CatalogSnapshot,
    connection: &mut dyn Connection,
    cancel: &CancelToken,
) -> Result<Vec<String>> {
    let mut made = Vec::new();
    for source in snapshot.sources.iter().filter(|s| !s.file) {
        let Some(columns) = source.columns() else { continue };
        let name = RelationName {
            catalog: None,
            ..source.name.clone()
        };
        if matches!(catalog.lookup(&name), rocky_warehouse::catalog::Lookup::Found(_)) || columns.is_empty() {
            continue;
        }
        let column = |c: &Column| {
            let ty = if c.ty.has_unknown() {
                Type::STRING
            } else {
                c.ty.clone()
            };
            format!(
                "{} {}",
                Dialect::DuckDb.print_ident(&rocky_base::Ident::quoted(c.name.clone())),
                ty.print(Dialect::DuckDb)
            )
        };
        let columns: Vec<String> = columns.iter().map(column).collect();
        if let Some(schema) = &name.schema {
            let sql = format!("CREATE SCHEMA IF NOT EXISTS {}", schema.print(Dialect::DuckDb));
            connection.execute(&sql, cancel)?;
        }
        let sql = format!(
            "CREATE TABLE {} ({})",
            name.print(Dialect::DuckDb),
            columns.join(", ")
        );
        connection.execute(&sql, cancel)?;
        made.push(name.display());
    }
    Ok(made)
}

/// The test database under the names of the project's own: names resolve as they do outside of the test.
fn merged(snapshot: &Snapshot, test: CatalogSnapshot, known: Option<CatalogSnapshot>) -> CatalogSnapshot {
    let mut merged = known.unwrap_or_else(|| CatalogSnapshot {
        default_catalog: None,
        default_schema: None,
        ..CatalogSnapshot::default()
    });
    // What is in neither database may still be in a schema that was listed.
    merged.complete.clear();
    for source in snapshot.sources.iter().filter(|s| !s.file) {
        let key = source.name.key(snapshot.dialect);
        merged.schemas.insert((key.catalog, key.schema));
        let name = RelationName {
            catalog: None,
            ..source.name.clone()
        };
        if let rocky_warehouse::catalog::Lookup::Found(relation) = test.lookup(&name) {
            merged.insert(rocky_warehouse::Relation {
                name: source.name.clone(),
                ..relation.clone()
            });
        }
    }
    merged
}

fn with_inputs(snapshot: &Snapshot, model: u32) -> FxHashSet<u32> {
    let mut found = FxHashSet::from_iter([model]);
    let mut pending = vec![model];
    while let Some(id) = pending.pop() {
        for dep in &snapshot.models[id as usize].depends_on {
            if found.insert(*dep) {
                pending.push(*dep);
            }
        }
    }
    found
}
