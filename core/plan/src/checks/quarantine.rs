//! `[checks.quarantine]`: rows that fail a test are set aside, in the transaction that wrote them.
//!
//! Tests of severity `error` about single rows take part; uniqueness, counts and aggregates are no property of a row, and what is
//! in the future is told by the moment of the check alone. A row fails when a test's condition is true for it, never when it
//! is NULL. What is set aside fails the run no more.

use super::table::Subject;
use super::tests::{self, Resolve};
use crate::bind::Sql;
use crate::hash;
use crate::task::{Fact, Quarantine, Step, StepKind, Task};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Ident, SmolStr, code};
use rocky_config::{CheckSeverity, QuarantineConfig, QuarantineMode, TestConfig, TestKind};
use rocky_warehouse::{RelationName, Strategy};

/// The column that `tag` adds, and that the quarantine table has: names of the failed tests, separated by commas.
pub const TAG: &str = "_rocky_failed_tests";

/// Put the statements of the quarantine behind those that write, and keep its tests from failing the run. `is_model`: a model
/// makes the relation of this name.
pub(super) fn add(
    config: &QuarantineConfig,
    rules: &[&TestConfig],
    subject: &Subject<'_>,
    resolve: &Resolve<'_>,
    is_model: &dyn Fn(&RelationName) -> bool,
    task: &mut Task,
) -> Result<(), Box<Diagnostic>> {
    let mut failing: Vec<(SmolStr, Sql)> = Vec::new();
    for test in rules {
        if test.severity != CheckSeverity::Error || matches!(test.kind, TestKind::NotInFuture) {
            continue;
        }
        let Some(condition) = tests::failing_rows(test, subject, resolve)? else {
            continue;
        };
        let planned = tests::plan(test, subject, true, resolve)?;
        // What it refers to may be written later in this run: what it says now is not yet true.
        if planned.deferred {
            continue;
        }
        let same = |c: &&mut super::CheckPlan| {
            c.kind == super::CheckKind::Test
                && c.severity == CheckSeverity::Error
                && c.queries.first().map(|q| &q.sql) == planned.queries.first().map(|q| &q.sql)
        };
        // One test may stand in the sidecar and in the pipeline: none of the two fails the run.
        let mut all = task.checks.iter_mut().filter(same);
        let Some(check) = all.next() else {
            continue;
        };
        check.gates = false;
        let name = check.name.clone();
        all.for_each(|c| c.gates = false);
        if failing.iter().all(|(known, _)| *known != name) {
            failing.push((name, condition));
        }
    }
    if failing.is_empty() {
        return Ok(());
    }
    let of_table = matches!(
        task.strategy,
        Strategy::FullRefresh
            | Strategy::Incremental
            | Strategy::Merge
            | Strategy::DeleteInsert
            | Strategy::TimeInterval
            | Strategy::Microbatch
            | Strategy::Load
    );
    if !of_table && config.mode != QuarantineMode::Split {
        let what = match task.strategy {
            Strategy::SnapshotScd2 => "is a history",
            _ => "is no table",
        };
        let message = format!(
            "`{}` {what} ({}): its rows can neither be tagged nor deleted",
            subject.target.display(),
            task.strategy.as_str()
        );
        return Err(Box::new(
            Diagnostic::new(code::E417, config.loc, message)
                .help("Use `mode = \"split\"`, or another strategy."),
        ));
    }
    let writer = Writer {
        dialect: subject.dialect,
        table: subject.printed(),
        failing: &failing,
    };
    let mut quarantine = Quarantine {
        mode: SmolStr::new_static(match config.mode {
            QuarantineMode::Split => "split",
            QuarantineMode::Tag => "tag",
            QuarantineMode::Drop => "drop",
        }),
        table: None,
        valid_table: None,
        tests: failing.iter().map(|(name, _)| name.clone()).collect(),
    };
    match config.mode {
        QuarantineMode::Split => {
            let beside = |suffix: &str| -> Result<(RelationName, String), Box<Diagnostic>> {
                let name = sibling(subject, suffix);
                let empty = suffix.is_empty();
                if empty || is_model(&name) {
                    let message = match empty {
                        true => "an empty suffix would write over the table itself".to_owned(),
                        false => format!(
                            "the quarantine would write over `{}`, which is a model",
                            name.display()
                        ),
                    };
                    return Err(Box::new(
                        Diagnostic::new(code::E417, config.loc, message).help("Choose another suffix."),
                    ));
                }
                let mut whole: Vec<String> = subject.parts.iter().map(ToString::to_string).collect();
                if let Some(last) = whole.last_mut() {
                    last.push_str(suffix);
                }
                Ok((name, whole.join(".")))
            };
            let (bad, bad_name) = beside(&config.suffix_quarantine)?;
            let (good, good_name) = beside(&config.suffix_valid)?;
            if bad == good {
                let message = "both halves of the quarantine would be one table";
                return Err(Box::new(
                    Diagnostic::new(code::E417, config.loc, message).help("Choose two suffixes."),
                ));
            }
            task.steps.push(writer.split_failing(&bad));
            task.steps.push(writer.split_valid(&good));
            quarantine.table = Some(bad_name);
            quarantine.valid_table = Some(good_name);
        }
        QuarantineMode::Tag => {
            let made = |s: &Step| matches!(s.purpose.as_str(), "create_table" | "full_refresh_copy");
            let made = task.steps.iter().any(made);
            let tagged = match &task.fact {
                Fact::Table(columns) => {
                    columns.contains(&subject.dialect.fold(TAG, false, IdentKind::Column))
                }
                Fact::Absent | Fact::View | Fact::Kept | Fact::Unknown => false,
            };
            if made || !tagged {
                task.steps.push(writer.add_column());
            } else {
                task.steps.push(writer.untag());
            }
            task.steps.push(writer.tag());
        }
        QuarantineMode::Drop => {
            // Rows of partitions are counted when those that fail are gone.
            let count = |s: &Step| matches!(s.kind, StepKind::CountPartitions);
            let place = task.steps.iter().position(count).unwrap_or(task.steps.len());
            task.steps.insert(place, writer.delete());
        }
    }
    task.sql_hash = hash::of_steps(&task.steps);
    task.quarantine = Some(quarantine);
    Ok(())
}

/// The table beside the subject whose name ends so.
fn sibling(subject: &Subject<'_>, suffix: &str) -> RelationName {
    let table = &subject.target.table;
    let text = format!("{}{suffix}", table.text);
    RelationName {
        table: match table.quoted {
            true => Ident::quoted(text),
            false => Ident::from_config(subject.dialect, &text),
        },
        ..subject.target.clone()
    }
}

struct Writer<'a> {
    dialect: Dialect,
    table: String,
    failing: &'a [(SmolStr, Sql)],
}

impl Writer<'_> {
    fn step(&self, purpose: &'static str, target: &str, sql: Sql) -> Step {
        Step {
            purpose: SmolStr::new_static(purpose),
            target: target.to_owned(),
            sql: sql.text,
            holes: sql.holes,
            kind: StepKind::Statement { counts_rows: false },
        }
    }

    fn column(&self) -> String {
        Ident::from_config(self.dialect, TAG).print(self.dialect)
    }

    /// True for a row that fails, else false.
    fn any(&self, sql: &mut Sql) {
        for (index, (_, condition)) in self.failing.iter().enumerate() {
            sql.push(if index == 0 {
                "COALESCE("
            } else {
                "\n   OR COALESCE("
            });
            sql.append(condition);
            sql.push(", FALSE)");
        }
    }

    /// `not_null_id,in_range_amount`.
    fn names(&self, sql: &mut Sql) {
        sql.push("SUBSTR(");
        for (index, (name, condition)) in self.failing.iter().enumerate() {
            sql.push(if index == 0 {
                "CASE WHEN "
            } else {
                " || CASE WHEN "
            });
            sql.append(condition);
            let literal = self.dialect.string_literal(&format!(",{name}"));
            sql.push(&format!(" THEN {literal} ELSE '' END"));
        }
        sql.push(", 2)");
    }

    fn split_failing(&self, name: &RelationName) -> Step {
        let mut sql = Sql::from(format!(
            "CREATE OR REPLACE TABLE {} AS\nSELECT *, ",
            name.print(self.dialect)
        ));
        self.names(&mut sql);
        sql.push(&format!(" AS {}\nFROM {}\nWHERE ", self.column(), self.table));
        self.any(&mut sql);
        self.step("quarantine", &name.display(), sql)
    }

    fn split_valid(&self, name: &RelationName) -> Step {
        let mut sql = Sql::from(format!(
            "CREATE OR REPLACE TABLE {} AS\nSELECT *\nFROM {}\nWHERE NOT (",
            name.print(self.dialect),
            self.table
        ));
        self.any(&mut sql);
        sql.push(")");
        self.step("quarantine_valid", &name.display(), sql)
    }

    fn add_column(&self) -> Step {
        let column = self.column();
        let rest = match self.dialect {
            Dialect::Databricks => format!("ADD COLUMNS ({column} STRING)"),
            Dialect::BigQuery => format!("ADD COLUMN IF NOT EXISTS {column} STRING"),
            Dialect::DuckDb | Dialect::Snowflake => format!("ADD COLUMN IF NOT EXISTS {column} VARCHAR"),
        };
        let sql = Sql::from(format!("ALTER TABLE {} {rest}", self.table));
        self.step("add_column", &self.table, sql)
    }

    /// Rows that were tagged before and fail no more.
    fn untag(&self) -> Step {
        let column = self.column();
        let sql = format!(
            "UPDATE {} SET {column} = NULL\nWHERE {column} IS NOT NULL",
            self.table
        );
        self.step("untag", &self.table, Sql::from(sql))
    }

    fn tag(&self) -> Step {
        let mut sql = Sql::from(format!("UPDATE {} SET {} = ", self.table, self.column()));
        self.names(&mut sql);
        sql.push("\nWHERE ");
        self.any(&mut sql);
        self.step("quarantine", &self.table, sql)
    }

    fn delete(&self) -> Step {
        let mut sql = Sql::from(format!("DELETE FROM {}\nWHERE ", self.table));
        self.any(&mut sql);
        Step {
            kind: StepKind::Removal,
            ..self.step("quarantine", &self.table, sql)
        }
    }
}
