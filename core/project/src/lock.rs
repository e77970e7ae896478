//! `schema.lock` in a compile: its facts, and what changed since it was written.
//!
//! A locked relation is known as the file says, whatever the warehouse has become: a compile without a warehouse and one
//! beside it agree. That the two have drifted apart is seen here as data ([`drift`]) with what it reaches downstream
//! ([`reach`]); writing the file anew is the only way to follow.

use crate::discover::FilePath;
use crate::hash::Hasher128;
use crate::lineage::Node;
use crate::load::{Reader, Recorder};
use crate::snapshot::{InputRelation, Snapshot};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, FileId, Ident, Loc, SmolStr, Span};
use rocky_config::{LockConfig, LockedColumn, LockedRelation, Parsed, Spanned};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{CatalogSnapshot, Column, RelationName, Type, Widening, widening};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The file's name, beside `rocky.toml`.
pub const LOCK_FILE: &str = "schema.lock";

/// What is written for a type that has no spelling of its own.
const UNKNOWN: &str = "UNKNOWN";

/// The file as it was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its number, which is in its places.
    pub file: FileId,
    /// Hash of its text.
    pub hash: u128,
    /// Its content.
    pub parsed: Arc<Parsed<LockConfig>>,
    /// The dialect of the columns.
    dialect: Dialect,
    /// Columns of the relations, in their order.
    columns: Arc<[Arc<[Column]>]>,
}

impl Loaded {
    /// The relations with their columns.
    pub fn relations(&self) -> impl Iterator<Item = (&LockedRelation, &Arc<[Column]>)> {
        self.parsed.value.relations.iter().zip(self.columns.iter())
    }
}

/// Read the file; nothing when there is none.
pub(crate) fn load(
    reader: &Reader<'_>,
    root: &Path,
    dialect: Dialect,
    recorder: &mut Recorder<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Loaded> {
    let path = FilePath::new(root.join(LOCK_FILE), LOCK_FILE.into());
    if !reader.system.exists(&path.path()) {
        return None;
    }
    let (file, read) = recorder.read(reader, &path);
    if let Some(problem) = read.problem {
        diagnostics.push(*problem);
        return None;
    }
    let old = recorder.memo.lock.as_ref();
    let same = |old: &&Loaded| old.file == file && old.hash == read.hash && old.dialect == dialect;
    let loaded = match old.filter(same) {
        Some(old) => old.clone(),
        None => {
            let parsed = rocky_config::parse_lock(file, read.source.text());
            let relations = parsed.value.relations.iter();
            Loaded {
                file,
                hash: read.hash,
                dialect,
                columns: relations.map(|r| columns(dialect, r).0.into()).collect(),
                parsed: Arc::new(parsed),
            }
        }
    };
    diagnostics.extend(loaded.parsed.diagnostics.iter().cloned());
    Some(loaded)
}

/// The name of a locked relation. Its letters are exact.
pub(crate) fn name(relation: &LockedRelation) -> RelationName {
    RelationName {
        catalog: relation.catalog.clone().map(Ident::quoted),
        schema: relation.schema.clone().map(Ident::quoted),
        table: Ident::quoted(relation.table.value.clone()),
    }
}

/// Its columns, and the types among them that are none.
pub(crate) fn columns(dialect: Dialect, relation: &LockedRelation) -> (Vec<Column>, Vec<Spanned<SmolStr>>) {
    let mut wrong = Vec::new();
    let columns = relation
        .columns
        .iter()
        .map(|c| {
            let ty = match c.r#type.as_str() {
                UNKNOWN => Type::Unknown,
                text => Type::parse(dialect, text).unwrap_or_else(|| {
                    wrong.push(c.r#type.clone());
                    Type::Unknown
                }),
            };
            Column {
                name: c.name.value.clone(),
                ty,
                nullable: c.nullable,
            }
        })
        .collect();
    (columns, wrong)
}

/// The hash of what a relation says: columns in order, with types, nullability and comments.
pub fn hash(relation: &LockedRelation) -> SmolStr {
    let mut hasher = Hasher128::new();
    let optional = |hasher: &mut Hasher128, text: &Option<SmolStr>| {
        hasher.u32(u32::from(text.is_some()));
        hasher.str(text.as_deref().unwrap_or_default());
    };
    optional(&mut hasher, &relation.comment);
    for column in &relation.columns {
        hasher
            .str(&column.name.value)
            .str(&column.r#type.value)
            .u32(u32::from(column.nullable));
        optional(&mut hasher, &column.comment);
    }
    // Half of it tells two versions of one relation apart, and is short enough for a review.
    SmolStr::new(format!("{:016x}", (hasher.finish() >> 64) as u64))
}

/// How a relation differs from its locked form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A column that was not there.
    Added {
        /// Its type.
        ty: Type,
        /// May hold NULL.
        nullable: bool,
    },
    /// A column that is gone.
    Removed {
        /// Its type.
        ty: Type,
    },
    /// Another type.
    Retyped {
        /// The locked one.
        from: Type,
        /// The present one.
        to: Type,
        /// What it does to the values.
        widening: Widening,
    },
    /// It may hold NULL now, or may no longer.
    Nullability {
        /// Now.
        nullable: bool,
    },
    /// Another comment.
    Comment {
        /// The locked one.
        from: Option<SmolStr>,
        /// The present one.
        to: Option<SmolStr>,
    },
    /// Its place among the others: `SELECT *` and positional set operations see it.
    Moved,
}

/// A change of one column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColumnChange {
    /// Its name, as it is now where it is there.
    pub column: SmolStr,
    /// What.
    pub change: Change,
}

/// How columns differ, in the order of the old ones, the new ones after them.
pub fn changes(dialect: Dialect, old: &[Column], new: &[Column]) -> Vec<ColumnChange> {
    let key = |name: &str| dialect.fold(name, true, IdentKind::Column);
    let now: FxHashMap<SmolStr, (usize, &Column)> = new
        .iter()
        .enumerate()
        .map(|(i, c)| (key(&c.name), (i, c)))
        .collect();
    let before: FxHashMap<SmolStr, ()> = old.iter().map(|c| (key(&c.name), ())).collect();
    let mut found = Vec::new();
    let mut push = |column: &SmolStr, change| {
        found.push(ColumnChange {
            column: column.clone(),
            change,
        });
    };
    let mut last = None;
    let mut moved = None;
    for column in old {
        let Some((at, present)) = now.get(&key(&column.name)) else {
            push(
                &column.name,
                Change::Removed {
                    ty: column.ty.clone(),
                },
            );
            continue;
        };
        if present.ty != column.ty {
            push(
                &present.name,
                Change::Retyped {
                    from: column.ty.clone(),
                    to: present.ty.clone(),
                    widening: widening(dialect, &column.ty, &present.ty),
                },
            );
        }
        if present.nullable != column.nullable {
            let nullable = present.nullable;
            push(&present.name, Change::Nullability { nullable });
        }
        if last.is_some_and(|l| *at < l) && moved.is_none() {
            moved = Some(present.name.clone());
        }
        last = Some(*at);
    }
    for column in new.iter().filter(|c| !before.contains_key(&key(&c.name))) {
        push(
            &column.name,
            Change::Added {
                ty: column.ty.clone(),
                nullable: column.nullable,
            },
        );
    }
    // One finding: which of two columns that changed places has moved is a matter of taste.
    if let Some(column) = moved {
        push(&column, Change::Moved);
    }
    found
}

/// One line about some changes: the first, and how many more.
pub(crate) fn summary(dialect: Dialect, changes: &[ColumnChange]) -> String {
    let Some((first, rest)) = changes.split_first() else {
        return String::new();
    };
    let column = &first.column;
    let mut text = match &first.change {
        Change::Added { .. } => format!("column `{column}` is new"),
        Change::Removed { .. } => format!("column `{column}` is gone"),
        Change::Retyped { from, to, .. } => {
            let name = |ty: &Type| spelling(dialect, ty);
            format!("column `{column}` is {}, was {}", name(to), name(from))
        }
        Change::Nullability { nullable: true } => format!("column `{column}` may be NULL now"),
        Change::Nullability { nullable: false } => format!("column `{column}` may no longer be NULL"),
        Change::Comment { .. } => format!("column `{column}` has another comment"),
        Change::Moved => format!("column `{column}` has moved"),
    };
    if !rest.is_empty() {
        text.push_str(&format!(", and {} more", rest.len()));
    }
    text
}

/// How a relation that is read stands to the lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Drift {
    /// It is read and not locked.
    NotLocked,
    /// It is locked, and proved to be gone.
    Missing,
    /// Its columns differ.
    Changed(Vec<ColumnChange>),
}

/// The new lock of a project, what is different in it, and sources that are not in the catalogue.
pub struct Relock {
    /// What to write.
    pub lock: LockConfig,
    /// Relations by index into [`Snapshot::sources`], with what is different.
    pub drift: Vec<(u32, Drift)>,
    /// Sources that are read and were not found; index into [`Snapshot::sources`].
    pub missing: Vec<u32>,
}

/// Lock what a project reads as the catalogue has it. What did not change keeps its time.
pub fn relock(snapshot: &Snapshot, previous: &LockConfig, catalog: &CatalogSnapshot) -> Relock {
    let dialect = snapshot.dialect;
    let full = |name: &RelationName| snapshot.names.full(name);
    let old: FxHashMap<_, &LockedRelation> = previous
        .relations
        .iter()
        .map(|r| (full(&name(r)).key(dialect), r))
        .collect();
    let mut result = Relock {
        lock: LockConfig::default(),
        drift: Vec::new(),
        missing: Vec::new(),
    };
    let mut kept = rustc_hash::FxHashSet::default();
    for (index, source) in (0u32..).zip(snapshot.sources.iter()) {
        if source.name.schema.is_none() {
            // A file has no columns that could be pinned apart from its contents.
            continue;
        }
        let key = source.name.key(dialect);
        let before = old.get(&key).copied();
        kept.insert(key);
        let relation = match catalog.lookup(&source.name) {
            Lookup::Found(relation) => relation,
            Lookup::Absent => {
                result.missing.push(index);
                if before.is_some() {
                    result.drift.push((index, Drift::Missing));
                }
                continue;
            }
            Lookup::Unknown => {
                result.missing.push(index);
                result.lock.relations.extend(before.cloned());
                continue;
            }
        };
        let mut locked = locked(snapshot, &source.name, relation, catalog);
        match before {
            None => result.drift.push((index, Drift::NotLocked)),
            Some(before) => {
                let was = columns(dialect, before).0;
                let mut found = changes(dialect, &was, &columns(dialect, &locked).0);
                found.extend(comments(dialect, before, &locked));
                if found.is_empty() && before.comment == locked.comment {
                    locked.fetched_at = before.fetched_at;
                } else {
                    result.drift.push((index, Drift::Changed(found)));
                }
            }
        }
        result.lock.relations.push(locked);
    }
    // Of a model that could not be parsed it is not known what it reads.
    if snapshot.models.iter().any(|m| m.unit.broken()) {
        let others = previous.relations.iter();
        let others = others.filter(|r| !kept.contains(&full(&name(r)).key(dialect)));
        result.lock.relations.extend(others.cloned());
    }
    result
}

fn locked(
    snapshot: &Snapshot,
    name: &RelationName,
    relation: &rocky_warehouse::Relation,
    catalog: &CatalogSnapshot,
) -> LockedRelation {
    let dialect = snapshot.dialect;
    let nowhere = |value: SmolStr| Spanned::new(value, Loc::text(Span::at(0)));
    let comments = catalog.comments.get(&relation.name.key(catalog.dialect));
    let is_default = snapshot.names.full(&RelationName {
        catalog: None,
        ..name.clone()
    });
    let is_default = is_default.key(dialect) == name.key(dialect);
    let part = |p: &Option<Ident>| p.as_ref().map(|i| i.text.clone());
    let columns = relation.columns.iter().enumerate().map(|(i, c)| LockedColumn {
        name: nowhere(c.name.clone()),
        r#type: nowhere(SmolStr::new(spelling(dialect, &c.ty))),
        nullable: c.nullable,
        comment: comments.and_then(|all| all.columns.get(&i).cloned()),
    });
    let mut locked = LockedRelation {
        // The default catalog is left out: the file of a DuckDB database may be renamed, and another environment has
        // another one.
        catalog: part(&relation.name.catalog).filter(|_| !is_default),
        schema: part(&relation.name.schema),
        table: nowhere(relation.name.table.text.clone()),
        fetched_at: catalog.taken_at,
        hash: None,
        comment: comments.and_then(|all| all.relation.clone()),
        columns: columns.collect(),
    };
    locked.hash = Some(nowhere(hash(&locked)));
    locked
}

/// A type as the file spells it: one that would not be read back as it is has no spelling.
fn spelling(dialect: Dialect, ty: &Type) -> String {
    let text = ty.print(dialect);
    if !ty.has_unknown() && Type::parse(dialect, &text).as_ref() == Some(ty) {
        text
    } else {
        UNKNOWN.to_owned()
    }
}

fn comments<'a>(
    dialect: Dialect,
    old: &'a LockedRelation,
    new: &'a LockedRelation,
) -> impl Iterator<Item = ColumnChange> + use<'a> {
    let key = move |c: &LockedColumn| dialect.fold(&c.name.value, true, IdentKind::Column);
    let before: FxHashMap<SmolStr, &LockedColumn> = old.columns.iter().map(|c| (key(c), c)).collect();
    new.columns.iter().filter_map(move |column| {
        let was = before.get(&key(column))?;
        (was.comment != column.comment).then(|| ColumnChange {
            column: column.name.value.clone(),
            change: Change::Comment {
                from: was.comment.clone(),
                to: column.comment.clone(),
            },
        })
    })
}

/// What a changed column reaches in one model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reached {
    /// The model.
    pub model: u32,
    /// Its columns that are computed from it, in order.
    pub columns: Vec<SmolStr>,
    /// It decides about the model's rows (a filter, a join).
    pub rows: bool,
}

/// For each of some columns of sources: the models downstream that it reaches, in their order. Costs the edges of the
/// models that are reached, whatever the number of columns asked for.
pub fn reach(snapshot: &Snapshot, of: &[(u32, SmolStr)]) -> Vec<Vec<Reached>> {
    let mut found: Vec<Vec<Reached>> = of.iter().map(|_| Vec::new()).collect();
    let mut behind: FxHashMap<Node, FxHashMap<SmolStr, Vec<usize>>> = FxHashMap::default();
    for (index, (source, column)) in of.iter().enumerate() {
        let columns = behind.entry(Node::Source(*source)).or_default();
        columns
            .entry(snapshot.fold_column(column))
            .or_default()
            .push(index);
    }
    for id in &snapshot.order.order {
        let Some(model) = snapshot.models.get(*id as usize) else {
            continue;
        };
        let nodes: Vec<Option<Node>> = model
            .inputs
            .iter()
            .map(|input| match input {
                InputRelation::Model(m) => Some(Node::Model(*m)),
                InputRelation::Source(s) => Some(Node::Source(*s)),
                InputRelation::Own => None,
            })
            .collect();
        if !nodes.iter().flatten().any(|n| behind.contains_key(n)) {
            continue;
        }
        let from = |relation: u32, column: &str| -> &[usize] {
            let node = nodes.get(relation as usize).copied().flatten();
            let columns = node.and_then(|n| behind.get(&n));
            columns
                .and_then(|c| c.get(&snapshot.fold_column(column)))
                .map_or(&[], Vec::as_slice)
        };
        let mut here: BTreeMap<usize, Reached> = BTreeMap::new();
        let new = || Reached {
            model: *id,
            columns: Vec::new(),
            rows: false,
        };
        let mut out: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
        for column in &model.analysis().columns {
            let mut all: Vec<usize> = column
                .sources
                .iter()
                .flat_map(|s| from(s.relation, &s.column).iter().copied())
                .collect();
            all.sort_unstable();
            all.dedup();
            for index in &all {
                here.entry(*index)
                    .or_insert_with(new)
                    .columns
                    .push(column.name.clone());
            }
            if !all.is_empty() {
                out.insert(snapshot.fold_column(&column.name), all);
            }
        }
        for influence in &model.analysis().influences {
            for index in from(influence.relation, &influence.column) {
                here.entry(*index).or_insert_with(new).rows = true;
            }
        }
        for (index, reached) in here {
            if let Some(list) = found.get_mut(index) {
                list.push(reached);
            }
        }
        if !out.is_empty() {
            behind.insert(Node::Model(*id), out);
        }
    }
    found
}
