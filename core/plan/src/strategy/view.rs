//! `view`: the query under a name. Its rows are not counted.

use super::relation::Made;
use super::{Built, Ctx, Existing};
use rocky_base::Diagnostic;

pub(super) fn build(ctx: &Ctx<'_>) -> Result<Built, Box<Diagnostic>> {
    let create = ctx.make("CREATE OR REPLACE VIEW", Made::View, ctx.sql)?;
    let create = ctx.silent("create_view", create);
    let (mut steps, reason) = match ctx.existing {
        Existing::Table(_) => (
            vec![ctx.silent("drop", format!("DROP TABLE {}", ctx.target)), create],
            "target is a table: a view takes its place",
        ),
        Existing::View | Existing::Kept => (vec![create], "a view is replaced on every run"),
        Existing::Absent => (vec![create], "target does not exist"),
        Existing::Unknown => (vec![create], "a view is created or replaced on every run"),
    };
    steps.extend(ctx.comment_step(Made::View));
    Ok(Built {
        steps,
        reason: reason.to_owned(),
        watermark_column: None,
        windows: None,
    })
}
