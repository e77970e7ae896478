//! incremental, merge and delete_insert on real DuckDB files: random histories end as a plain computation says, and incremental ends as
//! a full refresh would where nothing changed before its lookback.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

struct Folder {
    _dir: tempfile::TempDir,
    project: Project,
    db: DuckDb,
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

impl Folder {
    /// Models by name: query and sidecar.
    fn new(models: &[(&str, &str, &str)]) -> Folder {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "rocky.toml", CONFIG);
        for (name, sql, sidecar) in models {
            write(dir.path(), &format!("models/{name}.sql"), sql);
            write(dir.path(), &format!("models/{name}.toml"), sidecar);
        }
        let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
        let request = OpenRequest {
            config: Some(dir.path().display().to_string()),
            ..OpenRequest::default()
        };
        let project = Project::open(&engine, &request, Host::default()).unwrap();
        let file = dir.path().join("w.duckdb");
        let db = DuckDb::open(Some(&file), &OpenOptions::default(), &CancelToken::new()).unwrap();
        let folder = Folder {
            _dir: dir,
            project,
            db,
        };
        folder.sql("create schema raw");
        for table in ["history", "batch"] {
            folder.sql(&format!(
                "create table raw.{table} (a bigint, b varchar, amount bigint, ts timestamp)"
            ));
        }
        folder
    }

    fn sql(&self, text: &str) {
        let mut connection = self.db.connect().unwrap();
        connection.execute(text, &CancelToken::new()).unwrap();
    }

    /// Rows as text, sorted.
    fn text(&self, text: &str) -> Vec<String> {
        let mut connection = self.db.connect().unwrap();
        let rows = connection
            .query(text, 1_000_000, &CancelToken::new())
            .unwrap()
            .rows;
        let mut all: Vec<String> = rows
            .iter()
            .map(|row| {
                let cells: Vec<String> = row.iter().map(|v| v.to_text().unwrap_or("NULL".into())).collect();
                cells.join("|")
            })
            .collect();
        all.sort();
        all
    }

    fn table(&self, name: &str) -> Vec<String> {
        self.text(&format!("select a, b, amount, ts from {name}"))
    }

    fn fill(&self, table: &str, rows: &[Row]) {
        let mut sql = format!("begin; delete from raw.{table};");
        for row in rows {
            sql.push_str(&format!("insert into raw.{table} values ({});", row.sql()));
        }
        sql.push_str("commit");
        self.sql(&sql);
    }

    fn try_run(&self, full_refresh: bool) -> RunResponse {
        let request = RunRequest {
            full_refresh,
            ..RunRequest::default()
        };
        self.project
            .run(&request, &mut NoObserver, &CancelToken::new())
            .unwrap()
    }

    fn run(&self) {
        let response = self.try_run(false);
        assert_eq!(response.status, "Success", "{:#?}", response.errors);
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn chance(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Row {
    a: Option<i64>,
    b: Option<char>,
    amount: Option<i64>,
    /// Hours since 2024-01-01.
    ts: Option<i64>,
}

const HOUR: &str = "TIMESTAMP '2024-01-01 00:00:00' + INTERVAL";

impl Row {
    fn random(random: &mut Random, from: i64, hours: u64) -> Row {
        let some = |random: &mut Random, n: u64| (!random.chance(8)).then(|| random.below(n) as i64);
        Row {
            a: some(random, 5),
            b: some(random, 3).map(|n| char::from(b'x' + n as u8)),
            amount: some(random, 1000),
            ts: some(random, hours).map(|h| from + h),
        }
    }

    fn sql(&self) -> String {
        let number = |n: Option<i64>| n.map_or("NULL".to_owned(), |n| n.to_string());
        format!(
            "{}, {}, {}, {}",
            number(self.a),
            self.b.map_or("NULL".to_owned(), |b| format!("'{b}'")),
            number(self.amount),
            self.ts.map_or("NULL".to_owned(), |h| format!("{HOUR} {h} HOUR"))
        )
    }

    fn key(&self) -> (Option<i64>, Option<char>) {
        (self.a, self.b)
    }
}

/// The rows as the tables have them.
fn shown(folder: &Folder, rows: &[Row]) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let values: Vec<String> = rows.iter().map(|r| format!("({})", r.sql())).collect();
    folder.text(&format!(
        "select a::bigint, b::varchar, amount::bigint, ts::timestamp from (values {}) as v(a, b, amount, ts)",
        values.join(", ")
    ))
}

/// Rows from `back` hours before the newest on are those of the source; without `back`, newer ones are added.
fn incremental(target: &mut Vec<Row>, source: &[Row], back: Option<i64>) {
    let newest = target.iter().filter_map(|r| r.ts).max();
    let wanted = |r: &&Row| match (r.ts, newest, back) {
        (None, ..) => false,
        (_, None, _) => true,
        (Some(ts), Some(newest), Some(back)) => ts >= newest - back,
        (Some(ts), Some(newest), None) => ts > newest,
    };
    let added: Vec<Row> = source.iter().filter(wanted).cloned().collect();
    if let (Some(back), Some(newest)) = (back, newest) {
        target.retain(|r| r.ts.is_none_or(|ts| ts < newest - back));
    }
    target.extend(added);
}

const LATE: &str = "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\nlookback = \"36 hours\"\n";

#[test]
fn random_histories_of_incremental_end_as_a_plain_computation_says() {
    let query = "select a, b, amount, ts from raw.history -- the end";
    for seed in 1..=3u64 {
        let folder = Folder::new(&[
            (
                "plain",
                query,
                "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\n",
            ),
            ("late", query, LATE),
        ]);
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (mut source, mut plain, mut late) = (Vec::new(), Vec::new(), Vec::new());
        for step in 0..8i64 {
            // In the wild: rows come at any time, change and go away.
            for _ in 0..random.below(6) {
                source.push(Row::random(&mut random, step * 12, 60));
            }
            if !source.is_empty() && random.chance(2) {
                let at = random.below(source.len() as u64) as usize;
                source[at].amount = Some(-step);
            }
            if !source.is_empty() && random.chance(3) {
                source.swap_remove(random.below(source.len() as u64) as usize);
            }
            folder.fill("history", &source);
            folder.run();
            if step == 0 {
                (plain, late) = (source.clone(), source.clone());
                // Columns are written by name, whatever their order.
                folder.sql("create or replace table plain as select ts, amount, b, a from plain");
                folder.sql("create or replace table late as select ts, b, a, amount from late");
            } else {
                incremental(&mut plain, &source, None);
                incremental(&mut late, &source, Some(36));
            }
            assert_eq!(
                folder.table("plain"),
                shown(&folder, &plain),
                "seed {seed}, step {step}"
            );
            assert_eq!(
                folder.table("late"),
                shown(&folder, &late),
                "seed {seed}, step {step}"
            );
            // A second run changes nothing that the first did not.
            incremental(&mut plain, &source, None);
            incremental(&mut late, &source, Some(36));
            folder.run();
            assert_eq!(
                folder.table("plain"),
                shown(&folder, &plain),
                "seed {seed}, step {step}, again"
            );
            assert_eq!(
                folder.table("late"),
                shown(&folder, &late),
                "seed {seed}, step {step}, again"
            );
        }
        assert_eq!(
            folder.text("select table_name from duckdb_tables() where table_name like '%stage%'"),
            [""; 0]
        );
    }
}

#[test]
fn incremental_with_a_lookback_is_a_full_refresh_when_nothing_older_changed() {
    let query = "select a, b, amount, ts from raw.history";
    let day = "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"day\"\nlookback = \"2 days\"\n";
    let by_day = "select a, b, amount, ts, cast(ts as date) as day from raw.history";
    for seed in 11..=13u64 {
        let folder = Folder::new(&[("late", query, LATE), ("days", by_day, day)]);
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut source: Vec<Row> = Vec::new();
        for step in 0..8i64 {
            // Whatever happens, it happens to what is not older than 36 hours, which is within two days by the day too.
            let newest = source.iter().filter_map(|r| r.ts).max();
            let from = newest.map_or(0, |n| n - 36);
            for _ in 0..random.below(7) {
                let mut row = Row::random(&mut random, from, 72);
                row.ts = row.ts.or((step > 0).then_some(from));
                source.push(row);
            }
            let young = |r: &Row| newest.is_some_and(|n| r.ts.is_some_and(|ts| ts >= n - 36));
            for row in source.iter_mut().filter(|r| young(r)) {
                if random.chance(3) {
                    row.amount = Some(random.below(9) as i64);
                }
            }
            // The newest itself stays: without it nobody could tell how far the table was.
            source.retain(|r| r.ts == newest || !young(r) || !random.chance(4));
            folder.fill("history", &source);
            folder.run();
            let expected = shown(&folder, &source);
            assert_eq!(folder.table("late"), expected, "seed {seed}, step {step}");
            assert_eq!(folder.table("days"), expected, "seed {seed}, step {step}");
        }
        folder.try_run(true);
        assert_eq!(folder.table("late"), shown(&folder, &source));
    }
}

/// One row for each key.
fn batch(random: &mut Random, n: u64) -> Vec<Row> {
    let mut keys = BTreeSet::new();
    let rows = (0..n).map(|_| Row::random(random, 0, 100));
    rows.filter(|r| keys.insert(r.key())).collect()
}

#[test]
fn random_histories_of_merge_and_delete_insert_end_as_a_plain_computation_says() {
    let query = "select a, b, amount, ts from raw.batch";
    for seed in 21..=23u64 {
        let folder = Folder::new(&[
            (
                "whole",
                query,
                "[strategy]\ntype = \"merge\"\nunique_key = [\"a\", \"b\"]\n",
            ),
            (
                "part_of",
                query,
                "[strategy]\ntype = \"merge\"\nunique_key = [\"a\", \"b\"]\nupdate_columns = [\"amount\"]\n",
            ),
            (
                "parts",
                query,
                "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"b\"]\n",
            ),
        ]);
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut whole: BTreeMap<_, Row> = BTreeMap::new();
        let mut some: BTreeMap<_, Row> = BTreeMap::new();
        let mut parts: Vec<Row> = Vec::new();
        for step in 0..7 {
            let n = random.below(9);
            let rows = batch(&mut random, n);
            folder.fill("batch", &rows);
            for row in &rows {
                whole.insert(row.key(), row.clone());
                let kept = some.entry(row.key()).or_insert_with(|| row.clone());
                kept.amount = row.amount;
            }
            parts.retain(|old| rows.iter().all(|new| new.b != old.b));
            parts.extend(rows.iter().cloned());
            // Once more changes nothing.
            for _ in 0..2 {
                folder.run();
                let of =
                    |rows: &BTreeMap<_, Row>| shown(&folder, &rows.values().cloned().collect::<Vec<_>>());
                assert_eq!(folder.table("whole"), of(&whole), "seed {seed}, step {step}");
                assert_eq!(folder.table("part_of"), of(&some), "seed {seed}, step {step}");
                assert_eq!(
                    folder.table("parts"),
                    shown(&folder, &parts),
                    "seed {seed}, step {step}"
                );
            }
            if step == 0 {
                for table in ["whole", "part_of", "parts"] {
                    folder.sql(&format!(
                        "create or replace table {table} as select ts, b, amount, a from {table}"
                    ));
                }
            }
        }
    }
}

#[test]
fn keys_that_occur_twice_are_named_also_where_parts_are_null() {
    let query = "select a, b, amount, ts from raw.batch";
    let folder = Folder::new(&[(
        "m",
        query,
        "[strategy]\ntype = \"merge\"\nunique_key = [\"a\", \"b\"]\n",
    )]);
    folder.sql("insert into raw.batch values (1, NULL, 1, NULL), (2, 'x', 2, NULL)");
    folder.run();
    folder.sql(
        "update raw.batch set amount = 9; insert into raw.batch values (1, NULL, 3, NULL), (3, 'x', 4, NULL)",
    );
    let response = folder.try_run(false);
    assert_eq!(response.status, "Failure");
    assert_eq!(
        response.errors[0].error,
        "duplicate keys in the result of model `m`; found (a = 1, b = NULL, n = 2)"
    );
    assert_eq!(
        folder.table("m"),
        ["1|NULL|1|NULL", "2|x|2|NULL"],
        "nothing is changed"
    );
}

#[test]
fn a_comment_is_in_the_catalogue_and_a_format_view_is_a_view() {
    let folder = Folder::new(&[
        (
            "t",
            "select 1 as a",
            "[format_options]\ncomment = \"it's a table\"\n",
        ),
        (
            "i",
            "select a, ts from raw.history",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\n[format_options]\ncomment = \"i\"\n",
        ),
        (
            "v",
            "select 1 as a",
            "format = \"view\"\n[format_options]\ncomment = \"v\"\n",
        ),
    ]);
    for _ in 0..2 {
        folder.run();
        assert_eq!(
            folder.text(
                "select table_name, comment from duckdb_tables() where schema_name = 'main' union all \
                 select view_name, comment from duckdb_views() where not internal"
            ),
            ["i|i", "t|it's a table", "v|v"]
        );
    }
}
