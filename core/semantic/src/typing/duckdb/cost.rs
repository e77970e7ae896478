//! Which casts happen without being asked for, and at what cost. The overload with the lowest sum wins; equal sums are an
//! error. The figures are the engine's.

use super::Seen;
use crate::catalogue::Param;
use rocky_warehouse::{Field, Type, types::TimeUnit};

/// The cost of a parameter that takes anything.
const ANY: u32 = 5;
/// The cost of `T`: an overload with concrete types always wins.
const TEMPLATE: u32 = 1_000_000;
const NESTED: u32 = 160;

/// How much the engine likes a type as the target of a cast; less is better.
fn liking(to: &Type) -> u32 {
    match to {
        Type::Int64 => 101,
        Type::Int32 => 102,
        Type::Int128 => 103,
        Type::Float64 => 104,
        Type::Decimal { .. } => 105,
        Type::BigNum => 106,
        Type::Timestamp(TimeUnit::Nano) => 119,
        Type::Timestamp(TimeUnit::Micro) => 120,
        Type::Timestamp(TimeUnit::Milli) => 121,
        Type::Timestamp(TimeUnit::Second) => 122,
        Type::TimestampTz => 123,
        Type::String { .. } => 149,
        // JSON is registered apart: NULL prefers VARCHAR.
        Type::Json => 150,
        Type::Struct(_) | Type::Map(_) | Type::List(_) | Type::Union(_) | Type::Array(..) => NESTED,
        _ => 110,
    }
}

fn param_liking(to: &Param) -> u32 {
    match to {
        Param::Exact(ty) => liking(ty),
        Param::Any => ANY,
        Param::Template(_) => TEMPLATE,
        Param::AnyDecimal => 105,
        Param::Lambda | Param::Unclear => 110,
        _ => NESTED,
    }
}

/// The cost of casting an argument to a parameter; `None` when it does not happen by itself.
pub(crate) fn to_param(from: &Seen, to: &Param) -> Option<u32> {
    if let Param::Exact(to) = to {
        return to_type(from, to);
    }
    if *to == Param::Unclear {
        return Some(0);
    }
    match from {
        _ if matches!(to, Param::Any | Param::Template(_)) => Some(param_liking(to)),
        Seen::Type(Type::Null) => Some(param_liking(to)),
        // A string literal only casts to what is a whole type; letters count as such.
        Seen::Text => whole(to).then_some(20),
        Seen::Integer(_, ty) => type_to_param(ty, to),
        Seen::Type(ty) => type_to_param(ty, to),
    }
}

fn type_to_param(from: &Type, to: &Param) -> Option<u32> {
    match (from, to) {
        (_, Param::Exact(to)) => implicit(from, to),
        (_, Param::Any | Param::Template(_)) | (Type::Null, _) => Some(param_liking(to)),
        (_, Param::AnyDecimal) => match from {
            Type::Decimal { .. } => Some(0),
            ty if ty.is_integer() => Some(105),
            Type::Variant => Some(105),
            _ => None,
        },
        (Type::Variant, Param::Lambda | Param::Unclear) => None,
        (Type::Variant, _) => Some(NESTED),
        (Type::List(from), Param::List(to)) => Some(type_to_param(from, to)?.saturating_sub(1)),
        (Type::Array(from, _), Param::List(to)) => Some(type_to_param(from, to)? + 1),
        (Type::Array(from, n), Param::Array(to, size)) => {
            if size.is_some_and(|m| m != *n) {
                return None;
            }
            let cost = type_to_param(from, to)?;
            Some(if cost >= 100 { cost - 1 } else { cost })
        }
        (Type::List(from), Param::Array(to, Some(_))) => type_to_param(from, to),
        (Type::Map(from), Param::Map(to)) => {
            type_to_param(&from.0, &to.0)?;
            type_to_param(&from.1, &to.1)?;
            Some(0)
        }
        (Type::Struct(from), Param::Fields(to)) => {
            if from.len() != to.len() {
                return None;
            }
            let mut cost = 0;
            for (field, (_, to)) in from.iter().zip(to) {
                cost = cost.max(type_to_param(&field.ty, to)?);
            }
            Some(cost)
        }
        (Type::Struct(_), Param::AnyStruct)
        | (Type::Map(_), Param::AnyMap)
        | (Type::List(_) | Type::Array(..), Param::AnyList)
        | (Type::Array(..), Param::AnyArray)
        | (Type::Union(_), Param::AnyUnion) => Some(0),
        _ => None,
    }
}

fn whole(param: &Param) -> bool {
    match param {
        Param::Exact(_) | Param::Template(_) => true,
        Param::List(p) | Param::Array(p, Some(_)) => whole(p),
        Param::Map(kv) => whole(&kv.0) && whole(&kv.1),
        Param::Fields(fields) => fields.iter().all(|(_, p)| whole(p)),
        _ => false,
    }
}

/// The cost of casting an argument to a type.
pub(crate) fn to_type(from: &Seen, to: &Type) -> Option<u32> {
    match from {
        Seen::Type(ty) => implicit(ty, to),
        Seen::Text => match to {
            Type::String { .. } => Some(1),
            Type::Null | Type::Unknown => None,
            _ => Some(20),
        },
        // A cast to JSON is registered for the integer types, not for literals.
        Seen::Integer(..) if *to == Type::Json => None,
        Seen::Integer(value, ty) => {
            if ty == to {
                Some(0)
            } else if fits(*value, to) {
                Some(liking(to) - 90)
            } else {
                implicit(ty, to)
            }
        }
    }
}

/// Whether an integer literal may become a value of the type: floats always, integers when it fits.
fn fits(value: i128, to: &Type) -> bool {
    match to {
        Type::Float32 | Type::Float64 | Type::Int128 => true,
        Type::Int8 => i8::try_from(value).is_ok(),
        Type::Int16 => i16::try_from(value).is_ok(),
        Type::Int32 => i32::try_from(value).is_ok(),
        Type::Int64 => i64::try_from(value).is_ok(),
        Type::UInt8 => u8::try_from(value).is_ok(),
        Type::UInt16 => u16::try_from(value).is_ok(),
        Type::UInt32 => u32::try_from(value).is_ok(),
        Type::UInt64 => u64::try_from(value).is_ok(),
        Type::UInt128 => u128::try_from(value).is_ok(),
        _ => false,
    }
}

/// The cost of casting a value of one type to another; `None` when that must be asked for.
pub(crate) fn implicit(from: &Type, to: &Type) -> Option<u32> {
    match (from, to) {
        (Type::Null, _) => Some(liking(to)),
        (Type::Json, Type::Json) => Some(0),
        (Type::Json, Type::String { .. }) => Some(1),
        (Type::String { .. }, Type::Json) => Some(NESTED + 1),
        (Type::Enum(_), Type::Json) => Some(148),
        (Type::Variant, Type::Json) | (Type::Other(_), Type::Json) => None,
        (_, Type::Json) => Some(0),
        (Type::Json, Type::Union(members)) => cheapest_member(from, members),
        (Type::Json, _) => None,
        (Type::List(from), Type::List(to)) => Some(nested(from, to)?.saturating_sub(1)),
        (Type::Array(from, n), Type::Array(to, m)) if n == m => {
            let cost = nested(from, to)?;
            Some(if cost >= 100 { cost - 1 } else { cost })
        }
        (Type::Array(..), Type::Array(..)) => None,
        (Type::Array(from, _), Type::List(to)) => Some(nested(from, to)? + 1),
        (Type::List(from), Type::Array(to, _)) => nested(from, to),
        (Type::Union(from), Type::Union(to)) => union_to_union(from, to),
        (Type::Struct(from), Type::Struct(to)) => struct_to_struct(from, to),
        (Type::Map(from), Type::Map(to)) => {
            nested(&from.0, &to.0)?;
            nested(&from.1, &to.1)?;
            Some(0)
        }
        (Type::Enum(a), Type::Enum(b)) if a != b => None,
        _ if same_kind(from, to) => Some(0),
        (_, Type::Union(members)) => cheapest_member(from, members),
        _ => may_widen(from, to).then(|| liking(to)),
    }
}

/// Inside nested types the casts that extensions register (JSON's) do not count.
fn nested(from: &Type, to: &Type) -> Option<u32> {
    match (from, to) {
        (Type::Null, _) => implicit(from, to),
        (Type::Json, Type::Json) => Some(0),
        (Type::Json, _) | (_, Type::Json) => None,
        _ => implicit(from, to),
    }
}

fn same_kind(a: &Type, b: &Type) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
        && !matches!((a, b), (Type::Timestamp(x), Type::Timestamp(y)) if x != y)
        && !matches!((a, b), (Type::Other(x), Type::Other(y)) if x != y)
}

fn cheapest_member(from: &Type, members: &[Field]) -> Option<u32> {
    members.iter().filter_map(|m| nested(from, &m.ty)).min()
}

fn union_to_union(from: &[Field], to: &[Field]) -> Option<u32> {
    let mut cost = None;
    for member in from {
        let same = to.iter().find(|t| t.name.eq_ignore_ascii_case(&member.name))?;
        cost = cost.max(nested(&member.ty, &same.ty));
    }
    cost
}

fn struct_to_struct(from: &[Field], to: &[Field]) -> Option<u32> {
    if from.len() != to.len() {
        return None;
    }
    let unnamed = |fields: &[Field]| fields.first().is_some_and(|f| f.name.is_empty());
    let by_position = unnamed(from) || unnamed(to);
    let mut cost = 0;
    for (i, field) in from.iter().enumerate() {
        let target = match by_position {
            true => to.get(i)?,
            false => to.iter().find(|t| t.name.eq_ignore_ascii_case(&field.name))?,
        };
        cost = cost.max(nested(&field.ty, &target.ty)?);
    }
    Some(cost)
}

/// The casts between unlike scalar types that lose nothing, or that the engine takes as such.
fn may_widen(from: &Type, to: &Type) -> bool {
    let number = matches!(
        to,
        Type::BigNum | Type::Float32 | Type::Float64 | Type::Decimal { .. }
    );
    match from {
        Type::Int8 => number || matches!(to, Type::Int16 | Type::Int32 | Type::Int64 | Type::Int128),
        Type::Int16 => number || matches!(to, Type::Int32 | Type::Int64 | Type::Int128),
        Type::Int32 => number || matches!(to, Type::Int64 | Type::Int128),
        Type::Int64 => number || matches!(to, Type::Int128),
        Type::Int128 | Type::UInt128 => number,
        Type::UInt8 => {
            number
                || matches!(to, Type::Int16 | Type::Int32 | Type::Int64 | Type::Int128)
                || matches!(to, Type::UInt16 | Type::UInt32 | Type::UInt64 | Type::UInt128)
        }
        Type::UInt16 => {
            number
                || matches!(to, Type::Int32 | Type::Int64 | Type::Int128)
                || matches!(to, Type::UInt32 | Type::UInt64 | Type::UInt128)
        }
        Type::UInt32 => number || matches!(to, Type::Int64 | Type::Int128 | Type::UInt64 | Type::UInt128),
        Type::UInt64 => number || matches!(to, Type::Int128 | Type::UInt128),
        Type::BigNum => matches!(to, Type::Float64),
        Type::Float32 => matches!(to, Type::Float64 | Type::BigNum),
        Type::Float64 => matches!(to, Type::BigNum),
        Type::Decimal { .. } => matches!(to, Type::Float32 | Type::Float64),
        Type::Enum(_) => matches!(to, Type::String { .. }),
        Type::Date => matches!(to, Type::Timestamp(_) | Type::TimestampTz),
        Type::Timestamp(TimeUnit::Second) => matches!(to, Type::Timestamp(_)),
        Type::Timestamp(TimeUnit::Milli) => matches!(to, Type::Timestamp(TimeUnit::Micro | TimeUnit::Nano)),
        Type::Timestamp(TimeUnit::Nano) => matches!(to, Type::Timestamp(TimeUnit::Micro)),
        Type::Timestamp(TimeUnit::Micro) => {
            matches!(to, Type::Timestamp(TimeUnit::Nano) | Type::TimestampTz)
        }
        Type::Variant => !matches!(to, Type::Json | Type::Unknown),
        _ => false,
    }
}
