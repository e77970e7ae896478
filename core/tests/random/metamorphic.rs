//! Edits of a query's text that do not change what it means: types, nullability and lineage must stay.
//!
//! The edits are made by spans of our own tree and tokens, so that strings and comments are left alone.

use super::check::Checker;
use super::rng::Rng;
use rocky_base::{Dialect, SmolStr, Span};
use rocky_semantic::{Analysis, InfluenceKind, Transform};
use rocky_syntax::ast::{Ast, Body, FromKind, Query};
use rocky_syntax::lexer;
use rocky_syntax::parser::parse;
use std::collections::BTreeSet;

/// An edit: its name and the new text.
pub struct Edit {
    pub name: &'static str,
    pub text: String,
    /// The names of unnamed columns stay too.
    pub names: bool,
}

type Column = (String, bool, BTreeSet<(u32, SmolStr, Transform)>);

/// What must stay.
#[derive(PartialEq, Eq, Debug)]
pub struct Meaning {
    columns: Vec<Column>,
    influences: BTreeSet<(u32, SmolStr, InfluenceKind)>,
    errors: Vec<String>,
}

fn meaning(analysis: &Analysis) -> Meaning {
    Meaning {
        columns: analysis
            .columns
            .iter()
            .map(|c| {
                let sources = c
                    .sources
                    .iter()
                    .map(|s| (s.relation, s.column.clone(), s.transform.clone()));
                (c.ty.print(Dialect::DuckDb), c.nullable, sources.collect())
            })
            .collect(),
        influences: analysis
            .influences
            .iter()
            .map(|i| (i.relation, i.column.clone(), i.kind))
            .collect(),
        errors: analysis
            .diagnostics
            .iter()
            .filter(|d| d.is_error())
            .map(|d| d.code.to_string())
            .collect(),
    }
}

/// All edits of a text that has no errors; chosen at random where there are many.
pub fn edits(text: &str, rng: &mut Rng) -> Vec<Edit> {
    let parsed = parse(text, Dialect::DuckDb);
    let mut out = Vec::new();
    let mut add = |name, text: Option<String>, names| {
        if let Some(text) = text {
            out.push(Edit { name, text, names });
        }
    };
    add(
        "wrapped in a subquery",
        Some(format!("SELECT * FROM ({text}) AS wrapped")),
        true,
    );
    add("comments, line breaks, case", Some(formatted(text, rng)), false);
    add("alias renamed", renamed(text, &parsed.ast, rng), false);
    let root = parsed.ast.root.map(|r| parsed.ast.query(r));
    if let Some(root) = root {
        add("CTE inlined", inlined(text, &parsed.ast, root), false);
        add("CTEs reordered", reordered(text, root), true);
    }
    out
}

fn replace(text: &str, mut edits: Vec<(Span, String)>) -> String {
    edits.sort_by_key(|(span, _)| span.start);
    let mut out = String::new();
    let mut at = 0;
    for (span, new) in edits {
        out.push_str(&text[at..span.start as usize]);
        out.push_str(&new);
        at = span.end as usize;
    }
    out + &text[at..]
}

/// Other spaces and comments between the tokens, keywords in another case.
fn formatted(text: &str, rng: &mut Rng) -> String {
    const FLIPPED: &[&str] = &[
        "SELECT",
        "FROM",
        "WHERE",
        "GROUP",
        "BY",
        "HAVING",
        "ORDER",
        "LIMIT",
        "JOIN",
        "LEFT",
        "ON",
        "USING",
        "AS",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "AND",
        "OR",
        "NOT",
        "IN",
        "IS",
        "NULL",
        "UNION",
        "ALL",
        "EXCEPT",
        "INTERSECT",
        "DISTINCT",
        "WITH",
        "RECURSIVE",
        "OVER",
        "PARTITION",
        "QUALIFY",
        "BETWEEN",
        "EXISTS",
        "CROSS",
        "FULL",
        "INNER",
        "LATERAL",
        "VALUES",
        "FILTER",
        "CAST",
        "TRY_CAST",
    ];
    let mut edits = Vec::new();
    let mut end = 0;
    for token in &lexer::lex(text, Dialect::DuckDb).tokens {
        let gap = Span::new(end, token.span.start);
        if gap.end > gap.start {
            let space = rng.word(&[" ", "\n", "  ", " /* it's */ ", "\t-- \"x\n", "\r\n"]);
            edits.push((gap, space.to_owned()));
        }
        let word = token.span.slice(text);
        if FLIPPED.contains(&word) {
            edits.push((token.span, word.to_lowercase()));
        }
        end = token.span.end;
    }
    replace(text, edits)
}

/// An alias of FROM under another name, where it is the only thing of its name.
fn renamed(text: &str, ast: &Ast, rng: &mut Rng) -> Option<String> {
    let mut aliases: Vec<String> = Vec::new();
    for from in &ast.froms {
        let alias = match &from.kind {
            FromKind::Table { alias, .. }
            | FromKind::Derived { alias, .. }
            | FromKind::Function { alias, .. } => alias,
            _ => continue,
        };
        aliases.extend(alias.as_ref().map(|a| a.name.ident.text.to_string()));
    }
    let names: BTreeSet<&str> = ["t", "u", "w", "nums", "texts", "times", "nest"].into();
    // Fields of structs and made-up columns have names of one letter.
    aliases.retain(|a| a.len() > 1 && !names.contains(a.as_str()));
    if aliases.is_empty() {
        return None;
    }
    let alias = rng.pick(&aliases).clone();
    if aliases.iter().filter(|a| **a == alias).count() > 1 {
        return None;
    }
    let tokens = lexer::lex(text, Dialect::DuckDb).tokens;
    let edits: Vec<(Span, String)> = tokens
        .iter()
        .filter(|t| t.span.slice(text) == alias)
        .map(|t| (t.span, "another_name".to_owned()))
        .collect();
    Some(replace(text, edits))
}

/// The first CTE, when it is not recursive, in the place of each of its readers.
fn inlined(text: &str, ast: &Ast, root: &Query) -> Option<String> {
    let with = root.with.as_ref().filter(|w| !w.recursive)?;
    let cte = with.ctes.first()?;
    let name = cte.name.ident.text.as_str();
    let body = ast.query(cte.query).span.slice(text);
    let columns: Vec<&str> = cte.columns.iter().map(|c| c.span.slice(text)).collect();
    let mut edits = Vec::new();
    for from in &ast.froms {
        let FromKind::Table {
            name: path, alias, ..
        } = &from.kind
        else {
            continue;
        };
        let [one] = path.as_slice() else { continue };
        if !one.ident.text.eq_ignore_ascii_case(name) {
            continue;
        }
        let alias_name = alias.as_ref().map_or(cte.name.span, |a| a.name.span).slice(text);
        let names: Vec<&str> = match alias {
            Some(alias) if !alias.columns.is_empty() => {
                let mut names: Vec<&str> = alias.columns.iter().map(|c| c.span.slice(text)).collect();
                names.extend(columns.iter().skip(names.len()));
                names
            }
            _ => columns.clone(),
        };
        let names = if names.is_empty() {
            String::new()
        } else {
            format!("({})", names.join(", "))
        };
        edits.push((from.span, format!("({body}) AS {alias_name}{names}")));
    }
    // A body in brackets, TABLE c and PIVOT c have no FROM item to stand in.
    let bare = matches!(&root.body, Body::Table(_) | Body::Pivot(_))
        || ast.queries.iter().any(|q| matches!(q.body, Body::Table(_)));
    if edits.is_empty() || bare || edits.iter().any(|(s, _)| s.slice(text).contains('(')) {
        return None;
    }
    let rest = match with.ctes.get(1) {
        Some(second) => (Span::new(cte.span.start, second.span.start), String::new()),
        None => (with.span, String::new()),
    };
    edits.push(rest);
    Some(replace(text, edits))
}

/// The first two CTEs in the other order, when neither names the other.
fn reordered(text: &str, root: &Query) -> Option<String> {
    let [first, second, ..] = root.with.as_ref()?.ctes.as_slice() else {
        return None;
    };
    let (a, b) = (first.span.slice(text), second.span.slice(text));
    let tokens = |t: &str| {
        lexer::lex(t, Dialect::DuckDb)
            .tokens
            .iter()
            .map(|k| k.span.slice(t).to_lowercase())
            .collect::<Vec<_>>()
    };
    if tokens(b).contains(&first.name.ident.text.to_lowercase())
        || tokens(a).contains(&second.name.ident.text.to_lowercase())
    {
        return None;
    }
    Some(replace(
        text,
        vec![(first.span, b.to_owned()), (second.span, a.to_owned())],
    ))
}

/// The edits under which the meaning changes.
pub fn changed(checker: &Checker<'_>, text: &str, rng: &mut Rng) -> (usize, Vec<String>) {
    let Ok((parsed, before)) = checker.analyse(text) else {
        return (0, vec![format!("panic\n{text}")]);
    };
    let errors = parsed
        .diagnostics
        .iter()
        .chain(&before.diagnostics)
        .any(|d| d.is_error());
    if errors {
        return (0, Vec::new());
    }
    let mut wrong = Vec::new();
    let edits = edits(text, rng);
    for edit in &edits {
        let after = match checker.analyse(&edit.text) {
            Ok((parsed, after)) if parsed.diagnostics.iter().all(|d| !d.is_error()) => after,
            Ok((parsed, _)) => {
                wrong.push(format!(
                    "{}: {:?}\n{text}\n   {}",
                    edit.name, parsed.diagnostics[0].message, edit.text
                ));
                continue;
            }
            Err(panic) => {
                wrong.push(format!("{}: {panic}\n{text}\n   {}", edit.name, edit.text));
                continue;
            }
        };
        let (old, new) = (meaning(&before), meaning(&after));
        let names = |a: &Analysis| a.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        if edit.names && names(&before) != names(&after) {
            wrong.push(format!(
                "{}: names\n{text}\n   {}\n   {:?}\n   {:?}",
                edit.name,
                edit.text,
                names(&before),
                names(&after)
            ));
        }
        if old != new {
            let mut what = Vec::new();
            for (i, (a, b)) in old
                .columns
                .iter()
                .zip(&new.columns)
                .enumerate()
                .filter(|(_, (a, b))| a != b)
                .take(1)
            {
                what.push(format!("column {i}\n   {a:?}\n   {b:?}"));
            }
            if old.influences != new.influences {
                let gone: Vec<_> = old.influences.difference(&new.influences).collect();
                let come: Vec<_> = new.influences.difference(&old.influences).collect();
                what.push(format!("influences gone {gone:?}, come {come:?}"));
            }
            if old.errors != new.errors {
                let said: Vec<&str> = after
                    .diagnostics
                    .iter()
                    .filter(|d| d.is_error())
                    .map(|d| d.message.as_str())
                    .collect();
                what.push(format!("errors {said:?}"));
            }
            wrong.push(format!(
                "{}: {}\n{text}\n   {}",
                edit.name,
                what.join("\n   "),
                edit.text
            ));
        }
    }
    (edits.len(), wrong)
}
