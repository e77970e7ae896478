//! Queries: WITH, set operations, VALUES, and what stands around a SELECT.
//!
//! A CTE is analysed once, where it is defined; its readers share its columns. A recursive CTE is analysed once too: while its
//! body is, its own columns stand for themselves as columns of a made-up relation, and the equations that come out are
//! solved afterwards ([`solve`]).

use super::lineage::{self, Acc, Set};
use super::scope::{Col, Columns, Rel, Src};
use super::{Analyser, Clause, Cte, Ctx, Node, Out, OutCol, SELF_REFERENCE, deeper};
use crate::model::{InfluenceKind, Roles, SourceColumn, Transform};
use crate::references::sees_itself;
use crate::typing::{self, Meeting, Operand};
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{Body, FromId, FromKind, Name, Query, QueryId, SetOp, SetOperand, Tells, With};
use rocky_warehouse::Type;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

impl<'a> Analyser<'a> {
    /// A query as a unit: its own CTEs are in sight inside only.
    pub(super) fn query(&mut self, id: QueryId) -> Out {
        let ctx = self.ctx;
        let out = deeper(|| self.query_inner(id));
        self.ctx = ctx;
        out
    }

    fn query_inner(&mut self, id: QueryId) -> Out {
        let query = self.ast.query(id);
        let defined = query.with.as_ref().map_or_else(Vec::new, |with| self.with(with));
        self.ctx = Ctx::PLAIN;
        let mut out = match &query.body {
            Body::Select(select) => self.select(query, select),
            Body::SetOp { first, rest } => {
                let (out, names) = self.set_operation(*first, rest);
                self.order_result(query, &out, &names);
                out
            }
            Body::Values(rows) => {
                let out = self.values(rows, query.span);
                self.order_result(query, &out, &FxHashSet::default());
                out
            }
            Body::Paren(inner) => {
                let out = self.query(*inner);
                self.order_result(query, &out, &FxHashSet::default());
                out
            }
            Body::Table(from) | Body::Pivot(from) => {
                let out = self.whole(*from);
                self.order_result(query, &out, &FxHashSet::default());
                out
            }
            Body::Describe { span, tells, of } => self.describe(*span, *tells, *of),
            Body::Error => Out::incomplete(),
        };
        // Behind its own CTEs a query has no columns of type NULL.
        if self.dialect == Dialect::DuckDb && !defined.is_empty() {
            for col in &mut out.cols {
                col.col.ty = self.final_type(&col.col.ty);
            }
        }
        out.single &= query.limit.is_none() && query.offset.is_none();
        out.reduces |= query.limit.is_some() || query.offset.is_some();
        self.limit(query);
        for (at, (key, cte, name)) in defined.iter().enumerate().rev() {
            // Of two of one name the first cannot be read; that was said.
            let shadowed = defined.iter().skip(at + 1).any(|(other, ..)| other == key);
            if let Some(stack) = self.cte_names.get_mut(key) {
                stack.pop();
            }
            if !shadowed && !self.ctes.get(*cte).is_some_and(|c| c.used) {
                let message = format!("nothing reads the CTE `{}`", name.ident.text);
                self.report(Diagnostic::new(code::W103, Loc::text(name.span), message));
            }
        }
        out
    }

    fn limit(&mut self, query: &Query) {
        if query.limit.is_none() && query.offset.is_none() {
            return;
        }
        self.push_scope();
        for expr in query.limit.iter().chain(&query.offset) {
            self.ctx = Ctx::PLAIN;
            let operand = self.value(*expr);
            self.check_limit(query, *expr, &operand);
        }
        self.scopes.pop();
    }

    /// Evaluate the CTEs of a WITH clause and bring them in sight.
    fn with(&mut self, with: &'a With) -> Vec<(SmolStr, usize, &'a Name)> {
        let mut defined: Vec<(SmolStr, usize, &'a Name)> = Vec::new();
        let mut keys: FxHashMap<SmolStr, Span> = FxHashMap::default();
        for cte in &with.ctes {
            let key = self.relation_key(&cte.name.ident);
            let again = keys.contains_key(&key);
            if let Some(first) = keys.get(&key) {
                let message = format!("CTE `{}` is defined twice", cte.name.ident.text);
                let finding = Diagnostic::new(code::E109, Loc::text(cte.name.span), message);
                self.report(finding.note(Loc::text(*first), "first defined here"));
            }
            keys.entry(key.clone()).or_insert(cte.name.span);
            let index = if sees_itself(self.ast, self.dialect, with.recursive, cte.query) {
                self.recursive_cte(&key, cte)
            } else {
                let node = self.nodes.len();
                self.nodes.push(Node::default());
                let outer = std::mem::replace(&mut self.node, node);
                let out = self.query(cte.query);
                let names = self.listed_names(cte, &out);
                let (columns, complete, unlisted) = self.relation_of(out, names, &cte.name.ident.text);
                self.node = outer;
                // Which of two definitions was meant is not known: what the other lacks is not a second mistake.
                let complete = complete && !again;
                self.ctes.push(Cte {
                    columns,
                    complete,
                    unlisted,
                    node,
                    used: false,
                });
                let index = self.ctes.len() - 1;
                self.cte_names.entry(key.clone()).or_default().push(index);
                index
            };
            defined.push((key, index, &cte.name));
        }
        defined
    }

    /// The names listed for a CTE's columns. DuckDB ignores those that are too many.
    fn listed_names(&self, cte: &'a rocky_syntax::ast::Cte, out: &Out) -> &'a [Name] {
        let width = match self.dialect {
            Dialect::DuckDb if out.complete => out.cols.len(),
            _ => usize::MAX,
        };
        cte.columns.get(..width).unwrap_or(&cte.columns)
    }

    /// The CTE a one-part name means here.
    pub(super) fn cte(&mut self, key: &str) -> Option<Cte> {
        let index = *self.cte_names.get(key)?.last()?;
        let cte = self.ctes.get_mut(index)?;
        cte.used = true;
        let found = cte.clone();
        if let Some(node) = self.nodes.get_mut(self.node) {
            node.reads.insert(found.node);
        }
        Some(found)
    }

    /// A result as a relation to read from, with its columns renamed by an alias list.
    pub(super) fn relation_of(
        &mut self,
        out: Out,
        names: &[Name],
        display: &str,
    ) -> (Rc<Columns>, bool, Option<u32>) {
        let spelled = out
            .cols
            .iter()
            .map(|c| (c.col.name.clone(), c.col.key.clone()))
            .collect();
        let distinct = self.distinct_names(spelled);
        let mut list: Vec<Col> = Vec::with_capacity(out.cols.len());
        for (out_col, name) in out.cols.into_iter().zip(distinct) {
            let key = if name == out_col.col.name {
                out_col.col.key
            } else {
                self.spelled_key(&name)
            };
            list.push(Col {
                name,
                key,
                ..out_col.col
            });
        }
        self.rename(&mut list, names, out.complete, display);
        (Rc::new(Columns::new(list)), out.complete, out.unlisted)
    }

    /// Apply `AS t(a, b)`.
    pub(super) fn rename(&mut self, list: &mut Vec<Col>, names: &[Name], complete: bool, display: &str) {
        if names.len() > list.len() {
            if complete {
                let (have, want) = (list.len(), names.len());
                let first_extra = names.get(have).or(names.last());
                if let (Some(extra), Some(last)) = (first_extra, names.last()) {
                    let message = format!(
                        "`{display}` has {have} {}, but {want} names are listed",
                        super::report::plural(have, "column")
                    );
                    self.report(Diagnostic::new(
                        code::E204,
                        Loc::text(extra.span.to(last.span)),
                        message,
                    ));
                }
            }
            // Names without a column still exist, so that nothing that uses them is an error.
            for name in names.iter().skip(list.len()) {
                list.push(self.unknown_col(name));
            }
        }
        for (col, name) in list.iter_mut().zip(names) {
            // A renamed column of an outside relation keeps the name it has there.
            if let Src::Base(relation) = col.src {
                let source = SourceColumn {
                    relation,
                    column: col.name.clone(),
                    transform: Transform::Direct,
                    roles: Roles::VALUE,
                    span: name.span,
                };
                col.src = Src::Set(lineage::set_of(vec![source]));
            }
            col.name = name.ident.stored(self.dialect);
            col.key = self.column_key(&name.ident);
        }
    }

    fn unknown_col(&self, name: &Name) -> Col {
        Col {
            name: name.ident.text.clone(),
            key: self.column_key(&name.ident),
            ty: Type::Unknown,
            nullable: true,
            src: Src::Set(None),
            cause: Some((name.span, "what this name stands for is not known".into())),
        }
    }

    fn recursive_cte(&mut self, key: &SmolStr, cte: &'a rocky_syntax::ast::Cte) -> usize {
        let node = self.nodes.len();
        self.nodes.push(Node::default());
        let outer_node = std::mem::replace(&mut self.node, node);
        let number = self.recursive.len();
        self.recursive.push(Vec::new());
        let relation = SELF_REFERENCE + number as u32;

        // The operands stand in the innermost body; what is around it (WITH, ORDER BY) is rare and evaluated by `query`.
        let mut body = self.ast.query(cte.query);
        let mut wraps = Vec::new();
        while let Body::Paren(inner) = &body.body {
            wraps.push(body);
            body = self.ast.query(*inner);
        }
        let mut defined = Vec::new();
        for query in wraps.iter().copied().chain([body]) {
            if let Some(with) = &query.with {
                defined.extend(self.with(with));
            }
        }
        let index = self.ctes.len();
        if let Body::SetOp { first, rest } = &body.body {
            self.check_recursion_tail(body);
            let mut anchor = self.query(*first);
            let mut rest = rest.as_slice();
            // In DuckDB the last operand alone is the recursion.
            if let (Dialect::DuckDb, Some((last, before @ [_, ..]))) = (self.dialect, rest.split_last()) {
                anchor = self.combine(anchor, *first, before, false).0;
                rest = std::slice::from_ref(last);
            }
            let (complete, unlisted) = (anchor.complete, anchor.unlisted);
            let anchor_cols = anchor.cols.clone();
            let names = self.listed_names(cte, &anchor);
            let (columns, ..) = self.relation_of(anchor, names, &cte.name.ident.text);
            let inside = |i: usize, col: &Col, nullable: bool| {
                let source = SourceColumn {
                    relation,
                    column: SmolStr::from(i.to_string()),
                    transform: Transform::Direct,
                    roles: Roles::VALUE,
                    span: cte.name.span,
                };
                Col {
                    nullable,
                    src: Src::Set(lineage::set_of(vec![source])),
                    ..col.clone()
                }
            };
            self.ctes.push(Cte {
                columns: Rc::default(),
                complete,
                unlisted,
                node,
                used: false,
            });
            self.cte_names.entry(key.clone()).or_default().push(index);
            // What the anchor never makes NULL is taken for not null in the steps; when a step makes it NULL after all, the
            // steps are looked at again.
            let mut nullable: Vec<bool> = columns.list.iter().map(|c| c.nullable).collect();
            let mut round = 0;
            let out = loop {
                let visible = columns.list.iter().zip(&nullable).enumerate();
                let visible: Vec<Col> = visible.map(|(i, (col, null))| inside(i, col, *null)).collect();
                if let Some(cte) = self.ctes.get_mut(index) {
                    cte.columns = Rc::new(Columns::new(visible));
                }
                let anchor = Out {
                    cols: anchor_cols.clone(),
                    complete,
                    unlisted,
                    reduces: true,
                    single: false,
                    value: None,
                };
                let (out, _) = self.combine(anchor, *first, rest, true);
                let mut settled = true;
                for (assumed, col) in nullable.iter_mut().zip(&out.cols) {
                    settled &= *assumed || !col.col.nullable;
                    *assumed |= col.col.nullable || round > 0;
                }
                round += 1;
                if settled || round > 2 {
                    break out;
                }
            };
            let solved = solve(relation, out.cols.iter().map(|c| c.sources().clone()).collect());
            let mut list = columns.list.clone();
            for ((col, new), sources) in list.iter_mut().zip(&out.cols).zip(&solved) {
                col.nullable = new.col.nullable;
                col.src = Src::Set(sources.clone());
                // Outside a recursive CTE has no columns of type NULL.
                col.ty = self.final_type(&col.ty);
            }
            if let Some(slot) = self.recursive.get_mut(number) {
                *slot = solved;
            }
            if let Some(cte) = self.ctes.get_mut(index) {
                cte.columns = Rc::new(Columns::new(list));
                // Reading itself does not count.
                cte.used = false;
            }
        }
        for (key, ..) in defined.into_iter().rev() {
            // The inner CTEs were pushed before this one's own name when both are the same name: take out the inner.
            if let Some(stack) = self.cte_names.get_mut(&key) {
                match stack.iter().rposition(|i| *i != index) {
                    Some(at) => drop(stack.remove(at)),
                    None => drop(stack.pop()),
                }
            }
        }
        self.node = outer_node;
        index
    }

    /// A set operation, and the names that its ORDER BY may use beside the result's.
    fn set_operation(&mut self, first: QueryId, rest: &[SetOperand]) -> (Out, FxHashSet<SmolStr>) {
        let out = self.query(first);
        self.combine(out, first, rest, false)
    }

    /// Combine the first operand's result with the others. The types of a recursive CTE stay those of its anchor.
    fn combine(
        &mut self,
        first: Out,
        first_query: QueryId,
        rest: &[SetOperand],
        keep_types: bool,
    ) -> (Out, FxHashSet<SmolStr>) {
        let mut names = FxHashSet::default();
        let mut result = first;
        let first_span = self.ast.query(first_query).span;
        // Sets are collected per column and united once at the end, so that long chains stay linear.
        let mut sets: Vec<Vec<Set>> = result.cols.iter().map(|c| vec![c.sources().clone()]).collect();
        let mut clashed = vec![false; result.cols.len()];
        for operand in rest {
            let out = self.query(operand.query);
            names.extend(out.cols.iter().map(|c| c.col.key.clone()));
            let all = operand.all && operand.op == SetOp::Union;
            result.single = false;
            result.reduces |= out.reduces || !all;
            if result.unlisted.is_none() {
                result.unlisted = out.unlisted;
            } else if out.unlisted.is_some() && out.unlisted != result.unlisted {
                result.unlisted = None;
            }
            let by_name = operand.by_name;
            if !by_name && result.complete && out.complete && result.cols.len() != out.cols.len() {
                let (left, right) = (result.cols.len(), out.cols.len());
                let span = self.ast.query(operand.query).span;
                let message = format!(
                    "this operand of {} has {right} {}, the first has {left}",
                    set_name(operand.op),
                    super::report::plural(right, "column")
                );
                self.report(
                    Diagnostic::new(code::E201, Loc::text(span), message)
                        .note(Loc::text(first_span), "first operand"),
                );
            }
            if !all {
                for set in sets.iter().flatten().chain(out.cols.iter().map(OutCol::sources)) {
                    self.influence(set, InfluenceKind::Group);
                }
            } else if operand.op != SetOp::Union {
                out.cols
                    .iter()
                    .for_each(|c| self.influence(c.sources(), InfluenceKind::Group));
            }
            let mut matched = vec![false; result.cols.len()];
            let width = result.cols.len();
            let index: FxHashMap<SmolStr, usize> = if by_name {
                result
                    .cols
                    .iter()
                    .enumerate()
                    .map(|(i, c)| (c.col.key.clone(), i))
                    .collect()
            } else {
                FxHashMap::default()
            };
            for (i, other) in out.cols.into_iter().enumerate() {
                let at = if by_name {
                    index.get(&other.col.key).copied()
                } else {
                    (i < width).then_some(i)
                };
                let Some(at) = at else {
                    if by_name {
                        sets.push(vec![other.sources().clone()]);
                        clashed.push(false);
                        let col = Col {
                            nullable: true,
                            ..other.col
                        };
                        result.cols.push(OutCol { col, ..other });
                    }
                    continue;
                };
                if let Some(flag) = matched.get_mut(at) {
                    *flag = true;
                }
                if operand.op != SetOp::Except
                    && let Some(list) = sets.get_mut(at)
                {
                    list.push(other.sources().clone());
                }
                self.unify_column(&mut result, at, &other, operand, keep_types, &mut clashed);
            }
            if by_name {
                for (col, matched) in result.cols.iter_mut().zip(matched) {
                    col.col.nullable |= !matched;
                }
            }
            result.complete &= out.complete;
        }
        for (col, list) in result.cols.iter_mut().zip(&sets) {
            col.col.src = Src::Set(lineage::union(list));
        }
        (result, names)
    }

    fn unify_column(
        &mut self,
        result: &mut Out,
        at: usize,
        other: &OutCol,
        operand: &SetOperand,
        keep_types: bool,
        clashed: &mut [bool],
    ) {
        let Some(mine) = result.cols.get_mut(at) else {
            return;
        };
        mine.col.nullable = match operand.op {
            SetOp::Union => mine.col.nullable || other.col.nullable,
            SetOp::Intersect => mine.col.nullable && other.col.nullable,
            SetOp::Except => mine.col.nullable,
        };
        if mine.col.cause.is_none() {
            mine.col.cause = other.col.cause.clone();
        }
        if keep_types || mine.col.ty == other.col.ty || clashed.get(at).copied().unwrap_or(false) {
            return;
        }
        let left = Operand::of(mine.col.ty.clone(), mine.col.nullable);
        let right = Operand::of(other.col.ty.clone(), other.col.nullable);
        if left.ty.is_unknown() || right.ty.is_unknown() {
            mine.col.ty = Type::Unknown;
            return;
        }
        match typing::unify(
            self.dialect,
            Meeting::SetOperation,
            &[left.clone(), right.clone()],
        ) {
            Some(ty) => mine.col.ty = ty,
            None => {
                let message = format!(
                    "column {} of {} is {} here, but {} before",
                    at + 1,
                    set_name(operand.op),
                    right.ty.print(self.dialect),
                    left.ty.print(self.dialect)
                );
                let first = mine.span;
                mine.col.ty = Type::Unknown;
                if let Some(flag) = clashed.get_mut(at) {
                    *flag = true;
                }
                let finding = Diagnostic::new(code::E202, Loc::text(other.span), message);
                self.report(finding.note(
                    Loc::text(first),
                    format!("`{}` is first defined here", result_name(result, at)),
                ));
            }
        }
    }

    fn values(&mut self, rows: &'a [Vec<rocky_syntax::ast::ExprId>], span: Span) -> Out {
        self.push_scope();
        let width = rows.first().map_or(0, Vec::len);
        let mut operands: Vec<Vec<Operand>> = vec![Vec::new(); width];
        let mut accs: Vec<Acc> = (0..width).map(|_| Acc::default()).collect();
        let mut spans: Vec<Span> = vec![span; width];
        for (n, row) in rows.iter().enumerate() {
            if row.len() != width {
                let row_span = match (row.first(), row.last()) {
                    (Some(a), Some(b)) => self.ast.expr(*a).span.to(self.ast.expr(*b).span),
                    _ => span,
                };
                let message = format!(
                    "this row has {} {}, the first has {width}",
                    row.len(),
                    super::report::plural(row.len(), "value")
                );
                self.report(Diagnostic::new(code::E210, Loc::text(row_span), message));
            }
            for (i, expr) in row.iter().enumerate() {
                let mut own = Acc::default();
                let mut operand = self.expr(*expr, &Transform::Direct, &mut own);
                // `VALUES ([1]), (upper(NULL))`: text that is folded to NULL adapts, other than a cast.
                if n > 0 && matches!(operand.ty, Type::String { .. }) {
                    let folded = self.folded(*expr, operand.clone());
                    if folded.constant == Some(typing::Constant::NullText) {
                        operand = folded;
                    }
                }
                if let (Some(list), Some(acc)) = (operands.get_mut(i), accs.get_mut(i)) {
                    list.push(operand);
                    acc.absorb(own, &Transform::Direct);
                }
                if let (0, Some(place)) = (n, spans.get_mut(i)) {
                    *place = self.ast.expr(*expr).span;
                }
            }
        }
        self.scopes.pop();
        let mut cols = Vec::with_capacity(width);
        for (i, ((operands, acc), span)) in operands.into_iter().zip(accs).zip(spans).enumerate() {
            let name = match self.dialect {
                Dialect::DuckDb => SmolStr::from(format!("col{i}")),
                Dialect::Snowflake => SmolStr::from(format!("COLUMN{}", i + 1)),
                Dialect::Databricks => SmolStr::from(format!("col{}", i + 1)),
                Dialect::BigQuery => SmolStr::from(format!("f{i}_")),
            };
            let ty = match operands.as_slice() {
                [] => Type::Unknown,
                [one] => one.ty.clone(),
                many if many.iter().any(|o| o.ty.is_unknown()) => Type::Unknown,
                many => typing::unify(self.dialect, Meeting::Values, many).unwrap_or_else(|| {
                    let message = format!("the values of column {} have no common type", i + 1);
                    self.report(Diagnostic::new(code::E202, Loc::text(span), message));
                    Type::Unknown
                }),
            };
            let nullable = operands.iter().any(|o| o.nullable);
            let key = self.spelled_key(&name);
            let col = Col {
                name,
                key,
                ty,
                nullable,
                cause: acc.cause.clone(),
                src: Src::Set(acc.finish()),
            };
            cols.push(OutCol {
                col,
                span,
                explicit: true,
            });
        }
        Out {
            cols,
            complete: true,
            unlisted: None,
            reduces: false,
            single: false,
            value: None,
        }
    }

    /// `TABLE t`, `PIVOT …`: all columns of one FROM item.
    fn whole(&mut self, from: FromId) -> Out {
        self.push_scope();
        self.bind_from(from);
        let span = self.ast.from(from).span;
        let out = self.everything(span);
        self.scopes.pop();
        out
    }

    /// The columns of `DESCRIBE` and its kin as a relation.
    fn describe(&mut self, span: Span, tells: Tells, of: Option<QueryId>) -> Out {
        let of = of.map(|of| self.query(of));
        if self.dialect != Dialect::DuckDb {
            return Out::incomplete();
        }
        let columns = told(tells);
        let summarized = of.filter(|_| tells == Tells::Summary);
        let mut acc = Acc::default();
        for col in summarized.iter().flat_map(|of| &of.cols) {
            acc.push(col.sources(), &Transform::Expression);
        }
        let set = acc.finish();
        self.influence(&set, InfluenceKind::Group);
        let col = |(name, mut ty): (&'static str, Type)| {
            let mut cause = None;
            if let Some(of) = &summarized {
                ty = statistic(name, ty, of);
                if ty.is_unknown() {
                    cause = Some((span, "the columns that are summarized are not all known".into()));
                }
            }
            let named = matches!(name, "column_name" | "column_type");
            OutCol {
                col: Col {
                    name: name.into(),
                    key: name.into(),
                    ty,
                    nullable: true,
                    src: Src::Set(set.clone().filter(|_| !named)),
                    cause,
                },
                span,
                explicit: true,
            }
        };
        Out {
            cols: columns.into_iter().map(col).collect(),
            complete: true,
            unlisted: None,
            reduces: true,
            single: false,
            value: None,
        }
    }

    /// ORDER BY of something that is not a SELECT: it sees the result's columns, and in DuckDB the operands' names.
    fn order_result(&mut self, query: &'a Query, out: &Out, operands: &FxHashSet<SmolStr>) {
        if query.order_by.is_empty() {
            return;
        }
        let list: Vec<Col> = out.cols.iter().map(|c| c.col.clone()).collect();
        self.push_scope();
        // `TABLE orders ORDER BY orders.id`: the columns may be written with the table's name.
        let alias = match &query.body {
            Body::Table(from) => match &self.ast.from(*from).kind {
                FromKind::Table { name, alias, .. } => {
                    let name = alias.as_ref().map(|a| &a.name).or(name.last());
                    name.map_or_else(SmolStr::default, |n| self.relation_key(&n.ident))
                }
                _ => SmolStr::default(),
            },
            _ => SmolStr::default(),
        };
        let rel = Rel {
            alias,
            display: "the result".into(),
            span: query.span,
            qualifiers: Vec::new(),
            columns: Rc::new(Columns::new(list)),
            complete: out.complete,
            unlisted: out.unlisted,
            relation: None,
            outer: false,
            proved: FxHashSet::default(),
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(rel);
        }
        let limited = query.limit.is_some() || query.offset.is_some();
        for item in &query.order_by {
            self.ctx = Ctx {
                clause: Clause::Order,
                ..Ctx::PLAIN
            };
            let set = match self.ordinal(item.expr, "ORDER BY", out.cols.len(), out.complete) {
                Some(n) => n.and_then(|n| out.cols.get(n)).and_then(|c| c.sources().clone()),
                None if self.names_one_of(item.expr, operands) => None,
                None => self.sources_of(item.expr),
            };
            if limited {
                self.influence(&set, InfluenceKind::Order);
            }
        }
        self.scopes.pop();
    }
}

/// The type of a column of SUMMARIZE: an average is text where there is a number or a time, the deviation where there is a
/// number, and without type where there is neither.
fn statistic(name: &str, ty: Type, of: &Out) -> Type {
    let times = match name {
        "avg" | "q25" | "q50" | "q75" => true,
        "std" => false,
        _ => return ty,
    };
    let has = |found: &dyn Fn(&Type) -> bool| of.cols.iter().any(|c| found(&c.col.ty));
    let number = |ty: &Type| ty.is_numeric() || *ty == Type::Null;
    let time = |ty: &Type| times && (ty.is_temporal() || matches!(ty, Type::Time | Type::TimeTz));
    if has(&|ty| number(ty) || time(ty)) {
        ty
    } else if !of.complete || has(&|ty| ty.is_unknown()) {
        Type::Unknown
    } else {
        Type::Null
    }
}

/// The columns of DESCRIBE, SHOW and SUMMARIZE in DuckDB.
fn told(tells: Tells) -> Vec<(&'static str, Type)> {
    let text = |names: &[&'static str]| names.iter().map(|name| (*name, Type::STRING)).collect();
    match tells {
        Tells::Columns => text(&["column_name", "column_type", "null", "key", "default", "extra"]),
        Tells::Summary => vec![
            ("column_name", Type::STRING),
            ("column_type", Type::STRING),
            ("min", Type::STRING),
            ("max", Type::STRING),
            ("approx_unique", Type::Int64),
            ("avg", Type::STRING),
            ("std", Type::STRING),
            ("q25", Type::STRING),
            ("q50", Type::STRING),
            ("q75", Type::STRING),
            ("count", Type::Int64),
            ("null_percentage", Type::decimal(9, 2)),
        ],
        Tells::Everything => {
            let texts = Type::list(Type::STRING);
            vec![
                ("database", Type::STRING),
                ("schema", Type::STRING),
                ("name", Type::STRING),
                ("column_names", texts.clone()),
                ("column_types", texts),
                ("temporary", Type::Boolean),
            ]
        }
        Tells::Tables | Tells::TablesOf => text(&["name"]),
        Tells::Databases => text(&["database_name"]),
        Tells::Schemas => vec![
            ("database_name", Type::STRING),
            ("schema_name", Type::STRING),
            ("current", Type::Boolean),
        ],
        Tells::Variables => text(&["name", "value", "type"]),
    }
}

fn result_name(out: &Out, at: usize) -> &str {
    out.cols.get(at).map_or("", |c| c.col.name.as_str())
}

fn set_name(op: SetOp) -> &'static str {
    match op {
        SetOp::Union => "UNION",
        SetOp::Intersect => "INTERSECT",
        SetOp::Except => "EXCEPT",
    }
}

/// Solve the equations of a recursive CTE: the sets may name columns of the CTE itself, by number, as columns of
/// `relation`. The least solution over the finite lattice of (source, transform) is found by a worklist.
fn solve(relation: u32, equations: Vec<Set>) -> Vec<Set> {
    let n = equations.len();
    let mut outside: Vec<FxHashMap<(u32, SmolStr, Transform), SourceColumn>> = vec![FxHashMap::default(); n];
    // For each column, the columns that read it and how.
    let mut readers: Vec<Vec<(usize, Transform)>> = vec![Vec::new(); n];
    let mut work: Vec<(usize, SourceColumn)> = Vec::new();
    for (i, set) in equations.iter().enumerate() {
        for source in set.iter().flat_map(|s| s.iter()) {
            if source.relation != relation {
                work.push((i, source.clone()));
            } else if let Some(list) = source.column.parse().ok().and_then(|j: usize| readers.get_mut(j)) {
                list.push((i, source.transform.clone()));
            }
        }
    }
    while let Some((i, source)) = work.pop() {
        let Some(known) = outside.get_mut(i) else { continue };
        let key = (source.relation, source.column.clone(), source.transform.clone());
        if known.contains_key(&key) {
            continue;
        }
        known.insert(key, source.clone());
        for (reader, step) in readers.get(i).into_iter().flatten() {
            let transform = lineage::compose(step, &source.transform);
            work.push((
                *reader,
                SourceColumn {
                    transform,
                    ..source.clone()
                },
            ));
        }
    }
    outside
        .into_iter()
        .map(|known| lineage::set_of(known.into_values().collect()))
        .collect()
}
