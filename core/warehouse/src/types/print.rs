//! Types to text: the warehouse's own spelling. For DuckDB it is exactly what `DESCRIBE` prints.

use super::{Field, TimeUnit, Type};
use rocky_base::Dialect;
use smol_str::{SmolStr, StrExt};
use std::fmt::Write;

impl Type {
    /// The type as the dialect spells it. A type the dialect does not have is spelled with its nearest kin; an unknown
    /// one is `?`.
    pub fn print(&self, dialect: Dialect) -> String {
        let mut out = String::new();
        match dialect {
            Dialect::DuckDb => duckdb(self, &mut out),
            Dialect::Databricks => databricks(self, &mut out),
            Dialect::Snowflake => snowflake(self, &mut out),
            Dialect::BigQuery => bigquery(self, &mut out),
        }
        out
    }

    /// The same as a small text: nearly all types need no allocation.
    pub fn print_small(&self, dialect: Dialect) -> SmolStr {
        match (dialect, self) {
            (Dialect::DuckDb, Type::Decimal { precision, scale }) => {
                smol_str::format_smolstr!("DECIMAL({precision},{scale})")
            }
            (Dialect::DuckDb, ty) => match duckdb_plain(ty) {
                Some(plain) => SmolStr::new_static(plain),
                None => SmolStr::new(self.print(dialect)),
            },
            _ => SmolStr::new(self.print(dialect)),
        }
    }
}

/// The name of a type that has no parts.
fn duckdb_plain(ty: &Type) -> Option<&'static str> {
    Some(match ty {
        Type::Unknown => "?",
        Type::Null => "\"NULL\"",
        Type::Boolean => "BOOLEAN",
        Type::Int8 => "TINYINT",
        Type::Int16 => "SMALLINT",
        Type::Int32 => "INTEGER",
        Type::Int64 => "BIGINT",
        Type::Int128 => "HUGEINT",
        Type::UInt8 => "UTINYINT",
        Type::UInt16 => "USMALLINT",
        Type::UInt32 => "UINTEGER",
        Type::UInt64 => "UBIGINT",
        Type::UInt128 => "UHUGEINT",
        Type::BigNum => "BIGNUM",
        Type::Float32 => "FLOAT",
        Type::Float64 => "DOUBLE",
        Type::String { .. } => "VARCHAR",
        Type::Binary => "BLOB",
        Type::Bit => "BIT",
        Type::Date => "DATE",
        Type::Time => "TIME",
        Type::TimeNs => "TIME_NS",
        Type::TimeTz => "TIME WITH TIME ZONE",
        Type::Timestamp(TimeUnit::Second) => "TIMESTAMP_S",
        Type::Timestamp(TimeUnit::Milli) => "TIMESTAMP_MS",
        Type::Timestamp(TimeUnit::Micro) => "TIMESTAMP",
        Type::Timestamp(TimeUnit::Nano) => "TIMESTAMP_NS",
        Type::TimestampTz | Type::TimestampLtz => "TIMESTAMP WITH TIME ZONE",
        Type::Interval => "INTERVAL",
        Type::Uuid => "UUID",
        Type::Json => "JSON",
        Type::Variant => "VARIANT",
        Type::Geometry | Type::Geography => "GEOMETRY",
        _ => return None,
    })
}

fn duckdb(ty: &Type, out: &mut String) {
    if let Some(plain) = duckdb_plain(ty) {
        out.push_str(plain);
        return;
    }
    let plain = match ty {
        Type::Other(name) => name,
        Type::Decimal { precision, scale } => {
            let _ = write!(out, "DECIMAL({precision},{scale})");
            return;
        }
        Type::Enum(values) => {
            out.push_str("ENUM(");
            for (i, value) in values.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                out.push_str(&Dialect::DuckDb.string_literal(value));
            }
            ")"
        }
        Type::List(element) => {
            duckdb(element, out);
            "[]"
        }
        Type::Array(element, n) => {
            duckdb(element, out);
            let _ = write!(out, "[{n}]");
            return;
        }
        Type::Struct(fields) => {
            out.push_str("STRUCT(");
            duckdb_fields(fields, out);
            ")"
        }
        Type::Union(fields) => {
            out.push_str("UNION(");
            duckdb_fields(fields, out);
            ")"
        }
        Type::Map(kv) => {
            out.push_str("MAP(");
            duckdb(&kv.0, out);
            out.push_str(", ");
            duckdb(&kv.1, out);
            ")"
        }
        // The others have no parts.
        _ => "",
    };
    out.push_str(plain);
}

fn duckdb_fields(fields: &[Field], out: &mut String) {
    for (i, field) in fields.iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        if !field.name.is_empty() {
            // Any keyword is quoted here, reserved or not.
            let keyword = DUCKDB_KEYWORDS
                .binary_search(&field.name.to_lowercase_smolstr().as_str())
                .is_ok();
            if keyword || !Dialect::DuckDb.is_regular(&field.name) {
                out.push_str(&Dialect::DuckDb.quote_ident(&field.name));
            } else {
                out.push_str(&field.name);
            }
            out.push(' ');
        }
        duckdb(&field.ty, out);
    }
}

fn databricks(ty: &Type, out: &mut String) {
    let plain = match ty {
        Type::Unknown => "?",
        Type::Null => "VOID",
        Type::Boolean => "BOOLEAN",
        Type::Int8 => "TINYINT",
        Type::Int16 | Type::UInt8 => "SMALLINT",
        Type::Int32 | Type::UInt16 => "INT",
        Type::Int64 | Type::UInt32 => "BIGINT",
        Type::UInt64 => "DECIMAL(20,0)",
        Type::Int128 | Type::UInt128 | Type::BigNum => "DECIMAL(38,0)",
        Type::Float32 => "FLOAT",
        Type::Float64 => "DOUBLE",
        Type::Decimal { precision, scale } => {
            let _ = write!(out, "DECIMAL({},{scale})", (*precision).min(38));
            return;
        }
        Type::String { length: Some(n) } => {
            let _ = write!(out, "VARCHAR({n})");
            return;
        }
        Type::String { length: None } | Type::Uuid | Type::Enum(_) | Type::Bit | Type::Json => "STRING",
        Type::Time | Type::TimeNs | Type::TimeTz => "STRING",
        Type::Binary => "BINARY",
        Type::Date => "DATE",
        Type::Timestamp(_) => "TIMESTAMP_NTZ",
        Type::TimestampTz | Type::TimestampLtz => "TIMESTAMP",
        Type::Interval => "INTERVAL",
        Type::Variant | Type::Union(_) => "VARIANT",
        Type::Geometry => "GEOMETRY",
        Type::Geography => "GEOGRAPHY",
        Type::Other(name) => name,
        Type::List(element) | Type::Array(element, _) => {
            out.push_str("ARRAY<");
            databricks(element, out);
            ">"
        }
        Type::Map(kv) => {
            out.push_str("MAP<");
            databricks(&kv.0, out);
            out.push_str(", ");
            databricks(&kv.1, out);
            ">"
        }
        Type::Struct(fields) => {
            out.push_str("STRUCT<");
            for (i, field) in fields.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                push_name(Dialect::Databricks, &field.name, out);
                out.push_str(": ");
                databricks(&field.ty, out);
            }
            ">"
        }
    };
    out.push_str(plain);
}

fn snowflake(ty: &Type, out: &mut String) {
    let plain = match ty {
        Type::Unknown => "?",
        Type::Null => "VARCHAR",
        Type::Boolean => "BOOLEAN",
        Type::Int8
        | Type::Int16
        | Type::Int32
        | Type::Int64
        | Type::Int128
        | Type::UInt8
        | Type::UInt16
        | Type::UInt32
        | Type::UInt64
        | Type::UInt128
        | Type::BigNum => "NUMBER(38,0)",
        Type::Float32 | Type::Float64 => "FLOAT",
        Type::Decimal { precision, scale } => {
            let _ = write!(out, "NUMBER({},{scale})", (*precision).min(38));
            return;
        }
        Type::String { length: Some(n) } => {
            let _ = write!(out, "VARCHAR({n})");
            return;
        }
        Type::String { length: None } | Type::Enum(_) | Type::Bit | Type::Interval => "VARCHAR",
        Type::Uuid => "UUID",
        Type::Binary => "BINARY",
        Type::Date => "DATE",
        Type::Time | Type::TimeNs | Type::TimeTz => "TIME",
        Type::Timestamp(TimeUnit::Second) => "TIMESTAMP_NTZ(0)",
        Type::Timestamp(TimeUnit::Milli) => "TIMESTAMP_NTZ(3)",
        Type::Timestamp(TimeUnit::Micro) => "TIMESTAMP_NTZ(6)",
        Type::Timestamp(TimeUnit::Nano) => "TIMESTAMP_NTZ(9)",
        Type::TimestampTz => "TIMESTAMP_TZ",
        Type::TimestampLtz => "TIMESTAMP_LTZ",
        Type::Json | Type::Variant | Type::Union(_) => "VARIANT",
        Type::Geometry => "GEOMETRY",
        Type::Geography => "GEOGRAPHY",
        Type::Other(name) => name,
        Type::List(element) if **element == Type::Variant => "ARRAY",
        Type::List(element) => {
            out.push_str("ARRAY(");
            snowflake(element, out);
            ")"
        }
        Type::Array(element, n) => {
            // Vectors hold INT or FLOAT.
            let element = if element.is_integer() || matches!(**element, Type::Decimal { .. }) {
                "INT"
            } else {
                "FLOAT"
            };
            let _ = write!(out, "VECTOR({element}, {n})");
            return;
        }
        Type::Map(kv) => {
            out.push_str("MAP(");
            snowflake(&kv.0, out);
            out.push_str(", ");
            snowflake(&kv.1, out);
            ")"
        }
        Type::Struct(fields) => {
            out.push_str("OBJECT(");
            for (i, field) in fields.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                push_name(Dialect::Snowflake, &field.name, out);
                out.push(' ');
                snowflake(&field.ty, out);
            }
            ")"
        }
    };
    out.push_str(plain);
}

fn bigquery(ty: &Type, out: &mut String) {
    let plain = match ty {
        Type::Unknown => "?",
        Type::Null => "INT64",
        Type::Boolean => "BOOL",
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::UInt8 | Type::UInt16 | Type::UInt32 => {
            "INT64"
        }
        Type::UInt64 => "NUMERIC",
        Type::Int128 | Type::UInt128 | Type::BigNum => "BIGNUMERIC",
        Type::Float32 | Type::Float64 => "FLOAT64",
        Type::Decimal {
            precision: 38,
            scale: 9,
        } => "NUMERIC",
        Type::Decimal {
            precision: 76,
            scale: 38,
        } => "BIGNUMERIC",
        Type::Decimal { precision, scale } => {
            let numeric = *scale <= 9 && precision.saturating_sub(*scale) <= 29;
            let name = if numeric { "NUMERIC" } else { "BIGNUMERIC" };
            let _ = match scale {
                0 => write!(out, "{name}({precision})"),
                _ => write!(out, "{name}({precision}, {scale})"),
            };
            return;
        }
        Type::String { length: Some(n) } => {
            let _ = write!(out, "STRING({n})");
            return;
        }
        Type::String { length: None } | Type::Enum(_) | Type::Uuid | Type::Bit => "STRING",
        Type::Binary => "BYTES",
        Type::Date => "DATE",
        Type::Time | Type::TimeNs | Type::TimeTz => "TIME",
        Type::Timestamp(_) => "DATETIME",
        Type::TimestampTz | Type::TimestampLtz => "TIMESTAMP",
        Type::Interval => "INTERVAL",
        Type::Json | Type::Variant | Type::Union(_) => "JSON",
        Type::Geometry | Type::Geography => "GEOGRAPHY",
        Type::Other(name) => name,
        Type::List(element) | Type::Array(element, _) => {
            out.push_str("ARRAY<");
            bigquery(element, out);
            ">"
        }
        Type::Map(kv) => {
            // There are no maps: what exports and loads use in their place.
            out.push_str("ARRAY<STRUCT<key ");
            bigquery(&kv.0, out);
            out.push_str(", value ");
            bigquery(&kv.1, out);
            ">>"
        }
        Type::Struct(fields) => {
            out.push_str("STRUCT<");
            for (i, field) in fields.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                if !field.name.is_empty() {
                    push_name(Dialect::BigQuery, &field.name, out);
                    out.push(' ');
                }
                bigquery(&field.ty, out);
            }
            ">"
        }
    };
    out.push_str(plain);
}

fn push_name(dialect: Dialect, name: &str, out: &mut String) {
    if dialect.is_regular(name) && !dialect.is_reserved(name) {
        out.push_str(name);
    } else {
        out.push_str(&dialect.quote_ident(name));
    }
}

// Sorted: every word of `duckdb_keywords()` in 1.5.5, whatever its category.
#[rustfmt::skip]
static DUCKDB_KEYWORDS: &[&str] = &[
    "abort", "absolute", "access", "action", "add", "admin", "after", "aggregate", "all", "also", "alter",
    "always", "analyse", "analyze", "and", "anti", "any", "array", "as", "asc", "asof", "assertion",
    "assignment", "asymmetric", "at", "attach", "attribute", "authorization", "backward", "before", "begin",
    "between", "bigint", "binary", "bit", "boolean", "both", "by", "cache", "call", "called", "cascade",
    "cascaded", "case", "cast", "catalog", "centuries", "century", "chain", "char", "character",
    "characteristics", "check", "checkpoint", "class", "close", "cluster", "coalesce", "collate", "collation",
    "column", "columns", "comment", "comments", "commit", "committed", "compression", "concurrently",
    "configuration", "conflict", "connection", "constraint", "constraints", "content", "continue",
    "conversion", "copy", "cost", "create", "cross", "csv", "cube", "current", "cursor", "cycle", "data",
    "database", "day", "days", "deallocate", "dec", "decade", "decades", "decimal", "declare", "default",
    "defaults", "deferrable", "deferred", "definer", "delete", "delimiter", "delimiters", "depends", "desc",
    "describe", "detach", "dictionary", "disable", "discard", "distinct", "do", "document", "domain",
    "double", "drop", "each", "else", "enable", "encoding", "encrypted", "end", "enum", "error", "escape",
    "event", "except", "exclude", "excluding", "exclusive", "execute", "exists", "explain", "export",
    "export_state", "extension", "extensions", "external", "extract", "false", "family", "fetch", "filter",
    "first", "float", "following", "for", "force", "foreign", "forward", "freeze", "from", "full", "function",
    "functions", "generated", "glob", "global", "grant", "granted", "group", "grouping", "grouping_id",
    "groups", "handler", "having", "header", "hold", "hour", "hours", "identity", "if", "ignore", "ilike",
    "immediate", "immutable", "implicit", "import", "in", "include", "including", "increment", "index",
    "indexes", "inherit", "inherits", "initially", "inline", "inner", "inout", "input", "insensitive",
    "insert", "install", "instead", "int", "integer", "intersect", "interval", "into", "invoker", "is",
    "isnull", "isolation", "join", "json", "key", "label", "lambda", "language", "large", "last", "lateral",
    "leading", "leakproof", "left", "level", "like", "limit", "listen", "load", "local", "location", "lock",
    "locked", "logged", "macro", "map", "mapping", "match", "matched", "materialized", "maxvalue", "merge",
    "method", "microsecond", "microseconds", "millennia", "millennium", "millisecond", "milliseconds",
    "minute", "minutes", "minvalue", "mode", "month", "months", "move", "name", "names", "national",
    "natural", "nchar", "new", "next", "no", "none", "not", "nothing", "notify", "notnull", "nowait", "null",
    "nullif", "nulls", "numeric", "object", "of", "off", "offset", "oids", "old", "on", "only", "operator",
    "option", "options", "or", "order", "ordinality", "others", "out", "outer", "over", "overlaps", "overlay",
    "overriding", "owned", "owner", "parallel", "parser", "partial", "partition", "partitioned", "passing",
    "password", "percent", "persistent", "pivot", "pivot_longer", "pivot_wider", "placing", "plans", "policy",
    "position", "positional", "pragma", "preceding", "precision", "prepare", "prepared", "preserve",
    "primary", "prior", "privileges", "procedural", "procedure", "program", "publication", "qualify",
    "quarter", "quarters", "quote", "range", "read", "real", "reassign", "recheck", "recursive", "ref",
    "references", "referencing", "refresh", "reindex", "relative", "release", "rename", "repeatable",
    "replace", "replica", "reset", "respect", "restart", "restrict", "returning", "returns", "revoke",
    "right", "role", "rollback", "rollup", "row", "rows", "rule", "sample", "savepoint", "schema", "schemas",
    "scope", "scroll", "search", "second", "seconds", "secret", "security", "select", "semi", "sequence",
    "sequences", "serializable", "server", "session", "set", "setof", "sets", "share", "show", "similar",
    "simple", "skip", "smallint", "snapshot", "some", "sorted", "source", "sql", "stable", "standalone",
    "start", "statement", "statistics", "stdin", "stdout", "storage", "stored", "strict", "strip", "struct",
    "subscription", "substring", "summarize", "symmetric", "sysid", "system", "table", "tables",
    "tablesample", "tablespace", "target", "temp", "template", "temporary", "text", "then", "ties", "time",
    "timestamp", "to", "trailing", "transaction", "transform", "treat", "trigger", "trim", "true", "truncate",
    "trusted", "try_cast", "type", "types", "unbounded", "uncommitted", "unencrypted", "union", "unique",
    "unknown", "unlisten", "unlogged", "unpack", "unpivot", "until", "update", "use", "user", "using",
    "vacuum", "valid", "validate", "validator", "value", "values", "varchar", "variable", "variadic",
    "varying", "verbose", "version", "view", "views", "virtual", "volatile", "week", "weeks", "when", "where",
    "whitespace", "window", "with", "within", "without", "work", "wrapper", "write", "xml", "xmlattributes",
    "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot",
    "xmlserialize", "xmltable", "year", "years", "yes", "zone",
];

#[cfg(test)]
mod tests {
    use super::DUCKDB_KEYWORDS;

    #[test]
    fn the_keywords_are_sorted() {
        assert!(DUCKDB_KEYWORDS.windows(2).all(|w| w[0] < w[1]));
    }
}
