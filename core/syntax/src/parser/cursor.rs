//! The token cursor, error reports and recovery.

use super::{MAX_NESTING, NO_MATCH, Parser, is_statement_keyword};
use crate::ast::{Name, Path};
use crate::lexer::{Kw, Token, TokenKind, quoted_ident_value, string_value};
use rocky_base::{Code, Diagnostic, Dialect, Ident, Loc, SmolStr, Span, code, suggest};

const EOF: Token = Token {
    kind: TokenKind::Eof,
    kw: Kw::None,
    class: crate::lexer::WordClass::NONE,
    span: Span { start: 0, end: 0 },
};

/// The clause keywords that a misspelt word may have meant.
const CLAUSES: &[(&str, Kw)] = &[
    ("FROM", Kw::From),
    ("WHERE", Kw::Where),
    ("GROUP", Kw::Group),
    ("HAVING", Kw::Having),
    ("ORDER", Kw::Order),
    ("LIMIT", Kw::Limit),
    ("QUALIFY", Kw::Qualify),
    ("WINDOW", Kw::Window),
    ("UNION", Kw::Union),
    ("INTERSECT", Kw::Intersect),
    ("EXCEPT", Kw::Except),
    ("OFFSET", Kw::Offset),
    ("SELECT", Kw::Select),
    ("JOIN", Kw::Join),
    ("INNER", Kw::Inner),
];

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> Token {
        self.peek_nth(0)
    }

    pub(super) fn peek_nth(&self, n: usize) -> Token {
        match self.tokens.get(self.pos + n) {
            Some(token) => *token,
            None => self.tokens.last().copied().unwrap_or(EOF),
        }
    }

    pub(super) fn token_at(&self, index: usize) -> Token {
        self.tokens.get(index).copied().unwrap_or(EOF)
    }

    /// The keyword at the cursor; `Kw::None` for anything else.
    pub(super) fn kw(&self) -> Kw {
        self.peek().kw
    }

    pub(super) fn kw_nth(&self, n: usize) -> Kw {
        self.peek_nth(n).kw
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.peek().kind
    }

    pub(super) fn kind_nth(&self, n: usize) -> TokenKind {
        self.peek_nth(n).kind
    }

    pub(super) fn at_eof(&self) -> bool {
        self.kind() == TokenKind::Eof
    }

    /// Take the token at the cursor. The end of the text is never passed.
    pub(super) fn advance(&mut self) -> Token {
        let token = self.peek();
        if token.kind != TokenKind::Eof {
            self.pos += 1;
        }
        token
    }

    pub(super) fn eat(&mut self, kind: TokenKind) -> Option<Token> {
        if self.kind() != kind {
            return None;
        }
        // f(,): the comma belongs to the mistake that was reported at it.
        let follows_error = kind == TokenKind::Comma && self.silent_at == Some(self.pos);
        let token = self.advance();
        if follows_error {
            self.silent_at = Some(self.pos);
        }
        Some(token)
    }

    pub(super) fn eat_kw(&mut self, kw: Kw) -> Option<Token> {
        (self.kw() == kw).then(|| self.advance())
    }

    /// Take two keywords in a row or nothing.
    pub(super) fn eat_kws(&mut self, first: Kw, second: Kw) -> Option<Span> {
        if self.kw() == first && self.kw_nth(1) == second {
            let start = self.advance().span;
            return Some(start.to(self.advance().span));
        }
        None
    }

    /// The bytes of the token before the cursor.
    pub(super) fn last_span(&self) -> Span {
        match self.pos.checked_sub(1) {
            Some(index) => self.token_at(index).span,
            None => Span::at(self.peek().span.start),
        }
    }

    /// From the start of `start` to the end of what was taken last.
    pub(super) fn span_from(&self, start: Span) -> Span {
        Span::new(start.start, self.last_span().end.max(start.start))
    }

    /// True when the word at the cursor is `word` (upper case), for words that are no keywords of the grammar.
    pub(super) fn at_word(&self, n: usize, word: &str) -> bool {
        let token = self.peek_nth(n);
        token.kind == TokenKind::Word && token.span.slice(self.text).eq_ignore_ascii_case(word)
    }

    pub(super) fn text_of(&self, token: Token) -> &'a str {
        token.span.slice(self.text)
    }

    // ---- names

    /// True when the token may be a bare or quoted name of a column or relation.
    pub(super) fn is_name(&self, token: Token) -> bool {
        match token.kind {
            TokenKind::QuotedIdent => true,
            TokenKind::Word => !token.class.is_reserved(self.dialect),
            _ => false,
        }
    }

    /// True for any word or quoted name: what may stand after AS or after a dot.
    pub(super) fn is_label(&self, token: Token) -> bool {
        matches!(token.kind, TokenKind::QuotedIdent | TokenKind::Word)
    }

    pub(super) fn name_of(&self, token: Token) -> Name {
        let source = self.text_of(token);
        let ident = match token.kind {
            TokenKind::QuotedIdent => Ident::quoted(quoted_ident_value(source, self.dialect)),
            TokenKind::String => Ident::quoted(string_value(source, self.dialect)),
            _ => Ident::bare(SmolStr::new(source)),
        };
        Name {
            ident,
            span: token.span,
        }
    }

    /// The dotted name that begins with a token just taken. Most trees are names for the greater part: the vector is
    /// made as long as it gets.
    pub(super) fn path_from(&mut self, first: Token) -> Path {
        let mut behind = 0;
        while self.kind_nth(behind) == TokenKind::Dot && self.is_label(self.peek_nth(behind + 1)) {
            behind += 2;
        }
        let mut path = Vec::with_capacity(1 + behind / 2);
        path.push(self.name_of(first));
        while path.len() < 1 + behind / 2 {
            self.advance();
            let part = self.advance();
            path.push(self.name_of(part));
        }
        path
    }

    pub(super) fn eat_name(&mut self) -> Option<Name> {
        let token = self.peek();
        if self.is_name(token) {
            self.advance();
            return Some(self.name_of(token));
        }
        None
    }

    /// A name or an error naming `what` was expected.
    pub(super) fn expect_name(&mut self, what: &str) -> Option<Name> {
        let name = self.eat_name();
        if name.is_none() {
            self.unexpected(what);
        }
        name
    }

    // ---- brackets

    /// The index of the bracket that closes the one at token `open`.
    pub(super) fn closing_of(&self, open: usize) -> Option<usize> {
        self.closing
            .get(open)
            .copied()
            .filter(|c| *c != NO_MATCH)
            .map(|c| c as usize)
    }

    /// Take the bracket that closes the one at token index `open`, or report and go behind it.
    pub(super) fn close(&mut self, open: usize, what: &str) {
        let opening = self.token_at(open);
        let (kind, sign) = match opening.kind {
            TokenKind::LBracket => (TokenKind::RBracket, "]"),
            TokenKind::LBrace => (TokenKind::RBrace, "}"),
            _ => (TokenKind::RParen, ")"),
        };
        let closing = self.closing_of(open);
        if self.kind() == kind && closing.is_none_or(|c| c == self.pos) {
            self.advance();
            return;
        }
        if self.may_report() {
            let found = self.found();
            let at = self.error_span();
            let diagnostic = Diagnostic::new(
                code::E400,
                Loc::text(at),
                format!("expected `{sign}` to close the {what} opened here, found {found}"),
            )
            .note(Loc::text(opening.span), "opened here");
            self.push(diagnostic);
        }
        match closing {
            Some(index) if index >= self.pos => {
                self.pos = index + 1;
                self.silent_at = None;
            }
            _ => {
                self.silent_at = Some(self.pos);
            }
        }
    }

    // ---- errors

    /// False where an error was reported already and nothing was taken since.
    pub(super) fn may_report(&self) -> bool {
        self.silent_at != Some(self.pos) && !(self.truncated && self.at_eof())
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        // Nobody reads the two-hundredth error, and soup would make millions.
        if self.diagnostics.len() < 200 {
            self.diagnostics.push(diagnostic);
        }
    }

    /// How a message names the token at the cursor.
    pub(super) fn found(&self) -> String {
        let token = self.peek();
        if token.kind == TokenKind::Eof {
            return "the end of the text".to_owned();
        }
        let source = self.text_of(token);
        let shown: String = if token.kw != Kw::None {
            token.kw.text().to_owned()
        } else {
            source.chars().take(40).collect()
        };
        let dots = if source.chars().nth(40).is_some() {
            "…"
        } else {
            ""
        };
        if shown.contains('\n') {
            return "a string over several lines".to_owned();
        }
        if shown.contains('`') {
            format!("{shown}{dots}")
        } else {
            format!("`{shown}{dots}`")
        }
    }

    /// The place of an error at the cursor: the token, or the end of the last one.
    pub(super) fn error_span(&self) -> Span {
        self.peek().span
    }

    /// Report "expected …, found …" at the cursor and skip to where parsing can go on.
    pub(super) fn unexpected(&mut self, expected: &str) {
        if self.may_report() {
            let message = format!("expected {expected}, found {}", self.found());
            let mut diagnostic = Diagnostic::new(code::E400, Loc::text(self.error_span()), message);
            let closes = matches!(
                self.kind(),
                TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace
            );
            if closes && self.diagnostics.len() < 200 && self.closing.iter().all(|c| *c != self.pos as u32) {
                diagnostic.message = format!("{} closes nothing", self.found());
            } else if self.kind() == TokenKind::PipeArrow {
                diagnostic.message =
                    "pipe syntax `|>` is not supported; expected a query with SELECT".to_owned();
            } else if let Some(help) = self.foreign_help() {
                diagnostic = diagnostic.help(help);
            } else if let Some(help) = self.reserved_help() {
                diagnostic = diagnostic.help(help);
            }
            self.push(diagnostic);
        }
        self.recover();
    }

    /// What other engines and template languages write here.
    fn foreign_help(&self) -> Option<&'static str> {
        let token = self.peek();
        let opens = |at: usize| self.kind_nth(at) == TokenKind::LBrace;
        let before = self.pos.checked_sub(1).map(|i| self.token_at(i));
        if opens(0) && before.is_some_and(|t| t.kind == TokenKind::LBrace) {
            return Some(
                "templates are not rendered: write a model's name as it is, a variable as @var(name)",
            );
        }
        if self.text_of(token) == "%" && before.is_some_and(|t| t.kind == TokenKind::LBrace) {
            return Some("templates are not rendered: use macros and variables, @name(…) and @var(name)");
        }
        if self.is(Dialect::DuckDb) {
            if self.text_of(token).starts_with('`') {
                return Some("names are quoted with double quotes: \"name\"");
            }
            if token.kind == TokenKind::LBracket
                && before.is_some_and(|t| matches!(t.kw, Kw::From | Kw::Join) || t.kind == TokenKind::Dot)
            {
                return Some("names are quoted with double quotes: \"name\"");
            }
            if token.kind == TokenKind::Number
                && before.is_some_and(|t| self.text_of(t).eq_ignore_ascii_case("top"))
            {
                return Some("write LIMIT at the end instead of TOP");
            }
        }
        None
    }

    /// A name that is a word of the language looks like a mistake of another kind. A word at which a clause begins is taken for one.
    fn reserved_help(&self) -> Option<String> {
        let token = self.peek();
        let word = self.text_of(token);
        // Nobody names a column so.
        let glue = matches!(
            token.kw,
            Kw::And
                | Kw::Or
                | Kw::Not
                | Kw::As
                | Kw::By
                | Kw::Is
                | Kw::In
                | Kw::On
                | Kw::With
                | Kw::Then
                | Kw::To
        );
        if token.kind != TokenKind::Word || glue || is_sync(token) || !self.dialect.is_reserved(word) {
            return None;
        }
        let quoted = rocky_base::Ident::quoted(SmolStr::new(word)).print(self.dialect);
        Some(format!(
            "`{word}` is a reserved word; as a name it is written {quoted}."
        ))
    }

    /// Report with own words at a place and skip on.
    pub(super) fn error_at(&mut self, span: Span, message: impl Into<String>) {
        if self.may_report() {
            self.push(Diagnostic::new(code::E400, Loc::text(span), message));
        }
        self.recover();
    }

    /// Report at the cursor without skipping, unless recovery has just stopped here.
    pub(super) fn complain(&mut self, span: Span, message: impl Into<String>) {
        if self.may_report() {
            self.report(code::E400, span, message);
        }
    }

    /// Report without skipping: the construct was understood, but may not stand here.
    pub(super) fn report(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::new(code, Loc::text(span), message));
    }

    /// A whole keyword was expected.
    pub(super) fn expect_kw(&mut self, kw: Kw, context: &str) -> bool {
        if self.eat_kw(kw).is_some() {
            return true;
        }
        self.unexpected(&format!("`{}` {context}", kw.text()));
        false
    }

    /// Skip to a comma, a closing bracket, or a keyword at which some construct goes on; whole brackets are skipped.
    pub(super) fn recover(&mut self) {
        self.skip_while(|t| !is_sync(t));
        self.silent_at = Some(self.pos);
    }

    /// Skip tokens of this nesting level.
    pub(super) fn skip_while(&mut self, go_on: impl Fn(Token) -> bool) {
        loop {
            let token = self.peek();
            if token.kind == TokenKind::Eof || !go_on(token) {
                return;
            }
            match token.kind {
                TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace => {
                    match self.closing_of(self.pos) {
                        Some(index) => self.pos = index + 1,
                        None => self.pos += 1,
                    }
                }
                _ => self.pos += 1,
            }
        }
    }

    /// The word before the cursor was taken as an alias and something follows that cannot: did it mean a clause?
    /// Reports it; the caller goes on with that clause.
    pub(super) fn misspelt_clause(&mut self) -> Option<Kw> {
        match self.last_alias {
            Some(alias) if alias == self.last_span() => self.suggest_clause(alias, false),
            _ => self.misspelt_here(),
        }
    }

    fn misspelt_here(&mut self) -> Option<Kw> {
        let token = self.peek();
        if token.kind != TokenKind::Word || token.kw != Kw::None {
            return None;
        }
        let kw = self.suggest_clause(token.span, true)?;
        self.advance();
        Some(kw)
    }

    fn suggest_clause(&mut self, span: Span, at_cursor: bool) -> Option<Kw> {
        let word = span.slice(self.text);
        if word.len() < 4 || self.silent_at == Some(self.pos) {
            return None;
        }
        let name = suggest::nearest(word, CLAUSES.iter().map(|(n, _)| *n))?;
        let (_, kw) = CLAUSES.iter().find(|(n, _)| *n == name)?;
        // GROUP and ORDER must be followed by BY.
        let next = if at_cursor { self.kw_nth(1) } else { self.kw() };
        if matches!(kw, Kw::Group | Kw::Order) != (next == Kw::By) {
            return None;
        }
        let diagnostic = Diagnostic::new(
            code::E400,
            Loc::text(span),
            format!("unknown clause `{word}`; did you mean `{name}`?"),
        )
        .fix(
            format!("write `{name}`"),
            vec![rocky_base::Edit {
                loc: Loc::text(span),
                text: name.to_owned(),
            }],
        );
        self.push(diagnostic);
        Some(*kw)
    }

    pub(super) fn empty_text(&mut self) {
        if !self.truncated {
            let span = Span::at(self.peek().span.start);
            self.push(Diagnostic::new(
                code::E413,
                Loc::text(span),
                "no query in this model; expected SELECT",
            ));
        }
    }

    pub(super) fn second_statement(&mut self) {
        let span = self.peek().span;
        self.push(
            Diagnostic::new(
                code::E410,
                Loc::text(span),
                "second statement in the model; expected one query",
            )
            .help("move it into a model of its own"),
        );
    }

    /// A statement that is no query: reported, and true. Other words fall through to the query parser.
    pub(super) fn not_a_query(&mut self) -> bool {
        let token = self.peek();
        let follows = self.peek_nth(1).kind;
        let is_statement = is_statement_keyword(token.kw)
            || (token.kind == TokenKind::Word
                && matches!(
                    self.text_of(token).to_ascii_uppercase().as_str(),
                    "ATTACH"
                        | "DETACH"
                        | "INSTALL"
                        | "LOAD"
                        | "PRAGMA"
                        | "VACUUM"
                        | "ANALYZE"
                        | "REFRESH"
                        | "OPTIMIZE"
                        | "DECLARE"
                        | "EXPORT"
                        | "IMPORT"
                        | "COMMENT"
                        | "CHECKPOINT"
                        | "ROLLBACK"
                        | "REVOKE"
                        | "UNSET"
                        | "RESET"
                ));
        if !is_statement
            || !matches!(
                follows,
                TokenKind::Word
                    | TokenKind::QuotedIdent
                    | TokenKind::String
                    | TokenKind::Eof
                    | TokenKind::Semicolon
            )
        {
            return false;
        }
        let word = self.text_of(token).to_ascii_uppercase();
        self.push(
            Diagnostic::new(
                code::E411,
                Loc::text(token.span),
                format!("`{word}` is no query; expected SELECT"),
            )
            .help("a model is one query; rocky writes the statement that stores its rows"),
        );
        true
    }

    // ---- nesting

    /// Run `parse` one level deeper; `None` when that is too deep (reported, and skipped to the closing bracket).
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_NESTING {
            self.report_depth(self.peek().span);
            // To the end of this level.
            self.skip_while(|t| {
                !matches!(
                    t.kind,
                    TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace
                )
            });
            self.silent_at = Some(self.pos);
            return None;
        }
        self.depth += 1;
        let result = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || parse(self));
        self.depth -= 1;
        Some(result)
    }

    pub(super) fn report_depth(&mut self, span: Span) {
        if !self.too_deep {
            self.too_deep = true;
            self.push(
                Diagnostic::new(
                    code::E412,
                    Loc::text(span),
                    format!("nested more than {MAX_NESTING} levels deep"),
                )
                .help("split the query with common table expressions"),
            );
        }
    }

    pub(super) fn is(&self, dialect: Dialect) -> bool {
        self.dialect == dialect
    }
}

/// Where recovery stops.
fn is_sync(token: Token) -> bool {
    match token.kind {
        TokenKind::Comma
        | TokenKind::RParen
        | TokenKind::RBracket
        | TokenKind::RBrace
        | TokenKind::Semicolon
        | TokenKind::Eof => true,
        TokenKind::Word => matches!(
            token.kw,
            Kw::Select
                | Kw::From
                | Kw::Where
                | Kw::Group
                | Kw::Having
                | Kw::Order
                | Kw::Limit
                | Kw::Offset
                | Kw::Fetch
                | Kw::Union
                | Kw::Intersect
                | Kw::Except
                | Kw::Minus
                | Kw::Qualify
                | Kw::Window
                | Kw::When
                | Kw::Then
                | Kw::Else
                | Kw::End
                | Kw::Join
                | Kw::Inner
                | Kw::Left
                | Kw::Right
                | Kw::Full
                | Kw::Cross
                | Kw::On
        ),
        _ => false,
    }
}
