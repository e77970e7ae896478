//! Expressions: type and nullability as the value, source columns on the side.
//!
//! `mode` says how what is inside reaches the value being computed; it is `Direct` as long as nothing was done to it.
//! Chains of binary operators are walked by a loop, everything else recurses with a growing stack (the parser limits
//! nesting).

use super::fold::Fold;
use super::lineage::{Acc, compose};
use super::narrow::{Facts, Outcome};
use super::scope::Fields;
use super::{Analyser, Clause, LambdaVar, Node, deeper};
use crate::model::{InfluenceKind, OWN_TYPE, Roles, SourceColumn, Transform};
use crate::typing::{
    self, Argument, ArgumentValue, CallSite, Comparable, Constant, Meeting, Operand, TypeError,
};
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{
    BinaryOp, CastKind, ExprId, ExprKind, IsWhat, Literal, Name, QueryId, TypeName, UnaryOp, ValueTable,
};
use rocky_warehouse::{Field, Type};

pub(super) fn is_comparison(op: &BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Eq
            | BinaryOp::NotEq
            | BinaryOp::Lt
            | BinaryOp::LtEq
            | BinaryOp::Gt
            | BinaryOp::GtEq
            | BinaryOp::IsDistinct
            | BinaryOp::IsNotDistinct
    )
}

impl<'a> Analyser<'a> {
    /// Evaluate an expression.
    pub(super) fn expr(&mut self, id: ExprId, mode: &Transform, acc: &mut Acc) -> Operand {
        if self.is_cancelled() {
            return Operand::unknown();
        }
        let operand = deeper(|| self.expr_inner(id, mode, acc));
        if operand.ty.is_unknown() && acc.cause.is_none() {
            acc.because(Some((
                self.ast.expr(id).span,
                "the type of this expression is not known".into(),
            )));
        }
        if let Some(fact) = self.facts.get_mut(id.0 as usize) {
            fact.learn(&operand);
        }
        operand
    }

    fn expr_inner(&mut self, id: ExprId, mode: &Transform, acc: &mut Acc) -> Operand {
        let ast = self.ast;
        let span = ast.expr(id).span;
        let inner = compose(mode, &Transform::Expression);
        match &ast.expr(id).kind {
            ExprKind::Error => {
                acc.because(Some((span, "it could not be parsed".into())));
                Operand::unknown()
            }
            // `1e` is 1 as the engine reads numbers with a point: never an INTEGER.
            ExprKind::Literal(Literal::Number(_))
                if self.dialect == Dialect::DuckDb
                    && matches!(
                        self.input.text.as_bytes().get(span.end as usize),
                        Some(b'e' | b'E')
                    ) =>
            {
                let ExprKind::Literal(literal) = &ast.expr(id).kind else {
                    return Operand::unknown();
                };
                let mut operand = typing::literal(self.dialect, literal);
                if operand.ty == Type::Int32 {
                    operand.ty = Type::Int64;
                }
                operand
            }
            ExprKind::Literal(literal) => typing::literal(self.dialect, literal),
            ExprKind::Column(path) => self.column(id, path, mode, acc),
            ExprKind::Star(star) => {
                for found in self.star(star).cols {
                    self.star_value(&found, star.span, &inner, acc);
                }
                Operand::unknown()
            }
            ExprKind::Parameter(name) => {
                // A variable without a value is expanded to `?`.
                let reason = match name.as_str() {
                    "?" => SmolStr::new_static("a value is missing"),
                    _ => SmolStr::from(format!("the type of parameter `{name}` is not known")),
                };
                acc.because(Some((span, reason)));
                Operand::unknown()
            }
            ExprKind::Positional(n) => self.positional(*n, span, mode, acc),
            // Bound as this literal is written; where it meets a column it becomes what any string does.
            ExprKind::Date(_) => {
                let bound = Literal::String(SmolStr::new_static("2000-01-01 00:00:00"));
                typing::literal(self.dialect, &bound)
            }
            ExprKind::Unary { op, operand } => {
                let value = self.expr(*operand, &inner, acc);
                if *op == UnaryOp::Not {
                    self.check_condition(*operand, &value);
                }
                let operand = self.folded(*operand, value);
                typing::unary(self.dialect, *op, &operand).unwrap_or_else(|_| {
                    if operand.is_doubtful() {
                        return Operand::unknown();
                    }
                    let ty = operand.ty.print(self.dialect);
                    let text = self.operator_text(span, ast.expr(id));
                    self.report_operator(span, format!("`{text}` does not take {ty}"));
                    Operand::unknown()
                })
            }
            ExprKind::Binary { .. } => self.chain(id, &inner, acc),
            ExprKind::Is { expr, what, .. } => {
                self.expr(*expr, &inner, acc);
                // Every form of IS answers for NULL too.
                match what {
                    IsWhat::Null | IsWhat::True | IsWhat::False | IsWhat::Unknown => {
                        Operand::of(Type::Boolean, false)
                    }
                }
            }
            ExprKind::Between { expr, low, high, .. } => {
                let value = self.expr(*expr, &inner, acc);
                let at = ast.expr(*expr).span;
                let mut nullable = value.nullable;
                let mut said = false;
                for bound in [*low, *high] {
                    let operand = self.expr(bound, &inner, acc);
                    nullable |= operand.nullable;
                    let bound_span = ast.expr(bound).span;
                    let whole = at.to(bound_span);
                    if said {
                        continue;
                    }
                    said = !self.compare(whole, (at, &value), (bound_span, &operand), false);
                    if !said && typing::binary(self.dialect, &BinaryOp::LtEq, &value, &operand).is_err() {
                        self.report_comparison(code::E001, whole, (at, &value), (bound_span, &operand));
                        said = true;
                    }
                }
                Operand::of(Type::Boolean, nullable)
            }
            ExprKind::InList { expr, list, .. } => self.in_list(*expr, list, &inner, acc),
            ExprKind::InQuery { expr, query, .. } => self.in_query(id, *expr, *query, &inner, acc),
            ExprKind::InExpr { expr, list, .. } => {
                let value = self.expr(*expr, &inner, acc);
                let operand = self.expr(*list, &inner, acc);
                if let Type::List(element) | Type::Array(element, _) = &operand.ty {
                    let element = Operand::of((**element).clone(), true);
                    self.compare(
                        span,
                        (ast.expr(*expr).span, &value),
                        (ast.expr(*list).span, &element),
                        false,
                    );
                }
                Operand::of(Type::Boolean, true)
            }
            ExprKind::Like {
                expr,
                kind,
                pattern,
                escape,
                ..
            } => {
                let value = self.expr(*expr, &inner, acc);
                let matched = self.expr(*pattern, &inner, acc);
                let mut nullable = false;
                if let Some(escape) = escape {
                    nullable = self.expr(*escape, &inner, acc).nullable;
                }
                match typing::like(self.dialect, *kind, &value, &matched) {
                    Ok(typed) => Operand::of(typed.ty, typed.nullable || nullable),
                    Err(_) => {
                        let (v, p) = (value.ty.print(self.dialect), matched.ty.print(self.dialect));
                        self.report_operator(span, format!("cannot match {v} against a pattern of {p}"));
                        Operand::of(Type::Boolean, true)
                    }
                }
            }
            ExprKind::Quantified { left, right, op, .. } => {
                // `(a, b) = ANY (SELECT c, d FROM t)`
                if self.dialect == Dialect::DuckDb
                    && let ExprKind::Subquery(query) = &ast.expr(ast.unparen(*right)).kind
                    && let ExprKind::Tuple(_) = &ast.expr(ast.unparen(*left)).kind
                {
                    self.in_query(id, *left, *query, &inner, acc);
                    return Operand::of(Type::Boolean, true);
                }
                let value = self.expr(*left, &inner, acc);
                let other = match &ast.expr(ast.unparen(*right)).kind {
                    ExprKind::Subquery(query) => self.subquery(*query, 1, &inner, acc),
                    _ => {
                        let list = self.expr(*right, &inner, acc);
                        match list.ty {
                            Type::List(element) | Type::Array(element, _) => {
                                Operand::of((*element).clone(), true)
                            }
                            _ => Operand::unknown(),
                        }
                    }
                };
                if is_comparison(op) {
                    let (l, r) = (ast.expr(*left).span, ast.expr(*right).span);
                    let rows = matches!(ast.expr(ast.unparen(*right)).kind, ExprKind::Subquery(_));
                    if self.compare(span, (l, &value), (r, &other), false) && rows {
                        self.check_rows((l, &value), (r, &other));
                    }
                }
                Operand::of(Type::Boolean, true)
            }
            ExprKind::Case {
                operand,
                whens,
                otherwise,
            } => self.case(*operand, whens, *otherwise, &inner, acc),
            ExprKind::Cast { expr, ty, kind } => self.cast(span, *expr, *ty, *kind, mode, acc),
            ExprKind::Interval { value, .. } => {
                let operand = self.expr(*value, &inner, acc);
                Operand::of(Type::Interval, operand.nullable)
            }
            ExprKind::Extract {
                field,
                field_span,
                expr,
            } => {
                let value = self.expr(*expr, &inner, acc);
                let operand = self.folded(*expr, value);
                match typing::extract(self.dialect, field, &operand) {
                    Ok(typed) => Operand::of(typed.ty, typed.nullable),
                    Err(_) => {
                        let ty = operand.ty.print(self.dialect);
                        self.report_operator(*field_span, format!("{ty} has no field {field}"));
                        Operand::unknown()
                    }
                }
            }
            ExprKind::Function(call) => self.call(id, call, mode, acc),
            ExprKind::Exists { query, .. } => {
                // What decides is which rows there are: the subquery's own influences are the sources of the value.
                let node = self.nodes.len();
                self.nodes.push(Node::default());
                let outer = std::mem::replace(&mut self.node, node);
                self.query(*query);
                self.node = outer;
                if let Some(outer) = self.nodes.get_mut(outer) {
                    outer.reads.insert(node);
                }
                let reached = self.reached(node);
                for (own, _) in self.nodes.iter().zip(reached).filter(|(_, reached)| *reached) {
                    for (set, _) in &own.own {
                        acc.push(&Some(std::rc::Rc::clone(set)), &inner);
                    }
                }
                Operand::of(Type::Boolean, false)
            }
            ExprKind::Subquery(query) => self.subquery(*query, 1, mode, acc),
            ExprKind::ArrayQuery(query) => {
                let element = self.subquery(*query, 1, &inner, acc);
                Operand::of(Type::list(element.ty), self.dialect != Dialect::DuckDb)
            }
            ExprKind::Tuple(list) => {
                let values = self.values_of(list, &inner, acc);
                let fields: Vec<Field> = values
                    .into_iter()
                    .map(|(_, value)| Field {
                        name: SmolStr::default(),
                        ty: value.ty,
                    })
                    .collect();
                Operand::of(Type::Struct(fields.into()), false)
            }
            ExprKind::Array(list) => {
                let parts = self.values_of(list, &inner, acc);
                let element = self.common_type("this list", &parts, Meeting::Elements);
                Operand {
                    constant: typing::strings(parts.iter().map(|(_, p)| p)),
                    ..Operand::of(Type::list(element), false)
                }
            }
            ExprKind::Struct(fields) => {
                let made = self.struct_literal(fields, None, &inner, acc);
                self.struct_parts.insert(id, made.2);
                made.0
            }
            ExprKind::Map(entries) => {
                let mut keys = Vec::with_capacity(entries.len());
                let mut values = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    keys.push((*key, self.expr(*key, &inner, acc)));
                    values.push((*value, self.expr(*value, &inner, acc)));
                }
                let key = self.common_type("this map's keys", &keys, Meeting::Elements);
                let value = self.common_type("this map's values", &values, Meeting::Elements);
                Operand::of(Type::map(key, value), false)
            }
            ExprKind::Lambda { params, body } => {
                // A lambda outside a function's arguments has no meaning; look through it for names all the same.
                self.lambda(params, &[], *body, &inner, acc);
                Operand::unknown()
            }
            ExprKind::Comprehension {
                element,
                vars,
                list,
                filter,
            } => {
                let source = self.expr(*list, &inner, acc);
                let element_ty = match &source.ty {
                    Type::List(t) | Type::Array(t, _) => (**t).clone(),
                    _ => Type::Unknown,
                };
                let null = source.ty == Type::Null && self.dialect == Dialect::DuckDb;
                let types = [if null { Type::Null } else { element_ty }, Type::Int64];
                if let Some(filter) = filter {
                    self.lambda(vars, &types, *filter, &inner, acc);
                }
                let out = self.lambda(vars, &types, *element, &inner, acc);
                let ty = if null { Type::Null } else { Type::list(out.ty) };
                Operand::of(ty, source.nullable)
            }
            ExprKind::Index { base, index } => {
                if let ExprKind::Literal(Literal::String(name)) = &ast.expr(*index).kind
                    && let Some(part) = self.struct_part(*base, name, mode, acc)
                {
                    return part;
                }
                let value = self.expr(*base, &inner, acc);
                let base_operand = self.folded(*base, value);
                let value = self.expr(*index, &inner, acc);
                let index_operand = self.folded(*index, value);
                match typing::index(self.dialect, &base_operand, &index_operand) {
                    // Of no value at all: what it is folded to adapts as a text literal does.
                    Ok(typed) if base_operand.ty == Type::Null && typed.ty == Type::STRING => Operand {
                        constant: Some(Constant::NullText),
                        ..Operand::of(typed.ty, true)
                    },
                    Ok(typed) => Operand::of(typed.ty, typed.nullable),
                    Err(_) if base_operand.is_doubtful() || index_operand.is_doubtful() => Operand::unknown(),
                    Err(_) => {
                        if let (Type::Struct(_), ExprKind::Literal(Literal::String(name))) =
                            (&base_operand.ty, &ast.expr(*index).kind)
                        {
                            let name = Name {
                                ident: rocky_base::Ident::quoted(name.clone()),
                                span: ast.expr(*index).span,
                            };
                            self.report_no_field(&base_operand.ty, &name);
                            return Operand::unknown();
                        }
                        let (b, i) = (
                            base_operand.ty.print(self.dialect),
                            index_operand.ty.print(self.dialect),
                        );
                        self.report_operator(span, format!("cannot take an element of {b} by {i}"));
                        Operand::unknown()
                    }
                }
            }
            ExprKind::Slice { base, bounds } => {
                let operand = self.expr(*base, &inner, acc);
                let mut nullable = operand.nullable;
                for bound in bounds.iter().flatten() {
                    nullable |= self.expr(*bound, &inner, acc).nullable;
                }
                let ty = match operand.ty {
                    Type::Array(element, _) => Type::List(element),
                    other => other,
                };
                Operand::of(ty, nullable)
            }
            // Of `{'p': a, 'q': b}.p` only `a` matters.
            ExprKind::Field { base, name } => match &ast.expr(ast.unparen(*base)).kind {
                ExprKind::Struct(fields) => {
                    let (operand, field, _) = self.struct_literal(fields, Some(name), mode, acc);
                    let typed = self.fields(operand, std::slice::from_ref(name));
                    field.unwrap_or(typed)
                }
                _ => {
                    if let Some(part) = self.field_of_column(*base, &name.ident.text, mode, acc) {
                        return part;
                    }
                    let value = self.expr(*base, &inner, acc);
                    let operand = self.folded(*base, value);
                    self.fields(operand, std::slice::from_ref(name))
                }
            },
            ExprKind::JsonPath { base, .. } => {
                let operand = self.expr(*base, &inner, acc);
                let ty = match (self.dialect, operand.ty) {
                    (Dialect::Databricks, Type::String { .. }) => Type::STRING,
                    _ => Type::Variant,
                };
                Operand::of(ty, true)
            }
            ExprKind::AtTimeZone { expr, zone } => {
                let value = self.expr(*expr, &inner, acc);
                let operand = self.folded(*expr, value);
                let value = self.expr(*zone, &inner, acc);
                let zone = self.folded(*zone, value);
                if self.dialect == Dialect::DuckDb {
                    return self.time_zone(span, zone, operand);
                }
                let ty = match operand.ty {
                    Type::TimestampTz | Type::TimestampLtz => Type::TIMESTAMP,
                    Type::Timestamp(_) | Type::Date => Type::TimestampTz,
                    Type::TimeTz | Type::Time => Type::TimeTz,
                    _ => Type::Unknown,
                };
                Operand::of(ty, operand.nullable || zone.nullable)
            }
            ExprKind::Collate { expr, .. } => {
                let operand = self.expr(*expr, mode, acc);
                Operand {
                    constant: None,
                    ..operand
                }
            }
            ExprKind::Paren(inner) => self.expr(*inner, mode, acc),
            ExprKind::Columns { .. } => match self.columns_at.get(&id).cloned() {
                Some(found) => self.star_value(&found, span, mode, acc),
                None => {
                    acc.because(Some((span, "COLUMNS may stand in the select list only".into())));
                    Operand::unknown()
                }
            },
            ExprKind::Default => Operand::unknown(),
        }
    }

    /// `{'a': x, 'b': y}.a` is `x`: the other parts are looked at, but are not what it is made of.
    fn struct_part(
        &mut self,
        base: ExprId,
        wanted: &str,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Option<Operand> {
        let ast = self.ast;
        let ExprKind::Struct(fields) = &ast.expr(ast.unparen(base)).kind else {
            return self.field_of_column(base, wanted, mode, acc);
        };
        let named = |name: &Option<rocky_syntax::ast::Name>| {
            name.as_ref()
                .is_some_and(|n| n.ident.text.eq_ignore_ascii_case(wanted))
        };
        let at = fields.iter().position(|(name, _)| named(name))?;
        let mut found = None;
        for (i, (_, value)) in fields.iter().enumerate() {
            if i == at {
                found = Some(self.expr(*value, mode, acc));
            } else {
                self.value(*value);
            }
        }
        found.map(|part| Operand::of(part.ty, part.nullable))
    }

    /// A struct literal. With `wanted`, only that field's sources are collected, and it is given beside the struct.
    fn struct_literal(
        &mut self,
        fields: &[(Option<Name>, ExprId)],
        wanted: Option<&Name>,
        mode: &Transform,
        acc: &mut Acc,
    ) -> (Operand, Option<Operand>, Fields) {
        let mut parts = Vec::with_capacity(if wanted.is_none() { fields.len() } else { 0 });
        let mut typed = Vec::with_capacity(fields.len());
        let mut found = None;
        for (name, value) in fields {
            let name = match (name, &self.ast.expr(self.ast.unparen(*value)).kind) {
                (Some(name), _) => name.ident.text.clone(),
                (None, ExprKind::Column(path)) => path
                    .last()
                    .map_or_else(SmolStr::default, |n| n.ident.text.clone()),
                _ => SmolStr::default(),
            };
            let operand = match wanted {
                Some(wanted) if !name.eq_ignore_ascii_case(&wanted.ident.text) => {
                    self.expr(*value, mode, &mut Acc::default())
                }
                Some(_) => self.expr(*value, mode, acc),
                None => {
                    let start = acc.len();
                    let operand = self.expr(*value, mode, acc);
                    let set = acc.since(start);
                    parts.push((name.clone(), self.src_of(*value, set)));
                    operand
                }
            };
            if self.dialect == Dialect::DuckDb
                && !name.is_empty()
                && typed.iter().any(|f: &Field| f.name.eq_ignore_ascii_case(&name))
            {
                let span = self.ast.expr(*value).span;
                let message = format!("the field `{name}` is given twice");
                self.report(Diagnostic::new(code::E230, Loc::text(span), message));
            }
            if wanted.is_some_and(|w| name.eq_ignore_ascii_case(&w.ident.text)) && found.is_none() {
                found = Some(Operand::of(operand.ty.clone(), operand.nullable));
            }
            typed.push(Field { name, ty: operand.ty });
        }
        (
            Operand::of(Type::Struct(typed.into()), false),
            found,
            parts.into(),
        )
    }

    /// DuckDB's AT TIME ZONE is the function `timezone`.
    fn time_zone(&mut self, span: Span, zone: Operand, value: Operand) -> Operand {
        let unknown = zone.is_doubtful() || value.is_doubtful();
        let nullable = zone.nullable || value.nullable;
        let message = format!("`AT TIME ZONE` does not take {}", value.ty.print(self.dialect));
        let args = [zone, value].map(|operand| Argument {
            name: None,
            value: ArgumentValue::Value(operand),
        });
        let site = CallSite {
            name: "timezone",
            columns: 0,
            args: &args,
            windowed: false,
            empty_group_possible: false,
            filtered: false,
        };
        match typing::call(self.dialect, &site, &mut |_, _| Operand::unknown()) {
            Ok(typed) => Operand::of(typed.ty, nullable),
            Err(_) => {
                if !unknown {
                    self.report_operator(span, message);
                }
                Operand::unknown()
            }
        }
    }

    fn operator_text(&self, span: Span, expr: &rocky_syntax::ast::Expr) -> &'a str {
        let operand = match &expr.kind {
            ExprKind::Unary { operand, .. } => self.ast.expr(*operand).span,
            _ => span,
        };
        let before = self.text(Span::new(span.start, operand.start)).trim();
        if before.is_empty() {
            self.text(Span::new(operand.end, span.end)).trim()
        } else {
            before
        }
    }

    /// A left-leaning chain of binary operators.
    fn chain(&mut self, id: ExprId, mode: &Transform, acc: &mut Acc) -> Operand {
        let ast = self.ast;
        let mut spine = Vec::new();
        let mut leftmost = id;
        while let ExprKind::Binary {
            left,
            op,
            op_span,
            right,
        } = &ast.expr(leftmost).kind
        {
            spine.push((leftmost, *left, op, *op_span, *right));
            leftmost = *left;
        }
        let mut value = self.expr(leftmost, mode, acc);
        let mut fold = self.fold(leftmost);
        for (whole, left, op, op_span, right) in spine.into_iter().rev() {
            value = self.folded_as(left, fold, value);
            let other = self.expr(right, mode, acc);
            let right_fold = self.fold(right);
            let other = self.folded_as(right, right_fold, other);
            fold = Fold::binary(op, fold, right_fold);
            let span = ast.expr(whole).span;
            let typed = typing::binary(self.dialect, op, &value, &other);
            if matches!(op, BinaryOp::And | BinaryOp::Or) {
                self.check_condition(left, &value);
                self.check_condition(right, &other);
            }
            if is_comparison(op) && typed.is_ok() {
                let (l, r) = (ast.expr(left).span, ast.expr(right).span);
                let join = self.is_join_predicate(left, right);
                self.compare(span, (l, &value), (r, &other), join);
            }
            value = match typed {
                Ok(typed) => Operand::of(typed.ty, typed.nullable),
                Err(_) if value.is_doubtful() || other.is_doubtful() => Operand::unknown(),
                // Order comparisons are stricter than equality.
                Err(_) if is_comparison(op) => {
                    let (l, r) = (ast.expr(left).span, ast.expr(right).span);
                    self.report_comparison(code::E001, span, (l, &value), (r, &other));
                    Operand::of(Type::Boolean, true)
                }
                Err(error) => {
                    let (l, r) = (value.ty.print(self.dialect), other.ty.print(self.dialect));
                    let op = self.text(op_span);
                    let message = match error {
                        TypeError::Ambiguous(_) => format!("`{op}` is ambiguous for {l} and {r}"),
                        _ => format!("`{op}` does not take {l} and {r}"),
                    };
                    self.report_operator(span, message);
                    acc.because(Some((span, "the operator does not take these types".into())));
                    Operand::unknown()
                }
            };
            if let Some(fact) = self.facts.get_mut(whole.0 as usize) {
                fact.learn(&value);
            }
        }
        value
    }

    /// A comparison of two columns that joins relations.
    fn is_join_predicate(&self, left: ExprId, right: ExprId) -> bool {
        let place = |id: ExprId| {
            let id = self.ast.unparen(id);
            match (&self.ast.expr(id).kind, self.resolved.get(id.0 as usize)) {
                (ExprKind::Column(_), Some(super::Resolved::Column { uid, rel, .. })) => Some((*uid, *rel)),
                _ => None,
            }
        };
        match (self.ctx.clause, place(left), place(right)) {
            (Clause::On, Some(_), Some(_)) => true,
            (Clause::Where, Some(a), Some(b)) => a != b,
            _ => false,
        }
    }

    /// The values of a list; `*COLUMNS(…)` stands for several.
    fn values_of(&mut self, list: &[ExprId], mode: &Transform, acc: &mut Acc) -> Vec<(ExprId, Operand)> {
        let ast = self.ast;
        let mut values = Vec::with_capacity(list.len());
        for id in list {
            if let ExprKind::Columns {
                selector,
                unpack: true,
            } = &ast.expr(*id).kind
            {
                let span = ast.expr(*id).span;
                for found in self.selected(*selector).cols {
                    values.push((*id, self.star_value(&found, span, mode, acc)));
                }
                continue;
            }
            let value = self.expr(*id, mode, acc);
            values.push((*id, self.folded(*id, value)));
        }
        values
    }

    fn in_list(&mut self, expr: ExprId, list: &[ExprId], mode: &Transform, acc: &mut Acc) -> Operand {
        let value = self.expr(expr, mode, acc);
        let at = self.ast.expr(expr).span;
        let mut nullable = value.nullable;
        let mut said = false;
        // Fields with names meet by name, and a struct may have more of them than another.
        let duck = self.dialect == Dialect::DuckDb;
        let named = |fields: &[Field]| duck && fields.iter().all(|f| !f.name.is_empty());
        let elements = self.values_of(list, mode, acc);
        let larger = self.meets_in_union(&value, &elements);
        for (element, operand) in &elements {
            nullable |= operand.nullable;
            let span = self.ast.expr(*element).span;
            if let (Type::Struct(a), Type::Struct(b)) = (&value.ty, &operand.ty)
                && a.len() != b.len()
                && !(named(a) && named(b))
            {
                let message = format!("a row of {} values cannot equal one of {}", a.len(), b.len());
                self.report(Diagnostic::new(code::E210, Loc::text(span), message));
                said = true;
            }
            // One message for a list, however many of its elements are wrong.
            let joined = larger && self.is_apart(&value, operand);
            if !said && !joined {
                said = !self.compare(span, (at, &value), (span, operand), false);
            }
        }
        Operand::of(Type::Boolean, nullable)
    }

    /// Whether a list with unions has a type for all, which two of its values alone need not have: DuckDB casts them all to
    /// the union with the most members.
    fn meets_in_union(&self, value: &Operand, elements: &[(ExprId, Operand)]) -> bool {
        let union = |o: &Operand| matches!(o.ty, Type::Union(_));
        if self.dialect != Dialect::DuckDb || elements.len() < 2 || !elements.iter().any(|(_, e)| union(e)) {
            return false;
        }
        let all = std::iter::once(value).chain(elements.iter().map(|(_, e)| e));
        let all: Vec<Operand> = all.cloned().collect();
        typing::unify(self.dialect, Meeting::Comparison, &all).is_some()
    }

    fn is_apart(&self, left: &Operand, right: &Operand) -> bool {
        typing::comparable(self.dialect, left, right) == Comparable::No
    }

    fn in_query(
        &mut self,
        id: ExprId,
        expr: ExprId,
        query: QueryId,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        let value = self.expr(expr, mode, acc);
        let width = match &self.ast.expr(self.ast.unparen(expr)).kind {
            ExprKind::Tuple(list) => list.len(),
            _ => 1,
        };
        let out = self.query(query);
        let span = self.ast.query(query).span;
        let at = self.ast.expr(expr).span;
        // A row is not NULL, but its parts are compared with columns one by one.
        let mut nullable = value.nullable || !out.complete || (width > 1 && out.cols.len() > 1);
        for col in &out.cols {
            acc.push(col.sources(), mode);
            nullable |= col.col.nullable;
            if col.col.nullable
                && !col.col.ty.is_unknown()
                && let Some(fact) = self.facts.get_mut(id.0 as usize)
            {
                fact.query_may_give_null();
            }
        }
        // A row may also equal a column of rows.
        let row = out.cols.len() == 1
            && out
                .cols
                .iter()
                .all(|c| matches!(c.col.ty, Type::Struct(_) | Type::Unknown));
        if out.complete && out.cols.len() != width && !(row && width > 1) {
            self.report_width(span, out.cols.len(), width);
        } else {
            let left: Vec<Operand> = match &value.ty {
                Type::Struct(fields) if width > 1 && !row => {
                    fields.iter().map(|f| Operand::of(f.ty.clone(), true)).collect()
                }
                _ => vec![value.clone()],
            };
            for (left, col) in left.iter().zip(&out.cols) {
                let right = Operand::of(col.col.ty.clone(), col.col.nullable);
                if !self.compare(at.to(col.span), (at, left), (col.span, &right), false)
                    || width == 1 && !self.check_rows((at, left), (col.span, &right))
                {
                    break;
                }
            }
        }
        Operand::of(Type::Boolean, nullable)
    }

    fn report_width(&mut self, span: Span, have: usize, want: usize) {
        let message = format!(
            "this subquery has {have} {}, expected {want}",
            super::report::plural(have, "column")
        );
        self.report(Diagnostic::new(code::E205, Loc::text(span), message));
    }

    /// A subquery used as one value.
    pub(super) fn subquery(
        &mut self,
        query: QueryId,
        width: usize,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        let out = self.query(query);
        let span = self.ast.query(query).span;
        for col in &out.cols {
            acc.push(col.sources(), mode);
        }
        if out.value == Some(ValueTable::Struct) {
            let field = |c: &super::OutCol| Field {
                name: c.col.name.clone(),
                ty: c.col.ty.clone(),
            };
            let fields: Vec<Field> = out.cols.iter().map(field).collect();
            return if out.complete {
                Operand::of(Type::Struct(fields.into()), true)
            } else {
                Operand::unknown()
            };
        }
        if !out.complete {
            acc.because(Some((span, "the columns of this subquery are not known".into())));
        } else if out.cols.len() != width {
            self.report_width(span, out.cols.len(), width);
            acc.because(Some((
                span,
                "the subquery has the wrong number of columns".into(),
            )));
            return Operand::unknown();
        }
        match out.cols.into_iter().next() {
            Some(col) => {
                acc.because(col.col.cause);
                Operand::of(col.col.ty, col.col.nullable || !out.single)
            }
            None => Operand::unknown(),
        }
    }

    fn case(
        &mut self,
        operand: Option<ExprId>,
        whens: &[(ExprId, ExprId)],
        otherwise: Option<ExprId>,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        let start = acc.len();
        let subject = operand.map(|e| (self.ast.expr(e).span, self.expr(e, mode, acc)));
        acc.decides_from(start, Roles::CONDITION);
        let mut results = Vec::with_capacity(whens.len() + 1);
        let mut said = false;
        // What holds because the conditions before did not.
        let mut before = Vec::new();
        for (when, then) in whens {
            let start = acc.len();
            let condition = self.expr(*when, mode, acc);
            acc.decides_from(start, Roles::CONDITION);
            if operand.is_none() {
                self.check_condition(*when, &condition);
            }
            if let Some((at, subject)) = &subject
                && !said
            {
                let span = self.ast.expr(*when).span;
                said = !self.compare(span, (*at, subject), (span, &condition), false);
            }
            let facts = match operand {
                None => self.facts(*when, Outcome::True),
                Some(_) => Facts::default(),
            };
            let assumed = self.assume(&facts);
            let result = self.expr(*then, mode, acc);
            results.push((*then, self.folded(*then, result)));
            self.forget(assumed);
            if operand.is_none() {
                let facts = self.facts(*when, Outcome::NotTrue);
                before.push(self.assume(&facts));
            }
        }
        if let Some(otherwise) = otherwise {
            let result = self.expr(otherwise, mode, acc);
            results.push((otherwise, self.folded(otherwise, result)));
        }
        before.into_iter().rev().for_each(|assumed| self.forget(assumed));
        let nullable = otherwise.is_none() || results.iter().any(|(_, r)| r.nullable);
        let ty = self.case_type(&results, otherwise.is_some());
        Operand::of(ty, nullable)
    }

    /// DuckDB begins with ELSE, which is NULL when it is left out.
    fn case_type(&mut self, results: &[(ExprId, Operand)], has_else: bool) -> Type {
        let unknown = results.iter().any(|(_, r)| r.ty.is_unknown());
        if self.dialect == Dialect::DuckDb && !unknown {
            let mut operands: Vec<Operand> = results.iter().map(|(_, r)| r.clone()).collect();
            if has_else {
                operands.rotate_right(1);
            } else {
                operands.insert(0, typing::literal(self.dialect, &Literal::Null));
            }
            if let Some(ty) = typing::unify(self.dialect, Meeting::Branches, &operands) {
                return ty;
            }
        }
        self.common_type("CASE", results, Meeting::Branches)
    }

    /// The type some values meet at; E202 when there is none.
    pub(super) fn common_type(&mut self, what: &str, parts: &[(ExprId, Operand)], meeting: Meeting) -> Type {
        if parts.iter().any(|(_, p)| p.ty.is_unknown()) {
            return Type::Unknown;
        }
        let operands: Vec<Operand> = parts.iter().map(|(_, p)| p.clone()).collect();
        if operands.is_empty() {
            return Type::Null;
        }
        typing::unify(self.dialect, meeting, &operands).unwrap_or_else(|| {
            self.report_no_common_type(what, parts, meeting);
            Type::Unknown
        })
    }

    fn cast(
        &mut self,
        span: Span,
        expr: ExprId,
        ty: TypeName,
        kind: CastKind,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        let step = if kind == CastKind::Try {
            Transform::TryCast
        } else {
            Transform::Cast
        };
        let mut own = Acc::default();
        let operand = self.expr(expr, &compose(mode, &step), &mut own);
        // A cast gives a type to what has none.
        own.cause = None;
        acc.absorb(own, &Transform::Direct);
        let text = self.text(ty.span);
        let nullable = operand.nullable || kind == CastKind::Try;
        let Some(target) = typing::type_name(self.dialect, text, self.types) else {
            let base = typing::base_name(text);
            let found = typing::near_type(self.dialect, base);
            if found.is_none() && typing::may_be_own_type(self.dialect, text) {
                acc.because(Some((
                    ty.span,
                    SmolStr::from(format!("the type `{base}` is not known")),
                )));
                return Operand::of(Type::Unknown, nullable);
            }
            let message = match found {
                // The name is right, what is in its brackets is not.
                Some(found) if found.eq_ignore_ascii_case(base) => {
                    format!("`{text}` is no type: {}", bracket_rule(self.dialect, found))
                }
                Some(found) => format!("type `{text}` does not exist; did you mean `{found}`?"),
                None => format!("type `{text}` does not exist"),
            };
            self.report(Diagnostic::new(code::E206, Loc::text(ty.span), message));
            acc.because(Some((ty.span, "the type does not exist".into())));
            return Operand::of(Type::Unknown, nullable);
        };
        if !operand.ty.has_unknown() && !typing::castable(self.dialect, &operand.ty, &target) {
            let (from, to) = (operand.ty.print(self.dialect), target.print(self.dialect));
            self.report_operator(span, format!("cannot cast {from} to {to}"));
        } else {
            self.check_cast(expr, &operand, &target, kind == CastKind::Try);
            self.check_constant(expr, &operand, &target, kind == CastKind::Try);
        }
        if !self.types.is_empty() && Type::parse(self.dialect, text).is_none() {
            // Of a type that the warehouse has under that name.
            let source = SourceColumn {
                relation: OWN_TYPE,
                column: SmolStr::new(typing::base_name(text)),
                transform: Transform::Cast,
                roles: Roles::VALUE,
                span: ty.span,
            };
            acc.push_one(source, mode);
        }
        // A typed literal is still a literal, but none that adapts.
        let constant = operand
            .constant
            .map(|_| Constant::Other)
            .filter(|_| kind == CastKind::Literal);
        Operand {
            ty: target,
            nullable,
            constant,
        }
    }

    /// The body of a lambda with parameters of these types (unknown where too few).
    pub(super) fn lambda(
        &mut self,
        params: &[rocky_syntax::ast::Name],
        types: &[Type],
        body: ExprId,
        mode: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        let before = self.lambdas.len();
        for (i, param) in params.iter().enumerate() {
            let key = self.column_key(&param.ident);
            self.lambdas.push(LambdaVar {
                key,
                ty: types.get(i).cloned().unwrap_or_default(),
            });
        }
        let operand = self.expr(body, mode, acc);
        self.lambdas.truncate(before);
        operand
    }

    /// `#1`: the columns of FROM by number.
    fn positional(&mut self, n: u32, span: Span, mode: &Transform, acc: &mut Acc) -> Operand {
        let all = self.visible_columns();
        let index = (n as usize).checked_sub(1);
        match index.and_then(|i| all.cols.get(i)) {
            Some(found) => {
                let found = found.clone();
                self.star_value(&found, span, mode, acc)
            }
            None => {
                if all.complete {
                    let message = format!("there is no column {n}: FROM has {}", all.cols.len());
                    self.report(Diagnostic::new(code::E100, Loc::text(span), message));
                }
                acc.because(Some((span, "there is no such column".into())));
                Operand::unknown()
            }
        }
    }

    /// An integer literal in GROUP BY or ORDER BY: the number of an output column. `Some(None)` is a wrong one.
    pub(super) fn ordinal(
        &mut self,
        id: ExprId,
        clause: &str,
        width: usize,
        complete: bool,
    ) -> Option<Option<usize>> {
        let (text, negative) = match &self.ast.expr(id).kind {
            ExprKind::Literal(Literal::Number(text)) => (text, false),
            // DuckDB counts a signed number as one, and finds it out of range.
            ExprKind::Unary {
                op: UnaryOp::Minus,
                operand,
            } if self.dialect == Dialect::DuckDb => match &self.ast.expr(*operand).kind {
                ExprKind::Literal(Literal::Number(text)) => (text, true),
                _ => return None,
            },
            _ => return None,
        };
        let n: usize = text.parse().ok()?;
        if n == 0 || negative || (n > width && complete) {
            let message = format!(
                "{clause} {}{n} is out of range: there {} {width} output {}",
                if negative { "-" } else { "" },
                if width == 1 { "is" } else { "are" },
                super::report::plural(width, "column")
            );
            self.report(Diagnostic::new(
                code::E100,
                Loc::text(self.ast.expr(id).span),
                message,
            ));
            return Some(None);
        }
        Some((n <= width).then(|| n - 1))
    }

    /// Evaluate a condition: its columns influence rows.
    pub(super) fn condition(&mut self, id: ExprId, kind: InfluenceKind) -> Operand {
        let mut acc = Acc::default();
        let operand = self.in_each_column(id, |this| this.expr(id, &Transform::Direct, &mut acc));
        self.check_condition(id, &operand);
        self.influence(&acc.finish(), kind);
        operand
    }
}

/// What the brackets behind a type's name may hold.
fn bracket_rule(dialect: Dialect, name: &str) -> &'static str {
    let decimal = ["decimal", "numeric", "number", "dec"];
    if decimal.iter().any(|d| name.eq_ignore_ascii_case(d)) && dialect != Dialect::BigQuery {
        "it has 1 to 38 digits, and no more decimals than digits"
    } else {
        "what stands in its brackets does not fit"
    }
}
