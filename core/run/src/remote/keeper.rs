//! Keeps the lease while a run goes on, on a thread of its own.

use super::Store;
use super::attempt::{Policy, Tries};
use super::claim::{Claim, Grant};
use rocky_base::CancelToken;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is known of the lease.
#[derive(Clone, Debug)]
pub(super) enum Lease {
    /// Ours.
    Held(Grant),
    /// It could not be renewed in time, so another may have taken it. It may come back.
    Unsure(Grant),
    /// Another has taken it.
    Lost(String),
}

pub(super) struct Keeper {
    claim: Claim,
    lease: Arc<Mutex<Lease>>,
    stop: CancelToken,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Renew four times in the time that the lease lasts. `since` is when it was asked for.
    pub fn start(
        store: Arc<dyn Store>,
        claim: Claim,
        grant: Grant,
        policy: Policy,
        since: Instant,
    ) -> Keeper {
        let lease = Arc::new(Mutex::new(Lease::Held(grant)));
        let stop = CancelToken::new();
        let (wake, sleep) = mpsc::channel();
        let (shared, token, own) = (lease.clone(), stop.clone(), claim.clone());
        let body = move || {
            let every = claim.ttl / 4;
            let mut renewed = since;
            let mut wait = every;
            while sleep.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let grant = match &*shared.lock().unwrap_or_else(PoisonError::into_inner) {
                    Lease::Held(grant) | Lease::Unsure(grant) => grant.clone(),
                    Lease::Lost(_) => return,
                };
                let asked = Instant::now();
                let tries = Tries::new(policy, every.max(Duration::from_secs(1)), &token);
                let renewal = tries.repeat(|| {
                    let (store, claim, grant) = (store.clone(), claim.clone(), grant.clone());
                    move |limits| store.renew(&grant, &claim, limits)
                });
                wait = every;
                let next = match renewal {
                    Ok(Some(grant)) => {
                        renewed = asked;
                        Lease::Held(grant)
                    }
                    Ok(None) => Lease::Lost("another run has taken the lease".to_owned()),
                    Err(_) => {
                        wait = (every / 3).max(Duration::from_millis(250));
                        if renewed.elapsed() < claim.ttl {
                            continue;
                        }
                        Lease::Unsure(grant)
                    }
                };
                *shared.lock().unwrap_or_else(PoisonError::into_inner) = next;
            }
        };
        let thread = std::thread::Builder::new()
            .name("rocky-lease".into())
            .spawn(body)
            .ok();
        Keeper {
            claim: own,
            lease,
            stop,
            wake: Some(wake),
            thread,
        }
    }

    pub fn lease(&self) -> Lease {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// With what it was asked for.
    pub fn held(&self) -> (Claim, Lease) {
        (self.claim.clone(), self.lease())
    }

    /// Stop renewing. Returns what was known last.
    pub fn stop(mut self) -> Lease {
        self.end();
        self.lease()
    }

    fn end(&mut self) {
        self.stop.trip();
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}
