//! From texts to columns: every model is parsed, resolved and analysed as soon as what it reads is. A model whose inputs are
//! not there yet is put aside and its inputs are taken next, so that few trees live at once however large the project is.

use crate::hash::Hasher128;
use crate::link::{self, Input, Resolved, SourceBook, SourceFacts, Target};
use crate::load::LoadedModel;
use crate::memo::{Checked, Memo};
use crate::names::NameTable;
use crate::packed::{Lazy, Packed};
use crate::snapshot::{ModelSchema, SourceSchema};
use crate::tagged::{self, Tags};
use crate::unit::{self, Unit, UnitEnv};
use rocky_base::{CancelToken, Dialect, Error, Result, SmolStr};
use rocky_semantic::{Analysis, RelationInput, RelationSchema};
use rocky_syntax::ast::Ast;
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{CatalogSnapshot, Column, OwnTypes};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Columns and lineage of one model, with what they were found by.
#[derive(Debug)]
pub struct Analysed {
    head: AnalysedHead,
    schema: OnceLock<Arc<ModelSchema>>,
    columns: Lazy<Columns>,
    analysis: Lazy<Arc<Analysis>>,
}

/// Columns as readers see them.
#[derive(Debug, Serialize, Deserialize)]
struct Columns(Arc<[Column]>);

impl Default for Columns {
    fn default() -> Columns {
        Columns(Arc::from([]))
    }
}

/// What every compile looks at.
#[derive(Copy, Clone, Debug, Default, Serialize, Deserialize)]
struct AnalysedHead {
    key: u128,
    schema_hash: u128,
    complete: bool,
    n_columns: u32,
    /// Columns whose type, or a part of it, is not known.
    n_unknown: u32,
    /// Columns at the end that the query does not give.
    n_added: u32,
}

impl Analysed {
    /// `more`: columns of the table that the query does not give.
    fn new(key: u128, analysis: Arc<Analysis>, whole: bool, more: Option<Column>) -> Analysed {
        let complete = analysis.complete && whole;
        let n_added = u32::from(more.is_some());
        let columns: Arc<[Column]> = analysis
            .columns
            .iter()
            .map(|c| Column {
                name: c.name.clone(),
                ty: c.ty.clone(),
                nullable: c.nullable,
            })
            .chain(more)
            .collect();
        let schema_hash = Hasher128::new()
            .value(&&*columns)
            .u32(u32::from(complete))
            .finish();
        Analysed {
            head: AnalysedHead {
                key,
                schema_hash,
                complete,
                n_columns: columns.len() as u32,
                n_unknown: columns.iter().filter(|c| c.ty.has_unknown()).count() as u32,
                n_added,
            },
            schema: OnceLock::new(),
            columns: Lazy::new(Columns(columns)),
            analysis: Lazy::new(analysis),
        }
    }

    /// Hash of everything the analysis read.
    pub fn key(&self) -> u128 {
        self.head.key
    }

    /// Hash of the columns and of whether there are others: an edit that leaves it unchanged stops there.
    pub fn schema_hash(&self) -> u128 {
        self.head.schema_hash
    }

    /// There are no other columns than those of the schema.
    pub fn complete(&self) -> bool {
        self.head.complete
    }

    /// How many columns there are, and of how many the type, or a part of it, is not known.
    pub fn n_columns(&self) -> (u32, u32) {
        (self.head.n_columns, self.head.n_unknown)
    }

    /// How many columns at the end the query does not give.
    pub fn n_added(&self) -> u32 {
        self.head.n_added
    }

    /// Look at the columns once: they are not kept in memory for it.
    pub fn look<R>(&self, look: impl FnOnce(&[Column]) -> R) -> R {
        match self.columns.once() {
            Some(columns) => look(&columns.0),
            None => look(&self.columns.get().0),
        }
    }

    /// Columns as readers see them.
    pub fn schema(&self) -> &Arc<ModelSchema> {
        self.schema.get_or_init(|| {
            Arc::new(ModelSchema {
                columns: self.columns.get().0.clone(),
                complete: self.head.complete,
                hash: self.head.schema_hash,
            })
        })
    }

    /// Columns, lineage, findings.
    pub fn analysis(&self) -> &Arc<Analysis> {
        self.analysis.get()
    }

    /// The same with the lineage packed; `None` when it is.
    pub(crate) fn packed_up(&self) -> Option<Analysed> {
        Some(Analysed {
            head: self.head,
            schema: self.schema.clone(),
            columns: Lazy::new(Columns(self.columns.get().0.clone())),
            analysis: self.analysis.packed_up()?,
        })
    }

    /// The three parts as the cache file holds them.
    pub(crate) fn pack(&self) -> Option<[Cow<'_, [u8]>; 3]> {
        Some([
            postcard::to_stdvec(&self.head).ok()?.into(),
            self.columns.pack()?,
            self.analysis.pack()?,
        ])
    }

    /// From the cache file.
    pub(crate) fn unpack(head: &[u8], columns: Packed, analysis: Packed) -> Option<Analysed> {
        Some(Analysed {
            head: postcard::from_bytes(head).ok()?,
            schema: OnceLock::new(),
            columns: Lazy::packed(columns),
            analysis: Lazy::packed(analysis),
        })
    }
}

/// Models by number.
pub trait Table: Sync {
    /// How many there are.
    fn count(&self) -> usize;
    /// A model's files.
    fn loaded(&self, id: u32) -> &LoadedModel;
    /// Its target.
    fn target(&self, id: u32) -> &Target;
}

/// The models of a compile.
pub struct Slices<'a>(pub &'a [Arc<LoadedModel>], pub &'a [Target]);

impl Table for Slices<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn loaded(&self, id: u32) -> &LoadedModel {
        &self.0[id as usize]
    }

    fn target(&self, id: u32) -> &Target {
        &self.1[id as usize]
    }
}

/// What all analyses of one compile share.
pub struct Shared<'a> {
    /// Macros, variables, dialect.
    pub env: UnitEnv<'a>,
    /// Models in order of name, with their targets.
    pub table: &'a dyn Table,
    /// Their names.
    pub names: &'a NameTable,
    /// Sources.
    pub book: &'a SourceBook<'a>,
    /// The warehouse, for a model that reads its own target.
    pub catalog: Option<&'a CatalogSnapshot>,
    /// Types that users made there.
    pub types: &'a Types,
    /// What quarantines add to the tables of models.
    pub tags: &'a Tags<'a>,
    /// Tripped: what is analysed from then on is not all, and must not be kept.
    pub cancel: &'a CancelToken,
    /// Take what is remembered for not known. What is analysed so has keys of its own world and enters no memo.
    pub proven_only: bool,
}

/// The types that users made, and the hash of them all: an analysis that could read one reads each.
#[derive(Debug, Default)]
pub struct Types {
    own: OwnTypes,
    hash: u128,
}

impl Types {
    /// Those of a warehouse.
    pub fn of(catalog: Option<&CatalogSnapshot>) -> Types {
        let own = catalog.map(CatalogSnapshot::own_types).unwrap_or_default();
        let hash = Hasher128::new().value(&own).finish();
        Types { own, hash }
    }

    /// The types.
    pub fn own(&self) -> &OwnTypes {
        &self.own
    }
}

/// A model after its text was looked at.
#[derive(Debug)]
pub struct Prepared {
    /// Its text.
    pub unit: Arc<Unit>,
    /// What its references mean.
    pub resolved: Resolved,
}

/// What another model gives to its readers.
pub enum Reads<'a> {
    /// Analysed.
    Done(&'a Analysed, bool),
    /// On a cycle, or its text is broken: what is known of its columns may not be all.
    Not,
}

impl Shared<'_> {
    /// The text of a model: as it was when nothing changed that it follows from, else parsed now.
    pub fn unit(
        &self,
        model: &LoadedModel,
        text: impl FnOnce() -> Arc<str>,
        old: Option<&Arc<Unit>>,
    ) -> (Arc<Unit>, Option<Ast>) {
        let key = unit::unit_key(
            model.file,
            model.language,
            model.body_start,
            model.reads.body,
            self.env.dialect,
        );
        if model.no_query {
            return (Arc::new(unit::unreadable(key)), None);
        }
        match old.filter(|u| u.key() == key && u.is_current(&self.env)) {
            Some(unit) => (unit.clone(), None),
            None => {
                let (unit, ast) = unit::make(
                    key,
                    model.file,
                    model.language,
                    &text(),
                    model.body_start,
                    &self.env,
                );
                (Arc::new(unit), Some(ast))
            }
        }
    }

    /// The columns of a model: `old` when it was found by the same key, else analysed now (`true`).
    pub fn analyse<'r>(
        &self,
        id: u32,
        prepared: &Prepared,
        ast: Option<Ast>,
        old: Option<&Arc<Analysed>>,
        result: &dyn Fn(u32) -> Option<(&'r Analysed, bool)>,
    ) -> (Arc<Analysed>, bool) {
        let model = self.table.loaded(id);
        let own = prepared
            .resolved
            .inputs
            .iter()
            .any(|(input, _)| matches!(input, Input::Own))
            .then(|| self.own_schema(id));
        let key = self.key(id, prepared, own.as_ref(), result);
        if let Some(old) = old.filter(|old| old.key() == key) {
            return (old.clone(), false);
        }
        let unit = &prepared.unit;
        let relations: Vec<RelationInput> = unit
            .refs()
            .iter()
            .zip(&prepared.resolved.ref_inputs)
            .filter_map(|(reference, index)| {
                let (input, _) = prepared.resolved.inputs.get(*index as usize)?;
                let (schema, display, qualifiers) = match input {
                    Input::Model(m) => (
                        self.model_schema(result(*m)),
                        self.table.loaded(*m).name.clone(),
                        qualifiers(&self.table.target(*m).parts),
                    ),
                    Input::Own => (
                        own.clone().unwrap_or(RelationSchema::Unknown),
                        model.name.clone(),
                        qualifiers(&self.table.target(id).parts),
                    ),
                    Input::Source(facts) => (
                        self.source_schema(facts),
                        facts.display.clone(),
                        facts.qualifiers.clone(),
                    ),
                };
                Some(RelationInput {
                    from: reference.from,
                    relation: *index,
                    schema,
                    display,
                    qualifiers,
                })
            })
            .collect();
        let ast = ast.unwrap_or_else(|| unit.parse(self.env.dialect));
        let analysis = rocky_semantic::analyse(&rocky_semantic::Input {
            ast: &ast,
            text: unit.text(),
            dialect: self.env.dialect,
            relations: &relations,
            types: &self.types.own,
            cancel: Some(self.cancel),
        });
        let whole = !unit.broken() && !model.unreadable;
        let given = |_: &Column| {
            let mut own = analysis.columns.iter();
            own.any(|c| tagged::is_tag(self.env.dialect, &c.name))
        };
        let tag = self.tag(id).filter(|tag| !given(tag));
        (Arc::new(Analysed::new(key, Arc::new(analysis), whole, tag)), true)
    }

    /// The column that a quarantine adds to a model's table.
    fn tag(&self, id: u32) -> Option<Column> {
        self.tags
            .column(self.table.loaded(id), self.table.target(id), self.env.dialect)
    }

    fn model_schema(&self, result: Option<(&Analysed, bool)>) -> RelationSchema {
        match result {
            Some((analysed, false)) if analysed.complete() => {
                RelationSchema::Known(analysed.schema().columns.clone())
            }
            Some((analysed, doubtful)) => {
                let columns = &analysed.schema().columns;
                if doubtful && columns.is_empty() {
                    RelationSchema::Unknown
                } else {
                    RelationSchema::Partial(columns.clone())
                }
            }
            None => RelationSchema::Unknown,
        }
    }

    fn own_schema(&self, id: u32) -> RelationSchema {
        match self.catalog.map(|c| c.lookup(&self.table.target(id).name)) {
            Some(Lookup::Found(r)) => RelationSchema::Known(r.columns.as_slice().into()),
            _ => RelationSchema::Unknown,
        }
    }

    fn source_schema(&self, facts: &SourceFacts) -> RelationSchema {
        match (&facts.schema, facts.schema.columns()) {
            (SourceSchema::Seen(..), _) if self.proven_only => RelationSchema::Unknown,
            (schema, Some(columns)) if self.proven_only && !schema.of_own_types().is_empty() => {
                let own = schema.of_own_types();
                let proven = |c: &Column| match own.contains(&c.name) {
                    true => Column {
                        ty: rocky_warehouse::Type::Unknown,
                        ..c.clone()
                    },
                    false => c.clone(),
                };
                RelationSchema::Known(columns.iter().map(proven).collect())
            }
            (_, Some(columns)) => RelationSchema::Known(columns.clone()),
            (SourceSchema::Absent, None) => RelationSchema::Absent(self.alternatives(facts)),
            (_, None) => RelationSchema::Unknown,
        }
    }

    /// What could have been meant by a source that does not exist.
    fn alternatives(&self, facts: &SourceFacts) -> Arc<[SmolStr]> {
        let dialect: Dialect = self.env.dialect;
        let models = (0..self.table.count() as u32).map(|id| self.table.loaded(id).name.as_str());
        let same_schema = |r: &&rocky_warehouse::Relation| {
            let key = r.name.key(dialect);
            key.schema == facts.key.schema && key.catalog == facts.key.catalog
        };
        let relations = self
            .catalog
            .into_iter()
            .flat_map(|c| c.relations.values())
            .filter(same_schema)
            .map(|r| r.name.table.text.as_str());
        let wanted = &facts.name.table.text;
        let relation = rocky_base::suggest::nearest(wanted, relations);
        let near = rocky_base::suggest::nearest(wanted, models.chain(relation));
        let schema = |near: &str| match &facts.name.schema {
            Some(schema) if Some(near) == relation => SmolStr::from(format!("{}.{near}", schema.text)),
            _ => SmolStr::new(near),
        };
        let near = near.map(schema);
        near.or_else(|| facts.elsewhere.clone()).into_iter().collect()
    }

    /// The hash of everything an analysis reads.
    fn key<'r>(
        &self,
        id: u32,
        prepared: &Prepared,
        own: Option<&RelationSchema>,
        result: &dyn Fn(u32) -> Option<(&'r Analysed, bool)>,
    ) -> u128 {
        let mut hasher = Hasher128::new();
        hasher
            .u128(prepared.unit.hash())
            .u32(u32::from(self.table.loaded(id).unreadable))
            .u32(u32::from(self.tag(id).is_some()));
        if !self.types.own.is_empty() {
            hasher.u128(self.types.hash);
        }
        let part = |hasher: &mut Hasher128, name: &str, parts: &[SmolStr; 3]| {
            hasher.str(name).value(parts);
        };
        for (input, _) in &prepared.resolved.inputs {
            match input {
                Input::Model(m) => {
                    hasher.u32(1);
                    part(
                        &mut hasher,
                        &self.table.loaded(*m).name,
                        &self.table.target(*m).parts,
                    );
                    match result(*m) {
                        Some((analysed, doubtful)) => {
                            hasher.u32(u32::from(doubtful)).u128(analysed.schema_hash())
                        }
                        None => hasher.u32(2),
                    };
                }
                Input::Own => {
                    hasher.u32(2);
                    part(
                        &mut hasher,
                        &self.table.loaded(id).name,
                        &self.table.target(id).parts,
                    );
                    match own {
                        Some(RelationSchema::Known(columns)) => hasher.u32(0).value(&&**columns),
                        _ => hasher.u32(1),
                    };
                }
                Input::Source(facts) => {
                    hasher.u32(3).u128(facts.hash);
                    if facts.schema == SourceSchema::Absent {
                        hasher.value(&&*self.alternatives(facts));
                    }
                }
            }
        }
        hasher.value(&prepared.resolved.ref_inputs);
        hasher.finish()
    }
}

fn qualifiers(parts: &[SmolStr; 3]) -> Vec<SmolStr> {
    parts.iter().filter(|p| !p.is_empty()).cloned().collect()
}

/// All models of a project, analysed.
#[derive(Default)]
pub struct Results {
    /// In order of models.
    pub prepared: Vec<Prepared>,
    /// In order of models; `None` for those on a cycle or behind one, which [`finish`] takes.
    pub analysed: Vec<Option<Arc<Analysed>>>,
    /// In order of models; `None` for those that were remembered or left.
    pub checked: Vec<Option<Arc<Checked>>>,
    /// Trees of the models that are left.
    left: Vec<(u32, Option<Ast>)>,
    /// Texts that were parsed.
    pub parsed: u64,
    /// Models that were analysed, not remembered.
    pub fresh: u64,
}

/// What the threads share.
struct Board {
    claimed: Vec<bool>,
    done: Vec<bool>,
    // For a model put aside: how many of its inputs are not analysed, and its tree.
    missing: Vec<u32>,
    trees: Vec<Option<Ast>>,
    readers: Vec<Vec<u32>>,
}

/// What is found in a model that was analysed just now, given what was found before.
pub type Check<'a> = dyn Fn(u32, &Prepared, &Analysed, Option<&Arc<Checked>>) -> Arc<Checked> + Sync + 'a;

/// Analyse all models on `pool`. `texts` gives the text of a model that has to be parsed. Findings are looked for at once,
/// so that the lineage of one model after the other can be packed. `progress` is called on this thread now and then with the
/// number of models that are done.
pub fn all(
    shared: &Shared<'_>,
    memo: &Memo,
    texts: &(dyn Fn(u32) -> Arc<str> + Sync),
    check: &Check<'_>,
    pool: &rayon::ThreadPool,
    progress: &mut dyn FnMut(usize),
    cancel: &CancelToken,
) -> Result<Results> {
    let n = shared.table.count();
    let work = Work {
        shared,
        memo,
        texts,
        check,
        cancel,
        checked: (0..n).map(|_| OnceLock::new()).collect(),
        prepared: (0..n).map(|_| OnceLock::new()).collect(),
        analysed: (0..n).map(|_| OnceLock::new()).collect(),
        board: Mutex::new(Board {
            claimed: vec![false; n],
            done: vec![false; n],
            missing: vec![0; n],
            trees: (0..n).map(|_| None).collect(),
            readers: vec![Vec::new(); n],
        }),
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        parsed: AtomicU64::new(0),
        fresh: AtomicU64::new(0),
    };
    let threads = pool.current_num_threads().clamp(1, n.div_ceil(8).max(1));
    pool.in_place_scope(|scope| {
        let (finished, waiting) = std::sync::mpsc::channel();
        for _ in 0..threads {
            let (work, finished) = (&work, finished.clone());
            scope.spawn(move |_| {
                work.run();
                let _ = finished.send(());
            });
        }
        drop(finished);
        loop {
            match waiting.recv_timeout(Duration::from_millis(100)) {
                Ok(()) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    progress(work.done.load(Ordering::Relaxed));
                }
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    if let Err(cancelled) = cancel.check() {
        let Work {
            checked,
            prepared,
            analysed,
            board,
            ..
        } = work;
        pool.spawn(move || drop((checked, prepared, analysed, board)));
        return Err(cancelled);
    }
    let mut board = work.board.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut prepared = Vec::with_capacity(n);
    for cell in work.prepared {
        prepared.push(
            cell.into_inner()
                .ok_or_else(|| Error::bug("a model was not prepared"))?,
        );
    }
    let analysed: Vec<Option<Arc<Analysed>>> = work.analysed.into_iter().map(OnceLock::into_inner).collect();
    let left = analysed
        .iter()
        .enumerate()
        .filter(|(_, a)| a.is_none())
        .map(|(id, _)| (id as u32, board.trees.get_mut(id).and_then(Option::take)))
        .collect();
    Ok(Results {
        prepared,
        analysed,
        checked: work.checked.into_iter().map(OnceLock::into_inner).collect(),
        left,
        parsed: work.parsed.into_inner(),
        fresh: work.fresh.into_inner(),
    })
}

impl Results {
    /// Analyse what lies on a cycle or behind one, in the order of the graph.
    pub fn finish(&mut self, shared: &Shared<'_>, memo: &Memo, order: &crate::graph::Order) {
        if self.left.is_empty() {
            return;
        }
        let mut trees: rustc_hash::FxHashMap<u32, Option<Ast>> =
            std::mem::take(&mut self.left).into_iter().collect();
        for id in &order.order {
            if shared.cancel.is_tripped() {
                return;
            }
            let Some(ast) = trees.remove(id) else { continue };
            let (Some(prepared), old) = (
                self.prepared.get(*id as usize),
                memo.entries
                    .get(&shared.table.loaded(*id).file)
                    .map(|e| &e.analysed),
            ) else {
                continue;
            };
            let result = |m: u32| {
                let analysed = self.analysed.get(m as usize)?.as_deref()?;
                let broken = self.prepared.get(m as usize).is_none_or(|p| p.unit.broken());
                let cyclic = order.cyclic.get(m as usize).copied().unwrap_or(false);
                Some((analysed, broken || cyclic))
            };
            let (analysed, fresh) = shared.analyse(*id, prepared, ast, old, &result);
            self.fresh += u64::from(fresh);
            if let Some(slot) = self.analysed.get_mut(*id as usize) {
                *slot = Some(analysed);
            }
        }
    }
}

struct Work<'a> {
    shared: &'a Shared<'a>,
    memo: &'a Memo,
    texts: &'a (dyn Fn(u32) -> Arc<str> + Sync),
    check: &'a Check<'a>,
    cancel: &'a CancelToken,
    checked: Vec<OnceLock<Arc<Checked>>>,
    prepared: Vec<OnceLock<Prepared>>,
    analysed: Vec<OnceLock<Arc<Analysed>>>,
    board: Mutex<Board>,
    next: AtomicUsize,
    done: AtomicUsize,
    parsed: AtomicU64,
    fresh: AtomicU64,
}

impl Work<'_> {
    /// Take models until there are none. A model's inputs come before the next model.
    fn run(&self) {
        let mut stack: Vec<u32> = Vec::new();
        let mut ready: VecDeque<(u32, Option<Ast>)> = VecDeque::new();
        loop {
            if self.cancel.is_tripped() {
                return;
            }
            if let Some((id, ast)) = ready.pop_front() {
                self.analyse(id, ast, &mut ready);
                continue;
            }
            let id = match stack.pop() {
                Some(id) => id,
                None => {
                    let id = self.next.fetch_add(1, Ordering::Relaxed);
                    if id >= self.shared.table.count() {
                        return;
                    }
                    id as u32
                }
            };
            self.prepare(id, &mut stack, &mut ready);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prepare(&self, id: u32, stack: &mut Vec<u32>, ready: &mut VecDeque<(u32, Option<Ast>)>) {
        if std::mem::replace(&mut self.lock().claimed[id as usize], true) {
            return;
        }
        let model = self.shared.table.loaded(id);
        let old = self.memo.entries.get(&model.file);
        let (unit, ast) = self.shared.unit(model, || (self.texts)(id), old.map(|e| &e.unit));
        self.parsed.fetch_add(u64::from(ast.is_some()), Ordering::Relaxed);
        let resolved = link::resolve(id, &unit, self.shared.names, self.shared.book);
        let inputs: Vec<u32> = resolved.models().map(|(m, _)| m).collect();
        let _ = self.prepared[id as usize].set(Prepared { unit, resolved });
        let mut board = self.lock();
        let mut missing = 0;
        for input in inputs {
            if board.done[input as usize] {
                continue;
            }
            missing += 1;
            board.readers[input as usize].push(id);
            if !board.claimed[input as usize] {
                stack.push(input);
            }
        }
        if missing == 0 {
            ready.push_back((id, ast));
        } else {
            board.missing[id as usize] = missing;
            board.trees[id as usize] = ast;
        }
    }

    fn analyse(&self, id: u32, ast: Option<Ast>, ready: &mut VecDeque<(u32, Option<Ast>)>) {
        let Some(prepared) = self.prepared[id as usize].get() else {
            return;
        };
        let old = self.memo.entries.get(&self.shared.table.loaded(id).file);
        let result = |m: u32| {
            let analysed = self.analysed[m as usize].get()?;
            let broken = self.prepared[m as usize].get().is_none_or(|p| p.unit.broken());
            Some((&**analysed, broken))
        };
        let (mut analysed, fresh) = self
            .shared
            .analyse(id, prepared, ast, old.map(|e| &e.analysed), &result);
        self.fresh.fetch_add(u64::from(fresh), Ordering::Relaxed);
        if fresh {
            let checked = (self.check)(id, prepared, &analysed, old.map(|e| &e.checked));
            let _ = self.checked[id as usize].set(checked);
            // Of a whole project little is looked at again.
            analysed = analysed.packed_up().map_or(analysed, Arc::new);
        }
        let _ = self.analysed[id as usize].set(analysed);
        self.done.fetch_add(1, Ordering::Relaxed);
        let mut board = self.lock();
        board.done[id as usize] = true;
        for reader in std::mem::take(&mut board.readers[id as usize]) {
            let missing = &mut board.missing[reader as usize];
            *missing = missing.saturating_sub(1);
            if *missing == 0 {
                let tree = board.trees[reader as usize].take();
                ready.push_back((reader, tree));
            }
        }
    }
}
