//! `state`: the watermarks that runs left.

use crate::document::envelope;
use crate::project::Project;
use rocky_base::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StateRequest {}

/// The progress of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Watermark {
    /// `catalog.schema.table`.
    pub table: String,
    /// The greatest value of the watermark column after the last run: RFC 3339 for dates and times, else as the engine
    /// writes it.
    pub last_value: String,
    /// The same as the engine writes it.
    pub raw_value: String,
    /// When it was read (RFC 3339).
    pub updated_at: String,
}

/// What the state store holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateResponse {
    /// Engine version.
    pub version: String,
    /// `state`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The state file.
    pub state_path: String,
    /// Version of the store that this engine writes.
    pub schema_version_supported: u32,
    /// Version of the store on disk; none when there is no file.
    pub schema_version_on_disk: Option<u32>,
    /// Watermarks by table.
    pub watermarks: Vec<Watermark>,
    /// Where it is shared, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<crate::remote::RemoteStateInfo>,
}

impl Project {
    /// Read the state store. Makes no file, waits for nobody.
    pub fn state(&self, _request: &StateRequest) -> Result<StateResponse> {
        let reader = self.engine.inner.states.reader(self.state_path())?;
        let (version, command, schema_version) = envelope!("state");
        let watermarks = match &reader {
            Some(reader) => reader.watermarks()?,
            None => Vec::new(),
        };
        let remote = self.remote_info(reader.as_ref())?;
        Ok(StateResponse {
            version,
            command,
            schema_version,
            state_path: self.state_path().display().to_string(),
            schema_version_supported: rocky_run::state::SCHEMA_VERSION,
            schema_version_on_disk: reader.as_ref().map(|_| rocky_run::state::SCHEMA_VERSION),
            watermarks: watermarks
                .into_iter()
                .map(|w| Watermark {
                    table: w.target,
                    last_value: crate::document::watermark_time(&w.last_value)
                        .unwrap_or_else(|| w.last_value.clone()),
                    raw_value: w.last_value,
                    updated_at: w.updated_at.to_string(),
                })
                .collect(),
            remote,
        })
    }
}
