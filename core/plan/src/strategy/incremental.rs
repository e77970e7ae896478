//! `incremental`: append the rows past the watermark, which is the target's own maximum of the timestamp column.
//!
//! Rows without a timestamp come in with the first run alone: later nothing could tell them from those that are there. A
//! target without any timestamp takes every row that has one. A timestamp that is not finite counts as none
//! ([`crate::finite`]): it would be past every other one for good.
//!
//! With a `lookback` the rows from so long before the watermark on are deleted and what the query now gives from there on is inserted,
//! at once: rows that came late are taken in, rows that changed or went away in that time are as the query has them.

use super::late::{self, Gone};
use super::stage::Stage;
use super::{Built, Ctx, Existing};
use crate::columns::{Columns, strategy_column};
use crate::finite::Finite;
use crate::task::{Step, StepKind};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, SmolStr, code};
use rocky_config::{Lookback, LookbackUnit, Spanned};
use rocky_warehouse::{Column, Type, may_lose};

pub(super) fn build(
    ctx: &Ctx<'_>,
    timestamp_column: &Spanned<SmolStr>,
    lookback: Option<&Lookback>,
) -> Result<Built, Box<Diagnostic>> {
    let (target, model) = (ctx.target, ctx.model);
    let mut steps = Vec::with_capacity(3);
    let finite = Finite::of(ctx.dialect, ctx.type_of(&timestamp_column.value).as_ref());
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
            if let Some(lookback) = lookback {
                if ctx.dialect == Dialect::BigQuery && ctx.type_of(&timestamp_column.value).is_none() {
                    return Err(unknown_type(ctx, timestamp_column));
                }
                let newest = finite.newest(&format!("t.{ts}"));
                let moment = earlier(ctx, timestamp_column, lookback, &newest);
                let stage = Stage::new(ctx);
                steps.push(stage.fill_with(ctx, |query| {
                    let since = format!("(SELECT {moment} FROM {target} AS t)");
                    let wanted = finite.past(&format!("_rocky_q.{ts}"), ">=", &since);
                    format!("SELECT * FROM {query} AS _rocky_q\nWHERE {wanted}")
                }));
                steps.extend(late::replace(ctx, &stage, &columns, &Gone::Since(&ts, &moment)));
                steps.push(stage.drop(ctx));
                let reason = format!(
                    "target exists: rows from {lookback} before its newest {} on are replaced{}",
                    timestamp_column.shown(),
                    columns.remark()
                );
                steps.push(observe(ctx, &ts, finite));
                return Ok(Built {
                    steps,
                    reason,
                    watermark_column: Some(timestamp_column.value.clone()),
                    windows: None,
                });
            }
            comes_once(ctx, timestamp_column, existing)?;
            let list = columns.list();
            let newest = finite.newest(&format!("t.{ts}"));
            let watermark = format!("(SELECT {newest} FROM {target} AS t)");
            let sql = format!(
                "INSERT INTO {target} ({list})\nSELECT {list} FROM {} AS _rocky_q\nWHERE {}",
                ctx.derived(),
                finite.past(&format!("_rocky_q.{ts}"), ">", &watermark)
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
                steps.extend(ctx.make_table(&creation, ctx.sql)?);
            }
            (ts, reason.to_owned())
        }
    };
    steps.push(observe(ctx, &ts, finite));
    Ok(Built {
        steps,
        reason,
        watermark_column: Some(timestamp_column.value.clone()),
        windows: None,
    })
}

/// A watermark that is less exact than what it is compared with lets rows in again that are there.
fn comes_once(
    ctx: &Ctx<'_>,
    timestamp_column: &Spanned<SmolStr>,
    existing: &[Column],
) -> Result<(), Box<Diagnostic>> {
    let fold = |name: &str| ctx.dialect.fold(name, true, IdentKind::Column);
    let wanted = [
        fold(&timestamp_column.value),
        ctx.dialect
            .fold(&timestamp_column.value, false, IdentKind::Column),
    ];
    let there = existing.iter().find(|c| wanted.contains(&fold(&c.name)));
    let mut given = ctx.model.analysis().columns.iter();
    let given = given.find(|c| wanted.contains(&fold(&c.name)));
    let (Some(there), Some(given)) = (there, given) else {
        return Ok(());
    };
    if !may_lose(ctx.dialect, &given.ty, &there.ty) {
        return Ok(());
    }
    let message = format!(
        "timestamp_column `{}` of target `{}` is {}, and the query gives {}: rows would come in again with each run",
        timestamp_column.shown(),
        ctx.model.target.display(),
        there.ty.print(ctx.dialect),
        given.ty.print(ctx.dialect)
    );
    Err(Box::new(
        Diagnostic::new(code::E303, timestamp_column.loc, message).help(
            "Cast the column in the query to the type in the target, or rebuild the table with `--full-refresh`.",
        ),
    ))
}

fn observe(ctx: &Ctx<'_>, ts: &str, finite: Finite) -> Step {
    let observe = StepKind::Observe {
        name: SmolStr::new_static("watermark"),
    };
    ctx.step(
        "watermark",
        observe,
        format!("SELECT {} FROM {}", finite.observed(ts), ctx.target),
    )
}

/// A moment so long before another.
fn earlier(ctx: &Ctx<'_>, column: &Spanned<SmolStr>, lookback: &Lookback, moment: &str) -> String {
    let n = lookback.amount;
    let unit = match lookback.unit {
        LookbackUnit::Second => "SECOND",
        LookbackUnit::Minute => "MINUTE",
        LookbackUnit::Hour => "HOUR",
        LookbackUnit::Day => "DAY",
    };
    match ctx.dialect {
        Dialect::DuckDb => format!("{moment} - INTERVAL {n} {unit}"),
        Dialect::Databricks => format!("{moment} - INTERVAL '{n}' {unit}"),
        Dialect::Snowflake => format!("DATEADD({unit}, -{n}, {moment})"),
        Dialect::BigQuery => {
            let function = match ctx.type_of(&column.value) {
                Some(Type::Date) => "DATE_SUB",
                Some(Type::Timestamp(_)) => "DATETIME_SUB",
                _ => "TIMESTAMP_SUB",
            };
            format!("{function}({moment}, INTERVAL {n} {unit})")
        }
    }
}

/// BigQuery has a function for each type.
fn unknown_type(ctx: &Ctx<'_>, column: &Spanned<SmolStr>) -> Box<Diagnostic> {
    let message = format!(
        "type of timestamp_column `{}` of `{}` is not known, neither from its query nor from its target",
        column.shown(),
        ctx.model.name
    );
    Box::new(
        Diagnostic::new(code::E303, column.loc, message)
            .label("a lookback is taken off it")
            .help("Cast the column in the query."),
    )
}
