//! `skip_unchanged` for copied tables: one is left alone when it would be copied in the same way from the same rows as when it was copied last.
//!
//! The rows of a source are known by a fingerprint, which reads them all, as for models. Those of a table in a database file of its own need not
//! be read while that file has the stamp that it had then.

use super::unchanged::{Built, Memory, Notes};
use super::{ModelDecision, Reduced};
use rocky_base::{CancelToken, Result, SmolStr};
use rocky_plan::replication::TableCopy;
use rocky_plan::{Fact, Plan, StepKind, Task};
use rocky_project::hash::Hasher128;
use rocky_warehouse::{RelationName, Warehouse};
use rustc_hash::FxHashMap;

/// The entry of a note's sources that has the stamp of the file that the table is in.
const FILE: &str = "@file";

/// A table that a plan copies.
pub(crate) struct Copy {
    /// How it is copied: everything that decides, but the rows and what is in the target.
    meaning: String,
    source: RelationName,
    /// The stamp of its file, where that proves its rows.
    stamp: Option<String>,
}

impl Copy {
    pub(crate) fn new(copy: &TableCopy, stamp: Option<String>) -> Copy {
        let mut hasher = Hasher128::new();
        hasher.str(&format!(
            "{:?}",
            (&copy.strategy, &copy.timestamp_column, &copy.target)
        ));
        for column in &copy.metadata {
            hasher
                .str(&format!("{:?}", (&column.name, &column.ty)))
                .str(&column.sql);
        }
        Copy {
            meaning: format!("{:032x}", hasher.finish()),
            source: copy.source.clone(),
            stamp,
        }
    }

    fn built(&self, task: &Task, print: &str) -> Built {
        let mut sources = std::collections::BTreeMap::new();
        sources.insert(self.source.display(), print.to_owned());
        if let Some(stamp) = &self.stamp {
            sources.insert(FILE.to_owned(), stamp.clone());
        }
        Built {
            basis: task.basis.clone(),
            checks: super::unchanged::checks(task),
            meaning: self.meaning.clone(),
            sources,
            ..Built::default()
        }
    }
}

/// Decide about the tasks of a replication. `copies` are those of the tasks, in their order.
pub(super) fn decide(
    copies: &[Copy],
    plan: &Plan,
    before: Notes,
    (full_refresh, warehouse): (bool, Option<&dyn Warehouse>),
    skip: &mut FxHashMap<SmolStr, String>,
    reduced: &mut Reduced,
    cancel: &CancelToken,
) -> Result<()> {
    let mut into: FxHashMap<&str, usize> = FxHashMap::default();
    for task in &plan.tasks {
        *into.entry(task.full_name.as_str()).or_default() += 1;
    }
    // What the stamp of the file does not prove is read, all of it at once.
    let remembered: Vec<Option<&str>> = plan
        .tasks
        .iter()
        .zip(copies)
        .map(|(task, copy)| {
            let sources = &before.get(&task.full_name)?.sources;
            let same = copy.stamp.is_some() && sources.get(FILE) == copy.stamp.as_ref();
            sources
                .get(&copy.source.display())
                .filter(|_| same)
                .map(String::as_str)
        })
        .collect();
    let unknown: Vec<usize> = (0..copies.len())
        .filter(|i| remembered.get(*i).is_some_and(Option::is_none))
        .collect();
    let names: Vec<RelationName> = unknown
        .iter()
        .filter_map(|i| copies.get(*i).map(|c| c.source.clone()))
        .collect();
    let read = match warehouse {
        Some(warehouse) if !names.is_empty() => warehouse.fingerprints(&names, cancel)?,
        _ => Vec::new(),
    };
    let mut prints: Vec<Option<String>> = remembered.iter().map(|p| p.map(str::to_owned)).collect();
    for (index, print) in unknown.into_iter().zip(read) {
        if let Some(slot) = prints.get_mut(index) {
            *slot = print;
        }
    }
    let mut made: FxHashMap<SmolStr, Built> = FxHashMap::default();
    for ((task, copy), print) in plan.tasks.iter().zip(copies).zip(prints) {
        if let Some(print) = &print {
            made.insert(task.name.clone(), copy.built(task, print));
        }
        if skip.contains_key(&task.name) {
            continue;
        }
        let alone = into.get(task.full_name.as_str()) == Some(&1);
        let outcome = match full_refresh {
            true => Err("a full refresh was asked for".to_owned()),
            false => unchanged(task, copy, print.as_deref(), before.get(&task.full_name), alone),
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
    reduced.memory = Some(Memory::of_copies(made, before));
    Ok(())
}

/// Why the table may be left alone, or why not.
fn unchanged(
    task: &Task,
    copy: &Copy,
    print: Option<&str>,
    before: Option<&Built>,
    alone: bool,
) -> Result<String, String> {
    if let Some(error) = task.steps.iter().find_map(|s| match &s.kind {
        StepKind::Refuse { error, .. } => Some(error.clone()),
        _ => None,
    }) {
        return Err(error);
    }
    if !alone {
        return Err("more than one table is copied into it".to_owned());
    }
    match &task.fact {
        Fact::Table(_) | Fact::View | Fact::Kept => {}
        Fact::Absent => return Err("its target does not exist".to_owned()),
        Fact::Unknown => return Err("it is not known whether its target exists".to_owned()),
    }
    if task.drift.as_ref().is_some_and(|d| !d.actions.is_empty()) {
        return Err("its columns are not those of its source".to_owned());
    }
    let Some(built) = before else {
        return Err("it is not known what its target was copied from".to_owned());
    };
    if built.meaning.is_empty() {
        return Err(format!(
            "its target was copied by {} without `skip_unchanged`",
            built.run_id
        ));
    }
    if built.checks != super::unchanged::checks(task) {
        return Err("its checks changed".to_owned());
    }
    if built.meaning != copy.meaning || built.basis != task.basis {
        return Err("it is copied in another way than before".to_owned());
    }
    let name = copy.source.display();
    match (print, built.sources.get(&name)) {
        (Some(now), Some(then)) if now == then => Ok(format!("unchanged since {}", built.run_id)),
        (Some(_), Some(_)) => Err(format!("`{name}` changed")),
        _ => Err(format!("it cannot be told whether `{name}` changed")),
    }
}
