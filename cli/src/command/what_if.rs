//! `rocky what-if`.

use super::diff::{View, summary};
use super::{Context, vars};
use crate::args::WhatIfArgs;
use crate::output;
use crate::progress::Progress;
use crate::render::{Diagnostics, count};
use rocky_core::verbs::what_if::{WhatIfEdit, WhatIfRequest, WhatIfResponse};
use rocky_core::wire::RequestColumn;
use rocky_core::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::fmt::Write;

pub fn run(context: &Context<'_>, args: &WhatIfArgs) -> Result<u8> {
    let mut edits = Vec::new();
    for pair in &args.edit {
        let (path, from) = split(pair, "--edit", "models/a.sql=new.sql")?;
        edits.push(WhatIfEdit {
            path: path.to_owned(),
            text: Some(read(from)?),
            remove: false,
        });
    }
    edits.extend(args.remove.iter().map(|path| WhatIfEdit {
        path: path.clone(),
        text: None,
        remove: true,
    }));
    let mut source_schemas: BTreeMap<String, Vec<RequestColumn>> = BTreeMap::new();
    for pair in &args.source {
        let (name, from) = split(pair, "--source", "raw.orders=columns.json")?;
        let columns = serde_json::from_str(&read(from)?).map_err(|e| {
            Error::usage(format!("{from} is not a list of columns: {e}"))
                .hint("write `[{\"name\": \"id\", \"type\": \"BIGINT\", \"nullable\": false}]`")
        })?;
        if source_schemas.insert(name.to_owned(), columns).is_some() {
            return Err(Error::usage(format!("the source `{name}` is given twice")));
        }
    }
    if edits.is_empty() && source_schemas.is_empty() {
        return Err(Error::usage("nothing is different").hint("give `--edit`, `--remove` or `--source`"));
    }
    let project = context.open(&args.sources)?;
    let request = WhatIfRequest {
        edits,
        source_schemas,
        vars: vars(&args.sources)?,
        without_plan: args.without_plan,
        from_last: false,
    };
    let mut progress = Progress::new();
    let response = project.what_if(&request, &mut progress, context.cancel)?;
    progress.finish();
    context.out.document(&response, || {
        let mut diagnostics = Diagnostics::new(project.root(), context.out.colour);
        for edit in &request.edits {
            let path = edit.path.trim_start_matches("./");
            diagnostics.text(path, edit.text.clone());
        }
        text(&response, &mut diagnostics, context.out.colour, args.show_plan)
    });
    let new_errors = response.diagnostics_new.iter().any(|d| d.is_error());
    Ok(if new_errors { output::FAILED } else { output::OK })
}

fn split<'p>(pair: &'p str, option: &str, example: &str) -> Result<(&'p str, &'p str)> {
    match pair.split_once('=') {
        Some((name, from)) if !name.is_empty() && !from.is_empty() => Ok((name, from)),
        _ => Err(Error::usage(format!("`{option} {pair}` names no file"))
            .hint(format!("write `{option} {example}`"))),
    }
}

/// The text of a file, or of stdin under the name `-`.
fn read(from: &str) -> Result<String> {
    let io = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => Error::new(ErrorKind::NotFound, format!("{from}: no such file")),
        std::io::ErrorKind::InvalidData => {
            Error::usage(format!("{from} is not UTF-8")).hint("save it as UTF-8")
        }
        _ => Error::io(from, e),
    };
    if from == "-" {
        return std::io::read_to_string(std::io::stdin()).map_err(io);
    }
    std::fs::read_to_string(from).map_err(io)
}

fn text(response: &WhatIfResponse, diagnostics: &mut Diagnostics, colour: bool, show_plan: bool) -> String {
    let view = View {
        breaking: &response.breaking,
        models: &response.models,
        sources: &response.sources,
        contracts: &response.contracts,
    };
    let mut text = view.text(colour);
    for found in &response.diagnostics_new {
        let _ = writeln!(text, "{}", diagnostics.render(found));
    }
    for fixed in &response.diagnostics_fixed {
        let _ = writeln!(text, "fixed {}: {}", fixed.code, fixed.message);
    }
    for path in &response.edits_without_effect {
        let _ = writeln!(text, "the project does not read {path}");
    }
    if show_plan {
        for model in &response.plan {
            let _ = writeln!(
                text,
                "-- {}: {}",
                model.model.as_deref().unwrap_or("set-up"),
                model.change
            );
            for statement in &model.new {
                let _ = writeln!(text, "{};\n", statement.sql);
            }
        }
    }
    for model in &response.unplanned {
        let _ = writeln!(text, "no plan for {}: {}", model.model, model.reason);
    }
    let _ = writeln!(
        text,
        "{}; {} with another plan; {}",
        summary(&response.summary),
        count(response.plan.len() as u64, "model"),
        super::summary(&response.diagnostics_new)
    );
    text
}
