//! The parser: what it accepts, the trees it builds, its spans, its messages and its behaviour on damaged text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod show;

use rocky_base::Dialect;
use rocky_syntax::ast::{
    Ast, Body, ExprKind, FrameBound, FrameExclude, FrameUnit, FromKind, JoinConstraint, JoinKind, Over,
    SelectItem,
};
use rocky_syntax::lexer::{TokenKind, lex, line_comments};
use rocky_syntax::parser::{MAX_NESTING, parse, parse_expression};
use show::{show_expr, show_from, show_query};
use std::path::Path;

fn data(name: &str) -> String {
    std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data")
            .join(name),
    )
    .unwrap()
}

fn lines(name: &str) -> Vec<String> {
    data(name).lines().map(|l| l.replace("\\n", "\n")).collect()
}

/// Every valid query of the fixtures with its dialect.
fn corpus() -> Vec<(Dialect, String)> {
    let mut all: Vec<(Dialect, String)> = lines("accept.txt")
        .into_iter()
        .map(|l| (Dialect::DuckDb, l))
        .collect();
    for dialect in [Dialect::Databricks, Dialect::Snowflake, Dialect::BigQuery] {
        all.extend(
            lines(&format!("dialects/{dialect}.txt"))
                .into_iter()
                .map(|l| (dialect, l)),
        );
    }
    for n in 1..=22 {
        all.push((Dialect::DuckDb, data(&format!("tpch/q{n:02}.sql"))));
    }
    all
}

fn messages(sql: &str, dialect: Dialect) -> Vec<String> {
    let parsed = parse(sql, dialect);
    parsed
        .diagnostics
        .iter()
        .map(|d| {
            format!(
                "{} {:?} {}",
                d.code,
                d.primary.as_ref().unwrap().loc.span.slice(sql),
                d.message
            )
        })
        .collect()
}

fn select_items(ast: &Ast) -> &[SelectItem] {
    match &ast.query(ast.root.unwrap()).body {
        Body::Select(select) => &select.items,
        other => panic!("{other:?}"),
    }
}

/// The first column of a query as an s-expression.
fn first(sql: &str, dialect: Dialect) -> String {
    let parsed = parse(sql, dialect);
    assert!(parsed.diagnostics.is_empty(), "{sql}: {:?}", parsed.diagnostics);
    match &select_items(&parsed.ast)[0] {
        SelectItem::Expr { expr, .. } => show_expr(&parsed.ast, sql, *expr),
        SelectItem::Star(star) => star.span.slice(sql).to_owned(),
    }
}

fn expr(text: &str) -> String {
    expr_in(text, Dialect::DuckDb)
}

fn expr_in(text: &str, dialect: Dialect) -> String {
    first(&format!("select {text}"), dialect)
}

fn from(text: &str) -> String {
    from_in(text, Dialect::DuckDb)
}

fn from_in(text: &str, dialect: Dialect) -> String {
    let sql = format!("select * from {text}");
    let parsed = parse(&sql, dialect);
    assert!(parsed.diagnostics.is_empty(), "{sql}: {:?}", parsed.diagnostics);
    match &parsed.ast.query(parsed.ast.root.unwrap()).body {
        Body::Select(select) => select
            .from
            .iter()
            .map(|f| show_from(&parsed.ast, &sql, *f))
            .collect::<Vec<_>>()
            .join(", "),
        other => panic!("{other:?}"),
    }
}

fn query(sql: &str) -> String {
    let parsed = parse(sql, Dialect::DuckDb);
    assert!(parsed.diagnostics.is_empty(), "{sql}: {:?}", parsed.diagnostics);
    show_query(&parsed.ast, sql, parsed.ast.root.unwrap())
}

// ---- agreement with the engines

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
    let failures: Vec<String> = lines("accept.txt")
        .iter()
        .map(|sql| (sql, messages(sql, Dialect::DuckDb)))
        .filter(|(_, found)| !found.is_empty())
        .map(|(sql, found)| format!("{sql}\n    {found:?}"))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn rejects_what_duckdb_rejects() {
    let failures: Vec<String> = lines("reject.txt")
        .into_iter()
        .filter(|sql| parse(sql, Dialect::DuckDb).diagnostics.is_empty())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn most_mistakes_give_one_message() {
    let several: Vec<String> = lines("reject.txt")
        .into_iter()
        .filter(|sql| parse(sql, Dialect::DuckDb).diagnostics.len() > 1)
        .collect();
    // Two mistakes, or a clause without its operand before another clause.
    assert!(several.len() <= 5, "{}", several.join("\n"));
}

#[test]
fn the_other_dialects_parse_their_own_constructs() {
    for dialect in [Dialect::Databricks, Dialect::Snowflake, Dialect::BigQuery] {
        for sql in lines(&format!("dialects/{dialect}.txt")) {
            assert_eq!(messages(&sql, dialect), Vec::<String>::new(), "{dialect}: {sql}");
        }
    }
}

// ---- expressions

#[test]
fn operators_bind_as_in_duckdb() {
    // Each pair was read off `json_serialize_sql` of DuckDB 1.5.5.
    for (text, expected) in [
        ("a = b is null", "(is-null (= a b))"),
        ("not a = b", "(not (= a b))"),
        ("a || b + c", "(|| a (+ b c))"),
        ("-a ** 2", "(** (- a) 2)"),
        ("2 ^ 3 ^ 4", "(** (** 2 3) 4)"),
        ("- a * b", "(* (- a) b)"),
        ("- a :: int", "(- (:: a int))"),
        ("x::int + 1", "(+ (:: x int) 1)"),
        ("a between 1 and 2 and b", "(and (between a 1 2) b)"),
        ("a between 1 + 2 and 3 = 4", "(= (between a (+ 1 2) 3) 4)"),
        ("a -> 'x' = 'y'", "(-> a (= 'x' 'y'))"),
        ("a ->> 'x' = 'y'", "(= (->> a 'x') 'y')"),
        ("a || b ->> 'x'", "(->> (|| a b) 'x')"),
        ("a -> 'x' -> 'y'", "(-> (-> a 'x') 'y')"),
        ("a and b -> 'x'", "(-> (and a b) 'x')"),
        ("a -> 'x' is null", "(-> a (is-null 'x'))"),
        ("a = b in (1)", "(= a (in b 1))"),
        ("a in (1) = b", "(= (in a 1) b)"),
        ("a like b = c", "(= (like a b) c)"),
        ("a || b like c || d", "(like (|| a b) (|| c d))"),
        ("a like b || c escape 'x'", "(like a (|| b c) 'x')"),
        ("a is null = b", "(= (is-null a) b)"),
        ("a is null is null", "(is-null (is-null a))"),
        ("a = b is not distinct from c", "(is-not-distinct (= a b) c)"),
        ("a is distinct from b = c", "(is-distinct a (= b c))"),
        ("a & b | c", "(| (& a b) c)"),
        ("a | b & c", "(& (| a b) c)"),
        ("a + b << c", "(<< (+ a b) c)"),
        ("~ a + b", "(~ (+ a b))"),
        ("@ a + b", "(@ (+ a b))"),
        ("a collate nocase = b", "(= (collate a nocase) b)"),
        ("a || b collate nocase", "(|| a (collate b nocase))"),
        ("a at time zone 'x' + b", "(+ (at-time-zone a 'x') b)"),
        ("a + b at time zone 'x'", "(+ a (at-time-zone b 'x'))"),
        ("-a at time zone 'x'", "(at-time-zone (- a) 'x')"),
        ("-a[1]", "(- (index a 1))"),
        ("a % b * c", "(* (% a b) c)"),
        ("a // b * c", "(* (// a b) c)"),
        ("a in b + c", "(+ (in a b) c)"),
        ("a in l = c", "(= (in a l) c)"),
        ("a !", "(! a)"),
        ("a or b and not c or d", "(or (or a (and b (not c))) d)"),
        ("a - b - c", "(- (- a b) c)"),
        ("case a when 1 then 2 end + 1", "(+ (case a 1 2) 1)"),
        (
            "a isnull or b notnull or c not null",
            "(or (or (is-null a) (is-not-null b)) (is-not-null c))",
        ),
        ("a not between symmetric 1 and 2", "(not-between-symmetric a 1 2)"),
        ("a operator(+) b", "(+ a b)"),
    ] {
        assert_eq!(expr(text), expected, "{text}");
    }
}

#[test]
fn operators_of_the_other_dialects_bind_their_own_way() {
    assert_eq!(expr_in("a || b + c", Dialect::BigQuery), "(+ (|| a b) c)");
    assert_eq!(expr_in("a || b * c", Dialect::Databricks), "(|| a (* b c))");
    assert_eq!(expr_in("a ^ b & c | d", Dialect::BigQuery), "(| (^ a (& b c)) d)");
    assert_eq!(expr_in("a div b * c", Dialect::Databricks), "(* (// a b) c)");
    assert_eq!(expr_in("a <=> b", Dialect::Databricks), "(is-not-distinct a b)");
    assert_eq!(expr_in("a = b = c", Dialect::Snowflake), "(= (= a b) c)");
}

#[test]
fn special_forms_become_calls_in_the_order_of_their_function() {
    for (text, expected) in [
        ("trim(a)", "(trim a)"),
        ("trim(both 'x' from a)", "(trim a 'x')"),
        ("trim(leading 'x' from a)", "(ltrim a 'x')"),
        ("trim(trailing from a)", "(rtrim a)"),
        ("trim('x' from a)", "(trim a 'x')"),
        ("trim(a, b)", "(trim a b)"),
        ("substring(a from 1 for 2)", "(substring a 1 2)"),
        ("substring(a for 2)", "(substring a 1 2)"),
        ("substring(a, 1, 2)", "(substring a 1 2)"),
        ("position(a in b)", "(position b a)"),
        ("overlay(a placing b from 1 for 2)", "(overlay a b 1 2)"),
        ("current_date", "(current_date)"),
        ("current_timestamp(3)", "(current_timestamp 3)"),
        ("(a).upper()", "(upper (a))"),
        ("[1].len()", "(len [1])"),
        ("a.b(c)", "(a.b c)"),
        ("extract(year from a)", "(extract YEAR a)"),
        ("extract('year' from a)", "(extract YEAR a)"),
        ("interval '1' day", "(interval '1' DAY)"),
        ("interval 1 day", "(interval 1 DAY)"),
        ("interval (a + b) days", "(interval ((+ a b)) DAYS)"),
        ("interval '1 day'", "(interval '1 day')"),
        ("date '2020-01-01'", "(cast '2020-01-01' date)"),
        (
            "timestamp with time zone 'x'",
            "(cast 'x' timestamp with time zone)",
        ),
        ("decimal(3,2) '1'", "(cast '1' decimal(3,2))"),
        ("foo 'x'", "(cast 'x' foo)"),
        ("cast(a as decimal(3,2))", "(cast a decimal(3,2))"),
        ("try_cast(a as int[])", "(try-cast a int[])"),
        (
            "a::struct(x int, y varchar[])",
            "(:: a struct(x int, y varchar[]))",
        ),
        ("exists (select 1)", "(exists (select 1))"),
        ("not exists (select 1)", "(not-exists (select 1))"),
        ("array(select 1)", "(array-query (select 1))"),
        ("array[1, 2]", "[1 2]"),
        ("{'a': 1, b: 2}", "{a:1 b:2}"),
        ("map {'a': 1}", "map{'a':1}"),
        ("row(1, 2)", "(tuple 1 2)"),
        ("(1, 2)", "(tuple 1 2)"),
        ("[x + 1 for x in l if x > 2]", "(for x l (+ x 1) (> x 2))"),
        ("columns(* exclude (a))", "(columns * exclude (a))"),
        ("*columns('a')", "(*columns 'a')"),
        ("count(*)", "(count *)"),
        ("count(t.*)", "(count t.*)"),
        ("f(distinct a order by b)", "(f distinct a (order b))"),
        (
            "f(a) filter (where b) over (partition by c order by d)",
            "(f a (filter b) (over (partition c) (order d)))",
        ),
        ("f(a) over w", "(f a (over w))"),
        ("f(a ignore nulls)", "(f a (ignore-nulls true))"),
        ("mode() within group (order by a)", "(mode (within a))"),
        ("f(a := 1, b => 2)", "(f a:1 b:2)"),
        ("f(x -> x + 1)", "(f (lambda x (+ x 1)))"),
        ("f((x, y) -> x and y)", "(f (lambda x y (and x y)))"),
        ("f(lambda x, y: x or y)", "(f (lambda x y (or x y)))"),
        ("f(j -> '$.a')", "(f (-> j '$.a'))"),
        ("list_transform(l, x -> 'a')", "(list_transform l (lambda x 'a'))"),
        ("a[1:2]", "(slice a 1 2 _)"),
        ("a[1:-:2]", "(slice a 1 _ 2)"),
        ("(x).f.g", "(. (. (x) f) g)"),
        ("a.b[1].c", "(. (index a.b 1) c)"),
        ("#1", "#1"),
        ("$1", "$1"),
        ("default", "default"),
        ("a = any(select 1)", "(any = a (subquery (select 1)))"),
        ("a > all([1, 2])", "(all > a [1 2])"),
        ("@start_date", "@start_date"),
        (
            "a between @start_date and @end_date",
            "(between a @start_date @end_date)",
        ),
        ("((select 1))", "(subquery (paren (select 1)))"),
        ("((select 1) + 1)", "((+ (subquery (select 1)) 1))"),
        ("a in ((select 1), 2)", "(in a (subquery (select 1)) 2)"),
        ("a in ((select 1))", "(in-query a (paren (select 1)))"),
        ("E'a\\nb'", "'a\nb'"),
        ("$x$ it's $x$", "' it's '"),
        ("'a''b'", "'a'b'"),
        ("x'00ff'", "x'00ff'"),
        ("1_000 + 1e5 + .5 + 1.", "(+ (+ (+ 1_000 1e5) .5) 1.)"),
    ] {
        assert_eq!(expr(text), expected, "{text}");
    }
}

#[test]
fn values_of_strings_follow_the_dialect() {
    for (dialect, text, expected) in [
        (Dialect::DuckDb, r"'a\n'", r"'a\n'"),
        (Dialect::Snowflake, r"'a\n\'b'", "'a\n'b'"),
        (Dialect::BigQuery, r#""a\"b""#, "'a\"b'"),
        (Dialect::BigQuery, "'''it's'''", "'it's'"),
        (Dialect::BigQuery, r"r'\d'", r"'\d'"),
        (Dialect::Databricks, r"r'\d'", r"'\d'"),
        (Dialect::Databricks, r"'\u0041\%'", r"'A\%'"),
        (Dialect::Databricks, "'a' 'b'", "'ab'"),
        (Dialect::DuckDb, "'a'\n'b'", "'ab'"),
    ] {
        assert_eq!(expr_in(text, dialect), expected, "{dialect} {text}");
    }
}

#[test]
fn forms_of_the_other_dialects() {
    for (dialect, text, expected) in [
        (Dialect::Snowflake, "v:a.b[0]::int", "(:: (path v a.b[0]) int)"),
        (Dialect::Databricks, "v:a:b", "(path v a:b)"),
        (Dialect::BigQuery, "STRUCT(1 AS a, 2)", "{a:1 2}"),
        (Dialect::BigQuery, "ARRAY<INT64>[1]", "(cast [1] ARRAY<INT64>)"),
        (
            Dialect::BigQuery,
            "CAST(a AS ARRAY<STRUCT<x INT64>>)",
            "(cast a ARRAY<STRUCT<x INT64>>)",
        ),
        (Dialect::BigQuery, "INTERVAL n + 1 DAY", "(interval (+ n 1) DAY)"),
        (Dialect::BigQuery, "a IN UNNEST(b)", "(in a (UNNEST b))"),
        (Dialect::BigQuery, "@p", "@p"),
        (Dialect::BigQuery, "SAFE_CAST(a AS INT64)", "(try-cast a INT64)"),
        (
            Dialect::Databricks,
            "INTERVAL 1 DAY 2 HOURS",
            "(+ (interval 1 DAY) (interval 2 HOURS))",
        ),
        (
            Dialect::Databricks,
            "a LIKE ANY ('x', 'y')",
            "(any LIKE a (tuple 'x' 'y'))",
        ),
        (
            Dialect::Databricks,
            "exists(l, x -> x > 1)",
            "(exists l (lambda x (> x 1)))",
        ),
        (
            Dialect::Databricks,
            "first(a) IGNORE NULLS OVER (ORDER BY b)",
            "(first a (ignore-nulls true) (over (order b)))",
        ),
        (Dialect::Snowflake, "POSITION('a' IN b)", "(POSITION 'a' b)"),
        (Dialect::Snowflake, "FILTER(a, x -> x)", "(FILTER a (lambda x x))"),
    ] {
        assert_eq!(expr_in(text, dialect), expected, "{dialect} {text}");
    }
}

#[test]
fn words_that_are_not_reserved_are_names() {
    let sql = "select date, value, year, type, name, key, user_id, values, time, interval, first, filter from x as data";
    assert_eq!(messages(sql, Dialect::DuckDb), Vec::<String>::new());
    for dialect in Dialect::ALL {
        let sql = "select date, value, year, type, name, key, comment, version, first from t as data where month = 1";
        assert_eq!(messages(sql, dialect), Vec::<String>::new(), "{dialect}");
    }
    // An alias that is a keyword needs AS in DuckDB, and the message offers it.
    let parsed = parse("select a name from t", Dialect::DuckDb);
    let fix = parsed.diagnostics[0].fix.as_ref().unwrap();
    assert_eq!(
        parsed.diagnostics[0].message,
        "`name` is a keyword; as an alias it needs `AS`"
    );
    assert_eq!(
        (fix.edits[0].loc.span.start, fix.edits[0].text.as_str()),
        (9, "AS ")
    );
    assert_eq!(
        messages("select a name from t", Dialect::Snowflake),
        Vec::<String>::new()
    );
}

// ---- relations and queries

#[test]
fn relations_and_joins() {
    for (text, expected) in [
        ("t", "t"),
        ("c.s.t as x(a, b)", "c.s.t as x(a b)"),
        ("x: t", "t as x"),
        ("'f.csv' f", "file:f.csv as f"),
        ("(select 1) x", "(select 1) as x"),
        ("(values (1)) v(a)", "(values (1)) as v(a)"),
        ("values (1), (2) v", "(values (1) (2)) as v"),
        ("t, lateral (select 1) x", "t, lateral (select 1) as x"),
        ("range(10) r(i)", "(range 10) as r(i)"),
        (
            "unnest(l) with ordinality as u(a, o)",
            "(unnest l) ordinality as u(a o)",
        ),
        ("a join b on x", "(join a b on x)"),
        ("a left outer join b using (x, y)", "(left a b using x y)"),
        ("a natural full join b", "(full a b natural)"),
        ("a cross join b positional join c", "(positional (cross a b) c)"),
        ("a asof join b on a.t >= b.t", "(asof a b on (>= a.t b.t))"),
        ("a asof left join b using (k)", "(asof-left a b using k)"),
        (
            "a semi join b using (k) anti join c on d",
            "(anti (semi a b using k) c on d)",
        ),
        ("a join b join c on x on y", "(join a (join b c on x) on y)"),
        ("a join (b join c on x) on y", "(join a ((join b c on x)) on y)"),
        ("a, b join c on d, e", "a, (join b c on d), e"),
        ("t at (version => 3)", "t at"),
        ("t tablesample 10%", "t sample"),
        (
            "((select 1) union (select 2)) x",
            "(union (paren (select 1)) (paren (select 2))) as x",
        ),
        (
            "t pivot (sum(a) as s for b in (1, 2 as two)) p",
            "(pivot t [(sum a) as s] [b: 1 2 as two]) as p",
        ),
        (
            "t unpivot include nulls (v for n in (a, b as x))",
            "(unpivot t nulls [v] n [a] [b] as x)",
        ),
    ] {
        assert_eq!(from(text), expected, "{text}");
    }
    for (dialect, text, expected) in [
        (Dialect::BigQuery, "`p-1.d.t`", "p-1.d.t"),
        (Dialect::BigQuery, "my-proj-1.d.t", "my-proj-1.d.t"),
        (
            Dialect::BigQuery,
            "t, UNNEST(t.l) AS x WITH OFFSET AS o",
            "t, (UNNEST t.l) ordinality=o as x",
        ),
        (
            Dialect::Snowflake,
            "t, LATERAL FLATTEN(input => v) f",
            "t, lateral (FLATTEN input:v) as f",
        ),
        (Dialect::Snowflake, "TABLE(FLATTEN(v)) f", "(FLATTEN v) as f"),
        (Dialect::Snowflake, "t AT (OFFSET => -60) x", "t as x at"),
        (
            Dialect::Databricks,
            "t LATERAL VIEW OUTER explode(m) e AS k, v",
            "(left t lateral (explode m) as e(k v))",
        ),
        (Dialect::Databricks, "a LEFT SEMI JOIN b ON c", "(semi a b on c)"),
        (Dialect::Databricks, "a JOIN b JOIN c", "(join (join a b) c)"),
        (Dialect::Databricks, "t VERSION AS OF 3 x", "t as x at"),
    ] {
        assert_eq!(from_in(text, dialect), expected, "{dialect} {text}");
    }
}

#[test]
fn queries() {
    for (text, expected) in [
        ("from t", "(select * from t)"),
        ("from t select a where b", "(select a from t where b)"),
        (
            "with a(x) as (select 1), b as not materialized (from a) from b",
            "(with a(x) (select 1) b (select * from a) (select * from b))",
        ),
        (
            "with recursive r as (select 1 union all select 2) from r",
            "(with-recursive r (union-all (select 1) (select 2)) (select * from r))",
        ),
        (
            "select 1 union select 2 intersect select 3 except select 4",
            "(union (select 1) (intersect (select 2) (select 3)) except (select 4))",
        ),
        (
            "select 1 union all by name select 2 order by 1 limit 2 offset 3",
            "(union-all-by-name (select 1) (select 2) (order 1) (limit 2) (offset 3))",
        ),
        ("values (1, 2), (3, 4)", "(values (1 2) (3 4))"),
        ("table t", "(table t)"),
        (
            "(select 1) order by 1 desc nulls last",
            "(paren (select 1) (order 1 desc last))",
        ),
        (
            "select distinct on (a) a, b c from t",
            "(select distinct-on(a) a b as c from t)",
        ),
        (
            "select a from t group by all having b qualify c",
            "(select a from t group-all having b qualify c)",
        ),
        (
            "select a from t group by a, rollup (b, (c, d)), cube (e), grouping sets ((f, g), h, ()), ()",
            "(select a from t group a (rollup (b) (c d)) (cube (e)) (sets (f g) h ()) ())",
        ),
        (
            "select a from t window w as (partition by b rows between 1 preceding and current row exclude ties)",
            "(select a from t window w (over (partition b) (frame rows between 1 preceding and current row exclude ties 1)))",
        ),
        (
            "select a order by all limit 10%",
            "(select a (order all) (limit 10))",
        ),
        (
            "select * exclude (a, t.b) replace (c + 1 as c) rename (d as e), t.* like 'x%'",
            "(select * exclude (a, t.b) replace (c + 1 as c) rename (d as e) t.* like 'x%')",
        ),
        (
            "pivot t on a in (1, 2) using sum(b) as s group by c",
            "(pivot t [(sum b) as s] [a: 1 2] group c)",
        ),
        (
            "unpivot t on (a, b) as x, c into name n value v",
            "(unpivot t [v] n [a b] as x [c])",
        ),
        ("select x: 1, a as \"B c\"", "(select 1 as x a as \"B c\")"),
        ("describe t", "(describe (table t))"),
    ] {
        assert_eq!(query(text), expected, "{text}");
    }
}

#[test]
fn a_query_is_one_statement() {
    let code = |sql: &str| {
        let parsed = parse(sql, Dialect::DuckDb);
        parsed
            .diagnostics
            .iter()
            .map(|d| (d.code.id(), d.primary.as_ref().unwrap().loc.span.start))
            .collect::<Vec<_>>()
    };
    assert_eq!(code("select 1;"), []);
    assert_eq!(code(" ; select 1 ;; "), []);
    assert_eq!(code("select 1; select 2; select 3"), [("E410", 10)]);
    assert_eq!(code("create table t as select 1"), [("E411", 0)]);
    assert_eq!(code("INSERT INTO t SELECT 1"), [("E411", 0)]);
    assert_eq!(code(""), [("E413", 0)]);
    assert_eq!(code("-- nothing\n ; "), [("E413", 13)]);
    assert!(parse("select 1; select 2", Dialect::DuckDb).ast.root.is_some());
    // A name that happens to be such a word.
    assert_eq!(code("select set, use from copy"), []);
}

// ---- spans

#[test]
fn every_span_holds_its_node() {
    let mut nodes = 0;
    for (dialect, sql) in corpus() {
        let parsed = parse(&sql, dialect);
        let ast = &parsed.ast;
        for (index, node) in ast.exprs.iter().enumerate() {
            let slice = node.span.slice(&sql);
            assert!(!slice.is_empty() || node.span.is_empty(), "{sql}: {node:?}");
            node.kind.for_each_child(|child| {
                let inner = ast.expr(child);
                assert!((child.0 as usize) < index, "{sql}: {node:?}");
                assert!(
                    node.span.contains(inner.span),
                    "{sql}: {:?} outside of {slice:?}",
                    inner.span.slice(&sql)
                );
            });
            node.kind.for_each_query(|id| {
                assert!(node.span.contains(ast.query(id).span), "{sql}: {slice:?}");
            });
            // Without its context such a node reads otherwise.
            let in_context = matches!(
                node.kind,
                ExprKind::Star(_) | ExprKind::Lambda { .. } | ExprKind::Error
            ) || node.span.is_empty()
                || (matches!(node.kind, ExprKind::Struct(_)) && slice.starts_with('('))
                || (matches!(node.kind, ExprKind::Interval { .. }) && slice.as_bytes()[0].is_ascii_digit())
                || (matches!(node.kind, ExprKind::Binary { .. }) && slice.contains("->"))
                || sql.contains("MATCH_CONDITION");
            if in_context {
                continue;
            }
            nodes += 1;
            let (again, root) = parse_expression(slice, dialect);
            assert!(
                again.diagnostics.is_empty(),
                "{sql}: {slice:?} {:?}",
                again.diagnostics
            );
            let root = root.unwrap();
            assert_eq!(
                show_expr(&again.ast, slice, root),
                show_expr(ast, &sql, rocky_syntax::ast::ExprId(index as u32)),
                "{sql}: {slice:?}"
            );
            assert_eq!(again.ast.expr(root).span.slice(slice), slice, "{sql}");
        }
        for node in &ast.queries {
            let slice = node.span.slice(&sql);
            // What DESCRIBE looks at is no query without it.
            let bare = matches!(node.body, Body::Table(_)) && !slice.to_lowercase().starts_with("table");
            if bare || matches!(node.body, Body::Values(_)) && dialect != Dialect::DuckDb {
                continue;
            }
            nodes += 1;
            let again = parse(slice, dialect);
            assert!(
                again.diagnostics.is_empty(),
                "{sql}: {slice:?} {:?}",
                again.diagnostics
            );
            let root = again.ast.query(again.ast.root.unwrap());
            assert_eq!(
                std::mem::discriminant(&root.body),
                std::mem::discriminant(&node.body),
                "{sql}: {slice:?}"
            );
            assert_eq!(root.span.slice(slice), slice, "{sql}");
        }
        for (index, node) in ast.froms.iter().enumerate() {
            if sql.contains("pivot ")
                && matches!(node.kind, FromKind::Pivot { .. } | FromKind::Unpivot { .. })
            {
                continue;
            }
            // Only there the column names stand without brackets.
            if sql.contains("LATERAL VIEW") && matches!(node.kind, FromKind::Function { .. }) {
                continue;
            }
            let slice = format!("select * from {}", node.span.slice(&sql));
            nodes += 1;
            let again = parse(&slice, dialect);
            assert!(
                again.diagnostics.is_empty(),
                "{sql}: {slice:?} {:?}",
                again.diagnostics
            );
            let Body::Select(select) = &again.ast.query(again.ast.root.unwrap()).body else {
                panic!("{slice}")
            };
            assert_eq!(select.from.len(), 1, "{sql}: {slice:?}");
            assert_eq!(
                show_from(&again.ast, &slice, select.from[0]),
                show_from(ast, &sql, rocky_syntax::ast::FromId(index as u32)),
                "{sql}: {slice:?}"
            );
        }
    }
    assert!(nodes > 5_000, "{nodes}");
}

#[test]
fn names_operators_and_types_have_exact_spans() {
    let sql = "select \"Ä b\" as x, cast(a as decimal(10, 2)[]), müller.größe, a  is not distinct from b, t.c as \"y\"\nfrom s . t as \"Z\" (\"c 1\", c2) left  outer join u on a->>'é' = 1";
    let parsed = parse(sql, Dialect::DuckDb);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let ast = &parsed.ast;
    let at = |span: rocky_base::Span| span.slice(sql);
    let SelectItem::Expr {
        alias: Some(alias),
        expr,
    } = &select_items(ast)[0]
    else {
        panic!()
    };
    assert_eq!((at(alias.span), at(ast.expr(*expr).span)), ("x", "\"Ä b\""));
    let mut seen = Vec::new();
    for node in &ast.exprs {
        match &node.kind {
            ExprKind::Cast { ty, .. } => seen.push(at(ty.span)),
            ExprKind::Binary { op_span, .. } => seen.push(at(*op_span)),
            ExprKind::Column(path) if path.len() == 2 => seen.push(at(path[1].span)),
            _ => {}
        }
    }
    assert_eq!(
        seen,
        [
            "decimal(10, 2)[]",
            "größe",
            "is not distinct from",
            "c",
            "->>",
            "="
        ]
    );
    for node in &ast.froms {
        match &node.kind {
            FromKind::Table {
                name,
                alias: Some(alias),
                ..
            } => {
                assert_eq!(at(rocky_syntax::ast::path_span(name)), "s . t");
                assert_eq!(
                    (at(alias.name.span), at(alias.columns[0].span)),
                    ("\"Z\"", "\"c 1\"")
                );
                assert_eq!(at(node.span), "s . t as \"Z\" (\"c 1\", c2)");
            }
            FromKind::Join {
                op_span,
                kind: JoinKind::Left,
                constraint: JoinConstraint::On(_),
                ..
            } => {
                assert_eq!(at(*op_span), "left  outer join");
            }
            _ => {}
        }
    }
}

#[test]
fn window_spans_include_their_brackets() {
    let sql = "select sum(a) over ( order by b rows 1 preceding exclude ties ) from t";
    let parsed = parse(sql, Dialect::DuckDb);
    let spec = parsed.ast.exprs.iter().find_map(|e| match &e.kind {
        ExprKind::Function(call) => match &call.over {
            Some(Over::Spec(spec)) => Some(spec.clone()),
            _ => None,
        },
        _ => None,
    });
    let spec = spec.unwrap();
    assert_eq!(
        spec.span.slice(sql),
        "( order by b rows 1 preceding exclude ties )"
    );
    let frame = spec.frame.unwrap();
    assert_eq!(frame.span.slice(sql), "rows 1 preceding exclude ties");
    assert_eq!((frame.unit, frame.end), (FrameUnit::Rows, None));
    assert!(matches!(frame.start, FrameBound::Preceding(_)));
    assert_eq!(frame.exclude, Some(FrameExclude::Ties));
}

// ---- errors

#[test]
fn messages_say_what_was_found_and_what_is_expected() {
    for (sql, expected) in [
        (
            "select coalesce(a, b from t",
            vec!["E400 \"from\" expected `)` to close the call opened here, found `FROM`"],
        ),
        (
            "select a from t gropu by b",
            vec!["E400 \"gropu\" unknown clause `gropu`; did you mean `GROUP`?"],
        ),
        (
            "select a from t whre b = 1 order by c",
            vec!["E400 \"whre\" unknown clause `whre`; did you mean `WHERE`?"],
        ),
        (
            "select a form t where b",
            vec!["E400 \"form\" unknown clause `form`; did you mean `FROM`?"],
        ),
        (
            "select a from t where a = 1 ordr by b",
            vec!["E400 \"ordr\" unknown clause `ordr`; did you mean `ORDER`?"],
        ),
        (
            "selct a from t",
            vec!["E400 \"selct\" unknown statement `selct`; did you mean `SELECT`?"],
        ),
        (
            "select a b c from t",
            vec!["E400 \"c\" expected `,` or a clause, found `c`"],
        ),
        (
            "select a from t where b = group by c",
            vec!["E400 \"group\" expected an expression, found `GROUP`"],
        ),
        (
            "select a from t group by b where c",
            vec!["E400 \"where\" `WHERE` must stand before `GROUP BY`"],
        ),
        (
            "select a from t where a where b",
            vec!["E400 \"where\" second `WHERE`; expected one"],
        ),
        ("select 1)", vec!["E400 \")\" `)` closes nothing"]),
        (
            "select a from t |> where b",
            vec!["E400 \"|\" expected a clause or the end of the query, found `|`"],
        ),
        (
            "select a = b = c",
            vec!["E400 \"=\" comparisons do not chain; expected brackets around one side of `=`"],
        ),
        (
            "select 'abc\nfrom t",
            vec!["E400 \"'\" string is not closed; expected `'`"],
        ),
        (
            "select a /* b\nfrom t",
            vec!["E400 \"/*\" comment `/*` is not closed; expected `*/`"],
        ),
    ] {
        assert_eq!(messages(sql, Dialect::DuckDb), expected, "{sql}");
    }
    assert_eq!(
        messages("from t |> where b", Dialect::BigQuery),
        ["E400 \"|>\" pipe syntax `|>` is not supported; expected a query with SELECT"]
    );
    assert_eq!(messages("select @stage", Dialect::Snowflake).len(), 1);
    assert_eq!(
        messages("select a from t match_recognize (x) y", Dialect::Snowflake).len(),
        1
    );
    assert_eq!(
        messages("select explode(m) as (k, v) from t", Dialect::Databricks).len(),
        1
    );
    assert_eq!(messages("select a, from t", Dialect::Databricks).len(), 1);
    assert_eq!(messages("from t", Dialect::Snowflake).len(), 1);
}

#[test]
fn an_unclosed_bracket_points_at_its_opening() {
    let sql = "select a, (b + c from t";
    let parsed = parse(sql, Dialect::DuckDb);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].notes[0].loc.span.start, 10);
}

#[test]
fn a_file_shows_all_its_errors() {
    let sql = "\
with a as (select x + from t),
     b as (select y, z z2 z3 from a where (u = ))
select p, q +, case when r then end
from b join c
where s in ()
group by
order by v nulls";
    let found = messages(sql, Dialect::DuckDb);
    let expected = [
        "E400 \"from\" expected an expression, found `FROM`",
        "E400 \"z3\" expected `,` or a clause, found `z3`",
        "E400 \")\" expected an expression, found `)`",
        "E400 \",\" expected an expression, found `,`",
        "E400 \"end\" expected an expression, found `END`",
        "E400 \"where\" expected `ON` or `USING` after the joined relation, found `WHERE`",
        "E400 \")\" expected an expression, found `)`",
        "E400 \"order\" expected an expression, found `ORDER`",
        "E400 \"\" expected `FIRST` or `LAST` after `NULLS`, found the end of the text",
    ];
    assert_eq!(found, expected);
    // And the tree is there: both CTEs, the columns, the relations.
    let parsed = parse(sql, Dialect::DuckDb);
    let root = parsed.ast.query(parsed.ast.root.unwrap());
    assert_eq!(root.with.as_ref().unwrap().ctes.len(), 2);
    assert_eq!(select_items(&parsed.ast).len(), 3);
    assert_eq!(parsed.ast.froms.len(), 5);
}

#[test]
fn a_misspelt_clause_is_parsed_as_the_clause() {
    let sql = "select a from t whre b = 1 gropu by c";
    let parsed = parse(sql, Dialect::DuckDb);
    assert_eq!(parsed.diagnostics.len(), 2);
    assert_eq!(
        show_query(&parsed.ast, sql, parsed.ast.root.unwrap()),
        "(select a from t where (= b 1) group c)"
    );
}

#[test]
fn calls_that_expansion_left_are_quiet_error_nodes() {
    let sql = "select @m(a, (b)), c from @n(x) y where d";
    let parsed = parse(sql, Dialect::DuckDb);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    assert_eq!(
        parsed
            .ast
            .exprs
            .iter()
            .filter(|e| matches!(e.kind, ExprKind::Error))
            .count(),
        2
    );
}

// ---- size, depth, damage

#[test]
fn nesting_is_limited_and_reported_once() {
    let n = 1_000;
    for (name, sql) in [
        ("brackets", format!("select {}1{}", "(".repeat(n), ")".repeat(n))),
        ("open brackets", format!("select {}", "(".repeat(n * 20))),
        ("calls", format!("select {}1{}", "f(".repeat(n), ")".repeat(n))),
        (
            "case",
            format!("select {}1{}", "case when a then ".repeat(n), " end".repeat(n)),
        ),
        ("not", format!("select {} a", "not ".repeat(n))),
        ("minus", format!("select {} a", "- ".repeat(n))),
        ("arrays", format!("select {}1{}", "[".repeat(n), "]".repeat(n))),
        (
            "structs",
            format!("select {}1{}", "{'a': ".repeat(n), "}".repeat(n)),
        ),
        (
            "scalar subqueries",
            format!("select {}1{}", "(select ".repeat(n), ")".repeat(n)),
        ),
        (
            "derived tables",
            format!("select * from {}t{}", "(select * from ".repeat(n), ")".repeat(n)),
        ),
        (
            "nested joins",
            format!("select * from {}t{}", "(".repeat(n), " join u on a)".repeat(n)),
        ),
        (
            "set operands",
            format!("{}select 1{}", "(".repeat(n), ")".repeat(n)),
        ),
        (
            "ctes",
            format!("{}select 1{}", "with a as (".repeat(n), ") select 1".repeat(n)),
        ),
        (
            "types",
            format!("select a::{}int{}", "struct(a ".repeat(n), ")".repeat(n)),
        ),
        ("lambdas", format!("select f({}1)", "x -> ".repeat(n))),
        ("casts", format!("select a{}", "::int".repeat(n * 2))),
        ("subscripts", format!("select a{}", "[1]".repeat(n * 2))),
        ("is null", format!("select a{}", " is null".repeat(n * 2))),
        ("in", format!("select {}1{}", "a in (".repeat(n), ")".repeat(n))),
        (
            "grouping sets",
            format!(
                "select a group by {}a{}",
                "grouping sets (".repeat(n),
                ")".repeat(n)
            ),
        ),
        (
            "pivots",
            format!("select * from t {}", "pivot (sum(a) for b in (1)) ".repeat(n)),
        ),
    ] {
        let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(move || {
            let parsed = parse(&sql, Dialect::DuckDb);
            parsed.diagnostics.iter().map(|d| d.code.id()).collect::<Vec<_>>()
        });
        let codes = thread.unwrap().join().unwrap();
        assert_eq!(
            codes.iter().filter(|c| **c == "E412").count(),
            1,
            "{name}: {codes:?}"
        );
        assert!(codes.len() <= 2, "{name}: {codes:?}");
    }
    // What people write by hand is far below.
    let n = MAX_NESTING as usize - 10;
    for sql in [
        format!("select {}1{}", "(".repeat(n), ")".repeat(n)),
        format!("select {}1{}", "f(".repeat(n), ")".repeat(n)),
        format!("select {}1{}", "case when a then ".repeat(n), " end".repeat(n)),
        format!("select {}1{}", "(select ".repeat(n), ")".repeat(n)),
    ] {
        assert_eq!(
            messages(&sql, Dialect::DuckDb),
            Vec::<String>::new(),
            "{}",
            &sql[..20]
        );
    }
}

#[test]
fn long_chains_need_no_stack() {
    let n = 100_000;
    for (name, sql) in [
        ("and", format!("select a{}", " and b = 1".repeat(n))),
        ("plus", format!("select 1{}", " + 1".repeat(n))),
        ("concat", format!("select a{}", " || b".repeat(n))),
        ("union", format!("select 1{}", " union all select 2".repeat(n))),
        ("in", format!("select a in (1{})", ", 2".repeat(n))),
        ("columns", format!("select a{}", ", a as b".repeat(n))),
        (
            "joins",
            format!("select 1 from t{}", " join u using (a)".repeat(n)),
        ),
        ("commas", format!("select 1 from t{}", ", u".repeat(n))),
        (
            "ctes",
            format!("with c as (select 1){} select 1", ", d as (select 2)".repeat(n)),
        ),
        ("whens", format!("select case{} end", " when a then b".repeat(n))),
        ("values", format!("values (1){}", ", (2)".repeat(n))),
    ] {
        let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(move || {
            let started = std::time::Instant::now();
            let parsed = parse(&sql, Dialect::DuckDb);
            let copy = parsed.ast.clone();
            (
                parsed.diagnostics,
                copy.exprs.len() + copy.queries.len() + copy.froms.len(),
                started.elapsed(),
            )
        });
        let (diagnostics, nodes, elapsed) = thread.unwrap().join().unwrap();
        assert!(diagnostics.is_empty(), "{name}: {:?}", diagnostics.first());
        assert!(nodes >= n, "{name}");
        assert!(elapsed.as_secs() < 10, "{name}: {elapsed:?}");
    }
}

/// A linear congruential generator: the same soup every time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}

fn check_damaged(sql: &str, dialect: Dialect) -> usize {
    let parsed = parse(sql, dialect);
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.primary.as_ref().unwrap().loc.span;
        assert!(
            span.end as usize <= sql.len() && sql.is_char_boundary(span.start as usize),
            "{sql:?}"
        );
        assert!(
            !diagnostic.message.is_empty() && !diagnostic.message.contains('\n'),
            "{}",
            diagnostic.message
        );
    }
    for (index, node) in parsed.ast.exprs.iter().enumerate() {
        assert!(
            node.span.start <= node.span.end && node.span.end as usize <= sql.len(),
            "{sql:?}"
        );
        node.kind.for_each_child(|c| assert!((c.0 as usize) < index));
    }
    parsed.diagnostics.len()
}

#[test]
fn soup_never_panics_or_hangs() {
    let words = [
        "select",
        "from",
        "where",
        "group",
        "by",
        "order",
        "having",
        "with",
        "as",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        ";",
        "*",
        "+",
        "-",
        "/",
        "=",
        "<",
        ">",
        "::",
        ":",
        "->",
        "->>",
        "=>",
        ":=",
        "@",
        "#",
        "$1",
        "?",
        "'s'",
        "\"q\"",
        "`b`",
        "1",
        "1.5",
        "a",
        "b",
        "t",
        "case",
        "when",
        "then",
        "else",
        "end",
        "cast",
        "int",
        "struct",
        "array",
        "map",
        "interval",
        "day",
        "date",
        "in",
        "not",
        "is",
        "null",
        "between",
        "and",
        "or",
        "like",
        "exists",
        "union",
        "all",
        "intersect",
        "values",
        "join",
        "left",
        "on",
        "using",
        "lateral",
        "unnest",
        "pivot",
        "unpivot",
        "for",
        "over",
        "partition",
        "rows",
        "preceding",
        "filter",
        "within",
        "distinct",
        "exclude",
        "replace",
        "rename",
        "columns",
        "lambda",
        "limit",
        "offset",
        "qualify",
        "window",
        "sample",
        "tablesample",
        "any",
        "extract",
        "trim",
        "substring",
        "position",
        "overlay",
        "grouping",
        "sets",
        "rollup",
        "at",
        "time",
        "zone",
        "collate",
        "é",
        "-- c\n",
        "/* c */",
        "@start_date",
        "\n",
        "natural",
        "cross",
        "asof",
        "describe",
        "name",
        "value",
        "into",
        "try_cast",
        "row",
        "default",
        "similar",
        "to",
        "escape",
        "nulls",
        "first",
        "desc",
        "fetch",
        "only",
        "!",
        "**",
        "//",
        "%",
        "||",
        "&",
        "|",
        "~",
        "^",
        "<<",
        ">>",
        "<=>",
    ];
    let mut random = Random(7);
    for round in 0..20_000 {
        let dialect = Dialect::ALL[round % 4];
        let length = 1 + random.below(40);
        let mut sql = String::new();
        if random.below(2) == 0 {
            sql.push_str("select ");
        }
        for _ in 0..length {
            sql.push_str(words[random.below(words.len())]);
            if random.below(8) > 0 {
                sql.push(' ');
            }
        }
        check_damaged(&sql, dialect);
    }
}

#[test]
fn characters_at_random_never_panic() {
    let chars: Vec<char> = "abcxyzENRBU019_ .,;:()[]{}<>=!+-*/%^&|~@#$?'\"`\\\n\t\r\u{a0}\u{feff}é漢😀"
        .chars()
        .collect();
    let mut random = Random(11);
    for round in 0..20_000 {
        let length = random.below(40);
        let sql: String = (0..length).map(|_| chars[random.below(chars.len())]).collect();
        check_damaged(&sql, Dialect::ALL[round % 4]);
    }
}

#[test]
fn a_query_cut_anywhere_still_has_a_tree() {
    for (dialect, sql) in corpus() {
        let tokens = lex(&sql, dialect).tokens;
        for token in tokens.iter().filter(|t| t.kind != TokenKind::Eof) {
            for cut in [token.span.start, token.span.end] {
                check_damaged(&sql[..cut as usize], dialect);
            }
        }
        // One token left out.
        for token in tokens.iter().filter(|t| t.kind != TokenKind::Eof) {
            let damaged = format!(
                "{} {}",
                &sql[..token.span.start as usize],
                &sql[token.span.end as usize..]
            );
            let errors = check_damaged(&damaged, dialect);
            assert!(errors <= 6, "{errors} messages: {damaged}");
        }
    }
}

// ---- time and comments

#[test]
fn repeating_anything_takes_linear_time() {
    let n = 5_000;
    for unit in [
        "select ",
        "from ",
        "where ",
        "group by ",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "()",
        "(a ",
        "a) ",
        ", ",
        ". ",
        "a.",
        "a ",
        "; ",
        "* ",
        "- ",
        "+ ",
        "1 ",
        "'s' ",
        "\"q\" ",
        "case ",
        "when ",
        "end ",
        "not ",
        "is ",
        "in ",
        "in (",
        "between ",
        "and ",
        "or ",
        "union ",
        "with a as (",
        "join ",
        "left join t ",
        "join t using (a) ",
        "on ",
        "lateral ",
        "pivot ",
        "pivot (",
        "over ",
        "over (",
        "f(",
        "f(a, ",
        "f(a -> ",
        "substring(",
        "position(",
        "trim(",
        "extract(",
        "cast(a as ",
        "a::",
        "interval ",
        "interval '1' ",
        "array",
        "array[",
        "struct<",
        "map {",
        "{'a': ",
        "@",
        "@a(",
        "#",
        "?",
        ":",
        "a:",
        "a[",
        "a[1]",
        "/* */ ",
        "-- x\n",
        "as ",
        "except ",
        "values ",
        "values (1), ",
        "exists (",
        "(select ",
        "((a) ",
        "a, (",
        "-> ",
        "a -> ",
        "(a, b) -> ",
        "lambda x: ",
        "$1 ",
        "\n",
        "é ",
        "1_",
        "._a",
        "e'",
        "r'a' ",
        "limit ",
        "order by ",
        "nulls ",
        "distinct ",
        "grouping sets (",
        "unpivot ",
        "at (",
        "using ",
        "window w as (",
        "qualify ",
        "from t select ",
    ] {
        for prefix in ["", "select ", "select a from t "] {
            let sql = format!("{prefix}{}", unit.repeat(n));
            let started = std::time::Instant::now();
            for dialect in [Dialect::DuckDb, Dialect::BigQuery] {
                check_damaged(&sql, dialect);
            }
            let elapsed = started.elapsed();
            assert!(elapsed.as_secs() < 20, "{prefix}{unit}: {elapsed:?}");
        }
    }
}

#[test]
fn comments_are_kept_with_their_places() {
    let sql = "-- a\r\nSELECT 1 /* b */, '-- no' --c\nFROM t -- d";
    let parsed = parse(sql, Dialect::DuckDb);
    let spans: Vec<&str> = parsed.comments.iter().map(|c| c.slice(sql)).collect();
    assert_eq!(spans, ["-- a", "/* b */", "--c", "-- d"]);
    let lines: Vec<&str> = line_comments(sql, &parsed.comments).map(|c| c.body).collect();
    assert_eq!(lines, ["a", "c", "d"]);
    let snowflake = "SELECT 1 // x";
    let parsed = parse(snowflake, Dialect::Snowflake);
    let [only] = parsed.comments[..] else {
        panic!("one comment")
    };
    let comments = [only];
    assert_eq!(
        line_comments(snowflake, &comments).next().map(|c| c.body),
        Some("x")
    );
}
