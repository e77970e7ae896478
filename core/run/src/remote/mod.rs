//! The state in a place that several machines share: one object that holds a whole state file.
//!
//! A run takes the lease, brings its local file up to date ([`session`]), and puts consistent snapshots back: at intervals,
//! and on every way out. [`Store`] is what a place must be able to do; [`s3`], [`valkey`] and [`tiered`] are the places.
//! Invariants: an object is replaced only when it is the one that the writer's own state began with, so two runs never
//! overwrite each other; a local file is replaced only by a proved remote one, and never when it holds something that is
//! not there (it is moved aside); "not there" is proved or the run does not begin; no secret is in a message.

mod attempt;
mod claim;
mod http;
mod keeper;
mod object;
mod record;
mod s3;
mod session;
mod tiered;
mod transfer;
mod valkey;

pub(crate) use claim::random_fraction;
pub use record::{SyncBase, SyncRecord};
pub use session::{Begin, Outcome, Session};

use attempt::{Failure, Limits};
use claim::{Claim, Grant, LockAnswer};
use object::{Condition, Found, Upload, Want};
use rocky_base::{Error, ErrorKind, Result, System};
use rocky_config::{StateBackend, StateConfig};
use std::sync::Arc;
use std::time::Duration;

/// A place for one object with a version and a lease.
///
/// No call repeats anything or waits longer than its [`Limits`] say; [`attempt`] does both for all of them.
trait Store: Send + Sync {
    /// How people call it, e.g. `s3://bucket/rocky/state/state.redb`; without secrets.
    fn place(&self) -> &str;
    /// The object, with or without its bytes. `None` is proved: the place says that there is none.
    fn read(&self, want: Want, limits: &Limits) -> Result<Option<Found>, Failure>;
    /// Put the object when the condition holds; else [`attempt::Class::Conflict`].
    fn write(&self, upload: &Upload, condition: &Condition, limits: &Limits) -> Result<(), Failure>;
    /// Take the lease if nobody has it.
    fn lock(&self, claim: &Claim, limits: &Limits) -> Result<LockAnswer, Failure>;
    /// Keep the lease. `None`: it is another's now.
    fn renew(&self, grant: &Grant, claim: &Claim, limits: &Limits) -> Result<Option<Grant>, Failure>;
    /// Give the lease back.
    fn unlock(&self, grant: &Grant, claim: &Claim, limits: &Limits) -> Result<(), Failure>;
    /// True when a writer that lost its lease unknowingly is held off only by the object's version, so that whoever takes
    /// over has to change it.
    fn takeover_changes_the_object(&self) -> bool {
        false
    }
    /// What went wrong without consequence since the last call.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// `[state]` as this module acts on it.
#[derive(Clone, Debug)]
pub struct Settings {
    config: StateConfig,
}

impl Settings {
    /// `None` for a state that is only local. Reads nothing and connects to nothing.
    pub fn of(config: &StateConfig) -> Option<Settings> {
        (config.backend != StateBackend::Local).then(|| Settings {
            config: config.clone(),
        })
    }

    /// `s3`, `valkey` or `tiered`.
    pub fn backend(&self) -> &'static str {
        self.config.backend.as_str()
    }

    /// Where the object is; an error when the configuration does not say it well enough.
    pub fn place(&self, system: Arc<dyn System>) -> Result<String> {
        Ok(self.store(system)?.place().to_owned())
    }

    /// Is a failed upload only a warning?
    pub fn upload_may_fail(&self) -> bool {
        self.config.on_upload_failure == rocky_config::UploadFailure::Skip
    }

    fn controlled(&self) -> bool {
        !self.config.uncontrolled
    }

    fn transfer_timeout(&self) -> Duration {
        Duration::from_secs(self.config.transfer_timeout_seconds.unwrap_or(120).max(1))
    }

    /// `None`: only at the end.
    fn upload_interval(&self) -> Option<Duration> {
        match self.config.upload_interval_seconds.unwrap_or(30) {
            0 => None,
            seconds => Some(Duration::from_secs(seconds)),
        }
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(self.config.lease_seconds.unwrap_or(60).max(6))
    }

    fn lease_wait(&self) -> Duration {
        Duration::from_secs(self.config.lease_wait_seconds.unwrap_or(0))
    }

    fn policy(&self) -> attempt::Policy {
        attempt::Policy::of(self.config.retry.as_ref())
    }

    fn store(&self, system: Arc<dyn System>) -> Result<Arc<dyn Store>> {
        let config = &self.config;
        let bucket = || {
            let bucket = config
                .s3_bucket
                .as_ref()
                .map(|b| b.value.as_str())
                .unwrap_or_default();
            let prefix = config.s3_prefix.as_deref().unwrap_or("rocky/state/");
            s3::S3::new(bucket, prefix, self.controlled(), system.clone())
        };
        let valkey = || {
            let Some(url) = &config.valkey_url else {
                return Err(unusable("`state.valkey_url` is missing"));
            };
            let prefix = config.valkey_prefix.as_deref().unwrap_or("rocky:state:");
            valkey::Valkey::new(url, prefix)
        };
        Ok(match config.backend {
            StateBackend::Local => return Err(Error::bug("a local state has no remote store")),
            StateBackend::S3 => Arc::new(bucket()?),
            StateBackend::Valkey => Arc::new(valkey()?),
            StateBackend::Tiered => Arc::new(tiered::Tiered::new(valkey()?, bucket()?)),
        })
    }
}

/// The configuration does not lead to a place.
fn unusable(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, what)
}
