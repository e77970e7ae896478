//! A run in a process of its own, forked from this one, which has a single thread and opens nothing itself. Start with [`Child::run`].

use crate::calls::{self, Fault, Shared};
use crate::clock::Clock;
use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_core::verbs::run::RunRequest;
use rocky_core::{Engine, EngineOptions, ErrorKind, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How long a run of some milliseconds may take on a busy machine.
const LIMIT_SECONDS: u32 = 120;

/// What a child was told to do, and how it came to an end.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Ended {
    /// By itself, and did all it was to do.
    Well,
    /// By itself, and said why not.
    Failed(String),
    /// By the signal.
    Killed,
    /// In another way: a crash, or no end.
    Otherwise(i32),
}

/// Where children work, and what they share with their parent.
pub struct Child {
    pub root: PathBuf,
    pub said: PathBuf,
    pub shared: &'static Shared,
}

impl Child {
    /// Do something in a child; `Err` is what it says.
    pub fn fork(&self, body: impl FnOnce() -> Result<(), String>) -> Ended {
        let _ = std::fs::remove_file(&self.said);
        // SAFETY: this process has one thread.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork: {}", io::Error::last_os_error());
        if pid == 0 {
            // SAFETY: plain numbers. It ends with its parent, and by its limit.
            unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                libc::alarm(LIMIT_SECONDS);
            }
            let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
            calls::disarm();
            let text = match said {
                Ok(Ok(())) => None,
                Ok(Err(text)) => Some(text),
                Err(_) => Some("a panic".to_owned()),
            };
            if let Some(text) = &text {
                let _ = std::fs::write(&self.said, text);
            }
            // SAFETY: nothing of the parent's is to be dropped or flushed here.
            unsafe { libc::_exit(i32::from(text.is_some())) };
        }
        let mut status = 0;
        // SAFETY: the child's own id.
        while unsafe { libc::waitpid(pid, &raw mut status, 0) } != pid {}
        if libc::WIFEXITED(status) {
            return match libc::WEXITSTATUS(status) {
                0 => Ended::Well,
                1 => Ended::Failed(std::fs::read_to_string(&self.said).unwrap_or_default()),
                other => Ended::Otherwise(other),
            };
        }
        match libc::WTERMSIG(status) {
            libc::SIGKILL => Ended::Killed,
            signal => Ended::Otherwise(-signal),
        }
    }

    /// Run the project, with a fault.
    pub fn run(&self, fault: Fault, day: &str, request: &RunRequest) -> Ended {
        self.shared.reset();
        self.fork(|| {
            std::env::set_current_dir(&self.root).map_err(|e| e.to_string())?;
            calls::arm(fault, &self.root, self.shared);
            run(day, request)
        })
    }

    /// Run the project once more, and write down what there is then.
    pub fn repeat(&self, day: &str, request: &RunRequest, dump: &Path) -> Ended {
        self.fork(|| {
            std::env::set_current_dir(&self.root).map_err(|e| e.to_string())?;
            run(day, request)?;
            std::fs::write(dump, crate::dump::everything()?).map_err(|e| e.to_string())
        })
    }

    /// Statements on the project's database.
    pub fn sql(&self, statements: &[&str]) {
        let ended = self.fork(|| {
            std::env::set_current_dir(&self.root).map_err(|e| e.to_string())?;
            let cancel = CancelToken::new();
            let db = DuckDb::open(Some(Path::new("w.duckdb")), &OpenOptions::default(), &cancel)
                .map_err(|e| e.message)?;
            let mut connection = db.connect().map_err(|e| e.message)?;
            for sql in statements {
                connection
                    .execute(sql, &cancel)
                    .map_err(|e| format!("{sql}: {}", e.message))?;
            }
            Ok(())
        });
        assert_eq!(ended, Ended::Well);
    }
}

pub fn open(day: &str) -> Result<Project, String> {
    let engine = Engine::new(&EngineOptions { threads: Some(1) }).map_err(|e| e.message)?;
    let host = Host {
        system: Arc::new(Clock::stopped(day)),
    };
    Project::open(&engine, &OpenRequest::default(), host).map_err(|e| e.message)
}

fn run(day: &str, request: &RunRequest) -> Result<(), String> {
    let project = open(day)?;
    let cancel = CancelToken::new();
    let answer = match project.run(request, &mut NoObserver, &cancel) {
        // A run that was killed before it was written down cannot be gone on with, and says what to do instead.
        Err(error) if request.resume_latest && error.kind == ErrorKind::NotFound => {
            if !error.hint.as_deref().unwrap_or_default().contains("without") {
                return Err(format!("no hint: {error:?}"));
            }
            let plain = RunRequest {
                resume_latest: false,
                ..request.clone()
            };
            project.run(&plain, &mut NoObserver, &cancel)
        }
        other => other,
    };
    let answer = answer.map_err(|e| {
        format!(
            "{} [{}] ({})",
            e.message,
            e.kind.as_str(),
            e.hint.unwrap_or_default()
        )
    })?;
    drop(project);
    match (answer.status.as_str(), answer.state_error) {
        ("Success" | "SkippedIdempotent", None) => Ok(()),
        (status, state_error) => Err(format!(
            "{status} {state_error:?} {:?} {:?}",
            answer.errors, answer.skipped
        )),
    }
}
