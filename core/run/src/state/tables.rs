//! The tables: their names and keys, and what is done to all of them alike. A new table is a line here, a line in
//! [`each_table!`], and a new [`SCHEMA_VERSION`](super::SCHEMA_VERSION).
//!
//! Invariant: a file of an older version lacks tables and fields, and has none that mean something else; so reading takes a missing
//! table for an empty one, and migration only adds.

use super::{SCHEMA_VERSION, failed};
use redb::{
    Key, ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, TableError, TableHandle, Value,
    WriteTransaction,
};
use rocky_base::Result;
use std::path::Path;

pub(super) type Json = &'static str;

pub(super) const METADATA: TableDefinition<&str, Json> = TableDefinition::new("metadata");
/// `catalog.schema.table`.
pub(super) const WATERMARKS: TableDefinition<&str, Json> = TableDefinition::new("watermarks");
/// Model, partition.
pub(super) const PARTITIONS: TableDefinition<(&str, &str), Json> = TableDefinition::new("partitions");
/// `catalog.schema.table`.
pub(super) const CHECK_HISTORY: TableDefinition<&str, Json> = TableDefinition::new("check_history");
/// Model, moment, run.
pub(super) const QUALITY_HISTORY: TableDefinition<(&str, i64, &str), Json> =
    TableDefinition::new("quality_history");
/// Run.
pub(super) const RUN_HISTORY: TableDefinition<&str, Json> = TableDefinition::new("run_history");
/// Moment, run. The order of runs.
pub(super) const RUN_TIMES: TableDefinition<(i64, &str), ()> = TableDefinition::new("run_history_by_time");
/// Run, model or table.
pub(super) const RUN_PROGRESS: TableDefinition<(&str, &str), Json> = TableDefinition::new("run_progress");
/// Moment.
pub(super) const DAG_SNAPSHOTS: TableDefinition<i64, Json> = TableDefinition::new("dag_snapshots");
/// Model. The graph of the newest snapshot.
pub(super) const DAG_MODELS: TableDefinition<&str, Json> = TableDefinition::new("dag_models");
/// Kind, key.
pub(super) const NOTES: TableDefinition<(&str, &str), Json> = TableDefinition::new("notes");

pub(super) const SCHEMA_VERSION_KEY: &str = "schema_version";

/// `f(arguments…, TABLE)?` for every table but the metadata.
macro_rules! each_table {
    ($f:ident($($argument:expr),*)) => {{
        use $crate::state::tables as t;
        $f($($argument,)* t::WATERMARKS)?;
        $f($($argument,)* t::PARTITIONS)?;
        $f($($argument,)* t::CHECK_HISTORY)?;
        $f($($argument,)* t::QUALITY_HISTORY)?;
        $f($($argument,)* t::RUN_HISTORY)?;
        $f($($argument,)* t::RUN_TIMES)?;
        $f($($argument,)* t::RUN_PROGRESS)?;
        $f($($argument,)* t::DAG_SNAPSHOTS)?;
        $f($($argument,)* t::DAG_MODELS)?;
        $f($($argument,)* t::NOTES)?;
    }};
}
pub(super) use each_table;

/// Make what a file of this version has.
pub(super) fn create_all(path: &Path, transaction: &WriteTransaction) -> Result<()> {
    fn create<K: Key + 'static, V: Value + 'static>(
        path: &Path,
        transaction: &WriteTransaction,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<()> {
        transaction.open_table(definition).map(drop).map_err(failed(path))
    }
    let mut metadata = transaction.open_table(METADATA).map_err(failed(path))?;
    metadata
        .insert(SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_string().as_str())
        .map_err(failed(path))?;
    drop(metadata);
    each_table!(create(path, transaction));
    Ok(())
}

/// A table; none in a file of an older version that did not have it.
pub(super) fn open_existing<K: Key + 'static, V: Value + 'static>(
    path: &Path,
    transaction: &ReadTransaction,
    definition: TableDefinition<'static, K, V>,
) -> Result<Option<ReadOnlyTable<K, V>>> {
    match transaction.open_table(definition) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Put every row of a table into another database.
pub(super) fn copy<K: Key + 'static, V: Value + 'static>(
    path: &Path,
    from: &ReadTransaction,
    to: &WriteTransaction,
    definition: TableDefinition<'static, K, V>,
) -> Result<()> {
    let mut target = to.open_table(definition).map_err(failed(path))?;
    let Some(source) = open_existing(path, from, definition)? else {
        return Ok(());
    };
    for entry in source.iter().map_err(failed(path))? {
        let (key, value) = entry.map_err(failed(path))?;
        target.insert(key.value(), value.value()).map_err(failed(path))?;
    }
    Ok(())
}

/// Remove every row.
pub(super) fn clear<K: Key + 'static, V: Value + 'static>(
    path: &Path,
    transaction: &WriteTransaction,
    definition: TableDefinition<'static, K, V>,
) -> Result<()> {
    transaction.delete_table(definition).map_err(failed(path))?;
    transaction.open_table(definition).map(drop).map_err(failed(path))
}

/// What a table is called, for as long as the program runs.
pub(super) fn name<K: Key + 'static, V: Value + 'static>(
    definition: TableDefinition<'static, K, V>,
) -> &'static str {
    let name = NAMES.into_iter().find(|name| *name == definition.name());
    name.unwrap_or_default()
}

const NAMES: [&str; 10] = [
    "watermarks",
    "partitions",
    "check_history",
    "quality_history",
    "run_history",
    "run_history_by_time",
    "run_progress",
    "dag_snapshots",
    "dag_models",
    "notes",
];
