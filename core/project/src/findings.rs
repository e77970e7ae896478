//! The findings of one model, put together from its files, its place in the graph, its query, strategy and contract. What
//! follows from the query, the strategy and the contract alone is remembered by the hash of these.

use crate::analyse::Analysed;
use crate::check;
use crate::hash::Hasher128;
use crate::link::{self, Depends, Resolved, Target};
use crate::load::LoadedModel;
use crate::memo::Checked;
use crate::snapshot::Contract;
use crate::unit::{self, Unit};
use rocky_base::{Diagnostic, Dialect, Files};
use std::sync::Arc;

/// What the checks of one model look at.
pub struct Subject<'a> {
    /// Its files.
    pub loaded: &'a LoadedModel,
    /// Its target and strategy.
    pub target: &'a Target,
    /// Its text.
    pub unit: &'a Unit,
    /// Its columns.
    pub analysed: &'a Analysed,
    /// Its contract, with the hash of its text.
    pub contract: Option<(&'a Contract, u128)>,
    /// The dialect.
    pub dialect: Dialect,
}

impl Subject<'_> {
    fn key(&self) -> u128 {
        let mut hasher = Hasher128::new();
        hasher
            .str(crate::BUILD)
            .u128(self.loaded.hash())
            .u128(self.unit.key())
            .u128(self.unit.hash())
            .u128(self.analysed.key())
            .u32(self.dialect as u32)
            .u32(u32::from(self.contract.is_some()));
        if let Some((contract, hash)) = self.contract {
            hasher.u32(contract.file.0).u128(hash);
        }
        hasher.finish()
    }

    /// Findings in the query, the strategy and the contract: `old` when nothing of them changed.
    pub fn checked(&self, old: Option<&Arc<Checked>>) -> Arc<Checked> {
        let key = self.key();
        if let Some(old) = old.filter(|old| old.key == key) {
            return old.clone();
        }
        let (loaded, unit) = (self.loaded, self.unit);
        let mut findings: Vec<Diagnostic> = unit.diagnostics().to_vec();
        if !unit.broken() {
            let found = &self.analysed.analysis().diagnostics;
            findings.extend(found.iter().cloned().map(|d| unit::locate(d, unit.origin())));
        }
        if !unit.broken() && !loaded.unreadable {
            let analysis = self.analysed.analysis();
            check::strategy(loaded, self.target, unit, analysis, self.dialect, &mut findings);
        }
        if let Some((contract, _)) = self.contract {
            check::contract(
                &loaded.name,
                contract,
                self.analysed.analysis(),
                unit.broken(),
                self.dialect,
                &mut findings,
            );
        }
        Arc::new(Checked { key, findings })
    }
}

/// All findings of a model.
pub fn all(
    loaded: &LoadedModel,
    target: &Target,
    resolved: &Resolved,
    depends: &Depends,
    checked: &Checked,
) -> Vec<Diagnostic> {
    let own = link::reads_itself(loaded, target, resolved);
    let parts = loaded
        .diagnostics
        .iter()
        .chain(&target.diagnostics)
        .chain(&own)
        .chain(&depends.diagnostics)
        .chain(&checked.findings);
    parts
        .map(|d| match d.model {
            Some(_) => d.clone(),
            None => d.clone().in_model(loaded.name.clone()),
        })
        .collect()
}

/// By file, place, code: the same on every run.
pub fn sort(diagnostics: &mut Vec<Diagnostic>, files: &Files) {
    let key = |d: &Diagnostic| {
        d.primary.as_ref().map(|l| {
            let path = files.get(l.loc.file).map(|f| f.path.clone()).unwrap_or_default();
            (path, l.loc.span)
        })
    };
    diagnostics.sort_by(|a, b| {
        key(a)
            .cmp(&key(b))
            .then_with(|| a.code.id().cmp(b.code.id()))
            .then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup();
}
