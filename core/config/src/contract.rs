//! Contracts: `<model>.contract.toml`.

use crate::keys::CONTRACT;
use crate::node::{self, Env};
use crate::read::Reader;
use crate::schema::{Checker, Path};
use crate::source::unique;
use crate::spanned::Spanned;
use crate::{Options, Parsed};
use rocky_base::{FileId, Loc, SmolStr, Span};
use serde::{Deserialize, Serialize};

/// What a model's output must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractConfig {
    /// Columns and what they must be.
    pub columns: Vec<ContractColumn>,
    /// `[rules]`.
    pub rules: ContractRules,
}

/// A column of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractColumn {
    /// Its name.
    pub name: Spanned<SmolStr>,
    /// The type it must have, as written.
    pub r#type: Option<Spanned<SmolStr>>,
    /// `false`: it must not be NULL.
    pub nullable: Option<Spanned<bool>>,
    /// Words for people.
    pub description: Option<SmolStr>,
}

/// `[rules]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractRules {
    /// Columns that must be there.
    pub required: Vec<Spanned<SmolStr>>,
    /// Columns that may not be removed.
    pub protected: Vec<Spanned<SmolStr>>,
    /// No column may become nullable.
    pub no_new_nullable: bool,
}

/// A contract's text.
pub fn parse_contract(file: FileId, text: &str, env: Env<'_>, options: Options) -> Parsed<ContractConfig> {
    let mut diagnostics = Vec::new();
    let tree = node::parse(file, text, 0, env, &mut diagnostics);
    let mut checker = Checker::new(file, options.unknown_keys, &mut diagnostics);
    let root = Reader::new(file, &tree.root);
    checker.table(&tree.root, &CONTRACT, Span::at(0), &Path::Root);
    let columns: Vec<ContractColumn> = root.tables("columns").into_iter().filter_map(column).collect();
    unique(columns.iter().map(|c| &c.name), "column", &mut checker);
    let rules = root.table("rules").map(|r| ContractRules {
        required: r.texts("required"),
        protected: r.texts("protected"),
        no_new_nullable: r.flag("no_new_nullable").unwrap_or(false),
    });
    let value = ContractConfig {
        columns,
        rules: rules.unwrap_or_default(),
    };
    Parsed::new(value, diagnostics, tree.vars, tree.broken)
}

fn column(reader: Reader<'_>) -> Option<ContractColumn> {
    let nullable = reader.get("nullable").and_then(|node| {
        let value = node.as_bool()?;
        Some(Spanned {
            value,
            loc: Loc::new(reader.file, node.span),
            from_env: node.as_str().is_some(),
        })
    });
    Some(ContractColumn {
        name: reader.text("name")?,
        r#type: reader.text("type"),
        nullable,
        description: reader.plain("description"),
    })
}
