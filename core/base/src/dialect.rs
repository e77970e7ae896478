//! Which warehouse's SQL it is. The tables that differ per dialect hang on this name: identifiers in [`crate::ident`],
//! types and capabilities in `core/warehouse`, functions in `core/semantic`.

use serde::{Deserialize, Serialize};

/// A warehouse's SQL dialect.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// DuckDB 1.5.
    #[default]
    DuckDb,
    /// Databricks SQL.
    Databricks,
    /// Snowflake.
    Snowflake,
    /// BigQuery (GoogleSQL).
    BigQuery,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Dialect; 4] = [
        Dialect::DuckDb,
        Dialect::Databricks,
        Dialect::Snowflake,
        Dialect::BigQuery,
    ];

    /// The adapter type name: `duckdb`, `databricks`, `snowflake`, `bigquery`.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::DuckDb => "duckdb",
            Dialect::Databricks => "databricks",
            Dialect::Snowflake => "snowflake",
            Dialect::BigQuery => "bigquery",
        }
    }

    /// The engine's name for people: `DuckDB`.
    pub fn title(self) -> &'static str {
        match self {
            Dialect::DuckDb => "DuckDB",
            Dialect::Databricks => "Databricks",
            Dialect::Snowflake => "Snowflake",
            Dialect::BigQuery => "BigQuery",
        }
    }

    /// The dialect of an adapter type name.
    pub fn parse(name: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|d| d.as_str() == name)
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
