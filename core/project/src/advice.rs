//! Findings of an analysis that count only for some models: what makes a model that adds to its target unrepeatable, stars
//! over models, keys that may be NULL.

use crate::link::Target;
use crate::unit::{self, Unit};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, SmolStr, code};
use rocky_config::{Spanned, StrategyKind};
use rocky_semantic::{Analysis, OutputColumn, When};

/// Add what counts for this model. What counts only over a model goes to `over_models`, with the number of the input.
pub fn check(
    unit: &Unit,
    target: &Target,
    analysis: &Analysis,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
    over_models: &mut Vec<(u32, Diagnostic)>,
) {
    let kind = &target.strategy.kind;
    let (adds, keys): (bool, &[Spanned<SmolStr>]) = match kind {
        StrategyKind::Incremental { timestamp_column, .. } => (true, std::slice::from_ref(timestamp_column)),
        StrategyKind::Merge { unique_key, .. } => (true, unique_key),
        StrategyKind::DeleteInsert { partition_by } => (true, partition_by),
        _ => (false, &[]),
    };
    let is = |column: &OutputColumn, key: &Spanned<SmolStr>| {
        let name = dialect.fold(&column.name, true, IdentKind::Column);
        name == dialect.fold(&key.value, true, IdentKind::Column)
            || name == dialect.fold(&key.value, false, IdentKind::Column)
    };
    for conditional in &analysis.conditional {
        let counts = match conditional.when {
            When::Adds => adds,
            When::AddsBy(index) => analysis
                .columns
                .get(index as usize)
                .is_some_and(|column| keys.iter().any(|key| is(column, key))),
            When::ReadsModel(input) => {
                over_models.push((input, unit::locate(conditional.diagnostic.clone(), unit.origin())));
                false
            }
        };
        if counts {
            out.push(unit::locate(conditional.diagnostic.clone(), unit.origin()));
        }
    }
    if let StrategyKind::Merge { unique_key, .. } = kind {
        for key in unique_key {
            let column = analysis.columns.iter().find(|column| is(column, key));
            if let Some(column) = column.filter(|c| c.nullable && !c.ty.is_unknown()) {
                let message = format!(
                    "merge key `{}` may be NULL: rows with NULL are all taken for one and the same",
                    key.shown()
                );
                out.push(
                    Diagnostic::new(code::I103, key.loc, message)
                        .note(unit.origin().locate(column.span), "may be NULL")
                        .help("Filter NULLs out, or use COALESCE."),
                );
            }
        }
    }
}
