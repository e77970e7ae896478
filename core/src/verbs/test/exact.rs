//! Whether a cell of a fixture stays what it is in its column. DuckDB rounds `1.6` for an INTEGER and cuts the time off a DATE without a
//! word: a test over such rows would pass for what it does not say.
//!
//! Invariant: `false` only where the value would be another; what DuckDB itself refuses it may refuse.

use rocky_config::Cell;
use rocky_warehouse::{TimeUnit, Type};

/// The column keeps the cell as it is.
pub(super) fn fits(cell: &Cell, ty: &Type) -> bool {
    match (cell, ty) {
        (Cell::Null, _) | (_, Type::Unknown) => true,
        (Cell::List(items), Type::List(inner) | Type::Array(inner, _)) => {
            items.iter().all(|item| fits(item, inner))
        }
        (Cell::Struct(fields), Type::Struct(known)) => fields.iter().all(|(name, cell)| {
            let same = known.iter().find(|f| f.name.eq_ignore_ascii_case(name));
            same.is_none_or(|field| fits(cell, &field.ty))
        }),
        (Cell::Int(0 | 1), Type::Boolean) => true,
        (Cell::Int(_) | Cell::Float(_), Type::Boolean) => false,
        (Cell::Float(f), _) if ty.is_integer() => f.fract() == 0.0,
        (Cell::Float(f), Type::Decimal { scale, .. }) => {
            !f.is_finite() || digits(&f.to_string()).is_none_or(|n| n <= usize::from(*scale))
        }
        (Cell::Text(text), _) if ty.is_integer() => digits(text).is_none_or(|n| n == 0),
        (Cell::Text(text), Type::Decimal { scale, .. }) => {
            digits(text).is_none_or(|n| n <= usize::from(*scale))
        }
        (Cell::Text(text), Type::Date) => {
            let time = text.trim().split_once([' ', 'T']).map_or("", |(_, time)| time);
            !time.bytes().any(|b| matches!(b, b'1'..=b'9'))
        }
        (Cell::Text(text), Type::Timestamp(unit)) => {
            fraction(text)
                <= match unit {
                    TimeUnit::Second => 0,
                    TimeUnit::Milli => 3,
                    TimeUnit::Micro => 6,
                    TimeUnit::Nano => 9,
                }
        }
        (Cell::Text(text), Type::TimestampTz | Type::Time | Type::TimeTz) => fraction(text) <= 6,
        _ => true,
    }
}

/// Digits behind the point that count; `None` for what is no decimal number.
fn digits(text: &str) -> Option<usize> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: Vec<u8> = whole.bytes().chain(part.bytes()).collect();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = all.iter().rev().take_while(|b| **b == b'0').count();
    if zeros == all.len() {
        return Some(0);
    }
    let behind = (part.len() - zeros.min(part.len())) as i64;
    // Zeros before the point make up for a negative exponent.
    let spare = zeros.saturating_sub(part.len()) as i64;
    let behind = behind - exponent - if behind == 0 { spare } else { 0 };
    Some(usize::try_from(behind).unwrap_or(0))
}

/// Digits of a second's fraction that count.
fn fraction(text: &str) -> usize {
    let Some((_, part)) = text.split_once('.') else {
        return 0;
    };
    let end = part.bytes().take_while(u8::is_ascii_digit).count();
    part.get(..end).unwrap_or_default().trim_end_matches('0').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_count() {
        for (text, n) in [
            ("1.60", Some(1)),
            ("-0.255", Some(3)),
            ("100", Some(0)),
            ("1.6e1", Some(0)),
            ("16e-1", Some(1)),
            ("10e-1", Some(0)),
            ("100e-3", Some(1)),
            ("0.000", Some(0)),
            (".5", Some(1)),
            ("1e400", Some(0)),
            ("x", None),
            ("", None),
            ("1_000", None),
        ] {
            assert_eq!(digits(text), n, "{text}");
        }
    }

    #[test]
    fn what_a_column_would_change_does_not_fit() {
        let text = |t: &str| Cell::Text(t.into());
        let decimal = Type::Decimal {
            precision: 10,
            scale: 2,
        };
        for (cell, ty, expected) in [
            (Cell::Float(1.6), Type::Int32, false),
            (Cell::Float(2.0), Type::Int32, true),
            (text("1.6"), Type::Int64, false),
            (text("1.0"), Type::Int64, true),
            (Cell::Float(0.255), decimal.clone(), false),
            (Cell::Float(0.25), decimal, true),
            (Cell::Float(0.1), Type::Float32, true),
            (Cell::Int(5), Type::Boolean, false),
            (Cell::Int(1), Type::Boolean, true),
            (text("2024-01-01T05:00:00"), Type::Date, false),
            (text("2024-01-01T00:00:00Z"), Type::Date, true),
            (text("2024-01-01 00:00:00.1234567"), Type::TIMESTAMP, false),
            (text("2024-01-01 00:00:00.123456000"), Type::TIMESTAMP, true),
            (
                Cell::List(vec![Cell::Int(1), Cell::Float(1.5)]),
                Type::list(Type::Int32),
                false,
            ),
            (Cell::Null, Type::Int32, true),
            (Cell::Float(1.5), Type::Unknown, true),
        ] {
            assert_eq!(fits(&cell, &ty), expected, "{cell:?} {ty:?}");
        }
    }
}
