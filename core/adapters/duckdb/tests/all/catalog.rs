//! The catalogue snapshot and discovery.

use crate::support::*;
use rocky_base::{CancelToken, Dialect, ErrorKind, Ident};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{CatalogSnapshot, RelationKind, RelationName, SourceTable, Type, Warehouse};
use std::time::{Duration, Instant};

fn name(parts: &[&str]) -> RelationName {
    let mut parts: Vec<Ident> = parts.iter().map(|p| Ident::quoted(*p)).collect();
    let table = parts.pop().unwrap();
    let schema = parts.pop();
    RelationName {
        catalog: parts.pop(),
        schema,
        table,
    }
}

fn snapshot(db: &dyn Warehouse, wanted: &[RelationName]) -> CatalogSnapshot {
    db.snapshot(wanted, &CancelToken::new()).unwrap()
}

/// `name TYPE [NOT NULL]` of each column.
fn columns(snapshot: &CatalogSnapshot, parts: &[&str]) -> Vec<String> {
    let Lookup::Found(relation) = snapshot.lookup(&name(parts)) else {
        panic!("{parts:?} was not found")
    };
    let column = |c: &rocky_warehouse::Column| {
        format!(
            "{} {}{}",
            c.name,
            c.ty.print(Dialect::DuckDb),
            if c.nullable { "" } else { " NOT NULL" }
        )
    };
    relation.columns.iter().map(column).collect()
}

#[test]
fn a_snapshot_tells_found_absent_and_unknown_apart() {
    let db = memory();
    let mut c = connect(&db);
    let c = &mut *c;
    execute(c, "CREATE SCHEMA Raw");
    execute(c, "CREATE SCHEMA other");
    execute(c, "CREATE SCHEMA empty");
    execute(
        c,
        "CREATE TABLE raw.Orders (id INTEGER PRIMARY KEY, amount DECIMAL(18,2) NOT NULL, tags VARCHAR[], s STRUCT(a INTEGER))",
    );
    execute(c, "CREATE VIEW raw.v AS SELECT id, amount FROM raw.orders");
    execute(c, "CREATE TABLE other.t (i INTEGER)");
    execute(c, "CREATE TABLE here (i INTEGER)");
    execute(c, "CREATE TEMP TABLE mine (i INTEGER)");

    let s = snapshot(
        &db,
        &[
            name(&["raw", "orders"]),
            name(&["here"]),
            name(&["nocat", "x", "y"]),
            name(&["nosuch", "t"]),
        ],
    );
    assert_eq!(s.dialect, Dialect::DuckDb);
    assert_eq!(
        (
            s.default_catalog.as_ref().unwrap().text.as_str(),
            s.default_schema.as_ref().unwrap().text.as_str()
        ),
        ("memory", "main")
    );
    assert!(s.taken_at > 1_700_000_000);
    let expected = [
        "id INTEGER NOT NULL",
        "amount DECIMAL(18,2) NOT NULL",
        "tags VARCHAR[]",
        "s STRUCT(a INTEGER)",
    ];
    assert_eq!(columns(&s, &["RAW", "ORDERS"]), expected);
    assert_eq!(columns(&s, &["memory", "raw", "orders"]), expected);
    assert_eq!(columns(&s, &["raw", "v"]), ["id INTEGER", "amount DECIMAL(18,2)"]);
    assert_eq!(columns(&s, &["here"]), ["i INTEGER"]);
    let Lookup::Found(orders) = s.lookup(&name(&["raw", "orders"])) else {
        panic!()
    };
    assert_eq!(
        (orders.kind, orders.name.display().as_str()),
        (RelationKind::Table, "memory.Raw.Orders")
    );
    let Lookup::Found(v) = s.lookup(&name(&["raw", "v"])) else {
        panic!()
    };
    assert_eq!(v.kind, RelationKind::View);

    assert_eq!(
        s.lookup(&name(&["raw", "nope"])),
        Lookup::Absent,
        "the schema was listed"
    );
    assert_eq!(
        s.lookup(&name(&["nosuch", "t"])),
        Lookup::Absent,
        "there is no such schema"
    );
    assert_eq!(
        s.lookup(&name(&["other", "t"])),
        Lookup::Unknown,
        "the schema was not asked for"
    );
    assert_eq!(
        s.lookup(&name(&["nocat", "x", "y"])),
        Lookup::Unknown,
        "the catalogue is not attached"
    );
    assert_eq!(
        s.lookup(&name(&["mine"])),
        Lookup::Absent,
        "temporary tables belong to one session"
    );
    assert_eq!(s.schema_exists("memory", "empty"), Some(true));
    assert_eq!(s.schema_exists("memory", "nosuch"), Some(false));
    assert_eq!(s.schema_exists("nocat", "x"), None);
    assert_eq!(s.schema_exists("memory", "information_schema"), Some(false));

    let all = snapshot(&db, &[]);
    assert_eq!(all.relations.len(), 4);
    assert_eq!(columns(&all, &["other", "t"]), ["i INTEGER"]);
    assert_eq!(all.lookup(&name(&["empty", "t"])), Lookup::Absent);
}

#[test]
fn strange_names_survive() {
    let names = [
        "we\"ird",
        "it's",
        "select",
        "Ünï😀",
        "with space",
        "a.b",
        "",
        "x;--",
        "back\\slash",
        "new\nline",
    ];
    let db = memory();
    let mut c = connect(&db);
    let quoted = |n: &str| Dialect::DuckDb.quote_ident(n);
    for n in names.iter().filter(|n| !n.is_empty()) {
        execute(&mut *c, &format!("CREATE SCHEMA {}", quoted(n)));
        execute(&mut *c, &format!("CREATE TABLE {0}.{0} ({0} INTEGER)", quoted(n)));
        execute(
            &mut *c,
            &format!(
                "CREATE VIEW {0}.{1} AS SELECT * FROM {0}.{0}",
                quoted(n),
                quoted(&format!("{n} view"))
            ),
        );
    }
    for n in names.iter().filter(|n| !n.is_empty()) {
        let view = format!("{n} view");
        let s = snapshot(&db, &[name(&[n, n]), name(&[n, &view])]);
        assert_eq!(s.relations.len(), 2);
        assert_eq!(columns(&s, &[n, n]), [format!("{n} INTEGER")]);
        assert_eq!(columns(&s, &[n, &view]), [format!("{n} INTEGER")]);
        assert_eq!(
            columns(&s, &[&n.to_ascii_uppercase(), n]),
            [format!("{n} INTEGER")]
        );
        let tables = db.discover(None, n, &CancelToken::new()).unwrap();
        assert!(
            tables.contains(&SourceTable {
                schema: (*n).into(),
                name: (*n).into(),
                row_count: Some(0)
            }),
            "{tables:?}"
        );
    }
    assert_eq!(snapshot(&db, &[]).relations.len(), 2 * (names.len() - 1));
}

#[test]
fn a_broken_view_does_no_harm_and_a_changed_one_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.duckdb");
    let db = open(&path).unwrap();
    let mut c = connect(&db);
    execute(&mut *c, "CREATE TABLE gone (i INTEGER)");
    execute(&mut *c, "CREATE TABLE base (i INTEGER)");
    execute(&mut *c, "CREATE VIEW broken AS SELECT i, i + 1 AS j FROM gone");
    execute(&mut *c, "CREATE VIEW changed AS SELECT * FROM base");
    execute(&mut *c, "DROP TABLE gone");
    execute(&mut *c, "CREATE OR REPLACE TABLE base (i VARCHAR, k DATE)");
    let check = |db: &dyn Warehouse| {
        let s = snapshot(db, &[name(&["broken"]), name(&["changed"])]);
        assert_eq!(columns(&s, &["shop", "main", "changed"]), ["i VARCHAR", "k DATE"]);
        assert_eq!(columns(&s, &["broken"]), ["i INTEGER", "j INTEGER"]);
        assert_eq!(columns(&s, &["base"]), ["i VARCHAR", "k DATE"]);
    };
    check(&db);
    drop((c, db));
    check(&open_with(&path, true, Duration::ZERO).unwrap());
    let db = open(&path).unwrap();
    let mut c = connect(&db);
    execute(&mut *c, "CREATE OR REPLACE TABLE base (n BIGINT)");
    let s = snapshot(&db, &[]);
    assert_eq!(columns(&s, &["changed"]), ["n BIGINT"]);
    assert_eq!(s.relations.len(), 3);
}

#[test]
fn attached_databases_are_catalogues_of_their_own() {
    let db = memory();
    let mut c = connect(&db);
    execute(&mut *c, "ATTACH ':memory:' AS \"Side\"");
    execute(&mut *c, "CREATE SCHEMA side.s");
    execute(&mut *c, "CREATE TABLE side.s.t (i INTEGER)");
    let s = snapshot(&db, &[name(&["SIDE", "S", "T"])]);
    assert_eq!(columns(&s, &["side", "s", "t"]), ["i INTEGER"]);
    assert_eq!(s.lookup(&name(&["side", "nope", "t"])), Lookup::Absent);
    assert_eq!(
        s.lookup(&name(&["s", "t"])),
        Lookup::Absent,
        "the default catalogue has no such schema"
    );
    let found = db.discover(Some("SIDE"), "S", &CancelToken::new()).unwrap();
    assert_eq!(
        found,
        [SourceTable {
            schema: "s".into(),
            name: "t".into(),
            row_count: Some(0)
        }]
    );
    let error = db
        .discover(Some("elsewhere"), "", &CancelToken::new())
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[test]
fn discovery_lists_the_tables_of_matching_schemas_in_order() {
    let db = memory();
    let mut c = connect(&db);
    for sql in [
        "CREATE SCHEMA raw__b",
        "CREATE SCHEMA raw__a",
        "CREATE SCHEMA rawXXa",
        "CREATE TABLE raw__b.z AS SELECT 1 AS i",
        "CREATE TABLE raw__b.a AS SELECT range AS i FROM range(3)",
        "CREATE TABLE raw__a.orders AS SELECT range AS i FROM range(5000)",
        "CREATE VIEW raw__a.v AS SELECT 1 AS i",
        "CREATE TABLE rawXXa.no (i INTEGER)",
    ] {
        execute(&mut *c, sql);
    }
    let found = db.discover(None, "raw__", &CancelToken::new()).unwrap();
    let found: Vec<(&str, &str, Option<u64>)> = found
        .iter()
        .map(|t| (t.schema.as_str(), t.name.as_str(), t.row_count))
        .collect();
    assert_eq!(
        found,
        [
            ("raw__a", "orders", Some(5000)),
            // A view can be a source; nobody has counted its rows.
            ("raw__a", "v", None),
            ("raw__b", "a", Some(3)),
            ("raw__b", "z", Some(1))
        ]
    );
    assert_eq!(db.discover(None, "nothing", &CancelToken::new()).unwrap(), []);
}

#[test]
fn types_of_the_catalogue_are_all_understood() {
    let db = memory();
    let mut c = connect(&db);
    execute(&mut *c, "CREATE TYPE mood AS ENUM ('a', 'it''s')");
    execute(
        &mut *c,
        "CREATE TABLE t AS SELECT *, 'a'::mood AS m, '{}'::JSON AS j FROM test_all_types()",
    );
    let s = snapshot(&db, &[]);
    let Lookup::Found(t) = s.lookup(&name(&["t"])) else {
        panic!()
    };
    assert!(t.columns.len() > 50);
    for column in &t.columns {
        assert!(
            !column.ty.has_unknown() && !matches!(column.ty, Type::Other(_)),
            "{}: {:?}",
            column.name,
            column.ty
        );
    }
}

#[test]
fn types_of_users_are_listed_with_what_they_stand_for() {
    let db = memory();
    let mut c = connect(&db);
    for statement in [
        "CREATE TYPE Mood AS ENUM ('sad', 'ok')",
        "CREATE SCHEMA s",
        "CREATE TYPE s.\"a b\" AS STRUCT(m mood, d DECIMAL(5, 1))",
    ] {
        execute(&mut *c, statement);
    }
    let s = snapshot(&db, &[name(&["s", "t"])]);
    let types: Vec<String> = (s.types.iter())
        .map(|(key, ty)| format!("{}.{} {}", key.schema, key.table, ty.print(Dialect::DuckDb)))
        .collect();
    let expected = [
        "main.mood ENUM('sad', 'ok')",
        "s.a b STRUCT(m ENUM('sad', 'ok'), d DECIMAL(5,1))",
    ];
    assert_eq!(types, expected);
}

#[test]
fn a_snapshot_can_be_cancelled_and_takes_no_long() {
    let db = memory();
    let mut c = connect(&db);
    execute(&mut *c, "CREATE SCHEMA s");
    c.begin().unwrap();
    for i in 0..1000 {
        execute(
            &mut *c,
            &format!(
                "CREATE TABLE s.t{i} (a INTEGER NOT NULL, b VARCHAR, c DATE, d DECIMAL(10,2), e TIMESTAMP)"
            ),
        );
    }
    c.commit().unwrap();
    let started = Instant::now();
    let s = snapshot(&db, &[name(&["s", "t1"])]);
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(s.relations.len(), 1000);
    let cancel = CancelToken::new();
    cancel.trip();
    assert_eq!(db.snapshot(&[], &cancel).unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(
        db.discover(None, "", &cancel).unwrap_err().kind,
        ErrorKind::Cancelled
    );
}

/// Every view that the engine brings along may be there, in all spellings that it takes.
#[test]
fn the_engines_own_views_are_never_absent() {
    let db = memory();
    let mut c = connect(&db);
    execute(&mut *c, "CREATE TABLE t (i INTEGER)");
    let cancel = CancelToken::new();
    let list =
        "SELECT schema_name, view_name FROM duckdb_views() WHERE internal AND database_name = 'system'";
    let views = c.query(list, 1000, &cancel).unwrap().rows;
    let all = snapshot(&db, &[]);
    assert!(views.len() > 40);
    for row in views {
        let (schema, view) = (row[0].to_text().unwrap(), row[1].to_text().unwrap());
        let mut spellings = vec![
            name(&[schema.as_str(), view.as_str()]),
            name(&["system", schema.as_str(), view.as_str()]),
        ];
        if schema != "information_schema" {
            spellings.push(name(&[view.as_str()]));
        }
        for spelled in spellings {
            let sql = format!("SELECT * FROM {} LIMIT 0", spelled.print(Dialect::DuckDb));
            c.query(&sql, 1, &cancel)
                .unwrap_or_else(|e| panic!("{sql}: {}", e.message));
            assert_eq!(all.lookup(&spelled), Lookup::Unknown, "{sql}");
        }
    }
    assert_eq!(all.lookup(&name(&["pg_klass"])), Lookup::Absent);
}
