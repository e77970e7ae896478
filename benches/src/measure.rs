//! One child process: its wall time from before the start to after the end, its processor time and its peak memory.
//!
//! Invariant: nothing large lives in the measuring process. On Linux a child's `ru_maxrss` starts from the peak of the process
//! that forked it, so projects are made by children too; [`own_peak_kb`] is reported as the least that can be seen.

use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Wall time.
    pub wall_ms: f64,
    /// Processor time, user and system.
    pub cpu_ms: f64,
    /// `ru_maxrss`.
    pub peak_kb: u64,
    /// Exit status; 128 + signal when it was killed.
    pub exit: i32,
}

/// Run to the end. Standard output and error go to the files, to nothing where there is none: no pipe that the harness must
/// empty in time.
pub fn run(command: &mut Command, stdout: Option<&Path>, stderr: Option<&Path>) -> io::Result<Sample> {
    let to = |path: Option<&Path>| -> io::Result<Stdio> {
        Ok(path
            .map(std::fs::File::create)
            .transpose()?
            .map_or_else(Stdio::null, Stdio::from))
    };
    command
        .stdin(Stdio::null())
        .stdout(to(stdout)?)
        .stderr(to(stderr)?);
    let start = Instant::now();
    let child = command.spawn()?;
    let (status, usage) = wait(child.id())?;
    let wall_ms = start.elapsed().as_secs_f64() * 1e3;
    // `Child` is dropped unwaited: it is reaped already.
    drop(child);
    let exit = if libc::WIFEXITED(status) {
        libc::WEXITSTATUS(status)
    } else {
        128 + libc::WTERMSIG(status)
    };
    let time_ms = |t: libc::timeval| t.tv_sec as f64 * 1e3 + t.tv_usec as f64 / 1e3;
    Ok(Sample {
        wall_ms,
        cpu_ms: time_ms(usage.ru_utime) + time_ms(usage.ru_stime),
        peak_kb: u64::try_from(usage.ru_maxrss).unwrap_or(0),
        exit,
    })
}

fn wait(pid: u32) -> io::Result<(libc::c_int, libc::rusage)> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    loop {
        let mut status = 0;
        // SAFETY: all-zero is a valid `rusage`, a plain C struct of numbers.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to live values of the types that wait4 writes; `pid` is our own unreaped child.
        let reaped = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if reaped == pid {
            return Ok((status, usage));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Confine this process, and so every child, to the first `n_cpus` of the processors it may use: whoever asks how many there are
/// gets this number. Returns how many it got.
pub fn confine(n_cpus: usize) -> io::Result<usize> {
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: all-zero is the empty set.
    let mut allowed: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let mut chosen: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `allowed` is live and of the size that is told.
    if unsafe { libc::sched_getaffinity(0, size, &raw mut allowed) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut n_chosen = 0;
    for cpu in 0..libc::CPU_SETSIZE as usize {
        // SAFETY: `cpu` is below CPU_SETSIZE.
        if n_chosen < n_cpus && unsafe { libc::CPU_ISSET(cpu, &allowed) } {
            // SAFETY: as above.
            unsafe { libc::CPU_SET(cpu, &mut chosen) };
            n_chosen += 1;
        }
    }
    // SAFETY: `chosen` is live and of the size that is told.
    if unsafe { libc::sched_setaffinity(0, size, &raw const chosen) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(n_chosen)
}

/// Confine this thread, and so the processes that it starts, to one of the processors it may use: the one with this number,
/// counted round and round.
pub fn confine_to_one(lane: usize) -> io::Result<()> {
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: all-zero is the empty set.
    let mut allowed: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let mut chosen: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `allowed` is live and of the size that is told; 0 is this thread.
    if unsafe { libc::sched_getaffinity(0, size, &raw mut allowed) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: every `cpu` is below CPU_SETSIZE.
    let cpus: Vec<usize> = (0..libc::CPU_SETSIZE as usize)
        .filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &allowed) })
        .collect();
    let cpu = cpus.get(lane % cpus.len().max(1)).copied().unwrap_or(0);
    // SAFETY: as above.
    unsafe { libc::CPU_SET(cpu, &mut chosen) };
    // SAFETY: `chosen` is live and of the size that is told.
    if unsafe { libc::sched_setaffinity(0, size, &raw const chosen) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The peak memory of this process so far.
pub fn own_peak_kb() -> u64 {
    // SAFETY: all-zero is a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is live and of the type that is written.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    u64::try_from(usage.ru_maxrss).unwrap_or(0)
}

/// The middle one (of an even number the lower of the two, so that it is a value that was measured); 0 of none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
        .get(values.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or(0.0)
}
