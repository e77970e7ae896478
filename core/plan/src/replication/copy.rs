//! The steps that copy one table.
//!
//! Columns are named, by what the catalogue says of the source; a statement's rows come from one look at the source. What
//! is not proved is refused: an existence that is not known, a source without columns, a view that would be lost.

use super::{CopyStrategy, ReplicationOptions, TableCopy};
use crate::checks::Facts;
use crate::columns::print;
use crate::drift::{self, Drift};
use crate::finite::Finite;
use crate::hash;
use crate::strategy::same;
use crate::task::{Fact, Step, StepKind, Task, TaskKind};
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, Ident, SmolStr};
use rocky_config::Spanned;
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{
    Capabilities, CatalogSnapshot, Column, Relation, RelationKind, RelationName, Strategy, may_lose,
};
use rustc_hash::FxHashSet;

/// Plan one copy, with the target's columns after it. What stands against it is a task that fails.
pub(super) fn task(
    copy: &TableCopy,
    catalog: &CatalogSnapshot,
    options: &ReplicationOptions,
) -> (Task, Vec<Column>) {
    let builder = Builder {
        copy,
        catalog,
        options,
        dialect: options.dialect,
        source: copy.source.print(options.dialect),
        target: copy.target.print(options.dialect),
    };
    let full_name = catalog.full_name(&copy.target);
    let built = builder.build().unwrap_or_else(|refusal| Built {
        steps: vec![builder.step(
            "refuse",
            StepKind::Refuse {
                error: refusal.error.clone(),
                hint: refusal.hint,
            },
            String::new(),
        )],
        reason: refusal.error,
        drift: refusal.drift,
        ..Built::default()
    });
    let name = full_name.display();
    let task = Task {
        windows: None,
        checks: Vec::new(),
        quarantine: None,
        kind: TaskKind::Table,
        name: SmolStr::new(&name),
        asset_key: copy.asset_key.clone(),
        target: copy.target.clone(),
        full_name: name,
        strategy: match options.full_refresh && copy.strategy != CopyStrategy::View {
            true => Strategy::FullRefresh,
            false => copy.strategy.strategy(),
        },
        depends_on: Vec::new(),
        layer: 0,
        reason: built.reason,
        fact: built.fact,
        drift: built.drift,
        basis: built.basis,
        watermark_column: built.watermark,
        transaction: Capabilities::of(options.dialect).transactional_ddl,
        sql_hash: hash::of_steps(&built.steps),
        steps: built.steps,
        column_count: built.column_count,
    };
    (task, built.columns)
}

/// What the checks of a copy go by. `columns`: those of the target after it.
pub(super) fn facts<'a>(
    copy: &'a TableCopy,
    columns: Vec<Column>,
    catalog: &CatalogSnapshot,
    options: &ReplicationOptions,
) -> Facts<'a> {
    let expected = match catalog.lookup(&copy.source) {
        Lookup::Found(source) => Some(source.columns.iter().map(|c| c.name.clone()).collect()),
        Lookup::Absent | Lookup::Unknown => None,
    };
    Facts {
        source: Some(&copy.source),
        rows: None,
        columns: Some(columns),
        expected,
        ignored: copy
            .metadata
            .iter()
            .map(|m| m.name.stored(options.dialect))
            .collect(),
        timestamp_column: Some(Spanned::new(copy.timestamp_column.clone(), options.loc)),
        named: false,
    }
}

/// Why a table cannot be written.
struct Refusal {
    error: String,
    hint: Option<String>,
    drift: Option<Drift>,
}

impl Refusal {
    fn new(error: String) -> Refusal {
        Refusal {
            error,
            hint: None,
            drift: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }
}

struct Built {
    steps: Vec<Step>,
    reason: String,
    fact: Fact,
    drift: Option<Drift>,
    watermark: Option<SmolStr>,
    column_count: Option<usize>,
    basis: String,
    /// The target's columns afterwards.
    columns: Vec<Column>,
}

impl Default for Built {
    fn default() -> Built {
        Built {
            steps: Vec::new(),
            reason: String::new(),
            fact: Fact::Unknown,
            drift: None,
            watermark: None,
            column_count: None,
            basis: String::new(),
            columns: Vec::new(),
        }
    }
}

struct Builder<'a> {
    copy: &'a TableCopy,
    catalog: &'a CatalogSnapshot,
    options: &'a ReplicationOptions,
    dialect: Dialect,
    source: String,
    target: String,
}

impl Builder<'_> {
    fn build(&self) -> Result<Built, Refusal> {
        let source = self.source()?;
        let incoming = self.incoming(source)?;
        let (existing, fact) = self.target()?;
        let key_of = |relation: &RelationName| self.catalog.full_name(relation).key(self.dialect);
        if key_of(&self.copy.source) == key_of(&self.copy.target) {
            return Err(Refusal::new(format!(
                "`{}` would be copied onto itself",
                self.copy.source.display()
            ))
            .hint("give `catalog_template` and `schema_template` another place than the source's"));
        }
        let mut built = match &self.copy.strategy {
            CopyStrategy::View => self.view(existing),
            strategy => self.table(strategy, &incoming, existing)?,
        };
        built.fact = fact;
        built.column_count = Some(incoming.len());
        built.basis = hash::of_value(&incoming).unwrap_or_default();
        // A table that was kept has said which they are.
        if built.columns.is_empty() {
            built.columns = incoming;
        }
        Ok(built)
    }

    /// The source with its columns.
    fn source(&self) -> Result<&Relation, Refusal> {
        let shown = self.copy.source.display();
        match self.catalog.lookup(&self.copy.source) {
            Lookup::Found(relation) if relation.columns.is_empty() => {
                Err(Refusal::new(format!("columns of source `{shown}` are not known"))
                    .hint("a view that cannot be read has none: query it by hand to see why"))
            }
            Lookup::Found(relation) => Ok(relation),
            Lookup::Absent => Err(
                Refusal::new(format!("source table `{shown}` does not exist any more"))
                    .hint("it was discovered and has been dropped or renamed since"),
            ),
            Lookup::Unknown => Err(Refusal::new(format!(
                "it is not known whether source table `{shown}` exists"
            ))
            .hint("the catalogue of its schema could not be read")),
        }
    }

    /// The source's columns and the metadata columns.
    fn incoming(&self, source: &Relation) -> Result<Vec<Column>, Refusal> {
        let key = |name: &str| self.dialect.fold(name, true, IdentKind::Column);
        let mut columns = source.columns.clone();
        let taken: FxHashSet<SmolStr> = columns.iter().map(|c| key(&c.name)).collect();
        for metadata in &self.copy.metadata {
            let name = metadata.name.stored(self.dialect);
            if taken.contains(&key(&name)) {
                return Err(Refusal::new(format!(
                    "metadata column `{name}` is a column of source `{}` too",
                    self.copy.source.display()
                ))
                .hint("give the metadata column another name"));
            }
            columns.push(Column {
                name,
                ty: metadata.ty.clone(),
                nullable: true,
            });
        }
        Ok(columns)
    }

    /// What is in the target's place.
    fn target(&self) -> Result<(Option<&Relation>, Fact), Refusal> {
        let shown = self.copy.target.display();
        match self.catalog.lookup(&self.copy.target) {
            Lookup::Absent => {
                let key = self.catalog.full_name(&self.copy.target).key(self.dialect);
                let schema = self.catalog.schema_exists(&key.catalog, &key.schema);
                if schema == Some(false) && !self.options.creates_schemas() {
                    return Err(Refusal::new(format!(
                        "schema `{}` of target `{shown}` does not exist",
                        self.copy.target.schema.as_ref().map_or("", |s| s.text.as_str())
                    ))
                    .hint("create it, or set `target.governance.auto_create_schemas = true`"));
                }
                Ok((None, Fact::Absent))
            }
            Lookup::Unknown => {
                // A schema in a catalogue that this run makes cannot be known, and holds nothing.
                Err(Refusal::new(format!(
                    "it is not known whether target `{shown}` exists, so it is not written"
                ))
                .hint("the catalogue of its schema could not be read"))
            }
            Lookup::Found(relation) => match relation.kind {
                RelationKind::Table => {
                    let key = |c: &Column| self.dialect.fold(&c.name, true, IdentKind::Column);
                    let columns = relation.columns.iter().map(key).collect();
                    Ok((Some(relation), Fact::Table(columns)))
                }
                RelationKind::View => Ok((Some(relation), Fact::View)),
                RelationKind::Materialized | RelationKind::Other => Err(Refusal::new(format!(
                    "target `{shown}` exists and is neither a table nor a view"
                ))
                .hint("drop it by hand, or change the templates of the target")),
            },
        }
    }

    fn step(&self, purpose: &'static str, kind: StepKind, sql: String) -> Step {
        Step {
            purpose: SmolStr::new_static(purpose),
            target: self.copy.target.display(),
            sql,
            holes: Vec::new(),
            kind,
        }
    }

    fn silent(&self, purpose: &'static str, sql: String) -> Step {
        self.step(purpose, StepKind::Statement { counts_rows: false }, sql)
    }

    fn counted(&self, purpose: &'static str, sql: String) -> Step {
        self.step(purpose, StepKind::Statement { counts_rows: true }, sql)
    }

    /// `SELECT *, CAST(…) AS name⏎FROM source`.
    fn select_all(&self) -> String {
        let mut sql = "SELECT *".to_owned();
        for metadata in &self.copy.metadata {
            sql.push_str(&format!(", {} AS {}", metadata.sql, self.ident(&metadata.name)));
        }
        sql.push_str("\nFROM ");
        sql.push_str(&self.source);
        sql
    }

    /// The given columns of the source and the metadata, `s` being the source.
    fn select(&self, columns: &[&Column]) -> String {
        let key = |name: &str| self.dialect.fold(name, true, IdentKind::Column);
        let one = |column: &&Column| {
            let metadata = self
                .copy
                .metadata
                .iter()
                .find(|m| key(&m.name.stored(self.dialect)) == key(&column.name));
            match metadata {
                Some(m) => format!("{} AS {}", m.sql, self.ident(&m.name)),
                None => format!("s.{}", print(self.dialect, &column.name)),
            }
        };
        let items: Vec<String> = columns.iter().map(one).collect();
        format!("SELECT {}\nFROM {} AS s", items.join(", "), self.source)
    }

    fn ident(&self, name: &Ident) -> String {
        name.print(self.dialect)
    }

    fn view(&self, existing: Option<&Relation>) -> Built {
        let mut steps = Vec::new();
        let reason = match existing.map(|r| r.kind) {
            None => "target does not exist",
            Some(RelationKind::View) => "the view is made anew on every run",
            Some(_) => {
                steps.push(self.silent("drop", format!("DROP TABLE {}", self.target)));
                "target is a table: a view takes its place"
            }
        };
        let sql = format!("CREATE OR REPLACE VIEW {} AS\n{}", self.target, self.select_all());
        steps.push(self.silent("create_view", sql));
        Built {
            steps,
            reason: reason.to_owned(),
            ..Built::default()
        }
    }

    fn table(
        &self,
        strategy: &CopyStrategy,
        incoming: &[Column],
        existing: Option<&Relation>,
    ) -> Result<Built, Refusal> {
        let replaces = self.options.full_refresh || *strategy == CopyStrategy::FullRefresh;
        let watermark = match strategy {
            CopyStrategy::Incremental { timestamp_column } => {
                Some(self.column(incoming, timestamp_column, "timestamp_column")?)
            }
            _ => None,
        };
        let keys = match strategy {
            CopyStrategy::Merge { keys, fallback } => self.keys(incoming, keys, fallback)?,
            _ => Vec::new(),
        };
        let mut built = match existing {
            Some(table) if table.kind == RelationKind::Table => {
                self.existing(strategy, incoming, table, &keys, replaces)?
            }
            Some(_) => {
                let mut built = self.create(&keys, replaces, "target is a view: a table takes its place");
                let drop = self.silent("drop", format!("DROP VIEW {}", self.target));
                built.steps.insert(built.steps.len().saturating_sub(1), drop);
                built
            }
            None => self.create(&keys, replaces, "target does not exist"),
        };
        if let Some(column) = watermark {
            let kind = StepKind::Observe {
                name: SmolStr::new_static("watermark"),
            };
            let name = print(self.dialect, &column);
            let sql = format!(
                "SELECT {} FROM {}",
                self.finite(incoming, &column).observed(&name),
                self.target
            );
            built.steps.push(self.step("watermark", kind, sql));
            built.watermark = Some(column);
        }
        Ok(built)
    }

    /// The table made anew, or for the first time; the last step makes it.
    fn create(&self, keys: &[SmolStr], replaces: bool, reason: &str) -> Built {
        let mut steps: Vec<Step> = self.unique(keys).into_iter().collect();
        // Without OR REPLACE: should someone have made it meanwhile, nothing is lost.
        let verb = match replaces {
            true => "CREATE OR REPLACE TABLE",
            false => "CREATE TABLE",
        };
        let sql = format!("{verb} {} AS\n{}", self.target, self.select_all());
        steps.push(self.counted("full_refresh_copy", sql));
        Built {
            steps,
            reason: reason.to_owned(),
            ..Built::default()
        }
    }

    fn existing(
        &self,
        strategy: &CopyStrategy,
        incoming: &[Column],
        table: &Relation,
        keys: &[SmolStr],
        replaces: bool,
    ) -> Result<Built, Refusal> {
        if self.options.full_refresh {
            return Ok(self.create(keys, true, "full refresh was asked for"));
        }
        let outcome = drift::compare(
            self.dialect,
            &self.target,
            incoming,
            &table.columns,
            self.options.drift,
        );
        let remark = outcome.remark();
        if let Some(why) = &outcome.refused {
            return Err(Refusal {
                error: format!(
                    "columns of target `{}` are not those of its source: {why}",
                    self.copy.target.display()
                ),
                hint: Some(
                    "make the change by hand, allow it (`on_added_columns`, `on_widened_columns`, \
                     `on_removed_columns`, `on_unsafe_drift`), or run with `--full-refresh`"
                        .to_owned(),
                ),
                drift: Some(outcome.drift),
            });
        }
        if outcome.rebuild || replaces {
            let reason = match replaces {
                true => "full_refresh replaces the table on every run",
                false => "the table cannot be kept",
            };
            let mut built = self.create(keys, true, &format!("{reason}{remark}"));
            built.drift = Some(outcome.drift);
            return Ok(built);
        }
        let key = |c: &Column| self.dialect.fold(&c.name, true, IdentKind::Column);
        let there: FxHashSet<SmolStr> = outcome.columns.iter().map(key).collect();
        let columns: Vec<&Column> = incoming.iter().filter(|c| there.contains(&key(c))).collect();
        let needed = |name: &SmolStr| {
            columns
                .iter()
                .any(|c| key(c) == self.dialect.fold(name, true, IdentKind::Column))
        };
        let missing = |what: &str, name: &SmolStr| {
            Refusal::new(format!(
                "{what} `{name}` is not in target `{}`",
                self.copy.target.display()
            ))
            .hint("run with `--full-refresh` to rebuild the table, or allow `on_added_columns = \"add\"`")
        };
        let mut steps: Vec<Step> = Vec::new();
        let alter = outcome.alter.into_iter();
        steps.extend(alter.map(|(purpose, sql)| self.silent(purpose, sql)));
        let list: Vec<String> = columns.iter().map(|c| print(self.dialect, &c.name)).collect();
        let reason = match strategy {
            CopyStrategy::Incremental { timestamp_column } => {
                let name = self.column(incoming, timestamp_column, "timestamp_column")?;
                if !needed(&name) {
                    return Err(missing("timestamp_column", &name));
                }
                self.comes_once(&name, incoming, &outcome.columns)?;
                let ts = print(self.dialect, &name);
                let sql = format!(
                    "INSERT INTO {} ({})\n{}\nWHERE {}",
                    self.target,
                    list.join(", "),
                    self.select(&columns),
                    past_watermark(self.finite(incoming, &name), &ts, &self.target),
                );
                steps.push(self.counted("incremental_copy", sql));
                format!("target exists: rows past its newest {name} are added")
            }
            CopyStrategy::Merge { .. } => {
                if let Some(lost) = keys.iter().find(|k| !needed(k)) {
                    return Err(missing("merge key", lost));
                }
                steps.extend(self.unique(keys));
                steps.push(self.counted("merge_copy", self.merge(&columns, &list, keys)));
                format!("target exists: rows are merged by {}", keys.join(", "))
            }
            // Handled above.
            CopyStrategy::FullRefresh | CopyStrategy::View => String::new(),
        };
        Ok(Built {
            steps,
            reason: format!("{reason}{remark}"),
            drift: Some(outcome.drift),
            columns: outcome.columns,
            ..Built::default()
        })
    }

    fn finite(&self, incoming: &[Column], name: &str) -> Finite {
        Finite::of(self.dialect, self.find(incoming, name).map(|c| &c.ty))
    }

    /// A watermark that is less exact than what it is compared with lets rows in again that are there.
    fn comes_once(&self, name: &str, incoming: &[Column], there: &[Column]) -> Result<(), Refusal> {
        let (Some(given), Some(there)) = (self.find(incoming, name), self.find(there, name)) else {
            return Ok(());
        };
        if !may_lose(self.dialect, &given.ty, &there.ty) {
            return Ok(());
        }
        Err(Refusal::new(format!(
            "timestamp_column `{name}` of target `{}` is {}, and its source gives {}: rows would come in again with each run",
            self.copy.target.display(),
            there.ty.print(self.dialect),
            given.ty.print(self.dialect)
        ))
        .hint("run with `--full-refresh` to rebuild the table"))
    }

    fn merge(&self, columns: &[&Column], list: &[String], keys: &[SmolStr]) -> String {
        let keys: Vec<String> = keys.iter().map(|k| print(self.dialect, k)).collect();
        let on: Vec<String> = keys
            .iter()
            .map(|k| same(self.dialect, &format!("t.{k}"), &format!("s.{k}")))
            .collect();
        let mut sql = format!(
            "MERGE INTO {} AS t\nUSING (\n{}\n) AS s\nON {}",
            self.target,
            self.select(columns),
            on.join("\n  AND ")
        );
        let set: Vec<String> = list
            .iter()
            .filter(|c| !keys.contains(c))
            .map(|c| format!("{c} = s.{c}"))
            .collect();
        if !set.is_empty() {
            sql.push_str("\nWHEN MATCHED THEN UPDATE SET ");
            sql.push_str(&set.join(", "));
        }
        let values: Vec<String> = list.iter().map(|c| format!("s.{c}")).collect();
        sql.push_str(&format!(
            "\nWHEN NOT MATCHED THEN INSERT ({}) VALUES ({})",
            list.join(", "),
            values.join(", ")
        ));
        sql
    }

    /// A guard that the keys identify the source's rows; none without keys.
    fn unique(&self, keys: &[SmolStr]) -> Option<Step> {
        if keys.is_empty() {
            return None;
        }
        let names: Vec<String> = keys
            .iter()
            .map(|k| {
                match self
                    .copy
                    .metadata
                    .iter()
                    .find(|m| m.name.stored(self.dialect) == *k)
                {
                    Some(m) => m.sql.clone(),
                    None => format!("s.{}", print(self.dialect, k)),
                }
            })
            .collect();
        let places: Vec<String> = (1..=names.len()).map(|i| i.to_string()).collect();
        let sql = format!(
            "SELECT {names}, COUNT(*) AS _rocky_n FROM {} AS s\nGROUP BY {places}\nHAVING COUNT(*) > 1\nORDER BY {places}\nLIMIT 5",
            self.source,
            names = names.join(", "),
            places = places.join(", "),
        );
        let error = format!("duplicate keys in source `{}`", self.copy.source.display());
        Some(Step {
            target: self.copy.source.display(),
            ..self.step("check_keys", StepKind::Guard { error }, sql)
        })
    }

    /// The column that a name from the configuration means.
    fn find<'c>(&self, columns: &'c [Column], name: &str) -> Option<&'c Column> {
        let key = |n: &str| self.dialect.fold(n, true, IdentKind::Column);
        // A name from TOML counts as unquoted: on Snowflake it is folded to upper case.
        let wanted = [key(name), self.dialect.fold(name, false, IdentKind::Column)];
        wanted
            .iter()
            .find_map(|w| columns.iter().find(|c| key(&c.name) == *w))
    }

    fn column(&self, columns: &[Column], name: &str, what: &str) -> Result<SmolStr, Refusal> {
        self.find(columns, name).map(|c| c.name.clone()).ok_or_else(|| {
            Refusal::new(format!(
                "source `{}` has no column `{name}`, which `{what}` names",
                self.copy.source.display()
            ))
            .hint("name another column for this table in `table_overrides`, or copy it with `full_refresh`")
        })
    }

    /// The keys, or where the table lacks one of them the others.
    fn keys(
        &self,
        columns: &[Column],
        keys: &[SmolStr],
        fallback: &[SmolStr],
    ) -> Result<Vec<SmolStr>, Refusal> {
        let all = |names: &[SmolStr]| -> Option<Vec<SmolStr>> {
            let mut found: Vec<SmolStr> = Vec::with_capacity(names.len());
            for name in names {
                let column = self.find(columns, name)?.name.clone();
                if !found.contains(&column) {
                    found.push(column);
                }
            }
            (!found.is_empty()).then_some(found)
        };
        all(keys).or_else(|| all(fallback)).ok_or_else(|| {
            let names: Vec<&str> = keys.iter().chain(fallback).map(SmolStr::as_str).collect();
            Refusal::new(format!(
                "source `{}` lacks the merge keys ({})",
                self.copy.source.display(),
                names.join(", ")
            ))
            .hint("name its key in `table_overrides`, or copy it with `full_refresh`")
        })
    }
}

/// A query that returns a row when the incremental copy of an existing table would add one; `None` where it is not known
/// beforehand what the copy does.
pub fn unchanged_query(
    copy: &TableCopy,
    catalog: &CatalogSnapshot,
    options: &ReplicationOptions,
) -> Option<String> {
    let (task, _) = task(copy, catalog, options);
    let plain = matches!(task.fact, Fact::Table(_))
        && task.strategy == Strategy::Incremental
        && task.drift.as_ref().is_some_and(|d| d.actions.is_empty());
    let column = task.watermark_column.as_ref().filter(|_| plain)?;
    let key = |name: &str| options.dialect.fold(name, true, IdentKind::Column);
    let Lookup::Found(table) = catalog.lookup(&copy.source) else {
        return None;
    };
    let given = table.columns.iter().find(|c| key(&c.name) == key(column));
    let finite = Finite::of(options.dialect, given.map(|c| &c.ty));
    let ts = print(options.dialect, column);
    let (source, target) = (
        copy.source.print(options.dialect),
        copy.target.print(options.dialect),
    );
    Some(format!(
        "SELECT 1 FROM {source} AS s\nWHERE {}\nLIMIT 1",
        past_watermark(finite, &ts, &target)
    ))
}

/// The condition that a row of `s` is past the newest of the target.
fn past_watermark(finite: Finite, ts: &str, target: &str) -> String {
    let newest = finite.newest(&format!("t.{ts}"));
    let watermark = format!("(\n    SELECT {newest}\n    FROM {target} AS t\n)");
    finite.past(&format!("s.{ts}"), ">", &watermark)
}
