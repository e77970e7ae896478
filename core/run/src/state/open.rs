//! Opening the file: what it may be, what is refused, what is repaired. Start with [`writer`] and [`reader`].
//!
//! Invariant: the file is opened for writing only after its schema version was seen to be ours.

use super::tables::{METADATA, SCHEMA_VERSION_KEY, create_all};
use super::{OLDEST_VERSION, SCHEMA_VERSION, failed, guarded, state_error};
use redb::backends::InMemoryBackend;
use redb::{
    Builder, ConcurrencyMode, Database, DatabaseError, ReadOnlyDatabase, ReadableDatabase, StorageBackend,
    StorageError, TableError,
};
use rocky_base::{Error, ErrorKind, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a lock is waited for: long enough for another process's short repair or a closing writer.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const LOCK_POLL: Duration = Duration::from_millis(5);
/// redb's default is 1 GiB; a state is read in pieces of kilobytes.
const CACHE_BYTES: usize = 16 << 20;

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .set_concurrency_mode(ConcurrencyMode::SingleWriter)
        .set_cache_size(CACHE_BYTES);
    builder
}

/// Open for writing; creates the file when there is none.
pub(super) fn writer(path: &Path) -> Result<Database> {
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        let opened = guarded(path, || {
            if !present(path)? {
                create(path)?;
            }
            match try_reader(path)? {
                ReadAttempt::Open(_) => {}
                ReadAttempt::NeedsRepair => check_before_repair(path)?,
                ReadAttempt::Locked => return Ok(None),
            }
            let database = try_writer(path, Purpose::Write)?;
            if let Some(database) = &database {
                migrate(path, database)?;
            }
            Ok(database)
        })?;
        match opened {
            Some(database) => return Ok(database),
            None if Instant::now() >= deadline => return Err(locked(path)),
            None => std::thread::sleep(LOCK_POLL),
        }
    }
}

/// Open for reading; `None` when there is no file. After a killed writer the file is repaired first.
pub(super) fn reader(path: &Path) -> Result<Option<ReadOnlyDatabase>> {
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        let opened = guarded(path, || {
            if !present(path)? {
                return Ok(Some(None));
            }
            match try_reader(path)? {
                ReadAttempt::Open(database) => Ok(Some(Some(database))),
                ReadAttempt::Locked => Ok(None),
                ReadAttempt::NeedsRepair => {
                    check_before_repair(path)?;
                    // Opening for writing repairs; closing at once lets readers in.
                    if let Some(database) = try_writer(path, Purpose::Repair)? {
                        database.close().map_err(failed(path))?;
                    }
                    Ok(None)
                }
            }
        })?;
        match opened {
            Some(found) => return Ok(found),
            None if Instant::now() >= deadline => return Err(locked(path)),
            None => std::thread::sleep(LOCK_POLL),
        }
    }
}

enum ReadAttempt {
    Open(ReadOnlyDatabase),
    NeedsRepair,
    Locked,
}

/// One attempt to open for reading, and the check that the file is ours.
fn try_reader(path: &Path) -> Result<ReadAttempt> {
    match builder().open_read_only(path) {
        Ok(database) => {
            check_version(path, &database)?;
            Ok(ReadAttempt::Open(database))
        }
        Err(DatabaseError::RepairAborted) => Ok(ReadAttempt::NeedsRepair),
        Err(DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch) => {
            Ok(ReadAttempt::Locked)
        }
        Err(error) => Err(refusal(path, error)),
    }
}

/// What a file is opened for writing for.
#[derive(Clone, Copy)]
enum Purpose {
    Write,
    Repair,
}

/// One attempt to open for writing; `None` when another writer has it.
fn try_writer(path: &Path, purpose: Purpose) -> Result<Option<Database>> {
    match builder().open(path) {
        Ok(database) => Ok(Some(database)),
        Err(DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch) => Ok(None),
        Err(error) => Err(unwritable(path, purpose, error)),
    }
}

fn unwritable(path: &Path, purpose: Purpose, error: DatabaseError) -> Error {
    let read_only = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        )
    };
    let error = match error {
        DatabaseError::Storage(StorageError::Io(error)) if read_only(&error) => error,
        error => return refusal(path, error),
    };
    let text = match purpose {
        Purpose::Write => format!("it cannot be written: {error}"),
        Purpose::Repair => {
            format!(
                "the process that wrote it was killed and it must be repaired, but it cannot be written: {error}"
            )
        }
    };
    state_error(path, text)
        .hint("make the file writable, or use a state store elsewhere")
        .because(error)
}

/// True when there is a file that could be a state store, false when there is nothing.
fn present(path: &Path) -> Result<bool> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(state_error(path, "it is a folder").hint("name a file")),
        Ok(meta) if !meta.is_file() => Err(state_error(path, "it is not a regular file").hint("name a file")),
        Ok(meta) if meta.len() == 0 => {
            Err(state_error(path, "the file is empty").hint("remove it, or use a state store elsewhere"))
        }
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(state_error(path, &error).because(error)),
    }
}

/// The tables are written aside and the file gets its name when it is whole, so that a killed process leaves no half a
/// store. When two processes do this at once, the second one uses the first one's file.
fn create(path: &Path) -> Result<()> {
    let aside = aside(path);
    let result = create_aside(&aside, path, |database| create_tables(path, database)).and_then(|()| {
        let linked = std::fs::hard_link(&aside, path).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Ok(()),
            // A file system without links.
            _ if !path.exists() => std::fs::rename(&aside, path),
            _ => Ok(()),
        });
        linked.map_err(|error| uncreated(path, error))
    });
    let _ = std::fs::remove_file(&aside);
    result
}

/// Write a database aside and give it the name, replacing a file that has it. Returns its size in bytes.
pub(super) fn replace(path: &Path, fill: impl FnOnce(&Database) -> Result<()>) -> Result<u64> {
    let aside = aside(path);
    let result = create_aside(&aside, path, fill).and_then(|()| {
        let bytes = std::fs::metadata(&aside)
            .map_err(|error| uncreated(path, error))?
            .len();
        std::fs::rename(&aside, path).map_err(|error| uncreated(path, error))?;
        sync_folder(path);
        Ok(bytes)
    });
    if result.is_err() {
        let _ = std::fs::remove_file(&aside);
    }
    result
}

/// A name beside `path` that nobody else uses.
fn aside(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("state");
    folder(path).join(format!(
        ".{name}.{}.{}.tmp",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    ))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// A new name outlasts a power failure when the folder is synced; where folders cannot be, there is nothing to do.
fn sync_folder(path: &Path) {
    if let Ok(folder) = std::fs::File::open(folder(path)) {
        let _ = folder.sync_all();
    }
}

fn create_aside(aside: &Path, path: &Path, fill: impl FnOnce(&Database) -> Result<()>) -> Result<()> {
    let database = builder().create(aside).map_err(|error| match error {
        DatabaseError::Storage(StorageError::Io(error)) => {
            uncreated(path, error).hint("the folder must exist and be writable")
        }
        error => refusal(path, error),
    })?;
    fill(&database)?;
    database.close().map_err(failed(path))
}

fn uncreated(path: &Path, error: io::Error) -> Error {
    state_error(path, format!("it cannot be created: {error}")).because(error)
}

/// All tables, so that a reader meets a whole store or none.
pub(super) fn create_tables(path: &Path, database: &Database) -> Result<()> {
    let transaction = database.begin_write().map_err(failed(path))?;
    create_all(path, &transaction)?;
    transaction.commit().map_err(failed(path))
}

/// Bring a file of an older version forward, in one commit: it is of the old version or of this one, never between.
fn migrate(path: &Path, database: &Database) -> Result<()> {
    if check_version(path, database)? < SCHEMA_VERSION {
        create_tables(path, database)?;
    }
    Ok(())
}

/// A file that needs repair is repaired by opening it for writing, which changes it. So look at the version in a repaired
/// copy in memory before.
fn check_before_repair(path: &Path) -> Result<()> {
    let bytes = std::fs::read(path).map_err(|error| state_error(path, &error).because(error))?;
    let backend = InMemoryBackend::new();
    let filled = backend
        .set_len(bytes.len() as u64)
        .and_then(|()| backend.write(0, &bytes));
    filled.map_err(|error| state_error(path, &error))?;
    drop(bytes);
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    let copy = builder
        .create_with_backend(backend)
        .map_err(|error| refusal(path, error))?;
    check_version(path, &copy).map(drop)
}

/// The file is one of ours when its schema version says so.
fn check_version(path: &Path, database: &impl ReadableDatabase) -> Result<u32> {
    let transaction = database.begin_read().map_err(failed(path))?;
    let table = match transaction.open_table(METADATA) {
        Ok(table) => table,
        Err(TableError::Storage(error)) => return Err(failed(path)(error)),
        Err(_) => return Err(foreign(path)),
    };
    let Some(stored) = table.get(SCHEMA_VERSION_KEY).map_err(failed(path))? else {
        return Err(foreign(path));
    };
    let Ok(version) = serde_json::from_str::<u32>(stored.value()) else {
        // The 1.x releases write it as a JSON string in some versions.
        return match serde_json::from_str::<String>(stored.value())
            .ok()
            .and_then(|t| t.parse::<u32>().ok())
        {
            Some(version) if version < OLDEST_VERSION => Err(written_by_1x(path)),
            _ => Err(foreign(path)),
        };
    };
    match version {
        OLDEST_VERSION..=SCHEMA_VERSION => Ok(version),
        0..OLDEST_VERSION => Err(written_by_1x(path)),
        _ => Err(state_error(
            path,
            format!(
                "it was written by a newer rocky (schema version {version}, this one knows {SCHEMA_VERSION})"
            ),
        )
        .hint("upgrade rocky, or use a state store elsewhere")),
    }
}

fn written_by_1x(path: &Path) -> Error {
    state_error(
        path,
        "it was written by rocky 1.x, which this release does not read; it was left untouched",
    )
    .hint("move it away or pass --state-path with another file")
}

fn foreign(path: &Path) -> Error {
    state_error(
        path,
        "it is a redb database but not a state store of rocky; it was left untouched",
    )
    .hint("pass --state-path with another file")
}

fn locked(path: &Path) -> Error {
    Error::new(
        ErrorKind::Locked,
        format!("state store {}: another process is writing it", path.display()),
    )
    .hint("wait until that run has ended, or pass --state-path with another file")
}

/// Why a file is not opened.
fn refusal(path: &Path, error: DatabaseError) -> Error {
    match error {
        DatabaseError::UpgradeRequired(_) => written_by_1x(path),
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
            state_error(path, "it is not a state store; it was left untouched")
                .hint("pass --state-path with another file")
                .because(error)
        }
        DatabaseError::Storage(StorageError::Unsupported) => {
            state_error(path, "the file system or platform has no byte-range locks")
                .hint("put the state store on a local disk")
        }
        error => failed(path)(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_must_be_repaired_and_cannot_be_written_is_said_so() {
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
            let error = || DatabaseError::Storage(StorageError::Io(io::Error::from(kind)));
            let text = unwritable(Path::new("s"), Purpose::Repair, error()).message;
            let expected = "state store s: the process that wrote it was killed and it must be repaired, but it cannot be written: ";
            assert!(text.starts_with(expected), "{text}");
            let text = unwritable(Path::new("s"), Purpose::Write, error()).message;
            assert!(
                text.starts_with("state store s: it cannot be written: "),
                "{text}"
            );
        }
    }
}
