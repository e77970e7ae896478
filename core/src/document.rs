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
    /// `usage`, `not_found`, `io`, `config`, `locked`, `warehouse`, `state`, `stale`, `cancelled`, `unsupported`, `bug`.
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

    /// As JSON text.
    pub fn to_json(&self) -> String {
        // Only strings and numbers: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
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

/// Seconds since 1970 of a clock.
pub(crate) fn timestamp(time: std::time::SystemTime) -> jiff::Timestamp {
    jiff::Timestamp::try_from(time).unwrap_or_default()
}
