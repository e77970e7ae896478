//! FROM: relations into the scope, and what the joins make of their rows.

use super::{Bound, Digest, Mix, Normaliser, Relation, Scope, deeper};
use rocky_base::{Dialect, SmolStr, Span};
use rocky_syntax::ast::{FromId, FromKind, JoinConstraint, JoinKind, Name, Path, TableAlias};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Rows and order of a part of FROM.
pub(super) struct Part {
    pub(super) rows: Digest,
    pub(super) order: Digest,
}

impl<'a> Normaliser<'a> {
    /// True for one relation: no join, no comma.
    pub(super) fn is_single(&self, from: &[FromId]) -> bool {
        let [one] = from else { return false };
        let mut id = *one;
        loop {
            match &self.ast.from(id).kind {
                FromKind::Join { .. } => return false,
                FromKind::Paren { inner, .. } => id = *inner,
                _ => return true,
            }
        }
    }

    pub(super) fn relations(&mut self, list: &[FromId]) -> Part {
        let mut all: Option<Part> = None;
        for from in list {
            let part = self.item_of_from(*from);
            all = Some(match all {
                None => part,
                Some(left) => join_rows("cross", &left, &part, &[]),
            });
        }
        all.unwrap_or_else(|| Part {
            rows: Digest::of(&["one row"]),
            order: Digest::of(&["one row"]),
        })
    }

    pub(super) fn item_of_from(&mut self, id: FromId) -> Part {
        deeper(|| self.chain(id))
    }

    fn chain(&mut self, id: FromId) -> Part {
        let ast = self.ast;
        let mut joins = Vec::new();
        let mut first = id;
        while let FromKind::Join { left, .. } = &ast.from(first).kind {
            joins.push(first);
            first = *left;
        }
        let start = self.bound_len();
        let mut part = self.leaf(first);
        for join in joins.into_iter().rev() {
            if let FromKind::Join {
                right,
                kind,
                constraint,
                ..
            } = &ast.from(join).kind
            {
                part = self.join(start, part, *right, *kind, constraint);
            }
        }
        part
    }

    fn bound_len(&self) -> usize {
        self.scopes.last().map_or(0, |s| s.bound.len())
    }

    fn bind(&mut self, alias: SmolStr, qualifiers: Vec<SmolStr>, relation: Arc<Relation>) -> Part {
        let part = Part {
            rows: relation.rows.clone(),
            order: relation.order.clone(),
        };
        let Some(scope) = self.scopes.last_mut() else {
            return part;
        };
        let mut by_name: FxHashMap<SmolStr, Vec<u32>> = FxHashMap::default();
        for (i, (key, _)) in relation.columns.iter().enumerate() {
            by_name.entry(key.clone()).or_default().push(i as u32);
        }
        scope.bound.push(Bound {
            alias,
            qualifiers,
            relation,
            instance: scope.instances,
            by_name,
        });
        scope.instances += 1;
        part
    }

    /// A relation with its columns renamed by an alias list.
    pub(super) fn renamed(&self, relation: Arc<Relation>, names: &[Name]) -> Arc<Relation> {
        if names.is_empty() {
            return relation;
        }
        let mut new = (*relation).clone();
        for (i, name) in names.iter().enumerate() {
            let key = self.column_key(&name.ident);
            match new.columns.get_mut(i) {
                Some(column) => column.0 = key,
                // Of columns that are not known, the place tells which it is.
                None => {
                    let digest = Mix::new("nth").num(i).dig(&new.rest).done();
                    new.columns.push((key, digest));
                }
            }
        }
        Arc::new(new)
    }

    fn bind_as(
        &mut self,
        alias: Option<&TableAlias>,
        name: SmolStr,
        qualifiers: Vec<SmolStr>,
        relation: Arc<Relation>,
    ) -> Part {
        match alias {
            Some(alias) => {
                let key = self.relation_key(&alias.name.ident);
                let relation = self.renamed(relation, &alias.columns);
                self.bind(key, Vec::new(), relation)
            }
            None => self.bind(name, qualifiers, relation),
        }
    }

    fn sampled(&mut self, part: Part, sample: Option<Span>) -> Part {
        let Some(span) = sample else { return part };
        let mut mix = Mix::new("sample");
        mix.dig(&part.rows);
        self.words(span, &mut mix);
        Part {
            rows: mix.volatile("sample").done(),
            order: part.order,
        }
    }

    fn leaf(&mut self, id: FromId) -> Part {
        let ast = self.ast;
        let from = ast.from(id);
        match &from.kind {
            FromKind::Table {
                name,
                alias,
                at,
                sample,
            } => {
                let part = self.table(id, name, alias.as_ref(), *at, from.span);
                self.sampled(part, *sample)
            }
            FromKind::File { path, alias, .. } => {
                let relation = match self.inputs.get(&id) {
                    Some(input) => input.relation.clone(),
                    None => self.unknown_relation(from.span),
                };
                let stem = path
                    .rsplit('/')
                    .next()
                    .unwrap_or(path)
                    .split('.')
                    .next()
                    .unwrap_or(path);
                let key = self
                    .dialect
                    .fold(stem, true, rocky_base::ident::IdentKind::Relation);
                self.bind_as(alias.as_ref(), key, Vec::new(), relation)
            }
            FromKind::Derived {
                query,
                lateral,
                alias,
                sample,
            } => {
                self.barrier(self.dialect != Dialect::DuckDb && !lateral);
                let out = self.query(*query);
                self.barrier(false);
                let relation = super::query::distinct(out.relation);
                let part = self.bind_as(alias.as_ref(), SmolStr::default(), Vec::new(), relation);
                self.sampled(part, *sample)
            }
            FromKind::Function {
                call,
                ordinality,
                alias,
                ..
            } => {
                let value = self.expr(*call);
                let mut mix = Mix::new("table function");
                mix.dig(&value).flag(ordinality.is_some());
                if let Some(Some(name)) = ordinality {
                    mix.str(&self.column_key(&name.ident));
                }
                let digest = mix.done();
                let read = self.inputs.get(&id).filter(|_| ordinality.is_none());
                let relation = read.map(|input| input.relation.clone());
                let relation = relation.unwrap_or_else(|| {
                    Arc::new(Relation {
                        rows: digest.clone(),
                        order: digest.clone(),
                        rest: digest,
                        columns: Vec::new(),
                        complete: false,
                    })
                });
                let name = match &ast.expr(*call).kind {
                    rocky_syntax::ast::ExprKind::Function(call) => {
                        call.name.last().map(|n| self.relation_key(&n.ident))
                    }
                    _ => None,
                };
                self.bind_as(alias.as_ref(), name.unwrap_or_default(), Vec::new(), relation)
            }
            FromKind::Join { .. } => self.item_of_from(id),
            FromKind::Paren { inner, alias: None } => self.item_of_from(*inner),
            FromKind::Paren { alias, .. }
            | FromKind::Pivot { alias, .. }
            | FromKind::Unpivot { alias, .. } => {
                let relation = self.unknown_relation(from.span);
                self.bind_as(alias.as_ref(), SmolStr::default(), Vec::new(), relation)
            }
            FromKind::Error => {
                let relation = self.unknown_relation(from.span);
                self.bind(SmolStr::default(), Vec::new(), relation)
            }
        }
    }

    fn barrier(&mut self, hidden: bool) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.barrier = hidden;
        }
    }

    fn table(
        &mut self,
        id: FromId,
        path: &Path,
        alias: Option<&TableAlias>,
        at: Option<Span>,
        span: Span,
    ) -> Part {
        let name = path
            .last()
            .map(|n| self.relation_key(&n.ident))
            .unwrap_or_default();
        if let [one] = path.as_slice() {
            let key = self.relation_key(&one.ident);
            if let Some(cte) = self.ctes.get(&key).and_then(|list| list.last()) {
                let cte = cte.clone();
                return self.bind_as(alias, name, Vec::new(), cte);
            }
        }
        let (mut relation, qualifiers) = match self.inputs.get(&id) {
            Some(input) => (input.relation.clone(), input.qualifiers.clone()),
            None => (self.unknown_relation(span), Vec::new()),
        };
        if let Some(at) = at {
            // Time travel: other rows of the same table.
            let mut mix = Mix::new("at");
            self.words(at, &mut mix);
            let at = mix.done();
            let mixed = |d: &Digest| Mix::new("at").dig(&at).dig(d).done();
            relation = Arc::new(Relation {
                rows: mixed(&relation.rows),
                order: mixed(&relation.order),
                ..(*relation).clone()
            });
        }
        let written: Vec<SmolStr> = path
            .iter()
            .take(path.len().saturating_sub(1))
            .map(|n| self.relation_key(&n.ident))
            .collect();
        let given: Vec<SmolStr> = qualifiers
            .split_last()
            .map_or(&[][..], |(_, before)| before)
            .iter()
            .map(|q| self.dialect.fold(q, true, rocky_base::ident::IdentKind::Relation))
            .collect();
        let qualifiers = if given.ends_with(&written) { given } else { written };
        self.bind_as(alias, name, qualifiers, relation)
    }

    fn join(
        &mut self,
        start: usize,
        left: Part,
        right: FromId,
        kind: JoinKind,
        constraint: &'a JoinConstraint,
    ) -> Part {
        let middle = self.bound_len();
        let right = self.item_of_from(right);
        let before = match self.scopes.last_mut() {
            Some(scope) => std::mem::replace(&mut scope.visible_from, start),
            None => 0,
        };
        let mut parts = Vec::new();
        let cross = match constraint {
            JoinConstraint::None => kind == JoinKind::Inner || kind == JoinKind::Cross,
            JoinConstraint::On(condition) => {
                parts.push(self.expr(*condition));
                false
            }
            JoinConstraint::Using(names) => {
                let keys: Vec<SmolStr> = names.iter().map(|n| self.column_key(&n.ident)).collect();
                for key in keys {
                    parts.push(self.merge(start, middle, kind, &key));
                }
                false
            }
            JoinConstraint::Natural => {
                let keys = self.common(start, middle);
                parts.push(Digest::of(&["natural"]));
                for bound in self
                    .scopes
                    .last()
                    .map_or(&[][..], |s| s.bound.get(start..).unwrap_or(&[]))
                {
                    if !bound.relation.complete {
                        parts.push(bound.relation.rest.clone());
                    }
                }
                for key in keys {
                    parts.push(self.merge(start, middle, kind, &key));
                }
                false
            }
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.visible_from = before;
            if matches!(kind.without_asof(), JoinKind::Semi | JoinKind::Anti) {
                scope.bound.truncate(middle);
            }
        }
        let name = match kind {
            _ if cross => "cross",
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Right => "right",
            JoinKind::Full => "full",
            JoinKind::Cross => "cross on",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
            JoinKind::AsOf => "asof",
            JoinKind::AsOfLeft => "asof left",
            JoinKind::AsOfRight => "asof right",
            JoinKind::AsOfFull => "asof full",
            JoinKind::AsOfSemi => "asof semi",
            JoinKind::AsOfAnti => "asof anti",
            JoinKind::Positional => "positional",
        };
        join_rows(name, &left, &right, &parts)
    }

    /// Names that both sides of a NATURAL join have.
    fn common(&self, start: usize, middle: usize) -> Vec<SmolStr> {
        let Some(scope) = self.scopes.last() else {
            return Vec::new();
        };
        let names = |bounds: Option<&[Bound]>| -> Vec<SmolStr> {
            bounds
                .into_iter()
                .flatten()
                .flat_map(|b| b.relation.columns.iter().map(|(k, _)| k.clone()))
                .collect()
        };
        let left: FxHashSet<SmolStr> = names(scope.bound.get(start..middle)).into_iter().collect();
        let mut seen = FxHashSet::default();
        names(scope.bound.get(middle..))
            .into_iter()
            .filter(|k| left.contains(k) && seen.insert(k.clone()))
            .collect()
    }

    /// One column of USING or NATURAL: what it adds to the condition. The merged column goes into the scope.
    fn merge(&mut self, start: usize, middle: usize, kind: JoinKind, key: &SmolStr) -> Digest {
        let earlier = self
            .scopes
            .last()
            .and_then(|s| s.merged.iter().position(|(k, _)| k == key));
        let left = match earlier.and_then(|i| self.scopes.last()?.merged.get(i)) {
            Some((_, merged)) => merged.clone(),
            None => self.side(start..middle, key),
        };
        let end = self.bound_len();
        let right = self.side(middle..end, key);
        let merged = match kind.without_asof() {
            JoinKind::Right => right.clone(),
            JoinKind::Full => Mix::new("coalesce").dig(&left).dig(&right).done(),
            _ => left.clone(),
        };
        if let Some(scope) = self.scopes.last_mut() {
            match earlier.and_then(|i| scope.merged.get_mut(i)) {
                Some(slot) => slot.1 = merged,
                None => scope.merged.push((key.clone(), merged)),
            }
        }
        Mix::new("using").dig(&left).dig(&right).done()
    }

    fn side(&mut self, range: std::ops::Range<usize>, key: &SmolStr) -> Digest {
        let level = self.scopes.len().saturating_sub(1);
        let mut hits: Vec<(usize, Digest)> = Vec::new();
        let Some(scope) = self.scopes.get(level) else {
            return Digest::default();
        };
        for bound in scope.bound.get(range).into_iter().flatten() {
            for i in bound.by_name.get(key).into_iter().flatten() {
                if let Some((_, digest)) = bound.relation.columns.get(*i as usize) {
                    hits.push((bound.instance, digest.clone()));
                }
            }
            if !bound.relation.complete && !bound.by_name.contains_key(key) {
                let rest = Mix::new("unlisted").str(key).dig(&bound.relation.rest).done();
                hits.push((bound.instance, rest));
            }
        }
        self.one_of(level, &hits)
    }

    /// A scope for the relations of a SELECT.
    pub(super) fn push_scope(&mut self, single: bool) {
        self.scopes.push(Scope {
            single,
            ..Scope::default()
        });
    }

    /// A scope that holds the columns of a result, for what follows a set operation.
    pub(super) fn push_result(&mut self, relation: Arc<Relation>) {
        self.push_scope(true);
        self.bind(SmolStr::default(), Vec::new(), relation);
    }
}

fn join_rows(kind: &str, left: &Part, right: &Part, condition: &[Digest]) -> Part {
    Part {
        rows: Mix::new("join")
            .str(kind)
            .dig(&left.rows)
            .dig(&right.rows)
            .digs(condition)
            .done(),
        order: Mix::new("join")
            .str(kind)
            .dig(&left.order)
            .dig(&right.order)
            .done(),
    }
}
