//! Queries: WITH, SELECT, set operations, VALUES, ORDER BY and LIMIT.

use super::{AliasMode, Digest, Mix, Normaliser, Out, Relation, deeper};
use crate::references::sees_itself;
use rocky_base::{Dialect, SmolStr};
use rocky_syntax::ast::{
    BinaryOp, Body, Distinct, ExprId, ExprKind, GroupBy, GroupItem, Literal, Name, Query, QueryId, Select,
    SelectItem, SetOp, SetOperand, Sort, Star, With,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// An output column of a SELECT.
struct Item {
    key: SmolStr,
    digest: Digest,
    /// Uses an aggregate: it is no key of GROUP BY ALL.
    aggregate: bool,
    /// Uses something that may be an aggregate.
    doubtful: bool,
}

impl<'a> Normaliser<'a> {
    pub(super) fn query(&mut self, id: QueryId) -> Out {
        let (aliases, opaque) = (self.aliases, self.opaque);
        self.opaque = false;
        let out = deeper(|| self.query_inner(id));
        (self.aliases, self.opaque) = (aliases, opaque);
        out
    }

    fn query_inner(&mut self, id: QueryId) -> Out {
        let ast = self.ast;
        let query = ast.query(id);
        let defined = query.with.as_ref().map_or_else(Vec::new, |with| self.with(with));
        self.aliases = AliasMode::Never;
        let out = match &query.body {
            Body::Select(select) => self.select(query, select),
            Body::SetOp { first, rest } => {
                let out = self.set_operation(*first, rest);
                self.ordered(query, out)
            }
            Body::Values(rows) => {
                let out = self.values(rows);
                self.ordered(query, out)
            }
            Body::Paren(inner) => {
                let out = self.query(*inner);
                self.ordered(query, out)
            }
            Body::Table(from) => {
                self.push_scope(true);
                self.item_of_from(*from);
                let relation = self.scopes.pop().and_then(|mut s| s.bound.pop());
                let relation = match relation {
                    Some(bound) => bound.relation,
                    None => self.unknown_relation(query.span),
                };
                self.ordered(query, plain(relation))
            }
            Body::Pivot(_) | Body::Describe { .. } | Body::Error => {
                self.opaque = true;
                plain(Arc::new(Relation::default()))
            }
        };
        let out = if self.opaque {
            plain(self.unknown_relation(query.span))
        } else {
            out
        };
        for key in defined {
            if let Some(stack) = self.ctes.get_mut(&key) {
                stack.pop();
                if stack.is_empty() {
                    self.ctes.remove(&key);
                }
            }
        }
        out
    }

    fn with(&mut self, with: &'a With) -> Vec<SmolStr> {
        let mut defined = Vec::with_capacity(with.ctes.len());
        for cte in &with.ctes {
            let key = self.relation_key(&cte.name.ident);
            let relation = if sees_itself(self.ast, self.dialect, with.recursive, cte.query) {
                self.unknown_relation(cte.span)
            } else {
                self.query(cte.query).relation
            };
            let relation = self.renamed(distinct(relation), &cte.columns);
            self.ctes.entry(key.clone()).or_default().push(relation);
            defined.push(key);
        }
        defined
    }

    fn alias_mode(&self, clause: &str) -> AliasMode {
        match (self.dialect, clause) {
            (Dialect::DuckDb, "having") => AliasMode::Before,
            (Dialect::DuckDb | Dialect::Snowflake, _) => AliasMode::After,
            (Dialect::Databricks, "where") | (Dialect::BigQuery, "where" | "item") => AliasMode::Never,
            (Dialect::Databricks | Dialect::BigQuery, _) => AliasMode::After,
        }
    }

    fn clause(&mut self, clause: &str, id: ExprId) -> Digest {
        self.aliases = self.alias_mode(clause);
        self.expr(id)
    }

    fn select(&mut self, query: &'a Query, select: &'a Select) -> Out {
        let single = self.is_single(&select.from);
        self.push_scope(single);
        let windows = select
            .windows
            .iter()
            .map(|(name, spec)| (self.relation_key(&name.ident), spec))
            .collect();
        self.windows.push(windows);
        let outer = self.aliases;
        self.aliases = AliasMode::Never;
        let from = self.relations(&select.from);
        if let Some(scope) = self.scopes.last_mut() {
            scope.order = from.order.clone();
        }
        let out = self.select_over(query, select, from);
        self.aliases = outer;
        self.windows.pop();
        self.scopes.pop();
        out
    }

    fn select_over(&mut self, query: &'a Query, select: &'a Select, from: super::from::Part) -> Out {
        let mut complete = true;
        let mut rest = Mix::new("rest");
        let mut items: Vec<Item> = Vec::with_capacity(select.items.len());
        for item in &select.items {
            match item {
                SelectItem::Star(star) => {
                    if !self.star(star, &mut items, &mut rest) {
                        complete = false;
                    }
                }
                SelectItem::Expr { expr, alias } => {
                    let one = self.item(*expr, alias.as_ref(), items.len());
                    items.push(one);
                }
            }
        }
        if !complete {
            items.iter().for_each(|i| {
                rest.str(&i.key).dig(&i.digest);
            });
        }
        let rest = if complete { Digest::default() } else { rest.done() };
        let mut clauses = vec![("FROM", from.rows.hash)];
        let mut rows = from.rows.clone();
        let mut order = from.order.clone();
        if let Some(filter) = select.filter {
            let mut all = Mix::new("where");
            for conjunct in self.conjuncts(filter) {
                let condition = self.clause("where", conjunct);
                all.dig(&condition);
                rows = Mix::new("where").dig(&rows).dig(&condition).done();
            }
            clauses.push(("WHERE", all.done().hash));
        }
        rows = self.grouped(select, &items, rows, &mut clauses, &rest);
        for (name, clause) in [("HAVING", select.having), ("QUALIFY", select.qualify)] {
            if let Some(condition) = clause {
                let condition = self.clause(if name == "HAVING" { "having" } else { "qualify" }, condition);
                clauses.push((name, condition.hash));
                rows = Mix::new(name).dig(&rows).dig(&condition).done();
            }
        }
        if let Some(span) = select.sample {
            let mut mix = Mix::new("sample");
            mix.dig(&rows);
            self.words(span, &mut mix);
            rows = mix.volatile("sample").done();
            clauses.push(("SAMPLE", rows.hash));
        }
        let sort = self.sort_keys(query, &items);
        match &select.distinct {
            Distinct::All => {}
            Distinct::Distinct => {
                let values = items.iter().map(|i| i.digest.clone()).collect();
                rows = Mix::new("distinct").dig(&rows).set(values).dig(&rest).done();
                clauses.push(("DISTINCT", 1));
            }
            Distinct::On(list) => {
                let mut mix = Mix::new("distinct on");
                for key in list {
                    let key = self.sort_key(*key, &items);
                    mix.dig(&key);
                }
                clauses.push(("DISTINCT ON", mix.done().hash));
                rows = mix.dig(&rows).digs(&sort).dig(&order).done();
            }
        }
        if !sort.is_empty() {
            order = Mix::new("ordered").digs(&sort).dig(&order).done();
        }
        rows = self.limited(query, rows, &order, !sort.is_empty(), &mut clauses);
        if select.value_table.is_some() {
            self.opaque = true;
        }
        if self.scopes.last().is_some_and(|s| !s.doubtful.is_empty()) {
            let doubtful = self.scopes.last().map(|s| s.doubtful.clone()).unwrap_or_default();
            let mut mix = Mix::new("doubtful");
            mix.dig(&rows);
            doubtful.iter().for_each(|name| {
                mix.str(name);
            });
            rows = mix.done();
        }
        if self.opaque {
            return plain(Arc::new(Relation::default()));
        }
        Out {
            relation: Arc::new(Relation {
                rows,
                order,
                rest,
                columns: items.into_iter().map(|i| (i.key, i.digest)).collect(),
                complete,
            }),
            clauses,
        }
    }

    /// An ordinary item. What may make rows or columns is not understood.
    fn item(&mut self, expr: ExprId, alias: Option<&Name>, index: usize) -> Item {
        if let Some(scope) = self.scopes.last_mut() {
            scope.aggregate = false;
        }
        let before = self.scopes.last().map_or(0, |s| s.doubtful.len());
        let digest = self.clause("item", expr);
        let scope = self.scopes.last();
        let aggregate = scope.is_some_and(|s| s.aggregate);
        let doubtful = scope.is_some_and(|s| s.doubtful.len() > before);
        let key = match alias {
            Some(alias) => self.column_key(&alias.ident),
            None => match &self.ast.expr(self.ast.unparen(expr)).kind {
                ExprKind::Column(path) => path.last().map(|n| self.column_key(&n.ident)).unwrap_or_default(),
                _ => smol_str::format_smolstr!("\0{index}"),
            },
        };
        if alias.is_some()
            && let Some(scope) = self.scopes.last_mut()
        {
            scope.items.insert(key.clone(), digest.clone());
        }
        Item {
            key,
            digest,
            aggregate,
            doubtful,
        }
    }

    /// The columns of a star. False when there are others.
    fn star(&mut self, star: &'a Star, items: &mut Vec<Item>, rest: &mut Mix) -> bool {
        if star.like.is_some()
            || star.exclude.iter().any(|p| p.len() != 1)
            || star.rename.iter().any(|(p, _)| p.len() != 1)
        {
            self.opaque = true;
            return true;
        }
        let Some((columns, complete)) = self.visible(star, rest) else {
            self.opaque = true;
            return true;
        };
        let excluded: FxHashSet<SmolStr> = star
            .exclude
            .iter()
            .filter_map(|p| p.last())
            .map(|n| self.column_key(&n.ident))
            .collect();
        self.aliases = self.alias_mode("item");
        let mut replaced = Vec::with_capacity(star.replace.len());
        for (expr, name) in &star.replace {
            let value = self.expr(*expr);
            replaced.push((self.column_key(&name.ident), value));
        }
        let renamed: Vec<(SmolStr, SmolStr)> = star
            .rename
            .iter()
            .filter_map(|(p, n)| Some((self.column_key(&p.last()?.ident), self.column_key(&n.ident))))
            .collect();
        if !complete {
            rest.str("modified");
            let mut sorted: Vec<&SmolStr> = excluded.iter().collect();
            sorted.sort();
            sorted.into_iter().for_each(|k| {
                rest.str(k);
            });
            for (key, value) in &replaced {
                rest.str(key).dig(value);
            }
            for (old, new) in &renamed {
                rest.str(old).str(new);
            }
        }
        for (key, digest) in columns {
            if excluded.contains(&key) {
                continue;
            }
            let digest = match replaced.iter().find(|(k, _)| *k == key) {
                Some((_, value)) => value.clone(),
                None => digest,
            };
            let key = match renamed.iter().find(|(old, _)| *old == key) {
                Some((_, new)) => new.clone(),
                None => key,
            };
            items.push(Item {
                key,
                digest,
                aggregate: false,
                doubtful: false,
            });
        }
        complete
    }

    /// What a star without modifiers shows, in order; `None` when it cannot be told.
    pub(super) fn visible(&mut self, star: &Star, rest: &mut Mix) -> Option<(Vec<(SmolStr, Digest)>, bool)> {
        let qualifier: Vec<SmolStr> = star
            .qualifier
            .iter()
            .map(|n| self.relation_key(&n.ident))
            .collect();
        let level = self.scopes.len().checked_sub(1)?;
        let mut out = Vec::new();
        let mut complete = true;
        let mut shown: FxHashSet<SmolStr> = FxHashSet::default();
        let mut any = false;
        let n = self.scopes.get(level)?.bound.len();
        for i in 0..n {
            let scope = self.scopes.get(level)?;
            let bound = scope.bound.get(i)?;
            if let Some((alias, before)) = qualifier.split_last()
                && (bound.alias != *alias || !bound.qualifiers.ends_with(before))
            {
                continue;
            }
            if any && !qualifier.is_empty() {
                // Two relations of one alias.
                return None;
            }
            any = true;
            let (relation, instance) = (bound.relation.clone(), bound.instance);
            if !relation.complete {
                complete = false;
                rest.num(instance).dig(&relation.rest);
            }
            for (key, digest) in &relation.columns {
                let merged = if qualifier.is_empty() {
                    self.scopes.get(level)?.merged.iter().find(|(k, _)| k == key)
                } else {
                    None
                };
                match merged {
                    Some((_, merged)) => {
                        if !shown.insert(key.clone()) {
                            continue;
                        }
                        out.push((key.clone(), merged.clone()));
                    }
                    None => out.push((key.clone(), self.reference(level, instance, digest))),
                }
            }
        }
        any.then_some((out, complete))
    }

    /// The operands of a chain of ANDs, parentheses taken off.
    fn conjuncts(&self, id: ExprId) -> Vec<ExprId> {
        let mut out = Vec::new();
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            let id = self.ast.unparen(id);
            match &self.ast.expr(id).kind {
                ExprKind::Binary {
                    left,
                    op: BinaryOp::And,
                    right,
                    ..
                } => {
                    work.push(*right);
                    work.push(*left);
                }
                _ => out.push(id),
            }
        }
        out
    }

    fn grouped(
        &mut self,
        select: &'a Select,
        items: &[Item],
        rows: Digest,
        clauses: &mut Vec<(&'static str, u128)>,
        rest: &Digest,
    ) -> Digest {
        // An aggregate in HAVING or ORDER BY alone groups as well; both are part of the rows then.
        let implicit = items.iter().any(|i| i.aggregate || i.doubtful) || select.having.is_some();
        let mut mix = Mix::new("group");
        let mut keys: Vec<Digest> = Vec::new();
        match &select.group_by {
            GroupBy::None if !implicit => return rows,
            GroupBy::None => {}
            GroupBy::All(_) => {
                keys = items
                    .iter()
                    .filter(|i| !i.aggregate)
                    .map(|i| i.digest.clone())
                    .collect();
                keys.extend((*rest != Digest::default()).then(|| rest.clone()));
            }
            GroupBy::Items(list) => {
                if list.iter().all(|i| matches!(i, GroupItem::Expr(_))) {
                    for item in list {
                        if let GroupItem::Expr(expr) = item {
                            let key = self.group_key(*expr, items);
                            keys.push(key);
                        }
                    }
                } else {
                    let mut sets = Mix::new("sets");
                    self.group_sets(list, items, &mut sets);
                    keys.push(sets.done());
                }
            }
        }
        mix.set(keys);
        clauses.push(("GROUP BY", mix.done().hash));
        mix.dig(&rows).done()
    }

    fn group_key(&mut self, id: ExprId, items: &[Item]) -> Digest {
        match self.ordinal(id) {
            Some(n) => match n.checked_sub(1).and_then(|n| items.get(n)) {
                Some(item) => item.digest.clone(),
                None => {
                    self.opaque = true;
                    Digest::default()
                }
            },
            None => self.clause("group", id),
        }
    }

    fn group_sets(&mut self, list: &'a [GroupItem], items: &[Item], mix: &mut Mix) {
        for item in list {
            match item {
                GroupItem::Expr(e) => {
                    let key = self.group_key(*e, items);
                    mix.str("key").dig(&key);
                }
                GroupItem::Empty(_) => {
                    mix.str("empty");
                }
                GroupItem::Rollup(lists) | GroupItem::Cube(lists) => {
                    mix.str(if matches!(item, GroupItem::Cube(_)) {
                        "cube"
                    } else {
                        "rollup"
                    });
                    for list in lists {
                        mix.num(list.len());
                        for e in list {
                            let key = self.group_key(*e, items);
                            mix.dig(&key);
                        }
                    }
                    mix.num(lists.len());
                }
                GroupItem::Sets(inner) => {
                    mix.str("sets").num(inner.len());
                    deeper(|| self.group_sets(inner, items, mix));
                }
                GroupItem::Tuple(list) => {
                    mix.str("tuple").num(list.len());
                    for e in list {
                        let key = self.group_key(*e, items);
                        mix.dig(&key);
                    }
                }
            }
        }
    }

    /// `1` as an element of GROUP BY or ORDER BY.
    fn ordinal(&self, id: ExprId) -> Option<usize> {
        match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Literal(Literal::Number(text)) => text.parse().ok(),
            _ => None,
        }
    }

    fn sort_key(&mut self, id: ExprId, items: &[Item]) -> Digest {
        if let Some(n) = self.ordinal(id) {
            return match n.checked_sub(1).and_then(|n| items.get(n)) {
                Some(item) => item.digest.clone(),
                None => {
                    self.opaque = true;
                    Digest::default()
                }
            };
        }
        if let ExprKind::Column(path) = &self.ast.expr(self.ast.unparen(id)).kind
            && let [one] = path.as_slice()
        {
            let key = self.column_key(&one.ident);
            if let Some(item) = items.iter().find(|i| i.key == key) {
                return item.digest.clone();
            }
        }
        self.clause("order", id)
    }

    fn sort_keys(&mut self, query: &'a Query, items: &[Item]) -> Vec<Digest> {
        let mut keys = Vec::new();
        if let Some(all) = query.order_by_all {
            keys.extend(items.iter().map(|i| directed(all.sort, &i.digest)));
        }
        for item in &query.order_by {
            let key = self.sort_key(item.expr, items);
            keys.push(directed(item.sort, &key));
        }
        keys
    }

    /// LIMIT and OFFSET over rows in an order.
    fn limited(
        &mut self,
        query: &Query,
        rows: Digest,
        order: &Digest,
        sorted: bool,
        clauses: &mut Vec<(&'static str, u128)>,
    ) -> Digest {
        if query.limit.is_none() && query.offset.is_none() {
            return rows;
        }
        let mut mix = Mix::new("limit");
        self.push_scope(true);
        for expr in [query.limit, query.offset] {
            mix.flag(expr.is_some());
            if let Some(expr) = expr {
                let value = self.expr(expr);
                mix.dig(&value);
            }
        }
        self.scopes.pop();
        mix.flag(query.limit_percent);
        clauses.push(("LIMIT", mix.done().hash));
        clauses.push(("ORDER BY", order.hash));
        if !sorted {
            mix.volatile("LIMIT without ORDER BY");
        }
        mix.dig(&rows).dig(order).done()
    }

    /// ORDER BY and LIMIT after a set operation, VALUES or parentheses.
    fn ordered(&mut self, query: &'a Query, out: Out) -> Out {
        if query.order_by.is_empty()
            && query.order_by_all.is_none()
            && query.limit.is_none()
            && query.offset.is_none()
        {
            return out;
        }
        let Out {
            relation,
            mut clauses,
        } = out;
        let items: Vec<Item> = relation
            .columns
            .iter()
            .map(|(key, digest)| Item {
                key: key.clone(),
                digest: digest.clone(),
                aggregate: false,
                doubtful: false,
            })
            .collect();
        self.push_result(relation.clone());
        let mut sort = self.sort_keys(query, &items);
        self.scopes.pop();
        if let Some(all) = query.order_by_all
            && !relation.complete
        {
            sort.push(directed(all.sort, &relation.rest));
        }
        let mut new = (*relation).clone();
        if !sort.is_empty() {
            new.order = Mix::new("ordered").digs(&sort).dig(&new.order).done();
        }
        new.rows = self.limited(query, new.rows, &new.order, !sort.is_empty(), &mut clauses);
        Out {
            relation: Arc::new(new),
            clauses,
        }
    }

    fn set_operation(&mut self, first: QueryId, rest: &'a [SetOperand]) -> Out {
        let left = self.query(first).relation;
        let mut rows = left.rows.clone();
        let mut order = left.order.clone();
        let mut columns = left.columns.clone();
        if !left.complete {
            self.opaque = true;
        }
        for operand in rest {
            let right = self.query(operand.query).relation;
            if self.opaque || !right.complete || (!operand.by_name && right.columns.len() != columns.len()) {
                self.opaque = true;
                continue;
            }
            let mut matched = vec![false; right.columns.len()];
            let by_name: FxHashMap<&SmolStr, usize> = if operand.by_name {
                right
                    .columns
                    .iter()
                    .enumerate()
                    .map(|(i, (k, _))| (k, i))
                    .collect()
            } else {
                FxHashMap::default()
            };
            for (i, (key, digest)) in columns.iter_mut().enumerate() {
                let other = if operand.by_name {
                    by_name.get(key).copied()
                } else {
                    Some(i)
                };
                let mut mix = Mix::new("union");
                mix.dig(digest);
                match other.and_then(|i| right.columns.get(i)) {
                    Some((_, other)) => mix.dig(other),
                    None => mix.str("null"),
                };
                if let Some(hit) = other.and_then(|i| matched.get_mut(i)) {
                    *hit = true;
                }
                *digest = mix.done();
            }
            for ((key, digest), _) in right.columns.iter().zip(&matched).filter(|(_, hit)| !**hit) {
                columns.push((key.clone(), Mix::new("union right").dig(digest).done()));
            }
            let word = match operand.op {
                SetOp::Union => "union",
                SetOp::Intersect => "intersect",
                SetOp::Except => "except",
            };
            let mut mix = Mix::new("set operation");
            mix.str(word).flag(operand.all).dig(&rows).dig(&right.rows);
            if operand.op != SetOp::Union || !operand.all {
                mix.digs(columns.iter().map(|(_, d)| d));
            }
            rows = mix.done();
            order = Mix::new("set operation")
                .str(word)
                .dig(&order)
                .dig(&right.order)
                .done();
        }
        let clauses = vec![("set operation", rows.hash)];
        Out {
            relation: Arc::new(Relation {
                rows,
                order,
                rest: Digest::default(),
                columns,
                complete: true,
            }),
            clauses,
        }
    }

    fn values(&mut self, rows: &'a [Vec<ExprId>]) -> Out {
        let width = rows.first().map_or(0, Vec::len);
        let mut columns: Vec<Mix> = (0..width).map(|_| Mix::new("values")).collect();
        self.push_scope(true);
        for row in rows {
            if row.len() != width {
                self.opaque = true;
            }
            for (mix, expr) in columns.iter_mut().zip(row) {
                let value = self.expr(*expr);
                mix.dig(&value);
            }
        }
        self.scopes.pop();
        let digest = Mix::new("values").num(rows.len()).done();
        let key = |i: usize| match self.dialect {
            Dialect::DuckDb => smol_str::format_smolstr!("col{i}"),
            _ => smol_str::format_smolstr!("\0{i}"),
        };
        let columns = columns
            .iter()
            .enumerate()
            .map(|(i, mix)| (key(i), mix.done()))
            .collect();
        plain(Arc::new(Relation {
            rows: digest.clone(),
            order: digest,
            rest: Digest::default(),
            columns,
            complete: true,
        }))
    }
}

/// A key of ORDER BY with its direction.
pub(super) fn directed(sort: Sort, key: &Digest) -> Digest {
    let nulls = match sort.nulls_first {
        None => "default",
        Some(true) => "first",
        Some(false) => "last",
    };
    Mix::new("sort")
        .dig(key)
        .flag(sort.descending())
        .str(nulls)
        .done()
}

fn plain(relation: Arc<Relation>) -> Out {
    Out {
        relation,
        clauses: Vec::new(),
    }
}

/// A result as a relation to read from. DuckDB gives the second of two columns of one name another name, which is not known
/// here: such a relation may have columns beside those listed.
pub(super) fn distinct(relation: Arc<Relation>) -> Arc<Relation> {
    let mut seen = rustc_hash::FxHashSet::default();
    if relation.columns.iter().all(|(key, _)| seen.insert(key)) {
        return relation;
    }
    let mut rest = Mix::new("columns of one name");
    rest.dig(&relation.all());
    Arc::new(Relation {
        rest: rest.done(),
        complete: false,
        ..(*relation).clone()
    })
}
