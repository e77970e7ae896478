//! Assembled queries: references, aliases, qualifiers, ephemeral models.

mod common;

use common::{Project, golden};
use rocky_base::Dialect;

const EPHEMERAL: &str = "strategy = \"ephemeral\"\n";

fn marts(table: &str) -> String {
    format!("[target]\nschema = \"marts\"\ntable = \"{table}\"\n")
}

/// `orders` is `marts.orders_v1`, `customers` is `marts.customers`, `lines` is `main.lines`.
fn shop(dialect: Dialect) -> Project {
    Project::new(dialect)
        .model(
            "orders",
            &marts("orders_v1"),
            "SELECT id, customer, amount, day FROM raw.orders",
        )
        .model(
            "customers",
            &marts("customers"),
            "SELECT id, name FROM raw.customers",
        )
        .model("lines", "", "SELECT 1 AS id, 2 AS order_id")
}

fn rewritten(sql: &str) -> String {
    shop(Dialect::DuckDb).model("x", "", sql).sql("x")
}

#[test]
fn a_changed_name_keeps_the_written_one_as_alias() {
    assert_eq!(
        rewritten("SELECT orders.id FROM orders"),
        "SELECT orders.id FROM marts.orders_v1 AS orders"
    );
    assert_eq!(
        rewritten("SELECT o.id FROM orders o"),
        "SELECT o.id FROM marts.orders_v1 o"
    );
    assert_eq!(
        rewritten("SELECT \"Orders\".id FROM \"Orders\""),
        "SELECT \"Orders\".id FROM marts.orders_v1 AS \"Orders\""
    );
    assert_eq!(rewritten("FROM orders"), "FROM marts.orders_v1 AS orders");
}

#[test]
fn an_unchanged_last_part_needs_no_alias() {
    assert_eq!(
        rewritten("SELECT customers.id FROM customers"),
        "SELECT customers.id FROM marts.customers"
    );
    assert_eq!(
        rewritten("SELECT LINES.id FROM LINES"),
        "SELECT LINES.id FROM main.lines"
    );
    assert_eq!(
        rewritten("SELECT marts.customers.id FROM Marts.Customers"),
        "SELECT marts.customers.id FROM Marts.Customers"
    );
}

#[test]
fn text_outside_of_the_names_is_kept() {
    let sql = "/* head */ SELECT\n\to.id -- orders\n  , 'orders' AS s\nFROM orders AS o -- from orders\nJOIN\n  customers /* c */ ON customers.id = o.customer ; -- end\n";
    let kept = "SELECT\n\to.id -- orders\n  , 'orders' AS s\nFROM marts.orders_v1 AS o -- from orders\nJOIN\n  marts.customers /* c */ ON customers.id = o.customer";
    assert_eq!(rewritten(sql), kept);
}

#[test]
fn qualifiers_of_several_parts_follow_the_alias() {
    assert_eq!(
        rewritten("SELECT marts.orders.id FROM orders WHERE shop.marts.orders.amount > 1"),
        "SELECT orders.id FROM marts.orders_v1 AS orders WHERE orders.amount > 1"
    );
    // The other way round nothing has to change.
    assert_eq!(
        rewritten("SELECT marts.customers.id FROM customers"),
        "SELECT marts.customers.id FROM marts.customers"
    );
}

#[test]
fn a_catalog_that_is_not_attached_is_dropped_from_names_and_qualifiers() {
    assert_eq!(
        rewritten(
            "SELECT poc.raw.orders.id, orders.day FROM poc.raw.orders JOIN poc.marts.customers ON poc.marts.customers.id = poc.raw.orders.id"
        ),
        "SELECT raw.orders.id, orders.day FROM raw.orders JOIN marts.customers ON marts.customers.id = raw.orders.id"
    );
    assert_eq!(
        rewritten("SELECT id FROM shop.raw.orders"),
        "SELECT id FROM shop.raw.orders"
    );
}

#[test]
fn the_innermost_query_decides_about_a_qualifier() {
    assert_eq!(
        rewritten("SELECT (SELECT max(marts.orders.id) FROM marts.orders) AS m, marts.orders.id FROM orders"),
        "SELECT (SELECT max(marts.orders.id) FROM marts.orders) AS m, orders.id FROM marts.orders_v1 AS orders"
    );
}

#[test]
fn no_alias_where_none_may_stand() {
    let table = shop(Dialect::DuckDb)
        .model("x", "", "TABLE orders ORDER BY orders.id")
        .sql_of_any("x");
    assert_eq!(table, "TABLE marts.orders_v1 ORDER BY orders_v1.id");
    assert_eq!(
        rewritten("SELECT * FROM orders PIVOT (sum(amount) FOR customer IN (1, 2))"),
        "SELECT * FROM marts.orders_v1 PIVOT (sum(amount) FOR customer IN (1, 2))"
    );
}

#[test]
fn an_alias_stands_before_a_sample() {
    let sql = "SELECT orders.id FROM orders TABLESAMPLE 10%";
    assert_eq!(
        rewritten(sql),
        "SELECT orders.id FROM marts.orders_v1 AS orders TABLESAMPLE 10%"
    );
    let databricks = shop(Dialect::Databricks)
        .model("x", "", "SELECT orders.id FROM orders TABLESAMPLE (10 PERCENT)")
        .sql("x");
    assert_eq!(
        databricks,
        "SELECT orders.id FROM marts.orders_v1 TABLESAMPLE (10 PERCENT) AS orders"
    );
}

#[test]
fn a_cte_hides_a_model() {
    assert_eq!(
        rewritten("WITH orders AS (SELECT id FROM orders) SELECT orders.id FROM orders"),
        "WITH orders AS (SELECT id FROM marts.orders_v1 AS orders) SELECT orders.id FROM orders"
    );
}

/// `clean` reads `orders`, `big` reads `clean` twice and has a WITH of its own and a comment at its end.
fn with_ephemerals(dialect: Dialect) -> Project {
    shop(dialect)
        .model("clean", EPHEMERAL, "SELECT orders.id, orders.amount FROM orders -- clean\n")
        .model(
            "big",
            EPHEMERAL,
            "WITH twice AS (SELECT id, amount FROM clean)\nSELECT t.id, c.amount FROM twice AS t JOIN clean AS c ON t.id = c.id -- big",
        )
}

fn inlined(name: &str, sql: &str) {
    let mut text = String::new();
    for dialect in Dialect::ALL {
        text.push_str(&format!(
            "-- ==== {dialect} ====\n{}\n",
            with_ephemerals(dialect).model("x", "", sql).sql("x")
        ));
    }
    golden(&format!("assemble/{name}.sql"), &text);
}

#[test]
fn an_ephemeral_model_becomes_a_cte() {
    inlined("plain", "SELECT clean.id FROM clean");
}

#[test]
fn ephemeral_models_nest_and_stand_once() {
    inlined(
        "nested",
        "SELECT big.id, clean.amount FROM big JOIN clean ON big.id = clean.id",
    );
}

#[test]
fn ephemeral_models_go_before_the_ctes_of_the_consumer() {
    inlined(
        "with",
        "WITH a AS (\n  SELECT id FROM big -- a\n)\nSELECT a.id FROM a WHERE a.id IN (SELECT id FROM clean)",
    );
    inlined(
        "recursive",
        "WITH RECURSIVE r AS (SELECT 1 AS id UNION ALL SELECT r.id + 1 FROM r JOIN clean ON clean.id = r.id)\nSELECT id FROM r",
    );
}

#[test]
fn the_name_of_a_cte_is_unique() {
    // A CTE of the consumer, an alias of something else, a CTE inside the ephemeral model.
    inlined(
        "own_cte",
        "WITH clean AS (SELECT clean.id FROM clean)\nSELECT clean.id FROM clean",
    );
    inlined(
        "alias",
        "SELECT clean.id FROM orders AS clean JOIN big AS twice ON twice.id = clean.id",
    );
    inlined(
        "own_alias",
        "SELECT clean.id, c.id AS other FROM clean AS clean JOIN clean AS c ON c.id = clean.id",
    );
}

#[test]
fn ephemeral_models_are_read_in_every_clause() {
    inlined(
        "clauses",
        "SELECT (SELECT max(id) FROM clean) AS m, o.id\nFROM orders AS o\nJOIN (SELECT id FROM big) AS d ON d.id = o.id\nWHERE EXISTS (SELECT 1 AS one FROM clean WHERE clean.id = o.id)\nUNION ALL\nSELECT id, id AS i FROM big",
    );
}

#[test]
fn qualifiers_of_an_ephemeral_model_are_valid() {
    let sql = with_ephemerals(Dialect::DuckDb)
        .model("x", "", "SELECT main.clean.id FROM clean")
        .sql("x");
    assert!(sql.ends_with("\nSELECT clean.id FROM clean"), "{sql}");
    let sql = with_ephemerals(Dialect::DuckDb)
        .model(
            "x",
            "",
            "(TABLE clean ORDER BY clean.id) UNION ALL SELECT id, amount FROM orders AS clean",
        )
        .sql_of_any("x");
    assert!(sql.contains("(TABLE clean_2 ORDER BY clean_2.id)"), "{sql}");
}

#[test]
fn statements_that_do_not_begin_with_select() {
    for sql in [
        "FROM clean SELECT id",
        "(SELECT id FROM clean) LIMIT 1",
        "VALUES ((SELECT max(id) FROM clean))",
        "TABLE clean",
    ] {
        let assembled = with_ephemerals(Dialect::DuckDb).model("x", "", sql).sql("x");
        assert!(assembled.starts_with("WITH clean AS (\n"), "{assembled}");
        assert!(assembled.ends_with(sql), "{assembled}");
    }
}

#[test]
fn shared_ephemeral_models_do_not_multiply() {
    // Each of 40 layers reads the one below twice: 2^40 copies if inlined at every place.
    let mut project = Project::new(Dialect::DuckDb).model("e0", EPHEMERAL, "SELECT 1 AS id");
    for i in 1..40 {
        let sql = format!("SELECT a.id FROM e{0} AS a JOIN e{0} AS b ON a.id = b.id", i - 1);
        project = project.model(&format!("e{i}"), EPHEMERAL, &sql);
    }
    let sql = project.model("x", "", "SELECT id FROM e39").sql("x");
    assert_eq!(sql.matches(" AS (\n").count(), 40);
}

#[test]
fn the_dsl_is_assembled_too() {
    let project = with_ephemerals(Dialect::DuckDb).file("models/d.rocky", "from clean\nwhere amount > 10\n");
    let sql = project.sql("d");
    assert!(
        sql.starts_with(
            "WITH clean AS (\nSELECT orders.id, orders.amount FROM marts.orders_v1 AS orders\n)\n"
        ),
        "{sql}"
    );
}
