//! Replication: from discovered sources to tasks that copy their tables.
//!
//! [`resolve()`] applies patterns, templates and overrides and gives one [`TableCopy`] per table; [`plan()`] holds these
//! against the catalogue and makes the steps ([`copy`]). Invariants: names and values that were discovered are printed by
//! the dialect, never put into a text; a target is replaced or created only when the catalogue proves what it is; a table
//! that cannot be planned is a task that fails ([`crate::StepKind::Refuse`]) and hinders no other.

mod copy;
mod filter;
mod metadata;
mod resolve;

pub use copy::unchanged_query;
pub use filter::{Filter, FilterProblem, parse_filters, select};
pub use metadata::{MetadataTemplate, metadata_templates};
pub use resolve::{FoundBy, Origin, Resolved, resolve, source_of};

use crate::checks::Written;
use crate::drift::DriftPolicy;
use crate::setup;
use crate::task::{Plan, Step, StepKind, Task};
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, code};
use rocky_config::{ChecksConfig, Components};
use rocky_warehouse::{Capabilities, CatalogSnapshot, RelationName, SourceTable, Strategy};
use rustc_hash::{FxHashMap, FxHashSet};

/// A source as it was discovered: one schema with the tables in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Source {
    /// Its schema, which is its name.
    pub id: SmolStr,
    /// The type of the adapter that found it.
    pub source_type: SmolStr,
    /// What the pattern made of its name, in the pattern's order.
    pub components: Components,
    /// Its tables, by name.
    pub tables: Vec<SourceTable>,
}

/// What is done with a table that exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CopyStrategy {
    /// Replace it.
    FullRefresh,
    /// Add the rows past the watermark.
    Incremental {
        /// Watermark column, as configured.
        timestamp_column: SmolStr,
    },
    /// Update and insert by key.
    Merge {
        /// Key columns, as configured.
        keys: Vec<SmolStr>,
        /// Instead, where the table lacks one of them.
        fallback: Vec<SmolStr>,
    },
    /// A view on the source.
    View,
}

impl CopyStrategy {
    /// As documents call it.
    pub fn strategy(&self) -> Strategy {
        match self {
            CopyStrategy::FullRefresh => Strategy::FullRefresh,
            CopyStrategy::Incremental { .. } => Strategy::Incremental,
            CopyStrategy::Merge { .. } => Strategy::Merge,
            CopyStrategy::View => Strategy::View,
        }
    }
}

/// A column that every copy gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetadataColumn {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: rocky_warehouse::Type,
    /// `CAST(… AS …)`.
    pub sql: String,
}

/// One table to be copied.
#[derive(Clone, PartialEq, Debug)]
pub struct TableCopy {
    /// Source type, components, table.
    pub asset_key: Vec<SmolStr>,
    /// Where from.
    pub source: RelationName,
    /// Where to, as the statements name it.
    pub target: RelationName,
    /// How.
    pub strategy: CopyStrategy,
    /// The column that tells the age of a row, as configured.
    pub timestamp_column: SmolStr,
    /// Columns beside the source's.
    pub metadata: Vec<MetadataColumn>,
}

/// A table that is not copied, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excluded {
    /// Source type, components, table.
    pub asset_key: Vec<SmolStr>,
    /// Its schema.
    pub source_schema: SmolStr,
    /// Its name.
    pub table: SmolStr,
    /// `missing_from_source`, `disabled`, `is_a_target`, `unchanged`.
    pub reason: &'static str,
}

/// A database file that is read beside the warehouse's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFile {
    /// Its catalogue.
    pub name: Ident,
    /// The file.
    pub path: String,
}

impl SourceFile {
    /// The step that has it there.
    fn attach(&self, dialect: Dialect) -> Step {
        Step {
            purpose: SmolStr::new_static(ATTACH),
            target: self.name.text.to_string(),
            sql: format!(
                "ATTACH IF NOT EXISTS {} AS {} (READ_ONLY, TYPE duckdb)",
                dialect.string_literal(&self.path),
                self.name.print(dialect)
            ),
            holes: Vec::new(),
            kind: StepKind::Statement { counts_rows: false },
        }
    }
}

/// The purpose of the set-up step that attaches a database.
pub(crate) const ATTACH: &str = "attach";

/// How to plan a replication.
#[derive(Clone, Debug)]
pub struct ReplicationOptions {
    /// Where the sources are, when that is not the warehouse's own database.
    pub source: Option<SourceFile>,
    /// The pipeline.
    pub pipeline: SmolStr,
    /// Of the target.
    pub dialect: Dialect,
    /// Replace every table.
    pub full_refresh: bool,
    /// Tables at a time.
    pub concurrency: usize,
    /// Stop after the first failure.
    pub fail_fast: bool,
    /// Create what is missing; absent: on DuckDB only.
    pub create_schemas: Option<bool>,
    /// Create missing catalogues.
    pub create_catalogs: bool,
    /// About columns that differ.
    pub drift: DriftPolicy,
    /// What is checked of the copies.
    pub checks: Option<ChecksConfig>,
    /// Shadows, each with the table that the configuration names.
    pub aliases: Vec<(RelationName, RelationName)>,
    /// The pipeline has more tables than are planned now.
    pub partial: bool,
    /// Where the pipeline is declared.
    pub loc: Loc,
}

impl ReplicationOptions {
    fn creates_schemas(&self) -> bool {
        self.create_schemas.unwrap_or(self.dialect == Dialect::DuckDb)
    }
}

/// Plan the copies, in their order.
pub fn plan(
    copies: &[TableCopy],
    catalog: &CatalogSnapshot,
    options: &ReplicationOptions,
) -> Result<Plan, Vec<Diagnostic>> {
    let dialect = options.dialect;
    let mut tasks: Vec<Task> = Vec::with_capacity(copies.len());
    let mut names: FxHashSet<SmolStr> = FxHashSet::default();
    // Copies into one table wait for each other.
    let mut last_into: FxHashMap<rocky_warehouse::relation::RelationKey, usize> = FxHashMap::default();
    let mut checks = Written::new(
        options.checks.as_ref(),
        catalog,
        copies.iter().map(|c| &c.target),
        &options.aliases,
    );
    for (index, table) in copies.iter().enumerate() {
        let (mut task, columns) = copy::task(table, catalog, options);
        if let Some(checks) = &mut checks {
            checks.add(copy::facts(table, columns, catalog, options), &mut task);
        }
        let key = catalog.full_name(&table.target).key(dialect);
        if let Some(before) = last_into.insert(key, index) {
            task.depends_on = vec![before];
            task.layer = tasks.get(before).map_or(0, |t| t.layer + 1);
        }
        if !names.insert(task.name.clone()) {
            task.name = SmolStr::new(format!("{} from {}", task.name, table.source.display()));
            names.insert(task.name.clone());
        }
        tasks.push(task);
    }
    let problems = checks.map_or_else(Vec::new, |c| c.finish(options.partial));
    if !problems.is_empty() {
        return Err(problems);
    }
    let source = options.source.iter().filter(|_| !copies.is_empty());
    let mut setup: Vec<Step> = source.map(|s| s.attach(dialect)).collect();
    if options.create_catalogs {
        setup.extend(catalogs(copies, catalog, dialect));
    }
    if options.creates_schemas() {
        let targets: Vec<RelationName> = copies.iter().map(|c| in_default(&c.target, catalog)).collect();
        setup.extend(setup::missing_schemas(targets.iter(), catalog, dialect));
    }
    let limit = Capabilities::of(dialect).parallel;
    let mut plan = Plan {
        plan_id: String::new(),
        pipeline: options.pipeline.clone(),
        dialect,
        setup,
        tasks,
        concurrency: options.concurrency.clamp(1, limit.max(1)),
        fail_fast: options.fail_fast,
    };
    let Some(plan_id) = plan.id() else {
        return Err(vec![Diagnostic::new(
            code::E303,
            options.loc,
            "plan cannot be serialised; please report this",
        )]);
    };
    plan.plan_id = plan_id;
    Ok(plan)
}

/// A name in DuckDB's default database does without the database, as the 1.x releases wrote it.
fn in_default(name: &RelationName, catalog: &CatalogSnapshot) -> RelationName {
    let key = |i: &Option<Ident>| {
        i.as_ref()
            .map(|i| i.key(catalog.dialect, rocky_base::ident::IdentKind::Relation))
    };
    let mut name = name.clone();
    if catalog.dialect == Dialect::DuckDb && key(&name.catalog) == key(&catalog.default_catalog) {
        name.catalog = None;
    }
    name
}

/// `CREATE CATALOG` for those that were not seen.
fn catalogs(copies: &[TableCopy], catalog: &CatalogSnapshot, dialect: Dialect) -> Vec<Step> {
    let verb = match dialect {
        Dialect::Databricks => "CREATE CATALOG IF NOT EXISTS",
        Dialect::Snowflake => "CREATE DATABASE IF NOT EXISTS",
        // A database is a file, a project is made elsewhere.
        Dialect::DuckDb | Dialect::BigQuery => return Vec::new(),
    };
    let mut seen: FxHashSet<SmolStr> = FxHashSet::default();
    let mut steps: Vec<Step> = Vec::new();
    for name in copies.iter().filter_map(|c| c.target.catalog.as_ref()) {
        let key = name.key(dialect, rocky_base::ident::IdentKind::Relation);
        if catalog.complete_catalogs.contains(&key) || !seen.insert(key) {
            continue;
        }
        steps.push(Step {
            purpose: SmolStr::new_static("create_catalog"),
            target: name.text.to_string(),
            sql: format!("{verb} {}", name.print(dialect)),
            holes: Vec::new(),
            kind: StepKind::Statement { counts_rows: false },
        });
    }
    steps.sort_by(|a, b| a.sql.cmp(&b.sql));
    steps
}
