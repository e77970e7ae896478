//! Which queries of another dialect mean the same on DuckDB, word for word but for the quotes around names.
//!
//! Only what is listed here is vouched for: a construct or function that is not listed is named as the reason why the query cannot be
//! executed locally. The list leaves out what the engines are known to do differently (division, casts between kinds of
//! values, NULL in `concat`, what `trim` takes off). The order of NULLs is a setting of DuckDB; see [`null_order`].

use crate::portability;
use rocky_base::{Dialect, SmolStr, Span};
use rocky_syntax::ast::{
    Ast, BinaryOp, Body, CastKind, Distinct, ExprKind, FromKind, GroupBy, GroupItem, JoinKind, LikeKind,
    Literal, UnaryOp, path_span,
};
use rocky_syntax::lexer::{TokenKind, lex};

/// Functions of the same name and meaning, and how many arguments they may have.
static FUNCTIONS: &[(&str, usize)] = &[
    ("ABS", 1),
    ("CEIL", 1),
    ("COALESCE", usize::MAX),
    ("COUNT", 1),
    ("DENSE_RANK", 0),
    ("FLOOR", 1),
    ("IF", 3),
    ("IFNULL", 2),
    ("LAG", 3),
    ("LEAD", 3),
    ("LOWER", 1),
    ("MAX", 1),
    ("MIN", 1),
    ("NULLIF", 2),
    ("RANK", 0),
    ("ROUND", 2),
    ("ROW_NUMBER", 0),
    ("SUM", 1),
    ("UPPER", 1),
];

/// The first thing for which nobody vouches, and where; `None`: the query means the same on DuckDB.
pub fn obstacle(ast: &Ast, text: &str, source: Dialect) -> Option<(SmolStr, Span)> {
    if source == Dialect::DuckDb {
        return None;
    }
    let missing = portability::check(ast, text, source, Dialect::DuckDb);
    if let Some(first) = missing.first() {
        let span = first
            .diagnostic
            .primary
            .as_ref()
            .map_or(Span::at(0), |l| l.loc.span);
        return Some((SmolStr::new(first.construct.replace('_', " ")), span));
    }
    let scan = Scan { ast, text };
    scan.tokens(source)
        .or_else(|| scan.queries())
        .or_else(|| scan.froms())
        .or_else(|| ast.exprs.iter().find_map(|e| scan.expr(&e.kind, e.span)))
}

/// The value of DuckDB's `default_null_order` under which ORDER BY puts NULLs where the dialect does.
pub fn null_order(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::DuckDb => "nulls_last",
        Dialect::Databricks | Dialect::BigQuery => "nulls_first_on_asc_last_on_desc",
        Dialect::Snowflake => "nulls_last_on_asc_first_on_desc",
    }
}

/// The text with DuckDB's quotes around names.
pub fn requoted(text: &str, source: Dialect) -> String {
    if source.ident_quote() == Dialect::DuckDb.ident_quote() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0usize;
    for token in lex(text, source).tokens {
        if token.kind != TokenKind::QuotedIdent {
            continue;
        }
        let written = token.span.slice(text);
        let Some(inner) = written.strip_prefix('`').and_then(|w| w.strip_suffix('`')) else {
            continue;
        };
        out.push_str(text.get(at..token.span.start as usize).unwrap_or_default());
        out.push_str(&Dialect::DuckDb.quote_ident(&inner.replace("``", "`")));
        at = token.span.end as usize;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

type Found = Option<(SmolStr, Span)>;

fn no(what: &str, span: Span) -> Found {
    Some((SmolStr::new(what), span))
}

struct Scan<'a> {
    ast: &'a Ast,
    text: &'a str,
}

impl Scan<'_> {
    fn tokens(&self, source: Dialect) -> Found {
        lex(self.text, source).tokens.iter().find_map(|token| {
            let written = token.span.slice(self.text);
            match token.kind {
                TokenKind::String if written.contains('\\') => no("a backslash in a string", token.span),
                TokenKind::String if !written.starts_with('\'') || written.starts_with("'''") => {
                    no("a string in other quotes", token.span)
                }
                TokenKind::QuotedIdent if written.contains('\\') => no("a backslash in a name", token.span),
                TokenKind::Param | TokenKind::Bytes | TokenKind::PipeArrow => no(written, token.span),
                _ => None,
            }
        })
    }

    fn queries(&self) -> Found {
        self.ast.queries.iter().find_map(|query| {
            if query.with.as_ref().is_some_and(|w| w.recursive) {
                return no("WITH RECURSIVE", query.span);
            }
            match &query.body {
                Body::Select(select) => {
                    if matches!(select.distinct, Distinct::On(_)) {
                        return no("DISTINCT ON", select.span);
                    }
                    if let GroupBy::Items(items) = &select.group_by
                        && !items.iter().all(|i| matches!(i, GroupItem::Expr(_)))
                    {
                        return no("grouping sets", select.span);
                    }
                    None
                }
                Body::SetOp { .. } | Body::Paren(_) => None,
                Body::Values(_) => no("VALUES", query.span),
                Body::Table(_) | Body::Pivot(_) | Body::Describe(_) | Body::Error => {
                    no("a statement of this kind", query.span)
                }
            }
        })
    }

    fn froms(&self) -> Found {
        self.ast.froms.iter().find_map(|from| match &from.kind {
            FromKind::Table { at: Some(span), .. } => no("time travel", *span),
            FromKind::Table {
                sample: Some(span), ..
            }
            | FromKind::Derived {
                sample: Some(span), ..
            } => no("TABLESAMPLE", *span),
            FromKind::Table { .. } | FromKind::Paren { .. } | FromKind::Derived { lateral: false, .. } => {
                None
            }
            FromKind::Derived { lateral: true, .. } => no("LATERAL", from.span),
            FromKind::Join { kind, op_span, .. } => match kind {
                JoinKind::Inner | JoinKind::Left | JoinKind::Right | JoinKind::Full | JoinKind::Cross => None,
                _ => no("this kind of join", *op_span),
            },
            FromKind::Function { .. } => no("a table function", from.span),
            FromKind::Pivot { .. } => no("PIVOT", from.span),
            FromKind::Unpivot { .. } => no("UNPIVOT", from.span),
            FromKind::File { .. } => no("a file in FROM", from.span),
            FromKind::Error => no("what could not be parsed", from.span),
        })
    }

    fn expr(&self, kind: &ExprKind, span: Span) -> Found {
        match kind {
            ExprKind::Literal(Literal::Bytes(_)) => no("bytes", span),
            ExprKind::Literal(_)
            | ExprKind::Column(_)
            | ExprKind::Star(_)
            | ExprKind::Is { .. }
            | ExprKind::Between { symmetric: false, .. }
            | ExprKind::InList { .. }
            | ExprKind::InQuery { .. }
            | ExprKind::Case { .. }
            | ExprKind::Exists { .. }
            | ExprKind::Subquery(_)
            | ExprKind::Paren(_) => None,
            ExprKind::Unary { op, .. } => match op {
                UnaryOp::Not | UnaryOp::Minus | UnaryOp::Plus => None,
                _ => no("this operator", span),
            },
            ExprKind::Binary { op, op_span, .. } => match op {
                BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Eq
                | BinaryOp::NotEq
                | BinaryOp::Lt
                | BinaryOp::LtEq
                | BinaryOp::Gt
                | BinaryOp::GtEq
                | BinaryOp::Add
                | BinaryOp::Sub
                | BinaryOp::Mul
                | BinaryOp::Concat => None,
                BinaryOp::IsDistinct | BinaryOp::IsNotDistinct if op_span.slice(self.text) != "<=>" => None,
                BinaryOp::Div => no("division, whose type and rounding differ", *op_span),
                _ => no(&format!("operator {}", op_span.slice(self.text)), *op_span),
            },
            ExprKind::Like {
                kind: LikeKind::Like,
                pattern,
                escape: None,
                ..
            } => match self.ast.expr(*pattern).kind {
                ExprKind::Literal(Literal::String(_)) => None,
                _ => no("LIKE with a computed pattern", span),
            },
            ExprKind::Cast { expr, ty, kind } => {
                let name = ty.span.slice(self.text).to_ascii_uppercase();
                let literal = matches!(self.ast.expr(*expr).kind, ExprKind::Literal(Literal::String(_)));
                match (kind, name.as_str()) {
                    // A date of a text is the same everywhere; of a moment, it depends on time zones.
                    (CastKind::Literal | CastKind::Cast, "DATE") if literal => None,
                    _ => no(&format!("a cast to {name}"), span),
                }
            }
            ExprKind::Function(call) => {
                let name = path_span(&call.name).slice(self.text).to_ascii_uppercase();
                let known = FUNCTIONS.iter().find(|(n, _)| *n == name);
                match known {
                    Some((_, most))
                        if call.args.len() <= *most && call.args.iter().all(|a| a.name.is_none()) =>
                    {
                        match (call.ignore_nulls, call.order_by.is_empty()) {
                            (None, true) => None,
                            _ => no(&format!("{name} with an order or IGNORE NULLS"), span),
                        }
                    }
                    Some(_) => no(&format!("{name} with these arguments"), span),
                    None => no(&format!("function {name}"), span),
                }
            }
            _ => no("this expression", span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_syntax::parser::parse;

    fn why(text: &str, dialect: Dialect) -> Option<String> {
        let parsed = parse(text, dialect);
        assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
        obstacle(&parsed.ast, text, dialect).map(|(what, _)| what.to_string())
    }

    #[test]
    fn what_means_the_same_is_vouched_for() {
        for text in [
            "SELECT a, SUM(b) AS t FROM x WHERE a LIKE 'x%' GROUP BY a HAVING COUNT(*) > 1 ORDER BY t",
            "WITH c AS (SELECT a FROM x) SELECT c.a, CASE WHEN y.b > 1 THEN 'x' END FROM c LEFT JOIN y USING (a)",
            "SELECT a, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS n FROM x WHERE d >= DATE '2026-01-01'",
            "SELECT a FROM x UNION ALL SELECT COALESCE(a, 1) FROM y",
        ] {
            for dialect in [Dialect::Databricks, Dialect::Snowflake, Dialect::BigQuery] {
                assert_eq!(why(text, dialect), None, "{dialect}: {text}");
            }
        }
    }

    #[test]
    fn what_differs_is_named() {
        let say = |t: &str, d| why(t, d).unwrap_or_default();
        assert!(say("SELECT a / b FROM x", Dialect::Snowflake).contains("division"));
        assert_eq!(
            say("SELECT SAFE_DIVIDE(a, b) FROM x", Dialect::BigQuery),
            "SAFE DIVIDE"
        );
        assert_eq!(
            say("SELECT CONCAT(a, b) FROM x", Dialect::BigQuery),
            "function CONCAT"
        );
        assert_eq!(
            say("SELECT CAST(a AS INT64) FROM x", Dialect::BigQuery),
            "a cast to INT64"
        );
        assert!(say("SELECT 'a\\n' FROM x", Dialect::Databricks).contains("backslash"));
        assert!(say("SELECT \"a\" FROM x", Dialect::BigQuery).contains("quotes"));
        assert_eq!(say("SELECT a::DATE FROM x", Dialect::Snowflake), "a cast to DATE");
    }

    #[test]
    fn names_get_the_quotes_of_duckdb() {
        assert_eq!(
            requoted("SELECT `a b`, '`' FROM x -- `c`", Dialect::BigQuery),
            "SELECT \"a b\", '`' FROM x -- `c`"
        );
        assert_eq!(requoted("SELECT \"a\"", Dialect::Snowflake), "SELECT \"a\"");
    }
}
