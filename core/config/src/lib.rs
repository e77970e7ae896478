//! Configuration of a project as typed values with places: `rocky.toml`, sidecars and front matter, `_defaults.toml`,
//! contracts.
//!
//! Invariants: parsing is pure and never fails as a whole, what cannot be used is absent and has a diagnostic; type
//! names and SQL fragments stay text; the value of an environment variable is never in a message.
//! Start at [`parse_project`] and [`parse_sidecar`]; what may be said in a file is the data in `keys/`.

mod adapter;
mod contract;
mod format;
mod freshness;
mod front_matter;
mod hook;
mod keys;
mod lints;
mod lock;
mod model;
mod node;
mod pattern;
mod pipeline;
mod project;
mod read;
mod schema;
mod seed;
mod source;
mod spanned;
mod state;
mod strategy;
mod test;

pub use adapter::{AdapterConfig, AdapterKind, AdapterSettings, AdapterType, RetryConfig};
pub use contract::{
    AllowedTypeChanges, ContractColumn, ContractConfig, ContractRules, TypeChange, parse_contract,
};
pub use format::{Format, FormatConfig, Layout};
pub use freshness::FreshnessConfig;
pub use front_matter::{FrontMatter, split_front_matter};
pub use hook::{
    BodyTemplate, Field, HookEvent, HooksConfig, Method, OnFailure, Part, Preset, ShellHook, Webhook,
};
pub use lints::{Level, LintLevel, PortabilityConfig, is_adjustable};
pub use lock::{LOCK_VERSION, LockConfig, LockedColumn, LockedRelation, parse_lock, print_lock};
pub use model::{
    DefaultsConfig, ModelConfig, TargetConfig, parse_defaults, parse_front_matter, parse_sidecar,
};
pub use node::Env;
pub use pattern::{Component, Components, SchemaPattern, Template};
pub use pipeline::{
    CheckSeverity, ChecksConfig, Concurrency, CustomCheck, DiscoveryConfig, DriftConfig, ExecutionConfig,
    FreshnessCheck, GovernanceConfig, Grant, Isolation, LoadConfig, LoadContract, LoadFormat, LoadOptions,
    MetadataColumn, NullRateCheck, OnAdded, OnCollision, OnRemoved, OnUnsafe, OnWidened, PipelineConfig,
    PipelineKind, QualityConfig, QualityTable, QuarantineConfig, QuarantineMode, ReplicationConfig,
    ReplicationSource, ReplicationTarget, SnapshotConfig, SnapshotStrategy, Switch, TableOverride, TableRef,
    TransformationConfig, WorkspaceBinding,
};
pub use project::{BudgetConfig, ProjectConfig, parse_project};
pub use schema::UnknownKeys;
pub use seed::{SeedConfig, parse_seed};
pub use source::{SourceColumn, SourceDecl};
pub use spanned::{Secret, Spanned};
pub use state::{DedupOn, IdempotencyConfig, RetentionConfig, StateBackend, StateConfig, UploadFailure};
pub use strategy::{Granularity, Lookback, LookbackUnit, StrategyConfig, StrategyKind};
pub use test::{
    AggregateOp, AssertionConfig, Cell, Comparison, Fixture, Given, TestConfig, TestKind, UnitTest,
};

use rocky_base::{Diagnostic, SmolStr};
use std::collections::BTreeSet;

/// What the project says about how its other files are read.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// `[compat] unknown_keys`; [`ProjectConfig::options`] has it.
    pub unknown_keys: UnknownKeys,
}

/// What was read from a file.
#[derive(Clone, Debug, Default)]
pub struct Parsed<T> {
    /// What could be used.
    pub value: T,
    /// All mistakes, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Names of the environment variables that were asked for, set or not.
    pub vars: BTreeSet<SmolStr>,
    /// True when the text is not TOML: nothing of it was read, and nothing should be said about what is missing.
    pub broken: bool,
}

impl<T> Parsed<T> {
    fn new(value: T, mut diagnostics: Vec<Diagnostic>, vars: BTreeSet<SmolStr>, broken: bool) -> Parsed<T> {
        diagnostics.sort_by_key(|d| d.primary.as_ref().map(|p| p.loc.span.start));
        Parsed {
            value,
            diagnostics,
            vars,
            broken,
        }
    }
}
