//! The models that a request means; see [`rocky_project::select`].

use crate::project::Project;
use crate::verbs::run::RunRequest;
use rocky_base::{CancelToken, Observer, Result};
use rocky_project::Snapshot;
use rocky_project::diff::{Definition, ModelChange, ModelDiff, compare};

impl Project {
    /// `None`: all of them.
    pub(crate) fn selected(
        &self,
        snapshot: &Snapshot,
        request: &RunRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Option<Vec<u32>>> {
        if request.models.is_empty() && request.exclude.is_empty() {
            return Ok(None);
        }
        // Edited itself: what only differs through its inputs is reached with `+`.
        let mut changed = |revision: &str| -> Result<Vec<u32>> {
            let (old, _) = self.other(revision, &request.vars, observer, cancel)?;
            let difference = self
                .engine
                .inner
                .pool
                .install(|| compare(&old, snapshot, cancel))?;
            // An edited text that is proved to mean the same is no change.
            let same = |m: &ModelDiff| m.identical && m.definition.iter().all(|d| *d == Definition::Query);
            let own = difference.models.iter().filter(|m| match m.change {
                ModelChange::Added => true,
                ModelChange::Changed => !same(m),
                ModelChange::Removed | ModelChange::Affected => false,
            });
            Ok(own
                .filter_map(|m| snapshot.model(&m.name).map(|(id, _)| id))
                .collect())
        };
        rocky_project::select::select(snapshot, &request.models, &request.exclude, &mut changed).map(Some)
    }
}
