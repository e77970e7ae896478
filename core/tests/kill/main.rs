//! The kill test: a run is killed before each call that changes a file, and repeated. What is in the warehouse and in the state then is what
//! an uninterrupted run leaves. So it is after two kills, a write that was done by half, a full disk and a disk that fails.
//!
//! `cargo test -p rocky-core --test kill -- merge` takes the scenarios with that word; `ROCKY_KILL=7` the seventh burst alone, and shows all;
//! `ROCKY_KILL_ALL=1` every kind of fault at every call, which takes an hour.
//! Start with [`scenario::all`]; why these are all points stands in [`calls`].
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod dump;
#[cfg(target_os = "linux")]
mod scenario;
#[cfg(target_os = "linux")]
mod test;

fn main() {
    #[cfg(target_os = "linux")]
    test::main();
}
