//! The owned result of a verb.

use crate::call::free;
use std::ffi::c_char;
use std::ptr;

/// A document: UTF-8 JSON. Made by a successful call, owned by the caller, freed with `rocky_buf_free`. Immutable: any number
/// of threads may read it.
#[derive(Debug)]
pub struct rocky_buf {
    // With a NUL at the end that is not counted.
    bytes: Vec<u8>,
}

impl rocky_buf {
    /// Take over a text.
    pub(crate) fn new(text: String) -> rocky_buf {
        let mut bytes = text.into_bytes();
        bytes.push(0);
        rocky_buf { bytes }
    }
}

/// The bytes of a document.
///
/// - `buf`: borrowed, may be NULL.
///
/// Returns: `rocky_buf_len` bytes of UTF-8 and then a NUL, borrowed from `buf`; JSON holds no other NUL. NULL for NULL. Never
/// fails. Any thread. Since 1.
///
/// # Safety
/// `buf` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_buf_data(buf: *const rocky_buf) -> *const c_char {
    // SAFETY: contract of this function.
    unsafe { buf.as_ref() }.map_or(ptr::null(), |b| b.bytes.as_ptr().cast())
}

/// The number of bytes of a document, without the NUL at its end.
///
/// - `buf`: borrowed, may be NULL.
///
/// Returns: the number; 0 for NULL. Never fails. Any thread. Since 1.
///
/// # Safety
/// `buf` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_buf_len(buf: *const rocky_buf) -> usize {
    // SAFETY: contract of this function.
    unsafe { buf.as_ref() }.map_or(0, |b| b.bytes.len().saturating_sub(1))
}

/// Free a document.
///
/// - `buf`: owned, given up here; NULL is harmless.
///
/// Never fails. Any thread, but no other may be reading the document. Since 1.
///
/// # Safety
/// `buf` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_buf_free(buf: *mut rocky_buf) {
    // SAFETY: contract of this function.
    unsafe { free(buf) }
}
