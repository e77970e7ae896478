//! Tracing columns through a compiled project. Upstream edges stand in the analyses; the way back is an index beside the
//! snapshot, made per relation when it is first asked for: compact numbers, no names. A trace walks edges with a visited set and
//! a queue, so its cost is that of the edges it reports, whatever the depth.
//!
//! Invariant: an edge that cannot be proved is reported with its [`Doubt`], never dropped. Start at [`Snapshot::walk`].

use crate::snapshot::{InputRelation, Model, Snapshot, SourceSchema};
use rocky_base::{Loc, SmolStr};
use rocky_semantic::{
    Analysis, Influence, InfluenceKind, Roles, SourceColumn, Status, Transform, UNRESOLVED,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// A relation in a lineage answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Node {
    /// A model.
    Model(u32),
    /// A source.
    Source(u32),
}

/// A column of a node.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ColumnKey {
    /// Its place among the known columns.
    Known(u32),
    /// The folded name of one that is read but not listed: the relation's columns are not all known.
    Named(SmolStr),
}

/// Why an edge, or the sources of a column, are not proved.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Doubt {
    /// Nothing is known of the columns of this relation.
    UnknownRelation(SmolStr),
    /// This relation was proved not to exist.
    AbsentRelation(SmolStr),
    /// The model may have columns that are not listed, and this one is not.
    NotListed(SmolStr),
    /// The relation is known and has no such column.
    NoColumn(SmolStr),
    /// A name in the model could not be resolved to one relation.
    Unresolved(SmolStr),
    /// The model has syntax errors.
    Broken(SmolStr),
    /// The value could not be followed: why.
    Unknown(SmolStr),
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Doubt::UnknownRelation(name) => write!(f, "the columns of `{name}` are not known"),
            Doubt::AbsentRelation(name) => write!(f, "`{name}` does not exist"),
            Doubt::NotListed(name) => write!(f, "`{name}` may have columns that are not known"),
            Doubt::NoColumn(name) => write!(f, "`{name}` has no such column"),
            Doubt::Unresolved(name) => write!(f, "it is not known to which relation `{name}` belongs"),
            Doubt::Broken(name) => write!(f, "`{name}` could not be parsed completely"),
            Doubt::Unknown(reason) => f.write_str(reason),
        }
    }
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
    /// As what.
    pub roles: Roles,
    /// The reference in the model's file.
    pub loc: Loc,
    /// Why it is not proved; `None` when it is.
    pub doubt: Option<Doubt>,
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

/// What a walk reached.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Edges, nearest first.
    pub edges: Vec<Edge>,
    /// The columns on the way, the first one included, nearest first.
    pub columns: Vec<(Node, ColumnKey)>,
    /// There is more beyond the depth that was asked for.
    pub cut: bool,
}

/// The index beside a snapshot.
#[derive(Debug, Default)]
pub struct Index(OnceLock<Tables>);

#[derive(Debug)]
struct Tables {
    /// Models, then sources.
    names: Box<[OnceLock<FxHashMap<SmolStr, u32>>]>,
    readers: Box<[OnceLock<Readers>]>,
}

/// Who reads the columns of one node, in the layout of compressed sparse rows.
#[derive(Debug, Default)]
struct Readers {
    /// Rows of columns that are read but not listed; they follow those of the known ones.
    named: FxHashMap<SmolStr, u32>,
    value_starts: Box<[u32]>,
    values: Box<[Reader]>,
    influence_starts: Box<[u32]>,
    influences: Box<[(u32, u32)]>,
}

/// One reading: the model, its output column, the place among that column's sources.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Reader {
    model: u32,
    column: u32,
    source: u32,
}

/// The literal that names a file, without the alias that may follow: `'a.csv'` of `'a.csv' AS a`. A doubled quote does not end it.
pub(crate) fn file_literal(item: &str) -> &str {
    let Some(quote) = item.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        return item;
    };
    let mut chars = item.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return item.get(..=at).unwrap_or(item);
        }
    }
    item
}

fn range(starts: &[u32], row: u32) -> std::ops::Range<usize> {
    let at = |i: usize| starts.get(i).copied().unwrap_or(0) as usize;
    let row = row as usize;
    if row + 1 < starts.len() {
        at(row)..at(row + 1)
    } else {
        0..0
    }
}

/// Compressed sparse rows of entries that are sorted by row.
fn rows<T>(n_rows: usize, mut entries: Vec<(u32, T)>) -> (Box<[u32]>, Box<[T]>)
where
    T: Ord,
{
    entries.sort_unstable();
    let mut starts = vec![0u32; n_rows + 1];
    for (row, _) in &entries {
        if let Some(slot) = starts.get_mut(*row as usize + 1) {
            *slot += 1;
        }
    }
    let mut sum = 0;
    for slot in &mut starts {
        sum += *slot;
        *slot = sum;
    }
    (starts.into(), entries.into_iter().map(|(_, e)| e).collect())
}

impl Readers {
    fn row(&self, key: &ColumnKey) -> Option<u32> {
        match key {
            ColumnKey::Known(column) => Some(*column),
            ColumnKey::Named(name) => self.named.get(name).copied(),
        }
    }
    fn values(&self, key: &ColumnKey) -> &[Reader] {
        let row = self.row(key).map(|r| range(&self.value_starts, r));
        row.and_then(|r| self.values.get(r)).unwrap_or(&[])
    }
    fn influences(&self, key: &ColumnKey) -> &[(u32, u32)] {
        let row = self.row(key).map(|r| range(&self.influence_starts, r));
        row.and_then(|r| self.influences.get(r)).unwrap_or(&[])
    }
}

impl Snapshot {
    /// The analysis of a model: the one place where lineage takes it from.
    pub fn analysis_of(&self, model: u32) -> Option<&Analysis> {
        self.models.get(model as usize).map(|m| &**m.analysis())
    }

    fn tables(&self) -> &Tables {
        self.lineage.0.get_or_init(|| {
            let n_nodes = self.models.len() + self.sources.len();
            Tables {
                names: (0..n_nodes).map(|_| OnceLock::new()).collect(),
                readers: (0..n_nodes).map(|_| OnceLock::new()).collect(),
            }
        })
    }

    fn slot(&self, node: Node) -> usize {
        match node {
            Node::Model(m) => m as usize,
            Node::Source(s) => self.models.len() + s as usize,
        }
    }

    /// The relation behind a number in a model's lineage.
    pub fn node_of(&self, model: u32, input: u32) -> Option<Node> {
        match self.models.get(model as usize)?.inputs.get(input as usize)? {
            InputRelation::Model(m) => Some(Node::Model(*m)),
            InputRelation::Own => Some(Node::Model(model)),
            InputRelation::Source(s) => Some(Node::Source(*s)),
        }
    }

    /// The name of a node.
    pub fn node_name(&self, node: Node) -> SmolStr {
        match node {
            Node::Model(m) => self.models.get(m as usize).map(|m| m.name.clone()),
            Node::Source(s) => self
                .sources
                .get(s as usize)
                .map(|s| SmolStr::new(s.name.display())),
        }
        .unwrap_or_default()
    }

    /// A source by its full name.
    pub fn source(&self, name: &str) -> Option<u32> {
        let fold = |n: &str| self.dialect.fold(n, true, rocky_base::ident::IdentKind::Relation);
        let key = fold(name);
        let all = || self.sources.iter().map(|s| fold(&s.name.display())).zip(0_u32..);
        if let Some((_, found)) = all().find(|(name, _)| *name == key) {
            return Some(found);
        }
        // As queries write it, without the catalog, when only one is meant.
        let mut short = all().filter(|(name, _)| {
            name.strip_suffix(key.as_str())
                .is_some_and(|before| before.ends_with('.'))
        });
        match (short.next(), short.next()) {
            (Some((_, found)), None) => Some(found),
            _ => None,
        }
    }

    /// How many columns of a node are known.
    pub fn n_columns(&self, node: Node) -> u32 {
        match node {
            // What a quarantine adds included: it is generated, so nothing is behind it.
            Node::Model(m) => self
                .models
                .get(m as usize)
                .map_or(0, |m| m.schema().columns.len()) as u32,
            Node::Source(s) => self
                .sources
                .get(s as usize)
                .and_then(|s| s.columns())
                .map_or(0, |c| c.len()) as u32,
        }
    }

    /// The name of a column.
    pub fn column_name(&self, node: Node, key: &ColumnKey) -> SmolStr {
        let (ColumnKey::Known(index), node) = (key, node) else {
            return match key {
                ColumnKey::Named(name) => name.clone(),
                ColumnKey::Known(_) => SmolStr::default(),
            };
        };
        match node {
            Node::Model(m) => self
                .models
                .get(m as usize)
                .and_then(|m| m.schema().columns.get(*index as usize))
                .map(|c| c.name.clone()),
            Node::Source(s) => self
                .sources
                .get(s as usize)
                .and_then(|s| s.columns()?.get(*index as usize))
                .map(|c| c.name.clone()),
        }
        .unwrap_or_default()
    }

    /// A column of a node by its name.
    pub fn column_key(&self, node: Node, name: &str) -> ColumnKey {
        let key = self.fold_column(name);
        let Some(slot) = self.tables().names.get(self.slot(node)) else {
            return ColumnKey::Named(key);
        };
        let names = slot.get_or_init(|| {
            let mut names = FxHashMap::default();
            for index in 0..self.n_columns(node) {
                let name = self.column_name(node, &ColumnKey::Known(index));
                names.entry(self.fold_column(&name)).or_insert(index);
            }
            names
        });
        match names.get(&key) {
            Some(index) => ColumnKey::Known(*index),
            None => ColumnKey::Named(key),
        }
    }

    fn readers(&self, node: Node) -> Option<&Readers> {
        let slot = self.tables().readers.get(self.slot(node))?;
        Some(slot.get_or_init(|| self.read_by(node)))
    }

    fn read_by(&self, node: Node) -> Readers {
        let mut models: Vec<u32> = match node {
            Node::Model(m) => {
                let mut list = self.consumers.get(m as usize).cloned().unwrap_or_default();
                // Its own target, as an incremental model reads it.
                list.push(m);
                list
            }
            Node::Source(s) => self
                .sources
                .get(s as usize)
                .map_or_else(Vec::new, |s| s.readers.clone()),
        };
        models.sort_unstable();
        models.dedup();
        let n_known = self.n_columns(node);
        let mut named: FxHashMap<SmolStr, u32> = FxHashMap::default();
        let mut row = |key: ColumnKey| match key {
            ColumnKey::Known(index) => index,
            ColumnKey::Named(name) => {
                let next = n_known + named.len() as u32;
                *named.entry(name).or_insert(next)
            }
        };
        let (mut values, mut influences) = (Vec::new(), Vec::new());
        for model in models {
            let Some(analysis) = self.analysis_of(model) else {
                continue;
            };
            for (column, output) in analysis.columns.iter().enumerate() {
                for (source, found) in output.sources.iter().enumerate() {
                    if self.node_of(model, found.relation) == Some(node) {
                        let reader = Reader {
                            model,
                            column: column as u32,
                            source: source as u32,
                        };
                        values.push((row(self.column_key(node, &found.column)), reader));
                    }
                }
            }
            for (index, found) in analysis.influences.iter().enumerate() {
                if self.node_of(model, found.relation) == Some(node) {
                    influences.push((row(self.column_key(node, &found.column)), (model, index as u32)));
                }
            }
        }
        let n_rows = n_known as usize + named.len();
        let (value_starts, values) = rows(n_rows, values);
        let (influence_starts, influences) = rows(n_rows, influences);
        Readers {
            named,
            value_starts,
            values,
            influence_starts,
            influences,
        }
    }

    /// Why a reading of this column is not proved.
    fn doubt(&self, node: Node, key: &ColumnKey) -> Option<Doubt> {
        let unlisted = matches!(key, ColumnKey::Named(_));
        let name = || self.node_name(node);
        match node {
            Node::Model(m) if unlisted => {
                let model = self.models.get(m as usize)?;
                Some(if model.unit.broken() {
                    Doubt::Broken(name())
                } else if model.complete() {
                    Doubt::NoColumn(name())
                } else {
                    Doubt::NotListed(name())
                })
            }
            Node::Model(_) => None,
            Node::Source(s) => match &self.sources.get(s as usize)?.schema {
                SourceSchema::Unknown => Some(Doubt::UnknownRelation(name())),
                SourceSchema::Absent => Some(Doubt::AbsentRelation(name())),
                _ => unlisted.then(|| Doubt::NoColumn(name())),
            },
        }
    }

    /// The edge of a source of an output column; `None` when no relation is behind it.
    fn edge(&self, model: u32, column: &SmolStr, source: &SourceColumn) -> Option<(Edge, ColumnKey)> {
        let owner = self.models.get(model as usize)?;
        let node = self.node_of(model, source.relation)?;
        let key = self.column_key(node, &source.column);
        let edge = Edge {
            source: (node, source.column.clone()),
            target: (model, column.clone()),
            transform: source.transform.clone(),
            roles: source.roles,
            loc: owner.unit.origin().locate(source.span),
            doubt: self.doubt(node, &key),
        };
        Some((edge, key))
    }

    /// Edges into the columns of a model, in order of its columns.
    pub fn edges_into(&self, model: u32) -> Vec<Edge> {
        let columns = self.analysis_of(model).map_or(&[][..], |a| &a.columns);
        let pairs = columns.iter().flat_map(|c| c.sources.iter().map(move |s| (c, s)));
        pairs
            .filter_map(|(c, s)| self.edge(model, &c.name, s).map(|(e, _)| e))
            .collect()
    }

    /// Edges from the columns of a node into its consumers, by consumer and its columns.
    pub fn edges_from(&self, node: Node) -> Vec<Edge> {
        let mut readers: Vec<Reader> = self.readers(node).map_or_else(Vec::new, |r| r.values.to_vec());
        readers.sort_unstable();
        readers
            .iter()
            .filter(|r| node != Node::Model(r.model))
            .filter_map(|r| self.edge_of(r).map(|(e, _)| e))
            .collect()
    }

    /// Edges from the columns of a model into its consumers.
    pub fn edges_out_of(&self, model: u32) -> Vec<Edge> {
        self.edges_from(Node::Model(model))
    }

    fn edge_of(&self, reader: &Reader) -> Option<(Edge, ColumnKey)> {
        let column = self
            .analysis_of(reader.model)?
            .columns
            .get(reader.column as usize)?;
        self.edge(
            reader.model,
            &column.name,
            column.sources.get(reader.source as usize)?,
        )
    }

    fn influence(&self, model: u32, found: &Influence) -> Option<RowInfluence> {
        let owner: &Arc<Model> = self.models.get(model as usize)?;
        Some(RowInfluence {
            source: (self.node_of(model, found.relation)?, found.column.clone()),
            target: model,
            kind: found.kind,
            loc: owner.unit.origin().locate(found.span),
        })
    }

    /// Columns that decide about a model's rows.
    pub fn influences_on(&self, model: u32) -> Vec<RowInfluence> {
        let list = self.analysis_of(model).map_or(&[][..], |a| &a.influences);
        list.iter().filter_map(|i| self.influence(model, i)).collect()
    }

    /// The models about whose rows a column decides.
    pub fn influences_of(&self, node: Node, key: &ColumnKey) -> Vec<RowInfluence> {
        let found = self.readers(node).map_or(&[][..], |r| r.influences(key));
        let list = found.iter().filter_map(|(model, index)| {
            let analysis = self.analysis_of(*model)?;
            self.influence(*model, analysis.influences.get(*index as usize)?)
        });
        list.collect()
    }

    /// Why the sources of an output column are not all known; `None` when they are.
    pub fn column_doubt(&self, model: u32, column: u32) -> Option<Doubt> {
        let owner = self.models.get(model as usize)?;
        if owner.unit.broken() {
            return Some(Doubt::Broken(owner.name.clone()));
        }
        let found = self.analysis_of(model)?.columns.get(column as usize)?;
        for source in &found.sources {
            if source.relation == UNRESOLVED {
                return Some(Doubt::Unresolved(source.column.clone()));
            }
            if let Some((
                Edge {
                    doubt: Some(doubt), ..
                },
                _,
            )) = self.edge(model, &found.name, source)
            {
                return Some(doubt);
            }
        }
        match &found.status {
            Status::Unknown { reason, .. } if found.sources.is_empty() => {
                Some(Doubt::Unknown(reason.clone()))
            }
            _ => None,
        }
    }

    /// Why the columns that decide about a model's rows are not all known; `None` when they are.
    pub fn rows_doubt(&self, model: u32) -> Option<Doubt> {
        let owner = self.models.get(model as usize)?;
        if owner.unit.broken() {
            return Some(Doubt::Broken(owner.name.clone()));
        }
        let list = &self.analysis_of(model)?.influences;
        let found = list.iter().find(|i| i.relation == UNRESOLVED)?;
        Some(Doubt::Unresolved(found.column.clone()))
    }

    /// Why a model may have columns that are not listed; `None` when it has none.
    pub fn columns_doubt(&self, model: u32) -> Option<Doubt> {
        let owner = self.models.get(model as usize)?;
        if owner.unit.broken() {
            return Some(Doubt::Broken(owner.name.clone()));
        }
        if owner.complete() {
            return None;
        }
        let of_input = owner.inputs.iter().find_map(|input| match input {
            InputRelation::Model(m) => {
                let input = self.models.get(*m as usize)?;
                (!input.complete()).then(|| Doubt::NotListed(input.name.clone()))
            }
            InputRelation::Source(s) => {
                let unlisted = ColumnKey::Named(SmolStr::default());
                let source = self.sources.get(*s as usize)?;
                source
                    .columns()
                    .is_none()
                    .then(|| self.doubt(Node::Source(*s), &unlisted))?
            }
            InputRelation::Own => None,
        });
        Some(of_input.unwrap_or_else(|| Doubt::Unknown("a star whose columns are not known".into())))
    }

    /// All edges reached from one column of a model, breadth first: to the leaves, or to the last consumers.
    pub fn trace(&self, model: u32, column: &str, direction: Direction) -> Vec<Edge> {
        let node = Node::Model(model);
        self.walk((node, self.column_key(node, column)), direction, None)
            .edges
    }

    /// Edges reached from one column, breadth first, at most `depth` steps away.
    pub fn walk(&self, from: (Node, ColumnKey), direction: Direction, depth: Option<u32>) -> Trace {
        let mut trace = Trace::default();
        let mut seen: FxHashSet<(Node, ColumnKey)> = FxHashSet::default();
        seen.insert(from.clone());
        let mut queue = VecDeque::from([(from, 0u32)]);
        while let Some(((node, key), steps)) = queue.pop_front() {
            let found: Vec<(Edge, (Node, ColumnKey))> = match (direction, node, &key) {
                (Direction::Upstream, Node::Model(m), ColumnKey::Known(index)) => {
                    let output = self.analysis_of(m).and_then(|a| a.columns.get(*index as usize));
                    let sources = output
                        .into_iter()
                        .flat_map(|c| c.sources.iter().map(move |s| (c, s)));
                    sources
                        .filter_map(|(c, s)| {
                            let (edge, key) = self.edge(m, &c.name, s)?;
                            let next = (edge.source.0, key);
                            Some((edge, next))
                        })
                        .collect()
                }
                (Direction::Upstream, _, _) => Vec::new(),
                (Direction::Downstream, _, _) => {
                    let readers = self.readers(node).map_or(&[][..], |r| r.values(&key));
                    readers
                        .iter()
                        .filter_map(|r| {
                            let next = (Node::Model(r.model), ColumnKey::Known(r.column));
                            Some((self.edge_of(r)?.0, next))
                        })
                        .collect()
                }
            };
            trace.columns.push((node, key));
            if depth.is_some_and(|d| steps >= d) {
                trace.cut |= !found.is_empty();
                continue;
            }
            for (edge, next) in found {
                if seen.insert(next.clone()) {
                    queue.push_back((next, steps + 1));
                }
                trace.edges.push(edge);
            }
        }
        trace
    }

    /// Models within some steps of a node, itself left out, nearest first; and the sources among them when going upstream.
    pub fn neighbours(&self, from: Node, direction: Direction, depth: u32) -> Vec<Node> {
        let mut seen = FxHashSet::from_iter([from]);
        let mut queue = VecDeque::from([(from, 0)]);
        let mut found = Vec::new();
        while let Some((node, steps)) = queue.pop_front() {
            if steps >= depth {
                continue;
            }
            let next: Vec<Node> = match (direction, node) {
                (Direction::Upstream, Node::Model(m)) => {
                    let inputs = self.models.get(m as usize).map_or(&[][..], |m| &m.inputs);
                    (0..inputs.len() as u32)
                        .filter_map(|i| self.node_of(m, i))
                        .collect()
                }
                (Direction::Upstream, Node::Source(_)) => Vec::new(),
                (Direction::Downstream, Node::Model(m)) => {
                    let list = self.consumers.get(m as usize).map_or(&[][..], |c| c);
                    list.iter().map(|m| Node::Model(*m)).collect()
                }
                (Direction::Downstream, Node::Source(s)) => {
                    let list = self.sources.get(s as usize).map_or(&[][..], |s| &s.readers);
                    list.iter().map(|m| Node::Model(*m)).collect()
                }
            };
            for node in next {
                if seen.insert(node) {
                    found.push(node);
                    queue.push_back((node, steps + 1));
                }
            }
        }
        found
    }

    /// A column name as a comparison key (names of output columns count as quoted where that matters).
    pub fn fold_column(&self, name: &str) -> SmolStr {
        self.dialect
            .fold(name, true, rocky_base::ident::IdentKind::Column)
    }
}
