//! The immutable result of loading and analysing a folder. Shared between threads; a new compile makes a new one, which
//! shares with the old one whatever did not change.

use crate::analyse::Analysed;
use crate::compile::CatalogInput;
use crate::graph::Order;
use crate::levels::{Levels, Pending};
use crate::link::{Resolved, Target};
use crate::load::{Defaults, ExplicitContract, LoadedModel};
use crate::memo::{Checked, Entry, Memo};
use crate::names::NameTable;
use crate::unit::{Language, MacroSet, Unit};
use rocky_base::{Diagnostic, Dialect, FileId, Files, Loc, SmolStr};
use rocky_config::{ContractConfig, ModelConfig, ProjectConfig, StrategyConfig};
use rocky_semantic::Analysis;
use rocky_warehouse::{Column, RelationName};
use rustc_hash::FxHashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// A compiled project.
#[derive(Debug)]
pub struct Snapshot {
    /// The folder of `rocky.toml`.
    pub root: PathBuf,
    /// The configuration.
    pub config: Arc<ProjectConfig>,
    /// The dialect of the models.
    pub dialect: Dialect,
    /// All files that were read.
    pub files: Files,
    /// Models sorted by name; the index is the model's number.
    pub models: Vec<Arc<Model>>,
    /// Names to models.
    pub names: Arc<NameTable>,
    /// Order, layers, cycles.
    pub order: Arc<Order>,
    /// Models that read each model.
    pub consumers: Arc<Vec<Vec<u32>>>,
    /// Relations that are read and are not models, sorted by name.
    pub sources: Arc<Vec<Source>>,
    /// When the catalogue was read that the models' own targets are known from, if it only is remembered.
    pub remembered_at: Option<i64>,
    /// Findings that belong to no model.
    pub general: Arc<Vec<Diagnostic>>,
    /// How long the phases took.
    pub timings: Timings,
    /// Who reads which column: made when lineage is first asked for.
    pub lineage: crate::lineage::Index,
    pub(crate) diagnostics: OnceLock<Vec<Diagnostic>>,
    pub(crate) ground: Arc<Ground>,
}

/// What a snapshot was compiled from beside its models: enough to compile an edit of it without looking at anything else.
#[derive(Debug)]
pub(crate) struct Ground {
    /// No cycles, no clashes of names: nothing that is said of one model depends on another one's text.
    pub quiet: bool,
    /// How unknown keys are treated.
    pub options: rocky_config::Options,
    /// Numbers of paths.
    pub paths: Arc<crate::memo::Paths>,
    /// Columns of given, declared and locked sources.
    pub declared: Arc<crate::link::Declared>,
    /// `schema.lock`.
    pub lock: Option<crate::lock::Loaded>,
    /// Numbers of sources.
    pub by_key: FxHashMap<rocky_warehouse::relation::RelationKey, u32>,
    /// Macros.
    pub macros: MacroSet,
    /// Run variables.
    pub vars: FxHashMap<SmolStr, SmolStr>,
    /// Defaults by folder.
    pub defaults: Vec<Defaults>,
    /// Contracts of a contracts folder, by model.
    pub contracts: FxHashMap<u32, ExplicitContract>,
    /// What was known of the warehouse.
    pub catalog: Option<CatalogInput>,
    /// Names that stand for missing parts.
    pub name_defaults: crate::names::Defaults,
    /// Names of models by file, and which part of the model it is.
    pub roles: FxHashMap<FileId, u32>,
    /// How loud findings are.
    pub levels: Levels,
    /// Which constructs are looked for.
    pub wanted: Option<crate::portability::Wanted>,
}

/// Milliseconds of the phases of one compile.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub struct Timings {
    /// Listing, reading, parsing.
    pub load_ms: f64,
    /// Names and order.
    pub link_ms: f64,
    /// Analysis.
    pub analyse_ms: f64,
    /// Contracts and strategy checks.
    pub check_ms: f64,
    /// Models whose text had to be parsed.
    pub parsed: u64,
    /// Models that had to be analysed.
    pub analysed: u64,
}

/// A model.
#[derive(Debug)]
pub struct Model {
    /// Its name.
    pub name: SmolStr,
    /// Where the name is given: the sidecar's key, else the start of the file.
    pub name_loc: Loc,
    /// The file with the query.
    pub file: FileId,
    /// SQL or DSL.
    pub language: Language,
    /// The sidecar, front matter and defaults, merged.
    pub config: Arc<ModelConfig>,
    /// The strategy (full_refresh when none is given).
    pub strategy: StrategyConfig,
    /// Where the strategy is given, else `name_loc`.
    pub strategy_loc: Loc,
    /// The relation it makes; parts that mean the default are absent.
    pub target: RelationName,
    /// Catalog, schema and table as configured or defaulted: what clients call it.
    pub target_parts: [SmolStr; 3],
    /// The pipeline it belongs to, if a transformation pipeline takes its file.
    pub pipeline: Option<SmolStr>,
    /// The text and its references.
    pub unit: Arc<Unit>,
    /// Distinct relations it reads: `SourceColumn::relation` indexes this.
    pub inputs: Vec<InputRelation>,
    /// For each of `unit.refs()`: the index in `inputs`.
    pub ref_inputs: Vec<u32>,
    /// Models it depends on, declared or read; sorted.
    pub depends_on: Vec<u32>,
    /// Its contract.
    pub contract: Option<Arc<Contract>>,
    /// Findings in it, its files' and its query's; in no order.
    pub findings: Arc<Vec<Diagnostic>>,
    /// Its suppressions, when it has any: which of them were of use is known when all findings are.
    pub(crate) pending: Option<Pending>,
    /// True when an error was found in it (its own, not an input's).
    pub has_errors: bool,
    /// How many findings are warnings only because they rest on remembered facts.
    pub softened: usize,
    pub(crate) analysed: Arc<Analysed>,
    pub(crate) checked: Arc<Checked>,
    pub(crate) loaded: Arc<LoadedModel>,
    pub(crate) parts: Arc<Parts>,
}

/// What the findings of a model were put together from.
#[derive(Debug)]
pub(crate) struct Parts {
    pub target: Target,
    pub resolved: Resolved,
    pub folder: u32,
}

impl Model {
    /// Columns, lineage, findings of the query.
    pub fn analysis(&self) -> &Arc<Analysis> {
        self.analysed.analysis()
    }

    /// The output's columns as consumers see them.
    pub fn schema(&self) -> &Arc<ModelSchema> {
        self.analysed.schema()
    }

    /// The columns that the query gives: those of the schema without what is added to the table.
    pub fn own_columns(&self) -> &[Column] {
        let columns = &self.schema().columns;
        let own = columns.len().saturating_sub(self.analysed.n_added() as usize);
        columns.get(..own).unwrap_or(columns)
    }

    /// How many these are. Cheaper than asking for them.
    pub fn n_own_columns(&self) -> usize {
        self.analysed
            .n_columns()
            .0
            .saturating_sub(self.analysed.n_added()) as usize
    }

    /// Look at the output's columns without keeping them in memory.
    pub fn look_at_columns<R>(&self, look: impl FnOnce(&[Column]) -> R) -> R {
        self.analysed.look(look)
    }

    /// How many columns the output has, and of how many the type, or a part of it, is not known. Cheaper than asking the schema.
    pub fn n_columns(&self) -> (u32, u32) {
        self.analysed.n_columns()
    }

    /// There are no other columns than those of the schema. Cheaper than asking the schema.
    pub fn complete(&self) -> bool {
        self.analysed.complete()
    }

    /// Hash of everything that the analysis read: the expanded text, the dialect, and of each relation its columns.
    pub fn analysis_key(&self) -> u128 {
        self.analysed.key()
    }

    /// Hash of the output's columns.
    pub fn schema_hash(&self) -> u128 {
        self.analysed.schema_hash()
    }

    pub(crate) fn entry(&self) -> Entry {
        Entry {
            loaded: self.loaded.clone(),
            unit: self.unit.clone(),
            analysed: self.analysed.clone(),
            checked: self.checked.clone(),
            written: None,
        }
    }
}

/// The output of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSchema {
    /// Columns in order.
    pub columns: Arc<[Column]>,
    /// There are no others.
    pub complete: bool,
    /// Hash of both: an edit that leaves it unchanged stops here.
    pub hash: u128,
}

/// A contract and where it was found.
#[derive(Debug)]
pub struct Contract {
    /// Its content.
    pub config: ContractConfig,
    /// Its file.
    pub file: FileId,
    /// Found beside the model, not in a contracts folder.
    pub auto: bool,
}

/// A relation that a model reads.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum InputRelation {
    /// Another model.
    Model(u32),
    /// The model's own existing target.
    Own,
    /// A relation of the warehouse: index into `Snapshot::sources`.
    Source(u32),
}

/// What is known of a source, and by whom: the first that knows is asked. Times are seconds since 1970, 0 when not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSchema {
    /// The request.
    Given(Arc<[Column]>),
    /// `[[sources]]` in `rocky.toml` or a sidecar; with the names of the columns whose types users made with `CREATE TYPE`.
    Declared(Arc<[Column]>, Arc<[SmolStr]>),
    /// `schema.lock`, and when it was read from the warehouse.
    Locked(Arc<[Column]>, i64),
    /// Read from the warehouse for this compile.
    Live(Arc<[Column]>, i64),
    /// Remembered from an earlier reading: it may have changed since, so nothing is proved by it.
    Seen(Arc<[Column]>, i64),
    /// Proved not to exist now.
    Absent,
    /// Nothing.
    Unknown,
}

/// A relation that is read and is no model.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its full name. Of a file it is the text of the item in FROM, without catalog and schema.
    pub name: RelationName,
    /// A file, or a call that reads files.
    pub file: bool,
    /// Its columns.
    pub schema: SourceSchema,
    /// Why the warehouse refuses to read the file.
    pub problem: Option<SmolStr>,
    /// The first reference.
    pub first_ref: Loc,
    /// Models that read it, sorted.
    pub readers: Vec<u32>,
}

impl SourceSchema {
    /// Columns, when known.
    pub fn columns(&self) -> Option<&Arc<[Column]>> {
        match self {
            SourceSchema::Given(columns)
            | SourceSchema::Declared(columns, _)
            | SourceSchema::Locked(columns, _)
            | SourceSchema::Live(columns, _)
            | SourceSchema::Seen(columns, _) => Some(columns),
            SourceSchema::Absent | SourceSchema::Unknown => None,
        }
    }

    /// Columns whose types are known from what users made with `CREATE TYPE`.
    pub fn of_own_types(&self) -> &[SmolStr] {
        match self {
            SourceSchema::Declared(_, own) => own,
            _ => &[],
        }
    }

    /// When its columns were read, where they only are remembered.
    pub fn assumed_since(&self) -> Option<i64> {
        match self {
            SourceSchema::Seen(_, at) => Some(*at),
            _ => None,
        }
    }
}

impl Source {
    /// Columns, when known.
    pub fn columns(&self) -> Option<&Arc<[Column]>> {
        self.schema.columns()
    }

    /// When its columns were read, where they only are remembered.
    pub fn assumed_since(&self) -> Option<i64> {
        self.schema.assumed_since()
    }
}

impl Snapshot {
    /// What was known of the warehouse when it was compiled.
    pub fn catalog(&self) -> Option<&CatalogInput> {
        self.ground.catalog.as_ref()
    }

    /// A model by name.
    pub fn model(&self, name: &str) -> Option<(u32, &Arc<Model>)> {
        let id = self.names.model(name)?;
        self.models.get(id as usize).map(|m| (id, m))
    }

    /// Every finding, sorted by file and place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        self.diagnostics.get_or_init(|| {
            let of_models = self.models.iter().flat_map(|m| m.findings.iter());
            let mut all: Vec<Diagnostic> = self.general.to_vec();
            let pending = self.models.iter().filter_map(|m| m.pending.clone()).collect();
            self.ground.levels.finish(&mut all, pending);
            all.extend(of_models.cloned());
            crate::findings::sort(&mut all, &self.files);
            all
        })
    }

    /// How many findings are warnings only because they rest on remembered facts.
    pub fn softened(&self) -> usize {
        self.models.iter().map(|m| m.softened).sum()
    }

    /// True when any finding is an error.
    pub fn has_errors(&self) -> bool {
        if !self.ground.levels.is_empty() {
            return self.diagnostics().iter().any(Diagnostic::is_error);
        }
        let of_models = self.models.iter().flat_map(|m| m.findings.iter());
        self.general.iter().chain(of_models).any(Diagnostic::is_error)
    }

    /// What the next compile remembers. What `old` has already is shared with it.
    pub(crate) fn memo(
        &self,
        paths: Arc<crate::memo::Paths>,
        files: Vec<Option<crate::memo::CachedFile>>,
        old: &Memo,
    ) -> Memo {
        let known = |model: &Arc<Model>| old.entries.get(&model.file).filter(|entry| entry.is_of(model));
        let entry = |model| known(model).map_or_else(|| Arc::new(model.entry()), Arc::clone);
        let same = old.entries.len() == self.models.len() && self.models.iter().all(|m| known(m).is_some());
        let entries = match same {
            true => old.entries.clone(),
            false => Arc::new(self.models.iter().map(|m| (m.file, entry(m))).collect()),
        };
        Memo {
            paths,
            files,
            entries,
            lock: self.ground.lock.clone(),
            whole: None,
            contracts: self
                .ground
                .contracts
                .values()
                .map(|c| (c.file, (c.hash, c.parsed.clone())))
                .collect(),
        }
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.order.layer.iter().max().map_or(0, |l| *l as usize + 1)
    }

    /// Names for "did you mean".
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        self.models.iter().map(|m| m.name.as_str())
    }

    /// The name under which an input of a model is shown: the model's name or the source's full name.
    pub fn input_name(&self, model: u32, input: u32) -> SmolStr {
        let owner = &self.models[model as usize];
        match owner.inputs.get(input as usize) {
            Some(InputRelation::Model(m)) => self.models[*m as usize].name.clone(),
            Some(InputRelation::Own) => owner.name.clone(),
            Some(InputRelation::Source(s)) => SmolStr::new(self.sources[*s as usize].name.display()),
            None => SmolStr::default(),
        }
    }
}
