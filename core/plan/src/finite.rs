//! Values of a watermark column that no later row can be past: `infinity` of dates and timestamps, infinity and NaN of floats.
//!
//! Such a value is never the watermark, or one row would stop a model for good. Rows with one are treated as those without a value:
//! they come in when the table is made, because later nothing could tell them from those that are there.

use rocky_base::Dialect;
use rocky_warehouse::Type;

/// How the finite values of a column are told from others.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Finite {
    /// It has no others.
    All,
    /// By a function of the engine.
    Function,
    /// By their difference to themselves, which is NaN for infinity and NaN.
    Difference,
}

impl Finite {
    /// For a column of this type. Only DuckDB has infinite dates and timestamps.
    pub(crate) fn of(dialect: Dialect, ty: Option<&Type>) -> Finite {
        match (dialect, ty) {
            (
                Dialect::DuckDb,
                Some(
                    Type::Date
                    | Type::Timestamp(_)
                    | Type::TimestampTz
                    | Type::TimestampLtz
                    | Type::Float32
                    | Type::Float64,
                ),
            ) => Finite::Function,
            (_, Some(Type::Float32 | Type::Float64)) => Finite::Difference,
            _ => Finite::All,
        }
    }

    /// True for a finite value, NULL for NULL.
    fn condition(self, column: &str) -> Option<String> {
        match self {
            Finite::All => None,
            Finite::Function => Some(format!("isfinite({column})")),
            Finite::Difference => Some(format!("{column} - {column} = 0")),
        }
    }

    /// The greatest finite value.
    pub(crate) fn newest(self, column: &str) -> String {
        match self.condition(column) {
            None => format!("MAX({column})"),
            Some(finite) => format!("MAX(CASE WHEN {finite} THEN {column} END)"),
        }
    }

    /// The watermark, and where there may be some, how many rows have a value that cannot be it.
    pub(crate) fn observed(self, column: &str) -> String {
        let newest = self.newest(column);
        match self.condition(column) {
            None => newest,
            Some(finite) => {
                format!("{newest}, COUNT(CASE WHEN {finite} THEN NULL ELSE {column} END)")
            }
        }
    }

    /// True for a row past the watermark, a subquery that is NULL where there is none: then any row that has a value is. A row without
    /// one never is; COALESCE decides both.
    pub(crate) fn past(self, column: &str, operator: &str, watermark: &str) -> String {
        let has_value = self
            .condition(column)
            .unwrap_or_else(|| format!("{column} IS NOT NULL"));
        match (self, operator) {
            // What is replaced from a moment on is replaced with all that comes after it.
            (Finite::All, _) | (_, ">=") => {
                format!("COALESCE({column} {operator} {watermark}, {has_value})")
            }
            _ => format!("COALESCE({column} {operator} {watermark} AND {has_value}, {has_value})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_warehouse::TimeUnit;

    #[test]
    fn only_what_can_be_endless_is_asked() {
        let timestamp = Type::Timestamp(TimeUnit::Micro);
        for (dialect, ty, wanted) in [
            (Dialect::DuckDb, Some(&timestamp), Finite::Function),
            (Dialect::DuckDb, Some(&Type::Int64), Finite::All),
            (Dialect::DuckDb, None, Finite::All),
            (Dialect::Snowflake, Some(&timestamp), Finite::All),
            (Dialect::Snowflake, Some(&Type::Float64), Finite::Difference),
        ] {
            assert_eq!(Finite::of(dialect, ty), wanted, "{dialect} {ty:?}");
        }
        assert_eq!(
            Finite::All.past("a", ">", "(w)"),
            "COALESCE(a > (w), a IS NOT NULL)"
        );
        assert_eq!(
            Finite::Difference.past("a", ">", "(w)"),
            "COALESCE(a > (w) AND a - a = 0, a - a = 0)"
        );
    }
}
