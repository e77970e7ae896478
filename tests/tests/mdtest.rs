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

areas! { config contracts cycles dialects dsl lineage lints loading macros names sources strategies syntax types }

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
fn each_code_that_is_raised_has_a_fixture() {
    let asserted = |text: &str, code: &str| text.contains(&format!("[{code}]"));
    let texts: Vec<String> = AREAS
        .iter()
        .flat_map(|area| mdtest::fixtures(&workspace().join("tests/mdtest").join(area)))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let lacking: Vec<&str> = Code::all()
        .map(Code::id)
        .filter(|code| !NOT_FROM_MARKDOWN.iter().any(|(exempt, _)| exempt == code))
        .filter(|code| !rocky_core::explain::page(code).unwrap().contains("Reserved:"))
        .filter(|code| !texts.iter().any(|text| asserted(text, code)))
        .collect();
    assert!(lacking.is_empty(), "no file of tests/mdtest raises {lacking:?}");
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

#[test]
fn many_mistakes_are_said_in_one_order_by_any_number_of_threads() {
    let path = workspace().join("tests/mdtest/lints/many.md");
    let document = Document::parse(&std::fs::read_to_string(path).unwrap());
    let mut case = document.cases[0].clone();
    let file = case.files[0].clone();
    // The same text under other names, in two layers, so that threads matter.
    for i in 0..3 {
        let mut parent = file.clone();
        parent.path = format!("models/p{i}.sql");
        parent.text = "select id, status from raw.orders".to_owned();
        case.files.push(parent);
    }
    for i in 0..24 {
        let mut copy = file.clone();
        copy.path = format!("models/m{i:02}.sql");
        copy.text = copy
            .text
            .replace("from raw.orders limit", &format!("from p{} limit", i % 3));
        case.files.push(copy);
    }
    let mut first: Option<String> = None;
    for round in 0..20 {
        let threads = 1 + round % 4;
        let engine = Engine::new(&EngineOptions {
            threads: Some(threads),
        })
        .unwrap();
        let said = run::said(&engine, &case).unwrap();
        assert!(said.matches("\"code\"").count() > 40 * 24, "{said}");
        match &first {
            None => first = Some(said),
            Some(first) => assert_eq!(*first, said, "round {round}, {threads} threads"),
        }
    }
}
