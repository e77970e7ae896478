//! Which constructs of a query another warehouse does not have.
//!
//! The constructs are data: a name, where it exists, and what to write instead. Only what is known to differ is listed, from the
//! vendors' references; a text without findings is likely to run elsewhere, not certain to. Functions are listed too; for
//! DuckDB, whose catalogue is complete, a function of another dialect that it lacks is found without a row. Start at [`check`].

use crate::typing::function_kind;
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{
    Ast, BinaryOp, Body, Call, CastKind, Distinct, Expr, ExprKind, FromKind, JoinConstraint, JoinKind,
    LikeKind, SetOp, Star, path_span,
};

/// Sets of dialects, one bit each.
type Set = u8;
const D: Set = 1;
const B: Set = 2;
const S: Set = 4;
const Q: Set = 8;

fn bit(dialect: Dialect) -> Set {
    match dialect {
        Dialect::DuckDb => D,
        Dialect::Databricks => B,
        Dialect::Snowflake => S,
        Dialect::BigQuery => Q,
    }
}

/// A construct of the grammar: its name, where it exists, what to write where it does not.
struct Row {
    name: &'static str,
    has: Set,
    instead: &'static str,
}

const fn row(name: &'static str, has: Set, instead: &'static str) -> Row {
    Row { name, has, instead }
}

/// The grammar. QUALIFY, GROUP BY ALL, grouping sets, PIVOT and recursive CTEs exist in all four.
static GRAMMAR: &[Row] = &[
    row("ILIKE", D | B | S, "`lower(x) LIKE lower(pattern)`"),
    row(
        "SIMILAR_TO",
        D,
        "`regexp_like(x, pattern)`, on BigQuery `regexp_contains(x, pattern)`",
    ),
    row("GLOB", D, "LIKE or a regular expression"),
    row(
        "RLIKE",
        B | S,
        "`regexp_matches(x, pattern)` on DuckDB, `regexp_contains(x, pattern)` on BigQuery",
    ),
    row(
        "DISTINCT_ON",
        D,
        "`QUALIFY row_number() OVER (PARTITION BY … ORDER BY …) = 1`",
    ),
    row("ORDER_BY_ALL", D | B | S, "the columns by name"),
    row("STAR_EXCLUDE", D | S, "`* EXCEPT (…)`"),
    row("STAR_EXCEPT", B | Q, "`* EXCLUDE (…)`"),
    row("STAR_REPLACE", D | S | Q, "the columns by name"),
    row("STAR_RENAME", D | S, "the columns by name"),
    row("STAR_LIKE", D | S, "the columns by name"),
    row("COLUMNS", D, "the columns by name"),
    row("PIVOT_STATEMENT", D, "`SELECT … FROM t PIVOT (… FOR … IN (…))`"),
    row("UNION_BY_NAME", D | S | Q, "UNION with the columns in one order"),
    row(
        "SET_OPERATION_ALL",
        D | B,
        "EXCEPT or INTERSECT over rows with a number",
    ),
    row("ASOF_JOIN", D | S, "a join with a window function"),
    row("POSITIONAL_JOIN", D, "a join over `row_number()`"),
    row("SEMI_JOIN", D | B, "EXISTS"),
    row("ANTI_JOIN", D | B, "NOT EXISTS"),
    row("NATURAL_JOIN", D | B | S, "USING with the columns by name"),
    row("LATERAL", D | B | S, "a join or a correlated subquery"),
    row("FILTER", D | B, "CASE inside the aggregate"),
    row("WITHIN_GROUP", D | B | S, "ORDER BY inside the aggregate"),
    row("DOUBLE_COLON", D | B | S, "`CAST(x AS type)`"),
    row("TRY_CAST", D | B | S, "`SAFE_CAST(x AS type)`"),
    row("SAFE_CAST", Q, "`TRY_CAST(x AS type)`"),
    row("INTEGER_DIVISION", D, "`div(a, b)`, on Snowflake `trunc(a / b)`"),
    row("POWER_OPERATOR", D, "`power(a, b)`"),
    row("MODULO_OPERATOR", D | B | S, "`mod(a, b)`"),
    row(
        "JSON_ARROW",
        D,
        "a JSON function, or `x:path` on Databricks and Snowflake",
    ),
    row(
        "JSON_PATH",
        B | S,
        "`json_extract(x, path)` on DuckDB, `json_value(x, path)` on BigQuery",
    ),
    row("LAMBDA", D | B | S, "a subquery over UNNEST"),
    row("LIST_COMPREHENSION", D, "a subquery over the elements"),
    row("SLICE", D, "a function over the array"),
    row("ARRAY_LITERAL", D | S | Q, "`array(a, b)`"),
    row(
        "STRUCT_LITERAL",
        D | S,
        "`struct(a AS name)` on BigQuery, `named_struct('name', a)` on Databricks",
    ),
    row(
        "MAP_LITERAL",
        D,
        "`map(…)` on Databricks, `object_construct(…)` on Snowflake",
    ),
    row("POSITIONAL_REFERENCE", D, "the column by name"),
    row("USING_SAMPLE", D, "TABLESAMPLE"),
    row("FILE_IN_FROM", D, "a declared source"),
    row("USING_KEY", D, "a recursive CTE without it"),
    row(
        "INTERVAL_TEXT",
        D | B | S,
        "`INTERVAL 1 DAY`, with the unit outside of the string",
    ),
    row(
        "AT_TIME_ZONE",
        D,
        "`convert_timezone(zone, x)`, on BigQuery `datetime(x, zone)`",
    ),
    row(
        "SELECT_AS_STRUCT",
        Q,
        "a plain select list, or a struct as one column",
    ),
    row("VALUES_QUERY", D | B | S, "`SELECT … UNION ALL SELECT …`"),
    row("DESCRIBE_QUERY", D, "a query of the information schema"),
];

/// A function: its name, where it exists, and its equivalent on each that lacks it, in the order DuckDB, Databricks,
/// Snowflake, BigQuery.
struct Function(&'static str, Set, [&'static str; 4]);

static FUNCTIONS: &[Function] = &[
    Function(
        "APPROX_QUANTILE",
        D,
        ["", "approx_percentile", "approx_percentile", "approx_quantiles"],
    ),
    Function("ARG_MAX", D, ["", "max_by", "max_by", "max_by"]),
    Function("ARG_MIN", D, ["", "min_by", "min_by", "min_by"]),
    Function("ARRAY_LENGTH", D | Q, ["", "size", "array_size", ""]),
    Function("ARRAY_SIZE", B | S, ["len", "", "", "array_length"]),
    Function("CHARINDEX", B | S, ["strpos", "", "", "strpos"]),
    Function("COUNTIF", D | Q, ["", "count_if", "count_if", ""]),
    Function("COUNT_IF", D | B | S, ["", "", "", "countif"]),
    Function("DATEADD", B | S, ["date_add", "", "", "date_add"]),
    Function("DATEDIFF", D | B | S, ["", "", "", "date_diff"]),
    Function("DATE_ADD", D | B | Q, ["", "", "dateadd", ""]),
    Function("DATE_DIFF", D | B | Q, ["", "", "datediff", ""]),
    Function("DATE_FORMAT", B, ["strftime", "", "to_char", "format_date"]),
    Function("DATE_SUB", D | B | Q, ["", "", "dateadd", ""]),
    Function(
        "EPOCH",
        D,
        ["", "unix_timestamp", "date_part(epoch, …)", "unix_seconds"],
    ),
    Function("EXPLODE", B, ["unnest", "", "flatten", "unnest"]),
    Function("FLATTEN", D | B | S, ["", "", "", "unnest"]),
    Function("FORMAT_DATE", Q, ["strftime", "date_format", "to_char", ""]),
    Function("FORMAT_TIMESTAMP", Q, ["strftime", "date_format", "to_char", ""]),
    Function("GEN_RANDOM_UUID", D, ["", "uuid", "uuid_string", "generate_uuid"]),
    Function("GENERATE_UUID", Q, ["uuid", "uuid", "uuid_string", ""]),
    Function("GROUP_CONCAT", D, ["", "listagg", "listagg", "string_agg"]),
    Function("IFF", B | S, ["if", "", "", "if"]),
    Function("IF", D | B | Q, ["", "", "iff", ""]),
    Function("LEN", D | B | S, ["", "", "", "length"]),
    Function("LISTAGG", D | B | S, ["", "", "", "string_agg"]),
    Function("LIST", D, ["", "collect_list", "array_agg", "array_agg"]),
    Function("NVL", B | S, ["coalesce", "", "", "ifnull"]),
    Function("NVL2", B | S, ["if", "", "", "if"]),
    Function(
        "OBJECT_CONSTRUCT",
        S,
        ["struct_pack", "named_struct", "", "struct"],
    ),
    Function("PARSE_DATE", Q, ["strptime", "to_date", "to_date", ""]),
    Function(
        "PARSE_TIMESTAMP",
        Q,
        ["strptime", "to_timestamp", "to_timestamp", ""],
    ),
    Function(
        "QUANTILE_CONT",
        D,
        ["", "percentile_cont", "percentile_cont", "percentile_cont"],
    ),
    Function(
        "REGEXP_CONTAINS",
        Q,
        ["regexp_matches", "regexp_like", "regexp_like", ""],
    ),
    Function(
        "REGEXP_LIKE",
        B | S,
        ["regexp_matches", "", "", "regexp_contains"],
    ),
    Function(
        "REGEXP_MATCHES",
        D,
        ["", "regexp_like", "regexp_like", "regexp_contains"],
    ),
    Function(
        "SAFE_DIVIDE",
        Q,
        ["a / nullif(b, 0)", "try_divide", "div0null", ""],
    ),
    Function(
        "SPLIT_PART",
        D | B | S,
        ["", "", "", "split(x, sep)[safe_offset(n)]"],
    ),
    Function("STRFTIME", D, ["", "date_format", "to_char", "format_timestamp"]),
    Function("STRING_AGG", D | B | Q | S, ["", "", "", ""]),
    Function(
        "STRPTIME",
        D,
        ["", "to_timestamp", "to_timestamp", "parse_timestamp"],
    ),
    Function("TODAY", D, ["", "current_date", "current_date", "current_date"]),
    Function("TO_CHAR", B | S, ["strftime", "", "", "format_timestamp"]),
    Function("TO_DATE", B | S, ["strptime", "", "", "parse_date"]),
    Function("TO_TIMESTAMP", D | B | S, ["", "", "", "parse_timestamp"]),
    Function("TO_VARCHAR", B | S, ["strftime", "", "", "format_timestamp"]),
    Function("TRY_TO_DATE", B | S, ["try_strptime", "", "", "safe.parse_date"]),
    Function("TRY_TO_NUMBER", B | S, ["try_cast", "", "", "safe_cast"]),
    Function("UUID", D | B, ["", "", "uuid_string", "generate_uuid"]),
    Function("UUID_STRING", S, ["uuid", "uuid", "", "generate_uuid"]),
    Function("ZEROIFNULL", B | S, ["coalesce(x, 0)", "", "", "ifnull(x, 0)"]),
];

/// What a function of another engine is called here. The first list has precedence: its names are none of the four engines'.
pub(crate) fn equivalent(name: &str, dialect: Dialect) -> Option<&'static str> {
    let column = match dialect {
        Dialect::DuckDb => 0,
        Dialect::Databricks => 1,
        Dialect::Snowflake => 2,
        Dialect::BigQuery => 3,
    };
    let other = FOREIGN.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    let other = other
        .filter(|_| dialect == Dialect::DuckDb)
        .map(|(_, here)| *here);
    other.or_else(|| {
        let row = FUNCTIONS.iter().find(|f| f.0.eq_ignore_ascii_case(name))?;
        row.2.get(column).copied().filter(|n| !n.is_empty())
    })
}

// What DuckDB has for functions that other engines' users reach for.
#[rustfmt::skip]
static FOREIGN: &[(&str, &str)] = &[
    ("count_distinct", "count(DISTINCT x)"), ("isnull", "ifnull"), ("getdate", "now"), ("sysdate", "now"), ("systimestamp", "now"), ("getutcdate", "now"),
    ("dateadd", "x + INTERVAL 1 DAY"), ("date_format", "strftime"), ("to_char", "strftime"), ("to_date", "strptime(…)::DATE"),
    ("to_number", "CAST"), ("parse_json", "CAST(x AS JSON)"), ("try_parse_json", "TRY_CAST(x AS JSON)"), ("div0", "x / nullif(y, 0)"),
    ("collect_list", "list"), ("collect_set", "list(DISTINCT x)"),
    ("object_agg", "map_from_entries(list((k, v)))"), ("size", "len"),
    ("get_json_object", "->>"), ("months_between", "date_diff('month', a, b)"),
    ("add_months", "x + INTERVAL 1 MONTH"), ("unix_timestamp", "epoch"), ("from_unixtime", "to_timestamp"),
    ("patindex", "regexp_matches"), 
    ("regexp_substr", "regexp_extract"), ("regexp_count", "len(regexp_extract_all(s, p))"), ("rlike", "regexp_matches"),
    ("farm_fingerprint", "hash"), ("sha2", "sha256"), ("approx_distinct", "approx_count_distinct"),
    ("approx_percentile", "approx_quantile"), ("array_join", "array_to_string"),
    ("initcap", "upper(x[1]) || lower(x[2:])"), ("safe_cast", "TRY_CAST(x AS type)"),
    ("generate_array", "generate_series"), ("generate_date_array", "generate_series"), ("timestamp_diff", "date_diff"),
    ("timestamp_trunc", "date_trunc"), ("datetime_trunc", "date_trunc"), ("timestamp_add", "x + INTERVAL 1 DAY"),
    ("timestamp_sub", "x - INTERVAL 1 DAY"), ("datetime_diff", "date_diff"), ("convert_timezone", "AT TIME ZONE"),
    ("from_utc_timestamp", "AT TIME ZONE"), ("to_json_string", "to_json"), ("named_struct", "struct_pack"),
    ("convert", "CAST(x AS type)"), ("ilike", "x ILIKE y"), ("iif", "if(c, a, b)"), ("newid", "uuid()"), ("top", "LIMIT n, at the end"),
    ("int", "CAST(x AS INTEGER)"), ("integer", "CAST(x AS INTEGER)"), ("bigint", "CAST(x AS BIGINT)"), ("varchar", "CAST(x AS VARCHAR)"),
    ("string", "CAST(x AS VARCHAR)"), ("seq4", "row_number() OVER ()"), ("to_variant", "CAST(x AS VARIANT)"),
];

/// A construct that the target lacks.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Its name, as `[portability] allow` and suppressions spell it.
    pub construct: SmolStr,
    /// P001 with a span in the text of the tree.
    pub diagnostic: Diagnostic,
}

/// True for the name of a construct, in upper case: one of the grammar, or a function of some dialect. Names that exist
/// everywhere and were listed by the 1.x releases count too.
pub fn is_construct(name: &str) -> bool {
    GRAMMAR.iter().any(|r| r.name == name)
        || FUNCTIONS.iter().any(|f| f.0 == name)
        || name == "QUALIFY"
        || Dialect::ALL
            .into_iter()
            .any(|dialect| function_kind(dialect, name).is_some())
}

/// The construct most like a name.
pub fn nearest_construct(name: &str) -> Option<&'static str> {
    let names = GRAMMAR
        .iter()
        .map(|r| r.name)
        .chain(["QUALIFY"])
        .chain(FUNCTIONS.iter().map(|f| f.0));
    rocky_base::suggest::nearest(name, names)
}

/// What of a query in `source` the dialect `target` does not have, in order of place.
pub fn check(ast: &Ast, text: &str, source: Dialect, target: Dialect) -> Vec<Missing> {
    let mut scan = Scan {
        text,
        source,
        target,
        found: Vec::new(),
    };
    if source == target {
        return scan.found;
    }
    for query in &ast.queries {
        scan.query(query);
    }
    for from in &ast.froms {
        scan.from(&from.kind, from.span);
    }
    for expr in &ast.exprs {
        scan.expr(ast, expr);
    }
    scan.found
        .sort_by_key(|m| m.diagnostic.primary.as_ref().map(|l| l.loc.span));
    scan.found
}

struct Scan<'a> {
    text: &'a str,
    source: Dialect,
    target: Dialect,
    found: Vec<Missing>,
}

impl Scan<'_> {
    fn say(&mut self, name: &str, has: Set, instead: &str, span: Span) {
        if has & bit(self.target) != 0 {
            return;
        }
        let where_else: Vec<&str> = Dialect::ALL
            .into_iter()
            .filter(|d| has & bit(*d) != 0)
            .map(Dialect::as_str)
            .collect();
        let shown = name.replace('_', " ");
        let shown = if FUNCTIONS.iter().any(|f| f.0 == name) {
            name
        } else {
            &shown
        };
        let mut diagnostic = Diagnostic::new(
            code::P001,
            Loc::text(span),
            format!("`{shown}` is not available on {}", self.target),
        )
        .label(format!("available on {}", where_else.join(", ")));
        if !instead.is_empty() {
            diagnostic = diagnostic.help(format!("write {instead}"));
        }
        self.found.push(Missing {
            construct: SmolStr::new(name),
            diagnostic,
        });
    }

    fn grammar(&mut self, name: &str, span: Span) {
        if let Some(row) = GRAMMAR.iter().find(|r| r.name == name) {
            self.say(row.name, row.has, row.instead, span);
        }
    }

    fn query(&mut self, query: &rocky_syntax::ast::Query) {
        if let Some(all) = query.order_by_all {
            self.grammar("ORDER_BY_ALL", all.span);
        }
        for cte in query.with.iter().flat_map(|w| &w.ctes) {
            if let (Some(first), Some(last)) = (cte.using_key.first(), cte.using_key.last()) {
                self.grammar("USING_KEY", first.span.to(last.span));
            }
        }
        match &query.body {
            Body::Select(select) => {
                if matches!(select.distinct, Distinct::On(_)) {
                    let start = select.span.start;
                    self.grammar("DISTINCT_ON", self.word(start, "distinct"));
                }
                if let Some(span) = select.sample {
                    self.grammar("USING_SAMPLE", span);
                }
                if select.value_table.is_some() {
                    self.grammar("SELECT_AS_STRUCT", self.word(select.span.start, "as"));
                }
                for item in &select.items {
                    if let rocky_syntax::ast::SelectItem::Star(star) = item {
                        self.star(star);
                    }
                }
            }
            Body::SetOp { rest, .. } => {
                for operand in rest {
                    if operand.by_name {
                        self.grammar("UNION_BY_NAME", operand.op_span);
                    }
                    if operand.all && operand.op != SetOp::Union {
                        self.grammar("SET_OPERATION_ALL", operand.op_span);
                    }
                }
            }
            Body::Values(_) => self.grammar("VALUES_QUERY", self.word(query.span.start, "values")),
            Body::Describe { span, .. } => self.grammar("DESCRIBE_QUERY", *span),
            _ => {}
        }
    }

    /// The first place of a word from `start` on, as a token; else the start.
    fn word(&self, start: u32, word: &str) -> Span {
        let rest = Span::new(start, self.text.len() as u32).slice(self.text);
        // A few tokens are enough.
        let head = rest.get(..rest.len().min(200)).unwrap_or(rest);
        let tokens = rocky_syntax::lexer::lex(head, self.source).tokens;
        tokens
            .iter()
            .find(|t| t.span.slice(head).eq_ignore_ascii_case(word))
            .map_or(Span::at(start), |t| t.span.shift(start))
    }

    fn from(&mut self, kind: &FromKind, span: Span) {
        match kind {
            FromKind::File { .. } => self.grammar("FILE_IN_FROM", span),
            FromKind::Derived { lateral: true, .. } => {
                self.grammar("LATERAL", self.word(span.start, "lateral"))
            }
            FromKind::Pivot { pivot, .. } if pivot.simplified => self.grammar("PIVOT_STATEMENT", pivot.span),
            FromKind::Join {
                kind,
                constraint,
                op_span,
                ..
            } => {
                match kind {
                    kind if kind.without_asof() != *kind => self.grammar("ASOF_JOIN", *op_span),
                    JoinKind::Positional => self.grammar("POSITIONAL_JOIN", *op_span),
                    JoinKind::Semi => self.grammar("SEMI_JOIN", *op_span),
                    JoinKind::Anti => self.grammar("ANTI_JOIN", *op_span),
                    _ => {}
                }
                if matches!(constraint, JoinConstraint::Natural) {
                    self.grammar("NATURAL_JOIN", *op_span);
                }
            }
            _ => {}
        }
    }

    fn star(&mut self, star: &Star) {
        if !star.exclude.is_empty() {
            let except = self.word(star.span.start, "except");
            if !except.is_empty() && star.span.contains(except) {
                self.grammar("STAR_EXCEPT", except);
            } else {
                self.grammar("STAR_EXCLUDE", self.word(star.span.start, "exclude"));
            }
        }
        if let Some((expr, name)) = star.replace.first() {
            let _ = expr;
            self.grammar("STAR_REPLACE", name.span);
        }
        if let Some((path, name)) = star.rename.first() {
            self.grammar("STAR_RENAME", path_span(path).to(name.span));
        }
        if star.like.is_some() {
            self.grammar("STAR_LIKE", star.span);
        }
    }

    fn expr(&mut self, ast: &Ast, expr: &Expr) {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Star(star) => self.star(star),
            ExprKind::Like {
                expr, kind, pattern, ..
            } => {
                let between = Span::new(ast.expr(*expr).span.end, ast.expr(*pattern).span.start);
                let at = |word: &str| self.word(between.start, word);
                match kind {
                    LikeKind::Like => {}
                    LikeKind::ILike => self.grammar("ILIKE", at("ilike")),
                    LikeKind::Similar => self.grammar("SIMILAR_TO", at("similar")),
                    LikeKind::Glob => self.grammar("GLOB", at("glob")),
                    LikeKind::Regexp => {
                        let word = at("rlike");
                        let word = if word.is_empty() { at("regexp") } else { word };
                        self.grammar("RLIKE", word);
                    }
                }
            }
            ExprKind::Columns { .. } => self.grammar("COLUMNS", span),
            ExprKind::Positional(_) => self.grammar("POSITIONAL_REFERENCE", span),
            ExprKind::Binary { op, op_span, .. } => match op {
                BinaryOp::IntDiv if op_span.slice(self.text) == "//" => {
                    self.grammar("INTEGER_DIVISION", *op_span)
                }
                BinaryOp::Pow => self.grammar("POWER_OPERATOR", *op_span),
                BinaryOp::Mod => self.grammar("MODULO_OPERATOR", *op_span),
                BinaryOp::Arrow | BinaryOp::LongArrow => self.grammar("JSON_ARROW", *op_span),
                _ => {}
            },
            ExprKind::Cast {
                expr: inner,
                ty,
                kind,
            } => match kind {
                CastKind::Colon => {
                    let between = Span::new(ast.expr(*inner).span.end, ty.span.start);
                    self.grammar("DOUBLE_COLON", self.word(between.start, "::"));
                }
                CastKind::Try => {
                    let safe = span
                        .slice(self.text)
                        .get(..4)
                        .is_some_and(|w| w.eq_ignore_ascii_case("safe"));
                    let name = if safe { "SAFE_CAST" } else { "TRY_CAST" };
                    self.grammar(name, Span::new(span.start, span.start + name.len() as u32));
                }
                CastKind::Cast | CastKind::Literal => {}
            },
            ExprKind::Interval { unit: None, .. } => self.grammar("INTERVAL_TEXT", span),
            ExprKind::Lambda { .. } => self.grammar("LAMBDA", span),
            ExprKind::Comprehension { .. } => self.grammar("LIST_COMPREHENSION", span),
            ExprKind::Slice { .. } => self.grammar("SLICE", span),
            ExprKind::Array(_) if span.slice(self.text).starts_with('[') => {
                self.grammar("ARRAY_LITERAL", span)
            }
            ExprKind::Struct(_) if span.slice(self.text).starts_with('{') => {
                self.grammar("STRUCT_LITERAL", span)
            }
            ExprKind::Map(_) => self.grammar("MAP_LITERAL", span),
            ExprKind::JsonPath { path, .. } => self.grammar("JSON_PATH", *path),
            ExprKind::AtTimeZone { .. } => self.grammar("AT_TIME_ZONE", span),
            ExprKind::Function(call) => self.call(ast, call),
            _ => {}
        }
    }

    fn call(&mut self, ast: &Ast, call: &Call) {
        if let Some(filter) = call.filter {
            self.grammar("FILTER", ast.expr(filter).span);
        }
        if call.within_group
            && let Some(first) = call.order_by.first()
        {
            self.grammar("WITHIN_GROUP", ast.expr(first.expr).span);
        }
        let [name] = call.name.as_slice() else { return };
        let written = name.ident.text.as_str();
        let known = |dialect| function_kind(dialect, written).is_some();
        let row = FUNCTIONS.iter().find(|f| f.0.eq_ignore_ascii_case(written));
        if let Some(Function(upper, has, instead)) = row {
            // A function of the same name that somebody made is none of ours.
            if has & bit(self.source) == 0 && !known(self.source) {
                return;
            }
            let [duckdb, databricks, snowflake, bigquery] = instead;
            let instead = match self.target {
                Dialect::DuckDb => duckdb,
                Dialect::Databricks => databricks,
                Dialect::Snowflake => snowflake,
                Dialect::BigQuery => bigquery,
            };
            let instead = if instead.is_empty() {
                String::new()
            } else {
                format!("`{instead}`")
            };
            self.say(upper, *has, &instead, name.span);
        } else if self.target == Dialect::DuckDb && known(self.source) && !known(Dialect::DuckDb) {
            self.say(&written.to_uppercase(), bit(self.source), "", name.span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(dialect: Dialect, name: &str) -> bool {
        crate::catalogue::lookup(dialect, &name.to_lowercase()).is_some()
    }

    #[test]
    fn the_rows_say_what_to_write_wherever_a_function_is_missing() {
        for Function(name, has, instead) in FUNCTIONS {
            for (dialect, text) in [
                Dialect::DuckDb,
                Dialect::Databricks,
                Dialect::Snowflake,
                Dialect::BigQuery,
            ]
            .into_iter()
            .zip(instead)
            {
                let exists = has & bit(dialect) != 0;
                assert_eq!(exists, text.is_empty(), "{name} on {dialect}");
            }
        }
    }

    #[test]
    fn what_duckdb_has_is_not_foreign_to_it() {
        for (name, _) in FOREIGN {
            assert!(!catalogue(Dialect::DuckDb, name), "{name}");
        }
    }

    #[test]
    fn the_rows_agree_with_duckdbs_own_catalogue() {
        for Function(name, has, _) in FUNCTIONS {
            // IF is written into the grammar of expressions.
            let exists = catalogue(Dialect::DuckDb, name) || *name == "IF";
            assert_eq!(exists, has & D != 0, "{name}");
        }
    }

    #[test]
    fn what_a_written_catalogue_has_a_row_does_not_deny() {
        for Function(name, has, _) in FUNCTIONS {
            for dialect in [Dialect::Databricks, Dialect::Snowflake, Dialect::BigQuery] {
                let exists = catalogue(dialect, name);
                assert!(!exists || has & bit(dialect) != 0, "{name} on {dialect}");
            }
        }
    }
}
