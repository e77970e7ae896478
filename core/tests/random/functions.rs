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
    functions
}
