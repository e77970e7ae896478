//! Macro files: `-- @macro name(a, b)` with the body below it, or `macro name(a, b) { body }`.
//!
//! Parameters may carry a type (`a: column`) and the header a result type (`-> expr`); both are checked to be known words
//! and kept for display. `{a}` in the body stands for an argument; inside strings, quoted names and comments it is plain
//! text. A file may hold several macros.

use crate::lexer::{Kw, Lexed, Token, TokenKind, lex};
use rocky_base::{Diagnostic, Dialect, FileId, Ident, Loc, SmolStr, Span, code, suggest};
use std::sync::Arc;

use crate::ast::Name;

/// Kinds of parameters and results, with their synonyms.
const TYPES: &[&str] = &[
    "any",
    "column",
    "string",
    "number",
    "bool",
    "expr",
    "str",
    "int",
    "integer",
    "float",
    "numeric",
    "boolean",
    "expression",
    "date",
    "timestamp",
    "model",
];

/// A macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroDef {
    /// Its name; compared exactly.
    pub name: Name,
    /// Parameters.
    pub params: Vec<Name>,
    /// The parameters' declared types, parallel to `params`.
    pub param_types: Vec<Option<SmolStr>>,
    /// The declared type of the result.
    pub returns: Option<SmolStr>,
    /// The text between the header and the end, from its first to its last token.
    pub body: Arc<str>,
    /// The file it stands in.
    pub file: FileId,
    /// The body's bytes in the file.
    pub body_span: Span,
    /// The name's place in the file.
    pub name_loc: Loc,
    /// The comment lines above the header, without their dashes.
    pub doc: String,
}

/// Read a macro file of a project of that dialect. Malformed macros are left out under E114.
pub fn parse_macros(file: FileId, text: &str, dialect: Dialect) -> (Vec<MacroDef>, Vec<Diagnostic>) {
    let lexed = lex(text, dialect);
    let mut reader = Reader {
        file,
        text,
        dialect,
        lexed: &lexed,
        macros: Vec::new(),
        diagnostics: Vec::new(),
    };
    for diagnostic in &lexed.diagnostics {
        let span = diagnostic.primary.as_ref().map_or(Span::at(0), |l| l.loc.span);
        reader.error(span, format!("macro file: {}", diagnostic.message));
    }
    let headers: Vec<(usize, Span)> = lexed
        .comments
        .iter()
        .enumerate()
        .filter_map(|(i, span)| header_body(*span, text).map(|inner| (i, inner)))
        .collect();
    if headers.is_empty() {
        reader.braced();
    } else {
        reader.commented(&headers);
    }
    (reader.macros, reader.diagnostics)
}

/// The part of a comment `-- @macro …` behind `@macro`.
fn header_body(comment: Span, text: &str) -> Option<Span> {
    let source = comment.slice(text).strip_prefix("--")?;
    let trimmed = source.trim_start();
    let rest = trimmed.strip_prefix("@macro")?;
    let ends_word = rest
        .chars()
        .next()
        .is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '_'));
    ends_word.then(|| Span::new(comment.end - rest.len() as u32, comment.end))
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    dialect: Dialect,
    lexed: &'a Lexed,
    macros: Vec<MacroDef>,
    diagnostics: Vec<Diagnostic>,
}

/// What a header says.
struct Header {
    name: Name,
    params: Vec<Name>,
    param_types: Vec<Option<SmolStr>>,
    returns: Option<SmolStr>,
}

impl Reader<'_> {
    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics
            .push(Diagnostic::new(code::E114, Loc::new(self.file, span), message));
    }

    // ---- `-- @macro name(a)`

    fn commented(&mut self, headers: &[(usize, Span)]) {
        for (n, (comment_index, inner)) in headers.iter().enumerate() {
            let end = headers
                .get(n + 1)
                .map_or(self.text.len() as u32, |(i, _)| self.doc_start(*i));
            let doc = self.doc_text(*comment_index);
            let tokens = lex(inner.slice(self.text), self.dialect).tokens;
            let shifted: Vec<Token> = tokens
                .into_iter()
                .map(|t| Token {
                    span: t.span.shift(inner.start),
                    ..t
                })
                .collect();
            if let Some((header, rest)) = self.header(&shifted, *inner) {
                if let Some(token) = rest.first().filter(|t| t.kind != TokenKind::Eof) {
                    let found = token.span.slice(self.text).to_owned();
                    self.error(
                        token.span,
                        format!("expected the end of the line after the macro's header, found `{found}`"),
                    );
                }
                self.body(header, inner.end, end, doc);
            }
        }
    }

    /// Where the comment lines directly above a header begin.
    fn doc_start(&self, header: usize) -> u32 {
        let mut first = header;
        while let Some(previous) = first.checked_sub(1) {
            let (Some(a), Some(b)) = (self.lexed.comments.get(previous), self.lexed.comments.get(first))
            else {
                break;
            };
            let gap = Span::new(a.end, b.start).slice(self.text);
            let adjacent = gap.trim().is_empty() && gap.bytes().filter(|c| *c == b'\n').count() <= 1;
            // A comment behind code on the same line belongs to that code.
            let line = self
                .text
                .get(..a.start as usize)
                .unwrap_or("")
                .rsplit('\n')
                .next()
                .unwrap_or("");
            if !adjacent || !line.trim().is_empty() || header_body(*a, self.text).is_some() {
                break;
            }
            first = previous;
        }
        self.lexed.comments.get(first).map_or(0, |s| s.start)
    }

    fn doc_text(&self, header: usize) -> String {
        let (start, end) = (
            self.doc_start(header),
            self.lexed.comments.get(header).map_or(0, |s| s.start),
        );
        let lines: Vec<&str> = self
            .lexed
            .comments
            .iter()
            .filter(|c| c.start >= start && c.end <= end)
            .map(|c| c.slice(self.text).trim_start_matches('-').trim())
            .collect();
        lines.join("\n")
    }

    // ---- `macro name(a) { … }`

    fn braced(&mut self) {
        let tokens = &self.lexed.tokens;
        let mut index = 0;
        loop {
            let Some(token) = tokens.get(index).copied() else {
                return;
            };
            if token.kind == TokenKind::Eof {
                break;
            }
            if !(token.kind == TokenKind::Word && token.span.slice(self.text).eq_ignore_ascii_case("macro")) {
                let found = token.span.slice(self.text).to_owned();
                self.error(
                    token.span,
                    format!("expected `-- @macro name(…)` or `macro name(…) {{ … }}`, found `{found}`"),
                );
                return;
            }
            let doc_end = token.span.start;
            let doc_from = index
                .checked_sub(1)
                .and_then(|i| tokens.get(i))
                .map_or(0, |t| t.span.end);
            let doc: Vec<&str> = self
                .lexed
                .comments
                .iter()
                .filter(|c| c.start >= doc_from && c.end <= doc_end)
                .map(|c| c.slice(self.text).trim_start_matches('-').trim())
                .collect();
            let doc = doc.join("\n");
            let rest = tokens.get(index + 1..).unwrap_or(&[]);
            let Some((header, behind)) = self.header(rest, token.span) else {
                return;
            };
            let open = tokens.len() - behind.len();
            let Some(brace) = behind.first().copied() else {
                return;
            };
            if brace.kind != TokenKind::LBrace {
                self.error(brace.span, "expected `{` before the macro's body");
                return;
            }
            let mut depth = 0usize;
            let mut close = None;
            for (offset, t) in behind.iter().enumerate() {
                match t.kind {
                    TokenKind::LBrace => depth += 1,
                    TokenKind::RBrace => {
                        depth -= 1;
                        if depth == 0 {
                            close = Some((offset, t.span));
                            break;
                        }
                    }
                    _ => {}
                }
            }
            let Some((offset, span)) = close else {
                self.error(brace.span, "expected `}` to close the macro's body opened here");
                return;
            };
            self.body(header, brace.span.end, span.start, doc);
            index = open + offset + 1;
        }
        if self.macros.is_empty() && self.diagnostics.is_empty() {
            self.error(Span::at(0), "no macro in this file; expected `-- @macro name(…)`");
        }
    }

    // ---- both

    /// `name(a, b: type) [-> type]`; returns the tokens behind it.
    fn header<'t>(&mut self, tokens: &'t [Token], whole: Span) -> Option<(Header, &'t [Token])> {
        let mut rest = tokens;
        let mut take = |kind: TokenKind| -> Option<Token> {
            let token = rest.first().copied().filter(|t| t.kind == kind)?;
            rest = rest.get(1..)?;
            Some(token)
        };
        let text = self.text;
        let at = |rest: Option<Token>| {
            rest.filter(|t| t.kind != TokenKind::Eof)
                .map_or(Span::at(whole.end), |t| t.span)
        };
        let Some(name) = take(TokenKind::Word) else {
            self.error(
                at(tokens.first().copied()),
                "expected the macro's name, a letter and then letters, digits or `_`",
            );
            return None;
        };
        let mut header = Header {
            name: word(name, text),
            params: Vec::new(),
            param_types: Vec::new(),
            returns: None,
        };
        if !is_plain(&header.name)
            || matches!(header.name.ident.text.as_str(), "var" | "start_date" | "end_date")
        {
            let message = format!("`{}` cannot be the name of a macro", header.name.ident.text);
            self.error(name.span, message);
            return None;
        }
        if take(TokenKind::LParen).is_none() {
            let place = at(rest.first().copied());
            self.error(
                place,
                format!("expected `(` after the macro's name `{}`", header.name.ident.text),
            );
            return None;
        }
        if take(TokenKind::RParen).is_none() {
            loop {
                let Some(param) = take(TokenKind::Word) else {
                    let place = at(rest.first().copied());
                    self.error(place, "expected the name of a parameter");
                    return None;
                };
                let param_name = word(param, text);
                if !is_plain(&param_name) {
                    self.error(
                        param.span,
                        format!("`{}` cannot be the name of a parameter", param_name.ident.text),
                    );
                    return None;
                }
                if header
                    .params
                    .iter()
                    .any(|p| p.ident.text == param_name.ident.text)
                {
                    self.error(
                        param.span,
                        format!(
                            "second parameter `{}`; expected distinct names",
                            param_name.ident.text
                        ),
                    );
                    return None;
                }
                let mut ty = None;
                if take(TokenKind::Colon).is_some() {
                    let Some(token) = take(TokenKind::Word) else {
                        let place = at(rest.first().copied());
                        self.error(place, "expected the type of the parameter");
                        return None;
                    };
                    ty = Some(SmolStr::new(token.span.slice(text)));
                    self.check_type(token.span);
                }
                header.params.push(param_name);
                header.param_types.push(ty);
                if take(TokenKind::Comma).is_some() {
                    continue;
                }
                if take(TokenKind::RParen).is_some() {
                    break;
                }
                let place = at(rest.first().copied());
                self.error(place, "expected `,` or `)` after the parameter");
                return None;
            }
        }
        if take(TokenKind::Arrow).is_some() {
            let Some(token) = take(TokenKind::Word) else {
                let place = at(rest.first().copied());
                self.error(place, "expected the type of the result after `->`");
                return None;
            };
            header.returns = Some(SmolStr::new(token.span.slice(text)));
            self.check_type(token.span);
        }
        Some((header, rest))
    }

    fn check_type(&mut self, span: Span) {
        let word = span.slice(self.text);
        if TYPES.iter().any(|t| t.eq_ignore_ascii_case(word)) {
            return;
        }
        let message = match suggest::nearest(word, TYPES.iter().copied()) {
            Some(near) => format!("unknown parameter type `{word}`; did you mean `{near}`?"),
            None => {
                format!("unknown parameter type `{word}`; expected any, column, string, number, bool or expr")
            }
        };
        self.error(span, message);
    }

    /// The body in `start..end`: from the first to the last token, without a semicolon at the end.
    fn body(&mut self, header: Header, start: u32, end: u32, doc: String) {
        let tokens = &self.lexed.tokens;
        let from = tokens.partition_point(|t| t.span.start < start);
        let to = tokens.partition_point(|t| t.span.end <= end && t.kind != TokenKind::Eof);
        let mut inside = tokens.get(from..to).unwrap_or(&[]);
        while let Some((last, rest)) = inside.split_last()
            && last.kind == TokenKind::Semicolon
        {
            inside = rest;
        }
        let (Some(first), Some(last)) = (inside.first(), inside.last()) else {
            self.error(
                header.name.span,
                format!("macro `{}` has no body", header.name.ident.text),
            );
            return;
        };
        let body_span = first.span.to(last.span);
        for (index, _) in inside.iter().enumerate() {
            if let Some((name, span)) = placeholder(inside, index, self.text)
                && !header.params.iter().any(|p| p.ident.text == name)
            {
                let message =
                    match suggest::nearest(name, header.params.iter().map(|p| p.ident.text.as_str())) {
                        Some(near) => format!(
                            "`{{{name}}}` is no parameter of `{}`; did you mean `{{{near}}}`?",
                            header.name.ident.text
                        ),
                        None => format!("`{{{name}}}` is no parameter of `{}`", header.name.ident.text),
                    };
                self.error(span, message);
            }
        }
        self.macros.push(MacroDef {
            name_loc: Loc::new(self.file, header.name.span),
            name: header.name,
            params: header.params,
            param_types: header.param_types,
            returns: header.returns,
            body: Arc::from(body_span.slice(self.text)),
            file: self.file,
            body_span,
            doc,
        });
    }
}

fn word(token: Token, text: &str) -> Name {
    Name {
        ident: Ident::bare(token.span.slice(text)),
        span: token.span,
    }
}

fn is_plain(name: &Name) -> bool {
    name.ident
        .text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `{name}` at a token, without spaces: the name and the bytes of all three tokens.
pub(super) fn placeholder<'a>(tokens: &[Token], index: usize, text: &'a str) -> Option<(&'a str, Span)> {
    let [open, name, close] = tokens.get(index..index + 3)? else {
        return None;
    };
    let matches = open.kind == TokenKind::LBrace
        && name.kind == TokenKind::Word
        && close.kind == TokenKind::RBrace
        && open.span.end == name.span.start
        && name.span.end == close.span.start;
    // MAP {x} is written with a space or a colon inside; a bare word in braces is no SQL.
    let is_map = index
        .checked_sub(1)
        .and_then(|i| tokens.get(i))
        .is_some_and(|t| t.kw == Kw::Map);
    (matches && !is_map).then(|| (name.span.slice(text), open.span.to(close.span)))
}
