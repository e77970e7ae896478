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
    /// No column that the contract does not list may be NULL; the place of the `true`.
    pub no_new_nullable: Option<Loc>,
    /// Types that columns may have instead of those of the contract.
    pub allowed_type_changes: AllowedTypeChanges,
}

/// `allowed_type_changes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AllowedTypeChanges {
    /// None.
    #[default]
    Nothing,
    /// `"widening"`: what the warehouse widens in place.
    Widening,
    /// These.
    Pairs(Vec<TypeChange>),
}

/// `{ from = "INTEGER", to = "BIGINT" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeChange {
    /// The type of the contract, as written.
    pub from: Spanned<SmolStr>,
    /// The type that the column may have.
    pub to: Spanned<SmolStr>,
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
        no_new_nullable: r
            .get("no_new_nullable")
            .filter(|n| n.as_bool() == Some(true))
            .map(|n| Loc::new(file, n.span)),
        allowed_type_changes: match r.plain("allowed_type_changes") {
            Some(_) => AllowedTypeChanges::Widening,
            None => changes(r),
        },
    });
    let value = ContractConfig {
        columns,
        rules: rules.unwrap_or_default(),
    };
    Parsed::new(value, diagnostics, tree.vars, tree.broken)
}

fn changes(rules: Reader<'_>) -> AllowedTypeChanges {
    let pairs: Vec<TypeChange> = rules
        .tables("allowed_type_changes")
        .into_iter()
        .filter_map(|change| {
            Some(TypeChange {
                from: change.text("from")?,
                to: change.text("to")?,
            })
        })
        .collect();
    match pairs.is_empty() {
        true => AllowedTypeChanges::Nothing,
        false => AllowedTypeChanges::Pairs(pairs),
    }
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
