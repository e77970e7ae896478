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

/// The findings of each model, by its number; empty without a target. `asked` is the request's target and goes before that of
/// the configuration. Mistakes of the configuration go to `out`.
pub fn models(
    units: &[&Unit],
    config: &PortabilityConfig,
    asked: Option<Dialect>,
    dialect: Dialect,
    pool: &rayon::ThreadPool,
    cancel: &CancelToken,
    out: &mut Vec<Diagnostic>,
) -> Vec<Constructs> {
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
    let Some(target) = asked.or(config.target_dialect).filter(|t| *t != dialect) else {
        return Vec::new();
    };
    let one = |unit: &&Unit| -> Constructs {
        if unit.broken() || cancel.is_tripped() {
            return Vec::new();
        }
        let ast = unit.parse(dialect);
        portability::check(&ast, unit.text(), dialect, target)
            .into_iter()
            .filter(|missing| !allowed.contains(&missing.construct))
            .map(|missing| (missing.construct, unit::locate(missing.diagnostic, unit.origin())))
            .collect()
    };
    pool.install(|| units.par_iter().map(one).collect())
}
