//! Oracles over random queries: DuckDB itself says what the names and types of a query are and whether a column held NULL.
//!
//! `ROCKY_RANDOM_QUERIES` and `ROCKY_RANDOM_SEED` choose how many and which. What failed once stands in `random/regressions.sql`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod random {
    pub mod check;
    pub mod expression;
    pub mod functions;
    pub mod generate;
    pub mod rng;
    pub mod schema;
    pub mod shrink;
}

use random::check::{Checker, Verdict, Wrong};
use random::functions;
use random::generate::Gen;
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
    let queries = REGRESSIONS
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with("--"));
    for (index, text) in queries.enumerate() {
        match checker.check(text) {
            Verdict::Right { .. } => {}
            Verdict::Wrong(found) => wrong.push((index as u64, text.to_owned(), found)),
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
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get().min(8));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            // Random expressions nest deeply, and the test's own threads have small stacks.
            let worker = || {
                let mut checker = Checker::new(&world);
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= n {
                        break;
                    }
                    let text = Gen::new(
                        seed.wrapping_mul(1_000_003).wrapping_add(index),
                        &world.tables,
                        &functions,
                    )
                    .root();
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
                }
            };
            std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn_scoped(scope, worker)
                .unwrap();
        }
    });
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
