//! Where types meet: set operations, CASE and its kin, comparisons.

use super::{Seen, cost};
use rocky_warehouse::{Field, Type, types::TimeUnit};
use std::sync::Arc;

/// What to do with types that have nothing in common.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Force {
    /// Refuse.
    No,
    /// Take the one that ranks higher (set operations, equality).
    Yes,
}

/// The type that two operands are cast to; `None` when the engine refuses.
pub(crate) fn pair(left: &Seen, right: &Seen, force: Force) -> Option<Type> {
    let natural = combine(left, right, force);
    if natural.is_some() || force == Force::No {
        return natural;
    }
    let (left, right) = (left.settle(), right.settle());
    Some(if rank(&left) < rank(&right) { right } else { left })
}

/// [`pair`] over types.
pub(crate) fn types(left: &Type, right: &Type, force: Force) -> Option<Type> {
    pair(&Seen::Type(left.clone()), &Seen::Type(right.clone()), force)
}

fn combine(left: &Seen, right: &Seen, force: Force) -> Option<Type> {
    // The binder treats an alias of VARCHAR as stronger than anything it meets.
    for side in [left, right] {
        if *side == Seen::Type(Type::Json) {
            return Some(Type::Json);
        }
    }
    match (left, right) {
        (Seen::Type(a), Seen::Type(b)) => combine_types(a, b, force),
        (Seen::Integer(_, a), Seen::Integer(_, b)) => combine_types(a, b, force),
        (Seen::Type(Type::Null) | Seen::Text, other) | (other, Seen::Type(Type::Null) | Seen::Text) => {
            match other {
                Seen::Type(Type::Enum(_)) if left == &Seen::Text || right == &Seen::Text => {
                    Some(Type::STRING)
                }
                Seen::Type(Type::Null) => Some(if *left == Seen::Text || *right == Seen::Text {
                    Type::STRING
                } else {
                    Type::Null
                }),
                _ => Some(other.settle()),
            }
        }
        (Seen::Integer(value, ty), Seen::Type(other)) | (Seen::Type(other), Seen::Integer(value, ty)) => {
            literal_with(*value, ty, other, force)
        }
    }
}

fn literal_with(value: i128, ty: &Type, other: &Type, force: Force) -> Option<Type> {
    if let Type::Enum(_) = other {
        return pair(
            &Seen::Integer(value, ty.clone()),
            &Seen::Type(Type::STRING),
            force,
        );
    }
    match cost::to_type(&Seen::Integer(value, ty.clone()), other) {
        Some(_) => Some(match other {
            Type::Decimal { .. } => grow_decimal(ty, other),
            _ => other.clone(),
        }),
        None => pair(&Seen::Type(ty.clone()), &Seen::Type(other.clone()), force),
    }
}

fn combine_types(left: &Type, right: &Type, force: Force) -> Option<Type> {
    for strong in [Type::Json, Type::Variant] {
        if *left == strong || *right == strong {
            return Some(strong);
        }
    }
    match (left, right) {
        (Type::Enum(a), Type::Enum(b)) => return Some(if a == b { left.clone() } else { Type::STRING }),
        (Type::Null, other) | (other, Type::Null) => return Some(other.clone()),
        (Type::Enum(_), _) => return types(&Type::STRING, right, force),
        (_, Type::Enum(_)) => return types(left, &Type::STRING, force),
        (
            Type::Decimal {
                precision: p,
                scale: s,
            },
            Type::Decimal {
                precision: q,
                scale: t,
            },
        ) => {
            return Some(widest_decimal((*p, *s), (*q, *t)));
        }
        (Type::List(a), Type::List(b)) => return types(a, b, force).map(Type::list),
        (Type::Array(a, n), Type::Array(b, m)) => {
            return types(a, b, force).map(|t| Type::Array(Arc::new(t), *n.max(m)));
        }
        (Type::Map(a), Type::Map(b)) => {
            let key = types(&a.0, &b.0, force)?;
            return Some(Type::map(key, types(&a.1, &b.1, force)?));
        }
        (Type::Struct(a), Type::Struct(b)) => return structs(a, b, force),
        (Type::Union(a), Type::Union(b)) => {
            return Some(if b.len() > a.len() {
                right.clone()
            } else {
                left.clone()
            });
        }
        _ if left == right => return Some(left.clone()),
        _ => {}
    }
    let there = cost::implicit(left, right);
    let back = cost::implicit(right, left);
    match (there, back) {
        (Some(a), b) if b.is_none_or(|b| a < b) => Some(match right {
            Type::Decimal { .. } => grow_decimal(left, right),
            _ => right.clone(),
        }),
        (_, Some(_)) => Some(match left {
            Type::Decimal { .. } => grow_decimal(right, left),
            _ => left.clone(),
        }),
        _ if left.is_numeric() && right.is_numeric() => mixed_signs(left, right),
        _ if *left == Type::Boolean && right.is_integer() => Some(right.clone()),
        _ if *right == Type::Boolean && left.is_integer() => Some(left.clone()),
        _ => None,
    }
}

/// Fields meet by name; a field that one side lacks is kept. Unnamed fields meet by place.
fn structs(a: &[Field], b: &[Field], force: Force) -> Option<Type> {
    let unnamed = |fields: &[Field]| fields.first().is_some_and(|f| f.name.is_empty());
    if unnamed(a) || unnamed(b) {
        if a.len() != b.len() {
            return None;
        }
        let mut fields = Vec::with_capacity(a.len());
        for (x, y) in a.iter().zip(b) {
            let name = if unnamed(a) {
                y.name.clone()
            } else {
                x.name.clone()
            };
            fields.push(Field {
                name,
                ty: types(&x.ty, &y.ty, force)?,
            });
        }
        return Some(Type::Struct(fields.into()));
    }
    let mut fields = Vec::with_capacity(a.len());
    for x in a {
        let ty = match b.iter().find(|y| y.name.eq_ignore_ascii_case(&x.name)) {
            Some(y) => types(&x.ty, &y.ty, force)?,
            None => x.ty.clone(),
        };
        fields.push(Field {
            name: x.name.clone(),
            ty,
        });
    }
    for y in b {
        if !a.iter().any(|x| x.name.eq_ignore_ascii_case(&y.name)) {
            fields.push(y.clone());
        }
    }
    Some(Type::Struct(fields.into()))
}

/// Enough digits on both sides of the point; the scale gives way at 38.
fn widest_decimal((p, s): (u8, u8), (q, t): (u8, u8)) -> Type {
    let whole = p.saturating_sub(s).max(q.saturating_sub(t));
    let scale = s.max(t);
    if whole + scale > 38 {
        Type::decimal(38, 38 - whole)
    } else {
        Type::decimal(whole + scale, scale)
    }
}

/// A decimal that also holds the integers of `other`.
fn grow_decimal(other: &Type, decimal: &Type) -> Type {
    let Type::Decimal { precision, scale } = decimal else {
        return decimal.clone();
    };
    match decimal_size(other) {
        Some((width, _)) if width > precision.saturating_sub(*scale) => {
            Type::decimal((width + scale).min(38), *scale)
        }
        _ => decimal.clone(),
    }
}

/// The decimal that holds a type's values: digits and scale.
pub(crate) fn decimal_size(ty: &Type) -> Option<(u8, u8)> {
    Some(match ty {
        Type::Boolean => (1, 0),
        Type::Null => (0, 0),
        Type::Int8 | Type::UInt8 => (3, 0),
        Type::Int16 | Type::UInt16 => (5, 0),
        Type::Int32 | Type::UInt32 => (10, 0),
        Type::Int64 => (19, 0),
        Type::UInt64 => (20, 0),
        Type::Int128 | Type::UInt128 => (38, 0),
        Type::Decimal { precision, scale } => (*precision, *scale),
        _ => return None,
    })
}

/// Signed with unsigned: the next wider signed type of either; an UHUGEINT does not count.
fn mixed_signs(left: &Type, right: &Type) -> Option<Type> {
    let has = |t: &Type| left == t || right == t;
    Some(if has(&Type::Int64) || has(&Type::UInt64) {
        Type::Int128
    } else if has(&Type::Int32) || has(&Type::UInt32) {
        Type::Int64
    } else if has(&Type::Int16) || has(&Type::UInt16) {
        Type::Int32
    } else if has(&Type::Int8) || has(&Type::UInt8) {
        Type::Int16
    } else if has(&Type::Int128) || has(&Type::UInt128) {
        Type::Float64
    } else {
        return None;
    })
}

/// Which of two strangers wins when one must.
fn rank(ty: &Type) -> u32 {
    match ty {
        Type::Null | Type::Unknown => 0,
        Type::Boolean => 10,
        Type::UInt8 => 11,
        Type::Int8 => 12,
        Type::UInt16 => 13,
        Type::Int16 => 14,
        Type::UInt32 => 15,
        Type::Int32 => 16,
        Type::UInt64 => 17,
        Type::Int64 => 18,
        Type::UInt128 => 19,
        Type::Int128 => 20,
        Type::Decimal { .. } => 21,
        Type::Float32 => 22,
        Type::Float64 => 23,
        Type::Time | Type::TimeTz => 49,
        Type::TimeNs => 50,
        Type::Date => 51,
        Type::Timestamp(TimeUnit::Second) => 52,
        Type::Timestamp(TimeUnit::Milli) => 53,
        Type::Timestamp(TimeUnit::Micro) | Type::TimestampTz => 54,
        Type::Timestamp(TimeUnit::Nano) => 55,
        Type::Interval => 56,
        Type::String { .. } => 77,
        Type::Enum(_) => 78,
        Type::Bit => 100,
        Type::Binary => 101,
        Type::Uuid => 102,
        Type::BigNum => 103,
        Type::Geometry => 104,
        Type::Struct(_) => 125,
        Type::List(_) | Type::Array(..) => 126,
        Type::Map(_) => 127,
        Type::Union(_) => 150,
        Type::Variant => 151,
        _ => 1000,
    }
}

/// The type two operands are compared as.
pub(crate) fn comparison(left: &Seen, right: &Seen, force: Force) -> Option<Type> {
    let met = pair(left, right, force)?;
    match met {
        Type::Decimal { .. } => {
            let (Some((p, s)), Some((q, t))) = (decimal_size(&left.settle()), decimal_size(&right.settle()))
            else {
                return Some(met);
            };
            let scale = s.max(t);
            let whole = p.saturating_sub(s).max(q.saturating_sub(t));
            Some(Type::decimal((scale + whole).max(p).max(q).min(38), scale))
        }
        // Text gives way to what it is compared with.
        Type::String { .. } => {
            let other = [left, right].into_iter().find(|s| text_gives_way(s));
            Some(other.map_or(met, Seen::settle))
        }
        _ => Some(met),
    }
}

fn text_gives_way(other: &Seen) -> bool {
    match other {
        Seen::Integer(..) => true,
        Seen::Type(ty) => {
            (ty.is_numeric() && *ty != Type::BigNum)
                || ty.is_temporal()
                || matches!(ty, Type::Time | Type::TimeTz | Type::Interval)
        }
        Seen::Text => false,
    }
}
