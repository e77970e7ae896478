//! The outside world of the compiler: files, clock, environment. Tests and hosts bring their own.

mod memory;
mod os;

pub use memory::MemorySystem;
pub use os::OsSystem;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What identifies the contents of a file without reading it.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FileStamp {
    /// Size in bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970; 0 when the system has none.
    pub modified_ns: i128,
    /// Inode or its like; 0 when the system has none.
    pub inode: u64,
}

/// An entry of a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirEntry {
    /// Full path.
    pub path: PathBuf,
    /// Its last part; `None` when it is not UTF-8.
    pub name: Option<SmolStr>,
    /// Folder (also through a symbolic link).
    pub is_dir: bool,
}

/// What a folder holds under one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The name; `None` when it is not UTF-8.
    pub text: Option<SmolStr>,
    /// Folder (also through a symbolic link).
    pub is_dir: bool,
    /// Where a name that is not UTF-8, or of a folder, leads.
    pub path: Option<PathBuf>,
    /// What it leads to may become a folder, or cease to be one, without a change of the folder that holds the name.
    pub link: bool,
}

/// A file that is open and read in pieces. What was opened stays what it is when another file is put in its place.
pub trait Pieces: Send + Sync {
    /// Its size in bytes.
    fn size(&self) -> u64;
    /// Fill `into` with the bytes from `offset` on; an error when there are fewer.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;
}

impl Pieces for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let piece = start.checked_add(into.len()).and_then(|end| self.get(start..end));
        into.copy_from_slice(piece.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Files, clock and environment. Implementations are shared between threads.
pub trait System: Send + Sync {
    /// The whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The file, for whoever needs little of it.
    fn pieces(&self, path: &Path) -> io::Result<Arc<dyn Pieces>> {
        Ok(Arc::new(self.read(path)?))
    }
    /// Size, time, inode.
    fn stamp(&self, path: &Path) -> io::Result<FileStamp>;
    /// The entries of a folder, sorted by name. Symbolic links are followed.
    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>>;
    /// The same for a folder of many files, of which nobody needs the paths.
    fn names(&self, dir: &Path) -> io::Result<Vec<Name>> {
        let name = |entry: DirEntry| Name {
            path: (entry.is_dir || entry.name.is_none()).then_some(entry.path),
            text: entry.name,
            is_dir: entry.is_dir,
            link: false,
        };
        Ok(self.list(dir)?.into_iter().map(name).collect())
    }
    /// The stamps of several files of a folder, by their names. `None` where there is none to be had.
    fn stamps(&self, dir: &Path, names: &[&str]) -> Vec<Option<FileStamp>> {
        let stamp = |name: &&str| self.stamp(&dir.join(name)).ok();
        names.iter().map(stamp).collect()
    }
    /// What identifies the names that a folder holds, without listing it: it changes when one is added, removed or given to something
    /// else. `None` where nothing does, or there is no such folder.
    fn folder_stamp(&self, dir: &Path) -> Option<FileStamp> {
        let _ = dir;
        None
    }
    /// True when something is there.
    fn exists(&self, path: &Path) -> bool;
    /// The path without links and dots, for recognising one folder under two names.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// Write aside and rename, so that a reader sees the old or the new file and nothing between. Creates the folder.
    fn write_atomic(&self, path: &Path, contents: &[u8]) -> io::Result<()>;
    /// Like [`System::write_atomic`] for what can be made again: written piece by piece, and the bytes need not have
    /// reached the disk when this returns.
    fn write_cache(
        &self,
        path: &Path,
        write: &dyn Fn(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut contents = Vec::new();
        write(&mut contents)?;
        self.write_atomic(path, &contents)
    }
    /// Remove a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// An environment variable; `None` when unset or not UTF-8.
    fn env(&self, name: &str) -> Option<String>;
    /// The clock.
    fn now(&self) -> SystemTime;
}
