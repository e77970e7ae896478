//! Functions of the engines as data. One text file per dialect, sorted by name and compiled in; nothing is parsed before a
//! name is asked for, and then only its own lines, once.
//!
//! DuckDB's file is generated from the engine itself by `core/tests/functions/catalogue.rs`, which also states its format
//! and holds it to the linked engine; it is complete. The others are written
//! by hand (`databricks.tsv` …) and are not: a name that they lack is unknown, not wrong.

mod param;

pub(crate) use param::{Overload, Param};

use crate::typing::FunctionKind;
use rocky_base::{Dialect, SmolStr, suggest};
use rocky_warehouse::Type;
use std::sync::OnceLock;

static DUCKDB: &str = include_str!("duckdb.tsv");
static DUCKDB_EXTENSIONS: &str = include_str!("duckdb_extensions.txt");
static DATABRICKS: &str = include_str!("databricks.tsv");
static SNOWFLAKE: &str = include_str!("snowflake.tsv");
static BIGQUERY: &str = include_str!("bigquery.tsv");

/// A macro: parameter names and the definition as a prefix expression.
#[derive(Debug)]
pub(crate) struct Macro {
    pub(crate) params: Vec<&'static str>,
    pub(crate) body: &'static str,
}

/// What the catalogue has under one name.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) scalar: Vec<Overload>,
    pub(crate) aggregate: Vec<Overload>,
    pub(crate) window: Vec<Overload>,
    pub(crate) macros: Vec<Macro>,
    /// Not the same each time: nothing is folded.
    pub(crate) volatile: bool,
    /// A table function or table macro.
    pub(crate) table: bool,
    /// What a table function takes; empty for a table macro.
    pub(crate) rows: Vec<Overload>,
    /// Its named arguments; the parameters of a table macro.
    pub(crate) options: Vec<&'static str>,
    /// Its columns, where they do not depend on the arguments.
    pub(crate) columns: Option<Type>,
    /// The rule of a hand-written catalogue.
    pub(crate) rule: Option<Rule>,
}

/// A line of a hand-written catalogue: the result in terms of the arguments (`$1`, `$max`, `$sum` … or a type), and when
/// it is NULL: `N` never, `A` when an argument is.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) kind: u8,
    pub(crate) nulls: u8,
    pub(crate) result: &'static str,
}

struct Line {
    name: &'static str,
    kind: u8,
    flags: u8,
    body: &'static str,
}

struct Catalogue {
    dialect: Dialect,
    lines: Vec<Line>,
    /// Parsed entries, by the index of the name's first line.
    entries: Vec<OnceLock<Entry>>,
}

impl Catalogue {
    fn new(dialect: Dialect, text: &'static str) -> Catalogue {
        let mut lines = Vec::with_capacity(1024);
        for line in text.lines() {
            let mut parts = line.splitn(4, '\t');
            let (Some(name), Some(kind), Some(flags), Some(body)) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let first = |s: &str| s.bytes().next().unwrap_or(b'-');
            lines.push(Line {
                name,
                kind: first(kind),
                flags: first(flags),
                body,
            });
        }
        let entries = lines.iter().map(|_| OnceLock::new()).collect();
        Catalogue {
            dialect,
            lines,
            entries,
        }
    }

    fn first_line(&self, name: &str) -> Option<usize> {
        let at = self.lines.partition_point(|l| l.name < name);
        self.lines.get(at).filter(|l| l.name == name).map(|_| at)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        let at = self.first_line(name)?;
        Some(self.entries.get(at)?.get_or_init(|| self.parse(at)))
    }

    fn body(&self, line: &Line) -> &'static str {
        match line.body.strip_prefix('=') {
            Some(other) => {
                let at = self.first_line(other).unwrap_or(0);
                let same = self
                    .lines
                    .iter()
                    .skip(at)
                    .take_while(|l| l.name == other)
                    .find(|l| l.kind == line.kind);
                same.map_or("", |l| l.body)
            }
            None => line.body,
        }
    }

    fn parse(&self, at: usize) -> Entry {
        let mut entry = Entry::default();
        let Some(name) = self.lines.get(at).map(|l| l.name) else {
            return entry;
        };
        for line in self.lines.iter().skip(at).take_while(|l| l.name == name) {
            if self.dialect != Dialect::DuckDb {
                // The overload only says what kind it is.
                let any = || Overload::parse("*ANY>ANY").into_iter().collect();
                match line.kind {
                    b'a' => entry.aggregate = any(),
                    b'w' => entry.window = any(),
                    b't' => entry.table = true,
                    _ => entry.scalar = any(),
                }
                entry.rule = Some(Rule {
                    kind: line.kind,
                    nulls: line.flags,
                    result: line.body,
                });
                continue;
            }
            let body = self.body(line);
            let overloads = || body.split(';').filter_map(Overload::parse).collect();
            match line.kind {
                b's' => {
                    entry.scalar = overloads();
                    entry.volatile = line.flags == b'V';
                }
                b'a' => entry.aggregate = overloads(),
                b'w' => entry.window = overloads(),
                b'm' => {
                    entry.macros = body
                        .split(';')
                        .filter_map(|m| {
                            let (params, body) = m.split_once(':')?;
                            Some(Macro {
                                params: params.split(',').filter(|p| !p.is_empty()).collect(),
                                body,
                            })
                        })
                        .collect();
                }
                kind => {
                    entry.table = true;
                    let mut parts = body.split('|');
                    let mut part = || parts.next().unwrap_or("");
                    let (forms, columns, options) = (part(), part(), part());
                    entry.columns = Type::parse(Dialect::DuckDb, columns);
                    let names = |list: &'static str| list.split(',').filter(|n| !n.is_empty());
                    if kind == b'p' {
                        entry.options = names(forms).collect();
                    } else {
                        entry.rows = forms.split(';').filter_map(Overload::parse_parameters).collect();
                        entry.options = names(options).map(|o| o.split(' ').next().unwrap_or(o)).collect();
                    }
                }
            }
        }
        entry
    }
}

fn catalogue(dialect: Dialect) -> &'static Catalogue {
    static CATALOGUES: [OnceLock<Catalogue>; 4] = [const { OnceLock::new() }; 4];
    let [duckdb, databricks, snowflake, bigquery] = &CATALOGUES;
    match dialect {
        Dialect::DuckDb => duckdb.get_or_init(|| Catalogue::new(Dialect::DuckDb, DUCKDB)),
        Dialect::Databricks => databricks.get_or_init(|| Catalogue::new(Dialect::Databricks, DATABRICKS)),
        Dialect::Snowflake => snowflake.get_or_init(|| Catalogue::new(Dialect::Snowflake, SNOWFLAKE)),
        Dialect::BigQuery => bigquery.get_or_init(|| Catalogue::new(Dialect::BigQuery, BIGQUERY)),
    }
}

/// The entry of a lower-case name.
pub(crate) fn lookup(dialect: Dialect, name: &str) -> Option<&'static Entry> {
    catalogue(dialect).entry(name)
}

/// A function of a DuckDB extension that is not part of the engine: its kind. Its types are not known.
pub(crate) fn extension(name: &str) -> Option<FunctionKind> {
    static NAMES: OnceLock<Vec<(&'static str, FunctionKind)>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let mut names = Vec::new();
        for line in DUCKDB_EXTENSIONS.lines() {
            let mut words = line.split_whitespace();
            let kind = match words.next() {
                Some("scalar") => FunctionKind::Scalar,
                Some("aggregate") => FunctionKind::Aggregate,
                Some("table") => FunctionKind::Table,
                _ => continue,
            };
            // The second word names the extension, for people.
            names.extend(words.skip(1).map(|w| (w, kind)));
        }
        names.sort_unstable_by_key(|(n, _)| *n);
        names
    });
    if let Ok(at) = names.binary_search_by_key(&name, |(n, _)| *n) {
        return names.get(at).map(|(_, k)| *k);
    }
    // Spatial and H3 have several hundred, all with one prefix.
    let prefixed = name.strip_prefix("st_").or_else(|| name.strip_prefix("h3_"));
    prefixed
        .filter(|rest| !rest.is_empty())
        .map(|_| FunctionKind::Scalar)
}

/// DuckDB's table functions that read files: each call is a source of its own. Sorted.
#[rustfmt::skip]
static FILE_READERS: &[&str] = &[
    "glob", "parquet_bloom_probe", "parquet_file_metadata", "parquet_full_metadata", "parquet_kv_metadata",
    "parquet_metadata", "parquet_scan", "parquet_schema", "read_blob", "read_csv", "read_csv_auto", "read_duckdb", "read_json",
    "read_json_auto", "read_json_objects", "read_json_objects_auto", "read_ndjson", "read_ndjson_auto",
    "read_ndjson_objects", "read_parquet", "read_text", "sniff_csv",
];

/// Whether DuckDB's table function of this lower-case name reads files.
pub(crate) fn reads_files(name: &str) -> bool {
    FILE_READERS.binary_search(&name).is_ok()
}

/// The name of a table function of DuckDB nearest to `name`.
pub(crate) fn nearest_table(name: &str) -> Option<SmolStr> {
    let lines = &catalogue(Dialect::DuckDb).lines;
    let names = lines
        .iter()
        .filter(|l| matches!(l.kind, b't' | b'p'))
        .map(|l| l.name);
    suggest::nearest(name, names).map(SmolStr::new)
}

/// The known name nearest to `name`.
pub(crate) fn nearest(dialect: Dialect, name: &str) -> Option<SmolStr> {
    let mut names: Vec<&str> = catalogue(dialect)
        .lines
        .iter()
        .map(|l| l.name)
        .filter(|n| n.starts_with(|c: char| c.is_ascii_alphabetic()) && !n.starts_with("icu_collate"))
        .collect();
    names.dedup();
    suggest::nearest(name, names).map(SmolStr::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_read() {
        for dialect in Dialect::ALL {
            let all = catalogue(dialect);
            assert!(all.lines.len() > 200);
            assert!(
                all.lines
                    .windows(2)
                    .all(|w| (w[0].name, w[0].kind) < (w[1].name, w[1].kind)),
                "{dialect}"
            );
            for line in &all.lines {
                let entry = lookup(dialect, line.name).unwrap();
                let found = match line.kind {
                    b's' => !entry.scalar.is_empty(),
                    b'a' => !entry.aggregate.is_empty(),
                    b'w' => !entry.window.is_empty(),
                    b'm' => !entry.macros.is_empty(),
                    b't' | b'p' => entry.table,
                    _ => false,
                };
                assert!(found, "{dialect} {}", line.name);
                let overloads = entry.scalar.iter().chain(&entry.aggregate).chain(&entry.window);
                let written = all.body(line);
                if dialect == Dialect::DuckDb && matches!(line.kind, b's' | b'a' | b'w') {
                    assert!(overloads.count() >= written.split(';').count(), "{}", line.name);
                }
            }
        }
    }

    #[test]
    fn results_of_the_written_tables_are_types_or_known_rules() {
        let rules = [
            "?",
            "$1",
            "$2",
            "$max",
            "$sum",
            "$avg",
            "$list",
            "$element",
            "$temporal",
            "$round",
            "$text",
            "$float",
        ];
        for dialect in [Dialect::Databricks, Dialect::Snowflake, Dialect::BigQuery] {
            for line in &catalogue(dialect).lines {
                let known = rules.contains(&line.body) || Type::parse(Dialect::DuckDb, line.body).is_some();
                assert!(known, "{dialect} {}: {}", line.name, line.body);
            }
        }
    }

    #[test]
    fn extensions_are_known_by_name() {
        assert_eq!(extension("st_read_meta"), Some(FunctionKind::Scalar));
        assert_eq!(extension("iceberg_scan"), Some(FunctionKind::Table));
        assert_eq!(extension("st_"), None);
        assert_eq!(extension("nope"), None);
    }
}
