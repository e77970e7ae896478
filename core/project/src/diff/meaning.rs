//! What each model on which a difference bears means on either side, as digests.
//!
//! Three ways, the same on both sides of a model:
//! - a model on which no difference bears is a token: its name;
//! - a model whose own text is the same is hashed by its lineage: text, and the digests of the columns that each of its columns
//!   comes from. Its text is not parsed;
//! - a model whose text changed, is new or gone, is parsed and brought into normal form over the digests of what it reads.
//!
//! A model on which nothing bears, but which only one side of a changed text reads, is treated as the third kind, with all it
//! reads: so a subquery that became a model, or a model that was written out, is recognised.

use super::Definition;
use super::spread::{Change, spread};
use crate::snapshot::{InputRelation, Model, Snapshot, Source};
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Dialect, Result, SmolStr};
use rocky_config::StrategyKind;
use rocky_semantic::normal::{Digest, Mix, Normal, NormalInput, Relation, normal};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Models that are written out for the sake of a changed one, at most.
const EXPANDED: usize = 256;

/// A model to compare.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) old: Option<u32>,
    pub(super) new: Option<u32>,
    pub(super) definition: Vec<Definition>,
}

/// One side of the comparison.
pub(super) struct Side<'a> {
    pub(super) snapshot: &'a Snapshot,
    models: FxHashMap<u32, Arc<Relation>>,
    sources: FxHashMap<u32, Arc<Relation>>,
}

/// Both sides.
pub(super) struct Meanings<'a> {
    pub(super) old: Side<'a>,
    pub(super) new: Side<'a>,
    /// In order of execution; models that are gone last.
    pub(super) pairs: Vec<Pair>,
    pub(super) untouched: usize,
    /// What differs of models that were not hashed, by the number that they have on both sides.
    light: FxHashMap<u32, Change>,
    /// Names of models that are brought into normal form.
    deep: FxHashSet<SmolStr>,
}

/// How a strategy combines a query with what is there; `None`: it does not.
pub(super) fn strategy(kind: &StrategyKind) -> Option<Digest> {
    let mut mix = Mix::new(kind.as_str());
    let list = |mix: &mut Mix, names: &[rocky_config::Spanned<SmolStr>]| {
        mix.num(names.len());
        names.iter().for_each(|n| {
            mix.str(&n.value);
        });
    };
    match kind {
        StrategyKind::FullRefresh
        | StrategyKind::Ephemeral
        | StrategyKind::View
        | StrategyKind::MaterializedView
        | StrategyKind::DynamicTable { .. }
        | StrategyKind::ContentAddressed { .. } => return None,
        StrategyKind::Incremental {
            timestamp_column,
            lookback,
        } => {
            mix.str(&timestamp_column.value);
            if let Some(lookback) = lookback {
                mix.num(lookback.amount as usize).str(lookback.unit.as_str());
            }
        }
        StrategyKind::Merge {
            unique_key,
            update_columns,
        } => {
            list(&mut mix, unique_key);
            mix.flag(update_columns.is_some());
            list(&mut mix, update_columns.as_deref().unwrap_or(&[]));
        }
        StrategyKind::DeleteInsert { partition_by } => list(&mut mix, partition_by),
        StrategyKind::TimeInterval {
            time_column,
            granularity,
            lookback,
            batch_size,
            first_partition,
        }
        | StrategyKind::Microbatch {
            timestamp_column: time_column,
            granularity,
            lookback,
            batch_size,
            first_partition,
        } => {
            mix.str(&time_column.value).num(*granularity as usize);
            mix.num(*lookback as usize).num(*batch_size as usize);
            mix.str(first_partition.as_ref().map_or("", |p| p.value.as_str()));
        }
    }
    Some(mix.done())
}

/// The columns by which a strategy finds the rows to replace.
pub(super) fn strategy_columns(kind: &StrategyKind) -> Vec<SmolStr> {
    let one = |c: &rocky_config::Spanned<SmolStr>| vec![c.value.clone()];
    match kind {
        StrategyKind::Incremental { timestamp_column, .. }
        | StrategyKind::Microbatch { timestamp_column, .. } => one(timestamp_column),
        StrategyKind::Merge { unique_key: list, .. } | StrategyKind::DeleteInsert { partition_by: list } => {
            list.iter().map(|c| c.value.clone()).collect()
        }
        StrategyKind::TimeInterval { time_column, .. } => one(time_column),
        _ => Vec::new(),
    }
}

/// What an input is called, the same on both sides when it is the same relation.
pub(super) fn input_name(snapshot: &Snapshot, model: &Model, input: InputRelation) -> (u8, SmolStr) {
    match input {
        InputRelation::Model(m) => (0, snapshot.models[m as usize].name.clone()),
        InputRelation::Own => (1, model.name.clone()),
        InputRelation::Source(s) => (2, SmolStr::new(snapshot.sources[s as usize].name.display())),
    }
}

fn same_inputs(old: &Snapshot, o: &Model, new: &Snapshot, n: &Model) -> bool {
    o.ref_inputs == n.ref_inputs
        && o.inputs.len() == n.inputs.len()
        && o.inputs.iter().zip(&n.inputs).all(|(a, b)| match (a, b) {
            (InputRelation::Model(a), InputRelation::Model(b)) => {
                old.models[*a as usize].name == new.models[*b as usize].name
            }
            (InputRelation::Own, InputRelation::Own) => true,
            (InputRelation::Source(a), InputRelation::Source(b)) => {
                old.sources[*a as usize].name == new.sources[*b as usize].name
            }
            _ => false,
        })
}

/// The new snapshot is an edit of the old one: a number means the same model and the same source in both.
pub(super) fn stable(old: &Snapshot, new: &Snapshot) -> bool {
    Arc::ptr_eq(&old.names, &new.names) && old.models.len() == new.models.len()
}

/// The models that are not the same values on both sides or read a source that differs, with all that depend on them, in order of
/// execution. `None` when that order is another one.
fn within_reach(old: &Snapshot, new: &Snapshot, sources: &FxHashSet<u32>) -> Option<Vec<u32>> {
    if !Arc::ptr_eq(&old.order, &new.order) || !Arc::ptr_eq(&old.consumers, &new.consumers) {
        return None;
    }
    let mut work = new.edited_models(old)?;
    let readers = sources.iter().filter_map(|s| new.sources.get(*s as usize));
    work.extend(readers.flat_map(|s| &s.readers));
    let mut seen: FxHashSet<u32> = FxHashSet::default();
    work.retain(|id| seen.insert(*id));
    while let Some(id) = work.pop() {
        let consumers = new.consumers.get(id as usize)?;
        work.extend(consumers.iter().filter(|id| seen.insert(**id)));
    }
    let mut rank: Vec<(u32, u32)> = Vec::with_capacity(seen.len());
    for id in seen {
        rank.push((new.order.rank(id)?, id));
    }
    rank.sort_unstable();
    Some(rank.into_iter().map(|(_, id)| id).collect())
}

/// What differs in the definitions of a model.
fn definition(old: &Snapshot, o: &Arc<Model>, new: &Snapshot, n: &Arc<Model>) -> Vec<Definition> {
    let mut parts = Vec::new();
    let same = Arc::ptr_eq(o, n);
    if same && stable(old, new) {
        return parts;
    }
    if !same && !Arc::ptr_eq(&o.unit, &n.unit) && o.unit.hash() != n.unit.hash() {
        parts.push(Definition::Query);
    }
    let settings = |m: &Model| (strategy_words(&m.strategy.kind), format_words(m));
    if !same && settings(o) != settings(n) {
        parts.push(Definition::Strategy);
    }
    if !same && o.target_parts != n.target_parts {
        parts.push(Definition::Target);
    }
    // Numbers of models may stand for others on the other side, even in a shared model.
    if !same_inputs(old, o, new, n) {
        parts.push(Definition::References);
    }
    if !same && contract_words(o) != contract_words(n) {
        parts.push(Definition::Contract);
    }
    parts
}

/// What kind of table a model becomes and how it is laid out; `None` for a plain one.
fn format_words(model: &Model) -> Option<Digest> {
    let format = model.config.format.as_deref()?;
    let mut mix = Mix::new("format");
    mix.str(format.format_or_table().as_str());
    for layout in [&format.partition_by, &format.cluster_by] {
        let columns = layout.as_ref().map_or(&[][..], |l| &l.columns);
        mix.num(columns.len());
        columns.iter().for_each(|c| {
            mix.str(&c.value);
        });
    }
    mix.num(format.properties.len());
    for (name, value) in &format.properties {
        mix.str(&name.value).str(&value.value);
    }
    mix.str(format.comment.as_ref().map_or("", |c| c.value.as_str()));
    Some(mix.done())
}

/// See [`super::settings`].
pub(super) fn settings(model: &Model) -> Option<u128> {
    let (word, strategy) = strategy_words(&model.strategy.kind);
    let format = format_words(model);
    if word == StrategyKind::FullRefresh.as_str() && format.is_none() {
        return None;
    }
    let mut mix = Mix::new("settings");
    mix.str(word);
    for part in [strategy, format] {
        mix.flag(part.is_some());
        if let Some(part) = &part {
            mix.dig(part);
        }
    }
    Some(mix.done().hash)
}

fn strategy_words(kind: &StrategyKind) -> (&'static str, Option<Digest>) {
    (kind.as_str(), strategy(kind))
}

type ContractWords<'m> = (
    Vec<(&'m str, Option<&'m str>, Option<bool>)>,
    Vec<&'m str>,
    Vec<&'m str>,
    bool,
);

fn contract_words(model: &Model) -> Option<ContractWords<'_>> {
    let config = &model.contract.as_ref()?.config;
    let columns = config.columns.iter();
    Some((
        columns
            .map(|c| {
                let ty = c.r#type.as_ref().map(|t| t.value.as_str());
                (c.name.value.as_str(), ty, c.nullable.as_ref().map(|n| n.value))
            })
            .collect(),
        config.rules.required.iter().map(|c| c.value.as_str()).collect(),
        config.rules.protected.iter().map(|c| c.value.as_str()).collect(),
        config.rules.no_new_nullable.is_some(),
    ))
}

/// What a source means: its name, and of each column its name and type.
fn source(source: &Source, dialect: Dialect) -> Relation {
    let name = source.name.display();
    let columns = source.columns();
    let column = |c: &rocky_warehouse::Column| {
        let key = dialect.fold(&c.name, true, IdentKind::Column);
        let digest = Mix::new("source column")
            .str(&name)
            .str(&key)
            .str(&c.ty.print(dialect))
            .flag(c.ty.has_unknown())
            .done();
        (key, digest)
    };
    Relation {
        rows: Digest::of(&["source", &name]),
        order: Digest::of(&["source order", &name]),
        rest: Digest::of(&["source rest", &name]),
        columns: columns.into_iter().flat_map(|c| c.iter()).map(column).collect(),
        complete: columns.is_some(),
    }
}

/// Sources that are not known alike on both sides, by the new side's number. One that only one side has counts when it is
/// read, through the references of its readers.
fn changed_sources(old: &Snapshot, new: &Snapshot) -> FxHashSet<u32> {
    if Arc::ptr_eq(&old.sources, &new.sources) {
        return FxHashSet::default();
    }
    let dialect = new.dialect;
    let before: FxHashMap<_, &Source> = old.sources.iter().map(|s| (s.name.key(dialect), s)).collect();
    let same = |a: &Source, b: &Source| match (a.columns(), b.columns()) {
        (Some(a), Some(b)) => {
            Arc::ptr_eq(a, b)
                || (a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|(x, y)| x.name == y.name && x.ty == y.ty && x.nullable == y.nullable))
        }
        (None, None) => true,
        _ => false,
    };
    new.sources
        .iter()
        .enumerate()
        .filter(|(_, s)| !before.get(&s.name.key(dialect)).is_some_and(|o| same(o, s)))
        .map(|(i, _)| i as u32)
        .collect()
}

impl<'a> Side<'a> {
    fn new(snapshot: &'a Snapshot) -> Side<'a> {
        Side {
            snapshot,
            models: FxHashMap::default(),
            sources: FxHashMap::default(),
        }
    }

    /// What a model means, when it was asked for before.
    pub(super) fn model(&self, id: u32) -> Option<&Arc<Relation>> {
        self.models.get(&id)
    }

    fn source(&mut self, id: u32) -> Arc<Relation> {
        let (snapshot, sources) = (self.snapshot, &mut self.sources);
        sources
            .entry(id)
            .or_insert_with(|| Arc::new(source(&snapshot.sources[id as usize], snapshot.dialect)))
            .clone()
    }

    fn keys<'s>(&'s self, model: &'s Model) -> impl Iterator<Item = SmolStr> + 's {
        model
            .schema()
            .columns
            .iter()
            .map(|c| self.snapshot.fold_column(&c.name))
    }

    /// A relation that stands for itself.
    fn token(&self, kind: &str, model: &Model) -> Relation {
        let name = model.name.as_str();
        Relation {
            rows: Digest::of(&[kind, name]),
            order: Digest::of(&[kind, name, "order"]),
            rest: Digest::of(&[kind, name, "rest"]),
            columns: self
                .keys(model)
                .map(|key| {
                    let digest = Digest::of(&[kind, name, "column", &key]);
                    (key, digest)
                })
                .collect(),
            complete: model.complete(),
        }
    }

    /// What the inputs of a model mean.
    fn inputs(&mut self, id: u32) -> Vec<Arc<Relation>> {
        let snapshot = self.snapshot;
        let model = &snapshot.models[id as usize];
        model
            .inputs
            .iter()
            .map(|input| match *input {
                InputRelation::Model(m) => match self.models.get(&m) {
                    Some(found) => found.clone(),
                    None => {
                        let token = Arc::new(self.token("model", &snapshot.models[m as usize]));
                        self.models.insert(m, token.clone());
                        token
                    }
                },
                InputRelation::Own => Arc::new(self.token("own", model)),
                InputRelation::Source(s) => self.source(s),
            })
            .collect()
    }

    /// A model whose text is the same on both sides.
    fn by_lineage(&self, id: u32, inputs: &[Arc<Relation>]) -> Relation {
        let snapshot = self.snapshot;
        let model = &snapshot.models[id as usize];
        let analysis = model.analysis();
        let mut base = Mix::new("text");
        base.str(&format!("{:032x}", model.unit.hash()));
        let open = inputs.iter().filter(|i| !i.complete).count();
        // What a name means is then not certain, or not all columns are there to be traced.
        if open > 1 || model.unit.broken() || !model.complete() || model.has_errors {
            inputs.iter().for_each(|i| {
                base.dig(&i.all());
            });
        }
        if model.unit.is_order_sensitive(snapshot.dialect) {
            inputs.iter().for_each(|i| {
                base.dig(&i.order);
            });
        }
        let base = base.done();
        let index: Vec<FxHashMap<&str, &Digest>> = inputs
            .iter()
            .map(|i| i.columns.iter().map(|(k, d)| (k.as_str(), d)).collect())
            .collect();
        let read = |relation: u32, column: &str| -> Digest {
            let key = snapshot.fold_column(column);
            let input = inputs.get(relation as usize);
            match index.get(relation as usize).and_then(|i| i.get(key.as_str())) {
                Some(digest) => (*digest).clone(),
                None => Mix::new("unlisted")
                    .str(&key)
                    .dig(&input.map(|i| i.rest.clone()).unwrap_or_default())
                    .done(),
            }
        };
        let mut rows = Mix::new("rows");
        rows.dig(&base);
        inputs.iter().for_each(|i| {
            rows.dig(&i.rows);
        });
        for influence in &analysis.influences {
            rows.num(influence.kind as usize)
                .num(influence.relation as usize)
                .dig(&read(influence.relation, &influence.column));
        }
        let mut order = Mix::new("order");
        order.dig(&base);
        inputs.iter().for_each(|i| {
            order.dig(&i.order);
        });
        let columns = analysis.columns.iter().zip(self.keys(model)).enumerate();
        let columns = columns
            .map(|(i, (column, key))| {
                let mut mix = Mix::new("column");
                mix.dig(&base).num(i).str(&key);
                for source in &column.sources {
                    mix.num(source.relation as usize)
                        .str(&source.column)
                        .dig(&read(source.relation, &source.column));
                }
                (key, mix.done())
            })
            .collect();
        Relation {
            rows: rows.done(),
            order: order.done(),
            rest: Mix::new("rest").dig(&base).done(),
            columns,
            complete: model.complete(),
        }
    }

    /// The normal form of a model's query over inputs, with its columns under the names that the analysis gave them.
    pub(super) fn by_text(&self, id: u32, inputs: &[Arc<Relation>]) -> Normal {
        let snapshot = self.snapshot;
        let model = &snapshot.models[id as usize];
        let everything = || {
            let mut mix = Mix::new("text");
            mix.str(&format!("{:032x}", model.unit.hash()));
            inputs.iter().for_each(|i| {
                mix.dig(&i.all());
            });
            mix.done()
        };
        let mut form = if model.unit.broken() || !model.unit.has_query() {
            Normal::default()
        } else {
            let ast = model.unit.parse(snapshot.dialect);
            let refs = model.unit.refs().iter().zip(&model.ref_inputs);
            let list: Vec<NormalInput> = refs
                .filter_map(|(reference, index)| {
                    Some(NormalInput {
                        from: reference.from,
                        qualifiers: self.qualifiers(model, *index),
                        relation: inputs.get(*index as usize)?.clone(),
                    })
                })
                .collect();
            normal(&ast, model.unit.text(), snapshot.dialect, &list)
        };
        let relation = &mut form.relation;
        let known = model.analysis().columns.len();
        let by_place = relation.complete && relation.columns.len() == known;
        if relation.rows == Digest::default() || (relation.complete && !by_place) {
            let all = everything();
            *relation = Relation {
                rows: all.clone(),
                order: all.clone(),
                rest: all,
                columns: Vec::new(),
                complete: false,
            };
        }
        let listed = std::mem::take(&mut relation.columns);
        let mut named: FxHashMap<&str, Option<&Digest>> = FxHashMap::default();
        if !by_place {
            for (key, digest) in &listed {
                // Of two columns of one name it is not known which is meant.
                let slot = named.entry(key).or_insert(Some(digest));
                *slot = slot.filter(|d| *d == digest);
            }
        }
        relation.columns = self
            .keys(model)
            .enumerate()
            .map(|(i, key)| {
                let found = if by_place {
                    listed.get(i).map(|(_, d)| d)
                } else {
                    named.get(key.as_str()).copied().flatten()
                };
                let digest = match found {
                    Some(digest) => digest.clone(),
                    None => Mix::new("unlisted").str(&key).dig(&relation.rest).done(),
                };
                (key, digest)
            })
            .collect();
        relation.complete = model.complete();
        form
    }

    fn qualifiers(&self, model: &Model, input: u32) -> Vec<SmolStr> {
        let snapshot = self.snapshot;
        let parts = match model.inputs.get(input as usize) {
            Some(InputRelation::Model(m)) => snapshot.models[*m as usize].target_parts.clone(),
            Some(InputRelation::Own) => model.target_parts.clone(),
            Some(InputRelation::Source(s)) => {
                let name = &snapshot.sources[*s as usize].name;
                let text =
                    |i: &Option<rocky_base::Ident>| i.as_ref().map(|i| i.text.clone()).unwrap_or_default();
                [text(&name.catalog), text(&name.schema), name.table.text.clone()]
            }
            None => Default::default(),
        };
        parts.into_iter().filter(|p| !p.is_empty()).collect()
    }

    /// What the strategy makes of the query's result.
    fn kept(&self, id: u32, mut relation: Relation) -> Relation {
        let model = &self.snapshot.models[id as usize];
        if let Some(tag) = model.schema().columns.get(model.analysis().columns.len()) {
            // What the quarantine adds says which tests a row fails.
            let key = self.snapshot.fold_column(&tag.name);
            relation.columns.retain(|(name, _)| *name != key);
            let mut mix = Mix::new("tag");
            mix.dig(&relation.all());
            for word in crate::tagged::words(self.snapshot, model) {
                mix.str(&word);
            }
            relation.columns.push((key, mix.done()));
        }
        if model.inputs.contains(&InputRelation::Own) {
            // What it holds depends on what it held: any change of it bears on all of it.
            let all = relation.all();
            relation.rows = Mix::new("reads itself").dig(&relation.rows).dig(&all).done();
            for (_, digest) in &mut relation.columns {
                *digest = Mix::new("reads itself").dig(digest).dig(&all).done();
            }
        }
        if let Some(strategy) = strategy(&model.strategy.kind) {
            let mut mix = Mix::new("kept");
            mix.dig(&strategy).dig(&relation.rows);
            for column in strategy_columns(&model.strategy.kind) {
                let key = self.snapshot.fold_column(&column);
                let bare = self.snapshot.dialect.fold(&column, false, IdentKind::Column);
                match relation.column(&key).or_else(|| relation.column(&bare)) {
                    Some(digest) => mix.dig(digest),
                    None => mix.dig(&relation.rest),
                };
            }
            relation.rows = mix.done();
        }
        relation
    }

    /// Fill in what the models of `ids`, in order of execution, mean.
    fn fill(&mut self, ids: &[u32], deep: &FxHashSet<SmolStr>, cancel: &CancelToken) -> Result<()> {
        for id in ids {
            cancel.check()?;
            let inputs = self.inputs(*id);
            let name = &self.snapshot.models[*id as usize].name;
            let relation = if deep.contains(name) {
                self.by_text(*id, &inputs).relation
            } else {
                self.by_lineage(*id, &inputs)
            };
            let relation = self.kept(*id, relation);
            self.models.insert(*id, Arc::new(relation));
        }
        Ok(())
    }

    /// The normal form over inputs that stand for themselves: what the text alone means.
    pub(super) fn own(&self, id: u32) -> Normal {
        let snapshot = self.snapshot;
        let model = &snapshot.models[id as usize];
        let inputs: Vec<Arc<Relation>> = model
            .inputs
            .iter()
            .map(|input| {
                let (kind, name) = input_name(snapshot, model, *input);
                let columns: Vec<SmolStr> = match *input {
                    InputRelation::Model(m) => self.keys(&snapshot.models[m as usize]).collect(),
                    InputRelation::Own => self.keys(model).collect(),
                    InputRelation::Source(s) => {
                        let columns = snapshot.sources[s as usize].columns();
                        let columns = columns.into_iter().flat_map(|c| c.iter());
                        columns.map(|c| snapshot.fold_column(&c.name)).collect()
                    }
                };
                let kind = ["model", "own", "source"][kind as usize % 3];
                Arc::new(Relation {
                    rows: Digest::of(&[kind, &name]),
                    order: Digest::of(&[kind, &name, "order"]),
                    rest: Digest::of(&[kind, &name, "rest"]),
                    columns: columns
                        .into_iter()
                        .map(|key| {
                            let digest = Digest::of(&[kind, &name, "column", &key]);
                            (key, digest)
                        })
                        .collect(),
                    complete: match *input {
                        InputRelation::Model(m) => snapshot.models[m as usize].complete(),
                        InputRelation::Own => false,
                        InputRelation::Source(s) => snapshot.sources[s as usize].columns().is_some(),
                    },
                })
            })
            .collect();
        self.by_text(id, &inputs)
    }
}

/// See [`super::own_meaning`].
pub(super) fn own_meaning(snapshot: &Snapshot, id: u32) -> (u128, Option<SmolStr>) {
    let Some(model) = snapshot.models.get(id as usize) else {
        return (0, None);
    };
    let relation = Side::new(snapshot).own(id).relation;
    let mut mix = Mix::new("own");
    mix.dig(&relation.all()).str(model.strategy.kind.as_str());
    if let Some(strategy) = strategy(&model.strategy.kind) {
        mix.dig(&strategy);
    }
    if let Some(format) = format_words(model) {
        mix.dig(&format);
    }
    // Types are no part of a meaning over inputs that stand for themselves.
    mix.str(&format!("{:032x}", model.schema_hash()));
    let digest = mix.done();
    (digest.hash, digest.volatile)
}

impl<'a> Meanings<'a> {
    pub(super) fn new(old: &'a Snapshot, new: &'a Snapshot, cancel: &CancelToken) -> Result<Meanings<'a>> {
        let sources = changed_sources(old, new);
        let stable = stable(old, new);
        // Of an edit only what it could bear on is looked at.
        let near = stable.then(|| within_reach(old, new, &sources)).flatten();
        let order = near.as_ref().unwrap_or(&new.order.order);
        let mut touched: Vec<bool> = vec![false; new.models.len()];
        let mut pairs = Vec::new();
        let mut deep: FxHashSet<SmolStr> = FxHashSet::default();
        let mut new_ids: Vec<u32> = Vec::new();
        let mut old_touched: FxHashSet<u32> = FxHashSet::default();
        for (count, id) in order.iter().enumerate() {
            if count % 1024 == 0 {
                cancel.check()?;
            }
            let model = &new.models[*id as usize];
            // Of two models of one name only the first is known by it.
            let before = if stable {
                old.models.get(*id as usize).map(|o| (*id, o))
            } else {
                old.model(&model.name)
                    .filter(|_| new.names.model(&model.name) == Some(*id))
            };
            let parts = before.map(|(_, o)| definition(old, o, new, model));
            let bears = |input: &InputRelation| match input {
                InputRelation::Model(m) => touched[*m as usize],
                InputRelation::Own => false,
                InputRelation::Source(s) => sources.contains(s),
            };
            let own = parts.as_ref().is_none_or(|p| !p.is_empty());
            if !own && !model.inputs.iter().any(bears) {
                continue;
            }
            let parts = parts.unwrap_or_default();
            let rewritten = before.is_none()
                || parts.contains(&Definition::Query)
                || parts.contains(&Definition::References);
            if rewritten {
                deep.insert(model.name.clone());
            }
            // Another target or contract means nothing to those who read the model.
            let meaning = rewritten || parts.contains(&Definition::Strategy);
            touched[*id as usize] = meaning || model.inputs.iter().any(bears);
            new_ids.push(*id);
            old_touched.extend(before.map(|(o, _)| o));
            pairs.push(Pair {
                old: before.map(|(o, _)| o),
                new: Some(*id),
                definition: parts,
            });
        }
        let untouched = new.models.len() - pairs.len();
        let mut old_ids: Vec<u32> = Vec::new();
        let mut gone: Vec<u32> = Vec::new();
        for id in near.as_ref().unwrap_or(&old.order.order) {
            let model = &old.models[*id as usize];
            let twin =
                stable || (old.names.model(&model.name) == Some(*id) && new.model(&model.name).is_some());
            if !twin {
                gone.push(*id);
                deep.insert(model.name.clone());
                old_ids.push(*id);
            } else if old_touched.contains(id) {
                old_ids.push(*id);
            }
        }
        pairs.extend(gone.into_iter().map(|id| Pair {
            old: Some(id),
            new: None,
            definition: Vec::new(),
        }));
        let mut meanings = Meanings {
            old: Side::new(old),
            new: Side::new(new),
            pairs,
            untouched,
            light: FxHashMap::default(),
            deep,
        };
        let edited: Vec<u32> = meanings
            .pairs
            .iter()
            .filter(|p| !p.definition.is_empty())
            .filter_map(|p| p.new)
            .collect();
        meanings.expand();
        if stable && meanings.spreads(&edited, &touched, cancel)? {
            return Ok(meanings);
        }
        let (old_all, new_all) = meanings.with_expanded(&old_ids, &new_ids);
        let deep = std::mem::take(&mut meanings.deep);
        meanings.old.fill(&old_all, &deep, cancel)?;
        meanings.new.fill(&new_all, &deep, cancel)?;
        meanings.deep = deep;
        Ok(meanings)
    }

    /// Hash the edited models alone and follow from there. False when that does not tell everything.
    fn spreads(&mut self, edited: &[u32], touched: &[bool], cancel: &CancelToken) -> Result<bool> {
        let new = self.new.snapshot;
        let reads_touched = |id: &u32| {
            let inputs = new.models.get(*id as usize).map(|m| m.inputs.iter());
            inputs.into_iter().flatten().any(|input| match input {
                InputRelation::Model(m) => touched.get(*m as usize).copied().unwrap_or(true),
                InputRelation::Own | InputRelation::Source(_) => false,
            })
        };
        let all_edited = self.deep.iter().all(|name| {
            let id = new.names.model(name);
            id.is_some_and(|id| edited.contains(&id))
        });
        if edited.is_empty() || !all_edited || edited.iter().any(reads_touched) || !self.sources_stay() {
            return Ok(false);
        }
        let deep = std::mem::take(&mut self.deep);
        self.old.fill(edited, &deep, cancel)?;
        self.new.fill(edited, &deep, cancel)?;
        self.deep = deep;
        if let Some(light) = spread(self, cancel)? {
            self.light = light;
            return Ok(true);
        }
        self.old = Side::new(self.old.snapshot);
        self.new = Side::new(self.new.snapshot);
        Ok(false)
    }

    /// Both sides have the same sources under the same numbers.
    pub(super) fn sources_stay(&self) -> bool {
        Arc::ptr_eq(&self.old.snapshot.sources, &self.new.snapshot.sources)
    }

    /// What differs of a model that was not hashed.
    pub(super) fn light(&self, id: u32) -> Option<&Change> {
        self.light.get(&id)
    }

    /// Whether a model was brought into normal form.
    pub(super) fn is_deep(&self, name: &str) -> bool {
        self.deep.contains(name)
    }

    /// Find the models that only one side of a changed text reads.
    fn expand(&mut self) {
        let touched: FxHashSet<SmolStr> = self
            .pairs
            .iter()
            .filter_map(|p| match (p.new, p.old) {
                (Some(id), _) => Some(self.new.snapshot.models[id as usize].name.clone()),
                (None, Some(id)) => Some(self.old.snapshot.models[id as usize].name.clone()),
                (None, None) => None,
            })
            .collect();
        let reads = |snapshot: &Snapshot, id: Option<u32>| -> FxHashSet<SmolStr> {
            let Some(model) = id.and_then(|id| snapshot.models.get(id as usize)) else {
                return FxHashSet::default();
            };
            let inputs = model.inputs.iter();
            inputs
                .filter_map(|i| match i {
                    InputRelation::Model(m) => Some(snapshot.models[*m as usize].name.clone()),
                    _ => None,
                })
                .collect()
        };
        let mut work: Vec<SmolStr> = Vec::new();
        for pair in &self.pairs {
            let (old, new) = (
                reads(self.old.snapshot, pair.old),
                reads(self.new.snapshot, pair.new),
            );
            // A new model's text has nothing to be compared with but those who now read it.
            if pair.new.is_some() && pair.old.is_some() {
                work.extend(old.symmetric_difference(&new).cloned());
            }
        }
        let mut expanded: FxHashSet<SmolStr> = FxHashSet::default();
        while let Some(name) = work.pop() {
            if touched.contains(&name) || expanded.contains(&name) {
                continue;
            }
            if expanded.len() >= EXPANDED {
                return;
            }
            let Some((id, _)) = self.new.snapshot.model(&name) else {
                continue;
            };
            work.extend(reads(self.new.snapshot, Some(id)));
            expanded.insert(name);
        }
        self.deep.extend(expanded);
    }

    /// The models to fill in on either side, in order of execution, those that were written out among them.
    fn with_expanded(&self, old: &[u32], new: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let all = |snapshot: &Snapshot, ids: &[u32]| -> Vec<u32> {
            let wanted: FxHashSet<u32> = ids
                .iter()
                .copied()
                .chain(self.deep.iter().filter_map(|name| snapshot.names.model(name)))
                .collect();
            if wanted.len() == ids.len() {
                return ids.to_vec();
            }
            snapshot
                .order
                .order
                .iter()
                .copied()
                .filter(|id| wanted.contains(id))
                .collect()
        };
        (all(self.old.snapshot, old), all(self.new.snapshot, new))
    }
}
