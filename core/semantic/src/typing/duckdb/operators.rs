//! Operators.

use super::unify::{self, Force, decimal_size};
use super::{Seen, bind, integer_type};
use crate::catalogue;
use crate::typing::{Constant, Operand, TypeError, Typed};
use rocky_base::Dialect;
use rocky_syntax::ast::{BinaryOp, UnaryOp};
use rocky_warehouse::Type;

fn typed(ty: Type, nullable: bool) -> Typed {
    Typed { ty, nullable }
}

pub(crate) fn unary(op: UnaryOp, operand: &Operand) -> Result<Operand, TypeError> {
    let name = match op {
        UnaryOp::Not => {
            let refused = !super::casts::castable(&operand.ty, &Type::Boolean);
            return if refused { Err(TypeError::Operator) } else { Ok(Operand::of(Type::Boolean, operand.nullable)) };
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
            Some(Operand { ty, nullable: false, constant: Some(Constant::Integer(value)) })
        }
        Some(Constant::Other) if matches!(operand.ty, Type::Decimal { .. } | Type::Float64) => Some(operand.clone()),
        _ => None,
    }
}

pub(crate) fn binary(op: &BinaryOp, left: &Operand, right: &Operand) -> Result<Typed, TypeError> {
    let either = left.nullable || right.nullable;
    match op {
        BinaryOp::And | BinaryOp::Or => {
            for side in [left, right] {
                if !super::casts::castable(&side.ty, &Type::Boolean) {
                    return Err(TypeError::Operator);
                }
            }
            Ok(typed(Type::Boolean, either))
        }
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
    let Some(entry) = catalogue::lookup(Dialect::DuckDb, name) else { return Ok(typed(Type::Unknown, true)) };
    let Some(bound) = bind::resolve(&entry.scalar, &seen).map_err(operator_error)? else {
        return Ok(typed(Type::Unknown, true));
    };
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
    use crate::catalogue::Param;
    if bound.overload.variadic.is_some() && matches!(name, "+" | "add") {
        return super::scalar::list_concat(seen);
    }
    if bound.overload.result != Param::AnyDecimal {
        return Ok(bound.result.clone());
    }
    let sizes: Option<Vec<(u8, u8)>> = seen.iter().map(|s| decimal_size(&s.settle())).collect();
    let Some(sizes) = sizes else { return Ok(Type::Unknown) };
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
            if width > 38 { Ok(Type::Float64) } else { Ok(Type::decimal(width.max(1), scale)) }
        }
        (_, [(p, s), (q, t)]) => {
            let scale = *s.max(t);
            let whole = p.saturating_sub(*s).max(q.saturating_sub(*t));
            let width = (scale + whole).max(*p).max(*q);
            // One more digit for the carry; a 64-bit decimal stays one.
            let grown = if width + 1 > 18 && *p.max(q) <= 18 { 18 } else { (width + 1).min(38) };
            Ok(Type::decimal(grown, scale))
        }
        _ => Ok(Type::Unknown),
    }
}

/// `||`: lists are joined, bits and blobs stay what they are, everything else becomes text.
pub(crate) fn concat(left: &Operand, right: &Operand) -> Result<Typed, TypeError> {
    let nullable = left.nullable || right.nullable;
    let ty = super::scalar::concat_operator(&Seen::of(left), &Seen::of(right))?;
    // NULL || list is the list.
    let list = matches!(ty, Type::List(_));
    Ok(typed(ty, if list { left.nullable && right.nullable } else { nullable }))
}

/// The type two operands are compared as; equality forces strangers together, order does not.
pub(crate) fn compared_as(left: &Operand, right: &Operand, equality: bool) -> Option<Type> {
    if left.ty.has_unknown() || right.ty.has_unknown() {
        return Some(Type::Unknown);
    }
    let met = unify::comparison(&Seen::of(left), &Seen::of(right), if equality { Force::Yes } else { Force::No })?;
    let possible = [left, right].iter().all(|o| super::casts::castable(&o.ty, &met));
    possible.then_some(met)
}

/// A literal's type once nothing asks for another.
pub(crate) fn settle(operand: &Operand) -> Type {
    match &operand.constant {
        Some(Constant::Integer(i)) if operand.ty.is_unknown() => integer_type(*i),
        _ => operand.ty.clone(),
    }
}
