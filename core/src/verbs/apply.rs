//! `apply`: execute a plan that somebody has looked at, if it is still what would be done.
//!
//! A plan is remembered by its request and the hashes of its tasks, not by its statements: `apply` plans once more, and since a
//! plan is a pure function of what it read, one with the same id is the same plan. Anything else is refused, with the
//! tasks that differ; nothing that was written to a file is ever sent to a warehouse.

use crate::adapters::Access;
use crate::document::timestamp;
use crate::listeners::Dagster;
use crate::prepare::{Part, Prepared};
use crate::project::{OpenRequest, Project};
use crate::verbs::run::{RunRequest, RunResponse};
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result, SmolStr, suggest};
use rocky_plan::Plan;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How many plans are remembered.
const KEPT: usize = 100;
/// How many differing tasks an error names.
const NAMED: usize = 5;

/// What to execute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApplyRequest {
    /// The `plan_id` of a plan document of this project.
    pub plan_id: String,
}

/// A plan as it is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    plan_id: String,
    /// The engine that made it.
    version: String,
    /// RFC 3339.
    created_at: String,
    request: RunRequest,
    /// The folders that the project was opened with, when they were not those of `rocky.toml`.
    #[serde(default)]
    models: Option<PathBuf>,
    #[serde(default)]
    contracts: Option<PathBuf>,
    /// By adapter, the database file, from the folder of `rocky.toml`: another one may look the same.
    #[serde(default)]
    databases: BTreeMap<String, String>,
    setup: Vec<String>,
    tasks: Vec<RememberedTask>,
}

/// The plans of several pipelines: pipeline and `plan_id`, which is empty where it could not be planned yet.
#[derive(Debug, Serialize, Deserialize)]
struct Stages {
    stages: Vec<(String, String)>,
}

impl Stages {
    fn refused(&self, plan_id: &str) -> Error {
        let message = format!(
            "plan `{plan_id}` is of several pipelines, and each of them is planned when those before it have run"
        );
        let planned = self.stages.iter().filter(|(_, id)| !id.is_empty());
        let each: Vec<String> = planned
            .map(|(pipeline, id)| format!("`rocky apply {id}` ({pipeline})"))
            .collect();
        Error::new(ErrorKind::Unsupported, message).hint(match each.is_empty() {
            true => "run them with `rocky run`".to_owned(),
            false => format!(
                "apply one of them: {}; or run them with `rocky run`",
                each.join(", ")
            ),
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct RememberedTask {
    name: SmolStr,
    hash: String,
    reason: String,
}

impl Project {
    /// Execute a plan made by `plan`, when planning it now gives the same. Otherwise an error of kind `stale` says what differs, and
    /// nothing is changed.
    pub fn apply(
        &self,
        request: &ApplyRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RunResponse> {
        let remembered = match self.remembered(&request.plan_id) {
            Ok(remembered) => remembered,
            // Whoever started the process hears of it.
            Err(error) => return self.in_session(&RunRequest::default(), observer, |_| Err(error)),
        };
        let own = (&self.options.models, &self.options.contracts);
        if own == (&None, &None) && own != (&remembered.models, &remembered.contracts) {
            let text = |path: &PathBuf| path.to_string_lossy().into_owned();
            let open = OpenRequest {
                config: Some(text(&self.config_path().to_path_buf())),
                state_path: Some(text(&self.state_path().to_path_buf())),
                models: remembered.models.as_ref().map(text),
                contracts: remembered.contracts.as_ref().map(text),
                cache_dir: self
                    .options
                    .cache
                    .as_ref()
                    .map_or(Some(String::new()), |p| Some(text(p))),
                threads: None,
            };
            return Project::open(&self.engine, &open, self.host.clone())?.apply_remembered(
                &remembered,
                observer,
                cancel,
            );
        }
        self.apply_remembered(&remembered, observer, cancel)
    }

    fn apply_remembered(
        &self,
        remembered: &Remembered,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RunResponse> {
        let request = &RunRequest {
            planned: true,
            ..remembered.request.clone()
        };
        self.attended(request, Dagster::Told, observer, cancel, |run_id, observer| {
            self.with_state_of(request, run_id, observer, cancel, |run, observer| {
                self.once(request, run, observer, |run, observer| {
                    self.same_databases(remembered)?;
                    let mut planned = |access| -> Result<Prepared> {
                        let prepared = self.prepare(request, Part::Own, access, observer, cancel)?;
                        // Errors in the models are part of the response, as for `run`.
                        match &prepared.plan {
                            Some(plan) if plan.plan_id != remembered.plan_id => Err(stale(remembered, plan)),
                            _ => Ok(prepared),
                        }
                    };
                    // Opened for writing, a database comes into being: of a plan that is not executed nothing is to stay.
                    let absent = |path: &String| !self.root.join(path).exists();
                    if remembered.databases.values().any(absent) {
                        planned(Access::Read)?;
                    }
                    let prepared = planned(Access::Write)?;
                    self.execute_prepared(request, prepared, run, observer, cancel)
                })
            })
        })
    }

    /// By adapter, its database file.
    fn databases(&self) -> BTreeMap<String, String> {
        let Ok(config) = self.config_checked() else {
            return BTreeMap::new();
        };
        let place = |(name, adapter): (&SmolStr, &rocky_config::AdapterConfig)| {
            let path = crate::adapters::duckdb_path(&self.root, &adapter.settings)?;
            let path = path.strip_prefix(&self.root).unwrap_or(&path);
            Some((name.to_string(), path.display().to_string()))
        };
        config.adapters.iter().filter_map(place).collect()
    }

    /// What was looked at was planned for these databases and no others.
    fn same_databases(&self, remembered: &Remembered) -> Result<()> {
        let now = self.databases();
        let differs = remembered
            .databases
            .iter()
            .find(|(name, path)| now.get(*name) != Some(*path));
        let Some((name, before)) = differs else {
            return Ok(());
        };
        let now = match now.get(name) {
            Some(now) => format!("is `{now}` now"),
            None => "has no database file now".to_owned(),
        };
        let message = format!(
            "plan `{}` of {} no longer fits: adapter `{name}` was `{before}` and {now}. Nothing was changed",
            remembered.plan_id, remembered.created_at
        );
        Err(Error::new(ErrorKind::Stale, message).hint("make the plan again with `rocky plan`"))
    }

    fn plans(&self) -> PathBuf {
        self.root.join(".rocky").join("plans")
    }

    /// Best effort: a folder that cannot be written means that the plan cannot be applied, which `apply` says then.
    pub(crate) fn remember_plan(&self, request: &RunRequest, plan: &Plan) {
        let remembered = Remembered {
            plan_id: plan.plan_id.clone(),
            version: crate::VERSION.to_owned(),
            created_at: timestamp(self.host.system.now()).to_string(),
            request: self.with_orchestrated(request, plan),
            models: self.options.models.clone(),
            contracts: self.options.contracts.clone(),
            databases: self.databases(),
            setup: plan.setup.iter().map(|s| s.sql.clone()).collect(),
            tasks: plan
                .tasks
                .iter()
                .map(|t| RememberedTask {
                    name: t.name.clone(),
                    hash: t.hash(),
                    reason: t.reason.clone(),
                })
                .collect(),
        };
        let Ok(json) = serde_json::to_vec(&remembered) else {
            return;
        };
        let folder = self.plans();
        let file = folder.join(format!("{}.json", plan.plan_id));
        if self.host.system.write_atomic(&file, &json).is_ok() {
            self.forget_old_plans();
        }
    }

    /// Several pipelines are no plan that can be applied: each is planned when its turn has come. `apply` says so of their common id.
    pub(crate) fn remember_stages(&self, plan_id: &str, stages: Vec<(String, String)>) {
        let Ok(json) = serde_json::to_vec(&Stages { stages }) else {
            return;
        };
        let file = self.plans().join(format!("{plan_id}.json"));
        if self.host.system.write_atomic(&file, &json).is_ok() {
            self.forget_old_plans();
        }
    }

    fn forget_old_plans(&self) {
        let Ok(entries) = self.host.system.list(&self.plans()) else {
            return;
        };
        let mut files: Vec<_> = entries
            .into_iter()
            .filter(|e| !e.is_dir && e.path.extension().is_some_and(|x| x == "json"))
            .collect();
        if files.len() <= KEPT {
            return;
        }
        files.sort_by_cached_key(|e| {
            let age = self.host.system.stamp(&e.path).map_or(0, |s| s.modified_ns);
            std::cmp::Reverse(age)
        });
        for old in files.drain(KEPT..) {
            let _ = self.host.system.remove(&old.path);
        }
    }

    fn remembered(&self, plan_id: &str) -> Result<Remembered> {
        if plan_id.is_empty() {
            return Err(Error::usage("`plan_id` is missing").hint("`rocky plan` prints it"));
        }
        // It becomes the name of a file.
        if plan_id.len() != 16 || !plan_id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::usage(format!(
                "{plan_id:?} is not a plan_id: it has 16 hexadecimal digits"
            ))
            .hint("`rocky plan` prints it"));
        }
        let file = self.plans().join(format!("{plan_id}.json"));
        let bytes = match self.host.system.read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let known: Vec<String> = self
                    .host
                    .system
                    .list(&self.plans())
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|e| e.name.as_deref()?.strip_suffix(".json").map(str::to_owned))
                    .collect();
                let near = suggest::nearest(plan_id, known.iter().map(String::as_str));
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "make one with `rocky plan`; the last {KEPT} of this project are remembered in .rocky/plans"
                    ),
                };
                let message = format!("plan `{plan_id}` is not known here");
                return Err(Error::new(ErrorKind::NotFound, message).hint(hint));
            }
            Err(error) => return Err(Error::io(file.display(), error)),
        };
        if let Ok(several) = serde_json::from_slice::<Stages>(&bytes) {
            return Err(several.refused(plan_id));
        }
        serde_json::from_slice(&bytes).map_err(|e| {
            let message = format!("{} cannot be read: {e}", file.display());
            Error::new(ErrorKind::Stale, message).hint("make the plan again with `rocky plan`")
        })
    }
}

/// What differs between the plan that was looked at and the one that would be executed now.
fn stale(remembered: &Remembered, now: &Plan) -> Error {
    let before: FxHashMap<&str, &RememberedTask> =
        remembered.tasks.iter().map(|t| (t.name.as_str(), t)).collect();
    let after: FxHashMap<&str, ()> = now.tasks.iter().map(|t| (t.name.as_str(), ())).collect();
    let mut differences = Vec::new();
    for task in &now.tasks {
        match before.get(task.name.as_str()) {
            None => differences.push(format!("`{}` is new", task.name)),
            Some(old) if old.hash == task.hash() => {}
            Some(old) if old.reason == task.reason => {
                differences.push(format!("`{}`, what it reads or its target changed", task.name));
            }
            Some(old) => differences.push(format!(
                "`{}`: {} (before: {})",
                task.name, task.reason, old.reason
            )),
        }
    }
    for task in &remembered.tasks {
        if !after.contains_key(task.name.as_str()) {
            differences.push(format!("`{}` is gone", task.name));
        }
    }
    if now.setup.iter().map(|s| &s.sql).ne(remembered.setup.iter()) {
        differences.push("what is attached or created first differs".to_owned());
    }
    if differences.is_empty() {
        differences.push("the settings of the execution differ".to_owned());
    }
    let more = differences.len().saturating_sub(NAMED);
    differences.truncate(NAMED);
    let mut text = differences.join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    let message = format!(
        "plan `{}` of {} no longer fits: {text}. Nothing was changed",
        remembered.plan_id, remembered.created_at
    );
    Error::new(ErrorKind::Stale, message).hint(format!(
        "look at `rocky plan` again; its id would be {}",
        now.plan_id
    ))
}
