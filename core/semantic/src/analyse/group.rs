//! Is every column of an aggregating SELECT grouped or aggregated?
//!
//! Expressions are compared with the keys by fingerprint: a hash of their shape and of the columns they resolved to. Where a
//! shape is not told apart exactly, it counts as equal: this check must never be wrong about an error.

use super::select::{Entry, Keys};
use super::{Analyser, Resolved, deeper};
use crate::typing::{self, FunctionKind};
use crate::walk::{self, Child};
use rocky_base::{Diagnostic, Loc, Span, code};
use rocky_syntax::ast::{ExprId, ExprKind, GroupBy, Literal, Select};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// Fingerprints computed so far.
type Memo = FxHashMap<ExprId, u64>;

impl<'a> Analyser<'a> {
    /// GROUPING(…) of this SELECT: its arguments must be keys.
    pub(super) fn check_groupings(&mut self, uid: u32, select: &'a Select, keys: &Keys) {
        while let Some((_, id)) = self.groupings.pop_if(|(of, _)| *of == uid) {
            match select.group_by {
                GroupBy::None => self.check_grouping_call(id, None),
                _ if keys.open => {}
                _ => self.check_grouping_call(id, Some(keys)),
            }
        }
    }

    /// Whether an expression is one of the keys.
    pub(super) fn is_grouping_key(&self, id: ExprId, keys: &Keys) -> bool {
        if keys
            .expressions
            .contains(&self.fingerprint(id, &mut Memo::default()))
        {
            return true;
        }
        match self.resolved.get(self.ast.unparen(id).0 as usize).copied() {
            Some(Resolved::Column {
                rel, col, fields: 0, ..
            }) => keys.columns.contains(&(rel, col)),
            Some(Resolved::Column { .. }) => false,
            // An alias stands for its item; what was not resolved is not judged.
            _ => matches!(self.ast.expr(self.ast.unparen(id)).kind, ExprKind::Column(_)),
        }
    }

    /// E207 for what is neither grouped nor aggregated. The scope is still the innermost one.
    pub(super) fn check_grouping(
        &mut self,
        uid: u32,
        select: &'a Select,
        entries: &[Entry],
        ordered: &[ExprId],
        keys: &Keys,
    ) {
        let mut memo = Memo::default();
        let said = self.ungrouped_names.len();
        for entry in entries {
            if let Some(at) = entry.at {
                let grouped = keys.columns.contains(&(at.rel, at.col));
                if !grouped && at.scope as usize + 1 == self.scopes.len() {
                    self.report_ungrouped(entry.out.span, &entry.out.col.name);
                }
            } else if let Some(expr) = entry.expr {
                self.check_expression(uid, expr, keys, &mut memo);
            }
        }
        for expr in select.having.iter().chain(&select.qualify).chain(ordered) {
            self.check_expression(uid, *expr, keys, &mut memo);
        }
        self.ungrouped_names.truncate(said);
    }

    /// GROUP BY ALL groups by the items without an aggregate; DuckDB refuses an item that has a column beside one.
    pub(super) fn check_group_by_all(&mut self, uid: u32, entries: &[Entry]) {
        let mut memo = Memo::default();
        for expr in entries.iter().filter(|e| e.aggregate).filter_map(|e| e.expr) {
            for (span, name) in self.ungrouped(uid, expr, &Keys::default(), &mut memo) {
                let message =
                    format!("column `{name}` stands beside an aggregate, which GROUP BY ALL does not take");
                self.report(
                    Diagnostic::new(code::E207, Loc::text(span), message)
                        .help("write the keys: GROUP BY 1, 2"),
                );
            }
        }
    }

    fn check_expression(&mut self, uid: u32, root: ExprId, keys: &Keys, memo: &mut Memo) {
        for (span, name) in self.ungrouped(uid, root, keys, memo) {
            // One mistake, however often the column is read.
            let said = self
                .ungrouped_names
                .iter()
                .any(|(of, n)| *of == uid && n.eq_ignore_ascii_case(name));
            if !said {
                self.ungrouped_names.push((uid, name));
                self.report_ungrouped(span, name);
            }
        }
    }

    /// The columns that are neither keys nor inside an aggregate.
    fn ungrouped(&self, uid: u32, root: ExprId, keys: &Keys, memo: &mut Memo) -> Vec<(Span, &'a str)> {
        let ast = self.ast;
        let mut found = Vec::new();
        let mut work = vec![root];
        while let Some(id) = work.pop() {
            if keys.expressions.contains(&self.fingerprint(id, memo)) {
                continue;
            }
            match &ast.expr(id).kind {
                ExprKind::Column(path) => match self.resolved.get(id.0 as usize).copied() {
                    Some(Resolved::Column {
                        uid: of, rel, col, ..
                    }) if of == uid && !keys.columns.contains(&(rel, col)) => {
                        let name = path.last().map_or("", |n| n.ident.text.as_str());
                        found.push((ast.expr(id).span, name));
                    }
                    // An alias's item is checked where it stands; other scopes are not this SELECT's business.
                    _ => {}
                },
                ExprKind::Function(call) => {
                    let name = call.name.last().map_or("", |n| n.ident.text.as_str());
                    let aggregate =
                        typing::function_kind(self.dialect, name) == Some(FunctionKind::Aggregate);
                    let grouping =
                        name.eq_ignore_ascii_case("grouping") || name.eq_ignore_ascii_case("grouping_id");
                    if (aggregate && call.over.is_none()) || grouping {
                        continue;
                    }
                    // A function that the catalogue does not have may be an aggregate.
                    if typing::function_kind(self.dialect, name).is_none() {
                        continue;
                    }
                    push_children(ast, id, &mut work);
                }
                ExprKind::Columns { .. } | ExprKind::Lambda { .. } | ExprKind::Comprehension { .. } => {}
                _ => push_children(ast, id, &mut work),
            }
        }
        found
    }

    /// Add an expression to the keys.
    pub(super) fn add_key(&mut self, id: ExprId, keys: &mut Keys) {
        let mut memo = Memo::default();
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            keys.expressions.insert(self.fingerprint(id, &mut memo));
            match &self.ast.expr(self.ast.unparen(id)).kind {
                ExprKind::Tuple(list) => work.extend(list),
                ExprKind::Column(path) => {
                    let bare = self.ast.unparen(id);
                    match self.resolved.get(bare.0 as usize).copied() {
                        Some(Resolved::Column {
                            rel, col, fields: 0, ..
                        }) => {
                            keys.columns.insert((rel, col));
                        }
                        Some(Resolved::Alias { item, .. }) => {
                            work.extend(
                                self.scope()
                                    .and_then(|s| s.items.get(item as usize))
                                    .map(|v| v.expr),
                            );
                        }
                        // A whole row: all its columns.
                        Some(Resolved::Nothing) if path.len() == 1 => keys.open = true,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// The hash of an expression's shape.
    fn fingerprint(&self, id: ExprId, memo: &mut Memo) -> u64 {
        let id = self.ast.unparen(id);
        if let Some(known) = memo.get(&id) {
            return *known;
        }
        // A left-leaning chain is hashed from its left end, every prefix noted.
        let mut spine = Vec::new();
        let mut leftmost = id;
        while let ExprKind::Binary { left, op, right, .. } = &self.ast.expr(leftmost).kind {
            spine.push((leftmost, op, *right));
            leftmost = self.ast.unparen(*left);
            if memo.contains_key(&leftmost) {
                break;
            }
        }
        let mut hash = match memo.get(&leftmost) {
            Some(known) => *known,
            None => deeper(|| self.leaf_fingerprint(leftmost, memo)),
        };
        memo.insert(leftmost, hash);
        for (whole, op, right) in spine.into_iter().rev() {
            let mut hasher = FxHasher::default();
            format!("{op:?}").hash(&mut hasher);
            hash.hash(&mut hasher);
            deeper(|| self.fingerprint(right, memo)).hash(&mut hasher);
            hash = hasher.finish();
            memo.insert(whole, hash);
        }
        hash
    }

    fn leaf_fingerprint(&self, id: ExprId, memo: &mut Memo) -> u64 {
        let kind = &self.ast.expr(id).kind;
        let mut hasher = FxHasher::default();
        std::mem::discriminant(kind).hash(&mut hasher);
        match kind {
            ExprKind::Column(path) => match self.resolved.get(id.0 as usize).copied() {
                Some(Resolved::Alias { item, .. }) => {
                    if let Some(value) = self.scope().and_then(|s| s.items.get(item as usize))
                        && value.expr != id
                    {
                        return deeper(|| self.fingerprint(value.expr, memo));
                    }
                }
                Some(Resolved::Column {
                    uid,
                    rel,
                    col,
                    fields,
                }) => {
                    (uid, rel, col, fields).hash(&mut hasher);
                    for name in path.iter().rev().take(fields as usize) {
                        self.column_key(&name.ident).hash(&mut hasher);
                    }
                }
                _ => {
                    for name in path {
                        self.column_key(&name.ident).hash(&mut hasher);
                    }
                }
            },
            ExprKind::Literal(literal) => match literal {
                Literal::Null => 0_u8.hash(&mut hasher),
                Literal::Bool(b) => b.hash(&mut hasher),
                Literal::Number(text) | Literal::String(text) | Literal::Bytes(text) => {
                    text.hash(&mut hasher)
                }
            },
            ExprKind::Cast { ty, .. } => {
                match typing::type_name(self.dialect, self.text(ty.span), self.types) {
                    Some(ty) => ty.hash(&mut hasher),
                    None => self.text(ty.span).to_ascii_lowercase().hash(&mut hasher),
                }
            }
            ExprKind::Extract { field, .. } => field.hash(&mut hasher),
            ExprKind::Field { name, .. } => self.column_key(&name.ident).hash(&mut hasher),
            ExprKind::Unary { op, .. } => (*op as u8).hash(&mut hasher),
            ExprKind::JsonPath { path, .. } => self.text(*path).hash(&mut hasher),
            ExprKind::Function(call) => {
                for name in &call.name {
                    name.ident.text.to_ascii_lowercase().hash(&mut hasher);
                }
                call.args.len().hash(&mut hasher);
            }
            _ => {}
        }
        let mut children = Vec::new();
        walk::children(self.ast, id, &mut |child| children.push(child));
        for child in children {
            match child {
                Child::Expr(e) => self.fingerprint(e, memo).hash(&mut hasher),
                Child::Query(_) => {}
            }
        }
        hasher.finish()
    }
}

fn push_children(ast: &rocky_syntax::ast::Ast, id: ExprId, work: &mut Vec<ExprId>) {
    let before = work.len();
    walk::children(ast, id, &mut |child| {
        if let Child::Expr(e) = child {
            work.push(e);
        }
    });
    // In order of text.
    if let Some(new) = work.get_mut(before..) {
        new.reverse();
    }
}
