//! DuckDB's calculus, rule for rule: [`cost`] says what casts implicitly and how gladly, [`unify`] where types meet,
//! [`bind`] picks the overload, [`scalar`] and [`aggregate`] hold the functions whose result is computed at bind time.
//! The truth is the engine: `tests/data/*.tsv` hold its answers.

pub(crate) mod aggregate;
pub(crate) mod bind;
pub(crate) mod casts;
pub(crate) mod cost;
mod demands;
pub(crate) mod functions;
pub(crate) mod json;
pub(crate) mod macros;
pub(crate) mod operators;
mod pattern;
pub(crate) mod scalar;
mod settings;
pub(crate) mod tables;
pub(crate) mod unify;

use super::{Constant, Operand};
use rocky_syntax::ast::Literal;
use rocky_warehouse::Type;

/// What the binder sees of an operand: literals keep their freedom to adapt.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Seen {
    /// A value of a type.
    Type(Type),
    /// A bare string.
    Text,
    /// A bare integer: its value and the type it has when nothing asks for another.
    Integer(i128, Type),
}

impl Seen {
    pub(crate) fn of(operand: &Operand) -> Seen {
        match (&operand.constant, &operand.ty) {
            (Some(Constant::String(_) | Constant::NullText), Type::String { .. }) => Seen::Text,
            (Some(Constant::Integer(i)), ty) if ty.is_integer() => Seen::Integer(*i, ty.clone()),
            (_, ty) => Seen::Type(ty.clone()),
        }
    }

    /// The type it has when nothing asks for another.
    pub(crate) fn settle(&self) -> Type {
        match self {
            Seen::Type(ty) | Seen::Integer(_, ty) => ty.clone(),
            Seen::Text => Type::STRING,
        }
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Seen::Type(ty) if ty.has_unknown())
    }
}

/// The smallest of INTEGER, BIGINT, HUGEINT that holds a literal.
pub(crate) fn integer_type(value: i128) -> Type {
    if i32::try_from(value).is_ok() {
        Type::Int32
    } else if i64::try_from(value).is_ok() {
        Type::Int64
    } else {
        Type::Int128
    }
}

/// A literal. Integers take INTEGER, BIGINT, HUGEINT, UHUGEINT, else DOUBLE; numbers with a point are decimals of their own
/// width when that is at most 38, else DOUBLE; an exponent makes a DOUBLE.
pub(crate) fn literal(literal: &Literal) -> Operand {
    let (ty, constant) = match literal {
        Literal::Null => {
            return Operand {
                ty: Type::Null,
                nullable: true,
                constant: Some(Constant::Null),
            };
        }
        Literal::Bool(_) => (Type::Boolean, Constant::Other),
        Literal::String(text) => (Type::STRING, Constant::String(text.clone())),
        // The engine reads X'00' and B'01' as strings.
        Literal::Bytes(text) => (Type::STRING, Constant::String(text.clone())),
        Literal::Number(text) => number(text),
    };
    Operand {
        ty,
        nullable: false,
        constant: Some(constant),
    }
}

fn number(text: &str) -> (Type, Constant) {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    if digits.contains(['e', 'E']) {
        return (Type::Float64, Constant::Other);
    }
    if let Some((whole, fraction)) = digits.split_once('.') {
        let precision = whole.len() + fraction.len();
        let ty = match (u8::try_from(precision), u8::try_from(fraction.len())) {
            (Ok(p @ 1..=38), Ok(s)) if s < 38 || whole.is_empty() => Type::decimal(p, s),
            _ => Type::Float64,
        };
        return (ty, Constant::Other);
    }
    match digits.parse::<i128>() {
        Ok(value) => (integer_type(value), Constant::Integer(value)),
        Err(_) if digits.parse::<u128>().is_ok() => (Type::UInt128, Constant::Other),
        Err(_) => (Type::Float64, Constant::Other),
    }
}
