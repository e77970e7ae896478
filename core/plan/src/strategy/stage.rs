//! The table in which a query's result stands between two statements that both need it, so that it is computed once.

use super::Ctx;
use crate::task::{Step, StepKind};
use rocky_base::{Dialect, Ident};
use rocky_warehouse::RelationName;
use xxhash_rust::xxh3::xxh3_64;

/// A staged result.
pub(super) struct Stage {
    /// As SQL.
    pub(super) name: String,
    shown: String,
}

/// Bytes of the model's name that are kept.
const KEPT: usize = 40;

impl Stage {
    /// The stage of a model. On DuckDB a temporary table of the model's connection; elsewhere, where a session is not kept
    /// between two statements, a table beside the target.
    pub(super) fn new(ctx: &Ctx<'_>) -> Stage {
        let table = Ident::from_config(ctx.dialect, &table_name(ctx));
        let name = match ctx.dialect {
            Dialect::DuckDb => RelationName::table(table),
            Dialect::Databricks | Dialect::Snowflake | Dialect::BigQuery => RelationName {
                table,
                ..ctx.model.target.clone()
            },
        };
        Stage {
            name: name.print(ctx.dialect),
            shown: name.display(),
        }
    }

    fn step(&self, ctx: &Ctx<'_>, purpose: &'static str, sql: String) -> Step {
        Step {
            target: self.shown.clone(),
            ..ctx.silent(purpose, sql)
        }
    }

    /// Fill it. What an interrupted run left is replaced.
    pub(super) fn fill(&self, ctx: &Ctx<'_>) -> Step {
        self.filled(ctx, ctx.sql)
    }

    /// Fill it with a query over the model's, which is given in brackets.
    pub(super) fn fill_with(&self, ctx: &Ctx<'_>, query: impl Fn(&str) -> String) -> Step {
        self.filled(ctx, &query(&ctx.derived()))
    }

    fn filled(&self, ctx: &Ctx<'_>, query: &str) -> Step {
        let kind = if ctx.dialect == Dialect::DuckDb {
            "TEMP TABLE"
        } else {
            "TABLE"
        };
        self.step(
            ctx,
            "stage",
            format!("CREATE OR REPLACE {kind} {} AS\n{query}", self.name),
        )
    }

    /// Take it away.
    pub(super) fn drop(&self, ctx: &Ctx<'_>) -> Step {
        self.step(ctx, "drop", format!("DROP TABLE {}", self.name))
    }
}

/// `_rocky_stage_orders`. A name that is long or irregular is cut and told from others by its hash.
fn table_name(ctx: &Ctx<'_>) -> String {
    let (target, [.., own]) = (&ctx.model.target.table.text, &ctx.model.target_parts);
    // A shadow beside the target is staged beside the target's stage.
    let model = if target == own { &ctx.model.name } else { target };
    if model.len() <= KEPT && ctx.dialect.is_regular(model) {
        return format!("_rocky_stage_{model}");
    }
    let kept: String = model
        .chars()
        .take(KEPT)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("_rocky_stage_{kept}_{:016x}", xxh3_64(model.as_bytes()))
}

/// A guard that the columns identify the rows of `from`.
pub(super) fn unique(ctx: &Ctx<'_>, keys: &[String], from: &str) -> Step {
    let list = keys.join(", ");
    let count = if keys.iter().any(|k| k.eq_ignore_ascii_case("n")) {
        "_rocky_n"
    } else {
        "n"
    };
    let order: Vec<String> = (1..=keys.len()).map(|i| i.to_string()).collect();
    let sql = format!(
        "SELECT {list}, COUNT(*) AS {count} FROM {from}\nGROUP BY {list}\nHAVING COUNT(*) > 1\nORDER BY {}\nLIMIT 5",
        order.join(", ")
    );
    let error = format!("duplicate keys in the result of model `{}`", ctx.model.name);
    ctx.step("check_keys", StepKind::Guard { error }, sql)
}
