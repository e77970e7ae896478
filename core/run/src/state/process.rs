//! Who is at work: a process by its machine, number and start, so that a number that was given again is not mistaken.

use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A process on a machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Process {
    /// Name of the machine; empty where it is not known.
    pub host: String,
    /// Number of the process.
    pub pid: u32,
    /// Boot of the machine, namespace of numbers and start of the process, as one word; empty where the system does not say.
    #[serde(default)]
    pub started: String,
}

impl Process {
    /// This one.
    pub fn current() -> Process {
        static CURRENT: OnceLock<Process> = OnceLock::new();
        CURRENT
            .get_or_init(|| {
                let pid = std::process::id();
                Process {
                    host: host(),
                    pid,
                    started: place()
                        .zip(start(pid))
                        .map_or_else(String::new, |(place, start)| format!("{place}/{start}")),
                }
            })
            .clone()
    }

    /// Whether it runs; none when that cannot be told from here: another machine, boot or container.
    pub fn is_alive(&self) -> Option<bool> {
        let (place_then, start_then) = self.started.rsplit_once('/')?;
        if place()? != place_then {
            return None;
        }
        Some(start(self.pid).is_some_and(|now| now == start_then))
    }
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.as_str() {
            "" => write!(f, "process {}", self.pid),
            host => write!(f, "process {} on {host}", self.pid),
        }
    }
}

fn host() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok());
    named.unwrap_or_default().trim().to_owned()
}

/// Where process numbers mean the same: a boot of Linux and a namespace in it.
fn place() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), namespace.display()))
}

/// When a process started, in ticks since the boot; none when it does not run (or is a zombie).
fn start(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so fields are counted after the last one.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.nth(18).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_is_known_by_its_start_and_not_by_its_number_alone() {
        let me = Process::current();
        assert_eq!(me.is_alive(), Some(true));
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = child.id();
        let started = format!("{}/{}", place().unwrap(), start(pid).unwrap());
        let other = Process {
            pid,
            started,
            ..me.clone()
        };
        assert_eq!(other.is_alive(), Some(true));
        let reused = Process { pid, ..me.clone() };
        assert_eq!(reused.is_alive(), Some(false));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(other.is_alive(), Some(false));
        let elsewhere = Process {
            started: "another-boot/pid:[1]/17".to_owned(),
            ..me.clone()
        };
        assert_eq!(elsewhere.is_alive(), None);
        let unknown = Process {
            started: String::new(),
            ..me
        };
        assert_eq!(unknown.is_alive(), None);
    }
}
