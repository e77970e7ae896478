//! The remote state around a verb: brought here before, put there after, whatever comes between. The work is
//! `rocky_run::remote`'s.

use crate::project::Project;
use rocky_base::{CancelToken, Error, ErrorKind, Event, Observer, Result, SmolStr};
use rocky_run::remote::{Begin, Outcome, Session, Settings, SyncRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a run did with the remote state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoteStateSummary {
    /// `s3`, `valkey`, `tiered`.
    pub backend: String,
    /// Where it is, without secrets.
    pub location: String,
    /// Number of the upload that is there.
    pub generation: Option<u64>,
    /// Everything of this run is there.
    pub uploaded: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation_hint: Option<String>,
    /// The file that has this run's state, when it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_at: Option<String>,
    /// What was odd, without consequence for this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Where the state is shared, and how this machine's file stands to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoteStateInfo {
    /// `s3`, `valkey`, `tiered`.
    pub backend: String,
    /// Where it is, without secrets.
    pub location: String,
    /// Number of the upload that the local file began with or put there last.
    pub generation: Option<u64>,
    /// The run that made this upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// When the local file and the remote state were the same (RFC 3339); none when they never were.
    pub synced_at: Option<String>,
    /// The local file may hold something that is not there.
    pub unsynced: bool,
    /// Why the last upload failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// A session, or what stands in for one where the state is only local.
#[derive(Default)]
pub(crate) struct RemoteRun {
    session: Option<Session>,
    /// The configuration has mistakes, so it is not known whether there is a remote state.
    unknown: bool,
    fails: bool,
    warnings: Vec<String>,
}

impl Project {
    /// `[state]`, when it names a remote place. Mistakes of the configuration are the compile's to tell.
    pub(crate) fn remote_settings(&self) -> Result<Option<Settings>> {
        match self.config() {
            Ok(config) => Ok(Settings::of(&config.state)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Take the lease of the remote state and bring the local file up to date, where the configuration says so.
    pub(crate) fn begin_remote(
        &self,
        run_id: &str,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<RemoteRun> {
        let mut run = RemoteRun {
            session: None,
            unknown: false,
            fails: true,
            warnings: Vec::new(),
        };
        let Some(settings) = self.remote_settings()? else {
            return Ok(run);
        };
        run.unknown = self.configuration()?.diagnostics.iter().any(|d| d.is_error());
        if run.unknown {
            return Ok(run);
        }
        run.fails = !settings.upload_may_fail();
        let mut session = Session::begin(Begin {
            settings: &settings,
            system: self.host.system.clone(),
            states: &self.engine.inner.states,
            path: self.state_path(),
            run: run_id,
            observer,
            cancel,
        })?;
        for warning in session.warnings() {
            warn(observer, &warning);
            run.warnings.push(warning);
        }
        run.session = Some(session);
        Ok(run)
    }

    /// For `state`: what the configuration and the local file say. Asks nobody.
    pub(crate) fn remote_info(
        &self,
        reader: Option<&rocky_run::StateReader>,
    ) -> Result<Option<Box<RemoteStateInfo>>> {
        let Some(settings) = self.remote_settings()? else {
            return Ok(None);
        };
        let location = settings.place(self.host.system.clone())?;
        let record = match reader {
            Some(reader) => SyncRecord::of(reader)?.filter(|r| r.place == location),
            None => None,
        };
        let base = record.as_ref().and_then(|r| r.base.as_ref());
        Ok(Some(Box::new(RemoteStateInfo {
            backend: settings.backend().to_owned(),
            location,
            generation: base.map(|b| b.generation),
            run_id: base.map(|b| b.run.clone()),
            synced_at: record.as_ref().and_then(|r| r.synced_at.clone()),
            unsynced: record.as_ref().is_some_and(|r| r.dirty),
            last_error: record.and_then(|r| r.last_error),
        })))
    }
}

impl RemoteRun {
    /// The local state is about to be written.
    pub(crate) fn watch(&mut self) -> Result<()> {
        if self.unknown {
            let text = "the configuration has mistakes, so the remote state cannot be used";
            return Err(Error::new(ErrorKind::Config, text).hint("run `rocky validate`"));
        }
        match &mut self.session {
            Some(session) => session.watch(),
            None => Ok(()),
        }
    }

    /// The verb has ended. Returns what became of the remote state, and the error that counts when its failure is one.
    pub(crate) fn finish(
        self,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> (Option<RemoteStateSummary>, Option<Error>) {
        let Some(session) = self.session else {
            return (None, None);
        };
        let outcome = session.finish(cancel.is_tripped());
        let error = outcome.error.as_ref().map(|message| {
            let mut error = Error::new(ErrorKind::State, message.clone());
            error.hint.clone_from(&outcome.hint);
            error
        });
        if let Some(error) = &error {
            let hint = error.hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default();
            warn(observer, &format!("{}{hint}", error.message));
        }
        for warning in &outcome.warnings {
            warn(observer, warning);
        }
        if let (true, Some(took)) = (outcome.uploaded, outcome.took) {
            observer.event(&Event::StateSynced {
                backend: SmolStr::new_static(outcome.backend),
                duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            });
        }
        let mut summary = summary(outcome);
        summary.warnings.splice(0..0, self.warnings);
        (Some(summary), error.filter(|_| self.fails))
    }
}

fn summary(outcome: Outcome) -> RemoteStateSummary {
    RemoteStateSummary {
        backend: outcome.backend.to_owned(),
        location: outcome.place,
        generation: outcome.base.map(|b| b.generation),
        uploaded: outcome.uploaded,
        error: outcome.error,
        remediation_hint: outcome.hint,
        kept_at: outcome.kept.map(|p| p.display().to_string()),
        warnings: outcome.warnings,
    }
}

fn warn(observer: &mut dyn Observer, message: &str) {
    observer.event(&Event::Log {
        level: SmolStr::new_static("warning"),
        message: message.to_owned(),
    });
}
