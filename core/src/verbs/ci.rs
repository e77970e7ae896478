//! `ci`: compile and test, with one verdict.

use crate::document::{diagnostics, envelope};
use crate::project::Project;
use crate::verbs::test::{TestFailure, TestRequest, UnitTests};
use crate::wire::WireDiagnostic;
use rocky_base::{CancelToken, Dialect, Observer, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What to look at: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CiRequest {
    /// Values for `@var`.
    pub vars: BTreeMap<String, String>,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CiResponse {
    /// Engine version.
    pub version: String,
    /// `ci`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// No finding of the compile is an error.
    pub compile_ok: bool,
    /// No test failed.
    pub tests_ok: bool,
    /// Models.
    pub models_compiled: u64,
    /// Models executed and unit tests that gave what was expected.
    pub tests_passed: u64,
    /// The others.
    pub tests_failed: u64,
    /// Findings of the compile that are warnings, and unit tests that DuckDB cannot stand in for.
    pub warnings: u64,
    /// 0: all is well; 1: something failed; 4: there are warnings.
    pub exit_code: i32,
    /// Findings of the compile.
    pub diagnostics: Vec<WireDiagnostic>,
    /// One for each test that failed.
    pub failures: Vec<TestFailure>,
    /// The models were not executed: they are written for another warehouse, and only unit tests of them are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub models_not_executed: bool,
    /// Unit tests of models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_tests: Option<UnitTests>,
}

impl Project {
    /// Compile, run the models locally where they are written for DuckDB, and run the unit tests. Opens no warehouse.
    pub fn ci(
        &self,
        request: &CiRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<CiResponse> {
        let snapshot = self.snapshot(&request.vars, self.known_catalog(), observer, cancel)?;
        let asked = TestRequest {
            vars: request.vars.clone(),
            ..TestRequest::default()
        };
        let tests = match snapshot.dialect {
            Dialect::DuckDb => self.test(&asked, observer, cancel)?,
            _ => self.unit_tests_alone(&asked, &snapshot, cancel)?,
        };
        let found = diagnostics(snapshot.diagnostics(), &snapshot.files);
        let compile_ok = !found.iter().any(WireDiagnostic::is_error);
        let refused = tests.unit_tests.as_ref().map_or(0, |u| u.refused);
        let warnings = found.iter().filter(|d| d.severity == "Warning").count() as u64 + refused;
        let tests_ok = tests.failures.is_empty();
        let exit_code = match (compile_ok && tests_ok, warnings) {
            (false, _) => 1,
            (true, 0) => 0,
            (true, _) => 4,
        };
        let (version, command, schema_version) = envelope!("ci");
        Ok(CiResponse {
            version,
            command,
            schema_version,
            compile_ok,
            tests_ok,
            models_compiled: snapshot.models.len() as u64,
            tests_passed: tests.passed,
            tests_failed: tests.failed,
            warnings,
            exit_code,
            diagnostics: found,
            failures: tests.failures,
            models_not_executed: tests.models_not_executed,
            unit_tests: tests.unit_tests.filter(|u| u.total > 0),
        })
    }
}
