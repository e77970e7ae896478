//! `[portability]`: the constructs of all models that another warehouse does not have, where the project or the request asks
//! for it. Trees are made again for it; nothing of it is remembered, and a compile without it pays nothing.

use crate::unit::{self, Unit};
use rayon::prelude::*;
use rocky_base::{CancelToken, Diagnostic, Dialect, SmolStr, code};
use rocky_config::PortabilityConfig;
use rocky_semantic::portability;
use rustc_hash::FxHashSet;

/// What one model uses and the target lacks: the construct's name, and the finding in the user's file.
pub type Constructs = Vec<(SmolStr, Diagnostic)>;

/// What is looked for: the constructs that a dialect lacks, but for those that are used on purpose.
#[derive(Debug)]
pub struct Wanted {
    source: Dialect,
    target: Dialect,
    allowed: FxHashSet<SmolStr>,
}

impl Wanted {
    /// `asked` is the request's target and goes before that of the configuration. `None`: nothing is looked for. Mistakes of the
    /// configuration go to `out`.
    pub fn new(
        config: &PortabilityConfig,
        asked: Option<Dialect>,
        dialect: Dialect,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Wanted> {
        let mut allowed: FxHashSet<SmolStr> = FxHashSet::default();
        for name in &config.allow {
            let upper = name.value.to_uppercase();
            if portability::is_construct(&upper) {
                allowed.insert(upper.into());
                continue;
            }
            let mut message = format!("`{}` is no construct that portability looks for", name.shown());
            if let Some(near) = portability::nearest_construct(&upper) {
                message.push_str(&format!("; did you mean `{near}`?"));
            }
            out.push(
                Diagnostic::new(code::E404, name.loc, message)
                    .help("Name what a P001 finding names, with `_` for spaces."),
            );
        }
        asked.or(config.target_dialect).map(|target| Wanted {
            source: dialect,
            target,
            allowed,
        })
    }

    /// The findings of one model.
    pub fn of(&self, unit: &Unit) -> Constructs {
        if self.source == self.target || unit.broken() {
            return Vec::new();
        }
        let ast = unit.parse(self.source);
        portability::check(&ast, unit.text(), self.source, self.target)
            .into_iter()
            .filter(|missing| !self.allowed.contains(&missing.construct))
            .map(|missing| (missing.construct, unit::locate(missing.diagnostic, unit.origin())))
            .collect()
    }
}

/// The findings of each model, by its number; empty when nothing is looked for.
pub fn models(
    wanted: Option<&Wanted>,
    units: &[&Unit],
    pool: &rayon::ThreadPool,
    cancel: &CancelToken,
) -> Vec<Constructs> {
    let Some(wanted) = wanted else {
        return Vec::new();
    };
    let one = |unit: &&Unit| {
        if cancel.is_tripped() {
            Vec::new()
        } else {
            wanted.of(unit)
        }
    };
    pool.install(|| units.par_iter().map(one).collect())
}
