//! Cancellation: a flag plus wakers. Tripping is safe from any thread at any time and never undone.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type Waker = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Inner {
    tripped: AtomicBool,
    next: AtomicU64,
    wakers: Mutex<Vec<(u64, Waker)>>,
}

/// A shared flag. Clones are the same token.
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Inner>);

impl std::fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CancelToken")
            .field("tripped", &self.is_tripped())
            .finish()
    }
}

impl CancelToken {
    /// A token that is not tripped.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Ask everything that holds the token to stop; runs the registered wakers on this thread.
    pub fn trip(&self) {
        self.0.tripped.store(true, Ordering::SeqCst);
        let wakers: Vec<Waker> = {
            let guard = self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
            guard.iter().map(|(_, w)| w.clone()).collect()
        };
        // Outside of the lock: a waker may register or drop another.
        wakers.iter().for_each(|w| w());
    }

    /// True once tripped.
    pub fn is_tripped(&self) -> bool {
        self.0.tripped.load(Ordering::SeqCst)
    }

    /// `Err(cancelled)` once tripped.
    pub fn check(&self) -> Result<()> {
        if self.is_tripped() {
            Err(Error::cancelled())
        } else {
            Ok(())
        }
    }

    /// Call `waker` when the token is tripped, at once if it already is. Dropping the guard unregisters it.
    pub fn on_trip(&self, waker: impl Fn() + Send + Sync + 'static) -> WakerGuard {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let waker: Waker = Arc::new(waker);
        self.0
            .wakers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((id, waker.clone()));
        if self.is_tripped() {
            waker();
        }
        WakerGuard {
            token: self.clone(),
            id,
        }
    }
}

/// Keeps a waker registered.
#[must_use]
pub struct WakerGuard {
    token: CancelToken,
    id: u64,
}

impl Drop for WakerGuard {
    fn drop(&mut self) {
        self.token
            .0
            .wakers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn a_waker_runs_on_trip_and_not_after_its_guard_is_gone() {
        let token = CancelToken::new();
        let count = Arc::new(AtomicUsize::new(0));
        let n = count.clone();
        let kept = token.on_trip(move || {
            n.fetch_add(1, Ordering::SeqCst);
        });
        let n = count.clone();
        drop(token.on_trip(move || {
            n.fetch_add(100, Ordering::SeqCst);
        }));
        token.trip();
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(token.check().is_err());
        drop(kept);
    }
}
