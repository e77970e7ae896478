//! Writing: one place for stdout and stderr, so that a closed pipe ends the program quietly and colour is decided once.

use crate::args::{Args, Colour, Format};
use rocky_core::document::ErrorDocument;
use rocky_core::{Error, ErrorKind};
use serde::Serialize;
use std::borrow::Cow;
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
            let text = text();
            print(&if self.colour { tame(&text) } else { plain(&text) });
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
    let _ = writeln!(io::stderr().lock(), "{}", tame(text));
}

/// A text for people, without what would make a terminal do something: values of rows stand in messages of the warehouse. Colours and
/// weights, which are ours, stay; other control characters are written out.
pub fn tame(text: &str) -> Cow<'_, str> {
    written_out(text, style)
}

/// The same where nothing has a colour.
fn plain(text: &str) -> Cow<'_, str> {
    written_out(text, |_| None)
}

fn written_out(text: &str, style: fn(&str) -> Option<usize>) -> Cow<'_, str> {
    let wild = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(wild) {
        return Cow::Borrowed(text);
    }
    let mut tamed = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(wild) {
        let (before, from) = rest.split_at(at);
        tamed.push_str(before);
        if let Some(length) = style(from) {
            let (style, after) = from.split_at(length);
            tamed.push_str(style);
            rest = after;
            continue;
        }
        let mut chars = from.chars();
        match chars.next() {
            // The end of a line as some systems write it.
            Some('\r') if chars.as_str().starts_with('\n') => {}
            Some(c) => tamed.extend(c.escape_default()),
            None => {}
        }
        rest = chars.as_str();
    }
    tamed.push_str(rest);
    Cow::Owned(tamed)
}

/// How long the style is with which a text begins: bold, dim, a colour or the end of them, as this program writes them.
fn style(text: &str) -> Option<usize> {
    let codes = text.strip_prefix("\x1b[")?;
    let end = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    (codes.get(end..)?.starts_with('m') && end <= 5).then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::{plain, tame};

    #[test]
    fn a_message_makes_a_terminal_do_nothing() {
        let cases = [
            ("plain\n\tline é", "plain\n\tline é"),
            ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
            ("a\x1b[2Jb\x07c\u{9b}d", "a\\u{1b}[2Jb\\u{7}c\\u{9b}d"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("over\rwritten\r\n", "over\\rwritten\n"),
            ("\x1b[", "\\u{1b}["),
        ];
        for (text, expected) in cases {
            assert_eq!(tame(text), expected);
        }
        assert_eq!(plain("\x1b[31mred"), "\\u{1b}[31mred");
    }
}
