//! The name DuckDB gives to an unnamed expression: its own text of the parsed tree, not what was written. `count(*)` is
//! `count_star()`, `a+1` is `(a + 1)`, `x::date` is `CAST(x AS "DATE")`. The rules here were taken from DuckDB 1.5.5's answers,
//! which `tests/data/names.txt` keeps. What has no rule falls back to the text as written.

mod query;

use super::deeper;
use crate::typing;
use rocky_base::{Dialect, SmolStr};
use rocky_syntax::ast::{
    Ast, BinaryOp, Call, CastKind, Direction, ExprId, ExprKind, Frame, FrameBound, FrameExclude, FrameUnit,
    IsWhat, LikeKind, Literal, Name, OrderItem, Over, Sort, UnaryOp, WindowSpec,
};
use rocky_warehouse::Type;
use rustc_hash::FxHashMap;
use std::fmt::Write;

/// A named window's definition.
pub(super) type Windows<'w> = &'w dyn Fn(&Name) -> Option<&'w WindowSpec>;

/// What stands where the text has COLUMNS(…).
#[derive(Default)]
pub(super) struct Expansion {
    /// The expression that REPLACE gives for the column at hand.
    pub(super) replaced: FxHashMap<ExprId, (SmolStr, ExprId)>,
    /// The columns of a `*COLUMNS(…)`: names, and the names with what they are qualified by.
    pub(super) unpacked: FxHashMap<ExprId, Vec<(SmolStr, String)>>,
}

/// The name of an unnamed expression.
pub(super) fn print<'p>(
    ast: &'p Ast,
    text: &'p str,
    windows: Windows<'p>,
    columns: &'p Expansion,
    id: ExprId,
) -> String {
    let mut printer = Printer {
        ast,
        text,
        windows,
        columns,
        inner_windows: Vec::new(),
        out: String::new(),
    };
    printer.expr(id);
    printer.out
}

struct Printer<'p> {
    ast: &'p Ast,
    text: &'p str,
    windows: Windows<'p>,
    columns: &'p Expansion,
    /// The WINDOW clauses of the subqueries around.
    inner_windows: Vec<&'p [(Name, WindowSpec)]>,
    out: String,
}

impl<'p> Printer<'p> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn ident(&mut self, text: &str) {
        push_ident(&mut self.out, text);
    }

    fn list(&mut self, ids: &[ExprId], separator: &str) {
        for (i, id) in ids.iter().enumerate() {
            if i > 0 {
                self.push(separator);
            }
            self.expr(*id);
        }
    }

    /// A list of values, where `*COLUMNS(…)` gives no names.
    fn values(&mut self, ids: &[ExprId]) {
        let columns = self.columns;
        let mut first = true;
        for id in ids {
            let unpacked = columns.unpacked.get(id);
            if let Some(unpacked) = unpacked {
                for (_, path) in unpacked {
                    self.push(if first { "" } else { ", " });
                    self.push(path);
                    first = false;
                }
                continue;
            }
            self.push(if first { "" } else { ", " });
            self.expr(*id);
            first = false;
        }
    }

    fn string(&mut self, text: &str) {
        self.push("'");
        self.push(&text.replace('\'', "''"));
        self.push("'");
    }

    fn expr(&mut self, id: ExprId) {
        deeper(|| self.expr_inner(self.ast.unparen(id)));
    }

    /// The text as written.
    fn raw(&mut self, id: ExprId) {
        let text = self.ast.expr(id).span.slice(self.text);
        self.push(text);
    }

    fn wrapped(&mut self, before: &str, id: ExprId, after: &str) {
        self.push(before);
        self.expr(id);
        self.push(after);
    }

    fn expr_inner(&mut self, id: ExprId) {
        let ast: &'p Ast = self.ast;
        match &ast.expr(id).kind {
            ExprKind::Literal(literal) => self.literal(literal),
            ExprKind::Column(path) => {
                for (i, name) in path.iter().enumerate() {
                    if i > 0 {
                        self.push(".");
                    }
                    self.ident(&name.ident.text);
                }
            }
            ExprKind::Star(star) => self.star(star),
            ExprKind::Positional(n) => {
                // Writing to a String cannot fail.
                let _ = write!(self.out, "#{n}");
            }
            ExprKind::Unary { op, operand } => self.unary(*op, *operand),
            ExprKind::Binary {
                op: op @ (BinaryOp::And | BinaryOp::Or),
                ..
            } => self.conjunction(id, op),
            ExprKind::Binary { .. } => self.chain(id),
            ExprKind::Is { expr, what, negated } => {
                let (before, after) = match (what, negated) {
                    (IsWhat::Null | IsWhat::Unknown, false) => ("(", " IS NULL)"),
                    (IsWhat::Null | IsWhat::Unknown, true) => ("(", " IS NOT NULL)"),
                    (IsWhat::True, false) => ("(CAST(", " AS BOOLEAN) IS NOT DISTINCT FROM true)"),
                    (IsWhat::True, true) => ("(CAST(", " AS BOOLEAN) IS DISTINCT FROM true)"),
                    (IsWhat::False, false) => ("(CAST(", " AS BOOLEAN) IS NOT DISTINCT FROM false)"),
                    (IsWhat::False, true) => ("(CAST(", " AS BOOLEAN) IS DISTINCT FROM false)"),
                };
                self.wrapped(before, *expr, after);
            }
            ExprKind::Between {
                expr,
                negated,
                symmetric: false,
                low,
                high,
            } => {
                self.push(if *negated { "(NOT (" } else { "(" });
                self.expr(*expr);
                self.wrapped(" BETWEEN ", *low, " AND ");
                self.expr(*high);
                self.push(if *negated { "))" } else { ")" });
            }
            ExprKind::InList { expr, negated, list } => {
                self.wrapped("(", *expr, if *negated { " NOT IN (" } else { " IN (" });
                self.values(list);
                self.push("))");
            }
            ExprKind::InQuery { expr, negated, query } => {
                self.push(if *negated { "(NOT (" } else { "(" });
                self.expr(*expr);
                self.push(" = ANY(");
                self.query(*query);
                self.push(if *negated { ")))" } else { "))" });
            }
            ExprKind::InExpr { expr, negated, list } => {
                self.push(if *negated { "(NOT contains(" } else { "contains(" });
                self.expr(*list);
                self.wrapped(", ", *expr, if *negated { "))" } else { ")" });
            }
            ExprKind::Like {
                expr,
                negated,
                kind,
                pattern,
                escape,
            } => {
                self.like(*expr, *negated, *kind, *pattern, *escape);
            }
            ExprKind::Quantified { left, op, all, right } => {
                // ALL is the negation of ANY with the opposite operator.
                let shown = if *all { opposite(op) } else { operator(op) };
                self.push(if *all { "(NOT (" } else { "(" });
                self.expr(*left);
                let _ = write!(self.out, " {shown} ANY(");
                match &ast.expr(ast.unparen(*right)).kind {
                    ExprKind::Subquery(query) => self.query(*query),
                    _ => self.wrapped("SELECT unnest(", *right, ")"),
                }
                self.push(if *all { ")))" } else { "))" });
            }
            ExprKind::Case {
                operand,
                whens,
                otherwise,
            } => {
                self.push("CASE ");
                for (when, then) in whens {
                    self.push(" WHEN (");
                    if let Some(operand) = operand {
                        self.wrapped("(", *operand, " = ");
                    }
                    self.expr(*when);
                    self.push(if operand.is_some() {
                        ")) THEN ("
                    } else {
                        ") THEN ("
                    });
                    self.expr(*then);
                    self.push(")");
                }
                self.push(" ELSE ");
                match otherwise {
                    Some(otherwise) => self.expr(*otherwise),
                    None => self.push("NULL"),
                }
                self.push(" END");
            }
            ExprKind::Cast { expr, ty, kind } => {
                self.push(if *kind == CastKind::Try {
                    "TRY_CAST("
                } else {
                    "CAST("
                });
                self.expr(*expr);
                self.push(" AS ");
                let written = ty.span.slice(self.text);
                push_type(
                    &mut self.out,
                    written,
                    Type::parse(Dialect::DuckDb, written).as_ref(),
                );
                self.push(")");
            }
            ExprKind::Interval { value, unit: None } => self.wrapped("CAST(", *value, " AS INTERVAL)"),
            ExprKind::Interval {
                value,
                unit: Some(unit),
            } => match interval(unit) {
                Some((function, "")) => {
                    let _ = write!(self.out, "{function}(CAST(");
                    self.wrapped("", *value, " AS DOUBLE))");
                }
                Some((function, whole)) => {
                    let _ = write!(self.out, "{function}(CAST(trunc(CAST(");
                    self.expr(*value);
                    let _ = write!(self.out, " AS DOUBLE)) AS {whole}))");
                }
                None => self.raw(id),
            },
            ExprKind::Extract { field_span, expr, .. } => {
                self.push("main.date_part(");
                let written = field_span.slice(self.text);
                let bare = written.trim_matches(['\'', '"']);
                match date_keyword(written) {
                    Some(keyword) => self.string(keyword),
                    None => self.string(bare),
                }
                self.wrapped(", ", *expr, ")");
            }
            ExprKind::Function(call) => self.call(id, call),
            ExprKind::Exists { negated, query } => {
                self.push(if *negated { "(NOT EXISTS(" } else { "EXISTS(" });
                self.query(*query);
                self.push(if *negated { "))" } else { ")" });
            }
            ExprKind::Subquery(query) => {
                self.push("(");
                self.query(*query);
                self.push(")");
            }
            ExprKind::ArrayQuery(query) => self.array_query(*query),
            ExprKind::Tuple(list) => {
                self.push("main.\"row\"(");
                self.list(list, ", ");
                self.push(")");
            }
            ExprKind::Array(list) => {
                let written = ast.expr(id).span.slice(self.text);
                let keyword = written.get(..5).is_some_and(|w| w.eq_ignore_ascii_case("array"));
                self.push(if keyword { "(ARRAY[" } else { "main.list_value(" });
                self.list(list, ", ");
                self.push(if keyword { "])" } else { ")" });
            }
            ExprKind::Struct(fields) => {
                self.push("main.struct_pack(");
                for (i, (name, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        self.push(", ");
                    }
                    if let Some(name) = name {
                        self.ident(&name.ident.text);
                        self.push(" := ");
                    }
                    self.expr(*value);
                }
                self.push(")");
            }
            ExprKind::Map(entries) => {
                let (keys, values): (Vec<ExprId>, Vec<ExprId>) = entries.iter().copied().unzip();
                self.push("main.\"map\"(main.list_value(");
                self.list(&keys, ", ");
                self.push("), main.list_value(");
                self.list(&values, ", ");
                self.push("))");
            }
            ExprKind::Lambda { params, body } => self.lambda(id, params, *body),
            ExprKind::Comprehension {
                element,
                vars,
                list,
                filter: None,
            } => {
                self.wrapped("main.list_apply(", *list, ", (lambda ");
                self.names(vars);
                self.wrapped(": ", *element, "))");
            }
            ExprKind::Comprehension {
                element,
                vars,
                list,
                filter: Some(filter),
            } => {
                self.wrapped(
                    "main.list_apply(main.list_filter(main.list_apply(",
                    *list,
                    ", (lambda ",
                );
                self.names(vars);
                self.wrapped(": main.struct_pack(\"filter\" := ", *filter, ", result := ");
                self.expr(*element);
                self.push("))), (lambda elem: main.struct_extract(elem, 'filter'))), ");
                self.push("(lambda elem: main.struct_extract(elem, 'result')))");
            }
            ExprKind::Index { base, index } => {
                self.wrapped("", *base, "[");
                self.wrapped("", *index, "]");
            }
            ExprKind::Slice { base, bounds } => {
                self.wrapped("", *base, "[");
                for (i, bound) in bounds.iter().enumerate() {
                    match (i, bound) {
                        (0, Some(bound)) => self.expr(*bound),
                        (_, Some(bound)) => self.wrapped(":", *bound, ""),
                        // `[1:-:2]`
                        (1, None) if matches!(bounds.get(2), Some(Some(_))) => self.push(":-"),
                        (1, None) => self.push(":"),
                        _ => {}
                    }
                }
                self.push("]");
            }
            ExprKind::Field { base, name } => {
                self.wrapped("(", *base, ").");
                self.ident(&name.ident.text);
            }
            ExprKind::AtTimeZone { expr, zone } => {
                self.wrapped("main.timezone(", *zone, ", ");
                self.wrapped("", *expr, ")");
            }
            ExprKind::Collate { expr, collation } => {
                self.expr(*expr);
                let collation = collation.slice(self.text);
                let _ = write!(self.out, " COLLATE {collation}");
            }
            ExprKind::Paren(inner) => self.expr(*inner),
            ExprKind::Columns { .. } => {
                match (self.columns.replaced.get(&id), self.columns.unpacked.get(&id)) {
                    (Some((_, replaced)), _) => self.expr(*replaced),
                    (None, Some(unpacked)) => {
                        for (i, (name, path)) in unpacked.iter().enumerate() {
                            self.push(if i > 0 { ", " } else { "" });
                            self.ident(name);
                            self.push(" := ");
                            self.push(path);
                        }
                    }
                    (None, None) => self.columns(id),
                }
            }
            _ => self.raw(id),
        }
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Null => self.push("NULL"),
            Literal::Bool(true) => self.push("CAST('t' AS BOOLEAN)"),
            Literal::Bool(false) => self.push("CAST('f' AS BOOLEAN)"),
            Literal::Number(text) => {
                let plain = text.replace('_', "");
                self.push(&number(&plain));
            }
            Literal::String(text) => self.string(text),
            Literal::Bytes(text) => self.string(&format!("x{text}")),
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: ExprId) {
        let inner = &self.ast.expr(self.ast.unparen(operand)).kind;
        match (op, inner) {
            (UnaryOp::Not, ExprKind::Binary { left, op, right, .. }) if super::expr::is_comparison(op) => {
                self.wrapped("(", *left, " ");
                let _ = write!(self.out, "{} ", opposite(op));
                self.wrapped("", *right, ")");
            }
            (
                UnaryOp::Not,
                ExprKind::Unary {
                    op: UnaryOp::Not,
                    operand: inner,
                },
            ) if matches!(
                &self.ast.expr(self.ast.unparen(*inner)).kind,
                ExprKind::Binary { op, .. } if super::expr::is_comparison(op)
            ) =>
            {
                self.expr(*inner);
            }
            (
                UnaryOp::Not,
                ExprKind::InList {
                    expr,
                    negated: false,
                    list,
                },
            ) => {
                self.wrapped("(", *expr, " NOT IN (");
                self.list(list, ", ");
                self.push("))");
            }
            (UnaryOp::Not, _) => self.wrapped("(NOT ", operand, ")"),
            (UnaryOp::Minus, ExprKind::Literal(Literal::Number(_))) => self.wrapped("-", operand, ""),
            // The sign of a number is part of it.
            (
                UnaryOp::Minus,
                ExprKind::Unary {
                    op: UnaryOp::Minus,
                    operand: inner,
                },
            ) if matches!(
                &self.ast.expr(self.ast.unparen(*inner)).kind,
                ExprKind::Literal(Literal::Number(_))
            ) =>
            {
                self.expr(*inner);
            }
            (UnaryOp::Minus, _) => self.wrapped("-(", operand, ")"),
            (UnaryOp::Plus, _) => self.wrapped("+(", operand, ")"),
            (UnaryOp::BitNot, _) => self.wrapped("~(", operand, ")"),
            (UnaryOp::Abs, _) => self.wrapped("@(", operand, ")"),
            (UnaryOp::Factorial, _) => self.wrapped("((", operand, ")!)"),
        }
    }

    /// A chain of ANDs or ORs is one list, whatever its parentheses.
    fn conjunction(&mut self, id: ExprId, op: &BinaryOp) {
        let mut parts = Vec::new();
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            let id = self.ast.unparen(id);
            match &self.ast.expr(id).kind {
                ExprKind::Binary {
                    left,
                    op: other,
                    right,
                    ..
                } if other == op => {
                    work.push(*right);
                    work.push(*left);
                }
                _ => parts.push(id),
            }
        }
        self.push("(");
        self.list(&parts, if *op == BinaryOp::And { " AND " } else { " OR " });
        self.push(")");
    }

    fn chain(&mut self, id: ExprId) {
        let mut spine = Vec::new();
        let mut leftmost = id;
        while let ExprKind::Binary {
            left,
            op,
            op_span,
            right,
        } = &self.ast.expr(leftmost).kind
        {
            if matches!(op, BinaryOp::And | BinaryOp::Or) {
                break;
            }
            spine.push((op, *op_span, *right));
            leftmost = self.ast.unparen(*left);
        }
        for (op, ..) in &spine {
            self.push(negated_match(op).map_or("(", |not| {
                if not {
                    "(NOT regexp_full_match("
                } else {
                    "regexp_full_match("
                }
            }));
        }
        self.expr(leftmost);
        for (op, op_span, right) in spine.into_iter().rev() {
            match negated_match(op) {
                Some(not) => self.wrapped(", ", right, if not { "))" } else { ")" }),
                None => {
                    // `^` and `**` are one operator under two names.
                    let shown = if *op == BinaryOp::Pow {
                        op_span.slice(self.text)
                    } else {
                        operator(op)
                    };
                    let _ = write!(self.out, " {shown} ");
                    self.wrapped("", right, ")");
                }
            }
        }
    }

    fn like(&mut self, expr: ExprId, negated: bool, kind: LikeKind, pattern: ExprId, escape: Option<ExprId>) {
        if let Some(escape) = escape {
            let function = match (kind, negated) {
                (LikeKind::ILike, false) => "main.ilike_escape(",
                (LikeKind::ILike, true) => "main.not_ilike_escape(",
                (_, false) => "main.like_escape(",
                (_, true) => "main.not_like_escape(",
            };
            self.wrapped(function, expr, ", ");
            self.wrapped("", pattern, ", ");
            self.wrapped("", escape, ")");
            return;
        }
        let op = match (kind, negated) {
            (LikeKind::Like, false) => "~~",
            (LikeKind::Like, true) => "!~~",
            (LikeKind::ILike, false) => "~~*",
            (LikeKind::ILike, true) => "!~~*",
            (LikeKind::Glob, false) => "~~~",
            (LikeKind::Glob, true) => "",
            (LikeKind::Similar | LikeKind::Regexp, not) => {
                self.wrapped(
                    if not {
                        "(NOT regexp_full_match("
                    } else {
                        "regexp_full_match("
                    },
                    expr,
                    ", ",
                );
                self.wrapped("", pattern, if not { "))" } else { ")" });
                return;
            }
        };
        if op.is_empty() {
            self.wrapped("(NOT (", expr, " ~~~ ");
            self.wrapped("", pattern, "))");
        } else {
            self.wrapped("(", expr, " ");
            let _ = write!(self.out, "{op} ");
            self.wrapped("", pattern, ")");
        }
    }

    fn names(&mut self, names: &[Name]) {
        for (i, name) in names.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.ident(&name.ident.text);
        }
    }

    fn lambda(&mut self, id: ExprId, params: &[Name], body: ExprId) {
        let written = self.ast.expr(id).span.slice(self.text);
        let keyword = written.get(..6).is_some_and(|w| w.eq_ignore_ascii_case("lambda"));
        if keyword {
            self.push("(lambda ");
            self.names(params);
            self.wrapped(": ", body, ")");
        } else {
            self.push("(");
            if params.len() > 1 {
                self.push("main.\"row\"(");
            }
            self.names(params);
            self.push(if params.len() > 1 { ") -> " } else { " -> " });
            self.wrapped("", body, ")");
        }
    }

    fn call(&mut self, id: ExprId, call: &'p Call) {
        let Some(last) = call.name.last() else { return };
        // CURRENT_DATE and its kin are names to the engine.
        if !call.brackets {
            return if self.out.is_empty() {
                self.raw(id)
            } else {
                self.ident(&last.ident.text)
            };
        }
        let lower = last.ident.text.to_lowercase();
        let args: Vec<ExprId> = call.args.iter().map(|a| a.value).collect();
        let star = matches!(args.as_slice(), [one] if matches!(self.ast.expr(*one).kind, ExprKind::Star(_)));
        match (lower.as_str(), args.as_slice()) {
            ("if", [condition, then, otherwise]) => {
                self.wrapped("CASE  WHEN (", *condition, ") THEN (");
                self.wrapped("", *then, ") ELSE ");
                self.wrapped("", *otherwise, " END");
                return;
            }
            ("ifnull" | "coalesce", _) => {
                self.push("COALESCE(");
                self.values(&args);
                self.push(")");
                return;
            }
            ("list", [one]) if self.sorts_itself(call, *one) => return self.sorted_list(call, *one),
            ("try", [one]) => return self.wrapped("TRY(", *one, ")"),
            ("date", [one]) => return self.wrapped("CAST(", *one, " AS DATE)"),
            ("grouping" | "grouping_id", _) => {
                self.push("GROUPING(");
                self.list(&args, ", ");
                self.push(")");
                return;
            }
            ("count", []) if call.over.is_none() => self.push("count_star("),
            ("count", _) if star => self.push(if call.over.is_some() {
                "count("
            } else {
                "count_star("
            }),
            _ => {
                // TRIM(LEADING FROM x) is a call of another name than the one written.
                let other = !last
                    .span
                    .slice(self.text)
                    .trim_matches('"')
                    .eq_ignore_ascii_case(&last.ident.text);
                let special =
                    other || matches!(lower.as_str(), "substring" | "trim" | "position" | "overlay");
                let method = last.span.start > self.ast.expr(id).span.start;
                if special && call.name.len() == 1 && !method {
                    self.push("main.");
                }
                for name in call.name.iter().take(call.name.len().saturating_sub(1)) {
                    self.ident(&name.ident.text);
                    self.push(".");
                }
                let shown = match (lower.as_str(), call.within_group) {
                    ("percentile_cont", true) => "quantile_cont",
                    ("percentile_disc", true) => "quantile_disc",
                    (name, _) => name,
                };
                // Window functions are printed without quotes.
                if call.over.is_some() {
                    self.push(shown);
                } else {
                    self.ident(shown);
                }
                self.push("(");
                if lower == "mode" && call.within_group {
                    self.push(") WITHIN GROUP ( ORDER BY ");
                    self.order(&call.order_by);
                    return self.after_call(call);
                }
            }
        }
        if call.distinct {
            self.push("DISTINCT ");
        }
        if !star {
            for (i, arg) in call.args.iter().enumerate() {
                if i > 0 {
                    self.push(", ");
                }
                if let Some(name) = &arg.name {
                    self.ident(&name.ident.text);
                    self.push(" := ");
                } else if let Some((name, _)) = self.columns.replaced.get(&arg.value) {
                    self.ident(name);
                    self.push(" := ");
                }
                self.expr(arg.value);
            }
        }
        if call.ignore_nulls == Some(true) {
            self.push(" IGNORE NULLS");
        }
        if !call.order_by.is_empty() {
            self.push(if call.args.is_empty() && call.over.is_none() {
                "ORDER BY "
            } else {
                " ORDER BY "
            });
            self.order(&call.order_by);
        }
        self.after_call(call);
    }

    /// `list(x ORDER BY x)`, which is rewritten to a list that is sorted afterwards.
    fn sorts_itself(&self, call: &Call, value: ExprId) -> bool {
        let [order] = call.order_by.as_slice() else {
            return false;
        };
        let text = |id| print(self.ast, self.text, self.windows, self.columns, id);
        call.over.is_none()
            && call.args.iter().all(|a| a.name.is_none())
            && text(value).eq_ignore_ascii_case(&text(order.expr))
    }

    fn sorted_list(&mut self, call: &'p Call, value: ExprId) {
        self.push(if call.distinct {
            "list_sort(list(DISTINCT "
        } else {
            "list_sort(list("
        });
        self.wrapped("", value, ")");
        if let Some(filter) = call.filter {
            self.wrapped(" FILTER (WHERE ", filter, ")");
        }
        let sort = call.order_by.first().map_or(Sort::default(), |o| o.sort);
        self.push(match sort.direction {
            Some(Direction::Descending) => ", 'DESCENDING', ",
            Some(Direction::Ascending) => ", 'ASCENDING', ",
            None => ", 'ORDER_DEFAULT', ",
        });
        self.push(match sort.nulls_first {
            Some(true) => "'NULLS FIRST')",
            Some(false) => "'NULLS LAST')",
            None => "'ORDER_DEFAULT')",
        });
    }

    /// The closing bracket, FILTER and OVER.
    fn after_call(&mut self, call: &'p Call) {
        self.push(")");
        if let Some(filter) = call.filter {
            self.wrapped(" FILTER (WHERE ", filter, ")");
        }
        match &call.over {
            None => {}
            Some(Over::Spec(spec)) => self.over(spec),
            Some(Over::Named(name)) => match self.window(name) {
                Some(spec) => self.over(spec),
                None => {
                    self.push(" OVER ");
                    self.ident(&name.ident.text);
                }
            },
        }
    }

    fn order(&mut self, items: &[OrderItem]) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.expr(item.expr);
            self.push(direction(item.sort));
        }
    }

    /// The definition of a named window, innermost first.
    fn window(&self, name: &Name) -> Option<&'p WindowSpec> {
        let same = |n: &Name| n.ident.text.eq_ignore_ascii_case(&name.ident.text);
        let mut inner = self.inner_windows.iter().rev().flat_map(|w| w.iter());
        match inner.find(|(n, _)| same(n)) {
            Some((_, spec)) => Some(spec),
            None => (self.windows)(name),
        }
    }

    fn over(&mut self, spec: &'p WindowSpec) {
        self.push(" OVER (");
        let mut chain = vec![spec];
        let mut base = spec.base.as_ref();
        while let Some(next) = base.and_then(|b| self.window(b)) {
            if chain.len() > 64 {
                break;
            }
            base = next.base.as_ref();
            chain.push(next);
        }
        let mut space = false;
        if let Some(with) = chain.iter().find(|s| !s.partition_by.is_empty()) {
            self.push("PARTITION BY ");
            self.list(&with.partition_by, ", ");
            space = true;
        }
        if let Some(with) = chain.iter().find(|s| !s.order_by.is_empty()) {
            self.push(if space { " ORDER BY " } else { "ORDER BY " });
            self.order(&with.order_by);
            space = true;
        }
        if let Some(frame) = chain.iter().find_map(|s| s.frame.as_ref()) {
            self.frame(space, frame);
        }
        self.push(")");
    }

    /// A frame, always with BETWEEN; nothing for the default one.
    fn frame(&mut self, space: bool, frame: &Frame) {
        let end = frame.end.unwrap_or(FrameBound::Current);
        let exclude = match frame.exclude {
            None | Some(FrameExclude::NoOthers) => None,
            Some(FrameExclude::CurrentRow) => Some("CURRENT ROW"),
            Some(FrameExclude::Group) => Some("GROUP"),
            Some(FrameExclude::Ties) => Some("TIES"),
        };
        let unit = match (frame.unit, frame.start, end) {
            (FrameUnit::Range, FrameBound::First, FrameBound::Current) if exclude.is_none() => return,
            // All rows are all rows, whatever is counted.
            (_, FrameBound::First, FrameBound::Last) | (FrameUnit::Rows, ..) => "ROWS",
            (FrameUnit::Range, ..) => "RANGE",
            (FrameUnit::Groups, ..) => "GROUPS",
        };
        self.push(if space { " " } else { "" });
        self.push(unit);
        self.push(" BETWEEN ");
        self.bound(frame.start);
        self.push(" AND ");
        self.bound(end);
        if let Some(exclude) = exclude {
            self.push(" EXCLUDE ");
            self.push(exclude);
        }
    }

    fn bound(&mut self, bound: FrameBound) {
        match bound {
            FrameBound::First => self.push("UNBOUNDED PRECEDING"),
            FrameBound::Preceding(distance) => self.wrapped("", distance, " PRECEDING"),
            FrameBound::Current => self.push("CURRENT ROW"),
            FrameBound::Following(distance) => self.wrapped("", distance, " FOLLOWING"),
            FrameBound::Last => self.push("UNBOUNDED FOLLOWING"),
        }
    }
}

/// ASC or DESC and NULLS, as far as written.
fn direction(sort: Sort) -> &'static str {
    use Direction::{Ascending, Descending};
    match (sort.direction, sort.nulls_first) {
        (Some(Descending), None) => " DESC",
        (Some(Descending), Some(true)) => " DESC NULLS FIRST",
        (Some(Descending), Some(false)) => " DESC NULLS LAST",
        (Some(Ascending), None) => " ASC",
        (Some(Ascending), Some(true)) => " ASC NULLS FIRST",
        (Some(Ascending), Some(false)) => " ASC NULLS LAST",
        (None, None) => "",
        (None, Some(true)) => " NULLS FIRST",
        (None, Some(false)) => " NULLS LAST",
    }
}

fn operator(op: &BinaryOp) -> &str {
    match op {
        BinaryOp::And => "AND",
        BinaryOp::Or => "OR",
        BinaryOp::Eq => "=",
        BinaryOp::NotEq => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::LtEq => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::GtEq => ">=",
        BinaryOp::IsDistinct => "IS DISTINCT FROM",
        BinaryOp::IsNotDistinct => "IS NOT DISTINCT FROM",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::IntDiv => "//",
        BinaryOp::Mod => "%",
        BinaryOp::Pow => "**",
        BinaryOp::Concat => "||",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::ShiftLeft => "<<",
        BinaryOp::ShiftRight => ">>",
        BinaryOp::Arrow => "->",
        BinaryOp::LongArrow => "->>",
        BinaryOp::Other(text) => text,
    }
}

fn opposite(op: &BinaryOp) -> &'static str {
    match op {
        BinaryOp::Eq => "!=",
        BinaryOp::NotEq => "=",
        BinaryOp::Lt => ">=",
        BinaryOp::LtEq => ">",
        BinaryOp::Gt => "<=",
        BinaryOp::GtEq => "<",
        BinaryOp::IsDistinct => "IS NOT DISTINCT FROM",
        _ => "IS DISTINCT FROM",
    }
}

/// `~` and `!~` are printed as calls: whether negated.
fn negated_match(op: &BinaryOp) -> Option<bool> {
    match op {
        BinaryOp::Other(text) if text == "~" => Some(false),
        BinaryOp::Other(text) if text == "!~" => Some(true),
        _ => None,
    }
}

/// The parts of a date that are words of the grammar; the others are names, kept as they are written.
fn date_keyword(written: &str) -> Option<&'static str> {
    let upper = written.to_ascii_uppercase();
    let singular = match upper.as_str() {
        "CENTURIES" => "CENTURY",
        "MILLENNIA" => "MILLENNIUM",
        other => other.strip_suffix('S').unwrap_or(other),
    };
    Some(match singular {
        "YEAR" => "year",
        "MONTH" => "month",
        "DAY" => "day",
        "HOUR" => "hour",
        "MINUTE" => "minute",
        "SECOND" => "second",
        "MILLISECOND" => "millisecond",
        "MICROSECOND" => "microsecond",
        "WEEK" => "week",
        "QUARTER" => "quarter",
        "DECADE" => "decade",
        "CENTURY" => "century",
        "MILLENNIUM" => "millennium",
        _ => return None,
    })
}

/// The function behind an interval's unit, and the whole type its amount is cast to.
fn interval(unit: &str) -> Option<(&'static str, &'static str)> {
    let unit = unit.to_ascii_uppercase();
    Some(match unit.strip_suffix('S').unwrap_or(&unit) {
        "YEAR" => ("to_years", "INTEGER"),
        "QUARTER" => ("to_quarters", "INTEGER"),
        "MONTH" => ("to_months", "INTEGER"),
        "WEEK" => ("to_weeks", "INTEGER"),
        "DAY" => ("to_days", "INTEGER"),
        "DECADE" => ("to_decades", "INTEGER"),
        "CENTURY" | "CENTURIE" => ("to_centuries", "INTEGER"),
        "MILLENNIUM" | "MILLENNIA" => ("to_millennia", "INTEGER"),
        "HOUR" => ("to_hours", "BIGINT"),
        "MINUTE" => ("to_minutes", "BIGINT"),
        "MICROSECOND" => ("to_microseconds", "BIGINT"),
        "SECOND" => ("to_seconds", ""),
        "MILLISECOND" => ("to_milliseconds", ""),
        _ => return None,
    })
}

/// A number as its type prints it.
fn number(text: &str) -> String {
    let ty = match typing::literal(Dialect::DuckDb, &Literal::Number(text.into())).ty {
        Type::Float64 => text.parse::<f64>().ok(),
        _ => None,
    };
    if let Some(value) = ty {
        return if value.is_finite() {
            float(value)
        } else {
            "1e1000".to_owned()
        };
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let short = match whole.trim_start_matches('0') {
        "" if !whole.is_empty() => "0",
        short => short,
    };
    if fraction.is_empty() {
        short.to_owned()
    } else {
        format!("{short}.{fraction}")
    }
}

/// A double the way C++'s shortest form prints it: at least two digits of exponent, with a sign.
fn float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{value:e}");
        if let Some((mantissa, exponent)) = text.split_once('e') {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            return format!("{mantissa}e{sign}{digits:0>2}");
        }
    }
    format!("{value:?}")
}

/// An identifier; quoted when it is a keyword of any kind or not of letters, digits and underscores.
pub(super) fn push_ident(out: &mut String, text: &str) {
    let mut chars = text.chars();
    let regular = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if regular
        && KEYWORDS
            .binary_search(&text.to_ascii_lowercase().as_str())
            .is_err()
    {
        out.push_str(text);
    } else {
        let _ = write!(out, "\"{}\"", text.replace('"', "\"\""));
    }
}

/// A type: those of the grammar bare, others quoted like names.
fn push_type(out: &mut String, written: &str, ty: Option<&Type>) {
    let quoted = |out: &mut String, name: &str| {
        let _ = write!(out, "\"{name}\"");
    };
    let Some(ty) = ty else {
        quoted(out, written);
        return;
    };
    match ty {
        Type::Decimal { precision, .. } if written.contains('(') && !written.contains(',') => {
            let _ = write!(out, "DECIMAL({precision})");
        }
        Type::Decimal { precision, scale } if written.contains('(') => {
            let _ = write!(out, "DECIMAL({precision}, {scale})");
        }
        Type::Decimal { .. } => out.push_str("DECIMAL"),
        Type::String { length: Some(n) } => {
            let _ = write!(out, "VARCHAR({n})");
        }
        Type::String { .. } if written.contains('(') => {
            let inside: String = written.chars().filter(char::is_ascii_digit).collect();
            let _ = write!(out, "VARCHAR({inside})");
        }
        Type::String { .. }
            if written.eq_ignore_ascii_case("char") || written.eq_ignore_ascii_case("character") =>
        {
            out.push_str("VARCHAR(1)");
        }
        Type::Boolean
        | Type::Int16
        | Type::Int32
        | Type::Int64
        | Type::Float32
        | Type::String { .. }
        | Type::Time
        | Type::Interval => out.push_str(&ty.print(Dialect::DuckDb)),
        Type::Timestamp(rocky_warehouse::types::TimeUnit::Micro) => out.push_str("TIMESTAMP"),
        Type::Bit => out.push_str("BIT(1)"),
        Type::List(element) => {
            push_type(out, element_text(written), Some(element));
            out.push_str("[]");
        }
        Type::Array(element, n) => {
            push_type(out, element_text(written), Some(element));
            let _ = write!(out, "[{n}]");
        }
        Type::Struct(fields) | Type::Union(fields) => {
            out.push_str(if matches!(ty, Type::Struct(_)) {
                "STRUCT("
            } else {
                "UNION("
            });
            for (i, field) in fields.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                push_ident(out, &field.name);
                out.push(' ');
                push_type(out, &field.ty.print(Dialect::DuckDb), Some(&field.ty));
            }
            out.push(')');
        }
        Type::Map(kv) => {
            out.push_str("MAP(");
            push_type(out, &kv.0.print(Dialect::DuckDb), Some(&kv.0));
            out.push_str(", ");
            push_type(out, &kv.1.print(Dialect::DuckDb), Some(&kv.1));
            out.push(')');
        }
        Type::Enum(values) => {
            let list: Vec<String> = values
                .iter()
                .map(|v| format!("'{}'", v.replace('\'', "''")))
                .collect();
            let _ = write!(out, "\"ENUM\"({})", list.join(", "));
        }
        // A type that is no word of the grammar keeps its letters.
        Type::Json | Type::Other(_) => quoted(out, written),
        other => quoted(out, &other.print(Dialect::DuckDb)),
    }
}

/// `int` of `int[]`.
fn element_text(written: &str) -> &str {
    written
        .rsplit_once('[')
        .map_or(written, |(before, _)| before)
        .trim_end()
}

// Sorted. `duckdb_keywords()` of 1.5.5, every category.
#[rustfmt::skip]
static KEYWORDS: &[&str] = &[
    "abort", "absolute", "access", "action", "add", "admin", "after", "aggregate", "all", "also", "alter",
    "always", "analyse", "analyze", "and", "anti", "any", "array", "as", "asc", "asof", "assertion",
    "assignment", "asymmetric", "at", "attach", "attribute", "authorization", "backward", "before",
    "begin", "between", "bigint", "binary", "bit", "boolean", "both", "by", "cache", "call", "called",
    "cascade", "cascaded", "case", "cast", "catalog", "centuries", "century", "chain", "char", "character",
    "characteristics", "check", "checkpoint", "class", "close", "cluster", "coalesce", "collate",
    "collation", "column", "columns", "comment", "comments", "commit", "committed", "compression",
    "concurrently", "configuration", "conflict", "connection", "constraint", "constraints", "content",
    "continue", "conversion", "copy", "cost", "create", "cross", "csv", "cube", "current", "cursor",
    "cycle", "data", "database", "day", "days", "deallocate", "dec", "decade", "decades", "decimal",
    "declare", "default", "defaults", "deferrable", "deferred", "definer", "delete", "delimiter",
    "delimiters", "depends", "desc", "describe", "detach", "dictionary", "disable", "discard", "distinct",
    "do", "document", "domain", "double", "drop", "each", "else", "enable", "encoding", "encrypted", "end",
    "enum", "error", "escape", "event", "except", "exclude", "excluding", "exclusive", "execute", "exists",
    "explain", "export", "export_state", "extension", "extensions", "external", "extract", "false",
    "family", "fetch", "filter", "first", "float", "following", "for", "force", "foreign", "forward",
    "freeze", "from", "full", "function", "functions", "generated", "glob", "global", "grant", "granted",
    "group", "grouping", "grouping_id", "groups", "handler", "having", "header", "hold", "hour", "hours",
    "identity", "if", "ignore", "ilike", "immediate", "immutable", "implicit", "import", "in", "include",
    "including", "increment", "index", "indexes", "inherit", "inherits", "initially", "inline", "inner",
    "inout", "input", "insensitive", "insert", "install", "instead", "int", "integer", "intersect",
    "interval", "into", "invoker", "is", "isnull", "isolation", "join", "json", "key", "label", "lambda",
    "language", "large", "last", "lateral", "leading", "leakproof", "left", "level", "like", "limit",
    "listen", "load", "local", "location", "lock", "locked", "logged", "macro", "map", "mapping", "match",
    "matched", "materialized", "maxvalue", "merge", "method", "microsecond", "microseconds", "millennia",
    "millennium", "millisecond", "milliseconds", "minute", "minutes", "minvalue", "mode", "month",
    "months", "move", "name", "names", "national", "natural", "nchar", "new", "next", "no", "none", "not",
    "nothing", "notify", "notnull", "nowait", "null", "nullif", "nulls", "numeric", "object", "of", "off",
    "offset", "oids", "old", "on", "only", "operator", "option", "options", "or", "order", "ordinality",
    "others", "out", "outer", "over", "overlaps", "overlay", "overriding", "owned", "owner", "parallel",
    "parser", "partial", "partition", "partitioned", "passing", "password", "percent", "persistent",
    "pivot", "pivot_longer", "pivot_wider", "placing", "plans", "policy", "position", "positional",
    "pragma", "preceding", "precision", "prepare", "prepared", "preserve", "primary", "prior",
    "privileges", "procedural", "procedure", "program", "publication", "qualify", "quarter", "quarters",
    "quote", "range", "read", "real", "reassign", "recheck", "recursive", "ref", "references",
    "referencing", "refresh", "reindex", "relative", "release", "rename", "repeatable", "replace",
    "replica", "reset", "respect", "restart", "restrict", "returning", "returns", "revoke", "right",
    "role", "rollback", "rollup", "row", "rows", "rule", "sample", "savepoint", "schema", "schemas",
    "scope", "scroll", "search", "second", "seconds", "secret", "security", "select", "semi", "sequence",
    "sequences", "serializable", "server", "session", "set", "setof", "sets", "share", "show", "similar",
    "simple", "skip", "smallint", "snapshot", "some", "sorted", "source", "sql", "stable", "standalone",
    "start", "statement", "statistics", "stdin", "stdout", "storage", "stored", "strict", "strip",
    "struct", "subscription", "substring", "summarize", "symmetric", "sysid", "system", "table", "tables",
    "tablesample", "tablespace", "target", "temp", "template", "temporary", "text", "then", "ties", "time",
    "timestamp", "to", "trailing", "transaction", "transform", "treat", "trigger", "trim", "true",
    "truncate", "trusted", "try_cast", "type", "types", "unbounded", "uncommitted", "unencrypted", "union",
    "unique", "unknown", "unlisten", "unlogged", "unpack", "unpivot", "until", "update", "use", "user",
    "using", "vacuum", "valid", "validate", "validator", "value", "values", "varchar", "variable",
    "variadic", "varying", "verbose", "version", "view", "views", "virtual", "volatile", "week", "weeks",
    "when", "where", "whitespace", "window", "with", "within", "without", "work", "wrapper", "write",
    "xml", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces",
    "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable", "year", "years", "yes", "zone",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_keywords_are_sorted() {
        assert!(super::KEYWORDS.windows(2).all(|w| w[0] < w[1]));
    }
}
