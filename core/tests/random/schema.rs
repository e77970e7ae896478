//! The tables that random queries read: every type of DuckDB, values with NULLs, columns partly NOT NULL.

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::{CancelToken, Dialect, SmolStr};
use rocky_semantic::{Analysis, Input, RelationInput, RelationSchema, analyse, references};
use rocky_syntax::parser::Parsed;
use rocky_warehouse::{Column, Connection, OwnTypes, Type, Warehouse};
use std::sync::Arc;

/// Rows in each table.
const ROWS: u32 = 12;

const TABLES: &str = "
CREATE TABLE nums(id INTEGER NOT NULL, ti TINYINT, si SMALLINT, i INTEGER, bi BIGINT, hi HUGEINT, uti UTINYINT, usi USMALLINT,
  ui UINTEGER, ubi UBIGINT, uhi UHUGEINT, f FLOAT, d DOUBLE, d52 DECIMAL(5,2), d94 DECIMAL(9,4), d183 DECIMAL(18,3),
  d3810 DECIMAL(38,10), nn BIGINT NOT NULL, dn DECIMAL(10,2) NOT NULL);
CREATE TABLE texts(id INTEGER NOT NULL, v VARCHAR, vn VARCHAR NOT NULL, bl BLOB, bt BIT, b BOOLEAN, bn BOOLEAN NOT NULL, u UUID, j JSON,
  e ENUM('sad', 'ok', 'happy'), nums VARCHAR);
CREATE TABLE times(id INTEGER NOT NULL, dt DATE, dn DATE NOT NULL, tm TIME, tmz TIMETZ, ts TIMESTAMP, tss TIMESTAMP_S, tms TIMESTAMP_MS,
  tns TIMESTAMP_NS, tstz TIMESTAMPTZ, iv INTERVAL, tsn TIMESTAMP NOT NULL);
CREATE TABLE nest(id INTEGER NOT NULL, l INTEGER[], lv VARCHAR[], ar INTEGER[3], da DOUBLE[3], s STRUCT(a INTEGER, b VARCHAR),
  m MAP(VARCHAR, INTEGER), un UNION(num INTEGER, str VARCHAR), ls STRUCT(p INTEGER, q VARCHAR)[], ll INTEGER[][],
  sl STRUCT(x DOUBLE[], y STRUCT(z DATE, w JSON)), ln BIGINT[] NOT NULL, md MAP(INTEGER, DATE[]));
CREATE TABLE t(a INTEGER, b VARCHAR, c DOUBLE, d DATE, i BIGINT NOT NULL);
CREATE TABLE u(a BIGINT, b VARCHAR, e BIGINT, f VARCHAR NOT NULL, ok BOOLEAN);
CREATE TABLE w(id INTEGER NOT NULL, grp VARCHAR, amt DECIMAL(10,2), ts TIMESTAMP, ok BOOLEAN);
CREATE TABLE \"Odd Name\"(\"Mixed Case\" INTEGER, \"select\" VARCHAR, \"a.b\" DATE, \"x\"\"y\" DOUBLE NOT NULL);
";

/// A value of the type in row `i`, as SQL over the integer column `i`.
pub fn value(ty: &str) -> &'static str {
    match ty {
        "TINYINT" | "SMALLINT" | "INTEGER" => "i * 7 % 11 - 3",
        "BIGINT" | "HUGEINT" => "i * 13 % 23 - 5",
        "UTINYINT" | "USMALLINT" | "UINTEGER" | "UBIGINT" | "UHUGEINT" => "i * 5 % 9",
        "FLOAT" | "DOUBLE" => "(i * 3 % 7) * 1.5 - 2",
        "VARCHAR" => "['a', 'b', 'ab', 'x%', '2020-01-0' || (i % 9 + 1), '', '12', 'Sad', 'ok'][i % 9 + 1]",
        "BLOB" => "encode('b' || (i % 4))",
        "BIT" => "(i % 5)::INTEGER::BIT",
        "BOOLEAN" => "i % 3 = 1",
        "UUID" => "('00000000-0000-0000-0000-00000000000' || (i % 5))::UUID",
        "JSON" => "['{\"a\": 1, \"b\": [1, 2]}', '[1, null]', '\"s\"', '3', 'null'][i % 5 + 1]::JSON",
        "DATE" => "DATE '2020-01-30' + (i * 17 % 40)::INTEGER",
        "TIME" => "TIME '01:02:03' + INTERVAL (i * 3) MINUTE",
        "TIME WITH TIME ZONE" => "(TIME '01:02:03' + INTERVAL (i * 3) MINUTE)::TIMETZ",
        "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" | "TIMESTAMP WITH TIME ZONE" => {
            "TIMESTAMP '2020-02-27 10:00:00' + INTERVAL (i * 7) HOUR"
        }
        "INTERVAL" => "INTERVAL (i % 4) DAY + INTERVAL (i % 3) MONTH",
        "INTEGER[]" => "CASE i % 4 WHEN 0 THEN [] WHEN 1 THEN [i, NULL, 2] ELSE [3, i % 5] END",
        "BIGINT[]" => "CASE i % 3 WHEN 0 THEN [] WHEN 1 THEN [i, NULL] ELSE [3, i % 5] END",
        "VARCHAR[]" => "CASE i % 4 WHEN 0 THEN [] WHEN 1 THEN ['a', NULL] ELSE ['b', 'x' || i] END",
        "INTEGER[3]" | "DOUBLE[3]" => "[i, CASE WHEN i % 4 = 0 THEN NULL ELSE 1 END, 3]",
        "MAP(VARCHAR, INTEGER)" => "MAP {'a': i, 'b': CASE WHEN i % 2 = 0 THEN NULL ELSE 2 END}",
        "MAP(INTEGER, DATE[])" => "MAP {i: [DATE '2020-01-01', NULL]}",
        "STRUCT(a INTEGER, b VARCHAR)" => {
            "{'a': CASE WHEN i % 3 = 0 THEN NULL ELSE i END, 'b': 'x' || (i % 2)}"
        }
        "STRUCT(p INTEGER, q VARCHAR)[]" => {
            "CASE i % 3 WHEN 0 THEN [] ELSE [{'p': i, 'q': 'y'}, NULL, {'p': NULL, 'q': 'z'}] END"
        }
        "INTEGER[][]" => "[[i, 2], NULL, [], [NULL]]",
        "UNION(num INTEGER, str VARCHAR)" => {
            "CASE WHEN i % 2 = 0 THEN union_value(num := i)::UNION(num INTEGER, str VARCHAR) ELSE union_value(str := 'u') END"
        }
        ty if ty.starts_with("DECIMAL") => "(i * 9 % 13 - 4) * 1.25",
        ty if ty.starts_with("ENUM") => "['sad', 'ok', 'happy'][i % 3 + 1]",
        "VARIANT" => "i::VARIANT",
        _ => "{'x': [i, NULL], 'y': {'z': DATE '2020-01-01' + i::INTEGER, 'w': '{\"k\": 1}'}}",
    }
}

/// A table: its name as written in SQL, and its columns.
#[derive(Debug)]
pub struct Table {
    pub sql: String,
    pub name: String,
    pub columns: Arc<[Column]>,
}

/// The database and what the analysis is told of it.
pub struct World {
    pub db: DuckDb,
    pub tables: Vec<Table>,
    /// What CREATE TYPE made.
    pub types: OwnTypes,
    script: String,
    value: fn(&str) -> String,
}

/// A name as SQL.
pub fn quote(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !Dialect::DuckDb.is_reserved(name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

impl World {
    pub fn new() -> World {
        World::of(TABLES, |ty| value(ty).to_owned())
    }

    /// Tables of a script, filled with `value` of their columns' types.
    pub fn of(script: &str, value: fn(&str) -> String) -> World {
        let cancel = CancelToken::new();
        let db = DuckDb::open(None, &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        for statement in [
            "SET threads = 1",
            "SET TimeZone = 'UTC'",
            "SET memory_limit = '2GB'",
        ] {
            connection.execute(statement, &cancel).unwrap();
        }
        for statement in script.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            connection
                .execute(statement, &cancel)
                .unwrap_or_else(|e| panic!("{statement}: {e}"));
        }
        let mut tables: Vec<Table> = Vec::new();
        let rows = connection
            .query(
                "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal
                 ORDER BY table_oid, column_index",
                10_000,
                &cancel,
            )
            .unwrap();
        for row in rows.rows {
            let text: Vec<String> = row.iter().map(|v| v.to_text().unwrap()).collect();
            let column = Column {
                name: SmolStr::new(&text[1]),
                ty: Type::parse(Dialect::DuckDb, &text[2]).unwrap(),
                nullable: text[3] == "true",
            };
            match tables.last_mut() {
                Some(last) if last.name == text[0] => {
                    last.columns = last.columns.iter().cloned().chain([column]).collect();
                }
                _ => tables.push(Table {
                    sql: quote(&text[0]),
                    name: text[0].clone(),
                    columns: Arc::from([column]),
                }),
            }
        }
        for table in &tables {
            let cells: Vec<String> = table
                .columns
                .iter()
                .enumerate()
                .map(|(n, c)| {
                    let value = if c.name == "id" && c.ty.is_integer() {
                        "i".to_owned()
                    } else {
                        value(&c.ty.print(Dialect::DuckDb))
                    };
                    if c.nullable {
                        format!("CASE WHEN (i + {n}) % 4 = 0 THEN NULL ELSE {value} END")
                    } else {
                        value
                    }
                })
                .collect();
            let insert = format!(
                "INSERT INTO {} SELECT {} FROM range({ROWS}) r(i)",
                table.sql,
                cells.join(", ")
            );
            connection
                .execute(&insert, &cancel)
                .unwrap_or_else(|e| panic!("{insert}: {e}"));
        }
        let mut types = OwnTypes::default();
        let query = "SELECT type_name FROM duckdb_types() WHERE NOT internal";
        for row in connection.query(query, 1_000, &cancel).unwrap().rows {
            let name = row.first().unwrap().to_text().unwrap();
            let described = connection
                .describe(&format!("SELECT NULL::{} AS x", quote(&name)), &cancel)
                .unwrap();
            types.insert(&name, described[0].ty.clone());
        }
        drop(connection);
        World {
            db,
            tables,
            types,
            script: script.to_owned(),
            value,
        }
    }

    /// The same once more: an internal error of DuckDB's leaves a database that refuses everything.
    pub fn again(&self) -> World {
        World::of(&self.script, self.value)
    }

    pub fn connect(&self) -> Box<dyn Connection> {
        self.db.connect().unwrap()
    }

    /// Analyse a parsed text. The relation's number is the table's.
    pub fn analyse(&self, text: &str, parsed: &Parsed) -> Analysis {
        let relations: Vec<RelationInput> = references(&parsed.ast, Dialect::DuckDb)
            .iter()
            .map(|found| {
                let name = found.path.last().map_or("", |n| n.ident.text.as_str());
                let at = self.tables.iter().position(|t| t.name.eq_ignore_ascii_case(name));
                let schema = match at.and_then(|i| self.tables.get(i)) {
                    Some(table) => RelationSchema::Known(Arc::clone(&table.columns)),
                    None => {
                        RelationSchema::Absent(self.tables.iter().map(|t| SmolStr::new(&t.name)).collect())
                    }
                };
                RelationInput {
                    from: found.from,
                    relation: at.unwrap_or(self.tables.len()) as u32,
                    schema,
                    display: name.into(),
                    qualifiers: vec!["memory".into(), "main".into(), name.to_lowercase().into()],
                }
            })
            .collect();
        analyse(&Input {
            ast: &parsed.ast,
            text,
            dialect: Dialect::DuckDb,
            relations: &relations,
            types: &self.types,
            cancel: None,
        })
    }
}
