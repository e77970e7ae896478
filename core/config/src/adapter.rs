//! `[adapter.NAME]`: which system, how to reach it, and which dialect models are compiled for.

use crate::read::Reader;
use crate::spanned::{Secret, Spanned};
use rocky_base::{Dialect, Loc, SmolStr};
use serde::Serialize;

/// A declared adapter.
#[derive(Clone, Debug, Serialize)]
pub struct AdapterConfig {
    /// The type, `None` when it is missing or unknown (reported).
    pub r#type: Option<AdapterType>,
    /// What it is used for, as declared or, for the types that can do only one thing, as inferred.
    pub kind: Option<AdapterKind>,
    /// The keys of its type.
    pub settings: AdapterSettings,
    /// `[adapter.NAME.retry]`.
    pub retry: Option<RetryConfig>,
    /// Seconds until a statement is given up.
    pub timeout_secs: Option<u64>,
    /// Its name in the header.
    pub loc: Loc,
}

impl AdapterConfig {
    /// The SQL dialect, when this is a warehouse that models can be compiled for.
    pub fn dialect(&self) -> Option<Dialect> {
        Dialect::parse(self.r#type?.as_str())
    }

    /// The catalogue that a name without one stands in, when the configuration tells. (DuckDB's follows from the file.)
    pub fn default_catalog(&self) -> Option<&Spanned<SmolStr>> {
        match &self.settings {
            AdapterSettings::Databricks { catalog, .. } => catalog.as_ref(),
            AdapterSettings::Snowflake { database, .. } => database.as_ref(),
            AdapterSettings::BigQuery { project_id, .. } => project_id.as_ref(),
            _ => None,
        }
    }

    /// The schema that a name without one stands in, when the configuration tells.
    pub fn default_schema(&self) -> Option<&Spanned<SmolStr>> {
        match &self.settings {
            AdapterSettings::Databricks { schema, .. } | AdapterSettings::Snowflake { schema, .. } => {
                schema.as_ref()
            }
            AdapterSettings::BigQuery { dataset, .. } => dataset.as_ref(),
            _ => None,
        }
    }
}

/// The adapter types of the 1.x releases.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterType {
    /// Databricks SQL.
    Databricks,
    /// DuckDB, in a file or in memory.
    DuckDb,
    /// Snowflake.
    Snowflake,
    /// BigQuery.
    BigQuery,
    /// Fivetran, for discovery.
    Fivetran,
    /// Airbyte, for discovery.
    Airbyte,
    /// An Iceberg REST catalogue, for discovery.
    Iceberg,
    /// Sources listed by hand, for discovery.
    Manual,
    /// Trino.
    Trino,
}

impl AdapterType {
    /// Every type.
    pub const ALL: [AdapterType; 9] = [
        AdapterType::Databricks,
        AdapterType::DuckDb,
        AdapterType::Snowflake,
        AdapterType::BigQuery,
        AdapterType::Fivetran,
        AdapterType::Airbyte,
        AdapterType::Iceberg,
        AdapterType::Manual,
        AdapterType::Trino,
    ];

    /// The word in `type = …`.
    pub fn as_str(self) -> &'static str {
        match self {
            AdapterType::Databricks => "databricks",
            AdapterType::DuckDb => "duckdb",
            AdapterType::Snowflake => "snowflake",
            AdapterType::BigQuery => "bigquery",
            AdapterType::Fivetran => "fivetran",
            AdapterType::Airbyte => "airbyte",
            AdapterType::Iceberg => "iceberg",
            AdapterType::Manual => "manual",
            AdapterType::Trino => "trino",
        }
    }

    /// The type of a word.
    pub fn parse(word: &str) -> Option<AdapterType> {
        AdapterType::ALL.into_iter().find(|t| t.as_str() == word)
    }

    /// Can it hold data and run models?
    pub fn holds_data(self) -> bool {
        !self.only_discovers()
    }

    /// Can it list sources?
    pub fn discovers(self) -> bool {
        self.only_discovers() || matches!(self, AdapterType::DuckDb | AdapterType::BigQuery)
    }

    fn only_discovers(self) -> bool {
        matches!(
            self,
            AdapterType::Fivetran | AdapterType::Airbyte | AdapterType::Iceberg | AdapterType::Manual
        )
    }
}

/// `kind = …`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// Holds data and runs statements.
    Data,
    /// Lists sources.
    Discovery,
}

/// What an adapter type needs to know. Nothing is required here: compiling opens no connection, and the adapter says
/// what it misses when it is built.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterSettings {
    /// Databricks SQL.
    Databricks {
        /// Bare host name.
        host: Option<Spanned<SmolStr>>,
        /// Path of the SQL warehouse.
        http_path: Option<Spanned<SmolStr>>,
        /// Personal access token; tried first.
        token: Option<Secret>,
        /// OAuth client.
        client_id: Option<Spanned<SmolStr>>,
        /// OAuth secret.
        client_secret: Option<Secret>,
        /// Default catalogue.
        catalog: Option<Spanned<SmolStr>>,
        /// Default schema.
        schema: Option<Spanned<SmolStr>>,
    },
    /// DuckDB.
    DuckDb {
        /// Database file, relative to the folder of `rocky.toml`; in memory when absent.
        path: Option<Spanned<SmolStr>>,
    },
    /// Snowflake.
    Snowflake {
        /// Account identifier.
        account: Option<Spanned<SmolStr>>,
        /// Warehouse.
        warehouse: Option<Spanned<SmolStr>>,
        /// User.
        username: Option<Spanned<SmolStr>>,
        /// Password.
        password: Option<Secret>,
        /// File with the private key.
        private_key_path: Option<Spanned<SmolStr>>,
        /// OAuth token.
        oauth_token: Option<Secret>,
        /// Programmatic access token.
        pat: Option<Secret>,
        /// Role.
        role: Option<Spanned<SmolStr>>,
        /// Default database.
        database: Option<Spanned<SmolStr>>,
        /// Default schema.
        schema: Option<Spanned<SmolStr>>,
    },
    /// BigQuery; credentials come from the environment only.
    BigQuery {
        /// Project.
        project_id: Option<Spanned<SmolStr>>,
        /// Default dataset.
        dataset: Option<Spanned<SmolStr>>,
        /// Location, `US` when absent.
        location: Option<Spanned<SmolStr>>,
    },
    /// Fivetran.
    Fivetran {
        /// Destination.
        destination_id: Option<Spanned<SmolStr>>,
        /// API key.
        api_key: Option<Secret>,
        /// API secret.
        api_secret: Option<Secret>,
    },
    /// Airbyte, Iceberg or Trino.
    Http {
        /// URL of the API, or of the catalogue.
        host: Option<Spanned<SmolStr>>,
        /// User.
        username: Option<Spanned<SmolStr>>,
        /// Password.
        password: Option<Secret>,
        /// Bearer token.
        token: Option<Secret>,
        /// Default catalogue.
        catalog: Option<Spanned<SmolStr>>,
        /// Default schema.
        schema: Option<Spanned<SmolStr>>,
    },
    /// Manual, or a type that is not known.
    None,
}

/// How often and how patiently a request is repeated. Absent keys are the adapter's defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RetryConfig {
    /// Repetitions of one request, or task (3).
    pub max_retries: Option<u32>,
    /// First wait (1000).
    pub initial_backoff_ms: Option<u64>,
    /// Longest wait (30000).
    pub max_backoff_ms: Option<u64>,
    /// Growth of the wait (2.0).
    pub backoff_multiplier: Option<f64>,
    /// Spread the waits (true).
    pub jitter: Option<bool>,
    /// Failures in a row that open the circuit (5; 0 never).
    pub circuit_breaker_threshold: Option<u32>,
    /// When an open circuit is tried again; never when absent.
    pub circuit_breaker_recovery_timeout_secs: Option<u64>,
    /// Repetitions of all requests of a run.
    pub max_retries_per_run: Option<u32>,
}

/// `[resilience]`. Switched off, it repeats nothing and opens no circuit.
pub(crate) fn resilience(reader: Reader<'_>) -> RetryConfig {
    if reader.flag("enabled") == Some(false) {
        return RetryConfig {
            max_retries: Some(0),
            circuit_breaker_threshold: Some(0),
            ..RetryConfig::default()
        };
    }
    RetryConfig {
        max_retries: reader.u32("transient_max_retries"),
        ..retry(reader)
    }
}

pub(crate) fn read(reader: Reader<'_>, loc: Loc) -> AdapterConfig {
    let r#type = reader
        .get("type")
        .and_then(|n| n.as_str())
        .and_then(AdapterType::parse);
    let declared = reader.choice(
        "kind",
        &[("data", AdapterKind::Data), ("discovery", AdapterKind::Discovery)],
    );
    let inferred = r#type.and_then(|t| match (t.holds_data(), t.discovers()) {
        (false, true) => Some(AdapterKind::Discovery),
        (true, false) => Some(AdapterKind::Data),
        _ => None,
    });
    AdapterConfig {
        r#type,
        kind: declared.or(inferred),
        settings: r#type.map_or(AdapterSettings::None, |t| settings(reader, t)),
        retry: reader.table("retry").map(retry),
        timeout_secs: reader.uint("timeout_secs"),
        loc,
    }
}

fn settings(reader: Reader<'_>, r#type: AdapterType) -> AdapterSettings {
    match r#type {
        AdapterType::Databricks => AdapterSettings::Databricks {
            host: reader.text("host"),
            http_path: reader.text("http_path"),
            token: reader.secret("token"),
            client_id: reader.text("client_id"),
            client_secret: reader.secret("client_secret"),
            catalog: reader.text("catalog"),
            schema: reader.text("schema"),
        },
        AdapterType::DuckDb => AdapterSettings::DuckDb {
            path: reader.text("path"),
        },
        AdapterType::Snowflake => AdapterSettings::Snowflake {
            account: reader.text("account"),
            warehouse: reader.text("warehouse"),
            username: reader.text("username"),
            password: reader.secret("password"),
            private_key_path: reader.text("private_key_path"),
            oauth_token: reader.secret("oauth_token"),
            pat: reader.secret("pat"),
            role: reader.text("role"),
            database: reader.text("database"),
            schema: reader.text("schema"),
        },
        AdapterType::BigQuery => AdapterSettings::BigQuery {
            project_id: reader.text("project_id"),
            dataset: reader.text("dataset"),
            location: reader.text("location"),
        },
        AdapterType::Fivetran => AdapterSettings::Fivetran {
            destination_id: reader.text("destination_id"),
            api_key: reader.secret("api_key"),
            api_secret: reader.secret("api_secret"),
        },
        AdapterType::Airbyte | AdapterType::Iceberg | AdapterType::Trino => AdapterSettings::Http {
            host: reader.text("host"),
            username: reader.text("username"),
            password: reader.secret("password"),
            token: reader.secret("token"),
            catalog: reader.text("catalog"),
            schema: reader.text("schema"),
        },
        AdapterType::Manual => AdapterSettings::None,
    }
}

pub(crate) fn retry(reader: Reader<'_>) -> RetryConfig {
    RetryConfig {
        max_retries: reader.u32("max_retries"),
        initial_backoff_ms: reader.uint("initial_backoff_ms"),
        max_backoff_ms: reader.uint("max_backoff_ms"),
        backoff_multiplier: reader.float("backoff_multiplier"),
        jitter: reader.flag("jitter"),
        circuit_breaker_threshold: reader.u32("circuit_breaker_threshold"),
        circuit_breaker_recovery_timeout_secs: reader.uint("circuit_breaker_recovery_timeout_secs"),
        max_retries_per_run: reader.u32("max_retries_per_run"),
    }
}
