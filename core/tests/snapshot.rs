//! Snapshots over random histories of a source, executed on DuckDB, against a reference in plain Rust. The clock is the test's, and goes
//! back now and then.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::{CancelToken, FileId, Ident, Loc, Span};
use rocky_config::Spanned;
use rocky_plan::{Bindings, Change, SnapshotSpec, StepKind, snapshot};
use rocky_warehouse::{Connection, RelationName, Value, Warehouse};
use std::collections::BTreeMap;

/// Two columns of key, one of version, one of value.
type Key = (Option<i64>, String);
type Row = (Option<i64>, Option<String>);

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    UpdatedAt,
    CheckAll,
    CheckOne,
}

/// A version as the reference has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    key: Key,
    row: Row,
    from: i64,
    to: Option<i64>,
    run: String,
}

/// What a snapshot must do, said once more: by key, and without SQL.
fn reference(
    history: &mut Vec<Version>,
    source: &BTreeMap<Key, Row>,
    how: How,
    deletes: bool,
    now: i64,
    run: &str,
) {
    let mut open: BTreeMap<Key, usize> = BTreeMap::new();
    let mut end: BTreeMap<Key, i64> = BTreeMap::new();
    for (index, version) in history.iter_mut().enumerate() {
        if version.to.is_none() {
            let close = match source.get(&version.key) {
                Some(row) => match how {
                    How::UpdatedAt => row.0 != version.row.0,
                    How::CheckAll => row != &version.row,
                    How::CheckOne => row.1 != version.row.1,
                },
                None => deletes,
            };
            match close {
                true => version.to = Some(now.max(version.from)),
                false => drop(open.insert(version.key.clone(), index)),
            }
        }
        if let Some(to) = version.to {
            let last = end.entry(version.key.clone()).or_insert(to);
            *last = to.max(*last);
        }
    }
    for (key, row) in source {
        if !open.contains_key(key) {
            history.push(Version {
                key: key.clone(),
                row: row.clone(),
                from: end.get(key).copied().unwrap_or(now).max(now),
                to: None,
                run: run.to_owned(),
            });
        }
    }
}

fn spanned(name: &str) -> Spanned<rocky_base::SmolStr> {
    Spanned::new(name.into(), Loc::new(FileId(0), Span::new(0, 0)))
}

fn named(schema: &str, table: &str) -> RelationName {
    RelationName {
        catalog: None,
        schema: Some(Ident::quoted(schema)),
        table: Ident::quoted(table),
    }
}

fn spec(how: How, deletes: bool) -> SnapshotSpec {
    let none = Loc::new(FileId(0), Span::new(0, 0));
    SnapshotSpec {
        aliases: Vec::new(),
        pipeline: "p".into(),
        source: named("raw \"x\"", "people; DROP"),
        target: named("hist", "select"),
        places: (none, none),
        unique_key: vec![spanned("id"), spanned("part'y")],
        change: match how {
            How::UpdatedAt => Change::UpdatedAt(spanned("at")),
            How::CheckAll => Change::Check(None),
            How::CheckOne => Change::Check(Some(vec![spanned("Größe")])),
        },
        invalidate_hard_deletes: deletes,
        create_schema: None,
        fail_fast: false,
        checks: None,
    }
}

fn moment(seconds: i64) -> String {
    format!("2026-01-{:02} {:02}:00:00", 1 + seconds / 24, seconds % 24)
}

/// Plan and execute in one transaction. The rows that the steps which count wrote.
fn run(
    db: &DuckDb,
    connection: &mut dyn Connection,
    spec: &SnapshotSpec,
    now: i64,
    run_id: &str,
) -> Result<u64, String> {
    let cancel = CancelToken::new();
    let plan = snapshot(spec, &db.snapshot(&[], &cancel).unwrap()).map_err(|d| d[0].message.clone())?;
    let values = Bindings {
        now: moment(now),
        run_id: run_id.to_owned(),
        window: None,
    };
    for step in &plan.setup {
        connection.execute(&step.sql, &cancel).unwrap();
    }
    let mut written = 0;
    connection.begin().unwrap();
    for step in &plan.tasks[0].steps {
        let sql = step.bind(plan.dialect, &values).unwrap();
        if let StepKind::Guard { error } = &step.kind {
            if !connection.query(&sql, 5, &cancel).unwrap().rows.is_empty() {
                connection.rollback().unwrap();
                return Err(error.clone());
            }
            continue;
        }
        let done = connection
            .execute(&sql, &cancel)
            .unwrap_or_else(|e| panic!("{e:?}\n{sql}"));
        if step.kind == (StepKind::Statement { counts_rows: true }) {
            written += done.rows.unwrap();
        }
    }
    connection.commit().unwrap();
    Ok(written)
}

fn rows(connection: &mut dyn Connection, sql: &str) -> Vec<Vec<Value>> {
    connection.query(sql, 100_000, &CancelToken::new()).unwrap().rows
}

fn literal(value: Option<&str>) -> String {
    value.map_or("NULL".to_owned(), |v| format!("'{}'", v.replace('\'', "''")))
}

fn fill(connection: &mut dyn Connection, source: &BTreeMap<Key, Row>) {
    let cancel = CancelToken::new();
    connection
        .execute(r#"DELETE FROM "raw ""x"""."people; DROP_t""#, &cancel)
        .unwrap();
    if source.is_empty() {
        return;
    }
    let number = |n: Option<i64>| n.map_or("NULL".to_owned(), |n| n.to_string());
    let values: Vec<String> = source
        .iter()
        .map(|((id, part), (at, size))| {
            format!(
                "({}, {}, {}, {})",
                number(*id),
                literal(Some(part)),
                number(*at),
                literal(size.as_deref())
            )
        })
        .collect();
    let sql = format!(
        r#"INSERT INTO "raw ""x"""."people; DROP_t" VALUES {}"#,
        values.join(", ")
    );
    connection.execute(&sql, &cancel).unwrap();
}

fn open() -> (DuckDb, Box<dyn Connection>) {
    let cancel = CancelToken::new();
    let db = DuckDb::open(None, &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    for sql in [
        r#"CREATE SCHEMA "raw ""x""""#,
        r#"CREATE TABLE "raw ""x"""."people; DROP_t" (id BIGINT, "part'y" VARCHAR, "at" BIGINT, "Größe" VARCHAR)"#,
    ] {
        connection.execute(sql, &cancel).unwrap();
    }
    (db, connection)
}

fn history(connection: &mut dyn Connection) -> Vec<Version> {
    let sql = r#"SELECT id, "part'y", "at", "Größe", (epoch(valid_from) - epoch(TIMESTAMP '2026-01-01')) // 3600,
        (epoch(valid_to) - epoch(TIMESTAMP '2026-01-01')) // 3600, is_current, snapshot_id FROM hist."select""#;
    let hour = |v: &Value| v.to_text().map(|t| t.parse::<f64>().unwrap() as i64);
    let mut found: Vec<Version> = rows(connection, sql)
        .iter()
        .map(|r| {
            assert_eq!(
                r[6],
                Value::Bool(r[5] == Value::Null),
                "is_current says what valid_to says"
            );
            Version {
                key: (r[0].to_i64(), r[1].to_text().unwrap()),
                row: (r[2].to_i64(), r[3].to_text()),
                from: hour(&r[4]).unwrap(),
                to: hour(&r[5]),
                run: r[7].to_text().unwrap(),
            }
        })
        .collect();
    found.sort();
    found
}

#[test]
fn histories_are_those_of_the_reference() {
    for seed in 0..210u64 {
        let mut random = Random(seed);
        let how = [How::UpdatedAt, How::CheckAll, How::CheckOne][(seed % 3) as usize];
        let deletes = seed % 2 == 0;
        let spec = spec(how, deletes);
        let (db, mut connection) = open();
        let kind = if seed % 5 == 0 { "VIEW" } else { "TABLE" };
        if kind == "VIEW" {
            let sql =
                r#"CREATE VIEW "raw ""x"""."people; DROP" AS SELECT * FROM "raw ""x"""."people; DROP_t""#;
            connection.execute(sql, &CancelToken::new()).unwrap();
        }
        let mut source: BTreeMap<Key, Row> = BTreeMap::new();
        let mut expected: Vec<Version> = Vec::new();
        let mut now = 20i64;
        for step in 0..4 {
            for _ in 0..random.below(9) {
                let id = Some(random.below(4) as i64).filter(|n| *n > 0);
                let key = (id, ["a", "it's"][random.below(2) as usize].to_owned());
                match random.below(4) {
                    0 => drop(source.remove(&key)),
                    _ => {
                        let at = Some(random.below(3) as i64).filter(|n| *n > 0);
                        let size = ["ß", "two", ""][random.below(3) as usize].to_owned();
                        source.insert(key, (at, Some(size).filter(|s| !s.is_empty())));
                    }
                }
            }
            fill(connection.as_mut(), &source);
            if kind == "TABLE" {
                let sql = r#"CREATE OR REPLACE TABLE "raw ""x"""."people; DROP" AS SELECT * FROM "raw ""x"""."people; DROP_t""#;
                connection.execute(sql, &CancelToken::new()).unwrap();
            }
            // Forward, not at all, or back.
            now = (now + random.below(8) as i64 - 2).max(0);
            let run_id = format!("run-{step}");
            let before = expected.len();
            reference(&mut expected, &source, how, deletes, now, &run_id);
            let written = run(&db, connection.as_mut(), &spec, now, &run_id).unwrap();
            assert_eq!(
                written as usize,
                expected.len() - before,
                "seed {seed} step {step}"
            );
            let found = history(connection.as_mut());
            let mut sorted = expected.clone();
            sorted.sort();
            assert_eq!(found, sorted, "seed {seed} step {step} {how:?}");
            sound(&found, &source);
            if step < 3 {
                continue;
            }
            // The same once more changes nothing.
            assert_eq!(run(&db, connection.as_mut(), &spec, now + 1, "again").unwrap(), 0);
            assert_eq!(history(connection.as_mut()), sorted, "seed {seed} step {step}");
        }
    }
}

/// No version ends before it begins, none overlaps the next, and a key of the source has one that is current.
fn sound(found: &[Version], source: &BTreeMap<Key, Row>) {
    let mut by_key: BTreeMap<&Key, Vec<(i64, i64)>> = BTreeMap::new();
    for v in found {
        assert!(v.to.is_none_or(|to| to >= v.from), "{v:?}");
        by_key
            .entry(&v.key)
            .or_default()
            .push((v.from, v.to.unwrap_or(i64::MAX)));
    }
    for spans in by_key.values_mut() {
        spans.sort();
        assert!(spans.windows(2).all(|w| w[0].1 <= w[1].0), "{spans:?}");
    }
    for key in source.keys() {
        assert_eq!(
            found.iter().filter(|v| v.key == *key && v.to.is_none()).count(),
            1
        );
    }
}

#[test]
fn duplicate_keys_are_refused_and_nothing_is_changed() {
    let (db, mut connection) = open();
    let cancel = CancelToken::new();
    let sql = r#"CREATE TABLE "raw ""x"""."people; DROP" AS SELECT * FROM (VALUES (NULL::BIGINT, 'a', 1::BIGINT, 'x'), (NULL, 'a', 2, 'y')) v(id, "part'y", "at", "Größe")"#;
    connection.execute(sql, &cancel).unwrap();
    let error = run(&db, connection.as_mut(), &spec(How::CheckAll, true), 1, "r").unwrap_err();
    assert_eq!(error, r#"duplicate keys in source table `raw "x".people; DROP`"#);
    let found = rows(
        connection.as_mut(),
        "SELECT 1 FROM duckdb_tables() WHERE table_name = 'select'",
    );
    assert!(found.is_empty());
}

#[test]
fn a_column_that_is_new_in_the_source_joins_the_history() {
    let (db, mut connection) = open();
    let cancel = CancelToken::new();
    let mut sql = |sql: &str| {
        connection.execute(sql, &cancel).unwrap();
    };
    sql(
        r#"CREATE TABLE "raw ""x"""."people; DROP" AS SELECT 1::BIGINT AS id, 'a' AS "part'y", 1::BIGINT AS "at", 'x' AS "Größe""#,
    );
    let spec = spec(How::CheckAll, false);
    assert_eq!(run(&db, connection.as_mut(), &spec, 1, "one").unwrap(), 1);
    let mut sql = |sql: &str| {
        connection.execute(sql, &cancel).unwrap();
    };
    sql(r#"ALTER TABLE "raw ""x"""."people; DROP" ADD COLUMN "new one" DECIMAL(9,2)"#);
    assert_eq!(
        run(&db, connection.as_mut(), &spec, 2, "two").unwrap(),
        0,
        "NULL is what it was"
    );
    let mut sql = |sql: &str| {
        connection.execute(sql, &cancel).unwrap();
    };
    sql(r#"UPDATE "raw ""x"""."people; DROP" SET "new one" = 1.5"#);
    assert_eq!(run(&db, connection.as_mut(), &spec, 3, "three").unwrap(), 1);
    let found = rows(
        connection.as_mut(),
        r#"SELECT "new one", is_current FROM hist."select" ORDER BY valid_from"#,
    );
    let cells: Vec<Option<String>> = found.iter().map(|r| r[0].to_text()).collect();
    assert_eq!(cells, [None, Some("1.50".to_owned())]);
    // One that is gone stays, and is NULL from now on.
    let mut sql = |sql: &str| {
        connection.execute(sql, &cancel).unwrap();
    };
    sql(r#"ALTER TABLE "raw ""x"""."people; DROP" DROP COLUMN "new one""#);
    assert_eq!(run(&db, connection.as_mut(), &spec, 4, "four").unwrap(), 0);
}

#[test]
fn a_target_that_is_no_history_is_refused() {
    let (db, mut connection) = open();
    let cancel = CancelToken::new();
    let mut sql = |sql: &str| {
        connection.execute(sql, &cancel).unwrap();
    };
    sql(
        r#"CREATE TABLE "raw ""x"""."people; DROP" AS SELECT 1::BIGINT AS id, 'a' AS "part'y", 1::BIGINT AS "at", 'x' AS "Größe""#,
    );
    sql("CREATE SCHEMA hist");
    sql(r#"CREATE TABLE hist."select" (id BIGINT, valid_from TIMESTAMP, valid_to TIMESTAMP)"#);
    let error = run(&db, connection.as_mut(), &spec(How::CheckAll, false), 1, "r").unwrap_err();
    assert_eq!(
        error,
        "target `hist.select` exists and is no history: it has no column is_current, snapshot_id"
    );
}
