//! Characters to tokens. Every character that belongs to no token is reported, each run of such characters once, and
//! left out of the token list, so that parsing goes on as if it were not there.
//!
//! Invariant: token spans are sorted, disjoint and on character boundaries; the last token is [`T::End`].

use rocky_base::code::E401;
use rocky_base::{Diagnostic, Edit, FileId, Loc, Span};

/// A token without its text.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum T {
    Ident,
    String,
    Number,
    /// `@2024-03-01`; true with a time of day.
    Date(bool),
    /// `@name`.
    Macro,
    EqEq,
    NotEq,
    Ge,
    Le,
    Gt,
    Lt,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    /// A single `=`.
    Assign,
    Pipe,
    Arrow,
    DotDot,
    Dot,
    Comma,
    Colon,
    LParen,
    RParen,
    LBrace,
    RBrace,
    LBracket,
    RBracket,
    Underscore,
    Kw(Kw),
    End,
}

macro_rules! keywords {
    ($($name:ident $word:literal)*) => {
        /// Reserved words.
        #[derive(Copy, Clone, PartialEq, Eq, Debug)]
        pub(super) enum Kw { $($name,)* }

        impl Kw {
            pub(super) fn parse(word: &str) -> Option<Kw> {
                match word { $($word => Some(Kw::$name),)* _ => None }
            }
        }
    };
}

keywords! {
    And "and" As "as" Asc "asc" By "by" Check "check" Current "current" Derive "derive" Desc "desc"
    Distinct "distinct" False "false" From "from" Group "group" In "in" Is "is" Join "join" Keep "keep" Let "let"
    Match "match" Not "not" Null "null" On "on" Or "or" Order "order" Over "over" Partition "partition"
    Range "range" Replicate "replicate" Rows "rows" Select "select" Sort "sort" Take "take" True "true"
    Unbounded "unbounded" Union "union" Where "where" Window "window"
}

#[derive(Copy, Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: T,
    pub(super) span: Span,
}

/// The tokens of a file and what lies between them.
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Span>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

pub(super) fn lex(file: FileId, text: &str) -> Lexed {
    let mut lexer = Lexer {
        file,
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        tokens: Vec::new(),
        comments: Vec::new(),
        diagnostics: Vec::new(),
    };
    lexer.run();
    lexer.tokens.push(Token {
        kind: T::End,
        span: Span::at(text.len() as u32),
    });
    Lexed {
        tokens: lexer.tokens,
        comments: lexer.comments,
        diagnostics: lexer.diagnostics,
    }
}

struct Lexer<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    comments: Vec<Span>,
    diagnostics: Vec<Diagnostic>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: T, len: usize) {
        let span = Span::from(self.at..self.at + len);
        self.at += len;
        self.tokens.push(Token { kind, span });
    }

    fn error(&mut self, span: Span, message: String) -> Diagnostic {
        Diagnostic::new(E401, Loc::new(self.file, span), message)
    }

    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            match c {
                ' ' | '\t' | '\r' | '\n' => self.at += 1,
                '-' if self.byte(1) == b'-' => {
                    let line = self.rest().split(['\n', '\r']).next().unwrap_or("");
                    let len = line.len();
                    self.comments.push(Span::from(self.at..self.at + len));
                    self.at += len;
                }
                c if c == '_' || c.is_alphabetic() => self.word(),
                '0'..='9' => self.number(),
                '"' | '\'' => self.string(c),
                '@' if self.byte(1).is_ascii_digit() => self.date(),
                '@' if self.byte(1).is_ascii_alphabetic() || self.byte(1) == b'_' => {
                    let len = self.rest().bytes().skip(1).take_while(|b| is_word(*b)).count();
                    self.push(T::Macro, len + 1);
                }
                _ => match symbol(c, self.byte(1)) {
                    Some((kind, len)) => self.push(kind, len),
                    None => self.unknown(),
                },
            }
        }
    }

    fn word(&mut self) {
        // A letter outside ASCII inside a word is one mistake, not a broken-off word and more mistakes.
        let len = self
            .rest()
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(self.rest().len());
        let span = Span::from(self.at..self.at + len);
        let word = span.slice(self.text);
        let kind = match Kw::parse(word) {
            Some(keyword) => T::Kw(keyword),
            None if word == "_" => T::Underscore,
            None => T::Ident,
        };
        if !word.is_ascii() {
            let message = format!("name `{word}` has letters other than a-z, A-Z, 0-9 and _");
            let diagnostic = self.error(span, message);
            self.diagnostics.push(diagnostic);
        }
        self.push(kind, len);
    }

    fn number(&mut self) {
        let digits = |text: &str| {
            text.bytes()
                .take_while(|b| b.is_ascii_digit() || *b == b'_')
                .count()
        };
        let mut len = digits(self.rest());
        if self.byte(len) == b'.' && self.byte(len + 1).is_ascii_digit() {
            len += 1 + digits(self.rest().get(len + 1..).unwrap_or(""));
        }
        self.push(T::Number, len);
    }

    fn string(&mut self, quote: char) {
        let body = self.rest().get(1..).unwrap_or("");
        if let Some(len) = body.find(quote) {
            if let Some(nul) = body.get(..len).and_then(|s| s.find('\0')) {
                let span = Span::from(self.at + 1 + nul..self.at + 2 + nul);
                let diagnostic = self.error(
                    span,
                    "NUL character in the string; SQL cannot hold one".to_owned(),
                );
                self.diagnostics.push(diagnostic);
            }
            self.push(T::String, len + 2);
            return;
        }
        // The rest of the line is taken for the string, so that the following lines are still parsed.
        let line = body.find('\n').unwrap_or(body.len());
        let diagnostic = self
            .error(
                Span::from(self.at..self.at + 1),
                format!("string without closing `{quote}`"),
            )
            .help(format!("end the string with `{quote}`"));
        self.diagnostics.push(diagnostic);
        self.push(T::String, line + 1);
    }

    fn date(&mut self) {
        let bytes = self.text.as_bytes().get(self.at + 1..).unwrap_or(&[]);
        let shaped = |from: usize, shape: &[u8]| {
            bytes.get(from..from + shape.len()).is_some_and(|part| {
                part.iter()
                    .zip(shape)
                    .all(|(b, s)| if *s == b'0' { b.is_ascii_digit() } else { b == s })
            })
        };
        let day = shaped(0, b"0000-00-00");
        let timed = day && shaped(10, b"T00:00:00");
        let mut len = match (day, timed) {
            (false, _) => 0,
            (true, false) => 10,
            (true, true) => 19,
        };
        if day && bytes.get(len) == Some(&b'Z') {
            len += 1;
        }
        // Anything glued to the literal belongs to the mistake.
        let glued = bytes.get(len..).unwrap_or(&[]).iter();
        let extra = glued
            .take_while(|b| is_word(**b) || (!day && **b == b'-') || **b == b':')
            .count();
        let span = Span::from(self.at..self.at + 1 + len + extra);
        let text = span.slice(self.text).get(1..).unwrap_or("");
        let problem = if !day || extra > 0 {
            Some("expected `@YYYY-MM-DD` or `@YYYY-MM-DDTHH:MM:SS`".to_owned())
        } else {
            calendar_problem(text, timed)
        };
        if let Some(problem) = problem {
            let diagnostic = self.error(span, format!("invalid date `@{text}`: {problem}"));
            self.diagnostics.push(diagnostic);
        }
        self.push(T::Date(timed), span.len() as usize);
    }

    fn unknown(&mut self) {
        let mut chars = self.rest().char_indices().peekable();
        let mut len = 0;
        while let Some((i, c)) = chars.next() {
            let next = chars
                .peek()
                .map_or(0, |(_, n)| if n.is_ascii() { *n as u8 } else { 0 });
            let known = c.is_alphabetic()
                || c.is_ascii_digit()
                || c.is_ascii_whitespace()
                || matches!(c, '_' | '"' | '\'');
            let macro_call = c == '@' && (is_word(next));
            if i > 0 && (known || macro_call || symbol(c, next).is_some()) {
                break;
            }
            len = i + c.len_utf8();
        }
        let span = Span::from(self.at..self.at + len.max(1));
        let run = span.slice(self.text);
        let plural = if run.chars().count() == 1 {
            "character"
        } else {
            "characters"
        };
        let mut diagnostic = self.error(span, format!("unknown {plural} `{}`", run.escape_debug()));
        let loc = Loc::new(self.file, span);
        let edit = |text: &str| {
            vec![Edit {
                loc,
                text: text.to_owned(),
            }]
        };
        diagnostic = match run {
            ";" => diagnostic
                .help("remove it; steps need no end mark")
                .fix("remove `;`", edit("")),
            "&&" | "&" => diagnostic.help("write `and`"),
            "!" => diagnostic.help("write `not`, or `!=` for unequal"),
            "`" => diagnostic.help("write the name without quotes; SQL quotes are added where needed"),
            "#" => diagnostic.help("begin a comment with `--`"),
            _ => diagnostic,
        };
        self.diagnostics.push(diagnostic);
        // What is surely meant is taken so.
        match run {
            "&&" | "&" => self.push(T::Kw(Kw::And), len),
            "!" => self.push(T::Kw(Kw::Not), len),
            _ => self.at += len.max(1),
        }
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

fn symbol(c: char, next: u8) -> Option<(T, usize)> {
    Some(match (c, next) {
        ('=', b'=') => (T::EqEq, 2),
        ('!', b'=') => (T::NotEq, 2),
        ('>', b'=') => (T::Ge, 2),
        ('<', b'=') => (T::Le, 2),
        ('=', b'>') => (T::Arrow, 2),
        ('.', b'.') => (T::DotDot, 2),
        ('=', _) => (T::Assign, 1),
        ('>', _) => (T::Gt, 1),
        ('<', _) => (T::Lt, 1),
        ('+', _) => (T::Plus, 1),
        ('-', _) => (T::Minus, 1),
        ('*', _) => (T::Star, 1),
        ('/', _) => (T::Slash, 1),
        ('%', _) => (T::Percent, 1),
        ('|', _) => (T::Pipe, 1),
        ('.', _) => (T::Dot, 1),
        (',', _) => (T::Comma, 1),
        (':', _) => (T::Colon, 1),
        ('(', _) => (T::LParen, 1),
        (')', _) => (T::RParen, 1),
        ('{', _) => (T::LBrace, 1),
        ('}', _) => (T::RBrace, 1),
        ('[', _) => (T::LBracket, 1),
        (']', _) => (T::RBracket, 1),
        _ => return None,
    })
}

/// What is wrong with a literal of the right shape.
fn calendar_problem(text: &str, timed: bool) -> Option<String> {
    let part = |from: usize, to: usize| {
        text.get(from..to)
            .and_then(|t| t.parse::<u32>().ok())
            .unwrap_or(0)
    };
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    if year == 0 {
        return Some("years begin with 0001".to_owned());
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return Some(format!("month {month:02} does not exist")),
    };
    if day == 0 || day > days {
        return Some(format!(
            "{year:04}-{month:02} has days 01 to {days}, found {day:02}"
        ));
    }
    if timed && (part(11, 13) > 23 || part(14, 16) > 59 || part(17, 19) > 59) {
        return Some("time of day out of range".to_owned());
    }
    None
}
