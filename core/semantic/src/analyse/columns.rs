//! Stars and COLUMNS(…): which columns they stand for, in the engine's order.

use super::lineage::{Acc, compose};
use super::pattern::{self, Match};
use super::scope::{ColRef, Parts, Scope};
use super::{Analyser, Out, OutCol, Src};
use crate::model::Transform;
use crate::typing::{self, Operand};
use rocky_base::{Dialect, SmolStr, Span};
use rocky_syntax::ast::{ExprId, ExprKind, LikeKind, Literal, Name, Star};
use rocky_warehouse::Type;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// A column that a star shows.
#[derive(Clone, Debug)]
pub(super) struct StarCol {
    pub(super) name: SmolStr,
    pub(super) key: SmolStr,
    /// The column, or the struct column whose field it is.
    pub(super) at: ColRef,
    /// Relation and column at whose place it is shown: a merged column's first member that is not excluded.
    place: (u32, u32),
    pub(super) field: Option<SmolStr>,
    /// REPLACE (expr AS name).
    pub(super) replaced: Option<ExprId>,
}

/// What a star stands for.
#[derive(Default, Debug)]
pub(super) struct Selected {
    pub(super) cols: Vec<StarCol>,
    pub(super) complete: bool,
    pub(super) unlisted: Option<u32>,
}

impl<'a> Analyser<'a> {
    /// All columns of FROM, in the order of a bare star.
    pub(super) fn visible_columns(&self) -> Selected {
        let index = self.scopes.len().saturating_sub(1) as u32;
        let Some(scope) = self.scope() else {
            return Selected {
                complete: true,
                ..Selected::default()
            };
        };
        self.show(scope, index, 0..scope.rels.len() as u32, true)
    }

    /// The columns of some relations; merged ones once, at the place of the first.
    fn show(&self, scope: &Scope, index: u32, rels: impl Iterator<Item = u32>, merge: bool) -> Selected {
        let mut out = Selected {
            complete: true,
            ..Selected::default()
        };
        let mut seen = FxHashSet::default();
        let mut open = Vec::new();
        for r in rels {
            let Some(rel) = scope.rels.get(r as usize) else {
                continue;
            };
            if !rel.complete {
                open.push(rel.unlisted);
            }
            for (c, col) in rel.columns.list.iter().enumerate() {
                let mut at = ColRef {
                    scope: index,
                    rel: r,
                    col: c as u32,
                };
                if merge && let Some(merged) = scope.merged_with((r, c as u32)) {
                    if !seen.insert(merged) {
                        continue;
                    }
                    at = ColRef {
                        scope: index,
                        rel: ColRef::MERGED,
                        col: merged,
                    };
                }
                let place = (r, c as u32);
                let (name, key) = (col.name.clone(), col.key.clone());
                out.cols.push(StarCol {
                    name,
                    key,
                    at,
                    place,
                    field: None,
                    replaced: None,
                });
            }
        }
        out.complete = open.is_empty();
        out.unlisted = match open.as_slice() {
            [one] => *one,
            _ => None,
        };
        out
    }

    /// All columns of the innermost scope as a result.
    pub(super) fn everything(&mut self, span: Span) -> Out {
        let selected = self.visible_columns();
        self.report_clash_of_scope();
        let mut cols = Vec::with_capacity(selected.cols.len());
        for found in &selected.cols {
            cols.push(self.star_out(found, span));
        }
        Out {
            cols,
            complete: selected.complete,
            unlisted: selected.unlisted,
            reduces: false,
            single: false,
            value: None,
        }
    }

    pub(super) fn report_clash_of_scope(&mut self) {
        if let Some((span, first)) = self.scope().and_then(|s| s.clash) {
            let display = self.text(span);
            self.report_clash(span, first, display);
        }
    }

    /// A star's column as an output column.
    pub(super) fn star_out(&mut self, found: &StarCol, span: Span) -> OutCol {
        let mut acc = Acc::default();
        let operand = self.star_value(found, span, &Transform::Direct, &mut acc);
        let set = acc.finish();
        let plain = found.replaced.is_none() && found.field.is_none();
        let src = match self.fields_of(found.at).filter(|_| plain) {
            Some(fields) => Src::Struct(Rc::new(Parts { all: set, fields })),
            None => Src::Set(set),
        };
        let col = super::scope::Col {
            name: found.name.clone(),
            key: found.key.clone(),
            ty: operand.ty,
            nullable: operand.nullable,
            src,
            cause: acc.cause,
        };
        let span = found.replaced.map_or(span, |e| self.ast.expr(e).span);
        OutCol {
            col,
            span,
            explicit: false,
        }
    }

    /// The value of a star's column.
    pub(super) fn star_value(
        &mut self,
        found: &StarCol,
        span: Span,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        if let Some(expr) = found.replaced {
            return self.expr(expr, mode, acc);
        }
        match &found.field {
            None => self.read(found.at, span, mode, acc),
            Some(field) => {
                let mode = compose(mode, &Transform::Expression);
                let base = self.read_field(found.at, &[], field, span, &mode, acc);
                typing::field(self.dialect, &base, field)
                    .map_or_else(Operand::unknown, |typed| Operand::of(typed.ty, typed.nullable))
            }
        }
    }

    /// What a star with its modifiers stands for.
    pub(super) fn star(&mut self, star: &Star) -> Selected {
        let mut selected = if star.qualifier.is_empty() {
            if self.scope().is_none_or(|s| s.rels.is_empty()) {
                let finding = rocky_base::Diagnostic::new(
                    rocky_base::code::E100,
                    rocky_base::Loc::text(star.span),
                    "`*` without a FROM clause",
                );
                self.report(finding);
                return Selected::default();
            }
            self.report_clash_of_scope();
            self.visible_columns()
        } else {
            self.qualified_star(&star.qualifier)
        };
        self.modify(star, &mut selected);
        selected
    }

    fn qualified_star(&mut self, qualifier: &[Name]) -> Selected {
        let keys: Vec<SmolStr> = qualifier.iter().map(|n| self.relation_key(&n.ident)).collect();
        let mut next = self.scopes.len().checked_sub(1);
        let mut wild = false;
        while let Some((index, scope)) = next.and_then(|i| Some((i, self.scopes.get(i)?))) {
            let rels = scope.qualified(&keys);
            if let Some(rel) = rels.first() {
                return self.show(scope, index as u32, std::iter::once(*rel), false);
            }
            wild |= scope.rels.iter().any(|r| r.alias.is_empty() && !r.complete);
            next = scope.parent.map(|p| p as usize);
        }
        match self.lookup(qualifier) {
            super::lookup::Meaning::Column { found, fields } if fields == qualifier.len() => {
                let mut acc = Acc::default();
                let ty = self.read(found, Span::at(0), &Transform::Direct, &mut acc).ty;
                if let Type::Struct(fields) = &ty {
                    let col = |f: &rocky_warehouse::Field| StarCol {
                        name: f.name.clone(),
                        key: self.spelled_key(&f.name),
                        at: found,
                        place: (found.rel, found.col),
                        field: Some(f.name.clone()),
                        replaced: None,
                    };
                    return Selected {
                        cols: fields.iter().map(col).collect(),
                        complete: true,
                        unlisted: None,
                    };
                }
                Selected::default()
            }
            super::lookup::Meaning::Column { .. } | super::lookup::Meaning::Maybe { .. } => {
                Selected::default()
            }
            _ if wild => Selected::default(),
            _ => {
                let mut path = qualifier.to_vec();
                path.push(Name {
                    ident: rocky_base::Ident::bare("*"),
                    span: Span::at(0),
                });
                self.report_no_qualifier(&path);
                Selected::default()
            }
        }
    }

    /// EXCLUDE, REPLACE, RENAME, LIKE.
    fn modify(&mut self, star: &Star, selected: &mut Selected) {
        let candidates = |s: &Selected| s.cols.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        let all = if star.exclude.is_empty() && star.replace.is_empty() {
            Vec::new()
        } else {
            candidates(selected)
        };
        if !star.exclude.is_empty() {
            let mut bare: FxHashMap<SmolStr, bool> = FxHashMap::default();
            let mut qualified: Vec<(Vec<u32>, SmolStr, bool)> = Vec::new();
            for path in &star.exclude {
                let Some((name, before)) = path.split_last() else {
                    continue;
                };
                let key = self.column_key(&name.ident);
                if before.is_empty() {
                    bare.insert(key, false);
                } else {
                    let keys: Vec<SmolStr> = before.iter().map(|n| self.relation_key(&n.ident)).collect();
                    let rels = self.scope().map_or_else(Vec::new, |s| s.qualified(&keys));
                    qualified.push((rels, key, false));
                }
            }
            let scope = self.scopes.last();
            selected.cols.retain_mut(|col| {
                if let Some(hit) = bare.get_mut(&col.key) {
                    *hit = true;
                    return false;
                }
                for (rels, key, hit) in &mut qualified {
                    if *key != col.key {
                        continue;
                    }
                    if rels.contains(&col.at.rel) {
                        *hit = true;
                        return false;
                    }
                    // A merged column shown at the excluded member's place is shown by its next member instead.
                    let merged = scope
                        .filter(|_| col.at.rel == ColRef::MERGED)
                        .and_then(|s| s.merged.get(col.at.col as usize));
                    if let Some(merged) = merged
                        && merged.members.iter().any(|(r, _)| rels.contains(r))
                    {
                        *hit = true;
                        match merged.members.iter().find(|(r, _)| !rels.contains(r)) {
                            Some(next) => col.place = *next,
                            None => return false,
                        }
                    }
                }
                true
            });
            if !qualified.is_empty() {
                selected.cols.sort_by_key(|c| c.place);
            }
            if selected.complete {
                for path in &star.exclude {
                    let Some(name) = path.last() else { continue };
                    let key = self.column_key(&name.ident);
                    let hit = if path.len() == 1 {
                        bare.get(&key).copied().unwrap_or(false)
                    } else {
                        qualified.iter().any(|(_, k, hit)| *k == key && *hit)
                    };
                    if !hit {
                        self.report_missing(name, "the columns of `*`", &all);
                    }
                }
            }
        }
        if let Some((kind, negated, wanted)) = &star.like {
            // `* SIMILAR TO` takes what contains a match, `* NOT SIMILAR TO` leaves out what is one.
            let kind = match kind {
                LikeKind::Similar if !*negated => LikeKind::Regexp,
                other => *other,
            };
            let keep: Vec<Option<bool>> = selected
                .cols
                .iter()
                .map(|c| self.name_matches(kind, *wanted, star.escape, &c.name))
                .collect();
            if keep.iter().any(Option::is_none) {
                selected.complete = false;
                selected.cols.clear();
            } else {
                let mut keep = keep.into_iter().flatten();
                selected
                    .cols
                    .retain(|_| keep.next().is_none_or(|hit| hit != *negated));
                self.report_none_chosen(selected, self.ast.expr(*wanted).span);
            }
        }
        for (expr, name) in &star.replace {
            let key = self.column_key(&name.ident);
            let mut hit = false;
            for col in selected.cols.iter_mut().filter(|c| c.key == key) {
                col.replaced = Some(*expr);
                col.name = name.ident.stored(self.dialect);
                hit = true;
            }
            // DuckDB gives one column for all of the name, at the place of the first.
            if self.dialect == Dialect::DuckDb {
                let mut first = true;
                selected
                    .cols
                    .retain(|c| c.key != key || std::mem::take(&mut first));
            }
            if !hit && selected.complete {
                self.report_missing(name, "the columns of `*`", &all);
            }
        }
        for (path, name) in &star.rename {
            let Some(old) = path.last() else { continue };
            let key = self.column_key(&old.ident);
            let new_key = self.column_key(&name.ident);
            for col in selected.cols.iter_mut().filter(|c| c.key == key) {
                col.name = name.ident.stored(self.dialect);
                col.key = new_key.clone();
            }
        }
    }

    /// Whether a name matches the pattern of `* LIKE …`; `None` when that cannot be told.
    pub(super) fn name_matches(
        &self,
        kind: LikeKind,
        wanted: ExprId,
        escape: Option<ExprId>,
        name: &str,
    ) -> Option<bool> {
        let literal = |id: ExprId| match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Literal(Literal::String(text)) => Some(text),
            _ => None,
        };
        let wanted = literal(wanted)?;
        if let Some(escape) = escape {
            let mut chars = literal(escape)?.chars();
            let escape = chars.next();
            return match (kind, chars.next()) {
                (LikeKind::Like, None) => Some(pattern::like_escape(wanted, escape, name)),
                (LikeKind::ILike, None) => Some(pattern::like_escape(
                    &wanted.to_lowercase(),
                    escape,
                    &name.to_lowercase(),
                )),
                _ => None,
            };
        }
        match kind {
            LikeKind::Like => Some(pattern::like(wanted, name)),
            LikeKind::ILike => Some(pattern::like(&wanted.to_lowercase(), &name.to_lowercase())),
            LikeKind::Similar => pattern::regex(&format!("^({wanted})$")).map(|r| r.find(name).is_some()),
            LikeKind::Regexp => pattern::regex(wanted).map(|r| r.find(name).is_some()),
            LikeKind::Glob => Some(pattern::glob(wanted, name)),
        }
    }

    /// What the selector of COLUMNS(…) stands for.
    pub(super) fn selected(&mut self, selector: ExprId) -> Selected {
        self.selected_with_groups(selector).0
    }

    /// As [`Self::selected`], and for a pattern what its groups matched in each name.
    pub(super) fn selected_with_groups(&mut self, selector: ExprId) -> (Selected, Vec<Option<Match>>) {
        let ast = self.ast;
        let none = (Selected::default(), Vec::new());
        match &ast.expr(ast.unparen(selector)).kind {
            ExprKind::Star(star) => (self.star(star), Vec::new()),
            ExprKind::Literal(Literal::String(text)) => {
                let Some(regex) = pattern::regex(text) else {
                    return none;
                };
                let mut all = self.visible_columns();
                let mut groups = Vec::new();
                all.cols.retain(|c| {
                    let found = regex.find(&c.name);
                    let hit = found.is_some();
                    if hit {
                        groups.push(found);
                    }
                    hit
                });
                self.report_none_chosen(&all, ast.expr(selector).span);
                (all, groups)
            }
            ExprKind::Array(list) => {
                let mut all = self.visible_columns();
                let mut wanted = FxHashSet::default();
                for element in list {
                    let name = match &ast.expr(ast.unparen(*element)).kind {
                        ExprKind::Literal(Literal::String(name)) => self.spelled_key(name),
                        ExprKind::Column(path) => match path.last() {
                            Some(name) => self.column_key(&name.ident),
                            None => continue,
                        },
                        _ => return none,
                    };
                    wanted.insert(name);
                }
                all.cols.retain(|c| wanted.contains(&c.key));
                (all, Vec::new())
            }
            ExprKind::Lambda { params, body } => {
                let Some(param) = params.first() else { return none };
                let mut all = self.visible_columns();
                let key = self.column_key(&param.ident);
                let verdicts: Option<Vec<bool>> = all
                    .cols
                    .iter()
                    .map(|c| self.chooses(&key, *body, &c.name))
                    .collect();
                let Some(verdicts) = verdicts else { return none };
                let mut verdicts = verdicts.into_iter();
                all.cols.retain(|_| verdicts.next().unwrap_or(false));
                self.report_none_chosen(&all, ast.expr(selector).span);
                (all, Vec::new())
            }
            // [x FOR x IN (*) IF …]
            ExprKind::Comprehension {
                element,
                vars,
                list,
                filter,
            } => {
                let (ExprKind::Star(star), [var]) = (&ast.expr(ast.unparen(*list)).kind, vars.as_slice())
                else {
                    return none;
                };
                let key = self.column_key(&var.ident);
                match &ast.expr(ast.unparen(*element)).kind {
                    ExprKind::Column(path)
                        if path.len() == 1 && path.iter().all(|n| self.column_key(&n.ident) == key) => {}
                    _ => return none,
                }
                let mut all = self.star(star);
                let Some(filter) = filter else {
                    return (all, Vec::new());
                };
                let verdicts: Option<Vec<bool>> = all
                    .cols
                    .iter()
                    .map(|c| self.chooses(&key, *filter, &c.name))
                    .collect();
                let Some(verdicts) = verdicts else { return none };
                let mut verdicts = verdicts.into_iter();
                all.cols.retain(|_| verdicts.next().unwrap_or(false));
                (all, Vec::new())
            }
            ExprKind::Column(path) => {
                // COLUMNS(t.*) arrives as a star; a bare name selects one column.
                match self.lookup(path) {
                    super::lookup::Meaning::Column { found, fields } if fields == path.len() => {
                        let Some(col) = self.scopes.get(found.scope as usize).and_then(|s| s.col(found))
                        else {
                            return none;
                        };
                        let (name, key) = (col.name.clone(), col.key.clone());
                        let place = (found.rel, found.col);
                        let one = StarCol {
                            name,
                            key,
                            at: found,
                            place,
                            field: None,
                            replaced: None,
                        };
                        (
                            Selected {
                                cols: vec![one],
                                complete: true,
                                unlisted: None,
                            },
                            Vec::new(),
                        )
                    }
                    _ => none,
                }
            }
            _ => none,
        }
    }

    /// A pattern or a lambda that chooses no column.
    fn report_none_chosen(&mut self, chosen: &Selected, span: Span) {
        if self.dialect != Dialect::DuckDb || !chosen.cols.is_empty() || !chosen.complete {
            return;
        }
        let message = format!("no column matches `{}`", self.text(span).trim_matches('\''));
        self.report(rocky_base::Diagnostic::new(
            rocky_base::code::E100,
            rocky_base::Loc::text(span),
            message,
        ));
    }

    /// What the COLUMNS(…) of an expression stand for, as its name shows them.
    pub(super) fn expansion(&mut self, id: ExprId) -> super::name::Expansion {
        let mut expansion = super::name::Expansion::default();
        for (node, selector, unpack) in self.all_columns_in(id) {
            if unpack {
                let cols = self.selected(selector).cols;
                let shown = cols.iter().map(|c| (c.name.clone(), self.path_of(c))).collect();
                expansion.unpacked.insert(node, shown);
            } else if let Some(found) = self.columns_at.get(&node)
                && let Some(replaced) = found.replaced
            {
                expansion.replaced.insert(node, (found.name.clone(), replaced));
            }
        }
        expansion
    }

    /// A star's column by the name it has in its relation.
    pub(super) fn written_name(&self, found: &StarCol) -> SmolStr {
        if let Some(field) = &found.field {
            return field.clone();
        }
        let col = self
            .scopes
            .get(found.at.scope as usize)
            .and_then(|s| s.col(found.at));
        col.map_or_else(|| found.name.clone(), |c| c.name.clone())
    }

    /// `catalog.schema.table.column`, or `alias.column`.
    fn path_of(&self, found: &StarCol) -> String {
        let mut out = String::new();
        if let Some(rel) = self.rel(found.at.scope, found.place.0) {
            let parts = rel.qualifiers.iter().chain(std::iter::once(&rel.alias));
            for part in parts.filter(|p| !p.is_empty()) {
                super::name::push_ident(&mut out, part);
                out.push('.');
            }
        }
        super::name::push_ident(&mut out, &self.written_name(found));
        out
    }

    /// The COLUMNS(…) inside an item's expression, subqueries left out. All of one item expand in step.
    pub(super) fn columns_in(&self, id: ExprId) -> Vec<(ExprId, ExprId)> {
        let mut found = self.all_columns_in(id);
        found.retain(|(.., unpack)| !unpack);
        found
            .into_iter()
            .map(|(id, selector, _)| (id, selector))
            .collect()
    }

    /// `WHERE COLUMNS(*) > 0` holds of every column: the condition is evaluated once for each.
    pub(super) fn in_each_column(
        &mut self,
        id: ExprId,
        mut evaluate: impl FnMut(&mut Self) -> Operand,
    ) -> Operand {
        let columns = self.columns_in(id);
        if columns.is_empty() {
            return evaluate(self);
        }
        // Each operand of AND may select others: all get their turn, in as many rounds as the longest has columns.
        let selected: Vec<(ExprId, Selected)> = columns
            .iter()
            .map(|(node, selector)| (*node, self.selected(*selector)))
            .collect();
        let rounds = selected.iter().map(|(_, s)| s.cols.len()).max().unwrap_or(0);
        let mut last = None;
        for round in 0..rounds {
            for (node, selected) in &selected {
                if let Some(found) = selected.cols.get(round % selected.cols.len().max(1)) {
                    self.columns_at.insert(*node, found.clone());
                }
            }
            last = Some(evaluate(self));
        }
        for (node, _) in &selected {
            self.columns_at.remove(node);
        }
        match last {
            Some(operand) if selected.iter().all(|(_, s)| s.complete) => Operand {
                nullable: true,
                constant: None,
                ..operand
            },
            _ => evaluate(self),
        }
    }

    /// The COLUMNS(…) and `*COLUMNS(…)` (then true) inside an expression.
    fn all_columns_in(&self, id: ExprId) -> Vec<(ExprId, ExprId, bool)> {
        if self.dialect != Dialect::DuckDb || !self.has_columns {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            if let ExprKind::Columns { selector, unpack } = &self.ast.expr(id).kind {
                found.push((id, *selector, *unpack));
                continue;
            }
            crate::walk::children(self.ast, id, &mut |child| {
                if let crate::walk::Child::Expr(e) = child {
                    work.push(e);
                }
            });
        }
        found.reverse();
        found
    }
}
