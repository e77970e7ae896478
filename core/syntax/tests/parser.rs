//! The parser: what it accepts, the trees it builds, its spans, its messages and its behaviour on damaged text.

use rocky_base::Dialect;
use rocky_syntax::parser::parse;
use std::path::Path;

fn data(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn messages(sql: &str, dialect: Dialect) -> Vec<String> {
    let parsed = parse(sql, dialect);
    parsed.diagnostics.iter().map(|d| format!("{} {:?} {}", d.code, d.primary.as_ref().unwrap().loc.span.slice(sql), d.message)).collect()
}

#[test]
fn every_tpch_query_parses_in_every_dialect() {
    for n in 1..=22 {
        let sql = data(&format!("tpch/q{n:02}.sql"));
        for dialect in Dialect::ALL {
            assert_eq!(messages(&sql, dialect), Vec::<String>::new(), "q{n} {dialect}");
        }
    }
}

#[test]
fn accepts_what_duckdb_accepts() {
    let mut failures = Vec::new();
    for line in data("accept.txt").lines() {
        let sql = line.replace("\\n", "\n");
        let found = messages(&sql, Dialect::DuckDb);
        if !found.is_empty() {
            failures.push(format!("{line}\n    {found:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn rejects_what_duckdb_rejects() {
    let mut failures = Vec::new();
    for line in data("reject.txt").lines() {
        let sql = line.replace("\\n", "\n");
        if parse(&sql, Dialect::DuckDb).diagnostics.is_empty() {
            failures.push(line.to_owned());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
