//! `full_refresh`: the table is made anew on every run.

use super::{Built, Ctx, Existing};

pub(super) fn build(ctx: &Ctx<'_>) -> Built {
    let create = ctx.counted(
        "create_table",
        format!("CREATE OR REPLACE TABLE {} AS\n{}", ctx.target, ctx.sql),
    );
    let (steps, reason) = match ctx.existing {
        Existing::View => (
            vec![ctx.drop_view(), create],
            "target is a view: a table takes its place",
        ),
        Existing::Table(_) => (vec![create], "full_refresh replaces the table on every run"),
        Existing::Absent => (vec![create], "target does not exist"),
        Existing::Unknown => (
            vec![create],
            "full_refresh creates or replaces the table on every run",
        ),
    };
    Built {
        steps,
        reason: reason.to_owned(),
        watermark_column: None,
        windows: None,
    }
}
