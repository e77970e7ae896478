//! `[pipeline.NAME]`: the five types with their keys.

use crate::pattern::{SchemaPattern, Template};
use crate::read::Reader;
use crate::spanned::Spanned;
use indexmap::IndexMap;
use rocky_base::{Diagnostic, Loc, SmolStr};
use serde::Serialize;
use std::num::NonZeroU32;

/// A declared pipeline.
#[derive(Clone, Debug, Serialize)]
pub struct PipelineConfig {
    /// The type and its keys.
    pub kind: PipelineKind,
    /// Pipelines that run before.
    pub depends_on: Vec<Spanned<SmolStr>>,
    /// How it is executed.
    pub execution: ExecutionConfig,
    /// What is done about columns that changed.
    pub drift: DriftConfig,
    /// What is checked after.
    pub checks: Option<ChecksConfig>,
    /// Its name in the header.
    pub loc: Loc,
}

impl PipelineConfig {
    /// The word in `type = …`.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            PipelineKind::Replication(_) => "replication",
            PipelineKind::Transformation(_) => "transformation",
            PipelineKind::Quality(_) => "quality",
            PipelineKind::Snapshot(_) => "snapshot",
            PipelineKind::Load(_) => "load",
        }
    }

    /// `target.adapter`, when given.
    pub fn target_adapter(&self) -> Option<&Spanned<SmolStr>> {
        match &self.kind {
            PipelineKind::Replication(p) => p.target.adapter.as_ref(),
            PipelineKind::Transformation(p) => p.target_adapter.as_ref(),
            PipelineKind::Quality(p) => p.target_adapter.as_ref(),
            PipelineKind::Snapshot(p) => p.target.adapter.as_ref(),
            PipelineKind::Load(p) => p.target.adapter.as_ref(),
        }
    }
}

/// The type of a pipeline.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PipelineKind {
    /// Copies tables from discovered sources.
    Replication(Box<ReplicationConfig>),
    /// Compiles and runs models.
    Transformation(Box<TransformationConfig>),
    /// Checks tables.
    Quality(QualityConfig),
    /// Keeps the history of a table (SCD type 2).
    Snapshot(Box<SnapshotConfig>),
    /// Loads files.
    Load(Box<LoadConfig>),
}

/// `type = "transformation"`.
#[derive(Clone, Debug, Serialize)]
pub struct TransformationConfig {
    /// Glob of model files, relative to the folder of `rocky.toml`; [`TransformationConfig::DEFAULT_MODELS`] when absent.
    pub models: Option<Spanned<SmolStr>>,
    /// `target.adapter`.
    pub target_adapter: Option<Spanned<SmolStr>>,
    /// `target.governance`.
    pub governance: GovernanceConfig,
}

impl TransformationConfig {
    /// The glob when `models` is absent.
    pub const DEFAULT_MODELS: &'static str = "models/**";

    /// The glob of model files.
    pub fn models_glob(&self) -> &str {
        self.models.as_ref().map_or(Self::DEFAULT_MODELS, |m| m.as_str())
    }
}

/// `type = "replication"`.
#[derive(Clone, Debug, Serialize)]
pub struct ReplicationConfig {
    /// What is done with a table that exists (`incremental` when absent).
    pub strategy: Option<Spanned<SmolStr>>,
    /// Watermark column (`_fivetran_synced` when absent).
    pub timestamp_column: Option<Spanned<SmolStr>>,
    /// Columns added to every copy.
    pub metadata_columns: Vec<MetadataColumn>,
    /// Where from.
    pub source: ReplicationSource,
    /// Where to.
    pub target: ReplicationTarget,
    /// Keys of `merge`.
    pub merge_keys: Vec<Spanned<SmolStr>>,
    /// Keys of `merge` for tables without those.
    pub merge_keys_fallback: Vec<Spanned<SmolStr>>,
    /// Leave tables alone whose source did not change.
    pub prune_unchanged: bool,
    /// Exceptions for single tables, in file order.
    pub table_overrides: Vec<TableOverride>,
}

/// A column added to every replicated table.
#[derive(Clone, Debug, Serialize)]
pub struct MetadataColumn {
    /// Name.
    pub name: Spanned<SmolStr>,
    /// Type as written.
    pub r#type: Spanned<SmolStr>,
    /// SQL expression with `{component}` placeholders.
    pub value: Spanned<SmolStr>,
}

/// `[pipeline.X.source]` of a replication pipeline.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReplicationSource {
    /// The adapter that reads.
    pub adapter: Option<Spanned<SmolStr>>,
    /// Catalogue of the source schemas.
    pub catalog: Option<Spanned<SmolStr>>,
    /// How schema names are cut; `None` when missing or malformed (reported).
    pub schema_pattern: Option<SchemaPattern>,
    /// `[pipeline.X.source.discovery]`.
    pub discovery: Option<DiscoveryConfig>,
}

/// How sources are found.
#[derive(Clone, Debug, Serialize)]
pub struct DiscoveryConfig {
    /// The adapter that lists sources.
    pub adapter: Option<Spanned<SmolStr>>,
    /// Report sources seen for the first time.
    pub report_new_sources: bool,
    /// What happens when two sources have one target.
    pub on_collision: Option<OnCollision>,
}

/// `on_collision = …`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnCollision {
    /// Nothing.
    Off,
    /// A warning.
    Warn,
    /// An error.
    Error,
}

/// `[pipeline.X.target]` of a replication pipeline.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReplicationTarget {
    /// The adapter that writes.
    pub adapter: Option<Spanned<SmolStr>>,
    /// Target catalogue.
    pub catalog_template: Option<Template>,
    /// Target schema.
    pub schema_template: Option<Template>,
    /// Joins the segments of a variable component; the pattern's when absent.
    pub separator: Option<Spanned<SmolStr>>,
    /// `[pipeline.X.target.governance]`.
    pub governance: GovernanceConfig,
}

/// An exception for some tables of a replication.
#[derive(Clone, Debug, Serialize)]
pub struct TableOverride {
    /// Connector that it is about.
    pub connector: Option<Spanned<SmolStr>>,
    /// Table that it is about; `*` and `?` match.
    pub table: Option<Spanned<SmolStr>>,
    /// Instead of the pipeline's.
    pub strategy: Option<Spanned<SmolStr>>,
    /// Instead of the pipeline's.
    pub merge_keys: Option<Vec<Spanned<SmolStr>>>,
    /// Instead of the pipeline's.
    pub merge_keys_fallback: Option<Vec<Spanned<SmolStr>>>,
    /// Instead of the pipeline's.
    pub timestamp_column: Option<Spanned<SmolStr>>,
    /// `false` leaves the table out.
    pub enabled: Option<bool>,
}

/// `type = "quality"`.
#[derive(Clone, Debug, Serialize)]
pub struct QualityConfig {
    /// `target.adapter`.
    pub target_adapter: Option<Spanned<SmolStr>>,
    /// What is checked.
    pub tables: Vec<QualityTable>,
}

/// A table, or all tables of a schema.
#[derive(Clone, Debug, Serialize)]
pub struct QualityTable {
    /// Catalogue.
    pub catalog: Spanned<SmolStr>,
    /// Schema.
    pub schema: Spanned<SmolStr>,
    /// Table; the whole schema when absent.
    pub table: Option<Spanned<SmolStr>>,
}

/// `type = "snapshot"`.
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotConfig {
    /// The row's identity.
    pub unique_key: Vec<Spanned<SmolStr>>,
    /// How a change is noticed; when absent, by `updated_at` where that is given, else by all columns.
    pub strategy: Option<SnapshotStrategy>,
    /// When a row was changed last.
    pub updated_at: Option<Spanned<SmolStr>>,
    /// The columns that are compared; all when absent.
    pub check_cols: Option<Vec<Spanned<SmolStr>>>,
    /// Close the history of rows that are gone.
    pub invalidate_hard_deletes: bool,
    /// Where from.
    pub source: TableRef,
    /// Where to.
    pub target: TableRef,
    /// `[pipeline.X.target.governance]`.
    pub governance: GovernanceConfig,
}

/// How a snapshot notices that a row has changed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotStrategy {
    /// A column says when it was changed.
    UpdatedAt,
    /// Columns are compared.
    Check,
}

/// A table reached through an adapter.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TableRef {
    /// The adapter.
    pub adapter: Option<Spanned<SmolStr>>,
    /// Catalogue.
    pub catalog: Option<Spanned<SmolStr>>,
    /// Schema.
    pub schema: Option<Spanned<SmolStr>>,
    /// Table.
    pub table: Option<Spanned<SmolStr>>,
}

/// `type = "load"`.
#[derive(Clone, Debug, Serialize)]
pub struct LoadConfig {
    /// Folder or glob of files, relative to the folder of `rocky.toml`.
    pub source_dir: Option<Spanned<SmolStr>>,
    /// Format; by extension when absent.
    pub format: Option<LoadFormat>,
    /// Where to; `table` is the file's stem when absent.
    pub target: TableRef,
    /// `[pipeline.X.target.governance]`.
    pub governance: GovernanceConfig,
    /// `[pipeline.X.options]`.
    pub options: LoadOptions,
    /// `[pipeline.X.contract]`.
    pub contract: Option<LoadContract>,
}

/// A file format.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadFormat {
    /// CSV.
    Csv,
    /// Parquet.
    Parquet,
    /// One JSON document a line.
    JsonLines,
}

/// How files are read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadOptions {
    /// Rows of one insert.
    pub batch_size: u32,
    /// Create the table when it is missing.
    pub create_table: bool,
    /// Empty the table before.
    pub truncate_first: bool,
    /// Between two fields of CSV.
    pub csv_delimiter: SmolStr,
    /// The first line of CSV names the columns.
    pub csv_has_header: bool,
}

/// What loaded files must have.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoadContract {
    /// Columns that must be there.
    pub required_columns: Vec<crate::source::SourceColumn>,
    /// Columns that may not vanish.
    pub protected_columns: Vec<Spanned<SmolStr>>,
    /// Pairs `from`, `to` of types.
    pub allowed_type_changes: Vec<(Spanned<SmolStr>, Spanned<SmolStr>)>,
}

/// `[pipeline.X.target.governance]`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GovernanceConfig {
    /// Create missing catalogues.
    pub auto_create_catalogs: bool,
    /// Create missing schemas.
    pub auto_create_schemas: Option<bool>,
    /// Before the keys of tags made from components.
    pub tag_prefix: Option<Spanned<SmolStr>>,
    /// Tags as written.
    pub tags: IndexMap<SmolStr, Spanned<SmolStr>>,
    /// Grants on the catalogue.
    pub grants: Vec<Grant>,
    /// Grants on the schema.
    pub schema_grants: Vec<Grant>,
    /// Workspace isolation.
    pub isolation: Option<Isolation>,
}

/// Permissions of a principal.
#[derive(Clone, Debug, Serialize)]
pub struct Grant {
    /// Who.
    pub principal: Spanned<SmolStr>,
    /// What.
    pub permissions: Vec<Spanned<SmolStr>>,
}

/// Which workspaces see a catalogue.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Isolation {
    /// Isolate at all.
    pub enabled: bool,
    /// Workspace and whether it may only read.
    pub workspaces: Vec<WorkspaceBinding>,
}

/// A workspace bound to a catalogue.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkspaceBinding {
    /// Its number.
    pub id: u64,
    /// `READ_ONLY` instead of `READ_WRITE`.
    pub read_only: bool,
}

/// `[pipeline.X.execution]`. Absent keys are the executor's defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ExecutionConfig {
    /// Tasks at a time.
    pub concurrency: Option<Concurrency>,
    /// Fewer on rate limits.
    pub adaptive: bool,
    /// Stop at the first error.
    pub fail_fast: bool,
    /// Stop when this share of tables failed, in per cent; 0 never.
    pub error_rate_abort_pct: Option<u32>,
    /// Repetitions of a failed table.
    pub table_retries: Option<u32>,
    /// The longest that an attempt at a table may take.
    pub timeout_seconds: Option<u32>,
}

/// Statements at a time.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Concurrency {
    /// As many as the warehouse bears.
    Adaptive,
    /// This many.
    Fixed(NonZeroU32),
}

/// What is done when a table that is kept has other columns than the rows that come in. Absent keys have the default of
/// the pipeline's type.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DriftConfig {
    /// `on_added_columns`: columns that the table lacks.
    pub added: Option<OnAdded>,
    /// `on_widened_columns`: columns whose type has grown.
    pub widened: Option<OnWidened>,
    /// `on_removed_columns`: columns that do not come any more.
    pub removed: Option<OnRemoved>,
    /// `on_unsafe_drift`: columns of another type.
    pub unsafe_change: Option<OnUnsafe>,
}

/// `on_added_columns = …`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnAdded {
    /// The table gets them.
    Add,
    /// They are left out.
    Ignore,
    /// Nothing is written.
    Fail,
}

/// `on_widened_columns = …`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnWidened {
    /// The table's columns grow in place.
    Alter,
    /// The warehouse converts, or refuses.
    Ignore,
    /// Nothing is written.
    Fail,
}

/// `on_removed_columns = …`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnRemoved {
    /// They stay, NULL in new rows.
    Keep,
    /// They are dropped.
    Drop,
    /// Nothing is written.
    Fail,
}

/// `on_unsafe_drift = …`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnsafe {
    /// The table is made anew.
    Rebuild,
    /// The warehouse converts, or refuses.
    Ignore,
    /// Nothing is written.
    Fail,
}

/// `[pipeline.X.checks]`.
#[derive(Clone, Debug, Serialize)]
pub struct ChecksConfig {
    /// Check at all; a table of checks without the key is meant.
    pub enabled: bool,
    /// Same number of rows.
    pub row_count: Switch,
    /// Same columns.
    pub column_match: Switch,
    /// Young enough.
    pub freshness: Option<FreshnessCheck>,
    /// Not too many NULLs.
    pub null_rate: Option<NullRateCheck>,
    /// Own queries.
    pub custom: Vec<CustomCheck>,
    /// Deviation of the row count from its history, in per cent.
    pub anomaly_threshold_pct: Option<f64>,
    /// Tests of single tables.
    pub assertions: Vec<crate::test::AssertionConfig>,
    /// What becomes of rows that fail a test.
    pub quarantine: Option<QuarantineConfig>,
    /// An error-severity failure fails the run.
    pub fail_on_error: bool,
    /// The place of the table.
    pub loc: Loc,
}

/// What becomes of rows that fail a test.
#[derive(Clone, Debug, Serialize)]
pub struct QuarantineConfig {
    /// On?
    pub enabled: bool,
    /// How.
    pub mode: QuarantineMode,
    /// Behind the table's name: where the other rows go (`split`).
    pub suffix_valid: SmolStr,
    /// Behind the table's name: where the failing rows go (`split`).
    pub suffix_quarantine: SmolStr,
    /// The place of the table.
    pub loc: Loc,
}

/// `mode = …`
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum QuarantineMode {
    /// The table stays; its rows are divided into two further tables.
    #[default]
    Split,
    /// A column of the table says which tests a row fails.
    Tag,
    /// The rows are deleted from the table.
    Drop,
}

impl ChecksConfig {
    /// Nothing is checked.
    pub fn none() -> ChecksConfig {
        ChecksConfig {
            enabled: false,
            row_count: Switch::default(),
            column_match: Switch::default(),
            freshness: None,
            null_rate: None,
            custom: Vec::new(),
            anomaly_threshold_pct: None,
            assertions: Vec::new(),
            quarantine: None,
            fail_on_error: true,
            loc: Loc::new(rocky_base::FileId(0), rocky_base::Span::at(0)),
        }
    }
}

/// A check that is on or off.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// On?
    pub enabled: bool,
    /// What a finding is.
    pub severity: CheckSeverity,
}

/// What a finding of a check is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckSeverity {
    /// It fails.
    #[default]
    Error,
    /// It warns.
    Warning,
}

/// Young enough?
#[derive(Clone, Debug, Serialize)]
pub struct FreshnessCheck {
    /// Oldest allowed age.
    pub threshold_seconds: u64,
    /// Other ages for single schemas.
    pub overrides: IndexMap<SmolStr, u64>,
    /// Which column tells the age of a row, where the pipeline or the model's strategy does not say.
    pub timestamp_column: Option<Spanned<SmolStr>>,
    /// What a finding is.
    pub severity: CheckSeverity,
}

/// Not too many NULLs?
#[derive(Clone, Debug, Serialize)]
pub struct NullRateCheck {
    /// Columns.
    pub columns: Vec<Spanned<SmolStr>>,
    /// Largest share, 0 to 1.
    pub threshold: f64,
    /// Share of rows looked at, in per cent.
    pub sample_percent: u32,
    /// What a finding is.
    pub severity: CheckSeverity,
}

/// An own query whose number must not exceed a threshold.
#[derive(Clone, Debug, Serialize)]
pub struct CustomCheck {
    /// Its name.
    pub name: Spanned<SmolStr>,
    /// SQL with `{table}`.
    pub sql: Spanned<SmolStr>,
    /// Largest allowed value.
    pub threshold: u64,
    /// What a finding is.
    pub severity: CheckSeverity,
}

pub(crate) fn read(reader: Reader<'_>, loc: Loc, problems: &mut Vec<Diagnostic>) -> PipelineConfig {
    let kind = match reader.get("type").and_then(|n| n.as_str()) {
        Some("transformation") => PipelineKind::Transformation(Box::new(transformation(reader))),
        Some("quality") => PipelineKind::Quality(quality(reader)),
        Some("snapshot") => PipelineKind::Snapshot(Box::new(snapshot(reader))),
        Some("load") => PipelineKind::Load(Box::new(load(reader))),
        _ => PipelineKind::Replication(Box::new(replication(reader, problems))),
    };
    PipelineConfig {
        kind,
        depends_on: reader.texts("depends_on"),
        execution: reader.table("execution").map(execution).unwrap_or_default(),
        drift: drift(reader),
        checks: reader.table("checks").map(checks),
        loc,
    }
}

fn execution(reader: Reader<'_>) -> ExecutionConfig {
    let fixed = || {
        reader
            .u32("concurrency")
            .and_then(NonZeroU32::new)
            .map(Concurrency::Fixed)
    };
    let adaptive = reader.choice("concurrency", &[("adaptive", Concurrency::Adaptive)]);
    // The 1.0 release had a flag beside the number, which is the most then.
    let flag = reader.flag("adaptive_concurrency").unwrap_or(false);
    ExecutionConfig {
        concurrency: adaptive.or_else(fixed).or(flag.then_some(Concurrency::Adaptive)),
        adaptive: flag || adaptive.is_some(),
        fail_fast: reader.flag("fail_fast").unwrap_or(false),
        error_rate_abort_pct: reader.u32("error_rate_abort_pct"),
        table_retries: reader.u32("table_retries"),
        timeout_seconds: reader.u32("timeout_seconds"),
    }
}

fn drift(reader: Reader<'_>) -> DriftConfig {
    let added = [
        ("add", OnAdded::Add),
        ("ignore", OnAdded::Ignore),
        ("fail", OnAdded::Fail),
    ];
    let widened = [
        ("alter", OnWidened::Alter),
        ("ignore", OnWidened::Ignore),
        ("fail", OnWidened::Fail),
    ];
    let removed = [
        ("keep", OnRemoved::Keep),
        ("drop", OnRemoved::Drop),
        ("fail", OnRemoved::Fail),
    ];
    let unsafe_change = [
        ("rebuild", OnUnsafe::Rebuild),
        ("ignore", OnUnsafe::Ignore),
        ("fail", OnUnsafe::Fail),
    ];
    DriftConfig {
        added: reader.choice("on_added_columns", &added),
        widened: reader.choice("on_widened_columns", &widened),
        removed: reader.choice("on_removed_columns", &removed),
        unsafe_change: reader.choice("on_unsafe_drift", &unsafe_change),
    }
}

fn transformation(reader: Reader<'_>) -> TransformationConfig {
    let target = reader.table("target");
    TransformationConfig {
        models: reader.text("models"),
        target_adapter: target.and_then(|t| t.text("adapter")),
        governance: target.map(governance).unwrap_or_default(),
    }
}

/// The `governance` table of a target.
fn governance(target: Reader<'_>) -> GovernanceConfig {
    let Some(reader) = target.table("governance") else {
        return GovernanceConfig::default();
    };
    let grants = |key| reader.tables(key).into_iter().filter_map(grant).collect();
    GovernanceConfig {
        auto_create_catalogs: reader.flag("auto_create_catalogs").unwrap_or(false),
        auto_create_schemas: reader.flag("auto_create_schemas"),
        tag_prefix: reader.text("tag_prefix"),
        tags: reader.map("tags"),
        grants: grants("grants"),
        schema_grants: grants("schema_grants"),
        isolation: reader.table("isolation").map(isolation),
    }
}

fn grant(reader: Reader<'_>) -> Option<Grant> {
    Some(Grant {
        principal: reader.text("principal")?,
        permissions: reader.texts("permissions"),
    })
}

fn isolation(reader: Reader<'_>) -> Isolation {
    let workspace = |w: Reader<'_>| {
        let read_only = w.choice("binding_type", &[("READ_ONLY", true)]).unwrap_or(false);
        Some(WorkspaceBinding {
            id: w.uint("id")?,
            read_only,
        })
    };
    Isolation {
        enabled: reader.flag("enabled").unwrap_or(false),
        workspaces: reader
            .tables("workspace_ids")
            .into_iter()
            .filter_map(workspace)
            .collect(),
    }
}

fn replication(reader: Reader<'_>, problems: &mut Vec<Diagnostic>) -> ReplicationConfig {
    let column = |c: Reader<'_>| {
        Some(MetadataColumn {
            name: c.text("name")?,
            r#type: c.text("type")?,
            value: c.text("value")?,
        })
    };
    ReplicationConfig {
        strategy: reader.text("strategy"),
        timestamp_column: reader.text("timestamp_column"),
        metadata_columns: reader
            .tables("metadata_columns")
            .into_iter()
            .filter_map(column)
            .collect(),
        source: reader
            .table("source")
            .map(|s| replication_source(s, problems))
            .unwrap_or_default(),
        target: reader.table("target").map(replication_target).unwrap_or_default(),
        merge_keys: reader.texts("merge_keys"),
        merge_keys_fallback: reader.texts("merge_keys_fallback"),
        prune_unchanged: reader.flag("prune_unchanged").unwrap_or(false),
        table_overrides: reader
            .tables("table_overrides")
            .into_iter()
            .map(table_override)
            .collect(),
    }
}

fn replication_source(reader: Reader<'_>, problems: &mut Vec<Diagnostic>) -> ReplicationSource {
    let pattern = reader.table("schema_pattern").and_then(|p| {
        let components = p.maybe_texts("components")?;
        let loc = Loc::new(p.file, p.node.span);
        SchemaPattern::parse(
            &p.text("prefix")?,
            &p.text("separator")?,
            &components,
            loc,
            problems,
        )
    });
    let collision = [
        ("off", OnCollision::Off),
        ("warn", OnCollision::Warn),
        ("error", OnCollision::Error),
    ];
    let discovery = |d: Reader<'_>| DiscoveryConfig {
        adapter: d.text("adapter"),
        report_new_sources: d.flag("report_new_sources").unwrap_or(false),
        on_collision: d.choice("on_collision", &collision),
    };
    ReplicationSource {
        adapter: reader.text("adapter"),
        catalog: reader.text("catalog"),
        schema_pattern: pattern,
        discovery: reader.table("discovery").map(discovery),
    }
}

fn replication_target(reader: Reader<'_>) -> ReplicationTarget {
    ReplicationTarget {
        adapter: reader.text("adapter"),
        catalog_template: reader.text("catalog_template").map(|t| Template::parse(&t)),
        schema_template: reader.text("schema_template").map(|t| Template::parse(&t)),
        separator: reader.text("separator"),
        governance: governance(reader),
    }
}

fn table_override(reader: Reader<'_>) -> TableOverride {
    let matching = reader.table("match");
    TableOverride {
        connector: matching.and_then(|m| m.text("connector")),
        table: matching.and_then(|m| m.text("table")),
        strategy: reader.text("strategy"),
        merge_keys: reader.maybe_texts("merge_keys"),
        merge_keys_fallback: reader.maybe_texts("merge_keys_fallback"),
        timestamp_column: reader.text("timestamp_column"),
        enabled: reader.flag("enabled"),
    }
}

fn quality(reader: Reader<'_>) -> QualityConfig {
    let table = |t: Reader<'_>| {
        Some(QualityTable {
            catalog: t.text("catalog")?,
            schema: t.text("schema")?,
            table: t.text("table"),
        })
    };
    QualityConfig {
        target_adapter: reader.table("target").and_then(|t| t.text("adapter")),
        tables: reader.tables("tables").into_iter().filter_map(table).collect(),
    }
}

fn table_ref(reader: Reader<'_>) -> TableRef {
    TableRef {
        adapter: reader.text("adapter"),
        catalog: reader.text("catalog"),
        schema: reader.text("schema"),
        table: reader.text("table"),
    }
}

fn snapshot(reader: Reader<'_>) -> SnapshotConfig {
    let target = reader.table("target");
    SnapshotConfig {
        unique_key: reader.texts("unique_key"),
        strategy: reader.choice(
            "strategy",
            &[
                ("updated_at", SnapshotStrategy::UpdatedAt),
                ("check", SnapshotStrategy::Check),
            ],
        ),
        updated_at: reader.text("updated_at"),
        check_cols: reader.maybe_texts("check_cols").filter(|list| !list.is_empty()),
        invalidate_hard_deletes: reader.flag("invalidate_hard_deletes").unwrap_or(false),
        source: reader.table("source").map(table_ref).unwrap_or_default(),
        target: target.map(table_ref).unwrap_or_default(),
        governance: target.map(governance).unwrap_or_default(),
    }
}

fn load(reader: Reader<'_>) -> LoadConfig {
    let formats = [
        ("csv", LoadFormat::Csv),
        ("parquet", LoadFormat::Parquet),
        ("json_lines", LoadFormat::JsonLines),
    ];
    let target = reader.table("target");
    let options = reader.table("options");
    let flag = |key, otherwise| options.and_then(|o| o.flag(key)).unwrap_or(otherwise);
    LoadConfig {
        source_dir: reader.text("source_dir"),
        format: reader.choice("format", &formats),
        target: target.map(table_ref).unwrap_or_default(),
        governance: target.map(governance).unwrap_or_default(),
        options: LoadOptions {
            batch_size: options.and_then(|o| o.u32("batch_size")).unwrap_or(10_000),
            create_table: flag("create_table", true),
            truncate_first: flag("truncate_first", false),
            csv_delimiter: options
                .and_then(|o| o.plain("csv_delimiter"))
                .unwrap_or_else(|| ",".into()),
            csv_has_header: flag("csv_has_header", true),
        },
        contract: reader.table("contract").map(load_contract),
    }
}

fn load_contract(reader: Reader<'_>) -> LoadContract {
    let change = |c: Reader<'_>| Some((c.text("from")?, c.text("to")?));
    let columns = reader.tables("required_columns").into_iter();
    LoadContract {
        required_columns: columns.filter_map(crate::source::column).collect(),
        protected_columns: reader.texts("protected_columns"),
        allowed_type_changes: reader
            .tables("allowed_type_changes")
            .into_iter()
            .filter_map(change)
            .collect(),
    }
}

fn checks(reader: Reader<'_>) -> ChecksConfig {
    let switch = |key| match reader.table(key) {
        Some(table) => Switch {
            enabled: table.flag("enabled").unwrap_or(true),
            severity: severity(table),
        },
        None => Switch {
            enabled: reader.flag(key).unwrap_or(false),
            severity: CheckSeverity::Error,
        },
    };
    let freshness = |f: Reader<'_>| {
        let entries = f.get("overrides").map(|n| n.entries()).unwrap_or_default();
        let seconds = |n: &crate::node::Node| n.as_int().and_then(|i| u64::try_from(i).ok());
        Some(FreshnessCheck {
            threshold_seconds: f.uint("threshold_seconds")?,
            overrides: entries
                .iter()
                .filter_map(|e| Some((e.key.clone(), seconds(&e.node)?)))
                .collect(),
            timestamp_column: f.text("timestamp_column"),
            severity: severity(f),
        })
    };
    let null_rate = |n: Reader<'_>| {
        Some(NullRateCheck {
            columns: n.texts("columns"),
            threshold: n.float("threshold")?,
            sample_percent: n.u32("sample_percent").unwrap_or(10),
            severity: severity(n),
        })
    };
    let custom = |c: Reader<'_>| {
        Some(CustomCheck {
            name: c.text("name")?,
            sql: c.text("sql")?,
            threshold: c.uint("threshold").unwrap_or(0),
            severity: severity(c),
        })
    };
    ChecksConfig {
        enabled: reader.flag("enabled").unwrap_or(true),
        row_count: switch("row_count"),
        column_match: switch("column_match"),
        freshness: reader.table("freshness").and_then(freshness),
        null_rate: reader.table("null_rate").and_then(null_rate),
        custom: reader.tables("custom").into_iter().filter_map(custom).collect(),
        anomaly_threshold_pct: reader.float("anomaly_threshold_pct"),
        assertions: crate::test::assertions(reader),
        quarantine: reader.table("quarantine").map(quarantine),
        fail_on_error: reader.flag("fail_on_error").unwrap_or(true),
        loc: Loc::new(reader.file, reader.node.span),
    }
}

fn quarantine(reader: Reader<'_>) -> QuarantineConfig {
    let modes = [
        ("split", QuarantineMode::Split),
        ("tag", QuarantineMode::Tag),
        ("drop", QuarantineMode::Drop),
    ];
    let suffix = |key, otherwise| {
        reader
            .plain(key)
            .unwrap_or_else(|| SmolStr::new_static(otherwise))
    };
    QuarantineConfig {
        enabled: reader.flag("enabled").unwrap_or(false),
        mode: reader.choice("mode", &modes).unwrap_or_default(),
        suffix_valid: suffix("suffix_valid", "__valid"),
        suffix_quarantine: suffix("suffix_quarantine", "__quarantine"),
        loc: Loc::new(reader.file, reader.node.span),
    }
}

pub(crate) fn severity(reader: Reader<'_>) -> CheckSeverity {
    reader
        .choice("severity", &[("warning", CheckSeverity::Warning)])
        .unwrap_or_default()
}
