//! The mutation oracle on TPC-H: each query is a model over tables with rows; the values of one source column are exchanged
//! between its rows, the query runs again, and the output columns that come out differently are exactly those that lineage
//! predicts. A column that changes has an edge from the source column, or the source column decides about rows; and but for a list of
//! exceptions every edge and every influence is seen to matter.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::compile::{CompileRequest, RefreshSources};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::{Connection, Value, Warehouse};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// From which of n rows a row takes its value.
const MOVES: &[&str] = &[
    "(a.rowid + 1) % n",
    "(a.rowid * 7 + 3) % n",
    "(a.rowid * a.rowid + 1) % n",
    "n - 1 - a.rowid",
];

/// Tables small enough to be made and exchanged a thousand times, with values that every filter of the 22 queries lets some through.
/// `pick(i, salt, n)` is a number below n.
const ROWS: &[(&str, &str)] = &[
    (
        "region",
        "SELECT i::INTEGER, ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'][i + 1], 'r' || i FROM range(5) t(i)",
    ),
    (
        "nation",
        "SELECT i::INTEGER, ['FRANCE', 'GERMANY', 'BRAZIL', 'CANADA', 'SAUDI ARABIA', 'INDIA', 'JAPAN', 'KENYA'][i + 1], [3, 3, 1, 1, 4, 2, 2, 0][i + 1], 'n' || i FROM range(8) t(i)",
    ),
    (
        "supplier",
        "SELECT i + 1, 'Supplier ' || i, 'at ' || pick(i, 1, 1000), (i % 8)::INTEGER, (10 + i % 8) || '-' || pick(i, 2, 1000), pick(i, 3, 9000) - 500, CASE WHEN i % 6 = 5 THEN 'Customer Complaints ' ELSE 's ' END || i FROM range(24) t(i)",
    ),
    (
        "customer",
        "SELECT i + 1, 'Customer ' || i, 'in ' || pick(i, 4, 1000), pick(i, 5, 8)::INTEGER, ['13', '31', '23', '10'][1 + pick(i, 6, 4)] || '-' || i, pick(i, 7, 9000) - 900, ['BUILDING', 'MACHINERY'][1 + pick(i, 8, 2)], 'c ' || i FROM range(48) t(i)",
    ),
    (
        "part",
        "SELECT i + 1, ['forest green', 'green red', 'forest tan', 'blue'][1 + pick(i, 9, 4)] || ' ' || i, 'Manufacturer ' || pick(i, 10, 5), ['Brand#12', 'Brand#23', 'Brand#34', 'Brand#45', 'Brand#11'][1 + i % 5], ['PROMO TIN', 'ECONOMY ANODIZED STEEL', 'STANDARD COPPER', 'LARGE BRASS', 'MEDIUM POLISHED TIN'][1 + (i + i // 10) % 5], [3, 9, 14, 15, 49][1 + (i + i // 20) % 5]::INTEGER, ['SM CASE', 'MED BOX', 'LG PACK', 'JUMBO JAR', 'WRAP BAG'][1 + i % 5], 900 + pick(i, 11, 900) / 4, 'p ' || i FROM range(40) t(i)",
    ),
    (
        "partsupp",
        "SELECT 1 + i % 40, 1 + (i * 7 + i // 40 * 5) % 24, 1 + pick(i, 12, 400), 1 + pick(i, 13, 900) / 8, 'ps ' || i FROM range(120) t(i)",
    ),
    (
        "orders",
        "SELECT i + 1, 1 + pick(i, 14, 32), ['F', 'O'][1 + pick(i, 15, 2)], 1000 + pick(i, 16, 90000) / 4, DATE '1993-01-01' + pick(i, 17, 1400)::INTEGER, ['1-URGENT', '2-HIGH', '3-MEDIUM', '5-LOW'][1 + pick(i, 18, 4)], 'Clerk ' || pick(i, 19, 50), pick(i, 20, 3)::INTEGER, CASE WHEN i % 5 = 0 THEN 'special packages, requests ' ELSE 'o ' END || i FROM range(120) t(i)",
    ),
    (
        "lineitem",
        "SELECT o_orderkey, ps_partkey, ps_suppkey, i % 7 + 1, CASE WHEN pick(i, 21, 3) = 0 THEN 1 + pick(i, 22, 9) ELSE 30 + pick(i, 23, 20) END, 100 + pick(i, 24, 90000) / 8, pick(i, 25, 11) / 100, pick(i, 26, 9) / 100, ['R', 'A', 'N'][1 + pick(i, 27, 3)], ['O', 'F'][1 + pick(i, 28, 2)], o_orderdate + 1 + pick(i, 29, 70)::INTEGER, o_orderdate + 30 + pick(i, 30, 70)::INTEGER, o_orderdate + 2 + pick(i, 29, 70)::INTEGER + pick(i, 31, 25)::INTEGER, ['DELIVER IN PERSON', 'NONE'][1 + pick(i, 32, 2)], ['AIR', 'AIR REG', 'MAIL', 'SHIP'][1 + pick(i, 33, 4)], 'l ' || i FROM range(900) t(i) JOIN orders ON o_orderkey = 1 + pick(i, 34, 120) JOIN partsupp ON partsupp.rowid = pick(i, 35, 120) ORDER BY i",
    ),
];

/// Edges and influences that these exchanges do not show.
const SILENT: &[&str] = &[
    // The values of a group's key stay the same when rows exchange them.
    "q01: lineitem.l_returnflag -> l_returnflag",
    "q01: lineitem.l_linestatus -> l_linestatus",
    "q07: lineitem.l_shipdate -> l_year",
    "q12: lineitem.l_shipmode -> l_shipmode",
    "q22: customer.c_phone -> cntrycode",
    // Counted, and never NULL.
    "q13: orders.o_orderkey -> c_count",
    "q13: orders.o_orderkey decides about rows",
    // With so few rows: the same ones pass, or each share is 0 or 1.
    "q01: lineitem.l_shipdate decides about rows",
    "q02: partsupp.ps_supplycost decides about rows",
    "q04: lineitem.l_orderkey decides about rows",
    "q08: lineitem.l_extendedprice -> mkt_share",
    "q08: lineitem.l_discount -> mkt_share",
    "q20: lineitem.l_quantity decides about rows",
    "q20: lineitem.l_shipdate decides about rows",
    "q20: part.p_partkey decides about rows",
    "q20: part.p_name decides about rows",
    "q20: partsupp.ps_availqty decides about rows",
    "q20: supplier.s_suppkey decides about rows",
];

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("semantic/tests/data/tpch")
}

struct Oracle {
    connection: Box<dyn Connection>,
    cancel: CancelToken,
    /// Columns by table.
    tables: BTreeMap<String, Vec<String>>,
}

/// The values of each column, whatever their order.
type Values = Vec<Vec<Option<String>>>;

impl Oracle {
    fn execute(&mut self, sql: &str) {
        self.connection
            .execute(sql, &self.cancel)
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    fn make(&mut self) {
        self.execute("CREATE MACRO pick(i, salt, n) AS (hash(i * 131 + salt) % n)::BIGINT");
        self.execute("CREATE SCHEMA base");
        for table in std::fs::read_to_string(data().join("schema.txt"))
            .unwrap()
            .split("----")
        {
            let mut lines = table.trim().lines();
            let name = lines.next().unwrap().to_owned();
            let columns: Vec<(&str, &str)> = lines
                .map(|line| {
                    let mut parts = line.split('\t');
                    (parts.next().unwrap(), parts.next().unwrap())
                })
                .collect();
            let list: Vec<String> = columns
                .iter()
                .map(|(c, ty)| format!("{c} {ty} NOT NULL"))
                .collect();
            self.execute(&format!("CREATE TABLE {name} ({})", list.join(", ")));
            let (_, rows) = ROWS.iter().find(|(table, _)| *table == name).unwrap();
            self.execute(&format!("INSERT INTO {name} {rows}"));
            self.execute(&format!("CREATE TABLE base.{name} AS FROM main.{name}"));
            self.tables
                .insert(name, columns.iter().map(|(c, _)| (*c).to_owned()).collect());
        }
    }

    /// Exchange the values of one column; without one, all are as they were.
    fn exchange(&mut self, table: &str, column: Option<&str>, rows: &str) {
        let list: Vec<String> = self.tables[table]
            .iter()
            .map(|c| format!("{}.{c}", if Some(c.as_str()) == column { "b" } else { "a" }))
            .collect();
        let list = list.join(", ");
        self.execute(&format!(
            "CREATE OR REPLACE TABLE main.{table} AS SELECT {list} FROM (SELECT count(*) AS n FROM base.{table}) c, base.{table} a JOIN base.{table} b ON b.rowid = {rows} ORDER BY a.rowid"
        ));
    }

    fn values(&mut self, query: &str) -> Values {
        let rows = self
            .connection
            .query(query, 5_000, &self.cancel)
            .unwrap_or_else(|e| panic!("{query}: {e}"));
        let mut columns: Values = vec![Vec::new(); rows.columns.len()];
        for row in &rows.rows {
            for (list, value) in columns.iter_mut().zip(row) {
                list.push(Value::to_text(value));
            }
        }
        columns.iter_mut().for_each(|c| c.sort());
        columns
    }
}

/// What lineage says of a model.
#[derive(Default)]
struct Claims {
    /// Output columns in order.
    columns: Vec<String>,
    /// From `table.column` to the output columns computed from it.
    edges: BTreeMap<String, BTreeSet<String>>,
    /// `table.column`s that decide about rows.
    influences: BTreeSet<String>,
}

fn claims(project: &Project) -> BTreeMap<String, Claims> {
    let text = project
        .call(
            "lineage",
            r#"{"all": true}"#,
            &mut NoObserver,
            &CancelToken::new(),
        )
        .unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut claims: BTreeMap<String, Claims> = BTreeMap::new();
    for model in document["models"].as_array().unwrap() {
        let columns = model["columns"].as_array().unwrap().iter();
        claims.entry(text(&model["model"])).or_default().columns =
            columns.map(|c| text(&c["name"])).collect();
    }
    let source = |edge: &serde_json::Value| {
        let table = text(&edge["source"]["model"]);
        format!(
            "{}.{}",
            table.rsplit('.').next().unwrap(),
            text(&edge["source"]["column"])
        )
    };
    for edge in document["edges"].as_array().unwrap() {
        let claim = claims.get_mut(&text(&edge["target"]["model"])).unwrap();
        let target = text(&edge["target"]["column"]);
        claim.edges.entry(source(edge)).or_default().insert(target);
    }
    for influence in document["influences"].as_array().unwrap() {
        let model = influence["target"]
            .as_str()
            .unwrap_or_else(|| influence["model"].as_str().unwrap());
        claims
            .get_mut(model)
            .unwrap()
            .influences
            .insert(source(influence));
    }
    claims
}

fn oracle(path: Option<&Path>) -> Oracle {
    let cancel = CancelToken::new();
    let db = DuckDb::open(path, &OpenOptions::default(), &cancel).unwrap();
    Oracle {
        connection: db.connect().unwrap(),
        cancel,
        tables: BTreeMap::new(),
    }
}

#[test]
fn exactly_the_predicted_columns_change() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";
    std::fs::write(folder.path().join("rocky.toml"), config).unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    let mut queries = BTreeMap::new();
    for n in 1..=22 {
        let text = std::fs::read_to_string(data().join(format!("q{n:02}.txt"))).unwrap();
        let (query, _) = text.split_once("====").unwrap();
        std::fs::write(folder.path().join(format!("models/q{n:02}.sql")), query).unwrap();
        queries.insert(format!("q{n:02}"), query.trim().to_owned());
    }
    // What the project sees; the rows are exchanged in memory, a thousand times.
    let path = folder.path().join("w.duckdb");
    oracle(Some(&path)).make();
    let mut oracle = oracle(None);
    oracle.make();
    let engine = Engine::new(&EngineOptions { threads: Some(1) }).unwrap();
    let request = OpenRequest {
        config: Some(folder.path().display().to_string()),
        ..OpenRequest::default()
    };
    let project = Project::open(&engine, &request, Host::default()).unwrap();
    let request = CompileRequest {
        refresh_sources: RefreshSources::Always,
        ..CompileRequest::default()
    };
    let compiled = project
        .compile(&request, &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert!(!compiled.has_errors, "{:#?}", compiled.diagnostics);
    let claims = claims(&project);

    let (mut wrong, mut idle, mut n_edges, mut n_influences) = (Vec::new(), Vec::new(), 0, 0);
    for (name, query) in &queries {
        let claim = &claims[name];
        let before = oracle.values(query);
        assert_eq!(before.len(), claim.columns.len(), "{name}");
        assert!(
            before[0].iter().any(Option::is_some),
            "{name}: a query without values shows nothing"
        );
        let sources: BTreeSet<&String> = claim.edges.keys().chain(&claim.influences).collect();
        let read: BTreeSet<String> = sources
            .iter()
            .map(|s| s.split_once('.').unwrap().0.to_owned())
            .collect();
        for table in read {
            for column in oracle.tables[&table].clone() {
                let source = format!("{table}.{column}");
                let mut changed: BTreeSet<String> = BTreeSet::new();
                let decides = claim.influences.contains(&source);
                let none = BTreeSet::new();
                let computed = claim.edges.get(&source).unwrap_or(&none);
                for rows in MOVES {
                    oracle.exchange(&table, Some(&column), rows);
                    let after = oracle.values(query);
                    let differs = (0..before.len()).filter(|i| before[*i] != after[*i]);
                    changed.extend(differs.map(|i| claim.columns[i].clone()));
                    if changed.len() == claim.columns.len() {
                        break;
                    }
                }
                for output in changed.iter().filter(|c| !decides && !computed.contains(*c)) {
                    wrong.push(format!("{name}: {source} changes {output}, and nothing says so"));
                }
                n_edges += computed.len();
                n_influences += usize::from(decides);
                let unseen = computed.iter().filter(|c| !changed.contains(*c));
                idle.extend(unseen.map(|c| format!("{name}: {source} -> {c}")));
                if decides && changed.is_empty() {
                    idle.push(format!("{name}: {source} decides about rows"));
                }
            }
            oracle.exchange(&table, None, MOVES[0]);
        }
        assert_eq!(oracle.values(query), before, "{name}: as before");
    }
    println!(
        "{n_edges} edges, {n_influences} influences, {} not seen to matter",
        idle.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut silent: Vec<&str> = SILENT.to_vec();
    silent.sort_unstable();
    idle.sort_unstable();
    assert_eq!(idle, silent);
    assert!(
        n_edges > 80 && n_influences > 180,
        "{n_edges} edges, {n_influences} influences"
    );
}
