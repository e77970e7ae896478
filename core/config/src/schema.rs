//! What a file may say, as data, and the one checker that holds a tree against it.
//!
//! A [`Schema`] lists the keys of a table: their shape, whether they are required, and whether anything acts on them yet
//! ([`Effect`]). The checker reports every problem of a tree in one pass; the typed readers that follow take what fits
//! and stay silent. Making a known key work is a change of its row here and a line in a reader.
//! The rows are in [`crate::keys`].

use crate::node::{Entry, Kind, Node};
use rocky_base::{Code, Diagnostic, Edit, FileId, Loc, Span, code, suggest};
use std::ops::Bound;

/// How an unknown key, or a known one that nothing acts on yet, is reported.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum UnknownKeys {
    /// E403, E406.
    #[default]
    Error,
    /// W403, W406: `[compat] unknown_keys = "warn"`.
    Warn,
}

/// Does the engine act on a key?
#[derive(Copy, Clone)]
pub(crate) enum Effect {
    /// It does.
    Yes,
    /// Known from the 1.x releases; nothing acts on it yet.
    No,
    /// Accepted with a warning that says this.
    Deprecated(&'static str),
    /// Known, but in another file or place: what to say about it.
    Misplaced(&'static str),
}

/// A key of a table.
#[derive(Copy, Clone)]
pub(crate) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    pub effect: Effect,
}

/// A key that has an effect and may be absent.
pub(crate) const fn key(name: &'static str, shape: Shape) -> Key {
    Key {
        name,
        shape,
        required: false,
        effect: Effect::Yes,
    }
}

impl Key {
    /// It must be there.
    pub const fn required(mut self) -> Key {
        self.required = true;
        self
    }

    /// Nothing acts on it yet.
    pub const fn idle(mut self) -> Key {
        self.effect = Effect::No;
        self
    }

    /// Accepted with a warning.
    pub const fn deprecated(mut self, why: &'static str) -> Key {
        self.effect = Effect::Deprecated(why);
        self
    }

    /// An error here.
    pub const fn misplaced(mut self, why: &'static str) -> Key {
        self.effect = Effect::Misplaced(why);
        self
    }
}

/// The keys of a table.
pub(crate) struct Schema {
    pub keys: &'static [Key],
    /// More to say about an unknown key, given the table and the key.
    pub hint: Option<fn(&Node, &str) -> Option<String>>,
}

impl Schema {
    pub const fn new(keys: &'static [Key]) -> Schema {
        Schema { keys, hint: None }
    }

    pub const fn with_hint(keys: &'static [Key], hint: fn(&Node, &str) -> Option<String>) -> Schema {
        Schema {
            keys,
            hint: Some(hint),
        }
    }

    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|k| k.name == name)
    }
}

/// A table whose keys depend on the value of one of them.
pub(crate) struct Tagged {
    /// The deciding key.
    pub tag: &'static str,
    /// What it decides, e.g. `adapter type`.
    pub what: &'static str,
    /// The value when the key is absent; `None` makes it required.
    pub default: Option<&'static str>,
    /// Value and keys; the tag itself is not listed in them.
    pub variants: &'static [(&'static str, &'static Schema)],
    /// A better word for one that is not a variant.
    pub synonym: fn(&str) -> Option<&'static str>,
}

impl Tagged {
    pub fn variant(&self, name: &str) -> Option<&'static Schema> {
        self.variants.iter().find(|(n, _)| *n == name).map(|(_, s)| *s)
    }
}

/// For [`Tagged::synonym`].
pub(crate) fn no_synonym(_: &str) -> Option<&'static str> {
    None
}

/// What a value must be.
#[derive(Copy, Clone)]
pub(crate) enum Shape {
    Str,
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    Float {
        min: Bound<f64>,
        max: Bound<f64>,
    },
    OneOf(&'static [&'static str]),
    /// One of the first list; the second holds those of them that nothing acts on yet.
    OneOfIdle(&'static [&'static str], &'static [&'static str]),
    Strs,
    /// An array of strings, not empty.
    SomeStrs,
    /// An array of `[key, value]`.
    Pairs,
    /// Whatever TOML can say.
    Any,
    Table(&'static Schema),
    Tables(&'static Schema),
    TableOrTables(&'static Schema),
    /// A table with free keys.
    Map(&'static Shape),
    /// The first one whose type fits.
    Either(&'static [Shape]),
    Tagged(&'static Tagged),
    ListOf(&'static Shape),
}

/// Any integer from `0`.
pub(crate) const UINT: Shape = Shape::Int {
    min: 0,
    max: i64::MAX,
};
/// An integer of 32 bits from `0`.
pub(crate) const U32: Shape = Shape::Int {
    min: 0,
    max: u32::MAX as i64,
};
/// A number from `0`.
pub(crate) const NUMBER: Shape = Shape::Float {
    min: Bound::Included(0.0),
    max: Bound::Unbounded,
};

impl Shape {
    /// "expected …".
    fn expected(&self) -> String {
        match self {
            Shape::Str => "a string".into(),
            Shape::Bool => "`true` or `false`".into(),
            Shape::Int { .. } => "an integer".into(),
            Shape::Float { .. } => "a number".into(),
            Shape::OneOf(values) | Shape::OneOfIdle(values, _) => one_of(values.iter().copied()),
            Shape::Strs | Shape::SomeStrs => "an array of strings".into(),
            Shape::Pairs => "an array of `[key, value]` pairs".into(),
            Shape::Any => "a value".into(),
            Shape::Table(_) | Shape::Map(_) | Shape::Tagged(_) => "a table".into(),
            Shape::Tables(_) => "an array of tables".into(),
            Shape::TableOrTables(_) => "a table or an array of tables".into(),
            Shape::Either(shapes) => {
                let words: Vec<String> = shapes.iter().map(Shape::expected).collect();
                words.join(", or ")
            }
            Shape::ListOf(shape) => format!("an array, each element {}", shape.expected()),
        }
    }

    /// Is the type right (whatever the value)?
    fn fits(&self, node: &Node) -> bool {
        let from_env = matches!(node.kind, Kind::Str { from_env: true, .. });
        match self {
            Shape::Str => matches!(node.kind, Kind::Str { .. }),
            Shape::OneOf(values) | Shape::OneOfIdle(values, _) => {
                node.as_str().is_some() && (!from_env || node.as_str().is_some_and(|v| values.contains(&v)))
            }
            Shape::Bool => node.as_bool().is_some(),
            Shape::Int { .. } => node.as_int().is_some(),
            Shape::Float { .. } => node.as_float().is_some(),
            Shape::Any => true,
            Shape::Table(_) | Shape::Map(_) | Shape::Tagged(_) => node.is_table(),
            Shape::TableOrTables(_) => node.is_table() || matches!(node.kind, Kind::Array(_)),
            Shape::Tables(_) | Shape::Strs | Shape::SomeStrs | Shape::Pairs | Shape::ListOf(_) => {
                matches!(node.kind, Kind::Array(_))
            }
            Shape::Either(shapes) => shapes.iter().any(|s| s.fits(node)),
        }
    }
}

/// `` `a`, `b` or `c` ``.
pub(crate) fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = values.into_iter().map(|v| format!("`{v}`")).collect();
    match quoted.pop() {
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} or {last}", quoted.join(", ")),
        None => String::new(),
    }
}

/// Findings of a file after which nothing is suggested for an unknown key any more.
const MAX_SUGGESTIONS: usize = 200;

/// `; did you mean …?` or nothing.
pub(crate) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |n| format!("; did you mean `{n}`?"))
}

/// Where in the tree the checker stands: a list through the call frames, joined only for a message.
#[derive(Copy, Clone)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
}

impl<'a> Path<'a> {
    pub fn join(&'a self, key: &'a str) -> Path<'a> {
        Path::Key(self, key)
    }

    /// `` in `a.b` `` or nothing at the root.
    fn place(&self) -> String {
        let text = self.to_string();
        if text.is_empty() {
            text
        } else {
            format!(" in `{text}`")
        }
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, key) => f.write_str(key),
            Path::Key(parent, key) => write!(f, "{parent}.{key}"),
        }
    }
}

/// Holds a tree against a schema.
pub(crate) struct Checker<'a> {
    pub file: FileId,
    pub unknown_keys: UnknownKeys,
    pub out: &'a mut Vec<Diagnostic>,
    /// Above 0 inside a key that was reported as idle: its parts are not reported again.
    idle: u32,
}

impl<'a> Checker<'a> {
    pub fn new(file: FileId, unknown_keys: UnknownKeys, out: &'a mut Vec<Diagnostic>) -> Checker<'a> {
        Checker {
            file,
            unknown_keys,
            out,
            idle: 0,
        }
    }

    pub fn loc(&self, span: Span) -> Loc {
        Loc::new(self.file, span)
    }

    pub fn report(&mut self, code: Code, span: Span, message: impl Into<String>) {
        let diagnostic = self.diagnostic(code, span, message);
        self.out.push(diagnostic);
    }

    fn diagnostic(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.loc(span), message)
    }

    fn soften(&self, error: Code, warning: Code) -> Code {
        match self.unknown_keys {
            UnknownKeys::Error => error,
            UnknownKeys::Warn => warning,
        }
    }

    /// A table. `at` is where a missing key is reported: the table's name in its header.
    pub fn table(&mut self, node: &Node, schema: &Schema, at: Span, path: &Path<'_>) {
        self.table_except(node, schema, at, path, "");
    }

    /// A table, but for the key `except`, which the caller looks at.
    pub fn table_except(&mut self, node: &Node, schema: &Schema, at: Span, path: &Path<'_>, except: &str) {
        let mut misspelt = Vec::new();
        for entry in node.entries() {
            if entry.key == except {
                continue;
            }
            match schema.key(&entry.key) {
                Some(key) => self.entry(entry, key, path),
                None => misspelt.extend(self.unknown_key(node, entry, schema, path)),
            }
        }
        for key in schema.keys.iter().filter(|k| k.required) {
            // A key that is misspelt is one mistake, not a second one that is missing.
            if node.get(key.name).is_none() && !misspelt.contains(&key.name) {
                self.missing(key.name, at, path);
            }
        }
    }

    /// A required key is absent.
    pub fn missing(&mut self, name: &str, at: Span, path: &Path<'_>) {
        let message = format!("missing key `{name}`{}", path.place());
        self.report(code::E405, at, message);
    }

    fn entry(&mut self, entry: &Entry, key: &Key, path: &Path<'_>) {
        let path = path.join(&entry.key);
        let idle = match key.effect {
            Effect::Yes => false,
            Effect::No => {
                if !only_deprecated(&entry.node, key.shape) {
                    self.no_effect(&format!("key `{path}`"), entry.key_span);
                }
                true
            }
            Effect::Deprecated(why) => {
                self.report(code::W407, entry.key_span, format!("key `{path}`: {why}"));
                false
            }
            Effect::Misplaced(why) => {
                self.report(
                    code::E417,
                    entry.key_span,
                    format!("key `{path}` is not allowed here: {why}"),
                );
                return;
            }
        };
        self.idle += u32::from(idle);
        self.value(&entry.node, key.shape, entry.key_span, &path);
        self.idle -= u32::from(idle);
    }

    /// E406, once per idle subtree.
    pub fn no_effect(&mut self, what: &str, span: Span) {
        if self.idle > 0 {
            return;
        }
        let code = self.soften(code::E406, code::W406);
        let message = format!(
            "{what} is known but has no effect in rocky {}",
            env!("CARGO_PKG_VERSION")
        );
        let help = match self.unknown_keys {
            UnknownKeys::Error => "Remove it, or set `[compat] unknown_keys = \"warn\"` in rocky.toml.",
            UnknownKeys::Warn => "Remove it.",
        };
        let diagnostic = self.diagnostic(code, span, message).help(help);
        self.out.push(diagnostic);
    }

    /// Report a key; returns the one that was probably meant.
    fn unknown_key(
        &mut self,
        table: &Node,
        entry: &Entry,
        schema: &Schema,
        path: &Path<'_>,
    ) -> Option<&'static str> {
        let valid = || {
            schema
                .keys
                .iter()
                .filter(|k| !matches!(k.effect, Effect::Misplaced(_)))
        };
        // Each suggestion looks through the whole table.
        let nearest = match self.out.len() >= MAX_SUGGESTIONS {
            true => None,
            false => suggest::nearest(&entry.key, valid().map(|k| k.name)),
        };
        let hint = schema.hint.and_then(|hint| hint(table, &entry.key));
        let end = match (&hint, nearest) {
            (Some(hint), None) => format!("; {hint}"),
            _ => did_you_mean(nearest),
        };
        let code = self.soften(code::E403, code::W403);
        let place = path.place();
        let loc = self.loc(entry.key_span);
        let free = nearest.filter(|n| table.get(n).is_none());
        let names: Vec<&str> = valid().map(|k| k.name).collect();
        let message = format!("unknown key `{}`{place}{end}", entry.key);
        let diagnostic = self.diagnostic(code, entry.key_span, message);
        self.out.push(match free {
            Some(name) => {
                let edit = Edit {
                    loc,
                    text: name.to_owned(),
                };
                diagnostic.fix(format!("Replace by `{name}`"), vec![edit])
            }
            None if nearest.is_none() && !names.is_empty() => {
                diagnostic.help(format!("Valid keys: {}.", names.join(", ")))
            }
            None => diagnostic,
        });
        free
    }

    /// A value. `at` is where a missing key of a table is reported.
    pub fn value(&mut self, node: &Node, shape: Shape, at: Span, path: &Path<'_>) {
        if node.is_invalid() {
            return;
        }
        if !shape.fits(node) {
            return self.wrong_type(node, shape, path);
        }
        match shape {
            Shape::Str | Shape::Bool | Shape::Any => {}
            Shape::Int { min, max } => {
                let value = node.as_int().unwrap_or(min);
                if value < min || value > max {
                    let range = match max {
                        i64::MAX => format!("at least {min}"),
                        _ if min == max => format!("{min}"),
                        _ => format!("from {min} to {max}"),
                    };
                    self.out_of_range(node, &value.to_string(), &range, path);
                }
            }
            Shape::Float { min, max } => {
                let value = node.as_float().unwrap_or(0.0);
                if !std::ops::RangeBounds::contains(&(min, max), &value) {
                    let low = match min {
                        Bound::Included(m) => format!("at least {m}"),
                        Bound::Excluded(m) => format!("more than {m}"),
                        Bound::Unbounded => String::new(),
                    };
                    let high = match max {
                        Bound::Included(m) => format!("at most {m}"),
                        Bound::Excluded(m) => format!("less than {m}"),
                        Bound::Unbounded => String::new(),
                    };
                    let and = if low.is_empty() || high.is_empty() {
                        ""
                    } else {
                        " and "
                    };
                    self.out_of_range(node, &value.to_string(), &format!("{low}{and}{high}"), path);
                }
            }
            Shape::OneOf(values) => self.one_of(node, values, path),
            Shape::OneOfIdle(values, idle) => {
                self.one_of(node, values, path);
                if let Some(value) = node.as_str().filter(|v| idle.contains(v)) {
                    self.no_effect(&format!("`{path} = \"{value}\"`"), node.span);
                }
            }
            Shape::Strs => self.elements(node, Shape::Str, path),
            Shape::SomeStrs => {
                if matches!(&node.kind, Kind::Array(items) if items.is_empty()) {
                    self.report(
                        code::E417,
                        node.span,
                        format!("`{path}` is empty; expected at least one"),
                    );
                }
                self.elements(node, Shape::Str, path);
            }
            Shape::Pairs => {
                let Kind::Array(items) = &node.kind else { return };
                for item in items {
                    let pair = matches!(&item.kind, Kind::Array(p) if p.len() == 2 && p.iter().all(|s| s.as_str().is_some()));
                    if !pair && !item.is_invalid() {
                        self.wrong_type(item, shape, path);
                    }
                }
            }
            Shape::Table(schema) => self.table(node, schema, at, path),
            Shape::Tables(schema) => self.elements(node, Shape::Table(schema), path),
            Shape::TableOrTables(schema) if node.is_table() => self.table(node, schema, at, path),
            Shape::TableOrTables(schema) => self.elements(node, Shape::Table(schema), path),
            Shape::Map(shape) => {
                for entry in node.entries() {
                    self.value(&entry.node, *shape, entry.key_span, &path.join(&entry.key));
                }
            }
            Shape::Either(shapes) => {
                if let Some(shape) = shapes.iter().find(|s| s.fits(node)) {
                    self.value(node, *shape, at, path);
                }
            }
            Shape::Tagged(tagged) => self.tagged(node, tagged, at, path),
            Shape::ListOf(shape) => self.elements(node, *shape, path),
        }
    }

    fn elements(&mut self, node: &Node, shape: Shape, path: &Path<'_>) {
        let Kind::Array(items) = &node.kind else { return };
        for item in items {
            self.value(item, shape, item.span, path);
        }
    }

    fn tagged(&mut self, node: &Node, tagged: &Tagged, at: Span, path: &Path<'_>) {
        let name = match node.get(tagged.tag) {
            None => match tagged.default {
                Some(name) => name,
                None if self.misspelt_tag(node, tagged, path) => return,
                None => {
                    let names = tagged.variants.iter().map(|(n, _)| *n);
                    let help = format!(
                        "Give {} {}: {}.",
                        article(tagged.what),
                        tagged.what,
                        one_of(names)
                    );
                    let message = format!("missing key `{}`{}", tagged.tag, path.place());
                    let diagnostic = self.diagnostic(code::E405, at, message).help(help);
                    self.out.push(diagnostic);
                    return;
                }
            },
            Some(tag) => match self.tag(tag, tagged, path) {
                Some(name) => name,
                None => return,
            },
        };
        if let Some(schema) = tagged.variant(name) {
            self.table_except(node, schema, at, path, tagged.tag);
        }
    }

    /// Report the first key that is nearly the absent tag, instead of the tag.
    fn misspelt_tag(&mut self, node: &Node, tagged: &Tagged, path: &Path<'_>) -> bool {
        let known = |name: &str| {
            tagged
                .variants
                .iter()
                .any(|(_, schema)| schema.key(name).is_some())
        };
        let near = |e: &&Entry| !known(&e.key) && suggest::nearest(&e.key, [tagged.tag]).is_some();
        let Some(entry) = node.entries().iter().find(near) else {
            return false;
        };
        let message = format!(
            "unknown key `{}`{}; did you mean `{}`?",
            entry.key,
            path.place(),
            tagged.tag
        );
        let code = self.soften(code::E403, code::W403);
        let edit = Edit {
            loc: self.loc(entry.key_span),
            text: tagged.tag.to_owned(),
        };
        let diagnostic = self.diagnostic(code, entry.key_span, message);
        self.out
            .push(diagnostic.fix(format!("Replace by `{}`", tagged.tag), vec![edit]));
        // A warning alone would leave a table without its type.
        self.unknown_keys == UnknownKeys::Error
    }

    /// The variant that a tag names; reported when it names none.
    pub fn tag<'n>(&mut self, node: &'n Node, tagged: &Tagged, path: &Path<'_>) -> Option<&'n str> {
        if node.is_invalid() {
            return None;
        }
        let Some(name) = node.as_str() else {
            self.wrong_type(node, Shape::Str, &path.join(tagged.tag));
            return None;
        };
        if tagged.variant(name).is_some() {
            return Some(name);
        }
        let names = || tagged.variants.iter().map(|(n, _)| *n);
        let nearest = (tagged.synonym)(name).or_else(|| suggest::nearest(name, names()));
        let message = format!(
            "unknown {} `{}`{}",
            tagged.what,
            shown(node),
            did_you_mean(nearest)
        );
        let help = format!("Valid: {}.", one_of(names()));
        let loc = self.loc(node.span);
        let mut diagnostic = self.diagnostic(code::E404, node.span, message).help(help);
        if let Some(name) = nearest {
            let edit = Edit {
                loc,
                text: format!("\"{name}\""),
            };
            diagnostic = diagnostic.fix(format!("Replace by `{name}`"), vec![edit]);
        }
        self.out.push(diagnostic);
        None
    }

    fn one_of(&mut self, node: &Node, values: &'static [&'static str], path: &Path<'_>) {
        let Some(value) = node.as_str() else { return };
        if values.contains(&value) {
            return;
        }
        let nearest = suggest::nearest(value, values.iter().copied());
        let message = format!(
            "`{path}` is `{}`, expected {}{}",
            shown(node),
            one_of(values.iter().copied()),
            did_you_mean(nearest)
        );
        self.report(code::E404, node.span, message);
    }

    fn wrong_type(&mut self, node: &Node, shape: Shape, path: &Path<'_>) {
        let found = match node.kind {
            Kind::Str { from_env: true, .. } => "a string from the environment",
            _ => node.type_name(),
        };
        let message = format!("`{path}`: expected {}, found {found}", shape.expected());
        let loc = self.loc(node.span);
        let diagnostic = self.diagnostic(code::E404, node.span, message);
        self.out.push(match (shape, &node.kind) {
            (Shape::Strs | Shape::SomeStrs, Kind::Str { .. }) => {
                let at = |offset| Loc::new(loc.file, Span::at(offset));
                let edits = vec![
                    Edit {
                        loc: at(loc.span.start),
                        text: "[".to_owned(),
                    },
                    Edit {
                        loc: at(loc.span.end),
                        text: "]".to_owned(),
                    },
                ];
                diagnostic.fix("Make it an array", edits)
            }
            (
                Shape::Int { .. } | Shape::Float { .. } | Shape::Bool,
                Kind::Str {
                    value,
                    from_env: false,
                },
            ) => {
                let number = value.parse::<f64>().is_ok_and(f64::is_finite) && !matches!(shape, Shape::Bool);
                if number || matches!(value.as_str(), "true" | "false") {
                    diagnostic.help("Write it without quotes.")
                } else {
                    diagnostic
                }
            }
            _ => diagnostic,
        });
    }

    fn out_of_range(&mut self, node: &Node, value: &str, range: &str, path: &Path<'_>) {
        let from_env = matches!(node.kind, Kind::Str { .. });
        let value = if from_env { "out of range" } else { value };
        self.report(
            code::E417,
            node.span,
            format!("`{path}` is {value}, expected {range}"),
        );
    }
}

/// A string value as a message may show it.
pub(crate) fn shown(node: &Node) -> &str {
    match &node.kind {
        Kind::Str { from_env: true, .. } => "${…}",
        Kind::Str { value, .. } => value,
        _ => "",
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// A table that holds nothing but deprecated keys: they have their warnings, the table needs none.
fn only_deprecated(node: &Node, shape: Shape) -> bool {
    let Shape::Table(schema) = shape else { return false };
    let deprecated = |e: &Entry| {
        schema
            .key(&e.key)
            .is_some_and(|k| matches!(k.effect, Effect::Deprecated(_)))
    };
    !node.entries().is_empty() && node.entries().iter().all(deprecated)
}
