//! What is called identical is identical: random projects are edited at random, both versions are executed on DuckDB, and every
//! column that the comparison calls identical must hold the same values, together with its identical neighbours. And the other way round: a
//! project that is only written otherwise is called identical throughout.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::system::MemorySystem;
use rocky_core::verbs::what_if::{WhatIfEdit, WhatIfRequest, WhatIfResponse};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::fmt::Write;
use std::sync::Arc;

const CONFIG: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
[[sources]]
schema = "raw"
table = "orders"
columns = [
  { name = "id", type = "INTEGER" }, { name = "cust", type = "INTEGER" }, { name = "amount", type = "DECIMAL(10,2)" },
  { name = "status", type = "VARCHAR" }, { name = "qty", type = "INTEGER" },
]
[[sources]]
schema = "raw"
table = "customers"
columns = [{ name = "id", type = "INTEGER" }, { name = "name", type = "VARCHAR" }, { name = "score", type = "INTEGER" }]
"#;

const DATA: &str = "
CREATE SCHEMA raw;
CREATE TABLE raw.orders AS SELECT i AS id, (i * 7 % 11)::INTEGER AS cust, (i * 13 % 97 / 4)::DECIMAL(10,2) AS amount,
  CASE i % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'done' WHEN 2 THEN 'Open' END AS status,
  CASE WHEN i % 5 = 0 THEN NULL ELSE (i % 9)::INTEGER END AS qty FROM range(60) r(i);
CREATE TABLE raw.customers AS SELECT i::INTEGER AS id, CASE WHEN i % 6 = 0 THEN NULL ELSE 'n' || (i % 4) END AS name,
  (i * 5 % 8)::INTEGER AS score FROM range(9) r(i);
";

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Kind {
    Num,
    Str,
}

type Columns = Vec<(String, Kind)>;

fn source(name: &str) -> Columns {
    let list: &[(&str, Kind)] = match name {
        "raw.orders" => &[
            ("id", Kind::Num),
            ("cust", Kind::Num),
            ("amount", Kind::Num),
            ("status", Kind::Str),
            ("qty", Kind::Num),
        ],
        _ => &[("id", Kind::Num), ("name", Kind::Str), ("score", Kind::Num)],
    };
    list.iter().map(|(n, k)| ((*n).to_owned(), *k)).collect()
}

/// A model's query. `{0.x}` in an expression is column `x` of the first relation, in brackets that no SQL here has.
#[derive(Clone, Debug)]
struct Query {
    relations: Vec<String>,
    join: &'static str,
    on: String,
    items: Vec<(String, String, Kind)>,
    filter: Option<String>,
    /// So many of the first items are keys of GROUP BY.
    group: Option<usize>,
    distinct: bool,
    limit: Option<usize>,
    union: Option<Box<Query>>,
    sorted: bool,
}

#[derive(Clone, Debug)]
struct Model {
    name: String,
    query: Query,
}

impl Query {
    fn columns(&self) -> Columns {
        self.items.iter().map(|(n, _, k)| (n.clone(), *k)).collect()
    }
}

fn column(rng: &mut Rng, relations: &[Columns], kind: Kind) -> Option<String> {
    let mut all = Vec::new();
    for (i, columns) in relations.iter().enumerate() {
        all.extend(
            columns
                .iter()
                .filter(|c| c.1 == kind)
                .map(|c| format!("{{{i}.{}}}", c.0)),
        );
    }
    (!all.is_empty()).then(|| rng.pick(&all).clone())
}

fn number(rng: &mut Rng, relations: &[Columns], depth: usize) -> String {
    let Some(c) = column(rng, relations, Kind::Num) else {
        return rng.below(5).to_string();
    };
    if depth == 0 {
        return c;
    }
    match rng.below(12) {
        0..=2 => c,
        3 => format!("({c} + {})", rng.below(4)),
        4 => format!("({c} * {})", 1 + rng.below(3)),
        5 => format!("coalesce({c}, {})", rng.below(3)),
        6 => {
            let (a, b) = (
                number(rng, relations, depth - 1),
                number(rng, relations, depth - 1),
            );
            format!("CASE WHEN {} THEN {a} ELSE {b} END", condition(rng, relations, 0))
        }
        7 => format!("abs({c} - {})", number(rng, relations, depth - 1)),
        8 => match column(rng, relations, Kind::Str) {
            Some(s) => format!("length({s})"),
            None => c,
        },
        9 => format!("(SELECT count(*) FROM raw.customers q WHERE q.score > {c})"),
        10 => format!(
            "rank() OVER (PARTITION BY {} ORDER BY {c})",
            number(rng, relations, 0)
        ),
        _ => format!("sum({c}) OVER (PARTITION BY {})", number(rng, relations, 0)),
    }
}

fn string(rng: &mut Rng, relations: &[Columns]) -> String {
    let Some(c) = column(rng, relations, Kind::Str) else {
        return "'none'".to_owned();
    };
    match rng.below(6) {
        0 | 1 => c,
        2 => format!("upper({c})"),
        3 => format!("coalesce({c}, '?')"),
        4 => format!("({c} || 'x')"),
        _ => format!("CAST({} AS VARCHAR)", number(rng, relations, 0)),
    }
}

fn condition(rng: &mut Rng, relations: &[Columns], depth: usize) -> String {
    let n = number(rng, relations, 0);
    match rng.below(if depth == 0 { 4 } else { 8 }) {
        0 => format!("{n} > {}", rng.below(6)),
        1 => format!("{n} IN (1, 2, {})", rng.below(6)),
        2 => format!("{n} IS NOT NULL"),
        3 => match column(rng, relations, Kind::Str) {
            Some(s) => format!("{s} = '{}'", rng.pick(&["open", "done", "n1"])),
            None => format!("{n} < 5"),
        },
        4 => format!(
            "({} AND {})",
            condition(rng, relations, 0),
            condition(rng, relations, 0)
        ),
        5 => format!(
            "({} OR {})",
            condition(rng, relations, 0),
            condition(rng, relations, 0)
        ),
        6 => format!("NOT ({})", condition(rng, relations, 0)),
        _ => format!(
            "EXISTS (SELECT 1 FROM raw.customers q WHERE q.id = {n} AND q.score > {})",
            rng.below(5)
        ),
    }
}

fn item(rng: &mut Rng, relations: &[Columns]) -> (String, Kind) {
    if rng.one_in(3) {
        (string(rng, relations), Kind::Str)
    } else {
        (number(rng, relations, 2), Kind::Num)
    }
}

fn aggregate(rng: &mut Rng, relations: &[Columns]) -> String {
    let n = number(rng, relations, 0);
    match rng.below(6) {
        0 => "count(*)".to_owned(),
        1 => format!("count(DISTINCT {n})"),
        2 => format!("min({n})"),
        3 => format!("max({n})"),
        4 => format!("sum({n}) FILTER (WHERE {})", condition(rng, relations, 0)),
        _ => format!("sum({n})"),
    }
}

fn schema(models: &[Model], name: &str) -> Columns {
    models
        .iter()
        .find(|m| m.name == name)
        .map_or_else(|| source(name), |m| m.query.columns())
}

fn query(rng: &mut Rng, models: &[Model], names: &[String], plain: bool) -> Query {
    let first = rng.pick(names).clone();
    let mut relations = vec![first];
    let mut join = "JOIN";
    let mut on = String::new();
    if rng.one_in(3) {
        relations.push(rng.pick(names).clone());
        join = *rng.pick(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
    }
    let schemas: Vec<Columns> = relations.iter().map(|r| schema(models, r)).collect();
    if relations.len() == 2 {
        let side = |rng: &mut Rng, i: usize| {
            let columns: Vec<&(String, Kind)> = schemas[i].iter().filter(|c| c.1 == Kind::Num).collect();
            if columns.is_empty() {
                "1".to_owned()
            } else {
                format!("{{{i}.{}}}", rng.pick(&columns).0)
            }
        };
        on = format!("{} = {}", side(rng, 0), side(rng, 1));
    }
    let group = (!plain && rng.one_in(4)).then(|| 1 + rng.below(2));
    let mut items = Vec::new();
    for i in 0..3 + rng.below(3) {
        let name = format!("c{i}");
        match group {
            Some(keys) if i >= keys => items.push((name, aggregate(rng, &schemas), Kind::Num)),
            Some(_) => {
                let c = match rng.below(2) {
                    0 => column(rng, &schemas, Kind::Str).map(|c| (c, Kind::Str)),
                    _ => None,
                };
                let (c, kind) = c.unwrap_or_else(|| (number(rng, &schemas, 0), Kind::Num));
                items.push((name, c, kind));
            }
            None => {
                let (expr, kind) = item(rng, &schemas);
                items.push((name, expr, kind));
            }
        }
    }
    let filter = rng.one_in(2).then(|| condition(rng, &schemas, 1));
    let mut made = Query {
        relations,
        join,
        on,
        items,
        filter,
        group,
        distinct: !plain && group.is_none() && rng.one_in(8),
        limit: (!plain && rng.one_in(10)).then(|| 5 + rng.below(10)),
        union: None,
        sorted: !plain && rng.one_in(8),
    };
    if !plain && rng.one_in(10) {
        let mut other = made.clone();
        other.filter = Some(condition(rng, &schemas, 1));
        other.union = None;
        (made.limit, other.limit) = (None, None);
        (made.sorted, other.sorted) = (false, false);
        made.union = Some(Box::new(other));
    }
    made
}

fn project(rng: &mut Rng) -> Vec<Model> {
    let mut models: Vec<Model> = Vec::new();
    let mut names = vec!["raw.orders".to_owned(), "raw.customers".to_owned()];
    for layer in 0..3 {
        let mut added = Vec::new();
        for i in 0..2 + usize::from(layer == 0) {
            let name = format!("m{layer}{i}");
            let query = query(rng, &models, &names, layer == 0);
            added.push(name.clone());
            models.push(Model { name, query });
        }
        names = if layer == 0 {
            added
        } else {
            names.into_iter().chain(added).collect()
        };
    }
    models
}

/// How a query is written.
#[derive(Copy, Clone, Default)]
struct Style {
    seed: u64,
}

impl Style {
    fn rng(self, salt: u64) -> Option<Rng> {
        (self.seed != 0).then(|| Rng(self.seed ^ (salt + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

fn print(query: &Query, style: Style, salt: u64) -> String {
    let mut rng = style.rng(salt);
    let mut coin = |n: usize| rng.as_mut().is_some_and(|r| r.one_in(n));
    let aliases: Vec<String> = (0..query.relations.len())
        .map(|i| {
            if coin(2) {
                format!("src_{i}")
            } else {
                format!("r{i}")
            }
        })
        .collect();
    let quoted = coin(4);
    let fill = |text: &str| -> String {
        let mut text = text.to_owned();
        for (i, alias) in aliases.iter().enumerate() {
            let marker = format!("{{{i}.");
            while let Some(at) = text.find(&marker) {
                let end = at + text[at..].find('}').unwrap();
                let column = &text[at + marker.len()..end];
                let column = if quoted {
                    format!("\"{column}\"")
                } else {
                    column.to_owned()
                };
                text = format!("{}{alias}.{column}{}", &text[..at], &text[end + 1..]);
            }
        }
        text
    };
    let lower = coin(2);
    let kw = |word: &str| {
        if lower {
            word.to_lowercase()
        } else {
            word.to_owned()
        }
    };
    let mut with = String::new();
    let mut from = String::new();
    for (i, (relation, alias)) in query.relations.iter().zip(&aliases).enumerate() {
        let written = if coin(3) {
            format!(
                "({} * {} {relation}) {} {alias}",
                kw("SELECT"),
                kw("FROM"),
                kw("AS")
            )
        } else if coin(3) {
            let name = format!("cte_{i}");
            let _ = write!(
                with,
                "{} {name} {} ({} * {} {relation})",
                if with.is_empty() {
                    kw("WITH")
                } else {
                    ",".to_owned()
                },
                kw("AS"),
                kw("SELECT"),
                kw("FROM")
            );
            format!("{name} {alias}")
        } else {
            format!("{relation} {alias}")
        };
        if i > 0 {
            let join = if query.join == "JOIN" && coin(2) {
                "INNER JOIN"
            } else {
                query.join
            };
            let _ = write!(from, "\n{} {written} {} {}", kw(join), kw("ON"), fill(&query.on));
        } else {
            from.push_str(&written);
        }
    }
    let items: Vec<String> = query
        .items
        .iter()
        .map(|(name, expr, _)| {
            let expr = fill(expr);
            let expr = if coin(3) { format!("({expr})") } else { expr };
            let comment = if coin(4) { " /* so */ " } else { " " };
            format!("{expr}{comment}{} {name}", kw("AS"))
        })
        .collect();
    let mut text = format!(
        "{with}{}{}{} {}\n{} {from}",
        if with.is_empty() { "" } else { "\n" },
        kw("SELECT"),
        if query.distinct {
            kw(" DISTINCT")
        } else {
            String::new()
        },
        items.join(if coin(2) { ",\n  " } else { ", " }),
        kw("FROM")
    );
    if let Some(filter) = &query.filter {
        let filter = fill(filter);
        let filter = if coin(2) { format!("(({filter}))") } else { filter };
        let _ = write!(text, "\n{} {filter}", kw("WHERE"));
    }
    if let Some(n) = query.group {
        let keys: Vec<String> = query
            .items
            .iter()
            .take(n)
            .enumerate()
            .map(|(i, (_, expr, _))| if coin(2) { (i + 1).to_string() } else { fill(expr) })
            .collect();
        let _ = write!(text, "\n{} {}", kw("GROUP BY"), keys.join(", "));
    }
    if let Some(other) = &query.union {
        // Aliases of a set operation's sides are apart.
        let right = print(other, style, salt + 1000);
        text = format!("({text})\n{}\n({right})", kw("UNION ALL"));
    }
    if let Some(n) = query.limit {
        let _ = write!(text, "\n{} {} {n}", kw("ORDER BY ALL"), kw("LIMIT"));
    } else if query.sorted {
        let _ = write!(text, "\n{} 1", kw("ORDER BY"));
    }
    if coin(2) {
        text.insert_str(0, "-- a comment\n");
    }
    text
}

/// Change one model. What reads it may break: then the edit is not used.
fn edit(rng: &mut Rng, models: &mut [Model]) {
    let at = rng.below(models.len());
    let before: Vec<Model> = models[..at].to_vec();
    let query = &mut models[at].query;
    let schemas: Vec<Columns> = query.relations.iter().map(|r| schema(&before, r)).collect();
    match rng.below(9) {
        0 => query.filter = Some(condition(rng, &schemas, 1)),
        1 => query.filter = None,
        2 if query.relations.len() == 2 => query.join = *rng.pick(&["JOIN", "LEFT JOIN", "FULL JOIN"]),
        3 => {
            query.limit = if query.limit.is_some() || query.union.is_some() {
                None
            } else {
                Some(4)
            }
        }
        4 if query.union.is_none() => query.sorted = !query.sorted,
        5 if query.items.len() > 3 && query.union.is_none() => {
            query.items.pop();
        }
        6 if query.group.is_none() => query.distinct = !query.distinct,
        _ => {
            let i = rng.below(query.items.len());
            let kind = query.items[i].2;
            let expr = match (query.group, kind) {
                (Some(keys), _) if i >= keys => aggregate(rng, &schemas),
                (Some(_), Kind::Num) => number(rng, &schemas, 0),
                (Some(_), Kind::Str) => match column(rng, &schemas, Kind::Str) {
                    Some(c) => c,
                    None => return,
                },
                (None, Kind::Num) => number(rng, &schemas, 2),
                (None, Kind::Str) => string(rng, &schemas),
            };
            query.items[i].1 = expr;
        }
    }
}

fn host(models: &[Model], style: Style) -> Arc<MemorySystem> {
    let system = Arc::new(MemorySystem::new());
    system.write("p/rocky.toml", CONFIG);
    for (i, model) in models.iter().enumerate() {
        system.write(
            format!("p/models/{}.sql", model.name),
            print(&model.query, style, i as u64),
        );
    }
    system
}

fn open(engine: &Engine, system: Arc<MemorySystem>) -> Project {
    let request = OpenRequest {
        config: Some("p/rocky.toml".to_owned()),
        ..OpenRequest::default()
    };
    Project::open(engine, &request, Host { system }).unwrap()
}

fn edits(old: &[Model], new: &[Model], style: Style) -> Vec<WhatIfEdit> {
    let mut edits = Vec::new();
    for (i, (a, b)) in old.iter().zip(new).enumerate() {
        let text = print(&b.query, style, i as u64);
        if text != print(&a.query, Style::default(), i as u64) {
            edits.push(WhatIfEdit {
                path: format!("models/{}.sql", b.name),
                text: Some(text),
                remove: false,
            });
        }
    }
    edits
}

fn what_if(project: &Project, edits: Vec<WhatIfEdit>) -> WhatIfResponse {
    let request = WhatIfRequest {
        edits,
        ..WhatIfRequest::default()
    };
    project
        .what_if(&request, &mut NoObserver, &CancelToken::new())
        .unwrap()
}

fn has_column(response: &WhatIfResponse, model: &str, wanted: &str) -> bool {
    let found = response.models.iter().find(|m| m.name == model);
    found.is_none_or(|m| {
        m.columns
            .iter()
            .any(|c| c.name == wanted && c.class == "identical")
    })
}

// Four parts, so that they run at the same time.
#[test]
fn identical_columns_hold_the_same_values_1() {
    execute_pairs(0x00C0_FFEE_1234_5678);
}

#[test]
fn identical_columns_hold_the_same_values_2() {
    execute_pairs(0x0BAD_CAFE_8765_4321);
}

#[test]
fn identical_columns_hold_the_same_values_3() {
    execute_pairs(0x1357_9BDF_0246_8ACE);
}

#[test]
fn identical_columns_hold_the_same_values_4() {
    execute_pairs(0x7777_1234_ABCD_4242);
}

const PAIRS: usize = 52;

fn execute_pairs(seed: u64) {
    let cancel = CancelToken::new();
    let engine = Engine::new(&EngineOptions { threads: Some(1) }).unwrap();
    let db = DuckDb::open(None, &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    connection.execute("SET threads = 1", &cancel).unwrap();
    for statement in DATA.split(';').filter(|s| !s.trim().is_empty()) {
        connection.execute(statement, &cancel).unwrap();
    }
    let mut rng = Rng(seed);
    let (mut pairs, mut identical, mut differ, mut really_differ) = (0, 0, 0, 0);
    while pairs < PAIRS {
        let old = project(&mut rng);
        let mut new = old.clone();
        for _ in 0..1 + rng.below(3) {
            edit(&mut rng, &mut new);
        }
        let style = Style {
            seed: if rng.one_in(2) { rng.next() } else { 0 },
        };
        let changes = edits(&old, &new, style);
        if changes.is_empty() {
            continue;
        }
        let project = open(&engine, host(&old, Style::default()));
        let response = what_if(&project, changes);
        if response.has_errors {
            continue;
        }
        let mut execute = |schema: &str, models: &[Model], style: Style| -> bool {
            connection
                .execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), &cancel)
                .unwrap();
            connection
                .execute(&format!("CREATE SCHEMA {schema}"), &cancel)
                .unwrap();
            connection.execute(&format!("USE {schema}"), &cancel).unwrap();
            models.iter().enumerate().all(|(i, model)| {
                let sql = format!(
                    "CREATE TABLE {} AS {}",
                    model.name,
                    print(&model.query, style, i as u64)
                );
                connection.execute(&sql, &cancel).is_ok()
            })
        };
        // A random text may fail on the data (a number out of range); then there is nothing to compare.
        if !execute("old", &old, Style::default()) || !execute("new", &new, style) {
            continue;
        }
        pairs += 1;
        for model in &old {
            let now = new.iter().find(|m| m.name == model.name).unwrap();
            let both: Vec<String> = model
                .query
                .columns()
                .into_iter()
                .map(|(name, _)| name)
                .filter(|c| now.query.columns().iter().any(|(n, _)| n == c))
                .collect();
            let (same, other): (Vec<String>, Vec<String>) = both
                .into_iter()
                .partition(|c| has_column(&response, &model.name, c));
            // The identical columns together, then each of the others: how many rows one version has and the other has not.
            let difference = |columns: &[String]| {
                let (list, name) = (columns.join(", "), &model.name);
                format!(
                    "(SELECT count(*) FROM (SELECT {list} FROM old.{name} EXCEPT ALL SELECT {list} FROM new.{name})) \
                     + (SELECT count(*) FROM (SELECT {list} FROM new.{name} EXCEPT ALL SELECT {list} FROM old.{name}))"
                )
            };
            let mut parts = Vec::new();
            parts.extend((!same.is_empty()).then(|| difference(&same)));
            parts.extend(other.iter().map(|c| difference(std::slice::from_ref(c))));
            if parts.is_empty() {
                continue;
            }
            let sql = format!("SELECT {}", parts.join(", "));
            let rows = connection
                .query(&sql, 10, &cancel)
                .unwrap_or_else(|e| panic!("{sql}: {e:?}"))
                .rows;
            let mut counts = rows[0].iter().map(|v| v.to_i64().unwrap());
            if !same.is_empty() {
                identical += same.len();
                assert!(
                    counts.next() == Some(0),
                    "{}: {same:?} are called identical\n--- old\n{}\n--- new\n{}",
                    model.name,
                    old.iter()
                        .map(|m| format!("{}: {}\n\n", m.name, print(&m.query, Style::default(), 0)))
                        .collect::<String>(),
                    new.iter()
                        .map(|m| format!("{}: {}\n\n", m.name, print(&m.query, Style::default(), 0)))
                        .collect::<String>(),
                );
            }
            differ += other.len();
            really_differ += counts.filter(|n| *n != 0).count();
        }
    }
    println!(
        "{pairs} pairs: {identical} columns identical, {differ} not proved, of which {really_differ} differ"
    );
    // The answer is worth something: much is proved, and a good part of what is not proved does differ.
    assert!(
        identical > 8 * PAIRS && really_differ * 3 > differ,
        "{identical} {differ} {really_differ}"
    );
}

#[test]
fn a_project_written_otherwise_is_identical() {
    let engine = Engine::new(&EngineOptions { threads: Some(1) }).unwrap();
    let mut rng = Rng(0x5EED_5EED_5EED_5EED);
    let mut compared = 0;
    while compared < 60 {
        let models = project(&mut rng);
        let style = Style { seed: rng.next() | 1 };
        let project = open(&engine, host(&models, Style::default()));
        let response = what_if(&project, edits(&models, &models, style));
        if response.has_errors {
            continue;
        }
        compared += 1;
        for model in &response.models {
            assert!(
                model.identical,
                "{model:#?}\n{}\n---\n{}",
                models
                    .iter()
                    .enumerate()
                    .filter(|(_, m)| m.name == model.name)
                    .map(|(i, m)| print(&m.query, Style::default(), i as u64))
                    .collect::<String>(),
                models
                    .iter()
                    .enumerate()
                    .filter(|(_, m)| m.name == model.name)
                    .map(|(i, m)| print(&m.query, style, i as u64))
                    .collect::<String>(),
            );
        }
        assert_eq!(response.breaking, []);
        assert_eq!(response.summary.models_identical, models.len() as u64);
    }
}

// ---- the verbs

fn small() -> Arc<MemorySystem> {
    let system = Arc::new(MemorySystem::new());
    system.write("p/rocky.toml", CONFIG);
    system.write(
        "p/models/a.sql",
        "SELECT id, cust, amount, status FROM raw.orders WHERE qty > 1",
    );
    system.write(
        "p/models/b.sql",
        "SELECT cust, sum(amount) AS total FROM a GROUP BY cust",
    );
    system.write("p/models/c.sql", "SELECT id, status FROM a");
    system.write(
        "p/models/c.contract.toml",
        "[[columns]]\nname = \"status\"\ntype = \"VARCHAR\"\n",
    );
    system.write("p/models/d.sql", "SELECT name FROM raw.customers");
    system
}

fn one_edit(path: &str, text: &str) -> Vec<WhatIfEdit> {
    vec![WhatIfEdit {
        path: path.to_owned(),
        text: Some(text.to_owned()),
        remove: false,
    }]
}

fn engine() -> Engine {
    Engine::new(&EngineOptions { threads: Some(2) }).unwrap()
}

/// Model, column, class.
fn classes(response: &WhatIfResponse) -> Vec<String> {
    let columns = response
        .models
        .iter()
        .flat_map(|m| m.columns.iter().map(move |c| (m, c)));
    columns
        .map(|(m, c)| format!("{}.{} {}", m.name, c.name, c.class))
        .collect()
}

#[test]
fn a_changed_expression_leaves_its_siblings() {
    let project = open(&engine(), small());
    let text = "SELECT id, cust, amount * 2 AS amount, status FROM raw.orders WHERE qty > 1";
    let response = what_if(&project, one_edit("models/a.sql", text));
    assert_eq!(
        classes(&response),
        [
            "a.id identical",
            "a.cust identical",
            "a.amount widened",
            "a.status identical",
            "b.cust identical",
            "b.total values_may_differ"
        ]
    );
    // The edge changes its kind, and the plan its statement; `c` and `d` are out of it.
    assert_eq!((response.edges_added.len(), response.edges_removed.len()), (1, 1));
    let planned: Vec<_> = response
        .plan
        .iter()
        .map(|p| p.model.as_deref().unwrap())
        .collect();
    assert_eq!(planned, ["a"]);
    assert!(
        response.plan[0].new[0].sql.contains("amount * 2"),
        "{:?}",
        response.plan
    );
    assert_eq!(response.summary.models_identical, 2);
    let total = &response.models[1].columns[1];
    assert_eq!(total.because[0].text, "computed from a.amount");
    assert_eq!((total.path.len(), total.path[0].model.as_str()), (1, "a"));
}

#[test]
fn rows_bear_on_everything_and_say_why() {
    let project = open(&engine(), small());
    let text = "SELECT id, cust, amount, status FROM raw.orders WHERE qty > 2";
    let response = what_if(&project, one_edit("models/a.sql", text));
    assert_eq!(
        response
            .models
            .iter()
            .map(|m| m.name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert!(response.models.iter().all(|m| m.rows_may_differ));
    assert_eq!(response.models[0].rows_because[0].text, "WHERE changed");
    assert_eq!(response.models[1].rows_because[0].text, "reads the rows of a");
    assert_eq!(response.breaking, []);
}

#[test]
fn a_subquery_that_becomes_a_model_is_proved() {
    let project = open(&engine(), small());
    let edits = [
        one_edit("models/e.sql", "SELECT * FROM raw.orders o WHERE o.qty > 1"),
        one_edit(
            "models/a.sql",
            "SELECT x.id, x.cust, x.amount, x.status FROM e AS x",
        ),
    ];
    let response = what_if(&project, edits.concat());
    let a = response.models.iter().find(|m| m.name == "a").unwrap();
    assert!(a.identical, "{a:#?}");
    assert_eq!(response.summary.models_identical, 4);
    // And back: a model that is written out into its reader.
    let text = "SELECT cust, sum(amount) AS total FROM (SELECT * FROM raw.orders WHERE qty > 1) GROUP BY 1";
    let response = what_if(&project, one_edit("models/b.sql", text));
    assert!(response.models[0].identical, "{:#?}", response.models);
}

#[test]
fn a_column_renamed_with_its_readers_stays_what_it_is() {
    let project = open(&engine(), small());
    let edits = [
        one_edit(
            "models/a.sql",
            "SELECT id, cust AS customer, amount, status FROM raw.orders WHERE qty > 1",
        ),
        one_edit(
            "models/b.sql",
            "SELECT customer AS cust, sum(amount) AS total FROM a GROUP BY customer",
        ),
    ];
    let response = what_if(&project, edits.concat());
    let b = response.models.iter().find(|m| m.name == "b").unwrap();
    assert!(b.identical, "{b:#?}");
    assert_eq!(response.breaking.len(), 1);
    assert_eq!(response.breaking[0].readers, ["b"]);
}

#[test]
fn a_text_that_cannot_be_read_proves_no_column_gone() {
    let project = open(&engine(), small());
    let response = what_if(&project, one_edit("models/a.sql", "SELECT id, FROM FROM WHERE"));
    assert!(response.has_errors);
    let found = classes(&response);
    assert!(
        !found
            .iter()
            .any(|c| c.contains("removed") || c.contains("nullability")),
        "{found:?}"
    );
    assert!(
        response.breaking.iter().all(|b| b.kind != "removed"),
        "{:?}",
        response.breaking
    );
}

#[test]
fn removing_a_file_and_breaking_a_contract_are_said() {
    let project = open(&engine(), small());
    let gone = WhatIfEdit {
        path: "models/a.sql".to_owned(),
        text: None,
        remove: false,
    };
    let response = what_if(&project, vec![gone]);
    assert_eq!(response.summary.models_removed, 1);
    assert!(
        response
            .breaking
            .iter()
            .any(|b| b.kind == "model_removed" && b.readers == ["b", "c"])
    );
    let text = "SELECT id, cust, amount, qty AS status FROM raw.orders WHERE qty > 1";
    let response = what_if(&project, one_edit("models/a.sql", text));
    assert!(
        response.contracts.iter().any(|c| c.model == "c" && c.breaks),
        "{:?}",
        response.contracts
    );
    assert!(
        response
            .breaking
            .iter()
            .any(|b| b.kind == "retyped" && b.model == "c")
    );
    assert!(response.has_errors && response.diagnostics_fixed.is_empty());
    // Nothing was kept of it.
    assert!(!what_if(&project, Vec::new()).has_errors);
}

#[test]
fn an_error_that_is_there_already_is_not_new() {
    let system = small();
    system.write("p/models/bad.sql", "SELECT nothing_of_the_kind FROM a");
    let project = open(&engine(), system);
    let response = what_if(
        &project,
        one_edit("models/d.sql", "SELECT name AS n FROM raw.customers"),
    );
    assert!(
        response.has_errors && response.diagnostics_new.is_empty(),
        "{:?}",
        response.diagnostics_new
    );
    let response = what_if(
        &project,
        one_edit("models/bad.sql", "-- moved\n\nSELECT nothing_of_the_kind FROM a"),
    );
    assert!(response.diagnostics_new.is_empty() && response.diagnostics_fixed.is_empty());
    let response = what_if(&project, one_edit("models/bad.sql", "SELECT id FROM a"));
    assert_eq!(response.diagnostics_fixed.len(), 1);
    assert!(!response.has_errors);
}

#[test]
fn a_source_with_other_columns() {
    let project = open(&engine(), small());
    let request: WhatIfRequest = serde_json::from_str(
        r#"{"source_schemas": {"raw.orders": [
            {"name": "id", "type": "BIGINT"}, {"name": "cust", "type": "INTEGER"}, {"name": "amount", "type": "DOUBLE"},
            {"name": "status", "type": "VARCHAR", "nullable": false}, {"name": "qty", "type": "INTEGER"}]}}"#,
    )
    .unwrap();
    let response = project
        .what_if(&request, &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert_eq!(
        classes(&response),
        [
            "a.id widened",
            "a.cust identical",
            "a.amount narrowed",
            "a.status nullability",
            "b.cust identical",
            "b.total narrowed",
            "c.id widened",
            "c.status nullability"
        ]
    );
    assert_eq!(response.sources.len(), 1);
    assert_eq!(response.sources[0].columns.len(), 3);
    for (bad, says) in [
        (r#"{"raw.order": []}"#, "no model reads"),
        (
            r#"{"raw.orders": [{"name": "a", "type": "NOPE NOPE"}]}"#,
            "unknown type",
        ),
        (r#"{"a..b": []}"#, "not the name"),
        (r#"{"raw.orders": [], "RAW.orders": []}"#, "twice"),
        (
            r#"{"raw.orders": [{"name": "a", "type": "INTEGER"}, {"name": "A", "type": "INTEGER"}]}"#,
            "twice",
        ),
    ] {
        let request: WhatIfRequest = serde_json::from_str(&format!("{{\"source_schemas\": {bad}}}")).unwrap();
        let error = project
            .what_if(&request, &mut NoObserver, &CancelToken::new())
            .unwrap_err();
        assert!(error.message.contains(says), "{bad}: {}", error.message);
    }
}

#[test]
fn bad_edits_are_refused() {
    let system = small();
    let project = open(&engine(), system.clone());
    let edit = |path: &str, text: Option<&str>| WhatIfEdit {
        path: path.to_owned(),
        text: text.map(str::to_owned),
        remove: false,
    };
    for (edits, says) in [
        (vec![edit("../outside.sql", Some(""))], "leads out"),
        (vec![edit("models/../../x.sql", Some(""))], "leads out"),
        (vec![edit("/etc/passwd", Some(""))], "leads out"),
        (vec![edit("", Some(""))], "empty"),
        (vec![edit("models", Some(""))], "folder"),
        (vec![edit("models/missing.sql", None)], "does not exist"),
        (
            vec![edit("models/a.sql", Some("")), edit("./models/./a.sql", Some(""))],
            "twice",
        ),
    ] {
        let request = WhatIfRequest {
            edits: edits.clone(),
            ..WhatIfRequest::default()
        };
        let error = project
            .what_if(&request, &mut NoObserver, &CancelToken::new())
            .unwrap_err();
        assert!(error.message.contains(says), "{edits:?}: {}", error.message);
    }
    let response = what_if(&project, one_edit("notes.md", "hello"));
    assert_eq!(response.edits_without_effect, ["notes.md"]);
    assert_eq!(response.models, []);
}

#[test]
fn many_at_once_do_not_mix_and_a_tripped_token_stops() {
    let project = open(&engine(), small());
    std::thread::scope(|scope| {
        for i in 0..8 {
            let project = &project;
            scope.spawn(move || {
                for _ in 0..3 {
                    let text =
                        format!("SELECT id, cust, amount, status, {i} AS n{i} FROM raw.orders WHERE qty > 1");
                    let response = what_if(project, one_edit("models/a.sql", &text));
                    let added: Vec<&str> = response.models[0]
                        .columns
                        .iter()
                        .filter(|c| c.class == "added")
                        .map(|c| c.name.as_str())
                        .collect();
                    assert_eq!(added, [format!("n{i}")]);
                }
            });
        }
    });
    let cancel = CancelToken::new();
    cancel.trip();
    let error = project
        .what_if(&WhatIfRequest::default(), &mut NoObserver, &cancel)
        .unwrap_err();
    assert_eq!(error.kind, rocky_core::ErrorKind::Cancelled);
}

fn git(dir: &std::path::Path, args: &[&str]) {
    let done = std::process::Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn a_revision_is_read_without_a_checkout() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("sub [x]/p");
    std::fs::create_dir_all(root.join("models")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    write("rocky.toml", CONFIG);
    write("models/a.sql", "SELECT id, amount FROM raw.orders");
    write("models/b.sql", "SELECT id FROM a");
    let project = Project::open(
        &engine(),
        &OpenRequest {
            config: Some(root.display().to_string()),
            ..OpenRequest::default()
        },
        Host::default(),
    )
    .unwrap();
    let diff = |against: &str| {
        let request = rocky_core::verbs::diff::DiffRequest {
            against: against.to_owned(),
            markdown: true,
            ..Default::default()
        };
        project.diff(&request, &mut NoObserver, &CancelToken::new())
    };
    let error = diff("HEAD").unwrap_err();
    assert!(
        error.message.contains("not in a git work tree"),
        "{}",
        error.message
    );
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "-A"]);
    git(dir.path(), &["commit", "-qm", "one"]);
    assert_eq!(diff("HEAD").unwrap().models, []);
    write("models/a.sql", "SELECT id FROM raw.orders");
    write("models/c.sql", "SELECT id FROM a");
    let response = diff("main").unwrap();
    let found: Vec<_> = response
        .models
        .iter()
        .map(|m| (m.name.as_str(), m.change.as_str()))
        .collect();
    assert_eq!(found, [("a", "changed"), ("c", "added")]);
    assert_eq!(response.breaking[0].kind, "removed");
    assert!(response.markdown.unwrap().contains("#### Breaking"));
    assert_eq!(response.commit.unwrap().len(), 40);
    // The work tree is as it was.
    assert_eq!(
        std::fs::read_to_string(root.join("models/a.sql")).unwrap(),
        "SELECT id FROM raw.orders"
    );
    for (bad, says) in [
        ("", "missing"),
        ("no-such-branch", "neither a folder nor a revision"),
        ("--output=/tmp/x", "begins with `-`"),
        ("-", "begins with `-`"),
        ("HEAD:models", "names a path"),
        ("HEAD HEAD", "white space"),
        ("HEAD^{tree}", "neither"),
    ] {
        let error = diff(bad).unwrap_err();
        assert!(error.message.contains(says), "{bad}: {}", error.message);
    }
    // A folder is another state as well.
    let other = dir.path().join("other");
    std::fs::create_dir_all(other.join("models")).unwrap();
    std::fs::write(other.join("rocky.toml"), CONFIG).unwrap();
    std::fs::write(other.join("models/a.sql"), "select ID from raw.orders").unwrap();
    let response = diff(&other.display().to_string()).unwrap();
    let found: Vec<_> = response
        .models
        .iter()
        .map(|m| (m.name.as_str(), m.identical))
        .collect();
    assert_eq!(found, [("a", true), ("b", false), ("c", false)]);
    assert_eq!(response.commit, None);
}
