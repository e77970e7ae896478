//! One SELECT: FROM, select list, WHERE, GROUP BY, HAVING, QUALIFY, ORDER BY.
//!
//! The select list is evaluated before WHERE, because DuckDB lets WHERE use its aliases; what WHERE proves not null is found
//! beforehand ([`Analyser::narrow`]). A column wins over an alias everywhere but in HAVING (DuckDB) and as a bare ORDER BY
//! item.

use super::columns::StarCol;
use super::lineage::{Acc, Set};
use super::lookup::Meaning;
use super::narrow::{Facts, Outcome};
use super::scope::{AliasValue, Col, ColRef, ItemValue, Src};
use super::{AliasMode, Analyser, Clause, Ctx, Out, OutCol, Resolved, name};
use crate::model::{InfluenceKind, Transform};
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{
    Call, Distinct, ExprId, ExprKind, GroupBy, GroupItem, Literal, Name, Query, Select, SelectItem, UnaryOp,
};
use rocky_warehouse::Type;
use rustc_hash::{FxHashMap, FxHashSet};

/// An output column with what it was made from.
pub(super) struct Entry {
    pub(super) out: OutCol,
    /// The item's expression.
    pub(super) expr: Option<ExprId>,
    /// The column a star showed.
    pub(super) at: Option<ColRef>,
    pub(super) aggregate: bool,
}

/// What a SELECT groups by.
#[derive(Default)]
pub(super) struct Keys {
    /// Fingerprints of the key expressions.
    pub(super) expressions: FxHashSet<u64>,
    /// Columns that are keys.
    pub(super) columns: FxHashSet<(u32, u32)>,
    /// Keys may be NULL in some rows (ROLLUP, CUBE, GROUPING SETS).
    pub(super) sets: bool,
    /// Not all keys could be understood.
    pub(super) open: bool,
    /// Items that show the bytes their group is told apart by instead of their value.
    bytes: Vec<usize>,
}

impl<'a> Analyser<'a> {
    pub(super) fn select(&mut self, query: &'a Query, select: &'a Select) -> Out {
        let uid = self.push_scope();
        for from in &select.from {
            self.ctx = Ctx::PLAIN;
            self.bind_from(*from);
        }
        self.check_window_names(&select.windows);
        for (name, spec) in &select.windows {
            let key = self.relation_key(&name.ident);
            self.windows.insert((uid, key), spec);
        }
        if let Some(filter) = select.filter {
            self.ctx = Ctx::PLAIN;
            self.narrow(filter);
        }
        let keyed = is_keyed(&select.group_by) || self.is_keyed_by_all(select);
        if let Some(scope) = self.scopes.last_mut() {
            scope.keyed = keyed;
        }
        let mut complete = true;
        let mut unlisted = None;
        let mut entries = self.items(select, &mut complete, &mut unlisted);

        self.ctx = Ctx {
            clause: Clause::Where,
            aliases: self.alias_mode(Clause::Where),
            ..Ctx::PLAIN
        };
        if let Some(filter) = select.filter {
            self.condition(filter, InfluenceKind::Filter);
        }
        let keys = self.group_by(select, &entries, complete);
        for item in &keys.bytes {
            if let Some(entry) = entries.get_mut(*item) {
                entry.out.col.ty = Type::UInt64;
            }
        }
        self.ctx = Ctx {
            clause: Clause::Having,
            aliases: self.alias_mode(Clause::Having),
            ..Ctx::PLAIN
        };
        let mut settled: Vec<Facts> = Vec::new();
        if let Some(having) = select.having {
            self.condition(having, InfluenceKind::Filter);
            settled.push(self.facts(having, Outcome::True));
        }
        self.ctx = Ctx {
            clause: Clause::Qualify,
            aliases: self.alias_mode(Clause::Qualify),
            ..Ctx::PLAIN
        };
        if let Some(qualify) = select.qualify {
            let said = self.diagnostics.len();
            self.condition(qualify, InfluenceKind::Filter);
            settled.push(self.facts(qualify, Outcome::True));
            if complete && self.diagnostics.len() == said && self.scope().is_some_and(|s| !s.window) {
                let span = self.ast.expr(qualify).span;
                let message = "QUALIFY without a window function, here or in the SELECT list";
                let finding = Diagnostic::new(code::E208, Loc::text(span), message);
                self.report(finding.help("filter with WHERE, or with HAVING after GROUP BY"));
            }
        }
        let ordered = self.order_by(query, select, &entries, complete);
        match &select.distinct {
            Distinct::All => {}
            Distinct::Distinct => {
                entries
                    .iter()
                    .for_each(|e| self.influence(e.out.sources(), InfluenceKind::Group));
            }
            Distinct::On(_) => {}
        }

        let (aggregates, windows) = self
            .scope()
            .map_or((false, false), |s| (s.aggregate.is_some(), s.window));
        let grouped = aggregates || select.having.is_some() || !matches!(select.group_by, GroupBy::None);
        if self.dialect == Dialect::DuckDb && matches!(select.group_by, GroupBy::All(_)) {
            self.check_group_by_all(uid, &entries);
        }
        self.check_groupings(uid, select, &keys);
        if grouped && !keys.open {
            self.check_grouping(uid, select, &entries, &ordered, &keys);
        }
        if keys.sets {
            for entry in &mut entries {
                entry.out.col.nullable |= !self.is_aggregate_call(entry.expr);
            }
        }
        settled.iter().for_each(|facts| self.settle(facts, &mut entries));
        self.scopes.pop();
        let cols: Vec<OutCol> = entries.into_iter().map(|e| e.out).collect();
        let reduces = grouped
            || windows
            || select.qualify.is_some()
            || select.sample.is_some()
            || !matches!(select.distinct, Distinct::All);
        let filtered = select.having.is_some() || select.qualify.is_some() || select.sample.is_some();
        let one_group = aggregates && matches!(select.group_by, GroupBy::None);
        let single = !filtered
            && !self.unnests(select)
            && (one_group || (select.from.is_empty() && select.filter.is_none() && !grouped));
        Out {
            cols,
            complete,
            unlisted,
            reduces,
            single,
            value: select.value_table,
        }
    }

    /// GROUP BY ALL with an item that holds no aggregate.
    fn is_keyed_by_all(&self, select: &Select) -> bool {
        matches!(select.group_by, GroupBy::All(_))
            && select.items.iter().any(|item| match item {
                SelectItem::Expr { expr, .. } => self.is_key(*expr),
                SelectItem::Star(_) => false,
            })
    }

    /// A column or an operation on columns: no call, no subquery, and a column at least.
    fn is_key(&self, expr: ExprId) -> bool {
        let mut columns = 0;
        let mut work = vec![expr];
        while let Some(id) = work.pop() {
            let mut plain = true;
            match &self.ast.expr(id).kind {
                ExprKind::Function(_) | ExprKind::Columns { .. } | ExprKind::Star(_) => return false,
                ExprKind::Column(path) => match self.lookup(path) {
                    Meaning::Column { .. } => columns += 1,
                    _ => return false,
                },
                _ => {}
            }
            crate::walk::children(self.ast, id, &mut |child| match child {
                crate::walk::Child::Expr(e) => work.push(e),
                crate::walk::Child::Query(_) => plain = false,
            });
            if !plain {
                return false;
            }
        }
        columns > 0
    }

    /// Whether an item may give several rows, or none.
    fn unnests(&self, select: &Select) -> bool {
        let mut work: Vec<ExprId> = Vec::new();
        for item in &select.items {
            match item {
                SelectItem::Expr { expr, .. } => work.push(*expr),
                SelectItem::Star(star) => work.extend(star.replace.iter().map(|(e, _)| *e)),
            }
        }
        while let Some(id) = work.pop() {
            if let ExprKind::Function(call) = &self.ast.expr(id).kind {
                let name = call.name.last().map_or("", |n| n.ident.text.as_str());
                if [
                    "unnest",
                    "unlist",
                    "explode",
                    "generate_subscripts",
                    "inline",
                    "posexplode",
                    "stack",
                ]
                .iter()
                .any(|n| name.eq_ignore_ascii_case(n))
                {
                    return true;
                }
            }
            crate::walk::children(self.ast, id, &mut |child| {
                if let crate::walk::Child::Expr(e) = child {
                    work.push(e);
                }
            });
        }
        false
    }

    /// Which aliases a clause may use.
    fn alias_mode(&self, clause: Clause) -> AliasMode {
        match (self.dialect, clause) {
            (Dialect::DuckDb, Clause::Having) => AliasMode::Before,
            (Dialect::DuckDb | Dialect::Snowflake, _) => AliasMode::After,
            (Dialect::Databricks, Clause::Where) | (Dialect::BigQuery, Clause::Where | Clause::Item) => {
                AliasMode::Never
            }
            (Dialect::Databricks | Dialect::BigQuery, _) => AliasMode::After,
        }
    }

    fn items(&mut self, select: &'a Select, complete: &mut bool, unlisted: &mut Option<u32>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(select.items.len());
        let mut open = 0_usize;
        for item in &select.items {
            self.ctx = Ctx {
                clause: Clause::Item,
                aliases: self.alias_mode(Clause::Item),
                ..Ctx::PLAIN
            };
            match item {
                SelectItem::Star(star) => {
                    let selected = self.star(star);
                    if !selected.complete {
                        *complete = false;
                        *unlisted = selected.unlisted;
                        open += 1;
                    }
                    let span = if star.span.is_empty() {
                        select.span
                    } else {
                        star.span
                    };
                    for found in &selected.cols {
                        entries.push(self.star_entry(found, span));
                    }
                }
                SelectItem::Expr { expr, alias } => {
                    let columns = self.columns_in(*expr);
                    if !columns.is_empty() {
                        if !self.expand_columns(*expr, alias.as_ref(), &columns, &mut entries) {
                            *complete = false;
                            *unlisted = None;
                            open += 1;
                        }
                        continue;
                    }
                    if self.expand_unnest(*expr, alias.as_ref(), &mut entries) {
                        continue;
                    }
                    let entry = self.item(*expr, alias.as_ref(), entries.len());
                    entries.push(entry);
                }
            }
        }
        if open > 1 {
            *unlisted = None;
        }
        entries
    }

    fn star_entry(&mut self, found: &StarCol, span: Span) -> Entry {
        let out = self.star_out(found, span);
        let at = (found.replaced.is_none() && found.field.is_none()).then_some(found.at);
        Entry {
            out,
            expr: found.replaced,
            at,
            aggregate: false,
        }
    }

    /// An ordinary item.
    fn item(&mut self, expr: ExprId, alias: Option<&Name>, index: usize) -> Entry {
        let (aggregate, window) = self.take_marks();
        let mut acc = Acc::default();
        let operand = self.expr(expr, &Transform::Direct, &mut acc);
        let marks = self.put_marks(aggregate, window);
        let sources = acc.finish();
        let span = alias.map_or(self.ast.expr(expr).span, |a| a.span);
        let name = match alias {
            Some(alias) => alias.ident.stored(self.dialect),
            None => self.item_name(expr, index),
        };
        let key = match alias {
            Some(alias) => self.column_key(&alias.ident),
            None => self.spelled_key(&name),
        };
        let value = ItemValue {
            expr,
            ty: operand.ty.clone(),
            nullable: operand.nullable,
            sources: sources.clone(),
            cause: acc.cause.clone(),
            aggregate: marks.0,
            window: marks.1,
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.items.push(value);
            let item = scope.items.len() as u32 - 1;
            if alias.is_some() {
                scope.aliases.insert(key.clone(), AliasValue { item });
            }
        }
        let col = Col {
            name,
            key,
            ty: operand.ty,
            nullable: operand.nullable,
            src: self.src_of(expr, sources),
            cause: acc.cause,
        };
        Entry {
            out: OutCol {
                col,
                span,
                explicit: true,
            },
            expr: Some(expr),
            at: None,
            aggregate: marks.0,
        }
    }

    /// Forget for one item whether the scope aggregates.
    fn take_marks(&mut self) -> (Option<Span>, bool) {
        let Some(scope) = self.scopes.last_mut() else {
            return (None, false);
        };
        (scope.aggregate.take(), std::mem::take(&mut scope.window))
    }

    /// Whether the item aggregated and used windows; restores the scope's marks.
    fn put_marks(&mut self, aggregate: Option<Span>, window: bool) -> (bool, bool) {
        let Some(scope) = self.scopes.last_mut() else {
            return (false, false);
        };
        let marks = (scope.aggregate.is_some(), scope.window);
        scope.aggregate = scope.aggregate.or(aggregate);
        scope.window |= window;
        marks
    }

    pub(super) fn item_name(&mut self, expr: ExprId, index: usize) -> SmolStr {
        let ast = self.ast;
        let bare = ast.unparen(expr);
        if let ExprKind::Column(path) = &ast.expr(bare).kind {
            let spelled = match self.resolved.get(bare.0 as usize) {
                Some(super::Resolved::Column {
                    uid,
                    rel,
                    col,
                    fields: 0,
                }) => self
                    .scope()
                    // What USING of a FULL JOIN merges is an expression, named as it is written.
                    .filter(|s| s.uid == *uid && !(*rel == ColRef::MERGED && s.coalesced(*col)))
                    .and_then(|s| {
                        s.col(ColRef {
                            scope: 0,
                            rel: *rel,
                            col: *col,
                        })
                    })
                    .map(|c| c.name.clone()),
                _ => None,
            };
            let written = path.last().map(|n| match self.dialect {
                Dialect::Snowflake => self.column_key(&n.ident),
                _ => n.ident.text.clone(),
            });
            return match self.dialect {
                // GoogleSQL and Spark name the result as the query writes the column, not as the table does.
                Dialect::BigQuery | Dialect::Databricks => written.unwrap_or_default(),
                _ => spelled.or(written).unwrap_or_default(),
            };
        }
        if let ExprKind::Positional(n) = &ast.expr(bare).kind {
            let all = self.visible_columns();
            let found = (*n as usize).checked_sub(1).and_then(|i| all.cols.get(i));
            if let Some(found) = found {
                return found.name.clone();
            }
        }
        match self.dialect {
            Dialect::DuckDb => self.duckdb_name(expr),
            Dialect::BigQuery => SmolStr::from(format!("f{index}_")),
            Dialect::Snowflake => SmolStr::from(self.text(ast.expr(expr).span).to_uppercase()),
            Dialect::Databricks => SmolStr::new(self.text(ast.expr(expr).span)),
        }
    }

    /// DuckDB's name of an unnamed expression.
    pub(super) fn duckdb_name(&mut self, expr: ExprId) -> SmolStr {
        let columns = self.expansion(expr);
        let uid = self.scope().map_or(0, |s| s.uid);
        let windows = |name: &Name| self.windows.get(&(uid, self.relation_key(&name.ident))).copied();
        SmolStr::from(name::print(self.ast, self.input.text, &windows, &columns, expr))
    }

    /// True when the item is nothing but an aggregate, which is never NULL for the sake of a grouping set.
    fn is_aggregate_call(&self, expr: Option<ExprId>) -> bool {
        let Some(expr) = expr else { return false };
        match &self.ast.expr(self.ast.unparen(expr)).kind {
            ExprKind::Function(call) => {
                let name = call.name.last().map_or("", |n| n.ident.text.as_str());
                call.over.is_none()
                    && crate::typing::function_kind(self.dialect, name)
                        == Some(crate::typing::FunctionKind::Aggregate)
            }
            _ => false,
        }
    }

    /// An item with COLUMNS(…): once for each column selected. False when the columns are not known.
    fn expand_columns(
        &mut self,
        expr: ExprId,
        alias: Option<&Name>,
        columns: &[(ExprId, ExprId)],
        entries: &mut Vec<Entry>,
    ) -> bool {
        let Some((_, selector)) = columns.first() else {
            return true;
        };
        let (selected, groups) = self.selected_with_groups(*selector);
        for (i, found) in selected.cols.iter().enumerate() {
            for (node, _) in columns {
                self.columns_at.insert(*node, found.clone());
            }
            let (aggregate, window) = self.take_marks();
            let mut acc = Acc::default();
            let bare = self.ast.unparen(expr);
            let alone = matches!(columns, [(node, _)] if *node == bare);
            let span = self.ast.expr(expr).span;
            let operand = if alone {
                self.star_value(found, span, &Transform::Direct, &mut acc)
            } else {
                self.expr(expr, &Transform::Direct, &mut acc)
            };
            let marks = self.put_marks(aggregate, window);
            let name = match alias {
                Some(alias) => SmolStr::from(substitute(
                    &alias.ident.text,
                    &self.written_name(found),
                    groups.get(i).and_then(Option::as_ref),
                )),
                None if alone => found.name.clone(),
                None if found.replaced.is_some() => self.duckdb_name(expr),
                // RENAME is forgotten inside an expression.
                None => self.written_name(found),
            };
            let key = self.spelled_key(&name);
            let col = Col {
                name,
                key,
                ty: operand.ty,
                nullable: operand.nullable,
                src: Src::Set(acc.finish()),
                cause: acc.cause,
            };
            let at = (alone && found.replaced.is_none()).then_some(found.at);
            // The expression is shared by all columns, so that its resolutions do not tell them apart.
            let out = OutCol {
                col,
                span: alias.map_or(span, |a| a.span),
                explicit: false,
            };
            entries.push(Entry {
                out,
                expr: None,
                at,
                aggregate: marks.0,
            });
        }
        for (node, _) in columns {
            self.columns_at.remove(node);
        }
        selected.complete
    }

    /// DuckDB's UNNEST of a struct as an item: a column for each field.
    fn expand_unnest(&mut self, expr: ExprId, alias: Option<&Name>, entries: &mut Vec<Entry>) -> bool {
        let ast = self.ast;
        let bare = ast.unparen(expr);
        let ExprKind::Function(call) = &ast.expr(bare).kind else {
            return false;
        };
        let is_unnest = call
            .name
            .last()
            .is_some_and(|n| n.ident.text.eq_ignore_ascii_case("unnest"));
        if !is_unnest || self.dialect != Dialect::DuckDb || call.over.is_some() {
            return false;
        }
        let Some(first) = call.args.first() else {
            return false;
        };
        let mut acc = Acc::default();
        let operand = self.expr(first.value, &Transform::Expression, &mut acc);
        let depth = unnest_depth(ast, call);
        if depth == 1 && !matches!(operand.ty, Type::Struct(_)) {
            return false;
        }
        let mut parts = Vec::new();
        unnested(&operand.ty, depth, &mut parts);
        let span = ast.expr(expr).span;
        let sources = acc.finish();
        self.influence(&sources, InfluenceKind::Join);
        for (name, ty) in parts {
            let name = match (name, alias) {
                (Some(name), _) => name,
                (None, Some(alias)) => alias.ident.stored(self.dialect),
                (None, None) => self.item_name(expr, entries.len()),
            };
            let key = self.spelled_key(&name);
            let col = Col {
                name,
                key,
                ty,
                nullable: true,
                src: Src::Set(sources.clone()),
                cause: acc.cause.clone(),
            };
            entries.push(Entry {
                out: OutCol {
                    col,
                    span,
                    explicit: false,
                },
                expr: Some(first.value),
                at: None,
                aggregate: false,
            });
        }
        true
    }

    fn group_by(&mut self, select: &'a Select, entries: &[Entry], complete: bool) -> Keys {
        let mut keys = Keys::default();
        match &select.group_by {
            GroupBy::None => {}
            GroupBy::All(_) => {
                keys.open = true;
                for entry in entries.iter().filter(|e| !e.aggregate) {
                    self.influence(entry.out.sources(), InfluenceKind::Group);
                }
            }
            GroupBy::Items(items) => {
                let mut flat: Vec<ExprId> = Vec::new();
                flatten_keys(items, &mut flat, &mut keys.sets);
                for key in flat {
                    self.ctx = Ctx {
                        clause: Clause::Group,
                        aliases: self.alias_mode(Clause::Group),
                        ..Ctx::PLAIN
                    };
                    let set = self.group_key(key, entries, complete, &mut keys);
                    self.influence(&set, InfluenceKind::Group);
                }
            }
        }
        keys
    }

    fn group_key(&mut self, key: ExprId, entries: &[Entry], complete: bool, keys: &mut Keys) -> Set {
        if let Some(ordinal) = self.ordinal(key, "GROUP BY", entries.len(), complete) {
            let Some(entry) = ordinal.and_then(|n| entries.get(n)) else {
                keys.open = true;
                return None;
            };
            if entry.aggregate {
                self.check_aggregate_place(self.ast.expr(key).span, "an aggregate");
                keys.open = true;
            }
            if let Some(expr) = entry.expr {
                self.add_key(expr, keys);
                self.note_bytes(expr, entries, keys);
            } else if let Some(at) = entry.at {
                keys.columns.insert((at.rel, at.col));
            } else {
                keys.open = true;
            }
            // After a star over something unknown, numbers cannot be counted.
            keys.open |= !complete;
            return entry.out.sources().clone();
        }
        let said = self.diagnostics.len();
        let set = self.sources_of(key);
        // After a wrong key, what is grouped is anybody's guess.
        keys.open |= self.diagnostics.len() > said;
        self.add_key(key, keys);
        self.note_bytes(key, entries, keys);
        set
    }

    /// DuckDB groups a TIMETZ by its bytes, and shows those of a key with a subquery: a UBIGINT.
    fn note_bytes(&self, key: ExprId, entries: &[Entry], keys: &mut Keys) {
        let timed = |e: &Entry| e.out.col.ty == Type::TimeTz && !e.aggregate;
        if self.dialect != Dialect::DuckDb || !entries.iter().any(timed) {
            return;
        }
        let mut key = self.ast.unparen(key);
        if let Some(Resolved::Alias { item, .. }) = self.resolved.get(key.0 as usize).copied()
            && let Some(value) = self.scope().and_then(|s| s.items.get(item as usize))
        {
            key = self.ast.unparen(value.expr);
        }
        if !self.holds_query(key) {
            return;
        }
        let text = self.text(self.ast.expr(key).span);
        let same = |e: ExprId| {
            let e = self.ast.unparen(e);
            e == key || self.text(self.ast.expr(e).span) == text
        };
        let found = entries.iter().enumerate();
        let found = found.filter(|(_, e)| timed(e) && e.expr.is_some_and(same));
        keys.bytes.extend(found.map(|(i, _)| i));
    }

    fn holds_query(&self, expr: ExprId) -> bool {
        let mut found = false;
        let mut work = vec![expr];
        while let Some(id) = work.pop() {
            crate::walk::children(self.ast, id, &mut |child| match child {
                crate::walk::Child::Expr(e) => work.push(e),
                crate::walk::Child::Query(_) => found = true,
            });
        }
        found
    }

    /// ORDER BY and DISTINCT ON. Returns the expressions that are not output columns.
    fn order_by(
        &mut self,
        query: &'a Query,
        select: &'a Select,
        entries: &[Entry],
        complete: bool,
    ) -> Vec<ExprId> {
        let mut rest = Vec::new();
        let on: &[ExprId] = match &select.distinct {
            Distinct::On(list) => list,
            _ => &[],
        };
        if query.order_by.is_empty() && on.is_empty() && query.order_by_all.is_none() {
            return rest;
        }
        let mut names: FxHashMap<&SmolStr, usize> = FxHashMap::default();
        for (i, entry) in entries.iter().enumerate() {
            names.entry(&entry.out.col.key).or_insert(i);
        }
        let mode = self.alias_mode(Clause::Order);
        let limited = query.limit.is_some() || query.offset.is_some() || !on.is_empty();
        if query.order_by_all.is_some() && limited {
            entries
                .iter()
                .for_each(|e| self.influence(e.out.sources(), InfluenceKind::Order));
        }
        let order = query
            .order_by
            .iter()
            .map(|o| (o.expr, InfluenceKind::Order, limited));
        for (expr, kind, counts) in on.iter().map(|e| (*e, InfluenceKind::Group, true)).chain(order) {
            self.ctx = Ctx {
                clause: Clause::Order,
                aliases: mode,
                ..Ctx::PLAIN
            };
            let set = if let Some(ordinal) = self.ordinal(expr, "ORDER BY", entries.len(), complete) {
                ordinal
                    .and_then(|n| entries.get(n))
                    .and_then(|e| e.out.sources().clone())
            } else if let Some(entry) = self.named_entry(expr, &names).and_then(|i| entries.get(i)) {
                entry.out.sources().clone()
            } else {
                rest.push(expr);
                if kind == InfluenceKind::Order {
                    self.check_order_constant(expr);
                }
                self.sources_of(expr)
            };
            if counts {
                self.influence(&set, kind);
            }
        }
        rest
    }

    /// The output column that a bare name means.
    fn named_entry(&self, expr: ExprId, names: &FxHashMap<&SmolStr, usize>) -> Option<usize> {
        match &self.ast.expr(self.ast.unparen(expr)).kind {
            ExprKind::Column(path) => match path.as_slice() {
                [one] => names.get(&self.column_key(&one.ident)).copied(),
                _ => None,
            },
            _ => None,
        }
    }
}

/// True when GROUP BY has keys and no grouping set without any: then a group is never empty.
fn is_keyed(group_by: &GroupBy) -> bool {
    match group_by {
        GroupBy::None | GroupBy::All(_) => false,
        GroupBy::Items(items) => {
            !items.is_empty()
                && items
                    .iter()
                    .all(|i| matches!(i, GroupItem::Expr(_) | GroupItem::Tuple(_)))
        }
    }
}

fn flatten_keys(items: &[GroupItem], out: &mut Vec<ExprId>, sets: &mut bool) {
    let mut work: Vec<&GroupItem> = items.iter().rev().collect();
    while let Some(item) = work.pop() {
        match item {
            GroupItem::Expr(e) => out.push(*e),
            GroupItem::Empty(_) => *sets = true,
            GroupItem::Rollup(lists) | GroupItem::Cube(lists) => {
                *sets = true;
                out.extend(lists.iter().flatten());
            }
            GroupItem::Sets(items) => {
                *sets = true;
                work.extend(items.iter().rev());
            }
            GroupItem::Tuple(list) => out.extend(list),
        }
    }
}

/// `\0` in the alias of COLUMNS(…) is the column's name, `\1` and the like what a group of its pattern matched.
fn substitute(alias: &str, name: &str, groups: Option<&super::pattern::Match>) -> String {
    let mut out = String::new();
    let mut chars = alias.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('0') => out.push_str(name),
            Some(d) if d.is_ascii_digit() => {
                let group = d.to_digit(10).and_then(|d| groups?.get(d as usize));
                out.push_str(group.and_then(|g| g.as_deref()).unwrap_or(""));
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

/// How many levels UNNEST takes off: one, unless it says `recursive := true` or `max_depth := n`.
fn unnest_depth(ast: &rocky_syntax::ast::Ast, call: &Call) -> u32 {
    for arg in &call.args {
        let Some(name) = &arg.name else { continue };
        let mut value = ast.unparen(arg.value);
        if let ExprKind::Unary {
            op: UnaryOp::Plus,
            operand,
        } = &ast.expr(value).kind
        {
            value = *operand;
        }
        match &ast.expr(value).kind {
            ExprKind::Literal(Literal::Bool(true)) if name.ident.text.eq_ignore_ascii_case("recursive") => {
                return u32::MAX;
            }
            ExprKind::Literal(Literal::Number(text)) if name.ident.text.eq_ignore_ascii_case("max_depth") => {
                return text.parse().unwrap_or(1);
            }
            _ => {}
        }
    }
    1
}

/// The columns UNNEST makes of a value: the elements of lists in lists, then the fields of structs in structs. A list inside
/// a struct stays one.
fn unnested(ty: &Type, depth: u32, out: &mut Vec<(Option<SmolStr>, Type)>) {
    let (mut ty, mut depth) = (ty, depth);
    while let Type::List(element) | Type::Array(element, _) = ty
        && depth > 0
    {
        ty = element;
        depth -= 1;
    }
    unnested_fields(None, ty, depth, out);
}

fn unnested_fields(name: Option<&SmolStr>, ty: &Type, depth: u32, out: &mut Vec<(Option<SmolStr>, Type)>) {
    match ty {
        Type::Struct(fields) if depth > 0 => {
            for (i, field) in fields.iter().enumerate() {
                // `unnest(row(1, 2))`
                let made = SmolStr::from(format!("element{}", i + 1));
                let name = if field.name.is_empty() { &made } else { &field.name };
                super::deeper(|| unnested_fields(Some(name), &field.ty, depth - 1, out));
            }
        }
        other => out.push((name.cloned(), other.clone())),
    }
}
