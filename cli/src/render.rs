//! Text for people: diagnostics over the source, tables, trees.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use comfy_table::{ContentArrangement, Table, presets};
use rocky_core::wire::{SourceSpan, WireDiagnostic};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Renders diagnostics, reading each file once.
pub struct Diagnostics {
    root: PathBuf,
    colour: bool,
    files: HashMap<String, Option<String>>,
}

impl Diagnostics {
    /// For files below `root`.
    pub fn new(root: &Path, colour: bool) -> Diagnostics {
        Diagnostics {
            root: root.to_path_buf(),
            colour,
            files: HashMap::new(),
        }
    }

    /// Show this text for a file instead of what is on disk.
    pub fn text(&mut self, path: &str, text: Option<String>) {
        self.files.insert(path.to_owned(), text);
    }

    fn load(&mut self, path: &str) {
        if !self.files.contains_key(path) {
            let text = std::fs::read(self.root.join(path)).ok().map(|bytes| {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
            });
            self.files.insert(path.to_owned(), text);
        }
    }

    /// One diagnostic, as rustc would print it.
    pub fn render(&mut self, diagnostic: &WireDiagnostic) -> String {
        let notes = diagnostic.notes.iter().filter_map(|n| n.span.as_ref());
        let paths: Vec<String> = diagnostic
            .span
            .iter()
            .chain(notes)
            .map(|s| s.file.clone())
            .collect();
        paths.iter().for_each(|p| self.load(p));
        let level = match diagnostic.severity.as_str() {
            "Error" => Level::ERROR,
            "Warning" => Level::WARNING,
            _ => Level::INFO,
        };
        let mut group = level
            .primary_title(diagnostic.message.as_str())
            .id(diagnostic.code.as_str())
            .elements(std::iter::empty::<annotate_snippets::Element<'_>>());
        let text = |path: &str| self.files.get(path).and_then(|t| t.as_deref());
        if let Some(span) = &diagnostic.span {
            group = match text(&span.file).and_then(|t| window(t, span)) {
                Some(window) => {
                    let mut snippet = Snippet::source(window.text)
                        .line_start(window.line)
                        .path(span.file.as_str());
                    let mut annotation = AnnotationKind::Primary.span(window.span);
                    if let Some(label) = &diagnostic.label {
                        annotation = annotation.label(label.as_str());
                    }
                    snippet = snippet.annotation(annotation);
                    group.element(snippet)
                }
                None => group.element(
                    annotate_snippets::Origin::path(span.file.as_str())
                        .line(span.line as usize)
                        .char_column(span.col as usize),
                ),
            };
        }
        for note in &diagnostic.notes {
            group = group.element(Level::NOTE.message(note.text.as_str()));
            if let Some(span) = &note.span
                && let Some(window) = text(&span.file).and_then(|t| window(t, span))
            {
                let annotation = AnnotationKind::Primary.span(window.span);
                let snippet = Snippet::source(window.text)
                    .line_start(window.line)
                    .path(span.file.as_str());
                group = group.element(snippet.annotation(annotation));
            }
        }
        if let Some(help) = &diagnostic.suggestion {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if self.colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        format!("{}\n", renderer.render(&[group]))
    }
}

/// The lines of a text around a span: huge files are not handed to the renderer whole.
struct Window<'a> {
    text: &'a str,
    line: usize,
    span: std::ops::Range<usize>,
}

fn window<'a>(text: &'a str, span: &SourceSpan) -> Option<Window<'a>> {
    let (start, end) = (span.start as usize, span.end as usize);
    // A file that changed since is shown by its place alone.
    if end > text.len() || !text.is_char_boundary(start) || !text.is_char_boundary(end) {
        return None;
    }
    let from = text.get(..start)?.rfind('\n').map_or(0, |i| i + 1);
    let first_line_end = text.get(start..)?.find('\n').map_or(text.len(), |i| start + i);
    // A span over many lines is shown by its first line.
    let end = end.min(first_line_end.max(start));
    let to = text.get(end..)?.find('\n').map_or(text.len(), |i| end + i);
    let shown = text.get(from..to)?;
    if shown.len() > 4096 {
        return None;
    }
    Some(Window {
        text: shown,
        line: span.line as usize,
        span: start - from..(end - from).max(start - from),
    })
}

/// A table without lines between the rows.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    // One space of padding belongs to the first column.
    let lines: Vec<String> = table
        .lines()
        .map(|l| l.strip_prefix(' ').unwrap_or(&l).trim_end().to_owned())
        .collect();
    format!("{}\n", lines.join("\n"))
}

/// `1 model`, `2 models`.
pub fn count(n: u64, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}

/// A time of a document to the second, for people.
pub fn time(text: &str) -> String {
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text.to_owned(),
    }
}

/// Milliseconds for people.
pub fn duration(ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{:.1} s", ms as f64 / 1000.0)
    }
}

/// Colours of the marks.
pub struct Marks {
    /// Before what is well.
    pub ok: &'static str,
    /// Before what is wrong.
    pub bad: &'static str,
    /// Before what was left out.
    pub skipped: &'static str,
}

impl Marks {
    /// With or without colour.
    pub fn new(colour: bool) -> Marks {
        if colour {
            Marks {
                ok: "\x1b[32m✓\x1b[0m",
                bad: "\x1b[31m✗\x1b[0m",
                skipped: "\x1b[33m-\x1b[0m",
            }
        } else {
            Marks {
                ok: "✓",
                bad: "✗",
                skipped: "-",
            }
        }
    }
}
