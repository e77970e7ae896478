//! What checks write differently per dialect.

use crate::bind::{Parameter, Sql};
use crate::finite::Finite;
use rocky_base::Dialect;
use rocky_warehouse::Type;

/// A relation of which a share is read.
pub(super) fn sampled(dialect: Dialect, columns: &str, table: &str, percent: u32) -> String {
    let clause = match dialect {
        Dialect::DuckDb => format!("USING SAMPLE {percent} PERCENT (bernoulli)"),
        Dialect::Databricks => format!("TABLESAMPLE ({percent} PERCENT)"),
        Dialect::Snowflake => format!("SAMPLE ({percent})"),
        Dialect::BigQuery => format!("TABLESAMPLE SYSTEM ({percent} PERCENT)"),
    };
    format!("(SELECT {columns} FROM {table} {clause}) AS sampled")
}

/// Seconds since 1970 of the largest moment of a column, and its text. A moment without time zone counts as UTC.
pub(super) fn newest(dialect: Dialect, column: &str, ty: Option<&Type>) -> String {
    let text = matches!(ty, Some(Type::String { .. }));
    // A row of `infinity` is not the newest: it has no age.
    let newest = Finite::of(dialect, ty).newest(column);
    let max = match (dialect, text) {
        (Dialect::BigQuery, _) => format!("TIMESTAMP(MAX({column}))"),
        (_, true) => format!("CAST(MAX({column}) AS TIMESTAMP)"),
        (_, false) => newest.clone(),
    };
    let (seconds, string) = match dialect {
        Dialect::DuckDb => (format!("epoch({max})"), "VARCHAR"),
        Dialect::Databricks => (format!("unix_timestamp({max})"), "STRING"),
        Dialect::Snowflake => (format!("DATE_PART(epoch_second, {max})"), "VARCHAR"),
        Dialect::BigQuery => (format!("UNIX_SECONDS({max})"), "STRING"),
    };
    format!("SELECT {seconds} AS seconds, CAST({newest} AS {string}) AS newest, COUNT(*) AS n")
}

/// A number as it was written, so that the warehouse takes it. BigQuery has no integer literal beyond INT64.
pub(super) fn number(dialect: Dialect, text: &str) -> String {
    let digits = text.trim_start_matches(['-', '+']);
    let integer = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match dialect {
        Dialect::BigQuery if integer && text.parse::<i64>().is_err() => {
            format!("BIGNUMERIC {}", dialect.string_literal(text))
        }
        _ => text.to_owned(),
    }
}

/// The string is matched somewhere by the expression.
pub(super) fn matches(dialect: Dialect, column: &str, pattern: &str) -> String {
    let pattern = dialect.string_literal(pattern);
    match dialect {
        Dialect::DuckDb => format!("regexp_matches({column}, {pattern})"),
        Dialect::Databricks => format!("regexp_like({column}, {pattern})"),
        // REGEXP_LIKE matches the whole string there.
        Dialect::Snowflake => format!("REGEXP_INSTR({column}, {pattern}) > 0"),
        Dialect::BigQuery => format!("REGEXP_CONTAINS({column}, {pattern})"),
    }
}

/// The moment is after now, or less than `days` before it.
pub(super) fn later_than(dialect: Dialect, column: &str, days: u32) -> Sql {
    let mut sql = Sql::default();
    // BigQuery compares neither a DATE nor a DATETIME with a TIMESTAMP.
    match dialect {
        Dialect::BigQuery => sql.push(&format!("TIMESTAMP({column}) > ")),
        _ => sql.push(&format!("{column} > ")),
    }
    if days == 0 {
        sql.hole(Parameter::Now);
        return sql;
    }
    match dialect {
        Dialect::DuckDb | Dialect::Databricks => {
            sql.hole(Parameter::Now);
            sql.push(&format!(" - INTERVAL '{days}' DAY"));
        }
        Dialect::Snowflake => {
            sql.push(&format!("DATEADD(day, -{days}, "));
            sql.hole(Parameter::Now);
            sql.push(")");
        }
        Dialect::BigQuery => {
            sql.push("TIMESTAMP_SUB(");
            sql.hole(Parameter::Now);
            sql.push(&format!(", INTERVAL {days} DAY)"));
        }
    }
    sql
}
