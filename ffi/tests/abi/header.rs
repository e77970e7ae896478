//! Files that are generated from the crate and committed: the header, its copy for Go, and the list of symbols.
//! `ROCKY_UPDATE=1 cargo test -p rocky-ffi header` writes them.

use crate::support::{built_library, crate_dir, repository, run};
use std::path::Path;
use std::process::Command;

/// Compare with what is committed, or write it.
pub fn check(path: &Path, fresh: &str) {
    if std::env::var_os("ROCKY_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, fresh).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    if committed != fresh {
        let differing = committed.lines().zip(fresh.lines()).position(|(a, b)| a != b);
        let line = differing.unwrap_or_else(|| committed.lines().count().min(fresh.lines().count()));
        panic!(
            "{} is not what the crate generates, from line {} on:\n  committed: {:?}\n  generated: {:?}\nwrite it with \
             `ROCKY_UPDATE=1 cargo test -p rocky-ffi header`",
            path.display(),
            line + 1,
            committed.lines().nth(line),
            fresh.lines().nth(line),
        );
    }
}

fn generated() -> String {
    let config = cbindgen::Config::from_file(crate_dir().join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new()
        .with_crate(crate_dir())
        .with_config(config)
        .generate()
        .unwrap();
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    without_safety(&String::from_utf8(bytes).unwrap())
}

/// The section that Rust wants of unsafe functions says in Rust's terms what the rest of the comment says in C's.
fn without_safety(header: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut skipping = false;
    for line in header.lines() {
        let heading = line.trim_end() == "// # Safety";
        if heading && kept.last().is_some_and(|l| l.trim_end() == "//") {
            kept.pop();
        }
        skipping = heading || (skipping && line.starts_with("//"));
        if !skipping {
            kept.push(line.trim_end());
        }
    }
    kept.join("\n") + "\n"
}

#[test]
fn the_header_is_what_the_crate_generates() {
    let header = generated();
    check(&repository().join("include/rocky.h"), &header);
    // A Go module cannot reach outside of its folder once it is published.
    check(&repository().join("bindings/go/rocky.h"), &header);
}

/// Names of the functions a library exports.
fn exported(library: &Path) -> Vec<String> {
    let mut nm = Command::new("nm");
    nm.args(["-D", "--defined-only", "--format=posix"]).arg(library);
    let listing = run(&mut nm).stdout;
    let mut names: Vec<String> = listing
        .lines()
        .map(|l| l.split(' ').next().unwrap().split('@').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_library_exports_what_the_list_says_and_the_header_declares() {
    let names = exported(&built_library());
    check(&crate_dir().join("symbols.txt"), &(names.join("\n") + "\n"));
    let header = generated();
    let code: String = header
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .collect();
    let mut declared: Vec<String> = code
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '('))
        .filter_map(|word| Some(word.split_once('(')?.0.to_owned()))
        .filter(|name| name.starts_with("rocky_"))
        .collect();
    declared.sort();
    assert_eq!(declared, names);
}

#[test]
fn the_library_asks_for_its_major_version() {
    let mut readelf = Command::new("readelf");
    readelf.args(["-d", "-W"]).arg(built_library());
    let dynamic = run(&mut readelf).stdout;
    assert!(
        dynamic
            .lines()
            .any(|l| l.contains("SONAME") && l.contains("[librocky.so.2]")),
        "{dynamic}"
    );
}

#[test]
fn every_function_says_who_owns_what_which_thread_and_since_when() {
    let header = generated();
    let mut comment = String::new();
    let mut functions = 0;
    for line in header.lines() {
        if let Some(text) = line.strip_prefix("//") {
            comment += text;
            comment.push('\n');
            continue;
        }
        // Where a declaration begins: a word that holds the function's name and a bracket, not a type.
        if line.contains("rocky_")
            && line.contains('(')
            && !line.starts_with("typedef")
            && !line.starts_with(' ')
        {
            functions += 1;
            for word in ["ny thread", "Since 1."] {
                assert!(
                    comment.replace('\n', " ").replace("  ", " ").contains(word),
                    "`{word}` is missing before `{line}`:\n{comment}"
                );
            }
            let pointers = line.contains('*') && line.contains("(const") || line.contains("**");
            assert!(
                !pointers || comment.contains("orrowed") || comment.contains("owned"),
                "{line}:\n{comment}"
            );
        }
        comment.clear();
    }
    assert_eq!(functions, exported(&built_library()).len());
}

/// The properties of a verb's request.
fn fields(verb: &str) -> Vec<String> {
    let path = repository().join(format!("core/schemas/{verb}.request.json"));
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let properties = schema["properties"].as_object();
    properties.map_or_else(Vec::new, |p| p.keys().cloned().collect())
}

#[test]
fn every_field_of_a_request_is_named_before_its_function() {
    let header = generated();
    let mut comment = String::new();
    let mut comments = std::collections::BTreeMap::new();
    for line in header.lines() {
        match line.strip_prefix("rocky_status rocky_project_") {
            Some(rest) => {
                let verb = rest.split('(').next().unwrap().to_owned();
                comments.insert(verb, std::mem::take(&mut comment));
            }
            None if line.starts_with("//") => comment += line,
            None => comment.clear(),
        }
    }
    let mut missing = Vec::new();
    for (verb, comment) in &comments {
        // `run` refers to `plan`, whose request is the same; threads belong to the engine.
        let comment = match comment.contains("As for `rocky_project_plan`") {
            true => &comments["plan"],
            false => comment,
        };
        let named = |field: &String| comment.contains(&format!("\"{field}\""));
        let fields = fields(verb).into_iter().filter(|f| (verb.as_str(), f.as_str()) != ("open", "threads"));
        missing.extend(fields.filter(|f| !named(f)).map(|f| format!("{verb}: {f}")));
    }
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(fields("run"), fields("plan"));
    assert!(comments.len() > 20, "{:?}", comments.keys());
}
