//! FROM: relations into the scope, left to right; joins, merged columns, what is optional.

use super::lineage::{Acc, Set};
use super::scope::{Col, ColRef, Columns, Found, Merged, Rel, Src};
use super::{Analyser, Clause, Ctx};
use crate::model::{InfluenceKind, RelationSchema, Transform};
use crate::references::is_recurring;
use crate::typing::{self, Argument, ArgumentValue, Meeting, Operand};
use rocky_base::suggest::nearest;
use rocky_base::{Diagnostic, Dialect, Edit, Ident, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{
    BinaryOp, Call, ExprId, ExprKind, FromId, FromKind, JoinConstraint, JoinKind, Name, Path, TableAlias,
    path_span,
};
use rocky_warehouse::Type;
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// DuckDB's alias of a subquery without one.
const UNNAMED: &str = "unnamed_subquery";

/// A chain of joins under evaluation.
struct Chain {
    /// Its first relation in the scope.
    start: usize,
    /// Relations before this index are already optional.
    outer_to: usize,
    /// Merged columns before this index are, too.
    merged_to: usize,
}

impl<'a> Analyser<'a> {
    /// Bind a FROM item in the innermost scope.
    pub(super) fn bind_from(&mut self, id: FromId) {
        super::deeper(|| self.bind_chain(id));
    }

    fn bind_chain(&mut self, id: FromId) {
        let ast = self.ast;
        let mut joins = Vec::new();
        let mut first = id;
        while let FromKind::Join { left, .. } = &ast.from(first).kind {
            joins.push(first);
            first = *left;
        }
        let start = self.scope().map_or(0, |s| s.rels.len());
        self.bind_leaf(first);
        self.note_bound(first, start);
        let merged_to = self.scope().map_or(0, |s| s.merged.len());
        let mut chain = Chain {
            start,
            outer_to: start,
            merged_to,
        };
        for join in joins.into_iter().rev() {
            if let FromKind::Join {
                right,
                kind,
                constraint,
                op_span,
                ..
            } = &ast.from(join).kind
            {
                self.join(&mut chain, *right, *kind, constraint, *op_span);
            }
        }
        self.note_bound(id, start);
    }

    /// Which relations of the scope a FROM item bound, for the lints.
    fn note_bound(&mut self, id: FromId, start: usize) {
        let (uid, end) = self.scope().map_or((0, start), |s| (s.uid, s.rels.len()));
        if let Some(bound) = self.bound.get_mut(id.0 as usize) {
            *bound = crate::lint::Bound {
                scope: uid,
                start: start as u32,
                end: end as u32,
                lateral: bound.lateral,
            };
        }
    }

    fn bind_leaf(&mut self, id: FromId) {
        let ast = self.ast;
        let from = ast.from(id);
        match &from.kind {
            FromKind::Table { name, alias, .. } => self.table(id, name, alias.as_ref()),
            FromKind::File { path, alias, .. } => {
                let name = Name {
                    ident: Ident::quoted(file_alias(path)),
                    span: from.span,
                };
                self.outside(id, std::slice::from_ref(&name), alias.as_ref(), from.span);
            }
            FromKind::Derived {
                query,
                lateral,
                alias,
                ..
            } => {
                let hidden = self.dialect != Dialect::DuckDb && !lateral;
                self.set_barrier(hidden);
                let out = self.query(*query);
                self.set_barrier(false);
                let display = alias
                    .as_ref()
                    .map_or("the subquery", |a| a.name.ident.text.as_str());
                let names = alias.as_ref().map_or(&[][..], |a| &a.columns);
                let (columns, complete, unlisted) = self.relation_of(out, names, display);
                let unnamed = if self.dialect == Dialect::DuckDb {
                    UNNAMED
                } else {
                    ""
                };
                let rel = Rel {
                    complete,
                    unlisted,
                    ..self.new_rel(alias.as_ref(), unnamed, from.span, columns)
                };
                self.bind(rel);
            }
            FromKind::Function {
                call,
                ordinality,
                alias,
                ..
            } => {
                if self.relations.contains_key(&id) {
                    self.file_function(id, *call, alias.as_ref(), from.span);
                    return;
                }
                self.table_function(*call, ordinality.as_ref(), alias.as_ref(), from.span);
            }
            FromKind::Join { .. } => self.bind_from(id),
            FromKind::Paren { inner, alias } => match alias {
                // DuckDB keeps the inner aliases and ignores the outer one; the others hide them.
                Some(alias) if self.dialect != Dialect::DuckDb => {
                    self.push_scope();
                    self.bind_from(*inner);
                    let out = self.everything(from.span);
                    self.scopes.pop();
                    let (columns, complete, unlisted) =
                        self.relation_of(out, &alias.columns, &alias.name.ident.text);
                    let rel = Rel {
                        complete,
                        unlisted,
                        ..self.new_rel(Some(alias), "", from.span, columns)
                    };
                    self.bind(rel);
                }
                _ => self.bind_from(*inner),
            },
            FromKind::Pivot { source, pivot, alias } => self.pivot(*source, pivot, alias.as_ref(), from.span),
            FromKind::Unpivot {
                source,
                unpivot,
                alias,
            } => {
                self.unpivot(*source, unpivot, alias.as_ref(), from.span);
            }
            FromKind::Error => {
                let columns = Rc::new(Columns::default());
                let rel = Rel {
                    complete: false,
                    ..self.new_rel(None, "", from.span, columns)
                };
                self.bind(rel);
            }
        }
    }

    fn set_barrier(&mut self, hidden: bool) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.barrier = hidden;
        }
    }

    /// A binding with the alias, or with `name` when there is none.
    pub(super) fn new_rel(
        &self,
        alias: Option<&TableAlias>,
        name: &str,
        span: Span,
        columns: Rc<Columns>,
    ) -> Rel {
        let (key, display, span) = match alias {
            Some(alias) => (
                self.relation_key(&alias.name.ident),
                alias.name.ident.text.clone(),
                alias.name.span,
            ),
            None if name.is_empty() => (SmolStr::default(), "the subquery".into(), span),
            None if name == UNNAMED => (name.into(), "the subquery".into(), span),
            None => (SmolStr::new(name), SmolStr::new(name), span),
        };
        Rel {
            alias: key,
            display,
            span,
            qualifiers: Vec::new(),
            columns,
            complete: true,
            unlisted: None,
            relation: None,
            outer: false,
            proved: FxHashSet::default(),
        }
    }

    /// Put a relation into the scope; E109 for an alias that is there already.
    pub(super) fn bind(&mut self, rel: Rel) {
        let Some(scope) = self.scopes.last_mut() else {
            return;
        };
        let same = |other: &Rel| {
            other.qualifiers == rel.qualifiers || (rel.relation.is_some() && other.relation == rel.relation)
        };
        let earlier = scope
            .aliased(&rel.alias)
            .iter()
            .filter_map(|r| scope.rels.get(*r as usize))
            .find(|r| same(r));
        // Unnamed subqueries share a made-up name; Databricks and DuckDB object only to what is ambiguous.
        let clash = earlier.filter(|_| rel.alias != UNNAMED).map(|r| r.span);
        let span = rel.span;
        let display = rel.display.clone();
        scope.push(rel);
        if let Some(first) = clash {
            match self.dialect {
                Dialect::Databricks => {}
                Dialect::DuckDb => {
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.clash.get_or_insert((span, first));
                    }
                }
                Dialect::Snowflake | Dialect::BigQuery => self.report_clash(span, first, &display),
            }
        }
    }

    pub(super) fn report_clash(&mut self, span: Span, first: Span, display: &str) {
        let message = format!("alias `{display}` is used twice in one FROM clause");
        let finding =
            Diagnostic::new(code::E109, Loc::text(span), message).note(Loc::text(first), "first used here");
        self.report(finding.help("give one of them another alias"));
    }

    fn table(&mut self, id: FromId, path: &'a Path, alias: Option<&'a TableAlias>) {
        let span = self.ast.from(id).span;
        let cte = match path.as_slice() {
            [one] => self.cte(&self.relation_key(&one.ident)),
            [first, second] if is_recurring(self.dialect, first) => {
                self.cte(&self.relation_key(&second.ident))
            }
            _ => None,
        };
        let (Some(cte), Some(name)) = (cte, path.last()) else {
            self.outside(id, path, alias, path_span(path));
            return;
        };
        let columns = match alias {
            Some(alias) if !alias.columns.is_empty() => {
                let mut list = cte.columns.list.clone();
                self.rename(&mut list, &alias.columns, cte.complete, &alias.name.ident.text);
                Rc::new(Columns::new(list))
            }
            _ => cte.columns,
        };
        let mut rel = self.new_rel(alias, "", span, columns);
        if alias.is_none() {
            rel.alias = self.relation_key(&name.ident);
            rel.display = name.ident.text.clone();
            rel.span = name.span;
        }
        self.bind(Rel {
            complete: cte.complete,
            unlisted: cte.unlisted,
            ..rel
        });
    }

    /// A relation that the caller resolved.
    fn outside(&mut self, id: FromId, path: &[Name], alias: Option<&'a TableAlias>, span: Span) {
        let input = self.relations.get(&id).and_then(|i| self.input.relations.get(*i));
        let Some(input) = input else {
            if self.array_column(path, alias, span) {
                if let Some(bound) = self.bound.get_mut(id.0 as usize) {
                    bound.lateral = true;
                }
                return;
            }
            let mut rel = self.new_rel(alias, "", span, Rc::new(Columns::default()));
            if let (None, Some(name)) = (alias, path.last()) {
                rel.alias = self.relation_key(&name.ident);
                rel.display = name.ident.text.clone();
            }
            self.bind(Rel {
                complete: false,
                ..rel
            });
            return;
        };
        let (complete, unlisted) = match &input.schema {
            RelationSchema::Known(_) => (true, None),
            RelationSchema::Partial(_) | RelationSchema::Unknown => (false, Some(input.relation)),
            RelationSchema::Absent(names) => {
                self.report_absent(path, span, &input.display, names);
                (false, None)
            }
        };
        let mut columns = self.base(input.relation, &input.schema);
        if let Some(alias) = alias
            && !alias.columns.is_empty()
        {
            let mut list = columns.list.clone();
            self.rename(&mut list, &alias.columns, complete, &alias.name.ident.text);
            columns = Rc::new(Columns::new(list));
        }
        let mut rel = self.new_rel(alias, "", span, columns);
        if let (None, Some((name, before))) = (alias, path.split_last()) {
            rel.alias = self.relation_key(&name.ident);
            if input.schema == RelationSchema::Unknown && crate::files::looks_like_file(&name.ident.text) {
                // `FROM "x.csv"`: DuckDB calls what is no table by the file's name.
                rel.alias = self.relation_key(&Ident::quoted(file_alias(&name.ident.text)));
            }
            rel.display = name.ident.text.clone();
            rel.span = span;
            let written: Vec<SmolStr> = before.iter().map(|n| self.relation_key(&n.ident)).collect();
            let given = input
                .qualifiers
                .split_last()
                .map_or(&[][..], |(_, before)| before);
            let given: Vec<SmolStr> = given
                .iter()
                .map(|q| self.dialect.fold(q, true, rocky_base::ident::IdentKind::Relation))
                .collect();
            rel.qualifiers = if given.ends_with(&written) { given } else { written };
        }
        self.bind(Rel {
            complete,
            unlisted,
            relation: Some(input.relation),
            ..rel
        });
    }

    /// BigQuery's `FROM t, t.items`: the elements of an array column.
    fn array_column(&mut self, path: &[Name], alias: Option<&TableAlias>, span: Span) -> bool {
        let super::lookup::Meaning::Column { found, fields } = self.lookup(path) else {
            return false;
        };
        let mut acc = Acc::default();
        let base = self.read(found, span, &Transform::Expression, &mut acc);
        let operand = self.fields(base, path.get(fields..).unwrap_or(&[]));
        let name = alias.map_or_else(|| path.last().map(|n| &n.ident), |a| Some(&a.name.ident));
        let name = name.map_or_else(SmolStr::default, |n| n.text.clone());
        let args = [Argument {
            name: None,
            value: ArgumentValue::Value(operand),
        }];
        let typed = self.unnested(&args, &name);
        let complete = typed.is_some();
        let set = acc.finish();
        let col = |(name, ty, nullable): (SmolStr, Type, bool)| {
            let key = self.spelled_key(&name);
            Col {
                name,
                key,
                ty,
                nullable,
                src: Src::Set(set.clone()),
                cause: None,
            }
        };
        let list: Vec<Col> = typed.into_iter().flatten().map(col).collect();
        let rel = self.new_rel(alias, &name, span, Rc::new(Columns::new(list)));
        self.bind(Rel { complete, ..rel });
        true
    }

    fn report_absent(&mut self, path: &[Name], span: Span, display: &str, names: &[SmolStr]) {
        let text = if path.is_empty() {
            display.to_owned()
        } else {
            crate::model::path_text(path)
        };
        // A candidate is a model's name, or `schema.table` of a relation beside the missing one.
        let last = |name: &'_ str| name.rfind('.').map_or(0, |dot| dot + 1);
        let wanted = path.last().map_or(text.as_str(), |n| n.ident.text.as_str());
        let tables = names.iter().filter_map(|n| n.get(last(n)..));
        let found = nearest(wanted, tables).and_then(|table| {
            let name = names.iter().find(|n| n.get(last(n)..) == Some(table))?;
            Some(match path.split_last() {
                // It is elsewhere.
                _ if table.eq_ignore_ascii_case(wanted) => name.to_string(),
                Some((_, before)) if !before.is_empty() && last(name) > 0 => {
                    format!("{}.{table}", crate::model::path_text(before))
                }
                _ => table.to_owned(),
            })
        });
        let message = match &found {
            Some(found) => format!("relation `{text}` does not exist; did you mean `{found}`?"),
            None => format!("relation `{text}` does not exist"),
        };
        if let [name] = path
            && let Some((cte, itself)) = self.cte_of_this_with(name, span)
        {
            let text = &name.ident.text;
            let (message, note, help) = match itself {
                true => (
                    format!("CTE `{text}` reads itself, which takes WITH RECURSIVE"),
                    "defined here",
                    "write `WITH RECURSIVE`, or name the table that is meant with its schema",
                ),
                false => (
                    format!("CTE `{text}` is read before it is defined"),
                    "defined here",
                    "move the CTE before its first reader",
                ),
            };
            let finding = Diagnostic::new(code::E101, Loc::text(span), message);
            self.report(finding.note(Loc::text(cte), note).help(help));
            return;
        }
        let mut finding = Diagnostic::new(code::E101, Loc::text(span), message);
        if let Some(found) = found {
            let edit = Edit {
                loc: Loc::text(span),
                text: found.clone(),
            };
            finding = finding.fix(format!("replace by `{found}`"), vec![edit]);
        }
        self.report(finding);
    }

    /// A CTE of this name in the WITH whose CTE reads it here, and whether it is that one itself.
    fn cte_of_this_with(&self, name: &Name, span: Span) -> Option<(Span, bool)> {
        let key = self.relation_key(&name.ident);
        self.ast
            .queries
            .iter()
            .filter_map(|q| q.with.as_ref())
            .find_map(|with| {
                let inside =
                    |c: &rocky_syntax::ast::Cte| c.span.start <= span.start && span.end <= c.span.end;
                let reader = with.ctes.iter().position(inside)?;
                let (at, cte) = with
                    .ctes
                    .iter()
                    .enumerate()
                    .skip(reader)
                    .find(|(_, c)| self.relation_key(&c.name.ident) == key)?;
                Some((cte.name.span, at == reader))
            })
    }

    /// The columns of an outside relation, shared by all its readers.
    fn base(&mut self, relation: u32, schema: &RelationSchema) -> Rc<Columns> {
        if let Some(columns) = self.base_columns.get(&relation) {
            return Rc::clone(columns);
        }
        let columns = match schema {
            RelationSchema::Known(columns) | RelationSchema::Partial(columns) => &columns[..],
            RelationSchema::Unknown | RelationSchema::Absent(_) => &[],
        };
        let col = |c: &rocky_warehouse::Column| Col {
            name: c.name.clone(),
            key: self.spelled_key(&c.name),
            ty: c.ty.clone(),
            nullable: c.nullable,
            src: Src::Base(relation),
            cause: None,
        };
        let columns = Rc::new(Columns::new(columns.iter().map(col).collect()));
        self.base_columns.insert(relation, Rc::clone(&columns));
        columns
    }

    fn join(
        &mut self,
        chain: &mut Chain,
        right: FromId,
        kind: JoinKind,
        constraint: &'a JoinConstraint,
        op: Span,
    ) {
        let mut keeps_nulls = false;
        if kind != kind.without_asof() {
            self.check_asof(constraint, op);
            keeps_nulls = self.compares_nulls(constraint);
        }
        let kind = kind.without_asof();
        let (middle, merged_middle) = self.scope().map_or((0, 0), |s| (s.rels.len(), s.merged.len()));
        self.bind_from(right);
        let (end, merged_end) = self.scope().map_or((0, 0), |s| (s.rels.len(), s.merged.len()));
        let optional_left = matches!(kind, JoinKind::Right | JoinKind::Full | JoinKind::Positional);
        let optional_right = matches!(kind, JoinKind::Left | JoinKind::Full | JoinKind::Positional);
        if let Some(scope) = self.scopes.last_mut() {
            if optional_left {
                scope.make_merged_outer(chain.merged_to..merged_middle);
                chain.merged_to = merged_end;
            }
            if optional_right {
                scope.make_merged_outer(merged_middle..merged_end);
            }
        }
        let saved = (self.ctx, self.scope().map_or(0, |s| s.visible_from));
        if let Some(scope) = self.scopes.last_mut() {
            scope.visible_from = chain.start as u32;
        }
        match constraint {
            JoinConstraint::None => {}
            JoinConstraint::On(condition) => {
                self.ctx = Ctx {
                    clause: Clause::On,
                    ..Ctx::PLAIN
                };
                self.condition(*condition, InfluenceKind::Join);
                if matches!(kind, JoinKind::Inner | JoinKind::Semi) && !keeps_nulls {
                    self.narrow(*condition);
                }
            }
            JoinConstraint::Using(names) => {
                for name in names {
                    let key = self.column_key(&name.ident);
                    self.merge(chain.start, middle, end, kind, &key, Some(name));
                }
            }
            JoinConstraint::Natural => self.natural(chain.start, middle, end, kind, op),
        }
        self.ctx = saved.0;
        let Some(scope) = self.scopes.last_mut() else {
            return;
        };
        scope.visible_from = saved.1;
        if optional_left {
            make_outer(&mut scope.rels, chain.outer_to, middle);
            chain.outer_to = middle;
        }
        if optional_right {
            make_outer(&mut scope.rels, middle, end);
        }
        if matches!(kind, JoinKind::Semi | JoinKind::Anti) {
            scope.truncate(middle);
        }
    }

    /// E230 for an ASOF join on a condition without any inequality.
    fn check_asof(&mut self, constraint: &JoinConstraint, op: Span) {
        let JoinConstraint::On(condition) = constraint else {
            return;
        };
        let ast = self.ast;
        let mut work = vec![*condition];
        while let Some(id) = work.pop() {
            match &ast.expr(id).kind {
                ExprKind::Paren(inner) => work.push(*inner),
                ExprKind::Binary {
                    left,
                    op: BinaryOp::And | BinaryOp::Or,
                    right,
                    ..
                } => work.extend([*left, *right]),
                ExprKind::Binary {
                    op: BinaryOp::Eq | BinaryOp::NotEq,
                    ..
                }
                | ExprKind::Literal(_) => {}
                // An inequality, or something that the engine may make one of.
                _ => return,
            }
        }
        let message = "ASOF JOIN needs an inequality beside its equalities";
        self.report(
            Diagnostic::new(code::E230, Loc::text(op), message).help(
                "add a condition such as `l.ts >= r.ts`: of the rows that meet it the nearest is taken",
            ),
        );
    }

    /// An ASOF join whose condition has an IS NOT DISTINCT FROM takes NULLs as equal in all of it.
    fn compares_nulls(&self, constraint: &JoinConstraint) -> bool {
        let JoinConstraint::On(condition) = constraint else {
            return false;
        };
        let mut work = vec![*condition];
        while let Some(id) = work.pop() {
            match &self.ast.expr(id).kind {
                ExprKind::Paren(inner) => work.push(*inner),
                ExprKind::Binary {
                    op: BinaryOp::IsNotDistinct | BinaryOp::IsDistinct,
                    ..
                } => return true,
                ExprKind::Binary {
                    left,
                    op: BinaryOp::And,
                    right,
                    ..
                } => work.extend([*left, *right]),
                _ => {}
            }
        }
        false
    }

    fn natural(&mut self, start: usize, middle: usize, end: usize, kind: JoinKind, op: Span) {
        let Some(scope) = self.scope() else { return };
        let known = scope.incomplete(start as u32..end as u32).is_empty();
        let mut keys: Vec<SmolStr> = Vec::new();
        let mut seen = FxHashSet::default();
        let left: FxHashSet<&SmolStr> = scope
            .rels
            .get(start..middle)
            .into_iter()
            .flatten()
            .flat_map(|r| &r.columns.list)
            .map(|c| &c.key)
            .collect();
        for col in scope
            .rels
            .get(middle..end)
            .into_iter()
            .flatten()
            .flat_map(|r| &r.columns.list)
        {
            if left.contains(&col.key) && seen.insert(col.key.clone()) {
                keys.push(col.key.clone());
            }
        }
        if keys.is_empty() && known && self.dialect == Dialect::DuckDb {
            let message = "NATURAL JOIN finds no column that both sides have";
            let finding = Diagnostic::new(code::E209, Loc::text(op), message);
            self.report(finding.help("use CROSS JOIN if all pairs are meant"));
        }
        for key in keys {
            self.merge(start, middle, end, kind, &key, None);
        }
    }

    /// Merge a column of USING (with its name) or NATURAL.
    fn merge(
        &mut self,
        start: usize,
        middle: usize,
        end: usize,
        kind: JoinKind,
        key: &SmolStr,
        name: Option<&Name>,
    ) {
        let scope_index = self.scopes.len().saturating_sub(1) as u32;
        let left = self.side(start..middle, key);
        let right = self.side(middle..end, key);
        let (left, right) = match (left, right) {
            (Found::One(left), Found::One(right)) => (left, right),
            (left, right) => {
                if let Some(name) = name {
                    self.report_using(name, &left, &right, start..middle, middle..end);
                }
                return;
            }
        };
        let at = name.map_or_else(|| self.join_span(right), |n| n.span);
        let mut left_acc = Acc::default();
        let mut right_acc = Acc::default();
        let l = self.read(left, at, &Transform::Direct, &mut left_acc);
        let r = self.read(right, at, &Transform::Direct, &mut right_acc);
        let (left_set, right_set) = (left_acc.finish(), right_acc.finish());
        self.influence(&left_set, InfluenceKind::Join);
        self.influence(&right_set, InfluenceKind::Join);
        let comparable = self.compare(at, (self.join_span(left), &l), (self.join_span(right), &r), true);
        let (Some(left_col), Some(right_col)) = (self.col(left), self.col(right)) else {
            return;
        };
        let mut col = match kind {
            JoinKind::Right => right_col.clone(),
            _ => left_col.clone(),
        };
        let set = |set: &Set| Src::Set(set.clone());
        col.src = match kind {
            JoinKind::Right => set(&right_set),
            JoinKind::Full => {
                let mut acc = Acc::default();
                acc.push(&left_set, &Transform::Expression);
                acc.push(&right_set, &Transform::Expression);
                Src::Set(acc.finish())
            }
            _ => set(&left_set),
        };
        // A name that is spelled by the text of USING is taken from the table.
        col.nullable = match kind {
            JoinKind::Left | JoinKind::Anti => l.nullable,
            JoinKind::Right => r.nullable,
            JoinKind::Full | JoinKind::Positional => l.nullable || r.nullable,
            // The rows that stay have equal keys, and NULL equals nothing.
            JoinKind::Inner | JoinKind::Semi => false,
            _ => l.nullable,
        };
        if kind == JoinKind::Full {
            col.ty = if !comparable || l.ty.is_unknown() || r.ty.is_unknown() {
                Type::Unknown
            } else {
                typing::unify(self.dialect, Meeting::Branches, &[l, r]).unwrap_or_default()
            };
        }
        let inner = matches!(kind, JoinKind::Inner | JoinKind::Semi);
        let Some(scope) = self.scopes.get_mut(scope_index as usize) else {
            return;
        };
        if inner {
            for side in [left, right] {
                if let Some(rel) = scope.rels.get_mut(side.rel as usize) {
                    rel.proved.insert(side.col);
                }
            }
        }
        let member = (right.rel, right.col);
        if kind == JoinKind::Full {
            scope.full.insert(match (left.rel, right.rel) {
                (ColRef::MERGED, _) => left.col,
                (_, ColRef::MERGED) => right.col,
                _ => scope.merged.len() as u32,
            });
        }
        if left.rel == ColRef::MERGED {
            if right.rel != ColRef::MERGED {
                scope.extend_merged(left.col, member, col);
            }
        } else if right.rel == ColRef::MERGED {
            scope.extend_merged(right.col, (left.rel, left.col), col);
        } else {
            scope.add_merged(Merged {
                members: vec![(left.rel, left.col), member],
                col,
            });
        }
    }

    fn col(&self, found: ColRef) -> Option<&Col> {
        self.scopes.get(found.scope as usize)?.col(found)
    }

    fn join_span(&self, found: ColRef) -> Span {
        let rel = if found.rel == ColRef::MERGED {
            let scope = self.scopes.get(found.scope as usize);
            let member = scope
                .and_then(|s| s.merged.get(found.col as usize))
                .and_then(|m| m.members.first());
            member.and_then(|(rel, _)| self.rel(found.scope, *rel))
        } else {
            self.rel(found.scope, found.rel)
        };
        rel.map_or(Span::at(0), |r| r.span)
    }

    /// One side of a join, for a column of USING.
    fn side(&self, range: std::ops::Range<usize>, key: &str) -> Found {
        let Some(scope) = self.scope() else {
            return Found::Nothing;
        };
        let range = range.start as u32..range.end as u32;
        let mut found = scope.matches(self.scopes.len().saturating_sub(1) as u32, key, range.clone());
        match (found.len(), found.pop()) {
            (1, Some(one)) => Found::One(one),
            (_, Some(last)) => {
                found.push(last);
                Found::Many(found)
            }
            _ => {
                let open = scope.incomplete(range);
                if open.is_empty() {
                    Found::Nothing
                } else {
                    Found::Maybe(open)
                }
            }
        }
    }

    fn report_using(
        &mut self,
        name: &Name,
        left: &Found,
        right: &Found,
        left_range: std::ops::Range<usize>,
        right_range: std::ops::Range<usize>,
    ) {
        for (side, found, range) in [("left", left, left_range), ("right", right, right_range)] {
            match found {
                Found::Many(many) => {
                    self.report_ambiguous(std::slice::from_ref(name), 0, many);
                    return;
                }
                Found::Nothing => {
                    let scope = self.scope();
                    let rels = scope.and_then(|s| s.rels.get(range)).unwrap_or(&[]);
                    let names: Vec<SmolStr> = rels
                        .iter()
                        .flat_map(|r| r.columns.list.iter().map(|c| c.name.clone()))
                        .collect();
                    let display = match rels {
                        [one] => super::report::quoted(&one.display),
                        _ => format!("the {side} side of the join"),
                    };
                    let near = nearest(&name.ident.text, names.iter().map(SmolStr::as_str));
                    let mut message = format!("USING column `{}` not found in {display}", name.ident.text);
                    if let Some(near) = near {
                        message.push_str(&format!("; did you mean `{near}`?"));
                    }
                    self.report(Diagnostic::new(code::E209, Loc::text(name.span), message));
                    return;
                }
                Found::One(_) | Found::Maybe(_) => {}
            }
        }
        // Known on one side, open on the other: the key joins all the same.
        for found in [left, right] {
            if let Found::One(one) = found {
                let mut acc = Acc::default();
                self.read(*one, name.span, &Transform::Direct, &mut acc);
                self.influence(&acc.finish(), InfluenceKind::Join);
            }
        }
    }

    /// A call that reads files: a relation that the caller resolved, under the function's name.
    fn file_function(&mut self, id: FromId, call_id: ExprId, alias: Option<&'a TableAlias>, span: Span) {
        let ast = self.ast;
        let ExprKind::Function(call) = &ast.expr(call_id).kind else {
            return;
        };
        let args = self.table_arguments(call, &mut Acc::default());
        if let Some(name) = call.name.last()
            && let Err(error) = typing::table_function(self.dialect, &name.ident.text, &args)
        {
            self.report_table_call(call, span, &error, &args);
        }
        self.outside(id, &call.name, alias, path_span(&call.name));
    }

    fn table_function(
        &mut self,
        call_id: ExprId,
        ordinality: Option<&'a Option<Name>>,
        alias: Option<&'a TableAlias>,
        span: Span,
    ) {
        let ast = self.ast;
        let ExprKind::Function(call) = &ast.expr(call_id).kind else {
            self.sources_of(call_id);
            let columns = Rc::new(Columns::default());
            let rel = Rel {
                complete: false,
                ..self.new_rel(alias, "", span, columns)
            };
            self.bind(rel);
            return;
        };
        let saved = self.ctx;
        self.ctx = Ctx::PLAIN;
        let mut acc = Acc::default();
        let args = self.table_arguments(call, &mut acc);
        self.ctx = saved;
        let name = call.name.last().map_or("", |n| n.ident.text.as_str());
        let lower = name.to_ascii_lowercase();
        let found = typing::table_function(self.dialect, name, &args).unwrap_or_else(|error| {
            self.report_table_call(call, span, &error, &args);
            None
        });
        let mut typed: Option<Vec<(SmolStr, Type, bool)>> =
            found.map(|cols| cols.into_iter().map(|c| (c.name, c.ty, c.nullable)).collect());
        if typed.is_none() && lower == "unnest" {
            let name = alias.map_or_else(|| SmolStr::new("f0_"), |a| a.name.ident.text.clone());
            typed = self.unnested(&args, &name);
            if let (None, Dialect::DuckDb, Some(ArgumentValue::Value(value))) =
                (&typed, self.dialect, args.first().map(|a| &a.value))
                && (value.ty.is_numeric()
                    || value.ty.is_temporal()
                    || matches!(value.ty, Type::String { .. }))
            {
                let message = format!("`unnest` takes a list, not {}", value.ty.print(self.dialect));
                self.report(Diagnostic::new(code::E200, Loc::text(span), message));
            }
        }
        // `FROM repeat(1.5, 3)` names its column after the number.
        if let (None, "repeat", Some(arg)) = (&typed, lower.as_str(), call.args.first())
            && let ExprKind::Literal(rocky_syntax::ast::Literal::Number(text)) = &ast.expr(arg.value).kind
            && let (Some((whole, part)), Some(ArgumentValue::Value(value))) =
                (text.split_once('.'), args.first().map(|a| &a.value))
            && [whole, part]
                .iter()
                .all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
            && (whole.len() == 1 || !whole.starts_with('0'))
        {
            typed = Some(vec![(SmolStr::new(text), value.ty.clone(), false)]);
        }
        // Its name is the value as text; where the alias names the column it does not matter.
        if let (None, "repeat", Some(arg), Some(ArgumentValue::Value(value))) = (
            &typed,
            lower.as_str(),
            call.args.first(),
            args.first().map(|a| &a.value),
        ) && call.args.len() == 2
            && !value.ty.has_unknown()
        {
            let spelled = match &ast.expr(ast.unparen(arg.value)).kind {
                ExprKind::Literal(rocky_syntax::ast::Literal::Bool(truth)) => {
                    Some(SmolStr::new_static(if *truth { "true" } else { "false" }))
                }
                _ => None,
            };
            let named = alias
                .and_then(|a| a.columns.first())
                .map(|n| n.ident.text.clone());
            typed = spelled
                .or(named)
                .map(|name| vec![(name, value.ty.clone(), value.nullable)]);
        }
        let set = acc.finish();
        // How many rows a row on the left meets.
        self.influence(&set, InfluenceKind::Join);
        let complete = typed.is_some();
        let mut list: Vec<Col> = Vec::new();
        for (name, ty, nullable) in typed.into_iter().flatten() {
            let key = self.spelled_key(&name);
            list.push(Col {
                name,
                key,
                ty,
                nullable,
                src: Src::Set(set.clone()),
                cause: acc.cause.clone(),
            });
        }
        if let Some(name) = ordinality {
            let name = name.as_ref().map_or_else(
                || {
                    SmolStr::new(if self.dialect == Dialect::BigQuery {
                        "offset"
                    } else {
                        "ordinality"
                    })
                },
                |n| n.ident.text.clone(),
            );
            let key = self.spelled_key(&name);
            list.push(Col {
                name,
                key,
                ty: Type::Int64,
                nullable: false,
                src: Src::Set(None),
                cause: None,
            });
        }
        let alias_text = alias.map_or(name, |a| a.name.ident.text.as_str());
        if let Some(alias) = alias {
            // DuckDB takes more names than a table function has columns, and forgets them.
            let names = match self.dialect {
                Dialect::DuckDb if complete => alias.columns.get(..list.len()).unwrap_or(&alias.columns),
                _ => &alias.columns,
            };
            self.rename(&mut list, names, complete, alias_text);
        }
        let rel = self.new_rel(alias, &lower, span, Rc::new(Columns::new(list)));
        self.bind(Rel { complete, ..rel });
    }

    /// `UNNEST(list)`: one column, or the fields of a struct in BigQuery.
    fn unnested(&self, args: &[Argument], name: &SmolStr) -> Option<Vec<(SmolStr, Type, bool)>> {
        let ArgumentValue::Value(operand) = &args.first()?.value else {
            return None;
        };
        let element = match &operand.ty {
            Type::List(element) | Type::Array(element, _) => (**element).clone(),
            _ => return None,
        };
        match (self.dialect, &element) {
            (Dialect::BigQuery, Type::Struct(fields)) => Some(
                fields
                    .iter()
                    .map(|f| (f.name.clone(), f.ty.clone(), true))
                    .collect(),
            ),
            (Dialect::BigQuery, _) => Some(vec![(name.clone(), element, true)]),
            _ => Some(vec![("unnest".into(), element, true)]),
        }
    }

    fn table_arguments(&mut self, call: &'a Call, acc: &mut Acc) -> Vec<Argument> {
        let ast = self.ast;
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            let mut name = arg.name.as_ref().map(|n| n.ident.text.clone());
            let mut value = arg.value;
            // `header = true`, DuckDB's older spelling of a named argument.
            if let ExprKind::Binary {
                left,
                op: BinaryOp::Eq,
                right,
                ..
            } = &ast.expr(value).kind
                && let ExprKind::Column(path) = &ast.expr(*left).kind
                && let [one] = path.as_slice()
                && matches!(self.lookup(path), super::lookup::Meaning::Nothing)
            {
                name = Some(one.ident.text.clone());
                value = *right;
            }
            let value = match &ast.expr(value).kind {
                ExprKind::Star(_) => ArgumentValue::Star,
                // A table function may take a relation: the name of one is not a column.
                ExprKind::Column(path)
                    if !matches!(
                        self.lookup(path),
                        super::lookup::Meaning::Column { .. } | super::lookup::Meaning::Lambda { .. }
                    ) =>
                {
                    ArgumentValue::Value(Operand::unknown())
                }
                // Only what takes no relation takes its value.
                ExprKind::Subquery(query)
                    if !call
                        .name
                        .last()
                        .is_some_and(|n| n.ident.text.eq_ignore_ascii_case("unnest")) =>
                {
                    let out = self.query(*query);
                    for col in &out.cols {
                        acc.push(col.sources(), &Transform::Expression);
                    }
                    ArgumentValue::Value(Operand::unknown())
                }
                _ => ArgumentValue::Value(self.expr(value, &Transform::Expression, acc)),
            };
            args.push(Argument { name, value });
        }
        args
    }
}

fn make_outer(rels: &mut [Rel], from: usize, to: usize) {
    for rel in rels.get_mut(from..to).into_iter().flatten() {
        rel.outer = true;
        rel.proved.clear();
    }
}

/// What DuckDB calls a file without alias: its name up to the first dot, a pattern by itself.
fn file_alias(path: &str) -> &str {
    if path.contains(['*', '?', '[']) {
        return path;
    }
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.split('.').next().unwrap_or(file)
}
