//! Reading and putting the object, until it is known what became of it.
//!
//! An answer proves nothing here: a success may be a lie, a refused condition may be our own write whose answer was lost, a
//! time-out may be either. So after each write the place is asked what it has. Invariant: [`put`] says "done" only when the
//! place has shown that upload, and writes again only over what this state began with.

use super::Store;
use super::attempt::{Class, Failure, Tries, counted};
use super::object::{Condition, Found, Upload, Version, Want};
use std::sync::Arc;

/// Read, with repetitions. Bytes that are not those of their stamp are not taken.
pub(super) fn read(store: &Arc<dyn Store>, want: Want, tries: &Tries) -> Result<Option<Found>, Failure> {
    tries.repeat(|| {
        let store = store.clone();
        move |limits| match store.read(want, limits)? {
            Some(found) if !is_whole(&found) => Err(Failure::transient(format!(
                "the bytes are not those that {} put there",
                found.told()
            ))
            .hint("restore an older version of the object, or remove it to begin anew")),
            found => Ok(found),
        }
    })
}

/// The bytes, when they are there, are those of the stamp, when there is one.
pub(super) fn is_whole(found: &Found) -> bool {
    match (&found.body, &found.stamp) {
        (Some(body), Some(stamp)) => {
            body.len() as u64 == stamp.size && blake3::hash(body).to_hex().as_str() == stamp.blake3
        }
        _ => true,
    }
}

/// What this state began with, and so may replace.
#[derive(Clone, Debug)]
pub(super) struct Lineage {
    /// Which object may be replaced.
    pub condition: Condition,
    /// Uploads that this state contains and that were seen there. One of them coming back means that the place lost a later
    /// one.
    pub seen: Vec<String>,
    /// Uploads that this state contains and of which nothing was known.
    pub pending: Vec<String>,
}

impl Lineage {
    /// Nothing is lost by replacing this object.
    fn contains(&self, found: &Found) -> bool {
        let version = match (&self.condition, &found.version) {
            (Condition::Is(Version::Upload(id)), _) if id.is_empty() => found.stamp.is_none(),
            (Condition::Is(version), Some(other)) => version == other,
            _ => false,
        };
        let has = |uploads: &[String]| {
            found
                .upload_id()
                .is_some_and(|id| uploads.iter().any(|u| u == id))
        };
        version || has(&self.seen) || has(&self.pending)
    }

    /// An earlier upload of ours that arrived after all.
    fn arrived_late(&self, found: &Found) -> bool {
        found
            .upload_id()
            .is_some_and(|id| self.pending.iter().any(|u| u == id))
    }
}

/// How a put ended.
#[derive(Debug)]
pub(super) enum Put {
    /// The place has it. The note tells what was odd on the way.
    Done { found: Found, note: Option<String> },
    /// The place has something that this state does not contain.
    Foreign(Found),
}

/// Put an object and see it there.
pub(super) fn put(
    store: &Arc<dyn Store>,
    upload: &Upload,
    lineage: &Lineage,
    tries: &Tries,
) -> Result<Put, Failure> {
    let id = upload.stamp.upload_id.as_str();
    let uncontrolled = lineage.condition == Condition::Always;
    let mut condition = lineage.condition.clone();
    let mut note = None;
    let mut n = 1;
    loop {
        let (place, sent, on) = (store.clone(), upload.clone(), condition.clone());
        let wrote = tries.once(move |limits| place.write(&sent, &on, limits));
        let acknowledged = wrote.is_ok();
        let mut failure = match wrote {
            Err(failure) if matches!(failure.class, Class::Fatal | Class::Fenced | Class::Cancelled) => {
                return Err(failure);
            }
            Err(failure) => failure,
            Ok(()) => Failure::transient("the write was acknowledged, and the place does not have it"),
        };
        let seen = match read(store, Want::Stamp, tries) {
            Ok(seen) => seen,
            Err(unread) if acknowledged => {
                return Err(Failure {
                    message: format!(
                        "the write was acknowledged but cannot be seen: {}",
                        unread.message
                    ),
                    ..unread
                });
            }
            Err(unread) => return Err(unread),
        };
        match seen {
            Some(found) if found.upload_id() == Some(id) => return Ok(Put::Done { found, note }),
            Some(found) if lineage.contains(&found) => {
                if !uncontrolled && found.condition() != condition {
                    if !lineage.arrived_late(&found) {
                        note = Some(
                            "the place had gone back to an older state; this run's is there now".to_owned(),
                        );
                    }
                    condition = found.condition();
                }
            }
            Some(found) if uncontrolled && acknowledged => return Ok(Put::Done { found, note }),
            Some(_) if uncontrolled => {}
            Some(found) => return Ok(Put::Foreign(found)),
            None => {
                if !uncontrolled && condition != Condition::Absent {
                    note = Some("the state had vanished from the place; this run's is there now".to_owned());
                    condition = Condition::Absent;
                }
            }
        }
        if failure.class == Class::Conflict {
            failure = Failure::transient("the object changed under the write");
        }
        if !tries.pause(n, &failure) {
            if tries.cancel.is_tripped() {
                return Err(Failure::cancelled());
            }
            return Err(counted(failure, n));
        }
        n += 1;
    }
}
