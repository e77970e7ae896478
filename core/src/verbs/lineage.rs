//! `lineage`: where columns come from and where they go.

use crate::document::envelope;
use crate::project::Project;
use crate::verbs::compile::{RefreshSources, find_model, type_text};
use crate::wire::SourceSpan;
use rocky_base::{CancelToken, Error, Observer, Result};
use rocky_project::{Direction, Edge, InputRelation, Snapshot};
use rocky_semantic::{InfluenceKind, Transform};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What to trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineageRequest {
    /// `model` or `model.column`.
    pub target: String,
    /// The column, instead of writing it into `target`.
    pub column: Option<String>,
    /// Trace to consumers instead of to sources.
    pub downstream: bool,
    /// Values for `@var`.
    pub vars: BTreeMap<String, String>,
    /// When to ask the warehouse for source schemas.
    pub refresh_sources: RefreshSources,
}

/// A column of a model or source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ColumnRef {
    /// Model name, or a source's full name.
    pub model: String,
    /// Column.
    pub column: String,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineageEdge {
    /// Where the value comes from.
    pub source: ColumnRef,
    /// What is computed from it.
    pub target: ColumnRef,
    /// `direct`, `cast`, `try_cast`, `aggregation: sum`, `expression`.
    pub transform: String,
    /// The reference in the target's file.
    pub span: Option<SourceSpan>,
}

/// A column that decides about rows without being part of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineageInfluence {
    /// The column.
    pub source: ColumnRef,
    /// The model.
    pub model: String,
    /// `filter`, `join`, `group`, `order`.
    pub kind: String,
    /// The reference.
    pub span: Option<SourceSpan>,
}

/// A column in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineageColumn {
    /// Name.
    pub name: String,
    /// Type in the warehouse's spelling, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<String>,
}

/// The lineage of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelLineage {
    /// Engine version.
    pub version: String,
    /// `lineage`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The model.
    pub model: String,
    /// Its columns.
    pub columns: Vec<LineageColumn>,
    /// Relations it reads.
    pub upstream: Vec<String>,
    /// Models that read it.
    pub downstream: Vec<String>,
    /// Edges into its columns, then edges out of them.
    pub edges: Vec<LineageEdge>,
    /// Columns that decide about its rows.
    pub influences: Vec<LineageInfluence>,
    /// False when there may be columns that are not listed.
    pub columns_complete: bool,
}

/// The trace of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnLineage {
    /// Engine version.
    pub version: String,
    /// `lineage`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The model.
    pub model: String,
    /// The column.
    pub column: String,
    /// `upstream` or `downstream`.
    pub direction: String,
    /// Edges, nearest first.
    pub trace: Vec<LineageEdge>,
    /// Columns of models computed directly from it.
    pub downstream_consumers: Vec<ColumnRef>,
    /// Columns that decide about the rows of the model.
    pub influences: Vec<LineageInfluence>,
}

/// Either of the two documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LineageResponse {
    /// Of one column.
    Column(Box<ColumnLineage>),
    /// Of a model.
    Model(Box<ModelLineage>),
}

/// The wire spelling of a transform.
pub fn transform_text(transform: &Transform) -> String {
    match transform {
        Transform::Direct => "direct".to_owned(),
        Transform::Cast => "cast".to_owned(),
        Transform::TryCast => "try_cast".to_owned(),
        Transform::Aggregation(function) => format!("aggregation: {function}"),
        Transform::Expression => "expression".to_owned(),
    }
}

impl Project {
    /// Trace a model or a column.
    pub fn lineage(
        &self,
        request: &LineageRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<LineageResponse> {
        if request.target.is_empty() {
            return Err(
                Error::usage("lineage needs a target").hint("name a model, or a column as `model.column`")
            );
        }
        let (snapshot, _) = self.refreshed(&request.vars, request.refresh_sources, observer, cancel)?;
        // A model's name may hold dots: the whole text is tried first.
        let (model_name, column) = match &request.column {
            Some(column) => (request.target.as_str(), Some(column.as_str())),
            None if snapshot.model(&request.target).is_some() => (request.target.as_str(), None),
            None => match request.target.rsplit_once('.') {
                Some((model, column)) => (model, Some(column)),
                None => (request.target.as_str(), None),
            },
        };
        let (id, model) = find_model(&snapshot, model_name)?;
        let influences: Vec<LineageInfluence> = snapshot
            .influences_on(id)
            .into_iter()
            .map(|i| LineageInfluence {
                source: ColumnRef {
                    model: snapshot.node_name(i.source.0).to_string(),
                    column: i.source.1.to_string(),
                },
                model: model.name.to_string(),
                kind: match i.kind {
                    InfluenceKind::Filter => "filter",
                    InfluenceKind::Join => "join",
                    InfluenceKind::Group => "group",
                    InfluenceKind::Order => "order",
                }
                .to_owned(),
                span: SourceSpan::of(i.loc, &snapshot.files),
            })
            .collect();
        let (version, command, schema_version) = envelope!("lineage");
        let Some(column) = column else {
            let inputs = model.inputs.iter().enumerate();
            let reads = inputs.filter(|(_, i)| !matches!(i, InputRelation::Own));
            let mut upstream: Vec<String> = reads
                .map(|(i, _)| snapshot.input_name(id, i as u32).to_string())
                .collect();
            upstream.sort();
            let mut edges = snapshot.edges_into(id);
            edges.extend(snapshot.edges_out_of(id));
            return Ok(LineageResponse::Model(Box::new(ModelLineage {
                version,
                command,
                schema_version,
                model: model.name.to_string(),
                columns: model
                    .analysis()
                    .columns
                    .iter()
                    .map(|c| LineageColumn {
                        name: c.name.to_string(),
                        data_type: (!c.ty.is_unknown()).then(|| type_text(&c.ty, snapshot.dialect)),
                    })
                    .collect(),
                upstream,
                downstream: snapshot.consumers[id as usize]
                    .iter()
                    .map(|c| snapshot.models[*c as usize].name.to_string())
                    .collect(),
                edges: edges.iter().map(|e| edge(&snapshot, e)).collect(),
                influences,
                columns_complete: model.complete(),
            })));
        };
        let key = snapshot.fold_column(column);
        let known = model
            .analysis()
            .columns
            .iter()
            .find(|c| snapshot.fold_column(&c.name) == key);
        let column = match known {
            Some(known) => known.name.to_string(),
            None if !model.complete() => column.to_owned(),
            None => {
                let mut error = Error::usage(format!("model `{}` has no column `{column}`", model.name));
                let names = model.analysis().columns.iter().map(|c| c.name.as_str());
                error.hint = Some(match rocky_base::suggest::nearest(column, names.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its columns are {}", names.collect::<Vec<_>>().join(", ")),
                });
                return Err(error);
            }
        };
        let (direction, word) = if request.downstream {
            (Direction::Downstream, "downstream")
        } else {
            (Direction::Upstream, "upstream")
        };
        let mut consumers: Vec<ColumnRef> = snapshot
            .edges_out_of(id)
            .iter()
            .filter(|e| snapshot.fold_column(&e.source.1) == key)
            .map(|e| edge(&snapshot, e).target)
            .collect();
        consumers.sort();
        consumers.dedup();
        Ok(LineageResponse::Column(Box::new(ColumnLineage {
            version,
            command,
            schema_version,
            model: model.name.to_string(),
            trace: snapshot
                .trace(id, &column, direction)
                .iter()
                .map(|e| edge(&snapshot, e))
                .collect(),
            column,
            direction: word.to_owned(),
            downstream_consumers: consumers,
            influences,
        })))
    }
}

fn edge(snapshot: &Snapshot, edge: &Edge) -> LineageEdge {
    LineageEdge {
        source: ColumnRef {
            model: snapshot.node_name(edge.source.0).to_string(),
            column: edge.source.1.to_string(),
        },
        target: ColumnRef {
            model: snapshot.models[edge.target.0 as usize].name.to_string(),
            column: edge.target.1.to_string(),
        },
        transform: transform_text(&edge.transform),
        span: SourceSpan::of(edge.loc, &snapshot.files),
    }
}
