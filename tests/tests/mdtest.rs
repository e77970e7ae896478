//! Runs the Markdown fixtures, and the examples of the diagnostics reference.

use rocky_base::Code;
use rocky_core::{Engine, EngineOptions};
use rocky_tests::mdtest::{self, assertion::Assertion, assertion::Assertions, document::Document, run};
use rocky_tests::workspace;
use std::path::PathBuf;

macro_rules! areas {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let dir = workspace().join("tests/mdtest").join(stringify!($name));
                mdtest::run(&mdtest::fixtures(&dir));
            }
        )*

        const AREAS: &[&str] = &[$(stringify!($name)),*];
    };
}

areas! { config contracts cycles dialects dsl lineage loading macros names sources strategies syntax types }

#[test]
fn every_folder_of_fixtures_is_run() {
    let dir = workspace().join("tests/mdtest");
    let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap());
    let mut folders: Vec<String> = entries
        .filter(|e| e.path().is_dir())
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, AREAS, "the list of areas in tests/tests/mdtest.rs");
}

fn reference() -> PathBuf {
    workspace().join("docs/diagnostics.md")
}

#[test]
fn the_examples_of_the_diagnostics_reference_hold() {
    mdtest::run(&[reference()]);
}

/// Codes that no project in memory can raise: what raises them, and which test does.
const NOT_FROM_MARKDOWN: &[(&str, &str)] = &[
    ("E231", "a file of the disk; core/tests/files.rs"),
    ("E302", "planning; core/plan/tests"),
    ("E303", "planning; core/plan/tests"),
    ("E408", "the file system"),
    ("E409", "bytes that are not UTF-8"),
    (
        "E412",
        "a text too deep to be read; core/syntax and core/config test the limits",
    ),
    ("E418", "a file name that is not UTF-8"),
    ("E419", "a file of more than 256 MiB"),
    ("W409", "a locked database"),
];

#[test]
fn each_page_has_an_example_that_raises_its_code_or_says_why_not() {
    let text = std::fs::read_to_string(reference()).unwrap();
    let document = Document::parse(&text);
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let mut wrong = Vec::new();
    for code in Code::all() {
        let page = rocky_core::explain::page(code.id()).unwrap();
        let reserved = page.contains("Reserved:");
        let exempt = NOT_FROM_MARKDOWN.iter().any(|(c, _)| *c == code.id());
        let heading = format!("## {}:", code.id());
        let of_page = |title: &str| {
            title
                .split(" / ")
                .any(|t| format!("## {t}").starts_with(&heading))
        };
        let cases: Vec<_> = document.cases.iter().filter(|c| of_page(&c.title)).collect();
        let raises = cases
            .iter()
            .any(|c| run::case(&engine, c).codes.iter().any(|found| found == code.id()));
        let clean = cases
            .iter()
            .any(|c| run::case(&engine, c).codes.iter().all(|found| found != code.id()));
        match (reserved || exempt, raises, clean) {
            (true, false, _) | (false, true, true) => {}
            (true, true, _) => wrong.push(format!(
                "{code}: is raised by its page, so it is neither reserved nor exempt"
            )),
            (false, false, _) => wrong.push(format!("{code}: no example raises it")),
            (false, true, false) => wrong.push(format!("{code}: no example shows the repaired version")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_case_without_its_assertion_fails() {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let failures = |markdown: &str| {
        let document = Document::parse(markdown);
        assert!(document.problems.is_empty(), "{:?}", document.problems);
        run::case(&engine, &document.cases[0]).failures.len()
    };
    assert_eq!(failures("# a\n```sql\nselect amout from raw.orders\n```\n"), 1);
    assert_eq!(
        failures("# a\n```sql\nselect amout from raw.orders -- error: [E100] \"amout\"\n```\n"),
        0
    );
    assert_eq!(
        failures("# a\n```sql\nselect amout from raw.orders -- error: [E101] \"amout\"\n```\n"),
        2
    );
    assert_eq!(
        failures("# a\n```sql\nselect amout from raw.orders -- error: [E100]\n--    ^^\n```\n"),
        1
    );
    assert_eq!(
        failures("# a\n```sql\nselect id from raw.orders -- columns: id BIGINT\n```\n"),
        1
    );
    assert_eq!(
        failures("# a\n```sql\nselect id from raw.orders -- columns: id BIGINT not null\n```\n"),
        0
    );
    assert_eq!(
        failures("# a\n```sql\nselect id from raw.orders -- lineage: id <- (none)\n```\n"),
        1
    );
    let two = "-- error: [E100]\n-- error: [E100]\nselect amout from raw.orders\n";
    assert_eq!(
        failures(&format!("# a\n```sql\n{two}```\n")),
        1,
        "{:?}",
        Assertions::find(two)
    );
    assert!(matches!(
        Assertions::find(two).placed[0].assertion,
        Assertion::Diagnostic(_)
    ));
}
