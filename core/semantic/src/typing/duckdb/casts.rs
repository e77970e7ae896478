//! Which casts exist at all. The engine binds nearly every pair and fails at run time on values that cannot be; what it
//! refuses outright are casts between nested types whose parts do not go together.

use rocky_warehouse::{Field, Type};

/// Whether the engine's binder takes a cast.
pub(crate) fn castable(from: &Type, to: &Type) -> bool {
    if from.has_unknown() || to.has_unknown() {
        return true;
    }
    match (from, to) {
        (Type::Null, _) => true,
        (Type::String { .. } | Type::Variant | Type::Enum(_), t) if !matches!(t, Type::Union(_)) => true,
        (Type::Variant, _) => true,
        // A union takes what goes into a member by itself; another union when it has all its members.
        (Type::Json, _) => true,
        (Type::List(t), Type::Union(_)) if **t == Type::Json => true,
        (Type::Union(a), Type::Union(b)) => a.iter().all(|x| {
            let same = b.iter().find(|y| y.name.eq_ignore_ascii_case(&x.name));
            same.is_some_and(|y| castable(&x.ty, &y.ty))
        }),
        (_, Type::Union(_)) => super::cost::implicit(from, to).is_some(),
        (Type::Struct(a), Type::Struct(b)) => structs(a, b),
        (Type::List(a) | Type::Array(a, _), Type::List(b) | Type::Array(b, _)) => castable(a, b),
        (Type::Map(a), Type::Map(b)) => castable(&a.0, &b.0) && castable(&a.1, &b.1),
        _ => true,
    }
}

/// The kinds of scalar and nested types that the engine's casts tell apart.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Kind {
    Boolean,
    Number,
    Blob,
    Bit,
    Date,
    Time,
    Timestamp,
    Interval,
    Uuid,
    List,
    Struct,
    Map,
}

fn kind(ty: &Type) -> Option<Kind> {
    Some(match ty {
        Type::Boolean => Kind::Boolean,
        Type::Float32 | Type::Float64 | Type::Decimal { .. } => Kind::Number,
        Type::BigNum => return None,
        ty if ty.is_integer() => Kind::Number,
        Type::Binary => Kind::Blob,
        Type::Bit => Kind::Bit,
        Type::Date => Kind::Date,
        Type::Time => Kind::Time,
        Type::Timestamp(_) | Type::TimestampTz => Kind::Timestamp,
        Type::Interval => Kind::Interval,
        Type::Uuid => Kind::Uuid,
        Type::List(_) | Type::Array(..) => Kind::List,
        Type::Struct(_) => Kind::Struct,
        Type::Map(_) => Kind::Map,
        _ => return None,
    })
}

/// True for a cast that binds and has no conversion behind it: "Unimplemented type for cast" on the first value that is not
/// NULL. Measured on the engine, pair by pair.
pub(crate) fn never(from: &Type, to: &Type) -> bool {
    use Kind::{Bit, Blob, Boolean, Date, Interval, List, Map, Number, Struct, Time, Timestamp, Uuid};
    let (Some(from), Some(to)) = (kind(from), kind(to)) else {
        return false;
    };
    matches!(
        (from, to),
        (
            Boolean | Number,
            Blob | Date | Time | Timestamp | Interval | Uuid | List | Struct | Map
        ) | (
            Date | Time | Timestamp | Interval,
            Boolean | Number | Blob | Bit | Uuid | List | Struct | Map
        ) | (Date, Time | Interval)
            | (Time, Date | Timestamp | Interval)
            | (Timestamp, Interval)
            | (Interval, Date | Time | Timestamp)
            | (
                Uuid,
                Boolean | Number | Bit | Date | Time | Timestamp | Interval | List | Struct | Map
            )
            | (
                Blob,
                Boolean | Number | Date | Time | Timestamp | Interval | List | Struct | Map
            )
            | (
                Bit,
                Date | Time | Timestamp | Interval | Uuid | List | Struct | Map
            )
            | (
                List | Struct | Map,
                Boolean | Number | Blob | Bit | Date | Time | Timestamp | Interval | Uuid
            )
            | (List, Struct | Map)
            | (Struct, List)
            | (Map, List | Struct)
    )
}

fn structs(a: &[Field], b: &[Field]) -> bool {
    let unnamed = |fields: &[Field]| fields.first().is_some_and(|f| f.name.is_empty());
    if unnamed(a) || unnamed(b) {
        return a.len() == b.len() && a.iter().zip(b).all(|(x, y)| castable(&x.ty, &y.ty));
    }
    // By name: one in common is enough, the others become NULL.
    let mut common = false;
    for x in a {
        if let Some(y) = b.iter().find(|y| y.name.eq_ignore_ascii_case(&x.name)) {
            common = true;
            if !castable(&x.ty, &y.ty) {
                return false;
            }
        }
    }
    common
}
