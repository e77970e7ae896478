//! Replications as the 1.x projects have them, through the command line: exit codes, documents, the text for people.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
use serde_json::Value;
use std::process::{Command, Stdio};

/// `00-foundations` of the 1.x releases: no `source.discovery`, no `auto_create_schemas`.
const POC: &str = r#"
[adapter]
type = "duckdb"
path = "poc.duckdb"

[pipeline.poc]
strategy = "incremental"
timestamp_column = "_updated_at"

[pipeline.poc.source.schema_pattern]
prefix = "raw__"
separator = "__"
components = ["source"]

[pipeline.poc.target]
catalog_template = "poc"
schema_template = "staging__{source}"

[pipeline.poc.execution]
concurrency = "adaptive"
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str, statements: &[&str]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        std::fs::write(folder.0.path().join("rocky.toml"), config).unwrap();
        folder.sql(statements);
        folder
    }
    fn sql(&self, statements: &[&str]) {
        let cancel = CancelToken::new();
        let path = self.0.path().join("poc.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        for statement in statements {
            connection.execute(statement, &cancel).unwrap();
        }
    }
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
    }
    fn json(&self, args: &[&str]) -> (i32, Value) {
        let (code, out, _) = self.run(args);
        (
            code,
            serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}\n{out}")),
        )
    }
}

fn shop() -> Folder {
    Folder::new(
        POC,
        &[
            "CREATE SCHEMA raw__shop",
            "CREATE TABLE raw__shop.orders (id INTEGER, _updated_at TIMESTAMP)",
            "INSERT INTO raw__shop.orders VALUES (1, '2026-01-01'), (2, '2026-01-02')",
        ],
    )
}

#[test]
fn a_project_of_the_first_release_discovers_plans_and_runs() {
    let folder = shop();
    let (code, found) = folder.json(&["discover"]);
    assert_eq!((code, found["sources"][0]["id"].as_str()), (0, Some("raw__shop")));
    assert_eq!(found["sources"][0]["components"]["source"], "shop");
    let (code, plan) = folder.json(&["plan", "--filter", "source=shop"]);
    assert_eq!(code, 0);
    let purposes: Vec<_> = plan["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["purpose"].as_str().unwrap(), s["target"].as_str().unwrap()))
        .collect();
    assert_eq!(
        purposes,
        [
            ("create_schema", "staging__shop"),
            ("full_refresh_copy", "poc.staging__shop.orders"),
            ("watermark", "poc.staging__shop.orders")
        ]
    );
    let (code, run) = folder.json(&["run", "--filter", "source=shop"]);
    assert_eq!((code, run["status"].as_str()), (0, Some("Success")));
    assert_eq!(run["permissions"]["schemas_created"], 1);
    folder.sql(&["INSERT INTO raw__shop.orders VALUES (3, '2026-01-03')"]);
    let (_, plan) = folder.json(&["plan"]);
    assert_eq!(plan["statements"][0]["purpose"], "incremental_copy");
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, run["materializations"][0]["rows_copied"].as_u64()),
        (0, Some(1))
    );
    assert_eq!(
        run["materializations"][0]["asset_key"],
        serde_json::json!(["duckdb", "shop", "orders"])
    );
    let (_, state) = folder.json(&["state"]);
    assert_eq!(state["watermarks"][0]["table"], "poc.staging__shop.orders");
    assert_eq!(state["watermarks"][0]["last_value"], "2026-01-03T00:00:00Z");
}

#[test]
fn drift_is_in_the_plan_and_in_the_text() {
    let folder = shop();
    folder.run(&["run"]);
    folder.sql(&[
        "ALTER TABLE raw__shop.orders ADD COLUMN note VARCHAR",
        "CREATE TABLE raw__shop.bad (id INTEGER)",
    ]);
    let (code, text, _) = folder.run(&["plan", "--output", "table"]);
    assert_eq!(code, 0);
    assert!(
        text.contains("ALTER TABLE poc.staging__shop.orders ADD COLUMN note VARCHAR;"),
        "{text}"
    );
    assert!(
        text.contains("poc.staging__shop.bad will fail: source `raw__shop.bad` has no column `_updated_at`"),
        "{text}"
    );
    let (code, text, _) = folder.run(&["run", "--output", "table"]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("drift: poc.staging__shop.orders add_columns: column 'note' is new: VARCHAR"),
        "{text}"
    );
    assert!(text.contains("1 table written, 1 failed"), "{text}");
}

#[test]
fn wrong_filters_and_several_pipelines_are_wrong_usage() {
    let folder = shop();
    for (args, said) in [
        (&["run", "--filter", "shop"][..], "expected key=value"),
        (&["run", "--filter", "tenant=shop"], "unknown filter key `tenant`"),
        (&["plan", "--filter", "source=x"], "matches nothing"),
        (&["discover", "--filter", "source=x"], "matches nothing"),
        (&["run", "--model", "m"], "has no models"),
    ] {
        let (code, document) = folder.json(&[args, &["--output", "json"]].concat());
        assert_eq!(code, 2, "{document}");
        assert!(
            document["error"]["message"].as_str().unwrap().contains(said),
            "{document}"
        );
    }
    let second = POC
        .replace("[pipeline.poc", "[pipeline.other")
        .replace("[adapter]\ntype = \"duckdb\"\npath = \"poc.duckdb\"\n", "");
    std::fs::write(
        folder.0.path().join("rocky.toml"),
        format!("{POC}\n{}", second.replace("staging__", "other__")),
    )
    .unwrap();
    let (code, document) = folder.json(&["run"]);
    assert_eq!(code, 2);
    assert_eq!(
        document["error"]["message"],
        "the project has several pipelines: `poc`, `other`"
    );
    let (code, run) = folder.json(&["run", "--dag"]);
    assert_eq!((code, run["tables_copied"].as_u64()), (0, Some(2)), "{run}");
    assert_eq!(run["pipelines"].as_array().unwrap().len(), 2);
    let (code, history) = folder.json(&["history"]);
    assert_eq!((code, history["count"].as_u64()), (0, Some(2)));
}

/// `discover` lists what is copied, and names what is not with the reasons of `plan` and `run`.
#[test]
fn tables_that_are_not_copied_are_named_by_discover() {
    let config = POC.replace(
        "path = \"poc.duckdb\"",
        "path = \"poc.duckdb\"\n[adapter.elsewhere]\ntype = \"duckdb\"\npath = \"listed.duckdb\"",
    );
    let config = config.replace("[adapter]", "[adapter.default]").replace(
        "[pipeline.poc.target]",
        "[pipeline.poc.source]\nadapter = \"default\"\ndiscovery = { adapter = \"elsewhere\" }\n[pipeline.poc.target]\nadapter = \"default\"",
    );
    let overrides = "\n[[pipeline.poc.table_overrides]]\nmatch = { table = \"log_*\" }\nenabled = false\n";
    let tables = |names: &[&str]| -> Vec<String> {
        let make = |n: &&str| format!("CREATE TABLE raw__shop.{n} (id INTEGER, _updated_at TIMESTAMP)");
        std::iter::once("CREATE SCHEMA raw__shop".to_owned())
            .chain(names.iter().map(make))
            .collect()
    };
    let here = tables(&["orders", "log_1"]);
    let folder = Folder::new(
        &format!("{config}{overrides}"),
        &here.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let there = Folder::new("", &[]);
    for statement in tables(&["orders", "log_1", "ghost"]) {
        there.sql(&[&statement]);
    }
    std::fs::copy(
        there.0.path().join("poc.duckdb"),
        folder.0.path().join("listed.duckdb"),
    )
    .unwrap();
    let names = |document: &Value| -> Vec<(String, String)> {
        let all = document["excluded_tables"].as_array().unwrap().iter();
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        all.map(|e| (text(&e["table_name"]), text(&e["reason"])))
            .collect()
    };
    let (code, found) = folder.json(&["discover"]);
    assert_eq!(code, 0, "{found:#}");
    let expected = [("ghost", "missing_from_source"), ("log_1", "disabled")];
    assert_eq!(names(&found), expected.map(|(t, r)| (t.to_owned(), r.to_owned())));
    assert_eq!(
        found["excluded_tables"][0]["asset_key"],
        serde_json::json!(["duckdb", "shop", "ghost"])
    );
    let listed: Vec<&str> = found["sources"][0]["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ["orders"]);
    let (code, run) = folder.json(&["run"]);
    assert_eq!((code, names(&run)), (0, names(&found)), "{run:#}");
    let (_, text, _) = folder.run(&["discover", "-o", "table"]);
    assert!(
        text.contains("left out: raw__shop.ghost (missing_from_source)\n"),
        "{text}"
    );
}
