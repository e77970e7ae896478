//! `rocky test`.

use super::{Context, diagnostics_text, vars};
use crate::args::Sources;
use crate::output;
use crate::progress::Progress;
use crate::render::Marks;
use rocky_core::Result;
use rocky_core::verbs::test::{TestRequest, TestResponse};
use std::fmt::Write;
use std::path::Path;

pub fn run(context: &Context<'_>, model: Option<&str>, sources: &Sources) -> Result<u8> {
    let project = context.open(sources)?;
    let request = TestRequest {
        model: model.map(str::to_owned),
        vars: vars(sources)?,
    };
    let mut progress = Progress::new();
    let response = project.test(&request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    Ok(if response.failed > 0 {
        output::FAILED
    } else {
        output::OK
    })
}

fn text(test: &TestResponse, root: &Path, colour: bool) -> String {
    let errors: Vec<_> = test
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .cloned()
        .collect();
    let mut text = diagnostics_text(&errors, root, colour);
    let marks = Marks::new(colour);
    for failure in &test.failures {
        let _ = writeln!(text, "{} {}: {}", marks.bad, failure.name, failure.error);
    }
    if !test.empty_sources.is_empty() {
        let _ = writeln!(
            text,
            "made empty: {} (data/seed.sql does not make them)",
            test.empty_sources.join(", ")
        );
    }
    let _ = writeln!(
        text,
        "{} of {} models passed, {} failed",
        test.passed, test.total, test.failed
    );
    text
}
