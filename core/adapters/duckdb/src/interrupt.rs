//! Stopping a running statement. DuckDB forgets an interrupt that comes before the statement runs, so it is repeated every
//! 10 ms until the call returns; and an interrupt of a closed connection reads freed memory, so "is it running" and the
//! interrupt stand under one lock.

use crate::raw::InterruptTarget;
use rocky_base::CancelToken;
use rocky_base::cancel::WakerGuard;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const PERIOD: Duration = Duration::from_millis(10);

struct State {
    target: InterruptTarget,
    /// Number of the statement that runs; `None` between statements.
    running: Option<u64>,
    /// Number of the last statement.
    last: u64,
    /// The statement that a thread is already interrupting.
    chased: Option<u64>,
}

/// Interrupts the statement that runs on one connection, and no other.
pub(crate) struct Interrupter {
    state: Mutex<State>,
    ended: Condvar,
}

impl Interrupter {
    pub(crate) fn new(target: InterruptTarget) -> Arc<Interrupter> {
        let state = State {
            target,
            running: None,
            last: 0,
            chased: None,
        };
        Arc::new(Interrupter {
            state: Mutex::new(state),
            ended: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A statement begins; until the guard is dropped a tripped token interrupts it.
    pub(crate) fn watch(self: &Arc<Interrupter>, cancel: &CancelToken) -> Watch {
        let number = {
            let mut state = self.lock();
            state.last += 1;
            state.running = Some(state.last);
            state.last
        };
        let interrupter = Arc::clone(self);
        let waker = cancel.on_trip(move || interrupter.chase(number));
        Watch {
            interrupter: Arc::clone(self),
            _waker: waker,
        }
    }

    /// Interrupt statement `number` now and again until it has ended. Returns at once.
    fn chase(self: &Arc<Interrupter>, number: u64) {
        {
            let mut state = self.lock();
            if state.running != Some(number) || state.chased == Some(number) {
                return;
            }
            state.chased = Some(number);
            state.target.interrupt();
        }
        let interrupter = Arc::clone(self);
        let repeat = move || {
            let mut state = interrupter.lock();
            while state.running == Some(number) {
                state.target.interrupt();
                state = interrupter
                    .ended
                    .wait_timeout(state, PERIOD)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        };
        // Without a thread there is still the one interrupt above.
        let _ = std::thread::Builder::new()
            .name("rocky-duckdb-cancel".to_owned())
            .spawn(repeat);
    }
}

/// Kept while a statement runs.
pub(crate) struct Watch {
    interrupter: Arc<Interrupter>,
    _waker: WakerGuard,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.interrupter.lock().running = None;
        self.interrupter.ended.notify_all();
    }
}
