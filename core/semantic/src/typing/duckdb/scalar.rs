//! Scalar functions whose result is computed at bind time, from the arguments' types and literals.

use super::bind::{self, Bound};
use super::functions::{self, LambdaTyper, Passed, PassedValue, integer, meet_seen, text};
use super::unify::{self, Force};
use super::{Seen, operators};
use crate::catalogue::{self, Param};
use crate::typing::{Operand, TypeError, Typed, bounded};
use rocky_base::{Dialect, SmolStr};
use rocky_warehouse::{Field, Type, types::TimeUnit};
use std::sync::Arc;

fn wrong(text: &str) -> TypeError {
    TypeError::ArgumentTypes(text.to_owned())
}

/// The element of a list or array.
fn element(ty: &Type) -> Option<&Type> {
    match ty {
        Type::List(t) | Type::Array(t, _) => Some(t),
        _ => None,
    }
}

/// A struct without names.
pub(crate) fn row(types: impl Iterator<Item = Type>) -> Type {
    let fields: Vec<Field> = types
        .map(|ty| Field {
            name: SmolStr::default(),
            ty,
        })
        .collect();
    bounded(Type::Struct(fields.into()))
}

/// Functions that are not decided by overloads.
pub(crate) fn before_binding(name: &str, seen: &[Seen]) -> Option<Result<Type, TypeError>> {
    if seen.iter().any(Seen::is_unknown) {
        return None;
    }
    Some(match name {
        "combine" | "finalize" => Err(wrong("(AGGREGATE_STATE)")),
        "create_sort_key" if seen.len() % 2 == 1 => {
            Err(TypeError::Arity("(ANY, VARCHAR, …): values and orders".into()))
        }
        "enum_range_boundary" if !seen.iter().any(|s| matches!(s, Seen::Type(Type::Enum(_)))) => {
            Err(wrong("(ENUM, ENUM)"))
        }
        "||" => match seen {
            [left, right] => concat_operator(left, right),
            _ => Err(TypeError::Arity("(ANY, ANY)".into())),
        },
        "concat" if !seen.is_empty() => concat(seen),
        "list_concat" | "list_cat" | "array_concat" | "array_cat" => list_concat(seen),
        "greatest" | "least" if !seen.is_empty() => meet_seen(seen.iter().cloned(), Force::No)
            .ok_or_else(|| wrong("values of types that can be combined")),
        // Literals do not adapt here.
        "array_value" if !seen.is_empty() => {
            match meet_seen(seen.iter().map(|s| Seen::Type(s.settle())), Force::No) {
                Some(ty) => Ok(Type::Array(Arc::new(ty), u32::try_from(seen.len()).unwrap_or(1))),
                None => Err(wrong("values of types that can be combined")),
            }
        }
        "array_slice" | "list_slice" if matches!(seen.len(), 3 | 4) => match seen.first() {
            Some(base) => slice(&base.settle()),
            None => return None,
        },
        _ => return None,
    })
}

/// The result of a bound scalar function.
pub(crate) fn result(
    name: &str,
    bound: &Bound<'_>,
    seen: &[Seen],
    operands: &[&Operand],
) -> Result<Type, TypeError> {
    if matches!(name, "+" | "add") && bound.overload.variadic.is_some() {
        return list_concat(seen);
    }
    // A constant NULL makes the call NULL, of the result's type when that is plain from the signature.
    if operands.iter().any(|o| o.is_null()) && !keeps_null(name) && !looks_past_null(name, bound, operands) {
        return Ok(match &bound.overload.result {
            Param::Exact(ty) => ty.clone(),
            _ => Type::Null,
        });
    }
    if bound.overload.result == Param::AnyDecimal || matches!(name, "+" | "add") {
        return match name {
            "round" | "trunc" if seen.len() == 2 => decimal_digits(name, seen, operands),
            "round" | "trunc" | "ceil" | "ceiling" | "floor" => Ok(match seen.first().map(Seen::settle) {
                Some(Type::Decimal { precision, .. }) => Type::decimal(precision, 0),
                _ => Type::Unknown,
            }),
            _ => operators::arithmetic(name, bound, seen),
        };
    }
    let first = || seen.first().map(Seen::settle).unwrap_or_default();
    let bad = || bind::no_match(std::slice::from_ref(bound.overload), seen.len());
    Ok(match name {
        "list_aggregate" | "list_aggr" | "array_aggregate" | "array_aggr" | "aggregate" => {
            return list_aggregate(seen, operands);
        }
        "list_sort" | "array_sort" | "list_reverse_sort" | "array_reverse_sort" | "list_resize"
        | "array_resize" => match first() {
            Type::Array(t, _) => Type::List(t),
            ty => ty,
        },
        "list_grade_up" | "array_grade_up" | "grade_up" => Type::list(Type::Int64),
        "array_extract" | "struct_extract" | "struct_extract_at" | "list_extract" | "list_element" => {
            match &first() {
                Type::Struct(fields) => return struct_extract(fields, operands),
                _ => bound.result.clone(),
            }
        }
        "union_extract" => match &first() {
            Type::Union(members) => match text(operands, 1) {
                Some(wanted) => members
                    .iter()
                    .find(|m| m.name.eq_ignore_ascii_case(wanted))
                    .map(|m| m.ty.clone())
                    .ok_or_else(bad)?,
                None => return Err(bad()),
            },
            _ => Type::Unknown,
        },
        "union_tag" => match &first() {
            Type::Union(members) => Type::Enum(members.iter().map(|m| m.name.clone()).collect()),
            _ => Type::Unknown,
        },
        "to_json" | "json_quote" if seen.len() != 1 => return Err(TypeError::Arity("(ANY)".into())),
        "row_to_json" if !matches!(first(), Type::Struct(_) | Type::Null) || seen.len() != 1 => {
            return Err(wrong("(STRUCT)"));
        }
        "array_to_json" if element(&first()).is_none() || seen.len() != 1 => return Err(wrong("(ANY[])")),
        "json_object" if seen.len() % 2 == 1 => {
            return Err(TypeError::Arity("(VARCHAR, ANY, …): names and values".into()));
        }
        "cardinality" if !matches!(first(), Type::Map(_) | Type::Variant) || seen.len() != 1 => {
            return Err(wrong("(MAP)"));
        }
        "enum_first" | "enum_last" | "enum_range" if !matches!(first(), Type::Enum(_) | Type::Unknown) => {
            return Err(wrong("(ENUM)"));
        }
        "struct_keys" if !matches!(first(), Type::Struct(_)) => return Err(wrong("(STRUCT)")),
        "list_zip" | "array_zip" => list_zip(seen)?,
        "constant_or_null" => first(),
        "replace_type" => match (seen.get(1).map(Seen::settle), seen.get(2).map(Seen::settle)) {
            (Some(from), Some(to)) => replaced(&first(), &from, &to),
            _ => Type::Unknown,
        },
        "current_setting" => text(operands, 0).map_or(Type::Unknown, super::settings::setting),
        "unpivot_list" => match meet_seen(seen.iter().cloned(), Force::No) {
            Some(ty) => Type::list(ty),
            None => return Err(wrong("values of types that can be combined")),
        },
        "variant_to_parquet_variant" => Type::Other("PARQUET_VARIANT".into()),
        "struct_values" => match &first() {
            Type::Struct(fields) => row(fields.iter().map(|f| f.ty.clone())),
            _ => Type::Unknown,
        },
        "struct_concat" => struct_concat(seen)?,
        "enum_code" => match &first() {
            Type::Enum(values) if values.len() <= 1 << 8 => Type::UInt8,
            Type::Enum(values) if values.len() <= 1 << 16 => Type::UInt16,
            Type::Enum(_) => Type::UInt32,
            _ => return Err(bad()),
        },
        "map_concat" => match meet_seen(seen.iter().cloned(), Force::No) {
            Some(ty @ (Type::Map(_) | Type::Null)) => ty,
            _ => return Err(bad()),
        },
        "cast_to_type" => seen.get(1).map(Seen::settle).unwrap_or_default(),
        "date_part" | "datepart" => match text(operands, 0) {
            Some(field) => part_type(field),
            None => match functions::texts(operands, 0) {
                Some(names) => named_fields(names.iter().map(|name| (name, part_type(name)))),
                None if matches!(bound.overload.result, Param::Exact(_)) => Type::Int64,
                None => Type::Unknown,
            },
        },
        "strptime" | "try_strptime" => parsed_time(operands),
        "regexp_extract" | "regexp_extract_all"
            if matches!(bound.overload.params.get(2), Some(Param::Exact(Type::List(_)))) =>
        {
            match functions::texts(operands, 2) {
                Some(names) => {
                    let groups = named_fields(names.iter().map(|name| (name, Type::STRING)));
                    if name == "regexp_extract" {
                        groups
                    } else {
                        Type::list(groups)
                    }
                }
                None => Type::Unknown,
            }
        }
        "json_extract"
        | "json_extract_path"
        | "json_extract_string"
        | "json_extract_path_text"
        | "->>"
        | "json_exists"
        | "json_type"
        | "json_value"
        | "json_array_length"
        | "json_keys" => {
            let wildcard = text(operands, 1).is_some_and(json_wildcard);
            if wildcard {
                Type::list(bound.result.clone())
            } else {
                bound.result.clone()
            }
        }
        "json_transform" | "json_transform_strict" | "from_json" | "from_json_strict" => {
            match text(operands, 1) {
                Some(structure) => super::json::structure(structure).ok_or_else(bad)?,
                None => Type::Unknown,
            }
        }
        // The bins are cast to the type of the upper bound.
        "equi_width_bins" => Type::list(match seen.get(1).map(Seen::settle).unwrap_or_default() {
            Type::Decimal { .. } => Type::Float64,
            ty => ty,
        }),
        _ => match &bound.overload.result {
            Param::Any | Param::Unclear => Type::Unknown,
            Param::List(inner) if **inner == Param::Any => Type::Unknown,
            _ => bound.result.clone(),
        },
    })
}

/// A struct of these fields.
fn named_fields<'n>(fields: impl Iterator<Item = (&'n SmolStr, Type)>) -> Type {
    let fields: Vec<Field> = fields
        .map(|(name, ty)| Field {
            name: name.clone(),
            ty,
        })
        .collect();
    Type::Struct(fields.into())
}

/// A type with each part of one type exchanged for another.
fn replaced(ty: &Type, from: &Type, to: &Type) -> Type {
    if ty == from {
        return to.clone();
    }
    let fields = |fields: &[Field]| -> Arc<[Field]> {
        let field = |f: &Field| Field {
            name: f.name.clone(),
            ty: replaced(&f.ty, from, to),
        };
        fields.iter().map(field).collect()
    };
    match ty {
        Type::List(t) => Type::list(replaced(t, from, to)),
        Type::Array(t, n) => Type::Array(Arc::new(replaced(t, from, to)), *n),
        Type::Map(kv) => Type::map(replaced(&kv.0, from, to), replaced(&kv.1, from, to)),
        Type::Struct(list) => Type::Struct(fields(list)),
        Type::Union(list) => Type::Union(fields(list)),
        other => other.clone(),
    }
}

/// Functions that look at their other arguments first.
fn looks_past_null(name: &str, bound: &Bound<'_>, operands: &[&Operand]) -> bool {
    let typed = |i: usize| operands.get(i).is_some_and(|o| o.ty != Type::Null);
    match name {
        "strptime" | "try_strptime" => operands.get(1).is_some_and(|o| !o.is_null()),
        "list_aggregate" | "list_aggr" | "array_aggregate" | "array_aggr" | "aggregate" => {
            typed(0) && operands.get(1).is_some_and(|o| !o.is_null())
        }
        "regexp_extract" | "regexp_extract_all" => {
            typed(0) && matches!(bound.overload.params.get(2), Some(Param::Exact(Type::List(_))))
        }
        "remap_struct" => typed(0),
        _ => false,
    }
}

/// Functions that see their NULLs.
pub(crate) fn keeps_null(name: &str) -> bool {
    KEEPS_NULL.binary_search(&name).is_ok()
}

// Sorted: functions registered with their own handling of NULL.
#[rustfmt::skip]
static KEEPS_NULL: &[&str] = &[
    "alias", "array_intersect", "array_resize", "array_value", "array_zip", "can_cast_implicitly", "cast_to_type", "concat",
    "concat_ws", "element_at", "error", "hash", "json_array", "json_object", "list_intersect", "list_pack",
    "list_resize", "list_value", "list_zip", "map", "map_concat", "map_entries", "map_extract", "map_extract_value", "map_keys", "map_values",
    "replace_type", "row", "struct_concat", "struct_pack", "typeof", "unpivot_list", "variant_to_parquet_variant",
];

/// `round(decimal, n)`: only with a literal; the scale shrinks, the width stays.
fn decimal_digits(name: &str, seen: &[Seen], operands: &[&Operand]) -> Result<Type, TypeError> {
    let Some(Type::Decimal { precision, scale }) = seen.first().map(Seen::settle) else {
        return Ok(Type::Unknown);
    };
    match integer(operands, 1) {
        Some(digits) => {
            let scale = u8::try_from(digits.clamp(0, i128::from(scale))).unwrap_or(scale);
            Ok(Type::decimal(precision, scale))
        }
        // An expression the engine can fold; whether it can is not seen here.
        None if name == "trunc" || operands.len() == 2 => Ok(Type::Unknown),
        None => Ok(Type::Unknown),
    }
}

/// `||`.
pub(crate) fn concat_operator(left: &Seen, right: &Seen) -> Result<Type, TypeError> {
    if left.is_unknown() || right.is_unknown() {
        return Ok(Type::Unknown);
    }
    let (a, b) = (left.settle(), right.settle());
    if a == Type::Null || b == Type::Null {
        return Ok(Type::Null);
    }
    match (element(&a), element(&b)) {
        (Some(x), Some(y)) => match unify::types(x, y, Force::No) {
            Some(ty) => Ok(Type::list(ty)),
            None => Err(TypeError::Operator),
        },
        (None, None) if a == Type::Binary && b == Type::Binary => Ok(Type::Binary),
        (None, None) => Ok(Type::STRING),
        _ => Err(TypeError::Operator),
    }
}

/// `concat(…)`: lists when the first is one, else text.
fn concat(seen: &[Seen]) -> Result<Type, TypeError> {
    let lists = seen.iter().filter(|s| element(&s.settle()).is_some()).count();
    if lists > 0 {
        return list_concat(seen);
    }
    Ok(Type::STRING)
}

/// Lists joined; NULLs are left out.
pub(crate) fn list_concat(seen: &[Seen]) -> Result<Type, TypeError> {
    let mut met: Option<Type> = None;
    for s in seen {
        let ty = s.settle();
        match &ty {
            Type::Null => continue,
            Type::Unknown => return Ok(Type::Unknown),
            Type::Variant if seen.iter().all(|s| s.settle() == Type::Variant) => return Ok(Type::STRING),
            _ => {}
        }
        let Some(next) = element(&ty) else {
            return Err(wrong("(ANY[], ANY[]…)"));
        };
        met = Some(match met {
            None => next.clone(),
            Some(before) => unify::types(&before, next, Force::No)
                .ok_or_else(|| wrong("lists of types that can be combined"))?,
        });
    }
    Ok(met.map_or(Type::Null, Type::list))
}

/// `x[a:b]`.
pub(crate) fn slice(base: &Type) -> Result<Type, TypeError> {
    Ok(match base {
        Type::List(_) | Type::Null | Type::Unknown => base.clone(),
        Type::Array(t, _) => Type::List(t.clone()),
        Type::String { .. } | Type::Json => Type::STRING,
        Type::Binary => Type::Binary,
        _ => return Err(TypeError::Operator),
    })
}

/// `x[i]`.
pub(crate) fn index(base: &Operand, index: &Operand) -> Result<Typed, TypeError> {
    let ty = match &base.ty {
        Type::Unknown => Type::Unknown,
        Type::List(t) | Type::Array(t, _) => (**t).clone(),
        Type::Map(kv) => kv.1.clone(),
        Type::Json => Type::Json,
        Type::Variant => Type::Variant,
        Type::String { .. } => Type::STRING,
        // The overload for texts is the cheapest one, by numbers.
        Type::Null if matches!(index.ty, Type::String { .. }) => Type::Null,
        Type::Null => Type::STRING,
        // Of a constant NULL no field is looked for.
        Type::Struct(_) if base.is_null() => Type::Null,
        Type::Struct(fields) => struct_extract(fields, &[base, index])?,
        _ => return Err(TypeError::Operator),
    };
    // A constant NULL as index or base makes the result NULL.
    if (index.is_null() || base.is_null()) && !matches!(base.ty, Type::Unknown) {
        return Ok(Typed {
            ty: match &base.ty {
                // A map's function looks at NULLs by itself.
                Type::String { .. } | Type::Json | Type::Variant | Type::Map(_) | Type::Null => ty,
                _ => Type::Null,
            },
            nullable: true,
        });
    }
    let counted = index.ty.is_unknown() || super::cost::to_type(&Seen::of(index), &Type::Int64).is_some();
    if matches!(base.ty, Type::List(_) | Type::Array(..) | Type::String { .. }) && !counted {
        return Err(TypeError::Operator);
    }
    // A key is found by comparing: what cannot be compared is no key.
    if let Type::Map(kv) = &base.ty {
        let plain = |ty: &Type| {
            ty.is_integer()
                || ty.is_temporal()
                || matches!(
                    ty,
                    Type::Boolean
                        | Type::Float32
                        | Type::Float64
                        | Type::Decimal { .. }
                        | Type::String { .. }
                )
        };
        let key = Operand::of(kv.0.clone(), false);
        if plain(&key.ty)
            && plain(&index.ty)
            && super::operators::binary(&rocky_syntax::ast::BinaryOp::Lt, &key, index).is_err()
        {
            return Err(TypeError::Operator);
        }
    }
    // Inside a struct a field is as much there as the struct itself.
    Ok(Typed { ty, nullable: true })
}

/// A field by name or by place.
fn struct_extract(fields: &[Field], operands: &[&Operand]) -> Result<Type, TypeError> {
    let names = || {
        let list: Vec<&str> = fields
            .iter()
            .map(|f| f.name.as_str())
            .filter(|n| !n.is_empty())
            .collect();
        TypeError::ArgumentTypes(format!("a field of the struct: {}", list.join(", ")))
    };
    let unnamed = fields.first().is_some_and(|f| f.name.is_empty());
    if let Some(name) = text(operands, 1) {
        if unnamed {
            return Err(names());
        }
        let found = fields.iter().find(|f| f.name.eq_ignore_ascii_case(name));
        return found.map(|f| f.ty.clone()).ok_or_else(names);
    }
    if let Some(at) = integer(operands, 1) {
        let found = usize::try_from(at - 1).ok().and_then(|i| fields.get(i));
        return found.map(|f| f.ty.clone()).ok_or_else(names);
    }
    Ok(Type::Unknown)
}

fn list_zip(seen: &[Seen]) -> Result<Type, TypeError> {
    let mut types = Vec::with_capacity(seen.len());
    for (i, s) in seen.iter().enumerate() {
        let ty = s.settle();
        match (&ty, element(&ty)) {
            (_, Some(t)) => types.push(t.clone()),
            (Type::Null, _) => types.push(Type::Null),
            // The last may say whether to truncate.
            (Type::Boolean, _) if i > 0 && i + 1 == seen.len() => {}
            _ => return Err(wrong("(ANY[], ANY[]…)")),
        }
    }
    Ok(Type::list(row(types.into_iter())))
}

fn struct_concat(seen: &[Seen]) -> Result<Type, TypeError> {
    let mut all: Vec<Field> = Vec::new();
    for s in seen {
        let Type::Struct(fields) = s.settle() else {
            return Err(wrong("(STRUCT, STRUCT…)"));
        };
        for field in fields.iter() {
            if !field.name.is_empty() && all.iter().any(|f| f.name.eq_ignore_ascii_case(&field.name)) {
                return Err(wrong("structs without a common field"));
            }
            if all
                .first()
                .is_some_and(|f| f.name.is_empty() != field.name.is_empty())
            {
                return Err(wrong("structs that all have names, or all have none"));
            }
            all.push(field.clone());
        }
    }
    Ok(bounded(Type::Struct(all.into())))
}

/// `list_aggregate(list, 'sum')`.
fn list_aggregate(seen: &[Seen], operands: &[&Operand]) -> Result<Type, TypeError> {
    let Some(name) = text(operands, 1) else {
        return Ok(Type::Unknown);
    };
    let name = name.to_lowercase();
    let list = seen.first().map(Seen::settle).unwrap_or_default();
    if list == Type::Variant {
        return Err(wrong("(ANY[], VARCHAR)"));
    }
    let Some(inner) = element(&list) else {
        return Ok(Type::Unknown);
    };
    let found = catalogue::lookup(Dialect::DuckDb, &name).filter(|e| !e.aggregate.is_empty());
    let Some(entry) = found else {
        return Err(wrong("the name of an aggregate"));
    };
    let value = Operand::of(inner.clone(), true);
    let mut all = vec![&value];
    all.extend(operands.iter().skip(2));
    let seen: Vec<Seen> = all.iter().map(|o| Seen::of(o)).collect();
    functions::aggregate_type(&name, entry, &seen, &all)
}

/// EXTRACT and date_part: whole numbers, but for these.
pub(crate) fn part_type(field: &str) -> Type {
    let double = ["epoch", "julian"].iter().any(|f| f.eq_ignore_ascii_case(field));
    if double { Type::Float64 } else { Type::Int64 }
}

/// The format says whether there is a zone or nanoseconds.
fn parsed_time(operands: &[&Operand]) -> Type {
    let one = [SmolStr::from(text(operands, 1).unwrap_or_default())];
    let formats = match functions::texts(operands, 1) {
        Some(list) => list,
        None if text(operands, 1).is_some() => &one,
        None => return Type::Unknown,
    };
    let any = |wanted: &[char]| formats.iter().any(|f| has_specifier(f, wanted));
    if any(&['z', 'Z']) {
        Type::TimestampTz
    } else if any(&['n']) {
        Type::Timestamp(TimeUnit::Nano)
    } else {
        Type::TIMESTAMP
    }
}

fn has_specifier(format: &str, wanted: &[char]) -> bool {
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c == '%' && chars.next().is_some_and(|c| wanted.contains(&c)) {
            return true;
        }
    }
    false
}

/// A path with `*` or `**` finds many.
pub(crate) fn json_wildcard(path: &str) -> bool {
    path.starts_with('$') && path.contains('*')
}

/// Functions over lambdas.
pub(crate) fn with_lambda(
    name: &str,
    passed: &[Passed<'_>],
    lambda: &mut LambdaTyper<'_>,
) -> Result<Typed, TypeError> {
    let typed = |ty: Type| Ok(Typed { ty, nullable: true });
    let (
        Some(Passed {
            value: PassedValue::Value(list),
            ..
        }),
        Some(Passed {
            value: PassedValue::Lambda { index, params },
            ..
        }),
    ) = (passed.first(), passed.get(1))
    else {
        return Err(wrong("(ANY[], LAMBDA)"));
    };
    let item = match &list.ty {
        Type::List(t) | Type::Array(t, _) => (**t).clone(),
        Type::Null => Type::Null,
        Type::Unknown => Type::Unknown,
        _ => return Err(wrong("(ANY[], LAMBDA)")),
    };
    // Only a reduction may begin with a value.
    if passed.len() > 2 && !name.ends_with("reduce") {
        return Err(TypeError::Arity("(ANY[], LAMBDA)".into()));
    }
    if list.ty == Type::Null && matches!(name, "list_reduce" | "array_reduce" | "reduce") {
        // Nothing is looked at.
        return typed(Type::Null);
    }
    match name {
        "list_transform" | "array_transform" | "list_apply" | "array_apply" | "apply" => {
            let body = lambda(*index, &place(std::slice::from_ref(&item), *params)?);
            if list.ty == Type::Null {
                return typed(Type::Null);
            }
            if list.ty.is_unknown() || body.ty.is_unknown() {
                return typed(Type::list(body.ty));
            }
            Ok(Typed {
                ty: bounded(Type::list(body.ty)),
                nullable: list.nullable,
            })
        }
        "list_filter" | "array_filter" | "filter" => {
            let body = lambda(*index, &place(std::slice::from_ref(&item), *params)?);
            if !body.ty.is_unknown() && !super::casts::castable(&body.ty, &Type::Boolean) {
                return Err(wrong("a lambda that gives BOOLEAN"));
            }
            let ty = match &list.ty {
                Type::Array(t, _) => Type::List(t.clone()),
                ty => ty.clone(),
            };
            Ok(Typed {
                ty,
                nullable: list.nullable,
            })
        }
        "list_reduce" | "array_reduce" | "reduce" => {
            let start = match passed.get(2) {
                Some(Passed {
                    value: PassedValue::Value(o),
                    ..
                }) => Some(Seen::of(o).settle()),
                _ => None,
            };
            // The accumulator has the type of the initial value, which the items are cast to.
            let accumulator = match &start {
                Some(ty) => unify::types(ty, &item, Force::No)
                    .ok_or_else(|| wrong("an initial value like the items"))?,
                None => item.clone(),
            };
            let body = lambda(
                *index,
                &place(&[accumulator.clone(), accumulator.clone()], *params)?,
            );
            if list.ty == Type::Null {
                return typed(Type::Null);
            }
            if list.ty.is_unknown() || body.ty.is_unknown() {
                return typed(Type::Unknown);
            }
            typed(accumulator)
        }
        _ => typed(Type::Unknown),
    }
}

/// The types of a lambda's parameters: the given ones, then the index.
fn place(types: &[Type], params: usize) -> Result<Vec<Type>, TypeError> {
    if params < types.len() || params > types.len() + 1 {
        return Err(TypeError::Arity(format!(
            "a lambda with {} or {} parameters",
            types.len(),
            types.len() + 1
        )));
    }
    let mut all = types.to_vec();
    if params > types.len() {
        all.push(Type::Int64);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::KEEPS_NULL.windows(2).all(|w| w[0] < w[1]));
    }
}
