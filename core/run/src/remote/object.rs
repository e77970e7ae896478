//! The object in the remote place: the bytes of a state file, and a stamp that says who put them there.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who put an object, and what it is. Travels with the object.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// Unique for each upload: how an upload whose answer was lost is recognised.
    pub upload_id: String,
    /// Counts the uploads; the newer of two copies has the greater one.
    pub generation: u64,
    /// The upload that this one replaced.
    pub parent: Option<String>,
    /// BLAKE3 of the bytes, in hex.
    pub blake3: String,
    /// Number of bytes.
    pub size: u64,
    /// The run.
    pub run: String,
    /// Its machine.
    pub host: String,
    /// When (RFC 3339).
    pub at: String,
    /// Version of rocky.
    pub engine: String,
}

impl Stamp {
    /// One line that can stand in a header: printable ASCII without doubled spaces.
    pub fn to_line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        json.chars()
            .map(|c| if c.is_ascii_graphic() { c } else { '_' })
            .collect()
    }

    pub fn of_line(line: &str) -> Option<Stamp> {
        serde_json::from_str(line).ok()
    }

    /// "run R on H at T".
    pub fn told(&self) -> String {
        format!("run `{}` on {} at {}", self.run, self.host, self.at)
    }
}

/// What an object that was found can be replaced by naming.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Version {
    /// S3's ETag, with its quotes.
    Etag(String),
    /// The stamp's upload; empty for an object without a stamp.
    Upload(String),
}

/// When an object may be put.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    /// Always.
    Always,
    /// When there is none.
    Absent,
    /// When it is this one.
    Is(Version),
}

/// How much of an object is wanted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Want {
    Stamp,
    Body,
}

/// An object that is there.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// None in a place of two tiers whose first one lacks it.
    pub version: Option<Version>,
    /// None when something else than rocky put it there.
    pub stamp: Option<Stamp>,
    /// When it was asked for.
    pub body: Option<Vec<u8>>,
}

impl Found {
    pub fn upload_id(&self) -> Option<&str> {
        self.stamp.as_ref().map(|s| s.upload_id.as_str())
    }

    pub fn generation(&self) -> u64 {
        self.stamp.as_ref().map_or(0, |s| s.generation)
    }

    /// Who put it there, for a message.
    pub fn told(&self) -> String {
        match &self.stamp {
            Some(stamp) => stamp.told(),
            None => "something else than rocky".to_owned(),
        }
    }

    /// The condition under which this object, and no other, is replaced.
    pub fn condition(&self) -> Condition {
        match &self.version {
            Some(version) => Condition::Is(version.clone()),
            None => Condition::Absent,
        }
    }
}

/// An object to be put.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub stamp: Stamp,
    pub body: Arc<Vec<u8>>,
    /// The lease under which it is written, where there is one.
    pub fence: Option<u64>,
}
