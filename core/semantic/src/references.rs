//! Which relations a tree reads, wherever they stand. CTEs are taken out by scope: a one-part name means the innermost
//! CTE of that name that is visible there. Start at [`references`].

use crate::walk::{self, Child};
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, SmolStr, Span};
use rocky_syntax::ast::{
    Ast, Body, Distinct, ExprId, FromId, FromKind, GroupBy, GroupItem, JoinConstraint, Name, Path, Query,
    QueryId, Select, SelectItem, SetOp, path_span,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// A relation read by name, not a CTE.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RelationRef {
    /// The FROM item (`Table`, `File`, or `Function` when it reads files).
    pub from: FromId,
    /// The dotted name; empty for a file.
    pub path: Path,
    /// The name's bytes; for a file the string, or the call that reads it: that text is its name.
    pub span: Span,
}

/// All relations the tree reads, wherever they stand, in order of text.
pub fn references(ast: &Ast, dialect: Dialect) -> Vec<RelationRef> {
    let mut walker = Walker {
        ast,
        dialect,
        ctes: FxHashMap::default(),
        aliases: Vec::new(),
        found: Vec::new(),
    };
    if let Some(root) = ast.root {
        walker.query(root);
    }
    let mut found = walker.found;
    found.sort_by_key(|r| (r.span, r.from));
    found.dedup_by_key(|r| r.from);
    found
}

/// True when the WITH clause's CTE sees itself: RECURSIVE was written (Snowflake does without) and its body is a set
/// operation, in DuckDB one that ends in a UNION by position. Anything else of that name is the relation outside.
pub(crate) fn sees_itself(ast: &Ast, dialect: Dialect, recursive: bool, body: QueryId) -> bool {
    let mut body = &ast.query(body).body;
    while let Body::Paren(inner) = body {
        body = &ast.query(*inner).body;
    }
    let Body::SetOp { rest, .. } = body else {
        return false;
    };
    let ends = || rest.last().is_some_and(|o| o.op == SetOp::Union && !o.by_name);
    match dialect {
        Dialect::DuckDb => recursive && ends(),
        _ => recursive || dialect == Dialect::Snowflake,
    }
}

/// DuckDB's `recurring.c`: all rows so far of the recursive CTE `c` with USING KEY.
pub(crate) fn is_recurring(dialect: Dialect, schema: &Name) -> bool {
    dialect == Dialect::DuckDb && schema.ident.text.eq_ignore_ascii_case("recurring")
}

struct Walker<'a> {
    ast: &'a Ast,
    dialect: Dialect,
    /// How many CTEs of a name are visible.
    ctes: FxHashMap<SmolStr, u32>,
    /// Relations in sight by alias: in BigQuery `FROM t, t.items` names a column of the first.
    aliases: Vec<SmolStr>,
    found: Vec<RelationRef>,
}

impl Walker<'_> {
    fn key(&self, name: &Name) -> SmolStr {
        name.ident.key(self.dialect, IdentKind::Relation)
    }

    fn query(&mut self, id: QueryId) {
        stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.query_body(id));
    }

    fn query_body(&mut self, id: QueryId) {
        let query: &Query = self.ast.query(id);
        let mut names = Vec::new();
        if let Some(with) = &query.with {
            for cte in &with.ctes {
                let key = self.key(&cte.name);
                let itself = sees_itself(self.ast, self.dialect, with.recursive, cte.query);
                if itself {
                    *self.ctes.entry(key.clone()).or_default() += 1;
                }
                self.query(cte.query);
                if !itself {
                    *self.ctes.entry(key.clone()).or_default() += 1;
                }
                names.push(key);
            }
        }
        match &query.body {
            Body::Select(select) => self.select(select),
            Body::SetOp { first, rest } => {
                self.query(*first);
                rest.iter().for_each(|operand| self.query(operand.query));
            }
            Body::Values(rows) => rows.iter().flatten().for_each(|e| self.expr(*e)),
            Body::Paren(inner) => self.query(*inner),
            Body::Table(from) | Body::Pivot(from) => self.from(*from),
            Body::Describe { of, .. } => of.iter().for_each(|of| self.query(*of)),
            Body::Error => {}
        }
        query.order_by.iter().for_each(|o| self.expr(o.expr));
        query
            .limit
            .iter()
            .chain(&query.offset)
            .for_each(|e| self.expr(*e));
        for name in names {
            if let Some(count) = self.ctes.get_mut(&name) {
                *count = count.saturating_sub(1);
            }
        }
    }

    fn select(&mut self, select: &Select) {
        let aliases = self.aliases.len();
        self.select_parts(select);
        self.aliases.truncate(aliases);
    }

    fn select_parts(&mut self, select: &Select) {
        select.from.iter().for_each(|f| self.from(*f));
        for item in &select.items {
            match item {
                SelectItem::Expr { expr, .. } => self.expr(*expr),
                SelectItem::Star(star) => self.children(|visit| walk::star(star, visit)),
            }
        }
        if let Distinct::On(list) = &select.distinct {
            list.iter().for_each(|e| self.expr(*e));
        }
        select
            .filter
            .iter()
            .chain(&select.having)
            .chain(&select.qualify)
            .for_each(|e| self.expr(*e));
        if let GroupBy::Items(items) = &select.group_by {
            let mut work: Vec<&GroupItem> = items.iter().collect();
            while let Some(item) = work.pop() {
                match item {
                    GroupItem::Expr(e) => self.expr(*e),
                    GroupItem::Empty(_) => {}
                    GroupItem::Rollup(lists) | GroupItem::Cube(lists) => {
                        lists.iter().flatten().for_each(|e| self.expr(*e));
                    }
                    GroupItem::Sets(items) => work.extend(items),
                    GroupItem::Tuple(list) => list.iter().for_each(|e| self.expr(*e)),
                }
            }
        }
        for (_, window) in &select.windows {
            self.children(|visit| walk::window(window, visit));
        }
    }

    /// Walks what `list` names.
    fn children(&mut self, list: impl FnOnce(&mut dyn FnMut(Child))) {
        let mut found = Vec::new();
        list(&mut |child| found.push(child));
        for child in found {
            match child {
                Child::Expr(e) => self.expr(e),
                Child::Query(q) => self.query(q),
            }
        }
    }

    fn expr(&mut self, id: ExprId) {
        let ast = self.ast;
        let mut work = vec![Child::Expr(id)];
        while let Some(child) = work.pop() {
            match child {
                Child::Expr(e) => walk::children(ast, e, &mut |c| work.push(c)),
                Child::Query(q) => self.query(q),
            }
        }
    }

    fn file(&mut self, from: FromId, span: Span) {
        self.found.push(RelationRef {
            from,
            path: Path::new(),
            span,
        });
    }

    fn from(&mut self, id: FromId) {
        let ast = self.ast;
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            let from = ast.from(id);
            match &from.kind {
                FromKind::Table { name, alias, .. } => {
                    let cte = match name.as_slice() {
                        [one] => self.ctes.get(&self.key(one)).is_some_and(|n| *n > 0),
                        [first, second] if is_recurring(self.dialect, first) => {
                            self.ctes.get(&self.key(second)).is_some_and(|n| *n > 0)
                        }
                        [first, ..] => self.aliases.contains(&self.key(first)),
                        [] => false,
                    };
                    if self.dialect == Dialect::BigQuery {
                        let named = alias.as_ref().map(|a| &a.name).or(name.last());
                        self.aliases.extend(named.map(|n| self.key(n)));
                    }
                    if !cte && !name.is_empty() {
                        self.found.push(RelationRef {
                            from: id,
                            path: name.clone(),
                            span: path_span(name),
                        });
                    }
                }
                FromKind::File { text, .. } => self.file(id, *text),
                FromKind::Derived { query, .. } => self.query(*query),
                FromKind::Function { call, .. } => {
                    if crate::files::is_source(ast, *call, self.dialect) {
                        self.file(id, ast.expr(*call).span);
                    }
                    self.expr(*call);
                }
                FromKind::Join {
                    left,
                    right,
                    constraint,
                    ..
                } => {
                    work.push(*right);
                    work.push(*left);
                    if let JoinConstraint::On(e) = constraint {
                        self.expr(*e);
                    }
                }
                FromKind::Paren { inner, .. } => work.push(*inner),
                FromKind::Pivot { source, pivot, .. } => {
                    work.push(*source);
                    pivot.aggregates.iter().for_each(|(e, _)| self.expr(*e));
                    for on in &pivot.on {
                        self.expr(on.expr);
                        on.values.iter().for_each(|(e, _)| self.expr(*e));
                    }
                    pivot.group_by.iter().for_each(|e| self.expr(*e));
                }
                FromKind::Unpivot { source, unpivot, .. } => {
                    work.push(*source);
                    unpivot
                        .on
                        .iter()
                        .flat_map(|(list, _)| list)
                        .for_each(|e| self.expr(*e));
                }
                FromKind::Error => {}
            }
        }
    }
}
