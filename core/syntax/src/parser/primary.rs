//! Operands: literals, names, calls, the special forms, brackets of all kinds, and what may follow an operand directly.

use super::expr::level;
use super::{ArgContext, Parser};
use crate::ast::{
    Arg, BinaryOp, Call, CastKind, DatePlaceholder, ExprId, ExprKind, Literal, Name, Path, TypeName,
};
use crate::lexer::{Kw, Token, TokenKind, string_value};
use rocky_base::{Diagnostic, Dialect, Edit, Ident, Loc, SmolStr, Span, code};

impl Parser<'_> {
    /// An operand with its suffixes: `.field`, `[index]`, `::type`, `:path`.
    pub(super) fn primary(&mut self) -> ExprId {
        let start = self.peek().span;
        let base = self.operand();
        self.suffixes(base, start)
    }

    fn literal(&mut self, literal: Literal) -> ExprId {
        let span = self.advance().span;
        self.add(ExprKind::Literal(literal), span)
    }

    fn operand(&mut self) -> ExprId {
        let token = self.peek();
        match token.kind {
            TokenKind::Number => {
                let text = SmolStr::new(self.text_of(token));
                self.literal(Literal::Number(text))
            }
            TokenKind::String => self.string(),
            TokenKind::Bytes => {
                let text = self.text_of(token);
                let value = text
                    .find(['\'', '"'])
                    .and_then(|i| text.get(i + 1..text.len().saturating_sub(1)))
                    .unwrap_or("");
                self.literal(Literal::Bytes(SmolStr::new(value)))
            }
            TokenKind::Param => {
                let span = self.advance().span;
                let text = SmolStr::new(span.slice(self.text));
                self.add(ExprKind::Parameter(text), span)
            }
            TokenKind::Colon if !self.is(Dialect::DuckDb) && self.adjacent_parameter() => {
                let start = self.advance().span;
                let span = start.to(self.advance().span);
                let text = SmolStr::new(span.slice(self.text));
                self.add(ExprKind::Parameter(text), span)
            }
            TokenKind::Hash if self.kind_nth(1) == TokenKind::Number => self.positional(),
            TokenKind::LParen => self.bracketed(),
            TokenKind::LBracket => self.array(token.span),
            TokenKind::LBrace => self.braces(),
            TokenKind::Star => self.star_operand(),
            TokenKind::Operator | TokenKind::Bang => self.prefix_operator(),
            TokenKind::QuotedIdent => self.named(),
            TokenKind::Word => self.word(),
            _ => self.no_operand(),
        }
    }

    fn no_operand(&mut self) -> ExprId {
        let at = Span::at(self.peek().span.start);
        self.unexpected("an expression");
        self.error_expr(at)
    }

    fn adjacent_parameter(&self) -> bool {
        let next = self.peek_nth(1);
        matches!(next.kind, TokenKind::Word | TokenKind::Number) && next.span.start == self.peek().span.end
    }

    fn string(&mut self) -> ExprId {
        let start = self.advance();
        let mut value = string_value(self.text_of(start), self.dialect);
        // 'a' <line break> 'b' is one string; Databricks joins neighbours anywhere.
        while self.kind() == TokenKind::String {
            let gap = Span::new(self.last_span().end, self.peek().span.start);
            let joins = match self.dialect {
                Dialect::DuckDb => gap.slice(self.text).contains('\n'),
                Dialect::Databricks => true,
                _ => false,
            };
            if !joins {
                break;
            }
            let next = self.advance();
            let mut joined = value.to_string();
            joined.push_str(&string_value(self.text_of(next), self.dialect));
            value = SmolStr::new(joined);
        }
        let span = self.span_from(start.span);
        self.add(ExprKind::Literal(Literal::String(value)), span)
    }

    /// `#1`, cursor on `#`.
    fn positional(&mut self) -> ExprId {
        let start = self.advance().span;
        let number = self.advance();
        let span = start.to(number.span);
        match self.text_of(number).parse::<u32>() {
            Ok(n) if n > 0 => self.add(ExprKind::Positional(n), span),
            _ => {
                self.report(
                    code::E400,
                    span,
                    "expected the position of a column after `#`, from 1",
                );
                self.error_expr(span)
            }
        }
    }

    /// `@start_date`, `@end_date`.
    pub(super) fn date_placeholder(&mut self) -> Option<ExprId> {
        let at = self.peek().span;
        let word = self.peek_nth(1);
        if word.kind != TokenKind::Word || word.span.start != at.end {
            return None;
        }
        let kind = match self.text_of(word) {
            "start_date" => DatePlaceholder::Start,
            "end_date" => DatePlaceholder::End,
            _ => return None,
        };
        self.advance();
        self.advance();
        let span = at.to(word.span);
        let id = self.add(ExprKind::Date(kind), span);
        Some(self.suffixes(id, at))
    }

    /// `@name(…)` that token expansion left in the text, under a diagnostic of its own: an error node, quietly.
    pub(super) fn unexpanded_macro(&mut self) -> Option<ExprId> {
        let at = self.peek().span;
        let (word, bracket) = (self.peek_nth(1), self.peek_nth(2));
        let is_call = word.kind == TokenKind::Word
            && word.span.start == at.end
            && bracket.kind == TokenKind::LParen
            && bracket.span.start == word.span.end;
        if !is_call {
            return None;
        }
        let close = self.closing_of(self.pos + 2)?;
        self.pos = close + 1;
        let span = self.span_from(at);
        Some(self.error_expr(span))
    }

    /// `*` or `t.*` as an argument, `*COLUMNS(…)`.
    fn star_operand(&mut self) -> ExprId {
        let start = self.peek().span;
        if self.kw_nth(1) == Kw::Columns && self.kind_nth(2) == TokenKind::LParen {
            self.advance();
            return self.columns(start, true);
        }
        match self.try_star() {
            Some(star) => {
                let span = star.span;
                self.add(ExprKind::Star(star), span)
            }
            None => self.no_operand(),
        }
    }

    /// DuckDB's prefix operators: `!!a`, `|/ a`. As a call of the operator's name.
    fn prefix_operator(&mut self) -> ExprId {
        if !self.is(Dialect::DuckDb) {
            return self.no_operand();
        }
        let token = self.advance();
        let value = match self.nested(|p| p.expr_above(level::OP + 1)) {
            Some(id) => id,
            None => self.error_expr(Span::at(token.span.end)),
        };
        let name = vec![Name {
            ident: Ident::quoted(SmolStr::new(self.text_of(token))),
            span: token.span,
        }];
        let span = self.span_from(token.span);
        let call = self.plain_call(name, vec![value]);
        self.add(ExprKind::Function(Box::new(call)), span)
    }

    pub(super) fn plain_call(&self, name: Path, args: Vec<ExprId>) -> Call {
        Call {
            name,
            brackets: true,
            args: args.into_iter().map(|value| Arg { name: None, value }).collect(),
            distinct: false,
            order_by: Vec::new(),
            within_group: false,
            filter: None,
            ignore_nulls: None,
            over: None,
        }
    }

    // ---- brackets

    /// `(x)`, `(a, b)`, `(SELECT …)`, cursor on the bracket.
    fn bracketed(&mut self) -> ExprId {
        let start = self.peek().span;
        let open = self.pos;
        if self.paren_is_query(open) {
            let query = self.bracketed_query_in_expr();
            let span = self.span_from(start);
            return self.add(ExprKind::Subquery(query), span);
        }
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let first = self.expr();
        let kind = if self.kind() == TokenKind::Comma {
            let mut list = vec![first];
            while self.eat(TokenKind::Comma).is_some() {
                let next = self.expr();
                list.push(next);
            }
            ExprKind::Tuple(list)
        } else {
            ExprKind::Paren(first)
        };
        self.in_args = context;
        self.close(open, "bracket");
        let span = self.span_from(start);
        self.add(kind, span)
    }

    /// `[a, b]`, `[e FOR x IN list IF c]`, cursor on the bracket.
    fn array(&mut self, start: Span) -> ExprId {
        let open = self.pos;
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let mut list = Vec::new();
        while self.kind() != TokenKind::RBracket {
            let element = self.expr();
            if self.kw() == Kw::For && list.is_empty() {
                let kind = self.comprehension(element);
                self.in_args = context;
                self.close(open, "list");
                let span = self.span_from(start);
                return self.add(kind, span);
            }
            list.push(element);
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.in_args = context;
        self.close(open, "list");
        let span = self.span_from(start);
        self.add(ExprKind::Array(list), span)
    }

    fn comprehension(&mut self, element: ExprId) -> ExprKind {
        self.advance();
        let mut vars = Vec::new();
        loop {
            vars.extend(self.expect_name("a name for the element"));
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        if !self.expect_kw(Kw::In, "and the list") {
            return ExprKind::Error;
        }
        let list = self.expr();
        let filter = if self.eat_kw(Kw::If).is_some() {
            Some(self.expr())
        } else {
            None
        };
        ExprKind::Comprehension {
            element,
            vars,
            list,
            filter,
        }
    }

    /// `{'a': 1, b: 2}`, cursor on the brace.
    fn braces(&mut self) -> ExprId {
        let start = self.peek().span;
        let open = self.pos;
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let mut fields = Vec::new();
        // Snowflake has the empty object.
        let empty = self.kind() == TokenKind::RBrace && self.is(Dialect::Snowflake);
        loop {
            if empty {
                break;
            }
            let token = self.peek();
            let is_key = token.kind == TokenKind::String || self.is_name(token);
            if is_key && self.kind_nth(1) == TokenKind::Colon {
                self.advance();
                self.advance();
                let value = self.expr();
                fields.push((Some(self.name_of(token)), value));
            } else {
                self.unexpected("a field, `name: value`");
            }
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.in_args = context;
        self.close(open, "struct");
        let span = self.span_from(start);
        self.add(ExprKind::Struct(fields), span)
    }

    /// `MAP {k: v}`, cursor on MAP.
    fn map(&mut self) -> ExprId {
        let start = self.advance().span;
        let open = self.pos;
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let mut entries = Vec::new();
        while self.kind() != TokenKind::RBrace {
            let key = self.expr();
            if self.eat(TokenKind::Colon).is_none() {
                self.unexpected("`:` and a value after the key");
                break;
            }
            let value = self.expr();
            entries.push((key, value));
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.in_args = context;
        self.close(open, "map");
        let span = self.span_from(start);
        self.add(ExprKind::Map(entries), span)
    }

    // ---- suffixes

    /// What DuckDB takes behind IN without brackets: an operand with fields and indexes. A cast there is one of the
    /// whole predicate.
    pub(super) fn operand_of_in(&mut self) -> ExprId {
        if !self.is(Dialect::DuckDb) {
            return self.primary();
        }
        let start = self.peek().span;
        let mut base = self.operand();
        loop {
            base = match self.kind() {
                TokenKind::Dot => match self.field(base, start) {
                    Some(next) => next,
                    None => return base,
                },
                TokenKind::LBracket => self.subscript(base, start),
                _ => return base,
            };
        }
    }

    /// `::type` behind an expression.
    pub(super) fn colon_cast(&mut self, expr: ExprId, start: Span) -> ExprId {
        self.advance();
        let ty = self.type_name();
        self.end_type();
        let span = self.span_from(start);
        let kind = CastKind::Colon;
        self.add(ExprKind::Cast { expr, ty, kind }, span)
    }

    fn suffixes(&mut self, mut base: ExprId, start: Span) -> ExprId {
        loop {
            base = match self.kind() {
                TokenKind::Dot => match self.field(base, start) {
                    Some(next) => next,
                    None => return base,
                },
                TokenKind::LBracket => self.subscript(base, start),
                TokenKind::DoubleColon => self.colon_cast(base, start),
                TokenKind::Colon if matches!(self.dialect, Dialect::Snowflake | Dialect::Databricks) => {
                    let next = self.peek_nth(1);
                    if !(self.is_label(next) || next.kind == TokenKind::LBracket) {
                        return base;
                    }
                    self.json_path(base, start)
                }
                _ => return base,
            };
        }
    }

    fn field(&mut self, base: ExprId, start: Span) -> Option<ExprId> {
        let next = self.peek_nth(1);
        if !self.is_label(next) {
            self.advance();
            if self.kind() == TokenKind::Star {
                let span = self.peek().span;
                self.error_at(
                    span,
                    "`.*` cannot follow an expression; expected the name of a relation before it",
                );
            } else {
                self.unexpected("a name after `.`");
            }
            let span = self.span_from(start);
            self.error_expr(span);
            return None;
        }
        self.advance();
        let token = self.advance();
        let name = self.name_of(token);
        // (a).upper(): the value is the first argument.
        if self.kind() == TokenKind::LParen {
            let mut call = self.call_brackets(vec![name]);
            call.args.insert(
                0,
                Arg {
                    name: None,
                    value: base,
                },
            );
            self.call_suffixes(&mut call);
            let span = self.span_from(start);
            return Some(self.add(ExprKind::Function(Box::new(call)), span));
        }
        let span = self.span_from(start);
        Some(self.add(ExprKind::Field { base, name }, span))
    }

    /// `x[i]`, `x[a:b:c]`.
    fn subscript(&mut self, base: ExprId, start: Span) -> ExprId {
        let open = self.pos;
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let mut bounds: [Option<ExprId>; 3] = [None; 3];
        let mut slices = false;
        for (index, bound) in bounds.iter_mut().enumerate() {
            match self.kind() {
                TokenKind::Colon => {}
                // a[1:-:2]: an open end.
                TokenKind::Minus if matches!(self.kind_nth(1), TokenKind::Colon | TokenKind::RBracket) => {
                    self.advance();
                }
                TokenKind::RBracket if index > 0 => {}
                _ => *bound = Some(self.expr()),
            }
            if self.kind() != TokenKind::Colon || index == 2 {
                break;
            }
            self.advance();
            slices = true;
        }
        self.in_args = context;
        self.close(open, "subscript");
        let span = self.span_from(start);
        match (slices, bounds) {
            (false, [Some(index), ..]) => self.add(ExprKind::Index { base, index }, span),
            _ => self.add(ExprKind::Slice { base, bounds }, span),
        }
    }

    /// `x:a.b[0]`, cursor on the colon.
    fn json_path(&mut self, base: ExprId, start: Span) -> ExprId {
        self.advance();
        let from = self.peek().span;
        let mut first = true;
        loop {
            match self.kind() {
                TokenKind::LBracket => {
                    let open = self.pos;
                    self.advance();
                    self.expr();
                    self.close(open, "subscript");
                }
                TokenKind::Dot | TokenKind::Colon if !first && self.is_label(self.peek_nth(1)) => {
                    self.advance();
                    self.advance();
                }
                _ if first && self.is_label(self.peek()) => {
                    self.advance();
                }
                _ => break,
            }
            first = false;
        }
        let path = self.span_from(from);
        let span = self.span_from(start);
        self.add(ExprKind::JsonPath { base, path }, span)
    }

    // ---- words

    /// A word: a special form, a typed literal, a call or a name.
    fn word(&mut self) -> ExprId {
        let token = self.peek();
        let next = self.peek_nth(1);
        let bracket = next.kind == TokenKind::LParen;
        match token.kw {
            Kw::Null => return self.literal(Literal::Null),
            Kw::True => return self.literal(Literal::Bool(true)),
            Kw::False => return self.literal(Literal::Bool(false)),
            Kw::Case => return self.case(),
            Kw::Cast | Kw::TryCast | Kw::SafeCast if bracket => {
                if token.kw == Kw::SafeCast && self.is(Dialect::DuckDb) {
                    let message = "`SAFE_CAST` is `TRY_CAST` in DuckDB";
                    let edit = Edit {
                        loc: Loc::text(token.span),
                        text: "TRY_CAST".to_owned(),
                    };
                    let finding = Diagnostic::new(code::E400, Loc::text(token.span), message);
                    self.push(finding.fix("write `TRY_CAST`", vec![edit]));
                }
                return self.cast();
            }
            Kw::Exists if bracket && self.paren_is_query(self.pos + 1) => return self.exists(),
            Kw::Extract if bracket => return self.extract(),
            Kw::Interval => {
                if let Some(id) = self.interval() {
                    return id;
                }
            }
            Kw::Trim if bracket => return self.trim(),
            Kw::Substring | Kw::Substr if bracket => return self.substring(),
            Kw::Position if bracket => return self.position(),
            Kw::Overlay if bracket => return self.overlay(),
            Kw::Array => {
                if let Some(id) = self.array_word() {
                    return id;
                }
            }
            Kw::Struct => {
                if let Some(id) = self.struct_word() {
                    return id;
                }
            }
            Kw::Map if next.kind == TokenKind::LBrace => return self.map(),
            Kw::Row if bracket => return self.row(),
            Kw::Columns if bracket && self.is(Dialect::DuckDb) => return self.columns(token.span, false),
            Kw::Default if !bracket && !matches!(next.kind, TokenKind::Dot | TokenKind::String) => {
                let span = self.advance().span;
                return self.add(ExprKind::Default, span);
            }
            Kw::Lambda if self.is_name(next) => return self.python_lambda(),
            Kw::Collation if next.kw == Kw::For => {
                let start = self.advance();
                self.advance();
                let name = vec![self.name_of(start)];
                if self.kind() != TokenKind::LParen {
                    self.unexpected("`(` after `COLLATION FOR`");
                    return self.error_expr(start.span);
                }
                let call = self.call_brackets(name);
                let span = self.span_from(start.span);
                return self.add(ExprKind::Function(Box::new(call)), span);
            }
            _ => {}
        }
        // CURRENT_DATE and its kin are calls without brackets.
        if !bracket && self.is_bare_function(token) && next.kind != TokenKind::Dot {
            let span = self.advance().span;
            let name = vec![self.name_of(token)];
            let mut call = self.plain_call(name, Vec::new());
            call.brackets = false;
            return self.add(ExprKind::Function(Box::new(call)), span);
        }
        // DATE '2020-01-01', TIMESTAMP WITH TIME ZONE '…', DOUBLE PRECISION '1'
        if let Some(id) = self.typed_literal() {
            return id;
        }
        // A reserved word may be a function: LEFT(…), REPLACE(…), IF(…).
        if bracket && token.class.is_reserved(self.dialect) && self.is_reserved_function(token.kw) {
            return self.named();
        }
        if !self.is_name(token) {
            return self.no_operand();
        }
        self.named()
    }

    fn is_bare_function(&self, token: Token) -> bool {
        match token.kw {
            Kw::CurrentDate | Kw::CurrentTimestamp | Kw::CurrentTime | Kw::CurrentUser => true,
            Kw::Localtime | Kw::Localtimestamp => !self.is(Dialect::BigQuery),
            Kw::CurrentDatetime => self.is(Dialect::BigQuery),
            Kw::CurrentCatalog | Kw::CurrentRole | Kw::CurrentSchema | Kw::SessionUser | Kw::User => {
                self.is(Dialect::DuckDb)
            }
            _ => false,
        }
    }

    fn is_reserved_function(&self, kw: Kw) -> bool {
        if self.is(Dialect::DuckDb) {
            return !matches!(
                kw,
                Kw::And
                    | Kw::Any
                    | Kw::As
                    | Kw::Asc
                    | Kw::Both
                    | Kw::Case
                    | Kw::Cast
                    | Kw::Collate
                    | Kw::Create
                    | Kw::Desc
                    | Kw::Describe
                    | Kw::Distinct
                    | Kw::Else
                    | Kw::End
                    | Kw::Except
                    | Kw::Fetch
                    | Kw::For
                    | Kw::From
                    | Kw::Group
                    | Kw::Having
                    | Kw::In
                    | Kw::Intersect
                    | Kw::Into
                    | Kw::Lateral
                    | Kw::Limit
                    | Kw::Not
                    | Kw::Offset
                    | Kw::On
                    | Kw::Or
                    | Kw::Order
                    | Kw::Pivot
                    | Kw::Qualify
                    | Kw::Select
                    | Kw::Show
                    | Kw::Some
                    | Kw::Table
                    | Kw::Then
                    | Kw::To
                    | Kw::Union
                    | Kw::Unpivot
                    | Kw::Using
                    | Kw::When
                    | Kw::Where
                    | Kw::Window
                    | Kw::With
                    | Kw::All
                    | Kw::By
                    | Kw::Semi
                    | Kw::Anti
            );
        }
        matches!(
            kw,
            Kw::Left
                | Kw::Right
                | Kw::If
                | Kw::Grouping
                | Kw::Unnest
                | Kw::Like
                | Kw::Ilike
                | Kw::Rlike
                | Kw::Regexp
                | Kw::Replace
                | Kw::CurrentDate
                | Kw::CurrentTime
                | Kw::CurrentTimestamp
                | Kw::CurrentUser
                | Kw::Localtime
                | Kw::Localtimestamp
                | Kw::Range
                | Kw::Any
                | Kw::Values
                | Kw::Exists
                | Kw::Cube
                | Kw::Rollup
                | Kw::Collate
                | Kw::Table
        )
    }

    /// A dotted name, or a call of it.
    fn named(&mut self) -> ExprId {
        let first = self.advance();
        let path = self.path_from(first);
        if self.kind() != TokenKind::LParen {
            let span = self.span_from(first.span);
            return self.add(ExprKind::Column(path), span);
        }
        // decimal(3, 2) '1'
        if self.is(Dialect::DuckDb)
            && path.len() == 1
            && self
                .closing_of(self.pos)
                .is_some_and(|c| self.token_at(c + 1).kind == TokenKind::String)
            && matches!(self.kind_nth(1), TokenKind::Number)
        {
            self.pos -= 1;
            return self.typed_literal_here();
        }
        let mut call = self.call_brackets(path);
        self.call_suffixes(&mut call);
        let span = self.span_from(first.span);
        self.add(ExprKind::Function(Box::new(call)), span)
    }

    /// A type and a string behind it.
    fn typed_literal(&mut self) -> Option<ExprId> {
        let token = self.peek();
        let next = self.peek_nth(1);
        if token.class.is_reserved(self.dialect) && !matches!(token.kw, Kw::Date | Kw::Time | Kw::Timestamp) {
            return None;
        }
        let is_literal = match next.kind {
            TokenKind::String => true,
            TokenKind::Word => match token.kw {
                Kw::Time | Kw::Timestamp => {
                    matches!(next.kw, Kw::With | Kw::Without)
                        && self.kw_nth(2) == Kw::Time
                        && self.kw_nth(3) == Kw::Zone
                        && self.kind_nth(4) == TokenKind::String
                }
                Kw::Double => next.kw == Kw::Precision && self.kind_nth(2) == TokenKind::String,
                _ => false,
            },
            _ => false,
        };
        is_literal.then(|| self.typed_literal_here())
    }

    fn typed_literal_here(&mut self) -> ExprId {
        let start = self.peek().span;
        let ty = self.type_name();
        self.end_type();
        if self.kind() != TokenKind::String {
            self.unexpected("a string after the type");
            let span = self.span_from(start);
            return self.error_expr(span);
        }
        let expr = self.string();
        let span = self.span_from(start);
        self.add(
            ExprKind::Cast {
                expr,
                ty,
                kind: CastKind::Literal,
            },
            span,
        )
    }

    // ---- special forms

    fn case(&mut self) -> ExprId {
        let start = self.advance().span;
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let operand = if matches!(self.kw(), Kw::When | Kw::Else | Kw::End) {
            None
        } else {
            Some(self.expr())
        };
        let mut whens = Vec::new();
        let mut otherwise = None;
        if self.kw() != Kw::When {
            self.unexpected("`WHEN` after `CASE`");
        }
        while self.eat_kw(Kw::When).is_some() {
            let when = self.expr();
            let then = if self.expect_kw(Kw::Then, "and the value after the condition") {
                self.expr()
            } else {
                let at = Span::at(self.last_span().end);
                self.error_expr(at)
            };
            whens.push((when, then));
        }
        if self.eat_kw(Kw::Else).is_some() {
            otherwise = Some(self.expr());
        }
        self.in_args = context;
        if self.eat_kw(Kw::End).is_none() {
            if self.may_report() {
                let found = self.found();
                let at = self.peek().span;
                self.push(
                    rocky_base::Diagnostic::new(
                        code::E400,
                        rocky_base::Loc::text(at),
                        format!("expected `END` to close `CASE`, found {found}"),
                    )
                    .note(rocky_base::Loc::text(start), "opened here"),
                );
            }
            self.recover();
            self.eat_kw(Kw::End);
        }
        let span = self.span_from(start);
        self.add(
            ExprKind::Case {
                operand,
                whens,
                otherwise,
            },
            span,
        )
    }

    fn cast(&mut self) -> ExprId {
        let start = self.advance();
        let kind = if start.kw == Kw::Cast {
            CastKind::Cast
        } else {
            CastKind::Try
        };
        let open = self.pos;
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let expr = self.expr();
        self.in_args = context;
        let mut ty = TypeName {
            span: Span::at(self.last_span().end),
        };
        if self.expect_kw(Kw::As, "and the type") {
            ty = self.type_name();
            self.end_type();
            // BigQuery: CAST(x AS STRING FORMAT 'YYYY')
            if self.at_word(0, "FORMAT") {
                self.advance();
                self.expr();
            }
        }
        self.close(open, "cast");
        let span = self.span_from(start.span);
        self.add(ExprKind::Cast { expr, ty, kind }, span)
    }

    fn exists(&mut self) -> ExprId {
        let start = self.advance().span;
        let query = self.bracketed_query_in_expr();
        let span = self.span_from(start);
        self.add(
            ExprKind::Exists {
                negated: false,
                query,
            },
            span,
        )
    }

    /// `EXTRACT(field FROM x)`; Databricks and Snowflake's `EXTRACT(field, x)` does not exist.
    fn extract(&mut self) -> ExprId {
        let start = self.advance().span;
        let open = self.pos;
        self.advance();
        let token = self.peek();
        let is_field = matches!(
            token.kind,
            TokenKind::Word | TokenKind::String | TokenKind::QuotedIdent
        ) && token.kw != Kw::From;
        if !is_field {
            self.unexpected("the field of `EXTRACT`");
            self.close(open, "EXTRACT");
            let span = self.span_from(start);
            return self.error_expr(span);
        }
        self.advance();
        let mut field_span = token.span;
        let mut field = match token.kind {
            TokenKind::String => string_value(self.text_of(token), self.dialect).to_ascii_uppercase(),
            _ => self.name_of(token).ident.text.to_ascii_uppercase(),
        };
        // BigQuery: WEEK(MONDAY)
        if self.kind() == TokenKind::LParen {
            self.skip_brackets("day of the week");
            field_span = self.span_from(token.span);
            field = field_span.slice(self.text).to_ascii_uppercase();
        }
        if !self.expect_kw(Kw::From, "and the value after the field") {
            self.close(open, "EXTRACT");
            let span = self.span_from(start);
            return self.error_expr(span);
        }
        let expr = self.expr();
        self.close(open, "EXTRACT");
        let span = self.span_from(start);
        self.add(
            ExprKind::Extract {
                field: SmolStr::new(field),
                field_span,
                expr,
            },
            span,
        )
    }

    /// `INTERVAL …`; `None` when INTERVAL is a name here.
    fn interval(&mut self) -> Option<ExprId> {
        let start = self.peek().span;
        let next = self.peek_nth(1);
        let duck = self.is(Dialect::DuckDb);
        let is_interval = match next.kind {
            TokenKind::String | TokenKind::Number | TokenKind::Param => true,
            TokenKind::LParen => self.closing_of(self.pos + 1).is_some_and(|c| self.unit_at(c + 1)),
            TokenKind::Minus | TokenKind::Plus => !duck && self.starts_operand(2),
            TokenKind::At => true,
            TokenKind::Word | TokenKind::QuotedIdent => !duck && self.interval_of_name(),
            _ => false,
        };
        if !is_interval {
            return None;
        }
        self.advance();
        let mut id = self.one_interval(start);
        // Databricks: INTERVAL 1 DAY 2 HOURS
        while self.is(Dialect::Databricks)
            && matches!(self.kind(), TokenKind::Number | TokenKind::String)
            && self.at_unit(1)
        {
            let from = self.peek().span;
            let right = self.one_interval(from);
            let span = self.span_from(start);
            id = self.add(
                ExprKind::Binary {
                    left: id,
                    op: BinaryOp::Add,
                    op_span: Span::at(from.start),
                    right,
                },
                span,
            );
        }
        Some(id)
    }

    fn unit_at(&self, index: usize) -> bool {
        index >= self.pos && self.at_unit(index - self.pos)
    }

    /// BigQuery: `INTERVAL n DAY`, `INTERVAL t.n DAY`, `INTERVAL f(n) DAY`.
    fn interval_of_name(&self) -> bool {
        let mut n = 1;
        while self.is_label(self.peek_nth(n)) && self.kind_nth(n + 1) == TokenKind::Dot {
            n += 2;
        }
        if self.kind_nth(n + 1) == TokenKind::LParen {
            return self
                .closing_of(self.pos + n + 1)
                .is_some_and(|c| self.unit_at(c + 1));
        }
        let operator = matches!(
            self.kind_nth(n + 1),
            TokenKind::Plus | TokenKind::Minus | TokenKind::Star | TokenKind::Slash
        );
        self.at_unit(n + 1) || (operator && self.is(Dialect::BigQuery) && self.at_unit(n + 3))
    }

    /// Amount and unit; the cursor is behind INTERVAL.
    fn one_interval(&mut self, start: Span) -> ExprId {
        let value = match self.kind() {
            TokenKind::String => self.string(),
            _ if self.is(Dialect::BigQuery) => self.expr_above(level::ADD),
            TokenKind::Minus | TokenKind::Plus => self.expr_above(level::SIGN),
            TokenKind::At => self.expr_above(level::SIGN),
            TokenKind::LParen => self.bracketed(),
            _ => self.operand(),
        };
        let is_string = matches!(self.ast.expr(value).kind, ExprKind::Literal(Literal::String(_)));
        let mut unit = None;
        if self.at_unit(0) {
            let from = self.advance().span;
            if self.kw() == Kw::To && self.at_unit(1) {
                self.advance();
                self.advance();
            }
            let text = self.span_from(from).slice(self.text).to_ascii_uppercase();
            unit = Some(SmolStr::new(
                text.split_whitespace().collect::<Vec<_>>().join(" "),
            ));
        } else if !is_string {
            self.unexpected("a unit (`DAY`, `MONTH` …) after the amount of `INTERVAL`");
        }
        let span = self.span_from(start);
        self.add(ExprKind::Interval { value, unit }, span)
    }

    fn finish_special(&mut self, start: Token, name: &str, args: Vec<ExprId>) -> ExprId {
        let name = vec![Name {
            ident: Ident::bare(name),
            span: start.span,
        }];
        let mut call = self.plain_call(name, args);
        self.call_suffixes(&mut call);
        let span = self.span_from(start.span);
        self.add(ExprKind::Function(Box::new(call)), span)
    }

    /// `TRIM([BOTH] ['x'] FROM a)` becomes `trim(a, 'x')`, LEADING `ltrim`, TRAILING `rtrim`.
    fn trim(&mut self) -> ExprId {
        let start = self.advance();
        let open = self.pos;
        self.advance();
        let word = if self.kind_nth(1) == TokenKind::Comma {
            Kw::None
        } else {
            self.kw()
        };
        let name = match word {
            Kw::Leading => "ltrim",
            Kw::Trailing => "rtrim",
            _ => "trim",
        };
        let explicit = matches!(word, Kw::Leading | Kw::Trailing | Kw::Both);
        if explicit {
            self.advance();
        }
        let mut args = Vec::new();
        if self.kw() == Kw::From {
            self.advance();
            let value = self.expr();
            args.push(value);
        } else {
            let first = self.expr();
            if self.eat_kw(Kw::From).is_some() {
                let value = self.expr();
                args.push(value);
                args.push(first);
            } else {
                args.push(first);
            }
        }
        while self.eat(TokenKind::Comma).is_some() {
            let next = self.expr();
            args.push(next);
        }
        self.close(open, "TRIM");
        let written = self.text_of(start);
        let shown = if name == "trim" { written } else { name };
        self.finish_special(start, shown, args)
    }

    /// `SUBSTRING(a FROM 1 FOR 2)` becomes `substring(a, 1, 2)`.
    fn substring(&mut self) -> ExprId {
        let start = self.advance();
        let open = self.pos;
        let special = self.special_words_ahead(open, &[Kw::From, Kw::For]);
        if !special {
            let name = vec![self.name_of(start)];
            let mut call = self.call_brackets(name);
            self.call_suffixes(&mut call);
            let span = self.span_from(start.span);
            return self.add(ExprKind::Function(Box::new(call)), span);
        }
        self.advance();
        let value = self.expr();
        let mut args = vec![value];
        let mut length = None;
        loop {
            if self.eat_kw(Kw::From).is_some() {
                let from = self.expr();
                args.push(from);
            } else if self.eat_kw(Kw::For).is_some() {
                length = Some(self.expr());
            } else {
                break;
            }
            if args.len() > 2 {
                break;
            }
        }
        if let Some(length) = length {
            if args.len() == 1 {
                let at = Span::at(self.ast.expr(length).span.start);
                let one = self.add(ExprKind::Literal(Literal::Number(SmolStr::new("1"))), at);
                args.push(one);
            }
            args.push(length);
        }
        self.close(open, "SUBSTRING");
        let written = self.text_of(start);
        self.finish_special(start, written, args)
    }

    /// True when one of `words` stands directly inside the bracket at token `open`.
    fn special_words_ahead(&self, open: usize, words: &[Kw]) -> bool {
        let end = self
            .closing_of(open)
            .unwrap_or_else(|| (open + 64).min(self.tokens.len()));
        let mut index = open + 1;
        while index < end {
            let token = self.token_at(index);
            if words.contains(&token.kw) {
                return true;
            }
            if token.kind == TokenKind::Comma {
                return false;
            }
            let opens = matches!(
                token.kind,
                TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace
            );
            index = if opens {
                self.closing_of(index).map_or(index + 1, |c| c + 1)
            } else {
                index + 1
            };
        }
        false
    }

    /// `POSITION(x IN y)`: in the order of the function's own form, which is haystack first on DuckDB, needle first elsewhere.
    fn position(&mut self) -> ExprId {
        let start = self.advance();
        let open = self.pos;
        if !self.special_words_ahead(open, &[Kw::In]) {
            let name = vec![self.name_of(start)];
            let mut call = self.call_brackets(name);
            self.call_suffixes(&mut call);
            let span = self.span_from(start.span);
            return self.add(ExprKind::Function(Box::new(call)), span);
        }
        self.advance();
        let needle = self.operand_above_predicates();
        self.expect_kw(Kw::In, "between needle and haystack");
        let haystack = self.operand_above_predicates();
        self.close(open, "POSITION");
        let args = if self.is(Dialect::DuckDb) {
            vec![haystack, needle]
        } else {
            vec![needle, haystack]
        };
        let written = self.text_of(start);
        self.finish_special(start, written, args)
    }

    /// `OVERLAY(a PLACING b FROM c FOR d)` becomes `overlay(a, b, c, d)`.
    fn overlay(&mut self) -> ExprId {
        let start = self.advance();
        let open = self.pos;
        self.advance();
        let first = self.expr();
        let mut args = vec![first];
        if self.eat_kw(Kw::Placing).is_some() {
            let replacement = self.expr();
            args.push(replacement);
            if self.expect_kw(Kw::From, "and the place in `OVERLAY`") {
                let from = self.expr();
                args.push(from);
                if self.eat_kw(Kw::For).is_some() {
                    let length = self.expr();
                    args.push(length);
                }
            }
        } else {
            while self.eat(TokenKind::Comma).is_some() {
                let next = self.expr();
                args.push(next);
            }
        }
        self.close(open, "OVERLAY");
        let written = self.text_of(start);
        self.finish_special(start, written, args)
    }

    /// `ARRAY[…]`, `ARRAY(SELECT …)`, `ARRAY<T>[…]`; `None` for `array(…)`.
    fn array_word(&mut self) -> Option<ExprId> {
        let start = self.peek().span;
        match self.kind_nth(1) {
            TokenKind::LBracket => {
                self.advance();
                Some(self.array(start))
            }
            TokenKind::LParen if self.paren_is_query(self.pos + 1) => {
                self.advance();
                let query = self.bracketed_query_in_expr();
                let span = self.span_from(start);
                Some(self.add(ExprKind::ArrayQuery(query), span))
            }
            TokenKind::LParen => Some(self.named()),
            TokenKind::Lt if self.is(Dialect::BigQuery) => {
                let ty = self.type_name();
                self.end_type();
                if self.kind() != TokenKind::LBracket {
                    self.unexpected("`[` after the type of the array");
                    let span = self.span_from(start);
                    return Some(self.error_expr(span));
                }
                let at = self.peek().span;
                let expr = self.array(at);
                let span = self.span_from(start);
                Some(self.add(
                    ExprKind::Cast {
                        expr,
                        ty,
                        kind: CastKind::Literal,
                    },
                    span,
                ))
            }
            _ => None,
        }
    }

    /// `STRUCT(1 AS a, 2)`, `STRUCT<a INT64>(1)`.
    fn struct_word(&mut self) -> Option<ExprId> {
        let start = self.peek().span;
        match self.kind_nth(1) {
            TokenKind::LParen => {
                self.advance();
                Some(self.struct_fields(start))
            }
            TokenKind::Lt if self.is(Dialect::BigQuery) => {
                let ty = self.type_name();
                self.end_type();
                if self.kind() != TokenKind::LParen {
                    self.unexpected("`(` after the type of the struct");
                    let span = self.span_from(start);
                    return Some(self.error_expr(span));
                }
                let at = self.peek().span;
                let expr = self.struct_fields(at);
                let span = self.span_from(start);
                Some(self.add(
                    ExprKind::Cast {
                        expr,
                        ty,
                        kind: CastKind::Literal,
                    },
                    span,
                ))
            }
            _ => None,
        }
    }

    fn struct_fields(&mut self, start: Span) -> ExprId {
        let open = self.pos;
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let mut fields = Vec::new();
        while self.kind() != TokenKind::RParen {
            // DuckDB and Databricks: STRUCT(a := 1)
            let token = self.peek();
            let named =
                self.is_name(token) && matches!(self.kind_nth(1), TokenKind::Assign | TokenKind::FatArrow);
            if named {
                self.advance();
                self.advance();
            }
            let value = self.expr();
            let name = if named {
                Some(self.name_of(token))
            } else if self.eat_kw(Kw::As).is_some() {
                self.expect_label("a name after `AS`")
            } else {
                None
            };
            fields.push((name, value));
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.in_args = context;
        self.close(open, "struct");
        let span = self.span_from(start);
        self.add(ExprKind::Struct(fields), span)
    }

    fn row(&mut self) -> ExprId {
        let start = self.advance().span;
        let open = self.pos;
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::None);
        let list = if self.kind() == TokenKind::RParen {
            Vec::new()
        } else {
            self.expr_list()
        };
        self.in_args = context;
        self.close(open, "row");
        let span = self.span_from(start);
        self.add(ExprKind::Tuple(list), span)
    }

    /// `COLUMNS(…)`, cursor on the word.
    fn columns(&mut self, start: Span, unpack: bool) -> ExprId {
        self.advance();
        let open = self.pos;
        self.advance();
        let context = std::mem::replace(&mut self.in_args, ArgContext::LambdaCall);
        let selector = self.argument_value();
        self.in_args = context;
        self.close(open, "COLUMNS");
        let span = self.span_from(start);
        self.add(ExprKind::Columns { selector, unpack }, span)
    }
}
