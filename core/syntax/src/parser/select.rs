//! SELECT: the projection and the clauses from FROM to QUALIFY.

use super::Parser;
use crate::ast::{
    Body, Distinct, ExprId, ExprKind, GroupBy, GroupItem, LikeKind, Literal, Name, Path, Select, SelectItem,
    Star, ValueTable, WindowSpec,
};
use crate::lexer::{Kw, Token, TokenKind};
use rocky_base::{Diagnostic, Dialect, Edit, Loc, Span, code};

/// The clauses of SELECT behind the projection, in the order in which they must stand.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum ClauseRank {
    From,
    Where,
    Group,
    Having,
    Window,
    Qualify,
    Sample,
}

impl ClauseRank {
    pub(super) fn of(kw: Kw) -> Option<ClauseRank> {
        Some(match kw {
            Kw::From => ClauseRank::From,
            Kw::Where => ClauseRank::Where,
            Kw::Group => ClauseRank::Group,
            Kw::Having => ClauseRank::Having,
            Kw::Window => ClauseRank::Window,
            Kw::Qualify => ClauseRank::Qualify,
            Kw::Using => ClauseRank::Sample,
            _ => return None,
        })
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            ClauseRank::From => "FROM",
            ClauseRank::Where => "WHERE",
            ClauseRank::Group => "GROUP BY",
            ClauseRank::Having => "HAVING",
            ClauseRank::Window => "WINDOW",
            ClauseRank::Qualify => "QUALIFY",
            ClauseRank::Sample => "USING SAMPLE",
        }
    }
}

fn empty_select() -> Select {
    Select {
        span: Span::at(0),
        distinct: Distinct::All,
        items: Vec::new(),
        from: Vec::new(),
        filter: None,
        group_by: GroupBy::None,
        having: None,
        windows: Vec::new(),
        qualify: None,
        sample: None,
        value_table: None,
    }
}

impl Parser<'_> {
    /// SELECT, cursor on the keyword.
    pub(super) fn select(&mut self) -> Body {
        let start = self.advance().span;
        self.select_after_keyword(start)
    }

    pub(super) fn select_after_keyword(&mut self, start: Span) -> Body {
        let mut select = empty_select();
        self.projection(&mut select);
        self.clauses(&mut select, None);
        select.span = self.span_from(start);
        Body::Select(Box::new(select))
    }

    /// `FROM t [SELECT …] [WHERE …]`, cursor on FROM.
    pub(super) fn select_from_first(&mut self) -> Body {
        let start = self.peek().span;
        if self.is(Dialect::Snowflake) {
            self.report(code::E400, start, "query begins with `FROM`; expected `SELECT`");
        }
        let mut select = empty_select();
        self.clause(ClauseRank::From, &mut select);
        if self.eat_kw(Kw::Select).is_some() {
            self.projection(&mut select);
        } else {
            let at = Span::at(self.last_span().end);
            select.items.push(SelectItem::Star(Box::new(Star {
                span: at,
                qualifier: Vec::new(),
                exclude: Vec::new(),
                replace: Vec::new(),
                rename: Vec::new(),
                like: None,
                escape: None,
            })));
        }
        self.clauses(&mut select, Some(ClauseRank::From));
        select.span = self.span_from(start);
        Body::Select(Box::new(select))
    }

    // ---- projection

    fn projection(&mut self, select: &mut Select) {
        self.select_modifiers(select);
        if self.at_projection_end() && !self.clause_word_is_name() {
            // SELECT FROM t: nothing is skipped.
            let found = self.found();
            let span = self.peek().span;
            self.complain(
                span,
                format!("no columns selected; expected an expression or `*`, found {found}"),
            );
            self.silent_at = Some(self.pos);
            return;
        }
        loop {
            let before = self.pos;
            let item = self.select_item();
            select.items.push(item);
            if self.eat(TokenKind::Comma).is_some() {
                // SELECT a, FROM t
                if self.at_projection_end() && !self.clause_word_is_name() {
                    if self.is(Dialect::Databricks) {
                        let comma = self.last_span();
                        self.report(
                            code::E400,
                            comma,
                            "comma after the last column; expected another expression",
                        );
                    }
                    return;
                }
                continue;
            }
            if self.at_projection_end() {
                return;
            }
            if let Some(kw) = self.misspelt_clause() {
                self.drop_item_alias(select);
                self.misspelt_continue(kw, select);
                return;
            }
            self.missing_comma_or_alias();
            if self.eat(TokenKind::Comma).is_none() && (self.at_projection_end() || self.pos == before) {
                return;
            }
            if self.pos == before {
                self.advance();
            }
        }
    }

    /// The alias that turned out to be a keyword is no alias.
    fn drop_item_alias(&mut self, select: &mut Select) {
        let last = self.last_alias.take();
        if let Some(SelectItem::Expr { alias, .. }) = select.items.last_mut()
            && alias.as_ref().map(|a| a.span) == last
        {
            *alias = None;
        }
    }

    /// Go on with the clause that a misspelt word meant; the cursor is behind the word.
    fn misspelt_continue(&mut self, kw: Kw, select: &mut Select) {
        match ClauseRank::of(kw) {
            Some(rank) => self.clause_body(rank, select),
            // Under an error it is enough that what follows is read.
            None if kw == Kw::Order => {
                self.eat_kw(Kw::By);
                self.order_items();
            }
            None if matches!(kw, Kw::Limit | Kw::Offset) => {
                self.expr();
            }
            None => self.recover(),
        }
    }

    /// Something follows a select item that is neither a comma nor a clause.
    fn missing_comma_or_alias(&mut self) {
        let token = self.peek();
        // INTERVAL a DAY
        if self.is(Dialect::DuckDb)
            && self.at_unit(0)
            && self
                .pos
                .checked_sub(2)
                .is_some_and(|i| self.token_at(i).kw == Kw::Interval)
        {
            let span = self.last_span();
            self.error_at(
                span,
                "expected a number, a string or an expression in brackets after `INTERVAL`",
            );
            return;
        }
        // SELECT a name: a keyword is an alias only behind AS.
        if self.is(Dialect::DuckDb)
            && token.kind == TokenKind::Word
            && token.class.is_duckdb_keyword()
            && !token.class.is_reserved(Dialect::DuckDb)
            && !matches!(token.kw, Kw::Exclude | Kw::Replace | Kw::Rename)
            && matches!(
                self.kind_nth(1),
                TokenKind::Comma | TokenKind::Eof | TokenKind::RParen
            ) | matches!(self.kw_nth(1), Kw::From)
        {
            let word = self.text_of(token).to_owned();
            let message = format!("`{word}` is a keyword; as an alias it needs `AS`");
            let diagnostic = Diagnostic::new(code::E400, Loc::text(token.span), message).fix(
                "insert `AS`",
                vec![Edit {
                    loc: Loc::text(Span::at(token.span.start)),
                    text: "AS ".to_owned(),
                }],
            );
            self.push(diagnostic);
            self.advance();
            return;
        }
        // SELECT a CASE …: an expression begins, no name.
        if matches!(token.kw, Kw::Case | Kw::Cast | Kw::Not | Kw::Exists) {
            let message = format!("expected `,` or a clause, found {}", self.found());
            let diagnostic = Diagnostic::new(code::E400, Loc::text(token.span), message)
                .help("separate the columns by a comma");
            if self.may_report() {
                self.push(diagnostic);
            }
            self.recover();
            return;
        }
        self.unexpected("`,` or a clause");
    }

    fn select_modifiers(&mut self, select: &mut Select) {
        if self.eat_kw(Kw::Distinct).is_some() {
            select.distinct = Distinct::Distinct;
            if self.kw() == Kw::On && self.kind_nth(1) == TokenKind::LParen {
                self.advance();
                let open = self.pos;
                self.advance();
                let list = self.expr_list();
                self.close(open, "list");
                select.distinct = Distinct::On(list);
            } else if self.kw() == Kw::On && self.is(Dialect::DuckDb) {
                self.advance();
                self.unexpected("`(` after `DISTINCT ON`");
            }
        } else if self.kw() == Kw::All && self.kind_nth(1) != TokenKind::Comma {
            self.advance();
        }
        if self.kw() == Kw::As && self.is(Dialect::BigQuery) {
            let value = match self.kw_nth(1) {
                Kw::Struct => Some(ValueTable::Struct),
                Kw::Value => Some(ValueTable::Value),
                _ => None,
            };
            if value.is_some() {
                self.advance();
                self.advance();
                select.value_table = value;
            }
        }
        // Snowflake: SELECT TOP 10 a
        if self.is(Dialect::Snowflake) && self.at_word(0, "TOP") && self.kind_nth(1) == TokenKind::Number {
            self.advance();
            self.pending_top = Some(self.number_literal());
        }
    }

    fn number_literal(&mut self) -> ExprId {
        let token = self.advance();
        let text = self.text_of(token).into();
        self.add(ExprKind::Literal(Literal::Number(text)), token.span)
    }

    /// A word that begins a clause elsewhere, used as a name or a function: `SELECT offset, minus(a)`.
    fn clause_word_is_name(&self) -> bool {
        let token = self.peek();
        let next = self.peek_nth(1);
        matches!(
            token.kw,
            Kw::Offset | Kw::Limit | Kw::Minus | Kw::Window | Kw::Qualify | Kw::Fetch
        ) && !token.class.is_reserved(self.dialect)
            && (matches!(
                next.kind,
                TokenKind::Comma
                    | TokenKind::Dot
                    | TokenKind::Plus
                    | TokenKind::Minus
                    | TokenKind::Star
                    | TokenKind::Eq
            ) || (next.kind == TokenKind::LParen && token.kw != Kw::Limit)
                || matches!(next.kw, Kw::From | Kw::As))
    }

    /// True where the projection ends.
    fn at_projection_end(&self) -> bool {
        self.at_query_end()
            || (self.clause_ahead().is_some()
                && !(self.kw() == Kw::Window && self.kind_nth(1) == TokenKind::Comma))
    }

    fn select_item(&mut self) -> SelectItem {
        self.last_alias = None;
        // alias: expr
        if self.is(Dialect::DuckDb) && self.kind_nth(1) == TokenKind::Colon && self.is_name(self.peek()) {
            let alias = self.eat_name();
            self.advance();
            let expr = self.expr();
            return SelectItem::Expr { expr, alias };
        }
        if let Some(star) = self.try_star() {
            // SELECT * + 1: DuckDB parses it, and nothing can be done with it.
            return SelectItem::Star(star);
        }
        let expr = self.expr();
        let alias = self.column_alias();
        SelectItem::Expr { expr, alias }
    }

    /// `[AS] alias` of a column.
    fn column_alias(&mut self) -> Option<Name> {
        if self.eat_kw(Kw::As).is_some() {
            let token = self.peek();
            // SELECT a AS FROM t: FROM may be the alias, but then nothing follows that fits.
            let clause_follows = ClauseRank::of(token.kw).is_some()
                && token.kw != Kw::Window
                && !matches!(
                    self.kind_nth(1),
                    TokenKind::Comma | TokenKind::Eof | TokenKind::RParen
                )
                && self.kw_nth(1) != Kw::From;
            if (self.is_label(token) && !clause_follows) || token.kind == TokenKind::String {
                self.advance();
                return Some(self.name_of(token));
            }
            // Databricks: explode(m) AS (k, v)
            if self.is(Dialect::Databricks) && token.kind == TokenKind::LParen {
                self.error_at(
                    token.span,
                    "several names for one column are not supported; expected one alias, or LATERAL VIEW",
                );
                return None;
            }
            self.unexpected("an alias after `AS`");
            return None;
        }
        let token = self.peek();
        if self.is_bare_column_alias(token) {
            self.advance();
            if token.kind == TokenKind::Word {
                self.last_alias = Some(token.span);
            }
            return Some(self.name_of(token));
        }
        None
    }

    fn is_bare_column_alias(&self, token: Token) -> bool {
        match token.kind {
            TokenKind::QuotedIdent => true,
            TokenKind::Word if self.is(Dialect::DuckDb) => !token.class.is_duckdb_keyword(),
            TokenKind::Word => self.is_name(token) && !self.is_clause_word(token),
            _ => false,
        }
    }

    /// Words that are not reserved in every dialect, but begin a clause here.
    pub(super) fn is_clause_word(&self, token: Token) -> bool {
        match token.kw {
            Kw::Limit | Kw::Offset | Kw::Fetch | Kw::Window | Kw::Qualify | Kw::Minus | Kw::Lateral => true,
            Kw::Sort | Kw::Cluster | Kw::Distribute => {
                self.is(Dialect::Databricks) && self.kw_nth(1) == Kw::By
            }
            _ => false,
        }
    }

    // ---- stars

    /// `*` or `t.*` with modifiers, when one stands at the cursor.
    pub(super) fn try_star(&mut self) -> Option<Box<Star>> {
        let start = self.peek();
        let mut qualifier: Path = Vec::new();
        if start.kind == TokenKind::Star {
            // *COLUMNS(…) is an expression.
            if self.kw_nth(1) == Kw::Columns
                && self.kind_nth(2) == TokenKind::LParen
                && self.is(Dialect::DuckDb)
            {
                return None;
            }
            self.advance();
        } else {
            if !self.is_name(start) {
                return None;
            }
            let mut n = 0;
            loop {
                if !self.is_label(self.peek_nth(n)) || self.kind_nth(n + 1) != TokenKind::Dot {
                    return None;
                }
                if self.kind_nth(n + 2) == TokenKind::Star {
                    break;
                }
                n += 2;
            }
            for index in 0..=n + 2 {
                let token = self.advance();
                if index % 2 == 0 && token.kind != TokenKind::Star {
                    qualifier.push(self.name_of(token));
                }
            }
        }
        let mut star = Star {
            span: start.span,
            qualifier,
            exclude: Vec::new(),
            replace: Vec::new(),
            rename: Vec::new(),
            like: None,
            escape: None,
        };
        if star.qualifier.len() > 1 && self.is(Dialect::DuckDb) {
            let span = self.span_from(start.span);
            self.report(
                code::E400,
                span,
                "`.*` behind a dotted name; expected the alias or name of one relation",
            );
        }
        self.star_modifiers(&mut star);
        star.span = self.span_from(start.span);
        Some(Box::new(star))
    }

    fn star_modifiers(&mut self, star: &mut Star) {
        let misplaced = |p: &mut Self, later: &str| {
            let span = p.peek().span;
            let found = p.found();
            p.report(code::E400, span, format!("{found} must stand before `{later}`"));
        };
        loop {
            match self.kw() {
                Kw::Exclude | Kw::Replace if self.modifier_follows() && !star.rename.is_empty() => {
                    misplaced(self, "RENAME");
                }
                Kw::Exclude if self.modifier_follows() && !star.replace.is_empty() => {
                    misplaced(self, "REPLACE")
                }
                _ => {}
            }
            match self.kw() {
                Kw::Exclude if self.modifier_follows() => {
                    self.advance();
                    self.exclude_list(star);
                }
                // BigQuery and Databricks write EXCEPT (…); a set operation has a query behind it.
                Kw::Except if self.kind_nth(1) == TokenKind::LParen && !self.paren_is_query(self.pos + 1) => {
                    let word = self.advance().span;
                    if self.is(Dialect::DuckDb) {
                        let finding = Diagnostic::new(
                            code::E400,
                            Loc::text(word),
                            "columns are left out with `EXCLUDE`, not `EXCEPT`",
                        );
                        let edit = Edit {
                            loc: Loc::text(word),
                            text: "EXCLUDE".to_owned(),
                        };
                        self.push(finding.fix("write `EXCLUDE`", vec![edit]));
                    }
                    self.exclude_list(star);
                }
                Kw::Replace if self.modifier_follows() => {
                    self.advance();
                    self.replace_list(star);
                }
                Kw::Rename if self.modifier_follows() => {
                    self.advance();
                    self.rename_list(star);
                }
                Kw::Like | Kw::Ilike | Kw::Glob => {
                    let kind = self.like_kind();
                    self.star_pattern(star, kind, false);
                }
                Kw::Similar if self.kw_nth(1) == Kw::To => {
                    let kind = self.like_kind();
                    self.star_pattern(star, kind, false);
                }
                Kw::Not if matches!(self.kw_nth(1), Kw::Like | Kw::Ilike | Kw::Glob | Kw::Similar) => {
                    self.advance();
                    let kind = self.like_kind();
                    self.star_pattern(star, kind, true);
                }
                _ => return,
            }
        }
    }

    fn like_kind(&mut self) -> LikeKind {
        let kw = self.advance().kw;
        match kw {
            Kw::Ilike => LikeKind::ILike,
            Kw::Glob => LikeKind::Glob,
            Kw::Similar => {
                self.advance();
                LikeKind::Similar
            }
            _ => LikeKind::Like,
        }
    }

    fn star_pattern(&mut self, star: &mut Star, kind: LikeKind, negated: bool) {
        let pattern = self.operand_above_predicates();
        star.like = Some((kind, negated, pattern));
        if matches!(kind, LikeKind::Like | LikeKind::ILike) && self.kw() == Kw::Escape {
            self.advance();
            star.escape = Some(self.operand_above_predicates());
        }
    }

    fn modifier_follows(&self) -> bool {
        let next = self.peek_nth(1);
        next.kind == TokenKind::LParen || self.is_name(next)
    }

    fn path(&mut self) -> Option<Path> {
        let token = self.peek();
        let text = token.kind == TokenKind::String && self.is(Dialect::DuckDb);
        if !text && (!self.is_label(token) || token.class.is_reserved(self.dialect)) {
            self.unexpected("a column");
            return None;
        }
        self.advance();
        Some(self.path_from(token))
    }

    /// One or several, with or without brackets.
    fn modifier_list(&mut self, what: &str, mut one: impl FnMut(&mut Self)) {
        if self.kind() != TokenKind::LParen {
            one(self);
            return;
        }
        let open = self.pos;
        self.advance();
        loop {
            if self.kind() == TokenKind::RParen && self.pos != open + 1 && self.is(Dialect::DuckDb) {
                break;
            }
            one(self);
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.close(open, what);
    }

    fn exclude_list(&mut self, star: &mut Star) {
        let mut list = Vec::new();
        self.modifier_list("list of columns", |p| list.extend(p.path()));
        star.exclude.append(&mut list);
    }

    fn replace_list(&mut self, star: &mut Star) {
        let mut list = Vec::new();
        self.modifier_list("list of replacements", |p| {
            let expr = p.expr();
            if p.expect_kw(Kw::As, "and the name of the replaced column")
                && let Some(name) = p.expect_label("a column after `AS`")
            {
                list.push((expr, name));
            }
        });
        star.replace.append(&mut list);
    }

    fn rename_list(&mut self, star: &mut Star) {
        let mut list = Vec::new();
        self.modifier_list("list of names", |p| {
            if let Some(path) = p.path()
                && p.expect_kw(Kw::As, "and the new name")
                && let Some(name) = p.expect_label("a name after `AS`")
            {
                list.push((path, name));
            }
        });
        star.rename.append(&mut list);
    }

    pub(super) fn expect_label(&mut self, what: &str) -> Option<Name> {
        let token = self.peek();
        if self.is_label(token) || token.kind == TokenKind::String {
            self.advance();
            return Some(self.name_of(token));
        }
        self.unexpected(what);
        None
    }

    // ---- clauses

    /// All clauses behind the projection, up to the end of the SELECT.
    fn clauses(&mut self, select: &mut Select, mut last: Option<ClauseRank>) {
        loop {
            if self.at_query_end() {
                return;
            }
            let before = self.pos;
            match self.clause_ahead() {
                Some(rank) => {
                    let span = self.peek().span;
                    match last {
                        Some(previous) if rank == previous || self.has_clause(select, rank) => {
                            self.complain(span, format!("second `{}`; expected one", rank.text()));
                        }
                        Some(previous) if rank < previous && !self.may_swap(rank, previous) => {
                            let message =
                                format!("`{}` must stand before `{}`", rank.text(), previous.text());
                            self.complain(span, message);
                        }
                        _ => {}
                    }
                    last = Some(last.map_or(rank, |l| l.max(rank)));
                    self.clause(rank, select);
                }
                None => match self.misspelt_clause() {
                    Some(kw) => {
                        self.drop_from_alias(select);
                        if let Some(rank) = ClauseRank::of(kw) {
                            last = Some(last.map_or(rank, |l| l.max(rank)));
                        }
                        self.misspelt_continue(kw, select);
                    }
                    None => self.unexpected("a clause or the end of the query"),
                },
            }
            if self.pos == before {
                // Recovery stopped at a token no clause takes.
                self.advance();
                self.recover();
            }
        }
    }

    /// The clause that begins at the cursor.
    pub(super) fn clause_ahead(&self) -> Option<ClauseRank> {
        // USING alone belongs to joins.
        ClauseRank::of(self.kw()).filter(|rank| *rank != ClauseRank::Sample || self.kw_nth(1) == Kw::Sample)
    }

    fn may_swap(&self, rank: ClauseRank, previous: ClauseRank) -> bool {
        // GoogleSQL writes QUALIFY before WINDOW, DuckDB behind it.
        !self.is(Dialect::DuckDb) && rank == ClauseRank::Window && previous == ClauseRank::Qualify
    }

    fn has_clause(&self, select: &Select, rank: ClauseRank) -> bool {
        match rank {
            ClauseRank::From => !select.from.is_empty(),
            ClauseRank::Where => select.filter.is_some(),
            ClauseRank::Group => !matches!(select.group_by, GroupBy::None),
            ClauseRank::Having => select.having.is_some(),
            ClauseRank::Window => !select.windows.is_empty(),
            ClauseRank::Qualify => select.qualify.is_some(),
            ClauseRank::Sample => select.sample.is_some(),
        }
    }

    /// One clause, cursor on its keyword.
    pub(super) fn clause(&mut self, rank: ClauseRank, select: &mut Select) {
        self.advance();
        self.clause_body(rank, select);
    }

    fn clause_body(&mut self, rank: ClauseRank, select: &mut Select) {
        match rank {
            ClauseRank::From => {
                let mut items = self.relation_list();
                select.from.append(&mut items);
            }
            ClauseRank::Where => select.filter = Some(self.expr()),
            ClauseRank::Group => {
                let keyword = self.last_span();
                self.expect_kw(Kw::By, "after `GROUP`");
                select.group_by = self.group_by(keyword);
            }
            ClauseRank::Having => select.having = Some(self.expr()),
            ClauseRank::Qualify => select.qualify = Some(self.expr()),
            ClauseRank::Window => self.window_clause(select),
            ClauseRank::Sample => {
                let start = self.last_span();
                self.advance();
                self.sample_spec();
                select.sample = Some(self.span_from(start));
            }
        }
    }

    fn group_by(&mut self, keyword: Span) -> GroupBy {
        let token = self.peek();
        if token.kw == Kw::All && (self.kind_nth(1) != TokenKind::Comma)
            || (token.kind == TokenKind::Star && self.is(Dialect::DuckDb))
        {
            self.advance();
            return GroupBy::All(self.span_from(keyword));
        }
        // GROUP BY ALL | DISTINCT items (standard set quantifier)
        if token.kw == Kw::Distinct {
            self.advance();
        }
        let mut items = Vec::new();
        loop {
            let item = self.group_item(false);
            items.push(item);
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
            if self.is(Dialect::DuckDb) && (self.at_query_end() || self.clause_ahead().is_some()) {
                break;
            }
        }
        // Databricks: GROUP BY a, b WITH ROLLUP; GROUP BY a, b GROUPING SETS (…)
        if self.kw() == Kw::With && matches!(self.kw_nth(1), Kw::Rollup | Kw::Cube) {
            self.advance();
            let kw = self.advance().kw;
            let lists: Vec<Vec<ExprId>> = items
                .iter()
                .filter_map(|i| match i {
                    GroupItem::Expr(e) => Some(vec![*e]),
                    _ => None,
                })
                .collect();
            items = vec![if kw == Kw::Rollup {
                GroupItem::Rollup(lists)
            } else {
                GroupItem::Cube(lists)
            }];
        } else if self.kw() == Kw::Grouping && self.kw_nth(1) == Kw::Sets {
            let item = self.group_item(false);
            items = vec![item];
        }
        GroupBy::Items(items)
    }

    fn group_item(&mut self, in_sets: bool) -> GroupItem {
        let bracket = self.kind_nth(1) == TokenKind::LParen;
        match self.kw() {
            Kw::Rollup if bracket => {
                self.advance();
                return GroupItem::Rollup(self.group_lists("ROLLUP"));
            }
            Kw::Cube if bracket => {
                self.advance();
                return GroupItem::Cube(self.group_lists("CUBE"));
            }
            Kw::Grouping if self.kw_nth(1) == Kw::Sets => {
                self.advance();
                self.advance();
                let open = self.pos;
                if self.eat(TokenKind::LParen).is_none() {
                    self.unexpected("`(` after `GROUPING SETS`");
                    return GroupItem::Sets(Vec::new());
                }
                let mut sets = Vec::new();
                self.nested(|p| {
                    loop {
                        let item = p.group_item(true);
                        sets.push(item);
                        if p.eat(TokenKind::Comma).is_none() {
                            break;
                        }
                    }
                });
                self.close(open, "list of grouping sets");
                return GroupItem::Sets(sets);
            }
            _ => {}
        }
        if self.kind() == TokenKind::LParen {
            if self.kind_nth(1) == TokenKind::RParen {
                let start = self.advance().span;
                self.advance();
                return GroupItem::Empty(self.span_from(start));
            }
            if in_sets && !self.paren_is_query(self.pos) {
                let open = self.pos;
                self.advance();
                let list = self.expr_list();
                self.close(open, "grouping set");
                return GroupItem::Tuple(list);
            }
        }
        GroupItem::Expr(self.expr())
    }

    /// `(a, (b, c))` of ROLLUP and CUBE.
    fn group_lists(&mut self, what: &str) -> Vec<Vec<ExprId>> {
        let open = self.pos;
        self.advance();
        let mut lists = Vec::new();
        loop {
            let expr = self.expr();
            // (b, c) is one level of several columns.
            match &self.ast.expr(expr).kind {
                ExprKind::Tuple(list) => lists.push(list.clone()),
                _ => lists.push(vec![expr]),
            }
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.close(open, what);
        lists
    }

    fn window_clause(&mut self, select: &mut Select) {
        while let Some(name) = self.expect_name("a name for the window") {
            self.expect_kw(Kw::As, "after the name of the window");
            let spec = if self.kind() == TokenKind::LParen {
                self.window_spec()
            } else if let Some(base) = self.eat_name() {
                // GoogleSQL: WINDOW a AS b
                let span = base.span;
                WindowSpec {
                    base: Some(base),
                    span,
                    ..WindowSpec::default()
                }
            } else {
                self.unexpected("`(` before the window");
                WindowSpec::default()
            };
            select.windows.push((name, spec));
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
    }
}
