//! `rocky discover`.

use super::Context;
use crate::output;
use crate::progress::Progress;
use crate::render::count;
use rocky_core::Result;
use rocky_core::verbs::discover::{ComponentValue, DiscoverRequest, DiscoverResponse};
use std::fmt::Write;

pub fn run(context: &Context<'_>, pipeline: Option<&str>) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let request = DiscoverRequest {
        pipeline: pipeline.map(str::to_owned),
    };
    let response = project.discover(&request, &mut Progress::new(), context.cancel)?;
    context.out.document(&response, || text(&response));
    Ok(output::OK)
}

fn text(response: &DiscoverResponse) -> String {
    let mut text = String::new();
    for source in &response.sources {
        let components: Vec<String> = source
            .components
            .iter()
            .map(|(key, value)| match value {
                ComponentValue::One(one) => format!("{key}={one}"),
                ComponentValue::Many(many) => format!("{key}={}", many.join(",")),
            })
            .collect();
        let tables = count(source.tables.len() as u64, "table");
        let _ = writeln!(text, "{} | {} | {tables}", source.id, components.join(" "));
        for table in &source.tables {
            let rows = table
                .row_count
                .map(|r| format!(" ({})", count(r, "row")))
                .unwrap_or_default();
            let _ = writeln!(text, "  {}{rows}", table.name);
        }
    }
    for skipped in &response.skipped {
        let _ = writeln!(text, "left out: {} {}", skipped.schema, skipped.reason);
    }
    let _ = writeln!(
        text,
        "{}; columns of {} remembered for compiling",
        count(response.sources.len() as u64, "source"),
        count(response.relations_remembered, "relation")
    );
    text
}
