//! A schema from a fixture, and an analysis of a text against it.
#![allow(dead_code, reason = "each test binary uses its part")]

use rocky_base::{Dialect, SmolStr};
use rocky_semantic::{Analysis, Input, RelationInput, RelationSchema, analyse, references};
use rocky_warehouse::{Column, Type};
use std::sync::Arc;

/// Tables by name, in order.
pub struct Schema {
    pub tables: Vec<(String, RelationSchema)>,
    pub dialect: Dialect,
}

impl Schema {
    /// Blocks of a table's name and its `name<TAB>type<TAB>nullable` lines, separated by a line `----` or an empty one.
    pub fn parse(text: &str) -> Schema {
        let mut tables = Vec::new();
        for block in text.replace("\n----\n", "\n\n").split("\n\n") {
            let mut lines = block.trim().lines();
            let Some(name) = lines.next() else { continue };
            let columns: Vec<Column> = lines.map(column).collect();
            tables.push((name.to_owned(), RelationSchema::Known(columns.into())));
        }
        Schema {
            tables,
            dialect: Dialect::DuckDb,
        }
    }

    /// Tables written `t(a INTEGER, b VARCHAR NOT NULL)`, separated by semicolons; `t?` is unknown, `t(…, ?)` partly known.
    pub fn of(text: &str) -> Schema {
        let mut tables = Vec::new();
        for table in text.split(';').map(str::trim).filter(|t| !t.is_empty()) {
            if let Some(name) = table.strip_suffix('?') {
                tables.push((name.to_owned(), RelationSchema::Unknown));
                continue;
            }
            let (name, rest) = table.split_once('(').unwrap();
            let mut depth = 0;
            let mut parts = vec![String::new()];
            for c in rest.strip_suffix(')').unwrap().chars() {
                depth += i32::from(c == '(') - i32::from(c == ')');
                if c == ',' && depth == 0 {
                    parts.push(String::new());
                } else {
                    parts.last_mut().unwrap().push(c);
                }
            }
            let open = parts.iter().any(|p| p.trim() == "?");
            let columns: Arc<[Column]> = parts
                .iter()
                .map(|p| p.trim())
                .filter(|p| *p != "?")
                .map(|p| {
                    let (name, ty) = p.split_once(' ').unwrap();
                    let (ty, nullable) = match ty.strip_suffix(" NOT NULL") {
                        Some(ty) => (ty, false),
                        None => (ty, true),
                    };
                    Column {
                        name: name.into(),
                        ty: Type::parse(Dialect::DuckDb, ty).unwrap(),
                        nullable,
                    }
                })
                .collect();
            let schema = if open {
                RelationSchema::Partial(columns)
            } else {
                RelationSchema::Known(columns)
            };
            tables.push((name.to_owned(), schema));
        }
        Schema {
            tables,
            dialect: Dialect::DuckDb,
        }
    }

    pub fn dialect(mut self, dialect: Dialect) -> Schema {
        self.dialect = dialect;
        self
    }

    /// Parse and analyse. The text must parse.
    pub fn analyse(&self, text: &str) -> Analysis {
        let parsed = rocky_syntax::parser::parse(text, self.dialect);
        assert!(parsed.diagnostics.is_empty(), "{text}\n{:?}", parsed.diagnostics);
        self.analyse_parsed(text, &parsed.ast)
    }

    pub fn analyse_parsed(&self, text: &str, ast: &rocky_syntax::ast::Ast) -> Analysis {
        let relations: Vec<RelationInput> = references(ast, self.dialect)
            .iter()
            .map(|found| {
                let name = found
                    .path
                    .last()
                    .map_or("file", |n| n.ident.text.as_str())
                    .to_lowercase();
                let at = self.tables.iter().position(|(t, _)| *t == name);
                let names: Arc<[SmolStr]> = self.tables.iter().map(|(t, _)| SmolStr::new(t)).collect();
                let schema = at.map_or(RelationSchema::Absent(names), |i| self.tables[i].1.clone());
                RelationInput {
                    from: found.from,
                    relation: at.unwrap_or(self.tables.len()) as u32,
                    schema,
                    display: name.clone().into(),
                    qualifiers: vec!["memory".into(), "main".into(), name.into()],
                }
            })
            .collect();
        analyse(&Input {
            ast,
            text,
            dialect: self.dialect,
            relations: &relations,
            types: &rocky_warehouse::OwnTypes::NONE,
            cancel: None,
        })
    }

    /// `table.column` of a source.
    pub fn source(&self, relation: u32, column: &str) -> String {
        let table = self
            .tables
            .get(relation as usize)
            .map_or("?", |(t, _)| t.as_str());
        format!("{table}.{}", column.to_lowercase())
    }
}

fn column(line: &str) -> Column {
    let parts: Vec<&str> = line.split('\t').collect();
    Column {
        name: parts[0].into(),
        ty: Type::parse(Dialect::DuckDb, parts[1]).unwrap_or_else(|| panic!("type {}", parts[1])),
        nullable: parts[2] == "null",
    }
}

/// `name type` lines of an analysis.
pub fn columns_text(analysis: &Analysis) -> String {
    let lines: Vec<String> = analysis
        .columns
        .iter()
        .map(|c| format!("{}\t{}", c.name, c.ty.print(Dialect::DuckDb)))
        .collect();
    lines.join("\n")
}

/// `code: message [text under the primary span]` lines.
pub fn findings(text: &str, analysis: &Analysis) -> Vec<String> {
    analysis
        .diagnostics
        .iter()
        .map(|d| {
            let span = d.primary.as_ref().unwrap().loc.span;
            format!("{} {} [{}]", d.code, d.message, span.slice(text))
        })
        .collect()
}

/// The folder of fixtures.
pub fn data(path: &str) -> String {
    let full = format!("{}/tests/data/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&full).unwrap_or_else(|e| panic!("{full}: {e}"))
}
