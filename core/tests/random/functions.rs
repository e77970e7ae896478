//! The engine's own list of functions, so that the generator also calls what nobody thought of.

use rocky_base::{CancelToken, Dialect};
use rocky_warehouse::{Connection, Type, Value};

/// A parameter or result of an overload.
#[derive(Clone, Debug)]
pub enum Slot {
    Of(Type),
    /// A letter that stands for one type throughout the overload, or ANY.
    Any(String),
    ListOf(String),
    Map,
    Decimal,
    Lambda,
    Struct,
}

#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub aggregate: bool,
    pub params: Vec<Slot>,
    pub varargs: Option<Slot>,
    pub result: Option<Slot>,
}

/// Not called: they wait, read files or settings, fail by design, or make values of any size from a number.
const LEFT_OUT: &[&str] = &[
    "sleep_ms",
    "error",
    "getenv",
    "getvariable",
    "nextval",
    "currval",
    "query",
    "read_text",
    "write_log",
    "range",
    "generate_series",
    "repeat",
    "lpad",
    "rpad",
    "bitstring",
    "list_resize",
    "array_resize",
    "bar",
    "set_bit",
    "current_setting",
    "in_search_path",
    "txid_current",
    "pg_get_viewdef",
    "json_serialize_sql",
    "json_serialize_plan",
    "json_deserialize_sql",
    "json_execute_serialized_sql",
    "from_json",
    "from_json_strict",
    "json_transform",
    "json_transform_strict",
    "finalize",
    "combine",
    "checkpoint",
    "parse_duckdb_log_message",
    "histogram_exact",
    "histogram",
    "approx_top_k",
    "get_type",
    "make_type",
    "variant_typeof",
    "random",
    "setseed",
    "uuid",
    "uuidv4",
    "uuidv7",
    "gen_random_uuid",
    "unnest",
    "unlist",
    "reduce",
    "list_reduce",
    "array_reduce",
    "map_from_entries",
    "row",
    "struct_pack",
    "union_value",
    "create_sort_key",
    "nop",
    "add_parquet_key",
    "force_checkpoint",
    "current_query",
    "current_query_id",
    "current_transaction_id",
    "get_current_timestamp",
    "now",
    "transaction_timestamp",
    "today",
    "current_date",
    "current_localtime",
    "current_localtimestamp",
    "get_current_time",
    "current_time",
    "current_timestamp",
    "age",
    "current_connection_id",
    "struct_insert",
    "struct_update",
    "remap_struct",
    "switch",
    "variant_to_parquet_variant",
    "reservoir_quantile",
    "approx_quantile",
    "grouping",
    "grouping_id",
    "write_blob",
    "count_star",
    "st_asbinary",
    "st_aswkb",
    "st_geomfromwkb",
    "st_geomfromtext",
    "hash",
    "version",
    "pi",
    "e",
    "icu_sort_key",
    "icu_collate",
    "sample",
];

/// The engine's macros have no types: name, parameters, result.
const MACROS: &[(&str, &str, &str)] = &[
    ("list_append", "T[]|T", "T[]"),
    ("array_append", "T[]|T", "T[]"),
    ("array_push_back", "T[]|T", "T[]"),
    ("array_push_front", "T[]|T", "T[]"),
    ("list_prepend", "T|T[]", "T[]"),
    ("array_prepend", "T|T[]", "T[]"),
    ("array_pop_back", "T[]", "T[]"),
    ("array_pop_front", "T[]", "T[]"),
    ("array_reverse", "T[]", "T[]"),
    ("list_reverse", "T[]", "T[]"),
    ("list_any_value", "T[]", "T"),
    ("list_first", "T[]", "T"),
    ("list_last", "T[]", "T"),
    ("list_min", "T[]", "T"),
    ("list_max", "T[]", "T"),
    ("list_mode", "T[]", "T"),
    ("list_count", "T[]", "BIGINT"),
    ("list_median", "DOUBLE[]", "DOUBLE"),
    ("list_sum", "DECIMAL(5,2)[]", "DOUBLE"),
    ("list_product", "INTEGER[]", "DOUBLE"),
    ("list_avg", "INTEGER[]", "DOUBLE"),
    ("list_stddev_pop", "DOUBLE[]", "DOUBLE"),
    ("list_bool_and", "BOOLEAN[]", "BOOLEAN"),
    ("list_bit_or", "INTEGER[]", "INTEGER"),
    ("list_string_agg", "VARCHAR[]", "VARCHAR"),
    ("list_histogram", "VARCHAR[]", "MAP(K, V)"),
    ("list_approx_count_distinct", "T[]", "BIGINT"),
    ("list_entropy", "T[]", "DOUBLE"),
    ("array_to_string", "T[]|VARCHAR", "VARCHAR"),
    ("days_in_month", "DATE", "BIGINT"),
    ("date_add", "DATE|INTERVAL", "TIMESTAMP"),
    ("date_add", "TIMESTAMP|INTERVAL", "TIMESTAMP"),
    ("ago", "INTERVAL", "TIMESTAMP WITH TIME ZONE"),
    ("fdiv", "DOUBLE|INTEGER", "DOUBLE"),
    ("fmod", "DOUBLE|INTEGER", "DOUBLE"),
    ("round_even", "DOUBLE|INTEGER", "DOUBLE"),
    ("roundbankers", "DECIMAL(10,2)|INTEGER", "DOUBLE"),
    ("split_part", "VARCHAR|VARCHAR|INTEGER", "VARCHAR"),
    ("nullif", "T|T", "T"),
    ("pg_typeof", "T", "VARCHAR"),
    ("md5_number_lower", "VARCHAR", "UBIGINT"),
    ("map_contains_value", "MAP(VARCHAR, INTEGER)|INTEGER", "BOOLEAN"),
    (
        "map_contains_entry",
        "MAP(VARCHAR, INTEGER)|VARCHAR|INTEGER",
        "BOOLEAN",
    ),
    ("json", "JSON", "JSON"),
];

/// Of these one makes an aggregate.
const AGGREGATE_MACROS: &[(&str, &str, &str)] = &[
    ("geomean", "DOUBLE", "DOUBLE"),
    ("geometric_mean", "INTEGER", "DOUBLE"),
    ("wavg", "DOUBLE|INTEGER", "DOUBLE"),
    ("weighted_avg", "DECIMAL(10,2)|INTEGER", "DOUBLE"),
    ("json_group_array", "T", "JSON"),
    ("json_group_object", "VARCHAR|T", "JSON"),
    ("json_group_structure", "T", "JSON"),
];

fn slot(text: &str) -> Option<Slot> {
    Some(match text {
        "ANY" | "T" | "K" | "V" => Slot::Any(text.to_owned()),
        "ANY[]" | "T[]" | "K[]" | "V[]" => Slot::ListOf(text.trim_end_matches("[]").to_owned()),
        "MAP(K, V)" => Slot::Map,
        "DECIMAL" => Slot::Decimal,
        "LAMBDA" => Slot::Lambda,
        "STRUCT" => Slot::Struct,
        other if other.contains("ANY") || other.contains("K, V") || other.contains('?') => return None,
        other => match Type::parse(Dialect::DuckDb, other)? {
            Type::Other(_) | Type::Unknown | Type::Geometry | Type::BigNum => return None,
            ty => Slot::Of(ty),
        },
    })
}

pub fn load(connection: &mut dyn Connection) -> Vec<Function> {
    let rows = connection
        .query(
            "SELECT function_name, function_type, array_to_string(parameter_types, '|'), varargs, return_type FROM duckdb_functions()
             WHERE function_type IN ('scalar', 'aggregate') ORDER BY ALL",
            100_000,
            &CancelToken::new(),
        )
        .unwrap();
    let mut functions = Vec::new();
    for row in rows.rows {
        let text = |i: usize| row.get(i).and_then(Value::to_text).unwrap_or_default();
        let name = text(0);
        let plain = name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let collation = !name.starts_with("icu_") && name.contains("nocase") || name == "nfc_normalize";
        if !plain
            || name.starts_with("__")
            || name.starts_with("icu_")
            || collation
            || LEFT_OUT.contains(&name.as_str())
        {
            continue;
        }
        let params: Option<Vec<Slot>> = text(2).split('|').filter(|p| !p.is_empty()).map(slot).collect();
        let Some(params) = params else { continue };
        functions.push(Function {
            aggregate: text(1) == "aggregate",
            name,
            params,
            varargs: slot(&text(3)),
            result: slot(&text(4)),
        });
    }
    let macros = MACROS.iter().map(|m| (m, false));
    let aggregates = AGGREGATE_MACROS.iter().map(|m| (m, true));
    for ((name, params, result), aggregate) in macros.chain(aggregates) {
        functions.push(Function {
            aggregate,
            name: (*name).to_owned(),
            params: params.split('|').filter_map(slot).collect(),
            varargs: None,
            result: slot(result),
        });
    }
    functions
}
