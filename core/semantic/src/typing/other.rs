//! The other warehouses: the rules that hold for all three, with what differs decided by dialect. Their catalogues are
//! written by hand and not complete, so a function that is not found is unknown and no error; neither is a type refused
//! that could be coerced.

use super::{Argument, ArgumentValue, CallSite, Comparable, Constant, Operand, TypeError, Typed, bounded};
use crate::catalogue;
use rocky_base::Dialect;
use rocky_syntax::ast::{BinaryOp, Literal, UnaryOp};
use rocky_warehouse::{Column, Type};
use smol_str::StrExt;

fn typed(ty: Type, nullable: bool) -> Typed {
    Typed { ty, nullable }
}

pub(crate) fn literal(dialect: Dialect, literal: &Literal) -> Operand {
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
        Literal::Bytes(_) => (Type::Binary, Constant::Other),
        Literal::Number(text) => number(dialect, text),
    };
    Operand {
        ty,
        nullable: false,
        constant: Some(constant),
    }
}

fn number(dialect: Dialect, text: &str) -> (Type, Constant) {
    let exponent = text.contains(['e', 'E']) && !text.starts_with("0x") && !text.starts_with("0X");
    if exponent {
        let ty = if dialect == Dialect::Snowflake {
            Type::Unknown
        } else {
            Type::Float64
        };
        return (ty, Constant::Other);
    }
    if let Some((whole, fraction)) = text.split_once('.') {
        let whole = whole.trim_start_matches('0');
        let scale = fraction.len();
        let precision = (whole.len() + scale).max(1);
        let ty = match (dialect, u8::try_from(precision), u8::try_from(scale)) {
            (Dialect::BigQuery, _, _) => Type::Float64,
            (_, Ok(p @ 1..=38), Ok(s)) => Type::decimal(p, s),
            _ => Type::Unknown,
        };
        return (ty, Constant::Other);
    }
    let Ok(value) = text.parse::<i128>() else {
        return (Type::Unknown, Constant::Other);
    };
    let digits = u8::try_from(text.trim_start_matches('0').len().max(1)).unwrap_or(38);
    let ty = match dialect {
        Dialect::BigQuery => Type::Int64,
        Dialect::Snowflake if digits <= 38 => Type::decimal(digits, 0),
        Dialect::Snowflake => Type::Unknown,
        _ if i32::try_from(value).is_ok() => Type::Int32,
        _ if i64::try_from(value).is_ok() => Type::Int64,
        _ if digits <= 38 => Type::decimal(digits, 0),
        _ => Type::Unknown,
    };
    (ty, Constant::Integer(value))
}

pub(crate) fn unary(_dialect: Dialect, op: UnaryOp, operand: &Operand) -> Result<Operand, TypeError> {
    let known = |ok: bool, ty: Type| match ok || operand.ty == Type::Null {
        true => Ok(Operand::of(ty, operand.nullable)),
        false => Ok(Operand::unknown()),
    };
    match op {
        UnaryOp::Not => Ok(Operand::of(Type::Boolean, operand.nullable)),
        UnaryOp::Minus | UnaryOp::Plus => match (&operand.constant, op) {
            (Some(Constant::Integer(i)), UnaryOp::Minus) => {
                let constant = i.checked_neg().map(Constant::Integer);
                Ok(Operand {
                    ty: operand.ty.clone(),
                    nullable: false,
                    constant,
                })
            }
            _ => known(
                operand.ty.is_numeric() || operand.ty == Type::Interval,
                operand.ty.clone(),
            ),
        },
        UnaryOp::BitNot => known(operand.ty.is_integer(), operand.ty.clone()),
        UnaryOp::Factorial | UnaryOp::Abs => Ok(Operand::unknown()),
    }
}

pub(crate) fn binary(
    dialect: Dialect,
    op: &BinaryOp,
    left: &Operand,
    right: &Operand,
) -> Result<Typed, TypeError> {
    let either = left.nullable || right.nullable;
    match op {
        BinaryOp::And | BinaryOp::Or => Ok(typed(Type::Boolean, either)),
        BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq => {
            match comparable(dialect, left, right) {
                Comparable::No => Err(TypeError::Operator),
                _ => Ok(typed(Type::Boolean, either)),
            }
        }
        BinaryOp::IsDistinct | BinaryOp::IsNotDistinct => Ok(typed(Type::Boolean, false)),
        BinaryOp::Concat => Ok(typed(concat(&left.ty, &right.ty), either)),
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => {
            let ty = arithmetic(dialect, op, left, right);
            // An overflow is an error; a division by zero is one too, but Databricks may be set to give NULL.
            let safe =
                matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul) && dialect != Dialect::Databricks;
            Ok(typed(ty, either || !safe))
        }
        BinaryOp::IntDiv => Ok(typed(Type::Int64, true)),
        BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor if left.ty == right.ty => {
            Ok(typed(left.ty.clone(), either))
        }
        BinaryOp::ShiftLeft | BinaryOp::ShiftRight if left.ty.is_integer() => {
            Ok(typed(left.ty.clone(), either))
        }
        BinaryOp::Other(text) if matches!(text.as_str(), "~" | "~*" | "!~" | "!~*") => {
            Ok(typed(Type::Boolean, either))
        }
        _ => Ok(typed(Type::Unknown, true)),
    }
}

fn concat(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Binary, Type::Binary) => Type::Binary,
        (Type::List(a), Type::List(b)) if a == b => left.clone(),
        (Type::List(_), _) | (_, Type::List(_)) | (Type::Unknown, _) | (_, Type::Unknown) => Type::Unknown,
        _ => Type::STRING,
    }
}

/// The decimal an integer operand counts as: Databricks takes a literal's own digits.
fn decimal_of(dialect: Dialect, operand: &Operand) -> Option<(i32, i32)> {
    if let (Dialect::Databricks, Some(Constant::Integer(i))) = (dialect, &operand.constant) {
        return Some((i32::try_from(i.unsigned_abs().to_string().len()).unwrap_or(38), 0));
    }
    Some(match &operand.ty {
        Type::Int8 => (3, 0),
        Type::Int16 => (5, 0),
        Type::Int32 => (10, 0),
        Type::Int64 => (20, 0),
        Type::Decimal { precision, scale } => (i32::from(*precision), i32::from(*scale)),
        _ => return None,
    })
}

fn decimal(precision: i32, scale: i32) -> Type {
    match (u8::try_from(precision.clamp(1, 38)), u8::try_from(scale)) {
        (Ok(p), Ok(s)) if s <= p => Type::decimal(p, s),
        _ => Type::Unknown,
    }
}

fn arithmetic(dialect: Dialect, op: &BinaryOp, left: &Operand, right: &Operand) -> Type {
    let (a, b) = (&left.ty, &right.ty);
    if a.is_unknown() || b.is_unknown() {
        return Type::Unknown;
    }
    if !a.is_numeric() || !b.is_numeric() {
        return temporal(dialect, op, a, b);
    }
    if dialect == Dialect::BigQuery {
        return match (a, b) {
            (Type::Float64, _) | (_, Type::Float64) => Type::Float64,
            (Type::Decimal { precision: 39.., .. }, _) | (_, Type::Decimal { precision: 39.., .. }) => {
                Type::decimal(76, 38)
            }
            (Type::Decimal { .. }, _) | (_, Type::Decimal { .. }) => Type::decimal(38, 9),
            _ if *op == BinaryOp::Div => Type::Float64,
            _ => Type::Int64,
        };
    }
    let float = |t: &Type| matches!(t, Type::Float32 | Type::Float64);
    if float(a) || float(b) {
        // FLOAT with FLOAT stays FLOAT on Databricks, but for division.
        let single = *a == Type::Float32 && *b == Type::Float32 && *op != BinaryOp::Div;
        return if single { Type::Float32 } else { Type::Float64 };
    }
    if a.is_integer() && b.is_integer() {
        return match op {
            BinaryOp::Div => Type::Float64,
            _ => wider_integer(a, b),
        };
    }
    let (Some((p, s)), Some((q, t))) = (decimal_of(dialect, left), decimal_of(dialect, right)) else {
        return Type::Unknown;
    };
    match dialect {
        Dialect::Snowflake => snowflake_decimal(op, (p, s), (q, t)),
        _ => spark_decimal(op, (p, s), (q, t)),
    }
}

fn wider_integer(a: &Type, b: &Type) -> Type {
    let rank = |t: &Type| match t {
        Type::Int8 => 1,
        Type::Int16 => 2,
        Type::Int32 => 3,
        _ => 4,
    };
    if rank(a) >= rank(b) { a.clone() } else { b.clone() }
}

/// Spark's rules with `spark.sql.decimalOperations.allowPrecisionLoss`.
fn spark_decimal(op: &BinaryOp, (p, s): (i32, i32), (q, t): (i32, i32)) -> Type {
    let (precision, scale) = match op {
        BinaryOp::Add | BinaryOp::Sub => (s.max(t) + (p - s).max(q - t) + 1, s.max(t)),
        BinaryOp::Mul => (p + q + 1, s + t),
        BinaryOp::Div => {
            let scale = 6.max(s + q + 1);
            (p - s + t + scale, scale)
        }
        BinaryOp::Mod => ((p - s).min(q - t) + s.max(t), s.max(t)),
        _ => return Type::Unknown,
    };
    if precision <= 38 {
        return decimal(precision, scale);
    }
    let whole = precision - scale;
    decimal(38, (38 - whole).max(scale.min(6)))
}

/// Snowflake's documented rules for fixed-point arithmetic.
fn snowflake_decimal(op: &BinaryOp, (p, s): (i32, i32), (q, t): (i32, i32)) -> Type {
    let (lead_a, lead_b) = (p - s, q - t);
    match op {
        BinaryOp::Add | BinaryOp::Sub => decimal(lead_a.max(lead_b) + s.max(t) + 1, s.max(t)),
        BinaryOp::Mul => {
            let scale = (s + t).min(s.max(t).max(12));
            decimal(lead_a + lead_b + scale, scale)
        }
        BinaryOp::Div => {
            let scale = s.max((s + 6).min(12));
            decimal(lead_a + t + scale, scale)
        }
        _ => Type::Unknown,
    }
}

fn temporal(dialect: Dialect, op: &BinaryOp, a: &Type, b: &Type) -> Type {
    let stamp = |t: &Type| matches!(t, Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz);
    match (op, a, b) {
        (BinaryOp::Add | BinaryOp::Sub, t, Type::Interval) if stamp(t) => t.clone(),
        (BinaryOp::Add, Type::Interval, t) if stamp(t) => t.clone(),
        (BinaryOp::Add | BinaryOp::Sub, Type::Interval, Type::Interval) => Type::Interval,
        (BinaryOp::Add | BinaryOp::Sub, Type::Date, n) if n.is_numeric() => Type::Date,
        (BinaryOp::Add, n, Type::Date) if n.is_numeric() => Type::Date,
        (BinaryOp::Add | BinaryOp::Sub, Type::Date, Type::Interval) if dialect == Dialect::BigQuery => {
            Type::TIMESTAMP
        }
        (BinaryOp::Sub, Type::Date, Type::Date) if dialect != Dialect::Snowflake => Type::Interval,
        (BinaryOp::Sub, x, y) if stamp(x) && x == y && dialect != Dialect::Snowflake => Type::Interval,
        _ => Type::Unknown,
    }
}

pub(crate) fn like(value: &Operand, pattern: &Operand) -> Result<Typed, TypeError> {
    Ok(typed(Type::Boolean, value.nullable || pattern.nullable))
}

/// The common type, unknown where the engine's rule is not known here. Nothing is refused.
pub(crate) fn unify(dialect: Dialect, operands: &[Operand]) -> Option<Type> {
    let mut met = Type::Null;
    for operand in operands {
        met = pair(dialect, &met, &operand.ty);
        if met.is_unknown() {
            break;
        }
    }
    Some(met)
}

fn pair(dialect: Dialect, a: &Type, b: &Type) -> Type {
    let float = |t: &Type| matches!(t, Type::Float32 | Type::Float64);
    match (a, b) {
        _ if a == b => a.clone(),
        (Type::Null, t) | (t, Type::Null) => t.clone(),
        (Type::String { .. }, Type::String { .. }) => Type::STRING,
        _ if a.is_integer() && b.is_integer() => wider_integer(a, b),
        _ if float(a) && float(b) => Type::Float64,
        _ if (float(a) && b.is_numeric()) || (float(b) && a.is_numeric()) => Type::Float64,
        _ if a.is_numeric() && b.is_numeric() && dialect == Dialect::BigQuery => {
            let big = |t: &Type| matches!(t, Type::Decimal { precision: 39.., .. });
            if big(a) || big(b) {
                Type::decimal(76, 38)
            } else {
                Type::decimal(38, 9)
            }
        }
        _ if a.is_numeric() && b.is_numeric() => {
            let size = |t: &Type| decimal_of(dialect, &Operand::of(t.clone(), true));
            match (size(a), size(b)) {
                (Some((p, s)), Some((q, t))) => {
                    let scale = s.max(t);
                    decimal((p - s).max(q - t) + scale, scale)
                }
                _ => Type::Unknown,
            }
        }
        (Type::Date, Type::Timestamp(_) | Type::TimestampTz) if dialect == Dialect::Databricks => b.clone(),
        (Type::Timestamp(_) | Type::TimestampTz, Type::Date) if dialect == Dialect::Databricks => a.clone(),
        (Type::List(x), Type::List(y)) => match pair(dialect, x, y) {
            Type::Unknown => Type::Unknown,
            t => Type::list(t),
        },
        _ => Type::Unknown,
    }
}

pub(crate) fn comparable(dialect: Dialect, left: &Operand, right: &Operand) -> Comparable {
    let family = |t: &Type| match t {
        t if t.is_numeric() => 1,
        Type::Boolean => 2,
        Type::String { .. } => 3,
        t if t.is_temporal() => 4,
        Type::Time | Type::TimeNs | Type::TimeTz => 5,
        Type::Binary => 6,
        Type::Interval => 7,
        _ => 0,
    };
    let (a, b) = (family(&left.ty), family(&right.ty));
    if a == 0 || b == 0 || a == b {
        return Comparable::Yes;
    }
    let literal = |o: &Operand| matches!(o.constant, Some(Constant::String(_)));
    if literal(left) || literal(right) {
        return Comparable::Yes;
    }
    // GoogleSQL coerces no column across families.
    if dialect == Dialect::BigQuery {
        Comparable::No
    } else {
        Comparable::Coerced
    }
}

pub(crate) fn castable(_from: &Type, _to: &Type) -> bool {
    true
}

pub(crate) fn extract(dialect: Dialect, field: &str, operand: &Operand) -> Result<Typed, TypeError> {
    let ty = match (dialect, field.to_uppercase().as_str()) {
        (Dialect::BigQuery, "DATE") => Type::Date,
        (Dialect::BigQuery, "DATETIME") => Type::TIMESTAMP,
        (Dialect::BigQuery, "TIME") => Type::Time,
        (Dialect::BigQuery, _) => Type::Int64,
        (Dialect::Databricks, "SECOND" | "SECONDS" | "S" | "SEC" | "SECS") => Type::decimal(8, 6),
        (Dialect::Databricks, _) => Type::Int32,
        (Dialect::Snowflake, "YEAR") => Type::decimal(4, 0),
        (Dialect::Snowflake, "MONTH" | "DAY" | "HOUR" | "MINUTE" | "SECOND") => Type::decimal(2, 0),
        _ => Type::Unknown,
    };
    Ok(typed(ty, operand.nullable))
}

pub(crate) fn index(base: &Operand) -> Result<Typed, TypeError> {
    let ty = match &base.ty {
        Type::List(t) | Type::Array(t, _) => (**t).clone(),
        Type::Map(kv) => kv.1.clone(),
        Type::Json | Type::Variant => base.ty.clone(),
        _ => Type::Unknown,
    };
    Ok(typed(ty, true))
}

/// Typed by the dialect's own table: a result for each name, in terms of the arguments.
pub(crate) fn call(
    dialect: Dialect,
    site: &CallSite<'_>,
    lambda: &mut dyn FnMut(usize, &[Type]) -> Operand,
) -> Result<Typed, TypeError> {
    let lower = site.name.to_lowercase_smolstr();
    let values: Vec<&Operand> = site
        .args
        .iter()
        .filter_map(|a| match &a.value {
            ArgumentValue::Value(operand) => Some(operand),
            _ => None,
        })
        .collect();
    match (lower.as_str(), values.as_slice()) {
        ("coalesce" | "ifnull" | "nvl" | "zeroifnull", all @ [_, ..]) => {
            let ty = unify_refs(dialect, all);
            return Ok(typed(ty, lower != "zeroifnull" && all.iter().all(|o| o.nullable)));
        }
        ("if" | "iff", [_, a, b]) => {
            return Ok(typed(unify_refs(dialect, &[a, b]), a.nullable || b.nullable));
        }
        ("transform" | "filter", [list]) => {
            let item = match &list.ty {
                Type::List(t) => (**t).clone(),
                _ => Type::Unknown,
            };
            if let Some(at) = site
                .args
                .iter()
                .position(|a| matches!(a.value, ArgumentValue::Lambda(1)))
            {
                let body = lambda(at, &[item]);
                let ty = if lower == "filter" {
                    list.ty.clone()
                } else {
                    Type::list(body.ty)
                };
                return Ok(typed(bounded(ty), list.nullable));
            }
        }
        _ => {}
    }
    let Some(rule) = catalogue::lookup(dialect, &lower).and_then(|e| e.rule.as_ref()) else {
        return Ok(typed(Type::Unknown, true));
    };
    let first = values.first().map(|o| o.ty.clone()).unwrap_or_default();
    let ty = match rule.result {
        "$1" => first,
        "$2" => values.get(1).map(|o| o.ty.clone()).unwrap_or_default(),
        "$max" => unify_refs(dialect, &values),
        "$sum" => sum(dialect, &first),
        "$avg" => average(dialect, &first),
        "$list" => Type::list(first),
        "$element" => match first {
            Type::List(t) | Type::Array(t, _) => (*t).clone(),
            _ => Type::Unknown,
        },
        "$temporal"
            if matches!(
                first,
                Type::Date | Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz
            ) =>
        {
            first
        }
        // Integers round to themselves; what decimals do differs.
        "$round" if first.is_integer() || matches!(first, Type::Float32 | Type::Float64) => first,
        // Bytes give bytes; lists may be meant too.
        "$text" if matches!(first, Type::String { .. }) || first.is_numeric() || first.is_temporal() => {
            Type::STRING
        }
        // GoogleSQL computes exactly on NUMERIC.
        "$float" if first.is_integer() || matches!(first, Type::Float32 | Type::Float64) => Type::Float64,
        "$float" if dialect != Dialect::BigQuery && first.is_numeric() => Type::Float64,
        text if text.starts_with('$') => Type::Unknown,
        text => Type::parse(Dialect::DuckDb, text).unwrap_or_default(),
    };
    let any = values.iter().any(|o| o.nullable);
    let nullable = match (rule.kind, rule.nulls) {
        (_, b'N') => false,
        (b's', b'A') => any,
        (b'a', b'A') => any || site.windowed || site.empty_group_possible || site.filtered,
        _ => true,
    };
    Ok(typed(bounded(ty), nullable))
}

fn unify_refs(dialect: Dialect, operands: &[&Operand]) -> Type {
    operands.iter().fold(Type::Null, |met, o| match met {
        Type::Unknown => Type::Unknown,
        met => pair(dialect, &met, &o.ty),
    })
}

fn sum(dialect: Dialect, ty: &Type) -> Type {
    match (dialect, ty) {
        (_, Type::Float32 | Type::Float64) => Type::Float64,
        (_, Type::Interval) => Type::Interval,
        (Dialect::Databricks, Type::Decimal { precision, scale }) => {
            Type::decimal((precision + 10).min(38), *scale)
        }
        (Dialect::Snowflake, Type::Decimal { scale, .. }) => Type::decimal(38, *scale),
        (Dialect::BigQuery, Type::Decimal { precision: 39.., .. }) => Type::decimal(76, 38),
        (Dialect::BigQuery, Type::Decimal { .. }) => Type::decimal(38, 9),
        (_, ty) if ty.is_integer() => Type::Int64,
        _ => Type::Unknown,
    }
}

fn average(dialect: Dialect, ty: &Type) -> Type {
    match (dialect, ty) {
        (_, Type::Float32 | Type::Float64) => Type::Float64,
        (Dialect::Databricks, Type::Decimal { precision, scale }) => {
            let (p, s) = (i32::from(*precision) + 4, i32::from(*scale) + 4);
            if p <= 38 {
                decimal(p, s)
            } else {
                decimal(38, s.min(38))
            }
        }
        (Dialect::BigQuery, Type::Decimal { precision: 39.., .. }) => Type::decimal(76, 38),
        (Dialect::BigQuery, Type::Decimal { .. }) => Type::decimal(38, 9),
        (Dialect::Databricks | Dialect::BigQuery, ty) if ty.is_integer() => Type::Float64,
        _ => Type::Unknown,
    }
}

pub(crate) fn table_function(dialect: Dialect, name: &str, args: &[Argument]) -> Option<Vec<Column>> {
    let column = |name: &str, ty: Type| Column {
        name: name.into(),
        ty,
        nullable: true,
    };
    let first = args.iter().find_map(|a| match &a.value {
        ArgumentValue::Value(operand) => Some(&operand.ty),
        _ => None,
    });
    match (dialect, name.to_lowercase().as_str()) {
        (Dialect::Databricks, "range") => Some(vec![Column {
            name: "id".into(),
            ty: Type::Int64,
            nullable: false,
        }]),
        (Dialect::Databricks, "explode" | "explode_outer") => match first? {
            Type::List(t) => Some(vec![column("col", (**t).clone())]),
            Type::Map(kv) => Some(vec![column("key", kv.0.clone()), column("value", kv.1.clone())]),
            _ => None,
        },
        (Dialect::Snowflake, "flatten") => Some(vec![
            column("SEQ", Type::decimal(38, 0)),
            column("KEY", Type::STRING),
            column("PATH", Type::STRING),
            column("INDEX", Type::decimal(38, 0)),
            column("VALUE", Type::Variant),
            column("THIS", Type::Variant),
        ]),
        _ => None,
    }
}
