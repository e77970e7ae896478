//! The structure of the repository: ranks, forbidden names, file heads and sizes, generated files.
//!
//! The ranks are read from the table in `core/ARCHITECTURE.md`, so that the document cannot say something else than the
//! build does. Each test lists everything that is wrong, as `path:line: what`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use rocky_base::Code;
use rocky_tests::{update, workspace};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml_edit::DocumentMut;

const MAX_LINES: usize = 1500;

/// Files that may be longer, and why.
const LONG: &[(&str, &str)] = &[];

/// Code that may name `std::fs`, and why. Everything else of the compiler goes through `System`.
const FILES: &[(&str, &str)] = &[
    (
        "core/base/src/system/os.rs",
        "the one implementation of `System` over the real file system",
    ),
    ("core/adapters/", "drivers look at their own database files"),
    ("core/run/src/state/", "the state store is a database file"),
    ("core/run/src/pipes.rs", "appends to the file that Dagster names"),
    (
        "core/run/src/hooks/shell.rs",
        "gives a command its input as a file without a name",
    ),
    (
        "core/run/src/remote/",
        "moves the state store's file, and asks Linux whether a process lives",
    ),
    ("cli/src/", "renders files that the user names"),
    ("core/project/build.rs", "hashes the sources when rocky is built"),
];

/// Folders of the workspace that hold code.
const CODE: &[&str] = &["core", "cli", "ffi", "bindings", "tests", "benches"];

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Files below the folders with code, as paths relative to the workspace, with `/`.
fn files(extension: &str) -> Vec<String> {
    let root = workspace();
    let mut found = Vec::new();
    let mut pending: Vec<PathBuf> = CODE.iter().map(|d| root.join(d)).collect();
    while let Some(dir) = pending.pop() {
        for entry in std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.unwrap().path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !["target", "node_modules", ".cache", "build", "dist"].contains(&name.as_str()) {
                    pending.push(path);
                }
            } else if path.extension().is_some_and(|e| e == extension) {
                let relative = path.strip_prefix(&root).unwrap();
                let parts: Vec<_> = relative
                    .components()
                    .map(|c| c.as_os_str().to_string_lossy())
                    .collect();
                found.push(parts.join("/"));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

/// Lines of code with their numbers: comments left out.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(i, l)| (i + 1, l))
        .filter(|(_, l)| !l.trim_start().starts_with("//"))
}

fn is_test_code(path: &str) -> bool {
    path.contains("/tests/")
        || path.starts_with("tests/")
        || path.starts_with("benches/")
        || path.contains("/examples/")
        || path.ends_with("/tests.rs")
}

fn report(wrong: Vec<String>) {
    assert!(
        wrong.is_empty(),
        "{} findings:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// `name` as a whole word.
fn has_word(line: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

// ---- ranks

struct Rank {
    number: u32,
    /// Planned, not there yet.
    later: bool,
}

/// Folder to rank, from the first table of `core/ARCHITECTURE.md`: `| 2 | `core/semantic` | … |`.
fn ranks() -> BTreeMap<String, Rank> {
    let text = read(&workspace().join("core/ARCHITECTURE.md"));
    let mut ranks = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, folder, ..] = cells.as_slice() else {
            continue;
        };
        let (Ok(number), Some(folder)) = (number.parse(), folder.strip_prefix('`')) else {
            continue;
        };
        let Some((folder, rest)) = folder.split_once('`') else {
            continue;
        };
        let old = ranks.insert(
            folder.to_owned(),
            Rank {
                number,
                later: rest.trim() == "(later)",
            },
        );
        assert!(old.is_none(), "`{folder}` stands twice in core/ARCHITECTURE.md");
    }
    ranks
}

fn manifest(folder: &str) -> DocumentMut {
    let path = workspace().join(folder).join("Cargo.toml");
    read(&path)
        .parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn members() -> Vec<String> {
    let root = manifest(".");
    let members = root["workspace"]["members"].as_array().expect("members");
    members
        .iter()
        .map(|m| m.as_str().expect("a path").to_owned())
        .collect()
}

/// Names in a section of a manifest.
fn dependencies(manifest: &DocumentMut, section: &str) -> Vec<String> {
    let table = manifest.get(section).and_then(|t| t.as_table_like());
    table
        .map(|t| t.iter().map(|(name, _)| name.to_owned()).collect())
        .unwrap_or_default()
}

#[test]
fn the_table_of_ranks_lists_each_crate_once() {
    let ranks = ranks();
    let members: BTreeSet<String> = members().into_iter().collect();
    let listed: BTreeSet<String> = ranks
        .iter()
        .filter(|(_, r)| !r.later)
        .map(|(f, _)| f.clone())
        .collect();
    assert_eq!(
        members, listed,
        "workspace members and the table of core/ARCHITECTURE.md"
    );
    for folder in ranks.iter().filter(|(_, r)| r.later).map(|(f, _)| f) {
        assert!(
            !workspace().join(folder).exists(),
            "`{folder}` is there: it is no longer `(later)`"
        );
    }
}

#[test]
fn a_crate_depends_on_lower_ranks_only() {
    let ranks = ranks();
    let mut folder_of: BTreeMap<String, String> = BTreeMap::new();
    for folder in members() {
        let name = manifest(&folder)["package"]["name"]
            .as_str()
            .expect("a name")
            .to_owned();
        folder_of.insert(name, folder);
    }
    let mut wrong = Vec::new();
    for (name, folder) in &folder_of {
        let manifest = manifest(folder);
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for dependency in dependencies(&manifest, section) {
                let Some(below) = folder_of.get(&dependency) else {
                    continue;
                };
                let (own, other) = (ranks[folder].number, ranks[below].number);
                if other >= own {
                    wrong.push(format!(
                        "{folder}/Cargo.toml: {name} (rank {own}) depends on {dependency} (rank {other})"
                    ));
                }
                let adapter = |f: &str| f.starts_with("core/adapters/");
                let foundation = ["core/base", "core/warehouse"].contains(&below.as_str());
                if adapter(folder) && !foundation && section != "dev-dependencies" {
                    wrong.push(format!("{folder}/Cargo.toml: an adapter depends on {dependency}; base and warehouse are enough"));
                }
                if adapter(below) && folder != "core" && section != "dev-dependencies" {
                    wrong.push(format!(
                        "{folder}/Cargo.toml: {name} names the adapter {dependency}; only the façade does"
                    ));
                }
                if own > 7 && own < 9 && other < 7 && section == "dependencies" && dependency != "rocky-base"
                {
                    wrong.push(format!(
                        "{folder}/Cargo.toml: a front end depends on {dependency}; the façade is enough"
                    ));
                }
            }
        }
    }
    report(wrong);
}

#[test]
fn heavy_and_special_libraries_stay_where_they_belong() {
    /// A library and the only folders that may depend on it.
    const HOMES: &[(&str, &[&str])] = &[
        ("sqlparser", &["core/syntax", "benches"]),
        ("duckdb", &["core/adapters/duckdb"]),
        ("redb", &["core/run"]),
        ("redis", &["core/run"]),
        ("rusty-s3", &["core/run"]),
        ("configparser", &["core/run"]),
        ("toml", &["core/config", "benches"]),
        ("toml_edit", &["tests"]),
        ("rayon", &["core/project", "core/plan", "core", "benches"]),
        ("clap", &["cli", "benches"]),
        ("schemars", &["core"]),
    ];
    let mut wrong = Vec::new();
    for folder in members() {
        let manifest = manifest(&folder);
        let direct = dependencies(&manifest, "dependencies")
            .into_iter()
            .chain(dependencies(&manifest, "build-dependencies"));
        for dependency in direct {
            let home = HOMES.iter().find(|(name, _)| *name == dependency);
            if home.is_some_and(|(_, folders)| !folders.contains(&folder.as_str())) {
                wrong.push(format!("{folder}/Cargo.toml: depends on {dependency}"));
            }
        }
    }
    report(wrong);
}

// ---- names that may not be used

#[test]
fn files_are_reached_through_the_system_trait() {
    let mut wrong = Vec::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for path in files("rs")
        .iter()
        .filter(|p| !is_test_code(p) && !p.starts_with("bindings/"))
    {
        let allowed = FILES.iter().find(|(allowed, _)| path.starts_with(allowed));
        let text = read(&workspace().join(path));
        let mut in_tests = false;
        for (number, line) in code_lines(&text) {
            in_tests |= line.trim() == "#[cfg(test)]";
            let grouped = line.trim_start().starts_with("use std::{") && has_word(line, "fs");
            if in_tests || !(line.contains("std::fs") || grouped) {
                continue;
            }
            match allowed {
                Some((folder, _)) => {
                    used.insert(folder);
                }
                None => wrong.push(format!("{path}:{number}: {}", line.trim())),
            }
        }
    }
    wrong.extend(
        FILES
            .iter()
            .filter(|(f, _)| !used.contains(f))
            .map(|(f, _)| format!("tests/tests/tidy.rs: `{f}` needs no exception")),
    );
    report(wrong);
}

/// Code outside tests that has one of some words.
fn uses(folders: &[&str], except: &[&str], words: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mine = files("rs");
    let of_product = mine
        .iter()
        .filter(|p| !is_test_code(p) && folders.iter().any(|f| p.starts_with(f)));
    for path in of_product.filter(|p| !except.iter().any(|e| p.starts_with(e))) {
        let text = read(&workspace().join(path));
        for (number, line) in code_lines(&text) {
            if line.trim() == "#[cfg(test)]" {
                break;
            }
            if words.iter().any(|w| line.contains(w)) {
                wrong.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    wrong
}

#[test]
fn the_clock_is_read_through_the_system_trait() {
    report(uses(
        &["core/"],
        &["core/base/src/system/os.rs", "core/adapters/"],
        &["SystemTime::now(", "Timestamp::now("],
    ));
}

#[test]
fn rayon_runs_on_the_engines_own_pool() {
    // `current_thread_index` asks whether there is a pool; everything else would start one.
    let global = [
        "build_global",
        "rayon::join",
        "rayon::scope",
        "rayon::spawn",
        "rayon::current_num",
        "rayon::broadcast",
    ];
    // `give_up` there asks whether it is in a pool before it spawns.
    let asks = ["core/plan/src/parallel.rs"];
    report(uses(&["core/", "cli/", "ffi/", "bindings/"], &asks, &global));
    // What runs in parallel is in the crate whose entry takes the pool, or called inside of it: a difference, statements.
    let parallel = [
        "par_iter",
        "par_bridge",
        "par_sort",
        "par_chunks",
        "rayon::prelude",
    ];
    report(uses(
        &["core/", "cli/", "ffi/", "bindings/"],
        &[
            "core/project/",
            "core/plan/src/parallel.rs",
            "core/src/verbs/diff.rs",
        ],
        &parallel,
    ));
}

#[test]
fn the_library_does_not_print_exit_or_change_directory() {
    let words = [
        "println!(",
        "print!(",
        "process::exit",
        "process::abort",
        "set_current_dir",
        "panic::set_hook",
        "env::set_var",
    ];
    report(uses(
        &["core/", "ffi/src"],
        &["core/adapters/duckdb/build.rs", "core/project/build.rs"],
        &words,
    ));
}

#[test]
fn sqlparser_is_named_by_the_lexer_alone() {
    report(uses(
        &["core/", "cli/", "ffi/", "bindings/"],
        &["core/syntax/src/lexer/"],
        &["sqlparser::"],
    ));
}

#[test]
fn the_product_names_no_place_of_the_machine_it_was_written_on() {
    let place = ["/", "work/"].concat();
    let mut wrong = Vec::new();
    for extension in ["rs", "toml", "md", "ts", "go", "h", "hpp", "json", "py", "sh"] {
        for path in if extension == "md" {
            all_markdown()
        } else {
            files_or_none(extension)
        } {
            let text = read(&workspace().join(&path));
            let hits = text.lines().enumerate().filter(|(_, l)| l.contains(&place));
            wrong.extend(hits.map(|(i, l)| format!("{path}:{}: {}", i + 1, l.trim())));
        }
    }
    report(wrong);
}

fn files_or_none(extension: &str) -> Vec<String> {
    let root = workspace();
    let has_any = CODE.iter().any(|d| root.join(d).exists());
    assert!(has_any);
    std::panic::catch_unwind(|| files(extension)).unwrap_or_default()
}

fn all_markdown() -> Vec<String> {
    let mut found = files("md");
    for dir in [".", "docs"] {
        let entries = std::fs::read_dir(workspace().join(dir)).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        found.extend(
            names
                .filter(|n| n.ends_with(".md"))
                .map(|n| if dir == "." { n } else { format!("{dir}/{n}") }),
        );
    }
    found
}

// ---- files

#[test]
fn each_file_says_what_it_is_for() {
    let wrong = files("rs")
        .into_iter()
        .filter(|p| !read(&workspace().join(p)).starts_with("//!"));
    report(
        wrong
            .map(|p| format!("{p}:1: does not begin with `//!`"))
            .collect(),
    );
}

#[test]
fn no_file_is_too_long() {
    let mut wrong = Vec::new();
    for path in files("rs") {
        let n_lines = read(&workspace().join(&path)).lines().count();
        let exception = LONG.iter().any(|(p, _)| *p == path);
        match (n_lines > MAX_LINES, exception) {
            (true, false) => wrong.push(format!(
                "{path}: {n_lines} lines; {MAX_LINES} without a reason in tests/tests/tidy.rs"
            )),
            (false, true) => wrong.push(format!("{path}: needs no exception any more")),
            _ => {}
        }
    }
    report(wrong);
}

#[test]
fn no_test_is_switched_off() {
    let mut wrong = Vec::new();
    for path in files("rs") {
        let text = read(&workspace().join(&path));
        let hits = code_lines(&text).filter(|(_, l)| l.trim_start().starts_with("#[ignore"));
        wrong.extend(hits.map(|(n, l)| format!("{path}:{n}: {}", l.trim())));
    }
    report(wrong);
}

// ---- diagnostics

/// Lines of `core` outside `core/base` that name a code as a constant: `code::E100`, or `E100` after an import.
fn raised() -> BTreeSet<&'static str> {
    let paths = files("rs")
        .into_iter()
        .filter(|p| p.starts_with("core/") && !p.starts_with("core/base/") && !is_test_code(p));
    let texts: Vec<String> = paths.map(|p| read(&workspace().join(p))).collect();
    let mut raised = BTreeSet::new();
    for code in Code::all() {
        let imported = format!("code::{};", code.id());
        let names = |text: &String| {
            code_lines(text)
                .take_while(|(_, l)| l.trim() != "#[cfg(test)]")
                .any(|(_, l)| {
                    // What stands between quotes is text about a code.
                    let outside: String = l.split('"').step_by(2).collect();
                    has_word(&outside, code.id()) && !l.contains(&imported)
                })
        };
        if texts.iter().any(names) {
            raised.insert(code.id());
        }
    }
    raised
}

#[test]
fn each_code_is_raised_or_its_page_says_that_it_is_reserved() {
    let raised = raised();
    let mut wrong = Vec::new();
    for code in Code::all().map(Code::id) {
        let page = rocky_core::explain::page(code).unwrap();
        match (raised.contains(code), page.contains("\nReserved: ")) {
            (true, true) => wrong.push(format!(
                "docs/diagnostics.md: {code} is raised, but its page says that it is reserved"
            )),
            (false, false) => wrong.push(format!(
                "docs/diagnostics.md: {code} is raised nowhere; its page must say `Reserved: …`"
            )),
            _ => {}
        }
    }
    report(wrong);
}

#[test]
fn the_pages_stand_in_the_order_of_the_registry() {
    let text = read(&workspace().join("docs/diagnostics.md"));
    let pages: Vec<&str> = text
        .lines()
        .filter_map(|l| l.strip_prefix("## ")?.split_once(": "))
        .map(|(code, _)| code)
        .collect();
    let codes: Vec<&str> = Code::all().map(Code::id).collect();
    assert_eq!(pages, codes);
}

#[test]
fn links_between_pages_lead_somewhere() {
    let text = read(&workspace().join("docs/diagnostics.md"));
    let anchor = |heading: &str| -> String {
        let kept = heading
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    let anchors: BTreeSet<String> = text
        .lines()
        .filter_map(|l| l.strip_prefix("## "))
        .map(anchor)
        .collect();
    let targets = text
        .match_indices("](#")
        .map(|(at, _)| text[at + 3..].split(')').next().unwrap_or_default());
    report(
        targets
            .filter(|t| !anchors.contains(*t))
            .map(|t| format!("docs/diagnostics.md: #{t}"))
            .collect(),
    );
}

// ---- generated files

/// Keys in order, so that a difference is a change.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let ordered: BTreeMap<String, Value> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            Value::Object(ordered.into_iter().collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[test]
fn the_schemas_are_those_of_the_documents() {
    let dir = workspace().join("core/schemas");
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for (name, schema) in rocky_core::schemas::all() {
        let text = serde_json::to_string_pretty(&sorted(schema.into())).unwrap();
        expected.insert(format!("{name}.json"), text + "\n");
    }
    if update() {
        std::fs::create_dir_all(&dir).unwrap();
    }
    let there: BTreeSet<String> = std::fs::read_dir(&dir)
        .map(|l| l.map(|e| e.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    let mut wrong = Vec::new();
    for name in there.iter().filter(|n| !expected.contains_key(*n)) {
        if update() {
            std::fs::remove_file(dir.join(name)).unwrap();
        } else {
            wrong.push(format!("core/schemas/{name}: is the schema of nothing"));
        }
    }
    for (name, text) in &expected {
        let path = dir.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|found| found == *text) {
            continue;
        }
        if update() {
            std::fs::write(&path, text).unwrap();
        } else {
            wrong.push(format!("core/schemas/{name}: differs; ROCKY_UPDATE=1 cargo test -p rocky-tests --test tidy rewrites it"));
        }
    }
    report(wrong);
}

#[test]
fn the_lock_file_is_committed_and_knows_each_crate() {
    let root = workspace();
    let lock: DocumentMut = read(&root.join("Cargo.lock")).parse().unwrap();
    let packages = lock["package"].as_array_of_tables().expect("packages");
    let locked: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    for folder in members() {
        let manifest = manifest(&folder);
        let name = manifest["package"]["name"].as_str().unwrap();
        assert!(locked.contains(name), "Cargo.lock lacks {name}");
    }
    let ignored = read(&root.join(".gitignore"));
    assert!(
        !ignored.lines().any(|l| l.trim_matches('/') == "Cargo.lock"),
        ".gitignore leaves Cargo.lock out"
    );
}
