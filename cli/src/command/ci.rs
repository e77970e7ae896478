//! `rocky ci`.

use super::{Context, diagnostics_text, test, vars};
use crate::args::Sources;
use crate::output;
use crate::progress::Progress;
use crate::render::{Marks, count};
use rocky_core::Result;
use rocky_core::verbs::ci::{CiRequest, CiResponse};
use std::fmt::Write;
use std::path::Path;

pub fn run(context: &Context<'_>, sources: &Sources) -> Result<u8> {
    let project = context.open(sources)?;
    let request = CiRequest { vars: vars(sources)? };
    let mut progress = Progress::new();
    let response = project.ci(&request, &mut progress, context.cancel)?;
    progress.finish();
    context
        .out
        .document(&response, || text(&response, project.root(), context.out.colour));
    Ok(u8::try_from(response.exit_code).unwrap_or(output::FAILED))
}

fn text(ci: &CiResponse, root: &Path, colour: bool) -> String {
    let mut text = diagnostics_text(&ci.diagnostics, root, colour);
    let marks = Marks::new(colour);
    test::failures(&mut text, &ci.failures, &marks);
    if let Some(units) = &ci.unit_tests {
        test::refused(&mut text, units, &marks);
    }
    let mark = |ok: bool| if ok { marks.ok } else { marks.bad };
    let _ = writeln!(
        text,
        "{} compile: {}",
        mark(ci.compile_ok),
        count(ci.models_compiled, "model")
    );
    let local = if ci.models_not_executed {
        " (unit tests alone)"
    } else {
        ""
    };
    let _ = writeln!(
        text,
        "{} tests: {} passed, {} failed{local}",
        mark(ci.tests_ok),
        ci.tests_passed,
        ci.tests_failed
    );
    if ci.warnings > 0 {
        let _ = writeln!(text, "{} {}", marks.skipped, count(ci.warnings, "warning"));
    }
    text
}
