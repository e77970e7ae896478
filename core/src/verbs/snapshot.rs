//! `snapshot`: bring the history of a table up to now, step by step in the document; or only show the steps.

use crate::adapters::Access;
use crate::document::envelope;
use crate::prepare::Part;
use crate::project::{Project, pipeline};
use crate::verbs::command::CommandRun;
use crate::verbs::run::RunRequest;
use rocky_base::{CancelToken, Error, Event, Observer, Result};
use rocky_config::{PipelineConfig, PipelineKind, ProjectConfig, TableRef};
use rocky_plan::{Plan, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SnapshotRequest {
    /// The pipeline, of type snapshot; needed when there are several of them.
    pub pipeline: Option<String>,
    /// Show the steps and execute none.
    pub dry_run: bool,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotStep {
    /// `initial_load`; `merge_1`, `merge_2` … for the statements that bring an existing history up to date; else as `purpose`.
    pub step: String,
    /// `create_schema`, `check_keys`, `initial_load`, `add_column`, `close_changed`, `close_deleted`, `insert` …
    pub purpose: String,
    /// Its text.
    pub sql: String,
    /// `ok`; `error`; `rolled_back`: undone because a later one failed; `dry_run`.
    pub status: String,
    /// Rows it changed, where the engine says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// What the engine said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotResponse {
    /// Engine version.
    pub version: String,
    /// `snapshot`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The pipeline.
    pub pipeline: String,
    /// The table whose history is kept, as configured.
    pub source: String,
    /// Where it is kept.
    pub target: String,
    /// Nothing was executed.
    pub dry_run: bool,
    /// Steps.
    pub steps_total: u64,
    /// Steps that took effect.
    pub steps_ok: u64,
    /// Versions that were added.
    pub rows_inserted: u64,
    /// The steps, in order, up to one that failed.
    pub steps: Vec<SnapshotStep>,
    /// The run.
    #[serde(flatten)]
    pub run: CommandRun,
}

/// Notes how long each step took.
struct Timed<'a> {
    inner: &'a mut dyn Observer,
    steps: Vec<(String, Option<u64>, u64)>,
}

impl Observer for Timed<'_> {
    fn event(&mut self, event: &Event) {
        match event {
            Event::StepFinished {
                purpose,
                rows,
                duration_ms,
                ..
            } => self.steps.push((purpose.to_string(), *rows, *duration_ms)),
            // A plan that no longer fits is made again, and so is its first step.
            Event::ModelStarted { .. } => self.steps.retain(|(purpose, ..)| purpose == "create_schema"),
            _ => {}
        }
        self.inner.event(event);
    }

    fn guards(&self, kind: &str) -> bool {
        self.inner.guards(kind)
    }

    fn may_begin(&mut self, event: &Event) -> std::result::Result<(), String> {
        self.inner.may_begin(event)
    }

    fn stop(&self) -> Option<&str> {
        self.inner.stop()
    }
}

impl Project {
    /// Take a snapshot. A step that fails is part of the response.
    pub fn take_snapshot(
        &self,
        request: &SnapshotRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<SnapshotResponse> {
        let config = self.config_checked();
        let config = match request.dry_run {
            true => config?,
            false => self.told(observer, config)?,
        };
        let found = chosen(&config, request.pipeline.as_deref());
        let (name, table) = match request.dry_run {
            true => found?,
            false => self.told(observer, found)?,
        };
        let run_request = RunRequest {
            pipeline: Some(name.to_owned()),
            ..RunRequest::default()
        };
        let (version, command, schema_version) = envelope!("snapshot");
        let mut response = SnapshotResponse {
            version,
            command,
            schema_version,
            pipeline: name.to_owned(),
            source: shown(&table.0),
            target: shown(&table.1),
            dry_run: request.dry_run,
            steps_total: 0,
            steps_ok: 0,
            rows_inserted: 0,
            steps: Vec::new(),
            run: CommandRun::default(),
        };
        if request.dry_run {
            let prepared = self.prepare(&run_request, Part::Own, Access::Read, observer, cancel)?;
            response.run.has_errors = prepared.has_errors;
            response.run.status = status(!prepared.has_errors);
            response.run.diagnostics = prepared.diagnostics;
            if let Some(plan) = &prepared.plan {
                response.of_plan(plan);
            }
            return Ok(response);
        }
        let mut timed = Timed {
            inner: observer,
            steps: Vec::new(),
        };
        let mut planned = None;
        let run = self.run_command(&run_request, &mut timed, cancel, |observer| {
            let prepared = self.prepare(&run_request, Part::Own, Access::Write, observer, cancel)?;
            planned.clone_from(&prepared.plan);
            Ok(prepared)
        })?;
        response.run = CommandRun::of(&run);
        let Some(plan) = planned else {
            return Ok(response);
        };
        response.of_plan(&plan);
        let failed = run.errors.first();
        let mut executed = run.materializations.iter().flat_map(|m| &m.statements);
        let mut took = timed.steps.into_iter();
        let mut stopped = run.run_id.is_empty();
        response.steps.retain_mut(|step| {
            if stopped {
                return false;
            }
            let in_setup = step.purpose == "create_schema";
            if let Some(error) = failed.filter(|e| e.step.as_deref() == Some(step.purpose.as_str())) {
                "error".clone_into(&mut step.status);
                step.error = Some(error.error.clone());
                stopped = true;
                return true;
            }
            let Some((purpose, rows, duration_ms)) = took.next() else {
                return false;
            };
            purpose.clone_into(&mut step.purpose);
            (step.rows, step.duration_ms) = (rows, duration_ms);
            let undone = failed.is_some() && !in_setup;
            if undone { "rolled_back" } else { "ok" }.clone_into(&mut step.status);
            if !in_setup && let Some(statement) = executed.next() {
                step.sql.clone_from(&statement.sql);
            }
            true
        });
        response.steps_ok = response.steps.iter().filter(|s| s.status == "ok").count() as u64;
        response.rows_inserted = run.materializations.iter().filter_map(|m| m.rows_copied).sum();
        Ok(response)
    }
}

impl SnapshotResponse {
    fn of_plan(&mut self, plan: &Plan) {
        let tasks = || plan.tasks.iter();
        if let Some(task) = tasks().next() {
            self.target.clone_from(&task.full_name);
        }
        let mut merges = 0;
        let mut step = |step: &Step| SnapshotStep {
            step: match step.purpose.as_str() {
                "close_changed" | "close_deleted" | "insert" => {
                    merges += 1;
                    format!("merge_{merges}")
                }
                other => other.to_owned(),
            },
            purpose: step.purpose.to_string(),
            sql: step.sql.clone(),
            status: "dry_run".to_owned(),
            rows: None,
            duration_ms: 0,
            error: None,
        };
        self.steps = plan
            .setup
            .iter()
            .chain(tasks().flat_map(|t| &t.steps))
            .map(&mut step)
            .collect();
        self.steps_total = self.steps.len() as u64;
    }
}

fn status(well: bool) -> String {
    if well { "Success" } else { "Failure" }.to_owned()
}

/// The snapshot pipeline that is meant, with its source and target.
fn chosen<'c>(config: &'c ProjectConfig, named: Option<&str>) -> Result<(&'c str, (TableRef, TableRef))> {
    let tables = |p: &PipelineConfig| match &p.kind {
        PipelineKind::Snapshot(s) => Some((s.source.clone(), s.target.clone())),
        _ => None,
    };
    let mut snapshots = config.pipelines.iter().filter_map(|(n, p)| Some((n, tables(p)?)));
    match (named, snapshots.next(), snapshots.next()) {
        (None, Some((name, tables)), None) => Ok((name, tables)),
        (None, None, _) => Err(Error::usage("the project has no pipeline of type snapshot")
            .hint("add `[pipeline.NAME]` with `type = \"snapshot\"` to rocky.toml")),
        (None, Some((first, _)), Some((second, _))) => {
            let more = snapshots.map(|(n, _)| format!(", `{n}`")).collect::<String>();
            Err(Error::usage(format!(
                "the project has several snapshot pipelines: `{first}`, `{second}`{more}"
            ))
            .hint("choose one with `--pipeline`"))
        }
        (Some(_), ..) => {
            let (name, chosen) = pipeline(config, named)?;
            let found = tables(chosen).ok_or_else(|| {
                Error::usage(format!(
                    "pipeline `{name}` is of type {}, not snapshot",
                    chosen.type_name()
                ))
            })?;
            Ok((name, found))
        }
    }
}

fn shown(table: &TableRef) -> String {
    let parts = [&table.catalog, &table.schema, &table.table];
    let parts = parts
        .into_iter()
        .flatten()
        .map(|p| p.value.as_str())
        .filter(|p| !p.is_empty());
    parts.collect::<Vec<_>>().join(".")
}
