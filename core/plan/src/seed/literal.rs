//! A cell of a seed as a literal of its column's type.
//!
//! Invariant: what is written is what stood in the file. A cell that does not fit its column's type is an error, never rounded or cut.

use rocky_base::Dialect;
use rocky_project::seed::cell::{Number, date, timestamp};
use rocky_warehouse::Type;

/// A cell as a literal of its column's type. An error says what the cell is not.
pub(super) fn literal(
    cell: Option<&str>,
    ty: &Type,
    dialect: Dialect,
    out: &mut String,
) -> Result<(), String> {
    let Some(cell) = cell else {
        out.push_str("NULL");
        return Ok(());
    };
    if let Type::String { length } = ty {
        if let Some(most) = length
            && cell.chars().count() > *most as usize
        {
            return Err(format!("has more than {most} characters"));
        }
        out.push_str(&dialect.string_literal(cell));
        return Ok(());
    }
    // Of other types an empty text is no value.
    if cell.is_empty() {
        out.push_str("NULL");
        return Ok(());
    }
    let no = |what: &str| Err(format!("is no {what}"));
    match ty {
        Type::Boolean if cell.eq_ignore_ascii_case("true") => out.push_str("TRUE"),
        Type::Boolean if cell.eq_ignore_ascii_case("false") => out.push_str("FALSE"),
        Type::Boolean => return no("BOOLEAN"),
        t if t.is_integer() => {
            let shown = ty.print(dialect);
            let whole = Number::parse(cell).filter(|n| n.fraction.is_none() && n.exponent.is_none());
            let (Some(_), Ok(n)) = (whole, cell.parse::<i128>()) else {
                return no(&shown);
            };
            if !in_range(n, ty) {
                return Err(format!("does not fit {shown}"));
            }
            out.push_str(&n.to_string());
        }
        Type::Float32 | Type::Float64 => {
            let finite = cell.parse::<f64>().is_ok_and(f64::is_finite);
            let Some(number) = Number::parse(cell).filter(|_| finite) else {
                return no(&ty.print(dialect));
            };
            // With an exponent it is a float from the start, and not first a decimal.
            out.push_str(cell.strip_prefix('+').unwrap_or(cell));
            if number.exponent.is_none() {
                out.push_str("e0");
            }
        }
        Type::Decimal { precision, scale } => {
            let shown = ty.print(dialect);
            let Some(number) = Number::parse(cell).filter(|n| n.exponent.is_none()) else {
                return no(&shown);
            };
            let whole = number.whole.trim_start_matches('0').len();
            let fraction = number.fraction.unwrap_or_default().trim_end_matches('0').len();
            if whole > usize::from(precision.saturating_sub(*scale)) || fraction > usize::from(*scale) {
                return Err(format!("does not fit {shown}"));
            }
            let text = cell.strip_prefix('+').unwrap_or(cell);
            match dialect {
                Dialect::BigQuery => cast(text, ty, dialect, out),
                Dialect::DuckDb | Dialect::Databricks | Dialect::Snowflake => out.push_str(text),
            }
        }
        Type::Date if date(cell) => out.push_str(&format!("DATE '{cell}'")),
        Type::Date => return no("DATE (YYYY-MM-DD)"),
        Type::Timestamp(_) => {
            let moment = if date(cell) {
                Some(format!("{cell} 00:00:00"))
            } else {
                timestamp(cell)
            };
            let Some(moment) = moment else {
                return no("TIMESTAMP (YYYY-MM-DD HH:MM:SS)");
            };
            let word = match dialect {
                Dialect::DuckDb | Dialect::Snowflake => "TIMESTAMP",
                Dialect::Databricks => "TIMESTAMP_NTZ",
                Dialect::BigQuery => "DATETIME",
            };
            out.push_str(&format!("{word} '{moment}'"));
        }
        _ => cast(cell, ty, dialect, out),
    }
    Ok(())
}

fn cast(cell: &str, ty: &Type, dialect: Dialect, out: &mut String) {
    out.push_str(&format!(
        "CAST({} AS {})",
        dialect.string_literal(cell),
        ty.print(dialect)
    ));
}

fn in_range(n: i128, ty: &Type) -> bool {
    let signed = |bits: u32| (-(1i128 << (bits - 1))..1i128 << (bits - 1)).contains(&n);
    let unsigned = |bits: u32| (0..1i128 << bits).contains(&n);
    match ty {
        Type::Int8 => signed(8),
        Type::Int16 => signed(16),
        Type::Int32 => signed(32),
        Type::Int64 => signed(64),
        Type::UInt8 => unsigned(8),
        Type::UInt16 => unsigned(16),
        Type::UInt32 => unsigned(32),
        Type::UInt64 => unsigned(64),
        Type::UInt128 => n >= 0,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cell: &str, ty: &str, dialect: Dialect) -> Result<String, String> {
        let mut out = String::new();
        literal(Some(cell), &Type::parse(dialect, ty).unwrap(), dialect, &mut out).map(|()| out)
    }

    #[test]
    fn a_cell_is_written_as_it_stands_or_refused() {
        let duck = |cell, ty| written(cell, ty, Dialect::DuckDb);
        for (cell, ty, expected) in [
            ("it's", "VARCHAR", "'it''s'"),
            ("", "VARCHAR", "''"),
            ("", "INTEGER", "NULL"),
            ("007", "INTEGER", "7"),
            ("1.5", "DOUBLE", "1.5e0"),
            ("1E5", "DOUBLE", "1E5"),
            ("12.50", "DECIMAL(4,2)", "12.50"),
            ("2026-01-31", "TIMESTAMP", "TIMESTAMP '2026-01-31 00:00:00'"),
            ("2026-01-31T10:00", "TIMESTAMP", "TIMESTAMP '2026-01-31 10:00:00'"),
            ("[1, 2]", "INTEGER[]", "CAST('[1, 2]' AS INTEGER[])"),
            (
                "170141183460469231731687303715884105727",
                "HUGEINT",
                "170141183460469231731687303715884105727",
            ),
        ] {
            assert_eq!(duck(cell, ty).as_deref(), Ok(expected), "{cell} {ty}");
        }
        for (cell, ty, said) in [
            ("x", "INTEGER", "is no INTEGER"),
            ("1.0", "INTEGER", "is no INTEGER"),
            ("300", "TINYINT", "does not fit TINYINT"),
            ("-1", "UINTEGER", "does not fit UINTEGER"),
            ("123.4", "DECIMAL(4,2)", "does not fit DECIMAL(4,2)"),
            ("1.234", "DECIMAL(4,2)", "does not fit DECIMAL(4,2)"),
            ("1); DROP TABLE t; --", "DOUBLE", "is no DOUBLE"),
            ("yes", "BOOLEAN", "is no BOOLEAN"),
            ("31.01.2026", "DATE", "is no DATE (YYYY-MM-DD)"),
            (
                "2026-01-31 25:00:00",
                "TIMESTAMP",
                "is no TIMESTAMP (YYYY-MM-DD HH:MM:SS)",
            ),
        ] {
            assert_eq!(duck(cell, ty), Err(said.to_owned()), "{cell} {ty}");
        }
        assert_eq!(
            written("12.5", "NUMERIC", Dialect::BigQuery).unwrap(),
            "CAST('12.5' AS NUMERIC)"
        );
        assert_eq!(
            written("2026-01-31", "DATETIME", Dialect::BigQuery).unwrap(),
            "DATETIME '2026-01-31 00:00:00'"
        );
        assert_eq!(
            written("abc", "VARCHAR(2)", Dialect::Snowflake),
            Err("has more than 2 characters".to_owned())
        );
        assert_eq!(
            written("a\r\n\\", "STRING", Dialect::BigQuery).unwrap(),
            "'a\\r\\n\\\\'"
        );
    }
}
