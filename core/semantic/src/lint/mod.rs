//! Lints: what is not wrong by the rules of the language, and yet hardly what was meant.
//!
//! They run once behind the analysis of a text, over its arenas and over what the analysis noted of each expression
//! ([`Fact`]): no scopes, no names, no recursion. Children have smaller numbers than their parents, so that one pass
//! from the end hands down where an expression stands (in a filter, behind NOT), and each expression is looked at once.
//! Invariants: linear in the tree; nothing is allocated for a text in which nothing is found, beside one byte per query;
//! a lint is only said where it is proved, and what could not be resolved proves nothing. One file per family.

mod cast;
mod condition;
mod join;
mod null;
mod number;
mod random;
mod select;
mod union;
mod unknown;

use crate::analyse::Resolved;
use crate::model::{Conditional, OutputColumn, RelationInput};
use crate::typing::{Constant, Operand};
use rocky_base::{Diagnostic, Dialect, Span};
use rocky_syntax::ast::{
    Ast, BinaryOp, Body, Distinct, ExprId, ExprKind, FromKind, JoinConstraint, Literal, QueryId, Select,
    UnaryOp,
};
use rocky_syntax::lexer::{self, Token};
use rocky_warehouse::Type;

/// What the analysis found of an expression, and where it stands.
#[derive(Copy, Clone, Default, Debug)]
pub(crate) struct Fact {
    bits: u16,
    class: Class,
}

/// The kinds of values that lints tell apart.
#[derive(Copy, Clone, Default, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    #[default]
    Other,
    Integer,
    /// Numbers with a fraction.
    Fraction,
    Text,
    Boolean,
    Date,
    Timestamp,
}

impl Fact {
    const SEEN: u16 = 1;
    const NULLABLE: u16 = 1 << 1;
    const KNOWN: u16 = 1 << 2;
    const QUERY_NULLABLE: u16 = 1 << 3;
    /// A condition of WHERE, ON, HAVING, QUALIFY, FILTER, or an operand of AND and OR in it.
    const FILTER: u16 = 1 << 4;
    /// Somewhere inside such a condition.
    const IN_FILTER: u16 = 1 << 5;
    /// Directly behind NOT.
    const NEGATED: u16 = 1 << 6;
    /// A join's own condition as a whole.
    const WHOLE_ON: u16 = 1 << 7;
    const COLUMN_NULLABLE: u16 = 1 << 8;

    /// Note the value of an expression.
    pub(crate) fn learn(&mut self, operand: &Operand) {
        self.bits |= Fact::SEEN;
        if operand.nullable {
            self.bits |= Fact::NULLABLE;
        } else {
            self.bits &= !Fact::NULLABLE;
        }
        if operand.ty.is_unknown() {
            self.bits &= !Fact::KNOWN;
        } else {
            self.bits |= Fact::KNOWN;
        }
        self.class = match &operand.ty {
            // Bare text takes the type of the other side.
            Type::String { .. } if matches!(operand.constant, Some(Constant::String(_))) => Class::Text,
            ty => class(ty),
        };
    }

    /// Note that the column may be NULL where it comes from, whatever conditions say of it.
    pub(crate) fn column_may_be_null(&mut self) {
        self.bits |= Fact::COLUMN_NULLABLE;
    }

    /// Note that the subquery of IN may give NULL.
    pub(crate) fn query_may_give_null(&mut self) {
        self.bits |= Fact::QUERY_NULLABLE;
    }

    fn has(self, bits: u16) -> bool {
        self.bits & bits == bits
    }
}

/// Text that no engine takes for a value of the type: the lint of casts says so.
pub(crate) fn is_refused_text(ty: &Type, text: Option<&str>) -> bool {
    text.is_some_and(|text| cast::refused(class(ty), text))
}

fn class(ty: &Type) -> Class {
    match ty {
        Type::String { .. } => Class::Text,
        Type::Boolean => Class::Boolean,
        Type::Date => Class::Date,
        Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz => Class::Timestamp,
        Type::Decimal { scale: 0, .. } => Class::Integer,
        Type::Float32 | Type::Float64 | Type::Decimal { .. } => Class::Fraction,
        ty if ty.is_integer() => Class::Integer,
        _ => Class::Other,
    }
}

/// The relations `start..end` of a scope, bound by one FROM item.
#[derive(Copy, Clone, Default, Debug)]
pub(crate) struct Bound {
    /// The scope; 0 for an item that was not bound.
    pub(crate) scope: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// It reads a relation before it: BigQuery's `FROM t, t.items`.
    pub(crate) lateral: bool,
}

/// Where a query stands.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Role {
    Root,
    Cte,
    Derived,
    /// Of a set operation.
    Operand,
    In,
    Exists,
    /// A scalar or ARRAY subquery, or not reached.
    Other,
}

/// An analysed text.
pub(crate) struct Query<'a> {
    pub(crate) ast: &'a Ast,
    pub(crate) text: &'a str,
    pub(crate) dialect: Dialect,
    pub(crate) facts: &'a mut [Fact],
    pub(crate) resolved: &'a [Resolved],
    pub(crate) bound: &'a [Bound],
    pub(crate) columns: &'a [OutputColumn],
    pub(crate) relations: &'a [RelationInput],
    /// A WITH says RECURSIVE.
    pub(crate) recursive: bool,
}

/// Findings so far.
struct Found<'o> {
    out: &'o mut Vec<Diagnostic>,
    conditional: &'o mut Vec<Conditional>,
}

impl Query<'_> {
    /// Look at the whole text.
    pub(crate) fn run(mut self, out: &mut Vec<Diagnostic>, conditional: &mut Vec<Conditional>) {
        let mut found = Found { out, conditional };
        let roles = self.roles();
        self.mark_filters();
        for index in (0..self.ast.exprs.len()).rev() {
            let id = ExprId(index as u32);
            self.hand_down(id);
            if self.fact(id).has(Fact::SEEN) {
                self.expression(id, &mut found);
            }
        }
        for (query, role) in self.ast.queries.iter().zip(&roles) {
            if let Body::Select(select) = &query.body {
                join::select(&self, select, &mut found);
                for filter in select.filter.iter().chain(&select.having).chain(&select.qualify) {
                    null::unequal(&self, *filter, &mut found);
                }
                select::select(&self, query, select, &mut found);
            }
            union::set_operation(&self, query, *role, &mut found);
            select::query(&self, query, *role, &mut found);
        }
        unknown::stars(&self, &mut found);
        unknown::types(&self, &mut found);
        found
            .conditional
            .sort_by_key(|c| c.diagnostic.primary.as_ref().map(|l| l.loc.span));
    }

    fn expression(&self, id: ExprId, found: &mut Found<'_>) {
        match &self.ast.expr(id).kind {
            ExprKind::Binary {
                left,
                op,
                op_span,
                right,
            } => {
                null::binary(self, id, *left, op, *op_span, *right, found);
                condition::binary(self, id, *left, op, *op_span, *right, found);
                number::binary(self, id, *left, op, *right, found);
                if is_comparison(op) {
                    cast::compared(self, *left, *right, found);
                    cast::compared(self, *right, *left, found);
                }
            }
            ExprKind::Between { expr, low, high, .. } => {
                null::between(self, id, *low, *high, found);
                condition::between(self, id, *low, *high, found);
                for bound in [*low, *high] {
                    cast::compared(self, *expr, bound, found);
                }
            }
            ExprKind::InList { expr, negated, list } => {
                null::in_list(self, id, *negated, list, found);
                for element in list {
                    cast::compared(self, *expr, *element, found);
                }
            }
            ExprKind::InQuery { negated, query, .. } => null::in_query(self, id, *negated, *query, found),
            ExprKind::Like { .. } => condition::like(self, id, found),
            ExprKind::Case {
                operand,
                whens,
                otherwise,
            } => {
                null::case(self, *operand, whens, found);
                condition::case(self, *operand, whens, found);
                for (when, then) in whens {
                    cast::unified(self, id, *then, "CASE", found);
                    if let Some(operand) = operand {
                        cast::compared(self, *operand, *when, found);
                    }
                }
                if let Some(otherwise) = otherwise {
                    cast::unified(self, id, *otherwise, "CASE", found);
                }
            }
            ExprKind::Cast { expr, ty, kind } => {
                cast::cast(self, id, *expr, *ty, *kind, found);
                number::cast(self, id, *expr, found);
            }
            ExprKind::Function(call) => {
                select::window(self, id, call, found);
                cast::call(self, id, call, found);
                number::call(self, id, call, found);
                random::call(self, id, call, found);
            }
            ExprKind::Column(path) => random::column(self, id, path, found),
            ExprKind::Literal(_) => condition::literal(self, id, found),
            _ => {}
        }
    }

    fn fact(&self, id: ExprId) -> Fact {
        self.facts.get(id.0 as usize).copied().unwrap_or_default()
    }

    fn mark(&mut self, id: ExprId, bits: u16) {
        if let Some(fact) = self.facts.get_mut(id.0 as usize) {
            fact.bits |= bits;
        }
    }

    fn resolved(&self, id: ExprId) -> Resolved {
        self.resolved
            .get(self.ast.unparen(id).0 as usize)
            .copied()
            .unwrap_or(Resolved::Nothing)
    }

    fn span(&self, id: ExprId) -> Span {
        self.ast.expr(id).span
    }

    fn slice(&self, span: Span) -> &str {
        span.slice(self.text)
    }

    fn literal(&self, id: ExprId) -> Option<&Literal> {
        match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Literal(literal) => Some(literal),
            _ => None,
        }
    }

    fn is_null(&self, id: ExprId) -> bool {
        matches!(self.literal(id), Some(Literal::Null))
    }

    /// A number literal's value, signed.
    fn number(&self, id: ExprId) -> Option<f64> {
        let (id, sign) = match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Unary {
                op: UnaryOp::Minus,
                operand,
            } => (*operand, -1.0),
            _ => (id, 1.0),
        };
        match self.literal(id) {
            Some(Literal::Number(text)) => text.parse::<f64>().ok().map(|n| n * sign),
            _ => None,
        }
    }

    /// The expressions of a subtree, those of subqueries inside it included: they stand directly before its root.
    fn subtree(&self, root: ExprId) -> impl Iterator<Item = ExprId> {
        let start = self.span(root).start;
        (0..=root.0)
            .rev()
            .map(ExprId)
            .take_while(move |id| self.span(*id).start >= start)
    }

    /// The operands of AND in a condition, without their parentheses; the condition itself when there is none.
    fn conjuncts(&self, root: ExprId, mut visit: impl FnMut(ExprId)) {
        let mut next = Some(root);
        let mut work = Vec::new();
        while let Some(id) = next.take().or_else(|| work.pop()) {
            let id = self.ast.unparen(id);
            match &self.ast.expr(id).kind {
                ExprKind::Binary {
                    left,
                    op: BinaryOp::And,
                    right,
                    ..
                } => {
                    work.push(*right);
                    next = Some(*left);
                }
                _ => visit(id),
            }
        }
    }

    /// Tokens of a part of the text, spans in the whole text. Only asked for when something was found.
    fn tokens(&self, span: Span) -> Vec<Token> {
        let mut tokens = lexer::lex(self.slice(span), self.dialect).tokens;
        tokens.iter_mut().for_each(|t| t.span = t.span.shift(span.start));
        tokens
    }

    /// `lower` as the text writes the word in `like`: in upper case unless that is lower case.
    fn cased(&self, like: Span, lower: &str) -> String {
        if self.slice(like).chars().any(|c| c.is_lowercase()) {
            lower.to_owned()
        } else {
            lower.to_uppercase()
        }
    }

    fn roles(&self) -> Vec<Role> {
        let ast = self.ast;
        let mut roles = vec![Role::Other; ast.queries.len()];
        let mut set = |id: QueryId, role: Role| {
            if let Some(slot) = roles.get_mut(id.0 as usize) {
                *slot = role;
            }
        };
        if let Some(root) = ast.root {
            set(root, Role::Root);
        }
        for from in &ast.froms {
            if let FromKind::Derived { query, .. } = &from.kind {
                set(*query, Role::Derived);
            }
        }
        for expr in &ast.exprs {
            match &expr.kind {
                ExprKind::InQuery { query, .. } => set(*query, Role::In),
                ExprKind::Exists { query, .. } => set(*query, Role::Exists),
                _ => {}
            }
        }
        for query in &ast.queries {
            for cte in query.with.iter().flat_map(|w| &w.ctes) {
                set(cte.query, Role::Cte);
            }
            if let Body::SetOp { first, rest } = &query.body {
                set(*first, Role::Operand);
                rest.iter().for_each(|o| set(o.query, Role::Operand));
            }
        }
        // What stands in parentheses is what the parentheses are.
        for index in (0..ast.queries.len()).rev() {
            if let (Some(query), Some(role)) = (ast.queries.get(index), roles.get(index).copied())
                && let Body::Paren(inner) = &query.body
                && let Some(slot) = roles.get_mut(inner.0 as usize)
            {
                *slot = role;
            }
        }
        roles
    }

    /// Mark the conditions of all clauses.
    fn mark_filters(&mut self) {
        const FILTER: u16 = Fact::FILTER | Fact::IN_FILTER;
        let ast = self.ast;
        for query in &ast.queries {
            if let Body::Select(select) = &query.body {
                for filter in select.filter.iter().chain(&select.having).chain(&select.qualify) {
                    self.mark(*filter, FILTER);
                }
            }
        }
        for from in &ast.froms {
            if let FromKind::Join {
                constraint: JoinConstraint::On(condition),
                ..
            } = &from.kind
            {
                self.mark(ast.unparen(*condition), FILTER | Fact::WHOLE_ON);
            }
        }
    }

    /// Tell the children where they stand.
    fn hand_down(&mut self, id: ExprId) {
        let ast = self.ast;
        let fact = self.fact(id);
        let kind = &ast.expr(id).kind;
        let filter = fact.bits & (Fact::FILTER | Fact::IN_FILTER);
        match kind {
            ExprKind::Binary {
                left,
                op: BinaryOp::And | BinaryOp::Or,
                right,
                ..
            } => {
                if filter != 0 {
                    self.mark(*left, filter);
                    self.mark(*right, filter);
                }
                return;
            }
            ExprKind::Paren(inner) => {
                let bits = fact.bits & (Fact::FILTER | Fact::IN_FILTER | Fact::NEGATED | Fact::WHOLE_ON);
                self.mark(*inner, bits);
                return;
            }
            ExprKind::Unary {
                op: UnaryOp::Not,
                operand,
            } => {
                self.mark(*operand, filter | Fact::NEGATED);
                return;
            }
            ExprKind::Function(call) => {
                if let Some(filter) = call.filter {
                    self.mark(filter, Fact::FILTER | Fact::IN_FILTER);
                }
            }
            _ => {}
        }
        if fact.has(Fact::IN_FILTER) {
            kind.for_each_child(|child| self.mark(child, Fact::IN_FILTER));
        }
    }

    /// True when a SELECT gives one row at most for the sake of its own form: an aggregate without keys, or no FROM.
    fn is_single_row(&self, select: &Select) -> bool {
        use rocky_syntax::ast::{GroupBy, SelectItem};
        if select.from.is_empty() {
            return true;
        }
        matches!(select.group_by, GroupBy::None)
            && matches!(select.distinct, Distinct::All)
            && select.items.iter().any(|item| match item {
                SelectItem::Expr { expr, .. } => self.has_aggregate(*expr),
                SelectItem::Star(_) => false,
            })
    }

    /// True when an item may make several rows of one.
    fn has_unnest(&self, select: &Select) -> bool {
        use rocky_syntax::ast::SelectItem;
        const MANY: [&str; 6] = [
            "unnest",
            "unlist",
            "explode",
            "posexplode",
            "generate_subscripts",
            "flatten",
        ];
        select.items.iter().any(|item| match item {
            SelectItem::Star(_) => false,
            SelectItem::Expr { expr, .. } => self.subtree(*expr).any(|id| match &self.ast.expr(id).kind {
                ExprKind::Function(call) => call
                    .name
                    .last()
                    .is_some_and(|n| MANY.iter().any(|m| n.ident.text.eq_ignore_ascii_case(m))),
                _ => false,
            }),
        })
    }

    /// True when an aggregate of this query is called in the expression (not one of a subquery inside it).
    fn has_aggregate(&self, root: ExprId) -> bool {
        use crate::typing::{FunctionKind, function_kind};
        let mut work = vec![root];
        while let Some(id) = work.pop() {
            let kind = &self.ast.expr(id).kind;
            if let ExprKind::Function(call) = kind
                && call.over.is_none()
            {
                let name = call.name.last().map_or("", |n| n.ident.text.as_str());
                match function_kind(self.dialect, name) {
                    Some(FunctionKind::Aggregate) => return true,
                    // A function that nobody knows may be one.
                    None => return true,
                    _ => {}
                }
            }
            kind.for_each_child(|child| work.push(child));
        }
        false
    }
}

pub(crate) fn is_comparison(op: &BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq
    )
}
