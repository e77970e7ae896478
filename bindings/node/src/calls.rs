//! The calls that run for one JavaScript environment, so that they are stopped when it goes away (a worker is terminated,
//! the process exits): nobody could receive their outcome, and the database must not be torn down under them.

use napi::{Env, Result};
use rocky_core::CancelToken;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the end of an environment waits for its calls. A run stops within a second and rolls back.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Default)]
struct State {
    next: u64,
    live: BTreeMap<u64, CancelToken>,
    closed: bool,
}

/// The running calls of an environment.
#[derive(Default)]
pub struct Calls {
    state: Mutex<State>,
    ended: Condvar,
}

impl Calls {
    /// The calls of this environment; the first request registers its end.
    pub fn of(env: &Env) -> Result<Arc<Calls>> {
        if let Some(calls) = env.get_instance_data::<Arc<Calls>>()? {
            return Ok(calls.clone());
        }
        let calls = Arc::new(Calls::default());
        env.set_instance_data(calls.clone(), (), |_| {})?;
        // Node owns the registration: it is used up when the environment ends.
        let _ = env.add_env_cleanup_hook(calls.clone(), |calls| calls.stop())?;
        Ok(calls)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Note a call until the guard is dropped.
    pub fn begin(self: &Arc<Calls>, token: &CancelToken) -> CallGuard {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.live.insert(id, token.clone());
        if state.closed {
            token.trip();
        }
        drop(state);
        CallGuard {
            calls: self.clone(),
            id,
        }
    }

    /// Stop all calls, now and later, and wait until they have ended.
    pub fn stop(&self) {
        let mut state = self.state();
        state.closed = true;
        let tokens: Vec<CancelToken> = state.live.values().cloned().collect();
        drop(state);
        // Outside of the lock: a waker may take its time.
        tokens.iter().for_each(CancelToken::trip);
        let state = self.state();
        let _ = self
            .ended
            .wait_timeout_while(state, PATIENCE, |s| !s.live.is_empty());
    }
}

/// Keeps a call noted.
pub struct CallGuard {
    calls: Arc<Calls>,
    id: u64,
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.calls.state().live.remove(&self.id);
        self.calls.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_environment_trips_its_calls_and_waits_for_them() {
        let calls = Arc::new(Calls::default());
        let token = CancelToken::new();
        let guard = calls.begin(&token);
        let (trip, tripped) = std::sync::mpsc::channel();
        let _waker = token.on_trip(move || {
            let _ = trip.send(());
        });
        let thread = std::thread::spawn(move || {
            tripped.recv().unwrap();
            drop(guard);
        });
        calls.stop();
        assert!(calls.state().live.is_empty());
        thread.join().unwrap();
        let late = CancelToken::new();
        let _guard = calls.begin(&late);
        assert!(late.is_tripped());
    }
}
