//! The Python clients that users of the existing product have, unchanged from PyPI, against this binary. What they call
//! and what must come back is in `clients/check.py`; here are the interpreter, a deadline and the verdict.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A healthy script needs 10 to 20 seconds; Dagster's import alone takes some on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(240);

#[test]
fn the_sdk_reads_every_document() {
    check("sdk", None);
}

#[test]
fn the_dagster_resource_reads_every_document() {
    check("dagster", None);
}

#[test]
fn the_first_dagster_release_reads_every_document() {
    check("dagster-1.0", Some("old/dagster-rocky-1.0.0"));
}

#[test]
fn dagster_takes_what_a_run_reports() {
    run("pipes.py", &[], None);
}

/// Run the script for one client; `before` is a folder of the environment that hides a newer version.
fn check(client: &str, before: Option<&str>) {
    run("check.py", &[client], before);
}

fn run(script: &str, arguments: &[&str], before: Option<&str>) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/venv-clients");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(needed(venv.join("bin/python")));
    command
        .arg(tests.join(script))
        .args(arguments)
        .arg(env!("CARGO_BIN_EXE_rocky"))
        .arg(folder.path());
    command
        .env_remove("PYTHONPATH")
        .env("DAGSTER_HOME", folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(before) = before {
        command.env("PYTHONPATH", needed(venv.join(before)));
    }
    let mut child = command
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = reader(child.stdout.take().unwrap());
    let stderr = reader(child.stderr.take().unwrap());
    let end = Instant::now() + DEADLINE;
    let remaining = || end.saturating_duration_since(Instant::now());
    let (Ok(stdout), Ok(stderr)) = (stdout.recv_timeout(remaining()), stderr.recv_timeout(remaining()))
    else {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{script} {arguments:?} did not end within {DEADLINE:?}");
    };
    let status = child.wait().unwrap();
    let tail = stderr
        .lines()
        .rev()
        .take(20)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        status.success(),
        "{script} {arguments:?}: {status}\n{stdout}\n{tail}"
    );
    assert!(
        stdout.contains(" 0 failed"),
        "{script} {arguments:?} gave no verdict:\n{stdout}"
    );
}

fn needed(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing: run `make setup-clients`",
        path.display()
    );
    path
}

/// Everything that comes out of a pipe, in one message.
fn reader(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let text = pipe
            .read_to_end(&mut bytes)
            .map(|_| String::from_utf8_lossy(&bytes).into_owned());
        let _ = sender.send(text.unwrap_or_default());
    });
    receiver
}
