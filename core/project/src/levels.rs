//! How loud each finding is, and which are suppressed. The one place where findings are changed or dropped after they were
//! made; the result is a function of the model's text, its findings and the table of levels.

use crate::allow::{self, Allow, What};
use crate::hash::Hasher128;
use crate::unit::Unit;
use rocky_base::{Code, Diagnostic, SmolStr};
use rocky_config::{Level, LintLevel};
use std::sync::Arc;

/// `[lints]` as a table.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    levels: Vec<(Code, Level)>,
    /// Constructs that another dialect lacks are looked for.
    targeting: bool,
}

/// The suppressions of a model and which of their entries were used so far.
#[derive(Clone, Debug)]
pub struct Pending {
    model: SmolStr,
    unit: Arc<Unit>,
    used: Vec<Vec<bool>>,
}

impl Levels {
    /// The table of a project.
    pub fn new(lints: &[LintLevel]) -> Levels {
        Levels {
            levels: lints.iter().map(|l| (l.code, l.level)).collect(),
            targeting: false,
        }
    }

    /// The same table where constructs of a target dialect are looked for; without, no suppression of one is idle.
    pub fn targeting(self, targeting: bool) -> Levels {
        Levels { targeting, ..self }
    }

    /// True when no finding changes its level.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// A hash of the table, for keys of what was computed with it.
    pub fn hash(&self) -> u128 {
        let mut hasher = Hasher128::new();
        hasher.value(&self.levels).value(&self.targeting);
        hasher.finish()
    }

    /// Give the finding its level; false when it is not to be reported.
    fn apply(&self, finding: &mut Diagnostic) -> bool {
        let level = self.levels.iter().find(|(code, _)| *code == finding.code);
        match level.map(|(_, level)| level.severity()) {
            Some(Some(severity)) => finding.severity = severity,
            Some(None) => return false,
            None => {}
        }
        true
    }

    /// Levels and suppressions of one model's findings. What is returned goes to [`Levels::finish`]; most models have no
    /// suppressions. Where not all that the model reads is `known`, or after an error, a finding may be missing for that:
    /// then no suppression is called idle.
    pub fn model(
        &self,
        name: &SmolStr,
        unit: &Arc<Unit>,
        known: bool,
        constructs: Vec<(SmolStr, Diagnostic)>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Pending> {
        if unit.allows().is_empty() {
            found.extend(constructs.into_iter().map(|(_, d)| d));
            self.all(found);
            return None;
        }
        let doubtful = !known || found.iter().any(Diagnostic::is_error);
        let idle = |what: &What| doubtful || (!self.targeting && matches!(what, What::Construct(_)));
        let used = unit
            .allows()
            .iter()
            .map(|a| a.entries.iter().map(|e| idle(&e.what)).collect())
            .collect();
        let mut pending = Pending {
            model: name.clone(),
            unit: unit.clone(),
            used,
        };
        found.retain(|d| !pending.suppresses(d, None));
        let constructs = constructs.into_iter();
        found.extend(constructs.filter_map(|(name, d)| (!pending.suppresses(&d, Some(&name))).then_some(d)));
        self.all(found);
        Some(pending)
    }

    /// Levels and suppressions of findings that belong to no single model, then what of the suppressions was of no use.
    pub fn finish(&self, found: &mut Vec<Diagnostic>, mut pending: Vec<Pending>) {
        if !pending.is_empty() {
            found.retain(|d| !pending.iter_mut().any(|p| p.suppresses_elsewhere(d)));
        }
        for of_model in &pending {
            let idle = of_model.unit.allows().iter().zip(&of_model.used);
            found.extend(
                idle.filter_map(|(allow, used)| allow::unused(allow, used))
                    .map(|d| d.in_model(of_model.model.clone())),
            );
        }
        self.all(found);
    }

    fn all(&self, found: &mut Vec<Diagnostic>) {
        if !self.levels.is_empty() {
            found.retain_mut(|d| self.apply(d));
        }
    }
}

impl Pending {
    fn suppresses(&mut self, finding: &Diagnostic, construct: Option<&SmolStr>) -> bool {
        self.any(finding, construct, Allow::covers)
    }

    /// A finding made for the project: it is this model's when it stands in its file.
    fn suppresses_elsewhere(&mut self, finding: &Diagnostic) -> bool {
        let file = finding.primary.as_ref().map(|l| l.loc.file);
        self.any(finding, None, |allow, finding| {
            Some(allow.loc.file) == file && allow.covers(finding)
        })
    }

    fn any(
        &mut self,
        finding: &Diagnostic,
        construct: Option<&SmolStr>,
        covers: impl Fn(&Allow, &Diagnostic) -> bool,
    ) -> bool {
        if !rocky_config::is_adjustable(finding.code) {
            return false;
        }
        let mut hit = false;
        for (allow, used) in self.unit.allows().iter().zip(&mut self.used) {
            let matches = |what: &What| match what {
                What::Code(code) => *code == finding.code,
                What::Construct(name) => construct == Some(name),
            };
            for (entry, used) in allow.entries.iter().zip(used) {
                if matches(&entry.what) && covers(allow, finding) {
                    *used = true;
                    hit = true;
                }
            }
        }
        hit
    }
}
