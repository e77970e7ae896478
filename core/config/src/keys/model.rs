//! Rows of sidecars, `_defaults.toml` and contracts.

use super::pipeline::TYPE_CHANGE;
use super::{BOOL, BUDGET, COUNT, SEVERITY, SOURCE, STR, STRS, rows, test};
use crate::schema::{Key, Schema, Shape, UINT, key};

const FRESHNESS_KEY: Key = key("freshness", Shape::Table(&FRESHNESS));

/// A sidecar or front matter. `strategy` and its flat keys are read by `crate::strategy`.
pub(crate) static SIDECAR: Schema = rows(&[
    key("name", STR),
    key("depends_on", STRS),
    key("strategy", Shape::Any),
    key("target", Shape::Table(&TARGET)),
    key("sources", Shape::Tables(&SOURCE)),
    key("intent", STR),
    key("adapter", STR).idle(),
    key("tags", Shape::Either(&[Shape::Map(&TAG), STRS])),
    FRESHNESS_KEY,
    key("tests", Shape::ListOf(&Shape::Tagged(&test::TESTS))),
    key("test", Shape::Tables(&test::UNIT_TEST)),
    key("use_test", Shape::Tables(&test::USE_TEST)).idle(),
    key("format", FORMAT),
    key("format_options", Shape::Table(&FORMAT_OPTIONS)),
    key("classification", Shape::Map(&Shape::Str)).idle(),
    key("governance", Shape::Table(&GOVERNANCE)).idle(),
    key("retention", STR).idle(),
    key("budget", Shape::Table(&BUDGET)).idle(),
    key("timeout_seconds", COUNT),
    key("skip", Shape::Table(&SKIP)).idle(),
    key("group", STR).idle(),
    key("args", Shape::Map(&Shape::Any)).idle(),
    key("surrogate_key", Shape::Tables(&SURROGATE_KEY)).idle(),
    key("columns", Shape::Map(&Shape::Table(&COLUMN))).idle(),
]);

const TAG: Shape = Shape::Either(&[
    Shape::Str,
    Shape::Bool,
    Shape::Int {
        min: i64::MIN,
        max: i64::MAX,
    },
]);

static TARGET: Schema = rows(&[key("catalog", STR), key("schema", STR), key("table", STR)]);

pub(crate) static FRESHNESS: Schema = rows(&[
    key("max_lag_seconds", UINT),
    key("expected_lag_seconds", UINT),
    key("time_column", STR),
    key("severity", SEVERITY),
]);

const FORMAT: Shape = Shape::OneOf(&[
    "delta_table",
    "iceberg_table",
    "materialized_view",
    "streaming_table",
    "table",
    "view",
]);

static FORMAT_OPTIONS: Schema = rows(&[
    key("partition_by", STRS),
    key("cluster_by", STRS),
    key("table_properties", Shape::Pairs),
    key("comment", STR),
]);

static GOVERNANCE: Schema = rows(&[key("tags", Shape::Map(&Shape::Str))]);
static SKIP: Schema = rows(&[key("eligible", BOOL), key("deterministic", BOOL)]);
static SURROGATE_KEY: Schema = rows(&[
    key("name", STR).required(),
    key("columns", Shape::SomeStrs).required(),
]);
static COLUMN: Schema = rows(&[key("description", STR)]);

const SIDECAR_ONLY: &str = "it belongs in a model's sidecar";

/// `_defaults.toml`.
pub(crate) static DEFAULTS: Schema = rows(&[
    key("target", Shape::Table(&DEFAULT_TARGET)),
    key("strategy", Shape::Any),
    key("intent", STR),
    FRESHNESS_KEY,
    key("name", STR).misplaced(SIDECAR_ONLY),
    key("depends_on", STRS).misplaced(SIDECAR_ONLY),
    key("sources", Shape::Tables(&SOURCE)).misplaced(SIDECAR_ONLY),
    key("adapter", STR).misplaced(SIDECAR_ONLY),
    key("tags", Shape::Any).misplaced(SIDECAR_ONLY),
    key("tests", Shape::Any).misplaced(SIDECAR_ONLY),
    key("test", Shape::Any).misplaced(SIDECAR_ONLY),
    key("use_test", Shape::Any).misplaced(SIDECAR_ONLY),
    key("format", STR).misplaced(SIDECAR_ONLY),
    key("format_options", Shape::Any).misplaced(SIDECAR_ONLY),
    key("classification", Shape::Any).misplaced(SIDECAR_ONLY),
    key("governance", Shape::Any).misplaced(SIDECAR_ONLY),
    key("retention", STR).misplaced(SIDECAR_ONLY),
    key("budget", Shape::Any).misplaced(SIDECAR_ONLY),
    key("timeout_seconds", Shape::Any).misplaced(SIDECAR_ONLY),
    key("skip", Shape::Any).misplaced(SIDECAR_ONLY),
    key("group", STR).misplaced(SIDECAR_ONLY),
    key("args", Shape::Any).misplaced(SIDECAR_ONLY),
    key("surrogate_key", Shape::Any).misplaced(SIDECAR_ONLY),
    key("columns", Shape::Any).misplaced(SIDECAR_ONLY),
]);

static DEFAULT_TARGET: Schema = rows(&[
    key("catalog", STR),
    key("schema", STR),
    key("table", STR).misplaced(SIDECAR_ONLY),
]);

/// `<model>.contract.toml`.
pub(crate) static CONTRACT: Schema = rows(&[
    key("columns", Shape::Tables(&CONTRACT_COLUMN)),
    key("rules", Shape::Table(&RULES)),
]);

static CONTRACT_COLUMN: Schema = rows(&[
    key("name", STR).required(),
    key("type", STR),
    key("nullable", BOOL),
    key("description", STR),
]);

static RULES: Schema = rows(&[
    key("required", STRS),
    key("protected", STRS),
    key("no_new_nullable", BOOL),
    key(
        "allowed_type_changes",
        Shape::Either(&[Shape::OneOf(&["widening"]), Shape::Tables(&TYPE_CHANGE)]),
    ),
]);
