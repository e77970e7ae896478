//! The `rocky` command: parses arguments, calls a verb of `rocky-core`, renders the answer. Holds no rule of the engine.
//!
//! Invariant: in JSON mode stdout is exactly one JSON document, errors included; everything else goes to stderr.

mod args;
mod command;
mod output;
mod partitions;
mod progress;
mod render;

use clap::Parser;
use rocky_core::CancelToken;
use std::process::ExitCode;

// A compile is a million small allocations; the system's allocator costs a fifth of it. The library never sets one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
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
