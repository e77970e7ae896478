//! Column lineage: against the mutation oracle, and the transforms by hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use rocky_semantic::{InfluenceKind, Transform};
use std::collections::BTreeSet;
use support::{Schema, data};

fn queries() -> Vec<String> {
    data("lineage_queries.sql")
        .split(";\n")
        .map(|q| q.trim().to_owned())
        .filter(|q| !q.is_empty())
        .collect()
}

/// (query, source, output columns) lines of a fixture.
fn lines(path: &str) -> Vec<(usize, String, Vec<usize>)> {
    data(path)
        .lines()
        .map(|line| {
            let parts: Vec<&str> = line.split('\t').collect();
            let columns = parts[2]
                .split(',')
                .filter(|c| !c.is_empty())
                .map(|c| c.parse().unwrap())
                .collect();
            (parts[0].parse().unwrap(), parts[1].to_owned(), columns)
        })
        .collect()
}

#[test]
fn every_change_under_mutation_is_explained() {
    let schema = Schema::parse(&data("lineage_schema.txt"));
    let queries = queries();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (path, edges_only) in [("lineage_mutations.txt", false), ("lineage_values.txt", true)] {
        for (number, source, changed) in lines(path) {
            let text = &queries[number];
            let analysis = schema.analyse(text);
            assert!(
                analysis.diagnostics.iter().all(|d| !d.is_error()),
                "{text}: {:?}",
                analysis.diagnostics
            );
            let influenced = analysis
                .influences
                .iter()
                .any(|i| schema.source(i.relation, &i.column) == source);
            for index in changed {
                checked += 1;
                let column = &analysis.columns[index];
                let edge = column
                    .sources
                    .iter()
                    .any(|s| schema.source(s.relation, &s.column) == source);
                // What only filters a scalar subquery's rows is an influence, though it decides about one column.
                let edges_only = edges_only && !text.contains("(select count(*) from u");
                if !edge && (edges_only || !influenced) {
                    wrong.push(format!(
                        "{text}\n   {} <- {source} (edges only: {edges_only})",
                        column.name
                    ));
                }
            }
        }
    }
    assert!(checked > 250, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Edges that no mutation confirmed: an edge too many is a smaller fault than one too few, but it is one.
#[test]
fn edges_are_confirmed_by_some_mutation() {
    let schema = Schema::parse(&data("lineage_schema.txt"));
    let queries = queries();
    let mut confirmed: BTreeSet<(usize, usize, String)> = BTreeSet::new();
    for (number, source, changed) in lines("lineage_mutations.txt") {
        confirmed.extend(changed.into_iter().map(|c| (number, c, source.clone())));
    }
    let mut unconfirmed = Vec::new();
    let mut all = 0;
    for (number, text) in queries.iter().enumerate() {
        for (index, column) in schema.analyse(text).columns.iter().enumerate() {
            for source in &column.sources {
                let source = schema.source(source.relation, &source.column);
                all += 1;
                if !confirmed.contains(&(number, index, source.clone())) {
                    unconfirmed.push(format!("{text}\n   {} <- {source}", column.name));
                }
            }
        }
    }
    assert!(
        unconfirmed.len() * 20 <= all,
        "{} of {all}\n{}",
        unconfirmed.len(),
        unconfirmed.join("\n")
    );
}

fn edges(schema: &Schema, text: &str, column: &str) -> String {
    let analysis = schema.analyse(text);
    let column = analysis.columns.iter().find(|c| c.name == column).unwrap();
    let list: Vec<String> = column
        .sources
        .iter()
        .map(|s| {
            let how = match &s.transform {
                Transform::Direct => "direct".to_owned(),
                Transform::Cast => "cast".to_owned(),
                Transform::TryCast => "try_cast".to_owned(),
                Transform::Aggregation(f) => format!("aggregation {f}"),
                Transform::Expression => "expression".to_owned(),
            };
            format!("{} {how}", schema.source(s.relation, &s.column))
        })
        .collect();
    list.join(", ")
}

#[test]
fn transforms_combine_along_the_path() {
    let schema = Schema::of("t(a INTEGER, b VARCHAR, c DOUBLE); u(a INTEGER, x INTEGER); dark?");
    let is = |text: &str, column: &str, expected: &str| {
        assert_eq!(edges(&schema, text, column), expected, "{text}")
    };
    is("select a from t", "a", "t.a direct");
    is("select a as z from (select * from t)", "z", "t.a direct");
    is("select (a) as z from t", "z", "t.a direct");
    is("select a::varchar as z from t", "z", "t.a cast");
    is(
        "select z::bigint as y from (select a::varchar as z from t)",
        "y",
        "t.a cast",
    );
    is(
        "select z::bigint as y from (select try_cast(b as integer) as z from t)",
        "y",
        "t.b try_cast",
    );
    is("select (a + 1)::varchar as z from t", "z", "t.a expression");
    is("select sum(a) as z from t", "z", "t.a aggregation sum");
    is(
        "select sum(a + c) / count(b) as z from t",
        "z",
        "t.a aggregation sum, t.b aggregation count, t.c aggregation sum",
    );
    is(
        "select a + sum(c) over (partition by b) as z from t",
        "z",
        "t.a expression, t.c aggregation sum",
    );
    is(
        "select max(s) as z from (select b, sum(a) as s from t group by b)",
        "z",
        "t.a aggregation sum",
    );
    is(
        "select lag(a) over (order by c) as z from t",
        "z",
        "t.a expression",
    );
    is(
        "select row_number() over (partition by b order by c) as z from t",
        "z",
        "t.b expression, t.c expression",
    );
    is(
        "select a from t union all select x from u",
        "a",
        "t.a direct, u.x direct",
    );
    is("select a from t except select x from u", "a", "t.a direct");
    is(
        "select a from t full join u using (a)",
        "a",
        "t.a expression, u.a expression",
    );
    is("select a from t join u using (a)", "a", "t.a direct");
    is("select a from t right join u using (a)", "a", "u.a direct");
    is(
        "select upper(b) as k, length(k) as z from t",
        "z",
        "t.b expression",
    );
    is(
        "select (select max(x) from u) as z from t",
        "z",
        "u.x aggregation max",
    );
    is(
        "select case when b = 'x' then a else c end as z from t",
        "z",
        "t.a expression, t.b expression, t.c expression",
    );
    is("select count(*) as z from t", "z", "");
    is("select q as z from dark", "z", "dark.q direct");
    is(
        "with d as (select * from dark) select q + 1 as z from d",
        "z",
        "dark.q expression",
    );
    is("select a, a + 1 as z from t", "z", "t.a expression");
    is(
        "with recursive r as (select a as p, x as q from u union all select q, p from r) select p as z from r",
        "z",
        "u.a direct, u.x direct",
    );
    is("select * rename (a as z) from t", "z", "t.a direct");
    is("select t.a as z, z.a from t, t z", "z", "t.a direct");
    is("select {'p': a, 'q': b}.p as z from t", "z", "t.a direct");
    is(
        "select ({'p': a, 'q': b}).q || 'x' as z from t",
        "z",
        "t.b expression",
    );
}

#[test]
fn influences_say_why() {
    let schema = Schema::of("t(a INTEGER, b VARCHAR, c DOUBLE, d DATE); u(a INTEGER, x INTEGER)");
    let of = |text: &str| {
        let analysis = schema.analyse(text);
        let list: Vec<String> = analysis
            .influences
            .iter()
            .map(|i| {
                let kind = match i.kind {
                    InfluenceKind::Filter => "filter",
                    InfluenceKind::Join => "join",
                    InfluenceKind::Group => "group",
                    InfluenceKind::Order => "order",
                    InfluenceKind::Window => "order",
                };
                format!("{} {kind}", schema.source(i.relation, &i.column))
            })
            .collect();
        list.join(", ")
    };
    assert_eq!(of("select a from t where b = 'x'"), "t.b filter");
    assert_eq!(of("select t.b from t join u on t.a = u.a"), "t.a join, u.a join");
    assert_eq!(of("select b, sum(c) as s from t group by b"), "t.b group");
    assert_eq!(of("select a from t order by c"), "");
    assert_eq!(of("select a from t order by c limit 3"), "t.c order");
    assert_eq!(of("select distinct a from t"), "t.a group");
    assert_eq!(
        of("select a from t union select x from u"),
        "t.a group, u.x group"
    );
    assert_eq!(of("select a from t union all select x from u"), "");
    assert_eq!(
        of(
            "with z as (select a from t where b = 'x'), unused as (select x from u where a = 1) select a from z"
        ),
        "t.b filter"
    );
    assert_eq!(
        of("select sum(c) filter (where b = 'x') as s from t"),
        "t.b filter"
    );
    assert_eq!(
        of("select sum(c) over (partition by b order by d) as s from t"),
        "t.b order, t.d order"
    );
    assert_eq!(
        of("select a from t where exists (select 1 from u where u.a = t.a)"),
        "t.a filter, u.a filter"
    );
    assert_eq!(
        of("select a from t where a in (select x from u)"),
        "t.a filter, u.x filter"
    );
}
