//! Column types of all four warehouses in one value. Cheap to clone; nested parts are shared.
//!
//! The spelling is per dialect: [`Type::parse`] reads a type as written in SQL, in a contract or by `DESCRIBE`;
//! [`Type::print`] gives the warehouse's own spelling.

mod contract;
mod own;
mod parse;
mod print;
mod widening;

pub use contract::TypePattern;
pub use own::OwnTypes;
pub use widening::{Widening, may_lose, widening};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// Resolution of a timestamp.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Seconds (DuckDB TIMESTAMP_S).
    Second,
    /// Milliseconds (DuckDB TIMESTAMP_MS).
    Milli,
    /// Microseconds, the usual one.
    Micro,
    /// Nanoseconds (DuckDB TIMESTAMP_NS, Snowflake's default).
    Nano,
}

/// A named part of a struct or union.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Field {
    /// Its name; empty for an unnamed struct field (`ROW(1, 2)`).
    pub name: SmolStr,
    /// Its type.
    pub ty: Type,
}

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Type {
    /// Not known; compatible with everything, and never the cause of a second message.
    #[default]
    Unknown,
    /// The type of a bare NULL, before anything gives it another (DuckDB prints it `"NULL"`, and a result column of it is
    /// INTEGER).
    Null,
    /// BOOLEAN.
    Boolean,
    /// TINYINT (8 bits).
    Int8,
    /// SMALLINT.
    Int16,
    /// INTEGER.
    Int32,
    /// BIGINT; BigQuery INT64.
    Int64,
    /// HUGEINT.
    Int128,
    /// UTINYINT.
    UInt8,
    /// USMALLINT.
    UInt16,
    /// UINTEGER.
    UInt32,
    /// UBIGINT.
    UInt64,
    /// UHUGEINT.
    UInt128,
    /// DuckDB BIGNUM (was VARINT): integers of any length.
    BigNum,
    /// 32-bit float.
    Float32,
    /// 64-bit float.
    Float64,
    /// Fixed point. DuckDB up to 38 digits, BigQuery BIGNUMERIC up to 76; Snowflake NUMBER(p, s).
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Text. `length` where the warehouse keeps it (Snowflake VARCHAR(n), Databricks VARCHAR(n), BigQuery STRING(n)).
    String {
        /// Maximum length in characters.
        length: Option<u32>,
    },
    /// Bytes.
    Binary,
    /// DuckDB BIT.
    Bit,
    /// DATE.
    Date,
    /// TIME without zone.
    Time,
    /// DuckDB TIME_NS.
    TimeNs,
    /// TIME WITH TIME ZONE.
    TimeTz,
    /// TIMESTAMP without zone (BigQuery DATETIME, Databricks TIMESTAMP_NTZ).
    Timestamp(TimeUnit),
    /// TIMESTAMP WITH TIME ZONE (BigQuery TIMESTAMP, Databricks TIMESTAMP, Snowflake TIMESTAMP_TZ).
    TimestampTz,
    /// Snowflake TIMESTAMP_LTZ.
    TimestampLtz,
    /// INTERVAL.
    Interval,
    /// UUID.
    Uuid,
    /// JSON.
    Json,
    /// VARIANT.
    Variant,
    /// Spatial.
    Geometry,
    /// Spatial on the sphere.
    Geography,
    /// ENUM with its values.
    Enum(Arc<[SmolStr]>),
    /// A list of any length.
    List(Arc<Type>),
    /// DuckDB's fixed-size array.
    Array(Arc<Type>, u32),
    /// A struct.
    Struct(Arc<[Field]>),
    /// A map: key, value.
    Map(Arc<(Type, Type)>),
    /// DuckDB's tagged union.
    Union(Arc<[Field]>),
    /// A type of the engine that we know by name only (`REGCLASS`, an extension's, a user's).
    Other(SmolStr),
}

impl Type {
    /// Text of any length.
    pub const STRING: Type = Type::String { length: None };
    /// TIMESTAMP with microseconds.
    pub const TIMESTAMP: Type = Type::Timestamp(TimeUnit::Micro);

    /// A decimal.
    pub fn decimal(precision: u8, scale: u8) -> Type {
        Type::Decimal { precision, scale }
    }

    /// A list of `element`.
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    /// A map.
    pub fn map(key: Type, value: Type) -> Type {
        Type::Map(Arc::new((key, value)))
    }

    /// True for [`Type::Unknown`].
    pub fn is_unknown(&self) -> bool {
        matches!(self, Type::Unknown)
    }

    /// True when the type or a part of it is unknown.
    pub fn has_unknown(&self) -> bool {
        match self {
            Type::Unknown => true,
            Type::List(t) | Type::Array(t, _) => t.has_unknown(),
            Type::Struct(fields) | Type::Union(fields) => fields.iter().any(|f| f.ty.has_unknown()),
            Type::Map(kv) => kv.0.has_unknown() || kv.1.has_unknown(),
            _ => false,
        }
    }

    /// Signed and unsigned integers, BIGNUM not among them.
    pub fn is_integer(&self) -> bool {
        self.is_signed() || self.is_unsigned()
    }

    /// Signed integers.
    pub fn is_signed(&self) -> bool {
        matches!(
            self,
            Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::Int128
        )
    }

    /// Unsigned integers.
    pub fn is_unsigned(&self) -> bool {
        matches!(
            self,
            Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64 | Type::UInt128
        )
    }

    /// Integers, decimals, floats, BIGNUM.
    pub fn is_numeric(&self) -> bool {
        self.is_integer()
            || matches!(
                self,
                Type::BigNum | Type::Float32 | Type::Float64 | Type::Decimal { .. }
            )
    }

    /// Dates and timestamps of any kind (not TIME).
    pub fn is_temporal(&self) -> bool {
        matches!(
            self,
            Type::Date | Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz
        )
    }
}
