//! Evaluating the checks of a plan: their queries are sent as they stand, the answers are judged ([`judge`]), and what was counted
//! is compared with earlier runs ([`anomaly`]).
//!
//! Invariant: a check whose query failed says so and measures nothing; what was not measured is neither remembered nor
//! compared. Start at [`evaluate`].

pub mod anomaly;
mod judge;

use crate::execute::Clock;
use crate::execute::limit::Limits;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Event, SmolStr, System};
use rocky_config::CheckSeverity;
use rocky_plan::checks::SAMPLE_ROWS;
use rocky_plan::{Bindings, CheckKind, CheckPlan, Judge, Step};
use rocky_warehouse::{Connection, FailureClass, Rows, Value};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Columns and characters of a sample that are kept.
const SAMPLE_COLUMNS: usize = 20;
const SAMPLE_CHARS: usize = 200;

/// How a check ended.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It could not be evaluated.
    Error,
}

impl CheckStatus {
    /// The wire spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckStatus::Pass => "pass",
            CheckStatus::Fail => "fail",
            CheckStatus::Error => "error",
        }
    }
}

/// The detail of a check that the end of the run has cut short.
const INTERRUPTED: &str = "interrupted";

/// What a check found, as documents show it: the keys of its kind are there, the others are not.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "documented where they are shown: rocky_core's CheckResult"
)]
#[serde(default)]
pub struct Figures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<SmolStr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<Vec<SmolStr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<i64>,
    /// Rows of the table, where the check has counted all of them beside what it is about.
    #[serde(skip)]
    pub rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<SmolStr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampled_rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_value: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_type: Option<SmolStr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_rows: Option<u64>,
}

impl Figures {
    fn of(check: &CheckPlan) -> Figures {
        Figures {
            column: check.column.clone(),
            test_type: check.test_type.clone(),
            ..Figures::default()
        }
    }
}

/// A check that was evaluated.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckOutcome {
    /// Its name.
    pub name: SmolStr,
    /// What was checked.
    pub kind: CheckKind,
    /// What it counts for.
    pub severity: CheckSeverity,
    /// See [`CheckPlan::gates`].
    pub gates: bool,
    /// How it ended.
    pub status: CheckStatus,
    /// What was found.
    pub figures: Figures,
    /// Why it does not hold, or could not be evaluated: one line.
    pub detail: Option<String>,
    /// Some of the failing rows.
    pub sample: Option<Rows>,
    /// The query that decided.
    pub sql: String,
    /// Milliseconds.
    pub duration_ms: u64,
}

impl CheckOutcome {
    /// It could not be evaluated.
    pub(crate) fn unknown(check: &CheckPlan, why: String) -> CheckOutcome {
        CheckOutcome {
            name: check.name.clone(),
            kind: check.kind,
            severity: check.severity,
            gates: check.gates,
            status: CheckStatus::Error,
            figures: Figures::of(check),
            detail: Some(why),
            sample: None,
            sql: check.sql().to_owned(),
            duration_ms: 0,
        }
    }

    /// The run was interrupted before there was an answer: it says nothing of the rows.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.status == CheckStatus::Error && self.detail.as_deref() == Some(INTERRUPTED)
    }

    /// It does not hold, and the run fails for it.
    pub fn blocks(&self) -> bool {
        self.gates && self.status != CheckStatus::Pass
    }

    /// What an observer is told.
    pub(crate) fn event(&self, table: &str, asset_key: &[SmolStr]) -> Event {
        let figures = serde_json::to_value(&self.figures).unwrap_or_default();
        let mut details: std::collections::BTreeMap<SmolStr, serde_json::Value> = figures
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (SmolStr::new(key), value.clone()))
            .collect();
        if let Some(detail) = &self.detail {
            details.insert("detail".into(), detail.clone().into());
        }
        Event::CheckFinished {
            table: table.to_owned(),
            asset_key: asset_key.to_vec(),
            check: self.name.clone(),
            passed: self.status == CheckStatus::Pass,
            severity: severity(self.severity).into(),
            details,
        }
    }
}

/// The wire spelling of a severity.
pub fn severity(severity: CheckSeverity) -> &'static str {
    match severity {
        CheckSeverity::Error => "error",
        CheckSeverity::Warning => "warning",
    }
}

/// What the checks of one table gave.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Evaluated {
    /// Each check but the anomaly's.
    pub checks: Vec<CheckOutcome>,
    /// The table's rows, and the largest deviation in per cent from earlier runs, when they were counted for it.
    pub counted: Option<(u64, f64)>,
}

/// Evaluate checks of one table outside of a run.
pub fn evaluate(
    connection: &mut dyn Connection,
    dialect: Dialect,
    values: &Bindings,
    cancel: &CancelToken,
    clock: &dyn System,
    checks: &[CheckPlan],
) -> Evaluated {
    Evaluator::new(connection, dialect, values, cancel, Clock::new(clock)).table(checks.iter())
}

/// Evaluates checks on one connection.
pub(crate) struct Evaluator<'a> {
    pub connection: &'a mut dyn Connection,
    pub dialect: Dialect,
    pub values: &'a Bindings,
    pub cancel: &'a CancelToken,
    pub clock: Clock<'a>,
    /// The first query that failed, but rather one that the warehouse did not answer.
    pub trouble: Option<Trouble>,
    /// How long it may take, and whose checks they are.
    limits: Option<(&'a Limits<'a>, &'a str)>,
    /// Answers of queries that several checks of a table ask.
    answers: FxHashMap<String, Result<Rows, String>>,
}

/// Why a query of a check failed.
pub(crate) struct Trouble {
    pub class: FailureClass,
    pub message: String,
    pub retry_after: Option<Duration>,
}

impl Trouble {
    /// It may pass.
    pub fn may_pass(&self) -> bool {
        matches!(self.class, FailureClass::Transient | FailureClass::RateLimited)
    }
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(
        connection: &'a mut dyn Connection,
        dialect: Dialect,
        values: &'a Bindings,
        cancel: &'a CancelToken,
        clock: Clock<'a>,
    ) -> Evaluator<'a> {
        Evaluator {
            connection,
            dialect,
            values,
            cancel,
            clock,
            trouble: None,
            limits: None,
            answers: FxHashMap::default(),
        }
    }

    /// With limits, whose token is the one that was given.
    pub(crate) fn within(mut self, limits: &'a Limits<'a>, task: &'a str) -> Evaluator<'a> {
        self.limits = Some((limits, task));
        self
    }

    /// These queries have answers already.
    pub(crate) fn knowing(mut self, answers: Vec<(String, Rows)>) -> Evaluator<'a> {
        self.answers = answers.into_iter().map(|(sql, rows)| (sql, Ok(rows))).collect();
        self
    }

    /// Evaluate the checks of one table.
    pub(crate) fn table<'p>(&mut self, checks: impl Iterator<Item = &'p CheckPlan>) -> Evaluated {
        let mut done = Evaluated::default();
        for check in checks {
            if let Judge::Anomaly { threshold_pct } = check.judge {
                let counted = self
                    .first(check)
                    .ok()
                    .and_then(|rows| judge::count(&rows, 0).ok());
                done.counted = counted.map(|n| (n, threshold_pct.0));
                continue;
            }
            done.checks.push(self.one(check));
        }
        done
    }

    fn one(&mut self, check: &CheckPlan) -> CheckOutcome {
        let begin = Instant::now();
        let mut outcome = CheckOutcome {
            status: CheckStatus::Pass,
            detail: None,
            ..CheckOutcome::unknown(check, String::new())
        };
        match self.verdict(check, &mut outcome.figures) {
            Ok(None) => {}
            Ok(Some(why)) => {
                outcome.status = CheckStatus::Fail;
                outcome.detail = Some(why);
                if let Some(sample) = &check.sample {
                    // A sample that cannot be had changes nothing about the verdict.
                    outcome.sample = self.send(sample, SAMPLE_ROWS).ok().map(bounded);
                }
            }
            Err(why) => {
                outcome.status = CheckStatus::Error;
                outcome.detail = Some(why);
            }
        }
        outcome.duration_ms = crate::execute::millis(begin.elapsed());
        outcome
    }

    /// `None`: it holds. A text: why it does not. An error: why it cannot be told.
    fn verdict(&mut self, check: &CheckPlan, figures: &mut Figures) -> Result<Option<String>, String> {
        match &check.judge {
            Judge::Columns { expected, ignored } => {
                let query = check.queries.first().ok_or("the check has no query")?;
                let sql = query
                    .bind(self.dialect, self.values)
                    .ok_or("a value is missing")?;
                if let Err(error) = self.cancel.check() {
                    return Err(self.failed(error));
                }
                let _limit = self.limits.and_then(|(l, _)| l.statement());
                let found = match self.connection.describe(&sql, self.cancel) {
                    Ok(found) => found,
                    Err(error) => return Err(self.failed(error)),
                };
                let found: Vec<SmolStr> = found.into_iter().map(|c| c.name).collect();
                Ok(judge::columns(expected, ignored, &found, figures))
            }
            Judge::NullRate { place, threshold } => {
                let mut rows = self.first(check)?;
                if judge::count(&rows, 0)? == 0
                    && let Some(whole) = check.queries.get(1)
                {
                    rows = self.ask(whole)?;
                }
                judge::null_rate(&rows, *place, threshold.0, figures)
            }
            Judge::SameCount => {
                let source = judge::count(&self.first(check)?, 0)?;
                let target = check.queries.get(1).ok_or("the check has no second query")?;
                let target = judge::count(&self.ask(target)?, 0)?;
                Ok(judge::same_count(source, target, figures))
            }
            Judge::NotEmpty => {
                let n = judge::count(&self.first(check)?, 0)?;
                Ok(judge::not_empty(n, figures))
            }
            Judge::Freshness {
                column,
                threshold_seconds,
                ahead_seconds,
            } => {
                let rows = self.first(check)?;
                let now = self.clock.now().as_second();
                judge::freshness(&rows, column, *threshold_seconds, *ahead_seconds, now, figures)
            }
            Judge::AtMost { threshold } => {
                figures.query = Some(check.sql().to_owned());
                judge::at_most(&self.first(check)?, threshold.0, figures)
            }
            Judge::Zero => {
                let n = judge::count(&self.first(check)?, 0)?;
                Ok(judge::zero(
                    n,
                    check.test_type.as_deref().unwrap_or_default(),
                    figures,
                ))
            }
            Judge::Within { min, max } => {
                let n = judge::count(&self.first(check)?, 0)?;
                Ok(judge::within(n, *min, *max, figures))
            }
            Judge::Holds { what } => judge::holds(&self.first(check)?, what, figures),
            Judge::Anomaly { .. } => Ok(None),
        }
    }

    fn first(&mut self, check: &CheckPlan) -> Result<Rows, String> {
        self.ask(check.queries.first().ok_or("the check has no query")?)
    }

    /// Ask once; checks of a table share answers.
    fn ask(&mut self, step: &Step) -> Result<Rows, String> {
        if let Some(known) = self.answers.get(&step.sql) {
            return known.clone();
        }
        let answer = self.send(step, 2);
        self.answers.insert(step.sql.clone(), answer.clone());
        answer
    }

    fn send(&mut self, step: &Step, limit: usize) -> Result<Rows, String> {
        // What a model wrote a moment ago is not in the future.
        let values = Bindings {
            now: self.clock.now().strftime("%Y-%m-%d %H:%M:%S%.6f").to_string(),
            ..self.values.clone()
        };
        let sql = step
            .bind(self.dialect, &values)
            .ok_or_else(|| "a value is missing".to_owned())?;
        if let Err(error) = self.cancel.check() {
            return Err(self.failed(error));
        }
        let _limit = self.limits.and_then(|(l, _)| l.statement());
        let rows = self.connection.query(&sql, limit, self.cancel);
        rows.map_err(|error| self.failed(error))
    }

    fn failed(&mut self, error: Error) -> String {
        if error.kind == ErrorKind::Cancelled {
            let exceeded = self.limits.and_then(|(l, task)| l.exceeded(task));
            return exceeded.unwrap_or_else(|| INTERRUPTED.to_owned());
        }
        let trouble = Trouble {
            class: self.connection.classify(&error),
            retry_after: self.connection.retry_after(&error),
            message: error.message,
        };
        let message = trouble.message.clone();
        if self.trouble.is_none() || trouble.may_pass() {
            self.trouble = Some(trouble);
        }
        message
    }
}

/// What of a sample is kept.
fn bounded(mut rows: Rows) -> Rows {
    rows.columns.truncate(SAMPLE_COLUMNS);
    rows.rows.truncate(SAMPLE_ROWS);
    for row in &mut rows.rows {
        row.truncate(SAMPLE_COLUMNS);
        for value in row {
            if let Value::Text(text) = value
                && let Some((at, _)) = text.char_indices().nth(SAMPLE_CHARS)
            {
                text.truncate(at);
                text.push('…');
            }
        }
    }
    rows
}
