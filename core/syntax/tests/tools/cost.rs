//! What lexing and parsing of a project cost: time, allocations and the size of the trees.
//!
//! ```text
//! cargo run -p rocky-benches -- generate /tmp/p --models 1000
//! cargo run --release -p rocky-syntax --example cost -- /tmp/p            # a table
//! valgrind --tool=callgrind target/release/examples/cost /tmp/p parse     # one run over all files, for instructions
//! ```

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for those who work on this crate"
)]

use rocky_base::Dialect;
use rocky_syntax::{lexer, parser};
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed to `System` as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        HELD.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(place, layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        HELD.fetch_add(size, Relaxed);
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn texts(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|e| e == "sql") {
            found.push(std::fs::read_to_string(&path).expect("a text"));
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().expect("the folder of a project");
    let mut found = Vec::new();
    texts(Path::new(&folder), &mut found);
    match args.next().as_deref() {
        Some("lex") => {
            for text in &found {
                black_box(lexer::lex(text, Dialect::DuckDb));
            }
        }
        Some("parse") => {
            for text in &found {
                black_box(parser::parse(text, Dialect::DuckDb));
            }
        }
        _ => table(&found),
    }
}

fn table(found: &[String]) {
    let models = found.len();
    let bytes: usize = found.iter().map(String::len).sum();
    println!("{models} models of {} bytes", bytes / models);
    let rounds = 20;
    let start = Instant::now();
    let mut tokens = 0;
    for _ in 0..rounds {
        for text in found {
            tokens += black_box(lexer::lex(text, Dialect::DuckDb)).tokens.len();
        }
    }
    let each = |start: Instant| start.elapsed().as_nanos() as usize / rounds / models;
    println!(
        "lex     {:6} ns a model, {} tokens",
        each(start),
        tokens / rounds / models
    );
    let start = Instant::now();
    for _ in 0..rounds {
        for text in found {
            black_box(parser::parse(text, Dialect::DuckDb));
        }
    }
    println!("parse   {:6} ns a model, lexing included", each(start));
    let calls = CALLS.load(Relaxed);
    for text in found {
        black_box(parser::parse(text, Dialect::DuckDb));
    }
    println!("allocs  {:6} a model", (CALLS.load(Relaxed) - calls) / models);
    let held = HELD.load(Relaxed);
    let mut trees = Vec::with_capacity(models);
    for text in found {
        trees.push(parser::parse(text, Dialect::DuckDb).ast);
    }
    let grown = HELD.load(Relaxed) - held - models * size_of::<rocky_syntax::ast::Ast>();
    println!("tree    {:6} bytes a model", grown / models);
    let exprs: usize = trees.iter().map(|t| t.exprs.len()).sum();
    println!(
        "        {:6} expressions of {} bytes",
        exprs / models,
        size_of::<rocky_syntax::ast::Expr>()
    );
}
