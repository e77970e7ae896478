//! PIVOT and UNPIVOT: the columns they make, when the values are listed in the text. Values that come from the data leave the
//! result open.

use super::lineage::Acc;
use super::scope::{Col, ColRef, Columns, Rel, Src};
use super::{Analyser, Ctx};
use crate::model::{InfluenceKind, Transform};
use crate::typing::{self, Meeting, Operand};
use crate::walk::{self, Child};
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{ExprId, ExprKind, FromId, Literal, Pivot, TableAlias, Unpivot};
use rocky_warehouse::Type;
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Columns a PIVOT may have before its result is left open.
const MANY: usize = 10_000;

impl<'a> Analyser<'a> {
    pub(super) fn pivot(
        &mut self,
        source: FromId,
        pivot: &'a Pivot,
        alias: Option<&'a TableAlias>,
        span: Span,
    ) {
        let saved = self.ctx;
        self.push_scope();
        self.ctx = Ctx::PLAIN;
        self.bind_from(source);
        if let Some(scope) = self.scopes.last_mut() {
            scope.keyed = true;
        }
        let mut used: FxHashSet<SmolStr> = FxHashSet::default();
        let mut values: Vec<PivotValue> = Vec::new();
        for (expr, alias) in &pivot.aggregates {
            self.columns_of(*expr, &mut used);
            let mut acc = Acc::default();
            let operand = self.expr(*expr, &Transform::Direct, &mut acc);
            let text = match self.dialect {
                Dialect::DuckDb => self.duckdb_name(*expr),
                _ => SmolStr::new(self.text(self.ast.expr(*expr).span)),
            };
            let alias = alias.as_ref().map(|a| a.ident.text.clone());
            values.push(PivotValue {
                alias,
                text,
                operand,
                acc,
            });
        }
        if values.is_empty() {
            let operand = Operand::of(Type::Int64, true);
            values.push(PivotValue {
                alias: None,
                text: "count_star()".into(),
                operand,
                acc: Acc::default(),
            });
        }
        let mut lists: Vec<Vec<SmolStr>> = Vec::new();
        let mut complete = true;
        for on in &pivot.on {
            self.columns_of(on.expr, &mut used);
            self.condition(on.expr, InfluenceKind::Filter);
            let mut names = Vec::with_capacity(on.values.len());
            for (value, alias) in &on.values {
                match (alias, self.literal_text(*value)) {
                    (Some(alias), _) => names.push(alias.ident.text.clone()),
                    (None, Some(text)) => names.push(text),
                    (None, None) => complete = false,
                }
            }
            complete &= !on.dynamic && !on.values.is_empty();
            lists.push(names);
        }
        let mut list: Vec<Col> = Vec::new();
        if pivot.group_by.is_empty() {
            let all = self.visible_columns();
            complete &= all.complete;
            for found in all.cols.iter().filter(|c| !used.contains(&c.key)) {
                let out = self.star_out(found, span);
                self.influence(out.sources(), InfluenceKind::Group);
                list.push(out.col);
            }
        } else {
            for expr in &pivot.group_by {
                let mut acc = Acc::default();
                let operand = self.expr(*expr, &Transform::Direct, &mut acc);
                let set = acc.finish();
                self.influence(&set, InfluenceKind::Group);
                let name = self.item_name(*expr, list.len());
                let key = self.spelled_key(&name);
                let (ty, nullable) = (operand.ty, operand.nullable);
                list.push(Col {
                    name,
                    key,
                    ty,
                    nullable,
                    src: Src::Set(set),
                    cause: acc.cause,
                });
            }
        }
        let combinations = lists.iter().map(Vec::len).try_fold(1_usize, usize::checked_mul);
        if combinations.is_none_or(|n| n.saturating_mul(values.len()) > MANY) {
            complete = false;
        }
        if complete {
            let prefixes = lists.iter().fold(vec![String::new()], |done, list| {
                let join = |before: &String, value: &SmolStr| {
                    if before.is_empty() {
                        value.to_string()
                    } else {
                        format!("{before}_{value}")
                    }
                };
                done.iter()
                    .flat_map(|before| list.iter().map(move |value| join(before, value)))
                    .collect()
            });
            let many = values.len() > 1;
            for prefix in prefixes {
                for value in &values {
                    let name = SmolStr::from(value.name(self.dialect, &prefix, many));
                    let key = self.spelled_key(&name);
                    list.push(Col {
                        name,
                        key,
                        ty: value.operand.ty.clone(),
                        nullable: true,
                        src: Src::Set(value.acc.finish()),
                        cause: value.acc.cause.clone(),
                    });
                }
            }
        }
        self.scopes.pop();
        self.ctx = saved;
        self.bind_made(list, complete, alias, span);
    }

    pub(super) fn unpivot(
        &mut self,
        source: FromId,
        unpivot: &'a Unpivot,
        alias: Option<&'a TableAlias>,
        span: Span,
    ) {
        let saved = self.ctx;
        self.push_scope();
        self.ctx = Ctx::PLAIN;
        self.bind_from(source);
        let width = unpivot.values.len().max(1);
        let mut used: FxHashSet<SmolStr> = FxHashSet::default();
        let mut columns: Vec<Vec<(ExprId, Operand)>> = vec![Vec::new(); width];
        let mut accs: Vec<Acc> = (0..width).map(|_| Acc::default()).collect();
        let mut complete = true;
        for (group, _) in &unpivot.on {
            for (i, expr) in group.iter().enumerate() {
                let selector = match &self.ast.expr(self.ast.unparen(*expr)).kind {
                    ExprKind::Star(_) => Some(*expr),
                    ExprKind::Columns { selector, .. } => Some(*selector),
                    _ => None,
                };
                let slot = i.min(width - 1);
                let mut acc = Acc::default();
                if let Some(selector) = selector {
                    let selected = self.selected(selector);
                    complete &= selected.complete;
                    for found in &selected.cols {
                        used.insert(found.key.clone());
                        let operand =
                            self.star_value(found, self.ast.expr(*expr).span, &Transform::Direct, &mut acc);
                        push_at(&mut columns, slot, (*expr, operand));
                    }
                } else {
                    self.columns_of(*expr, &mut used);
                    let operand = self.expr(*expr, &Transform::Direct, &mut acc);
                    push_at(&mut columns, slot, (*expr, operand));
                }
                if !unpivot.include_nulls {
                    self.influence(&acc.finish(), InfluenceKind::Filter);
                }
                if let Some(all) = accs.get_mut(slot) {
                    all.absorb(acc, &Transform::Direct);
                }
            }
        }
        let all = self.visible_columns();
        complete &= all.complete;
        let mut list: Vec<Col> = Vec::new();
        for found in all.cols.iter().filter(|c| !used.contains(&c.key)) {
            list.push(self.star_out(found, span).col);
        }
        self.scopes.pop();
        self.ctx = saved;
        let name = unpivot
            .name
            .as_ref()
            .map_or_else(|| SmolStr::new("name"), |n| n.ident.text.clone());
        let key = self.spelled_key(&name);
        let name_col = Col {
            name,
            key,
            ty: Type::STRING,
            nullable: false,
            src: Src::Set(None),
            cause: None,
        };
        let mut values = Vec::with_capacity(width);
        for (i, (parts, acc)) in columns.into_iter().zip(accs).enumerate() {
            let name = unpivot
                .values
                .get(i)
                .map_or_else(|| SmolStr::new("value"), |n| n.ident.text.clone());
            let ty = if parts.iter().any(|(_, p)| p.ty.is_unknown()) {
                Type::Unknown
            } else {
                let operands: Vec<Operand> = parts.iter().map(|(_, p)| p.clone()).collect();
                let meets = |meeting| typing::unify(self.dialect, meeting, &operands);
                // The type is that of UNION, but strangers are refused as in VALUES.
                let strangers = self.dialect == Dialect::DuckDb && meets(Meeting::Values).is_none();
                let ty = meets(Meeting::SetOperation).filter(|_| !strangers);
                ty.unwrap_or_else(|| {
                    let message = format!("the columns under `{name}` have no common type");
                    self.report(
                        Diagnostic::new(code::E202, Loc::text(unpivot.span), message)
                            .help("cast them in a subquery: `COLUMNS(*)::VARCHAR`"),
                    );
                    Type::Unknown
                })
            };
            let nullable = (unpivot.include_nulls || width > 1) && parts.iter().any(|(_, p)| p.nullable);
            let key = self.spelled_key(&name);
            let cause = acc.cause.clone();
            values.push(Col {
                name,
                key,
                ty,
                nullable,
                src: Src::Set(acc.finish()),
                cause,
            });
        }
        if self.dialect == Dialect::BigQuery {
            list.extend(values);
            list.push(name_col);
        } else {
            list.push(name_col);
            list.extend(values);
        }
        self.bind_made(list, complete, alias, span);
    }

    fn bind_made(&mut self, mut list: Vec<Col>, complete: bool, alias: Option<&'a TableAlias>, span: Span) {
        if let Some(alias) = alias {
            self.rename(&mut list, &alias.columns, complete, &alias.name.ident.text);
        }
        let rel = self.new_rel(alias, "", span, Rc::new(Columns::new(list)));
        self.bind(Rel { complete, ..rel });
    }

    /// The keys of all columns an expression names.
    fn columns_of(&self, id: ExprId, out: &mut FxHashSet<SmolStr>) {
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            if let ExprKind::Column(path) = &self.ast.expr(id).kind
                && let super::lookup::Meaning::Column { found, .. } = self.lookup(path)
                && let Some(col) = self
                    .scopes
                    .get(found.scope as usize)
                    .and_then(|s| s.col(ColRef { ..found }))
            {
                out.insert(col.key.clone());
            }
            walk::children(self.ast, id, &mut |child| {
                if let Child::Expr(e) = child {
                    work.push(e);
                }
            });
        }
    }

    /// A literal as a column name.
    fn literal_text(&self, id: ExprId) -> Option<SmolStr> {
        let quoted = self.dialect == Dialect::Snowflake;
        match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Literal(Literal::String(text)) if quoted => Some(SmolStr::from(format!("'{text}'"))),
            ExprKind::Literal(Literal::String(text) | Literal::Number(text)) => Some(text.clone()),
            ExprKind::Literal(Literal::Bool(b)) => Some(if *b { "true".into() } else { "false".into() }),
            ExprKind::Literal(Literal::Null) => Some("NULL".into()),
            ExprKind::Cast { expr, .. } => self.literal_text(*expr),
            // An unquoted word in an IN list is a string to DuckDB.
            ExprKind::Column(path) => match path.as_slice() {
                [one] => Some(one.ident.text.clone()),
                _ => None,
            },
            ExprKind::Tuple(list) => {
                let parts: Option<Vec<SmolStr>> = list
                    .iter()
                    .map(|e| super::deeper(|| self.literal_text(*e)))
                    .collect();
                parts.map(|p| SmolStr::from(p.join("_")))
            }
            _ => None,
        }
    }
}

/// An aggregate of a PIVOT.
struct PivotValue {
    alias: Option<SmolStr>,
    text: SmolStr,
    operand: Operand,
    acc: Acc,
}

impl PivotValue {
    fn name(&self, dialect: Dialect, prefix: &str, many: bool) -> String {
        match (&self.alias, dialect) {
            (Some(alias), Dialect::BigQuery) => format!("{alias}_{prefix}"),
            (Some(alias), Dialect::DuckDb | Dialect::Databricks) => format!("{prefix}_{alias}"),
            (None, Dialect::DuckDb | Dialect::Databricks) if many => format!("{prefix}_{}", self.text),
            _ => prefix.to_owned(),
        }
    }
}

fn push_at<T>(lists: &mut [Vec<T>], at: usize, value: T) {
    if let Some(list) = lists.get_mut(at) {
        list.push(value);
    }
}
