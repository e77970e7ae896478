//! Columns of table functions.

use super::Seen;
use super::functions::text;
use crate::catalogue;
use crate::typing::{Argument, ArgumentValue, Operand};
use rocky_base::{Dialect, SmolStr};
use rocky_warehouse::{Column, Type};
use smol_str::StrExt;

/// The columns of a table function, where they follow from the types of its arguments.
pub(crate) fn columns(name: &str, args: &[Argument]) -> Option<Vec<Column>> {
    let name = name.to_lowercase_smolstr();
    let operands: Vec<&Operand> = args
        .iter()
        .filter(|a| a.name.is_none())
        .filter_map(|a| match &a.value {
            ArgumentValue::Value(operand) => Some(operand),
            _ => None,
        })
        .collect();
    let one = |name: SmolStr, ty: Type, nullable: bool| Some(vec![Column { name, ty, nullable }]);
    match (name.as_str(), operands.as_slice()) {
        ("range" | "generate_series", [first, ..]) => {
            let ty = match Seen::of(first).settle() {
                Type::Unknown => return None,
                Type::TimestampTz => Type::TimestampTz,
                ty if ty.is_temporal() => Type::TIMESTAMP,
                _ => Type::Int64,
            };
            one(name.clone(), ty, false)
        }
        ("unnest" | "unlist", [list]) => match &list.ty {
            Type::List(t) | Type::Array(t, _) => match &**t {
                // `recursive` and structs give several columns; that is the resolver's.
                ty if args.len() > 1 => {
                    let _ = ty;
                    None
                }
                ty => one("unnest".into(), ty.clone(), true),
            },
            _ => None,
        },
        ("repeat", [value, _]) => one(column_of(value)?, Seen::of(value).settle(), value.nullable),
        ("json_each" | "json_tree" | "glob" | "read_text" | "read_blob", _) => fixed(&name),
        // Options such as `filename` add columns.
        (_, _) if args.iter().any(|a| a.name.is_some()) => None,
        _ => fixed(&name),
    }
}

/// `FROM repeat(x, n)` names its column after the literal.
fn column_of(value: &Operand) -> Option<SmolStr> {
    text(&[value], 0).map(SmolStr::new)
}

fn fixed(name: &str) -> Option<Vec<Column>> {
    let entry = catalogue::lookup(Dialect::DuckDb, name)?;
    let Some(Type::Struct(fields)) = &entry.columns else {
        return None;
    };
    Some(
        fields
            .iter()
            .map(|f| Column {
                name: f.name.clone(),
                ty: f.ty.clone(),
                nullable: true,
            })
            .collect(),
    )
}
