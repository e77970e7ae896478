//! Patterns of regular expressions and formats of dates, as far as the engine's own rules refuse what is written.
//!
//! Invariant: an answer is a proof. Of a pattern only brackets, classes, repetition of nothing and what RE2 does not have are
//! looked at; everything else passes.

/// What is wrong with a pattern of RE2.
pub(super) fn mistake(pattern: &str) -> Option<String> {
    // Quoted parts have rules of their own.
    if pattern.contains("\\Q") || pattern.contains("\\C") {
        return None;
    }
    let mut chars = pattern.chars().peekable();
    let mut open = 0_usize;
    // Nothing stands before that could be repeated.
    let mut empty = true;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                match chars.next() {
                    None => return Some("it ends with a backslash".to_owned()),
                    Some(digit @ '1'..='9') => {
                        return Some(format!("there is no reference to a group, `\\{digit}`, in RE2"));
                    }
                    Some(_) => {}
                }
                empty = false;
            }
            '[' => {
                if !class(&mut chars) {
                    return Some("`[` is not closed".to_owned());
                }
                empty = false;
            }
            '(' => {
                open += 1;
                empty = true;
                if chars.peek() == Some(&'?') {
                    chars.next();
                    let mut ahead = chars.clone();
                    let (first, second) = (ahead.next(), ahead.next());
                    match (first, second) {
                        (Some('=' | '!'), _) => {
                            return Some("RE2 cannot look ahead, `(?=` or `(?!`".to_owned());
                        }
                        (Some('<'), Some('=' | '!')) => {
                            return Some("RE2 cannot look behind, `(?<=` or `(?<!`".to_owned());
                        }
                        _ => {}
                    }
                    // Flags and names up to what they are for.
                    while let Some(c) = chars.peek() {
                        match c {
                            ')' => break,
                            ':' | '>' => {
                                chars.next();
                                break;
                            }
                            _ => {
                                chars.next();
                            }
                        }
                    }
                }
            }
            ')' => {
                let Some(less) = open.checked_sub(1) else {
                    return Some("`)` closes nothing".to_owned());
                };
                open = less;
                empty = false;
            }
            '|' => empty = true,
            '*' | '+' | '?' if empty => return Some(format!("`{c}` repeats nothing")),
            _ => empty = false,
        }
    }
    (open > 0).then(|| "`(` is not closed".to_owned())
}

/// Step over a class behind its bracket. False when it is not closed.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    if chars.peek() == Some(&'^') {
        chars.next();
    }
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            ']' if !first => return true,
            '\\' => {
                chars.next();
            }
            '[' if chars.peek() == Some(&':') => {
                chars.next();
                while let Some(c) = chars.next() {
                    if c == ':' && chars.peek() == Some(&']') {
                        chars.next();
                        break;
                    }
                }
            }
            _ => {}
        }
        first = false;
    }
    false
}

/// What is wrong with a format of `strftime` or `strptime`.
pub(super) fn format_mistake(format: &str) -> Option<String> {
    if format.is_empty() {
        return Some("it is empty".to_owned());
    }
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            continue;
        }
        match chars.next() {
            None => return Some("nothing follows its last `%`; a percent sign is `%%`".to_owned()),
            Some('-') => match chars.next() {
                Some(c) if "HIMSdjmy".contains(c) => {}
                other => {
                    let other = other.map_or_else(String::new, String::from);
                    return Some(format!("there is no `%-{other}`"));
                }
            },
            Some(c) if "%ABGHIMSTUVWXYZabcdfghjmnpuwxyz".contains(c) => {}
            Some(c) => return Some(format!("there is no `%{c}`")),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{format_mistake, mistake};

    /// Each was run on the engine.
    #[test]
    fn what_re2_reads_passes() {
        for pattern in [
            "",
            "a",
            "a\\\\",
            "(?P<x>a)",
            "(?i)a",
            "(?i:a)b",
            "[]a]",
            "[^]a]",
            "[[:alpha:]]",
            "a{2",
            "|a",
            "(|a)",
            "[a\\]b]",
            "\\Qa(\\E",
            "\\d+",
            "\\p{L}",
            "^*",
            "a*?",
            "(a)(b)",
            "[(]",
            "\\(",
            "(?:a|b)+",
        ] {
            assert_eq!(mistake(pattern), None, "{pattern}");
        }
        for pattern in [
            "a\\",
            "a\\1",
            "(?=a)",
            "(?<=a)b",
            "(?!a)",
            "(?<!a)",
            "(*a)",
            "|*a",
            "(?:a",
            "x)",
            "(abc",
            "[a-",
            "[[:alpha:]",
            "*a",
            "a|*",
            "+",
        ] {
            assert!(mistake(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn formats_follow_the_engine() {
        for format in ["%Y-%m-%d", "%%", "%-d", "YYYY", "%x %X %c", "%g%G%n"] {
            assert_eq!(format_mistake(format), None, "{format}");
        }
        for format in ["", "%", "%Q", "%-Y", "%Y%", "% d", "%-"] {
            assert!(format_mistake(format).is_some(), "{format}");
        }
    }
}
