//! `rocky init` and `rocky playground`.

use super::Context;
use crate::output;
use rocky_core::scaffold::{self, ScaffoldResponse};
use rocky_core::{Host, Result};
use std::fmt::Write;

pub fn init(context: &Context<'_>, path: &str, template: &str) -> Result<u8> {
    let host = Host::default();
    let response = scaffold::init(&*host.system, path, template)?;
    context.out.document(&response, || text(&response));
    Ok(output::OK)
}

pub fn playground(context: &Context<'_>, path: &str, template: &str) -> Result<u8> {
    let response = scaffold::playground(&Host::default(), path, template, context.cancel)?;
    context.out.document(&response, || text(&response));
    Ok(output::OK)
}

fn text(response: &ScaffoldResponse) -> String {
    let mut text = String::new();
    for file in &response.files {
        let _ = writeln!(text, "  {}/{file}", response.path.trim_end_matches('/'));
    }
    for (table, rows) in &response.tables {
        let _ = writeln!(text, "  table {table}: {rows} rows");
    }
    let _ = writeln!(text, "\nNext:");
    for step in &response.next_steps {
        let _ = writeln!(text, "  {step}");
    }
    text
}
