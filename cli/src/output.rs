//! Writing: one place for stdout and stderr, so that a closed pipe ends the program quietly and colour is decided once.

use crate::args::{Args, Colour, Format};
use rocky_core::document::ErrorDocument;
use rocky_core::{Error, ErrorKind};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Exit code: done.
pub const OK: u8 = 0;
/// Exit code: failed.
pub const FAILED: u8 = 1;
/// Exit code: some models failed, others did not.
pub const PARTIAL: u8 = 2;
/// Exit code: the request makes no sense. The command line's own parser gives the same.
pub const USAGE: u8 = 2;
/// Exit code: interrupted.
pub const INTERRUPTED: u8 = 130;

/// Where and how to print.
pub struct Output {
    /// The format.
    pub format: Format,
    /// Colour on stdout.
    pub colour: bool,
    /// Colour on stderr.
    pub colour_err: bool,
}

impl Output {
    /// From the arguments and what stdout is.
    pub fn new(args: &Args) -> Output {
        let terminal = io::stdout().is_terminal();
        let format = args
            .output
            .unwrap_or(if terminal { Format::Table } else { Format::Json });
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let colour = |terminal: bool| match args.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !no_colour,
        };
        Output {
            format,
            colour: colour(terminal),
            colour_err: colour(io::stderr().is_terminal()),
        }
    }

    /// True in JSON mode.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// True when documents are written without spaces, for programs.
    pub fn is_compact(&self) -> bool {
        self.is_json() && !io::stdout().is_terminal()
    }

    /// Print a document in JSON mode, else what `text` makes.
    pub fn document(&self, document: &impl Serialize, text: impl FnOnce() -> String) {
        if self.is_json() {
            self.json(document);
        } else {
            print(&text());
        }
    }

    /// Print a document as JSON in any mode.
    pub fn json(&self, document: &impl Serialize) {
        let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
        // Indented for eyes only: for ten thousand models the spaces are half of it.
        let written = if io::stdout().is_terminal() {
            serde_json::to_writer_pretty(&mut out, document)
        } else {
            serde_json::to_writer(&mut out, document)
        };
        match written {
            Err(error) if !error.is_io() => {
                note(&format!("the document cannot be written as JSON: {error}"));
            }
            written => finish(
                written
                    .map_err(io::Error::from)
                    .and_then(|()| out.write_all(b"\n"))
                    .and_then(|()| out.flush()),
            ),
        }
    }

    /// Print a document that writes itself as JSON.
    pub fn written(&self, write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) {
        let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout());
        finish(
            write(&mut out)
                .and_then(|()| out.write_all(b"\n"))
                .and_then(|()| out.flush()),
        );
    }

    /// Print an error and give its exit code.
    pub fn error(&self, command: &str, error: &Error) -> u8 {
        if self.is_json() {
            print(&format!("{}\n", ErrorDocument::of(command, error).to_value()));
            // Scripts that show the end of stderr have something to show.
            note(&format!("error: {}", error.message));
        } else {
            let (bold, red, reset) = if self.colour_err {
                ("\x1b[1m", "\x1b[1;31m", "\x1b[0m")
            } else {
                ("", "", "")
            };
            note(&format!("{red}error{reset}{bold}: {}{reset}", error.message));
            if let Some(hint) = &error.hint {
                note(&format!("{bold}help{reset}: {hint}"));
            }
        }
        match error.kind {
            ErrorKind::Cancelled => INTERRUPTED,
            ErrorKind::Usage => USAGE,
            _ => FAILED,
        }
    }
}

/// Print to stdout; a reader that has gone away ends the program without noise.
pub fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    finish(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
}

/// End the program when stdout cannot be written: in silence when its reader has gone away.
fn finish(written: io::Result<()>) {
    if let Err(error) = written {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(i32::from(OK));
        }
        note(&format!("stdout: {error}"));
        std::process::exit(i32::from(FAILED));
    }
}

/// Print a line to stderr; nothing can be done when that fails.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
