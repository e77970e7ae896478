//! Queries as people write them (`corpus/*.sql`, `corpus/tpcds`) under the oracles of random queries: types, NULLs and lineage over
//! tables with rows.
//!
//! `ROCKY_CASES` names a file with more of them: `-- case: x`, statements that make tables, `-- query`, a query.

use super::schema;
use rocky_base::Dialect;
use rocky_warehouse::Type;

/// A value of any type in row `i`, as SQL over the integer column `i`.
pub fn value(ty: &str) -> String {
    let Some(parsed) = Type::parse(Dialect::DuckDb, ty) else {
        return format!("NULL::{ty}");
    };
    nested(&parsed)
}

fn nested(ty: &Type) -> String {
    match ty {
        // The same small numbers in every column of numbers, so that joins find partners.
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::Int128 => "i * 5 % 12".into(),
        Type::Decimal { precision, scale } if precision - scale < 2 => "i % 9 / 10".into(),
        Type::List(element) => format!("[{}, NULL]", nested(element)),
        Type::Array(element, n) => format!(
            "[{}]",
            vec![nested(element); usize::try_from(*n).unwrap()].join(", ")
        ),
        Type::Map(kv) => format!("MAP {{{}: {}}}", nested(&kv.0), nested(&kv.1)),
        // Exchanging rows needs no values in what cannot be spelled.
        Type::Union(_) | Type::Other(_) | Type::Geometry => "NULL".into(),
        Type::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|f| format!("'{}': {}", f.name.replace('\'', "''"), nested(&f.ty)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Type::Enum(values) => {
            let values: Vec<String> = values.iter().map(|v| format!("'{v}'")).collect();
            format!("[{}][i % {} + 1]", values.join(", "), values.len())
        }
        other => schema::value(&other.print(Dialect::DuckDb)).to_owned(),
    }
}

/// A query and the script of its tables.
pub struct Case {
    pub name: String,
    pub schema: String,
    pub query: String,
}

/// The cases of a file.
pub fn cases(text: &str) -> Vec<Case> {
    text.split("-- case: ")
        .skip(1)
        .map(|part| {
            let (name, rest) = part.split_once('\n').unwrap();
            let (schema, query) = rest.split_once("-- query\n").unwrap();
            Case {
                name: name.trim().to_owned(),
                schema: schema.to_owned(),
                query: query.trim().trim_end_matches(';').to_owned(),
            }
        })
        .collect()
}

/// The queries of a folder of the corpus, name and text, and its schema.
pub fn queries(folder: &str) -> (String, Vec<(String, String)>) {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "sql") && !p.ends_with("schema.sql"))
        .collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let area = file.file_stem().unwrap().to_str().unwrap();
        for part in text.split("-- name: ").skip(1) {
            let (name, query) = part.split_once('\n').unwrap();
            let query = query.trim().trim_end_matches(';').to_owned();
            all.push((format!("{area}__{}", name.trim()), query));
        }
    }
    (schema, all)
}
