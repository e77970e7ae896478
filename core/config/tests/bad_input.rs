//! TOML that nobody writes on purpose: encodings, endless values, nesting without end. Each is read, or refused at a place,
//! in time that grows with its length.

#![expect(clippy::unwrap_used, reason = "a helper of tests is not recognised as a test")]

use rocky_base::{Diagnostic, FileId};
use rocky_config::*;
use std::time::{Duration, Instant};

/// Far above what linear work takes in a debug build on a busy machine, far below what quadratic work takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn shown(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|d| {
            let span = d.primary.as_ref().unwrap().loc.span;
            assert!(text.get(span.range()).is_some(), "{d:?}");
            assert!(d.message.len() < 1010, "{} bytes of message", d.message.len());
            format!("{} {}..{} {}", d.code, span.start, span.end, d.message)
        })
        .collect()
}

/// The mistakes of a text as project, sidecar and contract.
fn all(text: &str) -> [Vec<String>; 3] {
    let env = |name: &str| (name == "SET").then(|| "x".repeat(1000));
    let started = Instant::now();
    let project = parse_project(FileId(1), text, &env);
    let sidecar = parse_sidecar(FileId(1), text, &env, Options::default());
    let contract = parse_contract(FileId(1), text, &env, Options::default());
    let took = started.elapsed();
    let head: String = text.chars().take(30).collect();
    assert!(took < PATIENCE, "{took:?} for {} bytes of {head:?}", text.len());
    [
        shown(text, &project.diagnostics),
        shown(text, &sidecar.diagnostics),
        shown(text, &contract.diagnostics),
    ]
}

fn sidecar(text: &str) -> Vec<String> {
    let [_, sidecar, _] = all(text);
    sidecar
}

#[test]
fn encodings_of_line_ends_and_marks() {
    assert_eq!(sidecar("name = \"a\"\r\nintent = \"b\"\r\n"), [""; 0]);
    assert_eq!(sidecar("\u{feff}name = \"a\"\n"), [""; 0]);
    // TOML knows no lone carriage return and no NUL.
    for text in [
        "name = \"a\"\rintent = \"b\"\n",
        "name = \"a\0\"\n",
        "\0",
        "n\0a\0m\0e\0",
    ] {
        let found = sidecar(text);
        assert!(
            found.len() == 1 && found[0].starts_with("E402 "),
            "{text:?}: {found:?}"
        );
    }
}

#[test]
fn what_is_not_closed_is_located() {
    for text in [
        "name = \"a",
        "name = 'a",
        "name = \"\"\"a\n",
        "tags = [1, 2",
        "target = { table = \"a\"",
        "[target",
        "[[sources]",
    ] {
        let found = sidecar(text);
        assert!(
            found.len() == 1 && found[0].starts_with("E402 "),
            "{text:?}: {found:?}"
        );
    }
}

#[test]
fn nesting_is_refused_at_a_place() {
    const DEEP: usize = 50_000;
    let texts = [
        format!("a = {}{}", "[".repeat(DEEP), "]".repeat(DEEP)),
        format!("a = {}1{}", "{ a = ".repeat(DEEP), " }".repeat(DEEP)),
        format!("a{} = 1", ".a".repeat(DEEP)),
        format!("[a{}]", ".a".repeat(DEEP)),
        format!("[[a{}]]", ".a".repeat(DEEP)),
        format!("a = {}", "[".repeat(DEEP)),
        format!("a = {}", "{ a = ".repeat(DEEP)),
    ];
    for text in texts {
        for found in all(&text) {
            assert!((1..=2).contains(&found.len()), "{}: {found:?}", &text[..20]);
        }
    }
}

#[test]
fn long_values_take_linear_time() {
    let long = "x".repeat(5 * 1024 * 1024);
    assert_eq!(sidecar(&format!("intent = \"{long}\"")), [""; 0]);
    let found = sidecar(&format!("name = {}", "9".repeat(100_000)));
    assert_eq!(found.len(), 1, "{found:?}");
    let name = "n".repeat(64 * 1024);
    assert_eq!(sidecar(&format!("{name} = 1")).len(), 1);
    assert_eq!(sidecar(&format!("name = \"{name}\"")), [""; 0]);
    assert_eq!(sidecar(&format!("strategy = \"{name}\"")).len(), 1);
    // Many of one thing.
    let many = |line: &dyn Fn(usize) -> String| -> String { (0..20_000).map(line).collect() };
    all(&many(&|n| format!("key{n} = 1\n")));
    all(&many(&|n| format!("[table{n}]\n")));
    all(&many(&|n| format!("[[columns]]\nname = \"c{n}\"\n")));
    all(&many(&|_| "[[columns]]\nname = \"c\"\n".to_owned()));
    all(&many(&|n| {
        format!("[[sources]]\ncatalog = \"c\"\nschema = \"s\"\ntable = \"t{n}\"\n")
    }));
    all(&many(&|n| format!("[adapter.a{n}]\ntype = \"duckdb\"\n")));
    all(&many(&|n| {
        format!("[pipeline.p{n}]\ntype = \"transformation\"\n")
    }));
    all(&format!("depends_on = [{}]", many(&|n| format!("\"m{n}\", "))));
    all(&format!(
        "tags = {{ {} b = 1 }}",
        many(&|n| format!("k{n} = \"v\", "))
    ));
    all(&format!(
        "[rules]\nrequired = [{}]",
        many(&|n| format!("\"c{n}\", "))
    ));
    // Variables: each is read once, what they hold is not read again.
    all(&format!("intent = \"{}\"", "${SET}".repeat(2_000)));
    all(&format!("intent = \"{}\"", "${".repeat(100_000)));
    all(&format!("intent = \"{}\"", "${MISSING}".repeat(5_000)));
}
