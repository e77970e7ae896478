//! CSV as RFC 4180 has it, with any delimiter: the records of a text with the lines on which they begin.
//!
//! An empty field without quotes is nothing ([`None`]); `""` is an empty text. Linear, and borrows what needs no change.

use std::borrow::Cow;

/// A line, and what stands in its fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its fields.
    pub fields: Vec<Option<Cow<'a, str>>>,
}

/// The records of a text; a line without anything is none. An error has the line in it.
pub fn records(text: &str, delimiter: u8) -> Result<Vec<Record<'_>>, String> {
    first_records(text, delimiter, usize::MAX)
}

/// No more than the first `most` records of a text; what comes behind them is not read.
pub fn first_records(text: &str, delimiter: u8, most: usize) -> Result<Vec<Record<'_>>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bytes = text.as_bytes();
    let mut records = Vec::new();
    let mut fields: Vec<Option<Cow<'_, str>>> = Vec::new();
    let (mut at, mut line, mut began) = (0usize, 1usize, 1usize);
    loop {
        // A field begins at `at`.
        let field = match bytes.get(at) {
            Some(b'"') => {
                let (field, end, lines) =
                    quoted(text, at).ok_or_else(|| format!("line {line}: a quote is not closed"))?;
                (at, line) = (end, line + lines);
                if !matches!(bytes.get(at), None | Some(b'\n' | b'\r')) && bytes.get(at) != Some(&delimiter) {
                    return Err(format!("line {line}: text behind a closing quote"));
                }
                Some(field)
            }
            _ => {
                let rest = bytes.get(at..).unwrap_or_default();
                let ends = |b: &u8| *b == delimiter || *b == b'\n';
                let mut end = at + rest.iter().position(ends).unwrap_or(rest.len());
                let next = end;
                // The line's end may be two bytes.
                if bytes.get(next) == Some(&b'\n') && end > at && bytes.get(end - 1) == Some(&b'\r') {
                    end -= 1;
                }
                let field = text.get(at..end).unwrap_or_default();
                at = next;
                (!field.is_empty()).then_some(Cow::Borrowed(field))
            }
        };
        if bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n') {
            at += 1;
        }
        match bytes.get(at) {
            Some(b) if *b == delimiter => {
                fields.push(field);
                at += 1;
            }
            Some(b'\r') => return Err(format!("line {line}: text behind a closing quote")),
            end => {
                if field.is_some() || !fields.is_empty() {
                    fields.push(field);
                    let expected = fields.len();
                    records.push(Record {
                        line: began,
                        fields: std::mem::replace(&mut fields, Vec::with_capacity(expected)),
                    });
                }
                if end.is_none() || records.len() >= most {
                    return Ok(records);
                }
                at += 1;
                line += 1;
                began = line;
            }
        }
    }
}

/// The field whose opening quote is at `at`, where it ends, and how many lines it spans beside the first.
fn quoted(text: &str, at: usize) -> Option<(Cow<'_, str>, usize, usize)> {
    let bytes = text.as_bytes();
    let mut out = Cow::Borrowed("");
    let mut from = at + 1;
    loop {
        let rest = bytes.get(from..)?;
        let end = from + rest.iter().position(|b| *b == b'"')?;
        let part = text.get(from..end)?;
        let doubled = bytes.get(end + 1) == Some(&b'"');
        if out.is_empty() && !doubled {
            out = Cow::Borrowed(part);
        } else {
            out.to_mut().push_str(part);
        }
        if !doubled {
            let lines = bytes.get(at..end)?.iter().filter(|b| **b == b'\n').count();
            return Some((out, end + 1, lines));
        }
        out.to_mut().push('"');
        from = end + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Vec<Option<String>>)> {
        let all = records(text, b',').unwrap();
        all.into_iter()
            .map(|r| {
                (
                    r.line,
                    r.fields.into_iter().map(|f| f.map(Cow::into_owned)).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn fields_are_texts_or_nothing() {
        let t = |s: &str| Some(s.to_owned());
        assert_eq!(
            read("\u{feff}a,\"b\"\"c\",\"\"\r\n\n1,,\"x\ny\"\r\n\"\"\"q\"\"\", 2 ,a\"b"),
            [
                (1, vec![t("a"), t("b\"c"), t("")]),
                (3, vec![t("1"), None, t("x\ny")]),
                (5, vec![t("\"q\""), t(" 2 "), t("a\"b")]),
            ]
        );
        assert_eq!(read(""), []);
        assert_eq!(read("\n\r\n"), []);
        assert_eq!(read("a,"), [(1, vec![t("a"), None])]);
        assert_eq!(read("größe\n✓"), [(1, vec![t("größe")]), (2, vec![t("✓")])]);
        // A carriage return alone is text.
        assert_eq!(read("a\rb"), [(1, vec![t("a\rb")])]);
    }

    #[test]
    fn the_first_records_hide_what_is_broken_behind_them() {
        let header = first_records("\na,b\n1,\"", b',', 1).unwrap();
        assert_eq!((header.len(), header[0].line, header[0].fields.len()), (1, 2, 2));
    }

    #[test]
    fn what_is_broken_has_its_line() {
        for (text, said) in [
            ("a\n\"b", "line 2: a quote is not closed"),
            ("a\n\"b\nc\" d", "line 3: text behind a closing quote"),
            ("\"a\"\rb", "line 1: text behind a closing quote"),
        ] {
            assert_eq!(records(text, b',').unwrap_err(), said);
        }
    }
}
