//! What the warehouse itself keeps up to date: `materialized_view` on Databricks, `dynamic_table` on Snowflake. A run makes it anew,
//! so that its definition is always that of the model.

use super::relation::Made;
use super::{Built, Ctx, Existing};
use rocky_base::{Diagnostic, Ident, SmolStr, code};
use rocky_config::Spanned;

pub(super) fn materialized_view(ctx: &Ctx<'_>) -> Result<Built, Box<Diagnostic>> {
    let create = "CREATE OR REPLACE MATERIALIZED VIEW";
    let create = ctx.make(create, Made::MaterializedView, ctx.sql)?;
    Ok(built(ctx, create, "a materialized view"))
}

/// `warehouse`: the strategy's, else the adapter's.
pub(super) fn dynamic_table(
    ctx: &Ctx<'_>,
    target_lag: &Spanned<SmolStr>,
    warehouse: Option<&Spanned<SmolStr>>,
) -> Result<Built, Box<Diagnostic>> {
    let warehouse = warehouse.map(|w| &w.value).or(ctx.adapter_warehouse);
    let Some(warehouse) = warehouse else {
        let message = format!("dynamic_table of `{}` has no warehouse", ctx.model.name);
        return Err(Box::new(
            Diagnostic::new(code::E302, ctx.model.strategy_loc, message)
                .help("Set `warehouse` in the strategy or in the adapter."),
        ));
    };
    let lag = match target_lag.value.eq_ignore_ascii_case("downstream") {
        true => "DOWNSTREAM".to_owned(),
        false => ctx.dialect.string_literal(&target_lag.value),
    };
    let own = vec![
        format!("  TARGET_LAG = {lag}"),
        format!(
            "  WAREHOUSE = {}",
            Ident::from_config(ctx.dialect, warehouse).print(ctx.dialect)
        ),
    ];
    let create = "CREATE OR REPLACE DYNAMIC TABLE";
    let create = ctx.make_with(create, Made::DynamicTable, own, ctx.sql)?;
    Ok(built(ctx, create, "a dynamic table"))
}

fn built(ctx: &Ctx<'_>, create: String, what: &str) -> Built {
    let create = ctx.silent("create_view", create);
    let (steps, reason) = match ctx.existing {
        Existing::Table(_) => (
            vec![ctx.silent("drop", format!("DROP TABLE {}", ctx.target)), create],
            format!("target is a table: {what} takes its place"),
        ),
        Existing::View => (
            vec![ctx.drop_view(), create],
            format!("target is a view: {what} takes its place"),
        ),
        Existing::Kept => (vec![create], format!("{what} is replaced on every run")),
        Existing::Absent => (vec![create], "target does not exist".to_owned()),
        Existing::Unknown => (
            vec![create],
            format!("{what} is created or replaced on every run"),
        ),
    };
    Built {
        steps,
        reason,
        watermark_column: None,
        windows: None,
    }
}
