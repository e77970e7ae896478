//! A second database file beside an instance's own: attached for reading, counted, and detached with the last handle that needs it.
//!
//! An attached file is under the same rule as an opened one: one place per file and process has it. Closing a second one would drop
//! the lock of the first (POSIX locks belong to the process), and a writer beside a reader would go unnoticed by both.

use crate::error::statement_error;
use crate::open::{self, FileId, Refused, Registration, registry};
use crate::raw::{Instance, RawConnection, Text};
use rocky_base::{CancelToken, Dialect, Error, Ident, Result};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Which instance has a file attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    File(FileId),
    /// A database in memory, by number.
    Memory(u64),
}

impl Owner {
    /// `None` is a database in memory, another one each time.
    pub(crate) fn of(registration: Option<&Registration>) -> Owner {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        match registration {
            Some(registration) => Owner::File(registration.0.clone()),
            None => Owner::Memory(NEXT.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// A file that an instance of this process has attached.
pub(crate) struct AttachedFile {
    pub(crate) id: FileId,
    owner: Owner,
    name: String,
    handles: usize,
}

/// One use of an attached file; the last one detaches it.
pub(crate) struct Attachment {
    instance: Arc<Instance>,
    id: FileId,
    name: String,
}

impl Drop for Attachment {
    fn drop(&mut self) {
        // Held until it is detached: nobody attaches or opens the file between.
        let mut registry = registry();
        let Some(place) = registry.attached.iter().position(|a| a.id == self.id) else {
            return;
        };
        if let Some(file) = registry.attached.get_mut(place) {
            file.handles -= 1;
            if file.handles > 0 {
                return;
            }
        }
        registry.attached.remove(place);
        // A file that cannot be detached stays open with its instance; opening it elsewhere is refused as if the host had it.
        if let Ok(connection) = self.instance.connect() {
            let _ = run(&connection, &format!("DETACH {}", printed(&self.name)));
        }
    }
}

/// Attach the file at `path` as `name`, for reading.
pub(crate) fn attach(
    instance: &Arc<Instance>,
    owner: &Owner,
    name: &str,
    path: &Path,
    lock_wait: Duration,
    cancel: &CancelToken,
) -> Result<Attachment> {
    let path = std::path::absolute(path).map_err(|e| Error::io(path.display(), e))?;
    open::patiently(lock_wait, cancel, || attempt(instance, owner, name, &path))
}

fn attempt(instance: &Arc<Instance>, owner: &Owner, name: &str, path: &Path) -> Result<Attachment, Refused> {
    let mut registry = registry();
    let Some((id, _)) = open::check_file(path, true)? else {
        return Err(Refused::Now(Error::bug(
            "a database file that is not there is to be read",
        )));
    };
    let attachment = |id| Attachment {
        instance: Arc::clone(instance),
        id,
        name: name.to_owned(),
    };
    if let Some(file) = registry.attached.iter_mut().find(|a| a.id == id) {
        if file.owner != *owner || file.name != name {
            return Err(Refused::Busy(open_already(path)));
        }
        file.handles += 1;
        return Ok(attachment(id));
    }
    if registry.files.iter().any(|f| f.id == id) {
        return Err(Refused::Busy(open_already(path)));
    }
    if open::held_by_host(&id) {
        return Err(Refused::Now(open::host_has_it(path)));
    }
    let Some(text) = path.to_str() else {
        let message = format!("{} is not UTF-8, so it cannot be attached", path.display());
        return Err(Refused::Now(
            Error::usage(message).hint("rename the file, or the folder that it is in"),
        ));
    };
    // With the type: of a file that is something else, DuckDB would look for an extension that reads it.
    let sql = format!(
        "ATTACH {} AS {} (READ_ONLY, TYPE duckdb)",
        Dialect::DuckDb.string_literal(text),
        printed(name)
    );
    let connection = instance
        .connect()
        .map_err(|text| Refused::Now(statement_error(text)))?;
    run(&connection, &sql).map_err(|text| open::refusal(path, text))?;
    registry.attached.push(AttachedFile {
        id: id.clone(),
        owner: owner.clone(),
        name: name.to_owned(),
        handles: 1,
    });
    Ok(attachment(id))
}

fn open_already(path: &Path) -> Error {
    open::locked(
        format!("database file {} is already open in this process", path.display()),
        "wait until what has it open has finished: a file is read or written from one place at a time",
    )
}

fn printed(name: &str) -> String {
    Ident::quoted(name).print(Dialect::DuckDb)
}

fn run(connection: &RawConnection, sql: &str) -> Result<(), Text> {
    let statements = connection.extract(sql)?;
    for index in 0..statements.len() {
        statements.prepare(index)?.execute()?;
    }
    Ok(())
}
