//! The adapter registry: from a configured adapter to something that can be connected to. Which ones exist is decided by
//! Cargo features; a missing one is an error that names it.

use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Ident, Result};
use rocky_config::{AdapterConfig, AdapterSettings};
use rocky_warehouse::{CatalogSnapshot, Warehouse};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How an adapter is to be opened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// To look at the catalogue: gives way to others.
    Read,
    /// To run.
    Write,
}

/// The file of a DuckDB adapter; `None` for a database in memory.
pub fn duckdb_path(root: &Path, settings: &AdapterSettings) -> Option<PathBuf> {
    match settings {
        AdapterSettings::DuckDb { path: Some(path) } if path.value != ":memory:" => {
            Some(root.join(path.value.as_str()))
        }
        _ => None,
    }
}

/// Open an adapter. `Ok(None)`: there is nothing yet (a DuckDB file that no run has made) and only reading was asked for.
pub fn open(
    name: &str,
    adapter: &AdapterConfig,
    root: &Path,
    access: Access,
    cancel: &CancelToken,
) -> Result<Option<Arc<dyn Warehouse>>> {
    match &adapter.settings {
        AdapterSettings::DuckDb { .. } => open_duckdb(adapter, root, access, cancel),
        _ => {
            let kind = adapter.r#type.map_or("of unknown type", |t| t.as_str());
            Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "adapter `{name}` ({kind}) cannot be connected to in rocky {}",
                    crate::VERSION
                ),
            )
            .hint("compile and lineage work without a connection; to run, use an adapter of type duckdb"))
        }
    }
}

#[cfg(feature = "duckdb")]
fn open_duckdb(
    adapter: &AdapterConfig,
    root: &Path,
    access: Access,
    cancel: &CancelToken,
) -> Result<Option<Arc<dyn Warehouse>>> {
    use rocky_adapter_duckdb::{DuckDb, OpenOptions};
    let path = duckdb_path(root, &adapter.settings);
    let options = OpenOptions {
        files: Some(files_root(root)),
        ..OpenOptions::default()
    };
    let opened = match (&path, access) {
        (Some(path), Access::Read) => {
            if !path.exists() {
                return Ok(None);
            }
            let read = OpenOptions {
                read_only: true,
                files: Some(files_root(root)),
                lock_wait: std::time::Duration::from_millis(200),
            };
            match DuckDb::open(Some(path), &read, cancel) {
                // A handle of this process that may write is shared rather than refused.
                Err(error) if error.kind == ErrorKind::Locked => {
                    let shared = OpenOptions {
                        read_only: false,
                        files: Some(files_root(root)),
                        lock_wait: std::time::Duration::ZERO,
                    };
                    DuckDb::open(Some(path), &shared, cancel).map_err(|_| error)?
                }
                other => other?,
            }
        }
        (path, _) => DuckDb::open(path.as_deref(), &options, cancel)?,
    };
    Ok(Some(Arc::new(opened)))
}

/// What relative paths in queries are relative to.
#[cfg(feature = "duckdb")]
fn files_root(root: &Path) -> PathBuf {
    match root.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => root.to_path_buf(),
    }
}

/// A DuckDB in memory that reads the project's files.
#[cfg(feature = "duckdb")]
pub fn scratch(root: &Path, cancel: &CancelToken) -> Result<Arc<dyn Warehouse>> {
    use rocky_adapter_duckdb::{DuckDb, OpenOptions};
    let options = OpenOptions {
        files: Some(files_root(root)),
        ..OpenOptions::default()
    };
    Ok(Arc::new(DuckDb::open(None, &options, cancel)?))
}

/// A DuckDB in memory that reads the project's files.
#[cfg(not(feature = "duckdb"))]
pub fn scratch(_: &Path, _: &CancelToken) -> Result<Arc<dyn Warehouse>> {
    Err(
        Error::new(ErrorKind::Unsupported, "this build has no DuckDB adapter")
            .hint("build with the feature `duckdb`"),
    )
}

#[cfg(not(feature = "duckdb"))]
fn open_duckdb(
    _: &AdapterConfig,
    _: &Path,
    _: Access,
    _: &CancelToken,
) -> Result<Option<Arc<dyn Warehouse>>> {
    Err(
        Error::new(ErrorKind::Unsupported, "this build has no DuckDB adapter")
            .hint("build with the feature `duckdb`"),
    )
}

/// The name that DuckDB gives the database in a file: what stands before the first dot.
pub(crate) fn duckdb_name(path: &Path) -> String {
    let file = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    let name = file.split('.').find(|part| !part.is_empty()).unwrap_or("memory");
    match name {
        "main" | "system" | "temp" => format!("{name}_db"),
        name => name.to_owned(),
    }
}

/// The catalogue of a DuckDB file that does not exist yet: its default schema, and nothing in it.
pub fn empty_duckdb_catalog(path: Option<&Path>, now: i64) -> CatalogSnapshot {
    let catalog = Ident::quoted(path.map_or_else(|| "memory".to_owned(), duckdb_name));
    let schema = Ident::bare("main");
    let key = |i: &Ident| i.key(Dialect::DuckDb, IdentKind::Relation);
    let pair = (key(&catalog), key(&schema));
    let mut snapshot = CatalogSnapshot {
        dialect: Dialect::DuckDb,
        default_catalog: Some(catalog),
        default_schema: Some(schema),
        taken_at: now,
        ..CatalogSnapshot::default()
    };
    snapshot.complete_catalogs.insert(pair.0.clone());
    snapshot.schemas.insert(pair.clone());
    snapshot.complete.insert(pair);
    snapshot
}
