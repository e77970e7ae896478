//! Which expressions DuckDB's binder folds to NULL: before a function is bound, each argument that is a constant is
//! evaluated, and one that is NULL makes the call NULL, of the type that the signature names or of none
//! (`text || CAST(NULL AS VARCHAR)`). Only what is certain is folded; what may be NULL or not is said to be so, and nothing
//! is held against it.

use super::{Analyser, deeper};
use crate::typing::{self, Constant, Folding, Operand};
use rocky_base::Dialect;
use rocky_syntax::ast::{BinaryOp, CastKind, ExprId, ExprKind, Literal};
use rocky_warehouse::Type;

/// What a constant comes to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Fold {
    /// A constant that is NULL.
    Null,
    /// A constant that is not NULL.
    Value,
    /// A constant, and only its evaluation tells.
    Perhaps,
    /// No constant, as far as is known.
    Open,
}

impl Fold {
    /// Of something that is evaluated as a whole: a constant when all its parts are, NULL when one of them is.
    fn strict(parts: impl IntoIterator<Item = Fold>) -> Fold {
        parts
            .into_iter()
            .fold(Fold::Value, |all, part| match (all, part) {
                (Fold::Open, _) | (_, Fold::Open) => Fold::Open,
                (Fold::Null, _) | (_, Fold::Null) => Fold::Null,
                (Fold::Perhaps, _) | (_, Fold::Perhaps) => Fold::Perhaps,
                _ => Fold::Value,
            })
    }

    /// Of a function's call: one NULL suffices, whatever stands beside it.
    fn call(parts: impl IntoIterator<Item = Fold>) -> Fold {
        parts
            .into_iter()
            .fold(Fold::Value, |all, part| match (all, part) {
                (Fold::Null, _) | (_, Fold::Null) => Fold::Null,
                (Fold::Open, _) | (_, Fold::Open) => Fold::Open,
                (Fold::Perhaps, _) | (_, Fold::Perhaps) => Fold::Perhaps,
                _ => Fold::Value,
            })
    }

    /// A value that is made of these and never NULL.
    fn made(parts: impl IntoIterator<Item = Fold>) -> Fold {
        match Fold::strict(parts) {
            Fold::Open => Fold::Open,
            _ => Fold::Value,
        }
    }

    /// Where a value may still become NULL.
    fn partial(self) -> Fold {
        match self {
            Fold::Value => Fold::Perhaps,
            other => other,
        }
    }

    /// A binary operator over these.
    pub(super) fn binary(op: &BinaryOp, left: Fold, right: Fold) -> Fold {
        match op {
            BinaryOp::And | BinaryOp::Or => match (left, right) {
                (Fold::Open, _) | (_, Fold::Open) => Fold::Open,
                (Fold::Null, Fold::Null) => Fold::Null,
                (Fold::Value, Fold::Value) => Fold::Value,
                _ => Fold::Perhaps,
            },
            BinaryOp::IsDistinct | BinaryOp::IsNotDistinct => Fold::made([left, right]),
            BinaryOp::Eq
            | BinaryOp::NotEq
            | BinaryOp::Lt
            | BinaryOp::LtEq
            | BinaryOp::Gt
            | BinaryOp::GtEq => Fold::strict([left, right]),
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Concat => Fold::call([left, right]),
            _ => Fold::call([left, right]).partial(),
        }
    }

    /// What the calculus of types is told of an operand.
    fn constant(self) -> Option<Constant> {
        match self {
            Fold::Null => Some(Constant::Null),
            Fold::Perhaps => Some(Constant::Perhaps),
            Fold::Value | Fold::Open => None,
        }
    }
}

impl Analyser<'_> {
    /// The operand of a function or operator, with what the binder folds it to.
    pub(super) fn folded(&self, id: ExprId, operand: Operand) -> Operand {
        if self.dialect != Dialect::DuckDb || !operand.nullable || operand.constant.is_some() {
            return operand;
        }
        self.folded_as(id, self.fold(id), operand)
    }

    /// The same, where that is known.
    pub(super) fn folded_as(&self, id: ExprId, fold: Fold, operand: Operand) -> Operand {
        if self.dialect != Dialect::DuckDb || !operand.nullable || operand.constant.is_some() {
            return operand;
        }
        // `NULL + [1]` joins lists: the NULL is left out.
        let list = matches!(operand.ty, Type::List(_) | Type::Array(..));
        if fold == Fold::Null
            && list
            && let ExprKind::Binary {
                op: BinaryOp::Add, ..
            } = &self.ast.expr(self.ast.unparen(id)).kind
        {
            return operand;
        }
        let text = fold == Fold::Null && matches!(operand.ty, Type::String { .. });
        let cast = || matches!(self.ast.expr(self.ast.unparen(id)).kind, ExprKind::Cast { .. });
        Operand {
            constant: if text && !cast() {
                Some(Constant::NullText)
            } else {
                fold.constant()
            },
            ..operand
        }
    }

    pub(super) fn fold(&self, id: ExprId) -> Fold {
        match &self.ast.expr(id).kind {
            // What nearly all operands are.
            ExprKind::Column(_) => Fold::Open,
            _ => deeper(|| self.fold_inner(id)),
        }
    }

    fn fold_inner(&self, id: ExprId) -> Fold {
        let ast = self.ast;
        let all = |ids: &[ExprId]| -> Vec<Fold> { ids.iter().map(|e| self.fold(*e)).collect() };
        match &ast.expr(ast.unparen(id)).kind {
            ExprKind::Literal(Literal::Null) => Fold::Null,
            ExprKind::Literal(_) => Fold::Value,
            ExprKind::Cast { expr, kind, .. } => match (self.fold(*expr), kind) {
                // The text may not be one of the type.
                (fold, CastKind::Try) => fold.partial(),
                (fold, _) => fold,
            },
            ExprKind::Collate { expr, .. } | ExprKind::Interval { value: expr, .. } => self.fold(*expr),
            ExprKind::Unary { operand, .. } => self.fold(*operand),
            ExprKind::Binary { .. } => self.fold_chain(id),
            ExprKind::Is { expr, .. } => Fold::made([self.fold(*expr)]),
            ExprKind::Between { expr, low, high, .. } => {
                match (
                    self.fold(*expr),
                    Fold::strict([self.fold(*low), self.fold(*high)]),
                ) {
                    (_, Fold::Open) | (Fold::Open, _) => Fold::Open,
                    (Fold::Null, _) => Fold::Null,
                    (Fold::Value, Fold::Value) => Fold::Value,
                    _ => Fold::Perhaps,
                }
            }
            ExprKind::InList { expr, list, .. } => match (self.fold(*expr), Fold::strict(all(list))) {
                (_, Fold::Open) | (Fold::Open, _) => Fold::Open,
                (Fold::Null, _) => Fold::Null,
                (Fold::Value, Fold::Value) => Fold::Value,
                _ => Fold::Perhaps,
            },
            ExprKind::InExpr { expr, list, .. } => {
                Fold::strict([self.fold(*expr), self.fold(*list)]).partial()
            }
            ExprKind::Like { expr, pattern, .. } => Fold::call([self.fold(*expr), self.fold(*pattern)]),
            ExprKind::Extract { expr, .. } => self.fold(*expr).partial(),
            ExprKind::AtTimeZone { expr, zone } => Fold::call([self.fold(*expr), self.fold(*zone)]),
            ExprKind::Tuple(list) | ExprKind::Array(list) => Fold::made(all(list)),
            ExprKind::Struct(fields) => Fold::made(fields.iter().map(|(_, value)| self.fold(*value))),
            ExprKind::Map(entries) => Fold::made(
                entries
                    .iter()
                    .flat_map(|(key, value)| [self.fold(*key), self.fold(*value)]),
            ),
            ExprKind::Index { base, index } => Fold::call([self.fold(*base), self.fold(*index)]).partial(),
            ExprKind::Slice { base, bounds } => {
                let bounds = bounds.iter().flatten().map(|b| self.fold(*b));
                match (self.fold(*base), Fold::strict(bounds)) {
                    (Fold::Open, _) | (_, Fold::Open) => Fold::Open,
                    (Fold::Null, _) => Fold::Null,
                    (Fold::Value, Fold::Value) => Fold::Value,
                    _ => Fold::Perhaps,
                }
            }
            ExprKind::Field { base, .. } => self.fold(*base).partial(),
            ExprKind::Case {
                operand,
                whens,
                otherwise,
            } => self.fold_case(*operand, whens, *otherwise),
            ExprKind::Function(call) => self.fold_call(call),
            _ => Fold::Open,
        }
    }

    /// A left-leaning chain of operators, by a loop.
    fn fold_chain(&self, id: ExprId) -> Fold {
        let ast = self.ast;
        let mut spine = Vec::new();
        let mut leftmost = ast.unparen(id);
        while let ExprKind::Binary { left, op, right, .. } = &ast.expr(leftmost).kind {
            spine.push((op, *right));
            leftmost = *left;
        }
        let first = self.fold(leftmost);
        spine.into_iter().rev().fold(first, |left, (op, right)| {
            Fold::binary(op, left, self.fold(right))
        })
    }

    fn fold_case(
        &self,
        operand: Option<ExprId>,
        whens: &[(ExprId, ExprId)],
        otherwise: Option<ExprId>,
    ) -> Fold {
        // Each part is looked at once: what nests would be looked at ever more often.
        let conditions = whens.iter().map(|(when, _)| *when).chain(operand);
        if Fold::strict(conditions.map(|e| self.fold(e))) == Fold::Open {
            return Fold::Open;
        }
        let mut all: Option<Fold> = None;
        let thens = whens.iter().map(|(_, then)| Some(*then));
        for result in thens.chain([otherwise]) {
            let fold = result.map_or(Fold::Null, |e| self.fold(e));
            all = Some(match all {
                _ if fold == Fold::Open => return Fold::Open,
                None => fold,
                Some(before) if before == fold => fold,
                Some(_) => Fold::Perhaps,
            });
        }
        all.unwrap_or(Fold::Null)
    }

    fn fold_call(&self, call: &rocky_syntax::ast::Call) -> Fold {
        let [name] = call.name.as_slice() else {
            return Fold::Open;
        };
        if call.over.is_some() || call.args.is_empty() {
            return Fold::Open;
        }
        let lower = name.ident.text.to_ascii_lowercase();
        let parts: Vec<Fold> = call.args.iter().map(|a| self.fold(a.value)).collect();
        let constant = !parts.contains(&Fold::Open);
        match lower.as_str() {
            "coalesce" | "ifnull" => match parts.iter().find(|p| **p != Fold::Null) {
                None => Fold::Null,
                Some(_) if !constant => Fold::Open,
                Some(first) => *first,
            },
            "nullif" => {
                let literal = |id: ExprId| match &self.ast.expr(self.ast.unparen(id)).kind {
                    ExprKind::Literal(literal) => Some(literal),
                    _ => None,
                };
                match call.args.as_slice() {
                    [a, b] if literal(a.value).is_some() && literal(a.value) == literal(b.value) => {
                        Fold::Null
                    }
                    _ if !constant => Fold::Open,
                    _ if parts.first() == Some(&Fold::Null) => Fold::Null,
                    _ => Fold::Perhaps,
                }
            }
            "if" | "iff" => match (call.args.as_slice(), constant) {
                ([when, then, otherwise], true) => {
                    self.fold_case(None, &[(when.value, then.value)], Some(otherwise.value))
                }
                _ => Fold::Open,
            },
            "try" => Fold::strict(parts).partial(),
            "date" => Fold::strict(parts),
            _ => match typing::folding(self.dialect, &lower) {
                Folding::Strict { total } => {
                    let fold = Fold::call(parts);
                    if total { fold } else { fold.partial() }
                }
                Folding::Always => Fold::made(parts),
                Folding::Own => match Fold::made(parts) {
                    Fold::Open => Fold::Open,
                    _ => Fold::Perhaps,
                },
                Folding::Never => Fold::Open,
            },
        }
    }
}
