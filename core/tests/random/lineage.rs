//! The mutation oracle: values of source columns are exchanged, the query runs again, and an output column that changes must
//! have an edge or an influence from one of them.
//!
//! The optimizer is off, so that the order of rows cannot depend on statistics; values move between the rows of their own
//! column, so that they stay what the query expects. All columns that an output column does not name are exchanged
//! at once: nothing of it may change.

use super::check::{Checker, patiently};
use super::schema::{World, quote};
use rocky_base::{CancelToken, SmolStr};
use rocky_semantic::{Analysis, RelationRef, references};
use rocky_warehouse::{Connection, Value};
use std::collections::BTreeSet;

/// From which row a row takes its value.
const MOVES: &[&str] = &[
    "(a.rowid * 5 + 3) % 12",
    "(a.rowid * a.rowid + 1) % 12",
    "(a.rowid + 1) % 12",
];

/// A column of a source.
type Source = (u32, SmolStr);

/// The values of each column, whatever their order.
type Values = Vec<Vec<Option<String>>>;

pub struct Mutator {
    world: World,
    connection: Box<dyn Connection>,
    cancel: CancelToken,
}

/// What the mutation of one query found.
#[derive(Default, Debug)]
pub struct Found {
    /// Changes that nothing claims.
    pub wrong: Vec<String>,
    /// Edges, and those that mattered.
    pub edges: usize,
    pub confirmed: usize,
    /// Edges that did not.
    pub idle: Vec<String>,
}

impl Mutator {
    /// Over a world of its own: its tables are overwritten.
    pub fn new(world: World) -> Mutator {
        let cancel = CancelToken::new();
        let mut connection = world.connect();
        connection.execute("PRAGMA disable_optimizer", &cancel).unwrap();
        connection.execute("CREATE SCHEMA base", &cancel).unwrap();
        for table in &world.tables {
            let copy = format!("CREATE TABLE base.{0} AS FROM main.{0}", table.sql);
            connection.execute(&copy, &cancel).unwrap();
        }
        Mutator {
            world,
            connection,
            cancel,
        }
    }

    /// Exchange the values of the columns for which `moved` holds.
    fn mutate(&mut self, tables: &BTreeSet<u32>, rows: &str, moved: impl Fn(&Source) -> bool) {
        for index in tables {
            let table = &self.world.tables[*index as usize];
            let list: Vec<String> = table
                .columns
                .iter()
                .map(|c| {
                    let side = if moved(&(*index, c.name.clone())) {
                        "b"
                    } else {
                        "a"
                    };
                    format!("{side}.{}", quote(&c.name))
                })
                .collect();
            let create = format!(
                "CREATE OR REPLACE TABLE main.{0} AS SELECT {1} FROM base.{0} a JOIN base.{0} b ON b.rowid = {rows} ORDER BY a.rowid",
                table.sql,
                list.join(", ")
            );
            self.connection
                .execute(&create, &self.cancel)
                .unwrap_or_else(|e| panic!("{create}: {e}"));
        }
    }

    fn values(&mut self, text: &str) -> Option<Values> {
        let rows = patiently(|cancel| self.connection.query(text, 5_000, cancel)).ok()?;
        let mut columns: Values = vec![Vec::new(); rows.columns.len()];
        for row in &rows.rows {
            for (list, value) in columns.iter_mut().zip(row) {
                list.push(Value::to_text(value));
            }
        }
        columns.iter_mut().for_each(|c| c.sort());
        Some(columns)
    }

    /// Look at one query: what changes unclaimed, and which edges matter.
    pub fn look(&mut self, checker: &Checker<'_>, text: &str) -> Option<Found> {
        self.examine(checker, text, true)
    }

    /// Look at one query for what changes unclaimed.
    pub fn claims(&mut self, checker: &Checker<'_>, text: &str) -> Option<Found> {
        self.examine(checker, text, false)
    }

    fn examine(&mut self, checker: &Checker<'_>, text: &str, edges: bool) -> Option<Found> {
        // Without its optimizer DuckDB 1.5.5 does not survive an ASOF join of some subqueries.
        if text.contains("ASOF") && text.matches("SELECT").count() > 1 {
            return None;
        }
        let (parsed, analysis) = checker.analyse(text).ok()?;
        let read: BTreeSet<u32> = references(&parsed.ast, rocky_base::Dialect::DuckDb)
            .iter()
            .filter_map(|r| self.number(r))
            .collect();
        let all: Vec<Source> = read
            .iter()
            .flat_map(|t| {
                self.world.tables[*t as usize]
                    .columns
                    .iter()
                    .map(|c| (*t, c.name.clone()))
            })
            .collect();
        self.mutate(&read, MOVES[0], |_| false);
        let before = self.values(text)?;
        // What comes out differently without a change is no subject.
        if self.values(text)? != before {
            return None;
        }
        let mut found = Found::default();
        let claims: Vec<BTreeSet<Source>> = (0..analysis.columns.len())
            .map(|i| claimed(&analysis, i))
            .collect();
        let distinct: BTreeSet<&BTreeSet<Source>> = claims.iter().collect();
        for claim in distinct {
            if all.iter().all(|s| claim.contains(s)) {
                continue;
            }
            for rows in MOVES.iter().take(if edges { MOVES.len() } else { 1 }) {
                self.mutate(&read, rows, |s| !claim.contains(s));
                let Some(after) = self.values(text) else { continue };
                let changed = claims
                    .iter()
                    .position(|c| c == claim)
                    .filter(|i| before.get(*i) != after.get(*i));
                if let Some(column) = changed {
                    let culprits = self.culprits(&read, &all, claim, column, text, &before);
                    found.wrong.push(format!(
                        "{text}\n   {} <- {culprits}",
                        analysis.columns[column].name
                    ));
                    break;
                }
            }
        }
        if edges && before.first().is_some_and(|c| !c.is_empty()) {
            self.try_edges(&analysis, &read, text, &before, &mut found);
        }
        self.mutate(&read, MOVES[0], |_| false);
        Some(found)
    }

    fn number(&self, found: &RelationRef) -> Option<u32> {
        let name = found.path.last()?.ident.text.as_str();
        self.world
            .tables
            .iter()
            .position(|t| t.name.eq_ignore_ascii_case(name))
            .map(|i| i as u32)
    }

    /// The columns that change the output column by themselves.
    fn culprits(
        &mut self,
        read: &BTreeSet<u32>,
        all: &[Source],
        claim: &BTreeSet<Source>,
        column: usize,
        text: &str,
        before: &Values,
    ) -> String {
        let mut names = Vec::new();
        for source in all.iter().filter(|s| !claim.contains(s)) {
            let alone = MOVES.iter().any(|rows| {
                self.mutate(read, rows, |s| s == source);
                self.values(text)
                    .is_some_and(|after| after.get(column) != before.get(column))
            });
            if alone {
                names.push(self.name(source));
            }
        }
        if names.is_empty() {
            "several together".into()
        } else {
            names.join(", ")
        }
    }

    fn name(&self, source: &Source) -> String {
        format!("{}.{}", self.world.tables[source.0 as usize].name, source.1)
    }

    fn try_edges(
        &mut self,
        analysis: &Analysis,
        read: &BTreeSet<u32>,
        text: &str,
        before: &Values,
        found: &mut Found,
    ) {
        let sources: BTreeSet<Source> = analysis
            .columns
            .iter()
            .flat_map(|c| &c.sources)
            .map(|s| (s.relation, s.column.clone()))
            .collect();
        let mut mattered: BTreeSet<(usize, Source)> = BTreeSet::new();
        for source in &sources {
            for rows in MOVES {
                self.mutate(read, rows, |s| s == source);
                let Some(after) = self.values(text) else { continue };
                let changed = (0..before.len()).filter(|i| before.get(*i) != after.get(*i));
                mattered.extend(changed.map(|i| (i, source.clone())));
            }
        }
        for (i, column) in analysis.columns.iter().enumerate() {
            let edges: BTreeSet<Source> = column
                .sources
                .iter()
                .map(|s| (s.relation, s.column.clone()))
                .collect();
            for source in edges {
                found.edges += 1;
                if mattered.contains(&(i, source.clone())) {
                    found.confirmed += 1;
                } else {
                    found
                        .idle
                        .push(format!("{text}\n   {} <- {}", column.name, self.name(&source)));
                }
            }
        }
    }
}

/// Everything that may decide about a column.
fn claimed(analysis: &Analysis, column: usize) -> BTreeSet<Source> {
    let edges = analysis.columns[column]
        .sources
        .iter()
        .map(|s| (s.relation, s.column.clone()));
    edges
        .chain(analysis.influences.iter().map(|i| (i.relation, i.column.clone())))
        .collect()
}
