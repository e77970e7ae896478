//! What a change of a column's type does to the values that are there, per dialect. The safe changes are tables: pairs
//! that the warehouse makes in place (`ALTER COLUMN … TYPE`) without losing a value. Drift, contracts and what-if ask the
//! same function, so they agree.
//!
//! Invariant: what is not in a table is never [`Widening::Safe`]; a nested type never is.

use super::{TimeUnit, Type};
use rocky_base::Dialect;

/// What changing a column from one type to another does.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Widening {
    /// The same type.
    Identical,
    /// Every value fits and the warehouse changes the column in place.
    Safe,
    /// A type of the same family that holds fewer values, or holds them less exactly.
    Narrowing,
    /// Another kind of value, or a change that the warehouse does not make in place.
    Incompatible,
    /// One of the types, or a part of it, is not known: nothing is claimed.
    Unknown,
}

/// The safe changes of one dialect.
struct Rules {
    /// From, and what it may become. Types with a length or with digits are in the flags below.
    pairs: &'static [(Type, &'static [Type])],
    /// A decimal may get more digits when its scale stays.
    decimal_precision: bool,
    /// A decimal may become a text without a length.
    decimal_text: bool,
    /// A text with a length may get a longer one, or none.
    text_length: bool,
}

/// `spec/compile.md` 8: integers up, FLOAT to DOUBLE, numbers and BOOLEAN to text; beyond it what DuckDB itself changes without loss:
/// integers to any that hold them, HUGEINT too, and decimals to text, digits and all. `core/tests/widening.rs` executes each of
/// them over the ends of its type.
const DUCKDB: Rules = Rules {
    pairs: &[
        (
            Type::Int8,
            &[Type::Int16, Type::Int32, Type::Int64, Type::Int128, Type::STRING],
        ),
        (
            Type::Int16,
            &[Type::Int32, Type::Int64, Type::Int128, Type::STRING],
        ),
        (Type::Int32, &[Type::Int64, Type::Int128, Type::STRING]),
        (Type::Int64, &[Type::Int128, Type::STRING]),
        (Type::Int128, &[Type::STRING]),
        (
            Type::UInt8,
            &[
                Type::UInt16,
                Type::UInt32,
                Type::UInt64,
                Type::UInt128,
                Type::Int16,
                Type::Int32,
                Type::Int64,
                Type::Int128,
                Type::STRING,
            ],
        ),
        (
            Type::UInt16,
            &[
                Type::UInt32,
                Type::UInt64,
                Type::UInt128,
                Type::Int32,
                Type::Int64,
                Type::Int128,
                Type::STRING,
            ],
        ),
        (
            Type::UInt32,
            &[
                Type::UInt64,
                Type::UInt128,
                Type::Int64,
                Type::Int128,
                Type::STRING,
            ],
        ),
        (Type::UInt64, &[Type::UInt128, Type::Int128, Type::STRING]),
        (Type::UInt128, &[Type::STRING]),
        (Type::Float32, &[Type::Float64, Type::STRING]),
        (Type::Float64, &[Type::STRING]),
        (Type::Boolean, &[Type::STRING]),
    ],
    decimal_precision: true,
    decimal_text: true,
    text_length: true,
};

/// Delta's type widening (`delta.enableTypeWidening`).
const DATABRICKS: Rules = Rules {
    pairs: &[
        (
            Type::Int8,
            &[Type::Int16, Type::Int32, Type::Int64, Type::Float64],
        ),
        (Type::Int16, &[Type::Int32, Type::Int64, Type::Float64]),
        (Type::Int32, &[Type::Int64, Type::Float64]),
        (Type::Float32, &[Type::Float64]),
    ],
    decimal_precision: true,
    decimal_text: false,
    text_length: false,
};

/// `ALTER COLUMN … SET DATA TYPE` of Snowflake: NUMBER and VARCHAR may grow.
const SNOWFLAKE: Rules = Rules {
    pairs: &[],
    decimal_precision: true,
    decimal_text: false,
    text_length: true,
};

/// `ALTER COLUMN … SET DATA TYPE` of BigQuery: INT64 to NUMERIC to BIGNUMERIC, the whole types only.
const BIGQUERY: Rules = Rules {
    pairs: &[(Type::Int64, &[NUMERIC, BIGNUMERIC]), (NUMERIC, &[BIGNUMERIC])],
    decimal_precision: false,
    decimal_text: false,
    text_length: false,
};

const NUMERIC: Type = Type::Decimal {
    precision: 38,
    scale: 9,
};
const BIGNUMERIC: Type = Type::Decimal {
    precision: 76,
    scale: 38,
};

fn rules(dialect: Dialect) -> &'static Rules {
    match dialect {
        Dialect::DuckDb => &DUCKDB,
        Dialect::Databricks => &DATABRICKS,
        Dialect::Snowflake => &SNOWFLAKE,
        Dialect::BigQuery => &BIGQUERY,
    }
}

/// What becomes of a column of type `from` that gets the type `to`.
pub fn widening(dialect: Dialect, from: &Type, to: &Type) -> Widening {
    if from.has_unknown() || to.has_unknown() {
        return Widening::Unknown;
    }
    if from == to {
        return Widening::Identical;
    }
    if is_safe(dialect, from, to) {
        return Widening::Safe;
    }
    if narrows(from, to) {
        Widening::Narrowing
    } else {
        Widening::Incompatible
    }
}

fn is_safe(dialect: Dialect, from: &Type, to: &Type) -> bool {
    let rules = rules(dialect);
    match (from, to) {
        (
            Type::Decimal { precision, scale },
            Type::Decimal {
                precision: more,
                scale: same,
            },
        ) if rules.decimal_precision => more >= precision && same == scale,
        (Type::Decimal { .. }, Type::String { length: None }) => rules.decimal_text,
        (Type::String { length: Some(_) }, Type::String { length: None }) => rules.text_length,
        (Type::String { length: Some(n) }, Type::String { length: Some(m) }) => rules.text_length && m >= n,
        _ => rules
            .pairs
            .iter()
            .any(|(one, others)| one == from && others.contains(to)),
    }
}

/// Values of `from` that `to` cannot hold, in one family: numbers, texts, dates and times.
fn narrows(from: &Type, to: &Type) -> bool {
    if from.is_numeric() && to.is_numeric() {
        return !number_fits(from, to);
    }
    match (from, to) {
        (Type::String { length: None }, Type::String { length: Some(_) }) => true,
        (Type::String { length: Some(n) }, Type::String { length: Some(m) }) => m < n,
        (Type::Timestamp(from), Type::Timestamp(to)) => resolution(*to) < resolution(*from),
        (Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz, Type::Date) => true,
        (Type::TimeNs, Type::Time) => true,
        _ => false,
    }
}

/// A column of type `to` takes values of `from` without a word, but not each as it was: numbers are rounded, times cut off, texts
/// read, moments moved into the session's time zone. Approximate numbers of approximate ones are no loss. How finely times are counted is
/// only held against a column on DuckDB, whose types say it.
pub fn may_lose(dialect: Dialect, from: &Type, to: &Type) -> bool {
    if from.has_unknown() || to.has_unknown() {
        return false;
    }
    let zoned = |ty: &Type| matches!(ty, Type::TimestampTz | Type::TimestampLtz);
    let moment = |ty: &Type| matches!(ty, Type::Timestamp(_)) || zoned(ty);
    let time = |ty: &Type| matches!(ty, Type::Time | Type::TimeNs | Type::TimeTz);
    match (from, to) {
        (Type::Float32 | Type::Float64, to) => {
            to.is_integer()
                || matches!(to, Type::Decimal { .. })
                || (*from == Type::Float64 && *to == Type::Float32)
        }
        (Type::Decimal { scale, .. }, to) if *scale > 0 => match to {
            Type::Decimal { scale: kept, .. } => kept < scale,
            to => to.is_integer(),
        },
        (Type::String { .. }, to) => {
            to.is_numeric() || moment(to) || time(to) || matches!(to, Type::Boolean | Type::Date)
        }
        (from, Type::Date) => moment(from),
        (Type::Timestamp(from), Type::Timestamp(to)) => {
            dialect == Dialect::DuckDb && resolution(*to) < resolution(*from)
        }
        (from, to) if moment(from) && time(to) => true,
        (Type::Timestamp(_), to) => zoned(to),
        (from, Type::Timestamp(_)) => zoned(from),
        (Type::TimeNs, Type::Time) => true,
        (Type::List(from) | Type::Array(from, _), Type::List(to) | Type::Array(to, _)) => {
            may_lose(dialect, from, to)
        }
        (Type::Map(from), Type::Map(to)) => {
            may_lose(dialect, &from.0, &to.0) || may_lose(dialect, &from.1, &to.1)
        }
        (Type::Struct(from), Type::Struct(to)) => from.iter().any(|field| {
            let same = to.iter().find(|f| f.name.eq_ignore_ascii_case(&field.name));
            same.is_some_and(|kept| may_lose(dialect, &field.ty, &kept.ty))
        }),
        _ => false,
    }
}

fn resolution(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Milli => 3,
        TimeUnit::Micro => 6,
        TimeUnit::Nano => 9,
    }
}

/// Bits of an integer's magnitude and whether it has a sign.
fn integer(ty: &Type) -> Option<(u16, bool)> {
    Some(match ty {
        Type::Int8 => (7, true),
        Type::Int16 => (15, true),
        Type::Int32 => (31, true),
        Type::Int64 => (63, true),
        Type::Int128 => (127, true),
        Type::UInt8 => (8, false),
        Type::UInt16 => (16, false),
        Type::UInt32 => (32, false),
        Type::UInt64 => (64, false),
        Type::UInt128 => (128, false),
        Type::BigNum => (u16::MAX, true),
        _ => return None,
    })
}

/// Every number of `from` is a number of `to`.
fn number_fits(from: &Type, to: &Type) -> bool {
    // Bits of the mantissa: integers up to that size are exact.
    let mantissa = |ty: &Type| match ty {
        Type::Float32 => Some(24),
        Type::Float64 => Some(53),
        _ => None,
    };
    // Decimal digits that hold every number of so many bits: ceil(bits · log10 2).
    let digits = |bits: u16| u32::from(bits) * 30_103 / 100_000 + 1;
    match (from, to) {
        (
            Type::Decimal { precision, scale },
            Type::Decimal {
                precision: p,
                scale: s,
            },
        ) => s >= scale && p.saturating_sub(*s) >= precision.saturating_sub(*scale),
        (Type::Float32, Type::Float64) => true,
        (_, Type::Decimal { precision, scale }) => {
            integer(from).is_some_and(|(bits, _)| u32::from(precision.saturating_sub(*scale)) >= digits(bits))
        }
        _ => match (integer(from), integer(to)) {
            (Some((bits, signed)), Some((more, may))) => more >= bits && (may || !signed),
            (Some((bits, _)), None) => mantissa(to).is_some_and(|m| bits <= m),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Widening::{Identical, Incompatible, Narrowing, Safe, Unknown};

    fn of(dialect: Dialect, from: &str, to: &str) -> Widening {
        let ty =
            |text: &str| Type::parse(dialect, text).unwrap_or_else(|| panic!("{dialect}: {text} is no type"));
        widening(dialect, &ty(from), &ty(to))
    }

    fn table(dialect: Dialect, rows: &[(&str, &str, Widening)]) {
        for (from, to, wanted) in rows {
            assert_eq!(of(dialect, from, to), *wanted, "{dialect}: {from} to {to}");
        }
    }

    #[test]
    fn duckdb() {
        table(
            Dialect::DuckDb,
            &[
                ("INT", "INTEGER", Identical),
                ("DECIMAL(10,2)", "DECIMAL(10, 2)", Identical),
                ("VARCHAR(5)", "VARCHAR(10)", Identical),
                ("INT", "BIGINT", Safe),
                ("INTEGER", "LONG", Safe),
                ("SMALLINT", "INTEGER", Safe),
                ("SMALLINT", "BIGINT", Safe),
                ("TINYINT", "SMALLINT", Safe),
                ("TINYINT", "INTEGER", Safe),
                ("TINYINT", "BIGINT", Safe),
                ("UTINYINT", "UBIGINT", Safe),
                ("FLOAT", "DOUBLE", Safe),
                ("INTEGER", "VARCHAR", Safe),
                ("BIGINT", "VARCHAR", Safe),
                ("FLOAT", "VARCHAR", Safe),
                ("DOUBLE", "VARCHAR", Safe),
                ("BOOLEAN", "VARCHAR", Safe),
                ("DECIMAL(10,2)", "DECIMAL(12,2)", Safe),
                ("BIGINT", "INTEGER", Narrowing),
                ("BIGINT", "UBIGINT", Narrowing),
                ("DOUBLE", "FLOAT", Narrowing),
                ("DOUBLE", "BIGINT", Narrowing),
                ("BIGINT", "DOUBLE", Narrowing),
                ("FLOAT", "DECIMAL(18,3)", Narrowing),
                ("BIGINT", "DECIMAL(18,0)", Narrowing),
                ("DECIMAL(12,2)", "DECIMAL(10,2)", Narrowing),
                ("DECIMAL(12,2)", "DECIMAL(12,4)", Narrowing),
                ("DECIMAL(12,2)", "BIGINT", Narrowing),
                ("TIMESTAMP_NS", "TIMESTAMP", Narrowing),
                ("TIMESTAMP", "DATE", Narrowing),
                ("INTEGER", "DOUBLE", Incompatible),
                ("BIGINT", "HUGEINT", Safe),
                ("UTINYINT", "INTEGER", Safe),
                ("UINTEGER", "INTEGER", Narrowing),
                ("UINTEGER", "BIGINT", Safe),
                ("UBIGINT", "HUGEINT", Safe),
                ("UHUGEINT", "HUGEINT", Narrowing),
                ("INTEGER", "DECIMAL(18,0)", Incompatible),
                ("BIGINT", "DECIMAL(19,0)", Incompatible),
                ("DECIMAL(10,2)", "DECIMAL(12,4)", Incompatible),
                ("DECIMAL(10,2)", "VARCHAR", Safe),
                ("HUGEINT", "VARCHAR", Safe),
                ("VARCHAR", "INTEGER", Incompatible),
                ("DATE", "TIMESTAMP", Incompatible),
                ("TIMESTAMP", "TIMESTAMPTZ", Incompatible),
                ("INTEGER[]", "BIGINT[]", Incompatible),
                ("INTEGER[]", "INTEGER[]", Identical),
                ("STRUCT(a INTEGER)", "STRUCT(a BIGINT)", Incompatible),
                ("STRUCT(a INTEGER)", "STRUCT(a INTEGER, b INTEGER)", Incompatible),
                ("MAP(VARCHAR, INTEGER)", "MAP(VARCHAR, BIGINT)", Incompatible),
                ("INTEGER[]", "VARCHAR", Incompatible),
            ],
        );
    }

    #[test]
    fn conversions_that_lose() {
        let ty = |text: &str| Type::parse(Dialect::DuckDb, text).unwrap();
        for (from, to, expected) in [
            ("DOUBLE", "INTEGER", true),
            ("DOUBLE", "DECIMAL(10,2)", true),
            ("DOUBLE", "FLOAT", true),
            ("FLOAT", "DOUBLE", false),
            ("DECIMAL(10,4)", "DECIMAL(12,2)", true),
            ("DECIMAL(10,2)", "BIGINT", true),
            ("DECIMAL(10,0)", "BIGINT", false),
            ("DECIMAL(10,2)", "DOUBLE", false),
            ("BIGINT", "INTEGER", false),
            ("BIGINT", "DOUBLE", false),
            ("VARCHAR", "INTEGER", true),
            ("INTEGER", "VARCHAR", false),
            ("TIMESTAMP", "DATE", true),
            ("DATE", "TIMESTAMP", false),
            ("TIMESTAMPTZ", "TIMESTAMP", true),
            ("TIMESTAMP", "TIMESTAMPTZ", true),
            ("TIMESTAMP_NS", "TIMESTAMP", true),
            ("TIMESTAMP_S", "TIMESTAMP", false),
            ("DOUBLE[]", "INTEGER[]", true),
            ("STRUCT(a DOUBLE)", "STRUCT(a INTEGER)", true),
            ("STRUCT(a INTEGER)", "STRUCT(a BIGINT, b INTEGER)", false),
        ] {
            assert_eq!(
                may_lose(Dialect::DuckDb, &ty(from), &ty(to)),
                expected,
                "{from} into {to}"
            );
        }
    }

    #[test]
    fn databricks() {
        table(
            Dialect::Databricks,
            &[
                ("BYTE", "TINYINT", Identical),
                ("TINYINT", "SMALLINT", Safe),
                ("TINYINT", "INT", Safe),
                ("TINYINT", "BIGINT", Safe),
                ("TINYINT", "DOUBLE", Safe),
                ("SMALLINT", "INT", Safe),
                ("SMALLINT", "BIGINT", Safe),
                ("SMALLINT", "DOUBLE", Safe),
                ("INT", "BIGINT", Safe),
                ("INT", "DOUBLE", Safe),
                ("FLOAT", "DOUBLE", Safe),
                ("DECIMAL(10,2)", "DECIMAL(12,2)", Safe),
                ("DECIMAL(10,2)", "DECIMAL(12,4)", Incompatible),
                ("BIGINT", "DOUBLE", Narrowing),
                ("BIGINT", "INT", Narrowing),
                ("INT", "STRING", Incompatible),
                ("INT", "DECIMAL(10,0)", Incompatible),
                ("VARCHAR(10)", "VARCHAR(20)", Incompatible),
                ("VARCHAR(20)", "VARCHAR(10)", Narrowing),
                ("STRING", "VARCHAR(10)", Narrowing),
                ("TIMESTAMP", "TIMESTAMP_NTZ", Incompatible),
                ("ARRAY<INT>", "ARRAY<BIGINT>", Incompatible),
                ("STRUCT<a: INT>", "STRUCT<a: BIGINT>", Incompatible),
            ],
        );
    }

    #[test]
    fn snowflake() {
        table(
            Dialect::Snowflake,
            &[
                ("INT", "NUMBER(38,0)", Identical),
                ("VARCHAR", "VARCHAR(16777216)", Identical),
                ("NUMBER(10,2)", "NUMBER(12,2)", Safe),
                ("VARCHAR(10)", "VARCHAR(20)", Safe),
                ("VARCHAR(10)", "VARCHAR", Safe),
                ("NUMBER(12,2)", "NUMBER(10,2)", Narrowing),
                ("VARCHAR", "VARCHAR(10)", Narrowing),
                ("NUMBER(10,2)", "NUMBER(12,4)", Incompatible),
                ("NUMBER(10,0)", "VARCHAR", Incompatible),
                ("NUMBER(10,0)", "FLOAT", Narrowing),
                ("BOOLEAN", "VARCHAR", Incompatible),
                ("TIMESTAMP_NTZ", "TIMESTAMP_TZ", Incompatible),
                ("DATE", "TIMESTAMP_NTZ", Incompatible),
                ("VARIANT", "OBJECT", Incompatible),
            ],
        );
    }

    #[test]
    fn bigquery() {
        table(
            Dialect::BigQuery,
            &[
                ("INT64", "BIGINT", Identical),
                ("INT64", "NUMERIC", Safe),
                ("INT64", "BIGNUMERIC", Safe),
                ("NUMERIC", "BIGNUMERIC", Safe),
                ("BIGNUMERIC", "NUMERIC", Narrowing),
                ("NUMERIC", "INT64", Narrowing),
                ("INT64", "FLOAT64", Narrowing),
                ("NUMERIC(10,2)", "NUMERIC(12,2)", Incompatible),
                ("INT64", "STRING", Incompatible),
                ("STRING(10)", "STRING(20)", Incompatible),
                ("DATE", "DATETIME", Incompatible),
                ("ARRAY<INT64>", "ARRAY<NUMERIC>", Incompatible),
            ],
        );
    }

    #[test]
    fn of_an_unknown_type_nothing_is_claimed() {
        let dialect = Dialect::DuckDb;
        assert_eq!(widening(dialect, &Type::Unknown, &Type::Int64), Unknown);
        assert_eq!(
            widening(dialect, &Type::Int64, &Type::list(Type::Unknown)),
            Unknown
        );
    }

    #[test]
    fn a_safe_change_loses_no_number() {
        for dialect in [
            Dialect::DuckDb,
            Dialect::Databricks,
            Dialect::Snowflake,
            Dialect::BigQuery,
        ] {
            for (from, others) in rules(dialect).pairs {
                for to in *others {
                    assert!(!narrows(from, to), "{dialect}: {from:?} does not fit in {to:?}");
                }
            }
        }
    }
}
