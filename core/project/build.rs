//! Gives the compile cache its engine build: a hash of the sources that decide what a compile finds. Two builds that differ
//! in any of them never read each other's cache.

use std::hash::Hasher;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for part in ["base", "warehouse", "config", "syntax", "semantic", "project"] {
        let folder = root.join(part).join("src");
        println!("cargo:rerun-if-changed={}", folder.display());
        add(&folder, &mut hasher)?;
    }
    hasher.write(std::env::var("TARGET").unwrap_or_default().as_bytes());
    hasher.write(std::env::var("CARGO_PKG_VERSION").unwrap_or_default().as_bytes());
    println!("cargo:rustc-env=ROCKY_BUILD={:032x}", hasher.digest128());
    Ok(())
}

fn add(folder: &Path, hasher: &mut xxhash_rust::xxh3::Xxh3) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            add(&path, hasher)?;
        } else {
            hasher.write(path.file_name().unwrap_or_default().as_encoded_bytes());
            hasher.write(&std::fs::read(&path)?);
        }
    }
    Ok(())
}
