//! Checks, tests and quarantines, per dialect, against golden files; and what is wrong with them.

mod common;

use common::{Project, assert_queries_parse, golden, show};
use rocky_base::Dialect;
use rocky_plan::PlanOptions;
use rocky_warehouse::RelationKind;

const QUERY: &str = "SELECT id, customer, amount, day, updated_at FROM raw.orders";

const CHECKS: &str = r#"
[pipeline.shop.checks]
row_count = true
column_match = { enabled = true, severity = "warning" }
anomaly_threshold_pct = 20
freshness = { threshold_seconds = 3600, timestamp_column = "updated_at", overrides = { marts = 60 } }
null_rate = { columns = ["customer", "amount"], threshold = 0.05 }
[[pipeline.shop.checks.custom]]
name = "negative"
sql = "SELECT COUNT(*) FROM {target} WHERE amount < 0 /* {table} */;"
threshold = 2
[[pipeline.shop.checks.assertions]]
table = "marts.orders"
name = "one_row_a_day"
type = "composite"
kind = "unique"
columns = ["customer", "day"]
"#;

const TESTS: &str = r#"
[target]
schema = "marts"
[[tests]]
type = "not_null"
column = "id"
[[tests]]
type = "unique"
column = "id"
filter = "amount > 0 -- only these"
[[tests]]
type = "accepted_values"
column = "customer"
values = ["1", "2"]
[[tests]]
type = "accepted_values"
column = "kind"
values = ["it's", "x"]
severity = "warning"
[[tests]]
type = "relationships"
column = "customer"
to_table = "customers"
to_column = "id"
[[tests]]
type = "relationships"
column = "customer"
to_table = "raw.customers"
to_column = "select"
[[tests]]
type = "expression"
expression = "amount >= 0"
[[tests]]
type = "row_count_range"
min = 1
max = 100
[[tests]]
type = "in_range"
column = "amount"
min = -1.5
max = "1000000000000000000000"
[[tests]]
type = "regex_match"
column = "kind"
pattern = '''^\d+'s$'''
[[tests]]
type = "aggregate"
column = "amount"
op = "avg"
cmp = "!="
value = 0
[[tests]]
type = "aggregate"
op = "count"
cmp = "gte"
value = 1
[[tests]]
type = "unique_expr"
key_expr = "id + 1 -- next"
[[tests]]
type = "not_in_future"
column = "updated_at"
[[tests]]
type = "older_than_n_days"
column = "day"
days = 30
"#;

fn project(dialect: Dialect, toml: &str, sidecar: &str) -> Project {
    Project::new(dialect)
        .toml(toml)
        .model("orders", sidecar, QUERY)
        .model(
            "customers",
            "[target]\nschema = \"marts\"\n",
            "SELECT id, name FROM raw.customers",
        )
}

#[test]
fn checks_and_tests_of_models() {
    for dialect in Dialect::ALL {
        let query = "SELECT id, customer, amount, day, updated_at, 'x' AS kind FROM raw.orders";
        let plan = project(dialect, CHECKS, TESTS)
            .model("orders", TESTS, query)
            .plan(&PlanOptions::default());
        assert_queries_parse(&plan);
        golden(&format!("{dialect}/checks.sql"), &show(&plan));
    }
}

#[test]
fn quarantines() {
    let tests = r#"
strategy = { type = "merge", unique_key = ["id"] }
[target]
schema = "marts"
[[tests]]
type = "not_null"
column = "customer"
[[tests]]
type = "older_than_n_days"
column = "day"
days = 7
filter = "amount > 0"
[[tests]]
type = "in_range"
column = "amount"
max = 9
severity = "warning"
[[tests]]
type = "unique"
column = "id"
[[tests]]
type = "relationships"
column = "customer"
to_table = "raw.customers"
to_column = "id"
"#;
    for dialect in Dialect::ALL {
        let mut text = String::new();
        for mode in ["split", "tag", "drop"] {
            for exists in [false, true] {
                let toml =
                    format!("\n[pipeline.shop.checks.quarantine]\nenabled = true\nmode = \"{mode}\"\n");
                let mut project = project(dialect, &toml, tests);
                if exists {
                    let columns = [
                        "id",
                        "customer",
                        "amount",
                        "day",
                        "updated_at",
                        "_rocky_failed_tests",
                    ];
                    project = project.exists("marts", "orders", RelationKind::Table, &columns);
                }
                let plan = project.plan(&PlanOptions::default());
                let quarantine = plan.tasks.iter().find_map(|t| t.quarantine.as_ref()).unwrap();
                assert_eq!(
                    quarantine.tests,
                    [
                        "not_null_customer",
                        "older_than_n_days_day",
                        "relationships_customer"
                    ],
                    "tests of severity warning, and of more than one row, set nothing aside"
                );
                let shown = show(&plan);
                let orders = shown.find("-- orders:").map_or("", |at| &shown[at..]);
                let steps = orders.split("-- check ").next().unwrap();
                text.push_str(&format!(
                    "-- ==== {mode}, target {} ====\n{steps}",
                    if exists { "exists" } else { "absent" }
                ));
            }
        }
        golden(&format!("{dialect}/quarantine.sql"), &text);
    }
}

fn refused(toml: &str, sidecar: &str) -> Vec<String> {
    project(Dialect::DuckDb, toml, sidecar).refused(&PlanOptions::default())
}

#[test]
fn what_is_wrong_with_a_check_is_said_once() {
    let marts = "[target]\nschema = \"marts\"\n";
    let custom = |sql: &str| format!("\n[[pipeline.shop.checks.custom]]\nname = \"c\"\nsql = \"{sql}\"\n");
    let cases = [
        (
            custom("SELECT COUNT(*) FROM t WHERE name = '{table}'"),
            "E417: custom check `c` has the table's name inside a string, where it is not replaced",
        ),
        (
            custom("SELECT 1; DROP TABLE {table}"),
            "E410: custom check `c` is more than one statement",
        ),
        (custom("-- nothing"), "E413: custom check `c` has no query"),
        (
            "\n[[pipeline.shop.checks.assertions]]\ntable = \"ordres\"\ntype = \"unique\"\ncolumn = \"id\"\n".to_owned(),
            "E416: assertion about `ordres`, which is not a table of this pipeline",
        ),
        (
            "\n[[pipeline.shop.checks.assertions]]\ntable = \"orders\"\ntype = \"unique\"\ncolumn = \"amuont\"\n".to_owned(),
            "E301: test column `amuont` is not a column of `orders`; did you mean `amount`?",
        ),
    ];
    for (toml, expected) in cases {
        assert_eq!(refused(&toml, marts), [expected]);
    }
}

#[test]
fn what_is_wrong_with_a_test_is_said_with_its_model() {
    let test = |rest: &str| format!("[target]\nschema = \"marts\"\n[[tests]]\n{rest}\n");
    let cases = [
        (
            "type = \"not_null\"\ncolumn = \"idd\"",
            "E301: test column `idd` is not a column of `orders`; did you mean `id`?",
        ),
        (
            "type = \"expression\"\nexpression = \"1 = 1) OR (1 = 1\"",
            "E400: `expression` is not an expression: `)` closes nothing",
        ),
        (
            "type = \"unique\"\ncolumn = \"id\"\nfilter = \"a; b\"",
            "E400: `filter` is not an expression: expected the end of the expression, found `;`",
        ),
    ];
    for (rest, expected) in cases {
        assert_eq!(refused("", &test(rest)), [expected]);
    }
}

#[test]
fn a_quarantine_writes_over_no_model() {
    let toml = "\n[pipeline.shop.checks.quarantine]\nenabled = true\nsuffix_valid = \"_ok\"\n";
    let sidecar = "[target]\nschema = \"marts\"\n[[tests]]\ntype = \"not_null\"\ncolumn = \"id\"\n";
    let project = project(Dialect::DuckDb, toml, sidecar).model(
        "orders_ok",
        "[target]\nschema = \"marts\"\n",
        "SELECT 1 AS x",
    );
    assert_eq!(
        project.refused(&PlanOptions::default()),
        ["E417: the quarantine would write over `marts.orders_ok`, which is a model"]
    );
    let views = sidecar.replace("[target]", "strategy = { type = \"view\" }\n[target]");
    assert_eq!(
        refused(
            "\n[pipeline.shop.checks.quarantine]\nenabled = true\nmode = \"drop\"\n",
            &views
        ),
        ["E417: `marts.orders` is no table (view): its rows can neither be tagged nor deleted"]
    );
}
