//! Files laid over another system: edits that are not saved, files that are not there, a whole tree from elsewhere.
//!
//! A changed file's stamp is the hash of its contents, so that a memo that was filled through an overlay stays right when
//! the next overlay is set. Nothing is ever written below.

use crate::hash::Hasher128;
use rocky_base::system::{DirEntry, FileStamp};
use rocky_base::{SmolStr, System};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// Contents by path; `None`: the file is gone.
pub type Edits = BTreeMap<PathBuf, Option<Arc<[u8]>>>;

/// A system with edits over another.
pub struct Overlay {
    base: Arc<dyn System>,
    /// The base's files can be seen where no edit covers them.
    see_through: bool,
    edits: RwLock<Arc<Edits>>,
}

impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay")
            .field("see_through", &self.see_through)
            .finish_non_exhaustive()
    }
}

/// The path without `.` parts, as edits are looked up.
pub fn plain(path: &Path) -> PathBuf {
    path.components()
        .filter(|c| !matches!(c, Component::CurDir))
        .collect()
}

impl Overlay {
    /// Edits over the files of `base`.
    pub fn over(base: Arc<dyn System>, edits: Edits) -> Overlay {
        Overlay {
            base,
            see_through: true,
            edits: RwLock::new(Arc::new(edits)),
        }
    }

    /// These files and no others; clock and environment are those of `base`.
    pub fn alone(base: Arc<dyn System>, files: Edits) -> Overlay {
        Overlay {
            see_through: false,
            ..Overlay::over(base, files)
        }
    }

    /// Replace all edits.
    pub fn set(&self, edits: Edits) {
        *self.edits.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(edits);
    }

    fn edits(&self) -> Arc<Edits> {
        self.edits.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("{} does not exist", path.display()),
    )
}

fn only_looked_at(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!(
            "{} stays as it is: these files are only looked at",
            path.display()
        ),
    )
}

/// True when a file that the edits hold lies below the folder.
fn holds(edits: &Edits, dir: &Path) -> bool {
    edits
        .range(dir.to_path_buf()..)
        .take_while(|(path, _)| path.starts_with(dir))
        .any(|(path, text)| text.is_some() && path != dir)
}

impl System for Overlay {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.edits().get(&plain(path)) {
            Some(Some(text)) => Ok(text.to_vec()),
            Some(None) => Err(missing(path)),
            None if self.see_through => self.base.read(path),
            None => Err(missing(path)),
        }
    }

    fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        match self.edits().get(&plain(path)) {
            Some(Some(text)) => Ok(FileStamp {
                size: text.len() as u64,
                modified_ns: i128::from_le_bytes(Hasher128::new().bytes(text).finish().to_le_bytes()),
                // No file has this number: a saved file never looks like an edit.
                inode: u64::MAX,
            }),
            Some(None) => Err(missing(path)),
            None if self.see_through => self.base.stamp(path),
            None => Err(missing(path)),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let edits = self.edits();
        let key = plain(dir);
        let below = || {
            edits
                .range(key.clone()..)
                .take_while(|(path, _)| path.starts_with(&key))
                .filter_map(|(path, text)| {
                    let mut rest = path.strip_prefix(&key).ok()?.components();
                    let first = rest.next()?;
                    Some((dir.join(first), rest.next().is_some(), text.is_some()))
                })
        };
        let mut entries: BTreeMap<PathBuf, bool> = BTreeMap::new();
        let listed = if self.see_through {
            self.base.list(dir)
        } else {
            Err(missing(dir))
        };
        match listed {
            Ok(list) => entries.extend(list.into_iter().map(|e| (e.path, e.is_dir))),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(error) if !holds(&edits, &key) => return Err(error),
            Err(_) => {}
        }
        for (path, is_dir, there) in below() {
            if there {
                *entries.entry(path).or_insert(false) |= is_dir;
            } else if !is_dir {
                entries.remove(&path);
            }
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
        let edits = self.edits();
        let key = plain(path);
        match edits.get(&key) {
            Some(text) => text.is_some(),
            None => holds(&edits, &key) || (self.see_through && self.base.exists(path)),
        }
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        if self.see_through
            && let Ok(canonical) = self.base.canonical(path)
        {
            return Ok(canonical);
        }
        if self.exists(path) {
            Ok(plain(path))
        } else {
            Err(missing(path))
        }
    }

    fn write_atomic(&self, path: &Path, _contents: &[u8]) -> io::Result<()> {
        Err(only_looked_at(path))
    }

    fn write_cache(
        &self,
        path: &Path,
        _write: &dyn Fn(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<()> {
        Err(only_looked_at(path))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Err(only_looked_at(path))
    }

    fn env(&self, name: &str) -> Option<String> {
        self.base.env(name)
    }

    fn now(&self) -> SystemTime {
        self.base.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_base::system::MemorySystem;

    fn text(s: &str) -> Option<Arc<[u8]>> {
        Some(Arc::from(s.as_bytes()))
    }

    #[test]
    fn edits_cover_files_and_make_folders() {
        let base = MemorySystem::new();
        base.write("p/models/a.sql", "a");
        base.write("p/models/b.sql", "b");
        let edits = Edits::from([
            (PathBuf::from("p/models/a.sql"), text("new")),
            (PathBuf::from("p/models/b.sql"), None),
            (PathBuf::from("p/models/sub/c.sql"), text("c")),
        ]);
        let overlay = Overlay::over(Arc::new(base), edits);
        let names = |dir: &str| -> Vec<(String, bool)> {
            let list = overlay.list(Path::new(dir)).unwrap();
            list.iter()
                .map(|e| (e.path.display().to_string(), e.is_dir))
                .collect()
        };
        assert_eq!(overlay.read(Path::new("p/./models/a.sql")).unwrap(), b"new");
        assert!(overlay.read(Path::new("p/models/b.sql")).is_err());
        assert!(!overlay.exists(Path::new("p/models/b.sql")));
        assert_eq!(
            names("p/models"),
            [
                ("p/models/a.sql".to_owned(), false),
                ("p/models/sub".to_owned(), true)
            ]
        );
        assert_eq!(names("p/models/sub"), [("p/models/sub/c.sql".to_owned(), false)]);
        let first = overlay.stamp(Path::new("p/models/a.sql")).unwrap();
        overlay.set(Edits::from([(PathBuf::from("p/models/a.sql"), text("old"))]));
        assert_ne!(first, overlay.stamp(Path::new("p/models/a.sql")).unwrap());
        overlay.set(Edits::new());
        assert_eq!(overlay.read(Path::new("p/models/a.sql")).unwrap(), b"a");
        assert!(overlay.write_atomic(Path::new("p/x"), b"").is_err());
    }

    #[test]
    fn alone_it_hides_everything_else() {
        let base = MemorySystem::new();
        base.write("p/models/a.sql", "a");
        base.set_env("HOME", "x");
        let overlay = Overlay::alone(
            Arc::new(base),
            Edits::from([(PathBuf::from("p/models/b.sql"), text("b"))]),
        );
        assert!(!overlay.exists(Path::new("p/models/a.sql")));
        assert_eq!(overlay.list(Path::new("p")).unwrap().len(), 1);
        assert_eq!(overlay.env("HOME").as_deref(), Some("x"));
    }
}
