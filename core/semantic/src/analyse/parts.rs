//! Parts of dates that are written as bare words: `DATEADD(day, 1, d)`, `DATE_TRUNC(d, MONTH)`. They are no columns.
//!
//! DuckDB has none: there a part is a text.

use rocky_base::Dialect;

/// Whether an argument of a function, which is this word, is a part of a date even where a column is called so. `name` in lower case.
pub(super) fn is_part_of(dialect: Dialect, name: &str, argument: usize, word: &str) -> bool {
    let takes = match dialect {
        Dialect::DuckDb => false,
        Dialect::Snowflake => match argument {
            0 => matches!(
                name,
                "dateadd"
                    | "datediff"
                    | "date_part"
                    | "date_trunc"
                    | "timeadd"
                    | "timediff"
                    | "timestampadd"
                    | "timestampdiff"
            ),
            1 => matches!(name, "last_day" | "trunc" | "date_trunc"),
            _ => false,
        },
        Dialect::Databricks => {
            argument == 0
                && matches!(
                    name,
                    "dateadd"
                        | "date_add"
                        | "datediff"
                        | "date_diff"
                        | "timediff"
                        | "timestampadd"
                        | "timestampdiff"
                )
        }
        Dialect::BigQuery => match argument {
            0 => name == "week",
            1 => matches!(
                name,
                "date_trunc" | "datetime_trunc" | "last_day" | "time_trunc" | "timestamp_trunc"
            ),
            2 => matches!(
                name,
                "date_diff" | "datetime_diff" | "time_diff" | "timestamp_diff"
            ),
            _ => false,
        },
    };
    takes && is_part(word)
}

/// A word for a part of a date in any dialect.
pub(super) fn is_part(word: &str) -> bool {
    PARTS.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
}

#[rustfmt::skip]
static PARTS: &[&str] = &[
    "d", "day", "day_of_week", "day_of_week_iso", "day_of_year", "dayofmonth", "dayofweek", "dayofweek_iso", "dayofweekiso", "dayofyear",
    "days", "dd", "dow", "doy", "dw", "dw_iso", "epoch", "epoch_microsecond", "epoch_microseconds", "epoch_millisecond",
    "epoch_milliseconds", "epoch_nanosecond", "epoch_nanoseconds", "epoch_second", "epoch_seconds", "friday", "h", "hh", "hour", "hours",
    "hr", "hrs", "isoweek", "isoyear", "m", "mi", "microsecond", "microseconds", "millisecond", "milliseconds", "min", "mins", "minute",
    "minutes", "mm", "mon", "monday", "mons", "month", "months", "ms", "msec", "nanosecond", "nanoseconds", "ns", "nsec", "q", "qtr",
    "qtrs", "quarter", "quarters", "s", "saturday", "sec", "second", "seconds", "secs", "sunday", "thursday", "timezone_hour",
    "timezone_minute", "tuesday", "tzh", "tzm", "us", "usec", "w", "wednesday", "week", "week_iso", "week_of_year", "week_of_year_iso",
    "weekday", "weekday_iso", "weekiso", "weekofyear", "weekofyear_iso", "weekofyeariso", "wk", "woy", "wy", "y", "year", "yearofweek",
    "yearofweekiso", "years", "yr", "yrs", "yy", "yyy", "yyyy",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_where_they_stand() {
        assert!(PARTS.windows(2).all(|w| w[0] < w[1]), "{PARTS:?}");
        for (dialect, name, argument, expected) in [
            (Dialect::Snowflake, "dateadd", 0, true),
            (Dialect::Snowflake, "dateadd", 2, false),
            (Dialect::Databricks, "datediff", 0, true),
            (Dialect::BigQuery, "date_diff", 2, true),
            (Dialect::BigQuery, "date_diff", 0, false),
            (Dialect::DuckDb, "datediff", 0, false),
        ] {
            assert_eq!(
                is_part_of(dialect, name, argument, "DAY"),
                expected,
                "{dialect} {name}"
            );
        }
        assert!(!is_part("amount"));
    }
}
