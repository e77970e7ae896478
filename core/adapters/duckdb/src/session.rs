//! One connection: statements, queries, transactions, and stopping them. A cancelled statement gives an error and never half a
//! result; COMMIT and ROLLBACK are not interrupted.

use crate::database::Shared;
use crate::error::{failure_class, is_interrupt, is_no_transaction, statement_error};
use crate::interrupt::Interrupter;
use crate::raw::{Prepared, QueryResult, RawConnection, ResultKind, Text};
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Result};
use rocky_warehouse::{Column, Connection, Described, Executed, FailureClass, Rows, Type, Value};
use smol_str::SmolStr;
use std::sync::Arc;

/// A session with a database.
pub(crate) struct Session {
    // Before `shared`: a connection is closed before its instance.
    connection: RawConnection,
    interrupter: Arc<Interrupter>,
    /// True between `begin` and `commit` or `rollback`.
    in_transaction: bool,
    shared: Arc<Shared>,
}

/// Why a piece of work stopped: DuckDB's text, or an error of ours.
pub(crate) enum Stop {
    Said(Text),
    Ours(Error),
}

impl From<Text> for Stop {
    fn from(text: Text) -> Stop {
        Stop::Said(text)
    }
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>) -> Result<Session> {
        let connection = shared.instance.connect().map_err(statement_error)?;
        let interrupter = Interrupter::new(connection.interrupt_target());
        Ok(Session { connection, interrupter, in_transaction: false, shared })
    }

    /// Do something that the token stops. On a database that others of this process may write but this handle may not, it
    /// stands in a read-only transaction.
    fn guarded<T>(&mut self, cancel: &CancelToken, work: impl FnOnce(&RawConnection) -> Result<T, Stop>) -> Result<T> {
        cancel.check()?;
        let wrap = self.shared.guard_writes && !self.in_transaction;
        if wrap {
            self.begin_read_only()?;
        }
        let watch = self.interrupter.watch(cancel);
        let outcome = work(&self.connection);
        drop(watch);
        if wrap {
            self.rollback()?;
        }
        outcome.map_err(|stop| match stop {
            Stop::Said(text) if is_interrupt(&text) && cancel.is_tripped() => Error::cancelled(),
            Stop::Said(text) => statement_error(text),
            Stop::Ours(error) => error,
        })
    }

    /// A statement that is not interrupted.
    fn control(&mut self, sql: &str) -> Result<(), Text> {
        run_all(&self.connection, sql).map(|_| ())
    }

    /// Start a transaction that cannot write.
    pub(crate) fn begin_read_only(&mut self) -> Result<()> {
        self.control("BEGIN TRANSACTION READ ONLY").map_err(statement_error)?;
        self.in_transaction = true;
        Ok(())
    }

    /// Bind a query without running it; DuckDB refreshes what it remembers of the views in it.
    pub(crate) fn bind(&mut self, sql: &str, cancel: &CancelToken) -> Result<()> {
        self.guarded(cancel, |connection| {
            connection.extract(sql)?.prepare(0)?;
            Ok(())
        })
    }
}

impl Connection for Session {
    fn execute(&mut self, sql: &str, cancel: &CancelToken) -> Result<Executed> {
        let rows = self.guarded(cancel, |connection| Ok(run_all(connection, sql)?))?;
        Ok(Executed { rows })
    }

    fn query(&mut self, sql: &str, limit: usize, cancel: &CancelToken) -> Result<Rows> {
        self.guarded(cancel, |connection| query(connection, sql, limit))
    }

    fn describe(&mut self, sql: &str, cancel: &CancelToken) -> Result<Described> {
        let columns = self.guarded(cancel, |connection| describe(connection, sql))?;
        // DuckDB's own NULL column is left aside: it says NO for a NOT NULL column on the outer side of a join.
        Ok(columns.into_iter().map(|(name, ty)| Column { name, ty: parse_type(&ty), nullable: true }).collect())
    }

    fn transactional_ddl(&self) -> bool {
        true
    }

    fn begin(&mut self) -> Result<()> {
        if self.shared.guard_writes {
            return self.begin_read_only();
        }
        self.control("BEGIN TRANSACTION").map_err(statement_error)?;
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        // A COMMIT that fails has rolled back.
        self.in_transaction = false;
        self.control("COMMIT").map_err(statement_error)
    }

    fn rollback(&mut self) -> Result<()> {
        self.in_transaction = false;
        match self.control("ROLLBACK") {
            Err(text) if !is_no_transaction(&text) => Err(statement_error(text)),
            _ => Ok(()),
        }
    }

    fn classify(&self, error: &Error) -> FailureClass {
        failure_class(error)
    }
}

/// DuckDB's spelling of a type as a value. What cannot be read is kept by name.
pub(crate) fn parse_type(text: &str) -> Type {
    Type::parse(Dialect::DuckDb, text).unwrap_or_else(|| Type::Other(SmolStr::new(text)))
}

/// Run every statement of a text; the count of the last one.
fn run_all(connection: &RawConnection, sql: &str) -> Result<Option<u64>, Text> {
    let statements = connection.extract(sql)?;
    let mut rows = None;
    for index in 0..statements.len() {
        let mut result = statements.prepare(index)?.execute()?;
        rows = changed_rows(&mut result)?;
    }
    Ok(rows)
}

/// How many rows a statement changed; `None` for DDL and queries.
fn changed_rows(result: &mut QueryResult<'_>) -> Result<Option<u64>, Text> {
    match result.kind() {
        // One BIGINT named Count. CREATE VIEW and the like announce it too, but deliver no row.
        ResultKind::Changed => {
            let types = result.types();
            let Some(chunk) = result.next_chunk()? else { return Ok(None) };
            let cells = types.first().and_then(|ty| chunk.column(0, ty, 1)).unwrap_or_default();
            Ok(cells.first().and_then(Value::to_i64).and_then(|n| u64::try_from(n).ok()))
        }
        // INSERT … RETURNING
        ResultKind::Rows if result.is_dml() => {
            let mut rows = 0;
            while let Some(chunk) = result.next_chunk()? {
                rows += chunk.rows() as u64;
            }
            Ok(Some(rows))
        }
        ResultKind::Rows | ResultKind::Nothing => Ok(None),
    }
}

/// Run a text's statements and fetch the last one's rows.
fn query(connection: &RawConnection, sql: &str, limit: usize) -> Result<Rows, Stop> {
    let statements = connection.extract(sql)?;
    let Some(last) = statements.len().checked_sub(1) else {
        return Err(Stop::Ours(Error::usage("the query is empty")));
    };
    // DuckDB splits `PIVOT` into statements that collect its values and the query itself.
    for index in 0..last {
        statements.prepare(index)?.execute()?;
    }
    let prepared = statements.prepare(last)?;
    let columns = prepared.columns();
    let mut spellings: Vec<Option<String>> = columns.iter().map(|(_, ty)| ty.spelling()).collect();
    let can_wrap = last == 0 && prepared.is_select();
    if can_wrap && spellings.iter().any(Option::is_none) {
        let described = describe(connection, sql)?;
        for (spelling, (_, ty)) in spellings.iter_mut().zip(described) {
            *spelling = Some(ty);
        }
    }
    let names = columns.iter().map(|(name, _)| SmolStr::new(name));
    let spellings = spellings.into_iter().map(Option::unwrap_or_default);
    let mut rows = Rows { columns: names.zip(spellings).collect(), rows: Vec::new() };

    let unreadable = columns.iter().find(|(_, ty)| !ty.is_readable());
    rows.rows = match unreadable {
        None => fetch(connection, &prepared, limit)?,
        Some(_) if can_wrap => {
            // Only DuckDB knows the text form of its nested and unusual types, so it does the cast. Columns are named by
            // number, because names may repeat.
            let readable: Vec<bool> = columns.iter().map(|(_, ty)| ty.is_readable()).collect();
            let wrapped = connection.extract(&wrap(sql, &readable))?;
            fetch(connection, &wrapped.prepare(0)?, limit)?
        }
        Some((name, _)) => {
            let error = Error::new(
                ErrorKind::Unsupported,
                format!("column `{name}` has a type that cannot be read from this kind of statement"),
            );
            return Err(Stop::Ours(error.hint("cast the column to VARCHAR, or select it from a table")));
        }
    };
    Ok(rows)
}

/// `SELECT "0", CAST("1" AS VARCHAR) FROM query('…') AS q("0", "1")`
fn wrap(sql: &str, readable: &[bool]) -> String {
    let cell = |(i, readable): (usize, &bool)| {
        if *readable { format!("\"{i}\"") } else { format!("CAST(\"{i}\" AS VARCHAR)") }
    };
    let cells: Vec<String> = readable.iter().enumerate().map(cell).collect();
    let names: Vec<String> = (0..readable.len()).map(|i| format!("\"{i}\"")).collect();
    format!("SELECT {} FROM query({}) AS q({})", cells.join(", "), Dialect::DuckDb.string_literal(sql), names.join(", "))
}

/// Run a prepared statement and read at most `limit` rows.
fn fetch(connection: &RawConnection, prepared: &Prepared<'_>, limit: usize) -> Result<Vec<Vec<Value>>, Stop> {
    let streams = prepared.is_select();
    // Anything else has effects and runs to its end.
    let mut result = if streams { prepared.stream()? } else { prepared.execute()? };
    let types = result.types();
    let mut rows: Vec<Vec<Value>> = Vec::new();
    let mut ended = false;
    while rows.len() < limit {
        let Some(chunk) = result.next_chunk()? else {
            ended = true;
            break;
        };
        let n_rows = chunk.rows().min(limit - rows.len());
        let start = rows.len();
        rows.resize_with(start + n_rows, || Vec::with_capacity(types.len()));
        for (index, ty) in types.iter().enumerate() {
            let Some(cells) = chunk.column(index, ty, n_rows) else {
                return Err(Stop::Ours(Error::bug("the type of a result column changed between preparing and running")));
            };
            for (row, cell) in rows.iter_mut().skip(start).zip(cells) {
                row.push(cell);
            }
        }
    }
    drop(result);
    if streams && !ended {
        // A stream that was not read to its end holds its transaction until the connection's next statement.
        run_all(connection, "SELECT 1")?;
    }
    Ok(rows)
}

/// Names and type spellings of a query's columns.
fn describe(connection: &RawConnection, sql: &str) -> Result<Vec<(SmolStr, String)>, Stop> {
    // `DESCRIBE a; b` would run b.
    if connection.extract(sql)?.len() != 1 {
        return Err(Stop::Ours(Error::usage("only one query can be described")));
    }
    let statements = connection.extract(&format!("DESCRIBE {sql}"))?;
    let rows = fetch(connection, &statements.prepare(0)?, usize::MAX)?;
    let mut columns = Vec::with_capacity(rows.len());
    for row in rows {
        let mut cells = row.into_iter();
        match (cells.next(), cells.next()) {
            (Some(Value::Text(name)), Some(Value::Text(ty))) => columns.push((SmolStr::new(name), ty)),
            _ => return Err(Stop::Ours(Error::bug("DESCRIBE gave something else than names and types"))),
        }
    }
    Ok(columns)
}
