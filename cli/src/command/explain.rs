//! `rocky explain`.

use super::Context;
use crate::output;
use rocky_core::Result;
use rocky_core::explain::page;

#[derive(serde::Serialize)]
struct Explained<'a> {
    version: &'a str,
    command: &'a str,
    schema_version: u32,
    pages: Vec<Page<'a>>,
}

#[derive(serde::Serialize)]
struct Page<'a> {
    code: String,
    markdown: &'a str,
}

pub fn run(context: &Context<'_>, codes: &[String]) -> Result<u8> {
    let mut pages = Vec::with_capacity(codes.len());
    for code in codes {
        pages.push(Page {
            code: code.to_uppercase(),
            markdown: page(code)?,
        });
    }
    let document = Explained {
        version: rocky_core::VERSION,
        command: "explain",
        schema_version: rocky_core::SCHEMA_VERSION,
        pages,
    };
    context.out.document(&document, || {
        let pages: Vec<&str> = document.pages.iter().map(|p| p.markdown).collect();
        format!("{}\n", pages.join("\n\n"))
    });
    Ok(output::OK)
}
