//! What a condition proves not NULL: for WHERE and ON as long as the scope lives, for CASE and IF inside a branch, for HAVING
//! and QUALIFY of the output columns.
//!
//! Facts are collected from the tree before the expressions are evaluated, so that nothing here reports. Invariant: a fact is
//! only noted when every way the condition can come out as asked needs it. Start at [`Analyser::facts`].

use super::lookup::Meaning;
use super::scope::ColRef;
use super::select::Entry;
use super::{Analyser, deeper};
use rocky_syntax::ast::{BinaryOp, Call, ExprId, ExprKind, IsWhat, Literal, UnaryOp};
use rustc_hash::FxHashSet;

/// How a condition came out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    True,
    False,
    /// False or NULL: what ELSE knows.
    NotTrue,
}

/// What is not NULL.
#[derive(Default, Debug)]
pub(super) struct Facts {
    columns: FxHashSet<ColRef>,
    /// Items of the select list, by alias.
    items: Vec<u32>,
    /// Calls, to be compared by their text.
    calls: Vec<ExprId>,
}

/// What an assumption changed, to be undone.
#[derive(Default, Debug)]
pub(super) struct Assumed {
    proved: Vec<(u32, u32)>,
    outer: Vec<u32>,
    merged: Vec<u32>,
}

impl<'a> Analyser<'a> {
    /// Note for the rest of the scope what a true condition proves.
    pub(super) fn narrow(&mut self, condition: ExprId) {
        let facts = self.facts(condition, Outcome::True);
        self.assume(&facts);
    }

    /// What is not NULL when the condition comes out that way.
    pub(super) fn facts(&self, condition: ExprId, outcome: Outcome) -> Facts {
        let mut facts = Facts::default();
        deeper(|| self.collect(condition, outcome, &mut facts));
        facts
    }

    fn collect(&self, condition: ExprId, outcome: Outcome, facts: &mut Facts) {
        let ast = self.ast;
        let mut work = vec![(condition, outcome)];
        while let Some((id, outcome)) = work.pop() {
            let id = ast.unparen(id);
            let holds = outcome == Outcome::True;
            let known = outcome != Outcome::NotTrue;
            match &ast.expr(id).kind {
                ExprKind::Unary {
                    op: UnaryOp::Not,
                    operand,
                } => match outcome {
                    Outcome::True => work.push((*operand, Outcome::False)),
                    Outcome::False => work.push((*operand, Outcome::True)),
                    Outcome::NotTrue => {}
                },
                ExprKind::Binary {
                    left,
                    op: op @ (BinaryOp::And | BinaryOp::Or),
                    right,
                    ..
                } => {
                    // Both parts came out the same way, or one of them did.
                    if (*op == BinaryOp::And) == holds {
                        work.push((*left, outcome));
                        work.push((*right, outcome));
                    } else {
                        self.either(id, op, outcome, facts);
                    }
                }
                ExprKind::Is { expr, what, negated } => match what {
                    IsWhat::Null | IsWhat::Unknown if *negated == holds => self.strict(*expr, facts),
                    // IS TRUE is never NULL: not true is false.
                    IsWhat::True if *negated != holds => work.push((*expr, Outcome::True)),
                    IsWhat::False if *negated != holds => work.push((*expr, Outcome::False)),
                    _ => {}
                },
                ExprKind::Binary {
                    left,
                    op: op @ (BinaryOp::IsDistinct | BinaryOp::IsNotDistinct),
                    right,
                    ..
                } => {
                    let same = (*op == BinaryOp::IsNotDistinct) == holds;
                    for (one, other) in [(*left, *right), (*right, *left)] {
                        // The same as a value, or not the same as NULL.
                        let proves = match &ast.expr(ast.unparen(other)).kind {
                            ExprKind::Literal(Literal::Null) => !same,
                            ExprKind::Literal(_) => same,
                            _ => false,
                        };
                        if proves {
                            self.strict(one, facts);
                        }
                    }
                }
                ExprKind::InQuery { expr, negated, .. } => {
                    if known && *negated != holds {
                        self.strict(*expr, facts);
                    }
                }
                ExprKind::Between {
                    expr,
                    low,
                    high,
                    negated,
                    ..
                } => {
                    if known {
                        self.strict(*expr, facts);
                    }
                    if known && *negated != holds {
                        self.strict(*low, facts);
                        self.strict(*high, facts);
                    }
                }
                _ if known => self.strict(id, facts),
                _ => {}
            }
        }
    }

    /// A chain of OR that holds, or of AND that does not: what all its parts prove.
    fn either(&self, id: ExprId, op: &BinaryOp, outcome: Outcome, facts: &mut Facts) {
        let mut common: Option<FxHashSet<ColRef>> = None;
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            let id = self.ast.unparen(id);
            if let ExprKind::Binary {
                left, op: o, right, ..
            } = &self.ast.expr(id).kind
                && o == op
            {
                work.push(*left);
                work.push(*right);
                continue;
            }
            let part = self.facts(id, outcome).columns;
            let left = match common {
                None => part,
                Some(before) => before.intersection(&part).copied().collect(),
            };
            if left.is_empty() {
                return;
            }
            common = Some(left);
        }
        facts.columns.extend(common.into_iter().flatten());
    }

    /// What is not NULL when the value is not.
    fn strict(&self, id: ExprId, facts: &mut Facts) {
        let ast = self.ast;
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            let id = ast.unparen(id);
            match &ast.expr(id).kind {
                ExprKind::Column(path) => match self.lookup(path) {
                    Meaning::Column { found, .. } => drop(facts.columns.insert(found)),
                    Meaning::Alias { item, scope } if scope as usize + 1 == self.scopes.len() => {
                        facts.items.push(item);
                    }
                    _ => {}
                },
                ExprKind::Unary { operand: e, .. }
                | ExprKind::Cast { expr: e, .. }
                | ExprKind::Extract { expr: e, .. }
                | ExprKind::Collate { expr: e, .. }
                | ExprKind::Field { base: e, .. }
                | ExprKind::JsonPath { base: e, .. }
                | ExprKind::InList { expr: e, .. }
                | ExprKind::Between { expr: e, .. } => work.push(*e),
                ExprKind::Binary { left, op, right, .. } if is_strict(op) => {
                    work.push(*left);
                    work.push(*right);
                }
                ExprKind::Like { expr, pattern, .. } => {
                    work.push(*expr);
                    work.push(*pattern);
                }
                ExprKind::AtTimeZone { expr, zone } => {
                    work.push(*expr);
                    work.push(*zone);
                }
                ExprKind::Index { base, index } => {
                    work.push(*base);
                    work.push(*index);
                }
                ExprKind::Function(call) => {
                    facts.calls.push(id);
                    if is_strict_call(call) {
                        work.extend(call.args.iter().map(|a| a.value));
                    }
                }
                _ => {}
            }
        }
    }

    /// Take facts about columns of the innermost scope for granted.
    pub(super) fn assume(&mut self, facts: &Facts) -> Assumed {
        let mut assumed = Assumed::default();
        let index = self.scopes.len().saturating_sub(1) as u32;
        let Some(scope) = self.scopes.last_mut() else {
            return assumed;
        };
        for found in facts.columns.iter().filter(|c| c.scope == index) {
            if found.rel == ColRef::MERGED {
                if let Some(merged) = scope.merged.get_mut(found.col as usize)
                    && merged.col.nullable
                {
                    merged.col.nullable = false;
                    assumed.merged.push(found.col);
                }
            } else if let Some(rel) = scope.rels.get_mut(found.rel as usize) {
                if rel.proved.insert(found.col) {
                    assumed.proved.push((found.rel, found.col));
                }
                // A value of the optional side of a join: its row is there.
                if std::mem::take(&mut rel.outer) {
                    assumed.outer.push(found.rel);
                }
            }
        }
        assumed
    }

    /// End an assumption.
    pub(super) fn forget(&mut self, assumed: Assumed) {
        let Some(scope) = self.scopes.last_mut() else {
            return;
        };
        for (rel, col) in assumed.proved {
            if let Some(rel) = scope.rels.get_mut(rel as usize) {
                rel.proved.remove(&col);
            }
        }
        for rel in assumed.outer {
            if let Some(rel) = scope.rels.get_mut(rel as usize) {
                rel.outer = true;
            }
        }
        for merged in assumed.merged {
            if let Some(merged) = scope.merged.get_mut(merged as usize) {
                merged.col.nullable = true;
            }
        }
    }

    /// HAVING and QUALIFY come after the values: they prove output columns that are just what they test.
    pub(super) fn settle(&self, facts: &Facts, entries: &mut [Entry]) {
        let Some(scope) = self.scope() else { return };
        let index = self.scopes.len().saturating_sub(1) as u32;
        let text = |id: ExprId| self.text(self.ast.expr(id).span);
        for entry in entries.iter_mut().filter(|e| e.out.col.nullable) {
            let bare = entry.expr.map(|e| self.ast.unparen(e));
            let column = match (bare, entry.at) {
                (Some(id), _) => match self.resolved.get(id.0 as usize) {
                    Some(super::Resolved::Column {
                        uid,
                        rel,
                        col,
                        fields: 0,
                    }) if *uid == scope.uid => Some(ColRef {
                        scope: index,
                        rel: *rel,
                        col: *col,
                    }),
                    _ => None,
                },
                (None, at) => at,
            };
            let item = |i: &u32| {
                let found = scope.items.get(*i as usize).map(|item| item.expr);
                found.is_some() && found == entry.expr
            };
            let called = |id: ExprId| {
                let is_call = matches!(self.ast.expr(id).kind, ExprKind::Function(_));
                is_call && facts.calls.iter().any(|c| text(*c) == text(id))
            };
            let proved = column.is_some_and(|c| facts.columns.contains(&c))
                || facts.items.iter().any(item)
                || bare.is_some_and(called);
            if proved {
                entry.out.col.nullable = false;
            }
        }
    }
}

/// Operators that give NULL for every NULL.
fn is_strict(op: &BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Eq
            | BinaryOp::NotEq
            | BinaryOp::Lt
            | BinaryOp::LtEq
            | BinaryOp::Gt
            | BinaryOp::GtEq
            | BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::IntDiv
            | BinaryOp::Mod
            | BinaryOp::Pow
            | BinaryOp::BitAnd
            | BinaryOp::BitOr
            | BinaryOp::ShiftLeft
            | BinaryOp::ShiftRight
            | BinaryOp::Arrow
            | BinaryOp::LongArrow
    )
}

fn is_strict_call(call: &Call) -> bool {
    let [name] = call.name.as_slice() else {
        return false;
    };
    let plain = call.over.is_none() && call.filter.is_none() && call.order_by.is_empty();
    plain
        && STRICT
            .binary_search(&name.ident.text.to_ascii_lowercase().as_str())
            .is_ok()
}

// Sorted. Functions of all dialects that give NULL for every NULL.
#[rustfmt::skip]
static STRICT: &[&str] = &[
    "abs", "ceil", "ceiling", "char_length", "contains", "date", "date_diff", "date_part", "date_trunc", "datediff", "day", "ends_with",
    "floor", "hour", "lcase", "left", "len", "length", "lower", "ltrim", "minute", "month", "quarter", "regexp_extract",
    "regexp_matches", "regexp_replace", "replace", "reverse", "right", "round", "rtrim", "second", "sign", "split_part",
    "starts_with", "strftime", "strpos", "substr", "substring", "trim", "ucase", "upper", "week", "year",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::STRICT.windows(2).all(|w| w[0] < w[1]));
    }
}
