//! Two compiled projects compared: what became of every column, why, and who is affected.
//!
//! Invariant: what is called identical is proved. A column's digest stands for its whole computation, from the sources on, in
//! normal form ([`rocky_semantic::normal`]); a model's rows have one too. Equal digests of the column and of the rows: the
//! same values. What is not affected by any difference is neither parsed nor hashed again, so that the cost is that of the
//! difference: [`meaning`] says how. Start at [`compare`].

mod columns;
mod meaning;
mod reason;
mod spread;

pub use reason::Reason;

use crate::snapshot::Snapshot;
use meaning::{Meanings, Pair};
use rayon::prelude::*;
use rocky_base::{CancelToken, Dialect, Result, SmolStr};
use rocky_warehouse::Type;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What became of a column. The first that holds, in this order.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ColumnClass {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// Its type is another one, and the values do not carry over.
    Retyped,
    /// Its type holds fewer values.
    Narrowed,
    /// Its type holds more values.
    Widened,
    /// Only whether it may be NULL changed (its values may differ as well).
    Nullability,
    /// Its expression, what it is computed from, or the rows changed.
    ValuesMayDiffer,
    /// Proved to hold the same values.
    Identical,
}

impl ColumnClass {
    /// As documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            ColumnClass::Added => "added",
            ColumnClass::Removed => "removed",
            ColumnClass::Retyped => "retyped",
            ColumnClass::Narrowed => "narrowed",
            ColumnClass::Widened => "widened",
            ColumnClass::Nullability => "nullability",
            ColumnClass::ValuesMayDiffer => "values_may_differ",
            ColumnClass::Identical => "identical",
        }
    }
}

/// Type and nullability of a column on one side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColumnState {
    /// Its type.
    pub ty: Type,
    /// May hold NULL.
    pub nullable: bool,
}

/// A column compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColumnDiff {
    /// Its name, as the new side spells it.
    pub name: SmolStr,
    /// What became of it.
    pub class: ColumnClass,
    /// Before.
    pub old: Option<ColumnState>,
    /// Now.
    pub new: Option<ColumnState>,
    /// Its values are not proved to be the same.
    pub values_may_differ: bool,
    /// Why; empty for identical columns.
    pub reasons: Cow<'static, [Reason]>,
    /// The same program, whose values differ from one execution to the next: what makes them.
    pub volatile: Option<SmolStr>,
}

/// What the text of a model means over inputs that stand for themselves, with its strategy: 128 bits of hash, the same for texts that
/// are proved to mean the same; and what makes two executions over the same inputs differ, if anything does.
pub fn own_meaning(snapshot: &Snapshot, id: u32) -> (u128, Option<SmolStr>) {
    meaning::own_meaning(snapshot, id)
}

/// Hash of how a model is materialised, strategy and format; `None` for what needs no sidecar.
pub fn settings(model: &crate::Model) -> Option<u128> {
    meaning::settings(model)
}

/// What happened to a model.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum ModelChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its own text or settings changed.
    Changed,
    /// Something it reads changed.
    Affected,
}

impl ModelChange {
    /// As documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            ModelChange::Added => "added",
            ModelChange::Removed => "removed",
            ModelChange::Changed => "changed",
            ModelChange::Affected => "affected",
        }
    }
}

/// A part of a model's definition.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Definition {
    /// The query's text, macros and variables put in.
    Query,
    /// The strategy or its settings.
    Strategy,
    /// Where it is written to.
    Target,
    /// What its references mean.
    References,
    /// The contract.
    Contract,
}

impl Definition {
    /// As documents spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Definition::Query => "query",
            Definition::Strategy => "strategy",
            Definition::Target => "target",
            Definition::References => "references",
            Definition::Contract => "contract",
        }
    }
}

/// A model compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelDiff {
    /// Its name.
    pub name: SmolStr,
    /// What happened.
    pub change: ModelChange,
    /// Number in the old snapshot.
    pub old: Option<u32>,
    /// Number in the new snapshot.
    pub new: Option<u32>,
    /// Which parts of its definition changed.
    pub definition: Vec<Definition>,
    /// The set of rows is not proved to be the same: why.
    pub rows: Vec<Reason>,
    /// The order of the rows may differ.
    pub order: bool,
    /// All columns of both sides: the new ones in order, then the removed ones.
    pub columns: Vec<ColumnDiff>,
    /// Not all columns are known on one of the sides, and those that are not may differ.
    pub unlisted: bool,
    /// Nothing differs: an edit without effect.
    pub identical: bool,
}

/// A source whose known columns differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceDiff {
    /// Its full name.
    pub name: SmolStr,
    /// The columns that differ.
    pub columns: Vec<ColumnDiff>,
}

/// An edge of column lineage.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EdgeChange {
    /// Model or source, and column.
    pub source: (SmolStr, SmolStr),
    /// Model and column.
    pub target: (SmolStr, SmolStr),
    /// How the value travels.
    pub transform: rocky_semantic::Transform,
}

/// Two projects compared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProjectDiff {
    /// Models that changed, are affected, new or gone, in order of execution; those that are gone come last.
    pub models: Vec<ModelDiff>,
    /// Models on which nothing of this bears.
    pub untouched: usize,
    /// Sources.
    pub sources: Vec<SourceDiff>,
    /// Edges that are new.
    pub edges_added: Vec<EdgeChange>,
    /// Edges that are gone.
    pub edges_removed: Vec<EdgeChange>,
}

/// A model, with its edges that are new and those that are gone.
type Compared = (ModelDiff, Vec<EdgeChange>, Vec<EdgeChange>);

/// Fewer models are compared on the calling thread.
const FEW: usize = 64;

/// Compare two compiled projects, on the pool that it is called on.
pub fn compare(old: &Snapshot, new: &Snapshot, cancel: &CancelToken) -> Result<ProjectDiff> {
    let meanings = Meanings::new(old, new, cancel)?;
    let mut diff = ProjectDiff {
        untouched: meanings.untouched,
        sources: columns::sources(old, new),
        ..ProjectDiff::default()
    };
    let compared = |pair: &Pair| -> Result<Option<Compared>> {
        cancel.check()?;
        let model = columns::model(&meanings, pair);
        // A model on which a difference could have borne, and did not.
        if model.change == ModelChange::Affected && model.identical {
            return Ok(None);
        }
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        columns::edges(&meanings, pair, &mut added, &mut removed);
        Ok(Some((model, added, removed)))
    };
    let all: Vec<_> = match meanings.pairs.len() < FEW {
        true => meanings.pairs.iter().map(compared).collect::<Result<_>>()?,
        false => meanings.pairs.par_iter().map(compared).collect::<Result<_>>()?,
    };
    for found in all {
        let Some((model, added, removed)) = found else {
            diff.untouched += 1;
            continue;
        };
        diff.edges_added.extend(added);
        diff.edges_removed.extend(removed);
        diff.models.push(model);
    }
    diff.edges_added.sort();
    diff.edges_removed.sort();
    Ok(diff)
}

/// A model or source by name and a column of it: where a reason points.
pub type Place = (SmolStr, SmolStr);

/// Columns of a model by their folded names, when they were asked for.
type ByName<'d> = OnceLock<FxHashMap<SmolStr, &'d ColumnDiff>>;

/// Finds the way from a column to where its difference begins.
pub struct Paths<'d> {
    models: FxHashMap<&'d str, (&'d ModelDiff, ByName<'d>)>,
    dialect: Dialect,
}

/// No path is longer.
const LONGEST: usize = 100;

impl<'d> Paths<'d> {
    /// Index a difference.
    pub fn new(diff: &'d ProjectDiff, dialect: Dialect) -> Paths<'d> {
        let mut paths = Paths {
            models: FxHashMap::default(),
            dialect,
        };
        for model in &diff.models {
            paths.models.insert(&model.name, (model, OnceLock::new()));
        }
        paths
    }

    fn key(&self, name: &str) -> SmolStr {
        self.dialect
            .fold(name, true, rocky_base::ident::IdentKind::Column)
    }

    fn reasons(&self, (model, columns): &(&'d ModelDiff, ByName<'d>), column: &str) -> &'d [Reason] {
        if column.is_empty() {
            return &[];
        }
        let columns = columns.get_or_init(|| model.columns.iter().map(|c| (self.key(&c.name), c)).collect());
        columns.get(&self.key(column)).map_or(&[], |c| &*c.reasons)
    }

    /// The relations and columns on the way from a column of a model that differs for these reasons, nearest first; a column is empty where
    /// the rows of a relation are the reason. The last is a column that changed by itself, or a source.
    pub fn way(&self, model: &str, reasons: &[Reason]) -> Vec<Place> {
        let mut steps: Vec<Place> = Vec::new();
        if reasons.is_empty() {
            return steps;
        }
        let mut at: (SmolStr, SmolStr) = (model.into(), SmolStr::default());
        let mut first = Some(reasons);
        while let Some(found) = self.models.get(at.0.as_str()) {
            let model = found.0;
            let of_column = first.take().unwrap_or_else(|| self.reasons(found, &at.1));
            // A column that differs with the rows of its model differs for their reasons.
            let reasons = if of_column.iter().all(|r| *r == Reason::ModelRows) {
                &model.rows
            } else {
                of_column
            };
            if reasons.iter().any(Reason::is_own) {
                break;
            }
            let Some((relation, column)) = reasons.iter().find_map(Reason::place) else {
                break;
            };
            at = (relation, column.unwrap_or_default());
            if steps.len() >= LONGEST || steps.contains(&at) {
                break;
            }
            steps.push(at.clone());
        }
        steps
    }
}
