//! `incremental`: append the rows past the watermark, which is the target's own maximum of the timestamp column.
//!
//! Rows without a timestamp come in with the first run alone: later nothing could tell them from those that are there. A
//! target without any timestamp takes every row that has one.

use super::{Built, Ctx, Existing};
use crate::columns::{Columns, strategy_column};
use crate::task::StepKind;
use rocky_base::{Diagnostic, SmolStr};
use rocky_config::Spanned;

pub(super) fn build(ctx: &Ctx<'_>, timestamp_column: &Spanned<SmolStr>) -> Result<Built, Box<Diagnostic>> {
    let (target, model) = (ctx.target, ctx.model);
    let mut steps = Vec::with_capacity(3);
    let (ts, reason) = match (ctx.creation()?, ctx.existing) {
        (None, Existing::Table(existing)) => {
            let columns = Columns::into_target(model, existing, ctx.dialect)?;
            let ts = strategy_column(
                model,
                "timestamp_column",
                timestamp_column,
                Some(&columns),
                ctx.dialect,
            )?;
            let list = columns.list();
            // NULL on the left of OR on an empty target, NULL on a row without timestamp: COALESCE decides both.
            let sql = format!(
                "INSERT INTO {target} ({list})\nSELECT {list} FROM {} AS _rocky_q\n\
                 WHERE COALESCE(_rocky_q.{ts} > (SELECT MAX(t.{ts}) FROM {target} AS t), _rocky_q.{ts} IS NOT NULL)",
                ctx.derived()
            );
            steps.push(ctx.counted("insert", sql));
            (
                ts,
                format!(
                    "target exists: rows past its newest {} are added{}",
                    timestamp_column.shown(),
                    columns.remark()
                ),
            )
        }
        (creation, _) => {
            let columns = Columns::of_query(model, ctx.dialect);
            let ts = strategy_column(
                model,
                "timestamp_column",
                timestamp_column,
                columns.as_ref(),
                ctx.dialect,
            )?;
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
            (ts, reason.to_owned())
        }
    };
    let observe = StepKind::Observe {
        name: SmolStr::new_static("watermark"),
    };
    steps.push(ctx.step("watermark", observe, format!("SELECT MAX({ts}) FROM {target}")));
    Ok(Built {
        steps,
        reason,
        watermark_column: Some(timestamp_column.value.clone()),
        windows: None,
    })
}
