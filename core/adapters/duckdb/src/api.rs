//! DuckDB's C API as a table of functions, so that a program starts without DuckDB: on Linux the library is loaded when the first
//! database is opened. Everywhere else, and in a build with DuckDB compiled in, the table holds the linked functions.
//!
//! Invariant: no function of DuckDB is named outside of this table. One that is would make the linker ask for the library at every
//! start. Whoever holds a handle of DuckDB holds the table too, so no call can come before the library.

use libduckdb_sys::*;
use rocky_base::Result;
use std::ffi::{c_char, c_void};

/// The one version that everything else (types, functions, file format) was checked with.
pub(crate) const VERSION: &str = "v1.5.5";

macro_rules! api {
    ($(fn $name:ident($($type:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions that the adapter calls, under their own names.
        pub(crate) struct Api {
            $(pub(crate) $name: unsafe extern "C" fn($($type),*) $(-> $result)?,)*
        }

        // The bindings have the same signatures. A constant that nobody uses makes no symbol.
        $(const _: unsafe extern "C" fn($($type),*) $(-> $result)? = libduckdb_sys::$name;)*

        #[cfg(not(duckdb_is_loaded))]
        static LINKED: Api = Api { $($name: libduckdb_sys::$name,)* };

        #[cfg(duckdb_is_loaded)]
        impl Api {
            /// The table of what `find` finds, or the name of what it does not.
            ///
            /// SAFETY: `find` gives addresses of DuckDB's own functions of these names, of the version of the bindings.
            pub(crate) unsafe fn from_library(
                find: impl Fn(&'static std::ffi::CStr) -> Option<std::ptr::NonNull<c_void>>,
            ) -> std::result::Result<Api, &'static std::ffi::CStr> {
                Ok(Api {
                    $($name: {
                        const NAME: &std::ffi::CStr = c_name(concat!(stringify!($name), "\0"));
                        let address = find(NAME).ok_or(NAME)?;
                        // SAFETY: given by the caller; the signature is that of the bindings, see above.
                        unsafe {
                            std::mem::transmute::<
                                std::ptr::NonNull<c_void>,
                                unsafe extern "C" fn($($type),*) $(-> $result)?,
                            >(address)
                        }
                    },)*
                })
            }
        }
    };
}

api! {
    fn duckdb_close(*mut duckdb_database);
    fn duckdb_column_count(*mut duckdb_result) -> idx_t;
    fn duckdb_column_logical_type(*mut duckdb_result, idx_t) -> duckdb_logical_type;
    fn duckdb_connect(duckdb_database, *mut duckdb_connection) -> duckdb_state;
    fn duckdb_create_config(*mut duckdb_config) -> duckdb_state;
    fn duckdb_create_instance_cache() -> duckdb_instance_cache;
    fn duckdb_data_chunk_get_column_count(duckdb_data_chunk) -> idx_t;
    fn duckdb_data_chunk_get_size(duckdb_data_chunk) -> idx_t;
    fn duckdb_data_chunk_get_vector(duckdb_data_chunk, idx_t) -> duckdb_vector;
    fn duckdb_decimal_internal_type(duckdb_logical_type) -> duckdb_type;
    fn duckdb_decimal_scale(duckdb_logical_type) -> u8;
    fn duckdb_decimal_width(duckdb_logical_type) -> u8;
    fn duckdb_destroy_config(*mut duckdb_config);
    fn duckdb_destroy_data_chunk(*mut duckdb_data_chunk);
    fn duckdb_destroy_extracted(*mut duckdb_extracted_statements);
    fn duckdb_destroy_logical_type(*mut duckdb_logical_type);
    fn duckdb_destroy_prepare(*mut duckdb_prepared_statement);
    fn duckdb_destroy_result(*mut duckdb_result);
    fn duckdb_disconnect(*mut duckdb_connection);
    fn duckdb_execute_prepared(duckdb_prepared_statement, *mut duckdb_result) -> duckdb_state;
    fn duckdb_extract_statements(duckdb_connection, *const c_char, *mut duckdb_extracted_statements) -> idx_t;
    fn duckdb_extract_statements_error(duckdb_extracted_statements) -> *const c_char;
    fn duckdb_fetch_chunk(duckdb_result) -> duckdb_data_chunk;
    fn duckdb_free(*mut c_void);
    fn duckdb_get_or_create_from_cache(duckdb_instance_cache, *const c_char, *mut duckdb_database, duckdb_config, *mut *mut c_char) -> duckdb_state;
    fn duckdb_get_type_id(duckdb_logical_type) -> duckdb_type;
    fn duckdb_interrupt(duckdb_connection);
    fn duckdb_library_version() -> *const c_char;
    fn duckdb_logical_type_get_alias(duckdb_logical_type) -> *mut c_char;
    fn duckdb_prepare_error(duckdb_prepared_statement) -> *const c_char;
    fn duckdb_prepare_extracted_statement(duckdb_connection, duckdb_extracted_statements, idx_t, *mut duckdb_prepared_statement) -> duckdb_state;
    fn duckdb_prepared_statement_column_count(duckdb_prepared_statement) -> idx_t;
    fn duckdb_prepared_statement_column_logical_type(duckdb_prepared_statement, idx_t) -> duckdb_logical_type;
    fn duckdb_prepared_statement_column_name(duckdb_prepared_statement, idx_t) -> *const c_char;
    fn duckdb_prepared_statement_type(duckdb_prepared_statement) -> duckdb_statement_type;
    fn duckdb_result_error(*mut duckdb_result) -> *const c_char;
    fn duckdb_result_return_type(duckdb_result) -> duckdb_result_type;
    fn duckdb_result_statement_type(duckdb_result) -> duckdb_statement_type;
    fn duckdb_set_config(duckdb_config, *const c_char, *const c_char) -> duckdb_state;
    fn duckdb_string_t_data(*mut duckdb_string_t) -> *const c_char;
    fn duckdb_string_t_length(duckdb_string_t) -> u32;
    fn duckdb_validity_row_is_valid(*mut u64, idx_t) -> bool;
    fn duckdb_vector_get_data(duckdb_vector) -> *mut c_void;
    fn duckdb_vector_get_validity(duckdb_vector) -> *mut u64;
}

/// The table; the first call that succeeds loads the library, which stays for the life of the process.
///
/// Errors: `NotFound`, `Io`, `Unsupported` when there is no library, it cannot be loaded, or it is another version.
#[cfg(duckdb_is_loaded)]
pub(crate) fn api() -> Result<&'static Api> {
    static API: std::sync::OnceLock<Api> = std::sync::OnceLock::new();
    if let Some(api) = API.get() {
        return Ok(api);
    }
    // Two threads that load at once get the same library. A failure is not kept: the file may be there at the next try.
    let api = crate::load::load()?;
    Ok(API.get_or_init(|| api))
}

/// The table of the linked functions. Errors: `Unsupported` when the library that the system linked is another version.
#[cfg(not(duckdb_is_loaded))]
pub(crate) fn api() -> Result<&'static Api> {
    // SAFETY: returns a static string.
    let version = unsafe { std::ffi::CStr::from_ptr((LINKED.duckdb_library_version)()) };
    let version = version.to_string_lossy();
    if version != VERSION {
        return Err(wrong_version(&version, None));
    }
    Ok(&LINKED)
}

/// A library of another version, and its file where it is known.
pub(crate) fn wrong_version(found: &str, file: Option<&str>) -> rocky_base::Error {
    let file = file.map(|f| format!(" ({f})")).unwrap_or_default();
    rocky_base::Error::new(
        rocky_base::ErrorKind::Unsupported,
        format!("DuckDB's library in this process is {found}{file}, but rocky needs {VERSION}"),
    )
    .hint(format!(
        "give rocky DuckDB {VERSION}; where another part of the program brings a DuckDB, make both use {VERSION}, or open \
         rocky's database before that part is loaded"
    ))
}

/// A C string of a text with its NUL.
#[cfg(duckdb_is_loaded)]
const fn c_name(text: &str) -> &std::ffi::CStr {
    match std::ffi::CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(name) => name,
        Err(_) => c"",
    }
}
