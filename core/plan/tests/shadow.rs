//! The statements of shadow runs and of comparisons, per dialect, against golden files; and what is refused before anything runs.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{Project, assert_parses, assert_queries_parse, golden, show, spelled};
use rocky_base::{Dialect, SmolStr};
use rocky_plan::compare::{Comparison, Parts};
use rocky_plan::shadow::{leftovers, marker};
use rocky_plan::{Plan, PlanOptions, Selection, Shadow, WindowOptions};
use rocky_warehouse::catalog::Comments;
use rocky_warehouse::{CatalogSnapshot, Column, RelationKind, RelationName, Type};

const COLUMNS: [&str; 4] = ["id", "day", "amount", "updated_at"];
const QUERY: &str = "SELECT id, day, amount, updated_at\nFROM raw.orders\n";

fn shadow(suffix: &str, schema: Option<&str>) -> Shadow {
    Shadow {
        suffix: suffix.into(),
        schema: schema.map(SmolStr::new),
        pipeline: "shop".into(),
        inputs: Vec::new(),
    }
}

fn options(shadow: Shadow) -> PlanOptions {
    PlanOptions {
        shadow: Some(shadow),
        windows: WindowOptions {
            selection: Selection::One("2026-04-07".to_owned()),
            now: "2026-04-07T08:09:10Z".parse().unwrap(),
            ..WindowOptions::default()
        },
        ..PlanOptions::default()
    }
}

fn suffixed() -> PlanOptions {
    options(shadow("_rocky_shadow", None))
}

/// The catalogue with a relation that bears a comment.
fn commented(project: &Project, schema: &str, table: &str, comment: &str) -> CatalogSnapshot {
    let mut catalog = project.catalog().clone();
    let key = catalog
        .relations
        .keys()
        .find(|k| k.schema.eq_ignore_ascii_case(schema) && k.table.eq_ignore_ascii_case(table))
        .unwrap()
        .clone();
    let comments = Comments {
        relation: Some(comment.into()),
        ..Comments::default()
    };
    catalog.comments.insert(key, comments);
    catalog
}

fn plan(project: &Project, catalog: &CatalogSnapshot, options: &PlanOptions) -> Plan {
    // Every schema that is known was listed whole.
    let mut catalog = catalog.clone();
    catalog.complete.extend(catalog.schemas.clone());
    let catalog = &catalog;
    let plan = rocky_plan::plan(&project.compile(), catalog, options).unwrap();
    assert_queries_parse(&plan);
    plan
}

/// Whatever is written is a shadow.
fn assert_writes_shadows_alone(plan: &Plan) {
    let steps = plan.tasks.iter().flat_map(|t| {
        let before = t.windows.iter().flat_map(|w| &w.before);
        before.chain(&t.steps)
    });
    for step in steps {
        let written = step.sql.lines().next().unwrap().to_lowercase();
        let of_shadow = written.contains("_rocky_shadow")
            || written.contains("_rocky_stage_")
            || written.contains(" qa.");
        let reads = written.starts_with("select")
            || written.starts_with("alter session")
            || written.starts_with("begin");
        assert!(of_shadow || reads, "{}", step.sql);
    }
}

#[test]
fn every_strategy_goes_on_with_a_copy_or_begins_anew() {
    let strategies = [
        ("full_refresh", "strategy = \"full_refresh\"", QUERY),
        ("view", "strategy = \"view\"", QUERY),
        (
            "incremental",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"updated_at\"",
            QUERY,
        ),
        (
            "merge",
            "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]",
            QUERY,
        ),
        (
            "delete_insert",
            "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"day\"]",
            QUERY,
        ),
        (
            "time_interval",
            "[strategy]\ntype = \"time_interval\"\ntime_column = \"updated_at\"\ngranularity = \"day\"",
            "SELECT id, day, amount, updated_at\nFROM raw.orders\nWHERE updated_at >= @start_date AND updated_at < @end_date\n",
        ),
    ];
    for dialect in Dialect::ALL {
        let mut text = String::new();
        for (name, sidecar, query) in strategies {
            let new = || {
                Project::new(dialect).model(
                    "orders",
                    &format!("{sidecar}\n[target]\nschema = \"marts\"\n"),
                    query,
                )
            };
            let existing = |kind| new().exists("marts", "orders", kind, &COLUMNS);
            let other = || new().exists("marts", "other", RelationKind::Table, &["id"]);
            for (state, project) in [
                ("absent", other()),
                ("table", existing(RelationKind::Table)),
                ("view", existing(RelationKind::View)),
            ] {
                let mut project = project;
                let mut catalog = project.catalog().clone();
                if state == "table" {
                    // The shadow of the last run is replaced.
                    project = project.exists("marts", "orders_rocky_shadow", RelationKind::Table, &COLUMNS);
                    let production = project.compile().models[0].target_parts.join(".");
                    catalog = commented(
                        &project,
                        "marts",
                        "orders_rocky_shadow",
                        &marker(&production, "shop"),
                    );
                }
                let made = plan(&project, &catalog, &suffixed());
                assert_writes_shadows_alone(&made);
                text.push_str(&format!(
                    "-- ==== {name}, production is {state} ====\n{}",
                    show(&made)
                ));
            }
            let refreshed = PlanOptions {
                full_refresh: true,
                windows: WindowOptions {
                    now: "2026-04-07T08:09:10Z".parse().unwrap(),
                    ..WindowOptions::default()
                },
                ..suffixed()
            };
            if name != "time_interval" {
                let project = existing(RelationKind::Table);
                let made = plan(&project, project.catalog(), &refreshed);
                assert_writes_shadows_alone(&made);
                text.push_str(&format!("-- ==== {name}, full refresh ====\n{}", show(&made)));
            }
        }
        golden(&format!("{dialect}/shadow.sql"), &text);
    }
}

#[test]
fn models_of_the_run_read_their_shadows_and_others_read_production() {
    let project = Project::new(Dialect::DuckDb)
        .model("a", "", "SELECT id FROM raw.orders")
        .model("b", "strategy = \"ephemeral\"", "SELECT id FROM a")
        .model("c", "", "SELECT b.id, a.id AS other FROM b JOIN a USING (id)")
        .exists("main", "a", RelationKind::Table, &["id"]);
    let whole = plan(&project, project.catalog(), &suffixed());
    let names: Vec<_> = whole
        .tasks
        .iter()
        .map(|t| (t.name.as_str(), t.full_name.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("a", "shop.main.a_rocky_shadow"),
            ("c", "shop.main.c_rocky_shadow")
        ]
    );
    assert_eq!(whole.tasks[1].depends_on, [0]);
    assert_eq!(whole.tasks[1].asset_key, ["shop", "main", "c"]);
    let sql = &whole.tasks[1].steps[0].sql;
    assert!(
        sql.contains("SELECT id FROM main.a_rocky_shadow AS a\n")
            && sql.contains("JOIN main.a_rocky_shadow AS a USING"),
        "{sql}"
    );
    let alone = PlanOptions {
        select: Some(vec![project.compile().model("c").unwrap().0]),
        ..suffixed()
    };
    let sql = &plan(&project, project.catalog(), &alone).tasks[0].steps[0].sql;
    assert!(!sql.contains("a_rocky_shadow") && sql.contains("main.a"), "{sql}");
}

#[test]
fn a_schema_of_shadows_is_made_and_production_s_is_not() {
    let project =
        Project::new(Dialect::DuckDb).model("a", "[target]\nschema = \"marts\"", "SELECT id FROM raw.orders");
    let made = plan(&project, project.catalog(), &options(shadow("", Some("qa"))));
    assert_eq!(
        made.setup.iter().map(|s| s.sql.as_str()).collect::<Vec<_>>(),
        ["CREATE SCHEMA IF NOT EXISTS qa"]
    );
    assert_eq!(made.tasks[0].full_name, "shop.qa.a");
    assert_writes_shadows_alone(&made);
    let refused = refused(&project, project.catalog(), &suffixed());
    assert_eq!(
        refused,
        [
            "schema `marts` of shadow `shop.marts.a_rocky_shadow` does not exist: a shadow run makes no schema of production"
        ]
    );
}

fn refused(project: &Project, catalog: &CatalogSnapshot, options: &PlanOptions) -> Vec<String> {
    let found = rocky_plan::plan(&project.compile(), catalog, options).unwrap_err();
    assert!(
        found.iter().all(|d| d.code.id() == "E303" && d.help.is_some()),
        "{found:#?}"
    );
    found.into_iter().map(|d| d.message).collect()
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let base = || Project::new(Dialect::DuckDb).model("a", "", "SELECT id FROM raw.orders");
    let model = base().model("a_rocky_shadow", "", "SELECT 1 AS id");
    let only_a = PlanOptions {
        select: Some(vec![0]),
        ..suffixed()
    };
    assert_eq!(
        refused(&model, model.catalog(), &only_a),
        ["shadow `shop.main.a_rocky_shadow` of `shop.main.a` is the target of model `a_rocky_shadow`"]
    );
    let table = base().exists("main", "a_rocky_shadow", RelationKind::Table, &["id"]);
    let unmarked = ["`shop.main.a_rocky_shadow` exists and is no shadow: it has not the comment of one"];
    assert_eq!(refused(&table, table.catalog(), &suffixed()), unmarked);
    let foreign = commented(&table, "main", "a_rocky_shadow", "a table of Ann's");
    assert_eq!(refused(&table, &foreign, &suffixed()), unmarked);
    let other = commented(&table, "main", "a_rocky_shadow", &marker("shop.main.b", "shop"));
    assert_eq!(
        refused(&table, &other, &suffixed()),
        ["`shop.main.a_rocky_shadow` is the shadow of shop.main.b (pipeline shop)"]
    );
    let own = commented(&table, "main", "a_rocky_shadow", &marker("shop.main.a", "shop"));
    assert_eq!(
        plan(&table, &own, &suffixed()).tasks[0].steps[0].sql,
        "DROP TABLE main.a_rocky_shadow"
    );
    assert_eq!(
        refused(&base(), base().catalog(), &options(shadow("", Some("main")))),
        ["the shadow of `shop.main.a` would be the table itself"]
    );
    let two = base().model(
        "b",
        "[target]\nschema = \"marts\"\ntable = \"A\"",
        "SELECT 1 AS id",
    );
    assert_eq!(
        refused(&two, two.catalog(), &options(shadow("", Some("qa")))),
        ["`shop.marts.A` and `shop.main.a` would have one shadow, `shop.qa.A`"]
    );
    let kind = base().exists("main", "a", RelationKind::Materialized, &["id"]);
    assert_eq!(
        refused(&kind, kind.catalog(), &suffixed()),
        ["`shop.main.a` exists and is neither a table nor a view"]
    );
    let unknown = base().unknown_warehouse();
    assert_eq!(refused(&unknown, unknown.catalog(), &suffixed()).len(), 1);
}

#[test]
fn a_name_that_is_too_long_is_refused() {
    for (dialect, longest) in [
        (Dialect::Databricks, 255),
        (Dialect::Snowflake, 255),
        (Dialect::BigQuery, 1024),
    ] {
        let project =
            Project::new(dialect).model("a", "[target]\ntable = \"abc\"", "SELECT id FROM raw.orders");
        let suffix = format!("_{}", "x".repeat(longest - 4));
        plan(&project, project.catalog(), &options(shadow(&suffix, None)));
        let found = refused(
            &project,
            project.catalog(),
            &options(shadow(&format!("{suffix}x"), None)),
        );
        assert!(
            found[0].starts_with(&format!("a name of more than {longest} characters")),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_left_over_is_known_by_its_comment() {
    let project = Project::new(Dialect::DuckDb)
        .exists("main", "a_rocky_shadow", RelationKind::Table, &["id"])
        .exists("main", "v_rocky_shadow", RelationKind::View, &["id"])
        .exists("main", "a_rocky_shadow__quarantine", RelationKind::Table, &["id"])
        .exists("main", "mine_rocky_shadow", RelationKind::Table, &["id"])
        .exists("qa", "a", RelationKind::Table, &["id"])
        .exists("main", "other_x", RelationKind::Table, &["id"]);
    let mut catalog = project.catalog().clone();
    for (schema, table, of) in [
        ("main", "a_rocky_shadow", "shop.main.a"),
        ("main", "v_rocky_shadow", "shop.main.v"),
        ("main", "a_rocky_shadow__quarantine", "shop.main.a__quarantine"),
        ("qa", "a", "shop.main.a"),
        ("main", "other_x", "shop.main.other"),
    ] {
        catalog
            .comments
            .extend(commented(&project, schema, table, &marker(of, "shop")).comments);
    }
    let dropped = |shadow: Shadow| {
        leftovers(&shadow, &catalog)
            .into_iter()
            .map(|(_, s)| s.sql)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        dropped(shadow("_rocky_shadow", None)),
        [
            "DROP VIEW shop.main.v_rocky_shadow",
            "DROP TABLE shop.main.a_rocky_shadow",
            "DROP TABLE shop.main.a_rocky_shadow__quarantine"
        ]
    );
    assert_eq!(dropped(shadow("", Some("qa"))), ["DROP TABLE shop.qa.a"]);
    assert_eq!(dropped(shadow("_x", None)), ["DROP TABLE shop.main.other_x"]);
    let elsewhere = Shadow {
        pipeline: "other".into(),
        ..shadow("_rocky_shadow", None)
    };
    assert_eq!(dropped(elsewhere), [""; 0]);
}

#[test]
fn the_queries_of_a_comparison() {
    for dialect in Dialect::ALL {
        let column = |name: &str, ty: &str| Column {
            name: spelled(dialect, name),
            ty: Type::parse(dialect, ty).unwrap_or_else(|| panic!("{ty}")),
            nullable: true,
        };
        let (int, text, list) = match dialect {
            Dialect::BigQuery => ("INT64", "STRING", "ARRAY<INT64>"),
            Dialect::Databricks => ("BIGINT", "STRING", "ARRAY<BIGINT>"),
            Dialect::Snowflake => ("NUMBER(38,0)", "VARCHAR", "ARRAY"),
            Dialect::DuckDb => ("BIGINT", "VARCHAR", "BIGINT[]"),
        };
        let columns = [
            column("id", int),
            column("order", text),
            column("we\"i`rd", text),
            column("tags", list),
            column("noise", int),
        ];
        let ident = |t: &str| rocky_base::Ident::from_config(dialect, t);
        let name = |table: &str| RelationName {
            catalog: None,
            schema: Some(ident("marts")),
            table: ident(table),
        };
        let names = (&name("orders"), &name("orders_rocky_shadow"));
        let of = |key: &[&str]| {
            let key: Vec<SmolStr> = key.iter().map(SmolStr::new).collect();
            Comparison::new(dialect, names, (&columns, &columns), &key, &["noise".into()]).unwrap()
        };
        let within = Parts {
            bits: 10,
            values: vec![3, 700],
        };
        let mut all = String::new();
        for (title, comparison) in [("by key", of(&["id", "order"])), ("whole rows", of(&[]))] {
            for (what, sql) in [
                ("counts", comparison.counts()),
                ("parts", comparison.parts(10, None)),
                ("parts of parts", comparison.parts(20, Some(&within))),
                ("differences", comparison.differences(Some(&within))),
                ("sample", comparison.sample(Some(&within), 10)),
            ] {
                assert_parses(&sql, dialect);
                all.push_str(&format!("-- {title}: {what}\n{sql};\n\n"));
            }
        }
        golden(&format!("{dialect}/compare.sql"), &all);
        assert_eq!(
            Comparison::new(dialect, names, (&columns, &columns), &["lost".into()], &[]).unwrap_err(),
            "lost"
        );
    }
}
