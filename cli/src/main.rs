//! The `rocky` command: parses arguments, calls a verb of `rocky-core`, renders the answer. Holds no rule of the engine.
//!
//! Invariant: in JSON mode stdout is exactly one JSON document, errors included; everything else goes to stderr.

mod args;
mod command;
mod output;
mod page;
mod partitions;
mod progress;
mod render;

use clap::Parser;
use rocky_core::CancelToken;
use std::process::ExitCode;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};

// A compile is a million small allocations; the system's allocator costs a fifth of it. The library never sets one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Small pages for this process. The allocator asks for huge ones, which the kernel fills with zeros when the first byte of each is
/// touched: a third of the memory of a compile, and a quarter of its time, would be for pages that are hardly used.
#[cfg(target_os = "linux")]
extern "C" fn small_pages() {
    // SAFETY: the calls take five numbers and no pointers; when the kernel refuses, nothing has changed.
    unsafe {
        // Whoever started this process may have said so already: then it is not ours to take back.
        if libc::prctl(libc::PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0
        {
            OURS.store(true, Ordering::Relaxed);
        }
    }
}

/// That pages are small was said here.
#[cfg(target_os = "linux")]
static OURS: AtomicBool = AtomicBool::new(false);

/// Before the first allocation, which is made before `main`: alone it would fill three huge pages.
#[cfg(target_os = "linux")]
// SAFETY: the section holds pointers to functions that are called before `main`; this one needs nothing to be set up.
#[unsafe(link_section = ".init_array")]
#[used]
static BEFORE_MAIN: extern "C" fn() = small_pages;

/// Huge pages again, for verbs that execute models: DuckDB makes good use of them.
fn huge_pages() {
    #[cfg(target_os = "linux")]
    if OURS.load(Ordering::Relaxed) {
        // SAFETY: as above.
        unsafe {
            libc::prctl(libc::PR_SET_THP_DISABLE, 0, 0, 0, 0);
        }
    }
}

/// Give freed memory back soon: what one phase of a compile needed is seldom what the next one needs. The default of a second means
/// never.
fn give_back() {
    // SAFETY: sets a number inside the allocator, which may be changed at any time, and gives back what is free now: a return that is
    // planned already would be waited for.
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, PURGE_MS);
        libmimalloc_sys::mi_collect(true);
    }
}

/// `mi_option_purge_delay` of mimalloc 3, which the binding does not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Milliseconds. With fewer, memory that the next phase takes again is given back and filled with zeros anew: at 5 a tenth of the pages
/// of a compile that finds its cache; with more, the peak of a plan grows.
const PURGE_MS: std::ffi::c_long = 30;

/// The end of a process that has written its answer: destructors of libraries would be for nothing.
fn leave(code: u8) -> ! {
    use std::io::Write;
    let _ = std::io::stdout().flush();
    let _ = std::io::stderr().flush();
    #[cfg(unix)]
    // SAFETY: ends the process; nothing is buffered, and no database is open.
    unsafe {
        libc::_exit(i32::from(code))
    }
    #[cfg(not(unix))]
    std::process::exit(i32::from(code))
}

fn main() -> ExitCode {
    let args = args::Args::parse();
    let executes = args.command.executes();
    match executes {
        true => huge_pages(),
        false => give_back(),
    }
    let cancel = CancelToken::new();
    let token = cancel.clone();
    // A second Ctrl-C does not wait for statements to be rolled back.
    let installed = ctrlc::set_handler(move || {
        if token.is_tripped() {
            std::process::exit(i32::from(output::INTERRUPTED));
        }
        output::note("interrupted: waiting for running statements to stop (Ctrl-C again to leave at once)");
        token.trip();
    });
    if let Err(error) = installed {
        output::note(&format!("Ctrl-C will not stop cleanly: {error}"));
    }
    let code = command::run(args, &cancel);
    if !executes {
        leave(code);
    }
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    /// The number of the option is taken from mimalloc's header: another version may count otherwise.
    #[test]
    fn the_option_is_the_delay_of_a_second() {
        // SAFETY: reads a number.
        assert_eq!(
            unsafe { libmimalloc_sys::mi_option_get(super::PURGE_DELAY) },
            1000
        );
        super::give_back();
        // SAFETY: as above.
        assert_eq!(
            unsafe { libmimalloc_sys::mi_option_get(super::PURGE_DELAY) },
            super::PURGE_MS
        );
    }
}
