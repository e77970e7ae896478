//! What every exported function does around its body: check pointers, catch panics, hand out the result or the error.

use crate::error::rocky_error;
use crate::status::rocky_status;
use rocky_core::document::{ErrorBody, ErrorDocument};
use std::any::Any;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// Why a call failed: an error of the core, or a misuse of this ABI.
#[derive(Debug)]
pub(crate) enum Failure {
    Core(rocky_core::Error),
    InvalidArgument(String),
}

impl From<rocky_core::Error> for Failure {
    fn from(error: rocky_core::Error) -> Failure {
        Failure::Core(error)
    }
}

impl Failure {
    /// The status and the document, for an error of `command`.
    pub(crate) fn document(&self, command: &str) -> (rocky_status, ErrorDocument) {
        match self {
            Failure::Core(error) => (rocky_status::of(error.kind), ErrorDocument::of(command, error)),
            Failure::InvalidArgument(message) => {
                let status = rocky_status::InvalidArgument;
                let error = ErrorBody {
                    code: status.name().to_string_lossy().into_owned(),
                    message: message.clone(),
                    remediation_hint: None,
                    detail: None,
                };
                let version = rocky_core::VERSION.to_owned();
                let schema_version = rocky_core::SCHEMA_VERSION;
                (
                    status,
                    ErrorDocument {
                        version,
                        command: command.to_owned(),
                        schema_version,
                        error,
                    },
                )
            }
        }
    }
}

/// Run the body of an exported function. Exactly one of `*out` and `*error` is set at the end, the other is NULL.
///
/// # Safety
/// `out` and `error` are each NULL or may be written.
pub(crate) unsafe fn entry<T>(
    command: &str,
    out: *mut *mut T,
    error: *mut *mut rocky_error,
    body: impl FnOnce() -> Result<T, Failure>,
) -> rocky_status {
    if !out.is_null() {
        // SAFETY: not NULL, so it may be written (contract of this function).
        unsafe { out.write(ptr::null_mut()) };
    }
    if !error.is_null() {
        // SAFETY: not NULL, so it may be written (contract of this function).
        unsafe { error.write(ptr::null_mut()) };
    }
    // What a panic leaves half done is behind locks that ignore poisoning on purpose, or is dropped here.
    let result = catch_unwind(AssertUnwindSafe(|| {
        if out.is_null() {
            return Err(Failure::InvalidArgument("`out` is NULL".to_owned()));
        }
        body()
    }));
    let failure = match result {
        Ok(Ok(value)) => {
            // SAFETY: the body was only run with `out` not NULL.
            unsafe { out.write(Box::into_raw(Box::new(value))) };
            return rocky_status::Ok;
        }
        Ok(Err(failure)) => failure,
        Err(panic) => Failure::Core(bug(panic)),
    };
    let (status, document) = failure.document(command);
    if !error.is_null() {
        let object = Box::new(rocky_error::new(status, &document));
        // SAFETY: not NULL, so it may be written (contract of this function).
        unsafe { error.write(Box::into_raw(object)) };
    }
    status
}

/// Give back a handle made by [`entry`]; NULL is nothing.
///
/// # Safety
/// `handle` is NULL or came from `Box::into_raw` and was not given back yet.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: contract of this function.
        let handle = unsafe { Box::from_raw(handle) };
        // Dropping joins threads and closes databases: a panic there must not leave either.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(handle)));
    }
}

/// Borrow a text argument. NULL with length 0 is the empty text.
///
/// # Safety
/// `data` is NULL or `len` bytes behind it may be read for as long as `'a`.
pub(crate) unsafe fn text<'a>(name: &str, data: *const c_char, len: usize) -> Result<&'a str, Failure> {
    if data.is_null() {
        return match len {
            0 => Ok(""),
            _ => Err(Failure::InvalidArgument(format!(
                "`{name}` is NULL, but `{name}_len` is {len}"
            ))),
        };
    }
    if isize::try_from(len).is_err() {
        return Err(Failure::InvalidArgument(format!(
            "`{name}_len` is {len}, more than memory can hold"
        )));
    }
    // SAFETY: not NULL, and the length is possible (checked above) and true (contract of this function).
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) };
    std::str::from_utf8(bytes)
        .map_err(|e| Failure::InvalidArgument(format!("`{name}` is not UTF-8 from byte {}", e.valid_up_to())))
}

/// Borrow a handle that must be there.
///
/// # Safety
/// `handle` is NULL or points to a live handle for as long as `'a`.
pub(crate) unsafe fn handle<'a, T>(name: &str, handle: *const T) -> Result<&'a T, Failure> {
    // SAFETY: contract of this function.
    unsafe { handle.as_ref() }.ok_or_else(|| Failure::InvalidArgument(format!("`{name}` is NULL")))
}

fn bug(panic: Box<dyn Any + Send>) -> rocky_core::Error {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a text".to_owned(),
    };
    rocky_core::Error::bug(format!("internal error: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{rocky_error_free, rocky_error_message, rocky_error_status};
    use std::ffi::CStr;

    #[test]
    fn a_panic_becomes_a_status_and_an_error_object() {
        let (mut out, mut error) = (ptr::dangling_mut::<u8>(), ptr::null_mut());
        let body = || -> Result<u8, Failure> { std::panic::resume_unwind(Box::new("the message")) };
        // SAFETY: both pointers are to locals.
        let status = unsafe { entry("compile", &raw mut out, &raw mut error, body) };
        assert_eq!(status, rocky_status::Bug);
        assert!(out.is_null());
        // SAFETY: the error was just made.
        unsafe {
            assert_eq!(rocky_error_status(error), rocky_status::Bug);
            let message = CStr::from_ptr(rocky_error_message(error)).to_str().unwrap();
            assert_eq!(message, "internal error: the message");
            rocky_error_free(error);
        }
    }

    #[test]
    fn a_panic_while_freeing_stays_inside() {
        struct Bad;
        impl Drop for Bad {
            fn drop(&mut self) {
                std::panic::resume_unwind(Box::new(()));
            }
        }
        // SAFETY: a box that was just made.
        unsafe { free(Box::into_raw(Box::new(Bad))) };
    }
}
