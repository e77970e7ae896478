//! One SELECT in the making, and what is asked of it.
//!
//! Invariant: the indexes (`index`, `replaced_index`, `keep_index`, `order_names`, `relations`) say the same as the lists
//! beside them, so that no step searches a list.

use super::ast::{Count, Expr, ExprId, ExprKind, JoinKind, Name, Path, Pattern};
use rocky_base::{SmolStr, Span};
use rustc_hash::{FxHashMap, FxHashSet};

/// One SELECT.
pub(super) struct Level {
    pub(super) source: Source,
    pub(super) source_step: Span,
    pub(super) joins: Vec<LevelJoin>,
    pub(super) filters: Vec<Condition>,
    pub(super) group: Option<Group>,
    pub(super) having: Vec<Condition>,
    pub(super) items: Vec<Item>,
    /// Columns that joins keep; they stand after the items.
    pub(super) keeps: Vec<Item>,
    /// Columns of the star that `derive` redefined.
    pub(super) replaced: Vec<(Name, ExprId)>,
    /// Exports for the level above, left out by its stars.
    pub(super) hidden: Vec<(ExprId, SmolStr)>,
    pub(super) distinct: Option<Span>,
    pub(super) order: Vec<Key>,
    pub(super) limit: Option<(Count, Span)>,
    /// The step that shaped the projection.
    pub(super) shape: Span,
    /// `SELECT * FROM t`, on one line.
    pub(super) replicate: bool,
    /// True after `select` or `group`: the output is not "everything and more".
    pub(super) explicit: bool,
    /// Names defined in this level.
    pub(super) derived: FxHashMap<SmolStr, Derived>,
    /// Names known to be among the columns of the star.
    pub(super) star_names: FxHashSet<SmolStr>,
    /// Items by output name.
    pub(super) index: FxHashMap<SmolStr, usize>,
    pub(super) replaced_index: FxHashMap<SmolStr, usize>,
    pub(super) keep_index: FxHashMap<SmolStr, usize>,
    /// Aliases of FROM and the joins.
    pub(super) relations: FxHashSet<SmolStr>,
    /// Bare names in ORDER BY.
    pub(super) order_names: FxHashSet<SmolStr>,
    /// Output name by column, once the level is wrapped.
    pub(super) exports: Option<FxHashMap<SmolStr, SmolStr>>,
    /// An item is `*`.
    pub(super) star: bool,
    /// An item contains a window function.
    pub(super) window: bool,
    /// An item is more than a column.
    pub(super) computed: bool,
    pub(super) depth: usize,
}

pub(super) enum Source {
    Table { relation: Path, alias: Option<Name> },
    Level { level: Box<Level>, alias: SmolStr },
}

pub(super) struct LevelJoin {
    pub(super) kind: JoinKind,
    pub(super) relation: Path,
    pub(super) alias: Name,
    pub(super) on: Vec<ExprId>,
    pub(super) kept: bool,
    pub(super) step: Span,
}

pub(super) struct Condition {
    pub(super) expr: ExprId,
    /// The expression as written, while it names aggregates.
    pub(super) written: Option<ExprId>,
    pub(super) step: Span,
}

pub(super) struct Group {
    pub(super) keys: Vec<ExprId>,
    pub(super) step: Span,
    /// Names that the keys and aggregates read.
    pub(super) reads: FxHashSet<SmolStr>,
    /// Keys, dotted as written and by their last part.
    pub(super) key_paths: FxHashSet<SmolStr>,
}

#[derive(Clone)]
pub(super) enum Item {
    /// All columns of FROM and of the joins.
    Star(Span),
    /// `t.*`.
    StarOf {
        relation: Path,
        star: Span,
    },
    Column(ExprId),
    Named {
        name: Name,
        expr: ExprId,
    },
}

pub(super) struct Key {
    pub(super) expr: ExprId,
    pub(super) desc: Option<Span>,
    pub(super) step: Span,
}

#[derive(Copy, Clone)]
pub(super) struct Derived {
    pub(super) expr: ExprId,
    pub(super) window: bool,
    pub(super) repeatable: bool,
    pub(super) aggregate: bool,
}

/// What an expression contains.
#[derive(Default)]
pub(super) struct Contents {
    /// Columns, and whether each is a key of a window.
    pub(super) columns: Vec<(Path, bool)>,
    pub(super) window: bool,
    pub(super) volatile: bool,
    pub(super) has_macro: bool,
    pub(super) size: usize,
}

/// Where a derived name is used.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Before window functions are evaluated.
    Filter,
    /// In the projection.
    Projection,
}

/// How a group's aggregate is written outside the projection.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Aggregates {
    ByName,
    Expanded,
}

impl Level {
    pub(super) fn new(source: Source, step: Span) -> Level {
        Level {
            source,
            source_step: step,
            joins: Vec::new(),
            filters: Vec::new(),
            group: None,
            having: Vec::new(),
            items: vec![Item::Star(step)],
            keeps: Vec::new(),
            replaced: Vec::new(),
            hidden: Vec::new(),
            distinct: None,
            order: Vec::new(),
            limit: None,
            shape: step,
            replicate: false,
            explicit: false,
            derived: FxHashMap::default(),
            star_names: FxHashSet::default(),
            index: FxHashMap::default(),
            replaced_index: FxHashMap::default(),
            keep_index: FxHashMap::default(),
            relations: FxHashSet::default(),
            order_names: FxHashSet::default(),
            exports: None,
            star: true,
            window: false,
            computed: false,
            depth: 0,
        }
    }

    /// How the first relation is addressed in this level.
    pub(super) fn qualifier(&self) -> SmolStr {
        match &self.source {
            Source::Table {
                alias: Some(alias), ..
            } => alias.text.clone(),
            Source::Table { relation, .. } => relation.last().map(|n| n.text.clone()).unwrap_or_default(),
            Source::Level { alias, .. } => alias.clone(),
        }
    }

    /// True for a name that stands in the output by itself.
    pub(super) fn names_output(&self, key: &SmolStr) -> bool {
        self.index.contains_key(key)
            || self.replaced_index.contains_key(key)
            || self.keep_index.contains_key(key)
    }

    /// The relation that a bare join key belongs to: the first one of the pipeline, while it can be told apart.
    pub(super) fn first_relation(&self) -> SmolStr {
        match &self.source {
            Source::Level { level, .. }
                if !level.joins.is_empty() && level.star && level.distinct.is_none() =>
            {
                level.first_relation()
            }
            _ => self.qualifier(),
        }
    }
}

pub(super) fn is_constant(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Word(_) | ExprKind::Date { .. }
    )
}

/// The operands, in the order of the text.
pub(super) fn for_each_child(kind: &mut ExprKind, mut f: impl FnMut(&mut ExprId)) {
    match kind {
        ExprKind::Chain { first, rest } => {
            f(first);
            rest.iter_mut().for_each(|(_, e)| f(e));
        }
        ExprKind::Compare { left, right, .. } => {
            f(left);
            f(right);
        }
        ExprKind::IsNull { operand, .. } | ExprKind::Unary { operand, .. } => f(operand),
        ExprKind::In { operand, list, .. } => {
            f(operand);
            list.iter_mut().for_each(f);
        }
        ExprKind::Call { args, over, .. } => {
            args.iter_mut().for_each(&mut f);
            if let Some(window) = over {
                window.partition.iter_mut().for_each(&mut f);
                window.sort.iter_mut().for_each(|k| f(&mut k.expr));
            }
        }
        ExprKind::Macro { args, .. } => args.iter_mut().flatten().for_each(f),
        ExprKind::Match { scrutinee, arms, .. } => {
            f(scrutinee);
            for arm in arms {
                if let Pattern::Test { value, .. } = &mut arm.pattern {
                    f(value);
                }
                f(&mut arm.value);
            }
        }
        ExprKind::String(_)
        | ExprKind::Number(_)
        | ExprKind::Date { .. }
        | ExprKind::Word(_)
        | ExprKind::Column(_)
        | ExprKind::Error => {}
    }
}
