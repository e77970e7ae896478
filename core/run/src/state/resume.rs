//! What a resumed run needs: which run to go on with, and what it and the runs before it had done.

use super::reader::{execution, models_of, run_in};
use super::records::{JointRun, ModelExecution, RunRecord};
use super::tables::{RUN_HISTORY, RUN_PROGRESS, RUN_TIMES};
use super::{StateReader, failed};
use crate::report::{RunStatus, TaskStatus};
use redb::ReadableTable;
use rocky_base::{Result, SmolStr};
use std::collections::{BTreeMap, HashMap, HashSet};

impl StateReader {
    /// A run, without its models.
    pub fn run(&self, run_id: &str) -> Result<Option<RunRecord>> {
        let path = self.path();
        self.read(|transaction| {
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            run_in(path, &history, run_id)
        })
    }

    /// What became of the models and tables of a run so far, in the plan's order.
    pub fn progress_of(&self, run_id: &str) -> Result<Vec<ModelExecution>> {
        let path = self.path();
        self.read(|transaction| {
            let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            models_of(path, &progress, run_id)
        })
    }

    /// The run that `--resume-latest` goes on with: the newest of this pipeline and filter that tried something, unless it
    /// succeeded. Runs of other pipelines and filters, and runs that are under way in this process, do not count.
    pub fn latest_resumable(&self, pipeline: &str, filter: &str) -> Result<Option<RunRecord>> {
        let path = self.path();
        self.read(|transaction| {
            let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            for entry in times.iter().map_err(failed(path))?.rev() {
                let (key, _) = entry.map_err(failed(path))?;
                let (_, run_id) = key.value();
                if self.is_active(run_id) {
                    continue;
                }
                let Some(run) = run_in(path, &history, run_id)? else {
                    continue;
                };
                let own = run.joint.as_ref().is_none_or(|j| j.part == pipeline);
                if run.pipeline != pipeline || run.filter != filter || !own {
                    continue;
                }
                if run.status == RunStatus::Success {
                    return Ok(None);
                }
                let tried = || -> Result<bool> {
                    let executions = models_of(path, &progress, run_id)?;
                    Ok(executions.iter().any(|e| e.status != TaskStatus::Skipped))
                };
                if run.resumed_from.is_some() || tried()? {
                    return Ok(Some(run));
                }
            }
            Ok(None)
        })
    }

    /// The same of the runs over several pipelines that are `wanted` and have this filter: the name of the newest of which a part
    /// tried something, whether it succeeded or not.
    pub fn latest_joint(&self, filter: &str, wanted: &dyn Fn(&JointRun) -> bool) -> Result<Option<String>> {
        let path = self.path();
        self.read(|transaction| {
            let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            for entry in times.iter().map_err(failed(path))?.rev() {
                let (key, _) = entry.map_err(failed(path))?;
                let (_, run_id) = key.value();
                let Some(run) = run_in(path, &history, run_id)?.filter(|r| r.filter == filter) else {
                    continue;
                };
                let Some(joint) = run.joint.as_ref().filter(|j| wanted(j)) else {
                    continue;
                };
                let known = run.status == RunStatus::Success || joint.resumed_from.is_some();
                let tried = || -> Result<bool> {
                    let executions = models_of(path, &progress, run_id)?;
                    Ok(executions.iter().any(|e| e.status != TaskStatus::Skipped))
                };
                if known || tried()? {
                    return Ok(Some(joint.run_id.clone()));
                }
            }
            Ok(None)
        })
    }

    /// By part, the last run of it in a run over several pipelines, or in those that this one goes on with.
    pub fn joint_parts(&self, run_id: &str) -> Result<BTreeMap<SmolStr, RunRecord>> {
        let path = self.path();
        self.read(|transaction| {
            let times = transaction.open_table(RUN_TIMES).map_err(failed(path))?;
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            // By joint run, its parts, newest first.
            let mut all: HashMap<String, Vec<(JointRun, RunRecord)>> = HashMap::new();
            for entry in times.iter().map_err(failed(path))?.rev() {
                let (key, _) = entry.map_err(failed(path))?;
                let run = run_in(path, &history, key.value().1)?;
                if let Some(run) = run
                    && let Some(joint) = run.joint.clone()
                {
                    all.entry(joint.run_id.clone()).or_default().push((joint, run));
                }
            }
            let mut parts = BTreeMap::new();
            let mut next = Some(run_id.to_owned());
            // Taken out, so that a chain that bites its tail ends.
            while let Some(of) = next.take().and_then(|id| all.remove(&id)) {
                for (joint, run) in of {
                    if next.is_none() {
                        next.clone_from(&joint.resumed_from);
                    }
                    parts.entry(joint.part).or_insert(run);
                }
            }
            Ok(parts)
        })
    }

    /// A run and the runs that it goes on with, newest first. Ends where a run is no longer remembered.
    pub fn resume_chain(&self, run_id: &str) -> Result<Vec<RunRecord>> {
        let path = self.path();
        self.read(|transaction| {
            let history = transaction.open_table(RUN_HISTORY).map_err(failed(path))?;
            let mut chain: Vec<RunRecord> = Vec::new();
            let mut seen = HashSet::new();
            let mut next = Some(run_id.to_owned());
            while let Some(run_id) = next.take().filter(|run_id| seen.insert(run_id.clone())) {
                if let Some(run) = run_in(path, &history, &run_id)? {
                    next = run.resumed_from.clone();
                    chain.push(run);
                }
            }
            Ok(chain)
        })
    }

    /// By model or table, what became of it when it was last tried in a run or in those that it goes on with: what has
    /// [`TaskStatus::Success`] need not be done again.
    pub fn progress_of_chain(&self, run_id: &str) -> Result<BTreeMap<SmolStr, ModelExecution>> {
        let chain = self.resume_chain(run_id)?;
        let path = self.path();
        self.read(|transaction| {
            let progress = transaction.open_table(RUN_PROGRESS).map_err(failed(path))?;
            let mut found: BTreeMap<SmolStr, ModelExecution> = BTreeMap::new();
            for run in &chain {
                let (from, to) = (run.run_id.as_str(), format!("{}\0", run.run_id));
                for entry in progress
                    .range((from, "")..(to.as_str(), ""))
                    .map_err(failed(path))?
                {
                    let (key, value) = entry.map_err(failed(path))?;
                    let (run_id, model) = key.value();
                    if found.contains_key(model) {
                        continue;
                    }
                    let execution = execution(path, run_id, model, value.value())?;
                    if execution.status != TaskStatus::Skipped {
                        found.insert(execution.model_name.clone(), execution);
                    }
                }
            }
            Ok(found)
        })
    }

    /// A run that nobody is at any more, as far as can be told: see [`StateReader::stale_partitions`].
    pub(super) fn has_ended(&self, run_id: &str, run: Option<&RunRecord>) -> bool {
        if self.is_active(run_id) {
            return false;
        }
        let Some(run) = run else { return true };
        if run.finished_at.is_some() || self.is_of_writer() {
            return true;
        }
        // A record without a process is of schema version 100: nothing can be told of it, and nothing is in progress by it.
        run.process.as_ref().and_then(super::Process::is_alive) == Some(false)
    }
}
