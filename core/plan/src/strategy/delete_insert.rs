//! `delete_insert`: replace the rows of every partition that occurs in the result. NULL is a partition like any other.
//!
//! The result is staged: DELETE and INSERT must see the same rows, or a partition that appears between them would be doubled.

use super::late::{self, Gone};
use super::stage::Stage;
use super::{Built, Ctx, Existing};
use crate::columns::{Columns, strategy_columns};
use rocky_base::{Diagnostic, SmolStr, code};
use rocky_config::Spanned;

pub(super) fn build(ctx: &Ctx<'_>, partition_by: &[Spanned<SmolStr>]) -> Result<Built, Box<Diagnostic>> {
    let model = ctx.model;
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
            let mut steps = vec![stage.fill(ctx)];
            steps.extend(late::replace(ctx, &stage, &columns, &Gone::Partitions(&keys)));
            steps.push(stage.drop(ctx));
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
            let mut steps = Vec::new();
            let mut reason = "";
            if let Some(creation) = creation {
                reason = creation.reason;
                steps = ctx.make_table(&creation, ctx.sql)?;
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
