//! Normal forms: what is the same is recognised however it is written, and what is different is never taken for the same.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, SmolStr};
use rocky_semantic::normal::{Digest, Normal, NormalInput, Relation, normal};
use rocky_semantic::references;
use std::sync::Arc;

fn table(name: &str) -> Relation {
    let columns: &[&str] = match name {
        "t" => &["a", "b", "c", "d"],
        "u" => &["a", "e", "f"],
        "s" => &["k", "v"],
        _ => &[],
    };
    Relation {
        rows: Digest::of(&["rows", name]),
        order: Digest::of(&["order", name]),
        rest: Digest::of(&["rest", name]),
        columns: columns
            .iter()
            .map(|c| (SmolStr::new(c), Digest::of(&["column", name, c])))
            .collect(),
        complete: !columns.is_empty(),
    }
}

fn form_in(sql: &str, dialect: Dialect) -> Normal {
    let parsed = rocky_syntax::parser::parse(sql, dialect);
    assert!(parsed.diagnostics.is_empty(), "{sql}: {:?}", parsed.diagnostics);
    let inputs: Vec<NormalInput> = references(&parsed.ast, dialect)
        .iter()
        .map(|r| {
            let name = r
                .path
                .last()
                .map(|n| n.ident.key(dialect, IdentKind::Relation).to_lowercase())
                .unwrap_or_default();
            NormalInput {
                from: r.from,
                qualifiers: vec!["db".into(), "raw".into(), SmolStr::new(&name)],
                relation: Arc::new(table(&name)),
            }
        })
        .collect();
    normal(&parsed.ast, sql, dialect, &inputs)
}

fn form(sql: &str) -> Normal {
    form_in(sql, Dialect::DuckDb)
}

/// Equal in all that a reader sees.
fn same(a: &str, b: &str) -> bool {
    let (a, b) = (form(a).relation, form(b).relation);
    let values = |r: &Relation| r.columns.iter().map(|(_, d)| d.hash).collect::<Vec<_>>();
    a.rows.hash == b.rows.hash
        && values(&a) == values(&b)
        && a.complete == b.complete
        && a.rest.hash == b.rest.hash
}

#[test]
fn spelling_does_not_matter() {
    for (a, b) in [
        ("SELECT a, b FROM t", "select A, \"b\" -- x\n from T /* y */"),
        ("SELECT a FROM t", "SELECT x.a FROM t AS x"),
        ("SELECT a FROM t", "SELECT ((t.a)) AS a FROM raw.t"),
        ("SELECT a FROM t", "FROM t SELECT a"),
        ("SELECT * FROM t", "FROM t"),
        ("SELECT * FROM t", "SELECT a, b, c, d FROM t"),
        ("SELECT * EXCLUDE (b, d) FROM t", "SELECT a, c FROM t"),
        (
            "SELECT * REPLACE (a + 1 AS a) FROM t",
            "SELECT a + 1 AS a, b, c, d FROM t",
        ),
        ("SELECT * RENAME (a AS z) FROM t", "SELECT a AS z, b, c, d FROM t"),
        (
            "SELECT t.* FROM t JOIN u ON t.a = u.a",
            "SELECT x.a, x.b, c, d FROM t x INNER JOIN u y ON x.a = y.a",
        ),
        (
            "SELECT a FROM t WHERE a > 1 AND b = 2",
            "SELECT a FROM t WHERE ((a > 1) AND (b = 2))",
        ),
        ("SELECT a FROM t WHERE a <> 1", "SELECT a FROM t WHERE a != 1"),
        (
            "SELECT CAST(a AS int) AS x FROM t",
            "SELECT a::INTEGER AS x FROM t",
        ),
        ("SELECT b FROM t, u", "SELECT t.b FROM t CROSS JOIN u"),
        (
            "SELECT SUM(a) AS s FROM t GROUP BY b, c",
            "SELECT sum(x.a) AS s FROM t x GROUP BY c, b",
        ),
        (
            "SELECT b, sum(a) AS s FROM t GROUP BY b",
            "SELECT b, sum(a) AS s FROM t GROUP BY 1",
        ),
        (
            "SELECT b, sum(a) AS s FROM t GROUP BY b",
            "SELECT b, sum(a) AS s FROM t GROUP BY ALL",
        ),
        (
            "SELECT b AS k, sum(a) AS s FROM t GROUP BY b",
            "SELECT b AS k, sum(a) AS s FROM t GROUP BY k",
        ),
        (
            "SELECT a + 1 AS x, (a + 1) * 2 AS y FROM t",
            "SELECT a + 1 AS x, x * 2 AS y FROM t",
        ),
        (
            "SELECT a FROM t ORDER BY a LIMIT 3",
            "SELECT a FROM t ORDER BY 1 LIMIT 3",
        ),
        (
            "SELECT list_transform(a, x -> x + b) AS l FROM t",
            "SELECT list_transform(a, y -> (y + t.b)) AS l FROM t",
        ),
        (
            "SELECT a FROM t UNION ALL SELECT a FROM u",
            "(SELECT x.a FROM t x) UNION ALL (SELECT a FROM u)",
        ),
        (
            "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM t",
            "SELECT sum(a) OVER (ORDER BY b rows between /* one */ 1 preceding AND current row) AS n FROM t",
        ),
        (
            "SELECT sum(a) OVER (ORDER BY b ROWS 1 PRECEDING) AS n FROM t",
            "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE NO OTHERS) AS n FROM t",
        ),
        (
            "SELECT row_number() OVER (PARTITION BY b ORDER BY a) AS n FROM t",
            "SELECT row_number() OVER w AS n FROM t WINDOW w AS (PARTITION BY b ORDER BY a)",
        ),
        (
            "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
            "SELECT x.a FROM t x WHERE EXISTS (SELECT 1 FROM u y WHERE y.a = x.a)",
        ),
        (
            "SELECT a, e FROM t JOIN u USING (a)",
            "SELECT x.a, y.e FROM t AS x JOIN u AS y USING (a)",
        ),
    ] {
        assert!(same(a, b), "{a}\n{b}");
    }
}

#[test]
fn a_subquery_is_the_same_as_a_cte_and_as_nothing() {
    for (a, b) in [
        ("SELECT a FROM t", "WITH x AS (SELECT * FROM t) SELECT a FROM x"),
        ("SELECT a FROM t", "SELECT a FROM (SELECT a, b FROM t) q"),
        (
            "WITH x AS (SELECT a FROM t) SELECT a FROM x",
            "WITH y AS (SELECT a FROM t) SELECT y.a FROM y",
        ),
        (
            "WITH x AS (SELECT a FROM t WHERE b > 1), y AS (SELECT a + 1 AS z FROM x) SELECT z FROM y",
            "SELECT z FROM (SELECT a + 1 AS z FROM (SELECT a FROM t WHERE b > 1))",
        ),
        (
            "SELECT a FROM t WHERE b > 1 AND c > 2",
            "SELECT a FROM (SELECT * FROM t WHERE b > 1) WHERE c > 2",
        ),
        (
            "WITH x(n) AS (SELECT a FROM t) SELECT n FROM x",
            "SELECT q.n FROM (SELECT a AS n FROM t) q",
        ),
        (
            "SELECT n FROM (SELECT a, b FROM t) q(n, m)",
            "SELECT a AS n FROM t",
        ),
        (
            "WITH x AS (SELECT a FROM t), unused AS (SELECT 1 AS one) SELECT a FROM x",
            "SELECT a FROM t",
        ),
    ] {
        assert!(same(a, b), "{a}\n{b}");
    }
}

#[test]
fn what_differs_is_never_the_same() {
    for (a, b) in [
        ("SELECT a FROM t", "SELECT b FROM t"),
        ("SELECT a FROM t", "SELECT a FROM u"),
        ("SELECT a FROM t", "SELECT DISTINCT a FROM t"),
        ("SELECT a FROM t", "SELECT a FROM t LIMIT 1"),
        ("SELECT a FROM t", "SELECT a FROM t WHERE true"),
        ("SELECT a FROM t", "SELECT a FROM t, u AS other(z, y, x)"),
        (
            "SELECT t.a FROM t JOIN u ON t.a = u.a",
            "SELECT t.a FROM t LEFT JOIN u ON t.a = u.a",
        ),
        (
            "SELECT t.a FROM t JOIN u ON t.a = u.a",
            "SELECT u.a FROM t JOIN u ON t.a = u.a",
        ),
        (
            "SELECT x.a FROM t x JOIN t y ON x.a = y.b",
            "SELECT y.a FROM t x JOIN t y ON x.a = y.b",
        ),
        (
            "SELECT x.a FROM t x JOIN t y ON x.a = y.b",
            "SELECT x.a FROM t x JOIN t y ON y.a = x.b",
        ),
        (
            "SELECT a FROM t LEFT JOIN u USING (a)",
            "SELECT a FROM t RIGHT JOIN u USING (a)",
        ),
        (
            "SELECT a FROM t LEFT JOIN u USING (a)",
            "SELECT u.a FROM t LEFT JOIN u USING (a)",
        ),
        (
            "SELECT a FROM t FULL JOIN u USING (a)",
            "SELECT t.a FROM t FULL JOIN u USING (a)",
        ),
        (
            "SELECT a FROM t SEMI JOIN u USING (a)",
            "SELECT a FROM t ANTI JOIN u USING (a)",
        ),
        ("SELECT a - b AS x FROM t", "SELECT b - a AS x FROM t"),
        ("SELECT a - b - c AS x FROM t", "SELECT a - (b - c) AS x FROM t"),
        (
            "SELECT a FROM t WHERE a > 1 AND b > 1 OR c > 1",
            "SELECT a FROM t WHERE a > 1 AND (b > 1 OR c > 1)",
        ),
        ("SELECT a FROM t WHERE NOT (a > 1)", "SELECT a FROM t WHERE a > 1"),
        (
            "SELECT a FROM t WHERE a IN (1, 2)",
            "SELECT a FROM t WHERE a NOT IN (1, 2)",
        ),
        (
            "SELECT a FROM t WHERE a IS NULL",
            "SELECT a FROM t WHERE a IS NOT NULL",
        ),
        (
            "SELECT a FROM t WHERE a LIKE 'x'",
            "SELECT a FROM t WHERE a ILIKE 'x'",
        ),
        ("SELECT a FROM t WHERE b = 'X'", "SELECT a FROM t WHERE b = 'x'"),
        (
            "SELECT CAST(a AS INTEGER) AS x FROM t",
            "SELECT CAST(a AS BIGINT) AS x FROM t",
        ),
        (
            "SELECT CAST(a AS INTEGER) AS x FROM t",
            "SELECT TRY_CAST(a AS INTEGER) AS x FROM t",
        ),
        (
            "SELECT sum(a) AS s FROM t GROUP BY b",
            "SELECT sum(a) AS s FROM t GROUP BY c",
        ),
        (
            "SELECT sum(a) AS s FROM t GROUP BY b",
            "SELECT sum(DISTINCT a) AS s FROM t GROUP BY b",
        ),
        (
            "SELECT sum(a) AS s FROM t GROUP BY b",
            "SELECT sum(a) FILTER (WHERE a > 0) AS s FROM t GROUP BY b",
        ),
        (
            "SELECT sum(a) AS s FROM t GROUP BY b",
            "SELECT sum(a) AS s FROM t GROUP BY b HAVING sum(a) > 1",
        ),
        (
            "SELECT sum(a) AS s FROM t GROUP BY b",
            "SELECT sum(a) AS s FROM t GROUP BY ROLLUP (b)",
        ),
        ("SELECT 1 AS x FROM t", "SELECT 1 AS x, count(*) AS n FROM t"),
        (
            "SELECT b, my_own(a) AS s FROM t GROUP BY ALL",
            "SELECT b, my_own(c) AS s FROM t GROUP BY ALL",
        ),
        (
            "SELECT rank() OVER (PARTITION BY b ORDER BY a) AS n FROM t",
            "SELECT rank() OVER (PARTITION BY b ORDER BY a DESC) AS n FROM t",
        ),
        (
            "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS n FROM t",
            "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS n FROM t",
        ),
        (
            "SELECT sum(a) OVER (ORDER BY b ROWS 1 PRECEDING) AS n FROM t",
            "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS n FROM t",
        ),
        (
            "SELECT sum(a) OVER (ORDER BY b ROWS 1 PRECEDING) AS n FROM t",
            "SELECT sum(a) OVER (ORDER BY b ROWS 2 PRECEDING) AS n FROM t",
        ),
        (
            "SELECT a, rank() OVER (ORDER BY a) AS n FROM t QUALIFY n = 1",
            "SELECT a, rank() OVER (ORDER BY a) AS n FROM t QUALIFY n = 2",
        ),
        (
            "SELECT a FROM t UNION ALL SELECT a FROM u",
            "SELECT a FROM t UNION SELECT a FROM u",
        ),
        (
            "SELECT a FROM t UNION ALL SELECT a FROM u",
            "SELECT a FROM u UNION ALL SELECT a FROM t",
        ),
        (
            "SELECT a FROM t EXCEPT SELECT a FROM u",
            "SELECT a FROM t INTERSECT SELECT a FROM u",
        ),
        (
            "SELECT a FROM t ORDER BY ALL LIMIT 3",
            "SELECT a FROM t ORDER BY ALL DESC LIMIT 3",
        ),
        (
            "SELECT a FROM t ORDER BY ALL LIMIT 3",
            "SELECT a FROM t ORDER BY ALL NULLS FIRST LIMIT 3",
        ),
        (
            "SELECT a FROM t ORDER BY a LIMIT 3",
            "SELECT a FROM t ORDER BY a LIMIT 3 %",
        ),
        (
            "SELECT a FROM t ORDER BY a LIMIT 3",
            "SELECT a FROM t ORDER BY b LIMIT 3",
        ),
        (
            "SELECT a FROM t ORDER BY a LIMIT 3",
            "SELECT a FROM t ORDER BY a LIMIT 3 OFFSET 1",
        ),
        (
            "SELECT DISTINCT ON (b) a FROM t ORDER BY c",
            "SELECT DISTINCT ON (b) a FROM t ORDER BY d",
        ),
        (
            "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
            "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.b)",
        ),
        // The inner `a` is u's own.
        (
            "SELECT a FROM t WHERE b IN (SELECT a FROM u WHERE a = e)",
            "SELECT a FROM t WHERE b IN (SELECT a FROM u WHERE t.a = e)",
        ),
        // The same table at two levels: which one is read matters.
        (
            "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM t i WHERE i.a = t.b)",
            "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM t i WHERE t.a = i.b)",
        ),
        (
            "SELECT (SELECT max(y.v) FROM (SELECT x.v FROM s x WHERE x.k = o.k) y) AS m FROM s o",
            "SELECT (SELECT max(y.v) FROM (SELECT o.v FROM s x WHERE x.k = o.k) y) AS m FROM s o",
        ),
        ("SELECT unnest(a) AS x, b FROM t", "SELECT a AS x, b FROM t"),
        (
            "WITH x AS (SELECT a FROM t LIMIT 1) SELECT a FROM x",
            "WITH x AS (SELECT a FROM t LIMIT 2) SELECT a FROM x",
        ),
        (
            "SELECT a FROM t USING SAMPLE 10",
            "SELECT a FROM t USING SAMPLE 20",
        ),
        (
            "SELECT list_transform(a, x -> x) AS l FROM t",
            "SELECT list_transform(a, x -> b) AS l FROM t",
        ),
        ("SELECT * FROM w", "SELECT * FROM w WHERE x = 1"),
        ("SELECT x FROM w", "SELECT y FROM w"),
        ("SELECT * EXCLUDE (x) FROM w", "SELECT * EXCLUDE (y) FROM w"),
        ("SELECT count(*) AS n FROM t", "SELECT count(a) AS n FROM t"),
        (
            "SELECT struct_pack(x := a) AS s FROM t",
            "SELECT struct_pack(y := a) AS s FROM t",
        ),
        ("VALUES (1, 2)", "VALUES (2, 1)"),
        (
            "PIVOT t ON b IN (1, 2) USING sum(a)",
            "PIVOT t ON b IN (1, 2) USING max(a)",
        ),
        (
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r",
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 6) SELECT n FROM r",
        ),
        ("SELECT a AS x, x AS y FROM t", "SELECT b AS x, x AS y FROM t"),
    ] {
        assert!(!same(a, b), "{a}\n{b}");
    }
}

#[test]
fn an_alias_that_a_column_hides_is_not_read() {
    // DuckDB: `a` in the second item is the column.
    let (one, two) = (
        form("SELECT upper(a) AS a, length(a) AS n FROM t"),
        form("SELECT lower(a) AS a, length(a) AS n FROM t"),
    );
    assert_ne!(one.relation.columns[0], two.relation.columns[0]);
    assert_eq!(one.relation.columns[1], two.relation.columns[1]);
    // Where nothing hides it, it is.
    let (one, two) = (
        form("SELECT upper(a) AS z, length(z) AS n FROM t"),
        form("SELECT lower(a) AS z, length(z) AS n FROM t"),
    );
    assert_ne!(one.relation.columns[1], two.relation.columns[1]);
}

#[test]
fn siblings_of_a_changed_column_stay() {
    let (one, two) = (
        form("SELECT a, b + 1 AS x, sum(c) OVER (PARTITION BY a) AS s FROM t WHERE d > 1"),
        form("SELECT a, b + 2 AS x, sum(c) OVER (PARTITION BY a) AS s FROM t WHERE d > 1"),
    );
    let (one, two) = (one.relation, two.relation);
    assert_eq!(one.rows, two.rows);
    assert_eq!(one.columns[0], two.columns[0]);
    assert_ne!(one.columns[1], two.columns[1]);
    assert_eq!(one.columns[2], two.columns[2]);
    // Of DISTINCT every column decides about the rows.
    let (one, two) = (
        form("SELECT DISTINCT a, b + 1 AS x FROM t"),
        form("SELECT DISTINCT a, b + 2 AS x FROM t"),
    );
    assert_ne!(one.relation.rows, two.relation.rows);
}

#[test]
fn what_two_executions_do_not_share_is_named() {
    let form = form("SELECT a, random() AS r, current_timestamp AS now FROM t");
    assert_eq!(form.relation.columns[0].1.volatile, None);
    assert_eq!(form.relation.columns[1].1.volatile.as_deref(), Some("random"));
    assert!(form.relation.columns[2].1.volatile.is_some());
    let limited = self::form("SELECT a FROM t LIMIT 3").relation;
    assert_eq!(limited.rows.volatile.as_deref(), Some("LIMIT without ORDER BY"));
    assert_eq!(
        self::form("SELECT a FROM t ORDER BY a LIMIT 3")
            .relation
            .rows
            .volatile,
        None
    );
}

#[test]
fn order_is_apart_from_rows() {
    let (one, two) = (
        form("SELECT a FROM t ORDER BY a"),
        form("SELECT a FROM t ORDER BY b"),
    );
    assert_eq!(one.relation.rows, two.relation.rows);
    assert_ne!(one.relation.order, two.relation.order);
    // Who depends on it sees it.
    let list = |by: &str| {
        form(&format!(
            "SELECT list(a) AS l FROM (SELECT a, b FROM t ORDER BY {by})"
        ))
    };
    assert_ne!(list("a").relation.columns, list("b").relation.columns);
    let count = |by: &str| {
        form(&format!(
            "SELECT max(a) AS l FROM (SELECT a, b FROM t ORDER BY {by})"
        ))
    };
    assert_eq!(count("a").relation.columns, count("b").relation.columns);
}

#[test]
fn deep_texts_do_not_overflow() {
    let sum = vec!["a"; 5000].join(" + ");
    form(&format!("SELECT {sum} AS x FROM t"));
    let ctes: Vec<String> = (1..400)
        .map(|i| {
            format!(
                "c{i} AS (SELECT a, b FROM c{} UNION ALL SELECT b, a FROM c{})",
                i - 1,
                i - 1
            )
        })
        .collect();
    form(&format!(
        "WITH c0 AS (SELECT a, b FROM t), {} SELECT a FROM c399",
        ctes.join(", ")
    ));
}

#[test]
fn other_dialects_have_their_own_names() {
    let snowflake = |sql: &str| form_in(sql, Dialect::Snowflake).relation;
    assert_eq!(
        snowflake("SELECT Amount AS X FROM w").columns[0],
        snowflake("SELECT amount AS x FROM w").columns[0]
    );
    assert_ne!(
        snowflake("SELECT \"Amount\" AS X FROM w").columns[0].1,
        snowflake("SELECT amount AS x FROM w").columns[0].1
    );
}
