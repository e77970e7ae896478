//! The remote state through the command line, on real S3 and Redis servers, with a proxy between that fails in every way that
//! networks and servers fail. What is asked each time: is anything lost, is it said, and does the next run go on right.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod machine;
mod proxy;
mod s3;
mod servers;
mod tiered;
mod tls;
mod valkey;
