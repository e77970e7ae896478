//! Source schemas that come with a request: a host that knows its warehouse says so, and is asked first.

use rocky_base::{Diagnostic, Dialect, Ident, SmolStr, code};
use rocky_warehouse::{Column, OwnTypes, RelationName, Type};
use std::sync::Arc;

/// A relation and all its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenSource {
    /// `schema.table`, `catalog.schema.table` or `table`; parts may be quoted as in SQL.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<GivenColumn>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenColumn {
    /// Its name; bare names are stored as the warehouse stores them.
    pub name: String,
    /// Its type in the warehouse's spelling.
    pub r#type: String,
    /// May it hold NULL?
    pub nullable: bool,
}

impl GivenSource {
    /// Name and columns; what cannot be read is reported, and a type that is none is unknown.
    pub(crate) fn read(
        &self,
        dialect: Dialect,
        own: &OwnTypes,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(RelationName, Arc<[Column]>)> {
        let Some(name) = relation_name(dialect, &self.name) else {
            let message = format!("`{}` in `source_schemas` is no relation's name", self.name);
            diagnostics.push(
                Diagnostic::global(code::E417, message)
                    .help("Write it as `schema.table` or `catalog.schema.table`."),
            );
            return None;
        };
        let columns = self.columns.iter().map(|c| {
            let ty = Type::parse_with(dialect, &c.r#type, own);
            if ty.is_none() && !rocky_semantic::typing::may_be_own_type(dialect, &c.r#type) {
                let message = format!(
                    "unknown type `{}` of column `{}` of `{}` in `source_schemas`",
                    c.r#type, c.name, self.name
                );
                diagnostics.push(
                    Diagnostic::global(code::E206, message)
                        .help(format!("Write the type as {dialect} spells it.")),
                );
            }
            Column {
                name: Ident::from_config(dialect, &c.name).stored(dialect),
                ty: ty.unwrap_or_default(),
                nullable: c.nullable,
            }
        });
        Some((name, columns.collect()))
    }
}

/// A dotted name of one to three parts, each bare or in quotes of the dialect.
pub fn relation_name(dialect: Dialect, text: &str) -> Option<RelationName> {
    let quote = dialect.ident_quote();
    let mut parts: Vec<Ident> = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, after) = match rest.strip_prefix(quote) {
            Some(inside) => {
                let mut name = String::new();
                let mut chars = inside.char_indices().peekable();
                let end = loop {
                    let (at, c) = chars.next()?;
                    if c != quote {
                        name.push(c);
                    } else if chars.next_if(|(_, next)| *next == quote).is_some() {
                        name.push(quote);
                    } else {
                        break at + c.len_utf8();
                    }
                };
                (Ident::quoted(SmolStr::new(name)), inside.get(end..)?)
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                (
                    Ident::from_config(dialect, rest.get(..end)?.trim()),
                    rest.get(end..)?,
                )
            }
        };
        if part.text.is_empty() {
            return None;
        }
        parts.push(part);
        match after.trim_start().strip_prefix('.') {
            Some(more) => rest = more.trim_start(),
            None if after.trim().is_empty() => break,
            None => return None,
        }
    }
    let mut parts = parts.into_iter().rev();
    let name = RelationName {
        table: parts.next()?,
        schema: parts.next(),
        catalog: parts.next(),
    };
    parts.next().is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_to_three_parts() {
        let shown = |text: &str| relation_name(Dialect::DuckDb, text).map(|n| n.print(Dialect::DuckDb));
        assert_eq!(shown("orders").as_deref(), Some("orders"));
        assert_eq!(shown("raw.orders").as_deref(), Some("raw.orders"));
        assert_eq!(shown(" w . raw . orders ").as_deref(), Some("w.raw.orders"));
        assert_eq!(shown("\"a.b\".\"c\"\"d\"").as_deref(), Some("\"a.b\".\"c\"\"d\""));
        for wrong in ["", ".", "a..b", "a.b.c.d", "\"a", "\"a\"b", "a."] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
