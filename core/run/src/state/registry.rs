//! One writer per file and process. The engine owns a registry; nothing here is global.

use super::{StateReader, StateStore};
use rocky_base::Result;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

type Slot = Arc<Mutex<Weak<StateStore>>>;

/// The state stores that are open in this process.
#[derive(Debug, Default)]
pub struct StateRegistry {
    slots: Mutex<HashMap<PathBuf, Slot>>,
}

impl StateRegistry {
    /// An empty registry.
    pub fn new() -> StateRegistry {
        StateRegistry::default()
    }

    /// The writer of a file, shared with everyone who has it open; the last one to drop it closes the file.
    pub fn writer(&self, path: &Path) -> Result<Arc<StateStore>> {
        let slot = self.slot(path);
        // Held while opening, so that two threads do not both open the file; other files are not kept waiting.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = slot.upgrade() {
            return Ok(store);
        }
        let store = Arc::new(StateStore::open_writer(path)?);
        *slot = Arc::downgrade(&store);
        Ok(store)
    }

    /// A reader of a file, over the open writer when this process has one; `None` when there is no file.
    pub fn reader(&self, path: &Path) -> Result<Option<StateReader>> {
        let slot = self.slot(path);
        // The lock is kept while opening: a repair must not meet a writer of ours that is being opened.
        let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.upgrade() {
            Some(store) => Ok(Some(store.reader())),
            None => StateReader::open(path),
        }
    }

    fn slot(&self, path: &Path) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(canonical(path)).or_default().clone()
    }
}

/// One name for one file, also when it does not exist yet.
fn canonical(path: &Path) -> PathBuf {
    if let Ok(path) = std::fs::canonicalize(path) {
        return path;
    }
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    match (std::fs::canonicalize(dir), path.file_name()) {
        (Ok(dir), Some(name)) => dir.join(name),
        _ => path.to_path_buf(),
    }
}
