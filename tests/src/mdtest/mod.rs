//! Markdown fixtures: prose, files of a small project, and assertions as comments in the lines they speak of.
//!
//! The format is described in `tests/mdtest/README.md`. Invariant: a case passes only when every diagnostic of its project
//! is asserted and every assertion is met, so that no case can pass by saying nothing. Start reading at [`run::case`].

#![expect(clippy::panic, reason = "a test harness says that a test fails by panicking")]

pub mod assertion;
pub mod document;
pub mod render;
pub mod run;

use document::{Block, Document};
use rocky_core::{Engine, EngineOptions};
use std::path::{Path, PathBuf};

/// All Markdown files below a folder, sorted; `README.md` is not a fixture.
pub fn fixtures(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(dir) = pending.pop() {
        let entries = std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        for entry in entries {
            let path = entry.unwrap_or_else(|e| panic!("{}: {e}", dir.display())).path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|e| e == "md")
                && path.file_name().is_some_and(|n| n != "README.md")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Run every case of some files on one engine. Panics with the list of everything that is wrong.
pub fn run(files: &[PathBuf]) {
    let engine = Engine::new(&EngineOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut failures = Vec::new();
    let mut n_cases = 0;
    for path in files {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let document = Document::parse(&text);
        let shown = path
            .strip_prefix(crate::workspace())
            .unwrap_or(path)
            .display()
            .to_string();
        failures.extend(
            document
                .problems
                .iter()
                .map(|(line, problem)| format!("{shown}:{line}: {problem}")),
        );
        let mut edits: Vec<(Block, String)> = Vec::new();
        for case in &document.cases {
            n_cases += 1;
            let result = run::case(&engine, case);
            failures.extend(
                result
                    .failures
                    .iter()
                    .map(|f| format!("{shown}:{}: {}: {}", f.line, case.title, f.message)),
            );
            edits.extend(result.rewrites);
        }
        if crate::update() && !edits.is_empty() {
            let new = document.rewrite(&text, edits);
            if new != text {
                std::fs::write(path, new).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            }
        }
    }
    assert!(n_cases > 0, "no cases in {files:?}");
    assert!(
        failures.is_empty(),
        "{} failures in {n_cases} cases:\n\n{}\n",
        failures.len(),
        failures.join("\n\n")
    );
}
