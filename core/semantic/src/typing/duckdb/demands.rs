//! What functions ask of their arguments beyond types when they are bound: a constant, a name, an option that exists.
//! Only what is proved is refused: a bare column is no constant, everything else may be one.

use super::Seen;
use super::functions::{Passed, PassedValue, text};
use crate::typing::{CallSite, Operand, TypeError};
use rocky_base::SmolStr;
use rocky_warehouse::Type;
use rocky_warehouse::types::Field;

/// Which arguments must be constants.
enum Places {
    /// These, counted from 0.
    At(&'static [usize]),
    /// All from here on.
    From(usize),
    /// This one when it is a list.
    List(usize),
    /// Every second one, beginning with the second.
    Odd,
    /// The second, when the first is a decimal.
    Digits,
    /// The text beside a date or timestamp.
    Format,
}

use Places::{At, Digits, Format, From, List, Odd};

// Sorted by name.
#[rustfmt::skip]
static CONSTANTS: &[(&str, Places)] = &[
    ("->>", List(1)), ("aggregate", At(&[1])), ("approx_quantile", At(&[1])), ("array_aggr", At(&[1])),
    ("array_aggregate", At(&[1])), ("array_grade_up", From(1)), ("array_reverse_sort", From(1)), ("array_sort", From(1)),
    ("bitstring_agg", From(1)), ("constant_or_null", At(&[0])), ("create_sort_key", Odd), ("current_schemas", At(&[0])),
    ("date_part", List(0)), ("datepart", List(0)), ("from_json", At(&[1])), ("from_json_strict", At(&[1])),
    ("grade_up", From(1)), ("group_concat", At(&[1])), ("json_array_length", List(1)), ("json_exists", List(1)),
    ("json_extract", List(1)), ("json_extract_path", List(1)), ("json_extract_path_text", List(1)),
    ("json_extract_string", List(1)), ("json_keys", List(1)), ("json_serialize_plan", From(1)), ("json_serialize_sql", From(1)),
    ("json_transform", At(&[1])),
    ("json_transform_strict", At(&[1])), ("json_type", List(1)), ("json_value", List(1)), ("list_aggr", At(&[1])),
    ("list_aggregate", At(&[1])), ("list_grade_up", From(1)), ("list_reverse_sort", From(1)), ("list_sort", From(1)),
    ("listagg", At(&[1])), ("make_type", From(0)), ("quantile", At(&[1])), ("quantile_cont", At(&[1])),
    ("quantile_disc", At(&[1])), ("regexp_extract", From(2)), ("regexp_extract_all", From(3)), ("regexp_full_match", At(&[2])),
    ("regexp_matches", At(&[2])), ("regexp_replace", At(&[3])), ("regexp_split_to_array", At(&[2])),
    ("reservoir_quantile", From(1)), ("round", Digits), ("str_split_regex", At(&[2])), ("strftime", Format),
    ("string_agg", At(&[1])), ("string_split_regex", At(&[2])), ("strptime", At(&[1])), ("trunc", Digits),
    ("try_strptime", At(&[1])),
];

// Sorted: functions that look at their constants before a NULL makes the call NULL.
#[rustfmt::skip]
static BEFORE_NULL: &[&str] = &[
    "aggregate", "array_aggr", "array_aggregate", "create_sort_key", "list_aggr", "list_aggregate", "make_type",
    "regexp_extract", "regexp_extract_all", "regexp_full_match", "regexp_matches", "regexp_split_to_array",
];

/// True when the demands of a call are checked before a NULL makes it NULL; one in the first place does so at once.
pub(super) fn before_null(name: &str, operands: &[&Operand]) -> bool {
    BEFORE_NULL.binary_search(&name).is_ok() && operands.first().is_some_and(|o| o.ty != Type::Null)
}

// Sorted: the fractions that an aggregate takes.
static FRACTIONS: &[(&str, i128, i128)] = &[
    ("approx_quantile", 0, 1),
    ("quantile", -1, 1),
    ("quantile_cont", -1, 1),
    ("quantile_disc", -1, 1),
    ("reservoir_quantile", 0, 1),
];

fn refused(text: impl Into<String>) -> TypeError {
    TypeError::Refused(text.into())
}

/// Check a call whose types fit.
pub(super) fn check(
    name: &str,
    site: &CallSite<'_>,
    seen: &[Seen],
    operands: &[&Operand],
) -> Result<(), TypeError> {
    if let Ok(at) = CONSTANTS.binary_search_by_key(&name, |(n, _)| n)
        && let Some((_, places)) = CONSTANTS.get(at)
    {
        for index in (0..seen.len().min(64)).filter(|i| site.columns >> i & 1 == 1) {
            if places.contain(index, seen) {
                let message = format!(
                    "`{name}` needs a constant as argument {}, not a column",
                    index + 1
                );
                return Err(refused(message));
            }
        }
    }
    if let Ok(at) = FRACTIONS.binary_search_by_key(&name, |(n, ..)| n)
        && let Some((_, low, high)) = FRACTIONS.get(at)
    {
        if seen.len() == 1 && name.starts_with("quantile") {
            return Err(refused(format!(
                "`{name}` needs a fraction between 0 and 1 as argument 2"
            )));
        }
        if let Some(Seen::Integer(value, _)) = seen.get(1)
            && !(*low..=*high).contains(value)
        {
            return Err(refused(format!(
                "the fraction of `{name}` must be between {low} and {high}, not {value}"
            )));
        }
    }
    if matches!(name, "date_trunc" | "datetrunc" | "date_part" | "datepart")
        && let Some(part) = text(operands, 0)
        && !super::operators::is_date_part(part.trim())
    {
        let near = super::operators::near_date_part(part);
        let near = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
        return Err(refused(format!(
            "`{name}` knows no part `{part}` of a date{near}"
        )));
    }
    written(name, seen, operands)?;
    let second_is_null = operands.get(1).is_some_and(|o| o.is_null());
    match name {
        "quantile" | "quantile_disc" | "quantile_cont" | "approx_quantile" | "reservoir_quantile"
            if second_is_null =>
        {
            return Err(refused(format!("the fraction of `{name}` may not be NULL")));
        }
        "list_aggregate" | "list_aggr" | "array_aggregate" | "array_aggr" | "aggregate" if second_is_null => {
            return Err(refused(format!("`{name}` needs the name of an aggregate")));
        }
        "contains" | "struct_contains" | "struct_has" | "struct_position" | "struct_indexof" => {
            if let Some(Seen::Type(Type::Struct(fields))) = seen.first()
                && fields.first().is_some_and(|f| !f.name.is_empty())
            {
                return Err(refused(format!(
                    "`{name}` only takes structs without names, made by row()"
                )));
            }
        }
        "create_sort_key" => {
            for index in (1..seen.len()).step_by(2) {
                if matches!(seen.get(index), Some(Seen::Integer(..)))
                    || operands.get(index).is_some_and(|o| o.ty == Type::Null)
                {
                    return Err(refused("the order of `create_sort_key` begins with ASC or DESC"));
                }
                let order = text(operands, index).map(str::to_ascii_uppercase);
                if order.is_some_and(|o| !o.starts_with("ASC") && !o.starts_with("DESC")) {
                    return Err(refused("the order of `create_sort_key` begins with ASC or DESC"));
                }
            }
        }
        "json_object" => {
            for key in seen.iter().step_by(2) {
                let ty = key.settle();
                if !matches!(
                    ty,
                    Type::String { .. } | Type::Json | Type::Unknown | Type::Enum(_) | Type::Variant
                ) {
                    return Err(refused("the names in `json_object` must be VARCHAR: add a cast"));
                }
            }
        }
        "regexp_extract" => {
            if let Some(Seen::Integer(group, _)) = seen.get(2)
                && !(0..=9).contains(group)
            {
                return Err(refused(format!(
                    "the group of `{name}` must be between 0 and 9, not {group}"
                )));
            }
        }
        "map_concat" if seen.len() < 2 => return Err(refused("`map_concat` takes two maps or more")),
        "struct_concat" | "array_value" | "row" if seen.is_empty() => {
            return Err(refused(format!("`{name}` takes at least one argument")));
        }
        "sum_no_overflow" => return Err(refused("`sum_no_overflow` is for the engine's own use")),
        "remap_struct" => {
            let nested = |s: &Seen| {
                matches!(
                    s.settle(),
                    Type::Struct(_)
                        | Type::List(_)
                        | Type::Array(..)
                        | Type::Map(_)
                        | Type::Unknown
                        | Type::Null
                        | Type::Variant
                )
            };
            if seen.iter().take(2).any(|s| !nested(s)) {
                return Err(refused("`remap_struct` only takes nested types"));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Patterns, options and formats that are written out.
fn written(name: &str, seen: &[Seen], operands: &[&Operand]) -> Result<(), TypeError> {
    let options = match name {
        "regexp_matches"
        | "regexp_full_match"
        | "regexp_split_to_array"
        | "str_split_regex"
        | "string_split_regex" => Some(2),
        "regexp_replace" | "regexp_extract" | "regexp_extract_all" => Some(3),
        _ => None,
    };
    if let Some(place) = options {
        let given = text(operands, place);
        let replaces = name == "regexp_replace";
        let known = |c: &char| "cilmnps \t\n".contains(*c) || (replaces && *c == 'g');
        if let Some(wrong) = given.and_then(|o| o.chars().find(|c| !known(c))) {
            let message = match wrong {
                'g' => format!("`{name}` has no option `g`: it is for `regexp_replace`"),
                _ => format!("`{name}` has no option `{wrong}`; there are c, i, l, m, n, p and s"),
            };
            return Err(refused(message));
        }
        let literal = operands.len() > place && given.is_none_or(|o| o.contains('l'));
        if !literal && let Some(what) = text(operands, 1).and_then(super::pattern::mistake) {
            return Err(refused(format!("the pattern of `{name}` cannot be read: {what}")));
        }
        return Ok(());
    }
    let format = match name {
        "strftime" => {
            let temporal = |i: usize| {
                seen.get(i)
                    .is_some_and(|s| matches!(s.settle(), Type::Date | Type::Timestamp(_)))
            };
            match (temporal(0), temporal(1)) {
                (true, false) => text(operands, 1),
                (false, true) => text(operands, 0),
                _ => None,
            }
        }
        "strptime" | "try_strptime" => text(operands, 1),
        _ => None,
    };
    match format.and_then(super::pattern::format_mistake) {
        Some(what) => Err(refused(format!("the format of `{name}` cannot be read: {what}"))),
        None => Ok(()),
    }
}

impl Places {
    fn contain(&self, index: usize, seen: &[Seen]) -> bool {
        let ty = |i: usize| seen.get(i).map(Seen::settle).unwrap_or_default();
        match self {
            At(places) => places.contains(&index),
            From(first) => index >= *first,
            List(place) => index == *place && matches!(ty(index), Type::List(_) | Type::Array(..)),
            Odd => index % 2 == 1,
            Digits => index == 1 && matches!(ty(0), Type::Decimal { .. }),
            Format => {
                // ICU's, for a zone, takes any text.
                let other = ty(1 - index.min(1));
                index < 2
                    && matches!(ty(index), Type::String { .. })
                    && other.is_temporal()
                    && other != Type::TimestampTz
            }
        }
    }
}

/// Functions whose arguments' names are part of the type. A name that is not known leaves the type open.
pub(super) fn named(name: &str, passed: &[Passed<'_>]) -> Option<Result<Type, TypeError>> {
    let (first, rest) = match name {
        "struct_pack" | "union_value" => (None, passed),
        "struct_insert" | "struct_update" => {
            let (first, rest) = passed.split_first()?;
            (Some(first), rest)
        }
        _ => return None,
    };
    Some(named_fields(name, first, rest))
}

fn named_fields(name: &str, first: Option<&Passed<'_>>, rest: &[Passed<'_>]) -> Result<Type, TypeError> {
    let ty = |p: &Passed<'_>| match p.value {
        PassedValue::Value(operand) => Seen::of(operand).settle(),
        PassedValue::Lambda { .. } => Type::Unknown,
    };
    let arity = |forms: &str| Err(TypeError::Arity(forms.to_owned()));
    match (name, rest.len()) {
        ("union_value", 1) => {}
        ("union_value", _) => return arity("(name := ANY)"),
        ("struct_pack", 0) => return arity("(name := ANY, …)"),
        (_, 0) => return arity("(STRUCT, name := ANY, …)"),
        _ => {}
    }
    let mut all: Vec<Field> = Vec::with_capacity(rest.len());
    let old = match first.map(ty) {
        None => None,
        Some(Type::Struct(fields)) => Some(fields),
        Some(Type::Unknown) => return Ok(Type::Unknown),
        Some(_) => {
            return Err(refused(format!(
                "the first argument of `{name}` must be a STRUCT"
            )));
        }
    };
    all.extend(old.iter().flat_map(|fields| fields.iter().cloned()));
    let kept = all.len();
    let mut open = false;
    for passed in rest {
        let Some(field) = passed.name else {
            if ty(passed).is_unknown() {
                open = true;
                continue;
            }
            return Err(refused(format!(
                "`{name}` needs a name for every value: `name := value`"
            )));
        };
        let same = |f: &Field| f.name.eq_ignore_ascii_case(field);
        let new = Field {
            name: SmolStr::clone(field),
            ty: ty(passed),
        };
        match all.iter().position(same) {
            Some(at) if name == "struct_update" && at < kept => {
                if let Some(slot) = all.get_mut(at) {
                    *slot = new;
                }
            }
            Some(_) => return Err(refused(format!("`{name}` gets the field `{field}` twice"))),
            None => all.push(new),
        }
    }
    if open {
        return Ok(Type::Unknown);
    }
    Ok(crate::typing::bounded(match name {
        "union_value" => Type::Union(all.into()),
        _ => Type::Struct(all.into()),
    }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::CONSTANTS.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(super::FRACTIONS.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(super::BEFORE_NULL.is_sorted());
    }
}
