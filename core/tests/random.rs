//! Oracles over random queries: DuckDB itself says what the names and types of a query are and whether a column held NULL.
//!
//! `ROCKY_RANDOM_QUERIES` and `ROCKY_RANDOM_SEED` choose how many and which; `ROCKY_RANDOM_TRACE` prints each before it is asked.
//! What failed once stands in `random/regressions.sql`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod random {
    pub mod check;
    pub mod corpus;
    pub mod expression;
    pub mod forms;
    pub mod functions;
    pub mod generate;
    pub mod lineage;
    pub mod metamorphic;
    pub mod rng;
    pub mod schema;
    pub mod shrink;
    pub mod wide;
}

use random::check::{Checker, Verdict, Wrong};
use random::functions::{self, Function};
use random::generate::Gen;
use random::lineage::Mutator;
use random::metamorphic;
use random::rng::Rng;
use random::schema::World;
use random::shrink::shrink;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

/// Failures shown in full, of each kind.
const SHOWN: usize = 6;

/// The query of that number.
fn query(seed: u64, index: u64, world: &World, functions: &[Function]) -> String {
    Gen::new(
        seed.wrapping_mul(1_000_003).wrapping_add(index),
        &world.tables,
        functions,
    )
    .root()
}

/// Numbers from 0 to `n`, on all cores, with a value of its own for each thread.
fn each<T>(n: u64, start: impl Fn() -> T + Sync, work: impl Fn(&mut T, u64) + Sync) {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get().min(8));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let worker = || {
                let mut own = start();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= n {
                        break;
                    }
                    work(&mut own, index);
                }
            };
            // Random expressions nest deeply, and a test's threads have small stacks.
            std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn_scoped(scope, worker)
                .unwrap();
        }
    });
}

#[derive(Default)]
struct Tally {
    right: u64,
    ran: u64,
    folded: u64,
    refused: u64,
    refused_by_us: u64,
    wrong: Vec<(u64, String, Wrong)>,
}

/// What failed once.
const REGRESSIONS: &str = include_str!("random/regressions.sql");

#[test]
fn what_failed_once_is_right() {
    let world = World::new();
    let mut checker = Checker::new(&world);
    let mut wrong = Vec::new();
    // Those of a file that somebody names.
    let own = std::env::var("ROCKY_RANDOM_FILE");
    let own = own.map(|path| std::fs::read_to_string(path).unwrap());
    let queries = own.as_deref().unwrap_or(REGRESSIONS).lines();
    let queries = queries.filter(|l| !l.is_empty() && !l.starts_with("--"));
    for (index, text) in queries.enumerate() {
        match checker.check(text) {
            Verdict::Right { .. } => {}
            Verdict::Wrong(found) => wrong.push((index as u64, text.to_owned(), found)),
            other if own.is_ok() => println!("{text}: {other:?}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        report(&world, &wrong)
    );
}

#[test]
fn random_queries_are_what_duckdb_says() {
    let n = setting("ROCKY_RANDOM_QUERIES", 10_000);
    let seed = setting("ROCKY_RANDOM_SEED", 1);
    let world = World::new();
    let functions = functions::load(&mut *world.connect());
    let trace = std::env::var_os("ROCKY_RANDOM_TRACE").is_some();
    let tally = Mutex::new(Tally::default());
    each(
        n,
        || Checker::new(&world),
        |checker, index| {
            let text = query(seed, index, &world, &functions);
            // When DuckDB itself crashes, this says on what.
            if trace {
                eprintln!("{index}\t{text}");
            }
            let verdict = checker.check(&text);
            let mut tally = tally.lock().unwrap();
            match verdict {
                Verdict::Right { ran } => {
                    tally.right += 1;
                    tally.ran += u64::from(ran);
                }
                Verdict::Refused { by_us } => {
                    tally.refused += 1;
                    tally.refused_by_us += u64::from(by_us);
                }
                Verdict::Folded => tally.folded += 1,
                Verdict::Wrong(wrong) => tally.wrong.push((index, text, wrong)),
            }
        },
    );
    let mut tally = tally.into_inner().unwrap();
    tally.wrong.sort_by_key(|(index, ..)| *index);
    let accepted = tally.right + tally.folded + tally.wrong.len() as u64;
    println!(
        "{n} queries of seed {seed}: DuckDB takes {accepted} ({} of them ran, {} fold); of {} it refuses we refuse {}; {} wrong",
        tally.ran,
        tally.folded,
        tally.refused,
        tally.refused_by_us,
        tally.wrong.len()
    );
    let report = report(&world, &tally.wrong);
    assert!(tally.wrong.is_empty(), "{} wrong\n{report}", tally.wrong.len());
    assert!(tally.folded * 100 < accepted, "{} are not compared", tally.folded);
    assert!(accepted * 100 >= n * 60, "only {accepted} of {n} are accepted");
}

#[test]
fn edits_without_meaning_change_nothing() {
    let n = setting("ROCKY_RANDOM_QUERIES", 2_000);
    let seed = setting("ROCKY_RANDOM_SEED", 1);
    let world = World::new();
    let functions = functions::load(&mut *world.connect());
    let all = Mutex::new((0, Vec::new()));
    each(
        n,
        || Checker::new(&world),
        |checker, index| {
            let text = query(seed, index, &world, &functions);
            let (edits, wrong) = metamorphic::changed(checker, &text, &mut Rng::new(index));
            let mut all = all.lock().unwrap();
            all.0 += edits;
            all.1.extend(wrong);
        },
    );
    let (edits, wrong) = all.into_inner().unwrap();
    println!("{edits} edits of {n} queries, {} change something", wrong.len());
    assert!(edits as u64 > n);
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), first_of(wrong));
}

#[test]
fn what_changes_under_mutation_is_claimed() {
    let n = setting("ROCKY_RANDOM_QUERIES", 300);
    let seed = setting("ROCKY_RANDOM_SEED", 1);
    let world = World::new();
    let functions = functions::load(&mut *world.connect());
    let all = Mutex::new((0_u64, random::lineage::Found::default()));
    // Each thread overwrites tables of its own.
    each(
        n,
        || (Checker::new(&world), Mutator::new(World::new())),
        |(checker, mutator), index| {
            let text = query(seed, index, &world, &functions);
            if std::env::var_os("ROCKY_RANDOM_TRACE").is_some() {
                eprintln!("{index}\t{text}");
            }
            if !matches!(checker.check(&text), Verdict::Right { ran: true }) {
                return;
            }
            let Some(found) = mutator.look(checker, &text) else {
                return;
            };
            let mut all = all.lock().unwrap();
            all.0 += 1;
            all.1.edges += found.edges;
            all.1.confirmed += found.confirmed;
            all.1.wrong.extend(found.wrong);
            all.1.idle.extend(found.idle);
        },
    );
    let (looked, mut found) = all.into_inner().unwrap();
    println!(
        "{looked} of {n} queries mutated: {} changes that nothing claims; {} of {} edges mattered",
        found.wrong.len(),
        found.confirmed,
        found.edges
    );
    if std::env::var_os("ROCKY_RANDOM_IDLE").is_some() {
        found.idle.sort_by_key(String::len);
        println!("{}", first_of(found.idle));
    }
    assert!(looked * 2 > n);
    assert!(
        found.wrong.is_empty(),
        "{} wrong\n{}",
        found.wrong.len(),
        first_of(found.wrong)
    );
    assert!(found.confirmed * 2 > found.edges);
}

/// What is wrong with a query, and whether its lineage was looked at.
fn examined(checker: &mut Checker<'_>, mutator: &mut Mutator, text: &str) -> (bool, Vec<String>) {
    match checker.check(text) {
        // `corpus.rs` compares the names with those of a table made from the query.
        Verdict::Wrong(found) if found.kind == "name" => return (false, Vec::new()),
        // Which rows a sample has is left to chance.
        Verdict::Right { .. } if text.contains("SAMPLE") => return (false, Vec::new()),
        Verdict::Wrong(found) => return (false, vec![format!("{}: {}", found.kind, found.detail)]),
        Verdict::Right { ran: true } => {}
        _ => return (false, Vec::new()),
    }
    match mutator.claims(checker, text) {
        Some(found) => (true, found.wrong),
        None => (false, Vec::new()),
    }
}

#[test]
fn the_corpus_is_right_over_rows() {
    for folder in ["tests/corpus", "tests/corpus/tpcds"] {
        let (schema, mut queries) = random::corpus::queries(folder);
        // Every fourth; those that `ROCKY_ONLY` is part of the name of, and so with an empty one all.
        let mut number = 0;
        let only = std::env::var("ROCKY_ONLY");
        queries.retain(|(name, _)| {
            number += 1;
            only.as_ref()
                .map_or(number % 4 == 0, |only| name.contains(only.as_str()))
        });
        let world = World::of(&schema, random::corpus::value);
        let all = Mutex::new((0_u64, Vec::new()));
        let start = || {
            let mutator = Mutator::new(World::of(&schema, random::corpus::value));
            (Checker::new(&world), mutator)
        };
        each(queries.len() as u64, start, |(checker, mutator), index| {
            let (name, text) = &queries[index as usize];
            if std::env::var_os("ROCKY_RANDOM_TRACE").is_some() {
                eprintln!("{name}");
            }
            let (looked, wrong) = examined(checker, mutator, text);
            let mut all = all.lock().unwrap();
            all.0 += u64::from(looked);
            all.1.extend(wrong.into_iter().map(|w| format!("{name}: {w}")));
        });
        let (looked, wrong) = all.into_inner().unwrap();
        println!(
            "{folder}: lineage of {looked} of {} queries, {} wrong",
            queries.len(),
            wrong.len()
        );
        assert!(
            looked * 3 >= queries.len() as u64 * 2,
            "{folder}: lineage of {looked} only"
        );
        assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), first_of(wrong));
    }
}

/// The queries of a file that somebody names.
#[test]
fn the_cases_of_a_file_are_right() {
    let Ok(path) = std::env::var("ROCKY_CASES") else {
        return;
    };
    let cases = random::corpus::cases(&std::fs::read_to_string(path).unwrap());
    let all = Mutex::new((0_u64, Vec::new()));
    each(
        cases.len() as u64,
        || (),
        |(), index| {
            let case = &cases[index as usize];
            let world = World::of(&case.schema, random::corpus::value);
            let mut mutator = Mutator::new(World::of(&case.schema, random::corpus::value));
            let (looked, wrong) = examined(&mut Checker::new(&world), &mut mutator, &case.query);
            let mut all = all.lock().unwrap();
            all.0 += u64::from(looked);
            all.1.extend(
                wrong
                    .into_iter()
                    .map(|w| format!("{}: {w}\n   {}", case.name, case.query)),
            );
        },
    );
    let (looked, wrong) = all.into_inner().unwrap();
    println!(
        "lineage of {looked} of {} cases, {} wrong",
        cases.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The 22 queries of TPC-H over a few rows of its schema, with NULLs where the schema takes them.
#[test]
fn tpch_keeps_its_meaning_under_edits() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/semantic/tests/data/tpch");
    let schema = std::fs::read_to_string(format!("{data}/schema.txt")).unwrap();
    let mut script = String::new();
    for table in schema.split("----") {
        let mut lines = table.trim().lines();
        let name = lines.next().unwrap();
        let column = |line: &str| {
            let parts: Vec<&str> = line.split('\t').collect();
            // More columns may be NULL than the standard says.
            let nullable = parts[2] == "null" || parts[0].len().is_multiple_of(2);
            format!(
                "{} {}{}",
                parts[0],
                parts[1],
                if nullable { "" } else { " NOT NULL" }
            )
        };
        let columns: Vec<String> = lines.map(column).collect();
        writeln!(script, "CREATE TABLE {name}({});", columns.join(", ")).unwrap();
    }
    let world = World::of(&script, |ty| random::schema::value(ty).to_owned());
    let mut checker = Checker::new(&world);
    let (mut edits, mut wrong) = (0, Vec::new());
    for n in 1..=22 {
        let text = std::fs::read_to_string(format!("{data}/q{n:02}.txt")).unwrap();
        let (query, _) = text.split_once("====").unwrap();
        let query = query.trim();
        if !matches!(checker.check(query), Verdict::Right { ran: true }) {
            wrong.push(format!("Q{n}: {:?}", checker.check(query)));
        }
        for seed in 0..6 {
            let (made, found) = metamorphic::changed(&checker, query, &mut Rng::new(seed));
            edits += made;
            wrong.extend(found);
        }
    }
    assert!(edits >= 22 * 2 * 6, "{edits}");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), first_of(wrong));
}

/// The shortest of them.
fn first_of(mut wrong: Vec<String>) -> String {
    wrong.sort_by_key(String::len);
    wrong.truncate(setting("ROCKY_RANDOM_SHOWN", SHOWN as u64) as usize);
    wrong.join("\n")
}

/// What can be proved NOT NULL.
const NULLABILITY: &str = include_str!("random/nullability.sql");

#[test]
fn nullability_is_proved() {
    let world = World::new();
    let mut checker = Checker::new(&world);
    let mut wrong = Vec::new();
    let mut expected: Option<Vec<&str>> = None;
    for line in NULLABILITY.lines() {
        if let Some(list) = line.strip_prefix("--:") {
            expected = Some(list.split(',').map(str::trim).filter(|c| !c.is_empty()).collect());
            continue;
        }
        let Some(expected) = expected.take() else { continue };
        match checker.check(line) {
            Verdict::Right { ran: true } => {}
            other => wrong.push(format!("{line}\n   {other:?}")),
        }
        let (_, analysis) = checker.analyse(line).unwrap();
        let found: Vec<&str> = analysis
            .columns
            .iter()
            .filter(|c| !c.nullable)
            .map(|c| c.name.as_str())
            .collect();
        if found != expected {
            wrong.push(format!("{line}\n   NOT NULL: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The failures by kind, some of each made small.
fn report(world: &World, wrong: &[(u64, String, Wrong)]) -> String {
    let mut kinds: BTreeMap<&str, Vec<&(u64, String, Wrong)>> = BTreeMap::new();
    for failure in wrong {
        kinds.entry(failure.2.kind.as_str()).or_default().push(failure);
    }
    let shown = setting("ROCKY_RANDOM_SHOWN", SHOWN as u64) as usize;
    let mut checker = Checker::new(world);
    let mut out = String::new();
    for (kind, list) in &kinds {
        writeln!(out, "== {kind}: {}", list.len()).unwrap();
        let mut seen: Vec<String> = Vec::new();
        for (index, text, wrong) in list.iter().take(shown) {
            let mut detail = wrong.detail.clone();
            let small = shrink(text, |candidate| match checker.check(candidate) {
                Verdict::Wrong(found) if found.kind == *kind => {
                    detail = found.detail;
                    true
                }
                _ => false,
            });
            if seen.contains(&small) {
                continue;
            }
            writeln!(out, "-- {index}\n{small}\n   {detail}").unwrap();
            seen.push(small);
        }
    }
    out
}
