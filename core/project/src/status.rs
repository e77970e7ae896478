//! How sure each column is: proven, assumed or unknown; and what follows from that.
//!
//! A column is *proven* when its type follows from the text and from facts that hold: given with the request, declared,
//! locked, or read from the warehouse for this compile. It is *assumed* when a remembered catalogue is behind it, which
//! may have changed since. Otherwise it is *unknown*.
//!
//! Invariant: an error is never raised from an assumed fact. A model with errors that reads remembered columns, at
//! any distance, is analysed once more as if they were not known ([`Doubt`]); what is still found is proven, the rest
//! becomes a warning that names the fact. What a column rests on is a number of a source; ages are put in at the end and
//! enter no memo key.

use crate::analyse::{Analysed, Prepared, Shared, Table, Types};
use crate::findings::{self, Around, Subject};
use crate::graph::Order;
use crate::levels::Levels;
use crate::link::{self, SourceBook, Target};
use crate::load::LoadedModel;
use crate::names::NameTable;
use crate::snapshot::{InputRelation, Model, Snapshot, Source};
use crate::tagged::Tags;
use crate::unit::UnitEnv;
use rocky_base::{CancelToken, Code, Diagnostic, Loc, Severity, SharedList};
use rocky_semantic::{OutputColumn, Status};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The remembered fact that something rests on.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Basis {
    /// The columns of a source: index into [`Snapshot::sources`].
    Source(u32),
    /// The columns that the existing target of a model has.
    Target(u32),
    /// The types that users made in the warehouse.
    Types,
}

/// How sure a column is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ColumnStatus<'a> {
    /// It follows from the text and from facts that hold.
    Proven,
    /// It follows from what is remembered.
    Assumed {
        /// The oldest of the facts behind it.
        basis: Basis,
        /// When that was read, in seconds since 1970; 0 when not known.
        at: i64,
    },
    /// Its type, or a part of it, cannot be told.
    Unknown {
        /// The expression, in the user's file.
        loc: Loc,
        /// Why, in one line.
        reason: &'a str,
    },
}

/// How many columns are how sure. A model whose columns are not all listed counts one unknown column more.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// Proven ones.
    pub proven: u64,
    /// Assumed ones.
    pub assumed: u64,
    /// Unknown ones.
    pub unknown: u64,
}

impl Coverage {
    /// All of them.
    pub fn columns(&self) -> u64 {
        self.proven + self.assumed + self.unknown
    }

    /// The share of proven ones; 1 when there are none at all.
    pub fn ratio(&self) -> f64 {
        match self.columns() {
            0 => 1.0,
            all => self.proven as f64 / all as f64,
        }
    }

    /// Both together.
    pub fn add(&mut self, other: Coverage) {
        self.proven += other.proven;
        self.assumed += other.assumed;
        self.unknown += other.unknown;
    }
}

/// What the columns of one model rest on.
enum Assumed {
    /// Nothing that is remembered.
    Nothing,
    /// All columns on one fact.
    All(Basis),
    /// One entry for each column.
    Each(Box<[Option<Basis>]>),
}

/// The status of every column of a snapshot.
pub struct Statuses {
    models: Vec<Assumed>,
}

impl std::fmt::Debug for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statuses")
            .field("models", &self.models.len())
            .finish()
    }
}

impl Statuses {
    /// Follow the remembered facts through the models, in their order: the cost is that of the edges.
    pub fn of(snapshot: &Snapshot) -> Statuses {
        let mut models: Vec<Assumed> = snapshot.models.iter().map(|_| Assumed::Nothing).collect();
        let remembered =
            snapshot.remembered_at.is_some() || snapshot.sources.iter().any(|s| s.assumed_since().is_some());
        if !remembered {
            return Statuses { models };
        }
        let types = snapshot.remembers_types();
        // Columns of models by name, made once for a model that others read.
        let mut by_name: FxHashMap<u32, FxHashMap<&str, Basis>> = FxHashMap::default();
        for id in &snapshot.order.order {
            let Some(model) = snapshot.models.get(*id as usize) else {
                continue;
            };
            let remembered = |input: &InputRelation| match input {
                InputRelation::Source(s) => {
                    let source = snapshot.sources.get(*s as usize);
                    source.is_some_and(|s| s.assumed_since().is_some())
                }
                InputRelation::Own => snapshot.remembered_at.is_some(),
                InputRelation::Model(m) => !matches!(models.get(*m as usize), Some(Assumed::Nothing) | None),
            };
            if !types && !model.inputs.iter().any(remembered) {
                continue;
            }
            for input in &model.inputs {
                if let InputRelation::Model(m) = input
                    && let (Some(Assumed::Each(each)), Some(read)) =
                        (models.get(*m as usize), snapshot.models.get(*m as usize))
                {
                    by_name.entry(*m).or_insert_with(|| {
                        let columns = read.analysis().columns.iter().zip(each);
                        columns
                            .filter_map(|(c, basis)| Some((c.name.as_str(), (*basis)?)))
                            .collect()
                    });
                }
            }
            let behind =
                |column: &OutputColumn| {
                    let bases = column.sources.iter().filter_map(|s| {
                        match model.inputs.get(s.relation as usize)? {
                            InputRelation::Source(i) => {
                                let source = snapshot.sources.get(*i as usize)?;
                                let of_type = || types && source.schema.of_own_types().contains(&s.column);
                                match source.assumed_since() {
                                    Some(_) => Some(Basis::Source(*i)),
                                    None => of_type().then_some(Basis::Types),
                                }
                            }
                            InputRelation::Own => snapshot.remembered_at.map(|_| Basis::Target(*id)),
                            InputRelation::Model(m) => match models.get(*m as usize)? {
                                Assumed::Nothing => None,
                                Assumed::All(basis) => Some(*basis),
                                Assumed::Each(_) => by_name.get(m)?.get(s.column.as_str()).copied(),
                            },
                        }
                    });
                    let own = (types && column.own_type).then_some(Basis::Types);
                    bases.chain(own).min_by_key(|b| (snapshot.assumed_at(*b), *b))
                };
            let each: Box<[Option<Basis>]> = model.analysis().columns.iter().map(behind).collect();
            let first = each.first().copied().flatten();
            let assumed = match first {
                None if each.iter().all(Option::is_none) => Assumed::Nothing,
                Some(basis) if each.iter().all(|b| *b == first) => Assumed::All(basis),
                _ => Assumed::Each(each),
            };
            if let Some(place) = models.get_mut(*id as usize) {
                *place = assumed;
            }
        }
        Statuses { models }
    }

    /// How sure a column of a model is.
    pub fn column<'a>(
        &self,
        snapshot: &Snapshot,
        id: u32,
        model: &'a Model,
        index: usize,
    ) -> ColumnStatus<'a> {
        // The schema says whether anything is unknown; the analysis, which may still lie on the disk, says why.
        let unknown = |c: &rocky_warehouse::Column| c.ty.has_unknown();
        if model.schema().columns.get(index).is_some_and(unknown)
            && let Some(column) = model.analysis().columns.get(index)
        {
            let (span, reason) = match &column.status {
                Status::Unknown { span, reason } => (*span, reason.as_str()),
                Status::Known => (column.span, "a part of its type is not known"),
            };
            return ColumnStatus::Unknown {
                loc: model.unit.origin().locate(span),
                reason,
            };
        }
        let basis = match self.models.get(id as usize) {
            Some(Assumed::All(basis)) => Some(*basis),
            Some(Assumed::Each(each)) => each.get(index).copied().flatten(),
            Some(Assumed::Nothing) | None => None,
        };
        match basis {
            Some(basis) => ColumnStatus::Assumed {
                basis,
                at: snapshot.assumed_at(basis),
            },
            None => ColumnStatus::Proven,
        }
    }

    /// Every column of a model is proven.
    pub fn all_proven(&self, id: u32, model: &Model) -> bool {
        model.n_columns().1 == 0 && matches!(self.models.get(id as usize), Some(Assumed::Nothing) | None)
    }

    /// The coverage of one model.
    pub fn coverage(&self, snapshot: &Snapshot, id: u32) -> Coverage {
        let mut coverage = Coverage::default();
        let Some(model) = snapshot.models.get(id as usize) else {
            return coverage;
        };
        let (columns, unknown) = model.n_columns();
        let known = u64::from(columns - unknown);
        match self.models.get(id as usize) {
            Some(Assumed::Nothing) | None => coverage.proven = known,
            Some(Assumed::All(_)) => coverage.assumed = known,
            Some(Assumed::Each(_)) => {
                for index in 0..columns as usize {
                    match self.column(snapshot, id, model, index) {
                        ColumnStatus::Proven => coverage.proven += 1,
                        ColumnStatus::Assumed { .. } => coverage.assumed += 1,
                        ColumnStatus::Unknown { .. } => {}
                    }
                }
            }
        }
        coverage.unknown = u64::from(unknown);
        coverage.unknown += u64::from(!model.complete());
        coverage
    }
}

impl Snapshot {
    /// Types that users made are known from a remembered catalogue.
    fn remembers_types(&self) -> bool {
        let known = self.ground.catalog.as_ref().filter(|c| !c.fresh);
        self.remembered_at.is_some() && known.is_some_and(|c| !c.snapshot.types.is_empty())
    }

    /// When a remembered fact was read.
    pub fn assumed_at(&self, basis: Basis) -> i64 {
        let at = match basis {
            Basis::Source(i) => self.sources.get(i as usize).and_then(Source::assumed_since),
            Basis::Target(_) | Basis::Types => self.remembered_at,
        };
        at.unwrap_or_default()
    }

    /// The relation of a remembered fact.
    pub fn basis_name(&self, basis: Basis) -> String {
        match basis {
            Basis::Source(i) => self.sources.get(i as usize).map(|s| s.name.display()),
            Basis::Target(m) => self.models.get(m as usize).map(|m| m.target.display()),
            Basis::Types => Some("types made with CREATE TYPE".to_owned()),
        }
        .unwrap_or_default()
    }
}

/// Which models read remembered columns, at any distance, while a compile is under way.
pub(crate) struct Doubt<'a> {
    sources: &'a [Source],
    inputs: Vec<&'a [InputRelation]>,
    remembered_at: Option<i64>,
    touched: Vec<bool>,
    now: i64,
}

impl<'a> Doubt<'a> {
    /// Walk the models in their order; with `any`, each may read something remembered that is no input.
    pub fn new(
        order: &[u32],
        inputs: Vec<&'a [InputRelation]>,
        sources: &'a [Source],
        remembered_at: Option<i64>,
        now: i64,
        any: bool,
    ) -> Doubt<'a> {
        let mut doubt = Doubt {
            sources,
            inputs,
            remembered_at,
            touched: Vec::new(),
            now,
        };
        doubt.touched = vec![any && remembered_at.is_some(); doubt.inputs.len()];
        if !any && remembered_at.is_some() {
            for id in order {
                let touched = doubt.reads(*id).iter().any(|input| match input {
                    InputRelation::Model(m) => doubt.touches(*m),
                    other => doubt.is_assumed(*other),
                });
                if let Some(place) = doubt.touched.get_mut(*id as usize) {
                    *place = touched;
                }
            }
        }
        doubt
    }

    fn reads(&self, id: u32) -> &'a [InputRelation] {
        self.inputs.get(id as usize).copied().unwrap_or_default()
    }

    /// The model reads remembered columns.
    pub fn touches(&self, id: u32) -> bool {
        self.touched.get(id as usize).copied().unwrap_or_default()
    }

    /// The columns of this input only are remembered.
    pub fn is_assumed(&self, input: InputRelation) -> bool {
        match input {
            InputRelation::Source(s) => self
                .sources
                .get(s as usize)
                .is_some_and(|s| s.assumed_since().is_some()),
            InputRelation::Own => self.remembered_at.is_some(),
            InputRelation::Model(_) => false,
        }
    }

    /// Some models and what of their inputs must be analysed with them, in the order `order` gives.
    pub fn with_inputs(&self, models: &[u32], order: &[u32]) -> Vec<u32> {
        let mut wanted: FxHashSet<u32> = FxHashSet::default();
        let mut queue: Vec<u32> = models.to_vec();
        while let Some(id) = queue.pop() {
            if self.touches(id) && wanted.insert(id) {
                queue.extend(self.reads(id).iter().filter_map(|input| match input {
                    InputRelation::Model(m) => Some(*m),
                    _ => None,
                }));
            }
        }
        order.iter().copied().filter(|id| wanted.contains(id)).collect()
    }

    /// The remembered sources behind a model, oldest first.
    fn behind(&self, model: u32) -> Vec<u32> {
        let mut seen: FxHashSet<u32> = FxHashSet::from_iter([model]);
        let mut queue = vec![model];
        let mut sources: FxHashSet<u32> = FxHashSet::default();
        while let Some(id) = queue.pop() {
            for input in self.reads(id) {
                match input {
                    InputRelation::Model(m) if self.touches(*m) && seen.insert(*m) => queue.push(*m),
                    InputRelation::Source(s) if self.is_assumed(*input) => {
                        sources.insert(*s);
                    }
                    _ => {}
                }
            }
        }
        let mut sources: Vec<u32> = sources.into_iter().collect();
        let at = |s: &u32| self.sources.get(*s as usize).and_then(Source::assumed_since);
        sources.sort_unstable_by_key(|s| (at(s), *s));
        sources
    }

    /// Errors of a model that `proven` (its findings without remembered facts) does not have become warnings that say
    /// what they rest on. Returns how many.
    pub fn soften(&self, model: u32, found: &mut [Diagnostic], proven: &[Diagnostic]) -> usize {
        let place = |d: &Diagnostic| d.primary.as_ref().map(|l| l.loc);
        let proven: FxHashSet<(Code, Option<Loc>)> = proven
            .iter()
            .filter(|d| d.is_error())
            .map(|d| (d.code, place(d)))
            .collect();
        let behind = self.behind(model);
        let mut softened = 0;
        for finding in found.iter_mut().filter(|d| d.is_error()) {
            if proven.contains(&(finding.code, place(finding))) {
                continue;
            }
            softened += 1;
            finding.severity = Severity::Warning;
            // An edit is offered where nothing need be read before it is applied.
            finding.fix = None;
            for source in behind
                .iter()
                .take(NAMED)
                .filter_map(|s| self.sources.get(*s as usize))
            {
                finding.notes.push(rocky_base::Label {
                    loc: source.first_ref,
                    text: format!(
                        "assumed, not proved: the columns of `{}` {}",
                        source.name.display(),
                        read_ago(source.assumed_since().unwrap_or_default(), self.now)
                    ),
                });
            }
            let remedy = "Compile with `--refresh-sources always` to know.";
            finding.help = Some(match finding.help.take() {
                Some(help) => format!("{help} {remedy}"),
                None => remedy.to_owned(),
            });
        }
        softened
    }
}

/// A compile that may rest on remembered facts.
pub(crate) struct Doubtful<'a> {
    pub env: UnitEnv<'a>,
    pub names: &'a NameTable,
    pub book: &'a SourceBook<'a>,
    pub order: &'a Order,
    pub sources: &'a [Source],
    /// When the catalogue was read, if it only is remembered.
    pub remembered_at: Option<i64>,
    /// Types that users made: any model may rest on them.
    pub types: &'a Types,
    /// What quarantines add to the tables of models.
    pub tags: &'a Tags<'a>,
    /// Tripped: nothing that is found counts.
    pub cancel: &'a CancelToken,
    /// How loud findings are.
    pub levels: &'a Levels,
    pub now: SystemTime,
}

impl Doubtful<'_> {
    /// Make warnings of the errors that rest on remembered facts, in all models or in those that were made just now. Costs nothing without a remembered
    /// catalogue, a look at each model's inputs with one, and an analysis of what stands behind errors where there are some.
    pub fn soften(&self, models: &mut SharedList<Arc<Model>>, only: Option<&[u32]>) {
        let wrong = |m: &Model| m.checked.findings.iter().any(Diagnostic::is_error);
        let mut suspects: Vec<u32> = match only {
            _ if self.remembered_at.is_none() => return,
            Some(ids) => ids.to_vec(),
            None => (0..models.len() as u32).collect(),
        };
        suspects.retain(|id| models.get(*id as usize).is_some_and(|m| wrong(m)));
        if suspects.is_empty() {
            return;
        }
        let now = self.now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let order = &self.order.order;
        let inputs = models.iter().map(|m| m.inputs.as_slice()).collect();
        let any = !self.types.own().is_empty();
        let doubt = Doubt::new(order, inputs, self.sources, self.remembered_at, now, any);
        suspects.retain(|id| doubt.touches(*id));
        if suspects.is_empty() {
            return;
        }
        let table = Built(models);
        let shared = Shared {
            env: self.env,
            table: &table,
            names: self.names,
            book: self.book,
            catalog: None,
            types: &Types::default(),
            tags: self.tags,
            cancel: self.cancel,
            proven_only: true,
        };
        let mut proven: FxHashMap<u32, Arc<Analysed>> = FxHashMap::default();
        for id in doubt.with_inputs(&suspects, order) {
            if self.cancel.is_tripped() {
                return;
            }
            let Some(model) = models.get(id as usize) else {
                continue;
            };
            let prepared = Prepared {
                unit: model.unit.clone(),
                resolved: model.parts.resolved.clone(),
            };
            let result = |m: u32| {
                let read = models.get(m as usize)?;
                let analysed = proven.get(&m).unwrap_or(&read.analysed);
                let cyclic = self.order.cyclic.get(m as usize).copied().unwrap_or(false);
                Some((&**analysed, read.unit.broken() || cyclic))
            };
            let (analysed, _) = shared.analyse(id, &prepared, None, None, &result);
            proven.insert(id, analysed);
        }
        let mut changed: Vec<(u32, Vec<Diagnostic>, usize)> = Vec::new();
        for id in suspects {
            let (Some(model), Some(analysed)) = (models.get(id as usize), proven.get(&id)) else {
                continue;
            };
            let parts = &model.parts;
            let checked = Subject {
                loaded: &model.loaded,
                target: &parts.target,
                unit: &model.unit,
                analysed,
                contract: model.contract.as_deref().map(|c| (c, 0)),
                dialect: self.env.dialect,
            }
            .checked(None);
            let broken = |m: u32| {
                models
                    .get(m as usize)
                    .is_none_or(|m| m.unit.broken() || m.loaded.unreadable)
            };
            let around = Around {
                inputs: &model.inputs,
                broken: &broken,
                levels: self.levels,
                constructs: Vec::new(),
            };
            let (holds, _) = findings::all(
                &model.loaded,
                &parts.target,
                &parts.resolved,
                &link::depends(id, &parts.resolved, &table, self.names),
                &model.unit,
                &checked,
                around,
            );
            let mut found = model.findings.to_vec();
            let softened = doubt.soften(id, &mut found, &holds);
            if softened > 0 {
                changed.push((id, found, softened));
            }
        }
        for (id, found, softened) in changed {
            if let Some(model) = models.get_mut(id as usize).and_then(Arc::get_mut) {
                let cyclic = self.order.cyclic.get(id as usize).copied().unwrap_or(false);
                model.has_errors = cyclic || found.iter().any(Diagnostic::is_error);
                model.findings = Arc::new(found);
                model.softened = softened;
            }
        }
    }
}

/// Models that were put together.
struct Built<'a>(&'a SharedList<Arc<Model>>);

impl Table for Built<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn loaded(&self, id: u32) -> &LoadedModel {
        &self.0[id as usize].loaded
    }

    fn target(&self, id: u32) -> &Target {
        &self.0[id as usize].parts.target
    }
}

/// At most so many facts are named in one finding.
const NAMED: usize = 3;

/// "were read 3 days ago".
fn read_ago(at: i64, now: i64) -> String {
    if at <= 0 {
        return "were read some time ago".to_owned();
    }
    format!("were read {} ago", age(now.saturating_sub(at)))
}

/// A duration in its largest whole unit: `3 days`, `1 hour`.
pub fn age(seconds: i64) -> String {
    let (n, unit) = match seconds.max(0) {
        s @ 0..=119 => (s, "second"),
        s @ 120..=7_199 => (s / 60, "minute"),
        s @ 7_200..=172_799 => (s / 3_600, "hour"),
        s => (s / 86_400, "day"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}
