//! Quality pipelines: existing tables are checked, nothing is written.

use super::table::{Planner, Subject};
use super::tests::{Related, Resolve, dotted};
use crate::hash;
use crate::task::{Fact, Plan, Task, TaskKind};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Ident, SmolStr, code};
use rocky_config::{ChecksConfig, QualityConfig, QualityTable};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{Capabilities, CatalogSnapshot, RelationName, Strategy};
use rustc_hash::FxHashSet;

/// The relation that stands for a table (given by its whole name) in a shadow run; `None` for a table that has none, which is left out.
pub type Place<'a> = dyn Fn(&RelationName) -> Option<RelationName> + 'a;

/// What a quality pipeline is planned from.
pub struct Quality<'a> {
    /// Its name.
    pub pipeline: SmolStr,
    /// Its keys.
    pub config: &'a QualityConfig,
    /// What is checked.
    pub checks: &'a ChecksConfig,
    /// The warehouse as it is.
    pub catalog: &'a CatalogSnapshot,
    /// The columns that a table is declared to have.
    pub expected: &'a dyn Fn(&RelationName) -> Option<Vec<SmolStr>>,
    /// Which relation is looked at in the place of a table. The catalogue has the table with the columns of that one.
    pub place: Option<&'a Place<'a>>,
    /// How many tables may be checked at once.
    pub concurrency: usize,
    /// Stop after the first table that fails.
    pub fail_fast: bool,
}

impl Quality<'_> {
    /// Plan it. A table that does not exist is planned too: its checks say so when they run.
    pub fn plan(&self) -> Result<Plan, Vec<Diagnostic>> {
        let (catalog, dialect) = (self.catalog, self.catalog.dialect);
        let mut problems = Vec::new();
        let mut seen: FxHashSet<RelationKey> = FxHashSet::default();
        let mut tasks = Vec::new();
        let mut planner = Planner::new(self.checks);
        let resolve: &Resolve<'_> = &|name| Related {
            printed: self.elsewhere(name).unwrap_or_else(|| dotted(dialect, name)),
            deferred: false,
        };
        for entry in &self.config.tables {
            let found = match &entry.table {
                Some(table) => vec![self.name(entry, Ident::from_config(dialect, &table.value))],
                None => self.tables(entry, &mut problems),
            };
            for target in found {
                let full = catalog.full_name(&target);
                if !seen.insert(full.key(dialect)) {
                    continue;
                }
                let (target, shown) = match self.place {
                    None => (target, None),
                    Some(place) => match place(&full) {
                        Some(there) => {
                            let shown = catalog.full_name(&there).display();
                            (there, Some(shown))
                        }
                        None => continue,
                    },
                };
                let columns = match catalog.lookup(&full) {
                    Lookup::Found(relation) => Some(relation.columns.as_slice()),
                    Lookup::Absent | Lookup::Unknown => None,
                };
                let text =
                    |part: &Option<Ident>| part.as_ref().map_or_else(SmolStr::default, |i| i.text.clone());
                let parts = [text(&full.catalog), text(&full.schema), full.table.text.clone()];
                let checks = planner.of(
                    &Subject {
                        dialect,
                        target: &target,
                        parts: &parts,
                        name: None,
                        source: None,
                        rows: None,
                        columns,
                        expected: self
                            .checks
                            .column_match
                            .enabled
                            .then(|| (self.expected)(&full))
                            .flatten(),
                        ignored: Vec::new(),
                        timestamp_column: None,
                        named: entry.table.is_some(),
                        by_name: Default::default(),
                    },
                    resolve,
                );
                let name = SmolStr::new(parts.join("."));
                let full_name = shown.unwrap_or_else(|| name.to_string());
                tasks.push(Task {
                    drift: None,
                    windows: None,
                    kind: TaskKind::Quality,
                    name,
                    asset_key: parts.to_vec(),
                    target,
                    full_name,
                    // Nothing is written; a view is the strategy that stores nothing.
                    strategy: Strategy::View,
                    depends_on: Vec::new(),
                    layer: 0,
                    reason: "the table is checked".to_owned(),
                    fact: Fact::Unknown,
                    basis: String::new(),
                    watermark_column: None,
                    transaction: false,
                    steps: Vec::new(),
                    sql_hash: hash::of_steps(&[]),
                    column_count: columns.map(<[_]>::len),
                    checks,
                    quarantine: None,
                });
            }
        }
        problems.extend(planner.finish(&|_| false));
        if let Some(quarantine) = self.checks.quarantine.as_ref().filter(|q| q.enabled) {
            let message = "a quality pipeline writes nothing, so it has no quarantine";
            problems.push(
                Diagnostic::new(code::E417, quarantine.loc, message)
                    .help("Configure the quarantine in the pipeline that writes the table."),
            );
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let limit = Capabilities::of(dialect).parallel.max(1);
        let mut plan = Plan {
            plan_id: String::new(),
            pipeline: self.pipeline.clone(),
            dialect,
            setup: Vec::new(),
            tasks,
            concurrency: self.concurrency.clamp(1, limit),
            fail_fast: self.fail_fast,
        };
        plan.plan_id = plan.id().ok_or_else(|| {
            vec![Diagnostic::global(
                code::E303,
                "plan cannot be serialised; please report this",
            )]
        })?;
        Ok(plan)
    }

    /// What stands for a table that a check names, dotted.
    fn elsewhere(&self, name: &str) -> Option<String> {
        let (place, dialect) = (self.place?, self.catalog.dialect);
        let mut parts = name.rsplit('.').map(|p| Ident::from_config(dialect, p.trim()));
        let relation = RelationName {
            table: parts.next()?,
            schema: parts.next(),
            catalog: parts.next(),
        };
        let there = place(&self.catalog.full_name(&relation))?;
        parts.next().is_none().then(|| there.print(dialect))
    }

    /// The name of a table of an entry. On DuckDB a catalog that is not attached means the default one.
    fn name(&self, entry: &QualityTable, table: Ident) -> RelationName {
        let dialect = self.catalog.dialect;
        let catalog = Some(Ident::from_config(dialect, &entry.catalog.value)).filter(|c| {
            let key = c.key(dialect, IdentKind::Relation);
            !c.text.is_empty()
                && (dialect != rocky_base::Dialect::DuckDb
                    || self.catalog.schemas.iter().any(|(c, _)| *c == key))
        });
        RelationName {
            catalog,
            schema: Some(Ident::from_config(dialect, &entry.schema.value)),
            table,
        }
    }

    /// All tables of the schema of an entry, by name.
    fn tables(&self, entry: &QualityTable, problems: &mut Vec<Diagnostic>) -> Vec<RelationName> {
        let dialect = self.catalog.dialect;
        let any = self.name(entry, Ident::bare("x"));
        let key = self.catalog.full_name(&any).key(dialect);
        let mut found: Vec<RelationName> = self
            .catalog
            .relations
            .iter()
            .filter(|(k, _)| k.catalog == key.catalog && k.schema == key.schema)
            .filter(|(k, _)| !crate::shadow::is_shadow(self.catalog, k))
            .map(|(_, relation)| RelationName {
                table: Ident::quoted(relation.name.table.text.clone()),
                ..any.clone()
            })
            .collect();
        found.sort();
        if found.is_empty() {
            let schema = entry.schema.shown();
            let message = match self.catalog.schema_exists(&key.catalog, &key.schema) {
                Some(true) => format!("schema `{schema}` has no tables to check"),
                Some(false) => format!("schema `{schema}` does not exist"),
                None => format!("the tables of schema `{schema}` are not known"),
            };
            problems.push(
                Diagnostic::new(code::E416, entry.schema.loc, message)
                    .help("Name a schema of the warehouse that has tables."),
            );
        }
        found
    }
}
