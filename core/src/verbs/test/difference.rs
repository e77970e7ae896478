//! What a model gave against what a unit test expects, cell by cell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// How many differences are listed.
pub(super) const LISTED: usize = 50;
/// Among how many rows the most similar one is looked for.
const PAIRED: usize = 200;

/// A row that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitDifference {
    /// `changed`, `missing`, `unexpected`.
    pub kind: String,
    /// Number of the expected row, from 1; none for an unexpected one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// Columns whose values differ (`changed`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The expected row, as text; null is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<BTreeMap<String, Option<String>>>,
    /// The row that the model gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<BTreeMap<String, Option<String>>>,
}

/// A row as text. Each cell has the form that is compared and the one that is shown.
pub(super) type Row = Vec<Option<(String, String)>>;

/// All differences, in order of the expected rows, unexpected ones last.
pub(super) fn compare(
    columns: &[String],
    expected: &[Row],
    actual: &[Row],
    ordered: bool,
) -> Vec<UnitDifference> {
    let pairs = if ordered {
        let n = expected.len().max(actual.len());
        (0..n)
            .map(|i| ((i < expected.len()).then_some(i), (i < actual.len()).then_some(i)))
            .collect()
    } else {
        matched(expected, actual)
    };
    let object = |row: &Row| -> BTreeMap<String, Option<String>> {
        let cells = row.iter().map(|c| c.as_ref().map(|(_, shown)| shown.clone()));
        columns.iter().cloned().zip(cells).collect()
    };
    let mut found = Vec::new();
    for (e, a) in pairs {
        let (want, got) = (e.and_then(|i| expected.get(i)), a.and_then(|i| actual.get(i)));
        let row = e.map(|i| i as u64 + 1);
        let kind = match (want, got) {
            (Some(want), Some(got)) => {
                let differ: Vec<String> = columns
                    .iter()
                    .zip(want.iter().zip(got))
                    .filter(|(_, (w, g))| !same(w, g))
                    .map(|(name, _)| name.clone())
                    .collect();
                if differ.is_empty() {
                    continue;
                }
                found.push(UnitDifference {
                    kind: "changed".to_owned(),
                    row,
                    columns: differ,
                    expected: Some(object(want)),
                    actual: Some(object(got)),
                });
                continue;
            }
            (Some(_), None) => "missing",
            (None, _) => "unexpected",
        };
        found.push(UnitDifference {
            kind: kind.to_owned(),
            row,
            columns: Vec::new(),
            expected: want.map(object),
            actual: got.map(object),
        });
    }
    found
}

fn same(a: &Option<(String, String)>, b: &Option<(String, String)>) -> bool {
    a.as_ref().map(|(key, _)| key) == b.as_ref().map(|(key, _)| key)
}

/// Pair rows regardless of order: equal ones first, then each expected row with the one that differs least from it.
fn matched(expected: &[Row], actual: &[Row]) -> Vec<(Option<usize>, Option<usize>)> {
    let key = |row: &Row| -> Vec<Option<String>> {
        row.iter()
            .map(|c| c.as_ref().map(|(key, _)| key.clone()))
            .collect()
    };
    let mut waiting: HashMap<Vec<Option<String>>, Vec<usize>> = HashMap::new();
    for (index, row) in actual.iter().enumerate().rev() {
        waiting.entry(key(row)).or_default().push(index);
    }
    let mut pairs: Vec<(Option<usize>, Option<usize>)> = Vec::with_capacity(expected.len());
    for (index, row) in expected.iter().enumerate() {
        pairs.push((Some(index), waiting.get_mut(&key(row)).and_then(Vec::pop)));
    }
    let mut left: Vec<usize> = waiting.into_values().flatten().collect();
    left.sort_unstable();
    for (want, got) in pairs.iter_mut().filter(|(_, got)| got.is_none()).take(PAIRED) {
        let Some(row) = want.and_then(|i| expected.get(i)) else {
            continue;
        };
        let alike = |i: &usize| {
            let other = actual.get(*i).map(Vec::as_slice).unwrap_or_default();
            row.iter().zip(other).filter(|(w, g)| same(w, g)).count()
        };
        let best = left
            .iter()
            .take(PAIRED)
            .enumerate()
            .map(|(place, i)| (alike(i), place))
            .filter(|(n, _)| *n > 0)
            // The first of those that are equally alike.
            .max_by_key(|(n, place)| (*n, std::cmp::Reverse(*place)));
        if let Some((_, place)) = best {
            *got = Some(left.remove(place));
        }
    }
    pairs.extend(left.into_iter().map(|i| (None, Some(i))));
    pairs
}

/// A table for people.
pub(super) fn text(differences: &[UnitDifference], total: u64) -> String {
    let show = |value: Option<&Option<String>>| match value {
        Some(Some(text)) if text.is_empty() => "''".to_owned(),
        Some(Some(text)) => text.replace('\n', "\\n"),
        Some(None) | None => "NULL".to_owned(),
    };
    let whole = |row: &Option<BTreeMap<String, Option<String>>>| {
        let cells = row
            .iter()
            .flatten()
            .map(|(k, v)| format!("{k} = {}", show(Some(v))));
        cells.collect::<Vec<_>>().join(", ")
    };
    let mut lines: Vec<[String; 4]> = vec![["row", "column", "expected", "actual"].map(str::to_owned)];
    for d in differences {
        let row = d.row.map_or_else(|| "-".to_owned(), |n| n.to_string());
        match d.kind.as_str() {
            "changed" => {
                for column in &d.columns {
                    let of = |r: &Option<BTreeMap<String, Option<String>>>| {
                        show(r.as_ref().and_then(|r| r.get(column)))
                    };
                    lines.push([row.clone(), column.clone(), of(&d.expected), of(&d.actual)]);
                }
            }
            "missing" => lines.push([
                row,
                "(row)".to_owned(),
                whole(&d.expected),
                "no such row".to_owned(),
            ]),
            _ => lines.push([
                row,
                "(row)".to_owned(),
                "no such row".to_owned(),
                whole(&d.actual),
            ]),
        }
    }
    let mut widths = [0usize; 4];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in &lines {
        let mut shown = String::from(" ");
        for (width, cell) in widths.iter().zip(line) {
            let pad = width.saturating_sub(cell.chars().count());
            let _ = write!(shown, " {cell}{} ", " ".repeat(pad));
        }
        let _ = writeln!(text, "{}", shown.trim_end());
    }
    let listed = differences.len() as u64;
    if total > listed {
        let _ = writeln!(text, "  … and {} more", total - listed);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Row> {
        let cell = |c: &&str| match *c {
            "" => None,
            text => Some((text.to_owned(), text.to_owned())),
        };
        rows.iter().map(|r| r.iter().map(cell).collect()).collect()
    }

    fn shown(expected: &[&[&str]], actual: &[&[&str]], ordered: bool) -> Vec<String> {
        let columns = ["a".to_owned(), "b".to_owned()];
        compare(&columns, &rows(expected), &rows(actual), ordered)
            .iter()
            .map(|d| format!("{} {:?} {}", d.kind, d.row, d.columns.join(",")))
            .collect()
    }

    #[test]
    fn rows_are_paired_with_what_is_most_like_them() {
        let none: [&str; 0] = [];
        assert_eq!(
            shown(&[&["1", "x"], &["2", ""]], &[&["2", ""], &["1", "x"]], false),
            none
        );
        assert_eq!(
            shown(&[&["1", "x"], &["2", ""]], &[&["2", ""], &["1", "x"]], true),
            ["changed Some(1) a,b", "changed Some(2) a,b"]
        );
        assert_eq!(
            shown(&[&["1", "x"], &["2", "y"]], &[&["2", "z"], &["1", "x"]], false),
            ["changed Some(2) b"]
        );
        assert_eq!(
            shown(&[&["1", "x"]], &[&["1", "x"], &["1", "x"]], false),
            ["unexpected None "]
        );
        assert_eq!(
            shown(&[&["1", "x"], &["1", "x"]], &[&["1", "x"]], false),
            ["missing Some(2) "]
        );
        // NULL is not an empty text, and equal to NULL.
        assert_eq!(shown(&[&["", "x"]], &[&["", "x"]], false), none);
    }

    #[test]
    fn the_table_shows_cells() {
        let found = compare(
            &["a".to_owned(), "b".to_owned()],
            &rows(&[&["1", "x"]]),
            &rows(&[&["1", ""], &["7", "8"]]),
            false,
        );
        assert_eq!(
            text(&found, 3),
            "  row  column  expected     actual\n  1    b       x            NULL\n  -    (row)   no such row  a = 7, b = 8\n  … and 1 more\n"
        );
    }
}
