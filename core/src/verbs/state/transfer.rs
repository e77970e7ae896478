//! `state export` and `state import`.

use super::{ImportOver, StateRequest};
use crate::project::Project;
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result};
use rocky_run::state::Import;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
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
        _ => Err(Error::usage("name a file")),
    }
}

pub(super) fn export(project: &Project, request: &StateRequest) -> Result<StateTransfer> {
    let path = path(request)?;
    // Written aside: a file that has the name is whole.
    let aside = format!("{path}.{}.tmp", std::process::id());
    let written = write(project, Path::new(&aside)).and_then(|rows| {
        std::fs::rename(&aside, path)
            .map(|()| rows)
            .map_err(|e| failed(path, e))
    });
    match written {
        Ok(rows) => Ok(document(project, request, path, rows)),
        Err(error) => {
            let _ = std::fs::remove_file(&aside);
            Err(error)
        }
    }
}

fn write(project: &Project, path: &Path) -> Result<u64> {
    // Nothing to export is found before a file is made.
    let reader = project.existing_state()?;
    let file = File::create(path).map_err(|e| failed(&path.display().to_string(), e))?;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    let rows = reader.export(&mut out)?;
    let file = out
        .into_inner()
        .map_err(|e| failed(&path.display().to_string(), e.into_error()))?;
    file.sync_all()
        .map_err(|e| failed(&path.display().to_string(), e))?;
    Ok(rows)
}

fn failed(path: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{path}: {error}")).because(error)
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
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new(ErrorKind::NotFound, format!("{path} does not exist")),
        _ => failed(path, error),
    })?;
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
