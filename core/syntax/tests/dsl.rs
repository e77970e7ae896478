//! The DSL against its specification: worked examples, the defects that are gone, mistakes and where they are reported,
//! and the map from the SQL back to the `.rocky` text.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use rocky_base::{Diagnostic, Dialect, FileId, Span};
use rocky_syntax::dsl::{Lowered, lower};
use rocky_syntax::lexer::line_comments;
use rocky_syntax::origin::SegmentKind;
use sqlparser::dialect::{
    BigQueryDialect, DatabricksDialect, Dialect as ParserDialect, DuckDbDialect, SnowflakeDialect,
};
use sqlparser::parser::Parser;
use std::time::{Duration, Instant};

const FILE: FileId = FileId(7);

/// Lower, and check what holds for every text.
fn lowered(text: &str, dialect: Dialect) -> Lowered {
    let lowered = lower(FILE, text, dialect);
    let mut end = 0;
    for segment in lowered.origin.segments() {
        assert_eq!(segment.span.start, end, "gap in the origin map of {text:?}");
        assert_eq!(segment.origin.file, FILE);
        assert!(
            segment.origin.span.end as usize <= text.len(),
            "origin outside of {text:?}"
        );
        if segment.kind == SegmentKind::Verbatim {
            assert_eq!(
                segment.span.slice(&lowered.sql),
                segment.origin.span.slice(text),
                "in {text:?}"
            );
        }
        end = segment.span.end;
    }
    assert_eq!(
        end as usize,
        lowered.sql.len(),
        "end of the origin map of {text:?}"
    );
    for diagnostic in &lowered.diagnostics {
        let loc = diagnostic.primary.as_ref().unwrap().loc;
        assert!(text.get(loc.span.range()).is_some(), "{diagnostic:?}");
    }
    assert_eq!(
        lowered.complete,
        !lowered.diagnostics.iter().any(|d| d.is_error()),
        "{:?}",
        lowered.diagnostics
    );
    lowered
}

fn sql_for(text: &str, dialect: Dialect) -> String {
    let lowered = lowered(text, dialect);
    assert_eq!(lowered.diagnostics, [], "for {text}");
    let parser: &dyn ParserDialect = match dialect {
        Dialect::DuckDb => &DuckDbDialect {},
        Dialect::Databricks => &DatabricksDialect {},
        Dialect::Snowflake => &SnowflakeDialect {},
        Dialect::BigQuery => &BigQueryDialect {},
    };
    // Macro calls are SQL only after their expansion.
    if !text.contains('@') || text.contains("@2") {
        Parser::parse_sql(parser, &lowered.sql).unwrap_or_else(|e| panic!("{e} in {}", lowered.sql));
    }
    lowered.sql
}

fn sql(text: &str) -> String {
    sql_for(text, Dialect::DuckDb)
}

/// The value of `derive { x: … }` as SQL.
fn expr(text: &str) -> String {
    let sql = sql(&format!("from t select {{ x: {text} }}"));
    sql.strip_prefix("SELECT ")
        .unwrap()
        .strip_suffix(" AS x\nFROM t")
        .unwrap()
        .to_owned()
}

/// Code, text at the place, headline.
fn mistakes(text: &str) -> Vec<String> {
    let render = |d: &Diagnostic| {
        let span = d.primary.as_ref().unwrap().loc.span;
        format!("{} at {}: {}", d.code, span.start, d.message)
    };
    lowered(text, Dialect::DuckDb)
        .diagnostics
        .iter()
        .map(render)
        .collect()
}

fn at(text: &str, index: usize) -> (String, String) {
    let lowered = lowered(text, Dialect::DuckDb);
    let diagnostic = &lowered.diagnostics[index];
    let span = diagnostic.primary.as_ref().unwrap().loc.span;
    (
        span.slice(text).to_owned(),
        diagnostic.help.clone().unwrap_or_default(),
    )
}

// ---- worked examples ----

#[test]
fn the_worked_examples_give_the_same_sql_as_release_1_71() {
    let examples = [
        (
            "from rides as r\nwhere r.km >= 5 and r.state != \"void\"\nselect { r.ride_id, r.km }",
            "SELECT r.ride_id, r.km\nFROM rides r\nWHERE r.km >= 5 AND r.state IS DISTINCT FROM 'void'",
        ),
        (
            "from rides\nderive { pace: km / minutes, is_long: km > 20 }",
            "SELECT *, km / minutes AS pace, km > 20 AS is_long\nFROM rides",
        ),
        (
            "from rides\nderive { cost: km * rate }\nwhere cost > 10\n\
             group city { spend: sum(cost), n: count(ride_id) }\nwhere spend > 1_000\nsort spend desc, city\ntake 25",
            "SELECT city, SUM(km * rate) AS spend, COUNT(ride_id) AS n\nFROM rides\nWHERE km * rate > 10\n\
             GROUP BY city\nHAVING spend > 1000\nORDER BY spend DESC, city\nLIMIT 25",
        ),
        (
            "from rides as r\njoin drivers as d on driver_id { keep d.name }\nleft join fleets as f on fleet_id\n\
             select { r.ride_id, d.name, f.label }",
            "SELECT r.ride_id, d.name, f.label\nFROM rides r\nJOIN drivers AS d ON r.driver_id = d.driver_id\n\
             LEFT JOIN fleets AS f ON r.fleet_id = f.fleet_id",
        ),
        (
            "from sensors\nderive { last3: avg(temp) over (partition site, sort read_at, rows 2..current) }",
            "SELECT *, AVG(temp) OVER (PARTITION BY site ORDER BY read_at ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) \
             AS last3\nFROM sensors",
        ),
        (
            "from sensors\nderive { band: match temp { < 0 => \"ice\", 0 => \"zero\", != 99 => \"ok\", _ => \"fault\" } }",
            "SELECT *, CASE WHEN temp < 0 THEN 'ice' WHEN temp = 0 THEN 'zero' \
             WHEN temp IS DISTINCT FROM 99 THEN 'ok' ELSE 'fault' END AS band\nFROM sensors",
        ),
        (
            "let warm = from sensors | where temp > 20\nlet cold = from sensors\nwhere temp <= 20\n\
             from warm\ncross join cold as c\ndistinct",
            "WITH warm AS (SELECT *\nFROM sensors\nWHERE temp > 20),\ncold AS (SELECT *\nFROM sensors\n\
             WHERE temp <= 20)\nSELECT DISTINCT *\nFROM warm\nCROSS JOIN cold AS c",
        ),
        ("from lake.raw.events\nreplicate", "SELECT * FROM lake.raw.events"),
        (
            "from rides\ngroup { total: sum(km), last: max(closed_at) }",
            "SELECT SUM(km) AS total, MAX(closed_at) AS last\nFROM rides",
        ),
        (
            "from rides\nwhere closed_at >= @2024-03-01 and note is not null and not flagged",
            "SELECT *\nFROM rides\nWHERE closed_at >= DATE '2024-03-01' AND note IS NOT NULL AND NOT flagged",
        ),
    ];
    for (text, expected) in examples {
        assert_eq!(sql(text), expected);
    }
}

#[test]
fn the_parts_of_a_window_and_both_spellings_of_joins() {
    assert_eq!(
        expr("f(a, b) over (partition p, r.q, sort -d, e desc, g asc, range unbounded..5)"),
        "F(a, b) OVER (PARTITION BY p, r.q ORDER BY d DESC, e DESC, g RANGE BETWEEN UNBOUNDED PRECEDING AND 5 FOLLOWING)"
    );
    assert_eq!(expr("count() over ()"), "COUNT(*) OVER ()");
    assert_eq!(
        sql("from a left_join b on k right_join c on k full_join d on k cross_join e"),
        "SELECT *\nFROM a\nLEFT JOIN b AS b ON a.k = b.k\nRIGHT JOIN c AS c ON a.k = c.k\n\
         FULL JOIN d AS d ON a.k = d.k\nCROSS JOIN e AS e"
    );
    // They are not keywords.
    assert_eq!(
        sql("from left_join select { left_join, left, full: right }"),
        "SELECT left_join, \"left\", \"right\" AS \"full\"\nFROM left_join"
    );
}

#[test]
fn the_extensions() {
    assert_eq!(expr("a in [1, \"x\", b + 1]"), "a IN (1, 'x', b + 1)");
    assert_eq!(expr("a + 1 not in [2]"), "a + 1 NOT IN (2)");
    assert_eq!(expr("a.b.c + lower(t.d)"), "a.b.c + LOWER(t.d)");
    assert_eq!(
        sql("from t as r select { *, r.*, r.a.b, c, d: c + 1 }"),
        "SELECT *, r.*, r.a.b, c, c + 1 AS d\nFROM t r"
    );
    assert_eq!(
        sql("from t as r group r.city, kind { n: count() } sort -n, lower(r.city) desc"),
        "SELECT r.city, kind, COUNT(*) AS n\nFROM t r\nGROUP BY r.city, kind\nORDER BY n DESC, LOWER(r.city) DESC"
    );
    assert_eq!(
        sql("from a.x as a join lake.b as x on a.id == x.ref_id and x.kind == \"b\" or a.y == 1, z"),
        "SELECT *\nFROM a.x a\nJOIN lake.b AS x ON (a.id = x.ref_id AND x.kind = 'b' OR a.y = 1) AND a.z = x.z"
    );
    assert_eq!(
        sql("from t where r.order == 1"),
        "SELECT *\nFROM t\nWHERE r.\"order\" = 1"
    );
    assert_eq!(expr("@2024-02-29T23:59:59Z"), "TIMESTAMP '2024-02-29T23:59:59Z'");
    assert_eq!(expr("@2024-02-29Z"), "DATE '2024-02-29'");
}

#[test]
fn macros_and_placeholders_pass_through() {
    assert_eq!(
        sql(
            "from t where d >= @start_date and d < @end_date and r == @var(left, \"e'u\") and @is_ok(a + 1, -@b)\n\
             derive { x: @f() }"
        ),
        "SELECT *, @f() AS x\nFROM t\nWHERE d >= @start_date AND d < @end_date AND r = @var(left, 'e''u') \
         AND @is_ok(a + 1, -(@b))"
    );
    // A derived name is replaced inside of macro arguments, the name of a variable is not; a macro is not repeated.
    assert_eq!(
        sql("from t derive { r: a + 1 } where @f(r) == @var(r)"),
        "SELECT *, a + 1 AS r\nFROM t\nWHERE @f(a + 1) = @var(r)"
    );
    assert_eq!(
        sql("from t derive { r: @f(a) } where r > 1"),
        "SELECT *\nFROM (\n  SELECT *, @f(a) AS r\n  FROM t\n) AS _q1\nWHERE r > 1"
    );
}

// ---- defects that are gone ----

#[test]
fn where_steps_keep_their_parentheses() {
    assert_eq!(
        sql("from t where a == 1 or b == 2 where c == 3"),
        "SELECT *\nFROM t\nWHERE (a = 1 OR b = 2) AND c = 3"
    );
    assert_eq!(
        sql("from t where a == 1 or b == 2"),
        "SELECT *\nFROM t\nWHERE a = 1 OR b = 2"
    );
}

#[test]
fn parentheses_stand_where_sql_needs_them() {
    let cases = [
        ("a - (b + c)", "a - (b + c)"),
        ("a / (b * c)", "a / (b * c)"),
        ("a % (b * c)", "a % (b * c)"),
        ("a * (b % c)", "a * (b % c)"),
        ("a * (b / c * d)", "a * (b / c * d)"),
        ("a + (b - c)", "a + (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("a + (b + c)", "a + b + c"),
        ("a * (b * c)", "a * b * c"),
        ("(a + b) * c", "(a + b) * c"),
        ("a and (b or c)", "a AND (b OR c)"),
        ("(a and b) or c", "a AND b OR c"),
        ("a and (b and c)", "a AND b AND c"),
        ("- -b", "-(-b)"),
        ("a - -b", "a - -b"),
        ("-(a + b)", "-(a + b)"),
        ("-(a.b)", "-a.b"),
        ("-(not a)", "-(NOT a)"),
        ("(a or b) is null", "(a OR b) IS NULL"),
        ("a + b is not null", "a + b IS NOT NULL"),
        ("(a == b) == c", "(a = b) = c"),
        ("(a is null) == true", "(a IS NULL) = TRUE"),
        ("(a in [1]) == b", "(a IN (1)) = b"),
        ("not a == b", "(NOT a) = b"),
        ("not (a == b)", "NOT (a = b)"),
        ("not (a is null)", "NOT a IS NULL"),
        ("not not a", "NOT NOT a"),
        ("(not a) is null", "(NOT a) IS NULL"),
        ("not a and b", "NOT a AND b"),
        (
            "match (a or b) { true => 1 }",
            "CASE WHEN (a OR b) = TRUE THEN 1 END",
        ),
        ("match a { (b == c) => 1 }", "CASE WHEN a = (b = c) THEN 1 END"),
        (
            "match a { null => 0, == null => 1, != null => 2 }",
            "CASE WHEN a IS NULL THEN 0 WHEN a IS NULL THEN 1 WHEN a IS DISTINCT FROM NULL THEN 2 END",
        ),
        ("match a { _ => b + 1 }", "b + 1"),
        ("match a { _ => b + 1 } * 2", "(b + 1) * 2"),
        ("match a { 1 => 2 } * 2", "CASE WHEN a = 1 THEN 2 END * 2"),
        ("count()", "COUNT(*)"),
        ("a == null", "a = NULL"),
    ];
    for (text, expected) in cases {
        assert_eq!(expr(text), expected, "for {text}");
    }
}

#[test]
fn a_step_that_cannot_join_the_level_opens_a_new_one() {
    let inner = |inner: &str| format!("FROM (\n  {}\n) AS _q1", inner.replace('\n', "\n  "));
    let cases = [
        (
            "take 10 where a == 1",
            "SELECT *",
            "SELECT *\nFROM t\nLIMIT 10",
            "\nWHERE a = 1",
        ),
        (
            "take 10 sort a",
            "SELECT *",
            "SELECT *\nFROM t\nLIMIT 10",
            "\nORDER BY a",
        ),
        (
            "take 10 take 5",
            "SELECT *",
            "SELECT *\nFROM t\nLIMIT 10",
            "\nLIMIT 5",
        ),
        (
            "take 10 distinct",
            "SELECT DISTINCT *",
            "SELECT *\nFROM t\nLIMIT 10",
            "",
        ),
        (
            "take 10 join u on k",
            "SELECT *",
            "SELECT *\nFROM t\nLIMIT 10",
            "\nJOIN u AS u ON _q1.k = u.k",
        ),
        (
            "take 10 group a { n: count() }",
            "SELECT a, COUNT(*) AS n",
            "SELECT *\nFROM t\nLIMIT 10",
            "\nGROUP BY a",
        ),
        (
            "take 10 derive { r: rank() over (sort a) }",
            "SELECT *, RANK() OVER (ORDER BY a) AS r",
            "SELECT *\nFROM t\nLIMIT 10",
            "",
        ),
        (
            "distinct group a { n: count() }",
            "SELECT a, COUNT(*) AS n",
            "SELECT DISTINCT *\nFROM t",
            "\nGROUP BY a",
        ),
        (
            "distinct derive { b: a + 1 }",
            "SELECT *, a + 1 AS b",
            "SELECT DISTINCT *\nFROM t",
            "",
        ),
        (
            "distinct select { a }",
            "SELECT a",
            "SELECT DISTINCT *\nFROM t",
            "",
        ),
        (
            "distinct join u on k",
            "SELECT *",
            "SELECT DISTINCT *\nFROM t",
            "\nJOIN u AS u ON _q1.k = u.k",
        ),
        (
            "select { a, b } group a { n: count(b) }",
            "SELECT a, COUNT(b) AS n",
            "SELECT a, b\nFROM t",
            "\nGROUP BY a",
        ),
        (
            "group a, b { s: sum(c) } group a { m: max(s) }",
            "SELECT a, MAX(s) AS m",
            "SELECT a, b, SUM(c) AS s\nFROM t\nGROUP BY a, b",
            "\nGROUP BY a",
        ),
        (
            "group a { s: sum(c) } join u on a { keep u.name }",
            "SELECT _q1.*, u.name",
            "SELECT a, SUM(c) AS s\nFROM t\nGROUP BY a",
            "\nJOIN u AS u ON _q1.a = u.a",
        ),
        (
            "group a { s: sum(c), n: count() } derive { mean: s / n }",
            "SELECT *, s / n AS mean",
            "SELECT a, SUM(c) AS s, COUNT(*) AS n\nFROM t\nGROUP BY a",
            "",
        ),
        (
            "derive { rn: row_number() over (partition a, sort -b) } where rn == 1",
            "SELECT *",
            "SELECT *, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC) AS rn\nFROM t",
            "\nWHERE rn = 1",
        ),
        // A filter after a window function must not change what the function saw.
        (
            "derive { rn: row_number() over (sort b) } where a == 1",
            "SELECT *",
            "SELECT *, ROW_NUMBER() OVER (ORDER BY b) AS rn\nFROM t",
            "\nWHERE a = 1",
        ),
        (
            "where a > 1 right join u on k",
            "SELECT *",
            "SELECT *\nFROM t\nWHERE a > 1",
            "\nRIGHT JOIN u AS u ON _q1.k = u.k",
        ),
        (
            "derive { a: 1 } full join u on k",
            "SELECT *",
            "SELECT *, 1 AS a\nFROM t",
            "\nFULL JOIN u AS u ON _q1.k = u.k",
        ),
        (
            "derive { k: lower(x) } group k { n: count() }",
            "SELECT k, COUNT(*) AS n",
            "SELECT *, LOWER(x) AS k\nFROM t",
            "\nGROUP BY k",
        ),
        (
            "derive { k: lower(x) } join u on k",
            "SELECT *",
            "SELECT *, LOWER(x) AS k\nFROM t",
            "\nJOIN u AS u ON _q1.k = u.k",
        ),
        (
            "derive { k: lower(x) } derive { n: count() over (partition k) }",
            "SELECT *, COUNT(*) OVER (PARTITION BY k) AS n",
            "SELECT *, LOWER(x) AS k\nFROM t",
            "",
        ),
        (
            "derive { r: random() } where r > 0.5",
            "SELECT *",
            "SELECT *, RANDOM() AS r\nFROM t",
            "\nWHERE r > 0.5",
        ),
        (
            "sort b group a { l: last(b) }",
            "SELECT a, LAST(b) AS l",
            "SELECT *\nFROM t\nORDER BY b",
            "\nGROUP BY a",
        ),
    ];
    for (steps, select, from, rest) in cases {
        assert_eq!(
            sql(&format!("from t {steps}")),
            format!("{select}\n{}{rest}", inner(from)),
            "for {steps}"
        );
    }
}

#[test]
fn steps_that_can_join_the_level_do() {
    let cases = [
        (
            "where a == 1 sort b take 5",
            "SELECT *\nFROM t\nWHERE a = 1\nORDER BY b\nLIMIT 5",
        ),
        (
            "sort b where a == 1 select { c }",
            "SELECT c\nFROM t\nWHERE a = 1\nORDER BY b",
        ),
        (
            "take 5 derive { x: a + 1 }",
            "SELECT *, a + 1 AS x\nFROM t\nLIMIT 5",
        ),
        ("select { a } where b > 1", "SELECT a\nFROM t\nWHERE b > 1"),
        ("derive { x: a } select { x, b }", "SELECT a AS x, b\nFROM t"),
        (
            "derive { x: a + b } sort x",
            "SELECT *, a + b AS x\nFROM t\nORDER BY x",
        ),
        (
            "group a { n: count() } derive { u: upper(a) }",
            "SELECT a, COUNT(*) AS n, UPPER(a) AS u\nFROM t\nGROUP BY a",
        ),
        (
            "group a { n: count() } distinct",
            "SELECT DISTINCT a, COUNT(*) AS n\nFROM t\nGROUP BY a",
        ),
        (
            "group a { n: count() } select { n }",
            "SELECT COUNT(*) AS n\nFROM t\nGROUP BY a",
        ),
        ("sort a, b sort c", "SELECT *\nFROM t\nORDER BY a, b, c"),
        ("sort", "SELECT *\nFROM t"),
    ];
    for (steps, expected) in cases {
        assert_eq!(sql(&format!("from t {steps}")), expected, "for {steps}");
    }
}

#[test]
fn conditions_and_sort_keys_keep_their_meaning_when_the_output_changes() {
    let cases = [
        // The aggregate's name is gone, or is an input column too.
        (
            "group a { s: sum(x) } where s > 5 sort s desc select { a }",
            "SELECT a\nFROM t\nGROUP BY a\nHAVING SUM(x) > 5\nORDER BY SUM(x) DESC",
        ),
        (
            "group a { x: sum(x) } where x > 5",
            "SELECT a, SUM(x) AS x\nFROM t\nGROUP BY a\nHAVING SUM(x) > 5",
        ),
        (
            "group c { n: count() } select { c: n } where c > 1",
            "SELECT COUNT(*) AS c\nFROM t\nGROUP BY c\nHAVING COUNT(*) > 1",
        ),
        (
            "derive { c: a + b } sort c select { a }",
            "SELECT a\nFROM t\nORDER BY a + b",
        ),
        (
            "sort x select { x: y, z }",
            "SELECT y AS x, z\nFROM t\nORDER BY t.x",
        ),
        // LIMIT takes the first rows of the pipeline's order, also across levels.
        (
            "sort a, x derive { rn: rank() over (sort b) } where rn > 1 take 3",
            "SELECT *\nFROM (\n  SELECT *, RANK() OVER (ORDER BY b) AS rn\n  FROM t\n  ORDER BY a, x\n) AS _q1\n\
             WHERE rn > 1\nORDER BY _q1.a, _q1.x\nLIMIT 3",
        ),
        (
            "select { b } sort a take 10 take 3",
            "SELECT * EXCLUDE (_h1)\nFROM (\n  SELECT b, a AS _h1\n  FROM t\n  ORDER BY a\n  LIMIT 10\n) AS _q1\n\
             ORDER BY _q1._h1\nLIMIT 3",
        ),
    ];
    for (steps, expected) in cases {
        assert_eq!(sql(&format!("from t {steps}")), expected, "for {steps}");
    }
}

#[test]
fn a_column_that_is_derived_again_is_replaced() {
    let redefined = "from t derive { a: a + 1, b: a * 2 } where a > 3";
    assert_eq!(
        sql(redefined),
        "SELECT * REPLACE (a + 1 AS a), (a + 1) * 2 AS b\nFROM t\nWHERE a + 1 > 3"
    );
    assert_eq!(
        sql_for(redefined, Dialect::BigQuery),
        "SELECT * REPLACE (a + 1 AS a), (a + 1) * 2 AS b\nFROM t\nWHERE a + 1 > 3"
    );
    assert_eq!(
        sql_for(redefined, Dialect::Databricks),
        "SELECT * EXCEPT (a), a + 1 AS a, (a + 1) * 2 AS b\nFROM t\nWHERE a + 1 > 3"
    );
    assert_eq!(
        sql_for(redefined, Dialect::Snowflake),
        "SELECT * EXCLUDE (a), a + 1 AS a, (a + 1) * 2 AS b\nFROM t\nWHERE a + 1 > 3"
    );
    assert_eq!(
        sql("from t derive { x: 1 } derive { x: x + b }"),
        "SELECT *, 1 + b AS x\nFROM t"
    );
    assert_eq!(
        sql("from t select { a, b } derive { A: a + b }"),
        "SELECT a + b AS A, b\nFROM t"
    );
    assert_eq!(
        sql("from t join u on k { keep u.p } derive { p: p + 1 } where p > 2"),
        "SELECT t.*, p + 1 AS p\nFROM t\nJOIN u AS u ON t.k = u.k\nWHERE p + 1 > 2"
    );
    // Known from the level below.
    assert_eq!(
        sql("from t group k { n: count() } derive { n: 2 * k }"),
        "SELECT * REPLACE (2 * k AS n)\nFROM (\n  SELECT k, COUNT(*) AS n\n  FROM t\n  GROUP BY k\n) AS _q1"
    );
}

#[test]
fn joins_address_their_columns() {
    let cases = [
        (
            "from lake.raw.orders join c as d on id",
            "SELECT *\nFROM lake.raw.orders\nJOIN c AS d ON orders.id = d.id",
        ),
        (
            "from a join b as d on id join c on d.city_id",
            "SELECT *\nFROM a\nJOIN b AS d ON a.id = d.id\nJOIN c AS c ON d.city_id = c.city_id",
        ),
        (
            "from u as r join y on k { keep y.name }",
            "SELECT r.*, y.name\nFROM u r\nJOIN y AS y ON r.k = y.k",
        ),
        (
            "from u join y on k { keep name } join z on k derive { a: b + 1 }",
            "SELECT u.*, z.*, b + 1 AS a, y.name\nFROM u\nJOIN y AS y ON u.k = y.k\nJOIN z AS z ON u.k = z.k",
        ),
        ("from u cross join y", "SELECT *\nFROM u\nCROSS JOIN y AS y"),
    ];
    for (text, expected) in cases {
        assert_eq!(sql(text), expected, "for {text}");
    }
}

#[test]
fn qualified_names_reach_into_wrapped_levels() {
    assert_eq!(
        sql("from t as r take 5 where r.a > 1 select { r.b }"),
        "SELECT _q1.b\nFROM (\n  SELECT *\n  FROM t r\n  LIMIT 5\n) AS _q1\nWHERE _q1.a > 1"
    );
    // Both relations may have `kind` and `id`: the right ones are exported under hidden names.
    let text = "from t as x join u as y on id take 5 where y.kind == 1 join z on id";
    let expected = |out: &str| {
        format!(
            "SELECT * {out} (_h1, _h2)\nFROM (\n  SELECT *, y.kind AS _h1, x.id AS _h2\n  FROM t x\n  \
             JOIN u AS y ON x.id = y.id\n  LIMIT 5\n) AS _q1\nJOIN z AS z ON _q1._h2 = z.id\nWHERE _q1._h1 = 1"
        )
    };
    assert_eq!(sql(text), expected("EXCLUDE"));
    assert_eq!(sql_for(text, Dialect::Databricks), expected("EXCEPT"));
    assert_eq!(
        sql("from t as x group x.city { n: count() } group x.city { m: max(n) }"),
        "SELECT _q1.city, MAX(n) AS m\nFROM (\n  SELECT x.city, COUNT(*) AS n\n  FROM t x\n  GROUP BY x.city\n) AS _q1\n\
         GROUP BY _q1.city"
    );
    assert_eq!(
        mistakes("from t as x group x.city { n: count() } group x.kind { m: max(n) }"),
        ["E401 at 46: `x.kind` is not among the columns left by the steps before"]
    );
    assert_eq!(
        mistakes("from t as x join u as y on id take 5 where a == 1 select { y.* }"),
        ["E401 at 59: `y.*` cannot be told apart after the steps before"]
    );
}

#[test]
fn generated_names_do_not_meet_written_ones() {
    assert!(sql("from t take 5 where _q1 > 1").ends_with(") AS _q2\nWHERE _q1 > 1"));
}

#[test]
fn names_and_strings_are_written_as_the_dialect_wants() {
    let text = "from left as order_ derive { select_: \"it's \\\", left: 1 }";
    let of = |d: Dialect| sql_for(text, d);
    assert_eq!(
        of(Dialect::DuckDb),
        "SELECT *, 'it''s \\' AS select_, 1 AS \"left\"\nFROM \"left\" order_"
    );
    assert_eq!(
        of(Dialect::Snowflake),
        "SELECT *, 'it''s \\\\' AS select_, 1 AS \"LEFT\"\nFROM \"LEFT\" order_"
    );
    assert_eq!(
        of(Dialect::BigQuery),
        "SELECT *, 'it\\'s \\\\' AS select_, 1 AS `left`\nFROM `left` order_"
    );
    // Function names stay bare.
    assert_eq!(expr("left(a, 2)"), "LEFT(a, 2)");
}

// ---- mistakes ----

#[test]
fn each_mistake_is_reported_at_its_token() {
    let cases = [
        ("from t where a = 1", "=", "use `==` to compare"),
        ("from t where a <> 1", "<>", "use `!=` for unequal"),
        (
            "from t where a < b < c",
            "<",
            "comparisons do not chain; combine two with `and`",
        ),
        ("from t WHERE a == 1", "WHERE", "keywords are lower case: `where`"),
        ("from t limit 5", "limit", "use `take`"),
        ("from t inner join u on k", "inner", "use `join`"),
        (
            "from t where a in (1)",
            "(",
            "write the list in brackets: `in [a, b]`",
        ),
        ("from t; where a == 1", ";", "remove it; steps need no end mark"),
        ("from t where a && b", "&&", "write `and`"),
        ("from t where a || b", "b", "use `or`"),
        ("from t where !a", "!", "write `not`, or `!=` for unequal"),
        (
            "from t where 1e5 > a",
            "e5",
            "write the number without letters or exponent",
        ),
        ("from t where .5 > a", ".", ""),
        ("from t where a == \"x", "\"", "end the string with `\"`"),
        ("from t where café == 1", "café", ""),
        ("from t $$€ where a == 1", "$$€", ""),
        ("from t where d == @2025-13-45", "@2025-13-45", ""),
        ("from t where d == @2025-02-29", "@2025-02-29", ""),
        (
            "from t where d == @2025-02-28T24:00:00",
            "@2025-02-28T24:00:00",
            "",
        ),
        ("from t where d == @25-1-1", "@25-1-1", ""),
        ("from t take 99999999999999999999", "99999999999999999999", ""),
        ("from t take 1.5", "1.5", ""),
        ("from t take x", "x", ""),
        ("where a == 1 from t", "where", "begin the pipeline with `from`"),
        ("where a == 1", "where", "begin the pipeline with `from`"),
        (
            "from t from u",
            "from",
            "combine relations with `join`, or name a pipeline with `let`",
        ),
        ("let x = from t", "let x", "add one: `from x`"),
        (
            "let x = from t let X = from u from x",
            "X",
            "give one of them another name",
        ),
        (
            "from t let x = from u",
            "let",
            "move every `let` before the main pipeline",
        ),
        (
            "let x = where a == 1 let y = from u from y",
            "where",
            "begin the pipeline with `from`",
        ),
        ("from t replicate where a == 1", "where", "remove one of them"),
        (
            "from t as order",
            "order",
            "choose another name; `order` is a keyword",
        ),
        (
            "from t derive { x: match a { _ => 0, 1 => 2 } }",
            "_",
            "move the `_` arm to the end",
        ),
        ("from t derive { x: match a { } }", "match", "add `_ => value`"),
        (
            "from t select { a + b }",
            "+",
            "name the expression: `name: expression`",
        ),
        ("from t select { }", "select", "name at least one column"),
        ("from t group { }", "group", "add `name: count()`"),
        ("from t sort -a desc", "desc", "remove one of them"),
        ("from t sort 1", "1", ""),
        (
            "from t join u on u.k",
            "u.k",
            "write the key of the other relation, or a condition: `… == u.k`",
        ),
        ("from t join u", "", ""),
        ("from t cross join u on k", "on", "use `join`"),
        ("from t join u on k { }", "}", ""),
        ("from t where a in []", "[]", "list at least one value"),
        ("from t derive { x: f(a) over (rows 1..2, sort a) }", ",", ""),
        ("from t where (a == 1", "", ""),
        ("from t where a is 1", "1", ""),
        ("from t derive { a: 1", "", ""),
    ];
    for (text, place, help) in cases {
        let found = lowered(text, Dialect::DuckDb);
        assert_eq!(found.diagnostics.len(), 1, "for {text}: {:?}", found.diagnostics);
        assert_eq!(found.diagnostics[0].code.id(), "E401");
        assert_eq!(
            at(text, 0),
            (place.to_owned(), help.to_owned()),
            "for {text}: {:?}",
            found.diagnostics[0].message
        );
    }
    // The offset of the second `<`, the second `from`, and of the end.
    assert_eq!(
        mistakes("from t where a < b < c"),
        ["E401 at 19: expected a step, found `<`"]
    );
    assert_eq!(
        mistakes("from t from u"),
        ["E401 at 7: second `from` in one pipeline"]
    );
    assert_eq!(
        mistakes("from t join u"),
        ["E401 at 13: expected `on`, found the end of the file"]
    );
    assert_eq!(mistakes(" -- nothing\n"), ["E413 at 0: empty model"]);
}

#[test]
fn the_help_for_a_single_equals_sign_is_an_edit() {
    let lowered = lower(FILE, "from t where a = 1", Dialect::DuckDb);
    let fix = lowered.diagnostics[0].fix.as_ref().unwrap();
    assert_eq!(
        (fix.edits[0].loc.span, fix.edits[0].text.as_str()),
        (Span::new(15, 16), "==")
    );
}

#[test]
fn all_mistakes_of_a_file_are_reported() {
    let text = "let a = from\nlet b = from t where )\n\
                from t; where x = 1\nselect { a, 1 + 2, b: ) c, d }\nderive { x: 1 y: 2 + * 3, z: 4 5, w: 6 }\n\
                take many\nsort -a desc\nwhere (b == 1\ndistinct";
    assert_eq!(
        mistakes(text),
        [
            "E401 at 13: expected a relation, found `let`",
            "E401 at 34: expected an expression, found `)`",
            "E401 at 42: unknown character `;`",
            "E401 at 52: expected `==`, found `=`",
            "E401 at 68: expected a column, `name: expression`, `*` or `}`, found `1`",
            "E401 at 78: expected an expression, found `)`",
            "E401 at 108: expected an expression, found `*`",
            "E401 at 118: expected `name: expression` or `}`, found `5`",
            "E401 at 133: expected a number of rows, found `many`",
            "E401 at 146: direction given twice: `-` already means descending",
            "E401 at 165: expected `)`, found `distinct`",
        ]
    );
    // What can be read is still lowered.
    let sql = lowered(text, Dialect::DuckDb).sql;
    assert!(sql.ends_with("FROM t\nWHERE x = 1\nORDER BY a DESC"), "{sql}");
}

// ---- depth and size ----

#[test]
fn nesting_counts_brackets_and_not_precedence_levels() {
    let nested = |n: usize| format!("from t where {}a{} == 1", "(".repeat(n), ")".repeat(n));
    assert_eq!(sql(&nested(200)), "SELECT *\nFROM t\nWHERE a = 1");
    assert_eq!(
        mistakes(&nested(201)),
        ["E412 at 213: expression nested more than 200 levels deep"]
    );
}

#[test]
fn deep_nesting_is_one_diagnostic_on_a_small_stack() {
    let work = || {
        let n = 10_000;
        let texts = [
            format!("from t where {}a{}", "(".repeat(n), ")".repeat(n)),
            format!("from t where {}a", "(".repeat(n)),
            format!("from t where {}a", "not ".repeat(n)),
            format!("from t where {}a", "- ".repeat(n)),
            format!("from t where {}a{}", "f(".repeat(n), ")".repeat(n)),
            format!("from t where {}a{}", "@f(".repeat(n), ")".repeat(n)),
            format!("from t where {}a{}", "a in [".repeat(n), "]".repeat(n)),
            format!("from t where {}a{}", "match a { 1 => ".repeat(n), "}".repeat(n)),
            format!("from t {}", "take 1 ".repeat(n)),
        ];
        for text in texts {
            let lowered = lowered(&text, Dialect::DuckDb);
            let codes: Vec<&str> = lowered.diagnostics.iter().map(|d| d.code.id()).collect();
            assert_eq!(
                codes,
                ["E412"],
                "for {:.30}: {:?}",
                text,
                lowered.diagnostics.first()
            );
        }
        // The deepest that is accepted, with every precedence level in each nesting.
        let deep = format!(
            "from t where {}a{}",
            "(a or b and c == d + e * -(".repeat(66),
            "))".repeat(66)
        );
        assert!(lower(FILE, &deep, Dialect::DuckDb).complete);
        // 199 levels, each read by the next.
        let levels = format!("from t as x {} where x.a == 1", "take 1 ".repeat(200));
        assert!(lower(FILE, &levels, Dialect::DuckDb).complete);
    };
    std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn repeated_subjects_of_nested_matches_do_not_explode() {
    let text = format!(
        "from t select {{ x: {}a{} }}",
        "match (".repeat(60),
        ") { 1 => 2, 2 => 3, _ => 4 }".repeat(60)
    );
    let exploded = lower(FILE, &text, Dialect::DuckDb);
    assert_eq!(
        exploded
            .diagnostics
            .iter()
            .map(|d| d.code.id())
            .collect::<Vec<_>>(),
        ["E412"]
    );
    // Derived names that double each time.
    let doubling: String = (1..200).map(|i| format!("x{i}: x{0} + x{0},", i - 1)).collect();
    let lowered = lowered(&format!("from t derive {{ {doubling} }}"), Dialect::DuckDb);
    assert!(lowered.complete && lowered.sql.len() < 50_000);
}

#[test]
fn a_megabyte_takes_linear_time() {
    let whole = std::cell::Cell::new(1 << 20);
    let fill = |head: &str, unit: &dyn Fn(usize) -> String, tail: &str| {
        let mut text = head.to_owned();
        let mut i = 0;
        // The first shape in full, the others in a quarter, to keep the tests fast.
        let size = whole.replace(1 << 18);
        while text.len() < size {
            text.push_str(&unit(i));
            i += 1;
        }
        text + tail
    };
    let texts = [
        fill("from t where a", &|_| " + a".to_owned(), " > 1"),
        fill("from t where a", &|_| " and a == 1".to_owned(), ""),
        fill("from t ", &|i| format!("where a{i} > 1 "), ""),
        fill("from t derive { ", &|i| format!("d{i}: a + {i}, "), "}"),
        fill(
            "from t derive { ",
            &|i| {
                format!(
                    "d{i}: {} + 1, ",
                    if i == 0 {
                        "a".into()
                    } else {
                        format!("d{}", i - i % 7)
                    }
                )
            },
            "}",
        ),
        fill("from t select { ", &|i| format!("d{i}, "), "}"),
        fill("from t group ", &|i| format!("d{i}, "), "{ n: count() }"),
        fill("from t ", &|i| format!("join u{i} on k "), ""),
        fill(
            "from t sort a",
            &|i| format!(", a{i} desc"),
            " derive { a: a + 1 }",
        ),
        fill("from t where a in [", &|i| format!("{i}, "), "0]"),
        fill(
            "from t where match a {",
            &|i| format!("{i} => b, "),
            "_ => 1 } == 2",
        ),
        fill("", &|i| format!("let l{i} = from t "), "from l0"),
        fill("from t ", &|_| "; $ ".to_owned(), ""),
        fill("from t select {", &|_| " ) , 1 +".to_owned(), "}"),
        fill("from t ", &|_| "\"".to_owned(), ""),
        fill("from t -- ", &|_| "x".to_owned(), ""),
    ];
    for text in texts {
        let start = Instant::now();
        let lowered = lower(FILE, &text, Dialect::DuckDb);
        let time = start.elapsed();
        // A debug build takes a fraction of this; a quadratic loop takes minutes.
        assert!(time < Duration::from_secs(10), "{time:?} for {:.40}", text);
        drop(lowered);
    }
}

// ---- origins ----

#[test]
fn the_sql_of_a_pipeline_leads_back_to_its_words() {
    let text = "from lake.rides as r\nderive { cost: r.km * rate }\nwhere cost > 1_000 and note != \"void\"\n\
                group city { spend: sum(cost) }\nsort spend desc";
    let lowered = lowered(text, Dialect::DuckDb);
    assert_eq!(
        lowered.sql,
        "SELECT city, SUM(r.km * rate) AS spend\nFROM lake.rides r\n\
         WHERE r.km * rate > 1000 AND note IS DISTINCT FROM 'void'\nGROUP BY city\nORDER BY spend DESC"
    );
    let origin = |needle: &str| {
        let start = lowered.sql.find(needle).unwrap() as u32;
        let span = Span::new(start, start + needle.len() as u32);
        (
            lowered.origin.locate(span).span.slice(text).to_owned(),
            lowered.origin.locate_exact(span).is_some(),
        )
    };
    for name in [
        "city",
        "r.km",
        "km",
        "rate",
        "r.km * rate",
        "spend",
        "lake.rides",
        "lake",
        "note",
    ] {
        assert_eq!(origin(name), (name.to_owned(), true));
    }
    // Not the same bytes: the whole token.
    assert_eq!(origin("SUM"), ("sum".to_owned(), false));
    assert_eq!(origin("1000"), ("1_000".to_owned(), false));
    assert_eq!(origin("void"), ("\"void\"".to_owned(), false));
    assert_eq!(origin("IS DISTINCT FROM"), ("!=".to_owned(), false));
    assert_eq!(origin("DESC"), ("desc".to_owned(), false));
    // Keywords lead to their step.
    assert_eq!(origin("WHERE").0, "where cost > 1_000 and note != \"void\"");
    assert_eq!(origin("GROUP BY").0, "group city { spend: sum(cost) }");
    assert_eq!(origin("FROM").0, "from lake.rides as r");
    assert_eq!(origin("SUM(r.km * rate)").0.lines().next(), Some("r.km * rate }"));
}

#[test]
fn readdressed_names_lead_back_to_what_was_written() {
    let text = "from a as x join b as y on id take 5 where y.kind == 1";
    let lowered = lowered(text, Dialect::DuckDb);
    let locate = |needle: &str| {
        let start = lowered.sql.rfind(needle).unwrap() as u32;
        lowered
            .origin
            .locate(Span::new(start, start + needle.len() as u32))
            .span
            .slice(text)
    };
    assert_eq!(locate("_q1._h1"), "y.kind");
    assert_eq!(locate("y.kind"), "y.kind");
    assert_eq!(locate("x.id"), "id");
    assert_eq!(locate("LIMIT"), "take 5");
}

// ---- anything ----

#[test]
fn no_soup_of_tokens_panics() {
    let words = [
        "from",
        "where",
        "group",
        "derive",
        "select",
        "join",
        "left",
        "sort",
        "take",
        "distinct",
        "replicate",
        "let",
        "x",
        "y",
        "t.a",
        "x.",
        "*",
        "t.*",
        "1",
        "2_0",
        "@2024-01-01",
        "@2024-99-01",
        "@m",
        "@var(",
        "\"s\"",
        "'",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "|",
        "..",
        "=>",
        "=",
        "==",
        "!=",
        "<",
        "-",
        "+",
        "not",
        "and",
        "or",
        "is",
        "null",
        "in",
        "match",
        "_",
        "over",
        "partition",
        "rows",
        "unbounded",
        "current",
        "on",
        "as",
        "keep",
        "desc",
        "é",
        ";",
        "--\n",
        "on k",
        "count()",
        "{ a: x }",
        "from t",
        "{ keep u.p }",
    ];
    let steps = [
        "where x > 1",
        "where t.x in [1]",
        "take 3",
        "distinct",
        "sort x",
        "sort -t.x",
        "select { * }",
        "select { x, z: t.a }",
        "derive { x: x + 1 }",
        "derive { x: x + 1, y: z }",
        "derive { x: rank() over (partition y, sort -x) }",
        "group x { n: count() }",
        "group x, y { z: sum(n) }",
        "join u on k",
        "full join u as v on x { keep v.p }",
    ];
    let mut state = 42_u64;
    let mut next = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut complete = 0;
    for round in 0..6000 {
        let mut text = if round % 2 == 0 {
            "from t as t ".to_owned()
        } else {
            String::new()
        };
        let pool = if round % 2 == 0 && round % 3 < 2 {
            &steps[..]
        } else {
            &words[..]
        };
        for _ in 0..next(24) {
            text.push_str(pool[next(pool.len())]);
            text.push(' ');
        }
        let dialect = Dialect::ALL[next(4)];
        complete += usize::from(lowered(&text, dialect).complete);
        // Every prefix is a text that an editor holds.
        let cut = next(text.len() + 1);
        if text.is_char_boundary(cut) {
            lowered(&text[..cut], dialect);
        }
    }
    assert!(complete > 500, "only {complete} of the soups were whole");
}

#[test]
fn comments_are_kept_with_their_places() {
    let text = "-- rocky-allow: E101 \r\nfrom orders -- why\nwhere a > 1 --\n-- é";
    let lowered = lowered(text, Dialect::DuckDb);
    let found: Vec<_> = line_comments(text, &lowered.comments)
        .map(|c| (c.span.slice(text), c.body, c.body_span.slice(text)))
        .collect();
    assert_eq!(
        found,
        [
            ("-- rocky-allow: E101 ", "rocky-allow: E101", "rocky-allow: E101"),
            ("-- why", "why", "why"),
            ("--", "", ""),
            ("-- é", "é", "é"),
        ]
    );
}
