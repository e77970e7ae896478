//! The DuckDB warehouse: open a file, run statements, describe queries, read the catalogue.
//!
//! Invariant: every open in this process goes through one DuckDB instance cache, because two instances of one file lose
//! rows silently; and a database file is never opened, read or hashed here, only `stat`ed, because closing any handle of
//! it drops DuckDB's lock.
//!
//! Start at [`DuckDb`] in `database.rs`; `open.rs` guards the file, `attach.rs` those beside it, `raw.rs` alone calls DuckDB's C API, whose functions are in
//! the table of `api.rs`, which `load.rs` fills from the library at the first open; `session.rs` runs statements and stops them, `catalog.rs` reads the catalogue.

mod api;
mod attach;
mod catalog;
mod database;
mod error;
mod interrupt;
#[cfg(duckdb_is_loaded)]
mod load;
mod open;
mod raw;
mod session;

pub use database::{DuckDb, OpenOptions};
pub use error::{DuckDbFailure, failure_class};
