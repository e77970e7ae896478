//! A synthetic project as values: raw tables, and four layers of models that read them. A function of size and seed alone.
//!
//! Invariant: a model reads only models with a lower number, so the order of [`Project::models`] is a topological one, and
//! every model offers the columns that [`template`] counts on (`customer_id`, `updated_at`, a measure, a category).
//! The depth is the same at every size, so that cost per model may be compared between sizes.

mod column;
mod expression;
mod rng;
mod template;

pub use column::{Column, RawColumn, RawTable, Role};
pub use rng::Rng;

use std::ops::Range;

/// Models are made in this order; each layer reads the ones before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Layer {
    /// One raw table with casts.
    Sources,
    /// Cleaned and derived columns of one upstream.
    Staging,
    /// Joins, aggregates, windows over two or three.
    Intermediate,
    /// What people look at.
    Marts,
}

impl Layer {
    /// All layers, in order.
    pub const ALL: [Layer; 4] = [Layer::Sources, Layer::Staging, Layer::Intermediate, Layer::Marts];

    /// Folder under `models/`, and target schema.
    pub fn folder(self) -> &'static str {
        match self {
            Layer::Sources => "sources",
            Layer::Staging => "staging",
            Layer::Intermediate => "intermediate",
            Layer::Marts => "marts",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Layer::Sources => "src",
            Layer::Staging => "stg",
            Layer::Intermediate => "int",
            Layer::Marts => "mart",
        }
    }

    /// Shares of a layer's models per level, in per cent. A level reads lower levels only: that bounds the depth.
    fn levels(self) -> &'static [usize] {
        match self {
            Layer::Sources => &[100],
            Layer::Staging => &[75, 25],
            Layer::Intermediate => &[40, 30, 20, 10],
            Layer::Marts => &[80, 20],
        }
    }
}

/// What a query reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Upstream {
    /// An index into [`Project::tables`].
    Raw(usize),
    /// An index into [`Project::models`].
    Model(usize),
}

/// A query is a list of these, so that references and edits are never searched for in text.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// The name of what is read, as the tool at hand writes it.
    Reference(Upstream),
    /// The end of the outermost select list; an edit puts a column here.
    ColumnSlot,
    /// The end of a WHERE clause; an edit puts a condition here.
    FilterSlot,
}

/// How the model is materialised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// A view.
    View,
    /// Made anew.
    FullRefresh,
    /// Rows past the greatest `updated_at`.
    Incremental,
    /// Rows replaced by the key with this column number.
    Merge(usize),
}

/// One model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Unique in the project.
    pub name: String,
    /// Its layer.
    pub layer: Layer,
    /// Which business object it is about; an index into the list of entities.
    pub entity: usize,
    /// Output columns in order.
    pub columns: Vec<Column>,
    /// What it reads, each once.
    pub upstreams: Vec<Upstream>,
    /// The query in SQL. A DSL model has it too: its meaning, which dbt gets.
    pub sql: Vec<Piece>,
    /// The text of a DSL model.
    pub dsl: Option<Vec<Piece>>,
    /// Materialisation.
    pub strategy: Strategy,
    /// One sentence for the sidecar.
    pub intent: String,
}

/// A whole project.
#[derive(Clone, Debug)]
pub struct Project {
    /// What the seed was.
    pub seed: u64,
    /// Declared sources.
    pub tables: Vec<RawTable>,
    /// Models in a topological order.
    pub models: Vec<Model>,
}

/// The least number of models that has all four layers with something to join.
pub const MIN_MODELS: usize = 10;

/// Of this many models that are not in the first layer (80 %) one is written in the DSL: 10 % of all.
const DSL_EVERY: usize = 8;

/// Make a project of `n_models`, at least [`MIN_MODELS`].
pub fn generate(n_models: usize, seed: u64) -> Project {
    let n_models = n_models.max(MIN_MODELS);
    let n_sources = n_models * 20 / 100;
    let n_staging = n_models * 35 / 100;
    let n_intermediate = n_models * 30 / 100;
    let n_marts = n_models - n_sources - n_staging - n_intermediate;
    // Several models clean one raw table, as they do where a table serves several teams.
    let tables = (0..n_sources.div_ceil(4).max(2))
        .map(|i| column::raw_table(&mut Rng::new(seed, 1, i), i))
        .collect();
    let mut maker = Maker {
        project: Project {
            seed,
            tables,
            models: Vec::with_capacity(n_models),
        },
        levels: Vec::new(),
    };
    for (layer, n_layer) in Layer::ALL
        .into_iter()
        .zip([n_sources, n_staging, n_intermediate, n_marts])
    {
        maker.layer(layer, n_layer, n_sources);
    }
    maker.project
}

struct Maker {
    project: Project,
    /// Model numbers of each level so far.
    levels: Vec<Range<usize>>,
}

impl Maker {
    fn layer(&mut self, layer: Layer, n_layer: usize, n_sources: usize) {
        let shares = layer.levels();
        let mut done = 0;
        for (level, share) in shares.iter().enumerate() {
            let n_level = if level + 1 == shares.len() {
                n_layer - done
            } else {
                (n_layer * share).div_ceil(100).min(n_layer - done)
            };
            let start = self.project.models.len();
            for i in 0..n_level {
                let number = self.project.models.len();
                let mut rng = Rng::new(self.project.seed, 2, number);
                let name_number = done + i;
                let is_dsl = layer != Layer::Sources && (number - n_sources) % DSL_EVERY == DSL_EVERY / 2;
                let upstreams = self.upstreams(&mut rng, layer, (i, n_level), number);
                let mut model = template::model(&mut rng, &self.project, layer, &upstreams, is_dsl);
                model.name = format!(
                    "{}_{}_{name_number}",
                    layer.prefix(),
                    column::ENTITIES[model.entity].0
                );
                self.project.models.push(model);
            }
            done += n_level;
            if n_level > 0 {
                self.levels.push(start..start + n_level);
            }
        }
    }

    /// What the `position.0`-th of `position.1` models of a level may read: three different upstreams at most, the first of which
    /// is of the level just below. They lie near the same relative place of their level, as the models of one team do.
    fn upstreams(
        &self,
        rng: &mut Rng,
        layer: Layer,
        position: (usize, usize),
        number: usize,
    ) -> Vec<Upstream> {
        if layer == Layer::Sources {
            return vec![Upstream::Raw(number % self.project.tables.len())];
        }
        let below = self.levels.len() - 1;
        let mut found = vec![near(rng, &self.levels[below], position)];
        // Others come from any level but the first layer's, unless there is nothing else.
        for _ in 0..2 {
            for _ in 0..4 {
                let level = if below == 0 { 0 } else { 1 + rng.below(below) };
                let candidate = near(rng, &self.levels[level], position);
                if !found.contains(&candidate) {
                    found.push(candidate);
                    break;
                }
            }
        }
        found.into_iter().map(Upstream::Model).collect()
    }
}

/// A model of the level: mostly within 25 places of the same relative position, sometimes a hub that many read, sometimes any.
fn near(rng: &mut Rng, level: &Range<usize>, position: (usize, usize)) -> usize {
    let len = level.len();
    match rng.below(100) {
        0..5 => level.start + rng.below(1 + len.isqrt() / 4),
        5..13 => level.start + rng.below(len),
        _ => {
            let centre = position.0 * len / position.1;
            level.start + (centre + rng.below(51)).saturating_sub(25).min(len - 1)
        }
    }
}
