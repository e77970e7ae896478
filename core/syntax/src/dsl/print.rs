//! Levels and expressions to SQL text. Parentheses are put where the precedence of SQL needs them and nowhere else.
//!
//! Invariant: what is copied from the `.rocky` text is written as a token with its own span; keywords and separators
//! carry the span of the step or expression that they belong to.

use super::ast::{
    Bound, ExprId, ExprKind, File, Frame, JoinKind, Name, Op, Operator, Path, Pattern, SortKey, Window, Word,
};
use super::level::{Condition, Item, Level, Source};
use super::plan::Plan;
use super::writer::Writer;
use rocky_base::{Dialect, Ident, Span};

/// Binding strength of SQL, loosest first.
mod strength {
    pub(super) const ANY: u8 = 0;
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARE: u8 = 4;
    pub(super) const ADD: u8 = 5;
    pub(super) const MUL: u8 = 6;
    pub(super) const NEGATE: u8 = 7;
    pub(super) const ATOM: u8 = 8;
}

pub(super) struct Printer<'a> {
    pub(super) tree: &'a File,
    pub(super) dialect: Dialect,
    pub(super) out: Writer<'a>,
}

impl Printer<'_> {
    pub(super) fn plan(&mut self, plan: &Plan) {
        let Some(main) = &plan.main else { return };
        for (index, (name, keyword, level)) in plan.ctes.iter().enumerate() {
            match index {
                0 => self.out.glue("WITH ", *keyword),
                _ => {
                    self.out.glue(",", *keyword);
                    self.out.newline(*keyword);
                }
            }
            self.name(name);
            self.out.glue(" AS (", *keyword);
            self.level(level);
            self.out.glue(")", *keyword);
        }
        if !plan.ctes.is_empty() {
            self.out.newline(main.shape);
        }
        self.level(main);
    }

    // ---- levels ----

    fn level(&mut self, level: &Level) {
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.level_inner(level));
    }

    fn level_inner(&mut self, level: &Level) {
        self.out.glue("SELECT ", level.shape);
        if level.replicate {
            self.out.glue("* FROM ", level.shape);
            self.source(level);
            return;
        }
        if let Some(step) = level.distinct {
            self.out.glue("DISTINCT ", step);
        }
        self.projection(level);
        self.out.newline(level.source_step);
        self.out.glue("FROM ", level.source_step);
        self.source(level);
        for join in &level.joins {
            self.out.newline(join.step);
            let words = match join.kind {
                JoinKind::Inner => "JOIN ",
                JoinKind::Left => "LEFT JOIN ",
                JoinKind::Right => "RIGHT JOIN ",
                JoinKind::Full => "FULL JOIN ",
                JoinKind::Cross => "CROSS JOIN ",
            };
            self.out.glue(words, join.step);
            self.path(&join.relation);
            self.out.glue(" AS ", join.step);
            self.name(&join.alias);
            for (index, on) in join.on.iter().enumerate() {
                self.out
                    .glue(if index == 0 { " ON " } else { " AND " }, join.step);
                self.operand(
                    *on,
                    if join.on.len() > 1 {
                        strength::AND
                    } else {
                        strength::ANY
                    },
                );
            }
        }
        self.conditions("WHERE ", &level.filters);
        if let Some(group) = level.group.as_ref().filter(|g| !g.keys.is_empty()) {
            self.out.newline(group.step);
            self.out.glue("GROUP BY ", group.step);
            for (index, key) in group.keys.iter().enumerate() {
                self.separator(index, group.step);
                self.expr(*key);
            }
        }
        self.conditions("HAVING ", &level.having);
        for (index, key) in level.order.iter().enumerate() {
            if index == 0 {
                self.out.newline(key.step);
                self.out.glue("ORDER BY ", key.step);
            }
            self.separator(index, key.step);
            self.expr(key.expr);
            if let Some(desc) = key.desc {
                self.out.glue(" DESC", desc);
            }
        }
        if let Some((count, step)) = level.limit {
            self.out.newline(step);
            self.out.glue("LIMIT ", step);
            self.out.token(&count.value.to_string(), count.span);
        }
    }

    fn separator(&mut self, index: usize, span: Span) {
        if index > 0 {
            self.out.glue(", ", span);
        }
    }

    fn conditions(&mut self, word: &str, conditions: &[Condition]) {
        for (index, condition) in conditions.iter().enumerate() {
            if index == 0 {
                self.out.newline(condition.step);
                self.out.glue(word, condition.step);
            } else {
                self.out.glue(" AND ", condition.step);
            }
            self.operand(
                condition.expr,
                if conditions.len() > 1 {
                    strength::AND
                } else {
                    strength::ANY
                },
            );
        }
    }

    fn source(&mut self, level: &Level) {
        match &level.source {
            Source::Table { relation, alias } => {
                self.path(relation);
                if let Some(alias) = alias {
                    self.out.glue(" ", level.source_step);
                    self.name(alias);
                }
            }
            Source::Level { level: inner, alias } => {
                self.out.glue("(", level.source_step);
                self.out.indent();
                self.out.newline(level.source_step);
                self.level(inner);
                self.out.dedent();
                self.out.newline(level.source_step);
                self.out.glue(&format!(") AS {alias}"), level.source_step);
            }
        }
    }

    fn projection(&mut self, level: &Level) {
        let mut first = true;
        for item in &level.items {
            if let Item::Star(span) = item {
                self.star(level, *span, &mut first);
                continue;
            }
            self.item(item, level.shape, &mut first);
        }
        for item in &level.keeps {
            self.item(item, level.shape, &mut first);
        }
        for (expr, name) in &level.hidden {
            self.comma(level.shape, &mut first);
            self.expr(*expr);
            self.out.glue(&format!(" AS {name}"), self.tree.expr(*expr).span);
        }
    }

    fn comma(&mut self, span: Span, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.glue(", ", span);
        }
    }

    fn item(&mut self, item: &Item, shape: Span, first: &mut bool) {
        self.comma(shape, first);
        match item {
            Item::Star(span) => self.out.token("*", *span),
            Item::StarOf { relation, star } => {
                self.path(relation);
                self.out.glue(".", relation.span().to(*star));
                self.out.token("*", *star);
            }
            Item::Column(expr) => self.expr(*expr),
            Item::Named { name, expr } => self.named(name, *expr),
        }
    }

    fn named(&mut self, name: &Name, expr: ExprId) {
        self.expr(expr);
        self.out.glue(" AS ", name.span);
        self.name(name);
    }

    /// Everything of FROM and the joins, with redefined columns in place and without hidden exports and what a join
    /// does not keep.
    fn star(&mut self, level: &Level, span: Span, first: &mut bool) {
        let partly = level.joins.iter().any(|j| j.kept);
        self.comma(level.shape, first);
        if partly {
            let qualifier = Ident::bare(level.qualifier()).print(self.dialect);
            self.out.glue(&format!("{qualifier}."), span);
        }
        self.out.token("*", span);
        let hidden = match &level.source {
            Source::Level { level: inner, .. } => inner.hidden.as_slice(),
            Source::Table { .. } => &[],
        };
        let has_replace = matches!(self.dialect, Dialect::DuckDb | Dialect::BigQuery);
        let mut left_out: Vec<(String, Span)> = hidden.iter().map(|(_, n)| (n.to_string(), span)).collect();
        if !has_replace {
            let names = level
                .replaced
                .iter()
                .map(|(n, _)| (Ident::bare(n.text.clone()).print(self.dialect), n.span));
            left_out.extend(names);
        }
        if !left_out.is_empty() {
            let word = match self.dialect {
                Dialect::DuckDb | Dialect::Snowflake => " EXCLUDE (",
                Dialect::Databricks | Dialect::BigQuery => " EXCEPT (",
            };
            self.out.glue(word, span);
            for (index, (name, origin)) in left_out.iter().enumerate() {
                self.separator(index, span);
                self.out.token(name, *origin);
            }
            self.out.glue(")", span);
        }
        if has_replace && !level.replaced.is_empty() {
            self.out.glue(" REPLACE (", level.shape);
            for (index, (name, expr)) in level.replaced.iter().enumerate() {
                self.separator(index, level.shape);
                self.named(name, *expr);
            }
            self.out.glue(")", level.shape);
        }
        for join in level.joins.iter().filter(|j| partly && !j.kept) {
            self.out.glue(", ", join.step);
            self.name(&join.alias);
            self.out.glue(".*", join.step);
        }
        if !has_replace {
            for (name, expr) in &level.replaced {
                self.out.glue(", ", name.span);
                self.named(name, *expr);
            }
        }
    }

    // ---- names ----

    fn name(&mut self, name: &Name) {
        let text = Ident::bare(name.text.clone()).print(self.dialect);
        self.out.token(&text, name.span);
    }

    fn path(&mut self, path: &Path) {
        let mut end: Option<Span> = None;
        for name in &path.parts {
            if let Some(before) = end {
                self.out
                    .token(".", Span::new(before.end, name.span.start.max(before.end)));
            }
            self.name(name);
            end = Some(name.span);
        }
    }

    // ---- expressions ----

    /// How strongly the printed form holds together.
    fn strength(&self, id: ExprId) -> u8 {
        match &self.tree.expr(self.meant(id)).kind {
            ExprKind::Chain { rest, .. } => match rest.first().map(|(o, _)| o.op) {
                Some(Op::Or) => strength::OR,
                Some(Op::And) => strength::AND,
                Some(Op::Add | Op::Sub) => strength::ADD,
                _ => strength::MUL,
            },
            ExprKind::Unary { operator, .. } if operator.op == Op::Not => strength::NOT,
            ExprKind::Unary { .. } => strength::NEGATE,
            ExprKind::Compare { .. } | ExprKind::IsNull { .. } | ExprKind::In { .. } => strength::COMPARE,
            _ => strength::ATOM,
        }
    }

    /// A `match` with nothing but `_` is its value.
    fn meant(&self, id: ExprId) -> ExprId {
        let mut id = id;
        while let ExprKind::Match { arms, .. } = &self.tree.expr(id).kind {
            match arms.as_slice() {
                [arm] if matches!(arm.pattern, Pattern::Any(_)) => id = arm.value,
                _ => break,
            }
        }
        id
    }

    /// The expression, in parentheses when it holds together less than `least`.
    fn operand(&mut self, id: ExprId, least: u8) {
        if self.strength(id) < least {
            self.parenthesised(id);
        } else {
            self.expr(id);
        }
    }

    fn parenthesised(&mut self, id: ExprId) {
        let span = self.tree.expr(id).span;
        self.out.glue("(", span);
        self.expr(id);
        self.out.glue(")", span);
    }

    fn expr(&mut self, id: ExprId) {
        if !self.out.is_full() {
            stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.expr_inner(id));
        }
    }

    fn expr_inner(&mut self, id: ExprId) {
        let tree = self.tree;
        let expr = tree.expr(self.meant(id));
        let span = expr.span;
        match &expr.kind {
            ExprKind::String(text) => self.out.token(&self.dialect.string_literal(text), span),
            ExprKind::Number(text) => self.out.token(text, span),
            ExprKind::Date { text, timed } => {
                let word = if *timed { "TIMESTAMP" } else { "DATE" };
                self.out
                    .token(&format!("{word} {}", self.dialect.string_literal(text)), span);
            }
            ExprKind::Word(word) => {
                let text = match word {
                    Word::True => "TRUE",
                    Word::False => "FALSE",
                    Word::Null => "NULL",
                };
                self.out.token(text, span);
            }
            ExprKind::Column(path) => self.path(path),
            ExprKind::Chain { first, rest } => self.chain(*first, rest),
            ExprKind::Compare {
                left,
                operator,
                right,
            } => {
                self.operand(*left, strength::ADD);
                self.operator(*operator);
                self.operand(*right, strength::ADD);
            }
            ExprKind::IsNull {
                operand,
                negated,
                words,
            } => {
                self.operand(*operand, strength::ADD);
                self.out.glue(" ", *words);
                self.out
                    .token(if *negated { "IS NOT NULL" } else { "IS NULL" }, *words);
            }
            ExprKind::In {
                operand,
                negated,
                words,
                list,
            } => {
                self.operand(*operand, strength::ADD);
                self.out
                    .glue(if *negated { " NOT IN (" } else { " IN (" }, *words);
                self.list(list, *words);
                self.out.glue(")", *words);
            }
            ExprKind::Unary { operator, operand } => self.unary(*operator, *operand),
            ExprKind::Call { name, args, over } => {
                self.function(name);
                self.out.glue("(", span);
                match (args.as_slice(), name.bare()) {
                    // `count()` counts rows.
                    ([], Some(n)) if n.text.eq_ignore_ascii_case("count") => self.out.glue("*", span),
                    _ => self.list(args, span),
                }
                self.out.glue(")", span);
                if let Some(window) = over {
                    self.window(window);
                }
            }
            ExprKind::Macro { name, args } => {
                self.out.token(&format!("@{}", name.text), name.span);
                if let Some(args) = args {
                    self.out.glue("(", span);
                    for (index, arg) in args.iter().enumerate() {
                        self.separator(index, span);
                        match &tree.expr(*arg).kind {
                            // The name of a variable is no identifier of SQL.
                            ExprKind::Column(path) if index == 0 && name.text == "var" => {
                                self.out.token(path.span().slice(self.out.source()), path.span());
                            }
                            _ => self.expr(*arg),
                        }
                    }
                    self.out.glue(")", span);
                }
            }
            ExprKind::Match {
                keyword,
                scrutinee,
                arms,
            } => {
                self.out.glue("CASE", *keyword);
                for arm in arms {
                    match &arm.pattern {
                        Pattern::Any(any) => {
                            self.out.glue(" ", arm.span);
                            self.out.token("ELSE", *any);
                            self.out.glue(" ", arm.span);
                        }
                        Pattern::Test { operator, value } => {
                            self.out.glue(" WHEN ", arm.span);
                            self.operand(*scrutinee, strength::ADD);
                            let null = matches!(tree.expr(*value).kind, ExprKind::Word(Word::Null));
                            match operator {
                                None | Some(Operator { op: Op::Eq, .. }) if null => {
                                    self.out.glue(" IS ", arm.span);
                                    self.expr(*value);
                                }
                                Some(operator) => {
                                    self.operator(*operator);
                                    self.operand(*value, strength::ADD);
                                }
                                None => {
                                    self.out.glue(" = ", arm.span);
                                    self.operand(*value, strength::ADD);
                                }
                            }
                            self.out.glue(" THEN ", arm.span);
                        }
                    }
                    self.expr(arm.value);
                }
                self.out.glue(" END", *keyword);
            }
            // Only in a text with errors, whose SQL is not used.
            ExprKind::Error => self.out.glue("NULL", span),
        }
    }

    fn list(&mut self, items: &[ExprId], span: Span) {
        for (index, item) in items.iter().enumerate() {
            self.separator(index, span);
            self.expr(*item);
        }
    }

    fn chain(&mut self, first: ExprId, rest: &[(Operator, ExprId)]) {
        let Some((operator, _)) = rest.first() else {
            return self.expr(first);
        };
        let level = match operator.op {
            Op::Or => strength::OR,
            Op::And => strength::AND,
            Op::Add | Op::Sub => strength::ADD,
            _ => strength::MUL,
        };
        self.operand(first, level);
        for (operator, right) in rest {
            self.operator(*operator);
            // `a + (b + c)` needs none; `a - (b + c)`, `a / (b * c)` and `a * (b % c)` do.
            let regrouping_is_harmless = matches!(operator.op, Op::Or | Op::And | Op::Add | Op::Mul)
                && match &self.tree.expr(self.meant(*right)).kind {
                    ExprKind::Chain { rest, .. } => rest.iter().all(|(o, _)| o.op == operator.op),
                    _ => false,
                };
            self.operand(*right, if regrouping_is_harmless { level } else { level + 1 });
        }
    }

    /// The operator with a space on each side; one piece with its surroundings when they are written so.
    fn operator(&mut self, operator: Operator) {
        let (text, span) = (sql_operator(operator.op), operator.span);
        let spaced = format!(" {text} ");
        let around = Span::new(span.start.saturating_sub(1), span.end + 1);
        if around.slice(self.out.source()) == spaced {
            self.out.token(&spaced, around);
        } else {
            self.out.glue(" ", span);
            self.out.token(text, span);
            self.out.glue(" ", span);
        }
    }

    fn unary(&mut self, operator: Operator, operand: ExprId) {
        let inner = self.meant(operand);
        let kind = &self.tree.expr(inner).kind;
        let needs = match (operator.op, kind) {
            (Op::Not, ExprKind::Chain { .. } | ExprKind::Compare { .. }) => true,
            (Op::Not, _) => false,
            // `--` would begin a comment; a macro may expand to a minus.
            (_, ExprKind::Unary { .. } | ExprKind::Macro { .. }) => true,
            _ => self.strength(inner) < strength::NEGATE,
        };
        if operator.op == Op::Not {
            self.out.token("NOT", operator.span);
            self.out.glue(" ", operator.span);
        } else {
            self.out.token("-", operator.span);
        }
        if needs {
            self.parenthesised(inner)
        } else {
            self.expr(inner)
        }
    }

    fn function(&mut self, name: &Path) {
        match name.bare() {
            Some(name) => self.out.token(&name.text.to_ascii_uppercase(), name.span),
            None => self.path(name),
        }
    }

    fn window(&mut self, window: &Window) {
        let span = window.span;
        self.out.glue(" OVER (", span);
        let mut gap = "";
        if !window.partition.is_empty() {
            self.out.glue("PARTITION BY ", span);
            self.list(&window.partition, span);
            gap = " ";
        }
        if !window.sort.is_empty() {
            self.out.glue(gap, span);
            self.out.glue("ORDER BY ", span);
            for (index, SortKey { expr, desc }) in window.sort.iter().enumerate() {
                self.separator(index, span);
                self.expr(*expr);
                if let Some(desc) = desc {
                    self.out.glue(" DESC", *desc);
                }
            }
            gap = " ";
        }
        if let Some(Frame {
            span,
            range,
            start,
            end,
        }) = &window.frame
        {
            self.out.glue(gap, *span);
            self.out
                .glue(if *range { "RANGE BETWEEN " } else { "ROWS BETWEEN " }, *span);
            self.bound(start, "PRECEDING");
            self.out.glue(" AND ", *span);
            self.bound(end, "FOLLOWING");
        }
        self.out.glue(")", span);
    }

    fn bound(&mut self, bound: &Bound, side: &str) {
        match bound {
            Bound::Unbounded(span) => self.out.glue(&format!("UNBOUNDED {side}"), *span),
            Bound::Current(span) => self.out.glue("CURRENT ROW", *span),
            Bound::Rows(count) => {
                self.out.token(&count.value.to_string(), count.span);
                self.out.glue(&format!(" {side}"), count.span);
            }
        }
    }
}

fn sql_operator(op: Op) -> &'static str {
    match op {
        Op::Or => "OR",
        Op::And => "AND",
        Op::Not => "NOT",
        Op::Eq => "=",
        Op::Ne => "IS DISTINCT FROM",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Gt => ">",
        Op::Ge => ">=",
        Op::Add => "+",
        Op::Sub => "-",
        Op::Mul => "*",
        Op::Div => "/",
        Op::Rem => "%",
    }
}
