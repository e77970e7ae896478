//! The tokens that `sqlparser`'s tokenizer finds, in our terms: what the scanner is compared with.
//!
//! The tokenizer gives lines and columns and the scanner bytes, words have no keyword here, and tokens that the tokenizer
//! cuts otherwise than all engines (`**`, `1L`, `b'…'`) are joined or split as the scanner does it.

use rocky_base::{Dialect, Span};
use rocky_syntax::lexer::TokenKind;
use sqlparser::dialect as sp;
use sqlparser::tokenizer::{Location, Token as SpToken, TokenWithSpan, Tokenizer, Whitespace};
use std::any::TypeId;

/// The tokens of a text, without the end.
#[derive(Default)]
pub struct Lexed {
    pub tokens: Vec<(TokenKind, Span)>,
    pub comments: Vec<Span>,
    /// Where reading stopped.
    pub error: Option<usize>,
}

/// Pieces handed to the tokenizer are about this long.
const PIECE: usize = 32 * 1024;

/// Lex a text.
pub fn lex(text: &str, dialect: Dialect) -> Lexed {
    let mut lexer = Lexer {
        text,
        dialect,
        out: Lexed::default(),
    };
    lexer.run();
    lexer.out
}

/// The tokenizer's rules for one of our dialects.
#[derive(Debug)]
struct Rules(Dialect);

impl sp::Dialect for Rules {
    fn dialect(&self) -> TypeId {
        match self.0 {
            Dialect::DuckDb => TypeId::of::<sp::DuckDbDialect>(),
            Dialect::Databricks => TypeId::of::<sp::DatabricksDialect>(),
            Dialect::Snowflake => TypeId::of::<sp::SnowflakeDialect>(),
            Dialect::BigQuery => TypeId::of::<sp::BigQueryDialect>(),
        }
    }
    fn is_identifier_start(&self, c: char) -> bool {
        c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && !c.is_whitespace())
    }
    fn is_identifier_part(&self, c: char) -> bool {
        c.is_ascii_alphanumeric()
            || c == '_'
            || (c == '$' && matches!(self.0, Dialect::DuckDb | Dialect::Snowflake))
            || (!c.is_ascii() && !c.is_whitespace())
    }
    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == self.0.ident_quote()
    }
    fn supports_string_literal_backslash_escape(&self) -> bool {
        self.0 != Dialect::DuckDb
    }
    fn supports_string_escape_constant(&self) -> bool {
        self.0 == Dialect::DuckDb
    }
    fn supports_triple_quoted_string(&self) -> bool {
        self.0 == Dialect::BigQuery
    }
    fn supports_numeric_literal_underscores(&self) -> bool {
        self.0 == Dialect::DuckDb
    }
    fn supports_nested_comments(&self) -> bool {
        matches!(self.0, Dialect::DuckDb | Dialect::Databricks)
    }
    // Without it `$` would open a dollar-quoted string.
    fn supports_dollar_placeholder(&self) -> bool {
        matches!(self.0, Dialect::Databricks | Dialect::BigQuery)
    }
    fn supports_pipe_operator(&self) -> bool {
        matches!(self.0, Dialect::Databricks | Dialect::BigQuery)
    }
}

struct Lexer<'a> {
    text: &'a str,
    dialect: Dialect,
    out: Lexed,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        let rules = Rules(self.dialect);
        let mut buffer: Vec<TokenWithSpan> = Vec::new();
        let mut position = 0usize;
        let mut size = PIECE;
        while position < self.text.len() {
            let end = self.cut(position, size);
            let piece = self.text.get(position..end).unwrap_or("");
            buffer.clear();
            let result = Tokenizer::new(&rules, piece).tokenize_with_location_into_buf(&mut buffer);
            let consumed = self.take(&buffer, piece, position);
            let stopped = position + consumed;
            match result {
                Ok(()) => {
                    position = end;
                    size = PIECE;
                }
                Err(error) => {
                    if let Some(next) = self.mend(stopped) {
                        position = next;
                    } else if end < self.text.len() {
                        // A token that begins in this piece and ends in a later one.
                        size = if stopped == position {
                            size.saturating_mul(4)
                        } else {
                            PIECE
                        };
                        position = stopped;
                    } else {
                        let _ = error;
                        self.out.error = Some(stopped);
                        break;
                    }
                }
            }
        }
    }

    /// Where a piece that begins at `from` ends: after a line feed, where no token but those over several lines
    /// can be cut, and those fail at the cut instead of ending quietly.
    fn cut(&self, from: usize, size: usize) -> usize {
        let bytes = self.text.as_bytes();
        let wanted = from.saturating_add(size);
        match bytes
            .get(wanted..)
            .and_then(|rest| rest.iter().position(|b| *b == b'\n'))
        {
            Some(offset) => wanted + offset + 1,
            None => bytes.len(),
        }
    }

    /// Append the tokens of a piece; returns the bytes they cover.
    fn take(&mut self, tokens: &[TokenWithSpan], piece: &str, base: usize) -> usize {
        let bytes = piece.as_bytes();
        let ascii = piece.is_ascii();
        let mut offset = 0usize;
        let mut at = Location::new(1, 1);
        for token in tokens {
            let end = token.span.end;
            let start = offset;
            while at.line < end.line {
                match bytes
                    .get(offset..)
                    .and_then(|rest| rest.iter().position(|b| *b == b'\n'))
                {
                    Some(found) => offset += found + 1,
                    None => offset = bytes.len(),
                }
                at = Location::new(at.line + 1, 1);
            }
            let chars = end.column.saturating_sub(at.column) as usize;
            if ascii {
                offset = (offset + chars).min(bytes.len());
            } else {
                let rest = piece.get(offset..).unwrap_or("");
                offset += rest.char_indices().nth(chars).map_or(rest.len(), |(i, _)| i);
            }
            at = end;
            self.add(&token.token, Span::from(base + start..base + offset));
        }
        offset
    }

    fn push(&mut self, kind: TokenKind, span: Span) {
        self.out.tokens.push((kind, span));
    }

    fn push_word(&mut self, span: Span) {
        self.push(TokenKind::Word, span);
    }

    fn add(&mut self, token: &SpToken, span: Span) {
        let source = span.slice(self.text);
        let kind = match token {
            SpToken::Whitespace(Whitespace::SingleLineComment { .. }) => {
                let trimmed = source.trim_end_matches('\r').len() as u32;
                self.out
                    .comments
                    .push(Span::new(span.start, span.start + trimmed));
                return;
            }
            SpToken::Whitespace(Whitespace::MultiLineComment(_)) => {
                self.out.comments.push(span);
                return;
            }
            SpToken::Whitespace(_) => return,
            SpToken::Word(word) => return self.add_word(word.quote_style.is_some(), span),
            SpToken::Number(..) => return self.add_number(source, span),
            // `0x1F` without quotes.
            SpToken::HexStringLiteral(_) if source.starts_with('0') => TokenKind::Number,
            SpToken::HexStringLiteral(_)
            | SpToken::SingleQuotedByteStringLiteral(_)
            | SpToken::DoubleQuotedByteStringLiteral(_)
            | SpToken::TripleSingleQuotedByteStringLiteral(_)
            | SpToken::TripleDoubleQuotedByteStringLiteral(_) => TokenKind::Bytes,
            SpToken::SingleQuotedString(_)
            | SpToken::DoubleQuotedString(_)
            | SpToken::TripleSingleQuotedString(_)
            | SpToken::TripleDoubleQuotedString(_)
            | SpToken::DollarQuotedString(_)
            | SpToken::SingleQuotedRawStringLiteral(_)
            | SpToken::DoubleQuotedRawStringLiteral(_)
            | SpToken::TripleSingleQuotedRawStringLiteral(_)
            | SpToken::TripleDoubleQuotedRawStringLiteral(_)
            | SpToken::NationalStringLiteral(_)
            | SpToken::EscapedStringLiteral(_)
            | SpToken::UnicodeStringLiteral(_) => return self.add_string(span),
            SpToken::Placeholder(_) if source == "$" => TokenKind::Unknown,
            SpToken::Placeholder(_) => TokenKind::Param,
            SpToken::Char(_) | SpToken::Backslash | SpToken::EOF => TokenKind::Unknown,
            _ => return self.add_operator(source, span),
        };
        self.push(kind, span);
    }

    fn last_adjacent(&self, start: u32) -> Option<(TokenKind, Span)> {
        self.out.tokens.last().copied().filter(|t| t.1.end == start)
    }

    fn add_word(&mut self, quoted: bool, span: Span) {
        if quoted {
            return self.push(TokenKind::QuotedIdent, span);
        }
        if self.dialect == Dialect::Databricks
            && let Some(last) = self.last_adjacent(span.start)
            && last.0 == TokenKind::Number
        {
            // `10L`, `1.5BD` are numbers; `2024_sales` is a name.
            let suffix = span.slice(self.text).to_ascii_uppercase();
            self.out.tokens.pop();
            let joined = last.1.to(span);
            return match suffix.as_str() {
                "L" | "S" | "Y" | "D" | "F" | "BD" => self.push(TokenKind::Number, joined),
                _ => self.push_word(joined),
            };
        }
        self.push_word(span);
    }

    fn add_number(&mut self, source: &str, span: Span) {
        // `1L` is a number on Databricks only; elsewhere the letter is a word of its own.
        if source.ends_with('L') && self.dialect != Dialect::Databricks {
            let split = span.end - 1;
            self.push(TokenKind::Number, Span::new(span.start, split));
            return self.push_word(Span::new(split, span.end));
        }
        self.push(TokenKind::Number, span);
    }

    fn add_string(&mut self, span: Span) {
        // Prefixes that the tokenizer takes for a word of its own: Databricks `r'…'`, BigQuery `rb'…'`, DuckDB `b'…'`.
        if let Some(last) = self.last_adjacent(span.start)
            && last.0 == TokenKind::Word
        {
            let kind = match last.1.slice(self.text).to_ascii_lowercase().as_str() {
                "r" if self.dialect == Dialect::Databricks => Some(TokenKind::String),
                "rb" | "br" if self.dialect == Dialect::BigQuery => Some(TokenKind::Bytes),
                "b" if self.dialect == Dialect::DuckDb => Some(TokenKind::Bytes),
                _ => None,
            };
            if let Some(kind) = kind {
                self.out.tokens.pop();
                return self.push(kind, last.1.to(span));
            }
        }
        self.push(TokenKind::String, span);
    }

    fn add_operator(&mut self, source: &str, span: Span) {
        if let Some(last) = self.last_adjacent(span.start) {
            let joined = last.1.to(span);
            let kind = match joined.slice(self.text) {
                "**" if matches!(self.dialect, Dialect::DuckDb) => Some(TokenKind::Pow),
                "<->" | "<<->>" | "~~~" | "!~~~" | "%%" | "<<|" | "|>>" | "@@" => Some(TokenKind::Operator),
                _ => None,
            };
            if let Some(kind) = kind {
                self.out.tokens.pop();
                return self.push(kind, joined);
            }
        }
        let kind = match source {
            "(" => TokenKind::LParen,
            ")" => TokenKind::RParen,
            "[" => TokenKind::LBracket,
            "]" => TokenKind::RBracket,
            "{" => TokenKind::LBrace,
            "}" => TokenKind::RBrace,
            "," => TokenKind::Comma,
            "." => TokenKind::Dot,
            ";" => TokenKind::Semicolon,
            ":" => TokenKind::Colon,
            "::" => TokenKind::DoubleColon,
            ":=" => TokenKind::Assign,
            "=>" => TokenKind::FatArrow,
            "->" => TokenKind::Arrow,
            "->>" => TokenKind::LongArrow,
            "=" | "==" => TokenKind::Eq,
            "<>" | "!=" => TokenKind::NotEq,
            "<" => TokenKind::Lt,
            "<=" => TokenKind::LtEq,
            ">" => TokenKind::Gt,
            ">=" => TokenKind::GtEq,
            "<=>" => TokenKind::Spaceship,
            "+" => TokenKind::Plus,
            "-" => TokenKind::Minus,
            "*" => TokenKind::Star,
            "/" => TokenKind::Slash,
            "//" => TokenKind::IntDiv,
            "%" => TokenKind::Percent,
            "^" => TokenKind::Caret,
            "||" => TokenKind::Concat,
            "&" => TokenKind::Amp,
            "|" => TokenKind::Pipe,
            "~" => TokenKind::Tilde,
            "!" => TokenKind::Bang,
            "<<" => TokenKind::ShiftLeft,
            ">>" => TokenKind::ShiftRight,
            "@" => TokenKind::At,
            "#" => TokenKind::Hash,
            "|>" => TokenKind::PipeArrow,
            _ => TokenKind::Operator,
        };
        self.push(kind, span);
    }

    /// Errors of the tokenizer that are none: returns where to go on.
    fn mend(&mut self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        // `(x)._f` and `a . _f`: the tokenizer takes `._` for a number unless a word stands before it.
        if rest.starts_with("._") {
            self.push(TokenKind::Dot, Span::from(at..at + 1));
            return Some(at + 1);
        }
        // `1_`, `1__0`: a number and a word.
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && rest.as_bytes().get(digits) == Some(&b'_') {
            self.push(TokenKind::Number, Span::from(at..at + digits));
            return Some(at + digits);
        }
        None
    }
}
