//! OpenTelemetry: the spans and the numbers of a run, sent to a collector when the run is over (feature `otel`).
//!
//! The protocol is OTLP, protobuf over HTTP, sent by `ureq` on the calling thread; there is no async runtime, no global provider,
//! and nothing is done unless the environment names a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`, or that of a signal). Invariant: a
//! collector that is away or slow costs a run one bounded attempt and a warning, never its result.

use opentelemetry::metrics::MeterProvider;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanExporter as _, SpanLinks,
};
use rocky_base::{Event, Observer, SmolStr, System};
use rocky_run::metrics::RunMetrics;
use rocky_run::report::{RunReport, StatementResult, TaskError, TaskResult, TaskStatus};
use std::borrow::Cow;
use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

/// How long a collector may take for one request.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Spans in one request.
const BATCH: usize = 500;
/// How much of a statement is in its span.
const SQL_CHARS: usize = 2000;

/// Send what a run did. What cannot be sent is a warning.
pub(crate) fn export(system: &dyn System, report: &RunReport, observer: &mut dyn Observer) {
    let Some(target) = Target::of(system) else { return };
    let result = target
        .traces(system, report)
        .and_then(|()| target.metrics(report));
    if let Err(error) = result {
        observer.event(&Event::Log {
            level: SmolStr::new_static("warning"),
            message: format!("OpenTelemetry: {error}"),
        });
    }
}

/// Where to.
struct Target {
    traces: Option<String>,
    metrics: Option<String>,
    headers: [HashMap<String, String>; 2],
    resource: Resource,
}

impl Target {
    fn of(system: &dyn System) -> Option<Target> {
        let set = |name: &str| system.env(name).filter(|v| !v.trim().is_empty());
        if set("OTEL_SDK_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return None;
        }
        let off = |name: &str| set(name).is_some_and(|v| v == "none");
        let base = set("OTEL_EXPORTER_OTLP_ENDPOINT");
        let address = |own: &str, path: &str, exporter: &str| {
            if off(exporter) {
                return None;
            }
            set(own).or_else(|| Some(format!("{}/v1/{path}", base.as_ref()?.trim_end_matches('/'))))
        };
        let traces = address(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "traces",
            "OTEL_TRACES_EXPORTER",
        );
        let metrics = address(
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "metrics",
            "OTEL_METRICS_EXPORTER",
        );
        if traces.is_none() && metrics.is_none() {
            return None;
        }
        let headers = |own: &str| {
            let mut headers = pairs(set("OTEL_EXPORTER_OTLP_HEADERS").as_deref());
            headers.extend(pairs(set(own).as_deref()));
            headers
        };
        let more = pairs(set("OTEL_RESOURCE_ATTRIBUTES").as_deref());
        let named = more.get("service.name").cloned();
        let service = set("OTEL_SERVICE_NAME")
            .or(named)
            .unwrap_or_else(|| "rocky".to_owned());
        let resource = Resource::builder_empty()
            .with_attributes(more.into_iter().map(|(k, v)| KeyValue::new(k, v)))
            .with_attributes([KeyValue::new("service.version", crate::VERSION)])
            .with_service_name(service)
            .build();
        Some(Target {
            traces,
            metrics,
            headers: [
                headers("OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
                headers("OTEL_EXPORTER_OTLP_METRICS_HEADERS"),
            ],
            resource,
        })
    }

    fn traces(&self, system: &dyn System, report: &RunReport) -> Result<(), String> {
        let Some(endpoint) = &self.traces else {
            return Ok(());
        };
        let parent = parent(system);
        // Whoever began the trace may have decided that it is not kept.
        if parent.is_valid() && !parent.is_sampled() {
            return Ok(());
        }
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new())
            .with_endpoint(endpoint)
            .with_timeout(TIMEOUT)
            .with_headers(self.headers[0].clone())
            .build()
            .map_err(|e| e.to_string())?;
        exporter.set_resource(&self.resource);
        let spans = spans(report, &parent);
        let mut rest = spans.into_iter();
        loop {
            let batch: Vec<SpanData> = rest.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            wait(exporter.export(batch)).map_err(|e| e.to_string())?;
        }
    }

    fn metrics(&self, report: &RunReport) -> Result<(), String> {
        let Some(endpoint) = &self.metrics else {
            return Ok(());
        };
        let exporter = MetricExporter::builder()
            .with_http()
            .with_http_client(Client::new())
            .with_endpoint(endpoint)
            .with_timeout(TIMEOUT)
            .with_headers(self.headers[1].clone())
            .build()
            .map_err(|e| e.to_string())?;
        // Sent once, at the end.
        let reader = PeriodicReader::builder(exporter)
            .with_interval(Duration::from_secs(24 * 3600))
            .build();
        let provider = SdkMeterProvider::builder()
            .with_resource(self.resource.clone())
            .with_reader(reader)
            .build();
        let meter = provider.meter("rocky");
        let about = [
            KeyValue::new("rocky.pipeline", report.pipeline.to_string()),
            KeyValue::new("rocky.status", report.status.as_str()),
        ];
        let numbers = RunMetrics::of(report);
        let (table, query) = (numbers.table_duration, numbers.query_duration);
        let anomalies = report.tasks.iter().filter(|t| t.anomaly.is_some()).count();
        for (name, value) in [
            ("rocky.tables_processed", numbers.tables_processed),
            ("rocky.tables_failed", numbers.tables_failed),
            ("rocky.statements_executed", numbers.statements_executed),
            ("rocky.retries_attempted", numbers.retries_attempted),
            ("rocky.retries_succeeded", numbers.retries_succeeded),
            ("rocky.anomalies_detected", anomalies as u64),
            ("rocky.table_duration_p50_ms", table.p50),
            ("rocky.table_duration_p95_ms", table.p95),
            ("rocky.table_duration_max_ms", table.max),
            ("rocky.query_duration_p50_ms", query.p50),
            ("rocky.query_duration_p95_ms", query.p95),
            ("rocky.query_duration_max_ms", query.max),
            ("rocky.run_duration_ms", report.duration_ms),
        ] {
            meter.u64_gauge(name).build().record(value, &about);
        }
        meter
            .f64_gauge("rocky.error_rate_pct")
            .build()
            .record(numbers.error_rate_pct, &about);
        let sent = provider.force_flush().map_err(|e| e.to_string());
        // Its thread ends; everything was sent.
        let _ = provider.shutdown();
        sent
    }
}

/// `a=b,c=d`, as the specification has it: a value may be percent-encoded, e.g. `authorization=Bearer%20abc`.
fn pairs(text: Option<&str>) -> HashMap<String, String> {
    let pairs = text
        .unwrap_or_default()
        .split(',')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(k, v)| (k.trim().to_owned(), percent_decoded(v.trim())))
        .collect()
}

/// `%20` becomes a space. What is not such an escape, or would not be UTF-8, stays as it is.
fn percent_decoded(text: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.map_or_else(|_| text.to_owned(), Cow::into_owned)
}

/// The environment as W3C's trace context: `TRACEPARENT`, `TRACESTATE`.
struct Environment<'a>(&'a [(&'static str, Option<String>)]);

impl Extractor for Environment<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        found.1.as_deref()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }
}

/// The span that started this process, or an invalid one.
fn parent(system: &dyn System) -> SpanContext {
    let values = ["traceparent", "tracestate"].map(|name| (name, system.env(&name.to_uppercase())));
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Environment(&values));
    context.span().span_context().clone()
}

/// Run, tasks, their windows, statements.
fn spans(report: &RunReport, parent: &SpanContext) -> Vec<SpanData> {
    let ids = RandomIdGenerator::default();
    let trace = match parent.is_valid() {
        true => parent.trace_id(),
        false => ids.new_trace_id(),
    };
    let scope = InstrumentationScope::builder("rocky")
        .with_version(crate::VERSION)
        .build();
    let span = |parent: SpanId, kind: SpanKind, name: String, begin: SystemTime, end: SystemTime| SpanData {
        span_context: SpanContext::new(
            trace,
            ids.new_span_id(),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: parent,
        parent_span_is_remote: false,
        span_kind: kind,
        name: name.into(),
        start_time: begin,
        end_time: end.max(begin),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: scope.clone(),
    };
    let begin = SystemTime::from(report.started_at);
    let mut run = span(
        parent.span_id(),
        SpanKind::Internal,
        "rocky.run".to_owned(),
        begin,
        report.finished_at.into(),
    );
    run.parent_span_is_remote = parent.is_valid();
    run.attributes = vec![
        KeyValue::new("rocky.run_id", report.run_id.clone()),
        KeyValue::new("rocky.pipeline", report.pipeline.to_string()),
        KeyValue::new("rocky.status", report.status.as_str()),
        KeyValue::new("rocky.interrupted", report.interrupted),
    ];
    let failed = report.count(TaskStatus::Failed);
    if failed > 0 {
        run.status = Status::error(format!("{failed} failed"));
    }
    let root = run.span_context.span_id();
    let mut spans = vec![run];
    let statement = |parent: SpanId, begin: SystemTime, s: &StatementResult, failure: Option<&str>| {
        let begin = begin + s.after;
        let mut made = span(
            parent,
            SpanKind::Client,
            s.purpose.to_string(),
            begin,
            begin + s.took,
        );
        made.attributes = vec![
            KeyValue::new("db.operation.name", s.purpose.to_string()),
            KeyValue::new("db.query.text", s.sql.chars().take(SQL_CHARS).collect::<String>()),
        ];
        if let Some(rows) = s.rows {
            made.attributes.push(KeyValue::new("rocky.rows", integer(rows)));
        }
        if let Some(failure) = failure {
            made.status = Status::error(failure.to_owned());
        }
        made
    };
    spans.extend(report.setup.iter().map(|s| statement(root, begin, s, None)));
    for task in &report.tasks {
        let (Some(begin), Some(end)) = (task.started_at, task.finished_at) else {
            continue;
        };
        let begin = SystemTime::from(begin);
        let mut made = span(
            root,
            SpanKind::Internal,
            format!("{} {}", task.kind.as_str(), task.name),
            begin,
            end.into(),
        );
        made.attributes = attributes(task);
        let failure = task.error.as_ref().map(|e| e.message.as_str());
        if let Some(failure) = failure {
            made.status = Status::error(failure.to_owned());
        }
        let id = made.span_context.span_id();
        spans.push(made);
        let sent = |parent, begin, all: &[StatementResult], error: Option<&TaskError>| -> Vec<SpanData> {
            let last = all.len().saturating_sub(1);
            let failed = |i, s: &StatementResult| {
                let error = error.filter(|e| i == last && e.step.as_ref() == Some(&s.purpose));
                error.map(|e| e.message.as_str())
            };
            let all = all.iter().enumerate();
            all.map(|(i, s)| statement(parent, begin, s, failed(i, s)))
                .collect()
        };
        spans.extend(sent(id, begin, &task.statements, task.error.as_ref()));
        for window in task.windows.iter().flatten() {
            let (Some(begin), Some(end)) = (window.started_at, window.finished_at) else {
                continue;
            };
            let begin = SystemTime::from(begin);
            let name = match window.keys.as_slice() {
                [first, .., last] => format!("partition {first}..{last}"),
                [only] => format!("partition {only}"),
                [] => "partition".to_owned(),
            };
            let mut made = span(id, SpanKind::Internal, name, begin, end.into());
            made.attributes = vec![
                KeyValue::new("rocky.partition_start", window.start.to_string()),
                KeyValue::new("rocky.partition_end", window.end.to_string()),
                KeyValue::new("rocky.status", window.status.as_str()),
            ];
            let rows = window.rows.map(|n| KeyValue::new("rocky.rows", integer(n)));
            made.attributes.extend(rows);
            if let Some(error) = &window.error {
                made.status = Status::error(error.message.clone());
            }
            let window_id = made.span_context.span_id();
            spans.push(made);
            spans.extend(sent(window_id, begin, &window.statements, window.error.as_ref()));
        }
    }
    spans
}

fn attributes(task: &TaskResult) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("rocky.model", task.name.to_string()),
        KeyValue::new("rocky.kind", task.kind.as_str()),
        KeyValue::new("rocky.target", task.full_name.clone()),
        KeyValue::new("rocky.strategy", task.strategy.as_str()),
        KeyValue::new("rocky.status", task.status.as_str()),
        KeyValue::new("rocky.sql_hash", task.sql_hash.clone()),
        KeyValue::new("rocky.attempts", i64::from(task.attempts)),
    ];
    if !task.checks.is_empty() {
        let failed = task.checks.iter().filter(|c| c.blocks()).count();
        attributes.push(KeyValue::new("rocky.checks", integer(task.checks.len() as u64)));
        attributes.push(KeyValue::new("rocky.checks_failed", integer(failed as u64)));
    }
    attributes.extend(task.rows.map(|rows| KeyValue::new("rocky.rows", integer(rows))));
    attributes
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The exporter's futures do all their work when they are asked first: the client blocks.
fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = std::task::Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
}

/// `ureq` as the exporters want it.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new() -> Client {
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .build();
        Client(config.new_agent())
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(parts, body.to_vec()))?;
        let (parts, mut body) = answer.into_parts();
        let body = body.with_config().limit(1 << 20).read_to_vec()?;
        Ok(Response::from_parts(parts, Bytes::from(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use rocky_base::event::NoObserver;
    use rocky_base::system::MemorySystem;
    use rocky_base::{ErrorKind, Ident};
    use rocky_plan::TaskKind;
    use rocky_run::report::{RunStatus, TaskError};
    use rocky_warehouse::{RelationName, Strategy};
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    /// A collector: head and body of each request.
    fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (send, receive) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(n) = line.to_lowercase().strip_prefix("content-length: ") {
                        length = n.trim().parse().unwrap();
                    }
                    if line == "\r\n" {
                        break;
                    }
                    head.push_str(&line.to_lowercase());
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let _ = send.send((head, body));
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
            }
        });
        (url, receive)
    }

    /// The fields of a protobuf message: number and bytes; numbers of fixed and variable length as little-endian bytes.
    fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
        fn varint(bytes: &mut &[u8]) -> u64 {
            let (mut value, mut shift) = (0, 0);
            loop {
                let (first, rest) = bytes.split_first().unwrap();
                *bytes = rest;
                value |= u64::from(first & 0x7f) << shift;
                shift += 7;
                if first & 0x80 == 0 {
                    return value;
                }
            }
        }
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let n = match key & 7 {
                0 => {
                    found.push((key >> 3, varint(&mut bytes).to_le_bytes().to_vec()));
                    continue;
                }
                1 => 8,
                2 => varint(&mut bytes) as usize,
                5 => 4,
                other => panic!("wire type {other}"),
            };
            let (value, rest) = bytes.split_at(n);
            found.push((key >> 3, value.to_vec()));
            bytes = rest;
        }
        found
    }

    fn all(message: &[u8], number: u64) -> Vec<Vec<u8>> {
        fields(message)
            .into_iter()
            .filter(|(n, _)| *n == number)
            .map(|(_, v)| v)
            .collect()
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    fn report() -> RunReport {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let statement = StatementResult {
            purpose: "create_table".into(),
            sql: "CREATE TABLE a AS SELECT 1".into(),
            duration_ms: 5,
            after: Duration::from_millis(10),
            took: Duration::from_millis(5),
            rows: Some(7),
        };
        let task = TaskResult {
            kind: TaskKind::Model,
            name: "a".into(),
            asset_key: vec!["a".into()],
            target: RelationName::table(Ident::bare("a")),
            full_name: "w.main.a".into(),
            strategy: Strategy::FullRefresh,
            status: TaskStatus::Failed,
            rows: None,
            duration_ms: 100,
            started_at: Some(at("2026-01-01T00:00:01Z")),
            finished_at: Some(at("2026-01-01T00:00:02Z")),
            attempts: 1,
            retried: Vec::new(),
            error: Some(TaskError {
                kind: ErrorKind::Warehouse,
                message: "broken".into(),
                hint: None,
                step: Some("create_table".into()),
                cause: rocky_run::report::Cause::default(),
            }),
            skipped_reason: None,
            watermark: None,
            beyond_watermark: None,
            sql_hash: "0".into(),
            column_count: None,
            statements: vec![statement],
            windows: None,
            checks: Vec::new(),
            counted: None,
            set_aside: None,
            anomaly: None,
        };
        RunReport {
            run_id: "run-1".into(),
            pipeline: "silver".into(),
            started_at: at("2026-01-01T00:00:00Z"),
            finished_at: at("2026-01-01T00:00:03Z"),
            duration_ms: 3000,
            status: RunStatus::Failure,
            interrupted: false,
            state_error: None,
            pacing: rocky_run::report::Pacing::default(),
            setup: Vec::new(),
            tasks: vec![task],
        }
    }

    #[test]
    fn a_collector_gets_the_spans_and_the_numbers_of_a_run() {
        let (url, received) = collector();
        let system = MemorySystem::new();
        system.set_env("OTEL_EXPORTER_OTLP_ENDPOINT", url);
        system.set_env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=se%63ret%20%zz");
        system.set_env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"));
        export(&system, &report(), &mut NoObserver);
        let (head, body) = received.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(
            head.starts_with("post /v1/traces ") && head.contains("content-type: application/x-protobuf"),
            "{head}"
        );
        assert!(head.contains("x-key: secret %zz"), "{head}");
        let resource = &all(&body, 1)[0];
        let spans: Vec<Vec<u8>> = all(resource, 2).iter().flat_map(|scope| all(scope, 2)).collect();
        let names: Vec<String> = spans.iter().map(|s| text(&all(s, 5)[0])).collect();
        assert_eq!(names, ["rocky.run", "model a", "create_table"]);
        for span in &spans {
            assert_eq!(hex(&all(span, 1)[0]), TRACE);
        }
        // Each is the child of the one before; the run, of the process that started it.
        let parents: Vec<String> = spans.iter().map(|s| hex(&all(s, 4)[0])).collect();
        let ids: Vec<String> = spans.iter().map(|s| hex(&all(s, 2)[0])).collect();
        assert_eq!(parents, [PARENT, &ids[0], &ids[1]]);
        // The statement began 10 ms after its model and took 5.
        let time = |field| u64::from_le_bytes(all(&spans[2], field)[0].as_slice().try_into().unwrap());
        assert_eq!(
            (time(7), time(8)),
            (1_767_225_601_010_000_000, 1_767_225_601_015_000_000)
        );
        // status.code is ERROR, status.message what was said.
        for span in &spans {
            assert_eq!(all(&all(span, 15)[0], 3)[0][0], 2);
        }
        assert_eq!(text(&all(&all(&spans[2], 15)[0], 2)[0]), "broken");

        let (head, body) = received.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(head.starts_with("post /v1/metrics "), "{head}");
        let resource = &all(&body, 1)[0];
        let metrics: Vec<Vec<u8>> = all(resource, 2).iter().flat_map(|scope| all(scope, 2)).collect();
        let named: Vec<String> = metrics.iter().map(|m| text(&all(m, 1)[0])).collect();
        for name in [
            "rocky.tables_processed",
            "rocky.tables_failed",
            "rocky.query_duration_max_ms",
            "rocky.error_rate_pct",
        ] {
            assert!(named.iter().any(|n| n == name), "{name} in {named:?}");
        }
    }

    #[test]
    fn nothing_is_sent_unless_the_environment_says_where_to() {
        assert!(Target::of(&MemorySystem::new()).is_none());
        let system = MemorySystem::new();
        system.set_env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
        assert!(Target::of(&system).is_some());
        system.set_env("OTEL_SDK_DISABLED", "true");
        assert!(Target::of(&system).is_none());
    }

    #[test]
    fn a_collector_that_is_away_is_a_warning() {
        let system = MemorySystem::new();
        system.set_env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
        let mut told = Vec::new();
        export(&system, &report(), &mut |e: &Event| told.push(e.clone()));
        assert!(
            matches!(&told[..], [Event::Log { message, .. }] if message.starts_with("OpenTelemetry: ")),
            "{told:?}"
        );
    }
}
