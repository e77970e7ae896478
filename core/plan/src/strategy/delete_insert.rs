//! `delete_insert`: replace the rows of every partition that occurs in the result. NULL is a partition like any other.
//!
//! The result is staged: DELETE and INSERT must see the same rows, or a partition that appears between them would be doubled.

use super::stage::Stage;
use super::{Built, Ctx, Existing};
use crate::columns::{Columns, strategy_columns};
use rocky_base::{Diagnostic, Dialect, SmolStr, code};
use rocky_config::Spanned;

pub(super) fn build(ctx: &Ctx<'_>, partition_by: &[Spanned<SmolStr>]) -> Result<Built, Box<Diagnostic>> {
    let (target, model) = (ctx.target, ctx.model);
    if partition_by.is_empty() {
        let message = format!("delete_insert of `{}` has no partition_by", model.name);
        return Err(Box::new(
            Diagnostic::new(code::E302, model.strategy_loc, message)
                .help("Name the columns of the partitions."),
        ));
    }
    let (steps, reason) = match (ctx.creation()?, ctx.existing) {
        (None, Existing::Table(existing)) => {
            let columns = Columns::into_target(model, existing, ctx.dialect)?;
            let keys = strategy_columns(
                model,
                "partition column",
                partition_by,
                Some(&columns),
                ctx.dialect,
            )?;
            let stage = Stage::new(ctx);
            let list = columns.list();
            let insert = format!("INSERT INTO {target} ({list})\nSELECT {list} FROM {}", stage.name);
            let steps = vec![
                stage.fill(ctx),
                ctx.silent("delete", delete(ctx, &keys, &stage.name)),
                ctx.counted("insert", insert),
                stage.drop(ctx),
            ];
            let by = keys.join(", ");
            (
                steps,
                format!(
                    "target exists: partitions by {by} that occur in the result are replaced{}",
                    columns.remark()
                ),
            )
        }
        (creation, _) => {
            let columns = Columns::of_query(model, ctx.dialect);
            strategy_columns(
                model,
                "partition column",
                partition_by,
                columns.as_ref(),
                ctx.dialect,
            )?;
            let mut steps = Vec::with_capacity(2);
            let mut reason = "";
            if let Some(creation) = creation {
                reason = creation.reason;
                if creation.drop_view {
                    steps.push(ctx.drop_view());
                }
                steps.push(ctx.counted(
                    "create_table",
                    format!("{} {target} AS\n{}", creation.verb(), ctx.sql),
                ));
            }
            (steps, reason.to_owned())
        }
    };
    Ok(Built {
        steps,
        reason,
        watermark_column: None,
        windows: None,
    })
}

fn delete(ctx: &Ctx<'_>, keys: &[String], stage: &str) -> String {
    let same = ctx.all_same(keys, "t", "s", " AND ");
    match ctx.dialect {
        // Snowflake decorrelates EXISTS over plain equality only; a join takes any condition.
        Dialect::Snowflake => format!(
            "DELETE FROM {} AS t\nUSING (SELECT DISTINCT {} FROM {stage}) AS s\nWHERE {same}",
            ctx.target,
            keys.join(", ")
        ),
        Dialect::DuckDb | Dialect::Databricks | Dialect::BigQuery => {
            format!(
                "DELETE FROM {} AS t\nWHERE EXISTS (SELECT 1 FROM {stage} AS s WHERE {same})",
                ctx.target
            )
        }
    }
}
