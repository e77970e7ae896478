//! Executing one task on one connection, once. What happens after a failure is the worker's business ([`super::queue`]).

use super::limit::Limits;
use super::millis;
use crate::report::StatementResult;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Result, SmolStr};
use rocky_plan::{Bindings, Step, StepKind};
use rocky_warehouse::{Connection, FailureClass, Rows, Value};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// How many offending rows a guard fetches and shows.
const SAMPLE_ROWS: usize = 5;
/// More partitions than a window can have.
const MOST_COUNTS: usize = 2_000_000;
const SAMPLE_COLUMNS: usize = 8;
const SAMPLE_CHARS: usize = 60;

/// What a step gave.
#[derive(Default)]
pub(super) struct StepValue {
    pub(super) rows: Option<u64>,
    observed: Option<String>,
    /// Rows that the observation leaves out.
    beyond: Option<u64>,
    /// Rows by partition.
    counts: Vec<(String, u64)>,
}

/// Why a step failed.
pub(super) struct StepFailure {
    pub(super) error: Error,
    pub(super) class: FailureClass,
    /// When the warehouse wants to be asked again.
    pub(super) retry_after: Option<Duration>,
}

impl StepFailure {
    /// The answer is known; nothing of the warehouse is in question.
    fn decided(error: Error) -> StepFailure {
        StepFailure {
            error,
            class: FailureClass::Rejected,
            retry_after: None,
        }
    }
}

/// Execute one step.
pub(super) fn run_step(
    connection: &mut dyn Connection,
    step: &Step,
    sql: &str,
    cancel: &CancelToken,
) -> Result<StepValue, StepFailure> {
    let result = match &step.kind {
        StepKind::Statement { .. } | StepKind::Removal => {
            connection.execute(sql, cancel).map(|e| StepValue {
                rows: e.rows,
                ..StepValue::default()
            })
        }
        StepKind::CountPartitions => connection.query(sql, MOST_COUNTS, cancel).map(|rows| StepValue {
            counts: counts(&rows),
            ..StepValue::default()
        }),
        StepKind::Guard { error } => match connection.query(sql, SAMPLE_ROWS, cancel) {
            Ok(rows) if rows.rows.is_empty() => Ok(StepValue::default()),
            Ok(rows) => {
                let error = Error::new(ErrorKind::Warehouse, guard_message(error, &rows));
                return Err(StepFailure::decided(error));
            }
            Err(error) => Err(error),
        },
        StepKind::Observe { name } => match connection.query(sql, 2, cancel) {
            Ok(rows) => match observed(name, rows) {
                Ok((observed, beyond)) => Ok(StepValue {
                    observed,
                    beyond,
                    ..StepValue::default()
                }),
                Err(error) => return Err(StepFailure::decided(error)),
            },
            Err(error) => Err(error),
        },
        StepKind::Refuse { error, hint } => {
            let mut refused = Error::new(ErrorKind::Warehouse, error.clone());
            refused.hint.clone_from(hint);
            return Err(StepFailure::decided(refused));
        }
        StepKind::Check => Err(Error::bug(format!("`{}` is the query of a check", step.purpose))),
    };
    result.map_err(|error| StepFailure {
        class: connection.classify(&error),
        retry_after: connection.retry_after(&error),
        error,
    })
}

/// Keys and numbers; what is neither is left out.
fn counts(rows: &Rows) -> Vec<(String, u64)> {
    let pair = |row: &Vec<Value>| match row.as_slice() {
        [key, n] => Some((key.to_text()?, n.to_text()?.parse().ok()?)),
        _ => None,
    };
    rows.rows.iter().filter_map(pair).collect()
}

/// The single value of a query; NULL is none. A second one is the number of rows that were left out of it.
fn observed(name: &str, rows: Rows) -> Result<(Option<String>, Option<u64>)> {
    let (n_rows, n_columns) = (rows.rows.len(), rows.columns.len());
    match rows.rows.as_slice() {
        [] => Ok((None, None)),
        [row] => match row.as_slice() {
            [value] => Ok((value.to_text(), None)),
            [value, n] => Ok((value.to_text(), n.to_text().and_then(|n| n.parse().ok()))),
            _ => Err(Error::bug(format!(
                "the query for `{name}` returned {n_columns} columns instead of one"
            ))),
        },
        _ => Err(Error::bug(format!(
            "the query for `{name}` returned {n_rows} or more rows instead of one"
        ))),
    }
}

/// `column `id` is not unique; found (id = 1, n = 2), (id = 7, n = 3)`.
fn guard_message(error: &str, rows: &Rows) -> String {
    let mut text = error.trim_end_matches('.').to_owned();
    text.push_str(if rows.rows.len() < SAMPLE_ROWS {
        "; found "
    } else {
        "; found, among others, "
    });
    for (i, row) in rows.rows.iter().take(SAMPLE_ROWS).enumerate() {
        text.push_str(if i == 0 { "(" } else { ", (" });
        for (j, value) in row.iter().take(SAMPLE_COLUMNS).enumerate() {
            if j > 0 {
                text.push_str(", ");
            }
            if let Some((name, _)) = rows.columns.get(j) {
                text.push_str(name);
                text.push_str(" = ");
            }
            push_sample(&mut text, value);
        }
        text.push_str(if row.len() > SAMPLE_COLUMNS { ", …)" } else { ")" });
    }
    text
}

fn push_sample(text: &mut String, value: &Value) {
    let Some(sample) = value.to_text() else {
        return text.push_str("NULL");
    };
    let quote = if matches!(value, Value::Text(_)) { "'" } else { "" };
    text.push_str(quote);
    // A sample is one line.
    text.extend(
        sample
            .chars()
            .take(SAMPLE_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c }),
    );
    if sample.chars().nth(SAMPLE_CHARS).is_some() {
        text.push('…');
    }
    text.push_str(quote);
}

/// Queries with their answers.
pub(crate) type Answers = Vec<(String, Rows)>;

/// One attempt at a model.
#[derive(Default)]
pub(super) struct Attempt {
    /// The statements sent.
    pub(super) statements: Vec<StatementResult>,
    /// Sum over the steps that count.
    pub(super) rows: Option<u64>,
    /// The observed watermark.
    pub(super) watermark: Option<String>,
    /// Rows whose value is none.
    pub(super) beyond: Option<u64>,
    /// Rows by partition, where they were counted.
    pub(super) counts: Vec<(String, u64)>,
    /// Queries of checks that were asked in the transaction, as they stand in the plan, with their answers.
    pub(super) answers: Answers,
    /// Set when it did not succeed.
    pub(super) failure: Option<Failure>,
    /// The connection is in an unknown state and must not be used again.
    pub(super) broken: bool,
}

impl Attempt {
    /// An attempt that got nowhere.
    pub(super) fn failed(error: Error, class: FailureClass, retry_after: Option<Duration>) -> Attempt {
        let failure = Failure {
            retry_after,
            ..Failure::new(error, class)
        };
        Attempt {
            failure: Some(failure),
            ..Attempt::default()
        }
    }
}

/// Why an attempt failed.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) class: FailureClass,
    pub(super) step: Option<SmolStr>,
    /// How many statements have, or may have, taken effect for good.
    pub(super) kept: usize,
    /// Whether the last statement has taken effect is not known.
    pub(super) unknown: bool,
    /// When the warehouse wants to be asked again.
    pub(super) retry_after: Option<Duration>,
    /// A limit of the run, not the warehouse.
    pub(super) timed_out: bool,
}

impl Failure {
    fn new(error: Error, class: FailureClass) -> Failure {
        Failure {
            error,
            class,
            step: None,
            kept: 0,
            unknown: false,
            retry_after: None,
            timed_out: false,
        }
    }

    /// It is certain that nothing is otherwise than before the attempt.
    pub(super) fn untouched(&self) -> bool {
        self.kept == 0 && !self.unknown
    }
}

/// What the steps of an attempt are sent with.
pub(super) struct Sending<'a> {
    pub(super) dialect: Dialect,
    pub(super) values: &'a Bindings,
    /// When the task began, perhaps with another attempt.
    pub(super) started: Instant,
    pub(super) limits: &'a Limits<'a>,
}

/// Execute the steps, in a transaction where that is planned and possible; `asks` are asked in it, after them. `on_step` is told of each step that succeeded.
pub(super) fn attempt(
    connection: &mut dyn Connection,
    steps: &[Step],
    asks: &[&Step],
    transaction: bool,
    sending: &Sending<'_>,
    mut on_step: impl FnMut(&Step, Option<u64>, u64),
) -> Attempt {
    let Sending {
        dialect,
        values,
        started,
        limits,
    } = *sending;
    let cancel = limits.token();
    let mut attempt = Attempt {
        statements: Vec::with_capacity(steps.len()),
        ..Attempt::default()
    };
    let transaction = transaction && connection.transactional_ddl();
    if transaction && let Err(error) = connection.begin() {
        let (class, retry_after) = (connection.classify(&error), connection.retry_after(&error));
        attempt.failure = Some(Failure {
            retry_after,
            ..Failure::new(error, class)
        });
        attempt.broken = true;
        return attempt;
    }
    let mut written = 0;
    for step in steps {
        let begin = Instant::now();
        let sql = step.bind(dialect, values);
        let result = match cancel.check().and_then(|()| {
            sql.as_deref()
                .ok_or_else(|| Error::bug(format!("`{}` has a parameter without a value", step.purpose)))
        }) {
            Ok(sql) => {
                let _limit = limits.statement();
                run_step(connection, step, sql, cancel)
            }
            Err(error) => Err(StepFailure::decided(error)),
        };
        let took = begin.elapsed();
        let duration_ms = millis(took);
        let rows = result.as_ref().ok().and_then(|value| value.rows);
        let sql = sql.map_or_else(|| step.sql.clone(), Cow::into_owned);
        attempt.statements.push(StatementResult {
            purpose: step.purpose.clone(),
            sql,
            duration_ms,
            after: begin.saturating_duration_since(started),
            took,
            rows,
        });
        let value = match result {
            Ok(value) => value,
            Err(StepFailure {
                mut error,
                class,
                retry_after,
            }) => {
                let kept = if transaction { 0 } else { written };
                let writes = matches!(step.kind, StepKind::Statement { .. } | StepKind::Removal);
                // Which of a table's files it was.
                if step.purpose == "load" && error.kind != ErrorKind::Cancelled {
                    error.message = format!("`{}`: {}", step.target, error.message);
                }
                attempt.failure = Some(Failure {
                    step: Some(step.purpose.clone()),
                    kept,
                    // In a transaction nothing is kept that was not committed.
                    unknown: writes && !transaction && class == FailureClass::Transient,
                    retry_after,
                    ..Failure::new(error, class)
                });
                break;
            }
        };
        match &step.kind {
            StepKind::Statement { counts_rows } => {
                written += 1;
                if *counts_rows && let Some(n) = value.rows {
                    attempt.rows = Some(attempt.rows.unwrap_or(0).saturating_add(n));
                }
            }
            StepKind::Removal => {
                written += 1;
                // More may go than came in with this run: rows of earlier ones.
                if let (Some(rows), Some(n)) = (attempt.rows, value.rows) {
                    attempt.rows = Some(rows.saturating_sub(n));
                }
            }
            StepKind::Observe { .. } => {
                (attempt.watermark, attempt.beyond) = (value.observed, value.beyond);
            }
            StepKind::CountPartitions => attempt.counts = value.counts,
            StepKind::Guard { .. } | StepKind::Refuse { .. } | StepKind::Check => {}
        }
        on_step(step, value.rows, duration_ms);
    }
    if transaction && attempt.failure.is_none() {
        ask(connection, asks, sending, &mut attempt);
    }
    // A session that lost its warehouse is of no more use, and ends its transaction with it.
    let lost = |f: &Failure| f.class == FailureClass::Transient;
    attempt.broken |= attempt.failure.as_ref().is_some_and(lost);
    if transaction {
        finish_transaction(connection, cancel, written, &mut attempt);
    }
    attempt
}

/// Ask what checks want to know of the moment of writing. A query that fails has spoilt the transaction.
fn ask(connection: &mut dyn Connection, asks: &[&Step], sending: &Sending<'_>, attempt: &mut Attempt) {
    for step in asks {
        let _limit = sending.limits.statement();
        let answer = match step.bind(sending.dialect, sending.values) {
            Some(sql) => connection.query(&sql, 2, sending.limits.token()),
            None => Err(Error::bug(format!(
                "`{}` has a parameter without a value",
                step.purpose
            ))),
        };
        match answer {
            Ok(rows) => attempt.answers.push((step.sql.clone(), rows)),
            Err(error) => {
                let (class, retry_after) = (connection.classify(&error), connection.retry_after(&error));
                attempt.failure = Some(Failure {
                    step: Some(step.purpose.clone()),
                    retry_after,
                    ..Failure::new(error, class)
                });
                return;
            }
        }
    }
}

/// COMMIT when all went well, else ROLLBACK.
fn finish_transaction(
    connection: &mut dyn Connection,
    cancel: &CancelToken,
    written: usize,
    attempt: &mut Attempt,
) {
    if attempt.failure.is_none()
        && let Err(error) = cancel.check()
    {
        attempt.failure = Some(Failure::new(error, FailureClass::Other));
    }
    if attempt.failure.is_some() {
        // A rollback that fails leaves the transaction to the end of the session.
        attempt.broken |= connection.rollback().is_err();
        return;
    }
    let Err(mut error) = connection.commit() else {
        return;
    };
    let class = connection.classify(&error);
    attempt.broken = true;
    let retry_after = connection.retry_after(&error);
    let refused = matches!(
        class,
        FailureClass::Transaction | FailureClass::Constraint | FailureClass::RateLimited
    );
    let kept = if refused { 0 } else { written };
    error.message = if refused {
        format!("COMMIT was refused and nothing was changed: {}", error.message)
    } else {
        format!(
            "COMMIT failed and it is not known whether the changes were made: {}",
            error.message
        )
    };
    if error.kind == ErrorKind::Cancelled {
        // Not an orderly interruption: the outcome is open.
        error.kind = ErrorKind::Warehouse;
    }
    attempt.failure = Some(Failure {
        kept,
        unknown: !refused && written > 0,
        retry_after,
        ..Failure::new(error, class)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_shows_its_rows_on_one_line() {
        let rows = Rows {
            columns: vec![("id".into(), "INTEGER".into()), ("name".into(), "VARCHAR".into())],
            rows: vec![
                vec![Value::Int(1), Value::Text("a\nb".into())],
                vec![Value::Null, Value::Text("x".repeat(61))],
            ],
        };
        let expected = format!(
            "not unique; found (id = 1, name = 'a b'), (id = NULL, name = '{}…')",
            "x".repeat(60)
        );
        assert_eq!(guard_message("not unique.", &rows), expected);
        let many = Rows {
            columns: rows.columns.clone(),
            rows: vec![vec![Value::Int(1), Value::Null]; 5],
        };
        assert!(
            guard_message("not unique", &many)
                .starts_with("not unique; found, among others, (id = 1, name = NULL), (")
        );
    }

    #[test]
    fn an_observed_value_is_one_cell() {
        let rows = |rows: Vec<Vec<Value>>| Rows {
            columns: vec![("m".into(), "DATE".into())],
            rows,
        };
        assert_eq!(
            observed("w", rows(vec![vec![Value::Text("2026-01-01".into())]])).unwrap(),
            (Some("2026-01-01".to_owned()), None)
        );
        assert_eq!(
            observed("w", rows(vec![vec![Value::Null]])).unwrap(),
            (None, None)
        );
        assert_eq!(
            observed("w", rows(vec![vec![Value::Null, Value::Int(2)]])).unwrap(),
            (None, Some(2))
        );
        assert_eq!(observed("w", rows(vec![])).unwrap(), (None, None));
        assert!(observed("w", rows(vec![vec![Value::Null], vec![Value::Null]])).is_err());
        assert!(observed("w", rows(vec![vec![Value::Null, Value::Null, Value::Null]])).is_err());
    }
}
