//! Which queries of another dialect mean the same on DuckDB, word for word but for quotes, comments, and names of functions.
//!
//! Only what is listed here is vouched for: a construct or function that is not listed is named as the reason why the query cannot be
//! executed locally. The list leaves out what the engines are known to do differently (division, casts between kinds of
//! values, NULL in `concat`, what `trim` takes off). The order of NULLs is a setting of DuckDB; see [`null_order`]. [`written`] is
//! what is sent to DuckDB.

use crate::portability;
use crate::walk::{Child, children};
use rocky_base::{Dialect, SmolStr, Span};
use rocky_syntax::ast::{
    Arg, Ast, BinaryOp, Body, CastKind, Distinct, ExprId, ExprKind, FromKind, GroupBy, GroupItem, JoinKind,
    LikeKind, Literal, UnaryOp, path_span,
};
use rocky_syntax::lexer::{TokenKind, lex};
use rocky_syntax::parser::parse;
use rocky_warehouse::Type;
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

/// Functions of the same name and meaning, and how many arguments they may have.
static FUNCTIONS: &[(&str, usize)] = &[
    ("ABS", 1),
    ("CEIL", 1),
    ("COALESCE", usize::MAX),
    ("COUNT", 1),
    ("CUME_DIST", 0),
    ("DENSE_RANK", 0),
    ("FLOOR", 1),
    ("IF", 3),
    ("IFNULL", 2),
    ("LAG", 3),
    ("LEAD", 3),
    ("LOWER", 1),
    ("MAX", 1),
    ("MIN", 1),
    ("NTILE", 1),
    ("NULLIF", 2),
    ("PERCENT_RANK", 0),
    ("RANK", 0),
    ("ROUND", 2),
    ("ROW_NUMBER", 0),
    ("SUM", 1),
    ("UPPER", 1),
];

/// Functions of one or two dialects: the name, where, how many arguments, the name on DuckDB. COUNT_IF is not among them: of no
/// rows it is NULL there, not 0.
static OWN: &[(&str, &[Dialect], usize, &str)] = &[
    ("AVG", &[Dialect::Databricks, Dialect::BigQuery], 1, "AVG"),
    ("BOOLAND_AGG", &[Dialect::Snowflake], 1, "BOOL_AND"),
    ("BOOLOR_AGG", &[Dialect::Snowflake], 1, "BOOL_OR"),
    ("BOOL_AND", &[Dialect::Databricks], 1, "BOOL_AND"),
    ("BOOL_OR", &[Dialect::Databricks], 1, "BOOL_OR"),
    (
        "CHAR_LENGTH",
        &[Dialect::Databricks, Dialect::BigQuery],
        1,
        "LENGTH",
    ),
    (
        "ENDSWITH",
        &[Dialect::Databricks, Dialect::Snowflake],
        2,
        "ENDS_WITH",
    ),
    ("ENDS_WITH", &[Dialect::BigQuery], 2, "ENDS_WITH"),
    // The others give NULL where one value is NULL.
    ("GREATEST", &[Dialect::Databricks], usize::MAX, "GREATEST"),
    ("IFF", &[Dialect::Snowflake], 3, "IF"),
    ("LEAST", &[Dialect::Databricks], usize::MAX, "LEAST"),
    ("LEN", &[Dialect::Databricks, Dialect::Snowflake], 1, "LENGTH"),
    (
        "LENGTH",
        &[Dialect::Databricks, Dialect::Snowflake, Dialect::BigQuery],
        1,
        "LENGTH",
    ),
    ("LOGICAL_AND", &[Dialect::BigQuery], 1, "BOOL_AND"),
    ("LOGICAL_OR", &[Dialect::BigQuery], 1, "BOOL_OR"),
    ("NVL", &[Dialect::Databricks, Dialect::Snowflake], 2, "COALESCE"),
    (
        "STARTSWITH",
        &[Dialect::Databricks, Dialect::Snowflake],
        2,
        "STARTS_WITH",
    ),
    ("STARTS_WITH", &[Dialect::BigQuery], 2, "STARTS_WITH"),
];

/// What may be among the values that a query reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Binary floats.
    floats: bool,
    /// Decimals with a fraction.
    decimals: bool,
    /// Columns by upper-case name: whether it may be a float, whether it may be such a decimal.
    columns: FxHashMap<String, (bool, bool)>,
    /// Texts with letters that DuckDB does not turn into several (`ß`).
    letters: bool,
}

impl Values {
    /// Those of columns; of types that are not known it is assumed.
    pub fn of<'t>(columns: impl IntoIterator<Item = (&'t str, &'t Type)>) -> Values {
        let mut values = Values::default();
        for (name, ty) in columns {
            let plain = !matches!(
                ty,
                Type::Unknown
                    | Type::List(_)
                    | Type::Array(..)
                    | Type::Struct(_)
                    | Type::Map(_)
                    | Type::Union(_)
            );
            let float = !plain || matches!(ty, Type::Float32 | Type::Float64);
            let decimal = !plain || matches!(ty, Type::Decimal { scale, .. } if *scale != 0);
            values.floats |= float;
            values.decimals |= decimal;
            let column = values.columns.entry(name.to_uppercase()).or_default();
            *column = (column.0 || float, column.1 || decimal);
        }
        values
    }

    /// A text is among them.
    pub fn text(&mut self, text: &str) {
        self.letters |= has_letters(text);
    }
}

/// The first thing for which nobody vouches, and where; `None`: the query means the same on DuckDB. `values`: what it reads.
pub fn obstacle(ast: &Ast, text: &str, source: Dialect, values: Values) -> Option<(SmolStr, Span)> {
    if source == Dialect::DuckDb {
        return None;
    }
    let missing = portability::check(ast, text, source, Dialect::DuckDb);
    // What is written in another way is not missing.
    let other = |construct: &str| {
        construct == "STAR_EXCEPT" || own(&construct.to_ascii_uppercase(), source).is_some()
    };
    if let Some(first) = missing.iter().find(|m| !other(&m.construct)) {
        let span = first
            .diagnostic
            .primary
            .as_ref()
            .map_or(Span::at(0), |l| l.loc.span);
        return Some((SmolStr::new(first.construct.replace('_', " ")), span));
    }
    let scan = Scan {
        ast,
        text,
        source,
        values,
    };
    scan.tokens()
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

/// A text without [`obstacle`] as DuckDB must read it.
pub fn written(text: &str, source: Dialect) -> String {
    if source == Dialect::DuckDb {
        return text.to_owned();
    }
    let tokens = lex(text, source).tokens;
    // Columns whose names are words of DuckDB's grammar.
    let parsed = parse(text, source);
    let paths = parsed.ast.exprs.iter().filter_map(|e| match &e.kind {
        ExprKind::Column(path) => Some(path),
        _ => None,
    });
    let names: FxHashSet<u32> = paths
        .flatten()
        .filter(|name| !name.ident.quoted && Dialect::DuckDb.is_reserved(&name.ident.text))
        .map(|name| name.span.start)
        .collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0usize;
    let mut before = None;
    for (index, token) in tokens.iter().enumerate() {
        // Comments may begin with other characters than those of DuckDB.
        let gap = text.get(at..token.span.start as usize).unwrap_or_default();
        match gap.trim().is_empty() {
            true => out.push_str(gap),
            false => out.push('\n'),
        }
        at = token.span.end as usize;
        let token_text = token.span.slice(text);
        let is_call = || tokens.get(index + 1).is_some_and(|t| t.kind == TokenKind::LParen);
        let other: Cow<'_, str> = match token.kind {
            TokenKind::QuotedIdent => match token_text.strip_prefix('`').and_then(|w| w.strip_suffix('`')) {
                Some(inner) => Dialect::DuckDb.quote_ident(&inner.replace("``", "`")).into(),
                None => token_text.into(),
            },
            TokenKind::Word if names.contains(&token.span.start) => {
                Dialect::DuckDb.quote_ident(token_text).into()
            }
            TokenKind::Word
                if token_text.eq_ignore_ascii_case("except") && before == Some(TokenKind::Star) =>
            {
                "EXCLUDE".into()
            }
            TokenKind::Spaceship => "IS NOT DISTINCT FROM".into(),
            TokenKind::Word if is_call() => own(&token_text.to_ascii_uppercase(), source)
                .map_or(token_text, |(_, _, _, name)| name)
                .into(),
            // It is a FLOAT64 there, and would be a decimal here.
            TokenKind::Number if source == Dialect::BigQuery && is_fraction(token_text) => {
                format!("{token_text}e0").into()
            }
            _ => token_text.into(),
        };
        out.push_str(&other);
        before = Some(token.kind);
    }
    out
}

/// Letters of which the capital, or the small one, is several.
fn has_letters(text: &str) -> bool {
    !text.is_ascii()
        && text
            .chars()
            .any(|c| c.to_uppercase().count() > 1 || c.to_lowercase().count() > 1)
}

fn own(
    name: &str,
    source: Dialect,
) -> Option<&'static (&'static str, &'static [Dialect], usize, &'static str)> {
    OWN.iter()
        .find(|(n, dialects, ..)| *n == name && dialects.contains(&source))
}

/// `1.5`, not `1.5e0`.
fn is_fraction(number: &str) -> bool {
    number.contains('.') && !number.contains(['e', 'E'])
}

type Found = Option<(SmolStr, Span)>;

fn no(what: &str, span: Span) -> Found {
    Some((SmolStr::new(what), span))
}

struct Scan<'a> {
    ast: &'a Ast,
    text: &'a str,
    source: Dialect,
    values: Values,
}

impl Scan<'_> {
    fn tokens(&self) -> Found {
        let source = self.source;
        if (self.values.letters || has_letters(self.text)) && self.calls(&["UPPER", "LOWER"]) {
            return no("UPPER or LOWER of letters like ß", Span::at(0));
        }
        let tokens = lex(self.text, source).tokens;
        let next_to = |index: usize| tokens.get(index + 1).is_some_and(|t| t.kind == TokenKind::String);
        tokens.iter().enumerate().find_map(|(index, token)| {
            let written = token.span.slice(self.text);
            match token.kind {
                TokenKind::String if next_to(index) => no("strings side by side", token.span),
                TokenKind::String
                    if source != Dialect::Snowflake
                        && written
                            .get(1..written.len().saturating_sub(1))
                            .is_some_and(|w| w.contains("''")) =>
                {
                    no("a doubled quote in a string", token.span)
                }
                TokenKind::Number
                    if written.contains(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')) =>
                {
                    no("a number of this form", token.span)
                }
                TokenKind::Number
                    if source == Dialect::BigQuery && self.values.decimals && is_fraction(written) =>
                {
                    no("a number with a fraction beside NUMERIC columns", token.span)
                }
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

    fn calls(&self, names: &[&str]) -> bool {
        self.ast.exprs.iter().any(|e| match &e.kind {
            ExprKind::Function(call) => {
                let name = path_span(&call.name).slice(self.text);
                names.iter().any(|n| n.eq_ignore_ascii_case(name))
            }
            _ => false,
        })
    }

    /// A float whatever the query reads.
    fn is_float(&self, kind: &ExprKind) -> bool {
        match kind {
            ExprKind::Literal(Literal::Number(text)) => match self.source {
                Dialect::BigQuery => text.contains(['.', 'e', 'E']),
                _ => text.contains(['e', 'E']),
            },
            ExprKind::Function(call) => {
                let name = path_span(&call.name).slice(self.text);
                ["AVG", "CUME_DIST", "PERCENT_RANK"]
                    .iter()
                    .any(|n| n.eq_ignore_ascii_case(name))
            }
            _ => false,
        }
    }

    /// A decimal with a fraction, whatever the query reads.
    fn is_decimal(&self, kind: &ExprKind) -> bool {
        let ExprKind::Literal(Literal::Number(text)) = kind else {
            return false;
        };
        self.source != Dialect::BigQuery && is_fraction(text)
    }

    /// Whether what is computed from arguments may be of a kind. `any`: whether anything that is read is; `made`: what is of the
    /// kind by itself. What a name means that no input has is not followed.
    fn may_be(
        &self,
        args: &[Arg],
        kind: &dyn Fn(&(bool, bool)) -> bool,
        any: bool,
        made: &dyn Fn(&ExprKind) -> bool,
    ) -> bool {
        let anything = || any || self.ast.exprs.iter().any(|e| made(&e.kind));
        let mut work: Vec<ExprId> = args.iter().map(|a| a.value).collect();
        while let Some(id) = work.pop() {
            let expr = &self.ast.expr(id).kind;
            let found = match expr {
                ExprKind::Column(path) => path.last().is_none_or(|name| {
                    let column = self.values.columns.get(&name.ident.text.to_uppercase());
                    column.map_or_else(anything, kind)
                }),
                ExprKind::Subquery(_) => anything(),
                other => made(other),
            };
            if found {
                return true;
            }
            children(self.ast, id, &mut |child| {
                if let Child::Expr(id) = child {
                    work.push(id);
                }
            });
        }
        false
    }

    fn is_operand(&self, side: ExprId) -> bool {
        matches!(
            self.ast.expr(side).kind,
            ExprKind::Column(_)
                | ExprKind::Literal(_)
                | ExprKind::Function(_)
                | ExprKind::Paren(_)
                | ExprKind::Cast { .. }
        )
    }

    fn computes(&self, side: ExprId) -> bool {
        matches!(
            self.ast.expr(side).kind,
            ExprKind::Binary {
                op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul,
                ..
            }
        )
    }

    fn concatenates(&self, side: ExprId) -> bool {
        matches!(
            self.ast.expr(side).kind,
            ExprKind::Binary {
                op: BinaryOp::Concat,
                ..
            }
        )
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
                Body::Table(_) | Body::Pivot(_) | Body::Describe { .. } | Body::Error => {
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
            ExprKind::Unary { op: UnaryOp::Not, .. } if span.slice(self.text).starts_with('!') => {
                no("operator !", span)
            }
            ExprKind::Unary { op, .. } => match op {
                UnaryOp::Not | UnaryOp::Minus | UnaryOp::Plus => None,
                _ => no("this operator", span),
            },
            ExprKind::Binary {
                left,
                op: BinaryOp::Concat,
                right,
                op_span,
            } if [left, right].into_iter().any(|side| self.computes(*side)) => {
                no("|| beside arithmetic without parentheses", *op_span)
            }
            ExprKind::Binary {
                op,
                op_span,
                left,
                right,
            } => match op {
                BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul
                    if [left, right].into_iter().any(|side| self.concatenates(*side)) =>
                {
                    no("|| beside arithmetic without parentheses", *op_span)
                }
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
                // It binds as `=` does.
                BinaryOp::IsNotDistinct if [left, right].into_iter().all(|side| self.is_operand(*side)) => {
                    None
                }
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
                let known = FUNCTIONS.iter().find(|(n, _)| *n == name).map(|(_, most)| *most);
                let known = known.or_else(|| own(&name, self.source).map(|(_, _, most, _)| *most));
                match known {
                    // Of a decimal they are decimals there.
                    Some(_)
                        if name == "AVG"
                            && self.may_be(&call.args, &|v| v.1, self.values.decimals, &|e| {
                                self.is_decimal(e)
                            }) =>
                    {
                        no("AVG of decimals", span)
                    }
                    // What is half of a float in digits is not half of it in bits.
                    Some(_)
                        if name == "ROUND"
                            && call.args.len() > 1
                            && self.may_be(
                                call.args.get(..1).unwrap_or_default(),
                                &|v| v.0,
                                self.values.floats,
                                &|e| self.is_float(e),
                            ) =>
                    {
                        no("ROUND of floats to digits", span)
                    }
                    Some(most) if call.args.len() <= most && call.args.iter().all(|a| a.name.is_none()) => {
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

    fn why(text: &str, dialect: Dialect) -> Option<String> {
        let parsed = parse(text, dialect);
        assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
        obstacle(&parsed.ast, text, dialect, Values::default()).map(|(what, _)| what.to_string())
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
    fn a_text_is_written_as_duckdb_reads_it() {
        for (text, dialect, expected) in [
            (
                "SELECT `a b`, '`' FROM x -- `c`\n# d\nWHERE b > 0.5",
                Dialect::BigQuery,
                "SELECT \"a b\", '`' FROM x\nWHERE b > 0.5e0",
            ),
            (
                "SELECT \"a\", 0.5 // b\n",
                Dialect::Snowflake,
                "SELECT \"a\", 0.5",
            ),
            (
                "SELECT IFF(nvl(a, 1) > 1, 'iff(', b.iff)",
                Dialect::Snowflake,
                "SELECT IF(COALESCE(a, 1) > 1, 'iff(', b.iff)",
            ),
            (
                "SELECT * EXCEPT (a), MAX(at), b.at FROM x b WHERE x <=> y",
                Dialect::Databricks,
                "SELECT * EXCLUDE (a), MAX(\"at\"), b.\"at\" FROM x b WHERE x IS NOT DISTINCT FROM y",
            ),
            ("SELECT LOGICAL_OR (a)", Dialect::BigQuery, "SELECT BOOL_OR (a)"),
            ("SELECT 1 # 2", Dialect::DuckDb, "SELECT 1 # 2"),
        ] {
            assert_eq!(written(text, dialect), expected);
        }
    }

    #[test]
    fn what_only_looks_the_same_is_named() {
        let say = |t: &str, d| why(t, d).unwrap_or_default();
        for (text, dialect, expected) in [
            (
                "SELECT 'it''s' FROM x",
                Dialect::Databricks,
                "a doubled quote in a string",
            ),
            ("SELECT 'it''s' FROM x", Dialect::Snowflake, ""),
            (
                "SELECT a FROM x WHERE b = 'a' 'b'",
                Dialect::Databricks,
                "strings side by side",
            ),
            (
                "SELECT 5L AS a FROM x",
                Dialect::Databricks,
                "a number of this form",
            ),
            (
                "SELECT 0xFF AS a FROM x",
                Dialect::BigQuery,
                "a number of this form",
            ),
            ("SELECT !a FROM x", Dialect::Databricks, "operator !"),
            (
                "SELECT a + b || c FROM x",
                Dialect::Databricks,
                "|| beside arithmetic without parentheses",
            ),
            (
                "SELECT a || b + c FROM x",
                Dialect::BigQuery,
                "|| beside arithmetic without parentheses",
            ),
            ("SELECT (a + b) || c FROM x", Dialect::Databricks, ""),
            (
                "SELECT GREATEST(a, b) FROM x",
                Dialect::Snowflake,
                "function GREATEST",
            ),
            ("SELECT GREATEST(a, b) FROM x", Dialect::Databricks, ""),
            (
                "SELECT COUNT_IF(a) FROM x",
                Dialect::Databricks,
                "function COUNT_IF",
            ),
            ("SELECT AVG(a) FROM x", Dialect::Snowflake, "function AVG"),
            ("SELECT AVG(a) FROM x", Dialect::BigQuery, ""),
            (
                "SELECT AVG(a * 0.5) FROM x",
                Dialect::Databricks,
                "AVG of decimals",
            ),
            (
                "SELECT ROUND(AVG(a), 2) FROM x",
                Dialect::BigQuery,
                "ROUND of floats to digits",
            ),
            ("SELECT ROUND(a, 2) FROM x", Dialect::BigQuery, ""),
            ("SELECT IFF(a, b, c) FROM x", Dialect::BigQuery, "IFF"),
        ] {
            assert_eq!(say(text, dialect), expected, "{dialect}: {text}");
        }
        let text = "SELECT a * 0.5, AVG(a), ROUND(a, 1) FROM x";
        let with = |types: &[Type]| {
            let parsed = parse(text, Dialect::BigQuery);
            let values = Values::of(types.iter().map(|t| ("a", t)));
            obstacle(&parsed.ast, text, Dialect::BigQuery, values).map(|(what, _)| what.to_string())
        };
        let decimal = Type::Decimal {
            precision: 38,
            scale: 9,
        };
        assert_eq!(
            with(&[Type::Int64, decimal]).as_deref(),
            Some("a number with a fraction beside NUMERIC columns")
        );
        assert_eq!(with(&[Type::Int64]), None);
        assert_eq!(
            with(&[Type::Float64]).as_deref(),
            Some("ROUND of floats to digits")
        );
        assert_eq!(
            with(&[Type::Unknown]).as_deref(),
            Some("a number with a fraction beside NUMERIC columns")
        );
    }
}
