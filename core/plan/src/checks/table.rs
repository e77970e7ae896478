//! `[pipeline.X.checks]`: the checks of one table.
//!
//! A check that is configured for many tables at once is left out where a table has no such column; for a table that the
//! configuration names itself it is a mistake.

use super::{CheckKind, CheckPlan, Judge, Number, distinct_names, query, sql, tests};
use crate::bind::Sql;
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, code};
use rocky_config::{
    AssertionConfig, CheckSeverity, ChecksConfig, CustomCheck, FreshnessCheck, FreshnessConfig, Spanned,
};
use rocky_project::tagged;
use rocky_syntax::lexer::{Token, TokenKind, lex};
use rocky_warehouse::{Column, RelationName, Type};
use rustc_hash::FxHashMap;
use std::cell::OnceCell;

/// Deviation of the row count that is an anomaly where the configuration does not say, in per cent.
const ANOMALY_THRESHOLD_PCT: f64 = 50.0;
/// Clocks differ.
const AHEAD_SECONDS: u64 = 60;
/// A date without time may be tomorrow's somewhere.
const AHEAD_DATE_SECONDS: u64 = 86_400;

/// What is checked.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Its dialect.
    pub dialect: Dialect,
    /// As the statements name it.
    pub target: &'a RelationName,
    /// What configuration and documents call it: the parts of its whole name, outermost first.
    pub parts: &'a [SmolStr],
    /// A name of its own beside that: a model's.
    pub name: Option<&'a str>,
    /// What it is a copy of.
    pub source: Option<&'a RelationName>,
    /// How its rows are counted, where not all count: what stands behind `SELECT COUNT(*) AS n`.
    pub rows: Option<String>,
    /// Its columns after it was written; `None` when they are not all known.
    pub columns: Option<&'a [Column]>,
    /// The columns that it must have; `None` when there is nothing to compare with.
    pub expected: Option<Vec<SmolStr>>,
    /// Columns that it may have beside those.
    pub ignored: Vec<SmolStr>,
    /// The column that tells the age of a row.
    pub timestamp_column: Option<Spanned<SmolStr>>,
    /// The configuration names this very table.
    pub named: bool,
    /// Places of the columns by folded name; made when a column is first asked for.
    pub by_name: OnceCell<FxHashMap<SmolStr, usize>>,
}

impl Subject<'_> {
    pub(super) fn printed(&self) -> String {
        self.target.print(self.dialect)
    }

    pub(super) fn shown(&self) -> String {
        self.parts
            .iter()
            .filter(|p| !p.is_empty())
            .map(SmolStr::as_str)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// The column that a name of the configuration means; `None` when it is known not to be there. Its SQL and type.
    pub(super) fn column(&self, name: &str) -> Option<(String, Option<&Type>)> {
        let dialect = self.dialect;
        let Some(columns) = self.columns else {
            return Some((Ident::from_config(dialect, name).print(dialect), None));
        };
        let key = |n: &str| dialect.fold(n, true, IdentKind::Column);
        let by_name = self.by_name.get_or_init(|| {
            let places = columns.iter().enumerate().rev();
            places.map(|(place, c)| (key(&c.name), place)).collect()
        });
        let wanted = [key(name), dialect.fold(name, false, IdentKind::Column)];
        let place = wanted.iter().find_map(|w| by_name.get(w))?;
        let found = columns.get(*place)?;
        let ty = Some(&found.ty).filter(|t| !t.has_unknown());
        Some((Ident::quoted(found.name.clone()).print(dialect), ty))
    }

    /// The check of `freshness` of a model; none where what is said of several models is not meant for this one. `gates`: what does not
    /// hold fails the run, unless it only warns.
    pub(super) fn freshness(
        &self,
        config: &FreshnessConfig,
        gates: bool,
    ) -> Result<Option<CheckPlan>, Box<Diagnostic>> {
        let Some(name) = config.time_column.as_ref().or(self.timestamp_column.as_ref()) else {
            if config.inherited {
                return Ok(None);
            }
            let message = "`freshness` does not say which column tells the age of a row";
            let problem = Diagnostic::new(code::E405, config.loc, message);
            return Err(Box::new(problem.help("Add `time_column`.")));
        };
        match self.column(&name.value) {
            Some((_, Some(ty))) if !tells_moments(ty) && config.inherited => Ok(None),
            Some((_, Some(ty))) if !tells_moments(ty) => {
                Err(Box::new(self.no_moment("time_column", name, ty)))
            }
            Some((column, ty)) => {
                let about = (column.as_str(), ty);
                let mut check =
                    young_enough(self, &name.value, about, config.max_lag_seconds, config.severity);
                check.gates = gates && config.severity == CheckSeverity::Error;
                Ok(Some(check))
            }
            None if config.inherited => Ok(None),
            None => Err(Box::new(self.missing("time_column", name))),
        }
    }

    /// E417: the column does not tell when a row is from.
    fn no_moment(&self, what: &str, name: &Spanned<SmolStr>, ty: &Type) -> Diagnostic {
        let message = format!(
            "{what} `{}` of `{}` is {}, which does not tell the age of a row",
            name.shown(),
            self.name.map_or_else(|| self.shown(), str::to_owned),
            ty.print(self.dialect)
        );
        Diagnostic::new(code::E417, name.loc, message).help("Name a column of dates or timestamps.")
    }

    /// E301: the column is not there.
    pub(super) fn missing(&self, what: &str, name: &Spanned<SmolStr>) -> Diagnostic {
        let mut message = format!(
            "{what} `{}` is not a column of `{}`",
            name.shown(),
            self.name.map_or_else(|| self.shown(), str::to_owned)
        );
        let names = self.columns.unwrap_or_default().iter().map(|c| c.name.as_str());
        if let Some(near) = rocky_base::suggest::nearest(&name.value, names) {
            message.push_str(&format!("; did you mean `{near}`?"));
        }
        Diagnostic::new(code::E301, name.loc, message).help("Name one of its columns.")
    }

    /// The assertion's table is this one.
    pub(super) fn is(&self, assertion: &AssertionConfig) -> bool {
        tagged::names(self.dialect, assertion, self.name, self.parts)
    }
}

/// Plans the checks of a pipeline's tables, one after another.
pub struct Planner<'a> {
    config: &'a ChecksConfig,
    /// Assertions that were about a table.
    used: Vec<bool>,
    /// Each mistake is said once, however many tables show it.
    problems: Vec<Diagnostic>,
}

impl<'a> Planner<'a> {
    /// A planner without tables yet.
    pub fn new(config: &'a ChecksConfig) -> Planner<'a> {
        Planner {
            config,
            used: vec![false; config.assertions.len()],
            problems: Vec::new(),
        }
    }

    /// What it plans from.
    pub(super) fn config(&self) -> &'a ChecksConfig {
        self.config
    }

    fn say(&mut self, problem: Diagnostic) {
        let same = |d: &Diagnostic| {
            let loc = |d: &Diagnostic| d.primary.as_ref().map(|l| l.loc);
            d.code == problem.code && loc(d) == loc(&problem)
        };
        if !self.problems.iter().any(same) {
            self.problems.push(problem);
        }
    }

    /// The checks of a table. Mistakes are kept for [`Planner::finish`].
    pub fn of(&mut self, subject: &Subject<'_>, resolve: &tests::Resolve<'_>) -> Vec<CheckPlan> {
        let config = self.config;
        if !config.enabled {
            return Vec::new();
        }
        let gates = |severity: CheckSeverity| severity == CheckSeverity::Error && config.fail_on_error;
        let (table, shown) = (subject.printed(), subject.shown());
        let mut checks = Vec::new();
        let plan = |name: SmolStr, kind, severity, queries, judge| CheckPlan {
            name,
            kind,
            test_type: None,
            column: None,
            severity,
            gates: gates(severity),
            deferred: false,
            within: false,
            queries,
            judge,
            sample: None,
        };
        let all_rows = |table: &str| format!("FROM {table}");
        let own_rows = subject.rows.clone().unwrap_or_else(|| all_rows(&table));
        let count =
            |rows: &str, shown: &str| query("row_count", shown, format!("SELECT COUNT(*) AS n {rows}"));
        if config.row_count.enabled {
            let (queries, judge) = match subject.source {
                Some(source) => (
                    vec![
                        count(&all_rows(&source.print(subject.dialect)), &source.display()),
                        count(&own_rows, &shown),
                    ],
                    Judge::SameCount,
                ),
                None => (vec![count(&own_rows, &shown)], Judge::NotEmpty),
            };
            let (kind, severity) = (CheckKind::RowCount, config.row_count.severity);
            checks.push(plan("row_count".into(), kind, severity, queries, judge));
        }
        if config.column_match.enabled {
            match &subject.expected {
                Some(expected) => {
                    let columns = query("column_match", &shown, format!("SELECT * FROM {table}"));
                    let judge = Judge::Columns {
                        expected: expected.clone(),
                        ignored: subject.ignored.clone(),
                    };
                    let (kind, severity) = (CheckKind::ColumnMatch, config.column_match.severity);
                    checks.push(plan("column_match".into(), kind, severity, vec![columns], judge));
                }
                None if subject.named => {
                    let message = format!(
                        "column_match has nothing to compare `{shown}` with: its columns are declared nowhere"
                    );
                    let problem = Diagnostic::new(code::E417, config.loc, message).help(
                        "Declare the table under `[[sources]]` with its columns, or pin it with `rocky discover --write-lock`.",
                    );
                    self.say(problem);
                }
                None => {}
            }
        }
        if let Some(freshness) = &config.freshness
            && let Some(mut check) = self.freshness(freshness, subject, &shown)
        {
            check.gates = gates(freshness.severity);
            checks.push(check);
        }
        if let Some(null_rate) = &config.null_rate {
            let mut columns = Vec::new();
            for column in &null_rate.columns {
                match subject.column(&column.value) {
                    Some((printed, _)) => columns.push((column.value.clone(), printed)),
                    None if subject.named => self.say(subject.missing("null_rate column", column)),
                    None => {}
                }
            }
            let printed: Vec<&str> = columns.iter().map(|(_, p)| p.as_str()).collect();
            let counts: String = printed.iter().map(|c| format!(", COUNT({c})")).collect();
            let whole = query(
                "null_rate",
                &shown,
                format!("SELECT COUNT(*){counts} FROM {table}"),
            );
            let mut queries = Vec::new();
            if (1..100).contains(&null_rate.sample_percent) && !printed.is_empty() {
                let from = sql::sampled(
                    subject.dialect,
                    &printed.join(", "),
                    &table,
                    null_rate.sample_percent,
                );
                queries.push(query(
                    "null_rate",
                    &shown,
                    format!("SELECT COUNT(*){counts} FROM {from}"),
                ));
            }
            queries.push(whole);
            for (place, (name, _)) in columns.iter().enumerate() {
                let judge = Judge::NullRate {
                    place,
                    threshold: Number(null_rate.threshold),
                };
                let (kind, severity) = (CheckKind::NullRate, null_rate.severity);
                let mut check = plan("null_rate".into(), kind, severity, queries.clone(), judge);
                check.column = Some(name.clone());
                checks.push(check);
            }
        }
        for custom in &config.custom {
            match custom_sql(custom, subject.dialect, &table) {
                Ok(text) => {
                    let queries = vec![query("custom", &shown, text)];
                    let judge = Judge::AtMost {
                        threshold: Number(custom.threshold as f64),
                    };
                    let name = custom.name.value.clone();
                    checks.push(plan(name, CheckKind::Custom, custom.severity, queries, judge));
                }
                Err(problem) => self.say(*problem),
            }
        }
        let threshold = config.anomaly_threshold_pct;
        if config.row_count.enabled && threshold.is_none() || threshold.is_some_and(|t| t > 0.0) {
            let judge = Judge::Anomaly {
                threshold_pct: Number(threshold.unwrap_or(ANOMALY_THRESHOLD_PCT)),
            };
            let sql = format!("SELECT COUNT(*) AS n {own_rows}");
            let queries = vec![query("row_count_anomaly", &shown, sql)];
            let warning = CheckSeverity::Warning;
            checks.push(plan(
                "row_count_anomaly".into(),
                CheckKind::Anomaly,
                warning,
                queries,
                judge,
            ));
        }
        for (index, assertion) in config.assertions.iter().enumerate() {
            if !subject.is(assertion) {
                continue;
            }
            if let Some(used) = self.used.get_mut(index) {
                *used = true;
            }
            match tests::plan(&assertion.test, subject, config.fail_on_error, resolve) {
                Ok(check) => checks.push(check),
                Err(problem) => self.say(*problem),
            }
        }
        // One result for each column of null_rate has the same name in the documents, as in the 1.x releases.
        let (mut rates, mut others): (Vec<_>, Vec<_>) =
            checks.into_iter().partition(|c| c.kind == CheckKind::NullRate);
        distinct_names(&mut others);
        others.append(&mut rates);
        others
    }

    fn freshness(
        &mut self,
        config: &FreshnessCheck,
        subject: &Subject<'_>,
        shown: &str,
    ) -> Option<CheckPlan> {
        let configured = config.timestamp_column.as_ref();
        let Some(name) = configured.or(subject.timestamp_column.as_ref()) else {
            if subject.named {
                let message =
                    format!("freshness of `{shown}`: it is not said which column tells the age of a row");
                let problem = Diagnostic::new(code::E405, self.config.loc, message)
                    .help("Add `timestamp_column` to `checks.freshness`.");
                self.say(problem);
            }
            return None;
        };
        let Some((column, ty)) = subject.column(&name.value) else {
            if subject.named {
                self.say(subject.missing("timestamp_column", name));
            }
            return None;
        };
        if let Some(ty) = ty.filter(|ty| !tells_moments(ty)) {
            if subject.named || configured.is_none() {
                self.say(subject.no_moment("timestamp_column", name, ty));
            }
            return None;
        }
        let fold = |n: &str| subject.dialect.fold(n, false, IdentKind::Relation);
        let schemas = [
            subject.target.schema.as_ref(),
            subject.source.and_then(|s| s.schema.as_ref()),
        ];
        let own = subject.parts.iter().rev().nth(1).map(|s| fold(s));
        let is_schema = |name: &str| {
            own.as_ref().is_some_and(|s| *s == fold(name))
                || schemas
                    .iter()
                    .flatten()
                    .any(|s| s.key(subject.dialect, IdentKind::Relation) == fold(name))
        };
        let threshold_seconds = config
            .overrides
            .iter()
            .find(|(schema, _)| is_schema(schema))
            .map_or(config.threshold_seconds, |(_, seconds)| *seconds);
        Some(young_enough(
            subject,
            &name.value,
            (column.as_str(), ty),
            threshold_seconds,
            config.severity,
        ))
    }

    /// All mistakes. An assertion that was about none of the tables is one, unless `elsewhere` knows its table.
    pub fn finish(mut self, elsewhere: &dyn Fn(&AssertionConfig) -> bool) -> Vec<Diagnostic> {
        if self.config.enabled {
            for (assertion, used) in self.config.assertions.iter().zip(std::mem::take(&mut self.used)) {
                if !used && !elsewhere(assertion) {
                    let message = format!(
                        "assertion about `{}`, which is not a table of this pipeline",
                        assertion.table.shown()
                    );
                    let problem = Diagnostic::new(code::E416, assertion.table.loc, message)
                        .help("Name a table that the pipeline writes or checks.");
                    self.say(problem);
                }
            }
        }
        self.problems
    }
}

/// The word that makes a text another statement than a query: its first one, or the one behind its CTEs.
fn writes<'t>(text: &'t str, tokens: &[Token]) -> Option<&'t str> {
    const QUERIES: [&str; 11] = [
        "SELECT",
        "WITH",
        "FROM",
        "VALUES",
        "TABLE",
        "PIVOT",
        "UNPIVOT",
        "SUMMARIZE",
        "DESCRIBE",
        "SHOW",
        "EXPLAIN",
    ];
    const STATEMENTS: [&str; 4] = ["INSERT", "UPDATE", "DELETE", "MERGE"];
    let word = |t: &Token| t.span.slice(text);
    let is = |list: &[&str], t: &Token| list.iter().any(|w| w.eq_ignore_ascii_case(word(t)));
    let mut first = tokens.iter();
    let first = first.find(|t| t.kind != TokenKind::LParen)?;
    if matches!(first.kind, TokenKind::Eof | TokenKind::Semicolon) {
        return None;
    }
    if !is(&QUERIES, first) {
        return Some(word(first));
    }
    if !word(first).eq_ignore_ascii_case("with") {
        return None;
    }
    let mut depth = 0usize;
    for (token, next) in tokens.iter().zip(tokens.iter().skip(1)) {
        match token.kind {
            TokenKind::LParen => depth += 1,
            TokenKind::RParen => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if token.kind == TokenKind::RParen && depth == 0 && is(&STATEMENTS, next) {
            return Some(word(next));
        }
    }
    None
}

/// A text may be a moment; the warehouse reads it, or says that it is none.
fn tells_moments(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Date | Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz | Type::String { .. }
    )
}

/// The newest moment of a column is not too old. What becomes of the run when it is, the caller says.
fn young_enough(
    subject: &Subject<'_>,
    name: &SmolStr,
    (column, ty): (&str, Option<&Type>),
    threshold_seconds: u64,
    severity: CheckSeverity,
) -> CheckPlan {
    let select = sql::newest(subject.dialect, column, ty);
    let sql = format!("{select} FROM {}", subject.printed());
    CheckPlan {
        name: "freshness".into(),
        kind: CheckKind::Freshness,
        test_type: None,
        column: Some(name.clone()),
        severity,
        gates: false,
        deferred: false,
        within: false,
        queries: vec![query("freshness", &subject.shown(), sql)],
        judge: Judge::Freshness {
            column: name.clone(),
            threshold_seconds,
            ahead_seconds: match ty {
                Some(Type::Date) => AHEAD_DATE_SECONDS,
                _ => AHEAD_SECONDS,
            },
        },
        sample: None,
    }
}

/// The user's query with the table's name in the place of `{table}` and `{target}`.
fn custom_sql(check: &CustomCheck, dialect: Dialect, table: &str) -> Result<Sql, Box<Diagnostic>> {
    let text = check.sql.as_str();
    let lexed = lex(text, dialect);
    let loc: Loc = check.sql.loc;
    if let Some(first) = lexed.diagnostics.into_iter().next() {
        let message = format!("custom check `{}`: {}", check.name.shown(), first.message);
        return Err(Box::new(Diagnostic::new(code::E400, loc, message)));
    }
    let mut out = String::with_capacity(text.len() + table.len());
    let (mut at, mut end) = (0usize, 0usize);
    if let Some(word) = writes(text, &lexed.tokens) {
        let message = format!(
            "custom check `{}` begins with {}: a check reads, and nothing else",
            check.name.shown(),
            word.to_uppercase()
        );
        return Err(Box::new(
            Diagnostic::new(code::E417, loc, message).help("Write one query that gives one number."),
        ));
    }
    let mut tokens: &[Token] = &lexed.tokens;
    while let Some((token, rest)) = tokens.split_first() {
        tokens = rest;
        let word = |t: &Token| t.span.slice(text);
        match token.kind {
            TokenKind::Eof => break,
            TokenKind::Semicolon => {
                if rest
                    .iter()
                    .all(|t| matches!(t.kind, TokenKind::Semicolon | TokenKind::Eof))
                {
                    break;
                }
                let message = format!("custom check `{}` is more than one statement", check.name.shown());
                return Err(Box::new(
                    Diagnostic::new(code::E410, loc, message).help("Write one query that gives one number."),
                ));
            }
            TokenKind::LBrace => {
                if let [name, close, ..] = rest
                    && matches!(word(name), "table" | "target")
                    && close.kind == TokenKind::RBrace
                {
                    out.push_str(text.get(at..token.span.start as usize).unwrap_or_default());
                    out.push_str(table);
                    at = close.span.end as usize;
                    end = at;
                    tokens = rest.get(2..).unwrap_or_default();
                    continue;
                }
            }
            TokenKind::String if word(token).contains("{table}") || word(token).contains("{target}") => {
                let message = format!(
                    "custom check `{}` has the table's name inside a string, where it is not replaced",
                    check.name.shown()
                );
                return Err(Box::new(
                    Diagnostic::new(code::E417, loc, message)
                        .help("Write `{table}` where a table stands, such as behind FROM."),
                ));
            }
            _ => {}
        }
        end = token.span.end as usize;
    }
    // Up to the last token: a comment behind it is of no use.
    out.push_str(text.get(at..end).unwrap_or_default());
    if out.is_empty() {
        let message = format!("custom check `{}` has no query", check.name.shown());
        return Err(Box::new(Diagnostic::new(code::E413, loc, message)));
    }
    Ok(Sql::from(out))
}
