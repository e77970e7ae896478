//! The engine handle.

use crate::call::{entry, free, text};
use crate::error::rocky_error;
use crate::status::rocky_status;
use rocky_core::{Engine, EngineOptions, Error};
use serde::Deserialize;
use std::ffi::c_char;

/// The thread pool and the registries that projects share. A program usually has one. Owned by the caller, freed with
/// `rocky_engine_free`.
#[derive(Debug)]
pub struct rocky_engine {
    pub(crate) engine: Engine,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    threads: Option<usize>,
}

/// Make an engine and start its threads.
///
/// - `options`, `options_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"threads": 4}`: threads for compiling,
///   by default the number of cores.
/// - `out`: receives the engine, owned by the caller, freed with `rocky_engine_free`; NULL on failure.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE` (malformed or unknown options), `IO` (threads cannot be started), `INVALID_ARGUMENT`. Any thread. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_engine_new(
    options: *const c_char,
    options_len: usize,
    out: *mut *mut rocky_engine,
    error: *mut *mut rocky_error,
) -> rocky_status {
    // SAFETY: contract of this function.
    unsafe {
        entry("engine", out, error, || {
            let options = text("options", options, options_len)?;
            rocky_core::project::object("options", options)?;
            let options: Options = match options.trim() {
                "" => Options::default(),
                json => serde_json::from_str(json).map_err(|e| {
                    Error::usage(format!("options are not valid: {e}")).hint("write e.g. {\"threads\": 4}")
                })?,
            };
            let engine = Engine::new(&EngineOptions {
                threads: options.threads,
            })?;
            Ok(rocky_engine { engine })
        })
    }
}

/// Free an engine. Projects opened with it stay usable: its threads end when the last of them is closed.
///
/// - `engine`: owned, given up here; NULL is harmless.
///
/// Never fails. Any thread, but not while `rocky_project_open` is using the engine, and not in an event callback. Since 1.
///
/// # Safety
/// `engine` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_engine_free(engine: *mut rocky_engine) {
    // SAFETY: contract of this function.
    unsafe { free(engine) }
}
