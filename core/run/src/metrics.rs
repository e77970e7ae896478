//! Numbers of one run, from its report. Nothing is counted per process: two runs side by side do not mix.

use crate::report::{RunReport, TaskStatus};

/// What a run took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunMetrics {
    /// Tasks that were tried.
    pub tables_processed: u64,
    /// Those that failed.
    pub tables_failed: u64,
    /// Their share, in whole per cents.
    pub error_rate_pct: f64,
    /// Statements sent: those of the set-up and of each task's last attempt.
    pub statements_executed: u64,
    /// Attempts after the first of a task.
    pub retries_attempted: u64,
    /// Tasks that succeeded in such an attempt.
    pub retries_succeeded: u64,
    /// Milliseconds of the tasks.
    pub table_duration: Spread,
    /// Milliseconds of the statements.
    pub query_duration: Spread,
}

/// Where values lie: each is one that occurred. All 0 when there was none.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Half are not larger.
    pub p50: u64,
    /// Nineteen of twenty are not larger.
    pub p95: u64,
    /// The largest.
    pub max: u64,
}

impl Spread {
    /// The value at `pct * (n - 1) / 100` of the sorted ones, as the 1.x releases take it.
    pub fn of(mut values: Vec<u64>) -> Spread {
        values.sort_unstable();
        let last = values.len().saturating_sub(1);
        let at = |pct: usize| values.get(pct * last / 100).copied().unwrap_or(0);
        Spread {
            p50: at(50),
            p95: at(95),
            max: at(100),
        }
    }
}

impl RunMetrics {
    /// The numbers of a run.
    pub fn of(report: &RunReport) -> RunMetrics {
        let tried = || report.tasks.iter().filter(|t| t.status != TaskStatus::Skipped);
        let (processed, failed) = (tried().count() as u64, report.count(TaskStatus::Failed) as u64);
        let statements = || {
            let of_tasks = report.tasks.iter().flat_map(|t| t.all_statements());
            report.setup.iter().chain(of_tasks)
        };
        RunMetrics {
            tables_processed: processed,
            tables_failed: failed,
            error_rate_pct: match processed {
                0 => 0.0,
                n => (failed as f64 * 100.0 / n as f64).round(),
            },
            statements_executed: statements().count() as u64,
            retries_attempted: report
                .tasks
                .iter()
                .flat_map(|t| {
                    let windows = t.windows.iter().flatten().map(|w| w.attempts);
                    std::iter::once(t.attempts).chain(windows)
                })
                .map(|attempts| u64::from(attempts.saturating_sub(1)))
                .sum(),
            retries_succeeded: report
                .tasks
                .iter()
                .filter(|t| t.status == TaskStatus::Success)
                .filter(|t| t.attempts > 1 || t.windows.iter().flatten().any(|w| w.attempts > 1))
                .count() as u64,
            table_duration: Spread::of(tried().map(|t| t.duration_ms).collect()),
            query_duration: Spread::of(statements().map(|s| s.duration_ms).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let spread = |values: &[u64]| {
            let s = Spread::of(values.to_vec());
            (s.p50, s.p95, s.max)
        };
        assert_eq!(spread(&[]), (0, 0, 0));
        assert_eq!(spread(&[7]), (7, 7, 7));
        assert_eq!(spread(&[4, 1, 3, 2]), (2, 3, 4));
        let hundred: Vec<u64> = (1..=101).collect();
        assert_eq!(spread(&hundred), (51, 96, 101));
    }
}
