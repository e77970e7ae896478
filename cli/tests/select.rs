//! `plan` then `apply`, and what `--model` and `--exclude` select, from the command line.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n\
                      [pipeline.p.target]\nadapter = \"default\"\n";

fn write(folder: &Path, path: &str, text: &str) {
    let full = folder.join(path);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::fs::write(full, text).unwrap();
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    write(dir, "rocky.toml", CONFIG);
    write(dir, "models/staging/a.sql", "SELECT 1 AS id");
    write(dir, "models/staging/a.toml", "tags = [\"nightly\"]");
    write(dir, "models/marts/b.sql", "SELECT id FROM a");
    write(dir, "models/marts/c.sql", "SELECT id FROM b");
    folder
}

fn json(folder: &Path, args: &[&str]) -> (i32, Value) {
    let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let document = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}"));
    (out.status.code().unwrap(), document)
}

fn git(folder: &Path, args: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_selection_is_planned_and_run() {
    let folder = project();
    let dir = folder.path();
    git(dir, &["init", "-q", "-b", "main"]);
    git(dir, &["add", "."]);
    git(dir, &["commit", "-q", "-m", "first"]);
    write(dir, "models/marts/b.sql", "SELECT id + 1 AS id FROM a");
    // A comment is no change.
    write(dir, "models/staging/a.sql", "SELECT 1 AS id -- one");
    let planned = |args: &[&str]| {
        let (code, plan) = json(dir, &[&["plan"], args].concat());
        assert_eq!(code, 0, "{plan}");
        plan["models"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(planned(&["--model", "+b"]), ["a", "b"]);
    assert_eq!(planned(&["--select", "changed:main"]), ["b"]);
    assert_eq!(planned(&["--model", "changed:main+"]), ["b", "c"]);
    assert_eq!(planned(&["--model", "tag:nightly", "--model", "c"]), ["a", "c"]);
    assert_eq!(planned(&["--exclude", "path:models/marts"]), ["a"]);
    let (code, error) = json(dir, &["run", "--model", "tag:weekly"]);
    assert!(code > 0 && error["error"]["code"] == "usage", "{error}");
    assert_eq!(error["error"]["remediation_hint"], "the models have nightly");
    let (code, error) = json(dir, &["run", "--model", "changed:nowhere"]);
    assert_eq!(
        (code, error["error"]["code"].as_str().unwrap()),
        (1, "not_found"),
        "{error}"
    );
    // In the folder of rocky.toml nothing but what was asked for was run.
    let (code, run) = json(dir, &["run", "--model", "a"]);
    assert_eq!((code, run["tables_copied"].as_u64()), (0, Some(1)));
}

#[test]
fn what_was_planned_is_applied_or_refused() {
    let folder = project();
    let dir = folder.path();
    let plan_id = |args: &[&str]| {
        let (code, plan) = json(dir, &[&["plan"], args].concat());
        assert_eq!(code, 0);
        plan["plan_id"].as_str().unwrap().to_owned()
    };
    let id = plan_id(&["--model", "a"]);
    let (code, run) = json(dir, &["apply", &id]);
    assert_eq!(code, 0, "{run}");
    assert_eq!(run["command"], "run");
    assert_eq!(run["plan_id"], id.as_str());
    assert_eq!(run["tables_copied"], 1);
    let id = plan_id(&[]);
    write(dir, "models/marts/c.sql", "SELECT id, 1 AS one FROM b");
    let (code, error) = json(dir, &["apply", &id]);
    assert_eq!(
        (code, error["error"]["code"].as_str().unwrap()),
        (1, "stale"),
        "{error}"
    );
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("`c`, what it reads or its target changed"),
        "{message}"
    );
    let (code, error) = json(dir, &["apply", "zzz"]);
    assert!(code > 0 && error["error"]["code"] == "usage", "{error}");
}

#[test]
fn a_plan_that_is_not_applied_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    write(
        dir,
        "rocky.toml",
        "[adapter]\ntype = \"duckdb\"\npath = \"new.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n",
    );
    write(dir, "models/a.sql", "SELECT 1 AS id");
    let plan = || json(dir, &["plan"]).1["plan_id"].as_str().unwrap().to_owned();
    let id = plan();
    write(dir, "models/a.sql", "SELECT 2 AS id");
    let (code, error) = json(dir, &["apply", &id]);
    assert_eq!(
        (code, error["error"]["code"].as_str().unwrap()),
        (1, "stale"),
        "{error}"
    );
    assert!(!dir.join("new.duckdb").exists());
    // One that fits makes it.
    let id = plan();
    let (code, run) = json(dir, &["apply", &id]);
    assert_eq!((code, run["tables_copied"].as_u64()), (0, Some(1)), "{run}");
    assert!(dir.join("new.duckdb").exists());
}
