//! How long an attempt and each of its statements may take. What takes longer is interrupted by a token of the attempt's own, so that
//! the run goes on.

use super::time::{Alarm, Time};
use rocky_base::CancelToken;
use rocky_base::cancel::WakerGuard;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

const TASK: u8 = 1;
const STATEMENT: u8 = 2;

/// The limits of one attempt.
pub(crate) struct Limits<'t> {
    token: CancelToken,
    watched: Option<Watched<'t>>,
}

struct Watched<'t> {
    time: &'t Time,
    task: Option<Duration>,
    statement: Option<Duration>,
    rung: Arc<AtomicU8>,
    _run: WakerGuard,
    _task: Option<Alarm<'t>>,
}

impl<'t> Limits<'t> {
    /// An attempt begins. The run's token ends it too.
    pub(super) fn begin(
        time: &'t Time,
        run: &CancelToken,
        task: Option<Duration>,
        statement: Option<Duration>,
    ) -> Limits<'t> {
        if task.is_none() && statement.is_none() {
            return Limits {
                token: run.clone(),
                watched: None,
            };
        }
        let token = CancelToken::new();
        let own = token.clone();
        let run = run.on_trip(move || own.trip());
        let rung = Arc::new(AtomicU8::new(0));
        let alarm = task.map(|limit| ring(time, limit, &rung, &token, TASK));
        let watched = Some(Watched {
            time,
            task,
            statement,
            rung,
            _run: run,
            _task: alarm,
        });
        Limits { token, watched }
    }

    /// Stops the attempt.
    pub(crate) fn token(&self) -> &CancelToken {
        &self.token
    }

    /// A statement begins; it ends when the answer is dropped.
    pub(crate) fn statement(&self) -> Option<Alarm<'t>> {
        let watched = self.watched.as_ref()?;
        Some(ring(
            watched.time,
            watched.statement?,
            &watched.rung,
            &self.token,
            STATEMENT,
        ))
    }

    /// What was interrupted for taking too long, if anything.
    pub(crate) fn exceeded(&self, task: &str) -> Option<String> {
        let watched = self.watched.as_ref()?;
        let seconds = |limit: Option<Duration>| limit.unwrap_or_default().as_secs_f64();
        match watched.rung.load(Ordering::SeqCst) {
            TASK => Some(format!(
                "`{task}` took longer than {} s (`timeout_seconds`) and was stopped",
                seconds(watched.task)
            )),
            STATEMENT => Some(format!(
                "a statement of `{task}` took longer than {} s (`timeout_secs` of the adapter) and was stopped",
                seconds(watched.statement)
            )),
            _ => None,
        }
    }
}

fn ring<'t>(
    time: &'t Time,
    limit: Duration,
    rung: &Arc<AtomicU8>,
    token: &CancelToken,
    what: u8,
) -> Alarm<'t> {
    let (rung, token) = (Arc::clone(rung), token.clone());
    time.alarm(limit, move || {
        // The first that rings is the reason.
        let _ = rung.compare_exchange(0, what, Ordering::SeqCst, Ordering::SeqCst);
        token.trip();
    })
}
