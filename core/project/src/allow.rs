//! Suppressions: `-- rocky-allow: W103, I100 the reason` in a model's file.
//!
//! A comment behind text speaks of its line, one alone in a line of the next line with text, one before all text of the
//! whole model, its sidecar and contract included. Comments are the lexer's: what stands in a string is none. Errors cannot
//! be suppressed, what suppresses nothing is reported; constructs of other dialects (P001) are named by themselves and
//! need no reason.

use crate::unit::Language;
use rocky_base::{Code, Diagnostic, Dialect, Edit, FileId, Loc, SmolStr, Span, code, suggest};
use rocky_syntax::{dsl, lexer};
use serde::{Deserialize, Serialize};

/// The word that begins a suppression.
const MARK: &str = "rocky-allow";

/// What is suppressed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum What {
    /// Findings of a code.
    Code(Code),
    /// A construct, in upper case.
    Construct(SmolStr),
}

/// An element of a suppression's list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// What.
    pub what: What,
    /// Its word in the file.
    pub span: Span,
}

/// Of which findings a suppression speaks.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Covers {
    /// All of the model.
    Model,
    /// Those that begin in these bytes of the file, a line.
    Line(Span),
}

/// A suppression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Allow {
    /// The comment.
    pub loc: Loc,
    /// What to take away to remove it: the comment with the space before it, or its line.
    pub removal: Span,
    /// Its scope.
    pub covers: Covers,
    /// What it lists; not empty.
    pub entries: Vec<Entry>,
}

impl Allow {
    /// True when the suppression speaks of a finding of its model.
    pub fn covers(&self, finding: &Diagnostic) -> bool {
        match (self.covers, &finding.primary) {
            (Covers::Model, _) => true,
            (Covers::Line(line), Some(label)) => {
                let start = label.loc.span.start;
                label.loc.file == self.loc.file && line.start <= start && start <= line.end
            }
            (Covers::Line(_), None) => false,
        }
    }
}

/// The suppressions of a model's text, from `body_start` on; mistakes in them go to `out`.
pub fn find(
    file: FileId,
    language: Language,
    text: &str,
    body_start: u32,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
) -> Vec<Allow> {
    // Nearly no file has one.
    if !text.contains(MARK) {
        return Vec::new();
    }
    let body = text.get(body_start as usize..).unwrap_or("");
    let (comments, tokens) = match language {
        Language::Sql => {
            let lexed = lexer::lex(body, dialect);
            let ends = |t: &lexer::Token| t.kind != lexer::TokenKind::Eof;
            (
                lexed.comments,
                lexed.tokens.iter().filter(|t| ends(t)).map(|t| t.span).collect(),
            )
        }
        Language::Rocky => dsl::comments_and_tokens(file, body),
    };
    let tokens: Vec<Span> = tokens;
    let mut found = Vec::new();
    for comment in comments {
        let words = comment.slice(body);
        let Some(rest) = words.strip_prefix("--").map(str::trim_start) else {
            continue;
        };
        let Some(rest) = rest.strip_prefix(MARK) else {
            continue;
        };
        let place = Place {
            file,
            text,
            comment: comment.shift(body_start),
            rest: Span::new(comment.end - rest.len() as u32, comment.end).shift(body_start),
        };
        let next = tokens.partition_point(|t| t.start < comment.end);
        let token = |i: usize| tokens.get(i).map(|t| t.shift(body_start));
        if let Some(allow) = place.read(next.checked_sub(1).and_then(token), token(next), out) {
            found.push(allow);
        }
    }
    found
}

struct Place<'a> {
    file: FileId,
    text: &'a str,
    comment: Span,
    /// Behind the mark.
    rest: Span,
}

impl Place<'_> {
    /// `before` and `after` are the tokens around the comment.
    fn read(&self, before: Option<Span>, after: Option<Span>, out: &mut Vec<Diagnostic>) -> Option<Allow> {
        let line = self.line(self.comment.start);
        let behind_text = before.is_some_and(|t| t.end > line.start);
        let removal = if behind_text {
            let kept = Span::new(line.start, self.comment.start)
                .slice(self.text)
                .trim_end()
                .len() as u32;
            Span::new(line.start + kept, self.comment.end)
        } else {
            // With the line's end.
            Span::new(line.start, (line.end + 1).min(self.text.len() as u32))
        };
        let malformed = |message: String, at: Span| {
            Diagnostic::new(code::W411, Loc::new(self.file, at), message)
                .help("Write `-- rocky-allow: CODE reason`.")
                .fix("take the comment out", vec![self.edit(removal, String::new())])
        };
        let Some(list) = self.rest.slice(self.text).strip_prefix(':') else {
            out.push(malformed(
                "a suppression lists codes behind a colon".to_owned(),
                self.comment,
            ));
            return None;
        };
        let mut at = self.rest.end - list.len() as u32;
        let mut entries = Vec::new();
        let mut wrong = false;
        let mut reason;
        let mut needs_reason = false;
        loop {
            at = self.skip_space(at);
            let word = self.word(at);
            reason = self.skip_space(word.end);
            if word.is_empty() {
                if entries.is_empty() && !wrong {
                    out.push(malformed(
                        "this suppression names no code".to_owned(),
                        self.comment,
                    ));
                    return None;
                }
                break;
            }
            match what(word.slice(self.text)) {
                Some(What::Code(found)) if !rocky_config::is_adjustable(found) => {
                    wrong = true;
                    let message = format!("{found} is an error: it cannot be suppressed");
                    out.push(
                        Diagnostic::new(code::W412, Loc::new(self.file, word), message)
                            .help("Repair what it says, and take the comment out."),
                    );
                }
                Some(what) => {
                    needs_reason |= matches!(what, What::Code(_));
                    entries.push(Entry { what, span: word });
                }
                None => {
                    wrong = true;
                    let text = word.slice(self.text);
                    let near =
                        suggest::nearest(&text.to_uppercase(), Code::all().map(Code::id)).map(str::to_owned);
                    let message = match near {
                        Some(near) => format!("`{text}` is no diagnostic code; did you mean `{near}`?"),
                        None if text.bytes().any(|b| b.is_ascii_digit()) => {
                            format!("`{text}` is no diagnostic code")
                        }
                        None => format!("`{text}` is neither a diagnostic code nor a construct"),
                    };
                    out.push(malformed(message, word));
                }
            }
            if self.text.as_bytes().get(reason as usize) != Some(&b',') || reason >= self.rest.end {
                break;
            }
            at = reason + 1;
        }
        let said = Span::new(reason.min(self.rest.end), self.rest.end).slice(self.text);
        // A further comment in the comment is no reason.
        let said = said
            .split("--")
            .next()
            .unwrap_or("")
            .trim_matches([' ', '\t', ':', '-']);
        if entries.is_empty() {
            return None;
        }
        if said.is_empty() && needs_reason {
            if !wrong {
                out.push(malformed("a suppression needs a reason".to_owned(), self.comment));
            }
            return None;
        }
        let covers = match (before, after) {
            (None, _) => Covers::Model,
            _ if behind_text => Covers::Line(line),
            (Some(_), Some(after)) => Covers::Line(self.line(after.start)),
            // Nothing follows.
            (Some(_), None) => Covers::Line(line),
        };
        Some(Allow {
            loc: Loc::new(self.file, self.comment),
            removal,
            covers,
            entries,
        })
    }

    fn edit(&self, span: Span, text: String) -> Edit {
        Edit {
            loc: Loc::new(self.file, span),
            text,
        }
    }

    fn line(&self, at: u32) -> Span {
        let bytes = self.text.as_bytes();
        let at = (at as usize).min(bytes.len());
        let before = bytes.get(..at).unwrap_or(&[]);
        let after = bytes.get(at..).unwrap_or(&[]);
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let end = after
            .iter()
            .position(|b| *b == b'\n')
            .map_or(bytes.len(), |i| at + i);
        Span::from(start..end)
    }

    fn skip_space(&self, at: u32) -> u32 {
        let rest = Span::new(at, self.rest.end.max(at)).slice(self.text);
        at + (rest.len() - rest.trim_start().len()) as u32
    }

    fn word(&self, at: u32) -> Span {
        let rest = Span::new(at, self.rest.end.max(at)).slice(self.text);
        let len = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        Span::new(at, at + len as u32)
    }
}

fn what(word: &str) -> Option<What> {
    if let Some(code) = Code::parse(word) {
        return Some(What::Code(code));
    }
    let upper = word.to_uppercase();
    rocky_semantic::portability::is_construct(&upper).then(|| What::Construct(upper.into()))
}

/// The finding that a suppression, or a part of its list, suppresses nothing.
pub fn unused(allow: &Allow, used: &[bool]) -> Option<Diagnostic> {
    let is_used = |i: &usize| used.get(*i).copied().unwrap_or(false);
    let indexes = 0..allow.entries.len();
    let idle: Vec<&Entry> = indexes
        .clone()
        .filter(|i| !is_used(i))
        .filter_map(|i| allow.entries.get(i))
        .collect();
    let first = idle.first()?;
    let name = |entry: &Entry| match &entry.what {
        What::Code(code) => code.id().to_owned(),
        What::Construct(name) => format!("`{name}`"),
    };
    let names: Vec<String> = idle.iter().map(|e| name(e)).collect();
    let file = allow.loc.file;
    let message = format!("nothing to suppress: there is no {} here", names.join(" and no "));
    let all = idle.len() == allow.entries.len();
    let at = if all { allow.loc.span } else { first.span };
    let edit = if all {
        Edit {
            loc: Loc::new(file, allow.removal),
            text: String::new(),
        }
    } else {
        let kept: Vec<String> = indexes
            .filter(is_used)
            .filter_map(|i| allow.entries.get(i))
            .map(|e| name(e).trim_matches('`').to_owned())
            .collect();
        let list = allow.entries.first()?.span.to(allow.entries.last()?.span);
        Edit {
            loc: Loc::new(file, list),
            text: kept.join(", "),
        }
    };
    Some(
        Diagnostic::new(code::W410, Loc::new(file, at), message)
            .help("Take the comment out, or move it to what it speaks of.")
            .fix(
                if all {
                    "take the comment out"
                } else {
                    "take it off the list"
                },
                vec![edit],
            ),
    )
}
