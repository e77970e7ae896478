//! TOML text to our own tree: spans in the coordinates of the whole file, one shape for inline and header tables, and
//! `${NAME}` substituted in string values only. Start at [`parse`].
//!
//! Invariant: whatever is wrong in one place of the text leaves the rest readable. A value that could not be
//! substituted becomes [`Kind::Invalid`], which every reader passes over in silence: it has its diagnostic already.

use crate::hook;
use rocky_base::{Code, Diagnostic, FileId, Loc, SmolStr, Span, code};
use std::collections::BTreeSet;
use toml::de::{DeTable, DeValue};

/// Reads a variable of the environment.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Deeper trees are refused. The TOML parser has its own limit for values and for dotted keys.
const MAX_DEPTH: u32 = 256;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Str {
        value: SmolStr,
        from_env: bool,
    },
    Int(i64),
    Float(f64),
    Bool(bool),
    /// As TOML writes it.
    Datetime(SmolStr),
    Array(Vec<Node>),
    Table(Vec<Entry>),
    Invalid,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: SmolStr,
    pub key_span: Span,
    pub node: Node,
}

impl Node {
    /// The entries, when this is a table.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The entry of `key`, when this is a table that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.key == key)
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.node)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str { value, .. } => Some(value.as_str()),
            _ => None,
        }
    }

    /// An integer; a string that came from the environment counts when it spells one.
    pub fn as_int(&self) -> Option<i64> {
        match &self.kind {
            Kind::Int(i) => Some(*i),
            Kind::Str {
                value,
                from_env: true,
            } => value.trim().parse().ok(),
            _ => None,
        }
    }

    /// A finite number; integers and substituted strings count.
    pub fn as_float(&self) -> Option<f64> {
        let value = match &self.kind {
            Kind::Int(i) => *i as f64,
            Kind::Float(f) => *f,
            Kind::Str {
                value,
                from_env: true,
            } => value.trim().parse().ok()?,
            _ => return None,
        };
        value.is_finite().then_some(value)
    }

    /// A boolean; a substituted `true` or `false` counts.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(b) => Some(*b),
            Kind::Str {
                value,
                from_env: true,
            } => value.trim().parse().ok(),
            _ => None,
        }
    }

    /// What it is, for "expected …, found …".
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Str { .. } => "a string",
            Kind::Int(_) => "an integer",
            Kind::Float(f) if f.is_finite() => "a float",
            Kind::Float(f) if f.is_nan() => "`nan`",
            Kind::Float(_) => "`inf`",
            Kind::Bool(_) => "a boolean",
            Kind::Datetime(_) => "a date-time",
            Kind::Array(_) => "an array",
            Kind::Table(_) => "a table",
            Kind::Invalid => "an invalid value",
        }
    }

    /// True for a value that has its diagnostic already.
    pub fn is_invalid(&self) -> bool {
        matches!(self.kind, Kind::Invalid)
    }

    /// True for a table.
    pub fn is_table(&self) -> bool {
        matches!(self.kind, Kind::Table(_))
    }
}

/// What [`parse`] found.
pub(crate) struct Tree {
    /// A table, empty when the text is not TOML.
    pub root: Node,
    /// True when the text is not TOML at all (E402 is among the diagnostics).
    pub broken: bool,
    /// Names of the variables asked for, found or not.
    pub vars: BTreeSet<SmolStr>,
}

/// Parse `text`, which begins at byte `offset` of `file`.
pub(crate) fn parse(file: FileId, text: &str, offset: u32, env: Env<'_>, out: &mut Vec<Diagnostic>) -> Tree {
    read(file, text, offset, Some(env), out)
}

/// Parse a file whose strings are taken as they are.
pub(crate) fn parse_exact(file: FileId, text: &str, out: &mut Vec<Diagnostic>) -> Tree {
    read(file, text, 0, None, out)
}

fn read(file: FileId, text: &str, offset: u32, env: Option<Env<'_>>, out: &mut Vec<Diagnostic>) -> Tree {
    let mut lower = Lower {
        file,
        offset,
        env,
        hooks: false,
        vars: BTreeSet::new(),
        out,
    };
    let empty = Node {
        span: Span::at(offset),
        kind: Kind::Table(Vec::new()),
    };
    match DeTable::parse(text) {
        Ok(document) => {
            let kind = Kind::Table(lower.entries(document.get_ref(), 0));
            let span = Span::from(0..text.len()).shift(offset);
            Tree {
                root: Node { span, kind },
                broken: false,
                vars: lower.vars,
            }
        }
        Err(error) => {
            let span = match error.span() {
                Some(range) => Span::from(range.start.min(text.len())..range.end.min(text.len())),
                None => Span::at(0),
            };
            let span = on_a_character(text, span).shift(offset);
            let words: Vec<&str> = error
                .message()
                .lines()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .collect();
            let message = format!("syntax error in TOML: {}", words.join("; "));
            let too_deep = error.message().contains("recurs");
            let code = if too_deep { code::E412 } else { code::E402 };
            lower
                .out
                .push(Diagnostic::new(code, Loc::new(file, span), message));
            Tree {
                root: empty,
                broken: true,
                vars: lower.vars,
            }
        }
    }
}

/// An empty span is widened to the character under it, or before it at the end of a line, so that something shows.
fn on_a_character(text: &str, span: Span) -> Span {
    if !span.is_empty() {
        return span;
    }
    let at = span.start as usize;
    let next = text
        .get(at..)
        .and_then(|t| t.chars().next())
        .filter(|c| *c != '\n' && *c != '\r');
    match next {
        Some(c) => Span::from(at..at + c.len_utf8()),
        None => span,
    }
}

struct Lower<'a> {
    file: FileId,
    offset: u32,
    /// `None`: nothing is substituted.
    env: Option<Env<'a>>,
    /// Inside of `[hook]`, where a `command` is the shell's.
    hooks: bool,
    vars: BTreeSet<SmolStr>,
    out: &'a mut Vec<Diagnostic>,
}

impl Lower<'_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::from(range).shift(self.offset)
    }

    fn entries(&mut self, table: &DeTable<'_>, depth: u32) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table.iter() {
            let name: &str = key.get_ref();
            if depth == 0 {
                self.hooks = hook::SECTIONS.contains(&name);
            }
            let (key_span, span) = (self.span(key.span()), self.span(value.span()));
            let env = self.env;
            if self.hooks && name == "command" {
                self.env = None;
            }
            let node = self.value(value.get_ref(), span, depth + 1);
            self.env = env;
            entries.push(Entry {
                key: SmolStr::new(name),
                key_span,
                node,
            });
        }
        entries
    }

    fn value(&mut self, value: &DeValue<'_>, span: Span, depth: u32) -> Node {
        if depth > MAX_DEPTH {
            return self.too_deep(span);
        }
        let kind = match value {
            DeValue::String(text) => self.text(text, span),
            DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
                Ok(i) => Kind::Int(i),
                Err(_) => self.too_large(span),
            },
            DeValue::Float(f) => f.as_str().parse().map_or(Kind::Invalid, Kind::Float),
            DeValue::Boolean(b) => Kind::Bool(*b),
            DeValue::Datetime(moment) => Kind::Datetime(SmolStr::new(moment.to_string())),
            DeValue::Array(array) => {
                let mut nodes = Vec::with_capacity(array.len());
                for value in array.iter() {
                    let span = self.span(value.span());
                    nodes.push(self.value(value.get_ref(), span, depth + 1));
                }
                Kind::Array(nodes)
            }
            DeValue::Table(table) => Kind::Table(self.entries(table, depth)),
        };
        Node { span, kind }
    }

    fn too_large(&mut self, span: Span) -> Kind {
        let message = "integer does not fit 64 bits";
        self.out
            .push(Diagnostic::new(code::E404, Loc::new(self.file, span), message));
        Kind::Invalid
    }

    fn too_deep(&mut self, span: Span) -> Node {
        let message = format!("nested more than {MAX_DEPTH} levels deep");
        self.out
            .push(Diagnostic::new(code::E412, Loc::new(self.file, span), message));
        Node {
            span,
            kind: Kind::Invalid,
        }
    }

    fn text(&mut self, raw: &str, span: Span) -> Kind {
        let Some(env) = self.env.filter(|_| raw.contains('$')) else {
            return Kind::Str {
                value: SmolStr::new(raw),
                from_env: false,
            };
        };
        let Substituted {
            text,
            from_env,
            problems,
        } = substitute(raw, env, &mut self.vars);
        let ok = problems.is_empty();
        for (code, message, help) in problems {
            let diagnostic = Diagnostic::new(code, Loc::new(self.file, span), message);
            self.out.push(diagnostic.help(help));
        }
        if ok {
            Kind::Str {
                value: SmolStr::new(text),
                from_env,
            }
        } else {
            Kind::Invalid
        }
    }
}

struct Substituted {
    text: String,
    from_env: bool,
    problems: Vec<(Code, String, String)>,
}

/// One pass from left to right; what a variable holds is never looked at again. `${NAME}` must be set, `${NAME:-text}`
/// is `text` when the variable is unset or empty, and `$${` is a literal `${`.
fn substitute(raw: &str, env: Env<'_>, vars: &mut BTreeSet<SmolStr>) -> Substituted {
    let mut done = Substituted {
        text: String::with_capacity(raw.len()),
        from_env: false,
        problems: Vec::new(),
    };
    let mut missing: BTreeSet<&str> = BTreeSet::new();
    let mut rest = raw;
    while let Some(at) = rest.find('$') {
        let (before, tail) = rest.split_at(at);
        done.text.push_str(before);
        if let Some(after) = tail.strip_prefix("$${") {
            done.text.push_str("${");
            rest = after;
            continue;
        }
        let Some(inner) = tail.strip_prefix("${") else {
            done.text.push('$');
            rest = tail.get(1..).unwrap_or("");
            continue;
        };
        let Some(end) = inner.find('}') else {
            done.problems.push((
                code::E404,
                "`${` is not closed by `}`".to_owned(),
                "Close it, or write `$${` for a literal `${`.".to_owned(),
            ));
            rest = "";
            break;
        };
        let (body, after) = (inner.get(..end).unwrap_or(""), inner.get(end + 1..).unwrap_or(""));
        rest = after;
        let (name, default) = match body.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (body, None),
        };
        if name.is_empty() {
            done.problems.push((
                code::E404,
                format!("`${{{body}}}` names no variable"),
                "Name one, or write `$${` for a literal `${`.".to_owned(),
            ));
            continue;
        }
        vars.insert(SmolStr::new(name));
        done.from_env = true;
        match (env(name), default) {
            (Some(value), Some(default)) if value.is_empty() => done.text.push_str(default),
            (Some(value), _) => done.text.push_str(&value),
            (None, Some(default)) => done.text.push_str(default),
            (None, None) => {
                if missing.insert(name) {
                    done.problems.push((
                        code::E407,
                        format!("environment variable `{name}` is not set"),
                        format!("Set it, or give a default: `${{{name}:-…}}`."),
                    ));
                }
            }
        }
    }
    done.text.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(raw: &str) -> (String, usize) {
        let env = |name: &str| match name {
            "A" => Some("alpha".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${A}".to_owned()),
            _ => None,
        };
        let done = substitute(raw, &env, &mut BTreeSet::new());
        (done.text, done.problems.len())
    }

    #[test]
    fn a_default_is_taken_when_unset_or_empty() {
        assert_eq!(run("x${A}y"), ("xalphay".into(), 0));
        assert_eq!(run("${EMPTY:-d}${NONE:-}${A:-z}"), ("dalpha".into(), 0));
        assert_eq!(run("${EMPTY}"), (String::new(), 0));
        assert_eq!(run("${A:-a:-b}${NONE:-a:-b}"), ("alphaa:-b".into(), 0));
    }

    #[test]
    fn values_are_not_substituted_again() {
        assert_eq!(run("${NESTED}"), ("${A}".into(), 0));
    }

    #[test]
    fn a_doubled_dollar_escapes() {
        assert_eq!(run("$${A} $ $$ ${A}"), ("${A} $ $$ alpha".into(), 0));
        assert_eq!(run("$$${A}"), ("$${A}".into(), 0));
    }

    #[test]
    fn every_missing_variable_is_a_problem_of_its_own() {
        assert_eq!(run("${P}${Q}${P}").1, 2);
        assert_eq!(run("${P").1, 1);
        assert_eq!(run("${}").1, 1);
        assert_eq!(run("${:-x}").1, 1);
    }
}
