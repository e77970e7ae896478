//! Table functions: what they take, and their columns.

use super::Seen;
use super::bind;
use super::functions::text;
use crate::catalogue::{self, Entry, Param};
use crate::typing::{Argument, ArgumentValue, Constant, Operand, TypeError};
use rocky_base::{Dialect, SmolStr, suggest};
use rocky_warehouse::{Column, Type};
use smol_str::StrExt;

/// The columns of a table function, where they follow from its arguments; `None` when they depend on data. An error when
/// the engine does not take the call.
pub(crate) fn columns(name: &str, args: &[Argument]) -> Result<Option<Vec<Column>>, TypeError> {
    let name = name.to_lowercase_smolstr();
    let entry = match catalogue::lookup(Dialect::DuckDb, &name) {
        Some(entry) if entry.table => entry,
        _ if name == "unlist" => return Ok(unnested(args)),
        // A macro of the database may have any name; only one that is nearly a function's is taken for a mistake.
        _ if catalogue::extension(&name).is_some() => return Ok(None),
        _ => {
            return match catalogue::nearest_table(&name) {
                Some(near) => Err(TypeError::UnknownFunction(Some(near))),
                None => Ok(None),
            };
        }
    };
    options(&name, entry, args)?;
    let operands: Vec<&Operand> = args
        .iter()
        .filter(|a| a.name.is_none())
        .filter_map(|a| match &a.value {
            ArgumentValue::Value(operand) => Some(operand),
            _ => None,
        })
        .collect();
    // Arguments are evaluated first: a literal has its own type here.
    let seen: Vec<Seen> = operands.iter().map(|o| Seen::Type(o.ty.clone())).collect();
    let bound = match entry.rows.is_empty() {
        true => None,
        false => bind::resolve(&entry.rows, &seen)?,
    };
    let one = |name: SmolStr, ty: Type, nullable: bool| Some(vec![Column { name, ty, nullable }]);
    Ok(match name.as_str() {
        "range" | "generate_series" => {
            let ty = match bound.as_ref().and_then(|b| b.overload.params.first()) {
                _ if operands.iter().any(|o| o.ty == Type::Null) => Type::Int64,
                Some(Param::Exact(ty)) => ty.clone(),
                _ => Type::Unknown,
            };
            one(name, ty, false)
        }
        "unnest" => {
            if let [one] = operands.as_slice()
                && (one.ty.is_numeric()
                    || one.ty.is_temporal()
                    || matches!(
                        one.ty,
                        Type::String { .. } | Type::Boolean | Type::Interval | Type::Binary
                    ))
            {
                return Err(TypeError::ArgumentTypes("(ANY[])".to_owned()));
            }
            unnested(args)
        }
        "repeat"
            if operands
                .get(1)
                .is_some_and(|n| matches!(n.constant, Some(Constant::Integer(..0) | Constant::Null))) =>
        {
            let message = "`repeat` needs a number of rows, which is no less than 0";
            return Err(TypeError::Refused(message.to_owned()));
        }
        "repeat" => match operands.first() {
            Some(value) => match column_of(value) {
                Some(column) => one(column, Seen::of(value).settle(), value.nullable),
                None => None,
            },
            None => None,
        },
        "repeat_row" => {
            let given = args.iter().any(|a| {
                a.name
                    .as_ref()
                    .is_some_and(|n| n.eq_ignore_ascii_case("num_rows"))
            });
            if !given || operands.is_empty() {
                let message = "`repeat_row` needs values and `num_rows := …`";
                return Err(TypeError::Refused(message.to_owned()));
            }
            let column = |(i, o): (usize, &&Operand)| Column {
                name: format!("column{i}").into(),
                ty: Seen::of(o).settle(),
                nullable: o.nullable,
            };
            Some(operands.iter().enumerate().map(column).collect())
        }
        "test_vector_types" => {
            let column = |(i, o): (usize, &&Operand)| Column {
                name: match i {
                    0 => "test_vector".into(),
                    i => format!("test_vector{}", i + 1).into(),
                },
                ty: Seen::of(o).settle(),
                nullable: true,
            };
            Some(operands.iter().enumerate().map(column).collect())
        }
        "histogram" => Some(vec![
            of("bin", Type::STRING),
            of("count", Type::UInt64),
            of("bar", Type::STRING),
        ]),
        "histogram_values" => Some(vec![of("bin", Type::Unknown), of("count", Type::UInt64)]),
        // Options such as `filename` add columns.
        _ if args.iter().any(|a| a.name.is_some()) && catalogue::reads_files(&name) => None,
        _ => fixed(entry),
    })
}

/// Arguments by name must be known, those of a table macro not be too many.
fn options(name: &str, entry: &Entry, args: &[Argument]) -> Result<(), TypeError> {
    let mut positional = 0;
    for arg in args {
        let Some(given) = &arg.name else {
            positional += 1;
            continue;
        };
        if !entry.options.iter().any(|o| o.eq_ignore_ascii_case(given)) {
            let near = suggest::nearest(given, entry.options.iter().copied());
            return Err(TypeError::Refused(match near {
                Some(near) => format!("`{name}` has no argument `{given}`; did you mean `{near}`?"),
                None => format!("`{name}` has no argument `{given}`"),
            }));
        }
    }
    if entry.rows.is_empty() && positional > entry.options.len() {
        return Err(TypeError::Arity(format!("({})", entry.options.join(", "))));
    }
    Ok(())
}

fn of(name: &str, ty: Type) -> Column {
    Column {
        name: name.into(),
        ty,
        nullable: true,
    }
}

/// `recursive` and structs give several columns; that is the resolver's.
fn unnested(args: &[Argument]) -> Option<Vec<Column>> {
    let [
        Argument {
            name: None,
            value: ArgumentValue::Value(list),
        },
    ] = args
    else {
        return None;
    };
    match &list.ty {
        Type::List(t) | Type::Array(t, _) => Some(vec![of("unnest", (**t).clone())]),
        _ => None,
    }
}

/// `FROM repeat(x, n)` names its column after the literal.
fn column_of(value: &Operand) -> Option<SmolStr> {
    match &value.constant {
        Some(Constant::Integer(i)) => Some(SmolStr::from(i.to_string())),
        Some(Constant::Null) => Some("NULL".into()),
        _ => text(&[value], 0).map(SmolStr::new),
    }
}

/// The columns of a table function that depend on nothing.
pub(crate) fn always(name: &str) -> Option<Vec<Column>> {
    fixed(catalogue::lookup(Dialect::DuckDb, name)?)
}

fn fixed(entry: &Entry) -> Option<Vec<Column>> {
    let Some(Type::Struct(fields)) = &entry.columns else {
        return None;
    };
    Some(fields.iter().map(|f| of(&f.name, f.ty.clone())).collect())
}
