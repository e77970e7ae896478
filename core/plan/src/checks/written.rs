//! The checks of what other pipelines than transformations write: copied tables, histories, loaded tables.
//!
//! Counts that are compared with the source are asked in the transaction that wrote, where there is one ([`CheckPlan::within`]): what
//! others write to the source after the copy does not count.

use super::table::{Planner, Subject};
use super::tests::{Related, dotted};
use super::{CheckPlan, Judge, quarantine};
use crate::task::{StepKind, Task};
use rocky_base::{Diagnostic, Ident, SmolStr, code};
use rocky_config::{ChecksConfig, QuarantineMode, Spanned, TestConfig};
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{CatalogSnapshot, Column, RelationName};
use rustc_hash::FxHashMap;

/// What is known of a written table.
pub(crate) struct Facts<'a> {
    /// What it is a copy of.
    pub source: Option<&'a RelationName>,
    /// How its rows are counted against the source's, where that is not all of them: what stands behind `SELECT COUNT(*) AS n`.
    pub rows: Option<String>,
    /// Its columns after it was written.
    pub columns: Option<Vec<Column>>,
    /// The columns that it must have.
    pub expected: Option<Vec<SmolStr>>,
    /// Columns that it may have beside those.
    pub ignored: Vec<SmolStr>,
    /// The column that tells the age of a row.
    pub timestamp_column: Option<Spanned<SmolStr>>,
    /// The configuration names this very table.
    pub named: bool,
}

/// Plans the checks of the tasks of one pipeline.
pub(crate) struct Written<'a> {
    config: &'a ChecksConfig,
    catalog: &'a CatalogSnapshot,
    planner: Planner<'a>,
    /// Everything that the pipeline writes, by the whole name that the configuration has for it.
    targets: FxHashMap<RelationKey, RelationName>,
    /// What the configuration calls a shadow.
    aliases: FxHashMap<RelationKey, RelationName>,
    problems: Vec<Diagnostic>,
}

impl<'a> Written<'a> {
    /// `None` without checks.
    pub(crate) fn new<'t>(
        config: Option<&'a ChecksConfig>,
        catalog: &'a CatalogSnapshot,
        targets: impl Iterator<Item = &'t RelationName>,
        aliases: &[(RelationName, RelationName)],
    ) -> Option<Written<'a>> {
        let config = config.filter(|c| c.enabled)?;
        let key = |t: &RelationName| catalog.full_name(t).key(catalog.dialect);
        let aliases: FxHashMap<RelationKey, RelationName> = aliases
            .iter()
            .map(|(shadow, of)| (key(shadow), catalog.full_name(of)))
            .collect();
        let keyed = |t: &RelationName| {
            let own = key(t);
            (aliases.get(&own).map(key).unwrap_or(own), t.clone())
        };
        Some(Written {
            config,
            catalog,
            planner: Planner::new(config),
            targets: targets.map(keyed).collect(),
            aliases,
            problems: Vec::new(),
        })
    }

    /// Put the checks of a table into its task.
    pub(crate) fn add(&mut self, facts: Facts<'_>, task: &mut Task) {
        // What is refused writes nothing.
        if task
            .steps
            .iter()
            .any(|s| matches!(s.kind, StepKind::Refuse { .. }))
        {
            return;
        }
        let (catalog, dialect) = (self.catalog, self.catalog.dialect);
        let target = task.target.clone();
        let full = catalog.full_name(&target);
        let full = self.aliases.get(&full.key(dialect)).unwrap_or(&full).clone();
        let own = full.key(dialect);
        let text = |part: &Option<Ident>| part.as_ref().map_or_else(SmolStr::default, |i| i.text.clone());
        let parts = [text(&full.catalog), text(&full.schema), full.table.text.clone()];
        let mut ignored = facts.ignored;
        ignored.push(quarantine::TAG.into());
        let subject = Subject {
            dialect,
            target: &target,
            parts: &parts,
            name: None,
            source: facts.source,
            rows: facts.rows,
            columns: facts.columns.as_deref(),
            expected: facts.expected,
            ignored,
            timestamp_column: facts.timestamp_column,
            named: facts.named,
            by_name: Default::default(),
        };
        let targets = &self.targets;
        // A table that this pipeline writes, named from within the subject's schema; else any of the warehouse.
        let resolve = |name: &str| {
            let mut idents: Vec<Ident> = name
                .split('.')
                .map(|p| Ident::from_config(dialect, p.trim()))
                .collect();
            let table = idents.pop();
            let schema = idents.pop().or_else(|| full.schema.clone());
            let catalog_part = idents.pop().or_else(|| full.catalog.clone());
            let known = table.filter(|_| idents.is_empty()).and_then(|table| {
                let key = RelationName {
                    catalog: catalog_part,
                    schema,
                    table,
                }
                .key(dialect);
                let found = targets.get(&key)?;
                Some((key != own, found))
            });
            match known {
                Some((other, found)) => Related {
                    printed: found.print(dialect),
                    deferred: other,
                },
                None => Related {
                    printed: dotted(dialect, name),
                    deferred: false,
                },
            }
        };
        let mut checks = self.planner.of(&subject, &resolve);
        if task.transaction {
            for check in &mut checks {
                check.within = matches!(check.judge, Judge::SameCount);
            }
        }
        task.checks = checks;
        let Some(wanted) = self.config.quarantine.as_ref().filter(|q| q.enabled) else {
            return;
        };
        let of_table = self.config.assertions.iter().filter(|a| subject.is(a));
        let tests: Vec<&TestConfig> = of_table.map(|a| &a.test).collect();
        let is_target = |name: &RelationName| targets.contains_key(&catalog.full_name(name).key(dialect));
        if let Err(problem) = quarantine::add(wanted, &tests, &subject, &resolve, &is_target, task) {
            self.problems.push(*problem);
        } else if wanted.mode == QuarantineMode::Drop
            && task.quarantine.is_some()
            && task
                .checks
                .iter()
                .any(|c: &CheckPlan| matches!(c.judge, Judge::SameCount))
        {
            let message = "`mode = \"drop\"` takes rows away that row_count misses against the source";
            self.problems.push(
                Diagnostic::new(code::E417, wanted.loc, message)
                    .help("Use `mode = \"split\"` or `\"tag\"`, or leave row_count out."),
            );
        }
    }

    /// All mistakes, each once. `partial`: the pipeline has more tables than were seen now.
    pub(crate) fn finish(self, partial: bool) -> Vec<Diagnostic> {
        let mut found = self.planner.finish(&|_| partial);
        let place = |d: &Diagnostic| d.primary.as_ref().map(|l| l.loc);
        for problem in self.problems {
            if !found
                .iter()
                .any(|d| d.code == problem.code && place(d) == place(&problem))
            {
                found.push(problem);
            }
        }
        found
    }
}
