//! `resume`: going on with a run that did not do everything. What succeeded in it, or in the runs that it went on with, is not done
//! again, unless it would be planned from something else now, its target is gone, or something that it reads is done again.

use super::Reduced;
use crate::verbs::run::RunRequest;
use rocky_base::{Error, ErrorKind, Result, SmolStr, suggest};
use rocky_plan::{Fact, Plan};
use rocky_run::StateReader;
use rocky_run::report::{RunStatus, TaskStatus};
use rocky_run::state::{JointRun, ModelExecution, RunRecord};
use rustc_hash::FxHashMap;

pub(super) fn decide(
    request: &RunRequest,
    reader: Option<&StateReader>,
    plan: &Plan,
    skip: &mut FxHashMap<SmolStr, String>,
    reduced: &mut Reduced,
) -> Result<()> {
    if request.resume.is_some() && request.resume_latest {
        return Err(Error::usage("`resume` and `resume_latest` exclude each other"));
    }
    let wanted = match (&request.resume, request.resume_latest) {
        (None, false) => return Ok(()),
        (Some(id), _) => Some(id.as_str()),
        (None, true) => None,
    };
    let filter = crate::verbs::run::canonical_filter(request);
    let Some(reader) = reader else {
        return Err(match wanted {
            Some(id) => unknown(id, None),
            None => nothing_to_resume(plan),
        });
    };
    let run = match wanted {
        None => reader
            .latest_resumable(&plan.pipeline, &filter)?
            .ok_or_else(|| nothing_to_resume(plan))?,
        Some(id) => known(reader, id)?,
    };
    let id = run.run_id.as_str();
    // The tables of a replication and the models behind it are different runs of one pipeline.
    let models = |joint: &Option<JointRun>| joint.as_ref().is_some_and(|j| j.part.ends_with("/models"));
    if models(&run.joint) != models(&request.joint) {
        let message = format!("run `{id}` was of the models behind a replication");
        return Err(Error::usage(message).hint("add what it was run with: `--all`, or `--dag`"));
    }
    if run.pipeline != plan.pipeline {
        let message = format!(
            "run `{id}` was of pipeline `{}`, not `{}`",
            run.pipeline, plan.pipeline
        );
        let hint = match run.joint {
            Some(_) => format!(
                "add `--pipeline {}`, or go on with all pipelines of its run by `--dag`",
                run.pipeline
            ),
            None => format!("add `--pipeline {}`", run.pipeline),
        };
        return Err(Error::usage(message).hint(hint));
    }
    same_filter(&run, &filter)?;
    ended(reader, id)?;
    // Of several pipelines each is planned, so that what is gone since is seen.
    if run.status == RunStatus::Success && wanted.is_some() && request.joint.is_none() {
        let message = format!("run `{id}` succeeded: there is nothing to go on with");
        return Err(Error::usage(message).hint("run without `--resume`"));
    }
    let done = reader.progress_of_chain(id)?;
    let mut redone: Vec<bool> = Vec::with_capacity(plan.tasks.len());
    for task in &plan.tasks {
        let over = task
            .depends_on
            .iter()
            .any(|i| redone.get(*i).copied().unwrap_or(true));
        // What has gone since is not done; nor is, when everything is to be rebuilt, what was done in another way.
        let gone = matches!(task.fact, Fact::Absent);
        let other = |e: &ModelExecution| request.full_refresh && e.sql_hash != task.sql_hash;
        let earlier = done
            .get(&task.name)
            .filter(|e| e.status == TaskStatus::Success && e.basis == task.identity())
            .filter(|e| !gone && !other(e));
        let again = over || earlier.is_none();
        redone.push(again);
        if let (false, Some(earlier)) = (again, earlier) {
            let reason = match &earlier.run_id {
                id if id.is_empty() => format!("done by {}", run.run_id),
                id => format!("done by {id}"),
            };
            skip.insert(task.name.clone(), reason);
        }
    }
    reduced.resumed_from = Some(run.run_id);
    Ok(())
}

/// A run that was named.
pub(crate) fn known(reader: &StateReader, id: &str) -> Result<RunRecord> {
    match reader.run(id)? {
        Some(run) => Ok(run),
        None => {
            let runs = reader.runs(None, 100)?;
            let near = suggest::nearest(id, runs.iter().map(|r| r.run_id.as_str()));
            Err(unknown(id, near.map(str::to_owned)))
        }
    }
}

pub(crate) fn unknown(id: &str, near: Option<String>) -> Error {
    let error = Error::new(ErrorKind::NotFound, format!("run `{id}` is not known"));
    error.hint(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`rocky history` lists the runs".to_owned(),
    })
}

/// What was left of some tables is not what is left of others.
pub(crate) fn same_filter(run: &RunRecord, filter: &str) -> Result<()> {
    if run.filter == filter {
        return Ok(());
    }
    let shown = |f: &str| match f {
        "" => "no filter".to_owned(),
        f => format!("filter `{f}`"),
    };
    let message = format!(
        "run `{}` had {}, this one has {}",
        run.run_id,
        shown(&run.filter),
        shown(filter)
    );
    Err(Error::usage(message).hint("resume with the filter that the run had"))
}

/// Nobody in this process is at it.
pub(crate) fn ended(reader: &StateReader, id: &str) -> Result<()> {
    match reader.is_active(id) {
        true => Err(Error::new(
            ErrorKind::Locked,
            format!("run `{id}` is still under way"),
        )),
        false => Ok(()),
    }
}

fn nothing_to_resume(plan: &Plan) -> Error {
    let message = format!(
        "pipeline `{}` has no run to go on with: its last one succeeded, or there is none with this filter",
        plan.pipeline
    );
    Error::new(ErrorKind::NotFound, message)
        .hint("run without `--resume-latest`; `rocky history` lists the runs")
}
