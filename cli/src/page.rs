//! Pages that a command writes to a file: none is left half written, and what is not such a page is not replaced without being asked to.

use rocky_core::{Error, ErrorKind, Host, Result};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// What stands at the head of every page of rocky's.
const MARK: &[u8] = b"<meta name=\"generator\" content=\"rocky\">";
/// It stands in the first so many bytes.
const HEAD: u64 = 1 << 10;

/// What may be replaced.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Over {
    /// Pages that rocky wrote, and files without contents.
    Pages,
    /// Any file.
    Anything,
}

impl Over {
    /// What `--force` means.
    pub fn forced(force: bool) -> Over {
        match force {
            true => Over::Anything,
            false => Over::Pages,
        }
    }
}

/// Write a page to a file: all of it, or nothing.
pub fn write(file: &str, page: &str, over: Over) -> Result<()> {
    let path = Path::new(file);
    let failed = |error: io::Error| {
        Error::new(ErrorKind::Io, format!("{file} cannot be written: {error}"))
            .hint("name a file in a folder that exists and may be written to")
    };
    let there = std::fs::metadata(path).ok();
    // A pipe or a terminal.
    if there.as_ref().is_some_and(|m| !m.is_file() && !m.is_dir()) {
        let out = File::options().write(true).open(path);
        return out
            .and_then(|mut out| out.write_all(page.as_bytes()))
            .map_err(failed);
    }
    if over == Over::Pages
        && let Some(there) = &there
        && there.is_file()
        && there.len() > 0
        && !is_page(path).map_err(failed)?
    {
        return Err(
            Error::usage(format!("{file} exists and is not a page that rocky wrote"))
                .hint("name another file, or replace it with `--force`"),
        );
    }
    // A link stays one; a folder is not made by mistake.
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::metadata(folder).map_err(failed)?;
    let place = there.and_then(|_| std::fs::canonicalize(path).ok());
    let system = Host::default().system;
    system
        .write_atomic(place.as_deref().unwrap_or(path), page.as_bytes())
        .map_err(failed)
}

fn is_page(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head.windows(MARK.len()).any(|bytes| bytes == MARK))
}
