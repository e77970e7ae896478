//! Text to tokens with byte spans.
//!
//! Our own scanner ([`scan`](self)) for four dialects: strings, comments, dollar quoting and numbers have rules per
//! dialect. Words carry their keyword, so that the parser never compares text; comments are kept beside the tokens.
//! Invariant: token spans ascend, do not overlap, and lie on character boundaries; the last token is
//! [`TokenKind::Eof`]. After a lexical error (an unterminated string or comment) no further tokens follow.

mod comment;
pub mod keyword;
mod literal;
mod scan;

pub use comment::{LineComment, line_comments};
pub use keyword::{Kw, WordClass};
pub use literal::{quoted_ident_value, string_value};
pub use scan::lex;

use rocky_base::{Diagnostic, Span};

/// What a token is.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum TokenKind {
    /// The end of the text: an empty token after the last one.
    Eof,
    /// An unquoted word, keyword or name.
    Word,
    /// A quoted identifier.
    QuotedIdent,
    /// A string, whatever its quoting.
    String,
    /// `X'…'`, `b'…'`.
    Bytes,
    /// A number.
    Number,
    /// `?`, `?1`, `$1`, `$name`.
    Param,
    /// `(`
    LParen,
    /// `)`
    RParen,
    /// `[`
    LBracket,
    /// `]`
    RBracket,
    /// `{`
    LBrace,
    /// `}`
    RBrace,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `;`
    Semicolon,
    /// `:`
    Colon,
    /// `::`
    DoubleColon,
    /// `:=`
    Assign,
    /// `=>`
    FatArrow,
    /// `->`
    Arrow,
    /// `->>`
    LongArrow,
    /// `=`, `==`
    Eq,
    /// `<>`, `!=`
    NotEq,
    /// `<`
    Lt,
    /// `<=`
    LtEq,
    /// `>`
    Gt,
    /// `>=`
    GtEq,
    /// `<=>`
    Spaceship,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `//`
    IntDiv,
    /// `%`
    Percent,
    /// `**`
    Pow,
    /// `^`
    Caret,
    /// `||`
    Concat,
    /// `&`
    Amp,
    /// `|`
    Pipe,
    /// `~`
    Tilde,
    /// `!`
    Bang,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `@`
    At,
    /// `#`
    Hash,
    /// `|>` (BigQuery, Databricks)
    PipeArrow,
    /// Any other operator: `~~`, `^@`, `@>`, `&&` …
    Operator,
    /// A character no token begins with.
    Unknown,
}

/// A token.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// The keyword, when it is a word of the grammar.
    pub kw: Kw,
    /// What the word may name.
    pub class: WordClass,
    /// Its bytes.
    pub span: Span,
}

/// The tokens of a text.
#[derive(Clone, Debug, Default)]
pub struct Lexed {
    /// Tokens without white space and comments, [`TokenKind::Eof`] at the end.
    pub tokens: Vec<Token>,
    /// The comments' spans, markers included.
    pub comments: Vec<Span>,
    /// At most one lexical error.
    pub diagnostics: Vec<Diagnostic>,
}
