//! The immutable result of loading and analysing a folder. Shared between threads; a new compile makes a new one, which
//! shares with the old one whatever did not change.

use crate::graph::Order;
use crate::names::NameTable;
use crate::unit::{Language, Unit};
use rocky_base::{Diagnostic, Dialect, FileId, Files, Loc, SmolStr};
use rocky_config::{ContractConfig, ModelConfig, ProjectConfig, StrategyConfig};
use rocky_semantic::Analysis;
use rocky_warehouse::{Column, RelationName};
use std::path::PathBuf;
use std::sync::Arc;

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
    pub names: NameTable,
    /// Order, layers, cycles.
    pub order: Order,
    /// Models that read each model.
    pub consumers: Vec<Vec<u32>>,
    /// Relations that are read and are not models, sorted by name.
    pub sources: Vec<Source>,
    /// Every finding, sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// How long the phases took.
    pub timings: Timings,
    /// Who reads which column: made when lineage is first asked for.
    pub lineage: crate::lineage::Index,
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
    /// For each of `unit.refs`: the index in `inputs`.
    pub ref_inputs: Vec<u32>,
    /// Models it depends on, declared or read; sorted.
    pub depends_on: Vec<u32>,
    /// Columns, lineage, findings.
    pub analysis: Arc<Analysis>,
    /// The output's columns as consumers see them.
    pub schema: Arc<ModelSchema>,
    /// Its contract.
    pub contract: Option<Arc<Contract>>,
    /// True when an error was found in it (its own, not an input's).
    pub has_errors: bool,
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

/// What is known of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSchema {
    /// `[[sources]]` in `rocky.toml` or a sidecar.
    Declared(Arc<[Column]>),
    /// Seen in the warehouse, at seconds since 1970 (0 when not known).
    Seen(Arc<[Column]>, i64),
    /// Proved not to exist now.
    Absent,
    /// Nothing.
    Unknown,
}

/// A relation that is read and is no model.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its full name.
    pub name: RelationName,
    /// Its columns.
    pub schema: SourceSchema,
    /// The first reference.
    pub first_ref: Loc,
    /// Models that read it, sorted.
    pub readers: Vec<u32>,
}

impl Source {
    /// Columns, when known.
    pub fn columns(&self) -> Option<&Arc<[Column]>> {
        match &self.schema {
            SourceSchema::Declared(columns) | SourceSchema::Seen(columns, _) => Some(columns),
            SourceSchema::Absent | SourceSchema::Unknown => None,
        }
    }
}

impl Snapshot {
    /// A model by name.
    pub fn model(&self, name: &str) -> Option<(u32, &Arc<Model>)> {
        let id = self.names.model(name)?;
        self.models.get(id as usize).map(|m| (id, m))
    }

    /// True when any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
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
