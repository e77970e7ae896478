//! `view`: the query under a name. Its rows are not counted.

use super::{Built, Ctx, Existing};

pub(super) fn build(ctx: &Ctx<'_>) -> Built {
    let create = ctx.silent(
        "create_view",
        format!("CREATE OR REPLACE VIEW {} AS\n{}", ctx.target, ctx.sql),
    );
    let (steps, reason) = match ctx.existing {
        Existing::Table(_) => (
            vec![ctx.silent("drop", format!("DROP TABLE {}", ctx.target)), create],
            "target is a table: a view takes its place",
        ),
        Existing::View => (vec![create], "a view is replaced on every run"),
        Existing::Absent => (vec![create], "target does not exist"),
        Existing::Unknown => (vec![create], "a view is created or replaced on every run"),
    };
    Built {
        steps,
        reason: reason.to_owned(),
        watermark_column: None,
        windows: None,
    }
}
