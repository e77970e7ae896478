//! The statements of seeds, per dialect and state of the target, against golden files; and what is wrong with files.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{Project, golden, show, spelled};
use rocky_base::{Dialect, Ident, SmolStr};
use rocky_plan::seed::{Seed, SeedSpec, content, plan};
use rocky_plan::{StepKind, TaskKind};
use rocky_project::seed::table;
use rocky_warehouse::{RelationKind, RelationName};

const CSV: &str = "\u{feff}id,zip,price,paid,day,at,\"select\",\"it\"\"s; DROP\",empty\r\n\
                   1,00501,19.99,true,2026-01-31,2026-01-31T10:00:00.5,\"say \"\"hi\"\"\",it's,\n\
                   -2,,1e3,FALSE,2024-02-29,2026-01-31,\"two\nlines\",\"\",\n";

fn types(dialect: Dialect, given: &[(&str, &str)], text: &str) -> Result<String, String> {
    let given: Vec<(SmolStr, SmolStr)> = given.iter().map(|(c, t)| ((*c).into(), (*t).into())).collect();
    let table = table(text, b',', &given, dialect)?;
    content(&table, dialect)?;
    let shown: Vec<String> = table
        .columns
        .iter()
        .map(|c| format!("{} {}", c.name, c.ty.print(dialect)))
        .collect();
    Ok(shown.join(", "))
}

fn seed(dialect: Dialect, name: &str, text: &str) -> Seed {
    let schema = if matches!(name, "empty" | "taken") {
        "seeds"
    } else {
        "reference"
    };
    Seed {
        name: name.into(),
        target: RelationName {
            catalog: None,
            schema: Some(Ident::quoted(spelled(dialect, schema))),
            table: Ident::quoted(spelled(dialect, name)),
        },
        content: table(text, b',', &[], dialect).and_then(|t| content(&t, dialect)),
    }
}

fn spec(seeds: Vec<Seed>) -> SeedSpec {
    SeedSpec {
        pipeline: "seeds".into(),
        seeds,
        concurrency: 1,
    }
}

#[test]
fn every_dialect_has_its_statements() {
    for dialect in Dialect::ALL {
        let many: String = (0..501).map(|n| format!("{n}\n")).collect();
        let seeds = vec![
            seed(dialect, "all_types", CSV),
            seed(dialect, "empty", "a,b\n"),
            seed(dialect, "many", &format!("n\n{many}")),
            seed(dialect, "taken", "a\n1\n"),
            seed(dialect, "broken", "a,b\n1\n"),
            seed(dialect, "empty", "a\n1\n"),
        ];
        let project = Project::new(dialect)
            .exists("seeds", "empty", RelationKind::Table, &["a"])
            .exists("seeds", "taken", RelationKind::View, &["a"]);
        let plan = plan(&spec(seeds), project.catalog());
        let many = &plan.tasks[2];
        let inserts: Vec<_> = many.steps.iter().filter(|s| s.purpose == "insert").collect();
        assert_eq!(
            (many.kind, inserts.len()),
            (TaskKind::Seed, 2),
            "500 rows, and one"
        );
        assert!(inserts[1].sql.ends_with("VALUES\n(500)"), "{}", inserts[1].sql);
        assert!(
            plan.tasks
                .iter()
                .all(|t| t.transaction == (dialect == Dialect::DuckDb))
        );
        let refused = |t: &&rocky_plan::Task| matches!(t.steps[0].kind, StepKind::Refuse { .. });
        assert_eq!(plan.tasks.iter().filter(refused).count(), 3);
        let shown = show(&plan);
        let (from, to) = (shown.find("-- many:").unwrap(), shown.find("-- taken:").unwrap());
        golden(
            &format!("{dialect}/seeds.sql"),
            &format!("{}{}", &shown[..from], &shown[to..]),
        );
    }
}

#[test]
fn columns_have_the_types_of_all_rows() {
    let mut text = "n,m,t\n".to_owned();
    (0..1500).for_each(|n| text.push_str(&format!("{n},{n},{n}\n")));
    text.push_str("1.5,x,\n");
    assert_eq!(
        types(Dialect::DuckDb, &[], &text).unwrap(),
        "n DOUBLE, m VARCHAR, t BIGINT"
    );
    assert_eq!(
        types(Dialect::BigQuery, &[], &text).unwrap(),
        "n FLOAT64, m STRING, t INT64"
    );
    assert_eq!(
        types(
            Dialect::DuckDb,
            &[("N", "DECIMAL(10,1)"), ("t", "INTEGER")],
            &text
        )
        .unwrap(),
        "n DECIMAL(10,1), m VARCHAR, t INTEGER"
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    for (given, text, said) in [
        (&[][..], "", "it is empty: its first line must name the columns"),
        (&[], "\n\n", "it is empty: its first line must name the columns"),
        (&[], "a,,c\n", "column 2 has no name in the header"),
        (&[], "a,b,A\n", "the header has two columns `a`"),
        (&[], "a,b\n1,2\n\n3\n", "line 4 has 1 fields, the header 2"),
        (&[], "a\n\"x\n", "line 2: a quote is not closed"),
        (&[], "a\nx\0y\n", "it has a byte 0 in it, so it is no text"),
        (
            &[("pirce", "INTEGER")],
            "price\n1\n",
            "`column_types` names `pirce`, which is not in the header; did you mean `price`?",
        ),
        (
            &[("a", "INT); DROP TABLE x")],
            "a\n1\n",
            "`column_types`: a seed on duckdb can have no column `a` of type `INT); DROP TABLE x`",
        ),
        (
            &[("a", "INTEGER")],
            "a\n1\nx\n",
            "line 3, column `a`: `x` is no INTEGER",
        ),
    ] {
        assert_eq!(types(Dialect::DuckDb, given, text).unwrap_err(), said, "{text:?}");
    }
}
