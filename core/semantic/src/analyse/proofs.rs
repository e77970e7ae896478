//! Places in a query that DuckDB's binder, or every row that is not NULL, refuses: conditions that are no BOOLEAN, casts
//! without a conversion, the numbers of LIMIT, distances of frames, what GROUPING and UNNEST may stand beside.
//!
//! Invariant: only what is proved is said; a type that is not known proves nothing. What the engine finds out when it binds is
//! an error, what it finds out on the first value is a warning (W210), because a column may hold nothing but NULL.

use super::select::Keys;
use super::{Analyser, Clause};
use crate::typing::{self, Constant, Operand};
use rocky_base::{Diagnostic, Dialect, Loc, Span, code};
use rocky_syntax::ast::{
    BinaryOp, ExprId, ExprKind, FrameUnit, Literal, Name, OrderItem, Query, UnaryOp, WindowSpec,
};
use rocky_warehouse::Type;

impl<'a> Analyser<'a> {
    /// W210 for a value that cannot become what its place asks for, whatever it holds.
    pub(super) fn check_cast(&mut self, id: ExprId, operand: &Operand, target: &Type, never_null: bool) {
        if self.dialect != Dialect::DuckDb || !typing::never_casts(self.dialect, &operand.ty, target) {
            return;
        }
        // A constant NULL becomes NULL of any type.
        if self.may_be_null_constant(id, operand) {
            return;
        }
        let (from, to) = (operand.ty.print(self.dialect), target.print(self.dialect));
        let span = self.ast.expr(id).span;
        let text = self.text(span);
        let message = match never_null {
            true => format!("no {from} can be cast to {to}: the cast is always NULL"),
            false => format!("no {from} can be cast to {to}: the cast fails on the first value"),
        };
        let finding = Diagnostic::new(code::W210, Loc::text(span), message);
        self.report(match (&operand.ty, target) {
            (from, to) if from.is_temporal() && is_number(to) => {
                finding.help(format!("write `epoch({text})` or `date_part('year', {text})`"))
            }
            (from, Type::Timestamp(_) | Type::TimestampTz) if is_number(from) => {
                finding.help(format!("write `to_timestamp({text})` for seconds since 1970"))
            }
            (Type::Timestamp(_) | Type::TimestampTz | Type::Time, Type::Interval) => {
                finding.help("subtract another point in time from it")
            }
            _ => finding,
        });
    }

    /// W209 for a literal that is no value of the type it is cast to.
    pub(super) fn check_constant(&mut self, id: ExprId, operand: &Operand, target: &Type, tried: bool) {
        if self.dialect != Dialect::DuckDb {
            return;
        }
        let span = self.ast.expr(id).span;
        let text = match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Literal(Literal::String(text)) => Some(text.trim()),
            _ => None,
        };
        let mut near = None;
        let refused = match (target, text) {
            (Type::Enum(values), Some(_)) => {
                let Some(Constant::String(text)) = &operand.constant else {
                    return;
                };
                near = rocky_base::suggest::nearest(text, values.iter().map(|v| v.as_str()));
                !values.contains(text)
            }
            (Type::Date, Some(text)) => !text.is_empty() && is_no_date(text),
            (Type::Timestamp(_) | Type::TimestampTz, Some(text)) => {
                is_no_date(text) || text.split([' ', 'T']).nth(1).is_some_and(is_no_time)
            }
            (Type::Time, Some(text)) => is_no_time(text),
            (ty, text) if ty.is_integer() || matches!(ty, Type::Decimal { .. }) => {
                let value = match text {
                    Some(text) if text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b)) => {
                        text.parse::<f64>().ok()
                    }
                    Some(_) => None,
                    None => self.signed_number(id),
                };
                value.is_some_and(|v| is_out_of_range(v, ty))
            }
            _ => false,
        };
        // What all engines refuse is said by the lint of casts.
        if !refused || crate::lint::is_refused_text(target, text) {
            return;
        }
        let ty = target.print(self.dialect);
        let fails = if tried {
            "the cast is always NULL"
        } else {
            "the cast fails"
        };
        let written = self.text(span);
        let message = match (&near, target) {
            (Some(near), _) => format!("{written} is none of the values of the ENUM; did you mean '{near}'?"),
            (None, Type::Enum(_)) => format!("{written} is none of the values of the ENUM: {fails}"),
            (None, ty) if ty.is_temporal() || *ty == Type::Time => {
                format!("{written} is no {}: {fails}", ty.print(self.dialect))
            }
            _ => format!("{written} does not fit into {ty}: {fails}"),
        };
        let finding = Diagnostic::new(code::W209, Loc::text(span), message);
        self.report(match target {
            ty if ty.is_temporal() => {
                finding.help("DuckDB reads `2024-01-31`, and with a time `2024-01-31 10:30:00`")
            }
            _ => finding,
        });
    }

    fn may_be_null_constant(&self, id: ExprId, operand: &Operand) -> bool {
        matches!(
            self.folded(id, operand.clone()).constant,
            Some(Constant::Null | Constant::NullText | Constant::Perhaps)
        )
    }

    /// The same for a condition.
    pub(super) fn check_condition(&mut self, id: ExprId, operand: &Operand) {
        if self.dialect != Dialect::DuckDb || operand.ty == Type::Boolean {
            return;
        }
        let span = self.ast.expr(id).span;
        if let Some(Constant::String(text)) = &operand.constant {
            if !is_boolean_text(text) && matches!(operand.ty, Type::String { .. }) {
                let message = format!("{} stands as a condition, and is no BOOLEAN", self.text(span));
                let finding = Diagnostic::new(code::W209, Loc::text(span), message);
                self.report(
                    finding.help("repeat the comparison: `x = 'a' OR x = 'b'`, or write `x IN ('a', 'b')`"),
                );
            }
            return;
        }
        if !typing::never_casts(self.dialect, &operand.ty, &Type::Boolean)
            || self.may_be_null_constant(id, operand)
        {
            return;
        }
        let ty = operand.ty.print(self.dialect);
        let text = self.text(span);
        let message = format!("`{text}` stands as a condition, and no {ty} can be cast to BOOLEAN");
        let finding = Diagnostic::new(code::W210, Loc::text(span), message);
        self.report(finding.help("compare it with a value, or write `IS NOT NULL`"));
    }

    /// The numbers of LIMIT and OFFSET.
    pub(super) fn check_limit(&mut self, query: &Query, id: ExprId, operand: &Operand) {
        if self.dialect != Dialect::DuckDb {
            return;
        }
        let span = self.ast.expr(id).span;
        let clause = if query.limit == Some(id) {
            "LIMIT"
        } else {
            "OFFSET"
        };
        let percent = clause == "LIMIT" && query.limit_percent;
        let value = self.signed_number(id);
        let text = self.text(span);
        let message = match value {
            Some(n) if percent && !(0.0..=100.0).contains(&n) => {
                format!("{clause} takes 0 to 100 percent, not {text}")
            }
            Some(n) if n < 0.0 => format!("{clause} cannot be negative"),
            _ if typing::never_casts(self.dialect, &operand.ty, &Type::Int64) => {
                let ty = operand.ty.print(self.dialect);
                format!("{clause} takes a number of rows, not {ty}")
            }
            _ => match &operand.constant {
                Some(Constant::String(text)) if !text.bytes().any(|b| b.is_ascii_digit()) => {
                    format!("{clause} takes a number of rows, not '{text}'")
                }
                _ => return,
            },
        };
        self.report(Diagnostic::new(code::E230, Loc::text(span), message));
    }

    /// A number literal with its sign.
    fn signed_number(&self, id: ExprId) -> Option<f64> {
        let (id, sign) = match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Unary {
                op: UnaryOp::Minus,
                operand,
            } => (*operand, -1.0),
            _ => (id, 1.0),
        };
        match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Literal(Literal::Number(text)) => text.parse::<f64>().ok().map(|n| n * sign),
            _ => None,
        }
    }

    /// W210 for values whose equality binds, though neither can become the other.
    pub(super) fn check_equality(&mut self, span: Span, left: &Operand, right: &Operand) {
        let never = |a: &Operand, b: &Operand| typing::never_casts(self.dialect, &a.ty, &b.ty);
        if !never(left, right)
            || !never(right, left)
            || left.is_null()
            || right.is_null()
            || left.is_doubtful()
            || right.is_doubtful()
            || typing::binary(self.dialect, &BinaryOp::Lt, left, right).is_ok()
        {
            return;
        }
        let (l, r) = (left.ty.print(self.dialect), right.ty.print(self.dialect));
        let message = format!("no {r} can be cast to {l}: the comparison fails on the first value");
        let finding = Diagnostic::new(code::W210, Loc::text(span), message);
        self.report(match left.ty.is_temporal() || right.ty.is_temporal() {
            true => finding.help("dates are written in quotes: '2024-01-31'"),
            false => finding.help("cast one side to the type of the other"),
        });
    }

    /// A comparison with the rows of a subquery is as strict as `<`.
    pub(super) fn check_rows(&mut self, left: (Span, &Operand), right: (Span, &Operand)) -> bool {
        let doubtful = left.1.is_doubtful() || right.1.is_doubtful();
        if self.dialect != Dialect::DuckDb
            || doubtful
            || typing::binary(self.dialect, &BinaryOp::Lt, left.1, right.1).is_ok()
        {
            return true;
        }
        self.report_comparison(code::E001, left.0.to(right.0), left, right);
        false
    }

    /// The distances of a RANGE frame are added to and taken from its key.
    pub(super) fn check_range(
        &mut self,
        spec: &WindowSpec,
        key: &OrderItem,
        bound: ExprId,
        distance: &Operand,
    ) {
        if self.dialect != Dialect::DuckDb || spec.frame.is_none_or(|f| f.unit != FrameUnit::Range) {
            return;
        }
        let key = self.value(key.expr);
        if key.is_doubtful() || distance.is_doubtful() || distance.is_null() || key.is_null() {
            return;
        }
        if typing::binary(self.dialect, &BinaryOp::Sub, &key, distance).is_ok()
            || typing::binary(self.dialect, &BinaryOp::Add, &key, distance).is_ok()
        {
            return;
        }
        let (k, d) = (key.ty.print(self.dialect), distance.ty.print(self.dialect));
        let message = format!("a frame over {k} cannot reach {d} far");
        let finding = Diagnostic::new(code::E203, Loc::text(self.ast.expr(bound).span), message);
        self.report(match key.ty.is_temporal() {
            true => finding.help("write `INTERVAL 1 DAY`"),
            false => finding.help("count rows with ROWS, or order by a number, date or timestamp"),
        });
    }

    /// A window that extends another may not say again what that one says.
    pub(super) fn check_extension(&mut self, spec: &WindowSpec, base: &WindowSpec, name: &str, span: Span) {
        if self.dialect != Dialect::DuckDb {
            return;
        }
        let message = if !spec.partition_by.is_empty() && !base.partition_by.is_empty() {
            format!("window `{name}` has its own PARTITION BY, which cannot be replaced")
        } else if !spec.order_by.is_empty() && !base.order_by.is_empty() {
            format!("window `{name}` has its own ORDER BY, which cannot be replaced")
        } else if base.frame.is_some() {
            format!("window `{name}` has a frame, and cannot be extended")
        } else {
            return;
        };
        self.report(Diagnostic::new(code::E230, Loc::text(span), message));
    }

    /// What stands behind the union of a recursive CTE would be asked of rows that are not there yet.
    pub(super) fn check_recursion_tail(&mut self, query: &Query) {
        let clause = match query {
            _ if self.dialect != Dialect::DuckDb => return,
            q if !q.order_by.is_empty() => ("ORDER BY", q.order_by.first().map(|o| o.expr)),
            q if q.limit.is_some() => ("LIMIT", q.limit),
            q if q.offset.is_some() => ("OFFSET", q.offset),
            _ => return,
        };
        let (clause, Some(at)) = clause else { return };
        let message = format!("{clause} may not stand in a recursive CTE");
        let finding = Diagnostic::new(code::E208, Loc::text(self.ast.expr(at).span), message);
        self.report(finding.help(format!("write {clause} in the query that reads the CTE")));
    }

    /// E109 for a window that is defined twice.
    pub(super) fn check_window_names(&mut self, windows: &[(Name, WindowSpec)]) {
        if self.dialect != Dialect::DuckDb {
            return;
        }
        for (at, (name, _)) in windows.iter().enumerate().skip(1) {
            let same =
                |other: &&(Name, WindowSpec)| other.0.ident.text.eq_ignore_ascii_case(&name.ident.text);
            if let Some((first, _)) = windows.iter().take(at).find(same) {
                let message = format!("window `{}` is defined twice", name.ident.text);
                let finding = Diagnostic::new(code::E109, Loc::text(name.span), message);
                self.report(finding.note(Loc::text(first.span), "first defined here"));
            }
        }
    }

    /// A constant in ORDER BY that is not the number of a column.
    pub(super) fn check_order_constant(&mut self, id: ExprId) {
        if self.dialect != Dialect::DuckDb {
            return;
        }
        let bare = match &self.ast.expr(self.ast.unparen(id)).kind {
            ExprKind::Unary {
                op: UnaryOp::Minus,
                operand,
            } => self.ast.unparen(*operand),
            _ => self.ast.unparen(id),
        };
        let ExprKind::Literal(literal) = &self.ast.expr(bare).kind else {
            return;
        };
        let span = self.ast.expr(id).span;
        let finding = |message: String| Diagnostic::new(code::E230, Loc::text(span), message);
        match literal {
            Literal::String(text) if bare == self.ast.unparen(id) => {
                let finding = finding(format!(
                    "ORDER BY {} orders nothing: it is a text",
                    self.text(span)
                ));
                self.report(finding.help(format!(
                    "columns are written without quotes, or in double ones: \"{text}\""
                )));
            }
            Literal::Null => self.report(finding("ORDER BY NULL orders nothing".to_owned())),
            Literal::Number(text) if text.contains(['.', 'e', 'E']) => {
                let message = format!("ORDER BY {} is no number of a column", self.text(span));
                self.report(finding(message).help("write the number or the name of an output column"));
            }
            _ => {}
        }
    }

    /// GROUPING of what is no key, or without GROUP BY.
    pub(super) fn check_grouping_call(&mut self, id: ExprId, keys: Option<&Keys>) {
        let ast = self.ast;
        let ExprKind::Function(call) = &ast.expr(id).kind else {
            return;
        };
        if call.name.len() != 1 {
            return;
        }
        let Some(keys) = keys else {
            let message = "GROUPING has no meaning without GROUP BY and its keys";
            self.report(Diagnostic::new(code::E208, Loc::text(ast.expr(id).span), message));
            return;
        };
        for arg in &call.args {
            if !self.is_grouping_key(arg.value, keys) {
                let span = ast.expr(arg.value).span;
                let message = format!(
                    "`{}` is no key of GROUP BY, and GROUPING takes nothing else",
                    self.text(span)
                );
                self.report(Diagnostic::new(code::E207, Loc::text(span), message));
            }
        }
    }

    /// UNNEST makes rows: it may stand where a row's value is wanted only.
    pub(super) fn check_unnest_place(&mut self, span: Span, windowed: bool) {
        if self.dialect != Dialect::DuckDb {
            return;
        }
        let place = match self.ctx.clause {
            _ if windowed => {
                let message = "`unnest` is no window function: it takes no OVER";
                self.report(Diagnostic::new(code::E208, Loc::text(span), message));
                return;
            }
            _ if self.ctx.in_aggregate => "inside an aggregate",
            _ if self.ctx.in_window => "inside a window",
            Clause::Where => "in WHERE",
            Clause::Group => "in GROUP BY",
            Clause::Having => "in HAVING",
            Clause::Qualify => "in QUALIFY",
            Clause::On => "in a join condition",
            _ => return,
        };
        let message = format!("`unnest` makes rows, and may not stand {place}");
        let finding = Diagnostic::new(code::E208, Loc::text(span), message);
        self.report(
            finding.help("unnest in FROM or in a subquery, or use a list function such as `list_contains`"),
        );
    }
}

/// A number whose distance from the type's range leaves no doubt about rounding.
fn is_out_of_range(value: f64, ty: &Type) -> bool {
    let (low, high) = match ty {
        Type::Int8 => (-128.0, 127.0),
        Type::Int16 => (-32_768.0, 32_767.0),
        Type::Int32 => (-2_147_483_648.0, 2_147_483_647.0),
        // Beyond 2^53 not every integer is a float: only what is far out counts.
        Type::Int64 => (-1e19, 1e19),
        Type::UInt8 => (0.0, 255.0),
        Type::UInt16 => (0.0, 65_535.0),
        Type::UInt32 => (0.0, 4_294_967_295.0),
        Type::UInt64 => (0.0, 2e19),
        Type::Decimal { precision, scale } => {
            let limit = 10_f64.powi(i32::from(precision.saturating_sub(*scale)));
            (-limit, limit)
        }
        _ => return false,
    };
    match ty {
        Type::Decimal { .. } => value <= low || value >= high,
        _ => value <= low - 1.0 || value >= high + 1.0,
    }
}

/// The year comes first, in a date of DuckDB: `31/12/2024`, `today` and `20241231` are none.
fn is_no_date(text: &str) -> bool {
    let words = ["now", "today", "tomorrow", "yesterday", "current_date"];
    if words.iter().any(|w| text.eq_ignore_ascii_case(w)) {
        return true;
    }
    let date = text.split([' ', 'T']).next().unwrap_or("");
    let mut parts = date.split(['/', '-']);
    let numeric = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(a), Some(b), Some(c), None) => {
            numeric(a) && numeric(b) && numeric(c) && a.len() <= 2 && b.len() <= 2 && c.len() == 4
        }
        (Some(a), None, None, None) => numeric(a) && a.len() == 8 && text.len() == 8,
        _ => false,
    }
}

/// `25:00`, `10:61`.
fn is_no_time(text: &str) -> bool {
    let mut parts = text.split(':');
    let mut number = |n: usize| {
        let part = parts.next()?;
        let digits = part.get(..n.min(part.len()))?;
        (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse::<u32>().ok())
            .flatten()
    };
    let (hours, minutes) = (number(2), number(2));
    matches!((hours, minutes), (Some(h), Some(m)) if h > 24 || m > 59)
}

fn is_number(ty: &Type) -> bool {
    ty.is_integer() || matches!(ty, Type::Float32 | Type::Float64 | Type::Decimal { .. })
}

fn is_boolean_text(text: &str) -> bool {
    ["true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"]
        .iter()
        .any(|w| text.trim().eq_ignore_ascii_case(w))
}
