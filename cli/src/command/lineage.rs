//! `rocky lineage`.

use super::{Context, vars};
use crate::args::{GraphFormat, LineageArgs, Sources};
use crate::output;
use crate::page::{self, Over};
use crate::progress::Progress;
use rocky_core::verbs::lineage::text::{self, Paint};
use rocky_core::verbs::lineage::{LineageFormat, LineageRequest, LineageResponse};
use rocky_core::{Error, Result};

pub fn run(context: &Context<'_>, args: &LineageArgs) -> Result<u8> {
    let format = match (&args.html, args.format) {
        (Some(_), None | Some(GraphFormat::Html)) => LineageFormat::Html,
        (Some(_), Some(_)) => {
            return Err(
                Error::usage("`--html` and `--format` ask for two formats").hint("leave one of them out")
            );
        }
        (None, Some(GraphFormat::Json)) | (None, None) => LineageFormat::Json,
        (None, Some(GraphFormat::Dot)) => LineageFormat::Dot,
        (None, Some(GraphFormat::Text)) => LineageFormat::Text,
        (None, Some(GraphFormat::Openlineage)) => LineageFormat::OpenLineage,
        (None, Some(GraphFormat::Html)) => LineageFormat::Html,
    };
    let sources: &Sources = &args.sources;
    let request = LineageRequest {
        target: args.target.clone().unwrap_or_default(),
        column: args.column.clone(),
        all: args.target.is_none() && args.column.is_none(),
        downstream: args.downstream,
        upstream: args.upstream,
        depth: args.depth,
        influences: args.influences,
        // The text is made here, where it is known whether colours are wanted.
        format: match format {
            LineageFormat::Text => LineageFormat::Json,
            other => other,
        },
        namespace: args.namespace.clone(),
        vars: vars(sources)?,
        refresh_sources: super::refresh(args.refresh_sources),
    };
    let project = context.open(sources)?;
    let mut progress = Progress::new();
    let response = project.lineage(&request, &mut progress, context.cancel)?;
    progress.finish();
    let paint = if context.out.colour {
        Paint::Colour
    } else {
        Paint::Plain
    };
    let over = Over::forced(args.force);
    match (&response, &args.html) {
        (LineageResponse::Rendered(page), Some(Some(file))) => {
            page::write(file, &page.rendered, over)?;
            let mebibytes = page.rendered.len() as f64 / f64::from(1 << 20);
            context.out.document(
                &serde_json::json!({
                    "version": page.version, "command": page.command, "schema_version": page.schema_version,
                    "format": page.format, "file": file, "bytes": page.rendered.len(),
                }),
                || format!("wrote {file} ({mebibytes:.1} MB); open it in a browser\n"),
            );
        }
        (LineageResponse::Rendered(rendered), _) => output::print(&rendered.rendered),
        _ if format == LineageFormat::Text => output::print(&text::render(&response, paint)),
        _ if args.format == Some(GraphFormat::Json) => context.out.json(&response),
        _ => context.out.document(&response, || text::render(&response, paint)),
    }
    super::leave(project);
    Ok(output::OK)
}
