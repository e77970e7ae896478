//! Going on with a run over several pipelines: which of them are done, and which runs the others go on with.
//!
//! The state has a record for each pipeline's run, which names the run over all of them. A pipeline that succeeded is planned once more, as
//! one that did not: what has gone since, and what reads it, is done again; only when nothing is left of it, it is skipped.

use super::{Stage, not_run};
use crate::adapters::Access;
use crate::prepare::Part;
use crate::project::Project;
use crate::reduce::resume::{ended, known, same_filter, unknown};
use crate::verbs::plan::PlanResponse;
use crate::verbs::run::{RunRequest, RunResponse, SkippedModel, canonical_filter};
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result, SmolStr};
use rocky_plan::TaskKind;
use rocky_run::report::RunStatus;
use rocky_run::state::{JointRun, RunRecord};
use std::collections::BTreeMap;

/// A run over several pipelines that is gone on with.
pub(super) struct Earlier {
    pub run_id: String,
    /// By part, the last run of it.
    parts: BTreeMap<SmolStr, RunRecord>,
}

/// What a stage is called in the state.
fn part_of(stage: &Stage) -> SmolStr {
    match stage.part {
        Part::Own => stage.pipeline.clone(),
        Part::Models => SmolStr::from(format!("{}/models", stage.pipeline)),
    }
}

fn scope(request: &RunRequest) -> &'static str {
    if request.dag { "dag" } else { "all" }
}

/// How the state is to know this stage; a shadow run is not in it. `first`: the run of the first stage that has one.
pub(super) fn joint(
    request: &RunRequest,
    stage: &Stage,
    first: Option<&str>,
    earlier: &Option<Earlier>,
) -> Option<JointRun> {
    (!request.shadow).then(|| JointRun {
        run_id: first.unwrap_or_default().to_owned(),
        scope: SmolStr::new_static(scope(request)),
        part: part_of(stage),
        resumed_from: earlier.as_ref().map(|e| e.run_id.clone()),
    })
}

/// Let a stage go on with its last run, if it has one. Returns this when it succeeded.
pub(super) fn go_on<'e>(
    own: &mut RunRequest,
    earlier: &'e Option<Earlier>,
    stage: &Stage,
) -> Option<&'e RunRecord> {
    let part = part_of(stage);
    let last = earlier.as_ref()?.parts.get(&part)?;
    own.resume = Some(last.run_id.clone());
    let joint = own.joint.get_or_insert_default();
    joint.part = part;
    (last.status == RunStatus::Success).then_some(last)
}

/// What reads the tables of this plan would have to be done again.
pub(super) fn would_write(plan: &PlanResponse) -> bool {
    let quality = TaskKind::Quality.as_str();
    plan.models_detail.iter().any(|m| m.kind != quality)
}

impl Project {
    /// The same as [`Project::earlier`], for a run: over the state as it is now, wherever it is kept.
    pub(super) fn earlier_of_run(
        &self,
        request: &RunRequest,
        stages: &[Stage],
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Option<Earlier>> {
        if request.resume.is_none() && !request.resume_latest || request.shadow {
            return self.earlier(request, stages);
        }
        let name = rocky_run::new_run_id(crate::document::timestamp(self.host.system.now()));
        let remote = self.begin_remote(&name, observer, cancel)?;
        let earlier = self.earlier(request, stages);
        let (_, failure) = remote.finish(observer, cancel);
        match (earlier, failure) {
            (Ok(_), Some(error)) | (Err(error), _) => Err(error),
            (Ok(earlier), None) => Ok(earlier),
        }
    }

    /// What a request goes on with, when it does.
    pub(super) fn earlier(&self, request: &RunRequest, stages: &[Stage]) -> Result<Option<Earlier>> {
        let wanted = match (&request.resume, request.resume_latest) {
            (None, false) => return Ok(None),
            (Some(_), true) => {
                return Err(Error::usage("`resume` and `resume_latest` exclude each other"));
            }
            (Some(id), false) => Some(id.as_str()),
            (None, true) => None,
        };
        crate::shadow::check(self, request)?;
        let filter = canonical_filter(request);
        let Some(reader) = self.engine.inner.states.reader(self.state_path())? else {
            return Err(wanted.map_or_else(|| nothing(request), |id| unknown(id, None)));
        };
        // Behind one replication, the models are its part; of all pipelines, each is, known or not.
        let own: Vec<SmolStr> = stages.iter().map(part_of).collect();
        let ours =
            |joint: &JointRun| joint.scope == scope(request) && (request.dag || own.contains(&joint.part));
        let run_id = match wanted {
            None => {
                let latest = reader.latest_joint(&filter, &ours)?;
                latest.ok_or_else(|| nothing(request))?
            }
            Some(id) => {
                let run = known(&reader, id)?;
                let joint = run.joint.as_ref().filter(|joint| ours(joint));
                let Some(joint) = joint else {
                    return Err(of_something_else(request, &run));
                };
                same_filter(&run, &filter)?;
                joint.run_id.clone()
            }
        };
        let parts = reader.joint_parts(&run_id)?;
        for run in parts.values() {
            ended(&reader, &run.run_id)?;
        }
        let done = |stage: &Stage| {
            let last = parts.get(&part_of(stage));
            last.is_some_and(|run| run.status == RunStatus::Success)
        };
        if stages.iter().all(done) {
            return Err(match wanted {
                None => nothing(request),
                Some(id) => {
                    let message =
                        format!("all pipelines of run `{id}` succeeded: there is nothing to go on with");
                    Error::usage(message).hint("run without `--resume`")
                }
            });
        }
        Ok(Some(Earlier { run_id, parts }))
    }

    /// The document of a stage that was done by an earlier run and of which nothing is to be done again. What stands in the way of knowing
    /// that is said by its run.
    pub(super) fn done_before(
        &self,
        own: &RunRequest,
        stage: &Stage,
        filter: &str,
        by: &RunRecord,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Option<RunResponse> {
        let prepared = self
            .prepare(own, stage.part, Access::Read, observer, cancel)
            .ok()?;
        let plan = prepared.plan.as_ref()?;
        if !plan.tasks.is_empty() {
            return None;
        }
        let skipped: Vec<SkippedModel> = prepared.reduced.left_out.iter().map(SkippedModel::of).collect();
        let why = format!("done by {}", by.run_id);
        Some(RunResponse {
            resumed_from: Some(by.run_id.clone()),
            tables_skipped: skipped.len() as u64,
            skipped,
            ..not_run(stage, filter, why, false)
        })
    }
}

fn nothing(request: &RunRequest) -> Error {
    let what = match request.dag {
        true => "all pipelines",
        false => "the pipeline and the models behind it",
    };
    let message = format!(
        "there is no run of {what} to go on with: the last one succeeded, or there is none with this filter"
    );
    Error::new(ErrorKind::NotFound, message)
        .hint("run without `--resume-latest`; `rocky history` lists the runs")
}

/// Why a run that is known cannot be gone on with by this request.
fn of_something_else(request: &RunRequest, run: &RunRecord) -> Error {
    let wanted = match request.dag {
        true => "all pipelines",
        false => "a pipeline and the models behind it",
    };
    let (was, hint) = match &run.joint {
        Some(joint) if joint.scope == "dag" => (
            "of all pipelines".to_owned(),
            "go on with it by `--dag`".to_owned(),
        ),
        Some(_) => (
            "of another pipeline and the models behind it".to_owned(),
            "go on with it by `--all` and `--pipeline`".to_owned(),
        ),
        None => (
            format!("of pipeline `{}` alone", run.pipeline),
            format!("go on with it by `--pipeline {}`", run.pipeline),
        ),
    };
    let message = format!("run `{}` was {was}, this one is of {wanted}", run.run_id);
    Error::usage(message).hint(hint)
}
