//! Rows of strategies. Each may be written as a table `[strategy]` with `type`, or as `strategy = "merge"` with the
//! same keys beside it.

use super::{COUNT, GRANULARITY, STR, STRS};
use crate::node::Node;
use crate::schema::{Key, Schema, Shape, Tagged, U32, key, one_of};

pub(crate) static STRATEGIES: Tagged = Tagged {
    tag: "type",
    what: "strategy",
    default: None,
    variants: &[
        ("full_refresh", &FULL_REFRESH),
        ("incremental", &INCREMENTAL),
        ("merge", &MERGE),
        ("time_interval", &TIME_INTERVAL),
        ("ephemeral", &EPHEMERAL),
        ("delete_insert", &DELETE_INSERT),
        ("microbatch", &MICROBATCH),
        ("view", &VIEW),
        ("materialized_view", &MATERIALIZED_VIEW),
        ("dynamic_table", &DYNAMIC_TABLE),
        ("content_addressed", &CONTENT_ADDRESSED),
    ],
    synonym,
};

/// Words of other tools.
fn synonym(word: &str) -> Option<&'static str> {
    let folded = word.to_ascii_lowercase().replace(['-', ' '], "_");
    match folded.as_str() {
        "table" | "replace" | "full" | "create_or_replace" => Some("full_refresh"),
        "append" => Some("incremental"),
        "upsert" => Some("merge"),
        "insert_overwrite" | "delete+insert" => Some("delete_insert"),
        "cte" | "inline" => Some("ephemeral"),
        _ => STRATEGIES
            .variants
            .iter()
            .map(|(name, _)| *name)
            .find(|name| *name == folded),
    }
}

const TIMESTAMP_COLUMN: Key = key("timestamp_column", STR).required();

static FULL_REFRESH: Schema = strategy(&[]);
static EPHEMERAL: Schema = strategy(&[]);
static VIEW: Schema = strategy(&[]);
static MATERIALIZED_VIEW: Schema = strategy(&[]);
static INCREMENTAL: Schema = strategy(&[TIMESTAMP_COLUMN, key("lookback", STR)]);
static MERGE: Schema = strategy(&[
    key("unique_key", Shape::SomeStrs).required(),
    key("update_columns", STRS),
]);
static TIME_INTERVAL: Schema = strategy(&[
    key("time_column", STR).required(),
    key("granularity", GRANULARITY).required(),
    key("lookback", U32),
    key("batch_size", COUNT),
    key("first_partition", STR),
]);
static DELETE_INSERT: Schema = strategy(&[key("partition_by", Shape::SomeStrs).required()]);
static MICROBATCH: Schema = strategy(&[
    TIMESTAMP_COLUMN,
    key("granularity", GRANULARITY),
    key("lookback", U32),
    key("batch_size", COUNT),
    key("first_partition", STR),
]);
static DYNAMIC_TABLE: Schema = strategy(&[key("target_lag", STR).required(), key("warehouse", STR)]);
static CONTENT_ADDRESSED: Schema = strategy(&[
    key("storage_prefix", STR).required(),
    key("partition_columns", STRS),
]);

const fn strategy(keys: &'static [Key]) -> Schema {
    Schema {
        keys,
        hint: Some(strategy_hint),
    }
}

/// "belongs to …" for a key of other strategies.
fn strategy_hint(_: &Node, name: &str) -> Option<String> {
    let names: Vec<&str> = STRATEGIES
        .variants
        .iter()
        .filter(|(_, s)| s.key(name).is_some())
        .map(|(n, _)| *n)
        .collect();
    (!names.is_empty()).then(|| format!("it belongs to {}", one_of(names)))
}

/// Every key of every strategy, once.
pub(crate) fn strategy_keys() -> impl Iterator<Item = &'static Key> {
    let all = STRATEGIES.variants.iter().flat_map(|(_, schema)| schema.keys);
    let first = |key: &&'static Key| {
        let holder = STRATEGIES
            .variants
            .iter()
            .flat_map(|(_, s)| s.keys)
            .find(|k| k.name == key.name);
        holder.is_some_and(|k| std::ptr::eq(k, *key))
    };
    all.filter(first)
}
