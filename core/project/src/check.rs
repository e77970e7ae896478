//! What is checked of a model beside its query and contract: its strategy's columns. Only proven facts raise errors.

use crate::interval;
use crate::link::Target;
use crate::load::LoadedModel;
use crate::unit::Unit;
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, SmolStr, code, suggest};
use rocky_config::{Spanned, StrategyKind};
use rocky_semantic::Analysis;
use rocky_warehouse::{Capabilities, Strategy};

/// The strategy as the warehouse crate names it.
pub fn strategy_of(kind: &StrategyKind) -> Strategy {
    match kind {
        StrategyKind::FullRefresh => Strategy::FullRefresh,
        StrategyKind::Incremental { .. } => Strategy::Incremental,
        StrategyKind::Merge { .. } => Strategy::Merge,
        StrategyKind::TimeInterval { .. } => Strategy::TimeInterval,
        StrategyKind::Ephemeral => Strategy::Ephemeral,
        StrategyKind::DeleteInsert { .. } => Strategy::DeleteInsert,
        StrategyKind::Microbatch { .. } => Strategy::Microbatch,
        StrategyKind::View => Strategy::View,
        StrategyKind::MaterializedView => Strategy::MaterializedView,
        StrategyKind::DynamicTable { .. } => Strategy::DynamicTable,
        StrategyKind::ContentAddressed { .. } => Strategy::ContentAddressed,
    }
}

pub(crate) fn has_column(analysis: &Analysis, name: &str, dialect: Dialect) -> bool {
    let key = |n: &str| dialect.fold(n, true, IdentKind::Column);
    // A name from TOML counts as unquoted: on Snowflake it is folded to upper case.
    let wanted = [key(name), dialect.fold(name, false, IdentKind::Column)];
    analysis.columns.iter().any(|c| wanted.contains(&key(&c.name)))
}

pub(crate) fn with_suggestion(mut message: String, wanted: &str, analysis: &Analysis) -> String {
    if let Some(near) = suggest::nearest(wanted, analysis.columns.iter().map(|c| c.name.as_str())) {
        message.push_str(&format!("; did you mean `{near}`?"));
    }
    message
}

/// Can the adapter do the strategy, and are its columns in the output?
pub fn strategy(
    model: &LoadedModel,
    target: &Target,
    unit: &Unit,
    analysis: &Analysis,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
) {
    let kind = &target.strategy.kind;
    let strategy = strategy_of(kind);
    interval::check(&model.name, unit, kind, analysis, dialect, out);
    let capabilities = Capabilities::of(dialect);
    if !capabilities.strategies.contains(&strategy) {
        let can: Vec<&str> = capabilities.strategies.iter().map(|s| s.as_str()).collect();
        let message = format!(
            "strategy `{}` is not available on {dialect} in rocky {}",
            strategy.as_str(),
            env!("CARGO_PKG_VERSION")
        );
        out.push(
            Diagnostic::new(code::E300, target.strategy_loc, message)
                .help(format!("Use one of {}.", can.join(", "))),
        );
        return;
    }
    crate::format::check(model, kind, analysis, dialect, out);
    // What is inlined has the windows of its consumers, which the plan looks at.
    let windowed = matches!(
        strategy,
        Strategy::TimeInterval | Strategy::Microbatch | Strategy::Ephemeral
    );
    for (_, span) in unit.placeholders().iter().filter(|_| !windowed) {
        let loc = unit.origin().locate(*span);
        out.push(
            Diagnostic::new(
                code::E304,
                loc,
                format!("date placeholder in a {} model", strategy.as_str()),
            )
            .label("only a time_interval model has a window to put here")
            .help("Write the date, or pass it with `@var(name)`."),
        );
    }
    if !analysis.complete {
        return;
    }
    let missing =
        |column: &Spanned<SmolStr>, what: &str, code: rocky_base::Code, out: &mut Vec<Diagnostic>| {
            if !has_column(analysis, &column.value, dialect) {
                let message = format!(
                    "{what} `{}` is not in the output of `{}`",
                    column.shown(),
                    model.name
                );
                out.push(
                    Diagnostic::new(
                        code,
                        column.loc,
                        with_suggestion(message, &column.value, analysis),
                    )
                    .help("Add the column to the query, or name one of its columns."),
                );
            }
        };
    match kind {
        StrategyKind::Incremental {
            timestamp_column,
            lookback,
        } => {
            missing(timestamp_column, "timestamp_column", code::E301, out);
            if let Some(lookback) = lookback {
                interval::lookback(timestamp_column, lookback, analysis, dialect, out);
            }
        }
        StrategyKind::Merge {
            unique_key,
            update_columns,
        } => {
            unique_key
                .iter()
                .for_each(|c| missing(c, "unique_key", code::W006, out));
            update_columns
                .iter()
                .flatten()
                .for_each(|c| missing(c, "update column", code::E301, out));
        }
        StrategyKind::DeleteInsert { partition_by } => {
            partition_by
                .iter()
                .for_each(|c| missing(c, "partition column", code::E301, out));
        }
        _ => {}
    }
}
