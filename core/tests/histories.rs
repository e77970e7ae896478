//! Models over random histories of their source: after every run an incremental, a merge and a delete_insert model hold what a plain
//! computation says, and what a full refresh would give where that must be the same. (time_interval: `windows.rs`; snapshots:
//! `snapshot.rs`; copies: `replication.rs`.)

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

/// A row of the source. Key parts and moments may be NULL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    a: Option<i64>,
    b: Option<i64>,
    v: i64,
    w: i64,
    ts: Option<i64>,
}

type Key = (Option<i64>, Option<i64>);

impl Row {
    fn key(&self) -> Key {
        (self.a, self.b)
    }
}

/// What the tables are to hold.
#[derive(Default)]
struct Reference {
    incremental: Option<Vec<Row>>,
    merge: Option<BTreeMap<Key, Row>>,
    /// Only `v` is updated.
    part: Option<BTreeMap<Key, Row>>,
    delete_insert: Option<BTreeMap<Option<i64>, Vec<Row>>>,
}

impl Reference {
    fn run(&mut self, source: &[Row]) {
        self.incremental = Some(match self.incremental.take() {
            None => source.to_vec(),
            Some(mut rows) => {
                let newest = rows.iter().filter_map(|r| r.ts).max();
                let past = |r: &&Row| r.ts.is_some_and(|ts| newest.is_none_or(|n| ts > n));
                rows.extend(source.iter().filter(past).cloned());
                rows
            }
        });
        if unique(source) {
            for (table, all) in [(&mut self.merge, true), (&mut self.part, false)] {
                let mut rows = table.take();
                for row in source {
                    let rows = rows.get_or_insert_default();
                    match rows.get_mut(&row.key()) {
                        Some(known) if !all => known.v = row.v,
                        _ => {
                            rows.insert(row.key(), row.clone());
                        }
                    }
                }
                *table = Some(rows.unwrap_or_default());
            }
        }
        let partitions = self.delete_insert.get_or_insert_default();
        let present: BTreeSet<Option<i64>> = source.iter().map(|r| r.a).collect();
        partitions.retain(|a, _| !present.contains(a));
        for row in source {
            partitions.entry(row.a).or_default().push(row.clone());
        }
    }
}

fn unique(source: &[Row]) -> bool {
    let keys: BTreeSet<Key> = source.iter().map(Row::key).collect();
    keys.len() == source.len()
}

fn lines<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<String> {
    let text = |n: Option<i64>| n.map_or_else(|| "NULL".to_owned(), |n| n.to_string());
    let line = |r: &Row| format!("{}|{}|{}|{}|{}", text(r.a), text(r.b), r.v, r.w, text(r.ts));
    let mut lines: Vec<String> = rows.into_iter().map(line).collect();
    lines.sort_unstable();
    lines
}

struct Folder {
    dir: tempfile::TempDir,
    project: Project,
    db: DuckDb,
}

const MODELS: &[(&str, &str)] = &[
    ("i", "type = \"incremental\"\ntimestamp_column = \"ts\""),
    ("m", "type = \"merge\"\nunique_key = [\"a\", \"b\"]"),
    (
        "u",
        "type = \"merge\"\nunique_key = [\"a\", \"b\"]\nupdate_columns = [\"v\"]",
    ),
    ("d", "type = \"delete_insert\"\npartition_by = [\"a\"]"),
    ("f", "type = \"full_refresh\""),
];

impl Folder {
    fn new() -> Folder {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let full = dir.path().join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, text).unwrap();
        };
        write("rocky.toml", CONFIG);
        for (name, strategy) in MODELS {
            write(&format!("models/{name}.sql"), "select a, b, v, w, ts from raw.t");
            write(
                &format!("models/{name}.toml"),
                &format!("[strategy]\n{strategy}\n"),
            );
        }
        let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
        let request = OpenRequest {
            config: Some(dir.path().display().to_string()),
            ..OpenRequest::default()
        };
        let project = Project::open(&engine, &request, Host::default()).unwrap();
        let db = open(dir.path());
        let folder = Folder { dir, project, db };
        folder.sql("create schema raw");
        folder.sql("create table raw.t (a bigint, b bigint, v bigint, w bigint, ts bigint)");
        folder
    }

    fn sql(&self, text: &str) {
        let mut connection = self.db.connect().unwrap();
        connection.execute(text, &CancelToken::new()).unwrap();
    }

    fn fill(&self, source: &[Row]) {
        self.sql("delete from raw.t");
        let text = |n: Option<i64>| n.map_or_else(|| "NULL".to_owned(), |n| n.to_string());
        let value = |r: &Row| format!("({}, {}, {}, {}, {})", text(r.a), text(r.b), r.v, r.w, text(r.ts));
        let values: Vec<String> = source.iter().map(value).collect();
        if !values.is_empty() {
            self.sql(&format!("insert into raw.t values {}", values.join(", ")));
        }
    }

    fn table(&self, name: &str) -> Vec<String> {
        let mut connection = self.db.connect().unwrap();
        let query = format!("select a, b, v, w, ts from {name}");
        let found = connection.query(&query, 100_000, &CancelToken::new()).unwrap();
        let cell = |v: &rocky_warehouse::Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
        let line = |r: &Vec<rocky_warehouse::Value>| r.iter().map(cell).collect::<Vec<_>>().join("|");
        let mut lines: Vec<String> = found.rows.iter().map(line).collect();
        lines.sort_unstable();
        lines
    }

    fn run(&self) -> RunResponse {
        let request = RunRequest::default();
        self.project
            .run(&request, &mut NoObserver, &CancelToken::new())
            .unwrap()
    }

    fn watermark(&self) -> Option<String> {
        let reader = rocky_run::StateReader::open(self.project.state_path())
            .unwrap()
            .unwrap();
        reader.watermark("w.main.i").unwrap().map(|w| w.last_value)
    }
}

fn open(dir: &Path) -> DuckDb {
    DuckDb::open(
        Some(&dir.join("w.duckdb")),
        &OpenOptions::default(),
        &CancelToken::new(),
    )
    .unwrap()
}

/// The same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n) as i64
    }
    fn part(&mut self) -> Option<i64> {
        Some(self.below(4)).filter(|n| *n > 0)
    }
}

#[test]
fn tables_are_what_the_reference_computes_over_random_histories() {
    let (mut refused, mut equal) = (0, 0);
    for seed in 1..=5u64 {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let folder = Folder::new();
        let (mut source, mut reference) = (Vec::<Row>::new(), Reference::default());
        let mut clock = 100;
        for step in 0..9 {
            for _ in 0..random.below(6) {
                clock += random.below(3);
                let row = Row {
                    a: random.part(),
                    b: random.part(),
                    v: random.below(100),
                    w: random.below(100),
                    ts: match random.below(8) {
                        0 => None,
                        // Late, or of the same moment as others.
                        1 => Some(clock - random.below(5)),
                        _ => Some(clock),
                    },
                };
                let taken = source.iter().any(|r| r.key() == row.key());
                // Now and then a key stands twice, which merge refuses.
                if !taken || random.below(4) == 0 {
                    source.push(row);
                }
            }
            for row in &mut source {
                if random.below(4) == 0 {
                    (row.v, row.w) = (random.below(100), random.below(100));
                    clock += 1;
                    row.ts = Some(clock);
                }
            }
            if random.below(3) == 0 && !source.is_empty() {
                let at = random.below(source.len() as u64) as usize;
                source.remove(at);
            }
            if !unique(&source) && random.below(2) == 0 {
                let mut seen = BTreeSet::new();
                source.retain(|r| seen.insert(r.key()));
            }
            folder.fill(&source);
            for repeat in 0..1 + random.below(2) {
                let case = format!("seed {seed}, step {step}, repeat {repeat}, source {source:?}");
                let response = folder.run();
                reference.run(&source);
                let failed: Vec<&str> = response.errors.iter().map(|e| e.model.as_str()).collect();
                match unique(&source) {
                    true => assert!(failed.is_empty(), "{case}: {:?}", response.errors),
                    false => {
                        refused += 1;
                        assert_eq!(failed, ["m", "u"], "{case}");
                        assert!(
                            response.errors[0].error.contains("a = "),
                            "{}",
                            response.errors[0].error
                        );
                    }
                }
                let incremental = reference.incremental.as_ref().unwrap();
                assert_eq!(folder.table("i"), lines(incremental), "incremental: {case}");
                let newest = incremental.iter().filter_map(|r| r.ts).max();
                assert_eq!(folder.watermark(), newest.map(|n| n.to_string()), "{case}");
                if let (Some(merge), Some(part)) = (&reference.merge, &reference.part) {
                    assert_eq!(folder.table("m"), lines(merge.values()), "merge: {case}");
                    assert_eq!(folder.table("u"), lines(part.values()), "merge of v: {case}");
                }
                let partitions = reference.delete_insert.as_ref().unwrap();
                assert_eq!(
                    folder.table("d"),
                    lines(partitions.values().flatten()),
                    "delete_insert: {case}"
                );
                assert_eq!(folder.table("f"), lines(&source), "{case}");
                // Where no row of a known key is gone, merge is what a full refresh gives.
                let known = reference.merge.as_ref().map_or(0, BTreeMap::len);
                if unique(&source) && known == source.len() {
                    equal += 1;
                    assert_eq!(folder.table("m"), folder.table("f"), "{case}");
                }
            }
        }
        drop(folder.dir);
    }
    assert!(refused > 3 && equal > 3, "{refused} {equal}");
}

/// Rows that only ever come after all others: each table is the one that a full refresh makes, however the rows are spread over runs.
#[test]
fn where_rows_are_only_added_every_strategy_equals_a_full_refresh() {
    for seed in 1..=3u64 {
        let mut random = Random(seed.wrapping_mul(0xD134_2543_DE82_EF95));
        let folder = Folder::new();
        let mut source = Vec::<Row>::new();
        for _ in 0..6 {
            for _ in 0..random.below(5) {
                let n = source.len() as i64;
                source.push(Row {
                    a: Some(n / 3),
                    b: Some(n % 3),
                    v: random.below(9),
                    w: random.below(9),
                    ts: Some(n),
                });
            }
            folder.fill(&source);
            for _ in 0..1 + random.below(2) {
                assert_eq!(folder.run().status, "Success");
                for (name, _) in MODELS {
                    assert_eq!(folder.table(name), lines(&source), "{name}, seed {seed}");
                }
            }
        }
    }
}
