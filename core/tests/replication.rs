//! Replications on real DuckDB files: what is planned is what is executed, tables follow their sources, and nothing is lost.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::discover::DiscoverRequest;
use rocky_core::verbs::plan::PlanResponse;
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::wire::Filters;
use rocky_core::{CancelToken, Engine, EngineOptions, Event, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::{Value, Warehouse};
use std::collections::BTreeMap;
use std::path::Path;

const TAIL: &str = r#"
[pipeline.raw.source.schema_pattern]
prefix = "raw__"
separator = "__"
components = ["source"]
[pipeline.raw.target]
catalog_template = "poc"
schema_template = "staging__{source}"
"#;

/// Statements on the database file, by the same instance as the project's.
struct Db(std::path::PathBuf);

impl Db {
    fn rows(&self, statement: &str) -> Vec<Vec<String>> {
        let cancel = CancelToken::new();
        let db = DuckDb::open(Some(&self.0), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        let begins = statement.trim_start().to_lowercase();
        if ["select", "from"].iter().any(|w| begins.starts_with(w)) {
            let rows = connection.query(statement, 100_000, &cancel).unwrap().rows;
            let text = |v: &Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
            return rows.iter().map(|r| r.iter().map(text).collect()).collect();
        }
        for one in statement.split(";\n").filter(|s| !s.trim().is_empty()) {
            connection
                .execute(one, &cancel)
                .unwrap_or_else(|e| panic!("{one}: {e}"));
        }
        Vec::new()
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    /// A project with one replication `raw`, `head` being the keys of `[pipeline.raw]`.
    fn new(head: &str, sql: &str) -> Folder {
        Folder::of(
            &format!("[adapter]\ntype = \"duckdb\"\npath = \"poc.duckdb\"\n[pipeline.raw]\n{head}\n{TAIL}"),
            sql,
        )
    }
    fn of(config: &str, sql: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", config);
        if !sql.is_empty() {
            folder.rows(sql);
        }
        folder
    }
    fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    fn db(&self) -> Db {
        Db(self.0.path().join("poc.duckdb"))
    }
    fn rows(&self, statement: &str) -> Vec<Vec<String>> {
        self.db().rows(statement)
    }
    fn project(&self) -> Project {
        open(self.0.path())
    }
    fn run(&self) -> RunResponse {
        self.run_with(&RunRequest::default())
    }
    fn run_with(&self, request: &RunRequest) -> RunResponse {
        self.project()
            .run(request, &mut NoObserver, &CancelToken::new())
            .unwrap()
    }
    fn plan(&self) -> PlanResponse {
        self.plan_with(&RunRequest::default())
    }
    fn plan_with(&self, request: &RunRequest) -> PlanResponse {
        self.project()
            .plan(request, &mut NoObserver, &CancelToken::new())
            .unwrap()
    }
    fn usage(&self, request: &RunRequest) -> String {
        let error = self
            .project()
            .run(request, &mut NoObserver, &CancelToken::new())
            .unwrap_err();
        format!("{} ({})", error.message, error.hint.unwrap_or_default())
    }
}

fn open(path: &Path) -> Project {
    let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
    let request = OpenRequest {
        config: Some(path.display().to_string()),
        ..OpenRequest::default()
    };
    Project::open(&engine, &request, Host::default()).unwrap()
}

fn filter(texts: &[&str]) -> RunRequest {
    RunRequest {
        filter: Some(Filters::Many(texts.iter().map(|t| (*t).to_owned()).collect())),
        ..RunRequest::default()
    }
}

fn statements(run: &RunResponse) -> Vec<String> {
    run.materializations
        .iter()
        .flat_map(|m| m.statements.iter().map(|s| s.sql.clone()))
        .collect()
}

fn actions(run: &RunResponse) -> Vec<String> {
    run.drift
        .actions_taken
        .iter()
        .map(|a| format!("{} {}", a.action, a.columns.join(",")))
        .collect()
}

const ORDERS: &str = "CREATE SCHEMA raw__shop;\nCREATE TABLE raw__shop.orders (id INTEGER, amount DECIMAL(10,2), _updated_at TIMESTAMP);\n\
                      INSERT INTO raw__shop.orders VALUES (1, 1.5, '2026-01-01'), (2, 2.5, '2026-01-02')";
const INCREMENTAL: &str = "strategy = \"incremental\"\ntimestamp_column = \"_updated_at\"";

#[test]
fn a_first_run_copies_all_and_later_ones_what_is_new() {
    let folder = Folder::new(INCREMENTAL, ORDERS);
    for (new, copied) in [
        ("", 2),
        ("", 0),
        (
            "INSERT INTO raw__shop.orders VALUES (3, 3.5, '2026-01-03'), (0, 0, '2025-01-01')",
            1,
        ),
    ] {
        if !new.is_empty() {
            folder.rows(new);
        }
        let planned = folder.plan();
        let run = folder.run();
        let planned: Vec<String> = planned
            .statements
            .iter()
            .filter(|s| s.model.is_some())
            .map(|s| s.sql.clone())
            .collect();
        assert_eq!(planned, statements(&run), "what is planned is what is run");
        assert_eq!((run.status.as_str(), run.tables_copied), ("Success", 1));
        let copy = &run.materializations[0];
        assert_eq!(copy.rows_copied, Some(copied));
        assert_eq!(copy.asset_key, ["duckdb", "shop", "orders"]);
        assert_eq!(copy.metadata.target_table_full_name, "poc.staging__shop.orders");
        assert_eq!(
            (run.drift.tables_drifted, run.pipeline_type.as_str()),
            (0, "replication")
        );
    }
    assert_eq!(
        folder.rows("SELECT id FROM staging__shop.orders ORDER BY id"),
        [["1"], ["2"], ["3"]]
    );
    // A full refresh brings in what the watermark passed over.
    let all = RunRequest {
        full_refresh: true,
        ..RunRequest::default()
    };
    assert_eq!(folder.run_with(&all).materializations[0].rows_copied, Some(4));
}

#[test]
fn rows_before_1970_and_other_types_of_watermarks_are_not_lost() {
    let folder = Folder::new(
        INCREMENTAL,
        "CREATE SCHEMA raw__a;\nCREATE TABLE raw__a.old (id INTEGER, _updated_at DATE);\n\
         CREATE TABLE raw__a.n (id INTEGER, _updated_at BIGINT)",
    );
    folder.run();
    folder.rows("INSERT INTO raw__a.old VALUES (1, '1950-01-01');\nINSERT INTO raw__a.n VALUES (1, -5)");
    assert_eq!(folder.run().tables_failed, 0);
    folder.rows("INSERT INTO raw__a.old VALUES (2, '1960-01-01');\nINSERT INTO raw__a.n VALUES (2, -4)");
    assert_eq!(folder.run().tables_failed, 0);
    for table in ["old", "n"] {
        let rows = folder.rows(&format!("SELECT id FROM staging__a.{table} ORDER BY id"));
        assert_eq!(rows, [["1"], ["2"]], "{table}");
    }
}

#[test]
fn every_drift_is_done_as_it_was_planned() {
    // Column type before, after, and what becomes of it by default; the row that is not in the source any more shows
    // whether the table was kept.
    for (before, after, value, action, kept) in [
        ("INTEGER", "INTEGER", "7", "", true),
        ("INTEGER", "BIGINT", "5000000000", "alter_column_types", true),
        ("SMALLINT", "INTEGER", "70000", "alter_column_types", true),
        ("FLOAT", "DOUBLE", "1.5", "alter_column_types", true),
        (
            "DECIMAL(10,2)",
            "DECIMAL(18,2)",
            "12345678901.50",
            "alter_column_types",
            true,
        ),
        ("INTEGER", "VARCHAR", "'x'", "alter_column_types", true),
        ("BIGINT", "INTEGER", "3", "keep_column_types", true),
        (
            "DECIMAL(18,2)",
            "DECIMAL(10,2)",
            "3.25",
            "keep_column_types",
            true,
        ),
        ("DECIMAL(10,2)", "VARCHAR", "'x'", "alter_column_types", true),
        ("DECIMAL(10,2)", "DOUBLE", "0.5", "drop_and_recreate", false),
        ("VARCHAR", "INTEGER", "3", "drop_and_recreate", false),
        (
            "DATE",
            "TIMESTAMP",
            "TIMESTAMP '2026-01-01 10:00:00'",
            "drop_and_recreate",
            false,
        ),
        ("INTEGER", "INTEGER[]", "[1, 2]", "drop_and_recreate", false),
        ("BIGINT", "DOUBLE", "0.5", "drop_and_recreate", false),
    ] {
        for strategy in [INCREMENTAL, "strategy = \"merge\"\nmerge_keys = [\"id\"]"] {
            let case = format!("{before} to {after}, {strategy}");
            let folder = Folder::new(
                strategy,
                &format!(
                    "CREATE SCHEMA raw__shop;\nCREATE TABLE raw__shop.t (id INTEGER, v {before}, _updated_at TIMESTAMP);\n\
                     INSERT INTO raw__shop.t VALUES (1, NULL, '2026-01-01')"
                ),
            );
            folder.run();
            folder.rows(&format!(
                "DROP TABLE raw__shop.t;\nCREATE TABLE raw__shop.t (id INTEGER, v {after}, _updated_at TIMESTAMP);\n\
                 INSERT INTO raw__shop.t VALUES (2, {value}, '2026-01-02')"
            ));
            let planned = folder.plan();
            let run = folder.run();
            assert_eq!(run.tables_failed, 0, "{case}: {:?}", run.errors);
            let planned: Vec<_> = planned.statements.iter().map(|s| s.sql.clone()).collect();
            assert_eq!(planned, statements(&run), "{case}");
            let wanted: Vec<String> = [action]
                .iter()
                .filter(|a| !a.is_empty())
                .map(|a| format!("{a} v"))
                .collect();
            assert_eq!(actions(&run), wanted, "{case}");
            assert_eq!(run.drift.tables_checked, 1, "{case}");
            let ids = folder.rows("SELECT id FROM staging__shop.t ORDER BY id");
            assert_eq!(ids.len(), if kept { 2 } else { 1 }, "{case}");
            let same = folder.rows(
                "SELECT count(*) FROM staging__shop.t t JOIN raw__shop.t s USING (id) WHERE t.v IS NOT DISTINCT FROM s.v",
            );
            assert_eq!(same, [["1"]], "{case}: the value arrived");
            // It is settled now, but for what stays different.
            let again = actions(&folder.run());
            let settled: Vec<String> = wanted.into_iter().filter(|a| a.starts_with("keep")).collect();
            assert_eq!(again, settled, "{case}");
        }
    }
}

#[test]
fn columns_come_and_go_by_name_in_any_order() {
    let folder = Folder::new(INCREMENTAL, ORDERS);
    folder.run();
    folder.rows(
        "DROP TABLE raw__shop.orders;\nCREATE TABLE raw__shop.orders (note VARCHAR, _updated_at TIMESTAMP, id BIGINT);\n\
         INSERT INTO raw__shop.orders VALUES ('n', '2026-02-01', 9)",
    );
    let run = folder.run();
    assert_eq!(
        actions(&run),
        ["add_columns note", "alter_column_types id", "keep_columns amount"]
    );
    assert_eq!(run.drift.tables_drifted, 1);
    assert_eq!(run.drift.actions_taken[0].asset_key, ["duckdb", "shop", "orders"]);
    assert_eq!(
        folder.rows("SELECT id, amount, note FROM staging__shop.orders ORDER BY id"),
        [["1", "1.50", "NULL"], ["2", "2.50", "NULL"], ["9", "NULL", "n"]]
    );
    let mut told = Vec::new();
    let mut observer = |event: &Event| {
        if let Event::DriftDetected { table, action, .. } = event {
            told.push(format!("{table} {action}"));
        }
    };
    folder
        .project()
        .run(&RunRequest::default(), &mut observer, &CancelToken::new())
        .unwrap();
    assert_eq!(told, ["poc.staging__shop.orders keep_columns"]);
}

#[test]
fn the_policy_decides_what_is_done() {
    let change = "ALTER TABLE raw__shop.orders ADD COLUMN note VARCHAR;\nALTER TABLE raw__shop.orders ALTER COLUMN id TYPE BIGINT;\n\
                  ALTER TABLE raw__shop.orders DROP COLUMN amount;\nINSERT INTO raw__shop.orders VALUES (9, '2026-02-01', 'n')";
    for (policy, status, done) in [
        ("on_added_columns = \"fail\"", "Failure", "fail note"),
        ("on_widened_columns = \"fail\"", "Failure", "fail id"),
        ("on_removed_columns = \"fail\"", "Failure", "fail amount"),
        (
            "on_added_columns = \"ignore\"\non_widened_columns = \"ignore\"\non_removed_columns = \"drop\"",
            "Success",
            "drop_columns amount; ignore_columns note; ignore_column_types id",
        ),
    ] {
        let folder = Folder::new(&format!("{INCREMENTAL}\n{policy}"), ORDERS);
        folder.run();
        folder.rows(change);
        let planned = folder.plan();
        assert_eq!(
            planned.models_detail[0].error.is_some(),
            status == "Failure",
            "{policy}"
        );
        let run = folder.run();
        assert_eq!(
            (run.status.as_str(), actions(&run).join("; ").as_str()),
            (status, done),
            "{policy}"
        );
        let columns = folder.rows(
            "SELECT string_agg(column_name, ',' ORDER BY ordinal_position), (SELECT count(*) FROM staging__shop.orders) FROM information_schema.columns WHERE table_schema = 'staging__shop'",
        );
        let wanted = match status {
            "Failure" => ["id,amount,_updated_at", "2"],
            _ => ["id,_updated_at", "3"],
        };
        assert_eq!(columns, [wanted], "{policy}");
    }
    let folder = Folder::new(&format!("{INCREMENTAL}\non_unsafe_drift = \"fail\""), ORDERS);
    folder.run();
    folder.rows("ALTER TABLE raw__shop.orders ALTER COLUMN amount TYPE DOUBLE");
    let run = folder.run();
    assert_eq!(run.errors[0].asset_key, ["duckdb", "shop", "orders"]);
    assert!(
        run.errors[0]
            .error
            .contains("column 'amount' changed DECIMAL(10,2) → DOUBLE"),
        "{}",
        run.errors[0].error
    );
    // A full refresh is what was asked for.
    let all = RunRequest {
        full_refresh: true,
        ..RunRequest::default()
    };
    assert_eq!(folder.run_with(&all).status, "Success");
}

#[test]
fn a_table_that_vanishes_is_an_error_of_its_own() {
    let folder = Folder::new(
        INCREMENTAL,
        &format!(
            "{ORDERS};\nCREATE TABLE raw__shop.gone AS FROM raw__shop.orders;\nCREATE TABLE raw__shop.made AS FROM raw__shop.orders"
        ),
    );
    let db = folder.db();
    let mut observer = |event: &Event| {
        if matches!(event, Event::RunStarted { .. }) {
            db.rows("DROP TABLE raw__shop.gone;\nCREATE SCHEMA IF NOT EXISTS staging__shop;\nCREATE TABLE staging__shop.made AS SELECT * FROM raw__shop.made WHERE id = 1");
        }
    };
    let run = folder
        .project()
        .run(&RunRequest::default(), &mut observer, &CancelToken::new())
        .unwrap();
    assert_eq!(
        (run.status.as_str(), run.tables_copied, run.tables_failed),
        ("PartialFailure", 2, 1)
    );
    assert_eq!(run.errors[0].asset_key, ["duckdb", "shop", "gone"]);
    assert!(
        run.errors[0].error.contains("raw__shop.gone"),
        "{}",
        run.errors[0].error
    );
    // What someone made meanwhile was added to, not replaced.
    assert_eq!(folder.rows("SELECT count(*) FROM staging__shop.made"), [["2"]]);
}

#[test]
fn hostile_names_are_names() {
    let long = "x".repeat(255);
    let mut sql = String::from("CREATE SCHEMA \"raw__s'; DROP TABLE t; --\"");
    let names = [
        "select",
        "a b",
        "q\"q",
        "s;'x",
        "ünïcödé",
        "Group",
        long.as_str(),
        "{source}",
        "$now",
    ];
    let quoted = |n: &str| format!("\"{}\"", n.replace('"', "\"\""));
    for name in names {
        sql.push_str(&format!(
            ";\nCREATE TABLE \"raw__s'; DROP TABLE t; --\".{q} (id INTEGER, {q} VARCHAR, \"order\" INTEGER, _updated_at TIMESTAMP);\n\
             INSERT INTO \"raw__s'; DROP TABLE t; --\".{q} VALUES (1, 'v', 2, '2026-01-01')",
            q = quoted(name)
        ));
    }
    for strategy in [
        INCREMENTAL,
        "strategy = \"full_refresh\"",
        "strategy = \"merge\"\nmerge_keys = [\"order\", \"id\"]",
        "strategy = \"view\"",
    ] {
        let head = format!(
            "{strategy}\nmetadata_columns = [{{ name = \"my \\\"source\", type = \"VARCHAR\", value = \"'<{{source}}>'\" }}]"
        );
        let folder = Folder::new(&head, &sql);
        for n in 1..=3 {
            if n == 3 {
                for name in names {
                    let q = quoted(name);
                    folder.rows(&format!(
                        "ALTER TABLE \"raw__s'; DROP TABLE t; --\".{q} ADD COLUMN \"new \"\"; col\" INTEGER;\n\
                         INSERT INTO \"raw__s'; DROP TABLE t; --\".{q} VALUES (2, 'w', 3, '2026-01-02', 5)"
                    ));
                }
            }
            let run = folder.run();
            assert_eq!(
                (run.status.as_str(), run.tables_copied),
                ("Success", names.len() as u64),
                "{:?}",
                run.errors
            );
        }
        for name in names {
            let rows = folder.rows(&format!(
                "SELECT {q}, \"my \"\"source\", \"new \"\"; col\" FROM \"staging__s'; DROP TABLE t; --\".{q} ORDER BY id",
                q = quoted(name)
            ));
            let source = "<s'; DROP TABLE t; -->";
            assert_eq!(
                rows,
                [["v", source, "NULL"], ["w", source, "5"]],
                "{strategy} {name}"
            );
        }
    }
}

#[test]
fn filters_choose_and_mistakes_are_said() {
    let folder = Folder::new(
        INCREMENTAL,
        &format!(
            "{ORDERS};\nCREATE TABLE raw__shop.items AS FROM raw__shop.orders;\nCREATE SCHEMA raw__crm;\nCREATE TABLE raw__crm.people AS FROM raw__shop.orders"
        ),
    );
    let copied = |texts: &[&str]| -> Vec<String> {
        let plan = folder.plan_with(&filter(texts));
        plan.models
    };
    assert_eq!(copied(&["source=crm"]), ["poc.staging__crm.people"]);
    assert_eq!(
        copied(&["source=shop", "table=items"]),
        ["poc.staging__shop.items"]
    );
    assert_eq!(copied(&[]).len(), 3);
    assert_eq!(
        folder.usage(&filter(&["tenant=shop"])),
        "unknown filter key `tenant` (the keys are `id`, `table`, `source`)"
    );
    assert_eq!(
        folder.usage(&filter(&["source=shpo"])),
        "filter `source=shpo` matches nothing; did you mean `shop`? (`source` can be `crm`, `shop`)"
    );
    assert!(
        folder
            .usage(&filter(&["shop"]))
            .starts_with("invalid filter 'shop': expected key=value")
    );
    let run = folder.run_with(&filter(&["id=raw__crm"]));
    assert_eq!((run.tables_copied, run.filter.as_str()), (1, "id=raw__crm"));
    let request = DiscoverRequest {
        filter: Some(Filters::One("source=crm".to_owned())),
        ..DiscoverRequest::default()
    };
    let found = folder
        .project()
        .discover(&request, &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert_eq!(found.sources.len(), 1);
    assert_eq!(found.sources[0].id, "raw__crm");
}

#[test]
fn unchanged_tables_are_left_alone_when_that_is_asked_for() {
    let folder = Folder::new(
        &format!("{INCREMENTAL}\nprune_unchanged = true"),
        &format!("{ORDERS};\nCREATE TABLE raw__shop.items AS FROM raw__shop.orders"),
    );
    assert_eq!(folder.run().tables_copied, 2);
    folder.rows("INSERT INTO raw__shop.items VALUES (3, 3, '2026-01-03')");
    let plan = folder.plan();
    assert_eq!(plan.models, ["poc.staging__shop.items"]);
    let run = folder.run();
    assert_eq!(run.tables_copied, 1);
    let left: Vec<_> = run
        .excluded_tables
        .iter()
        .map(|e| (e.table_name.as_str(), e.reason.as_str()))
        .collect();
    assert_eq!(left, [("orders", "unchanged")]);
    // A new column is a change, even without a new row.
    folder.rows("ALTER TABLE raw__shop.orders ADD COLUMN c INTEGER");
    assert_eq!(actions(&folder.run()), ["add_columns c"]);
}

#[test]
fn duplicate_keys_are_named_and_nothing_is_written() {
    let folder = Folder::new("strategy = \"merge\"\nmerge_keys = [\"id\"]", ORDERS);
    folder.run();
    folder.rows("INSERT INTO raw__shop.orders VALUES (2, 9, '2026-01-09'), (NULL, 1, NULL)");
    let run = folder.run();
    assert_eq!(run.status, "Failure");
    assert!(
        run.errors[0]
            .error
            .contains("duplicate keys in source `raw__shop.orders`; found (id = 2"),
        "{}",
        run.errors[0].error
    );
    assert_eq!(folder.rows("SELECT count(*) FROM staging__shop.orders"), [["2"]]);
}

/// A small generator, the same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

type Row = (Option<i64>, i64, Option<i64>);

#[test]
fn random_histories_end_as_a_plain_computation_says() {
    for seed in 1..=3u64 {
        for merge in [false, true] {
            let mut random = Random(seed * 7919 + u64::from(merge));
            let head = match merge {
                true => "strategy = \"merge\"\nmerge_keys = [\"k\"]",
                false => "strategy = \"incremental\"\ntimestamp_column = \"ts\"",
            };
            let folder = Folder::new(
                head,
                "CREATE SCHEMA raw__r;\nCREATE TABLE raw__r.t (k INTEGER, v INTEGER, ts INTEGER)",
            );
            // One instance and one project for the whole history.
            let _held =
                DuckDb::open(Some(&folder.db().0), &OpenOptions::default(), &CancelToken::new()).unwrap();
            let project = folder.project();
            let mut source: Vec<Row> = Vec::new();
            let mut expected: Vec<Row> = Vec::new();
            let mut merged: BTreeMap<Option<i64>, Row> = BTreeMap::new();
            for round in 0..8 {
                for _ in 0..random.below(6) {
                    let key = match random.below(12) {
                        0 => None,
                        k => Some(k as i64),
                    };
                    let ts = match random.below(8) {
                        0 => None,
                        _ => Some(round * 3 + random.below(6) as i64 - 20),
                    };
                    let row = (key, random.below(100) as i64, ts);
                    if merge {
                        source.retain(|r| r.0 != key);
                    }
                    source.push(row);
                }
                if random.below(4) == 0 && !source.is_empty() {
                    source.remove(random.below(source.len() as u64) as usize);
                }
                let show = |v: Option<i64>| v.map_or("NULL".to_owned(), |v| v.to_string());
                let values: Vec<String> = source
                    .iter()
                    .map(|r| format!("({}, {}, {})", show(r.0), r.1, show(r.2)))
                    .collect();
                folder.rows("DELETE FROM raw__r.t");
                if !values.is_empty() {
                    folder.rows(&format!("INSERT INTO raw__r.t VALUES {}", values.join(", ")));
                }
                let run = project
                    .run(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
                    .unwrap();
                assert_eq!(run.tables_failed, 0, "{:?}", run.errors);
                if merge {
                    merged.extend(source.iter().map(|r| (r.0, *r)));
                } else if round == 0 {
                    expected.clone_from(&source);
                } else {
                    let newest = expected.iter().filter_map(|r| r.2).max();
                    expected.extend(source.iter().filter(|r| r.2.is_some() && r.2 > newest));
                }
                let mut wanted: Vec<Vec<String>> = match merge {
                    true => merged
                        .values()
                        .map(|r| vec![show(r.0), r.1.to_string(), show(r.2)])
                        .collect(),
                    false => expected
                        .iter()
                        .map(|r| vec![show(r.0), r.1.to_string(), show(r.2)])
                        .collect(),
                };
                let mut found = folder.rows("SELECT k, v, ts FROM staging__r.t");
                wanted.sort();
                found.sort();
                assert_eq!(found, wanted, "seed {seed}, merge {merge}, round {round}");
            }
        }
    }
}

const SEVERAL: &str = r#"
[adapter]
type = "duckdb"
path = "poc.duckdb"
[pipeline.models]
type = "transformation"
depends_on = ["raw"]
[pipeline.models.target]
[pipeline.broken]
strategy = "incremental"
timestamp_column = "nope"
[pipeline.broken.source.schema_pattern]
prefix = "raw__"
separator = "__"
components = ["source"]
[pipeline.broken.target]
catalog_template = ""
schema_template = "b__{source}"
[pipeline.after_broken]
depends_on = ["broken"]
strategy = "full_refresh"
[pipeline.after_broken.source.schema_pattern]
prefix = "b__"
separator = "__"
components = ["source"]
[pipeline.after_broken.target]
catalog_template = ""
schema_template = "c__{source}"
[pipeline.raw]
strategy = "incremental"
timestamp_column = "_updated_at"
"#;

#[test]
fn several_pipelines_run_in_order_and_a_failed_one_blocks_its_own() {
    let folder = Folder::of(&format!("{SEVERAL}{TAIL}"), ORDERS);
    folder.write(
        "models/total.sql",
        "SELECT sum(amount) AS total FROM staging__shop.orders",
    );
    assert_eq!(
        folder.usage(&RunRequest::default()),
        "the project has several pipelines: `models`, `broken`, `after_broken`, `raw` (choose one with `--pipeline`)"
    );
    let dag = RunRequest {
        dag: true,
        ..RunRequest::default()
    };
    let plan = folder.plan_with(&dag);
    assert!(!plan.has_errors);
    let order: Vec<_> = plan
        .pipelines
        .iter()
        .map(|p| (p.pipeline.as_str(), p.waits.is_some()))
        .collect();
    assert_eq!(
        order,
        [
            ("broken", false),
            ("after_broken", false),
            ("raw", false),
            ("models", true)
        ]
    );
    let run = folder.run_with(&dag);
    let states: Vec<_> = run
        .pipelines
        .iter()
        .map(|p| (p.pipeline.as_str(), p.status.as_str()))
        .collect();
    assert_eq!(
        states,
        [
            ("broken", "Failure"),
            ("after_broken", "Skipped"),
            ("raw", "Success"),
            ("models", "Success")
        ]
    );
    assert_eq!(
        run.pipelines[1].skipped_reason.as_deref(),
        Some("pipeline `broken` did not succeed")
    );
    assert_eq!(
        (run.status.as_str(), run.pipeline_type.as_str()),
        ("PartialFailure", "dag")
    );
    assert_eq!((run.tables_copied, run.tables_failed), (2, 1));
    assert_eq!(run.errors[0].asset_key, ["duckdb", "shop", "orders"]);
    assert_eq!(folder.rows("SELECT total FROM total"), [["4.00"]]);
    let chosen = RunRequest {
        pipeline: Some("raw".to_owned()),
        dag: true,
        ..RunRequest::default()
    };
    assert!(folder.usage(&chosen).contains("excludes `pipeline`"));
    let mut wrong = dag.clone();
    wrong.filter = Some(Filters::One("tenant=x".to_owned()));
    assert!(folder.usage(&wrong).contains("has no component `tenant`"));
}

#[test]
fn models_run_behind_a_replication_when_they_are_asked_for() {
    let folder = Folder::new(INCREMENTAL, ORDERS);
    folder.write(
        "models/total.sql",
        "SELECT sum(amount) AS total FROM staging__shop.orders",
    );
    assert_eq!(folder.run().tables_copied, 1);
    folder.rows("INSERT INTO raw__shop.orders VALUES (3, 6, '2026-01-03')");
    let all = RunRequest {
        all: true,
        ..RunRequest::default()
    };
    let run = folder.run_with(&all);
    assert_eq!(
        (run.status.as_str(), run.tables_copied),
        ("Success", 2),
        "{:?}",
        run.errors
    );
    assert_eq!(run.pipeline_type, "replication");
    assert_eq!(run.pipelines.len(), 2);
    assert_eq!(folder.rows("SELECT total FROM total"), [["10.00"]]);
    // With a table that fails, models that may read it do not run.
    folder.rows("ALTER TABLE raw__shop.orders DROP COLUMN _updated_at");
    let run = folder.run_with(&all);
    assert_eq!(run.status, "Failure");
    assert_eq!(run.pipelines[1].status, "Skipped");
}

#[test]
fn what_stands_in_the_way_is_said_before_anything_runs() {
    let error = |head: &str| {
        let folder = Folder::new(head, ORDERS);
        let run = folder.run();
        assert!(run.has_errors && run.run_id.is_empty(), "{head}");
        assert!(
            folder
                .rows("SELECT schema_name FROM duckdb_schemas() WHERE schema_name LIKE 'staging%'")
                .is_empty()
        );
        run.errors[0].error.clone()
    };
    assert!(error("strategy = \"incremntal\"").contains("incremntal"));
    assert!(
        error("strategy = \"materialized_view\"")
            .starts_with("E300: strategy `materialized_view` cannot be planned on duckdb")
    );
    assert!(
        error("metadata_columns = [{ name = \"m\", type = \"VARCHAR\", value = \"'a' FROM x; --\" }]")
            .starts_with("E417: value of metadata column `m`")
    );
    assert!(error("[pipeline.raw.schedule]\ncron = '0 6 * * *'").starts_with("E406"));
    // A database that is not there is not made.
    let folder = Folder::new(INCREMENTAL, "");
    assert!(
        folder
            .usage(&RunRequest::default())
            .contains("does not exist yet")
    );
    assert!(!folder.0.path().join("poc.duckdb").exists());
    // `auto_create_schemas = false` is respected.
    let folder = Folder::new(INCREMENTAL, ORDERS);
    folder.write(
        "rocky.toml",
        &format!("[adapter]\ntype = \"duckdb\"\npath = \"poc.duckdb\"\n[pipeline.raw]\n{INCREMENTAL}\n{TAIL}\n[pipeline.raw.target.governance]\nauto_create_schemas = false\n"),
    );
    let run = folder.run();
    assert!(
        run.errors[0].error.contains("schema `staging__shop`"),
        "{}",
        run.errors[0].error
    );
    folder.rows("CREATE SCHEMA staging__shop");
    assert_eq!(folder.run().status, "Success");
}

#[test]
fn a_model_s_table_follows_its_query_where_the_pipeline_says_so() {
    let config = |more: &str| {
        format!(
            "[adapter]\ntype = \"duckdb\"\npath = \"poc.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n{more}\n[pipeline.p.target]\n"
        )
    };
    let first = "SELECT id::INTEGER AS id, _updated_at FROM raw__shop.orders";
    let second = "SELECT id::BIGINT AS id, amount, _updated_at FROM raw__shop.orders";
    for (more, status, columns) in [
        ("", "Failure", "id INTEGER,_updated_at TIMESTAMP"),
        (
            "on_added_columns = \"add\"\non_widened_columns = \"alter\"",
            "Success",
            "id BIGINT,_updated_at TIMESTAMP,amount DECIMAL(10,2)",
        ),
    ] {
        let folder = Folder::of(&config(more), ORDERS);
        folder.write("models/m.sql", first);
        folder.write(
            "models/m.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"_updated_at\"\n",
        );
        assert_eq!(folder.run().status, "Success");
        folder.write("models/m.sql", second);
        folder.rows("INSERT INTO raw__shop.orders VALUES (3, 3.5, '2026-01-03')");
        let run = folder.run();
        assert_eq!(run.status, status, "{more}: {:?}", run.errors);
        if status == "Success" {
            assert_eq!(actions(&run), ["add_columns amount", "alter_column_types id"]);
            assert_eq!(run.drift.actions_taken[0].asset_key.last().unwrap(), "m");
            assert_eq!(
                folder.rows("SELECT id, amount FROM m ORDER BY id"),
                [["1", "NULL"], ["2", "NULL"], ["3", "3.50"]]
            );
        } else {
            assert!(run.errors[0].error.starts_with("E303"), "{:?}", run.errors);
        }
        let found = folder.rows(
            "SELECT string_agg(column_name || ' ' || data_type, ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'm'",
        );
        assert_eq!(found, [[columns]], "{more}");
    }
}
