//! Conditions that are the same for every row: constants, a value compared with itself, reversed bounds, a pattern without
//! wildcards, a CASE branch that another hides.

use super::{Fact, Found, Query, is_comparison};
use crate::analyse::Resolved;
use rocky_base::{Diagnostic, Edit, Loc, Span, code};
use rocky_syntax::ast::{BinaryOp, ExprId, ExprKind, LikeKind, Literal};
use rustc_hash::FxHashMap;

/// `a.id = a.id`, `1 = 0`.
pub(super) fn binary(
    query: &Query<'_>,
    id: ExprId,
    left: ExprId,
    op: &BinaryOp,
    op_span: Span,
    right: ExprId,
    found: &mut Found<'_>,
) {
    let distinct = matches!(op, BinaryOp::IsDistinct | BinaryOp::IsNotDistinct);
    if !is_comparison(op) && !distinct {
        return;
    }
    if let (Some(l), Some(r)) = (query.literal(left), query.literal(right)) {
        constants(query, id, l, op, r, found);
        return;
    }
    let (l, r) = (query.resolved(left), query.resolved(right));
    if l == r
        && matches!(l, Resolved::Column { fields: 0, .. })
        && is_column(query, left)
        && is_column(query, right)
    {
        let name = query.slice(query.span(left));
        let result = match op {
            BinaryOp::Eq | BinaryOp::LtEq | BinaryOp::GtEq => "true unless it is NULL",
            BinaryOp::IsNotDistinct => "always true",
            _ => "never true",
        };
        let message = format!("`{name}` is compared with itself: {result}");
        let finding = Diagnostic::new(code::W206, Loc::text(query.span(id)), message);
        let help = if query.fact(id).has(Fact::WHOLE_ON) {
            "name the column of the other table on one side"
        } else {
            "compare with another value, or ask `is not null`"
        };
        let _ = op_span;
        found.out.push(finding.help(help));
    }
}

fn is_column(query: &Query<'_>, id: ExprId) -> bool {
    matches!(query.ast.expr(query.ast.unparen(id)).kind, ExprKind::Column(_))
}

/// Two literals in a filter. `1 = 1` is how generated conditions begin.
fn constants(
    query: &Query<'_>,
    id: ExprId,
    left: &Literal,
    op: &BinaryOp,
    right: &Literal,
    found: &mut Found<'_>,
) {
    if !query.fact(id).has(Fact::FILTER) {
        return;
    }
    let equal = match (left, right) {
        (Literal::Number(l), Literal::Number(r)) => match (l.parse::<f64>(), r.parse::<f64>()) {
            (Ok(l), Ok(r)) => l == r,
            _ => return,
        },
        (Literal::String(l), Literal::String(r)) => l == r,
        (Literal::Bool(l), Literal::Bool(r)) => l == r,
        _ => return,
    };
    let value = match op {
        BinaryOp::Eq | BinaryOp::IsNotDistinct => equal,
        BinaryOp::NotEq | BinaryOp::IsDistinct => !equal,
        _ => return,
    };
    if !value {
        say(query, id, "false", found);
    }
}

/// FALSE or NULL as a condition.
pub(super) fn literal(query: &Query<'_>, id: ExprId, found: &mut Found<'_>) {
    if !query.fact(id).has(Fact::FILTER) || query.fact(id).has(Fact::NEGATED) {
        return;
    }
    match query.literal(id) {
        Some(Literal::Bool(false)) => say(query, id, "false", found),
        Some(Literal::Null) => say(query, id, "NULL", found),
        _ => {}
    }
}

fn say(query: &Query<'_>, id: ExprId, value: &str, found: &mut Found<'_>) {
    let message = format!("this condition is {value} for every row");
    found
        .out
        .push(Diagnostic::new(code::W205, Loc::text(query.span(id)), message));
}

/// `BETWEEN 10 AND 1`.
pub(super) fn between(query: &Query<'_>, id: ExprId, low: ExprId, high: ExprId, found: &mut Found<'_>) {
    let ExprKind::Between {
        symmetric: false,
        negated,
        ..
    } = &query.ast.expr(id).kind
    else {
        return;
    };
    let reversed = match (query.number(low), query.number(high)) {
        (Some(l), Some(h)) => l > h,
        _ => match (text(query, low), text(query, high)) {
            (Some(l), Some(h)) => super::cast::is_iso_date(l) && super::cast::is_iso_date(h) && l > h,
            _ => false,
        },
    };
    if !reversed {
        return;
    }
    let (low, high) = (query.span(low), query.span(high));
    let result = if *negated { "always true" } else { "never true" };
    let message = format!(
        "BETWEEN {} AND {} is {result}: its first bound is the greater one",
        query.slice(low),
        query.slice(high)
    );
    let edit = |at: Span, text: Span| Edit {
        loc: Loc::text(at),
        text: query.slice(text).to_owned(),
    };
    found.out.push(
        Diagnostic::new(code::W207, Loc::text(low.to(high)), message)
            .help("put the smaller bound first")
            .fix("swap the bounds", vec![edit(low, high), edit(high, low)]),
    );
}

/// The text of a string, behind DATE and TIMESTAMP too.
fn text<'q>(query: &'q Query<'_>, id: ExprId) -> Option<&'q str> {
    let id = query.ast.unparen(id);
    let id = match &query.ast.expr(id).kind {
        ExprKind::Cast { expr, .. } => *expr,
        _ => id,
    };
    match query.literal(id) {
        Some(Literal::String(text)) => Some(text),
        _ => None,
    }
}

/// LIKE without a wildcard.
pub(super) fn like(query: &Query<'_>, id: ExprId, found: &mut Found<'_>) {
    let ExprKind::Like {
        expr,
        negated,
        kind: LikeKind::Like,
        pattern,
        escape: None,
    } = &query.ast.expr(id).kind
    else {
        return;
    };
    let Some(Literal::String(text)) = query.literal(*pattern) else {
        return;
    };
    if text.contains(['%', '_', '\\']) || !query.fact(*expr).has(Fact::KNOWN) {
        return;
    }
    let op = if *negated { "<>" } else { "=" };
    let between = Span::new(query.span(*expr).end, query.span(*pattern).start);
    let finding = Diagnostic::new(
        code::I102,
        Loc::text(query.span(*pattern)),
        format!("this pattern has no wildcard: LIKE compares like `{op}`"),
    );
    let edit = Edit {
        loc: Loc::text(between),
        text: format!(" {op} "),
    };
    found.out.push(
        finding
            .help(format!("write `{op}`, or add `%`"))
            .fix(format!("write `{op}`"), vec![edit]),
    );
}

/// A WHEN that an earlier one of the same text hides.
pub(super) fn case(
    query: &Query<'_>,
    _operand: Option<ExprId>,
    whens: &[(ExprId, ExprId)],
    found: &mut Found<'_>,
) {
    /// Below this number comparing all pairs is faster than a hash table.
    const PAIRS: usize = 12;
    if whens.len() <= PAIRS {
        for (i, (when, _)) in whens.iter().enumerate() {
            let text = query.slice(query.span(*when));
            let earlier = whens
                .iter()
                .take(i)
                .find(|(w, _)| query.slice(query.span(*w)) == text);
            if let Some((first, _)) = earlier {
                hidden(query, *first, *when, found);
            }
        }
        return;
    }
    let mut seen: FxHashMap<&str, ExprId> = FxHashMap::default();
    for (when, _) in whens {
        match seen.get(query.slice(query.span(*when))) {
            Some(first) => hidden(query, *first, *when, found),
            None => {
                seen.insert(query.slice(query.span(*when)), *when);
            }
        }
    }
}

fn hidden(query: &Query<'_>, first: ExprId, when: ExprId, found: &mut Found<'_>) {
    // Two draws of a random number are two values.
    if query.is_null(when) || super::random::varies(query, when) {
        return;
    }
    let message = format!(
        "this branch is never reached: `{}` is asked before",
        query.slice(query.span(when))
    );
    found.out.push(
        Diagnostic::new(code::W204, Loc::text(query.span(when)), message)
            .note(Loc::text(query.span(first)), "asked here first"),
    );
}
