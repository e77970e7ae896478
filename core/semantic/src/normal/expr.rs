//! Expressions. What an expression is beside its children goes into the tag; chains of binary operators are walked by a
//! loop.

use super::query::directed;
use super::{Digest, Mix, Normaliser, deeper, is_volatile};
use crate::typing::{self, FunctionKind};
use crate::walk::{self, Child};
use rocky_base::SmolStr;
use rocky_syntax::ast::{
    BinaryOp, Call, CastKind, ExprId, ExprKind, FrameBound, FrameExclude, FrameUnit, Literal, Name,
    OrderItem, Over, TypeName, WindowSpec,
};
use rocky_warehouse::Type;

/// Functions that make several rows or columns of one.
const EXPANDING: &[&str] = &[
    "explode",
    "explode_outer",
    "flatten",
    "generate_subscripts",
    "inline",
    "inline_outer",
    "json_each",
    "json_tree",
    "posexplode",
    "posexplode_outer",
    "regexp_split_to_table",
    "stack",
    "unnest",
];

/// Aggregates whose value does not depend on the order of the rows.
const UNORDERED: &[&str] = &[
    "approx_count_distinct",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "count",
    "count_if",
    "count_star",
    "countif",
    "logical_and",
    "logical_or",
    "max",
    "min",
];

/// True for an aggregate whose value does not depend on the order of the rows.
pub(super) fn is_unordered(name: &str) -> bool {
    UNORDERED.binary_search(&name).is_ok()
}

impl<'a> Normaliser<'a> {
    pub(super) fn expr(&mut self, id: ExprId) -> Digest {
        deeper(|| self.expr_inner(id))
    }

    fn exprs(&mut self, ids: &[ExprId], mix: &mut Mix) {
        for id in ids {
            let value = self.expr(*id);
            mix.dig(&value);
        }
        mix.num(ids.len());
    }

    fn expr_inner(&mut self, id: ExprId) -> Digest {
        let ast = self.ast;
        let id = ast.unparen(id);
        let mut mix;
        match &ast.expr(id).kind {
            ExprKind::Column(path) => return self.name(path),
            ExprKind::Literal(literal) => {
                mix = Mix::new("literal");
                match literal {
                    Literal::Null => mix.str("null"),
                    Literal::Bool(b) => mix.str("bool").flag(*b),
                    Literal::Number(text) => mix.str("number").str(&text.to_ascii_lowercase()),
                    Literal::String(text) => mix.str("string").str(text),
                    Literal::Bytes(text) => mix.str("bytes").str(text),
                };
                return mix.done();
            }
            ExprKind::Function(call) => return self.call(call),
            ExprKind::Binary { .. } => return self.operators(id),
            ExprKind::Lambda { params, body } => {
                mix = Mix::new("lambda");
                mix.num(params.len());
                let body = self.bound(params, *body);
                return mix.dig(&body).done();
            }
            ExprKind::Comprehension {
                element,
                vars,
                list,
                filter,
            } => {
                mix = Mix::new("comprehension");
                mix.num(vars.len()).flag(filter.is_some());
                let list = self.expr(*list);
                let element = self.bound(vars, *element);
                mix.dig(&list).dig(&element);
                if let Some(filter) = filter {
                    let filter = self.bound(vars, *filter);
                    mix.dig(&filter);
                }
                return mix.done();
            }
            ExprKind::Star(_) | ExprKind::Columns { .. } | ExprKind::Positional(_) | ExprKind::Error => {
                self.opaque = true;
                return Digest::default();
            }
            ExprKind::Parameter(text) => {
                mix = Mix::new("parameter");
                mix.str(text);
            }
            ExprKind::Date(placeholder) => {
                mix = Mix::new("date");
                mix.str(match placeholder {
                    rocky_syntax::ast::DatePlaceholder::Start => "start",
                    rocky_syntax::ast::DatePlaceholder::End => "end",
                });
            }
            ExprKind::Unary { op, .. } => {
                mix = Mix::new("unary");
                mix.num(*op as usize);
            }
            ExprKind::Is { what, negated, .. } => {
                mix = Mix::new("is");
                mix.num(*what as usize).flag(*negated);
            }
            ExprKind::Between {
                negated, symmetric, ..
            } => {
                mix = Mix::new("between");
                mix.flag(*negated).flag(*symmetric);
            }
            ExprKind::InList { negated, .. } => {
                mix = Mix::new("in list");
                mix.flag(*negated);
            }
            ExprKind::InQuery { negated, .. } => {
                mix = Mix::new("in query");
                mix.flag(*negated);
            }
            ExprKind::InExpr { negated, .. } => {
                mix = Mix::new("in");
                mix.flag(*negated);
            }
            ExprKind::Like {
                negated,
                kind,
                escape,
                ..
            } => {
                mix = Mix::new("like");
                mix.flag(*negated).num(*kind as usize).flag(escape.is_some());
            }
            ExprKind::Quantified { op, all, .. } => {
                mix = Mix::new("quantified");
                mix.flag(*all).str(&operator(op));
            }
            ExprKind::Case {
                operand,
                whens,
                otherwise,
            } => {
                mix = Mix::new("case");
                mix.flag(operand.is_some())
                    .num(whens.len())
                    .flag(otherwise.is_some());
            }
            ExprKind::Cast { ty, kind, .. } => {
                mix = Mix::new(if *kind == CastKind::Try {
                    "try cast"
                } else {
                    "cast"
                });
                self.type_name(*ty, &mut mix);
            }
            ExprKind::Interval { unit, .. } => {
                mix = Mix::new("interval");
                mix.str(&unit.as_ref().map(|u| u.to_ascii_uppercase()).unwrap_or_default());
            }
            ExprKind::Extract { field, .. } => {
                mix = Mix::new("extract");
                mix.str(&field.to_ascii_lowercase());
            }
            ExprKind::Exists { negated, .. } => {
                mix = Mix::new("exists");
                mix.flag(*negated);
            }
            ExprKind::Subquery(_) => mix = Mix::new("scalar"),
            ExprKind::ArrayQuery(_) => mix = Mix::new("array query"),
            ExprKind::Tuple(_) => mix = Mix::new("tuple"),
            ExprKind::Array(_) => mix = Mix::new("array"),
            ExprKind::Struct(fields) => {
                mix = Mix::new("struct");
                for (name, _) in fields {
                    mix.flag(name.is_some());
                    if let Some(name) = name {
                        mix.str(&name.ident.text);
                    }
                }
            }
            ExprKind::Map(_) => mix = Mix::new("map"),
            ExprKind::Index { .. } => mix = Mix::new("index"),
            ExprKind::Slice { bounds, .. } => {
                mix = Mix::new("slice");
                bounds.iter().for_each(|b| {
                    mix.flag(b.is_some());
                });
            }
            ExprKind::Field { name, .. } => {
                mix = Mix::new("field of");
                mix.str(&self.column_key(&name.ident));
            }
            ExprKind::JsonPath { path, .. } => {
                mix = Mix::new("json path");
                self.words(*path, &mut mix);
            }
            ExprKind::AtTimeZone { .. } => mix = Mix::new("at time zone"),
            ExprKind::Collate { collation, .. } => {
                mix = Mix::new("collate");
                mix.str(&self.slice(*collation).to_ascii_lowercase());
            }
            ExprKind::Paren(_) => mix = Mix::new("paren"),
            ExprKind::Default => mix = Mix::new("default"),
        }
        self.children(id, &mut mix);
        mix.done()
    }

    fn children(&mut self, id: ExprId, mix: &mut Mix) {
        let mut found = Vec::new();
        walk::children(self.ast, id, &mut |child| found.push(child));
        mix.num(found.len());
        for child in found {
            match child {
                Child::Expr(e) => {
                    let value = self.expr(e);
                    mix.dig(&value);
                }
                Child::Query(q) => {
                    let relation = self.query(q).relation;
                    mix.dig(&relation.rows)
                        .dig(&relation.order)
                        .dig(&relation.rest)
                        .flag(relation.complete);
                    // Names are of no account to a value, their order is.
                    mix.digs(relation.columns.iter().map(|(_, d)| d));
                }
            }
        }
    }

    /// An expression under names of its own.
    fn bound(&mut self, names: &[Name], body: ExprId) -> Digest {
        let before = self.lambdas.len();
        for name in names {
            let key = self.column_key(&name.ident);
            self.lambdas.push(key);
        }
        let value = self.expr(body);
        self.lambdas.truncate(before);
        value
    }

    fn type_name(&mut self, ty: TypeName, mix: &mut Mix) {
        let written = self.slice(ty.span);
        match Type::parse(self.dialect, written) {
            Some(ty) if !ty.has_unknown() => {
                mix.str("type").str(&ty.print(self.dialect));
            }
            _ => {
                mix.str("type as written");
                self.words(ty.span, mix);
            }
        }
    }

    /// A chain of binary operators. AND and OR are lists, whatever their parentheses.
    fn operators(&mut self, id: ExprId) -> Digest {
        let ast = self.ast;
        if let ExprKind::Binary {
            op: op @ (BinaryOp::And | BinaryOp::Or),
            ..
        } = &ast.expr(id).kind
        {
            let mut mix = Mix::new(if *op == BinaryOp::And { "and" } else { "or" });
            let mut work = vec![id];
            while let Some(id) = work.pop() {
                let id = ast.unparen(id);
                match &ast.expr(id).kind {
                    ExprKind::Binary {
                        left,
                        op: other,
                        right,
                        ..
                    } if other == op => {
                        work.push(*right);
                        work.push(*left);
                    }
                    _ => {
                        let value = self.expr(id);
                        mix.dig(&value);
                    }
                }
            }
            return mix.done();
        }
        let mut spine: Vec<(&BinaryOp, ExprId)> = Vec::new();
        let mut leftmost = id;
        while let ExprKind::Binary { left, op, right, .. } = &ast.expr(leftmost).kind {
            if matches!(op, BinaryOp::And | BinaryOp::Or) {
                break;
            }
            spine.push((op, *right));
            leftmost = ast.unparen(*left);
        }
        let mut value = self.expr(leftmost);
        for (op, right) in spine.into_iter().rev() {
            let right = self.expr(right);
            value = Mix::new("binary")
                .str(&operator(op))
                .dig(&value)
                .dig(&right)
                .done();
        }
        value
    }

    fn call(&mut self, call: &'a Call) -> Digest {
        let ast = self.ast;
        let mut mix = Mix::new("call");
        let last = call
            .name
            .last()
            .map(|n| n.ident.text.to_ascii_lowercase())
            .unwrap_or_default();
        if call.name.len() == 1 {
            mix.str(&last);
        } else {
            call.name.iter().for_each(|n| {
                mix.str(&n.ident.text);
            });
        }
        if is_volatile(&last) {
            mix.volatile(last.clone());
        }
        if EXPANDING.binary_search(&last.as_str()).is_ok() {
            // In FROM the call is the relation; among values it makes rows.
            mix.str("expands");
            self.doubt(&last);
            if !self.in_from(call) {
                self.opaque = true;
            }
        }
        let kind = typing::function_kind(self.dialect, &last);
        let aggregate = call.over.is_none()
            && (kind == Some(FunctionKind::Aggregate)
                || call.distinct
                || call.filter.is_some()
                || call.within_group
                || !call.order_by.is_empty());
        let outer_before = self.outer_reads;
        let star = matches!(call.args.as_slice(), [one] if matches!(ast.expr(ast.unparen(one.value)).kind, ExprKind::Star(_)));
        if star && last == "count" {
            mix.str("*");
            if let [one] = call.args.as_slice()
                && let ExprKind::Star(star) = &ast.expr(ast.unparen(one.value)).kind
                && (!star.exclude.is_empty() || !star.replace.is_empty() || star.like.is_some())
            {
                self.opaque = true;
            }
        } else {
            mix.num(call.args.len());
            for arg in &call.args {
                mix.flag(arg.name.is_some());
                if let Some(name) = &arg.name {
                    mix.str(&name.ident.text.to_ascii_lowercase());
                }
                let value = self.expr(arg.value);
                mix.dig(&value);
            }
        }
        mix.flag(call.distinct).flag(call.within_group);
        mix.num(match call.ignore_nulls {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        });
        self.sort(&call.order_by, &mut mix);
        mix.flag(call.filter.is_some());
        if let Some(filter) = call.filter {
            let filter = self.expr(filter);
            mix.dig(&filter);
        }
        if aggregate {
            let outer = self.outer_reads > outer_before;
            if let Some(scope) = self.scopes.last_mut() {
                scope.aggregate = true;
            }
            if outer {
                // An aggregate of outer columns may belong to an outer query.
                self.doubt(&last);
            }
        } else if kind.is_none() && call.over.is_none() {
            self.doubt(&last);
        }
        if call.over.is_some() || (aggregate && !is_unordered(&last)) {
            let order = self.scopes.last().map(|s| s.order.clone()).unwrap_or_default();
            mix.str("over rows in").dig(&order);
        }
        match &call.over {
            None => {}
            Some(Over::Spec(spec)) => {
                mix.str("over");
                self.window(spec, &mut mix, 0);
            }
            Some(Over::Named(name)) => {
                mix.str("over");
                self.named_window(name, &mut mix, 0);
            }
        }
        mix.done()
    }

    /// A function that may be an aggregate here or outside.
    fn doubt(&mut self, name: &str) {
        for scope in &mut self.scopes {
            scope.doubtful.push(SmolStr::new(name));
        }
    }

    /// True when the call is an item of FROM.
    fn in_from(&self, call: &Call) -> bool {
        self.ast.froms.iter().any(|from| match &from.kind {
            rocky_syntax::ast::FromKind::Function { call: id, .. } => match &self.ast.expr(*id).kind {
                ExprKind::Function(other) => std::ptr::eq(&**other, call),
                _ => false,
            },
            _ => false,
        })
    }

    fn sort(&mut self, items: &[OrderItem], mix: &mut Mix) {
        mix.num(items.len());
        for item in items {
            let key = self.expr(item.expr);
            mix.dig(&directed(item.sort, &key));
        }
    }

    fn named_window(&mut self, name: &Name, mix: &mut Mix, depth: usize) {
        let key = self.relation_key(&name.ident);
        let spec = self.windows.last().and_then(|w| w.get(&key)).copied();
        match spec {
            Some(spec) if depth < 64 => self.window(spec, mix, depth + 1),
            _ => self.opaque = true,
        }
    }

    fn window(&mut self, spec: &'a WindowSpec, mix: &mut Mix, depth: usize) {
        if let Some(base) = &spec.base {
            self.named_window(base, mix, depth);
        }
        let partition = &spec.partition_by;
        mix.str("partition");
        self.exprs(partition, mix);
        self.sort(&spec.order_by, mix);
        mix.flag(spec.frame.is_some());
        if let Some(frame) = &spec.frame {
            mix.str(match frame.unit {
                FrameUnit::Rows => "rows",
                FrameUnit::Range => "range",
                FrameUnit::Groups => "groups",
            });
            // Without BETWEEN the frame ends at the current row.
            for bound in [frame.start, frame.end.unwrap_or(FrameBound::Current)] {
                mix.str(match bound {
                    FrameBound::First => "first",
                    FrameBound::Preceding(_) => "preceding",
                    FrameBound::Current => "current",
                    FrameBound::Following(_) => "following",
                    FrameBound::Last => "last",
                });
            }
            mix.str(match frame.exclude {
                None | Some(FrameExclude::NoOthers) => "none",
                Some(FrameExclude::CurrentRow) => "row",
                Some(FrameExclude::Group) => "group",
                Some(FrameExclude::Ties) => "ties",
            });
            let distances: Vec<ExprId> = frame.distances().collect();
            self.exprs(&distances, mix);
        }
    }
}

fn operator(op: &BinaryOp) -> String {
    match op {
        BinaryOp::Other(text) => format!("other {text}"),
        named => format!("{named:?}"),
    }
}
