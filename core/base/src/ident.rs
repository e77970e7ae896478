//! Identifiers: compared and printed only through the dialect. This is the one place that quotes names and strings.

use crate::dialect::Dialect;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, StrExt};

/// An identifier as written: its text without quotes, and whether it stood in quotes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Ident {
    /// Text with the quotes taken off and doubled quotes undone.
    pub text: SmolStr,
    /// Written in quotes.
    pub quoted: bool,
}

/// What an identifier names; BigQuery folds columns and nothing else.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum IdentKind {
    /// Catalog, schema, table, view, CTE, alias of a relation.
    Relation,
    /// Column, struct field, alias of a column.
    Column,
}

impl Ident {
    /// An unquoted identifier.
    pub fn bare(text: impl Into<SmolStr>) -> Ident {
        Ident {
            text: text.into(),
            quoted: false,
        }
    }

    /// A quoted identifier.
    pub fn quoted(text: impl Into<SmolStr>) -> Ident {
        Ident {
            text: text.into(),
            quoted: true,
        }
    }

    /// A name from TOML: unquoted when it is regular and not reserved, else exact.
    pub fn from_config(dialect: Dialect, text: &str) -> Ident {
        let quoted = !dialect.is_regular(text) || dialect.is_reserved(text);
        Ident {
            text: SmolStr::new(text),
            quoted,
        }
    }

    /// The key under which two spellings of one name are equal.
    pub fn key(&self, dialect: Dialect, kind: IdentKind) -> SmolStr {
        // Most names are written as they are folded: a long one is shared.
        if dialect == Dialect::DuckDb && !has_upper(&self.text) {
            return self.text.clone();
        }
        dialect.fold(&self.text, self.quoted, kind)
    }

    /// The name that an object made under this identifier gets: Snowflake folds unquoted names to upper case, the others
    /// keep the spelling.
    pub fn stored(&self, dialect: Dialect) -> SmolStr {
        match dialect {
            Dialect::Snowflake if !self.quoted => self.text.to_uppercase_smolstr(),
            _ => self.text.clone(),
        }
    }

    /// As SQL: bare when regular and not reserved, else quoted and escaped.
    pub fn print(&self, dialect: Dialect) -> String {
        dialect.print_ident(self)
    }

    /// Two spellings of one name: their keys are equal.
    pub fn is_same(&self, other: &Ident, dialect: Dialect, kind: IdentKind) -> bool {
        match dialect {
            Dialect::DuckDb => self.text.eq_ignore_ascii_case(&other.text),
            Dialect::Databricks | Dialect::Snowflake | Dialect::BigQuery => {
                self.key(dialect, kind) == other.key(dialect, kind)
            }
        }
    }
}

impl std::fmt::Display for Ident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Dialect {
    /// The comparison key of a name.
    pub fn fold(self, text: &str, quoted: bool, kind: IdentKind) -> SmolStr {
        match (self, kind) {
            // DuckDB folds ASCII letters and nothing else: "É" and "é" are two tables.
            (Dialect::DuckDb, _) if !has_upper(text) => SmolStr::new(text),
            (Dialect::DuckDb, _) => text.to_ascii_lowercase_smolstr(),
            (Dialect::Databricks, _) | (Dialect::BigQuery, IdentKind::Column) => text.to_lowercase_smolstr(),
            (Dialect::Snowflake, _) if !quoted => text.to_uppercase_smolstr(),
            (Dialect::Snowflake | Dialect::BigQuery, _) => SmolStr::new(text),
        }
    }

    /// True for a name that may stand without quotes if it is not reserved: a letter or underscore, then letters,
    /// digits, underscores (and `$` on Snowflake).
    pub fn is_regular(self, text: &str) -> bool {
        // ASCII only: what the engines accept beyond it differs, and a quoted name is always right. Upper-case letters
        // are regular everywhere; Snowflake's quoted mixed case is kept exact by `Ident::quoted`.
        let (first, rest) = match text.as_bytes().split_first() {
            Some((first, rest)) => (*first, rest),
            None => return false,
        };
        let goes_on =
            |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || (*b == b'$' && self == Dialect::Snowflake);
        (first.is_ascii_alphabetic() || first == b'_') && rest.iter().all(goes_on)
    }

    /// True for a word that cannot stand bare as a name everywhere.
    pub fn is_reserved(self, word: &str) -> bool {
        // Most names are longer or have a digit; no reserved word does.
        if word.len() > LONGEST_RESERVED || word.bytes().any(|b| b.is_ascii_digit()) {
            return false;
        }
        let lower = word.to_lowercase_smolstr();
        let extra: &[&str] = match self {
            Dialect::DuckDb => DUCKDB_RESERVED,
            Dialect::Databricks => DATABRICKS_RESERVED,
            Dialect::Snowflake => SNOWFLAKE_RESERVED,
            Dialect::BigQuery => BIGQUERY_RESERVED,
        };
        extra.binary_search(&lower.as_str()).is_ok()
    }

    /// The quote character of identifiers.
    pub fn ident_quote(self) -> char {
        match self {
            Dialect::DuckDb | Dialect::Snowflake => '"',
            Dialect::Databricks | Dialect::BigQuery => '`',
        }
    }

    /// `text` in identifier quotes, escaped.
    pub fn quote_ident(self, text: &str) -> String {
        match self {
            Dialect::DuckDb | Dialect::Snowflake => format!("\"{}\"", text.replace('"', "\"\"")),
            Dialect::Databricks => format!("`{}`", text.replace('`', "``")),
            Dialect::BigQuery => format!("`{}`", text.replace('\\', "\\\\").replace('`', "\\`")),
        }
    }

    /// An identifier as SQL.
    pub fn print_ident(self, ident: &Ident) -> String {
        let mut out = String::with_capacity(ident.text.len() + 2);
        self.write_ident(ident, &mut out);
        out
    }

    /// An identifier as SQL, at the end of a text.
    pub fn write_ident(self, ident: &Ident, out: &mut String) {
        let bare = self.is_regular(&ident.text) && !self.is_reserved(&ident.text);
        match self {
            // A quoted name that differs from its folded form means another object when it loses its quotes.
            Dialect::Snowflake if ident.quoted => {
                if bare && ident.text == ident.text.to_uppercase_smolstr() {
                    out.push_str(&ident.text);
                } else {
                    out.push_str(&self.quote_ident(&ident.text));
                }
            }
            Dialect::Snowflake if !bare => {
                out.push_str(&self.quote_ident(&ident.text.to_uppercase_smolstr()))
            }
            _ if bare => out.push_str(&ident.text),
            _ => out.push_str(&self.quote_ident(&ident.text)),
        }
    }

    /// A string literal.
    pub fn string_literal(self, text: &str) -> String {
        match self {
            Dialect::DuckDb => format!("'{}'", text.replace('\'', "''")),
            // Backslash escapes inside ordinary strings.
            Dialect::Snowflake => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
            Dialect::Databricks | Dialect::BigQuery => {
                format!(
                    "'{}'",
                    text.replace('\\', "\\\\")
                        .replace('\'', "\\'")
                        .replace('\n', "\\n")
                        .replace('\r', "\\r")
                )
            }
        }
    }
}

fn has_upper(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_uppercase())
}

/// Bytes of the longest reserved word of all dialects.
const LONGEST_RESERVED: usize = 20;

// Sorted. DuckDB: categories `reserved`, `type_function` and `column_name` of `duckdb_keywords()` in 1.5.5.
#[rustfmt::skip]
static DUCKDB_RESERVED: &[&str] = &[
    "all", "analyse", "analyze", "and", "anti", "any", "array", "as", "asc", "asof", "asymmetric", "at",
    "authorization", "between", "bigint", "binary", "bit", "boolean", "both", "by", "case", "cast", "char",
    "character", "check", "coalesce", "collate", "collation", "column", "columns", "concurrently",
    "constraint", "create", "cross", "dec", "decimal", "default", "deferrable", "desc", "describe",
    "distinct", "do", "else", "end", "except", "exists", "extract", "false", "fetch", "float", "for",
    "foreign", "freeze", "from", "full", "generated", "glob", "group", "grouping", "grouping_id", "having",
    "ilike", "in", "initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is",
    "isnull", "join", "lambda", "lateral", "leading", "left", "like", "limit", "map", "national", "natural",
    "nchar", "none", "not", "notnull", "null", "nullif", "numeric", "offset", "on", "only", "or", "order",
    "out", "outer", "overlaps", "overlay", "pivot", "pivot_longer", "pivot_wider", "placing", "position",
    "positional", "precision", "primary", "qualify", "real", "references", "returning", "right", "row",
    "select", "semi", "setof", "show", "similar", "smallint", "some", "struct", "substring", "summarize",
    "symmetric", "table", "tablesample", "then", "time", "timestamp", "to", "trailing", "treat", "trim",
    "true", "try_cast", "union", "unique", "unpack", "unpivot", "using", "values", "varchar", "variadic",
    "verbose", "when", "where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists",
    "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
];

// Sorted. Keywords that Databricks reserves in some position (ANSI mode) and those that cannot be table aliases.
#[rustfmt::skip]
static DATABRICKS_RESERVED: &[&str] = &[
    "all", "alter", "and", "anti", "any", "as", "asc", "authorization", "between", "both", "by", "case",
    "cast", "check", "collate", "column", "commit", "constraint", "create", "cross", "cube", "current",
    "current_date", "current_time", "current_timestamp", "current_user", "delete", "desc", "describe",
    "distinct", "drop", "else", "end", "escape", "except", "exists", "external", "extract", "false",
    "fetch", "filter", "for", "foreign", "from", "full", "function", "global", "grant", "group", "grouping",
    "having", "in", "inner", "insert", "intersect", "interval", "into", "is", "join", "lateral", "leading",
    "left", "like", "local", "minus", "natural", "no", "not", "null", "of", "on", "only", "or", "order",
    "out", "outer", "overlaps", "partition", "position", "primary", "range", "references", "revoke",
    "right", "rollback", "rollup", "row", "rows", "select", "semi", "session_user", "set", "some", "start",
    "table", "tablesample", "then", "time", "to", "trailing", "true", "truncate", "union", "unique",
    "unknown", "unpivot", "update", "user", "using", "values", "when", "where", "window", "with",
];

// Sorted. Snowflake's documented reserved keywords, plus those it rejects as column names or in expressions.
#[rustfmt::skip]
static SNOWFLAKE_RESERVED: &[&str] = &[
    "account", "all", "alter", "and", "any", "as", "asc", "between", "by", "case", "cast", "check",
    "column", "connect", "connection", "constraint", "create", "cross", "current", "current_date",
    "current_time", "current_timestamp", "current_user", "database", "delete", "desc", "distinct", "drop",
    "else", "end", "except", "exists", "false", "following", "for", "from", "full", "grant", "group",
    "gscluster", "having", "ilike", "in", "increment", "inner", "insert", "intersect", "into", "is",
    "issue", "join", "lateral", "left", "like", "limit", "localtime", "localtimestamp", "minus", "natural",
    "not", "null", "of", "on", "or", "order", "organization", "qualify", "regexp", "revoke", "right",
    "rlike", "row", "rows", "sample", "schema", "select", "set", "some", "start", "table", "tablesample",
    "then", "to", "trigger", "true", "try_cast", "union", "unique", "update", "using", "values", "view",
    "when", "whenever", "where", "window", "with",
];

// Sorted. GoogleSQL's reserved keywords.
#[rustfmt::skip]
static BIGQUERY_RESERVED: &[&str] = &[
    "all", "and", "any", "array", "as", "asc", "assert_rows_modified", "at", "between", "by", "case",
    "cast", "collate", "contains", "create", "cross", "cube", "current", "default", "define", "desc",
    "distinct", "else", "end", "enum", "escape", "except", "exclude", "exists", "extract", "false", "fetch",
    "following", "for", "from", "full", "group", "grouping", "groups", "hash", "having", "if", "ignore",
    "in", "inner", "intersect", "interval", "into", "is", "join", "lateral", "left", "like", "limit",
    "lookup", "merge", "natural", "new", "no", "not", "null", "nulls", "of", "on", "or", "order", "outer",
    "over", "partition", "preceding", "proto", "qualify", "range", "recursive", "respect", "right",
    "rollup", "rows", "select", "set", "some", "struct", "tablesample", "then", "to", "treat", "true",
    "unbounded", "union", "unnest", "using", "when", "where", "window", "with", "within",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserved_tables_are_sorted() {
        for table in [
            DUCKDB_RESERVED,
            DATABRICKS_RESERVED,
            SNOWFLAKE_RESERVED,
            BIGQUERY_RESERVED,
        ] {
            assert!(table.windows(2).all(|w| w[0] < w[1]), "{table:?}");
            // What `is_reserved` takes for granted.
            let plain = |w: &&str| w.len() <= LONGEST_RESERVED && !w.bytes().any(|b| b.is_ascii_digit());
            assert!(table.iter().all(plain), "{table:?}");
        }
    }

    #[test]
    fn names_are_printed_bare_only_when_that_means_the_same_object() {
        let print = |d: Dialect, i: Ident| d.print_ident(&i);
        assert_eq!(print(Dialect::DuckDb, Ident::quoted("orders")), "orders");
        assert_eq!(print(Dialect::DuckDb, Ident::bare("select")), "\"select\"");
        assert_eq!(print(Dialect::DuckDb, Ident::bare("a\"b")), "\"a\"\"b\"");
        assert_eq!(print(Dialect::Snowflake, Ident::bare("orders")), "orders");
        assert_eq!(print(Dialect::Snowflake, Ident::bare("select")), "\"SELECT\"");
        assert_eq!(print(Dialect::Snowflake, Ident::quoted("orders")), "\"orders\"");
        assert_eq!(
            print(Dialect::BigQuery, Ident::bare("my-project")),
            "`my-project`"
        );
    }

    #[test]
    fn two_names_are_the_same_when_their_keys_are() {
        let names = [
            "ab",
            "Ab",
            "AB",
            "É",
            "é",
            "a_rather_long_name_of_a_table",
            "A_rather_long_name_of_a_table",
        ];
        let idents = names.iter().flat_map(|n| [Ident::bare(*n), Ident::quoted(*n)]);
        let idents: Vec<Ident> = idents.collect();
        for d in [
            Dialect::DuckDb,
            Dialect::Databricks,
            Dialect::Snowflake,
            Dialect::BigQuery,
        ] {
            for kind in [IdentKind::Relation, IdentKind::Column] {
                for a in &idents {
                    assert_eq!(a.key(d, kind), d.fold(&a.text, a.quoted, kind));
                    for b in &idents {
                        assert_eq!(
                            a.is_same(b, d, kind),
                            a.key(d, kind) == b.key(d, kind),
                            "{d} {a:?} {b:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn folding_follows_the_engine() {
        let key = |d: Dialect, i: Ident, k| i.key(d, k);
        assert_eq!(
            key(Dialect::DuckDb, Ident::quoted("Ab"), IdentKind::Relation),
            "ab"
        );
        assert_eq!(
            key(Dialect::Snowflake, Ident::bare("Ab"), IdentKind::Column),
            "AB"
        );
        assert_eq!(
            key(Dialect::Snowflake, Ident::quoted("Ab"), IdentKind::Column),
            "Ab"
        );
        assert_eq!(
            key(Dialect::BigQuery, Ident::bare("Ab"), IdentKind::Relation),
            "Ab"
        );
        assert_eq!(key(Dialect::BigQuery, Ident::bare("Ab"), IdentKind::Column), "ab");
    }
}
