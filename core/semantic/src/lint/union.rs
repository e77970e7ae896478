//! UNION where UNION ALL gives the same rows: nothing can be equal, or nobody counts.

use super::{Found, Query, Role};
use crate::typing::{FunctionKind, function_kind};
use rocky_base::{Diagnostic, Dialect, Edit, Loc, code};
use rocky_syntax::ast::{
    self, Body, Distinct, ExprId, ExprKind, GroupBy, GroupItem, Literal, QueryId, Select, SelectItem, SetOp,
    SetOperand,
};
use std::collections::BTreeSet;

/// Operands, columns and keys that are looked at.
const MOST: usize = 48;

/// A literal as the engine compares it: text by its characters, numbers by their value.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Tag<'q> {
    Text(&'q str),
    Number(u64),
}

/// Look at the set operation of a query.
pub(super) fn set_operation(query: &Query<'_>, of: &ast::Query, role: Role, found: &mut Found<'_>) {
    let Body::SetOp { first, rest } = &of.body else {
        return;
    };
    if rest.len() >= MOST || rest.iter().any(|o| o.op != SetOp::Union || o.all) {
        return;
    }
    let limited = of.limit.is_some() || of.offset.is_some();
    let why = match role {
        Role::In | Role::Exists if !limited => "it is only asked whether a row is there",
        Role::In | Role::Exists => return,
        // Part of a larger chain: what that one compares, it compares.
        Role::Operand => return,
        // A recursion ends when its rows are not new. Elsewhere the word RECURSIVE may be left out.
        Role::Cte if query.recursive || !matches!(query.dialect, Dialect::DuckDb | Dialect::BigQuery) => {
            return;
        }
        _ if told_apart(query, *first, rest) => "no two of them are equal",
        _ => return,
    };
    let Some(word) = rest.first().map(|o| o.op_span) else {
        return;
    };
    let edits = rest.iter().map(|operand| {
        let words = if operand.by_name {
            "union all by name"
        } else {
            "union all"
        };
        Edit {
            loc: Loc::text(operand.op_span),
            text: query.cased(operand.op_span, words),
        }
    });
    found.out.push(
        Diagnostic::new(
            code::I104,
            Loc::text(word),
            format!("UNION compares all rows for nothing: {why}"),
        )
        .fix("say UNION ALL", edits.collect()),
    );
}

/// True when each operand gives each row once, and a column of literals tells the operands apart.
fn told_apart(query: &Query<'_>, first: QueryId, rest: &[SetOperand]) -> bool {
    let ids = std::iter::once(first).chain(rest.iter().map(|o| o.query));
    let selects: Option<Vec<&Select>> = ids.map(|id| plain(query, id)).collect();
    let Some(selects) = selects else { return false };
    let width = selects.first().map_or(0, |s| s.items.len());
    // BY NAME has no positions, and an item of unknown width moves the others.
    let fits = |s: &&Select| {
        s.items.len() == width
            && s.items.iter().all(|i| matches!(i, SelectItem::Expr { .. }))
            && once(query, s)
    };
    if width > MOST || !selects.iter().all(fits) || rest.iter().any(|o| o.by_name) {
        return false;
    }
    (0..width).any(|at| {
        let mut seen = BTreeSet::new();
        selects.iter().all(|select| match select.items.get(at) {
            Some(SelectItem::Expr { expr, .. }) => tag(query, *expr).is_some_and(|tag| seen.insert(tag)),
            _ => false,
        }) && (seen.iter().all(|t| matches!(t, Tag::Text(_)))
            || seen.iter().all(|t| matches!(t, Tag::Number(_))))
    })
}

/// The SELECT of an operand without ORDER BY and LIMIT.
fn plain<'q>(query: &Query<'q>, id: QueryId) -> Option<&'q Select> {
    let mut id = id;
    for _ in 0..8 {
        match &query.ast.queries.get(id.0 as usize)?.body {
            Body::Select(select) => return Some(select),
            Body::Paren(inner) => id = *inner,
            _ => return None,
        }
    }
    None
}

fn tag<'q>(query: &'q Query<'_>, id: ExprId) -> Option<Tag<'q>> {
    match query.literal(id) {
        Some(Literal::String(text)) => Some(Tag::Text(text)),
        _ => {
            let value = query.number(id)?;
            // Two spellings that differ beyond what a double holds are not told apart.
            (value.fract() == 0.0 && value.abs() < 1e15).then(|| Tag::Number((value + 0.0).to_bits()))
        }
    }
}

/// True when no row comes twice for the sake of the form: one row, DISTINCT, or all keys of GROUP BY shown.
fn once(query: &Query<'_>, select: &Select) -> bool {
    if matches!(select.distinct, Distinct::Distinct) {
        return true;
    }
    if query.has_unnest(select) {
        return false;
    }
    match &select.group_by {
        GroupBy::All(_) => true,
        GroupBy::None => select.from.is_empty() || aggregated(query, select),
        GroupBy::Items(keys) => {
            let shown = |key: &GroupItem| match key {
                GroupItem::Expr(key) => super::select::is_shown(query, select, *key),
                _ => false,
            };
            !keys.is_empty() && keys.len() <= MOST && keys.iter().all(shown)
        }
    }
}

/// True when an item calls a function that is an aggregate for certain.
fn aggregated(query: &Query<'_>, select: &Select) -> bool {
    let mut work: Vec<ExprId> = Vec::new();
    work.extend(select.items.iter().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(*expr),
        SelectItem::Star(_) => None,
    }));
    while let Some(id) = work.pop() {
        let kind = &query.ast.expr(id).kind;
        if let ExprKind::Function(call) = kind
            && call.over.is_none()
            && let [name] = call.name.as_slice()
            && function_kind(query.dialect, &name.ident.text) == Some(FunctionKind::Aggregate)
        {
            return true;
        }
        kind.for_each_child(|child| work.push(child));
    }
    false
}
