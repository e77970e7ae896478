//! What comes after a run's end and still says how it ended: a budget that it went over, a hook of the end that refuses. History and
//! idempotency key are to say the same as the document, in the remote state too.

use crate::idempotency;
use crate::project::Project;
use crate::verbs::run::RunResponse;
use rocky_base::{CancelToken, Error, Event, Observer, Result, SmolStr};
use rocky_run::report::RunStatus;

impl Project {
    /// Say in the state that a run which was recorded as a success is none. `wanted` is the name that it was to have.
    pub(crate) fn amend(
        &self,
        response: &RunResponse,
        wanted: &str,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) {
        let why = response.errors.last().map_or("", |e| e.error.as_str());
        let written = self.with_state(wanted.to_owned(), observer, cancel, |begun, _| {
            begun.watch()?;
            self.write_amended(response, wanted, why)?;
            // What `with_state` adds to a response is said of the run already.
            Ok(response.clone())
        });
        if let Err(error) = written {
            observer.event(&Event::Log {
                level: SmolStr::new_static("warning"),
                message: format!("the history still says that the run succeeded: {}", error.message),
            });
        }
    }

    fn write_amended(&self, response: &RunResponse, wanted: &str, why: &str) -> Result<()> {
        let state = self.engine.inner.states.writer(self.state_path())?;
        let status = [RunStatus::PartialFailure, RunStatus::Failure]
            .into_iter()
            .find(|s| s.as_str() == response.status)
            .ok_or_else(|| Error::bug(format!("a run cannot be amended to `{}`", response.status)))?;
        state.amend_run(&response.run_id, status, why)?;
        let Some(key) = &response.idempotency_key else {
            return Ok(());
        };
        let now = crate::document::timestamp(self.host.system.now());
        let config = self.config()?.state.idempotency;
        idempotency::settle(&state, key, wanted, Some(status.as_str()), &config, now)
    }
}
