//! `rocky lineage` as a script or a person uses it: targets, directions, depths, formats, doubts.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const CONFIG: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
[[sources]]
schema = "raw"
table = "orders"
columns = [{ name = "id", type = "BIGINT" }, { name = "amount", type = "DOUBLE" }, { name = "status", type = "VARCHAR" }, { name = "place", type = "STRUCT(city VARCHAR, zip INTEGER)" }]
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn shop() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", CONFIG);
        folder.write(
            "models/stg.sql",
            "SELECT id, amount, status, place FROM raw.orders WHERE status <> 'void'",
        );
        folder.write(
            "models/daily.sql",
            "SELECT status, sum(amount) AS total, count(*) AS n FROM stg GROUP BY status",
        );
        folder.write(
            "models/mart.sql",
            "SELECT d.status, d.total / 2 AS half, s.id, s.place FROM daily AS d JOIN stg AS s ON s.status = d.status",
        );
        folder.write("models/report.sql", "SELECT half FROM mart ORDER BY half LIMIT 3");
        folder.write("models/star.sql", "SELECT *, guess AS g FROM raw.elsewhere");
        folder.write(
            "models/file.sql",
            "SELECT x FROM 'data/in.csv' JOIN 's3://bucket/some/key.parquet' AS p ON true",
        );
        folder
    }
    fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    fn rocky(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_rocky"))
            .arg("lineage")
            .args(args)
            .args(["--refresh-sources", "never"])
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
    /// Have OpenLineage's own client read events.
    fn client_reads(&self, events: &str) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("../.cache/venv-openlineage/bin/python");
        assert!(
            python.exists(),
            "{} is missing: run `make setup-openlineage`",
            python.display()
        );
        let file = self.0.path().join("events.ndjson");
        std::fs::write(&file, events).unwrap();
        let out = Command::new(python)
            .arg(root.join("tests/openlineage/check.py"))
            .arg(file)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
    }
    fn text(&self, args: &[&str]) -> String {
        let out = self.rocky(args);
        assert!(
            out.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap()
    }
    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.rocky(args).stdout).unwrap_or_else(|e| panic!("{args:?}: {e}"))
    }
}

fn pairs(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|e| {
        let end = |key: &str| {
            format!(
                "{}.{}",
                e[key]["model"].as_str().unwrap(),
                e[key]["column"].as_str().unwrap()
            )
        };
        format!("{} -> {}", end("source"), end("target"))
    })
    .collect()
}

#[test]
fn a_column_is_followed_up_down_and_both_ways() {
    let shop = Folder::shop();
    let up = shop.json(&["mart.half"]);
    assert_eq!(
        pairs(&up["trace"]),
        [
            "daily.total -> mart.half",
            "stg.amount -> daily.total",
            "w.raw.orders.amount -> stg.amount"
        ]
    );
    assert_eq!(
        (up["direction"].as_str(), up["proved"].as_bool()),
        (Some("upstream"), Some(true))
    );
    assert_eq!(shop.json(&["mart", "--column", "HALF"]), up);
    let down = shop.json(&["stg.amount", "--downstream"]);
    assert_eq!(
        pairs(&down["trace"]),
        [
            "stg.amount -> daily.total",
            "daily.total -> mart.half",
            "mart.half -> report.half"
        ]
    );
    let both = shop.json(&["daily.total", "--upstream", "--downstream"]);
    assert_eq!(both["direction"], "both");
    assert_eq!(both["trace"].as_array().unwrap().len(), 4);
    // Of a source too, by its full name or as queries write it.
    let short = shop.json(&["raw.orders.status", "--downstream"]);
    assert_eq!(short["model"], "w.raw.orders");
    let source = shop.json(&["w.raw.orders.status", "--downstream"]);
    assert_eq!(source["model"], "w.raw.orders");
    let last = pairs(&source["trace"]);
    assert!(
        last.contains(&"daily.status -> mart.status".to_owned()),
        "{last:?}"
    );
    // Where it decides about rows: of the column itself, and with `--influences` of all that come of it.
    let kinds = |document: &Value| -> Vec<String> {
        let list = document["influences"].as_array().unwrap().iter();
        list.map(|i| {
            format!(
                "{}.{} {} {}",
                i["source"]["model"].as_str().unwrap(),
                i["source"]["column"].as_str().unwrap(),
                i["kind"].as_str().unwrap(),
                i["model"].as_str().unwrap()
            )
        })
        .collect()
    };
    assert_eq!(kinds(&source), ["w.raw.orders.status filter stg"]);
    let all = kinds(&shop.json(&["w.raw.orders.status", "--downstream", "--influences"]));
    for expected in [
        "stg.status group daily",
        "stg.status join mart",
        "daily.status join mart",
    ] {
        assert!(all.iter().any(|i| i == expected), "{expected} in {all:?}");
    }
}

#[test]
fn depth_ends_a_trace_and_widens_a_model() {
    let shop = Folder::shop();
    let one = shop.json(&["mart.half", "--depth", "1"]);
    assert_eq!(pairs(&one["trace"]), ["daily.total -> mart.half"]);
    assert_eq!(one["truncated"], true);
    assert!(shop.json(&["mart.half", "--depth", "9"])["truncated"].is_null());
    let near = shop.json(&["mart"]);
    assert_eq!(near["upstream"], serde_json::json!(["daily", "stg"]));
    assert_eq!(near["downstream"], serde_json::json!(["report"]));
    let far = shop.json(&["stg", "--depth", "3"]);
    assert_eq!(far["downstream"], serde_json::json!(["daily", "mart", "report"]));
    assert!(pairs(&far["edges"]).contains(&"mart.half -> report.half".to_owned()));
    let down = shop.json(&["stg", "--downstream"]);
    assert_eq!(down["upstream"], serde_json::json!([]));
}

#[test]
fn the_whole_project_is_one_document() {
    let shop = Folder::shop();
    let all = shop.json(&[]);
    let names: Vec<&str> = all["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["model"].as_str().unwrap())
        .collect();
    assert_eq!(
        names[..6],
        ["daily", "file", "mart", "report", "star", "stg"],
        "{names:?}"
    );
    assert!(names.contains(&"w.raw.orders"));
    assert!(pairs(&all["edges"]).contains(&"stg.amount -> daily.total".to_owned()));
    let text = shop.text(&["--format", "text"]);
    assert!(text.starts_with("6 models, "), "{text}");
    assert!(text.contains("mart (4 columns) ← daily, stg"), "{text}");
}

#[test]
fn what_is_not_proved_is_marked() {
    let shop = Folder::shop();
    let star = shop.json(&["star"]);
    assert_eq!(star["columns_complete"], false);
    let reason = "the columns of `w.raw.elsewhere` are not known";
    assert_eq!(star["incomplete_because"], reason);
    let guess = &star["columns"][0];
    assert_eq!(
        (guess["name"].as_str(), guess["proved"].as_bool()),
        (Some("g"), Some(false)),
        "{star}"
    );
    assert_eq!(guess["unproved_because"], reason);
    assert_eq!(star["edges"][0]["proved"], false);
    let column = shop.json(&["star.g"]);
    assert_eq!(column["proved"], false);
    assert_eq!(column["unproved_because"], serde_json::json!([reason]));
    let text = shop.text(&["star.g", "--format", "text"]);
    assert!(text.contains(&format!("? {reason}")), "{text}");
    let dot = shop.text(&["star", "--format", "dot"]);
    assert!(dot.contains("color=\"gray50\""), "{dot}");
    // One that is not listed may be there.
    assert_eq!(shop.json(&["star.perhaps"])["proved"], false);
    let mart = shop.json(&["mart"]);
    assert!(
        mart["columns"]
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c["proved"] == true),
        "{mart}"
    );
}

#[test]
fn what_is_not_there_is_an_error_that_suggests() {
    let shop = Folder::shop();
    for (args, message, hint) in [
        (
            &["mart.hafl"][..],
            "model `mart` has no column `hafl`",
            "did you mean `half`?",
        ),
        (&["mrat"], "unknown model `mrat`", "did you mean `mart`?"),
        (
            &["w.raw.ordres.id"],
            "unknown model `w.raw.ordres`",
            "did you mean `w.raw.orders`?",
        ),
        (
            &["w.raw.orders.amuont"],
            "source `w.raw.orders` has no column `amuont`",
            "did you mean `amount`?",
        ),
    ] {
        let error = shop.json(args);
        assert_eq!(error["error"]["message"], message);
        assert_eq!(error["error"]["remediation_hint"], hint);
    }
}

#[test]
fn the_tree_has_its_true_shape_and_colour_only_when_wanted() {
    let shop = Folder::shop();
    let text = shop.text(&["mart.half", "--format", "text"]);
    assert_eq!(
        text,
        "mart.half (upstream)\n\
         └─ daily.total (expression)\n   \
            └─ stg.amount (aggregation: sum)\n      \
               └─ w.raw.orders.amount (direct)\n\n\
         Rows decided by:\n  \
           daily.status (join)\n  \
           stg.status (join)\n"
    );
    let colour = shop.text(&["mart.half", "--format", "text", "--color", "always"]);
    assert!(colour.contains("\x1b[1mmart.half\x1b[0m"), "{colour}");
    let plain: String = {
        let mut parts = colour.split("\x1b[");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
    };
    assert_eq!(plain, text);
    // Two branches, the second one under the first.
    let branches = shop.text(&["stg.status", "--downstream", "--format", "text"]);
    assert!(
        branches
            .starts_with("stg.status (downstream)\n└─ daily.status (direct)\n   └─ mart.status (direct)\n"),
        "{branches}"
    );
    // A name cannot speak to the terminal.
    shop.write("models/evil.sql", "SELECT 1 AS \"a\u{1b}[31mb\"");
    let evil = shop.text(&["evil", "--format", "text"]);
    assert!(
        !evil.contains('\u{1b}') && evil.contains("a\\u{1b}[31mb"),
        "{evil}"
    );
}

#[test]
fn formats_are_chosen_once() {
    let shop = Folder::shop();
    let out = shop.rocky(&["mart", "--format", "dot", "--html"]);
    assert_eq!(out.status.code(), Some(2));
    let page = shop.text(&["mart.half", "--html"]);
    assert!(page.starts_with("<!doctype html>") && page.contains("mart.half"));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "the page names no other place"
    );
    let written = shop.json(&["--html", "out.html"]);
    assert_eq!(written["file"], "out.html");
    assert_eq!(
        written["bytes"].as_u64().unwrap(),
        std::fs::metadata(shop.0.path().join("out.html")).unwrap().len()
    );
    let failed = shop.rocky(&["--html", "no/such/folder/out.html"]);
    assert_eq!(failed.status.code(), Some(1));
}

#[test]
fn a_page_replaces_pages_and_nothing_else() {
    let shop = Folder::shop();
    let root = shop.0.path();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let history = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_rocky"))
            .arg("history")
            .args(args)
            .current_dir(root)
            .output()
            .unwrap()
    };
    let model = "models/mart.sql";
    let before = read(model);
    for out in [
        shop.rocky(&["--html", model]),
        history(&["--html", model]),
        shop.rocky(&["--html", "rocky.toml"]),
    ] {
        assert_eq!(out.status.code(), Some(2));
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(
            said.contains("is not a page that rocky wrote") && said.contains("--force"),
            "{said}"
        );
    }
    assert_eq!(read(model), before);
    // What rocky wrote, what is empty, and what is not there.
    shop.write("empty.html", "");
    assert!(shop.rocky(&["--html", "empty.html"]).status.success());
    assert!(shop.rocky(&["--html", "page.html"]).status.success());
    assert!(history(&["--html", "page.html"]).status.success());
    assert!(read("page.html").contains("· runs</title>"));
    shop.write("mine.html", "<!doctype html><p>mine");
    assert!(!shop.rocky(&["--html", "mine.html"]).status.success());
    assert_eq!(read("mine.html"), "<!doctype html><p>mine");
    assert!(shop.rocky(&["--html", "mine.html", "--force"]).status.success());
    assert!(read("mine.html").contains("lineage"));
    assert_eq!(shop.rocky(&["--force"]).status.code(), Some(2));
    // Nothing is left beside.
    let left: Vec<String> = std::fs::read_dir(root)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The events, read by the model classes of OpenLineage's own client: see `openlineage/check.py`.
#[test]
fn openlineage_reads_the_events() {
    let shop = Folder::shop();
    let events = shop.text(&["--format", "openlineage", "--namespace", "shop"]);
    assert_eq!(events.lines().count(), 6);
    shop.client_reads(&events);
    let mart: Value = serde_json::from_str(&shop.text(&["mart", "--format", "openlineage"])).unwrap();
    assert_eq!(mart["job"]["namespace"], "rocky");
    let facet = &mart["outputs"][0]["facets"]["columnLineage"];
    let half = &facet["fields"]["half"]["inputFields"][0];
    assert_eq!(
        (
            half["name"].as_str(),
            half["field"].as_str(),
            half["transformations"][0]["subtype"].as_str()
        ),
        (Some("w.main.daily"), Some("total"), Some("TRANSFORMATION"))
    );
    let rows: Vec<&str> = facet["dataset"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["transformations"][0]["subtype"].as_str().unwrap())
        .collect();
    assert_eq!(rows, ["JOIN", "JOIN"]);
    let schema = &mart["outputs"][0]["facets"]["schema"]["fields"];
    assert_eq!(schema[3]["fields"][1]["name"], "zip", "{schema}");
    let file: Value = serde_json::from_str(&shop.text(&["file", "--format", "openlineage"])).unwrap();
    let inputs = file["inputs"].to_string();
    for part in [
        r#""namespace":"file","name":"data/in.csv""#,
        r#""namespace":"s3://bucket","name":"some/key.parquet""#,
    ] {
        assert!(inputs.contains(part), "{part} in {inputs}");
    }
    // One column alone.
    let only: Value = serde_json::from_str(&shop.text(&["mart.half", "--format", "openlineage"])).unwrap();
    let fields = only["outputs"][0]["facets"]["columnLineage"]["fields"]
        .as_object()
        .unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["half"]);
}

/// What only decides about a value is INDIRECT: conditions and windows.
#[test]
fn openlineage_tells_conditions_and_windows() {
    let shop = Folder::shop();
    shop.write(
        "models/decides.sql",
        "SELECT CASE WHEN status = 'paid' THEN amount END AS paid, CASE WHEN amount > 0 THEN amount END AS own,\n\
         sum(amount) OVER (PARTITION BY place ORDER BY id) AS running, row_number() OVER (ORDER BY id) AS nr,\n\
         CASE WHEN paid > 1 THEN 'a' ELSE status END AS later FROM stg",
    );
    let text = shop.text(&["decides", "--format", "openlineage"]);
    shop.client_reads(&shop.text(&["--format", "openlineage"]));
    let event: Value = serde_json::from_str(&text).unwrap();
    let facet = &event["outputs"][0]["facets"]["columnLineage"];
    let list = |fields: &Value| -> Vec<String> {
        let mut all = Vec::new();
        for input in fields.as_array().unwrap() {
            for made in input["transformations"].as_array().unwrap() {
                let part = |name: &str| made[name].as_str().unwrap().to_owned();
                all.push(format!(
                    "{} {} {}",
                    input["field"].as_str().unwrap(),
                    part("type"),
                    part("subtype")
                ));
            }
        }
        all
    };
    let of = |column: &str| list(&facet["fields"][column]["inputFields"]);
    assert_eq!(
        of("paid"),
        ["amount DIRECT TRANSFORMATION", "status INDIRECT CONDITIONAL"]
    );
    assert_eq!(
        of("own"),
        ["amount DIRECT TRANSFORMATION", "amount INDIRECT CONDITIONAL"]
    );
    assert_eq!(of("running"), ["amount DIRECT AGGREGATION"]);
    assert_eq!(of("nr"), ["id INDIRECT WINDOW"]);
    assert_eq!(
        of("later"),
        [
            "amount INDIRECT CONDITIONAL",
            "status DIRECT TRANSFORMATION",
            "status INDIRECT CONDITIONAL"
        ]
    );
    assert_eq!(
        list(&facet["dataset"]),
        ["id INDIRECT WINDOW", "place INDIRECT WINDOW"]
    );
    // The same in our own document, where older readers find what they knew.
    let own = shop.json(&["decides.own"]);
    let edge = &own["trace"][0];
    assert_eq!(
        (edge["transform"].as_str(), edge["roles"].to_string().as_str()),
        (Some("expression"), r#"["value","condition"]"#),
        "{own}"
    );
}
