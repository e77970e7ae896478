//! `rocky test`.

use super::{Context, diagnostics_text, vars};
use crate::args::Sources;
use crate::output;
use crate::progress::Progress;
use crate::render::{Marks, count};
use rocky_core::Result;
use rocky_core::verbs::test::{Declarative, TestFailure, TestRequest, TestResponse, UnitTests};
use std::fmt::Write;
use std::path::Path;

pub fn run(context: &Context<'_>, request: TestRequest, sources: &Sources) -> Result<u8> {
    let project = context.open(sources)?;
    let request = TestRequest {
        vars: vars(sources)?,
        ..request
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
    if let Some(tests) = &test.declarative {
        declarative(&mut text, tests, &marks);
        return text;
    }
    failures(&mut text, &test.failures, &marks);
    if let Some(units) = &test.unit_tests {
        refused(&mut text, units, &marks);
    }
    if !test.empty_sources.is_empty() {
        let _ = writeln!(
            text,
            "made empty: {} (data/seed.sql does not make them)",
            test.empty_sources.join(", ")
        );
    }
    let units = test.unit_tests.as_ref();
    let (n, passed, failed) = units.map_or((0, 0, 0), |u| (u.total, u.passed, u.failed));
    if !test.models_not_executed {
        let _ = writeln!(
            text,
            "{} of {} models passed, {} failed",
            test.passed - passed,
            test.total - n,
            test.failed - failed
        );
    }
    if let Some(units) = units {
        let refused = match units.refused {
            0 => String::new(),
            n => format!(", {n} need the warehouse"),
        };
        let _ = writeln!(
            text,
            "{passed} of {} passed, {failed} failed{refused}",
            count(n, "unit test")
        );
    }
    text
}

/// What failed; several lines are set off.
pub fn failures(text: &mut String, failures: &[TestFailure], marks: &Marks) {
    for failure in failures {
        let _ = writeln!(text, "{} {}: {}", marks.bad, failure.name, failure.error);
    }
}

/// Unit tests that were not run.
pub fn refused(text: &mut String, units: &UnitTests, marks: &Marks) {
    for test in units.results.iter().filter(|r| r.status == "refused") {
        let why = test.detail.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "{} {}::{}: not run: {why}",
            marks.skipped, test.model, test.name
        );
    }
}

fn declarative(text: &mut String, tests: &Declarative, marks: &Marks) {
    for result in tests.results.iter().filter(|r| r.status != "pass") {
        let warning = result.status == "fail" && result.severity == "warning";
        let mark = if warning { marks.skipped } else { marks.bad };
        let _ = writeln!(
            text,
            "{mark} {}::{}: {}",
            result.model,
            result.name,
            result.detail.as_deref().unwrap_or_default()
        );
        for row in &result.sample {
            let cells: Vec<String> = row.iter().take(8).map(|(k, v)| format!("{k} = {v}")).collect();
            let _ = writeln!(text, "    {}", cells.join(", "));
        }
    }
    let mut parts = vec![format!("{} failed", tests.failed)];
    if tests.warned > 0 {
        parts.push(count(tests.warned, "warning"));
    }
    if tests.errored > 0 {
        parts.push(format!("{} not evaluated", tests.errored));
    }
    let _ = writeln!(
        text,
        "{} of {} passed, {}",
        tests.passed,
        count(tests.total, "test"),
        parts.join(", ")
    );
}
