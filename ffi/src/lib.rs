//! The C ABI of rocky: what `librocky` exports and `include/rocky.h` declares.
//!
//! Only conversion: text in, a call of [`rocky_core::Project`], an owned buffer or an owned error out. Invariants: no panic
//! leaves an exported function ([`call`] catches), nothing is kept per thread, and what is exported is never changed, only
//! added to. Doc comments of exported items become the header; start reading at [`project`].

#![allow(non_camel_case_types, reason = "names as C spells them")]

pub mod buf;
pub mod call;
pub mod cancel;
pub mod engine;
pub mod error;
pub mod project;
pub mod status;

use std::ffi::{CStr, c_char};

/// Version of this header. Raised when something is added; a library serves programs that were built for it or for an
/// earlier one.
pub const ROCKY_ABI_VERSION: u32 = 1;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => c"",
};

/// Version of the ABI that the loaded library serves. A program can run with it when this is at least the
/// `ROCKY_ABI_VERSION` it was compiled with.
///
/// Never fails. Any thread. Since 1.
#[unsafe(no_mangle)]
pub extern "C" fn rocky_abi_version() -> u32 {
    ROCKY_ABI_VERSION
}

/// Version of the engine, e.g. `2.0.0`, which also stands in each document.
///
/// Returns: NUL-terminated text, valid as long as the library is loaded, not to be freed. Never fails. Any thread. Since 1.
#[unsafe(no_mangle)]
pub extern "C" fn rocky_version() -> *const c_char {
    VERSION.as_ptr()
}
