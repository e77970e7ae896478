//! Names of runs. A name is a moment; when two runs share it, the state store adds a suffix
//! ([`crate::StateStore::record_run_start`]).

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `run-YYYYMMDD-HHMMSS-mmm`, in UTC.
pub fn new_run_id(now: Timestamp) -> String {
    let t = now.to_zoned(TimeZone::UTC);
    format!(
        "run-{:04}{:02}{:02}-{:02}{:02}{:02}-{:03}",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second(),
        t.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_moment_in_utc() {
        let now: Timestamp = "2026-01-02T03:04:05.067+00:00".parse().unwrap();
        assert_eq!(new_run_id(now), "run-20260102-030405-067");
    }
}
