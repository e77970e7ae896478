//! Operators by precedence climbing, and the predicates that stand between operands.
//!
//! The levels are those of DuckDB's grammar: from `->` (lowest) over OR, AND, NOT, IS, comparisons, IN/LIKE/BETWEEN, other
//! operators, `+ -`, `* / %`, `^`, AT TIME ZONE and COLLATE to the signs. BigQuery and Databricks rank the bit operators and
//! `||` otherwise.

use super::{ArgContext, Parser};
use crate::ast::{BinaryOp, ExprId, ExprKind, IsWhat, LikeKind, UnaryOp};
use crate::lexer::{Kw, TokenKind};
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, Span, code};

pub(super) mod level {
    //! Binding strengths.
    pub const ARROW: u8 = 10;
    pub const OR: u8 = 20;
    pub const XOR: u8 = 24;
    pub const AND: u8 = 30;
    pub const NOT: u8 = 40;
    pub const IS: u8 = 50;
    pub const COMPARE: u8 = 60;
    pub const PREDICATE: u8 = 70;
    pub const OP: u8 = 90;
    pub const BIT_XOR: u8 = 92;
    pub const BIT_AND: u8 = 94;
    pub const SHIFT: u8 = 96;
    pub const ADD: u8 = 100;
    pub const MUL: u8 = 110;
    pub const POW: u8 = 120;
    pub const AT: u8 = 130;
    pub const COLLATE: u8 = 140;
    pub const SIGN: u8 = 150;
}

impl Parser<'_> {
    /// An expression in its own level of nesting.
    pub(super) fn expr(&mut self) -> ExprId {
        let start = self.peek().span;
        match self.nested(|p| p.expr_above(0)) {
            Some(id) => id,
            None => {
                let span = self.span_from(start);
                self.error_expr(span)
            }
        }
    }

    /// A comma-separated list, at least one; a trailing comma is taken where DuckDB takes it, before `)` of IN and `]`.
    pub(super) fn expr_list(&mut self) -> Vec<ExprId> {
        let mut list = Vec::new();
        loop {
            let before = self.pos;
            let expr = self.expr();
            list.push(expr);
            if self.eat(TokenKind::Comma).is_none() {
                return list;
            }
            if self.pos == before {
                return list;
            }
        }
    }

    /// An operand of LIKE, IN or BETWEEN: no predicate, comparison or connective on its own level.
    pub(super) fn operand_above_predicates(&mut self) -> ExprId {
        self.expr_above(level::PREDICATE + 1)
    }

    /// An expression whose operators bind at least as strongly as `min`.
    pub(super) fn expr_above(&mut self, min: u8) -> ExprId {
        let start = self.peek().span;
        let mut left = self.prefixed(min);
        // Comparisons and predicates do not chain in DuckDB and BigQuery.
        let mut last_level = u8::MAX;
        loop {
            let token = self.peek();
            // Behind a predicate that ends in no operand, `a IN (1, 2)::VARCHAR`, the cast is one of the whole.
            if token.kind == TokenKind::DoubleColon && self.is(Dialect::DuckDb) {
                left = self.colon_cast(left, start);
                continue;
            }
            let Some((bp, op)) = self.infix(token.kind, token.kw) else {
                match self.predicate(left, start, min, last_level) {
                    Some((next, bp)) => {
                        left = next;
                        last_level = bp;
                        continue;
                    }
                    None => return left,
                }
            };
            if bp < min {
                return left;
            }
            // LIMIT 10%: not an operator.
            if token.kind == TokenKind::Percent && !self.starts_operand(1) {
                return left;
            }
            // `!` behind an operand is the factorial when nothing follows that it could take as an operand.
            if token.kind == TokenKind::Bang && !self.starts_operand(1) {
                self.advance();
                let span = self.span_from(start);
                left = self.add(
                    ExprKind::Unary {
                        op: UnaryOp::Factorial,
                        operand: left,
                    },
                    span,
                );
                continue;
            }
            if bp == level::COMPARE && last_level == level::COMPARE && self.comparisons_do_not_chain() {
                let found = self.found();
                self.report(
                    code::E400,
                    token.span,
                    format!("comparisons do not chain; expected brackets around one side of {found}"),
                );
            }
            self.advance();
            let op_span = self.operator_tail(token.span);
            if (bp == level::COMPARE || op == BinaryOp::Eq)
                && matches!(self.kw(), Kw::Any | Kw::Some | Kw::All)
                && self.kind_nth(1) == TokenKind::LParen
            {
                left = self.quantified(left, op, start);
                last_level = bp;
                continue;
            }
            let above = if op == BinaryOp::LongArrow { level::OP } else { bp };
            let right = self.expr_above(above + 1);
            let span = self.span_from(start);
            left = self.add(
                ExprKind::Binary {
                    left,
                    op,
                    op_span,
                    right,
                },
                span,
            );
            last_level = bp;
        }
    }

    fn comparisons_do_not_chain(&self) -> bool {
        matches!(self.dialect, Dialect::DuckDb | Dialect::BigQuery)
    }

    /// `OPERATOR(s.+)` goes on behind its keyword.
    fn operator_tail(&mut self, span: Span) -> Span {
        let is_operator_call = self
            .pos
            .checked_sub(1)
            .is_some_and(|i| self.token_at(i).kw == Kw::Operator);
        if is_operator_call && self.kind() == TokenKind::LParen {
            let open = self.pos;
            self.advance();
            if let Some(index) = self.closing_of(open) {
                self.pos = index;
            }
            self.close(open, "operator");
            return self.span_from(span);
        }
        span
    }

    /// The level and meaning of a token between two operands.
    fn infix(&self, kind: TokenKind, kw: Kw) -> Option<(u8, BinaryOp)> {
        let duck = matches!(self.dialect, Dialect::DuckDb | Dialect::Snowflake);
        let other = |p: &Self| BinaryOp::Other(SmolStr::new(p.text_of(p.peek())));
        Some(match kind {
            TokenKind::Word => match kw {
                Kw::Or => (level::OR, BinaryOp::Or),
                Kw::And => (level::AND, BinaryOp::And),
                Kw::Xor if self.is(Dialect::Databricks) => (level::XOR, other(self)),
                Kw::Div if self.is(Dialect::Databricks) && self.starts_operand(1) => {
                    (level::MUL, BinaryOp::IntDiv)
                }
                Kw::Overlaps => (level::PREDICATE, other(self)),
                Kw::Operator if self.is(Dialect::DuckDb) && self.kind_nth(1) == TokenKind::LParen => {
                    (level::OP, self.operator_call())
                }
                _ => return None,
            },
            // DuckDB reads `==` as one of its many operators: `a < b == c` is `a < (b = c)`, and `a == b == c` chains.
            TokenKind::Eq if self.is(Dialect::DuckDb) && self.text_of(self.peek()).len() == 2 => {
                (level::OP, BinaryOp::Eq)
            }
            TokenKind::Eq => (level::COMPARE, BinaryOp::Eq),
            TokenKind::NotEq => (level::COMPARE, BinaryOp::NotEq),
            TokenKind::Lt => (level::COMPARE, BinaryOp::Lt),
            TokenKind::LtEq => (level::COMPARE, BinaryOp::LtEq),
            TokenKind::Gt => (level::COMPARE, BinaryOp::Gt),
            TokenKind::GtEq => (level::COMPARE, BinaryOp::GtEq),
            TokenKind::Spaceship if self.is(Dialect::DuckDb) => (level::OP, other(self)),
            TokenKind::Spaceship => (level::COMPARE, BinaryOp::IsNotDistinct),
            TokenKind::Plus => (level::ADD, BinaryOp::Add),
            TokenKind::Minus => (level::ADD, BinaryOp::Sub),
            TokenKind::Star => (level::MUL, BinaryOp::Mul),
            TokenKind::Slash => (level::MUL, BinaryOp::Div),
            TokenKind::IntDiv => (level::MUL, BinaryOp::IntDiv),
            TokenKind::Percent => (level::MUL, BinaryOp::Mod),
            TokenKind::Pow => (level::POW, BinaryOp::Pow),
            TokenKind::Caret if duck => (level::POW, BinaryOp::Pow),
            TokenKind::Caret => (level::BIT_XOR, BinaryOp::BitXor),
            TokenKind::Concat => match self.dialect {
                Dialect::BigQuery => (level::MUL, BinaryOp::Concat),
                Dialect::Databricks => (level::ADD, BinaryOp::Concat),
                _ => (level::OP, BinaryOp::Concat),
            },
            TokenKind::Amp => (if duck { level::OP } else { level::BIT_AND }, BinaryOp::BitAnd),
            TokenKind::Pipe => (level::OP, BinaryOp::BitOr),
            TokenKind::ShiftLeft => (if duck { level::OP } else { level::SHIFT }, BinaryOp::ShiftLeft),
            TokenKind::ShiftRight => (if duck { level::OP } else { level::SHIFT }, BinaryOp::ShiftRight),
            TokenKind::Arrow => (level::ARROW, BinaryOp::Arrow),
            // As weak as `->` to its left, as strong as other operators to its right: `a ->> 'b' = c` is
            // `(a ->> 'b') = c`, and `x AND a ->> 'b'` is `(x AND a) ->> 'b'`.
            TokenKind::LongArrow if self.is(Dialect::DuckDb) => (level::ARROW, BinaryOp::LongArrow),
            TokenKind::LongArrow => (level::OP, BinaryOp::LongArrow),
            // DuckDB has no operator with `#`.
            TokenKind::Operator if self.is(Dialect::DuckDb) && self.text_of(self.peek()).starts_with('#') => {
                return None;
            }
            TokenKind::Tilde | TokenKind::Operator => (level::OP, other(self)),
            TokenKind::Bang => (level::OP, other(self)),
            _ => return None,
        })
    }

    fn operator_call(&self) -> BinaryOp {
        let end = self.closing_of(self.pos + 1).map_or(self.pos + 1, |c| c);
        let inside = Span::new(self.peek_nth(1).span.end, self.token_at(end).span.start);
        let text = inside.slice(self.text).trim();
        match text {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "/" => BinaryOp::Div,
            _ => BinaryOp::Other(SmolStr::new(text)),
        }
    }

    /// True when the token `n` ahead can begin an operand.
    pub(super) fn starts_operand(&self, n: usize) -> bool {
        let token = self.peek_nth(n);
        match token.kind {
            TokenKind::QuotedIdent
            | TokenKind::String
            | TokenKind::Bytes
            | TokenKind::Number
            | TokenKind::Param
            | TokenKind::LParen
            | TokenKind::LBracket
            | TokenKind::LBrace
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Tilde
            | TokenKind::At
            | TokenKind::Hash => true,
            TokenKind::Word => {
                !token.class.is_reserved(self.dialect)
                    && !matches!(token.kw, Kw::Offset | Kw::Limit | Kw::Fetch)
                    || matches!(
                        token.kw,
                        Kw::Case
                            | Kw::Cast
                            | Kw::Not
                            | Kw::Null
                            | Kw::True
                            | Kw::False
                            | Kw::Array
                            | Kw::Exists
                            | Kw::Interval
                    )
            }
            _ => false,
        }
    }

    // ---- prefix operators

    fn prefixed(&mut self, min: u8) -> ExprId {
        let token = self.peek();
        let (op, bp) = match token.kind {
            TokenKind::Minus => (UnaryOp::Minus, level::SIGN),
            TokenKind::Plus => (UnaryOp::Plus, level::SIGN),
            TokenKind::Tilde => (
                UnaryOp::BitNot,
                if self.is(Dialect::DuckDb) {
                    level::OP + 1
                } else {
                    level::SIGN
                },
            ),
            TokenKind::Bang if self.is(Dialect::Databricks) => (UnaryOp::Not, level::NOT),
            TokenKind::At => {
                if let Some(date) = self.date_placeholder() {
                    return date;
                }
                if let Some(id) = self.unexpanded_macro() {
                    return id;
                }
                let word = self.peek_nth(1);
                if self.is(Dialect::BigQuery)
                    && word.kind == TokenKind::Word
                    && word.span.start == token.span.end
                {
                    self.advance();
                    self.advance();
                    let span = token.span.to(word.span);
                    let text = SmolStr::new(span.slice(self.text));
                    return self.add(ExprKind::Parameter(text), span);
                }
                if !self.is(Dialect::DuckDb) {
                    let found = format!("`@{}`", self.text_of(self.peek_nth(1)));
                    self.error_at(
                        token.span,
                        format!(
                            "unknown placeholder {found}; expected `@start_date`, `@end_date` or a macro call"
                        ),
                    );
                    return self.error_expr(token.span);
                }
                (UnaryOp::Abs, level::OP + 1)
            }
            TokenKind::Word if token.kw == Kw::Not => (UnaryOp::Not, level::NOT),
            _ => return self.primary(),
        };
        // `1 + NOT a` is no expression of the standard; engines differ, and reading it as written harms nobody.
        let _ = min;
        self.advance();
        let operand = match self.nested(|p| p.expr_above(bp)) {
            Some(id) => id,
            None => {
                let at = self.peek().span;
                self.error_expr(Span::at(at.start))
            }
        };
        let span = self.span_from(token.span);
        // What EXISTS is compared with is nearer to it than NOT.
        if op == UnaryOp::Not
            && let Some(exists) = self.ast.exprs.get_mut(operand.0 as usize)
            && let ExprKind::Exists { negated, .. } = &mut exists.kind
            && !*negated
        {
            *negated = true;
            exists.span = span;
            return operand;
        }
        self.add(ExprKind::Unary { op, operand }, span)
    }

    // ---- predicates

    /// IS, IN, BETWEEN, LIKE, AT TIME ZONE, COLLATE behind an operand; `None` when none stands there or binds enough.
    fn predicate(&mut self, left: ExprId, start: Span, min: u8, last: u8) -> Option<(ExprId, u8)> {
        if self.kind() != TokenKind::Word {
            return None;
        }
        let negated = self.kw() == Kw::Not;
        let kw = if negated { self.kw_nth(1) } else { self.kw() };
        let bp = match kw {
            Kw::Is | Kw::Isnull | Kw::Notnull if !negated => level::IS,
            Kw::Null if negated => level::IS,
            Kw::In | Kw::Between | Kw::Like | Kw::Ilike | Kw::Glob | Kw::Rlike | Kw::Regexp => {
                level::PREDICATE
            }
            Kw::Similar if self.kw_nth(usize::from(negated) + 1) == Kw::To => level::PREDICATE,
            Kw::At if !negated && self.kw_nth(1) == Kw::Time && self.kw_nth(2) == Kw::Zone => level::AT,
            Kw::Collate if !negated => level::COLLATE,
            _ => return None,
        };
        if bp < min || (matches!(kw, Kw::Rlike | Kw::Regexp | Kw::Isnull | Kw::Notnull) && !self.has_word(kw))
        {
            return None;
        }
        if bp == level::PREDICATE
            && last == level::PREDICATE
            && kw != Kw::In
            && self.comparisons_do_not_chain()
        {
            let found = self.found();
            self.report(
                code::E400,
                self.peek().span,
                format!("predicates do not chain; expected brackets before {found}"),
            );
        }
        let not_span = self.peek().span;
        if negated {
            self.advance();
        }
        let id = match kw {
            Kw::Is => self.is_predicate(left, start),
            Kw::Isnull | Kw::Notnull | Kw::Null => {
                let negated = kw != Kw::Isnull;
                self.advance();
                let span = self.span_from(start);
                self.add(
                    ExprKind::Is {
                        expr: left,
                        what: IsWhat::Null,
                        negated,
                    },
                    span,
                )
            }
            Kw::In => self.in_predicate(left, start, negated),
            Kw::Between => self.between(left, start, negated),
            Kw::At => {
                self.advance();
                self.advance();
                self.advance();
                let zone = self.expr_above(level::AT + 1);
                let span = self.span_from(start);
                self.add(ExprKind::AtTimeZone { expr: left, zone }, span)
            }
            Kw::Collate => self.collate(left, start),
            _ => self.like(left, start, negated, not_span),
        };
        Some((id, bp))
    }

    /// RLIKE and REGEXP are operators of two dialects, ISNULL and NOTNULL of DuckDB.
    fn has_word(&self, kw: Kw) -> bool {
        match kw {
            Kw::Rlike | Kw::Regexp => matches!(self.dialect, Dialect::Databricks | Dialect::Snowflake),
            _ => self.is(Dialect::DuckDb),
        }
    }

    fn is_predicate(&mut self, left: ExprId, start: Span) -> ExprId {
        let keyword = self.advance().span;
        let negated = self.eat_kw(Kw::Not).is_some();
        let what = match self.kw() {
            Kw::Null => IsWhat::Null,
            Kw::True => IsWhat::True,
            Kw::False => IsWhat::False,
            Kw::Unknown => IsWhat::Unknown,
            Kw::Distinct => {
                self.advance();
                self.expect_kw(Kw::From, "after `DISTINCT`");
                let op_span = self.span_from(keyword);
                let op = if negated {
                    BinaryOp::IsNotDistinct
                } else {
                    BinaryOp::IsDistinct
                };
                let right = self.expr_above(level::IS + 1);
                let span = self.span_from(start);
                return self.add(
                    ExprKind::Binary {
                        left,
                        op,
                        op_span,
                        right,
                    },
                    span,
                );
            }
            _ => {
                self.unexpected("`NULL`, `TRUE`, `FALSE`, `UNKNOWN` or `DISTINCT FROM` after `IS`");
                let span = self.span_from(start);
                return self.error_expr(span);
            }
        };
        self.advance();
        let span = self.span_from(start);
        self.add(
            ExprKind::Is {
                expr: left,
                what,
                negated,
            },
            span,
        )
    }

    fn in_predicate(&mut self, left: ExprId, start: Span, negated: bool) -> ExprId {
        self.advance();
        let kind = if self.kind() == TokenKind::LParen {
            let open = self.pos;
            if self.paren_is_query(open) {
                let query = self.bracketed_query_in_expr();
                ExprKind::InQuery {
                    expr: left,
                    negated,
                    query,
                }
            } else {
                self.advance();
                let context = std::mem::replace(&mut self.in_args, ArgContext::None);
                let mut list = Vec::new();
                loop {
                    // IN (1, 2,)
                    if self.kind() == TokenKind::RParen && !list.is_empty() && self.is(Dialect::DuckDb) {
                        break;
                    }
                    let expr = self.expr();
                    list.push(expr);
                    if self.eat(TokenKind::Comma).is_none() {
                        break;
                    }
                }
                self.in_args = context;
                self.close(open, "list");
                ExprKind::InList {
                    expr: left,
                    negated,
                    list,
                }
            }
        } else {
            let list = self.operand_of_in();
            ExprKind::InExpr {
                expr: left,
                negated,
                list,
            }
        };
        let span = self.span_from(start);
        self.add(kind, span)
    }

    fn between(&mut self, left: ExprId, start: Span, negated: bool) -> ExprId {
        self.advance();
        let symmetric = self.eat_kw(Kw::Symmetric).is_some();
        if !symmetric && self.at_word(0, "ASYMMETRIC") {
            self.advance();
        }
        let low = self.operand_above_predicates();
        if !self.expect_kw(Kw::And, "between the bounds of `BETWEEN`") {
            let span = self.span_from(start);
            return self.error_expr(span);
        }
        let high = self.operand_above_predicates();
        let span = self.span_from(start);
        self.add(
            ExprKind::Between {
                expr: left,
                negated,
                symmetric,
                low,
                high,
            },
            span,
        )
    }

    fn like(&mut self, left: ExprId, start: Span, negated: bool, not_span: Span) -> ExprId {
        let kind = match self.advance().kw {
            Kw::Ilike => LikeKind::ILike,
            Kw::Glob => LikeKind::Glob,
            Kw::Rlike | Kw::Regexp => LikeKind::Regexp,
            Kw::Similar => {
                self.advance();
                LikeKind::Similar
            }
            _ => LikeKind::Like,
        };
        // x LIKE ANY ('a%', 'b%')
        if matches!(self.kw(), Kw::Any | Kw::Some | Kw::All) && self.kind_nth(1) == TokenKind::LParen {
            let op_span = self.span_from(not_span);
            let op = BinaryOp::Other(SmolStr::new(op_span.slice(self.text).to_ascii_uppercase()));
            return self.quantified(left, op, start);
        }
        let pattern = self.operand_above_predicates();
        let escape = self.eat_kw(Kw::Escape).map(|_| self.operand_above_predicates());
        let span = self.span_from(start);
        self.add(
            ExprKind::Like {
                expr: left,
                negated,
                kind,
                pattern,
                escape,
            },
            span,
        )
    }

    /// `op ANY (…)`, cursor on the quantifier.
    fn quantified(&mut self, left: ExprId, op: BinaryOp, start: Span) -> ExprId {
        let all = self.advance().kw == Kw::All;
        let right_start = self.peek().span;
        let open = self.pos;
        let right = if self.paren_is_query(open) {
            let query = self.bracketed_query_in_expr();
            let span = self.span_from(right_start);
            self.add(ExprKind::Subquery(query), span)
        } else {
            self.advance();
            let context = std::mem::replace(&mut self.in_args, ArgContext::None);
            let list = self.expr_list();
            self.in_args = context;
            self.close(open, "list");
            match list.as_slice() {
                [one] => *one,
                _ => {
                    let span = self.span_from(right_start);
                    if self.is(Dialect::DuckDb) && list.len() > 1 {
                        let word = if all { "ALL" } else { "ANY" };
                        let help = match all {
                            true => "write `NOT IN (…)`, or a list: `<> ALL ([…])`",
                            false => "write `IN (…)`, or a list: `= ANY ([…])`",
                        };
                        let message = format!("`{word}` takes one list or a subquery, not several values");
                        self.push(Diagnostic::new(code::E400, Loc::text(span), message).help(help));
                    }
                    self.add(ExprKind::Tuple(list), span)
                }
            }
        };
        let span = self.span_from(start);
        self.add(ExprKind::Quantified { left, op, all, right }, span)
    }

    fn collate(&mut self, left: ExprId, start: Span) -> ExprId {
        self.advance();
        let from = self.peek().span;
        let token = self.peek();
        if !(self.is_label(token) || token.kind == TokenKind::String) {
            self.unexpected("a collation after `COLLATE`");
            let span = self.span_from(start);
            return self.error_expr(span);
        }
        self.advance();
        while self.kind() == TokenKind::Dot && self.is_label(self.peek_nth(1)) {
            self.advance();
            self.advance();
        }
        let collation = self.span_from(from);
        let span = self.span_from(start);
        self.add(
            ExprKind::Collate {
                expr: left,
                collation,
            },
            span,
        )
    }
}
