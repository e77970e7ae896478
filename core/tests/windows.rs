//! time_interval and microbatch models on real DuckDB files: a table that is computed by windows is the one that would be computed
//! at once, whatever is repeated, late, killed or wrong.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::verbs::test::TestRequest;
use rocky_core::{CancelToken, Engine, EngineOptions, Error, Event, Host, NoObserver, OpenRequest, Project};
use rocky_run::state::{Partition, PartitionStatus, StateReader};
use rocky_warehouse::{Value, Warehouse};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";
const DAILY: &str = "select cast(ts as date) as day, customer, sum(amount) as amount, count(*) as n from raw.orders\n\
                     where ts >= @start_date and ts < @end_date -- @start_date\ngroup by all";

struct Folder {
    dir: tempfile::TempDir,
    project: Project,
    db: DuckDb,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "rocky.toml", CONFIG);
        files
            .iter()
            .for_each(|(path, text)| write(dir.path(), path, text));
        let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
        let request = OpenRequest {
            config: Some(dir.path().display().to_string()),
            ..OpenRequest::default()
        };
        let project = Project::open(&engine, &request, Host::default()).unwrap();
        let file = dir.path().join("w.duckdb");
        let db = DuckDb::open(Some(&file), &OpenOptions::default(), &CancelToken::new()).unwrap();
        let folder = Folder { dir, project, db };
        folder.sql("create schema raw");
        folder.sql(
            "create table raw.orders (id bigint, customer bigint, amount bigint, ts timestamp not null)",
        );
        folder
    }

    /// A model with windows.
    fn with(sql: &str, strategy: &str) -> Folder {
        Folder::new(&[("models/m.sql", sql), ("models/m.toml", strategy)])
    }

    fn daily(more: &str) -> Folder {
        Folder::with(DAILY, &strategy(more))
    }

    fn sql(&self, text: &str) {
        self.db
            .connect()
            .unwrap()
            .execute(text, &CancelToken::new())
            .unwrap();
    }

    fn rows(&self, text: &str) -> Vec<Vec<Value>> {
        let mut connection = self.db.connect().unwrap();
        connection
            .query(text, 1_000_000, &CancelToken::new())
            .unwrap()
            .rows
    }

    fn text(&self, text: &str) -> Vec<String> {
        let join = |row: &Vec<Value>| {
            let cells: Vec<String> = row.iter().map(|v| v.to_text().unwrap_or("NULL".into())).collect();
            cells.join("|")
        };
        self.rows(text).iter().map(join).collect()
    }

    fn insert(&self, id: i64, customer: i64, amount: i64, ts: DateTime) {
        self.sql(&format!(
            "insert into raw.orders values ({id}, {customer}, {amount}, TIMESTAMP '{}')",
            ts.strftime("%Y-%m-%d %H:%M:%S%.6f")
        ));
    }

    fn try_run(&self, request: &RunRequest) -> Result<RunResponse, Error> {
        self.project.run(request, &mut NoObserver, &CancelToken::new())
    }

    fn run(&self, request: &RunRequest) -> RunResponse {
        let response = self.try_run(request).unwrap();
        assert!(response.errors.is_empty(), "{:#?}", response.errors);
        assert_eq!(response.status, "Success");
        response
    }

    fn refused(&self, request: &RunRequest) -> String {
        self.try_run(request).unwrap_err().message
    }

    fn state(&self) -> BTreeMap<String, Partition> {
        let reader = StateReader::open(self.project.state_path()).unwrap().unwrap();
        let all = reader.partitions("m", ""..="\u{10FFFF}").unwrap();
        all.into_iter()
            .map(|p| (p.partition_key.to_string(), p))
            .collect()
    }

    fn keys(&self, status: PartitionStatus) -> BTreeSet<String> {
        let all = self.state().into_iter();
        all.filter(|(_, p)| p.status == status)
            .map(|(key, _)| key)
            .collect()
    }
}

fn write(folder: &Path, path: &str, text: &str) {
    let full = folder.join(path);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::fs::write(full, text).unwrap();
}

fn strategy(more: &str) -> String {
    format!("[strategy]\ntype = \"time_interval\"\ntime_column = \"day\"\ngranularity = \"day\"\n{more}")
}

fn one(key: &str) -> RunRequest {
    RunRequest {
        partition: Some(key.to_owned()),
        ..RunRequest::default()
    }
}

fn range(from: &str, to: &str) -> RunRequest {
    RunRequest {
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        ..RunRequest::default()
    }
}

fn missing() -> RunRequest {
    RunRequest {
        missing: true,
        ..RunRequest::default()
    }
}

fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn partitions(response: &RunResponse) -> Vec<String> {
    let all = response
        .materializations
        .iter()
        .filter_map(|m| m.partition.as_ref());
    all.flat_map(|p| std::iter::once(p.key.clone()).chain(p.batched_with.clone()))
        .collect()
}

/// The same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

type Orders = Vec<(i64, i64, DateTime)>;
type Daily = BTreeMap<(Date, i64), (i64, i64)>;

/// What the model says of these days.
fn computed(orders: &Orders, days: impl Fn(Date) -> bool) -> Daily {
    let mut table = Daily::new();
    for (customer, amount, ts) in orders.iter().filter(|(_, _, ts)| days(ts.date())) {
        let row = table.entry((ts.date(), *customer)).or_default();
        row.0 += amount;
        row.1 += 1;
    }
    table
}

fn in_target(folder: &Folder) -> Vec<String> {
    folder.text("select day, customer, amount, n from m order by all")
}

fn expected(table: &Daily) -> Vec<String> {
    let row = |((day, customer), (amount, n)): (&(Date, i64), &(i64, i64))| {
        format!("{day}|{customer}|{amount}|{n}")
    };
    table.iter().map(row).collect()
}

/// Random histories: rows come in order and late, windows are computed with lookback, in batches, side by side, again. After each
/// run the table is what a reference computes that knows which days were recomputed and when.
#[test]
fn a_table_by_windows_is_what_the_reference_computes() {
    for seed in 1..=6u64 {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (lookback, batch) = (random.below(3), 1 + random.below(3));
        let folder = Folder::daily(&format!("lookback = {lookback}\nbatch_size = {batch}\n"));
        let first = date(2024, 2, 26);
        let (mut orders, mut table) = (Orders::new(), Daily::new());
        let mut id = 0;
        for step in 0..8i64 {
            let day = first.saturating_add(step.days());
            for _ in 0..random.below(6) {
                // Some late, by at most three days; the last moment of a day is of that day.
                let at = day.saturating_sub((random.below(4) as i64 * (random.below(3) as i64 / 2)).days());
                let ts = match random.below(4) {
                    0 => at.at(0, 0, 0, 0),
                    1 => at.at(23, 59, 59, 999_999_000),
                    _ => at.at(random.below(24) as i8, random.below(60) as i8, 0, 0),
                };
                let (customer, amount) = (1 + random.below(3) as i64, random.below(100) as i64 - 50);
                id += 1;
                folder.insert(id, customer, amount, ts);
                orders.push((customer, amount, ts));
            }
            let (from, to) = match random.below(3) {
                0 => (day.saturating_sub(1.day()), day),
                _ => (day, day),
            };
            let request = RunRequest {
                parallel: Some(1 + random.below(4) as u32),
                ..match (from == to, random.below(2)) {
                    (true, 0) => one(&day.to_string()),
                    _ => range(&from.to_string(), &to.to_string()),
                }
            };
            for repeat in 0..1 + random.below(2) {
                let response = folder.run(&request);
                let begin = from.saturating_sub((lookback as i64).days());
                let inside = |d: Date| begin <= d && d <= to;
                table.retain(|(d, _), _| !inside(*d));
                table.extend(computed(&orders, inside));
                assert_eq!(
                    in_target(&folder),
                    expected(&table),
                    "seed {seed}, step {step}, repeat {repeat}"
                );
                let keys = partitions(&response);
                assert_eq!(keys.first(), Some(&begin.to_string()));
                assert_eq!(keys.last(), Some(&to.to_string()));
            }
        }
        // Rows by partition, whether it was computed in a batch or not.
        for (key, partition) in folder.state() {
            let n = expected(&table)
                .iter()
                .filter(|row| row.starts_with(&key))
                .count() as u64;
            assert_eq!(
                (partition.status, partition.row_count),
                (PartitionStatus::Computed, Some(n)),
                "{key}"
            );
        }
        // Everything once more, side by side, is what a refresh of all gives.
        let last = first.saturating_add(8.days());
        let again = RunRequest {
            parallel: Some(4),
            ..range(&date(2024, 2, 20).to_string(), &last.to_string())
        };
        folder.run(&again);
        assert_eq!(
            in_target(&folder),
            expected(&computed(&orders, |_| true)),
            "seed {seed}"
        );
    }
}

#[test]
fn missing_fills_the_holes_and_nothing_else() {
    let first = today().saturating_sub(9.days());
    let folder = Folder::daily(&format!("first_partition = \"{first}\"\nbatch_size = 4\n"));
    for i in 0..10 {
        folder.insert(i, 1, i, first.saturating_add(i.days()).at(12, 0, 0, 0));
    }
    let day = |n: i64| first.saturating_add(n.days()).to_string();
    folder.run(&one(&day(2)));
    folder.run(&range(&day(5), &day(6)));
    let response = folder.run(&missing());
    assert_eq!(
        partitions(&response),
        [0, 1, 3, 4, 7, 8, 9].map(day),
        "the holes, in order"
    );
    let summary = &response.partition_summaries[0];
    assert_eq!((summary.partitions_planned, summary.partitions_succeeded), (7, 7));
    assert_eq!(in_target(&folder).len(), 10);
    // Nothing is missing any more.
    let response = folder.run(&missing());
    assert!(response.materializations.is_empty());
    assert_eq!(
        (
            response.tables_copied,
            response.partition_summaries[0].partitions_planned
        ),
        (0, 0)
    );
    // A table that is gone has none of its partitions.
    folder.sql("drop table m");
    folder.run(&one(&day(2)));
    assert_eq!(folder.keys(PartitionStatus::Computed), BTreeSet::from([day(2)]));
    assert_eq!(partitions(&folder.run(&missing())).len(), 9);
    assert_eq!(in_target(&folder).len(), 10);
}

/// Said or not, it is the partition of now that is computed, with what comes before it where that is looked back at.
#[test]
fn the_latest_partition_is_meant_when_none_is_named() {
    // Nobody knows whether midnight comes between our looking at the clock and the run's.
    let day = |date: Date, ago: i64| date.saturating_sub(ago.days()).to_string();
    for attempt in 0.. {
        let now = today();
        let folder = Folder::daily("");
        for i in 0..5 {
            folder.insert(i, 1, i, now.saturating_sub(i.days()).at(12, 0, 0, 0));
        }
        let latest = RunRequest {
            latest: true,
            ..RunRequest::default()
        };
        let looking_back = RunRequest {
            lookback: Some(2),
            ..RunRequest::default()
        };
        let said = partitions(&folder.run(&latest));
        let rows = in_target(&folder).len();
        let unsaid = partitions(&folder.run(&RunRequest::default()));
        let back = partitions(&folder.run(&looking_back));
        if today() != now {
            assert!(attempt < 2, "the clock does not stand still");
            continue;
        }
        assert_eq!((said, rows), (vec![day(now, 0)], 1));
        assert_eq!(unsaid, [day(now, 0)]);
        assert_eq!(back, [day(now, 2), day(now, 1), day(now, 0)]);
        assert_eq!(in_target(&folder).len(), 3, "each row once");
        return;
    }
}

#[test]
fn a_partition_that_fails_stops_neither_the_others_nor_loses_its_rows() {
    let folder = Folder::with(
        "select cast(ts as date) as day, customer, cast(100 / nullif(amount, 0) as varchar) as share, \
         case when amount = 13 then error('unlucky') end as e from raw.orders where ts >= @start_date and ts < @end_date",
        &strategy(""),
    );
    for i in 0..5 {
        folder.insert(
            i,
            1,
            10 + i,
            date(2024, 1, 1).saturating_add(i.days()).at(1, 0, 0, 0),
        );
    }
    folder.sql("update raw.orders set amount = 12 where amount = 13");
    folder.run(&range("2024-01-01", "2024-01-05"));
    folder.sql("update raw.orders set amount = 13 where id = 3");
    folder.sql("update raw.orders set customer = 2");
    let response = folder.try_run(&range("2024-01-01", "2024-01-05")).unwrap();
    assert_eq!(response.status, "PartialFailure");
    assert_eq!(response.materializations.len(), 4);
    assert_eq!(response.errors.len(), 1);
    assert_eq!(response.errors[0].partition.as_deref(), Some("2024-01-04"));
    assert!(
        response.errors[0].error.contains("unlucky"),
        "{}",
        response.errors[0].error
    );
    let summary = &response.partition_summaries[0];
    assert_eq!(
        (
            summary.partitions_succeeded,
            summary.partitions_failed,
            summary.partitions_skipped
        ),
        (4, 1, 0)
    );
    // As it was before.
    assert_eq!(
        folder.text("select day, customer from m order by 1"),
        [
            "2024-01-01|2",
            "2024-01-02|2",
            "2024-01-03|2",
            "2024-01-04|1",
            "2024-01-05|2"
        ]
    );
    let state = folder.state();
    assert_eq!(state["2024-01-04"].status, PartitionStatus::Failed);
    assert!(state["2024-01-04"].error.as_ref().unwrap().contains("unlucky"));
    assert_eq!(state["2024-01-05"].status, PartitionStatus::Computed);
}

#[test]
fn readers_wait_for_all_partitions_and_fail_fast_leaves_the_rest() {
    let files = [
        (
            "models/m.sql",
            "select cast(ts as date) as day, case when amount = 13 then error('unlucky') end as e from raw.orders where ts >= @start_date and ts < @end_date",
        ),
        ("models/m.toml", &*strategy("")),
        ("models/after.sql", "select count(*) as n from m"),
    ];
    let folder = Folder::new(&files);
    for i in 0..4 {
        folder.insert(
            i,
            1,
            12 + i,
            date(2024, 1, 1).saturating_add(i.days()).at(1, 0, 0, 0),
        );
    }
    let response = folder.try_run(&range("2024-01-01", "2024-01-04")).unwrap();
    assert_eq!(response.skipped.len(), 1);
    assert_eq!(response.skipped[0].model, "after");
    write(
        folder.dir.path(),
        "rocky.toml",
        &CONFIG.replace(
            "[pipeline.p.target]",
            "[pipeline.p.execution]\nfail_fast = true\n[pipeline.p.target]",
        ),
    );
    let response = folder.try_run(&range("2024-01-01", "2024-01-04")).unwrap();
    let summary = &response.partition_summaries[0];
    assert_eq!(
        (
            summary.partitions_succeeded,
            summary.partitions_failed,
            summary.partitions_skipped
        ),
        (1, 1, 2)
    );
    folder.sql("delete from raw.orders where amount = 13");
    folder.run(&range("2024-01-01", "2024-01-04"));
    assert_eq!(folder.text("select n from after"), ["3"]);
}

#[test]
fn a_full_refresh_makes_the_table_anew_in_one_statement() {
    let first = today().saturating_sub(3.days());
    let folder = Folder::daily(&format!("first_partition = \"{first}\"\n"));
    folder.insert(1, 1, 1, first.at(1, 0, 0, 0));
    folder.insert(2, 1, 1, date(2020, 1, 1).at(1, 0, 0, 0));
    folder.run(&one("2020-01-01"));
    assert_eq!(in_target(&folder), ["2020-01-01|1|1|1"]);
    let response = folder.run(&RunRequest {
        full_refresh: true,
        ..RunRequest::default()
    });
    assert_eq!(response.materializations.len(), 1);
    assert_eq!(partitions(&response).len(), 4);
    assert_eq!(in_target(&folder), [format!("{first}|1|1|1")]);
    let state = folder.state();
    assert_eq!(state.len(), 4, "{state:?}");
    assert_eq!(state[&first.to_string()].row_count, Some(1));
    assert_eq!(state[&today().to_string()].row_count, Some(0));
    let without = Folder::daily("");
    let error = without.refused(&RunRequest {
        full_refresh: true,
        ..RunRequest::default()
    });
    assert_eq!(
        error,
        "`m` has no first_partition, from which a full refresh computes everything"
    );
}

#[test]
fn a_microbatch_replaces_hours_and_needs_no_placeholders() {
    let folder = Folder::with(
        "select id, ts from raw.orders",
        "strategy = \"microbatch\"\ntimestamp_column = \"ts\"\nbatch_size = 10\n",
    );
    folder.insert(1, 1, 1, date(2024, 3, 31).at(1, 59, 59, 999_999_000));
    folder.insert(2, 1, 1, date(2024, 3, 31).at(2, 0, 0, 0));
    folder.insert(3, 1, 1, date(2024, 3, 31).at(3, 0, 0, 0));
    for _ in 0..2 {
        folder.run(&range("2024-03-31T01", "2024-03-31T02"));
        assert_eq!(folder.text("select id from m order by 1"), ["1", "2"]);
    }
    assert_eq!(
        partitions(&folder.run(&one("2024-03-31-03:00"))),
        ["2024-03-31T03"]
    );
    assert_eq!(folder.text("select id from m order by 1"), ["1", "2", "3"]);
    let state = folder.state();
    let counts: Vec<Option<u64>> = state.values().map(|p| p.row_count).collect();
    assert_eq!(counts, [Some(1), Some(1), Some(1)]);
    assert_eq!(
        state["2024-03-31T01"].batch.as_deref(),
        Some("2024-03-31T01..2024-03-31T02")
    );
}

/// Rows that a query gives outside of its window are not written, so nothing is there twice.
#[test]
fn rows_outside_of_the_window_are_not_written() {
    let folder = Folder::with(
        "select id, cast(ts as date) as day from raw.orders where ts >= cast(@start_date as timestamp) - interval 3 day and ts < cast(@end_date as timestamp) + interval 3 day",
        &strategy(""),
    );
    for i in 0..5 {
        folder.insert(i, 1, 1, date(2024, 1, 1).saturating_add(i.days()).at(1, 0, 0, 0));
    }
    for _ in 0..2 {
        folder.run(&range("2024-01-02", "2024-01-03"));
        assert_eq!(folder.text("select id from m order by 1"), ["1", "2"]);
    }
}

/// Windows are UTC, also where the session's times are those of Berlin.
#[test]
fn moments_are_cut_in_utc() {
    let folder = Folder::with(
        "select id, cast(ts as timestamptz) as at_utc from raw.orders where ts >= @start_date and ts < @end_date",
        "[strategy]\ntype = \"time_interval\"\ntime_column = \"at_utc\"\ngranularity = \"day\"\nbatch_size = 2\n",
    );
    folder.insert(1, 1, 1, date(2024, 3, 31).at(0, 0, 0, 0));
    folder.insert(2, 1, 1, date(2024, 3, 31).at(23, 59, 59, 0));
    folder.insert(3, 1, 1, date(2024, 4, 1).at(0, 0, 0, 0));
    let response = folder.run(&range("2024-03-31", "2024-04-01"));
    let insert = &response.materializations[0]
        .statements
        .iter()
        .find(|s| s.purpose == "insert")
        .unwrap()
        .sql;
    assert!(
        insert.contains("_rocky_q.at_utc >= '2024-03-31 00:00:00+00'"),
        "{insert}"
    );
    folder.run(&one("2024-03-31"));
    assert_eq!(folder.text("select id from m order by 1"), ["1", "2", "3"]);
}

#[test]
fn names_of_every_kind() {
    let strategy = "[strategy]\ntype = \"time_interval\"\ntime_column = \"select\"\ngranularity = \"month\"\n[target]\nschema = \"it's; \\\"x\\\"\"\ntable = \"日本 -- @start_date\"\n";
    let sql = "select ts as \"select\", 'it''s @end_date; --' as \"a b\"\"c;\", $$ @start_date $$ as \"@end_date\" from raw.orders /* @end_date */ where ts >= @start_date and ts < @end_date";
    let folder = Folder::with(sql, strategy);
    folder.insert(1, 1, 1, date(2024, 2, 29).at(23, 0, 0, 0));
    folder.insert(2, 1, 1, date(2024, 3, 1).at(0, 0, 0, 0));
    for _ in 0..2 {
        folder.run(&one("2024-02"));
    }
    let rows = folder.text("select * from \"it's; \"\"x\"\"\".\"日本 -- @start_date\"");
    assert_eq!(rows, ["2024-02-29 23:00:00|it's @end_date; --| @start_date "]);
}

#[test]
fn requests_that_do_not_fit_are_refused_before_anything_is_done() {
    let folder = Folder::daily("");
    let both = RunRequest {
        missing: true,
        ..one("2024-01-01")
    };
    assert_eq!(
        folder.refused(&both),
        "`partition` and `missing` exclude each other"
    );
    let latest = RunRequest {
        latest: true,
        ..range("2024-01-01", "2024-01-02")
    };
    assert_eq!(folder.refused(&latest), "`from` and `latest` exclude each other");
    let half = RunRequest {
        from: Some("2024-01-01".into()),
        ..RunRequest::default()
    };
    assert_eq!(folder.refused(&half), "`from` needs `to`, the last partition");
    let refresh = RunRequest {
        full_refresh: true,
        ..one("2024-01-01")
    };
    assert_eq!(
        folder.refused(&refresh),
        "`partition` and `full_refresh` exclude each other"
    );
    let none = RunRequest {
        parallel: Some(0),
        ..RunRequest::default()
    };
    assert_eq!(folder.refused(&none), "parallel must be at least 1, not 0");
    assert_eq!(
        folder.refused(&one("2024-02-30")),
        "partition `2024-02-30` of `m` does not exist: there is no such day"
    );
    assert_eq!(
        folder.refused(&range("2024-01-02", "2024-01-01")),
        "partitions of `m`: `2024-01-02` is after `2024-01-01`"
    );
    assert_eq!(
        folder.refused(&one("9999-12-31")),
        "partition `9999-12-31` of `m` ends after the year 9999, which no warehouse can write"
    );
    let back = RunRequest {
        lookback: Some(1),
        ..one("0001-01-01")
    };
    assert_eq!(
        folder.refused(&back),
        "partitions of `m`: 1 before `0001-01-01` is before the year 1"
    );
    assert_eq!(
        folder.refused(&missing()),
        "`m` has no first_partition, from which the missing partitions are counted"
    );
    assert!(
        folder
            .text("select table_name from information_schema.tables where table_name = 'm'")
            .is_empty()
    );
    // The first day of all can be computed.
    folder.run(&one("0001-01-01"));
    let views = Folder::new(&[
        ("models/v.sql", "select 1 as x"),
        ("models/v.toml", "strategy = \"view\""),
    ]);
    assert_eq!(
        views.refused(&one("2024-01-01")),
        "windows are asked for, and no model of this run is a time_interval or microbatch model"
    );
}

#[test]
fn a_cancelled_run_keeps_whole_partitions_and_says_which() {
    let folder = Folder::daily("");
    for i in 0..30 {
        folder.insert(i, 1, 1, date(2024, 1, 1).saturating_add(i.days()).at(1, 0, 0, 0));
    }
    let cancel = CancelToken::new();
    let trip = cancel.clone();
    let mut seen = 0;
    let mut observer = move |event: &Event| {
        if let Event::StepFinished { purpose, .. } = event
            && purpose == "insert"
        {
            seen += 1;
            if seen == 3 {
                trip.trip();
            }
        }
    };
    let response = folder
        .project
        .run(&range("2024-01-01", "2024-01-30"), &mut observer, &cancel)
        .unwrap();
    assert!(response.interrupted);
    let done: BTreeSet<String> = partitions(&response).into_iter().collect();
    let there: BTreeSet<String> = folder.text("select distinct day from m").into_iter().collect();
    assert_eq!(done, there);
    assert!(!done.is_empty() && done.len() < 30, "{}", done.len());
    assert_eq!(folder.keys(PartitionStatus::Computed), done);
    assert!(folder.keys(PartitionStatus::InProgress).is_empty());
    let summary = &response.partition_summaries[0];
    assert_eq!(summary.partitions_skipped + summary.partitions_succeeded, 30);
    folder.run(&range("2024-01-01", "2024-01-30"));
    assert_eq!(
        folder.text("select count(*), count(distinct day) from m"),
        ["30|30"]
    );
}

#[test]
fn models_with_windows_are_tested_over_all_of_time() {
    let folder = Folder::daily("");
    write(
        folder.dir.path(),
        "data/seed.sql",
        "create schema raw; create table raw.orders (id bigint, customer bigint, amount bigint, ts timestamp not null); insert into raw.orders values (1, 1, 1, '1815-06-18 12:00:00')",
    );
    let response = folder
        .project
        .test(&TestRequest::default(), &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert!(response.failures.is_empty(), "{:?}", response.failures);
    assert_eq!((response.total, response.passed), (1, 1));
}

#[test]
fn the_plan_shows_what_a_run_does() {
    let folder = Folder::daily("lookback = 1\n");
    let plan = folder
        .project
        .plan(&one("2024-03-01"), &mut NoObserver, &CancelToken::new())
        .unwrap();
    let model = &plan.models_detail[0];
    let windows = model.partitions.as_ref().unwrap();
    assert_eq!(
        windows.iter().map(|w| w.key.as_str()).collect::<Vec<_>>(),
        ["2024-02-29", "2024-03-01"]
    );
    assert_eq!(
        (windows[0].start.as_str(), windows[0].end.as_str()),
        ("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z")
    );
    assert!(plan.statements.iter().any(|s| s.sql.contains("$start_date")));
    let response = folder.run(&one("2024-03-01"));
    assert_eq!(response.plan_id, plan.plan_id);
    assert_eq!(partitions(&response), ["2024-02-29", "2024-03-01"]);
}
