//! Columns side by side: classes, and the reasons behind them.

use super::meaning::{Meanings, Pair, Side, strategy};
use super::spread::Change;
use super::{
    ColumnClass, ColumnDiff, ColumnState, Definition, EdgeChange, ModelChange, ModelDiff, Reason, SourceDiff,
};
use crate::snapshot::{InputRelation, Model, Snapshot, Source};
use rocky_base::{Dialect, SmolStr};
use rocky_semantic::OutputColumn;
use rocky_semantic::normal::{Digest, Normal, Relation};
use rocky_warehouse::{Type, Widening, widening};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::sync::Arc;

/// The class of a column that both sides have.
fn class(dialect: Dialect, old: &ColumnState, new: &ColumnState, values_may_differ: bool) -> ColumnClass {
    match widening(dialect, &old.ty, &new.ty) {
        Widening::Safe => return ColumnClass::Widened,
        Widening::Narrowing => return ColumnClass::Narrowed,
        Widening::Incompatible if is_wider(&old.ty, &new.ty) => return ColumnClass::Widened,
        Widening::Incompatible => return ColumnClass::Retyped,
        Widening::Identical | Widening::Unknown => {}
    }
    // Of a value whose type cannot be told any more it is not known either whether it may be NULL.
    let told = old.ty.is_unknown() || !new.ty.is_unknown();
    if told && old.nullable != new.nullable {
        ColumnClass::Nullability
    } else if values_may_differ {
        ColumnClass::ValuesMayDiffer
    } else {
        ColumnClass::Identical
    }
}

/// Every value of `old` is a value of `new`, of the same kind and as exact, though the warehouse may not change the column in
/// place: an integer to a larger one, digits added on both sides of the point.
fn is_wider(old: &Type, new: &Type) -> bool {
    let bits = |ty: &Type| match ty {
        Type::Int8 => Some((true, 8)),
        Type::Int16 => Some((true, 16)),
        Type::Int32 => Some((true, 32)),
        Type::Int64 => Some((true, 64)),
        Type::Int128 => Some((true, 128)),
        Type::UInt8 => Some((false, 8)),
        Type::UInt16 => Some((false, 16)),
        Type::UInt32 => Some((false, 32)),
        Type::UInt64 => Some((false, 64)),
        Type::UInt128 => Some((false, 128)),
        _ => None,
    };
    match (old, new) {
        (
            Type::Decimal { precision, scale },
            Type::Decimal {
                precision: p,
                scale: s,
            },
        ) => s >= scale && p - s >= precision - scale,
        _ => match (bits(old), bits(new)) {
            (Some((true, a)), Some((true, b))) | (Some((false, a)), Some((false, b))) => b > a,
            (Some((false, a)), Some((true, b))) => b > a,
            _ => false,
        },
    }
}

fn state(column: &OutputColumn) -> ColumnState {
    ColumnState {
        ty: column.ty.clone(),
        nullable: column.nullable,
    }
}

fn column_state(column: &rocky_warehouse::Column) -> ColumnState {
    ColumnState {
        ty: column.ty.clone(),
        nullable: column.nullable,
    }
}

fn model_of<'a>(side: &Side<'a>, id: Option<u32>) -> Option<(u32, &'a Arc<Model>)> {
    let id = id?;
    Some((id, side.snapshot.models.get(id as usize)?))
}

/// Compare a model.
pub(super) fn model(meanings: &Meanings<'_>, pair: &Pair) -> ModelDiff {
    let old = model_of(&meanings.old, pair.old);
    let new = model_of(&meanings.new, pair.new);
    let name = new.or(old).map(|(_, m)| m.name.clone()).unwrap_or_default();
    let mut diff = ModelDiff {
        name,
        change: match (&old, &new) {
            (None, _) => ModelChange::Added,
            (_, None) => ModelChange::Removed,
            _ if pair.definition.is_empty() => ModelChange::Affected,
            _ => ModelChange::Changed,
        },
        old: pair.old,
        new: pair.new,
        definition: pair.definition.clone(),
        rows: Vec::new(),
        order: false,
        columns: Vec::new(),
        unlisted: false,
        identical: false,
    };
    match (old, new) {
        (Some(old), Some(new)) => both(meanings, pair, old, new, &mut diff),
        (Some((_, model)), None) => diff.columns.extend(
            model
                .analysis()
                .columns
                .iter()
                .map(|c| lone(c, ColumnClass::Removed)),
        ),
        (None, Some((_, model))) => diff.columns.extend(
            model
                .analysis()
                .columns
                .iter()
                .map(|c| lone(c, ColumnClass::Added)),
        ),
        (None, None) => {}
    }
    diff
}

fn lone(column: &OutputColumn, class: ColumnClass) -> ColumnDiff {
    let there = Some(state(column));
    let (old, new) = if class == ColumnClass::Removed {
        (there, None)
    } else {
        (None, there)
    };
    ColumnDiff {
        name: column.name.clone(),
        class,
        old,
        new,
        values_may_differ: false,
        reasons: Cow::default(),
        volatile: None,
    }
}

/// The reasons of a column whose model's rows differ. That alone is the reason of thousands of columns, which share it.
fn with_rows(mut reasons: Vec<Reason>) -> Cow<'static, [Reason]> {
    static ROWS: [Reason; 1] = [Reason::ModelRows];
    if reasons.is_empty() {
        return Cow::Borrowed(&ROWS);
    }
    reasons.push(Reason::ModelRows);
    Cow::Owned(reasons)
}

/// A column of a relation that is read, by the relation's name and the column's folded name.
type Changed = FxHashSet<(SmolStr, SmolStr)>;

fn both(
    meanings: &Meanings<'_>,
    pair: &Pair,
    (old_id, old): (u32, &Arc<Model>),
    (new_id, new): (u32, &Arc<Model>),
    diff: &mut ModelDiff,
) {
    if let Some(change) = meanings.light(new_id) {
        return light(meanings, pair, old, new, change, diff);
    }
    let (Some(before), Some(after)) = (meanings.old.model(old_id), meanings.new.model(new_id)) else {
        return;
    };
    let snapshot = meanings.new.snapshot;
    let dialect = snapshot.dialect;
    let rows_differ = before.rows.hash != after.rows.hash;
    diff.order = before.order.hash != after.order.hash;
    diff.unlisted = !(before.complete && after.complete) && before.rest.hash != after.rest.hash;
    let columns_differ = before.columns.len() != after.columns.len()
        || before
            .columns
            .iter()
            .zip(&after.columns)
            .any(|(a, b)| a.0 != b.0 || a.1.hash != b.1.hash);
    // Reasons cost two more normal forms: only where something differs.
    let inputs = Inputs::new(meanings, old, new);
    let differ = rows_differ || columns_differ;
    let own = (differ && meanings.is_deep(&diff.name))
        .then(|| (meanings.old.own(old_id), meanings.new.own(new_id)));
    if rows_differ {
        diff.rows = row_reasons(meanings, pair, old, new, &inputs, own.as_ref());
    }
    let place: FxHashMap<&SmolStr, usize> = before
        .columns
        .iter()
        .enumerate()
        .map(|(i, (key, _))| (key, i))
        .collect();
    let mut kept = vec![false; before.columns.len()];
    for (i, column) in new.analysis().columns.iter().enumerate() {
        let Some((key, digest)) = after.columns.get(i) else {
            continue;
        };
        let Some(at) = place.get(key).copied() else {
            diff.columns.push(lone(column, ColumnClass::Added));
            continue;
        };
        if let Some(slot) = kept.get_mut(at) {
            *slot = true;
        }
        let (Some((_, was)), Some(old_column)) = (before.columns.get(at), old.analysis().columns.get(at))
        else {
            continue;
        };
        let value_differs = was.hash != digest.hash;
        let (old_state, new_state) = (state(old_column), state(column));
        let class = class(dialect, &old_state, &new_state, value_differs || rows_differ);
        let mut reasons = Vec::new();
        if value_differs {
            reasons = value_reasons(meanings, key, old_column, column, &inputs, own.as_ref());
        }
        diff.columns.push(ColumnDiff {
            name: column.name.clone(),
            class,
            old: Some(old_state),
            new: Some(new_state),
            values_may_differ: value_differs || rows_differ,
            reasons: match rows_differ {
                true => with_rows(reasons),
                false => Cow::Owned(reasons),
            },
            volatile: volatile(digest, after),
        });
    }
    // Which columns a text has that cannot be read, nobody knows.
    if !new.unit.broken() || old.unit.broken() {
        let gone = old.analysis().columns.iter().zip(kept).filter(|(_, kept)| !kept);
        diff.columns
            .extend(gone.map(|(column, _)| lone(column, ColumnClass::Removed)));
    }
    let beside_query = pair.definition.iter().any(|d| {
        matches!(
            d,
            Definition::Target | Definition::Strategy | Definition::Contract
        )
    });
    diff.identical = !rows_differ
        && !diff.order
        && !diff.unlisted
        && !beside_query
        && diff.columns.iter().all(|c| c.class == ColumnClass::Identical);
}

/// A model that was not hashed, and has the same columns on both sides.
fn light(
    meanings: &Meanings<'_>,
    pair: &Pair,
    old: &Model,
    new: &Model,
    change: &Change,
    diff: &mut ModelDiff,
) {
    diff.order = change.order;
    diff.unlisted = !new.complete() && change.rest;
    let inputs = Inputs::new(meanings, old, new);
    if change.rows {
        diff.rows = row_reasons(meanings, pair, old, new, &inputs, None);
    }
    let snapshot = meanings.new.snapshot;
    let columns = &new.schema().columns;
    diff.columns.reserve_exact(columns.len());
    for (i, column) in columns.iter().enumerate() {
        let value_differs = change.column(i);
        let mut reasons = Vec::new();
        if value_differs && let Some(column) = new.analysis().columns.get(i) {
            let key = snapshot.fold_column(&column.name);
            reasons = value_reasons(meanings, &key, column, column, &inputs, None);
        }
        let differs = value_differs || change.rows;
        diff.columns.push(ColumnDiff {
            name: column.name.clone(),
            class: match differs {
                true => ColumnClass::ValuesMayDiffer,
                false => ColumnClass::Identical,
            },
            old: Some(column_state(column)),
            new: Some(column_state(column)),
            values_may_differ: differs,
            reasons: match change.rows {
                true => with_rows(reasons),
                false => Cow::Owned(reasons),
            },
            volatile: None,
        });
    }
    diff.identical = !change.rows && !diff.order && !diff.unlisted && !change.any_column();
}

fn volatile(column: &Digest, relation: &Relation) -> Option<SmolStr> {
    column.volatile.clone().or_else(|| relation.rows.volatile.clone())
}

/// What differs among the relations that a model reads.
struct Inputs {
    old_names: Vec<SmolStr>,
    new_names: Vec<SmolStr>,
    /// Relations whose rows differ.
    rows: Vec<SmolStr>,
    /// Columns that differ.
    columns: Changed,
    /// Relations all of whose columns count as different.
    whole: FxHashSet<SmolStr>,
}

impl Inputs {
    fn new(meanings: &Meanings<'_>, old: &Model, new: &Model) -> Inputs {
        let names = |side: &Side<'_>, model: &Model| -> Vec<SmolStr> {
            let inputs = model.inputs.iter();
            inputs
                .map(|i| super::meaning::input_name(side.snapshot, model, *i).1)
                .collect()
        };
        let mut inputs = Inputs {
            old_names: names(&meanings.old, old),
            new_names: names(&meanings.new, new),
            rows: Vec::new(),
            columns: FxHashSet::default(),
            whole: FxHashSet::default(),
        };
        for (name, input) in inputs.new_names.clone().iter().zip(&new.inputs) {
            let before = inputs
                .old_names
                .iter()
                .position(|n| n == name)
                .and_then(|i| old.inputs.get(i));
            match (before, input) {
                (Some(InputRelation::Model(a)), InputRelation::Model(b)) => {
                    if let (Some(change), Some(model)) =
                        (meanings.light(*b), meanings.new.snapshot.models.get(*b as usize))
                    {
                        if change.rows {
                            inputs.rows.push(name.clone());
                        }
                        let names = change.names(meanings.new.snapshot, model).into_iter();
                        inputs.columns.extend(names.map(|key| (name.clone(), key)));
                        continue;
                    }
                    let (Some(a), Some(b)) = (meanings.old.model(*a), meanings.new.model(*b)) else {
                        continue;
                    };
                    if a.rows.hash != b.rows.hash {
                        inputs.rows.push(name.clone());
                    }
                    let was: FxHashMap<&SmolStr, u128> = a.columns.iter().map(|(k, d)| (k, d.hash)).collect();
                    let is: FxHashSet<&SmolStr> = b.columns.iter().map(|(k, _)| k).collect();
                    for (key, digest) in &b.columns {
                        if was.get(key) != Some(&digest.hash) {
                            inputs.columns.insert((name.clone(), key.clone()));
                        }
                    }
                    for (key, _) in a.columns.iter().filter(|(k, _)| !is.contains(k)) {
                        inputs.columns.insert((name.clone(), key.clone()));
                    }
                }
                (Some(InputRelation::Source(_)), InputRelation::Source(_)) if meanings.sources_stay() => {}
                (Some(InputRelation::Source(a)), InputRelation::Source(b)) => {
                    let columns = |side: &Side<'_>, id: u32| -> FxHashMap<SmolStr, Type> {
                        let source = &side.snapshot.sources[id as usize];
                        let columns = source.columns().into_iter().flat_map(|c| c.iter());
                        columns
                            .map(|c| (side.snapshot.fold_column(&c.name), c.ty.clone()))
                            .collect()
                    };
                    let (was, is) = (columns(&meanings.old, *a), columns(&meanings.new, *b));
                    for key in was.keys().chain(is.keys()) {
                        if was.get(key) != is.get(key) {
                            inputs.columns.insert((name.clone(), key.clone()));
                        }
                    }
                }
                (Some(InputRelation::Own), InputRelation::Own) => {}
                _ => {
                    inputs.whole.insert(name.clone());
                }
            }
        }
        inputs
    }

    fn differs(&self, names: &[SmolStr], relation: u32, key: SmolStr) -> Option<SmolStr> {
        let name = names.get(relation as usize)?;
        let differs = self.columns.contains(&(name.clone(), key));
        differs.then(|| name.clone())
    }
}

fn row_reasons(
    meanings: &Meanings<'_>,
    pair: &Pair,
    old: &Model,
    new: &Model,
    inputs: &Inputs,
    own: Option<&(Normal, Normal)>,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some((before, after)) = own
        && before.relation.rows.hash != after.relation.rows.hash
    {
        let mut clauses: Vec<&'static str> = Vec::new();
        for (name, hash) in before.clauses.iter().chain(&after.clauses) {
            let of = |form: &Normal| form.clauses.iter().find(|(n, _)| n == name).map(|(_, h)| *h);
            if (of(before) != of(after) || of(before) != Some(*hash)) && !clauses.contains(name) {
                clauses.push(name);
            }
        }
        reasons.push(Reason::Clauses(clauses));
    }
    if pair.definition.contains(&Definition::Strategy)
        && strategy(&old.strategy.kind) != strategy(&new.strategy.kind)
    {
        reasons.push(Reason::Strategy);
    }
    reasons.extend(inputs.rows.iter().map(|relation| Reason::Rows {
        relation: relation.clone(),
    }));
    let sides = [
        (meanings.new.snapshot, new, &inputs.new_names),
        (meanings.old.snapshot, old, &inputs.old_names),
    ];
    for (snapshot, model, names) in sides.into_iter().filter(|_| !inputs.columns.is_empty()) {
        for influence in &model.analysis().influences {
            let key = snapshot.fold_column(&influence.column);
            if let Some(relation) = inputs.differs(names, influence.relation, key) {
                let reason = Reason::Influence {
                    relation,
                    column: influence.column.clone(),
                    kind: influence.kind,
                };
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
    }
    if reasons.is_empty() {
        reasons.push(Reason::Unproved);
    }
    reasons
}

fn value_reasons(
    meanings: &Meanings<'_>,
    key: &SmolStr,
    old_column: &OutputColumn,
    new_column: &OutputColumn,
    inputs: &Inputs,
    own: Option<&(Normal, Normal)>,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some((before, after)) = own {
        let of = |form: &Normal| form.relation.column(key).map(|d| d.hash);
        if of(before) != of(after) {
            reasons.push(Reason::Expression);
        }
    }
    let sides = [
        (meanings.new.snapshot, new_column, &inputs.new_names),
        (meanings.old.snapshot, old_column, &inputs.old_names),
    ];
    for (snapshot, column, names) in sides {
        for source in &column.sources {
            let key = snapshot.fold_column(&source.column);
            let found = inputs.differs(names, source.relation, key);
            if let Some(relation) = found {
                let reason = Reason::Column {
                    relation,
                    column: source.column.clone(),
                };
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
    }
    if reasons.is_empty() {
        reasons.push(Reason::Unproved);
    }
    reasons
}

/// Sources whose known columns differ.
pub(super) fn sources(old: &Snapshot, new: &Snapshot) -> Vec<SourceDiff> {
    if Arc::ptr_eq(&old.sources, &new.sources) {
        return Vec::new();
    }
    let dialect = new.dialect;
    let before: FxHashMap<_, &Source> = old.sources.iter().map(|s| (s.name.key(dialect), s)).collect();
    let mut out = Vec::new();
    for source in new.sources.iter() {
        let (Some(was), Some(is)) = (
            before.get(&source.name.key(dialect)).and_then(|s| s.columns()),
            source.columns(),
        ) else {
            continue;
        };
        if Arc::ptr_eq(was, is) || was == is {
            continue;
        }
        let state = |c: &rocky_warehouse::Column| ColumnState {
            ty: c.ty.clone(),
            nullable: c.nullable,
        };
        let place: FxHashMap<SmolStr, &rocky_warehouse::Column> =
            was.iter().map(|c| (new.fold_column(&c.name), c)).collect();
        let there: FxHashSet<SmolStr> = is.iter().map(|c| new.fold_column(&c.name)).collect();
        let diff = |name: &SmolStr, class, old, new| ColumnDiff {
            name: name.clone(),
            class,
            old,
            new,
            values_may_differ: false,
            reasons: Cow::default(),
            volatile: None,
        };
        let mut columns = Vec::new();
        for column in is.iter() {
            let now = state(column);
            match place.get(&new.fold_column(&column.name)) {
                None => columns.push(diff(&column.name, ColumnClass::Added, None, Some(now))),
                Some(was) => {
                    let was = state(was);
                    let class = class(dialect, &was, &now, was.ty != now.ty);
                    if class != ColumnClass::Identical {
                        columns.push(diff(&column.name, class, Some(was), Some(now)));
                    }
                }
            }
        }
        for column in was.iter().filter(|c| !there.contains(&new.fold_column(&c.name))) {
            columns.push(diff(
                &column.name,
                ColumnClass::Removed,
                Some(state(column)),
                None,
            ));
        }
        if !columns.is_empty() {
            out.push(SourceDiff {
                name: SmolStr::new(source.name.display()),
                columns,
            });
        }
    }
    out
}

/// Edges into a model that only one side has.
pub(super) fn edges(
    meanings: &Meanings<'_>,
    pair: &Pair,
    added: &mut Vec<EdgeChange>,
    removed: &mut Vec<EdgeChange>,
) {
    let (old, new) = (
        model_of(&meanings.old, pair.old),
        model_of(&meanings.new, pair.new),
    );
    if let (Some((_, old)), Some((_, new))) = (&old, &new)
        && pair.definition.is_empty()
        && (Arc::ptr_eq(&old.analysed, &new.analysed) || Arc::ptr_eq(old.analysis(), new.analysis()))
    {
        return;
    }
    let edges = |side: &Side<'_>, found: Option<(u32, &Arc<Model>)>| -> FxHashSet<EdgeChange> {
        let Some((id, _)) = found else {
            return FxHashSet::default();
        };
        let snapshot = side.snapshot;
        let edges = snapshot.edges_into(id).into_iter();
        edges
            .map(|e| EdgeChange {
                source: (snapshot.node_name(e.source.0), e.source.1),
                target: (snapshot.models[e.target.0 as usize].name.clone(), e.target.1),
                transform: e.transform,
            })
            .collect()
    };
    let (before, after) = (edges(&meanings.old, old), edges(&meanings.new, new));
    added.extend(after.difference(&before).cloned());
    removed.extend(before.difference(&after).cloned());
}
