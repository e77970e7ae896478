//! What a run does about failures that may pass, and what it does not wait for: `[adapter.X.retry]`, `[retry]` and
//! `[pipeline.X.execution]` as values. The façade reads them; nothing here knows where they stand.

use rocky_base::SmolStr;
use std::collections::HashMap;
use std::time::Duration;

/// How a run deals with failures.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// So often is a task, or a window, repeated after failures of the warehouse that may pass: no answer, rate limits, conflicts.
    pub max_retries: u32,
    /// How long is waited before that.
    pub backoff: Backoff,
    /// Repetitions of the whole run, of any kind but the first one after a conflict; `None`: no limit.
    pub max_retries_per_run: Option<u32>,
    /// So often is a task begun anew after any failure. `None`: once, but not where the statement itself was refused.
    pub table_retries: Option<u32>,
    /// When nothing more is sent because the warehouse does not answer; `None`: never.
    pub breaker: Option<BreakerPolicy>,
    /// Fewer tasks at a time on rate limits.
    pub adaptive: bool,
    /// Nothing more is started when this share of at least four tasks failed, in per cent; 0: never.
    pub error_rate_abort_pct: u32,
    /// The longest that one attempt at a task, or a window, may take …
    pub timeout: Option<Duration>,
    /// … and for these tasks instead.
    pub timeouts: HashMap<SmolStr, Duration>,
    /// The longest that a statement may take.
    pub statement_timeout: Option<Duration>,
}

/// How long is waited before a repetition: longer each time.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Backoff {
    /// Before the first.
    pub initial: Duration,
    /// The longest.
    pub longest: Duration,
    /// By which the wait grows.
    pub factor: f64,
    /// Spread over an eighth to both sides, so that what failed together does not come back together.
    pub jitter: bool,
}

/// When a circuit opens and closes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// So many attempts in a row without an answer open it.
    pub threshold: u32,
    /// After this time one task tries whether the warehouse answers again; `None`: it stays open.
    pub recovery: Option<Duration>,
}

/// What a warehouse may ask for is not waited for longer than this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

impl Default for Policy {
    /// What holds when nothing is configured.
    fn default() -> Policy {
        Policy {
            max_retries: 3,
            backoff: Backoff::default(),
            max_retries_per_run: None,
            table_retries: None,
            breaker: Some(BreakerPolicy {
                threshold: 5,
                recovery: None,
            }),
            adaptive: false,
            error_rate_abort_pct: 50,
            timeout: None,
            timeouts: HashMap::new(),
            statement_timeout: None,
        }
    }
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff {
            initial: Duration::from_millis(1_000),
            longest: Duration::from_millis(30_000),
            factor: 2.0,
            jitter: true,
        }
    }
}

impl Policy {
    /// Nothing is repeated, nothing is limited: each failure is final.
    pub fn once() -> Policy {
        Policy {
            max_retries: 0,
            table_retries: Some(0),
            breaker: None,
            error_rate_abort_pct: 0,
            ..Policy::default()
        }
    }

    /// How long one attempt at a task may take.
    pub(super) fn timeout_of(&self, task: &str) -> Option<Duration> {
        self.timeouts.get(task).copied().or(self.timeout)
    }

    /// There is something to be watched.
    pub(super) fn has_limits(&self) -> bool {
        self.timeout.is_some() || self.statement_timeout.is_some() || !self.timeouts.is_empty()
    }
}

impl Backoff {
    /// The wait before repetition `n` (from 0). `fraction` is a random number from 0 up to 1.
    pub(super) fn pause(&self, n: u32, fraction: f64, retry_after: Option<Duration>) -> Duration {
        let exponent = i32::try_from(n).unwrap_or(i32::MAX).min(64);
        let grown = self.initial.as_secs_f64() * self.factor.max(1.0).powi(exponent);
        let mut pause = grown.min(self.longest.as_secs_f64());
        if self.jitter {
            pause *= 0.875 + 0.25 * fraction;
        }
        let pause = Duration::try_from_secs_f64(pause).unwrap_or(self.longest);
        pause.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_grows_to_its_limit_and_is_spread_by_an_eighth() {
        let exact = Backoff {
            jitter: false,
            ..Backoff::default()
        };
        let seconds = |n| exact.pause(n, 0.9, None).as_secs();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 60, u32::MAX].map(seconds),
            [1, 2, 4, 8, 16, 30, 30, 30]
        );
        let spread = Backoff::default();
        assert_eq!(spread.pause(2, 0.0, None), Duration::from_millis(3_500));
        assert_eq!(spread.pause(2, 0.5, None), Duration::from_millis(4_000));
        assert!(spread.pause(2, 0.999, None) < Duration::from_millis(4_500));
    }

    #[test]
    fn what_the_warehouse_asks_for_is_waited_for_within_reason() {
        let backoff = Backoff::default();
        let asked = |s| backoff.pause(0, 0.0, Some(Duration::from_secs(s))).as_secs();
        assert_eq!((asked(0), asked(90), asked(1 << 40)), (0, 90, 3600));
        let none = Backoff {
            initial: Duration::ZERO,
            ..backoff
        };
        assert_eq!(none.pause(70, 0.5, None), Duration::ZERO);
    }
}
