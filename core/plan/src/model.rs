//! The plan as plain values: serialisable, comparable, hashed into `plan_id`.

use rocky_base::{Dialect, SmolStr};
use rocky_warehouse::{RelationName, Strategy};
use serde::{Deserialize, Serialize};

/// What a statement is for and how its outcome is judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepKind {
    /// Execute it.
    Statement {
        /// Its row count is the model's row count.
        counts_rows: bool,
    },
    /// A query that must return no rows; otherwise the model fails with this message and the first rows.
    Guard {
        /// One sentence; the sample rows are appended by the runner.
        error: String,
    },
    /// A query of one row and one column whose value is remembered (a watermark).
    Observe {
        /// Under which name.
        name: SmolStr,
    },
}

/// One statement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// `create_schema`, `create_table`, `create_view`, `insert`, `merge`, `stage`, `delete`, `drop`, `check_keys`, `watermark`.
    pub purpose: SmolStr,
    /// What it writes or reads, for people.
    pub target: String,
    /// The statement, complete, in the warehouse's dialect. Run-time values stand as `$name` parameters listed in the plan.
    pub sql: String,
    /// How it is judged.
    #[serde(flatten)]
    pub kind: StepKind,
}

/// A value that is only known when the plan runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: SmolStr,
    /// What it holds, for people.
    pub meaning: String,
}

/// What the plan of a model assumed about the warehouse.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The relation does not exist.
    Absent,
    /// It is a table with these columns (folded names, in order).
    Table(Vec<SmolStr>),
    /// It is a view.
    View,
    /// Not known; the statements do not depend on it.
    Unknown,
}

/// The steps of one model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModelPlan {
    /// Model name.
    pub model: SmolStr,
    /// The relation it writes, as the statements name it.
    pub target: RelationName,
    /// The relation's whole name `catalog.schema.table`, unquoted: what the state store and documents call it.
    pub full_name: String,
    /// How.
    pub strategy: Strategy,
    /// Indexes into `Plan::models` that must have succeeded before.
    pub depends_on: Vec<usize>,
    /// 0 for models without planned inputs, else one more than the deepest input.
    pub layer: usize,
    /// Why these steps: "target does not exist" …
    pub reason: String,
    /// What was assumed of the target.
    pub fact: Fact,
    /// The column whose maximum is the watermark, for incremental models.
    pub watermark_column: Option<SmolStr>,
    /// Execute all steps in one transaction (where the adapter can).
    pub transaction: bool,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Hash of the steps' SQL, 16 hexadecimal digits: the document's `sql_hash`.
    pub sql_hash: String,
    /// Number of output columns, when known.
    pub column_count: Option<usize>,
}

/// A whole plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Hash of everything below: 16 hexadecimal digits.
    pub plan_id: String,
    /// The pipeline.
    pub pipeline: SmolStr,
    /// The dialect of the statements.
    pub dialect: Dialect,
    /// Run-time values that the statements use.
    pub parameters: Vec<Parameter>,
    /// Executed once, one after another, before any model (schemas).
    pub setup: Vec<Step>,
    /// Models in topological order; ephemeral ones do not appear.
    pub models: Vec<ModelPlan>,
    /// How many models may run at once.
    pub concurrency: usize,
    /// Stop scheduling after the first failure.
    pub fail_fast: bool,
}
