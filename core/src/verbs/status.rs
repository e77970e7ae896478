//! How sure the columns of a compile are, as documents show it: the status of each, coverage of models and project, and
//! the gate on it.

use crate::wire::{ColumnState, SourceSpan, WireColumn, WireCoverage};
use rocky_base::{Diagnostic, Error, Result, code};
use rocky_project::{ColumnStatus, Coverage, Model, Snapshot, Statuses};
use std::sync::Arc;

/// Models named by a coverage that is too low.
const WORST: usize = 5;

/// The status of a snapshot's columns at one moment.
#[derive(Debug)]
pub(crate) struct Sureness {
    pub snapshot: Arc<Snapshot>,
    statuses: Statuses,
    now: i64,
}

impl Sureness {
    pub fn of(snapshot: &Arc<Snapshot>, now: i64) -> Sureness {
        Sureness {
            snapshot: snapshot.clone(),
            statuses: Statuses::of(snapshot),
            now,
        }
    }

    /// The columns of a model.
    pub fn columns(&self, id: u32, model: &Model) -> Vec<WireColumn> {
        let snapshot = &*self.snapshot;
        let columns = model.schema().columns.iter().enumerate();
        columns
            .map(|(index, c)| {
                let mut column = WireColumn {
                    name: c.name.clone(),
                    r#type: super::compile::type_text(&c.ty, snapshot.dialect),
                    nullable: c.nullable,
                    status: ColumnState::Proven,
                    assumed_from: None,
                    age_seconds: None,
                    reason: None,
                    span: None,
                };
                match self.statuses.column(snapshot, id, model, index) {
                    ColumnStatus::Proven => {}
                    ColumnStatus::Assumed { basis, at } => {
                        column.status = ColumnState::Assumed;
                        column.assumed_from = Some(snapshot.basis_name(basis));
                        column.age_seconds =
                            (at > 0).then(|| u64::try_from(self.now.saturating_sub(at)).unwrap_or(0));
                    }
                    ColumnStatus::Unknown { loc, reason } => {
                        column.status = ColumnState::Unknown;
                        column.reason = Some(reason.to_owned());
                        column.span = SourceSpan::of(loc, &snapshot.files);
                    }
                }
                column
            })
            .collect()
    }

    /// Every column of a model is proven.
    pub fn all_proven(&self, id: u32, model: &Model) -> bool {
        self.statuses.all_proven(id, model)
    }

    /// The coverage of a model.
    pub fn coverage(&self, id: u32) -> Coverage {
        self.statuses.coverage(&self.snapshot, id)
    }

    /// The finding when too few columns of some models are proven, with those that lack most.
    pub fn gate(&self, models: &[(u32, &Arc<Model>)], minimum: f64) -> Option<Diagnostic> {
        let mut total = Coverage::default();
        let mut lacking: Vec<(Coverage, &Arc<Model>)> = Vec::new();
        for (id, model) in models {
            let coverage = self.coverage(*id);
            total.add(coverage);
            if coverage.proven < coverage.columns() {
                lacking.push((coverage, model));
            }
        }
        if total.ratio() * 100.0 >= minimum {
            return None;
        }
        lacking.sort_by(|(a, m), (b, n)| {
            let lack = |c: &Coverage| c.assumed + c.unknown;
            lack(b).cmp(&lack(a)).then_with(|| m.name.cmp(&n.name))
        });
        let message = format!(
            "{} of {} columns are proven ({} %), at least {minimum} % are wanted",
            total.proven,
            total.columns(),
            // Never rounded up to what is wanted.
            (total.ratio() * 1000.0).floor() / 10.0,
        );
        let mut finding = Diagnostic::global(code::E420, message);
        for (coverage, model) in lacking.iter().take(WORST) {
            let text = format!(
                "`{}`: {} of {} columns proven, {} assumed, {} unknown",
                model.name,
                coverage.proven,
                coverage.columns(),
                coverage.assumed,
                coverage.unknown
            );
            finding = finding.note(model.name_loc, text);
        }
        let help = if total.assumed > 0 {
            "Compile with `--refresh-sources always`, or pin the sources with `rocky discover --write-lock`."
        } else {
            "Declare the sources that are not known, or pin them with `rocky discover --write-lock`."
        };
        Some(finding.help(help))
    }
}

/// Per cent as a request may give it.
pub(crate) fn check_minimum(minimum: Option<f64>) -> Result<()> {
    match minimum {
        Some(m) if !(0.0..=100.0).contains(&m) => {
            Err(Error::usage(format!("minimum coverage {m} is no percentage"))
                .hint("give a number from 0 to 100"))
        }
        _ => Ok(()),
    }
}

impl From<Coverage> for WireCoverage {
    fn from(coverage: Coverage) -> WireCoverage {
        WireCoverage {
            columns: coverage.columns(),
            proven: coverage.proven,
            assumed: coverage.assumed,
            unknown: coverage.unknown,
            ratio: coverage.ratio(),
        }
    }
}
