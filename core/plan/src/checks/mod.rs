//! What is checked of a relation after it was written: queries, and how their answers are judged.
//!
//! Invariant: every query of a check is in the plan, samples of failing rows included; the runner sends them as they stand and
//! judges what comes back by [`Judge`] alone. [`table`] plans `[pipeline.X.checks]`, [`tests`] the declarative tests, [`sql`]
//! has what differs between the dialects.

mod model;
pub mod quality;
pub mod quarantine;
mod sql;
pub mod table;
pub mod tests;
mod written;

pub(crate) use model::Models;
pub use model::{of_model, steps};
pub(crate) use written::{Facts, Written};

use crate::bind::Sql;
use crate::task::{Step, StepKind};
use rocky_base::SmolStr;
use rocky_config::CheckSeverity;
use serde::{Deserialize, Serialize};

/// How many failing rows are shown.
pub const SAMPLE_ROWS: usize = 5;

/// What is checked.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Same number of rows as the source; without a source, any at all.
    RowCount,
    /// Same columns.
    ColumnMatch,
    /// The newest row is young enough.
    Freshness,
    /// Not too many NULLs.
    NullRate,
    /// A number that a query of the user gives.
    Custom,
    /// The number of rows against that of earlier runs. Never fails: what it finds is an anomaly.
    Anomaly,
    /// A declarative test or an assertion.
    Test,
}

impl CheckKind {
    /// The word of documents.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckKind::RowCount => "row_count",
            CheckKind::ColumnMatch => "column_match",
            CheckKind::Freshness => "freshness",
            CheckKind::NullRate => "null_rate",
            CheckKind::Custom => "custom",
            CheckKind::Anomaly => "anomaly",
            CheckKind::Test => "test",
        }
    }
}

/// A number of the configuration.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.0.total_cmp(&other.0).is_eq()
    }
}

impl Eq for Number {}

/// How the answers of a check's queries are judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "judge", rename_all = "snake_case")]
pub enum Judge {
    /// Two counts, source and target, are equal.
    SameCount,
    /// A count is not 0.
    NotEmpty,
    /// The first query's columns, as the warehouse describes them, are these.
    Columns {
        /// Their names.
        expected: Vec<SmolStr>,
        /// Columns that may be there.
        ignored: Vec<SmolStr>,
    },
    /// Two cells: seconds since 1970 of the newest moment, and its text.
    Freshness {
        /// The column.
        column: SmolStr,
        /// Oldest allowed age.
        threshold_seconds: u64,
        /// So far in the future it may be: dates have no time, clocks differ.
        ahead_seconds: u64,
    },
    /// A row of counts: of all rows, then of the values of each column. The second query, over all rows, is asked when the
    /// first one's sample is empty.
    NullRate {
        /// Which of the columns, from 0.
        place: usize,
        /// Largest share of NULLs.
        threshold: Number,
    },
    /// One number is at most this.
    AtMost {
        /// The threshold.
        threshold: Number,
    },
    /// A count of failing rows (or values) is 0.
    Zero,
    /// A count is within these bounds.
    Within {
        /// At least.
        min: Option<u64>,
        /// At most.
        max: Option<u64>,
    },
    /// Two cells: a value, and 1 when it is as it must be.
    Holds {
        /// What must be, in words.
        what: String,
    },
    /// A count is near the average of earlier runs.
    Anomaly {
        /// Largest deviation in per cent; 0: it is only remembered.
        threshold_pct: Number,
    },
}

/// A check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckPlan {
    /// Its name, unique in the task.
    pub name: SmolStr,
    /// What is checked.
    pub kind: CheckKind,
    /// The test's type, for declarative tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_type: Option<SmolStr>,
    /// The column it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<SmolStr>,
    /// `error` or `warning`.
    pub severity: CheckSeverity,
    /// When it does not hold, the run fails and what reads the relation is not run.
    pub gates: bool,
    /// It reads another relation that this run may write, so it is evaluated when all tasks are done; it blocks nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// Its queries are asked in the transaction that writes, just before it ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub within: bool,
    /// Its queries.
    pub queries: Vec<Step>,
    /// How their answers are judged.
    pub judge: Judge,
    /// Asked when it does not hold: some of the failing rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Step>,
}

impl CheckPlan {
    /// The text that a document calls the check's SQL: the query that decides.
    pub fn sql(&self) -> &str {
        self.queries.last().map_or("", |q| q.sql.as_str())
    }

    /// All queries, the sample's included.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.queries.iter().chain(&self.sample)
    }
}

/// A query of a check.
fn query(name: &str, target: &str, sql: impl Into<Sql>) -> Step {
    let sql = sql.into();
    Step {
        purpose: SmolStr::new(format!("check_{name}")),
        target: target.to_owned(),
        sql: sql.text,
        holes: sql.holes,
        kind: StepKind::Check,
    }
}

/// Give the checks of one task different names: the second of a name gets `_2`.
pub fn distinct_names(checks: &mut [CheckPlan]) {
    let mut seen: rustc_hash::FxHashSet<SmolStr> = rustc_hash::FxHashSet::default();
    let mut next: rustc_hash::FxHashMap<SmolStr, u32> = rustc_hash::FxHashMap::default();
    for check in checks {
        if seen.insert(check.name.clone()) {
            continue;
        }
        let base = check.name.clone();
        let n = next.entry(base.clone()).or_insert(1);
        loop {
            *n += 1;
            let name = SmolStr::new(format!("{base}_{n}"));
            if seen.insert(name.clone()) {
                check.name = name;
                break;
            }
        }
    }
}
