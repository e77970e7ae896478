//! The files of a project as a commit has them, read through `git`'s plumbing into memory. Nothing is checked out, no shell
//! runs, no hook, no pager, no network.
//!
//! Invariant: what the user names is passed as one argument that cannot be an option, and is resolved to the number of a
//! commit before anything else is asked of it.

use rocky_base::{CancelToken, Error, ErrorKind, Result};
use rocky_project::overlay::{Edits, plain};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

/// A project's files in a commit.
pub(crate) struct Tree {
    /// The commit's number.
    pub commit: String,
    /// Files below the project's folder, by the paths they would have there.
    pub files: Edits,
}

/// Files that a project reads.
const KINDS: &[&str] = &["toml", "sql", "rocky", "sql-macro", "lock"];

/// More than this is not read into memory.
const MAX_BYTES: u64 = 1 << 30;

fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    let dir = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    command
        .arg("--no-optional-locks")
        .arg("--no-pager")
        .args(["-c", "core.fsmonitor=false"])
        .arg("-C")
        .arg(dir)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped());
    // A hook's environment names a repository that need not be the project's.
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CEILING_DIRECTORIES",
        "GIT_EXTERNAL_DIFF",
        "GIT_TRACE",
    ] {
        command.env_remove(name);
    }
    command
}

fn spawn_error(error: std::io::Error) -> Error {
    let message = if error.kind() == std::io::ErrorKind::NotFound {
        "`git` was not found".to_owned()
    } else {
        format!("`git` cannot be started: {error}")
    };
    Error::new(ErrorKind::NotFound, message).hint("install git, or compare with a folder")
}

/// Run to the end; what it wrote, or why it failed.
fn output(command: &mut Command) -> Result<std::result::Result<Vec<u8>, String>> {
    let done = command.output().map_err(spawn_error)?;
    Ok(if done.status.success() {
        Ok(done.stdout)
    } else {
        let text = String::from_utf8_lossy(&done.stderr);
        let line = text
            .lines()
            .find(|l| !l.trim().is_empty())
            .unwrap_or("git failed");
        Err(line.trim_start_matches("fatal: ").trim().to_owned())
    })
}

/// A name that git may see: not an option, nothing that a terminal or a protocol reads otherwise.
fn checked(reference: &str) -> Result<&str> {
    let bad = |why: &str| {
        Err(
            Error::usage(format!("{reference:?} is not a git revision: {why}"))
                .hint("name a branch, a tag or a commit, such as `main` or `HEAD~1`"),
        )
    };
    if reference.is_empty() {
        return bad("it is empty");
    }
    if reference.starts_with('-') {
        return bad("it begins with `-`");
    }
    if reference.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return bad("it holds white space or control characters");
    }
    if reference.contains(':') {
        return bad("it names a path");
    }
    Ok(reference)
}

/// The files of the project in `root` as the revision has them.
pub(crate) fn tree(root: &Path, reference: &str, cancel: &CancelToken) -> Result<Tree> {
    let reference = checked(reference)?;
    cancel.check()?;
    let prefix = output(git(root).args(["rev-parse", "--show-prefix"]))?.map_err(|why| {
        // `rocky.toml` without a path stands in the current folder.
        let folder = match root.as_os_str().is_empty() {
            true => "the current folder".to_owned(),
            false => root.display().to_string(),
        };
        Error::new(
            ErrorKind::NotFound,
            format!("{folder} is not in a git work tree: {why}"),
        )
        .hint("compare with a folder instead, or make the project a part of a repository")
    })?;
    let prefix = String::from_utf8(prefix).map_err(|_| {
        Error::new(
            ErrorKind::Unsupported,
            "the project's path in the repository is not UTF-8",
        )
    })?;
    let prefix = prefix.trim_end_matches(['\n', '\r']).to_owned();
    let commit = output(git(root).args([
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        &format!("{reference}^{{commit}}"),
    ]))?
    .map_err(|_| {
        Error::new(
            ErrorKind::NotFound,
            format!("`{reference}` is neither a folder nor a revision of the repository"),
        )
        .hint("name a branch, a tag or a commit that `git rev-parse` knows, or a project's folder")
    })?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    if commit.is_empty() || !commit.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Error::bug(format!("git answered {commit:?} for a commit")));
    }
    let mut list = git(root);
    // The prefix is a path and not a pattern, whatever characters it has.
    list.args([
        "--literal-pathspecs",
        "ls-tree",
        "-r",
        "-z",
        "--full-tree",
        &commit,
        "--",
    ]);
    if !prefix.is_empty() {
        list.arg(&prefix);
    }
    let listing = output(&mut list)?.map_err(|why| {
        Error::new(
            ErrorKind::Io,
            format!("the files of {commit} cannot be listed: {why}"),
        )
    })?;
    let blobs = blobs(&listing, &prefix);
    let files = read(root, &blobs, cancel)?;
    Ok(Tree { commit, files })
}

/// Number and path below the project of each file that counts.
fn blobs(listing: &[u8], prefix: &str) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for entry in listing.split(|b| *b == 0).filter(|e| !e.is_empty()) {
        let Some(tab) = entry.iter().position(|b| *b == b'\t') else {
            continue;
        };
        let (head, path) = (
            entry.get(..tab).unwrap_or(&[]),
            entry.get(tab + 1..).unwrap_or(&[]),
        );
        let (Ok(head), Ok(path)) = (std::str::from_utf8(head), std::str::from_utf8(path)) else {
            continue;
        };
        let mut words = head.split(' ');
        let (Some(mode), Some("blob"), Some(number)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        // Links may lead anywhere.
        if mode == "120000" {
            continue;
        }
        let Some(relative) = path.strip_prefix(prefix) else {
            continue;
        };
        let relative = Path::new(relative);
        let counts = relative
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| KINDS.contains(&e));
        let inside = relative
            .components()
            .all(|c| matches!(c, std::path::Component::Normal(_)));
        if counts && inside {
            found.push((number.to_owned(), relative.to_path_buf()));
        }
    }
    found
}

struct Batch(Child);

impl Drop for Batch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read(root: &Path, blobs: &[(String, PathBuf)], cancel: &CancelToken) -> Result<Edits> {
    let mut files = Edits::new();
    if blobs.is_empty() {
        return Ok(files);
    }
    let mut command = git(root);
    command
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null());
    let mut batch = Batch(command.spawn().map_err(spawn_error)?);
    let (Some(mut stdin), Some(stdout)) = (batch.0.stdin.take(), batch.0.stdout.take()) else {
        return Err(Error::bug("git was started without its streams"));
    };
    let mut names = String::new();
    for (number, _) in blobs {
        names.push_str(number);
        names.push('\n');
    }
    // Both ends at once: git stops reading when nobody reads its answers.
    let writer = std::thread::spawn(move || stdin.write_all(names.as_bytes()));
    let mut reader = BufReader::new(stdout);
    let mut total = 0_u64;
    for (number, path) in blobs {
        cancel.check()?;
        let text = object(&mut reader, number, &mut total)?;
        files.insert(plain(&root.join(path)), Some(Arc::from(text)));
    }
    let _ = writer.join();
    Ok(files)
}

fn object(reader: &mut BufReader<ChildStdout>, number: &str, total: &mut u64) -> Result<Vec<u8>> {
    let broken = |why: &str| {
        Error::new(
            ErrorKind::Io,
            format!("object {number} cannot be read from git: {why}"),
        )
    };
    let io = |e: std::io::Error| broken(&e.to_string());
    let mut head = String::new();
    reader.read_line(&mut head).map_err(io)?;
    let mut words = head.trim_end().split(' ');
    let size: u64 = match (words.next(), words.next(), words.next()) {
        (Some(_), Some("blob"), Some(size)) => {
            size.parse().map_err(|_| broken("its size is not a number"))?
        }
        (_, Some("missing"), _) => return Err(broken("it is missing").hint("fetch the whole history")),
        _ => return Err(broken("git ended early")),
    };
    *total += size;
    if *total > MAX_BYTES {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("the files of the revision have more than {MAX_BYTES} bytes"),
        ));
    }
    let mut text = vec![0; size as usize];
    reader.read_exact(&mut text).map_err(io)?;
    let mut end = [0_u8; 1];
    reader.read_exact(&mut end).map_err(io)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_cannot_be_an_option_or_a_path() {
        for bad in [
            "",
            "-x",
            "--upload-pack=touch",
            "a b",
            "a\nb",
            "HEAD:models",
            "a\0b",
        ] {
            assert!(checked(bad).is_err(), "{bad:?}");
        }
        for good in [
            "HEAD",
            "main",
            "HEAD~1",
            "v1.0",
            "origin/main",
            "@{upstream}",
            "feature/a-b",
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn only_files_of_the_project_count() {
        let listing =
            b"100644 blob aa\tp/models/a.sql\x00120000 blob bb\tp/models/l.sql\x00160000 commit cc\tp/sub\0\
            100644 blob dd\tp/notes.md\x00100644 blob ee\tq/models/b.sql\x00100755 blob ff\tp/rocky.toml\0";
        let found: Vec<String> = blobs(listing, "p/").into_iter().map(|(n, _)| n).collect();
        assert_eq!(found, ["aa", "ff"]);
    }
}
