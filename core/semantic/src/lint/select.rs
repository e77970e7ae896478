//! Clauses of a SELECT that do nothing, or not what they seem to do.

use super::{Found, Query, Role};
use crate::analyse::Resolved;
use rocky_base::{Diagnostic, Edit, Loc, Span, code};
use rocky_syntax::ast::{
    self, Body, Call, Distinct, ExprId, ExprKind, GroupBy, GroupItem, Literal, Over, Select, SelectItem,
};
use rocky_syntax::lexer::Kw;

/// GROUP BY, DISTINCT, HAVING.
pub(super) fn select(query: &Query<'_>, _of: &ast::Query, select: &Select, found: &mut Found<'_>) {
    if let GroupBy::Items(items) = &select.group_by {
        repeated_keys(query, items, found);
        if matches!(select.distinct, Distinct::Distinct) {
            distinct_groups(query, select, items, found);
        }
        if let Some(having) = select.having {
            having_without_aggregate(query, having, found);
        }
    }
}

/// Only so many keys are compared pair by pair.
const KEYS: usize = 48;

fn repeated_keys(query: &Query<'_>, items: &[GroupItem], found: &mut Found<'_>) {
    let keys = || {
        items.iter().take(KEYS).filter_map(|item| match item {
            GroupItem::Expr(e) => Some(*e),
            _ => None,
        })
    };
    for (i, key) in keys().enumerate() {
        if let Some(first) = keys().take(i).find(|first| same(query, *first, key)) {
            let message = format!("`{}` is grouped by twice", query.slice(query.span(key)));
            let finding = Diagnostic::new(code::W111, Loc::text(query.span(key)), message)
                .note(Loc::text(query.span(first)), "given here first");
            // From the end of the key before it, so that the comma goes too.
            let before = keys().nth(i.saturating_sub(1)).map(|e| query.span(e).end);
            let edit = before.filter(|_| items.len() <= KEYS).map(|start| Edit {
                loc: Loc::text(Span::new(start, query.span(key).end)),
                text: String::new(),
            });
            let all_plain = items.iter().all(|i| matches!(i, GroupItem::Expr(_)));
            found.out.push(match edit.filter(|_| all_plain) {
                Some(edit) => finding.fix("take it out", vec![edit]),
                None => finding,
            });
        }
    }
}

/// The same value for certain: one column, or the same text without calls.
fn same(query: &Query<'_>, a: ExprId, b: ExprId) -> bool {
    let (ra, rb) = (query.resolved(a), query.resolved(b));
    if ra != Resolved::Nothing || rb != Resolved::Nothing {
        return ra == rb && matches!(ra, Resolved::Column { fields: 0, .. } | Resolved::Alias { .. });
    }
    let text = |id: ExprId| query.slice(query.span(id));
    text(a) == text(b) && !super::random::varies(query, a)
}

/// DISTINCT where every row is a group of its own already.
fn distinct_groups(query: &Query<'_>, select: &Select, keys: &[GroupItem], found: &mut Found<'_>) {
    if keys.len() > KEYS || select.items.len() > 4 * KEYS {
        return;
    }
    let all = keys.iter().all(|key| match key {
        GroupItem::Expr(key) => is_shown(query, select, *key),
        _ => false,
    });
    if !all {
        return;
    }
    let tokens = query.tokens(select.span);
    let Some(pair) = tokens
        .windows(2)
        .find(|pair| matches!(pair, [a, _] if a.kw == Kw::Distinct))
    else {
        return;
    };
    let [word, next] = pair else { return };
    found.out.push(
        Diagnostic::new(
            code::W109,
            Loc::text(word.span),
            "DISTINCT does nothing here: GROUP BY gives each row once",
        )
        .fix(
            "take DISTINCT out",
            vec![Edit {
                loc: Loc::text(Span::new(word.span.start, next.span.start)),
                text: String::new(),
            }],
        ),
    );
}

/// True when a key of GROUP BY is an item of the select list.
pub(super) fn is_shown(query: &Query<'_>, select: &Select, key: ExprId) -> bool {
    if let Some(Literal::Number(_)) = query.literal(key) {
        return true;
    }
    if matches!(query.resolved(key), Resolved::Alias { .. }) {
        return true;
    }
    select.items.iter().any(|item| match item {
        SelectItem::Expr { expr, .. } => same(query, key, *expr),
        SelectItem::Star(_) => false,
    })
}

fn having_without_aggregate(query: &Query<'_>, having: ExprId, found: &mut Found<'_>) {
    let plain = query.subtree(having).all(|id| match &query.ast.expr(id).kind {
        ExprKind::Column(_) => matches!(query.resolved(id), Resolved::Column { fields: 0, .. }),
        ExprKind::Subquery(_)
        | ExprKind::Exists { .. }
        | ExprKind::InQuery { .. }
        | ExprKind::ArrayQuery(_)
        | ExprKind::Star(_)
        | ExprKind::Error => false,
        _ => true,
    });
    let columns = query
        .subtree(having)
        .any(|id| matches!(query.ast.expr(id).kind, ExprKind::Column(_)));
    if plain && columns && !query.has_aggregate(having) {
        let finding = Diagnostic::new(
            code::I101,
            Loc::text(query.span(having)),
            "this condition looks at no aggregate: HAVING asks it after all rows are grouped",
        );
        found.out.push(finding.help("move the condition to WHERE"));
    }
}

/// ORDER BY and LIMIT.
pub(super) fn query(query: &Query<'_>, of: &ast::Query, role: Role, found: &mut Found<'_>) {
    let limited = of.limit.is_some() || of.offset.is_some();
    let ordered = !of.order_by.is_empty() || of.order_by_all.is_some();
    if ordered && !limited {
        order_without_effect(query, of, role, found);
    }
    if limited && !ordered {
        limit_without_order(query, of, role, found);
    }
}

fn order_without_effect(query: &Query<'_>, of: &ast::Query, role: Role, found: &mut Found<'_>) {
    // DuckDB keeps the order of subqueries and CTEs (`preserve_insertion_order`); the others promise nothing.
    let effect = match role {
        Role::In | Role::Exists => false,
        Role::Derived | Role::Cte | Role::Operand => query.dialect == rocky_base::Dialect::DuckDb,
        Role::Root | Role::Other => true,
    };
    let body = match &of.body {
        Body::Select(select) if matches!(select.distinct, Distinct::On(_)) => return,
        Body::Select(select) => select.span,
        _ => return,
    };
    if effect {
        return;
    }
    let rest = Span::new(body.end, of.span.end);
    let order = query.tokens(rest).into_iter().find(|t| t.kw == Kw::Order);
    let Some(order) = order else { return };
    let clause = Span::new(order.span.start, of.span.end);
    found.out.push(
        Diagnostic::new(
            code::W108,
            Loc::text(clause),
            "ORDER BY has no effect in a subquery without LIMIT",
        )
        .fix(
            "take ORDER BY out",
            vec![Edit {
                loc: Loc::text(Span::new(body.end, of.span.end)),
                text: String::new(),
            }],
        ),
    );
}

fn limit_without_order(query: &Query<'_>, of: &ast::Query, role: Role, found: &mut Found<'_>) {
    if !matches!(role, Role::Root | Role::Cte | Role::Derived | Role::Operand) {
        return;
    }
    let (Some(limit), Body::Select(select)) = (of.limit.or(of.offset), &of.body) else {
        return;
    };
    // LIMIT 0 asks for the columns alone.
    if query.number(limit) == Some(0.0) || query.is_single_row(select) {
        return;
    }
    let finding = Diagnostic::new(
        code::W110,
        Loc::text(query.span(limit)),
        "which rows LIMIT keeps is left to chance: there is no ORDER BY",
    );
    found
        .out
        .push(finding.help("add ORDER BY with a key that tells all rows apart"));
}

/// `row_number() OVER ()`.
pub(super) fn window(query: &Query<'_>, id: ExprId, call: &Call, found: &mut Found<'_>) {
    const ORDERED: [&str; 11] = [
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "first_value",
        "last_value",
        "nth_value",
        "lag",
        "lead",
    ];
    let (Some(Over::Spec(spec)), [name]) = (&call.over, call.name.as_slice()) else {
        return;
    };
    if spec.base.is_some() || !spec.order_by.is_empty() || !call.order_by.is_empty() {
        return;
    }
    let Some(name) = ORDERED.iter().find(|w| name.ident.text.eq_ignore_ascii_case(w)) else {
        return;
    };
    let what = match *name {
        "rank" | "dense_rank" | "percent_rank" | "cume_dist" => "all rows rank the same",
        _ => "which row comes first is left to chance",
    };
    let message = format!("`{name}` without ORDER BY: {what}");
    found.out.push(
        Diagnostic::new(code::W112, Loc::text(query.span(id)), message).help("add ORDER BY inside OVER (…)"),
    );
}
