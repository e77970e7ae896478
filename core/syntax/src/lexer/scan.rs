//! The scanner: one pass over the bytes, no allocation but for the lists of tokens and comments.
//!
//! Bytes that are no ASCII belong to names, strings and comments only, so nothing is decoded but a wide character where a
//! token begins or ends. Every loop ends at the end of the text, because [`Scanner::byte`] gives NUL there and the text is
//! cut at its first NUL. The rules per dialect are those of the engines' own scanners: `scan.l` of DuckDB,
//! `SqlBaseLexer.g4` of Spark, ZetaSQL for BigQuery. `tests/lexer.rs` compares with the tokenizer of `sqlparser` and
//! lists where it is wrong. Start reading at [`Scanner::run`].

use super::keyword::{self, Kw, WordClass};
use super::{Lexed, Token, TokenKind};
use rocky_base::{Diagnostic, Dialect, Loc, Span, code};

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const WIDE: u8 = 4;
const DOLLAR: u8 = 8;
const BLANK: u8 = 16;

/// What each byte may be part of.
static CLASS: [u8; 256] = {
    let mut class = [0u8; 256];
    let mut at = 0;
    while at < 256 {
        class[at] = match at as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'$' => DOLLAR,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => BLANK,
            0x80.. => WIDE,
            _ => 0,
        };
        at += 1;
    }
    class
};

/// Lex a text.
pub fn lex(text: &str, dialect: Dialect) -> Lexed {
    // Spans hold 32 bits; a NUL ends the text for DuckDB, silently.
    let end = text.find('\0').unwrap_or(text.len());
    let mut scanner = Scanner {
        text: text.get(..end).unwrap_or(""),
        dialect,
        at: 0,
        names: match dialect {
            Dialect::DuckDb | Dialect::Snowflake => LETTER | DIGIT | DOLLAR,
            Dialect::Databricks | Dialect::BigQuery => LETTER | DIGIT,
        },
        out: Lexed {
            tokens: Vec::with_capacity((end / 5 + 8).min(1 << 16)),
            ..Lexed::default()
        },
    };
    if text.len() >= u32::MAX as usize {
        scanner.text = "";
        scanner.error(0, 0, "text of more than 4 GiB cannot be read");
    } else if scanner.run().is_some() && end < text.len() {
        scanner.error(end, 1, "NUL character in the text; SQL cannot hold one");
    }
    let last = scanner.out.tokens.last().map_or(0, |t| t.span.end);
    scanner.out.tokens.push(Token {
        kind: TokenKind::Eof,
        kw: Kw::None,
        class: WordClass::NONE,
        span: Span::at(last),
    });
    scanner.out
}

/// How a string between quotes is read.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Quoting {
    /// A doubled quote stands for one.
    Plain,
    /// Also, a backslash hides the next character.
    Escaped,
    /// The first quote ends it.
    Raw,
}

struct Scanner<'a> {
    text: &'a str,
    dialect: Dialect,
    at: usize,
    // The classes of ASCII bytes that may stand inside a name.
    names: u8,
    out: Lexed,
}

impl Scanner<'_> {
    /// The byte at an index; NUL at the end, and nowhere else.
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.at = end;
        self.out.tokens.push(Token {
            kind,
            kw: Kw::None,
            class: WordClass::NONE,
            span: Span {
                start: start as u32,
                end: end as u32,
            },
        });
    }

    /// Scan all; `None` after a lexical error.
    fn run(&mut self) -> Option<()> {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        loop {
            let start = self.at;
            let first = self.byte(start);
            match CLASS[first as usize] {
                BLANK => self.at = self.past(start + 1, BLANK),
                LETTER => self.word(start)?,
                DIGIT => self.number(start),
                WIDE => match self.wide(start) {
                    (len, true) => self.at += len,
                    _ => self.word(start)?,
                },
                DOLLAR => self.dollar(start)?,
                _ => match first {
                    0 => return Some(()),
                    b'\'' => self.string(start, start, TokenKind::String, self.quoting())?,
                    b'"' if self.dialect.ident_quote() != '"' => {
                        self.string(start, start, TokenKind::String, self.quoting())?;
                    }
                    b'"' => self.quoted_name(start, b'"')?,
                    b'`' if self.dialect.ident_quote() == '`' => self.quoted_name(start, b'`')?,
                    b'-' if self.byte(start + 1) == b'-' => self.line_comment(start, 2),
                    b'/' if self.byte(start + 1) == b'*' => self.block_comment(start)?,
                    b'/' if self.byte(start + 1) == b'/' && self.dialect == Dialect::Snowflake => {
                        self.line_comment(start, 2);
                    }
                    b'#' if self.dialect == Dialect::BigQuery => self.line_comment(start, 1),
                    b'.' if self.decimal_at(start) => self.number(start),
                    b'?' => {
                        let end = self.past(start + 1, DIGIT);
                        self.push(TokenKind::Param, start, end);
                    }
                    _ => {
                        let (kind, len) = self.sign(start, first);
                        self.push(kind, start, start + len);
                    }
                },
            }
        }
    }

    /// The index of the first byte from `at` on that belongs to none of `classes`.
    fn past(&self, at: usize, classes: u8) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or(&[]);
        at + rest
            .iter()
            .position(|b| CLASS[*b as usize] & classes == 0)
            .unwrap_or(rest.len())
    }

    /// The length of the wide character at an index, and whether it is white space.
    fn wide(&self, at: usize) -> (usize, bool) {
        match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            // DuckDB takes the zero-width characters for spaces too.
            Some(c @ ('\u{200b}' | '\u{2060}' | '\u{feff}')) => {
                (c.len_utf8(), self.dialect == Dialect::DuckDb)
            }
            Some(c) => (c.len_utf8(), c.is_whitespace()),
            None => (1, false),
        }
    }

    /// The end of a name that goes on at `at`, and the classes of its bytes.
    fn name_end(&self, mut at: usize) -> (usize, u8) {
        let mut seen = 0;
        loop {
            let rest = self.text.as_bytes().get(at..).unwrap_or(&[]);
            for byte in rest {
                let class = CLASS[*byte as usize];
                if class & self.names == 0 {
                    break;
                }
                seen |= class;
                at += 1;
            }
            if CLASS[self.byte(at) as usize] != WIDE {
                return (at, seen);
            }
            match self.wide(at) {
                (_, true) => return (at, seen),
                (len, false) => at += len,
            }
            seen |= WIDE;
        }
    }

    fn word(&mut self, start: usize) -> Option<()> {
        let (end, seen) = self.name_end(start);
        if end - start <= 2
            && matches!(self.byte(end), b'\'' | b'"')
            && let Some((kind, quoting)) = self.prefixed(start, end)
        {
            return self.string(start, end, kind, quoting);
        }
        self.push_word(start, end, seen);
        Some(())
    }

    fn push_word(&mut self, start: usize, end: usize, seen: u8) {
        let span = Span {
            start: start as u32,
            end: end as u32,
        };
        // Keywords are letters and underscores.
        let (kw, class) = if seen == LETTER {
            keyword::classify(span.slice(self.text))
        } else {
            (Kw::None, WordClass::NONE)
        };
        self.at = end;
        self.out.tokens.push(Token {
            kind: TokenKind::Word,
            kw,
            class,
            span,
        });
    }

    /// What a string is whose quote stands directly behind the word `start..end`; `None` when the word is one by itself.
    fn prefixed(&self, start: usize, end: usize) -> Option<(TokenKind, Quoting)> {
        use Dialect::{BigQuery, Databricks, DuckDb};
        let single = self.byte(end) == b'\'';
        let letters = (
            self.byte(start) | 0x20,
            if end - start == 2 {
                self.byte(start + 1) | 0x20
            } else {
                0
            },
        );
        match (letters, self.dialect) {
            ((b'e', 0), DuckDb) if single => Some((TokenKind::String, Quoting::Escaped)),
            ((b'n', 0), _) if single => Some((TokenKind::String, self.quoting())),
            ((b'x', 0), _) if single => Some((TokenKind::Bytes, self.quoting())),
            ((b'b', 0), DuckDb) if single => Some((TokenKind::Bytes, Quoting::Plain)),
            // A backslash in a raw string stays in it, and hides the quote behind it all the same.
            ((b'r', 0), BigQuery) => Some((TokenKind::String, Quoting::Escaped)),
            ((b'r', 0), Databricks) => Some((TokenKind::String, Quoting::Raw)),
            ((b'b', 0 | b'r') | (b'r', b'b'), BigQuery) => Some((TokenKind::Bytes, Quoting::Escaped)),
            _ => None,
        }
    }

    /// How strings without a prefix are read.
    fn quoting(&self) -> Quoting {
        match self.dialect {
            Dialect::DuckDb => Quoting::Plain,
            _ => Quoting::Escaped,
        }
    }

    /// A string that begins at `start` and whose first quote stands at `open`.
    fn string(&mut self, start: usize, open: usize, kind: TokenKind, quoting: Quoting) -> Option<()> {
        let quote = self.byte(open);
        let end = if self.dialect == Dialect::BigQuery && self.byte(open + 1) == quote {
            if self.byte(open + 2) == quote {
                self.triple_end(open + 3, quote)
            } else {
                Some(open + 2)
            }
        } else {
            self.quote_end(open + 1, quote, quoting)
        };
        let Some(end) = end else {
            let shown = char::from(quote);
            return self.error(
                start,
                open + 1 - start,
                &format!("string is not closed; expected `{shown}`"),
            );
        };
        let unreadable = self.dialect == Dialect::DuckDb
            && quoting == Quoting::Escaped
            && !duckdb_escapes(self.text.as_bytes().get(open + 1..end - 1).unwrap_or(&[]));
        if unreadable {
            return self.error(start, 2, "escape in this string cannot be read");
        }
        self.push(kind, start, end);
        Some(())
    }

    /// The index behind the quote that closes what begins at `at`.
    fn quote_end(&self, mut at: usize, quote: u8, quoting: Quoting) -> Option<usize> {
        loop {
            match self.byte(at) {
                0 => return None,
                b'\\' if quoting == Quoting::Escaped => {
                    // The text may end behind the backslash.
                    at += if self.byte(at + 1) == 0 { 1 } else { 2 };
                }
                b if b != quote => at += 1,
                _ if quoting != Quoting::Raw && self.byte(at + 1) == quote => at += 2,
                _ => return Some(at + 1),
            }
        }
    }

    /// The same for BigQuery's `'''…'''`.
    fn triple_end(&self, mut at: usize, quote: u8) -> Option<usize> {
        let mut quotes = 0;
        loop {
            match self.byte(at) {
                0 => return None,
                b'\\' => {
                    quotes = 0;
                    at += if self.byte(at + 1) == 0 { 1 } else { 2 };
                }
                b if b == quote => {
                    quotes += 1;
                    at += 1;
                    if quotes == 3 {
                        return Some(at);
                    }
                }
                _ => {
                    quotes = 0;
                    at += 1;
                }
            }
        }
    }

    fn quoted_name(&mut self, start: usize, quote: u8) -> Option<()> {
        let quoting = match self.dialect {
            Dialect::BigQuery => Quoting::Escaped,
            _ => Quoting::Plain,
        };
        match self.quote_end(start + 1, quote, quoting) {
            Some(end) => {
                self.push(TokenKind::QuotedIdent, start, end);
                Some(())
            }
            None if quote == b'`' => self.error(start, 1, "quoted name is not closed; expected a backtick"),
            None => self.error(start, 1, "quoted name is not closed; expected `\"`"),
        }
    }

    /// `$$…$$`, `$tag$…$tag$`, `$1`, `$name`.
    fn dollar(&mut self, start: usize) -> Option<()> {
        let rest = self.text.get(start..).unwrap_or("");
        let is_duck = self.dialect == Dialect::DuckDb;
        let strings = matches!(self.dialect, Dialect::DuckDb | Dialect::Snowflake);
        let end = match CLASS[self.byte(start + 1) as usize] {
            DIGIT if is_duck => self.past(start + 1, DIGIT),
            LETTER | WIDE if is_duck => {
                let mut end = start + 1;
                loop {
                    end = self.past(end, LETTER | DIGIT);
                    match self.wide(end) {
                        (len, false) if CLASS[self.byte(end) as usize] == WIDE => end += len,
                        _ => break,
                    }
                }
                end
            }
            DOLLAR if strings => start + 1,
            // A session variable's name may hold `$`.
            _ => self.past(start + 1, LETTER | DIGIT | DOLLAR),
        };
        let is_tagged = is_duck && CLASS[self.byte(start + 1) as usize] != DIGIT;
        if self.byte(end) == b'$' && strings && (is_tagged || end == start + 1) {
            let width = end + 1 - start;
            let delimiter = rest.get(..width).unwrap_or("");
            let body = rest.get(width..).unwrap_or("");
            return match body.find(delimiter) {
                Some(found) => {
                    self.push(TokenKind::String, start, start + width + found + width);
                    Some(())
                }
                None => self.error(start, 1, "dollar-quoted string is not closed"),
            };
        }
        let kind = if end == start + 1 {
            TokenKind::Unknown
        } else {
            TokenKind::Param
        };
        self.push(kind, start, end);
        Some(())
    }

    // ---- numbers

    /// Digits from `at` on; DuckDB takes single underscores between them.
    fn digits(&self, at: usize) -> usize {
        let mut end = self.past(at, DIGIT);
        while end > at
            && self.dialect == Dialect::DuckDb
            && self.byte(end) == b'_'
            && self.byte(end + 1).is_ascii_digit()
        {
            end = self.past(end + 1, DIGIT);
        }
        end
    }

    /// True when the dot at an index begins a number.
    fn decimal_at(&self, at: usize) -> bool {
        if !self.byte(at + 1).is_ascii_digit() {
            return false;
        }
        // t.2024_sales
        self.dialect != Dialect::Databricks || self.databricks_decimal(at).is_some()
    }

    fn exponent_end(&self, at: usize) -> usize {
        if self.byte(at) | 0x20 != b'e' {
            return at;
        }
        let sign = usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
        if self.byte(at + 1 + sign).is_ascii_digit() {
            self.digits(at + 1 + sign)
        } else {
            at
        }
    }

    fn number(&mut self, start: usize) {
        match self.dialect {
            Dialect::Databricks => return self.databricks_number(start),
            Dialect::BigQuery
                if self.byte(start) == b'0'
                    && self.byte(start + 1) | 0x20 == b'x'
                    && self.byte(start + 2).is_ascii_hexdigit() =>
            {
                let mut end = start + 2;
                while self.byte(end).is_ascii_hexdigit() {
                    end += 1;
                }
                return self.push(TokenKind::Number, start, end);
            }
            _ => {}
        }
        let mut end = self.digits(start);
        if self.byte(end) == b'.' {
            end = self.digits(end + 1);
        }
        end = self.exponent_end(end);
        self.push(TokenKind::Number, start, end);
    }

    /// A number with a dot, and perhaps `D`, `F` or `BD`; no part of a name may stand behind it.
    fn databricks_decimal(&self, start: usize) -> Option<usize> {
        let dot = self.past(start, DIGIT);
        if self.byte(dot) != b'.' {
            return None;
        }
        let end = self.exponent_end(self.past(dot + 1, DIGIT));
        let (behind, _) = self.name_end(end);
        let suffix = self.text.get(end..behind)?;
        (suffix.is_empty() || is_decimal_suffix(suffix)).then_some(behind)
    }

    /// A name may begin with digits: `2024_sales`; `10L`, `1e5` and `1BD` are numbers.
    fn databricks_number(&mut self, start: usize) {
        if let Some(end) = self.databricks_decimal(start) {
            return self.push(TokenKind::Number, start, end);
        }
        let digits = self.past(start, DIGIT);
        let exponent = self.exponent_end(digits);
        let (end, seen) = self.name_end(exponent);
        let suffix = self.text.get(exponent..end).unwrap_or("");
        let is_number = suffix.is_empty()
            || is_decimal_suffix(suffix)
            || exponent == digits && suffix.len() == 1 && suffix.contains(['L', 'l', 'S', 's', 'Y', 'y']);
        if is_number {
            return self.push(TokenKind::Number, start, end);
        }
        // `1e-5x`: no name, since it holds a sign.
        let (end, _) = if self
            .text
            .get(digits..exponent)
            .is_some_and(|e| e.contains(['+', '-']))
        {
            self.name_end(digits)
        } else {
            (end, seen)
        };
        self.push_word(start, end, DIGIT);
    }

    // ---- comments

    fn line_comment(&mut self, start: usize, marker: usize) {
        let mut end = start + marker;
        loop {
            let rest = self.text.as_bytes().get(end..).unwrap_or(&[]);
            end += rest
                .iter()
                .position(|b| matches!(b, b'\n' | b'\r'))
                .unwrap_or(rest.len());
            // Spark: a backslash at the end of the line takes the next one along.
            let goes_on = self.dialect == Dialect::Databricks
                && self.byte(end) == b'\n'
                && end > start + marker
                && self.byte(end - 1) == b'\\';
            if !goes_on {
                break;
            }
            end += 1;
        }
        self.at = end;
        self.out.comments.push(Span::from(start..end));
    }

    fn block_comment(&mut self, start: usize) -> Option<()> {
        let nests = matches!(self.dialect, Dialect::DuckDb | Dialect::Databricks);
        let mut depth = 1usize;
        let mut at = start + 2;
        loop {
            match (self.byte(at), self.byte(at + 1)) {
                (0, _) => return self.error(start, 2, "comment `/*` is not closed; expected `*/`"),
                (b'*', b'/') => {
                    at += 2;
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                (b'/', b'*') if nests => {
                    at += 2;
                    depth += 1;
                }
                _ => at += 1,
            }
        }
        self.at = at;
        self.out.comments.push(Span::from(start..at));
        Some(())
    }

    // ---- signs

    /// The longest sign at an index and its length.
    fn sign(&self, at: usize, first: u8) -> (TokenKind, usize) {
        use TokenKind::*;
        let duck = self.dialect == Dialect::DuckDb;
        let second = self.byte(at + 1);
        let third = || self.byte(at + 2);
        match (first, second) {
            (b'(', _) => (LParen, 1),
            (b')', _) => (RParen, 1),
            (b',', _) => (Comma, 1),
            (b'.', _) => (Dot, 1),
            (b';', _) => (Semicolon, 1),
            (b'[', _) => (LBracket, 1),
            (b']', _) => (RBracket, 1),
            (b'{', _) => (LBrace, 1),
            (b'}', _) => (RBrace, 1),
            (b'+', _) => (Plus, 1),
            (b'*', b'*') if duck => (Pow, 2),
            (b'*', _) => (Star, 1),
            (b'/', b'/') if duck => (IntDiv, 2),
            (b'/', _) => (Slash, 1),
            (b'-', b'>') if third() == b'>' => (LongArrow, 3),
            (b'-', b'>') => (Arrow, 2),
            (b'-', _) => (Minus, 1),
            (b'=', b'>') => (FatArrow, 2),
            (b'=', b'=') => (Eq, 2),
            (b'=', _) => (Eq, 1),
            (b'<', b'=') if third() == b'>' => (Spaceship, 3),
            (b'<', b'=') => (LtEq, 2),
            (b'<', b'>') => (NotEq, 2),
            (b'<', b'-') if third() == b'>' && self.byte(at + 3) != b'>' => (Operator, 3),
            (b'<', b'<') => match third() {
                b'-' if self.byte(at + 3) == b'>' && self.byte(at + 4) == b'>' => (Operator, 5),
                b'|' if !matches!(self.byte(at + 3), b'|' | b'/' | b'>') => (Operator, 3),
                _ => (ShiftLeft, 2),
            },
            // `day <@end_date` is compared with the end of the window.
            (b'<', b'@') if self.is_placeholder(at + 2) => (Lt, 1),
            (b'<', b'@') => (Operator, 2),
            (b'<', _) => (Lt, 1),
            (b'>', b'=') => (GtEq, 2),
            (b'>', b'>') => (ShiftRight, 2),
            (b'>', _) => (Gt, 1),
            (b':', b':') => (DoubleColon, 2),
            (b':', b'=') => (Assign, 2),
            (b':', _) => (Colon, 1),
            (b'|', b'|') if third() == b'/' => (Operator, 3),
            (b'|', b'|') => (Concat, 2),
            (b'|', b'>') if third() == b'>' => (Operator, 3),
            (b'|', b'>') if matches!(self.dialect, Dialect::Databricks | Dialect::BigQuery) => (PipeArrow, 2),
            (b'|', b'/') => (Operator, 2),
            (b'|', _) => (Pipe, 1),
            (b'!', b'=') => (NotEq, 2),
            (b'!', b'!') => (Operator, 2),
            (b'!', b'~') => match (third(), self.byte(at + 3)) {
                (b'~', b'*' | b'~') => (Operator, 4),
                (b'~', _) | (b'*', _) => (Operator, 3),
                _ => (Operator, 2),
            },
            (b'!', _) => (Bang, 1),
            (b'~', b'~') if matches!(third(), b'*' | b'~') => (Operator, 3),
            (b'~', b'~' | b'*') => (Operator, 2),
            (b'~', _) => (Tilde, 1),
            (b'%', b'%') => (Operator, 2),
            (b'%', _) => (Percent, 1),
            (b'^', b'@') => (Operator, 2),
            (b'^', _) => (Caret, 1),
            (b'&', b'&') => (Operator, 2),
            (b'&', _) => (Amp, 1),
            (b'#', b'>') if third() == b'>' => (Operator, 3),
            (b'#', b'>' | b'-') => (Operator, 2),
            (b'#', _) => (Hash, 1),
            (b'@', b'@' | b'>' | b'?') => (Operator, 2),
            (b'@', _) => (At, 1),
            _ => (Unknown, 1),
        }
    }

    /// What stands behind an `@` here is ours: a bound of the window, or a variable.
    fn is_placeholder(&self, at: usize) -> bool {
        ["start_date", "end_date", "var"].iter().any(|word| {
            let is = word.bytes().enumerate().all(|(i, b)| self.byte(at + i) == b);
            let after = self.byte(at + word.len());
            is && match *word {
                "var" => after == b'(',
                _ => !(after.is_ascii_alphanumeric() || after == b'_' || after >= 0x80),
            }
        })
    }

    fn error(&mut self, at: usize, width: usize, message: &str) -> Option<()> {
        let span = Span::from(at..at + width);
        let mut diagnostic = Diagnostic::new(code::E400, Loc::text(span), message);
        if message.contains("not closed") {
            diagnostic = diagnostic.label("opened here");
        }
        self.out.diagnostics.push(diagnostic);
        None
    }
}

/// `D`, `F`, `BD` of Databricks, in any letter case.
fn is_decimal_suffix(suffix: &str) -> bool {
    ["D", "F", "BD"].iter().any(|s| suffix.eq_ignore_ascii_case(s))
}

/// Whether DuckDB can read the escapes of an `E'…'` string: none with `\u`, and none that makes NUL or a byte beyond ASCII.
fn duckdb_escapes(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        let Some((letter, behind)) = rest.get(at + 1..).and_then(<[u8]>::split_first) else {
            return true;
        };
        let (radix, most, digits) = match letter {
            b'u' | b'U' => return false,
            b'x' => (16, 2, behind),
            b'0'..=b'7' => (8, 3, rest.get(at + 1..).unwrap_or(&[])),
            _ => {
                rest = behind;
                continue;
            }
        };
        let mut value = 0u32;
        let mut taken = 0;
        for byte in digits.iter().take(most) {
            let Some(digit) = char::from(*byte).to_digit(radix) else {
                break;
            };
            value = value * radix + digit;
            taken += 1;
        }
        if taken > 0 && !(1..128).contains(&value) {
            return false;
        }
        rest = digits.get(taken..).unwrap_or(&[]);
    }
    true
}
