//! The least that a compiler of such a project must do: list the folder, read all files, parse the SQL with `sqlparser` and
//! the TOML with `toml`. No names, no types, no edges, no output. DSL files are read only: no library parses them.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What was done, and how long it took inside the process.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Floor {
    /// Files read.
    pub n_files: usize,
    /// Bytes read.
    pub n_bytes: usize,
    /// SQL files parsed.
    pub n_sql: usize,
    /// TOML files parsed.
    pub n_toml: usize,
    /// DSL files, read only.
    pub n_dsl: usize,
    /// Files that a parser rejects; not 0 is a mistake of the generator.
    pub failed: Vec<String>,
    /// Listing the folders.
    pub list_ms: f64,
    /// From the first to the last thing, without the start of the process.
    pub total_ms: f64,
}

/// What becomes of a tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trees {
    /// Dropped at once, on its thread: the least time.
    Dropped,
    /// Kept, with the text, until all are there: what sqlparser's trees weigh. A compiler with smaller ones needs less.
    Kept,
}

enum Parsed {
    Sql {
        _text: String,
        _tree: Vec<sqlparser::ast::Statement>,
    },
    Toml {
        _text: String,
        _tree: toml::Table,
    },
    Dsl {
        _text: String,
    },
}

struct Outcome {
    kind: Kind,
    n_bytes: usize,
    failed: Option<String>,
    kept: Option<Parsed>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sql,
    Toml,
    Dsl,
}

/// Do it on `n_threads` threads.
pub fn floor(dir: &Path, n_threads: usize, trees: Trees) -> io::Result<Floor> {
    let start = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build()
        .map_err(io::Error::other)?;
    // `rocky.toml` is the largest file by far, so it goes first.
    let mut files = vec![(dir.join("rocky.toml"), Kind::Toml)];
    list(&dir.join("models"), &mut files)?;
    let list_ms = ms(start);
    let parsed: Vec<Outcome> = pool.install(|| {
        files
            .par_iter()
            .map(|(path, kind)| parse(path, *kind, trees))
            .collect::<io::Result<_>>()
    })?;
    let mut result = Floor {
        n_files: files.len(),
        list_ms,
        ..Floor::default()
    };
    for outcome in &parsed {
        result.n_bytes += outcome.n_bytes;
        match outcome.kind {
            Kind::Sql => result.n_sql += 1,
            Kind::Toml => result.n_toml += 1,
            Kind::Dsl => result.n_dsl += 1,
        }
        result.failed.extend(outcome.failed.clone());
    }
    result.total_ms = ms(start);
    // A process that ends need not drop what it kept.
    parsed
        .into_iter()
        .filter_map(|outcome| outcome.kept)
        .for_each(std::mem::forget);
    Ok(result)
}

fn parse(path: &Path, kind: Kind, trees: Trees) -> io::Result<Outcome> {
    let text = std::fs::read_to_string(path)?;
    let n_bytes = text.len();
    let fail = |error: String| Some(format!("{}: {error}", path.display()));
    let (failed, kept) = match kind {
        Kind::Sql => match Parser::parse_sql(&DuckDbDialect {}, &text) {
            Ok(tree) => (
                None,
                Some(Parsed::Sql {
                    _text: text,
                    _tree: tree,
                }),
            ),
            Err(error) => (fail(error.to_string()), None),
        },
        Kind::Toml => match text.parse::<toml::Table>() {
            Ok(tree) => (
                None,
                Some(Parsed::Toml {
                    _text: text,
                    _tree: tree,
                }),
            ),
            Err(error) => (fail(error.to_string()), None),
        },
        Kind::Dsl => (None, Some(Parsed::Dsl { _text: text })),
    };
    Ok(Outcome {
        kind,
        n_bytes,
        failed,
        kept: kept.filter(|_| trees == Trees::Kept),
    })
}

fn list(dir: &Path, files: &mut Vec<(PathBuf, Kind)>) -> io::Result<()> {
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir()? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                folders.push(path);
                continue;
            }
            let kind = match path.extension().and_then(|e| e.to_str()) {
                Some("sql") => Kind::Sql,
                Some("toml") => Kind::Toml,
                Some("rocky") => Kind::Dsl,
                _ => continue,
            };
            files.push((path, kind));
        }
    }
    Ok(())
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
