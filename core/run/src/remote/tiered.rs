//! Two tiers: a bucket that keeps, and Valkey in front of it that is read first.
//!
//! The bucket decides: leases and conditions are its, and an upload counts when it has it. Valkey gets a copy afterwards; that
//! it fails is a note. On reading the newer of the two counts, whichever it is, so neither a Valkey that was down nor a
//! bucket that lost a write brings back an old state.

use super::Store;
use super::attempt::{Failure, Limits};
use super::claim::{Claim, Grant, LockAnswer};
use super::object::{Condition, Found, Upload, Want};
use super::s3::S3;
use super::valkey::Valkey;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The tier that may fail is not waited for longer than this.
const FAST: Duration = Duration::from_secs(5);

pub(super) struct Tiered {
    place: String,
    fast: Valkey,
    durable: S3,
    notes: Mutex<Vec<String>>,
}

impl Tiered {
    pub fn new(fast: Valkey, durable: S3) -> Tiered {
        Tiered {
            place: format!("{} behind {}", durable.place(), fast.place()),
            fast,
            durable,
            notes: Mutex::new(Vec::new()),
        }
    }

    fn note(&self, what: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&what) {
            notes.push(what);
        }
    }

    /// What Valkey has, when it answers and has something whole of ours.
    fn copy(&self, want: Want, limits: &Limits) -> Option<Found> {
        match self.fast.read(want, &quick(limits)) {
            Ok(found) => found.filter(|found| found.stamp.is_some() && super::transfer::is_whole(found)),
            Err(failure) => {
                self.note(format!("{} was not read: {}", self.fast.place(), failure.message));
                None
            }
        }
    }
}

fn quick(limits: &Limits) -> Limits {
    Limits {
        deadline: limits.deadline.min(Instant::now() + FAST),
        first_byte: limits.first_byte.min(FAST),
    }
}

impl Store for Tiered {
    fn place(&self) -> &str {
        &self.place
    }

    fn read(&self, want: Want, limits: &Limits) -> Result<Option<Found>, Failure> {
        let fast = self.copy(want, limits);
        let durable = self.durable.read(Want::Stamp, limits)?;
        let newer = match (&fast, &durable) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(fast), Some(durable)) => fast.generation() > durable.generation(),
        };
        let same = match (&fast, &durable) {
            (Some(fast), Some(durable)) => fast.upload_id() == durable.upload_id(),
            _ => false,
        };
        if newer {
            self.note(format!(
                "{} has an older state than {}, or none; the newer one counts",
                self.durable.place(),
                self.fast.place()
            ));
        }
        if newer || same {
            return Ok(fast.map(|found| Found {
                version: durable.and_then(|d| d.version),
                ..found
            }));
        }
        match (want, durable) {
            (Want::Body, Some(_)) => self.durable.read(Want::Body, limits),
            (_, durable) => Ok(durable),
        }
    }

    fn write(&self, upload: &Upload, condition: &Condition, limits: &Limits) -> Result<(), Failure> {
        self.durable.write(upload, condition, limits)?;
        if let Err(failure) = self.fast.put_newer(upload, &quick(limits)) {
            self.note(format!(
                "{} did not get its copy: {}",
                self.fast.place(),
                failure.message
            ));
        }
        Ok(())
    }

    fn lock(&self, claim: &Claim, limits: &Limits) -> Result<LockAnswer, Failure> {
        self.durable.lock(claim, limits)
    }

    fn renew(&self, grant: &Grant, claim: &Claim, limits: &Limits) -> Result<Option<Grant>, Failure> {
        self.durable.renew(grant, claim, limits)
    }

    fn unlock(&self, grant: &Grant, claim: &Claim, limits: &Limits) -> Result<(), Failure> {
        self.durable.unlock(grant, claim, limits)
    }

    fn takeover_changes_the_object(&self) -> bool {
        self.durable.takeover_changes_the_object()
    }

    fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
