//! The values of string and quoted-name tokens. A value equals its source nearly always, and is then copied once.

use rocky_base::{Dialect, SmolStr};

/// The value of a string token.
pub fn string_value(source: &str, dialect: Dialect) -> SmolStr {
    // $tag$…$tag$
    if source.starts_with('$') {
        let delimiter = source.get(1..).and_then(|s| s.find('$')).map_or(1, |i| i + 2);
        let end = source.len().saturating_sub(delimiter);
        return SmolStr::new(source.get(delimiter..end).unwrap_or(""));
    }
    let open = source.find(['\'', '"']).unwrap_or(0);
    let (prefix, body) = source.split_at(open);
    let Some(quote) = body.chars().next() else {
        return SmolStr::default();
    };
    let triple = if quote == '\'' { "'''" } else { "\"\"\"" };
    let is_triple = dialect == Dialect::BigQuery && body.len() >= 6 && body.starts_with(triple);
    let width = if is_triple { 3 } else { 1 };
    let inner = body.get(width..body.len().saturating_sub(width)).unwrap_or("");
    if prefix.contains(['r', 'R']) {
        return SmolStr::new(inner);
    }
    let escapes = dialect != Dialect::DuckDb || prefix.eq_ignore_ascii_case("e");
    unquote(inner, quote, !is_triple, escapes)
}

/// The text of a quoted identifier token, quotes taken off.
pub fn quoted_ident_value(source: &str, dialect: Dialect) -> SmolStr {
    let Some(quote) = source.chars().next() else {
        return SmolStr::default();
    };
    let inner = source.get(1..source.len().saturating_sub(1)).unwrap_or("");
    unquote(inner, quote, true, dialect == Dialect::BigQuery)
}

fn unquote(inner: &str, quote: char, doubled: bool, escapes: bool) -> SmolStr {
    let plain = !inner
        .bytes()
        .any(|b| doubled && char::from(b) == quote || escapes && b == b'\\');
    if plain {
        return SmolStr::new(inner);
    }
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c == quote && doubled && chars.peek() == Some(&quote) {
            chars.next();
            value.push(quote);
        } else if c == '\\' && escapes {
            unescape(&mut chars, &mut value);
        } else {
            value.push(c);
        }
    }
    SmolStr::new(value)
}

fn unescape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, value: &mut String) {
    let Some(c) = chars.next() else { return };
    let digits = match c {
        'x' | 'X' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    if digits > 0 {
        let mut taken = String::new();
        while taken.len() < digits && chars.peek().is_some_and(char::is_ascii_hexdigit) {
            taken.extend(chars.next());
        }
        match u32::from_str_radix(&taken, 16).ok().and_then(char::from_u32) {
            Some(decoded) => value.push(decoded),
            None if taken.is_empty() => value.push(c),
            None => value.push_str(&taken),
        }
        return;
    }
    match c {
        'n' => value.push('\n'),
        't' => value.push('\t'),
        'r' => value.push('\r'),
        'b' => value.push('\u{8}'),
        'f' => value.push('\u{c}'),
        // \101
        '0'..='7' => {
            let mut decoded = c.to_digit(8).unwrap_or(0);
            for _ in 0..2 {
                let Some(digit) = chars.peek().and_then(|d| d.to_digit(8)) else {
                    break;
                };
                decoded = decoded * 8 + digit;
                chars.next();
            }
            value.extend(char::from_u32(decoded));
        }
        // LIKE patterns keep their escapes.
        '%' | '_' => {
            value.push('\\');
            value.push(c);
        }
        other => value.push(other),
    }
}
