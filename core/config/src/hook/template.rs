//! Bodies of web requests: `{{field}}` and `{{#if field}}…{{/if}}`, checked when the configuration is read.
//!
//! Two constructs do not carry a template engine, and the usual ones escape for HTML. Invariant: a value is never read as
//! template or as JSON; the one who renders escapes it as the inside of a JSON string.

use crate::schema::{Checker, did_you_mean};
use crate::spanned::Spanned;
use rocky_base::{Diagnostic, Loc, SmolStr, Span, code, suggest};
use serde::{Serialize, Serializer};

/// Blocks may stand in each other so deep.
const MAX_DEPTH: usize = 16;

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyTemplate {
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

impl Serialize for BodyTemplate {
    /// It may hold values of the environment.
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str("***")
    }
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// The value of a field.
    Value(Field),
    /// Parts that are there when the field has a value.
    If(Field, Vec<Part>),
}

/// What a template can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// `on_…`.
    Event,
    /// The run.
    RunId,
    /// The pipeline.
    Pipeline,
    /// RFC 3339.
    Timestamp,
    /// The model.
    Model,
    /// The table's whole name.
    Table,
    /// What went wrong.
    Error,
    /// Milliseconds.
    DurationMs,
    /// `metadata.KEY`.
    Metadata(SmolStr),
    /// Anything else: always empty.
    Unknown,
}

const FIELDS: [(&str, Field); 8] = [
    ("event", Field::Event),
    ("run_id", Field::RunId),
    ("pipeline", Field::Pipeline),
    ("timestamp", Field::Timestamp),
    ("model", Field::Model),
    ("table", Field::Table),
    ("error", Field::Error),
    ("duration_ms", Field::DurationMs),
];

impl Field {
    fn parse(name: &str) -> Field {
        match name.strip_prefix("metadata.") {
            Some(key) => Field::Metadata(SmolStr::new(key)),
            None => FIELDS
                .into_iter()
                .find(|(n, _)| *n == name)
                .map_or(Field::Unknown, |(_, field)| field),
        }
    }
}

/// Something wrong, with its bytes in the template.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    at: std::ops::Range<usize>,
    message: String,
    /// Only a warning: the 1.x releases left an unknown field empty.
    unknown_field: bool,
}

/// Parse the template of a file; problems are reported.
pub(crate) fn read(body: &Spanned<SmolStr>, text: &str, checker: &mut Checker<'_>) -> Option<BodyTemplate> {
    let (template, problems) = parse(body.as_str());
    for problem in problems {
        let loc = place(body, text, problem.at);
        let code = if problem.unknown_field {
            code::W403
        } else {
            code::E417
        };
        checker.out.push(Diagnostic::new(code, loc, problem.message));
    }
    template
}

/// The place of some bytes of a string's value, when the string stands in the file as it is; else the whole string.
fn place(body: &Spanned<SmolStr>, text: &str, at: std::ops::Range<usize>) -> Loc {
    let span = body.loc.span;
    let written = text
        .get(span.start as usize..span.end as usize)
        .unwrap_or_default();
    match written.find(body.as_str()).filter(|_| !body.from_env) {
        Some(offset) => {
            let start = span.start as usize + offset;
            Loc::new(body.loc.file, Span::from(start + at.start..start + at.end))
        }
        None => body.loc,
    }
}

/// The template, unless something is wrong with it.
fn parse(text: &str) -> (Option<BodyTemplate>, Vec<Problem>) {
    let mut problems = Vec::new();
    // Blocks that are open: their field, where they begin, and the parts before them.
    let mut open: Vec<(Field, std::ops::Range<usize>, Vec<Part>)> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = 0;
    while let Some(begin) = text.get(rest..).and_then(|t| t.find("{{")).map(|i| rest + i) {
        push_text(&mut parts, text.get(rest..begin));
        let Some(end) = text.get(begin..).and_then(|t| t.find("}}")).map(|i| begin + i) else {
            let message = "`{{` without `}}`".to_owned();
            problems.push(error(begin..begin + 2, message));
            rest = text.len();
            break;
        };
        let at = begin..end + 2;
        let tag = text.get(begin + 2..end).unwrap_or_default().trim();
        rest = end + 2;
        if tag == "/if" {
            match open.pop() {
                Some((field, _, before)) => {
                    let inside = std::mem::replace(&mut parts, before);
                    parts.push(Part::If(field, inside));
                }
                None => problems.push(error(at, "`{{/if}}` without `{{#if …}}`".to_owned())),
            }
        } else if let Some(name) = tag
            .strip_prefix("#if")
            .filter(|n| n.starts_with(char::is_whitespace))
        {
            let field = field(name.trim(), &at, &mut problems);
            if open.len() == MAX_DEPTH {
                problems.push(error(at, format!("blocks nested more than {MAX_DEPTH} deep")));
                return (None, problems);
            }
            open.push((field, at, std::mem::take(&mut parts)));
        } else if tag.starts_with(['#', '/', '^', '!', '>', '&', '{']) || tag == "else" {
            let message = format!(
                "`{{{{{tag}}}}}` is not known; there are `{{{{field}}}}` and `{{{{#if field}}}}…{{{{/if}}}}`"
            );
            problems.push(error(at, message));
        } else {
            let field = field(tag, &at, &mut problems);
            parts.push(Part::Value(field));
        }
    }
    push_text(&mut parts, text.get(rest..));
    for (_, at, _) in open {
        problems.push(error(at, "`{{#if …}}` without `{{/if}}`".to_owned()));
    }
    let usable = problems.iter().all(|p| p.unknown_field);
    (usable.then_some(BodyTemplate { parts }), problems)
}

fn push_text(parts: &mut Vec<Part>, text: Option<&str>) {
    if let Some(text) = text.filter(|t| !t.is_empty()) {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn error(at: std::ops::Range<usize>, message: String) -> Problem {
    Problem {
        at,
        message,
        unknown_field: false,
    }
}

fn field(name: &str, at: &std::ops::Range<usize>, problems: &mut Vec<Problem>) -> Field {
    let field = Field::parse(name);
    if name.is_empty() {
        problems.push(error(
            at.clone(),
            "a field is missing between the braces".to_owned(),
        ));
    } else if field == Field::Unknown {
        let near = suggest::nearest(name, FIELDS.iter().map(|(n, _)| *n));
        let message = format!("unknown field `{name}` is always empty{}", did_you_mean(near));
        problems.push(Problem {
            at: at.clone(),
            message,
            unknown_field: true,
        });
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let (template, problems) = parse(text);
        assert_eq!(template.is_some(), problems.iter().all(|p| p.unknown_field));
        problems
            .into_iter()
            .map(|p| format!("{}: {}", &text[p.at], p.message))
            .collect()
    }

    #[test]
    fn fields_and_blocks_are_parsed() {
        let (template, problems) =
            parse("a {{ model }}{{#if metadata.x}}[{{metadata.x}}{{#if error}}!{{/if}}]{{/if}}}");
        assert_eq!(problems, []);
        let x = || Field::Metadata("x".into());
        let text = |t: &str| Part::Text(t.to_owned());
        let inner = vec![
            text("["),
            Part::Value(x()),
            Part::If(Field::Error, vec![text("!")]),
            text("]"),
        ];
        let parts = vec![
            text("a "),
            Part::Value(Field::Model),
            Part::If(x(), inner),
            text("}"),
        ];
        assert_eq!(template, Some(BodyTemplate { parts }));
    }

    #[test]
    fn what_is_not_closed_is_an_error_with_its_place() {
        assert_eq!(problems("x {{model"), ["{{: `{{` without `}}`"]);
        assert_eq!(
            problems("{{#if error}}x"),
            ["{{#if error}}: `{{#if …}}` without `{{/if}}`"]
        );
        assert_eq!(problems("x{{/if}}"), ["{{/if}}: `{{/if}}` without `{{#if …}}`"]);
        assert!(problems("{{#each x}}")[0].contains("is not known"));
        assert_eq!(problems("{{}}").len(), 1);
        assert_eq!(problems(&"{{#if model}}".repeat(100)).len(), 1);
        assert_eq!(
            problems("{{modle}}"),
            ["{{modle}}: unknown field `modle` is always empty; did you mean `model`?"]
        );
    }
}
