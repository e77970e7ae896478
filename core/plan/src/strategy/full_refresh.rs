//! `full_refresh`: the table is made anew on every run.

use super::relation::Made;
use super::{Built, Ctx, Existing};
use rocky_base::Diagnostic;
use rocky_config::Format;

pub(super) fn build(ctx: &Ctx<'_>) -> Result<Built, Box<Diagnostic>> {
    let format = ctx.model.config.format.as_ref().map(|f| f.format_or_table());
    // What came in earlier stays in a streaming table; only its definition is replaced; a full refresh reads
    // everything again.
    let streaming = format == Some(Format::StreamingTable);
    let verb = match streaming {
        true => "CREATE OR REFRESH STREAMING TABLE",
        false => "CREATE OR REPLACE TABLE",
    };
    let create = ctx.counted("create_table", ctx.make(verb, Made::Table, ctx.sql)?);
    let mut steps = Vec::with_capacity(3);
    let reason = match ctx.existing {
        Existing::View => {
            steps.push(ctx.drop_view());
            "target is a view: a table takes its place"
        }
        Existing::Kept => "a streaming table takes in what is new",
        Existing::Table(_) if streaming => "a streaming table takes in what is new",
        Existing::Table(_) => "full_refresh replaces the table on every run",
        Existing::Absent => "target does not exist",
        Existing::Unknown if streaming => "a streaming table is created, or takes in what is new",
        Existing::Unknown => "full_refresh creates or replaces the table on every run",
    };
    steps.push(create);
    if streaming && ctx.full_refresh {
        steps.push(ctx.silent("refresh", format!("REFRESH STREAMING TABLE {} FULL", ctx.target)));
    }
    steps.extend(ctx.comment_step(Made::Table));
    Ok(Built {
        steps,
        reason: reason.to_owned(),
        watermark_column: None,
        windows: None,
    })
}
