//! A generated project as files: for rocky ([`rocky`]) and for dbt ([`dbt`]), the same models under the same names.

pub mod dbt;
pub mod rocky;

use crate::generate::{Layer, Model, Piece, Project, Role, Strategy, Upstream};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The file in the project's folder that holds its [`Facts`]. No tool under test reads it.
pub const FACTS_FILE: &str = "bench.json";

/// What the harness has to know of a project without making it again (which would swell its own memory, and through fork
/// that of what it measures).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The seed.
    pub seed: u64,
    /// All models.
    pub n_models: usize,
    /// Of them in SQL.
    pub n_sql: usize,
    /// Of them in the DSL.
    pub n_dsl: usize,
    /// Declared source tables.
    pub n_tables: usize,
    /// Output columns of all models.
    pub n_columns: usize,
    /// References between models.
    pub n_edges: usize,
    /// Models on the longest path.
    pub depth: usize,
    /// Files written, without this one.
    pub n_files: usize,
    /// Bytes in them.
    pub n_bytes: usize,
    /// `model.column`: a computed column of a model at the end of a longest path.
    pub lineage_target: String,
    /// The model that is edited: a staging model with the median number of dependents.
    pub edit: Edit,
    /// The staging model with the most dependents.
    pub hub: Edit,
}

/// A model's text in three parts; what is put between them changes its columns or only its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Its name.
    pub model: String,
    /// Its file, relative to the project's folder.
    pub path: String,
    /// How many models depend on it, directly or not.
    pub n_downstream: usize,
    /// Up to the end of its select list.
    pub head: String,
    /// From there to the end of its WHERE clause.
    pub middle: String,
    /// The rest.
    pub tail: String,
}

impl Edit {
    /// The text as generated.
    pub fn original(&self) -> String {
        format!("{}{}{}", self.head, self.middle, self.tail)
    }

    /// Other rows, the same columns. Every `nonce` gives another text of about the same length.
    pub fn with_condition(&self, nonce: usize) -> String {
        format!(
            "{}{}\n    AND customer_id <> {nonce}{}",
            self.head, self.middle, self.tail
        )
    }

    /// One more column, see [`Edit::extra_column`].
    pub fn with_column(&self, nonce: usize) -> String {
        let column = Edit::extra_column(nonce);
        format!(
            "{},\n    customer_id + {nonce} AS {column}{}{}",
            self.head, self.middle, self.tail
        )
    }

    /// The name of the column that [`Edit::with_column`] adds.
    pub fn extra_column(nonce: usize) -> String {
        format!("bench_extra_{nonce}")
    }
}

/// Counts what is written.
struct Writer<'d> {
    root: &'d Path,
    n_files: usize,
    n_bytes: usize,
}

impl Writer<'_> {
    fn new(root: &Path) -> io::Result<Writer<'_>> {
        std::fs::create_dir_all(root)?;
        if root.read_dir()?.next().is_some() {
            let message = format!("{} is not empty", root.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        Ok(Writer {
            root,
            n_files: 0,
            n_bytes: 0,
        })
    }

    fn file(&mut self, path: &str, text: &str) -> io::Result<()> {
        self.n_files += 1;
        self.n_bytes += text.len();
        std::fs::write(self.root.join(path), text)
    }

    fn folder(&self, path: &str) -> io::Result<()> {
        std::fs::create_dir_all(self.root.join(path))
    }

    fn facts(
        self,
        project: &Project,
        file: impl Fn(&Model) -> String,
        head: impl Fn(&Model) -> String,
        reference: References<'_>,
    ) -> io::Result<Facts> {
        let depths = depths(project);
        let depth = depths.iter().copied().max().unwrap_or(0);
        let deepest = project
            .models
            .iter()
            .zip(&depths)
            .rev()
            .filter(|(_, d)| **d == depth)
            .map(|(m, _)| m);
        let lineage_target = deepest
            .filter_map(|m| {
                m.columns
                    .iter()
                    .rev()
                    .find(|c| c.role == Role::Measure)
                    .map(|c| format!("{}.{}", m.name, c.name))
            })
            .next()
            .unwrap_or_default();
        let n_dsl = project.models.iter().filter(|m| m.dsl.is_some()).count();
        let (median, most) = edited_models(project);
        let edit = |(number, n_downstream): (usize, usize)| {
            let model = &project.models[number];
            let mut parts = [head(model), String::new(), String::new()];
            let mut part = 0;
            for piece in &model.sql {
                match piece {
                    Piece::ColumnSlot => part = 1,
                    Piece::FilterSlot => part = 2,
                    other => render_piece(&mut parts[part], other, project, reference),
                }
            }
            let [head, middle, tail] = parts;
            Edit {
                model: model.name.clone(),
                path: file(model),
                n_downstream,
                head,
                middle,
                tail,
            }
        };
        let facts = Facts {
            seed: project.seed,
            n_models: project.models.len(),
            n_sql: project.models.len() - n_dsl,
            n_dsl,
            n_tables: project.tables.len(),
            n_columns: project.models.iter().map(|m| m.columns.len()).sum(),
            n_edges: project
                .models
                .iter()
                .flat_map(|m| &m.upstreams)
                .filter(|u| matches!(u, Upstream::Model(_)))
                .count(),
            depth,
            n_files: self.n_files,
            n_bytes: self.n_bytes,
            lineage_target,
            edit: edit(median),
            hub: edit(most),
        };
        std::fs::write(self.root.join(FACTS_FILE), serde_json::to_vec_pretty(&facts)?)?;
        Ok(facts)
    }
}

/// Read the facts of the project in `dir`.
pub fn read_facts(dir: &Path) -> io::Result<Facts> {
    Ok(serde_json::from_slice(&std::fs::read(dir.join(FACTS_FILE))?)?)
}

/// How a tool writes what is read.
type References<'f> = &'f dyn Fn(&Project, Upstream) -> String;

fn render_piece(text: &mut String, piece: &Piece, project: &Project, reference: References<'_>) {
    match piece {
        Piece::Text(piece) => text.push_str(piece),
        Piece::Reference(upstream) => text.push_str(&reference(project, *upstream)),
        Piece::ColumnSlot | Piece::FilterSlot => {}
    }
}

fn render(pieces: &[Piece], project: &Project, reference: References<'_>) -> String {
    let mut text = String::with_capacity(512);
    pieces
        .iter()
        .for_each(|piece| render_piece(&mut text, piece, project, reference));
    text
}

/// `stg_orders_3`, `raw.orders_1`: names as SQL knows them.
fn bare(project: &Project, upstream: Upstream) -> String {
    match upstream {
        Upstream::Raw(table) => format!("raw.{}", project.tables[table].name),
        Upstream::Model(model) => project.models[model].name.clone(),
    }
}

/// The model's meaning as plain SQL, for judges.
pub fn plain_sql(project: &Project, model: &Model) -> String {
    render(&model.sql, project, &bare)
}

/// The model's text as rocky gets it.
pub fn rocky_text(project: &Project, model: &Model) -> String {
    render(model.dsl.as_ref().unwrap_or(&model.sql), project, &bare)
}

/// Number of models on the longest path that ends at each model.
fn depths(project: &Project) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(project.models.len());
    for model in &project.models {
        let above = model.upstreams.iter().filter_map(|u| match u {
            Upstream::Model(i) => depths.get(*i).copied(),
            Upstream::Raw(_) => None,
        });
        depths.push(1 + above.max().unwrap_or(0));
    }
    depths
}

/// Two SQL models of the staging layer that have both slots, with the number of models that depend on them: of those that are read at all the one with
/// the median number among the 51 nearest to the middle, and the one with the most among the first 200, where the hubs are.
fn edited_models(project: &Project) -> ((usize, usize), (usize, usize)) {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); project.models.len()];
    for (number, model) in project.models.iter().enumerate() {
        for upstream in &model.upstreams {
            if let Upstream::Model(i) = upstream {
                readers[*i].push(number);
            }
        }
    }
    let is_candidate = |model: &Model| {
        let has_column_slot = model.sql.iter().any(|p| matches!(p, Piece::ColumnSlot));
        let has_filter_slot = model.sql.iter().any(|p| matches!(p, Piece::FilterSlot));
        model.layer == Layer::Staging && model.dsl.is_none() && has_column_slot && has_filter_slot
    };
    let candidates: Vec<usize> = (0..project.models.len())
        .filter(|i| is_candidate(&project.models[*i]))
        .collect();
    let counted = |range: &mut dyn Iterator<Item = &usize>| {
        let mut counted: Vec<(usize, usize)> = range.map(|i| (n_downstream(&readers, *i), *i)).collect();
        counted.sort_unstable();
        counted
    };
    let first = counted(&mut candidates.iter().take(200));
    let read: Vec<usize> = candidates
        .iter()
        .copied()
        .filter(|i| !readers[*i].is_empty())
        .collect();
    let middle = (read.len() / 2).saturating_sub(25);
    let near = counted(&mut read.iter().skip(middle).take(51));
    let flipped = |found: Option<&(usize, usize)>| found.map_or((0, 0), |(n, i)| (*i, *n));
    (flipped(near.get(near.len() / 2)), flipped(first.last()))
}

fn n_downstream(readers: &[Vec<usize>], start: usize) -> usize {
    let mut seen = vec![false; readers.len()];
    let mut stack = vec![start];
    let mut n = 0;
    while let Some(model) = stack.pop() {
        for reader in &readers[model] {
            if !std::mem::replace(&mut seen[*reader], true) {
                n += 1;
                stack.push(*reader);
            }
        }
    }
    n
}

fn strategy_name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::View => "view",
        Strategy::FullRefresh => "full_refresh",
        Strategy::Incremental => "incremental",
        Strategy::Merge(_) => "merge",
    }
}
