//! Type names. Only their extent is of interest here; `core/warehouse` reads them.

use super::Parser;
use crate::ast::TypeName;
use crate::lexer::{Kw, TokenKind};
use rocky_base::{Diagnostic, Loc, Span, code};

/// Units of INTERVAL, singular.
const UNITS: &[&str] = &[
    "YEAR",
    "QUARTER",
    "MONTH",
    "WEEK",
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "MILLISECOND",
    "MICROSECOND",
    "NANOSECOND",
    "DECADE",
    "CENTURY",
    "CENTURIE",
    "MILLENNIUM",
    "MILLENNIA",
];

impl Parser<'_> {
    /// A type at the cursor.
    pub(super) fn type_name(&mut self) -> TypeName {
        let start = self.peek().span;
        self.nested(Self::type_here);
        TypeName {
            span: self.span_from(start),
        }
    }

    fn type_here(&mut self) {
        if self.at_word(0, "SETOF") {
            self.advance();
        }
        let token = self.peek();
        let special = matches!(token.kw, Kw::Array | Kw::Struct | Kw::Interval | Kw::Map)
            || (token.kw == Kw::Union && self.kind_nth(1) == TokenKind::LParen);
        if !self.is_label(token)
            || (token.class.is_reserved(self.dialect) && !special && token.kind == TokenKind::Word)
        {
            self.unexpected("a type");
            return;
        }
        self.advance();
        match token.kw {
            Kw::Double => {
                self.eat_kw(Kw::Precision);
            }
            Kw::Interval => {
                if self.at_unit(0) {
                    self.advance();
                    if self.kw() == Kw::To && self.at_unit(1) {
                        self.advance();
                        self.advance();
                    }
                }
            }
            _ => {
                let word = self.text_of(token).to_ascii_uppercase();
                if word == "NATIONAL" && (self.at_word(0, "CHARACTER") || self.at_word(0, "CHAR")) {
                    self.advance();
                }
                if matches!(
                    word.as_str(),
                    "NATIONAL" | "CHARACTER" | "CHAR" | "NCHAR" | "BIT" | "BINARY"
                ) {
                    self.eat_kw(Kw::Varying);
                }
            }
        }
        while self.kind() == TokenKind::Dot && self.is_label(self.peek_nth(1)) {
            self.advance();
            self.advance();
        }
        match self.kind() {
            TokenKind::LParen => self.type_parameters(),
            // In DuckDB `x::UINTEGER < 8` compares.
            TokenKind::Lt if !self.is(rocky_base::Dialect::DuckDb) => self.angle_parameters(),
            _ => {}
        }
        if matches!(token.kw, Kw::Time | Kw::Timestamp) {
            let local = usize::from(self.at_word(1, "LOCAL"));
            if matches!(self.kw(), Kw::With | Kw::Without)
                && self.kw_nth(1 + local) == Kw::Time
                && self.kw_nth(2 + local) == Kw::Zone
            {
                for _ in 0..3 + local {
                    self.advance();
                }
            }
        }
        if self.at_word(0, "UNSIGNED") {
            self.advance();
        }
        self.type_suffixes();
    }

    /// `[]`, `[3]`, `ARRAY`, `ARRAY[3]`.
    fn type_suffixes(&mut self) {
        // Elsewhere a bracket behind a type is a list: ARRAY<INT64>[1].
        if !self.is(rocky_base::Dialect::DuckDb) {
            return;
        }
        loop {
            if self.kw() == Kw::Array {
                self.advance();
                if self.kind() != TokenKind::LBracket {
                    return;
                }
            }
            let open = self.pos;
            let empty = self.kind_nth(1) == TokenKind::RBracket;
            let sized = self.kind_nth(1) == TokenKind::Number && self.kind_nth(2) == TokenKind::RBracket;
            if self.kind() != TokenKind::LBracket {
                return;
            }
            if !(empty || sized) {
                // Read on as if an element of the value was meant.
                if self.may_report() {
                    let message = "`[` behind a type makes it an array; expected a size or `]`";
                    let finding = Diagnostic::new(code::E400, Loc::text(self.error_span()), message);
                    self.push(finding.help("put the cast in brackets to take an element: (x::VARCHAR)[1:2]"));
                }
                return;
            }
            self.advance();
            self.eat(TokenKind::Number);
            self.close(open, "array type");
        }
    }

    /// `(10, 2)`, `(a INT, b VARCHAR)`, `(VARCHAR, INT)`.
    fn type_parameters(&mut self) {
        let open = self.pos;
        self.advance();
        if self.kind() == TokenKind::RParen {
            self.unexpected("a type parameter");
            self.close(open, "type");
            return;
        }
        loop {
            match self.kind() {
                TokenKind::Number | TokenKind::String => {
                    self.advance();
                }
                TokenKind::Minus if self.kind_nth(1) == TokenKind::Number => {
                    self.advance();
                    self.advance();
                }
                _ => self.type_field(),
            }
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.close(open, "type");
    }

    /// `name TYPE`, `name: TYPE` or `TYPE`.
    fn type_field(&mut self) {
        let token = self.peek();
        let next = self.peek_nth(1);
        let named = self.is_label(token)
            && (next.kind == TokenKind::Colon
                || (self.is_label(next) && !self.is_type_tail(token.kw, next.kw)));
        if named {
            self.advance();
            self.eat(TokenKind::Colon);
        }
        self.type_name();
        // Databricks and Snowflake: NOT NULL, COMMENT 'x', COLLATE x
        self.eat_kws(Kw::Not, Kw::Null);
        if self.at_word(0, "COMMENT") {
            self.advance();
            self.eat(TokenKind::String);
        }
    }

    /// `TIMESTAMP WITH …`, `DOUBLE PRECISION`: two words of one type.
    fn is_type_tail(&self, first: Kw, second: Kw) -> bool {
        match first {
            Kw::Time | Kw::Timestamp => matches!(second, Kw::With | Kw::Without),
            Kw::Double => second == Kw::Precision,
            _ => {
                second == Kw::Varying
                    || second == Kw::Not
                    || (second == Kw::Array && self.is(rocky_base::Dialect::DuckDb))
            }
        }
    }

    /// `<a INT, b ARRAY<STRING>>`. A `>>` closes two levels.
    fn angle_parameters(&mut self) {
        let open = self.advance();
        loop {
            self.type_field();
            if self.half_shift || self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        if self.half_shift {
            // The second half of a `>>` whose first half closed the inner level.
            self.half_shift = false;
            self.advance();
        } else if self.eat(TokenKind::Gt).is_some() {
        } else if self.kind() == TokenKind::ShiftRight {
            self.half_shift = true;
        } else {
            let found = self.found();
            let at = self.peek().span;
            let diagnostic = rocky_base::Diagnostic::new(
                rocky_base::code::E400,
                rocky_base::Loc::text(at),
                format!("expected `>` to close the type opened here, found {found}"),
            )
            .note(rocky_base::Loc::text(open.span), "opened here");
            self.push(diagnostic);
            self.recover();
        }
    }

    /// A unit of time `n` tokens ahead.
    pub(super) fn at_unit(&self, n: usize) -> bool {
        let token = self.peek_nth(n);
        if token.kind != TokenKind::Word {
            return false;
        }
        let word = self.text_of(token);
        let singular = word.strip_suffix(['s', 'S']).unwrap_or(word);
        UNITS
            .iter()
            .any(|u| u.eq_ignore_ascii_case(word) || u.eq_ignore_ascii_case(singular))
    }

    /// The half-open `>>` of an unfinished type must not leak out of it.
    pub(super) fn end_type(&mut self) {
        if self.half_shift {
            self.half_shift = false;
            let span = Span::at(self.peek().span.start);
            self.error_at(span, "expected one `>` to close the type, found `>>`");
            self.advance();
        }
    }
}
