//! Which expressions DuckDB's binder folds to NULL: `text || CAST(NULL AS VARCHAR)` has no type because its right side is
//! NULL before the statement runs. Only what is certain is folded.

use super::{Analyser, deeper};
use rocky_base::Dialect;
use rocky_syntax::ast::{BinaryOp, CastKind, ExprId, ExprKind, Literal};

/// What a constant comes to.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Fold {
    Null,
    Value,
    /// Not a constant, or nobody knows which.
    Open,
}

impl Fold {
    /// Of something that is NULL when one of its parts is.
    fn strict(parts: impl IntoIterator<Item = Fold>) -> Fold {
        let mut all = Fold::Value;
        for part in parts {
            match part {
                Fold::Open => return Fold::Open,
                Fold::Null => all = Fold::Null,
                Fold::Value => {}
            }
        }
        all
    }
}

impl Analyser<'_> {
    /// True when an expression is a constant that is NULL.
    pub(super) fn folds_to_null(&self, id: ExprId) -> bool {
        self.dialect == Dialect::DuckDb && self.fold(id) == Fold::Null
    }

    fn fold(&self, id: ExprId) -> Fold {
        deeper(|| self.fold_inner(id))
    }

    fn fold_inner(&self, id: ExprId) -> Fold {
        let ast = self.ast;
        match &ast.expr(ast.unparen(id)).kind {
            ExprKind::Literal(Literal::Null) => Fold::Null,
            ExprKind::Literal(_) => Fold::Value,
            ExprKind::Cast { expr, kind, .. } => match (self.fold(*expr), kind) {
                // The text may not be one of the type.
                (Fold::Value, CastKind::Try) => Fold::Open,
                (fold, _) => fold,
            },
            ExprKind::Unary { operand, .. } => self.fold(*operand),
            ExprKind::Binary { left, op, right, .. }
                if !matches!(
                    op,
                    BinaryOp::And | BinaryOp::Or | BinaryOp::IsDistinct | BinaryOp::IsNotDistinct
                ) =>
            {
                Fold::strict([self.fold(*left), self.fold(*right)])
            }
            ExprKind::Function(call) => self.fold_call(call),
            _ => Fold::Open,
        }
    }

    fn fold_call(&self, call: &rocky_syntax::ast::Call) -> Fold {
        let Some(name) = call.name.last() else {
            return Fold::Open;
        };
        let lower = name.ident.text.to_ascii_lowercase();
        let parts = || call.args.iter().map(|a| self.fold(a.value));
        match lower.as_str() {
            "coalesce" | "ifnull" => {
                if !call.args.is_empty() && parts().all(|p| p == Fold::Null) {
                    Fold::Null
                } else {
                    Fold::Open
                }
            }
            "nullif" => {
                let literal = |id: ExprId| match &self.ast.expr(self.ast.unparen(id)).kind {
                    ExprKind::Literal(literal) => Some(literal),
                    _ => None,
                };
                match call.args.as_slice() {
                    [a, b] if literal(a.value).is_some() && literal(a.value) == literal(b.value) => {
                        Fold::Null
                    }
                    [a, _] if self.fold(a.value) == Fold::Null => Fold::Null,
                    _ => Fold::Open,
                }
            }
            "upper" | "lower" | "trim" | "ltrim" | "rtrim" | "abs" | "round" | "substring" | "substr"
            | "left" | "right" | "replace" | "length" | "strftime" | "date_trunc" => Fold::strict(parts()),
            _ => Fold::Open,
        }
    }
}
