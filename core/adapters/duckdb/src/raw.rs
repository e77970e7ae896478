//! DuckDB's C API behind owning types. The one file that calls it: each handle is destroyed once, by `Drop`, and every
//! value that DuckDB lends is copied before its owner goes. Errors are DuckDB's texts; `error.rs` gives them a class.
//! Every handle knows the table of functions that made it (`api.rs`): none is there before the library is.
//!
//! The C API and not the `duckdb` crate's rows: those panic on some result types (intervals of years, maps with nested
//! keys), and have no way to see a statement's own count.

use crate::api::Api;
use libduckdb_sys as ffi;
use rocky_warehouse::Value;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

/// What DuckDB said.
pub(crate) type Text = String;

/// The process's instance cache. Never destroyed: it lives as long as the process.
#[derive(Clone, Copy)]
pub(crate) struct InstanceCache {
    api: &'static Api,
    raw: ffi::duckdb_instance_cache,
}

// SAFETY: DuckDB's instance cache locks itself.
unsafe impl Send for InstanceCache {}

impl InstanceCache {
    pub(crate) fn new(api: &'static Api) -> Option<InstanceCache> {
        // SAFETY: no preconditions.
        let raw = unsafe { (api.duckdb_create_instance_cache)() };
        (!raw.is_null()).then_some(InstanceCache { api, raw })
    }

    /// The instance of `path`, made with `settings` when there is none.
    pub(crate) fn get_or_create(self, path: &CStr, settings: &[(&CStr, &CStr)]) -> Result<Instance, Text> {
        let api = self.api;
        let config = Config::new(api, settings)?;
        let (mut database, mut message) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the cache lives for ever, path and configuration outlive the call.
        let state = unsafe {
            (api.duckdb_get_or_create_from_cache)(
                self.raw,
                path.as_ptr(),
                &mut database,
                config.raw,
                &mut message,
            )
        };
        // SAFETY: `message` is null or an owned string of DuckDB.
        let message = unsafe { owned_text(api, message) };
        if state == ffi::DuckDBSuccess && !database.is_null() {
            Ok(Instance { api, raw: database })
        } else {
            Err(message)
        }
    }
}

struct Config {
    api: &'static Api,
    raw: ffi::duckdb_config,
}

impl Config {
    fn new(api: &'static Api, settings: &[(&CStr, &CStr)]) -> Result<Config, Text> {
        let mut raw = ptr::null_mut();
        // SAFETY: `raw` is a valid place; on failure it stays null, which destroy accepts.
        let made = unsafe { (api.duckdb_create_config)(&mut raw) };
        let config = Config { api, raw };
        if made != ffi::DuckDBSuccess {
            return Err("DuckDB could not allocate a configuration".to_owned());
        }
        for (name, value) in settings {
            // SAFETY: the configuration was created above; the strings outlive the call.
            if unsafe { (api.duckdb_set_config)(config.raw, name.as_ptr(), value.as_ptr()) }
                != ffi::DuckDBSuccess
            {
                return Err(format!("DuckDB refused the setting {}", name.to_string_lossy()));
            }
        }
        Ok(config)
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: created by `duckdb_create_config`, or null.
        unsafe { (self.api.duckdb_destroy_config)(&mut self.raw) }
    }
}

/// A share in a DuckDB instance; the last one closes it.
pub(crate) struct Instance {
    api: &'static Api,
    raw: ffi::duckdb_database,
}

// SAFETY: `duckdb_connect` on one database handle is documented as thread-safe; it is the only call made with it.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    /// Version of the library at hand, e.g. `v1.5.5`.
    pub(crate) fn library_version(&self) -> String {
        // SAFETY: returns a static string.
        unsafe { text((self.api.duckdb_library_version)()) }
    }

    pub(crate) fn connect(&self) -> Result<RawConnection, Text> {
        let mut raw = ptr::null_mut();
        // SAFETY: the database handle is open until `self` is dropped.
        let state = unsafe { (self.api.duckdb_connect)(self.raw, &mut raw) };
        let connection = RawConnection { api: self.api, raw };
        if state == ffi::DuckDBSuccess && !raw.is_null() {
            Ok(connection)
        } else {
            Err("DuckDB could not make a connection".to_owned())
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: opened by the instance cache, closed only here.
        unsafe { (self.api.duckdb_close)(&mut self.raw) }
    }
}

/// A connection. Used by one thread at a time, apart from interrupts.
pub(crate) struct RawConnection {
    api: &'static Api,
    raw: ffi::duckdb_connection,
}

// SAFETY: a connection may move between threads as long as one at a time uses it.
unsafe impl Send for RawConnection {}

impl Drop for RawConnection {
    fn drop(&mut self) {
        // SAFETY: made by `duckdb_connect` (or null), disconnected only here.
        unsafe { (self.api.duckdb_disconnect)(&mut self.raw) }
    }
}

/// A connection as seen by whoever interrupts it.
pub(crate) struct InterruptTarget {
    api: &'static Api,
    raw: ffi::duckdb_connection,
}

// SAFETY: only `duckdb_interrupt` is called with it, which is made for other threads.
unsafe impl Send for InterruptTarget {}

impl InterruptTarget {
    /// Interrupt what the connection runs now. The caller (`interrupt.rs`) calls it only while a statement runs, so the
    /// connection is not yet closed.
    pub(crate) fn interrupt(&self) {
        // SAFETY: a statement runs, hence the connection is alive; `Interrupter`'s lock keeps it so during the call.
        unsafe { (self.api.duckdb_interrupt)(self.raw) }
    }
}

impl RawConnection {
    pub(crate) fn interrupt_target(&self) -> InterruptTarget {
        InterruptTarget {
            api: self.api,
            raw: self.raw,
        }
    }

    /// Split a text into statements. DuckDB itself makes several of one `PIVOT`.
    pub(crate) fn extract(&self, sql: &str) -> Result<Statements<'_>, Text> {
        let Ok(sql) = CString::new(sql) else {
            return Err("Parser Error: the SQL text holds a NUL character".to_owned());
        };
        let mut raw = ptr::null_mut();
        // SAFETY: the connection is open, the text outlives the call.
        let count = unsafe { (self.api.duckdb_extract_statements)(self.raw, sql.as_ptr(), &mut raw) };
        let statements = Statements {
            connection: self,
            raw,
            count,
        };
        if count == 0 {
            // SAFETY: `raw` is null or the extraction just made; the string is copied.
            let message = unsafe { text_or_empty(raw, self.api.duckdb_extract_statements_error) };
            if !message.is_empty() {
                return Err(message);
            }
        }
        Ok(statements)
    }
}

/// The statements of a text.
pub(crate) struct Statements<'c> {
    connection: &'c RawConnection,
    raw: ffi::duckdb_extracted_statements,
    count: ffi::idx_t,
}

impl<'c> Statements<'c> {
    pub(crate) fn len(&self) -> u64 {
        self.count
    }

    pub(crate) fn prepare(&self, index: u64) -> Result<Prepared<'c>, Text> {
        if index >= self.count {
            return Err("Parser Error: no statement".to_owned());
        }
        let (connection, mut raw) = (self.connection, ptr::null_mut());
        let prepare = connection.api.duckdb_prepare_extracted_statement;
        // SAFETY: the index is in range; connection and extraction are alive.
        let state = unsafe { prepare(connection.raw, self.raw, index, &mut raw) };
        let prepared = Prepared { connection, raw };
        if state == ffi::DuckDBSuccess {
            return Ok(prepared);
        }
        // SAFETY: `raw` is null or holds the error; the string is copied.
        Err(unsafe { text_or_empty(raw, connection.api.duckdb_prepare_error) })
    }
}

impl Drop for Statements<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `duckdb_extract_statements`, or null.
        unsafe { (self.connection.api.duckdb_destroy_extracted)(&mut self.raw) }
    }
}

/// A prepared statement.
pub(crate) struct Prepared<'c> {
    connection: &'c RawConnection,
    raw: ffi::duckdb_prepared_statement,
}

impl<'c> Prepared<'c> {
    pub(crate) fn statement(&self) -> StatementKind {
        // SAFETY: the statement is alive.
        StatementKind::of(unsafe { (self.connection.api.duckdb_prepared_statement_type)(self.raw) })
    }

    /// Names and types of the result.
    pub(crate) fn columns(&self) -> Vec<(String, ColumnType)> {
        let api = self.connection.api;
        // SAFETY: the statement is alive, the indexes are in range; the name is owned by us.
        unsafe {
            let count = (api.duckdb_prepared_statement_column_count)(self.raw);
            let column = |i| {
                let name = (api.duckdb_prepared_statement_column_name)(self.raw, i);
                let ty = (api.duckdb_prepared_statement_column_logical_type)(self.raw, i);
                (owned_text(api, name.cast_mut()), ColumnType::take(api, ty))
            };
            (0..count).map(column).collect()
        }
    }

    /// Run to the end.
    pub(crate) fn execute(&self) -> Result<QueryResult<'c>, Text> {
        // SAFETY: an all-zero result is what the C API expects to fill; it is plain data.
        let mut result = QueryResult {
            connection: self.connection,
            raw: unsafe { std::mem::zeroed() },
        };
        // SAFETY: the statement is alive, the result a valid place.
        let state = unsafe { (self.connection.api.duckdb_execute_prepared)(self.raw, &mut result.raw) };
        if state == ffi::DuckDBSuccess {
            Ok(result)
        } else {
            Err(result.error().unwrap_or_default())
        }
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `duckdb_prepare_extracted_statement`, or null.
        unsafe { (self.connection.api.duckdb_destroy_prepare)(&mut self.raw) }
    }
}

/// What kind of statement it is, as far as it matters here.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum StatementKind {
    /// SELECT and what DuckDB makes one of: VALUES, FROM, SHOW, DESCRIBE.
    Select,
    /// CREATE TABLE, VIEW, SCHEMA, TYPE …
    Create,
    /// INSERT, UPDATE, DELETE, MERGE.
    Dml,
    /// Anything else.
    Other,
}

impl StatementKind {
    fn of(kind: ffi::duckdb_statement_type) -> StatementKind {
        match kind {
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_SELECT => StatementKind::Select,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_CREATE => StatementKind::Create,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_INSERT
            | ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_UPDATE
            | ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_DELETE
            | ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_MERGE_INTO => StatementKind::Dml,
            _ => StatementKind::Other,
        }
    }
}

/// What kind of result a statement gave.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum ResultKind {
    /// A count of rows changed.
    Changed,
    /// Rows.
    Rows,
    /// Nothing.
    Nothing,
}

/// The result of a statement.
pub(crate) struct QueryResult<'c> {
    connection: &'c RawConnection,
    raw: ffi::duckdb_result,
}

impl QueryResult<'_> {
    pub(crate) fn kind(&self) -> ResultKind {
        // SAFETY: the result is alive; the copy of the struct is only read.
        match unsafe { (self.connection.api.duckdb_result_return_type)(self.raw) } {
            ffi::duckdb_result_type_DUCKDB_RESULT_TYPE_CHANGED_ROWS => ResultKind::Changed,
            ffi::duckdb_result_type_DUCKDB_RESULT_TYPE_QUERY_RESULT => ResultKind::Rows,
            _ => ResultKind::Nothing,
        }
    }

    pub(crate) fn statement(&self) -> StatementKind {
        // SAFETY: as in `kind`.
        StatementKind::of(unsafe { (self.connection.api.duckdb_result_statement_type)(self.raw) })
    }

    /// The types of the columns that were really delivered.
    pub(crate) fn types(&mut self) -> Vec<ColumnType> {
        let api = self.connection.api;
        // SAFETY: the result is alive, the indexes are in range.
        unsafe {
            let count = (api.duckdb_column_count)(&mut self.raw);
            (0..count)
                .map(|i| ColumnType::take(api, (api.duckdb_column_logical_type)(&mut self.raw, i)))
                .collect()
        }
    }

    /// The next rows; `None` at the end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>, Text> {
        let api = self.connection.api;
        // SAFETY: the result is alive; the chunk is ours.
        let raw = unsafe { (api.duckdb_fetch_chunk)(self.raw) };
        if !raw.is_null() {
            return Ok(Some(Chunk { api, raw }));
        }
        match self.error() {
            Some(text) => Err(text),
            None => Ok(None),
        }
    }

    fn error(&mut self) -> Option<Text> {
        // SAFETY: the result is alive; the string is copied.
        let message = unsafe { text((self.connection.api.duckdb_result_error)(&mut self.raw)) };
        (!message.is_empty()).then_some(message)
    }
}

impl Drop for QueryResult<'_> {
    fn drop(&mut self) {
        // SAFETY: filled by an execute call, or all zero.
        unsafe { (self.connection.api.duckdb_destroy_result)(&mut self.raw) }
    }
}

/// The type of a result column, as far as reading it needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ColumnType {
    id: ffi::duckdb_type,
    alias: String,
    width: u8,
    scale: u8,
    storage: ffi::duckdb_type,
}

impl ColumnType {
    /// SAFETY: `raw` is null or an owned logical type; it is destroyed here.
    unsafe fn take(api: &Api, mut raw: ffi::duckdb_logical_type) -> ColumnType {
        let mut column = ColumnType {
            id: ffi::DUCKDB_TYPE_DUCKDB_TYPE_INVALID,
            alias: String::new(),
            width: 0,
            scale: 0,
            storage: ffi::DUCKDB_TYPE_DUCKDB_TYPE_INVALID,
        };
        if raw.is_null() {
            return column;
        }
        // SAFETY: `raw` is a logical type, alive until destroyed below; the alias is an owned string.
        unsafe {
            column.id = (api.duckdb_get_type_id)(raw);
            column.alias = owned_text(api, (api.duckdb_logical_type_get_alias)(raw));
            if column.id == ffi::DUCKDB_TYPE_DUCKDB_TYPE_DECIMAL {
                column.width = (api.duckdb_decimal_width)(raw);
                column.scale = (api.duckdb_decimal_scale)(raw);
                column.storage = (api.duckdb_decimal_internal_type)(raw);
            }
            (api.duckdb_destroy_logical_type)(&mut raw);
        }
        column
    }

    /// True when [`Chunk::cell`] can read it; every other type is to be cast to VARCHAR by DuckDB.
    pub(crate) fn is_readable(&self) -> bool {
        self.reader().is_some()
    }

    /// DuckDB's spelling, where it does not depend on parts (`DECIMAL(18,2)` does, but its parts are here).
    pub(crate) fn spelling(&self) -> Option<String> {
        let name = match self.id {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN => "BOOLEAN",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TINYINT => "TINYINT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => "SMALLINT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => "INTEGER",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => "BIGINT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => "UTINYINT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => "USMALLINT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UINTEGER => "UINTEGER",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UBIGINT => "UBIGINT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_HUGEINT => "HUGEINT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UHUGEINT => "UHUGEINT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_FLOAT => "FLOAT",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE => "DOUBLE",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR => "VARCHAR",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BLOB => "BLOB",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DATE => "DATE",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME => "TIME",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP => "TIMESTAMP",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_S => "TIMESTAMP_S",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_MS => "TIMESTAMP_MS",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_NS => "TIMESTAMP_NS",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_TZ => "TIMESTAMP WITH TIME ZONE",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME_TZ => "TIME WITH TIME ZONE",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTERVAL => "INTERVAL",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UUID => "UUID",
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DECIMAL => {
                return Some(format!("DECIMAL({},{})", self.width, self.scale));
            }
            _ => return None,
        };
        match self.alias.as_str() {
            "" => Some(name.to_owned()),
            "JSON" => Some(self.alias.clone()),
            _ => None,
        }
    }

    fn reader(&self) -> Option<Reader> {
        Some(match self.id {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN => Reader::Bool,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TINYINT => Reader::I8,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => Reader::I16,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => Reader::I32,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => Reader::I64,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => Reader::U8,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => Reader::U16,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UINTEGER => Reader::U32,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UBIGINT => Reader::U64,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_HUGEINT => Reader::I128,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UHUGEINT => Reader::U128,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_FLOAT => Reader::F32,
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE => Reader::F64,
            // An extension's type over VARCHAR may have its own text form; JSON's is its content.
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR if matches!(self.alias.as_str(), "" | "JSON") => {
                Reader::Text
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DECIMAL => match self.storage {
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => Reader::Decimal(Storage::I16),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => Reader::Decimal(Storage::I32),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => Reader::Decimal(Storage::I64),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_HUGEINT => Reader::Decimal(Storage::I128),
                _ => return None,
            },
            _ => return None,
        })
    }
}

#[derive(Copy, Clone)]
enum Reader {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    I128,
    U128,
    F32,
    F64,
    Text,
    Decimal(Storage),
}

#[derive(Copy, Clone)]
enum Storage {
    I16,
    I32,
    I64,
    I128,
}

/// Some rows of a result.
pub(crate) struct Chunk {
    api: &'static Api,
    raw: ffi::duckdb_data_chunk,
}

impl Chunk {
    pub(crate) fn rows(&self) -> usize {
        // SAFETY: the chunk is alive.
        usize::try_from(unsafe { (self.api.duckdb_data_chunk_get_size)(self.raw) }).unwrap_or(0)
    }

    /// The first `rows` cells of a column; `None` when the column's type is not readable, or there is no such column.
    pub(crate) fn column(&self, index: usize, ty: &ColumnType, rows: usize) -> Option<Vec<Value>> {
        let (api, reader) = (self.api, ty.reader()?);
        // SAFETY: the chunk is alive; the index is checked; a fetched chunk's vectors are flat and hold `size` values of the
        // column's physical type, which `reader` follows from the delivered type.
        unsafe {
            let index = index as ffi::idx_t;
            if index >= (api.duckdb_data_chunk_get_column_count)(self.raw) {
                return None;
            }
            let vector = (api.duckdb_data_chunk_get_vector)(self.raw, index);
            let data = (api.duckdb_vector_get_data)(vector);
            let validity = (api.duckdb_vector_get_validity)(vector);
            let cell = |row: usize| {
                if !validity.is_null() && !(api.duckdb_validity_row_is_valid)(validity, row as ffi::idx_t) {
                    return Value::Null;
                }
                read(api, data, row, reader, ty.scale)
            };
            Some((0..rows.min(self.rows())).map(cell).collect())
        }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: made by `duckdb_fetch_chunk`, destroyed only here.
        unsafe { (self.api.duckdb_destroy_data_chunk)(&mut self.raw) }
    }
}

/// SAFETY: `data` holds more than `row` values of the reader's physical type.
unsafe fn read(api: &Api, data: *mut c_void, row: usize, reader: Reader, scale: u8) -> Value {
    /// SAFETY: as `read`.
    unsafe fn at<T: Copy>(data: *mut c_void, row: usize) -> T {
        // SAFETY: given by the caller. Vectors are aligned for their type, but unaligned reads cost nothing here.
        unsafe { data.cast::<T>().add(row).read_unaligned() }
    }
    /// SAFETY: as `read`.
    unsafe fn huge(data: *mut c_void, row: usize) -> i128 {
        // SAFETY: given by the caller.
        let raw: ffi::duckdb_hugeint = unsafe { at(data, row) };
        (i128::from(raw.upper) << 64) | i128::from(raw.lower)
    }
    // SAFETY: each arm reads the type that the reader stands for.
    unsafe {
        match reader {
            Reader::Bool => Value::Bool(at::<u8>(data, row) != 0),
            Reader::I8 => Value::Int(at::<i8>(data, row).into()),
            Reader::I16 => Value::Int(at::<i16>(data, row).into()),
            Reader::I32 => Value::Int(at::<i32>(data, row).into()),
            Reader::I64 => Value::Int(at(data, row)),
            Reader::U8 => Value::Int(at::<u8>(data, row).into()),
            Reader::U16 => Value::Int(at::<u16>(data, row).into()),
            Reader::U32 => Value::Int(at::<u32>(data, row).into()),
            Reader::U64 => integer(i128::from(at::<u64>(data, row))),
            Reader::I128 => integer(huge(data, row)),
            Reader::U128 => {
                let raw: ffi::duckdb_uhugeint = at(data, row);
                let value = (u128::from(raw.upper) << 64) | u128::from(raw.lower);
                i128::try_from(value).map_or_else(|_| Value::Text(value.to_string()), integer)
            }
            Reader::F32 => Value::Float(widen(at(data, row))),
            Reader::F64 => Value::Float(at(data, row)),
            Reader::Text => {
                let mut raw: ffi::duckdb_string_t = at(data, row);
                let length = (api.duckdb_string_t_length)(raw) as usize;
                let bytes = (api.duckdb_string_t_data)(&mut raw).cast::<u8>();
                let bytes = if length == 0 || bytes.is_null() {
                    &[]
                } else {
                    std::slice::from_raw_parts(bytes, length)
                };
                Value::Text(String::from_utf8_lossy(bytes).into_owned())
            }
            Reader::Decimal(storage) => {
                let unscaled = match storage {
                    Storage::I16 => at::<i16>(data, row).into(),
                    Storage::I32 => at::<i32>(data, row).into(),
                    Storage::I64 => at::<i64>(data, row).into(),
                    Storage::I128 => huge(data, row),
                };
                Value::Text(decimal(unscaled, scale))
            }
        }
    }
}

fn integer(value: i128) -> Value {
    i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Int)
}

/// A 32-bit float as the 64-bit one with the same shortest decimal form: 0.1 stays 0.1, as DuckDB prints it.
fn widen(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

fn decimal(unscaled: i128, scale: u8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = unscaled.unsigned_abs().to_string();
    let scale = usize::from(scale);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let digits = format!("{digits:0>width$}", width = scale + 1);
    // The digits are ASCII and longer than `scale`.
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// A copy of a string that DuckDB keeps; empty for null.
///
/// SAFETY: `raw` is null or a NUL-terminated string.
unsafe fn text(raw: *const c_char) -> String {
    if raw.is_null() {
        return String::new();
    }
    // SAFETY: given by the caller.
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}

/// A copy of a string that DuckDB gave away, which is freed; empty for null.
///
/// SAFETY: `raw` is null or a NUL-terminated string allocated by DuckDB for us.
unsafe fn owned_text(api: &Api, raw: *mut c_char) -> String {
    // SAFETY: given by the caller; null may be freed.
    unsafe {
        let copy = text(raw);
        (api.duckdb_free)(raw.cast());
        copy
    }
}

/// The string that `get` lends for `handle`; empty when there is no handle.
///
/// SAFETY: `handle` is null or alive, and `get` may be called with it.
unsafe fn text_or_empty<T>(handle: *mut T, get: unsafe extern "C" fn(*mut T) -> *const c_char) -> String {
    if handle.is_null() {
        return String::new();
    }
    // SAFETY: given by the caller.
    unsafe { text(get(handle)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(decimal(-5, 3), "-0.005");
        assert_eq!(decimal(12345, 2), "123.45");
        assert_eq!(decimal(-7, 0), "-7");
        assert_eq!(decimal(i128::MIN, 38).len(), 41);
    }
}
