//! The text of a subquery: SELECT, set operations, VALUES, and what stands in their FROM.

use super::super::deeper;
use super::Printer;
use rocky_syntax::ast::{
    Ast, Body, Distinct, ExprId, ExprKind, FromId, FromKind, GroupBy, GroupItem, JoinConstraint, JoinKind,
    LikeKind, Literal, Query, QueryId, Select, SelectItem, SetOp, SetOperand, Star, TableAlias, Tells, With,
};

/// Grouping sets beyond this number are not written out.
const MAX_SETS: usize = 64;

impl<'p> Printer<'p> {
    pub(super) fn query(&mut self, id: QueryId) {
        deeper(|| self.query_inner(id));
    }

    fn query_inner(&mut self, id: QueryId) {
        let query = self.bare(id);
        if let Some(with) = &query.with {
            self.with(with);
        }
        match &query.body {
            Body::Select(select) if select.sample.is_none() => self.select(select),
            Body::SetOp { first, rest } => self.set_operation(*first, rest),
            Body::Values(rows) => {
                self.push("SELECT * FROM (VALUES ");
                for (i, row) in rows.iter().enumerate() {
                    self.push(if i > 0 { ", (" } else { "(" });
                    self.list(row, ", ");
                    self.push(")");
                }
                self.push(") AS valueslist");
            }
            Body::Table(from) => {
                self.push("SELECT * FROM ");
                self.from(*from);
            }
            Body::Paren(inner) => self.query(*inner),
            Body::Describe { tells, of, span } => {
                let listing = match tells {
                    Tells::Summary => "SUMMARIZE ",
                    Tells::Columns | Tells::Everything => "DESCRIBE ",
                    Tells::TablesOf => span.slice(self.text),
                    Tells::Tables => "DESCRIBE \"tables\"",
                    Tells::Databases => "DESCRIBE \"databases\"",
                    Tells::Schemas => "DESCRIBE \"schemas\"",
                    Tells::Variables => "DESCRIBE \"variables\"",
                };
                self.push(listing);
                if let Some(of) = of {
                    self.push("(");
                    self.query(*of);
                    self.push(")");
                }
            }
            _ => {
                let text = query.span.slice(self.text);
                return self.push(text);
            }
        }
        self.modifiers(query);
    }

    /// The query without brackets around it.
    fn bare(&self, id: QueryId) -> &'p Query {
        let ast: &'p Ast = self.ast;
        let mut query = ast.query(id);
        while let Body::Paren(inner) = &query.body
            && query.with.is_none()
            && query.order_by.is_empty()
            && query.order_by_all.is_none()
            && query.limit.is_none()
            && query.offset.is_none()
        {
            query = ast.query(*inner);
        }
        query
    }

    fn with(&mut self, with: &'p With) {
        let recursive = |id: QueryId| with.recursive && matches!(self.bare(id).body, Body::SetOp { .. });
        let any = with.ctes.iter().any(|c| recursive(c.query));
        self.push(if any { "WITH RECURSIVE " } else { "WITH " });
        for (i, cte) in with.ctes.iter().enumerate() {
            self.push(if i > 0 { ", " } else { "" });
            self.ident(&cte.name.ident.text);
            if !cte.columns.is_empty() {
                self.push(" (");
                self.names(&cte.columns);
                self.push(")");
            }
            if !cte.using_key.is_empty() {
                self.push(" USING KEY (");
                self.names(&cte.using_key);
                self.push(") ");
            }
            self.push(match cte.materialized {
                Some(true) => " AS MATERIALIZED (",
                Some(false) => " AS NOT MATERIALIZED (",
                None => " AS (",
            });
            let bare = self.bare(cte.query);
            match &bare.body {
                Body::SetOp { first, rest } if with.recursive && bare.with.is_none() => {
                    self.recursive(*first, rest);
                }
                _ => self.query(cte.query),
            }
            self.push(")");
        }
    }

    /// The body of a recursive CTE: anchor and step.
    fn recursive(&mut self, first: QueryId, rest: &'p [SetOperand]) {
        let Some((last, before)) = rest.split_last() else {
            return self.query(first);
        };
        self.push("(");
        if before.is_empty() {
            self.query(first);
        } else {
            self.set_operation(first, before);
        }
        self.push(if last.all { ") UNION  ALL (" } else { ") UNION (" });
        self.query(last.query);
        self.push(")");
    }

    /// UNIONs of one kind are one list, everything else nests to the left.
    fn set_operation(&mut self, first: QueryId, rest: &'p [SetOperand]) {
        let Some((last, before)) = rest.split_last() else {
            return self.query(first);
        };
        let flavour = |o: &SetOperand| (o.op, o.all, o.by_name);
        let op = flavour(last);
        let joined = op.0 == SetOp::Union;
        // The operands of the last run of that kind, its left end a query or what comes before.
        let run = if joined {
            before.iter().rev().take_while(|o| flavour(o) == op).count()
        } else {
            0
        };
        let (outer, inner) = before.split_at(before.len() - run);
        let words = match op {
            (SetOp::Union, false, false) => "UNION",
            (SetOp::Union, true, false) => "UNION ALL",
            (SetOp::Union, false, true) => "UNION BY NAME",
            (SetOp::Union, true, true) => "UNION ALL BY NAME",
            (SetOp::Intersect, false, _) => "INTERSECT",
            (SetOp::Intersect, true, _) => "INTERSECT ALL",
            (SetOp::Except, false, _) => "EXCEPT",
            (SetOp::Except, true, _) => "EXCEPT ALL",
        };
        let mut n = 0;
        if outer.is_empty() {
            self.operand(first, op, words, &mut n);
        } else {
            self.push("(");
            deeper(|| self.set_operation(first, outer));
            self.push(")");
            n += 1;
        }
        for operand in inner.iter().chain([last]) {
            self.operand(operand.query, op, words, &mut n);
        }
    }

    /// An operand; one that is itself a UNION of the same kind joins the list.
    fn operand(&mut self, id: QueryId, op: (SetOp, bool, bool), words: &str, n: &mut usize) {
        let query = self.bare(id);
        let plain = query.with.is_none()
            && query.order_by.is_empty()
            && query.order_by_all.is_none()
            && query.limit.is_none()
            && query.offset.is_none();
        if let Body::SetOp { first, rest } = &query.body
            && plain
            && op.0 == SetOp::Union
            && rest.iter().all(|o| (o.op, o.all, o.by_name) == op)
        {
            deeper(|| self.operand(*first, op, words, n));
            for operand in rest {
                deeper(|| self.operand(operand.query, op, words, n));
            }
            return;
        }
        match *n {
            0 => {}
            1 => {
                self.push(" ");
                self.push(words);
                self.push(" ");
            }
            // The engine forgets a blank.
            _ => {
                self.push(words);
                self.push(" ");
            }
        }
        *n += 1;
        self.push("(");
        self.query(id);
        self.push(")");
    }

    fn select(&mut self, select: &'p Select) {
        self.select_with(select, &[]);
    }

    /// A SELECT with more items at the end of its list.
    fn select_with(&mut self, select: &'p Select, extra: &[(ExprId, String)]) {
        self.inner_windows.push(&select.windows);
        self.select_parts(select, extra);
        self.inner_windows.pop();
    }

    fn select_parts(&mut self, select: &'p Select, extra: &[(ExprId, String)]) {
        self.push("SELECT ");
        match &select.distinct {
            Distinct::All => {}
            Distinct::Distinct => self.push("DISTINCT "),
            Distinct::On(list) => {
                self.push("DISTINCT ON (");
                self.list(list, ", ");
                self.push(") ");
            }
        }
        for (i, item) in select.items.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            match item {
                SelectItem::Expr { expr, alias } => {
                    self.expr(*expr);
                    if let Some(alias) = alias {
                        self.push(" AS ");
                        self.ident(&alias.ident.text);
                    }
                }
                SelectItem::Star(star) => self.star(star),
            }
        }
        for (expr, alias) in extra {
            self.wrapped(", ", *expr, " AS ");
            self.push(alias);
        }
        for (i, from) in select.from.iter().enumerate() {
            self.push(if i == 0 { " FROM " } else { " , " });
            self.from(*from);
        }
        if let Some(filter) = select.filter {
            self.wrapped(" WHERE ", filter, "");
        }
        match &select.group_by {
            GroupBy::None => {}
            GroupBy::All(_) => self.push(" GROUP BY ALL"),
            GroupBy::Items(items) => self.group_by(items),
        }
        if let Some(having) = select.having {
            self.wrapped(" HAVING ", having, "");
        }
        if let Some(qualify) = select.qualify {
            self.wrapped(" QUALIFY ", qualify, "");
        }
    }

    fn modifiers(&mut self, query: &'p Query) {
        if let Some(all) = query.order_by_all {
            self.push(match all.star {
                true => " ORDER BY *",
                false => " ORDER BY COLUMNS(*)",
            });
            self.push(super::direction(all.sort));
        }
        if !query.order_by.is_empty() {
            self.push(" ORDER BY ");
            self.order(&query.order_by);
        }
        if let Some(limit) = query.limit {
            if query.limit_percent {
                self.wrapped(" LIMIT (", limit, ") %");
            } else {
                self.wrapped(" LIMIT ", limit, "");
            }
        }
        if let Some(offset) = query.offset {
            self.wrapped(" OFFSET ", offset, "");
        }
    }

    fn group_by(&mut self, items: &'p [GroupItem]) {
        self.push(" GROUP BY ");
        let mut sets: Vec<Vec<ExprId>> = vec![Vec::new()];
        for item in items {
            let own = grouping_sets(self.ast, item, 0);
            if sets.len().saturating_mul(own.len()) > MAX_SETS {
                return;
            }
            let product = |before: &Vec<ExprId>| {
                let before = before.clone();
                own.iter()
                    .map(move |set| [before.as_slice(), set.as_slice()].concat())
            };
            sets = sets.iter().flat_map(product).collect();
        }
        match sets.as_slice() {
            [one] if one.is_empty() => self.push("()"),
            [one] => self.list(one, ", "),
            many => {
                self.push("GROUPING SETS (");
                for (i, set) in many.iter().enumerate() {
                    self.push(if i > 0 { ",(" } else { "(" });
                    self.list(set, ", ");
                    self.push(")");
                }
                self.push(")");
            }
        }
    }

    pub(super) fn star(&mut self, star: &'p Star) {
        let like = star.like.as_ref();
        if like.is_some() {
            self.push("(");
        }
        for name in &star.qualifier {
            self.ident(&name.ident.text);
            self.push(".");
        }
        self.push("*");
        if !star.exclude.is_empty() {
            self.push(" EXCLUDE (");
            let (plain, qualified): (Vec<_>, Vec<_>) = star.exclude.iter().partition(|p| p.len() == 1);
            for (i, path) in plain.into_iter().chain(qualified).enumerate() {
                self.push(if i > 0 { ", " } else { "" });
                for (j, name) in path.iter().enumerate() {
                    self.push(if j > 0 { "." } else { "" });
                    self.ident(&name.ident.text);
                }
            }
            self.push(")");
        }
        if !star.replace.is_empty() {
            self.push(" REPLACE (");
            for (i, (expr, name)) in star.replace.iter().enumerate() {
                self.wrapped(if i > 0 { ", " } else { "" }, *expr, " AS ");
                self.ident(&name.ident.text);
            }
            self.push(")");
        }
        if !star.rename.is_empty() {
            self.push(" RENAME (");
            for (i, (path, name)) in star.rename.iter().enumerate() {
                self.push(if i > 0 { ", " } else { "" });
                for (j, part) in path.iter().enumerate() {
                    self.push(if j > 0 { "." } else { "" });
                    self.ident(&part.ident.text);
                }
                self.push(" AS ");
                self.ident(&name.ident.text);
            }
            self.push(")");
        }
        if let Some((kind, negated, pattern)) = like {
            self.push(match (kind, negated) {
                (LikeKind::ILike, false) => " ~~* ",
                (LikeKind::ILike, true) => " !~~* ",
                (LikeKind::Glob, _) => " ~~~ ",
                (_, false) => " ~~ ",
                (_, true) => " !~~ ",
            });
            self.wrapped("", *pattern, ")");
        }
    }

    /// COLUMNS(…) inside a subquery, where nothing has taken its place.
    pub(super) fn columns(&mut self, id: ExprId) {
        let ast: &'p Ast = self.ast;
        let ExprKind::Columns { selector, unpack } = &ast.expr(id).kind else {
            return self.raw(id);
        };
        self.push(if *unpack { "UNPACK(COLUMNS(" } else { "COLUMNS(" });
        match &ast.expr(*selector).kind {
            ExprKind::Lambda { .. } => self.wrapped("list_filter(*, ", *selector, ")"),
            _ => self.expr(*selector),
        }
        self.push(if *unpack { "))" } else { ")" });
    }

    /// `ARRAY(SELECT …)`, which is an aggregate over the subquery; its order becomes the aggregate's.
    pub(super) fn array_query(&mut self, id: QueryId) {
        let query = self.bare(id);
        let select = match &query.body {
            Body::Select(select) if query.with.is_none() => Some(select),
            _ => None,
        };
        let values = matches!(query.body, Body::Values(_) | Body::Table(_));
        let mut extra = Vec::new();
        let mut order = String::new();
        if select.is_some() && !query.order_by.is_empty() {
            for (i, item) in query.order_by.iter().enumerate() {
                order.push_str(if i > 0 { ", " } else { " ORDER BY " });
                if let ExprKind::Literal(Literal::Number(n)) = &self.ast.expr(item.expr).kind {
                    order.push('#');
                    order.push_str(n);
                } else {
                    let name = format!("__array_internal_idx_{}", extra.len() + 1);
                    order.push_str(&name);
                    extra.push((item.expr, name));
                }
                order.push_str(super::direction(item.sort));
            }
        }
        let value = if select.is_some() || values {
            "#1"
        } else {
            "COLUMNS(*)"
        };
        let aggregate = format!("array_agg({value}{order})");
        self.push("(SELECT CASE  WHEN ((");
        self.push(&aggregate);
        self.push(" IS NULL)) THEN (list_value()) ELSE ");
        self.push(&aggregate);
        self.push(" END FROM (");
        match select {
            Some(select) if !extra.is_empty() && select.sample.is_none() => {
                self.select_with(select, &extra);
                self.modifiers(query);
            }
            _ => self.query(id),
        }
        self.push("))");
    }

    fn from(&mut self, id: FromId) {
        let ast: &'p Ast = self.ast;
        let mut joins = Vec::new();
        let mut first = id;
        while let FromKind::Join { left, .. } = &ast.from(first).kind {
            joins.push(first);
            first = *left;
        }
        self.leaf(first);
        for join in joins.into_iter().rev() {
            let FromKind::Join {
                right,
                kind,
                constraint,
                ..
            } = &ast.from(join).kind
            else {
                continue;
            };
            let natural = matches!(constraint, JoinConstraint::Natural);
            self.push(if natural { " NATURAL" } else { "" });
            self.push(match kind {
                JoinKind::Left => " LEFT JOIN ",
                JoinKind::Right => " RIGHT JOIN ",
                JoinKind::Full => " FULL JOIN ",
                JoinKind::Cross => " CROSS JOIN ",
                JoinKind::Semi => " SEMI JOIN ",
                JoinKind::Anti => " ANTI JOIN ",
                JoinKind::AsOf => " ASOF INNER JOIN ",
                JoinKind::AsOfLeft => " ASOF LEFT JOIN ",
                JoinKind::AsOfRight => " ASOF RIGHT JOIN ",
                JoinKind::AsOfFull => " ASOF FULL JOIN ",
                JoinKind::AsOfSemi => " ASOF SEMI JOIN ",
                JoinKind::AsOfAnti => " ASOF ANTI JOIN ",
                JoinKind::Positional => " POSITIONAL JOIN ",
                JoinKind::Inner => " INNER JOIN ",
            });
            deeper(|| self.from(*right));
            match constraint {
                JoinConstraint::On(condition) => self.wrapped(" ON (", *condition, ")"),
                JoinConstraint::Using(names) => {
                    self.push(" USING (");
                    self.names(names);
                    self.push(")");
                }
                JoinConstraint::None | JoinConstraint::Natural => {}
            }
        }
    }

    fn leaf(&mut self, id: FromId) {
        let ast: &'p Ast = self.ast;
        match &ast.from(id).kind {
            FromKind::Table {
                name,
                alias,
                at: None,
                sample: None,
            } => {
                for (i, part) in name.iter().enumerate() {
                    if i > 0 {
                        self.push(".");
                    }
                    self.ident(&part.ident.text);
                }
                self.table_alias(alias.as_ref());
            }
            FromKind::Derived { query, alias, .. } => {
                self.push("(");
                self.query(*query);
                self.push(")");
                self.table_alias(alias.as_ref());
            }
            FromKind::Function {
                call,
                ordinality,
                alias,
                ..
            } => {
                self.expr(*call);
                self.push(if ordinality.is_some() {
                    " WITH ORDINALITY"
                } else {
                    ""
                });
                self.table_alias(alias.as_ref());
            }
            FromKind::Paren { inner, alias: None } => deeper(|| self.from(*inner)),
            _ => {
                let text = ast.from(id).span.slice(self.text);
                self.push(text);
            }
        }
    }

    fn table_alias(&mut self, alias: Option<&TableAlias>) {
        let Some(alias) = alias else { return };
        self.push(" AS ");
        self.ident(&alias.name.ident.text);
        if !alias.columns.is_empty() {
            self.push("(");
            self.names(&alias.columns);
            self.push(")");
        }
    }
}

/// The sets an element of GROUP BY stands for, in the engine's order.
fn grouping_sets(ast: &Ast, item: &GroupItem, depth: usize) -> Vec<Vec<ExprId>> {
    match item {
        GroupItem::Expr(expr) => match &ast.expr(ast.unparen(*expr)).kind {
            ExprKind::Tuple(list) => vec![list.clone()],
            _ => vec![vec![*expr]],
        },
        GroupItem::Empty(_) => vec![Vec::new()],
        GroupItem::Tuple(list) => vec![list.clone()],
        GroupItem::Rollup(lists) => (0..=lists.len())
            .map(|n| lists.iter().take(n).flatten().copied().collect())
            .collect(),
        GroupItem::Cube(lists) => {
            let mut sets = Vec::new();
            cube(lists, &mut Vec::new(), &mut sets);
            sets
        }
        GroupItem::Sets(items) if depth < 16 => items
            .iter()
            .flat_map(|i| grouping_sets(ast, i, depth + 1))
            .collect(),
        GroupItem::Sets(_) => Vec::new(),
    }
}

/// `()`, `(a)`, `(a, b)`, `(b)`: each set before those that extend it.
fn cube(lists: &[Vec<ExprId>], set: &mut Vec<ExprId>, out: &mut Vec<Vec<ExprId>>) {
    if out.len() > MAX_SETS {
        return;
    }
    out.push(set.clone());
    let mut rest = lists;
    while let Some((first, after)) = rest.split_first() {
        let before = set.len();
        set.extend(first);
        cube(after, set, out);
        set.truncate(before);
        rest = after;
    }
}
