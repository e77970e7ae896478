//! A wrong result of DuckDB 1.5.5 that the adapter's settings keep away: a join filter pushed below `ORDER BY … LIMIT`.

#![allow(missing_docs, clippy::unwrap_used)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;

#[test]
fn a_limited_subquery_keeps_its_rows_when_it_is_joined() {
    let cancel = CancelToken::new();
    // Without the setting about one run in six gives two rows.
    for _ in 0..60 {
        let warehouse = DuckDb::open(None, &OpenOptions::default(), &cancel).unwrap();
        let mut connection = warehouse.connect().unwrap();
        connection
            .execute(
                "CREATE TABLE t AS SELECT i AS a, i AS c FROM range(12) r(i)",
                &cancel,
            )
            .unwrap();
        connection
            .execute(
                "CREATE TABLE u AS SELECT * FROM (VALUES (2,6),(5,1),(3,3),(7,7),(2,9)) v(k,p)",
                &cancel,
            )
            .unwrap();
        let sql =
            "SELECT q.a, u.k FROM (SELECT * FROM t ORDER BY a, c LIMIT 2) q JOIN u ON q.c = u.k WHERE p > 4";
        assert!(connection.query(sql, 10, &cancel).unwrap().rows.is_empty());
    }
}
