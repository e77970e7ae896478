//! The plan as plain values: serialisable, comparable, hashed into `plan_id`.

use crate::bind::Hole;
use crate::checks::CheckPlan;
use crate::drift::Drift;
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
    /// Execute it; the rows that it removes are none of the model's row count.
    Removal,
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
    /// A query of two columns: the key of a partition of the window, and how many rows it has. Keys that do not come have none.
    CountPartitions,
    /// Nothing is sent: the task fails with this message. What is known does not allow to write, and the other tasks of
    /// the plan have nothing to do with it.
    Refuse {
        /// One sentence.
        error: String,
        /// What to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// A query of a check, or of its sample: never among a task's steps, see [`Task::checks`].
    Check,
}

/// One statement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// `create_schema`, `create_table`, `create_view`, `insert`, `merge`, `stage`, `delete`, `drop`, `check_keys`, `watermark`,
    /// `replace_window`, `replace_rows`, `comment`, `count`.
    pub purpose: SmolStr,
    /// What it writes or reads, for people.
    pub target: String,
    /// The statement, complete, in the warehouse's dialect. Run-time values stand as `$name`, at the places in `holes`.
    pub sql: String,
    /// Where values stand that are only known at run time, in order. See [`Step::bind`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holes: Vec<Hole>,
    /// How it is judged.
    #[serde(flatten)]
    pub kind: StepKind,
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
    /// It is a materialized view or a table that the warehouse keeps up to date.
    Kept,
    /// Not known; the statements do not depend on it.
    Unknown,
}

/// What a task makes.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A model of the project.
    Model,
    /// A copy of a source's table (replication).
    Table,
    /// The history of a table (SCD type 2).
    Snapshot,
    /// Loaded files.
    Load,
    /// A file of the project as a table.
    Seed,
    /// Nothing: an existing table is checked.
    Quality,
}

impl TaskKind {
    /// Every kind.
    pub const ALL: [TaskKind; 6] = [
        TaskKind::Model,
        TaskKind::Table,
        TaskKind::Snapshot,
        TaskKind::Load,
        TaskKind::Seed,
        TaskKind::Quality,
    ];

    /// What people call it: `model`, `table` …
    pub fn as_str(self) -> &'static str {
        match self {
            TaskKind::Model => "model",
            TaskKind::Table => "table",
            TaskKind::Snapshot => "snapshot",
            TaskKind::Load => "load",
            TaskKind::Seed => "seed",
            TaskKind::Quality => "quality",
        }
    }
}

/// A window of time that a task writes as one: a partition, or several that follow each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Window {
    /// The partitions, in order of time: `2026-04-07` …
    pub keys: Vec<SmolStr>,
    /// The first moment, UTC, as the statements write it.
    pub start: SmolStr,
    /// The first moment after it.
    pub end: SmolStr,
}

/// The windows of a task. Its steps are executed once for each, bound to it and in a transaction of its own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Windows {
    /// Executed once, before the first window: the target comes into being, empty.
    pub before: Vec<Step>,
    /// The target is made anew: partitions that were computed before are not in it, and are forgotten first.
    pub anew: bool,
    /// In order of time. None at all when everything that was asked for is there.
    pub list: Vec<Window>,
    /// So many at once.
    pub parallel: usize,
}

/// The steps that make one relation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Task {
    /// What is made.
    pub kind: TaskKind,
    /// Its name, unique in the plan: the model's, or the target's full name.
    pub name: SmolStr,
    /// What orchestrators call it: catalog, schema, table of a model; source type, components, table of a replicated one.
    pub asset_key: Vec<SmolStr>,
    /// The relation it writes, as the statements name it.
    pub target: RelationName,
    /// The relation's whole name `catalog.schema.table`, unquoted: what the state store and documents call it.
    pub full_name: String,
    /// How.
    pub strategy: Strategy,
    /// Indexes into `Plan::tasks` that must have succeeded before.
    pub depends_on: Vec<usize>,
    /// 0 for tasks without planned inputs, else one more than the deepest input.
    pub layer: usize,
    /// Why these steps: "target does not exist" …
    pub reason: String,
    /// What was assumed of the target.
    pub fact: Fact,
    /// How the columns that come in differ from the target's, and what is done about it; none when they were not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Hash of what else the steps were made from: for a model its text and the columns of everything it reads.
    pub basis: String,
    /// The column whose maximum is the watermark, for incremental models.
    pub watermark_column: Option<SmolStr>,
    /// Execute all steps in one transaction (where the adapter can).
    pub transaction: bool,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The windows that the steps are executed for; none for a task that is done at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    /// Hash of the steps' SQL, 16 hexadecimal digits: the document's `sql_hash`.
    pub sql_hash: String,
    /// Number of output columns, when known.
    pub column_count: Option<usize>,
    /// What is checked when it has succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckPlan>,
    /// What its steps set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
}

/// What becomes of the rows that fail tests. The step `quarantine` counts them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quarantine {
    /// `split`, `tag`, `drop`.
    pub mode: SmolStr,
    /// Whole name of the table with the failing rows (`split`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Whole name of the table with the other rows (`split`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_table: Option<String>,
    /// Names of the tests that decide.
    pub tests: Vec<SmolStr>,
    /// Asks how many rows are set aside, where no statement that sets some aside can know: windows at a time each see their own rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Step>,
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
    /// Executed once, one after another, before any task (schemas).
    pub setup: Vec<Step>,
    /// In topological order; ephemeral models do not appear.
    pub tasks: Vec<Task>,
    /// How many tasks may run at once.
    pub concurrency: usize,
    /// Stop scheduling after the first failure.
    pub fail_fast: bool,
}

impl Task {
    /// What the task was planned from, whatever the state of its target: a run that goes on with another does what succeeded there only
    /// again when this differs.
    pub fn identity(&self) -> String {
        match &self.windows {
            None => self.basis.clone(),
            Some(windows) => crate::hash::of_value(&(&self.basis, &windows.list)).unwrap_or_default(),
        }
    }

    /// Hash of the whole task, 16 hexadecimal digits: two tasks of one hash do the same to the same target.
    pub fn hash(&self) -> String {
        crate::hash::of_value(self).unwrap_or_default()
    }
}

impl Plan {
    /// The plan without some tasks that need not be executed: those that read them no longer wait.
    pub fn without(mut self, skip: &dyn Fn(&Task) -> bool) -> Plan {
        let mut place: Vec<Option<usize>> = Vec::with_capacity(self.tasks.len());
        let mut kept: Vec<Task> = Vec::with_capacity(self.tasks.len());
        for mut task in std::mem::take(&mut self.tasks) {
            if skip(&task) {
                place.push(None);
                continue;
            }
            place.push(Some(kept.len()));
            task.depends_on = task
                .depends_on
                .iter()
                .filter_map(|i| place.get(*i).copied().flatten())
                .collect();
            task.layer = task
                .depends_on
                .iter()
                .filter_map(|i| kept.get(*i))
                .map(|t| t.layer + 1)
                .max()
                .unwrap_or(0);
            kept.push(task);
        }
        self.tasks = kept;
        self.plan_id = self.id().unwrap_or_default();
        self
    }

    /// The hash that becomes its `plan_id`: of everything but that. `None` when a value cannot be serialised.
    pub(crate) fn id(&self) -> Option<String> {
        let tasks = crate::parallel::map(&self.tasks, &|| (), &|(), task| crate::hash::of_value(task));
        let tasks: Option<Vec<String>> = tasks.into_iter().collect();
        let Plan {
            plan_id: _,
            pipeline,
            dialect,
            setup,
            tasks: _,
            concurrency,
            fail_fast,
        } = self;
        crate::hash::of_value(&(pipeline, dialect, setup, tasks?, concurrency, fail_fast))
    }
}
