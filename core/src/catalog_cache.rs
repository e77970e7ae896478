//! The remembered catalogue: `.rocky/catalog.json` beside `rocky.toml`. It is a convenience: damaged or absent means
//! nothing is remembered, and unwritable means nothing will be.

use rocky_base::System;
use rocky_warehouse::CatalogSnapshot;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

#[derive(Serialize, Deserialize)]
struct Remembered {
    version: u32,
    adapter: String,
    snapshot: CatalogSnapshot,
}

const FORMAT: u32 = 1;

fn path(root: &Path) -> PathBuf {
    root.join(".rocky").join("catalog.json")
}

/// What was remembered of an adapter.
pub(crate) fn load(system: &dyn System, root: &Path, adapter: &str) -> Option<CatalogSnapshot> {
    let bytes = system.read(&path(root)).ok()?;
    let remembered: Remembered = serde_json::from_slice(&bytes).ok()?;
    (remembered.version == FORMAT && remembered.adapter == adapter).then_some(remembered.snapshot)
}

/// Remember a snapshot; what cannot be written is not remembered.
pub(crate) fn store(system: &dyn System, root: &Path, adapter: &str, snapshot: &CatalogSnapshot) -> bool {
    let remembered = Remembered {
        version: FORMAT,
        adapter: adapter.to_owned(),
        snapshot: snapshot.clone(),
    };
    let Ok(bytes) = serde_json::to_vec(&remembered) else {
        return false;
    };
    let ignore = root.join(".rocky").join(".gitignore");
    if !system.exists(&ignore) {
        let _ = system.write_atomic(&ignore, b"*\n");
    }
    system.write_atomic(&path(root), &bytes).is_ok()
}
