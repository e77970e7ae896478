//! Types as contracts write them. A type in the warehouse's spelling is compared exactly; the neutral names of the Rocky
//! releases (`Int64`, `TimestampNtz`, `Decimal(p,s)` …, exact in their capitals) stand for families, because one
//! contract is meant to hold on every warehouse.

use super::{Field, Type};
use rocky_base::Dialect;
use smol_str::SmolStr;

/// What a contract demands of a column's type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TypePattern {
    /// Exactly this type.
    Exact(Type),
    /// `Boolean`.
    Boolean,
    /// `Int32`, `Int64`: any integer. Where the warehouse has no integers apart from its decimals (Snowflake), a decimal
    /// of scale 0 too.
    Integer {
        /// Bits of the widest integer that is not wider than the contract says.
        bits: u8,
        /// A decimal of scale 0 counts.
        decimals: bool,
    },
    /// `Float32`, `Float64`: any float.
    Float {
        /// Bits of the widest float that is not wider than the contract says.
        bits: u8,
    },
    /// `Decimal`.
    Decimal,
    /// `String`: text of any kind.
    String,
    /// `Binary`.
    Binary,
    /// `Timestamp`, `TimestampNtz`: any timestamp.
    Timestamp,
    /// `Array`, `Array<…>`.
    Array(Option<Box<TypePattern>>),
    /// `Map`, `Map<…, …>`.
    Map(Option<Box<(TypePattern, TypePattern)>>),
    /// `Struct`.
    Struct,
    /// `Variant`: VARIANT or JSON.
    Variant,
}

impl TypePattern {
    /// The pattern that a contract's text means; `None` when it is neither a neutral name nor a type of the dialect.
    pub fn parse(dialect: Dialect, text: &str) -> Option<TypePattern> {
        TypePattern::parse_at(dialect, text.trim(), 0)
    }

    fn parse_at(dialect: Dialect, text: &str, depth: usize) -> Option<TypePattern> {
        if depth > super::parse::MAX_DEPTH {
            return None;
        }
        let neutral = match text {
            "Boolean" => TypePattern::Boolean,
            // Where the warehouse has one integer and one float, neither can be wider than it.
            "Int32" if !matches!(dialect, Dialect::BigQuery | Dialect::Snowflake) => TypePattern::Integer {
                bits: 32,
                decimals: false,
            },
            "Int32" | "Int64" => TypePattern::Integer {
                bits: 64,
                decimals: dialect == Dialect::Snowflake,
            },
            "Float32" if !matches!(dialect, Dialect::BigQuery | Dialect::Snowflake) => {
                TypePattern::Float { bits: 32 }
            }
            "Float32" | "Float64" => TypePattern::Float { bits: 64 },
            "Decimal" => TypePattern::Decimal,
            "String" => TypePattern::String,
            "Binary" => TypePattern::Binary,
            "Date" => TypePattern::Exact(Type::Date),
            "Timestamp" | "TimestampNtz" => TypePattern::Timestamp,
            "Array" => TypePattern::Array(None),
            "Map" => TypePattern::Map(None),
            "Struct" => TypePattern::Struct,
            "Variant" => TypePattern::Variant,
            _ => return TypePattern::parse_long(dialect, text, depth),
        };
        Some(neutral)
    }

    /// `Decimal(p,s)`, `Array<…>`, `Map<…, …>`, `Struct<…>`, or the warehouse's spelling.
    fn parse_long(dialect: Dialect, text: &str, depth: usize) -> Option<TypePattern> {
        let inside = |prefix: &str, close: &str| text.strip_prefix(prefix)?.trim_end().strip_suffix(close);
        if let Some(inner) = inside("Decimal(", ")") {
            let mut parts = inner.split(',').map(|p| p.trim().parse::<u8>().ok());
            let precision = parts.next()??;
            let scale = parts.next().unwrap_or(Some(0))?;
            let fits = parts.next().is_none() && precision >= 1 && scale <= precision;
            return fits.then(|| TypePattern::Exact(Type::decimal(precision, scale)));
        }
        if let Some(inner) = inside("Array<", ">") {
            let element = TypePattern::parse_at(dialect, inner.trim(), depth + 1)?;
            return Some(TypePattern::Array(Some(Box::new(element))));
        }
        if let Some(inner) = inside("Map<", ">") {
            let comma = top_level_comma(inner)?;
            let key = TypePattern::parse_at(dialect, inner.get(..comma)?.trim(), depth + 1)?;
            let value = TypePattern::parse_at(dialect, inner.get(comma + 1..)?.trim(), depth + 1)?;
            return Some(TypePattern::Map(Some(Box::new((key, value)))));
        }
        if inside("Struct<", ">").is_some() {
            return Some(TypePattern::Struct);
        }
        Type::parse(dialect, text).map(TypePattern::Exact)
    }

    /// Whether a column of this type keeps the contract. An unknown type breaks none.
    pub fn matches(&self, ty: &Type) -> bool {
        if ty.is_unknown() {
            return true;
        }
        match self {
            TypePattern::Exact(wanted) => equal_but_unknown(wanted, ty),
            TypePattern::Boolean => *ty == Type::Boolean,
            TypePattern::Integer { decimals, .. } => {
                ty.is_integer()
                    || *ty == Type::BigNum
                    || (*decimals && matches!(ty, Type::Decimal { scale: 0, .. }))
            }
            TypePattern::Float { .. } => matches!(ty, Type::Float32 | Type::Float64),
            TypePattern::Decimal => matches!(ty, Type::Decimal { .. }),
            TypePattern::String => matches!(ty, Type::String { .. } | Type::Enum(_)),
            TypePattern::Binary => *ty == Type::Binary,
            TypePattern::Timestamp => {
                matches!(ty, Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz)
            }
            TypePattern::Array(element) => match ty {
                Type::List(t) | Type::Array(t, _) => element.as_ref().is_none_or(|p| p.matches(t)),
                _ => false,
            },
            TypePattern::Map(inner) => match ty {
                Type::Map(kv) => inner
                    .as_ref()
                    .is_none_or(|p| p.0.matches(&kv.0) && p.1.matches(&kv.1)),
                _ => false,
            },
            TypePattern::Struct => matches!(ty, Type::Struct(_)),
            TypePattern::Variant => {
                matches!(ty, Type::Variant | Type::Json) || *ty == Type::Other(SmolStr::new_static("OBJECT"))
            }
        }
    }
}

impl TypePattern {
    /// Whether a type of the family is wider than the neutral name says: BIGINT under `Int32`.
    pub fn is_exceeded(&self, ty: &Type) -> bool {
        match (self, ty) {
            (TypePattern::Integer { bits, .. }, ty) => match ty {
                Type::Int64 | Type::UInt32 => *bits < 64,
                Type::Int128 | Type::UInt64 | Type::UInt128 | Type::BigNum => true,
                _ => false,
            },
            (TypePattern::Float { bits }, Type::Float64) => *bits < 64,
            (TypePattern::Array(Some(element)), Type::List(t) | Type::Array(t, _)) => element.is_exceeded(t),
            (TypePattern::Map(Some(inner)), Type::Map(kv)) => {
                inner.0.is_exceeded(&kv.0) || inner.1.is_exceeded(&kv.1)
            }
            _ => false,
        }
    }

    /// The type that could have been meant by a text that is none.
    pub fn suggest(dialect: Dialect, text: &str) -> Option<&'static str> {
        let word = text.split(['(', '<', '[']).next().unwrap_or(text).trim();
        // Neutral names are exact in their capitals: `Int64` is one, `int64` is not.
        let neutral = NEUTRAL.iter().find(|n| n.eq_ignore_ascii_case(word));
        let own = own_names(dialect).iter().copied();
        neutral
            .copied()
            .or_else(|| rocky_base::suggest::nearest(word, own.chain(NEUTRAL.iter().copied())))
    }
}

/// The neutral names.
#[rustfmt::skip]
const NEUTRAL: &[&str] = &[
    "Boolean", "Int32", "Int64", "Float32", "Float64", "Decimal", "String", "Binary", "Date", "Timestamp",
    "TimestampNtz", "Array", "Map", "Struct", "Variant",
];

/// The usual spellings of a dialect's types.
#[rustfmt::skip]
fn own_names(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::DuckDb => &[
            "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
            "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "TEXT", "BLOB", "DATE", "TIME", "TIMESTAMP",
            "TIMESTAMPTZ", "INTERVAL", "UUID", "JSON",
        ],
        Dialect::Databricks => &[
            "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "STRING", "BINARY",
            "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "VARIANT",
        ],
        Dialect::Snowflake => &[
            "BOOLEAN", "NUMBER", "INTEGER", "FLOAT", "VARCHAR", "BINARY", "DATE", "TIME", "TIMESTAMP_NTZ",
            "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "VARIANT", "OBJECT", "ARRAY",
        ],
        Dialect::BigQuery => &[
            "BOOL", "INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "STRING", "BYTES", "DATE", "DATETIME", "TIME",
            "TIMESTAMP", "INTERVAL", "JSON",
        ],
    }
}

/// The first comma outside all brackets.
fn top_level_comma(text: &str) -> Option<usize> {
    let mut depth = 0i32;
    text.char_indices().find_map(|(i, c)| {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => return Some(i),
            _ => {}
        }
        None
    })
}

/// Equal, where an unknown part fits anything.
fn equal_but_unknown(wanted: &Type, found: &Type) -> bool {
    let fields = |a: &[Field], b: &[Field]| {
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(a, b)| a.name.eq_ignore_ascii_case(&b.name) && equal_but_unknown(&a.ty, &b.ty))
    };
    match (wanted, found) {
        (_, Type::Unknown) => true,
        (Type::List(a), Type::List(b)) => equal_but_unknown(a, b),
        (Type::Array(a, n), Type::Array(b, m)) => n == m && equal_but_unknown(a, b),
        (Type::Struct(a), Type::Struct(b)) | (Type::Union(a), Type::Union(b)) => fields(a, b),
        (Type::Map(a), Type::Map(b)) => equal_but_unknown(&a.0, &b.0) && equal_but_unknown(&a.1, &b.1),
        _ => wanted == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neutral_name_says_how_wide_it_is() {
        let wide = |d, text: &str, ty: Type| TypePattern::parse(d, text).unwrap().is_exceeded(&ty);
        assert!(wide(Dialect::DuckDb, "Int32", Type::Int64));
        assert!(!wide(Dialect::DuckDb, "Int32", Type::Int16));
        assert!(wide(Dialect::DuckDb, "Int64", Type::Int128));
        assert!(!wide(Dialect::DuckDb, "Int64", Type::Int64));
        assert!(wide(Dialect::DuckDb, "Float32", Type::Float64));
        assert!(wide(Dialect::DuckDb, "Array<Int32>", Type::list(Type::Int64)));
        assert!(!wide(Dialect::BigQuery, "Int32", Type::Int64));
        assert!(!wide(Dialect::Snowflake, "Int32", Type::decimal(38, 0)));
        assert!(!wide(Dialect::DuckDb, "BIGINT", Type::Int128));
    }

    #[test]
    fn a_text_that_is_no_type_has_a_neighbour() {
        let near = |text| TypePattern::suggest(Dialect::DuckDb, text);
        assert_eq!(near("INTEGR"), Some("INTEGER"));
        assert_eq!(near("DECIML(10,2)"), Some("DECIMAL"));
        assert_eq!(near("int64"), Some("Int64"));
        assert_eq!(near("qqqqqqqq"), None);
        assert_eq!(TypePattern::suggest(Dialect::BigQuery, "INT46"), Some("INT64"));
    }

    #[test]
    fn neutral_names_are_families_and_own_spellings_are_exact() {
        let ok = |text: &str, ty: Type| TypePattern::parse(Dialect::DuckDb, text).unwrap().matches(&ty);
        assert!(ok("Int32", Type::Int64));
        assert!(!ok("INTEGER", Type::Int64));
        assert!(ok("INTEGER", Type::Int32));
        assert!(ok("Timestamp", Type::TIMESTAMP));
        assert!(ok("TimestampNtz", Type::TimestampTz));
        assert!(!ok("TIMESTAMP", Type::TimestampTz));
        assert!(ok("Decimal", Type::decimal(5, 2)));
        assert!(ok("Decimal(5,2)", Type::decimal(5, 2)));
        assert!(!ok("Decimal(5,2)", Type::decimal(5, 1)));
        assert!(ok("Decimal(5)", Type::decimal(5, 0)));
        assert!(ok("Array<Int64>", Type::list(Type::Int32)));
        assert!(!ok("Array<String>", Type::list(Type::Int32)));
        assert!(ok(
            "Map<String, Array<Int64>>",
            Type::map(Type::STRING, Type::list(Type::Int8))
        ));
        assert!(ok("Struct", Type::Struct(Vec::new().into())));
        assert!(ok("String", Type::Unknown));
        assert!(ok("Date", Type::Date));
        assert!(!ok("Date", Type::TIMESTAMP));
        assert!(TypePattern::parse(Dialect::DuckDb, "Strng").is_none());
        let int = TypePattern::parse(Dialect::Snowflake, "Int64").unwrap();
        assert!(int.matches(&Type::decimal(38, 0)) && !int.matches(&Type::decimal(38, 2)));
        for dialect in [
            Dialect::DuckDb,
            Dialect::Databricks,
            Dialect::Snowflake,
            Dialect::BigQuery,
        ] {
            for name in own_names(dialect) {
                assert!(Type::parse(dialect, name).is_some(), "{dialect}: {name}");
            }
            for name in NEUTRAL {
                assert!(TypePattern::parse(dialect, name).is_some(), "{name}");
            }
        }
        let deep = format!("{}Int64{}", "Array<".repeat(100_000), ">".repeat(100_000));
        assert!(TypePattern::parse(Dialect::DuckDb, &deep).is_none());
    }
}
