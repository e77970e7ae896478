//! The cancel token.

use crate::call::free;
use rocky_core::CancelToken;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// A flag that stops the calls it was given to. Owned by the caller, freed with `rocky_cancel_free`. One token may serve any
/// number of calls; once tripped it stays so. Tripping is safe from any thread at any time.
#[derive(Debug)]
pub struct rocky_cancel {
    pub(crate) token: CancelToken,
}

/// Make a cancel token that is not tripped.
///
/// Returns: the token, owned by the caller, freed with `rocky_cancel_free`; never NULL. Never fails. Any thread. Since 1.
#[unsafe(no_mangle)]
pub extern "C" fn rocky_cancel_new() -> *mut rocky_cancel {
    match catch_unwind(CancelToken::new) {
        Ok(token) => Box::into_raw(Box::new(rocky_cancel { token })),
        Err(_) => ptr::null_mut(),
    }
}

/// Trip a token: every running call it was given to stops soon (compiling within 20 ms; a run interrupts its queries, rolls
/// back what was being written and returns its document with `"interrupted": true`), every later call at once.
///
/// - `cancel`: borrowed; NULL is harmless.
///
/// Returns at once, without waiting for the calls. Never fails. Any thread, also in an event callback; not in a signal
/// handler. Since 1.
///
/// # Safety
/// `cancel` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_cancel_trip(cancel: *const rocky_cancel) {
    // SAFETY: contract of this function.
    if let Some(cancel) = unsafe { cancel.as_ref() } {
        let _ = catch_unwind(AssertUnwindSafe(|| cancel.token.trip()));
    }
}

/// Whether a token was tripped.
///
/// - `cancel`: borrowed, may be NULL.
///
/// Returns: true once tripped; false for NULL. Never fails. Any thread. Since 1.
///
/// # Safety
/// `cancel` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_cancel_is_tripped(cancel: *const rocky_cancel) -> bool {
    // SAFETY: contract of this function.
    unsafe { cancel.as_ref() }.is_some_and(|c| c.token.is_tripped())
}

/// Free a token. Does not trip it.
///
/// - `cancel`: owned, given up here; NULL is harmless.
///
/// Never fails. Any thread, but not while a call that was given the token is running. Since 1.
///
/// # Safety
/// `cancel` is NULL or was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_cancel_free(cancel: *mut rocky_cancel) {
    // SAFETY: contract of this function.
    unsafe { free(cancel) }
}
