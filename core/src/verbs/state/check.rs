//! `state check` and `state repair`.

use super::{StateAction, StateRequest};
use crate::document::timestamp;
use crate::project::Project;
use rocky_base::{CancelToken, Observer, Result};
use rocky_config::PipelineKind;
use rocky_project::Snapshot;
use rocky_run::state::{Audit, Known};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is wrong in the state store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateAudit {
    /// Engine version.
    pub version: String,
    /// `state_check`, `state_repair`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The state file.
    pub state_path: String,
    /// Nothing is wrong, or nothing is left that is wrong.
    pub ok: bool,
    /// It was put right.
    pub applied: bool,
    /// What is wrong, or was.
    pub findings: Vec<WireFinding>,
    /// Rows by table of the store.
    pub tables: BTreeMap<String, u64>,
    /// Models and targets of the project were compared with the store.
    pub compared_with_project: bool,
    /// Why not, or why only in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<String>,
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireFinding {
    /// `unreadable_value`, `lost_run`, `unlisted_run`, `orphan_progress`, `stale_partitions`, `gone_model`, `orphan_watermark`.
    pub kind: String,
    /// The table of the store.
    pub table: String,
    /// The key, or its beginning.
    pub key: Vec<String>,
    /// Rows concerned.
    pub rows: u64,
    /// One sentence.
    pub message: String,
    /// What repairing does, or did.
    pub repair: String,
}

pub(super) fn audit(
    project: &Project,
    request: &StateRequest,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<StateAudit> {
    let (known, not_compared) = known(project, observer, cancel)?;
    let apply = request.action == StateAction::Repair && request.apply;
    // Looking first: a store in which nothing is wrong is not opened for writing, and none is made.
    let mut audit = match project.engine.inner.states.reader(project.state_path())? {
        Some(reader) => reader.audit(&known)?,
        None => Audit::default(),
    };
    let applied = apply && !audit.findings.is_empty();
    if applied {
        let now = timestamp(project.host.system.now());
        audit = project.change_state(observer, cancel, |store| store.repair(&known, now))?;
    }
    Ok(StateAudit {
        version: crate::VERSION.to_owned(),
        command: request.action.command().to_owned(),
        schema_version: crate::SCHEMA_VERSION,
        state_path: project.state_path().display().to_string(),
        ok: applied || audit.findings.is_empty(),
        applied,
        findings: audit
            .findings
            .into_iter()
            .map(|f| WireFinding {
                kind: f.kind.as_str().to_owned(),
                table: f.table.to_owned(),
                key: f.key,
                rows: f.rows,
                message: f.message,
                repair: f.repair.to_owned(),
            })
            .collect(),
        tables: audit
            .counts
            .into_iter()
            .map(|(table, rows)| (table.to_owned(), rows))
            .collect(),
        compared_with_project: known.models.is_some(),
        not_compared,
    })
}

/// What the project has, as far as it is certain, and what is missing from it.
fn known(
    project: &Project,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<(Known, Option<String>)> {
    let unknown = |why: &str| Ok((Known::default(), Some(why.to_owned())));
    let Ok(config) = project.config_checked() else {
        return unknown("the configuration has mistakes");
    };
    let snapshot = match project.snapshot(&BTreeMap::new(), project.known_catalog(), observer, cancel) {
        Ok(snapshot) => snapshot,
        Err(error) if error.kind == rocky_base::ErrorKind::Cancelled => return Err(error),
        Err(error) => return unknown(&error.message),
    };
    // A sidecar that cannot be read may give its model another name or target.
    if snapshot.diagnostics().iter().any(|d| d.is_error()) {
        return unknown("the project has errors, so its models are not known for certain");
    }
    let models = Some(snapshot.models.iter().map(|m| m.name.clone()).collect());
    let elsewhere = config
        .pipelines
        .values()
        .any(|p| !matches!(p.kind, PipelineKind::Transformation(_) | PipelineKind::Quality(_)));
    if elsewhere {
        let known = Known {
            models,
            targets: None,
        };
        let why = "watermarks were not compared: pipelines that copy tables write more than the models";
        return Ok((known, Some(why.to_owned())));
    }
    let known = Known {
        models,
        targets: Some(targets(&snapshot)),
    };
    Ok((known, None))
}

/// Every model's relation, however its name is written.
fn targets(snapshot: &Snapshot) -> std::collections::HashSet<String> {
    snapshot
        .models
        .iter()
        .map(|m| m.target_parts.join(".").to_lowercase())
        .collect()
}
