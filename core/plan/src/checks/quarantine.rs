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
use rocky_base::{Diagnostic, Dialect, Ident, SmolStr, code};
use rocky_config::{QuarantineConfig, QuarantineMode, TestConfig, TestKind};
use rocky_project::tagged;
use rocky_warehouse::{RelationName, Strategy};

/// The column that `tag` adds, and that the quarantine table has: names of the failed tests, separated by commas.
pub use rocky_project::tagged::TAG;

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
    let mut failing: Vec<Failing> = Vec::new();
    for test in rules.iter().filter(|t| t.sets_aside()) {
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
                && c.severity == test.severity
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
        if failing.iter().any(|f| f.name == name) {
            continue;
        }
        failing.push(Failing {
            name,
            condition,
            // Databricks knows no NOT IN within OR in UPDATE and DELETE, and no subquery in SET.
            apart: subject.dialect == Dialect::Databricks
                && matches!(test.kind, TestKind::Relationships { .. }),
        });
    }
    // The column is there whatever the tests find, so that readers can rely on it.
    let tags = config.mode == QuarantineMode::Tag && rules.iter().any(|t| t.sets_aside());
    if failing.is_empty() && !tags {
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
    let is_tag = |name: &SmolStr| tagged::is_tag(subject.dialect, name);
    let given = subject.columns.is_some_and(|c| c.iter().any(|c| is_tag(&c.name)));
    let made = task.steps.iter().any(makes);
    let there = match (&task.fact, made) {
        // There, what the query gives was added as drift, and there is no IF NOT EXISTS.
        (Fact::Table(_), false) if given && subject.dialect == Dialect::Databricks => true,
        (Fact::Table(columns), false) => columns.iter().any(is_tag),
        _ => given,
    };
    let writer = Writer {
        dialect: subject.dialect,
        table: subject.printed(),
        failing: &failing,
        given,
        there,
    };
    let mut quarantine = Quarantine {
        mode: SmolStr::new_static(match config.mode {
            QuarantineMode::Split => "split",
            QuarantineMode::Tag => "tag",
            QuarantineMode::Drop => "drop",
        }),
        table: None,
        valid_table: None,
        tests: failing.iter().map(|f| f.name.clone()).collect(),
        count: None,
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
            match &mut task.windows {
                _ if there => task.steps.push(writer.untag()),
                // Once, however many windows there are.
                Some(windows) if !made => {
                    windows.before.push(writer.add_column());
                    task.steps.push(writer.untag());
                }
                _ => {
                    task.steps.push(writer.add_column());
                    task.steps.extend(given.then(|| writer.untag()));
                }
            }
            if failing.is_empty() {
                task.sql_hash = hash::of_steps(&task.steps);
                return Ok(());
            }
            task.steps.extend(writer.tag());
            let together = task
                .windows
                .as_ref()
                .is_some_and(|w| w.parallel > 1 && w.list.len() > 1);
            quarantine.count = together.then(|| writer.count_tagged());
        }
        QuarantineMode::Drop => {
            // Rows of partitions are counted when those that fail are gone.
            let count = |s: &Step| matches!(s.kind, StepKind::CountPartitions);
            let place = task.steps.iter().position(count).unwrap_or(task.steps.len());
            task.steps.splice(place..place, writer.delete());
        }
    }
    task.sql_hash = hash::of_steps(&task.steps);
    task.quarantine = Some(quarantine);
    Ok(())
}

/// The step makes the table anew, with the columns of its query alone.
fn makes(step: &Step) -> bool {
    matches!(step.purpose.as_str(), "create_table" | "full_refresh_copy")
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

/// A test whose failing rows are set aside.
struct Failing {
    name: SmolStr,
    /// True for rows that fail.
    condition: Sql,
    /// In a statement of its own where rows are changed.
    apart: bool,
}

struct Writer<'a> {
    dialect: Dialect,
    table: String,
    failing: &'a [Failing],
    /// The tag is one of the columns that are written.
    given: bool,
    /// The table has the column when the tests are looked at.
    there: bool,
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
    fn any(&self, sql: &mut Sql, of: &[&Failing]) {
        for (index, failing) in of.iter().enumerate() {
            sql.push(if index == 0 {
                "COALESCE("
            } else {
                "\n   OR COALESCE("
            });
            sql.append(&failing.condition);
            sql.push(", FALSE)");
        }
    }

    fn all(&self) -> Vec<&Failing> {
        self.failing.iter().collect()
    }

    /// Those that stand in one statement, and those that each have their own.
    fn apart(&self) -> (Vec<&Failing>, Vec<&Failing>) {
        self.failing.iter().partition(|f| !f.apart)
    }

    /// `not_null_id,in_range_amount`, and what is tagged already.
    fn names(&self, sql: &mut Sql, of: &[&Failing], tagged: bool) {
        sql.push("SUBSTR(");
        for (index, failing) in of.iter().enumerate() {
            sql.push(if index == 0 {
                "CASE WHEN "
            } else {
                " || CASE WHEN "
            });
            sql.append(&failing.condition);
            let literal = self.named(failing);
            sql.push(&format!(" THEN {literal} ELSE '' END"));
        }
        if tagged {
            let word = if of.is_empty() { "" } else { " || " };
            sql.push(&format!("{word}COALESCE({}, '')", self.column()));
        }
        sql.push(", 2)");
    }

    /// `',not_null_id'`
    fn named(&self, failing: &Failing) -> String {
        self.dialect.string_literal(&format!(",{}", failing.name))
    }

    /// All columns, or all but the tag: one that an earlier run with `tag` left behind says nothing of this one.
    fn star(&self, whole: bool) -> String {
        match (whole, self.dialect) {
            (true, _) => "*".to_owned(),
            (false, Dialect::DuckDb | Dialect::Snowflake) => format!("* EXCLUDE ({})", self.column()),
            (false, Dialect::Databricks | Dialect::BigQuery) => format!("* EXCEPT ({})", self.column()),
        }
    }

    fn split_failing(&self, name: &RelationName) -> Step {
        let mut sql = Sql::from(format!(
            "CREATE OR REPLACE TABLE {} AS\nSELECT {}, ",
            name.print(self.dialect),
            self.star(!self.there)
        ));
        self.names(&mut sql, &self.all(), false);
        sql.push(&format!(" AS {}\nFROM {}\nWHERE ", self.column(), self.table));
        self.any(&mut sql, &self.all());
        self.step("quarantine", &name.display(), sql)
    }

    fn split_valid(&self, name: &RelationName) -> Step {
        let mut sql = Sql::from(format!(
            "CREATE OR REPLACE TABLE {} AS\nSELECT {}\nFROM {}\nWHERE NOT (",
            name.print(self.dialect),
            self.star(self.given || !self.there),
            self.table
        ));
        self.any(&mut sql, &self.all());
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

    fn count_tagged(&self) -> Step {
        let sql = format!(
            "SELECT COUNT(*) AS n FROM {} WHERE {} IS NOT NULL",
            self.table,
            self.column()
        );
        Step {
            kind: StepKind::Check,
            ..self.step("count_quarantined", &self.table, Sql::from(sql))
        }
    }

    /// The last statement tags every row that fails, so that its number of rows is theirs.
    fn tag(&self) -> Vec<Step> {
        let (together, apart) = self.apart();
        let (table, column) = (&self.table, self.column());
        let mut steps = Vec::with_capacity(1 + apart.len());
        for failing in &apart {
            let name = self.named(failing);
            let head = format!("UPDATE {table} SET {column} = COALESCE({column}, '') || {name}\nWHERE ");
            let mut sql = Sql::from(head);
            sql.append(&failing.condition);
            steps.push(self.step("quarantine_apart", table, sql));
        }
        let mut sql = Sql::from(format!("UPDATE {table} SET {column} = "));
        self.names(&mut sql, &together, !apart.is_empty());
        sql.push("\nWHERE ");
        if !apart.is_empty() {
            let word = if together.is_empty() { "" } else { "\n   OR " };
            sql.push(&format!("{column} IS NOT NULL{word}"));
        }
        self.any(&mut sql, &together);
        steps.push(self.step("quarantine", table, sql));
        steps
    }

    fn delete(&self) -> Vec<Step> {
        let (together, apart) = self.apart();
        let head = || Sql::from(format!("DELETE FROM {}\nWHERE ", self.table));
        let step = |sql| Step {
            kind: StepKind::Removal,
            ..self.step("quarantine", &self.table, sql)
        };
        let mut steps = Vec::with_capacity(1 + apart.len());
        for failing in &apart {
            let mut sql = head();
            sql.append(&failing.condition);
            steps.push(step(sql));
        }
        if !together.is_empty() {
            let mut sql = head();
            self.any(&mut sql, &together);
            steps.push(step(sql));
        }
        steps
    }
}
