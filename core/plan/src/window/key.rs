//! A window's name and its place in time: `2026-04-07T13`, `2026-04-07`, `2026-04`, `2026`, in UTC and in the calendar without
//! summer time.
//!
//! Invariant: a key is a number of hours, days, months or years, so going to the next one is an addition; its text and its
//! bounds are made from that, and every key between the years 1 and 9999 has one text, which reads back as the same key.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp};
use rocky_base::SmolStr;
use rocky_config::Granularity;
use std::fmt::Write;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// One window of a model.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    granularity: Granularity,
    /// Hours or days since 1970, months since year 0, years.
    index: i64,
}

/// Why a text is no key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyProblem {
    /// It is no time at all, or of another length.
    Form,
    /// It is nearly one: what should be written.
    Nearly(SmolStr),
    /// It is a moment inside of a window, not the beginning of one: the window.
    Inside(SmolStr),
    /// It has the form, but there is no such day, hour, month.
    NoSuchTime,
    /// It names several.
    Several,
}

/// How the windows of a length are called and written.
pub(crate) fn form(granularity: Granularity) -> (&'static str, &'static str) {
    match granularity {
        Granularity::Hour => ("hour", "YYYY-MM-DDTHH"),
        Granularity::Day => ("day", "YYYY-MM-DD"),
        Granularity::Month => ("month", "YYYY-MM"),
        Granularity::Year => ("year", "YYYY"),
    }
}

impl Key {
    /// The window that a moment is in.
    pub fn containing(moment: Timestamp, granularity: Granularity) -> Option<Key> {
        Key::at(jiff::tz::Offset::UTC.to_datetime(moment), granularity)
    }

    fn at(moment: DateTime, granularity: Granularity) -> Option<Key> {
        if !(1..=9999).contains(&moment.year()) {
            return None;
        }
        let days = || i64::from(moment.date().since(EPOCH).ok().map_or(0, |s| s.get_days()));
        let index = match granularity {
            Granularity::Hour => days() * 24 + i64::from(moment.hour()),
            Granularity::Day => days(),
            Granularity::Month => i64::from(moment.year()) * 12 + i64::from(moment.month()) - 1,
            Granularity::Year => i64::from(moment.year()),
        };
        Some(Key { granularity, index })
    }

    /// Read a key: as this engine writes it, or as Dagster does (`2026-04-07-13:00`, and the first day of a month or year).
    pub fn parse(text: &str, granularity: Granularity) -> Result<Key, KeyProblem> {
        if text.contains(['|', ',']) || text.contains("...") || text.contains("..") {
            return Err(KeyProblem::Several);
        }
        let mut parts = [0u32; 6];
        let mut count = 0;
        let trimmed = text.trim();
        for part in trimmed
            .strip_suffix('Z')
            .unwrap_or(trimmed)
            .split(['-', 'T', ' ', ':'])
        {
            let digits = !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
            match (digits, parts.get_mut(count), part.parse()) {
                (true, Some(slot), Ok(number)) => *slot = number,
                _ => return Err(KeyProblem::Form),
            }
            count += 1;
        }
        let wanted = match granularity {
            Granularity::Year => 1,
            Granularity::Month => 2,
            Granularity::Day => 3,
            Granularity::Hour => 4,
        };
        if count < wanted {
            return Err(KeyProblem::Form);
        }
        let [year, month, day, hour, minute, second] = parts;
        let month = if count > 1 { month } else { 1 };
        let day = if count > 2 { day } else { 1 };
        let small = |n: u32| i8::try_from(n).ok();
        let moment = i16::try_from(year)
            .ok()
            .filter(|y| *y >= 1)
            .zip(small(month))
            .zip(small(day))
            .and_then(|((y, m), d)| Date::new(y, m, d).ok())
            .and_then(|date| {
                let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
                Some(date.to_datetime(time))
            });
        let Some((moment, key)) = moment.and_then(|m| Some((m, Key::at(m, granularity)?))) else {
            return Err(KeyProblem::NoSuchTime);
        };
        let canonical = key.text();
        if canonical == text {
            return Ok(key);
        }
        if key.start() != Some(moment) {
            return Err(KeyProblem::Inside(canonical));
        }
        // Dagster: `%Y-%m-%d-%H:%M` of hours, `%Y-%m-%d` of months and years.
        let dagster = match granularity {
            Granularity::Hour => format!("{year:04}-{month:02}-{day:02}-{hour:02}:00"),
            Granularity::Day | Granularity::Month | Granularity::Year => {
                format!("{year:04}-{month:02}-{day:02}")
            }
        };
        if dagster == text {
            return Ok(key);
        }
        Err(KeyProblem::Nearly(canonical))
    }

    /// Its one spelling.
    pub fn text(self) -> SmolStr {
        let mut text = TextBuffer::default();
        let Some(start) = self.start() else {
            return SmolStr::default();
        };
        let date = start.date();
        let (year, month, day) = (date.year(), date.month(), date.day());
        let _ = match self.granularity {
            Granularity::Hour => write!(text, "{year:04}-{month:02}-{day:02}T{:02}", start.hour()),
            Granularity::Day => write!(text, "{year:04}-{month:02}-{day:02}"),
            Granularity::Month => write!(text, "{year:04}-{month:02}"),
            Granularity::Year => write!(text, "{year:04}"),
        };
        text.finish()
    }

    /// Its first moment; none outside of the years 1 to 9999.
    pub fn start(self) -> Option<DateTime> {
        let day = |days: i64| EPOCH.checked_add(Span::new().try_days(days).ok()?).ok();
        let month =
            |year: i64, month: i64| Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok();
        let (date, hour) = match self.granularity {
            Granularity::Hour => (day(self.index.div_euclid(24))?, self.index.rem_euclid(24)),
            Granularity::Day => (day(self.index)?, 0),
            Granularity::Month => (
                month(self.index.div_euclid(12), self.index.rem_euclid(12) + 1)?,
                0,
            ),
            Granularity::Year => (month(self.index, 1)?, 0),
        };
        let start = date.at(i8::try_from(hour).ok()?, 0, 0, 0);
        (start.year() >= 1).then_some(start)
    }

    /// The first moment after it; none for the last window of the year 9999, whose end cannot be written.
    pub fn end(self) -> Option<DateTime> {
        self.plus(1)?.start()
    }

    /// The window so many after this one (before it, for a negative number); none outside of the years 1 to 9999.
    pub fn plus(self, n: i64) -> Option<Key> {
        let key = Key {
            index: self.index.checked_add(n)?,
            ..self
        };
        key.start().map(|_| key)
    }

    /// How many windows after `other` this one is.
    pub fn since(self, other: Key) -> i64 {
        self.index - other.index
    }

    /// A key of the same length by its number; the caller knows that it is between two keys.
    pub(crate) fn offset(self, n: i64) -> Key {
        Key {
            index: self.index.saturating_add(n),
            ..self
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> std::cmp::Ordering {
        self.index
            .cmp(&other.index)
            .then_with(|| (self.granularity as u8).cmp(&(other.granularity as u8)))
    }
}

/// Text of at most 32 bytes, without an allocation.
#[derive(Default)]
pub(crate) struct TextBuffer {
    bytes: [u8; 32],
    length: usize,
}

impl TextBuffer {
    pub(crate) fn finish(&self) -> SmolStr {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        SmolStr::new(std::str::from_utf8(bytes).unwrap_or_default())
    }
}

impl Write for TextBuffer {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Granularity; 4] = [
        Granularity::Hour,
        Granularity::Day,
        Granularity::Month,
        Granularity::Year,
    ];

    fn key(text: &str, granularity: Granularity) -> Key {
        Key::parse(text, granularity).unwrap()
    }

    fn bounds(text: &str, granularity: Granularity) -> (String, String) {
        let key = key(text, granularity);
        (key.start().unwrap().to_string(), key.end().unwrap().to_string())
    }

    #[test]
    fn a_window_begins_and_ends_by_the_calendar() {
        use Granularity::{Day, Hour, Month, Year};
        let both = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            bounds("2024-02", Month),
            both("2024-02-01T00:00:00", "2024-03-01T00:00:00")
        );
        assert_eq!(
            bounds("2023-12", Month),
            both("2023-12-01T00:00:00", "2024-01-01T00:00:00")
        );
        assert_eq!(
            bounds("2024-02-29", Day),
            both("2024-02-29T00:00:00", "2024-03-01T00:00:00")
        );
        assert_eq!(
            bounds("1900", Year),
            both("1900-01-01T00:00:00", "1901-01-01T00:00:00")
        );
        // No hour is missing or there twice, whatever clocks do somewhere.
        assert_eq!(
            bounds("2026-03-29T02", Hour),
            both("2026-03-29T02:00:00", "2026-03-29T03:00:00")
        );
        assert_eq!(
            bounds("1969-12-31T23", Hour),
            both("1969-12-31T23:00:00", "1970-01-01T00:00:00")
        );
    }

    #[test]
    fn every_key_reads_back() {
        for granularity in ALL {
            for (year, month, day) in [
                (1, 1, 1),
                (4, 2, 29),
                (1969, 12, 31),
                (2000, 2, 29),
                (9999, 12, 31),
            ] {
                for hour in [0, 23] {
                    let moment = Date::new(year, month, day).unwrap().at(hour, 0, 0, 0);
                    let there = Key::at(moment, granularity).unwrap();
                    assert_eq!(Key::parse(&there.text(), granularity), Ok(there), "{moment}");
                    let (start, end) = (there.start().unwrap(), there.end());
                    assert!(start <= moment && end.is_none_or(|end| moment < end), "{moment}");
                }
            }
        }
    }

    #[test]
    fn windows_follow_each_other_without_gaps() {
        for granularity in ALL {
            let mut key = Key::parse(
                &Key::at(Date::constant(1895, 1, 1).at(0, 0, 0, 0), granularity)
                    .unwrap()
                    .text(),
                granularity,
            )
            .unwrap();
            for _ in 0..3000 {
                let Some(next) = key.plus(1) else { break };
                assert_eq!(key.end(), next.start());
                assert!(key.text() < next.text() && key < next);
                assert_eq!(next.plus(-1), Some(key));
                assert_eq!(next.since(key), 1);
                key = next;
            }
        }
    }

    #[test]
    fn the_ends_of_time() {
        use Granularity::{Day, Hour, Month, Year};
        for (text, granularity) in [
            ("9999", Year),
            ("9999-12", Month),
            ("9999-12-31", Day),
            ("9999-12-31T23", Hour),
        ] {
            let last = key(text, granularity);
            assert_eq!((last.end(), last.plus(1)), (None, None), "{text}");
        }
        for (text, granularity) in [
            ("0001", Year),
            ("0001-01", Month),
            ("0001-01-01", Day),
            ("0001-01-01T00", Hour),
        ] {
            assert_eq!(key(text, granularity).plus(-1), None, "{text}");
        }
        assert_eq!(key("2026", Year).plus(i64::MAX), None);
        assert_eq!(Key::parse("0000-01-01", Day), Err(KeyProblem::NoSuchTime));
        assert_eq!(Key::parse("10000-01-01", Day), Err(KeyProblem::Form));
    }

    #[test]
    fn dagsters_keys_are_taken() {
        use Granularity::{Day, Hour, Month, Year};
        assert_eq!(key("2026-04-07-13:00", Hour), key("2026-04-07T13", Hour));
        assert_eq!(key("2026-04-01", Month), key("2026-04", Month));
        assert_eq!(key("2026-01-01", Year), key("2026", Year));
        assert_eq!(key("2026-04-07", Day).text(), "2026-04-07");
    }

    #[test]
    fn what_is_wrong_with_a_key_is_told_apart() {
        use Granularity::{Day, Hour, Month, Year};
        let parse = Key::parse;
        let nearly = |t: &str| Err(KeyProblem::Nearly(t.into()));
        let inside = |t: &str| Err(KeyProblem::Inside(t.into()));
        assert_eq!(parse("2026-4-7", Day), nearly("2026-04-07"));
        assert_eq!(parse("2026-04-07T00:00:00Z", Day), nearly("2026-04-07"));
        assert_eq!(parse(" 2026-04-07", Day), nearly("2026-04-07"));
        assert_eq!(parse("2026-04-07T1", Hour), nearly("2026-04-07T01"));
        assert_eq!(parse("24", Year), nearly("0024"));
        assert_eq!(parse("2026-04-07-13:30", Hour), inside("2026-04-07T13"));
        assert_eq!(parse("2026-04-15", Month), inside("2026-04"));
        assert_eq!(parse("2026-04-07T10", Day), inside("2026-04-07"));
        for (text, granularity) in [
            ("2026-02-29", Day),
            ("2026-13-01", Day),
            ("2026-04-07T24", Hour),
            ("2026-00", Month),
        ] {
            assert_eq!(parse(text, granularity), Err(KeyProblem::NoSuchTime), "{text}");
        }
        for (text, granularity) in [
            ("", Day),
            ("2026-04", Day),
            ("2026-04-07", Hour),
            ("yesterday", Day),
            ("07.04.2026", Day),
            ("-2026-04-07", Day),
            ("2026-04-07'; DROP TABLE t; --", Day),
            ("２０２６", Year),
        ] {
            assert_eq!(parse(text, granularity), Err(KeyProblem::Form), "{text}");
        }
        for text in [
            "2026-04-07|eu",
            "2026-04-06,2026-04-07",
            "2026-04-06...2026-04-07",
        ] {
            assert_eq!(parse(text, Day), Err(KeyProblem::Several), "{text}");
        }
    }
}
