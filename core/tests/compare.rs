//! `compare` finds the keys that differ, all of them and no others: random tables with random changes against a model in Rust, and
//! tables that are large enough to be bisected.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::compare::{CompareRequest, CompareResponse, ComparedTable};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

fn compare(root: &Path, request: &CompareRequest) -> CompareResponse {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let open = OpenRequest {
        config: Some(root.join("rocky.toml").to_string_lossy().into_owned()),
        ..OpenRequest::default()
    };
    let project = Project::open(&engine, &open, Host::default()).unwrap();
    project
        .compare(request, &mut NoObserver, &CancelToken::new())
        .unwrap()
}

fn sql(root: &Path, statements: &[String]) {
    let cancel = CancelToken::new();
    let db = DuckDb::open(Some(&root.join("w.duckdb")), &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    for sql in statements {
        connection
            .execute(sql, &cancel)
            .unwrap_or_else(|e| panic!("{}\n{sql}", e.message));
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }
}

type Key = (Option<i64>, Option<String>);
/// Cells as SQL: two that are spelled differently are different.
type Cells = Vec<String>;

const NAMES: [&str; 4] = ["plain", "with \"quote\"", "a;b.c", "sélect"];
const TEXTS: [&str; 6] = ["NULL", "''", "'NULL'", "'a''b'", "'\u{1F980}'", "'x,y'"];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn row(random: &mut Random, duplicates: bool, n: i64) -> (Key, Cells) {
    let key = match duplicates {
        true => (
            (random.below(5) > 0).then(|| random.below(6) as i64),
            (random.below(4) > 0).then(|| random.of(&["a", "b", ""]).to_owned()),
        ),
        // NULL is a key like any other, once.
        false => ((n > 0).then_some(n), Some("k".to_owned())),
    };
    (key, cells(random))
}

fn cells(random: &mut Random) -> Cells {
    vec![
        random.of(&TEXTS).to_owned(),
        random.of(&["NULL", "0.00", "-1.25", "99999999.99"]).to_owned(),
        random.of(&["NULL", "'NaN'", "1e300", "-0.5"]).to_owned(),
        random
            .of(&["NULL", "'2026-01-31 23:59:59.999999'", "'1969-12-31'"])
            .to_owned(),
        random
            .of(&["NULL", "[]", "[NULL]", "[1, 2]", "[2, 1]"])
            .to_owned(),
        random
            .of(&["NULL", "{'a': NULL, 'b': 1}", "{'a': 1, 'b': NULL}"])
            .to_owned(),
    ]
}

const TYPES: [&str; 6] = [
    "VARCHAR",
    "DECIMAL(10, 2)",
    "DOUBLE",
    "TIMESTAMP",
    "INTEGER[]",
    "STRUCT(a INTEGER, b INTEGER)",
];

/// A table in two versions.
struct Case {
    name: String,
    keyed: bool,
    production: Vec<(Key, Cells)>,
    shadow: Vec<(Key, Cells)>,
}

fn case(seed: u64) -> Case {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let duplicates = random.below(2) == 0;
    let n = random.below(40);
    let production: Vec<_> = (0..n as i64).map(|i| row(&mut random, duplicates, i)).collect();
    let mut shadow = production.clone();
    for i in 0..random.below(6) {
        let at = random.below(shadow.len().max(1) as u64) as usize;
        match random.below(4) {
            0 if !shadow.is_empty() => {
                shadow.remove(at);
            }
            1 => shadow.push(row(&mut random, duplicates, 1000 + i as i64)),
            2 if !shadow.is_empty() && duplicates => {
                let again = shadow[at].clone();
                shadow.push(again);
            }
            _ if !shadow.is_empty() => {
                let fresh = cells(&mut random);
                let column = random.below(6) as usize;
                shadow[at].1[column] = fresh[column].clone();
            }
            _ => {}
        }
    }
    // The order of rows says nothing.
    shadow.reverse();
    Case {
        name: format!("{} {seed}", random.of(&NAMES)),
        keyed: random.below(3) > 0,
        production,
        shadow,
    }
}

fn create(table: &str, rows: &[(Key, Cells)]) -> String {
    let columns: Vec<String> = TYPES
        .iter()
        .enumerate()
        .map(|(i, t)| format!("{}::{t} AS c{i}", ["v0", "v1", "v2", "v3", "v4", "v5"][i]))
        .collect();
    let head = format!(
        "CREATE TABLE {} AS SELECT k1::BIGINT AS {}, k2::VARCHAR AS k2, {}",
        quoted(table),
        quoted("k \"1\""),
        columns.join(", ")
    );
    let one = |(key, cells): &(Key, Cells)| {
        let k1 = key.0.map_or("NULL".to_owned(), |k| k.to_string());
        let k2 = key.1.as_ref().map_or("NULL".to_owned(), |k| format!("'{k}'"));
        let cells: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(i, c)| format!("{c}::{}", TYPES[i]))
            .collect();
        format!("({k1}::BIGINT, {k2}::VARCHAR, {})", cells.join(", "))
    };
    match rows.is_empty() {
        true => {
            let none = ["NULL"; 8].join(", ");
            format!("{head} FROM (VALUES ({none})) AS v(k1, k2, v0, v1, v2, v3, v4, v5) WHERE FALSE")
        }
        false => {
            let rows: Vec<String> = rows.iter().map(one).collect();
            format!(
                "{head} FROM (VALUES {}) AS v(k1, k2, v0, v1, v2, v3, v4, v5)",
                rows.join(", ")
            )
        }
    }
}

/// Rows by key.
fn by_key(rows: &[(Key, Cells)]) -> BTreeMap<Key, Vec<Cells>> {
    let mut found: BTreeMap<Key, Vec<Cells>> = BTreeMap::new();
    for (key, cells) in rows {
        found.entry(key.clone()).or_default().push(cells.clone());
    }
    found.values_mut().for_each(|v| v.sort());
    found
}

type Expected = (u64, u64, u64, BTreeSet<(Key, String, u64, u64)>);

fn expected(case: &Case) -> Expected {
    let (mut only_p, mut only_s, mut changed, mut keys) = (0, 0, 0, BTreeSet::new());
    if !case.keyed {
        let bag = |rows: &[(Key, Cells)]| {
            let mut found: BTreeMap<(Key, Cells), u64> = BTreeMap::new();
            rows.iter()
                .for_each(|r| *found.entry(r.clone()).or_default() += 1);
            found
        };
        let (p, s) = (bag(&case.production), bag(&case.shadow));
        for row in p.keys().chain(s.keys()).collect::<BTreeSet<_>>() {
            let (p, s) = (p.get(row).copied().unwrap_or(0), s.get(row).copied().unwrap_or(0));
            only_p += p.saturating_sub(s);
            only_s += s.saturating_sub(p);
        }
        return (only_p, only_s, 0, keys);
    }
    let (p, s) = (by_key(&case.production), by_key(&case.shadow));
    for key in p.keys().chain(s.keys()).collect::<BTreeSet<_>>() {
        let (here, there) = (
            p.get(key).cloned().unwrap_or_default(),
            s.get(key).cloned().unwrap_or_default(),
        );
        if here == there {
            continue;
        }
        let kind = match (here.len() as u64, there.len() as u64) {
            (n, 0) => {
                only_p += n;
                "only_in_production"
            }
            (0, n) => {
                only_s += n;
                "only_in_shadow"
            }
            _ => {
                changed += 1;
                "changed"
            }
        };
        keys.insert((
            key.clone(),
            kind.to_owned(),
            here.len() as u64,
            there.len() as u64,
        ));
    }
    (only_p, only_s, changed, keys)
}

fn found(table: &ComparedTable) -> Expected {
    let contents = table.contents.as_ref().unwrap_or_else(|| panic!("{table:#?}"));
    let key = |d: &rocky_core::verbs::compare::RowDifference| {
        let k1 = d.key.get("k \"1\"").and_then(|v| v.as_i64());
        let k2 = d.key.get("k2").and_then(|v| v.as_str()).map(str::to_owned);
        ((k1, k2), d.kind.clone(), d.production_rows, d.shadow_rows)
    };
    let keys = match contents.key.is_empty() {
        true => BTreeSet::new(),
        false => contents.sample.iter().map(key).collect(),
    };
    (
        contents.rows_only_in_production,
        contents.rows_only_in_shadow,
        contents.rows_changed,
        keys,
    )
}

#[test]
fn random_changes_are_found_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("rocky.toml"), CONFIG).unwrap();
    std::fs::create_dir(root.join("models")).unwrap();
    let cases: Vec<Case> = (1..=60).map(case).collect();
    let mut statements = Vec::new();
    let columns: Vec<String> = TYPES
        .iter()
        .enumerate()
        .map(|(i, t)| format!("NULL::{t} AS c{i}"))
        .collect();
    for (i, case) in cases.iter().enumerate() {
        let strategy = match case.keyed {
            true => "strategy = { type = \"merge\", unique_key = ['k \"1\"', \"k2\"] }\n",
            false => "",
        };
        let target = case.name.replace('\\', "\\\\").replace('"', "\\\"");
        std::fs::write(
            root.join(format!("models/m{i:03}.toml")),
            format!("{strategy}[target]\ntable = \"{target}\"\n"),
        )
        .unwrap();
        let query = format!(
            "SELECT 1::BIGINT AS {}, 'a' AS k2, {}",
            quoted("k \"1\""),
            columns.join(", ")
        );
        std::fs::write(root.join(format!("models/m{i:03}.sql")), query).unwrap();
        statements.push(create(&case.name, &case.production));
        statements.push(create(&format!("{}_rocky_shadow", case.name), &case.shadow));
    }
    sql(root, &statements);
    let response = compare(
        root,
        &CompareRequest {
            sample: Some(1000),
            ..CompareRequest::default()
        },
    );
    assert_eq!(response.results.len(), cases.len());
    let mut kinds = BTreeSet::new();
    for (case, table) in cases.iter().zip(&response.results) {
        let wanted = expected(case);
        assert_eq!(found(table), wanted, "{}", case.name);
        let equal = wanted.0 + wanted.1 + wanted.2 == 0;
        assert_eq!(table.contents.as_ref().unwrap().equal, equal);
        assert_eq!(table.verdict == "pass", equal, "{table:#?}");
        assert_eq!(table.production_count, case.production.len() as u64);
        kinds.insert((case.keyed, wanted.0 > 0, wanted.1 > 0, wanted.2 > 0));
        for changed in table.contents.iter().flat_map(|c| &c.sample) {
            let one = changed.kind == "changed" && (changed.production_rows, changed.shadow_rows) == (1, 1);
            assert_eq!(one, !changed.changes.is_empty(), "{changed:#?}");
        }
    }
    // The cases are worth their name.
    assert!(kinds.len() >= 8, "{kinds:?}");
}

#[test]
fn three_differences_of_a_million_rows_read_little() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("rocky.toml"), CONFIG).unwrap();
    std::fs::create_dir(root.join("models")).unwrap();
    std::fs::write(root.join("models/t.sql"), "SELECT 1::BIGINT AS id, '' AS v").unwrap();
    let table = |name: &str, change: &str| {
        format!(
            "CREATE TABLE {name} AS SELECT CASE WHEN i % 1000 = 0 THEN NULL ELSE i END AS id, {change} AS v FROM range(1000000) AS r(i)"
        )
    };
    sql(
        root,
        &[
            table("t", "'v' || i"),
            table(
                "t_rocky_shadow",
                "CASE WHEN i IN (17, 500001) THEN 'other' ELSE 'v' || i END",
            ),
            "DELETE FROM t_rocky_shadow WHERE id = 999999".to_owned(),
            "INSERT INTO t_rocky_shadow VALUES (1000001, 'new')".to_owned(),
        ],
    );
    for key in [vec!["id".to_owned()], Vec::new()] {
        let keyed = !key.is_empty();
        let request = CompareRequest {
            key,
            ..CompareRequest::default()
        };
        let response = compare(root, &request);
        let table = &response.results[0];
        let contents = table.contents.as_ref().unwrap();
        assert_eq!(table.verdict, "warn", "{table:#?}");
        assert_eq!(contents.bisection_steps, 1);
        // Each of the 1024 parts has about 2000 rows of both sides, one of them the thousand NULLs besides.
        assert!((4..20_000).contains(&contents.rows_examined), "{contents:#?}");
        let counts = (
            contents.rows_only_in_production,
            contents.rows_only_in_shadow,
            contents.rows_changed,
        );
        assert_eq!(counts, if keyed { (1, 1, 2) } else { (3, 3, 0) });
        if keyed {
            let keys: Vec<i64> = contents
                .sample
                .iter()
                .map(|d| d.key["id"].as_i64().unwrap())
                .collect();
            assert_eq!(keys, [17, 500_001, 999_999, 1_000_001]);
            assert_eq!(contents.sample[0].changes[0].production, "v17");
            assert_eq!(contents.sample[0].changes[0].shadow, "other");
        }
    }
    // Nothing at all is looked at when nothing differs, and everything in one query when everything does.
    sql(
        root,
        &["CREATE OR REPLACE TABLE t_rocky_shadow AS SELECT * FROM t ORDER BY id DESC".to_owned()],
    );
    let request = CompareRequest {
        key: vec!["id".to_owned()],
        ..CompareRequest::default()
    };
    let response = compare(root, &request);
    assert_eq!(response.overall_verdict, "pass");
    assert_eq!(response.results[0].contents.as_ref().unwrap().rows_examined, 0);
    sql(root, &["UPDATE t_rocky_shadow SET v = v || '!'".to_owned()]);
    let contents = compare(root, &request).results[0].contents.clone().unwrap();
    // The NULLs are one key.
    assert_eq!(
        (contents.rows_changed, contents.rows_examined),
        (999_001, 2_000_000)
    );
    assert_eq!(contents.sample.len(), 10);
}

#[test]
fn columns_are_compared_by_name_and_type() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("rocky.toml"), CONFIG).unwrap();
    std::fs::create_dir(root.join("models")).unwrap();
    for name in ["order_", "types", "keytype", "gone", "new"] {
        std::fs::write(root.join(format!("models/{name}.sql")), "SELECT 1 AS id, 2 AS v").unwrap();
    }
    let unique = "[[tests]]\ntype = \"unique\"\ncolumn = \"id\"\n";
    std::fs::write(root.join("models/keytype.toml"), unique).unwrap();
    sql(
        root,
        &[
            "CREATE TABLE order_ AS SELECT 1 AS id, 2 AS v".to_owned(),
            "CREATE TABLE order__rocky_shadow AS SELECT 2 AS V, 1 AS ID".to_owned(),
            "CREATE TABLE types AS SELECT 1 AS id, 2 AS v, 3 AS old".to_owned(),
            "CREATE TABLE types_rocky_shadow AS SELECT 1 AS id, 2::BIGINT AS v, 'x' AS fresh".to_owned(),
            "CREATE TABLE keytype AS SELECT 1 AS id, 2 AS v".to_owned(),
            "CREATE TABLE keytype_rocky_shadow AS SELECT '1' AS id, 2 AS v".to_owned(),
            "CREATE TABLE gone AS SELECT 1 AS id".to_owned(),
            "CREATE TABLE new_rocky_shadow AS SELECT 1 AS id".to_owned(),
        ],
    );
    let response = compare(root, &CompareRequest::default());
    let of = |name: &str| response.results.iter().find(|r| r.model == name).unwrap();
    let (order, types, keytype) = (of("order_"), of("types"), of("keytype"));
    assert_eq!(
        (order.verdict.as_str(), order.schema_diffs.as_slice()),
        ("warn", &["OrderDiff id, v -> V, ID".to_owned()][..])
    );
    assert!(order.contents.as_ref().unwrap().equal);
    assert_eq!(types.verdict, "fail");
    assert_eq!(
        types.schema_diffs,
        [
            "TypeDiff v INTEGER -> BIGINT",
            "ColumnRemoved old INTEGER",
            "ColumnAdded fresh VARCHAR"
        ]
    );
    // What they share is compared all the same; that is not all of them.
    assert_eq!(
        types.contents.as_ref().map(|c| (c.columns_compared, c.equal)),
        Some((1, false))
    );
    assert_eq!((keytype.verdict.as_str(), &keytype.contents), ("fail", &None));
    assert_eq!(
        (of("gone").status.as_str(), of("gone").verdict.as_str()),
        ("missing_shadow", "fail")
    );
    assert_eq!(
        (of("new").status.as_str(), of("new").verdict.as_str()),
        ("new", "warn")
    );
    assert_eq!(
        (
            response.tables_passed,
            response.tables_warned,
            response.tables_failed
        ),
        (0, 2, 3)
    );
}
