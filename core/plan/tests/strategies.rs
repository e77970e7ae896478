//! The statements of every strategy, per dialect and per state of the target, against golden files.

mod common;

use common::{Project, assert_queries_parse, golden, show};
use rocky_base::Dialect;
use rocky_plan::{Plan, PlanOptions, WindowOptions};
use rocky_warehouse::RelationKind;

const COLUMNS: [&str; 4] = ["id", "day", "amount", "updated_at"];
const QUERY: &str = "-- before\nSELECT id, day, amount, updated_at -- the columns\nFROM raw.orders\nWHERE amount > 0 -- the end\n";

/// What the target is.
#[derive(Clone, Copy, Debug)]
enum Target {
    Absent,
    Table,
    View,
    /// What the warehouse keeps.
    Kept,
    Refreshed,
}

fn project(dialect: Dialect, sidecar: &str, target: Target) -> Project {
    let sidecar = format!("{sidecar}\n[target]\nschema = \"marts\"\n");
    let project = Project::new(dialect).model("orders", &sidecar, QUERY);
    match target {
        Target::Absent => project,
        Target::Table | Target::Refreshed => project.exists("marts", "orders", RelationKind::Table, &COLUMNS),
        Target::View => project.exists("marts", "orders", RelationKind::View, &COLUMNS),
        Target::Kept => project.exists("marts", "orders", RelationKind::Materialized, &COLUMNS),
    }
}

fn planned(dialect: Dialect, sidecar: &str, target: Target) -> Plan {
    let full_refresh = matches!(target, Target::Refreshed);
    let plan = project(dialect, sidecar, target).plan(&PlanOptions {
        full_refresh,
        ..PlanOptions::default()
    });
    assert_queries_parse(&plan);
    assert_eq!(plan.tasks.len(), 1);
    plan
}

fn check(name: &str, sidecar: &str) {
    for dialect in Dialect::ALL {
        check_on(dialect, name, sidecar);
    }
}

fn check_on(dialect: Dialect, name: &str, sidecar: &str) {
    {
        let mut text = String::new();
        let kept = [Target::Kept].into_iter().filter(|_| {
            let words = ["dynamic_table", "materialized_view", "streaming_table"];
            words.iter().any(|w| sidecar.contains(w))
        });
        let targets = [Target::Absent, Target::Table, Target::View, Target::Refreshed];
        for target in targets.into_iter().chain(kept) {
            text.push_str(&format!("-- ==== {target:?} ====\n"));
            text.push_str(&show(&planned(dialect, sidecar, target)));
        }
        golden(&format!("{dialect}/{name}.sql"), &text);
    }
}

#[test]
fn views() {
    check("view", "[strategy]\ntype = \"view\"");
}

#[test]
fn full_refreshes() {
    check("full_refresh", "[strategy]\ntype = \"full_refresh\"");
}

#[test]
fn incrementals() {
    check(
        "incremental",
        "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"updated_at\"",
    );
}

#[test]
fn merges() {
    check(
        "merge",
        "[strategy]\ntype = \"merge\"\nunique_key = [\"id\", \"day\"]",
    );
}

#[test]
fn merges_of_some_columns() {
    check(
        "merge_columns",
        "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]\nupdate_columns = [\"amount\", \"id\"]",
    );
}

#[test]
fn merges_of_keys_alone() {
    check(
        "merge_keys",
        "[strategy]\ntype = \"merge\"\nunique_key = [\"id\", \"day\", \"amount\", \"updated_at\"]",
    );
}

#[test]
fn delete_inserts() {
    check(
        "delete_insert",
        "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"day\", \"id\"]",
    );
}

#[test]
fn incrementals_with_a_lookback() {
    check(
        "incremental_lookback",
        "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"updated_at\"\nlookback = \"36 hours\"",
    );
    // Another type has another function on BigQuery.
    check_on(
        Dialect::BigQuery,
        "incremental_lookback_date",
        "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"day\"\nlookback = \"1 day\"",
    );
}

#[test]
fn what_the_warehouse_keeps() {
    let options = |more: &str| format!("[format_options]\ncomment = \"it's kept\"\n{more}");
    check_on(
        Dialect::Databricks,
        "materialized_view",
        "strategy = \"materialized_view\"\n",
    );
    check_on(
        Dialect::Databricks,
        "format_materialized_view",
        &format!(
            "format = \"materialized_view\"\n{}",
            options("table_properties = [[\"a.b\", \"1\"]]")
        ),
    );
    check_on(
        Dialect::Databricks,
        "format_streaming_table",
        &format!(
            "format = \"streaming_table\"\n{}",
            options("cluster_by = [\"id\"]")
        ),
    );
    check_on(
        Dialect::Snowflake,
        "dynamic_table",
        "[strategy]\ntype = \"dynamic_table\"\ntarget_lag = \"20 minutes\"\n",
    );
    check_on(
        Dialect::Snowflake,
        "dynamic_table_laid_out",
        &format!(
            "[strategy]\ntype = \"dynamic_table\"\ntarget_lag = \"downstream\"\nwarehouse = \"big wh\"\n{}",
            options("cluster_by = [\"day\", \"id\"]")
        ),
    );
}

#[test]
fn a_dynamic_table_needs_a_warehouse() {
    let refused = project(
        Dialect::Snowflake,
        "[strategy]\ntype = \"dynamic_table\"\ntarget_lag = \"1 hour\"",
        Target::Absent,
    )
    .toml_replace("warehouse = \"w\"\n", "")
    .refused(&PlanOptions::default());
    assert_eq!(refused, ["E302: dynamic_table of `orders` has no warehouse"]);
}

/// Formats and layouts, each with every strategy that makes a table.
#[test]
fn formats() {
    let all = |format: &str, options: &str| {
        let strategies = [
            "type = \"full_refresh\"",
            "type = \"incremental\"\ntimestamp_column = \"updated_at\"",
            "type = \"merge\"\nunique_key = [\"id\"]",
            "type = \"delete_insert\"\npartition_by = [\"day\"]",
            "type = \"microbatch\"\ntimestamp_column = \"updated_at\"\ngranularity = \"day\"",
        ];
        strategies.map(|s| format!("{format}\n[strategy]\n{s}\n[format_options]\n{options}"))
    };
    for (dialect, name, sidecars) in [
        (
            Dialect::Databricks,
            "format_delta_table",
            all(
                "format = \"delta_table\"",
                "partition_by = [\"day\"]\ncomment = \"it's \\\\ here\"\n\
                 table_properties = [[\"delta.appendOnly\", \"false\"], [\"quality\", \"gold\"]]",
            ),
        ),
        (
            Dialect::Databricks,
            "format_iceberg_table",
            all("format = \"iceberg_table\"", "cluster_by = [\"day\", \"id\"]"),
        ),
        (
            Dialect::Databricks,
            "format_table",
            all("", "cluster_by = [\"id\"]\ntable_properties = [[\"a\", \"b\"]]"),
        ),
        (
            Dialect::Snowflake,
            "format_table",
            all(
                "format = \"table\"",
                "cluster_by = [\"day\", \"id\"]\ncomment = \"it's\"",
            ),
        ),
        (
            Dialect::BigQuery,
            "format_table",
            all(
                "",
                "partition_by = [\"updated_at\"]\ncluster_by = [\"day\", \"id\"]\ncomment = \"it's\"",
            ),
        ),
        (
            Dialect::DuckDb,
            "format_table",
            all("format = \"table\"", "comment = \"it's\""),
        ),
    ] {
        let mut text = String::new();
        for sidecar in &sidecars {
            let window = WindowOptions {
                selection: rocky_plan::Selection::One("2026-04-07".into()),
                ..WindowOptions::default()
            };
            let sidecar = format!("{sidecar}\n[target]\nschema = \"marts\"\n");
            let query = "SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL";
            let project = Project::new(dialect).model("orders", &sidecar, query);
            let plan = project.plan(&PlanOptions {
                windows: window,
                ..PlanOptions::default()
            });
            assert_queries_parse(&plan);
            text.push_str(&show(&plan));
        }
        golden(&format!("{dialect}/{name}.sql"), &text);
    }
    let day = "[format_options]\npartition_by = [\"day\"]\n";
    check_on(Dialect::BigQuery, "format_by_date", day);
}

#[test]
fn formats_of_views() {
    for dialect in Dialect::ALL {
        let properties = match dialect {
            Dialect::Databricks => "table_properties = [[\"a\", \"b\"]]",
            _ => "",
        };
        let sidecar = format!("format = \"view\"\n[format_options]\ncomment = \"it's\"\n{properties}");
        check_on(dialect, "format_view", &sidecar);
    }
}

#[test]
fn one_transaction_on_duckdb_and_none_elsewhere() {
    for dialect in Dialect::ALL {
        let plan = planned(dialect, "strategy = \"view\"", Target::Table);
        assert_eq!(plan.tasks[0].transaction, dialect == Dialect::DuckDb);
    }
}

const KEPT: [&str; 3] = [
    "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"updated_at\"",
    "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]",
    "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"day\"]",
];

#[test]
fn an_unknown_target_is_neither_created_nor_added_to() {
    for sidecar in KEPT {
        let project = project(Dialect::DuckDb, sidecar, Target::Absent).unknown_warehouse();
        let refused = project.refused(&PlanOptions::default());
        assert_eq!(refused, ["E303: existence of target `marts.orders` is not known"]);
        let plan = project.plan(&PlanOptions {
            full_refresh: true,
            ..PlanOptions::default()
        });
        assert!(
            plan.tasks[0]
                .steps
                .iter()
                .any(|s| s.sql.starts_with("CREATE OR REPLACE TABLE marts.orders AS"))
        );
    }
    for sidecar in ["strategy = \"view\"", "strategy = \"full_refresh\""] {
        let plan = project(Dialect::DuckDb, sidecar, Target::Absent)
            .unknown_warehouse()
            .plan(&PlanOptions::default());
        assert_eq!(plan.tasks[0].steps.len(), 1);
    }
}

#[test]
fn a_column_that_the_target_lacks_is_refused_and_one_that_the_query_lost_is_left_out() {
    for sidecar in KEPT {
        let sidecar = format!("{sidecar}\n[target]\nschema = \"marts\"\n");
        let with = |columns: &[&str]| {
            Project::new(Dialect::DuckDb)
                .model("orders", &sidecar, QUERY)
                .exists("marts", "orders", RelationKind::Table, columns)
        };
        let refused = with(&["updated_at", "id", "day"]).refused(&PlanOptions::default());
        assert_eq!(
            refused,
            ["E303: target `marts.orders` has no column `amount`, which `orders` gives"]
        );
        let plan = with(&["old", "UPDATED_AT", "amount", "id", "day"]).plan(&PlanOptions::default());
        assert!(
            plan.tasks[0]
                .reason
                .ends_with("its column `old` is not in the query and stays NULL in new rows")
        );
        let inserts = plan.tasks[0]
            .steps
            .iter()
            .filter(|s| s.sql.contains("(id, day, amount, updated_at)"));
        assert_eq!(inserts.count(), 1, "{plan:#?}");
    }
}

#[test]
fn columns_come_from_the_target_where_the_query_does_not_tell() {
    for sidecar in KEPT {
        let sidecar = format!("{sidecar}\n[target]\nschema = \"marts\"\n");
        let project = Project::new(Dialect::DuckDb)
            .model("orders", &sidecar, "SELECT * FROM elsewhere.orders")
            .exists(
                "marts",
                "orders",
                RelationKind::Table,
                &["day", "id", "updated_at"],
            );
        let plan = project.plan(&PlanOptions::default());
        assert_eq!(plan.tasks[0].column_count, None);
        assert!(
            plan.tasks[0]
                .steps
                .iter()
                .any(|s| s.sql.contains("(day, id, updated_at)")),
            "{plan:#?}"
        );
    }
}

#[test]
fn a_strategy_column_that_the_query_lacks_is_refused() {
    let sidecar = "[strategy]\ntype = \"merge\"\nunique_key = [\"key\"]";
    let refused = project(Dialect::DuckDb, sidecar, Target::Absent).refused(&PlanOptions::default());
    assert_eq!(
        refused,
        ["E301: unique_key `key` is not in the output of `orders`"]
    );
}

#[test]
fn what_is_neither_table_nor_view_is_not_touched() {
    let sidecar = "[target]\nschema = \"marts\"\n";
    let project = Project::new(Dialect::DuckDb).model("orders", sidecar, QUERY);
    let refused = project
        .exists("marts", "orders", RelationKind::Materialized, &[])
        .refused(&PlanOptions::default());
    assert_eq!(
        refused,
        ["E303: target `marts.orders` exists and is neither a table nor a view"]
    );
}

#[test]
fn a_model_reads_its_own_target_only_once_it_is_there() {
    let query =
        "SELECT id, day, amount, updated_at FROM raw.orders WHERE id NOT IN (SELECT orders.id FROM orders)";
    for sidecar in KEPT {
        let sidecar = format!("{sidecar}\n[target]\nschema = \"marts\"\ntable = \"all_orders\"\n");
        let project = || Project::new(Dialect::DuckDb).model("orders", &sidecar, query);
        let refused = project().refused(&PlanOptions::default());
        assert_eq!(
            refused,
            ["E108: first run of `orders`: the target that it reads does not exist yet"]
        );
        let there = || project().exists("marts", "all_orders", RelationKind::Table, &COLUMNS);
        let plan = there().plan(&PlanOptions::default());
        let sql = "(SELECT orders.id FROM marts.all_orders AS orders)";
        assert!(
            plan.tasks[0].steps.iter().any(|s| s.sql.contains(sql)),
            "{plan:#?}"
        );
        let refused = there().refused(&PlanOptions {
            full_refresh: true,
            ..PlanOptions::default()
        });
        assert_eq!(
            refused,
            ["E108: the target that `orders` reads is what the full refresh replaces"]
        );
    }
}

#[test]
fn hostile_names_are_quoted_everywhere() {
    let name = "o'r \"d; --";
    for dialect in Dialect::ALL {
        // BigQuery allows no backtick in the name of a table.
        let table = if dialect == Dialect::BigQuery {
            "a\"b.c"
        } else {
            "a\"b.c`d"
        };
        let (quote, inner, n) = match dialect {
            Dialect::DuckDb => ('"', "it\"\"s ü", "n"),
            Dialect::Snowflake => ('"', "it\"\"s ü", "N"),
            Dialect::Databricks | Dialect::BigQuery => ('`', "it\"s ü", "n"),
        };
        let query = format!(
            "SELECT id AS {quote}{inner}{quote}, day AS {quote}select{quote}, updated_at AS {n} FROM raw.orders"
        );
        let mut text = String::new();
        for strategy in [
            "type = \"incremental\"\ntimestamp_column = \"n\"",
            "type = \"merge\"\nunique_key = [\"it\\\"s ü\", \"n\"]",
            "type = \"delete_insert\"\npartition_by = [\"select\"]",
        ] {
            let sidecar = format!(
                "name = {name:?}\n[strategy]\n{strategy}\n[target]\nschema = \"group\"\ntable = {table:?}\n"
            );
            let project = || Project::new(dialect).model("weird", &sidecar, &query);
            let plan = project().plan(&PlanOptions::default());
            assert_queries_parse(&plan);
            text.push_str(&show(&plan));
            let columns = ["it\"s ü", "select", n];
            let plan = project()
                .exists("group", table, RelationKind::Table, &columns)
                .plan(&PlanOptions::default());
            assert_queries_parse(&plan);
            text.push_str(&show(&plan));
        }
        golden(&format!("{dialect}/hostile.sql"), &text);
    }
}

#[test]
fn stages_have_short_names_that_do_not_meet() {
    let stage = |name: &str| {
        let sidecar = format!(
            "name = {name:?}\n{}\n[target]\nschema = \"marts\"\ntable = \"t\"\n",
            KEPT[1]
        );
        let plan = Project::new(Dialect::DuckDb)
            .model("x", &sidecar, QUERY)
            .plan(&PlanOptions::default());
        plan.tasks[0].steps[0].target.clone()
    };
    let long = "x".repeat(255);
    let names = [
        stage(&long),
        stage(&long[1..]),
        stage("a-b"),
        stage("a b"),
        stage("a_b"),
        stage("ü"),
    ];
    assert!(names.iter().all(|n| n.len() < 80), "{names:?}");
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}
