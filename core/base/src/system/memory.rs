//! A system in memory, for tests and for hosts that hold the project elsewhere. Also overlays unsaved edits.

use super::{DirEntry, FileStamp, System};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Files and variables in memory. The clock stands still until it is set.
#[derive(Debug, Default)]
pub struct MemorySystem {
    files: RwLock<BTreeMap<PathBuf, (Vec<u8>, u64)>>,
    env: RwLock<BTreeMap<String, String>>,
    now: RwLock<Duration>,
    writes: AtomicU64,
}

impl MemorySystem {
    /// An empty system.
    pub fn new() -> MemorySystem {
        MemorySystem::default()
    }

    /// Put a file; its stamp changes with each call.
    pub fn write(&self, path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        // A file that was removed and written again is another file.
        let version = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        files.insert(path.into(), (contents.into(), version));
    }

    /// Remove a file; true when it was there.
    pub fn remove(&self, path: &Path) -> bool {
        self.files
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(path)
            .is_some()
    }

    /// Set a variable.
    pub fn set_env(&self, name: impl Into<String>, value: impl Into<String>) {
        self.env
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.into(), value.into());
    }

    /// Set the clock, in time since 1970.
    pub fn set_now(&self, since_epoch: Duration) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = since_epoch;
    }
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("{} does not exist", path.display()),
    )
}

impl System for MemorySystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files
            .get(path)
            .map(|(bytes, _)| bytes.clone())
            .ok_or_else(|| missing(path))
    }

    fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let (bytes, version) = files.get(path).ok_or_else(|| missing(path))?;
        Ok(FileStamp {
            size: bytes.len() as u64,
            modified_ns: *version as i128,
            inode: 0,
        })
    }

    // The inode is a hash of the names.
    fn folder_stamp(&self, dir: &Path) -> Option<FileStamp> {
        use std::hash::{Hash, Hasher};
        let entries = self.list(dir).ok()?;
        let mut hasher = std::hash::DefaultHasher::new();
        for entry in &entries {
            (&entry.path, entry.is_dir).hash(&mut hasher);
        }
        Some(FileStamp {
            size: entries.len() as u64,
            modified_ns: 1,
            inode: hasher.finish(),
        })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let mut entries: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for path in files.keys() {
            let Ok(rest) = path.strip_prefix(dir) else {
                continue;
            };
            let mut parts = rest.components();
            if let Some(first) = parts.next() {
                let is_dir = parts.next().is_some();
                *entries.entry(dir.join(first)).or_insert(false) |= is_dir;
            }
        }
        if entries.is_empty() {
            return Err(missing(dir));
        }
        Ok(entries
            .into_iter()
            .map(|(path, is_dir)| DirEntry {
                name: path.file_name().and_then(|n| n.to_str()).map(SmolStr::new),
                path,
                is_dir,
            })
            .collect())
    }

    fn exists(&self, path: &Path) -> bool {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.keys().any(|p| p == path || p.starts_with(path))
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        if self.exists(path) {
            Ok(path.to_path_buf())
        } else {
            Err(missing(path))
        }
    }

    fn write_atomic(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        self.write(path, contents);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if MemorySystem::remove(self, path) {
            Ok(())
        } else {
            Err(missing(path))
        }
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH + *self.now.read().unwrap_or_else(PoisonError::into_inner)
    }
}
