//! Names of unnamed expressions.
use rocky_syntax::ast::{Ast, ExprId};

/// Text.
pub(super) fn print(ast: &Ast, text: &str, id: ExprId) -> String {
    ast.expr(id).span.slice(text).to_owned()
}
