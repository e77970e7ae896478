//! Checks in documents: flat objects, the keys of a check's kind beside its name and verdict.

use indexmap::IndexMap;
use rocky_run::checks::{CheckOutcome, CheckStatus, severity};
use rocky_warehouse::{Rows, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Checks of an asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResults {
    /// Catalog, schema, table.
    pub asset_key: Vec<String>,
    /// Its checks.
    pub checks: Vec<CheckResult>,
}

/// A check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// Its name: `row_count`, `freshness`, that of a custom check or of a test.
    pub name: String,
    /// Did it hold?
    pub passed: bool,
    /// `error`, `warning`.
    pub severity: String,
    /// `pass`, `fail`; `error` when it could not be evaluated.
    pub status: String,
    /// It fails the run: its severity is `error`, and `fail_on_error` is not turned off.
    pub gates: bool,
    /// Why it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// `row_count`: rows of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_count: Option<u64>,
    /// `row_count`, `row_count_range`: rows of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_count: Option<u64>,
    /// `column_match`: columns that the table lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// `column_match`: columns that it has beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Vec<String>>,
    /// `freshness`: seconds since the newest row; negative when it is in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<i64>,
    /// `freshness`: how many are allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_seconds: Option<u64>,
    /// `null_rate`, `freshness`, tests: the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// `null_rate`: the share of NULLs, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_rate: Option<f64>,
    /// `null_rate`: of so many rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled_rows: Option<u64>,
    /// `null_rate`, custom checks: what is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<serde_json::Number>,
    /// Custom checks: the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Custom checks, `aggregate`: what the query gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_value: Option<serde_json::Number>,
    /// Tests: `not_null`, `unique` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_type: Option<String>,
    /// Tests: how many rows, or repeated values, fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_rows: Option<u64>,
    /// Tests: some of them, at most five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<IndexMap<String, serde_json::Value>>,
    /// Milliseconds.
    pub duration_ms: u64,
}

impl CheckResult {
    /// The document's form of an outcome.
    pub(crate) fn of(outcome: &CheckOutcome) -> CheckResult {
        let f = &outcome.figures;
        let texts = |list: &Option<Vec<smol_str::SmolStr>>| {
            list.as_ref().map(|l| l.iter().map(ToString::to_string).collect())
        };
        CheckResult {
            name: outcome.name.to_string(),
            passed: outcome.status == CheckStatus::Pass,
            severity: severity(outcome.severity).to_owned(),
            status: outcome.status.as_str().to_owned(),
            gates: outcome.gates,
            detail: outcome.detail.clone(),
            source_count: f.source_count,
            target_count: f.target_count,
            missing: texts(&f.missing),
            extra: texts(&f.extra),
            lag_seconds: f.lag_seconds,
            threshold_seconds: f.threshold_seconds,
            column: f.column.as_ref().map(ToString::to_string),
            null_rate: f.null_rate,
            sampled_rows: f.sampled_rows,
            threshold: f.threshold.clone(),
            query: f.query.clone(),
            result_value: f.result_value.clone(),
            test_type: f.test_type.as_ref().map(ToString::to_string),
            failing_rows: f.failing_rows,
            sample: outcome.sample.as_ref().map(sample).unwrap_or_default(),
            duration_ms: outcome.duration_ms,
        }
    }
}

fn sample(rows: &Rows) -> Vec<IndexMap<String, serde_json::Value>> {
    let object = |row: &Vec<Value>| {
        let names = rows.columns.iter().map(|(name, _)| name.to_string());
        names.zip(row.iter().map(cell)).collect()
    };
    rows.rows.iter().map(object).collect()
}

/// A cell as JSON.
pub(crate) fn cell(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or(serde_json::Value::Null)
}

/// A count that is far from what it used to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnomalyEntry {
    /// Catalog, schema, table.
    pub asset_key: Vec<String>,
    /// `catalog.schema.table`.
    pub table: String,
    /// Rows now.
    pub current_count: u64,
    /// Average of earlier runs, this one not counted.
    pub baseline_avg: f64,
    /// How far from it, in per cent.
    pub deviation_pct: f64,
    /// One line.
    pub reason: String,
}

/// Rows that were set aside because they fail tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuarantineEntry {
    /// Catalog, schema, table.
    pub asset_key: Vec<String>,
    /// `catalog.schema.table`.
    pub table: String,
    /// `split`, `tag`, `drop`.
    pub mode: String,
    /// Where they are (`split`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_table: Option<String>,
    /// Where the others are (`split`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_table: Option<String>,
    /// How many, where the engine says.
    pub quarantined_rows: Option<u64>,
    /// The tests that decided.
    pub tests: Vec<String>,
}

/// A planned check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedCheck {
    /// Its name.
    pub name: String,
    /// `row_count`, `column_match`, `freshness`, `null_rate`, `custom`, `anomaly`, `test`.
    pub kind: String,
    /// `error`, `warning`.
    pub severity: String,
    /// When it does not hold, the run fails and what reads the table is not run.
    pub gates: bool,
    /// It is evaluated when all tables are written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// Its queries.
    pub queries: Vec<String>,
}

impl PlannedCheck {
    /// The document's form of a check.
    pub(crate) fn of(check: &rocky_plan::CheckPlan) -> PlannedCheck {
        PlannedCheck {
            name: check.name.to_string(),
            kind: check.kind.as_str().to_owned(),
            severity: severity(check.severity).to_owned(),
            gates: check.gates,
            deferred: check.deferred,
            queries: check.queries.iter().map(|q| q.sql.clone()).collect(),
        }
    }
}
