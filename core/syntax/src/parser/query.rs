//! Queries: WITH, set operations, VALUES, ORDER BY and LIMIT.

use super::Parser;
use crate::ast::{
    Body, Cte, Direction, ExprId, OrderByAll, OrderItem, Query, QueryId, SetOp, SetOperand, Sort, Tells, With,
};
use crate::lexer::{Kw, TokenKind};
use rocky_base::{Diagnostic, Dialect, Loc, Span, code};

/// What stands behind a query's body.
#[derive(Default)]
struct Tail {
    order_by: Vec<OrderItem>,
    order_by_all: Option<OrderByAll>,
    limit: Option<ExprId>,
    limit_percent: bool,
    offset: Option<ExprId>,
    ordered: bool,
    limited: bool,
    skipped: bool,
}

impl Parser<'_> {
    /// True when a query begins at the cursor.
    pub(super) fn at_query_start(&self) -> bool {
        self.query_starts_at(self.pos)
    }

    fn query_starts_at(&self, index: usize) -> bool {
        let token = self.token_at(index);
        let next = self.token_at(index + 1);
        match token.kw {
            Kw::Select => true,
            Kw::From => !matches!(next.kind, TokenKind::RParen | TokenKind::Comma | TokenKind::Eof),
            Kw::With => self.is_label(next),
            Kw::Values => {
                next.kind == TokenKind::LParen
                    || (self.is(Dialect::Databricks)
                        && matches!(next.kind, TokenKind::Number | TokenKind::String))
            }
            Kw::Table => self.is_label(next),
            Kw::Pivot
            | Kw::PivotWider
            | Kw::Unpivot
            | Kw::PivotLonger
            | Kw::Describe
            | Kw::Summarize
            | Kw::Show => {
                self.is(Dialect::DuckDb)
                    && !matches!(next.kind, TokenKind::RParen | TokenKind::Comma | TokenKind::Eof)
            }
            Kw::Desc => self.is(Dialect::DuckDb) && self.is_label(next),
            _ => token.kind == TokenKind::LParen && self.paren_is_query(index),
        }
    }

    /// True when the bracket at token `open` holds a query: `(SELECT …)`, `((SELECT …) UNION …)`, but not
    /// `((SELECT 1) + 2)`.
    pub(super) fn paren_is_query(&self, open: usize) -> bool {
        // Down to the innermost bracket of the run, then outwards: a bracket before a bracket opens a query when the
        // inner one does and is followed by what may follow a query's operand.
        let mut innermost = open;
        while self.token_at(innermost + 1).kind == TokenKind::LParen {
            if innermost - open > super::MAX_NESTING as usize {
                return false;
            }
            innermost += 1;
        }
        if self.token_at(innermost + 1).kind == TokenKind::LParen
            || !self.query_starts_at_plain(innermost + 1)
        {
            return false;
        }
        let mut level = innermost;
        while level > open {
            let Some(close) = self.closing_of(level) else {
                return true;
            };
            let after = self.token_at(close + 1);
            let goes_on = after.kind == TokenKind::RParen
                || after.kind == TokenKind::Eof
                || matches!(
                    after.kw,
                    Kw::Union
                        | Kw::Intersect
                        | Kw::Except
                        | Kw::Minus
                        | Kw::Order
                        | Kw::Limit
                        | Kw::Offset
                        | Kw::Fetch
                );
            if !goes_on {
                return false;
            }
            level -= 1;
        }
        true
    }

    fn query_starts_at_plain(&self, index: usize) -> bool {
        self.token_at(index).kind != TokenKind::LParen && self.query_starts_at(index)
    }

    /// A query in its own level of nesting, up to what cannot belong to it.
    pub(super) fn query(&mut self) -> QueryId {
        let start = self.peek().span;
        match self.nested(Self::query_here) {
            Some(id) => id,
            None => self.error_query(start),
        }
    }

    fn error_query(&mut self, start: Span) -> QueryId {
        let span = Span::new(start.start, self.last_span().end.max(start.start));
        self.add_query(Query {
            span,
            with: None,
            body: Body::Error,
            order_by: Vec::new(),
            order_by_all: None,
            limit: None,
            limit_percent: false,
            offset: None,
        })
    }

    fn add_query(&mut self, query: Query) -> QueryId {
        let height = self.open_heights.last().copied().unwrap_or(0);
        self.query_heights.push(height);
        self.ast.add_query(query)
    }

    fn wrap(&mut self, body: Body, span: Span) -> QueryId {
        self.add_query(Query {
            span,
            with: None,
            body,
            order_by: Vec::new(),
            order_by_all: None,
            limit: None,
            limit_percent: false,
            offset: None,
        })
    }

    /// A query without counting a level.
    pub(super) fn query_here(&mut self) -> QueryId {
        self.open_heights.push(0);
        let in_args = std::mem::replace(&mut self.in_args, super::ArgContext::None);
        let top = self.pending_top.take();
        let start = self.peek().span;
        let with = (self.kw() == Kw::With).then(|| self.with_clause());
        let mut body = self.set_operations(start);
        let mut tail = self.tail(&mut body);
        // SELECT … ORDER BY … UNION …: the operand needs brackets.
        if let Some((op, _)) = self.set_operator_ahead() {
            let clause = if tail.ordered { "ORDER BY" } else { "LIMIT" };
            let word = set_op_word(op);
            let operand = Query {
                span: self.span_from(start),
                with: None,
                body,
                order_by: tail.order_by,
                order_by_all: tail.order_by_all,
                limit: tail.limit,
                limit_percent: tail.limit_percent,
                offset: tail.offset,
            };
            let span = self.peek().span;
            let diagnostic = Diagnostic::new(
                code::E400,
                Loc::text(span),
                format!("`{word}` cannot follow `{clause}`; expected the query before it in brackets"),
            )
            .note(Loc::text(operand.span), "this operand");
            self.push(diagnostic);
            let first = self.add_query(operand);
            let rest = self.set_rest(start, |_| true);
            body = Body::SetOp { first, rest };
            tail = self.tail(&mut body);
        }
        let span = self.span_from(start);
        let height = self.open_heights.pop().unwrap_or(0);
        if let Some(top) = self.open_heights.last_mut() {
            *top = (*top).max(height);
        }
        self.in_args = in_args;
        self.pending_top = top;
        self.query_heights.push(height);
        self.ast.add_query(Query {
            span,
            with,
            body,
            order_by: tail.order_by,
            order_by_all: tail.order_by_all,
            limit: tail.limit,
            limit_percent: tail.limit_percent,
            offset: tail.offset,
        })
    }

    /// `(query)` with the cursor on the bracket; the query's id.
    pub(super) fn bracketed_query(&mut self, what: &str) -> QueryId {
        let open = self.pos;
        self.advance();
        let query = self.query();
        self.close(open, what);
        query
    }

    /// Like [`Self::bracketed_query`], inside an expression, whose level was counted already.
    pub(super) fn bracketed_query_in_expr(&mut self) -> QueryId {
        let open = self.pos;
        self.advance();
        let query = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.query_here());
        self.close(open, "subquery");
        query
    }

    fn with_clause(&mut self) -> With {
        let start = self.advance().span;
        let recursive =
            self.kw() == Kw::Recursive && self.is_label(self.peek_nth(1)) && self.kw_nth(1) != Kw::As;
        if recursive {
            self.advance();
        }
        let mut ctes = Vec::new();
        loop {
            if !self.is_cte_name() {
                // WITH a AS (…), SELECT
                let trailing = !ctes.is_empty() && self.kw() == Kw::Select;
                if trailing {
                    let comma = self.last_span();
                    self.report(
                        code::E400,
                        comma,
                        "comma after the last CTE; expected SELECT or another name",
                    );
                } else {
                    self.unexpected("a name for the CTE");
                }
                if self.eat(TokenKind::Comma).is_some() {
                    continue;
                }
                break;
            }
            match self.cte() {
                Some(cte) => ctes.push(cte),
                None if self.at_query_start() => break,
                None => {}
            }
            if self.eat(TokenKind::Comma).is_some() {
                continue;
            }
            // WITH a AS (…) b AS (…)
            if self.is_name(self.peek()) && (self.kw_nth(1) == Kw::As) {
                let span = self.peek().span;
                let found = self.found();
                self.report(
                    code::E400,
                    span,
                    format!("expected `,` between CTEs, found {found}"),
                );
                continue;
            }
            break;
        }
        With {
            span: self.span_from(start),
            recursive,
            ctes,
        }
    }

    /// A name; DuckDB takes a string for one.
    fn is_cte_name(&self) -> bool {
        let token = self.peek();
        self.is_name(token) || token.kind == TokenKind::String && self.is(Dialect::DuckDb)
    }

    fn cte(&mut self) -> Option<Cte> {
        let token = self.peek();
        if !self.is_cte_name() {
            return None;
        }
        self.advance();
        let name = self.name_of(token);
        // WITH a (SELECT …)
        let bare = self.kind() == TokenKind::LParen && self.paren_is_query(self.pos);
        let columns = if self.kind() == TokenKind::LParen && !bare {
            self.name_list("column list")
        } else {
            Vec::new()
        };
        let mut using_key = Vec::new();
        if self.kw() == Kw::Using && self.kw_nth(1) == Kw::Key {
            self.advance();
            self.advance();
            if self.kind() == TokenKind::LParen {
                using_key = self.name_list("key");
            } else {
                self.unexpected("`(` after `USING KEY`");
            }
        }
        if !self.expect_kw(Kw::As, "after the name of the CTE") && self.kind() != TokenKind::LParen {
            return None;
        }
        let materialized = match self.eat_kws(Kw::Not, Kw::Materialized) {
            Some(_) => Some(false),
            None => self.eat_kw(Kw::Materialized).map(|_| true),
        };
        if self.kind() != TokenKind::LParen {
            self.unexpected("`(` before the query of the CTE");
            // Where the CTE ends and the query begins is anybody's guess: one mistake, one message.
            while !self.at_eof() {
                self.advance();
            }
            self.silent_at = Some(self.pos);
            let query = self.error_query(self.peek().span);
            let span = self.span_from(name.span);
            return Some(Cte {
                name,
                columns,
                query,
                using_key,
                materialized,
                span,
            });
        }
        let query = self.bracketed_query("CTE");
        let span = self.span_from(name.span);
        Some(Cte {
            name,
            columns,
            query,
            using_key,
            materialized,
            span,
        })
    }

    // ---- set operations

    fn set_operator_ahead(&self) -> Option<(SetOp, usize)> {
        let op = match self.kw() {
            Kw::Union => SetOp::Union,
            Kw::Intersect => SetOp::Intersect,
            Kw::Except => SetOp::Except,
            Kw::Minus if !self.is(Dialect::DuckDb) => SetOp::Except,
            _ => return None,
        };
        Some((op, 1))
    }

    /// UNION and EXCEPT over INTERSECT over single bodies.
    fn set_operations(&mut self, start: Span) -> Body {
        let body = self.intersections(start);
        match self.set_operator_ahead() {
            None => body,
            Some(_) => {
                let span = self.span_from(start);
                let first = self.wrap(body, span);
                let rest = self.set_rest(start, |op| op != SetOp::Intersect);
                Body::SetOp { first, rest }
            }
        }
    }

    fn intersections(&mut self, start: Span) -> Body {
        let body = self.body();
        match self.set_operator_ahead() {
            Some((SetOp::Intersect, _)) => {
                let span = self.span_from(start);
                let first = self.wrap(body, span);
                let rest = self.set_rest(start, |op| op == SetOp::Intersect);
                Body::SetOp { first, rest }
            }
            _ => body,
        }
    }

    fn set_rest(&mut self, _start: Span, takes: impl Fn(SetOp) -> bool) -> Vec<SetOperand> {
        let mut rest = Vec::new();
        while let Some((op, _)) = self.set_operator_ahead() {
            if !takes(op) {
                break;
            }
            let op_start = self.advance().span;
            let all = self.eat_kw(Kw::All).is_some();
            if !all {
                self.eat_kw(Kw::Distinct);
            }
            let by_name = self.kw() == Kw::By && self.kw_nth(1) == Kw::Name;
            if by_name {
                self.advance();
                self.advance();
            }
            let op_span = self.span_from(op_start);
            let start = self.peek().span;
            let body = match op {
                SetOp::Intersect => self.body(),
                _ => self.intersections(start),
            };
            let span = self.span_from(start);
            let query = self.wrap(body, span);
            rest.push(SetOperand {
                op,
                all,
                by_name,
                op_span,
                query,
            });
        }
        rest
    }

    /// One operand: SELECT, VALUES, a query in brackets …
    fn body(&mut self) -> Body {
        match self.kw() {
            Kw::Select => self.select(),
            Kw::From => self.select_from_first(),
            Kw::Values => Body::Values(self.values()),
            Kw::Table if self.is_label(self.peek_nth(1)) => {
                self.advance();
                let item = self.table_name_item();
                Body::Table(item)
            }
            Kw::Pivot | Kw::PivotWider if self.is(Dialect::DuckDb) => Body::Pivot(self.pivot_statement()),
            Kw::Unpivot | Kw::PivotLonger if self.is(Dialect::DuckDb) => {
                Body::Pivot(self.unpivot_statement())
            }
            Kw::Describe | Kw::Summarize | Kw::Show | Kw::Desc if self.is(Dialect::DuckDb) => self.describe(),
            _ if self.kind() == TokenKind::LParen => {
                let open = self.pos;
                if self.paren_is_query(open) || self.kind_nth(1) == TokenKind::LParen {
                    Body::Paren(self.bracketed_query("query"))
                } else {
                    self.advance();
                    self.unexpected("a query (SELECT, FROM, VALUES or WITH)");
                    self.close(open, "query");
                    Body::Error
                }
            }
            _ => {
                // SELCT a FROM t
                if let Some(Kw::Select) = self.misspelt_start() {
                    return self.select_after_keyword(self.last_span());
                }
                self.unexpected("a query (SELECT, FROM, VALUES or WITH)");
                Body::Error
            }
        }
    }

    fn misspelt_start(&mut self) -> Option<Kw> {
        let token = self.peek();
        if token.kind != TokenKind::Word || token.kw != Kw::None {
            return None;
        }
        let word = self.text_of(token);
        rocky_base::suggest::nearest(word, ["SELECT"])?;
        let message = format!("unknown statement `{word}`; did you mean `SELECT`?");
        self.push(Diagnostic::new(code::E400, Loc::text(token.span), message).fix(
            "write `SELECT`",
            vec![rocky_base::Edit {
                loc: Loc::text(token.span),
                text: "SELECT".to_owned(),
            }],
        ));
        self.advance();
        Some(Kw::Select)
    }

    /// `VALUES (…), (…)`, cursor on VALUES.
    pub(super) fn values(&mut self) -> Vec<Vec<ExprId>> {
        self.advance();
        let mut rows = Vec::new();
        loop {
            if self.kind() == TokenKind::LParen {
                let open = self.pos;
                self.advance();
                if self.kind() == TokenKind::RParen {
                    self.error_at(self.peek().span, "row without values; expected an expression");
                    self.close(open, "row");
                    rows.push(Vec::new());
                } else {
                    let row = self.expr_list();
                    self.close(open, "row");
                    rows.push(row);
                }
            } else if self.is(Dialect::Databricks) {
                let value = self.expr();
                rows.push(vec![value]);
            } else {
                self.unexpected("`(` before a row of values");
            }
            if self.kind() != TokenKind::Comma {
                break;
            }
            // DuckDB takes a comma after the last row; elsewhere a row must follow.
            if self.is(Dialect::DuckDb) && self.kind_nth(1) != TokenKind::LParen {
                if matches!(
                    self.kind_nth(1),
                    TokenKind::Eof | TokenKind::RParen | TokenKind::Semicolon
                ) {
                    self.advance();
                }
                break;
            }
            // FROM VALUES (1), t: a comma of the FROM list.
            if !matches!(self.kind_nth(1), TokenKind::LParen) && !self.is(Dialect::Databricks) {
                break;
            }
            self.advance();
        }
        rows
    }

    /// `DESCRIBE t`, `DESCRIBE SELECT …`, `SHOW TABLES`, `SUMMARIZE t`.
    fn describe(&mut self) -> Body {
        let summary = self.kw() == Kw::Summarize;
        let start = self.advance().span;
        let mut tells = if summary { Tells::Summary } else { Tells::Columns };
        let mut of = None;
        if self.at_query_start() {
            of = Some(self.query());
        } else if let Some(listing) = self.listing() {
            tells = listing;
        } else if self.is_label(self.peek()) || self.kind() == TokenKind::String {
            let at = self.peek().span;
            let item = if self.kind() == TokenKind::String {
                self.file_without_alias(at)
            } else {
                self.table_name_item()
            };
            let span = self.span_from(at);
            of = Some(self.simple_query(Body::Table(item), span));
        } else {
            self.unexpected("a relation");
        }
        let span = self.span_from(start);
        Body::Describe { span, tells, of }
    }

    /// What SHOW and DESCRIBE know beside relations: `ALL TABLES`, `TABLES FROM s`, `DATABASES` …
    fn listing(&mut self) -> Option<Tells> {
        if self.kind_nth(1) == TokenKind::Dot {
            return None;
        }
        let (tells, _) = [
            (Tells::Everything, "all"),
            (Tells::Tables, "tables"),
            (Tells::Databases, "databases"),
            (Tells::Schemas, "schemas"),
            (Tells::Variables, "variables"),
        ]
        .into_iter()
        .find(|(_, word)| self.at_word(0, word))?;
        self.advance();
        match tells {
            Tells::Everything if self.at_word(0, "tables") => {
                self.advance();
            }
            Tells::Tables if self.eat_kw(Kw::From).is_some() => {
                self.relation_path();
                return Some(Tells::TablesOf);
            }
            _ => {}
        }
        Some(tells)
    }

    // ---- ORDER BY, LIMIT, OFFSET

    fn tail(&mut self, body: &mut Body) -> Tail {
        let mut tail = Tail::default();
        if let Some(limit) = self.pending_top.take() {
            tail.limit = Some(limit);
        }
        loop {
            let start = self.peek().span;
            match self.kw() {
                Kw::Order => self.order_clause(&mut tail),
                Kw::Sort | Kw::Cluster | Kw::Distribute
                    if self.is(Dialect::Databricks) && self.kw_nth(1) == Kw::By =>
                {
                    self.advance();
                    self.advance();
                    let items = self.order_items();
                    tail.order_by.extend(items);
                }
                Kw::Limit => {
                    self.advance();
                    self.once(&mut tail.limited, start, "LIMIT");
                    if self.eat_kw(Kw::All).is_none() {
                        tail.limit = Some(self.expr());
                        tail.limit_percent = self.percent();
                    }
                }
                Kw::Offset => {
                    self.advance();
                    self.once(&mut tail.skipped, start, "OFFSET");
                    tail.offset = Some(self.expr());
                    if matches!(self.kw(), Kw::Row | Kw::Rows) {
                        self.advance();
                    }
                }
                Kw::Fetch => {
                    self.advance();
                    self.once(&mut tail.limited, start, "FETCH");
                    self.fetch(&mut tail);
                }
                // SELECT a FROM t ORDER BY b GROUP BY c
                _ => match self.clause_ahead() {
                    Some(rank) if tail.ordered || tail.limited || tail.skipped => {
                        let before = if tail.ordered { "ORDER BY" } else { "LIMIT" };
                        let message = format!("`{}` must stand before `{before}`", rank.text());
                        self.report(code::E400, start, message);
                        match body {
                            Body::Select(select) => self.clause(rank, select),
                            _ => {
                                self.advance();
                                self.recover();
                            }
                        }
                    }
                    _ => return tail,
                },
            }
            self.end_of_tail_clause();
        }
    }

    /// Behind a clause of the tail: another one, or the end of the query.
    fn end_of_tail_clause(&mut self) {
        let mut guard = 0;
        while !self.at_query_end() && self.clause_ahead().is_none() {
            self.unexpected("the end of the query");
            if !self.at_query_end() && self.clause_ahead().is_none() {
                self.advance();
                self.recover();
            }
            guard += 1;
            if guard > 10_000 {
                break;
            }
        }
    }

    /// True where a query's clauses end: a closing bracket, a set operator, ORDER BY, LIMIT, the end.
    pub(super) fn at_query_end(&self) -> bool {
        match self.kind() {
            TokenKind::Eof
            | TokenKind::Semicolon
            | TokenKind::RParen
            | TokenKind::RBracket
            | TokenKind::RBrace => true,
            TokenKind::Word => match self.kw() {
                Kw::Union | Kw::Intersect | Kw::Except | Kw::Order | Kw::Limit | Kw::Offset | Kw::Fetch => {
                    true
                }
                Kw::Minus => !self.is(Dialect::DuckDb),
                Kw::Sort | Kw::Cluster | Kw::Distribute => {
                    self.is(Dialect::Databricks) && self.kw_nth(1) == Kw::By
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn once(&mut self, seen: &mut bool, span: Span, clause: &str) {
        if *seen {
            self.report(code::E400, span, format!("second `{clause}`; expected one"));
        }
        *seen = true;
    }

    fn order_clause(&mut self, tail: &mut Tail) {
        let start = self.advance().span;
        if self.is(Dialect::DuckDb) && (tail.limited || tail.skipped) && !tail.ordered {
            self.report(code::E400, start, "`ORDER BY` must stand before `LIMIT`");
        }
        self.once(&mut tail.ordered, start, "ORDER BY");
        self.expect_kw(Kw::By, "after `ORDER`");
        let all = self.peek();
        if all.kw == Kw::All || (all.kind == TokenKind::Star && self.is(Dialect::DuckDb)) {
            let star = self.advance().kind == TokenKind::Star;
            let sort = self.sort();
            let span = self.span_from(start);
            tail.order_by_all = Some(OrderByAll { span, star, sort });
            return;
        }
        tail.order_by = self.order_items();
    }

    pub(super) fn order_items(&mut self) -> Vec<OrderItem> {
        let mut items = Vec::new();
        loop {
            let expr = self.expr();
            let sort = self.sort();
            items.push(OrderItem { expr, sort });
            if self.eat(TokenKind::Comma).is_none() {
                return items;
            }
        }
    }

    fn sort(&mut self) -> Sort {
        let direction = if self.eat_kw(Kw::Asc).is_some() {
            Some(Direction::Ascending)
        } else {
            self.eat_kw(Kw::Desc).map(|_| Direction::Descending)
        };
        let nulls_first = self.nulls();
        Sort {
            direction,
            nulls_first,
        }
    }

    fn nulls(&mut self) -> Option<bool> {
        if self.eat_kws(Kw::Nulls, Kw::First).is_some() {
            Some(true)
        } else if self.eat_kws(Kw::Nulls, Kw::Last).is_some() {
            Some(false)
        } else if self.eat_kw(Kw::Nulls).is_some() {
            self.unexpected("`FIRST` or `LAST` after `NULLS`");
            None
        } else {
            None
        }
    }

    /// `%` or PERCENT behind the number of a limit.
    fn percent(&mut self) -> bool {
        let percent =
            self.is(Dialect::DuckDb) && (self.kind() == TokenKind::Percent || self.kw() == Kw::Percent);
        if percent {
            self.advance();
        }
        percent
    }

    fn fetch(&mut self, tail: &mut Tail) {
        if matches!(self.kw(), Kw::First | Kw::Next) {
            self.advance();
        }
        if !matches!(self.kw(), Kw::Row | Kw::Rows | Kw::Only) {
            tail.limit = Some(self.expr());
        }
        if matches!(self.kw(), Kw::Row | Kw::Rows) {
            self.advance();
        }
        if self.eat_kw(Kw::Only).is_none() && !self.is(Dialect::Snowflake) {
            self.unexpected("`ONLY` after `FETCH`");
        }
    }
}

fn set_op_word(op: SetOp) -> &'static str {
    match op {
        SetOp::Union => "UNION",
        SetOp::Intersect => "INTERSECT",
        SetOp::Except => "EXCEPT",
    }
}
