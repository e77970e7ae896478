//! `[state]`: where what runs remember is kept beside the local file. What each key leads to is `rocky_run::remote`'s.

use crate::adapter::{RetryConfig, retry};
use crate::read::Reader;
use crate::schema::Checker;
use crate::spanned::{Secret, Spanned};
use rocky_base::{SmolStr, code};
use serde::Serialize;

/// Where the state is shared.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateBackend {
    /// Only in the local file.
    #[default]
    Local,
    /// In a bucket.
    S3,
    /// In Valkey or Redis.
    Valkey,
    /// In a bucket, with a copy in Valkey that is read first.
    Tiered,
}

impl StateBackend {
    /// As written in `rocky.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            StateBackend::Local => "local",
            StateBackend::S3 => "s3",
            StateBackend::Valkey => "valkey",
            StateBackend::Tiered => "tiered",
        }
    }
}

/// What an upload that failed does to the run.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadFailure {
    /// The run has failed.
    #[default]
    Fail,
    /// It is a warning.
    Skip,
}

/// Which earlier runs with the same idempotency key count.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DedupOn {
    /// Those that succeeded: a failed run may be done again.
    #[default]
    Success,
    /// Those that ended, however.
    Any,
}

/// `[state.idempotency]`.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize)]
pub struct IdempotencyConfig {
    /// How long a key is remembered.
    pub retention_days: u32,
    /// Which earlier runs count.
    pub dedup_on: DedupOn,
    /// After so long a run of which nothing is heard is taken for dead.
    pub in_flight_ttl_hours: u32,
}

impl Default for IdempotencyConfig {
    fn default() -> IdempotencyConfig {
        IdempotencyConfig {
            retention_days: 30,
            dedup_on: DedupOn::Success,
            in_flight_ttl_hours: 24,
        }
    }
}

fn idempotency(table: Option<Reader<'_>>) -> IdempotencyConfig {
    let default = IdempotencyConfig::default();
    let Some(table) = table else { return default };
    IdempotencyConfig {
        retention_days: table.u32("retention_days").unwrap_or(default.retention_days),
        dedup_on: table
            .choice(
                "dedup_on",
                &[("success", DedupOn::Success), ("any", DedupOn::Any)],
            )
            .unwrap_or_default(),
        in_flight_ttl_hours: table
            .u32("in_flight_ttl_hours")
            .unwrap_or(default.in_flight_ttl_hours),
    }
}

/// `[state]`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StateConfig {
    /// `[state.idempotency]`.
    pub idempotency: IdempotencyConfig,
    /// Where (local).
    pub backend: StateBackend,
    /// Bucket.
    pub s3_bucket: Option<Spanned<SmolStr>>,
    /// Beginning of the objects' keys (`rocky/state/`).
    pub s3_prefix: Option<SmolStr>,
    /// `redis://` or `rediss://`; may hold a password.
    pub valkey_url: Option<Secret>,
    /// Beginning of the keys (`rocky:state:`).
    pub valkey_prefix: Option<SmolStr>,
    /// Seconds for one transfer with its repetitions (120).
    pub transfer_timeout_seconds: Option<u64>,
    /// Seconds between uploads while a run goes on (30); 0 uploads at the end only.
    pub upload_interval_seconds: Option<u64>,
    /// Seconds after which the lease of a run that has died is free (60).
    pub lease_seconds: Option<u64>,
    /// Seconds to wait for the lease of a run that is alive (0).
    pub lease_wait_seconds: Option<u64>,
    /// Repetitions.
    pub retry: Option<RetryConfig>,
    /// What a failed upload does (fail).
    pub on_upload_failure: UploadFailure,
    /// `concurrency_control = "off"`: no lease and no conditional writes.
    pub uncontrolled: bool,
    /// `[state.retention]`.
    pub retention: RetentionConfig,
}

/// `[state.retention]`: what is forgotten, and when.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct RetentionConfig {
    /// Days after which it is (never).
    pub max_age_days: Option<u64>,
    /// The newest runs that always stay (100).
    pub min_runs_kept: Option<u64>,
    /// `history`, `lineage` (both).
    pub applies_to: Option<Vec<Spanned<SmolStr>>>,
    /// Seconds between two sweeps (0: after every run).
    pub sweep_interval_seconds: Option<u64>,
}

fn retention(reader: Reader<'_>) -> RetentionConfig {
    RetentionConfig {
        max_age_days: reader.uint("max_age_days"),
        min_runs_kept: reader.uint("min_runs_kept"),
        applies_to: reader.maybe_texts("applies_to"),
        sweep_interval_seconds: reader.uint("sweep_interval_seconds"),
    }
}

pub(crate) fn read(root: Reader<'_>, checker: &mut Checker<'_>) -> StateConfig {
    let Some(reader) = root.table("state") else {
        return StateConfig::default();
    };
    let backends = [
        ("local", StateBackend::Local),
        ("s3", StateBackend::S3),
        ("valkey", StateBackend::Valkey),
        ("tiered", StateBackend::Tiered),
    ];
    let policies = [("fail", UploadFailure::Fail), ("skip", UploadFailure::Skip)];
    let backend = reader.choice("backend", &backends).unwrap_or_default();
    let state = StateConfig {
        idempotency: idempotency(reader.table("idempotency")),
        backend,
        s3_bucket: reader.text("s3_bucket"),
        s3_prefix: reader.plain("s3_prefix"),
        valkey_url: reader.secret("valkey_url"),
        valkey_prefix: reader.plain("valkey_prefix"),
        transfer_timeout_seconds: reader.uint("transfer_timeout_seconds"),
        upload_interval_seconds: reader.uint("upload_interval_seconds"),
        lease_seconds: reader.uint("lease_seconds"),
        lease_wait_seconds: reader.uint("lease_wait_seconds"),
        retry: reader.table("retry").map(retry),
        on_upload_failure: reader.choice("on_upload_failure", &policies).unwrap_or_default(),
        uncontrolled: reader.get("concurrency_control").and_then(|n| n.as_str()) == Some("off"),
        retention: reader.table("retention").map(retention).unwrap_or_default(),
    };
    let Some(place) = reader.get("backend") else {
        return state;
    };
    let needed: &[&str] = match backend {
        StateBackend::Local => &[],
        StateBackend::S3 => &["s3_bucket"],
        StateBackend::Valkey => &["valkey_url"],
        StateBackend::Tiered => &["s3_bucket", "valkey_url"],
    };
    for key in needed {
        match reader.get(key) {
            None => checker.report(
                code::E405,
                place.span,
                format!(
                    "missing key `{key}` in `state`: backend `{}` needs it",
                    backend.as_str()
                ),
            ),
            Some(node) if node.as_str().is_some_and(|text| text.trim().is_empty()) => {
                checker.report(code::E417, node.span, format!("`state.{key}` is empty"));
            }
            Some(_) => {}
        }
    }
    state
}
