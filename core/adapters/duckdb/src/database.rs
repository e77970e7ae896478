//! [`DuckDb`]: a database as a warehouse. Cheap to share; every session is a connection of its own to one instance.

use crate::attach::{self, Attachment, Owner};
use crate::catalog;
use crate::error::failure_class;
use crate::open::{self, Registration};
use crate::raw::Instance;
use crate::session::Session;
use rocky_base::{CancelToken, Dialect, Error, Result};
use rocky_warehouse::{
    Capabilities, CatalogSnapshot, Connection, FailureClass, RelationName, SourceTable, Warehouse,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How to open a database.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Refuse writes, and let other processes read at the same time.
    pub read_only: bool,
    /// The folder that relative paths of files in queries are relative to; the working directory when absent. DuckDB
    /// looks into the working directory first, unless the path is a pattern.
    pub files: Option<PathBuf>,
    /// How long to wait for a lock that another process (or a handle with other options in this one) holds.
    pub lock_wait: Duration,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions {
            read_only: false,
            files: None,
            lock_wait: Duration::from_millis(1500),
        }
    }
}

/// What all sessions of a handle share.
pub(crate) struct Shared {
    // Order matters: what is attached goes before the instance, and the instance is closed before the registration says so.
    _attachment: Option<Attachment>,
    pub(crate) instance: Arc<Instance>,
    registration: Option<Arc<Registration>>,
    owner: Owner,
    pub(crate) guard_writes: bool,
    /// What every session sets first.
    pub(crate) search_path: Option<String>,
    lock_wait: Duration,
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
        let files = options.files.as_deref();
        let files = files.map(|f| std::path::absolute(f).map_err(|e| Error::io(f.display(), e)));
        let search_path = match files.transpose()? {
            // DuckDB separates folders by commas, without a way to write one.
            Some(folder) => folder.to_str().filter(|f| !f.contains(',')).map(|f| {
                format!(
                    "SET SESSION file_search_path = {}",
                    Dialect::DuckDb.string_literal(f)
                )
            }),
            None => None,
        };
        let registration = opened.registration.map(Arc::new);
        let shared = Shared {
            _attachment: None,
            search_path,
            instance: Arc::new(opened.instance),
            owner: Owner::of(registration.as_deref()),
            registration,
            guard_writes: opened.guard_writes || (options.read_only && path.is_none()),
            lock_wait: options.lock_wait,
        };
        Ok(DuckDb {
            shared: Arc::new(shared),
        })
    }

    /// The same database, with the file at `path` beside it as catalogue `name`, for reading. It is there for all sessions of the
    /// database while what this returns, or a session of it, lives.
    ///
    /// Errors: as for [`DuckDb::open`] of a file that exists; `Locked` too when this process has the file open otherwise.
    pub fn with_attached(&self, name: &str, path: &Path, cancel: &CancelToken) -> Result<DuckDb> {
        let shared = &self.shared;
        let attachment = attach::attach(
            &shared.instance,
            &shared.owner,
            name,
            path,
            shared.lock_wait,
            cancel,
        )?;
        Ok(DuckDb {
            shared: Arc::new(Shared {
                _attachment: Some(attachment),
                instance: Arc::clone(&shared.instance),
                registration: shared.registration.clone(),
                owner: shared.owner.clone(),
                guard_writes: shared.guard_writes,
                search_path: shared.search_path.clone(),
                lock_wait: shared.lock_wait,
            }),
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

    fn classify(&self, error: &Error) -> FailureClass {
        failure_class(error)
    }

    fn snapshot(&self, wanted: &[RelationName], cancel: &CancelToken) -> Result<CatalogSnapshot> {
        catalog::snapshot(&mut self.session()?, wanted, cancel)
    }

    fn listing(&self, cancel: &CancelToken) -> Result<CatalogSnapshot> {
        catalog::listing(&mut self.session()?, cancel)
    }

    fn renew(
        &self,
        catalog: &mut CatalogSnapshot,
        views: &[RelationName],
        cancel: &CancelToken,
    ) -> Result<bool> {
        catalog::renew(&mut self.session()?, catalog, views, cancel)
    }

    fn fingerprints(&self, relations: &[RelationName], cancel: &CancelToken) -> Result<Vec<Option<String>>> {
        catalog::fingerprints(&mut self.session()?, relations, cancel)
    }

    fn discover(
        &self,
        catalog: Option<&str>,
        prefix: &str,
        cancel: &CancelToken,
    ) -> Result<Vec<SourceTable>> {
        catalog::discover(&mut self.session()?, catalog, prefix, cancel)
    }

    fn attached(&self, name: &str, file: &Path, cancel: &CancelToken) -> Result<Arc<dyn Warehouse>> {
        Ok(Arc::new(self.with_attached(name, file, cancel)?))
    }

    fn version(&self) -> Result<String> {
        Ok(format!("DuckDB {}", self.shared.instance.library_version()))
    }
}
