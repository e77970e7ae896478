//! Aggregates and window functions whose result is computed from the argument's type.

use super::bind::{self, Bound};
use super::functions::argument_type;
use super::{Seen, unify};
use crate::catalogue::{Overload, Param};
use crate::typing::{Operand, TypeError};
use rocky_warehouse::Type;

/// Results that do not need an overload, so that an argument of unknown type does no harm.
pub(crate) fn before_binding(name: &str, seen: &[Seen]) -> Option<Type> {
    match (name, seen) {
        ("count", [] | [_]) => Some(Type::Int64),
        ("min" | "max" | "first" | "last" | "any_value" | "arbitrary" | "mode", [one])
            if !one.is_unknown() =>
        {
            Some(one.settle())
        }
        ("list" | "array_agg", [one]) => Some(Type::list(one.settle())),
        _ => None,
    }
}

/// The result of a bound aggregate.
pub(crate) fn result(
    name: &str,
    bound: &Bound<'_>,
    seen: &[Seen],
    _operands: &[&Operand],
) -> Result<Type, TypeError> {
    let first = argument_type(bound, seen, 0);
    let listed = |index: usize| matches!(seen.get(index), Some(Seen::Type(Type::List(_) | Type::Array(..))));
    let or_list = |ty: Type| if listed(1) { Type::list(ty) } else { ty };
    Ok(match name {
        "sum" | "sum_no_overflow" => match first {
            Type::Decimal { scale, .. } => Type::decimal(38, scale),
            _ if bound.overload.result == Param::AnyDecimal => sum_of(seen),
            _ => bound.result.clone(),
        },
        "avg" | "mean" if bound.overload.result == Param::AnyDecimal => Type::Float64,
        "first" | "last" | "any_value" | "arbitrary" | "mode" => first,
        "min" | "max" => {
            if seen.len() > 1 {
                Type::list(first)
            } else {
                first
            }
        }
        _ if name.starts_with("arg") && seen.first() == Some(&Seen::Type(Type::Json)) && seen.len() == 2 => {
            Type::Json
        }
        "max_by" | "min_by" if seen.first() == Some(&Seen::Type(Type::Json)) && seen.len() == 2 => Type::Json,
        "arg_max" | "arg_min" | "argmax" | "argmin" | "max_by" | "min_by" | "arg_max_null"
        | "arg_min_null" | "arg_max_nulls_last" | "arg_min_nulls_last" => {
            if seen.len() > 2 {
                Type::list(first)
            } else {
                first
            }
        }
        "median" if first == Type::Null => Type::Float64,
        "median" => continuous(&first),
        "quantile" | "quantile_disc" => or_list(first),
        "quantile_cont" => or_list(continuous(&argument_or_decimal(seen, first))),
        // The engine takes the integer inside a decimal for the value: its own mistake, but its type.
        "approx_quantile" | "reservoir_quantile"
            if matches!(seen.first().map(Seen::settle), Some(Type::Decimal { .. })) =>
        {
            let decimal = seen.first().map(Seen::settle).unwrap_or_default();
            match listed(1) {
                true if name == "approx_quantile" => Type::list(decimal),
                listed => {
                    let inside = stored(&decimal);
                    if listed { Type::list(inside) } else { inside }
                }
            }
        }
        "approx_quantile" | "reservoir_quantile" => or_list(argument_or_decimal(seen, first)),
        "mad" => match &first {
            ty if ty.is_temporal() || matches!(ty, Type::Time | Type::TimeTz) => Type::Interval,
            _ => argument_or_decimal(seen, first),
        },
        // With bins a decimal is taken as DOUBLE.
        "histogram" | "histogram_exact" if seen.len() > 1 && matches!(first, Type::Decimal { .. }) => {
            Type::map(Type::Float64, Type::UInt64)
        }
        "histogram" | "histogram_exact" => Type::map(first, Type::UInt64),
        "approx_top_k" => Type::list(first),
        _ => bound.result.clone(),
    })
}

/// Integers taken as decimals keep their own width.
fn argument_or_decimal(seen: &[Seen], first: Type) -> Type {
    match (seen.first().map(Seen::settle), first) {
        (Some(ty), Type::Unknown) => ty,
        (_, first) => first,
    }
}

fn sum_of(seen: &[Seen]) -> Type {
    match seen.first().map(Seen::settle) {
        Some(ty) => match unify::decimal_size(&ty) {
            Some((_, scale)) => Type::decimal(38, scale),
            None => Type::Unknown,
        },
        None => Type::Unknown,
    }
}

/// The integer that a decimal is stored as.
fn stored(decimal: &Type) -> Type {
    match decimal {
        Type::Decimal { precision: 0..=4, .. } => Type::Int16,
        Type::Decimal { precision: 5..=9, .. } => Type::Int32,
        Type::Decimal {
            precision: 10..=18, ..
        } => Type::Int64,
        Type::Decimal { .. } => Type::Int128,
        other => other.clone(),
    }
}

/// What interpolation between two values gives.
fn continuous(ty: &Type) -> Type {
    match ty {
        ty if ty.is_integer() => Type::Float64,
        Type::Date => Type::TIMESTAMP,
        ty => ty.clone(),
    }
}

/// Functions that only stand before OVER.
pub(crate) fn window(name: &str, overloads: &'static [Overload], seen: &[Seen]) -> Result<Type, TypeError> {
    let bad = || TypeError::Arity(bind::forms(overloads.iter()));
    Ok(match (name, seen) {
        ("lag" | "lead", [value] | [value, _] | [value, _, _]) => value.settle(),
        // Interpolates between neighbours.
        ("fill", [value]) => match value.settle() {
            ty if ty.is_numeric() || ty.is_temporal() || ty.has_unknown() => ty,
            Type::Null => Type::Null,
            _ => return Err(TypeError::ArgumentTypes("(numbers or timestamps)".into())),
        },
        ("first_value" | "last_value", [value]) => value.settle(),
        ("nth_value", [value, _]) => value.settle(),
        ("row_number" | "rank" | "dense_rank" | "rank_dense", []) | ("ntile", [_]) => Type::Int64,
        ("cume_dist" | "percent_rank", []) => Type::Float64,
        _ => return Err(bad()),
    })
}
