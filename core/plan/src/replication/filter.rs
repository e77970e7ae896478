//! `--filter key=value`: which sources and tables are meant.
//!
//! A key is `id` (the source's schema), `table`, or a component of the pattern. Filters with one key are alternatives, those
//! with different keys must all hold. A filter that is not about anything there is an error that says what there is: a
//! typing mistake must not look like a run with nothing to do.

use super::Source;
use rocky_base::{SmolStr, suggest};
use rocky_config::SchemaPattern;
use std::collections::BTreeSet;

/// A filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    /// Before the first `=`.
    pub key: SmolStr,
    /// After it.
    pub value: SmolStr,
}

/// What is wrong with a filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterProblem {
    /// One line.
    pub message: String,
    /// What there is.
    pub hint: String,
}

/// How many known values are listed.
const SHOWN: usize = 12;

/// Cut `key=value`.
pub fn parse_filters(texts: &[String]) -> Result<Vec<Filter>, FilterProblem> {
    let parse = |text: &String| {
        let cut = text.split_once('=');
        match cut.map(|(key, value)| (key.trim(), value.trim())) {
            Some((key, value)) if !key.is_empty() => Ok(Filter {
                key: SmolStr::new(key),
                value: SmolStr::new(value),
            }),
            _ => Err(FilterProblem {
                message: format!("invalid filter '{text}': expected key=value (e.g., client=acme)"),
                hint: "write the key, `=`, and the value".to_owned(),
            }),
        }
    };
    texts.iter().map(parse).collect()
}

/// The sources and tables that fit.
pub fn select(
    sources: Vec<Source>,
    filters: &[Filter],
    pattern: &SchemaPattern,
) -> Result<Vec<Source>, FilterProblem> {
    if filters.is_empty() {
        return Ok(sources);
    }
    let keys = || {
        let components = pattern.components.iter().map(|c| c.name.as_str());
        ["id", "table"].into_iter().chain(components)
    };
    for filter in filters {
        if !keys().any(|k| k == filter.key) {
            let near = suggest::nearest(&filter.key, keys());
            return Err(FilterProblem {
                message: format!(
                    "unknown filter key `{}`{}",
                    filter.key,
                    near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default()
                ),
                hint: format!("the keys are {}", list(keys())),
            });
        }
        let known: BTreeSet<&str> = sources.iter().flat_map(|s| values(s, &filter.key)).collect();
        if !known.contains(filter.value.as_str()) {
            let near = suggest::nearest(&filter.value, known.iter().copied());
            let hint = match known.len() {
                0 => "no source was found".to_owned(),
                _ => format!("`{}` can be {}", filter.key, list(known.iter().copied())),
            };
            return Err(FilterProblem {
                message: format!(
                    "filter `{}={}` matches nothing{}",
                    filter.key,
                    filter.value,
                    near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default()
                ),
                hint,
            });
        }
    }
    // Of one key one must fit.
    let fits = |key: &str, values: &[&str]| {
        let mut of_key = filters.iter().filter(|f| f.key == key).peekable();
        of_key.peek().is_none() || of_key.any(|f| values.contains(&f.value.as_str()))
    };
    let mut chosen = sources;
    chosen.retain_mut(|source| {
        let all = keys()
            .filter(|k| *k != "table")
            .all(|key| fits(key, &values(source, key)));
        source.tables.retain(|t| fits("table", &[t.name.as_str()]));
        all && !source.tables.is_empty()
    });
    if chosen.is_empty() {
        let shown: Vec<String> = filters
            .iter()
            .map(|f| format!("`{}={}`", f.key, f.value))
            .collect();
        return Err(FilterProblem {
            message: format!("no source fits {} together", shown.join(", ")),
            hint: "filters with different keys must all hold; those with one key are alternatives".to_owned(),
        });
    }
    Ok(chosen)
}

fn values<'a>(source: &'a Source, key: &str) -> Vec<&'a str> {
    match key {
        "id" => vec![source.id.as_str()],
        "table" => source.tables.iter().map(|t| t.name.as_str()).collect(),
        _ => source
            .components
            .get(key)
            .into_iter()
            .flatten()
            .map(SmolStr::as_str)
            .collect(),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = names.collect();
    let shown: Vec<String> = all.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    match all.len() > SHOWN {
        true => format!("{} … ({} in all)", shown.join(", "), all.len()),
        false => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_warehouse::SourceTable;

    fn source(id: &str, tables: &[&str], pattern: &SchemaPattern) -> Source {
        Source {
            id: id.into(),
            source_type: "duckdb".into(),
            components: pattern.matches(id).unwrap(),
            tables: tables
                .iter()
                .map(|t| SourceTable {
                    schema: id.into(),
                    name: (*t).into(),
                    row_count: None,
                })
                .collect(),
        }
    }

    fn pattern() -> SchemaPattern {
        let component = |name: &str, variable| rocky_config::Component {
            name: name.into(),
            variable,
        };
        SchemaPattern {
            prefix: "src__".into(),
            separator: "__".into(),
            components: vec![
                component("tenant", false),
                component("regions", true),
                component("source", false),
            ],
            loc: rocky_base::Loc::text(rocky_base::Span::at(0)),
        }
    }

    fn chosen(filters: &[&str]) -> Result<Vec<String>, FilterProblem> {
        let pattern = pattern();
        let all = vec![
            source("src__acme__us__west__shop", &["orders", "items"], &pattern),
            source("src__acme__eu__crm", &["people"], &pattern),
            source("src__globex__us__shop", &["orders"], &pattern),
        ];
        let texts: Vec<String> = filters.iter().map(|f| (*f).to_owned()).collect();
        let filters = parse_filters(&texts)?;
        let name = |s: &Source| {
            let tables: Vec<&str> = s.tables.iter().map(|t| t.name.as_str()).collect();
            format!("{}: {}", s.id, tables.join(","))
        };
        Ok(select(all, &filters, &pattern)?.iter().map(name).collect())
    }

    #[test]
    fn keys_are_and_values_of_one_key_are_or() {
        assert_eq!(chosen(&[]).unwrap().len(), 3);
        assert_eq!(chosen(&["tenant=acme"]).unwrap().len(), 2);
        assert_eq!(
            chosen(&["tenant=acme", "source=shop"]).unwrap(),
            ["src__acme__us__west__shop: orders,items"]
        );
        assert_eq!(chosen(&["regions=us"]).unwrap().len(), 2);
        assert_eq!(chosen(&["regions=west"]).unwrap().len(), 1);
        assert_eq!(chosen(&["source=crm", "source=shop"]).unwrap().len(), 3);
        assert_eq!(
            chosen(&["table=orders"]).unwrap(),
            [
                "src__acme__us__west__shop: orders",
                "src__globex__us__shop: orders"
            ]
        );
        assert_eq!(chosen(&["id=src__acme__eu__crm"]).unwrap().len(), 1);
    }

    #[test]
    fn what_is_meant_by_nothing_is_an_error() {
        let problem = |f: &[&str]| chosen(f).unwrap_err();
        assert_eq!(
            problem(&["acme"]).message,
            "invalid filter 'acme': expected key=value (e.g., client=acme)"
        );
        let unknown = problem(&["tenent=acme"]);
        assert_eq!(
            unknown.message,
            "unknown filter key `tenent`; did you mean `tenant`?"
        );
        assert_eq!(
            unknown.hint,
            "the keys are `id`, `table`, `tenant`, `regions`, `source`"
        );
        let nothing = problem(&["tenant=acne"]);
        assert_eq!(
            nothing.message,
            "filter `tenant=acne` matches nothing; did you mean `acme`?"
        );
        assert_eq!(nothing.hint, "`tenant` can be `acme`, `globex`");
        // Case counts.
        assert!(problem(&["tenant=ACME"]).message.contains("matches nothing"));
        let together = problem(&["tenant=globex", "source=crm"]);
        assert_eq!(
            together.message,
            "no source fits `tenant=globex`, `source=crm` together"
        );
    }
}
