//! Checks, quarantine, quality pipelines, declarative and unit tests, `ci`: through the command line on DuckDB files, and the examples of
//! `docs/checks.md`, `docs/execution.md` and `docs/testing.md` as they stand there.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str, files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", &format!("{CONFIG}{config}"));
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    fn remove(&self, path: &str) {
        std::fs::remove_file(self.0.path().join(path)).unwrap();
    }

    /// Exit code, stdout, stderr.
    fn rocky(&self, args: &[&str]) -> (i32, String, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .current_dir(self.0.path())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        let (code, out, err) = self.rocky(&[args, &["-o", "json"]].concat());
        let document = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}\n{out}{err}"));
        (code, document)
    }

    /// Run, and the checks by name (null_rate by column): status, and all else.
    fn checks(&self, args: &[&str]) -> (i32, Vec<(String, String, Value)>) {
        let (code, run) = self.json(&[&["run"], args].concat());
        let mut found = Vec::new();
        for check in run["check_results"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|r| r["checks"].as_array().unwrap())
        {
            let status = check["status"].as_str().unwrap().to_owned();
            found.push((check["name"].as_str().unwrap().to_owned(), status, check.clone()));
        }
        (code, found)
    }
}

fn status<'a>(checks: &'a [(String, String, Value)], name: &str) -> &'a str {
    let found = checks.iter().find(|c| c.0 == name);
    found.map_or_else(|| panic!("no check {name}: {checks:?}"), |c| &c.1)
}

fn of<'a>(checks: &'a [(String, String, Value)], name: &str) -> &'a Value {
    &checks.iter().find(|c| c.0 == name).unwrap().2
}

const PIPELINE_CHECKS: &str = r#"
[pipeline.p.checks]
row_count = true
column_match = true
freshness = { threshold_seconds = 86400, timestamp_column = "seen" }
null_rate = { columns = ["email", "id"], threshold = 0.4, sample_percent = 100 }
[[pipeline.p.checks.custom]]
name = "few"
sql = "SELECT SUM(amount) FROM {table};"
threshold = 100
[[pipeline.p.checks.assertions]]
table = "t"
type = "composite"
kind = "unique"
columns = ["id", "email"]
"#;

const TESTS: &str = r#"
[[tests]]
type = "not_null"
column = "id"
[[tests]]
type = "unique"
column = "id"
[[tests]]
type = "accepted_values"
column = "status"
values = ["it's", "ok"]
[[tests]]
type = "accepted_values"
name = "numbers"
column = "amount"
values = ["5", "6"]
[[tests]]
type = "relationships"
column = "id"
to_table = "parents"
to_column = "id"
[[tests]]
type = "expression"
expression = "amount < 10 -- small"
[[tests]]
type = "in_range"
column = "amount"
min = 1
max = "9.5"
[[tests]]
type = "regex_match"
column = "email"
pattern = "^[a-z]+@x$"
[[tests]]
type = "not_in_future"
column = "seen"
[[tests]]
type = "older_than_n_days"
column = "born"
days = 7
[[tests]]
type = "row_count_range"
min = 2
max = 2
[[tests]]
type = "aggregate"
column = "amount"
op = "max"
cmp = "<="
value = 9
[[tests]]
type = "unique_expr"
key_expr = "lower(email)"
"#;

const KINDS: [&str; 19] = [
    "row_count",
    "column_match",
    "freshness",
    "few",
    "composite_id_email",
    "not_null_id",
    "unique_id",
    "accepted_values_status",
    "numbers",
    "relationships_id",
    "expression",
    "in_range_amount",
    "regex_match_email",
    "not_in_future_seen",
    "older_than_n_days_born",
    "row_count_range",
    "aggregate_amount",
    "unique_expr",
    "null_rate",
];

#[test]
fn every_kind_holds_and_fails() {
    let good = "SELECT * FROM (VALUES (1, 'a@x', 'ok', 5, now()::TIMESTAMP, DATE '2020-01-01'), (2, 'b@x', 'it''s', 6, now()::TIMESTAMP, NULL)) AS v(id, email, status, amount, seen, born)";
    // Three rows; id twice, NULL and without a parent; the newest moment a year ahead.
    let bad = "SELECT * FROM (VALUES (7, 'A1', 'no', 500, now()::TIMESTAMP + INTERVAL 365 DAY, current_date), (7, 'a1', 'ok', 5, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL)) AS v(id, email, status, amount, seen, born)";
    let folder = Folder::new(
        PIPELINE_CHECKS,
        &[
            ("models/t.sql", good),
            ("models/t.toml", TESTS),
            // Not read by `t`: its test waits until this is written.
            (
                "models/parents.sql",
                "SELECT 1 AS id, 'p' AS email, 0 AS amount, now()::TIMESTAMP AS seen UNION ALL SELECT 2, 'q', 0, now()::TIMESTAMP",
            ),
            ("models/reader.sql", "SELECT id, email, amount, seen FROM t"),
        ],
    );
    let (code, checks) = folder.checks(&[]);
    assert_eq!(code, 0, "{checks:#?}");
    for name in KINDS {
        assert_eq!(status(&checks, name), "pass", "{name}");
    }
    folder.write("models/t.sql", bad);
    let (code, run) = folder.json(&["run"]);
    assert_eq!((code, run["status"].as_str()), (1, Some("PartialFailure")));
    assert_eq!(run["skipped"][0]["model"], "reader");
    assert_eq!(
        run["skipped"][0]["reason"],
        "upstream model `t` does not pass its checks"
    );
    let t = run["check_results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["asset_key"][2] == "t")
        .unwrap();
    let checks = t["checks"].as_array().unwrap();
    let failing: Vec<&str> = checks
        .iter()
        .filter(|c| c["passed"] == false)
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    for name in KINDS {
        // The columns are those of the query, and there are rows.
        let holds = ["row_count", "column_match"].contains(&name);
        assert_eq!(!failing.contains(&name), holds, "{name} in {failing:?}");
    }
    let check = |name: &str| checks.iter().find(|c| c["name"] == name).unwrap();
    assert_eq!(check("unique_id")["failing_rows"], 2, "7 twice, NULL twice");
    assert_eq!(check("not_null_id")["failing_rows"], 2);
    assert_eq!(check("accepted_values_status")["failing_rows"], 1, "NULL passes");
    assert_eq!(check("relationships_id")["failing_rows"], 2, "NULL passes");
    assert_eq!(check("expression")["failing_rows"], 1, "NULL passes");
    assert_eq!(check("few")["result_value"], 505);
    assert_eq!(check("few")["threshold"], 100);
    assert!(check("freshness")["lag_seconds"].as_i64().unwrap() < -86_400);
    assert!(
        check("freshness")["detail"]
            .as_str()
            .unwrap()
            .contains("in the future")
    );
    assert_eq!(check("unique_id")["sample"].as_array().unwrap().len(), 2);
    assert_eq!(
        run["checks_failed"].as_u64().unwrap() as usize,
        failing.len() + usize::from(check("null_rate")["passed"] == true)
    );
    let rates: Vec<(&str, f64)> = checks
        .iter()
        .filter(|c| c["name"] == "null_rate")
        .map(|c| (c["column"].as_str().unwrap(), c["null_rate"].as_f64().unwrap()))
        .collect();
    assert_eq!(rates, [("email", 0.5), ("id", 0.5)]);
}

#[test]
fn severity_and_fail_on_error_decide_about_the_run() {
    let tests = |severity: &str| {
        format!("[[tests]]\ntype = \"not_null\"\ncolumn = \"x\"\nseverity = \"{severity}\"\n")
    };
    let folder = Folder::new(
        "",
        &[
            ("models/a.sql", "SELECT NULL::INTEGER AS x"),
            ("models/b.sql", "SELECT x FROM a"),
            ("models/a.toml", &tests("warning")),
        ],
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, run["checks_failed"].as_u64(), run["checks_warned"].as_u64()),
        (0, Some(0), Some(1))
    );
    assert_eq!(
        (run["tables_copied"].as_u64(), run["status"].as_str()),
        (Some(2), Some("Success"))
    );
    folder.write("models/a.toml", &tests("error"));
    assert_eq!(folder.json(&["run"]).0, 1);
    folder.write(
        "rocky.toml",
        &format!("{CONFIG}[pipeline.p.checks]\nfail_on_error = false\n"),
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, run["tables_copied"].as_u64(), run["checks_warned"].as_u64()),
        (0, Some(2), Some(1))
    );
    folder.write(
        "rocky.toml",
        &format!("{CONFIG}[pipeline.p.checks]\nenabled = false\n"),
    );
    assert_eq!(folder.checks(&[]).1.len(), 0);
    // A query that cannot be evaluated does not hold.
    folder.write("rocky.toml", &format!("{CONFIG}[[pipeline.p.checks.custom]]\nname = \"c\"\nsql = \"SELECT nope FROM {{table}}\"\nthreshold = 1\n"));
    folder.remove("models/a.toml");
    let (code, checks) = folder.checks(&["--model", "a"]);
    assert_eq!((code, status(&checks, "c")), (1, "error"));
    assert!(of(&checks, "c")["detail"].as_str().unwrap().contains("nope"));
}

#[test]
fn a_resumed_run_does_again_what_did_not_pass() {
    let folder = Folder::new(
        "",
        &[
            ("models/a.sql", "SELECT CAST(@var(x, NULL) AS INTEGER) AS x"),
            (
                "models/a.toml",
                "[[tests]]\ntype = \"not_null\"\ncolumn = \"x\"\n",
            ),
            ("models/b.sql", "SELECT x FROM a"),
            ("models/c.sql", "SELECT 1 AS y"),
        ],
    );
    assert_eq!(folder.json(&["run"]).0, 1);
    let (_, history) = folder.json(&["history", "--model", "a"]);
    assert_eq!(history["executions"][0]["status"], "Failed", "{history}");
    let (code, run) = folder.json(&["run", "--resume-latest"]);
    let tried = |run: &Value| run["execution"]["tables_processed"].as_u64();
    assert_eq!((code, tried(&run)), (1, Some(1)), "c is done, b waits: {run}");
}

#[test]
fn age_is_told_honestly() {
    let age = |value: &str| {
        let folder = Folder::new(
            "[pipeline.p.checks]\nfreshness = { threshold_seconds = 5, overrides = { main = 172800 }, timestamp_column = \"d\" }\n",
            &[("models/a.sql", &format!("SELECT {value} AS d"))],
        );
        let (code, checks) = folder.checks(&[]);
        (code, of(&checks, "freshness").clone())
    };
    // A date of today is at most a day old; the override of the schema holds.
    assert_eq!(age("current_date").0, 0);
    assert_eq!(age("current_date + 1").0, 0, "tomorrow is somewhere");
    assert_eq!(age("current_date + 3").0, 1);
    assert_eq!(age("now()").0, 0);
    assert_eq!(
        age("strftime(now()::TIMESTAMP, '%Y-%m-%d %H:%M:%S')").0,
        0,
        "a text"
    );
    let (code, old) = age("DATE '2020-01-01'");
    assert_eq!((code, old["threshold_seconds"].as_u64()), (1, Some(172_800)));
    let (code, none) = age("NULL::TIMESTAMP");
    assert_eq!((code, none.get("lag_seconds")), (1, None));
    assert!(none["detail"].as_str().unwrap().contains("no value"), "{none}");
}

#[test]
fn an_anomaly_needs_three_earlier_runs() {
    let folder = Folder::new(
        "[pipeline.p.checks]\nrow_count = true\n",
        &[("models/a.sql", "SELECT * FROM range(@var(n, 100))")],
    );
    let anomalies = |n: &str| {
        let (code, run) = folder.json(&["run", "--var", &format!("n={n}")]);
        assert_eq!(code, 0);
        run.get("anomalies").map_or(0, |a| a.as_array().unwrap().len())
    };
    // Two runs are no baseline, and the run itself is none of it.
    assert_eq!([anomalies("100"), anomalies("100"), anomalies("1000")], [0, 0, 0]);
    let (_, run) = folder.json(&["run", "--var", "n=10"]);
    let found = &run["anomalies"][0];
    assert_eq!(
        (found["current_count"].as_u64(), found["baseline_avg"].as_f64()),
        (Some(10), Some(400.0))
    );
    assert_eq!(found["reason"], "row count dropped 97.5% (expected ~400, got 10)");
    // What was not counted is not remembered: a view in its place that cannot be read changes nothing.
    folder.write(
        "rocky.toml",
        &format!("{CONFIG}[pipeline.p.checks]\nrow_count = true\nanomaly_threshold_pct = 0\n"),
    );
    assert_eq!(anomalies("100000"), 0);
}

#[test]
fn names_that_are_hostile_stay_names() {
    let checks = r#"
[pipeline.p.checks]
row_count = true
column_match = true
null_rate = { columns = ["a\"b'c"], threshold = 0.5, sample_percent = 50 }
[[pipeline.p.checks.custom]]
name = "n"
sql = "SELECT COUNT(*) FROM {target}"
threshold = 1
[pipeline.p.checks.quarantine]
enabled = true
"#;
    let sidecar = r#"
name = "select \"x\"; drop"
[target]
schema = "gr\"ün"
[[tests]]
type = "not_null"
column = "a\"b'c"
[[tests]]
type = "unique"
column = "order"
[[tests]]
type = "accepted_values"
column = "a\"b'c"
values = ["it's"]
"#;
    let query = r#"SELECT 'it''s' AS "a""b'c", 1 AS "order""#;
    let folder = Folder::new(checks, &[("models/m.sql", query), ("models/m.toml", sidecar)]);
    let (code, checks) = folder.checks(&[]);
    assert_eq!(code, 0, "{checks:#?}");
    assert_eq!(checks.iter().filter(|c| c.1 != "pass").count(), 0, "{checks:#?}");
    assert_eq!(of(&checks, "null_rate")["column"], "a\"b'c");
    let (_, tests) = folder.json(&["test", "--declarative"]);
    assert_eq!(
        (tests["total"].as_u64(), tests["passed"].as_u64()),
        (Some(3), Some(3))
    );
    assert_eq!(tests["declarative"]["results"][0]["model"], "select \"x\"; drop");
}

fn count_is(folder: &Folder, table: &str, n: u64) -> bool {
    let config = format!(
        "{CONFIG}[pipeline.q]\ntype = \"quality\"\n[pipeline.q.target]\nadapter = \"default\"\n[[pipeline.q.tables]]\ncatalog = \"w\"\nschema = \"main\"\ntable = \"{table}\"\n[pipeline.q.checks]\nenabled = true\n[[pipeline.q.checks.assertions]]\ntable = \"{table}\"\ntype = \"row_count_range\"\nmin = {n}\nmax = {n}\n"
    );
    folder.write("count.toml", &config);
    let (code, run) = folder.json(&["-c", "count.toml", "run", "--pipeline", "q"]);
    assert!([0, 1].contains(&code), "{run}");
    code == 0
}

const ROWS: &str =
    "SELECT * FROM (VALUES (1, 5), (2, -1), (3, NULL), (NULL, 4)) AS v(id, amount) LIMIT @var(n, 4)";
const RULES: &str = "[[tests]]\ntype = \"in_range\"\ncolumn = \"amount\"\nmin = 0\n[[tests]]\ntype = \"not_null\"\ncolumn = \"id\"\n";

#[test]
fn failing_rows_are_set_aside() {
    for (mode, left, beside) in [("split", 4, Some((2, 2))), ("tag", 4, None), ("drop", 2, None)] {
        for strategy in ["full_refresh", "delete_insert"] {
            let sidecar = match strategy {
                "full_refresh" => RULES.to_owned(),
                _ => format!("strategy = {{ type = \"delete_insert\", partition_by = [\"id\"] }}\n{RULES}"),
            };
            let folder = Folder::new(
                &format!("[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"{mode}\"\n"),
                &[
                    ("models/t.sql", ROWS),
                    ("models/t.toml", &sidecar),
                    ("models/reader.sql", "SELECT id FROM t"),
                ],
            );
            for _ in 0..2 {
                let (code, run) = folder.json(&["run"]);
                assert_eq!(
                    (code, run["checks_failed"].as_u64()),
                    (0, Some(0)),
                    "{mode} {strategy}: {run}"
                );
                let set_aside = &run["quarantine"][0];
                assert_eq!(
                    (set_aside["mode"].as_str(), set_aside["quarantined_rows"].as_u64()),
                    (Some(mode), Some(2)),
                    "{strategy}"
                );
            }
            assert!(count_is(&folder, "t", left), "{mode} {strategy}");
            if let Some((bad, good)) = beside {
                assert!(count_is(&folder, "t__quarantine", bad) && count_is(&folder, "t__valid", good));
            }
        }
    }
}

#[test]
fn the_quarantine_and_the_write_are_one() {
    let folder = Folder::new(
        "",
        &[
            ("models/t.sql", ROWS),
            ("models/t__quarantine.sql", "SELECT 1 AS x"),
            ("models/t__quarantine.toml", "strategy = { type = \"view\" }\n"),
        ],
    );
    assert_eq!(folder.json(&["run", "--var", "n=1"]).0, 0);
    folder.remove("models/t__quarantine.sql");
    folder.remove("models/t__quarantine.toml");
    folder.write("models/t.toml", RULES);
    folder.write(
        "rocky.toml",
        &format!("{CONFIG}[pipeline.p.checks.quarantine]\nenabled = true\n"),
    );
    // A view is in the place of the quarantine.
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, run["errors"][0]["step"].as_str()),
        (1, Some("quarantine")),
        "{run}"
    );
    assert!(count_is(&folder, "t", 1), "the write was rolled back");
}

#[test]
fn quality_pipelines_check_what_is_there() {
    let quality = |tables: &str, checks: &str| {
        format!(
            "[pipeline.q]\ntype = \"quality\"\n[pipeline.q.target]\nadapter = \"default\"\n{tables}[pipeline.q.checks]\n{checks}"
        )
    };
    let named = "[[pipeline.q.tables]]\ncatalog = \"w\"\nschema = \"main\"\ntable = \"a\"\n";
    let whole = "[[pipeline.q.tables]]\ncatalog = \"w\"\nschema = \"main\"\n";
    let folder = Folder::new(
        &quality(
            named,
            "row_count = true\ncolumn_match = true\nfreshness = { threshold_seconds = 60, timestamp_column = \"at_\" }\nnull_rate = { columns = [\"x\"], threshold = 0 }\n[[pipeline.q.checks.custom]]\nname = \"c\"\nsql = \"SELECT MAX(x) FROM {target}\"\nthreshold = 1\n",
        ),
        &[
            ("models/a.sql", "SELECT 1 AS x, now() AS at_"),
            ("models/b.sql", "SELECT 1 AS x WHERE FALSE"),
        ],
    );
    let (code, missing) = folder.json(&["run", "--pipeline", "q"]);
    assert_eq!((code, missing["error"]["code"].as_str()), (1, Some("not_found")));
    assert_eq!(folder.json(&["run", "--pipeline", "p"]).0, 0);
    let (code, checks) = folder.checks(&["--pipeline", "q"]);
    assert_eq!(code, 0, "{checks:#?}");
    let names: Vec<&str> = checks.iter().map(|c| c.0.as_str()).collect();
    assert_eq!(
        names,
        ["row_count", "column_match", "freshness", "c", "null_rate"]
    );
    let (_, run) = folder.json(&["run", "--pipeline", "q"]);
    assert_eq!(
        (run["pipeline_type"].as_str(), run["tables_copied"].as_u64()),
        (Some("quality"), Some(0))
    );
    assert_eq!(run["materializations"].as_array().unwrap().len(), 0);
    // All tables of the schema; the empty one fails.
    folder.write(
        "rocky.toml",
        &format!("{CONFIG}{}", quality(whole, "row_count = true\n")),
    );
    let (code, checks) = folder.checks(&["--pipeline", "q"]);
    assert_eq!((code, checks.len()), (1, 2));
    folder.write(
        "rocky.toml",
        &format!(
            "{CONFIG}{}",
            quality(whole, "row_count = { enabled = true, severity = \"warning\" }\n")
        ),
    );
    assert_eq!(folder.json(&["run", "--pipeline", "q"]).0, 0);
    // A table that is not there, and mistakes of the configuration.
    folder.write(
        "rocky.toml",
        &format!(
            "{CONFIG}{}",
            quality(&named.replace("\"a\"", "\"zz\""), "row_count = true\n")
        ),
    );
    let (code, checks) = folder.checks(&["--pipeline", "q"]);
    assert_eq!((code, status(&checks, "row_count")), (1, "error"));
    folder.write(
        "rocky.toml",
        &format!(
            "{CONFIG}{}",
            quality(named, "freshness = { threshold_seconds = 1 }\n")
        ),
    );
    let (code, refused) = folder.json(&["run", "--pipeline", "q"]);
    assert_eq!(
        (code, refused["diagnostics"][0]["code"].as_str()),
        (1, Some("E405"))
    );
    assert_eq!(refused["diagnostics"][0]["span"]["file"], "rocky.toml");
    folder.write(
        "rocky.toml",
        &format!(
            "{CONFIG}{}",
            quality(&whole.replace("main", "nowhere"), "row_count = true\n")
        ),
    );
    assert_eq!(
        folder.json(&["run", "--pipeline", "q"]).1["diagnostics"][0]["code"],
        "E416"
    );
}

#[test]
fn declarative_tests_are_evaluated_where_the_tables_are() {
    let folder = Folder::new(
        "",
        &[
            ("models/a.sql", "SELECT NULL::INTEGER AS x, 1 AS y"),
            ("models/sub/b.rocky", "from a\nselect { y }\n"),
            (
                "models/sub/b.toml",
                "[[tests]]\ntype = \"unique\"\ncolumn = \"y\"\n",
            ),
        ],
    );
    assert_eq!(folder.json(&["run"]).0, 0);
    folder.write("models/a.toml", "[[tests]]\ntype = \"not_null\"\ncolumn = \"x\"\n[[tests]]\ntype = \"not_null\"\ncolumn = \"x\"\nseverity = \"warning\"\n[[tests]]\ntype = \"relationships\"\ncolumn = \"y\"\nto_table = \"nowhere\"\nto_column = \"y\"\n");
    let (code, tests) = folder.json(&["test", "--declarative"]);
    let d = &tests["declarative"];
    let number = |key: &str| d[key].as_u64().unwrap();
    assert_eq!(code, 1);
    assert_eq!(
        [
            number("total"),
            number("passed"),
            number("failed"),
            number("warned"),
            number("errored")
        ],
        [4, 1, 1, 1, 1]
    );
    assert_eq!(
        d["results"][0]["sql"],
        "SELECT COUNT(*) AS n\nFROM main.a\nWHERE x IS NULL"
    );
    assert_eq!(d["results"][1]["name"], "not_null_x_2");
    let (code, one) = folder.json(&["test", "--declarative", "--model", "b"]);
    assert_eq!((code, one["declarative"]["total"].as_u64()), (0, Some(1)));
}

const SNOWFLAKE: &str = "[adapter]\ntype = \"snowflake\"\naccount = \"a\"\nusername = \"u\"\npassword = \"p\"\nwarehouse = \"w\"\ndatabase = \"SHOP\"\nschema = \"PUBLIC\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n[[sources]]\nschema = \"RAW\"\ntable = \"ORDERS\"\ncolumns = [{name = \"ID\", type = \"NUMBER(38,0)\"}, {name = \"AMOUNT\", type = \"NUMBER(10,2)\"}]\n";

#[test]
fn models_of_other_warehouses_are_tested_where_duckdb_means_the_same() {
    let unit = "[[test]]\nname = \"t\"\n[[test.given]]\nref = \"raw.orders\"\nrows = [{id = 1, amount = 2.5}, {id = 2}]\n[test.expect]\nordered = true\nrows = [{id = 2}, {id = 1, amount = 2.5}]\n";
    let folder = Folder::new(
        "",
        &[
            (
                "models/o.sql",
                "SELECT id, amount FROM raw.orders ORDER BY amount DESC",
            ),
            ("models/o.toml", unit),
        ],
    );
    folder.write("rocky.toml", SNOWFLAKE);
    // NULL is the largest there.
    let (code, tests) = folder.json(&["test"]);
    assert_eq!(
        (code, tests["unit_tests"]["passed"].as_u64()),
        (0, Some(1)),
        "{tests}"
    );
    assert_eq!(folder.json(&["ci"]).0, 0);
    folder.write("models/o.sql", "SELECT id, amount / 3 AS amount FROM raw.orders");
    let (code, tests) = folder.json(&["test"]);
    let result = &tests["unit_tests"]["results"][0];
    assert_eq!((code, result["status"].as_str()), (0, Some("refused")));
    assert_eq!(
        result["detail"],
        "DuckDB cannot stand in for snowflake: division, whose type and rounding differ (models/o.sql:1:19)"
    );
    let (code, ci) = folder.json(&["ci"]);
    assert_eq!(
        (code, ci["exit_code"].as_i64(), ci["tests_ok"].as_bool()),
        (4, Some(4), Some(true))
    );
    folder.remove("models/o.toml");
    assert_eq!(folder.json(&["test"]).1["error"]["code"], "unsupported");
}

#[test]
fn ci_has_one_verdict() {
    let folder = Folder::new("", &[("models/a.sql", "SELECT 1 AS x")]);
    assert_eq!(folder.json(&["ci"]).0, 0);
    folder.write("models/a.contract.toml", "[[columns]]\nname = \"missing\"\n");
    let (code, ci) = folder.json(&["ci"]);
    assert_eq!(
        (code, ci["warnings"].as_u64(), ci["compile_ok"].as_bool()),
        (4, Some(1), Some(true))
    );
    folder.write("models/b.sql", "SELECT nope FROM a");
    let (code, ci) = folder.json(&["ci"]);
    assert_eq!(
        (code, ci["compile_ok"].as_bool(), ci["exit_code"].as_i64()),
        (1, Some(false), Some(1))
    );
}

#[test]
fn unit_tests_say_what_is_wrong_with_them() {
    let test =
        |given: &str, expect: &str| format!("[[test]]\nname = \"t\"\n{given}\n[test.expect]\n{expect}\n");
    let given = |text: &str| format!("[[test.given]]\nref = \"raw.o\"\n{text}");
    let folder = Folder::new(
        "[[sources]]\nschema = \"raw\"\ntable = \"o\"\ncolumns = [{name = \"id\", type = \"INTEGER\"}, {name = \"l\", type = \"INTEGER[]\"}, {name = \"s\", type = \"STRUCT(a INTEGER, b VARCHAR)\"}, {name = \"f\", type = \"DOUBLE\"}]\n",
        &[
            ("models/m.sql", "SELECT * FROM raw.o"),
            ("data.csv", "id,f\n1,0.30000000000000004\n"),
        ],
    );
    let detail = |sidecar: String| {
        folder.write("models/m.toml", &sidecar);
        let (_, tests) = folder.json(&["test", "--test", "t"]);
        let result = tests["unit_tests"]["results"][0].clone();
        (
            result["status"].as_str().unwrap_or_default().to_owned(),
            result["detail"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let passes = |sidecar: String| assert_eq!(detail(sidecar), ("pass".to_owned(), String::new()));
    passes(test(
        &given("rows = [{id = 1, l = [1, 2], s = {a = 1, b = \"x\"}, f = 0.1}]"),
        "rows = [{l = [1, 2], s = {a = 1, b = \"x\"}, f = 0.1}]",
    ));
    passes(test(&given("file = \"data.csv\""), "rows = [{id = 1, f = 0.3}]"));
    passes(test(
        &given("rows = [{id = 1}, {id = 2}]"),
        "columns = [\"id\"]\nrows = [{id = 2}, {id = 1}]",
    ));
    assert_eq!(
        detail(test(&given("rows = [{id = 1}]"), "rows = [{idd = 1}]")),
        (
            "error".to_owned(),
            "the model gives no column `idd`; it gives id, l, s, f".to_owned()
        )
    );
    assert_eq!(
        detail(test(&given("file = \"none.csv\""), "rows = []")).0,
        "error"
    );
    assert!(
        detail(test(&given("rows = [{id = 1}, {id = 99999999999}]"), "rows = []"))
            .1
            .starts_with("row 2 of `w.raw.o`, column `id`:")
    );
    let (status, why) = detail(test(&given("rows = [{id = 1}]"), "rows = [{id = 1}, {id = 1}]"));
    assert_eq!(
        (status.as_str(), why.as_str()),
        ("fail", "1 row differs: 1 missing")
    );
    folder.write(
        "models/m.toml",
        "[[test]]\nname = \"t\"\n[test.expect]\nrows = []\ncsv = \"x\"\n",
    );
    assert_eq!(folder.json(&["compile"]).1["diagnostics"][0]["code"], "E417");
    folder.write("models/m.toml", "");
    let (code, none) = folder.json(&["test", "--test", "t"]);
    assert_eq!((code, none["error"]["code"].as_str()), (2, Some("usage")));
}

/// `freshness` of a model: its own, its folder's, its pipeline's, the project's, in this order.
#[test]
fn the_age_of_rows_is_checked_as_the_model_says() {
    let rows = |age: &str| format!("SELECT 1 AS id, now()::TIMESTAMP - INTERVAL {age} AS at, 2 AS n");
    let check = |folder: &Folder, args: &[&str]| -> (i32, Vec<Value>) {
        let (code, found) = folder.checks(args);
        let freshness = found.into_iter().filter(|c| c.0 == "freshness");
        (code, freshness.map(|c| c.2).collect())
    };
    let folder = Folder::new(
        "[pipeline.p.checks]\nrow_count = true\n",
        &[
            ("models/m.sql", &rows("'1 hour'")),
            (
                "models/m.toml",
                "[freshness]\nmax_lag_seconds = 60\ntime_column = \"at\"\n",
            ),
            ("models/reader.sql", "SELECT id FROM m"),
        ],
    );
    let (code, found) = check(&folder, &[]);
    assert_eq!(code, 1);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (
            &found[0]["status"],
            &found[0]["severity"],
            &found[0]["threshold_seconds"],
            &found[0]["column"]
        ),
        (&"fail".into(), &"error".into(), &60.into(), &"at".into())
    );
    let lag = found[0]["lag_seconds"].as_i64().unwrap();
    assert!((3_600..7_200).contains(&lag), "{lag}");
    let (_, run) = folder.json(&["run"]);
    assert_eq!(run["skipped"][0]["model"], "reader", "nobody builds on old rows");
    let (_, plan) = folder.json(&["plan"]);
    let shown = plan["statements"].as_array().unwrap().iter();
    assert!(
        shown
            .clone()
            .any(|s| s["purpose"] == "check_freshness" && s["sql"].as_str().unwrap().contains("epoch(MAX("))
    );
    let (_, metrics) = folder.json(&["metrics", "m"]);
    assert!(
        metrics["snapshots"][0]["freshness_lag_seconds"].as_u64().unwrap() >= 3_600,
        "{metrics:#}"
    );
    let (_, compiled) = folder.json(&["compile"]);
    assert_eq!(
        compiled["models_detail"][0]["freshness"],
        serde_json::json!({ "max_lag_seconds": 60, "time_column": "at", "severity": "error" })
    );
    // A warning, and the other spelling.
    folder.write(
        "models/m.toml",
        "[freshness]\nexpected_lag_seconds = 60\ntime_column = \"at\"\nseverity = \"warning\"\n",
    );
    let (code, found) = check(&folder, &[]);
    assert_eq!((code, &found[0]["status"]), (0, &"fail".into()));
    folder.write(
        "models/m.toml",
        "[freshness]\nmax_lag_seconds = 86400\ntime_column = \"at\"\n",
    );
    let (code, found) = check(&folder, &[]);
    assert_eq!((code, &found[0]["status"]), (0, &"pass".into()));

    // Of a folder and of the project: for those models that have such a column.
    folder.remove("models/m.toml");
    let project = "[freshness]\nexpected_lag_seconds = 60\ntime_column = \"at\"\n";
    folder.write("rocky.toml", &format!("{CONFIG}{project}"));
    let (code, found) = check(&folder, &[]);
    assert_eq!(
        (code, found.len(), &found[0]["threshold_seconds"]),
        (1, 1, &60.into())
    );
    let pipeline =
        "[pipeline.p.checks]\nfreshness = { threshold_seconds = 7000, timestamp_column = \"at\" }\n";
    folder.write("rocky.toml", &format!("{CONFIG}{pipeline}{project}"));
    let (code, found) = check(&folder, &[]);
    assert_eq!(
        (code, found.len(), &found[0]["threshold_seconds"]),
        (0, 1, &7000.into())
    );
    folder.write(
        "models/_defaults.toml",
        "[freshness]\nmax_lag_seconds = 90\ntime_column = \"at\"\n",
    );
    let (code, found) = check(&folder, &[]);
    assert_eq!(
        (code, found.len(), &found[0]["threshold_seconds"]),
        (1, 1, &90.into())
    );
    // The strategy's column, where none is named; a pipeline whose checks only report.
    folder.write(
        "models/m.toml",
        "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"at\"\n[freshness]\nmax_lag_seconds = 80\n",
    );
    let reports = "[pipeline.p.checks]\nfail_on_error = false\n";
    folder.write("rocky.toml", &format!("{CONFIG}{reports}"));
    let (code, found) = check(&folder, &["--full-refresh"]);
    assert_eq!(
        (code, &found[0]["status"], &found[0]["threshold_seconds"]),
        (0, &"fail".into(), &80.into())
    );
    folder.write(
        "rocky.toml",
        &format!("{CONFIG}[pipeline.p.checks]\nenabled = false\n"),
    );
    assert_eq!(folder.json(&["run"]).1["check_results"], serde_json::json!([]));
}

#[test]
fn a_freshness_that_cannot_be_checked_is_said() {
    let folder = Folder::new(
        "",
        &[("models/m.sql", "SELECT 1 AS id, DATE '2026-01-01' AS day")],
    );
    for (sidecar, code, said) in [
        (
            "[freshness]\nmax_lag_seconds = 60\n",
            "E405",
            "`freshness` does not say which column tells the age of a row",
        ),
        (
            "[freshness]\nmax_lag_seconds = 60\ntime_column = \"dya\"\n",
            "E301",
            "time_column `dya` is not a column of `m`; did you mean `day`?",
        ),
        (
            "[freshness]\ntime_column = \"day\"\n",
            "E405",
            "`freshness` does not say how old rows may be: `max_lag_seconds` is missing",
        ),
        (
            "[freshness]\nmax_lag_seconds = 60\nexpected_lag_seconds = 60\n",
            "E404",
            "`expected_lag_seconds` is another spelling of `max_lag_seconds`, which stands here too",
        ),
        (
            "strategy = \"ephemeral\"\n[freshness]\nmax_lag_seconds = 60\ntime_column = \"day\"\n",
            "E417",
            "an ephemeral model has no table whose `freshness` could be checked",
        ),
    ] {
        folder.write("models/m.toml", sidecar);
        let (exit, run) = folder.json(&["run"]);
        let all = run["diagnostics"].as_array().unwrap().iter();
        let errors: Vec<(&str, &str)> = all
            .filter(|d| d["severity"] == "Error")
            .map(|d| (d["code"].as_str().unwrap(), d["message"].as_str().unwrap()))
            .collect();
        assert_eq!((exit, errors), (1, vec![(code, said)]), "{sidecar}");
    }
}

/// A column of another type has an age for nobody, whatever an engine makes of it.
#[test]
fn a_column_that_tells_no_moment_has_no_age() {
    let model = "SELECT 1 AS id, TIME '10:00:00' AS at, 7 AS n, DATE '2026-01-01' AS day";
    let folder = Folder::new("", &[("models/m.sql", model)]);
    let errors = |folder: &Folder| -> (i32, Vec<String>) {
        let (exit, run) = folder.json(&["run"]);
        let all = run["diagnostics"].as_array().unwrap().iter();
        let errors = all.filter(|d| d["severity"] == "Error");
        (
            exit,
            errors
                .map(|d| {
                    format!(
                        "{} {}",
                        d["code"].as_str().unwrap(),
                        d["message"].as_str().unwrap()
                    )
                })
                .collect(),
        )
    };
    for (column, ty) in [("at", "TIME"), ("n", "INTEGER")] {
        let own = format!("[freshness]\nmax_lag_seconds = 60\ntime_column = \"{column}\"\n");
        folder.write("models/m.toml", &own);
        let said =
            format!("E417 time_column `{column}` of `m` is {ty}, which does not tell the age of a row");
        assert_eq!(errors(&folder), (1, vec![said]));
    }
    // What is said of many tables is not meant for one without such a column.
    folder.write("models/m.toml", "");
    folder.write(
        "rocky.toml",
        &format!("{CONFIG}[pipeline.p.checks]\nfreshness = {{ threshold_seconds = 5, timestamp_column = \"at\" }}\n"),
    );
    let (code, checks) = folder.checks(&[]);
    assert!(
        code == 0 && checks.iter().all(|c| c.0 != "freshness"),
        "{checks:?}"
    );
}

/// The age of the newest row is remembered, whether or not anything else is measured; a row of `infinity` is not the newest.
#[test]
fn an_age_is_measured_without_a_count_of_rows() {
    let folder = Folder::new(
        "",
        &[
            (
                "models/m.sql",
                "SELECT now()::TIMESTAMP - INTERVAL 2 HOURS AS at UNION ALL SELECT TIMESTAMP 'infinity' UNION ALL SELECT NULL",
            ),
            (
                "models/m.toml",
                "[freshness]\nmax_lag_seconds = 86400\ntime_column = \"at\"\n",
            ),
        ],
    );
    let (code, checks) = folder.checks(&[]);
    assert_eq!(code, 0, "{checks:?}");
    let (_, metrics) = folder.json(&["metrics", "m"]);
    let snapshot = &metrics["snapshots"][0];
    assert_eq!(snapshot["row_count"], 3, "{metrics}");
    let lag = snapshot["freshness_lag_seconds"].as_u64().unwrap();
    assert!((7200..7200 + 3600).contains(&lag), "{metrics}");
}

#[test]
fn tagged_rows_are_counted_however_many_windows_are_computed_at_a_time() {
    let folder = Folder::new(
        "[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"tag\"\n",
        &[
            (
                "models/t.sql",
                "SELECT d, n FROM raw_rows WHERE d >= @start_date AND d < @end_date",
            ),
            (
                "models/t.toml",
                "[strategy]\ntype = \"time_interval\"\ntime_column = \"d\"\ngranularity = \"day\"\n\
                 [[tests]]\ntype = \"in_range\"\ncolumn = \"n\"\nmax = 1\n",
            ),
            (
                "models/raw_rows.sql",
                "SELECT DATE '2026-04-01' + i AS d, i AS n FROM (VALUES (0), (1), (2), (3)) AS v(i)",
            ),
        ],
    );
    let range = [
        "run",
        "--from",
        "2026-04-01",
        "--to",
        "2026-04-04",
        "--parallel",
        "3",
    ];
    for _ in 0..2 {
        let (code, run) = folder.json(&range);
        assert_eq!(code, 0, "{run:#}");
        assert_eq!(run["quarantine"][0]["quarantined_rows"], 2, "{run:#}");
    }
}

/// The examples of a document: a fenced block with a path is a file, the lines after `$ rocky …` must be printed in this order, `…` standing
/// for anything.
fn examples(document: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(document);
    let text = std::fs::read_to_string(path).unwrap();
    let folder = Folder(tempfile::tempdir().unwrap());
    let mut commands = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|i| !i.is_empty()) else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|l| !l.starts_with("```")).collect();
        if let Some((_, file)) = info.split_once(' ') {
            folder.write(file, &(block.join("\n") + "\n"));
        } else if info == "console" {
            let mut output = String::new();
            for line in block {
                let Some(command) = line.strip_prefix("$ rocky ") else {
                    let mut rest = output.as_str();
                    for part in line.split('…').map(str::trim).filter(|p| !p.is_empty()) {
                        let at = rest.find(part).unwrap_or_else(|| {
                            panic!("{document}: `{part}` is not in\n{rest}\nof\n{output}")
                        });
                        rest = &rest[at + part.len()..];
                    }
                    output = rest.to_owned();
                    continue;
                };
                let (command, code) = match command.split_once(" # exit code ") {
                    Some((command, code)) => (command, code.parse().unwrap()),
                    None => (command, 0),
                };
                let args: Vec<&str> = command.split(' ').chain(["-o", "table"]).collect();
                let (found, out, err) = folder.rocky(&args);
                assert_eq!(found, code, "{document}: {command}\n{out}{err}");
                output = out;
                commands += 1;
            }
        }
    }
    assert!(commands > 0, "{document} has no commands");
}

#[test]
fn the_examples_about_checks_do_what_they_say() {
    examples("checks.md");
}

#[test]
fn the_examples_about_execution_do_what_they_say() {
    examples("execution.md");
}

#[test]
fn the_examples_about_runs_do_what_they_say() {
    examples("runs.md");
}

#[test]
fn the_examples_about_tests_do_what_they_say() {
    examples("testing.md");
}

#[test]
fn what_reads_the_tag_knows_it() {
    let folder = Folder::new(
        "[pipeline.p.checks]\ncolumn_match = true\n[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"tag\"\n",
        &[
            ("models/t.sql", ROWS),
            ("models/t.toml", RULES),
            (
                "models/t.contract.toml",
                "[[columns]]\nname = \"id\"\ntype = \"Int32\"\n",
            ),
            (
                "models/bad.sql",
                "SELECT id, _rocky_failed_tests AS why FROM t WHERE _rocky_failed_tests IS NOT NULL",
            ),
            ("models/star.sql", "SELECT * FROM t"),
            (
                "models/after.sql",
                "SELECT id, _rocky_failed_tests FROM star WHERE _rocky_failed_tests LIKE '%in_range%'",
            ),
            // Its tests are no tests of rows: nothing is added.
            ("models/plain.sql", "SELECT id FROM t"),
            (
                "models/plain.toml",
                "[[tests]]\ntype = \"unique\"\ncolumn = \"id\"\n",
            ),
        ],
    );
    let (code, compiled) = folder.json(&["compile"]);
    assert_eq!(code, 0, "{compiled:#}");
    let columns = |model: &str| -> Vec<String> {
        let models = compiled["models_detail"].as_array().unwrap();
        let found = models.iter().find(|m| m["name"] == model).unwrap();
        let columns = found["columns"].as_array().unwrap().iter();
        columns
            .map(|c| format!("{} {}", c["name"].as_str().unwrap(), c["type"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(
        columns("t"),
        ["id INTEGER", "amount INTEGER", "_rocky_failed_tests VARCHAR"]
    );
    assert_eq!(columns("star"), columns("t"));
    assert_eq!(columns("plain"), ["id INTEGER"]);
    for _ in 0..2 {
        let (code, run) = folder.json(&["run"]);
        assert_eq!((code, run["checks_failed"].as_u64()), (0, Some(0)), "{run:#}");
        assert!(count_is(&folder, "bad", 2) && count_is(&folder, "star", 4) && count_is(&folder, "after", 1));
    }
    // Nothing is behind it, and what it says follows from the rows.
    let (code, lineage, errors) = folder.rocky(&["lineage", "bad.why", "-o", "json"]);
    assert_eq!(code, 0, "{lineage}{errors}");
    assert!(
        lineage.contains("_rocky_failed_tests") && !lineage.contains("no such column"),
        "{lineage}"
    );
    // Without the tests there is no such column any more.
    folder.write("models/t.toml", "");
    let (code, compiled) = folder.json(&["compile"]);
    let found = compiled["diagnostics"].to_string();
    assert!(code == 1 && found.contains("_rocky_failed_tests"), "{compiled:#}");
}

#[test]
fn what_tag_left_behind_is_no_column_of_split() {
    let with =
        |mode: &str| format!("{CONFIG}[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"{mode}\"\n");
    let sidecar = format!("strategy = {{ type = \"delete_insert\", partition_by = [\"id\"] }}\n{RULES}");
    let folder = Folder::new("", &[("models/t.sql", ROWS), ("models/t.toml", &sidecar)]);
    let look = "SELECT table_name, column_name FROM duckdb_columns() WHERE starts_with(column_name, '_rocky_failed_tests')";
    for mode in ["tag", "split"] {
        folder.write("rocky.toml", &with(mode));
        let (code, run) = folder.json(&["run"]);
        assert_eq!(
            (code, &run["quarantine"][0]["quarantined_rows"]),
            (0, &2.into()),
            "{run:#}"
        );
    }
    folder.write("models/look.sql", look);
    assert_eq!(folder.json(&["run"]).0, 0);
    // That of the table itself stays, and the quarantine has one of its own.
    assert!(count_is(&folder, "look", 2));
}

#[test]
fn a_column_is_added_once_however_many_windows_there_are() {
    let adding = CONFIG.replace(
        "type = \"transformation\"",
        "type = \"transformation\"\non_added_columns = \"add\"",
    );
    let folder = Folder::new(
        "",
        &[
            (
                "models/t.sql",
                "SELECT d, n FROM raw_rows WHERE d >= @start_date AND d < @end_date",
            ),
            (
                "models/t.toml",
                "[strategy]\ntype = \"time_interval\"\ntime_column = \"d\"\ngranularity = \"day\"\n",
            ),
            (
                "models/raw_rows.sql",
                "SELECT DATE '2026-04-01' + i AS d, i AS n FROM (VALUES (0), (1), (2)) AS v(i)",
            ),
        ],
    );
    folder.write("rocky.toml", &adding);
    let range = ["run", "--from", "2026-04-01", "--to", "2026-04-03"];
    let (code, run) = folder.json(&range);
    assert_eq!(code, 0, "{run:#}");
    let more = "SELECT d, n, n + 1 AS more FROM raw_rows WHERE d >= @start_date AND d < @end_date";
    folder.write("models/t.sql", more);
    let (code, run) = folder.json(&range);
    assert_eq!(code, 0, "{run:#}");
    assert!(count_is(&folder, "t", 3), "{run:#}");
    // So with the tag.
    folder.write(
        "rocky.toml",
        &format!("{adding}[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"tag\"\n"),
    );
    let rules = "[[tests]]\ntype = \"in_range\"\ncolumn = \"n\"\nmax = 1\n";
    folder.write(
        "models/t.toml",
        &format!("[strategy]\ntype = \"time_interval\"\ntime_column = \"d\"\ngranularity = \"day\"\n{rules}"),
    );
    folder.write(
        "models/bad.sql",
        "SELECT d, _rocky_failed_tests AS why FROM t WHERE _rocky_failed_tests IS NOT NULL",
    );
    let (code, run) = folder.json(&range);
    assert_eq!(code, 0, "{run:#}");
    assert!(count_is(&folder, "bad", 1), "{run:#}");
}
