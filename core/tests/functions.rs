//! Every function of the linked DuckDB: the committed catalogue is the engine's own, and the type that compiling gives to
//! a call is what `DESCRIBE` says of it. For each overload, calls are made from its parameters: columns of the very
//! types, of others, literals, NULL, one argument more and one less.
//!
//! `ROCKY_UPDATE=1 cargo test -p rocky-core --test functions catalogue` writes the catalogue anew,
//! `ROCKY_SHOW=500` shows more of what differs.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::new_without_default
)]

#[path = "functions/catalogue.rs"]
mod catalogue;

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::{CancelToken, Dialect};
use rocky_semantic::{Input, RelationInput, RelationSchema, analyse, references};
use rocky_warehouse::{Column, Connection, Type, Warehouse};
use std::collections::{BTreeMap, BTreeSet};

/// A column of each of these types stands in the table `t`, named by its place: `c0`, `c1` …
const TYPES: &[&str] = &[
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "BIGNUM",
    "FLOAT",
    "DOUBLE",
    "DECIMAL(5,2)",
    "DECIMAL(18,3)",
    "DECIMAL(38,10)",
    "VARCHAR",
    "BLOB",
    "BIT",
    "DATE",
    "TIME",
    "TIME_NS",
    "TIME WITH TIME ZONE",
    "TIMESTAMP",
    "TIMESTAMP_S",
    "TIMESTAMP_MS",
    "TIMESTAMP_NS",
    "TIMESTAMP WITH TIME ZONE",
    "INTERVAL",
    "UUID",
    "JSON",
    "VARIANT",
    "GEOMETRY",
    "ENUM('a', 'b')",
    "INTEGER[]",
    "VARCHAR[]",
    "BIGINT[]",
    "DOUBLE[]",
    "DATE[]",
    "BOOLEAN[]",
    "JSON[]",
    "DECIMAL(5,2)[]",
    "INTEGER[][]",
    "INTEGER[3]",
    "DOUBLE[3]",
    "FLOAT[3]",
    "STRUCT(a INTEGER, b VARCHAR)",
    "STRUCT(a INTEGER, b VARCHAR)[]",
    "MAP(VARCHAR, INTEGER)",
    "MAP(INTEGER, VARCHAR[])",
    "UNION(num INTEGER, str VARCHAR)",
];
const LITERALS: &[&str] = &[
    "NULL",
    "1",
    "-1",
    "0.5",
    "1e3",
    "'a'",
    "'2020-01-01'",
    "true",
    "[1, 2]",
];

/// Functions with effects or whose answer depends on what the database holds.
const SKIPPED: &[&str] = &[
    "getvariable",
    "duckdb_table_sample",
    "query_table",
    "query",
    "summary",
    "nextval",
    "currval",
    "write_log",
    "sleep_ms",
    "error",
];

pub struct Engine {
    connection: Box<dyn Connection>,
    cancel: CancelToken,
}

impl Engine {
    pub fn new() -> Engine {
        let cancel = CancelToken::new();
        let db = DuckDb::open(None, &OpenOptions::default(), &cancel).unwrap();
        let mut engine = Engine {
            connection: db.connect().unwrap(),
            cancel,
        };
        let columns: Vec<String> = TYPES
            .iter()
            .enumerate()
            .map(|(i, ty)| format!("c{i} {ty}"))
            .collect();
        engine.run(&format!("CREATE TABLE t ({})", columns.join(", ")));
        engine
    }

    pub fn run(&mut self, sql: &str) {
        self.connection.execute(sql, &self.cancel).unwrap();
    }

    /// The cells of a query as text.
    pub fn rows(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        let rows = self.connection.query(sql, usize::MAX, &self.cancel).unwrap();
        rows.rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.to_text()).collect())
            .collect()
    }

    /// The columns as the engine names and types them, or its refusal.
    fn describe(&mut self, sql: &str) -> Result<Vec<(String, String)>, String> {
        let columns = self
            .connection
            .describe(sql, &self.cancel)
            .map_err(|e| e.message.clone())?;
        Ok(columns
            .iter()
            .map(|c| (c.name.to_string(), c.ty.print(Dialect::DuckDb)))
            .collect())
    }
}

fn table() -> RelationSchema {
    let columns: Vec<Column> = TYPES
        .iter()
        .enumerate()
        .map(|(i, ty)| Column {
            name: format!("c{i}").into(),
            ty: Type::parse(Dialect::DuckDb, ty).unwrap(),
            nullable: true,
        })
        .collect();
    RelationSchema::Known(columns.into())
}

/// What compiling says: columns, or the first error.
fn compiled(sql: &str, schema: &RelationSchema) -> Result<Vec<(String, Option<String>)>, String> {
    let parsed = rocky_syntax::parser::parse(sql, Dialect::DuckDb);
    if let Some(first) = parsed.diagnostics.first() {
        return Err(format!("{} {}", first.code, first.message));
    }
    let relations: Vec<RelationInput> = references(&parsed.ast, Dialect::DuckDb)
        .iter()
        .map(|found| {
            // A call over files is a relation of its own, which nobody has described here.
            let file = found.path.is_empty();
            let fixed = rocky_semantic::file_call(found.span.slice(sql)).and_then(|call| call.columns);
            RelationInput {
                from: found.from,
                relation: u32::from(file),
                schema: match (file, fixed) {
                    (false, _) => schema.clone(),
                    (true, Some(columns)) => RelationSchema::Known(columns.into()),
                    (true, None) => RelationSchema::Unknown,
                },
                display: "t".into(),
                qualifiers: vec!["memory".into(), "main".into(), "t".into()],
            }
        })
        .collect();
    let analysis = analyse(&Input {
        ast: &parsed.ast,
        text: sql,
        dialect: Dialect::DuckDb,
        relations: &relations,
        types: &rocky_warehouse::OwnTypes::NONE,
        cancel: None,
    });
    if let Some(first) = analysis.diagnostics.iter().find(|d| d.is_error()) {
        return Err(format!("{} {}", first.code, first.message));
    }
    if !analysis.complete {
        return Ok(vec![("…".to_owned(), None)]);
    }
    Ok(analysis
        .columns
        .iter()
        .map(|c| {
            let ty = (!c.ty.has_unknown()).then(|| c.ty.print(Dialect::DuckDb));
            (c.name.to_string(), ty)
        })
        .collect())
}

#[derive(Default)]
struct Tally {
    rows: usize,
    refused: usize,
    wrong: Vec<String>,
    false_errors: Vec<String>,
    missed_errors: Vec<String>,
    unknown: Vec<String>,
}

impl Tally {
    fn check(&mut self, engine: &mut Engine, schema: &RelationSchema, sql: &str, names: bool) {
        self.rows += 1;
        let expected = engine.describe(sql);
        let found = compiled(sql, schema);
        match (expected, found) {
            (Err(_), Err(_)) => self.refused += 1,
            (Err(said), Ok(_)) => {
                let first = said.lines().next().unwrap_or("").to_owned();
                self.missed_errors.push(format!("{sql}: {first}"));
            }
            (Ok(expected), Err(said)) => self
                .false_errors
                .push(format!("{sql}: {expected:?}, found {said}")),
            (Ok(expected), Ok(found)) => {
                if found.iter().any(|(_, ty)| ty.is_none()) {
                    self.unknown.push(format!("{sql}: {expected:?}"));
                    return;
                }
                let same = expected.len() == found.len()
                    && expected
                        .iter()
                        .zip(&found)
                        .all(|(e, f)| Some(&e.1) == f.1.as_ref() && (!names || e.0 == f.0));
                if !same {
                    let found: Vec<(&str, &str)> = found
                        .iter()
                        .map(|(n, t)| (n.as_str(), t.as_deref().unwrap_or("")))
                        .collect();
                    self.wrong.push(format!("{sql}: {expected:?}, found {found:?}"));
                }
            }
        }
    }

    /// Nothing wrong, no false error, nothing unknown, and no more misuse overlooked than this.
    fn finish(self, what: &str, max_missed: usize) {
        let shown = std::env::var("ROCKY_SHOW")
            .ok()
            .and_then(|n| n.parse().ok())
            .unwrap_or(12);
        let show = |label: &str, list: &[String]| {
            if !list.is_empty() {
                println!("{what}: {} {label}", list.len());
                list.iter().take(shown).for_each(|l| println!("  {l}"));
            }
        };
        println!(
            "{what}: {} calls, {} refused by both, {} overlooked",
            self.rows,
            self.refused,
            self.missed_errors.len()
        );
        show("wrong", &self.wrong);
        show("false errors", &self.false_errors);
        show("unknown", &self.unknown);
        show("missed errors", &self.missed_errors);
        assert!(self.rows > 0);
        assert_eq!(
            (self.wrong.len(), self.false_errors.len(), self.unknown.len()),
            (0, 0, 0),
            "{what}: wrong types, false errors, unknown types"
        );
        assert!(
            self.missed_errors.len() <= max_missed,
            "{what}: misuse overlooked"
        );
    }
}

/// Numbers that look random and are the same on every run.
struct Dice(u64);

impl Dice {
    fn of(name: &str) -> Dice {
        Dice(
            name.bytes()
                .fold(7, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b))),
        )
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        &list[(self.0 >> 33) as usize % list.len()]
    }
}

struct Overload {
    params: Vec<String>,
    variadic: Option<String>,
}

struct Function {
    name: String,
    kind: String,
    overloads: Vec<Overload>,
}

fn functions(engine: &mut Engine, kinds: &str) -> Vec<Function> {
    let rows = engine.rows(&format!(
        "SELECT lower(function_name), function_type, to_json(parameter_types)::VARCHAR, varargs FROM duckdb_functions() \
         WHERE function_type IN ({kinds}) AND NOT starts_with(function_name, '__') \
         AND NOT starts_with(function_name, 'icu_collate') ORDER BY ALL"
    ));
    let mut all: BTreeMap<(String, String), Vec<Overload>> = BTreeMap::new();
    for row in rows {
        let [Some(name), Some(kind), Some(params), variadic] = row.as_slice() else {
            panic!("{row:?}");
        };
        if SKIPPED.contains(&name.as_str()) {
            continue;
        }
        let params: Vec<Option<String>> = serde_json::from_str(params).unwrap();
        all.entry((name.clone(), kind.clone()))
            .or_default()
            .push(Overload {
                params: params
                    .into_iter()
                    .map(|p| p.unwrap_or_else(|| "ANY".to_owned()))
                    .collect(),
                variadic: variadic.clone(),
            });
    }
    all.into_iter()
        .map(|((name, kind), overloads)| Function {
            name,
            kind,
            overloads,
        })
        .collect()
}

fn column(ty: &str) -> Option<String> {
    TYPES.iter().position(|t| *t == ty).map(|i| format!("c{i}"))
}

/// An argument that a parameter takes.
fn fitting(param: &str, dice: &mut Dice) -> String {
    let lists = [
        "INTEGER[]",
        "VARCHAR[]",
        "DATE[]",
        "DECIMAL(5,2)[]",
        "INTEGER[3]",
        "BOOLEAN[]",
    ];
    let arrays = ["INTEGER[3]", "DOUBLE[3]", "FLOAT[3]"];
    let named = match param {
        "LAMBDA" => return "lambda x: x".to_owned(),
        "DECIMAL" => "DECIMAL(5,2)",
        "STRUCT" => "STRUCT(a INTEGER, b VARCHAR)",
        "MAP(K, V)" | "MAP" => "MAP(VARCHAR, INTEGER)",
        "UNION" => "UNION(num INTEGER, str VARCHAR)",
        "ENUM" => "ENUM('a', 'b')",
        "T[]" | "ANY[]" | "LIST" | "K[]" | "V[]" => dice.pick(&lists),
        "T[ANY]" | "ANY[ANY]" | "ARRAY" => dice.pick(&arrays),
        other => other,
    };
    match column(named) {
        Some(column) => column,
        None if param.ends_with("[]") && param != "T[][]" => column_of_list(param),
        None if param == "T[][]" => column("INTEGER[][]").unwrap(),
        None => any(dice),
    }
}

fn column_of_list(param: &str) -> String {
    match Type::parse(Dialect::DuckDb, param) {
        Some(_) => format!("CAST(NULL AS {param})"),
        None => column("INTEGER[]").unwrap(),
    }
}

/// A column or literal of any type.
fn any(dice: &mut Dice) -> String {
    let places: Vec<usize> = (0..TYPES.len() + LITERALS.len()).collect();
    let at = *dice.pick(&places);
    match LITERALS.get(at.wrapping_sub(TYPES.len())) {
        Some(literal) => (*literal).to_owned(),
        None => format!("c{at}"),
    }
}

/// Argument lists for an overload.
fn argument_lists(overload: &Overload, dice: &mut Dice, out: &mut BTreeSet<Vec<String>>) {
    let arities: Vec<usize> = match overload.variadic {
        Some(_) => (0..4).map(|n| overload.params.len() + n).collect(),
        None => vec![overload.params.len()],
    };
    let param = |i: usize| {
        overload
            .params
            .get(i)
            .or(overload.variadic.as_ref())
            .map_or("ANY", String::as_str)
    };
    let free = overload.params.iter().any(|p| p == "ANY" || p == "T");
    for arity in arities {
        let rounds = if free || overload.variadic.is_some() { 4 } else { 1 };
        for _ in 0..rounds {
            let fit: Vec<String> = (0..arity).map(|i| fitting(param(i), dice)).collect();
            for i in 0..arity {
                let mut changed = fit.clone();
                changed[i] = any(dice);
                out.insert(changed);
                let mut changed = fit.clone();
                changed[i] = (*dice.pick(LITERALS)).to_owned();
                out.insert(changed);
            }
            // One less, one more.
            out.insert(fit[..arity.saturating_sub(1)].to_vec());
            let mut more = fit.clone();
            more.push(any(dice));
            out.insert(more);
            out.insert(fit);
        }
    }
}

const WINDOW: &[&str] = &[
    "row_number",
    "rank",
    "rank_dense",
    "dense_rank",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
    "cume_dist",
    "percent_rank",
    "fill",
];

#[test]
fn every_scalar_function_gives_what_describe_says() {
    every_function("scalar", 84);
}

#[test]
fn every_aggregate_gives_what_describe_says() {
    every_function("aggregate", 22);
}

fn every_function(kind: &str, max_missed: usize) {
    let mut engine = Engine::new();
    let schema = table();
    let mut tally = Tally::default();
    let only = std::env::var("ROCKY_FUNCTION").ok();
    for function in functions(&mut engine, &format!("'{kind}'")) {
        if only.as_ref().is_some_and(|o| *o != function.name) {
            continue;
        }
        let mut dice = Dice::of(&function.name);
        let mut lists = BTreeSet::new();
        for overload in &function.overloads {
            argument_lists(overload, &mut dice, &mut lists);
        }
        let over = WINDOW.contains(&function.name.as_str());
        let name = match function
            .name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            true if !function.name.starts_with(|c: char| c.is_ascii_digit()) => function.name.clone(),
            _ => format!("\"{}\"", function.name),
        };
        for args in &lists {
            let suffix = if over { " OVER ()" } else { "" };
            let sql = format!("SELECT {name}({}){suffix} AS x FROM t", args.join(", "));
            tally.check(&mut engine, &schema, &sql, false);
        }
        let some = lists
            .iter()
            .max_by_key(|l| l.len())
            .map(|l| l.join(", "))
            .unwrap_or_default();
        let comma = if some.is_empty() { "" } else { ", " };
        tally.check(
            &mut engine,
            &schema,
            &format!("SELECT {name}({some}{comma}no_such := 1) AS x FROM t"),
            false,
        );
        if function.kind == "aggregate" {
            for form in ["{} OVER (PARTITION BY c0 ORDER BY c3)", "{} FILTER (WHERE c0)"] {
                let call = format!("{name}({some})");
                let sql = format!("SELECT {} AS x FROM t", form.replace("{}", &call));
                tally.check(&mut engine, &schema, &sql, false);
            }
        }
    }
    tally.finish(kind, max_missed);
}

#[test]
fn every_macro_gives_what_describe_says() {
    let mut engine = Engine::new();
    let schema = table();
    let mut tally = Tally::default();
    let rows = engine.rows(
        "SELECT DISTINCT lower(function_name), len(parameters)::VARCHAR FROM duckdb_functions() \
         WHERE function_type = 'macro' ORDER BY ALL",
    );
    for row in rows {
        let [Some(name), Some(arity)] = row.as_slice() else {
            panic!("{row:?}")
        };
        let arity: usize = arity.parse().unwrap();
        let mut dice = Dice::of(name);
        let mut lists = BTreeSet::new();
        let rounds = if arity == 0 { 1 } else { 40 };
        for _ in 0..rounds {
            lists.insert((0..arity).map(|_| any(&mut dice)).collect::<Vec<_>>());
        }
        for ty in [
            "INTEGER[]",
            "VARCHAR[]",
            "DECIMAL(5,2)[]",
            "VARCHAR",
            "DATE",
            "INTEGER",
            "DOUBLE",
            "BLOB",
            "INTERVAL",
        ] {
            let column = column(ty).unwrap();
            lists.insert(vec![column.clone(); arity]);
            for _ in 0..4 {
                let mut list = vec![column.clone(); arity];
                if let Some(last) = list.last_mut() {
                    *last = any(&mut dice);
                }
                lists.insert(list);
            }
        }
        lists.insert(vec!["c3".to_owned(); arity + 1]);
        for args in &lists {
            let sql = format!("SELECT {name}({}) AS x FROM t", args.join(", "));
            tally.check(&mut engine, &schema, &sql, false);
        }
    }
    tally.finish("macros", 14);
}

#[test]
fn every_table_function_has_the_columns_that_describe_says() {
    let mut engine = Engine::new();
    let schema = table();
    let mut tally = Tally::default();
    for function in functions(&mut engine, "'table'") {
        let name = &function.name;
        let mut dice = Dice::of(name);
        let mut lists = BTreeSet::from([Vec::new(), vec!["1".to_owned()], vec!["'t'".to_owned()]]);
        for overload in &function.overloads {
            for _ in 0..6 {
                lists.insert(
                    overload
                        .params
                        .iter()
                        .map(|p| match p.as_str() {
                            "BIGINT" => (*dice.pick(&["1", "5", "NULL", "-2", "1 + 1"])).to_owned(),
                            "TIMESTAMP" => "TIMESTAMP '2020-01-01'".to_owned(),
                            "TIMESTAMP WITH TIME ZONE" => "TIMESTAMPTZ '2020-01-01'".to_owned(),
                            "INTERVAL" => "INTERVAL 1 DAY".to_owned(),
                            "VARCHAR" => (*dice.pick(&["'t'", "'x'", "NULL"])).to_owned(),
                            "ANY" => (*dice.pick(&["1", "'a'", "1.5", "[1, 2]", "NULL"])).to_owned(),
                            ty => format!("CAST(NULL AS {ty})"),
                        })
                        .collect(),
                );
            }
        }
        for args in &lists {
            let sql = format!("SELECT * FROM {name}({})", args.join(", "));
            tally.check(&mut engine, &schema, &sql, true);
        }
        tally.check(
            &mut engine,
            &schema,
            &format!("SELECT * FROM {name}(no_such := 1)"),
            true,
        );
    }
    // Among them a cast to POINTER: a type that is not built in may be one of CREATE TYPE.
    tally.finish("table functions", 76);
}

/// Calls whose arguments mean something: names, lambdas, windows, options, files aside.
const CALLS: &str = include_str!("functions/calls.txt");

#[test]
fn calls_with_names_lambdas_and_options_give_what_describe_says() {
    let mut engine = Engine::new();
    let schema = table();
    let mut tally = Tally::default();
    for line in CALLS
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with("--"))
    {
        let sql = match line.starts_with("FROM ") {
            true => line.to_owned(),
            false => format!("SELECT {line} AS x FROM t"),
        };
        tally.check(&mut engine, &schema, &sql, line.starts_with("FROM "));
    }
    tally.finish("calls", 0);
}

#[test]
fn the_catalogue_is_the_engines() {
    catalogue::check(&mut Engine::new());
}
