//! A snapshot whose models write elsewhere: what a shadow run is planned from.
//!
//! Invariant: nothing but where the models write differs. Names still mean the models that they meant, what clients call a model
//! (`target_parts`) stays, and no analysis is made anew.

use crate::lineage::Index;
use crate::snapshot::{Model, Snapshot};
use rocky_warehouse::RelationName;
use std::sync::{Arc, OnceLock};

impl Snapshot {
    /// The snapshot with other targets for these models.
    pub fn retargeted(&self, targets: &[(u32, RelationName)]) -> Snapshot {
        let mut models = self.models.clone();
        for (id, target) in targets {
            if let Some(model) = models.get_mut(*id as usize) {
                *model = Arc::new(model.retargeted(target.clone()));
            }
        }
        Snapshot {
            root: self.root.clone(),
            config: self.config.clone(),
            dialect: self.dialect,
            files: self.files.clone(),
            models,
            names: self.names.clone(),
            order: self.order.clone(),
            consumers: self.consumers.clone(),
            sources: self.sources.clone(),
            remembered_at: self.remembered_at,
            general: self.general.clone(),
            timings: self.timings,
            lineage: Index::default(),
            diagnostics: OnceLock::from(self.diagnostics().to_vec()),
            wrong: self.wrong.clone(),
            ground: self.ground.clone(),
        }
    }
}

impl Model {
    fn retargeted(&self, target: RelationName) -> Model {
        Model {
            name: self.name.clone(),
            name_loc: self.name_loc,
            file: self.file,
            language: self.language,
            config: self.config.clone(),
            strategy: self.strategy.clone(),
            strategy_loc: self.strategy_loc,
            target,
            target_parts: self.target_parts.clone(),
            pipeline: self.pipeline.clone(),
            unit: self.unit.clone(),
            inputs: self.inputs.clone(),
            ref_inputs: self.ref_inputs.clone(),
            depends_on: self.depends_on.clone(),
            contract: self.contract.clone(),
            findings: self.findings.clone(),
            pending: self.pending.clone(),
            has_errors: self.has_errors,
            softened: self.softened,
            analysed: self.analysed.clone(),
            checked: self.checked.clone(),
            loaded: self.loaded.clone(),
            parts: self.parts.clone(),
        }
    }
}
