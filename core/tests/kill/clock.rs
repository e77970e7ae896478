//! The system with a clock of the test's.

use rocky_base::System;
use rocky_base::system::{DirEntry, FileStamp, OsSystem};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// Files and environment of the machine; the moment is this one, and moves by so many milliseconds each time it is asked for.
pub struct Clock {
    now_ms: AtomicI64,
    step_ms: i64,
}

impl Clock {
    /// It stands still at the beginning of a day.
    pub fn stopped(day: &str) -> Clock {
        Clock::moving(day, 0)
    }

    /// It begins with a day.
    pub fn moving(day: &str, step_ms: i64) -> Clock {
        let at: jiff::Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
        Clock {
            now_ms: AtomicI64::new(at.as_millisecond()),
            step_ms,
        }
    }
}

impl System for Clock {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        OsSystem.read(path)
    }
    fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        OsSystem.stamp(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        OsSystem.list(dir)
    }
    fn stamps(&self, dir: &Path, names: &[&str]) -> Vec<Option<FileStamp>> {
        OsSystem.stamps(dir, names)
    }
    fn exists(&self, path: &Path) -> bool {
        OsSystem.exists(path)
    }
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        OsSystem.canonical(path)
    }
    fn write_atomic(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        OsSystem.write_atomic(path, contents)
    }
    fn write_cache(
        &self,
        path: &Path,
        write: &dyn Fn(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<()> {
        OsSystem.write_cache(path, write)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        OsSystem.remove(path)
    }
    fn env(&self, name: &str) -> Option<String> {
        match name {
            "CI" => None,
            name => OsSystem.env(name),
        }
    }
    fn now(&self) -> SystemTime {
        let ms = self.now_ms.fetch_add(self.step_ms, Ordering::SeqCst);
        SystemTime::UNIX_EPOCH + Duration::from_millis(ms as u64)
    }
}
