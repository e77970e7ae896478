//! What is common to all documents: the envelope, and the document of an error.

use rocky_base::{Diagnostic, Error, Files};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::WireDiagnostic;

/// An error as a document: what the CLI prints in JSON mode, and what the C and Node error objects hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDocument {
    /// Engine version.
    pub version: String,
    /// The verb.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The error.
    pub error: ErrorBody,
}

/// The body of an error document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// `usage`, `not_found`, `io`, `config`, `locked`, `warehouse`, `state`, `stale`, `cancelled`, `unsupported`, `bug`, `hook`.
    pub code: String,
    /// What is wrong, naming the thing and the value.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation_hint: Option<String>,
    /// The causes, outermost first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ErrorDocument {
    /// The document of an error of a verb.
    pub fn of(command: &str, error: &Error) -> ErrorDocument {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(error);
        while let Some(c) = cause {
            let text = c.to_string();
            if !error.message.contains(&text) {
                causes.push(text);
            }
            cause = c.source();
        }
        ErrorDocument {
            version: crate::VERSION.to_owned(),
            command: command.to_owned(),
            schema_version: crate::SCHEMA_VERSION,
            error: ErrorBody {
                code: error.kind.as_str().to_owned(),
                message: error.message.clone(),
                remediation_hint: error.hint.clone(),
                detail: (!causes.is_empty()).then(|| causes.join(": ")),
            },
        }
    }

    /// As a JSON value. The clients of the 1.x releases read whatever `run`, `compile` and `test` print as that verb's result,
    /// whatever the exit code: there the error stands beside an empty result that says the same.
    pub fn to_value(&self) -> serde_json::Value {
        use serde_json::json;
        let mut value = json!(self);
        let error = &self.error;
        let result = match self.command.as_str() {
            "run" => json!({
                "status": "Failure", "filter": "", "duration_ms": 0, "tables_copied": 0, "tables_failed": 0,
                "materializations": [], "check_results": [],
                "errors": [{ "asset_key": [], "error": error.message, "failure_kind": error.code }],
                "permissions": { "grants_added": 0, "grants_revoked": 0, "catalogs_created": 0, "schemas_created": 0 },
                "drift": { "tables_checked": 0, "tables_drifted": 0, "actions_taken": [] },
            }),
            "compile" => json!({
                "models": 0, "execution_layers": 0, "has_errors": true, "models_detail": [],
                "diagnostics": [{ "severity": "Error", "code": error.code, "message": error.message, "model": "",
                                  "span": null, "suggestion": error.remediation_hint }],
            }),
            "test" => json!({
                "total": 0, "passed": 0, "failed": 1, "failures": [{ "name": "project", "error": error.message }],
            }),
            _ => return value,
        };
        if let (Some(object), serde_json::Value::Object(more)) = (value.as_object_mut(), result) {
            object.extend(more);
        }
        value
    }

    /// As JSON text.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }
}

/// The wire form of a list of diagnostics.
pub(crate) fn diagnostics(list: &[Diagnostic], files: &Files) -> Vec<WireDiagnostic> {
    list.iter().map(|d| WireDiagnostic::of(d, files)).collect()
}

/// Fields that begin every document.
macro_rules! envelope {
    ($command:literal) => {
        (
            crate::VERSION.to_owned(),
            $command.to_owned(),
            crate::SCHEMA_VERSION,
        )
    };
}
pub(crate) use envelope;

/// A watermark as clients read it: RFC 3339 for dates and times (those without a zone count as UTC); `None` for anything
/// else, such as numbers and text.
pub(crate) fn watermark_time(value: &str) -> Option<String> {
    if let Ok(date) = value.parse::<jiff::civil::Date>()
        && value.len() == 10
    {
        return Some(format!("{date}T00:00:00Z"));
    }
    // The engine writes a space between date and time, and zones as `+00`.
    let text = value.replacen(' ', "T", 1);
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.to_string());
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    (value.len() > 10).then(|| format!("{local}Z"))
}

/// A clock's time.
pub(crate) fn timestamp(time: std::time::SystemTime) -> jiff::Timestamp {
    jiff::Timestamp::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::watermark_time;

    #[test]
    fn watermarks_are_times_where_they_can_be() {
        let time = |t: &str| watermark_time(t);
        assert_eq!(time("2024-01-05").as_deref(), Some("2024-01-05T00:00:00Z"));
        assert_eq!(
            time("2024-01-05 08:00:00").as_deref(),
            Some("2024-01-05T08:00:00Z")
        );
        assert_eq!(
            time("2024-01-05 08:00:00.25").as_deref(),
            Some("2024-01-05T08:00:00.25Z")
        );
        assert_eq!(
            time("2024-01-05 08:00:00+00").as_deref(),
            Some("2024-01-05T08:00:00Z")
        );
        assert_eq!(
            time("2024-01-05 08:00:00+02:30").as_deref(),
            Some("2024-01-05T05:30:00Z")
        );
        assert_eq!(
            (time("20240105"), time("42"), time("v1.2"), time("")),
            (None, None, None, None)
        );
    }
}
