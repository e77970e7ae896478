//! The circuit breaker of a run's warehouse, and its number of statements at a time: both learn from what comes of attempts.
//!
//! Invariant: attempts that were under way together count once. Eight connections that break in one moment are one failure, and eight
//! answers "too much" to one burst halve the number once. An attempt is older than a lesson when it was admitted before it.

use super::policy::BreakerPolicy;
use std::time::Duration;

/// What an attempt tells of the warehouse.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Contact {
    /// Nothing was sent.
    None,
    /// It answered, whatever.
    Answered,
    /// It did what was asked.
    Succeeded,
    /// It asked for less.
    RateLimited,
    /// It did not answer, or could not.
    Lost,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum State {
    Closed,
    /// Until then; for good when that is none.
    Open(Option<Duration>),
    /// One job tries.
    HalfOpen,
}

/// What becomes of a job that wants to begin.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Admission {
    Go,
    /// It tries for all whether the warehouse answers again.
    Probe,
    /// It waits for that.
    Hold,
    /// It fails.
    Refuse,
}

/// Something that people want to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Lesson {
    Opened {
        failures: u32,
        recovery: Option<Duration>,
    },
    Closed,
    Limit {
        from: usize,
        to: usize,
    },
}

/// Opens after failures in a row, so that a warehouse that is down is not asked by every task in turn.
#[derive(Debug)]
pub(super) struct Breaker {
    policy: Option<BreakerPolicy>,
    state: State,
    failures: u32,
    /// Attempts up to this number began before the last counted failure.
    mark: u64,
    /// How often it has opened. Who waited through an opening does not wait for another.
    openings: u32,
    /// What the last failure said.
    why: String,
}

impl Breaker {
    pub(super) fn new(policy: Option<BreakerPolicy>) -> Breaker {
        Breaker {
            policy: policy.filter(|p| p.threshold > 0),
            state: State::Closed,
            failures: 0,
            mark: 0,
            openings: 0,
            why: String::new(),
        }
    }

    pub(super) fn openings(&self) -> u32 {
        self.openings
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// When somebody may try.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            State::Open(until) => until,
            State::Closed | State::HalfOpen => None,
        }
    }

    /// May a job begin that has waited since this opening?
    pub(super) fn admit(&mut self, waited_since: Option<u32>, now: Duration) -> Admission {
        match self.state {
            State::Closed => Admission::Go,
            State::Open(None) => Admission::Refuse,
            State::Open(Some(_)) if waited_since.is_some_and(|since| since < self.openings) => {
                Admission::Refuse
            }
            State::Open(Some(until)) if until <= now => {
                self.state = State::HalfOpen;
                Admission::Probe
            }
            State::Open(Some(_)) | State::HalfOpen => Admission::Hold,
        }
    }

    /// What came of an attempt. `number` is its own, `last` that of the newest attempt there is.
    pub(super) fn learn(
        &mut self,
        contact: Contact,
        probe: bool,
        why: Option<&str>,
        (number, last): (u64, u64),
        now: Duration,
    ) -> Option<Lesson> {
        let policy = self.policy?;
        match (contact, self.state) {
            (Contact::Answered | Contact::Succeeded | Contact::RateLimited, State::Closed) => {
                self.failures = 0;
                None
            }
            (Contact::Answered | Contact::Succeeded | Contact::RateLimited, _) => {
                self.failures = 0;
                self.state = State::Closed;
                Some(Lesson::Closed)
            }
            (Contact::Lost, State::Closed) => {
                if number <= self.mark {
                    return None;
                }
                self.mark = last;
                self.failures += 1;
                self.why = why.unwrap_or_default().to_owned();
                (self.failures >= policy.threshold).then(|| self.open(policy, now))
            }
            (Contact::Lost, _) if probe => {
                self.failures = self.failures.saturating_add(1);
                self.why = why.unwrap_or_default().to_owned();
                Some(self.open(policy, now))
            }
            // Nothing was learned: the next one may try.
            (Contact::None, State::HalfOpen) if probe => {
                self.state = State::Open(Some(now));
                None
            }
            (Contact::Lost | Contact::None, _) => None,
        }
    }

    fn open(&mut self, policy: BreakerPolicy, now: Duration) -> Lesson {
        self.state = State::Open(policy.recovery.map(|r| now.saturating_add(r)));
        self.openings += 1;
        Lesson::Opened {
            failures: self.failures,
            recovery: policy.recovery,
        }
    }

    /// Why a job is refused.
    pub(super) fn reason(&self) -> String {
        let n = self.failures;
        format!(
            "circuit breaker open: the warehouse did not answer {n} times in a row, the last time with: {}",
            self.why
        )
    }
}

/// So many successes allow one more at a time.
const SUCCESSES: u32 = 10;

/// How many jobs at a time: halved when the warehouse asks for less, grown again by successes.
#[derive(Debug)]
pub(super) struct Adaptive {
    active: bool,
    most: usize,
    limit: usize,
    successes: u32,
    mark: u64,
    rate_limits: u64,
}

impl Adaptive {
    /// Begins with the most.
    pub(super) fn new(active: bool, most: usize) -> Adaptive {
        Adaptive {
            active,
            most: most.max(1),
            limit: most.max(1),
            successes: 0,
            mark: 0,
            rate_limits: 0,
        }
    }

    /// So many at a time, now.
    pub(super) fn limit(&self) -> usize {
        match self.active {
            true => self.limit,
            false => usize::MAX,
        }
    }

    pub(super) fn last(&self) -> usize {
        self.limit
    }

    pub(super) fn rate_limits(&self) -> u64 {
        self.rate_limits
    }

    /// As [`Breaker::learn`].
    pub(super) fn learn(&mut self, contact: Contact, (number, last): (u64, u64)) -> Option<Lesson> {
        let before = self.limit;
        match contact {
            Contact::RateLimited => {
                self.rate_limits += 1;
                if !self.active || number <= self.mark {
                    return None;
                }
                self.mark = last;
                self.successes = 0;
                self.limit = (self.limit / 2).max(1);
            }
            Contact::Succeeded if self.active => {
                self.successes += 1;
                if self.successes < SUCCESSES {
                    return None;
                }
                self.successes = 0;
                let step = if self.limit < self.most / 2 { 2 } else { 1 };
                self.limit = (self.limit + step).min(self.most);
            }
            Contact::Succeeded | Contact::Answered | Contact::Lost | Contact::None => return None,
        }
        (self.limit != before).then_some(Lesson::Limit {
            from: before,
            to: self.limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker(recovery: Option<Duration>) -> Breaker {
        Breaker::new(Some(BreakerPolicy {
            threshold: 3,
            recovery,
        }))
    }

    fn lose(b: &mut Breaker, number: u64, now: Duration) -> Option<Lesson> {
        b.learn(Contact::Lost, false, Some("gone"), (number, number), now)
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_does_not() {
        let mut b = breaker(None);
        lose(&mut b, 1, SECOND);
        lose(&mut b, 2, SECOND);
        b.learn(Contact::Answered, false, None, (3, 3), SECOND);
        lose(&mut b, 4, SECOND);
        lose(&mut b, 5, SECOND);
        assert_eq!(b.admit(None, SECOND), Admission::Go);
        assert!(matches!(
            lose(&mut b, 6, SECOND),
            Some(Lesson::Opened { failures: 3, .. })
        ));
        // Without a recovery it stays open.
        assert_eq!(b.admit(None, SECOND * 1_000_000), Admission::Refuse);
        assert_eq!(
            b.reason(),
            "circuit breaker open: the warehouse did not answer 3 times in a row, the last time with: gone"
        );
    }

    #[test]
    fn what_broke_together_counts_once() {
        let mut b = breaker(None);
        for number in 1..=8 {
            assert_eq!(
                b.learn(Contact::Lost, false, None, (number, 8), SECOND),
                None,
                "{number}"
            );
        }
        assert_eq!(b.admit(None, SECOND), Admission::Go);
    }

    #[test]
    fn half_open_one_tries_and_the_others_wait() {
        let mut b = breaker(Some(SECOND * 10));
        (1..=3).for_each(|n| {
            lose(&mut b, n, SECOND);
        });
        assert_eq!(
            (b.admit(None, SECOND * 10), b.due()),
            (Admission::Hold, Some(SECOND * 11))
        );
        assert_eq!(b.admit(Some(1), SECOND * 11), Admission::Probe);
        assert_eq!(b.admit(None, SECOND * 11), Admission::Hold);
        // The failure of an older attempt says nothing about now; that of the probe opens it again.
        assert_eq!(lose(&mut b, 4, SECOND * 11), None);
        assert_eq!(b.admit(None, SECOND * 11), Admission::Hold);
        let again = b.learn(Contact::Lost, true, None, (5, 5), SECOND * 12);
        assert!(matches!(again, Some(Lesson::Opened { failures: 4, .. })));
        assert_eq!(b.admit(Some(1), SECOND * 12), Admission::Refuse, "it has waited");
        assert_eq!(b.admit(None, SECOND * 12), Admission::Hold);
        assert_eq!(b.admit(Some(2), SECOND * 22), Admission::Probe);
        assert_eq!(
            b.learn(Contact::Succeeded, true, None, (6, 6), SECOND * 23),
            Some(Lesson::Closed)
        );
        assert_eq!(b.admit(None, SECOND * 23), Admission::Go);
    }

    #[test]
    fn a_probe_that_sent_nothing_lets_the_next_try() {
        let mut b = breaker(Some(SECOND));
        (1..=3).for_each(|n| {
            lose(&mut b, n, SECOND);
        });
        assert_eq!(b.admit(None, SECOND * 2), Admission::Probe);
        b.learn(Contact::None, true, None, (4, 4), SECOND * 2);
        assert_eq!(b.admit(None, SECOND * 2), Admission::Probe);
    }

    #[test]
    fn a_threshold_of_zero_never_opens() {
        let mut b = Breaker::new(Some(BreakerPolicy {
            threshold: 0,
            recovery: None,
        }));
        for n in 1..100 {
            assert_eq!(lose(&mut b, n, SECOND), None);
        }
        assert_eq!(b.admit(None, SECOND), Admission::Go);
    }

    #[test]
    fn a_burst_of_rate_limits_halves_once_and_successes_grow() {
        let mut a = Adaptive::new(true, 16);
        for number in 1..=16 {
            a.learn(Contact::RateLimited, (number, 16));
        }
        assert_eq!((a.limit(), a.rate_limits()), (8, 16));
        a.learn(Contact::RateLimited, (17, 17));
        a.learn(Contact::RateLimited, (18, 18));
        assert_eq!(a.limit(), 2);
        let succeed = |a: &mut Adaptive, n: u32| {
            (0..n).for_each(|_| {
                let _ = a.learn(Contact::Succeeded, (19, 19));
            })
        };
        succeed(&mut a, 9);
        assert_eq!(a.limit(), 2);
        // Two more while below half, then one, never more than the most.
        let mut seen = Vec::new();
        succeed(&mut a, 1);
        for _ in 0..16 {
            seen.push(a.limit());
            succeed(&mut a, 10);
        }
        assert_eq!(seen, [4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 16, 16, 16, 16]);
        (20..60).for_each(|n| {
            let _ = a.learn(Contact::RateLimited, (n, n));
        });
        assert_eq!(a.limit(), 1);
    }

    #[test]
    fn what_is_not_adaptive_only_counts() {
        let mut a = Adaptive::new(false, 4);
        assert_eq!(a.learn(Contact::RateLimited, (1, 1)), None);
        assert_eq!((a.limit(), a.last(), a.rate_limits()), (usize::MAX, 4, 1));
    }
}
