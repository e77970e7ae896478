//! `src/types.ts` is generated from the JSON Schemas of the documents; `ROCKY_UPDATE=1` rewrites it.
//!
//! A keyword of JSON Schema that the generator does not know is a failure, never a type that is a little wrong.

use crate::events::Mirror;
use rocky_core::ErrorKind;
use rocky_core::scaffold::{INIT_TEMPLATES, PLAYGROUND_TEMPLATES, ScaffoldResponse};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "\
// The documents: what goes into a verb and what comes out, the same as `rocky … --output json` prints.
// Generated from the JSON Schemas of the engine; do not edit. To update: ROCKY_UPDATE=1 cargo test -p rocky-node types
";

/// Keywords that do not change the type.
const SILENT: &[&str] = &[
    "$schema",
    "title",
    "description",
    "default",
    "format",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "definitions",
];

fn schema<T: JsonSchema>() -> Value {
    SchemaGenerator::new(SchemaSettings::draft07())
        .into_root_schema_for::<T>()
        .into()
}

fn pad(depth: usize) -> String {
    "  ".repeat(depth)
}

fn comment(schema: &Value, depth: usize) -> String {
    let Some(text) = schema.get("description").and_then(Value::as_str) else {
        return String::new();
    };
    let text = text.replace("*/", "* /");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [line] => format!("{}/** {line} */\n", pad(depth)),
        lines => {
            let mut out = format!("{}/**\n", pad(depth));
            for line in lines {
                let _ = writeln!(out, "{}{}", pad(depth), format!(" * {line}").trim_end());
            }
            out + &format!("{} */\n", pad(depth))
        }
    }
}

fn known(schema: &Map<String, Value>, keywords: &[&str]) {
    for key in schema.keys() {
        assert!(
            keywords.contains(&key.as_str()) || SILENT.contains(&key.as_str()),
            "keyword `{key}` in {schema:?}"
        );
    }
}

fn union(mut parts: Vec<String>) -> String {
    let mut seen = Vec::new();
    parts.retain(|p| {
        !seen.contains(p) && {
            seen.push(p.clone());
            true
        }
    });
    // `null` last reads best.
    parts.sort_by_key(|p| p == "null");
    parts.join(" | ")
}

/// A schema as a type, its first line without indentation.
fn ts(schema: &Value, depth: usize) -> String {
    let object = match schema {
        Value::Bool(true) => return "unknown".to_owned(),
        Value::Object(object) => object,
        other => panic!("schema {other}"),
    };
    if let Some(reference) = object.get("$ref") {
        known(object, &["$ref"]);
        return reference.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    }
    if let Some(all) = object.get("allOf") {
        known(object, &["allOf"]);
        let [only] = all.as_array().unwrap().as_slice() else {
            panic!("allOf of several: {schema}")
        };
        return ts(only, depth);
    }
    if let Some(any) = object.get("anyOf").or_else(|| object.get("oneOf")) {
        known(object, &["anyOf", "oneOf"]);
        let any = any.as_array().unwrap();
        if any.iter().all(|s| s.get("description").is_none()) {
            return union(any.iter().map(|s| ts(s, depth)).collect());
        }
        return any.iter().fold(String::new(), |out, s| {
            format!(
                "{out}\n{}{}| {}",
                comment(s, depth + 1),
                pad(depth + 1),
                ts(s, depth + 1)
            )
        });
    }
    if let Some(constant) = object.get("const") {
        known(object, &["const", "type"]);
        return constant.to_string();
    }
    if let Some(values) = object.get("enum") {
        known(object, &["enum", "type"]);
        return union(values.as_array().unwrap().iter().map(Value::to_string).collect());
    }
    if object.keys().all(|k| k == "description") {
        return "unknown".to_owned();
    }
    match object.get("type").unwrap_or_else(|| panic!("no type: {schema}")) {
        Value::String(name) => typed(object, name, depth),
        Value::Array(names) => union(
            names
                .iter()
                .map(|n| typed(object, n.as_str().unwrap(), depth))
                .collect(),
        ),
        other => panic!("type {other}"),
    }
}

fn typed(object: &Map<String, Value>, name: &str, depth: usize) -> String {
    match name {
        "null" => "null".to_owned(),
        "boolean" | "string" => {
            known(object, &["type"]);
            name.to_owned()
        }
        "integer" | "number" => {
            known(object, &["type"]);
            "number".to_owned()
        }
        "array" => {
            known(object, &["type", "items"]);
            match &object["items"] {
                Value::Array(items) => {
                    format!(
                        "[{}]",
                        items.iter().map(|i| ts(i, depth)).collect::<Vec<_>>().join(", ")
                    )
                }
                items => {
                    let item = ts(items, depth);
                    if item.contains(" | ") {
                        format!("({item})[]")
                    } else {
                        format!("{item}[]")
                    }
                }
            }
        }
        "object" => {
            known(
                object,
                &["type", "properties", "required", "additionalProperties"],
            );
            match (object.get("properties"), object.get("additionalProperties")) {
                (None, Some(values @ (Value::Object(_) | Value::Bool(true)))) => {
                    format!("Record<string, {}>", ts(values, depth))
                }
                (properties, None | Some(Value::Bool(false))) => fields(object, properties, depth),
                _ => panic!("properties beside additional ones: {object:?}"),
            }
        }
        other => panic!("type `{other}`"),
    }
}

fn fields(object: &Map<String, Value>, properties: Option<&Value>, depth: usize) -> String {
    let Some(properties) = properties.and_then(Value::as_object) else {
        return "Record<string, never>".to_owned();
    };
    let required: Vec<&str> = match object.get("required") {
        Some(names) => names
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_str().unwrap())
            .collect(),
        None => Vec::new(),
    };
    let mut out = "{\n".to_owned();
    for (name, schema) in properties {
        let mark = if required.contains(&name.as_str()) {
            ""
        } else {
            "?"
        };
        let _ = writeln!(
            out,
            "{}{}{name}{mark}: {};",
            comment(schema, depth + 1),
            pad(depth + 1),
            ts(schema, depth + 1)
        );
    }
    out + &pad(depth) + "}"
}

/// All kinds of errors. The match makes a new one fail to compile here.
fn error_codes() -> Vec<&'static str> {
    let after = |kind: ErrorKind| match kind {
        ErrorKind::Usage => Some(ErrorKind::NotFound),
        ErrorKind::NotFound => Some(ErrorKind::Io),
        ErrorKind::Io => Some(ErrorKind::Config),
        ErrorKind::Config => Some(ErrorKind::Locked),
        ErrorKind::Locked => Some(ErrorKind::Warehouse),
        ErrorKind::Warehouse => Some(ErrorKind::State),
        ErrorKind::State => Some(ErrorKind::Stale),
        ErrorKind::Stale => Some(ErrorKind::Cancelled),
        ErrorKind::Cancelled => Some(ErrorKind::Unsupported),
        ErrorKind::Unsupported => Some(ErrorKind::Bug),
        ErrorKind::Bug => Some(ErrorKind::Hook),
        ErrorKind::Hook => None,
    };
    std::iter::successors(Some(ErrorKind::Usage), |k| after(*k))
        .map(ErrorKind::as_str)
        .collect()
}

fn literals(values: &[&str]) -> String {
    values
        .iter()
        .map(|v| format!("{v:?}"))
        .collect::<Vec<_>>()
        .join(" | ")
}

/// A document that holds documents of its own kind refers to the root of its schema: by its name instead.
fn named_root(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(map) => {
            if map.get("$ref").is_some_and(|r| r == "#") {
                map.insert("$ref".to_owned(), format!("#/definitions/{name}").into());
            }
            map.values_mut().for_each(|v| named_root(v, name));
        }
        Value::Array(list) => list.iter_mut().for_each(|v| named_root(v, name)),
        _ => {}
    }
}

fn generate() -> String {
    let mut documents: Vec<Value> = rocky_core::schemas::all()
        .into_iter()
        .map(|(_, schema)| Value::from(schema))
        .collect();
    documents.push(schema::<ScaffoldResponse>());
    documents.push(schema::<Mirror>());
    let mut types: BTreeMap<String, Value> = BTreeMap::new();
    for mut document in documents {
        let name = document["title"].as_str().unwrap().to_owned();
        named_root(&mut document, &name);
        let mut add = |name: &str, schema: Value| {
            if let Some(before) = types.insert(name.to_owned(), schema.clone()) {
                assert_eq!(before, schema, "two types are named {name}");
            }
        };
        for (name, schema) in document
            .get("definitions")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            add(name, schema.clone());
        }
        let title = document["title"].as_str().unwrap().to_owned();
        let mut root = document.as_object().unwrap().clone();
        for key in ["definitions", "$schema", "title"] {
            root.remove(key);
        }
        add(&title, Value::Object(root));
    }
    let mut out = HEAD.to_owned();
    for (name, schema) in &types {
        let _ = write!(out, "\n{}", comment(schema, 0));
        let ty = ts(schema, 0);
        let _ = match ty.strip_prefix('{') {
            Some(body) if !ty.contains("}\n  |") => writeln!(out, "export interface {name} {{{body}"),
            _ if ty.starts_with('\n') => writeln!(out, "export type {name} ={ty};"),
            _ => writeln!(out, "export type {name} = {ty};"),
        };
    }
    let _ = write!(
        out,
        "\n/** What class of trouble an error is. */\nexport type ErrorCode = {};\n",
        literals(&error_codes())
    );
    let _ = write!(
        out,
        "\n/** Templates of `init`. */\nexport type InitTemplate = {};\n",
        literals(INIT_TEMPLATES)
    );
    let _ = write!(
        out,
        "\n/** Templates of `playground`. */\nexport type PlaygroundTemplate = {};\n",
        literals(PLAYGROUND_TEMPLATES)
    );
    out.push_str("\n/** Request and response of each verb. */\nexport interface Verbs {\n");
    for verb in rocky_core::VERBS {
        // Verbs may share a type: `plan` takes what `run` takes.
        let [request, response] = ["request", "response"].map(|part| {
            let stem = format!("{verb}.{part}");
            let found = rocky_core::schemas::all().into_iter().find(|(s, _)| *s == stem);
            let (_, schema) = found.unwrap_or_else(|| panic!("no schema {stem}"));
            schema.to_value()["title"].as_str().unwrap().to_owned()
        });
        let _ = writeln!(out, "  {verb}: {{ request: {request}; response: {response} }};");
    }
    out + "}\n"
}

#[test]
fn types_ts_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/types.ts");
    let wanted = generate();
    if std::env::var_os("ROCKY_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "src/types.ts differs from the documents: ROCKY_UPDATE=1 cargo test -p rocky-node types"
    );
}

#[test]
fn a_schema_becomes_the_type_it_describes() {
    let case = |schema: Value| ts(&schema, 0);
    assert_eq!(
        case(serde_json::json!({"type": ["string", "null"]})),
        "string | null"
    );
    assert_eq!(
        case(serde_json::json!({"anyOf": [{"type": "null"}, {"$ref": "#/definitions/A"}]})),
        "A | null"
    );
    assert_eq!(
        case(serde_json::json!({"type": "array", "items": {"enum": ["a", "b"]}})),
        "(\"a\" | \"b\")[]"
    );
    assert_eq!(
        case(serde_json::json!({"type": "array", "items": [{"type": "string"}, {"type": "integer"}]})),
        "[string, number]"
    );
    assert_eq!(
        case(serde_json::json!({"type": "object", "additionalProperties": {"type": "string"}})),
        "Record<string, string>"
    );
    let object = serde_json::json!({
        "type": "object", "required": ["a"],
        "properties": {"a": {"type": "integer", "description": "One."}, "b": {"type": "boolean"}}
    });
    assert_eq!(case(object), "{\n  /** One. */\n  a: number;\n  b?: boolean;\n}");
}
