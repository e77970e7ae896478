//! Numbers: integer division whose fraction is asked for afterwards, division by zero.
//!
//! In none of the four dialects does `/` truncate; `//` (DuckDB) and `div` (Databricks, BigQuery, DuckDB) do. That is a
//! mistake where the result is then treated as if it had a fraction.

use super::{Class, Fact, Found, Query};
use rocky_base::{Diagnostic, Loc, code};
use rocky_syntax::ast::{BinaryOp, Call, ExprId, ExprKind};

/// `(a // b) * 100.0`, `x / 0`.
pub(super) fn binary(
    query: &Query<'_>,
    id: ExprId,
    left: ExprId,
    op: &BinaryOp,
    right: ExprId,
    found: &mut Found<'_>,
) {
    match op {
        BinaryOp::Div | BinaryOp::IntDiv | BinaryOp::Mod => {
            if query.number(right) == Some(0.0) {
                by_zero(query, right, found);
            } else if *op == BinaryOp::IntDiv
                && let (Some(l), Some(r)) = (query.number(left), query.number(right))
                && l.abs() < r.abs()
                && l != 0.0
            {
                let message = format!("`{}` is 0: the fraction is cut off", query.slice(query.span(id)));
                found
                    .out
                    .push(Diagnostic::new(code::W202, Loc::text(query.span(id)), message).help("write `/`"));
            }
        }
        BinaryOp::Mul | BinaryOp::Add | BinaryOp::Sub => {
            // Only where the other side has a fraction does anybody miss it.
            for (side, other) in [(left, right), (right, left)] {
                let hundred = *op == BinaryOp::Mul
                    && matches!(query.number(other), Some(n) if n == 100.0 || n == 1000.0);
                let fraction = query.fact(other).class == Class::Fraction && *op == BinaryOp::Mul;
                if hundred || fraction {
                    truncated(query, side, found);
                }
            }
        }
        _ => {}
    }
}

/// `CAST(a // b AS DOUBLE)`.
pub(super) fn cast(query: &Query<'_>, id: ExprId, expr: ExprId, found: &mut Found<'_>) {
    if query.fact(id).class == Class::Fraction {
        truncated(query, expr, found);
    }
}

/// `round(a // b, 2)`, `mod(x, 0)`.
pub(super) fn call(query: &Query<'_>, _id: ExprId, call: &Call, found: &mut Found<'_>) {
    let [name] = call.name.as_slice() else { return };
    let name = name.ident.text.as_str();
    let is = |word: &str| name.eq_ignore_ascii_case(word);
    match call.args.as_slice() {
        [value, digits] if is("round") && query.number(digits.value).is_some_and(|n| n > 0.0) => {
            truncated(query, value.value, found);
        }
        [_, divisor] if (is("mod") || is("div")) && query.number(divisor.value) == Some(0.0) => {
            by_zero(query, divisor.value, found);
        }
        _ => {}
    }
}

fn by_zero(query: &Query<'_>, divisor: ExprId, found: &mut Found<'_>) {
    let finding = Diagnostic::new(code::W203, Loc::text(query.span(divisor)), "division by zero");
    found
        .out
        .push(finding.help("divide by `nullif(x, 0)` where x may be 0"));
}

/// Says so when the value is an integer division.
fn truncated(query: &Query<'_>, id: ExprId, found: &mut Found<'_>) {
    let id = query.ast.unparen(id);
    let divides = match &query.ast.expr(id).kind {
        ExprKind::Binary {
            op: BinaryOp::IntDiv, ..
        } => true,
        ExprKind::Function(call) => {
            matches!(call.name.as_slice(), [name] if ["div", "divide"].contains(&name.ident.text.to_ascii_lowercase().as_str()))
                && call.args.len() == 2
        }
        _ => false,
    };
    let fact = query.fact(id);
    if !divides || !fact.has(Fact::KNOWN) || fact.class != Class::Integer {
        return;
    }
    let message = format!(
        "integer division cuts the fraction off before the result of `{}` is used as a number with one",
        query.slice(query.span(id))
    );
    found.out.push(
        Diagnostic::new(code::W202, Loc::text(query.span(id)), message).help("write `/`, or multiply first"),
    );
}
