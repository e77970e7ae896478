//! How a call to a remote place ends, and how often it is tried.
//!
//! Each attempt runs on a thread of its own, so that neither a place that answers byte by byte nor one that does not answer
//! holds up a run that was cancelled. A write whose outcome is not known is never simply sent again: [`super::transfer`]
//! looks first.

use rocky_base::{CancelToken, Error, ErrorKind};
use rocky_config::RetryConfig;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What a failure means for another attempt.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// Network, overload, a server in trouble. Whether it happened is not known.
    Transient,
    /// The place refuses and will again.
    Fatal,
    /// The condition of a write does not hold.
    Conflict,
    /// The lease is not ours any more.
    Fenced,
    /// The token was tripped.
    Cancelled,
}

/// Why a call failed. Neither field holds a secret.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub class: Class,
    pub message: String,
    pub hint: Option<String>,
    /// The place says when to come back.
    pub retry_after: Option<Duration>,
}

impl Failure {
    pub fn new(class: Class, message: impl Into<String>) -> Failure {
        Failure {
            class,
            message: message.into(),
            hint: None,
            retry_after: None,
        }
    }

    pub fn transient(message: impl Into<String>) -> Failure {
        Failure::new(Class::Transient, message)
    }

    pub fn fatal(message: impl Into<String>) -> Failure {
        Failure::new(Class::Fatal, message)
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    pub fn cancelled() -> Failure {
        Failure::new(Class::Cancelled, "cancelled")
    }

    /// With what was being done, and where.
    pub fn into_error(self, doing: &str, place: &str) -> Error {
        if self.class == Class::Cancelled {
            return Error::cancelled();
        }
        let mut error = Error::new(
            ErrorKind::State,
            format!("remote state {place}: {doing}: {}", self.message),
        );
        error.hint = self.hint;
        error
    }
}

/// How long one attempt may take.
#[derive(Copy, Clone, Debug)]
pub(super) struct Limits {
    /// When the answer must be there, with its body.
    pub deadline: Instant,
    /// Until the answer begins.
    pub first_byte: Duration,
}

impl Limits {
    pub fn left(&self) -> Duration {
        // Zero means "no limit" to sockets.
        self.deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1))
    }

    pub fn answer(&self) -> Duration {
        self.first_byte.min(self.left())
    }
}

/// How often, and how long between.
#[derive(Copy, Clone, Debug)]
pub(super) struct Policy {
    retries: u32,
    initial: Duration,
    longest: Duration,
    factor: f64,
    jitter: bool,
}

impl Policy {
    pub fn of(config: Option<&RetryConfig>) -> Policy {
        let config = config.cloned().unwrap_or_default();
        Policy {
            retries: config.max_retries.unwrap_or(4),
            initial: Duration::from_millis(config.initial_backoff_ms.unwrap_or(200)),
            longest: Duration::from_millis(config.max_backoff_ms.unwrap_or(5_000)),
            factor: config.backoff_multiplier.unwrap_or(2.0).max(1.0),
            jitter: config.jitter.unwrap_or(true),
        }
    }

    /// Before attempt `n` (from 1) is repeated. Full jitter over the upper half, so that machines that failed together do
    /// not come back together.
    fn pause(&self, n: u32, retry_after: Option<Duration>) -> Duration {
        let exponent = i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX).min(64);
        let grown = self.initial.as_secs_f64() * self.factor.powi(exponent);
        let mut pause = grown.min(self.longest.as_secs_f64()).max(0.0);
        if self.jitter {
            pause *= 0.5 + super::claim::random_fraction() / 2.0;
        }
        let pause = Duration::try_from_secs_f64(pause).unwrap_or(self.longest);
        // What the server asks for is honoured within reason; the deadline bounds it anyway.
        pause.max(retry_after.unwrap_or_default().min(Duration::from_secs(60)))
    }
}

/// One thing to be done at a place, within a time.
#[derive(Clone, Debug)]
pub(super) struct Tries {
    pub policy: Policy,
    /// When to give up, repetitions included.
    pub deadline: Instant,
    pub cancel: CancelToken,
}

/// The longest wait for the first byte of an answer.
const FIRST_BYTE: Duration = Duration::from_secs(30);
/// How often a waiting thread looks at the token.
const POLL: Duration = Duration::from_millis(20);

impl Tries {
    pub fn new(policy: Policy, within: Duration, cancel: &CancelToken) -> Tries {
        Tries {
            policy,
            deadline: Instant::now() + within,
            cancel: cancel.clone(),
        }
    }

    /// For one attempt: no longer than half of what is left, so that a stall leaves time for another one.
    fn limits(&self) -> Limits {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let share = if self.policy.retries == 0 { left } else { left / 2 };
        Limits {
            deadline: Instant::now() + left.min(share.max(Duration::from_secs(10))),
            first_byte: FIRST_BYTE.min(share.max(Duration::from_millis(1))),
        }
    }

    /// One attempt.
    pub fn once<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Limits) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        if self.cancel.is_tripped() {
            return Err(Failure::cancelled());
        }
        let limits = self.limits();
        let (sender, receiver) = mpsc::sync_channel(1);
        // Not joined: when its answer is not waited for any more, its sockets' time-outs end it.
        let spawned = std::thread::Builder::new()
            .name("rocky-remote".into())
            .spawn(move || {
                let _ = sender.send(call(&limits));
            });
        if let Err(error) = spawned {
            return Err(Failure::transient(format!("cannot start a thread: {error}")));
        }
        loop {
            match receiver.recv_timeout(POLL) {
                Ok(result) => return result,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(Failure::fatal("the request panicked; this is a bug of rocky"));
                }
                Err(mpsc::RecvTimeoutError::Timeout) if self.cancel.is_tripped() => {
                    return Err(Failure::cancelled());
                }
                Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() >= limits.deadline => {
                    return Err(Failure::transient("no complete answer in time"));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Wait before attempt `n` is repeated; false when there is no attempt or no time left.
    pub fn pause(&self, n: u32, failure: &Failure) -> bool {
        if n > self.policy.retries {
            return false;
        }
        let until = Instant::now() + self.policy.pause(n, failure.retry_after);
        if until >= self.deadline {
            return false;
        }
        while Instant::now() < until {
            if self.cancel.is_tripped() {
                return false;
            }
            std::thread::sleep(POLL.min(until.saturating_duration_since(Instant::now())));
        }
        !self.cancel.is_tripped()
    }

    /// Attempts until one succeeds or fails for good: for calls that may be repeated whatever became of the last one.
    pub fn repeat<T: Send + 'static, F>(&self, call: impl Fn() -> F) -> Result<T, Failure>
    where
        F: FnOnce(&Limits) -> Result<T, Failure> + Send + 'static,
    {
        let mut n = 1;
        loop {
            match self.once(call()) {
                Err(failure) if failure.class == Class::Transient => {
                    if !self.pause(n, &failure) {
                        if self.cancel.is_tripped() {
                            return Err(Failure::cancelled());
                        }
                        return Err(counted(failure, n));
                    }
                    n += 1;
                }
                result => return result,
            }
        }
    }
}

/// A failure after several attempts says so.
pub(super) fn counted(mut failure: Failure, attempts: u32) -> Failure {
    if attempts > 1 {
        failure.message = format!("{} ({attempts} attempts)", failure.message);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn quick(retries: u32) -> Policy {
        Policy {
            retries,
            initial: Duration::from_millis(1),
            longest: Duration::from_millis(4),
            factor: 2.0,
            jitter: true,
        }
    }

    fn failing(tries: &Tries, class: Class) -> (u32, Failure) {
        let count = Arc::new(AtomicU32::new(0));
        let failure = tries
            .repeat(|| {
                let count = count.clone();
                move |_: &Limits| -> Result<(), Failure> {
                    count.fetch_add(1, Ordering::SeqCst);
                    Err(Failure::new(class, "no"))
                }
            })
            .unwrap_err();
        (count.load(Ordering::SeqCst), failure)
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let tries = Tries::new(quick(3), Duration::from_secs(60), &CancelToken::new());
        let (count, failure) = failing(&tries, Class::Transient);
        assert_eq!((count, failure.message.as_str()), (4, "no (4 attempts)"));
        for class in [Class::Fatal, Class::Conflict, Class::Fenced] {
            assert_eq!(failing(&tries, class).0, 1);
        }
    }

    #[test]
    fn pauses_grow_to_a_limit_and_honour_what_the_server_asks_for() {
        let policy = Policy {
            jitter: false,
            ..quick(9)
        };
        let pauses: Vec<u128> = (1..5).map(|n| policy.pause(n, None).as_millis()).collect();
        assert_eq!(pauses, [1, 2, 4, 4]);
        assert_eq!(
            policy.pause(1, Some(Duration::from_secs(2))),
            Duration::from_secs(2)
        );
        let spread = Policy {
            jitter: true,
            ..policy
        };
        assert!((1..50).all(|n| spread.pause(n, None) <= Duration::from_millis(4)));
        assert!(policy.pause(u32::MAX, None) <= Duration::from_millis(4));
    }

    #[test]
    fn a_call_that_does_not_return_is_left_alone() {
        let cancel = CancelToken::new();
        let tries = Tries::new(quick(0), Duration::from_millis(80), &cancel);
        let (hold, held) = mpsc::channel::<()>();
        // It never does.
        let failure = tries
            .once(move |_| {
                let _ = held.recv();
                Ok(())
            })
            .unwrap_err();
        assert_eq!(failure.class, Class::Transient);
        drop(hold);
        cancel.trip();
        assert_eq!(tries.once(|_| Ok(())).unwrap_err().class, Class::Cancelled);
    }

    #[test]
    fn nothing_is_waited_for_beyond_the_deadline() {
        let policy = Policy {
            initial: Duration::from_secs(3600),
            longest: Duration::from_secs(3600),
            ..quick(9)
        };
        let tries = Tries::new(policy, Duration::from_secs(30), &CancelToken::new());
        assert_eq!(failing(&tries, Class::Transient).0, 1);
    }
}
