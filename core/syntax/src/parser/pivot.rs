//! PIVOT and UNPIVOT: as suffix of a relation (standard) and as statement (DuckDB).

use super::Parser;
use crate::ast::{ExprId, ExprKind, FromId, FromKind, Name, Pivot, PivotOn, Unpivot};
use crate::lexer::{Kw, TokenKind};
use rocky_base::{Dialect, Span, code};

impl Parser<'_> {
    /// `PIVOT t [ON …] [USING …] [GROUP BY …]`, cursor on the keyword.
    pub(super) fn pivot_statement(&mut self) -> FromId {
        let start = self.advance().span;
        let source = self.single_relation();
        let mut pivot = Pivot {
            aggregates: Vec::new(),
            on: Vec::new(),
            group_by: Vec::new(),
            span: start,
            simplified: true,
        };
        if self.eat_kw(Kw::On).is_some() {
            loop {
                let on = self.pivot_on_simplified();
                pivot.on.push(on);
                if self.eat(TokenKind::Comma).is_none() {
                    break;
                }
            }
        }
        if self.eat_kw(Kw::Using).is_some() {
            pivot.aggregates = self.aggregates();
        }
        if self.eat_kws(Kw::Group, Kw::By).is_some() {
            pivot.group_by = self.expr_list();
        }
        if pivot.on.is_empty() && pivot.aggregates.is_empty() && pivot.group_by.is_empty() {
            self.unexpected("`ON` or `USING` after the pivoted relation");
        }
        pivot.span = self.span_from(start);
        let span = pivot.span;
        self.ast.add_from(
            FromKind::Pivot {
                source,
                pivot: Box::new(pivot),
                alias: None,
            },
            span,
        )
    }

    fn pivot_on_simplified(&mut self) -> PivotOn {
        let expr = self.operand_above_predicates();
        let (values, dynamic) = if self.eat_kw(Kw::In).is_some() {
            self.pivot_values()
        } else {
            (Vec::new(), true)
        };
        PivotOn {
            expr,
            values,
            dynamic,
        }
    }

    /// What stands behind IN: a list, a subquery, ANY, the name of an enum.
    fn pivot_values(&mut self) -> (Vec<(ExprId, Option<Name>)>, bool) {
        if self.kind() != TokenKind::LParen {
            self.expect_name("a list of values or an enum type");
            return (Vec::new(), true);
        }
        let open = self.pos;
        if self.paren_is_query(open) {
            self.bracketed_query("subquery");
            return (Vec::new(), true);
        }
        self.advance();
        // Snowflake: IN (ANY [ORDER BY …])
        if self.kw() == Kw::Any && self.is(Dialect::Snowflake) {
            self.advance();
            if self.eat_kws(Kw::Order, Kw::By).is_some() {
                self.order_items();
            }
            self.close(open, "list of values");
            return (Vec::new(), true);
        }
        let mut values = Vec::new();
        loop {
            let value = self.expr();
            let alias = self.pivot_alias();
            values.push((value, alias));
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        if self.eat_kws(Kw::Default, Kw::On).is_some() {
            self.skip_while(|t| t.kind != TokenKind::RParen);
        }
        self.close(open, "list of values");
        (values, false)
    }

    fn pivot_alias(&mut self) -> Option<Name> {
        if self.eat_kw(Kw::As).is_some() {
            return self.expect_label("an alias after `AS`");
        }
        let token = self.peek();
        let bare = self.is_name(token) && !matches!(token.kw, Kw::For | Kw::Group | Kw::In);
        if bare { self.eat_name() } else { None }
    }

    fn aggregates(&mut self) -> Vec<(ExprId, Option<Name>)> {
        let mut list = Vec::new();
        loop {
            let expr = self.expr();
            let alias = self.pivot_alias();
            list.push((expr, alias));
            if self.eat(TokenKind::Comma).is_none() {
                return list;
            }
        }
    }

    /// `PIVOT (sum(x) FOR y IN (…) [GROUP BY …]) [AS p]` behind a relation.
    pub(super) fn pivot_suffix(&mut self, source: FromId, start: Span) -> FromId {
        let keyword = self.advance().span;
        let open = self.pos;
        self.advance();
        let mut pivot = Pivot {
            aggregates: Vec::new(),
            on: Vec::new(),
            group_by: Vec::new(),
            span: keyword,
            simplified: false,
        };
        pivot.aggregates = self.aggregates();
        if self.expect_kw(Kw::For, "after the aggregates") {
            loop {
                let on = self.pivot_on();
                pivot.on.push(on);
                // DuckDB: FOR a IN (…) b IN (…)
                let more = self.kind() != TokenKind::RParen
                    && !matches!(self.kw(), Kw::Group | Kw::Default)
                    && (self.is_name(self.peek()) || self.kind() == TokenKind::LParen);
                if !more {
                    break;
                }
            }
        }
        if self.eat_kws(Kw::Group, Kw::By).is_some() {
            pivot.group_by = self.expr_list();
        }
        if self.eat_kws(Kw::Default, Kw::On).is_some() {
            self.skip_while(|t| t.kind != TokenKind::RParen);
        }
        self.close(open, "PIVOT");
        pivot.span = self.span_from(keyword);
        let alias = self.table_alias();
        let span = self.span_from(start);
        self.ast.add_from(
            FromKind::Pivot {
                source,
                pivot: Box::new(pivot),
                alias,
            },
            span,
        )
    }

    fn pivot_on(&mut self) -> PivotOn {
        let expr = self.operand_above_predicates();
        if self.expect_kw(Kw::In, "and the values after the pivoted column") {
            if self.is(Dialect::DuckDb) && self.paren_is_query(self.pos) {
                let span = self.peek().span;
                self.report(
                    code::E400,
                    span,
                    "subquery as list of values; expected the values themselves",
                );
            }
            let (values, dynamic) = self.pivot_values();
            return PivotOn {
                expr,
                values,
                dynamic,
            };
        }
        PivotOn {
            expr,
            values: Vec::new(),
            dynamic: true,
        }
    }

    /// `UNPIVOT t ON a, b [INTO NAME n VALUE v]`, cursor on the keyword.
    pub(super) fn unpivot_statement(&mut self) -> FromId {
        let start = self.advance().span;
        let source = self.single_relation();
        let mut unpivot = self.empty_unpivot(start);
        unpivot.include_nulls = self.include_nulls();
        if self.expect_kw(Kw::On, "after the unpivoted relation") {
            unpivot.on = self.unpivot_columns();
        }
        if self.eat_kw(Kw::Into).is_some() {
            if self.expect_kw(Kw::Name, "after `INTO`") {
                unpivot.name = self.expect_name("a name for the column of names");
            }
            if self.expect_kw(Kw::Value, "and the columns of values") {
                loop {
                    unpivot
                        .values
                        .extend(self.expect_name("a name for the column of values"));
                    if self.eat(TokenKind::Comma).is_none() {
                        break;
                    }
                }
            }
        }
        unpivot.span = self.span_from(start);
        let span = unpivot.span;
        self.ast.add_from(
            FromKind::Unpivot {
                source,
                unpivot: Box::new(unpivot),
                alias: None,
            },
            span,
        )
    }

    fn empty_unpivot(&self, span: Span) -> Unpivot {
        Unpivot {
            include_nulls: false,
            values: Vec::new(),
            name: None,
            on: Vec::new(),
            span,
        }
    }

    fn include_nulls(&mut self) -> bool {
        if self.eat_kws(Kw::Include, Kw::Nulls).is_some() {
            return true;
        }
        self.eat_kws(Kw::Exclude, Kw::Nulls);
        false
    }

    fn unpivot_columns(&mut self) -> Vec<(Vec<ExprId>, Option<Name>)> {
        let mut groups = Vec::new();
        loop {
            let expr = match self.try_star() {
                Some(star) => {
                    let span = star.span;
                    self.add(ExprKind::Star(star), span)
                }
                None => self.operand_above_predicates(),
            };
            let columns = match &self.ast.expr(expr).kind {
                ExprKind::Tuple(list) => list.clone(),
                ExprKind::Paren(inner) => vec![*inner],
                _ => vec![expr],
            };
            let alias = self.pivot_alias();
            groups.push((columns, alias));
            if self.eat(TokenKind::Comma).is_none() {
                return groups;
            }
        }
    }

    /// `UNPIVOT [INCLUDE NULLS] (v FOR n IN (a, b)) [AS u]` behind a relation.
    pub(super) fn unpivot_suffix(&mut self, source: FromId, start: Span) -> FromId {
        let keyword = self.advance().span;
        let mut unpivot = self.empty_unpivot(keyword);
        unpivot.include_nulls = self.include_nulls();
        let open = self.pos;
        if self.eat(TokenKind::LParen).is_none() {
            self.unexpected("`(` after `UNPIVOT`");
        } else {
            if self.kind() == TokenKind::LParen {
                unpivot.values = self.name_list("list of columns");
            } else {
                unpivot
                    .values
                    .extend(self.expect_name("a name for the column of values"));
            }
            if self.expect_kw(Kw::For, "after the columns of values") {
                unpivot.name = self.expect_name("a name for the column of names");
                if self.expect_kw(Kw::In, "and the columns") {
                    let list = self.pos;
                    if self.eat(TokenKind::LParen).is_some() {
                        unpivot.on = self.unpivot_columns();
                        self.close(list, "list of columns");
                    } else {
                        self.unexpected("`(` before the columns");
                    }
                }
            }
            self.close(open, "UNPIVOT");
        }
        unpivot.span = self.span_from(keyword);
        let alias = self.table_alias();
        let span = self.span_from(start);
        self.ast.add_from(
            FromKind::Unpivot {
                source,
                unpivot: Box::new(unpivot),
                alias,
            },
            span,
        )
    }
}
