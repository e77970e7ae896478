//! What an adapter implements. All calls are synchronous; a call that can take long watches the cancel token.

use crate::capabilities::Capabilities;
use crate::catalog::{CatalogSnapshot, Column};
use crate::relation::RelationName;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Result, SmolStr};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A cell of a result.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// Anything else, in the engine's own text form (decimals, dates, nested values …).
    Text(String),
}

impl Value {
    /// The value as text; `None` for NULL.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Bool(b) => Some(b.to_string()),
            Value::Int(i) => Some(i.to_string()),
            Value::Float(f) => Some(f.to_string()),
            Value::Text(t) => Some(t.clone()),
        }
    }

    /// The value as an integer, when it is one.
    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            Value::Text(t) => t.parse().ok(),
            _ => None,
        }
    }
}

/// A result set.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rows {
    /// Column names and types in the engine's spelling.
    pub columns: Vec<(SmolStr, String)>,
    /// The cells.
    pub rows: Vec<Vec<Value>>,
}

/// What a statement did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Executed {
    /// Rows inserted, updated or deleted, where the engine counts them.
    pub rows: Option<u64>,
}

/// The columns of a query or relation as the engine describes them.
pub type Described = Vec<Column>;

/// A table that a source offers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceTable {
    /// Its schema in the source.
    pub schema: SmolStr,
    /// Its name.
    pub name: SmolStr,
    /// Rows, when the source knows.
    pub row_count: Option<u64>,
}

/// What kind of failure an error of a warehouse is, as far as it matters for what to do next.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum FailureClass {
    /// A catalogue, schema, relation, function or type is not there, or is there already.
    Catalog,
    /// A constraint of a table was violated.
    Constraint,
    /// The transaction conflicts with another one or is aborted: roll back, then it may be repeated.
    Transaction,
    /// The warehouse did not answer, or is in trouble for the moment: connection lost, a server's error. May succeed when
    /// repeated; whether the statement took effect is not known.
    Transient,
    /// Too much is asked at once: the statement was not begun, and may be sent again later.
    RateLimited,
    /// The statement is at fault, or the rows that it reads: it fails in the same way while both are as they are.
    Rejected,
    /// Anything else.
    #[default]
    Other,
}

/// One session with a warehouse. Used by one thread at a time.
pub trait Connection: Send {
    /// Execute one statement.
    fn execute(&mut self, sql: &str, cancel: &CancelToken) -> Result<Executed>;
    /// Run a query and fetch at most `limit` rows.
    fn query(&mut self, sql: &str, limit: usize, cancel: &CancelToken) -> Result<Rows>;
    /// Column names and types of a query, without running it.
    fn describe(&mut self, sql: &str, cancel: &CancelToken) -> Result<Described>;
    /// True when statements between BEGIN and COMMIT are one transaction, DDL included.
    fn transactional_ddl(&self) -> bool;
    /// Start a transaction.
    fn begin(&mut self) -> Result<()>;
    /// Commit it. Never interrupted.
    fn commit(&mut self) -> Result<()>;
    /// Roll it back; harmless without one.
    fn rollback(&mut self) -> Result<()>;
    /// Names of the functions that users made in the warehouse, without their schemas. Empty where nobody can or nobody asks.
    fn own_functions(&mut self, cancel: &CancelToken) -> Result<Vec<SmolStr>> {
        let _ = cancel;
        Ok(Vec::new())
    }
    /// What kind of failure an error of this connection is.
    fn classify(&self, error: &Error) -> FailureClass {
        let _ = error;
        FailureClass::Other
    }
    /// When the warehouse wants to be asked again, where it said so with the error (`Retry-After`).
    fn retry_after(&self, error: &Error) -> Option<Duration> {
        let _ = error;
        None
    }
}

/// A warehouse: where models are executed.
pub trait Warehouse: Send + Sync {
    /// Its SQL.
    fn dialect(&self) -> Dialect;
    /// What it can do.
    fn capabilities(&self) -> &'static Capabilities;
    /// A new session. Sessions of one warehouse may be used in parallel up to `Capabilities::parallel`.
    fn connect(&self) -> Result<Box<dyn Connection>>;
    /// What kind of failure an error of [`Warehouse::connect`] is.
    fn classify(&self, error: &Error) -> FailureClass {
        let _ = error;
        FailureClass::Other
    }
    /// As [`Connection::retry_after`], for an error of [`Warehouse::connect`].
    fn retry_after(&self, error: &Error) -> Option<Duration> {
        let _ = error;
        None
    }
    /// Everything in the schemas that hold the given names (all schemas when empty), read in one transaction. A
    /// failure is an error, never an empty answer.
    fn snapshot(&self, wanted: &[RelationName], cancel: &CancelToken) -> Result<CatalogSnapshot>;
    /// Everything in all schemas, too, but the columns of a view are those that the warehouse remembers where that is cheaper than
    /// finding out: [`Warehouse::renew`] tells what they are now.
    fn listing(&self, cancel: &CancelToken) -> Result<CatalogSnapshot> {
        self.snapshot(&[], cancel)
    }
    /// Find out what the columns of these views of a listing are now. True when some are others than it says.
    fn renew(
        &self,
        catalog: &mut CatalogSnapshot,
        views: &[RelationName],
        cancel: &CancelToken,
    ) -> Result<bool> {
        let _ = (catalog, views, cancel);
        Ok(false)
    }
    /// For each relation a word that is another one when its rows have changed: a version where the warehouse keeps one, else a
    /// hash of the rows. None where that cannot be told; never a guess.
    fn fingerprints(&self, relations: &[RelationName], cancel: &CancelToken) -> Result<Vec<Option<String>>> {
        let _ = cancel;
        Ok(vec![None; relations.len()])
    }
    /// Tables of the schemas whose name begins with `prefix`, for discovery.
    fn discover(&self, catalog: Option<&str>, prefix: &str, cancel: &CancelToken)
    -> Result<Vec<SourceTable>>;
    /// The same warehouse with a database file beside it as catalogue `name`, for reading alone. It is there while what this returns, or
    /// a session of it, lives.
    fn attached(&self, name: &str, file: &Path, cancel: &CancelToken) -> Result<Arc<dyn Warehouse>> {
        let _ = (file, cancel);
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("this warehouse cannot read database `{name}` beside its own"),
        ))
    }
    /// Name and version of the engine, e.g. `DuckDB v1.5.5`.
    fn version(&self) -> Result<String>;
}
