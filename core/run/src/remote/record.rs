//! What a local state file knows of the remote one: a note in the file itself, which no copy of the file takes along.

use super::object::{Found, Stamp};
use crate::state::{StateReader, StateStore};
use jiff::Timestamp;
use rocky_base::{Error, Result};
use serde::{Deserialize, Serialize};

const KIND: &str = "local:remote";
const KEY: &str = "sync";
/// Uploads whose outcome is unknown that are remembered; and uploads that the state contains.
const KEPT_PENDING: usize = 8;
const KEPT_ANCESTORS: usize = 64;

/// An upload that the local file contains.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SyncBase {
    /// Unique for each upload.
    pub upload_id: String,
    /// Counts the uploads.
    pub generation: u64,
    /// The run that uploaded it.
    pub run: String,
    /// The machine.
    pub host: String,
    /// When (RFC 3339).
    pub at: String,
}

impl SyncBase {
    pub(super) fn of(stamp: &Stamp) -> SyncBase {
        SyncBase {
            upload_id: stamp.upload_id.clone(),
            generation: stamp.generation,
            run: stamp.run.clone(),
            host: stamp.host.clone(),
            at: stamp.at.clone(),
        }
    }
}

/// How the local file stands to the remote one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncRecord {
    /// The remote place.
    pub place: String,
    /// The upload that both have in common.
    pub base: Option<SyncBase>,
    /// The local file may hold more than that.
    pub dirty: bool,
    /// When both were the same (RFC 3339).
    pub synced_at: Option<String>,
    /// Why the last attempt failed, if it did.
    pub last_error: Option<String>,
    /// Uploads that were begun and of which nothing is known.
    pending: Vec<String>,
    /// Uploads before the base.
    ancestors: Vec<String>,
}

impl SyncRecord {
    /// Of a local file; `None` when it was never synchronised.
    pub fn of(reader: &StateReader) -> Result<Option<SyncRecord>> {
        let Some(note) = reader.note(KIND, KEY)? else {
            return Ok(None);
        };
        serde_json::from_value(note.value)
            .map(Some)
            .map_err(|e| Error::bug(format!("the record of the remote state cannot be read: {e}")))
    }

    pub(super) fn keep(&self, store: &StateStore, now: Timestamp) -> Result<()> {
        let value = serde_json::to_value(self)
            .map_err(|e| Error::bug(format!("the record of the remote state cannot be written: {e}")))?;
        store.put_note(KIND, KEY, value, now)
    }

    /// An upload begins.
    pub(super) fn begun(&mut self, upload_id: &str) {
        self.dirty = true;
        self.pending.push(upload_id.to_owned());
        let over = self.pending.len().saturating_sub(KEPT_PENDING);
        self.pending.drain(..over);
    }

    /// The local file and the remote object are the same.
    pub(super) fn synced(&mut self, found: &Found, now: Timestamp) {
        if let Some(base) = self.base.take()
            && self.ancestors.last() != Some(&base.upload_id)
        {
            self.ancestors.push(base.upload_id);
            let over = self.ancestors.len().saturating_sub(KEPT_ANCESTORS);
            self.ancestors.drain(..over);
        }
        self.base = found.stamp.as_ref().map(SyncBase::of);
        self.pending.clear();
        self.last_error = None;
        self.synced_at = Some(now.to_string());
    }

    /// The local file holds everything that this object holds, because it is what it began with or put there itself.
    pub(super) fn began_with(&self, found: &Found) -> bool {
        let Some(id) = found.upload_id() else {
            return false;
        };
        self.base.as_ref().is_some_and(|b| b.upload_id == id) || self.pending.iter().any(|p| p == id)
    }

    /// It is older than what the local file began with.
    pub(super) fn is_past(&self, found: &Found) -> bool {
        found
            .upload_id()
            .is_some_and(|id| self.ancestors.iter().any(|a| a == id))
    }

    /// The uploads that the local file contains and that were seen at the place.
    pub(super) fn seen(&self) -> Vec<String> {
        let base = self.base.iter().map(|b| &b.upload_id);
        self.ancestors.iter().chain(base).cloned().collect()
    }

    /// The uploads that the local file contains and of which nothing is known, but for the one that begins.
    pub(super) fn pending(&self) -> Vec<String> {
        self.pending
            .split_last()
            .map(|(_, before)| before.to_vec())
            .unwrap_or_default()
    }

    /// A number for the upload that has just begun: greater than those of all that the file contains.
    pub(super) fn next_generation(&self) -> u64 {
        self.base.as_ref().map_or(0, |b| b.generation) + self.pending.len() as u64
    }
}
