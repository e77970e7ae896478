//! Tokens to tree, by recursive descent. After a mistake it goes on at the next item of a brace list or at the next step
//! keyword, so that a file shows all its mistakes; two mistakes at one token are one.
//!
//! Invariant: every loop takes at least one token per turn, and recursion is bounded by [`MAX_NESTING`] levels of
//! brackets and prefix operators, counted as they stand in the text.

use super::ast::{
    Arm, Bound, Count, ExprId, ExprKind, File, Frame, Join, JoinKind, Keep, Let, Name, Named, Op, Operator,
    Path, Pattern, SelectItem, SortKey, Step, StepKind, Window, Word,
};
use super::lexer::{Kw, Lexed, T, Token, lex};
use rocky_base::code::{E401, E412, E413};
use rocky_base::{Diagnostic, Edit, FileId, Loc, SmolStr, Span};

/// Nesting of parentheses, brackets, `match` and prefix operators that is accepted.
pub const MAX_NESTING: usize = 200;

/// Parse a `.rocky` file.
pub fn parse(file: FileId, text: &str) -> (File, Vec<Diagnostic>) {
    let Lexed {
        tokens,
        comments,
        diagnostics,
    } = lex(file, text);
    let unread = diagnostics
        .iter()
        .filter_map(|d| Some(d.primary.as_ref()?.loc.span.start))
        .collect();
    let tree = File {
        comments,
        ..File::default()
    };
    let mut parser = Parser {
        file,
        text,
        tokens,
        unread,
        at: 0,
        depth: 0,
        tree,
        diagnostics,
        last_error: None,
    };
    parser.file();
    let Parser {
        tree,
        mut diagnostics,
        ..
    } = parser;
    diagnostics.sort_by_key(|d| d.primary.as_ref().map(|p| p.loc.span));
    (tree, diagnostics)
}

/// Why parsing of a piece stopped; the diagnostic is already recorded.
enum Stop {
    /// Go on at the next item.
    Item,
    /// Go on at the next step.
    Step,
}

type R<T> = Result<T, Stop>;

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    tokens: Vec<Token>,
    /// Where the lexer found something wrong.
    unread: Vec<u32>,
    at: usize,
    depth: usize,
    tree: File,
    diagnostics: Vec<Diagnostic>,
    last_error: Option<u32>,
}

impl Parser<'_> {
    // ---- tokens ----

    fn token(&self, ahead: usize) -> Token {
        let end = Token {
            kind: T::End,
            span: Span::at(self.text.len() as u32),
        };
        self.tokens.get(self.at + ahead).copied().unwrap_or(end)
    }

    fn kind(&self) -> T {
        self.token(0).kind
    }

    fn span(&self) -> Span {
        self.token(0).span
    }

    fn previous(&self) -> Option<Token> {
        self.tokens.get(self.at.checked_sub(1)?).copied()
    }

    /// From `start` to the end of the token before this one.
    fn since(&self, start: Span) -> Span {
        start.to(self.previous().map_or(start, |t| t.span))
    }

    fn bump(&mut self) -> Span {
        let span = self.span();
        if self.kind() != T::End {
            self.at += 1;
        }
        span
    }

    fn eat(&mut self, kind: T) -> Option<Span> {
        (self.kind() == kind).then(|| self.bump())
    }

    fn expect(&mut self, kind: T, expected: &str) -> R<Span> {
        self.eat(kind).ok_or_else(|| self.unexpected(expected))
    }

    fn slice(&self, span: Span) -> &str {
        span.slice(self.text)
    }

    // ---- errors ----

    fn report(&mut self, diagnostic: Diagnostic) {
        let at = diagnostic.primary.as_ref().map(|p| p.loc.span.start);
        if self.last_error.is_none() || self.last_error != at {
            self.last_error = at;
            self.diagnostics.push(diagnostic);
        }
    }

    fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(E401, Loc::new(self.file, span), message)
    }

    fn unexpected(&mut self, expected: &str) -> Stop {
        let token = self.token(0);
        // What the lexer left out just before is the mistake, and it is reported.
        let gap = self.previous().map_or(0, |t| t.span.end);
        let index = self.unread.partition_point(|u| *u < gap);
        if self.unread.get(index).is_some_and(|u| *u <= token.span.start) {
            return Stop::Item;
        }
        let found = match token.kind {
            T::End => "the end of the file".to_owned(),
            _ => {
                let text = self.slice(token.span);
                let short: String = text.chars().take_while(|c| *c != '\n').take(40).collect();
                if short.len() < text.len() {
                    format!("`{short}…`")
                } else {
                    format!("`{short}`")
                }
            }
        };
        let mut diagnostic = self.error(token.span, format!("expected {expected}, found {found}"));
        if let Some(help) = self.help() {
            diagnostic = diagnostic.help(help);
        }
        self.report(diagnostic);
        Stop::Item
    }

    /// What was probably meant at the current token.
    fn help(&self) -> Option<String> {
        let token = self.token(0);
        let before = self.previous();
        let adjoins = |t: Token| t.span.end == token.span.start;
        let compares = |k: T| matches!(k, T::EqEq | T::NotEq | T::Lt | T::Le | T::Gt | T::Ge);
        let text = self.slice(token.span);
        let fixed = match (token.kind, before.map(|t| t.kind)) {
            (T::Kw(_), Some(T::Kw(Kw::As))) => {
                return Some(format!("choose another name; `{text}` is a keyword"));
            }
            (k, _) if compares(k) => "comparisons do not chain; combine two with `and`",
            (T::Number, Some(T::Dot)) => "write a digit before the point: `0.5`",
            (T::Ident, Some(T::Number)) if before.is_some_and(adjoins) => {
                "write the number without letters or exponent"
            }
            (T::LParen, Some(T::Kw(Kw::In))) => "write the list in brackets: `in [a, b]`",
            (T::Ident, Some(T::Pipe)) if self.two_pipes() => "use `or`",
            (T::Kw(Kw::As), Some(_)) if self.in_cast() => {
                "the DSL has no CAST: write `date(x)`, or cast in an SQL model that this one reads"
            }
            (T::Kw(Kw::Order), _) => "use `sort`",
            (T::Kw(Kw::Select | Kw::From), Some(T::LParen)) => {
                "name the inner query with `let` and read it with `from`"
            }
            (T::Kw(Kw::Distinct), Some(T::LParen)) => "use the step `distinct` before `group`",
            (T::Kw(Kw::Join), _) => "write `join`, `left join`, `right join`, `full join` or `cross join`",
            (T::Ident, _) => match text.to_ascii_lowercase().as_str() {
                "limit" | "top" => "use `take`",
                "filter" => "use `where`",
                "having" => "use `where` after `group`",
                "inner" => "use `join`",
                "orderby" => "use `sort`",
                "between" => "use `>=` and `<=`",
                "case" => "use `match`",
                lower if Kw::parse(lower).is_some() => {
                    return Some(format!("keywords are lower case: `{lower}`"));
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(fixed.to_owned())
    }

    /// Behind `cast(` without a closing bracket.
    fn in_cast(&self) -> bool {
        let before = self.tokens.get(..self.at).unwrap_or(&[]);
        let open = before
            .iter()
            .rposition(|t| matches!(t.kind, T::LParen | T::RParen));
        open.and_then(|i| Some((before.get(i)?, before.get(i.checked_sub(1)?)?)))
            .is_some_and(|(bracket, name)| {
                bracket.kind == T::LParen && self.slice(name.span).eq_ignore_ascii_case("cast")
            })
    }

    fn two_pipes(&self) -> bool {
        let (Some(last), Some(first)) = (
            self.previous(),
            self.at.checked_sub(2).and_then(|i| self.tokens.get(i)),
        ) else {
            return false;
        };
        last.kind == T::Pipe && first.kind == T::Pipe && first.span.end == last.span.start
    }

    // ---- recovery ----

    /// True at a token that begins a step. These words are reserved, so none of them can stand inside an item.
    fn at_step(&self) -> bool {
        match self.kind() {
            T::Kw(
                Kw::From
                | Kw::Where
                | Kw::Group
                | Kw::Derive
                | Kw::Select
                | Kw::Join
                | Kw::Sort
                | Kw::Take
                | Kw::Distinct
                | Kw::Replicate,
            ) => true,
            // `left_join` is no keyword: it begins a join only before a relation.
            T::Ident => match self.join_words() {
                Some((_, words)) => self.token(words).kind == T::Ident,
                None => false,
            },
            _ => false,
        }
    }

    /// The same inside braces, where `left_join` may be a column.
    fn leaves_braces(&self) -> bool {
        self.at_boundary() && (self.kind() != T::Ident || self.token(1).kind == T::Kw(Kw::Join))
    }

    fn at_boundary(&self) -> bool {
        matches!(self.kind(), T::End | T::Pipe | T::Kw(Kw::Let)) || self.at_step()
    }

    /// The kind of join and the number of words, at `left join`, `left_join` and so on.
    fn join_words(&self) -> Option<(JoinKind, usize)> {
        if self.kind() == T::Kw(Kw::Join) {
            return Some((JoinKind::Inner, 1));
        }
        if self.kind() != T::Ident {
            return None;
        }
        let two = self.token(1).kind == T::Kw(Kw::Join);
        match self.slice(self.span()) {
            "left" if two => Some((JoinKind::Left, 2)),
            "right" if two => Some((JoinKind::Right, 2)),
            "full" if two => Some((JoinKind::Full, 2)),
            "cross" if two => Some((JoinKind::Cross, 2)),
            "left_join" => Some((JoinKind::Left, 1)),
            "right_join" => Some((JoinKind::Right, 1)),
            "full_join" => Some((JoinKind::Full, 1)),
            "cross_join" => Some((JoinKind::Cross, 1)),
            _ => None,
        }
    }

    fn skip_to_step(&mut self, from: usize) {
        if self.at == from {
            self.bump();
        }
        while !self.at_boundary() {
            self.bump();
        }
    }

    /// Skip to the next item of a brace list that began at token `from`.
    fn skip_to_item(&mut self, from: usize) {
        let mut depth = 0_usize;
        while !self.at_boundary() {
            match self.kind() {
                T::LParen | T::LBrace | T::LBracket => depth += 1,
                T::RBrace if depth == 0 => return,
                T::RParen | T::RBrace | T::RBracket => depth = depth.saturating_sub(1),
                T::Comma if depth == 0 => {
                    self.bump();
                    return;
                }
                T::Ident if depth == 0 && self.at > from && self.token(1).kind == T::Colon => return,
                _ => {}
            }
            self.bump();
        }
    }

    fn nested<V>(&mut self, inner: impl FnOnce(&mut Self) -> R<V>) -> R<V> {
        if self.depth >= MAX_NESTING {
            let loc = Loc::new(self.file, self.previous().map_or(self.span(), |t| t.span));
            let message = format!("expression nested more than {MAX_NESTING} levels deep");
            self.report(Diagnostic::new(E412, loc, message).help("split it with `derive`"));
            return Err(Stop::Step);
        }
        self.depth += 1;
        let result = stacker::maybe_grow(128 * 1024, 1024 * 1024, || inner(self));
        self.depth -= 1;
        result
    }

    // ---- file and steps ----

    fn file(&mut self) {
        let mut tried = false;
        let mut misplaced = false;
        loop {
            let from = self.at;
            match self.kind() {
                T::End => break,
                T::Pipe => {
                    self.bump();
                }
                T::Kw(Kw::Let) => {
                    if tried && !misplaced {
                        misplaced = true;
                        let diagnostic = self
                            .error(self.span(), "`let` after the main pipeline has begun")
                            .help("move every `let` before the main pipeline");
                        self.report(diagnostic);
                    }
                    if self.let_binding().is_err() {
                        self.depth = 0;
                        self.skip_to_step(from);
                    }
                }
                _ => {
                    tried = true;
                    match self.step() {
                        Ok(step) => self.tree.main.push(step),
                        Err(_) => {
                            self.depth = 0;
                            self.skip_to_step(from);
                        }
                    }
                }
            }
        }
        if tried {
            return;
        }
        let diagnostic = match self.tree.lets.last() {
            Some(last) => self
                .error(
                    last.keyword.to(last.name.span),
                    "no main pipeline after the last `let`",
                )
                .help(format!("add one: `from {}`", last.name.text)),
            None if self.diagnostics.is_empty() => {
                Diagnostic::new(E413, Loc::new(self.file, Span::at(0)), "empty model")
                    .help("begin a pipeline with `from`")
            }
            None => return,
        };
        self.report(diagnostic);
    }

    fn let_binding(&mut self) -> R<()> {
        let keyword = self.bump();
        let name = self.name("a name")?;
        if self.kind() == T::Assign {
            self.bump();
        } else {
            return Err(self.unexpected("`=`"));
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut from_seen = false;
        loop {
            let start = self.at;
            match self.kind() {
                T::End | T::Kw(Kw::Let) => break,
                T::Kw(Kw::From) if from_seen => break,
                T::Pipe => {
                    self.bump();
                }
                _ => {
                    from_seen |= self.kind() == T::Kw(Kw::From);
                    match self.step() {
                        Ok(step) => steps.push(step),
                        Err(_) => {
                            self.depth = 0;
                            self.skip_to_step(start);
                        }
                    }
                }
            }
        }
        if steps.is_empty() {
            self.unexpected("a step");
        }
        self.tree.lets.push(Let { keyword, name, steps });
        Ok(())
    }

    fn step(&mut self) -> R<Step> {
        let start = self.span();
        if let Some((kind, words)) = self.join_words() {
            (0..words).for_each(|_| {
                self.bump();
            });
            let keyword = self.since(start);
            let join = self.join(kind)?;
            return Ok(Step {
                span: self.since(start),
                keyword,
                kind: StepKind::Join(join),
            });
        }
        let T::Kw(keyword) = self.kind() else {
            return Err(self.unexpected("a step"));
        };
        if !self.at_step() {
            return Err(self.unexpected("a step"));
        }
        let word = self.bump();
        let kind = match keyword {
            Kw::From => {
                let relation = self.path("a relation")?;
                StepKind::From {
                    relation,
                    alias: self.alias()?,
                }
            }
            Kw::Where => StepKind::Where(self.expr()?),
            Kw::Group => self.group()?,
            Kw::Derive => StepKind::Derive(self.braced(Self::named)?.0),
            Kw::Select => StepKind::Select(self.braced(Self::select_item)?.0),
            Kw::Sort => StepKind::Sort(self.sort_keys()?),
            Kw::Take => StepKind::Take(self.count("a number of rows")?),
            Kw::Distinct => StepKind::Distinct,
            _ => StepKind::Replicate,
        };
        Ok(Step {
            span: self.since(start),
            keyword: word,
            kind,
        })
    }

    fn alias(&mut self) -> R<Option<Name>> {
        match self.eat(T::Kw(Kw::As)) {
            Some(_) => self.name("an alias").map(Some),
            None => Ok(None),
        }
    }

    fn group(&mut self) -> R<StepKind> {
        let mut keys = Vec::new();
        while self.kind() == T::Ident {
            keys.push(self.path("a key")?);
            self.eat(T::Comma);
        }
        if self.kind() != T::LBrace {
            return Err(self.unexpected("a key or `{`"));
        }
        let (items, _) = self.braced(Self::named)?;
        Ok(StepKind::Group { keys, items })
    }

    fn join(&mut self, kind: JoinKind) -> R<Join> {
        let relation = self.path("a relation")?;
        let alias = self.alias()?;
        let mut on = Vec::new();
        if kind == JoinKind::Cross {
            if self.kind() == T::Kw(Kw::On) {
                let diagnostic = self
                    .error(self.span(), "`cross join` takes no `on`")
                    .help("use `join`");
                self.report(diagnostic);
                return Err(Stop::Item);
            }
        } else {
            self.expect(T::Kw(Kw::On), "`on`")?;
            on.push(self.expr()?);
            while self.eat(T::Comma).is_some() {
                on.push(self.expr()?);
            }
        }
        let keep = match self.kind() {
            T::LBrace => Some(self.keep()?),
            _ => None,
        };
        Ok(Join {
            kind,
            relation,
            alias,
            on,
            keep,
        })
    }

    fn keep(&mut self) -> R<Keep> {
        let start = self.bump();
        self.expect(T::Kw(Kw::Keep), "`keep`")?;
        let mut columns = Vec::new();
        while self.kind() == T::Ident {
            columns.push(self.path("a column")?);
            self.eat(T::Comma);
        }
        self.expect(T::RBrace, "a column or `}`")?;
        Ok(Keep {
            span: self.since(start),
            columns,
        })
    }

    fn sort_keys(&mut self) -> R<Vec<SortKey>> {
        let mut keys = Vec::new();
        // A sort without keys is accepted and does nothing.
        if self.at_boundary() {
            return Ok(keys);
        }
        loop {
            let minus = self.eat(T::Minus);
            let expr = match minus {
                Some(_) => self.primary()?,
                None => self.additive()?,
            };
            let desc = match self.kind() {
                T::Kw(Kw::Asc | Kw::Desc) if minus.is_some() => {
                    let diagnostic = self
                        .error(self.span(), "direction given twice: `-` already means descending")
                        .help("remove one of them");
                    self.report(diagnostic);
                    self.bump();
                    minus
                }
                T::Kw(Kw::Asc) => {
                    self.bump();
                    None
                }
                T::Kw(Kw::Desc) => Some(self.bump()),
                _ => minus,
            };
            keys.push(SortKey { expr, desc });
            // A trailing comma ends the list.
            if self.eat(T::Comma).is_none() || self.at_boundary() {
                return Ok(keys);
            }
        }
    }

    fn named(&mut self) -> R<Named> {
        let name = self.name("`name: expression` or `}`")?;
        self.expect(T::Colon, "`:`")?;
        Ok(Named {
            name,
            expr: self.expr()?,
        })
    }

    fn select_item(&mut self) -> R<SelectItem> {
        if let Some(span) = self.eat(T::Star) {
            return Ok(SelectItem::All(span));
        }
        if self.kind() == T::Ident && self.token(1).kind == T::Colon {
            return Ok(SelectItem::Named(self.named()?));
        }
        let path = self.path("a column, `name: expression`, `*` or `}`")?;
        if self.kind() == T::Dot && self.token(1).kind == T::Star {
            self.bump();
            let star = self.bump();
            return Ok(SelectItem::AllOf { relation: path, star });
        }
        let operator = matches!(
            self.kind(),
            T::Plus
                | T::Minus
                | T::Slash
                | T::Percent
                | T::LParen
                | T::EqEq
                | T::NotEq
                | T::Lt
                | T::Gt
                | T::Le
                | T::Ge
        );
        if operator {
            let text = self.slice(self.span()).to_owned();
            let diagnostic = self
                .error(
                    self.span(),
                    format!("expected a column, `name: expression`, `*` or `}}`, found `{text}`"),
                )
                .help("name the expression: `name: expression`");
            self.report(diagnostic);
            return Err(Stop::Item);
        }
        Ok(SelectItem::Column(path))
    }

    /// `{ item [,] item … }`, with recovery at the next item.
    fn braced<V>(&mut self, item: fn(&mut Self) -> R<V>) -> R<(Vec<V>, Span)> {
        let start = self.expect(T::LBrace, "`{`")?;
        let mut items = Vec::new();
        loop {
            let from = self.at;
            if self.eat(T::RBrace).is_some() {
                break;
            }
            if self.leaves_braces() {
                self.unexpected("`}`");
                break;
            }
            match item(self) {
                Ok(value) => {
                    items.push(value);
                    self.eat(T::Comma);
                }
                Err(Stop::Item) => {
                    self.skip_to_item(from);
                    if self.at == from {
                        self.bump();
                    }
                }
                Err(Stop::Step) => return Err(Stop::Step),
            }
        }
        Ok((items, self.since(start)))
    }

    // ---- names and numbers ----

    fn name(&mut self, expected: &str) -> R<Name> {
        let span = self.expect(T::Ident, expected)?;
        Ok(Name {
            text: SmolStr::new(self.slice(span)),
            span,
        })
    }

    fn path(&mut self, expected: &str) -> R<Path> {
        let mut parts = vec![self.name(expected)?];
        while self.kind() == T::Dot && self.token(1).kind != T::Star {
            let dot = self.bump();
            // After a dot without a gap a keyword is a name: nothing else may stand there.
            let next = self.token(0);
            if matches!(next.kind, T::Kw(_)) && next.span.start == dot.end {
                self.bump();
                parts.push(Name {
                    text: SmolStr::new(self.slice(next.span)),
                    span: next.span,
                });
            } else {
                parts.push(self.name("a name after `.`")?);
            }
        }
        Ok(Path { parts })
    }

    fn count(&mut self, expected: &str) -> R<Count> {
        let span = self.expect(T::Number, expected)?;
        let text: String = self.slice(span).chars().filter(|c| *c != '_').collect();
        if text.contains('.') {
            let diagnostic = self.error(span, format!("expected a whole number, found `{text}`"));
            self.report(diagnostic);
            return Err(Stop::Item);
        }
        // Warehouses count rows in 64 bits with sign.
        match text.parse::<i64>() {
            Ok(value) => Ok(Count {
                value: value.unsigned_abs(),
                span,
            }),
            Err(_) => {
                let message = format!("number `{text}` is too large; at most {} rows", i64::MAX);
                let diagnostic = self.error(span, message);
                self.report(diagnostic);
                Err(Stop::Item)
            }
        }
    }

    // ---- expressions ----

    fn push(&mut self, span: Span, kind: ExprKind) -> ExprId {
        self.tree.push(span, kind)
    }

    fn expr(&mut self) -> R<ExprId> {
        self.chain(&|k| (k == T::Kw(Kw::Or)).then_some(Op::Or), &|p| {
            p.chain(&|k| (k == T::Kw(Kw::And)).then_some(Op::And), &Self::comparison)
        })
    }

    fn additive(&mut self) -> R<ExprId> {
        let add = |k| match k {
            T::Plus => Some(Op::Add),
            T::Minus => Some(Op::Sub),
            _ => None,
        };
        let mul = |k| match k {
            T::Star => Some(Op::Mul),
            T::Slash => Some(Op::Div),
            T::Percent => Some(Op::Rem),
            _ => None,
        };
        self.chain(&add, &|p| p.chain(&mul, &Self::unary))
    }

    fn chain(
        &mut self,
        operator: &dyn Fn(T) -> Option<Op>,
        operand: &dyn Fn(&mut Self) -> R<ExprId>,
    ) -> R<ExprId> {
        let start = self.span();
        let first = operand(self)?;
        let mut rest = Vec::new();
        while let Some(op) = operator(self.kind()) {
            let span = self.bump();
            rest.push((Operator { op, span }, operand(self)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let span = self.since(start);
        Ok(self.push(span, ExprKind::Chain { first, rest }))
    }

    fn comparison(&mut self) -> R<ExprId> {
        let start = self.span();
        let left = self.additive()?;
        if let Some(operator) = self.compare_operator() {
            let right = self.additive()?;
            let span = self.since(start);
            return Ok(self.push(
                span,
                ExprKind::Compare {
                    left,
                    operator,
                    right,
                },
            ));
        }
        let words = self.span();
        if self.eat(T::Kw(Kw::Is)).is_some() {
            let negated = self.eat(T::Kw(Kw::Not)).is_some();
            self.expect(
                T::Kw(Kw::Null),
                if negated { "`null`" } else { "`null` or `not null`" },
            )?;
            let (words, span) = (self.since(words), self.since(start));
            return Ok(self.push(
                span,
                ExprKind::IsNull {
                    operand: left,
                    negated,
                    words,
                },
            ));
        }
        let negated = self.kind() == T::Kw(Kw::Not) && self.token(1).kind == T::Kw(Kw::In);
        if negated {
            self.bump();
        }
        if self.eat(T::Kw(Kw::In)).is_some() {
            let words = self.since(words);
            let open = self.expect(T::LBracket, "`[`")?;
            let list = self.nested(|p| p.list(T::RBracket, "an expression or `]`"))?;
            if list.is_empty() {
                let span = self.since(open);
                let diagnostic = self
                    .error(span, "empty list after `in`")
                    .help("list at least one value");
                self.report(diagnostic);
            }
            let span = self.since(start);
            return Ok(self.push(
                span,
                ExprKind::In {
                    operand: left,
                    negated,
                    words,
                    list,
                },
            ));
        }
        Ok(left)
    }

    fn compare_operator(&mut self) -> Option<Operator> {
        let op = match self.kind() {
            T::EqEq => Op::Eq,
            T::NotEq => Op::Ne,
            T::Lt => Op::Lt,
            T::Le => Op::Le,
            T::Gt => Op::Gt,
            T::Ge => Op::Ge,
            // SQL's spelling is reported and taken as meant.
            T::Assign => return Some(self.misspelt_operator(1, Op::Eq, "==", "use `==` to compare")),
            _ => return None,
        };
        let next = self.token(1);
        if op == Op::Lt && next.kind == T::Gt && next.span.start == self.span().end {
            return Some(self.misspelt_operator(2, Op::Ne, "!=", "use `!=` for unequal"));
        }
        Some(Operator {
            op,
            span: self.bump(),
        })
    }

    fn misspelt_operator(&mut self, tokens: usize, op: Op, right: &str, help: &str) -> Operator {
        let first = self.span();
        (0..tokens).for_each(|_| {
            self.bump();
        });
        let span = self.since(first);
        let edit = Edit {
            loc: Loc::new(self.file, span),
            text: right.to_owned(),
        };
        let message = format!("expected `{right}`, found `{}`", self.slice(span));
        let diagnostic = self
            .error(span, message)
            .help(help)
            .fix(format!("write `{right}`"), vec![edit]);
        self.report(diagnostic);
        Operator { op, span }
    }

    fn unary(&mut self) -> R<ExprId> {
        let op = match self.kind() {
            T::Kw(Kw::Not) => Op::Not,
            T::Minus => Op::Sub,
            _ => return self.primary(),
        };
        let span = self.bump();
        let operand = self.nested(Self::unary)?;
        let whole = self.since(span);
        Ok(self.push(
            whole,
            ExprKind::Unary {
                operator: Operator { op, span },
                operand,
            },
        ))
    }

    /// Expressions up to the closing token, separated by optional commas.
    fn list(&mut self, close: T, expected: &str) -> R<Vec<ExprId>> {
        let mut items = Vec::new();
        while self.eat(close).is_none() {
            if self.kind() == T::Comma || self.leaves_braces() {
                return Err(self.unexpected(expected));
            }
            items.push(self.expr()?);
            self.eat(T::Comma);
        }
        Ok(items)
    }

    fn primary(&mut self) -> R<ExprId> {
        let span = self.span();
        let kind = match self.kind() {
            T::String => {
                let quote = self.slice(span).chars().next().unwrap_or('"');
                let body = self.slice(span).get(1..).unwrap_or("");
                ExprKind::String(SmolStr::new(body.strip_suffix(quote).unwrap_or(body)))
            }
            T::Number => ExprKind::Number(self.slice(span).chars().filter(|c| *c != '_').collect()),
            T::Date(timed) => {
                let text = self.slice(span).get(1..).unwrap_or("");
                let text = if timed { text } else { text.trim_end_matches('Z') };
                ExprKind::Date {
                    text: SmolStr::new(text),
                    timed,
                }
            }
            T::Kw(Kw::True) => ExprKind::Word(Word::True),
            T::Kw(Kw::False) => ExprKind::Word(Word::False),
            T::Kw(Kw::Null) => ExprKind::Word(Word::Null),
            T::LParen => {
                self.bump();
                return self.nested(|p| {
                    let inner = p.expr()?;
                    p.expect(T::RParen, "`)`")?;
                    Ok(inner)
                });
            }
            T::Kw(Kw::Match) => return self.nested(Self::match_expr),
            T::Macro => return self.macro_call(),
            T::Ident => return self.column_or_call(),
            _ => return Err(self.unexpected("an expression")),
        };
        self.bump();
        Ok(self.push(span, kind))
    }

    fn macro_call(&mut self) -> R<ExprId> {
        let span = self.bump();
        let name = Name {
            text: SmolStr::new(self.slice(span).get(1..).unwrap_or("")),
            span,
        };
        let args = match self.eat(T::LParen) {
            Some(_) => Some(self.nested(|p| p.list(T::RParen, "an argument or `)`"))?),
            None => None,
        };
        let whole = self.since(span);
        Ok(self.push(whole, ExprKind::Macro { name, args }))
    }

    fn column_or_call(&mut self) -> R<ExprId> {
        let start = self.span();
        let path = self.path("a column")?;
        if self.eat(T::LParen).is_none() {
            return Ok(self.push(path.span(), ExprKind::Column(path)));
        }
        let args = self.nested(|p| p.list(T::RParen, "an argument or `)`"))?;
        let over = match self.kind() {
            T::Kw(Kw::Over) => Some(self.window()?),
            _ => None,
        };
        let span = self.since(start);
        Ok(self.push(
            span,
            ExprKind::Call {
                name: path,
                args,
                over,
            },
        ))
    }

    fn match_expr(&mut self) -> R<ExprId> {
        let keyword = self.bump();
        let scrutinee = self.additive()?;
        let (arms, _) = self.braced(Self::arm)?;
        let span = self.since(keyword);
        if arms.is_empty() {
            let diagnostic = self
                .error(keyword, "`match` without arms")
                .help("add `_ => value`");
            self.report(diagnostic);
        }
        let last = arms.len().saturating_sub(1);
        for (index, arm) in arms.iter().enumerate() {
            if let (Pattern::Any(any), true) = (&arm.pattern, index < last) {
                let diagnostic = self
                    .error(*any, "arms after `_` are never reached")
                    .help("move the `_` arm to the end");
                self.report(diagnostic);
            }
        }
        Ok(self.push(
            span,
            ExprKind::Match {
                keyword,
                scrutinee,
                arms,
            },
        ))
    }

    fn arm(&mut self) -> R<Arm> {
        let start = self.span();
        let pattern = match self.eat(T::Underscore) {
            Some(span) => Pattern::Any(span),
            None => {
                let operator = self.compare_operator();
                Pattern::Test {
                    operator,
                    value: self.additive()?,
                }
            }
        };
        self.expect(T::Arrow, "`=>`")?;
        let value = self.expr()?;
        Ok(Arm {
            span: self.since(start),
            pattern,
            value,
        })
    }

    fn window(&mut self) -> R<Window> {
        let start = self.bump();
        self.expect(T::LParen, "`(`")?;
        let mut window = Window {
            span: start,
            partition: Vec::new(),
            sort: Vec::new(),
            frame: None,
        };
        if let Err(stop) = self.window_parts(&mut window)
            && !self.skip_window()
        {
            return Err(stop);
        }
        window.span = self.since(start);
        Ok(window)
    }

    /// After a mistake inside of a window: go behind its parenthesis, when that is near. Its `sort` must not be taken for
    /// a step.
    fn skip_window(&mut self) -> bool {
        let mut depth = 0_usize;
        for ahead in 0..64 {
            match self.token(ahead).kind {
                T::LParen => depth += 1,
                T::RParen if depth == 0 => {
                    self.at += ahead + 1;
                    return true;
                }
                T::RParen => depth -= 1,
                T::End | T::LBrace | T::RBrace => return false,
                _ => {}
            }
        }
        false
    }

    fn window_parts(&mut self, window: &mut Window) -> R<()> {
        loop {
            match self.kind() {
                T::Kw(Kw::Partition) => {
                    self.bump();
                    while matches!(self.kind(), T::Ident | T::Comma) {
                        if self.eat(T::Comma).is_none() {
                            let column = self.column()?;
                            window.partition.push(column);
                        }
                    }
                }
                T::Kw(Kw::Sort) => {
                    self.bump();
                    while matches!(self.kind(), T::Ident | T::Comma | T::Minus) {
                        if self.eat(T::Comma).is_some() {
                            continue;
                        }
                        let minus = self.eat(T::Minus);
                        let expr = self.column()?;
                        let desc = match self.kind() {
                            T::Kw(Kw::Asc | Kw::Desc) if minus.is_some() => {
                                return Err(self.unexpected("`,` or `)` after a key with `-`"));
                            }
                            T::Kw(Kw::Desc) => Some(self.bump()),
                            T::Kw(Kw::Asc) => {
                                self.bump();
                                None
                            }
                            _ => minus,
                        };
                        window.sort.push(SortKey { expr, desc });
                    }
                }
                T::Kw(Kw::Rows | Kw::Range) => {
                    let range = self.kind() == T::Kw(Kw::Range);
                    let first = self.bump();
                    let bound_start = self.bound()?;
                    self.expect(T::DotDot, "`..`")?;
                    let bound_end = self.bound()?;
                    let span = self.since(first);
                    window.frame = Some(Frame {
                        span,
                        range,
                        start: bound_start,
                        end: bound_end,
                    });
                    self.expect(T::RParen, "`)`: the frame comes last")?;
                    break;
                }
                T::RParen => {
                    self.bump();
                    break;
                }
                _ => return Err(self.unexpected("`partition`, `sort`, `rows`, `range` or `)`")),
            }
        }
        Ok(())
    }

    fn column(&mut self) -> R<ExprId> {
        let path = self.path("a column")?;
        Ok(self.push(path.span(), ExprKind::Column(path)))
    }

    fn bound(&mut self) -> R<Bound> {
        match self.kind() {
            T::Kw(Kw::Unbounded) => Ok(Bound::Unbounded(self.bump())),
            T::Kw(Kw::Current) => Ok(Bound::Current(self.bump())),
            T::Number => self.count("a number of rows").map(Bound::Rows),
            _ => Err(self.unexpected("`unbounded`, `current` or a number of rows")),
        }
    }
}
