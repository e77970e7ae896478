//! A run's time: how late it is, waiting until something, and alarms for what takes too long.
//!
//! Invariant: nothing of a run sleeps in any other way, so that a test's time passes without anybody waiting, and every wait ends at
//! once when the token is tripped.

use rocky_base::{CancelToken, Error};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

type Ring = Box<dyn FnOnce() + Send>;

/// Measures from the run's beginning.
pub(crate) struct Time {
    started: Instant,
    /// In tests: how late it is. It passes when nothing else happens, and when a script says so.
    #[cfg(test)]
    manual: Option<Mutex<Duration>>,
    alarms: Mutex<Alarms>,
    changed: Condvar,
}

#[derive(Default)]
struct Alarms {
    waiting: BTreeMap<(Duration, u64), Ring>,
    next: u64,
    over: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Time {
    pub(super) fn real() -> Time {
        Time {
            started: Instant::now(),
            #[cfg(test)]
            manual: None,
            alarms: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn manual() -> Time {
        Time {
            manual: Some(Mutex::default()),
            ..Time::real()
        }
    }

    pub(super) fn now(&self) -> Duration {
        #[cfg(test)]
        if let Some(now) = &self.manual {
            return *locked(now);
        }
        self.started.elapsed()
    }

    /// Let time pass, and ring what is due.
    #[cfg(test)]
    pub(super) fn advance(&self, by: Duration) {
        if let Some(now) = &self.manual {
            *locked(now) += by;
        }
        self.ring_due();
    }

    /// True when time stands still, so that `until` is now when nobody works.
    #[cfg(test)]
    fn skip_to(&self, until: Duration) -> bool {
        let Some(now) = &self.manual else { return false };
        let mut now = locked(now);
        *now = (*now).max(until);
        true
    }

    /// Wait to be woken, not longer than `until`. `idle`: nobody works who could wake.
    pub(super) fn wait<'g, T>(
        &self,
        wake: &Condvar,
        guard: MutexGuard<'g, T>,
        until: Option<Duration>,
        idle: bool,
    ) -> MutexGuard<'g, T> {
        let Some(until) = until else {
            return wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
        };
        #[cfg(test)]
        if self.manual.is_some() {
            if idle && self.skip_to(until) {
                return guard;
            }
            return wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        let _ = idle;
        let left = until.saturating_sub(self.now());
        let woken = wake.wait_timeout(guard, left);
        woken.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Wait; an error as soon as the token is tripped.
    pub(super) fn pause(&self, pause: Duration, cancel: &CancelToken) -> Result<(), Error> {
        let pair = Arc::new((Mutex::new(()), Condvar::new()));
        let waker = pair.clone();
        let _guard = cancel.on_trip(move || {
            drop(locked(&waker.0));
            waker.1.notify_all();
        });
        let until = self.now().saturating_add(pause);
        let mut guard = locked(&pair.0);
        while !cancel.is_tripped() && self.now() < until {
            guard = self.wait(&pair.1, guard, Some(until), true);
        }
        cancel.check()
    }

    /// Ring after this time, unless the answer is dropped before.
    pub(super) fn alarm(&self, after: Duration, ring: impl FnOnce() + Send + 'static) -> Alarm<'_> {
        let due = self.now().saturating_add(after);
        let mut alarms = locked(&self.alarms);
        let key = (due, alarms.next);
        alarms.next += 1;
        alarms.waiting.insert(key, Box::new(ring));
        drop(alarms);
        self.changed.notify_all();
        Alarm { time: self, key }
    }

    /// For a thread of its own: ring what is due, until [`Time::close`].
    pub(super) fn watch(&self) {
        loop {
            self.ring_due();
            let alarms = locked(&self.alarms);
            if alarms.over {
                return;
            }
            let next = alarms.waiting.keys().next().map(|(due, _)| *due);
            match next {
                Some(due) if due <= self.now() => {}
                Some(due) => drop(self.wait(&self.changed, alarms, Some(due), false)),
                None => drop(self.wait(&self.changed, alarms, None, false)),
            }
        }
    }

    /// Do something while a thread of its own rings what is due.
    pub(super) fn watched<R>(&self, body: impl FnOnce() -> R) -> std::io::Result<R> {
        locked(&self.alarms).over = false;
        std::thread::scope(|scope| {
            let _close = Closing(self);
            std::thread::Builder::new()
                .name("rocky-limits".into())
                .spawn_scoped(scope, || self.watch())?;
            Ok(body())
        })
    }

    /// Nothing more is rung.
    pub(super) fn close(&self) {
        locked(&self.alarms).over = true;
        self.changed.notify_all();
    }

    fn ring_due(&self) {
        loop {
            let now = self.now();
            let mut alarms = locked(&self.alarms);
            let ring = match alarms.waiting.first_entry() {
                Some(entry) if entry.key().0 <= now => entry.remove(),
                _ => return,
            };
            // Without the lock: it wakes others.
            drop(alarms);
            ring();
        }
    }
}

/// The thread that watches ends with what it watches.
pub(super) struct Closing<'t>(pub(super) &'t Time);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// An alarm that may still ring.
#[must_use]
pub(crate) struct Alarm<'t> {
    time: &'t Time,
    key: (Duration, u64),
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        locked(&self.time.alarms).waiting.remove(&self.key);
    }
}
