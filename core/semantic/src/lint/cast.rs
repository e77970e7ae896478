//! Constants that no row survives: text cast to, or compared with, a type that it is not a value of.
//!
//! Engines read more than the standard writes (`1e3`, `0x1F`, `2024-1-5`, `yes`), and each its own. What is said here is
//! what all four refuse.

use super::{Class, Found, Query};
use rocky_base::{Diagnostic, Dialect, Loc, code};
use rocky_syntax::ast::{Call, CastKind, ExprId, Literal, TypeName};

/// `CAST('abc' AS INTEGER)`, `DATE '2024-02-30'`.
pub(super) fn cast(
    query: &Query<'_>,
    id: ExprId,
    expr: ExprId,
    ty: TypeName,
    kind: CastKind,
    found: &mut Found<'_>,
) {
    let Some(Literal::String(text)) = query.literal(expr) else {
        return;
    };
    if !refused(query.fact(id).class, text) {
        return;
    }
    let ty = query.slice(ty.span);
    let written = query.slice(query.span(expr));
    let message = match kind {
        CastKind::Try => format!("{written} is no {ty}: the cast is always NULL"),
        _ => format!("{written} is no {ty}: the cast fails"),
    };
    found
        .out
        .push(Diagnostic::new(code::W209, Loc::text(query.span(expr)), message));
}

/// A string beside a value of another type: it is cast to that type.
pub(super) fn compared(query: &Query<'_>, value: ExprId, constant: ExprId, found: &mut Found<'_>) {
    let Some(Literal::String(text)) = query.literal(constant) else {
        return;
    };
    if query.literal(value).is_some() {
        return;
    }
    let class = query.fact(value).class;
    if !refused(class, text) {
        return;
    }
    let what = described(class);
    let message = format!(
        "`{}` is {what}, and {} is not one",
        query.slice(query.span(value)),
        query.slice(query.span(constant))
    );
    found.out.push(Diagnostic::new(
        code::W209,
        Loc::text(query.span(constant)),
        message,
    ));
}

/// A branch of CASE, an argument of COALESCE: a string that becomes what the others are.
pub(super) fn unified(query: &Query<'_>, whole: ExprId, branch: ExprId, what: &str, found: &mut Found<'_>) {
    let Some(Literal::String(text)) = query.literal(branch) else {
        return;
    };
    let class = query.fact(whole).class;
    if !refused(class, text) {
        return;
    }
    let written = query.slice(query.span(branch));
    let message = format!("{what} gives {} here, and {written} is not one", described(class));
    found.out.push(
        Diagnostic::new(code::W209, Loc::text(query.span(branch)), message)
            .help("write NULL, or cast the others to text"),
    );
}

/// The arguments of COALESCE and its like, and what parts of a date there are.
pub(super) fn call(query: &Query<'_>, id: ExprId, call: &Call, found: &mut Found<'_>) {
    let [name] = call.name.as_slice() else { return };
    let name = name.ident.text.as_str();
    let is = |names: &[&str]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
    if is(&["coalesce", "ifnull", "greatest", "least"]) {
        for arg in &call.args {
            unified(query, id, arg.value, &name.to_uppercase(), found);
        }
    } else if is(&["if", "iff"]) && call.args.len() == 3 {
        for arg in call.args.iter().skip(1) {
            unified(query, id, arg.value, &name.to_uppercase(), found);
        }
    } else if is(&["nullif"])
        && let [value, other] = call.args.as_slice()
    {
        compared(query, value.value, other.value, found);
    } else if query.dialect == Dialect::DuckDb
        && is(&["date_diff", "datediff", "date_sub", "datesub"])
        && let [part, ..] = call.args.as_slice()
        && let Some(Literal::String(text)) = query.literal(part.value)
        && !crate::typing::is_date_part(text)
    {
        let span = query.span(part.value);
        let near = crate::typing::near_date_part(text);
        let near = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
        let message = format!("`{text}` is no part of a date: the call fails{near}");
        found
            .out
            .push(Diagnostic::new(code::W209, Loc::text(span), message));
    }
}

fn described(class: Class) -> &'static str {
    match class {
        Class::Integer | Class::Fraction => "a number",
        Class::Boolean => "a boolean",
        Class::Date => "a date",
        _ => "a timestamp",
    }
}

/// Proved not to be a value of the class in any dialect.
pub(super) fn refused(class: Class, text: &str) -> bool {
    let text = text.trim();
    match class {
        Class::Integer | Class::Fraction => !maybe_number(text),
        Class::Boolean => ![
            "true", "false", "t", "f", "yes", "no", "y", "n", "1", "0", "on", "off",
        ]
        .iter()
        .any(|w| text.eq_ignore_ascii_case(w)),
        Class::Date | Class::Timestamp => !maybe_date(text),
        Class::Text | Class::Other => false,
    }
}

fn maybe_number(text: &str) -> bool {
    let special = ["nan", "inf", "infinity"];
    let unsigned = text.trim_start_matches(['+', '-']);
    if special.iter().any(|w| unsigned.eq_ignore_ascii_case(w)) {
        return true;
    }
    text.bytes().any(|b| b.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b"xXoObB_+-. eE".contains(&b))
        && unsigned
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_digit() || b == b'.')
}

/// Not a date only when it has no digit and is no word for one, or when it reads `year-month-day` and there is no such day.
fn maybe_date(text: &str) -> bool {
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        let unsigned = text.trim_start_matches(['+', '-']);
        return [
            "epoch",
            "infinity",
            "inf",
            "now",
            "today",
            "tomorrow",
            "yesterday",
            "current_date",
        ]
        .iter()
        .any(|w| unsigned.eq_ignore_ascii_case(w));
    }
    match day(text) {
        Some((year, month, day)) => (1..=12).contains(&month) && day >= 1 && day <= days_of(year, month),
        None => true,
    }
}

/// The date at the beginning of `2024-02-30`, `2024-02-30 10:00`.
fn day(text: &str) -> Option<(u32, u32, u32)> {
    let date = text.split([' ', 'T']).next()?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let number = |s: &str| {
        (!s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()))
            .then(|| s.parse().ok())
            .flatten()
    };
    Some((number(year)?, number(month)?, number(day)?))
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `2024-02-03` with zeros, so that order of text is order of time.
pub(super) fn is_iso_date(text: &str) -> bool {
    let date = text.get(..10).unwrap_or("");
    day(date).is_some() && date.len() == 10 && date.split('-').nth(1).is_some_and(|m| m.len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_engine_reads_is_not_refused() {
        for text in [
            "12",
            " 12 ",
            "1e3",
            "1.5",
            "0x1F",
            "1_000",
            "-.5",
            "+5",
            "nan",
            "-Infinity",
            "5.",
        ] {
            assert!(!refused(Class::Integer, text), "{text}");
        }
        for text in ["abc", "", "1,5", "12 days", "e5", "--"] {
            assert!(refused(Class::Integer, text), "{text}");
        }
        for text in [
            "2024-1-5",
            "2024/01/05",
            "2024-01-05 10:00",
            "epoch",
            "-infinity",
            "20240105",
            "01/31/2024",
            "2024-02-29",
            "5 Jan 2024",
        ] {
            assert!(!refused(Class::Date, text), "{text}");
        }
        for text in [
            "abc",
            "",
            "2024-13-01",
            "2023-02-29",
            "2024-02-30 10:00",
            "2024-04-31T00:00:00Z",
        ] {
            assert!(refused(Class::Date, text), "{text}");
        }
        assert!(!refused(Class::Boolean, "Yes") && refused(Class::Boolean, "maybe"));
    }
}
