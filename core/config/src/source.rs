//! Declared sources: `[[sources]]` in `rocky.toml` or in a sidecar.

use crate::node::Node;
use crate::read::Reader;
use crate::schema::Checker;
use crate::spanned::Spanned;
use rocky_base::{Loc, SmolStr, code};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A relation that no model makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceDecl {
    /// Catalogue, when given.
    pub catalog: Option<Spanned<SmolStr>>,
    /// Schema, when given.
    pub schema: Option<Spanned<SmolStr>>,
    /// Table or view.
    pub table: Spanned<SmolStr>,
    /// All columns in order; `None` when they are not declared.
    pub columns: Option<Vec<SourceColumn>>,
    /// The declaration.
    pub loc: Loc,
}

/// A declared column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceColumn {
    /// Its name.
    pub name: Spanned<SmolStr>,
    /// The type as written, in the dialect of the adapter.
    pub r#type: Spanned<SmolStr>,
    /// May it hold NULL? True unless denied.
    pub nullable: bool,
}

/// The declarations under `key`; a column named twice is reported.
pub(crate) fn read(reader: Reader<'_>, checker: &mut Checker<'_>) -> Vec<SourceDecl> {
    let declared = |source: Reader<'_>, checker: &mut Checker<'_>| {
        let columns: Vec<SourceColumn> = source.tables("columns").into_iter().filter_map(column).collect();
        unique(columns.iter().map(|c| &c.name), "column", checker);
        Some(SourceDecl {
            catalog: source.text("catalog"),
            schema: source.text("schema"),
            table: source.text("table")?,
            columns: source.get("columns").map(|_| columns),
            loc: checker.loc(source.node.span),
        })
    };
    reader
        .tables("sources")
        .into_iter()
        .filter_map(|source| declared(source, checker))
        .collect()
}

pub(crate) fn column(reader: Reader<'_>) -> Option<SourceColumn> {
    Some(SourceColumn {
        name: reader.text("name")?,
        r#type: reader.text("type")?,
        nullable: reader.get("nullable").and_then(Node::as_bool).unwrap_or(true),
    })
}

/// Reports each name that was given before.
pub(crate) fn unique<'a>(
    names: impl IntoIterator<Item = &'a Spanned<SmolStr>>,
    what: &str,
    checker: &mut Checker<'_>,
) {
    let mut first: HashMap<&str, Loc> = HashMap::new();
    for name in names {
        if let Some(before) = first.get(name.as_str()) {
            let message = format!("{what} `{}` is declared twice", name.shown());
            let diagnostic = rocky_base::Diagnostic::new(code::E417, name.loc, message);
            checker.out.push(diagnostic.note(*before, "declared here first"));
        } else {
            first.insert(name.as_str(), name.loc);
        }
    }
}
