//! Operators.

use super::unify::{self, Force, decimal_size};
use super::{Seen, bind, functions};
use crate::catalogue::{self, Param};
use crate::typing::{Comparable, Constant, Meeting, Operand, TypeError, Typed};
use rocky_base::Dialect;
use rocky_syntax::ast::{BinaryOp, LikeKind, UnaryOp};
use rocky_warehouse::Type;

fn typed(ty: Type, nullable: bool) -> Typed {
    Typed { ty, nullable }
}

pub(crate) fn unary(op: UnaryOp, operand: &Operand) -> Result<Operand, TypeError> {
    let name = match op {
        UnaryOp::Not => {
            // The engine binds a cast to BOOLEAN from anything.
            return Ok(Operand::of(Type::Boolean, operand.nullable));
        }
        UnaryOp::Minus => {
            if let Some(negated) = negate(operand) {
                return Ok(negated);
            }
            "-"
        }
        UnaryOp::Plus => "+",
        UnaryOp::BitNot => "~",
        UnaryOp::Factorial => "!__postfix",
        UnaryOp::Abs => "@",
    };
    let result = function(name, &[operand])?;
    // A value out of range is an error and no NULL.
    Ok(Operand::of(result.ty, operand.nullable))
}

/// The parser folds the sign into a number literal.
fn negate(operand: &Operand) -> Option<Operand> {
    match &operand.constant {
        Some(Constant::Integer(value)) if operand.ty.is_integer() => {
            let value = value.checked_neg()?;
            let ty = match &operand.ty {
                Type::Int128 if i64::try_from(value).is_ok() => Type::Int64,
                ty => ty.clone(),
            };
            Some(Operand {
                ty,
                nullable: false,
                constant: Some(Constant::Integer(value)),
            })
        }
        Some(Constant::Other) if matches!(operand.ty, Type::Decimal { .. } | Type::Float64) => {
            Some(operand.clone())
        }
        _ => None,
    }
}

pub(crate) fn binary(op: &BinaryOp, left: &Operand, right: &Operand) -> Result<Typed, TypeError> {
    let either = left.nullable || right.nullable;
    match op {
        BinaryOp::And | BinaryOp::Or => Ok(typed(Type::Boolean, either)),
        BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq => {
            match compared_as(left, right, matches!(op, BinaryOp::Eq | BinaryOp::NotEq)) {
                Some(_) => Ok(typed(Type::Boolean, either)),
                None => Err(TypeError::Operator),
            }
        }
        BinaryOp::IsDistinct | BinaryOp::IsNotDistinct => match compared_as(left, right, true) {
            Some(_) => Ok(typed(Type::Boolean, false)),
            None => Err(TypeError::Operator),
        },
        BinaryOp::Concat => concat(left, right),
        _ => {
            let name = match op {
                BinaryOp::Add => "+",
                BinaryOp::Sub => "-",
                BinaryOp::Mul => "*",
                BinaryOp::Div => "/",
                BinaryOp::IntDiv => "//",
                BinaryOp::Mod => "%",
                BinaryOp::Pow => "**",
                BinaryOp::BitAnd => "&",
                BinaryOp::BitOr => "|",
                BinaryOp::BitXor => "xor",
                BinaryOp::ShiftLeft => "<<",
                BinaryOp::ShiftRight => ">>",
                BinaryOp::Arrow => "json_extract",
                BinaryOp::LongArrow => "->>",
                BinaryOp::Other(text) => match text.as_str() {
                    "~" => "regexp_full_match",
                    "!~" | "!~*" | "~*" => return Ok(typed(Type::Boolean, either)),
                    other => other,
                },
                _ => return Ok(typed(Type::Unknown, true)),
            };
            let known = catalogue::lookup(Dialect::DuckDb, name).is_some_and(|e| !e.scalar.is_empty());
            if !known {
                return Ok(typed(Type::Unknown, true));
            }
            let mut result = function(name, &[left, right])?;
            if matches!(op, BinaryOp::Arrow | BinaryOp::LongArrow)
                && matches!(&right.constant, Some(Constant::String(path)) if super::scalar::json_wildcard(path))
            {
                result.ty = Type::list(result.ty);
            }
            result.nullable = match op {
                // Out of range is an error, never NULL.
                BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Pow => either,
                BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::ShiftLeft | BinaryOp::ShiftRight => either,
                BinaryOp::Div | BinaryOp::IntDiv | BinaryOp::Mod => either || !never_zero(right),
                _ => true,
            };
            Ok(result)
        }
    }
}

/// A divisor of zero gives NULL (for floats too).
fn never_zero(divisor: &Operand) -> bool {
    matches!(divisor.constant, Some(Constant::Integer(i)) if i != 0)
}

fn function(name: &str, operands: &[&Operand]) -> Result<Typed, TypeError> {
    let seen: Vec<Seen> = operands.iter().map(|o| Seen::of(o)).collect();
    if let [Seen::Type(a), Seen::Type(b)] = seen.as_slice() {
        // By far the most frequent: two integers of one type.
        if a == b && a.is_integer() && matches!(name, "+" | "-" | "*" | "%" | "//") {
            return Ok(typed(a.clone(), true));
        }
    }
    let Some(entry) = catalogue::lookup(Dialect::DuckDb, name) else {
        return Ok(typed(Type::Unknown, true));
    };
    let Some(bound) = bind::resolve(&entry.scalar, &seen).map_err(operator_error)? else {
        return Ok(typed(Type::Unknown, true));
    };
    // A constant NULL has the type of the signature, or none.
    if bound.overload.variadic.is_none() && operands.iter().any(|o| o.is_null()) {
        return Ok(typed(
            match &bound.overload.result {
                Param::Exact(ty) => ty.clone(),
                _ => Type::Null,
            },
            true,
        ));
    }
    let ty = arithmetic(name, &bound, &seen)?;
    Ok(typed(ty, true))
}

fn operator_error(error: TypeError) -> TypeError {
    match error {
        TypeError::Ambiguous(text) => TypeError::Ambiguous(text),
        _ => TypeError::Operator,
    }
}

/// The result of a bound arithmetic operator or the function behind it: decimals are sized here.
pub(crate) fn arithmetic(name: &str, bound: &bind::Bound<'_>, seen: &[Seen]) -> Result<Type, TypeError> {
    if bound.overload.variadic.is_some() && matches!(name, "+" | "add") {
        return super::scalar::list_concat(seen);
    }
    if bound.overload.result != Param::AnyDecimal {
        return Ok(bound.result.clone());
    }
    // The decimal's size is not known from the signature, so that NULL stays without a type.
    if seen.contains(&Seen::Type(Type::Null)) {
        return Ok(Type::Null);
    }
    let sizes: Option<Vec<(u8, u8)>> = seen.iter().map(|s| decimal_size(&s.settle())).collect();
    let Some(sizes) = sizes else {
        return Err(TypeError::Operator);
    };
    match (name, sizes.as_slice()) {
        (_, [(p, s)]) => Ok(Type::decimal((*p).max(1), *s)),
        ("*" | "multiply", [(p, s), (q, t)]) => {
            let (width, scale) = (p + q, s + t);
            if scale > 38 {
                return Err(TypeError::Operator);
            }
            // A product of 64-bit decimals stays one.
            let narrow = width > 18 && *p.max(q) <= 18 && scale < 18;
            Ok(Type::decimal(if narrow { 18 } else { width.clamp(1, 38) }, scale))
        }
        ("%" | "mod", [(p, s), (q, t)]) => {
            let scale = *s.max(t);
            let whole = p.saturating_sub(*s).max(q.saturating_sub(*t));
            let width = (scale + whole).max(*p).max(*q);
            if width > 38 {
                Ok(Type::Float64)
            } else {
                Ok(Type::decimal(width.max(1), scale))
            }
        }
        (_, [(p, s), (q, t)]) => {
            let scale = *s.max(t);
            let whole = p.saturating_sub(*s).max(q.saturating_sub(*t));
            let width = (scale + whole).max(*p).max(*q);
            // One more digit for the carry; a 64-bit decimal stays one.
            let grown = if width + 1 > 18 && *p.max(q) <= 18 {
                18
            } else {
                (width + 1).min(38)
            };
            Ok(Type::decimal(grown, scale))
        }
        _ => Ok(Type::Unknown),
    }
}

/// `||`: lists are joined, bits and blobs stay what they are, everything else becomes text.
pub(crate) fn concat(left: &Operand, right: &Operand) -> Result<Typed, TypeError> {
    let nullable = left.nullable || right.nullable;
    if left.is_null() || right.is_null() {
        return Ok(typed(Type::Null, true));
    }
    let ty = super::scalar::concat_operator(&Seen::of(left), &Seen::of(right))?;
    Ok(typed(ty, nullable))
}

/// The type two operands are compared as; equality forces strangers together, order does not.
pub(crate) fn compared_as(left: &Operand, right: &Operand, equality: bool) -> Option<Type> {
    if left.ty.has_unknown() || right.ty.has_unknown() {
        return Some(Type::Unknown);
    }
    let met = unify::comparison(
        &Seen::of(left),
        &Seen::of(right),
        if equality { Force::Yes } else { Force::No },
    )?;
    let possible = [left, right].iter().all(|o| super::casts::castable(&o.ty, &met));
    possible.then_some(met)
}

/// LIKE and its kin: text on both sides.
pub(crate) fn like(kind: LikeKind, value: &Operand, pattern: &Operand) -> Result<Typed, TypeError> {
    let name = match kind {
        LikeKind::Like => "~~",
        LikeKind::ILike => "~~*",
        LikeKind::Glob => "~~~",
        LikeKind::Similar | LikeKind::Regexp => "regexp_full_match",
    };
    function(name, &[value, pattern])?;
    Ok(typed(Type::Boolean, value.nullable || pattern.nullable))
}

/// Where operands meet; see [`crate::typing::unify`].
pub(crate) fn unify(meeting: Meeting, operands: &[Operand]) -> Option<Type> {
    let seen = operands.iter().map(Seen::of);
    match meeting {
        Meeting::Branches => functions::meet_seen(seen, Force::No),
        // What `list_value(T, T…)` infers: a NULL behind something else binds nothing.
        Meeting::Elements => {
            let null = |s: &Seen| *s == Seen::Type(Type::Null);
            let mut bound = false;
            functions::meet_seen(
                seen.filter(|s| {
                    let counts = !(bound && null(s));
                    bound = true;
                    counts
                }),
                Force::No,
            )
        }
        // Set operations look at types alone: a literal is a column like any other.
        Meeting::SetOperation => functions::meet_seen(seen.map(|s| Seen::Type(s.settle())), Force::Yes),
        // The first row gives its type, the others' literals adapt.
        Meeting::Values => {
            let adapting = seen
                .enumerate()
                .map(|(i, s)| if i == 0 { Seen::Type(s.settle()) } else { s });
            functions::meet_seen(adapting, Force::No)
        }
        Meeting::Comparison => {
            let mut met: Option<Seen> = None;
            for next in seen {
                if next.is_unknown() {
                    return Some(Type::Unknown);
                }
                met = Some(match met {
                    None => next,
                    Some(before) => Seen::Type(unify::comparison(&before, &next, Force::Yes)?),
                });
            }
            let met = met.map(|m| m.settle())?;
            let possible = operands.iter().all(|o| super::casts::castable(&o.ty, &met));
            possible.then_some(met)
        }
    }
}

/// Whether and how gladly two values are compared.
pub(crate) fn comparable(left: &Operand, right: &Operand) -> Comparable {
    let Some(met) = compared_as(left, right, true) else {
        return Comparable::No;
    };
    let (a, b) = (&left.ty, &right.ty);
    let free = |o: &Operand| {
        matches!(
            o.constant,
            Some(Constant::Null | Constant::String(_) | Constant::Integer(_))
        )
    };
    let family = |t: &Type| match t {
        t if t.is_numeric() => 1,
        t if t.is_temporal() => 2,
        Type::String { .. } | Type::Enum(_) | Type::Json => 3,
        Type::List(_) | Type::Array(..) => 4,
        Type::Time | Type::TimeNs | Type::TimeTz => 5,
        _ => 0,
    };
    let same = met.is_unknown() || std::mem::discriminant(a) == std::mem::discriminant(b);
    let null = *a == Type::Null || *b == Type::Null;
    let kin = family(a) == family(b) && family(a) != 0;
    // A literal adapts, if the engine does not refuse its type outright.
    if same || null || kin || free(left) != free(right) {
        Comparable::Yes
    } else {
        Comparable::Coerced
    }
}

/// EXTRACT(field FROM x).
pub(crate) fn extract(field: &str, operand: &Operand) -> Result<Typed, TypeError> {
    let name = Operand {
        ty: Type::STRING,
        nullable: false,
        constant: Some(Constant::String(field.to_lowercase().into())),
    };
    if !is_date_part(field) {
        return Err(TypeError::ArgumentTypes(
            "a part such as year, month, day, hour, epoch".into(),
        ));
    }
    let ty = functions::by_name("date_part", &[&name, operand])?;
    // Infinite dates have no parts.
    Ok(typed(
        if operand.ty.has_unknown() {
            super::scalar::part_type(field)
        } else {
            ty
        },
        true,
    ))
}

/// The names that date_part takes, in all spellings.
pub(crate) fn is_date_part(field: &str) -> bool {
    DATE_PARTS.contains(&field.to_lowercase().as_str())
}

/// The part that a misspelt one was meant to be.
pub(crate) fn near_date_part(word: &str) -> Option<&'static str> {
    rocky_base::suggest::nearest(word, DATE_PARTS.iter().copied().filter(|p| p.len() > 2))
}

#[rustfmt::skip]
static DATE_PARTS: &[&str] = &[
    "year", "yr", "y", "years", "yrs", "month", "mon", "months", "mons", "day", "days", "d", "dayofmonth", "decade", "dec",
    "decades", "decs", "century", "cent", "c", "centuries", "millennium", "mil", "millenniums", "millennia", "mils",
    "millenium", "microseconds", "microsecond", "us", "usec", "usecs", "usecond", "useconds", "milliseconds", "millisecond",
    "ms", "msec", "msecs", "second", "sec", "seconds", "secs", "s", "minute", "min", "minutes", "mins", "m", "hour", "hr",
    "hours", "hrs", "h", "epoch", "dow", "dayofweek", "weekday", "isodow", "week", "weeks", "w", "weekofyear", "doy",
    "dayofyear", "quarter", "quarters", "yearweek", "isoyear", "era", "timezone", "timezone_hour", "timezone_minute", "julian",
    "nanosecond", "nanoseconds", "ns", "nsec", "nsecs",
];
