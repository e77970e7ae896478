//! Scopes: the relations that a SELECT sees, and the lookup of names in them.
//!
//! A scope holds the bindings of its FROM clause in order of text, and knows its parent (the query around it). A name is
//! looked up innermost first. Lookup is silent and changes nothing; who asks reports. A relation whose columns are
//! not all known never makes a name an error: it may have the column.

use super::lineage::{Cause, Set};
use rocky_base::{SmolStr, Span};
use rocky_warehouse::Type;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::OnceCell;
use std::rc::Rc;

/// Where a column's value comes from.
#[derive(Clone, Debug)]
pub(super) enum Src {
    /// It is a column of a relation outside the query.
    Base(u32),
    /// It was computed by a part of the query.
    Set(Set),
    /// The query made a struct of it.
    Struct(Rc<Parts>),
}

/// A struct whose fields have sources of their own.
#[derive(Debug)]
pub(super) struct Parts {
    /// Of the struct as a whole.
    pub(super) all: Set,
    pub(super) fields: Fields,
}

/// Fields and their sources.
pub(super) type Fields = Rc<[(SmolStr, Src)]>;

impl Src {
    /// The sources; `None` for a column of a relation outside.
    pub(super) fn set(&self) -> Option<&Set> {
        match self {
            Src::Base(_) => None,
            Src::Set(set) => Some(set),
            Src::Struct(parts) => Some(&parts.all),
        }
    }

    /// Those of a field.
    pub(super) fn field(&self, name: &str) -> Option<&Src> {
        match self {
            Src::Struct(parts) => {
                let found = parts.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
                found.map(|(_, src)| src)
            }
            _ => None,
        }
    }
}

/// A column of a binding.
#[derive(Clone, Debug)]
pub(super) struct Col {
    /// As spelled.
    pub(super) name: SmolStr,
    /// Folded.
    pub(super) key: SmolStr,
    pub(super) ty: Type,
    pub(super) nullable: bool,
    pub(super) src: Src,
    /// Why the type is not known, if the query knows.
    pub(super) cause: Cause,
}

/// Columns with an index by name; shared between the reads of one CTE.
#[derive(Default, Debug)]
pub(super) struct Columns {
    pub(super) list: Vec<Col>,
    index: OnceCell<FxHashMap<SmolStr, Vec<u32>>>,
}

/// Below this number a scan is faster than a hash table.
const SCAN: usize = 12;

impl Columns {
    pub(super) fn new(list: Vec<Col>) -> Columns {
        Columns {
            list,
            index: OnceCell::new(),
        }
    }

    /// The columns of that folded name; calls `hit` for each.
    pub(super) fn find(&self, key: &str, mut hit: impl FnMut(usize)) {
        if self.list.len() <= SCAN {
            self.list
                .iter()
                .enumerate()
                .filter(|(_, c)| c.key == key)
                .for_each(|(i, _)| hit(i));
            return;
        }
        let index = self.index.get_or_init(|| {
            let mut index: FxHashMap<SmolStr, Vec<u32>> = FxHashMap::default();
            for (i, col) in self.list.iter().enumerate() {
                index.entry(col.key.clone()).or_default().push(i as u32);
            }
            index
        });
        index
            .get(key)
            .into_iter()
            .flatten()
            .for_each(|i| hit(*i as usize));
    }
}

/// A relation bound in a FROM clause.
#[derive(Clone, Debug)]
pub(super) struct Rel {
    /// Folded alias (or last part of the name); empty when it has none.
    pub(super) alias: SmolStr,
    /// For messages.
    pub(super) display: SmolStr,
    /// The alias or name in the text.
    pub(super) span: Span,
    /// Folded parts that may stand before the alias in a qualifier, outermost first. Empty under an explicit alias.
    pub(super) qualifiers: Vec<SmolStr>,
    pub(super) columns: Rc<Columns>,
    /// All columns are known.
    pub(super) complete: bool,
    /// The outside relation that an unlisted column must belong to, when there is only one.
    pub(super) unlisted: Option<u32>,
    /// The outside relation it is, when it is one.
    pub(super) relation: Option<u32>,
    /// On the optional side of an outer join.
    pub(super) outer: bool,
    /// Columns proved not null by a join condition or WHERE.
    pub(super) proved: FxHashSet<u32>,
}

/// A column merged by USING or NATURAL.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    /// Indexes of the relations whose columns it merges, and of the columns.
    pub(super) members: Vec<(u32, u32)>,
    pub(super) col: Col,
}

/// A found column: of a relation, or merged (`rel` is [`ColRef::MERGED`]).
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ColRef {
    /// Index in the scope stack.
    pub(super) scope: u32,
    pub(super) rel: u32,
    pub(super) col: u32,
}

impl ColRef {
    pub(super) const MERGED: u32 = u32::MAX;
}

/// What the alias of a SELECT item stands for.
#[derive(Clone, Debug)]
pub(super) struct AliasValue {
    /// Index into the scope's items.
    pub(super) item: u32,
}

/// Result of evaluating a SELECT item, as an alias reference sees it.
#[derive(Clone, Debug)]
pub(super) struct ItemValue {
    pub(super) expr: rocky_syntax::ast::ExprId,
    pub(super) ty: Type,
    pub(super) nullable: bool,
    pub(super) sources: Set,
    pub(super) cause: Cause,
    pub(super) aggregate: bool,
    pub(super) window: bool,
}

/// One level of names.
#[derive(Default, Debug)]
pub(super) struct Scope {
    /// Distinguishes scopes that take the same place on the stack one after the other.
    pub(super) uid: u32,
    pub(super) rels: Vec<Rel>,
    /// Folded alias to relations.
    by_alias: FxHashMap<SmolStr, Vec<u32>>,
    /// Folded name to columns of all relations; built when there are many relations.
    by_name: Option<ByName>,
    /// Relations that are not complete.
    incomplete: Vec<u32>,
    pub(super) merged: Vec<Merged>,
    merged_of: FxHashMap<(u32, u32), u32>,
    /// Merged columns of a FULL JOIN: whichever side is not NULL.
    pub(super) full: FxHashSet<u32>,
    /// Parent in the scope stack.
    pub(super) parent: Option<u32>,
    /// Names of relations before this index are looked up only when nothing else is found (an ON clause sees its own
    /// join first).
    pub(super) visible_from: u32,
    /// Queries inside FROM do not see these relations (no implicit LATERAL in this dialect).
    pub(super) barrier: bool,
    /// Folded item alias to item.
    pub(super) aliases: FxHashMap<SmolStr, AliasValue>,
    pub(super) items: Vec<ItemValue>,
    /// An aggregate was used outside WHERE and the like: its place.
    pub(super) aggregate: Option<Span>,
    pub(super) window: bool,
    /// An alias bound twice: the second place and the first. An error as soon as somebody asks for it.
    pub(super) clash: Option<(Span, Span)>,
    /// There are grouping keys that make the empty group impossible.
    pub(super) keyed: bool,
    /// A merged column hides all others of its name (DuckDB), not only its members.
    merged_wins: bool,
}

/// A column under its name: the relation that decides about visibility, and the reference without its scope.
type Named = (u32, (u32, u32));
type ByName = FxHashMap<SmolStr, Vec<Named>>;

/// Relations up to which a lookup asks each one.
const FEW: usize = 8;

/// What an unqualified or qualified lookup found in one scope.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing of that name, and every relation is completely known.
    Nothing,
    /// One column.
    One(ColRef),
    /// Several.
    Many(Vec<ColRef>),
    /// Nothing, but these relations may have it.
    Maybe(Vec<u32>),
}

impl Scope {
    /// An empty scope.
    pub(super) fn new(uid: u32, parent: Option<u32>, merged_wins: bool) -> Scope {
        Scope {
            uid,
            parent,
            merged_wins,
            ..Scope::default()
        }
    }

    /// Bind a relation.
    pub(super) fn push(&mut self, rel: Rel) {
        let index = self.rels.len() as u32;
        if !rel.alias.is_empty() {
            self.by_alias.entry(rel.alias.clone()).or_default().push(index);
        }
        if !rel.complete {
            self.incomplete.push(index);
        }
        if let Some(by_name) = &mut self.by_name {
            add_names(by_name, index, &rel);
        }
        self.rels.push(rel);
        if self.by_name.is_none() && self.rels.len() > FEW {
            let mut by_name = ByName::default();
            for (i, rel) in self.rels.iter().enumerate() {
                add_names(&mut by_name, i as u32, rel);
            }
            for index in 0..self.merged.len() as u32 {
                self.merged
                    .get(index as usize)
                    .iter()
                    .for_each(|m| hide_members(&mut by_name, index, m));
            }
            self.by_name = Some(by_name);
        }
    }

    /// Forget the relations from `len` on (the hidden side of SEMI and ANTI joins).
    pub(super) fn truncate(&mut self, len: usize) {
        let keep = |i: &u32| (*i as usize) < len;
        for rel in self.rels.drain(len..) {
            if let Some(list) = self.by_alias.get_mut(&rel.alias) {
                list.retain(keep);
            }
            if let Some(by_name) = &mut self.by_name {
                for col in &rel.columns.list {
                    if let Some(list) = by_name.get_mut(&col.key) {
                        list.retain(|(r, _)| keep(r));
                    }
                }
            }
        }
        self.incomplete.retain(keep);
        self.merged_of.retain(|(r, _), _| keep(r));
        for merged in &mut self.merged {
            merged.members.retain(|(r, _)| keep(r));
        }
    }

    pub(super) fn add_merged(&mut self, merged: Merged) {
        let index = self.merged.len() as u32;
        for member in &merged.members {
            self.merged_of.insert(*member, index);
        }
        if let Some(by_name) = &mut self.by_name {
            hide_members(by_name, index, &merged);
        }
        self.merged.push(merged);
    }

    /// Another member for a merged column, which changes its type and sources.
    pub(super) fn extend_merged(&mut self, index: u32, member: (u32, u32), col: Col) {
        if let Some(list) = self.by_name.as_mut().and_then(|b| b.get_mut(&col.key)) {
            list.retain(|(_, place)| *place != member);
        }
        if let Some(merged) = self.merged.get_mut(index as usize) {
            merged.members.push(member);
            merged.col = col;
            self.merged_of.insert(member, index);
        }
    }

    /// Whether a merged column is made of both sides.
    pub(super) fn coalesced(&self, merged: u32) -> bool {
        self.full.contains(&merged)
    }

    /// Merged columns on the optional side of a join.
    pub(super) fn make_merged_outer(&mut self, range: std::ops::Range<usize>) {
        for merged in self.merged.get_mut(range).into_iter().flatten() {
            merged.col.nullable = true;
        }
    }

    /// The merged column that has the member.
    pub(super) fn merged_with(&self, member: (u32, u32)) -> Option<u32> {
        self.merged_of.get(&member).copied()
    }

    /// The column behind a reference into this scope.
    pub(super) fn col(&self, found: ColRef) -> Option<&Col> {
        if found.rel == ColRef::MERGED {
            self.merged.get(found.col as usize).map(|m| &m.col)
        } else {
            self.rels
                .get(found.rel as usize)?
                .columns
                .list
                .get(found.col as usize)
        }
    }

    /// Whether the column behind a reference may be NULL here.
    pub(super) fn nullable(&self, found: ColRef) -> bool {
        match self.col(found) {
            Some(col) if found.rel == ColRef::MERGED => col.nullable,
            Some(col) => self
                .rels
                .get(found.rel as usize)
                .is_none_or(|rel| (col.nullable || rel.outer) && !rel.proved.contains(&found.col)),
            None => true,
        }
    }

    /// The columns of that folded name among the relations `range`, merged ones counted once.
    pub(super) fn matches(&self, scope: u32, key: &str, range: std::ops::Range<u32>) -> Vec<ColRef> {
        let mut out: Vec<ColRef> = Vec::new();
        if let Some(by_name) = &self.by_name {
            let named = by_name
                .get(key)
                .into_iter()
                .flatten()
                .filter(|(r, _)| range.contains(r));
            out.extend(named.map(|(_, (rel, col))| ColRef {
                scope,
                rel: *rel,
                col: *col,
            }));
            self.hide_by_merged(&mut out);
            return out;
        }
        for r in range {
            let Some(rel) = self.rels.get(r as usize) else {
                continue;
            };
            rel.columns.find(key, |c| {
                let found = match self.merged_with((r, c as u32)) {
                    Some(m) => ColRef {
                        scope,
                        rel: ColRef::MERGED,
                        col: m,
                    },
                    None => ColRef {
                        scope,
                        rel: r,
                        col: c as u32,
                    },
                };
                if !out.contains(&found) {
                    out.push(found);
                }
            });
        }
        self.hide_by_merged(&mut out);
        out
    }

    /// In `a JOIN b USING (id), c` DuckDB's `id` is the merged column, whatever else `c` has.
    fn hide_by_merged(&self, found: &mut Vec<ColRef>) {
        if self.merged_wins && found.len() > 1 && found.iter().any(|f| f.rel == ColRef::MERGED) {
            found.retain(|f| f.rel == ColRef::MERGED);
        }
    }

    /// Relations among `range` whose columns are not all known.
    pub(super) fn incomplete(&self, range: std::ops::Range<u32>) -> Vec<u32> {
        self.incomplete
            .iter()
            .copied()
            .filter(|r| range.contains(r))
            .collect()
    }

    /// An unqualified name.
    pub(super) fn unqualified(&self, scope: u32, key: &str) -> Found {
        let len = self.rels.len() as u32;
        let mut maybe = Vec::new();
        for range in [self.visible_from..len, 0..self.visible_from] {
            if range.is_empty() {
                continue;
            }
            let mut matches = self.matches(scope, key, range.clone());
            match (matches.len(), matches.pop()) {
                (1, Some(one)) => return Found::One(one),
                (_, Some(last)) => {
                    matches.push(last);
                    return Found::Many(matches);
                }
                _ => maybe.extend(self.incomplete(range)),
            }
        }
        if maybe.is_empty() {
            Found::Nothing
        } else {
            Found::Maybe(maybe)
        }
    }

    /// The relations that a qualifier (folded parts, outermost first) names.
    pub(super) fn qualified(&self, parts: &[SmolStr]) -> Vec<u32> {
        let Some((alias, before)) = parts.split_last() else {
            return Vec::new();
        };
        let Some(list) = self.by_alias.get(alias) else {
            return Vec::new();
        };
        list.iter()
            .copied()
            .filter(|r| {
                self.rels
                    .get(*r as usize)
                    .is_some_and(|rel| rel.qualifiers.ends_with(before))
            })
            .collect()
    }

    /// Relations already bound under that alias.
    pub(super) fn aliased(&self, alias: &str) -> &[u32] {
        self.by_alias.get(alias).map_or(&[], Vec::as_slice)
    }
}

fn add_names(by_name: &mut ByName, index: u32, rel: &Rel) {
    for (c, col) in rel.columns.list.iter().enumerate() {
        by_name
            .entry(col.key.clone())
            .or_default()
            .push((index, (index, c as u32)));
    }
}

/// One entry for a merged column in the place of its members.
fn hide_members(by_name: &mut ByName, index: u32, merged: &Merged) {
    let Some((first, _)) = merged.members.first() else {
        return;
    };
    let list = by_name.entry(merged.col.key.clone()).or_default();
    list.retain(|(_, place)| !merged.members.contains(place));
    list.push((*first, (ColRef::MERGED, index)));
}
