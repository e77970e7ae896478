//! Values that are only known when a plan runs: where they stand in a statement, and how they are put there.
//!
//! A hole is a span of the statement that the planner made from a token of the query's tree; nothing is searched for in the
//! text, so a string or a comment that looks like a parameter stays what it is.

use crate::task::Step;
use rocky_base::{Dialect, Span};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A value that is only known when the plan runs.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// When the run began, a timestamp in UTC: the same for all statements of a run.
    Now,
    /// The run's name, a string.
    RunId,
    /// First moment of the window, a string `YYYY-MM-DD HH:MM:SS` in UTC.
    WindowStart,
    /// First moment after the window, likewise.
    WindowEnd,
}

impl Parameter {
    /// How it stands in a statement that is not bound: `$now`, `$run_id`, `$start_date`, `$end_date`.
    pub fn marker(self) -> &'static str {
        match self {
            Parameter::Now => "$now",
            Parameter::RunId => "$run_id",
            Parameter::WindowStart => "$start_date",
            Parameter::WindowEnd => "$end_date",
        }
    }
}

/// A place in a statement.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hole {
    /// The bytes of the marker.
    pub span: Span,
    /// What goes there.
    pub parameter: Parameter,
}

/// Values for the holes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bindings {
    /// `YYYY-MM-DD HH:MM:SS.ffffff`, UTC.
    pub now: String,
    /// The run's name.
    pub run_id: String,
    /// First moment and first moment after the window.
    pub window: Option<(String, String)>,
}

impl Bindings {
    /// The value as a literal; `None` for a window outside of one.
    fn literal(&self, parameter: Parameter, dialect: Dialect) -> Option<String> {
        Some(match parameter {
            Parameter::Now => format!("TIMESTAMP {}", dialect.string_literal(&self.now)),
            Parameter::RunId => dialect.string_literal(&self.run_id),
            Parameter::WindowStart => dialect.string_literal(&self.window.as_ref()?.0),
            Parameter::WindowEnd => dialect.string_literal(&self.window.as_ref()?.1),
        })
    }
}

impl Step {
    /// The statement with the values in its holes; `None` when one has no value, or a hole is not in the statement.
    pub fn bind(&self, dialect: Dialect, values: &Bindings) -> Option<Cow<'_, str>> {
        if self.holes.is_empty() {
            return Some(Cow::Borrowed(&self.sql));
        }
        bound(&self.sql, &self.holes, dialect, values).map(Cow::Owned)
    }
}

fn bound(sql: &str, holes: &[Hole], dialect: Dialect, values: &Bindings) -> Option<String> {
    let mut out = String::with_capacity(sql.len() + holes.len() * 16);
    let mut at = 0usize;
    for hole in holes {
        out.push_str(sql.get(at..hole.span.start as usize)?);
        out.push_str(&values.literal(hole.parameter, dialect)?);
        at = hole.span.end as usize;
    }
    out.push_str(sql.get(at..)?);
    Some(out)
}

/// A statement in the making: text with holes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sql {
    /// With a marker in each hole.
    pub text: String,
    /// In order.
    pub holes: Vec<Hole>,
}

impl Sql {
    /// Append text without holes.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// With the values in its holes; `None` when one has no value.
    pub(crate) fn bind(&self, dialect: Dialect, values: &Bindings) -> Option<String> {
        bound(&self.text, &self.holes, dialect, values)
    }

    /// Append a hole.
    pub fn hole(&mut self, parameter: Parameter) {
        let start = self.text.len() as u32;
        self.text.push_str(parameter.marker());
        let span = Span::new(start, self.text.len() as u32);
        self.holes.push(Hole { span, parameter });
    }

    /// Append text that has holes of its own.
    pub fn append(&mut self, other: &Sql) {
        let shift = self.text.len() as u32;
        self.text.push_str(&other.text);
        self.holes.extend(other.holes.iter().map(|h| Hole {
            span: h.span.shift(shift),
            parameter: h.parameter,
        }));
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Sql {
        Sql {
            text,
            holes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::StepKind;

    fn step(sql: Sql) -> Step {
        Step {
            purpose: "insert".into(),
            target: "t".into(),
            sql: sql.text,
            holes: sql.holes,
            kind: StepKind::Statement { counts_rows: true },
        }
    }

    #[test]
    fn values_stand_where_the_holes_are() {
        let mut inner = Sql::from("SELECT '$now', ".to_owned());
        inner.hole(Parameter::WindowStart);
        let mut sql = Sql::from("INSERT INTO t\n".to_owned());
        sql.append(&inner);
        sql.push(", ");
        sql.hole(Parameter::Now);
        let step = step(sql);
        assert_eq!(step.sql, "INSERT INTO t\nSELECT '$now', $start_date, $now");
        let mut values = Bindings {
            now: "2026-01-02 03:04:05".into(),
            run_id: "it's".into(),
            window: None,
        };
        assert_eq!(step.bind(Dialect::DuckDb, &values), None);
        values.window = Some(("2026-01-01 00:00:00".into(), "2026-01-02 00:00:00".into()));
        assert_eq!(
            step.bind(Dialect::DuckDb, &values).unwrap(),
            "INSERT INTO t\nSELECT '$now', '2026-01-01 00:00:00', TIMESTAMP '2026-01-02 03:04:05'"
        );
    }

    #[test]
    fn a_quote_in_a_value_stays_in_it() {
        let mut sql = Sql::default();
        sql.hole(Parameter::RunId);
        let step = step(sql);
        let values = Bindings {
            run_id: "a'b\\c".into(),
            ..Bindings::default()
        };
        assert_eq!(step.bind(Dialect::DuckDb, &values).unwrap(), "'a''b\\c'");
        assert_eq!(step.bind(Dialect::Snowflake, &values).unwrap(), "'a''b\\\\c'");
        assert_eq!(step.bind(Dialect::BigQuery, &values).unwrap(), "'a\\'b\\\\c'");
        assert_eq!(step.bind(Dialect::Databricks, &values).unwrap(), "'a\\'b\\\\c'");
    }
}
