//! Which calls give no NULL when their arguments have none. `false` is a promise: what is not listed is nullable.

use super::{CallSite, Constant, Operand};
use rocky_warehouse::Type;

/// A scalar function of DuckDB with these arguments.
pub(crate) fn scalar(name: &str, result: &Type, operands: &[&Operand]) -> bool {
    if *result == Type::Null {
        return true;
    }
    if always(name) {
        return false;
    }
    match name {
        // NULLs are skipped.
        "concat" | "greatest" | "least" | "list_concat" | "list_cat" | "array_concat" | "array_cat" => {
            match result {
                Type::String { .. } if name == "concat" => false,
                _ => operands.iter().all(|o| o.nullable),
            }
        }
        "concat_ws" => operands.first().is_none_or(|o| o.nullable),
        // Infinite dates have no parts.
        "||" | "add" | "subtract" | "multiply" => operands.iter().any(|o| o.nullable),
        _ if total(name) => operands.iter().any(|o| o.nullable),
        _ => true,
    }
}

/// Never NULL, whatever goes in.
pub(crate) fn always(name: &str) -> bool {
    ALWAYS.binary_search(&name).is_ok()
}

/// NULL only when an argument is.
pub(crate) fn total(name: &str) -> bool {
    TOTAL.binary_search(&name).is_ok()
}

/// An aggregate. It is NULL over no rows, or over NULLs alone.
pub(crate) fn aggregate(name: &str, site: &CallSite<'_>, operands: &[&Operand]) -> bool {
    match name {
        "count" | "count_star" | "approx_count_distinct" | "regr_count" => false,
        // A window without a frame holds its own row.
        _ if site.empty_group_possible || site.filtered => true,
        _ if FOLDS.binary_search(&name).is_ok() => operands.iter().any(|o| o.nullable),
        // A list of NULLs is a list.
        "list" | "array_agg" => false,
        _ => true,
    }
}

/// A function that only stands before OVER.
pub(crate) fn window(name: &str, site: &CallSite<'_>, operands: &[&Operand]) -> bool {
    let constant = |operand: &Operand| matches!(operand.constant, Some(Constant::Integer(_)));
    match (name, operands) {
        ("row_number" | "rank" | "dense_rank" | "rank_dense" | "cume_dist" | "percent_rank", _) => false,
        ("ntile", [n]) => !constant(n),
        // The frame holds the own row at least.
        ("first_value" | "last_value", [value]) => {
            value.nullable || site.empty_group_possible || site.filtered
        }
        ("lag" | "lead", [value, offset, default]) => value.nullable || default.nullable || !constant(offset),
        _ => true,
    }
}

// Sorted. Never NULL, whatever goes in.
#[rustfmt::skip]
static ALWAYS: &[&str] = &[
    "array_value", "current_date", "current_localtime", "current_localtimestamp", "current_timestamp", "gen_random_uuid",
    "get_current_time", "get_current_timestamp", "hash", "json_array", "json_object", "list_pack", "list_value", "now", "pi",
    "random", "row", "struct_pack", "today", "transaction_timestamp", "typeof", "uuid", "uuidv4", "uuidv7", "version",
];

// Sorted. NULL only when an argument is: every other value gives a value or an error.
#[rustfmt::skip]
static TOTAL: &[&str] = &[
    "@", "abs", "acos", "ascii", "asin", "atan", "atan2", "bit_count", "bit_length", "cbrt", "ceil", "ceiling", "char_length",
    "character_length", "chr", "contains", "cos", "cot", "date_trunc", "datetrunc", "degrees", "encode", "ends_with",
    "exp", "floor", "format", "from_base64", "hex", "instr", "lcase", "left", "len", "length", "levenshtein",
    "list_contains", "list_distinct", "list_reverse_sort", "list_sort", "list_unique", "lower", "lpad", "ltrim", "make_timestamp",
    "md5", "ord", "pow", "power", "prefix", "printf", "radians", "regexp_full_match", "regexp_matches", "regexp_replace",
    "repeat", "replace", "reverse", "right", "round", "rpad", "rtrim", "sha256", "sign", "sin", "sqrt", "starts_with",
    "strftime", "string_split", "strip_accents", "strlen", "strpos", "substr", "substring", "suffix", "tan", "to_base64", "to_days",
    "to_hex", "to_hours", "to_json", "to_milliseconds", "to_minutes", "to_months", "to_seconds", "to_weeks", "to_years",
    "translate", "trim", "trunc", "ucase", "unicode", "upper",
];

// Sorted. A value over any rows that hold one.
#[rustfmt::skip]
static FOLDS: &[&str] = &[
    "any_value", "arbitrary", "avg", "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "count_if", "countif", "favg", "first", "fsum", "group_concat",
    "histogram", "kahan_sum", "last", "listagg", "max", "mean", "median", "min", "mode", "product", "string_agg", "sum",
    "sum_no_overflow", "sumkahan",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        for table in [ALWAYS, TOTAL, FOLDS] {
            assert!(table.windows(2).all(|w| w[0] < w[1]), "{table:?}");
        }
    }
}
