//! [`DuckDb`]: a database as a warehouse. Cheap to share; every session is a connection of its own to one instance.

use crate::catalog;
use crate::open::{self, Registration};
use crate::raw::{self, Instance};
use crate::session::Session;
use rocky_base::{CancelToken, Dialect, Result};
use rocky_warehouse::{Capabilities, CatalogSnapshot, Connection, RelationName, SourceTable, Warehouse};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How to open a database.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Refuse writes, and let other processes read at the same time.
    pub read_only: bool,
    /// How long to wait for a lock that another process (or a handle with other options in this one) holds.
    pub lock_wait: Duration,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions {
            read_only: false,
            lock_wait: Duration::from_millis(1500),
        }
    }
}

/// What all sessions of a handle share.
pub(crate) struct Shared {
    // Order matters: the instance is closed before the registration says so.
    pub(crate) instance: Instance,
    _registration: Option<Registration>,
    pub(crate) guard_writes: bool,
}

/// A DuckDB database. Handles of one file in one process share an instance, whose file is closed with the last handle and
/// the last session.
#[derive(Clone)]
pub struct DuckDb {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for DuckDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DuckDb").finish_non_exhaustive()
    }
}

impl DuckDb {
    /// Open the file at `path`, made when absent and not `read_only`. `None` is a database in memory, private to this value
    /// and its clones.
    ///
    /// Errors: `Locked` when another process holds the file (after `lock_wait`), or this process has it open outside of
    /// rocky; `NotFound` and `Io` for paths that cannot be; `Warehouse` for a file that is no database; `Cancelled`.
    pub fn open(path: Option<&Path>, options: &OpenOptions, cancel: &CancelToken) -> Result<DuckDb> {
        let opened = match path {
            Some(path) if path != Path::new(":memory:") => open::open_file(path, options, cancel)?,
            _ => open::open_in_memory()?,
        };
        let shared = Shared {
            instance: opened.instance,
            _registration: opened.registration,
            guard_writes: opened.guard_writes || (options.read_only && path.is_none()),
        };
        Ok(DuckDb {
            shared: Arc::new(shared),
        })
    }

    fn session(&self) -> Result<Session> {
        Session::new(Arc::clone(&self.shared))
    }
}

impl Warehouse for DuckDb {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    fn capabilities(&self) -> &'static Capabilities {
        Capabilities::of(Dialect::DuckDb)
    }

    fn connect(&self) -> Result<Box<dyn Connection>> {
        Ok(Box::new(self.session()?))
    }

    fn snapshot(&self, wanted: &[RelationName], cancel: &CancelToken) -> Result<CatalogSnapshot> {
        catalog::snapshot(&mut self.session()?, wanted, cancel)
    }

    fn discover(
        &self,
        catalog: Option<&str>,
        prefix: &str,
        cancel: &CancelToken,
    ) -> Result<Vec<SourceTable>> {
        catalog::discover(&mut self.session()?, catalog, prefix, cancel)
    }

    fn version(&self) -> Result<String> {
        Ok(format!("DuckDB {}", raw::library_version()))
    }
}
