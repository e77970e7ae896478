//! `lineage`: where columns come from and where they go, of a column, a model, a source or the whole project.
//!
//! Each answer is a document; a request with a `format` gets the same answer as text in a [`RenderedLineage`]. Graphviz and
//! the text tree are made from the documents ([`dot`], [`text`]), OpenLineage events and the page from the snapshot
//! ([`openlineage`], [`page`]). Invariant: values travel along `edges` and `trace`; what only decides about rows
//! stands in `influences` and nowhere else. Start at [`Project::lineage`].

pub mod dot;
pub mod openlineage;
pub mod page;
pub mod text;

use crate::document::envelope;
use crate::project::Project;
use crate::verbs::compile::{RefreshSources, type_text};
use crate::wire::SourceSpan;
use rocky_base::{CancelToken, Error, Observer, Result};
use rocky_config::StrategyKind;
use rocky_project::intact::Reach;
use rocky_project::{ColumnKey, Direction, Edge, Node, RowInfluence, Snapshot, SourceSchema, Trace};
use rocky_semantic::{InfluenceKind, Roles, Transform};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How an answer is given.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LineageFormat {
    /// The document itself.
    #[default]
    Json,
    /// A Graphviz graph.
    Dot,
    /// A tree for people.
    Text,
    /// OpenLineage job events, one per line, with schema and column lineage facets.
    OpenLineage,
    /// One self-contained page with an interactive graph.
    Html,
}

impl LineageFormat {
    /// As it is written in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            LineageFormat::Json => "json",
            LineageFormat::Dot => "dot",
            LineageFormat::Text => "text",
            LineageFormat::OpenLineage => "openlineage",
            LineageFormat::Html => "html",
        }
    }

    /// What the rendered text is.
    pub fn media_type(self) -> &'static str {
        match self {
            LineageFormat::Json => "application/json",
            LineageFormat::Dot => "text/vnd.graphviz",
            LineageFormat::Text => "text/plain",
            LineageFormat::OpenLineage => "application/x-ndjson",
            LineageFormat::Html => "text/html",
        }
    }
}

/// What to trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineageRequest {
    /// `model`, `model.column`, or the full name of a source, alone or with a column.
    pub target: String,
    /// The column, instead of writing it into `target`.
    pub column: Option<String>,
    /// The whole project instead of a target.
    pub all: bool,
    /// To what is computed from it. With `upstream`, both ways.
    pub downstream: bool,
    /// To what it is computed from: the way of a column when no other is given.
    pub upstream: bool,
    /// At most so many steps. Without it a column is traced to the end and a model is shown with its neighbours.
    pub depth: Option<u32>,
    /// Also the columns that decide about the rows of all models on the way, not only of the target.
    pub influences: bool,
    /// The document, or text made from it.
    pub format: LineageFormat,
    /// Namespace of the jobs in OpenLineage events; `rocky` when absent.
    pub namespace: Option<String>,
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
    /// As what, where it is not as the value alone: `value`, `condition` (of CASE, IF, FILTER), `window` (of a ranking function).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The reference in the target's file.
    pub span: Option<SourceSpan>,
    /// That the source has this column is proved.
    pub proved: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved_because: Option<String>,
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
    /// True for a key of a window, whose kind is `order` too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub window: bool,
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
    /// All columns it is computed from are known.
    pub proved: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved_because: Option<String>,
}

/// A relation that an answer names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineageNode {
    /// Name, as in edges.
    pub model: String,
    /// `model`, `ephemeral`, `source`, `file`.
    pub kind: String,
    /// The schema that a model is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_schema: Option<String>,
    /// The name of what is no model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// A model's file, relative to the folder of `rocky.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The model reads its own existing target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads_itself: bool,
    /// What is known of a source's columns: `declared`, `seen` in the warehouse, `absent` there, `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
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
    /// The model, or the full name of a source.
    pub model: String,
    /// Its columns.
    pub columns: Vec<LineageColumn>,
    /// Relations it reads; with `depth`, all that many steps away.
    pub upstream: Vec<String>,
    /// Models that read it; with `depth`, all that many steps away.
    pub downstream: Vec<String>,
    /// Edges into its columns, then edges out of them; with `depth`, those between all relations above.
    pub edges: Vec<LineageEdge>,
    /// Columns that decide about its rows.
    pub influences: Vec<LineageInfluence>,
    /// False when there may be columns that are not listed.
    pub columns_complete: bool,
    /// Why there may be columns that are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete_because: Option<String>,
    /// Why there may be more columns that decide about its rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_unproved_because: Option<String>,
    /// The relations that `edges` names, and the model.
    pub nodes: Vec<LineageNode>,
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
    /// The model, or the full name of a source.
    pub model: String,
    /// The column.
    pub column: String,
    /// `upstream`, `downstream` or `both`.
    pub direction: String,
    /// Edges, nearest first; with `both`, first all those upstream.
    pub trace: Vec<LineageEdge>,
    /// Columns of models computed directly from it.
    pub downstream_consumers: Vec<ColumnRef>,
    /// Upstream: columns that decide about the rows of the model. Downstream: where the column decides about rows. When asked for
    /// influences, those of all models and columns on the way.
    pub influences: Vec<LineageInfluence>,
    /// All columns it is computed from, at every step, are known. Of what is computed from it: every edge is proved.
    pub proved: bool,
    /// Why not, each reason once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unproved_because: Vec<String>,
    /// There is more beyond the depth that was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// The relations that `trace` names, and the model.
    pub nodes: Vec<LineageNode>,
}

/// A relation of a whole project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectLineageModel {
    /// Model name, or a source's full name.
    pub model: String,
    /// Its columns.
    pub columns: Vec<LineageColumn>,
    /// Relations it reads.
    pub upstream: Vec<String>,
    /// False when there may be columns that are not listed.
    pub columns_complete: bool,
}

/// The lineage of the whole project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectLineage {
    /// Engine version.
    pub version: String,
    /// `lineage`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// Models by name, then sources by name.
    pub models: Vec<ProjectLineageModel>,
    /// Their kinds and files, in the same order.
    pub nodes: Vec<LineageNode>,
    /// All edges, by target.
    pub edges: Vec<LineageEdge>,
    /// All columns that decide about rows, by model.
    pub influences: Vec<LineageInfluence>,
}

/// An answer as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RenderedLineage {
    /// Engine version.
    pub version: String,
    /// `lineage`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The format that was asked for.
    pub format: LineageFormat,
    /// What the text is: `text/vnd.graphviz`, `text/html` and so on.
    pub media_type: String,
    /// The text.
    pub rendered: String,
}

/// One of the documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LineageResponse {
    /// Of one column.
    Column(Box<ColumnLineage>),
    /// Of a model.
    Model(Box<ModelLineage>),
    /// Of the project.
    Project(Box<ProjectLineage>),
    /// As text.
    Rendered(Box<RenderedLineage>),
}

/// The wire spelling of roles; none for a plain value.
fn roles_text(roles: Roles) -> Vec<String> {
    if roles == Roles::VALUE {
        return Vec::new();
    }
    let all = [
        (Roles::VALUE, "value"),
        (Roles::CONDITION, "condition"),
        (Roles::WINDOW, "window"),
    ];
    let held = all.iter().filter(|(role, _)| roles.contains(*role));
    held.map(|(_, text)| (*text).to_owned()).collect()
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

/// The wire spelling of an influence.
pub fn influence_text(kind: InfluenceKind) -> &'static str {
    match kind {
        InfluenceKind::Filter => "filter",
        InfluenceKind::Join => "join",
        InfluenceKind::Group => "group",
        InfluenceKind::Order | InfluenceKind::Window => "order",
    }
}

/// What a request means in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything.
    All,
    /// A relation.
    Node(Node),
    /// A column.
    Column(Node, ColumnKey, String),
}

impl Project {
    /// Trace a column, a model, a source or the project.
    pub fn lineage(
        &self,
        request: &LineageRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<LineageResponse> {
        if request.target.is_empty() && !request.all {
            return Err(
                Error::usage("lineage needs a target").hint("name a model, or a column as `model.column`")
            );
        }
        if request.all && !(request.target.is_empty() && request.column.is_none()) {
            return Err(
                Error::usage("`all` asks for the whole project, and a target is given too")
                    .hint("leave one of them out"),
            );
        }
        let snapshot = match self.part_for(request, observer, cancel)? {
            Some(part) => part,
            None => {
                self.refreshed(&request.vars, request.refresh_sources, observer, cancel)?
                    .0
            }
        };
        let rendered = |text: String| {
            let (version, command, schema_version) = envelope!("lineage");
            LineageResponse::Rendered(Box::new(RenderedLineage {
                version,
                command,
                schema_version,
                format: request.format,
                media_type: request.format.media_type().to_owned(),
                rendered: text,
            }))
        };
        let scope = scope(&snapshot, request)?;
        Ok(match request.format {
            LineageFormat::Json => answer(&snapshot, request, scope, cancel)?,
            LineageFormat::Dot => rendered(dot::render(&answer(&snapshot, request, scope, cancel)?)),
            LineageFormat::Text => rendered(text::render(
                &answer(&snapshot, request, scope, cancel)?,
                text::Paint::Plain,
            )),
            LineageFormat::OpenLineage => {
                let now = crate::document::timestamp(self.host.system.now()).to_string();
                rendered(openlineage::render(&snapshot, request, &scope, &now, cancel)?)
            }
            LineageFormat::Html => rendered(page::render(&snapshot, request, &scope, cancel)?),
        })
    }
}

impl Project {
    /// The models that an answer looks at, when these need not be compiled.
    fn part_for(
        &self,
        request: &LineageRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Option<std::sync::Arc<Snapshot>>> {
        // OpenLineage and the page show more than the answer.
        let answers = match request.format {
            LineageFormat::Json | LineageFormat::Dot | LineageFormat::Text => true,
            LineageFormat::OpenLineage | LineageFormat::Html => false,
        };
        if request.all
            || !answers
            || !request.vars.is_empty()
            || request.refresh_sources == RefreshSources::Always
            || !self.check_ahead()
        {
            return Ok(None);
        }
        let reach = match request.downstream || request.depth.is_some_and(|depth| depth > 1) {
            true => Reach::Far,
            false => Reach::Near,
        };
        self.part((&relations(request), reach), observer, cancel)
    }
}

/// The names that a request may give to a relation: the longest one that fits is meant.
fn relations(request: &LineageRequest) -> Vec<&str> {
    let target = request.target.as_str();
    let mut names = vec![target];
    if request.column.is_none() {
        names.extend(target.match_indices('.').rev().map(|(at, _)| &target[..at]));
    }
    names
}

/// Answer from a compiled project.
pub fn of_snapshot(
    snapshot: &Snapshot,
    request: &LineageRequest,
    cancel: &CancelToken,
) -> Result<LineageResponse> {
    answer(snapshot, request, scope(snapshot, request)?, cancel)
}

fn answer(
    snapshot: &Snapshot,
    request: &LineageRequest,
    scope: Scope,
    cancel: &CancelToken,
) -> Result<LineageResponse> {
    Ok(match scope {
        Scope::All => LineageResponse::Project(Box::new(of_project(snapshot, cancel)?)),
        Scope::Node(node) => LineageResponse::Model(Box::new(of_model(snapshot, request, node))),
        Scope::Column(node, key, name) => {
            LineageResponse::Column(Box::new(of_column(snapshot, request, node, key, name)))
        }
    })
}

fn find(snapshot: &Snapshot, name: &str) -> Option<Node> {
    let model = snapshot.names.model(name).map(Node::Model);
    model.or_else(|| snapshot.source(name).map(Node::Source))
}

/// Find what a request names. A name may hold dots: the longest relation that fits is taken.
pub(crate) fn scope(snapshot: &Snapshot, request: &LineageRequest) -> Result<Scope> {
    if request.all {
        return Ok(Scope::All);
    }
    let target = request.target.as_str();
    let (node, column) = match (&request.column, find(snapshot, target)) {
        (Some(column), Some(node)) => (node, column.as_str()),
        (None, Some(node)) => return Ok(Scope::Node(node)),
        (Some(_), None) => return Err(unknown_model(snapshot, target)),
        (None, None) => {
            let dots = target.match_indices('.').rev();
            let mut splits = dots.map(|(at, _)| (&target[..at], &target[at + 1..]));
            let found = splits.find_map(|(name, column)| Some((find(snapshot, name)?, column)));
            match found {
                Some(found) => found,
                None => {
                    let name = target.rsplit_once('.').map_or(target, |(model, _)| model);
                    return Err(unknown_model(snapshot, name));
                }
            }
        }
    };
    let key = snapshot.column_key(node, column);
    let name = snapshot.node_name(node);
    let complete = match node {
        Node::Model(m) => snapshot.models.get(m as usize).is_some_and(|m| m.complete()),
        Node::Source(s) => snapshot
            .sources
            .get(s as usize)
            .is_some_and(|s| s.columns().is_some()),
    };
    match key {
        ColumnKey::Known(_) => {
            let spelled = snapshot.column_name(node, &key).to_string();
            Ok(Scope::Column(node, key, spelled))
        }
        ColumnKey::Named(_) if !complete => Ok(Scope::Column(node, key, column.to_owned())),
        ColumnKey::Named(_) => {
            let what = match node {
                Node::Model(_) => "model",
                Node::Source(_) => "source",
            };
            let mut error = Error::usage(format!("{what} `{name}` has no column `{column}`"));
            let names: Vec<_> = (0..snapshot.n_columns(node))
                .map(|c| snapshot.column_name(node, &ColumnKey::Known(c)))
                .collect();
            let listed = || names.iter().map(|n| n.as_str());
            error.hint = Some(match rocky_base::suggest::nearest(column, listed()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its columns are {}", listed().collect::<Vec<_>>().join(", ")),
            });
            Err(error)
        }
    }
}

fn unknown_model(snapshot: &Snapshot, name: &str) -> Error {
    let sources: Vec<String> = snapshot.sources.iter().map(|s| s.name.display()).collect();
    let names = snapshot.model_names().chain(sources.iter().map(String::as_str));
    let error = Error::usage(format!("unknown model `{name}`"));
    match rocky_base::suggest::nearest(name, names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`rocky compile` lists the models"),
    }
}

fn of_model(snapshot: &Snapshot, request: &LineageRequest, node: Node) -> ModelLineage {
    let (version, command, schema_version) = envelope!("lineage");
    let both = request.upstream == request.downstream;
    let depth = request.depth.unwrap_or(1);
    let mut upstream = Vec::new();
    if request.upstream || both {
        upstream = snapshot.neighbours(node, Direction::Upstream, depth);
    }
    let mut downstream = Vec::new();
    if request.downstream || both {
        downstream = snapshot.neighbours(node, Direction::Downstream, depth);
    }
    let own: &[Node] = &[node];
    let mut edges = Vec::new();
    // Into the model and into what it is made from, as far as the sources of that are still in reach.
    let reach: BTreeSet<Node> = own.iter().chain(&upstream).chain(&downstream).copied().collect();
    let targets = own.iter().chain(&upstream);
    let into = targets.filter_map(|n| match n {
        Node::Model(m) if request.upstream || both => Some(*m),
        _ => None,
    });
    for model in into {
        let found = snapshot.edges_into(model).into_iter();
        edges.extend(found.filter(|e| reach.contains(&e.source.0)));
    }
    if request.depth.is_none() || depth <= 1 {
        if request.downstream || both {
            edges.extend(snapshot.edges_from(node));
        }
    } else {
        let below: BTreeSet<Node> = own.iter().chain(&downstream).copied().collect();
        for consumer in &downstream {
            let Node::Model(model) = consumer else { continue };
            let found = snapshot.edges_into(*model).into_iter();
            edges.extend(found.filter(|e| below.contains(&e.source.0)));
        }
    }
    let about: Vec<u32> = match node {
        Node::Model(m) => vec![m],
        Node::Source(_) => Vec::new(),
    };
    let more = own.iter().chain(&upstream).chain(&downstream).skip(1);
    let more = more.filter_map(|n| match n {
        Node::Model(m) if request.influences => Some(*m),
        _ => None,
    });
    let influences: Vec<RowInfluence> = about
        .iter()
        .copied()
        .chain(more)
        .flat_map(|m| snapshot.influences_on(m))
        .collect();
    let names = |list: &[Node]| -> Vec<String> {
        let named = list.iter().filter(|n| **n != node);
        let mut names: Vec<String> = named.map(|n| snapshot.node_name(*n).to_string()).collect();
        names.sort();
        names
    };
    let mut named: BTreeSet<Node> = reach;
    named.extend(edges.iter().flat_map(|e| [e.source.0, Node::Model(e.target.0)]));
    let model = match node {
        Node::Model(m) => Some(m),
        Node::Source(_) => None,
    };
    ModelLineage {
        version,
        command,
        schema_version,
        model: snapshot.node_name(node).to_string(),
        columns: columns(snapshot, node),
        upstream: names(&upstream),
        downstream: names(&downstream),
        edges: edges.iter().map(|e| edge(snapshot, e)).collect(),
        influences: influences.iter().map(|i| influence(snapshot, i)).collect(),
        columns_complete: complete(snapshot, node),
        incomplete_because: match node {
            Node::Model(m) => snapshot.columns_doubt(m).map(|d| d.to_string()),
            Node::Source(_) => (!complete(snapshot, node)).then(|| "its columns are not known".to_owned()),
        },
        rows_unproved_because: model.and_then(|m| snapshot.rows_doubt(m)).map(|d| d.to_string()),
        nodes: named.into_iter().map(|n| describe(snapshot, n)).collect(),
    }
}

fn of_column(
    snapshot: &Snapshot,
    request: &LineageRequest,
    node: Node,
    key: ColumnKey,
    column: String,
) -> ColumnLineage {
    let (version, command, schema_version) = envelope!("lineage");
    let (up, down) = match (request.upstream, request.downstream) {
        (false, true) => (false, true),
        (true, true) => (true, true),
        _ => (true, false),
    };
    let walk = |direction| snapshot.walk((node, key.clone()), direction, request.depth);
    let mut upstream = Trace::default();
    if up {
        upstream = walk(Direction::Upstream);
    }
    let mut downstream = Trace::default();
    if down {
        downstream = walk(Direction::Downstream);
    }
    let mut influences: Vec<RowInfluence> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    let mut given: BTreeSet<String> = BTreeSet::new();
    let mut reason = |text: String| {
        if given.insert(text.clone()) {
            reasons.push(text);
        }
    };
    if up {
        let mut models: BTreeSet<u32> = BTreeSet::new();
        for (step, key) in &upstream.columns {
            let (Node::Model(model), ColumnKey::Known(index)) = (step, key) else {
                continue;
            };
            if let Some(doubt) = snapshot.column_doubt(*model, *index) {
                reason(doubt.to_string());
            }
            if (request.influences || *step == node) && models.insert(*model) {
                influences.extend(snapshot.influences_on(*model));
            }
        }
        if let (Node::Model(m), ColumnKey::Named(_)) = (node, &key) {
            let doubt = snapshot.columns_doubt(m);
            reason(doubt.map_or_else(|| "the column is not listed".to_owned(), |d| d.to_string()));
        }
    }
    if down {
        for (step, key) in &downstream.columns {
            if request.influences || *step == node {
                influences.extend(snapshot.influences_of(*step, key));
            }
        }
    }
    let edges = upstream.edges.iter().chain(&downstream.edges);
    for doubt in edges.clone().filter_map(|e| e.doubt.as_ref()) {
        reason(doubt.to_string());
    }
    let mut named = BTreeSet::from([node]);
    named.extend(edges.clone().flat_map(|e| [e.source.0, Node::Model(e.target.0)]));
    let near = snapshot.walk((node, key), Direction::Downstream, Some(1));
    let mut consumers: Vec<ColumnRef> = near.edges.iter().map(|e| edge(snapshot, e).target).collect();
    consumers.sort();
    consumers.dedup();
    ColumnLineage {
        version,
        command,
        schema_version,
        model: snapshot.node_name(node).to_string(),
        column,
        direction: match (up, down) {
            (true, true) => "both",
            (false, true) => "downstream",
            _ => "upstream",
        }
        .to_owned(),
        trace: edges.map(|e| edge(snapshot, e)).collect(),
        downstream_consumers: consumers,
        influences: influences.iter().map(|i| influence(snapshot, i)).collect(),
        proved: reasons.is_empty(),
        unproved_because: reasons,
        truncated: upstream.cut || downstream.cut,
        nodes: named.into_iter().map(|n| describe(snapshot, n)).collect(),
    }
}

fn of_project(snapshot: &Snapshot, cancel: &CancelToken) -> Result<ProjectLineage> {
    let (version, command, schema_version) = envelope!("lineage");
    let models = (0..snapshot.models.len() as u32).map(Node::Model);
    let nodes: Vec<Node> = models
        .chain((0..snapshot.sources.len() as u32).map(Node::Source))
        .collect();
    let mut answer = ProjectLineage {
        version,
        command,
        schema_version,
        models: Vec::with_capacity(nodes.len()),
        nodes: nodes.iter().map(|n| describe(snapshot, *n)).collect(),
        edges: Vec::new(),
        influences: Vec::new(),
    };
    for (count, node) in nodes.into_iter().enumerate() {
        if count % 256 == 0 {
            cancel.check()?;
        }
        let mut upstream: Vec<String> = snapshot
            .neighbours(node, Direction::Upstream, 1)
            .iter()
            .map(|n| snapshot.node_name(*n).to_string())
            .collect();
        upstream.sort();
        answer.models.push(ProjectLineageModel {
            model: snapshot.node_name(node).to_string(),
            columns: columns(snapshot, node),
            upstream,
            columns_complete: complete(snapshot, node),
        });
        if let Node::Model(model) = node {
            let edges = snapshot.edges_into(model);
            answer.edges.extend(edges.iter().map(|e| edge(snapshot, e)));
            let influences = snapshot.influences_on(model);
            answer
                .influences
                .extend(influences.iter().map(|i| influence(snapshot, i)));
        }
    }
    Ok(answer)
}

/// There are no columns beside the known ones.
pub(crate) fn complete(snapshot: &Snapshot, node: Node) -> bool {
    match node {
        Node::Model(m) => snapshot.models.get(m as usize).is_some_and(|m| m.complete()),
        Node::Source(s) => snapshot
            .sources
            .get(s as usize)
            .is_some_and(|s| s.columns().is_some()),
    }
}

fn columns(snapshot: &Snapshot, node: Node) -> Vec<LineageColumn> {
    let data_type =
        |ty: &rocky_warehouse::Type| (!ty.is_unknown()).then(|| type_text(ty, snapshot.dialect).to_string());
    match node {
        Node::Model(m) => {
            let list = snapshot.analysis_of(m).map_or(&[][..], |a| &a.columns);
            let columns = list.iter().enumerate().map(|(index, column)| {
                let doubt = snapshot.column_doubt(m, index as u32);
                LineageColumn {
                    name: column.name.to_string(),
                    data_type: data_type(&column.ty),
                    proved: doubt.is_none(),
                    unproved_because: doubt.map(|d| d.to_string()),
                }
            });
            columns.collect()
        }
        Node::Source(s) => {
            let source = snapshot.sources.get(s as usize);
            let list = source.and_then(|s| s.columns()).map_or(&[][..], |c| &c[..]);
            let columns = list.iter().map(|column| LineageColumn {
                name: column.name.to_string(),
                data_type: data_type(&column.ty),
                proved: true,
                unproved_because: None,
            });
            columns.collect()
        }
    }
}

/// `model`, `ephemeral`, `source`, `file`.
pub(crate) fn kind(snapshot: &Snapshot, node: Node) -> &'static str {
    match node {
        Node::Model(m) => match snapshot.models.get(m as usize).map(|m| &m.strategy.kind) {
            Some(StrategyKind::Ephemeral) => "ephemeral",
            _ => "model",
        },
        Node::Source(s) => match snapshot.sources.get(s as usize) {
            Some(s) if s.name.schema.is_none() && s.name.table.text.starts_with('\'') => "file",
            _ => "source",
        },
    }
}

fn describe(snapshot: &Snapshot, node: Node) -> LineageNode {
    let name = snapshot.node_name(node).to_string();
    let model = match node {
        Node::Model(m) => snapshot.models.get(m as usize),
        Node::Source(_) => None,
    };
    let file = model.and_then(|m| snapshot.files.get(m.file));
    let schema = match node {
        Node::Model(_) => None,
        Node::Source(s) => snapshot.sources.get(s as usize).map(|s| match s.schema {
            SourceSchema::Given(_) => "given",
            SourceSchema::Declared(..) => "declared",
            SourceSchema::Locked(..) => "locked",
            SourceSchema::Live(..) => "live",
            SourceSchema::Seen(..) => "seen",
            SourceSchema::Absent => "absent",
            SourceSchema::Unknown => "unknown",
        }),
    };
    LineageNode {
        kind: kind(snapshot, node).to_owned(),
        target_schema: model.map(|m| m.target_parts[1].to_string()),
        source_id: model.is_none().then(|| name.clone()),
        file: file.map(|f| f.path.to_string()),
        reads_itself: model.is_some_and(|m| m.inputs.contains(&rocky_project::InputRelation::Own)),
        schema: schema.map(ToOwned::to_owned),
        model: name,
    }
}

fn edge(snapshot: &Snapshot, edge: &Edge) -> LineageEdge {
    LineageEdge {
        source: ColumnRef {
            model: snapshot.node_name(edge.source.0).to_string(),
            column: edge.source.1.to_string(),
        },
        target: ColumnRef {
            model: snapshot.node_name(Node::Model(edge.target.0)).to_string(),
            column: edge.target.1.to_string(),
        },
        transform: transform_text(&edge.transform),
        roles: roles_text(edge.roles),
        span: SourceSpan::of(edge.loc, &snapshot.files),
        proved: edge.doubt.is_none(),
        unproved_because: edge.doubt.as_ref().map(ToString::to_string),
    }
}

fn influence(snapshot: &Snapshot, influence: &RowInfluence) -> LineageInfluence {
    LineageInfluence {
        source: ColumnRef {
            model: snapshot.node_name(influence.source.0).to_string(),
            column: influence.source.1.to_string(),
        },
        model: snapshot.node_name(Node::Model(influence.target)).to_string(),
        kind: influence_text(influence.kind).to_owned(),
        window: influence.kind == InfluenceKind::Window,
        span: SourceSpan::of(influence.loc, &snapshot.files),
    }
}
