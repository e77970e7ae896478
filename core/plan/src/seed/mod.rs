//! Seeds: small files that stand in the project and become tables, made anew each time.
//!
//! [`content`] makes literals of a file's rows, [`plan()`] the steps; `rocky_project::seed` reads the files. Invariant: whoever reads the table sees the old rows or the new
//! ones. Where DDL is part of a transaction the table is made anew in one; elsewhere it is filled beside its place and put there by
//! one statement.

mod literal;

use crate::task::{Fact, Plan, Step, StepKind, Task, TaskKind};
use crate::{hash, setup};
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, Ident, SmolStr};
use rocky_project::seed::Table;
use rocky_project::seed::csv::Record;
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{Capabilities, CatalogSnapshot, Column, RelationKind, RelationName, Strategy};
use rustc_hash::FxHashSet;

/// Rows of one INSERT …
const BATCH_ROWS: usize = 500;
/// … and bytes, about: BigQuery takes statements of one megabyte.
const BATCH_BYTES: usize = 256 << 10;
/// Behind the name of the table that is filled, where there are no transactions.
const ASIDE: &str = "__rocky_seed";

/// What a file holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Content {
    /// Its columns. The names are those of the header.
    pub columns: Vec<Column>,
    /// How many rows.
    pub rows: u64,
    /// The rows as SQL, `(1, 'x'),⏎(2, NULL)`, in batches.
    pub batches: Vec<String>,
}

/// The rows of a file as SQL. An error is one line, with the place in it.
pub fn content(table: &Table<'_>, dialect: Dialect) -> Result<Content, String> {
    Ok(Content {
        columns: table.columns.clone(),
        rows: table.rows.len() as u64,
        batches: batches(&table.rows, &table.columns, dialect)?,
    })
}

fn batches(records: &[Record<'_>], columns: &[Column], dialect: Dialect) -> Result<Vec<String>, String> {
    let mut batches = Vec::new();
    let (mut batch, mut rows) = (String::new(), 0);
    for record in records {
        if rows == BATCH_ROWS || batch.len() > BATCH_BYTES {
            batches.push(std::mem::take(&mut batch));
            rows = 0;
        }
        batch.push_str(if rows == 0 { "(" } else { ",\n(" });
        for (place, (field, column)) in record.fields.iter().zip(columns).enumerate() {
            if place > 0 {
                batch.push_str(", ");
            }
            literal::literal(field.as_deref(), &column.ty, dialect, &mut batch).map_err(|why| {
                let cell: String = field.as_deref().unwrap_or_default().chars().take(40).collect();
                format!("line {}, column `{}`: `{cell}` {why}", record.line, column.name)
            })?;
        }
        batch.push(')');
        rows += 1;
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    Ok(batches)
}

/// A seed.
#[derive(Clone, PartialEq, Debug)]
pub struct Seed {
    /// Its name.
    pub name: SmolStr,
    /// Its table.
    pub target: RelationName,
    /// What its file holds, or why it cannot be read.
    pub content: Result<Content, String>,
}

/// What to plan.
#[derive(Clone, Debug)]
pub struct SeedSpec {
    /// What the run is recorded as.
    pub pipeline: SmolStr,
    /// The seeds.
    pub seeds: Vec<Seed>,
    /// Tables at a time.
    pub concurrency: usize,
}

/// Plan seeds. One that cannot be written is a task that fails.
pub fn plan(spec: &SeedSpec, catalog: &CatalogSnapshot) -> Plan {
    let dialect = catalog.dialect;
    let mut written: FxHashSet<_> = FxHashSet::default();
    let tasks: Vec<Task> = spec
        .seeds
        .iter()
        .map(|seed| {
            let first = written.insert(catalog.full_name(&seed.target).key(dialect));
            task(seed, catalog, first)
        })
        .collect();
    let sound = |seed: &&Seed| seed.content.is_ok();
    let targets = spec.seeds.iter().filter(sound).map(|s| &s.target);
    let mut plan = Plan {
        plan_id: String::new(),
        pipeline: spec.pipeline.clone(),
        dialect,
        setup: setup::missing_schemas(targets, catalog, dialect),
        tasks,
        concurrency: spec
            .concurrency
            .clamp(1, Capabilities::of(dialect).parallel.max(1)),
        fail_fast: false,
    };
    plan.plan_id = plan.id().unwrap_or_default();
    plan
}

fn task(seed: &Seed, catalog: &CatalogSnapshot, first: bool) -> Task {
    let dialect = catalog.dialect;
    let full = catalog.full_name(&seed.target);
    let shown = full.display();
    let (fact, reason, taken) = match catalog.lookup(&seed.target) {
        Lookup::Absent => (Fact::Absent, "target does not exist", None),
        Lookup::Unknown => (Fact::Unknown, "", Some("is not known to be absent")),
        Lookup::Found(found) if found.kind == RelationKind::Table => {
            let name = |c: &Column| dialect.fold(&c.name, true, IdentKind::Column);
            (
                Fact::Table(found.columns.iter().map(name).collect()),
                "target exists: it is made anew",
                None,
            )
        }
        Lookup::Found(_) => (Fact::View, "", Some("exists and is not a table")),
    };
    let refused = match (&seed.content, taken, first) {
        (Err(why), _, _) => Some((why.clone(), None)),
        (_, Some(what), _) => Some((
            format!("target `{shown}` {what}"),
            Some("drop it by hand, or give the seed another `target` in its sidecar"),
        )),
        (_, _, false) => Some((
            format!("target `{shown}` is made by another seed already"),
            Some("give one of them another `target` in its sidecar"),
        )),
        _ => None,
    };
    let transaction = Capabilities::of(dialect).transactional_ddl;
    let (steps, columns) = match (&refused, &seed.content) {
        (None, Ok(content)) => (
            steps(content, &seed.target, dialect, transaction),
            Some(content.columns.len()),
        ),
        _ => {
            let (error, hint) = refused.clone().unwrap_or_default();
            let kind = StepKind::Refuse {
                error,
                hint: hint.map(str::to_owned),
            };
            (vec![step("refuse", &shown, kind, String::new())], None)
        }
    };
    let basis = match &seed.content {
        Ok(content) => hash::of_value(&content.batches).unwrap_or_default(),
        Err(_) => String::new(),
    };
    Task {
        kind: TaskKind::Seed,
        name: seed.name.clone(),
        asset_key: full.parts().map(|p| p.text.clone()).collect(),
        target: seed.target.clone(),
        full_name: shown,
        strategy: Strategy::FullRefresh,
        depends_on: Vec::new(),
        layer: 0,
        reason: refused.map_or_else(|| reason.to_owned(), |(why, _)| why),
        fact,
        drift: None,
        basis,
        watermark_column: None,
        transaction,
        sql_hash: hash::of_steps(&steps),
        steps,
        windows: None,
        column_count: columns,
        checks: Vec::new(),
        quarantine: None,
    }
}

fn step(purpose: &'static str, target: &str, kind: StepKind, sql: String) -> Step {
    Step {
        purpose: SmolStr::new_static(purpose),
        target: target.to_owned(),
        sql,
        holes: Vec::new(),
        kind,
    }
}

fn steps(content: &Content, target: &RelationName, dialect: Dialect, transaction: bool) -> Vec<Step> {
    let beside = RelationName {
        table: match target.table.quoted {
            true => Ident::quoted(format!("{}{ASIDE}", target.table.text)),
            false => Ident::from_config(dialect, &format!("{}{ASIDE}", target.table.text)),
        },
        ..target.clone()
    };
    let filled = if transaction { target } else { &beside };
    let (table, shown) = (filled.print(dialect), filled.display());
    let silent = StepKind::Statement { counts_rows: false };
    let names: Vec<String> = content
        .columns
        .iter()
        .map(|c| Ident::from_config(dialect, &c.name).print(dialect))
        .collect();
    let columns: Vec<String> = names
        .iter()
        .zip(&content.columns)
        .map(|(name, column)| format!("  {name} {}", column.ty.print(dialect)))
        .collect();
    let mut steps = Vec::with_capacity(content.batches.len() + 3);
    let create = format!("CREATE OR REPLACE TABLE {table} (\n{}\n)", columns.join(",\n"));
    steps.push(step("create_table", &shown, silent.clone(), create));
    for batch in &content.batches {
        let sql = format!("INSERT INTO {table} ({}) VALUES\n{batch}", names.join(", "));
        let kind = StepKind::Statement { counts_rows: true };
        steps.push(step("insert", &shown, kind, sql));
    }
    if !transaction {
        let own = target.print(dialect);
        let swap = format!("CREATE OR REPLACE TABLE {own} AS\nSELECT * FROM {table}");
        steps.push(step("swap", &target.display(), silent.clone(), swap));
        steps.push(step(
            "drop",
            &shown,
            silent,
            format!("DROP TABLE IF EXISTS {table}"),
        ));
    }
    steps
}
