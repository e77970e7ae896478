//! Every TPC-H query: names and types equal to DuckDB's DESCRIBE, no findings; and what DuckDB's mutation oracle saw.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use rocky_semantic::Analysis;
use std::collections::BTreeSet;
use support::{Schema, columns_text, data, findings};

fn schema() -> Schema {
    Schema::parse(&data("tpch/schema.txt"))
}

fn query(number: u32) -> (String, String) {
    let text = data(&format!("tpch/q{number:02}.txt"));
    let (query, expected) = text.split_once("\n====\n").unwrap();
    (query.to_owned(), expected.trim().to_owned())
}

#[test]
fn names_and_types_are_those_of_describe() {
    let schema = schema();
    let mut wrong = Vec::new();
    for number in 1..=22 {
        let (text, expected) = query(number);
        let analysis = schema.analyse(&text);
        let found = columns_text(&analysis);
        if found != expected {
            wrong.push(format!("Q{number}\n{found}\n-- expected\n{expected}"));
        }
        let said = findings(&text, &analysis);
        if !said.is_empty() {
            wrong.push(format!("Q{number}: {}", said.join("\n")));
        }
        assert!(analysis.complete);
    }
    assert!(wrong.is_empty(), "{} of 22\n{}", wrong.len(), wrong.join("\n\n"));
}

fn edges(schema: &Schema, analysis: &Analysis, column: usize) -> BTreeSet<String> {
    analysis.columns[column]
        .sources
        .iter()
        .map(|s| schema.source(s.relation, &s.column))
        .collect()
}

fn influences(schema: &Schema, analysis: &Analysis) -> BTreeSet<String> {
    analysis
        .influences
        .iter()
        .map(|s| schema.source(s.relation, &s.column))
        .collect()
}

/// Lines of `mutations.txt`: query, source column, the output columns (by number) that changed when it was mutated.
#[test]
fn what_changes_under_mutation_has_an_edge_or_an_influence() {
    let schema = schema();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for line in data("tpch/mutations.txt").lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [number, source, changed] = parts.as_slice() else {
            panic!("{line}")
        };
        let (text, _) = query(number.parse().unwrap());
        let analysis = schema.analyse(&text);
        let influences = influences(&schema, &analysis);
        for column in changed.split(',').filter(|c| !c.is_empty()) {
            let index: usize = column.parse().unwrap();
            checked += 1;
            if !edges(&schema, &analysis, index).contains(*source) && !influences.contains(*source) {
                wrong.push(format!(
                    "Q{number} column {} has neither from {source}",
                    analysis.columns[index].name
                ));
            }
        }
    }
    assert!(checked > 500, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines of `values.txt`: query, source column, the output columns whose values changed although the same rows came out with
/// the same keys: these are computed from it.
#[test]
fn what_is_computed_from_a_column_has_an_edge() {
    let schema = schema();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for line in data("tpch/values.txt").lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [number, source, changed] = parts.as_slice() else {
            panic!("{line}")
        };
        let (text, _) = query(number.parse().unwrap());
        let analysis = schema.analyse(&text);
        for column in changed.split(',').filter(|c| !c.is_empty()) {
            let index: usize = column.parse().unwrap();
            checked += 1;
            if !edges(&schema, &analysis, index).contains(*source) {
                wrong.push(format!(
                    "Q{number} column {} has no edge from {source}",
                    analysis.columns[index].name
                ));
            }
        }
    }
    assert!(checked >= 30, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No column is connected to everything: an edge that is not needed is as wrong as a missing one.
#[test]
fn lineage_is_no_wider_than_the_text() {
    let schema = schema();
    let (text, _) = query(1);
    let analysis = schema.analyse(&text);
    let of = |i: usize| edges(&schema, &analysis, i).into_iter().collect::<Vec<_>>();
    assert_eq!(of(0), ["lineitem.l_returnflag"]);
    assert_eq!(of(4), ["lineitem.l_discount", "lineitem.l_extendedprice"]);
    assert_eq!(of(9), Vec::<String>::new());
    assert_eq!(
        influences(&schema, &analysis).into_iter().collect::<Vec<_>>(),
        [
            "lineitem.l_linestatus",
            "lineitem.l_returnflag",
            "lineitem.l_shipdate"
        ]
    );
}
