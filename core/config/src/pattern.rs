//! Schema patterns and templates of replication pipelines: the name of a source schema is cut into components, and the
//! components make the target's names.
//!
//! `prefix` is stripped and the rest split at `separator`. A component `name` takes one segment, `name...` one or more;
//! exactly as many segments as there are must be taken. At most one component may be of variable length, so a name is
//! cut in one way only.

use crate::spanned::Spanned;
use indexmap::IndexMap;
use rocky_base::{Diagnostic, Loc, SmolStr, code};
use serde::Serialize;

/// A parsed `schema_pattern`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemaPattern {
    /// What every name begins with; may be empty.
    pub prefix: SmolStr,
    /// Between two segments; never empty.
    pub separator: SmolStr,
    /// In order.
    pub components: Vec<Component>,
    /// The declaration.
    pub loc: Loc,
}

/// A part of a schema's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// Its name, without dots.
    pub name: SmolStr,
    /// `name...`: takes one or more segments.
    pub variable: bool,
}

/// What the components of a name are; a variable one has one or more segments, another exactly one.
pub type Components = IndexMap<SmolStr, Vec<SmolStr>>;

impl SchemaPattern {
    /// Parse the three keys, reporting each mistake; `None` when the pattern cannot be used.
    pub(crate) fn parse(
        prefix: &Spanned<SmolStr>,
        separator: &Spanned<SmolStr>,
        components: &[Spanned<SmolStr>],
        loc: Loc,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<SchemaPattern> {
        let before = problems.len();
        let mut problem = |loc, message: String, note: Option<(Loc, &str)>| {
            let diagnostic = Diagnostic::new(code::E417, loc, message);
            problems.push(match note {
                Some((loc, text)) => diagnostic.note(loc, text),
                None => diagnostic,
            });
        };
        if separator.value.is_empty() {
            problem(separator.loc, "`separator` is empty".to_owned(), None);
        }
        if components.is_empty() {
            problem(
                loc,
                "`components` is empty; expected at least one".to_owned(),
                None,
            );
        }
        let mut parsed: IndexMap<SmolStr, (bool, Loc)> = IndexMap::new();
        let mut variable_loc = None;
        for component in components {
            let text = component.as_str();
            let (name, variable) = match text.strip_suffix("...") {
                Some(name) => (name, true),
                None => (text, false),
            };
            let regular = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !regular {
                let what = if name.is_empty() {
                    "has no name"
                } else {
                    "is not a plain name"
                };
                let shown = component.shown();
                problem(
                    component.loc,
                    format!("component `{shown}` {what}; expected letters, digits and `_`"),
                    None,
                );
                continue;
            }
            if matches!(name, "table" | "id") {
                problem(
                    component.loc,
                    format!("component name `{name}` is reserved"),
                    None,
                );
                continue;
            }
            if let Some((_, first)) = parsed.get(name) {
                let note = Some((*first, "given here first"));
                problem(component.loc, format!("component `{name}` is given twice"), note);
                continue;
            }
            if variable {
                if let Some(first) = variable_loc {
                    let note = Some((first, "the first one"));
                    let message =
                        format!("`{name}...` is a second component of variable length; one is allowed");
                    problem(component.loc, message, note);
                    continue;
                }
                variable_loc = Some(component.loc);
            }
            parsed.insert(SmolStr::new(name), (variable, component.loc));
        }
        if problems.len() > before {
            return None;
        }
        let components = parsed
            .into_iter()
            .map(|(name, (variable, _))| Component { name, variable })
            .collect();
        Some(SchemaPattern {
            prefix: prefix.value.clone(),
            separator: separator.value.clone(),
            components,
            loc,
        })
    }

    /// The components of a schema's name; `None` when it does not match.
    pub fn matches(&self, schema: &str) -> Option<Components> {
        let rest = schema.strip_prefix(self.prefix.as_str())?;
        let segments: Vec<&str> = rest.split(self.separator.as_str()).collect();
        let has_variable = self.components.iter().any(|c| c.variable);
        let spare = segments.len().checked_sub(self.components.len())?;
        if (spare > 0 && !has_variable) || segments.iter().any(|s| s.is_empty()) {
            return None;
        }
        let mut segments = segments.into_iter();
        let take = |component: &Component| {
            let count = if component.variable { spare + 1 } else { 1 };
            (
                component.name.clone(),
                segments.by_ref().take(count).map(SmolStr::new).collect(),
            )
        };
        Some(self.components.iter().map(take).collect())
    }
}

/// A text with `{component}` and `{component:SEP}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Template {
    parts: Vec<Part>,
    /// Where it is written.
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
enum Part {
    Text(SmolStr),
    Placeholder {
        name: SmolStr,
        separator: Option<SmolStr>,
        written: SmolStr,
    },
}

impl Template {
    /// The text, where there is no placeholder in it.
    pub fn literal(&self) -> Option<String> {
        let mut all = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => all.push_str(text),
                Part::Placeholder { .. } => return None,
            }
        }
        Some(all)
    }

    /// Cut a text into parts. Braces that do not make a placeholder are text.
    pub fn parse(text: &Spanned<SmolStr>) -> Template {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        let mut literal = String::new();
        while let Some((before, tail)) = rest.split_once('{') {
            literal.push_str(before);
            // A `{` before the `}` begins anew: `{{a}` is a brace and a placeholder.
            match tail.split_once('}').filter(|(inner, _)| !inner.contains('{')) {
                Some((inner, after)) => {
                    if !literal.is_empty() {
                        parts.push(Part::Text(SmolStr::new(std::mem::take(&mut literal))));
                    }
                    let (name, separator) = match inner.split_once(':') {
                        Some((name, separator)) => (name, Some(SmolStr::new(separator))),
                        None => (inner, None),
                    };
                    let written = SmolStr::new(format!("{{{inner}}}"));
                    parts.push(Part::Placeholder {
                        name: SmolStr::new(name),
                        separator,
                        written,
                    });
                    rest = after;
                }
                None => {
                    literal.push('{');
                    rest = tail;
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(SmolStr::new(literal)));
        }
        Template { parts, loc: text.loc }
    }

    /// Names of the placeholders, in order, as often as they stand.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder { name, .. } => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Fill in, in one pass: what a component holds is not looked at again. Segments are joined by the placeholder's
    /// own separator or else by `separator`; a placeholder of no component stays as written.
    pub fn render(&self, components: &Components, separator: &str) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Placeholder {
                    name,
                    separator: own,
                    written,
                } => match components.get(name) {
                    Some(segments) => {
                        let joiner = own.as_deref().unwrap_or(separator);
                        text.push_str(&segments.join(joiner));
                    }
                    None => text.push_str(written),
                },
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_base::Span;

    fn text(value: &str) -> Spanned<SmolStr> {
        Spanned::new(SmolStr::new(value), Loc::text(Span::at(0)))
    }

    fn pattern(prefix: &str, separator: &str, components: &[&str]) -> Result<SchemaPattern, Vec<String>> {
        let components: Vec<_> = components.iter().map(|c| text(c)).collect();
        let mut problems = Vec::new();
        let parsed = SchemaPattern::parse(
            &text(prefix),
            &text(separator),
            &components,
            Loc::text(Span::at(0)),
            &mut problems,
        );
        parsed.ok_or_else(|| problems.into_iter().map(|p| p.message).collect())
    }

    fn flat(components: Components) -> Vec<String> {
        components
            .into_iter()
            .map(|(k, v)| format!("{k}={}", v.join(",")))
            .collect()
    }

    #[test]
    fn a_variable_component_takes_what_the_others_leave() {
        let p = pattern("src__", "__", &["tenant", "regions...", "source"]).unwrap();
        let m = |name| p.matches(name).map(flat);
        assert_eq!(
            m("src__acme__us__west__shopify").unwrap(),
            ["tenant=acme", "regions=us,west", "source=shopify"]
        );
        assert_eq!(
            m("src__acme__us__shopify").unwrap(),
            ["tenant=acme", "regions=us", "source=shopify"]
        );
        assert_eq!(m("src__acme__shopify"), None);
        assert_eq!(m("acme__us__shopify"), None);
        assert_eq!(m("src__acme____shopify"), None);
    }

    #[test]
    fn segments_are_never_dropped() {
        let p = pattern("raw__", "__", &["source"]).unwrap();
        assert_eq!(flat(p.matches("raw__shop").unwrap()), ["source=shop"]);
        assert_eq!(p.matches("raw__shop__extra"), None);
        assert_eq!(p.matches("raw__"), None);
    }

    #[test]
    fn the_grammar_is_checked() {
        assert_eq!(pattern("", "_", &["..."]).unwrap_err().len(), 1);
        assert_eq!(
            pattern("", "", &["", "a...", "b...", "a", "id", "x y"])
                .unwrap_err()
                .len(),
            6
        );
        assert_eq!(
            pattern("", "_", &[]).unwrap_err(),
            ["`components` is empty; expected at least one"]
        );
    }

    #[test]
    fn a_template_is_filled_in_one_pass() {
        let components: Components = [
            (SmolStr::new("tenant"), vec![SmolStr::new("{source}")]),
            (
                SmolStr::new("regions"),
                vec![SmolStr::new("us"), SmolStr::new("west")],
            ),
            (SmolStr::new("source"), vec![SmolStr::new("shop")]),
        ]
        .into_iter()
        .collect();
        let render = |t: &str| Template::parse(&text(t)).render(&components, "__");
        assert_eq!(render("{tenant}_{source}"), "{source}_shop");
        assert_eq!(render("stg__{regions}"), "stg__us__west");
        assert_eq!(render("{regions:-}|{regions:}"), "us-west|uswest");
        assert_eq!(render("{other}{{source}}{"), "{other}{shop}{");
        assert_eq!(
            Template::parse(&text("{a}-{b:_}"))
                .placeholders()
                .collect::<Vec<_>>(),
            ["a", "b"]
        );
    }
}
