//! `docs/strategies.md`: every statement that it shows is one that the planner makes, for the dialects that stand above it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic")]

mod common;

use common::Project;
use rocky_base::Dialect;
use rocky_plan::PlanOptions;
use rocky_warehouse::RelationKind;
use std::path::Path;

const COLUMNS: [&str; 4] = ["id", "day", "amount", "updated_at"];

/// Blocks in order, with their languages.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut parts = text.split("```");
    let mut found = Vec::new();
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        let (language, body) = block.split_once('\n').unwrap();
        found.push((language.to_owned(), body.to_owned()));
    }
    found
}

/// All statements that the planner makes of the model, whatever stands in the target's place.
fn statements(dialect: Dialect, name: &str, query: &str, sidecar: &str) -> String {
    let (head, tables) = sidecar
        .split_once("\n[")
        .map_or((sidecar, String::new()), |(head, rest)| {
            (head, format!("\n[{rest}"))
        });
    let sidecar = format!("{head}\n[target]\nschema = \"marts\"\n{tables}");
    let project = || Project::new(dialect).model(name, &sidecar, query);
    let mut text = String::new();
    for project in [
        project(),
        project().exists("marts", name, RelationKind::Table, &COLUMNS),
    ] {
        let plan = project.plan(&PlanOptions::default());
        for step in &plan.tasks[0].steps {
            text.push_str(&step.sql);
            text.push_str(";\n");
        }
    }
    text
}

#[test]
fn the_page_shows_what_is_planned() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/strategies.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut query = String::new();
    let mut seen = 0;
    for section in page.split("\n## ") {
        let (mut name, mut sidecar) = ("orders".to_owned(), String::new());
        for (language, body) in blocks(section) {
            let (first, rest) = body.split_once('\n').unwrap();
            match language.as_str() {
                "toml" => {
                    name = first
                        .strip_prefix("# models/")
                        .and_then(|n| n.strip_suffix(".toml"))
                        .unwrap()
                        .to_owned();
                    sidecar = rest.to_owned();
                }
                "sql" if first == "-- models/orders.sql" => query = rest.to_owned(),
                "sql" => {
                    for dialect in first.trim_start_matches("-- ").split(", ") {
                        let dialect = Dialect::ALL
                            .into_iter()
                            .find(|d| d.as_str() == dialect.to_lowercase())
                            .unwrap_or_else(|| panic!("{dialect} is no dialect"));
                        let planned = statements(dialect, &name, &query, &sidecar);
                        for shown in rest.trim_end().trim_end_matches(';').split(";\n") {
                            seen += 1;
                            assert!(
                                planned.contains(&format!("{};\n", shown.trim_end())),
                                "{dialect}: not planned:\n{shown}\n\nbut:\n{planned}"
                            );
                        }
                    }
                }
                other => panic!("{other}"),
            }
        }
    }
    assert!(seen > 30, "{seen} statements");
}
