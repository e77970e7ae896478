//! The `rocky` command: parses arguments, calls a verb of `rocky-core`, renders the answer. Holds no rule of the engine.
//!
//! Invariant: in JSON mode stdout is exactly one JSON document, errors included; everything else goes to stderr.

mod args;
mod command;
mod output;
mod progress;
mod render;

use clap::Parser;
use rocky_core::CancelToken;
use std::process::ExitCode;

// A compile is a million small allocations; the system's allocator costs a fifth of it. The library never sets one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Small pages for this process. The allocator asks for huge ones, which the kernel fills with zeros when the first byte of each is
/// touched: a third of the memory of a compile, and a quarter of its time, would be for pages that are hardly used.
/// Verbs that execute models are left as they are: DuckDB makes good use of huge pages.
fn small_pages() {
    #[cfg(target_os = "linux")]
    // SAFETY: the call takes four numbers and no pointers; when the kernel refuses, nothing has changed.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
}

fn main() -> ExitCode {
    let args = args::Args::parse();
    if !args.command.executes() {
        small_pages();
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
    ExitCode::from(command::run(args, &cancel))
}
