//! Opening a file: one instance per file and process, no file that the host has open by itself, a short wait for a lock that
//! another process holds, and an error that says what to do.
//!
//! Files are told apart by device and inode. DuckDB's cache does so by path, so a hard link or a replaced file would get a
//! second instance and lose rows; such opens are refused here.

use crate::api::{VERSION, api};
use crate::attach::AttachedFile;
use crate::database::OpenOptions;
use crate::error::DuckDbFailure;
use crate::raw::{Instance, InstanceCache};
use rocky_base::{CancelToken, Error, ErrorKind, Result};
use rocky_warehouse::FailureClass;
use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const RETRY: Duration = Duration::from_millis(25);

/// What this process has open. Stands beside DuckDB's instance cache and is held during an open, so that a look at the
/// process's open files never meets an open half done.
pub(crate) struct Registry {
    cache: Option<InstanceCache>,
    pub(crate) files: Vec<OpenFile>,
    pub(crate) attached: Vec<AttachedFile>,
}

pub(crate) struct OpenFile {
    pub(crate) id: FileId,
    /// With symbolic links resolved.
    path: PathBuf,
    read_only: bool,
    handles: usize,
}

/// Device and inode; where there are none, the path with symbolic links resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FileId(#[cfg(unix)] (u64, u64), #[cfg(not(unix))] PathBuf);

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    cache: None,
    files: Vec::new(),
    attached: Vec::new(),
});

pub(crate) fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts one handle of a file. Dropped after the handle was closed.
pub(crate) struct Registration(pub(crate) FileId);

impl Drop for Registration {
    fn drop(&mut self) {
        let mut registry = registry();
        if let Some(file) = registry.files.iter_mut().find(|f| f.id == self.0) {
            file.handles -= 1;
        }
        registry.files.retain(|f| f.handles > 0);
    }
}

/// An open database.
pub(crate) struct Opened {
    pub(crate) instance: Instance,
    /// `None` in memory.
    pub(crate) registration: Option<Registration>,
    /// Asked for read-only, but others of this process write: the session has to refuse writes.
    pub(crate) guard_writes: bool,
}

/// A private database in memory.
pub(crate) fn open_in_memory() -> Result<Opened> {
    let cache = registry().cache()?;
    let instance = cache
        .get_or_create(c":memory:", SETTINGS)
        .map_err(|text| said(None, text))?;
    Ok(Opened {
        instance,
        registration: None,
        guard_writes: false,
    })
}

/// The database file at `path`.
pub(crate) fn open_file(path: &Path, options: &OpenOptions, cancel: &CancelToken) -> Result<Opened> {
    // DuckDB would take `x:y` for an extension's scheme, and a relative path would follow the working directory.
    let absolute = std::path::absolute(path).map_err(|e| Error::io(path.display(), e))?;
    patiently(options.lock_wait, cancel, || attempt(&absolute, options))
}

/// Try until nobody holds the file any more, for so long.
pub(crate) fn patiently<T>(
    wait: Duration,
    cancel: &CancelToken,
    mut attempt: impl FnMut() -> Result<T, Refused>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        cancel.check()?;
        match attempt() {
            Ok(done) => return Ok(done),
            Err(Refused::Now(error)) => return Err(error),
            Err(Refused::Busy(error)) => {
                let Some(left) = wait.checked_sub(started.elapsed()) else {
                    return Err(error);
                };
                std::thread::sleep(left.min(RETRY));
            }
        }
    }
}

pub(crate) enum Refused {
    /// Repeating does not help.
    Now(Error),
    /// Someone holds the file; may pass.
    Busy(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Now(error)
    }
}

/// Extensions are neither fetched from the network nor loaded from the home folder behind the host's back.
const SETTINGS: &[(&std::ffi::CStr, &std::ffi::CStr)] = &[
    (c"autoinstall_known_extensions", c"false"),
    (c"autoload_known_extensions", c"false"),
    // DuckDB 1.5.5 pushes join filters below a top-N of several keys and then gives, now and then, rows that are not in the
    // result: `tests/join_filter.rs` has the query.
    (c"disabled_optimizers", c"join_filter_pushdown"),
];

fn attempt(path: &Path, options: &OpenOptions) -> Result<Opened, Refused> {
    let mut registry = registry();
    let cache = registry.cache()?;
    let existing = check_file(path, options.read_only)?;
    let mut read_only = options.read_only;
    let mut guard_writes = false;
    if let Some((id, real)) = &existing {
        match registry.files.iter().find(|f| f.id == *id) {
            Some(file) if file.path != *real => return Err(Refused::Now(linked(path, &file.path))),
            // The writer's instance is shared; the session refuses writes.
            Some(file) if read_only && !file.read_only => (read_only, guard_writes) = (false, true),
            Some(_) => {}
            None if registry.attached.iter().any(|a| a.id == *id) => {
                return Err(Refused::Busy(read_beside(path)));
            }
            None if held_by_host(id) => return Err(Refused::Now(host_has_it(path))),
            None => {}
        }
        if registry.files.iter().any(|f| f.id != *id && f.path == *real) {
            return Err(Refused::Now(replaced(path)));
        }
    }

    let c_path = c_path(path)?;
    let access = if read_only { c"read_only" } else { c"read_write" };
    let mut settings = SETTINGS.to_vec();
    settings.push((c"access_mode", access));
    let instance = cache
        .get_or_create(&c_path, &settings)
        .map_err(|text| refusal(path, text))?;

    let metadata = fs::metadata(path).map_err(|e| Error::io(path.display(), e))?;
    let real = fs::canonicalize(path).map_err(|e| Error::io(path.display(), e))?;
    let id = file_id(&metadata, &real);
    match registry.files.iter_mut().find(|f| f.id == id) {
        Some(file) => file.handles += 1,
        None => registry.files.push(OpenFile {
            id: id.clone(),
            path: real,
            read_only,
            handles: 1,
        }),
    }
    Ok(Opened {
        instance,
        registration: Some(Registration(id)),
        guard_writes,
    })
}

impl Registry {
    /// The instance cache, made at the first open: nothing before it needs the library.
    fn cache(&mut self) -> Result<InstanceCache> {
        if let Some(cache) = self.cache {
            return Ok(cache);
        }
        let cache = InstanceCache::new(api()?)
            .ok_or_else(|| Error::bug("DuckDB could not allocate an instance cache"))?;
        self.cache = Some(cache);
        Ok(cache)
    }
}

#[cfg(unix)]
fn file_id(metadata: &fs::Metadata, _real: &Path) -> FileId {
    use std::os::unix::fs::MetadataExt;
    FileId((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_id(_metadata: &fs::Metadata, real: &Path) -> FileId {
    FileId(real.to_owned())
}

/// Look at what stands at the path, without opening it; `None` when a new database would be made there.
pub(crate) fn check_file(path: &Path, read_only: bool) -> Result<Option<(FileId, PathBuf)>> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let parent = path.parent().unwrap_or(path);
            return match fs::metadata(parent) {
                Ok(m) if !m.is_dir() => Err(Error::new(
                    ErrorKind::Io,
                    format!("{} is not a folder", parent.display()),
                )
                .hint("correct the adapter's `path`")),
                Ok(_) if read_only => Err(Error::new(
                    ErrorKind::NotFound,
                    format!("database file {shown} does not exist"),
                )
                .because(e)
                .hint("correct the adapter's `path`, or run the project once to create the file")),
                Ok(_) => Ok(None),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                    let message = format!(
                        "folder {} of database file {shown} does not exist",
                        parent.display()
                    );
                    Err(Error::new(ErrorKind::NotFound, message)
                        .because(e)
                        .hint("create the folder, or correct the adapter's `path`"))
                }
                Err(e) => Err(Error::io(parent.display(), e)),
            };
        }
        Err(e) => return Err(Error::io(shown, e)),
    };
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a folder"
        } else {
            "not a regular file"
        };
        return Err(Error::new(
            ErrorKind::Io,
            format!("{shown} is {what}, a DuckDB database is a file"),
        )
        .hint("give the path of the database file in the adapter's `path`"));
    }
    let real = fs::canonicalize(path).map_err(|e| Error::io(shown, e))?;
    Ok(Some((file_id(&metadata, &real), real)))
}

/// True when a file descriptor of this process points at the file although rocky has not opened it. DuckDB's lock belongs to
/// the process, so a second database on the file would not be refused, and the host's next `close` would drop the lock.
#[cfg(target_os = "linux")]
pub(crate) fn held_by_host(id: &FileId) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir("/proc/self/fd") else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| fs::metadata(entry.path()).is_ok_and(|m| (m.dev(), m.ino()) == id.0))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn held_by_host(_id: &FileId) -> bool {
    false
}

fn c_path(path: &Path) -> Result<CString> {
    #[cfg(unix)]
    let bytes = {
        use std::os::unix::ffi::OsStrExt;
        Some(path.as_os_str().as_bytes().to_vec())
    };
    #[cfg(not(unix))]
    let bytes = path.to_str().map(|s| s.as_bytes().to_vec());
    bytes.and_then(|b| CString::new(b).ok()).ok_or_else(|| {
        Error::usage(format!("{} cannot be a DuckDB path", path.display()))
            .hint("correct the adapter's `path`")
    })
}

pub(crate) fn locked(message: String, hint: &str) -> Error {
    Error::new(ErrorKind::Locked, message).hint(hint)
}

fn linked(path: &Path, other: &Path) -> Error {
    locked(
        format!(
            "database file {} is already open in this process under its other name {}",
            path.display(),
            other.display()
        ),
        "use one path for the database everywhere",
    )
}

pub(crate) fn replaced(path: &Path) -> Error {
    locked(
        format!(
            "database file {} was replaced while this process has the old one open",
            path.display()
        ),
        "close the projects that use it, then open it again",
    )
}

pub(crate) fn host_has_it(path: &Path) -> Error {
    locked(
        format!(
            "database file {} is already open in this process, outside of rocky",
            path.display()
        ),
        "close it first, or give rocky the connection as its SQL executor; two databases on one file lose rows",
    )
}

fn read_beside(path: &Path) -> Error {
    locked(
        format!(
            "database file {} is being copied from in this process",
            path.display()
        ),
        "wait until the replication that reads it has finished",
    )
}

/// What DuckDB said about an open.
pub(crate) fn refusal(path: &Path, text: String) -> Refused {
    let shown = path.display();
    if text.contains("Could not set lock on file") {
        let holder = match holder(&text) {
            Some((program, pid)) => format!("`{program}` (PID {pid})"),
            None => "another process".to_owned(),
        };
        let hint = if text.contains("read-only mode") {
            "wait until it has finished, or close it; it only reads, but a writer needs the file alone"
        } else {
            "wait until it has finished, or close it; DuckDB lets one process at a time write a file"
        };
        return Refused::Busy(with_source(
            locked(format!("database file {shown} is locked by {holder}"), hint),
            text,
        ));
    }
    if text.contains("different configuration") {
        let error = locked(
            format!("database file {shown} is already open in this process with other options"),
            "close the read-only handle before the file is written",
        );
        return Refused::Busy(with_source(error, text));
    }
    Refused::Now(said(Some(path), text))
}

/// Program and PID of `Conflicting lock is held in /usr/bin/python3.12 (PID 17) by …`.
fn holder(text: &str) -> Option<(&str, u32)> {
    let (_, rest) = text.split_once("lock is held in ")?;
    let (program, rest) = rest.split_once(" (PID ")?;
    let (pid, _) = rest.split_once(')')?;
    Some((program, pid.parse().ok()?))
}

fn said(path: Option<&Path>, text: String) -> Error {
    let Some(path) = path else {
        return with_source(
            Error::new(
                ErrorKind::Warehouse,
                format!("DuckDB could not be opened: {}", one_line(&text)),
            ),
            text,
        );
    };
    let shown = path.display();
    let (kind, message, hint) = if text.contains("not a valid DuckDB database file") {
        (
            ErrorKind::Warehouse,
            format!("{shown} is not a DuckDB database"),
            "correct the adapter's `path`, or move the file away",
        )
    } else if text.contains("Cannot open encrypted database") {
        (
            ErrorKind::Unsupported,
            format!("database file {shown} is encrypted, and rocky has no key for it"),
            "copy it into a database without encryption",
        )
    } else if text.contains("version number") {
        (
            ErrorKind::Warehouse,
            format!("database file {shown} was written by a DuckDB that {VERSION} cannot read"),
            "export it with the DuckDB that wrote it, and import it again",
        )
    } else if text.contains("Permission denied") {
        (
            ErrorKind::Io,
            format!("no permission to open database file {shown}"),
            "change the file's or the folder's permissions",
        )
    } else if text.contains("Read-only file system") {
        (
            ErrorKind::Io,
            format!("database file {shown} is on a read-only disk"),
            "move it to a disk that can be written",
        )
    } else if text.contains("No space left") {
        (
            ErrorKind::Io,
            format!("no space left for database file {shown}"),
            "free some space",
        )
    } else {
        let message = format!("database file {shown} cannot be opened: {}", one_line(&text));
        (
            ErrorKind::Warehouse,
            message,
            "restore the file from a copy if it is damaged",
        )
    };
    with_source(Error::new(kind, message).hint(hint), text)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn with_source(error: Error, text: String) -> Error {
    error.because(DuckDbFailure {
        class: FailureClass::Other,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_read_from_duckdbs_text() {
        let text = "IO Error: Could not set lock on file \"/x (PID 1)/f\": Conflicting lock is held in /usr/bin/a b (PID 17) by user u. See";
        assert_eq!(holder(text), Some(("/usr/bin/a b", 17)));
        assert_eq!(
            holder("IO Error: Could not set lock on file \"f\": No locks available"),
            None
        );
    }
}
