//! One connection: statements, queries, transactions, and stopping them. A cancelled statement gives an error and never half a
//! result; COMMIT and ROLLBACK are not interrupted.

use crate::database::Shared;
use crate::error::{failure_class, is_interrupt, is_no_transaction, statement_error};
use crate::interrupt::Interrupter;
use crate::raw::{Prepared, QueryResult, RawConnection, ResultKind, StatementKind, Statements, Text};
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
        // Who locked the configuration of the instance keeps relative paths in the working directory.
        if let Some(sql) = &shared.search_path
            && let Err(text) = run_all(&connection, sql)
            && !text.contains("has been locked")
        {
            return Err(statement_error(text));
        }
        Ok(Session {
            connection,
            interrupter,
            in_transaction: false,
            shared,
        })
    }

    /// Do something that the token stops. On a database that others of this process may write but this handle may not, it
    /// stands in a read-only transaction.
    fn guarded<T>(
        &mut self,
        cancel: &CancelToken,
        work: impl FnOnce(&RawConnection) -> Result<T, Stop>,
    ) -> Result<T> {
        cancel.check()?;
        let wrap = self.shared.guard_writes && !self.in_transaction;
        if wrap {
            self.begin_read_only()?;
        }
        let watch = self.interrupter.watch(cancel);
        let outcome = work(&self.connection);
        drop(watch);
        if wrap {
            let ended = if outcome.is_ok() {
                self.commit()
            } else {
                self.rollback()
            };
            if outcome.is_ok() {
                ended?;
            }
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
        self.control("BEGIN TRANSACTION READ ONLY")
            .map_err(statement_error)?;
        self.in_transaction = true;
        Ok(())
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
        Ok(columns
            .into_iter()
            .map(|(name, ty)| Column {
                name,
                ty: parse_type(&ty),
                nullable: true,
            })
            .collect())
    }

    fn own_functions(&mut self, cancel: &CancelToken) -> Result<Vec<SmolStr>> {
        crate::catalog::own_functions(self, cancel)
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
    match (result.kind(), result.statement()) {
        // One BIGINT named Count. CREATE TABLE AS says that it gives nothing but has the row, CREATE VIEW has none.
        (ResultKind::Changed, _) | (_, StatementKind::Create) => {
            let types = result.types();
            let Some(chunk) = result.next_chunk()? else {
                return Ok(None);
            };
            let cells = types
                .first()
                .and_then(|ty| chunk.column(0, ty, 1))
                .unwrap_or_default();
            Ok(cells
                .first()
                .and_then(Value::to_i64)
                .and_then(|n| u64::try_from(n).ok()))
        }
        // INSERT … RETURNING
        (ResultKind::Rows, StatementKind::Dml) => {
            let mut rows = 0;
            while let Some(chunk) = result.next_chunk()? {
                rows += chunk.rows() as u64;
            }
            Ok(Some(rows))
        }
        _ => Ok(None),
    }
}

/// Run all statements of a text but the last, and prepare that. DuckDB splits `PIVOT` into statements that collect its values
/// and the query itself.
fn prepare_last<'c>(statements: &Statements<'c>) -> Result<Prepared<'c>, Stop> {
    let Some(last) = statements.len().checked_sub(1) else {
        return Err(Stop::Ours(Error::usage("the query is empty")));
    };
    for index in 0..last {
        statements.prepare(index)?.execute()?;
    }
    Ok(statements.prepare(last)?)
}

/// Run a text's statements and fetch the last one's rows.
fn query(connection: &RawConnection, sql: &str, limit: usize) -> Result<Rows, Stop> {
    let statements = connection.extract(sql)?;
    let prepared = prepare_last(&statements)?;
    let columns = prepared.columns();
    let is_select = prepared.statement() == StatementKind::Select;
    let mut spellings: Vec<Option<String>> = columns.iter().map(|(_, ty)| ty.spelling()).collect();
    if is_select && spellings.iter().any(Option::is_none) {
        for (spelling, (_, ty)) in spellings.iter_mut().zip(describe(connection, sql)?) {
            *spelling = Some(ty);
        }
    }
    let names = columns.iter().map(|(name, _)| SmolStr::new(name));
    let spellings = spellings.into_iter().map(Option::unwrap_or_default);
    let head = names.zip(spellings).collect();

    // A limit is DuckDB's business too. Its streaming results would do, but when they fail they may say no more than
    // "Interrupted".
    let readable: Vec<bool> = columns.iter().map(|(_, ty)| ty.is_readable()).collect();
    let all_readable = readable.iter().all(|r| *r);
    if is_select && !(all_readable && limit == usize::MAX) {
        let source = match statements.len() {
            1 => format!("query({})", Dialect::DuckDb.string_literal(sql)),
            // `query()` takes no PIVOT without its values.
            _ => format!("({sql}\n)"),
        };
        let wrapped = connection.extract(&cast_columns(&source, &readable, limit));
        let wrapped = wrapped.as_ref().map_err(Text::clone);
        match wrapped.map_err(Stop::Said).and_then(prepare_last) {
            Ok(wrapped) => {
                return Ok(Rows {
                    columns: head,
                    rows: fetch(&wrapped, limit)?,
                });
            }
            Err(stop) if !all_readable => return Err(stop),
            // Some of what DuckDB calls a SELECT cannot stand in one; it is cut below.
            Err(_) => {}
        }
    }
    if !all_readable {
        let error = Error::new(
            ErrorKind::Unsupported,
            "the statement returns columns whose type can only be read by a SELECT",
        );
        return Err(Stop::Ours(error.hint(
            "cast them to VARCHAR in the statement, or select them from a table",
        )));
    }
    Ok(Rows {
        columns: head,
        rows: fetch(&prepared, limit)?,
    })
}

/// `SELECT "0", CAST("1" AS VARCHAR) FROM source AS q("0", "1") LIMIT n`: only DuckDB knows the text form of its nested and
/// unusual types, so it does the cast. Columns are numbered because names may repeat.
fn cast_columns(source: &str, readable: &[bool], limit: usize) -> String {
    let cell = |(i, readable): (usize, &bool)| {
        if *readable {
            format!("\"{i}\"")
        } else {
            format!("CAST(\"{i}\" AS VARCHAR)")
        }
    };
    let cells: Vec<String> = readable.iter().enumerate().map(cell).collect();
    let names: Vec<String> = (0..readable.len()).map(|i| format!("\"{i}\"")).collect();
    let limit = if limit == usize::MAX {
        String::new()
    } else {
        format!(" LIMIT {limit}")
    };
    format!(
        "SELECT {} FROM {source} AS q({}){limit}",
        cells.join(", "),
        names.join(", ")
    )
}

/// Run a prepared statement and read at most `limit` rows.
fn fetch(prepared: &Prepared<'_>, limit: usize) -> Result<Vec<Vec<Value>>, Stop> {
    let mut result = prepared.execute()?;
    let types = result.types();
    let mut rows: Vec<Vec<Value>> = Vec::new();
    while rows.len() < limit {
        let Some(chunk) = result.next_chunk()? else { break };
        let n_rows = chunk.rows().min(limit - rows.len());
        let start = rows.len();
        rows.resize_with(start + n_rows, || Vec::with_capacity(types.len()));
        for (index, ty) in types.iter().enumerate() {
            let Some(cells) = chunk.column(index, ty, n_rows) else {
                return Err(Stop::Ours(Error::bug(
                    "the type of a result column changed between preparing and running",
                )));
            };
            for (row, cell) in rows.iter_mut().skip(start).zip(cells) {
                row.push(cell);
            }
        }
    }
    Ok(rows)
}

/// Names and type spellings of a query's columns.
fn describe(connection: &RawConnection, sql: &str) -> Result<Vec<(SmolStr, String)>, Stop> {
    let statements = connection.extract(&format!("DESCRIBE {sql}"))?;
    let only_one = || Stop::Ours(Error::usage("only one query can be described"));
    let Some(last) = statements.len().checked_sub(1) else {
        return Err(only_one());
    };
    // `DESCRIBE a; b` would run b. What DuckDB itself puts before a described PIVOT is a type made of its values.
    for index in 0..last {
        let prepared = statements.prepare(index)?;
        if prepared.statement() != StatementKind::Create {
            return Err(only_one());
        }
        prepared.execute()?;
    }
    let prepared = statements.prepare(last)?;
    if prepared.statement() != StatementKind::Select {
        return Err(only_one());
    }
    let rows = fetch(&prepared, usize::MAX)?;
    let mut columns = Vec::with_capacity(rows.len());
    for row in rows {
        let mut cells = row.into_iter();
        match (cells.next(), cells.next()) {
            (Some(Value::Text(name)), Some(Value::Text(ty))) => columns.push((SmolStr::new(name), ty)),
            _ => {
                return Err(Stop::Ours(Error::bug(
                    "DESCRIBE gave something else than names and types",
                )));
            }
        }
    }
    Ok(columns)
}
