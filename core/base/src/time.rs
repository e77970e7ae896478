//! Moments as text: RFC 3339 in UTC to the second. Nothing here reads a clock; that is [`crate::System::now`].

/// `2026-01-31T08:00:00Z`, of seconds since 1970.
pub fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .unwrap_or_default()
        .to_string()
}

/// Seconds since 1970 of such a text; `None` when it is none.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(|t| t.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_its_text() {
        assert_eq!(rfc3339(1_769_846_400), "2026-01-31T08:00:00Z");
        assert_eq!(parse_rfc3339("2026-01-31T08:00:00Z"), Some(1_769_846_400));
        assert_eq!(parse_rfc3339("2026-01-31T09:00:00+01:00"), Some(1_769_846_400));
        assert_eq!(parse_rfc3339("yesterday"), None);
    }
}
