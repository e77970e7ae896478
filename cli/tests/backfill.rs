//! time_interval models from the command line: the reference example of the 1.x releases, a run that is killed, options that do not
//! fit.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"poc.duckdb\"\n[pipeline.poc]\ntype = \"transformation\"\n\
                      [pipeline.poc.target]\nadapter = \"default\"\n";
const MODEL: &str = "select order_date, customer_id, sum(amount) as revenue, count(*) as orders\nfrom raw.orders\n\
                     where order_date >= @start_date and order_date < @end_date\ngroup by all\n";

fn write(folder: &Path, path: &str, text: &str) {
    let full = folder.join(path);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::fs::write(full, text).unwrap();
}

fn project(strategy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "rocky.toml", CONFIG);
    write(folder.path(), "models/fct_daily_orders.sql", MODEL);
    let sidecar = format!(
        "[strategy]\ntype = \"time_interval\"\ntime_column = \"order_date\"\ngranularity = \"day\"\n{strategy}\n[target]\ncatalog = \"\"\nschema = \"marts\"\ntable = \"fct_daily_orders\"\n"
    );
    write(folder.path(), "models/fct_daily_orders.toml", &sidecar);
    sql(
        folder.path(),
        "create schema raw; create table raw.orders (order_id int, customer_id int, order_date date not null, amount decimal(10, 2))",
    );
    folder
}

fn sql(folder: &Path, text: &str) -> Vec<String> {
    let cancel = CancelToken::new();
    let db = DuckDb::open(Some(&folder.join("poc.duckdb")), &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    if !text.starts_with("select") {
        connection.execute(text, &cancel).unwrap();
        return Vec::new();
    }
    let rows = connection.query(text, 100_000, &cancel).unwrap().rows;
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row.iter().map(|v| v.to_text().unwrap_or("NULL".into())).collect();
            cells.join("|")
        })
        .collect()
}

fn rocky(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rocky"));
    command
        .args(args)
        .current_dir(folder)
        .env_remove("CI")
        .env("TZ", "Pacific/Auckland");
    command
}

fn json(folder: &Path, args: &[&str]) -> (i32, Value) {
    let out = rocky(folder, args).args(["-o", "json"]).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
    let value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}\n{stderr}"));
    (out.status.code().unwrap(), value)
}

/// Example 02-03 of the 1.x releases: one partition, a range, a row that comes late.
#[test]
fn the_reference_example() {
    let folder = project("");
    let dir = folder.path();
    sql(
        dir,
        "insert into raw.orders values (1, 1, '2026-04-04', 10), (2, 2, '2026-04-05', 20), (3, 1, '2026-04-06', 30), \
         (4, 1, '2026-04-07', 40), (5, 2, '2026-04-07', 50), (6, 1, '2026-04-08', 60), (7, 1, '2026-04-08', 1)",
    );
    let (code, run) = json(dir, &["run", "--models", "models/", "--partition", "2026-04-07"]);
    assert_eq!(code, 0, "{run:#}");
    assert_eq!(sql(dir, "select count(*) from marts.fct_daily_orders"), ["2"]);
    let partition = &run["materializations"][0]["partition"];
    assert_eq!(partition["key"], "2026-04-07");
    assert_eq!(partition["start"], "2026-04-07T00:00:00Z");
    assert_eq!(partition["end"], "2026-04-08T00:00:00Z");
    assert_eq!(
        run["materializations"][0]["metadata"]["strategy"],
        "time_interval"
    );
    let (code, run) = json(
        dir,
        &[
            "run",
            "--models",
            "models/",
            "--from",
            "2026-04-04",
            "--to",
            "2026-04-08",
        ],
    );
    assert_eq!(code, 0, "{run:#}");
    assert_eq!(sql(dir, "select count(*) from marts.fct_daily_orders"), ["6"]);
    assert_eq!(run["materializations"].as_array().unwrap().len(), 5);
    let summary = &run["partition_summaries"][0];
    assert_eq!(summary["model"], "fct_daily_orders");
    assert_eq!(
        (&summary["partitions_planned"], &summary["partitions_succeeded"]),
        (&5.into(), &5.into())
    );
    sql(dir, "insert into raw.orders values (8, 3, '2026-04-07', 70)");
    for _ in 0..2 {
        let (code, _) = json(dir, &["run", "--models", "models/", "--partition", "2026-04-07"]);
        assert_eq!(code, 0);
        assert_eq!(
            sql(
                dir,
                "select customer_id, revenue from marts.fct_daily_orders where order_date = '2026-04-07' order by 1"
            ),
            ["1|40.00", "2|50.00", "3|70.00"]
        );
        assert_eq!(sql(dir, "select count(*) from marts.fct_daily_orders"), ["7"]);
    }
}

#[test]
fn the_plan_and_the_run_are_shown_to_people() {
    let folder = project("batch_size = 2");
    let dir = folder.path();
    sql(
        dir,
        "insert into raw.orders values (1, 1, '2026-02-28', 10), (2, 2, '2026-03-01', 20)",
    );
    let range = ["--from", "2026-02-27", "--to", "2026-03-01", "-o", "table"];
    let text = |verb: &str| {
        let out = rocky(dir, &[verb]).args(range).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let plan = text("plan");
    assert!(
        plan.contains("--   2026-02-27..2026-02-28: 2026-02-27T00:00:00Z to 2026-03-01T00:00:00Z\n"),
        "{plan}"
    );
    assert!(
        plan.contains("WHERE order_date >= $start_date AND order_date < $end_date"),
        "{plan}"
    );
    let run = text("run");
    assert!(
        run.contains("poc.marts.fct_daily_orders 2026-02-27..2026-02-28\n"),
        "{run}"
    );
    assert!(run.contains("poc.marts.fct_daily_orders 2026-03-01\n"), "{run}");
}

#[test]
fn options_that_do_not_fit() {
    let folder = project("");
    let dir = folder.path();
    let error = |args: &[&str]| {
        let out = rocky(dir, args).args(["-o", "table"]).output().unwrap();
        (
            out.status.code().unwrap(),
            String::from_utf8_lossy(&out.stderr).into_owned(),
        )
    };
    for args in [
        &["run", "--partition", "2026-04-07", "--missing"][..],
        &["run", "--latest", "--missing"],
        &["run", "--from", "2026-04-07"],
        &["run", "--to", "2026-04-07"],
        &["run", "--from", "2026-04-07", "--to", "2026-04-07", "--latest"],
        &["run", "--full-refresh", "--partition", "2026-04-07"],
        &["run", "--parallel", "0"],
    ] {
        assert_eq!(error(args).0, 2, "{args:?}");
    }
    let (code, text) = error(&["run", "--partition", "2026-04-07T10"]);
    assert_ne!(code, 0);
    assert!(
        text.contains("partition `2026-04-07T10` of `fct_daily_orders` is not the beginning of a day"),
        "{text}"
    );
    assert!(text.contains("`2026-04-07`"), "{text}");
    let (_, text) = error(&["plan", "--missing"]);
    assert!(
        text.contains("`fct_daily_orders` has no first_partition"),
        "{text}"
    );
    write(dir, "models/other.sql", "select 1 as x");
    let (code, text) = error(&["run", "--model", "other", "--lookback", "2"]);
    assert_ne!(code, 0);
    assert!(
        text.contains("no model of this run is a time_interval or microbatch model"),
        "{text}"
    );
}

/// kill -9 at several moments, then `--missing`: every day is there once, and what was done is not done again.
#[test]
fn a_killed_backfill_is_taken_up_again() {
    let days = 40i64;
    let today: Vec<String> = {
        let folder = project("");
        sql(
            folder.path(),
            &format!("select cast(current_date - {} as varchar)", days - 1),
        )
    };
    for (parallel, delay) in [("1", 200), ("3", 350), ("1", 500), ("4", 700)] {
        let folder = project(&format!("first_partition = \"{}\"", today[0]));
        let dir = folder.path();
        sql(
            dir,
            &format!(
                "insert into raw.orders select i, 1, date '{}' + i::int, i from range({days}) as r(i)",
                today[0]
            ),
        );
        let mut child = rocky(dir, &["run", "--missing", "--parallel", parallel])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        let (code, run) = json(dir, &["run", "--missing", "--parallel", parallel]);
        assert_eq!(code, 0, "{run:#}");
        assert_eq!(
            sql(
                dir,
                "select count(*), count(distinct order_date), sum(revenue) from marts.fct_daily_orders"
            ),
            [format!("{days}|{days}|{}.00", days * (days - 1) / 2)]
        );
        let (_, run) = json(dir, &["run", "--missing"]);
        assert_eq!(run["materializations"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn looking_back_ends_at_the_first_partition() {
    let folder = project("lookback = 5\nfirst_partition = \"2026-04-03\"");
    let dir = folder.path();
    for day in [
        "2026-04-01",
        "2026-04-02",
        "2026-04-03",
        "2026-04-04",
        "2026-04-05",
    ] {
        sql(dir, &format!("insert into raw.orders values (1, 1, '{day}', 10)"));
    }
    let keys = |run: &Value| -> Vec<String> {
        let of = run["materializations"].as_array().unwrap().iter();
        of.map(|m| m["partition"]["key"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, plan) = json(dir, &["plan", "--partition", "2026-04-05"]);
    let text = plan.to_string();
    assert!(
        text.contains("looking back ends at first_partition 2026-04-03"),
        "{plan:#}"
    );
    let (code, run) = json(dir, &["run", "--partition", "2026-04-05"]);
    assert_eq!(
        (code, keys(&run)),
        (
            0,
            vec!["2026-04-03".to_owned(), "2026-04-04".into(), "2026-04-05".into()]
        )
    );
    assert_eq!(
        sql(dir, "select order_date from marts.fct_daily_orders order by 1"),
        ["2026-04-03", "2026-04-04", "2026-04-05"]
    );
    // What is asked for by name is computed; nothing before it is.
    let (code, run) = json(dir, &["run", "--partition", "2026-04-02", "--lookback", "3"]);
    assert_eq!((code, keys(&run)), (0, vec!["2026-04-02".to_owned()]));
    let (_, plan) = json(dir, &["plan", "--partition", "2026-04-05", "--lookback", "2"]);
    assert!(!plan.to_string().contains("looking back ends"), "{plan:#}");
}
