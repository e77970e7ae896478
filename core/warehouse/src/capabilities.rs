//! What each dialect can do, as data.

use rocky_base::Dialect;
use serde::{Deserialize, Serialize};

/// How a model is materialised.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// A view.
    View,
    /// Drop and recreate the table.
    FullRefresh,
    /// Inlined into its consumers.
    Ephemeral,
    /// Append past a watermark.
    Incremental,
    /// Upsert by key.
    Merge,
    /// Delete by partition, then insert.
    DeleteInsert,
    /// Per time partition.
    TimeInterval,
    /// Alias of time_interval with hours.
    Microbatch,
    /// Kept up to date by the warehouse (Databricks).
    MaterializedView,
    /// Kept up to date by the warehouse (Snowflake).
    DynamicTable,
    /// Content-addressed storage.
    ContentAddressed,
    /// The history of a table, kept by a snapshot pipeline.
    SnapshotScd2,
    /// Files, added by a load pipeline.
    Load,
}

impl Strategy {
    /// The configuration's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Strategy::View => "view",
            Strategy::FullRefresh => "full_refresh",
            Strategy::Ephemeral => "ephemeral",
            Strategy::Incremental => "incremental",
            Strategy::Merge => "merge",
            Strategy::DeleteInsert => "delete_insert",
            Strategy::TimeInterval => "time_interval",
            Strategy::Microbatch => "microbatch",
            Strategy::MaterializedView => "materialized_view",
            Strategy::DynamicTable => "dynamic_table",
            Strategy::ContentAddressed => "content_addressed",
            Strategy::SnapshotScd2 => "snapshot_scd2",
            Strategy::Load => "load",
        }
    }
}

/// What a dialect can do.
#[derive(Debug)]
pub struct Capabilities {
    /// The dialect.
    pub dialect: Dialect,
    /// Strategies that this release plans for it.
    pub strategies: &'static [Strategy],
    /// DDL and DML can be one transaction.
    pub transactional_ddl: bool,
    /// Sessions that may work at once; 1 means one after another.
    pub parallel: usize,
}

const COMMON: &[Strategy] = &[
    Strategy::View,
    Strategy::FullRefresh,
    Strategy::Ephemeral,
    Strategy::Incremental,
    Strategy::Merge,
    Strategy::DeleteInsert,
    Strategy::TimeInterval,
    Strategy::Microbatch,
];

const DATABRICKS: &[Strategy] = &[
    Strategy::View,
    Strategy::FullRefresh,
    Strategy::Ephemeral,
    Strategy::Incremental,
    Strategy::Merge,
    Strategy::DeleteInsert,
    Strategy::TimeInterval,
    Strategy::Microbatch,
    Strategy::MaterializedView,
];

const SNOWFLAKE: &[Strategy] = &[
    Strategy::View,
    Strategy::FullRefresh,
    Strategy::Ephemeral,
    Strategy::Incremental,
    Strategy::Merge,
    Strategy::DeleteInsert,
    Strategy::TimeInterval,
    Strategy::Microbatch,
    Strategy::DynamicTable,
];

impl Capabilities {
    /// The table row of a dialect.
    pub fn of(dialect: Dialect) -> &'static Capabilities {
        match dialect {
            Dialect::DuckDb => &Capabilities {
                dialect: Dialect::DuckDb,
                strategies: COMMON,
                transactional_ddl: true,
                parallel: 16,
            },
            Dialect::Databricks => &Capabilities {
                dialect: Dialect::Databricks,
                strategies: DATABRICKS,
                transactional_ddl: false,
                parallel: 32,
            },
            Dialect::Snowflake => &Capabilities {
                dialect: Dialect::Snowflake,
                strategies: SNOWFLAKE,
                transactional_ddl: false,
                parallel: 32,
            },
            Dialect::BigQuery => &Capabilities {
                dialect: Dialect::BigQuery,
                strategies: COMMON,
                transactional_ddl: false,
                parallel: 32,
            },
        }
    }
}
