//! DuckDB's library is loaded when a database is opened, and not before: with a broken one in the loader's way everything else works.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// A build with DuckDB compiled in has no library to load; elsewhere it is linked.
#![cfg(all(target_os = "linux", target_env = "gnu", not(feature = "bundled")))]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const FILES: [(&str, &str); 4] = [
    (
        "rocky.toml",
        "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n\
         [pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n",
    ),
    ("models/orders.sql", "SELECT 1 AS id, 10.5 AS amount"),
    ("models/totals.sql", "SELECT sum(amount) AS total FROM orders"),
    ("broken/libduckdb.so", "no library\n"),
];

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn execute(program: &Path, dir: &Path, libraries: Option<&Path>, args: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).stdin(Stdio::null());
    match libraries {
        Some(libraries) => command.env("LD_LIBRARY_PATH", libraries),
        None => command.env_remove("LD_LIBRARY_PATH"),
    };
    command.output().unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

#[test]
fn only_what_opens_a_database_needs_the_library() {
    let dir = project();
    let root = dir.path();
    let rocky = Path::new(env!("CARGO_BIN_EXE_rocky"));
    let broken = root.join("broken");
    let without: &[&[&str]] = &[
        &["--version"],
        &["--help"],
        &["completions", "bash"],
        &["validate", "--output", "json"],
        &["compile", "--output", "json"],
        &["lineage", "totals.total", "--output", "json"],
        &["history", "--output", "json"],
        &["hooks", "list", "--output", "json"],
    ];
    let all_work = || {
        for args in without {
            let output = execute(rocky, root, Some(&broken), args);
            assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        }
    };
    // Cold, then with a cache.
    all_work();
    all_work();

    let file = broken.join("libduckdb.so");
    let refused = execute(rocky, root, Some(&broken), &["run", "--output", "json"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let refused = document(&refused);
    assert_eq!(refused["error"]["code"], "io");
    let message = refused["error"]["message"].as_str().unwrap();
    let named = format!("DuckDB's library libduckdb.so cannot be loaded: {}: ", file.display());
    assert!(message.starts_with(&named), "{message}");
    let hint = refused["error"]["remediation_hint"].as_str().unwrap();
    assert!(hint.contains("put the libduckdb.so of DuckDB 1.5.5 into"), "{hint}");
    assert!(!root.join("w.duckdb").exists());

    let ran = execute(rocky, root, None, &["run", "--output", "json"]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    assert!(root.join("w.duckdb").exists());
    // With a database there, and a state.
    all_work();
    let refused = execute(rocky, root, Some(&broken), &["run", "--output", "json"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
}

#[test]
fn a_library_that_is_nowhere_is_named_with_the_folders_that_were_searched() {
    let dir = project();
    // So deep that the run path's folders relative to Cargo's do not lead to the library.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let bin = folder.path().canonicalize().unwrap().join("deep/down/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let rocky = bin.join("rocky");
    // A link costs no room; the loader takes the folder of the name that was started.
    std::fs::hard_link(env!("CARGO_BIN_EXE_rocky"), &rocky).unwrap();

    let compiled = execute(&rocky, dir.path(), None, &["compile", "--output", "json"]);
    assert_eq!(compiled.status.code(), Some(0), "{compiled:?}");
    let refused = execute(&rocky, dir.path(), None, &["run", "--output", "json"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let error = &document(&refused)["error"];
    assert_eq!(error["code"], "not_found");
    let message = error["message"].as_str().unwrap();
    let first = format!(
        "DuckDB's library libduckdb.so was not found in {0}, {0}/../lib, ",
        bin.display()
    );
    assert!(message.starts_with(&first), "{message}");

    // Where an installation has it.
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/duckdb-1.5.5/libduckdb.so");
    std::fs::create_dir(bin.join("../lib")).unwrap();
    std::os::unix::fs::symlink(library.canonicalize().unwrap(), bin.join("../lib/libduckdb.so")).unwrap();
    let ran = execute(&rocky, dir.path(), None, &["run", "--output", "json"]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
}
