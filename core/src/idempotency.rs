//! Idempotency keys: of several runs with one key, one is done. Who asks again while it is under way is told so; who asks after it was
//! done is told which run did it.

use crate::project::Project;
use jiff::{SignedDuration, Timestamp};
use rocky_base::{Error, Result};
use rocky_config::{DedupOn, IdempotencyConfig};
use rocky_run::state::{Note, Process, StateBatch};
use rocky_run::{StateReader, StateStore};
use serde::{Deserialize, Serialize};

const KIND: &str = "idempotency";
/// A key becomes a key of the state store, and is shown.
const MAX_BYTES: usize = 512;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    run_id: String,
    process: Process,
    /// None while it is under way.
    status: Option<String>,
}

/// What a key says.
pub(crate) enum Claim {
    /// This run is the one.
    Mine,
    /// Another one with the key was done.
    Done(String),
    /// Another one with the key is under way.
    InFlight(String),
}

/// The key that a run has, from the request or from `ROCKY_IDEMPOTENCY_KEY`.
pub(crate) fn key_of(project: &Project, given: Option<&str>) -> Result<Option<String>> {
    let key = match given {
        Some(key) => Some(key.to_owned()),
        None => project
            .host
            .system
            .env("ROCKY_IDEMPOTENCY_KEY")
            .filter(|k| !k.is_empty()),
    };
    if let Some(key) = &key {
        let bad = |why: String| {
            Err(Error::usage(format!("the idempotency key {why}")).hint(
                "give a short word that is the same for the same piece of work, e.g. `orders-2026-04-07`",
            ))
        };
        if key.is_empty() {
            return bad("is empty".to_owned());
        }
        if key.len() > MAX_BYTES {
            return bad(format!("has {} bytes; {MAX_BYTES} are allowed", key.len()));
        }
        if key.chars().any(char::is_control) {
            return bad("holds control characters".to_owned());
        }
    }
    Ok(key)
}

/// Claim a key for a run, in one commit. A claim of a process that is gone, and one that is older than `in_flight_ttl_hours` and of
/// which that cannot be told, is taken over.
pub(crate) fn claim(
    state: &StateStore,
    key: &str,
    run_id: &str,
    config: &IdempotencyConfig,
    now: Timestamp,
) -> Result<Claim> {
    let mut claim = Claim::Mine;
    state.update_note(KIND, key, |note| {
        if let Some((note, standing)) = note.and_then(|n| Some((n, standing(n, config, now)?))) {
            claim = standing;
            return Ok(Some((note.value.clone(), note.at)));
        }
        Ok(Some((value(run_id, None)?, now)))
    })?;
    Ok(claim)
}

/// What a key says while another process writes the state, which may be at the very work: `None` when it says nothing.
pub(crate) fn look(
    reader: &StateReader,
    key: &str,
    config: &IdempotencyConfig,
    now: Timestamp,
) -> Result<Option<Claim>> {
    let note = reader.note(KIND, key)?;
    Ok(note.and_then(|note| standing(&note, config, now)))
}

/// Why nothing is to be done for a key.
fn standing(note: &Note, config: &IdempotencyConfig, now: Timestamp) -> Option<Claim> {
    let entry: Entry = serde_json::from_value(note.value.clone()).ok()?;
    let at = note.at;
    match entry.status.as_deref() {
        Some(status) => {
            let counts = status == "Success" || config.dedup_on == DedupOn::Any;
            (counts && !expired(at, now, config.retention_days)).then_some(Claim::Done(entry.run_id))
        }
        None => {
            let ttl = SignedDuration::from_hours(i64::from(config.in_flight_ttl_hours));
            let old = now.duration_since(at) > ttl;
            let alive = entry.process.is_alive().unwrap_or(!old);
            alive.then_some(Claim::InFlight(entry.run_id))
        }
    }
}

/// While the run with a key is under way: should its thread unwind, it has failed.
pub(crate) struct Claimed<'a> {
    pub state: &'a StateStore,
    pub key: &'a str,
    pub run_id: &'a str,
    pub config: &'a IdempotencyConfig,
    pub now: &'a dyn Fn() -> Timestamp,
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whoever panics has worse to tell.
            let failed = Some("Failure");
            let _ = settle(
                self.state,
                self.key,
                self.run_id,
                failed,
                self.config,
                (self.now)(),
            );
        }
    }
}

/// What says, in the commit that ends the run with the key, how it ended: killed after it, the run is not done again.
pub(crate) fn at_end(key: &str, run_id: &str, status: &str, now: Timestamp) -> StateBatch {
    let mut batch = StateBatch::new();
    // A value that cannot be written is said when the key is settled.
    if let Ok(value) = value(run_id, Some(status)) {
        batch.own_note(KIND, key, run_id, value, now);
    }
    batch
}

/// Say how the run with the key ended; `None`: nothing was done, and the key is free again.
pub(crate) fn settle(
    state: &StateStore,
    key: &str,
    run_id: &str,
    status: Option<&str>,
    config: &IdempotencyConfig,
    now: Timestamp,
) -> Result<()> {
    let entry = |note: Option<&Note>| -> Option<Entry> { serde_json::from_value(note?.value.clone()).ok() };
    let now_there = state.reader().note(KIND, key)?;
    if entry(now_there.as_ref()).is_some_and(|e| e.run_id == run_id && e.status.as_deref() == status)
        && status.is_some()
    {
        // The run's last commit said so.
        return forget_old(state, config, now);
    }
    state.update_note(KIND, key, |note| {
        let mine = entry(note).is_some_and(|e| e.run_id == run_id);
        match (note, mine, status) {
            // Somebody else's by now.
            (Some(note), false, _) => Ok(Some((note.value.clone(), note.at))),
            (None, false, _) | (_, true, None) => Ok(None),
            (_, true, Some(status)) => Ok(Some((value(run_id, Some(status))?, now))),
        }
    })?;
    forget_old(state, config, now)
}

fn forget_old(state: &StateStore, config: &IdempotencyConfig, now: Timestamp) -> Result<()> {
    let old = |note: &Note| expired(note.at, now, config.retention_days);
    match state.reader().notes(KIND) {
        // No commit for nothing.
        Ok(notes) if !notes.iter().any(old) => Ok(()),
        _ => state.retain_notes(KIND, |note| !old(note)).map(drop),
    }
}

fn expired(at: Timestamp, now: Timestamp, days: u32) -> bool {
    now.duration_since(at) > SignedDuration::from_hours(24 * i64::from(days))
}

fn value(run_id: &str, status: Option<&str>) -> Result<serde_json::Value> {
    serde_json::to_value(Entry {
        run_id: run_id.to_owned(),
        process: Process::current(),
        status: status.map(str::to_owned),
    })
    .map_err(|e| Error::bug(format!("a note cannot be written as JSON: {e}")))
}
