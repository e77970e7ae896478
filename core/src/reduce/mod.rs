//! Tasks of a plan that need not be executed, each with its reason: what a run that this one goes on with had done, and what is
//! unchanged since it was built.

pub(crate) mod copies;
pub(crate) mod resume;
pub(crate) mod unchanged;

use crate::prepare::Prepared;
use crate::project::Project;
use crate::verbs::run::RunRequest;
use rocky_base::{CancelToken, Result, SmolStr};
use rocky_warehouse::RelationName;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a model is built, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelDecision {
    /// The model or table.
    pub model: String,
    /// `build`, `skip`.
    pub decision: String,
    /// Why.
    pub reason: String,
}

/// A task that is left out.
pub(crate) struct LeftOut {
    pub name: SmolStr,
    pub asset_key: Vec<SmolStr>,
    pub reason: String,
}

/// What was decided about the tasks of a plan.
#[derive(Default)]
pub(crate) struct Reduced {
    pub left_out: Vec<LeftOut>,
    /// Empty unless decisions were asked for.
    pub decisions: Vec<ModelDecision>,
    /// The run that this one goes on with.
    pub resumed_from: Option<String>,
    /// What is to be remembered of the files that this run loads.
    pub ledger: Option<crate::prepare::load::Ledger>,
    /// The tables of a shadow run and their shadows.
    pub pairs: Vec<rocky_plan::shadow::Pair>,
    /// What is to be remembered of what this run builds.
    pub memory: Option<unchanged::Memory>,
    /// The tables that a replication copies, in the order of its tasks.
    pub copies: Option<Vec<copies::Copy>>,
    /// Fingerprints of the tables that were asked for, by name as displayed.
    pub prints: BTreeMap<String, String>,
    /// The warehouse was not opened, and what is remembered of it does not say all that is needed.
    pub unproved: bool,
}

impl Reduced {
    /// Production and shadow.
    pub(crate) fn names(&self) -> Vec<(RelationName, RelationName)> {
        let pairs = self.pairs.iter();
        pairs.map(|p| (p.production.clone(), p.shadow.clone())).collect()
    }
}

impl Project {
    /// Leave out of the plan what need not be executed.
    pub(crate) fn reduce(
        &self,
        request: &RunRequest,
        prepared: &mut Prepared,
        cancel: &CancelToken,
    ) -> Result<()> {
        // What was done for production says nothing of shadows.
        if request.shadow {
            prepared.reduced.ledger = None;
            return Ok(());
        }
        let Some(plan) = prepared.plan.take() else {
            return Ok(());
        };
        let reader = self.engine.inner.states.reader(self.state_path())?;
        let mut reduced = std::mem::take(&mut prepared.reduced);
        // By name, why it is left out.
        let mut skip: FxHashMap<SmolStr, String> = FxHashMap::default();
        resume::decide(request, reader.as_ref(), &plan, &mut skip, &mut reduced)?;
        unchanged::decide(
            request,
            prepared,
            reader.as_ref(),
            &plan,
            &mut skip,
            &mut reduced,
            cancel,
        )?;
        for task in &plan.tasks {
            if let Some(reason) = skip.get(&task.name) {
                reduced.left_out.push(LeftOut {
                    name: task.name.clone(),
                    asset_key: task.asset_key.clone(),
                    reason: reason.clone(),
                });
            }
        }
        prepared.plan = Some(match skip.is_empty() {
            true => plan,
            false => plan.without(&|task| skip.contains_key(&task.name)),
        });
        prepared.reduced = reduced;
        Ok(())
    }
}
