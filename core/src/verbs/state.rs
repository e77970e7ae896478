//! `state`: what runs left in the state store, and looking after it. One verb with an `action`; each has a document of its own.
//!
//! Showing and checking read, wait for nobody and make no file. What changes the store does it in one commit, under the lease of the remote
//! state where there is one.

mod check;
mod edit;
mod transfer;

pub use check::{StateAudit, WireFinding};
pub use edit::{StateChange, StateSweep, WatermarkChange, WirePartition};
pub use transfer::StateTransfer;

use crate::document::envelope;
use crate::project::Project;
use rocky_base::{CancelToken, Error, Observer, Result};
use rocky_run::state::StateStore;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What to do. Fields that the action does not use are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StateRequest {
    /// `show` when absent.
    pub action: StateAction,
    /// `show`: list the partitions of this model. `delete`, `set`: the model of the partition.
    pub model: Option<String>,
    /// `repair`: do it; without it, only say what would be done.
    pub apply: bool,
    /// `delete`, `set`: the watermark of this table, `catalog.schema.table`.
    pub watermark: Option<String>,
    /// `delete`, `set`: this partition of the model: `2026-01-31T23`, `2026-01-31`, `2026-01`, `2026`.
    pub partition: Option<String>,
    /// `set`: the watermark's value as the engine writes it, or `Computed` or `Failed` for a partition.
    pub value: Option<String>,
    /// `export`, `import`: the file, from the working directory.
    pub path: Option<String>,
    /// `import`: what happens to what is there.
    pub over: ImportOver,
}

/// What to do with the state store.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateAction {
    /// Show watermarks and partitions.
    #[default]
    Show,
    /// Say what is wrong.
    Check,
    /// Put it right.
    Repair,
    /// Forget one watermark or partition.
    Delete,
    /// Set one watermark or partition.
    Set,
    /// Write everything as JSON.
    Export,
    /// Take in what was exported.
    Import,
    /// Forget what `[state.retention]` says, without waiting for the next run.
    Sweep,
}

impl StateAction {
    /// The document's `command`.
    pub fn command(self) -> &'static str {
        match self {
            StateAction::Show => "state",
            StateAction::Check => "state_check",
            StateAction::Repair => "state_repair",
            StateAction::Delete => "state_delete",
            StateAction::Set => "state_set",
            StateAction::Export => "state_export",
            StateAction::Import => "state_import",
            StateAction::Sweep => "state_sweep",
        }
    }
}

/// What an import does to what is there.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportOver {
    /// There must be nothing.
    #[default]
    Nothing,
    /// It is forgotten.
    Replace,
    /// The later of two stays.
    Merge,
}

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

impl Watermark {
    fn of(watermark: rocky_run::Watermark) -> Watermark {
        Watermark {
            table: watermark.target,
            last_value: crate::document::watermark_time(&watermark.last_value)
                .unwrap_or_else(|| watermark.last_value.clone()),
            raw_value: watermark.last_value,
            updated_at: watermark.updated_at.to_string(),
        }
    }
}

/// The partitions of a model, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartitionCounts {
    /// The model.
    pub model: String,
    /// In the target.
    pub computed: u64,
    /// Tried in vain.
    pub failed: u64,
    /// A run is at them, or was when it died.
    pub in_progress: u64,
    /// The first one.
    pub first: String,
    /// The last one.
    pub last: String,
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
    /// By model, how many partitions are how far.
    #[serde(default)]
    pub partitions: Vec<PartitionCounts>,
    /// The partitions of the model that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_partitions: Option<Vec<WirePartition>>,
    /// Rows by table of the store.
    #[serde(default)]
    pub tables: BTreeMap<String, u64>,
    /// Where it is shared, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<Box<crate::remote::RemoteStateInfo>>,
}

/// One of the documents, by action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StateAnswer {
    /// `show`.
    Show(Box<StateResponse>),
    /// `check`, `repair`.
    Audit(StateAudit),
    /// `sweep`.
    Sweep(StateSweep),
    /// `export`, `import`.
    Transfer(StateTransfer),
    /// `delete`, `set`. The last one: what must be in it is in all the others too.
    Change(Box<StateChange>),
}

impl Project {
    /// Show, check, repair or change the state store.
    pub fn state(
        &self,
        request: &StateRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<StateAnswer> {
        refuse_unused(request)?;
        match request.action {
            StateAction::Show => self
                .state_show(request)
                .map(|state| StateAnswer::Show(Box::new(state))),
            StateAction::Check | StateAction::Repair => {
                check::audit(self, request, observer, cancel).map(StateAnswer::Audit)
            }
            StateAction::Delete | StateAction::Set => {
                edit::change(self, request, observer, cancel).map(|c| StateAnswer::Change(Box::new(c)))
            }
            StateAction::Sweep => edit::sweep(self, request, observer, cancel).map(StateAnswer::Sweep),
            StateAction::Export => transfer::export(self, request).map(StateAnswer::Transfer),
            StateAction::Import => {
                transfer::import(self, request, observer, cancel).map(StateAnswer::Transfer)
            }
        }
    }

    /// Read the state store. Makes no file, waits for nobody.
    pub fn state_show(&self, request: &StateRequest) -> Result<StateResponse> {
        let reader = self.engine.inner.states.reader(self.state_path())?;
        let (version, command, schema_version) = envelope!("state");
        let remote = self.remote_info(reader.as_ref())?;
        let mut response = StateResponse {
            version,
            command,
            schema_version,
            state_path: self.state_path().display().to_string(),
            schema_version_supported: rocky_run::state::SCHEMA_VERSION,
            schema_version_on_disk: None,
            watermarks: Vec::new(),
            partitions: Vec::new(),
            model_partitions: request.model.as_ref().map(|_| Vec::new()),
            tables: BTreeMap::new(),
            remote,
        };
        let Some(reader) = reader else {
            return Ok(response);
        };
        response.schema_version_on_disk = Some(reader.schema_version()?);
        response.watermarks = reader.watermarks()?.into_iter().map(Watermark::of).collect();
        response.partitions = reader
            .partition_counts()?
            .into_iter()
            .map(|c| PartitionCounts {
                model: c.model_name.to_string(),
                computed: c.computed,
                failed: c.failed,
                in_progress: c.in_progress,
                first: c.first.to_string(),
                last: c.last.to_string(),
            })
            .collect();
        if let Some(model) = &request.model {
            let all = reader.partitions(model, ""..="\u{10ffff}")?;
            response.model_partitions = Some(all.into_iter().map(WirePartition::of).collect());
        }
        let counts = reader.counts()?;
        response.tables = counts.into_iter().map(|(t, n)| (t.to_owned(), n)).collect();
        Ok(response)
    }

    /// Change the store: under the remote lease where there is one, and uploaded after.
    fn change_state<T>(
        &self,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
        change: impl FnOnce(&Arc<StateStore>) -> Result<T>,
    ) -> Result<T> {
        let now = crate::document::timestamp(self.host.system.now());
        let name = rocky_run::new_run_id(now);
        let mut remote = self.begin_remote(&name, observer, cancel)?;
        let result = self
            .engine
            .inner
            .states
            .writer(self.state_path())
            .and_then(|store| remote.watch().map(|()| store))
            .and_then(|store| change(&store));
        let (_, failure) = remote.finish(observer, cancel);
        match (result, failure) {
            (Ok(_), Some(failure)) => Err(failure),
            (Err(mut error), Some(failure)) => {
                error.message = format!("{}; and {}", error.message, failure.message);
                Err(error)
            }
            (result, None) => result,
        }
    }
}

/// An option that means nothing for the action is a mistake, not something to pass over.
fn refuse_unused(request: &StateRequest) -> Result<()> {
    use StateAction::*;
    let action = request.action;
    let given = [
        ("model", request.model.is_some(), &[Show, Delete, Set][..]),
        ("apply", request.apply, &[Repair]),
        ("watermark", request.watermark.is_some(), &[Delete, Set]),
        ("partition", request.partition.is_some(), &[Delete, Set]),
        ("value", request.value.is_some(), &[Set]),
        ("path", request.path.is_some(), &[Export, Import]),
        ("over", request.over != ImportOver::Nothing, &[Import]),
    ];
    match given.iter().find(|(_, set, by)| *set && !by.contains(&action)) {
        Some((name, _, _)) => Err(Error::usage(format!(
            "`{name}` means nothing for `{}`",
            action.command()
        ))),
        None => Ok(()),
    }
}
