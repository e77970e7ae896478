//! Several pipelines in one verb: `--dag`, and a replication with the project's models behind it.
//!
//! A stage is planned when its turn has come, so it sees what the stages before it made. One that fails keeps those that
//! depend on it from running, and no others. The document is the sum of the stages' documents, which stand in `pipelines`.

mod again;
mod together;

use crate::document::{envelope, timestamp};
use crate::listeners::Dagster;
use crate::prepare::Part;
use crate::project::{Project, pipeline};
use crate::verbs::plan::PlanResponse;
use crate::verbs::run::{RunErrorEntry, RunRequest, RunResponse};
use crate::wire::Filters;
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result, SmolStr};
use rocky_config::{PipelineKind, ProjectConfig};
use rocky_run::report::RunStatus;

/// What `pipeline_type` says of all pipelines together.
const DAG: &str = "dag";
/// What it says of the models behind a pipeline that has none.
const MODELS: &str = "transformation";

/// One step of a verb over several pipelines.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub pipeline: SmolStr,
    pub part: Part,
    /// What the pipeline is.
    pub kind: &'static str,
    /// It runs models.
    pub models: bool,
    /// Stages before it, by place.
    pub after: Vec<usize>,
}

impl Project {
    /// What a request is about, in the order of execution.
    pub(crate) fn stages(&self, request: &RunRequest) -> Result<Vec<Stage>> {
        if request.dag && request.pipeline.is_some() {
            return Err(Error::usage("`dag` means all pipelines and excludes `pipeline`")
                .hint("leave one of them out"));
        }
        let config = match self.config_checked() {
            Ok(config) => config,
            // Reported as diagnostics when the pipeline is prepared.
            Err(error) if error.kind == ErrorKind::Config => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        // Clients of the 1.x releases name the models' folder to say that they are meant too.
        let models_too = request.all || self.options.models.is_some();
        if !request.dag {
            let (name, chosen) = pipeline(&config, request.pipeline.as_deref())?;
            let mut stages = vec![Stage {
                pipeline: name.clone(),
                part: Part::Own,
                kind: chosen.type_name(),
                models: matches!(chosen.kind, PipelineKind::Transformation(_)),
                after: Vec::new(),
            }];
            if let (Some(folder), PipelineKind::Replication(_)) = (&self.options.models, &chosen.kind)
                && self.host.system.list(&self.root.join(folder)).is_err()
            {
                return Err(
                    Error::usage(format!("models folder `{}` cannot be read", folder.display()))
                        .hint("paths are relative to the folder of rocky.toml"),
                );
            }
            if models_too && matches!(chosen.kind, PipelineKind::Replication(_)) && self.has_models(&config) {
                stages.push(Stage {
                    pipeline: name.clone(),
                    part: Part::Models,
                    kind: MODELS,
                    models: true,
                    after: vec![0],
                });
            }
            return Ok(stages);
        }
        if config.pipelines.is_empty() {
            pipeline(&config, None)?;
        }
        if !request.models.is_empty() {
            return Err(
                Error::usage("`dag` runs whole pipelines and excludes a choice of models")
                    .hint("name the pipeline of the models instead"),
            );
        }
        check_filters(&config, request)?;
        let mut stages = in_order(&config);
        let transforms = config
            .pipelines
            .values()
            .any(|p| matches!(p.kind, PipelineKind::Transformation(_)));
        if models_too && !transforms && self.has_models(&config) {
            let after = (0..stages.len()).collect();
            stages.extend(config.pipelines.keys().next().map(|name| Stage {
                pipeline: name.clone(),
                part: Part::Models,
                kind: MODELS,
                models: true,
                after,
            }));
        }
        Ok(stages)
    }

    /// Whether there is anything to compile. The 1.x releases passed over a folder that is not there.
    fn has_models(&self, config: &ProjectConfig) -> bool {
        let globs = config.pipelines.values().filter_map(|p| match &p.kind {
            PipelineKind::Transformation(t) => Some(t.models_glob()),
            _ => None,
        });
        let mut folders: Vec<std::path::PathBuf> = match &self.options.models {
            Some(folder) => vec![self.root.join(folder)],
            None => globs
                .map(|glob| {
                    self.root
                        .join(glob.split(['*', '?', '[']).next().unwrap_or_default())
                })
                .collect(),
        };
        if folders.is_empty() {
            folders.push(self.root.join("models"));
        }
        folders.iter().any(|folder| {
            self.host
                .system
                .list(folder)
                .is_ok_and(|entries| !entries.is_empty())
        })
    }

    /// Plan what can be planned now.
    pub(crate) fn plan_stages(
        &self,
        request: &RunRequest,
        stages: &[Stage],
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<PlanResponse> {
        let mut parts: Vec<PlanResponse> = Vec::with_capacity(stages.len());
        let earlier = self.earlier(request, stages)?;
        let mut request = request.clone();
        let request = &mut request;
        for stage in stages {
            if request.shadow && request.shadow_inputs.is_empty() && self.is_quality(stage)? {
                parts.push(PlanResponse {
                    waits: Some(NO_SHADOW.to_owned()),
                    ..self.empty_plan(request, &stage.pipeline)
                });
                continue;
            }
            let mut own = of_stage(request, stage, stages);
            let redone = |i: &usize| parts.get(*i).is_some_and(again::would_write);
            let done = match stage.after.iter().any(redone) {
                true => None,
                false => again::go_on(&mut own, &earlier, stage),
            };
            let before: Vec<&str> = stage
                .after
                .iter()
                .filter_map(|i| stages.get(*i))
                .map(|s| s.pipeline.as_str())
                .collect();
            let mut part = match self.plan_one(&own, stage.part, observer, cancel) {
                Ok(part) => part,
                Err(error) if error.kind == ErrorKind::Cancelled || before.is_empty() => return Err(error),
                Err(error) => PlanResponse {
                    waits: Some(error.message),
                    ..self.empty_plan(request, &stage.pipeline)
                },
            };
            if part.has_errors && !before.is_empty() {
                // What it reads may be what the others are yet to make.
                part.waits = Some(format!(
                    "it cannot be planned before {} has run: {}",
                    before.join(", "),
                    part.diagnostics
                        .iter()
                        .find(|d| d.is_error())
                        .map(|d| format!("{}: {}", d.code, d.message))
                        .unwrap_or_default()
                ));
                part.has_errors = false;
            }
            if done.is_some() && part.models.is_empty() && !part.has_errors && part.waits.is_none() {
                // There is nothing to apply.
                part.plan_id.clear();
            }
            request.shadow_inputs.append(&mut part.shadow_pairs);
            parts.push(part);
        }
        let mut all = self.empty_plan(request, "");
        all.pipeline = names(stages);
        all.resumed_from = earlier.map(|e| e.run_id);
        all.plan_id = self.joint_id(parts.iter().map(|p| p.plan_id.as_str()));
        for part in &parts {
            all.statements.extend(part.statements.iter().cloned());
            all.models.extend(part.models.iter().cloned());
            all.execution_layers.extend(part.execution_layers.iter().cloned());
            all.models_detail.extend(part.models_detail.iter().cloned());
            all.excluded_tables.extend(part.excluded_tables.iter().cloned());
            all.skipped.extend(part.skipped.iter().cloned());
            all.model_decisions.extend(part.model_decisions.iter().cloned());
            if part.waits.is_none() {
                all.diagnostics.extend(part.diagnostics.iter().cloned());
            }
            all.has_errors |= part.has_errors;
        }
        if all.has_errors {
            all.plan_id.clear();
        } else {
            let id = |(stage, part): (&Stage, &PlanResponse)| match stage.part {
                Part::Own => Some((stage.pipeline.to_string(), part.plan_id.clone())),
                // They can only be run.
                Part::Models => None,
            };
            self.remember_stages(&all.plan_id, stages.iter().zip(&parts).filter_map(id).collect());
        }
        all.pipelines = parts;
        Ok(all)
    }

    /// Run the stages, each against the warehouse as those before left it.
    pub(crate) fn run_stages(
        &self,
        request: &RunRequest,
        stages: &[Stage],
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RunResponse> {
        let filter = Filters::shown(&request.filter);
        let mut parts: Vec<RunResponse> = Vec::with_capacity(stages.len());
        let earlier = self.earlier_of_run(request, stages, observer, cancel)?;
        let mut request = request.clone();
        let request = &mut request;
        for stage in stages {
            let failed = stage
                .after
                .iter()
                .find(|i| parts.get(**i).is_none_or(|p| !done(p)))
                .and_then(|i| stages.get(*i));
            if cancel.check().is_err() {
                parts.push(not_run(
                    stage,
                    &filter,
                    "the run was interrupted".to_owned(),
                    true,
                ));
                continue;
            }
            if let Some(before) = failed {
                let why = match before.pipeline == stage.pipeline {
                    true => "tables that the models may read were not all copied".to_owned(),
                    false => format!("pipeline `{}` did not succeed", before.pipeline),
                };
                parts.push(not_run(stage, &filter, why, false));
                continue;
            }
            let checks = request.shadow && self.is_quality(stage)?;
            if checks && request.shadow_inputs.is_empty() {
                parts.push(not_run(stage, &filter, NO_SHADOW.to_owned(), false));
                continue;
            }
            let mut own = of_stage(request, stage, stages);
            let first = parts.iter().map(|p| p.run_id.as_str()).find(|id| !id.is_empty());
            own.joint = again::joint(request, stage, first, &earlier);
            let redone = |i: &usize| parts.get(*i).is_some_and(|p| p.tables_copied > 0);
            let done_by = match stage.after.iter().any(redone) {
                true => None,
                false => again::go_on(&mut own, &earlier, stage),
            };
            if let Some(by) = done_by
                && let Some(part) = self.done_before(&own, stage, &filter, by, observer, cancel)
            {
                parts.push(part);
                continue;
            }
            // Each stage is a run of its own: with one key the second would count as done.
            let key = crate::idempotency::key_of(self, request.idempotency_key.as_deref())?;
            own.idempotency_key = key.map(|key| match stage.part {
                Part::Own => format!("{key}/{}", stage.pipeline),
                Part::Models => format!("{key}/{}/models", stage.pipeline),
            });
            match self.run_one(&own, stage.part, Dagster::Around, observer, cancel) {
                Ok(mut part) => {
                    request.shadow_inputs.append(&mut part.shadow_pairs);
                    if checks && part.check_results.is_empty() && done(&part) {
                        SKIPPED.clone_into(&mut part.status);
                        part.skipped_reason = Some(NO_SHADOW.to_owned());
                    }
                    parts.push(part);
                }
                Err(error) if error.kind == ErrorKind::Cancelled => {
                    parts.push(not_run(
                        stage,
                        &filter,
                        "the run was interrupted".to_owned(),
                        true,
                    ));
                }
                // Nothing was done yet that a document would have to tell of.
                Err(error) if parts.is_empty() && stages.len() == 1 => return Err(error),
                Err(error) => parts.push(broken(stage, &filter, &error)),
            }
        }
        let plan_id = self.joint_id(parts.iter().map(|p| p.plan_id.as_str()));
        let mut all = blank(names(stages), filter);
        all.pipeline_type = match (request.dag, parts.first()) {
            (false, Some(first)) => first.pipeline_type.clone(),
            _ => DAG.to_owned(),
        };
        all.plan_id = plan_id;
        all.idempotency_key.clone_from(&request.idempotency_key);
        all.shadow = request.shadow;
        all.resumed_from = earlier.map(|e| e.run_id);
        together::sum(&mut all, parts);
        Ok(all)
    }

    /// It writes nothing: in a shadow run it checks the shadows of the stages before it.
    fn is_quality(&self, stage: &Stage) -> Result<bool> {
        let config = self.config()?;
        let chosen = config.pipelines.get(&stage.pipeline);
        let quality = chosen.is_some_and(|p| matches!(p.kind, PipelineKind::Quality(_)));
        Ok(quality && stage.part == Part::Own)
    }

    fn empty_plan(&self, request: &RunRequest, pipeline: &str) -> PlanResponse {
        let (version, command, schema_version) = envelope!("plan");
        PlanResponse {
            version,
            command,
            schema_version,
            filter: Filters::shown(&request.filter),
            pipeline: pipeline.to_owned(),
            plan_id: String::new(),
            plan_kind: "run".to_owned(),
            created_at: timestamp(self.host.system.now()).to_string(),
            statements: Vec::new(),
            models: Vec::new(),
            execution_layers: Vec::new(),
            models_detail: Vec::new(),
            skipped: Vec::new(),
            model_decisions: Vec::new(),
            resumed_from: None,
            excluded_tables: Vec::new(),
            pipelines: Vec::new(),
            waits: None,
            shadow_pairs: Vec::new(),
            diagnostics: Vec::new(),
            has_errors: false,
        }
    }

    fn joint_id<'a>(&self, ids: impl Iterator<Item = &'a str>) -> String {
        let all: Vec<&str> = ids.collect();
        let hash = rocky_project::hash::Hasher128::new().str(&all.join(",")).finish();
        format!("{hash:032x}").chars().take(16).collect()
    }
}

/// The status of a stage that was not tried, or had nothing to do.
const SKIPPED: &str = "Skipped";
/// Why a quality pipeline has nothing to do in a shadow run.
const NO_SHADOW: &str = "nothing was checked: none of its tables has a shadow in this run";

/// It succeeded, now or before (with the same idempotency key, or in the run that this one goes on with), or had nothing to do.
fn done(part: &RunResponse) -> bool {
    let nothing = part.skipped_reason.as_deref() == Some(NO_SHADOW) || part.resumed_from.is_some();
    (part.status == SKIPPED && nothing)
        || part.status == RunStatus::Success.as_str()
        || part.status == crate::verbs::run::SKIPPED_IDEMPOTENT
}

/// The request for one stage. What is about models is not said to stages that have none, when there is one that has.
fn of_stage(request: &RunRequest, stage: &Stage, stages: &[Stage]) -> RunRequest {
    let mut own = RunRequest {
        pipeline: Some(stage.pipeline.to_string()),
        dag: false,
        all: false,
        resume: None,
        resume_latest: false,
        ..request.clone()
    };
    if !stage.models && stages.iter().any(|s| s.models) {
        own.models.clear();
        own.exclude.clear();
        crate::windows::forget(&mut own);
    }
    own
}

/// `a, b`; a pipeline with its models once.
fn names(stages: &[Stage]) -> String {
    let mut names: Vec<&str> = stages.iter().map(|s| s.pipeline.as_str()).collect();
    names.dedup();
    names.join(", ")
}

/// Every pipeline after those it depends on, else as declared. (Cycles are errors of the configuration.)
fn in_order(config: &ProjectConfig) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::with_capacity(config.pipelines.len());
    let mut placed: rustc_hash::FxHashMap<&SmolStr, usize> = Default::default();
    let mut left: Vec<(&SmolStr, &rocky_config::PipelineConfig)> = config.pipelines.iter().collect();
    while !left.is_empty() {
        let ready = left.iter().position(|(_, p)| {
            p.depends_on
                .iter()
                .all(|d| placed.contains_key(&d.value) || !config.pipelines.contains_key(&d.value))
        });
        let (name, chosen) = left.remove(ready.unwrap_or(0));
        let after = chosen
            .depends_on
            .iter()
            .filter_map(|d| placed.get(&d.value).copied())
            .collect();
        placed.insert(name, stages.len());
        stages.push(Stage {
            pipeline: name.clone(),
            part: Part::Own,
            kind: chosen.type_name(),
            models: matches!(chosen.kind, PipelineKind::Transformation(_)),
            after,
        });
    }
    stages
}

/// A filter whose key one of the replications does not know is found before anything runs.
fn check_filters(config: &ProjectConfig, request: &RunRequest) -> Result<()> {
    let texts = request.filter.as_ref().map(Filters::texts).unwrap_or_default();
    let wrong =
        |problem: rocky_plan::replication::FilterProblem| Error::usage(problem.message).hint(problem.hint);
    for filter in rocky_plan::replication::parse_filters(texts).map_err(wrong)? {
        for (name, pipeline) in &config.pipelines {
            let PipelineKind::Replication(replication) = &pipeline.kind else {
                continue;
            };
            let Some(pattern) = &replication.source.schema_pattern else {
                continue;
            };
            let known =
                |k: &str| matches!(k, "id" | "table") || pattern.components.iter().any(|c| c.name == k);
            if !known(&filter.key) {
                return Err(Error::usage(format!(
                    "pipeline `{name}` has no component `{}` to filter by",
                    filter.key
                ))
                .hint("run the pipelines one by one with `--pipeline`"));
            }
        }
    }
    Ok(())
}

fn blank(pipeline: String, filter: String) -> RunResponse {
    let (version, command, schema_version) = envelope!("run");
    RunResponse::blank(version, command, schema_version, pipeline, filter)
}

/// A stage that was not tried.
fn not_run(stage: &Stage, filter: &str, why: String, interrupted: bool) -> RunResponse {
    RunResponse {
        status: SKIPPED.to_owned(),
        pipeline_type: stage.kind.to_owned(),
        interrupted,
        skipped_reason: Some(why),
        ..blank(stage.pipeline.to_string(), filter.to_owned())
    }
}

/// A stage that could not begin.
fn broken(stage: &Stage, filter: &str, error: &Error) -> RunResponse {
    RunResponse {
        errors: vec![RunErrorEntry {
            remediation_hint: error.hint.clone(),
            ..RunErrorEntry::of_run(
                error.kind.as_str(),
                format!("pipeline `{}`: {}", stage.pipeline, error.message),
            )
        }],
        pipeline_type: stage.kind.to_owned(),
        ..blank(stage.pipeline.to_string(), filter.to_owned())
    }
}
