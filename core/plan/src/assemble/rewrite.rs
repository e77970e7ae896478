//! The edits that one text needs: names of relations, aliases that keep qualifiers valid, qualifiers that no alias can keep
//! valid.
//!
//! A relation written without alias is known in its query by the last part of its name. When that part changes, the old one
//! is added as alias, so that `orders.id` stays what it was. Qualifiers of several parts (`marts.orders.id`) are rewritten
//! where the new name, or the alias, makes them invalid. What a qualifier means is decided as `core/semantic` does:
//! innermost query first, longest qualifier first.

use crate::assemble::{Redirect, is_ephemeral};
use crate::bind::Parameter;
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, Ident, SmolStr, Span};
use rocky_project::{InputRelation, Model, Snapshot};
use rocky_semantic::RelationRef;
use rocky_syntax::ast::{
    Ast, Body, DatePlaceholder, ExprKind, FromId, FromKind, Name, SelectItem, Star, TableAlias, path_span,
};
use rocky_warehouse::RelationName;
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

/// What is put in the place of a span.
#[derive(Clone, Debug)]
pub(super) enum Put {
    /// This text.
    Text(String),
    /// A value that is only known at run time.
    Hole(Parameter),
    /// The name of the CTE of an ephemeral model.
    Cte(u32),
    /// ` AS written`, unless the CTE has that name.
    AliasOfCte {
        model: u32,
        alias: Ident,
        written: String,
    },
}

/// A change of the text.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub(super) span: Span,
    pub(super) put: Put,
}

/// A text and how it must change.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// In order of place, without overlaps.
    pub(super) edits: Vec<Edit>,
    /// Ephemeral models that it reads itself.
    pub(super) ephemerals: Vec<u32>,
    /// Folded names of CTEs, aliases and relations of one part, each with the ephemeral model it is an alias of. Only
    /// collected where CTEs may be put in.
    pub(super) names: Vec<(SmolStr, Option<u32>)>,
}

/// What a reference becomes.
enum Target<'a> {
    /// It stays.
    Same,
    /// Another name: how it is written, and what it is.
    Named(String, NewName<'a>),
    /// The CTE of an ephemeral model.
    Cte(u32),
}

/// What a reference is called instead.
enum NewName<'a> {
    Of(Cow<'a, RelationName>),
    /// The last parts of the written name.
    Shorter(&'a [Name]),
}

impl NewName<'_> {
    fn table(&self) -> Option<&Ident> {
        match self {
            NewName::Of(name) => Some(&name.table),
            NewName::Shorter(path) => path.last().map(|n| &n.ident),
        }
    }

    /// Its parts, folded, outermost first.
    fn keys(&self, dialect: Dialect) -> Vec<SmolStr> {
        match self {
            NewName::Of(name) => keys(name.parts(), dialect),
            NewName::Shorter(path) => keys(path.iter().map(|n| &n.ident), dialect),
        }
    }
}

/// Find the edits of a model's text.
pub(super) fn piece(snapshot: &Snapshot, model: &Model, redirect: Option<&Redirect<'_>>) -> Piece {
    let dialect = snapshot.dialect;
    let unit = &model.unit;
    let mut piece = Piece::default();
    let mut targets: Vec<Target<'_>> = Vec::with_capacity(unit.refs().len());
    let mut needs_tree = is_ephemeral(model);
    for (index, reference) in unit.refs().iter().enumerate() {
        let input = model
            .ref_inputs
            .get(index)
            .and_then(|i| model.inputs.get(*i as usize));
        let target = target_of(snapshot, model, reference, input, redirect);
        match &target {
            Target::Same => {}
            Target::Named(_, name) => {
                // `orders` → `main.orders` keeps every qualifier valid.
                let stays = match (reference.path.as_slice(), name.table()) {
                    ([only], Some(table)) => only.ident.is_same(table, dialect, IdentKind::Relation),
                    _ => false,
                };
                needs_tree |= !stays;
            }
            Target::Cte(id) => {
                needs_tree = true;
                if !piece.ephemerals.contains(id) {
                    piece.ephemerals.push(*id);
                }
            }
        }
        targets.push(target);
    }
    if needs_tree {
        let ast = unit.parse(dialect);
        Rewriter::new(snapshot, model, &ast, &targets).run(&mut piece);
    } else {
        for (reference, target) in unit.refs().iter().zip(targets) {
            if let Target::Named(text, _) = target {
                piece.edits.push(Edit {
                    span: reference.span,
                    put: Put::Text(text),
                });
            }
        }
    }
    piece
        .edits
        .extend(unit.placeholders().iter().map(|(placeholder, span)| Edit {
            span: *span,
            put: Put::Hole(match placeholder {
                DatePlaceholder::Start => Parameter::WindowStart,
                DatePlaceholder::End => Parameter::WindowEnd,
            }),
        }));
    piece.edits.sort_by_key(|e| (e.span.start, e.span.end));
    piece
}

fn last_key(path: &[Name], dialect: Dialect) -> Option<SmolStr> {
    path.last().map(|n| n.ident.key(dialect, IdentKind::Relation))
}

fn keys(parts: impl Iterator<Item = impl std::borrow::Borrow<Ident>>, dialect: Dialect) -> Vec<SmolStr> {
    parts
        .map(|i| i.borrow().key(dialect, IdentKind::Relation))
        .collect()
}

fn target_of<'a>(
    snapshot: &'a Snapshot,
    model: &'a Model,
    reference: &'a RelationRef,
    input: Option<&InputRelation>,
    redirect: Option<&Redirect<'_>>,
) -> Target<'a> {
    let dialect = snapshot.dialect;
    let named = |name: Cow<'a, RelationName>| {
        let mut written = reference.path.iter();
        let is_next = |part: &Ident| {
            let next = written.next();
            next.is_some_and(|n| n.ident.is_same(part, dialect, IdentKind::Relation))
        };
        let same = name.parts().count() == reference.path.len() && name.parts().all(is_next);
        match same {
            true => Target::Same,
            false => Target::Named(name.print(dialect), NewName::Of(name)),
        }
    };
    // A file has no name to change.
    if reference.path.is_empty() {
        return Target::Same;
    }
    if let (Some(redirect), Some(input)) = (redirect, input)
        && let Some(name) = redirect(model, input)
    {
        return named(Cow::Owned(name));
    }
    match input {
        None => Target::Same,
        Some(InputRelation::Own) => named(Cow::Borrowed(&model.target)),
        Some(InputRelation::Model(id)) => match snapshot.models.get(*id as usize) {
            Some(other) if is_ephemeral(other) => Target::Cte(*id),
            Some(other) => named(Cow::Borrowed(&other.target)),
            None => Target::Same,
        },
        Some(InputRelation::Source(_)) => match reference.path.as_slice() {
            // Written with a catalog that does not exist: the default one is meant.
            [.., catalog, schema, table] if !snapshot.names.is_attached(&catalog.ident) => {
                let written = schema.span.to(table.span).slice(model.unit.text());
                let last = reference.path.len().saturating_sub(2);
                let last = reference.path.get(last..).unwrap_or(&[]);
                Target::Named(written.to_owned(), NewName::Shorter(last))
            }
            _ => Target::Same,
        },
    }
}

/// How a relation is called in its query after the change.
struct Handle {
    /// In the place of a qualifier of one part; `None` when that stays valid.
    one: Option<Put>,
    /// In the place of a longer qualifier.
    many: Put,
    /// The parts that may still be written, outermost first.
    valid: Vec<SmolStr>,
}

/// A name that a FROM clause binds.
struct Item {
    /// The query that sees it.
    owner: Span,
    /// Folded parts that could stand before it in a qualifier, outermost first.
    chains: Vec<Vec<SmolStr>>,
    /// `None` when nothing changed.
    handle: Option<Handle>,
}

struct Rewriter<'a> {
    snapshot: &'a Snapshot,
    model: &'a Model,
    dialect: Dialect,
    ast: &'a Ast,
    /// Reference behind a FROM item.
    refs: FxHashMap<FromId, usize>,
    targets: &'a [Target<'a>],
    items: FxHashMap<SmolStr, Vec<Item>>,
    edits: Vec<Edit>,
}

impl<'a> Rewriter<'a> {
    fn new(
        snapshot: &'a Snapshot,
        model: &'a Model,
        ast: &'a Ast,
        targets: &'a [Target<'a>],
    ) -> Rewriter<'a> {
        let refs = model
            .unit
            .refs()
            .iter()
            .enumerate()
            .map(|(i, r)| (r.from, i))
            .collect();
        let (dialect, items, edits) = (snapshot.dialect, FxHashMap::default(), Vec::new());
        Rewriter {
            snapshot,
            model,
            dialect,
            ast,
            refs,
            targets,
            items,
            edits,
        }
    }

    fn run(mut self, piece: &mut Piece) {
        self.names(piece);
        for query in &self.ast.queries {
            match &query.body {
                Body::Select(select) => {
                    let owner = Span::new(select.span.start, query.span.end);
                    select.from.iter().for_each(|from| self.from(*from, owner, true));
                }
                Body::Table(from) | Body::Pivot(from) => {
                    let owner = Span::new(self.ast.from(*from).span.start, query.span.end);
                    self.from(*from, owner, false);
                }
                Body::SetOp { .. }
                | Body::Values(_)
                | Body::Paren(_)
                | Body::Describe { .. }
                | Body::Error => {}
            }
        }
        if self.items.values().flatten().any(|item| item.handle.is_some()) {
            self.qualifiers();
        }
        // The same place may be reached twice, through nodes that the parser made and gave up.
        let mut seen = FxHashSet::default();
        self.edits.retain(|e| e.span.is_empty() || seen.insert(e.span));
        piece.edits = self.edits;
    }

    fn key(&self, ident: &Ident) -> SmolStr {
        ident.key(self.dialect, IdentKind::Relation)
    }

    /// Every name that a CTE put in must not take.
    fn names(&self, piece: &mut Piece) {
        for cte in self
            .ast
            .queries
            .iter()
            .filter_map(|q| q.with.as_ref())
            .flat_map(|w| &w.ctes)
        {
            piece.names.push((self.key(&cte.name.ident), None));
        }
        for (index, from) in self.ast.froms.iter().enumerate() {
            let target = self
                .refs
                .get(&FromId(index as u32))
                .and_then(|r| self.targets.get(*r));
            let ephemeral = match target {
                Some(Target::Cte(id)) => Some(*id),
                _ => None,
            };
            if let Some(alias) = alias_of(&from.kind) {
                piece.names.push((self.key(&alias.name.ident), ephemeral));
            }
            match (&from.kind, target) {
                (FromKind::Table { name, .. }, Some(Target::Same) | None) => {
                    if let [only] = name.as_slice() {
                        piece.names.push((self.key(&only.ident), None));
                    }
                }
                (FromKind::Table { .. }, Some(Target::Named(_, name))) => {
                    if let [only] = name.keys(self.dialect).as_slice() {
                        piece.names.push((only.clone(), None));
                    }
                }
                // Without an alias the written name becomes one.
                (
                    FromKind::Table {
                        name, alias: None, ..
                    },
                    Some(Target::Cte(id)),
                ) => {
                    piece
                        .names
                        .extend(last_key(name, self.dialect).map(|key| (key, Some(*id))));
                }
                _ => {}
            }
        }
    }

    /// Bind the relations of a FROM item. `aliasable`: an alias may be written after its name.
    fn from(&mut self, root: FromId, owner: Span, aliasable: bool) {
        let mut work = vec![(root, aliasable)];
        while let Some((id, aliasable)) = work.pop() {
            let from = self.ast.from(id);
            match &from.kind {
                FromKind::Join { left, right, .. } => work.extend([(*right, true), (*left, true)]),
                FromKind::Paren { inner, alias } => {
                    self.bind(alias.as_ref(), owner);
                    work.push((*inner, true));
                }
                FromKind::Pivot { source, alias, .. } | FromKind::Unpivot { source, alias, .. } => {
                    self.bind(alias.as_ref(), owner);
                    // What is pivoted cannot be named outside, and not every engine takes an alias there.
                    work.push((*source, false));
                }
                FromKind::Table {
                    name,
                    alias,
                    at,
                    sample,
                } => match alias {
                    Some(_) => {
                        self.rename(id, name);
                        self.bind(alias.as_ref(), owner);
                    }
                    None => {
                        let place = self.alias_place(name, *at, *sample);
                        self.table(id, name, owner, aliasable.then_some(place));
                    }
                },
                FromKind::File { alias, .. }
                | FromKind::Derived { alias, .. }
                | FromKind::Function { alias, .. } => {
                    self.bind(alias.as_ref(), owner);
                }
                FromKind::Error => {}
            }
        }
    }

    /// Where an alias goes: after the name on DuckDB and BigQuery; after time travel on Snowflake, and after the sample
    /// too on Databricks.
    fn alias_place(&self, name: &[Name], at: Option<Span>, sample: Option<Span>) -> u32 {
        let after = |span: Option<Span>| span.map_or(0, |s| s.end);
        let end = path_span(name).end;
        match self.dialect {
            Dialect::DuckDb | Dialect::BigQuery => end,
            Dialect::Snowflake => end.max(after(at)),
            Dialect::Databricks => end.max(after(at)).max(after(sample)),
        }
    }

    fn bind(&mut self, alias: Option<&TableAlias>, owner: Span) {
        if let Some(alias) = alias {
            let item = Item {
                owner,
                chains: Vec::new(),
                handle: None,
            };
            self.items
                .entry(self.key(&alias.name.ident))
                .or_default()
                .push(item);
        }
    }

    /// Change the name alone.
    fn rename(&mut self, id: FromId, name: &[Name]) -> Option<&'a Target<'a>> {
        let target = self.refs.get(&id).and_then(|r| self.targets.get(*r))?;
        let put = match target {
            Target::Same => return Some(target),
            Target::Named(text, _) => Put::Text(text.clone()),
            Target::Cte(model) => Put::Cte(*model),
        };
        self.edits.push(Edit {
            span: path_span(name),
            put,
        });
        Some(target)
    }

    /// A relation by name without alias.
    fn table(&mut self, id: FromId, name: &[Name], owner: Span, alias_place: Option<u32>) {
        let Some(last) = name.last() else { return };
        let key = self.key(&last.ident);
        let written = last.span.slice(self.model.unit.text()).to_owned();
        let target = self.rename(id, name);
        let handle = match (target, alias_place) {
            (None | Some(Target::Same), _) => None,
            (Some(Target::Named(text, name)), place) => {
                let many = Put::Text(text.clone());
                let valid = name.keys(self.dialect);
                match place {
                    _ if valid.last() == Some(&key) => Some(Handle {
                        one: None,
                        many,
                        valid,
                    }),
                    Some(place) => {
                        let put = Put::Text(format!(" AS {written}"));
                        self.edits.push(Edit {
                            span: Span::at(place),
                            put,
                        });
                        Some(Handle {
                            one: None,
                            many: Put::Text(written),
                            valid: Vec::new(),
                        })
                    }
                    None => {
                        let table = self
                            .table_ident(id)
                            .map(|i| i.print(self.dialect))
                            .unwrap_or_else(|| text.clone());
                        Some(Handle {
                            one: Some(Put::Text(table)),
                            many,
                            valid,
                        })
                    }
                }
            }
            (Some(Target::Cte(model)), Some(place)) => {
                let put = Put::AliasOfCte {
                    model: *model,
                    alias: last.ident.clone(),
                    written: written.clone(),
                };
                self.edits.push(Edit {
                    span: Span::at(place),
                    put,
                });
                Some(Handle {
                    one: None,
                    many: Put::Text(written),
                    valid: Vec::new(),
                })
            }
            (Some(Target::Cte(model)), None) => Some(Handle {
                one: Some(Put::Cte(*model)),
                many: Put::Cte(*model),
                valid: Vec::new(),
            }),
        };
        let chains = self.chains(id, name);
        self.items.entry(key).or_default().push(Item {
            owner,
            chains,
            handle,
        });
    }

    /// The physical table's own name.
    fn table_ident(&self, id: FromId) -> Option<&'a Ident> {
        let index = *self.refs.get(&id)?;
        match self
            .model
            .inputs
            .get(*self.model.ref_inputs.get(index)? as usize)?
        {
            InputRelation::Own => Some(&self.model.target.table),
            InputRelation::Model(m) => self.snapshot.models.get(*m as usize).map(|m| &m.target.table),
            InputRelation::Source(s) => self.snapshot.sources.get(*s as usize).map(|s| &s.name.table),
        }
    }

    /// What may stand before the last part in a qualifier: the written parts, the catalog and schema of the relation as
    /// configured and as they are.
    fn chains(&self, id: FromId, name: &[Name]) -> Vec<Vec<SmolStr>> {
        let mut chains = vec![keys(
            name.iter().map(|n| &n.ident).take(name.len().saturating_sub(1)),
            self.dialect,
        )];
        let Some(index) = self.refs.get(&id) else {
            return chains;
        };
        let input = self
            .model
            .ref_inputs
            .get(*index)
            .and_then(|i| self.model.inputs.get(*i as usize));
        let mut physical = |name: &RelationName| {
            let key = self.snapshot.names.full(name).key(self.dialect);
            chains.push(vec![key.catalog, key.schema]);
        };
        let model = match input {
            Some(InputRelation::Own) => Some(self.model),
            Some(InputRelation::Model(m)) => self.snapshot.models.get(*m as usize).map(|m| &**m),
            Some(InputRelation::Source(s)) => {
                if let Some(source) = self.snapshot.sources.get(*s as usize) {
                    physical(&source.name);
                }
                None
            }
            None => None,
        };
        if let Some(model) = model {
            physical(&model.target);
            let [catalog, schema, _] = &model.target_parts;
            let configured = [catalog, schema]
                .into_iter()
                .map(|part| Ident::from_config(self.dialect, part));
            chains.push(keys(configured, self.dialect));
        }
        chains
    }

    /// Rewrite the qualifiers that the changes make invalid.
    fn qualifiers(&mut self) {
        let mut edits = Vec::new();
        for expr in &self.ast.exprs {
            match &expr.kind {
                ExprKind::Column(path) => self.qualifier(path, path.len().saturating_sub(1), &mut edits),
                ExprKind::Star(star) => self.star(star, &mut edits),
                _ => {}
            }
        }
        for query in &self.ast.queries {
            if let Body::Select(select) = &query.body {
                for item in &select.items {
                    if let SelectItem::Star(star) = item {
                        self.star(star, &mut edits);
                    }
                }
            }
        }
        self.edits.append(&mut edits);
    }

    fn star(&self, star: &Star, edits: &mut Vec<Edit>) {
        self.qualifier(&star.qualifier, star.qualifier.len(), edits);
        for path in star
            .exclude
            .iter()
            .chain(star.rename.iter().map(|(path, _)| path))
        {
            self.qualifier(path, path.len().saturating_sub(1), edits);
        }
    }

    /// At most the first `longest` parts are a qualifier.
    fn qualifier(&self, path: &[Name], longest: usize, edits: &mut Vec<Edit>) {
        let longest = longest.min(3);
        if longest == 0 {
            return;
        }
        let parts = keys(path.iter().map(|n| &n.ident).take(longest), self.dialect);
        let place = path_span(path);
        // The innermost query that knows the name, there the longest qualifier.
        let mut best: Option<(u32, usize, &Item)> = None;
        for n in (1..=longest).rev() {
            let Some((alias, before)) = parts.get(..n).and_then(|p| p.split_last()) else {
                continue;
            };
            for item in self.items.get(alias).into_iter().flatten() {
                let fits = before.is_empty() || item.chains.iter().any(|c| c.ends_with(before));
                if fits && item.owner.contains(place) && best.is_none_or(|(len, _, _)| item.owner.len() < len)
                {
                    best = Some((item.owner.len(), n, item));
                }
            }
        }
        let Some((
            _,
            n,
            Item {
                handle: Some(handle), ..
            },
        )) = best
        else {
            return;
        };
        let put = match n {
            1 => handle.one.as_ref(),
            _ => Some(&handle.many).filter(|_| !handle.valid.ends_with(parts.get(..n).unwrap_or(&[]))),
        };
        if let (Some(put), Some(qualifier)) = (put, path.get(..n)) {
            edits.push(Edit {
                span: path_span(qualifier),
                put: put.clone(),
            });
        }
    }
}

fn alias_of(kind: &FromKind) -> Option<&TableAlias> {
    match kind {
        FromKind::Table { alias, .. }
        | FromKind::File { alias, .. }
        | FromKind::Derived { alias, .. }
        | FromKind::Function { alias, .. }
        | FromKind::Paren { alias, .. }
        | FromKind::Pivot { alias, .. }
        | FromKind::Unpivot { alias, .. } => alias.as_ref(),
        FromKind::Join { .. } | FromKind::Error => None,
    }
}
