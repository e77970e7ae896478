//! The patterns that select columns by name: LIKE, GLOB, regular expressions.

/// SQL LIKE without escape.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    wild(
        &pattern.chars().collect::<Vec<_>>(),
        &text.chars().collect::<Vec<_>>(),
        '%',
        '_',
    )
}

/// SQL LIKE: a character behind `escape` means itself.
pub(super) fn like_escape(pattern: &str, escape: Option<char>, text: &str) -> bool {
    // No name has these.
    const MANY: char = '\u{F0000}';
    const ONE: char = '\u{F0001}';
    let mut read = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            c if Some(c) == escape => read.extend(chars.next()),
            '%' => read.push(MANY),
            '_' => read.push(ONE),
            c => read.push(c),
        }
    }
    wild(&read, &text.chars().collect::<Vec<_>>(), MANY, ONE)
}

/// Shell-like GLOB without classes.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    wild(
        &pattern.chars().collect::<Vec<_>>(),
        &text.chars().collect::<Vec<_>>(),
        '*',
        '?',
    )
}

/// Greedy match with one point of return.
fn wild(pattern: &[char], text: &[char], many: char, one: char) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(c) if *c == many => {
                back = Some((p, t));
                p += 1;
            }
            Some(c) if *c == one || Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    p = star + 1;
                    t = from + 1;
                    back = Some((star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or(&[]).iter().all(|c| *c == many)
}

/// What a pattern's groups matched; group 0 is all of it.
pub(super) type Match = Vec<Option<String>>;

/// A regular expression. DuckDB's are RE2's, whose syntax this library shares.
pub(super) struct Regex(regex::Regex);

/// Read a pattern; `None` for what is not one.
pub(super) fn regex(pattern: &str) -> Option<Regex> {
    let built = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
    built.ok().map(Regex)
}

impl Regex {
    /// The first match anywhere in the text.
    pub(super) fn find(&self, text: &str) -> Option<Match> {
        let found = self.0.captures(text)?;
        Some(found.iter().map(|g| g.map(|g| g.as_str().to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(pattern: &str, text: &str) -> bool {
        regex(pattern).unwrap().find(text).is_some()
    }

    #[test]
    fn patterns_over_names() {
        assert!(hit("a|b", "xb"));
        assert!(hit("^(id|.*_id)$", "order_id"));
        assert!(!hit("^(id|.*_id)$", "order_ids"));
        assert!(hit("^[a-c]\\d{2,3}$", "b123"));
        assert!(!hit("^[^a-c]$", "b"));
        assert!(regex("(?=x)").is_none());
        assert_eq!(
            regex("(.)_(.*)").unwrap().find("a_bc").unwrap()[2].as_deref(),
            Some("bc")
        );
        // A pattern that backtracks forever is given up.
        assert!(!hit("(a*)*b", &"a".repeat(60)));
    }

    #[test]
    fn like_and_glob() {
        assert!(like("a%_c", "abbc"));
        assert!(!like("a%d", "abc"));
        assert!(like_escape("%!_id", Some('!'), "order_id"));
        assert!(!like_escape("%!_id", Some('!'), "orderid"));
        assert!(glob("*_id", "order_id"));
    }
}
