//! The remembered catalogue: `.rocky/catalog.bin` beside `rocky.toml`. It is a convenience: damaged, of another build or absent means
//! nothing is remembered, and unwritable means nothing will be.

use crate::look::Proof;
use rocky_base::System;
use rocky_project::hash::Hasher128;
use rocky_warehouse::CatalogSnapshot;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What was seen of a warehouse, and what proves that it is still so.
#[derive(Deserialize)]
pub(crate) struct Remembered {
    adapter: String,
    pub snapshot: CatalogSnapshot,
    pub proof: Option<Proof>,
}

/// The same, to be written.
#[derive(Serialize)]
struct Remembering<'a> {
    adapter: &'a str,
    snapshot: &'a CatalogSnapshot,
    proof: Option<&'a Proof>,
}

/// Of the bytes behind it, and of the build that wrote them.
const HASH_BYTES: usize = 16;

fn path(root: &Path) -> PathBuf {
    root.join(".rocky").join("catalog.bin")
}

fn hash(bytes: &[u8]) -> [u8; HASH_BYTES] {
    Hasher128::new()
        .str(rocky_project::BUILD)
        .str(crate::VERSION)
        .bytes(bytes)
        .finish()
        .to_le_bytes()
}

/// What was remembered of an adapter.
pub(crate) fn load(system: &dyn System, root: &Path, adapter: &str) -> Option<Remembered> {
    let bytes = system.read(&path(root)).ok()?;
    let (sum, bytes) = bytes.split_first_chunk::<HASH_BYTES>()?;
    if *sum != hash(bytes) {
        return None;
    }
    let remembered: Remembered = postcard::from_bytes(bytes).ok()?;
    (remembered.adapter == adapter).then_some(remembered)
}

/// Remember a snapshot; what cannot be written is not remembered.
pub(crate) fn store(
    system: &dyn System,
    root: &Path,
    adapter: &str,
    snapshot: &CatalogSnapshot,
    proof: Option<&Proof>,
) -> bool {
    let remembering = Remembering {
        adapter,
        snapshot,
        proof,
    };
    let Ok(bytes) = postcard::to_stdvec(&remembering) else {
        return false;
    };
    let ignore = root.join(".rocky").join(".gitignore");
    if !system.exists(&ignore) {
        let _ = system.write_atomic(&ignore, b"*\n");
    }
    let write = |out: &mut dyn std::io::Write| {
        out.write_all(&hash(&bytes))?;
        out.write_all(&bytes)
    };
    system.write_cache(&path(root), &write).is_ok()
}
