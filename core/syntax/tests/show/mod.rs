//! Trees as s-expressions, for comparison.

#![allow(dead_code, reason = "shared by several test binaries")]

use rocky_syntax::ast::*;
use std::fmt::Write;

fn path(path: &[Name]) -> String {
    path.iter()
        .map(|n| n.ident.text.to_string())
        .collect::<Vec<_>>()
        .join(".")
}

fn name(n: &Name) -> String {
    if n.ident.quoted {
        format!("\"{}\"", n.ident.text)
    } else {
        n.ident.text.to_string()
    }
}

fn op(op: &BinaryOp) -> String {
    match op {
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::Eq => "=",
        BinaryOp::NotEq => "<>",
        BinaryOp::Lt => "<",
        BinaryOp::LtEq => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::GtEq => ">=",
        BinaryOp::IsDistinct => "is-distinct",
        BinaryOp::IsNotDistinct => "is-not-distinct",
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
        BinaryOp::Other(text) => return text.to_string(),
    }
    .to_owned()
}

pub fn show_expr(ast: &Ast, text: &str, id: ExprId) -> String {
    let e = |id: ExprId| show_expr(ast, text, id);
    let list = |ids: &[ExprId]| ids.iter().map(|i| e(*i)).collect::<Vec<_>>().join(" ");
    let q = |id: QueryId| show_query(ast, text, id);
    let not = |negated: bool| if negated { "not-" } else { "" };
    let node = ast.expr(id);
    match &node.kind {
        ExprKind::Error => "ERROR".into(),
        ExprKind::Literal(l) => match l {
            Literal::Null => "null".into(),
            Literal::Bool(b) => b.to_string(),
            Literal::Number(n) => n.to_string(),
            Literal::String(s) => format!("'{s}'"),
            Literal::Bytes(b) => format!("x'{b}'"),
        },
        ExprKind::Column(p) => path(p),
        ExprKind::Star(star) => star.span.slice(text).to_owned(),
        ExprKind::Parameter(p) => p.to_string(),
        ExprKind::Positional(n) => format!("#{n}"),
        ExprKind::Date(DatePlaceholder::Start) => "@start_date".into(),
        ExprKind::Date(DatePlaceholder::End) => "@end_date".into(),
        ExprKind::Unary { op, operand } => {
            let sign = match op {
                UnaryOp::Not => "not",
                UnaryOp::Minus => "-",
                UnaryOp::Plus => "+",
                UnaryOp::BitNot => "~",
                UnaryOp::Factorial => "!",
                UnaryOp::Abs => "@",
            };
            format!("({sign} {})", e(*operand))
        }
        ExprKind::Binary {
            left, op: o, right, ..
        } => format!("({} {} {})", op(o), e(*left), e(*right)),
        ExprKind::Is { expr, what, negated } => {
            format!(
                "(is-{}{} {})",
                not(*negated),
                format!("{what:?}").to_lowercase(),
                e(*expr)
            )
        }
        ExprKind::Between {
            expr,
            negated,
            symmetric,
            low,
            high,
        } => {
            let s = if *symmetric { "-symmetric" } else { "" };
            format!(
                "({}between{s} {} {} {})",
                not(*negated),
                e(*expr),
                e(*low),
                e(*high)
            )
        }
        ExprKind::InList {
            expr,
            negated,
            list: l,
        } => format!("({}in {} {})", not(*negated), e(*expr), list(l)),
        ExprKind::InQuery { expr, negated, query } => {
            format!("({}in-query {} {})", not(*negated), e(*expr), q(*query))
        }
        ExprKind::InExpr { expr, negated, list } => {
            format!("({}in {} {})", not(*negated), e(*expr), e(*list))
        }
        ExprKind::Like {
            expr,
            negated,
            kind,
            pattern,
            escape,
        } => {
            let mut s = format!(
                "({}{} {} {}",
                not(*negated),
                format!("{kind:?}").to_lowercase(),
                e(*expr),
                e(*pattern)
            );
            if let Some(escape) = escape {
                write!(s, " {}", e(*escape)).unwrap();
            }
            s + ")"
        }
        ExprKind::Quantified {
            left,
            op: o,
            all,
            right,
        } => {
            format!(
                "({} {} {} {})",
                if *all { "all" } else { "any" },
                op(o),
                e(*left),
                e(*right)
            )
        }
        ExprKind::Case {
            operand,
            whens,
            otherwise,
        } => {
            let mut parts: Vec<String> = operand.iter().map(|o| e(*o)).collect();
            for (when, then) in whens {
                parts.push(e(*when));
                parts.push(e(*then));
            }
            parts.extend(otherwise.iter().map(|o| format!("else {}", e(*o))));
            format!("(case {})", parts.join(" "))
        }
        ExprKind::Cast { expr, ty, kind } => {
            let word = match kind {
                CastKind::Cast | CastKind::Literal => "cast",
                CastKind::Try => "try-cast",
                CastKind::Colon => "::",
            };
            format!("({word} {} {})", e(*expr), ty.span.slice(text))
        }
        ExprKind::Interval { value, unit } => match unit {
            Some(unit) => format!("(interval {} {unit})", e(*value)),
            None => format!("(interval {})", e(*value)),
        },
        ExprKind::Extract { field, expr, .. } => format!("(extract {field} {})", e(*expr)),
        ExprKind::Function(call) => show_call(ast, text, call),
        ExprKind::Exists { negated, query } => format!("({}exists {})", not(*negated), q(*query)),
        ExprKind::Subquery(query) => format!("(subquery {})", q(*query)),
        ExprKind::ArrayQuery(query) => format!("(array-query {})", q(*query)),
        ExprKind::Tuple(l) => format!("(tuple {})", list(l)),
        ExprKind::Array(l) => format!("[{}]", list(l)),
        ExprKind::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(n, v)| {
                    n.as_ref()
                        .map_or(e(*v), |n| format!("{}:{}", n.ident.text, e(*v)))
                })
                .collect();
            format!("{{{}}}", fields.join(" "))
        }
        ExprKind::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(k, v)| format!("{}:{}", e(*k), e(*v)))
                .collect();
            format!("map{{{}}}", entries.join(" "))
        }
        ExprKind::Lambda { params, body } => {
            let params: Vec<String> = params.iter().map(name).collect();
            format!("(lambda {} {})", params.join(" "), e(*body))
        }
        ExprKind::Comprehension {
            element,
            vars,
            list,
            filter,
        } => {
            let vars: Vec<String> = vars.iter().map(name).collect();
            let filter = filter.map_or(String::new(), |f| format!(" {}", e(f)));
            format!("(for {} {} {}{filter})", vars.join(" "), e(*list), e(*element))
        }
        ExprKind::Index { base, index } => format!("(index {} {})", e(*base), e(*index)),
        ExprKind::Slice { base, bounds } => {
            let bounds: Vec<String> = bounds.iter().map(|b| b.map_or("_".into(), &e)).collect();
            format!("(slice {} {})", e(*base), bounds.join(" "))
        }
        ExprKind::Field { base, name: n } => format!("(. {} {})", e(*base), name(n)),
        ExprKind::JsonPath { base, path } => format!("(path {} {})", e(*base), path.slice(text)),
        ExprKind::AtTimeZone { expr, zone } => format!("(at-time-zone {} {})", e(*expr), e(*zone)),
        ExprKind::Collate { expr, collation } => format!("(collate {} {})", e(*expr), collation.slice(text)),
        ExprKind::Paren(inner) => format!("({})", e(*inner)),
        ExprKind::Columns { selector, unpack } => {
            format!("({}columns {})", if *unpack { "*" } else { "" }, e(*selector))
        }
        ExprKind::Default => "default".into(),
    }
}

fn order(ast: &Ast, text: &str, items: &[OrderItem]) -> String {
    items
        .iter()
        .map(|i| {
            let mut s = show_expr(ast, text, i.expr);
            if i.sort.descending() {
                s += " desc";
            }
            match i.sort.nulls_first {
                Some(true) => s += " first",
                Some(false) => s += " last",
                None => {}
            }
            s
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn show_call(ast: &Ast, text: &str, call: &Call) -> String {
    let mut s = format!("({}", path(&call.name));
    if call.distinct {
        s += " distinct";
    }
    for arg in &call.args {
        let value = show_expr(ast, text, arg.value);
        match &arg.name {
            Some(n) => write!(s, " {}:{value}", n.ident.text).unwrap(),
            None => write!(s, " {value}").unwrap(),
        }
    }
    if !call.order_by.is_empty() {
        let word = if call.within_group { "within" } else { "order" };
        write!(s, " ({word} {})", order(ast, text, &call.order_by)).unwrap();
    }
    if let Some(filter) = call.filter {
        write!(s, " (filter {})", show_expr(ast, text, filter)).unwrap();
    }
    if let Some(ignore) = call.ignore_nulls {
        write!(s, " (ignore-nulls {ignore})").unwrap();
    }
    match &call.over {
        Some(Over::Named(n)) => write!(s, " (over {})", name(n)).unwrap(),
        Some(Over::Spec(spec)) => write!(s, " {}", show_window(ast, text, spec)).unwrap(),
        None => {}
    }
    s + ")"
}

fn show_window(ast: &Ast, text: &str, spec: &WindowSpec) -> String {
    let mut s = String::from("(over");
    if let Some(base) = &spec.base {
        write!(s, " {}", name(base)).unwrap();
    }
    let list = |ids: &[ExprId]| {
        ids.iter()
            .map(|i| show_expr(ast, text, *i))
            .collect::<Vec<_>>()
            .join(" ")
    };
    if !spec.partition_by.is_empty() {
        write!(s, " (partition {})", list(&spec.partition_by)).unwrap();
    }
    if !spec.order_by.is_empty() {
        write!(s, " (order {})", order(ast, text, &spec.order_by)).unwrap();
    }
    if let Some(frame) = &spec.frame {
        let distances: Vec<ExprId> = frame.distances().collect();
        write!(s, " (frame {} {})", frame.span.slice(text), list(&distances)).unwrap();
    }
    s + ")"
}

fn alias(alias: &Option<TableAlias>) -> String {
    match alias {
        None => String::new(),
        Some(a) if a.columns.is_empty() => format!(" as {}", a.name.ident.text),
        Some(a) => format!(
            " as {}({})",
            a.name.ident.text,
            a.columns.iter().map(name).collect::<Vec<_>>().join(" ")
        ),
    }
}

fn pivot_text(ast: &Ast, text: &str, source: FromId, pivot: &Pivot) -> String {
    let named = |e: ExprId, n: &Option<Name>| {
        let value = show_expr(ast, text, e);
        n.as_ref()
            .map_or(value.clone(), |n| format!("{value} as {}", name(n)))
    };
    let mut s = format!("(pivot {}", show_from(ast, text, source));
    let aggregates: Vec<String> = pivot.aggregates.iter().map(|(e, n)| named(*e, n)).collect();
    write!(s, " [{}]", aggregates.join(" ")).unwrap();
    for on in &pivot.on {
        let values: Vec<String> = on.values.iter().map(|(e, n)| named(*e, n)).collect();
        let dynamic = if on.dynamic {
            "dynamic".to_owned()
        } else {
            values.join(" ")
        };
        write!(s, " [{}: {dynamic}]", show_expr(ast, text, on.expr)).unwrap();
    }
    if !pivot.group_by.is_empty() {
        let keys: Vec<String> = pivot.group_by.iter().map(|e| show_expr(ast, text, *e)).collect();
        write!(s, " group {}", keys.join(" ")).unwrap();
    }
    s + ")"
}

pub fn show_from(ast: &Ast, text: &str, id: FromId) -> String {
    match &ast.from(id).kind {
        FromKind::Table {
            name,
            alias: a,
            at,
            sample,
        } => {
            let at = if at.is_some() { " at" } else { "" };
            let sample = if sample.is_some() { " sample" } else { "" };
            format!("{}{}{at}{sample}", path(name), alias(a))
        }
        FromKind::File { path, alias: a, .. } => format!("file:{path}{}", alias(a)),
        FromKind::Derived {
            query,
            lateral,
            alias: a,
            sample,
        } => {
            let lateral = if *lateral { "lateral " } else { "" };
            let sample = if sample.is_some() { " sample" } else { "" };
            format!("{lateral}{}{}{sample}", show_query(ast, text, *query), alias(a))
        }
        FromKind::Function {
            call,
            lateral,
            ordinality,
            alias: a,
        } => {
            let lateral = if *lateral { "lateral " } else { "" };
            let ordinality = match ordinality {
                None => String::new(),
                Some(None) => " ordinality".into(),
                Some(Some(n)) => format!(" ordinality={}", name(n)),
            };
            format!("{lateral}{}{ordinality}{}", show_expr(ast, text, *call), alias(a))
        }
        FromKind::Join {
            left,
            right,
            kind,
            constraint,
            ..
        } => {
            let word = match kind {
                JoinKind::Inner => "join",
                JoinKind::Left => "left",
                JoinKind::Right => "right",
                JoinKind::Full => "full",
                JoinKind::Cross => "cross",
                JoinKind::Semi => "semi",
                JoinKind::Anti => "anti",
                JoinKind::AsOf => "asof",
                JoinKind::AsOfLeft => "asof-left",
                JoinKind::AsOfRight => "asof-right",
                JoinKind::AsOfFull => "asof-full",
                JoinKind::AsOfSemi => "asof-semi",
                JoinKind::AsOfAnti => "asof-anti",
                JoinKind::Positional => "positional",
            };
            let constraint = match constraint {
                JoinConstraint::None => String::new(),
                JoinConstraint::On(e) => format!(" on {}", show_expr(ast, text, *e)),
                JoinConstraint::Using(names) => {
                    format!(" using {}", names.iter().map(name).collect::<Vec<_>>().join(" "))
                }
                JoinConstraint::Natural => " natural".into(),
            };
            format!(
                "({word} {} {}{constraint})",
                show_from(ast, text, *left),
                show_from(ast, text, *right)
            )
        }
        FromKind::Paren { inner, alias: a } => format!("({}){}", show_from(ast, text, *inner), alias(a)),
        FromKind::Pivot {
            source,
            pivot,
            alias: a,
        } => format!("{}{}", pivot_text(ast, text, *source, pivot), alias(a)),
        FromKind::Unpivot {
            source,
            unpivot,
            alias: a,
        } => {
            let mut s = format!("(unpivot {}", show_from(ast, text, *source));
            if unpivot.include_nulls {
                s += " nulls";
            }
            if !unpivot.values.is_empty() {
                write!(
                    s,
                    " [{}]",
                    unpivot.values.iter().map(name).collect::<Vec<_>>().join(" ")
                )
                .unwrap();
            }
            if let Some(n) = &unpivot.name {
                write!(s, " {}", name(n)).unwrap();
            }
            for (columns, alias) in &unpivot.on {
                let columns: Vec<String> = columns.iter().map(|e| show_expr(ast, text, *e)).collect();
                write!(s, " [{}]", columns.join(" ")).unwrap();
                if let Some(n) = alias {
                    write!(s, " as {}", name(n)).unwrap();
                }
            }
            s + ")" + &alias(a)
        }
        FromKind::Error => "ERROR".into(),
    }
}

fn group_item(ast: &Ast, text: &str, item: &GroupItem) -> String {
    let list = |ids: &[ExprId]| {
        ids.iter()
            .map(|i| show_expr(ast, text, *i))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let lists = |lists: &[Vec<ExprId>]| {
        lists
            .iter()
            .map(|l| format!("({})", list(l)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    match item {
        GroupItem::Expr(e) => show_expr(ast, text, *e),
        GroupItem::Empty(_) => "()".into(),
        GroupItem::Rollup(l) => format!("(rollup {})", lists(l)),
        GroupItem::Cube(l) => format!("(cube {})", lists(l)),
        GroupItem::Sets(items) => {
            format!(
                "(sets {})",
                items
                    .iter()
                    .map(|i| group_item(ast, text, i))
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        GroupItem::Tuple(l) => format!("({})", list(l)),
    }
}

fn show_select(ast: &Ast, text: &str, select: &Select) -> String {
    let mut s = String::from("(select");
    let e = |id: ExprId| show_expr(ast, text, id);
    match &select.distinct {
        Distinct::All => {}
        Distinct::Distinct => s += " distinct",
        Distinct::On(l) => write!(
            s,
            " distinct-on({})",
            l.iter().map(|i| e(*i)).collect::<Vec<_>>().join(" ")
        )
        .unwrap(),
    }
    if let Some(v) = select.value_table {
        write!(s, " as-{}", format!("{v:?}").to_lowercase()).unwrap();
    }
    for item in &select.items {
        match item {
            SelectItem::Expr { expr, alias } => {
                write!(s, " {}", e(*expr)).unwrap();
                if let Some(a) = alias {
                    write!(s, " as {}", name(a)).unwrap();
                }
            }
            SelectItem::Star(star) if star.span.is_empty() => s += " *",
            SelectItem::Star(star) => write!(s, " {}", star.span.slice(text)).unwrap(),
        }
    }
    if !select.from.is_empty() {
        let from: Vec<String> = select.from.iter().map(|f| show_from(ast, text, *f)).collect();
        write!(s, " from {}", from.join(", ")).unwrap();
    }
    if let Some(f) = select.filter {
        write!(s, " where {}", e(f)).unwrap();
    }
    match &select.group_by {
        GroupBy::None => {}
        GroupBy::All(_) => s += " group-all",
        GroupBy::Items(items) => {
            let items: Vec<String> = items.iter().map(|i| group_item(ast, text, i)).collect();
            write!(s, " group {}", items.join(" ")).unwrap();
        }
    }
    if let Some(h) = select.having {
        write!(s, " having {}", e(h)).unwrap();
    }
    for (n, spec) in &select.windows {
        write!(s, " window {} {}", name(n), show_window(ast, text, spec)).unwrap();
    }
    if let Some(q) = select.qualify {
        write!(s, " qualify {}", e(q)).unwrap();
    }
    if select.sample.is_some() {
        s += " sample";
    }
    s + ")"
}

pub fn show_query(ast: &Ast, text: &str, id: QueryId) -> String {
    let query = ast.query(id);
    let body = match &query.body {
        Body::Select(select) => show_select(ast, text, select),
        Body::SetOp { first, rest } => {
            let mut s = String::from("(");
            for (i, operand) in rest.iter().enumerate() {
                let mut word = format!("{:?}", operand.op).to_lowercase();
                if operand.all {
                    word += "-all";
                }
                if operand.by_name {
                    word += "-by-name";
                }
                if i == 0 {
                    write!(s, "{word} {}", show_query(ast, text, *first)).unwrap();
                } else if rest[0].op != operand.op {
                    write!(s, " {word}").unwrap();
                }
                write!(s, " {}", show_query(ast, text, operand.query)).unwrap();
            }
            s + ")"
        }
        Body::Values(rows) => {
            let rows: Vec<String> = rows
                .iter()
                .map(|r| {
                    format!(
                        "({})",
                        r.iter()
                            .map(|e| show_expr(ast, text, *e))
                            .collect::<Vec<_>>()
                            .join(" ")
                    )
                })
                .collect();
            format!("(values {})", rows.join(" "))
        }
        Body::Paren(inner) => format!("(paren {})", show_query(ast, text, *inner)),
        Body::Table(from) => format!("(table {})", show_from(ast, text, *from)),
        Body::Pivot(from) => show_from(ast, text, *from),
        Body::Describe { of: None, .. } => "(describe)".into(),
        Body::Describe { of: Some(of), .. } => format!("(describe {})", show_query(ast, text, *of)),
        Body::Error => "ERROR".into(),
    };
    let mut tail = String::new();
    if query.order_by_all.is_some() {
        tail += " (order all)";
    }
    if !query.order_by.is_empty() {
        write!(tail, " (order {})", order(ast, text, &query.order_by)).unwrap();
    }
    if let Some(l) = query.limit {
        write!(tail, " (limit {})", show_expr(ast, text, l)).unwrap();
    }
    if let Some(o) = query.offset {
        write!(tail, " (offset {})", show_expr(ast, text, o)).unwrap();
    }
    // The clauses go inside the body's brackets.
    let body = match body.strip_suffix(')') {
        Some(inside) if !tail.is_empty() => format!("{inside}{tail})"),
        _ => body,
    };
    match &query.with {
        None => body,
        Some(with) => {
            let ctes: Vec<String> = with
                .ctes
                .iter()
                .map(|c| {
                    let columns: Vec<String> = c.columns.iter().map(name).collect();
                    let columns = if columns.is_empty() {
                        String::new()
                    } else {
                        format!("({})", columns.join(" "))
                    };
                    format!("{}{columns} {}", name(&c.name), show_query(ast, text, c.query))
                })
                .collect();
            let word = if with.recursive { "with-recursive" } else { "with" };
            format!("({word} {} {body})", ctes.join(" "))
        }
    }
}
