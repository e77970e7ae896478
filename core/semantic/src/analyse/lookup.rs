//! From a dotted name to what it means: a column (with struct fields after it), a lambda's parameter, an alias of the
//! select list, a whole row, or nothing.
//!
//! Scopes are asked innermost first; in each, the longest qualifier wins (`schema.table.column` before
//! `table.column.field` before `column.field.field`). Looking up says nothing to the user: [`Analyser::column`] does.

use super::lineage::{Acc, Set};
use super::scope::{ColRef, Fields, Found, Parts, Rel, Scope, Src};
use super::{AliasMode, Analyser, Resolved};
use crate::model::{Roles, SourceColumn, Transform};
use crate::typing::{self, CallSite, Operand};
use rocky_base::{Dialect, SmolStr, Span};
use rocky_syntax::ast::{ExprId, Name, path_span};
use rocky_warehouse::{Field, Type};
use std::rc::Rc;

/// What a name means. `fields` is the index of the first part that is a struct field.
#[derive(Debug)]
pub(super) enum Meaning {
    Column {
        found: ColRef,
        fields: usize,
    },
    Lambda {
        index: usize,
    },
    Alias {
        item: u32,
        scope: u32,
    },
    Row {
        scope: u32,
        rel: u32,
    },
    /// Several columns; the part that names them.
    Ambiguous {
        found: Vec<ColRef>,
        part: usize,
    },
    /// A relation whose columns are not all known may have it.
    Maybe {
        outside: Option<u32>,
        part: usize,
    },
    /// The relation is known and has no such column.
    NoColumn {
        scope: u32,
        rel: u32,
        part: usize,
    },
    /// No relation is named by the qualifier.
    NoQualifier,
    /// An unqualified name that nothing has.
    Nothing,
}

impl<'a> Analyser<'a> {
    /// Scopes from the innermost outwards, each with whether its relations are visible.
    fn levels(&self) -> impl Iterator<Item = (u32, &Scope, bool)> {
        let mut next = self.scopes.len().checked_sub(1).map(|i| i as u32);
        let mut inside = true;
        std::iter::from_fn(move || {
            let index = next?;
            let scope = self.scopes.get(index as usize)?;
            next = scope.parent;
            let visible = inside || !scope.barrier;
            inside = false;
            Some((index, scope, visible))
        })
    }

    /// What a path means here.
    pub(super) fn lookup(&self, path: &[Name]) -> Meaning {
        let Some(first) = path.first() else {
            return Meaning::Nothing;
        };
        let first_key = self.column_key(&first.ident);
        if let Some(index) = self.lambdas.iter().rposition(|v| v.key == first_key) {
            return Meaning::Lambda { index };
        }
        let keys: Vec<SmolStr> = path.iter().map(|n| self.relation_key(&n.ident)).collect();
        let mut maybe: Option<Meaning> = None;
        let mut no_column: Option<Meaning> = None;
        let mut fieldless: Option<Meaning> = None;
        for (depth, (index, scope, visible)) in self.levels().enumerate() {
            // In DuckDB what an aggregate is over are columns, whatever the clause.
            let over_columns = self.ctx.in_aggregate && self.dialect == Dialect::DuckDb;
            let aliases = if depth == 0 && !over_columns {
                self.ctx.aliases
            } else {
                AliasMode::Never
            };
            let alias = || {
                scope.aliases.get(&first_key).map(|a| Meaning::Alias {
                    item: a.item,
                    scope: index,
                })
            };
            if aliases == AliasMode::Before
                && path.len() == 1
                && let Some(found) = alias()
            {
                return found;
            }
            if visible {
                match self.qualified(index, scope, path, &keys) {
                    Some(found @ (Meaning::Column { .. } | Meaning::Ambiguous { .. })) => return found,
                    Some(found @ Meaning::Maybe { .. }) => maybe = maybe.or(Some(found)),
                    Some(found) => no_column = no_column.or(Some(found)),
                    None => {}
                }
                match scope.unqualified(index, &first_key) {
                    // `orders.id` under a text column `orders` means the relation of an outer query.
                    Found::One(found) if path.get(1).is_some_and(|f| !self.has_field(found, f)) => {
                        fieldless = fieldless.or(Some(Meaning::Column { found, fields: 1 }));
                    }
                    Found::One(found) => return Meaning::Column { found, fields: 1 },
                    Found::Many(found) => return Meaning::Ambiguous { found, part: 0 },
                    Found::Maybe(rels) => {
                        let outside = match rels.as_slice() {
                            [one] => scope.rels.get(*one as usize).and_then(|r| r.unlisted),
                            _ => None,
                        };
                        // A qualified name may be a field of a struct column that is not listed.
                        maybe = maybe.or(Some(Meaning::Maybe { outside, part: 0 }));
                    }
                    Found::Nothing => {}
                }
            }
            if aliases == AliasMode::After
                && let Some(found) = alias()
            {
                return found;
            }
            if path.len() == 1
                && visible
                && let [rel] = scope.aliased(keys.first().map_or("", |k| k.as_str()))
            {
                return Meaning::Row {
                    scope: index,
                    rel: *rel,
                };
            }
        }
        match (fieldless.or(no_column), maybe) {
            (Some(found), _) => found,
            (None, Some(found)) => found,
            (None, None) if path.len() > 1 => Meaning::NoQualifier,
            (None, None) => Meaning::Nothing,
        }
    }

    /// Whether a column may have a field of that name.
    fn has_field(&self, found: ColRef, name: &Name) -> bool {
        let col = self.scopes.get(found.scope as usize).and_then(|s| s.col(found));
        col.is_none_or(|col| {
            let base = Operand::of(col.ty.clone(), true);
            typing::field(self.dialect, &base, &name.ident.text).is_some()
        })
    }

    fn qualified(&self, index: u32, scope: &Scope, path: &[Name], keys: &[SmolStr]) -> Option<Meaning> {
        let mut rest: Option<Meaning> = None;
        for n in (1..path.len().min(4)).rev() {
            let (Some(qualifier), Some(name)) = (keys.get(..n), path.get(n)) else {
                continue;
            };
            let rels = scope.qualified(qualifier);
            if rels.is_empty() {
                continue;
            }
            let key = self.column_key(&name.ident);
            let mut found = Vec::new();
            for rel in &rels {
                if let Some(r) = scope.rels.get(*rel as usize) {
                    r.columns.find(&key, |col| {
                        found.push(ColRef {
                            scope: index,
                            rel: *rel,
                            col: col as u32,
                        })
                    });
                }
            }
            match (found.as_slice(), rels.as_slice()) {
                ([one], _) => {
                    return Some(Meaning::Column {
                        found: *one,
                        fields: n + 1,
                    });
                }
                ([], _) => {
                    let open = rels
                        .iter()
                        .filter_map(|r| scope.rels.get(*r as usize))
                        .find(|r| !r.complete);
                    let meaning = match (open, rels.first()) {
                        (Some(rel), _) => Meaning::Maybe {
                            outside: rel.unlisted,
                            part: n,
                        },
                        (None, Some(rel)) => Meaning::NoColumn {
                            scope: index,
                            rel: *rel,
                            part: n,
                        },
                        (None, None) => continue,
                    };
                    rest = rest.or(Some(meaning));
                }
                _ => return Some(Meaning::Ambiguous { found, part: n }),
            }
        }
        rest
    }

    /// The relation behind a reference.
    pub(super) fn rel(&self, scope: u32, rel: u32) -> Option<&Rel> {
        self.scopes.get(scope as usize)?.rels.get(rel as usize)
    }

    /// Evaluate a name. Collects its sources and reports what is wrong with it.
    pub(super) fn column(
        &mut self,
        id: ExprId,
        path: &'a [Name],
        mode: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        let span = self.ast.expr(id).span;
        if path.iter().any(|n| n.ident.text.is_empty()) {
            // `t.` under a syntax error that was reported.
            acc.because(Some((span, "it could not be parsed".into())));
            return Operand::unknown();
        }
        match self.lookup(path) {
            Meaning::Column { found, fields } => {
                let n_fields = path.len().saturating_sub(fields);
                self.note_resolved(id, found, n_fields as u32);
                let fields = path.get(fields..).unwrap_or(&[]);
                let mode = if fields.is_empty() {
                    mode.clone()
                } else {
                    super::lineage::compose(mode, &Transform::Expression)
                };
                let operand = match fields.first() {
                    Some(first) => self.read_field(found, fields, &first.ident.text, span, &mode, acc),
                    None => self.read(found, span, &mode, acc),
                };
                self.fields(operand, fields)
            }
            Meaning::Lambda { index } => {
                let ty = self.lambdas.get(index).map_or(Type::Unknown, |v| v.ty.clone());
                self.fields(Operand::of(ty, true), path.get(1..).unwrap_or(&[]))
            }
            Meaning::Alias { item, scope } => {
                let fields = path.get(1..).unwrap_or(&[]);
                let operand = self.alias(id, scope, item, mode, acc);
                self.fields(operand, fields)
            }
            Meaning::Row { scope, rel } => self.row(scope, rel, span, mode, acc),
            Meaning::Maybe { outside, part } => {
                if let (Some(relation), Some(name)) = (outside, path.get(part)) {
                    let column = name.ident.text.clone();
                    let mode = if path.len() > part + 1 {
                        &Transform::Expression
                    } else {
                        mode
                    };
                    acc.push_one(
                        SourceColumn {
                            relation,
                            column,
                            transform: Transform::Direct,
                            roles: Roles::VALUE,
                            span,
                        },
                        mode,
                    );
                    let display = self.display_of(relation);
                    acc.because(Some((
                        span,
                        SmolStr::from(format!("the columns of `{display}` are not known")),
                    )));
                } else {
                    acc.because(Some((span, "the relation it belongs to is not known".into())));
                    unresolved(path.get(part), span, mode, acc);
                }
                Operand::unknown()
            }
            Meaning::Ambiguous { found, part } => {
                self.report_ambiguous(path, part, &found);
                acc.because(Some((span, "the name is ambiguous".into())));
                unresolved(path.get(part), span, mode, acc);
                Operand::unknown()
            }
            Meaning::NoColumn { scope, rel, part } => {
                if let Some(operand) = self.pseudo_column(path.get(part)) {
                    return operand;
                }
                self.report_no_column(path, part, Some((scope, rel)));
                acc.because(Some((span, "the column does not exist".into())));
                unresolved(path.last(), span, mode, acc);
                Operand::unknown()
            }
            Meaning::NoQualifier => {
                self.report_no_qualifier(path);
                acc.because(Some((span, "the table alias does not exist".into())));
                unresolved(path.last(), span, mode, acc);
                Operand::unknown()
            }
            Meaning::Nothing => {
                if let Some(operand) = self.pseudo_column(path.first()).or_else(|| self.niladic(path)) {
                    return operand;
                }
                self.report_no_column(path, 0, None);
                acc.because(Some((span, "the column does not exist".into())));
                unresolved(path.last(), span, mode, acc);
                Operand::unknown()
            }
        }
    }

    pub(super) fn display_of(&self, relation: u32) -> SmolStr {
        let found = self.input.relations.iter().find(|r| r.relation == relation);
        found.map_or_else(|| "a relation".into(), |r| r.display.clone())
    }

    fn note_resolved(&mut self, id: ExprId, found: ColRef, fields: u32) {
        let Some(scope) = self.scopes.get(found.scope as usize) else {
            return;
        };
        let merged = (found.rel != ColRef::MERGED)
            .then(|| scope.merged_with((found.rel, found.col)))
            .flatten();
        let (rel, col) = merged.map_or((found.rel, found.col), |m| (ColRef::MERGED, m));
        let resolved = Resolved::Column {
            uid: scope.uid,
            rel,
            col,
            fields,
        };
        let outer = scope.rels.get(found.rel as usize).is_some_and(|r| r.outer);
        let nullable = outer || scope.col(found).is_some_and(|c| c.nullable);
        if let Some(slot) = self.resolved.get_mut(id.0 as usize) {
            *slot = resolved;
        }
        if nullable && let Some(fact) = self.facts.get_mut(id.0 as usize) {
            fact.column_may_be_null();
        }
    }

    /// The value of a column found.
    pub(super) fn read(&self, found: ColRef, span: Span, mode: &Transform, acc: &mut Acc) -> Operand {
        let Some((scope, col)) = self
            .scopes
            .get(found.scope as usize)
            .and_then(|s| Some((s, s.col(found)?)))
        else {
            return Operand::unknown();
        };
        match &col.src {
            Src::Base(relation) => {
                let source = SourceColumn {
                    relation: *relation,
                    column: col.name.clone(),
                    transform: Transform::Direct,
                    roles: Roles::VALUE,
                    span,
                };
                acc.push_one(source, mode);
                if col.ty.has_unknown() {
                    let display = self.display_of(*relation);
                    let why = format!("the type of `{}` in `{display}` is not known", col.name);
                    acc.because(Some((span, SmolStr::from(why))));
                }
            }
            made @ (Src::Set(_) | Src::Struct(_)) => {
                acc.push(made.set().unwrap_or(&None), mode);
                if col.ty.has_unknown() {
                    acc.because(col.cause.clone());
                }
            }
        }
        Operand::of(col.ty.clone(), scope.nullable(found))
    }

    /// The column found, of which only the field at the end of `fields` is asked for; that field's sources are enough where
    /// the query made the struct.
    pub(super) fn read_field(
        &self,
        found: ColRef,
        fields: &[Name],
        first: &str,
        span: Span,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        let Some((scope, col)) = self
            .scopes
            .get(found.scope as usize)
            .and_then(|s| Some((s, s.col(found)?)))
        else {
            return Operand::unknown();
        };
        let Some(mut part) = col.src.field(first) else {
            return self.read(found, span, mode, acc);
        };
        for name in fields.iter().skip(1) {
            let Some(inner) = part.field(&name.ident.text) else {
                break;
            };
            part = inner;
        }
        acc.push(part.set().unwrap_or(&None), mode);
        if col.ty.has_unknown() {
            acc.because(col.cause.clone());
        }
        Operand::of(col.ty.clone(), scope.nullable(found))
    }

    /// `base['name']`, `(base).name` where `base` is a column whose fields have sources of their own.
    pub(super) fn field_of_column(
        &mut self,
        base: ExprId,
        wanted: &str,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Option<Operand> {
        let base = self.ast.unparen(base);
        let rocky_syntax::ast::ExprKind::Column(path) = &self.ast.expr(base).kind else {
            return None;
        };
        let Meaning::Column { found, fields } = self.lookup(path) else {
            return None;
        };
        let fields = path.get(fields..).unwrap_or(&[]);
        let mut src = &self.scopes.get(found.scope as usize)?.col(found)?.src;
        for name in fields {
            src = src.field(&name.ident.text)?;
        }
        let set = src.field(wanted)?.set()?.clone();
        // What the column is, and what is wrong with it, is found as ever; its sources are not.
        let operand = self.expr(base, mode, &mut Acc::default());
        let typed = typing::field(self.dialect, &operand, wanted)?;
        acc.push(&set, &super::lineage::compose(mode, &Transform::Expression));
        Some(Operand::of(typed.ty, typed.nullable))
    }

    /// Sources of an expression whose set is known: by field, where it is a struct that the query makes.
    pub(super) fn src_of(&mut self, expr: ExprId, set: Set) -> Src {
        let expr = self.ast.unparen(expr);
        let fields = match &self.ast.expr(expr).kind {
            rocky_syntax::ast::ExprKind::Column(path) => self.fields_at(path),
            _ => self.struct_parts.remove(&expr),
        };
        match fields {
            Some(fields) => Src::Struct(Rc::new(Parts { all: set, fields })),
            None => Src::Set(set),
        }
    }

    /// The fields of a column by its path.
    fn fields_at(&self, path: &[Name]) -> Option<Fields> {
        let Meaning::Column { found, fields } = self.lookup(path) else {
            return None;
        };
        let mut src = &self.scopes.get(found.scope as usize)?.col(found)?.src;
        for name in path.get(fields..).unwrap_or(&[]) {
            src = src.field(&name.ident.text)?;
        }
        match src {
            Src::Struct(parts) => Some(Rc::clone(&parts.fields)),
            _ => None,
        }
    }

    /// The fields of a column found.
    pub(super) fn fields_of(&self, found: ColRef) -> Option<Fields> {
        match &self.scopes.get(found.scope as usize)?.col(found)?.src {
            Src::Struct(parts) => Some(Rc::clone(&parts.fields)),
            _ => None,
        }
    }

    /// An alias of the select list.
    fn alias(&mut self, id: ExprId, scope: u32, item: u32, mode: &Transform, acc: &mut Acc) -> Operand {
        let Some(found) = self.scopes.get(scope as usize) else {
            return Operand::unknown();
        };
        let Some(value) = found.items.get(item as usize).cloned() else {
            return Operand::unknown();
        };
        let uid = found.uid;
        if let Some(slot) = self.resolved.get_mut(id.0 as usize) {
            *slot = Resolved::Alias { uid, item };
        }
        let span = self.ast.expr(id).span;
        if value.aggregate {
            self.check_aggregate_place(span, "aggregate");
        }
        if value.window {
            self.check_window_place(span);
        }
        acc.push(&value.sources, mode);
        acc.because(value.cause);
        Operand::of(value.ty, value.nullable)
    }

    /// A whole row as a struct.
    fn row(&mut self, scope: u32, rel: u32, span: Span, mode: &Transform, acc: &mut Acc) -> Operand {
        let mode = super::lineage::compose(mode, &Transform::Expression);
        let Some(found) = self.rel(scope, rel) else {
            return Operand::unknown();
        };
        let (width, complete, outer) = (found.columns.list.len() as u32, found.complete, found.outer);
        let field = |c: &super::scope::Col| Field {
            name: c.name.clone(),
            ty: c.ty.clone(),
        };
        let fields: Vec<Field> = found.columns.list.iter().map(field).collect();
        for col in 0..width {
            self.read(ColRef { scope, rel, col }, span, &mode, acc);
        }
        if !complete {
            acc.because(Some((span, "the columns of this row are not known".into())));
            unresolved(None, span, &mode, acc);
            return Operand::unknown();
        }
        match self.dialect {
            Dialect::Snowflake => Operand::of(Type::Variant, true),
            _ => Operand::of(Type::Struct(fields.into()), outer),
        }
    }

    /// `.a.b` after a value.
    pub(super) fn fields(&mut self, mut base: Operand, names: &[Name]) -> Operand {
        for name in names {
            base = match typing::field(self.dialect, &base, &name.ident.text) {
                Some(typed) => Operand::of(typed.ty, typed.nullable),
                None => {
                    self.report_no_field(&base.ty, name);
                    return Operand::unknown();
                }
            };
        }
        base
    }

    /// Columns that an engine has beside the declared ones.
    fn pseudo_column(&self, name: Option<&Name>) -> Option<Operand> {
        let name = name?.ident.text.to_ascii_lowercase();
        let from_outside = || {
            self.levels()
                .any(|(_, s, _)| s.rels.iter().any(|r| r.relation.is_some()))
        };
        let ty = match (self.dialect, name.as_str()) {
            (Dialect::DuckDb, "rowid") => Type::Int64,
            (Dialect::DuckDb, "filename") => Type::STRING,
            (Dialect::BigQuery, "_partitiontime") => Type::TimestampTz,
            (Dialect::BigQuery, "_partitiondate") => Type::Date,
            (Dialect::BigQuery, "_table_suffix" | "_file_name") => Type::STRING,
            (Dialect::Databricks, "_metadata") => Type::Unknown,
            (Dialect::Snowflake, name) if name.starts_with("metadata$") => Type::Unknown,
            _ => return None,
        };
        from_outside().then(|| Operand::of(ty, true))
    }

    /// Functions that are called without brackets.
    fn niladic(&self, path: &[Name]) -> Option<Operand> {
        let [name] = path else { return None };
        // DuckDB does not ask whether the name was quoted.
        if name.ident.quoted && self.dialect != Dialect::DuckDb {
            return None;
        }
        let lower = name.ident.text.to_ascii_lowercase();
        let known = matches!(
            lower.as_str(),
            "current_date"
                | "current_time"
                | "current_timestamp"
                | "current_user"
                | "current_role"
                | "current_catalog"
                | "current_schema"
                | "current_database"
                | "localtime"
                | "localtimestamp"
                | "session_user"
                | "user"
                | "sysdate"
                | "systimestamp"
        );
        if !known || (self.dialect == Dialect::DuckDb && lower.starts_with("sys")) {
            return None;
        }
        let site = CallSite {
            name: &lower,
            args: &[],
            windowed: false,
            empty_group_possible: false,
            filtered: false,
            columns: 0,
        };
        let typed = typing::call(self.dialect, &site, &mut |_, _| Operand::unknown());
        Some(typed.map_or_else(
            |_| Operand::of(Type::Unknown, false),
            |t| Operand::of(t.ty, t.nullable),
        ))
    }

    /// The sources of an expression that is not a value of the result; types are checked all the same.
    pub(super) fn sources_of(&mut self, id: ExprId) -> super::lineage::Set {
        let mut acc = Acc::default();
        self.expr(id, &Transform::Direct, &mut acc);
        acc.finish()
    }

    /// Evaluate an expression whose sources do not matter.
    pub(super) fn value(&mut self, id: ExprId) -> Operand {
        self.expr(id, &Transform::Expression, &mut Acc::default())
    }

    /// True for a bare column name with one of these keys.
    pub(super) fn names_one_of(&self, id: ExprId, keys: &rustc_hash::FxHashSet<SmolStr>) -> bool {
        match &self.ast.expr(self.ast.unparen(id)).kind {
            rocky_syntax::ast::ExprKind::Column(path) => path
                .last()
                .is_some_and(|n| keys.contains(&self.column_key(&n.ident))),
            _ => false,
        }
    }

    /// The span of the part of a path that names a column, and what comes before.
    pub(super) fn part_span(path: &[Name], part: usize) -> Span {
        path.get(part).map_or_else(|| path_span(path), |n| n.span)
    }
}

/// A value depends on a name of which it is not known what it is: said, so that its lineage is not called complete.
fn unresolved(name: Option<&Name>, span: Span, mode: &Transform, acc: &mut Acc) {
    let source = SourceColumn {
        relation: crate::model::UNRESOLVED,
        column: name.map_or_else(|| "*".into(), |n| n.ident.text.clone()),
        transform: Transform::Direct,
        roles: Roles::VALUE,
        span,
    };
    acc.push_one(source, mode);
}
