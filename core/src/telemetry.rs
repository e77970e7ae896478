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
use rocky_run::report::{RunReport, StatementResult, TaskResult, TaskStatus};
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
        for (name, value) in [
            ("rocky.tables_processed", numbers.tables_processed),
            ("rocky.tables_failed", numbers.tables_failed),
            ("rocky.statements_executed", numbers.statements_executed),
            ("rocky.retries_attempted", numbers.retries_attempted),
            ("rocky.retries_succeeded", numbers.retries_succeeded),
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

/// `a=b,c=d`, percent signs decoded by nobody: values are taken as they are.
fn pairs(text: Option<&str>) -> HashMap<String, String> {
    let pairs = text
        .unwrap_or_default()
        .split(',')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()))
        .collect()
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

/// Run, tasks, statements.
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
        let last = task.statements.len().saturating_sub(1);
        let step = task.error.as_ref().and_then(|e| e.step.as_ref());
        for (i, s) in task.statements.iter().enumerate() {
            let failed = i == last && step == Some(&s.purpose);
            spans.push(statement(id, begin, s, failure.filter(|_| failed)));
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
