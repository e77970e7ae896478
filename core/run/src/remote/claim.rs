//! The lease: who may write the remote object.
//!
//! A lease is given for some seconds and renewed while its run lives. How old one is, is asked of the place, never of a
//! local clock. The lease of a process of this machine that is proved to be dead is free at once.

use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// Who asks for the lease.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Holder {
    /// The run.
    pub run: String,
    /// Its machine.
    pub host: String,
    /// Its process.
    pub pid: u32,
    /// What makes the process id unique: this boot, this process namespace, when it began.
    #[serde(default)]
    pub process: Option<String>,
}

impl Holder {
    pub fn this_process(run: &str) -> Holder {
        let pid = std::process::id();
        Holder {
            run: run.to_owned(),
            host: host_name(),
            pid,
            process: identity(pid),
        }
    }

    /// Proved: it was a process of this boot and namespace, and is gone.
    pub fn is_dead(&self) -> bool {
        let Some(theirs) = &self.process else {
            return false;
        };
        let here = |pid| identity(pid).and_then(|i| i.rsplit_once(' ').map(|(place, _)| place.to_owned()));
        let same_place = here(std::process::id()).is_some_and(|place| {
            theirs
                .rsplit_once(' ')
                .is_some_and(|(their_place, _)| their_place == place)
        });
        same_place && identity(self.pid).as_ref() != Some(theirs)
    }

    pub fn told(&self) -> String {
        format!("run `{}` (process {} on {})", self.run, self.pid, self.host)
    }
}

/// "boot namespace start" of a process of this machine; `None` where that cannot be known, or when it is gone.
#[cfg(target_os = "linux")]
fn identity(pid: u32) -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; what follows the last one is fields from the third on.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let start = fields.nth(18)?;
    // A zombie holds nothing any more.
    (state != "Z").then(|| format!("{} {} {start}", boot.trim(), namespace.display()))
}

#[cfg(not(target_os = "linux"))]
fn identity(_: u32) -> Option<String> {
    None
}

fn host_name() -> String {
    #[cfg(target_os = "linux")]
    if let Ok(name) = std::fs::read_to_string("/proc/sys/kernel/hostname") {
        return name.trim().to_owned();
    }
    "this machine".to_owned()
}

/// A wish for the lease.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// Unique; whoever has it has the lease.
    pub token: String,
    pub holder: Holder,
    pub ttl: Duration,
}

impl Claim {
    pub fn new(holder: Holder, ttl: Duration) -> Claim {
        Claim {
            token: unique(),
            holder,
            ttl,
        }
    }
}

/// The lease is ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Grant {
    /// Greater than that of every lease before.
    pub fence: u64,
    /// The lock object's version, where the place has one.
    pub version: Option<String>,
    /// The last holder had not given it back.
    pub took_over: bool,
}

/// What a place says about the lease.
#[derive(Clone, Debug)]
pub(super) enum LockAnswer {
    Granted(Grant),
    /// Another has it, for this long if it is not renewed.
    Held {
        by: Holder,
        remaining: Duration,
    },
}

/// Sixteen random bytes in hex.
pub(super) fn unique() -> String {
    format!("{:016x}{:016x}", random(), random())
}

/// From 0 to 1.
pub(crate) fn random_fraction() -> f64 {
    (random() >> 11) as f64 / (1u64 << 53) as f64
}

/// `RandomState` is keyed from the operating system's entropy and differs with each one.
fn random() -> u64 {
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_holder_is_dead_only_when_that_is_proved() {
        let me = Holder::this_process("r");
        assert!(me.process.is_some());
        assert!(!me.is_dead());
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let theirs = Holder {
            pid: child.id(),
            process: identity(child.id()),
            ..me.clone()
        };
        assert!(!theirs.is_dead());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(theirs.is_dead());
        // The same process id at another time is another process.
        let place = me
            .process
            .as_ref()
            .unwrap()
            .rsplit_once(' ')
            .unwrap()
            .0
            .to_owned();
        let reused = |process: &str| Holder {
            process: Some(process.to_owned()),
            ..me.clone()
        };
        assert!(reused(&format!("{place} 1")).is_dead());
        assert!(!reused("otherboot pid:[1] 1").is_dead());
        assert!(
            !Holder {
                process: None,
                ..theirs
            }
            .is_dead()
        );
    }

    #[test]
    fn tokens_differ() {
        let tokens: std::collections::HashSet<String> = (0..1000).map(|_| unique()).collect();
        assert_eq!(tokens.len(), 1000);
        assert!(
            (0..1000)
                .map(|_| random_fraction())
                .all(|f| (0.0..1.0).contains(&f))
        );
    }
}
