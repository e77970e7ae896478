//! Which models are planned, in what order, with which set-up.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod common;

use common::Project;
use rocky_base::{CancelToken, Dialect, SmolStr};
use rocky_plan::{Plan, PlanOptions};
use rocky_warehouse::RelationKind;
use std::time::Instant;

fn duckdb() -> Project {
    Project::new(Dialect::DuckDb)
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.tasks.iter().map(|m| m.name.as_str()).collect()
}

fn inputs<'a>(plan: &'a Plan, model: &str) -> Vec<&'a str> {
    let found = plan.tasks.iter().find(|m| m.name == model).unwrap();
    found
        .depends_on
        .iter()
        .map(|i| plan.tasks[*i].name.as_str())
        .collect()
}

/// a → e (ephemeral) → b → v (view) → c; a → c.
fn chain() -> Project {
    duckdb()
        .model("a", "", "SELECT id FROM raw.orders")
        .model("e", "strategy = \"ephemeral\"", "SELECT id FROM a")
        .model("b", "", "SELECT id FROM e")
        .model("v", "strategy = \"view\"", "SELECT id FROM b")
        .model("c", "", "SELECT v.id FROM v JOIN a ON a.id = v.id")
}

fn select(project: &Project, models: &[&str]) -> Plan {
    let snapshot = project.compile();
    let ids = models.iter().map(|m| snapshot.model(m).unwrap().0).collect();
    project.plan(&PlanOptions {
        select: Some(ids),
        ..PlanOptions::default()
    })
}

#[test]
fn ephemeral_models_pass_their_inputs_on() {
    let plan = chain().plan(&PlanOptions::default());
    assert_eq!(names(&plan), ["a", "b", "v", "c"]);
    assert_eq!(inputs(&plan, "b"), ["a"]);
    assert_eq!(inputs(&plan, "c"), ["a", "v"]);
    assert_eq!(
        plan.tasks.iter().map(|m| m.layer).collect::<Vec<_>>(),
        [0, 1, 2, 3]
    );
}

#[test]
fn a_view_that_is_not_selected_passes_its_inputs_on_and_a_table_does_not() {
    let project = chain();
    let plan = select(&project, &["b", "c"]);
    assert_eq!(inputs(&plan, "c"), ["b"]);
    assert_eq!(inputs(&plan, "b"), [""; 0]);
    let project = duckdb()
        .model("a", "", "SELECT id FROM raw.orders")
        .model("b", "", "SELECT id FROM a")
        .model("c", "", "SELECT id FROM b");
    let plan = select(&project, &["a", "c"]);
    assert_eq!(inputs(&plan, "c"), [""; 0]);
    assert_eq!(plan.tasks[1].layer, 0);
}

#[test]
fn declared_dependencies_count() {
    let plan = duckdb()
        .model("first", "", "SELECT 1 AS a")
        .model("a_second", "depends_on = [\"first\"]", "SELECT 2 AS b")
        .plan(&PlanOptions::default());
    assert_eq!(names(&plan), ["first", "a_second"]);
    assert_eq!(inputs(&plan, "a_second"), ["first"]);
}

#[test]
fn only_the_errors_of_planned_models_count() {
    let project = duckdb()
        .model("good", "", "SELECT id FROM raw.orders")
        .model("bad", "", "SELECT nothing FROM raw.orders")
        .model(
            "eph",
            "strategy = \"ephemeral\"",
            "SELECT nowhere FROM raw.orders",
        )
        .model("reader", "", "SELECT * FROM eph");
    let snapshot = project.compile();
    let plan = |model: &str| {
        let options = PlanOptions {
            select: Some(vec![snapshot.model(model).unwrap().0]),
            ..PlanOptions::default()
        };
        rocky_plan::plan(&snapshot, project.catalog(), &options)
    };
    assert_eq!(plan("good").unwrap().tasks.len(), 1);
    let errors = plan("bad").unwrap_err();
    assert_eq!((errors.len(), errors[0].code.id()), (1, "E100"));
    let errors = plan("reader").unwrap_err();
    assert_eq!(errors[0].model.as_deref(), Some("eph"));
}

#[test]
fn a_plan_that_is_given_up_has_no_findings() {
    let mut project = duckdb();
    for n in 0..300 {
        project = project.model(&format!("m{n}"), "", "SELECT 1 AS a");
    }
    let snapshot = project.compile();
    let options = PlanOptions::default();
    let plan = |token: &CancelToken| rocky_plan::plan_until(&snapshot, project.catalog(), &options, token);
    let token = CancelToken::new();
    let whole = rocky_plan::plan(&snapshot, project.catalog(), &options).unwrap();
    assert_eq!(plan(&token).unwrap(), whole);
    token.trip();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    assert_eq!(plan(&token).unwrap_err(), []);
    assert_eq!(pool.install(|| plan(&token)).unwrap_err(), []);
}

#[test]
fn a_cycle_is_reported_for_each_of_its_models() {
    let project = duckdb()
        .model("p", "", "SELECT a FROM q")
        .model("q", "", "SELECT a FROM p");
    let snapshot = project.compile();
    for id in [0, 1] {
        let options = PlanOptions {
            select: Some(vec![id]),
            ..PlanOptions::default()
        };
        let errors = rocky_plan::plan(&snapshot, project.catalog(), &options).unwrap_err();
        assert!(errors.iter().any(|d| d.code.id() == "E106"), "{errors:#?}");
    }
}

#[test]
fn schemas_are_created_once_unless_they_exist() {
    let target = |schema: &str| format!("[target]\nschema = \"{schema}\"\n");
    let project = |dialect| {
        Project::new(dialect)
            .model("a", &target("zoo"), "SELECT id FROM raw.orders")
            .model("b", &target("Zoo"), "SELECT id FROM raw.orders")
            .model("c", &target("known"), "SELECT id FROM raw.orders")
            .model("d", "", "SELECT id FROM raw.orders")
            .model("e", &target("my group"), "SELECT id FROM raw.orders")
            .exists("known", "t", RelationKind::Table, &["a"])
    };
    // One of two spellings: that of the first model in order.
    let setup = |project: Project| {
        let plan = project.plan(&PlanOptions::default());
        plan.setup.iter().map(|s| s.sql.clone()).collect::<Vec<_>>()
    };
    let wanted = [
        "CREATE SCHEMA IF NOT EXISTS \"my group\"",
        "CREATE SCHEMA IF NOT EXISTS zoo",
    ];
    assert_eq!(setup(project(Dialect::DuckDb)), wanted);
    assert_eq!(setup(project(Dialect::Snowflake)), [""; 0]);
    let governance = |on: &str| format!("\n[pipeline.shop.target.governance]\nauto_create_schemas = {on}\n");
    assert_eq!(
        setup(project(Dialect::DuckDb).toml(&governance("false"))),
        [""; 0]
    );
    assert_eq!(
        setup(project(Dialect::Snowflake).toml(&governance("true"))),
        wanted
    );
}

#[test]
fn a_plan_is_named_by_its_content() {
    let plan = |options: PlanOptions| chain().plan(&options);
    let first = plan(PlanOptions::default());
    assert_eq!(first, plan(PlanOptions::default()));
    assert_eq!(first.plan_id.len(), 16);
    let fast = plan(PlanOptions {
        fail_fast: true,
        ..PlanOptions::default()
    });
    assert_ne!(first.plan_id, fast.plan_id);
    let other = chain()
        .model("a", "", "SELECT id  FROM raw.orders")
        .plan(&PlanOptions::default());
    assert_ne!(first.plan_id, other.plan_id);
    assert_ne!(first.tasks[0].sql_hash, other.tasks[0].sql_hash);
    assert_eq!(first.tasks[1].sql_hash, other.tasks[1].sql_hash);
}

#[test]
fn concurrency_is_the_callers_else_the_pipelines_and_never_more_than_the_warehouse_bears() {
    let plan = |project: Project, concurrency| {
        project
            .plan(&PlanOptions {
                concurrency,
                ..PlanOptions::default()
            })
            .concurrency
    };
    let execution = |n: &str| format!("\n[pipeline.shop.execution]\nconcurrency = {n}\nfail_fast = true\n");
    assert_eq!(plan(chain(), None), 8);
    assert_eq!(plan(chain().toml(&execution("3")), None), 3);
    assert_eq!(plan(chain().toml(&execution("\"adaptive\"")), None), 8);
    assert_eq!(plan(chain().toml(&execution("3")), Some(5)), 5);
    assert_eq!(plan(chain(), Some(0)), 1);
    assert_eq!(plan(chain(), Some(1000)), 16);
    assert!(
        chain()
            .toml(&execution("3"))
            .plan(&PlanOptions::default())
            .fail_fast
    );
}

#[test]
fn a_pipeline_takes_its_own_models() {
    let project = duckdb()
        .toml_replace("type = \"transformation\"", "type = \"transformation\"\nmodels = \"models/**\"")
        .toml("\n[pipeline.other]\ntype = \"transformation\"\nmodels = \"other/**\"\ntarget.adapter = \"default\"\n")
        .model("a", "", "SELECT id FROM raw.orders")
        .file("other/b.sql", "SELECT id FROM a");
    let plan = |pipeline: &str| {
        project.plan(&PlanOptions {
            pipeline: Some(SmolStr::new(pipeline)),
            ..PlanOptions::default()
        })
    };
    assert_eq!(names(&plan("shop")), ["a"]);
    assert_eq!(names(&plan("other")), ["b"]);
    assert_eq!(plan("other").pipeline, "other");
    assert_eq!(project.plan(&PlanOptions::default()).pipeline, "shop,other");
    let wrong = PlanOptions {
        pipeline: Some("shp".into()),
        ..PlanOptions::default()
    };
    assert_eq!(
        project.refused(&wrong),
        ["E416: pipeline `shp` is not declared; did you mean `shop`?"]
    );
}

#[test]
fn time_grows_with_the_number_of_models() {
    let build = |n: usize| {
        let mut project = duckdb();
        for i in 0..n {
            let sql = match i {
                0..10 => "SELECT id FROM raw.orders".to_owned(),
                _ => format!(
                    "SELECT a.id FROM m{} AS a JOIN m{} AS b ON a.id = b.id",
                    i - 1 - i % 7,
                    i / 2
                ),
            };
            let sidecar = if i % 10 == 3 {
                "strategy = \"ephemeral\""
            } else {
                "[target]\nschema = \"marts\"\ntable = \"t\""
            };
            let sidecar = sidecar.replace("\"t\"", &format!("\"t{i}\""));
            project = project.model(&format!("m{i}"), &sidecar, &sql);
        }
        project
    };
    let time = |n: usize| {
        let project = build(n);
        let snapshot = project.compile();
        let best = (0..3).map(|_| {
            let started = Instant::now();
            let plan = rocky_plan::plan(&snapshot, project.catalog(), &PlanOptions::default()).unwrap();
            assert!(plan.tasks.len() > n * 8 / 10);
            started.elapsed()
        });
        best.min().unwrap()
    };
    let (small, large) = (time(500), time(2000));
    println!("500 models {small:?}, 2000 models {large:?}");
    assert!(large < small * 16, "{small:?} {large:?}");
}
