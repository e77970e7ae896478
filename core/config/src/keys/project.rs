//! Rows of `rocky.toml` but for pipelines.

use super::{BOOL, COUNT, FACTOR, RETRY, SOURCE, STR, STRS, rows};
use crate::keys::PIPELINE_TYPES;
use crate::lints::LEVELS;
use crate::node::Node;
use crate::schema::{Key, NUMBER, Schema, Shape, Tagged, U32, UINT, key, no_synonym};

/// The whole file, after aliases and shorthand are resolved.
pub(crate) static PROJECT: Schema = rows(&[
    key("adapter", Shape::Map(&Shape::Tagged(&ADAPTER_TYPES))),
    key("pipeline", Shape::Map(&Shape::Tagged(&PIPELINE_TYPES))),
    key("sources", Shape::Tables(&SOURCE)),
    key("state", Shape::Table(&STATE)),
    key("compat", Shape::Table(&COMPAT)),
    key("hook", Shape::Table(&HOOK)),
    key("cost", Shape::Table(&COST)).idle(),
    key("budget", Shape::Table(&PROJECT_BUDGET)),
    key("schema_evolution", Shape::Table(&SCHEMA_EVOLUTION)).idle(),
    key("retry", Shape::Table(&PROJECT_RETRY)),
    key("lints", Shape::Map(&Shape::OneOf(LEVELS))),
    key("portability", Shape::Table(&PORTABILITY)),
    key("cache", Shape::Table(&CACHE)).idle(),
    key("mask", Shape::Map(&Shape::Either(&[MASK, Shape::Map(&MASK)]))).idle(),
    key("classifications", Shape::Table(&CLASSIFICATIONS)).idle(),
    key("role", Shape::Map(&Shape::Table(&ROLE))).idle(),
    key("ai", Shape::Table(&AI)).idle(),
    key("branch", Shape::Table(&BRANCH)).idle(),
    key("freshness", Shape::Table(&super::model::FRESHNESS)),
    key("schedule", Shape::Table(&SCHEDULE)).idle(),
    key("imports", Shape::Map(&Shape::Table(&IMPORT))).idle(),
    key("run", Shape::Table(&RUN)),
    key("reuse", Shape::Table(&REUSE)).idle(),
    key("gc", Shape::Table(&GC)).idle(),
    key("policy", Shape::Table(&POLICY)).idle(),
    key("fulfill", Shape::Table(&FULFILL)).idle(),
    key("resilience", Shape::Table(&RESILIENCE)),
]);

static COMPAT: Schema = rows(&[key("unknown_keys", Shape::OneOf(&["error", "warn"]))]);

static STATE: Schema = rows(&[
    key(
        "backend",
        Shape::OneOfIdle(&["local", "s3", "gcs", "valkey", "tiered"], &["gcs"]),
    ),
    key("s3_bucket", STR),
    key("s3_prefix", STR),
    key("gcs_bucket", STR).idle(),
    key("gcs_prefix", STR).idle(),
    key("valkey_url", STR),
    key("valkey_prefix", STR),
    key("transfer_timeout_seconds", SOME_SECONDS),
    key("upload_interval_seconds", UINT),
    key("lease_seconds", LEASE_SECONDS),
    key("lease_wait_seconds", UINT),
    key("retry", Shape::Table(&STATE_RETRY)),
    key("on_upload_failure", Shape::OneOf(&["skip", "fail"])),
    key("idempotency", Shape::Table(&IDEMPOTENCY)),
    key("retention", Shape::Table(&RETENTION)),
    key("namespacing", Shape::OneOf(&["none", "pipeline"])).idle(),
    key("on_schema_mismatch", Shape::OneOf(&["recreate", "fail"])).idle(),
    key("freeze_marker_writes", BOOL).idle(),
    key("concurrency_control", Shape::OneOf(&["off", "cas"])),
]);

const SOME_SECONDS: Shape = Shape::Int { min: 1, max: 86_400 };

/// Shorter than this, and places that count whole seconds cannot tell whether a lease is renewed.
const LEASE_SECONDS: Shape = Shape::Int { min: 6, max: 86_400 };

/// One object is moved, so there is no circuit to open and no run to share a budget with.
static STATE_RETRY: Schema = Schema::new(&[
    key("max_retries", U32),
    key("initial_backoff_ms", UINT),
    key("max_backoff_ms", UINT),
    key("backoff_multiplier", FACTOR),
    key("jitter", BOOL),
    key("circuit_breaker_threshold", U32).idle(),
    key("circuit_breaker_recovery_timeout_secs", UINT).idle(),
    key("max_retries_per_run", U32).idle(),
]);

static IDEMPOTENCY: Schema = rows(&[
    key("retention_days", U32),
    key("dedup_on", Shape::OneOf(&["success", "any"])),
    key("in_flight_ttl_hours", U32),
]);

static RETENTION: Schema = rows(&[
    key("max_age_days", UINT),
    key("min_runs_kept", UINT),
    key(
        "applies_to",
        Shape::ListOf(&Shape::OneOfIdle(&["history", "lineage", "audit"], &["audit"])),
    ),
    key("sweep_interval_seconds", UINT),
    key("sweep_budget_ms", UINT),
]);

// --- adapters -----------------------------------------------------------------------------------------------------

/// `[adapter.NAME]`: the keys of each type. In the 1.x releases all keys lived in one flat struct and a key of another
/// type was simply unused; here it is named.
pub(crate) static ADAPTER_TYPES: Tagged = Tagged {
    tag: "type",
    what: "adapter type",
    default: None,
    variants: &[
        ("databricks", &DATABRICKS),
        ("duckdb", &DUCKDB),
        ("snowflake", &SNOWFLAKE),
        ("bigquery", &BIGQUERY),
        ("fivetran", &FIVETRAN),
        ("airbyte", &AIRBYTE),
        ("iceberg", &ICEBERG),
        ("manual", &MANUAL),
        ("trino", &TRINO),
    ],
    synonym: no_synonym,
};

const KIND: Key = key("kind", Shape::OneOf(&["data", "discovery"]));
const RETRY_KEY: Key = key("retry", Shape::Table(&RETRY));
const TIMEOUT: Key = key("timeout_secs", UINT);

static DUCKDB: Schema = Schema::with_hint(&[KIND, key("path", STR), TIMEOUT, RETRY_KEY], adapter_hint);

static DATABRICKS: Schema = Schema::with_hint(
    &[
        KIND,
        key("host", STR),
        key("http_path", STR),
        key("token", STR),
        key("client_id", STR),
        key("client_secret", STR),
        key("catalog", STR),
        key("schema", STR),
        TIMEOUT,
        RETRY_KEY,
    ],
    adapter_hint,
);

static SNOWFLAKE: Schema = Schema::with_hint(
    &[
        KIND,
        key("account", STR),
        key("warehouse", STR),
        key("username", STR),
        key("password", STR),
        key("private_key_path", STR),
        key("oauth_token", STR),
        key("pat", STR),
        key("role", STR),
        key("database", STR),
        // The 1.x releases ignored it; here it is the default schema.
        key("schema", STR),
        TIMEOUT,
        RETRY_KEY,
    ],
    adapter_hint,
);

static BIGQUERY: Schema = Schema::with_hint(
    &[
        KIND,
        key("project_id", STR),
        key("dataset", STR),
        key("location", STR),
        TIMEOUT,
        RETRY_KEY,
    ],
    adapter_hint,
);

static FIVETRAN: Schema = Schema::with_hint(
    &[
        KIND,
        key("destination_id", STR),
        key("api_key", STR),
        key("api_secret", STR),
        TIMEOUT,
        RETRY_KEY,
        key("cache", Shape::Table(&FIVETRAN_CACHE)),
        key("ratelimit", Shape::Table(&FIVETRAN_RATELIMIT)),
        key("stampede", Shape::Table(&FIVETRAN_STAMPEDE)),
        key("circuit_breaker", Shape::Table(&FIVETRAN_BREAKER)),
    ],
    adapter_hint,
);

static FIVETRAN_CACHE: Schema = rows(&[
    key(
        "backend",
        Shape::OneOf(&["none", "file", "object_store", "valkey", "tiered"]),
    ),
    key("file_root", STR),
    key("object_store_url", STR),
    key("valkey_url", STR),
    key("valkey_ttl_seconds", UINT),
]);

static FIVETRAN_RATELIMIT: Schema = rows(&[
    key("backend", Shape::OneOf(&["file", "valkey"])),
    key("max_wake_seconds", UINT),
    key("valkey_url", STR),
]);

static FIVETRAN_STAMPEDE: Schema = rows(&[
    key("backend", Shape::OneOf(&["none", "valkey"])),
    key("lock_ttl_seconds", UINT),
    key("poll_timeout_seconds", UINT),
    key("valkey_url", STR),
]);

static FIVETRAN_BREAKER: Schema = rows(&[
    key("backend", Shape::OneOf(&["none", "valkey"])),
    key("failure_threshold", U32),
    key("window_seconds", UINT),
    key("cooldown_seconds", UINT),
    key("cooldown_max_seconds", UINT),
    key("valkey_url", STR),
]);

static AIRBYTE: Schema = Schema::with_hint(
    &[KIND, key("host", STR), key("token", STR), TIMEOUT, RETRY_KEY],
    adapter_hint,
);
static ICEBERG: Schema = Schema::with_hint(
    &[KIND, key("host", STR), key("token", STR), TIMEOUT, RETRY_KEY],
    adapter_hint,
);
static MANUAL: Schema = Schema::with_hint(&[KIND], adapter_hint);
static TRINO: Schema = Schema::with_hint(
    &[
        KIND,
        key("host", STR),
        key("username", STR),
        key("password", STR),
        key("token", STR),
        key("catalog", STR),
        key("schema", STR),
        TIMEOUT,
        RETRY_KEY,
        key("extra", Shape::Map(&Shape::Any)),
    ],
    adapter_hint,
);

/// True for a key of some adapter type, `type` included.
pub(crate) fn is_adapter_key(name: &str) -> bool {
    name == ADAPTER_TYPES.tag
        || ADAPTER_TYPES
            .variants
            .iter()
            .any(|(_, schema)| schema.key(name).is_some())
}

/// "belongs to …" for a key of other adapter types.
fn adapter_hint(_: &Node, name: &str) -> Option<String> {
    let types: Vec<&str> = ADAPTER_TYPES
        .variants
        .iter()
        .filter(|(_, s)| s.key(name).is_some())
        .map(|(n, _)| *n)
        .collect();
    (!types.is_empty()).then(|| format!("it belongs to adapters of type {}", crate::schema::one_of(types)))
}

// --- hooks ----------------------------------------------------------------------------------------------------------

const EVENT: Shape = Shape::TableOrTables(&COMMAND);
const WEBHOOK_EVENT: Shape = Shape::TableOrTables(&WEBHOOK);
const ON_FAILURE: Key = key("on_failure", Shape::OneOf(&["abort", "warn", "ignore"]));
/// Milliseconds: from one, to a day.
const TIMEOUT_MS: Key = key(
    "timeout_ms",
    Shape::Int {
        min: 1,
        max: 86_400_000,
    },
);

static COMMAND: Schema = rows(&[
    key("command", STR).required(),
    TIMEOUT_MS,
    ON_FAILURE,
    key("env", Shape::Map(&Shape::Str)),
]);

/// The name of an event without its `on_` was made the one with it before.
static HOOK: Schema = rows(&[
    key("on_pipeline_start", EVENT),
    key("on_discover_complete", EVENT),
    key("on_compile_complete", EVENT),
    key("on_pipeline_complete", EVENT),
    key("on_pipeline_error", EVENT),
    key("on_before_materialize", EVENT),
    key("on_after_materialize", EVENT),
    key("on_materialize_error", EVENT),
    key("on_before_model_run", EVENT),
    key("on_after_model_run", EVENT),
    key("on_model_error", EVENT),
    key("on_before_checks", EVENT),
    key("on_check_result", EVENT),
    key("on_after_checks", EVENT),
    key("on_drift_detected", EVENT),
    key("on_anomaly_detected", EVENT),
    key("on_state_synced", EVENT),
    key("on_budget_breach", EVENT),
    key("webhooks", Shape::Table(&WEBHOOKS)),
]);

static WEBHOOKS: Schema = rows(&[
    key("on_pipeline_start", WEBHOOK_EVENT),
    key("on_discover_complete", WEBHOOK_EVENT),
    key("on_compile_complete", WEBHOOK_EVENT),
    key("on_pipeline_complete", WEBHOOK_EVENT),
    key("on_pipeline_error", WEBHOOK_EVENT),
    key("on_before_materialize", WEBHOOK_EVENT),
    key("on_after_materialize", WEBHOOK_EVENT),
    key("on_materialize_error", WEBHOOK_EVENT),
    key("on_before_model_run", WEBHOOK_EVENT),
    key("on_after_model_run", WEBHOOK_EVENT),
    key("on_model_error", WEBHOOK_EVENT),
    key("on_before_checks", WEBHOOK_EVENT),
    key("on_check_result", WEBHOOK_EVENT),
    key("on_after_checks", WEBHOOK_EVENT),
    key("on_drift_detected", WEBHOOK_EVENT),
    key("on_anomaly_detected", WEBHOOK_EVENT),
    key("on_state_synced", WEBHOOK_EVENT),
    key("on_budget_breach", WEBHOOK_EVENT),
]);

static WEBHOOK: Schema = rows(&[
    key("url", STR).required(),
    key("method", STR),
    key("headers", Shape::Map(&Shape::Str)),
    key("body_template", STR),
    key("secret", STR),
    TIMEOUT_MS,
    key("async", BOOL),
    // The documents of the 1.x releases call it so.
    key("async_mode", BOOL),
    ON_FAILURE,
    key("retry_count", Shape::Int { min: 0, max: 100 }),
    key(
        "retry_delay_ms",
        Shape::Int {
            min: 0,
            max: 86_400_000,
        },
    ),
    // Compared without regard to case in the 1.x releases.
    key("preset", STR),
    key("metadata", Shape::Map(&Shape::Str)),
]);

/// Of a run. What is measured in money or bytes waits for warehouses that tell them.
static PROJECT_BUDGET: Schema = rows(&[
    key("max_usd", NUMBER).idle(),
    key("max_duration_ms", UINT),
    key("max_bytes_scanned", UINT).idle(),
    key("on_breach", Shape::OneOf(&["warn", "error"])),
]);

// --- sections that nothing acts on yet ------------------------------------------------------------------------------

static COST: Schema = rows(&[
    key("storage_cost_per_gb_month", NUMBER),
    key("compute_cost_per_dbu", NUMBER),
    key("warehouse_size", STR),
    key("min_history_runs", UINT),
]);

static SCHEMA_EVOLUTION: Schema = rows(&[key("grace_period_days", UINT)]);
static PROJECT_RETRY: Schema = rows(&[key("max_retries_per_run", U32)]);
static PORTABILITY: Schema = rows(&[
    key(
        "target_dialect",
        Shape::OneOf(&["databricks", "snowflake", "bigquery", "duckdb"]),
    ),
    key("allow", STRS),
]);
static CACHE: Schema = rows(&[
    key("schemas", Shape::Table(&CACHE_SCHEMAS)),
    key("valkey_url", STR).deprecated("no release ever read it"),
]);
static CACHE_SCHEMAS: Schema = rows(&[
    key("enabled", BOOL),
    key("ttl_seconds", UINT),
    key("replicate", BOOL),
]);
const MASK: Shape = Shape::OneOf(&["hash", "redact", "partial", "none"]);
static CLASSIFICATIONS: Schema = rows(&[key("allow_unmasked", STRS)]);
static ROLE: Schema = rows(&[key("inherits", STRS), key("permissions", STRS)]);
static AI: Schema = rows(&[key("max_tokens", COUNT)]);
static BRANCH: Schema = rows(&[key("approval", Shape::Table(&APPROVAL))]);
static APPROVAL: Schema = rows(&[
    key("required", BOOL),
    key("min_approvers", U32),
    key("allowed_signers", STRS),
    key("max_age_seconds", UINT),
]);
static SCHEDULE: Schema = rows(&[key("timezone", STR), key("poll_interval_seconds", COUNT)]);
static IMPORT: Schema = rows(&[
    key("path", STR).required(),
    key("snapshot", STR).required(),
    key("baseline", STR),
    key("pin", STR),
]);
static RUN: Schema = rows(&[
    key("skip_unchanged", BOOL),
    key("skip_rowcount_fallback", BOOL).idle(),
    key("strict_scheduling", BOOL).idle(),
    key("lag_tolerance_seconds", UINT).idle(),
]);
static REUSE: Schema = rows(&[key("enabled", BOOL), key("column_level", BOOL)]);
static GC: Schema = rows(&[key("physical_delete", BOOL)]);
static RESILIENCE: Schema = rows(&[
    key("enabled", BOOL),
    key("transient_max_retries", U32),
    key("initial_backoff_ms", UINT),
    key("max_backoff_ms", UINT),
    key("backoff_multiplier", FACTOR),
    key("jitter", BOOL),
    key("circuit_breaker_threshold", U32),
    key("max_retries_per_run", U32),
    key("contain_failures", BOOL).idle(),
    key("auto_apply_additive_drift", BOOL).idle(),
]);

const EFFECT: Shape = Shape::OneOf(&["allow", "require_review", "deny"]);
const PRINCIPAL: Shape = Shape::OneOf(&["human", "agent"]);
const CAPABILITY: Shape = Shape::OneOf(&[
    "read",
    "propose",
    "apply",
    "promote",
    "backfill",
    "gc",
    "restore",
    "retry",
    "quarantine",
    "schema_change.additive",
    "schema_change.breaking",
    "value_change",
]);

static POLICY: Schema = rows(&[
    key("version", Shape::Int { min: 1, max: 1 }).required(),
    key("default_agent_effect", EFFECT),
    key("rules", Shape::Tables(&RULE)),
    key("tests", Shape::Tables(&RULE_TEST)),
]);
static RULE: Schema = rows(&[
    key("principal", PRINCIPAL).required(),
    key("capability", CAPABILITY).required(),
    key("effect", EFFECT).required(),
    key("scope", Shape::Table(&SCOPE)),
    key("verify_after", STRS),
    key("conditions", Shape::Any),
    key("autonomy_budget", Shape::Table(&AUTONOMY)),
]);
static SCOPE: Schema = rows(&[
    key("any", BOOL),
    key("models", STRS),
    key("tags", Shape::Any),
    key("classifications", STRS),
    key("exclude_classifications", STRS),
    key("contracted", BOOL),
    key("layer", STR),
    key("max_downstreams", UINT),
]);
static AUTONOMY: Schema = rows(&[key("failures", COUNT).required(), key("window", STR).required()]);
static RULE_TEST: Schema = rows(&[
    key("name", STR).required(),
    key("principal", PRINCIPAL).required(),
    key("capability", CAPABILITY).required(),
    key("expect", EFFECT).required(),
    key("model", STR),
    key("tags", Shape::Any),
    key("classifications", STRS),
    key("contracted", BOOL),
    key("layer", STR),
    key("downstreams", UINT),
    key("reachable_downstreams", UINT),
]);

static FULFILL: Schema = rows(&[key("briefs_dir", STR), key("driver", Shape::Tagged(&DRIVER))]);
static DRIVER: Tagged = Tagged {
    tag: "type",
    what: "driver type",
    default: None,
    variants: &[("subprocess", &SUBPROCESS), ("replay", &REPLAY)],
    synonym: no_synonym,
};
static SUBPROCESS: Schema = rows(&[
    key("command", STRS),
    key("env_allow", STRS),
    key("timeout_seconds", UINT),
    key("kill_grace_seconds", UINT),
]);
static REPLAY: Schema = rows(&[key("session", STR)]);
