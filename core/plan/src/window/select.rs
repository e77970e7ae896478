//! Which windows of a model a run computes.
//!
//! Everything is counted in keys, so a hundred thousand windows are as many additions; the clock and what was computed before
//! come in as values.

use super::key::{Key, KeyProblem, TextBuffer, form};
use crate::task::Window;
use jiff::Timestamp;
use jiff::civil::DateTime;
use rocky_base::{Dialect, SmolStr};
use rocky_config::{Granularity, Spanned, StrategyKind};
use rocky_warehouse::{TimeUnit, Type};
use rustc_hash::{FxHashMap, FxHashSet};
use std::fmt::Write;

/// More windows than anybody means (a hundred years of hours).
const MOST: i64 = 1_000_000;

/// The windows that are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Selection {
    /// The one that contains now.
    #[default]
    Latest,
    /// This one.
    One(String),
    /// From one to another, both included.
    Range {
        /// The first.
        from: String,
        /// The last.
        to: String,
    },
    /// From the model's first window to now, those that are not computed.
    Missing,
    /// All of time in one window: for tests of a model's statements.
    Everything,
}

/// What decides about windows, apart from the models.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WindowOptions {
    /// Which windows.
    pub selection: Selection,
    /// Who names them in `selection`, where that is not the user.
    pub named_by: Option<&'static str>,
    /// So many more before the earliest; the model's own figure when absent.
    pub lookback: Option<u32>,
    /// So many windows of a model at once; one when absent.
    pub parallel: Option<usize>,
    /// The time.
    pub now: Timestamp,
    /// Windows that are in the target, by model.
    pub computed: FxHashMap<SmolStr, Vec<SmolStr>>,
}

/// The settings of a time_interval or microbatch model.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Interval<'a> {
    pub(crate) column: &'a Spanned<SmolStr>,
    /// The setting's name.
    pub(crate) setting: &'static str,
    pub(crate) granularity: Granularity,
    lookback: u32,
    batch_size: u32,
    first: Option<&'a Spanned<SmolStr>>,
}

impl<'a> Interval<'a> {
    pub(crate) fn of(kind: &'a StrategyKind) -> Option<Interval<'a>> {
        match kind {
            StrategyKind::TimeInterval {
                time_column,
                granularity,
                lookback,
                batch_size,
                first_partition,
            } => Some(Interval {
                column: time_column,
                setting: "time_column",
                granularity: *granularity,
                lookback: *lookback,
                batch_size: *batch_size,
                first: first_partition.as_ref(),
            }),
            StrategyKind::Microbatch {
                timestamp_column,
                granularity,
                lookback,
                batch_size,
                first_partition,
            } => Some(Interval {
                column: timestamp_column,
                setting: "timestamp_column",
                granularity: *granularity,
                lookback: *lookback,
                batch_size: *batch_size,
                first: first_partition.as_ref(),
            }),
            _ => None,
        }
    }
}

/// Why there are no windows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) help: String,
}

fn problem(message: String, help: impl Into<String>) -> Problem {
    Problem {
        message,
        help: help.into(),
    }
}

/// What is there of a target before the run.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Before {
    /// The windows that the state says.
    Computed,
    /// Nothing: what the state says is of a table that is gone.
    Nothing,
    /// What is there is to be made anew as a whole.
    Replaced,
}

/// The windows of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Chosen {
    /// In order of time.
    pub(crate) list: Vec<Window>,
    /// The model's first partition, where looking back ended at it.
    pub(crate) ends_at: Option<SmolStr>,
}

/// The windows of a model. What is looked back to is never before its first partition: nothing of the model is.
pub(crate) fn select(
    model: &str,
    interval: &Interval<'_>,
    options: &WindowOptions,
    before: Before,
    literals: Literals,
) -> Result<Chosen, Problem> {
    let granularity = interval.granularity;
    let mut ends_at = None;
    if options.selection == Selection::Everything {
        return Ok(Chosen {
            list: vec![everything(literals)],
            ends_at,
        });
    }
    let latest = || {
        Key::containing(options.now, granularity).ok_or_else(|| {
            problem(
                format!("partitions of `{model}`: the clock is outside of the years 1 to 9999"),
                "Set the clock.",
            )
        })
    };
    let first = |why: &str| {
        let Some(first) = interval.first else {
            return Err(problem(
                format!("`{model}` has no first_partition, from which {why}"),
                format!(
                    "Set `first_partition = \"{}\"` in its strategy, or give `--from` and `--to`.",
                    form(granularity).1
                ),
            ));
        };
        parse(model, "first_partition", &first.value, granularity)
    };
    if before == Before::Replaced {
        let (first, last) = (first("a full refresh computes everything")?, latest()?);
        count(model, first, last)?;
        let windows = (first <= last).then(|| window(model, first, last, literals));
        let list = windows.into_iter().collect::<Result<_, _>>()?;
        return Ok(Chosen { list, ends_at });
    }
    let named = |text: &str| match options.named_by {
        None => parse(model, "partition", text, granularity),
        Some(who) => parse(model, &format!("{who}'s partition"), text, granularity).map_err(|p| Problem {
            help: format!(
                "{} `--partition`, `--from` with `--to`, or `--latest` says which one is meant.",
                p.help
            ),
            ..p
        }),
    };
    let mut keys: Vec<Key> = match &options.selection {
        Selection::Latest => vec![latest()?],
        Selection::One(text) => vec![named(text)?],
        Selection::Range { from, to } => {
            let (from_key, to_key) = (named(from)?, named(to)?);
            if from_key > to_key {
                return Err(problem(
                    format!("partitions of `{model}`: `{from}` is after `{to}`"),
                    "Give the earlier partition to `--from`.",
                ));
            }
            let n = count(model, from_key, to_key)?;
            (0..n).map(|i| from_key.offset(i)).collect()
        }
        Selection::Missing => {
            let (first, last) = (first("the missing partitions are counted")?, latest()?);
            let n = count(model, first, last)?;
            let none = Vec::new();
            let computed = match before {
                Before::Computed => options.computed.get(model).unwrap_or(&none),
                Before::Nothing | Before::Replaced => &none,
            };
            let done: FxHashSet<&str> = computed.iter().map(SmolStr::as_str).collect();
            (0..n)
                .map(|i| first.offset(i))
                .filter(|key| done.is_empty() || !done.contains(key.text().as_str()))
                .collect()
        }
        Selection::Everything => Vec::new(),
    };
    let mut lookback = i64::from(options.lookback.unwrap_or(interval.lookback));
    // One that cannot be read is a finding of the model.
    let begin = interval
        .first
        .and_then(|f| Key::parse(&f.value, granularity).ok());
    if let Some((earliest, begin)) = keys.first().copied().zip(begin) {
        let most = earliest.since(begin).max(0);
        if most < lookback {
            (lookback, ends_at) = (most, Some(begin.text()));
        }
    }
    if let Some(earliest) = keys.first().copied().filter(|_| lookback > 0) {
        let Some(from) = earliest.plus(-lookback) else {
            return Err(problem(
                format!(
                    "partitions of `{model}`: {lookback} before `{}` is before the year 1",
                    earliest.text()
                ),
                "Look back less far.",
            ));
        };
        count(model, from, earliest)?;
        let mut all: Vec<Key> = (0..lookback).map(|i| from.offset(i)).collect();
        all.append(&mut keys);
        keys = all;
    }
    let list = batches(model, &keys, interval.batch_size, literals)?;
    Ok(Chosen { list, ends_at })
}

/// Consecutive keys together, at most `size` of them.
fn batches(model: &str, keys: &[Key], size: u32, literals: Literals) -> Result<Vec<Window>, Problem> {
    let size = i64::from(size.max(1));
    let mut windows = Vec::with_capacity(keys.len() / usize::try_from(size).unwrap_or(usize::MAX) + 1);
    let mut open: Option<(Key, Key)> = None;
    for key in keys {
        open = match open {
            Some((first, last)) if key.since(last) == 1 && key.since(first) < size => Some((first, *key)),
            Some((first, last)) => {
                windows.push(window(model, first, last, literals)?);
                Some((*key, *key))
            }
            None => Some((*key, *key)),
        };
    }
    if let Some((first, last)) = open {
        windows.push(window(model, first, last, literals)?);
    }
    Ok(windows)
}

fn window(model: &str, first: Key, last: Key, literals: Literals) -> Result<Window, Problem> {
    let (Some(start), Some(end)) = (first.start(), last.end()) else {
        return Err(problem(
            format!(
                "partition `{}` of `{model}` ends after the year 9999, which no warehouse can write",
                last.text()
            ),
            "Choose an earlier partition.",
        ));
    };
    let n = last.since(first) + 1;
    Ok(Window {
        keys: (0..n).map(|i| first.offset(i).text()).collect(),
        start: literals.text(start),
        end: literals.text(end),
    })
}

fn everything(literals: Literals) -> Window {
    let (first, last) = match literals {
        Literals::Nanos => (jiff::civil::date(1678, 1, 1), jiff::civil::date(2262, 1, 1)),
        _ => (jiff::civil::date(1, 1, 1), jiff::civil::date(9999, 12, 31)),
    };
    let (first, last) = (first.at(0, 0, 0, 0), last.at(0, 0, 0, 0));
    Window {
        keys: Vec::new(),
        start: literals.text(first),
        end: literals.text(last),
    }
}

fn count(model: &str, from: Key, to: Key) -> Result<i64, Problem> {
    let n = to.since(from) + 1;
    if n > MOST {
        return Err(problem(
            format!(
                "partitions of `{model}`: from `{}` to `{}` there are {n}, and a run takes at most {MOST}",
                from.text(),
                to.text()
            ),
            "Select a part of them.",
        ));
    }
    Ok(n.max(0))
}

/// The key that a text names among the partitions of a model, in its one spelling; `None` when such models have no partitions.
/// `Err`: what is wrong with it, and what to do.
pub fn partition_key(
    model: &str,
    kind: &StrategyKind,
    text: &str,
) -> Option<Result<SmolStr, (String, String)>> {
    let interval = Interval::of(kind)?;
    let key = parse(model, "partition", text, interval.granularity);
    Some(key.map(Key::text).map_err(|p| (p.message, p.help)))
}

fn parse(model: &str, what: &str, text: &str, granularity: Granularity) -> Result<Key, Problem> {
    let (word, form) = form(granularity);
    let article = if granularity == Granularity::Hour {
        "an"
    } else {
        "a"
    };
    Key::parse(text, granularity).map_err(|why| match why {
        KeyProblem::Several => problem(
            format!("{what} `{text}` of `{model}` names more than one partition"),
            "Give one key of one dimension, or a range with `--from` and `--to`.",
        ),
        KeyProblem::Nearly(canonical) => problem(
            format!("{what} `{text}` of `{model}` is not written as {article} {word} is: `{form}`"),
            format!("Write `{canonical}`."),
        ),
        KeyProblem::Inside(canonical) => problem(
            format!("{what} `{text}` of `{model}` is not the beginning of {article} {word}"),
            format!("The {word} that it is in is `{canonical}`."),
        ),
        KeyProblem::NoSuchTime => problem(
            format!("{what} `{text}` of `{model}` does not exist: there is no such {word}"),
            format!("Its partitions are written `{form}`, in UTC."),
        ),
        KeyProblem::Form => problem(
            format!("{what} `{text}` of `{model}` is not {article} {word}, which is written `{form}`"),
            "Write all digits, leading zeros included; times are UTC.",
        ),
    })
}

/// How bounds are written for a time column, so that they mean UTC.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Literals {
    /// `2026-04-07 00:00:00`.
    Plain,
    /// The same with this offset: the column is a moment, and the session may have another time zone.
    Zoned(&'static str),
    /// `2026-04-07`: the column is a DATE, and the engine takes no time for one.
    Date,
    /// As the first; the column counts nanoseconds, of which there are enough for the years 1678 to 2261 alone.
    Nanos,
}

impl Literals {
    pub(crate) fn of(dialect: Dialect, column: &Type) -> Literals {
        match (dialect, column) {
            (Dialect::BigQuery | Dialect::Snowflake, Type::Date) => Literals::Date,
            (Dialect::DuckDb, Type::TimestampTz | Type::TimestampLtz) => Literals::Zoned("+00"),
            (Dialect::Databricks, Type::TimestampTz | Type::TimestampLtz) => Literals::Zoned("+00:00"),
            (Dialect::Snowflake, Type::TimestampTz | Type::TimestampLtz) => Literals::Zoned(" +00:00"),
            (Dialect::DuckDb, Type::Timestamp(TimeUnit::Nano)) => Literals::Nanos,
            // BigQuery reads a time without zone as UTC.
            _ => Literals::Plain,
        }
    }

    pub(crate) fn text(self, moment: DateTime) -> SmolStr {
        let mut text = TextBuffer::default();
        let (date, hour) = (moment.date(), moment.hour());
        let (year, month, day) = (date.year(), date.month(), date.day());
        let _ = match self {
            Literals::Date => write!(text, "{year:04}-{month:02}-{day:02}"),
            Literals::Plain | Literals::Nanos => {
                write!(text, "{year:04}-{month:02}-{day:02} {hour:02}:00:00")
            }
            Literals::Zoned(offset) => {
                write!(text, "{year:04}-{month:02}-{day:02} {hour:02}:00:00{offset}")
            }
        };
        text.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_base::{FileId, Loc, Span};

    fn spanned(text: &str) -> Spanned<SmolStr> {
        Spanned::new(text.into(), Loc::new(FileId(0), Span::new(0, 0)))
    }

    struct Model {
        column: Spanned<SmolStr>,
        first: Option<Spanned<SmolStr>>,
        granularity: Granularity,
        lookback: u32,
        batch_size: u32,
    }

    impl Model {
        fn new(granularity: Granularity, first: Option<&str>) -> Model {
            Model {
                column: spanned("t"),
                first: first.map(spanned),
                granularity,
                lookback: 0,
                batch_size: 1,
            }
        }

        fn select(&self, options: &WindowOptions, before: Before) -> Result<Vec<Window>, Problem> {
            let interval = Interval {
                column: &self.column,
                setting: "time_column",
                granularity: self.granularity,
                lookback: self.lookback,
                batch_size: self.batch_size,
                first: self.first.as_ref(),
            };
            select("m", &interval, options, before, Literals::Plain).map(|chosen| chosen.list)
        }

        fn keys(&self, options: &WindowOptions) -> Vec<Vec<SmolStr>> {
            let windows = self.select(options, Before::Computed).unwrap();
            windows.into_iter().map(|w| w.keys).collect()
        }
    }

    fn options(selection: Selection, now: &str) -> WindowOptions {
        WindowOptions {
            selection,
            now: now.parse().unwrap(),
            ..WindowOptions::default()
        }
    }

    fn range(from: &str, to: &str) -> WindowOptions {
        let (from, to) = (from.to_owned(), to.to_owned());
        options(Selection::Range { from, to }, "2026-04-10T12:30:00Z")
    }

    #[test]
    fn latest_is_the_window_of_now_in_utc() {
        // In Auckland it is the 11th.
        let now = "2026-04-11T00:30:00+12:00";
        for (granularity, key, start, end) in [
            (
                Granularity::Hour,
                "2026-04-10T12",
                "2026-04-10 12:00:00",
                "2026-04-10 13:00:00",
            ),
            (
                Granularity::Day,
                "2026-04-10",
                "2026-04-10 00:00:00",
                "2026-04-11 00:00:00",
            ),
            (
                Granularity::Month,
                "2026-04",
                "2026-04-01 00:00:00",
                "2026-05-01 00:00:00",
            ),
            (
                Granularity::Year,
                "2026",
                "2026-01-01 00:00:00",
                "2027-01-01 00:00:00",
            ),
        ] {
            let windows = Model::new(granularity, None)
                .select(&options(Selection::Latest, now), Before::Computed)
                .unwrap();
            let expected = Window {
                keys: vec![key.into()],
                start: start.into(),
                end: end.into(),
            };
            assert_eq!(windows, [expected]);
        }
    }

    #[test]
    fn a_range_has_both_ends() {
        let model = Model::new(Granularity::Day, None);
        let keys = model.keys(&range("2024-02-27", "2024-03-01"));
        assert_eq!(
            keys.concat(),
            ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"]
        );
        assert_eq!(model.keys(&range("2024-02-27", "2024-02-27")).len(), 1);
        let inverted = model
            .select(&range("2024-03-02", "2024-03-01"), Before::Computed)
            .unwrap_err();
        assert_eq!(
            inverted.message,
            "partitions of `m`: `2024-03-02` is after `2024-03-01`"
        );
        let much = Model::new(Granularity::Hour, None)
            .select(&range("0001-01-01T00", "9999-12-31T22"), Before::Computed)
            .unwrap_err();
        assert!(
            much.message
                .contains("there are 87649415, and a run takes at most 1000000"),
            "{}",
            much.message
        );
    }

    #[test]
    fn lookback_goes_before_the_earliest_once() {
        let mut model = Model::new(Granularity::Month, None);
        model.lookback = 2;
        let keys = model.keys(&range("2024-01", "2024-02"));
        assert_eq!(keys.concat(), ["2023-11", "2023-12", "2024-01", "2024-02"]);
        let mut given = range("2024-01", "2024-01");
        given.lookback = Some(0);
        assert_eq!(model.keys(&given).concat(), ["2024-01"]);
        given.lookback = Some(1);
        assert_eq!(model.keys(&given).concat(), ["2023-12", "2024-01"]);
        given = range("0001-01", "0001-01");
        let before = model.select(&given, Before::Computed).unwrap_err();
        assert_eq!(
            before.message,
            "partitions of `m`: 2 before `0001-01` is before the year 1"
        );
        given.lookback = Some(u32::MAX);
        assert!(model.select(&given, Before::Computed).is_err());
    }

    #[test]
    fn consecutive_windows_are_batched_and_gaps_split() {
        let mut model = Model::new(Granularity::Day, Some("2024-01-01"));
        model.batch_size = 3;
        let mut missing = options(Selection::Missing, "2024-01-09T00:00:00Z");
        missing.computed.insert(
            "m".into(),
            vec![
                "2024-01-02".into(),
                "2024-01-08".into(),
                "2023-01-08".into(),
                "2024-01".into(),
            ],
        );
        let windows = model.select(&missing, Before::Computed).unwrap();
        let keys: Vec<Vec<SmolStr>> = windows.iter().map(|w| w.keys.clone()).collect();
        assert_eq!(
            keys,
            [
                vec!["2024-01-01"],
                vec!["2024-01-03", "2024-01-04", "2024-01-05"],
                vec!["2024-01-06", "2024-01-07"],
                vec!["2024-01-09"],
            ]
        );
        assert_eq!(
            (windows[1].start.as_str(), windows[1].end.as_str()),
            ("2024-01-03 00:00:00", "2024-01-06 00:00:00")
        );
        // What was in a table that is gone is not there.
        assert_eq!(model.select(&missing, Before::Nothing).unwrap().len(), 3);
        let whole = model.select(&missing, Before::Replaced).unwrap();
        assert_eq!(
            (whole.len(), whole[0].keys.len(), whole[0].end.as_str()),
            (1, 9, "2024-01-10 00:00:00")
        );
    }

    #[test]
    fn missing_needs_a_beginning() {
        let missing = options(Selection::Missing, "2024-01-09T00:00:00Z");
        let none = Model::new(Granularity::Day, None)
            .select(&missing, Before::Computed)
            .unwrap_err();
        assert_eq!(
            none.message,
            "`m` has no first_partition, from which the missing partitions are counted"
        );
        let later = Model::new(Granularity::Day, Some("2024-02-01"));
        assert!(later.select(&missing, Before::Computed).unwrap().is_empty());
        assert!(later.select(&missing, Before::Replaced).unwrap().is_empty());
    }

    #[test]
    fn the_last_window_of_all_has_no_end() {
        let last = options(Selection::One("9999-12-31".into()), "2024-01-09T00:00:00Z");
        let error = Model::new(Granularity::Day, None)
            .select(&last, Before::Computed)
            .unwrap_err();
        assert_eq!(
            error.message,
            "partition `9999-12-31` of `m` ends after the year 9999, which no warehouse can write"
        );
    }

    #[test]
    fn a_wrong_key_names_the_model_and_the_form() {
        let message = |text: &str, granularity| {
            let one = options(Selection::One(text.into()), "2024-01-09T00:00:00Z");
            let problem = Model::new(granularity, None)
                .select(&one, Before::Computed)
                .unwrap_err();
            format!("{} {}", problem.message, problem.help)
        };
        assert_eq!(
            message("2026-4-7", Granularity::Day),
            "partition `2026-4-7` of `m` is not written as a day is: `YYYY-MM-DD` Write `2026-04-07`."
        );
        assert_eq!(
            message("2026-04-07", Granularity::Hour),
            "partition `2026-04-07` of `m` is not an hour, which is written `YYYY-MM-DDTHH` Write all digits, leading zeros included; times are UTC."
        );
        assert_eq!(
            message("2026-02-30", Granularity::Day),
            "partition `2026-02-30` of `m` does not exist: there is no such day Its partitions are written `YYYY-MM-DD`, in UTC."
        );
        assert!(message("2026-04-07|eu", Granularity::Day).contains("names more than one partition"));
        assert!(
            message("2026-04-02", Granularity::Month)
                .contains("is not the beginning of a month The month that it is in is `2026-04`.")
        );
    }

    #[test]
    fn bounds_are_utc_whatever_the_column() {
        let moment = jiff::civil::date(7, 4, 1).at(9, 0, 0, 0);
        let text = |dialect, ty: Type| Literals::of(dialect, &ty).text(moment);
        assert_eq!(text(Dialect::DuckDb, Type::Date), "0007-04-01 09:00:00");
        assert_eq!(text(Dialect::DuckDb, Type::TIMESTAMP), "0007-04-01 09:00:00");
        assert_eq!(text(Dialect::DuckDb, Type::Unknown), "0007-04-01 09:00:00");
        assert_eq!(text(Dialect::DuckDb, Type::TimestampTz), "0007-04-01 09:00:00+00");
        assert_eq!(
            text(Dialect::Snowflake, Type::TimestampLtz),
            "0007-04-01 09:00:00 +00:00"
        );
        assert_eq!(
            text(Dialect::Databricks, Type::TimestampLtz),
            "0007-04-01 09:00:00+00:00"
        );
        assert_eq!(text(Dialect::BigQuery, Type::TimestampTz), "0007-04-01 09:00:00");
        assert_eq!(text(Dialect::BigQuery, Type::Date), "0007-04-01");
    }

    #[test]
    fn a_hundred_thousand_windows_take_no_time() {
        let mut model = Model::new(Granularity::Hour, Some("2010-01-01T00"));
        model.batch_size = 1;
        let mut missing = options(Selection::Missing, "2021-05-29T15:00:00Z");
        let every_third: Vec<SmolStr> = {
            let first = Key::parse("2010-01-01T00", Granularity::Hour).unwrap();
            (0..100_000)
                .step_by(3)
                .map(|i| first.plus(i).unwrap().text())
                .collect()
        };
        missing.computed.insert("m".into(), every_third);
        let begin = std::time::Instant::now();
        let windows = model.select(&missing, Before::Computed).unwrap();
        let took = begin.elapsed();
        assert_eq!(windows.len(), 100_000 - 33_334);
        // In a release build some 20 ms; a debug build on a busy machine is to stay far from quadratic.
        assert!(took.as_secs() < 5, "{took:?}");
    }
}
