//! Joins: sides that no condition links, and outer joins that WHERE makes inner ones.
//!
//! Relations are linked when some condition names columns of both, directly or over others. What could not be resolved may
//! link anything. `CROSS JOIN` and `ON true` say that all pairs are meant; one row joins without a condition.

use super::{Bound, Fact, Found, Query};
use crate::analyse::Resolved;
use rocky_base::{Diagnostic, Loc, Span, code};
use rocky_syntax::ast::{
    Body, ExprId, ExprKind, FromId, FromKind, JoinConstraint, JoinKind, Literal, QueryId, Select,
};

/// Look at the FROM clause of a SELECT.
pub(super) fn select(query: &Query<'_>, select: &Select, found: &mut Found<'_>) {
    let ast = query.ast;
    let joins = select
        .from
        .iter()
        .any(|f| matches!(ast.from(*f).kind, FromKind::Join { .. } | FromKind::Paren { .. }));
    if select.from.len() < 2 && !joins {
        return;
    }
    unlinked(query, select, found);
    if let Some(filter) = select.filter {
        made_inner(query, select, filter, found);
    }
}

/// Two sides that should be linked, and what to point at when they are not.
struct Pair {
    left: Bound,
    right: Bound,
    at: Span,
    comma: bool,
    /// The condition that names one side alone.
    condition: Option<Span>,
}

fn unlinked(query: &Query<'_>, select: &Select, found: &mut Found<'_>) {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut links = Links::default();
    let mut before: Option<Bound> = None;
    for from in &select.from {
        item(query, *from, &mut pairs, &mut links);
        let right = query.bound_of(*from);
        let left = before;
        before = Some(match left {
            Some(left) => Bound {
                end: right.end,
                ..left
            },
            None => right,
        });
        let Some(left) = left else { continue };
        pairs.push(Pair {
            left,
            right,
            at: query.ast.from(*from).span,
            comma: true,
            condition: None,
        });
    }
    if pairs.is_empty() {
        return;
    }
    let scope = pairs.first().map_or(0, |p| p.left.scope);
    if let Some(filter) = select.filter {
        let mut open = false;
        query.conjuncts(filter, |condition| open |= !links.learn(query, scope, condition));
        if open {
            return;
        }
    }
    for pair in pairs {
        if pair.left.scope == 0 || pair.right.scope == 0 || links.are_joined(pair.left, pair.right) {
            continue;
        }
        if all_free(query, pair.left) || all_free(query, pair.right) {
            links.join(pair.left, pair.right);
            continue;
        }
        let finding = match pair.condition {
            Some(condition) => Diagnostic::new(
                code::W105,
                Loc::text(condition),
                "this join condition does not name both sides: every row meets every row",
            )
            .help("compare a column of the one side with one of the other"),
            None => Diagnostic::new(
                code::W105,
                Loc::text(pair.at),
                "nothing links this relation with those before it: every row meets every row",
            )
            .help(if pair.comma {
                "add a condition, or write CROSS JOIN if all pairs are meant"
            } else {
                "add ON, or write CROSS JOIN if all pairs are meant"
            }),
        };
        found.out.push(finding);
    }
}

/// The joins inside a FROM item. Chains lean left.
fn item(query: &Query<'_>, id: FromId, pairs: &mut Vec<Pair>, links: &mut Links) {
    let mut work = vec![id];
    while let Some(id) = work.pop() {
        match &query.ast.from(id).kind {
            FromKind::Join {
                left,
                right,
                kind,
                constraint,
                op_span,
            } => {
                work.push(*left);
                work.push(*right);
                let right_bound = query.bound_of(*right);
                let left_bound = query.left_of(*left, right_bound);
                join(
                    query,
                    *kind,
                    constraint,
                    *op_span,
                    (left_bound, right_bound),
                    pairs,
                    links,
                );
            }
            FromKind::Paren { inner, .. } => work.push(*inner),
            _ => {}
        }
    }
}

fn join(
    query: &Query<'_>,
    kind: JoinKind,
    constraint: &JoinConstraint,
    op_span: Span,
    (left, right): (Bound, Bound),
    pairs: &mut Vec<Pair>,
    links: &mut Links,
) {
    if matches!(kind, JoinKind::Cross | JoinKind::Positional) {
        links.join(left, right);
        return;
    }
    let condition = match constraint {
        JoinConstraint::Using(_) | JoinConstraint::Natural => {
            links.join(left, right);
            return;
        }
        JoinConstraint::None => None,
        JoinConstraint::On(condition) => {
            let mut open = matches!(
                query.literal(*condition),
                Some(Literal::Bool(_) | Literal::Number(_))
            );
            let mut columns = false;
            query.conjuncts(*condition, |c| {
                open |= !links.learn(query, left.scope, c);
                columns |= query
                    .subtree(c)
                    .any(|e| matches!(query.ast.expr(e).kind, ExprKind::Column(_)));
            });
            // `ON true`, `ON 1 = 1`.
            if open || !columns {
                links.join(left, right);
                return;
            }
            Some(query.span(*condition))
        }
    };
    pairs.push(Pair {
        left,
        right,
        at: op_span,
        comma: false,
        condition,
    });
}

/// True when each of the relations joins without a condition. Asked for when something was found.
fn all_free(query: &Query<'_>, bound: Bound) -> bool {
    (bound.start..bound.end).all(|rel| {
        let is_rel = |b: &Bound| b.scope == bound.scope && b.start == rel && b.end == rel + 1;
        let mut items = (0..query.bound.len()).filter(|i| query.bound.get(*i).is_some_and(is_rel));
        items.any(|i| joins_freely(query, FromId(i as u32)))
    })
}

/// Lateral items are linked by what they read; one row joins without a condition.
fn joins_freely(query: &Query<'_>, id: FromId) -> bool {
    match &query.ast.from(id).kind {
        FromKind::Function { .. } | FromKind::Error | FromKind::Pivot { .. } | FromKind::Unpivot { .. } => {
            true
        }
        FromKind::Derived {
            query: inner,
            lateral,
            ..
        } => *lateral || one_row(query, *inner) || reads_outside(query, id),
        FromKind::Table { name, .. } => match name.as_slice() {
            [one] => query
                .ast
                .queries
                .iter()
                .flat_map(|q| &q.with)
                .flat_map(|w| &w.ctes)
                .any(|c| c.name.ident.text.eq_ignore_ascii_case(&one.ident.text) && one_row(query, c.query)),
            _ => query.bound_of(id).lateral,
        },
        _ => false,
    }
}

/// True when the subquery reads relations of the FROM clause it stands in, as DuckDB allows without LATERAL.
fn reads_outside(query: &Query<'_>, id: FromId) -> bool {
    let (span, scope) = (query.ast.from(id).span, query.bound_of(id).scope);
    let inside = query.ast.exprs.iter().zip(query.resolved);
    inside
        .filter(|(expr, _)| span.contains(expr.span))
        .any(|(_, resolved)| matches!(resolved, Resolved::Column { uid, .. } if *uid == scope))
}

fn one_row(query: &Query<'_>, id: QueryId) -> bool {
    let inner = query.ast.query(id);
    let limited = inner
        .limit
        .and_then(|l| query.number(l))
        .is_some_and(|n| n <= 1.0);
    limited
        || match &inner.body {
            Body::Select(select) => query.is_single_row(select),
            Body::Values(rows) => rows.len() <= 1,
            Body::Paren(inner) => one_row_inside(query, *inner),
            _ => false,
        }
}

/// One level of parentheses is enough for a lint.
fn one_row_inside(query: &Query<'_>, id: QueryId) -> bool {
    match &query.ast.query(id).body {
        Body::Select(select) => query.is_single_row(select),
        _ => true,
    }
}

/// Relations of a scope, united where they are linked.
#[derive(Default)]
struct Links {
    parent: Vec<u32>,
}

impl Links {
    fn root(&mut self, mut rel: u32) -> u32 {
        while self.parent.len() <= rel as usize {
            self.parent.push(self.parent.len() as u32);
        }
        loop {
            let up = self.parent.get(rel as usize).copied().unwrap_or(rel);
            if up == rel {
                return rel;
            }
            let above = self.parent.get(up as usize).copied().unwrap_or(up);
            if let Some(slot) = self.parent.get_mut(rel as usize) {
                *slot = above;
            }
            rel = above;
        }
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.parent.get_mut(b as usize) {
            *slot = a;
        }
    }

    fn join(&mut self, left: Bound, right: Bound) {
        if left.start < left.end {
            (left.start..left.end)
                .chain(right.start..right.end)
                .fold(left.start, |a, b| {
                    self.unite(a, b);
                    a
                });
        }
    }

    /// Unite the relations that a condition names. False when it names something that may be of any.
    fn learn(&mut self, query: &Query<'_>, scope: u32, condition: ExprId) -> bool {
        let mut first: Option<u32> = None;
        for id in query.subtree(condition) {
            let expr = query.ast.expr(id);
            if !matches!(expr.kind, ExprKind::Column(_)) {
                if matches!(
                    expr.kind,
                    ExprKind::Error | ExprKind::Positional(_) | ExprKind::Columns { .. }
                ) {
                    return false;
                }
                continue;
            }
            match query.resolved(id) {
                Resolved::Column { uid, rel, .. } if uid == scope => {
                    // A merged column is one of several relations.
                    if rel == u32::MAX {
                        return false;
                    }
                    match first {
                        Some(first) => self.unite(first, rel),
                        None => first = Some(rel),
                    }
                }
                Resolved::Column { .. } => {}
                Resolved::Alias { .. } | Resolved::Nothing => return false,
            }
        }
        true
    }

    fn are_joined(&mut self, left: Bound, right: Bound) -> bool {
        let roots: Vec<u32> = (left.start..left.end).map(|r| self.root(r)).collect();
        left.start >= left.end
            || right.start >= right.end
            || (right.start..right.end).any(|r| {
                let root = self.root(r);
                roots.contains(&root)
            })
    }
}

impl Query<'_> {
    fn bound_of(&self, id: FromId) -> Bound {
        self.bound.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// What stands left of a join whose right side is known: from the first relation of the left side on.
    fn left_of(&self, left: FromId, right: Bound) -> Bound {
        let mut first = left;
        while let FromKind::Join { left, .. } = &self.ast.from(first).kind {
            first = *left;
        }
        Bound {
            end: right.start,
            ..self.bound_of(first)
        }
    }
}

/// `LEFT JOIN r … WHERE r.x = 1`: rows without a partner have NULL there, and go.
fn made_inner(query: &Query<'_>, select: &Select, filter: ExprId, found: &mut Found<'_>) {
    for from in &select.from {
        let mut work = vec![*from];
        while let Some(id) = work.pop() {
            match &query.ast.from(id).kind {
                FromKind::Join {
                    left,
                    right,
                    kind,
                    op_span,
                    ..
                } => {
                    work.push(*left);
                    let right_bound = query.bound_of(*right);
                    let optional = match kind.without_asof() {
                        JoinKind::Left => Some(right_bound),
                        JoinKind::Right => Some(query.left_of(*left, right_bound)),
                        _ => None,
                    };
                    if let Some(optional) = optional {
                        rejected(query, optional, *op_span, filter, found);
                    }
                }
                FromKind::Paren { inner, .. } => work.push(*inner),
                _ => {}
            }
        }
    }
}

fn rejected(query: &Query<'_>, optional: Bound, op_span: Span, filter: ExprId, found: &mut Found<'_>) {
    let mut said = false;
    query.conjuncts(filter, |condition| {
        if said || !query.fact(condition).has(Fact::SEEN) {
            return;
        }
        let Some(column) = rejects_null_of(query, optional, condition) else {
            return;
        };
        said = true;
        let name = query.slice(query.span(column));
        found.out.push(
            Diagnostic::new(
                code::W106,
                Loc::text(query.span(condition)),
                format!("this condition drops the rows that the outer join keeps: there `{name}` is NULL"),
            )
            .note(Loc::text(op_span), "the outer join")
            .help("move the condition to ON, or write INNER JOIN"),
        );
    });
}

/// A column of these relations for which NULL does not pass the condition.
fn rejects_null_of(query: &Query<'_>, optional: Bound, condition: ExprId) -> Option<ExprId> {
    let is_theirs = |id: &ExprId| {
        let bare = query.ast.unparen(*id);
        matches!(query.ast.expr(bare).kind, ExprKind::Column(_))
            && matches!(query.resolved(bare), Resolved::Column { uid, rel, .. }
                if uid == optional.scope && (optional.start..optional.end).contains(&rel))
    };
    match &query.ast.expr(condition).kind {
        ExprKind::Binary { left, op, right, .. } if super::is_comparison(op) => {
            // NULL = NULL is another mistake.
            if query.is_null(*left) || query.is_null(*right) {
                return None;
            }
            [*left, *right].into_iter().find(is_theirs)
        }
        ExprKind::Like { expr, .. } | ExprKind::Between { expr, .. } | ExprKind::InQuery { expr, .. } => {
            Some(*expr).filter(is_theirs)
        }
        ExprKind::InList { expr, list, .. } if !list.iter().any(|e| query.is_null(*e)) => {
            Some(*expr).filter(is_theirs)
        }
        _ => None,
    }
}
