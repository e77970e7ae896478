//! A table's number of rows against that of earlier runs.

/// How many earlier counts make a baseline.
pub const LEAST_POINTS: usize = 3;

/// A count that is far from what it used to be.
#[derive(Clone, PartialEq, Debug)]
pub struct Anomaly {
    /// Rows now.
    pub current_count: u64,
    /// Average of the earlier counts.
    pub baseline_avg: f64,
    /// How far from it, in per cent of it.
    pub deviation_pct: f64,
    /// One line.
    pub reason: String,
}

/// Compare with the counts of earlier runs, the present one not among them. `None`: near the average, too few points, or turned
/// off by a threshold of 0.
pub fn compare(current: u64, earlier: &[u64], threshold_pct: f64) -> Option<Anomaly> {
    if threshold_pct <= 0.0 || earlier.len() < LEAST_POINTS {
        return None;
    }
    let baseline = earlier.iter().map(|n| *n as f64).sum::<f64>() / earlier.len() as f64;
    let deviation = match (baseline, current) {
        (0.0, 0) => 0.0,
        (0.0, _) => 100.0,
        (b, n) => (n as f64 - b).abs() / b * 100.0,
    };
    (deviation > threshold_pct).then(|| {
        let verb = if (current as f64) < baseline {
            "dropped"
        } else {
            "spiked"
        };
        Anomaly {
            current_count: current,
            baseline_avg: baseline,
            deviation_pct: deviation,
            reason: format!("row count {verb} {deviation:.1}% (expected ~{baseline:.0}, got {current})"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_needs_three_points_and_does_not_hold_the_present() {
        assert_eq!(compare(10, &[100, 100], 50.0), None);
        let found = compare(10, &[100, 100, 100], 50.0).unwrap();
        assert_eq!(found.deviation_pct, 90.0);
        assert_eq!(found.reason, "row count dropped 90.0% (expected ~100, got 10)");
        assert_eq!(compare(149, &[100, 100, 100], 50.0), None);
        assert_eq!(compare(150, &[100, 100, 100], 50.0), None);
        assert!(
            compare(151, &[100, 100, 100], 50.0)
                .unwrap()
                .reason
                .contains("spiked")
        );
    }

    #[test]
    fn zero_turns_it_off_and_empty_tables_stay_quiet() {
        assert_eq!(compare(10, &[100, 100, 100], 0.0), None);
        assert_eq!(compare(0, &[0, 0, 0], 50.0), None);
        assert_eq!(compare(1, &[0, 0, 0], 50.0).unwrap().deviation_pct, 100.0);
    }
}
