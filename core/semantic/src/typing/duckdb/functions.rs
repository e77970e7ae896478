//! Function calls: which function a name and its arguments mean, and what it gives.

use super::bind::{self, Bound};
use super::unify::{self, Force};
use super::{Seen, aggregate, demands, macros, scalar};
use crate::catalogue::{self, Entry, Overload};
use crate::typing::{
    Argument, ArgumentValue, CallSite, Constant, Folding, Operand, TypeError, Typed, nullable,
};
use rocky_base::Dialect;
use rocky_warehouse::Type;
use smol_str::{SmolStr, StrExt};

/// Functions whose `x -> …` is a lambda; elsewhere it is JSON's arrow.
pub(crate) fn takes_lambda(name: &str) -> bool {
    matches!(
        name.strip_prefix("list_")
            .or(name.strip_prefix("array_"))
            .unwrap_or(name),
        "transform" | "apply" | "filter" | "reduce"
    )
}

// Sorted: besides those that keep their NULLs, what has a value although an argument is NULL.
#[rustfmt::skip]
static OWN: &[&str] = &[
    "aggregate", "array_aggr", "array_aggregate", "array_cat", "array_concat", "array_slice", "greatest", "json_merge_patch", "least",
    "list_aggr", "list_aggregate", "list_cat", "list_concat", "list_slice", "parse_dirname", "parse_dirpath", "parse_filename",
    "parse_path", "regexp_extract", "remap_struct", "strptime", "struct_insert", "struct_update", "try_strptime", "vector_type",
];

/// What a function over constants comes to.
pub(crate) fn folding(name: &str) -> Folding {
    let name = canonical(name);
    if takes_lambda(name) {
        return Folding::Never;
    }
    if matches!(name, "struct_pack" | "row" | "union_value") {
        return Folding::Always;
    }
    let Some(entry) = catalogue::lookup(Dialect::DuckDb, name) else {
        return Folding::Never;
    };
    if !entry.aggregate.is_empty() || !entry.window.is_empty() || entry.volatile {
        return Folding::Never;
    }
    if entry.scalar.is_empty() {
        // Of a macro only its definition tells.
        return if entry.macros.is_empty() {
            Folding::Never
        } else {
            Folding::Own
        };
    }
    if nullable::always(name) {
        Folding::Always
    } else if scalar::keeps_null(name) || OWN.binary_search(&name).is_ok() {
        Folding::Own
    } else {
        Folding::Strict {
            total: nullable::total(name),
        }
    }
}

/// Types a lambda's body, given the types of its parameters.
pub(crate) type LambdaTyper<'a> = dyn FnMut(usize, &[Type]) -> Operand + 'a;

/// An argument after `*` was taken out.
pub(crate) struct Passed<'a> {
    pub(crate) name: Option<&'a SmolStr>,
    pub(crate) value: PassedValue<'a>,
}

pub(crate) enum PassedValue<'a> {
    Value(&'a Operand),
    Lambda { index: usize, params: usize },
}

pub(crate) fn call(site: &CallSite<'_>, lambda: &mut LambdaTyper<'_>) -> Result<Typed, TypeError> {
    let lower = site.name.to_lowercase_smolstr();
    let name = canonical(&lower);
    let star = site.args.iter().any(|a| a.value == ArgumentValue::Star);
    let passed: Vec<Passed<'_>> = site
        .args
        .iter()
        .enumerate()
        .filter_map(|(i, a)| pass(i, a))
        .collect();
    if let Some(result) = syntax(name, &passed) {
        return result;
    }
    let Some(entry) = catalogue::lookup(Dialect::DuckDb, name) else {
        return match catalogue::extension(name) {
            Some(_) => Ok(Typed {
                ty: Type::Unknown,
                nullable: true,
            }),
            None => Err(TypeError::UnknownFunction(catalogue::nearest(
                Dialect::DuckDb,
                name,
            ))),
        };
    };
    if star {
        let ty = if name == "count" {
            Type::Int64
        } else {
            Type::Unknown
        };
        return Ok(Typed {
            nullable: ty.is_unknown(),
            ty,
        });
    }
    if passed
        .iter()
        .any(|p| matches!(p.value, PassedValue::Lambda { .. }))
    {
        return super::scalar::with_lambda(name, &passed, lambda);
    }
    let operands: Vec<&Operand> = passed
        .iter()
        .filter_map(|p| match p.value {
            PassedValue::Value(o) => Some(o),
            PassedValue::Lambda { .. } => None,
        })
        .collect();
    if let Some(result) = demands::named(name, &passed) {
        return result.map(|ty| Typed {
            nullable: ty.is_unknown(),
            ty,
        });
    }
    let names: Vec<Option<&SmolStr>> = match passed.iter().any(|p| p.name.is_some()) {
        true => passed.iter().map(|p| p.name).collect(),
        false => Vec::new(),
    };
    dispatch(name, entry, site, &operands, &names)
}

/// Names that the parser replaces.
pub(crate) fn canonical(name: &str) -> &str {
    match name {
        "current_timestamp" => "get_current_timestamp",
        "current_time" => "get_current_time",
        "localtime" => "current_localtime",
        "localtimestamp" => "current_localtimestamp",
        "percentile_cont" => "quantile_cont",
        "percentile_disc" => "quantile_disc",
        "unlist" => "unnest",
        "grouping_id" => "grouping",
        other => other,
    }
}

fn pass(index: usize, argument: &Argument) -> Option<Passed<'_>> {
    let value = match &argument.value {
        ArgumentValue::Value(operand) => PassedValue::Value(operand),
        ArgumentValue::Lambda(params) => PassedValue::Lambda {
            index,
            params: *params,
        },
        ArgumentValue::Star => return None,
    };
    Some(Passed {
        name: argument.name.as_ref(),
        value,
    })
}

/// Calls that are really syntax, with rules of their own.
fn syntax(name: &str, passed: &[Passed<'_>]) -> Option<Result<Typed, TypeError>> {
    let operands: Option<Vec<&Operand>> = passed
        .iter()
        .map(|p| match p.value {
            PassedValue::Value(o) => Some(o),
            PassedValue::Lambda { .. } => None,
        })
        .collect();
    let operands = operands?;
    let arity = |text: &str| Some(Err(TypeError::Arity(text.to_owned())));
    match (name, operands.as_slice()) {
        ("coalesce", []) => arity("(ANY, ANY…)"),
        ("ifnull", o) if o.len() != 2 => arity("(ANY, ANY)"),
        ("if", o) if o.len() != 3 => arity("(BOOLEAN, ANY, ANY)"),
        ("coalesce" | "ifnull", all) => {
            let nullable = all.iter().all(|o| o.nullable);
            Some(meet(all).map(|ty| Typed { ty, nullable }))
        }
        ("if", [_, a, b]) => {
            let nullable = a.nullable || b.nullable;
            // CASE begins with its ELSE.
            Some(meet(&[*b, *a]).map(|ty| Typed { ty, nullable }))
        }
        ("try", [a]) => Some(Ok(Typed {
            ty: a.ty.clone(),
            nullable: true,
        })),
        // DATE(x) is a cast.
        ("date", [a]) => Some(Ok(Typed {
            ty: Type::Date,
            nullable: a.nullable,
        })),
        ("grouping", _) => Some(Ok(Typed {
            ty: Type::Int64,
            nullable: false,
        })),
        ("unnest", [a, ..]) => Some(unnest(a)),
        ("row", all) => {
            let ty = scalar::row(all.iter().map(|o| Seen::of(o).settle()));
            Some(Ok(Typed { ty, nullable: false }))
        }
        ("nullif", [a, b]) => {
            let compared = super::operators::compared_as(a, b, true);
            Some(match compared {
                Some(_) => Ok(Typed {
                    ty: Seen::of(a).settle(),
                    nullable: true,
                }),
                None => Err(TypeError::ArgumentTypes("(ANY, ANY) of comparable types".into())),
            })
        }
        _ => None,
    }
}

/// The type all operands are cast to.
pub(crate) fn meet(operands: &[&Operand]) -> Result<Type, TypeError> {
    meet_seen(operands.iter().map(|o| Seen::of(o)), Force::No)
        .ok_or_else(|| TypeError::ArgumentTypes("values of types that can be combined".into()))
}

/// See [`meet`].
pub(crate) fn meet_seen(seen: impl Iterator<Item = Seen>, force: Force) -> Option<Type> {
    let mut met: Option<Seen> = None;
    let mut all = Vec::new();
    for next in seen {
        if next.is_unknown() {
            return Some(Type::Unknown);
        }
        all.push(next.settle());
        met = Some(match met {
            None => next,
            Some(before) => Seen::Type(unify::pair(&before, &next, force)?),
        });
    }
    let met = met.map_or(Type::Null, |m| m.settle());
    // Unions meet in the larger one, which need not have the members of the other.
    let possible = all.iter().all(|ty| super::casts::castable(ty, &met));
    possible.then_some(met)
}

fn unnest(operand: &Operand) -> Result<Typed, TypeError> {
    let ty = match &operand.ty {
        Type::List(element) | Type::Array(element, _) => (**element).clone(),
        Type::Null => Type::Null,
        Type::Unknown => Type::Unknown,
        // One column for each field: the resolver expands it.
        Type::Struct(_) => Type::Unknown,
        Type::Map(_) | Type::Json | Type::Variant => Type::Unknown,
        _ => return Err(TypeError::ArgumentTypes("(ANY[])".into())),
    };
    Ok(Typed { ty, nullable: true })
}

fn dispatch(
    name: &str,
    entry: &'static Entry,
    site: &CallSite<'_>,
    operands: &[&Operand],
    names: &[Option<&SmolStr>],
) -> Result<Typed, TypeError> {
    let seen: Vec<Seen> = operands.iter().map(|o| Seen::of(o)).collect();
    if !entry.window.is_empty() {
        let ty = aggregate::window(name, &entry.window, &seen)?;
        return Ok(Typed {
            ty,
            nullable: nullable::window(name, site, operands),
        });
    }
    if !entry.aggregate.is_empty() {
        let ty = aggregate_type(name, entry, &seen, operands)?;
        demands::check(name, site, &seen, operands)?;
        let nullable = nullable::aggregate(name, site, operands);
        return Ok(Typed { ty, nullable });
    }
    if !entry.scalar.is_empty() {
        let ty = scalar_type(name, &entry.scalar, &seen, operands)?;
        // A literal NULL makes most calls NULL before they are looked at.
        if scalar::keeps_null(name)
            || demands::before_null(name, operands)
            || !operands.iter().any(|o| o.is_null())
        {
            demands::check(name, site, &seen, operands)?;
        }
        let nullable = nullable::scalar(name, &ty, operands);
        return Ok(Typed { ty, nullable });
    }
    if !entry.macros.is_empty() {
        return macros::expand(&entry.macros, operands, names, site);
    }
    // A table function where a value is wanted.
    Ok(Typed {
        ty: Type::Unknown,
        nullable: true,
    })
}

/// An aggregate over values of these types.
pub(crate) fn aggregate_type(
    name: &str,
    entry: &'static Entry,
    seen: &[Seen],
    operands: &[&Operand],
) -> Result<Type, TypeError> {
    if let Some(ty) = aggregate::before_binding(name, seen) {
        return Ok(ty);
    }
    // Aggregates take a literal for what it is.
    let settled: Vec<Seen> = seen.iter().map(|s| Seen::Type(s.settle())).collect();
    match bind::resolve(&entry.aggregate, &settled)? {
        Some(bound) => aggregate::result(name, &bound, seen, operands),
        None => Ok(Type::Unknown),
    }
}

/// A scalar function over values of these types.
pub(crate) fn scalar_type(
    name: &str,
    overloads: &'static [Overload],
    seen: &[Seen],
    operands: &[&Operand],
) -> Result<Type, TypeError> {
    if let Some(result) = scalar::before_binding(name, seen) {
        return result;
    }
    match bind::resolve(overloads, seen)? {
        Some(bound) => scalar::result(name, &bound, seen, operands),
        None => Ok(Type::Unknown),
    }
}

/// A scalar function by name, for operators and macros that stand for it.
pub(crate) fn by_name(name: &str, operands: &[&Operand]) -> Result<Type, TypeError> {
    let seen: Vec<Seen> = operands.iter().map(|o| Seen::of(o)).collect();
    match catalogue::lookup(Dialect::DuckDb, name) {
        Some(entry) => scalar_type(name, &entry.scalar, &seen, operands),
        None => Ok(Type::Unknown),
    }
}

/// The value of a string literal.
pub(crate) fn text<'a>(operands: &[&'a Operand], index: usize) -> Option<&'a str> {
    match operands.get(index)?.constant.as_ref()? {
        Constant::String(text) => Some(text),
        _ => None,
    }
}

/// The values of a list of string literals.
pub(crate) fn texts<'a>(operands: &[&'a Operand], index: usize) -> Option<&'a [SmolStr]> {
    match operands.get(index)?.constant.as_ref()? {
        Constant::Strings(texts) => Some(texts),
        _ => None,
    }
}

/// The value of an integer literal.
pub(crate) fn integer(operands: &[&Operand], index: usize) -> Option<i128> {
    match operands.get(index)?.constant.as_ref()? {
        Constant::Integer(value) => Some(*value),
        _ => None,
    }
}

/// The type that the overload casts an argument to, or its own where the overload takes anything.
pub(crate) fn argument_type(bound: &Bound<'_>, seen: &[Seen], index: usize) -> Type {
    match bound.argument(index) {
        Type::Unknown => seen.get(index).map(Seen::settle).unwrap_or_default(),
        ty => ty,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::OWN.windows(2).all(|w| w[0] < w[1]));
    }
}
