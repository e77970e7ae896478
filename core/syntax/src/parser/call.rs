//! Calls: arguments, lambdas, what may follow the brackets, and windows.

use super::expr::level;
use super::{ArgContext, Parser};
use crate::ast::{
    Arg, Call, ExprId, ExprKind, Frame, FrameBound, FrameExclude, FrameUnit, Name, Over, Path, WindowSpec,
};
use crate::lexer::{Kw, TokenKind};
use rocky_base::{Dialect, Span};

/// Functions whose arguments may be lambdas: `x -> …` in their brackets is never JSON.
const LAMBDA_FUNCTIONS: &[&str] = &[
    "list_transform",
    "array_transform",
    "list_apply",
    "array_apply",
    "apply",
    "list_filter",
    "array_filter",
    "filter",
    "list_reduce",
    "array_reduce",
    "reduce",
    "transform",
    "aggregate",
    "exists",
    "forall",
    "any_match",
    "all_match",
    "zip_with",
    "map_filter",
    "map_zip_with",
    "transform_keys",
    "transform_values",
    "array_sort",
];

impl Parser<'_> {
    /// The brackets of a call with all that stands in them, cursor on the opening one.
    pub(super) fn call_brackets(&mut self, name: Path) -> Call {
        let lambdas = name.last().is_some_and(|n| {
            let text = n.ident.text.as_str();
            LAMBDA_FUNCTIONS.iter().any(|f| f.eq_ignore_ascii_case(text))
        });
        let context = if lambdas {
            ArgContext::LambdaCall
        } else {
            ArgContext::Call
        };
        let mut call = self.plain_call(name, Vec::new());
        let open = self.pos;
        self.advance();
        if self.eat(TokenKind::RParen).is_some() {
            return call;
        }
        let outer = std::mem::replace(&mut self.in_args, context);
        if self.eat_kw(Kw::Distinct).is_some() {
            call.distinct = true;
        } else if self.kw() == Kw::All {
            self.advance();
        }
        // f(ORDER BY x) has no arguments.
        if self.kw() != Kw::Order {
            // f(a), f(t.a): one argument, and a vector that would grow to four is four times as large.
            let is_short = self.closing_of(open).is_some_and(|close| close <= open + 4)
                && self.kind_nth(1) != TokenKind::Comma;
            call.args.reserve_exact(if is_short { 1 } else { 2 });
            loop {
                let arg = self.argument();
                call.args.push(arg);
                if self.eat(TokenKind::Comma).is_none() {
                    break;
                }
            }
        }
        self.argument_clauses(&mut call);
        self.in_args = outer;
        self.close(open, "call");
        call
    }

    /// ORDER BY, LIMIT, IGNORE NULLS inside the brackets.
    fn argument_clauses(&mut self, call: &mut Call) {
        loop {
            if self.eat_kws(Kw::Ignore, Kw::Nulls).is_some() {
                call.ignore_nulls = Some(true);
            } else if self.eat_kws(Kw::Respect, Kw::Nulls).is_some() {
                call.ignore_nulls = Some(false);
            } else if self.kw() == Kw::Order {
                self.advance();
                self.expect_kw(Kw::By, "after `ORDER`");
                let context = std::mem::replace(&mut self.in_args, ArgContext::None);
                call.order_by = self.order_items();
                self.in_args = context;
            } else if self.kw() == Kw::Limit && self.is(Dialect::BigQuery) {
                self.advance();
                self.expr();
            } else if self.kw() == Kw::Having && self.is(Dialect::BigQuery) {
                // ANY_VALUE(x HAVING MAX y)
                self.advance();
                if self.at_word(0, "MAX") || self.at_word(0, "MIN") {
                    self.advance();
                    let key = self.expr();
                    call.order_by.push(crate::ast::OrderItem {
                        expr: key,
                        sort: crate::ast::Sort::default(),
                    });
                } else {
                    self.unexpected("`MAX` or `MIN` after `HAVING`");
                }
            } else {
                return;
            }
        }
    }

    fn argument(&mut self) -> Arg {
        let token = self.peek();
        if (self.is_label(token) || token.kind == TokenKind::String)
            && matches!(self.kind_nth(1), TokenKind::Assign | TokenKind::FatArrow)
        {
            self.advance();
            self.advance();
            let value = self.argument_value();
            return Arg {
                name: Some(self.name_of(token)),
                value,
            };
        }
        if token.kw == Kw::Variadic {
            self.advance();
        }
        Arg {
            name: None,
            value: self.argument_value(),
        }
    }

    pub(super) fn argument_value(&mut self) -> ExprId {
        if let Some(lambda) = self.lambda() {
            return lambda;
        }
        // f(*), f(t.*)
        let star_ahead = self.kind() == TokenKind::Star
            || (self.is_name(self.peek()) && self.kind_nth(1) == TokenKind::Dot);
        if star_ahead && let Some(star) = self.try_star() {
            let span = star.span;
            return self.add(ExprKind::Star(star), span);
        }
        // Snowflake and Databricks: a subquery as the only argument needs no second pair of brackets.
        if self.kw() == Kw::Select && !self.is(Dialect::DuckDb) {
            let start = self.peek().span;
            let query = self.query();
            let span = self.span_from(start);
            return self.add(ExprKind::Subquery(query), span);
        }
        self.expr()
    }

    /// `x -> …`, `(x, y) -> …` at the start of an argument; JSON's arrow is left alone.
    fn lambda(&mut self) -> Option<ExprId> {
        let start = self.peek();
        let arrow = if self.is_name(start) && self.kind_nth(1) == TokenKind::Arrow {
            self.pos + 1
        } else if start.kind == TokenKind::LParen {
            let close = self.closing_of(self.pos)?;
            let mut index = self.pos + 1;
            while index < close {
                let separated = index + 1 == close || self.token_at(index + 1).kind == TokenKind::Comma;
                if !self.is_name(self.token_at(index)) || !separated {
                    return None;
                }
                index += 2;
            }
            (self.token_at(close + 1).kind == TokenKind::Arrow && close > self.pos + 1)
                .then_some(close + 1)?
        } else {
            return None;
        };
        // f(j -> '$.a'): JSON, unless the function is known to take lambdas.
        let after = self.token_at(arrow + 1);
        let looks_like_json =
            matches!(after.kind, TokenKind::String | TokenKind::Number) && start.kind != TokenKind::LParen;
        let json = self.is(Dialect::DuckDb) && self.in_args == ArgContext::Call && looks_like_json;
        if json {
            return None;
        }
        let mut params = Vec::new();
        while self.pos < arrow {
            let token = self.advance();
            if self.is_name(token) {
                params.push(self.name_of(token));
            }
        }
        self.advance();
        Some(self.lambda_body(params, start.span))
    }

    fn lambda_body(&mut self, params: Vec<Name>, start: Span) -> ExprId {
        let body = self.argument_value_nested();
        let span = self.span_from(start);
        self.add(ExprKind::Lambda { params, body }, span)
    }

    fn argument_value_nested(&mut self) -> ExprId {
        match self.nested(Self::argument_value) {
            Some(id) => id,
            None => {
                let at = Span::at(self.peek().span.start);
                self.error_expr(at)
            }
        }
    }

    /// `lambda x, y: …`, cursor on the word.
    pub(super) fn python_lambda(&mut self) -> ExprId {
        let start = self.advance().span;
        let mut params = Vec::new();
        loop {
            params.extend(self.expect_name("a parameter of the lambda"));
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        if self.eat(TokenKind::Colon).is_none() {
            self.unexpected("`:` after the parameters of the lambda");
            let span = self.span_from(start);
            return self.error_expr(span);
        }
        self.lambda_body(params, start)
    }

    /// WITHIN GROUP, FILTER, IGNORE NULLS and OVER behind a call.
    pub(super) fn call_suffixes(&mut self, call: &mut Call) {
        loop {
            let bracket = self.kind_nth(1) == TokenKind::LParen;
            match self.kw() {
                Kw::Within if self.kw_nth(1) == Kw::Group => {
                    self.advance();
                    self.advance();
                    let open = self.pos;
                    if self.eat(TokenKind::LParen).is_none() {
                        self.unexpected("`(` after `WITHIN GROUP`");
                        return;
                    }
                    if self.expect_kw(Kw::Order, "in `WITHIN GROUP`") {
                        self.expect_kw(Kw::By, "after `ORDER`");
                        call.order_by = self.order_items();
                        call.within_group = true;
                    }
                    self.close(open, "WITHIN GROUP");
                }
                Kw::Filter if bracket => {
                    self.advance();
                    let open = self.pos;
                    self.advance();
                    if self.eat_kw(Kw::Where).is_none() && !self.is(Dialect::DuckDb) {
                        self.unexpected("`WHERE` in `FILTER`");
                    }
                    call.filter = Some(self.expr());
                    self.close(open, "FILTER");
                }
                Kw::Ignore if self.kw_nth(1) == Kw::Nulls && !self.is(Dialect::DuckDb) => {
                    self.advance();
                    self.advance();
                    call.ignore_nulls = Some(true);
                }
                Kw::Respect if self.kw_nth(1) == Kw::Nulls && !self.is(Dialect::DuckDb) => {
                    self.advance();
                    self.advance();
                    call.ignore_nulls = Some(false);
                }
                Kw::Over if bracket || self.is_name(self.peek_nth(1)) || self.at_eof_after_over() => {
                    self.advance();
                    call.over = if self.kind() == TokenKind::LParen {
                        Some(Over::Spec(Box::new(self.window_spec())))
                    } else {
                        match self.eat_name() {
                            Some(name) => Some(Over::Named(name)),
                            None => {
                                self.unexpected("a window after `OVER`");
                                None
                            }
                        }
                    };
                    return;
                }
                _ => return,
            }
        }
    }

    fn at_eof_after_over(&self) -> bool {
        matches!(
            self.kind_nth(1),
            TokenKind::Eof | TokenKind::Comma | TokenKind::RParen | TokenKind::Semicolon
        ) || self.kw_nth(1) == Kw::From
    }

    /// `([w] [PARTITION BY …] [ORDER BY …] [frame])`, cursor on the bracket.
    pub(super) fn window_spec(&mut self) -> WindowSpec {
        let open = self.pos;
        let start = self.advance().span;
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let mut spec = WindowSpec::default();
        let is_clause = match self.kw() {
            Kw::Partition | Kw::Order => {
                self.kw_nth(1) == Kw::By || !matches!(self.kind_nth(1), TokenKind::RParen)
            }
            Kw::Rows | Kw::Range | Kw::Groups => self.kind_nth(1) != TokenKind::RParen,
            _ => false,
        };
        if !is_clause {
            spec.base = self.eat_name();
        }
        if self.eat_kw(Kw::Partition).is_some() {
            self.expect_kw(Kw::By, "after `PARTITION`");
            spec.partition_by = self.expr_list();
        }
        if self.eat_kw(Kw::Order).is_some() {
            self.expect_kw(Kw::By, "after `ORDER`");
            spec.order_by = self.order_items();
        }
        let unit = match self.kw() {
            Kw::Rows => Some(FrameUnit::Rows),
            Kw::Range => Some(FrameUnit::Range),
            Kw::Groups => Some(FrameUnit::Groups),
            _ => None,
        };
        spec.frame = unit.map(|unit| self.frame(unit));
        self.in_args = context;
        self.close(open, "window");
        spec.span = self.span_from(start);
        spec
    }

    /// A frame, cursor on its unit.
    fn frame(&mut self, unit: FrameUnit) -> Frame {
        let from = self.advance().span;
        let between = self.eat_kw(Kw::Between).is_some();
        let (start, known) = self.frame_bound();
        let mut end = None;
        let mut both = known;
        if between {
            let bound = self
                .expect_kw(Kw::And, "between the bounds of the frame")
                .then(|| self.frame_bound());
            both &= bound.is_some_and(|(_, known)| known);
            end = bound.map(|(bound, _)| bound);
        }
        if both && let Some(wrong) = refused(start, end.unwrap_or(FrameBound::Current)) {
            let span = self.span_from(from);
            self.error_at(span, wrong);
        }
        let mut exclude = None;
        if self.eat_kw(Kw::Exclude).is_some() {
            exclude = match self.kw() {
                Kw::Current if self.kw_nth(1) == Kw::Row => Some(FrameExclude::CurrentRow),
                Kw::No if self.kw_nth(1) == Kw::Others => Some(FrameExclude::NoOthers),
                Kw::Group => Some(FrameExclude::Group),
                Kw::Ties => Some(FrameExclude::Ties),
                _ => None,
            };
            match exclude {
                Some(FrameExclude::CurrentRow | FrameExclude::NoOthers) => {
                    self.advance();
                    self.advance();
                }
                Some(FrameExclude::Group | FrameExclude::Ties) => {
                    self.advance();
                }
                None => self.unexpected("`CURRENT ROW`, `GROUP`, `TIES` or `NO OTHERS` after `EXCLUDE`"),
            }
        }
        Frame {
            unit,
            start,
            end,
            exclude,
            span: self.span_from(from),
        }
    }

    /// A bound, and whether it could be read.
    fn frame_bound(&mut self) -> (FrameBound, bool) {
        if self.eat_kws(Kw::Current, Kw::Row).is_some() {
            return (FrameBound::Current, true);
        }
        let distance = match self.eat_kw(Kw::Unbounded) {
            Some(_) => None,
            None => Some(self.expr_above(level::AND + 1)),
        };
        let before = distance.map_or(FrameBound::First, FrameBound::Preceding);
        match self.kw() {
            Kw::Preceding => {
                self.advance();
                (before, true)
            }
            Kw::Following => {
                self.advance();
                (distance.map_or(FrameBound::Last, FrameBound::Following), true)
            }
            _ => {
                self.unexpected("`PRECEDING` or `FOLLOWING` after the bound of the frame");
                (before, false)
            }
        }
    }
}

/// A bound's words, and its place in the order of rows.
fn place(bound: FrameBound) -> (u8, &'static str) {
    match bound {
        FrameBound::First => (0, "UNBOUNDED PRECEDING"),
        FrameBound::Preceding(_) => (1, "PRECEDING"),
        FrameBound::Current => (2, "CURRENT ROW"),
        FrameBound::Following(_) => (3, "FOLLOWING"),
        FrameBound::Last => (4, "UNBOUNDED FOLLOWING"),
    }
}

/// Why no frame goes from one bound to the other. `2 PRECEDING AND 3 PRECEDING` is an empty frame, and is one.
fn refused(from: FrameBound, to: FrameBound) -> Option<String> {
    if from == FrameBound::Last {
        return Some("a frame cannot begin at UNBOUNDED FOLLOWING".to_owned());
    }
    if to == FrameBound::First {
        return Some("a frame cannot end at UNBOUNDED PRECEDING".to_owned());
    }
    let ((first, begins), (last, ends)) = (place(from), place(to));
    (last < first).then(|| format!("a frame that begins at {begins} cannot end at {ends}"))
}
