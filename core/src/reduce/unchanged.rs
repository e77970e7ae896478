//! `skip_unchanged`: a model is left alone when its query means what it meant, its target is there, and nothing that it reads has
//! changed since it was built. Whatever cannot be proved is built, and the reason says what was lacking.
//!
//! What a build was made from is a note in the state (`built`, by pipeline): the hash of everything that the analysis read, the hash
//! of its meaning, for each model that it read that model's build, for each source a fingerprint of its rows, taken before the build. A
//! build by a run without the flag replaces the note with one that proves nothing.

use super::{ModelDecision, Reduced};
use crate::prepare::Prepared;
use crate::verbs::run::RunRequest;
use jiff::Timestamp;
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Error, ErrorKind, Result, SmolStr};
use rocky_config::StrategyKind;
use rocky_plan::{Fact, Plan, Task};
use rocky_project::diff::own_meaning;
use rocky_project::{InputRelation, Snapshot};
use rocky_run::report::{RunReport, TaskStatus};
use rocky_run::{StateReader, StateStore};
use rocky_warehouse::{RelationName, Strategy};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

const KIND: &str = "built";

/// What a target was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Built {
    /// The run that built it.
    pub(super) run_id: String,
    /// Hash of everything that the analysis read; of a copy, that of its columns.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) basis: String,
    /// Hash of the checks that it passed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) checks: String,
    /// Hash of the query's meaning; empty: nothing is proved by this build.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) meaning: String,
    /// Why nothing is proved by this build.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) unproved: String,
    /// By model that it read, the run that had built that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) models: BTreeMap<SmolStr, String>,
    /// By source that it read, its fingerprint.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sources: BTreeMap<String, String>,
}

pub(super) type Notes = BTreeMap<String, Built>;

/// What is to be written when the run is over.
pub(crate) struct Memory {
    snapshot: Option<Arc<Snapshot>>,
    /// Fingerprints of sources, before the run; empty when they were not asked for.
    prints: FxHashMap<u32, Option<String>>,
    /// What was known before.
    before: Notes,
    /// The run had the flag: its builds can be proved from.
    proves: bool,
    /// Names of the models that the plan had, by number.
    planned: FxHashMap<SmolStr, u32>,
    /// What each of them is to pass, where that is something.
    checks: FxHashMap<SmolStr, String>,
    /// What copied tables are made from, by task.
    copies: FxHashMap<SmolStr, Built>,
}

fn notes(reader: Option<&StateReader>, pipeline: &str) -> Result<Option<Notes>> {
    let Some(note) = reader.map(|r| r.note(KIND, pipeline)).transpose()?.flatten() else {
        return Ok(None);
    };
    // What another release wrote proves nothing.
    Ok(Some(serde_json::from_value(note.value).unwrap_or_default()))
}

/// What a model reads, through ephemeral models.
#[derive(Default)]
struct Reads {
    models: Vec<u32>,
    sources: Vec<u32>,
    itself: bool,
    meaning: u128,
    volatile: Option<SmolStr>,
}

fn reads(snapshot: &Snapshot, id: u32, with_meaning: bool) -> Reads {
    let mut found = Reads::default();
    let mut seen: FxHashSet<u32> = FxHashSet::default();
    let mut work = vec![id];
    let mut meanings = Vec::new();
    while let Some(at) = work.pop() {
        let Some(model) = snapshot.models.get(at as usize).filter(|_| seen.insert(at)) else {
            continue;
        };
        if with_meaning {
            let (hash, volatile) = own_meaning(snapshot, at);
            meanings.push((model.name.clone(), hash));
            found.volatile = found.volatile.or(volatile);
        }
        for input in &model.inputs {
            match input {
                InputRelation::Own => found.itself = true,
                InputRelation::Source(s) => found.sources.push(*s),
                InputRelation::Model(m) => match snapshot.models.get(*m as usize) {
                    Some(input) if matches!(input.strategy.kind, StrategyKind::Ephemeral) => work.push(*m),
                    _ => found.models.push(*m),
                },
            }
        }
    }
    for list in [&mut found.models, &mut found.sources] {
        list.sort_unstable();
        list.dedup();
    }
    meanings.sort();
    let mut hasher = rocky_project::hash::Hasher128::new();
    for (name, hash) in &meanings {
        hasher.bytes(name.as_bytes()).bytes(&hash.to_le_bytes());
    }
    found.meaning = hasher.finish();
    found
}

/// Hash of what a task has to pass; empty when that is nothing.
pub(super) fn checks(task: &Task) -> String {
    if task.checks.is_empty() {
        return String::new();
    }
    let mut hasher = rocky_project::hash::Hasher128::new();
    for check in &task.checks {
        hasher
            .str(&check.name)
            .str(&format!("{:?} {} {:?}", check.severity, check.gates, check.judge));
        for query in &check.queries {
            hasher.str(&query.sql);
        }
    }
    format!("{:032x}", hasher.finish())
}

pub(super) fn decide(
    request: &RunRequest,
    prepared: &Prepared,
    reader: Option<&StateReader>,
    plan: &Plan,
    skip: &mut FxHashMap<SmolStr, String>,
    reduced: &mut Reduced,
    cancel: &CancelToken,
) -> Result<()> {
    if request.skip_unchanged && request.force_rebuild {
        return Err(Error::usage(
            "`skip_unchanged` and `force_rebuild` exclude each other",
        ));
    }
    let wanted = (request.skip_unchanged || prepared.skip_unchanged) && !request.force_rebuild;
    let before = notes(reader, &plan.pipeline)?;
    let Some(snapshot) = &prepared.snapshot else {
        return match reduced.copies.take() {
            Some(copies) if wanted => {
                let with = (request.full_refresh, prepared.warehouse.as_deref());
                let before = before.unwrap_or_default();
                super::copies::decide(&copies, plan, before, with, skip, reduced, cancel)
            }
            Some(_) => {
                // A copy that proves nothing must still replace one that does.
                reduced.memory = before.map(|before| Memory {
                    proves: false,
                    ..Memory::of_copies(FxHashMap::default(), before)
                });
                Ok(())
            }
            None if request.skip_unchanged => Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "`skip_unchanged` is for models and copied tables; pipeline `{}` has none",
                    plan.pipeline
                ),
            )),
            None => Ok(()),
        };
    };
    let planned: FxHashMap<SmolStr, u32> = plan
        .tasks
        .iter()
        .filter_map(|t| snapshot.model(&t.name).map(|(id, _)| (t.name.clone(), id)))
        .collect();
    if !wanted {
        // Builds that prove nothing must still replace those that do.
        reduced.memory = before.map(|before| Memory {
            snapshot: None,
            prints: FxHashMap::default(),
            before,
            proves: false,
            planned,
            checks: FxHashMap::default(),
            copies: FxHashMap::default(),
        });
        return Ok(());
    }
    let before = before.unwrap_or_default();

    // Fingerprints of all sources that a planned model reads, at once.
    let mut sources: Vec<u32> = Vec::new();
    let mut of_task: Vec<Option<(u32, Reads)>> = Vec::with_capacity(plan.tasks.len());
    for task in &plan.tasks {
        cancel.check()?;
        let entry = planned
            .get(&task.name)
            .map(|id| (*id, reads(snapshot, *id, false)));
        if let Some((_, reads)) = &entry {
            sources.extend(&reads.sources);
        }
        of_task.push(entry);
    }
    sources.sort_unstable();
    sources.dedup();
    let relations: Vec<(u32, RelationName)> = sources
        .iter()
        .filter_map(|s| {
            let source = snapshot.sources.get(*s as usize).filter(|s| !s.file)?;
            Some((*s, source.name.clone()))
        })
        .collect();
    let names: Vec<RelationName> = relations.iter().map(|(_, name)| name.clone()).collect();
    let found: Vec<Option<String>> = match (&prepared.look, &prepared.warehouse) {
        (Some(look), _) if look.is_remembered() => {
            names.iter().map(|n| look.print(n).map(str::to_owned)).collect()
        }
        (_, Some(warehouse)) if !names.is_empty() => warehouse.fingerprints(&names, cancel)?,
        _ => Vec::new(),
    };
    reduced.unproved = prepared.look.as_ref().is_some_and(|l| l.is_remembered()) && found.contains(&None);
    let named = names.iter().zip(&found);
    reduced.prints = named
        .filter_map(|(name, print)| Some((name.display(), print.clone()?)))
        .collect();
    let prints: FxHashMap<u32, Option<String>> = relations
        .iter()
        .map(|(id, _)| *id)
        .zip(found.into_iter().chain(std::iter::repeat(None)))
        .collect();

    let built_by = |name: &str| -> String {
        let target = snapshot.model(name).map(|(_, m)| m.target_parts.join("."));
        target
            .and_then(|t| before.get(&t))
            .map(|b| b.run_id.clone())
            .unwrap_or_default()
    };
    for (task, entry) in plan.tasks.iter().zip(&of_task) {
        if skip.contains_key(&task.name) {
            continue;
        }
        let outcome = match entry {
            None => Err("it is not a model".to_owned()),
            Some((id, reads)) => {
                let unchanged = Unchanged {
                    snapshot,
                    before: &before,
                    prints: &prints,
                    skip,
                    planned: &planned,
                    built_by: &built_by,
                };
                unchanged.proved(task, *id, reads, request.full_refresh)
            }
        };
        let (decision, reason) = match outcome {
            Ok(reason) => {
                skip.insert(task.name.clone(), reason.clone());
                ("skip", reason)
            }
            Err(reason) => ("build", reason),
        };
        reduced.decisions.push(ModelDecision {
            model: task.name.to_string(),
            decision: decision.to_owned(),
            reason,
        });
    }
    reduced.memory = Some(Memory {
        snapshot: Some(snapshot.clone()),
        prints,
        before,
        proves: true,
        planned,
        checks: plan
            .tasks
            .iter()
            .filter(|t| !t.checks.is_empty())
            .map(|t| (t.name.clone(), checks(t)))
            .collect(),
        copies: FxHashMap::default(),
    });
    Ok(())
}

struct Unchanged<'a> {
    snapshot: &'a Snapshot,
    before: &'a Notes,
    prints: &'a FxHashMap<u32, Option<String>>,
    skip: &'a FxHashMap<SmolStr, String>,
    planned: &'a FxHashMap<SmolStr, u32>,
    built_by: &'a dyn Fn(&str) -> String,
}

impl Unchanged<'_> {
    /// Why the model may be left alone, or why not.
    fn proved(&self, task: &Task, id: u32, reads: &Reads, full_refresh: bool) -> Result<String, String> {
        let snapshot = self.snapshot;
        let Some(model) = snapshot.models.get(id as usize) else {
            return Err("it is not a model".to_owned());
        };
        if full_refresh {
            return Err("a full refresh was asked for".to_owned());
        }
        if matches!(
            model.strategy.kind,
            StrategyKind::TimeInterval { .. } | StrategyKind::Microbatch { .. }
        ) {
            return Err(
                "its windows are chosen by the run; `--missing` leaves out those that are computed"
                    .to_owned(),
            );
        }
        match &task.fact {
            Fact::Table(_) | Fact::View | Fact::Kept => {}
            Fact::Absent => return Err("its target does not exist".to_owned()),
            Fact::Unknown => return Err("it is not known whether its target exists".to_owned()),
        }
        if matches!(task.fact, Fact::View) != (task.strategy == Strategy::View) {
            return Err("its target is of another kind than it was built as".to_owned());
        }
        if let Fact::Table(columns) = &task.fact {
            let wanted = &model.schema().columns;
            let fold = |name: &SmolStr| snapshot.dialect.fold(name, true, IdentKind::Column);
            let there: FxHashSet<&SmolStr> = columns.iter().collect();
            if let Some(gone) = wanted.iter().find(|c| !there.contains(&fold(&c.name))) {
                return Err(format!("its target has no column `{}`", gone.name));
            }
        }
        let Some(built) = self.before.get(&task.full_name) else {
            return Err("it is not known what its target was built from".to_owned());
        };
        if built.meaning.is_empty() {
            return Err(match built.unproved.as_str() {
                "" => format!(
                    "its target was built by {} without `skip_unchanged`",
                    built.run_id
                ),
                why => why.to_owned(),
            });
        }
        if built.basis != task.basis {
            // The text, or what is known of its inputs, differs: it may still mean the same.
            let now = self::reads(snapshot, id, true);
            if format!("{:032x}", now.meaning) != built.meaning {
                return Err("its query changed".to_owned());
            }
        }
        if built.checks != checks(task) {
            return Err("its checks changed".to_owned());
        }
        if built.models.len() != reads.models.len() || built.sources.len() != reads.sources.len() {
            return Err("what it reads is not what it was built from".to_owned());
        }
        for input in &reads.models {
            let Some(name) = snapshot.models.get(*input as usize).map(|m| &m.name) else {
                return Err("what it reads is not known".to_owned());
            };
            if self.planned.contains_key(name) && !self.skip.contains_key(name) {
                return Err(format!("`{name}`, which it reads, is built"));
            }
            let then = built.models.get(name);
            if then.is_none_or(|then| then.is_empty() || *then != (self.built_by)(name)) {
                return Err(format!("`{name}`, which it reads, was built since"));
            }
        }
        for source in &reads.sources {
            let Some(source_of) = snapshot.sources.get(*source as usize) else {
                return Err("what it reads is not known".to_owned());
            };
            let name = source_of.name.display();
            match (self.prints.get(source), built.sources.get(&name)) {
                (Some(Some(now)), Some(then)) if now == then => {}
                (Some(Some(_)), Some(_)) => return Err(format!("`{name}` changed")),
                _ => return Err(format!("it cannot be told whether `{name}` changed")),
            }
        }
        Ok(format!("unchanged since {}", built.run_id))
    }
}

impl Memory {
    /// Of a replication.
    pub(super) fn of_copies(copies: FxHashMap<SmolStr, Built>, before: Notes) -> Memory {
        Memory {
            snapshot: None,
            prints: FxHashMap::default(),
            before,
            proves: true,
            planned: FxHashMap::default(),
            checks: FxHashMap::default(),
            copies,
        }
    }

    /// Before anything is built: what is about to be built is no longer what the note says, whatever becomes of the run.
    pub(crate) fn begin(&self, state: &StateStore, plan: &Plan, at: Timestamp) -> Result<()> {
        if !plan.tasks.iter().any(|t| self.before.contains_key(&t.full_name)) {
            return Ok(());
        }
        state
            .update_note(KIND, &plan.pipeline, |note| {
                let mut all: Notes = note
                    .and_then(|n| serde_json::from_value(n.value.clone()).ok())
                    .unwrap_or_default();
                for task in &plan.tasks {
                    all.remove(&task.full_name);
                }
                let value = serde_json::to_value(&all)
                    .map_err(|e| Error::bug(format!("a note cannot be written as JSON: {e}")))?;
                Ok(Some((value, at)))
            })
            .map(drop)
    }

    /// Remember what a run built.
    pub(crate) fn write(
        self,
        state: &StateStore,
        report: &RunReport,
        bases: &FxHashMap<SmolStr, String>,
        at: Timestamp,
    ) -> Result<()> {
        let tried: FxHashMap<&SmolStr, TaskStatus> =
            report.tasks.iter().map(|t| (&t.name, t.status)).collect();
        let run_of = |name: &SmolStr, target: &str| -> String {
            match tried.get(name) {
                Some(TaskStatus::Success) => report.run_id.clone(),
                // Failed, or interrupted: what is there now is not known.
                Some(TaskStatus::Failed) => String::new(),
                Some(TaskStatus::Skipped) | None => self
                    .before
                    .get(target)
                    .map(|b| b.run_id.clone())
                    .unwrap_or_default(),
            }
        };
        let mut changes: Vec<(String, Option<Built>)> = Vec::new();
        for task in &report.tasks {
            match task.status {
                TaskStatus::Skipped if task.started_at.is_none() => continue,
                // It may have been written in part.
                TaskStatus::Failed | TaskStatus::Skipped => {
                    changes.push((task.full_name.clone(), None));
                    continue;
                }
                // Nothing is left alone that does not pass its checks.
                TaskStatus::Success if task.is_blocked() => {
                    changes.push((task.full_name.clone(), None));
                    continue;
                }
                TaskStatus::Success => {}
            }
            let mut built = Built {
                run_id: report.run_id.clone(),
                ..self.copies.get(&task.name).cloned().unwrap_or_default()
            };
            if let (true, Some(snapshot), Some(id)) =
                (self.proves, &self.snapshot, self.planned.get(&task.name))
            {
                let reads = reads(snapshot, *id, true);
                let mut models = BTreeMap::new();
                for input in &reads.models {
                    if let Some(model) = snapshot.models.get(*input as usize) {
                        let run = run_of(&model.name, &model.target_parts.join("."));
                        models.insert(model.name.clone(), run);
                    }
                }
                let mut sources = BTreeMap::new();
                for source in &reads.sources {
                    let name = snapshot.sources.get(*source as usize).map(|s| s.name.display());
                    match (name, self.prints.get(source)) {
                        (Some(name), Some(Some(print))) => {
                            sources.insert(name, print.clone());
                        }
                        (name, _) => {
                            let name = name.unwrap_or_default();
                            built.unproved = format!("it cannot be told whether `{name}` changed");
                        }
                    }
                }
                if let Some(what) = &reads.volatile {
                    built.unproved = format!("two builds of it differ: `{what}`");
                }
                if reads.itself {
                    "it reads its own target".clone_into(&mut built.unproved);
                }
                if built.unproved.is_empty() {
                    built.basis = bases.get(&task.name).cloned().unwrap_or_default();
                    built.meaning = format!("{:032x}", reads.meaning);
                    built.checks = self.checks.get(&task.name).cloned().unwrap_or_default();
                    built.models = models;
                    built.sources = sources;
                }
            }
            changes.push((task.full_name.clone(), Some(built)));
        }
        if changes.is_empty() {
            return Ok(());
        }
        state
            .update_note(KIND, &report.pipeline, |note| {
                let mut all: Notes = note
                    .and_then(|n| serde_json::from_value(n.value.clone()).ok())
                    .unwrap_or_default();
                for (target, built) in changes {
                    match built {
                        Some(built) => all.insert(target, built),
                        None => all.remove(&target),
                    };
                }
                let value = serde_json::to_value(&all)
                    .map_err(|e| Error::bug(format!("a note cannot be written as JSON: {e}")))?;
                Ok(Some((value, at)))
            })
            .map(drop)
    }
}
