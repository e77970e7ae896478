//! Rows of `[pipeline.NAME]`, one schema per type.
//!
//! Each key that nothing acts on is idle.

use super::{BOOL, COUNT, PERCENT, RATIO, SEVERITY, STR, STRS, rows, test};
use crate::node::Node;
use crate::schema::{Key, NUMBER, Schema, Shape, Tagged, U32, UINT, key, no_synonym, one_of};

pub(crate) static PIPELINE_TYPES: Tagged = Tagged {
    tag: "type",
    what: "pipeline type",
    default: Some("replication"),
    variants: &[
        ("replication", &REPLICATION),
        ("transformation", &TRANSFORMATION),
        ("quality", &QUALITY),
        ("snapshot", &SNAPSHOT),
        ("load", &LOAD),
    ],
    synonym: no_synonym,
};

/// True when `[pipeline]` itself is a pipeline: it has a key of one, of a shape that no pipeline's table has.
pub(crate) fn pipeline_marks(node: &Node) -> bool {
    let inside = |name: &str, keys: &[&str]| {
        let table = node.get(name).filter(|t| t.is_table());
        // A pipeline that is called `source` has none of these keys itself.
        table.is_some_and(|t| t.entries().iter().any(|e| keys.contains(&e.key.as_str())))
    };
    let direct = |e: &crate::node::Entry| {
        !e.node.is_table()
            && PIPELINE_TYPES
                .variants
                .iter()
                .any(|(_, s)| s.key(&e.key).is_some() || e.key == "type")
    };
    node.entries().iter().any(direct)
        || inside(
            "source",
            &[
                "adapter",
                "catalog",
                "schema",
                "schema_pattern",
                "discovery",
                "table",
            ],
        )
        || inside(
            "target",
            &[
                "adapter",
                "catalog_template",
                "schema_template",
                "governance",
                "catalog",
            ],
        )
}

/// "belongs to …" for a key of other pipeline types.
fn pipeline_hint(_: &Node, name: &str) -> Option<String> {
    let types: Vec<&str> = PIPELINE_TYPES
        .variants
        .iter()
        .filter(|(_, s)| s.key(name).is_some())
        .map(|(n, _)| *n)
        .collect();
    (!types.is_empty()).then(|| format!("it belongs to pipelines of type {}", one_of(types)))
}

const DEPENDS_ON: Key = key("depends_on", STRS);
const CHECKS_KEY: Key = key("checks", Shape::Table(&CHECKS));
const EXECUTION_KEY: Key = key("execution", Shape::Table(&EXECUTION));
// Nothing starts a run by itself.
const SCHEDULE_KEY: Key = key("schedule", Shape::Table(&SCHEDULE)).idle();
const CONCURRENCY: Key = key(
    "concurrency",
    Shape::Either(&[COUNT, Shape::OneOf(&["adaptive"])]),
);

// What is done when a table that is kept has other columns than the rows that come in.
const ON_ADDED: Key = key("on_added_columns", Shape::OneOf(&["add", "ignore", "fail"]));
const ON_WIDENED: Key = key("on_widened_columns", Shape::OneOf(&["alter", "ignore", "fail"]));
const ON_REMOVED: Key = key("on_removed_columns", Shape::OneOf(&["keep", "drop", "fail"]));
const ON_UNSAFE: Key = key("on_unsafe_drift", Shape::OneOf(&["rebuild", "ignore", "fail"]));

// --- transformation -------------------------------------------------------------------------------------------------

static TRANSFORMATION: Schema = Schema::with_hint(
    &[
        key("models", STR),
        key("target", Shape::Table(&TRANSFORMATION_TARGET)).required(),
        key("on_added_columns", Shape::OneOf(&["add", "fail"])),
        ON_WIDENED,
        ON_REMOVED,
        ON_UNSAFE,
        DEPENDS_ON,
        EXECUTION_KEY,
        CHECKS_KEY,
        SCHEDULE_KEY,
    ],
    pipeline_hint,
);

static TRANSFORMATION_TARGET: Schema = rows(&[
    key("adapter", STR),
    key("governance", Shape::Table(&TRANSFORMATION_GOVERNANCE)),
]);

static TRANSFORMATION_GOVERNANCE: Schema = rows(&[
    key("auto_create_schemas", BOOL),
    key("auto_create_catalogs", BOOL).idle(),
    key("tag_prefix", STR).idle(),
    key("tags", Shape::Map(&Shape::Str)).idle(),
    key("grants", Shape::Tables(&GRANT)).idle(),
    key("schema_grants", Shape::Tables(&GRANT)).idle(),
    key("isolation", Shape::Table(&ISOLATION)).idle(),
]);

// --- shared by all types --------------------------------------------------------------------------------------

static EXECUTION: Schema = rows(&[
    CONCURRENCY,
    key("adaptive_concurrency", BOOL),
    key("fail_fast", BOOL),
    key("error_rate_abort_pct", PERCENT),
    key("table_retries", U32),
    key("timeout_seconds", COUNT),
]);

static GOVERNANCE: Schema = rows(&[
    key("auto_create_catalogs", BOOL),
    key("auto_create_schemas", BOOL),
    key("tag_prefix", STR).idle(),
    key("tags", Shape::Map(&Shape::Str)).idle(),
    key("grants", Shape::Tables(&GRANT)).idle(),
    key("schema_grants", Shape::Tables(&GRANT)).idle(),
    key("isolation", Shape::Table(&ISOLATION)).idle(),
]);

static GRANT: Schema = rows(&[
    key("principal", STR).required(),
    key("permissions", STRS).required(),
]);
static ISOLATION: Schema = rows(&[
    key("enabled", BOOL),
    key("workspace_ids", Shape::Tables(&WORKSPACE)),
]);
static WORKSPACE: Schema = rows(&[
    key("id", UINT).required(),
    key("binding_type", Shape::OneOf(&["READ_WRITE", "READ_ONLY"])),
]);

static SCHEDULE: Schema = rows(&[
    key("cron", STR),
    key("timezone", STR),
    key("after", STRS),
    key("freshness", BOOL),
    key("catchup", Shape::OneOf(&["latest", "skip"])),
    key("retry", Shape::Table(&SCHEDULE_RETRY)),
    key("timeout_minutes", UINT),
    key("enabled", BOOL),
]);
static SCHEDULE_RETRY: Schema = rows(&[key("max", U32)]);

static CHECKS: Schema = rows(&[
    key("enabled", BOOL),
    key("row_count", SWITCH),
    key("column_match", SWITCH),
    key("freshness", Shape::Table(&CHECK_FRESHNESS)),
    key("null_rate", Shape::Table(&NULL_RATE)),
    key("custom", Shape::Tables(&CUSTOM)),
    key("anomaly_threshold_pct", NUMBER),
    key("assertions", Shape::ListOf(&Shape::Tagged(&test::ASSERTIONS))),
    key("quarantine", Shape::Table(&QUARANTINE)),
    key("cross_source_overlap", Shape::Table(&OVERLAP)).idle(),
    key("fail_on_error", BOOL),
]);

const SWITCH: Shape = Shape::Either(&[Shape::Bool, Shape::Table(&SWITCH_TABLE)]);
static SWITCH_TABLE: Schema = rows(&[key("enabled", BOOL), key("severity", SEVERITY)]);
static CHECK_FRESHNESS: Schema = rows(&[
    key("threshold_seconds", UINT).required(),
    key("overrides", Shape::Map(&UINT)),
    key("timestamp_column", STR),
    key("severity", SEVERITY),
]);
static NULL_RATE: Schema = rows(&[
    key("columns", Shape::SomeStrs).required(),
    key("threshold", RATIO).required(),
    key("sample_percent", PERCENT),
    key("severity", SEVERITY),
]);
static CUSTOM: Schema = rows(&[
    key("name", STR).required(),
    key("sql", STR).required(),
    key("threshold", UINT),
    key("severity", SEVERITY),
]);
static QUARANTINE: Schema = rows(&[
    key("enabled", BOOL),
    key("mode", Shape::OneOf(&["split", "tag", "drop"])),
    key("suffix_valid", STR),
    key("suffix_quarantine", STR),
]);
static OVERLAP: Schema = rows(&[
    key("keys", STRS),
    key("key_expr", STR),
    key("severity", SEVERITY),
    key("max_overlap_rows", UINT),
    key("sample", UINT),
]);

// --- replication ----------------------------------------------------------------------------------------------------

/// What a replication pipeline can do with a table that exists.
const COPY_STRATEGY: Shape = Shape::OneOf(&[
    "incremental",
    "full_refresh",
    "merge",
    "view",
    "materialized_view",
    "dynamic_table",
]);

static REPLICATION: Schema = Schema::with_hint(
    &[
        key("strategy", COPY_STRATEGY),
        key("timestamp_column", STR),
        key("metadata_columns", Shape::Tables(&METADATA_COLUMN)),
        key("source", Shape::Table(&REPLICATION_SOURCE)).required(),
        key("target", Shape::Table(&REPLICATION_TARGET)).required(),
        key("merge_keys", STRS),
        key("merge_keys_fallback", STRS),
        key("prune_unchanged", BOOL),
        key("table_overrides", Shape::Tables(&TABLE_OVERRIDE)),
        ON_ADDED,
        ON_WIDENED,
        ON_REMOVED,
        ON_UNSAFE,
        DEPENDS_ON,
        EXECUTION_KEY,
        CHECKS_KEY,
        SCHEDULE_KEY.idle(),
    ],
    pipeline_hint,
);

static METADATA_COLUMN: Schema = rows(&[
    key("name", STR).required(),
    key("type", STR).required(),
    key("value", STR).required(),
]);

static REPLICATION_SOURCE: Schema = rows(&[
    key("adapter", STR),
    key("catalog", STR),
    key("schema_pattern", Shape::Table(&SCHEMA_PATTERN)).required(),
    key("discovery", Shape::Table(&DISCOVERY)),
]);
static SCHEMA_PATTERN: Schema = rows(&[
    key("prefix", STR).required(),
    key("separator", STR).required(),
    key("components", STRS).required(),
]);
static DISCOVERY: Schema = rows(&[
    key("adapter", STR),
    key("report_new_sources", BOOL).idle(),
    key("on_collision", Shape::OneOf(&["off", "warn", "error"])),
]);
static REPLICATION_TARGET: Schema = rows(&[
    key("adapter", STR),
    key("catalog_template", STR).required(),
    key("schema_template", STR).required(),
    key("separator", STR),
    key("governance", Shape::Table(&GOVERNANCE)),
]);
static TABLE_OVERRIDE: Schema = rows(&[
    key("match", Shape::Table(&OVERRIDE_MATCH)).required(),
    key("strategy", COPY_STRATEGY),
    key("merge_keys", STRS),
    key("merge_keys_fallback", STRS),
    key("timestamp_column", STR),
    key("enabled", BOOL),
]);
static OVERRIDE_MATCH: Schema = rows(&[key("connector", STR), key("table", STR)]);

// --- quality, snapshot, load ----------------------------------------------------------------------------------------

static QUALITY: Schema = Schema::with_hint(
    &[
        key("target", Shape::Table(&QUALITY_TARGET)).required(),
        key("tables", Shape::Tables(&QUALITY_TABLE)),
        CHECKS_KEY.required(),
        DEPENDS_ON,
        EXECUTION_KEY,
        SCHEDULE_KEY.idle(),
    ],
    pipeline_hint,
);
static QUALITY_TARGET: Schema = rows(&[key("adapter", STR)]);
static QUALITY_TABLE: Schema = rows(&[
    key("catalog", STR).required(),
    key("schema", STR).required(),
    key("table", STR),
]);

static SNAPSHOT: Schema = Schema::with_hint(
    &[
        key("unique_key", Shape::SomeStrs).required(),
        key("strategy", Shape::OneOf(&["updated_at", "check"])),
        key("updated_at", STR),
        key(
            "check_cols",
            Shape::Either(&[Shape::OneOf(&["all"]), Shape::SomeStrs]),
        ),
        key("invalidate_hard_deletes", BOOL),
        key("source", Shape::Table(&SNAPSHOT_SOURCE)).required(),
        key("target", Shape::Table(&SNAPSHOT_TARGET)).required(),
        DEPENDS_ON,
        EXECUTION_KEY,
        CHECKS_KEY,
        SCHEDULE_KEY,
    ],
    pipeline_hint,
);
static SNAPSHOT_SOURCE: Schema = rows(&[
    key("adapter", STR),
    key("catalog", STR).required(),
    key("schema", STR).required(),
    key("table", STR).required(),
]);
static SNAPSHOT_TARGET: Schema = rows(&[
    key("adapter", STR),
    key("catalog", STR).required(),
    key("schema", STR).required(),
    key("table", STR).required(),
    key("governance", Shape::Table(&TRANSFORMATION_GOVERNANCE)),
]);

static LOAD: Schema = Schema::with_hint(
    &[
        key("source_dir", STR).required(),
        key("format", Shape::OneOf(&["csv", "parquet", "json_lines"])),
        key("target", Shape::Table(&LOAD_TARGET)).required(),
        key("options", Shape::Table(&LOAD_OPTIONS)),
        key("contract", Shape::Table(&LOAD_CONTRACT)),
        DEPENDS_ON,
        EXECUTION_KEY,
        CHECKS_KEY,
        SCHEDULE_KEY,
    ],
    pipeline_hint,
);
static LOAD_TARGET: Schema = rows(&[
    key("adapter", STR),
    key("catalog", STR).required(),
    key("schema", STR).required(),
    key("table", STR),
    key("governance", Shape::Table(&TRANSFORMATION_GOVERNANCE)),
]);
static LOAD_OPTIONS: Schema = rows(&[
    key("batch_size", COUNT).idle(),
    key("create_table", BOOL),
    key("truncate_first", BOOL),
    key("csv_delimiter", STR),
    key("csv_has_header", BOOL),
]);
static LOAD_CONTRACT: Schema = rows(&[
    key("required_columns", Shape::Tables(&LOAD_CONTRACT_COLUMN)),
    key("protected_columns", STRS),
    key("allowed_type_changes", Shape::Tables(&TYPE_CHANGE)),
]);
static LOAD_CONTRACT_COLUMN: Schema = rows(&[
    key("name", STR).required(),
    key("type", STR).required(),
    key("nullable", BOOL),
]);
pub(super) static TYPE_CHANGE: Schema = rows(&[key("from", STR).required(), key("to", STR).required()]);
