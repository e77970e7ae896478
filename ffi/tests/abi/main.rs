//! The C ABI from outside: the header, the exported symbols, every function through its C signature, and programs in C, C++
//! and Go that are compiled against the built library and run. One binary, so that Cargo keeps `librocky.so` beside it in
//! step; where a test needs a compiler, a missing one is a failure that says how to get it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod api;
mod c_programs;
mod cancel;
mod go;
mod go_types;
mod header;
mod misuse;
mod support;
mod verbs;
