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

#[cfg(unix)]
fn stamp_in(dir: &std::os::fd::OwnedFd, name: &str) -> Option<FileStamp> {
    let stat = rustix::fs::statat(dir, name, rustix::fs::AtFlags::empty()).ok()?;
    let modified_ns = i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec);
    Some(FileStamp {
        size: u64::try_from(stat.st_size).unwrap_or(0),
        // As `Metadata::modified` with times before 1970.
        modified_ns: modified_ns.max(0),
        inode: stat.st_ino,
    })
}

#[cfg(unix)]
struct OpenFile {
    file: std::fs::File,
    size: u64,
}

#[cfg(unix)]
impl super::Pieces for OpenFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, into, offset)
    }
}

impl System for OsSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    #[cfg(unix)]
    fn pieces(&self, path: &Path) -> io::Result<std::sync::Arc<dyn super::Pieces>> {
        let file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        Ok(std::sync::Arc::new(OpenFile { file, size }))
    }

    fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        let meta = std::fs::metadata(path)?;
        let modified_ns = meta
            .modified()
            .ok()
            .and_then(|t| t.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |d| d.as_nanos() as i128);
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&meta);
        #[cfg(not(unix))]
        let inode = 0;
        Ok(FileStamp {
            size: meta.len(),
            modified_ns,
            inode,
        })
    }

    // Looked up from the open folder, so that the kernel need not walk the path for each.
    #[cfg(unix)]
    fn stamps(&self, dir: &Path, names: &[&str]) -> Vec<Option<FileStamp>> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::open(real(dir), flags, Mode::empty()) {
            Ok(dir) => names.iter().map(|name| stamp_in(&dir, name)).collect(),
            Err(_) => vec![None; names.len()],
        }
    }

    #[cfg(unix)]
    fn folder_stamp(&self, dir: &Path) -> Option<FileStamp> {
        let is_dir = std::fs::metadata(real(dir)).is_ok_and(|meta| meta.is_dir());
        is_dir.then(|| self.stamp(real(dir)).ok()).flatten()
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(real(dir))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let path = entry.path();
            let is_dir = if kind.is_symlink() {
                std::fs::metadata(&path).is_ok_and(|m| m.is_dir())
            } else {
                kind.is_dir()
            };
            let name = entry.file_name().to_str().map(smol_str::SmolStr::new);
            entries.push(DirEntry { path, name, is_dir });
        }
        // All have one parent: comparing the last part is enough, and much cheaper than comparing paths.
        entries.sort_unstable_by(|a, b| match (&a.name, &b.name) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => a.path.file_name().cmp(&b.path.file_name()),
        });
        Ok(entries)
    }

    #[cfg(unix)]
    fn names(&self, dir: &Path) -> io::Result<Vec<super::Name>> {
        use rustix::fs::{Dir, FileType, Mode, OFlags};
        use std::os::unix::ffi::OsStrExt;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = rustix::fs::open(real(dir), flags, Mode::empty())?;
        let mut names = Vec::new();
        for entry in Dir::new(open)? {
            let entry = entry?;
            let bytes = entry.file_name().to_bytes();
            if matches!(bytes, b"." | b"..") {
                continue;
            }
            let path = || dir.join(std::ffi::OsStr::from_bytes(bytes));
            let is_dir = match entry.file_type() {
                FileType::Directory => true,
                // Not every file system says what is behind a name.
                FileType::Symlink | FileType::Unknown => std::fs::metadata(path()).is_ok_and(|m| m.is_dir()),
                _ => false,
            };
            let text = std::str::from_utf8(bytes).ok().map(smol_str::SmolStr::new);
            names.push(super::Name {
                path: (is_dir || text.is_none()).then(path),
                text,
                is_dir,
                link: !matches!(entry.file_type(), FileType::Directory | FileType::RegularFile),
            });
        }
        names.sort_unstable_by(|a, b| (&a.text, &a.path).cmp(&(&b.text, &b.path)));
        Ok(names)
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
