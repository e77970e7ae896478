//! Tests of the DuckDB adapter against the real library. One executable: linking costs more than running.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::print_stdout,
    reason = "the second process tells the first that it is ready"
)]

mod attach;
mod catalog;
mod files;
mod statements;
mod support;
