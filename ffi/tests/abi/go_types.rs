//! Go types for the requests and documents, from the same JSON Schemas that are committed for everybody.
//!
//! A field that may be null is a pointer in a document and a plain value in a request, where the zero value is left out, unless zero
//! says something else than nothing. What this generator has not met yet stops it: a new shape of schema is to be thought about,
//! not guessed.

use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt::Write;

/// Fields of requests of which zero says something: no window before, whatever the model says.
const ZERO_COUNTS: [(&str, &str); 1] = [("RunRequest", "lookback")];

/// The text of `documents.go`, before gofmt.
pub fn generate() -> String {
    let mut types = Types::default();
    for (stem, schema) in rocky_core::schemas::all() {
        // The package has an error type of its own around this document.
        if stem == "error" {
            continue;
        }
        let mut root = schema.to_value();
        let name = root["title"].as_str().unwrap().to_owned();
        named_root(&mut root, &name);
        let request = stem.ends_with(".request");
        types.define(&name, &root, request);
        for (name, definition) in root["definitions"].as_object().into_iter().flatten() {
            types.define(name, definition, request);
        }
    }
    let head = "// Code generated from the JSON Schemas of rocky-core by a test of rocky-ffi. DO NOT EDIT.\n\npackage rocky\n";
    let imports = "\nimport (\n\t\"encoding/json\"\n\t\"errors\"\n)\n";
    let has_all = "\nfunc hasAll(members map[string]json.RawMessage, names ...string) bool {\n\
                   \tfor _, name := range names {\n\t\tif _, ok := members[name]; !ok {\n\t\t\treturn false\n\t\t}\n\t}\n\
                   \treturn true\n}\n";
    format!("{head}{imports}{}{has_all}", types.text)
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

#[derive(Default)]
struct Types {
    text: String,
    seen: HashMap<String, Value>,
}

/// The name in Go: the wire types carry a prefix that only Rust needs.
fn type_name(name: &str) -> String {
    name.strip_prefix("Wire").unwrap_or(name).to_owned()
}

fn field_name(name: &str) -> String {
    let word = |w: &str| match w {
        "id" | "sql" | "dag" | "cte" => w.to_uppercase(),
        _ => w[..1].to_uppercase() + &w[1..],
    };
    name.split('_').map(word).collect()
}

fn comment(out: &mut String, indent: &str, text: &str) {
    for line in text.lines() {
        writeln!(out, "{indent}// {line}").unwrap();
    }
}

/// The definition that a schema refers to; a reference with a description stands in an `allOf`.
fn target(schema: &Value) -> Option<&str> {
    let target = schema["$ref"]
        .as_str()
        .or_else(|| schema["allOf"][0]["$ref"].as_str())?;
    target.rsplit('/').next()
}

fn reference(schema: &Value) -> Option<String> {
    target(schema).map(type_name)
}

/// The type of a value, and whether it may be null.
fn value_type(schema: &Value) -> (String, bool) {
    // Any JSON.
    let says_nothing = |o: &serde_json::Map<String, Value>| o.keys().all(|k| k == "description");
    if *schema == Value::Bool(true) || schema.as_object().is_some_and(says_nothing) {
        return ("any".to_owned(), false);
    }
    if let Some(name) = reference(schema) {
        return (name, false);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let null = |s: &&Value| s["type"] == "null";
        let others: Vec<&Value> = any.iter().filter(|s| !null(s)).collect();
        assert_eq!((others.len(), any.len()), (1, 2), "{schema}");
        return (value_type(others[0]).0, true);
    }
    let (kind, nullable) = match &schema["type"] {
        Value::String(kind) => (kind.as_str(), false),
        Value::Array(kinds) => {
            let others: Vec<&str> = kinds
                .iter()
                .filter_map(Value::as_str)
                .filter(|k| *k != "null")
                .collect();
            assert_eq!((others.len(), kinds.len()), (1, 2), "{schema}");
            (others[0], true)
        }
        _ => panic!("no type: {schema}"),
    };
    let go = match (kind, schema["format"].as_str()) {
        ("string", _) => "string".to_owned(),
        ("boolean", _) => "bool".to_owned(),
        ("number", _) => "float64".to_owned(),
        ("integer", Some("uint")) => "uint".to_owned(),
        ("integer", Some(width @ ("uint8" | "uint16" | "uint32" | "uint64" | "int32" | "int64"))) => {
            width.to_owned()
        }
        ("array", _) => format!("[]{}", plain(&schema["items"])),
        ("object", _) => format!("map[string]{}", plain(&schema["additionalProperties"])),
        _ => panic!("unknown type: {schema}"),
    };
    (go, nullable)
}

/// The type of an element.
fn plain(schema: &Value) -> String {
    match value_type(schema) {
        (go, false) => go,
        (go, true) => format!("*{go}"),
    }
}

impl Types {
    fn define(&mut self, name: &str, schema: &Value, request: bool) {
        let go = type_name(name);
        let mut shape = schema.clone();
        for key in ["$schema", "title", "definitions"] {
            shape.as_object_mut().unwrap().remove(key);
        }
        if let Some(before) = self.seen.insert(go.clone(), shape.clone()) {
            assert_eq!(before, shape, "two types are called {go}");
            return;
        }
        self.text.push('\n');
        let description = schema["description"].as_str().unwrap_or_default();
        comment(&mut self.text, "", &format!("{go}: {description}"));
        match (
            schema["oneOf"].as_array(),
            schema["anyOf"].as_array(),
            schema["enum"].as_array(),
        ) {
            (Some(variants), _, _) if variants.iter().all(|v| v["type"] == "string") => {
                self.words(&go, variants)
            }
            (Some(variants), _, _) => self.tagged(&go, variants, request),
            (_, Some(variants), _) => self.untagged(&go, variants, schema),
            (_, _, Some(words)) => {
                let variants: Vec<Value> = words.iter().map(|w| serde_json::json!({ "const": w })).collect();
                self.words(&go, &variants);
            }
            _ => {
                assert_eq!(schema["type"], "object", "{name}: {schema}");
                let none = Map::new();
                let fields = schema["properties"].as_object().unwrap_or(&none);
                let required: Vec<&str> = schema["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                self.structure(
                    &go,
                    fields
                        .iter()
                        .map(|(n, s)| (n.as_str(), s, required.contains(&n.as_str()))),
                    request,
                );
            }
        }
    }

    fn structure<'a>(
        &mut self,
        go: &str,
        fields: impl Iterator<Item = (&'a str, &'a Value, bool)>,
        request: bool,
    ) {
        writeln!(self.text, "type {go} struct {{").unwrap();
        for (name, schema, required) in fields {
            // Threads belong to the engine, which is opened apart.
            if go == "OpenRequest" && name == "threads" {
                continue;
            }
            comment(
                &mut self.text,
                "\t",
                schema["description"].as_str().unwrap_or_default(),
            );
            let (mut kind, nullable) = value_type(schema);
            let counts = !request || ZERO_COUNTS.contains(&(go, name));
            if nullable && counts && !kind.starts_with(['[', 'm']) {
                kind = format!("*{kind}");
            }
            let omit = if required { "" } else { ",omitempty" };
            writeln!(self.text, "\t{} {kind} `json:\"{name}{omit}\"`", field_name(name)).unwrap();
        }
        self.text.push_str("}\n");
    }

    /// A string of a fixed set.
    fn words(&mut self, go: &str, variants: &[Value]) {
        write!(self.text, "type {go} string\n\n// Values of {go}.\nconst (\n").unwrap();
        for variant in variants {
            let words = variant["enum"]
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![variant["const"].clone()]);
            for word in words {
                let word = word.as_str().unwrap().to_owned();
                comment(
                    &mut self.text,
                    "\t",
                    variant["description"].as_str().unwrap_or_default(),
                );
                writeln!(self.text, "\t{go}{} {go} = \"{word}\"", field_name(&word)).unwrap();
            }
        }
        self.text.push_str(")\n");
    }

    /// Objects told apart by a field: one struct with the fields of all.
    fn tagged(&mut self, go: &str, variants: &[Value], request: bool) {
        let mut fields: Vec<(String, Value, bool)> = Vec::new();
        let mut tags = Vec::new();
        for variant in variants {
            for (name, schema) in variant["properties"].as_object().unwrap() {
                if let Some(tag) = schema["const"].as_str() {
                    tags.push((name.clone(), tag.to_owned()));
                } else if let Some((_, known, _)) = fields.iter_mut().find(|(n, _, _)| n == name) {
                    // Of two types under one name it is any.
                    if value_type(known).0 != value_type(schema).0 {
                        *known = serde_json::json!({ "description": known["description"] });
                    }
                } else {
                    fields.push((name.clone(), schema.clone(), false));
                }
            }
        }
        assert_eq!(tags.len(), variants.len(), "{go}: a variant without a tag");
        let list: Vec<String> = tags.iter().map(|(_, tag)| format!("`{tag}`")).collect();
        let tag = serde_json::json!({ "type": "string", "description": format!("One of {}; the other fields are set as it asks.", list.join(", ")) });
        fields.insert(0, (tags[0].0.clone(), tag, true));
        self.structure(go, fields.iter().map(|(n, s, r)| (n.as_str(), s, *r)), request);
    }

    /// Either of several documents, or one string or several.
    fn untagged(&mut self, go: &str, variants: &[Value], root: &Value) {
        let names: Option<Vec<String>> = variants.iter().map(reference).collect();
        let Some(names) = names else {
            assert_eq!(variants.len(), 2, "{go}");
            assert_eq!(
                (
                    value_type(&variants[0]).0.as_str(),
                    value_type(&variants[1]).0.as_str()
                ),
                ("string", "[]string")
            );
            write!(
                self.text,
                "type {go} []string\n\n\
                 // UnmarshalJSON accepts a string or a list.\n\
                 func (v *{go}) UnmarshalJSON(text []byte) error {{\n\
                 \tvar one string\n\
                 \tif json.Unmarshal(text, &one) == nil {{\n\t\t*v = {go}{{one}}\n\t\treturn nil\n\t}}\n\
                 \treturn json.Unmarshal(text, (*[]string)(v))\n}}\n"
            )
            .unwrap();
            return;
        };
        writeln!(self.text, "// One of the fields is set.\ntype {go} struct {{").unwrap();
        for name in &names {
            writeln!(self.text, "\t{name} *{name}").unwrap();
        }
        write!(
            self.text,
            "}}\n\n// UnmarshalJSON sets the field whose members are all there.\n\
             func (v *{go}) UnmarshalJSON(text []byte) error {{\n\
             \tvar members map[string]json.RawMessage\n\
             \tif err := json.Unmarshal(text, &members); err != nil {{\n\t\treturn err\n\t}}\n"
        )
        .unwrap();
        for (name, variant) in names.iter().zip(variants) {
            let key = target(variant).unwrap();
            let required = &root["definitions"][key]["required"];
            let required: Vec<String> = required
                .as_array()
                .unwrap_or_else(|| panic!("{go}: nothing tells {key} apart: {root}"))
                .iter()
                .map(|r| format!("\"{}\"", r.as_str().unwrap()))
                .collect();
            write!(
                self.text,
                "\tif hasAll(members, {}) {{\n\t\tv.{name} = new({name})\n\t\treturn json.Unmarshal(text, v.{name})\n\t}}\n",
                required.join(", ")
            )
            .unwrap();
        }
        writeln!(
            self.text,
            "\treturn errors.New(\"a {go} of an unknown shape\")\n}}"
        )
        .unwrap();
    }
}
