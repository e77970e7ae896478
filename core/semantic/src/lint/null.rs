//! NULL where three-valued logic surprises: comparisons with it, NOT IN over it, `<>` that drops it.

use super::{Fact, Found, Query, is_comparison};
use rocky_base::{Diagnostic, Edit, Loc, Span, code};
use rocky_syntax::ast::{BinaryOp, Body, ExprId, ExprKind, QueryId, SelectItem};

/// `x = NULL`, and `x <> y` that drops the rows with NULL.
pub(super) fn binary(
    query: &Query<'_>,
    id: ExprId,
    left: ExprId,
    op: &BinaryOp,
    op_span: Span,
    right: ExprId,
    found: &mut Found<'_>,
) {
    if !is_comparison(op) {
        return;
    }
    let (null, other) = match (query.is_null(left), query.is_null(right)) {
        (false, false) => return,
        (_, true) => (right, left),
        (true, false) => (left, right),
    };
    let span = query.span(id);
    let mut finding = Diagnostic::new(
        code::W200,
        Loc::text(span),
        format!(
            "comparison with `{}` NULL is NULL for every row",
            query.slice(op_span)
        ),
    );
    let word = match op {
        BinaryOp::Eq => "is null",
        BinaryOp::NotEq => "is not null",
        _ => {
            found.out.push(finding.label("no row passes it"));
            return;
        }
    };
    let word = query.cased(query.span(null), word);
    finding = finding.help(format!("write `{word}`"));
    // A chain of comparisons would read otherwise with IS in it.
    let plain = |id: ExprId| {
        !matches!(
            query.ast.expr(id).kind,
            ExprKind::Binary { .. } | ExprKind::Unary { .. }
        )
    };
    if plain(other) {
        let edits = if null == right {
            vec![Edit {
                loc: Loc::text(op_span.to(query.span(right))),
                text: word.clone(),
            }]
        } else {
            let other = query.span(other);
            vec![
                Edit {
                    loc: Loc::text(Span::new(span.start, other.start)),
                    text: String::new(),
                },
                Edit {
                    loc: Loc::text(Span::at(other.end)),
                    text: format!(" {word}"),
                },
            ]
        };
        finding = finding.fix(format!("write `{word}`"), edits);
    }
    found.out.push(finding);
}

/// `<>` among the operands of AND in a filter, on a column that no other of them keeps from NULL.
pub(super) fn unequal(query: &Query<'_>, filter: ExprId, found: &mut Found<'_>) {
    query.conjuncts(filter, |id| {
        let ExprKind::Binary {
            left,
            op: BinaryOp::NotEq,
            op_span,
            right,
        } = &query.ast.expr(id).kind
        else {
            return;
        };
        if query.is_null(*left) || query.is_null(*right) || query.resolved(*left) == query.resolved(*right) {
            return;
        }
        let may_be_null = |id: &ExprId| {
            let id = query.ast.unparen(*id);
            matches!(query.ast.expr(id).kind, ExprKind::Column(_))
                && query.fact(id).has(Fact::COLUMN_NULLABLE | Fact::KNOWN)
        };
        let Some(column) = [*left, *right].into_iter().find(may_be_null) else {
            return;
        };
        let mut kept = false;
        query.conjuncts(filter, |other| kept |= drops_null(query, other, column));
        if kept {
            return;
        }
        let name = query.slice(query.span(column));
        let op = query.slice(*op_span);
        found.out.push(
            Diagnostic::new(
                code::I100,
                Loc::text(query.span(id)),
                format!("`{op}` drops the rows where `{name}` is NULL"),
            )
            .help(format!(
                "write `is distinct from` to keep them, or add `{name} is not null`"
            )),
        );
    });
}

/// True when the condition drops NULL of the column on purpose, or in any case.
fn drops_null(query: &Query<'_>, condition: ExprId, column: ExprId) -> bool {
    let same = |id: ExprId| query.resolved(id) == query.resolved(column);
    match &query.ast.expr(condition).kind {
        ExprKind::Is {
            expr, negated: true, ..
        }
        | ExprKind::InList {
            expr, negated: false, ..
        }
        | ExprKind::InQuery {
            expr, negated: false, ..
        }
        | ExprKind::Between { expr, .. }
        | ExprKind::Like { expr, .. } => same(*expr),
        ExprKind::Binary { left, op, right, .. } => {
            *op != BinaryOp::NotEq && is_comparison(op) && (same(*left) || same(*right))
        }
        _ => false,
    }
}

/// BETWEEN with a bound that is NULL.
pub(super) fn between(query: &Query<'_>, id: ExprId, low: ExprId, high: ExprId, found: &mut Found<'_>) {
    for bound in [low, high] {
        if query.is_null(bound) {
            let finding = Diagnostic::new(
                code::W200,
                Loc::text(query.span(bound)),
                "BETWEEN with a NULL bound is never true",
            );
            found
                .out
                .push(finding.note(Loc::text(query.span(id)), "this condition"));
            return;
        }
    }
}

/// `x IN (1, NULL)`, `x NOT IN (1, NULL)`.
pub(super) fn in_list(query: &Query<'_>, id: ExprId, negated: bool, list: &[ExprId], found: &mut Found<'_>) {
    let Some(null) = list.iter().find(|e| query.is_null(**e)) else {
        return;
    };
    let negated = negated != query.fact(id).has(Fact::NEGATED);
    let message = match (negated, list.len()) {
        (true, _) => "NOT IN with NULL in its list is never true",
        (false, 1) => "IN (NULL) is never true",
        (false, _) => "NULL in the list of IN matches nothing, NULL neither",
    };
    let finding = Diagnostic::new(code::W200, Loc::text(query.span(*null)), message);
    found
        .out
        .push(finding.help("take NULL out of the list, and ask for it with `is null`"));
}

/// `CASE x WHEN NULL`.
pub(super) fn case(
    query: &Query<'_>,
    operand: Option<ExprId>,
    whens: &[(ExprId, ExprId)],
    found: &mut Found<'_>,
) {
    if operand.is_none() {
        return;
    }
    for (when, _) in whens.iter().filter(|(when, _)| query.is_null(*when)) {
        let finding = Diagnostic::new(
            code::W200,
            Loc::text(query.span(*when)),
            "`CASE x WHEN NULL` never matches: nothing equals NULL",
        );
        found.out.push(finding.help("write `CASE WHEN x IS NULL THEN …`"));
    }
}

/// `x NOT IN (SELECT y …)` where y may be NULL: with one NULL among them, no row passes.
pub(super) fn in_query(query: &Query<'_>, id: ExprId, negated: bool, inner: QueryId, found: &mut Found<'_>) {
    let fact = query.fact(id);
    if negated == fact.has(Fact::NEGATED) || !fact.has(Fact::QUERY_NULLABLE) {
        return;
    }
    let inner = query.ast.query(inner);
    let column = match &inner.body {
        Body::Select(select) => match select.items.as_slice() {
            [SelectItem::Expr { expr, .. }] => Some(*expr),
            _ => None,
        },
        _ => None,
    };
    let mut finding = Diagnostic::new(
        code::W201,
        Loc::text(query.span(id)),
        "NOT IN is true for no row as soon as its subquery gives one NULL",
    );
    finding = match column {
        Some(column) => finding
            .note(Loc::text(query.span(column)), "may be NULL")
            .help(format!(
                "write NOT EXISTS, or add `{} is not null` to the subquery",
                query.slice(query.span(column))
            )),
        None => finding.help("write NOT EXISTS, or leave NULL out in the subquery"),
    };
    found.out.push(finding);
}
