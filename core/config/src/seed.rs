//! Sidecars of seeds: `seeds/<name>.toml`.

use crate::keys::SEED;
use crate::node::{self, Env};
use crate::read::Reader;
use crate::schema::{Checker, Path};
use crate::spanned::Spanned;
use crate::{Options, Parsed};
use rocky_base::{FileId, SmolStr, Span};

/// What is said of a seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedConfig {
    /// Its name, instead of that of its file.
    pub name: Option<Spanned<SmolStr>>,
    /// `target.catalog`.
    pub catalog: Option<Spanned<SmolStr>>,
    /// `target.schema`.
    pub schema: Option<Spanned<SmolStr>>,
    /// `target.table`.
    pub table: Option<Spanned<SmolStr>>,
    /// Types of columns, in the dialect of the adapter.
    pub column_types: Vec<(SmolStr, Spanned<SmolStr>)>,
}

/// A sidecar's text.
pub fn parse_seed(file: FileId, text: &str, env: Env<'_>, options: Options) -> Parsed<SeedConfig> {
    let mut diagnostics = Vec::new();
    let tree = node::parse(file, text, 0, env, &mut diagnostics);
    let mut checker = Checker::new(file, options.unknown_keys, &mut diagnostics);
    checker.table(&tree.root, &SEED, Span::at(0), &Path::Root);
    let root = Reader::new(file, &tree.root);
    let target = root.table("target");
    let part = |key| target.and_then(|t| t.text(key));
    let value = SeedConfig {
        name: root.text("name"),
        catalog: part("catalog"),
        schema: part("schema"),
        table: part("table"),
        column_types: root.map("column_types").into_iter().collect(),
    };
    Parsed::new(value, diagnostics, tree.vars, tree.broken)
}
