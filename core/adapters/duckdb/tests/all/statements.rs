//! Statements: counts, values, types, transactions, failures, cancellation, sessions side by side.

use crate::support::*;
use rocky_base::{CancelToken, ErrorKind};
use rocky_warehouse::{FailureClass, Type, Value};
use std::time::{Duration, Instant};

#[test]
fn statements_count_their_rows_and_ddl_does_not() {
    let mut c = connect(&memory());
    let c = &mut *c;
    assert_eq!(
        execute(c, "CREATE TABLE t AS SELECT range AS i, 'x' AS s FROM range(10)"),
        Some(10)
    );
    assert_eq!(
        execute(
            c,
            "CREATE OR REPLACE TABLE t AS SELECT range AS i, 'x' AS s FROM range(12)"
        ),
        Some(12)
    );
    assert_eq!(
        execute(c, "CREATE TABLE empty AS SELECT * FROM t WHERE false"),
        Some(0)
    );
    assert_eq!(
        execute(c, "CREATE TABLE ddl (i INTEGER PRIMARY KEY, s VARCHAR)"),
        None
    );
    assert_eq!(execute(c, "INSERT INTO ddl SELECT * FROM t"), Some(12));
    assert_eq!(execute(c, "UPDATE ddl SET s = 'y' WHERE i < 5"), Some(5));
    assert_eq!(execute(c, "DELETE FROM ddl WHERE i >= 10"), Some(2));
    let merge = "MERGE INTO ddl USING t ON ddl.i = t.i WHEN MATCHED AND t.i = 0 THEN UPDATE SET s = 'm' WHEN NOT MATCHED THEN INSERT VALUES (t.i, t.s)";
    assert_eq!(execute(c, merge), Some(3));
    assert_eq!(
        execute(c, "INSERT INTO ddl VALUES (100, 'r'), (101, 'r') RETURNING i"),
        Some(2)
    );
    assert_eq!(execute(c, "CREATE VIEW v AS SELECT * FROM t"), None);
    assert_eq!(execute(c, "CREATE SCHEMA s"), None);
    assert_eq!(execute(c, "CREATE TYPE mood AS ENUM ('a')"), None);
    assert_eq!(execute(c, "ALTER TABLE t ADD COLUMN n INTEGER"), None);
    assert_eq!(execute(c, "DROP VIEW v"), None);
    assert_eq!(execute(c, "SELECT * FROM t"), None);
    assert_eq!(execute(c, "SET threads = 2"), None);
    assert_eq!(execute(c, ""), None);
    assert_eq!(execute(c, "-- nothing\n;"), None);
}

#[test]
fn plain_values_keep_their_kind_and_everything_else_is_duckdbs_text() {
    let mut c = connect(&memory());
    let sql = "SELECT true, 1::TINYINT, -5::BIGINT, 18446744073709551615::UBIGINT, 7::UBIGINT, 170141183460469231731687303715884105727::HUGEINT,
        0.1::FLOAT, 0.1::DOUBLE, 'é😀 and longer than twelve bytes', '', NULL, -0.05::DECIMAL(4,2), DATE '2020-02-29', [1, NULL], 'inf'::DOUBLE";
    let rows = c.query(sql, 10, &CancelToken::new()).unwrap();
    let text = |t: &str| Value::Text(t.to_owned());
    assert_eq!(
        rows.rows,
        [vec![
            Value::Bool(true),
            Value::Int(1),
            Value::Int(-5),
            text("18446744073709551615"),
            Value::Int(7),
            text("170141183460469231731687303715884105727"),
            Value::Float(0.1),
            Value::Float(0.1),
            text("é😀 and longer than twelve bytes"),
            text(""),
            Value::Null,
            text("-0.05"),
            text("2020-02-29"),
            text("[1, NULL]"),
            Value::Float(f64::INFINITY),
        ]]
    );
    let types: Vec<&str> = rows.columns.iter().map(|(_, ty)| ty.as_str()).collect();
    assert_eq!(
        types,
        [
            "BOOLEAN",
            "TINYINT",
            "BIGINT",
            "UBIGINT",
            "UBIGINT",
            "HUGEINT",
            "FLOAT",
            "DOUBLE",
            "VARCHAR",
            "VARCHAR",
            "INTEGER",
            "DECIMAL(4,2)",
            "DATE",
            "INTEGER[]",
            "DOUBLE"
        ]
    );
}

/// The oracle is DuckDB's own cast.
#[test]
fn every_type_of_duckdb_reads_as_duckdb_casts_it() {
    let mut c = connect(&memory());
    let c = &mut *c;
    let all = c
        .query("SELECT * FROM test_all_types()", usize::MAX, &CancelToken::new())
        .unwrap();
    assert_eq!(all.rows.len(), 3);
    assert!(all.columns.len() > 50);
    let described = c
        .describe("SELECT * FROM test_all_types()", &CancelToken::new())
        .unwrap();
    for (index, (name, ty)) in all.columns.iter().enumerate() {
        let cast = rows(
            c,
            &format!("SELECT CAST(\"{name}\" AS VARCHAR), typeof(\"{name}\") FROM test_all_types()"),
        );
        assert_eq!(described[index].name, *name);
        for (row, cast) in all.rows.iter().zip(&cast) {
            assert_eq!(Some(ty), cast[1].as_ref(), "type of {name}");
            match (&row[index], &cast[0]) {
                (Value::Float(f), Some(text)) => assert_eq!(*f, text.parse::<f64>().unwrap(), "{name}"),
                (value, text) => assert_eq!(value.to_text(), *text, "{name}"),
            }
        }
    }
    for literal in ["VARIANT", "GEOMETRY", "BIGNUM", "TIME_NS", "UHUGEINT"] {
        c.query(&format!("SELECT NULL::{literal}"), 1, &CancelToken::new())
            .unwrap_or_else(|e| panic!("{literal}: {e}"));
    }
    assert_eq!(
        one(c, "SELECT {'a': 1, 'b': [INTERVAL 1 YEAR]}::VARIANT"),
        "{'a': 1, 'b': [1 year]}"
    );
    assert_eq!(one(c, "SELECT MAP {[1]: {'k': 2}}"), "{[1]={'k': 2}}");
    assert_eq!(one(c, "SELECT 'POINT(1 2)'::GEOMETRY"), "POINT (1 2)");
    assert_eq!(one(c, "SELECT union_value(a := 5)"), "5");
}

#[test]
fn queries_of_every_shape_can_be_read_and_described() {
    let mut c = connect(&memory());
    let c = &mut *c;
    execute(
        c,
        "CREATE TABLE t AS SELECT range AS i, DATE '2020-01-01' + range::INTEGER AS d, 'k' || (range % 2) AS k FROM range(5)",
    );
    assert_eq!(
        rows(c, "SELECT d, d, i FROM t ORDER BY i DESC -- last\n;")[0],
        ["2020-01-05", "2020-01-05", "4"].map(|s| Some(s.to_owned()))
    );
    assert_eq!(rows(c, "FROM t ORDER BY d DESC LIMIT 2").len(), 2);
    assert_eq!(rows(c, "WITH x AS (SELECT d FROM t) FROM x").len(), 5);
    assert_eq!(rows(c, "VALUES (DATE '2020-01-01', 'it''s')").len(), 1);
    assert_eq!(rows(c, "DESCRIBE t").len(), 3);
    assert_eq!(rows(c, "SHOW TABLES").len(), 1);
    assert_eq!(rows(c, "PIVOT t ON k USING sum(i) GROUP BY d").len(), 5);
    assert_eq!(rows(c, "PIVOT t ON k USING max(d)").len(), 5);
    assert_eq!(rows(c, "EXPLAIN SELECT 1").len(), 1);
    assert_eq!(
        rows(c, "INSERT INTO t VALUES (9, DATE '2021-01-01', 'z') RETURNING i").len(),
        1
    );
    assert_eq!(rows(c, "PRAGMA database_size").len(), 1);
    assert_eq!(
        c.query("", 1, &CancelToken::new()).unwrap_err().kind,
        ErrorKind::Usage
    );

    let mut names = |sql: &str| {
        let columns = c
            .describe(sql, &CancelToken::new())
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        columns
            .into_iter()
            .map(|column| (column.name.to_string(), column.ty))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("-- c\nSELECT 1 AS a, 2.5 AS a -- end\n;"),
        [
            ("a".to_owned(), Type::Int32),
            ("a".to_owned(), Type::decimal(2, 1))
        ]
    );
    assert_eq!(
        names("FROM t"),
        [
            ("i".to_owned(), Type::Int64),
            ("d".to_owned(), Type::Date),
            ("k".to_owned(), Type::STRING)
        ]
    );
    assert_eq!(
        names("(WITH x AS (SELECT [1] AS l) SELECT * FROM x)"),
        [("l".to_owned(), Type::list(Type::Int32))]
    );
    assert_eq!(names("VALUES (1)"), [("col0".to_owned(), Type::Int32)]);
    assert_eq!(names("PIVOT t ON k USING count(*) GROUP BY d").len(), 4);
    let error = c
        .describe("SELECT 1; DROP TABLE t", &CancelToken::new())
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Usage);
    assert_eq!(one(c, "SELECT count(*) FROM t"), "6");
}

#[test]
fn a_result_is_cut_at_the_limit_and_leaves_no_transaction_behind() {
    let db = memory();
    let (mut a, mut b) = (connect(&db), connect(&db));
    execute(&mut *a, "CREATE TABLE t AS SELECT range AS i FROM range(100000)");
    for (limit, expected) in [(0, 0), (1, 1), (3000, 3000), (usize::MAX, 100_000)] {
        let rows = a.query("SELECT i FROM t", limit, &CancelToken::new()).unwrap();
        assert_eq!((rows.rows.len(), rows.columns.len()), (expected, 1));
    }
    let started = Instant::now();
    a.query(
        "SELECT i, DATE '2020-01-01' FROM range(1000000000000) r(i)",
        5,
        &CancelToken::new(),
    )
    .unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(120),
        "the rest is not computed"
    );
    a.query("SELECT i FROM t", 1, &CancelToken::new()).unwrap();
    execute(&mut *b, "ALTER TABLE t ADD COLUMN n INTEGER");
    execute(&mut *b, "DROP TABLE t");
    execute(&mut *b, "CHECKPOINT");
}

#[test]
fn a_query_that_fails_late_says_why() {
    let mut c = connect(&memory());
    let sql = "SELECT CASE WHEN i = 90000 THEN error('late') ELSE i::VARCHAR END FROM range(100000) r(i)";
    for limit in [usize::MAX, 95_000] {
        for _ in 0..20 {
            let error = c.query(sql, limit, &CancelToken::new()).unwrap_err();
            assert!(error.message.contains("late"), "{}", error.message);
        }
    }
}

#[test]
fn ddl_rolls_back() {
    let mut c = connect(&memory());
    let c = &mut *c;
    assert!(c.transactional_ddl());
    execute(c, "CREATE TABLE t AS SELECT 1 AS i");
    c.begin().unwrap();
    execute(c, "CREATE SCHEMA s");
    execute(c, "CREATE OR REPLACE TABLE t AS SELECT 'other' AS s");
    execute(c, "CREATE TABLE s.u AS SELECT 1 AS i");
    c.rollback().unwrap();
    assert_eq!(one(c, "SELECT i FROM t"), "1");
    assert_eq!(
        one(c, "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 's'"),
        "0"
    );
    c.rollback().unwrap();
    c.begin().unwrap();
    execute(c, "DROP TABLE t");
    c.commit().unwrap();
    let error = fails(c, "SELECT * FROM t");
    assert_eq!(c.classify(&error), FailureClass::Catalog);
    assert!(c.commit().is_err(), "there is nothing to commit");
}

#[test]
fn a_session_that_goes_away_in_a_transaction_leaves_nothing() {
    let db = memory();
    let mut c = connect(&db);
    c.begin().unwrap();
    execute(&mut *c, "CREATE TABLE t AS SELECT 1 AS i");
    drop(c);
    fails(&mut *connect(&db), "SELECT * FROM t");
}

#[test]
fn failures_are_one_line_with_a_class() {
    let db = memory();
    let (mut a, mut b) = (connect(&db), connect(&db));
    execute(
        &mut *a,
        "CREATE TABLE t (i INTEGER PRIMARY KEY, s VARCHAR NOT NULL)",
    );
    execute(&mut *a, "INSERT INTO t VALUES (1, 'a')");
    let cases = [
        ("SELECT * FROM nope", FailureClass::Catalog),
        ("SELECT * FROM nocat.s.t", FailureClass::Catalog),
        ("CREATE TABLE t (i INTEGER)", FailureClass::Catalog),
        ("INSERT INTO t VALUES (1, 'b')", FailureClass::Constraint),
        ("INSERT INTO t VALUES (2, NULL)", FailureClass::Constraint),
        ("SELECT nope FROM t", FailureClass::Rejected),
        ("SELEC 1", FailureClass::Rejected),
        ("SELECT CAST('x' AS INTEGER)", FailureClass::Rejected),
        ("SELECT 'a\0b'", FailureClass::Rejected),
    ];
    for (sql, class) in cases {
        let error = fails(&mut *a, sql);
        assert_eq!(
            (error.kind, a.classify(&error)),
            (ErrorKind::Warehouse, class),
            "{sql}: {}",
            error.message
        );
        assert!(
            !error.message.contains('\n') && error.message.contains(" Error: "),
            "{}",
            error.message
        );
    }
    a.begin().unwrap();
    b.begin().unwrap();
    execute(&mut *a, "UPDATE t SET s = 'z' WHERE i = 1");
    let error = fails(&mut *b, "UPDATE t SET s = 'b' WHERE i = 1");
    assert_eq!(b.classify(&error), FailureClass::Transaction, "{}", error.message);
    b.rollback().unwrap();
    a.commit().unwrap();
}

const LONG: &str =
    "SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE a.range % 7 = b.range % 11";

#[test]
fn a_long_statement_stops_and_the_session_goes_on() {
    let mut c = connect(&memory());
    let c = &mut *c;
    execute(c, "CREATE TABLE kept AS SELECT 1 AS i");
    let statements: [(&str, bool); 3] = [
        (LONG, true),
        (
            "CREATE TABLE t AS SELECT a.range AS i FROM range(10000000000) a, range(1000) b",
            false,
        ),
        (LONG, false),
    ];
    for (sql, as_query) in statements {
        let cancel = CancelToken::new();
        let (tripped, stopped) = std::thread::scope(|scope| {
            let tripper = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(150));
                cancel.trip();
                Instant::now()
            });
            let outcome = if as_query {
                c.query(sql, 10, &cancel).map(|_| ())
            } else {
                c.execute(sql, &cancel).map(|_| ())
            };
            let stopped = Instant::now();
            assert_eq!(outcome.unwrap_err().kind, ErrorKind::Cancelled);
            (tripper.join().unwrap(), stopped)
        });
        // Nobody waits for hours; how long it is on an idle machine is measured elsewhere.
        assert!(stopped.saturating_duration_since(tripped) < Duration::from_secs(60));
        assert_eq!(one(c, "SELECT i FROM kept"), "1");
        let error = fails(c, "SELECT * FROM t");
        assert_eq!(c.classify(&error), FailureClass::Catalog, "nothing half done");
    }
    // In a transaction nothing is kept either.
    c.begin().unwrap();
    execute(c, "INSERT INTO kept VALUES (2)");
    let cancel = CancelToken::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            cancel.trip();
        });
        assert_eq!(c.execute(LONG, &cancel).unwrap_err().kind, ErrorKind::Cancelled);
    });
    c.rollback().unwrap();
    assert_eq!(one(c, "SELECT count(*) FROM kept"), "1");
}

#[test]
fn a_trip_at_any_moment_stops_the_statement_and_no_other() {
    let db = memory();
    let mut c = connect(&db);
    let mut other = connect(&db);
    let tripped = CancelToken::new();
    tripped.trip();
    assert_eq!(
        c.execute("CREATE TABLE t (i INTEGER)", &tripped)
            .unwrap_err()
            .kind,
        ErrorKind::Cancelled
    );
    assert_eq!(
        c.query("SELECT 1", 1, &tripped).unwrap_err().kind,
        ErrorKind::Cancelled
    );
    assert_eq!(
        c.describe("SELECT 1", &tripped).unwrap_err().kind,
        ErrorKind::Cancelled
    );
    fails(&mut *c, "SELECT * FROM t");
    for round in 0..60u64 {
        let cancel = CancelToken::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_micros(round * 50));
                cancel.trip();
            });
            let started = Instant::now();
            assert_eq!(c.execute(LONG, &cancel).unwrap_err().kind, ErrorKind::Cancelled);
            assert!(started.elapsed() < Duration::from_secs(60));
            // The thread that still interrupts must not reach the next statement.
            assert_eq!(one(&mut *c, "SELECT sum(range) FROM range(100000)"), "4999950000");
            assert_eq!(one(&mut *other, "SELECT 1"), "1");
        });
    }
}

#[test]
fn sessions_write_different_tables_side_by_side() {
    let db = memory();
    execute(&mut *connect(&db), "CREATE SCHEMA s");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let db = &db;
            scope.spawn(move || {
                let mut c = connect(db);
                for round in 0..10 {
                    c.begin().unwrap();
                    let sql = format!(
                        "CREATE OR REPLACE TABLE s.t{thread} AS SELECT range AS i FROM range({})",
                        round + 1
                    );
                    assert_eq!(execute(&mut *c, &sql), Some(round + 1));
                    execute(&mut *c, &format!("INSERT INTO s.t{thread} VALUES (-1)"));
                    c.commit().unwrap();
                }
            });
        }
    });
    let mut c = connect(&db);
    for thread in 0..8 {
        assert_eq!(one(&mut *c, &format!("SELECT count(*) FROM s.t{thread}")), "11");
    }
}
