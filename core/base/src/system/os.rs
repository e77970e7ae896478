//! The real system: the one place of the compiler that names `std::fs`.

use super::{DirEntry, FileStamp, System};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Files, clock and environment of this process.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsSystem;

/// The empty path, which `Path::parent` gives for a bare file name, is the current folder.
fn real(path: &Path) -> &Path {
    if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    }
}

fn write_aside(path: &Path, write: impl FnOnce(&mut std::fs::File) -> io::Result<()>) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(real(dir))?;
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("file");
    let aside = dir.join(format!(
        ".{name}.{}.{}.tmp",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    ));
    let written = std::fs::File::create(&aside)
        .and_then(|mut file| write(&mut file))
        .and_then(|()| std::fs::rename(&aside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&aside);
    }
    written
}

fn stamp_of(meta: &std::fs::Metadata) -> FileStamp {
    let modified = meta.modified().ok();
    let modified_ns = modified
        .and_then(|t| t.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |d| d.as_nanos() as i128);
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(meta);
    #[cfg(not(unix))]
    let inode = 0;
    FileStamp {
        size: meta.len(),
        modified_ns,
        inode,
    }
}

fn list(dir: &Path, stamped: bool) -> io::Result<Vec<DirEntry>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(real(dir))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        let meta = match (kind.is_symlink(), stamped && kind.is_file()) {
            (true, _) => std::fs::metadata(&path).ok(),
            // Looked up from the open folder: the kernel need not walk the path.
            (false, true) => entry.metadata().ok(),
            (false, false) => None,
        };
        let is_dir = match &meta {
            Some(meta) => meta.is_dir(),
            None => kind.is_dir(),
        };
        let stamp = meta.filter(|_| stamped && !is_dir).map(|m| stamp_of(&m));
        let name = entry.file_name().to_str().map(smol_str::SmolStr::new);
        entries.push(DirEntry {
            path,
            name,
            is_dir,
            stamp,
        });
    }
    // All have one parent: comparing the last part is enough, and much cheaper than comparing paths.
    entries.sort_unstable_by(|a, b| match (&a.name, &b.name) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => a.path.file_name().cmp(&b.path.file_name()),
    });
    Ok(entries)
}

impl System for OsSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        std::fs::metadata(path).map(|meta| stamp_of(&meta))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        list(dir, false)
    }

    fn list_stamped(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        list(dir, true)
    }

    fn exists(&self, path: &Path) -> bool {
        real(path).exists()
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::canonicalize(real(path))
    }

    fn write_atomic(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        write_aside(path, |file| {
            file.write_all(contents)?;
            file.sync_all()
        })
    }

    fn write_cache(&self, path: &Path, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        write_aside(path, |file| {
            let mut buffered = io::BufWriter::with_capacity(1 << 18, file);
            write(&mut buffered)?;
            buffered.flush()
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
