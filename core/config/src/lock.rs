//! `schema.lock`: the columns of the sources as they were read from the warehouse, to be committed with the project.
//!
//! It is written by the engine and read by people, who review it and merge it; so it has one form (sorted, one column to a
//! line), every mistake has a place, and names in it are exact: no variable is substituted, no letter folded.
//! [`print_lock`] of what [`parse_lock`] read is the same text.

use crate::Parsed;
use crate::keys::LOCK;
use crate::node;
use crate::read::Reader;
use crate::schema::{Checker, Path, UnknownKeys};
use crate::source::unique;
use crate::spanned::Spanned;
use rocky_base::{Diagnostic, FileId, Loc, SmolStr, Span, code, time};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The version of the format that this release reads and writes.
pub const LOCK_VERSION: i64 = 1;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LockConfig {
    /// Relations.
    pub relations: Vec<LockedRelation>,
}

/// A relation of the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LockedRelation {
    /// Catalog; `None` is the default one.
    pub catalog: Option<SmolStr>,
    /// Schema.
    pub schema: Option<SmolStr>,
    /// Table or view.
    pub table: Spanned<SmolStr>,
    /// When its columns were read, in seconds since 1970; 0 when not given.
    pub fetched_at: i64,
    /// Hash of the columns as they were read.
    pub hash: Option<Spanned<SmolStr>>,
    /// Its comment in the warehouse.
    pub comment: Option<SmolStr>,
    /// All its columns, in order.
    pub columns: Vec<LockedColumn>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LockedColumn {
    /// Its name as the warehouse spells it.
    pub name: Spanned<SmolStr>,
    /// Its type in the warehouse's spelling.
    pub r#type: Spanned<SmolStr>,
    /// May it hold NULL?
    pub nullable: bool,
    /// Its comment in the warehouse.
    pub comment: Option<SmolStr>,
}

/// A lock file's text.
pub fn parse_lock(file: FileId, text: &str) -> Parsed<LockConfig> {
    let mut diagnostics = Vec::new();
    let none = |broken: bool, diagnostics: Vec<Diagnostic>| {
        Parsed::new(LockConfig::default(), diagnostics, BTreeSet::new(), broken)
    };
    if let Some(span) = conflict(text) {
        diagnostics.push(
            Diagnostic::new(code::E421, Loc::new(file, span), "merge conflict in schema.lock")
                .label("both sides of a merge are here")
                .help("Take either side, then run `rocky discover --write-lock`."),
        );
        return none(true, diagnostics);
    }
    let tree = node::parse_exact(file, text, &mut diagnostics);
    if tree.broken {
        return none(true, diagnostics);
    }
    if let Some(version) = tree.root.get("version")
        && let Some(found) = version.as_int().filter(|v| *v != LOCK_VERSION)
    {
        let message = format!("schema.lock is of version {found}; this release reads version {LOCK_VERSION}");
        diagnostics.push(
            Diagnostic::new(code::E423, Loc::new(file, version.span), message)
                .help("Use the release of rocky that wrote it, or write it anew with `rocky discover --write-lock`."),
        );
        return none(true, diagnostics);
    }
    let mut checker = Checker::new(file, UnknownKeys::Error, &mut diagnostics);
    checker.table(&tree.root, &LOCK, Span::at(0), &Path::Root);
    let root = Reader::new(file, &tree.root);
    let relations: Vec<LockedRelation> = root
        .tables("relation")
        .into_iter()
        .filter_map(|r| relation(r, &mut checker))
        .collect();
    Parsed::new(LockConfig { relations }, diagnostics, tree.vars, false)
}

fn relation(reader: Reader<'_>, checker: &mut Checker<'_>) -> Option<LockedRelation> {
    let columns: Vec<LockedColumn> = reader
        .tables("columns")
        .into_iter()
        .filter_map(|c| {
            Some(LockedColumn {
                name: c.text("name")?,
                r#type: c.text("type")?,
                nullable: c.flag("nullable").unwrap_or(true),
                comment: c.plain("comment"),
            })
        })
        .collect();
    unique(columns.iter().map(|c| &c.name), "column", checker);
    let fetched_at = match reader.text("fetched_at") {
        None => 0,
        Some(text) => match time::parse_rfc3339(&text.value) {
            Some(at) => at,
            None => {
                let message = format!("`{}` is no time", text.value);
                checker.out.push(
                    Diagnostic::new(code::E404, text.loc, message)
                        .help("Write it like \"2026-01-31T08:00:00Z\"."),
                );
                0
            }
        },
    };
    Some(LockedRelation {
        catalog: reader.plain("catalog"),
        schema: reader.plain("schema"),
        table: reader.text("table")?,
        fetched_at,
        hash: reader.text("hash"),
        comment: reader.plain("comment"),
        columns,
    })
}

/// The first marker of a merge conflict, at the start of a line.
fn conflict(text: &str) -> Option<Span> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marker = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|m| {
            line.strip_prefix(m)
                .is_some_and(|rest| rest.trim_end().is_empty() || rest.starts_with(' '))
        });
        if marker {
            return Some(Span::from(at..at + line.trim_end().len()));
        }
        at += line.len();
    }
    None
}

/// The file's text: relations sorted by name, columns in their order.
pub fn print_lock(lock: &LockConfig) -> String {
    let mut out = String::from(
        "# The columns of this project's sources. Written by `rocky discover --write-lock`; commit it with the project.\n",
    );
    // Writing to a String cannot fail.
    let _ = writeln!(out, "version = {LOCK_VERSION}");
    let mut relations: Vec<&LockedRelation> = lock.relations.iter().collect();
    relations.sort_by_key(|r| (&r.catalog, &r.schema, &r.table.value));
    for relation in relations {
        out.push_str("\n[[relation]]\n");
        for (key, value) in [
            ("catalog", relation.catalog.as_ref()),
            ("schema", relation.schema.as_ref()),
            ("table", Some(&relation.table.value)),
            ("comment", relation.comment.as_ref()),
        ] {
            if let Some(value) = value {
                let _ = writeln!(out, "{key} = {}", text(value));
            }
        }
        if relation.fetched_at > 0 {
            let _ = writeln!(out, "fetched_at = {}", text(&time::rfc3339(relation.fetched_at)));
        }
        if let Some(hash) = &relation.hash {
            let _ = writeln!(out, "hash = {}", text(&hash.value));
        }
        out.push_str("columns = [\n");
        for column in &relation.columns {
            let _ = write!(
                out,
                "  {{ name = {}, type = {}",
                text(&column.name.value),
                text(&column.r#type.value)
            );
            if !column.nullable {
                out.push_str(", nullable = false");
            }
            if let Some(comment) = &column.comment {
                let _ = write!(out, ", comment = {}", text(comment));
            }
            out.push_str(" },\n");
        }
        out.push_str("]\n");
    }
    out
}

/// A TOML string on one line.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<T>(value: T) -> Spanned<T> {
        Spanned::new(value, Loc::new(FileId(0), Span::at(0)))
    }

    fn relation(schema: &str, table: &str, comment: Option<&str>) -> LockedRelation {
        LockedRelation {
            catalog: None,
            schema: Some(schema.into()),
            table: at(table.into()),
            fetched_at: 1_769_846_400,
            hash: Some(at("0123".into())),
            comment: comment.map(Into::into),
            columns: vec![
                LockedColumn {
                    name: at("odd \"name\" ${HOME}".into()),
                    r#type: at("DECIMAL(18,2)".into()),
                    nullable: false,
                    comment: comment.map(Into::into),
                },
                LockedColumn {
                    name: at("b".into()),
                    r#type: at("VARCHAR".into()),
                    nullable: true,
                    comment: None,
                },
            ],
        }
    }

    #[test]
    fn what_is_printed_is_read_back_and_printed_alike() {
        let lock = LockConfig {
            relations: vec![
                relation("raw", "z", Some("two\nlines, a \\ and a \u{7} bell ''' \"\"\"")),
                relation("raw", "a", None),
            ],
        };
        let text = print_lock(&lock);
        let read = parse_lock(FileId(0), &text);
        assert_eq!(read.diagnostics, []);
        assert_eq!(print_lock(&read.value), text);
        let tables: Vec<&str> = read.value.relations.iter().map(|r| r.table.as_str()).collect();
        assert_eq!(tables, ["a", "z"]);
        assert_eq!(read.value.relations[1].comment, lock.relations[0].comment);
        assert_eq!(
            read.value.relations[1].columns[0].name.as_str(),
            "odd \"name\" ${HOME}"
        );
    }

    #[test]
    fn mistakes_have_a_place() {
        let found = |text: &str| -> Vec<String> {
            let parsed = parse_lock(FileId(0), text);
            let one = |d: &Diagnostic| {
                let span = d.primary.as_ref().unwrap().loc.span;
                format!("{} {}", d.code, &text[span.start as usize..span.end as usize])
            };
            parsed.diagnostics.iter().map(one).collect()
        };
        assert_eq!(found("version = 2\n[[thing]]\n"), ["E423 2"]);
        assert_eq!(found("version = 1\n<<<<<<< HEAD\n"), ["E421 <<<<<<< HEAD"]);
        assert_eq!(found("version = 1\n[[relations]]\n"), ["E403 relations"]);
        assert_eq!(
            found("version = 1\n[[relation]]\ntable = \"a\"\nfetched_at = \"soon\"\ncolumns = []\n"),
            ["E404 \"soon\""]
        );
        assert_eq!(
            found(
                "version = 1\n[[relation]]\ntable = \"a\"\ncolumns = [{ name = \"x\", type = \"INT\" }, { name = \"x\", type = \"INT\" }]\n"
            ),
            ["E417 \"x\""]
        );
        assert_eq!(found("version = 1\n[[relation]]\ntable = \"a\n"), ["E402 "]);
    }
}
