//! The committed catalogue of functions is what the linked engine has. One line per name and kind, sorted by name:
//! name TAB kind TAB flags TAB body.
//!
//! kind   s scalar, a aggregate, w only with OVER, m macro, t table function, p table macro, o setting (`=name`)
//! flags  V volatile, W constant within a query, - neither
//! body   s, a, w   overloads separated by ';': parameter,parameter,*variadic>result
//!        m         parameters:definition separated by ';', the definition as a prefix expression
//!        t, p      overloads separated by ';', then '|' and the columns as a STRUCT, where they do not depend on the
//!                  arguments, then '|' and the named arguments with their types, separated by ','
//!        o         its type
//!        =name     the same body as that name (of the same kind)

use super::{Engine, WINDOW};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Table functions that need arguments, but whose columns do not depend on them. `{}` is a file that is there.
const CALLS: &[(&str, &str)] = &[
    ("check_peg_parser", "'SELECT 1'"),
    ("glob", "'x'"),
    ("json_each", "'{}'"),
    ("json_tree", "'{}'"),
    ("parquet_bloom_probe", "FILE, 'a', 1"),
    ("parquet_file_metadata", "FILE"),
    ("parquet_full_metadata", "FILE"),
    ("parquet_kv_metadata", "FILE"),
    ("parquet_metadata", "FILE"),
    ("parquet_schema", "FILE"),
    ("pragma_show", "'t'"),
    ("pragma_storage_info", "'t'"),
    ("pragma_table_info", "'t'"),
    ("read_blob", "FILE"),
    ("read_text", "FILE"),
    ("sniff_csv", "FILE"),
    ("sql_auto_complete", "'SEL'"),
    ("which_secret", "'x', 'y'"),
];
/// Their columns depend on the arguments, or they have none.
const OPEN: &[&str] = &[
    "repeat_row",
    "seq_scan",
    "unnest",
    "query",
    "query_table",
    "summary",
    "test_vector_types",
];
/// What the host of Python registers.
const HOSTED: &[&str] = &["pandas_scan", "python_map_function"];

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("semantic/src/catalogue/duckdb.tsv")
}

pub fn check(engine: &mut Engine) {
    let written = generate(engine);
    if std::env::var_os("ROCKY_UPDATE").is_some() {
        std::fs::write(path(), written).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(path()).unwrap();
    let differs = committed.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(
        committed == written,
        "the catalogue is not the linked engine's: ROCKY_UPDATE=1 cargo test -p rocky-core --test functions catalogue\n{differs:#?}"
    );
}

fn generate(engine: &mut Engine) -> String {
    let file = tempfile_parquet(engine);
    let rows = engine.rows(
        "SELECT lower(function_name), function_type, to_json(parameter_types)::VARCHAR, varargs, return_type, \
         to_json(parameters)::VARCHAR, macro_definition, stability \
         FROM duckdb_functions() WHERE function_type <> 'pragma' \
         ORDER BY lower(function_name), function_type, parameter_types, varargs, return_type, parameters, macro_definition",
    );
    let mut lines: BTreeMap<(String, char), Vec<String>> = BTreeMap::new();
    let mut flags: HashMap<(String, char), char> = HashMap::new();
    let mut named: HashMap<String, BTreeMap<String, String>> = HashMap::new();
    for row in rows {
        let cell = |i: usize| row[i].clone().unwrap_or_default();
        let name = cell(0);
        if name.starts_with("__internal") || !name.is_ascii() || HOSTED.contains(&name.as_str()) {
            continue;
        }
        let list = |i: usize| -> Vec<String> {
            let values: Vec<Option<String>> = serde_json::from_str(&cell(i)).unwrap_or_default();
            values.into_iter().map(Option::unwrap_or_default).collect()
        };
        let (types, params, varargs) = (list(2), list(5), cell(3));
        let (code, item) = match cell(1).as_str() {
            kind @ ("scalar" | "aggregate") => {
                let code = match kind {
                    "scalar" => 's',
                    _ if WINDOW.contains(&name.as_str()) => 'w',
                    _ => 'a',
                };
                let mut parts = types;
                parts.extend((!varargs.is_empty()).then(|| format!("*{varargs}")));
                let result = row[4]
                    .clone()
                    .filter(|r| !r.is_empty())
                    .unwrap_or_else(|| "?".to_owned());
                (code, format!("{}>{result}", parts.join(",")))
            }
            "macro" => {
                let lower: Vec<String> = params.iter().map(|p| p.to_lowercase()).collect();
                let body = macro_body(engine, &name, &lower, &cell(6));
                ('m', format!("{}:{body}", lower.join(",")))
            }
            kind => {
                let positional = |p: &str| p.strip_prefix("col").is_some_and(|n| n.parse::<u32>().is_ok());
                let mut parts = Vec::new();
                for (param, ty) in params.iter().zip(&types) {
                    if kind != "table" {
                        continue;
                    }
                    if positional(param) {
                        parts.push(ty.clone());
                    } else {
                        named
                            .entry(name.clone())
                            .or_default()
                            .insert(param.to_lowercase(), ty.clone());
                    }
                }
                parts.extend((kind == "table" && !varargs.is_empty()).then(|| format!("*{varargs}")));
                let item = match kind {
                    "table" => parts.join(","),
                    _ => params
                        .iter()
                        .map(|p| p.to_lowercase())
                        .collect::<Vec<_>>()
                        .join(","),
                };
                (if kind == "table" { 't' } else { 'p' }, item)
            }
        };
        let items = lines.entry((name.clone(), code)).or_default();
        if !items.contains(&item) {
            items.push(item);
        }
        let flag = match cell(7).as_str() {
            "VOLATILE" => 'V',
            "CONSISTENT_WITHIN_QUERY" => 'W',
            _ => '-',
        };
        flags.insert((name, code), flag);
    }
    for row in engine.rows("SELECT lower(name), input_type FROM duckdb_settings()") {
        let (Some(name), Some(ty)) = (&row[0], &row[1]) else {
            continue;
        };
        lines.insert((format!("={name}"), 'o'), vec![ty.clone()]);
    }
    let mut text = String::new();
    let mut seen: HashMap<(char, String), String> = HashMap::new();
    for ((name, code), items) in &lines {
        let mut body = items.join(";");
        if matches!(code, 't' | 'p') {
            let options: Vec<String> = named
                .get(name)
                .iter()
                .flat_map(|m| m.iter())
                .map(|(n, ty)| format!("{n} {ty}"))
                .collect();
            body = format!(
                "{body}|{}|{}",
                columns(engine, name, items, &file),
                options.join(",")
            );
        }
        if body.len() > 12 {
            match seen.get(&(*code, body.clone())) {
                Some(first) => body = format!("={first}"),
                None => {
                    seen.insert((*code, body.clone()), name.clone());
                }
            }
        }
        assert!(!body.contains(['\t', '\n']), "{name} {body}");
        let flag = flags.get(&(name.clone(), *code)).copied().unwrap_or('-');
        text.push_str(&format!("{name}\t{code}\t{flag}\t{body}\n"));
    }
    text
}

fn tempfile_parquet(engine: &mut Engine) -> String {
    let path = std::env::temp_dir().join(format!("rocky-catalogue-{}.parquet", std::process::id()));
    let text = format!("'{}'", path.display());
    engine.run(&format!("COPY (SELECT 1 AS a) TO {text}"));
    text
}

fn columns(engine: &mut Engine, name: &str, items: &[String], file: &str) -> String {
    if OPEN.contains(&name) {
        return String::new();
    }
    let args = match CALLS.iter().find(|(n, _)| *n == name) {
        Some((_, args)) => args.replace("FILE", file),
        None if items.iter().any(String::is_empty) || items.iter().any(|i| i.starts_with('*')) => {
            String::new()
        }
        None => return String::new(),
    };
    match engine.describe(&format!("FROM {name}({args})")) {
        Ok(columns) => {
            let fields: Vec<String> = columns
                .iter()
                .map(|(n, ty)| format!("\"{}\" {ty}", n.replace('"', "\"\"")))
                .collect();
            format!("STRUCT({})", fields.join(", "))
        }
        Err(_) => String::new(),
    }
}

/// A definition as a prefix expression. One that is a subquery is only its type.
fn macro_body(engine: &mut Engine, name: &str, params: &[String], definition: &str) -> String {
    let escaped = format!("SELECT {definition}").replace('\'', "''");
    let rows = engine.rows(&format!("SELECT json_serialize_sql('{escaped}')::VARCHAR"));
    let tree: Value = serde_json::from_str(rows[0][0].as_deref().unwrap()).unwrap();
    assert_eq!(tree["error"], Value::Bool(false), "{name}: {tree}");
    let body = prefix(&tree["statements"][0]["node"]["select_list"][0]);
    if body.split([' ', '(', ')']).any(|word| word == "?") {
        let nulls = vec!["NULL"; params.len()].join(", ");
        let described = engine.describe(&format!("SELECT {name}({nulls})")).unwrap();
        return format!("(cast {} ?)", described[0].1);
    }
    body
}

fn prefix(node: &Value) -> String {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let all = |v: &Value| -> Vec<String> { v.as_array().unwrap().iter().map(prefix).collect() };
    let call = |name: &str, args: Vec<String>| {
        let mut parts = vec![name.to_owned()];
        parts.extend(args);
        format!("({})", parts.join(" "))
    };
    match text(&node["class"]).as_str() {
        "COLUMN_REF" => format!(
            "${}",
            text(node["column_names"].as_array().unwrap().last().unwrap()).to_lowercase()
        ),
        "CONSTANT" => {
            let value = &node["value"];
            if value["is_null"] == Value::Bool(true) {
                return "null".to_owned();
            }
            match &value["value"] {
                Value::String(s) => format!("'{}'", s.replace('\'', "''")),
                // An absent bound of a slice.
                Value::Object(_) | Value::Null => "_".to_owned(),
                other => other.to_string().to_lowercase(),
            }
        }
        "FUNCTION" => call(&text(&node["function_name"]), all(&node["children"])),
        "CAST" => call(
            "cast",
            vec![type_name(&node["cast_type"]), prefix(&node["child"])],
        ),
        "CASE" => {
            let checks = node["case_checks"].as_array().unwrap();
            let mut parts: Vec<String> = checks.iter().map(|c| prefix(&c["then_expr"])).collect();
            parts.push(prefix(&node["else_expr"]));
            call("case", parts)
        }
        "COMPARISON" => call("compare", vec![prefix(&node["left"]), prefix(&node["right"])]),
        "CONJUNCTION" => "true".to_owned(),
        "OPERATOR" => {
            let name = match text(&node["type"]).as_str() {
                "OPERATOR_IS_NULL" | "OPERATOR_IS_NOT_NULL" | "OPERATOR_NOT" => return "true".to_owned(),
                "ARRAY_EXTRACT" => "index",
                "ARRAY_SLICE" => "slice",
                "OPERATOR_COALESCE" => "coalesce",
                "ARROW" => "->",
                other => panic!("{other}"),
            };
            call(name, all(&node["children"]))
        }
        // The JSON arrow, not yet told apart.
        "LAMBDA" => call("->", vec![prefix(&node["lhs"]), prefix(&node["expr"])]),
        "SUBQUERY" => "?".to_owned(),
        other => panic!("{other}: {node}"),
    }
}

fn type_name(node: &Value) -> String {
    let info = &node["type_info"];
    match node["id"].as_str().unwrap_or_default() {
        "LIST" => format!("{}[]", type_name(&info["child_type"])),
        "UNBOUND" => info["name"].as_str().unwrap_or_default().to_uppercase(),
        id => id.to_owned(),
    }
}
