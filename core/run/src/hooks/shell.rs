//! A command: `sh -c` in a process group of its own, the context on its standard input, its output kept short.
//!
//! Invariant: when this returns, the command has ended or its whole group was killed. What it left running in the background
//! when it ended by itself is left alone. No thread is needed: the input is an anonymous file (a script that does not read
//! it neither fails nor blocks), and the output is polled together with the deadline.

use rocky_base::CancelToken;
use rocky_config::ShellHook;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How much of each stream is kept: its end.
const KEPT: usize = 4096;
/// The longest time in which a tripped token, or the end of a command whose output is still held open, is noticed.
const LOOK: Duration = Duration::from_millis(20);

/// What a command printed, the end of it.
#[derive(Debug, Default)]
pub(super) struct Printed {
    bytes: Vec<u8>,
    dropped: u64,
}

impl Printed {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let over = self.bytes.len().saturating_sub(KEPT);
        if over > 0 {
            self.bytes.drain(..over);
            self.dropped += over as u64;
        }
    }

    /// As text, without the blanks around it. `clean_end` cleans a text of which the beginning is missing.
    pub(super) fn text(&self, clean_end: impl Fn(&str) -> String) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        match self.dropped {
            0 => text.trim().to_owned(),
            n => format!("[{n} bytes before this] {}", clean_end(&text).trim()),
        }
    }
}

/// How a command ended.
pub(super) struct Ended {
    pub(super) stdout: Printed,
    pub(super) stderr: Printed,
    /// Why that is a failure.
    pub(super) failure: Option<String>,
}

/// Run a command to its end, its deadline, or until the token is tripped.
pub(super) fn run(hook: &ShellHook, payload: &str, folder: &std::path::Path, cancel: &CancelToken) -> Ended {
    let mut ended = Ended {
        stdout: Printed::default(),
        stderr: Printed::default(),
        failure: None,
    };
    if cancel.is_tripped() {
        ended.failure = Some("not started: the run was interrupted".to_owned());
        return ended;
    }
    let deadline = Instant::now() + Duration::from_millis(hook.timeout_ms);
    let started = input(payload).and_then(|stdin| {
        let mut command = Command::new("sh");
        command.arg("-c").arg(hook.command.as_str());
        command.envs(hook.env.iter().map(|(k, v)| (k.as_str(), v.expose())));
        command.current_dir(folder);
        command.stdin(Stdio::from(stdin));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).spawn()
    });
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            ended.failure = Some(format!("cannot be started: {error}"));
            return ended;
        }
    };
    ended.failure = match watch(&mut child, deadline, cancel, &mut ended.stdout, &mut ended.stderr) {
        Ok(Outcome::Ended(status)) if status.success() => None,
        Ok(Outcome::Ended(status)) => Some(status_text(status)),
        Ok(Outcome::TimedOut) => {
            let killed = kill(&mut child);
            Some(format!("not done after {} ms{killed}", hook.timeout_ms))
        }
        Ok(Outcome::Cancelled) => {
            let killed = kill(&mut child);
            Some(format!("the run was interrupted{killed}"))
        }
        Err(error) => {
            let killed = kill(&mut child);
            Some(format!("cannot be watched: {error}{killed}"))
        }
    };
    ended
}

/// The payload as an open file that has no name, at its begin.
fn input(payload: &str) -> io::Result<OwnedFd> {
    let mut file = nameless()?;
    file.write_all(payload.as_bytes())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file.into())
}

#[cfg(target_os = "linux")]
type Nameless = std::fs::File;

#[cfg(target_os = "linux")]
fn nameless() -> io::Result<Nameless> {
    let fd = rustix::fs::memfd_create("rocky-hook", rustix::fs::MemfdFlags::CLOEXEC)?;
    Ok(Nameless::from(fd))
}

#[cfg(not(target_os = "linux"))]
fn nameless() -> io::Result<std::fs::File> {
    tempfile::tempfile()
}

enum Outcome {
    Ended(ExitStatus),
    TimedOut,
    Cancelled,
}

fn watch(
    child: &mut Child,
    deadline: Instant,
    cancel: &CancelToken,
    stdout: &mut Printed,
    stderr: &mut Printed,
) -> io::Result<Outcome> {
    let mut out = child.stdout.take();
    let mut err = child.stderr.take();
    let mut pause = Duration::from_millis(1);
    loop {
        if ((out.is_none() && err.is_none()) || pause >= LOOK)
            && let Some(status) = child.try_wait()?
        {
            // What it printed just before its end is in the pipes; what it left behind may hold them open for ever.
            while receive(&mut out, &mut err, Duration::ZERO, stdout, stderr)? && Instant::now() < deadline {}
            return Ok(Outcome::Ended(status));
        }
        if cancel.is_tripped() {
            return Ok(Outcome::Cancelled);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Outcome::TimedOut);
        }
        let heard = receive(&mut out, &mut err, pause.min(left), stdout, stderr)?;
        // A command that talks may well go on; one that is silent is looked after now and then.
        pause = if heard { pause } else { (pause * 2).min(LOOK) };
        if heard && pause >= LOOK {
            pause = LOOK / 2;
        }
    }
}

/// Wait for output and take it. True when there was something, the end included.
fn receive(
    out: &mut Option<std::process::ChildStdout>,
    err: &mut Option<std::process::ChildStderr>,
    wait: Duration,
    stdout: &mut Printed,
    stderr: &mut Printed,
) -> io::Result<bool> {
    let mut ready = (false, false);
    {
        let mut fds = Vec::with_capacity(2);
        if let Some(out) = &*out {
            fds.push(PollFd::new(out, PollFlags::IN));
        }
        if let Some(err) = &*err {
            fds.push(PollFd::new(err, PollFlags::IN));
        }
        let wait = Timespec {
            tv_sec: wait.as_secs() as i64,
            tv_nsec: wait.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut answers = fds.iter().map(|fd| !fd.revents().is_empty());
        if out.is_some() {
            ready.0 = answers.next().unwrap_or(false);
        }
        if err.is_some() {
            ready.1 = answers.next().unwrap_or(false);
        }
    }
    if ready.0 {
        take(out, stdout)?;
    }
    if ready.1 {
        take(err, stderr)?;
    }
    Ok(ready.0 || ready.1)
}

/// One read of what is there; at the end the stream is closed.
fn take<R: Read>(stream: &mut Option<R>, printed: &mut Printed) -> io::Result<()> {
    let Some(reader) = stream else { return Ok(()) };
    let mut buffer = [0u8; 8192];
    match reader.read(&mut buffer) {
        Ok(0) => *stream = None,
        Ok(n) => printed.push(buffer.get(..n).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Kill the group and wait for its leader, which was not waited for yet: its number is still its own.
fn kill(child: &mut Child) -> &'static str {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let killed = group.is_some_and(|group| kill_process_group(group, Signal::KILL).is_ok());
    if !killed {
        // It may have ended in this moment.
        let _ = child.kill();
    }
    let _ = child.wait();
    "; it was killed"
}

fn status_text(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_base::{FileId, Loc, Span};
    use rocky_config::{HookEvent, OnFailure};

    fn hook(command: &str, timeout_ms: u64) -> ShellHook {
        ShellHook {
            event: HookEvent::PipelineStart,
            command: command.into(),
            timeout_ms,
            on_failure: OnFailure::Warn,
            env: Default::default(),
            loc: Loc::new(FileId(0), Span::at(0)),
        }
    }

    fn sh(command: &str, timeout_ms: u64, payload: &str) -> Ended {
        run(
            &hook(command, timeout_ms),
            payload,
            std::path::Path::new("/"),
            &CancelToken::new(),
        )
    }

    /// True while some process has this word among its arguments.
    fn runs(word: &str) -> bool {
        let processes = std::fs::read_dir("/proc").unwrap();
        processes.flatten().any(|p| {
            let line = std::fs::read(p.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line)
                .split('\0')
                .any(|argument| argument == word)
        })
    }

    #[test]
    fn the_context_is_on_stdin_also_by_name() {
        let ended = sh("cat; cat /dev/stdin", 60_000, "{\"a\": 1}");
        assert_eq!(ended.failure, None);
        assert_eq!(ended.stdout.text(str::to_owned), "{\"a\": 1}{\"a\": 1}");
    }

    #[test]
    fn a_script_that_ignores_a_large_context_is_no_failure() {
        let ended = sh("exit 0", 60_000, &"x".repeat(4 << 20));
        assert_eq!(ended.failure, None);
    }

    #[test]
    fn the_end_of_the_output_is_kept_and_the_rest_is_counted() {
        let ended = sh(
            "yes | head -c 1000000; echo last; echo no >&2; exit 3",
            20_000,
            "",
        );
        assert_eq!(ended.failure.as_deref(), Some("exit code 3"));
        assert_eq!(ended.stderr.text(str::to_owned), "no");
        let text = ended.stdout.text(str::to_owned);
        assert!(
            text.starts_with("[995909 bytes before this]") && text.ends_with("last"),
            "{text}"
        );
        assert!(text.len() < 5000);
    }

    #[test]
    fn the_deadline_kills_the_whole_group() {
        // A number that no other process sleeps for.
        let seconds = format!("98{}", std::process::id());
        let ended = sh(&format!("sleep {seconds} & sleep {seconds}; echo never"), 200, "");
        assert_eq!(
            ended.failure.as_deref(),
            Some("not done after 200 ms; it was killed")
        );
        // The kernel takes the killed ones away in its own time.
        let end = Instant::now() + Duration::from_secs(60);
        while runs(&seconds) {
            assert!(Instant::now() < end, "a process of the group is still there");
            std::thread::yield_now();
        }
    }

    #[test]
    fn an_endless_writer_is_stopped_by_the_deadline() {
        let ended = sh("yes", 100, "");
        assert_eq!(
            ended.failure.as_deref(),
            Some("not done after 100 ms; it was killed")
        );
    }

    #[test]
    fn a_tripped_token_stops_the_command() {
        let cancel = CancelToken::new();
        let token = cancel.clone();
        let thread = std::thread::spawn(move || {
            run(
                &hook("sleep 36000", 36_000_000),
                "",
                std::path::Path::new("/"),
                &token,
            )
        });
        // Not ten hours.
        cancel.trip();
        let ended = thread.join().unwrap();
        assert!(ended.failure.unwrap().contains("interrupted"));
    }

    #[test]
    fn what_a_command_leaves_in_the_background_is_not_waited_for() {
        // Half an hour would be a failure: nothing is killed in time.
        let ended = sh("sleep 36000 & echo $!", 1_800_000, "");
        assert_eq!(ended.failure, None);
        let left = ended.stdout.text(str::to_owned);
        assert!(left.trim().parse::<u32>().is_ok(), "{left}");
        let _ = std::process::Command::new("kill").arg(left.trim()).status();
    }

    #[test]
    fn signals_are_named() {
        let ended = sh("kill -9 $$", 60_000, "");
        assert_eq!(ended.failure.as_deref(), Some("ended by signal 9"));
    }
}
