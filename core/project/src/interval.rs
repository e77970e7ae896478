//! What a time_interval model must be: a time column that windows can cut, both bounds in the query, a first window
//! written as windows are. A microbatch model is one that needs no bounds in its query. Only proven facts raise errors, and of one column one.

use crate::check::{has_column, with_suggestion};
use crate::unit::Unit;
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Edit, SmolStr, code};
use rocky_config::{Granularity, Lookback, LookbackUnit, Spanned, StrategyKind};
use rocky_semantic::Analysis;
use rocky_syntax::ast::DatePlaceholder;
use rocky_warehouse::Type;

/// Check a time_interval or microbatch model.
pub fn check(
    name: &str,
    unit: &Unit,
    kind: &StrategyKind,
    analysis: &Analysis,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
) {
    let (column, key, granularity, first) = match kind {
        StrategyKind::TimeInterval {
            time_column,
            granularity,
            first_partition,
            ..
        } => (time_column, "time_column", *granularity, first_partition.as_ref()),
        StrategyKind::Microbatch {
            timestamp_column,
            granularity,
            first_partition,
            ..
        } => (
            timestamp_column,
            "timestamp_column",
            *granularity,
            first_partition.as_ref(),
        ),
        _ => return,
    };
    // A microbatch is cut to the window, placeholders or not.
    if matches!(kind, StrategyKind::TimeInterval { .. }) {
        placeholders(name, unit, column, out);
    }
    if let Some(first) = first {
        first_partition(first, granularity, out);
    }
    if let Err(reason) = plain_name(&column.value) {
        out.push(
            Diagnostic::new(
                code::E023,
                column.loc,
                format!("{key} `{}` is not a plain name: {reason}", column.shown()),
            )
            .help("Name a column with letters, digits and underscores; rename it in the query if need be."),
        );
        return;
    }
    time_column(name, unit, column, key, granularity, analysis, dialect, out);
}

fn placeholders(name: &str, unit: &Unit, column: &Spanned<SmolStr>, out: &mut Vec<Diagnostic>) {
    let used = |which| unit.placeholders().iter().find(|(p, _)| *p == which);
    let (given, missing) = match (used(DatePlaceholder::Start), used(DatePlaceholder::End)) {
        (Some(_), Some(_)) => return,
        (None, None) => {
            out.push(
                Diagnostic::new(
                    code::E024,
                    column.loc,
                    format!("`{name}` uses neither `@start_date` nor `@end_date`"),
                )
                .label("each run would compute all windows")
                .help(format!(
                    "Add `where {0} >= @start_date and {0} < @end_date`.",
                    column.shown()
                )),
            );
            return;
        }
        (Some(given), None) => (given, "@end_date"),
        (None, Some(given)) => (given, "@start_date"),
    };
    let loc = unit.origin().locate(given.1);
    let op = if missing == "@end_date" { "<" } else { ">=" };
    out.push(
        Diagnostic::new(
            code::W003,
            loc,
            format!("the window has no other bound: `{missing}` is not used"),
        )
        .help(format!("Add `{} {op} {missing}`.", column.shown())),
    );
}

#[expect(clippy::too_many_arguments, reason = "one column's surroundings")]
fn time_column(
    name: &str,
    unit: &Unit,
    column: &Spanned<SmolStr>,
    key: &str,
    granularity: Granularity,
    analysis: &Analysis,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
) {
    if unit.broken() {
        return;
    }
    if !has_column(analysis, &column.value, dialect) {
        if analysis.complete {
            let message = format!("{key} `{}` is not in the output of `{}`", column.shown(), name);
            let names: Vec<&str> = analysis.columns.iter().map(|c| c.name.as_str()).collect();
            out.push(
                Diagnostic::new(
                    code::E020,
                    column.loc,
                    with_suggestion(message, &column.value, analysis),
                )
                .help(format!("Name one of its columns: {}.", listed(&names))),
            );
        }
        return;
    }
    let fold = |name: &str, quoted: bool| dialect.fold(name, quoted, IdentKind::Column);
    let wanted = [fold(&column.value, true), fold(&column.value, false)];
    let Some(found) = analysis
        .columns
        .iter()
        .find(|c| wanted.contains(&fold(&c.name, true)))
    else {
        return;
    };
    let place = unit.origin().locate(found.span);
    let shown = found.ty.print(dialect);
    match &found.ty {
        Type::Unknown => return,
        Type::Date | Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz => {}
        _ => {
            out.push(
                Diagnostic::new(
                    code::E021,
                    column.loc,
                    format!(
                        "{key} `{}` is {shown}, expected a date or a timestamp",
                        column.shown()
                    ),
                )
                .note(place, shown)
                .help("Cast the column in the query, or name another."),
            );
            return;
        }
    }
    if granularity == Granularity::Hour && found.ty == Type::Date {
        out.push(
            Diagnostic::new(
                code::E025,
                column.loc,
                format!(
                    "{key} `{}` is a DATE: it cannot tell the hours of a day apart",
                    column.shown()
                ),
            )
            .note(place, "has no time of day")
            .help("Set `granularity = \"day\"`, or give the column a time."),
        );
    }
    if found.nullable {
        out.push(
            Diagnostic::new(
                code::E022,
                column.loc,
                format!(
                    "{key} `{}` may be NULL: such rows are in no window",
                    column.shown()
                ),
            )
            .note(place, "may be NULL")
            .help("Filter NULLs out, or use COALESCE."),
        );
    }
}

/// Can a lookback be taken off the timestamp column of an incremental model?
pub(crate) fn lookback(
    column: &Spanned<SmolStr>,
    lookback: &Lookback,
    analysis: &Analysis,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
) {
    let fold = |name: &str, quoted: bool| dialect.fold(name, quoted, IdentKind::Column);
    let wanted = [fold(&column.value, true), fold(&column.value, false)];
    let found = analysis
        .columns
        .iter()
        .find(|c| wanted.contains(&fold(&c.name, true)));
    let finding = match found.map(|c| &c.ty) {
        Some(Type::Date) if lookback.unit != LookbackUnit::Day => Diagnostic::new(
            code::E025,
            lookback.loc,
            format!(
                "timestamp_column `{}` is a DATE: {lookback} cannot be taken off it",
                column.shown()
            ),
        )
        .help("Write the lookback in days, or give the column a time."),
        None
        | Some(Type::Unknown | Type::Date | Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz) => {
            return;
        }
        Some(ty) => Diagnostic::new(
            code::E021,
            lookback.loc,
            format!(
                "timestamp_column `{}` is {}: a lookback needs a date or a timestamp",
                column.shown(),
                ty.print(dialect)
            ),
        )
        .help("Take the lookback out, or name a column with times."),
    };
    out.push(finding);
}

fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(|n| format!("`{n}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

fn plain_name(name: &str) -> Result<(), &'static str> {
    let mut bytes = name.bytes();
    match bytes.next() {
        None => return Err("it is empty"),
        Some(b) if b.is_ascii_digit() => return Err("it begins with a digit"),
        _ => {}
    }
    if name.contains('.') {
        return Err("it has a dot");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if name.bytes().all(plain) {
        Ok(())
    } else {
        Err("it has other characters than letters, digits and underscores")
    }
}

/// How the windows of a length are named.
fn format(granularity: Granularity) -> (&'static str, &'static str) {
    match granularity {
        Granularity::Hour => ("hour", "YYYY-MM-DDTHH"),
        Granularity::Day => ("day", "YYYY-MM-DD"),
        Granularity::Month => ("month", "YYYY-MM"),
        Granularity::Year => ("year", "YYYY"),
    }
}

fn first_partition(first: &Spanned<SmolStr>, granularity: Granularity, out: &mut Vec<Diagnostic>) {
    if canonical(&first.value, granularity).as_deref() == Some(first.value.as_str()) {
        return;
    }
    let (word, format) = format(granularity);
    let message = format!(
        "first_partition `{}` is not a window of one {word}, which is written `{format}`",
        first.shown()
    );
    let mut finding = Diagnostic::new(code::E026, first.loc, message);
    finding = match canonical(&first.value, granularity) {
        Some(text) => {
            let edit = Edit {
                loc: first.loc,
                text: format!("\"{text}\""),
            };
            finding
                .help(format!("Write `{text}`."))
                .fix(format!("write `{text}`"), vec![edit])
        }
        None => finding.help("Write the first window there is, with leading zeros."),
    };
    out.push(finding);
}

/// The window in its one spelling, from what is nearly that; `None` when it is no such time.
fn canonical(text: &str, granularity: Granularity) -> Option<String> {
    let mut parts: Vec<u32> = Vec::with_capacity(6);
    for part in text.trim().trim_end_matches('Z').split(['-', 'T', ' ', ':']) {
        if part.is_empty() || part.len() > 4 || !part.bytes().all(|b| b.is_ascii_digit()) || parts.len() == 6
        {
            return None;
        }
        parts.push(part.parse().ok()?);
    }
    let wanted = match granularity {
        Granularity::Year => 1,
        Granularity::Month => 2,
        Granularity::Day => 3,
        Granularity::Hour => 4,
    };
    // More than is wanted only where it says the beginning of the window.
    let beginnings = [0, 1, 1, 0, 0, 0];
    let rest_is_beginning = || {
        parts
            .iter()
            .zip(beginnings)
            .skip(wanted)
            .all(|(part, beginning)| *part == beginning)
    };
    if parts.len() < wanted || !rest_is_beginning() {
        return None;
    }
    let year = parts.first().copied().filter(|y| (1..=9999).contains(y))?;
    let month = parts.get(1).copied().unwrap_or(1);
    let day = parts.get(2).copied().unwrap_or(1);
    let hour = parts.get(3).copied().unwrap_or(0);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 {
        return None;
    }
    Some(match granularity {
        Granularity::Year => format!("{year:04}"),
        Granularity::Month => format!("{year:04}-{month:02}"),
        Granularity::Day => format!("{year:04}-{month:02}-{day:02}"),
        Granularity::Hour => format!("{year:04}-{month:02}-{day:02}T{hour:02}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_one_spelling() {
        let day = |t: &str| canonical(t, Granularity::Day);
        assert_eq!(day("2024-01-05").as_deref(), Some("2024-01-05"));
        assert_eq!(day("2024-1-5").as_deref(), Some("2024-01-05"));
        assert_eq!(day("2024-01-05T00:00:00Z").as_deref(), Some("2024-01-05"));
        for wrong in [
            "2024-01",
            "2024-02-30",
            "2024-13-01",
            "05.01.2024",
            "",
            "2024-01-05T10",
            "0000-01-01",
        ] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
        assert_eq!(canonical("2024-01-05", Granularity::Month), None);
        assert_eq!(
            canonical("2024-01-01", Granularity::Month).as_deref(),
            Some("2024-01")
        );
        assert_eq!(
            canonical("2024-01-01 7", Granularity::Hour).as_deref(),
            Some("2024-01-01T07")
        );
        assert_eq!(canonical("2024-01-01T24", Granularity::Hour), None);
        assert_eq!(canonical("24", Granularity::Year).as_deref(), Some("0024"));
    }
}
