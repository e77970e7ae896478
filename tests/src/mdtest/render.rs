//! Findings as text for ` ```output ` blocks: everything a diagnostic says, and the source line with the marks.

use rocky_core::wire::{SourceSpan, WireDiagnostic};
use std::fmt::Write;

/// All diagnostics, in order. `text` gives a file's text.
pub fn diagnostics(list: &[WireDiagnostic], text: &dyn Fn(&str) -> Option<String>) -> String {
    let parts: Vec<String> = list.iter().map(|d| diagnostic(d, text)).collect();
    parts.join("\n")
}

fn diagnostic(d: &WireDiagnostic, text: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = format!("{}[{}]: {}\n", d.severity.to_lowercase(), d.code, d.message);
    // Writing to a String cannot fail.
    if let Some(span) = &d.span {
        place(&mut out, span, d.label.as_deref(), text);
    }
    for note in &d.notes {
        let _ = writeln!(out, "note: {}", note.text);
        if let Some(span) = &note.span {
            place(&mut out, span, None, text);
        }
    }
    if let Some(help) = &d.suggestion {
        let _ = writeln!(out, "help: {help}");
    }
    if let Some(fix) = &d.fix {
        let _ = writeln!(out, "fix: {}", fix.title);
        for edit in &fix.edits {
            if let Some(s) = &edit.span {
                let _ = writeln!(
                    out,
                    "  {}:{}:{}..{}:{} becomes `{}`",
                    s.file, s.line, s.col, s.end_line, s.end_col, edit.text
                );
            }
        }
    }
    out
}

fn place(out: &mut String, span: &SourceSpan, label: Option<&str>, text: &dyn Fn(&str) -> Option<String>) {
    let _ = writeln!(out, "  {}:{}:{}", span.file, span.line, span.col);
    let source = text(&span.file).unwrap_or_default();
    let line = source.lines().nth(span.line as usize - 1).unwrap_or_default();
    let line = strip_assertion(line);
    let (start, end) = columns(span, line);
    let _ = writeln!(out, "  | {line}");
    let marks = format!(
        "{}{}",
        " ".repeat(start as usize - 1),
        "^".repeat((end - start) as usize)
    );
    let _ = writeln!(
        out,
        "{}",
        format!("  | {marks} {}", label.unwrap_or_default()).trim_end()
    );
}

/// First column and the one after the last in the first line of a span; an empty span is one wide.
pub fn columns(span: &SourceSpan, line: &str) -> (u32, u32) {
    let end = if span.end_line == span.line {
        span.end_col
    } else {
        line.trim_end().chars().count() as u32 + 1
    };
    (span.col, end.max(span.col + 1))
}

/// The line without the harness's own comment, so that an output does not repeat it.
pub fn strip_assertion(line: &str) -> &str {
    let marks = [
        "-- error:",
        "-- warning:",
        "-- info:",
        "# error:",
        "# warning:",
        "# info:",
    ];
    let end = marks
        .iter()
        .filter_map(|m| line.find(m))
        .min()
        .unwrap_or(line.len());
    line[..end].trim_end()
}
