//! Cells of a seed, by their spelling: which type a column's cells have in common.
//!
//! Invariant: a cell is a number only when it is spelled like one (`007`, `+1` and `1e400` are texts), and a column is one of
//! floats only when no digit of its cells is lost.

use rocky_base::Dialect;
use rocky_warehouse::Type;

/// What cells may be, as far as their spelling says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Kind {
    Boolean,
    Integer,
    Float,
    Date,
    Timestamp,
    Text,
}

/// Integers up to here are floats without loss.
const EXACT: u64 = 1 << 53;
/// So many digits make a float without loss.
const FLOAT_DIGITS: usize = 17;

/// Finds the type of one column.
#[derive(Clone, Debug, Default)]
pub struct Inference {
    kind: Option<Kind>,
    /// An integer that no float holds.
    large: bool,
}

impl Inference {
    /// Look at a cell.
    pub fn see(&mut self, cell: &str) {
        // Nothing is known of an empty text; and of a text nothing more can be learned.
        if cell.is_empty() || self.kind == Some(Kind::Text) {
            return;
        }
        let seen = kind(cell);
        if seen == Kind::Integer {
            let n: i64 = cell.parse().unwrap_or(i64::MAX);
            self.large |= n.unsigned_abs() > EXACT;
        }
        self.kind = Some(match (self.kind, seen) {
            (None, seen) => seen,
            (Some(was), seen) if was == seen => was,
            (Some(Kind::Integer | Kind::Float), Kind::Integer | Kind::Float) => Kind::Float,
            (Some(Kind::Date | Kind::Timestamp), Kind::Date | Kind::Timestamp) => Kind::Timestamp,
            _ => Kind::Text,
        });
    }

    /// The column's type; text where there was nothing to see.
    pub fn ty(&self) -> Type {
        match self.kind {
            Some(Kind::Boolean) => Type::Boolean,
            Some(Kind::Integer) => Type::Int64,
            Some(Kind::Float) if !self.large => Type::Float64,
            Some(Kind::Date) => Type::Date,
            Some(Kind::Timestamp) => Type::TIMESTAMP,
            Some(Kind::Text | Kind::Float) | None => Type::STRING,
        }
    }
}

fn kind(cell: &str) -> Kind {
    if cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false") {
        return Kind::Boolean;
    }
    if let Some(number) = Number::parse(cell) {
        return match number {
            n if !n.canonical() => Kind::Text,
            Number {
                fraction: None,
                exponent: None,
                ..
            } => match cell.parse::<i64>() {
                Ok(_) => Kind::Integer,
                Err(_) => Kind::Text,
            },
            n if n.digits() <= FLOAT_DIGITS && cell.parse::<f64>().is_ok_and(f64::is_finite) => Kind::Float,
            _ => Kind::Text,
        };
    }
    if date(cell) {
        return Kind::Date;
    }
    if timestamp(cell).is_some() {
        return Kind::Timestamp;
    }
    Kind::Text
}

/// A number as it is spelled.
pub struct Number<'a> {
    /// `-` or `+`.
    pub sign: Option<u8>,
    /// Digits before the point.
    pub whole: &'a str,
    /// Digits behind the point.
    pub fraction: Option<&'a str>,
    /// What stands behind `e`.
    pub exponent: Option<&'a str>,
}

impl<'a> Number<'a> {
    /// `-12.50e3`. Digits on both sides of the point.
    pub fn parse(text: &'a str) -> Option<Number<'a>> {
        let sign = text.bytes().next().filter(|b| matches!(b, b'-' | b'+'));
        let rest = text.get(usize::from(sign.is_some())..)?;
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (rest, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        let power = |t: &str| digits(t.strip_prefix(['-', '+']).unwrap_or(t));
        let fits = digits(whole) && fraction.is_none_or(digits) && exponent.is_none_or(power);
        fits.then_some(Number {
            sign,
            whole,
            fraction,
            exponent,
        })
    }

    /// Spelled as numbers are: a text that must keep its zeros or its plus is none.
    fn canonical(&self) -> bool {
        let zero = self.whole == "0" && self.fraction.is_none();
        self.sign != Some(b'+')
            && (self.whole == "0" || !self.whole.starts_with('0'))
            && !(zero && self.sign.is_some())
    }

    /// How many digits it has that count.
    fn digits(&self) -> usize {
        let whole = self.whole.trim_start_matches('0').len();
        whole + self.fraction.map_or(0, str::len)
    }
}

/// `2026-01-31`, a day that exists.
pub fn date(text: &str) -> bool {
    let number = |range| {
        text.get(range)
            .filter(|t: &&str| t.bytes().all(|b| b.is_ascii_digit()))?
            .parse::<u16>()
            .ok()
    };
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    text.len() == 10
        && text.get(4..5) == Some("-")
        && text.get(7..8) == Some("-")
        && year > 0
        && (1..=days).contains(&day)
}

/// `2026-01-31 10:00`, with `T` or a space, seconds and up to six digits behind them; the same with a space and seconds.
pub fn timestamp(text: &str) -> Option<String> {
    let (day, time) = (text.get(..10)?, text.get(11..)?);
    let between = text.get(10..11)?;
    if !matches!(between, " " | "T") || !date(day) {
        return None;
    }
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (time, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let two = |t: &str, most: u8| {
        t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit()) && t.parse::<u8>().is_ok_and(|n| n <= most)
    };
    let fits = match parts.as_slice() {
        [h, m] => two(h, 23) && two(m, 59) && fraction.is_none(),
        [h, m, s] => two(h, 23) && two(m, 59) && two(s, 59),
        _ => false,
    };
    let digits = |f: &str| (1..=6).contains(&f.len()) && f.bytes().all(|b| b.is_ascii_digit());
    if !fits || !fraction.is_none_or(digits) {
        return None;
    }
    let seconds = if parts.len() == 2 { ":00" } else { "" };
    let fraction = fraction.map_or_else(String::new, |f| format!(".{f}"));
    Some(format!("{day} {clock}{seconds}{fraction}"))
}

/// Whether a seed can have a column of this type. DuckDB makes all its types from texts.
pub fn can_hold(ty: &Type, dialect: Dialect) -> bool {
    match ty {
        Type::Boolean
        | Type::Float32
        | Type::Float64
        | Type::Decimal { .. }
        | Type::String { .. }
        | Type::Date
        | Type::Timestamp(_)
        | Type::TimestampTz
        | Type::TimestampLtz => true,
        t if t.is_integer() => true,
        Type::Other(_) | Type::Null | Type::Unknown => false,
        _ => dialect == Dialect::DuckDb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(cells: &[&str]) -> String {
        let mut column = Inference::default();
        cells.iter().for_each(|c| column.see(c));
        column.ty().print(Dialect::DuckDb)
    }

    #[test]
    fn a_type_is_what_all_cells_have_in_common() {
        for (cells, expected) in [
            (&["1", "-2", "0"][..], "BIGINT"),
            (&["1", "2.5", "1e3"], "DOUBLE"),
            (&["true", "FALSE"], "BOOLEAN"),
            (&["true", "1"], "VARCHAR"),
            (&["2026-01-31", "2024-02-29"], "DATE"),
            (&["2026-01-31", "2026-01-31T10:00:00.5"], "TIMESTAMP"),
            (&["2026-02-30"], "VARCHAR"),
            (&["2026-01-31x"], "VARCHAR"),
            (&["2026-01-31T10:00:00Z"], "VARCHAR"),
            (&["00501"], "VARCHAR"),
            (&["+49"], "VARCHAR"),
            (&["-0"], "VARCHAR"),
            (&["1", "007.5"], "VARCHAR"),
            (&["9223372036854775807"], "BIGINT"),
            (&["9223372036854775808"], "VARCHAR"),
            (&["9007199254740993", "0.5"], "VARCHAR"),
            (&["0.1234567890123456789"], "VARCHAR"),
            (&["1e400"], "VARCHAR"),
            (&["NaN"], "VARCHAR"),
            (&["inf"], "VARCHAR"),
            (&[" 1"], "VARCHAR"),
            (&["1."], "VARCHAR"),
            (&[".5"], "VARCHAR"),
            (&["0x1F"], "VARCHAR"),
            (&["", ""], "VARCHAR"),
            (&["", "1"], "BIGINT"),
        ] {
            assert_eq!(infer(cells), expected, "{cells:?}");
        }
    }
}
