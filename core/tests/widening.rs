//! What is called a safe change of a column's type on DuckDB is executed over the ends of the type: `ALTER COLUMN … TYPE` keeps every
//! value, the other columns, and what the table demands of them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::{CancelToken, Dialect};
use rocky_warehouse::{Type, Warehouse, Widening, widening};

/// Types with values at their ends.
const TYPES: &[(&str, &[&str])] = &[
    ("BOOLEAN", &["true", "false"]),
    ("TINYINT", &["-128", "0", "127"]),
    ("SMALLINT", &["-32768", "32767"]),
    ("INTEGER", &["-2147483648", "2147483647"]),
    ("BIGINT", &["-9223372036854775808", "9223372036854775807"]),
    (
        "HUGEINT",
        &[
            "-170141183460469231731687303715884105728",
            "170141183460469231731687303715884105727",
        ],
    ),
    ("UTINYINT", &["0", "255"]),
    ("USMALLINT", &["0", "65535"]),
    ("UINTEGER", &["0", "4294967295"]),
    ("UBIGINT", &["0", "18446744073709551615"]),
    ("UHUGEINT", &["0", "340282366920938463463374607431768211455"]),
    (
        "FLOAT",
        &[
            "0.1",
            "-3.4028235e38",
            "1.1754944e-38",
            "1e-45",
            "nan",
            "inf",
            "-inf",
            "16777217",
        ],
    ),
    (
        "DOUBLE",
        &[
            "0.1",
            "-1.7976931348623157e308",
            "5e-324",
            "nan",
            "inf",
            "9007199254740993",
            "0.30000000000000004",
        ],
    ),
    ("DECIMAL(4,1)", &["-999.9", "999.9", "0", "1.0"]),
    ("DECIMAL(10,2)", &["-99999999.99", "99999999.99", "1.10"]),
    ("DECIMAL(18,2)", &["-9999999999999999.99", "9999999999999999.99"]),
    (
        "DECIMAL(38,10)",
        &[
            "-9999999999999999999999999999.9999999999",
            "9999999999999999999999999999.9999999999",
        ],
    ),
    ("DECIMAL(38,2)", &["999999999999999999999999999999999999.99"]),
    ("VARCHAR", &["", "a", "é\u{1F600}"]),
    ("DATE", &["infinity", "-infinity", "0001-01-01", "5881580-07-10"]),
    (
        "TIMESTAMP",
        &["infinity", "-infinity", "2026-01-01 00:00:00.000001"],
    ),
    ("TIMESTAMPTZ", &["infinity", "2026-01-01 00:00:00+00"]),
];

#[test]
fn a_safe_change_keeps_every_value() {
    let cancel = CancelToken::new();
    let db = DuckDb::open(None, &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    let mut query = |sql: &str| -> Vec<Vec<String>> {
        let rows = connection
            .query(sql, 1000, &cancel)
            .unwrap_or_else(|e| panic!("{}\n{sql}", e.message))
            .rows;
        let text = |v: &rocky_warehouse::Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
        rows.iter().map(|row| row.iter().map(text).collect()).collect()
    };
    let mut changes = Vec::new();
    for (from, values) in TYPES {
        for (to, _) in TYPES {
            let ty = |text: &str| Type::parse(Dialect::DuckDb, text).unwrap();
            if widening(Dialect::DuckDb, &ty(from), &ty(to)) != Widening::Safe {
                continue;
            }
            query(&format!(
                "CREATE OR REPLACE TABLE t (id INTEGER PRIMARY KEY, x {from}, old {from}, u VARCHAR NOT NULL UNIQUE, \
                 c INTEGER DEFAULT 7 CHECK (c > 0))"
            ));
            query("COMMENT ON TABLE t IS 'it stays'");
            for (i, value) in values.iter().enumerate() {
                query(&format!(
                    "INSERT INTO t (id, x, old, u) VALUES ({i}, '{value}', '{value}', 'u{i}')"
                ));
            }
            query("INSERT INTO t (id, u) VALUES (100, 'none')");
            let facts = "SELECT constraint_type, constraint_text FROM duckdb_constraints() WHERE table_name = 't' ORDER BY ALL";
            let others = "SELECT id, u, c, (SELECT comment FROM duckdb_tables() WHERE table_name = 't') FROM t ORDER BY id";
            let before = (query(facts), query(others));
            query(&format!("ALTER TABLE t ALTER COLUMN x TYPE {to}"));
            assert_eq!((query(facts), query(others)), before, "{from} to {to}");
            let lost = query(&format!(
                "SELECT id, x, old FROM t WHERE CAST(x AS {from}) IS DISTINCT FROM old"
            ));
            assert!(lost.is_empty(), "{from} to {to}: {lost:?}");
            let found =
                query("SELECT data_type FROM duckdb_columns() WHERE table_name = 't' AND column_name = 'x'");
            assert_eq!(found, [[to.to_string()]], "{from}");
            changes.push(format!("{from} {to}"));
        }
    }
    for wanted in [
        "DECIMAL(10,2) VARCHAR",
        "INTEGER HUGEINT",
        "UTINYINT INTEGER",
        "UBIGINT HUGEINT",
        "HUGEINT VARCHAR",
    ] {
        assert!(changes.iter().any(|c| c == wanted), "{wanted}: {changes:?}");
    }
}
