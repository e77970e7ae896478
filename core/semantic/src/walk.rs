//! The children of an expression, in one place, so that no walk forgets a clause.

use rocky_syntax::ast::{Ast, Call, ExprId, ExprKind, OrderItem, Over, QueryId, Star, WindowSpec};

/// A part of an expression.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Child {
    /// A sub-expression.
    Expr(ExprId),
    /// A subquery.
    Query(QueryId),
}

/// Calls `visit` for each direct child, in order of text.
pub(crate) fn children(ast: &Ast, id: ExprId, visit: &mut dyn FnMut(Child)) {
    let mut expr = |id: &ExprId| visit(Child::Expr(*id));
    match &ast.expr(id).kind {
        ExprKind::Error
        | ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::Parameter(_)
        | ExprKind::Positional(_)
        | ExprKind::Date(_)
        | ExprKind::Default => {}
        ExprKind::Star(s) => star(s, visit),
        ExprKind::Unary { operand, .. } => expr(operand),
        ExprKind::Binary { left, right, .. } | ExprKind::Quantified { left, right, .. } => {
            expr(left);
            expr(right);
        }
        ExprKind::Is { expr: e, .. }
        | ExprKind::Cast { expr: e, .. }
        | ExprKind::Interval { value: e, .. }
        | ExprKind::Extract { expr: e, .. }
        | ExprKind::Lambda { body: e, .. }
        | ExprKind::Field { base: e, .. }
        | ExprKind::JsonPath { base: e, .. }
        | ExprKind::Collate { expr: e, .. }
        | ExprKind::Paren(e)
        | ExprKind::Columns { selector: e, .. } => expr(e),
        ExprKind::Between {
            expr: e, low, high, ..
        } => [e, low, high].into_iter().for_each(expr),
        ExprKind::InList { expr: e, list, .. } => {
            expr(e);
            list.iter().for_each(expr);
        }
        ExprKind::InQuery { expr: e, query, .. } => {
            expr(e);
            visit(Child::Query(*query));
        }
        ExprKind::InExpr { expr: e, list, .. } => [e, list].into_iter().for_each(expr),
        ExprKind::Like {
            expr: e,
            pattern,
            escape,
            ..
        } => [e, pattern].into_iter().chain(escape).for_each(expr),
        ExprKind::Case {
            operand,
            whens,
            otherwise,
        } => {
            operand.iter().for_each(&mut expr);
            for (when, then) in whens {
                expr(when);
                expr(then);
            }
            otherwise.iter().for_each(expr);
        }
        ExprKind::Function(c) => call(c, visit),
        ExprKind::Exists { query, .. } | ExprKind::Subquery(query) | ExprKind::ArrayQuery(query) => {
            visit(Child::Query(*query));
        }
        ExprKind::Tuple(list) | ExprKind::Array(list) => list.iter().for_each(expr),
        ExprKind::Struct(fields) => fields.iter().for_each(|(_, e)| expr(e)),
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                expr(key);
                expr(value);
            }
        }
        ExprKind::Comprehension {
            element,
            list,
            filter,
            ..
        } => {
            expr(element);
            expr(list);
            filter.iter().for_each(expr);
        }
        ExprKind::Index { base, index } => [base, index].into_iter().for_each(expr),
        ExprKind::Slice { base, bounds } => {
            expr(base);
            bounds.iter().flatten().for_each(expr);
        }
        ExprKind::AtTimeZone { expr: e, zone } => [e, zone].into_iter().for_each(expr),
    }
}

fn call(call: &Call, visit: &mut dyn FnMut(Child)) {
    call.args.iter().for_each(|a| visit(Child::Expr(a.value)));
    order(&call.order_by, visit);
    call.filter.iter().for_each(|e| visit(Child::Expr(*e)));
    if let Some(Over::Spec(spec)) = &call.over {
        window(spec, visit);
    }
}

/// The expressions of a star's modifiers.
pub(crate) fn star(star: &Star, visit: &mut dyn FnMut(Child)) {
    star.replace.iter().for_each(|(e, _)| visit(Child::Expr(*e)));
    if let Some((_, _, pattern)) = &star.like {
        visit(Child::Expr(*pattern));
    }
    star.escape.iter().for_each(|e| visit(Child::Expr(*e)));
}

/// The expressions of ORDER BY.
pub(crate) fn order(items: &[OrderItem], visit: &mut dyn FnMut(Child)) {
    items.iter().for_each(|o| visit(Child::Expr(o.expr)));
}

/// The expressions of a window.
pub(crate) fn window(spec: &WindowSpec, visit: &mut dyn FnMut(Child)) {
    spec.partition_by.iter().for_each(|e| visit(Child::Expr(*e)));
    order(&spec.order_by, visit);
    let distances = spec.frame.iter().flat_map(|f| f.distances());
    distances.for_each(|e| visit(Child::Expr(e)));
}
