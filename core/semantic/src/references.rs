//! Which relations a tree reads (being written).

use rocky_base::{Dialect, Span};
use rocky_syntax::ast::{Ast, FromId, Path};

/// A relation read by name, not a CTE.
#[derive(Clone, Debug)]
pub struct RelationRef {
    /// The FROM item (`Table` or `File`).
    pub from: FromId,
    /// The dotted name; empty for a file.
    pub path: Path,
    /// The name's bytes (the whole item for a file).
    pub span: Span,
}

/// All relations the tree reads, wherever they stand, in order of text.
pub fn references(_ast: &Ast, _dialect: Dialect) -> Vec<RelationRef> {
    Vec::new()
}
