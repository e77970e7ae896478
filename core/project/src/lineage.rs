//! Tracing columns through a compiled project. Edges are stored per model; a trace walks them with a visited set and a
//! queue, so its cost is that of the edges it reports.

use crate::snapshot::{InputRelation, Snapshot};
use rocky_base::{Loc, SmolStr};
use rocky_semantic::{InfluenceKind, Transform};
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// A relation in a lineage answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Node {
    /// A model.
    Model(u32),
    /// A source.
    Source(u32),
}

/// An edge between columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Where the value comes from.
    pub source: (Node, SmolStr),
    /// The model's output column.
    pub target: (u32, SmolStr),
    /// How.
    pub transform: Transform,
    /// The reference in the model's file.
    pub loc: Loc,
}

/// A column that decides about the rows of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowInfluence {
    /// The column.
    pub source: (Node, SmolStr),
    /// The model.
    pub target: u32,
    /// How.
    pub kind: InfluenceKind,
    /// The reference.
    pub loc: Loc,
}

/// Which way to walk.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Direction {
    /// To what the column is computed from.
    Upstream,
    /// To what is computed from it.
    Downstream,
}

impl Snapshot {
    fn node_of(&self, model: u32, input: u32) -> Option<Node> {
        match self.models[model as usize].inputs.get(input as usize)? {
            InputRelation::Model(m) => Some(Node::Model(*m)),
            InputRelation::Own => Some(Node::Model(model)),
            InputRelation::Source(s) => Some(Node::Source(*s)),
        }
    }

    /// The name of a node.
    pub fn node_name(&self, node: Node) -> SmolStr {
        match node {
            Node::Model(m) => self.models[m as usize].name.clone(),
            Node::Source(s) => SmolStr::new(self.sources[s as usize].name.display()),
        }
    }

    /// Edges into the columns of a model, in order of its columns.
    pub fn edges_into(&self, model: u32) -> Vec<Edge> {
        let owner = &self.models[model as usize];
        let columns = owner.analysis().columns.iter();
        columns
            .flat_map(|column| column.sources.iter().map(move |s| (column, s)))
            .filter_map(|(column, s)| {
                Some(Edge {
                    source: (self.node_of(model, s.relation)?, s.column.clone()),
                    target: (model, column.name.clone()),
                    transform: s.transform.clone(),
                    loc: owner.unit.origin().locate(s.span),
                })
            })
            .collect()
    }

    /// Edges from the columns of a model into its consumers.
    pub fn edges_out_of(&self, model: u32) -> Vec<Edge> {
        let consumers = self.consumers[model as usize].iter();
        consumers
            .flat_map(|c| self.edges_into(*c))
            .filter(|e| e.source.0 == Node::Model(model))
            .collect()
    }

    /// Columns that decide about a model's rows.
    pub fn influences_on(&self, model: u32) -> Vec<RowInfluence> {
        let owner = &self.models[model as usize];
        owner
            .analysis()
            .influences
            .iter()
            .filter_map(|i| {
                Some(RowInfluence {
                    source: (self.node_of(model, i.relation)?, i.column.clone()),
                    target: model,
                    kind: i.kind,
                    loc: owner.unit.origin().locate(i.span),
                })
            })
            .collect()
    }

    /// All edges reached from one column of a model, breadth first: to the leaves, or to the last consumers.
    pub fn trace(&self, model: u32, column: &str, direction: Direction) -> Vec<Edge> {
        let mut edges = Vec::new();
        let mut seen: FxHashSet<(Node, SmolStr)> = FxHashSet::default();
        let mut queue = VecDeque::from([(Node::Model(model), self.fold_column(column))]);
        seen.extend(queue.iter().cloned());
        while let Some((node, column)) = queue.pop_front() {
            let found: Vec<Edge> = match (direction, node) {
                (Direction::Upstream, Node::Model(m)) => {
                    let all = self.edges_into(m);
                    all.into_iter()
                        .filter(|e| self.fold_column(&e.target.1) == column)
                        .collect()
                }
                (Direction::Upstream, Node::Source(_)) => Vec::new(),
                (Direction::Downstream, Node::Model(m)) => {
                    let all = self.edges_out_of(m);
                    all.into_iter()
                        .filter(|e| self.fold_column(&e.source.1) == column)
                        .collect()
                }
                (Direction::Downstream, Node::Source(s)) => {
                    let readers = self.sources[s as usize].readers.iter();
                    let all = readers.flat_map(|r| self.edges_into(*r));
                    all.filter(|e| e.source.0 == node && self.fold_column(&e.source.1) == column)
                        .collect()
                }
            };
            for edge in found {
                let next = match direction {
                    Direction::Upstream => (edge.source.0, self.fold_column(&edge.source.1)),
                    Direction::Downstream => (Node::Model(edge.target.0), self.fold_column(&edge.target.1)),
                };
                if seen.insert(next.clone()) {
                    queue.push_back(next);
                }
                edges.push(edge);
            }
        }
        edges
    }

    /// A column name as a comparison key (names of output columns count as quoted where that matters).
    pub fn fold_column(&self, name: &str) -> SmolStr {
        self.dialect
            .fold(name, true, rocky_base::ident::IdentKind::Column)
    }
}
