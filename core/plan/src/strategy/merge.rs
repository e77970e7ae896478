//! `merge`: update the rows whose key is there, insert the others. Two NULL keys are one key.
//!
//! The result's keys must be unique, or MERGE would fail half-way or pick one row at random: a guard says so first. On DuckDB
//! the result is staged, so that guard and MERGE see the same rows; elsewhere the query stands inside MERGE, which is one
//! atomic statement.

use super::stage::{self, Stage};
use super::{Built, Ctx, Existing};
use crate::columns::{Columns, strategy_columns};
use rocky_base::{Diagnostic, Dialect, SmolStr, code};
use rocky_config::Spanned;

pub(super) fn build(
    ctx: &Ctx<'_>,
    unique_key: &[Spanned<SmolStr>],
    update_columns: Option<&[Spanned<SmolStr>]>,
) -> Result<Built, Box<Diagnostic>> {
    let model = ctx.model;
    if unique_key.is_empty() {
        let message = format!("merge of `{}` has no unique_key", model.name);
        return Err(Box::new(
            Diagnostic::new(code::E302, model.strategy_loc, message)
                .help("Name the columns that identify a row."),
        ));
    }
    let creation = ctx.creation()?;
    let columns = match (&creation, ctx.existing) {
        (None, Existing::Table(existing)) => Some(Columns::into_target(model, existing, ctx.dialect)?),
        _ => Columns::of_query(model, ctx.dialect),
    };
    let keys = strategy_columns(model, "unique_key", unique_key, columns.as_ref(), ctx.dialect)?;
    let updates = update_columns
        .map(|wanted| strategy_columns(model, "update column", wanted, columns.as_ref(), ctx.dialect))
        .transpose()?;

    let stage = (ctx.dialect == Dialect::DuckDb).then(|| Stage::new(ctx));
    let mut steps = Vec::with_capacity(5);
    match &stage {
        Some(stage) => {
            steps.push(stage.fill(ctx));
            steps.push(stage::unique(ctx, &keys, &stage.name));
        }
        None => steps.push(stage::unique(
            ctx,
            &keys,
            &format!("{} AS _rocky_q", ctx.derived()),
        )),
    }
    let reason = match (creation, columns) {
        (None, Some(columns)) => {
            let source = stage.as_ref().map_or_else(|| ctx.derived(), |s| s.name.clone());
            steps.push(ctx.counted("merge", merge(ctx, &source, &columns, &keys, updates)));
            format!(
                "target exists: rows are merged by {}{}",
                keys.join(", "),
                columns.remark()
            )
        }
        (creation, _) => {
            let mut reason = "";
            if let Some(creation) = creation {
                reason = creation.reason;
                let query = stage
                    .as_ref()
                    .map_or_else(|| ctx.sql.to_owned(), |s| format!("SELECT * FROM {}", s.name));
                steps.extend(ctx.make_table(&creation, &query)?);
            }
            reason.to_owned()
        }
    };
    steps.extend(stage.map(|stage| stage.drop(ctx)));
    Ok(Built {
        steps,
        reason,
        watermark_column: None,
        windows: None,
    })
}

fn merge(
    ctx: &Ctx<'_>,
    source: &str,
    columns: &Columns,
    keys: &[String],
    updates: Option<Vec<String>>,
) -> String {
    let all = columns.printed();
    let updates = updates.unwrap_or_else(|| all.clone());
    let set: Vec<String> = updates
        .iter()
        .filter(|c| !keys.contains(c))
        .map(|c| format!("{c} = s.{c}"))
        .collect();
    let on = ctx.all_same(keys, "t", "s", "\n  AND ");
    let mut sql = format!("MERGE INTO {} AS t\nUSING {source} AS s\nON {on}", ctx.target);
    if !set.is_empty() {
        sql.push_str("\nWHEN MATCHED THEN UPDATE SET ");
        sql.push_str(&set.join(", "));
    }
    let values: Vec<String> = all.iter().map(|c| format!("s.{c}")).collect();
    sql.push_str(&format!(
        "\nWHEN NOT MATCHED THEN INSERT ({}) VALUES ({})",
        all.join(", "),
        values.join(", ")
    ));
    sql
}
