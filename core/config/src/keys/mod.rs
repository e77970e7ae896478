//! The rows: every key of the 1.0 and 1.71 releases and our own, with its shape, and whether anything acts on it.
//!
//! To give a known key its effect: drop `.idle()` from its row and read it in the typed reader.

mod model;
mod pipeline;
mod project;
mod strategy;
mod test;

pub(crate) use model::{CONTRACT, DEFAULTS, SIDECAR};
pub(crate) use pipeline::{PIPELINE_TYPES, pipeline_marks};
pub(crate) use project::{PROJECT, is_adapter_key};
pub(crate) use strategy::{STRATEGIES, strategy_keys};

use crate::schema::{Key, NUMBER, Schema, Shape, U32, UINT, key};
use std::ops::Bound;

pub(crate) const STR: Shape = Shape::Str;
pub(crate) const BOOL: Shape = Shape::Bool;
pub(crate) const STRS: Shape = Shape::Strs;

/// A fraction.
pub(crate) const RATIO: Shape = Shape::Float {
    min: Bound::Included(0.0),
    max: Bound::Included(1.0),
};
/// Of whole per cents.
pub(crate) const PERCENT: Shape = Shape::Int { min: 0, max: 100 };
/// A count from 1.
pub(crate) const COUNT: Shape = Shape::Int {
    min: 1,
    max: u32::MAX as i64,
};
/// A factor by which waiting grows.
pub(crate) const FACTOR: Shape = Shape::Float {
    min: Bound::Included(1.0),
    max: Bound::Unbounded,
};
/// Whether a finding fails or warns.
pub(crate) const SEVERITY: Shape = Shape::OneOf(&["error", "warning"]);
pub(crate) const GRANULARITY: Shape = Shape::OneOf(&["hour", "day", "month", "year"]);

/// `[[sources]]`: a relation that no model makes, with its columns when they are declared.
pub(crate) static SOURCE: Schema = Schema::new(&[
    key("catalog", STR),
    key("schema", STR),
    key("table", STR).required(),
    key("columns", Shape::Tables(&SOURCE_COLUMN)),
]);

static SOURCE_COLUMN: Schema = Schema::new(&[
    key("name", STR).required(),
    key("type", STR).required(),
    key("nullable", BOOL),
]);

/// `seeds/<name>.toml`.
pub(crate) static SEED: Schema = Schema::new(&[
    key("name", STR),
    key("target", Shape::Table(&SEED_TARGET)),
    key("strategy", Shape::OneOf(&["drop_and_recreate"])),
    key("column_types", Shape::Map(&Shape::Str)),
]);

static SEED_TARGET: Schema = Schema::new(&[key("catalog", STR), key("schema", STR), key("table", STR)]);

/// `schema.lock`.
pub(crate) static LOCK: Schema = Schema::new(&[
    key("version", UINT).required(),
    key("relation", Shape::Tables(&LOCKED_RELATION)),
]);

static LOCKED_RELATION: Schema = Schema::new(&[
    key("catalog", STR),
    key("schema", STR),
    key("table", STR).required(),
    key("fetched_at", STR),
    key("hash", STR),
    key("comment", STR),
    key("columns", Shape::Tables(&LOCKED_COLUMN)).required(),
]);

static LOCKED_COLUMN: Schema = Schema::new(&[
    key("name", STR).required(),
    key("type", STR).required(),
    key("nullable", BOOL),
    key("comment", STR),
]);

/// `retry` of adapters.
pub(crate) static RETRY: Schema = Schema::new(&[
    key("max_retries", U32),
    key("initial_backoff_ms", UINT),
    key("max_backoff_ms", UINT),
    key("backoff_multiplier", FACTOR),
    key("jitter", BOOL),
    key("circuit_breaker_threshold", U32),
    key("circuit_breaker_recovery_timeout_secs", UINT),
    key("max_retries_per_run", U32),
]);

/// `budget` of a project and of a model.
pub(crate) static BUDGET: Schema = Schema::new(&[
    key("max_usd", NUMBER),
    key("max_duration_ms", UINT),
    key("max_bytes_scanned", UINT),
    key("on_breach", Shape::OneOf(&["warn", "error"])),
]);

/// A schema made of rows only.
pub(crate) const fn rows(keys: &'static [Key]) -> Schema {
    Schema::new(keys)
}
