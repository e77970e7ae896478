//! How the difference of an edited model spreads to those who read it, without a digest of theirs.
//!
//! Where a snapshot is an edit of another, models that no edit touched are the same values on both sides. Whether their digests
//! by lineage would differ follows from which of the digests that they are made of do: this file is [`super::meaning`] with
//! flags in the place of hashes, rule by rule. What it cannot decide it does not guess: then everything is hashed.

use super::meaning::{Meanings, strategy, strategy_columns};
use crate::snapshot::{InputRelation, Model, Snapshot};
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Result, SmolStr};
use rocky_semantic::normal::Relation;
use rustc_hash::{FxHashMap, FxHashSet};

/// What differs of a model that is the same on both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    pub(super) rows: bool,
    pub(super) order: bool,
    pub(super) rest: bool,
    columns: Columns,
}

#[derive(Clone, Debug, Default)]
enum Columns {
    #[default]
    Same,
    All,
    Each(Box<[bool]>),
}

impl Change {
    /// Whether the column with this number differs.
    pub(super) fn column(&self, index: usize) -> bool {
        match &self.columns {
            Columns::Same => false,
            Columns::All => true,
            Columns::Each(each) => each.get(index).copied().unwrap_or(true),
        }
    }

    /// Whether any column differs.
    pub(super) fn any_column(&self) -> bool {
        !matches!(self.columns, Columns::Same)
    }

    fn any(&self) -> bool {
        self.rows || self.order || self.rest || self.any_column()
    }

    /// Folded names of the columns that differ.
    pub(super) fn names(&self, snapshot: &Snapshot, model: &Model) -> Vec<SmolStr> {
        if !self.any_column() {
            return Vec::new();
        }
        let columns = model.schema().columns.iter().enumerate();
        let differ = columns.filter(|(i, _)| self.column(*i));
        differ.map(|(_, c)| snapshot.fold_column(&c.name)).collect()
    }
}

/// The models that an edit bears on, by number: those that were hashed, for they were edited, and the others.
struct Spread<'m, 'a> {
    meanings: &'m Meanings<'a>,
    done: FxHashMap<u32, Change>,
    /// Columns of models by name.
    places: FxHashMap<u32, FxHashMap<SmolStr, usize>>,
}

/// The changes of all models to compare but the edited ones. `None`: they must be hashed. Both snapshots have one numbering.
pub(super) fn spread(
    meanings: &Meanings<'_>,
    cancel: &CancelToken,
) -> Result<Option<FxHashMap<u32, Change>>> {
    let (old, new) = (meanings.old.snapshot, meanings.new.snapshot);
    let mut spread = Spread {
        meanings,
        done: FxHashMap::default(),
        places: FxHashMap::default(),
    };
    let mut edited: FxHashSet<u32> = FxHashSet::default();
    for pair in &meanings.pairs {
        cancel.check()?;
        let Some(id) = pair.new else { return Ok(None) };
        let change = if let (Some(before), Some(after)) = (meanings.old.model(id), meanings.new.model(id)) {
            edited.insert(id);
            compared(before, after)
        } else {
            let (Some(o), Some(n)) = (old.models.get(id as usize), new.models.get(id as usize)) else {
                return Ok(None);
            };
            match std::sync::Arc::ptr_eq(&o.analysed, &n.analysed) && pair.definition.is_empty() {
                true => spread.model(n),
                false => None,
            }
        };
        match change {
            Some(change) => spread.done.insert(id, change),
            None => return Ok(None),
        };
    }
    spread.done.retain(|id, _| !edited.contains(id));
    Ok(Some(spread.done))
}

/// Two digests of an edited model. `None` where its readers cannot be told without theirs.
fn compared(before: &Relation, after: &Relation) -> Option<Change> {
    let volatile = |r: &Relation| {
        let parts = [&r.rows, &r.order, &r.rest].into_iter();
        parts
            .chain(r.columns.iter().map(|(_, d)| d))
            .any(|d| d.volatile.is_some())
    };
    let same_names = before.columns.len() == after.columns.len()
        && before.columns.iter().zip(&after.columns).all(|(a, b)| a.0 == b.0);
    if !before.complete || !after.complete || !same_names || volatile(before) || volatile(after) {
        return None;
    }
    let each: Box<[bool]> = before
        .columns
        .iter()
        .zip(&after.columns)
        .map(|(a, b)| a.1.hash != b.1.hash)
        .collect();
    Some(Change {
        rows: before.rows.hash != after.rows.hash,
        order: before.order.hash != after.order.hash,
        rest: before.rest.hash != after.rest.hash,
        columns: match each.contains(&true) {
            true => Columns::Each(each),
            false => Columns::Same,
        },
    })
}

impl Spread<'_, '_> {
    /// A model that is the same on both sides, after its inputs.
    fn model(&mut self, model: &Model) -> Option<Change> {
        let snapshot = self.meanings.new.snapshot;
        let mut seen: FxHashSet<SmolStr> = FxHashSet::default();
        let mut columns = model.schema().columns.iter();
        // Of two columns of one name it is not clear which is compared with which.
        if !columns.all(|c| seen.insert(snapshot.fold_column(&c.name))) {
            return None;
        }
        let is_open = |input: &&InputRelation| match input {
            InputRelation::Model(m) => snapshot.models.get(*m as usize).is_none_or(|m| !m.complete()),
            InputRelation::Own => !model.complete(),
            InputRelation::Source(s) => {
                let source = snapshot.sources.get(*s as usize);
                source.is_none_or(|s| s.columns().is_none())
            }
        };
        let open = model.inputs.iter().filter(is_open).count();
        // Its digests would hold everything in sight.
        let whole = open > 1 || model.unit.broken() || !model.complete() || model.has_errors;
        let inputs: Vec<Option<Change>> = model
            .inputs
            .iter()
            .map(|input| match input {
                InputRelation::Model(m) => self.done.get(m).cloned(),
                InputRelation::Own | InputRelation::Source(_) => None,
            })
            .collect();
        let changed = || inputs.iter().flatten();
        let order = changed().any(|c| c.order);
        let base = (whole && changed().any(Change::any))
            || (order && model.unit.is_order_sensitive(snapshot.dialect));
        let mut change = Change {
            rows: base || changed().any(|c| c.rows),
            order: base || order,
            rest: base,
            columns: if base { Columns::All } else { Columns::Same },
        };
        if !base && changed().any(|c| c.any_column() || c.rest) {
            let analysis = model.analysis();
            let mut reads = |relation: u32, column: &str| -> bool {
                match inputs.get(relation as usize) {
                    Some(Some(input)) => self.read(input, model.inputs.get(relation as usize), column),
                    _ => false,
                }
            };
            let rows = analysis.influences.iter().any(|i| reads(i.relation, &i.column));
            change.rows |= rows;
            let each: Box<[bool]> = analysis
                .columns
                .iter()
                .map(|c| c.sources.iter().any(|s| reads(s.relation, &s.column)))
                .collect();
            if each.contains(&true) {
                change.columns = Columns::Each(each);
            }
        }
        self.kept(model, &mut change);
        Some(change)
    }

    /// Whether a column of an input differs.
    fn read(&mut self, input: &Change, relation: Option<&InputRelation>, column: &str) -> bool {
        let snapshot = self.meanings.new.snapshot;
        let Some(InputRelation::Model(id)) = relation else {
            return false;
        };
        let places = self.places.entry(*id).or_insert_with(|| {
            let columns = snapshot
                .models
                .get(*id as usize)
                .map(|m| m.schema().columns.iter());
            let names = columns.into_iter().flatten().enumerate();
            names.map(|(i, c)| (snapshot.fold_column(&c.name), i)).collect()
        });
        match places.get(&snapshot.fold_column(column)) {
            Some(at) => input.column(*at),
            None => input.rest,
        }
    }

    /// What the strategy makes of it: the same words as in [`super::meaning`].
    fn kept(&self, model: &Model, change: &mut Change) {
        let snapshot = self.meanings.new.snapshot;
        if model.inputs.contains(&InputRelation::Own) && change.any() {
            change.rows = true;
            change.columns = Columns::All;
        }
        if change.rows || strategy(&model.strategy.kind).is_none() {
            return;
        }
        for column in strategy_columns(&model.strategy.kind) {
            let key = snapshot.fold_column(&column);
            let bare = snapshot.dialect.fold(&column, false, IdentKind::Column);
            let columns = &model.schema().columns;
            let place = |key: &str| columns.iter().position(|c| snapshot.fold_column(&c.name) == key);
            change.rows |= match place(&key).or_else(|| place(&bare)) {
                Some(at) => change.column(at),
                None => change.rest,
            };
        }
    }
}
