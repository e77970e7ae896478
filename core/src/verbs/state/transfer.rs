//! `state export` and `state import`.

use super::{ImportOver, StateRequest};
use crate::project::Project;
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result};
use rocky_run::state::{Import, open_export};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// What was written or taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateTransfer {
    /// Engine version.
    pub version: String,
    /// `state_export`, `state_import`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The state file.
    pub state_path: String,
    /// The file.
    pub path: String,
    /// Rows written.
    pub rows: u64,
    /// `import`: by table of the store.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, u64>,
    /// `import` with `merge`: rows that were left out because what is there is newer or the same.
    #[serde(default)]
    pub kept: u64,
}

fn document(project: &Project, request: &StateRequest, path: &str, rows: u64) -> StateTransfer {
    StateTransfer {
        version: crate::VERSION.to_owned(),
        command: request.action.command().to_owned(),
        schema_version: crate::SCHEMA_VERSION,
        state_path: project.state_path().display().to_string(),
        path: path.to_owned(),
        rows,
        tables: BTreeMap::new(),
        kept: 0,
    }
}

fn path(request: &StateRequest) -> Result<&str> {
    match request.path.as_deref() {
        Some(path) if !path.is_empty() => Ok(path),
        _ => Err(Error::usage("exporting and importing need the `path` of a file")
            .hint("give it, e.g. {\"action\": \"export\", \"path\": \"state.json\"}")),
    }
}

pub(super) fn export(project: &Project, request: &StateRequest) -> Result<StateTransfer> {
    let path = path(request)?;
    let rows = project.existing_state()?.export_to(Path::new(path))?;
    Ok(document(project, request, path, rows))
}

impl Project {
    /// Write the whole state as one JSON document, row by row. Returns the number of rows.
    pub fn export_state(&self, out: &mut dyn Write) -> Result<u64> {
        self.existing_state()?.export(out)
    }

    fn existing_state(&self) -> Result<rocky_run::StateReader> {
        let reader = self.engine.inner.states.reader(self.state_path())?;
        reader.ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("there is no state store {}", self.state_path().display()),
            )
            .hint("the first run makes it")
        })
    }
}

pub(super) fn import(
    project: &Project,
    request: &StateRequest,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<StateTransfer> {
    let path = path(request)?;
    let how = match request.over {
        ImportOver::Nothing => Import::IntoEmpty,
        ImportOver::Replace => Import::Replace,
        ImportOver::Merge => Import::Merge,
    };
    // A file that is not there makes no state store.
    let file = open_export(Path::new(path))?;
    let taken = project.change_state(observer, cancel, |store| store.import(file, how))?;
    let rows = taken.written.values().sum();
    Ok(StateTransfer {
        tables: taken
            .written
            .into_iter()
            .map(|(table, rows)| (table.to_owned(), rows))
            .collect(),
        kept: taken.kept,
        ..document(project, request, path, rows)
    })
}
