//! Lineage as OpenLineage job events (specification 2-0-2): one `JobEvent` per model and line, with the schema facet 1-2-0 and the
//! column lineage facet 1-2-0 on its output.
//!
//! Value edges are `DIRECT` transformations of a field; what decides about rows is `INDIRECT` and stands once in `dataset`, since it
//! holds for all fields. An unproved source is given like the others, with its doubt as the description.

use super::{LineageRequest, Scope, influence_text, kind, transform_text};
use crate::verbs::compile::type_text;
use rocky_base::{CancelToken, Result};
use rocky_project::{Direction, Edge, Model, Node, Snapshot};
use rocky_semantic::{InfluenceKind, Roles, Transform};
use rocky_warehouse::{Column, Field, Type};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent";
const SCHEMA: &str =
    "https://openlineage.io/spec/facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
const COLUMN_LINEAGE: &str = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet";
const JOB_TYPE: &str = "https://openlineage.io/spec/facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet";
const SQL: &str = "https://openlineage.io/spec/facets/1-1-0/SQLJobFacet.json#/$defs/SQLJobFacet";

fn producer() -> String {
    format!("urn:rocky:engine:{}", crate::VERSION)
}

/// The events of the models in scope, one per line.
pub(crate) fn render(
    snapshot: &Snapshot,
    request: &LineageRequest,
    scope: &Scope,
    now: &str,
    cancel: &CancelToken,
) -> Result<String> {
    let mut only: Option<(u32, &str)> = None;
    let models: BTreeSet<u32> = match scope {
        Scope::All => (0..snapshot.models.len() as u32).collect(),
        Scope::Node(node) => around(snapshot, request, *node),
        Scope::Column(node, _, column) => {
            if let (Node::Model(m), false, None) = (node, request.downstream, request.depth) {
                only = Some((*m, column));
            }
            around(snapshot, request, *node)
        }
    };
    let mut text = String::new();
    for (count, model) in models.into_iter().enumerate() {
        if count % 8 == 0 {
            cancel.check()?;
        }
        let column = only.filter(|(m, _)| *m == model).map(|(_, c)| c);
        if let Some(owner) = snapshot.models.get(model as usize) {
            text.push_str(&event(snapshot, request, model, owner, column, now).to_string());
            text.push('\n');
        }
    }
    Ok(text)
}

/// The model itself, and those within the depth that was asked for.
fn around(snapshot: &Snapshot, request: &LineageRequest, node: Node) -> BTreeSet<u32> {
    let depth = request.depth.unwrap_or(0);
    let mut nodes = vec![node];
    if request.upstream || !request.downstream {
        nodes.extend(snapshot.neighbours(node, Direction::Upstream, depth));
    }
    let source = matches!(node, Node::Source(_));
    if request.downstream || !request.upstream || source {
        // A source has no job of its own: those that read it.
        nodes.extend(snapshot.neighbours(node, Direction::Downstream, depth.max(u32::from(source))));
    }
    let models = nodes.into_iter().filter_map(|n| match n {
        Node::Model(m) => Some(m),
        Node::Source(_) => None,
    });
    models.collect()
}

/// Namespace and name of a node's dataset, by the naming rules of the specification.
fn dataset(snapshot: &Snapshot, node: Node) -> (String, String) {
    let warehouse = || snapshot.dialect.as_str().to_owned();
    match node {
        Node::Model(m) => {
            let parts = snapshot.models.get(m as usize).map(|m| &m.target_parts);
            let parts = parts.map_or(&[][..], |p| p);
            let named: Vec<&str> = parts
                .iter()
                .map(|p| p.as_str())
                .filter(|p| !p.is_empty())
                .collect();
            (warehouse(), named.join("."))
        }
        Node::Source(_) => {
            let name = snapshot.node_name(node);
            if kind(snapshot, node) == "file" {
                // The literal's value: a quote in it is doubled.
                let path = name.trim_matches('\'').replace("''", "'");
                return match path.split_once("://") {
                    // An object store: its bucket is the namespace.
                    Some((scheme, rest)) => {
                        let (bucket, key) = rest.split_once('/').unwrap_or((rest, "/"));
                        (format!("{scheme}://{bucket}"), key.to_owned())
                    }
                    None => ("file".to_owned(), path),
                };
            }
            (warehouse(), name.to_string())
        }
    }
}

fn event(
    snapshot: &Snapshot,
    request: &LineageRequest,
    model: u32,
    owner: &Model,
    only: Option<&str>,
    now: &str,
) -> Value {
    let mut inputs: BTreeSet<Node> = BTreeSet::new();
    for input in 0..owner.inputs.len() as u32 {
        inputs.extend(snapshot.node_of(model, input));
    }
    let inputs: Vec<Value> = inputs
        .into_iter()
        .map(|node| {
            let (namespace, name) = dataset(snapshot, node);
            let mut input = json!({ "namespace": namespace, "name": name });
            if let Some(schema) = schema(snapshot, node) {
                input["facets"] = json!({ "schema": schema });
            }
            input
        })
        .collect();
    let (namespace, name) = dataset(snapshot, Node::Model(model));
    let mut facets = Map::new();
    if let Some(schema) = schema(snapshot, Node::Model(model)) {
        facets.insert("schema".to_owned(), schema);
    }
    facets.insert("columnLineage".to_owned(), column_lineage(snapshot, model, only));
    json!({
        "eventTime": now,
        "producer": producer(),
        "schemaURL": EVENT,
        "job": {
            "namespace": request.namespace.as_deref().unwrap_or("rocky"),
            "name": owner.name.as_str(),
            "facets": {
                "jobType": {
                    "_producer": producer(), "_schemaURL": JOB_TYPE,
                    "processingType": "BATCH", "integration": "ROCKY", "jobType": "MODEL",
                },
                "sql": {
                    "_producer": producer(), "_schemaURL": SQL,
                    "query": &**owner.unit.text(), "dialect": snapshot.dialect.as_str(),
                },
            },
        },
        "inputs": inputs,
        "outputs": [{ "namespace": namespace, "name": name, "facets": facets }],
    })
}

fn schema(snapshot: &Snapshot, node: Node) -> Option<Value> {
    let columns: Vec<(String, Type)> = match node {
        Node::Model(m) => {
            let list = &snapshot.analysis_of(m)?.columns;
            list.iter().map(|c| (c.name.to_string(), c.ty.clone())).collect()
        }
        Node::Source(s) => {
            let list: &[Column] = snapshot.sources.get(s as usize)?.columns()?;
            list.iter().map(|c| (c.name.to_string(), c.ty.clone())).collect()
        }
    };
    let fields: Vec<Value> = columns
        .iter()
        .enumerate()
        .map(|(index, (name, ty))| {
            let mut field = field(snapshot, name, ty, 8);
            field["ordinal_position"] = json!(index + 1);
            field
        })
        .collect();
    (!fields.is_empty()).then(|| json!({ "_producer": producer(), "_schemaURL": SCHEMA, "fields": fields }))
}

/// A field with those of a struct below it, at most so deep.
fn field(snapshot: &Snapshot, name: &str, ty: &Type, depth: u32) -> Value {
    let mut value = json!({ "name": name });
    if !ty.is_unknown() {
        value["type"] = json!(type_text(ty, snapshot.dialect).as_str());
    }
    if let (Type::Struct(fields), 1..) = (ty, depth) {
        let inner: Vec<Value> = fields
            .iter()
            .map(|f: &Field| field(snapshot, &f.name, &f.ty, depth - 1))
            .collect();
        value["fields"] = json!(inner);
    }
    value
}

/// One input field, with all transformations that it takes part in.
fn input_field(snapshot: &Snapshot, node: Node, column: &str, transformations: Vec<Value>) -> Value {
    let (namespace, name) = dataset(snapshot, node);
    json!({ "namespace": namespace, "name": name, "field": column, "transformations": transformations })
}

/// What an edge does to the value: DIRECT where the value is made of it, INDIRECT where it only decides.
fn transformations(edge: &Edge) -> Vec<Value> {
    let subtype = match edge.transform {
        Transform::Direct => "IDENTITY",
        Transform::Cast | Transform::TryCast | Transform::Expression => "TRANSFORMATION",
        Transform::Aggregation(_) => "AGGREGATION",
    };
    let text = transform_text(&edge.transform);
    let all = [
        (Roles::VALUE, "DIRECT", subtype, text.as_str()),
        (Roles::CONDITION, "INDIRECT", "CONDITIONAL", "condition"),
        (Roles::WINDOW, "INDIRECT", "WINDOW", "window"),
    ];
    let held = all.iter().filter(|(role, ..)| edge.roles.contains(*role));
    held.map(|(_, kind, subtype, text)| {
        let mut description = (*text).to_owned();
        if let Some(doubt) = &edge.doubt {
            description = format!("{description}; not proved: {doubt}");
        }
        json!({ "type": kind, "subtype": subtype, "description": description, "masking": false })
    })
    .collect()
}

fn column_lineage(snapshot: &Snapshot, model: u32, only: Option<&str>) -> Value {
    let mut fields = Map::new();
    let columns = snapshot.analysis_of(model).map_or(&[][..], |a| &a.columns);
    for column in columns.iter().filter(|c| only.is_none_or(|o| o == c.name)) {
        fields.insert(column.name.to_string(), json!({ "inputFields": [] }));
    }
    let mut by_field: BTreeMap<String, BTreeMap<(Node, String), Vec<Value>>> = BTreeMap::new();
    for edge in snapshot.edges_into(model) {
        let inputs = by_field.entry(edge.target.1.to_string()).or_default();
        let list = inputs
            .entry((edge.source.0, edge.source.1.to_string()))
            .or_default();
        list.extend(transformations(&edge));
    }
    for (name, inputs) in by_field {
        if let Some(found) = fields.get_mut(&name) {
            let inputs = inputs.into_iter();
            let inputs = inputs.map(|((node, column), list)| input_field(snapshot, node, &column, list));
            *found = json!({ "inputFields": inputs.collect::<Vec<_>>() });
        }
    }
    let mut rows: BTreeMap<(Node, String), BTreeSet<InfluenceKind>> = BTreeMap::new();
    for influence in snapshot.influences_on(model) {
        let key = (influence.source.0, influence.source.1.to_string());
        rows.entry(key).or_default().insert(influence.kind);
    }
    let rows = rows.into_iter().map(|((node, column), kinds)| {
        let list = kinds.into_iter().map(|kind| {
            let subtype = match kind {
                InfluenceKind::Filter => "FILTER",
                InfluenceKind::Join => "JOIN",
                InfluenceKind::Group => "GROUP_BY",
                InfluenceKind::Order => "SORT",
                InfluenceKind::Window => "WINDOW",
            };
            let description = match kind {
                InfluenceKind::Window => "window",
                _ => influence_text(kind),
            };
            json!({ "type": "INDIRECT", "subtype": subtype, "description": description, "masking": false })
        });
        input_field(snapshot, node, &column, list.collect())
    });
    json!({
        "_producer": producer(), "_schemaURL": COLUMN_LINEAGE,
        "fields": fields, "dataset": rows.collect::<Vec<_>>(),
    })
}
