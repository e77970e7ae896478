//! time_interval and microbatch models: statements per dialect and per state of the target against golden files, and which windows.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{Project, assert_queries_parse, golden, show};
use rocky_base::Dialect;
use rocky_plan::{Bindings, Plan, PlanOptions, Selection, WindowOptions};
use rocky_warehouse::RelationKind;

const QUERY: &str = "-- from @start_date\nSELECT id, day, amount, updated_at, '@end_date' AS note\nFROM raw.orders\n\
                     WHERE updated_at >= @start_date AND updated_at < @end_date AND amount > 0 -- to @end_date\n";
const STRATEGY: &str = "[strategy]\ntype = \"time_interval\"\ntime_column = \"updated_at\"\ngranularity = \"day\"\nlookback = 1\nbatch_size = 2\nfirst_partition = \"2026-04-01\"\n";

fn options(selection: Selection) -> PlanOptions {
    PlanOptions {
        windows: WindowOptions {
            selection,
            now: "2026-04-07T08:09:10Z".parse().unwrap(),
            ..WindowOptions::default()
        },
        ..PlanOptions::default()
    }
}

fn one(key: &str) -> PlanOptions {
    options(Selection::One(key.to_owned()))
}

fn range(from: &str, to: &str) -> Selection {
    Selection::Range {
        from: from.to_owned(),
        to: to.to_owned(),
    }
}

fn project(dialect: Dialect, sidecar: &str, query: &str) -> Project {
    Project::new(dialect).model(
        "orders",
        &format!("{sidecar}\n[target]\nschema = \"marts\"\n"),
        query,
    )
}

fn planned(project: &Project, options: &PlanOptions) -> Plan {
    let plan = project.plan(options);
    assert_queries_parse(&plan);
    plan
}

fn check(name: &str, sidecar: &str, query: &str) {
    let columns = ["note", "updated_at", "id", "gone", "day", "amount"];
    for dialect in Dialect::ALL {
        let mut text = String::new();
        let new = || project(dialect, sidecar, query);
        let table = || new().exists("marts", "orders", RelationKind::Table, &columns);
        let view = || new().exists("marts", "orders", RelationKind::View, &columns);
        let refresh = PlanOptions {
            full_refresh: true,
            ..options(Selection::Latest)
        };
        let cases = [
            ("absent", new(), options(Selection::Latest)),
            ("table", table(), options(range("2026-03-31", "2026-04-03"))),
            ("view", view(), options(Selection::Latest)),
            ("table refreshed", table(), refresh.clone()),
            ("view refreshed", view(), refresh),
        ];
        for (what, project, options) in cases {
            text.push_str(&format!("-- ==== {what} ====\n"));
            text.push_str(&show(&planned(&project, &options)));
        }
        golden(&format!("{dialect}/{name}.sql"), &text);
    }
}

#[test]
fn time_intervals() {
    check("time_interval", STRATEGY, QUERY);
}

#[test]
fn microbatches_without_placeholders() {
    let strategy = STRATEGY
        .replace("time_interval", "microbatch")
        .replace("time_column", "timestamp_column");
    let query = "SELECT id, day, amount, updated_at, 'x' AS note\nFROM raw.orders\nWHERE updated_at IS NOT NULL -- all\n";
    check("microbatch", &strategy, query);
}

#[test]
fn a_microbatch_has_hours() {
    let strategy = "[strategy]\ntype = \"microbatch\"\ntimestamp_column = \"updated_at\"\n";
    let project = project(
        Dialect::DuckDb,
        strategy,
        "SELECT id, updated_at FROM raw.orders WHERE updated_at IS NOT NULL",
    );
    let plan = planned(&project, &options(Selection::Latest));
    let windows = plan.tasks[0].windows.as_ref().unwrap();
    assert_eq!(windows.list[0].keys, ["2026-04-07T08"]);
    assert_eq!(
        (windows.parallel, windows.list[0].end.as_str()),
        (1, "2026-04-07 09:00:00")
    );
}

/// What looks like a placeholder in a string or a comment is none; ephemeral models hand theirs on.
#[test]
fn placeholders_are_tokens_also_in_what_is_inlined() {
    let project = project(
        Dialect::DuckDb,
        STRATEGY,
        "WITH own AS (SELECT @end_date AS last)\nSELECT o.id, o.updated_at, '@start_date' AS a FROM recent AS o, own WHERE o.updated_at < @end_date",
    )
    .model("recent", "strategy = \"ephemeral\"", "SELECT * FROM older -- @start_date\nWHERE updated_at >= @start_date")
    .model("older", "strategy = \"ephemeral\"", "SELECT id, updated_at FROM raw.orders WHERE updated_at < @end_date")
    .exists("marts", "orders", RelationKind::Table, &["id", "updated_at", "a"]);
    let plan = planned(&project, &one("2026-04-07"));
    assert_eq!(plan.tasks.len(), 1);
    let insert = plan.tasks[0]
        .steps
        .iter()
        .find(|s| s.purpose == "insert")
        .unwrap();
    let values = Bindings {
        window: Some(("S".into(), "E".into())),
        ..Bindings::default()
    };
    assert_eq!(
        insert.bind(Dialect::DuckDb, &values).unwrap(),
        "INSERT INTO marts.orders (id, updated_at, a)\nSELECT id, updated_at, a FROM (\n\
         WITH older AS (\nSELECT id, updated_at FROM raw.orders WHERE updated_at < 'E'\n),\n\
         recent AS (\nSELECT * FROM older -- @start_date\nWHERE updated_at >= 'S'\n),\n\
         own AS (SELECT 'E' AS last)\nSELECT o.id, o.updated_at, '@start_date' AS a FROM recent AS o, own WHERE o.updated_at < 'E'\n\
         ) AS _rocky_q\nWHERE _rocky_q.updated_at >= 'S' AND _rocky_q.updated_at < 'E'"
    );
}

#[test]
fn a_model_without_windows_cannot_inline_placeholders() {
    let project = Project::new(Dialect::DuckDb)
        .model(
            "recent",
            "strategy = \"ephemeral\"",
            "SELECT id FROM raw.orders WHERE updated_at >= @start_date",
        )
        .model("between", "strategy = \"ephemeral\"", "SELECT id FROM recent")
        .model("daily", "strategy = \"full_refresh\"", "SELECT id FROM between");
    assert_eq!(
        project.refused(&PlanOptions::default()),
        ["E304: date placeholder in a full_refresh model: `daily` inlines `recent`"]
    );
}

#[test]
fn an_unknown_target_is_neither_created_nor_written() {
    let project = project(Dialect::DuckDb, STRATEGY, QUERY).unknown_warehouse();
    assert_eq!(
        project.refused(&options(Selection::Latest)),
        ["E303: existence of target `marts.orders` is not known"]
    );
}

#[test]
fn a_target_that_windows_cut_otherwise_is_refused() {
    // The fixture's tables have TIMESTAMP columns only.
    let strategy = STRATEGY.replace("updated_at", "moment");
    let query = "SELECT id, CAST(updated_at AS TIMESTAMPTZ) AS moment FROM raw.orders WHERE updated_at >= @start_date AND updated_at < @end_date AND updated_at IS NOT NULL";
    let project = project(Dialect::DuckDb, &strategy, query).exists(
        "marts",
        "orders",
        RelationKind::Table,
        &["id", "moment"],
    );
    assert_eq!(
        project.refused(&one("2026-04-07")),
        [
            "E303: time_column `moment` of target `marts.orders` is TIMESTAMP, and the query gives moments with a time zone"
        ]
    );
}

#[test]
fn moments_are_bound_in_utc() {
    let strategy = STRATEGY.replace("updated_at", "moment");
    let query = "SELECT id, CAST(updated_at AS TIMESTAMPTZ) AS moment FROM raw.orders WHERE updated_at >= @start_date AND updated_at < @end_date AND updated_at IS NOT NULL";
    let plan = planned(&project(Dialect::DuckDb, &strategy, query), &one("2026-04-07"));
    let window = &plan.tasks[0].windows.as_ref().unwrap().list[0];
    assert_eq!(window.start, "2026-04-06 00:00:00+00");
    assert_eq!(window.end, "2026-04-08 00:00:00+00");
}

#[test]
fn what_does_not_fit_the_models_is_said_before_anything_is_planned() {
    let check = |project: &Project, options: &PlanOptions, asked| {
        let error = rocky_plan::check_windows(&project.compile(), options, asked).unwrap_err();
        (error.message, error.hint.unwrap_or_default())
    };
    let intervals = project(Dialect::DuckDb, STRATEGY, QUERY);
    let (message, _) = check(&intervals, &one("2026-04"), true);
    assert_eq!(
        message,
        "partition `2026-04` of `orders` is not a day, which is written `YYYY-MM-DD`"
    );
    let none = Project::new(Dialect::DuckDb).model("a", "strategy = \"view\"", "SELECT 1 AS x");
    let (message, _) = check(&none, &one("2026-04-07"), true);
    assert_eq!(
        message,
        "windows are asked for, and no model of this run is a time_interval or microbatch model"
    );
    assert!(rocky_plan::check_windows(&none.compile(), &options(Selection::Latest), false).is_ok());
    let both = intervals.model("a", "strategy = \"view\"", "SELECT 1 AS x");
    let only = PlanOptions {
        select: Some(vec![both.compile().model("a").unwrap().0]),
        ..one("2026-04-07")
    };
    assert_eq!(
        check(&both, &only, true).1,
        "`orders` is one, and is not selected"
    );
}

/// Ten years of hours, none computed: planning and hashing the plan.
#[test]
fn a_hundred_thousand_missing_partitions_are_planned_at_once() {
    let strategy = STRATEGY
        .replace("\"day\"", "\"hour\"")
        .replace("2026-04-01", "2014-11-09T17")
        .replace("batch_size = 2\nfirst", "first")
        .replace("lookback = 1\n", "");
    let project = project(Dialect::DuckDb, &strategy, QUERY);
    let snapshot = project.compile();
    let begin = std::time::Instant::now();
    let plan = rocky_plan::plan(&snapshot, project.catalog(), &options(Selection::Missing)).unwrap();
    let took = begin.elapsed();
    assert_eq!(plan.tasks[0].windows.as_ref().unwrap().list.len(), 100_000);
    eprintln!("100,000 partitions: {took:?}");
    // 0.1 s in a release build; this one is not optimised and shares its machine.
    assert!(took.as_secs_f64() < 10.0, "{took:?}");
}
