//! The findings of one model, put together from its files, its place in the graph, its query, strategy and contract. What
//! follows from the query, the strategy and the contract alone is remembered by the hash of these.

use crate::analyse::Analysed;
use crate::contract;
use crate::hash::Hasher128;
use crate::levels::{Levels, Pending};
use crate::link::{self, Depends, Input, Resolved, Target};
use crate::load::LoadedModel;
use crate::memo::Checked;
use crate::snapshot::Contract;
use crate::snapshot::{InputRelation, SourceSchema};
use crate::unit::{self, Unit};
use crate::{advice, check};
use rocky_base::SmolStr;
use rocky_base::{Diagnostic, Dialect, Files, Severity};
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
        let mut over_models = Vec::new();
        if !unit.broken() {
            let found = &self.analysed.analysis().diagnostics;
            findings.extend(found.iter().cloned().map(|d| unit::locate(d, unit.origin())));
        }
        if !unit.broken() && !loaded.unreadable {
            let analysis = self.analysed.analysis();
            advice::check(
                unit,
                self.target,
                analysis,
                self.dialect,
                &mut findings,
                &mut over_models,
            );
            check::strategy(loaded, self.target, unit, analysis, self.dialect, &mut findings);
        }
        if let Some((contract, _)) = self.contract {
            let analysis = self.analysed.analysis();
            contract::check(loaded, unit, contract, analysis, self.dialect, &mut findings);
        }
        Arc::new(Checked {
            key,
            findings,
            over_models,
        })
    }
}

/// What the findings of a model depend on outside of it.
pub struct Around<'a> {
    /// Its inputs.
    pub inputs: &'a [InputRelation],
    /// Of each model: its own text is known to be wrong.
    pub broken: &'a dyn Fn(u32) -> bool,
    /// How loud findings are.
    pub levels: &'a Levels,
    /// What it uses and the target dialect lacks.
    pub constructs: Vec<(SmolStr, Diagnostic)>,
}

/// All findings of a model as they are reported, and its suppressions when it has any.
pub fn all(
    loaded: &LoadedModel,
    target: &Target,
    resolved: &Resolved,
    depends: &Depends,
    unit: &Arc<Unit>,
    checked: &Checked,
    around: Around<'_>,
) -> (Vec<Diagnostic>, Option<Pending>) {
    // A broken model has an error of its own, after which its columns are known.
    let over_models = checked.over_models.iter().filter(|(input, _)| {
        matches!(around.inputs.get(*input as usize), Some(InputRelation::Model(m))
            if !(around.broken)(*m))
    });
    let own = link::reads_itself(loaded, target, resolved);
    let parts = loaded
        .diagnostics
        .iter()
        .chain(&target.diagnostics)
        .chain(&own)
        .chain(&depends.diagnostics)
        .chain(&checked.findings)
        .chain(over_models.map(|(_, d)| d));
    let named = |d: Diagnostic| match d.model {
        Some(_) => d,
        None => d.in_model(loaded.name.clone()),
    };
    let mut found: Vec<Diagnostic> = parts.cloned().map(named).collect();
    one_for_each_place(&mut found);
    let constructs = around
        .constructs
        .into_iter()
        .map(|(name, d)| (name, named(d)))
        .collect();
    let known = resolved.inputs.iter().all(|(input, _)| match input {
        Input::Source(facts) => facts.schema != SourceSchema::Unknown,
        Input::Model(m) => !(around.broken)(*m),
        Input::Own => true,
    });
    let pending = around
        .levels
        .model(&loaded.name, unit, known, constructs, &mut found);
    (found, pending)
}

/// What is an error needs no advice: of several findings at one place the errors are kept.
fn one_for_each_place(found: &mut Vec<Diagnostic>) {
    let place = |d: &Diagnostic| d.primary.as_ref().map(|l| l.loc);
    let errors: Vec<_> = found
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .filter_map(place)
        .filter(|loc| !loc.span.is_empty())
        .collect();
    if !errors.is_empty() {
        found.retain(|d| d.severity == Severity::Error || place(d).is_none_or(|loc| !errors.contains(&loc)));
    }
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
