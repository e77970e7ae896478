//! From the answers of a check's queries to a verdict. Pure.

use super::Figures;
use rocky_base::SmolStr;
use rocky_warehouse::{Rows, Value};
use rustc_hash::FxHashSet;

/// `None`: it holds.
type Verdict = Option<String>;

/// The one row of an answer.
fn row(rows: &Rows) -> Result<&[Value], String> {
    match rows.rows.as_slice() {
        [row] => Ok(row),
        [] => Err("the query returned no row".to_owned()),
        _ => Err("the query returned several rows instead of one".to_owned()),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Null => None,
    }
    .filter(|f: &f64| f.is_finite())
}

/// As written where it is a whole number, so that 3 stays 3.
fn exact(value: &Value) -> Option<serde_json::Number> {
    if let Some(i) = value.to_i64() {
        return Some(i.into());
    }
    number(value).and_then(whole)
}

fn whole(f: f64) -> Option<serde_json::Number> {
    if f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0 {
        return Some((f as i64).into());
    }
    serde_json::Number::from_f64(f)
}

/// A count in the answer's row.
pub(super) fn count(rows: &Rows, place: usize) -> Result<u64, String> {
    let cell = row(rows)?.get(place).ok_or("a column is missing in the answer")?;
    cell.to_i64()
        .or_else(|| number(cell).map(|f| f as i64))
        .and_then(|i| u64::try_from(i).ok())
        .ok_or_else(|| "the answer is not a count".to_owned())
}

pub(super) fn same_count(source: u64, target: u64, figures: &mut Figures) -> Verdict {
    (figures.source_count, figures.target_count) = (Some(source), Some(target));
    (source != target).then(|| format!("the source has {source} rows, the target {target}"))
}

pub(super) fn not_empty(n: u64, figures: &mut Figures) -> Verdict {
    (figures.source_count, figures.target_count) = (Some(n), Some(n));
    (n == 0).then(|| "the table is empty".to_owned())
}

pub(super) fn columns(
    expected: &[SmolStr],
    ignored: &[SmolStr],
    found: &[SmolStr],
    figures: &mut Figures,
) -> Verdict {
    let fold = |n: &SmolStr| n.to_lowercase();
    let set = |names: &[SmolStr]| names.iter().map(fold).collect::<FxHashSet<String>>();
    let (want, have, free) = (set(expected), set(found), set(ignored));
    let lacks = |names: &[SmolStr], other: &FxHashSet<String>| {
        let mut names: Vec<SmolStr> = names
            .iter()
            .filter(|n| !other.contains(&fold(n)) && !free.contains(&fold(n)))
            .cloned()
            .collect();
        names.sort();
        names
    };
    let (missing, extra) = (lacks(expected, &have), lacks(found, &want));
    let verdict = match (missing.is_empty(), extra.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("missing: {}", missing.join(", "))),
        (true, false) => Some(format!("not expected: {}", extra.join(", "))),
        (false, false) => Some(format!(
            "missing: {}; not expected: {}",
            missing.join(", "),
            extra.join(", ")
        )),
    };
    (figures.missing, figures.extra) = (Some(missing), Some(extra));
    verdict
}

pub(super) fn freshness(
    rows: &Rows,
    column: &str,
    threshold_seconds: u64,
    ahead_seconds: u64,
    now: i64,
    figures: &mut Figures,
) -> Result<Verdict, String> {
    figures.threshold_seconds = Some(threshold_seconds);
    let row = row(rows)?;
    let newest = row.get(1).and_then(Value::to_text);
    figures.rows = row.get(2).and_then(Value::to_text).and_then(|n| n.parse().ok());
    let seconds = match row.first() {
        Some(Value::Null) | None => {
            return Ok(Some(format!(
                "`{column}` has no value: the table is empty, or all are NULL"
            )));
        }
        Some(value) => number(value).ok_or_else(|| format!("the newest `{column}` is not a moment"))?,
    };
    let lag = now.saturating_sub(seconds.floor() as i64);
    figures.lag_seconds = Some(lag);
    let newest = newest.unwrap_or_default();
    if lag < 0 && lag.unsigned_abs() > ahead_seconds {
        return Ok(Some(format!(
            "the newest `{column}`, {newest}, is {} in the future: nothing can be said of its age",
            span(lag.unsigned_abs())
        )));
    }
    let late = u64::try_from(lag).is_ok_and(|lag| lag > threshold_seconds);
    Ok(late.then(|| {
        format!(
            "the newest `{column}`, {newest}, is {} old, more than {}",
            span(lag.unsigned_abs()),
            span(threshold_seconds)
        )
    }))
}

/// `90 s`, `3 h`, `2 d 4 h`.
fn span(seconds: u64) -> String {
    match seconds {
        s if s < 120 => format!("{s} s"),
        s if s < 7_200 => format!("{} min", s / 60),
        s if s < 172_800 => format!("{} h", s / 3_600),
        s => match (s / 86_400, s % 86_400 / 3_600) {
            (d, 0) => format!("{d} d"),
            (d, h) => format!("{d} d {h} h"),
        },
    }
}

pub(super) fn null_rate(
    rows: &Rows,
    place: usize,
    threshold: f64,
    figures: &mut Figures,
) -> Result<Verdict, String> {
    let all = count(rows, 0)?;
    let filled = count(rows, place + 1)?;
    let nulls = all.saturating_sub(filled);
    // A table without rows has no NULL.
    let rate = if all == 0 { 0.0 } else { nulls as f64 / all as f64 };
    figures.null_rate = Some(rate);
    figures.sampled_rows = Some(all);
    figures.threshold = whole(threshold);
    Ok((rate > threshold).then(|| format!("{nulls} of {all} rows are NULL")))
}

pub(super) fn at_most(rows: &Rows, threshold: f64, figures: &mut Figures) -> Result<Verdict, String> {
    figures.threshold = whole(threshold);
    let value = row(rows)?.first().ok_or("the query returned no column")?;
    if matches!(value, Value::Null) {
        return Ok(Some("the query returned NULL, which is no number".to_owned()));
    }
    let found = number(value).ok_or("the query returned something else than a number")?;
    figures.result_value = exact(value);
    Ok((found > threshold)
        .then(|| format!("{} is more than {threshold}", value.to_text().unwrap_or_default())))
}

pub(super) fn zero(n: u64, test_type: &str, figures: &mut Figures) -> Verdict {
    figures.failing_rows = Some(n);
    let one = n == 1;
    let what = match test_type {
        "unique" | "composite" | "unique_expr" if one => "value occurs several times",
        "unique" | "composite" | "unique_expr" => "values occur several times",
        _ if one => "row fails",
        _ => "rows fail",
    };
    (n > 0).then(|| format!("{n} {what}"))
}

pub(super) fn within(n: u64, min: Option<u64>, max: Option<u64>, figures: &mut Figures) -> Verdict {
    figures.target_count = Some(n);
    if let Some(min) = min.filter(|min| n < *min) {
        return Some(format!("{n} rows, fewer than {min}"));
    }
    max.filter(|max| n > *max)
        .map(|max| format!("{n} rows, more than {max}"))
}

pub(super) fn holds(rows: &Rows, what: &str, figures: &mut Figures) -> Result<Verdict, String> {
    let row = row(rows)?;
    let (Some(value), Some(holds)) = (row.first(), row.get(1)) else {
        return Err("a column is missing in the answer".to_owned());
    };
    figures.result_value = exact(value);
    if matches!(value, Value::Null) {
        return Ok(Some(format!("{what} cannot be told: there are no values")));
    }
    Ok((holds.to_i64() != Some(1)).then(|| {
        format!(
            "{what} does not hold: found {}",
            value.to_text().unwrap_or_default()
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(row: Vec<Value>) -> Rows {
        Rows {
            columns: row.iter().map(|_| ("x".into(), String::new())).collect(),
            rows: vec![row],
        }
    }

    #[test]
    fn age_is_counted_from_the_newest_moment_and_the_future_has_none() {
        let at = |seconds: Value, now: i64, ahead: u64| {
            let mut figures = Figures::default();
            let rows = answer(vec![seconds, Value::Text("x".into())]);
            let verdict = freshness(&rows, "t", 100, ahead, now, &mut figures).unwrap();
            (verdict.is_none(), figures.lag_seconds)
        };
        assert_eq!(at(Value::Float(1000.5), 1100, 60), (true, Some(100)));
        assert_eq!(at(Value::Float(1000.0), 1101, 60), (false, Some(101)));
        assert_eq!(at(Value::Int(1000), 950, 60), (true, Some(-50)));
        assert_eq!(at(Value::Int(1000), 900, 60), (false, Some(-100)));
        assert_eq!(at(Value::Int(90_000), 10_000, 86_400), (true, Some(-80_000)));
        assert_eq!(at(Value::Null, 10_000, 60), (false, None));
    }

    #[test]
    fn a_rate_over_no_rows_is_none() {
        let mut figures = Figures::default();
        let rows = answer(vec![Value::Int(0), Value::Int(0)]);
        assert_eq!(null_rate(&rows, 0, 0.0, &mut figures).unwrap(), None);
        assert_eq!(figures.null_rate, Some(0.0));
        let rows = answer(vec![Value::Int(4), Value::Int(9), Value::Int(3)]);
        assert!(null_rate(&rows, 1, 0.2, &mut figures).unwrap().is_some());
        assert_eq!(figures.null_rate, Some(0.25));
        assert_eq!(null_rate(&rows, 1, 0.25, &mut figures).unwrap(), None);
    }

    #[test]
    fn columns_are_compared_without_case_and_in_no_order() {
        let names = |n: &[&str]| n.iter().map(SmolStr::new).collect::<Vec<_>>();
        let mut figures = Figures::default();
        let verdict = columns(
            &names(&["ID", "a"]),
            &names(&["_meta"]),
            &names(&["A", "id", "_META"]),
            &mut figures,
        );
        assert_eq!(verdict, None);
        let verdict = columns(&names(&["id", "a"]), &[], &names(&["b", "id"]), &mut figures);
        assert_eq!(verdict.unwrap(), "missing: a; not expected: b");
    }

    #[test]
    fn a_number_that_is_none_is_told() {
        let mut figures = Figures::default();
        assert!(
            at_most(&answer(vec![Value::Null]), 0.0, &mut figures)
                .unwrap()
                .is_some()
        );
        assert!(at_most(&answer(vec![Value::Text("x".into())]), 0.0, &mut figures).is_err());
        assert_eq!(
            at_most(&answer(vec![Value::Text("2.00".into())]), 2.0, &mut figures).unwrap(),
            None
        );
        let none = Rows::default();
        assert!(at_most(&none, 0.0, &mut figures).is_err());
    }
}
