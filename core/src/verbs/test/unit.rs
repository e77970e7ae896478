//! Unit tests of models (`[[test]]`): the model's query over given rows, on a DuckDB in memory, against expected rows. No
//! warehouse is opened and nothing of the project's data is read.
//!
//! Every relation that the query reads becomes a table of its own with the columns that the compile knows; the query's text is
//! otherwise what is executed anywhere. A model of another dialect is only tested where its text means the same on DuckDB
//! (`rocky_semantic::faithful`); else the test is refused with the reason.

use super::difference::{self, Row, UnitDifference};
use super::fixture::{self, Table};
use crate::project::Project;
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Dialect, Ident, Result, SmolStr};
use rocky_config::{StrategyKind, UnitTest};
use rocky_project::{InputRelation, Model, Snapshot};
use rocky_semantic::faithful;
use rocky_warehouse::{Column, Connection, RelationName, Type, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// More rows are not what a unit test gives.
const MAX_ROWS: usize = 100_000;

/// All unit tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitTests {
    /// How many.
    pub total: u64,
    /// Those that gave what was expected.
    pub passed: u64,
    /// Those that gave something else, or could not be executed.
    pub failed: u64,
    /// Those that DuckDB cannot stand in for.
    pub refused: u64,
    /// Each of them.
    pub results: Vec<UnitTestResult>,
}

/// A unit test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitTestResult {
    /// Model name.
    pub model: String,
    /// The test's name.
    pub name: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `pass`, `fail`; `error` when it could not be executed; `refused` when DuckDB does it differently than the model's
    /// warehouse.
    pub status: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How many rows differ.
    pub differing_rows: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<UnitDifference>,
    /// Milliseconds.
    pub duration_ms: u64,
}

impl UnitTestResult {
    /// What failed, with a table of the differing cells.
    pub fn explanation(&self) -> String {
        let mut text = self.detail.clone().unwrap_or_default();
        if !self.differences.is_empty() {
            text.push('\n');
            text.push_str(&difference::text(&self.differences, self.differing_rows));
        }
        text.trim_end().to_owned()
    }
}

/// Why a test has no verdict.
enum Stop {
    Error(String),
    Refused(String),
}

impl From<String> for Stop {
    fn from(text: String) -> Stop {
        Stop::Error(text)
    }
}

/// Runs unit tests one after another on one database.
pub(super) struct Units<'a> {
    project: &'a Project,
    snapshot: &'a Snapshot,
    cancel: &'a CancelToken,
    connection: Option<Box<dyn Connection>>,
    /// Tables made so far: each has a name of its own.
    made: usize,
}

/// A relation that a query reads.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
enum Input {
    Model(u32),
    Own(u32),
    Source(u32),
}

impl<'a> Units<'a> {
    pub(super) fn new(project: &'a Project, snapshot: &'a Snapshot, cancel: &'a CancelToken) -> Units<'a> {
        Units {
            project,
            snapshot,
            cancel,
            connection: None,
            made: 0,
        }
    }

    /// Run the tests of the chosen models, or those of these names.
    pub(super) fn run(&mut self, chosen: &dyn Fn(u32) -> bool, names: &[String]) -> Result<UnitTests> {
        let mut all = UnitTests::default();
        for (id, model) in self.snapshot.models.iter().enumerate() {
            let id = id as u32;
            if !chosen(id) {
                continue;
            }
            for test in &model.config.unit_tests {
                if !names.is_empty() && !names.iter().any(|n| *n == test.name.value) {
                    continue;
                }
                self.cancel.check()?;
                let result = self.one(id, model, test)?;
                all.total += 1;
                match result.status.as_str() {
                    "pass" => all.passed += 1,
                    "refused" => all.refused += 1,
                    _ => all.failed += 1,
                }
                all.results.push(result);
            }
        }
        Ok(all)
    }

    fn one(&mut self, id: u32, model: &Model, test: &UnitTest) -> Result<UnitTestResult> {
        let begin = Instant::now();
        let mut result = UnitTestResult {
            model: model.name.to_string(),
            name: test.name.value.to_string(),
            description: test.description.as_ref().map(ToString::to_string),
            status: "pass".to_owned(),
            ..UnitTestResult::default()
        };
        if self.connection.is_none() {
            let warehouse = crate::adapters::scratch(self.project.root(), self.cancel)?;
            let mut connection = warehouse.connect()?;
            let order = faithful::null_order(self.snapshot.dialect);
            connection.execute(&format!("SET default_null_order = '{order}'"), self.cancel)?;
            self.connection = Some(connection);
        }
        match self.compare(id, model, test) {
            Ok(found) => {
                result.differing_rows = found.len() as u64;
                if !found.is_empty() {
                    result.status = "fail".to_owned();
                    result.detail = Some(summary(&found));
                }
                result.differences = found.into_iter().take(difference::LISTED).collect();
            }
            Err(Stop::Error(why)) => {
                self.cancel.check()?;
                result.status = "error".to_owned();
                result.detail = Some(why);
            }
            Err(Stop::Refused(why)) => {
                result.status = "refused".to_owned();
                result.detail = Some(why);
            }
        }
        result.duration_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(result)
    }

    fn compare(&mut self, id: u32, model: &Model, test: &UnitTest) -> Result<Vec<UnitDifference>, Stop> {
        if model.has_errors || model.unit.query().is_none() {
            return Err(Stop::Error("the model does not compile".to_owned()));
        }
        let mut given: FxHashMap<Input, Table> = FxHashMap::default();
        for entry in &test.given {
            let name = entry.relation.as_str();
            let Some(input) = self.find(id, name) else {
                return Err(self.not_read(id, name, &given));
            };
            let table = fixture::read(self.project, &entry.rows).map_err(|e| format!("`{name}`: {e}"))?;
            if given.insert(input, table).is_some() {
                return Err(Stop::Error(format!("`{name}` is given twice")));
            }
        }
        let (inputs, inlined) = self.inputs(id, &given);
        for entry in &test.given {
            let name = entry.relation.as_str();
            if self.find(id, name).is_none_or(|input| !inputs.contains(&input)) {
                return Err(self.not_read(id, name, &given));
            }
        }
        self.faithful(id, &inlined, &given)?;
        let dialect = self.snapshot.dialect;
        let mut tables: FxHashMap<Input, RelationName> = FxHashMap::default();
        let empty = Table::default();
        for input in inputs {
            let name = self.name();
            let shown = self.shown(input);
            let known = self.columns(input);
            let rows = given.get(&input).unwrap_or(&empty);
            let sql_name = name.print(Dialect::DuckDb);
            let cancel = self.cancel;
            let connection = self.connection()?;
            fixture::make(
                connection,
                &sql_name,
                &shown,
                known.as_deref(),
                dialect,
                rows,
                cancel,
            )?;
            tables.insert(input, name);
        }
        let snapshot = self.snapshot;
        let number = |reader: &Model| snapshot.model(&reader.name).map_or(id, |(id, _)| id);
        let redirect =
            |reader: &Model, input: &InputRelation| tables.get(&key(number(reader), input)).cloned();
        let partition = test.partition.as_ref().map(|p| p.as_str());
        let windowed = rocky_plan::window_query(snapshot, id, &redirect, partition).map_err(Stop::Error)?;
        let sql = match (windowed, partition) {
            (Some(sql), _) => sql,
            (None, None) => rocky_plan::redirected_sql(snapshot, id, &redirect),
            (None, Some(_)) => {
                let strategy = model.strategy.kind.as_str();
                let why = format!("`partition` is given, and a {strategy} model has none");
                return Err(Stop::Error(why));
            }
        };
        let sql = faithful::written(&sql, dialect);
        let actual = self.name().print(Dialect::DuckDb);
        self.execute(&format!("CREATE TABLE {actual} AS\n{sql}"))?;
        let wanted = fixture::read(self.project, &test.expect).map_err(|e| format!("expected rows: {e}"))?;
        self.judge(&actual, test, &wanted)
    }

    /// Compare a table with the expected rows.
    fn judge(&mut self, actual: &str, test: &UnitTest, wanted: &Table) -> Result<Vec<UnitDifference>, Stop> {
        let cancel = self.cancel;
        let found: Vec<Column> = self
            .connection()?
            .describe(&format!("SELECT * FROM {actual}"), cancel)
            .map_err(|e| e.message)?;
        let names: Vec<SmolStr> = match test.columns.as_slice() {
            [] if wanted.columns.is_empty() => found.iter().map(|c| c.name.clone()).collect(),
            [] => wanted.columns.clone(),
            some => some.iter().map(|c| c.value.clone()).collect(),
        };
        let fold = |n: &str| Dialect::DuckDb.fold(n, false, IdentKind::Column);
        let has = |name: &SmolStr| found.iter().find(|c| fold(&c.name) == fold(name));
        let mut floats = Vec::with_capacity(names.len());
        let mut types = Vec::with_capacity(names.len());
        for name in names.iter().chain(&wanted.columns) {
            let Some(column) = has(name) else {
                let all: Vec<&str> = found.iter().map(|c| c.name.as_str()).collect();
                return Err(Stop::Error(format!(
                    "the model gives no column `{name}`; it gives {}",
                    all.join(", ")
                )));
            };
            floats.push(matches!(column.ty, Type::Float32 | Type::Float64));
            types.push(column.ty.clone());
        }
        let list: Vec<String> = names.iter().map(|n| fixture::column(n)).collect();
        let list = list.join(", ");
        let expected = self.name().print(Dialect::DuckDb);
        self.execute(&format!(
            "CREATE TABLE {expected} AS SELECT {list} FROM {actual} LIMIT 0"
        ))?;
        let places: Vec<Option<usize>> = names
            .iter()
            .map(|n| wanted.columns.iter().position(|c| fold(c) == fold(n)))
            .collect();
        fixture::insert(
            self.connection()?,
            &expected,
            "the expected rows",
            &names,
            &types,
            &places,
            wanted,
            cancel,
        )?;
        let want = self.rows(&expected, &names, &floats)?;
        let got = self.rows(actual, &names, &floats)?;
        let columns: Vec<String> = names.iter().map(ToString::to_string).collect();
        Ok(difference::compare(&columns, &want, &got, test.ordered))
    }

    /// The cells as text. Floats are compared in twelve digits: what is beyond them depends on the order of sums.
    fn rows(&mut self, table: &str, names: &[SmolStr], floats: &[bool]) -> Result<Vec<Row>, Stop> {
        let cells: Vec<String> = names
            .iter()
            .map(|n| format!("CAST({} AS VARCHAR)", fixture::column(n)))
            .collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY rowid", cells.join(", "));
        let cancel = self.cancel;
        let answer = self
            .connection()?
            .query(&sql, MAX_ROWS + 1, cancel)
            .map_err(|e| e.message)?;
        if answer.rows.len() > MAX_ROWS {
            return Err(Stop::Error(format!("more than {MAX_ROWS} rows")));
        }
        let cell = |(value, float): (Value, &bool)| {
            let text = value.to_text()?;
            let key = match text.parse::<f64>() {
                Ok(f) if *float => format!("{:.11e}", if f == 0.0 { 0.0 } else { f }),
                _ => text.clone(),
            };
            Some((key, text))
        };
        let row = |row: Vec<Value>| row.into_iter().zip(floats).map(cell).collect();
        Ok(answer.rows.into_iter().map(row).collect())
    }

    fn connection(&mut self) -> Result<&mut dyn Connection, Stop> {
        match &mut self.connection {
            Some(connection) => Ok(connection.as_mut()),
            None => Err(Stop::Error("there is no database".to_owned())),
        }
    }

    fn execute(&mut self, sql: &str) -> Result<(), Stop> {
        let cancel = self.cancel;
        match self.connection()?.execute(sql, cancel) {
            Ok(_) => Ok(()),
            Err(error) => Err(Stop::Error(error.message)),
        }
    }

    fn name(&mut self) -> RelationName {
        self.made += 1;
        RelationName::table(Ident::bare(format!("rocky_unit_{}", self.made)))
    }

    /// The relations that are read by the query and by the ephemeral models inlined into it, and these models.
    fn inputs(&self, id: u32, given: &FxHashMap<Input, Table>) -> (Vec<Input>, Vec<u32>) {
        let (mut found, mut inlined) = (Vec::new(), Vec::new());
        let mut seen: FxHashSet<Input> = FxHashSet::default();
        let mut work = vec![id];
        while let Some(reader) = work.pop() {
            let Some(model) = self.snapshot.models.get(reader as usize) else {
                continue;
            };
            for input in model.inputs.iter().map(|i| key(reader, i)) {
                if !seen.insert(input) {
                    continue;
                }
                let inner = match input {
                    Input::Model(inner) if !given.contains_key(&input) => {
                        self.snapshot.models.get(inner as usize)
                    }
                    _ => None,
                };
                match (inner, input) {
                    (Some(inner), Input::Model(id))
                        if matches!(inner.strategy.kind, StrategyKind::Ephemeral) =>
                    {
                        inlined.push(id);
                        work.push(id);
                    }
                    // A file is read where it is.
                    (_, Input::Source(source))
                        if self.snapshot.sources.get(source as usize).is_some_and(|s| s.file) => {}
                    _ => found.push(input),
                }
            }
        }
        (found, inlined)
    }

    /// The relation that a name in `ref` means.
    fn find(&self, id: u32, name: &str) -> Option<Input> {
        let (snapshot, dialect) = (self.snapshot, self.snapshot.dialect);
        let of_model = |found: u32| match found == id {
            true => Input::Own(id),
            false => Input::Model(found),
        };
        if let Some(found) = snapshot.names.model(name) {
            return Some(of_model(found));
        }
        let parts: Vec<Ident> = name
            .split('.')
            .map(|p| Ident::from_config(dialect, p.trim()))
            .collect();
        let (table, before) = parts.split_last()?;
        let (schema, before) = before.split_last().map_or((None, before), |(s, b)| (Some(s), b));
        let wanted = RelationName {
            catalog: before.last().cloned(),
            schema: schema.cloned(),
            table: table.clone(),
        };
        if let Some(found) = snapshot.names.model_of_target(&wanted) {
            return Some(of_model(found));
        }
        let keys = |name: &RelationName| -> Vec<SmolStr> {
            let mut keys: Vec<SmolStr> = name
                .parts()
                .map(|p| p.key(dialect, IdentKind::Relation))
                .collect();
            keys.reverse();
            keys
        };
        let tail = keys(&wanted);
        let matches = |s: &rocky_project::Source| !s.file && keys(&s.name).starts_with(&tail);
        let place = snapshot.sources.iter().position(matches)?;
        Some(Input::Source(place as u32))
    }

    fn not_read(&self, id: u32, name: &str, given: &FxHashMap<Input, Table>) -> Stop {
        let (inputs, inlined) = self.inputs(id, given);
        let inlined = inlined.into_iter().map(Input::Model);
        let all: Vec<String> = inputs.into_iter().chain(inlined).map(|i| self.shown(i)).collect();
        let reads = match all.as_slice() {
            [] => "it reads nothing".to_owned(),
            some => format!("it reads {}", some.join(", ")),
        };
        Stop::Error(format!(
            "`{name}` is given, but the model does not read it: {reads}"
        ))
    }

    fn shown(&self, input: Input) -> String {
        let model = |id: u32| self.snapshot.models.get(id as usize);
        match input {
            Input::Model(id) | Input::Own(id) => model(id).map(|m| m.name.to_string()),
            Input::Source(id) => self.snapshot.sources.get(id as usize).map(|s| s.name.display()),
        }
        .unwrap_or_default()
    }

    /// All columns of a relation, when they are known.
    fn columns(&self, input: Input) -> Option<Vec<Column>> {
        match input {
            Input::Model(id) | Input::Own(id) => {
                let model = self.snapshot.models.get(id as usize)?;
                let schema = model.schema();
                schema.complete.then(|| schema.columns.to_vec())
            }
            Input::Source(id) => {
                let columns = self.snapshot.sources.get(id as usize)?.columns()?;
                Some(columns.to_vec())
            }
        }
    }

    /// The texts that are executed mean on DuckDB what they mean where they belong.
    fn faithful(&self, id: u32, inlined: &[u32], given: &FxHashMap<Input, Table>) -> Result<(), Stop> {
        let dialect = self.snapshot.dialect;
        let windowed = self.snapshot.models.get(id as usize).is_some_and(|m| {
            matches!(
                m.strategy.kind,
                StrategyKind::TimeInterval { .. } | StrategyKind::Microbatch { .. }
            )
        });
        for id in std::iter::once(&id).chain(inlined) {
            let Some(model) = self.snapshot.models.get(*id as usize) else {
                continue;
            };
            if !windowed && !model.unit.placeholders().is_empty() {
                let why = format!(
                    "`{}` reads the bounds of a window, which it does not have by itself: test the model that it is written into",
                    model.name
                );
                return Err(Stop::Refused(why));
            }
            if dialect == Dialect::DuckDb {
                continue;
            }
            let ast = model.unit.parse(dialect);
            let reads = model.inputs.iter().map(|input| key(*id, input));
            let columns: Vec<Option<Vec<Column>>> = reads.map(|input| self.columns(input)).collect();
            let types = columns.iter().flat_map(|known| match known {
                Some(columns) => columns.iter().map(|c| (c.name.as_str(), &c.ty)).collect(),
                None => vec![("", &Type::Unknown)],
            });
            let mut values = faithful::Values::of(types);
            for table in given.values() {
                table.texts(&mut |text| values.text(text));
            }
            // Dates less dates are days here, and intervals there; other intervals are printed otherwise.
            let outputs = &model.analysis().columns;
            if let Some(interval) = outputs.iter().find(|c| c.ty == Type::Interval) {
                return Err(Stop::Refused(format!(
                    "DuckDB cannot stand in for {dialect}: column `{}` of `{}` is an interval",
                    interval.name, model.name
                )));
            }
            if let Some((what, span)) = faithful::obstacle(&ast, model.unit.text(), dialect, values) {
                let loc = model.unit.origin().locate(span);
                let place = self
                    .snapshot
                    .files
                    .get(loc.file)
                    .map_or_else(String::new, |file| {
                        let (line, col) = file.line_col(loc.span.start);
                        format!(" ({}:{line}:{col})", file.path)
                    });
                return Err(Stop::Refused(format!(
                    "DuckDB cannot stand in for {dialect}: {what}{place}"
                )));
            }
        }
        Ok(())
    }
}

fn key(reader: u32, input: &InputRelation) -> Input {
    match input {
        InputRelation::Model(id) => Input::Model(*id),
        InputRelation::Own => Input::Own(reader),
        InputRelation::Source(id) => Input::Source(*id),
    }
}

/// `2 rows differ: 1 changed, 1 missing`.
fn summary(found: &[UnitDifference]) -> String {
    let of = |kind: &str| found.iter().filter(|d| d.kind == kind).count();
    let parts: Vec<String> = ["changed", "missing", "unexpected"]
        .into_iter()
        .map(|kind| (of(kind), kind))
        .filter(|(n, _)| *n > 0)
        .map(|(n, kind)| format!("{n} {kind}"))
        .collect();
    let verb = if found.len() == 1 {
        "row differs"
    } else {
        "rows differ"
    };
    format!("{} {verb}: {}", found.len(), parts.join(", "))
}
