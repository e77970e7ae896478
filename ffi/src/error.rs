//! The error object: everything about a failed call, owned by the caller.

use crate::call::free;
use crate::status::rocky_status;
use rocky_core::document::ErrorDocument;
use std::ffi::{CString, c_char};
use std::ptr;

/// Why a call failed. Made by a failing call, owned by the caller, freed with `rocky_error_free`. Immutable: any number of
/// threads may read it.
#[derive(Debug)]
pub struct rocky_error {
    status: rocky_status,
    message: CString,
    hint: Option<CString>,
    json: CString,
}

/// A NUL inside becomes U+FFFD.
fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

impl rocky_error {
    pub(crate) fn new(status: rocky_status, document: &ErrorDocument) -> rocky_error {
        rocky_error {
            status,
            message: c_string(&document.error.message),
            hint: document.error.remediation_hint.as_deref().map(c_string),
            json: c_string(&document.to_json()),
        }
    }
}

/// The status that the failed call returned.
///
/// - `error`: borrowed, may be NULL.
///
/// Returns: the status; `ROCKY_STATUS_OK` for NULL. Never fails. Any thread. Since 1.
///
/// # Safety
/// `error` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_error_status(error: *const rocky_error) -> rocky_status {
    // SAFETY: contract of this function.
    unsafe { error.as_ref() }.map_or(rocky_status::Ok, |e| e.status)
}

/// The word for the class of the error, e.g. `not_found`: `error.code` of the document.
///
/// - `error`: borrowed, may be NULL.
///
/// Returns: NUL-terminated text, valid as long as the library is loaded, not to be freed; `ok` for NULL. Never fails. Any
/// thread. Since 1.
///
/// # Safety
/// `error` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_error_code(error: *const rocky_error) -> *const c_char {
    // SAFETY: contract of this function.
    unsafe { error.as_ref() }
        .map_or(rocky_status::Ok, |e| e.status)
        .name()
        .as_ptr()
}

/// What is wrong: one sentence for people, which names the thing and the value.
///
/// - `error`: borrowed, may be NULL.
///
/// Returns: NUL-terminated UTF-8, borrowed from `error`; NULL for NULL. Never fails. Any thread. Since 1.
///
/// # Safety
/// `error` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_error_message(error: *const rocky_error) -> *const c_char {
    // SAFETY: contract of this function.
    unsafe { error.as_ref() }.map_or(ptr::null(), |e| e.message.as_ptr())
}

/// What to do about it: one imperative sentence.
///
/// - `error`: borrowed, may be NULL.
///
/// Returns: NUL-terminated UTF-8, borrowed from `error`; NULL when there is no advice, and for NULL. Never fails. Any thread.
/// Since 1.
///
/// # Safety
/// `error` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_error_hint(error: *const rocky_error) -> *const c_char {
    // SAFETY: contract of this function.
    unsafe { error.as_ref() }
        .and_then(|e| e.hint.as_deref())
        .map_or(ptr::null(), |h| h.as_ptr())
}

/// The whole error as a JSON document: `{version, command, schema_version, error: {code, message, remediation_hint?,
/// detail?}}`, what the command line prints with `--output json`.
///
/// - `error`: borrowed, may be NULL.
///
/// Returns: NUL-terminated UTF-8, borrowed from `error`; NULL for NULL. Never fails. Any thread. Since 1.
///
/// # Safety
/// `error` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_error_json(error: *const rocky_error) -> *const c_char {
    // SAFETY: contract of this function.
    unsafe { error.as_ref() }.map_or(ptr::null(), |e| e.json.as_ptr())
}

/// Free an error object.
///
/// - `error`: owned, given up here; NULL is harmless.
///
/// Never fails. Any thread, but no other may be reading the object. Since 1.
///
/// # Safety
/// `error` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_error_free(error: *mut rocky_error) {
    // SAFETY: contract of this function.
    unsafe { free(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_inside_a_message_does_not_cut_it() {
        assert_eq!(c_string("a\0b").to_str().unwrap(), "a\u{fffd}b");
    }
}
