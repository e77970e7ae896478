//! FROM: relations, joins, derived tables, table functions, samples and time travel.

use super::Parser;
use crate::ast::{
    Arg, Body, Call, ExprId, ExprKind, FromId, FromKind, JoinConstraint, JoinKind, Name, Path, Query, Select,
    TableAlias,
};
use crate::lexer::{Kw, Token, TokenKind, string_value};
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, Span, code};

/// A join whose right side is being read.
struct OpenJoin {
    left: FromId,
    kind: JoinKind,
    op_span: Span,
    // Something was wrong with its words: a missing condition is not worth a second message.
    reported: bool,
}

impl Parser<'_> {
    /// The comma-separated items behind FROM.
    pub(super) fn relation_list(&mut self) -> Vec<FromId> {
        let mut items = Vec::new();
        loop {
            let item = self.joined_relation();
            items.push(item);
            if self.kind() != TokenKind::Comma {
                return items;
            }
            self.advance();
            // SELECT a FROM t, WHERE …
            if self.at_query_end()
                || matches!(self.kw(), Kw::Where | Kw::Group | Kw::Having | Kw::Select)
                    && self.kind() == TokenKind::Word
            {
                if !self.is(Dialect::DuckDb) {
                    let comma = self.last_span();
                    self.report(
                        code::E400,
                        comma,
                        "comma after the last relation; expected another relation",
                    );
                }
                return items;
            }
        }
    }

    /// The alias of the last FROM item turned out to be a misspelt keyword.
    pub(super) fn drop_from_alias(&mut self, select: &mut Select) {
        let Some(last) = self.last_alias.take() else {
            return;
        };
        let mut next = select.from.last().copied();
        while let Some(id) = next {
            next = None;
            let Some(item) = self.ast.froms.get_mut(id.0 as usize) else {
                return;
            };
            match &mut item.kind {
                FromKind::Table { alias, .. }
                | FromKind::File { alias, .. }
                | FromKind::Derived { alias, .. }
                | FromKind::Function { alias, .. }
                | FromKind::Paren { alias, .. }
                | FromKind::Pivot { alias, .. }
                | FromKind::Unpivot { alias, .. } => {
                    if alias.as_ref().map(|a| a.name.span) == Some(last) {
                        *alias = None;
                    }
                }
                FromKind::Join { right, .. } => next = Some(*right),
                FromKind::Error => {}
            }
        }
    }

    // ---- joins

    /// An item with its joins.
    fn joined_relation(&mut self) -> FromId {
        let start = self.peek().span;
        let mut left = self.single_relation();
        let mut open: Vec<OpenJoin> = Vec::new();
        loop {
            if self.kw() == Kw::Lateral && self.at_word(1, "VIEW") {
                left = self.lateral_view(left);
                continue;
            }
            let before = self.diagnostics.len();
            if let Some((kind, natural, op_span)) = self.join_operator() {
                let reported = self.diagnostics.len() > before;
                open.push(OpenJoin {
                    left,
                    kind,
                    op_span,
                    reported,
                });
                left = self.single_relation();
                // Without a condition the join is complete here: CROSS, NATURAL, POSITIONAL, and where ON may be left out.
                let complete = natural || matches!(kind, JoinKind::Cross | JoinKind::Positional);
                let optional = !self.constraint_ahead() && !self.needs_constraint(left);
                if (complete || optional)
                    && let Some(join) = open.pop()
                {
                    if complete && self.kw() == Kw::On {
                        let span = self.peek().span;
                        let word = if natural { "NATURAL" } else { kind_word(kind) };
                        self.report(
                            code::E400,
                            span,
                            format!("`{word} JOIN` takes no condition, found `ON`"),
                        );
                        self.advance();
                        self.expr();
                    }
                    let constraint = if natural {
                        JoinConstraint::Natural
                    } else {
                        JoinConstraint::None
                    };
                    left = self.add_join(join, left, constraint, start);
                }
                continue;
            }
            if self.constraint_ahead()
                && let Some(join) = open.pop()
            {
                let constraint = self.join_constraint();
                left = self.add_join(join, left, constraint, start);
                continue;
            }
            break;
        }
        // a JOIN b without ON
        while let Some(join) = open.pop() {
            if !matches!(self.ast.from(left).kind, FromKind::Error) && !join.reported {
                let span = self.peek().span;
                let found = self.found();
                if self.may_report() {
                    self.push(
                        rocky_base::Diagnostic::new(
                            code::E400,
                            rocky_base::Loc::text(span),
                            format!("expected `ON` or `USING` after the joined relation, found {found}"),
                        )
                        .note(rocky_base::Loc::text(join.op_span), "this join"),
                    );
                    self.silent_at = Some(self.pos);
                }
            }
            left = self.add_join(join, left, JoinConstraint::None, start);
        }
        left
    }

    fn needs_constraint(&self, right: FromId) -> bool {
        match self.dialect {
            Dialect::DuckDb => true,
            // GoogleSQL: LEFT JOIN UNNEST(a.list) needs no condition.
            Dialect::BigQuery => !matches!(self.ast.from(right).kind, FromKind::Function { .. }),
            Dialect::Databricks | Dialect::Snowflake => false,
        }
    }

    fn add_join(&mut self, join: OpenJoin, right: FromId, constraint: JoinConstraint, start: Span) -> FromId {
        let left_span = self.ast.from(join.left).span;
        let span = Span::new(
            left_span.start.min(start.start.max(left_span.start)),
            self.last_span().end,
        );
        let OpenJoin {
            left, kind, op_span, ..
        } = join;
        self.ast.add_from(
            FromKind::Join {
                left,
                right,
                kind,
                constraint,
                op_span,
            },
            span,
        )
    }

    /// The words of a join operator, taken; `None` (and nothing taken) when there is none.
    fn join_operator(&mut self) -> Option<(JoinKind, bool, Span)> {
        if self.kind() != TokenKind::Word {
            return None;
        }
        let mut n = 0;
        let natural = self.kw_nth(n) == Kw::Natural;
        n += usize::from(natural);
        let asof = self.kw_nth(n) == Kw::Asof;
        n += usize::from(asof);
        let mut kind = JoinKind::Inner;
        match self.kw_nth(n) {
            Kw::Inner => n += 1,
            Kw::Cross => {
                n += 1;
                kind = JoinKind::Cross;
            }
            Kw::Left | Kw::Right | Kw::Full => {
                kind = match self.kw_nth(n) {
                    Kw::Left => JoinKind::Left,
                    Kw::Right => JoinKind::Right,
                    _ => JoinKind::Full,
                };
                n += 1;
                // Databricks: LEFT SEMI JOIN
                match self.kw_nth(n) {
                    Kw::Outer => n += 1,
                    Kw::Semi if kind == JoinKind::Left => {
                        kind = JoinKind::Semi;
                        n += 1;
                    }
                    Kw::Anti if kind == JoinKind::Left => {
                        kind = JoinKind::Anti;
                        n += 1;
                    }
                    _ => {}
                }
            }
            Kw::Semi => {
                n += 1;
                kind = JoinKind::Semi;
            }
            Kw::Anti => {
                n += 1;
                kind = JoinKind::Anti;
            }
            Kw::Positional => {
                n += 1;
                kind = JoinKind::Positional;
            }
            _ => {}
        }
        if self.kw_nth(n) != Kw::Join {
            // LEFT u ON …: JOIN is missing. Only where the word cannot be anything else.
            if n > 0
                && matches!(
                    self.kw(),
                    Kw::Left | Kw::Right | Kw::Full | Kw::Inner | Kw::Cross | Kw::Natural
                )
            {
                let start = self.advance().span;
                for _ in 1..n {
                    self.advance();
                }
                let op_span = self.span_from(start);
                let found = self.found();
                let at = self.peek().span;
                self.report(code::E400, at, format!("expected `JOIN`, found {found}"));
                return Some((kind, natural, op_span));
            }
            return None;
        }
        let start = self.peek().span;
        for _ in 0..=n {
            self.advance();
        }
        let op_span = self.span_from(start);
        if self.is(Dialect::DuckDb)
            && matches!(kind, JoinKind::Semi | JoinKind::Anti)
            && self.text_before(op_span, "LEFT")
        {
            self.report(
                code::E400,
                op_span,
                "`LEFT` before a semi or anti join; expected `SEMI JOIN` or `ANTI JOIN` alone",
            );
        }
        if asof {
            kind = match kind {
                JoinKind::Inner => JoinKind::AsOf,
                JoinKind::Left => JoinKind::AsOfLeft,
                JoinKind::Right => JoinKind::AsOfRight,
                JoinKind::Full => JoinKind::AsOfFull,
                JoinKind::Semi => JoinKind::AsOfSemi,
                JoinKind::Anti => JoinKind::AsOfAnti,
                other => {
                    self.report(
                        code::E400,
                        op_span,
                        "no join is both ASOF and this; expected `ASOF JOIN` or `ASOF LEFT JOIN`",
                    );
                    other
                }
            };
        }
        Some((kind, natural, op_span))
    }

    /// True when the words under `span` begin with `word`.
    fn text_before(&self, span: Span, word: &str) -> bool {
        span.slice(self.text)
            .get(..word.len())
            .is_some_and(|w| w.eq_ignore_ascii_case(word))
    }

    fn constraint_ahead(&self) -> bool {
        match self.kw() {
            Kw::On => true,
            Kw::Using => self.kw_nth(1) != Kw::Sample,
            _ => self.at_word(0, "MATCH_CONDITION") && self.is(Dialect::Snowflake),
        }
    }

    fn join_constraint(&mut self) -> JoinConstraint {
        // Snowflake: ASOF JOIN t MATCH_CONDITION (a.x >= t.x) [ON …]: the two are one condition.
        if self.at_word(0, "MATCH_CONDITION") {
            self.advance();
            let condition = self.expr();
            if self.eat_kw(Kw::On).is_some() {
                let on = self.expr();
                let span = self.ast.expr(condition).span.to(self.ast.expr(on).span);
                let op_span = Span::at(self.ast.expr(on).span.start);
                let both = self.add(
                    ExprKind::Binary {
                        left: condition,
                        op: crate::ast::BinaryOp::And,
                        op_span,
                        right: on,
                    },
                    span,
                );
                return JoinConstraint::On(both);
            }
            if self.kw() == Kw::Using {
                let span = self.peek().span;
                self.error_at(
                    span,
                    "`USING` behind `MATCH_CONDITION` is not supported; expected `ON`",
                );
            }
            return JoinConstraint::On(condition);
        }
        if self.eat_kw(Kw::On).is_some() {
            return JoinConstraint::On(self.expr());
        }
        self.advance();
        if self.kind() != TokenKind::LParen {
            self.unexpected("`(` after `USING`");
            return JoinConstraint::Using(Vec::new());
        }
        JoinConstraint::Using(self.name_list("list of columns"))
    }

    /// `(a, b)`: at least one name.
    pub(super) fn name_list(&mut self, what: &str) -> Vec<Name> {
        let open = self.pos;
        self.advance();
        let mut names = Vec::new();
        loop {
            let Some(name) = self.expect_name("a column name") else {
                if self.eat(TokenKind::Comma).is_some() {
                    continue;
                }
                break;
            };
            names.push(name);
            // t(a INT, b TEXT)
            if self.is_label(self.peek()) {
                self.type_name();
            }
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
            if self.kind() == TokenKind::RParen && self.is(Dialect::DuckDb) {
                break;
            }
        }
        self.close(open, what);
        names
    }

    /// Databricks: `LATERAL VIEW [OUTER] f(x) t AS a, b`, a join with a function of the left side.
    fn lateral_view(&mut self, left: FromId) -> FromId {
        let start = self.advance().span;
        self.advance();
        let outer = self.eat_kw(Kw::Outer).is_some();
        let op_span = self.span_from(start);
        if self.is(Dialect::DuckDb) {
            let finding = Diagnostic::new(code::E400, Loc::text(op_span), "DuckDB has no `LATERAL VIEW`");
            self.push(finding.help("write `, unnest(x) AS t(y)` behind the relation"));
        }
        let call_start = self.peek().span;
        let call = self.primary();
        let mut alias = None;
        if self.is_name(self.peek()) && self.kw() != Kw::As && self.kw() != Kw::Lateral {
            alias = self.eat_name().map(|name| TableAlias {
                name,
                columns: Vec::new(),
            });
        }
        if self.eat_kw(Kw::As).is_some() {
            let mut columns = Vec::new();
            while let Some(name) = self.expect_name("a column name") {
                columns.push(name);
                if self.kind() != TokenKind::Comma || !self.is_name(self.peek_nth(1)) {
                    break;
                }
                self.advance();
            }
            let at = Span::at(self.last_span().end);
            alias = Some(match alias {
                Some(alias) => TableAlias {
                    name: alias.name,
                    columns,
                },
                None => TableAlias {
                    name: Name {
                        ident: Ident::quoted(""),
                        span: at,
                    },
                    columns,
                },
            });
        }
        let span = self.span_from(call_start);
        let right = if matches!(self.ast.expr(call).kind, ExprKind::Function(_)) {
            self.ast.add_from(
                FromKind::Function {
                    call,
                    lateral: true,
                    ordinality: None,
                    alias,
                },
                span,
            )
        } else {
            self.error_at(span, "expected a table function after `LATERAL VIEW`");
            self.ast.add_from(FromKind::Error, span)
        };
        let kind = if outer { JoinKind::Left } else { JoinKind::Cross };
        let span = Span::new(self.ast.from(left).span.start, self.last_span().end);
        self.ast.add_from(
            FromKind::Join {
                left,
                right,
                kind,
                constraint: JoinConstraint::None,
                op_span,
            },
            span,
        )
    }

    // ---- single items

    fn error_relation(&mut self, start: Span) -> FromId {
        let span = Span::new(start.start, self.last_span().end.max(start.start));
        self.ast.add_from(FromKind::Error, span)
    }

    /// One relation with alias, sample and PIVOT behind it.
    pub(super) fn single_relation(&mut self) -> FromId {
        let start = self.peek().span;
        let mut prefix = None;
        if self.is(Dialect::DuckDb) && self.kind_nth(1) == TokenKind::Colon && self.is_name(self.peek()) {
            prefix = self.eat_name().map(|name| TableAlias {
                name,
                columns: Vec::new(),
            });
            self.advance();
        }
        self.last_alias = None;
        let mut item = match self.kind() {
            TokenKind::LParen => self.bracketed_item(start, prefix),
            TokenKind::String if self.is(Dialect::DuckDb) => self.file_item(start, prefix),
            TokenKind::At if self.unexpanded_macro().is_some() => {
                self.table_alias();
                self.error_relation(start)
            }
            _ => match self.kw() {
                Kw::Lateral if self.kind_nth(1) != TokenKind::Dot => self.lateral_item(start),
                Kw::Values if self.kind_nth(1) == TokenKind::LParen || self.is(Dialect::Databricks) => {
                    self.values_item(start)
                }
                _ if self.is_name(self.peek()) || self.function_item_ahead() => {
                    self.named_item(start, prefix)
                }
                Kw::Select => {
                    let span = self.peek().span;
                    self.report(
                        code::E400,
                        span,
                        "subquery without brackets; expected `(` before `SELECT`",
                    );
                    let query = self.query();
                    let span = self.span_from(start);
                    self.ast.add_from(
                        FromKind::Derived {
                            query,
                            lateral: false,
                            alias: None,
                            sample: None,
                        },
                        span,
                    )
                }
                _ => {
                    self.unexpected("a relation");
                    self.error_relation(start)
                }
            },
        };
        let mut pivots = 0;
        loop {
            item = match self.kw() {
                Kw::Pivot if self.kind_nth(1) == TokenKind::LParen => self.pivot_suffix(item, start),
                Kw::Unpivot
                    if self.kind_nth(1) == TokenKind::LParen
                        || (matches!(self.kw_nth(1), Kw::Include | Kw::Exclude)
                            && self.kw_nth(2) == Kw::Nulls) =>
                {
                    self.unpivot_suffix(item, start)
                }
                Kw::Match => {
                    let span = self.peek().span;
                    self.error_at(span, "MATCH_RECOGNIZE is not supported");
                    return item;
                }
                _ => return item,
            };
            pivots += 1;
            if pivots > super::MAX_NESTING {
                self.report_depth(self.peek().span);
                self.recover();
                return item;
            }
        }
    }

    /// Words that are reserved but may name a table function: `UNNEST(…)`, `TABLE(…)`, `GLOB(…)`.
    fn function_item_ahead(&self) -> bool {
        let token = self.peek();
        token.kind == TokenKind::Word
            && self.kind_nth(1) == TokenKind::LParen
            && matches!(
                token.kw,
                Kw::Unnest | Kw::Table | Kw::Glob | Kw::Range | Kw::Left | Kw::Right
            )
    }

    /// `(query)`, `(a JOIN b)`.
    fn bracketed_item(&mut self, start: Span, prefix: Option<TableAlias>) -> FromId {
        let open = self.pos;
        if self.paren_is_query(open) {
            return self.derived_item(start, false, prefix);
        }
        self.advance();
        let inner = match self.nested(Self::joined_relation) {
            Some(inner) => inner,
            None => self.error_relation(start),
        };
        self.close(open, "join");
        let is_join = matches!(
            self.ast.from(inner).kind,
            FromKind::Join { .. }
                | FromKind::Paren { .. }
                | FromKind::Error
                | FromKind::Pivot { .. }
                | FromKind::Unpivot { .. }
        );
        if !is_join && self.is(Dialect::DuckDb) && self.may_report() {
            let span = self.ast.from(inner).span;
            self.report(
                code::E400,
                span,
                "brackets around one relation; expected a join or a query in them",
            );
        }
        let alias = prefix.or_else(|| self.table_alias());
        let span = self.span_from(start);
        self.ast.add_from(FromKind::Paren { inner, alias }, span)
    }

    fn derived_item(&mut self, start: Span, lateral: bool, prefix: Option<TableAlias>) -> FromId {
        let query = self.bracketed_query("subquery");
        let alias = prefix.or_else(|| self.table_alias());
        let sample = self.table_sample();
        // Snowflake and Databricks sample before the alias.
        let alias = if alias.is_none() && sample.is_some() && !self.is(Dialect::DuckDb) {
            self.table_alias()
        } else {
            alias
        };
        let span = self.span_from(start);
        self.ast.add_from(
            FromKind::Derived {
                query,
                lateral,
                alias,
                sample,
            },
            span,
        )
    }

    /// `SUMMARIZE 'x.csv'`.
    pub(super) fn file_without_alias(&mut self, start: Span) -> FromId {
        let token = self.advance();
        let path = string_value(self.text_of(token), self.dialect);
        let (text, alias) = (token.span, None);
        let span = self.span_from(start);
        self.ast.add_from(FromKind::File { path, text, alias }, span)
    }

    fn file_item(&mut self, start: Span, prefix: Option<TableAlias>) -> FromId {
        let token = self.advance();
        let path = string_value(self.text_of(token), self.dialect);
        let text = token.span;
        let alias = prefix.or_else(|| self.table_alias());
        self.table_sample();
        let span = self.span_from(start);
        self.ast.add_from(FromKind::File { path, text, alias }, span)
    }

    fn lateral_item(&mut self, start: Span) -> FromId {
        self.advance();
        if self.kind() == TokenKind::LParen {
            if self.paren_is_query(self.pos) {
                return self.derived_item(start, true, None);
            }
        } else if self.is_name(self.peek()) || self.function_item_ahead() {
            return self.function_item(start, true, None);
        }
        self.unexpected("a subquery or a table function after `LATERAL`");
        self.error_relation(start)
    }

    /// `FROM VALUES (1), (2) AS t(x)`.
    fn values_item(&mut self, start: Span) -> FromId {
        let rows = self.values();
        let span = self.span_from(start);
        let query = self.simple_query(Body::Values(rows), span);
        let alias = self.table_alias();
        if alias.is_none() && self.is(Dialect::DuckDb) {
            self.unexpected("an alias for `VALUES` without brackets");
        }
        let span = self.span_from(start);
        self.ast.add_from(
            FromKind::Derived {
                query,
                lateral: false,
                alias,
                sample: None,
            },
            span,
        )
    }

    pub(super) fn simple_query(&mut self, body: Body, span: Span) -> crate::ast::QueryId {
        let height = self.open_heights.last().copied().unwrap_or(0);
        self.query_heights.push(height);
        self.ast.add_query(Query {
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

    /// A relation or a table function by name.
    fn named_item(&mut self, start: Span, prefix: Option<TableAlias>) -> FromId {
        // A call: name parts, then a bracket.
        let mut n = 0;
        while self.is_label(self.peek_nth(n)) && self.kind_nth(n + 1) == TokenKind::Dot {
            n += 2;
        }
        if self.is_label(self.peek_nth(n)) && self.kind_nth(n + 1) == TokenKind::LParen {
            return self.function_item(start, false, prefix);
        }
        let name = self.relation_path();
        // DuckDB writes alias, time travel, sample; the others also sample or travel before the alias.
        let early = !self.is(Dialect::DuckDb);
        let mut at = if early { self.time_travel() } else { None };
        let mut sample = if early { self.table_sample() } else { None };
        let alias = prefix.or_else(|| self.table_alias());
        at = at.or_else(|| self.time_travel());
        sample = sample.or_else(|| self.table_sample());
        let span = self.span_from(start);
        self.ast.add_from(
            FromKind::Table {
                name,
                alias,
                at,
                sample,
            },
            span,
        )
    }

    /// `TABLE name`, cursor on the name.
    pub(super) fn table_name_item(&mut self) -> FromId {
        let start = self.peek().span;
        let name = self.relation_path();
        let span = self.span_from(start);
        self.ast.add_from(
            FromKind::Table {
                name,
                alias: None,
                at: None,
                sample: None,
            },
            span,
        )
    }

    /// A relation's dotted name.
    pub(super) fn relation_path(&mut self) -> Path {
        let mut path = Vec::new();
        self.relation_part(&mut path);
        while self.kind() == TokenKind::Dot {
            self.advance();
            if !self.is_label(self.peek()) {
                self.unexpected("a name after `.`");
                break;
            }
            self.relation_part(&mut path);
        }
        if path.len() > 3 && self.is(Dialect::DuckDb) {
            let span = crate::ast::path_span(&path);
            self.report(
                code::E400,
                span,
                format!(
                    "relation name of {} parts; expected at most catalog, schema and table",
                    path.len()
                ),
            );
        }
        path
    }

    fn relation_part(&mut self, path: &mut Path) {
        let token = self.advance();
        if !self.is(Dialect::BigQuery) {
            path.push(self.name_of(token));
            return;
        }
        // `project.dataset.table` in one pair of backticks.
        if token.kind == TokenKind::QuotedIdent {
            let whole = self.name_of(token);
            if !whole.ident.text.contains('.') || whole.ident.text.contains('\\') {
                path.push(whole);
                return;
            }
            let mut offset = token.span.start + 1;
            for part in whole.ident.text.split('.') {
                let end = offset + part.len() as u32;
                path.push(Name {
                    ident: Ident::quoted(part),
                    span: Span::new(offset, end),
                });
                offset = end + 1;
            }
            return;
        }
        // my-project.ds.t: words and numbers joined by hyphens without spaces.
        let mut span = token.span;
        while self.kind() == TokenKind::Minus && self.peek().span.start == span.end {
            let after = self.peek_nth(1);
            let joined = after.span.start == self.peek().span.end
                && (after.kind == TokenKind::Word || after.kind == TokenKind::Number);
            if !joined {
                break;
            }
            self.advance();
            self.advance();
            span = span.to(after.span);
            // `proj-123.ds`: the number took the dot along.
            if span.slice(self.text).ends_with('.') && self.is_label(self.peek()) {
                let name = Span::new(span.start, span.end - 1);
                path.push(self.bare_name(name));
                self.relation_part(path);
                return;
            }
            // `proj-1.5x` and the like: a word directly behind belongs to the name.
            if self.kind() == TokenKind::Word && self.peek().span.start == span.end {
                span = span.to(self.advance().span);
            }
        }
        path.push(self.bare_name(span));
    }

    fn bare_name(&self, span: Span) -> Name {
        Name {
            ident: Ident::bare(SmolStr::new(span.slice(self.text))),
            span,
        }
    }

    fn function_item(&mut self, start: Span, lateral: bool, prefix: Option<TableAlias>) -> FromId {
        let table_word = self.kw() == Kw::Table;
        let call = self.table_call();
        let mut call = match call {
            Some(call) => call,
            None => return self.error_relation(start),
        };
        // TABLE(f(x)) is f(x).
        if table_word
            && let ExprKind::Function(outer) = &self.ast.expr(call).kind
            && let [Arg { value, .. }] = outer.args.as_slice()
            && matches!(self.ast.expr(*value).kind, ExprKind::Function(_))
        {
            call = *value;
        }
        let mut ordinality = self.ordinality();
        let alias = prefix.or_else(|| self.table_alias());
        ordinality = ordinality.or_else(|| self.ordinality());
        self.table_sample();
        let span = self.span_from(start);
        self.ast.add_from(
            FromKind::Function {
                call,
                lateral,
                ordinality,
                alias,
            },
            span,
        )
    }

    /// The call of a table function; `None` when it is none (reported).
    fn table_call(&mut self) -> Option<ExprId> {
        let start = self.peek().span;
        let mut name: Path = Vec::new();
        let first = self.advance();
        name.push(self.name_of(first));
        while self.kind() == TokenKind::Dot && self.is_label(self.peek_nth(1)) {
            self.advance();
            let part = self.advance();
            name.push(self.name_of(part));
        }
        if self.kind() != TokenKind::LParen {
            self.unexpected("`(` after the name of the table function");
            return None;
        }
        let call: Call = self.call_brackets(name);
        let span = self.span_from(start);
        Some(self.add(ExprKind::Function(Box::new(call)), span))
    }

    /// `WITH ORDINALITY`, `WITH OFFSET [[AS] o]`.
    fn ordinality(&mut self) -> Option<Option<Name>> {
        if self.kw() != Kw::With {
            return None;
        }
        match self.kw_nth(1) {
            Kw::Ordinality => {
                self.advance();
                self.advance();
                Some(None)
            }
            Kw::Offset => {
                self.advance();
                self.advance();
                if self.eat_kw(Kw::As).is_some() {
                    return Some(self.expect_name("a name for the offset"));
                }
                let bare = self.is_bare_table_alias(self.peek());
                Some(if bare { self.eat_name() } else { None })
            }
            _ => None,
        }
    }

    // ---- aliases

    pub(super) fn table_alias(&mut self) -> Option<TableAlias> {
        let name = if self.eat_kw(Kw::As).is_some() {
            let token = self.peek();
            if token.kind == TokenKind::String && self.is(Dialect::DuckDb) {
                self.advance();
                Some(self.name_of(token))
            } else {
                self.expect_name("an alias after `AS`")
            }
        } else if self.is_bare_table_alias(self.peek()) {
            let token = self.advance();
            if token.kind == TokenKind::Word {
                self.last_alias = Some(token.span);
            }
            Some(self.name_of(token))
        } else {
            None
        }?;
        let columns = if self.kind() == TokenKind::LParen {
            self.name_list("list of column names")
        } else {
            Vec::new()
        };
        Some(TableAlias { name, columns })
    }

    fn is_bare_table_alias(&self, token: Token) -> bool {
        if token.kind == TokenKind::QuotedIdent {
            return true;
        }
        if token.kind != TokenKind::Word || !self.is_name(token) {
            return false;
        }
        if self.is(Dialect::DuckDb) {
            return true;
        }
        let bracket = self.kind_nth(1) == TokenKind::LParen;
        match token.kw {
            Kw::Semi | Kw::Anti | Kw::Asof | Kw::Positional => {
                self.kw_nth(1) != Kw::Join && self.kw_nth(1) != Kw::Left
            }
            Kw::Pivot | Kw::Unpivot | Kw::Tablesample | Kw::For | Kw::Set | Kw::Cross | Kw::Match => false,
            Kw::At | Kw::Before | Kw::Changes | Kw::Sample => !bracket,
            Kw::Version | Kw::Timestamp | Kw::SystemVersion | Kw::SystemTime => {
                self.kw_nth(1) != Kw::As || self.kw_nth(2) != Kw::Of
            }
            _ => !(self.is_clause_word(token) || self.at_word(0, "MATCH_CONDITION") && bracket),
        }
    }

    // ---- samples and time travel

    fn table_sample(&mut self) -> Option<Span> {
        let start = self.peek();
        let is_sample = start.kw == Kw::Tablesample
            || (start.kw == Kw::Sample
                && self.is(Dialect::Snowflake)
                && (self.kind_nth(1) == TokenKind::LParen || self.kind_nth(2) == TokenKind::LParen));
        if !is_sample {
            return None;
        }
        self.advance();
        self.sample_spec();
        Some(self.span_from(start.span))
    }

    /// `10%`, `10 ROWS`, `reservoir(10%)`, `(10 PERCENT)`, each with `REPEATABLE (n)`.
    pub(super) fn sample_spec(&mut self) {
        match self.kind() {
            TokenKind::Number => {
                self.advance();
                if self.kind() == TokenKind::Percent || matches!(self.kw(), Kw::Percent | Kw::Row | Kw::Rows)
                {
                    self.advance();
                }
                if self.kind() == TokenKind::LParen {
                    self.skip_brackets("sample method");
                }
            }
            TokenKind::LParen => self.skip_brackets("sample size"),
            TokenKind::Word if self.kind_nth(1) == TokenKind::LParen => {
                self.advance();
                self.skip_brackets("sample size");
            }
            _ => {
                self.unexpected("a sample size");
                return;
            }
        }
        if (self.kw() == Kw::Repeatable || self.at_word(0, "SEED")) && self.kind_nth(1) == TokenKind::LParen {
            self.advance();
            self.skip_brackets("seed");
        }
    }

    /// Skip a bracket whose inside is numbers and words.
    pub(super) fn skip_brackets(&mut self, what: &str) {
        let open = self.pos;
        self.advance();
        if self.kind() == TokenKind::RParen {
            self.unexpected(&format!("a {what}"));
        } else {
            match self.closing_of(open) {
                Some(index) => self.pos = index,
                None => self.skip_while(|t| {
                    matches!(
                        t.kind,
                        TokenKind::Word | TokenKind::Number | TokenKind::Percent | TokenKind::Comma
                    ) && !matches!(t.kw, Kw::From | Kw::Where | Kw::Select)
                }),
            }
        }
        self.close(open, what);
    }

    /// `AT (VERSION => 1)`, `BEFORE (…)`, `FOR SYSTEM_TIME AS OF x`, `VERSION AS OF x`.
    fn time_travel(&mut self) -> Option<Span> {
        let start = self.peek();
        let bracket = self.kind_nth(1) == TokenKind::LParen;
        match start.kw {
            Kw::At if bracket && matches!(self.dialect, Dialect::DuckDb | Dialect::Snowflake) => {}
            Kw::Before | Kw::Changes if bracket && self.is(Dialect::Snowflake) => {}
            Kw::For if self.kw_nth(2) == Kw::As && self.kw_nth(3) == Kw::Of => {
                self.advance();
                return Some(self.as_of(start.span));
            }
            Kw::Version | Kw::Timestamp | Kw::SystemVersion | Kw::SystemTime
                if self.kw_nth(1) == Kw::As && self.kw_nth(2) == Kw::Of && !self.is(Dialect::DuckDb) =>
            {
                return Some(self.as_of(start.span));
            }
            _ => return None,
        }
        while matches!(self.kw(), Kw::At | Kw::Before | Kw::Changes) && self.kind_nth(1) == TokenKind::LParen
        {
            self.advance();
            let open = self.pos;
            self.advance();
            if self.is_label(self.peek()) && self.kind_nth(1) == TokenKind::FatArrow {
                self.advance();
                self.advance();
                self.expr();
            } else {
                self.unexpected("`VERSION =>` or `TIMESTAMP =>`");
            }
            self.close(open, "time travel clause");
        }
        Some(self.span_from(start.span))
    }

    /// Cursor on the word before AS OF.
    fn as_of(&mut self, start: Span) -> Span {
        self.advance();
        self.advance();
        self.advance();
        self.expr();
        self.span_from(start)
    }
}

fn kind_word(kind: JoinKind) -> &'static str {
    match kind {
        JoinKind::Positional => "POSITIONAL",
        _ => "CROSS",
    }
}
