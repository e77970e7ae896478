//! OpenTelemetry from the receiving side: `opentelemetry-proto`, as it is on PyPI, reads what a run on a DuckDB file sends.
//!
//! The receiver (`otel/receiver.py`) prints each request as a line of JSON. The run happens in a process of its own, because its environment
//! says where to: this test program once more, with `ROCKY_OTEL_RUN` set to the folder.
#![cfg(all(feature = "otel", feature = "duckdb"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use rocky_core::verbs::run::RunRequest;
use rocky_core::{CancelToken, NoObserver, OpenRequest, Project};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const SECRETS: [&str; 4] = ["h00k-key", "t0ken", "0tel-key", "web-p4th"];

/// The process that runs: nothing without the variable.
#[test]
fn the_run() {
    let Some(folder) = std::env::var_os("ROCKY_OTEL_RUN") else {
        return;
    };
    let request = OpenRequest {
        config: Some(Path::new(&folder).join("rocky.toml").to_str().unwrap().to_owned()),
        ..OpenRequest::default()
    };
    let project = Project::open_alone(&request).unwrap();
    let request = RunRequest {
        from: Some("2026-04-01".to_owned()),
        to: Some("2026-04-02".to_owned()),
        ..RunRequest::default()
    };
    let run = project
        .run(&request, &mut NoObserver, &CancelToken::new())
        .unwrap();
    println!("run {} {}", run.run_id, run.status);
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    write(
        "rocky.toml",
        "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n\
         [pipeline.p.execution]\nconcurrency = 1\n\
         [hook.webhooks.pipeline_complete]\nurl = \"http://127.0.0.1:9/${WEB_PATH}\"\nsecret = \"${HOOK_KEY}\"\nheaders = { X-Token = \"${TOKEN}\" }\n\
         on_failure = \"ignore\"\n",
    );
    write("models/a.sql", "SELECT 1 AS x UNION ALL SELECT 2");
    write(
        "models/a.toml",
        "[[tests]]\ntype = \"not_null\"\ncolumn = \"x\"\n",
    );
    write("models/broken.sql", "SELECT error('no ' || x) AS x FROM a");
    write("models/after.sql", "SELECT x FROM broken");
    write(
        "models/daily.sql",
        "SELECT DATE '2026-04-01' AS day, x FROM a WHERE DATE '2026-04-01' >= @start_date AND DATE '2026-04-01' < @end_date",
    );
    write(
        "models/daily.toml",
        "[strategy]\ntype = \"time_interval\"\ntime_column = \"day\"\ngranularity = \"day\"\n",
    );
    folder
}

/// What the receiver got, by path; and what the run said.
fn received(folder: &Path, more: &[(&str, &str)]) -> (BTreeMap<String, Vec<Value>>, String) {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/venv-otlp/bin/python");
    assert!(
        python.exists(),
        "{} is missing: run `make setup-otlp`",
        python.display()
    );
    let mut receiver = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/otel/receiver.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(receiver.stdout.take().unwrap()).lines();
    let address = lines.next().unwrap().unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_run", "--nocapture"])
        .env("ROCKY_OTEL_RUN", folder)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &address)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%200tel-key")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=te%73t")
        .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
        .envs([
            ("HOOK_KEY", SECRETS[0]),
            ("TOKEN", SECRETS[1]),
            ("WEB_PATH", SECRETS[3]),
            ("no_proxy", "*"),
        ])
        .envs(more.iter().copied())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    // The end of its input ends it.
    drop(receiver.stdin.take());
    let mut by_path: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let path = request["path"].as_str().unwrap().to_owned();
        by_path.entry(path).or_default().push(request);
    }
    assert!(receiver.wait().unwrap().success());
    (by_path, String::from_utf8(run.stdout).unwrap())
}

/// `key: value` of a list of attributes.
fn attributes(list: &Value) -> BTreeMap<String, String> {
    let value = |v: &Value| match v.as_object().and_then(|o| o.values().next()) {
        Some(Value::String(text)) => text.clone(),
        other => other.map(ToString::to_string).unwrap_or_default(),
    };
    let all = list.as_array().into_iter().flatten();
    all.map(|a| (a["key"].as_str().unwrap().to_owned(), value(&a["value"])))
        .collect()
}

#[test]
fn a_collector_reads_the_spans_and_the_numbers_of_a_run() {
    let folder = project();
    let (got, said) = received(folder.path(), &[]);
    assert_eq!(got.keys().collect::<Vec<_>>(), ["/v1/metrics", "/v1/traces"]);
    let run_id = said.split_whitespace().find(|w| w.starts_with("run-")).unwrap();
    for request in got.values().flatten() {
        assert_eq!(request["headers"]["content-type"], "application/x-protobuf");
        assert_eq!(request["headers"]["authorization"], "Bearer 0tel-key");
        let body = request["body"].to_string();
        for secret in SECRETS {
            assert!(!body.contains(secret), "{secret} in {body}");
        }
        let groups = request["body"].as_object().unwrap().values().next().unwrap();
        let resource = attributes(&groups[0]["resource"]["attributes"]);
        assert_eq!(
            (
                resource["service.name"].as_str(),
                resource["deployment.environment"].as_str()
            ),
            ("rocky", "test")
        );
        assert_eq!(resource["service.version"], rocky_core::VERSION);
    }

    let mut spans: Vec<&Value> = Vec::new();
    for request in &got["/v1/traces"] {
        for scope in request["body"]["resourceSpans"][0]["scopeSpans"]
            .as_array()
            .unwrap()
        {
            assert_eq!(scope["scope"]["name"], "rocky");
            spans.extend(scope["spans"].as_array().unwrap());
        }
    }
    let named = |name: &str| -> Vec<&Value> { spans.iter().filter(|s| s["name"] == name).copied().collect() };
    let one = |name: &str| {
        let found = named(name);
        assert_eq!(found.len(), 1, "{name}: {spans:#?}");
        found[0]
    };
    let begin = |s: &Value| s["startTimeUnixNano"].as_str().unwrap().parse::<u64>().unwrap();
    let end = |s: &Value| s["endTimeUnixNano"].as_str().unwrap().parse::<u64>().unwrap();
    // Run, model, partition, statement: each in its parent, also in time.
    let run = one("rocky.run");
    assert_eq!(run["parentSpanId"], PARENT);
    let a = one("model a");
    let daily = one("model daily");
    let partitions = [one("partition 2026-04-01"), one("partition 2026-04-02")];
    let inside = |child: &Value, parent: &Value| {
        assert_eq!(child["parentSpanId"], parent["spanId"], "{child:#} in {parent:#}");
        assert!(
            begin(child) >= begin(parent),
            "{child:#} begins before {parent:#}"
        );
    };
    for model in [a, daily, one("model broken")] {
        inside(model, run);
        assert!(end(model) <= end(run));
    }
    for partition in partitions {
        inside(partition, daily);
        let statements: Vec<&&Value> = spans
            .iter()
            .filter(|s| s["parentSpanId"] == partition["spanId"])
            .collect();
        assert!(statements.len() >= 2, "{statements:#?}");
        for statement in statements {
            inside(statement, partition);
        }
    }
    let of_a: Vec<&&Value> = spans
        .iter()
        .filter(|s| s["parentSpanId"] == a["spanId"])
        .collect();
    let create = of_a.iter().find(|s| s["name"] == "create_table").unwrap();
    assert_eq!(create["kind"], "SPAN_KIND_CLIENT");
    let sql = &attributes(&create["attributes"])["db.query.text"];
    assert!(sql.contains("SELECT 1 AS x UNION ALL SELECT 2"), "{sql}");
    for span in &spans {
        assert_eq!(span["traceId"], TRACE);
    }
    let (of_run, of_model) = (attributes(&run["attributes"]), attributes(&a["attributes"]));
    assert_eq!(
        (of_run["rocky.run_id"].as_str(), of_run["rocky.status"].as_str()),
        (run_id, "PartialFailure")
    );
    assert_eq!(
        (
            of_model["rocky.target"].as_str(),
            of_model["rocky.rows"].as_str(),
            of_model["rocky.checks"].as_str()
        ),
        ("w.main.a", "2", "1")
    );
    let broken = one("model broken");
    assert_eq!(broken["status"]["code"], "STATUS_CODE_ERROR");
    assert!(
        broken["status"]["message"].as_str().unwrap().contains("no 1"),
        "{broken}"
    );
    // What was not begun has no span.
    assert!(named("model after").is_empty());

    let mut numbers = BTreeMap::new();
    for request in &got["/v1/metrics"] {
        for scope in request["body"]["resourceMetrics"][0]["scopeMetrics"]
            .as_array()
            .unwrap()
        {
            for metric in scope["metrics"].as_array().unwrap() {
                let point = &metric["gauge"]["dataPoints"][0];
                assert_eq!(attributes(&point["attributes"])["rocky.pipeline"], "p");
                let value = point.get("asInt").or(point.get("asDouble")).unwrap();
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                numbers.insert(metric["name"].as_str().unwrap().to_owned(), text);
            }
        }
    }
    assert_eq!(
        (
            numbers["rocky.tables_processed"].as_str(),
            numbers["rocky.tables_failed"].as_str()
        ),
        ("3", "1")
    );
    assert_eq!(numbers["rocky.anomalies_detected"], "0");
    assert!(
        numbers["rocky.statements_executed"].parse::<u64>().unwrap() > 5,
        "{numbers:?}"
    );
}

#[test]
fn what_the_environment_turns_off_is_not_sent() {
    let folder = project();
    let (got, said) = received(folder.path(), &[("OTEL_METRICS_EXPORTER", "none")]);
    assert_eq!(got.keys().collect::<Vec<_>>(), ["/v1/traces"]);
    assert!(said.contains("PartialFailure"), "{said}");
    let not_sampled = format!("00-{TRACE}-{PARENT}-00");
    let (got, _) = received(folder.path(), &[("TRACEPARENT", &not_sampled)]);
    assert_eq!(got.keys().collect::<Vec<_>>(), ["/v1/metrics"]);
    let (got, _) = received(folder.path(), &[("OTEL_SDK_DISABLED", "true")]);
    assert!(got.is_empty(), "{got:?}");
}
